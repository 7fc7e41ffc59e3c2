#include "common/instant.h"
#include "common/json.h"
#include "services/ledger/api/handlers.h"
#include "services/ledger/store.h"

/* What was known at the instant asked for; nothing is known of the future yet. */
static int64_t recorded_asked(const struct request *request)
{
    int64_t asked_ms = query_instant(request, "recordedAt");
    return asked_ms == INSTANT_NONE || asked_ms > request->now_ms ? request->now_ms : asked_ms;
}

bool list_positions(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {.result = NULL};
    if (!page_begin(request, &page, err) ||
        !store_position_list(request->tx, page.after, page.limit, &rows, err))
        return false;
    json_t *items = json_array();
    for (int i = 0; i < rows.count; i++) {
        json_t *item = json_object();
        json_put_text(item, "organisation", row_text(&rows, i, "organisation"));
        json_put_text(item, "name", row_text(&rows, i, "name"));
        json_put_text(item, "role", row_text(&rows, i, "role"));
        json_put_money(item, "position", row_int(&rows, i, "position_pence"));
        json_put_money(item, "owed", row_int(&rows, i, "owed_pence"));
        json_put_money(item, "heldFor", row_int(&rows, i, "held_for_pence"));
        json_push_new(items, item);
    }
    list_reply(request, reply, &page, items, "organisation");
    return true;
}

bool get_trial_balance(struct request *request, struct reply *reply, struct problem *err)
{
    db_rows_auto_t rows = {.result = NULL};
    int32_t effective_day = query_day(request, "effectiveOn");
    int64_t recorded_ms = recorded_asked(request), total_pence = 0;
    if (!store_trial_balance(request->tx, effective_day, recorded_ms, &rows, err))
        return false;
    json_t *accounts = json_array();
    for (int i = 0; i < rows.count; i++) {
        json_t *item = json_object();
        json_put_text(item, "code", row_text(&rows, i, "code"));
        json_put_money(item, "debits", row_int(&rows, i, "debits_pence"));
        json_put_money(item, "credits", row_int(&rows, i, "credits_pence"));
        json_put_money(item, "balance", row_int(&rows, i, "balance_pence"));
        total_pence += row_int(&rows, i, "balance_pence");
        json_push_new(accounts, item);
    }
    json_t *resource = json_object();
    json_put_day(resource, "effectiveOn", effective_day);
    json_put_instant(resource, "recordedAt", recorded_ms);
    json_put_money(resource, "total", total_pence);
    json_put_new(resource, "accounts", accounts);
    reply_ok(reply, resource, 0);
    return true;
}

/* The months of a statement, each with the balance at its end; adds up what came in and went out.
 */
static json_t *months_to_json(const struct db_rows *rows, int64_t balance_pence,
                              int64_t *ret_in_pence, int64_t *ret_out_pence)
{
    json_t *months = json_array();
    for (int i = 0; i < rows->count; i++) {
        int64_t in_pence = row_int(rows, i, "in_pence");
        int64_t out_pence = row_int(rows, i, "out_pence");
        balance_pence += in_pence - out_pence;
        *ret_in_pence += in_pence;
        *ret_out_pence += out_pence;
        json_t *item = json_object();
        json_put_text(item, "month", row_text(rows, i, "month"));
        json_put_money(item, "in", in_pence);
        json_put_money(item, "out", out_pence);
        json_put_money(item, "balance", balance_pence);
        json_put_integer(item, "entryCount", row_int(rows, i, "entry_count"));
        json_push_new(months, item);
    }
    return months;
}

bool get_statement(struct request *request, struct reply *reply, struct problem *err)
{
    struct account account;
    db_rows_auto_t months = {.result = NULL};
    int64_t opening_pence, in_pence = 0, out_pence = 0;
    struct statement_span span = {
        .account_code = request_path(request, "accountCode"),
        .from_day = query_day(request, "from"),
        .to_day = query_day(request, "to"),
        .recorded_ms = recorded_asked(request),
    };
    if (span.from_day >= span.to_day)
        return problem_add(err, PROBLEM_RULE_BROKEN, "order", "?to",
                           "the span ends before it starts");
    if (!store_account_get(request->tx, span.account_code, &account, err) ||
        !store_statement(request->tx, &span, &opening_pence, &months, err))
        return false;
    json_t *resource = json_object();
    json_put_text(resource, "accountCode", account.code);
    json_put_day(resource, "from", span.from_day);
    json_put_day(resource, "to", span.to_day);
    json_put_instant(resource, "recordedAt", span.recorded_ms);
    json_put_new(resource, "months", months_to_json(&months, opening_pence, &in_pence, &out_pence));
    json_put_money(resource, "opening", opening_pence);
    json_put_money(resource, "in", in_pence);
    json_put_money(resource, "out", out_pence);
    json_put_money(resource, "closing", opening_pence + in_pence - out_pence);
    reply_ok(reply, resource, 0);
    return true;
}
