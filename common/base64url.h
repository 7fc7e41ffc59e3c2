/* base64url as RFC 7515 writes it: no padding, no white space, and one text per value: what has
 * stray characters or non-zero spare bits in its tail is refused. Pure. */
#ifndef ACCORD_COMMON_BASE64URL_H
#define ACCORD_COMMON_BASE64URL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"

/* Room for what `length` characters decode to. */
#define BASE64URL_DECODED_MAX(length) ((length) / 4 * 3 + 3)
/* Room for the text of `size` bytes with its terminating zero. */
#define BASE64URL_TEXT_MAX(size) (((size) + 2) / 3 * 4 + 1)

/* False when `text` is not strict base64url. `ret_bytes` holds BASE64URL_DECODED_MAX(length). */
bool base64url_decode(const char *text, size_t length, unsigned char *ret_bytes,
                      size_t *ret_size) MUST_CHECK;
/* `ret_text` holds BASE64URL_TEXT_MAX(size). */
void base64url_encode(const void *bytes, size_t size, char *ret_text);

#endif
