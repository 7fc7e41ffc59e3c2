#include "common/json.h"
#include "services/ledger/api/handlers.h"
#include "services/ledger/events.h"
#include "services/ledger/rules.h"
#include "services/ledger/store.h"

bool list_accounts(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {.result = NULL};
    struct account_filter filter = {
        .type = request_query(request, "type"),
        .organisation = request_query(request, "organisation"),
        .state = request_query(request, "state"),
    };
    if (!page_begin(request, &page, err) ||
        !store_account_list(request->tx, &filter, page.after, page.limit, &rows, err))
        return false;
    json_t *items = json_array();
    for (int i = 0; i < rows.count; i++) {
        struct account account;
        account_of_row(&rows, i, &account);
        json_push_new(items, account_to_json(&account));
    }
    list_reply(request, reply, &page, items, "code");
    return true;
}

bool get_account(struct request *request, struct reply *reply, struct problem *err)
{
    struct account account;
    if (!store_account_get(request->tx, request_path(request, "accountCode"), &account, err))
        return false;
    reply_ok(reply, account_to_json(&account), account.version);
    return true;
}

static bool account_find(struct request *request, struct account **ret_account, struct problem *err)
{
    struct book *book;
    const char *code = request_path(request, "accountCode");
    if (!store_book(request->act, &book, err))
        return false;
    *ret_account = book_account(book, code);
    return *ret_account != NULL ||
           problem_set(err, PROBLEM_NOT_FOUND, "there is no account %s", code);
}

/* Merge patch: absent stays, null clears. */
static void limit_read(const json_t *body, const char *name, bool *has_limit, int64_t *limit_pence)
{
    const json_t *given = json_object_get(body, name);
    if (given == NULL)
        return;
    *has_limit = !json_is_null(given);
    *limit_pence = *has_limit ? json_money(body, name) : 0;
}

bool limit_account(struct request *request, struct reply *reply, struct problem *err)
{
    struct account *account;
    if (!account_find(request, &account, err) || !request_match(request, account->version, err))
        return false;
    struct account wanted = *account;
    limit_read(request->body, "floor", &wanted.has_floor, &wanted.floor_pence);
    limit_read(request->body, "ceiling", &wanted.has_ceiling, &wanted.ceiling_pence);
    if (!account_limits_check(account, &wanted, err))
        return false;
    wanted.version++;
    *account = wanted;
    if (!event_account_limited(request->act, account, err))
        return false;
    reply_ok(reply, account_to_json(account), account->version);
    return true;
}

bool close_account(struct request *request, struct reply *reply, struct problem *err)
{
    struct account *account;
    /* Accounts are derived before entries: what was posted earlier in this act goes first. */
    if (!account_find(request, &account, err) || !words_check(request->body, "reason", err) ||
        !account_close_check(account, err) || !act_flush(request->act, err))
        return false;
    account->is_closed = true;
    account->closed_ms = request->now_ms;
    json_copy_text(request->body, "reason", account->closed_because,
                   sizeof account->closed_because);
    account->version++;
    if (!event_account_closed(request->act, account, err))
        return false;
    reply_ok(reply, account_to_json(account), account->version);
    return true;
}

static json_t *entry_to_json(const struct db_rows *rows, int row)
{
    json_t *item = json_object();
    json_put_integer(item, "number", row_int(rows, row, "number"));
    json_put_text(item, "transactionId", row_text(rows, row, "transaction_id"));
    json_put_text(item, "kind", row_text(rows, row, "kind"));
    json_put_text(item, "description", row_text(rows, row, "description"));
    json_put_day(item, "effectiveOn", row_day(rows, row, "effective_on"));
    json_put_instant(item, "recordedAt", row_instant(rows, row, "recorded_at"));
    json_put_money(item, "amount", row_int(rows, row, "amount_pence"));
    json_put_money(item, "balance", row_int(rows, row, "balance_pence"));
    return item;
}

bool list_entries(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    struct account account;
    db_rows_auto_t rows = {.result = NULL};
    const char *code = request_path(request, "accountCode");
    if (!page_begin(request, &page, err) || !store_account_get(request->tx, code, &account, err) ||
        !store_entry_list(request->tx, code, query_day(request, "from"), query_day(request, "to"),
                          page.after, page.limit, &rows, err))
        return false;
    json_t *items = json_array();
    for (int i = 0; i < rows.count; i++)
        json_push_new(items, entry_to_json(&rows, i));
    list_reply(request, reply, &page, items, "number");
    return true;
}
