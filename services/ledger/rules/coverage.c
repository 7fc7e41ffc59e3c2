#include "services/ledger/rules/coverage.h"

#include <stdio.h>
#include <string.h>

#include "common/money.h"

static bool is_among(const char accounts[][CODE_SIZE], size_t count, const char *code)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(accounts[i], code) == 0)
            return true;
    return false;
}

/* A draft may still become active; a withdrawn mandate never covers anything again. */
static bool state_check(const struct mandate *mandate, struct problem *err)
{
    if (mandate->state == MANDATE_ACTIVE)
        return true;
    return problem_set(
        err, mandate->state == MANDATE_DRAFT ? PROBLEM_STATE_CONFLICT : PROBLEM_MANDATE_EXCEEDED,
        "the mandate is %s; only an active one covers anything",
        mandate_state_word(mandate->state));
}

static bool amount_check(const struct mandate *mandate, int64_t amount_pence, const char *pointer,
                         struct problem *err)
{
    int64_t left_pence = mandate->limit_pence - mandate->used_pence;
    if (amount_pence <= left_pence)
        return true;
    char left[MONEY_TEXT_SIZE], amount[MONEY_TEXT_SIZE];
    money_format(left_pence, left);
    money_format(amount_pence, amount);
    return problem_add(err, PROBLEM_MANDATE_EXCEEDED, "mandate-limit", pointer,
                       "%s is left of the mandate; this is %s", left, amount);
}

static bool covers_side(const struct mandate *mandate, const char *code, bool is_debit)
{
    return is_debit ? is_among(mandate->debit_accounts, mandate->debit_count, code)
                    : is_among(mandate->credit_accounts, mandate->credit_count, code);
}

static bool side_check(const struct mandate *mandate, const char *code, bool is_debit,
                       const char *pointer, struct problem *err)
{
    if (covers_side(mandate, code, is_debit))
        return true;
    return problem_add(err, PROBLEM_MANDATE_EXCEEDED, "mandate-account", pointer,
                       "the mandate does not let anything go %s %s", is_debit ? "from" : "to",
                       code);
}

static bool entries_check(const struct mandate *mandate, const struct transaction *transaction,
                          const char *pointer, struct problem *err)
{
    bool ok = true;
    for (size_t i = 0; i < transaction->entry_count; i++) {
        const struct entry *entry = &transaction->entries[i];
        if (covers_side(mandate, entry->account_code, entry->amount_pence < 0))
            continue;
        char place[FAULT_POINTER_SIZE];
        snprintf(place, sizeof place, "%s/entries/%zu/accountCode", pointer, i);
        ok = side_check(mandate, entry->account_code, entry->amount_pence < 0, place, err);
    }
    return ok;
}

static bool day_check(const struct mandate *mandate, int32_t day, const char *pointer,
                      struct problem *err)
{
    if (day >= mandate->starts_day && day < mandate->ends_day)
        return true;
    char date[DATE_SIZE], starts[DATE_SIZE], ends[DATE_SIZE];
    day_format(day, date);
    day_format(mandate->starts_day, starts);
    day_format(mandate->ends_day, ends);
    return problem_add(err, PROBLEM_MANDATE_EXCEEDED, "mandate-days", pointer,
                       "%s is not a day of the mandate: from %s until before %s", date, starts,
                       ends);
}

bool mandate_covers_transaction(const struct mandate *mandate,
                                const struct transaction *transaction, const char *pointer,
                                struct problem *err)
{
    if (!state_check(mandate, err))
        return false;
    char place[FAULT_POINTER_SIZE];
    snprintf(place, sizeof place, "%s/effectiveOn", pointer);
    bool ok = day_check(mandate, transaction->effective_day, place, err);
    if (!entries_check(mandate, transaction, pointer, err))
        ok = false;
    snprintf(place, sizeof place, "%s/entries", pointer);
    if (!amount_check(mandate, transaction->amount_pence, place, err))
        ok = false;
    return ok;
}

bool mandate_covers_hold(const struct mandate *mandate, const struct hold *hold,
                         const char *position, struct problem *err)
{
    if (!state_check(mandate, err))
        return false;
    bool ok = side_check(mandate, hold->account_code, true, "/accountCode", err);
    if (!side_check(mandate, position, false, "/beneficiary", err))
        ok = false;
    if (!amount_check(mandate, hold->amount_pence, "/amount", err))
        ok = false;
    return ok;
}
