#include <stdio.h>
#include <string.h>

#include "services/ledger/rules.h"

static bool accounts_check(const struct book *book, const char accounts[][CODE_SIZE], size_t count,
                           const char *member, struct problem *err)
{
    bool ok = true;
    for (size_t i = 0; i < count; i++) {
        char pointer[FAULT_POINTER_SIZE];
        snprintf(pointer, sizeof pointer, "/%s/%zu", member, i);
        const struct account *account = book_account(book, accounts[i]);
        if (account == NULL)
            ok = problem_add(err, PROBLEM_REFERENCE_UNKNOWN, "unknown-account", pointer,
                             "there is no account %s", accounts[i]);
        else if (account->is_closed)
            ok = problem_add(err, PROBLEM_RULE_BROKEN, "closed-account", pointer, "%s is closed",
                             accounts[i]);
    }
    return ok;
}

static bool sides_check(const struct mandate *mandate, struct problem *err)
{
    bool ok = true;
    for (size_t i = 0; i < mandate->credit_count; i++)
        for (size_t j = 0; j < mandate->debit_count; j++)
            if (strcmp(mandate->credit_accounts[i], mandate->debit_accounts[j]) == 0) {
                char pointer[FAULT_POINTER_SIZE];
                snprintf(pointer, sizeof pointer, "/creditAccounts/%zu", i);
                ok = problem_add(err, PROBLEM_RULE_BROKEN, "both-sides", pointer,
                                 "%s is a debit account too", mandate->credit_accounts[i]);
            }
    return ok;
}

bool mandate_check(const struct book *book, const struct mandate *mandate, struct problem *err)
{
    bool ok =
        accounts_check(book, mandate->debit_accounts, mandate->debit_count, "debitAccounts", err);
    if (!accounts_check(book, mandate->credit_accounts, mandate->credit_count, "creditAccounts",
                        err))
        ok = false;
    if (!sides_check(mandate, err))
        ok = false;
    if (mandate->starts_day >= mandate->ends_day)
        ok = problem_add(err, PROBLEM_RULE_BROKEN, "order", "/endsOn",
                         "it ends before it has started");
    return ok;
}

bool mandate_revise_check(const struct mandate *mandate, struct problem *err)
{
    if (mandate->state == MANDATE_DRAFT)
        return true;
    return problem_set(err, PROBLEM_STATE_CONFLICT, "the mandate is %s; only a draft is revised",
                       mandate_state_word(mandate->state));
}

bool mandate_grant_check(const struct mandate *mandate, struct problem *err)
{
    if (mandate->state == MANDATE_DRAFT)
        return true;
    return problem_set(err, PROBLEM_STATE_CONFLICT, "the mandate is %s; only a draft is granted",
                       mandate_state_word(mandate->state));
}

bool mandate_withdraw_check(const struct mandate *mandate, struct problem *err)
{
    if (mandate->state != MANDATE_WITHDRAWN)
        return true;
    return problem_set(err, PROBLEM_STATE_CONFLICT, "the mandate is withdrawn already");
}
