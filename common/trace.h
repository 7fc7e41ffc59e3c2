/* Where something comes from, in one call: breadth-first over the `links` of events, through our own
 * journal and the other services' (question trace.read); 1 s and 100 nodes at most. A service that
 * did not answer is named in `incomplete`. What is restricted to others is left out, links and all. */
#ifndef ACCORD_COMMON_TRACE_H
#define ACCORD_COMMON_TRACE_H

#include "common/http.h"

enum { TRACE_NODES_MAX = 100, TRACE_MS_MAX = 1000 };

/* GET .../{...}/trace : traces the resource that the path names. */
handler trace_get;
/* For a resource whose event has another subject: also starts from our own event `sequence`
 * (0 = none). */
bool trace_reply(struct request *request, struct reply *reply, const char *ref, int64_t sequence,
                 struct problem *err) MUST_CHECK;

#endif
