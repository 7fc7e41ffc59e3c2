#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "services/ledger/api/handlers.h"
#include "services/ledger/rules.h"

/* --- nouns
 * -------------------------------------------------------------------------------------------- */

json_t *account_to_json(const struct account *account)
{
    json_t *resource = json_object();
    json_put_text(resource, "code", account->code);
    json_put_text(resource, "type", account_type_word(account->type));
    json_put_text(resource, "organisation", account->organisation);
    json_put_text(resource, "title", account->title);
    json_put_text(resource, "currency", "GBP");
    json_put_text(resource, "state", account->is_closed ? "closed" : "open");
    json_put_money(resource, "balance", account->balance_pence);
    json_put_money(resource, "held", account->held_pence);
    json_put_money(resource, "available", account_available(account));
    if (account->has_floor)
        json_put_money(resource, "floor", account->floor_pence);
    if (account->has_ceiling)
        json_put_money(resource, "ceiling", account->ceiling_pence);
    json_put_integer(resource, "entryCount", account->entry_count);
    json_put_instant(resource, "openedAt", account->opened_ms);
    json_put_instant(resource, "closedAt", account->closed_ms);
    json_put_text(resource, "closedBecause", account->closed_because);
    json_put_integer(resource, "version", account->version);
    return resource;
}

static json_t *codes(const char accounts[][CODE_SIZE], size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_push_new(array, json_string(accounts[i]));
    return array;
}

json_t *mandate_to_json(const struct mandate *mandate)
{
    json_t *resource = json_object();
    json_put_text(resource, "id", mandate->id);
    json_put_text(resource, "title", mandate->title);
    json_put_new(resource, "debitAccounts", codes(mandate->debit_accounts, mandate->debit_count));
    json_put_new(resource, "creditAccounts",
                 codes(mandate->credit_accounts, mandate->credit_count));
    json_put_money(resource, "limit", mandate->limit_pence);
    json_put_money(resource, "used", mandate->used_pence);
    json_put_day(resource, "startsOn", mandate->starts_day);
    json_put_day(resource, "endsOn", mandate->ends_day);
    json_put_text(resource, "state", mandate_state_word(mandate->state));
    json_put_text(resource, "decisionId", mandate->decision_id);
    json_put_instant(resource, "draftedAt", mandate->drafted_ms);
    json_put_text(resource, "draftedBy", mandate->drafted_by);
    json_put_instant(resource, "grantedAt", mandate->granted_ms);
    json_put_instant(resource, "withdrawnAt", mandate->withdrawn_ms);
    json_put_text(resource, "withdrawnBecause", mandate->withdrawn_because);
    json_put_integer(resource, "version", mandate->version);
    return resource;
}

void put_month(json_t *resource, int32_t month)
{
    char text[MONTH_SIZE];
    if (month == DAY_NONE)
        return;
    month_format(month, text);
    json_put_text(resource, "month", text);
}

static json_t *entries_to_json(const struct transaction *transaction)
{
    json_t *array = json_array();
    for (size_t i = 0; i < transaction->entry_count; i++) {
        json_t *item = json_object();
        json_put_text(item, "accountCode", transaction->entries[i].account_code);
        json_put_integer(item, "number", transaction->entries[i].number);
        json_put_money(item, "amount", transaction->entries[i].amount_pence);
        json_put_money(item, "balance", transaction->entries[i].balance_pence);
        json_push_new(array, item);
    }
    return array;
}

json_t *transaction_to_json(const struct transaction *transaction, bool with_entries)
{
    json_t *resource = json_object();
    json_put_text(resource, "id", transaction->id);
    json_put_text(resource, "kind", transaction_kind_word(transaction->kind));
    json_put_text(resource, "description", transaction->description);
    json_put_day(resource, "effectiveOn", transaction->effective_day);
    json_put_day(resource, "requestedOn", transaction->requested_day);
    put_month(resource, transaction->month);
    json_put_instant(resource, "recordedAt", transaction->recorded_ms);
    json_put_money(resource, "amount", transaction->amount_pence);
    json_put_integer(resource, "entryCount", (int64_t)transaction->entry_count);
    json_put_text(resource, "decisionId", transaction->decision_id);
    json_put_text(resource, "mandateId", transaction->mandate_id);
    json_put_text(resource, "holdId", transaction->hold_id);
    json_put_text(resource, "bulkId", transaction->bulk_id);
    json_put_text(resource, "settlementId", transaction->settlement_id);
    json_put_text(resource, "releaseId", transaction->release_id);
    json_put_text(resource, "reverses", transaction->reverses_id);
    json_put_text(resource, "reversedBy", transaction->reversed_by);
    if (with_entries)
        json_put_new(resource, "entries", entries_to_json(transaction));
    return resource;
}

json_t *bulk_to_json(const struct bulk *bulk)
{
    json_t *resource = json_object();
    json_put_text(resource, "id", bulk->id);
    json_put_text(resource, "mandateId", bulk->mandate_id);
    json_put_integer(resource, "transactionCount", bulk->transaction_count);
    json_put_money(resource, "amount", bulk->amount_pence);
    json_put_instant(resource, "recordedAt", bulk->recorded_ms);
    return resource;
}

json_t *hold_to_json(const struct hold *hold)
{
    json_t *resource = json_object();
    json_put_text(resource, "id", hold->id);
    json_put_text(resource, "accountCode", hold->account_code);
    json_put_text(resource, "beneficiary", hold->beneficiary);
    json_put_money(resource, "amount", hold->amount_pence);
    json_put_money(resource, "captured", hold->captured_pence);
    json_put_money(resource, "released", hold->released_pence);
    json_put_money(resource, "remaining", hold_remaining(hold));
    json_put_text(resource, "state", hold_state_word(hold->state));
    json_put_text(resource, "title", hold->title);
    json_put_text(resource, "subject", hold->subject);
    json_put_text(resource, "decisionId", hold->decision_id);
    json_put_text(resource, "mandateId", hold->mandate_id);
    put_month(resource, hold->month);
    json_put_instant(resource, "placedAt", hold->placed_ms);
    json_put_instant(resource, "expiresAt", hold->expires_ms);
    json_put_instant(resource, "resolvedAt", hold->resolved_ms);
    json_put_text(resource, "resolvedBecause", hold->resolved_because);
    json_put_integer(resource, "version", hold->version);
    return resource;
}

json_t *capture_to_json(const struct capture *capture)
{
    json_t *resource = json_object();
    json_put_text(resource, "id", capture->id);
    json_put_text(resource, "holdId", capture->hold_id);
    json_put_text(resource, "transactionId", capture->transaction_id);
    json_put_text(resource, "drawdownId", capture->drawdown_id);
    json_put_money(resource, "amount", capture->amount_pence);
    json_put_money(resource, "released", capture->released_pence);
    json_put_flag(resource, "isFinal", capture->is_final);
    json_put_instant(resource, "recordedAt", capture->recorded_ms);
    return resource;
}

json_t *period_to_json(const struct period *period)
{
    json_t *resource = json_object();
    put_month(resource, period->month);
    json_put_day(resource, "startsOn", month_first_day(period->month));
    json_put_day(resource, "endsOn", month_first_day(period->month + 1));
    json_put_text(resource, "state", period_state_word(period->state));
    json_put_instant(resource, "lockedAt", period->locked_ms);
    json_put_instant(resource, "closedAt", period->closed_ms);
    json_put_instant(resource, "reopenedAt", period->reopened_ms);
    json_put_text(resource, "reopenedBy", period->reopened_by);
    json_put_integer(resource, "version", period->version);
    return resource;
}

/* --- what handlers share
 * ---------------------------------------------------------------------------------- */

bool words_check(const json_t *body, const char *member, struct problem *err)
{
    char pointer[FAULT_POINTER_SIZE];
    snprintf(pointer, sizeof pointer, "/%s", member);
    return text_check(pointer, json_text(body, member), err);
}

const char *finance_lead_of(const struct request *request)
{
    const struct appointment *as = standing_appointment(&request->standing, "finance-lead", NULL);
    assert(as != NULL);
    return as->id;
}

int32_t query_day(const struct request *request, const char *name)
{
    const char *text = request_query(request, name);
    int32_t day;
    return text != NULL && day_parse(text, &day) ? day : DAY_NONE;
}

int64_t query_instant(const struct request *request, const char *name)
{
    const char *text = request_query(request, name);
    int64_t ms;
    return text != NULL && instant_parse(text, &ms) ? ms : INSTANT_NONE;
}

bool body_goes_late(const json_t *body)
{
    const char *late = json_text(body, "late");
    return late != NULL && strcmp(late, "next-open") == 0;
}

int32_t path_month(const struct request *request)
{
    int32_t month;
    return month_parse(request_path(request, "month"), &month) ? month : DAY_NONE;
}
