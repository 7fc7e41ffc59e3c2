/* The inside of the bus: bus.c (sockets, wake-ups), bus_ask.c, bus_answer.c, bus_receive.c (waiting
 * for a message). */
#ifndef ACCORD_COMMON_BUS_PRIVATE_H
#define ACCORD_COMMON_BUS_PRIVATE_H

#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>

#include "common/bus.h"

enum { BUS_WORKERS = 4 };

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
    struct asker *idle;
};

struct peer {
    char service[CODE_SIZE];
    struct instance instances[BUS_INSTANCES_MAX];
    size_t instance_count;
    size_t turn; /* whom to ask next */
    char *wakes[BUS_INSTANCES_MAX];
    size_t wake_count;
    pthread_mutex_t mutex;    /* of connections, turn and idle askers */
    pthread_cond_t connected; /* monotonic */
};

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
};

/* A message of a token and text. */
nng_msg *bus_message_new(const char *token, const char *text, size_t size);

/* Dials without waiting for the other side to be there. */
bool bus_dial(struct bus *bus, nng_socket socket, const char *address,
              struct problem *err) MUST_CHECK;
struct peer *bus_peer_find(struct bus *bus, const char *service);
void peer_done(struct peer *peer);

#endif
