#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "services/ledger/events.h"
#include "services/ledger/rules.h"
#include "services/ledger/store.h"

bool capture_run(struct act *act, struct hold *hold, const struct capture_order *order,
                 struct capture *capture, struct transaction *transaction, struct problem *err)
{
    struct book *book;
    struct hold after;
    if (!store_book(act, &book, err) || !hold_capture(hold, act->now_ms, &after, capture, err))
        return false;
    capture_transaction_make(hold, capture, transaction);
    if (order->description != NULL)
        snprintf(transaction->description, sizeof transaction->description, "%s",
                 order->description);
    transaction->effective_day = order->effective_day;
    transaction->recorded_ms = act->now_ms;
    uuid_new(act->now_ms, transaction->id);
    uuid_new(act->now_ms, capture->id);
    memcpy(capture->hold_id, hold->id, sizeof capture->hold_id);
    memcpy(capture->transaction_id, transaction->id, sizeof capture->transaction_id);
    struct posting_terms terms = {
        .pointer = "",
        .goes_late = order->goes_late,
        .unheld_pence = hold_remaining(hold) - hold_remaining(&after),
    };
    if (!transaction_check(book, &terms, transaction, err))
        return false;
    struct hold before = *hold;
    hold_move(book, &before, &after);
    transaction_apply(book, transaction);
    return event_hold_captured(act, book, &after, capture, transaction, err);
}

/* One hold that is due, with the mandate it counts against. */
static bool hold_run_out(struct act *act, const char *id, struct problem *err)
{
    struct hold *hold, after;
    struct mandate *mandate;
    struct book *book;
    if (!store_book_hold(act, id, &hold, err))
        return false;
    if (!hold_expire(hold, act->now_ms, &after))
        return true;
    if (after.mandate_id[0] != '\0' && !store_book_mandate(act, after.mandate_id, &mandate, err))
        return false;
    if (!store_book(act, &book, err))
        return false;
    struct hold before = *hold;
    hold_move(book, &before, &after);
    return event_hold_resolved(act, book, &after, err);
}

bool book_begin(struct act *act, struct book **ret_book, struct problem *err)
{
    if (!store_book(act, ret_book, err))
        return false;
    if ((*ret_book)->due_hold_count == 0)
        return true;
    db_rows_auto_t due = {.result = NULL};
    if (!store_hold_due(act, &due, err))
        return false;
    for (int i = 0; i < due.count; i++)
        if (!hold_run_out(act, row_text(&due, i, "id"), err))
            return false;
    (*ret_book)->due_hold_count = 0;
    return true;
}

bool holds_expire(struct act *act, struct problem *err)
{
    struct book *book;
    return book_begin(act, &book, err);
}
