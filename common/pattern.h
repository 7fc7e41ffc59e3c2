/* The patterns of a JSON Schema, as JavaScript reads them: \uXXXX, and $ only at the very end. */
#ifndef ACCORD_COMMON_PATTERN_H
#define ACCORD_COMMON_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"

struct pattern;

/* NULL when it is none. */
struct pattern *pattern_new(const char *text) MUST_CHECK;
void pattern_free(struct pattern *pattern);

/* Whether the UTF-8 text of `size` bytes matches; one that takes too long over it does not. */
bool pattern_matches(const struct pattern *pattern, const char *text, size_t size);

#endif
