#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/json.h"
#include "common/money.h"
#include "common/trace.h"
#include "services/ledger/api/handlers.h"
#include "services/ledger/events.h"
#include "services/ledger/rules.h"
#include "services/ledger/store.h"

bool list_transactions(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {.result = NULL};
    struct transaction_filter filter = {
        .kind = request_query(request, "kind"),
        .month = request_query(request, "month"),
        .mandate_id = request_query(request, "mandateId"),
        .hold_id = request_query(request, "holdId"),
        .bulk_id = request_query(request, "bulkId"),
        .account_code = request_query(request, "accountCode"),
    };
    if (!page_begin(request, &page, err) ||
        !store_transaction_list(request->tx, &filter, page.after, page.limit, &rows, err))
        return false;
    json_t *items = json_array();
    for (int i = 0; i < rows.count; i++) {
        struct transaction transaction;
        transaction_of_row(&rows, i, &transaction);
        json_push_new(items, transaction_to_json(&transaction, false));
    }
    list_reply(request, reply, &page, items, "id");
    return true;
}

bool get_transaction(struct request *request, struct reply *reply, struct problem *err)
{
    struct transaction transaction;
    if (!store_transaction_get(request->tx, request_path(request, "transactionId"), &transaction,
                               err))
        return false;
    reply_ok(reply, transaction_to_json(&transaction, true), 0);
    return true;
}

bool trace_transaction(struct request *request, struct reply *reply, struct problem *err)
{
    struct transaction transaction;
    char ref[REF_SIZE];
    if (!store_transaction_get(request->tx, request_path(request, "transactionId"), &transaction,
                               err))
        return false;
    transaction_ref(transaction.id, ref);
    return trace_reply(request, reply, ref, transaction.sequence, err);
}

/* --- posting
 * ---------------------------------------------------------------------------------------------- */

/* What a posting says by itself; what it rests on is the caller's. */
static void posting_read(const json_t *body, struct transaction *ret_transaction)
{
    *ret_transaction = (struct transaction){
        .kind = TRANSACTION_POSTING,
        .effective_day = json_day(body, "effectiveOn"),
        .requested_day = DAY_NONE,
    };
    json_copy_text(body, "description", ret_transaction->description,
                   sizeof ret_transaction->description);
    size_t i;
    json_t *item;
    json_array_foreach(json_member(body, "entries"), i, item)
    {
        struct entry *entry = &ret_transaction->entries[ret_transaction->entry_count++];
        json_copy_text(item, "accountCode", entry->account_code, sizeof entry->account_code);
        entry->amount_pence = json_money(item, "amount");
    }
}

static void posting_rest_on(struct transaction *transaction, const struct mandate *mandate,
                            int64_t now_ms)
{
    memcpy(transaction->mandate_id, mandate->id, sizeof transaction->mandate_id);
    memcpy(transaction->decision_id, mandate->decision_id, sizeof transaction->decision_id);
    transaction->recorded_ms = now_ms;
}

/* The mandate that the body cites: what does not exist is the body's fault. */
static bool mandate_cited(struct request *request, struct mandate **ret_mandate,
                          struct problem *err)
{
    const char *id = json_text(request->body, "mandateId");
    if (store_book_mandate(request->act, id, ret_mandate, err))
        return true;
    if (err->code != PROBLEM_NOT_FOUND)
        return false;
    return problem_add(err, PROBLEM_REFERENCE_UNKNOWN, "unknown-mandate", "/mandateId",
                       "there is no mandate %s", id);
}

static void transaction_reply(struct reply *reply, const struct transaction *transaction)
{
    char ref[REF_SIZE];
    transaction_ref(transaction->id, ref);
    reply_created(reply, transaction_to_json(transaction, true), ref, 0);
}

bool post_transaction(struct request *request, struct reply *reply, struct problem *err)
{
    struct book *book;
    struct mandate *mandate;
    struct transaction transaction;
    if (!words_check(request->body, "description", err) || !book_begin(request->act, &book, err) ||
        !mandate_cited(request, &mandate, err))
        return false;
    posting_read(request->body, &transaction);
    posting_rest_on(&transaction, mandate, request->now_ms);
    struct posting_terms terms = {
        .pointer = "",
        .mandate = mandate,
        .goes_late = body_goes_late(request->body),
    };
    if (!transaction_check(book, &terms, &transaction, err))
        return false;
    uuid_new(request->now_ms, transaction.id);
    transaction_apply(book, &transaction);
    if (!event_transaction_posted(request->act, book, &transaction, err))
        return false;
    transaction_reply(reply, &transaction);
    return true;
}

bool reverse_transaction(struct request *request, struct reply *reply, struct problem *err)
{
    struct book *book;
    struct mandate *mandate;
    struct transaction original, reversal;
    if (!words_check(request->body, "reason", err) || !book_begin(request->act, &book, err) ||
        !store_transaction_get(request->tx, request_path(request, "transactionId"), &original,
                               err) ||
        !reversal_make(&original, json_text(request->body, "reason"), &reversal, err) ||
        !store_book_mandate(request->act, reversal.mandate_id, &mandate, err))
        return false;
    reversal.recorded_ms = request->now_ms;
    /* It counts with the original while that is possible, and in the next open month otherwise. */
    struct posting_terms terms = {.pointer = "", .goes_late = true};
    if (!transaction_check(book, &terms, &reversal, err))
        return false;
    uuid_new(request->now_ms, reversal.id);
    transaction_apply(book, &reversal);
    if (!event_transaction_posted(request->act, book, &reversal, err))
        return false;
    transaction_reply(reply, &reversal);
    return true;
}

/* --- many at once
 * -------------------------------------------------------------------------------------------- */

/* What a bulk moves in all: its positive entries. Too much for an amount is too much for any
 * mandate, which the check of its transactions will say. */
static int64_t bulk_amount(const json_t *transactions)
{
    int64_t amount_pence = 0;
    size_t i, j;
    json_t *transaction, *entry;
    json_array_foreach(transactions, i, transaction)
    {
        json_array_foreach(json_object_get(transaction, "entries"), j, entry)
        {
            int64_t pence = json_money(entry, "amount");
            if (pence > 0 && !money_add(amount_pence, pence, &amount_pence))
                amount_pence = MONEY_PENCE_MAX;
        }
    }
    return amount_pence;
}

/* One of the bulk's, checked against the book as those before it have left it. */
static bool bulk_item_check(const struct request *request, const struct book *book,
                            const struct mandate *mandate, size_t i,
                            struct transaction *ret_transaction, struct problem *err)
{
    const json_t *item = json_array_get(json_member(request->body, "transactions"), i);
    char pointer[FAULT_POINTER_SIZE];
    snprintf(pointer, sizeof pointer, "/transactions/%zu", i);
    posting_read(item, ret_transaction);
    posting_rest_on(ret_transaction, mandate, request->now_ms);
    struct posting_terms terms = {
        .pointer = pointer,
        .mandate = mandate,
        .goes_late = body_goes_late(request->body),
    };
    char place[FAULT_POINTER_SIZE];
    snprintf(place, sizeof place, "/transactions/%zu/description", i);
    return text_check(place, ret_transaction->description, err) &&
           transaction_check(book, &terms, ret_transaction, err);
}

/* Posts while all is well; after the first fault only looks for the others. */
static bool bulk_run(struct request *request, struct bulk_event *event, struct book *book,
                     struct problem *err)
{
    const struct mandate *mandate = book_mandate(book, event->bulk->mandate_id);
    bool ok = true;
    for (size_t i = 0; i < (size_t)event->bulk->transaction_count; i++) {
        struct transaction transaction;
        if (!bulk_item_check(request, book, mandate, i, &transaction, err)) {
            if (err->fault_count == 0)
                return false; /* no transaction's fault: the mandate is not active */
            ok = false;
            continue;
        }
        uuid_new(request->now_ms, transaction.id);
        memcpy(transaction.bulk_id, event->bulk->id, sizeof transaction.bulk_id);
        transaction_apply(book, &transaction);
        if (ok && !bulk_event_add(event, &transaction, err))
            return false;
    }
    return ok && (json_array_size(event->transactions) == 0 || bulk_event_end(event, err));
}

bool post_bulk(struct request *request, struct reply *reply, struct problem *err)
{
    struct book *book;
    struct mandate *mandate;
    const json_t *transactions = json_member(request->body, "transactions");
    struct bulk bulk = {
        .transaction_count = (int64_t)json_array_size(transactions),
        .amount_pence = bulk_amount(transactions),
        .recorded_ms = request->now_ms,
    };
    if (!book_begin(request->act, &book, err) || !mandate_cited(request, &mandate, err))
        return false;
    memcpy(bulk.mandate_id, mandate->id, sizeof bulk.mandate_id);
    uuid_new(request->now_ms, bulk.id);
    CLEANUP(bulk_event_done) struct bulk_event event;
    bulk_event_begin(&event, request->act, book, &bulk);
    if (!bulk_run(request, &event, book, err)) {
        store_book_forget(request->act); /* it holds what was not posted */
        return false;
    }
    char ref[REF_SIZE];
    bulk_ref(bulk.id, ref);
    reply_created(reply, bulk_to_json(&bulk), ref, 0);
    return true;
}

bool get_bulk(struct request *request, struct reply *reply, struct problem *err)
{
    struct bulk bulk;
    if (!store_bulk_get(request->tx, request_path(request, "bulkId"), &bulk, err))
        return false;
    reply_ok(reply, bulk_to_json(&bulk), 0);
    return true;
}
