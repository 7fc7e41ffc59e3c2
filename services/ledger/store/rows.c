#include <assert.h>
#include <jansson.h>
#include <string.h>

#include "services/ledger/store.h"

#define COPY(member) row_copy(rows, row, #member, ret->member, sizeof ret->member)

void account_of_row(const struct db_rows *rows, int row, struct account *ret)
{
    COPY(code);
    ret->type = account_type_of_word(row_text(rows, row, "type"));
    COPY(organisation);
    COPY(title);
    ret->is_closed = strcmp(row_text(rows, row, "state"), "closed") == 0;
    ret->opened_ms = row_instant(rows, row, "opened_at");
    ret->closed_ms = row_instant(rows, row, "closed_at");
    COPY(closed_because);
    ret->balance_pence = row_int(rows, row, "balance_pence");
    ret->held_pence = row_int(rows, row, "held_pence");
    ret->has_floor = !row_is_null(rows, row, "floor_pence");
    ret->floor_pence = row_int(rows, row, "floor_pence");
    ret->has_ceiling = !row_is_null(rows, row, "ceiling_pence");
    ret->ceiling_pence = row_int(rows, row, "ceiling_pence");
    ret->entry_count = row_int(rows, row, "entry_count");
    ret->version = row_int(rows, row, "version");
}

/* A jsonb array of account codes that our own events wrote. */
static size_t codes_of_row(const struct db_rows *rows, int row, const char *column,
                           char ret_codes[][CODE_SIZE])
{
    json_auto_t *array = json_loads(row_text(rows, row, column), 0, NULL);
    assert(json_array_size(array) <= MANDATE_ACCOUNTS_MAX);
    size_t i;
    json_t *code;
    json_array_foreach(array, i, code)
    {
        assert(json_is_string(code) && json_string_length(code) < CODE_SIZE);
        memcpy(ret_codes[i], json_string_value(code), json_string_length(code) + 1);
    }
    return json_array_size(array);
}

void mandate_of_row(const struct db_rows *rows, int row, struct mandate *ret)
{
    COPY(id);
    COPY(title);
    ret->debit_count = codes_of_row(rows, row, "debit_accounts", ret->debit_accounts);
    ret->credit_count = codes_of_row(rows, row, "credit_accounts", ret->credit_accounts);
    ret->limit_pence = row_int(rows, row, "limit_pence");
    ret->used_pence = row_int(rows, row, "used_pence");
    ret->starts_day = row_day(rows, row, "starts_on");
    ret->ends_day = row_day(rows, row, "ends_on");
    ret->state = mandate_state_of_word(row_text(rows, row, "state"));
    COPY(decision_id);
    ret->drafted_ms = row_instant(rows, row, "drafted_at");
    COPY(drafted_by);
    ret->granted_ms = row_instant(rows, row, "granted_at");
    ret->withdrawn_ms = row_instant(rows, row, "withdrawn_at");
    COPY(withdrawn_because);
    ret->version = row_int(rows, row, "version");
}

/* DAY_NONE where there is none. */
static int32_t month_of_row(const struct db_rows *rows, int row)
{
    int32_t month = DAY_NONE;
    const char *text = row_text(rows, row, "month");
    bool ok = text == NULL || month_parse(text, &month);
    assert(ok);
    return month;
}

void period_of_row(const struct db_rows *rows, int row, struct period *ret)
{
    ret->month = month_of_row(rows, row);
    ret->state = period_state_of_word(row_text(rows, row, "state"));
    ret->locked_ms = row_instant(rows, row, "locked_at");
    ret->closed_ms = row_instant(rows, row, "closed_at");
    ret->reopened_ms = row_instant(rows, row, "reopened_at");
    COPY(reopened_by);
    ret->version = row_int(rows, row, "version");
}

void hold_of_row(const struct db_rows *rows, int row, struct hold *ret)
{
    COPY(id);
    COPY(account_code);
    COPY(beneficiary);
    COPY(title);
    COPY(subject);
    COPY(decision_id);
    COPY(mandate_id);
    ret->month = month_of_row(rows, row);
    ret->amount_pence = row_int(rows, row, "amount_pence");
    ret->captured_pence = row_int(rows, row, "captured_pence");
    ret->released_pence = row_int(rows, row, "released_pence");
    ret->state = hold_state_of_word(row_text(rows, row, "state"));
    ret->placed_ms = row_instant(rows, row, "placed_at");
    ret->expires_ms = row_instant(rows, row, "expires_at");
    ret->resolved_ms = row_instant(rows, row, "resolved_at");
    COPY(resolved_because);
    ret->version = row_int(rows, row, "version");
}

void capture_of_row(const struct db_rows *rows, int row, struct capture *ret)
{
    COPY(id);
    COPY(hold_id);
    COPY(transaction_id);
    COPY(drawdown_id);
    ret->amount_pence = row_int(rows, row, "amount_pence");
    ret->released_pence = row_int(rows, row, "released_pence");
    ret->is_final = row_bool(rows, row, "is_final");
    ret->recorded_ms = row_instant(rows, row, "recorded_at");
}

void transaction_of_row(const struct db_rows *rows, int row, struct transaction *ret)
{
    COPY(id);
    ret->kind = transaction_kind_of_word(row_text(rows, row, "kind"));
    COPY(description);
    COPY(decision_id);
    COPY(mandate_id);
    COPY(hold_id);
    COPY(reverses_id);
    COPY(bulk_id);
    COPY(settlement_id);
    COPY(release_id);
    ret->effective_day = row_day(rows, row, "effective_on");
    ret->requested_day = row_day(rows, row, "requested_on");
    ret->month = month_of_row(rows, row);
    ret->recorded_ms = row_instant(rows, row, "recorded_at");
    ret->amount_pence = row_int(rows, row, "amount_pence");
    ret->entry_count = (size_t)row_int(rows, row, "entry_count");
    COPY(reversed_by);
    ret->sequence = row_int(rows, row, "sequence");
}
