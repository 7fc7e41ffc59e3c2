/* One dispatcher between ulfius and the handlers. In order: limits and duplicate headers, request
 * id, route (405, 404), token, scope, content type and accept, parameters, body (strict JSON,
 * schema, every fault at once), then the transaction: standing -> x-roles -> idempotency ->
 * x-alliance -> If-Match -> handler -> stored answer -> commit. All of it is driven by the
 * api-spec; a handler is only the work. Writes of one alliance that wait together share one act (a
 * batch); a request that fails inside a batch is repeated alone, and a lone one never waits for
 * company. Handlers run on ulfius' thread per connection. */
#ifndef ACCORD_COMMON_HTTP_H
#define ACCORD_COMMON_HTTP_H

#include <jansson.h>

#include "common/access.h"
#include "common/act.h"

struct service_context; /* the running service: common/service_context.h */
struct operation;       /* of the api-spec: common/spec.h */
struct http;

struct request {
    struct service_context *context;
    const struct operation *operation;
    struct caller caller;
    struct standing standing;    /* empty for operations without an alliance */
    char alliance_id[UUID_SIZE]; /* "" for operations without an alliance */
    char request_id[UUID_SIZE];
    char traceparent[TRACEPARENT_SIZE];
    struct db_tx *tx; /* the transaction: read-only for GET; NULL with x-without-database */
    struct act *act;  /* writing operations only, else NULL */
    /* accord_now(); the system's clock in a prepare function; 0 without tx, and in a GET whose
     * route does not ask for the clock. */
    int64_t now_ms;
    /* A UUID that stands for this caller and Idempotency-Key: what a repeated POST makes may have
     * it as its id. "" without a key. */
    char key_id[UUID_SIZE];
    void *prepared;                /* what the operation's prepare function left; NULL otherwise */
    void (*free_prepared)(void *); /* frees it at the request's end; NULL = nothing to free */
    enum problem_code refusal;     /* at the request's end; PROBLEM_NONE also for a replay */
    const json_t *body;            /* checked against the schema; NULL without a body */
    const char *text_body;         /* for text/csv imports; NULL otherwise */
    size_t text_body_size;
    int64_t if_match; /* version of If-Match; 0 = none given, -1 = "*", -2 = no version */
    struct request_private *private;
};

/* Path and query parameters, checked against the spec. Path parameters are never NULL; an absent
 * query parameter is NULL (its `default` counts as given). */
const char *request_path(const struct request *request, const char *name);
const char *request_query(const struct request *request, const char *name);

/* The client likes this one of the operation's media types best ("application/x-ndjson"). CSV by
 * x-csv comes by itself. */
bool request_wants(const struct request *request, const char *media_type);

struct reply; /* filled by the functions below, each takes (steals) `resource` */

/* 200 with the resource; version > 0 becomes ETag "n" and answers If-None-Match. */
void reply_ok(struct reply *reply, json_t *resource, int64_t version);
/* 201 + Location (a reference below the alliance: "risk/risks/<uuid>") + ETag. */
void reply_created(struct reply *reply, json_t *resource, const char *ref, int64_t version);
/* 204 */
void reply_empty(struct reply *reply);
/* 200 text of another type ("text/plain", "application/jwt" ...); takes the malloc'ed text. */
void reply_text(struct reply *reply, const char *content_type, char *text);

/* A page of a list. */
struct page {
    int limit;         /* rows to read: one more than the client asked for */
    const char *after; /* key of the last item of the page before; NULL = from the start */
};
/* Reads `limit` and `cursor` (bound to operation, alliance and filters; else CURSOR_INVALID). */
bool page_begin(const struct request *request, struct page *ret_page,
                struct problem *err) MUST_CHECK;
/* Answers with `items` (taken; up to page->limit of them, in key order): {"items", "nextCursor"}
 * and a Link header, or text/csv with the spec's columns if the client prefers it. `key_member` is
 * the member of an item that the list is ordered by; it must be unique. */
void list_reply(const struct request *request, struct reply *reply, const struct page *page,
                json_t *items, const char *key_member);

/* Fails with VERSION_STALE / PRECONDITION_MISSING unless If-Match names this version. */
bool request_match(const struct request *request, int64_t version, struct problem *err) MUST_CHECK;

/* The work. Fails with a problem; a refusal (4xx) must leave the act's slot as it was. In a writing
 * operation it may run again from the start (a conflict, another request of the batch that failed),
 * with the same `prepared`. */
typedef bool handler(struct request *request, struct reply *reply, struct problem *err);

/* For operations with `x-prepare: true`: what may wait (a question to another service, reading an
 * import) before the head is locked. The caller has been checked; there is no transaction. It is
 * not called for a request whose answer is already stored. */
typedef bool prepare_function(struct request *request, struct problem *err);

/* operationId -> handler; api.c of each service has one table of these. */
struct route {
    const char *operation_id;
    handler *handle;
    prepare_function *prepare;
    bool asks_clock; /* a GET that needs request->now_ms: it then waits for that first */
};

/* --- for service.c ---------------------------------------------------------------------------- */

struct http_config {
    const char *host;                /* "127.0.0.1" */
    int port;                        /* 0 = any free one, see http_port() */
    int listening_fd;                /* of who keeps it for the next process; 0 = our own */
    unsigned rate_per_s;             /* requests a second and client; 0 = 1000 */
    unsigned char cursor_secret[32]; /* the same in every instance; cursors are bound by it */
    const char *api_description;     /* what /v1/openapi.json answers; NULL = 404 */
};

/* Reads the service's spec, binds its operations to its routes (refusing what stands on one side
 * only, and what the house does not know), and listens. Sets context->http. */
bool http_start(struct service_context *context, const struct http_config *config,
                struct problem *err) MUST_CHECK;
int http_port(const struct http *http);
/* Cursors are bound by another secret: read from now on, made from ten seconds on, when every other
 * instance reads them too. What was bound by the one before is read as long as this process runs,
 * or until the next change. */
void http_rekey(struct http *http, const unsigned char cursor_secret[32]);
/* Accepts no more connections and ends each with its next answer; waits until they have ended, at
 * most `timeout_ms`: longer than nginx keeps an idle one, so that it never sends into one that is
 * just being closed. Before what answers need is stopped. NULL is fine. */
void http_drain(struct http *http, int timeout_ms);
/* Accepts no more connections, waits until the requests in hand are answered (at most
 * `timeout_ms`), stops listening and frees. NULL is fine. */
void http_stop(struct http *http, int timeout_ms);
/* What /readyz says of this process; UNAVAILABLE with why not. Any thread. */
bool http_is_ready(struct service_context *context, struct problem *err) MUST_CHECK;
/* A journal or a cursor of ours has moved: wakes who waits for Accord-After. NULL is fine. */
void http_moved(struct http *http);

#endif
