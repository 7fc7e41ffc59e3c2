/* Remembers identifiers for a time, so that what may happen once is not let happen again. Two
 * generations, each as large as what it holds, of which the older one is forgotten as a whole. Any
 * thread. */
#ifndef ACCORD_COMMON_SEEN_H
#define ACCORD_COMMON_SEEN_H

#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

enum seen_outcome { SEEN_FIRST, SEEN_AGAIN, SEEN_FULL };

struct seen;
/* Each identifier is remembered for at least `keep_s` seconds, at most `max` within that time. */
struct seen *seen_new(int64_t keep_s, size_t max);
void seen_free(struct seen *seen);
/* Takes a UUID at `now_s` and says whether it was taken before. SEEN_FULL: it cannot be remembered,
 * so it must not be believed either. A clock that goes back forgets nothing. */
enum seen_outcome seen_take(struct seen *seen, const char *uuid, int64_t now_s);

#endif
