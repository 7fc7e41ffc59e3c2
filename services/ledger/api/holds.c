#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "services/ledger/api/handlers.h"
#include "services/ledger/events.h"
#include "services/ledger/rules.h"
#include "services/ledger/store.h"

bool list_holds(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {.result = NULL};
    struct hold_filter filter = {
        .state = request_query(request, "state"),
        .account_code = request_query(request, "accountCode"),
        .beneficiary = request_query(request, "beneficiary"),
    };
    if (!page_begin(request, &page, err) ||
        !store_hold_list(request->tx, &filter, page.after, page.limit, &rows, err))
        return false;
    json_t *items = json_array();
    for (int i = 0; i < rows.count; i++) {
        struct hold hold;
        hold_of_row(&rows, i, &hold);
        json_push_new(items, hold_to_json(&hold));
    }
    list_reply(request, reply, &page, items, "id");
    return true;
}

bool get_hold(struct request *request, struct reply *reply, struct problem *err)
{
    struct hold hold;
    if (!store_hold_get(request->tx, request_path(request, "holdId"), &hold, err))
        return false;
    reply_ok(reply, hold_to_json(&hold), hold.version);
    return true;
}

bool list_captures(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    struct hold hold;
    db_rows_auto_t rows = {.result = NULL};
    const char *id = request_path(request, "holdId");
    if (!page_begin(request, &page, err) || !store_hold_get(request->tx, id, &hold, err) ||
        !store_capture_list(request->tx, id, page.after, page.limit, &rows, err))
        return false;
    json_t *items = json_array();
    for (int i = 0; i < rows.count; i++) {
        struct capture capture;
        capture_of_row(&rows, i, &capture);
        json_push_new(items, capture_to_json(&capture));
    }
    list_reply(request, reply, &page, items, "id");
    return true;
}

/* --- under a mandate
 * ------------------------------------------------------------------------------------ */

static void hold_read(const struct request *request, const struct mandate *mandate,
                      struct hold *ret_hold)
{
    *ret_hold = (struct hold){
        .month = DAY_NONE,
        .amount_pence = json_money(request->body, "amount"),
        .placed_ms = request->now_ms,
        .expires_ms = json_instant(request->body, "expiresAt"),
        .resolved_ms = INSTANT_NONE,
        .version = 1,
    };
    json_copy_text(request->body, "accountCode", ret_hold->account_code,
                   sizeof ret_hold->account_code);
    json_copy_text(request->body, "beneficiary", ret_hold->beneficiary,
                   sizeof ret_hold->beneficiary);
    json_copy_text(request->body, "title", ret_hold->title, sizeof ret_hold->title);
    const char *month = json_text(request->body, "month");
    if (month != NULL && !month_parse(month, &ret_hold->month))
        ret_hold->month = DAY_NONE;
    mandate_ref(mandate->id, ret_hold->subject);
    memcpy(ret_hold->mandate_id, mandate->id, sizeof ret_hold->mandate_id);
    memcpy(ret_hold->decision_id, mandate->decision_id, sizeof ret_hold->decision_id);
}

bool place_hold(struct request *request, struct reply *reply, struct problem *err)
{
    struct book *book;
    struct mandate *mandate;
    struct hold hold;
    const char *mandate_id = json_text(request->body, "mandateId");
    if (!words_check(request->body, "title", err) || !book_begin(request->act, &book, err))
        return false;
    if (!store_book_mandate(request->act, mandate_id, &mandate, err))
        return err->code == PROBLEM_NOT_FOUND
                   ? problem_add(err, PROBLEM_REFERENCE_UNKNOWN, "unknown-mandate", "/mandateId",
                                 "there is no mandate %s", mandate_id)
                   : false;
    hold_read(request, mandate, &hold);
    if (!hold_check(book, mandate, &hold, request->now_ms, err))
        return false;
    uuid_new(request->now_ms, hold.id);
    hold_apply(book, &hold);
    if (!event_hold_placed(request->act, book, &hold, err))
        return false;
    char ref[REF_SIZE];
    hold_ref(hold.id, ref);
    reply_created(reply, hold_to_json(&hold), ref, hold.version);
    return true;
}

/* The path's hold, if it is one that people resolve: not a business case's. */
static bool hold_find(struct request *request, struct hold **ret_hold, struct problem *err)
{
    struct book *book;
    struct mandate *mandate;
    if (!book_begin(request->act, &book, err) ||
        !store_book_hold(request->act, request_path(request, "holdId"), ret_hold, err))
        return false;
    if ((*ret_hold)->mandate_id[0] == '\0')
        return problem_set(err, PROBLEM_RULE_BROKEN,
                           "the hold belongs to %s, which captures and releases it",
                           (*ret_hold)->subject);
    return store_book_mandate(request->act, (*ret_hold)->mandate_id, &mandate, err);
}

bool capture_hold(struct request *request, struct reply *reply, struct problem *err)
{
    struct hold *hold;
    if (!words_check(request->body, "description", err) || !hold_find(request, &hold, err))
        return false;
    struct capture capture = {
        .amount_pence = json_money(request->body, "amount"),
        .is_final = json_flag(request->body, "final"),
    };
    int32_t day = json_day(request->body, "effectiveOn");
    struct capture_order order = {
        .effective_day = day == DAY_NONE ? instant_day(request->now_ms) : day,
        .goes_late = body_goes_late(request->body),
        .description = json_text(request->body, "description"),
    };
    struct transaction transaction;
    if (!capture_run(request->act, hold, &order, &capture, &transaction, err))
        return false;
    char ref[REF_SIZE];
    hold_ref(capture.hold_id, ref);
    strncat(ref, "/captures", sizeof ref - strlen(ref) - 1);
    reply_created(reply, capture_to_json(&capture), ref, 0);
    return true;
}

bool release_hold(struct request *request, struct reply *reply, struct problem *err)
{
    struct hold *hold, after;
    struct book *book;
    if (!words_check(request->body, "reason", err) || !hold_find(request, &hold, err) ||
        !hold_release(hold, json_text(request->body, "reason"), request->now_ms, &after, err) ||
        !store_book(request->act, &book, err))
        return false;
    struct hold before = *hold;
    hold_move(book, &before, &after);
    if (!event_hold_resolved(request->act, book, &after, err))
        return false;
    reply_ok(reply, hold_to_json(&after), after.version);
    return true;
}
