/* The audit: is every business row what the journals say? In one REPEATABLE READ transaction that
 * is rolled back: recomputes every chain, holds heads, cursors and kept heads against them, replays
 * all journals beside the tables (accord.project()) and compares each fact table column by column.
 * What it finds is named: table, key, sequence, column. For accord-audit; one thread. Works with
 * libpq directly: an operator's connection that sees all rows and may create schemas. */
#ifndef ACCORD_COMMON_AUDIT_H
#define ACCORD_COMMON_AUDIT_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/problem.h"
#include "common/sign.h"

enum { AUDIT_NAMED_MAX = 100 }; /* findings per table and journal that are named; all are counted */

struct audit_options {
    const char *service;              /* only this schema; NULL = all that have fact tables */
    const char *alliance_id;          /* only this alliance; NULL = all */
    const struct journal_head *heads; /* that somebody kept */
    size_t head_count;
    /* Called with each finding, a line without its end. */
    void (*found)(void *context, const char *line);
    void *context;
};

struct audit_result {
    int64_t events;          /* whose chain was recomputed */
    int64_t erased;          /* of them without a body, as their journals say */
    int64_t rows;            /* compared */
    int64_t rests_on_erased; /* rows that could not be compared: their event's body is erased */
    int64_t tables;
    int64_t findings; /* 0 = all is as it should be */
};

/* False when the audit itself could not be done (PROBLEM_UNAVAILABLE, PROBLEM_INTERNAL). */
bool audit_run(PGconn *pg, const struct audit_options *options, struct audit_result *ret_result,
               struct problem *err) MUST_CHECK;

#endif
