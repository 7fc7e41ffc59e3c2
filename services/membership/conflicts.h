/* Conflicts of interest in decisions (A10): which electors an interest binds, when a decision opens
 * and when an interest is declared; and what becomes of those that nobody ruled on. Works within an
 * act. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_CONFLICTS_H
#define ACCORD_SERVICES_MEMBERSHIP_CONFLICTS_H

#include "common/act.h"
#include "services/membership/model.h"

/* Marks the eligible electors that an interest binds (`interest_id` NULL = any): a ruling is
 * pending on them. Announces nothing. */
bool conflicts_mark(struct act *act, const struct decision *decision, struct electorate *electorate,
                    const char *interest_id, struct problem *err) MUST_CHECK;

/* The same for every open decision, announced. */
bool conflicts_meet_interest(struct act *act, const char *interest_id,
                             struct problem *err) MUST_CHECK;

/* The deadline has come: who was not ruled on is recused, and that is announced. */
bool conflicts_settle(struct act *act, const struct decision *decision,
                      struct electorate *electorate, struct problem *err) MUST_CHECK;

/* NOT_ELIGIBLE when this person has an interest that touches the decision, and the chair has not
 * ruled that the organisation takes part all the same: somebody else votes for it. */
bool conflicts_check_person(struct act *act, const struct decision *decision,
                            const struct elector *elector, const char *issuer, const char *subject,
                            struct problem *err) MUST_CHECK;

#endif
