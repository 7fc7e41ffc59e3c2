#include "services/ledger/events/rows.h"

#include "common/json.h"

json_t *account_row(const struct account *account)
{
    json_t *row = json_object();
    json_put_text(row, "code", account->code);
    json_put_text(row, "type", account_type_word(account->type));
    json_put_text(row, "organisation", account->organisation);
    json_put_text(row, "title", account->title);
    json_put_text(row, "currency", "GBP");
    json_put_text(row, "state", account->is_closed ? "closed" : "open");
    json_put_instant(row, "openedAt", account->opened_ms);
    json_put_instant(row, "closedAt", account->closed_ms);
    json_put_text(row, "closedBecause", account->closed_because);
    return row;
}

json_t *balance_row(const struct account *account)
{
    json_t *row = json_object();
    json_put_text(row, "accountCode", account->code);
    json_put_text(row, "currency", "GBP");
    json_put_integer(row, "balancePence", account->balance_pence);
    json_put_integer(row, "heldPence", account->held_pence);
    if (account->has_floor)
        json_put_integer(row, "floorPence", account->floor_pence);
    if (account->has_ceiling)
        json_put_integer(row, "ceilingPence", account->ceiling_pence);
    json_put_integer(row, "entryCount", account->entry_count);
    json_put_integer(row, "version", account->version);
    return row;
}

static json_t *codes(const char accounts[][CODE_SIZE], size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_push_new(array, json_string(accounts[i]));
    return array;
}

json_t *mandate_content(const struct mandate *mandate)
{
    json_t *content = json_object();
    json_put_text(content, "title", mandate->title);
    json_put_new(content, "debitAccounts", codes(mandate->debit_accounts, mandate->debit_count));
    json_put_new(content, "creditAccounts", codes(mandate->credit_accounts, mandate->credit_count));
    json_put_integer(content, "limitPence", mandate->limit_pence);
    json_put_day(content, "startsOn", mandate->starts_day);
    json_put_day(content, "endsOn", mandate->ends_day);
    return content;
}

json_t *mandate_row(const struct mandate *mandate)
{
    json_t *row = mandate_content(mandate);
    json_put_text(row, "id", mandate->id);
    json_put_integer(row, "usedPence", mandate->used_pence);
    json_put_text(row, "state", mandate_state_word(mandate->state));
    json_put_text(row, "decisionId", mandate->decision_id);
    json_put_instant(row, "draftedAt", mandate->drafted_ms);
    json_put_text(row, "draftedBy", mandate->drafted_by);
    json_put_instant(row, "grantedAt", mandate->granted_ms);
    json_put_instant(row, "withdrawnAt", mandate->withdrawn_ms);
    json_put_text(row, "withdrawnBecause", mandate->withdrawn_because);
    json_put_integer(row, "version", mandate->version);
    return row;
}

json_t *bulk_row(const struct bulk *bulk)
{
    json_t *row = json_object();
    json_put_text(row, "id", bulk->id);
    json_put_text(row, "mandateId", bulk->mandate_id);
    json_put_integer(row, "transactionCount", bulk->transaction_count);
    json_put_integer(row, "amountPence", bulk->amount_pence);
    json_put_instant(row, "recordedAt", bulk->recorded_ms);
    return row;
}

void row_put_month(json_t *row, int32_t month)
{
    char text[MONTH_SIZE];
    if (month == DAY_NONE)
        return;
    month_format(month, text);
    json_put_text(row, "month", text);
}

json_t *transaction_row(const struct transaction *transaction)
{
    json_t *row = json_object();
    json_put_text(row, "id", transaction->id);
    json_put_text(row, "kind", transaction_kind_word(transaction->kind));
    json_put_text(row, "description", transaction->description);
    json_put_text(row, "decisionId", transaction->decision_id);
    json_put_text(row, "mandateId", transaction->mandate_id);
    json_put_text(row, "holdId", transaction->hold_id);
    json_put_text(row, "reversesId", transaction->reverses_id);
    json_put_text(row, "bulkId", transaction->bulk_id);
    json_put_text(row, "settlementId", transaction->settlement_id);
    json_put_text(row, "releaseId", transaction->release_id);
    json_put_day(row, "effectiveOn", transaction->effective_day);
    json_put_day(row, "requestedOn", transaction->requested_day);
    row_put_month(row, transaction->month);
    json_put_integer(row, "amountPence", transaction->amount_pence);
    json_put_integer(row, "entryCount", (int64_t)transaction->entry_count);
    json_put_instant(row, "recordedAt", transaction->recorded_ms);
    return row;
}

json_t *entry_row(const struct transaction *transaction, size_t entry)
{
    json_t *row = json_object();
    json_put_text(row, "transactionId", transaction->id);
    json_put_integer(row, "position", (int64_t)entry + 1);
    json_put_text(row, "accountCode", transaction->entries[entry].account_code);
    json_put_integer(row, "number", transaction->entries[entry].number);
    json_put_text(row, "currency", "GBP");
    json_put_integer(row, "amountPence", transaction->entries[entry].amount_pence);
    json_put_integer(row, "balancePence", transaction->entries[entry].balance_pence);
    json_put_day(row, "effectiveOn", transaction->effective_day);
    json_put_instant(row, "recordedAt", transaction->recorded_ms);
    return row;
}

json_t *entry_rows(const struct transaction *transaction)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < transaction->entry_count; i++)
        json_push_new(rows, entry_row(transaction, i));
    return rows;
}

json_t *hold_row(const struct hold *hold)
{
    json_t *row = json_object();
    json_put_text(row, "id", hold->id);
    json_put_text(row, "accountCode", hold->account_code);
    json_put_text(row, "beneficiary", hold->beneficiary);
    json_put_text(row, "title", hold->title);
    json_put_text(row, "subject", hold->subject);
    json_put_text(row, "decisionId", hold->decision_id);
    json_put_text(row, "mandateId", hold->mandate_id);
    row_put_month(row, hold->month);
    json_put_integer(row, "amountPence", hold->amount_pence);
    json_put_integer(row, "capturedPence", hold->captured_pence);
    json_put_integer(row, "releasedPence", hold->released_pence);
    json_put_text(row, "state", hold_state_word(hold->state));
    json_put_instant(row, "placedAt", hold->placed_ms);
    json_put_instant(row, "expiresAt", hold->expires_ms);
    json_put_instant(row, "resolvedAt", hold->resolved_ms);
    json_put_text(row, "resolvedBecause", hold->resolved_because);
    json_put_integer(row, "version", hold->version);
    return row;
}

json_t *capture_row(const struct capture *capture)
{
    json_t *row = json_object();
    json_put_text(row, "id", capture->id);
    json_put_text(row, "holdId", capture->hold_id);
    json_put_text(row, "transactionId", capture->transaction_id);
    json_put_text(row, "drawdownId", capture->drawdown_id);
    json_put_integer(row, "amountPence", capture->amount_pence);
    json_put_integer(row, "releasedPence", capture->released_pence);
    json_put_flag(row, "isFinal", capture->is_final);
    json_put_instant(row, "recordedAt", capture->recorded_ms);
    return row;
}

json_t *period_row(const struct period *period)
{
    json_t *row = json_object();
    row_put_month(row, period->month);
    json_put_day(row, "startsOn", month_first_day(period->month));
    json_put_day(row, "endsOn", month_first_day(period->month + 1));
    json_put_text(row, "state", period_state_word(period->state));
    json_put_instant(row, "lockedAt", period->locked_ms);
    json_put_instant(row, "closedAt", period->closed_ms);
    json_put_instant(row, "reopenedAt", period->reopened_ms);
    json_put_text(row, "reopenedBy", period->reopened_by);
    json_put_integer(row, "version", period->version);
    return row;
}
