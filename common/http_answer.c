#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/http_private.h"

void answer_constant(struct http_answer *answer, const char *name, const char *static_value)
{
    if (answer->header_count == ANSWER_HEADERS_MAX)
        abort();
    answer->headers[answer->header_count].name = name;
    answer->headers[answer->header_count++].value = static_value;
}

void answer_header(struct http_answer *answer, const char *name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *value = NULL;
    if (vasprintf(&value, format, arguments) < 0)
        abort();
    va_end(arguments);
    answer_constant(answer, name, value);
    answer->headers[answer->header_count - 1].owned = value;
}

void answer_done(struct http_answer *answer)
{
    for (size_t i = 0; i < answer->header_count; i++)
        free(answer->headers[i].owned);
    free(answer->body);
    *answer = (struct http_answer){0};
}

/* --- headers that depend on the status
 * --------------------------------------------------------------- */

static void put_allow(const struct request *request, struct http_answer *answer)
{
    char allow[80] = "";
    unsigned methods = request->private->match.allow;
    for (unsigned i = 0; i < METHOD_COUNT; i++) {
        if (!(methods & 1u << i))
            continue;
        size_t length = strlen(allow);
        snprintf(allow + length, sizeof allow - length, "%s%s%s", length ? ", " : "",
                 method_name((enum method)i), i == METHOD_GET ? ", HEAD" : "");
    }
    answer_header(answer, "Allow", "%s", allow);
}

static void put_accepted(const struct request *request, struct http_answer *answer)
{
    const struct operation *operation = request->operation;
    char types[320] = "";
    for (size_t i = 0; operation && i < operation->body_count; i++) {
        size_t length = strlen(types);
        snprintf(types + length, sizeof types - length, "%s%s", length ? ", " : "",
                 operation->bodies[i].type);
    }
    if (operation)
        answer_header(answer, operation->method == METHOD_PATCH ? "Accept-Patch" : "Accept-Post",
                      "%s", types);
    /* Tells that it was the coding, and is left out where it was the type (RFC 9110, 12.5.3). */
    if (!header_is_identity(header_get(&request->private->message->headers, "Content-Encoding")))
        answer_constant(answer, "Accept-Encoding", "identity");
}

static void put_challenge(const struct request *request, enum problem_code code,
                          struct http_answer *answer)
{
    const struct operation *operation = request->operation;
    bool has_token = header_get(&request->private->message->headers, "Authorization") != NULL;
    if (code == PROBLEM_UNAUTHENTICATED && !has_token)
        answer_constant(answer, "WWW-Authenticate", "Bearer realm=\"accord\"");
    else if (code == PROBLEM_UNAUTHENTICATED)
        answer_constant(answer, "WWW-Authenticate",
                        "Bearer realm=\"accord\", error=\"invalid_token\"");
    else if (code == PROBLEM_SCOPE_MISSING && operation && operation->rights_count)
        answer_header(answer, "WWW-Authenticate",
                      "Bearer realm=\"accord\", error=\"insufficient_scope\", scope=\"%s\"",
                      operation->rights[0].scopes[0]);
}

static void put_by_status(const struct request *request, const struct problem *err, int status,
                          struct http_answer *answer)
{
    if (status == 405)
        put_allow(request, answer);
    if (status == 415)
        put_accepted(request, answer);
    if (status == 401 || status == 403)
        put_challenge(request, err->code, answer);
    if (status == 429 || status == 503)
        answer_header(answer, "Retry-After", "%d", err->retry_after_s > 0 ? err->retry_after_s : 1);
}

/* --- headers of every answer
 * --------------------------------------------------------------------------- */

/* A page for people has its own style, and still nothing else. */
static const char *policy_of(const struct reply *reply)
{
    bool is_page = strncmp(reply->content_type, "text/html", strlen("text/html")) == 0;
    return is_page ? "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
                   : "default-src 'none'; frame-ancestors 'none'";
}

static void put_general(const struct request *request, const struct reply *reply,
                        struct http_answer *answer)
{
    const struct request_private *private = request->private;
    answer_header(answer, "X-Request-ID", "%s", request->request_id);
    if (private->correlation_id[0])
        answer_header(answer, "X-Correlation-ID", "%s", private->correlation_id);
    answer_constant(answer, "Cache-Control", "private, no-cache");
    answer_constant(answer, "Vary", "Authorization, Accept");
    answer_constant(answer, "X-Content-Type-Options", "nosniff");
    answer_constant(answer, "Content-Security-Policy", policy_of(reply));
    answer_constant(answer, "Strict-Transport-Security", "max-age=31536000; includeSubDomains");
    answer_constant(answer, "Referrer-Policy", "no-referrer");
    if (private->rate.per_s) {
        answer_header(answer, "RateLimit-Policy", "\"client\";q=%u;w=1", private->rate.per_s);
        answer_header(answer, "RateLimit", "\"client\";r=%u;t=%u", private->rate.remaining,
                      private->rate.reset_s);
    }
    if (private->is_last)
        answer_constant(answer, "Connection", "close");
}

static void put_of_operation(const struct http *http, const struct request *request,
                             const struct reply *reply, struct http_answer *answer)
{
    const struct request_private *private = request->private;
    if (request->alliance_id[0] && private->sequence >= 0)
        answer_header(answer, "Accord-Sequence", "%s=%" JSON_INTEGER_FORMAT,
                      http->context->service->name, (json_int_t) private->sequence);
    if (reply->location[0])
        answer_header(answer, "Location", "%s", reply->location);
    if (reply->version > 0)
        answer_header(answer, "ETag", "\"%" JSON_INTEGER_FORMAT "\"", (json_int_t)reply->version);
    if (reply->next)
        answer_header(answer, "Link", "<%s>; rel=\"next\"", reply->next);
    if (reply->is_replayed)
        answer_constant(answer, "Idempotent-Replayed", "true");
    if (request->operation && request->operation->deprecated_at)
        answer_header(answer, "Deprecation", "%s", request->operation->deprecated_at);
    if (request->operation && request->operation->sunset_at)
        answer_header(answer, "Sunset", "%s", request->operation->sunset_at);
}

static bool is_unchanged(const struct request *request, const struct reply *reply)
{
    int64_t wanted = request->private->if_none_match;
    return reply->status == 200 && reply->version > 0 &&
           (wanted == VERSION_ANY || wanted == reply->version);
}

void http_answer_make(const struct http *http, const struct request *request, struct reply *reply,
                      const struct problem *err, struct http_answer *ret_answer)
{
    reply_render(reply);
    ret_answer->status = is_unchanged(request, reply) ? 304 : reply->status;
    put_general(request, reply, ret_answer);
    put_of_operation(http, request, reply, ret_answer);
    put_by_status(request, err, reply->status, ret_answer);
    if (ret_answer->status == 304 || !reply->text)
        return;
    answer_header(ret_answer, "Content-Type", "%s", reply->content_type);
    ret_answer->body = STEAL(reply->text);
    ret_answer->body_size = reply->text_size;
}
