/* An issuer's keys as they are now. From a file: read again whenever it changes. From an address:
 * kept 10 minutes; fetched again for an unknown `kid`, at most every 30 s; one thread fetches,
 * whoever needs the result waits for it. A key that is gone from a fresh document stops at once;
 * while the source fails the last keys are served for 24 hours; both times can be set. The log
 * says when a source begins to fail, and when it answers again. Any thread.
 * `now_ms` counts milliseconds on a clock that never jumps. */
#ifndef ACCORD_COMMON_JWKS_H
#define ACCORD_COMMON_JWKS_H

#include "common/jws.h"

enum {
    JWKS_FRESH_MS = 10 * 60 * 1000,
    JWKS_RETRY_MS = 30 * 1000,
    JWKS_STALE_MS = 24 * 60 * 60 * 1000,
};

struct jwks;

/* A file is read at once and must be usable; an address is fetched when a key is first needed.
 * `ca_file` "" = the system's authorities. */
bool jwks_new(const char *source, const char *ca_file, int64_t now_ms, struct jwks **ret_jwks,
              struct problem *err) MUST_CHECK;
void jwks_free(struct jwks *jwks);
/* Before the first use: how long keys are believed unasked (JWKS_FRESH_MS) and, while their source
 * fails, at all (JWKS_STALE_MS, counted from its last good answer). */
void jwks_set_times(struct jwks *jwks, int64_t fresh_ms, int64_t stale_ms);

/* The key of that id for that algorithm, as the caller's own copy (r_jwk_free), and the generation
 * it belongs to. Fails with PROBLEM_UNAUTHENTICATED when its issuer does not publish it, and with
 * PROBLEM_UNAVAILABLE when the issuer's keys cannot be had, so that nobody knows. */
bool jwks_find(struct jwks *jwks, const char *key_id, const struct jws_algorithm *algorithm,
               int64_t now_ms, jwk_t **ret_key, uint64_t *ret_generation,
               struct problem *err) MUST_CHECK;

/* Brings the keys up to date and tells their generation: it changes whenever the keys do. */
uint64_t jwks_generation(struct jwks *jwks, int64_t now_ms);

/* For operators. */
struct jwks_state {
    uint64_t reads, failures; /* how often the source was read, and how often in vain */
    bool is_loaded;
    int64_t age_ms; /* since the source last said that the keys are right, if is_loaded */
    size_t key_count;
};
void jwks_observe(struct jwks *jwks, int64_t now_ms, struct jwks_state *ret_state);

#endif
