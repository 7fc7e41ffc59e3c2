#include "services/risk/rules.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/instant.h"

/* Words
 * ---------------------------------------------------------------------------------------------- */

static const char *const BANDS[BAND_COUNT] = {"low", "moderate", "high", "extreme"};
static const char *const CATEGORIES[CATEGORY_COUNT] = {"safety",    "quality",    "workforce",
                                                       "statutory", "reputation", "objectives",
                                                       "finance",   "service",    "environment"};
static const char *const RISK_STATES[RISK_STATE_COUNT] = {"draft", "open", "closing", "closed",
                                                          "dismissed"};
static const char *const CHANGES[CHANGE_COUNT] = {"proposed", "accepted", "dismissed", "logged",
                                                  "revised",  "scored",   "reviewed",  "closing",
                                                  "signed",   "closed"};
static const char *const ESCALATION_CAUSES[ESCALATION_CAUSE_COUNT] = {"score", "overdue"};
static const char *const SCORE_KINDS[SCORE_KIND_COUNT] = {"initial", "current", "target"};

static int word_index(const char *const words[], int count, const char *word)
{
    int i = 0;
    while (strcmp(words[i], word) != 0) {
        i++;
        assert(i < count); /* a word of the api-spec */
    }
    return i;
}

const char *band_word(enum band band)
{
    return BANDS[band];
}

enum band band_of_word(const char *word)
{
    return (enum band)word_index(BANDS, BAND_COUNT, word);
}

const char *category_word(enum category category)
{
    return CATEGORIES[category];
}

enum category category_of_word(const char *word)
{
    return (enum category)word_index(CATEGORIES, CATEGORY_COUNT, word);
}

const char *risk_state_word(enum risk_state state)
{
    return RISK_STATES[state];
}

enum risk_state risk_state_of_word(const char *word)
{
    return (enum risk_state)word_index(RISK_STATES, RISK_STATE_COUNT, word);
}

const char *risk_change_word(enum risk_change change)
{
    return CHANGES[change];
}

enum risk_change risk_change_of_word(const char *word)
{
    return (enum risk_change)word_index(CHANGES, CHANGE_COUNT, word);
}

const char *score_kind_word(enum score_kind kind)
{
    return SCORE_KINDS[kind];
}

enum score_kind score_kind_of_word(const char *word)
{
    return (enum score_kind)word_index(SCORE_KINDS, SCORE_KIND_COUNT, word);
}

const char *escalation_cause_word(enum escalation_cause cause)
{
    return ESCALATION_CAUSES[cause];
}

enum escalation_cause escalation_cause_of_word(const char *word)
{
    return (enum escalation_cause)word_index(ESCALATION_CAUSES, ESCALATION_CAUSE_COUNT, word);
}

static void text_set(char *ret_text, size_t size, const char *text)
{
    snprintf(ret_text, size, "%s", text);
}

/* Criteria and ratings
 * ---------------------------------------------------------------------------------- */

void criteria_default(int64_t now_ms, struct criteria *ret)
{
    *ret = (struct criteria){.number = 1,
                             .bands = {{1, 3}, {4, 6}, {8, 12}, {15, 25}},
                             .review_days = {365, 180, 90, 30},
                             .adopted_ms = now_ms};
    descriptors_default(ret);
    text_set(ret->reason, sizeof(ret->reason), "The default.");
}

static int bands_of_score(const struct criteria *criteria, int64_t score)
{
    int count = 0;
    for (int i = 0; i < BAND_COUNT; i++)
        count += criteria->bands[i].from <= score && score <= criteria->bands[i].to;
    return count;
}

static bool band_order_check(const struct criteria *criteria, struct problem *err)
{
    bool ok = true;
    for (int i = 0; i < BAND_COUNT; i++) {
        char pointer[FAULT_POINTER_SIZE];
        snprintf(pointer, sizeof(pointer), "/bands/%d", i);
        if (criteria->bands[i].from > criteria->bands[i].to)
            ok = problem_add(err, PROBLEM_RULE_BROKEN, "empty", pointer, "%s ends before it starts",
                             BANDS[i]);
        if (i > 0 && criteria->bands[i].from <= criteria->bands[i - 1].to)
            ok = problem_add(err, PROBLEM_RULE_BROKEN, "order", pointer,
                             "%s must start above the end of %s", BANDS[i], BANDS[i - 1]);
        if (i > 0 && criteria->review_days[i] > criteria->review_days[i - 1])
            ok = problem_add(err, PROBLEM_RULE_BROKEN, "order", pointer,
                             "%s must not be reviewed less often than %s", BANDS[i], BANDS[i - 1]);
    }
    return ok;
}

bool criteria_check(const struct criteria *criteria, struct problem *err)
{
    bool ok = band_order_check(criteria, err);
    for (int64_t score = 1; score <= FACTOR_MAX * FACTOR_MAX; score++) {
        bool is_product = false;
        for (int64_t factor = 1; factor <= FACTOR_MAX; factor++)
            is_product |= score % factor == 0 && score / factor <= FACTOR_MAX;
        if (is_product && bands_of_score(criteria, score) == 0)
            ok = problem_add(err, PROBLEM_RULE_BROKEN, "uncovered", "/bands",
                             "the score %d falls into no band", (int)score);
    }
    return ok;
}

bool criteria_words_check(const struct criteria *criteria, struct problem *err)
{
    bool ok = text_check("/reason", criteria->reason, err);
    for (int i = 0; i < CATEGORY_COUNT; i++)
        for (int k = 0; k < FACTOR_MAX; k++)
            ok &= text_check("/descriptors", criteria->descriptors[i][k], err);
    return ok;
}

struct rating rating_of(const struct criteria *criteria, int64_t likelihood, int64_t consequence)
{
    struct rating rating = {.likelihood = likelihood,
                            .consequence = consequence,
                            .score = likelihood * consequence,
                            .band = BAND_LOW,
                            .criteria_version = criteria->number};
    /* The bands are in order and cover every product. */
    for (int i = 0; i < BAND_COUNT; i++)
        if (rating.score >= criteria->bands[i].from)
            rating.band = (enum band)i;
    return rating;
}

bool rating_is_given(const struct rating *rating)
{
    return rating->likelihood > 0;
}

/* Passages
 * -----------------------------------------------------------------------------------------------
 */

bool risk_words_check(const struct risk *risk, struct problem *err)
{
    bool ok = text_check("/title", risk->title, err);
    ok &= text_check("/cause", risk->cause, err);
    ok &= text_check("/event", risk->event, err);
    ok &= text_check("/effect", risk->effect, err);
    return ok;
}

/* Restriction
 * --------------------------------------------------------------------------------------------
 */

bool risk_names(const struct risk *risk, const char *organisation)
{
    for (int i = 0; i < risk->restricted_count; i++)
        if (strcmp(risk->restricted_to[i], organisation) == 0)
            return true;
    return false;
}

static bool named_check(const struct risk *risk, const char *organisation, const char *pointer,
                        struct problem *err)
{
    if (!risk_names(risk, organisation))
        return problem_add(err, PROBLEM_RULE_BROKEN, "not-named", pointer,
                           "%s must be one of those to whom the risk is restricted", organisation);
    return true;
}

bool risk_restriction_check(const struct risk *risk, const struct editor *logged_by,
                            struct problem *err)
{
    if (risk->restricted_count == 0)
        return true;
    bool ok = logged_by == NULL || named_check(risk, logged_by->organisation, "/restrictedTo", err);
    ok &= named_check(risk, risk->owner_organisation, "/owner/organisation", err);
    for (int i = 0; i < risk->supporting_count; i++) {
        char pointer[FAULT_POINTER_SIZE];
        snprintf(pointer, sizeof(pointer), "/supportingOrganisations/%d", i);
        ok &= named_check(risk, risk->supporting[i], pointer, err);
    }
    return ok;
}

bool risk_widening_check(const struct risk *before, const struct risk *after, struct problem *err)
{
    bool ok = true;
    if (before->restricted_count == 0 && after->restricted_count > 0)
        return problem_add(err, PROBLEM_RULE_BROKEN, "open", "/restrictedTo",
                           "everybody knows of the risk already");
    for (int i = 0; i < before->restricted_count; i++)
        if (!risk_names(after, before->restricted_to[i]))
            ok = problem_add(err, PROBLEM_RULE_BROKEN, "knows", "/restrictedTo",
                             "%s knows of the risk and must stay named", before->restricted_to[i]);
    return ok;
}

/* Changes
 * ---------------------------------------------------------------------------------------------------
 */

static void risk_change(struct risk *risk, enum risk_change change, const char *reason,
                        const struct editor *editor)
{
    risk->change = change;
    text_set(risk->reason, sizeof(risk->reason), reason);
    risk->changed_ms = editor->now_ms;
    text_set(risk->changed_by, sizeof(risk->changed_by), editor->appointment_id);
    text_set(risk->changed_organisation, sizeof(risk->changed_organisation), editor->organisation);
    risk->version++;
}

/* What was to be signed is no longer what it was. */
static void closure_void(struct risk *risk)
{
    risk->state = RISK_OPEN;
    risk->signature_count = 0;
}

static bool state_check(const struct risk *risk, struct problem *err)
{
    if (risk->state != RISK_OPEN && risk->state != RISK_CLOSING)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "the risk is %s",
                           risk_state_word(risk->state));
    return true;
}

static int32_t review_day(const struct risk *risk, const struct criteria *criteria,
                          const struct editor *editor)
{
    return instant_day(editor->now_ms) + (int32_t)criteria->review_days[risk->current.band];
}

/* Whether the current score is to be told upwards; what was told before is remembered in the risk.
 */
static bool score_escalates(struct risk *risk)
{
    if (risk->current.score < ESCALATION_SCORE_MIN) {
        risk->escalated_score = 0;
        return false;
    }
    if (risk->current.score <= risk->escalated_score)
        return false;
    risk->escalated_score = risk->current.score;
    return true;
}

static struct score score_add(struct risk *risk, enum score_kind kind, struct rating *rating,
                              struct rating to, const char *reason, const struct editor *editor)
{
    struct score score = {.number = ++risk->score_number,
                          .kind = kind,
                          .from = *rating,
                          .to = to,
                          .scored_ms = editor->now_ms};
    text_set(score.risk_id, sizeof(score.risk_id), risk->id);
    text_set(score.reason, sizeof(score.reason), reason);
    text_set(score.scored_by, sizeof(score.scored_by), editor->appointment_id);
    text_set(score.organisation, sizeof(score.organisation), editor->organisation);
    *rating = to;
    return score;
}

/* Enters a risk into the register. */
static int risk_open(struct risk *risk, const struct criteria *criteria,
                     const struct first_score *given, const char *reason,
                     const struct editor *editor, struct score ret_scores[2])
{
    int count = 0;
    ret_scores[0] =
        score_add(risk, SCORE_INITIAL, &risk->current,
                  rating_of(criteria, given->likelihood, given->consequence), reason, editor);
    ret_scores[count++].escalates = score_escalates(risk);
    risk->initial = risk->current;
    if (given->target_likelihood > 0)
        ret_scores[count++] =
            score_add(risk, SCORE_TARGET, &risk->target,
                      rating_of(criteria, given->target_likelihood, given->target_consequence),
                      reason, editor);
    risk->state = RISK_OPEN;
    risk->next_review_day = review_day(risk, criteria, editor);
    return count;
}

int risk_log(struct risk *risk, const struct criteria *criteria, const struct first_score *given,
             const struct editor *editor, struct score ret_scores[2])
{
    int count = risk_open(risk, criteria, given, "Logged.", editor, ret_scores);
    risk->logged_ms = editor->now_ms;
    risk_change(risk, CHANGE_LOGGED, "", editor);
    return count;
}

bool risk_accept(struct risk *risk, const struct criteria *criteria,
                 const struct first_score *given, const struct editor *editor,
                 struct score ret_scores[2], int *ret_count, struct problem *err)
{
    if (risk->state != RISK_DRAFT)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "the risk is no draft: it is %s",
                           risk_state_word(risk->state));
    if (risk->owner_organisation[0] == '\0')
        text_set(risk->owner_organisation, sizeof(risk->owner_organisation), editor->organisation);
    *ret_count = risk_open(risk, criteria, given, "Accepted.", editor, ret_scores);
    risk_change(risk, CHANGE_ACCEPTED, "", editor);
    return true;
}

bool risk_dismiss(struct risk *risk, const char *reason, const struct editor *editor,
                  struct problem *err)
{
    if (risk->state != RISK_DRAFT)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "the risk is no draft: it is %s",
                           risk_state_word(risk->state));
    risk->state = RISK_DISMISSED;
    risk_change(risk, CHANGE_DISMISSED, reason, editor);
    return true;
}

bool risk_revise(struct risk *risk, const char *reason, const struct editor *editor,
                 struct problem *err)
{
    if (!state_check(risk, err))
        return false;
    closure_void(risk);
    risk_change(risk, CHANGE_REVISED, reason, editor);
    return true;
}

bool risk_score(struct risk *risk, const struct criteria *criteria, enum score_kind kind,
                int64_t likelihood, int64_t consequence, const char *reason,
                const struct editor *editor, struct score *ret_score, struct problem *err)
{
    if (!state_check(risk, err))
        return false;
    *ret_score = score_add(risk, kind, kind == SCORE_TARGET ? &risk->target : &risk->current,
                           rating_of(criteria, likelihood, consequence), reason, editor);
    if (kind == SCORE_CURRENT) {
        int32_t day = review_day(risk, criteria, editor);
        ret_score->escalates = score_escalates(risk);
        if (day < risk->next_review_day)
            risk->next_review_day = day;
    }
    closure_void(risk);
    risk_change(risk, CHANGE_SCORED, reason, editor);
    return true;
}

bool risk_review(struct risk *risk, const struct criteria *criteria, const char *findings,
                 const struct editor *editor, struct review *ret_review, struct problem *err)
{
    if (!state_check(risk, err))
        return false;
    *ret_review = (struct review){.number = ++risk->review_number,
                                  .due_day = risk->next_review_day,
                                  .closed_day = instant_day(editor->now_ms),
                                  .next_day = review_day(risk, criteria, editor),
                                  .rating = risk->current,
                                  .closed_ms = editor->now_ms};
    text_set(ret_review->risk_id, sizeof(ret_review->risk_id), risk->id);
    text_set(ret_review->findings, sizeof(ret_review->findings), findings);
    text_set(ret_review->closed_by, sizeof(ret_review->closed_by), editor->appointment_id);
    text_set(ret_review->organisation, sizeof(ret_review->organisation), editor->organisation);
    risk->next_review_day = ret_review->next_day;
    risk_change(risk, CHANGE_REVIEWED, findings, editor);
    return true;
}

/* Closing
 * ------------------------------------------------------------------------------------------------------
 */

/* What is closed is not reviewed any more. */
static void risk_leave(struct risk *risk, enum risk_state state)
{
    risk->state = state;
    if (state == RISK_CLOSED)
        risk->next_review_day = DAY_NONE;
}

bool risk_close(struct risk *risk, const char *reason, const struct editor *editor,
                struct problem *err)
{
    if (risk->state != RISK_OPEN)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "the risk is %s",
                           risk_state_word(risk->state));
    bool needs_signatures = risk->category == CATEGORY_QUALITY || risk->category == CATEGORY_SAFETY;
    risk_leave(risk, needs_signatures ? RISK_CLOSING : RISK_CLOSED);
    risk_change(risk, needs_signatures ? CHANGE_CLOSING : CHANGE_CLOSED, reason, editor);
    return true;
}

bool risk_sign(struct risk *risk, const char *role, bool is_same_person,
               const struct editor *editor, struct problem *err)
{
    if (risk->state != RISK_CLOSING)
        return problem_set(err, PROBLEM_STATE_CONFLICT,
                           "no closure of the risk waits for signatures");
    for (int i = 0; i < risk->signature_count; i++)
        if (strcmp(risk->signatures[i].role, role) == 0)
            return problem_set(err, PROBLEM_STATE_CONFLICT, "the %s has signed already", role);
    if (is_same_person)
        return problem_set(err, PROBLEM_RULE_BROKEN, "the two signatures are those of two people");
    struct signature *signature = &risk->signatures[risk->signature_count++];
    text_set(signature->role, sizeof(signature->role), role);
    signature->signed_ms = editor->now_ms;
    text_set(signature->signed_by, sizeof(signature->signed_by), editor->appointment_id);
    bool is_last = risk->signature_count == SIGNATURES_MAX;
    if (is_last)
        risk_leave(risk, RISK_CLOSED);
    char reason[PASSAGE_SIZE];
    text_set(reason, sizeof(reason), risk->reason); /* why it shall be closed */
    risk_change(risk, is_last ? CHANGE_CLOSED : CHANGE_SIGNED, reason, editor);
    return true;
}
