#include "services/membership/closing.h"

#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/json.h"
#include "common/subject.h"
#include "services/membership/agenda.h"
#include "services/membership/conflicts.h"
#include "services/membership/events.h"
#include "services/membership/rules/appointment.h"
#include "services/membership/rules/decision.h"
#include "services/membership/rules/partner.h"
#include "services/membership/rules/tally.h"
#include "services/membership/rules/terms.h"
#include "services/membership/store/decision.h"
#include "services/membership/store/roster.h"
#include "services/membership/subjects.h"

static const char LAPSE_REASON[] =
    "The voting partners changed: asked again, everybody of now decides.";
static const char CLOSING_REASON[] = "The alliance is closing: it takes nobody in any more.";
static const char CLOSED_REASON[] = "The alliance is closed: it decides nothing any more.";

/* Whether the target of an admission, exclusion, suspension or reinstatement has a vote. */
static bool target_votes(struct act *act, const struct decision *decision, bool *ret_votes,
                         struct problem *err)
{
    struct partner partner;
    *ret_votes = false;
    if (!kind_is_membership(decision->kind))
        return true;
    if (!store_partner_get(act->tx, decision_target(decision->kind, decision->subject), &partner,
                           err))
        return false;
    *ret_votes = partner_has_vote(&partner);
    return true;
}

/* What the new facts mean for the open decisions; bounded, because an admission or exclusion that
 * ends here ends by lapsing and changes no voters. */
static bool voters_follow(struct act *act, const struct decision *decision, bool had_vote,
                          struct problem *err)
{
    bool has_vote;
    if (!target_votes(act, decision, &has_vote, err))
        return false;
    if (has_vote == had_vote)
        return true;
    const char *target = decision_target(decision->kind, decision->subject);
    return decisions_meet_new_voters(act, had_vote ? target : NULL, decision->closed_ms, err);
}

/* Nobody has taken it in: it may apply again. Whoever acted for it stops. */
static bool applicant_lapse(struct act *act, const char *organisation, struct problem *err)
{
    struct partner partner;
    tenures_auto_t tenures = {0};
    if (!store_partner_get(act->tx, organisation, &partner, err))
        return false;
    if (!partner_is_applicant(&partner))
        return true;
    if (!store_tenures_of_organisation(act->tx, organisation, act->now_ms, &tenures, err))
        return false;
    partner_lapse(&partner);
    tenures_end(tenures.tenures, tenures.count, act->now_ms);
    return event_partner(act, "lapsed", &partner, tenures.tenures, tenures.count, NULL, err);
}

static bool decision_lapse(struct act *act, const char *id, const char *reason, int64_t at_ms,
                           struct problem *err)
{
    decision_auto_t decision = {0};
    if (!store_decision_get(act->tx, id, &decision, NULL, err))
        return false;
    if (decision.state != DECISION_OPEN)
        return true;
    return decision_end(act, &decision, DECISION_LAPSED, reason, at_ms, err);
}

/* A closing alliance takes nobody in any more. */
static bool applicants_follow(struct act *act, int64_t at_ms, struct problem *err)
{
    roster_auto_t roster = {0};
    if (!store_roster_get(act->tx, &roster, err))
        return false;
    for (int i = 0; i < roster.count; i++) {
        const char *organisation = roster.partners[i].organisation;
        if (partner_is_applicant(&roster.partners[i]) &&
            (!decision_lapse_admission(act, organisation, CLOSING_REASON, at_ms, err) ||
             !applicant_lapse(act, organisation, err)))
            return false;
    }
    return true;
}

/* A closed alliance decides nothing any more. */
static bool decisions_follow(struct act *act, int64_t at_ms, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!store_decision_open_with(act->tx, "", &rows, err))
        return false;
    for (int row = 0; row < rows.count; row++)
        if (!decision_lapse(act, row_text(&rows, row, "id"), CLOSED_REASON, at_ms, err))
            return false;
    return true;
}

static bool alliance_end_follow(struct act *act, const struct decision *decision,
                                struct problem *err)
{
    alliance_auto_t alliance = {0};
    if (decision->kind != KIND_VARY_AGREEMENT || strcmp(decision->subject, "alliance") != 0)
        return true;
    if (!store_alliance_get(act->tx, &alliance, err))
        return false;
    return alliance.status == ALLIANCE_CLOSING ? applicants_follow(act, decision->closed_ms, err)
                                               : decisions_follow(act, decision->closed_ms, err);
}

/* Our own subject: settled in this act, and shown as the decision's effect. */
static bool own_effect(struct act *act, const struct decision *decision, const json_t *event_data,
                       struct problem *err)
{
    const int64_t before = act->sequence;
    struct decision_effect effect = {.service = "membership", .version = 1};
    bool is_said = false;
    bool had_vote;
    if (!target_votes(act, decision, &had_vote, err) ||
        !subject_settle(act, &MEMBERSHIP_SUBJECTS, decision_state_name(decision->state), event_data,
                        err))
        return false;
    if (decision->state != DECISION_CARRIED)
        return true;
    if (!store_effect_of_own(act->tx, before, decision->id, &effect, &is_said, err))
        return false;
    if (!is_said)
        return problem_set(err, PROBLEM_INTERNAL, "decision %s was carried without effect",
                           decision->id);
    if (!event_effect(act, decision, &effect, err))
        return false;
    return effect.state != EFFECT_DONE ||
           (voters_follow(act, decision, had_vote, err) && alliance_end_follow(act, decision, err));
}

bool decision_end(struct act *act, struct decision *decision, enum decision_state state,
                  const char *reason, int64_t closed_ms, struct problem *err)
{
    const char *owner = ref_service(decision->subject);
    const bool is_ours = strcmp(owner, "membership") == 0;
    json_auto_t *data = NULL;
    struct decision_effect pending = {.state = EFFECT_PENDING, .version = 1};
    snprintf(pending.service, sizeof pending.service, "%s", owner);
    decision_close(decision, state, reason, closed_ms, act->now_ms);
    if (!event_decision_closed(act, decision,
                               state == DECISION_CARRIED && !is_ours ? &pending : NULL, &data, err))
        return false;
    if (state == DECISION_ESCALATED && !agenda_add_decision(act, decision, err))
        return false;
    return !is_ours || own_effect(act, decision, data, err);
}

/* As the votes say. An applicant whom they did not admit may apply again; one whose decision ends
 * otherwise (withdrawn, escalated, overtaken by new voters) is still one, and is asked about again.
 */
static bool decision_end_by_votes(struct act *act, struct decision *decision,
                                  const struct tally *tally, enum decision_state state,
                                  int64_t closed_ms, struct problem *err)
{
    char reason[TEXT_SIZE];
    outcome_print(decision->rule, tally, state, reason);
    if (!decision_end(act, decision, state, reason, closed_ms, err))
        return false;
    if (decision->kind != KIND_ADMIT || (state != DECISION_REJECTED && state != DECISION_LAPSED))
        return true;
    return applicant_lapse(act, decision_target(decision->kind, decision->subject), err);
}

bool decision_end_early(struct act *act, struct decision *decision,
                        const struct electorate *electorate, int64_t at_ms, struct problem *err)
{
    const struct tally tally = tally_of(electorate->electors, electorate->count);
    const enum decision_state state = decision_outcome(decision->rule, &tally, false);
    return state == DECISION_OPEN ||
           decision_end_by_votes(act, decision, &tally, state, at_ms, err);
}

static bool decision_end_at_deadline(struct act *act, const char *id, struct problem *err)
{
    decision_auto_t decision = {0};
    electorate_auto_t electorate = {0};
    if (!store_decision_get(act->tx, id, &decision, NULL, err) ||
        !store_electorate_get(act->tx, id, &electorate, err))
        return false;
    /* One that ended before may have ended this one. */
    if (!decision_is_overdue(&decision, act->now_ms))
        return true;
    if (!conflicts_settle(act, &decision, &electorate, err))
        return false;
    const struct tally tally = tally_of(electorate.electors, electorate.count);
    const enum decision_state state = decision_outcome(decision.rule, &tally, true);
    return decision_end_by_votes(act, &decision, &tally, state, decision.deadline_ms, err);
}

bool decisions_end_overdue(struct act *act, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!store_decision_overdue(act->tx, act->now_ms, &rows, err))
        return false;
    /* It is the clock that ends them, not whoever comes next. */
    const struct actor actor = act->actor;
    bool is_done = true;
    act->actor = (struct actor){.service = "membership"};
    for (int row = 0; row < rows.count && is_done; row++)
        is_done = decision_end_at_deadline(act, row_text(&rows, row, "id"), err);
    act->actor = actor;
    return is_done;
}

static bool elector_leave_decision(struct act *act, const char *id, const char *organisation,
                                   int64_t at_ms, struct problem *err)
{
    char reason[TEXT_SIZE];
    decision_auto_t decision = {0};
    electorate_auto_t electorate = {0};
    if (!store_decision_get(act->tx, id, &decision, NULL, err) ||
        !store_electorate_get(act->tx, id, &electorate, err))
        return false;
    struct elector *elector = electorate_find(&electorate, organisation);
    if (decision.state != DECISION_OPEN || elector == NULL)
        return true;
    snprintf(reason, sizeof reason, "%s no longer has a vote.", organisation);
    elector_drop(elector, reason, at_ms);
    return event_elector(act, "dropped", &decision, elector, err) &&
           decision_end_early(act, &decision, &electorate, at_ms, err);
}

bool decisions_meet_new_voters(struct act *act, const char *leaver, int64_t at_ms,
                               struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!store_decision_open_with(act->tx, leaver != NULL ? leaver : "", &rows, err))
        return false;
    for (int row = 0; row < rows.count; row++) {
        const char *id = row_text(&rows, row, "id");
        const bool lapses = kind_is_membership(kind_of(row_text(&rows, row, "kind")));
        const bool drops = strcmp(row_text(&rows, row, "elector_state"), "eligible") == 0;
        if (lapses && !decision_lapse(act, id, LAPSE_REASON, at_ms, err))
            return false;
        if (!lapses && drops && !elector_leave_decision(act, id, leaver, at_ms, err))
            return false;
    }
    return true;
}

bool decision_lapse_admission(struct act *act, const char *organisation, const char *reason,
                              int64_t at_ms, struct problem *err)
{
    char subject[REF_SIZE];
    snprintf(subject, sizeof subject, "partners/%s", organisation);
    db_rows_auto_t rows = {0};
    if (!store_decision_open_on(act->tx, subject, "admit", &rows, err))
        return false;
    return rows.count == 0 || decision_lapse(act, row_text(&rows, 0, "id"), reason, at_ms, err);
}
