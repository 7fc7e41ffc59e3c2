/* What every service answers the others on the bus:
 *   journal.heads {"changedSince"?, "after"?} -> {"heads": [{"allianceId", "sequence", "hash"}],
 *     "latest"?, "next"?}: `latest` is the newest recording time seen, `next` the `after` of the
 *     next page.
 *   journal.read {"sequence", "hash"} -> {"events": [{"sequence", "class", "digest", "hash",
 * "salt"?, "body"?}], "head"} after that event, restricted ones included, an erased body left out;
 * or
 *     {"diverged": why} when this journal does not have that hash at that number.
 *   trace.read {"subjects": [...]} -> {"events": [...]}, see trace.h.
 *   overview.read {} -> {"part": {...}}, see overview.h.
 *   subject.describe {"subject", "effect", "decisionId", "membershipSequence"}, see subject.h. */
#ifndef ACCORD_COMMON_QUESTIONS_H
#define ACCORD_COMMON_QUESTIONS_H

#include "common/bus.h"

extern const struct bus_answerer HOUSE_ANSWERERS[];
extern const size_t HOUSE_ANSWERER_COUNT;

#endif
