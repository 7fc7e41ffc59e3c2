/* The ledger's rows. `..._of_row` turns a row into its noun; `store_..._list` hands the rows on, so
 * that a page is never held twice. A missing one is NOT_FOUND. Dates, limits and filters may be
 * absent (NULL, DAY_NONE, INSTANT_NONE). */
#ifndef ACCORD_LEDGER_STORE_H
#define ACCORD_LEDGER_STORE_H

#include "common/act.h"
#include "services/ledger/model.h"

/* --- rows
 * --------------------------------------------------------------------------------------------- */

void account_of_row(const struct db_rows *rows, int row, struct account *ret_account);
void mandate_of_row(const struct db_rows *rows, int row, struct mandate *ret_mandate);
void period_of_row(const struct db_rows *rows, int row, struct period *ret_period);
void hold_of_row(const struct db_rows *rows, int row, struct hold *ret_hold);
void capture_of_row(const struct db_rows *rows, int row, struct capture *ret_capture);
/* Without its entries; entry_count says how many there are. */
void transaction_of_row(const struct db_rows *rows, int row, struct transaction *ret_transaction);

/* --- one
 * --------------------------------------------------------------------------------------------------
 */

bool store_account_get(struct db_tx *tx, const char *code, struct account *ret_account,
                       struct problem *err) MUST_CHECK;
bool store_mandate_get(struct db_tx *tx, const char *id, struct mandate *ret_mandate,
                       struct problem *err) MUST_CHECK;
bool store_hold_get(struct db_tx *tx, const char *id, struct hold *ret_hold,
                    struct problem *err) MUST_CHECK;
bool store_bulk_get(struct db_tx *tx, const char *id, struct bulk *ret_bulk,
                    struct problem *err) MUST_CHECK;
bool store_period_get(struct db_tx *tx, int32_t month, struct period *ret_period,
                      struct problem *err) MUST_CHECK;
/* With its entries, and what reversed it. */
bool store_transaction_get(struct db_tx *tx, const char *id, struct transaction *ret_transaction,
                           struct problem *err) MUST_CHECK;

/* --- many
 * -------------------------------------------------------------------------------------------------
 */

struct account_filter {
    const char *type, *organisation, *state;
};
bool store_account_list(struct db_tx *tx, const struct account_filter *filter, const char *after,
                        int limit, struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
/* An account's entries by number; columns as in queries.sql. */
bool store_entry_list(struct db_tx *tx, const char *code, int32_t from_day, int32_t to_day,
                      const char *after, int limit, struct db_rows *ret_rows,
                      struct problem *err) MUST_CHECK;
bool store_mandate_list(struct db_tx *tx, const char *state, const char *after, int limit,
                        struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
struct transaction_filter {
    const char *kind, *month, *mandate_id, *hold_id, *bulk_id, *account_code;
};
bool store_transaction_list(struct db_tx *tx, const struct transaction_filter *filter,
                            const char *after, int limit, struct db_rows *ret_rows,
                            struct problem *err) MUST_CHECK;
struct hold_filter {
    const char *state, *account_code, *beneficiary;
};
bool store_hold_list(struct db_tx *tx, const struct hold_filter *filter, const char *after,
                     int limit, struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
bool store_capture_list(struct db_tx *tx, const char *hold_id, const char *after, int limit,
                        struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
bool store_period_list(struct db_tx *tx, const char *state, const char *year, const char *after,
                       int limit, struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
bool store_position_list(struct db_tx *tx, const char *after, int limit, struct db_rows *ret_rows,
                         struct problem *err) MUST_CHECK;

/* --- reports
 * -------------------------------------------------------------------------------------------------
 */

/* What counts up to a day (DAY_NONE = any) and was known at an instant. */
bool store_trial_balance(struct db_tx *tx, int32_t effective_day, int64_t recorded_ms,
                         struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
struct statement_span {
    const char *account_code;
    int32_t from_day, to_day;
    int64_t recorded_ms;
};
bool store_statement(struct db_tx *tx, const struct statement_span *span,
                     int64_t *ret_opening_pence, struct db_rows *ret_months,
                     struct problem *err) MUST_CHECK;

/* --- the book of an act
 * ------------------------------------------------------------------------------------------ */

/* Every account, and every period's state, read once per act and kept in its slot; a batch of
 * postings shares it. The pointers last until the next call of these functions with the same act.
 */
bool store_book(struct act *act, struct book **ret_book, struct problem *err) MUST_CHECK;
/* Adds a mandate or a hold to the book (once) and says where. */
bool store_book_mandate(struct act *act, const char *id, struct mandate **ret_mandate,
                        struct problem *err) MUST_CHECK;
bool store_book_hold(struct act *act, const char *id, struct hold **ret_hold,
                     struct problem *err) MUST_CHECK;
/* The book's period, complete. */
bool store_book_period(struct act *act, int32_t month, struct period **ret_period,
                       struct problem *err) MUST_CHECK;
/* The book is read again when it is next asked for: accounts or periods were opened. */
void store_book_forget(struct act *act);

/* The ids of the holds that are past their expiry and still open. */
bool store_hold_due(struct act *act, struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
/* Whether a month has an open hold of its own. */
bool store_month_is_held(struct act *act, int32_t month, bool *ret_is_held,
                         struct problem *err) MUST_CHECK;

/* --- submissions
 * -------------------------------------------------------------------------------------------- */

void submission_of_row(const struct db_rows *rows, int row, struct submission *ret_submission);
/* Of a submission or one of its revisions. */
void figures_of_row(const struct db_rows *rows, int row, struct figures *ret_figures);
/* The pools of the agreement in force on that day: one (`code`), or those after `after`. */
bool store_pool_list(struct db_tx *tx, int32_t day, const char *code, const char *after, int limit,
                     struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
/* What the agreement in force on the first day of that month says of the pool; false in ret_found
 * when it has none of that code. */
bool store_pool_sides(struct db_tx *tx, int32_t month, const char *code, bool *ret_found,
                      struct pool_sides *ret_sides, struct problem *err) MUST_CHECK;
bool store_submission_get(struct db_tx *tx, const char *id, struct submission *ret_submission,
                          struct problem *err) MUST_CHECK;
/* That of a pool, provider and month; false in ret_found when there is none. */
bool store_submission_find(struct db_tx *tx, const char *pool, const char *provider, int32_t month,
                           bool *ret_found, struct submission *ret_submission,
                           struct problem *err) MUST_CHECK;
struct submission_filter {
    const char *month, *pool, *provider, *state;
};
bool store_submission_list(struct db_tx *tx, const struct submission_filter *filter,
                           const char *after, int limit, struct db_rows *ret_rows,
                           struct problem *err) MUST_CHECK;
/* Whether a settlement of the month waits for its decision. */
bool store_settlement_is_open(struct act *act, int32_t month, bool *ret_is_open,
                              struct problem *err) MUST_CHECK;
bool store_revision_list(struct db_tx *tx, const char *submission_id, const char *after, int limit,
                         struct db_rows *ret_rows, struct problem *err) MUST_CHECK;

/* --- what membership says
 * -------------------------------------------------------------------------------------------- */

/* [starts, ends) of the alliance. */
bool store_term(struct db_tx *tx, int32_t *ret_starts_day, int32_t *ret_ends_day,
                struct problem *err) MUST_CHECK;

#endif
