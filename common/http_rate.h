/* How fast a client may ask: a token bucket for each, of one second's worth. Clients that have been
 * quiet are forgotten. Any thread. */
#ifndef ACCORD_COMMON_HTTP_RATE_H
#define ACCORD_COMMON_HTTP_RATE_H

#include <stdbool.h>
#include <stdint.h>

enum { RATE_DEFAULT_PER_S = 1000 };

struct rate_limiter;
struct rate_limiter *rate_limiter_new(unsigned per_s);
void rate_limiter_free(struct rate_limiter *limiter);

/* For the RateLimit headers. */
struct rate_state {
    unsigned per_s; /* 0 = nothing is known */
    unsigned remaining;
    unsigned reset_s;
};

/* Takes one request from the client's bucket at `now_ms` (a monotonic clock); false when it is
 * empty. */
bool rate_take(struct rate_limiter *limiter, const char *issuer, const char *client, int64_t now_ms,
               struct rate_state *ret_state);

#endif
