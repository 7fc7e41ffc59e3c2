/* Following other services' journals: a consumer applies events and moves its cursor in one act,
 * exactly once, in order per alliance: up to 32 at a time, one by one where one of them fails. The
 * roster's tables (alliance, partner, appointment) and any other table registered with a source are
 * written by the database as the event passes; a reaction is what a service does beyond that. One
 * thread per followed service; two instances may run. */
#ifndef ACCORD_COMMON_CONSUMER_H
#define ACCORD_COMMON_CONSUMER_H

#include "common/act.h"

/* Another service's event, as read and proven (hash chain) from its journal. */
struct foreign_event {
    const char *source; /* "membership" */
    int64_t sequence;
    const char *type;    /* "membership.decision.carried.v1" */
    const char *subject; /* "decisions/<uuid>" */
    int64_t occurred_ms;
    const json_t *data;
    const json_t *envelope; /* the whole event */
};

/* Acts on it with act_append(). Called after the tables that follow the event were written and, for
 * decisions, after the house's own part (subject.h). A broken rule is not an error: append a
 * `...refused` event and return true. Returning false stalls the alliance (or retries, for what the
 * database or the bus may recover from). Runs again after a crash, never twice after a commit. */
typedef bool reaction_function(struct act *act, const struct foreign_event *event,
                               struct problem *err);

/* A member that the event must have, shorter than `size`: without it the reaction fails, and the
 * alliance stalls instead of the process. PROBLEM_INTERNAL. */
bool event_text(const json_t *object, const char *name, size_t size, const char **ret_text,
                struct problem *err) MUST_CHECK;

struct reaction {
    /* With the highest version known: lower ones come here too, a higher one stalls the alliance.
     * "*" reacts to every event of every followed service, after what names it. */
    const char *type;
    reaction_function *react;
};

struct service_context;
struct consumers;

/* Listens for the followed services' wake-ups; nothing is consumed yet. */
bool consumers_new(struct service_context *context, struct consumers **ret_consumers,
                   struct problem *err) MUST_CHECK;
/* Starts a thread per followed service. */
bool consumers_start(struct consumers *consumers, struct problem *err) MUST_CHECK;
/* Joins them; an event in hand is finished. NULL is fine. */
void consumers_stop(struct consumers *consumers);
void consumers_free(struct consumers *consumers);

/* How far one followed journal has been taken; for readiness and /metrics. */
struct consumer_status {
    const char *source;
    bool is_reached;             /* it answered the last time it was asked */
    int64_t applied;             /* events since the start */
    int64_t behind;              /* alliances whose cursor is not at the head we last saw */
    int64_t stalled;             /* alliances that wait for an operator */
    char stalled_why[TEXT_SIZE]; /* of one of them: "<alliance>: <why>" */
};
/* Copies up to `max`; returns how many there are. */
size_t consumers_status(struct consumers *consumers, struct consumer_status *ret_status,
                        size_t max);
/* False, with a sentence, while an alliance is stalled. */
bool consumers_are_ready(struct consumers *consumers, struct problem *err) MUST_CHECK;

/* Brings every alliance of `source` as far as it will go now, on this thread; for tests.
 * `ret_applied` counts the events applied. */
bool consumer_catch_up(struct service_context *context, const char *source, int64_t *ret_applied,
                       struct problem *err) MUST_CHECK;
/* An operator's word that a stalled alliance may go on: the event is tried again. */
bool consumer_resume(struct db *db, const char *alliance_id, const char *source,
                     struct problem *err) MUST_CHECK;

#endif
