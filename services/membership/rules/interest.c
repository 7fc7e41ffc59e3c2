#include "services/membership/rules/interest.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/instant.h"
#include "services/membership/rules/decision.h"
#include "services/membership/rules/terms.h"

bool interest_decide(const struct interest *interest, const struct partner *partner,
                     struct problem *err)
{
    const bool has_organisation = interest->in_organisation[0] != '\0';
    const bool has_reference = interest->in_reference[0] != '\0';
    if (partner == NULL || partner->status != PARTNER_ACTIVE)
        return problem_add(err, PROBLEM_REFERENCE_UNKNOWN, "unknown-partner", "/organisation",
                           "%s is not an active partner", interest->organisation);
    if (has_organisation == has_reference)
        return problem_add(err, PROBLEM_RULE_BROKEN, "one-of", "/inOrganisation",
                           "an interest touches an organisation or a resource, and one of them");
    if (strcmp(interest->in_organisation, interest->organisation) == 0)
        return problem_add(err, PROBLEM_RULE_BROKEN, "own", "/inOrganisation",
                           "what is its own is no interest that it has in another");
    if (interest->ends_on != DAY_NONE && interest->ends_on <= interest->starts_on)
        return problem_add(err, PROBLEM_RULE_BROKEN, "too-early", "/endsOn",
                           "an interest ends after it starts");
    return true;
}

static bool interest_has_ended(const struct interest *interest, int32_t day)
{
    return interest->ends_on != DAY_NONE && interest->ends_on <= day;
}

enum interest_state interest_state_at(const struct interest *interest, int32_t day, int64_t now_ms)
{
    if (interest_has_ended(interest, day))
        return INTEREST_ENDED;
    return now_ms - interest->refreshed_ms >= INTEREST_FRESH_MS ? INTEREST_OVERDUE
                                                                : INTEREST_CURRENT;
}

bool interest_refresh(struct interest *interest, int32_t ends_on, int32_t day, int64_t now_ms,
                      struct problem *err)
{
    if (interest_has_ended(interest, day))
        return problem_set(err, PROBLEM_STATE_CONFLICT, "the interest has ended");
    if (ends_on != DAY_NONE && (ends_on < day || ends_on <= interest->starts_on))
        return problem_add(err, PROBLEM_RULE_BROKEN, "too-early", "/endsOn",
                           "an interest ends after it starts, and not in the past");
    interest->ends_on = ends_on;
    interest->refreshed_ms = now_ms;
    interest->version++;
    return true;
}

static bool reference_is_within(const char *subject, const char *reference)
{
    const size_t length = strlen(reference);
    return length > 0 && strncmp(subject, reference, length) == 0 &&
           (subject[length] == '\0' || subject[length] == '/');
}

bool interest_touches(const struct interest *interest, const char *organisation,
                      const char *subject, const char *const organisations[], int count)
{
    if (strcmp(interest->in_organisation, organisation) == 0)
        return false;
    if (reference_is_within(subject, interest->in_reference))
        return true;
    for (int i = 0; i < count; i++)
        if (strcmp(interest->in_organisation, organisations[i]) == 0)
            return true;
    return false;
}

void elector_conflict(struct elector *elector, const struct interest *interest, bool is_persons)
{
    const char *type = interest_type_name(interest->type);
    const char *article = strchr("aeiou", type[0]) != NULL ? "an" : "a";
    elector->ruling = RULING_PENDING;
    elector->version++;
    snprintf(elector->conflict, sizeof elector->conflict, "%s%s has %s %s interest in %s%s.",
             is_persons ? "The only person who speaks for " : "", elector->organisation, article,
             type, interest->in_organisation, interest->in_reference);
}

bool ruling_decide(const struct elector *elector, const char *chair_organisation,
                   struct problem *err)
{
    if (elector == NULL)
        return problem_set(err, PROBLEM_NOT_ELIGIBLE, "the organisation is not in the electorate");
    if (elector->ruling != RULING_PENDING)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "no ruling on %s is pending",
                           elector->organisation);
    if (strcmp(elector->organisation, chair_organisation) == 0)
        return problem_set(err, PROBLEM_RULE_BROKEN, "no chair rules on their own organisation");
    return true;
}

void elector_rule(struct elector *elector, enum ruling ruling, const char *reason, int64_t now_ms)
{
    char conflict[NAME_SIZE];
    assert(ruling == RULING_RECUSE || ruling == RULING_TAKE_PART);
    memcpy(conflict, elector->conflict, sizeof conflict);
    if (ruling == RULING_RECUSE)
        elector_recuse(elector, reason, now_ms);
    else
        elector->version++;
    elector->ruling = ruling;
    memcpy(elector->conflict, conflict, sizeof conflict);
}

bool elector_settle(struct elector *elector, int64_t closed_ms)
{
    char reason[TEXT_SIZE];
    if (elector->ruling != RULING_PENDING)
        return false;
    snprintf(reason, sizeof reason, "No ruling was made in time. %s", elector->conflict);
    elector_rule(elector, RULING_RECUSE, reason, closed_ms);
    return true;
}
