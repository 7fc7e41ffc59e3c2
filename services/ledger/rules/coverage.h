/* What a mandate covers: only within the rules. */
#ifndef ACCORD_LEDGER_RULES_COVERAGE_H
#define ACCORD_LEDGER_RULES_COVERAGE_H

#include "services/ledger/rules.h"

/* Every entry's account on its side, the day, and the amount on top of what was used. The
 * transaction's effective_day and amount_pence are complete. */
bool mandate_covers_transaction(const struct mandate *mandate,
                                const struct transaction *transaction, const char *pointer,
                                struct problem *err) MUST_CHECK;
/* The account, the beneficiary's position, and the amount on top of what was used. */
bool mandate_covers_hold(const struct mandate *mandate, const struct hold *hold,
                         const char *position, struct problem *err) MUST_CHECK;

#endif
