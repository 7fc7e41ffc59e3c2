/* Following other services' journals: a consumer applies an event and moves its cursor in one act,
 * exactly once, in order per alliance. The roster's tables (alliance, partner, appointment) and any
 * other table registered with a source are written by the database as the event passes; a reaction
 * is what a service does beyond that. One thread per followed service; two instances may run. */
#ifndef ACCORD_COMMON_CONSUMER_H
#define ACCORD_COMMON_CONSUMER_H

#include "common/act.h"

/* Another service's event, as read and proven (hash chain) from its journal. */
struct foreign_event {
    const char *source;  /* "membership" */
    int64_t sequence;
    const char *type;    /* "membership.decision.carried.v1" */
    const char *subject; /* "decisions/<uuid>" */
    int64_t occurred_ms;
    const json_t *data;
    const json_t *envelope; /* the whole event */
};

/* Acts on it with act_append(). A broken rule is not an error: append a `...refused` event and
 * return true. Returning false stalls the alliance (or retries, for what the database or the bus
 * may recover from). Runs again after a crash, never twice after a commit. */
typedef bool reaction_function(struct act *act, const struct foreign_event *event, struct problem *err);

struct reaction {
    const char *type; /* with the highest version known: a higher one stalls */
    reaction_function *react;
};

#endif
