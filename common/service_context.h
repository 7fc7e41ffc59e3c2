/* The running service: what a process has one of. service_run() fills it in before the first thread
 * starts; nobody changes it afterwards, and what it points to does its own locking. A test fills in
 * what it needs. */
#ifndef ACCORD_COMMON_SERVICE_CONTEXT_H
#define ACCORD_COMMON_SERVICE_CONTEXT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "common/service.h"

struct service_context {
    const struct service *service;
    const struct config *config; /* common/config.h */
    unsigned instance;           /* which of the service's instances, from 0 */
    struct db *db;
    struct signer *signer;         /* common/sign.h */
    struct token_verifier *tokens; /* common/token.h */
    struct bus *bus;               /* common/bus.h */
    struct consumers *consumers;   /* common/consumer.h */
    struct sweeper *sweeper;       /* common/sweep.h */
    struct http *http;             /* http_start(), http_stop() of common/http.h */
    atomic_bool is_draining;       /* TERM has come: /readyz says 503 */
    /* Of the sweeper, for /metrics and the watchdog. */
    struct {
        atomic_llong beat_ms; /* monotonic: it was seen at work */
        atomic_llong rounds;  /* over all alliances, to their end */
        atomic_llong faults;  /* of them with a fault */
        atomic_llong last_s;  /* since 1970: a round without fault ended; 0 = none yet */
    } sweep;
};

#endif
