#include "services/reinvestment/rules.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/money.h"

static const char *const CASE_STATES[CASE_STATE_COUNT] = {
    [CASE_DRAFT] = "draft",         [CASE_SUBMITTED] = "submitted",
    [CASE_APPRAISED] = "appraised", [CASE_PROPOSED] = "proposed",
    [CASE_DECIDED] = "decided",     [CASE_IN_DELIVERY] = "in-delivery",
    [CASE_REJECTED] = "rejected",   [CASE_CLOSED] = "closed",
};
static const char *const DRAWDOWN_STATES[DRAWDOWN_STATE_COUNT] = {
    [DRAWDOWN_REQUESTED] = "requested",
    [DRAWDOWN_VERIFIED] = "verified",
    [DRAWDOWN_CAPTURED] = "captured",
    [DRAWDOWN_REFUSED] = "refused",
};

static int word_index(const char *const words[], int count, const char *word)
{
    int i = 0;
    while (strcmp(words[i], word) != 0) {
        i++;
        assert(i < count); /* a state of the api-spec */
    }
    return i;
}

const char *case_state_word(enum case_state state)
{
    return CASE_STATES[state];
}

enum case_state case_state_of_word(const char *word)
{
    return (enum case_state)word_index(CASE_STATES, CASE_STATE_COUNT, word);
}

const char *drawdown_state_word(enum drawdown_state state)
{
    return DRAWDOWN_STATES[state];
}

enum drawdown_state drawdown_state_of_word(const char *word)
{
    return (enum drawdown_state)word_index(DRAWDOWN_STATES, DRAWDOWN_STATE_COUNT, word);
}

static void text_set(char *ret_text, size_t size, const char *text)
{
    snprintf(ret_text, size, "%s", text);
}

int64_t ring_fence_available_pence(const struct ring_fence *ring_fence)
{
    return ring_fence->balance_pence - ring_fence->floor_pence - ring_fence->committed_pence -
           ring_fence->proposed_pence;
}

/* Words
 * -------------------------------------------------------------------------------------------- */

bool case_words_check(const struct business_case *a_case, struct problem *err)
{
    bool ok = text_check("/title", a_case->title, err);
    ok &= text_check("/summary", a_case->summary, err);
    ok &= text_check("/service", a_case->service, err);
    ok &= text_check("/specialty", a_case->specialty, err);
    for (int i = 0; i < a_case->milestone_count; i++) {
        char pointer[FAULT_POINTER_SIZE];
        snprintf(pointer, sizeof(pointer), "/milestones/%d/title", i);
        ok &= text_check(pointer, a_case->milestones[i].title, err);
    }
    return ok;
}

/* What a case may ask for -------------------------------------------------------------------------
 */

static bool list_admits(const char list[][CODE_SIZE], int count, const char *code)
{
    for (int i = 0; i < count; i++)
        if (strcmp(list[i], code) == 0)
            return true;
    return count == 0;
}

static const struct milestone *case_milestone(const struct business_case *a_case, const char *code,
                                              int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(a_case->milestones[i].code, code) == 0)
            return &a_case->milestones[i];
    return NULL;
}

static bool milestones_check(const struct business_case *a_case, struct problem *err)
{
    bool ok = true;
    int64_t sum_pence = 0;
    for (int i = 0; i < a_case->milestone_count; i++) {
        const struct milestone *milestone = &a_case->milestones[i];
        if (case_milestone(a_case, milestone->code, i) != NULL) {
            char pointer[FAULT_POINTER_SIZE];
            snprintf(pointer, sizeof(pointer), "/milestones/%d/code", i);
            ok = problem_add(err, PROBLEM_RULE_BROKEN, "duplicate", pointer,
                             "milestone %s stands twice", milestone->code);
        }
        /* Amounts fit 53 bits and there are 12 of them: no overflow. */
        sum_pence += milestone->amount_pence;
    }
    if (sum_pence <= a_case->award_pence)
        return ok;
    char sum[MONEY_TEXT_SIZE], award[MONEY_TEXT_SIZE];
    money_format(sum_pence, sum);
    money_format(a_case->award_pence, award);
    return problem_add(err, PROBLEM_RULE_BROKEN, "above-award", "/milestones",
                       "the milestones come to %s, the award to %s", sum, award);
}

static bool references_check(const struct business_case *a_case,
                             const struct ring_fence *ring_fence, bool is_beneficiary_active,
                             struct problem *err)
{
    bool ok = true;
    if (!is_beneficiary_active)
        ok = problem_add(err, PROBLEM_REFERENCE_UNKNOWN, "unknown-partner", "/beneficiary",
                         "%s is not an active partner", a_case->beneficiary);
    if (ring_fence == NULL)
        ok = problem_add(err, PROBLEM_REFERENCE_UNKNOWN, "unknown-ring-fence", "/ringFence",
                         "the agreement in force has no ring-fence %s", a_case->ring_fence);
    return ok;
}

bool case_check(const struct business_case *a_case, const struct ring_fence *ring_fence,
                bool is_beneficiary_active, struct problem *err)
{
    bool ok = references_check(a_case, ring_fence, is_beneficiary_active, err);
    ok = milestones_check(a_case, err) && ok;
    ok = costs_check(a_case, err) && ok;
    if (ring_fence == NULL)
        return ok;
    if (!list_admits(ring_fence->categories, ring_fence->category_count, a_case->category))
        ok = problem_add(err, PROBLEM_RULE_BROKEN, "not-eligible", "/category",
                         "ring-fence %s is not for %s", ring_fence->code, a_case->category);
    if (!list_admits(ring_fence->settings, ring_fence->setting_count, a_case->setting))
        ok = problem_add(err, PROBLEM_RULE_BROKEN, "not-eligible", "/setting",
                         "ring-fence %s is not for the setting %s", ring_fence->code,
                         a_case->setting);
    return ok;
}

bool case_check_sponsor(const struct business_case *a_case, const char *organisation,
                        struct problem *err)
{
    if (strcmp(a_case->sponsor, organisation) == 0)
        return true;
    return problem_set(err, PROBLEM_ROLE_MISSING, "only its sponsor %s may do this to the case",
                       a_case->sponsor);
}

/* From draft to closed
 * ------------------------------------------------------------------------------ */

static bool state_refused(const struct business_case *a_case, const char *wanted,
                          struct problem *err)
{
    return problem_set(err, PROBLEM_STATE_CONFLICT, "the case is %s; %s",
                       case_state_word(a_case->state), wanted);
}

bool case_check_draft(const struct business_case *a_case, struct problem *err)
{
    if (a_case->state != CASE_DRAFT)
        return state_refused(a_case, "only a draft may be revised", err);
    return true;
}

bool case_submit(struct business_case *a_case, struct problem *err)
{
    if (a_case->state != CASE_DRAFT)
        return state_refused(a_case, "only a draft can be submitted", err);
    a_case->state = CASE_SUBMITTED;
    a_case->version++;
    return true;
}

static bool funds_refused(const struct business_case *a_case, const struct ring_fence *ring_fence,
                          struct problem *err)
{
    char asked[MONEY_TEXT_SIZE], available[MONEY_TEXT_SIZE], balance[MONEY_TEXT_SIZE],
        committed[MONEY_TEXT_SIZE], proposed[MONEY_TEXT_SIZE];
    money_format(a_case->award_pence, asked);
    money_format(ring_fence_available_pence(ring_fence), available);
    money_format(ring_fence->balance_pence, balance);
    money_format(ring_fence->committed_pence, committed);
    money_format(ring_fence->proposed_pence, proposed);
    return problem_set(err, PROBLEM_FUNDS_INSUFFICIENT,
                       "%s is asked for, %s is available in ring-fence %s "
                       "(balance %s, committed %s, proposed %s)",
                       asked, available, ring_fence->code, balance, committed, proposed);
}

bool case_propose(struct business_case *a_case, const struct ring_fence *ring_fence,
                  struct problem *err)
{
    if (a_case->state != CASE_APPRAISED)
        return state_refused(a_case, "only an appraised case can be proposed", err);
    if (a_case->award_pence > ring_fence_available_pence(ring_fence))
        return funds_refused(a_case, ring_fence, err);
    a_case->state = CASE_PROPOSED;
    a_case->version++;
    return true;
}

bool case_decide(struct business_case *a_case, const char *decision_id, struct problem *err)
{
    bool is_funded =
        a_case->state == CASE_IN_DELIVERY && strcmp(a_case->decision_id, decision_id) == 0;
    if (a_case->state != CASE_PROPOSED && !is_funded)
        return state_refused(a_case, "only a proposed case can be decided", err);
    if (!is_funded)
        a_case->state = CASE_DECIDED;
    text_set(a_case->decision_id, sizeof(a_case->decision_id), decision_id);
    a_case->version++;
    return true;
}

bool case_release(struct business_case *a_case, const char *outcome)
{
    if (a_case->state != CASE_PROPOSED)
        return false;
    if (strcmp(outcome, "rejected") == 0) {
        a_case->state = CASE_REJECTED;
        text_set(a_case->reason, sizeof(a_case->reason), "the decision was rejected");
    } else {
        a_case->state = CASE_APPRAISED;
    }
    a_case->version++;
    return true;
}

/* The ledger may be heard before membership: a proposed case has no decision of its own yet. */
static bool case_awaits_ledger(const struct business_case *a_case, const char *decision_id)
{
    return a_case->state == CASE_PROPOSED ||
           (a_case->state == CASE_DECIDED && strcmp(a_case->decision_id, decision_id) == 0);
}

bool case_fund(struct business_case *a_case, const char *decision_id, const char *hold_id)
{
    if (!case_awaits_ledger(a_case, decision_id))
        return false;
    a_case->state = CASE_IN_DELIVERY;
    text_set(a_case->decision_id, sizeof(a_case->decision_id), decision_id);
    text_set(a_case->hold_id, sizeof(a_case->hold_id), hold_id);
    a_case->version++;
    return true;
}

bool case_refuse(struct business_case *a_case, const char *decision_id, const char *reason)
{
    if (!case_awaits_ledger(a_case, decision_id))
        return false;
    a_case->state = CASE_REJECTED;
    text_set(a_case->decision_id, sizeof(a_case->decision_id), decision_id);
    text_set(a_case->reason, sizeof(a_case->reason), reason);
    a_case->version++;
    return true;
}

static void case_end(struct business_case *a_case, const char *outcome, const char *reason,
                     int64_t now_ms)
{
    a_case->state = CASE_CLOSED;
    text_set(a_case->outcome, sizeof(a_case->outcome), outcome);
    text_set(a_case->reason, sizeof(a_case->reason), reason);
    a_case->closed_ms = now_ms;
    a_case->version++;
}

bool case_close(struct business_case *a_case, const char *outcome, const char *reason,
                int64_t now_ms, struct problem *err)
{
    if (a_case->state != CASE_IN_DELIVERY)
        return state_refused(a_case, "only a case in delivery can be closed", err);
    if (a_case->pending_pence > 0) {
        char pending[MONEY_TEXT_SIZE];
        money_format(a_case->pending_pence, pending);
        return problem_set(err, PROBLEM_STATE_CONFLICT, "drawdowns of %s are still pending",
                           pending);
    }
    case_end(a_case, outcome, reason, now_ms);
    return true;
}

bool case_expire(struct business_case *a_case, const char *reason, int64_t now_ms)
{
    if (a_case->state != CASE_IN_DELIVERY)
        return false;
    assert(a_case->pending_pence == 0);
    case_end(a_case, "expired", reason, now_ms);
    return true;
}

/* Drawdowns
 * ----------------------------------------------------------------------------------------- */

static bool drawdown_check(const struct business_case *a_case, const struct drawdown *drawdown,
                           const struct person *person, struct problem *err)
{
    if (strcmp(person->organisation, a_case->sponsor) != 0 &&
        strcmp(person->organisation, a_case->beneficiary) != 0)
        return problem_set(err, PROBLEM_ROLE_MISSING,
                           "only its sponsor %s or its beneficiary %s may ask for a drawdown",
                           a_case->sponsor, a_case->beneficiary);
    if (a_case->state != CASE_IN_DELIVERY)
        return state_refused(a_case, "only a case in delivery can be drawn on", err);
    if (drawdown->milestone[0] != '\0' &&
        case_milestone(a_case, drawdown->milestone, a_case->milestone_count) == NULL)
        return problem_add(err, PROBLEM_REFERENCE_UNKNOWN, "unknown-milestone", "/milestone",
                           "the case has no milestone %s", drawdown->milestone);
    return true;
}

bool drawdown_request(struct business_case *a_case, struct drawdown *drawdown,
                      const struct person *person, int64_t now_ms, struct problem *err)
{
    if (!drawdown_check(a_case, drawdown, person, err))
        return false;
    int64_t left_pence = a_case->award_pence - a_case->pending_pence - a_case->captured_pence;
    if (drawdown->amount_pence > left_pence) {
        char asked[MONEY_TEXT_SIZE], left[MONEY_TEXT_SIZE], award[MONEY_TEXT_SIZE];
        money_format(drawdown->amount_pence, asked);
        money_format(left_pence, left);
        money_format(a_case->award_pence, award);
        return problem_set(err, PROBLEM_FUNDS_INSUFFICIENT,
                           "%s is asked for, %s is left of the award of %s", asked, left, award);
    }
    a_case->pending_pence += drawdown->amount_pence;
    a_case->version++;
    text_set(drawdown->case_id, sizeof(drawdown->case_id), a_case->id);
    text_set(drawdown->hold_id, sizeof(drawdown->hold_id), a_case->hold_id);
    text_set(drawdown->beneficiary, sizeof(drawdown->beneficiary), a_case->beneficiary);
    drawdown->state = DRAWDOWN_REQUESTED;
    drawdown->requested_ms = now_ms;
    text_set(drawdown->requested_organisation, sizeof(drawdown->requested_organisation),
             person->organisation);
    text_set(drawdown->requested_by, sizeof(drawdown->requested_by), person->appointment_id);
    drawdown->version = 1;
    return true;
}

/* Four eyes, of two organisations (C5). */
static bool verifier_check(const struct drawdown *drawdown, const struct person *person,
                           bool is_same_person, struct problem *err)
{
    if (drawdown->state != DRAWDOWN_REQUESTED)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "the drawdown is %s already",
                           drawdown_state_word(drawdown->state));
    if (is_same_person || strcmp(person->appointment_id, drawdown->requested_by) == 0)
        return problem_set(err, PROBLEM_RULE_BROKEN,
                           "a drawdown is verified by another person than the one who asked");
    if (strcmp(person->organisation, drawdown->requested_organisation) == 0 ||
        strcmp(person->organisation, drawdown->beneficiary) == 0)
        return problem_set(err, PROBLEM_RULE_BROKEN,
                           "a drawdown is verified by another organisation than %s, which asked, "
                           "and %s, which is paid",
                           drawdown->requested_organisation, drawdown->beneficiary);
    return true;
}

static void verifier_set(struct drawdown *drawdown, const struct person *person, int64_t now_ms)
{
    drawdown->verified_ms = now_ms;
    text_set(drawdown->verified_organisation, sizeof(drawdown->verified_organisation),
             person->organisation);
    text_set(drawdown->verified_by, sizeof(drawdown->verified_by), person->appointment_id);
    drawdown->version++;
}

bool drawdown_verify(struct drawdown *drawdown, const struct person *person, bool is_same_person,
                     int64_t now_ms, struct problem *err)
{
    if (!verifier_check(drawdown, person, is_same_person, err))
        return false;
    drawdown->state = DRAWDOWN_VERIFIED;
    verifier_set(drawdown, person, now_ms);
    return true;
}

static void drawdown_give_up(struct business_case *a_case, struct drawdown *drawdown,
                             const char *reason)
{
    drawdown->state = DRAWDOWN_REFUSED;
    text_set(drawdown->reason, sizeof(drawdown->reason), reason);
    a_case->pending_pence -= drawdown->amount_pence;
    a_case->version++;
}

bool drawdown_refuse(struct business_case *a_case, struct drawdown *drawdown,
                     const struct person *person, bool is_same_person, const char *reason,
                     int64_t now_ms, struct problem *err)
{
    if (!verifier_check(drawdown, person, is_same_person, err))
        return false;
    if (reason == NULL || reason[0] == '\0')
        return problem_add(err, PROBLEM_RULE_BROKEN, "required", "/reason",
                           "a refusal needs its reason");
    drawdown_give_up(a_case, drawdown, reason);
    verifier_set(drawdown, person, now_ms);
    return true;
}

bool drawdown_capture(struct business_case *a_case, struct drawdown *drawdown,
                      const char *transaction_id, int64_t captured_ms)
{
    if (drawdown->state != DRAWDOWN_VERIFIED)
        return false;
    drawdown->state = DRAWDOWN_CAPTURED;
    text_set(drawdown->transaction_id, sizeof(drawdown->transaction_id), transaction_id);
    drawdown->captured_ms = captured_ms;
    drawdown->version++;
    a_case->pending_pence -= drawdown->amount_pence;
    a_case->captured_pence += drawdown->amount_pence;
    a_case->version++;
    return true;
}

bool drawdown_void(struct business_case *a_case, struct drawdown *drawdown, const char *reason)
{
    if (drawdown->state != DRAWDOWN_REQUESTED && drawdown->state != DRAWDOWN_VERIFIED)
        return false;
    drawdown_give_up(a_case, drawdown, reason);
    drawdown->version++;
    return true;
}
