#include "common/journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/chain.h"
#include "common/instant.h"
#include "common/json.h"
#include "common/memory.h"
#include "common/queries.h"
#include "common/service_context.h"
#include "common/sign.h"

enum {
    RESTRICTED_MAX = 64,
    EXPORT_BYTES_MAX = 16 * 1024 * 1024, /* of bodies in one answer */
};

static const char NDJSON[] = "application/x-ndjson";

/* --- one event -------------------------------------------------------------------------------- */

static bool may_know(const struct standing *standing, const json_t *restricted_to)
{
    const char *organisations[RESTRICTED_MAX];
    int count = 0;
    if (restricted_to == NULL)
        return true;
    for (size_t i = 0; i < json_array_size(restricted_to) && count < RESTRICTED_MAX; i++) {
        const char *organisation = json_string_value(json_array_get(restricted_to, i));
        if (organisation != NULL)
            organisations[count++] = organisation;
    }
    return access_may_know(standing, organisations, count);
}

/* What anybody may see of any event. */
static json_t *proof_write(const struct db_rows *rows, int row, const char *class)
{
    json_t *item = need(json_object());
    json_put_integer(item, "sequence", row_int(rows, row, "sequence"));
    json_put_text(item, "class", class);
    json_put_text(item, "digest", row_text(rows, row, "digest"));
    json_put_text(item, "hash", row_text(rows, row, "hash"));
    return item;
}

/* CloudEvents 1.0, structured; the hashed text itself goes along as `body`. */
static void cloud_event_write(json_t *item, const struct request *request, const json_t *envelope,
                              const struct db_rows *rows, int row)
{
    char source[128], id[128];
    const char *service = request->context->service->name;
    snprintf(source, sizeof source, "/v1/alliances/%s/journals/%s", request->alliance_id, service);
    snprintf(id, sizeof id, "%s/%s/%" PRId64, service, request->alliance_id,
             row_int(rows, row, "sequence"));
    json_put_text(item, "specversion", "1.0");
    json_put_text(item, "id", id);
    json_put_text(item, "source", source);
    json_put_text(item, "type", json_text(envelope, "type"));
    json_put_text(item, "subject", json_text(envelope, "subject"));
    json_put_text(item, "time", json_text(envelope, "occurredAt"));
    json_put_text(item, "datacontenttype", "application/json");
    json_put_new(item, "data", json_incref(json_object_get(envelope, "data")));
    json_put_text(item, "salt", row_text(rows, row, "salt"));
    json_put_text(item, "body", row_text(rows, row, "body"));
}

static bool event_write(const struct request *request, const struct db_rows *rows, int row,
                        json_t **ret_item, struct problem *err)
{
    const char *class = row_text(rows, row, "class"), *body = row_text(rows, row, "body");
    json_auto_t *envelope = NULL;
    if (body == NULL) {
        *ret_item = proof_write(rows, row, "erased");
        return true;
    }
    if (!json_parse(body, strlen(body), &envelope, err))
        return problem_set(err, PROBLEM_INTERNAL, "event %" PRId64 " cannot be read",
                           row_int(rows, row, "sequence"));
    *ret_item = proof_write(rows, row, class);
    bool is_open = strcmp(class, "open") == 0;
    const json_t *restricted_to = json_object_get(envelope, "restrictedTo");
    if (!access_may_know_at(&request->standing, json_instant(envelope, "recordedAt"))) {
        json_put_text(*ret_item, "class", "restricted");
        return true;
    }
    /* A restricted event that names nobody is nobody's to see. */
    if (is_open || (restricted_to != NULL && may_know(&request->standing, restricted_to)))
        cloud_event_write(*ret_item, request, envelope, rows, row);
    return true;
}

/* --- the feed --------------------------------------------------------------------------------- */

static json_t *items_write(const struct request *request, const struct db_rows *rows,
                           struct problem *err)
{
    json_auto_t *items = need(json_array());
    for (int i = 0; i < rows->count; i++) {
        json_t *item = NULL;
        if (!event_write(request, rows, i, &item, err))
            return NULL;
        json_push_new(items, item);
    }
    return json_incref(items);
}

/* One line per event. */
static char *lines_write(const json_t *items)
{
    char *text = NULL;
    size_t size, index;
    const json_t *item;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        abort();
    json_array_foreach(items, index, item)
    {
        char_auto_t *line = json_dumps(item, JSON_COMPACT | JSON_SORT_KEYS);
        if (line == NULL)
            abort();
        fprintf(out, "%s\n", line);
    }
    fclose(out);
    return text;
}

static int64_t number_of(const char *text, int64_t otherwise)
{
    return text == NULL ? otherwise : strtoll(text, NULL, 10);
}

bool journal_list(struct request *request, struct reply *reply, struct problem *err)
{
    db_rows_auto_t head = {0}, rows = {0};
    int64_t after = number_of(request_query(request, "after"), 0);
    int64_t limit = number_of(request_query(request, "limit"), LIST_LIMIT_DEFAULT);
    bool is_export = request_wants(request, NDJSON);
    if (!db_select(request->tx, &QUERY_JOURNAL_PAGE, &rows, err, db_int(after),
                   db_int(is_export ? EXPORT_BYTES_MAX : JOURNAL_PAGE_BYTES_MAX), db_int(limit),
                   db_int(EVENT_BYTES_MAX)) ||
        !db_select(request->tx, &QUERY_JOURNAL_AT, &head, err, db_int(after)))
        return false;
    json_auto_t *items = items_write(request, &rows, err);
    if (items == NULL)
        return false;
    if (is_export) {
        reply_text(reply, NDJSON, lines_write(items));
        return true;
    }
    json_t *page = need(json_object());
    json_put_new(page, "items", json_incref(items));
    json_put_integer(page, "head", head.count > 0 ? row_int(&head, 0, "sequence") : 0);
    reply_ok(reply, page, 0);
    return true;
}

bool journal_head_get(struct request *request, struct reply *reply, struct problem *err)
{
    db_rows_auto_t rows = {0};
    struct journal_head head = {.signed_at_s = request->now_ms / 1000};
    char_auto_t *jws = NULL;
    const char *service = request->context->service->name;
    if (!db_select(request->tx, &QUERY_JOURNAL_AT, &rows, err, db_int(0)))
        return false;
    snprintf(head.service, sizeof head.service, "%s", service);
    snprintf(head.alliance_id, sizeof head.alliance_id, "%s", request->alliance_id);
    head.hash = chain_genesis(service, request->alliance_id);
    if (rows.count > 0) {
        head.sequence = row_int(&rows, 0, "sequence");
        if (!hash_parse(row_text(&rows, 0, "hash"), &head.hash))
            return problem_set(err, PROBLEM_INTERNAL, "the head has no hash");
    }
    if (!signer_sign_head(request->context->signer, &head, &jws, err))
        return false;
    reply_text(reply, "application/jose", STEAL(jws));
    return true;
}

/* --- erasure ---------------------------------------------------------------------------------- */

static bool is_money(const char *service, const json_t *data)
{
    static const char *const members[] = {"transaction", "entry", "balance", "hold", "capture"};
    for (size_t i = 0; i < ARRAY_LENGTH(members); i++)
        if (strcmp(service, "ledger") == 0 && json_object_get(data, members[i]) != NULL)
            return true;
    return false;
}

/* Refuses what must stay: money, the record of an erasure, and what nothing later replaces. */
static bool erasure_check(struct act *act, int64_t sequence, const json_t *envelope,
                          struct problem *err)
{
    char erased_type[CODE_SIZE];
    db_rows_auto_t rows = {0};
    const char *type = json_text(envelope, "type");
    snprintf(erased_type, sizeof erased_type, "%s.journal.erased.v1", act->service);
    if (is_money(act->service, json_object_get(envelope, "data")))
        return problem_set(err, PROBLEM_RULE_BROKEN, "event %" PRId64 " moved money: it stays",
                           sequence);
    if (type == NULL || strcmp(type, erased_type) == 0)
        return problem_set(err, PROBLEM_RULE_BROKEN,
                           "event %" PRId64 " records an erasure: it stays", sequence);
    if (!act_select(act, &QUERY_JOURNAL_RESTS, &rows, err, db_text(act->service), db_int(sequence)))
        return false;
    if (rows.count > 0)
        return problem_set(err, PROBLEM_RULE_BROKEN,
                           "%s still rests on event %" PRId64 ": no later one has its full state",
                           row_text(&rows, 0, "table_name"), sequence);
    return true;
}

static bool erasure_append(struct act *act, int64_t sequence, const char *ground,
                           const char *approver, json_t *restricted_to, struct problem *err)
{
    char type[CODE_SIZE], subject[REF_SIZE];
    snprintf(type, sizeof type, "%s.journal.erased.v1", act->service);
    snprintf(subject, sizeof subject, "journals/%s", act->service);
    json_auto_t *data = json_pack("{s:{s:I, s:s, s:s}}", "erased", "sequence", (json_int_t)sequence,
                                  "ground", ground, "approver", approver);
    if (data == NULL)
        return problem_set(err, PROBLEM_BODY_INVALID, "ground or approver is not UTF-8");
    struct event event = {.type = type,
                          .subject = subject,
                          .data = data,
                          .class = restricted_to != NULL ? EVENT_RESTRICTED : EVENT_OPEN,
                          .restricted_to = restricted_to,
                          .occurred_ms = INSTANT_NONE};
    return act_append(act, &event, err);
}

bool journal_erase(struct act *act, int64_t sequence, const char *ground, const char *approver,
                   struct problem *err)
{
    db_rows_auto_t rows = {0}, done = {0};
    json_auto_t *envelope = NULL;
    if (!act_select(act, &QUERY_JOURNAL_BODY_GET, &rows, err, db_int(sequence)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "%s has no event %" PRId64, act->service,
                           sequence);
    const char *body = row_text(&rows, 0, "body");
    if (body == NULL)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "event %" PRId64 " is erased already",
                           sequence);
    return json_parse(body, strlen(body), &envelope, err) &&
           erasure_check(act, sequence, envelope, err) &&
           erasure_append(act, sequence, ground, approver,
                          json_object_get(envelope, "restrictedTo"), err) &&
           act_select(act, &QUERY_JOURNAL_ERASE, &done, err, db_int(sequence));
}
