/* The outcome of a decision in plain words, and when it may be published. Pure; any thread. Source:
 * domain.md A11. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_RULES_OUTCOME_H
#define ACCORD_SERVICES_MEMBERSHIP_RULES_OUTCOME_H

#include "common/problem.h"
#include "services/membership/model.h"

/* Words are found once it is known how it ended, and stay once they are published. `before` is the
 * statement as it stands, NULL when there is none; its date is no day before the decision's end. */
bool statement_decide(const struct decision *decision, const struct outcome_statement *before,
                      const struct outcome_statement *statement, struct problem *err) MUST_CHECK;
/* The same words again change nothing. */
bool statement_repeats(const struct outcome_statement *before,
                       const struct outcome_statement *statement);

/* Once, on its day or later, and never without a statement (NULL). */
bool publication_decide(const struct outcome_statement *statement, int32_t day,
                        struct problem *err) MUST_CHECK;

#endif
