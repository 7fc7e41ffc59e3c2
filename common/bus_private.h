/* The inside of the bus: bus.c (sockets, wake-ups), bus_ask.c, bus_answer.c, bus_tls.c
 * (certificates), bus_refused.c (whom nobody believed), bus_receive.c (waiting
 * for a message), bus_mend.c (connections that nng has lost),
 * bus_sockets.c (when a silent peer is given up). */
#ifndef ACCORD_COMMON_BUS_PRIVATE_H
#define ACCORD_COMMON_BUS_PRIVATE_H

#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>

#include "common/bus.h"
#include "common/file_stamp.h"

enum {
    BUS_WORKERS = 4,
    ADDRESS_HOST_SIZE = 128,
    AVOID_MS = 5000, /* how long an instance that failed us is only asked if there is no other */
};

static inline void cleanup_nng_msg(nng_msg **message)
{
    if (*message != NULL)
        nng_msg_free(*message);
}
#define nng_msg_auto_t CLEANUP(cleanup_nng_msg) nng_msg

/* A context of its own for each question under way, so that askers don't wait for each other. */
struct asker {
    struct instance *instance;
    nng_ctx context;
    nng_aio *aio;
    struct asker *next;
};

/* One process of another service, with a socket of its own: a question is for the one that it is
 * sent to, and worth nothing to any other. */
struct instance {
    struct peer *peer;
    char *address;
    nng_socket socket; /* REQ */
    bool is_open;
    int connections;
    int64_t avoid_until_ms; /* monotonic */
    struct asker *idle;
};

/* Says it in the log at most once a second, and counts. */
struct refusals {
    atomic_uint_fast64_t count;
    atomic_int_fast64_t said_ms;
};

struct peer {
    struct bus *bus;
    char service[CODE_SIZE];
    struct instance instances[BUS_INSTANCES_MAX];
    size_t instance_count;
    size_t turn; /* whom to ask next */
    char *wakes[BUS_INSTANCES_MAX];
    size_t wake_count;
    pthread_mutex_t mutex;    /* of connections, turn, idle askers and who is avoided */
    pthread_cond_t connected; /* monotonic */
    struct refusals refused;  /* replies that were not its */
};

/* Certificates, and who uses them. */
struct bus_tls {
    pthread_mutex_t mutex; /* of the endpoints */
    struct endpoint *endpoints;
    struct file_stamp stamps[2]; /* of certificate and authority as they are used */
    atomic_int_fast64_t expires_s;
    atomic_uint_fast64_t refused; /* who came without a good certificate */
};

/* What nng says that there is. */
struct connection {
    nng_pipe pipe;
    bool was_dead; /* at the last look */
    bool is_given_up;
};
struct connections {
    pthread_mutex_t mutex;
    struct connection *all;
    size_t count, room;
};
void connections_note(struct connections *connections, nng_pipe pipe, bool is_new);
/* Notes what comes and goes at a socket; 0 or nng's error. */
int connections_watch(struct connections *connections, nng_socket socket);

/* A connection within the process, to see whether nng still clears away what ends. Looks are
 * counted, a second apart, and no clock is asked: a machine that stood still let nng do nothing
 * either. */
enum { PROBE_LOOKS = 5 };
struct probe {
    nng_socket listening, dialling;
    bool is_open;
    atomic_uint_fast32_t pipe_id; /* 0 = there is none now */
    atomic_bool is_asked;         /* to be cleared away ... */
    unsigned looks;               /* ... and was not so often; bus_mend()'s thread */
};
void probe_close(struct probe *probe);
/* Sees to it that the bus' new sockets notice who is gone. */
void bus_sockets_watch(const struct bus *bus);

/* Waits for messages by our own clock: nng 1.5 spins through the last millisecond of each of its
 * own time-outs, which is most of what an idle process would do. One thread at a time, but for
 * receiver_stop(). */
struct receiver {
    nng_aio *aio;
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* monotonic */
    bool has_ended, is_stopped;
};
void receiver_open(struct receiver *receiver);
void receiver_close(struct receiver *receiver);
/* The aio to begin a receive on. */
nng_aio *receiver_begin(struct receiver *receiver);
/* Waits until what was begun has brought a message; NULL after timeout_ms (-1 = never), after
 * receiver_stop(), and when the socket failed. */
nng_msg *receiver_end(struct receiver *receiver, int timeout_ms);
/* Nobody waits any more, now or later. */
void receiver_stop(struct receiver *receiver);

struct worker {
    struct bus *bus;
    nng_ctx context;
    struct receiver receiver;
    nng_aio *aio; /* for the reply */
    pthread_t thread;
    bool is_running;
};

struct bus {
    struct signer *signer;
    struct service_context *context;
    struct bus_config config; /* the tables and our own addresses; the peers stand below */
    char *texts[4];           /* what config's own addresses and files point to */
    nng_socket answers, wake;
    bool is_answering, is_waking;
    struct peer peers[BUS_PEERS_MAX];
    size_t peer_count;
    struct worker workers[BUS_WORKERS];
    atomic_bool is_stopping;
    struct bus_tls tls;
    struct connections connections;
    struct probe probe;
    struct refusals refused; /* questions of nobody we know */
};

/* A message of a token and text. */
nng_msg *bus_message_new(const char *token, const char *text, size_t size);

/* Dials without waiting for the other side to be there. */
bool bus_dial(struct bus *bus, nng_socket socket, const char *address,
              struct problem *err) MUST_CHECK;
/* Certificates for what listens or dials, before it starts; 0 or nng's error. */
void bus_tls_begin(struct bus *bus);
/* Counts and says whom nobody talks to; once a second. */
void bus_tls_count(struct bus *bus);
void bus_tls_done(struct bus *bus);
int bus_secure_listener(struct bus *bus, nng_listener listener);
int bus_secure_dialer(struct bus *bus, nng_dialer dialer, const char *address);
/* Counts what `who` ("a question", "a reply of risk at tcp://...") was refused for. */
void refusal_note(struct refusals *refusals, const struct problem *why, const char *who, ...)
    PRINTF_LIKE(3, 4);

struct peer *bus_peer_find(struct bus *bus, const char *service);
void peer_done(struct peer *peer);

#endif
