/* Checks an exported journal (application/x-ndjson, an event per line) against a signed head that
 * somebody kept: complete from the first event to the head, every digest and hash recomputed, what
 * is shown beside the proven text the same as in it. Believes nobody, needs no database. */
#ifndef ACCORD_COMMON_EXPORT_H
#define ACCORD_COMMON_EXPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/sign.h"

struct journal_export {
    struct journal_head head;
    int64_t sequence; /* of the last event */
    struct hash hash; /* the chain up to there */
    int64_t line;
    int64_t erased, restricted; /* events without their body */
};

/* Fails with BODY_INVALID and a sentence that names the first bad event and its line; INTERNAL when
 * the file cannot be read. Events after the head are checked too. */
bool export_check(FILE *file, const struct journal_head *head, struct journal_export *ret_export,
                  struct problem *err) MUST_CHECK;

#endif
