#include <assert.h>

#include "services/ledger/queries.h"
#include "services/ledger/store.h"

bool store_account_get(struct db_tx *tx, const char *code, struct account *ret_account,
                       struct problem *err)
{
    db_rows_auto_t rows = {.result = NULL};
    if (!db_select(tx, &QUERY_ACCOUNT_GET, &rows, err, db_text(code)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no account %s", code);
    account_of_row(&rows, 0, ret_account);
    return true;
}

bool store_mandate_get(struct db_tx *tx, const char *id, struct mandate *ret_mandate,
                       struct problem *err)
{
    db_rows_auto_t rows = {.result = NULL};
    if (!db_select(tx, &QUERY_MANDATE_GET, &rows, err, db_text(id)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no mandate %s", id);
    mandate_of_row(&rows, 0, ret_mandate);
    return true;
}

bool store_hold_get(struct db_tx *tx, const char *id, struct hold *ret_hold, struct problem *err)
{
    db_rows_auto_t rows = {.result = NULL};
    if (!db_select(tx, &QUERY_HOLD_GET, &rows, err, db_text(id)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no hold %s", id);
    hold_of_row(&rows, 0, ret_hold);
    return true;
}

bool store_bulk_get(struct db_tx *tx, const char *id, struct bulk *ret_bulk, struct problem *err)
{
    db_rows_auto_t rows = {.result = NULL};
    if (!db_select(tx, &QUERY_BULK_GET, &rows, err, db_text(id)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no bulk %s", id);
    row_copy(&rows, 0, "id", ret_bulk->id, sizeof ret_bulk->id);
    row_copy(&rows, 0, "mandate_id", ret_bulk->mandate_id, sizeof ret_bulk->mandate_id);
    ret_bulk->transaction_count = row_int(&rows, 0, "transaction_count");
    ret_bulk->amount_pence = row_int(&rows, 0, "amount_pence");
    ret_bulk->recorded_ms = row_instant(&rows, 0, "recorded_at");
    return true;
}

bool store_period_get(struct db_tx *tx, int32_t month, struct period *ret_period,
                      struct problem *err)
{
    char text[MONTH_SIZE];
    month_format(month, text);
    db_rows_auto_t rows = {.result = NULL};
    if (!db_select(tx, &QUERY_PERIOD_GET, &rows, err, db_text(text)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "%s is outside the alliance's term", text);
    period_of_row(&rows, 0, ret_period);
    return true;
}

bool store_transaction_get(struct db_tx *tx, const char *id, struct transaction *ret_transaction,
                           struct problem *err)
{
    db_rows_auto_t rows = {.result = NULL}, entries = {.result = NULL};
    if (!db_send(tx, &QUERY_TRANSACTION_GET, &rows, err, db_text(id)) ||
        !db_select(tx, &QUERY_TRANSACTION_ENTRIES, &entries, err, db_text(id)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no transaction %s", id);
    transaction_of_row(&rows, 0, ret_transaction);
    assert(ret_transaction->entry_count == (size_t)entries.count && entries.count <= ENTRIES_MAX);
    for (int i = 0; i < entries.count; i++) {
        struct entry *entry = &ret_transaction->entries[i];
        row_copy(&entries, i, "account_code", entry->account_code, sizeof entry->account_code);
        entry->number = row_int(&entries, i, "number");
        entry->amount_pence = row_int(&entries, i, "amount_pence");
        entry->balance_pence = row_int(&entries, i, "balance_pence");
    }
    return true;
}
