#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/money.h"
#include "services/ledger/rules.h"
#include "services/ledger/rules/coverage.h"

int64_t hold_remaining(const struct hold *hold)
{
    return hold->amount_pence - hold->captured_pence - hold->released_pence;
}

static bool hold_is_expired(const struct hold *hold, int64_t now_ms)
{
    return hold->expires_ms != INSTANT_NONE && now_ms >= hold->expires_ms;
}

bool hold_is_open(const struct hold *hold, int64_t now_ms)
{
    return hold->state == HOLD_OPEN && !hold_is_expired(hold, now_ms);
}

/* An open account of the book; `pointer` is what named it. */
static const struct account *usable_account(const struct book *book, const char *code,
                                            const char *pointer, struct problem *err)
{
    const struct account *account = book_account(book, code);
    if (account == NULL)
        (void)problem_add(err, PROBLEM_REFERENCE_UNKNOWN, "unknown-account", pointer,
                          "there is no account %s", code);
    else if (account->is_closed)
        (void)problem_add(err, PROBLEM_RULE_BROKEN, "closed-account", pointer, "%s is closed",
                          code);
    else
        return account;
    return NULL;
}

static bool funds_check(const struct account *account, int64_t amount_pence, struct problem *err)
{
    int64_t free_pence =
        account_available(account) - (account->has_floor ? account->floor_pence : 0);
    if (!account->has_floor || free_pence >= amount_pence)
        return true;
    char available[MONEY_TEXT_SIZE], amount[MONEY_TEXT_SIZE];
    money_format(free_pence, available);
    money_format(amount_pence, amount);
    return problem_set(err, PROBLEM_FUNDS_INSUFFICIENT, "%s has %s available; %s is asked for",
                       account->code, available, amount);
}

bool hold_check(const struct book *book, const struct mandate *mandate, const struct hold *hold,
                int64_t now_ms, struct problem *err)
{
    char position[CODE_SIZE];
    account_code_of_partner(hold->beneficiary, ACCOUNT_POSITION, position);
    const struct account *account = usable_account(book, hold->account_code, "/accountCode", err);
    const struct account *credited = usable_account(book, position, "/beneficiary", err);
    if (account == NULL || credited == NULL)
        return false;
    if (account == credited)
        return problem_set(err, PROBLEM_RULE_BROKEN, "%s can't be held for itself", position);
    if (hold->amount_pence <= 0 || hold->amount_pence > MONEY_PENCE_MAX)
        return problem_set(err, PROBLEM_RULE_BROKEN, "a hold has an amount above zero");
    if (hold->month != DAY_NONE && book_period(book, hold->month) == NULL)
        return problem_add(err, PROBLEM_REFERENCE_UNKNOWN, "unknown-period", "/month",
                           "the month is outside the alliance's term");
    if (hold->month != DAY_NONE && book_period(book, hold->month)->state == PERIOD_CLOSED)
        return problem_add(err, PROBLEM_STATE_CONFLICT, "closed-period", "/month",
                           "the month is closed");
    if (hold_is_expired(hold, now_ms))
        return problem_add(err, PROBLEM_RULE_BROKEN, "past", "/expiresAt",
                           "it would have expired already");
    if (mandate != NULL && !mandate_covers_hold(mandate, hold, position, err))
        return false;
    return funds_check(account, hold->amount_pence, err);
}

void hold_apply(struct book *book, const struct hold *hold)
{
    struct account *account = book_account(book, hold->account_code);
    assert(account != NULL);
    account->held_pence += hold->amount_pence;
    account->version++;
    struct mandate *mandate = book_mandate(book, hold->mandate_id);
    if (mandate != NULL) {
        mandate->used_pence += hold->amount_pence;
        mandate->version++;
    }
}

static bool open_check(const struct hold *hold, int64_t now_ms, struct problem *err)
{
    if (hold_is_open(hold, now_ms))
        return true;
    return problem_set(err, PROBLEM_HOLD_RESOLVED, "the hold is %s",
                       hold->state == HOLD_OPEN ? "expired" : hold_state_word(hold->state));
}

bool hold_capture(const struct hold *hold, int64_t now_ms, struct hold *ret_hold,
                  struct capture *capture, struct problem *err)
{
    if (!open_check(hold, now_ms, err))
        return false;
    int64_t remaining_pence = hold_remaining(hold);
    if (capture->amount_pence > remaining_pence) {
        char remaining[MONEY_TEXT_SIZE], amount[MONEY_TEXT_SIZE];
        money_format(remaining_pence, remaining);
        money_format(capture->amount_pence, amount);
        return problem_set(err, PROBLEM_FUNDS_INSUFFICIENT,
                           "%s is left of the hold; %s is asked for", remaining, amount);
    }
    if (capture->amount_pence <= 0)
        return problem_set(err, PROBLEM_RULE_BROKEN, "a capture has an amount above zero");
    struct hold after = *hold;
    capture->released_pence = capture->is_final ? remaining_pence - capture->amount_pence : 0;
    capture->recorded_ms = now_ms;
    after.captured_pence += capture->amount_pence;
    after.released_pence += capture->released_pence;
    after.version++;
    if (hold_remaining(&after) == 0) {
        after.state = HOLD_CAPTURED;
        after.resolved_ms = now_ms;
    }
    *ret_hold = after;
    return true;
}

void capture_transaction_make(const struct hold *hold, const struct capture *capture,
                              struct transaction *ret_transaction)
{
    struct transaction *transaction = ret_transaction;
    memset(transaction, 0, sizeof *transaction);
    transaction->kind = TRANSACTION_CAPTURE;
    transaction->requested_day = DAY_NONE;
    memcpy(transaction->description, hold->title, sizeof transaction->description);
    memcpy(transaction->decision_id, hold->decision_id, sizeof transaction->decision_id);
    memcpy(transaction->mandate_id, hold->mandate_id, sizeof transaction->mandate_id);
    memcpy(transaction->hold_id, hold->id, sizeof transaction->hold_id);
    transaction->entry_count = 2;
    memcpy(transaction->entries[0].account_code, hold->account_code, CODE_SIZE);
    transaction->entries[0].amount_pence = -capture->amount_pence;
    account_code_of_partner(hold->beneficiary, ACCOUNT_POSITION,
                            transaction->entries[1].account_code);
    transaction->entries[1].amount_pence = capture->amount_pence;
}

/* Gives back what is left. */
static void hold_resolve(const struct hold *hold, enum hold_state state, int64_t resolved_ms,
                         struct hold *ret_hold)
{
    *ret_hold = *hold;
    ret_hold->released_pence += hold_remaining(hold);
    ret_hold->state = state;
    ret_hold->resolved_ms = resolved_ms;
    ret_hold->version++;
}

bool hold_release(const struct hold *hold, const char *reason, int64_t now_ms,
                  struct hold *ret_hold, struct problem *err)
{
    if (!open_check(hold, now_ms, err))
        return false;
    hold_resolve(hold, HOLD_RELEASED, now_ms, ret_hold);
    snprintf(ret_hold->resolved_because, sizeof ret_hold->resolved_because, "%s", reason);
    return true;
}

bool hold_expire(const struct hold *hold, int64_t now_ms, struct hold *ret_hold)
{
    if (hold->state != HOLD_OPEN || !hold_is_expired(hold, now_ms))
        return false;
    hold_resolve(hold, HOLD_EXPIRED, hold->expires_ms, ret_hold);
    return true;
}

void hold_move(struct book *book, const struct hold *before, const struct hold *after)
{
    struct account *account = book_account(book, before->account_code);
    assert(account != NULL);
    account->held_pence -= hold_remaining(before) - hold_remaining(after);
    account->version++;
    struct mandate *mandate = book_mandate(book, before->mandate_id);
    if (mandate != NULL && after->released_pence != before->released_pence) {
        mandate->used_pence -= after->released_pence - before->released_pence;
        mandate->version++;
    }
    struct hold *known = book_hold(book, before->id);
    if (known != NULL)
        *known = *after;
}
