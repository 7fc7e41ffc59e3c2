#include "common/trace.h"

#include <stdio.h>
#include <string.h>

#include "common/bus.h"
#include "common/clock.h"
#include "common/ids.h"
#include "common/json.h"
#include "common/memory.h"
#include "common/queries.h"
#include "common/service_context.h"
#include "common/spec.h"

enum {
    VISITED_MAX = 512,
    ASK_MS = 300, /* one that is not there must not use up the time of all */
};

/* --- our own events --------------------------------------------------------------------------- */

static json_t *links_write(const json_t *envelope)
{
    json_t *links = need(json_array());
    size_t index;
    json_t *link;
    json_array_foreach(json_object_get(envelope, "links"), index, link)
    {
        if (index < TRACE_LINKS_MAX)
            json_push_new(links, json_incref(link));
    }
    return links;
}

static json_t *node_write(const char *service, int64_t sequence, const json_t *envelope)
{
    json_t *node = need(json_object());
    const json_t *actor = json_object_get(envelope, "actor");
    json_put_text(node, "service", service);
    json_put_integer(node, "sequence", sequence);
    json_put_text(node, "type", json_text(envelope, "type"));
    json_put_text(node, "subject", json_text(envelope, "subject"));
    json_put_text(node, "organisation", json_text(actor, "organisation"));
    json_put_text(node, "appointment", json_text(actor, "appointment"));
    json_put_text(node, "occurredAt", json_text(envelope, "occurredAt"));
    json_put_text(node, "recordedAt", json_text(envelope, "recordedAt"));
    json_put_new(node, "links", links_write(envelope));
    json_put_new(node, "restrictedTo", json_incref(json_object_get(envelope, "restrictedTo")));
    return node;
}

bool trace_events(struct db_tx *tx, const char *service, const json_t *subjects,
                  json_t **ret_events, struct problem *err)
{
    db_rows_auto_t rows = {0};
    json_auto_t *events = need(json_array());
    char_auto_t *wanted = json_dumps(subjects, JSON_COMPACT);
    if (wanted == NULL)
        abort();
    if (!db_select(tx, &QUERY_JOURNAL_OF_SUBJECTS, &rows, err, db_text(wanted),
                   db_int(TRACE_NODES_MAX)))
        return false;
    for (int i = 0; i < rows.count; i++) {
        json_auto_t *envelope = NULL;
        const char *body = row_text(&rows, i, "body");
        if (!json_parse(body, strlen(body), &envelope, err))
            return problem_set(err, PROBLEM_INTERNAL, "an event cannot be read: %.200s",
                               err->detail);
        json_push_new(events, node_write(service, row_int(&rows, i, "sequence"), envelope));
    }
    *ret_events = json_incref(events);
    return true;
}

/* --- the walk --------------------------------------------------------------------------------- */

struct walk {
    struct request *request;
    int64_t deadline_ms;
    json_t *nodes;      /* array */
    json_t *visited;    /* object: reference -> true */
    json_t *next;       /* object: service -> array of references, the level to come */
    json_t *incomplete; /* array of services */
};

static void walk_done(struct walk *walk)
{
    json_decref(walk->nodes);
    json_decref(walk->visited);
    json_decref(walk->next);
    json_decref(walk->incomplete);
}

static void walk_want(struct walk *walk, const char *ref)
{
    if (!ref_is_valid(ref) || json_object_get(walk->visited, ref) != NULL ||
        json_object_size(walk->visited) >= VISITED_MAX)
        return;
    json_put_flag(walk->visited, ref, true);
    json_t *refs = json_object_get(walk->next, ref_service(ref));
    if (refs == NULL) {
        json_put_new(walk->next, ref_service(ref), need(json_array()));
        refs = json_object_get(walk->next, ref_service(ref));
    }
    json_push_new(refs, json_string(ref));
}

static bool may_know(const struct standing *standing, const json_t *node)
{
    const json_t *restricted_to = json_object_get(node, "restrictedTo");
    const char *organisations[TRACE_LINKS_MAX];
    int count = 0;
    if (restricted_to == NULL)
        return true;
    for (size_t i = 0; i < json_array_size(restricted_to) && count < TRACE_LINKS_MAX; i++) {
        const char *organisation = json_string_value(json_array_get(restricted_to, i));
        if (organisation != NULL)
            organisations[count++] = organisation;
    }
    return access_may_know(standing, organisations, count);
}

static bool is_same(const json_t *a, const json_t *b)
{
    return strcmp(json_text(a, "service"), json_text(b, "service")) == 0 &&
           json_integer_or(a, "sequence", 0) == json_integer_or(b, "sequence", 0);
}

/* Takes a node, if it may be known and there is room, and what it links to. */
static void walk_take(struct walk *walk, json_t *node)
{
    size_t index;
    const json_t *other, *link;
    if (json_text(node, "service") == NULL || json_text(node, "recordedAt") == NULL ||
        !may_know(&walk->request->standing, node) ||
        json_array_size(walk->nodes) >= TRACE_NODES_MAX)
        return;
    json_array_foreach(walk->nodes, index, other)
    {
        if (is_same(node, other))
            return;
    }
    json_object_del(node, "restrictedTo");
    json_push_new(walk->nodes, json_incref(node));
    json_array_foreach(json_object_get(node, "links"), index, link)
    {
        if (json_is_string(link))
            walk_want(walk, json_string_value(link));
    }
}

static bool walk_ask(struct walk *walk, const char *service, json_t *subjects, json_t **ret_events)
{
    json_auto_t *arguments = need(json_object()), *answer = NULL;
    struct problem fault = {0};
    int64_t left_ms = walk->deadline_ms - monotonic_ms();
    json_put_new(arguments, "subjects", json_incref(subjects));
    struct bus_ask ask = {.service = service,
                          .question = "trace.read",
                          .alliance_id = walk->request->alliance_id,
                          .request_id = walk->request->request_id,
                          .traceparent = walk->request->traceparent,
                          .arguments = arguments,
                          .timeout_ms = left_ms < ASK_MS ? (int)left_ms : ASK_MS};
    if (left_ms <= 0 || !bus_ask(walk->request->context->bus, &ask, &answer, &fault))
        return false;
    *ret_events = json_incref(json_object_get(answer, "events"));
    return true;
}

static bool has_missed(const struct walk *walk, const char *service)
{
    size_t index;
    const json_t *named;
    json_array_foreach(walk->incomplete, index, named)
    {
        if (strcmp(json_string_value(named), service) == 0)
            return true;
    }
    return false;
}

static bool walk_read(struct walk *walk, const char *service, json_t *subjects, struct problem *err)
{
    json_auto_t *events = NULL;
    size_t index;
    json_t *event;
    if (strcmp(service, walk->request->context->service->name) == 0) {
        if (!trace_events(walk->request->tx, service, subjects, &events, err))
            return false;
    } else if (has_missed(walk, service)) {
        return true;
    } else if (!walk_ask(walk, service, subjects, &events)) {
        json_push_new(walk->incomplete, json_string(service));
        return true;
    }
    json_array_foreach(events, index, event)
    {
        walk_take(walk, event);
    }
    return true;
}

/* One level: a question to each service that has something of it. */
static bool walk_level(struct walk *walk, struct problem *err)
{
    json_auto_t *level = walk->next;
    walk->next = need(json_object());
    const char *service;
    json_t *subjects;
    json_object_foreach(level, service, subjects)
    {
        while (json_array_size(subjects) > TRACE_NODES_MAX)
            json_array_remove(subjects, json_array_size(subjects) - 1);
        if (!walk_read(walk, service, subjects, err))
            return false;
    }
    return true;
}

/* Starts from an event of our own whose subject is another. */
static bool walk_start_at(struct walk *walk, int64_t sequence, struct problem *err)
{
    db_rows_auto_t rows = {0};
    json_auto_t *envelope = NULL;
    if (!db_select(walk->request->tx, &QUERY_JOURNAL_BODY_GET, &rows, err, db_int(sequence)))
        return false;
    const char *body = rows.count == 0 ? NULL : row_text(&rows, 0, "body");
    if (body == NULL)
        return true;
    if (!json_parse(body, strlen(body), &envelope, err))
        return problem_set(err, PROBLEM_INTERNAL, "an event cannot be read");
    json_auto_t *node = node_write(walk->request->context->service->name, sequence, envelope);
    walk_take(walk, node);
    return true;
}

/* --- the answer ------------------------------------------------------------------------------- */

static int node_compare(const void *left, const void *right)
{
    const json_t *a = *(const json_t *const *)left, *b = *(const json_t *const *)right;
    int order = strcmp(json_text(a, "recordedAt"), json_text(b, "recordedAt"));
    if (order == 0)
        order = strcmp(json_text(a, "service"), json_text(b, "service"));
    if (order != 0)
        return order;
    int64_t first = json_integer_or(a, "sequence", 0), second = json_integer_or(b, "sequence", 0);
    return (first > second) - (first < second);
}

static json_t *nodes_sorted(const json_t *nodes)
{
    json_t *sorted[TRACE_NODES_MAX], *array = need(json_array());
    size_t count = json_array_size(nodes);
    for (size_t i = 0; i < count; i++)
        sorted[i] = json_array_get(nodes, i);
    qsort(sorted, count, sizeof sorted[0], node_compare);
    for (size_t i = 0; i < count; i++)
        json_push_new(array, json_incref(sorted[i]));
    return array;
}

bool trace_reply(struct request *request, struct reply *reply, const char *ref, int64_t sequence,
                 struct problem *err)
{
    CLEANUP(walk_done)
    struct walk walk = {.request = request,
                        .deadline_ms = monotonic_ms() + TRACE_MS_MAX,
                        .nodes = need(json_array()),
                        .visited = need(json_object()),
                        .next = need(json_object()),
                        .incomplete = need(json_array())};
    if (sequence > 0 && !walk_start_at(&walk, sequence, err))
        return false;
    walk_want(&walk, ref);
    while (json_object_size(walk.next) > 0 && json_array_size(walk.nodes) < TRACE_NODES_MAX)
        if (!walk_level(&walk, err))
            return false;
    if (json_array_size(walk.nodes) == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no %s", ref);
    json_t *trace = need(json_object());
    json_put_text(trace, "subject", ref);
    json_put_new(trace, "events", nodes_sorted(walk.nodes));
    if (json_array_size(walk.incomplete) > 0)
        json_put_new(trace, "incomplete", json_incref(walk.incomplete));
    reply_ok(reply, trace, 0);
    return true;
}

/* "/v1/alliances/{allianceId}/ledger/transactions/{transactionId}/trace" without its beginning and
 * end, with the request's values. False = not such a path. */
static bool ref_of_path(const struct request *request, char ret_ref[REF_SIZE])
{
    static const char start[] = "/v1/alliances/{allianceId}/", end[] = "/trace";
    const char *path = request->operation->path;
    size_t length = strlen(path), size = 0;
    if (strncmp(path, start, strlen(start)) != 0 || length < strlen(end) ||
        strcmp(path + length - strlen(end), end) != 0)
        return false;
    const char *at = path + strlen(start), *stop = path + length - strlen(end);
    while (at < stop) {
        char name[CODE_SIZE];
        size_t step = at[0] == '{' ? strcspn(at, "}") + 1 : 1;
        const char *value = at;
        size_t value_size = 1;
        if (at[0] == '{') {
            snprintf(name, sizeof name, "%.*s", (int)(step - 2), at + 1);
            value = request_path(request, name);
            value_size = strlen(value);
        }
        if (size + value_size >= REF_SIZE)
            return false;
        memcpy(ret_ref + size, value, value_size);
        size += value_size;
        at += step;
    }
    ret_ref[size] = '\0';
    return true;
}

bool trace_get(struct request *request, struct reply *reply, struct problem *err)
{
    char ref[REF_SIZE];
    if (!ref_of_path(request, ref))
        return problem_set(err, PROBLEM_INTERNAL, "%s is not the path of a trace",
                           request->operation->path);
    return trace_reply(request, reply, ref, 0, err);
}
