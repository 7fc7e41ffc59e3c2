/* The agreement as versioned parameters: which are well formed, which version is in force, which
 * may be adopted. Pure; any thread. Source: domain.md A8, A9, A15. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_RULES_AGREEMENT_H
#define ACCORD_SERVICES_MEMBERSHIP_RULES_AGREEMENT_H

#include "common/problem.h"
#include "services/membership/model.h"

/* A rule once per kind, unanimity for the reserved ones; shares once per partner that adds up to
 * the whole, or none; every code once; terms of money that can be computed with and name
 * partners who provide or commission as it says (common/terms.h, rules/parties.h). `pointer` is
 * where the parameters stand in the body. All faults at once. */
bool agreement_check(const struct agreement_terms *terms, const struct partner partners[],
                     int partner_count, const char *pointer, struct problem *err) MUST_CHECK;

/* What is delegated goes to a group that exists and has a vote. A founding agreement comes before
 * any group: there, and in an old version, a group that does not exist seats nobody. */
bool delegations_check(const struct agreement_terms *terms, const struct group groups[], int count,
                       const char *pointer, struct problem *err) MUST_CHECK;

/* Index of the adopted version in force on a day: the one that started last; before the first
 * start, the first. -1 when none is adopted. Starts need no order. */
int agreement_in_force(const struct agreement_version versions[], int count, int32_t day);

/* A version may be adopted (or drafted) when it starts within the alliance's time and after every
 * adopted one, so that exactly one is in force on any date. */
bool adoption_check(const struct agreement_version *version,
                    const struct agreement_version versions[], int count,
                    int32_t alliance_starts_on, int32_t alliance_ends_on,
                    struct problem *err) MUST_CHECK;

/* What a carried decision does. */
void agreement_adopt(struct agreement_version *version, const char *decision_id,
                     int64_t adopted_ms);

#endif
