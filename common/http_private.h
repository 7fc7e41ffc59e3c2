/* What the dispatcher's parts share: a request as it came in, what was understood of it, the reply
 * that is being made. Handlers see none of it. */
#ifndef ACCORD_COMMON_HTTP_PRIVATE_H
#define ACCORD_COMMON_HTTP_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "common/http.h"
#include "common/http_batch.h"
#include "common/http_headers.h"
#include "common/http_rate.h"
#include "common/metrics.h"
#include "common/service_context.h"
#include "common/spec.h"
#include "common/standing.h"

/* A request before anything is believed. */
struct http_message {
    const char *method;
    const char *target; /* raw: path and query */
    struct http_headers headers;
    const char *protocol;  /* "HTTP/1.1"; NULL counts as that */
    bool has_more_headers; /* than can be looked at */
    const char *body;
    size_t body_size;
};

enum { ANSWER_HEADERS_MAX = 32, LOCATION_SIZE = 320 };

/* An answer as it goes out; owns what it points to. */
struct http_answer {
    int status;
    struct {
        const char *name;  /* static text */
        const char *value; /* static, or `owned` */
        char *owned;
    } headers[ANSWER_HEADERS_MAX];
    size_t header_count;
    char *body;
    size_t body_size;
};
void answer_done(struct http_answer *answer);
#define http_answer_auto_t CLEANUP(answer_done) struct http_answer
void answer_header(struct http_answer *answer, const char *name, const char *format, ...)
    PRINTF_LIKE(3, 4);
void answer_constant(struct http_answer *answer, const char *name, const char *static_value);

/* What a handler, or a refusal, says; see reply.c. */
struct reply {
    int status; /* 0 = nothing yet */
    json_t *resource;
    char *text; /* rendered, or of another type */
    size_t text_size;
    char content_type[CODE_SIZE];
    char location[LOCATION_SIZE];
    int64_t version;
    char *next; /* target of the next page */
    bool is_replayed;
    const char *alliance_id; /* of the request: for Location */
};
void reply_clear(struct reply *reply);
/* Turns resource into text; afterwards reply->text stands for it. */
void reply_render(struct reply *reply);
/* Replaces whatever was said by a problem document. */
void reply_problem(struct reply *reply, const struct problem *problem, const char *target,
                   const char *request_id);

struct query_parameter {
    const char *name; /* the spec's */
    const char *value;
};

struct request_private {
    const struct http_message *message;
    struct spec_path path;
    struct spec_match match;
    bool is_head;
    bool is_last;     /* where its end is, is doubtful: nothing behind it is a request */
    char *query_text; /* decoded names and values, the parameters point into it */
    struct query_parameter query[OPERATION_PARAMETERS_MAX];
    size_t query_count;
    int accept; /* which of the operation's answers; -1 = it has none */
    json_t *body;
    int64_t if_none_match;
    char key[IDEMPOTENCY_KEY_SIZE]; /* "" = none */
    char caller_digest[DIGEST_SIZE];
    char body_digest[DIGEST_SIZE];
    char correlation_id[CORRELATION_ID_SIZE];
    struct positions after;
    char *cursor_after;
    int64_t sequence; /* for Accord-Sequence; -1 = not seen, or not to be known */
    int batch_size;
    struct rate_state rate;
};

/* What binds cursors, and what did before or will soon. */
struct cursor_secrets {
    pthread_mutex_t lock;
    unsigned char making[32], reading[32];
    int64_t change_ms; /* monotonic: when they change places; 0 = they don't */
};

struct http {
    struct service_context *context;
    struct spec *spec;
    struct http_config config;
    struct batcher batcher;
    struct rate_limiter *rate;
    struct standing_cache *standings;
    struct metrics *metrics;
    struct cursor_secrets cursors;
    struct http_server *server; /* http.c's */
    pthread_mutex_t lock;       /* of what follows */
    pthread_cond_t moved;       /* a journal or cursor has */
    pthread_cond_t idle;        /* in_flight or connections went to 0 */
    unsigned in_flight;
    unsigned connections;
};

/* Answers one request: all of it, from framing to log line. Any thread. */
void http_dispatch(struct http *http, const struct http_message *message,
                   struct http_answer *ret_answer);

/* --- stages (each file has one)
 * ------------------------------------------------------------------- */

/* http_pages.c: what is not in the spec: health, metrics, problem pages, the description. False:
 * none of these. */
bool http_page(struct http *http, const struct http_message *message, struct reply *reply,
               struct problem *err);

/* http_metrics.c: registers what /metrics shows beside the requests. */
void http_collect(struct http *http);

/* http_parse.c: headers of this operation, Accept, parameters, body; every fault at once. */
bool http_parse(struct request *request, struct problem *err) MUST_CHECK;

/* http_request.c: may who has this standing do this? Whoever may know of the alliance hears how far
 * the journal was that the answer is made from. */
bool http_admit(struct request *request, struct problem *err) MUST_CHECK;

/* http_read.c: a GET in its own reading transaction. */
bool http_read(struct http *http, struct request *request, struct reply *reply,
               struct problem *err) MUST_CHECK;
/* Waits until the service is where Accord-After asks it to be. */
bool http_wait_after(struct http *http, struct request *request, struct problem *err) MUST_CHECK;

/* http_write.c: everything else, in an act; see http_batch.h. */
bool http_write(struct http *http, struct request *request, struct reply *reply,
                struct problem *err) MUST_CHECK;

/* http_answer.c: headers and body from the reply; `err` only says how long to wait. */
void http_answer_make(const struct http *http, const struct request *request, struct reply *reply,
                      const struct problem *err, struct http_answer *ret_answer);

#endif
