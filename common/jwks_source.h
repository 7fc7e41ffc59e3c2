/* Where a set of keys comes from: a file, an https address, or http on this machine's loopback (for
 * development and tests). Reads the text, knows nothing of keys. Any thread. */
#ifndef ACCORD_COMMON_JWKS_SOURCE_H
#define ACCORD_COMMON_JWKS_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/problem.h"

enum { JWKS_BYTES_MAX = 256 * 1024, JWKS_FETCH_MS = 5000 };

/* Whether the source is an address (true) or a file. Fails on http to anywhere but 127.0.0.1 and
 * [::1], on other protocols, and on addresses with a user. */
bool jwks_source_check(const char *source, bool *ret_is_remote, struct problem *err) MUST_CHECK;

/* At most JWKS_BYTES_MAX; an address within JWKS_FETCH_MS, status 200, no redirects; `ca_file` ""
 * means the system's. The caller frees the text. */
bool jwks_source_read(const char *source, bool is_remote, const char *ca_file, char **ret_text,
                      size_t *ret_size, struct problem *err) MUST_CHECK;

#endif
