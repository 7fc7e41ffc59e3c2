/* The inside of consuming: consumer.c (threads, whom to look at), consumer_follow.c (one alliance's
 * pages and runs of events), consumer_react.c (what the service does about an event). */
#ifndef ACCORD_COMMON_CONSUMER_PRIVATE_H
#define ACCORD_COMMON_CONSUMER_PRIVATE_H

#include <stdatomic.h>

#include "common/chain.h"
#include "common/consumer.h"
#include "common/service_context.h"

enum follow_outcome {
    FOLLOW_DONE,    /* at the head, or already done by another instance */
    FOLLOW_WAITING, /* the next event relies on what we have not reached in another journal */
    FOLLOW_RETRY,   /* something that passes: the bus, the database */
    FOLLOW_STALLED, /* until an operator resumes */
};

struct follow {
    struct service_context *context;
    const char *source;
    const char *alliance_id;
    const atomic_bool *is_stopping; /* NULL = never */
    bool is_counted;    /* an attempt of ours is counted in the database and has not ended */
    bool is_reached;    /* the source answered */
    bool is_careful;    /* one event an act, until the page ends */
    int64_t applied;    /* events */
    struct problem why; /* of a retry or a stall */
};

/* Takes one alliance as far as it goes. Stalls it (committed) where it may not go on. */
enum follow_outcome follow_alliance(struct follow *follow);

/* An event of a page, proven. Text is borrowed from the page. */
struct page_event {
    int64_t sequence;
    struct hash hash;
    const char *body; /* NULL = erased */
};
/* Reads events[index] of a page after (`previous`, its hash); false when the chain does not hold.
 */
bool page_event_read(const json_t *events, size_t index, int64_t previous,
                     const struct hash *previous_hash, struct page_event *ret_event,
                     struct problem *err) MUST_CHECK;

/* Does what a type asks of this version of a service: 0 = unknown to it, 1 = known, -1 = known in
 * lower versions only. `known` and `type` are like "membership.decision.carried.v1". */
int event_type_match(const char *known, const char *type);

/* The house's own part, the reactions to the event's type, then those to all. */
bool reactions_run(const struct service *service, struct act *act,
                   const struct foreign_event *event, struct problem *err) MUST_CHECK;

#endif
