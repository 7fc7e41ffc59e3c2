/* The pool and its transactions on a real server: what is asked comes back, what goes wrong is
 * named, what is lost is noticed, and nothing waits for ever. */
#include "tests/store/harness.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/db_connection.h"
#include "common/ids.h"
#include "common/instant.h"

static const struct db_query ECHO = {
    "echo",
    "select $2::text as words, $3::bigint as number, $4::boolean as flag, $5::timestamptz as at,"
    " $6::date as on_day, $1::uuid as alliance",
    5, NULL};
static const struct db_query ONE = {"one", "select 1 as one", 0, NULL};
static const struct db_query TWO = {"one", "select 2 as one", 0, "another_one"};
static const struct db_query ROWS = {"rows", "select n from generate_series(1, $2::bigint) as n", 1,
                                     NULL};
static const struct db_query FAIL = {"fail", "select fail($2::text)", 1, NULL};
static const struct db_query BACKEND = {"backend", "select pg_backend_pid() as pid", 0, NULL};
static const struct db_query SLEEP = {"sleep", "select pg_sleep($2::bigint)", 1, NULL};
static const struct db_query SETTINGS = {
    "settings",
    "select current_setting('search_path') as search_path, current_setting('timezone') as zone,"
    " current_setting('application_name') as application, current_setting('lock_timeout') as lock,"
    " current_setting('transaction_isolation') as isolation,"
    " current_setting('transaction_read_only') as read_only,"
    " current_setting('accord.alliance_id', true) as alliance",
    0, NULL};
static const struct db_query FORGET_ALL = {"forget_all", "deallocate all", 0, NULL};
static const struct db_query THINGS = {"things", "select code from thing", 0, NULL};
static const struct db_query LOCK = {"lock", "select journal_lock($1::uuid, true)", 0, NULL};

static char alliance[UUID_SIZE];
static struct db *db;

static int make_db(void **state)
{
    (void)state;
    harness_make_probe();
    harness_alliance(alliance);
    db = harness_db("probe", 2);
    return 0;
}

static int free_db(void **state)
{
    (void)state;
    db_free(db);
    return 0;
}

static struct db_tx *begin(struct db *pool, bool read_only)
{
    struct db_tx *tx = NULL;
    struct problem err = {0};
    assert_done(db_begin(pool, alliance, read_only, &tx, &err), err);
    return tx;
}

static int64_t backend(struct db_tx *tx)
{
    struct problem err = {0};
    db_rows_auto_t rows = {0};
    assert_done(db_select_one(tx, &BACKEND, &rows, &err), err);
    return row_int(&rows, 0, "pid");
}

/* Ends a server process and waits until it is gone. */
static void terminate(int64_t pid)
{
    assert_string_equal(harness_value("select pg_terminate_backend(%lld, 5000)", (long long)pid),
                        "t");
}

static void arguments_come_back_as_rows(void **state)
{
    (void)state;
    struct problem err = {0};
    db_tx_auto_t *tx = begin(db, true);
    db_rows_auto_t rows = {0};
    assert_done(db_select_one(tx, &ECHO, &rows, &err, db_text("\u00e9 '; -- \\ \" \U0001F600"),
                              db_int(INT64_MIN), db_bool(true), db_instant(1775001600123),
                              db_day(20544)),
                err);
    assert_string_equal(row_text(&rows, 0, "words"), "\u00e9 '; -- \\ \" \U0001F600");
    assert_true(row_int(&rows, 0, "number") == INT64_MIN);
    assert_true(row_bool(&rows, 0, "flag"));
    assert_true(row_instant(&rows, 0, "at") == 1775001600123);
    assert_int_equal(row_day(&rows, 0, "on_day"), 20544);
    char copy[UUID_SIZE];
    row_copy(&rows, 0, "alliance", copy, sizeof copy);
    assert_string_equal(copy, alliance);
}

static void null_and_empty_are_different(void **state)
{
    (void)state;
    struct problem err = {0};
    db_tx_auto_t *tx = begin(db, true);
    db_rows_auto_t rows = {0};
    assert_done(db_select_one(tx, &ECHO, &rows, &err, db_text(NULL), db_int(0), db_bool(false),
                              db_instant(INSTANT_NONE), db_day(DAY_NONE)),
                err);
    assert_true(row_is_null(&rows, 0, "words"));
    assert_null(row_text(&rows, 0, "words"));
    assert_false(row_is_null(&rows, 0, "number"));
    assert_true(row_instant(&rows, 0, "at") == INSTANT_NONE);
    assert_int_equal(row_day(&rows, 0, "on_day"), DAY_NONE);
    assert_done(db_select_one(tx, &ECHO, &rows, &err, db_text(""), db_int(-1), db_bool(false),
                              db_instant(-1), db_day(-1)),
                err);
    assert_false(row_is_null(&rows, 0, "words"));
    assert_string_equal(row_text(&rows, 0, "words"), "");
    assert_true(row_instant(&rows, 0, "at") == -1);
    assert_int_equal(row_day(&rows, 0, "on_day"), -1);
    assert_done(db_select_one(tx, &ECHO, &rows, &err, db_text_or_null(""), db_int(-1),
                              db_bool(false), db_instant(-1), db_day(-1)),
                err);
    assert_null(row_text(&rows, 0, "words"));
}

static void one_row_means_one(void **state)
{
    (void)state;
    struct problem err = {0};
    db_tx_auto_t *tx = begin(db, true);
    db_rows_auto_t rows = {0};
    assert_done(db_select(tx, &ROWS, &rows, &err, db_int(2000)), err);
    assert_int_equal(rows.count, 2000);
    assert_int_equal(row_int(&rows, 1999, "n"), 2000);
    assert_done(db_select(tx, &ROWS, &rows, &err, db_int(0)), err);
    assert_int_equal(rows.count, 0);
    assert_problem(db_select_one(tx, &ROWS, &rows, &err, db_int(0)), err, PROBLEM_INTERNAL);
    assert_problem(db_select_one(tx, &ROWS, &rows, &err, db_int(2)), err, PROBLEM_INTERNAL);
    assert_done(db_select_one(tx, &ROWS, &rows, &err, db_int(1)), err);
}

static void queries_of_one_name_stay_apart(void **state)
{
    (void)state;
    struct problem err = {0};
    db_tx_auto_t *tx = begin(db, true);
    for (int i = 0; i < 3; i++) {
        db_rows_auto_t one = {0}, two = {0};
        assert_done(db_select_one(tx, &ONE, &one, &err), err);
        assert_done(db_select_one(tx, &TWO, &two, &err), err);
        assert_int_equal(row_int(&one, 0, "one"), 1);
        assert_int_equal(row_int(&two, 0, "one"), 2);
    }
}

static void what_is_sent_first_is_answered_with_the_next_select(void **state)
{
    (void)state;
    struct problem err = {0};
    db_tx_auto_t *tx = begin(db, true);
    db_rows_auto_t rows = {0};
    struct db_rows sent[40] = {0};
    /* More than fit into one pipeline. */
    for (int i = 0; i < 40; i++)
        assert_done(db_send(tx, &ROWS, &sent[i], &err, db_int(i)), err);
    assert_done(db_select_one(tx, &ONE, &rows, &err), err);
    for (int i = 0; i < 40; i++)
        assert_int_equal(sent[i].count, i);
    assert_done(db_send(tx, &FAIL, NULL, &err, db_text("P0001")), err);
    assert_problem(db_select_one(tx, &ONE, &rows, &err), err, PROBLEM_RULE_BROKEN);
    for (int i = 0; i < 40; i++)
        db_rows_done(&sent[i]);
}

static void sessions_have_their_settings_and_transactions_their_alliance(void **state)
{
    (void)state;
    struct problem err = {0};
    db_tx_auto_t *tx = begin(db, true);
    db_rows_auto_t rows = {0};
    assert_done(db_select_one(tx, &SETTINGS, &rows, &err), err);
    assert_string_equal(row_text(&rows, 0, "search_path"), "probe, accord");
    assert_string_equal(row_text(&rows, 0, "zone"), "UTC");
    assert_string_equal(row_text(&rows, 0, "application"), "accord-tests");
    assert_string_equal(row_text(&rows, 0, "lock"), "1s");
    assert_string_equal(row_text(&rows, 0, "isolation"), "read committed");
    assert_string_equal(row_text(&rows, 0, "read_only"), "on");
    assert_string_equal(row_text(&rows, 0, "alliance"), alliance);
    db_tx_done(&tx);
    assert_done(db_begin(db, NULL, false, &tx, &err), err);
    assert_done(db_select_one(tx, &SETTINGS, &rows, &err), err);
    assert_string_equal(row_text(&rows, 0, "read_only"), "off");
    assert_string_equal(row_text(&rows, 0, "alliance"), "");
    assert_null(db_tx_alliance(tx));
}

static void only_a_uuid_becomes_part_of_sql(void **state)
{
    (void)state;
    struct problem err = {0};
    db_tx_auto_t *tx = NULL;
    assert_problem(db_begin(db, "018f0000-0000-7000-8000-00000000000'", true, &tx, &err), err,
                   PROBLEM_INTERNAL);
    assert_problem(db_begin(db, "", true, &tx, &err), err, PROBLEM_INTERNAL);
    assert_null(tx);
}

static void every_sqlstate_has_its_problem(void **state)
{
    (void)state;
    static const struct {
        const char *state;
        enum problem_code code;
        bool should_repeat;
    } wanted[] = {
        {"40001", PROBLEM_UNAVAILABLE, true},     {"40P01", PROBLEM_UNAVAILABLE, true},
        {"40003", PROBLEM_UNAVAILABLE, false},    {"08006", PROBLEM_UNAVAILABLE, true},
        {"53100", PROBLEM_UNAVAILABLE, false},    {"57014", PROBLEM_UNAVAILABLE, false},
        {"57P01", PROBLEM_UNAVAILABLE, true},     {"58030", PROBLEM_UNAVAILABLE, false},
        {"55P03", PROBLEM_UNAVAILABLE, false},    {"23503", PROBLEM_REFERENCE_UNKNOWN, false},
        {"23505", PROBLEM_ALREADY_EXISTS, false}, {"23514", PROBLEM_RULE_BROKEN, false},
        {"23P01", PROBLEM_STATE_CONFLICT, false}, {"23502", PROBLEM_INTERNAL, false},
        {"23001", PROBLEM_INTERNAL, false},       {"P0001", PROBLEM_RULE_BROKEN, false},
        {"42501", PROBLEM_INTERNAL, false},       {"42P01", PROBLEM_INTERNAL, false},
        {"XX000", PROBLEM_INTERNAL, false},       {"0A000", PROBLEM_INTERNAL, false},
        {"25006", PROBLEM_UNAVAILABLE, true},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++) {
        struct problem err = {0};
        db_rows_auto_t rows = {0};
        db_tx_auto_t *tx = begin(db, false);
        assert_false(db_select(tx, &FAIL, &rows, &err, db_text(wanted[i].state)));
        if (err.code != wanted[i].code || db_tx_should_repeat(tx) != wanted[i].should_repeat)
            fail_msg("%s: %s (%s)", wanted[i].state, problem_slug(err.code), err.detail);
        problem_clear(&err);
        assert_problem(db_select_one(tx, &ONE, &rows, &err), err, PROBLEM_INTERNAL);
        assert_problem(db_commit(tx, &err), err, PROBLEM_INTERNAL);
    }
}

static void writing_in_a_reading_transaction_is_a_bug(void **state)
{
    (void)state;
    struct problem err = {0};
    db_rows_auto_t rows = {0};
    db_tx_auto_t *tx = begin(db, true);
    assert_problem(db_select(tx, &LOCK, &rows, &err), err, PROBLEM_INTERNAL);
    assert_false(db_tx_should_repeat(tx));
}

static void a_commit_counts_only_when_the_server_says_so(void **state)
{
    (void)state;
    struct problem err = {0};
    db_rows_auto_t rows = {0};
    char founded[UUID_SIZE];
    harness_alliance(founded);
    db_tx_auto_t *tx = NULL;
    assert_done(db_begin(db, founded, false, &tx, &err), err);
    assert_done(db_send(tx, &LOCK, NULL, &err), err);
    assert_done(db_commit(tx, &err), err);
    assert_string_equal(harness_value("select count(*) from probe.journal_head"
                                      " where alliance_id = '%s'",
                                      founded),
                        "1");
    assert_problem(db_select(tx, &ONE, &rows, &err), err, PROBLEM_INTERNAL);
    assert_problem(db_commit(tx, &err), err, PROBLEM_INTERNAL);
    db_tx_done(&tx);
    /* A failure in the same pipeline as COMMIT is that failure. */
    harness_alliance(founded);
    assert_done(db_begin(db, founded, false, &tx, &err), err);
    assert_done(db_send(tx, &LOCK, NULL, &err), err);
    assert_done(db_send(tx, &FAIL, NULL, &err, db_text("40001")), err);
    assert_problem(db_commit(tx, &err), err, PROBLEM_UNAVAILABLE);
    assert_true(db_tx_should_repeat(tx));
}

static void a_read_leaves_without_waiting_and_its_connection_is_used_again(void **state)
{
    (void)state;
    struct problem err = {0};
    struct db *one = harness_db("probe", 1);
    db_tx_auto_t *tx = begin(one, true);
    int64_t pid = backend(tx);
    for (int i = 0; i < 5; i++) {
        assert_done(db_commit(tx, &err), err);
        db_tx_done(&tx);
        tx = begin(one, i % 2 == 0);
        assert_int_equal(backend(tx), pid);
    }
    db_tx_done(&tx);
    tx = begin(one, false);
    assert_int_equal(backend(tx), pid);
    db_tx_done(&tx);
    db_free(one);
}

static void a_dead_idle_connection_is_replaced_unnoticed(void **state)
{
    (void)state;
    struct db *one = harness_db("probe", 1);
    db_tx_auto_t *tx = begin(one, true);
    int64_t pid = backend(tx);
    db_tx_done(&tx);
    terminate(pid);
    tx = begin(one, true);
    assert_true(backend(tx) != pid);
    db_tx_done(&tx);
    struct db_stats stats;
    db_stats(one, &stats);
    assert_int_equal(stats.open, 1);
    assert_int_equal(stats.busy, 0);
    assert_int_equal(stats.waiting, 0);
    assert_int_equal(stats.waits, 0);
    db_free(one);
}

static void a_connection_lost_in_a_transaction_may_be_repeated(void **state)
{
    (void)state;
    struct problem err = {0};
    db_rows_auto_t rows = {0};
    struct db *one = harness_db("probe", 1);
    db_tx_auto_t *tx = begin(one, false);
    terminate(backend(tx));
    assert_problem(db_select(tx, &ONE, &rows, &err), err, PROBLEM_UNAVAILABLE);
    assert_true(db_tx_should_repeat(tx));
    assert_problem(db_select(tx, &ONE, &rows, &err), err, PROBLEM_INTERNAL);
    db_tx_done(&tx);
    tx = begin(one, false);
    assert_done(db_select(tx, &ONE, &rows, &err), err);
    db_tx_done(&tx);
    db_free(one);
}

static void a_lost_commit_is_unknown(void **state)
{
    (void)state;
    struct problem err = {0};
    db_tx_auto_t *tx = begin(db, false);
    terminate(backend(tx));
    assert_problem(db_commit(tx, &err), err, PROBLEM_OUTCOME_UNKNOWN);
    assert_false(db_tx_should_repeat(tx));
}

static void a_server_that_does_not_answer_is_left(void **state)
{
    (void)state;
    struct problem err = {0};
    db_rows_auto_t rows = {0};
    struct db *hasty = harness_db_with("probe", 1, "", 200);
    db_tx_auto_t *tx = begin(hasty, false);
    backend(tx);
    int64_t start = monotonic_ms();
    assert_problem(db_select(tx, &SLEEP, &rows, &err, db_int(3)), err, PROBLEM_UNAVAILABLE);
    assert_true(monotonic_ms() - start < 2000);
    assert_false(db_tx_should_repeat(tx));
    db_tx_done(&tx);
    tx = begin(hasty, false);
    assert_done(db_select(tx, &ONE, &rows, &err), err);
    db_tx_done(&tx);
    tx = begin(hasty, false);
    assert_done(db_send(tx, &SLEEP, NULL, &err, db_int(3)), err);
    assert_problem(db_commit(tx, &err), err, PROBLEM_OUTCOME_UNKNOWN);
    db_tx_done(&tx);
    db_free(hasty);
}

static void forgotten_statements_are_prepared_again(void **state)
{
    (void)state;
    struct problem err = {0};
    db_rows_auto_t rows = {0};
    struct db *one = harness_db("probe", 1);
    db_tx_auto_t *tx = begin(one, false);
    int64_t pid = backend(tx);
    assert_done(db_select(tx, &ONE, &rows, &err), err);
    assert_done(db_select(tx, &FORGET_ALL, &rows, &err), err);
    assert_problem(db_select(tx, &ONE, &rows, &err), err, PROBLEM_UNAVAILABLE);
    assert_true(db_tx_should_repeat(tx));
    db_tx_done(&tx);
    tx = begin(one, false);
    assert_done(db_select(tx, &ONE, &rows, &err), err);
    assert_true(backend(tx) != pid);
    db_tx_done(&tx);
    db_free(one);
}

static void a_plan_from_before_a_migration_is_made_anew(void **state)
{
    (void)state;
    static const struct db_query ALL = {"plan", "select * from plan_of_test", 0, NULL};
    struct problem err = {0};
    db_rows_auto_t rows = {0};
    struct db *one = harness_db("probe", 1);
    harness_sql(
        "drop table if exists probe.plan_of_test; create table probe.plan_of_test (a integer);"
        "grant select on probe.plan_of_test to probe");
    db_tx_auto_t *tx = begin(one, true);
    assert_done(db_select(tx, &ALL, &rows, &err), err);
    db_tx_done(&tx);
    harness_sql("alter table probe.plan_of_test add column b integer");
    tx = begin(one, true);
    assert_problem(db_select(tx, &ALL, &rows, &err), err, PROBLEM_UNAVAILABLE);
    assert_true(db_tx_should_repeat(tx));
    db_tx_done(&tx);
    tx = begin(one, true);
    assert_done(db_select(tx, &ALL, &rows, &err), err);
    assert_int_equal(PQnfields(rows.result), 2);
    db_tx_done(&tx);
    db_free(one);
    harness_sql("drop table probe.plan_of_test");
}

static void *give_back_when_somebody_waits(void *held)
{
    struct db_stats stats = {.waiting = 0};
    while (stats.waiting == 0)
        db_stats(db, &stats);
    db_rollback(held);
    return NULL;
}

static void who_waits_gets_the_next_free_connection(void **state)
{
    (void)state;
    struct problem err = {0};
    db_tx_auto_t *first = begin(db, true);
    struct db_tx *second = begin(db, true);
    db_tx_auto_t *third = NULL;
    pthread_t thread;
    pthread_create(&thread, NULL, give_back_when_somebody_waits, second);
    assert_done(db_begin(db, alliance, true, &third, &err), err);
    pthread_join(thread, NULL);
    struct db_stats stats;
    db_stats(db, &stats);
    assert_int_equal(stats.open, 2);
    assert_int_equal(stats.busy, 2);
    assert_int_equal(stats.waiting, 0);
    assert_int_equal(stats.waits, 1);
    assert_int_equal(stats.refusals, 0);
    /* And nobody waits for ever. */
    db_tx_auto_t *fourth = NULL;
    int64_t start = monotonic_ms();
    assert_problem(db_begin(db, alliance, true, &fourth, &err), err, PROBLEM_UNAVAILABLE);
    assert_true(monotonic_ms() - start < DB_WAIT_MS + 1000);
}

static void *read_many_times(void *failure)
{
    struct problem *err = failure;
    for (int i = 0; i < 200; i++) {
        db_tx_auto_t *tx = NULL;
        db_rows_auto_t rows = {0};
        if (!db_begin(db, alliance, i % 3 != 0, &tx, err) ||
            !db_select_one(tx, &ROWS, &rows, err, db_int(1)) || (i % 5 != 0 && !db_commit(tx, err)))
            return NULL;
    }
    return NULL;
}

static void many_threads_share_few_connections(void **state)
{
    (void)state;
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    struct problem failures[THREADS] = {0};
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, read_many_times, &failures[i]);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++)
        assert_string_equal(failures[i].detail, "");
}

static void an_alliance_sees_its_own_rows_only(void **state)
{
    (void)state;
    struct problem err = {0};
    char other[UUID_SIZE];
    harness_alliance(other);
    harness_sql("insert into probe.thing values ('%s', 'x', 1, 'x', 1, 1)", other);
    db_rows_auto_t rows = {0};
    db_tx_auto_t *tx = begin(db, true);
    assert_done(db_select(tx, &THINGS, &rows, &err), err);
    assert_int_equal(rows.count, 0);
    db_tx_done(&tx);
    assert_done(db_begin(db, NULL, true, &tx, &err), err);
    assert_done(db_select(tx, &THINGS, &rows, &err), err);
    assert_int_equal(rows.count, 0);
    db_tx_done(&tx);
    assert_done(db_begin(db, other, true, &tx, &err), err);
    assert_done(db_select(tx, &THINGS, &rows, &err), err);
    assert_int_equal(rows.count, 1);
}

static void readiness_says_why_not(void **state)
{
    (void)state;
    struct problem err = {0};
    assert_done(db_is_ready(db, &err), err);
    struct db *careless = harness_db_with("probe", 1, "-c synchronous_commit=off", 0);
    assert_problem(db_is_ready(careless, &err), err, PROBLEM_UNAVAILABLE);
    db_free(careless);
    careless = harness_db_with("probe", 1, "-c default_transaction_read_only=on", 0);
    assert_done(db_is_ready(careless, &err), err);
    db_free(careless);
}

static void a_database_that_is_not_there_is_unavailable(void **state)
{
    (void)state;
    struct problem err = {0};
    struct db *nowhere = NULL;
    struct db_config config = {.conninfo = "host=/nowhere port=1 dbname=x",
                               .application_name = "accord-tests",
                               .search_path = "probe, accord",
                               .connections_max = 1};
    assert_done(db_new(&config, &nowhere, &err), err);
    db_tx_auto_t *tx = NULL;
    assert_problem(db_begin(nowhere, alliance, true, &tx, &err), err, PROBLEM_UNAVAILABLE);
    assert_problem(db_is_ready(nowhere, &err), err, PROBLEM_UNAVAILABLE);
    db_free(nowhere);
    nowhere = NULL;
    config.conninfo = "host='";
    assert_problem(db_new(&config, &nowhere, &err), err, PROBLEM_INTERNAL);
    config.conninfo = "";
    config.connections_max = 0;
    assert_problem(db_new(&config, &nowhere, &err), err, PROBLEM_INTERNAL);
    assert_null(nowhere);
}

/* A server that takes connections and never says a word. */
static int mute_listen(int *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    *ret_port = ntohs(address.sin_port);
    return listener;
}

static void a_mute_server_costs_its_part_of_the_time_only(void **state)
{
    (void)state;
    struct problem err = {0};
    int port;
    int listener = mute_listen(&port);
    char conninfo[1024], real_host[256], real_port[16];
    snprintf(real_host, sizeof real_host, "%s",
             harness_value("select trim('\"' from "
                           "split_part(current_setting('unix_socket_directories'), ',', 1))"));
    snprintf(real_port, sizeof real_port, "%s", harness_value("select current_setting('port')"));
    snprintf(conninfo, sizeof conninfo, "host=127.0.0.1 port=%d dbname=x user=x", port);
    struct db_config config = {.conninfo = conninfo,
                               .application_name = "accord-tests",
                               .search_path = "probe, accord",
                               .connections_max = 1,
                               .statement_ms = 300};
    struct db *mute = NULL;
    assert_done(db_new(&config, &mute, &err), err);
    db_tx_auto_t *tx = NULL;
    int64_t start = monotonic_ms();
    assert_problem(db_begin(mute, alliance, true, &tx, &err), err, PROBLEM_UNAVAILABLE);
    assert_true(monotonic_ms() - start < 2000);
    db_free(mute);
    /* With a second host the first one is passed over, and the next time not even asked. */
    snprintf(conninfo, sizeof conninfo, "%s host=127.0.0.1,%s port=%d,%s",
             getenv("ACCORD_TEST_DATABASE"), real_host, port, real_port);
    config.connections_max = 2;
    config.statement_ms = 4000;
    assert_done(db_new(&config, &mute, &err), err);
    assert_done(db_begin(mute, alliance, true, &tx, &err), err);
    backend(tx);
    db_tx_auto_t *second = NULL;
    start = monotonic_ms();
    assert_done(db_begin(mute, alliance, true, &second, &err), err);
    assert_true(monotonic_ms() - start < 1000);
    db_tx_done(&second);
    db_tx_done(&tx);
    db_free(mute);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_come_back_as_rows),
        cmocka_unit_test(null_and_empty_are_different),
        cmocka_unit_test(one_row_means_one),
        cmocka_unit_test(queries_of_one_name_stay_apart),
        cmocka_unit_test(what_is_sent_first_is_answered_with_the_next_select),
        cmocka_unit_test(sessions_have_their_settings_and_transactions_their_alliance),
        cmocka_unit_test(only_a_uuid_becomes_part_of_sql),
        cmocka_unit_test(every_sqlstate_has_its_problem),
        cmocka_unit_test(writing_in_a_reading_transaction_is_a_bug),
        cmocka_unit_test(a_commit_counts_only_when_the_server_says_so),
        cmocka_unit_test(a_read_leaves_without_waiting_and_its_connection_is_used_again),
        cmocka_unit_test(a_dead_idle_connection_is_replaced_unnoticed),
        cmocka_unit_test(a_connection_lost_in_a_transaction_may_be_repeated),
        cmocka_unit_test(a_lost_commit_is_unknown),
        cmocka_unit_test(a_server_that_does_not_answer_is_left),
        cmocka_unit_test(forgotten_statements_are_prepared_again),
        cmocka_unit_test(a_plan_from_before_a_migration_is_made_anew),
        cmocka_unit_test(who_waits_gets_the_next_free_connection),
        cmocka_unit_test(many_threads_share_few_connections),
        cmocka_unit_test(an_alliance_sees_its_own_rows_only),
        cmocka_unit_test(readiness_says_why_not),
        cmocka_unit_test(a_database_that_is_not_there_is_unavailable),
        cmocka_unit_test(a_mute_server_costs_its_part_of_the_time_only),
    };
    return cmocka_run_group_tests(tests, make_db, free_db);
}
