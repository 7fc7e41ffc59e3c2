/* How decisions end and what follows from it: the owner's effect, whose electorates change when the
 * voting partners do, what becomes of an applicant, and what ends with the alliance. Works within
 * an act; decides by rules/, announces by events.h. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_CLOSING_H
#define ACCORD_SERVICES_MEMBERSHIP_CLOSING_H

#include "common/act.h"
#include "services/membership/model.h"

/* Ends an open decision: true as of `closed_ms`. Its subject is settled at once if it is ours;
 * another's is shown as pending. */
bool decision_end(struct act *act, struct decision *decision, enum decision_state state,
                  const char *reason, int64_t closed_ms, struct problem *err) MUST_CHECK;

/* Ends it, as of `at_ms`, if every eligible elector has voted, or if its electorate is not
 * balanced. */
bool decision_end_early(struct act *act, struct decision *decision,
                        const struct electorate *electorate, int64_t at_ms,
                        struct problem *err) MUST_CHECK;

/* Ends every decision whose deadline has passed, in the order of the deadlines. Every command calls
 * this first: what is true already comes before it. */
bool decisions_end_overdue(struct act *act, struct problem *err) MUST_CHECK;

/* The voting partners changed at `at_ms` (A3): open admissions and exclusions lapse, and `leaver`
 * (NULL = nobody left) drops out of the other electorates. */
bool decisions_meet_new_voters(struct act *act, const char *leaver, int64_t at_ms,
                               struct problem *err) MUST_CHECK;

/* Lapses the decision that is open on admitting this applicant, if one is, as of `at_ms`. */
bool decision_lapse_admission(struct act *act, const char *organisation, const char *reason,
                              int64_t at_ms, struct problem *err) MUST_CHECK;

#endif
