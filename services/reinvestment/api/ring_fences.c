#include "common/instant.h"
#include "common/json.h"
#include "services/reinvestment/api/handlers.h"
#include "services/reinvestment/rules.h"
#include "services/reinvestment/store.h"

static json_t *codes_to_json(const char codes[][CODE_SIZE], int count)
{
    json_t *array = json_array();
    for (int i = 0; i < count; i++)
        json_push_new(array, json_string(codes[i]));
    return array;
}

static json_t *ring_fence_to_json(const struct ring_fence *ring_fence)
{
    json_t *object = json_object();
    json_put_text(object, "code", ring_fence->code);
    json_put_text(object, "accountCode", ring_fence->account_code);
    json_put_text(object, "purpose", ring_fence->purpose);
    json_put_new(object, "categories",
                 codes_to_json(ring_fence->categories, ring_fence->category_count));
    json_put_new(object, "settings",
                 codes_to_json(ring_fence->settings, ring_fence->setting_count));
    json_put_integer(object, "agreementVersion", ring_fence->agreement_version);
    json_put_money(object, "balance", ring_fence->balance_pence);
    json_put_money(object, "committed", ring_fence->committed_pence);
    json_put_money(object, "proposed", ring_fence->proposed_pence);
    json_put_money(object, "available", ring_fence_available_pence(ring_fence));
    return object;
}

bool list_ring_fences(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {0};
    if (!page_begin(request, &page, err) ||
        !store_ring_fence_list(request->tx, instant_day(request->now_ms), page.after, page.limit,
                               &rows, err))
        return false;
    json_auto_t *items = json_array();
    for (int row = 0; row < rows.count; row++) {
        struct ring_fence ring_fence = {0};
        if (!ring_fence_of_row(&rows, row, &ring_fence, err))
            return false;
        json_push_new(items, ring_fence_to_json(&ring_fence));
    }
    list_reply(request, reply, &page, STEAL(items), "code");
    return true;
}

bool get_ring_fence(struct request *request, struct reply *reply, struct problem *err)
{
    struct ring_fence ring_fence = {0};
    if (!store_ring_fence_get(request->tx, request_path(request, "ringFence"),
                              instant_day(request->now_ms), &ring_fence, err))
        return false;
    reply_ok(reply, ring_fence_to_json(&ring_fence), 0);
    return true;
}
