/* Cursors of lists: where the next page starts, bound to operation, alliance and filters by a
 * digest under the installation's secret, so that a client can't make one up. */
#ifndef ACCORD_COMMON_LIST_H
#define ACCORD_COMMON_LIST_H

#include <stddef.h>

#include "common/problem.h"

enum { CURSOR_SECRET_SIZE = 32, CURSOR_KEY_SIZE = 512 };

/* `binding` is whatever the cursor belongs to. The caller frees the text. NULL: the key is too
 * long. */
char *cursor_make(const unsigned char secret[CURSOR_SECRET_SIZE], const char *binding,
                  const char *key);
/* The key of a cursor that was made with the same secret and binding; else CURSOR_INVALID. The
 * caller frees it. */
bool cursor_read(const unsigned char secret[CURSOR_SECRET_SIZE], const char *binding,
                 const char *cursor, char **ret_key, struct problem *err) MUST_CHECK;

#endif
