/* Where a set of keys comes from: a file, an https address, or http on this machine's loopback (for
 * development and tests). Reads the text, knows nothing of keys. Any thread. */
#ifndef ACCORD_COMMON_JWKS_SOURCE_H
#define ACCORD_COMMON_JWKS_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/problem.h"

enum { JWKS_BYTES_MAX = 256 * 1024, JWKS_FETCH_MS = 5000 };

/* What tells one version of a file from the next. */
struct file_stamp {
    int64_t modified_s, modified_ns, changed_s, changed_ns;
    uint64_t inode, size;
};

/* Whether the source is an address (true) or a file. Fails on http to anywhere but 127.0.0.1 and
 * [::1], on other protocols, and on addresses with a user. */
bool jwks_source_check(const char *source, bool *ret_is_remote, struct problem *err) MUST_CHECK;

/* The file's stamp; `ret_is_settled` is false while it is so young that a change within the
 * clock's grain would not show. False when there is no such file. */
bool jwks_source_stamp(const char *path, struct file_stamp *ret_stamp,
                       bool *ret_is_settled) MUST_CHECK;

/* At most JWKS_BYTES_MAX; an address within JWKS_FETCH_MS, status 200, no redirects; `ca_file` ""
 * means the system's. The caller frees the text. */
bool jwks_source_read(const char *source, bool is_remote, const char *ca_file, char **ret_text,
                      size_t *ret_size, struct problem *err) MUST_CHECK;

#endif
