/* Rows as the ledger's tables have them, and how they are announced; within events/ only. */
#ifndef ACCORD_LEDGER_EVENTS_ROWS_H
#define ACCORD_LEDGER_EVENTS_ROWS_H

#include <jansson.h>

#include "common/act.h"
#include "services/ledger/model.h"

/* Appends an event; takes data and links. The effect's decision may be NULL. */
bool announce(struct act *act, const char *type, const char *subject, json_t *data, json_t *links,
              const char *effect_decision_id, struct problem *err) MUST_CHECK;
/* What an event relied on (F6); "" is left out. */
void link_add(json_t *links, const char *prefix, const char *id);
void link_agreement(json_t *links, int64_t number);
void row_put_month(json_t *row, int32_t month);

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
/* A transaction, its entries, and every balance that it touched. */
json_t *transaction_data(const struct book *book, const struct transaction *transaction);
struct settlement_record;
/* What a vote on the settlement is about. */
json_t *settlement_content(const struct settlement_record *record);
json_t *submission_row(const struct submission *submission);
json_t *submission_revision_row(const struct submission *submission);

#endif
