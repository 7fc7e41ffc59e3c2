#include "common/db_connection.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"

enum { UUID_TYPE = 2950 };

/* Waits until the socket is ready; false when the deadline has passed. */
static bool socket_wait(int socket, short events, int64_t deadline_ms)
{
    for (;;) {
        int64_t left = deadline_ms - monotonic_ms();
        if (left <= 0)
            return false;
        struct pollfd wait = {.fd = socket, .events = events};
        int ready = poll(&wait, 1, (int)left);
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return false;
    }
}

/* --- opening --- */

static void log_notice(void *unused, const PGresult *notice)
{
    (void)unused;
    const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *message = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
    bool is_warning = severity != NULL && strcmp(severity, "WARNING") == 0;
    log_write(is_warning ? LEVEL_WARNING : LEVEL_DEBUG, "database: %s: %s",
              severity == NULL ? "NOTICE" : severity, message == NULL ? "" : message);
}

static bool unavailable(struct problem *err, const char *what, const char *why)
{
    /* libpq's messages end with a line break. */
    int length = (int)strcspn(why, "\n");
    return problem_set(err, PROBLEM_UNAVAILABLE, "the database %s: %.*s", what, length, why);
}

static bool open_wait(PGconn *pg, int64_t deadline_ms, struct problem *err)
{
    /* libpq asks to be treated as if it had said "writing" before the first call. */
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    while (status != PGRES_POLLING_OK) {
        if (status == PGRES_POLLING_FAILED || PQstatus(pg) == CONNECTION_BAD)
            return unavailable(err, "cannot be reached", PQerrorMessage(pg));
        if (!socket_wait(PQsocket(pg), status == PGRES_POLLING_READING ? POLLIN : POLLOUT,
                         deadline_ms))
            return unavailable(err, "cannot be reached", "it does not answer");
        status = PQconnectPoll(pg);
    }
    return true;
}

static void connection_done(struct connection **connection)
{
    connection_close(*connection);
}

bool connection_open(const char *const keywords[], const char *const values[], int64_t deadline_ms,
                     struct connection **ret_connection, bool *ret_is_refused, struct problem *err)
{
    *ret_is_refused = false;
    CLEANUP(connection_done) struct connection *connection = need(calloc(1, sizeof *connection));
    connection->pg = PQconnectStartParams(keywords, values, 1);
    if (connection->pg == NULL)
        abort();
    PQsetNoticeReceiver(connection->pg, log_notice, NULL);
    if (PQstatus(connection->pg) == CONNECTION_BAD)
        return unavailable(err, "cannot be reached", PQerrorMessage(connection->pg));
    if (!open_wait(connection->pg, deadline_ms, err)) {
        *ret_is_refused = PQconnectionUsedPassword(connection->pg) != 0;
        return false;
    }
    if (PQsetnonblocking(connection->pg, 1) != 0 || PQenterPipelineMode(connection->pg) != 1)
        return unavailable(err, "cannot be used", PQerrorMessage(connection->pg));
    *ret_connection = STEAL(connection);
    return true;
}

void connection_close(struct connection *connection)
{
    if (connection == NULL)
        return;
    connection_forget(connection);
    PQfinish(connection->pg);
    free(connection->statements);
    free(connection);
}

/* --- the set of prepared statements --- */

static const char *statement_name(const struct db_query *query)
{
    return query->statement == NULL ? query->name : query->statement;
}

/* FNV-1a of its name. */
static uint64_t statement_of(const struct db_query *query)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (const char *at = statement_name(query); *at != '\0'; at++)
        hash = (hash ^ (unsigned char)*at) * UINT64_C(1099511628211);
    return hash == 0 ? 1 : hash;
}

/* Where the statement stands or would stand. */
static size_t statement_slot(const struct connection *connection, uint64_t statement)
{
    size_t slot = statement & (connection->statement_room - 1);
    while (connection->statements[slot] != 0 && connection->statements[slot] != statement)
        slot = (slot + 1) & (connection->statement_room - 1);
    return slot;
}

static bool statement_is_known(const struct connection *connection, uint64_t statement)
{
    return connection->statement_room > 0 &&
           connection->statements[statement_slot(connection, statement)] == statement;
}

static void statements_grow(struct connection *connection)
{
    struct connection grown = {
        .statement_room = connection->statement_room == 0 ? 128 : connection->statement_room * 2};
    grown.statements = need(calloc(grown.statement_room, sizeof grown.statements[0]));
    for (size_t i = 0; i < connection->statement_room; i++) {
        uint64_t statement = connection->statements[i];
        if (statement != 0) {
            grown.statements[statement_slot(&grown, statement)] = statement;
            grown.statement_count++;
        }
    }
    free(connection->statements);
    connection->statements = grown.statements;
    connection->statement_room = grown.statement_room;
    connection->statement_count = grown.statement_count;
}

void connection_learn_statement(struct connection *connection, uint64_t statement)
{
    if (statement_is_known(connection, statement))
        return;
    if (connection->statement_count * 2 >= connection->statement_room)
        statements_grow(connection);
    connection->statements[statement_slot(connection, statement)] = statement;
    connection->statement_count++;
}

/* --- sending --- */

bool connection_has_room(const struct connection *connection, int count)
{
    return connection->command_count + count <= COMMANDS_MAX;
}

static void command_add(struct connection *connection, struct command command)
{
    assert(connection->command_count < COMMANDS_MAX);
    connection->commands[connection->command_count++] = command;
}

bool connection_send(struct connection *connection, const char *text)
{
    if (PQsendQueryParams(connection->pg, text, 0, NULL, NULL, NULL, NULL, 0) != 1)
        return false;
    command_add(connection, (struct command){.kind = COMMAND_PLAIN, .name = text});
    return true;
}

static bool is_being_prepared(const struct connection *connection, uint64_t statement)
{
    for (int i = 0; i < connection->command_count; i++)
        if (connection->commands[i].kind == COMMAND_PREPARE &&
            connection->commands[i].statement == statement)
            return true;
    return false;
}

bool connection_send_query(struct connection *connection, const struct db_query *query,
                           const char *const values[], int count, struct db_rows *ret_rows)
{
    uint64_t statement = statement_of(query);
    const char *name = statement_name(query);
    if (!statement_is_known(connection, statement) && !is_being_prepared(connection, statement)) {
        /* Naming $1's type lets a query do without it. */
        static const Oid types[] = {UUID_TYPE};
        if (PQsendPrepare(connection->pg, name, query->text, 1, types) != 1)
            return false;
        command_add(connection,
                    (struct command){COMMAND_PREPARE, query->name, statement, NULL, NULL});
    }
    if (PQsendQueryPrepared(connection->pg, name, count, values, NULL, NULL, 0) != 1)
        return false;
    command_add(connection,
                (struct command){COMMAND_QUERY, query->name, statement, NULL, ret_rows});
    return true;
}

/* --- receiving --- */

/* Sends what is buffered and receives until the next result is there. */
static enum sync_outcome result_wait(struct connection *connection, int64_t deadline_ms)
{
    for (;;) {
        int unsent = PQflush(connection->pg);
        if (unsent < 0)
            /* What the server still said (why it ended) is worth reading. */
            return PQconsumeInput(connection->pg) == 1 && PQisBusy(connection->pg) == 0 ? SYNC_DONE
                                                                                        : SYNC_LOST;
        if (unsent == 0 && PQisBusy(connection->pg) == 0)
            return SYNC_DONE;
        if (!socket_wait(PQsocket(connection->pg), (short)(unsent > 0 ? POLLIN | POLLOUT : POLLIN),
                         deadline_ms))
            return SYNC_LATE;
        if (PQconsumeInput(connection->pg) != 1)
            return PQisBusy(connection->pg) == 0 ? SYNC_DONE : SYNC_LOST;
    }
}

static enum sync_outcome result_get(struct connection *connection, int64_t deadline_ms,
                                    PGresult **ret_result)
{
    enum sync_outcome outcome = result_wait(connection, deadline_ms);
    if (outcome == SYNC_DONE)
        *ret_result = PQgetResult(connection->pg);
    return outcome;
}

/* Reads one command's result and the NULL that ends it. */
static enum sync_outcome command_receive(struct connection *connection, struct command *command,
                                         int64_t deadline_ms)
{
    enum sync_outcome outcome = result_get(connection, deadline_ms, &command->result);
    if (outcome != SYNC_DONE)
        return outcome;
    if (command->result == NULL)
        return SYNC_LOST;
    PGresult *end = NULL;
    outcome = result_get(connection, deadline_ms, &end);
    if (outcome == SYNC_DONE && end != NULL) {
        PQclear(end);
        return SYNC_LOST;
    }
    if (outcome == SYNC_DONE && command->kind == COMMAND_PREPARE &&
        PQresultStatus(command->result) == PGRES_COMMAND_OK)
        connection_learn_statement(connection, command->statement);
    return outcome;
}

/* Reads on until `count` syncs have come by. */
static enum sync_outcome syncs_receive(struct connection *connection, int count,
                                       int64_t deadline_ms)
{
    int nothing = 0;
    while (count > 0) {
        PGresult *result = NULL;
        enum sync_outcome outcome = result_get(connection, deadline_ms, &result);
        if (outcome != SYNC_DONE)
            return outcome;
        if (PQstatus(connection->pg) == CONNECTION_BAD || (result == NULL && ++nothing > 1)) {
            PQclear(result);
            return SYNC_LOST;
        }
        if (result != NULL)
            nothing = 0;
        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC)
            count--;
        PQclear(result);
    }
    return SYNC_DONE;
}

enum sync_outcome connection_sync(struct connection *connection, int64_t deadline_ms)
{
    assert(connection->syncs_owed == 0);
    if (PQpipelineSync(connection->pg) != 1)
        return SYNC_LOST;
    for (int i = 0; i < connection->command_count; i++) {
        enum sync_outcome outcome =
            command_receive(connection, &connection->commands[i], deadline_ms);
        if (outcome != SYNC_DONE)
            return outcome;
    }
    return syncs_receive(connection, 1, deadline_ms);
}

void connection_forget(struct connection *connection)
{
    for (int i = 0; i < connection->command_count; i++)
        PQclear(connection->commands[i].result);
    connection->command_count = 0;
}

bool connection_leave(struct connection *connection)
{
    connection_forget(connection);
    if (PQpipelineSync(connection->pg) != 1)
        return false;
    connection->syncs_owed++;
    /* Unsent bytes go out when it is next used; there are some only if the server is behind. */
    return PQflush(connection->pg) >= 0;
}

bool connection_settle(struct connection *connection, int64_t deadline_ms)
{
    if (syncs_receive(connection, connection->syncs_owed, deadline_ms) != SYNC_DONE)
        return false;
    connection->syncs_owed = 0;
    /* An idle connection has nothing to read but notices, or its end: which is always readable. */
    struct pollfd now = {.fd = PQsocket(connection->pg), .events = POLLIN};
    while (poll(&now, 1, 0) > 0)
        if (PQconsumeInput(connection->pg) != 1)
            return false;
    return PQstatus(connection->pg) == CONNECTION_OK &&
           PQtransactionStatus(connection->pg) == PQTRANS_IDLE;
}
