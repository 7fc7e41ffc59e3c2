#include <string.h>

#include "common/json.h"
#include "common/subject.h"
#include "services/ledger/api/handlers.h"
#include "services/ledger/events.h"
#include "services/ledger/events/settlement.h"
#include "services/ledger/rules.h"
#include "services/ledger/store/settlement.h"

bool list_periods(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {.result = NULL};
    if (!page_begin(request, &page, err) ||
        !store_period_list(request->tx, request_query(request, "state"),
                           request_query(request, "year"), page.after, page.limit, &rows, err))
        return false;
    json_t *items = json_array();
    for (int i = 0; i < rows.count; i++) {
        struct period period;
        period_of_row(&rows, i, &period);
        json_push_new(items, period_to_json(&period));
    }
    list_reply(request, reply, &page, items, "month");
    return true;
}

bool get_period(struct request *request, struct reply *reply, struct problem *err)
{
    struct period period;
    int32_t month = path_month(request);
    if (month == DAY_NONE)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no such month");
    if (!store_period_get(request->tx, month, &period, err))
        return false;
    reply_ok(reply, period_to_json(&period), period.version);
    return true;
}

static bool period_find(struct request *request, struct period **ret_period, struct problem *err)
{
    int32_t month = path_month(request);
    char ref[REF_SIZE];
    if (month == DAY_NONE)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no such month");
    period_ref(month, ref);
    return store_book_period(request->act, month, ret_period, err) &&
           subject_check_thawed(request->act, ref, err);
}

bool move_period_on(struct request *request, struct reply *reply, struct problem *err)
{
    struct book *book;
    struct period *period, moved;
    struct month_ties ties = {0};
    if (!book_begin(request->act, &book, err) || !period_find(request, &period, err) ||
        !request_match(request, period->version, err) ||
        !store_month_is_held(request->act, period->month, &ties.has_open_hold, err) ||
        !store_month_ties(request->tx, period->month, &ties, err))
        return false;
    enum period_state state = period_state_of_word(json_text(request->body, "state"));
    if (!period_move(book, period, state, &ties, request->now_ms, &moved, err))
        return false;
    *period = moved;
    if (!event_period_moved(request->act, period, err) ||
        (state == PERIOD_CLOSED && !reserve_left_escalate(request->act, period->month, err)))
        return false;
    reply_ok(reply, period_to_json(period), period->version);
    return true;
}
