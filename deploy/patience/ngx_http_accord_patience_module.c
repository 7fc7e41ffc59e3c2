/* An end to nginx's patience with slow clients, said aloud. nginx by itself closes the connection
 * of who does not send headers or body in time without a word, and waits for a body as long as any
 * byte of it comes now and then. This module
 *   - answers such a request with 408 before its connection is closed (patience_answer), and
 *   - gives a body as much time as its size takes at the slowest rate that is served
 * (patience_body). It runs in nginx's workers, on their one thread, and does nothing for a request
 * that comes in time. */
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

typedef struct {
    ngx_http_complex_value_t *headers; /* of the answer, each with its CR LF */
    ngx_http_complex_value_t *body;
    ngx_msec_t grace_ms; /* for any body */
    size_t bytes_per_s;  /* and for its size */
} patience_conf;

typedef struct {
    ngx_http_request_t *request;
    ngx_event_t deadline;
} patience;

extern ngx_module_t ngx_http_accord_patience_module;

/* --- the answer
 * ------------------------------------------------------------------------------------- */

static ngx_int_t answer_send(ngx_http_request_t *r, ngx_str_t *headers, ngx_str_t *body)
{
    static const char FORMAT[] = "HTTP/1.1 408 Request Timeout" CRLF "Content-Length: %uz" CRLF
                                 "Connection: close" CRLF "%V" CRLF "%V";
    size_t size = sizeof FORMAT + NGX_SIZE_T_LEN + headers->len + body->len;
    u_char *text = ngx_pnalloc(r->pool, size);
    if (text == NULL)
        return NGX_ERROR;
    u_char *end = ngx_snprintf(text, size, FORMAT, body->len, headers, body);
    /* A new answer on a connection whose earlier ones were read fits into the socket's buffer. */
    return r->connection->send(r->connection, text, (size_t)(end - text)) == end - text ? NGX_OK
                                                                                        : NGX_ERROR;
}

/* The log phase is the last that is called before the connection is closed, and the only one after
 * a time-out. */
static ngx_int_t patience_log(ngx_http_request_t *r)
{
    ngx_connection_t *c = r->connection;
    patience_conf *conf = ngx_http_get_module_loc_conf(r, ngx_http_accord_patience_module);
    ngx_str_t headers, body;
    if (conf->body == NULL || r != r->main || r->stream || !c->timedout || c->error ||
        r->header_sent || r->headers_out.status != NGX_HTTP_REQUEST_TIME_OUT)
        return NGX_OK;
    if (ngx_http_complex_value(r, conf->headers, &headers) != NGX_OK ||
        ngx_http_complex_value(r, conf->body, &body) != NGX_OK)
        return NGX_ERROR;
    if (answer_send(r, &headers, &body) == NGX_OK)
        c->timedout = 0; /* else nginx resets the connection, and the answer with it */
    return NGX_OK;
}

/* --- the body's deadline
 * ---------------------------------------------------------------------------- */

/* As if nothing had come for client_body_timeout. */
static void patience_ends(ngx_event_t *event)
{
    patience *own = event->data;
    ngx_http_request_t *r = own->request;
    ngx_connection_t *c = r->connection;
    if (r->request_body == NULL || r->request_body->rest == 0)
        return; /* it is all there */
    ngx_log_error(NGX_LOG_INFO, c->log, NGX_ETIMEDOUT, "the body came too slowly");
    c->read->timedout = 1;
    c->read->handler(c->read);
}

static void patience_forget(void *data)
{
    patience *own = data;
    if (own->deadline.timer_set)
        ngx_del_timer(&own->deadline);
}

static ngx_int_t patience_begin(ngx_http_request_t *r)
{
    patience_conf *conf = ngx_http_get_module_loc_conf(r, ngx_http_accord_patience_module);
    ngx_http_core_loc_conf_t *core = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
    if (conf->bytes_per_s == 0 || r != r->main || r->internal || r->stream ||
        (r->headers_in.content_length_n <= 0 && !r->headers_in.chunked))
        return NGX_DECLINED;
    ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(r->pool, sizeof(patience));
    if (cleanup == NULL)
        return NGX_ERROR;
    patience *own = cleanup->data;
    ngx_memzero(own, sizeof *own);
    own->request = r;
    own->deadline.data = own;
    own->deadline.handler = patience_ends;
    own->deadline.log = r->connection->log;
    cleanup->handler = patience_forget;
    /* A body in chunks may become as long as any. */
    off_t size =
        r->headers_in.chunked ? core->client_max_body_size : r->headers_in.content_length_n;
    ngx_add_timer(&own->deadline,
                  conf->grace_ms + (ngx_msec_t)(size / (off_t)conf->bytes_per_s) * 1000);
    return NGX_DECLINED;
}

/* --- configuration
 * ---------------------------------------------------------------------------------- */

static ngx_int_t value_compile(ngx_conf_t *cf, ngx_str_t *text,
                               ngx_http_complex_value_t **ret_value)
{
    ngx_http_compile_complex_value_t compile;
    *ret_value = ngx_palloc(cf->pool, sizeof **ret_value);
    if (*ret_value == NULL)
        return NGX_ERROR;
    ngx_memzero(&compile, sizeof compile);
    compile.cf = cf;
    compile.value = text;
    compile.complex_value = *ret_value;
    return ngx_http_compile_complex_value(&compile);
}

static char *read_answer(ngx_conf_t *cf, ngx_command_t *command, void *data)
{
    patience_conf *conf = data;
    ngx_str_t *words = cf->args->elts;
    (void)command;
    if (conf->body)
        return "is duplicate";
    if (value_compile(cf, &words[1], &conf->headers) != NGX_OK ||
        value_compile(cf, &words[2], &conf->body) != NGX_OK)
        return NGX_CONF_ERROR;
    return NGX_CONF_OK;
}

static char *read_body(ngx_conf_t *cf, ngx_command_t *command, void *data)
{
    patience_conf *conf = data;
    ngx_str_t *words = cf->args->elts;
    (void)command;
    ngx_int_t grace_ms = ngx_parse_time(&words[1], 0);
    ssize_t bytes_per_s = ngx_parse_size(&words[2]);
    if (grace_ms == NGX_ERROR || bytes_per_s <= 0)
        return "takes a time and a size";
    conf->grace_ms = (ngx_msec_t)grace_ms;
    conf->bytes_per_s = (size_t)bytes_per_s;
    return NGX_CONF_OK;
}

static void *conf_new(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(patience_conf));
}

static char *conf_merge(ngx_conf_t *cf, void *outer, void *inner)
{
    patience_conf *parent = outer, *conf = inner;
    (void)cf;
    if (conf->body == NULL) {
        conf->headers = parent->headers;
        conf->body = parent->body;
    }
    if (conf->bytes_per_s == 0) {
        conf->grace_ms = parent->grace_ms;
        conf->bytes_per_s = parent->bytes_per_s;
    }
    return NGX_CONF_OK;
}

static ngx_int_t phase_add(ngx_http_core_main_conf_t *core, ngx_uint_t phase,
                           ngx_http_handler_pt handler)
{
    ngx_http_handler_pt *slot = ngx_array_push(&core->phases[phase].handlers);
    if (slot == NULL)
        return NGX_ERROR;
    *slot = handler;
    return NGX_OK;
}

static ngx_int_t handlers_add(ngx_conf_t *cf)
{
    ngx_http_core_main_conf_t *core = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
    if (phase_add(core, NGX_HTTP_PRECONTENT_PHASE, patience_begin) != NGX_OK)
        return NGX_ERROR;
    return phase_add(core, NGX_HTTP_LOG_PHASE, patience_log);
}

enum { ANYWHERE = NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF };

static ngx_command_t commands[] = {
    {ngx_string("patience_answer"), ANYWHERE | NGX_CONF_TAKE2, read_answer,
     NGX_HTTP_LOC_CONF_OFFSET, 0, NULL},
    {ngx_string("patience_body"), ANYWHERE | NGX_CONF_TAKE2, read_body, NGX_HTTP_LOC_CONF_OFFSET, 0,
     NULL},
    ngx_null_command,
};

static ngx_http_module_t context = {
    .postconfiguration = handlers_add,
    .create_loc_conf = conf_new,
    .merge_loc_conf = conf_merge,
};

ngx_module_t ngx_http_accord_patience_module = {
    NGX_MODULE_V1, &context, commands, NGX_HTTP_MODULE,       NULL, NULL, NULL, NULL,
    NULL,          NULL,     NULL,     NGX_MODULE_V1_PADDING,
};
