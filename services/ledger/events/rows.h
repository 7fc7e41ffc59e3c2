/* Rows as the ledger's tables have them; within events/ only. */
#ifndef ACCORD_LEDGER_EVENTS_ROWS_H
#define ACCORD_LEDGER_EVENTS_ROWS_H

#include <jansson.h>

#include "services/ledger/model.h"

json_t *account_row(const struct account *account);
json_t *balance_row(const struct account *account);
json_t *mandate_row(const struct mandate *mandate);
/* What a vote on the mandate is about. */
json_t *mandate_content(const struct mandate *mandate);
json_t *bulk_row(const struct bulk *bulk);
json_t *transaction_row(const struct transaction *transaction);
json_t *entry_row(const struct transaction *transaction, size_t entry);
json_t *entry_rows(const struct transaction *transaction);
json_t *hold_row(const struct hold *hold);
json_t *capture_row(const struct capture *capture);
json_t *period_row(const struct period *period);

#endif
