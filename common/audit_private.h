/* The inside of the audit: audit.c (the transaction, heads and cursors), audit_chain.c (chains),
 * audit_replay.c (replay and comparison). */
#ifndef ACCORD_COMMON_AUDIT_PRIVATE_H
#define ACCORD_COMMON_AUDIT_PRIVATE_H

#include "common/audit.h"

static inline void cleanup_pgresult(PGresult **result)
{
    PQclear(*result);
}
#define pgresult_auto_t CLEANUP(cleanup_pgresult) PGresult

struct audit {
    PGconn *pg;
    const struct audit_options *options;
    struct audit_result result;
    int64_t named; /* findings named since the last audit_scope() */
};

/* Runs SQL that is put together from identifiers of the catalogue, quoted, with values as
 * parameters. NULL with a problem on failure. */
PGresult *audit_sql(struct audit *audit, struct problem *err, const char *values[], int count,
                    const char *format, ...) PRINTF_LIKE(5, 6);
/* The same for many rows: a cursor "audit_rows" to fetch from with audit_fetch(). */
bool audit_open(struct audit *audit, struct problem *err, const char *values[], int count,
                const char *format, ...) PRINTF_LIKE(5, 6) MUST_CHECK;
/* The next rows; none = the end, and the cursor is closed. */
PGresult *audit_fetch(struct audit *audit, struct problem *err);

/* What follows is about another table or journal. */
void audit_scope(struct audit *audit);
void audit_find(struct audit *audit, const char *format, ...) PRINTF_LIKE(2, 3);

/* Recomputes the chains of one service and keeps its erased events in audit_erased. */
bool audit_chains(struct audit *audit, const char *service, struct problem *err) MUST_CHECK;
/* Replays what feeds a service's fact tables and compares them. */
bool audit_tables(struct audit *audit, const char *service, struct problem *err) MUST_CHECK;

#endif
