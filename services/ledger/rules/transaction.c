#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/money.h"
#include "services/ledger/rules.h"
#include "services/ledger/rules/coverage.h"

/* Where a fault is. Made only when there is one: a bulk checks ten thousand entries under the lock.
 */
struct place {
    char pointer[FAULT_POINTER_SIZE];
};

static struct place place_of_entry(const struct posting_terms *terms, size_t entry,
                                   const char *member)
{
    struct place place;
    snprintf(place.pointer, sizeof place.pointer, "%s/entries/%zu/%s", terms->pointer, entry,
             member);
    return place;
}

static struct place place_of(const struct posting_terms *terms, const char *member)
{
    struct place place;
    snprintf(place.pointer, sizeof place.pointer, "%s/%s", terms->pointer, member);
    return place;
}

/* No zero, and no account on both sides: B1. */
static bool shape_check(const struct posting_terms *terms, const struct transaction *transaction,
                        struct problem *err)
{
    bool ok = true;
    for (size_t i = 0; i < transaction->entry_count; i++) {
        const struct entry *entry = &transaction->entries[i];
        if (entry->amount_pence == 0)
            ok =
                problem_add(err, PROBLEM_RULE_BROKEN, "zero-amount",
                            place_of_entry(terms, i, "amount").pointer, "an entry moves something");
        for (size_t j = 0; j < i; j++) {
            const struct entry *other = &transaction->entries[j];
            if (strcmp(entry->account_code, other->account_code) == 0 &&
                (entry->amount_pence < 0) != (other->amount_pence < 0)) {
                ok = problem_add(err, PROBLEM_RULE_BROKEN, "self-transfer",
                                 place_of_entry(terms, i, "accountCode").pointer,
                                 "%s is on both sides", entry->account_code);
                break;
            }
        }
    }
    return ok;
}

/* Adds up: the sum is zero, and the positive ones are what is moved. */
static bool sum_check(const struct posting_terms *terms, struct transaction *transaction,
                      struct problem *err)
{
    __int128 sum = 0, moved = 0;
    for (size_t i = 0; i < transaction->entry_count; i++) {
        sum += transaction->entries[i].amount_pence;
        if (transaction->entries[i].amount_pence > 0)
            moved += transaction->entries[i].amount_pence;
    }
    if (sum != 0 && sum >= -MONEY_PENCE_MAX && sum <= MONEY_PENCE_MAX) {
        char text[MONEY_TEXT_SIZE];
        money_format((int64_t)sum, text);
        return problem_add(err, PROBLEM_NOT_BALANCED, "sum", place_of(terms, "entries").pointer,
                           "they add up to %s", text);
    }
    if (sum != 0 || moved > MONEY_PENCE_MAX)
        return problem_add(err, PROBLEM_NOT_BALANCED, "sum", place_of(terms, "entries").pointer,
                           "they add up to more than an amount can be");
    transaction->amount_pence = (int64_t)moved;
    return true;
}

static bool accounts_check(const struct book *book, const struct posting_terms *terms,
                           const struct transaction *transaction, struct problem *err)
{
    bool ok = true;
    for (size_t i = 0; i < transaction->entry_count; i++) {
        const char *code = transaction->entries[i].account_code;
        const struct account *account = book_account(book, code);
        if (account == NULL)
            ok = problem_add(err, PROBLEM_REFERENCE_UNKNOWN, "unknown-account",
                             place_of_entry(terms, i, "accountCode").pointer,
                             "there is no account %s", code);
        else if (account->is_closed)
            ok = problem_add(err, PROBLEM_RULE_BROKEN, "closed-account",
                             place_of_entry(terms, i, "accountCode").pointer, "%s is closed", code);
    }
    return ok;
}

/* A settlement counts on its own day, in a month that is locked by then. */
static bool settles_check(const struct book *book, const struct transaction *transaction,
                          const char *pointer, struct problem *err)
{
    const struct period *period = book_period(book, month_of_day(transaction->effective_day));
    if (period != NULL && period->state == PERIOD_LOCKED)
        return true;
    return problem_add(err, PROBLEM_PERIOD_CLOSED, "period-not-locked", pointer,
                       "a settlement goes into its own month while that is locked");
}

static bool day_choose(const struct book *book, const struct posting_terms *terms,
                       struct transaction *transaction, struct problem *err)
{
    int32_t day = transaction->effective_day;
    struct place place = place_of(terms, "effectiveOn");
    if (terms->settles ? !settles_check(book, transaction, place.pointer, err)
                       : !period_choose(book, transaction->effective_day, terms->goes_late,
                                        place.pointer, &day, err))
        return false;
    transaction->requested_day =
        day == transaction->effective_day ? DAY_NONE : transaction->effective_day;
    transaction->effective_day = day;
    transaction->month = month_of_day(day);
    return true;
}

/* The entry of the same account before this one within the transaction; NULL = the first. */
static const struct entry *entry_before(const struct transaction *transaction, size_t entry)
{
    for (size_t i = entry; i-- > 0;)
        if (strcmp(transaction->entries[i].account_code,
                   transaction->entries[entry].account_code) == 0)
            return &transaction->entries[i];
    return NULL;
}

/* Numbers and balances after each entry; false when a balance leaves what money can be. */
static bool balances_complete(const struct book *book, const struct posting_terms *terms,
                              struct transaction *transaction, struct problem *err)
{
    bool ok = true;
    for (size_t i = 0; i < transaction->entry_count; i++) {
        struct entry *entry = &transaction->entries[i];
        const struct account *account = book_account(book, entry->account_code);
        const struct entry *before = entry_before(transaction, i);
        int64_t balance_pence = before == NULL ? account->balance_pence : before->balance_pence;
        entry->number = (before == NULL ? account->entry_count : before->number) + 1;
        if (!money_add(balance_pence, entry->amount_pence, &entry->balance_pence)) {
            ok = problem_add(err, PROBLEM_LIMIT_EXCEEDED, "range",
                             place_of_entry(terms, i, "amount").pointer,
                             "the balance would be more than an amount can be");
            entry->balance_pence = balance_pence;
        }
    }
    return ok;
}

static bool limit_fault(const struct account *account, const char *limit_name, int64_t would_pence,
                        int64_t limit_pence, const char *pointer, struct problem *err)
{
    char would[MONEY_TEXT_SIZE], limit[MONEY_TEXT_SIZE];
    money_format(would_pence, would);
    money_format(limit_pence, limit);
    return problem_add(err, PROBLEM_LIMIT_EXCEEDED, limit_name, pointer,
                       strcmp(limit_name, "floor") == 0
                           ? "%s would have %s available; its floor is %s"
                           : "%s would have a balance of %s; its ceiling is %s",
                       account->code, would, limit);
}

static bool is_last_of_its_account(const struct transaction *transaction, size_t entry)
{
    for (size_t i = entry + 1; i < transaction->entry_count; i++)
        if (strcmp(transaction->entries[entry].account_code,
                   transaction->entries[i].account_code) == 0)
            return false;
    return true;
}

/* Floors and ceilings hold for what the whole transaction leaves, at each account's last entry. */
static bool limits_check(const struct book *book, const struct posting_terms *terms,
                         const struct transaction *transaction, struct problem *err)
{
    bool ok = true;
    for (size_t i = 0; i < transaction->entry_count; i++) {
        const struct entry *entry = &transaction->entries[i];
        if (!is_last_of_its_account(transaction, i))
            continue;
        const struct account *account = book_account(book, entry->account_code);
        bool is_freed = strcmp(entry->account_code, transaction->entries[0].account_code) == 0;
        int64_t held_pence = account->held_pence - (is_freed ? terms->unheld_pence : 0);
        int64_t available_pence = entry->balance_pence - held_pence;
        if (account->has_floor && available_pence < account->floor_pence)
            ok = limit_fault(account, "floor", available_pence, account->floor_pence,
                             place_of_entry(terms, i, "amount").pointer, err);
        else if (account->has_ceiling && entry->balance_pence > account->ceiling_pence)
            ok = limit_fault(account, "ceiling", entry->balance_pence, account->ceiling_pence,
                             place_of_entry(terms, i, "amount").pointer, err);
    }
    return ok;
}

bool transaction_check(const struct book *book, const struct posting_terms *terms,
                       struct transaction *transaction, struct problem *err)
{
    assert(transaction->entry_count >= 2 && transaction->entry_count <= ENTRIES_MAX);
    bool ok = shape_check(terms, transaction, err);
    if (!sum_check(terms, transaction, err))
        ok = false;
    if (!accounts_check(book, terms, transaction, err))
        ok = false;
    if (!ok || !day_choose(book, terms, transaction, err))
        return false;
    if (terms->mandate != NULL &&
        !mandate_covers_transaction(terms->mandate, transaction, terms->pointer, err))
        return false;
    return balances_complete(book, terms, transaction, err) &&
           limits_check(book, terms, transaction, err);
}

void transaction_apply(struct book *book, const struct transaction *transaction)
{
    for (size_t i = 0; i < transaction->entry_count; i++) {
        const struct entry *entry = &transaction->entries[i];
        struct account *account = book_account(book, entry->account_code);
        assert(account != NULL && account->entry_count + 1 == entry->number);
        account->balance_pence = entry->balance_pence;
        account->entry_count = entry->number;
        account->version++;
    }
    struct mandate *mandate = book_mandate(book, transaction->mandate_id);
    if (mandate == NULL || transaction->kind == TRANSACTION_CAPTURE)
        return; /* a hold was counted when it was placed */
    mandate->used_pence += transaction->kind == TRANSACTION_REVERSAL ? -transaction->amount_pence
                                                                     : transaction->amount_pence;
    mandate->version++;
}

bool reversal_make(const struct transaction *original, const char *reason,
                   struct transaction *ret_reversal, struct problem *err)
{
    if (original->kind != TRANSACTION_POSTING)
        return problem_set(err, PROBLEM_RULE_BROKEN, "a %s is not reversed",
                           transaction_kind_word(original->kind));
    if (original->reversed_by[0] != '\0')
        return problem_set(err, PROBLEM_ALREADY_REVERSED, "it was reversed by %s",
                           original->reversed_by);
    struct transaction reversal = {
        .kind = TRANSACTION_REVERSAL,
        .effective_day = original->effective_day,
        .requested_day = DAY_NONE,
        .entry_count = original->entry_count,
    };
    snprintf(reversal.description, sizeof reversal.description, "%s", reason);
    memcpy(reversal.decision_id, original->decision_id, sizeof reversal.decision_id);
    memcpy(reversal.mandate_id, original->mandate_id, sizeof reversal.mandate_id);
    memcpy(reversal.reverses_id, original->id, sizeof reversal.reverses_id);
    for (size_t i = 0; i < original->entry_count; i++) {
        memcpy(reversal.entries[i].account_code, original->entries[i].account_code, CODE_SIZE);
        reversal.entries[i].amount_pence = -original->entries[i].amount_pence;
    }
    *ret_reversal = reversal;
    return true;
}
