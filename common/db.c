#include "common/db.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/db_pool.h"
#include "common/ids.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/queries.h"

/* What a query may add to the pipeline: begin and the alliance before it; each prepared and run. */
enum { QUERY_COMMANDS = 2, BEGIN_COMMANDS = 1 + QUERY_COMMANDS };

struct db_tx {
    struct db *db;
    struct connection *connection; /* NULL: the transaction has ended */
    char alliance_id[UUID_SIZE];   /* "" = none */
    bool read_only;
    bool has_begun; /* a read-only one begins anew after each sync */
    bool has_failed;
    bool should_repeat;
    bool is_useless; /* the connection must not be used again */
    bool (*before_query)(void *context, struct problem *err);
    void *before_query_context;
};

/* --- SQLSTATE -> problem --- */

struct sqlstate {
    const char *prefix; /* the longest that fits counts */
    enum problem_code code;
    bool should_repeat;
    const char *sentence; /* for the client; NULL = the server's message */
};

static const struct sqlstate sqlstates[] = {
    {"", PROBLEM_INTERNAL, false, NULL},
    {"08", PROBLEM_UNAVAILABLE, true, NULL}, /* connection */
    {"23503", PROBLEM_REFERENCE_UNKNOWN, false, "what it refers to does not exist"},
    {"23505", PROBLEM_ALREADY_EXISTS, false, "it exists already"},
    {"23514", PROBLEM_RULE_BROKEN, false, "a rule of the database does not allow it"},
    {"23P01", PROBLEM_STATE_CONFLICT, false, "it overlaps with what exists"},
    {"25006", PROBLEM_UNAVAILABLE, true, NULL},  /* read only: the primary has moved */
    {"25P03", PROBLEM_UNAVAILABLE, true, NULL},  /* idle in transaction for too long */
    {"26000", PROBLEM_UNAVAILABLE, true, NULL},  /* the prepared statement is gone */
    {"40", PROBLEM_UNAVAILABLE, false, NULL},    /* transaction rollback */
    {"40001", PROBLEM_UNAVAILABLE, true, NULL},  /* serialisation failure */
    {"40P01", PROBLEM_UNAVAILABLE, true, NULL},  /* deadlock */
    {"42P05", PROBLEM_UNAVAILABLE, true, NULL},  /* the statement is prepared already */
    {"53", PROBLEM_UNAVAILABLE, false, NULL},    /* disk full, too many connections ... */
    {"55P03", PROBLEM_UNAVAILABLE, false, NULL}, /* lock_timeout */
    {"57", PROBLEM_UNAVAILABLE, false, NULL},    /* statement_timeout ... */
    {"57P01", PROBLEM_UNAVAILABLE, true, NULL},  /* shutting down: perhaps another host is up */
    {"57P02", PROBLEM_UNAVAILABLE, true, NULL},
    {"57P03", PROBLEM_UNAVAILABLE, true, NULL},
    {"58", PROBLEM_UNAVAILABLE, false, NULL},    /* the system below the server */
    {"P0001", PROBLEM_RULE_BROKEN, false, NULL}, /* raise exception '<a sentence>' */
};

static const struct sqlstate *sqlstate_find(const char *state)
{
    const struct sqlstate *best = &sqlstates[0];
    for (size_t i = 1; i < ARRAY_LENGTH(sqlstates); i++)
        if (strncmp(sqlstates[i].prefix, state, strlen(sqlstates[i].prefix)) == 0 &&
            strlen(sqlstates[i].prefix) > strlen(best->prefix))
            best = &sqlstates[i];
    return best;
}

/* The constraint without what Citus puts behind its name on a shard. */
static int constraint_length(const char *name)
{
    size_t length = strlen(name), digits = length;
    while (digits > 0 && name[digits - 1] >= '0' && name[digits - 1] <= '9')
        digits--;
    bool is_shard = digits < length && length - digits > 4 && digits > 1 && name[digits - 1] == '_';
    return (int)(is_shard ? digits - 1 : length);
}

/* "cached plan must not change result type": a migration changed a table under us. It shares its
 * SQLSTATE with real bugs. */
static bool is_outdated_plan(const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *function = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
    return strcmp(state, "0A000") == 0 && function != NULL &&
           strcmp(function, "RevalidateCachedQuery") == 0;
}

static bool tx_fail_with(struct db_tx *tx, const struct command *command, struct problem *err)
{
    const char *state = PQresultErrorField(command->result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(command->result, PG_DIAG_MESSAGE_PRIMARY);
    const char *constraint = PQresultErrorField(command->result, PG_DIAG_CONSTRAINT_NAME);
    const struct sqlstate *known = sqlstate_find(state);
    message = message == NULL ? "" : message;
    if (is_outdated_plan(command->result))
        known = sqlstate_find("40001");
    /* Our own attempt to write in a reading transaction is a bug. */
    if (strcmp(state, "25006") == 0 && tx->read_only)
        known = sqlstate_find("");
    tx->has_failed = true;
    tx->should_repeat = known->should_repeat;
    /* On another connection the plan is new, nothing was forgotten, and the primary may be another.
     */
    tx->is_useless = is_outdated_plan(command->result) || strcmp(state, "25006") == 0 ||
                     strcmp(state, "26000") == 0;
    if (strcmp(state, "42P05") == 0)
        connection_learn_statement(tx->connection, command->statement);
    if (known->code == PROBLEM_RULE_BROKEN && known->sentence == NULL)
        return problem_set(err, known->code, "%s", message);
    if (known->sentence == NULL)
        return problem_set(err, known->code, "%s: %s (%s)", command->name, message, state);
    log_info("%s: %s (%s)", command->name, message, state);
    if (constraint == NULL)
        return problem_set(err, known->code, "%s", known->sentence);
    return problem_set(err, known->code, "%s (%.*s)", known->sentence,
                       constraint_length(constraint), constraint);
}

/* --- transactions --- */

bool db_begin(struct db *db, const char *alliance_id, bool read_only, struct db_tx **ret_tx,
              struct problem *err)
{
    if (alliance_id != NULL && !uuid_is_valid(alliance_id))
        return problem_set(err, PROBLEM_INTERNAL, "an alliance's id is not a UUID");
    struct connection *connection;
    if (!pool_get(db, &connection, err))
        return false;
    struct db_tx *tx = need(calloc(1, sizeof *tx));
    tx->db = db;
    tx->connection = connection;
    tx->read_only = read_only;
    snprintf(tx->alliance_id, sizeof tx->alliance_id, "%s", alliance_id == NULL ? "" : alliance_id);
    *ret_tx = tx;
    return true;
}

bool db_tx_should_repeat(const struct db_tx *tx)
{
    return tx->should_repeat;
}

const char *db_tx_alliance(const struct db_tx *tx)
{
    return tx->alliance_id[0] == '\0' ? NULL : tx->alliance_id;
}

void db_tx_before_query(struct db_tx *tx, bool (*hook)(void *context, struct problem *err),
                        void *context)
{
    tx->before_query = hook;
    tx->before_query_context = context;
}

static bool tx_run_hook(struct db_tx *tx, struct problem *err)
{
    bool (*hook)(void *context, struct problem *err) = tx->before_query;
    if (hook == NULL)
        return true;
    tx->before_query = NULL;
    bool is_run = hook(tx->before_query_context, err);
    tx->before_query = hook;
    tx->has_failed = tx->has_failed || !is_run;
    return is_run;
}

static void tx_drop(struct db_tx *tx)
{
    pool_drop(tx->db, tx->connection);
    tx->connection = NULL;
}

/* The connection is lost. Nothing was committed, so that the closure may run again on another one;
 * but not after a deadline: who waits for a frozen server waits once. */
static bool tx_fail_lost(struct db_tx *tx, enum sync_outcome outcome, struct problem *err)
{
    tx->has_failed = true;
    tx->should_repeat = outcome == SYNC_LOST;
    problem_set(err, PROBLEM_UNAVAILABLE,
                outcome == SYNC_LATE ? "the database did not answer in time: %.*s"
                                     : "the database connection was lost: %.*s",
                (int)strcspn(PQerrorMessage(tx->connection->pg), "\n"),
                PQerrorMessage(tx->connection->pg));
    tx_drop(tx);
    return false;
}

static bool tx_begin_sent(struct db_tx *tx)
{
    if (tx->has_begun)
        return true;
    tx->has_begun = true;
    const char *values[] = {db_tx_alliance(tx)};
    if (tx->read_only)
        return connection_send_query(tx->connection, &QUERY_READ_BEGIN, values, 1, NULL);
    return connection_send(tx->connection, "begin isolation level read committed read write") &&
           connection_send_query(tx->connection, &QUERY_ALLIANCE_SET, values, 1, NULL);
}

static bool result_is_error(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK;
}

/* Checks the results in order; the first error is the problem, what follows it was not run. */
static bool tx_check(struct db_tx *tx, struct problem *err)
{
    struct connection *connection = tx->connection;
    for (int i = 0; i < connection->command_count; i++) {
        const struct command *command = &connection->commands[i];
        if (command->result == NULL || !result_is_error(command->result))
            continue;
        /* libpq's own errors have no SQLSTATE: the connection is lost. */
        if (PQresultErrorField(command->result, PG_DIAG_SQLSTATE) == NULL)
            return tx_fail_lost(tx, SYNC_LOST, err);
        return tx_fail_with(tx, command, err);
    }
    return true;
}

static void rows_hand_over(struct connection *connection)
{
    for (int i = 0; i < connection->command_count; i++) {
        struct command *command = &connection->commands[i];
        if (command->ret_rows == NULL)
            continue;
        db_rows_done(command->ret_rows);
        command->ret_rows->count = PQntuples(command->result);
        command->ret_rows->result = STEAL(command->result);
    }
}

/* Sends what is queued, waits, checks, hands the rows over. */
static bool tx_sync(struct db_tx *tx, struct problem *err)
{
    enum sync_outcome outcome = connection_sync(tx->connection, pool_deadline(tx->db));
    if (tx->read_only)
        tx->has_begun = false;
    if (!tx_check(tx, err)) {
        /* An error that also ended the connection (57P01) left nothing to go on with. */
        if (tx->connection != NULL && (outcome != SYNC_DONE || tx->is_useless))
            tx_drop(tx);
        else if (tx->connection != NULL)
            connection_forget(tx->connection);
        return false;
    }
    if (outcome != SYNC_DONE)
        return tx_fail_lost(tx, outcome, err);
    rows_hand_over(tx->connection);
    connection_forget(tx->connection);
    return true;
}

static bool tx_is_usable(const struct db_tx *tx, struct problem *err)
{
    if (tx->has_failed || tx->connection == NULL)
        return problem_set(err, PROBLEM_INTERNAL, "a query follows the end of its transaction");
    return true;
}

bool db_send_args(struct db_tx *tx, const struct db_query *query, struct db_rows *ret_rows,
                  struct problem *err, const struct db_arg args[], size_t count)
{
    assert(count == query->argument_count && count < SQL_ARGUMENTS_MAX);
    if (!tx_is_usable(tx, err) || !tx_run_hook(tx, err) || !tx_is_usable(tx, err))
        return false;
    if (!connection_has_room(tx->connection, BEGIN_COMMANDS + QUERY_COMMANDS) && !tx_sync(tx, err))
        return false;
    const char *values[SQL_ARGUMENTS_MAX];
    values[0] = db_tx_alliance(tx);
    for (size_t i = 0; i < count; i++)
        values[i + 1] = args[i].text != NULL       ? args[i].text
                        : args[i].space[0] != '\0' ? args[i].space
                                                   : NULL;
    if (!tx_begin_sent(tx) ||
        !connection_send_query(tx->connection, query, values, (int)count + 1, ret_rows))
        return tx_fail_lost(tx, SYNC_LOST, err);
    return true;
}

bool db_send_first_args(struct db_tx *tx, const struct db_query *query, struct db_rows *ret_rows,
                        struct problem *err, const struct db_arg args[], size_t count)
{
    assert(tx->read_only && !tx->has_begun);
    tx->has_begun = true;
    return db_send_args(tx, query, ret_rows, err, args, count);
}

bool db_wait(struct db_tx *tx, struct problem *err)
{
    return tx_is_usable(tx, err) && (tx->connection->command_count == 0 || tx_sync(tx, err));
}

bool db_select_args(struct db_tx *tx, const struct db_query *query, struct db_rows *ret_rows,
                    struct problem *err, const struct db_arg args[], size_t count)
{
    return db_send_args(tx, query, ret_rows, err, args, count) && tx_sync(tx, err);
}

bool db_select_one_args(struct db_tx *tx, const struct db_query *query, struct db_rows *ret_rows,
                        struct problem *err, const struct db_arg args[], size_t count)
{
    db_rows_auto_t rows = {.result = NULL};
    if (!db_select_args(tx, query, &rows, err, args, count))
        return false;
    if (rows.count != 1)
        return problem_set(err, PROBLEM_INTERNAL, "%s answers %d rows instead of one", query->name,
                           rows.count);
    db_rows_done(ret_rows);
    *ret_rows = rows;
    rows.result = NULL;
    return true;
}

/* Nothing more is asked of the server: it may take its time. */
static void tx_leave(struct db_tx *tx)
{
    struct connection *connection = STEAL(tx->connection);
    if ((tx->read_only || connection_send(connection, "rollback")) && connection_leave(connection))
        pool_put(tx->db, connection);
    else
        pool_drop(tx->db, connection);
}

/* True when an error of COMMIT itself says that nothing was committed. */
static bool is_certain(const struct connection *connection)
{
    for (int i = 0; i < connection->command_count; i++) {
        const PGresult *result = connection->commands[i].result;
        if (result == NULL)
            return false;
        if (!result_is_error(result))
            continue;
        const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        bool is_commit = i == connection->command_count - 1;
        return state != NULL && (!is_commit || strncmp(state, "23", 2) == 0 ||
                                 strncmp(state, "25", 2) == 0 || strncmp(state, "40", 2) == 0);
    }
    return true;
}

/* COMMIT of an aborted transaction succeeds with the tag ROLLBACK. */
static bool tx_commit_check(struct db_tx *tx, enum sync_outcome outcome, struct problem *err)
{
    struct connection *connection = tx->connection;
    if (!is_certain(connection)) {
        tx->has_failed = true;
        return problem_set(err, PROBLEM_OUTCOME_UNKNOWN, "the answer to COMMIT %s",
                           outcome == SYNC_LATE ? "did not come in time" : "was lost");
    }
    if (!tx_check(tx, err))
        return false;
    const struct command *commit = &connection->commands[connection->command_count - 1];
    if (strcmp(PQcmdStatus(commit->result), "COMMIT") != 0)
        return problem_set(err, PROBLEM_INTERNAL, "COMMIT was answered with %s",
                           PQcmdStatus(commit->result));
    rows_hand_over(connection);
    return true;
}

bool db_commit(struct db_tx *tx, struct problem *err)
{
    if (!tx_is_usable(tx, err) || (tx->read_only && !db_wait(tx, err)))
        return false;
    if (!tx->has_begun) {
        pool_put(tx->db, STEAL(tx->connection));
        return true;
    }
    if (!connection_has_room(tx->connection, 1) && !tx_sync(tx, err))
        return false;
    if (!connection_send(tx->connection, "commit"))
        return tx_fail_lost(tx, SYNC_LOST, err);
    enum sync_outcome outcome = connection_sync(tx->connection, pool_deadline(tx->db));
    bool is_committed = tx_commit_check(tx, outcome, err);
    if (tx->connection == NULL)
        return is_committed;
    connection_forget(tx->connection);
    if (outcome != SYNC_DONE || tx->is_useless)
        tx_drop(tx);
    else if (is_committed)
        pool_put(tx->db, STEAL(tx->connection));
    else
        tx_leave(tx); /* an error before COMMIT kept the server from reading it */
    return is_committed;
}

void db_rollback(struct db_tx *tx)
{
    if (tx == NULL)
        return;
    if (tx->connection != NULL && tx->has_begun)
        tx_leave(tx);
    else if (tx->connection != NULL)
        pool_put(tx->db, STEAL(tx->connection));
    free(tx);
}

bool db_is_ready(struct db *db, struct problem *err)
{
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t rows = {.result = NULL};
    if (!db_begin(db, NULL, false, &tx, err) ||
        !db_select_one(tx, &QUERY_DATABASE_IS_READY, &rows, err))
        return false;
    const char *why = row_text(&rows, 0, "why_not");
    if (why != NULL)
        return problem_set(err, PROBLEM_UNAVAILABLE, "the database is not ready: %s", why);
    return db_commit(tx, err);
}
