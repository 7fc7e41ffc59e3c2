/* Where something comes from, in one call: breadth-first over the `links` of events, through our
 * own journal and the other services' (question trace.read); 1 s and 100 nodes at most. A service
 * that did not answer is named in `incomplete`. What is restricted to others is left out, links and
 * all. */
#ifndef ACCORD_COMMON_TRACE_H
#define ACCORD_COMMON_TRACE_H

#include "common/http.h"

enum { TRACE_NODES_MAX = 100, TRACE_MS_MAX = 900, TRACE_LINKS_MAX = 64 };

/* Our own events of these subjects (an array of references), oldest first, TRACE_NODES_MAX of each
 * at most: an array of {"service", "sequence", "type", "subject", "organisation"?, "appointment"?,
 * "occurredAt", "recordedAt", "links", "restrictedTo"?}; the caller frees it. */
bool trace_events(struct db_tx *tx, const char *service, const json_t *subjects,
                  json_t **ret_events, struct problem *err) MUST_CHECK;

/* GET .../{...}/trace : traces the resource that the path names. */
handler trace_get;
/* For a resource whose event has another subject: also starts from our own event `sequence`
 * (0 = none). */
bool trace_reply(struct request *request, struct reply *reply, const char *ref, int64_t sequence,
                 struct problem *err) MUST_CHECK;

#endif
