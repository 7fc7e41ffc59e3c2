/* The bus between services (nng): questions by name, answered or refused with a problem (REQ/REP),
 * and wake-ups after a commit (PUB/SUB), which may be lost. Nobody gives orders over it. Requests
 * and replies are JSON behind a service token and a line feed; the token (sign.h) proves these very
 * bytes, for this one instance or in answer to this one question, once:
 *   {"question", "allianceId", "requestId", "traceparent", "caller"?, "arguments"}
 *   {"answer"} | {"problem": {"code", "detail", "errors"?}}
 * tcp on loopback, tls+tcp with mutual certificates everywhere else. A question may be handled
 * twice after a fault, so answering one changes nothing, or the same thing twice. Any thread. */
#ifndef ACCORD_COMMON_BUS_H
#define ACCORD_COMMON_BUS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/access.h"
#include "common/sign.h"

struct service_context;
struct bus;

/* A question as it came in, its sender proven. */
struct bus_question {
    struct service_context *context;
    char from[CODE_SIZE];        /* the service that asks */
    char alliance_id[UUID_SIZE]; /* "" = none */
    char request_id[UUID_SIZE];
    char traceparent[TRACEPARENT_SIZE];
    bool has_caller;
    struct caller caller;    /* on whose behalf; without scopes */
    const json_t *arguments; /* an object */
};
/* Runs on one of the bus' own threads. */
typedef bool bus_answer_function(const struct bus_question *question, json_t **ret_answer,
                                 struct problem *err);
struct bus_answerer {
    const char *question; /* "journal.read" */
    bus_answer_function *answer;
};

/* Another service's addresses, one of each per instance. */
enum { BUS_INSTANCES_MAX = 16, BUS_PEERS_MAX = 16, BUS_ANSWERER_TABLES_MAX = 4 };
struct bus_peer {
    const char *service;
    size_t count;
    const char *questions[BUS_INSTANCES_MAX]; /* "tcp://127.0.0.1:7202" */
    const char *wakes[BUS_INSTANCES_MAX];
};
struct bus_config {
    const char *questions; /* where we answer; NULL = we only ask (tools) */
    const char *wake;
    /* For tls+tcp: PEM files. `certificate` holds our certificate and its key. */
    const char *certificate;
    const char *authority;
    struct bus_peer peers[BUS_PEERS_MAX];
    size_t peer_count;
    struct {
        const struct bus_answerer *answerers;
        size_t count;
    } tables[BUS_ANSWERER_TABLES_MAX];
};

/* Listens and dials; answers nothing yet. Refuses tcp:// beyond loopback and a taken port. Copies
 * what it needs of `config` except the tables. `context` is handed to the answerers. */
bool bus_new(const struct bus_config *config, struct signer *signer,
             struct service_context *context, struct bus **ret_bus, struct problem *err) MUST_CHECK;
/* Starts answering. */
bool bus_start(struct bus *bus, struct problem *err) MUST_CHECK;
/* Stops answering and joins the threads; asking still works. */
void bus_stop(struct bus *bus);
/* Takes a certificate or authority whose file has changed, for all connections that are made from
 * now on; those that stand, and the one that a listener waits for, go on, so that no question is
 * lost. A file that changed within the last two seconds waits for its turn unless `at_once`: it may
 * be half written. What can't be used (not a pair, expired, not of the authority) is refused, and
 * the old one goes on. One thread; NULL is fine. */
bool bus_refresh(struct bus *bus, bool at_once, struct problem *err) MUST_CHECK;
/* When the certificate in use expires, which may be another one than stands in its file; seconds
 * since 1970, 0 = there is none. Any thread. */
int64_t bus_certificate_expiry(struct bus *bus);
/* Gives up what nng believes to be connections and are none any more, so that they are made anew;
 * counts whom nobody talked to.
 * False: nng is stuck for good, nothing connects any more and bus_free() would not return; only
 * another process helps. Once a second, one thread; NULL is fine. */
bool bus_mend(struct bus *bus) MUST_CHECK;
/* Nobody may be asking or listening any more. NULL is fine. */
void bus_free(struct bus *bus);

struct bus_ask {
    const char *service;     /* whom */
    const char *question;    /* what */
    const char *alliance_id; /* NULL and "" = none */
    const char *request_id;
    const char *traceparent;
    const struct caller *caller; /* NULL = none */
    json_t *arguments;           /* borrowed; NULL = {} */
    int timeout_ms;              /* 0 = BUS_ANSWER_MS */
};
/* Asks and waits; again where the connection was lost, or another instance can answer instead of a
 * stranger. The other side's problem becomes `err`; UNAVAILABLE when there was no answer in
 * time, UPSTREAM when the answer is not from that service or not an answer. */
bool bus_ask(struct bus *bus, const struct bus_ask *ask, json_t **ret_answer,
             struct problem *err) MUST_CHECK;

/* Tells who follows us that this alliance's journal has grown. Never waits, never fails. */
void bus_wake(struct service_context *context, const char *alliance_id, int64_t sequence);

/* Hearing another service's wake-ups; one thread at a time. */
struct bus_ear;
bool bus_ear_new(struct bus *bus, const char *service, struct bus_ear **ret_ear,
                 struct problem *err) MUST_CHECK;
void bus_ear_free(struct bus_ear *ear);
/* Waits for a wake-up; false = none within `timeout_ms` (0 = does not wait). */
bool bus_ear_wait(struct bus_ear *ear, int timeout_ms, char ret_alliance_id[UUID_SIZE]);
/* From any thread: whoever waits stops, and nobody waits again. */
void bus_ear_stop(struct bus_ear *ear);

/* A collector of common/metrics.h; `bus` may be NULL. */
void bus_collect(void *bus, FILE *out);

#endif
