#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/money.h"
#include "services/ledger/rules.h"
#include "services/ledger/rules/settlement.h"
#include "services/ledger/rules/settling.h"

#define RESERVE "reserve:cost-risk"

static const char *const STATES[] = {"draft", "released", "rejected", "withdrawn"};

const char *release_state_word(enum release_state state)
{
    return STATES[state];
}

enum release_state release_state_of_word(const char *word)
{
    size_t state = 0;
    while (strcmp(STATES[state], word) != 0) {
        state++;
        assert(state < ARRAY_LENGTH(STATES));
    }
    return (enum release_state)state;
}

static bool target_check(const struct book *book, const struct reserve_release *release,
                         struct problem *err)
{
    const struct account *account = book_account(book, release->to_account);
    if (account == NULL)
        return problem_add(err, PROBLEM_REFERENCE_UNKNOWN, "unknown-account", "/toAccount",
                           "there is no account %s", release->to_account);
    if (account->is_closed || account->type == ACCOUNT_RESERVE)
        return problem_add(err, PROBLEM_RULE_BROKEN, "wrong-account", "/toAccount",
                           "nothing is released to %s", release->to_account);
    return true;
}

int64_t reserve_releasable(const struct book *book, const struct reserve_position *position)
{
    const struct account *reserve = book_account(book, RESERVE);
    if (reserve == NULL || !position->has_cap)
        return 0;
    int64_t unspent_pence =
        reserve_unspent(position->cap_pence, position->drawn_pence, position->released_pence);
    int64_t available_pence = account_available(reserve);
    return unspent_pence < available_pence ? unspent_pence : available_pence;
}

bool release_check(const struct book *book, const struct reserve_position *position,
                   const struct reserve_release *release, struct problem *err)
{
    const struct account *reserve = book_account(book, RESERVE);
    if (reserve == NULL || !position->has_cap)
        return problem_set(err, PROBLEM_RULE_BROKEN, "the agreement has no reserve");
    if (!target_check(book, release, err))
        return false;
    if (release->amount_pence <= reserve_releasable(book, position))
        return true;
    char left[MONEY_TEXT_SIZE], has[MONEY_TEXT_SIZE], asked[MONEY_TEXT_SIZE];
    money_format(
        reserve_unspent(position->cap_pence, position->drawn_pence, position->released_pence),
        left);
    money_format(account_available(reserve), has);
    money_format(release->amount_pence, asked);
    return problem_set(err, PROBLEM_FUNDS_INSUFFICIENT,
                       "the year leaves %s unspent and the reserve has %s; %s is asked for", left,
                       has, asked);
}

bool release_draft_check(const struct reserve_release *release, struct problem *err)
{
    if (release->state == RELEASE_DRAFT)
        return true;
    return problem_set(err, PROBLEM_STATE_CONFLICT, "the release is %s",
                       release_state_word(release->state));
}

void release_end(const struct reserve_release *release, enum release_state state,
                 const char *reason, int64_t now_ms, struct reserve_release *ret_release)
{
    *ret_release = *release;
    ret_release->state = state;
    ret_release->ended_ms = now_ms;
    snprintf(ret_release->ended_because, sizeof ret_release->ended_because, "%s", reason);
    ret_release->version++;
}

void release_transaction_make(const struct reserve_release *release,
                              struct transaction *ret_transaction)
{
    memset(ret_transaction, 0, sizeof *ret_transaction);
    ret_transaction->kind = TRANSACTION_RELEASE;
    snprintf(ret_transaction->description, sizeof ret_transaction->description,
             "Reserve of %s released", release->year);
    memcpy(ret_transaction->release_id, release->id, sizeof ret_transaction->release_id);
    ret_transaction->requested_day = DAY_NONE;
    ret_transaction->entry_count = 2;
    snprintf(ret_transaction->entries[0].account_code, CODE_SIZE, RESERVE);
    ret_transaction->entries[0].amount_pence = -release->amount_pence;
    memcpy(ret_transaction->entries[1].account_code, release->to_account, CODE_SIZE);
    ret_transaction->entries[1].amount_pence = release->amount_pence;
}
