#include <assert.h>
#include <stdio.h>

#include "common/money.h"
#include "services/ledger/rules.h"

int64_t account_available(const struct account *account)
{
    return account->balance_pence - account->held_pence;
}

void account_code_of_partner(const char *organisation, enum account_type type,
                             char ret_code[CODE_SIZE])
{
    assert(type == ACCOUNT_POSITION || type == ACCOUNT_OWED);
    snprintf(ret_code, CODE_SIZE, "partner:%s:%s", organisation, account_type_word(type));
}

static bool floor_check(const struct account *account, const struct account *wanted,
                        struct problem *err)
{
    if (!wanted->has_floor || account_available(account) >= wanted->floor_pence)
        return true;
    char available[MONEY_TEXT_SIZE], floor[MONEY_TEXT_SIZE];
    money_format(account_available(account), available);
    money_format(wanted->floor_pence, floor);
    return problem_set(err, PROBLEM_LIMIT_EXCEEDED, "%s has %s available, which is below %s",
                       account->code, available, floor);
}

static bool ceiling_check(const struct account *account, const struct account *wanted,
                          struct problem *err)
{
    if (!wanted->has_ceiling || account->balance_pence <= wanted->ceiling_pence)
        return true;
    char balance[MONEY_TEXT_SIZE], ceiling[MONEY_TEXT_SIZE];
    money_format(account->balance_pence, balance);
    money_format(wanted->ceiling_pence, ceiling);
    return problem_set(err, PROBLEM_LIMIT_EXCEEDED, "%s has a balance of %s, which is above %s",
                       account->code, balance, ceiling);
}

bool account_limits_check(const struct account *account, const struct account *wanted,
                          struct problem *err)
{
    if (account->is_closed)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "%s is closed", account->code);
    if (account->type == ACCOUNT_RESERVE || account->type == ACCOUNT_RING_FENCE)
        return problem_set(err, PROBLEM_RULE_BROKEN, "the agreement sets the limits of %s",
                           account->code);
    if (wanted->has_floor && wanted->has_ceiling && wanted->floor_pence > wanted->ceiling_pence)
        return problem_set(err, PROBLEM_RULE_BROKEN, "the floor is above the ceiling");
    return floor_check(account, wanted, err) && ceiling_check(account, wanted, err);
}

bool account_close_check(const struct account *account, struct problem *err)
{
    if (account->is_closed)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "%s is closed already", account->code);
    if (account->balance_pence == 0 && account->held_pence == 0)
        return true;
    char balance[MONEY_TEXT_SIZE], held[MONEY_TEXT_SIZE];
    money_format(account->balance_pence, balance);
    money_format(account->held_pence, held);
    return problem_set(err, PROBLEM_STATE_CONFLICT,
                       "%s has a balance of %s, of which %s is held; only an empty account closes",
                       account->code, balance, held);
}
