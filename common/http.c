#include "common/http.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <ulfius.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/http_private.h"
#include "common/log.h"
#include "common/memory.h"

enum { REQUEST_HEADERS_MAX = 100 };

/* ulfius, and what it must not lose while it runs. */
struct http_server {
    struct _u_instance instance;
    struct MHD_OptionItem options[14];
    struct sockaddr_in address;
    const char **names;
    MHD_socket quiesced; /* what it listened on, once it does not any more */
};

/* --- one request
 * ------------------------------------------------------------------------------------- */

static void send_answer(struct http_answer *answer, bool is_draining, struct _u_response *response)
{
    for (size_t i = 0; i < answer->header_count; i++)
        u_map_put(response->map_header, answer->headers[i].name, answer->headers[i].value);
    response->status = answer->status;
    if (answer->body_size &&
        ulfius_set_binary_body_response(response, (unsigned)answer->status, answer->body,
                                        answer->body_size) != U_OK)
        response->status = 500;
    if (is_draining)
        u_map_put(response->map_header, "Connection", "close");
}

static size_t take_headers(const struct _u_map *map, struct http_header ret_headers[],
                           bool *ret_has_more)
{
    const char **names = u_map_enum_keys(map), **values = u_map_enum_values(map);
    size_t count = 0;
    for (; count < REQUEST_HEADERS_MAX && names[count]; count++)
        ret_headers[count] = (struct http_header){names[count], values[count] ? values[count] : ""};
    *ret_has_more = names[count] != NULL;
    return count;
}

/* This connection's thread has a request in hand. */
static _Thread_local bool is_in_flight;

static void flight_begin(struct http *http)
{
    is_in_flight = true;
    pthread_mutex_lock(&http->lock);
    http->in_flight++;
    pthread_mutex_unlock(&http->lock);
}

static void flight_end(struct http *http)
{
    is_in_flight = false;
    pthread_mutex_lock(&http->lock);
    if (--http->in_flight == 0)
        pthread_cond_broadcast(&http->idle);
    pthread_mutex_unlock(&http->lock);
}

/* The only callback there is, so that nothing is reachable past it. */
static int on_request(const struct _u_request *request, struct _u_response *response, void *data)
{
    struct http *http = data;
    struct http_header headers[REQUEST_HEADERS_MAX];
    struct http_message message = {
        .method = request->http_verb,
        .target = request->http_url,
        .protocol = request->http_protocol,
        .body = request->binary_body,
        .body_size = request->binary_body_length,
    };
    message.headers.items = headers;
    message.headers.count = take_headers(request->map_header, headers, &message.has_more_headers);
    http_answer_auto_t answer = {0};
    flight_begin(http);
    http_dispatch(http, &message, &answer);
    send_answer(&answer, atomic_load(&http->context->is_draining), response);
    return U_CALLBACK_COMPLETE;
}

/* The answer has gone out, or the connection is lost: only now is a request not in hand any more.
 */
static void on_completed(void *data, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode how)
{
    mhd_request_completed(NULL, connection, request, how);
    if (is_in_flight)
        flight_end(data);
}

static void on_connection(void *data, struct MHD_Connection *connection, void **of_connection,
                          enum MHD_ConnectionNotificationCode what)
{
    struct http *http = data;
    (void)connection, (void)of_connection;
    pthread_mutex_lock(&http->lock);
    http->connections += what == MHD_CONNECTION_NOTIFY_STARTED ? 1U : -1U;
    if (http->connections == 0)
        pthread_cond_broadcast(&http->idle);
    pthread_mutex_unlock(&http->lock);
}

/* libmicrohttpd's own complaints: about clients, mostly. */
static void on_log(void *data, const char *format, va_list arguments)
{
    char text[512];
    (void)data;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    vsnprintf(text, sizeof text, format, arguments);
#pragma GCC diagnostic pop
    text[strcspn(text, "\n")] = '\0';
    log_debug("http: %s", text);
}

/* --- start
 * ---------------------------------------------------------------------------------------------- */

static bool server_init(struct http *http, struct problem *err)
{
    struct http_server *server = http->server;
    server->address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)http->config.port)};
    if (inet_pton(AF_INET, http->config.host, &server->address.sin_addr) != 1)
        return problem_set(err, PROBLEM_INTERNAL, "%s is not an IPv4 address", http->config.host);
    /* The port counts in server->address; ulfius wants to see one above zero. */
    unsigned port = http->config.port ? (unsigned)http->config.port : 1;
    if (ulfius_init_instance(&server->instance, port, NULL, NULL) != U_OK)
        return problem_set(err, PROBLEM_INTERNAL, "ulfius could not be set up");
    server->instance.check_utf8 = 0; /* we look ourselves, and refuse instead of dropping */
    server->instance.allowed_post_processor = U_POST_PROCESS_NONE;
    server->instance.max_post_body_size = (size_t)IMPORT_BYTES_MAX + 1; /* it cuts silently */
    if (ulfius_set_default_endpoint(&server->instance, on_request, http) != U_OK)
        return problem_set(err, PROBLEM_INTERNAL, "ulfius could not be set up");
    return true;
}

/* ThreadSanitizer keeps nearly 800 KiB of each thread's stack to itself. */
#ifdef __SANITIZE_THREAD__
enum { TOOL_STACK_BYTES = 1024 * 1024 };
#else
enum { TOOL_STACK_BYTES = 0 };
#endif

static void server_options(struct http *http)
{
    struct http_server *server = http->server;
    const struct MHD_OptionItem options[] = {
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, http},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, http},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)ulfius_uri_logger, NULL},
        {MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)on_log, NULL},
        {MHD_OPTION_SOCK_ADDR, 0, &server->address},
        {MHD_OPTION_CONNECTION_LIMIT, HTTP_CONNECTIONS_MAX, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, HTTP_TIMEOUT_S, NULL},
        {MHD_OPTION_THREAD_STACK_SIZE, HTTP_STACK_BYTES + TOOL_STACK_BYTES, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {MHD_OPTION_LISTENING_ADDRESS_REUSE, 1, NULL},
        {http->config.listening_fd > 0 ? MHD_OPTION_LISTEN_SOCKET : MHD_OPTION_END,
         http->config.listening_fd, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    _Static_assert(sizeof options <= sizeof server->options, "room for every option");
    memcpy(server->options, options, sizeof options);
}

static bool server_start(struct http *http, struct problem *err)
{
    struct http_server *server = http->server;
    server_options(http);
    unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
                     MHD_USE_POLL | MHD_USE_ITC | MHD_USE_ERROR_LOG;
    if (ulfius_start_framework_with_mhd_options(&server->instance, flags, server->options) == U_OK)
        return true;
    return problem_set(err, PROBLEM_INTERNAL, "cannot listen on %s:%d: %s", http->config.host,
                       http->config.port,
                       errno == EADDRINUSE ? "the port is taken" : strerror(errno));
}

int http_port(const struct http *http)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(http->server->instance.mhd_daemon, MHD_DAEMON_INFO_LISTEN_FD);
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    if (!info || getsockname(info->listen_fd, (struct sockaddr *)&address, &size) != 0)
        return 0;
    return ntohs(address.sin_port);
}

/* --- the whole
 * --------------------------------------------------------------------------------------------- */

static void http_free(struct http *http)
{
    if (http->server) {
        ulfius_clean_instance(&http->server->instance);
        free(http->server->names);
        free(http->server);
    }
    metrics_free(http->metrics);
    rate_limiter_free(http->rate);
    standing_cache_free(http->standings);
    spec_free(http->spec);
    batcher_end(&http->batcher);
    pthread_mutex_destroy(&http->cursors.lock);
    pthread_cond_destroy(&http->moved);
    pthread_cond_destroy(&http->idle);
    pthread_mutex_destroy(&http->lock);
    free(http);
}

static struct http *http_new(struct service_context *context, const struct http_config *config)
{
    struct http *http = need(calloc(1, sizeof *http));
    http->server = need(calloc(1, sizeof *http->server));
    http->context = context;
    http->config = *config;
    http->server->quiesced = MHD_INVALID_SOCKET;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&http->moved, &monotonic);
    pthread_cond_init(&http->idle, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&http->lock, NULL);
    pthread_mutex_init(&http->cursors.lock, NULL);
    memcpy(http->cursors.making, config->cursor_secret, sizeof http->cursors.making);
    memcpy(http->cursors.reading, config->cursor_secret, sizeof http->cursors.reading);
    batcher_begin(&http->batcher);
    http->rate = rate_limiter_new(config->rate_per_s);
    http->standings = standing_cache_new(context->service->name);
    return http;
}

/* Without an alliance in its path a change makes one: its key names it. */
static bool check_operations(const struct spec *spec, struct problem *err)
{
    for (size_t i = 0; i < spec_operation_count(spec); i++) {
        const struct operation *operation = spec_operation(spec, i);
        bool makes_alliance = operation->method != METHOD_GET && !operation->has_alliance;
        if ((makes_alliance && (!operation->needs_key || operation->is_public)) ||
            (operation->has_prepare && operation->method == METHOD_GET))
            return problem_set(err, PROBLEM_INTERNAL,
                               "api-spec: %s: the house has no way to do this", operation->id);
    }
    return true;
}

static void metrics_start(struct http *http)
{
    size_t count = spec_operation_count(http->spec);
    http->server->names = need(calloc(count + 1, sizeof(char *)));
    for (size_t i = 0; i < count; i++)
        http->server->names[i] = spec_operation(http->spec, i)->id;
    http->metrics = metrics_new(http->context->service->name, http->server->names, count);
    http_collect(http);
    metrics_register(http->metrics, bus_collect, http->context->bus);
}

bool http_start(struct service_context *context, const struct http_config *config,
                struct problem *err)
{
    const struct service *service = context->service;
    struct http *http = http_new(context, config);
    if (spec_new(service->spec, &http->spec, err) &&
        spec_bind(http->spec, service->routes, service->route_count, err) &&
        check_operations(http->spec, err) && server_init(http, err)) {
        metrics_start(http);
        context->http = http;
        if (server_start(http, err))
            return true;
        context->http = NULL;
    }
    http_free(http);
    return false;
}

/* Nobody is accepted any more. Our own socket refuses at once, so that nginx asks another instance;
 * one that was handed over lets who comes wait for the next process. */
static void quiesce(struct http *http)
{
    struct http_server *server = http->server;
    if (server->quiesced != MHD_INVALID_SOCKET)
        return;
    server->quiesced = MHD_quiesce_daemon(server->instance.mhd_daemon);
    if (server->quiesced != MHD_INVALID_SOCKET && http->config.listening_fd == 0)
        shutdown(server->quiesced, SHUT_RDWR);
}

void http_drain(struct http *http, int timeout_ms)
{
    const struct timespec until = monotonic_after(timeout_ms);
    if (!http)
        return;
    quiesce(http);
    pthread_mutex_lock(&http->lock);
    while (http->connections && pthread_cond_timedwait(&http->idle, &http->lock, &until) == 0)
        continue;
    pthread_mutex_unlock(&http->lock);
}

static void wait_until_idle(struct http *http, int timeout_ms)
{
    const struct timespec until = monotonic_after(timeout_ms);
    pthread_mutex_lock(&http->lock);
    while (http->in_flight && pthread_cond_timedwait(&http->idle, &http->lock, &until) == 0)
        continue;
    if (http->in_flight)
        log_warning("%u requests were still running at the end", http->in_flight);
    pthread_mutex_unlock(&http->lock);
}

void http_stop(struct http *http, int timeout_ms)
{
    if (!http)
        return;
    quiesce(http);
    wait_until_idle(http, timeout_ms);
    ulfius_stop_framework(&http->server->instance);
    if (http->server->quiesced != MHD_INVALID_SOCKET)
        close(http->server->quiesced);
    http_free(http);
}

void http_moved(struct http *http)
{
    if (!http)
        return;
    pthread_mutex_lock(&http->lock);
    pthread_cond_broadcast(&http->moved);
    pthread_mutex_unlock(&http->lock);
}
