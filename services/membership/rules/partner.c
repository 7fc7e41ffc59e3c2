#include "services/membership/rules/partner.h"

#include <stdio.h>
#include <string.h>

#include "common/instant.h"
#include "services/membership/rules/terms.h"

static bool founders_check(const struct founding *founding, struct problem *err)
{
    bool is_fine = true;
    bool has_commissioner = false;
    bool has_provider = false;
    for (int i = 0; i < founding->founder_count; i++) {
        const struct partner *founder = &founding->founders[i];
        has_commissioner |= founder->is_voting && founder->role == PARTNER_COMMISSIONER;
        has_provider |= founder->is_voting && founder->role == PARTNER_PROVIDER;
        for (int k = 0; k < i; k++) {
            if (strcmp(founding->founders[k].organisation, founder->organisation) != 0)
                continue;
            char pointer[FAULT_POINTER_SIZE];
            snprintf(pointer, sizeof pointer, "/founders/%d/organisation", i);
            is_fine = problem_add(err, PROBLEM_RULE_BROKEN, "duplicate", pointer,
                                  "%s stands here already", founder->organisation);
            break;
        }
    }
    if (!has_commissioner || !has_provider)
        is_fine = problem_add(err, PROBLEM_RULE_BROKEN, "unbalanced", "/founders",
                              "an alliance takes a voting commissioner and a voting provider");
    return is_fine;
}

static bool founders_have(const struct founding *founding, const char *organisation)
{
    for (int i = 0; i < founding->founder_count; i++)
        if (strcmp(founding->founders[i].organisation, organisation) == 0)
            return true;
    return false;
}

bool founding_decide(const struct founding *founding, int64_t now_ms, struct problem *err)
{
    if (!founding->caller_is_director && !founders_have(founding, founding->caller_organisation))
        return problem_set(err, PROBLEM_NOT_ELIGIBLE,
                           "an alliance is founded by one of its founders, or by its director");
    bool is_fine = founders_check(founding, err);
    if (founding->starts_on >= founding->ends_on)
        is_fine = problem_add(err, PROBLEM_RULE_BROKEN, "too-early", "/endsOn",
                              "an alliance ends after it starts");
    if (founding->agreement_starts_on != founding->starts_on)
        is_fine = problem_add(err, PROBLEM_RULE_BROKEN, "mismatch", "/agreement/startsOn",
                              "the first agreement starts with the alliance");
    if (founding->deadline_ms <= now_ms)
        is_fine = problem_add(err, PROBLEM_RULE_BROKEN, "too-early", "/foundingDeadlineAt",
                              "a deadline lies ahead");
    else if (founding->deadline_ms - now_ms > DECISION_OPEN_MS_MAX)
        is_fine = problem_add(err, PROBLEM_RULE_BROKEN, "too-late", "/foundingDeadlineAt",
                              "a decision stands open for a year at most");
    if (founding->has_director && !founders_have(founding, founding->director_organisation))
        is_fine = problem_add(err, PROBLEM_RULE_BROKEN, "not-a-founder", "/director/organisation",
                              "the director belongs to a founder");
    return is_fine;
}

static bool partner_is_out(const struct partner *partner)
{
    return partner->status == PARTNER_LEFT || partner->status == PARTNER_EXCLUDED ||
           partner->status == PARTNER_LAPSED;
}

bool application_decide(enum alliance_status status, const struct partner *existing,
                        const char *organisation, const char *name, enum partner_role role,
                        bool is_voting, struct partner *ret_partner, struct problem *err)
{
    if (organisation[0] == '\0')
        return problem_set(err, PROBLEM_NOT_ELIGIBLE, "the token speaks for no organisation");
    if (status != ALLIANCE_ACTIVE)
        return problem_set(err, PROBLEM_ALLIANCE_NOT_ACTIVE, "the alliance is %s",
                           alliance_status_name(status));
    if (existing != NULL && !partner_is_out(existing))
        return problem_set(err, PROBLEM_ALREADY_EXISTS, "%s is on the roster, %s", organisation,
                           partner_status_name(existing->status));
    *ret_partner = (struct partner){
        .role = role,
        .is_voting = is_voting,
        .status = PARTNER_PROPOSED,
        .joined_on = DAY_NONE,
        .left_on = DAY_NONE,
        .version = existing != NULL ? existing->version + 1 : 1,
    };
    snprintf(ret_partner->organisation, sizeof ret_partner->organisation, "%s", organisation);
    snprintf(ret_partner->name, sizeof ret_partner->name, "%s", name);
    return true;
}

bool admission_check(enum alliance_status status, const struct partner *partner,
                     struct problem *err)
{
    if (partner->status != PARTNER_PROPOSED)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "%s has not applied: it is %s",
                           partner->organisation, partner_status_name(partner->status));
    if (status != ALLIANCE_ACTIVE)
        return problem_set(err, PROBLEM_ALLIANCE_NOT_ACTIVE, "the alliance is %s: it admits nobody",
                           alliance_status_name(status));
    return true;
}

static bool hosting_check(const struct partner *partner, const char *hosted, struct problem *err)
{
    if (hosted[0] != '\0')
        return problem_set(err, PROBLEM_STATE_CONFLICT,
                           "%s is the host of %s: the function is handed over first",
                           partner->organisation, hosted);
    return true;
}

static bool partner_is_in(const struct partner *partner, struct problem *err)
{
    if (partner->status != PARTNER_ACTIVE && partner->status != PARTNER_SUSPENDED)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "%s is not a partner: it is %s",
                           partner->organisation, partner_status_name(partner->status));
    return true;
}

bool exclusion_check(const struct partner *partner, const char *hosted, struct problem *err)
{
    return partner_is_in(partner, err) && hosting_check(partner, hosted, err);
}

bool suspension_check(const struct partner *partner, const char *hosted, struct problem *err)
{
    if (partner->status != PARTNER_ACTIVE)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "%s is not an active partner: it is %s",
                           partner->organisation, partner_status_name(partner->status));
    return hosting_check(partner, hosted, err);
}

bool reinstatement_check(const struct partner *partner, struct problem *err)
{
    if (partner->status != PARTNER_SUSPENDED)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "%s is not suspended: it is %s",
                           partner->organisation, partner_status_name(partner->status));
    return true;
}

void partner_admit(struct partner *partner, int32_t today)
{
    partner->status = PARTNER_ACTIVE;
    partner->joined_on = today;
    partner->left_on = DAY_NONE;
    partner->version++;
}

void partner_exclude(struct partner *partner, int32_t today)
{
    partner->status = PARTNER_EXCLUDED;
    partner->left_on = today;
    partner->version++;
}

void partner_suspend(struct partner *partner, int32_t today)
{
    (void)today; /* it stays on the roster, since the day it joined */
    partner->status = PARTNER_SUSPENDED;
    partner->version++;
}

void partner_reinstate(struct partner *partner, int32_t today)
{
    (void)today;
    partner->status = PARTNER_ACTIVE;
    partner->version++;
}

void partner_lapse(struct partner *partner)
{
    partner->status = PARTNER_LAPSED;
    partner->version++;
}

bool partner_is_applicant(const struct partner *partner)
{
    return partner->status == PARTNER_PROPOSED && !partner->is_founder;
}

bool partner_has_vote(const struct partner *partner)
{
    return partner->is_voting && partner->status == PARTNER_ACTIVE;
}

bool departure_decide(struct partner *partner, const char *hosted, int32_t today,
                      struct problem *err)
{
    if (partner_is_applicant(partner)) {
        partner_lapse(partner);
        return true;
    }
    if (partner->status == PARTNER_PROPOSED)
        return problem_set(err, PROBLEM_STATE_CONFLICT,
                           "the alliance is not founded yet: vote against it instead");
    if (!partner_is_in(partner, err) || !hosting_check(partner, hosted, err))
        return false;
    partner->status = PARTNER_LEFT;
    partner->left_on = today;
    partner->version++;
    return true;
}

bool closing_check(enum alliance_status status, struct problem *err)
{
    if (status != ALLIANCE_ACTIVE)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "an active alliance closes; this one is %s",
                           alliance_status_name(status));
    return true;
}

bool dissolution_check(enum alliance_status status, struct problem *err)
{
    if (status != ALLIANCE_CLOSING)
        return problem_set(err, PROBLEM_STATE_CONFLICT,
                           "an alliance is dissolved once it is closing; this one is %s",
                           alliance_status_name(status));
    return true;
}
