/* Reading request headers, strictly and one by one; pure functions over text. What a header may
 * look like is in api-spec/common.yaml; what is wrong with one is said in a sentence. */
#ifndef ACCORD_COMMON_HTTP_HEADERS_H
#define ACCORD_COMMON_HTTP_HEADERS_H

#include <stddef.h>
#include <stdint.h>

#include "common/problem.h"

struct http_header {
    const char *name;
    const char *value;
};

struct http_headers {
    const struct http_header *items;
    size_t count;
};

/* The value, NULL when absent. Names are compared without case. */
const char *header_get(const struct http_headers *headers, const char *name);

/* What smuggles: a name that stands twice (in any case, or joined by a comma where the header has
 * no list), Content-Length beside Transfer-Encoding, control characters, what is not UTF-8. */
bool headers_check(const struct http_headers *headers, struct problem *err) MUST_CHECK;

/* X-Request-ID in lower case; false when it is not a UUID. Absent: ret_id is "". */
bool header_request_id(const char *value, char ret_id[REQUEST_ID_SIZE],
                       struct problem *err) MUST_CHECK;

/* W3C Trace Context: the same trace with a span of ours; a new trace when absent or malformed. */
void header_traceparent(const char *value, char ret_traceparent[TRACEPARENT_SIZE]);

/* Idempotency-Key without its quotes: 1-255 printable characters, no space, comma or quote. */
bool header_idempotency_key(const char *value, char ret_key[IDEMPOTENCY_KEY_SIZE],
                            struct problem *err) MUST_CHECK;

enum { VERSION_ABSENT = 0, VERSION_ANY = -1, VERSION_OTHER = -2 };
/* If-Match, If-None-Match: "n" or W/"n" -> n, * -> VERSION_ANY, a tag of somebody else's ->
 * VERSION_OTHER, absent -> VERSION_ABSENT. */
bool header_version(const char *name, const char *value, int64_t *ret_version,
                    struct problem *err) MUST_CHECK;

/* A media type without its parameters, in lower case; false when malformed. A charset other than
 * utf-8 is refused, other parameters are too. */
bool header_media_type(const char *value, char ret_type[CODE_SIZE], struct problem *err) MUST_CHECK;

/* Content-Encoding: true when there is none, or `identity`; bodies are taken as they are only. */
bool header_is_identity(const char *value);

/* Accept: which of `types` the client likes best (RFC 9110; at equal quality the first one of
 * ours). -1 when none. An absent header accepts all. */
int header_accept(const char *value, const char *const types[], size_t count);

/* Accord-After: "membership=57, ledger=3". */
struct positions {
    struct {
        char service[16];
        int64_t sequence;
    } items[8];
    size_t count;
};
bool header_positions(const char *value, struct positions *ret_positions,
                      struct problem *err) MUST_CHECK;

/* Content-Length, -1 when absent; false when it is not a plain number. */
bool header_length(const char *value, int64_t *ret_length, struct problem *err) MUST_CHECK;

#endif
