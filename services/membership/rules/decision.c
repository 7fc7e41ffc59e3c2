#include "services/membership/rules/decision.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/instant.h"
#include "services/membership/rules/terms.h"

enum decision_rule decision_rule_for(const struct agreement_terms *terms, enum decision_kind kind)
{
    if (kind_is_reserved(kind))
        return RULE_UNANIMOUS;
    for (int i = 0; i < terms->rule_count; i++)
        if (terms->rules[i].kind == kind)
            return terms->rules[i].rule;
    return RULE_UNANIMOUS;
}

const char *decision_group_for(const struct agreement_terms *terms, enum decision_kind kind)
{
    if (kind_is_reserved(kind))
        return "";
    for (int i = 0; i < terms->rule_count; i++)
        if (terms->rules[i].kind == kind)
            return terms->rules[i].group_code;
    return "";
}

const char *decision_target(enum decision_kind kind, const char *subject)
{
    static const char prefix[] = "partners/";
    if (!kind_is_membership(kind) || strncmp(subject, prefix, sizeof prefix - 1) != 0)
        return "";
    return subject + sizeof prefix - 1;
}

bool electorate_takes(const struct partner *partner, enum decision_kind kind, const char *target)
{
    if (!partner->is_voting || strcmp(partner->organisation, target) == 0)
        return false;
    if (kind == KIND_FOUND)
        return partner->is_founder && partner->status == PARTNER_PROPOSED;
    return partner->status == PARTNER_ACTIVE; /* a suspended one has no vote */
}

struct elector elector_of(const struct partner *partner)
{
    struct elector elector = {
        .role = partner->role,
        .state = ELECTOR_ELIGIBLE,
        .changed_ms = INSTANT_NONE,
        .choice = CHOICE_NONE,
        .version = 1,
    };
    memcpy(elector.organisation, partner->organisation, sizeof elector.organisation);
    return elector;
}

bool opening_decide(enum alliance_status status, enum decision_kind kind, int64_t deadline_ms,
                    int64_t now_ms, struct problem *err)
{
    const bool is_open_for_it = kind == KIND_FOUND
                                    ? status == ALLIANCE_FORMING
                                    : status == ALLIANCE_ACTIVE || status == ALLIANCE_CLOSING;
    if (!is_open_for_it)
        return problem_set(err, PROBLEM_ALLIANCE_NOT_ACTIVE, "the alliance is %s",
                           alliance_status_name(status));
    if (deadline_ms <= now_ms)
        return problem_add(err, PROBLEM_RULE_BROKEN, "too-early", "/deadlineAt",
                           "a deadline lies ahead");
    if (deadline_ms - now_ms > DECISION_OPEN_MS_MAX)
        return problem_add(err, PROBLEM_RULE_BROKEN, "too-late", "/deadlineAt",
                           "a decision stands open for a year at most");
    return true;
}

bool electorate_may_know(const struct electorate *electorate, const char *const organisations[],
                         int count, struct problem *err)
{
    for (int i = 0; i < electorate->count; i++) {
        bool is_included = false;
        for (int k = 0; k < count && !is_included; k++)
            is_included = strcmp(electorate->electors[i].organisation, organisations[k]) == 0;
        if (!is_included)
            return problem_set(err, PROBLEM_RULE_BROKEN,
                               "the subject is restricted to others: who decides must know, and an "
                               "alliance-wide decision can't be taken in private");
    }
    return true;
}

bool decision_is_open_at(const struct decision *decision, int64_t now_ms)
{
    return decision->state == DECISION_OPEN && now_ms < decision->deadline_ms;
}

bool decision_is_overdue(const struct decision *decision, int64_t now_ms)
{
    return decision->state == DECISION_OPEN && now_ms >= decision->deadline_ms;
}

bool decision_check_open(const struct decision *decision, int64_t now_ms, struct problem *err)
{
    if (decision_is_open_at(decision, now_ms))
        return true;
    char text[INSTANT_SIZE];
    instant_format(decision->state == DECISION_OPEN ? decision->deadline_ms : decision->closed_ms,
                   text);
    return problem_set(err, PROBLEM_DECISION_CLOSED, "the decision closed at %s", text);
}

static bool elector_check_eligible(const struct elector *elector, struct problem *err)
{
    if (elector == NULL)
        return problem_set(err, PROBLEM_NOT_ELIGIBLE, "the organisation is not in the electorate");
    if (elector->state == ELECTOR_RECUSED)
        return problem_set(err, PROBLEM_NOT_ELIGIBLE, "%s is recused from this decision",
                           elector->organisation);
    if (elector->state == ELECTOR_DROPPED)
        return problem_set(err, PROBLEM_NOT_ELIGIBLE, "%s dropped out of the electorate",
                           elector->organisation);
    return true;
}

bool vote_decide(const struct decision *decision, const struct elector *elector,
                 const struct ballot *ballot, const char *appointment_id, int64_t now_ms,
                 struct vote *ret_vote, struct problem *err)
{
    assert(ballot->choice != CHOICE_NONE);
    if (!decision_check_open(decision, now_ms, err) || !elector_check_eligible(elector, err))
        return false;
    if (ballot->choice == CHOICE_DISAGREE && ballot->reason[0] == '\0')
        return problem_add(err, PROBLEM_RULE_BROKEN, "required", "/reason",
                           "to disagree takes a reason");
    *ret_vote = (struct vote){
        .number = elector->vote_number + 1,
        .choice = ballot->choice,
        .cast_ms = now_ms,
    };
    memcpy(ret_vote->organisation, ballot->organisation, sizeof ret_vote->organisation);
    memcpy(ret_vote->reason, ballot->reason, sizeof ret_vote->reason);
    snprintf(ret_vote->appointment_id, sizeof ret_vote->appointment_id, "%s", appointment_id);
    return true;
}

bool vote_repeats(const struct vote *latest, const struct ballot *ballot)
{
    return latest->choice == ballot->choice && strcmp(latest->reason, ballot->reason) == 0;
}

void elector_vote(struct elector *elector, const struct vote *vote)
{
    elector->choice = vote->choice;
    elector->vote_number = vote->number;
    elector->version++;
}

bool recusal_decide(const struct decision *decision, const struct elector *elector, int64_t now_ms,
                    struct problem *err)
{
    return decision_check_open(decision, now_ms, err) && elector_check_eligible(elector, err);
}

static void elector_leave(struct elector *elector, enum elector_state state, const char *reason,
                          int64_t now_ms)
{
    elector->state = state;
    elector->changed_ms = now_ms;
    elector->version++;
    elector->ruling = RULING_NONE;
    elector->conflict[0] = '\0';
    snprintf(elector->reason, sizeof elector->reason, "%s", reason);
}

void elector_recuse(struct elector *elector, const char *reason, int64_t now_ms)
{
    elector_leave(elector, ELECTOR_RECUSED, reason, now_ms);
}

void elector_drop(struct elector *elector, const char *reason, int64_t now_ms)
{
    elector_leave(elector, ELECTOR_DROPPED, reason, now_ms);
}

static bool standing_opened(const struct standing *standing, const struct decision *decision)
{
    for (int i = 0; i < standing->appointment_count; i++)
        if (strcmp(standing->appointments[i].id, decision->opener_appointment_id) == 0)
            return true;
    return standing_speaks_for(standing, decision->opener_organisation) != NULL;
}

bool withdrawal_decide(const struct decision *decision, const struct standing *standing,
                       int64_t now_ms, struct problem *err)
{
    if (!standing_opened(standing, decision))
        return problem_set(err, PROBLEM_ROLE_MISSING,
                           "whoever opened a decision withdraws it, or their representative");
    return decision_check_open(decision, now_ms, err);
}

void decision_close(struct decision *decision, enum decision_state state, const char *reason,
                    int64_t closed_ms, int64_t now_ms)
{
    assert(decision->state == DECISION_OPEN && state != DECISION_OPEN);
    decision->state = state;
    decision->closed_ms = closed_ms;
    decision->recorded_ms = now_ms;
    decision->version++;
    snprintf(decision->outcome_reason, sizeof decision->outcome_reason, "%s", reason);
}
