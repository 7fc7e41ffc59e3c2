#include "services/risk/events.h"

#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "services/risk/queries.h"
#include "services/risk/rules.h"
#include "services/risk/store.h"

void risk_ref(const struct risk *risk, char ret_ref[REF_SIZE])
{
    snprintf(ret_ref, REF_SIZE, "risk/risks/%s", risk->id);
}

/* Rows as their tables have them
 * ------------------------------------------------------------------------ */

/* Members "likelihood", "score" ... or, of an earlier or other rating, "fromLikelihood" ... */
static void rating_put(json_t *row, const char *prefix, const struct rating *rating)
{
    char name[40];
    bool is_bare = prefix[0] == '\0';
    if (!rating_is_given(rating))
        return;
    snprintf(name, sizeof(name), "%s%s", prefix, is_bare ? "likelihood" : "Likelihood");
    json_put_integer(row, name, rating->likelihood);
    snprintf(name, sizeof(name), "%s%s", prefix, is_bare ? "consequence" : "Consequence");
    json_put_integer(row, name, rating->consequence);
    snprintf(name, sizeof(name), "%s%s", prefix, is_bare ? "score" : "Score");
    json_put_integer(row, name, rating->score);
    snprintf(name, sizeof(name), "%s%s", prefix, is_bare ? "band" : "Band");
    json_put_text(row, name, band_word(rating->band));
    snprintf(name, sizeof(name), "%s%s", prefix, is_bare ? "criteriaVersion" : "CriteriaVersion");
    json_put_integer(row, name, rating->criteria_version);
}

static json_t *organisations_row(const char organisations[][ODS_SIZE], int count)
{
    json_t *array = json_array();
    for (int i = 0; i < count; i++)
        json_push_new(array, json_string(organisations[i]));
    return array;
}

/* NULL = everybody may know of it. */
static json_t *restricted_row(const struct risk *risk)
{
    return risk->restricted_count == 0
               ? NULL
               : organisations_row(risk->restricted_to, risk->restricted_count);
}

static json_t *links_row(const struct risk *risk)
{
    json_t *array = json_array();
    for (int i = 0; i < risk->link_count; i++)
        json_push_new(array, json_string(risk->links[i]));
    return array;
}

static json_t *signatures_row(const struct risk *risk)
{
    json_t *array = json_array();
    for (int i = 0; i < risk->signature_count; i++) {
        json_t *item = json_object();
        json_put_text(item, "as", risk->signatures[i].role);
        json_put_instant(item, "signedAt", risk->signatures[i].signed_ms);
        json_put_text(item, "signedBy", risk->signatures[i].signed_by);
        json_push_new(array, item);
    }
    return array;
}

static json_t *evidence_row(const struct evidence *evidence)
{
    if (evidence->signal[0] == '\0')
        return NULL;
    json_t *row = json_object();
    json_put_text(row, "signal", evidence->signal);
    json_put_text(row, "indicator", evidence->indicator);
    json_put_text(row, "organisation", evidence->organisation);
    json_put_text(row, "month", evidence->month);
    json_put_text(row, "kind", evidence->kind);
    return row;
}

static json_t *risk_row(const struct risk *risk)
{
    json_t *row = json_object();
    json_put_text(row, "id", risk->id);
    json_put_text(row, "title", risk->title);
    json_put_text(row, "cause", risk->cause);
    json_put_text(row, "event", risk->event);
    json_put_text(row, "effect", risk->effect);
    json_put_text(row, "category", category_word(risk->category));
    json_put_text(row, "ownerOrganisation", risk->owner_organisation);
    json_put_text(row, "ownerAppointmentId", risk->owner_appointment_id);
    json_put_new(row, "supportingOrganisations",
                 organisations_row(risk->supporting, risk->supporting_count));
    json_put_new(row, "links", links_row(risk));
    json_put_new(row, "restrictedTo", restricted_row(risk));
    rating_put(row, "", &risk->current);
    rating_put(row, "initial", &risk->initial);
    rating_put(row, "target", &risk->target);
    json_put_text(row, "state", risk_state_word(risk->state));
    json_put_new(row, "signatures", signatures_row(risk));
    json_put_new(row, "evidence", evidence_row(&risk->evidence));
    json_put_instant(row, "loggedAt", risk->logged_ms);
    json_put_day(row, "nextReviewOn", risk->next_review_day);
    json_put_integer(row, "reviewNumber", risk->review_number);
    json_put_integer(row, "escalatedScore", risk->escalated_score);
    json_put_instant(row, "changedAt", risk->changed_ms);
    json_put_text(row, "changedBy", risk->changed_by);
    json_put_text(row, "changedOrganisation", risk->changed_organisation);
    json_put_text(row, "change", risk_change_word(risk->change));
    json_put_text(row, "reason", risk->reason);
    json_put_integer(row, "scoreNumber", risk->score_number);
    json_put_integer(row, "version", risk->version);
    return row;
}

static json_t *score_row(const struct risk *risk, const struct score *score)
{
    json_t *row = json_object();
    json_put_text(row, "riskId", score->risk_id);
    json_put_integer(row, "number", score->number);
    json_put_text(row, "kind", score_kind_word(score->kind));
    rating_put(row, "", &score->to);
    rating_put(row, "from", &score->from);
    json_put_text(row, "reason", score->reason);
    json_put_instant(row, "scoredAt", score->scored_ms);
    json_put_text(row, "scoredBy", score->scored_by);
    json_put_text(row, "organisation", score->organisation);
    json_put_flag(row, "escalates", score->escalates);
    json_put_new(row, "restrictedTo", restricted_row(risk));
    return row;
}

static json_t *review_row(const struct risk *risk, const struct review *review)
{
    json_t *row = json_object();
    json_put_text(row, "riskId", review->risk_id);
    json_put_integer(row, "number", review->number);
    json_put_day(row, "dueOn", review->due_day);
    json_put_day(row, "closedOn", review->closed_day);
    json_put_day(row, "nextOn", review->next_day);
    rating_put(row, "", &review->rating);
    json_put_text(row, "findings", review->findings);
    json_put_instant(row, "closedAt", review->closed_ms);
    json_put_text(row, "closedBy", review->closed_by);
    json_put_text(row, "organisation", review->organisation);
    json_put_new(row, "restrictedTo", restricted_row(risk));
    return row;
}

static json_t *escalation_row(const struct risk *risk, const struct escalation *escalation)
{
    char subject[REF_SIZE];
    risk_ref(risk, subject);
    json_t *row = json_object();
    json_put_text(row, "id", escalation->id);
    json_put_text(row, "riskId", escalation->risk_id);
    json_put_text(row, "subject", subject);
    json_put_text(row, "toGroup", escalation->to_group);
    json_put_text(row, "title", escalation->title);
    json_put_text(row, "reason", escalation->reason);
    json_put_text(row, "cause", escalation_cause_word(escalation->cause));
    json_put_integer(row, "score", escalation->score);
    if (escalation->cause == ESCALATED_BY_SCORE)
        json_put_integer(row, "scoreNumber", escalation->score_number);
    else
        json_put_integer(row, "level", escalation->level);
    json_put_day(row, "dueOn", escalation->due_day);
    json_put_instant(row, "raisedAt", escalation->raised_ms);
    json_put_new(row, "restrictedTo", restricted_row(risk));
    return row;
}

static json_t *bands_row(const struct criteria *criteria)
{
    json_t *array = json_array();
    for (int i = 0; i < BAND_COUNT; i++) {
        json_t *item = json_object();
        json_put_text(item, "band", band_word((enum band)i));
        json_put_integer(item, "from", criteria->bands[i].from);
        json_put_integer(item, "to", criteria->bands[i].to);
        json_put_integer(item, "reviewDays", criteria->review_days[i]);
        json_push_new(array, item);
    }
    return array;
}

static json_t *descriptors_row(const struct criteria *criteria)
{
    json_t *array = json_array();
    for (int i = 0; i < CATEGORY_COUNT; i++) {
        json_t *item = json_object(), *consequences = json_array();
        for (int k = 0; k < FACTOR_MAX; k++)
            json_push_new(consequences, json_string(criteria->descriptors[i][k]));
        json_put_text(item, "category", category_word((enum category)i));
        json_put_new(item, "consequences", consequences);
        json_push_new(array, item);
    }
    return array;
}

static json_t *criteria_row(const struct criteria *criteria)
{
    json_t *row = json_object();
    json_put_integer(row, "number", criteria->number);
    json_put_new(row, "bands", bands_row(criteria));
    json_put_new(row, "descriptors", descriptors_row(criteria));
    json_put_text(row, "reason", criteria->reason);
    json_put_instant(row, "adoptedAt", criteria->adopted_ms);
    json_put_text(row, "adoptedBy", criteria->adopted_by);
    return row;
}

/* Announcements
 * --------------------------------------------------------------------------------------------- */

/* What the event relied on (F6): what the risk touches, and the criteria that it was scored by. */
static json_t *risk_links(const struct risk *risk, int score_count)
{
    json_t *links = links_row(risk);
    char ref[REF_SIZE];
    snprintf(ref, sizeof(ref), "risk/criteria/%lld", (long long)risk->current.criteria_version);
    if (score_count > 0)
        json_push_new(links, json_string(ref));
    return links;
}

/* Appends an event about a risk, known to whom the risk is. */
static bool risk_append(struct act *act, const char *type, const struct risk *risk, json_t *data,
                        json_t *links, struct problem *err)
{
    char subject[REF_SIZE];
    risk_ref(risk, subject);
    json_auto_t *restricted_to = restricted_row(risk);
    struct event event = {.type = type,
                          .subject = subject,
                          .data = data,
                          .class = restricted_to == NULL ? EVENT_OPEN : EVENT_RESTRICTED,
                          .restricted_to = restricted_to,
                          .links = links,
                          .occurred_ms = INSTANT_NONE};
    return act_append(act, &event, err);
}

static bool event_risk_escalated(struct act *act, const struct risk *risk,
                                 struct escalation *escalation, struct problem *err)
{
    uuid_new(act->now_ms, escalation->id);
    json_auto_t *data = json_object();
    json_put_new(data, "escalation", escalation_row(risk, escalation));
    return risk_append(act, "risk.risk.escalated.v1", risk, data, NULL, err);
}

static json_t *risk_data(const struct risk *risk)
{
    json_t *data = json_object();
    json_put_new(data, "risk", risk_row(risk));
    json_put_new(data, "riskHistory", risk_row(risk));
    return data;
}

bool event_risk_changed(struct act *act, const struct risk *risk, const struct score scores[],
                        int score_count, struct problem *err)
{
    char type[CODE_SIZE];
    snprintf(type, sizeof(type), "risk.risk.%s.v1", risk_change_word(risk->change));
    json_auto_t *data = risk_data(risk);
    json_t *given = json_array();
    json_put_new(data, "score", given);
    for (int i = 0; i < score_count; i++)
        json_push_new(given, score_row(risk, &scores[i]));
    json_auto_t *links = risk_links(risk, score_count);
    if (!risk_append(act, type, risk, data, links, err))
        return false;
    for (int i = 0; i < score_count; i++) {
        struct escalation escalation;
        if (!scores[i].escalates)
            continue;
        escalation_by_score(risk, &scores[i], &escalation);
        if (!event_risk_escalated(act, risk, &escalation, err))
            return false;
    }
    return true;
}

bool event_risk_reviewed(struct act *act, const struct risk *risk, const struct review *review,
                         struct problem *err)
{
    json_auto_t *data = risk_data(risk);
    json_put_new(data, "review", review_row(risk, review));
    json_auto_t *links = risk_links(risk, 1);
    return risk_append(act, "risk.risk.reviewed.v1", risk, data, links, err);
}

bool event_criteria_adopted(struct act *act, const struct criteria *criteria, struct problem *err)
{
    char subject[REF_SIZE];
    snprintf(subject, sizeof(subject), "risk/criteria/%lld", (long long)criteria->number);
    json_auto_t *data = json_object();
    json_put_new(data, "criteria", criteria_row(criteria));
    struct event event = {.type = "risk.criteria.adopted.v1",
                          .subject = subject,
                          .data = data,
                          .occurred_ms = INSTANT_NONE};
    return act_append(act, &event, err);
}

/* Reactions
 * ---------------------------------------------------------------------------------------------------
 */

static bool alliance_activated(struct act *act, const struct foreign_event *event,
                               struct problem *err)
{
    (void)event;
    struct criteria criteria;
    if (!store_criteria_in_force(act->tx, &criteria, err))
        return false;
    if (criteria.number > 0)
        return true;
    criteria_default(act->now_ms, &criteria);
    return event_criteria_adopted(act, &criteria, err);
}

/* What the signal is about; the indicator's code and the signal's kind are always said. */
static bool evidence_of_event(const struct foreign_event *event, struct evidence *ret,
                              struct problem *err)
{
    const json_t *signal = json_member(event->data, "signal");
    const char *indicator, *kind, *organisation = json_text(signal, "organisation");
    const char *month = json_text(signal, "month");
    if (!event_text(signal, "indicator", sizeof(ret->indicator), &indicator, err) ||
        !event_text(signal, "kind", sizeof(ret->kind), &kind, err))
        return false;
    *ret = (struct evidence){.organisation = ""};
    snprintf(ret->signal, sizeof(ret->signal), "%s", event->subject);
    snprintf(ret->indicator, sizeof(ret->indicator), "%s", indicator);
    snprintf(ret->kind, sizeof(ret->kind), "%s", kind);
    if (organisation != NULL && ods_is_valid(organisation))
        snprintf(ret->organisation, sizeof(ret->organisation), "%s", organisation);
    if (month != NULL)
        snprintf(ret->month, sizeof(ret->month), "%s", month);
    return true;
}

/* D10. A draft of what the signal may mean, once: the risk's id stands for the signal. */
static bool signal_found(struct act *act, const struct foreign_event *event, struct problem *err)
{
    struct evidence evidence;
    struct risk risk = {.version = 0};
    bool is_known, is_partner = false;
    if (!evidence_of_event(event, &evidence, err))
        return false;
    uuid_of_bytes(evidence.signal, strlen(evidence.signal), risk.id);
    if (!store_draft_is_known(act->tx, risk.id, &evidence, &is_known, err) ||
        !store_partner_is_active(act->tx, evidence.organisation, &is_partner, err))
        return false;
    if (is_known)
        return true;
    risk_propose(&risk, &evidence, is_partner, act->now_ms);
    return event_risk_changed(act, &risk, NULL, 0, err);
}

const struct reaction RISK_REACTIONS[] = {
    {"membership.alliance.activated.v1", alliance_activated},
    {"kpi.signal.found.v1", signal_found},
};
const size_t RISK_REACTION_COUNT = ARRAY_LENGTH(RISK_REACTIONS);

/* By the clock
 * ---------------------------------------------------------------------------------------------------
 */

static bool reviews_escalate(struct act *act, struct problem *err)
{
    db_rows_auto_t rows = {0};
    struct ladder ladder;
    if (!store_ladder_get(act->tx, &ladder, err) || !store_review_overdue(act->tx, &rows, err))
        return false;
    for (int row = 0; row < rows.count; row++) {
        struct risk risk = {.version = 0};
        struct escalation escalation;
        if (!risk_of_row(&rows, row, &risk, err))
            return false;
        escalation_overdue(&risk, &ladder, instant_day(act->now_ms), act->now_ms, &escalation);
        if (!event_risk_escalated(act, &risk, &escalation, err))
            return false;
    }
    return true;
}

const struct sweep RISK_SWEEPS[] = {
    {.name = "reviews", .due = &QUERY_REVIEW_OVERDUE, .run = reviews_escalate},
};
const size_t RISK_SWEEP_COUNT = ARRAY_LENGTH(RISK_SWEEPS);
