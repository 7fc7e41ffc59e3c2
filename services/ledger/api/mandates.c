#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/json.h"
#include "common/subject.h"
#include "services/ledger/api/handlers.h"
#include "services/ledger/events.h"
#include "services/ledger/rules.h"
#include "services/ledger/store.h"

bool list_mandates(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {.result = NULL};
    if (!page_begin(request, &page, err) ||
        !store_mandate_list(request->tx, request_query(request, "state"), page.after, page.limit,
                            &rows, err))
        return false;
    json_t *items = json_array();
    for (int i = 0; i < rows.count; i++) {
        struct mandate mandate;
        mandate_of_row(&rows, i, &mandate);
        json_push_new(items, mandate_to_json(&mandate));
    }
    list_reply(request, reply, &page, items, "id");
    return true;
}

bool get_mandate(struct request *request, struct reply *reply, struct problem *err)
{
    struct mandate mandate;
    if (!store_mandate_get(request->tx, request_path(request, "mandateId"), &mandate, err))
        return false;
    reply_ok(reply, mandate_to_json(&mandate), mandate.version);
    return true;
}

/* Reads what the body has; what it has not stays. */
static size_t codes_read(const json_t *body, const char *name, char ret_codes[][CODE_SIZE],
                         size_t count)
{
    const json_t *array = json_member(body, name);
    if (array == NULL)
        return count;
    size_t i;
    json_t *code;
    json_array_foreach(array, i, code)
    {
        snprintf(ret_codes[i], CODE_SIZE, "%s", json_string_value(code));
    }
    return json_array_size(array);
}

static void mandate_read(const json_t *body, struct mandate *mandate)
{
    if (json_member(body, "title") != NULL)
        json_copy_text(body, "title", mandate->title, sizeof mandate->title);
    mandate->debit_count =
        codes_read(body, "debitAccounts", mandate->debit_accounts, mandate->debit_count);
    mandate->credit_count =
        codes_read(body, "creditAccounts", mandate->credit_accounts, mandate->credit_count);
    if (json_member(body, "limit") != NULL)
        mandate->limit_pence = json_money(body, "limit");
    if (json_member(body, "startsOn") != NULL)
        mandate->starts_day = json_day(body, "startsOn");
    if (json_member(body, "endsOn") != NULL)
        mandate->ends_day = json_day(body, "endsOn");
}

bool draft_mandate(struct request *request, struct reply *reply, struct problem *err)
{
    struct book *book;
    struct mandate mandate = {
        .drafted_ms = request->now_ms,
        .granted_ms = INSTANT_NONE,
        .withdrawn_ms = INSTANT_NONE,
        .version = 1,
    };
    mandate_read(request->body, &mandate);
    snprintf(mandate.drafted_by, sizeof mandate.drafted_by, "%s", finance_lead_of(request));
    if (!words_check(request->body, "title", err) || !store_book(request->act, &book, err) ||
        !mandate_check(book, &mandate, err))
        return false;
    uuid_new(request->now_ms, mandate.id);
    if (!event_mandate_drafted(request->act, &mandate, err))
        return false;
    char ref[REF_SIZE];
    mandate_ref(mandate.id, ref);
    reply_created(reply, mandate_to_json(&mandate), ref, mandate.version);
    return true;
}

/* The mandate that the path names, which no decision holds. */
static bool mandate_find(struct request *request, struct mandate **ret_mandate, struct problem *err)
{
    char ref[REF_SIZE];
    const char *id = request_path(request, "mandateId");
    mandate_ref(id, ref);
    return store_book_mandate(request->act, id, ret_mandate, err) &&
           subject_check_thawed(request->act, ref, err);
}

bool revise_mandate(struct request *request, struct reply *reply, struct problem *err)
{
    struct mandate *mandate;
    struct book *book;
    if (!mandate_find(request, &mandate, err) || !request_match(request, mandate->version, err) ||
        !mandate_revise_check(mandate, err) || !words_check(request->body, "title", err) ||
        !store_book(request->act, &book, err))
        return false;
    struct mandate revised = *mandate;
    mandate_read(request->body, &revised);
    if (!mandate_check(book, &revised, err))
        return false;
    revised.version++;
    *mandate = revised;
    if (!event_mandate_revised(request->act, mandate, err))
        return false;
    reply_ok(reply, mandate_to_json(mandate), mandate->version);
    return true;
}

bool withdraw_mandate(struct request *request, struct reply *reply, struct problem *err)
{
    struct mandate *mandate;
    if (!mandate_find(request, &mandate, err) || !mandate_withdraw_check(mandate, err) ||
        !words_check(request->body, "reason", err))
        return false;
    mandate->state = MANDATE_WITHDRAWN;
    mandate->withdrawn_ms = request->now_ms;
    json_copy_text(request->body, "reason", mandate->withdrawn_because,
                   sizeof mandate->withdrawn_because);
    mandate->version++;
    if (!event_mandate_withdrawn(request->act, mandate, err))
        return false;
    reply_ok(reply, mandate_to_json(mandate), mandate->version);
    return true;
}
