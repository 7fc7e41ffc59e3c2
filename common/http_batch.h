/* Writes of one alliance that wait together share one act. Who comes to an idle alliance leads:
 * takes everybody who waits (BATCH_REQUESTS_MAX at most, itself first), runs them, wakes them, and
 * hands over to the first who came meanwhile. A lone request never waits for company. Also knows
 * which (caller, key) are being worked on, so that a repeated request hears 409 at once.
 * One struct batcher per process; any thread. */
#ifndef ACCORD_COMMON_HTTP_BATCH_H
#define ACCORD_COMMON_HTTP_BATCH_H

#include <pthread.h>

#include "common/problem.h"

struct request;
struct reply;

/* A request that waits to write. Lives on its thread's stack. */
struct write {
    struct request *request;
    struct reply *reply;
    struct problem *err;
    bool is_done, is_leader;
    bool has_succeeded; /* the reply stands; else err does */
    /* http_write.c's: */
    bool is_refused; /* err is a refusal of the handler, to be stored alone */
    pthread_cond_t changed;
    struct write *next;
};

struct batch_queue;
enum { BATCH_BUCKETS = 256 };
struct batcher {
    pthread_mutex_t lock;
    struct batch_queue *queues[BATCH_BUCKETS];
    struct running_key *running;
};
void batcher_begin(struct batcher *batcher);
void batcher_end(struct batcher *batcher);

typedef void batch_function(void *context, struct write *writes[], size_t count);

/* Runs the write by `run`, alone or with others, on this thread or another; returns when it is
 * done. `run` is called by one thread at a time for each alliance. */
void batch_submit(struct batcher *batcher, const char *alliance_id, struct write *write,
                  batch_function *run, void *context);

/* How many wait behind those that are being run. The lock is held by the caller; for tests. */
size_t batch_waiting(struct batcher *batcher, const char *alliance_id);

/* Marks (alliance, caller, key) as being worked on; REQUEST_RUNNING when it is already. */
struct running_key {
    const char *alliance_id, *caller, *key; /* borrowed */
    struct running_key *next;
};
bool running_key_begin(struct batcher *batcher, struct running_key *running,
                       struct problem *err) MUST_CHECK;
void running_key_end(struct batcher *batcher, struct running_key *running);

#endif
