/* One connection to PostgreSQL, always in libpq's pipeline mode: commands are queued, then one sync
 * sends them all and brings all their results. Every wait has a deadline of our own; a connection
 * that missed one, or that was lost, is of no further use. db.c's own: everybody else uses db.h.
 * One thread at a time. */
#ifndef ACCORD_COMMON_DB_CONNECTION_H
#define ACCORD_COMMON_DB_CONNECTION_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/db.h"

enum { COMMANDS_MAX = 32, SQL_ARGUMENTS_MAX = 64 };

enum command_kind { COMMAND_PLAIN, COMMAND_PREPARE, COMMAND_QUERY };

/* A command that was sent, and its result after the sync. */
struct command {
    enum command_kind kind;
    const char *name; /* for messages */
    uint64_t statement;
    PGresult *result;
    struct db_rows *ret_rows; /* borrowed; NULL = nobody wants them */
};

struct connection {
    PGconn *pg;
    uint64_t *statements; /* prepared here: an open-addressed set, 0 = free */
    size_t statement_count, statement_room;
    struct command commands[COMMANDS_MAX]; /* since the last sync */
    int command_count;
    int syncs_owed; /* syncs whose results nobody has read yet */
    struct connection *next;
};

enum sync_outcome {
    SYNC_DONE, /* every command has its result, which may be an error */
    SYNC_LOST,
    SYNC_LATE, /* the deadline passed */
};

/* `keywords` and `values` as in PQconnectdbParams(). Fails with PROBLEM_UNAVAILABLE;
 * `ret_is_refused` says that this was after a password: it may be changing just now. */
bool connection_open(const char *const keywords[], const char *const values[], int64_t deadline_ms,
                     struct connection **ret_connection, bool *ret_is_refused,
                     struct problem *err) MUST_CHECK;
void connection_close(struct connection *connection);

/* Both queue; false when the connection is lost. A query is prepared on its first use here. */
bool connection_send(struct connection *connection, const char *text) MUST_CHECK;
bool connection_send_query(struct connection *connection, const struct db_query *query,
                           const char *const values[], int count,
                           struct db_rows *ret_rows) MUST_CHECK;
/* Room for `count` more commands before the next sync? */
bool connection_has_room(const struct connection *connection, int count);

/* Sends everything and reads the results of all commands since the last sync. */
enum sync_outcome connection_sync(struct connection *connection, int64_t deadline_ms) MUST_CHECK;
/* Frees the results and forgets the commands. */
void connection_forget(struct connection *connection);
/* Sends everything, waits for nothing: the next connection_settle() reads what comes. */
bool connection_leave(struct connection *connection) MUST_CHECK;
/* Reads what is owed; false when the connection is of no further use. */
bool connection_settle(struct connection *connection, int64_t deadline_ms) MUST_CHECK;

/* It was prepared here already. */
void connection_learn_statement(struct connection *connection, uint64_t statement);

#endif
