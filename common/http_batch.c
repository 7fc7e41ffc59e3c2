#include "common/http_batch.h"

#include <assert.h>
#include <string.h>

#include "common/limits.h"
#include "common/memory.h"

/* The writes of one alliance that wait, in the order they came; there while one is being led. */
struct batch_queue {
    char alliance_id[UUID_SIZE];
    struct write *first, *last;
    struct batch_queue *next;
};

void batcher_begin(struct batcher *batcher)
{
    *batcher = (struct batcher){0};
    pthread_mutex_init(&batcher->lock, NULL);
}

void batcher_end(struct batcher *batcher)
{
    for (size_t i = 0; i < BATCH_BUCKETS; i++)
        assert(!batcher->queues[i]);
    pthread_mutex_destroy(&batcher->lock);
}

/* --- queues ------------------------------------------------------------------------------------
 */

static struct batch_queue **queue_find(struct batcher *batcher, const char *alliance_id)
{
    unsigned hash = 5381;
    for (const char *c = alliance_id; *c; c++)
        hash = hash * 33 + (unsigned char)*c;
    struct batch_queue **at = &batcher->queues[hash % BATCH_BUCKETS];
    while (*at && strcmp((*at)->alliance_id, alliance_id) != 0)
        at = &(*at)->next;
    return at;
}

static void queue_push(struct batch_queue *queue, struct write *write)
{
    if (queue->last)
        queue->last->next = write;
    else
        queue->first = write;
    queue->last = write;
}

static size_t queue_take(struct batch_queue *queue, struct write *ret_writes[BATCH_REQUESTS_MAX])
{
    size_t count = 0;
    while (queue->first && count < BATCH_REQUESTS_MAX) {
        ret_writes[count++] = queue->first;
        queue->first = queue->first->next;
    }
    if (!queue->first)
        queue->last = NULL;
    return count;
}

/* Adds the write; true when nobody leads this alliance, so that this thread must. */
static bool queue_join(struct batcher *batcher, const char *alliance_id, struct write *write)
{
    struct batch_queue **at = queue_find(batcher, alliance_id);
    bool is_first = !*at;
    if (is_first) {
        *at = need(calloc(1, sizeof **at));
        memcpy((*at)->alliance_id, alliance_id, UUID_SIZE);
    }
    queue_push(*at, write);
    return is_first;
}

/* The next who waits leads; without one the queue goes. */
static void queue_hand_over(struct batcher *batcher, const char *alliance_id)
{
    struct batch_queue **at = queue_find(batcher, alliance_id);
    struct batch_queue *queue = *at;
    if (queue->first) {
        queue->first->is_leader = true;
        pthread_cond_signal(&queue->first->changed);
        return;
    }
    *at = queue->next;
    free(queue);
}

/* Called and returns with the lock held. */
static void batch_lead(struct batcher *batcher, const char *alliance_id, batch_function *run,
                       void *context)
{
    struct write *writes[BATCH_REQUESTS_MAX];
    size_t count = queue_take(*queue_find(batcher, alliance_id), writes);
    pthread_mutex_unlock(&batcher->lock);
    run(context, writes, count);
    pthread_mutex_lock(&batcher->lock);
    for (size_t i = 0; i < count; i++) {
        writes[i]->is_done = true;
        pthread_cond_signal(&writes[i]->changed);
    }
    queue_hand_over(batcher, alliance_id);
}

void batch_submit(struct batcher *batcher, const char *alliance_id, struct write *write,
                  batch_function *run, void *context)
{
    pthread_cond_init(&write->changed, NULL);
    write->next = NULL;
    pthread_mutex_lock(&batcher->lock);
    write->is_leader = queue_join(batcher, alliance_id, write);
    while (!write->is_done && !write->is_leader)
        pthread_cond_wait(&write->changed, &batcher->lock);
    if (!write->is_done)
        batch_lead(batcher, alliance_id, run, context);
    pthread_mutex_unlock(&batcher->lock);
    pthread_cond_destroy(&write->changed);
}

size_t batch_waiting(struct batcher *batcher, const char *alliance_id)
{
    const struct batch_queue *queue = *queue_find(batcher, alliance_id);
    size_t count = 0;
    for (const struct write *write = queue ? queue->first : NULL; write; write = write->next)
        count++;
    return count;
}

/* --- keys in hand --------------------------------------------------------------------------------
 */

bool running_key_begin(struct batcher *batcher, struct running_key *running, struct problem *err)
{
    bool is_taken = false;
    pthread_mutex_lock(&batcher->lock);
    for (struct running_key *other = batcher->running; other; other = other->next)
        is_taken = is_taken || (strcmp(other->key, running->key) == 0 &&
                                strcmp(other->caller, running->caller) == 0 &&
                                strcmp(other->alliance_id, running->alliance_id) == 0);
    if (!is_taken) {
        running->next = batcher->running;
        batcher->running = running;
    }
    pthread_mutex_unlock(&batcher->lock);
    return !is_taken || problem_set(err, PROBLEM_REQUEST_RUNNING,
                                    "a request with this Idempotency-Key is still running");
}

void running_key_end(struct batcher *batcher, struct running_key *running)
{
    pthread_mutex_lock(&batcher->lock);
    struct running_key **at = &batcher->running;
    while (*at != running)
        at = &(*at)->next;
    *at = running->next;
    pthread_mutex_unlock(&batcher->lock);
}
