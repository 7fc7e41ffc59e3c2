#include "services/ledger/queries.h"
#include "services/ledger/store.h"

bool store_account_list(struct db_tx *tx, const struct account_filter *filter, const char *after,
                        int limit, struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_ACCOUNT_LIST, ret_rows, err, db_text(filter->type),
                     db_text(filter->organisation), db_text(filter->state), db_text(after),
                     db_int(limit));
}

bool store_entry_list(struct db_tx *tx, const char *code, int32_t from_day, int32_t to_day,
                      const char *after, int limit, struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_ENTRY_LIST, ret_rows, err, db_text(code), db_day(from_day),
                     db_day(to_day), db_text(after), db_int(limit));
}

bool store_mandate_list(struct db_tx *tx, const char *state, const char *after, int limit,
                        struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_MANDATE_LIST, ret_rows, err, db_text(state), db_text(after),
                     db_int(limit));
}

bool store_transaction_list(struct db_tx *tx, const struct transaction_filter *filter,
                            const char *after, int limit, struct db_rows *ret_rows,
                            struct problem *err)
{
    return db_select(tx, &QUERY_TRANSACTION_LIST, ret_rows, err, db_text(filter->kind),
                     db_text(filter->month), db_text(filter->mandate_id), db_text(filter->hold_id),
                     db_text(filter->bulk_id), db_text(filter->account_code), db_text(after),
                     db_int(limit));
}

bool store_hold_list(struct db_tx *tx, const struct hold_filter *filter, const char *after,
                     int limit, struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_HOLD_LIST, ret_rows, err, db_text(filter->state),
                     db_text(filter->account_code), db_text(filter->beneficiary), db_text(after),
                     db_int(limit));
}

bool store_capture_list(struct db_tx *tx, const char *hold_id, const char *after, int limit,
                        struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_CAPTURE_LIST, ret_rows, err, db_text(hold_id), db_text(after),
                     db_int(limit));
}

bool store_period_list(struct db_tx *tx, const char *state, const char *year, const char *after,
                       int limit, struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_PERIOD_LIST, ret_rows, err, db_text(state), db_text(year),
                     db_text(after), db_int(limit));
}

bool store_position_list(struct db_tx *tx, const char *after, int limit, struct db_rows *ret_rows,
                         struct problem *err)
{
    return db_select(tx, &QUERY_POSITION_LIST, ret_rows, err, db_text(after), db_int(limit));
}

/* --- reports
 * --------------------------------------------------------------------------------------------- */

bool store_trial_balance(struct db_tx *tx, int32_t effective_day, int64_t recorded_ms,
                         struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_TRIAL_BALANCE, ret_rows, err, db_day(effective_day),
                     db_instant(recorded_ms));
}

bool store_statement(struct db_tx *tx, const struct statement_span *span,
                     int64_t *ret_opening_pence, struct db_rows *ret_months, struct problem *err)
{
    db_rows_auto_t opening = {.result = NULL};
    if (!db_select_one(tx, &QUERY_STATEMENT_OPENING, &opening, err, db_text(span->account_code),
                       db_day(span->from_day), db_instant(span->recorded_ms)))
        return false;
    *ret_opening_pence = row_int(&opening, 0, "opening_pence");
    return db_select(tx, &QUERY_STATEMENT_MONTHS, ret_months, err, db_text(span->account_code),
                     db_day(span->from_day), db_day(span->to_day), db_instant(span->recorded_ms));
}

/* --- what membership says
 * ------------------------------------------------------------------------------------ */

bool store_term(struct db_tx *tx, int32_t *ret_starts_day, int32_t *ret_ends_day,
                struct problem *err)
{
    db_rows_auto_t rows = {.result = NULL};
    if (!db_select_one(tx, &QUERY_ALLIANCE_TERM, &rows, err))
        return false;
    *ret_starts_day = row_day(&rows, 0, "starts_on");
    *ret_ends_day = row_day(&rows, 0, "ends_on");
    return true;
}
