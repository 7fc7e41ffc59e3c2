#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/http_private.h"
#include "common/idempotency.h"
#include "common/ids.h"
#include "common/log.h"
#include "common/token.h"

/* For what names a request, not for what happens in an alliance. */
static int64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- framing
 * --------------------------------------------------------------------------------------- */

static bool target_is_clean(const char *target)
{
    if (target[0] != '/')
        return false;
    for (const char *c = target; *c; c++)
        if (*c <= ' ' || *c > '~')
            return false;
    return true;
}

static bool read_correlation_id(const char *value, char ret_id[CORRELATION_ID_SIZE],
                                struct problem *err)
{
    if (!value)
        return true;
    size_t length = strlen(value);
    bool ok = length >= 1 && length < CORRELATION_ID_SIZE;
    for (size_t i = 0; ok && i < length; i++)
        ok = value[i] >= ' ' && value[i] <= '~';
    if (!ok)
        return problem_set(err, PROBLEM_REQUEST_MALFORMED,
                           "X-Correlation-ID has 1 to 128 printable characters");
    memcpy(ret_id, value, length + 1);
    return true;
}

/* The request has an id from here on, its own or ours. */
static bool read_frame(struct request *request, struct problem *err)
{
    struct request_private *private = request->private;
    const struct http_headers *headers = &private->message->headers;
    bool ok = header_request_id(header_get(headers, "X-Request-ID"), request->request_id, err);
    if (!request->request_id[0])
        uuid_new(wall_ms(), request->request_id);
    log_set_request(request->request_id);
    header_traceparent(header_get(headers, "traceparent"), request->traceparent);
    if (private->message->has_more_headers)
        return problem_set(err, PROBLEM_HEADERS_TOO_LARGE, "the request has too many headers");
    if (!ok || !headers_check(headers, err))
        return false;
    if (header_get(headers, "Transfer-Encoding") && private->message->protocol &&
        strcmp(private->message->protocol, "HTTP/1.1") != 0)
        return problem_set(err, PROBLEM_REQUEST_MALFORMED, "Transfer-Encoding takes HTTP/1.1");
    if (!target_is_clean(private->message->target))
        return problem_set(err, PROBLEM_REQUEST_MALFORMED, "the address is malformed");
    return read_correlation_id(header_get(headers, "X-Correlation-ID"), private->correlation_id,
                               err);
}

/* --- route, token, scope
 * ------------------------------------------------------------------------------ */

static bool find_operation(const struct http *http, struct request *request, struct problem *err)
{
    struct request_private *private = request->private;
    const char *target = private->message->target;
    enum method method = method_of(private->message->method);
    if (!spec_path_read(target, strcspn(target, "?"), &private->path))
        return problem_set(err, PROBLEM_NOT_FOUND, "there is nothing at this address");
    spec_route(http->spec, method, &private->path, &private->match);
    request->operation = private->match.operation;
    if (request->operation)
        return true;
    if (private->match.allow)
        return problem_set(err, PROBLEM_METHOD_NOT_ALLOWED,
                           "the resource does not have the method %.16s", private->message->method);
    return problem_set(err, PROBLEM_NOT_FOUND, "there is nothing at this address");
}

static bool has_rights(const struct caller *caller, const struct spec_rights *rights)
{
    for (size_t i = 0; i < rights->count; i++)
        if (!caller_has_scope(caller, rights->scopes[i]))
            return false;
    return true;
}

static bool check_scopes(const struct request *request, struct problem *err)
{
    const struct operation *operation = request->operation;
    for (size_t i = 0; i < operation->rights_count; i++)
        if (has_rights(&request->caller, &operation->rights[i]))
            return true;
    return problem_set(err, PROBLEM_SCOPE_MISSING, "the token lacks the scope %s",
                       operation->rights[0].scopes[0]);
}

static bool check_caller(struct http *http, struct request *request, struct problem *err)
{
    struct request_private *private = request->private;
    if (request->operation->is_public)
        return true;
    if (!token_verify(http->context->tokens,
                      header_get(&private->message->headers, "Authorization"), (int64_t)time(NULL),
                      &request->caller, err))
        return false;
    if (!rate_take(http->rate, request->caller.issuer, request->caller.client, monotonic_ms(),
                   &private->rate))
        return problem_set(err, PROBLEM_RATE_LIMITED, "this client may ask %u times a second",
                           private->rate.per_s);
    return check_scopes(request, err);
}

/* --- the work
 * ---------------------------------------------------------------------------------------------- */

/* An alliance's id that cannot be one belongs to no alliance: the parameter's own check says so. */
static void take_alliance(struct request *request)
{
    if (!request->operation->has_alliance)
        return;
    const char *id = request_path(request, "allianceId");
    if (uuid_is_valid(id))
        memcpy(request->alliance_id, id, UUID_SIZE);
}

static bool work(struct http *http, struct request *request, struct reply *reply,
                 struct problem *err)
{
    if (!find_operation(http, request, err) || !check_caller(http, request, err))
        return false;
    take_alliance(request);
    if (!http_parse(request, err) || !idempotency_prepare(request, err) ||
        !http_wait_after(http, request, err))
        return false;
    return request->operation->method == METHOD_GET ? http_read(http, request, reply, err)
                                                    : http_write(http, request, reply, err);
}

static void write_log(const struct request *request, const struct reply *reply,
                      const struct problem *err, int64_t duration_us)
{
    const struct request_private *private = request->private;
    const struct log_field fields[] = {
        {"method", .text = private->message->method},
        {"operation", .text = request->operation ? request->operation->id : "none"},
        {"status", .number = reply->status},
        {"durationUs", .number = duration_us},
        {"allianceId", .text = request->alliance_id},
        {"client", .text = request->caller.client},
        {"organisation", .text = request->caller.organisation},
        {"traceparent", .text = request->traceparent},
        {"replayed", .number = reply->is_replayed},
        {"batch", .number = private->batch_size},
    };
    log_fields(LEVEL_INFO, fields, ARRAY_LENGTH(fields), "request");
    if (reply->status >= 500)
        log_write(reply->status == 503 ? LEVEL_WARNING : LEVEL_ERROR, "%s: %s",
                  problem_title(err->code), err->detail);
}

static void request_done(struct request *request)
{
    struct request_private *private = request->private;
    if (request->free_prepared)
        request->free_prepared(request->prepared);
    json_decref(private->body);
    free(private->query_text);
    free(private->cursor_after);
    log_set_request(NULL);
}

/* A page is answered without a token, and not logged: probes ask for some every second. */
static bool answer_page(struct http *http, struct request *request, struct http_answer *ret_answer)
{
    struct problem problem = {.code = PROBLEM_NONE};
    const struct http_message *message = request->private->message;
    struct reply reply = {.alliance_id = ""};
    if (!http_page(http, message, &reply, &problem))
        return false;
    if (problem_is_set(&problem)) {
        reply_problem(&reply, &problem, message->target, request->request_id);
        log_problem(&problem, "%.60s", message->target);
    }
    http_answer_make(http, request, &reply, &problem, ret_answer);
    reply_clear(&reply);
    return true;
}

static void answer_request(struct http *http, struct request *request, bool is_framed,
                           struct problem *err, struct http_answer *ret_answer)
{
    int64_t start_us = monotonic_us();
    struct reply reply = {.alliance_id = request->alliance_id};
    if (!is_framed || !work(http, request, &reply, err))
        reply_problem(&reply, err, request->private->message->target, request->request_id);
    int64_t duration_us = monotonic_us() - start_us;
    http_answer_make(http, request, &reply, err, ret_answer);
    metrics_request(http->metrics, request->operation ? request->operation->index : SIZE_MAX,
                    ret_answer->status, duration_us);
    write_log(request, &reply, err, duration_us);
    reply_clear(&reply);
}

void http_dispatch(struct http *http, const struct http_message *message,
                   struct http_answer *ret_answer)
{
    struct problem problem = {.code = PROBLEM_NONE};
    struct request_private private = {.message = message, .accept = -1, .sequence = -1};
    struct request request = {.context = http->context, .private = &private};
    bool is_framed = read_frame(&request, &problem);
    private.is_last = !is_framed;
    if (!is_framed || !answer_page(http, &request, ret_answer))
        answer_request(http, &request, is_framed, &problem, ret_answer);
    request.refusal = problem.code;
    request_done(&request);
}
