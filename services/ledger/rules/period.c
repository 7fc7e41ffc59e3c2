#include <string.h>

#include "services/ledger/rules.h"

static bool next_open(const struct book *book, int32_t month, int32_t *ret_day)
{
    for (size_t i = 0; i < book->period_count; i++) {
        const struct period *period = &book->periods[i];
        if (period->month > month && period->state == PERIOD_OPEN) {
            *ret_day = month_first_day(period->month);
            return true;
        }
    }
    return false;
}

bool period_choose(const struct book *book, int32_t day, bool goes_late, const char *pointer,
                   int32_t *ret_day, struct problem *err)
{
    char date[DATE_SIZE], month[MONTH_SIZE];
    day_format(day, date);
    const struct period *period = book_period(book, month_of_day(day));
    if (period == NULL)
        return problem_add(err, PROBLEM_RULE_BROKEN, "outside-term", pointer,
                           "%s is outside the alliance's term", date);
    if (period->state == PERIOD_OPEN) {
        *ret_day = day;
        return true;
    }
    month_format(period->month, month);
    if (!goes_late)
        return problem_add(err, PROBLEM_PERIOD_CLOSED, "period-closed", pointer,
                           "%s is in %s, which is %s", date, month,
                           period_state_word(period->state));
    if (!next_open(book, period->month, ret_day))
        return problem_add(err, PROBLEM_PERIOD_CLOSED, "period-closed", pointer,
                           "no month after %s is open", month);
    return true;
}

/* Every month before it has come as far as `state`. */
static bool earlier_have(const struct book *book, const struct period *period,
                         enum period_state state, struct problem *err)
{
    for (size_t i = 0; i < book->period_count; i++) {
        const struct period *earlier = &book->periods[i];
        if (earlier->month < period->month && earlier->state < state) {
            char month[MONTH_SIZE], before[MONTH_SIZE];
            month_format(period->month, month);
            month_format(earlier->month, before);
            return problem_set(err, PROBLEM_PERIOD_ORDER, "%s is still %s; it comes before %s",
                               before, period_state_word(earlier->state), month);
        }
    }
    return true;
}

/* What keeps the month from closing; NULL = nothing. */
static const char *period_tie(const struct month_ties *ties)
{
    if (ties->has_open_hold)
        return "a hold of its own is open";
    if (ties->has_open_settlement)
        return "its settlement is not decided";
    if (ties->has_pending_submission)
        return "no settlement has used a submission";
    if (ties->has_settlement_due)
        return "its settlement is not posted";
    if (ties->has_correction_due)
        return "another version of the agreement is in force than it was settled by";
    return NULL;
}

bool period_move(const struct book *book, const struct period *period, enum period_state state,
                 const struct month_ties *ties, int64_t now_ms, struct period *ret_period,
                 struct problem *err)
{
    char month[MONTH_SIZE];
    month_format(period->month, month);
    if (state != period->state + 1)
        return problem_set(err, PROBLEM_PERIOD_ORDER,
                           "%s is %s; a month goes from open to locked to closed", month,
                           period_state_word(period->state));
    if (!earlier_have(book, period, state, err))
        return false;
    const char *tie = period_tie(ties);
    if (state == PERIOD_CLOSED && tie != NULL)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "%s does not close: %s", month, tie);
    *ret_period = *period;
    ret_period->state = state;
    ret_period->version++;
    if (state == PERIOD_LOCKED)
        ret_period->locked_ms = now_ms;
    else
        ret_period->closed_ms = now_ms;
    return true;
}

bool period_reopen_check(const struct book *book, const struct period *period, struct problem *err)
{
    char month[MONTH_SIZE];
    month_format(period->month, month);
    if (period->state != PERIOD_CLOSED)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "%s is %s; only a closed month is reopened",
                           month, period_state_word(period->state));
    const struct period *next = book_period(book, period->month + 1);
    if (next != NULL && next->state == PERIOD_CLOSED)
        return problem_set(err, PROBLEM_STATE_CONFLICT,
                           "a later month is closed; only the latest closed month is reopened");
    return true;
}
