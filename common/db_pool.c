#include "common/db_pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/memory.h"

enum { OPTIONS_SIZE = 1024, KEYWORDS_MAX = 64, ITEM_SIZE = 256, PASSWORD_RETRY_MS = 100 };

/* A thread in the queue. What comes free is handed to the first: nobody overtakes. */
struct waiter {
    pthread_cond_t served;
    bool is_served;
    struct connection *connection; /* NULL: a place for a new one */
    struct waiter *next;
};

struct db {
    pthread_mutex_t lock;
    pthread_condattr_t monotonic;
    struct connection *idle; /* last used first: what is rarely used stays closed */
    struct waiter *waiters;
    unsigned open, busy, waiting, connections_max;
    uint64_t waits, refusals;
    int statement_ms;
    PQconninfoOption *conninfo;
    int host_count;
    atomic_int host; /* that answered last */
    char options[OPTIONS_SIZE];
    char application_name[CODE_SIZE];
};

/* Adds "-c name=value" with what PostgreSQL wants escaped there. */
static bool option_add(char options[OPTIONS_SIZE], const char *name, const char *value)
{
    size_t length = strlen(options);
    int added = snprintf(options + length, OPTIONS_SIZE - length, " -c %s=", name);
    if (added < 0 || length + (size_t)added >= OPTIONS_SIZE)
        return false;
    length += (size_t)added;
    for (; *value != '\0'; value++) {
        if (length + 3 > OPTIONS_SIZE)
            return false;
        if (*value == ' ' || *value == '\\')
            options[length++] = '\\';
        options[length++] = *value;
    }
    options[length] = '\0';
    return true;
}

static const char *conninfo_value(const PQconninfoOption *conninfo, const char *keyword)
{
    for (; conninfo->keyword != NULL; conninfo++)
        if (strcmp(conninfo->keyword, keyword) == 0)
            return conninfo->val;
    return NULL;
}

/* Session settings go in as connection options: nothing can take them away afterwards. Those of the
 * conninfo come last and win. */
static bool options_make(struct db *db, const char *search_path)
{
    const char *given = conninfo_value(db->conninfo, "options");
    bool fits = option_add(db->options, "search_path", search_path) &&
                option_add(db->options, "default_transaction_isolation", "read committed") &&
                option_add(db->options, "timezone", "UTC") &&
                option_add(db->options, "datestyle", "ISO") &&
                option_add(db->options, "bytea_output", "hex") &&
                option_add(db->options, "statement_timeout", "4000") &&
                option_add(db->options, "lock_timeout", "1000") &&
                option_add(db->options, "idle_in_transaction_session_timeout", "1000");
    size_t length = strlen(db->options);
    if (given != NULL && fits)
        fits = snprintf(db->options + length, OPTIONS_SIZE - length, " %s", given) <
               (int)(OPTIONS_SIZE - length);
    return fits;
}

/* The i-th of a comma-separated list; a list of one counts for all. NULL when there is none. */
static const char *list_item(const char *list, int i, char ret_item[ITEM_SIZE])
{
    if (list == NULL)
        return NULL;
    for (const char *comma; i > 0 && (comma = strchr(list, ',')) != NULL; i--)
        list = comma + 1;
    snprintf(ret_item, ITEM_SIZE, "%.*s", (int)strcspn(list, ","), list);
    return ret_item;
}

static int list_count(const char *list)
{
    int count = 1;
    for (; list != NULL && *list != '\0'; list++)
        count += *list == ',';
    return count;
}

static void db_done(struct db **db)
{
    db_free(*db);
}

bool db_new(const struct db_config *config, struct db **ret_db, struct problem *err)
{
    CLEANUP(db_done) struct db *db = need(calloc(1, sizeof *db));
    pthread_condattr_init(&db->monotonic);
    pthread_condattr_setclock(&db->monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&db->lock, NULL);
    db->connections_max = config->connections_max;
    db->statement_ms = config->statement_ms == 0 ? DB_STATEMENT_MS : config->statement_ms;
    snprintf(db->application_name, sizeof db->application_name, "%s", config->application_name);
    char *why = NULL;
    db->conninfo = PQconninfoParse(config->conninfo, &why);
    if (db->conninfo == NULL) {
        problem_set(err, PROBLEM_INTERNAL, "the database's connection string is not valid: %s",
                    why == NULL ? "" : why);
        PQfreemem(why);
        return false;
    }
    int hosts = list_count(conninfo_value(db->conninfo, "host"));
    int addresses = list_count(conninfo_value(db->conninfo, "hostaddr"));
    db->host_count = hosts > addresses ? hosts : addresses;
    if (config->connections_max < 1 || config->connections_max > DB_CONNECTIONS_MAX)
        return problem_set(err, PROBLEM_INTERNAL, "a pool has 1 to %d connections",
                           DB_CONNECTIONS_MAX);
    if (!options_make(db, config->search_path))
        return problem_set(err, PROBLEM_INTERNAL, "the database's options are too long");
    *ret_db = STEAL(db);
    return true;
}

void db_free(struct db *db)
{
    if (db == NULL)
        return;
    assert(db->busy == 0);
    while (db->idle != NULL) {
        struct connection *connection = db->idle;
        db->idle = connection->next;
        connection_close(connection);
    }
    PQconninfoFree(db->conninfo);
    pthread_condattr_destroy(&db->monotonic);
    pthread_mutex_destroy(&db->lock);
    free(db);
}

void db_stats(struct db *db, struct db_stats *ret_stats)
{
    pthread_mutex_lock(&db->lock);
    *ret_stats = (struct db_stats){.open = db->open,
                                   .busy = db->busy,
                                   .waiting = db->waiting,
                                   .waits = db->waits,
                                   .refusals = db->refusals};
    pthread_mutex_unlock(&db->lock);
}

int64_t pool_deadline(const struct db *db)
{
    return monotonic_ms() + db->statement_ms;
}

struct settings {
    const char *keywords[KEYWORDS_MAX + 1], *values[KEYWORDS_MAX + 1];
    int count;
};

static void setting_add(struct settings *settings, const char *keyword, const char *value)
{
    assert(settings->count < KEYWORDS_MAX);
    settings->keywords[settings->count] = keyword;
    settings->values[settings->count++] = value;
}

/* One host at a time, each with its part of the time: libpq itself would wait for a first one that
 * takes the connection and then says nothing, and never reach the second. */
static bool host_connect(struct db *db, int host, int64_t deadline_ms,
                         struct connection **ret_connection, bool *ret_is_refused,
                         struct problem *err)
{
    struct settings settings = {.count = 0};
    char items[3][ITEM_SIZE];
    int item = 0;
    for (const PQconninfoOption *option = db->conninfo; option->keyword != NULL; option++) {
        bool is_list = strcmp(option->keyword, "host") == 0 ||
                       strcmp(option->keyword, "hostaddr") == 0 ||
                       strcmp(option->keyword, "port") == 0;
        if (option->val == NULL || strcmp(option->keyword, "options") == 0)
            continue;
        setting_add(&settings, option->keyword,
                    is_list ? list_item(option->val, host, items[item++]) : option->val);
    }
    if (conninfo_value(db->conninfo, "tcp_user_timeout") == NULL)
        setting_add(&settings, "tcp_user_timeout", "3000");
    setting_add(&settings, "client_encoding", "UTF8");
    setting_add(&settings, "application_name", db->application_name);
    setting_add(&settings, "options", db->options);
    return connection_open(settings.keywords, settings.values, deadline_ms, ret_connection,
                           ret_is_refused, err);
}

/* A password is changed in two places, one after the other: who comes in between tries again. */
static bool host_retry(struct db *db, int host, int64_t deadline_ms,
                       struct connection **ret_connection, struct problem *err)
{
    const struct timespec pause = {.tv_nsec = PASSWORD_RETRY_MS * 1000000L};
    for (;;) {
        bool is_refused;
        if (host_connect(db, host, deadline_ms, ret_connection, &is_refused, err))
            return true;
        if (!is_refused || monotonic_ms() + PASSWORD_RETRY_MS >= deadline_ms)
            return false;
        nanosleep(&pause, NULL);
    }
}

/* Begins with the host that answered last. */
static bool pool_connect(struct db *db, struct connection **ret_connection, struct problem *err)
{
    int first = atomic_load(&db->host);
    for (int i = 0; i < db->host_count; i++) {
        int host = (first + i) % db->host_count;
        int64_t deadline_ms = monotonic_ms() + db->statement_ms / db->host_count;
        if (host_retry(db, host, deadline_ms, ret_connection, err)) {
            atomic_store(&db->host, host);
            return true;
        }
    }
    return false;
}

/* Hands a connection, or its place, to who waits longest; false when nobody does. */
static bool waiter_serve(struct db *db, struct connection *connection)
{
    struct waiter *first = db->waiters;
    if (first == NULL)
        return false;
    db->waiters = first->next;
    db->waiting--;
    first->connection = connection;
    first->is_served = true;
    pthread_cond_signal(&first->served);
    return true;
}

void pool_drop(struct db *db, struct connection *connection)
{
    connection_close(connection);
    pthread_mutex_lock(&db->lock);
    if (!waiter_serve(db, NULL)) {
        db->open--;
        db->busy--;
    }
    pthread_mutex_unlock(&db->lock);
}

void pool_put(struct db *db, struct connection *connection)
{
    pthread_mutex_lock(&db->lock);
    if (!waiter_serve(db, connection)) {
        connection->next = db->idle;
        db->idle = connection;
        db->busy--;
    }
    pthread_mutex_unlock(&db->lock);
}

static void waiter_leave(struct db *db, struct waiter *waiter)
{
    struct waiter **link = &db->waiters;
    while (*link != waiter)
        link = &(*link)->next;
    *link = waiter->next;
    db->waiting--;
}

/* Under the lock. */
static bool waiter_wait(struct db *db, struct connection **ret_connection)
{
    const struct timespec end = monotonic_after(DB_WAIT_MS);
    struct waiter waiter = {.is_served = false};
    pthread_cond_init(&waiter.served, &db->monotonic);
    struct waiter **last = &db->waiters;
    while (*last != NULL)
        last = &(*last)->next;
    *last = &waiter;
    db->waiting++;
    int status = 0;
    while (!waiter.is_served && status == 0)
        status = pthread_cond_timedwait(&waiter.served, &db->lock, &end);
    if (waiter.is_served)
        *ret_connection = waiter.connection;
    else
        waiter_leave(db, &waiter);
    pthread_cond_destroy(&waiter.served);
    return waiter.is_served;
}

/* Takes an idle connection, or a place for a new one (*ret_connection = NULL then). */
static bool pool_take(struct db *db, struct connection **ret_connection)
{
    bool is_taken = true;
    pthread_mutex_lock(&db->lock);
    if (db->idle != NULL) {
        *ret_connection = db->idle;
        db->idle = db->idle->next;
        db->busy++;
    } else if (db->open < db->connections_max) {
        *ret_connection = NULL;
        db->open++;
        db->busy++;
    } else {
        db->waits++;
        is_taken = waiter_wait(db, ret_connection);
        db->refusals += is_taken ? 0 : 1;
    }
    pthread_mutex_unlock(&db->lock);
    return is_taken;
}

bool pool_get(struct db *db, struct connection **ret_connection, struct problem *err)
{
    struct connection *connection = NULL;
    if (!pool_take(db, &connection))
        return problem_set(err, PROBLEM_UNAVAILABLE, "all %u database connections are busy",
                           db->connections_max);
    if (connection != NULL && !connection_settle(connection, pool_deadline(db))) {
        connection_close(connection);
        connection = NULL;
    }
    if (connection == NULL && !pool_connect(db, &connection, err)) {
        pool_drop(db, NULL);
        return false;
    }
    *ret_connection = connection;
    return true;
}
