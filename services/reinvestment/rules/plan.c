#include <stdio.h>
#include <string.h>

#include "common/instant.h"
#include "common/money.h"
#include "services/reinvestment/rules.h"

enum { YEAR_MONTHS = 12 };

static bool months_check(const struct business_case *a_case, struct problem *err)
{
    bool ok = true;
    int32_t before = -1;
    for (int i = 0; i < a_case->cost_count; i++) {
        char pointer[FAULT_POINTER_SIZE];
        snprintf(pointer, sizeof(pointer), "/costs/%d/month", i);
        if (a_case->costs[i].month <= before)
            ok = problem_add(err, PROBLEM_RULE_BROKEN, "order", pointer,
                             "each month is one of a financial year, stands once, and after the "
                             "one before");
        before = a_case->costs[i].month;
    }
    return ok;
}

/* Amounts fit 53 bits and there are 36 of them: no overflow. */
static int64_t year_recurrent_pence(const struct business_case *a_case, int32_t year)
{
    int64_t sum_pence = 0;
    for (int i = 0; i < a_case->cost_count; i++)
        if (a_case->costs[i].month / YEAR_MONTHS == year)
            sum_pence += a_case->costs[i].recurrent_pence;
    return sum_pence;
}

static bool recurrent_check(const struct business_case *a_case, struct problem *err)
{
    for (int i = 0; i < a_case->cost_count; i++) {
        const int32_t year = a_case->costs[i].month / YEAR_MONTHS;
        const int64_t sum_pence = year_recurrent_pence(a_case, year);
        char sum[MONEY_TEXT_SIZE], cost[MONEY_TEXT_SIZE];
        if (sum_pence <= a_case->recurrent_pence)
            continue;
        money_format(sum_pence, sum);
        money_format(a_case->recurrent_pence, cost);
        return problem_add(err, PROBLEM_RULE_BROKEN, "above-recurrent", "/costs",
                           "the recurrent costs of the year from April %d come to %s, the "
                           "recurrent cost of a year to %s",
                           (int)year, sum, cost);
    }
    return true;
}

bool costs_check(const struct business_case *a_case, struct problem *err)
{
    int64_t sum_pence = 0;
    if (a_case->cost_count == 0)
        return true;
    bool ok = months_check(a_case, err);
    ok = recurrent_check(a_case, err) && ok;
    for (int i = 0; i < a_case->cost_count; i++)
        sum_pence += a_case->costs[i].one_off_pence;
    if (sum_pence == a_case->one_off_pence)
        return ok;
    char sum[MONEY_TEXT_SIZE], cost[MONEY_TEXT_SIZE];
    money_format(sum_pence, sum);
    money_format(a_case->one_off_pence, cost);
    return problem_add(err, PROBLEM_RULE_BROKEN, "one-off", "/costs",
                       "the one-off costs by month come to %s, the one-off cost to %s", sum, cost);
}

bool milestone_complete(struct business_case *a_case, const char *code, int32_t done_day,
                        int32_t today, struct problem *err)
{
    struct milestone *milestone = NULL;
    for (int i = 0; i < a_case->milestone_count; i++)
        if (strcmp(a_case->milestones[i].code, code) == 0)
            milestone = &a_case->milestones[i];
    if (milestone == NULL)
        return problem_set(err, PROBLEM_NOT_FOUND, "the case has no milestone %s", code);
    if (a_case->state != CASE_IN_DELIVERY)
        return problem_set(err, PROBLEM_STATE_CONFLICT,
                           "the case is %s; milestones of one in delivery are completed",
                           case_state_word(a_case->state));
    if (milestone->done_day != DAY_NONE)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "milestone %s is done already", code);
    if (done_day > today)
        return problem_add(err, PROBLEM_RULE_BROKEN, "future", "/doneOn",
                           "what is done was done today or before");
    milestone->done_day = done_day;
    a_case->version++;
    return true;
}
