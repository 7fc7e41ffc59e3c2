#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "services/ledger/queries.h"
#include "services/ledger/rules.h"
#include "services/ledger/store.h"

static void *allocate(size_t count, size_t size)
{
    return need(calloc(count > 0 ? count : 1, size));
}

static void book_free(void *slot)
{
    struct book *book = slot;
    free(book->accounts);
    free(book->periods);
    free(book->mandates);
    free(book->holds);
    free(book);
}

/* "cclloooo", from the first month on. */
static void book_take_periods(struct book *book, const struct db_rows *rows)
{
    const char *states = row_text(rows, 0, "states"), *first = row_text(rows, 0, "first_month");
    int32_t month = 0;
    bool is_month = first == NULL || month_parse(first, &month);
    assert(is_month);
    book->period_count = strlen(states);
    book->periods = allocate(book->period_count, sizeof book->periods[0]);
    for (size_t i = 0; i < book->period_count; i++)
        book->periods[i] = (struct period){
            .month = month + (int32_t)i,
            .state = states[i] == 'o'   ? PERIOD_OPEN
                     : states[i] == 'l' ? PERIOD_LOCKED
                                        : PERIOD_CLOSED,
        };
}

static struct book *book_of_rows(const struct db_rows *accounts, const struct db_rows *periods)
{
    struct book *book = allocate(1, sizeof *book);
    book->accounts = allocate((size_t)accounts->count, sizeof book->accounts[0]);
    book->account_count = (size_t)accounts->count;
    for (int i = 0; i < accounts->count; i++)
        account_of_row(accounts, i, &book->accounts[i]);
    book_take_periods(book, periods);
    return book;
}

bool store_book(struct act *act, struct book **ret_book, struct problem *err)
{
    *ret_book = act_slot(act);
    if (*ret_book != NULL)
        return true;
    db_rows_auto_t accounts = {.result = NULL}, periods = {.result = NULL}, due = {.result = NULL};
    if (!db_send(act->tx, &QUERY_BOOK_ACCOUNTS, &accounts, err) ||
        !db_send(act->tx, &QUERY_BOOK_PERIODS, &periods, err) ||
        !db_select_one(act->tx, &QUERY_BOOK_DUE_HOLDS, &due, err, db_instant(act->now_ms)))
        return false;
    *ret_book = book_of_rows(&accounts, &periods);
    (*ret_book)->due_hold_count = row_int(&due, 0, "due_hold_count");
    act_set_slot(act, *ret_book, book_free);
    return true;
}

void store_book_forget(struct act *act)
{
    act_set_slot(act, NULL, NULL);
}

/* One more element of an array that moves as it grows. */
static void *grown(void *array, size_t count, size_t size)
{
    void *memory = reallocarray(array, count + 1, size);
    if (memory == NULL)
        abort();
    return memory;
}

bool store_book_mandate(struct act *act, const char *id, struct mandate **ret_mandate,
                        struct problem *err)
{
    struct book *book;
    if (!store_book(act, &book, err))
        return false;
    *ret_mandate = book_mandate(book, id);
    if (*ret_mandate != NULL)
        return true;
    struct mandate mandate;
    if (!store_mandate_get(act->tx, id, &mandate, err))
        return false;
    book->mandates = grown(book->mandates, book->mandate_count, sizeof mandate);
    *ret_mandate = &book->mandates[book->mandate_count++];
    **ret_mandate = mandate;
    return true;
}

bool store_book_hold(struct act *act, const char *id, struct hold **ret_hold, struct problem *err)
{
    struct book *book;
    if (!store_book(act, &book, err))
        return false;
    *ret_hold = book_hold(book, id);
    if (*ret_hold != NULL)
        return true;
    struct hold hold;
    if (!store_hold_get(act->tx, id, &hold, err))
        return false;
    book->holds = grown(book->holds, book->hold_count, sizeof hold);
    *ret_hold = &book->holds[book->hold_count++];
    **ret_hold = hold;
    return true;
}

bool store_hold_due(struct act *act, struct db_rows *ret_rows, struct problem *err)
{
    return act_select(act, &QUERY_HOLD_DUE, ret_rows, err, db_instant(act->now_ms));
}

bool store_book_period(struct act *act, int32_t month, struct period **ret_period,
                       struct problem *err)
{
    struct book *book;
    char text[MONTH_SIZE];
    month_format(month, text);
    if (!store_book(act, &book, err))
        return false;
    *ret_period = book_period(book, month);
    if (*ret_period == NULL)
        return problem_set(err, PROBLEM_NOT_FOUND, "%s is outside the alliance's term", text);
    return (*ret_period)->version > 0 || store_period_get(act->tx, month, *ret_period, err);
}

bool store_month_is_held(struct act *act, int32_t month, bool *ret_is_held, struct problem *err)
{
    char text[MONTH_SIZE];
    month_format(month, text);
    db_rows_auto_t rows = {.result = NULL};
    if (!act_select_one(act, &QUERY_HOLD_OF_MONTH, &rows, err, db_text(text),
                        db_instant(act->now_ms)))
        return false;
    *ret_is_held = row_bool(&rows, 0, "has_open_hold");
    return true;
}
