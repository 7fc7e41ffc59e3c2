/* Who is named where in the agreement's terms of money. Pure; any thread. Source: domain.md A15, B7
 * to B9. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_RULES_PARTIES_H
#define ACCORD_SERVICES_MEMBERSHIP_RULES_PARTIES_H

#include "common/problem.h"
#include "services/membership/model.h"

/* The partner (or founder) of that code who is in, or may come in with this; NULL = none. */
const struct partner *party_find(const struct partner partners[], int count,
                                 const char *organisation);

/* Every organisation that the terms name is a partner, and provides or commissions as it is said
 * to. REFERENCE_UNKNOWN or RULE_BROKEN; all faults at once. */
bool parties_check(const struct terms *terms, const struct partner partners[], int count,
                   const char *pointer, struct problem *err) MUST_CHECK;

#endif
