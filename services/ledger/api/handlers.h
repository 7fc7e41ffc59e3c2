/* The handlers, by noun, and what they share. Within api/ only. */
#ifndef ACCORD_LEDGER_API_HANDLERS_H
#define ACCORD_LEDGER_API_HANDLERS_H

#include "common/http.h"
#include "common/overview.h"
#include "services/ledger/model.h"

handler list_accounts, get_account, limit_account, close_account, list_entries;
handler list_mandates, draft_mandate, get_mandate, revise_mandate, withdraw_mandate;
handler list_transactions, post_transaction, get_transaction, reverse_transaction,
    trace_transaction;
handler post_bulk, get_bulk;
handler list_holds, place_hold, get_hold, list_captures, capture_hold, release_hold;
handler list_periods, get_period, move_period_on;
handler list_submissions, submit_actuals, get_submission, list_submission_revisions, revise_actuals,
    agree_actuals, query_actuals;
handler list_pools, list_contracts, list_guarantees;
handler list_settlements, compute_settlement, get_settlement, recompute_settlement,
    withdraw_computed_settlement;
handler get_reserve, list_releases, draft_release, get_release, withdraw_release;
handler get_statement, list_positions, get_trial_balance;

/* Nouns as the api-spec shows them. */
json_t *account_to_json(const struct account *account);
json_t *mandate_to_json(const struct mandate *mandate);
json_t *transaction_to_json(const struct transaction *transaction, bool with_entries);
json_t *bulk_to_json(const struct bulk *bulk);
json_t *hold_to_json(const struct hold *hold);
json_t *capture_to_json(const struct capture *capture);
json_t *period_to_json(const struct period *period);

/* The member `month`; DAY_NONE leaves it out. */
void put_month(json_t *resource, int32_t month);
/* A text of the body that people read: PERSONAL_DATA when it seems to hold an NHS number. */
bool words_check(const json_t *body, const char *member, struct problem *err) MUST_CHECK;
/* The appointment by which the caller acts as finance lead. */
const char *finance_lead_of(const struct request *request);
/* A date or instant in the query; absent is DAY_NONE, INSTANT_NONE. */
int32_t query_day(const struct request *request, const char *name);
int64_t query_instant(const struct request *request, const char *name);
/* `late: next-open` */
bool body_goes_late(const json_t *body);
/* The month that the path names. */
int32_t path_month(const struct request *request);

/* api/overview.c: our part of the one-page summary (common/overview.h). */
overview_function overview_part;

#endif
