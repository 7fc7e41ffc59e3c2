#include "common/http_rate.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum { BUCKETS = 4096, PROBES_MAX = 8 };

struct bucket {
    uint64_t client; /* hash; 0 = free */
    int64_t seen_ms;
    int64_t level; /* thousandths of a request that may still be made */
};

struct rate_limiter {
    pthread_mutex_t lock;
    unsigned per_s;
    struct bucket buckets[BUCKETS];
};

struct rate_limiter *rate_limiter_new(unsigned per_s)
{
    struct rate_limiter *limiter = need(calloc(1, sizeof *limiter));
    pthread_mutex_init(&limiter->lock, NULL);
    limiter->per_s = per_s ? per_s : RATE_DEFAULT_PER_S;
    return limiter;
}

void rate_limiter_free(struct rate_limiter *limiter)
{
    if (!limiter)
        return;
    pthread_mutex_destroy(&limiter->lock);
    free(limiter);
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return (hash ^ 0xff) * UINT64_C(1099511628211);
}

/* The client's bucket; else a free one, else that of who has been quiet for longest nearby. */
static struct bucket *bucket_find(struct rate_limiter *limiter, uint64_t client)
{
    struct bucket *oldest = NULL;
    for (uint64_t i = 0; i < PROBES_MAX; i++) {
        struct bucket *bucket = &limiter->buckets[(client + i) % BUCKETS];
        if (bucket->client == client)
            return bucket;
        if (!oldest || bucket->seen_ms < oldest->seen_ms)
            oldest = bucket;
    }
    *oldest = (struct bucket){.client = client, .seen_ms = -1};
    return oldest;
}

bool rate_take(struct rate_limiter *limiter, const char *issuer, const char *client, int64_t now_ms,
               struct rate_state *ret_state)
{
    uint64_t key = hash_text(hash_text(UINT64_C(14695981039346656037), issuer), client) | 1;
    int64_t full = (int64_t)limiter->per_s * 1000;
    pthread_mutex_lock(&limiter->lock);
    struct bucket *bucket = bucket_find(limiter, key);
    int64_t passed_ms = bucket->seen_ms < 0 ? 1000 : now_ms - bucket->seen_ms;
    if (passed_ms > 0) {
        bucket->level += (passed_ms > 1000 ? 1000 : passed_ms) * limiter->per_s;
        bucket->seen_ms = now_ms;
    }
    if (bucket->level > full)
        bucket->level = full;
    bool is_allowed = bucket->level >= 1000;
    if (is_allowed)
        bucket->level -= 1000;
    *ret_state = (struct rate_state){
        .per_s = limiter->per_s, .remaining = (unsigned)(bucket->level / 1000), .reset_s = 1};
    pthread_mutex_unlock(&limiter->lock);
    return is_allowed;
}
