/* PostgreSQL: a bounded pool, transactions over one alliance, named queries. Asynchronous libpq
 * with our own deadlines, so that a frozen server can't hang a request; the beginning of a
 * transaction and its first query travel as one pipeline. A struct db may be used by any thread, a
 * struct db_tx by one at a time. SQLSTATE -> problem is one table in db.c. */
#ifndef ACCORD_COMMON_DB_H
#define ACCORD_COMMON_DB_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/problem.h"

struct db;
struct db_tx;

/* A statement of a queries.sql (tools/queries.py makes the constants). `$1` is always the
 * transaction's alliance; the arguments start at `$2`. */
struct db_query {
    const char *name;
    const char *text;
    unsigned argument_count; /* without $1 */
    /* What a connection calls it: queries of the same name in two files stay apart, and a text that
     * changed with an upgrade is another. NULL = the name. */
    const char *statement;
};

/* One argument, in PostgreSQL's text format. Made by the functions below, within DB calls only. */
struct db_arg {
    const char *text; /* borrowed; NULL = SQL null unless `space` is used */
    char space[40];
};
struct db_arg db_text(const char *text);         /* NULL = null, "" = "" */
struct db_arg db_text_or_null(const char *text); /* NULL and "" = null */
struct db_arg db_int(int64_t value);
struct db_arg db_bool(bool value);
struct db_arg db_instant(int64_t ms); /* timestamptz; INSTANT_NONE = null */
struct db_arg db_day(int32_t day);    /* date; DAY_NONE = null */

/* What came back; owned by whoever holds it. */
struct db_rows {
    PGresult *result;
    int count;
};
void db_rows_done(struct db_rows *rows);
#define db_rows_auto_t CLEANUP(db_rows_done) struct db_rows

/* Columns by name; an unknown name is a bug and asserts. NULL: NULL, 0, false, *_NONE. */
const char *row_text(const struct db_rows *rows, int row, const char *column);
void row_copy(const struct db_rows *rows, int row, const char *column, char *ret_text, size_t size);
int64_t row_int(const struct db_rows *rows, int row, const char *column);
bool row_bool(const struct db_rows *rows, int row, const char *column);
bool row_is_null(const struct db_rows *rows, int row, const char *column);
int64_t row_instant(const struct db_rows *rows, int row, const char *column); /* a timestamptz */
int32_t row_day(const struct db_rows *rows, int row, const char *column);     /* a date */

struct db_config {
    const char *conninfo;         /* libpq's; several hosts allowed */
    const char *application_name; /* "accord-ledger" */
    const char *search_path;      /* "ledger, accord" */
    unsigned connections_max;     /* 4-8 */
    int statement_ms;             /* our deadline on an answer; 0 = DB_STATEMENT_MS */
};
bool db_new(const struct db_config *config, struct db **ret_db, struct problem *err) MUST_CHECK;
void db_free(struct db *db);
/* One trip to the server: it is reachable and writable, and has fsync, full_page_writes and
 * synchronous_commit on. */
bool db_is_ready(struct db *db, struct problem *err) MUST_CHECK;
/* For /metrics: connections now, and how often one was waited for, and in vain. */
struct db_stats {
    unsigned open, busy, waiting;
    uint64_t waits, refusals;
};
void db_stats(struct db *db, struct db_stats *ret_stats);

/* Begins a transaction over one alliance (NULL: none; then row-level security shows nothing but
 * what has none). READ COMMITTED: each query sees what is committed when it runs. So a read-only
 * one need not be one to the server: whatever travels together is, nothing stays open between, and
 * its end asks nothing of the server. Nothing is sent before the first query. Waits up to
 * DB_WAIT_MS for a free connection: PROBLEM_UNAVAILABLE then, and when the database cannot be
 * reached. */
bool db_begin(struct db *db, const char *alliance_id, bool read_only, struct db_tx **ret_tx,
              struct problem *err) MUST_CHECK;
/* True only if the server said COMMIT. A lost answer of a writing transaction is
 * PROBLEM_OUTCOME_UNKNOWN. Ends the transaction either way; its memory is db_rollback()'s
 * (db_tx_auto_t's) to free. */
bool db_commit(struct db_tx *tx, struct problem *err) MUST_CHECK;
/* Rolls back unless it has ended, and frees; NULL is fine. */
void db_rollback(struct db_tx *tx);
static inline void db_tx_done(struct db_tx **tx)
{
    db_rollback(*tx);
    *tx = NULL;
}
#define db_tx_auto_t CLEANUP(db_tx_done) struct db_tx
/* The last failure left nothing behind and may not come again (serialisation failure, deadlock, a
 * pooled connection that turned out dead, a prepared statement gone): roll back and repeat the
 * closure, TRANSACTION_ATTEMPTS_MAX times at most. */
bool db_tx_should_repeat(const struct db_tx *tx);
const char *db_tx_alliance(const struct db_tx *tx);
/* `hook(context)` runs before every query of this transaction: an act sends its events there. What
 * the hook itself sends doesn't call it. */
void db_tx_before_query(struct db_tx *tx, bool (*hook)(void *context, struct problem *err),
                        void *context);

/* Sends without waiting; the next call that waits checks its result and fills `ret_rows`, which
 * must live until then (NULL: nobody wants the rows). */
bool db_send_args(struct db_tx *tx, const struct db_query *query, struct db_rows *ret_rows,
                  struct problem *err, const struct db_arg args[], size_t count) MUST_CHECK;
/* For the first query of a reading transaction, one that itself sets what QUERY_READ_BEGIN would
 * set before it: a command less. */
bool db_send_first_args(struct db_tx *tx, const struct db_query *query, struct db_rows *ret_rows,
                        struct problem *err, const struct db_arg args[], size_t count) MUST_CHECK;
/* Waits for what was sent. */
bool db_wait(struct db_tx *tx, struct problem *err) MUST_CHECK;
/* Any number of rows. */
bool db_select_args(struct db_tx *tx, const struct db_query *query, struct db_rows *ret_rows,
                    struct problem *err, const struct db_arg args[], size_t count) MUST_CHECK;
/* Exactly one row; anything else is PROBLEM_INTERNAL. */
bool db_select_one_args(struct db_tx *tx, const struct db_query *query, struct db_rows *ret_rows,
                        struct problem *err, const struct db_arg args[], size_t count) MUST_CHECK;

/* An argument list of any length, also none: the last element is a sentinel that isn't counted. */
#define DB_ARGS_(...)                                                                              \
    (const struct db_arg[]){__VA_ARGS__ __VA_OPT__(, ){0}},                                        \
        sizeof((const struct db_arg[]){__VA_ARGS__ __VA_OPT__(, ){0}}) / sizeof(struct db_arg) - 1
/* db_select(tx, &QUERY_RISK_GET, &rows, err, db_text(id)) */
#define db_select(tx, query, ret_rows, err, ...)                                                   \
    db_select_args((tx), (query), (ret_rows), (err), DB_ARGS_(__VA_ARGS__))
#define db_select_one(tx, query, ret_rows, err, ...)                                               \
    db_select_one_args((tx), (query), (ret_rows), (err), DB_ARGS_(__VA_ARGS__))
#define db_send(tx, query, ret_rows, err, ...)                                                     \
    db_send_args((tx), (query), (ret_rows), (err), DB_ARGS_(__VA_ARGS__))
#define db_send_first(tx, query, ret_rows, err, ...)                                               \
    db_send_first_args((tx), (query), (ret_rows), (err), DB_ARGS_(__VA_ARGS__))

#endif
