#include "tests/store/harness.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/ids.h"

enum { SQL_SIZE = 16 * 1024, VALUE_SIZE = 64 * 1024 };

const struct actor HARNESS_ACTOR = {
    .issuer = "https://issuer.accord.example",
    .subject = "somebody",
    .client = "tests",
    .organisation = "ZZ1",
};

static const char *conninfo(void)
{
    const char *given = getenv("ACCORD_TEST_DATABASE");
    if (given == NULL || given[0] == '\0') {
        fprintf(stderr,
                "ACCORD_TEST_DATABASE is not set: store tests need a superuser's connection "
                "string to a migrated database (tests/cluster up DIR database)\n");
        exit(1);
    }
    return given;
}

static PGconn *superuser(void)
{
    static PGconn *pg;
    if (pg == NULL || PQstatus(pg) != CONNECTION_OK) {
        PQfinish(pg);
        pg = PQconnectdb(conninfo());
    }
    if (PQstatus(pg) != CONNECTION_OK) {
        fprintf(stderr, "ACCORD_TEST_DATABASE: %s", PQerrorMessage(pg));
        exit(1);
    }
    return pg;
}

struct db *harness_db_with(const char *role, unsigned connections_max, const char *options,
                           int statement_ms)
{
    char text[1024], search_path[CODE_SIZE];
    snprintf(text, sizeof text, "%s options='-c role=%s %s'", conninfo(), role, options);
    snprintf(search_path, sizeof search_path, "%s, accord", role);
    struct db_config config = {.conninfo = text,
                               .application_name = "accord-tests",
                               .search_path = search_path,
                               .connections_max = connections_max,
                               .statement_ms = statement_ms};
    struct db *db = NULL;
    struct problem err = {0};
    if (!db_new(&config, &db, &err))
        fail_msg("%s", err.detail);
    return db;
}

struct db *harness_db(const char *role, unsigned connections_max)
{
    return harness_db_with(role, connections_max, "", 0);
}

void harness_alliance(char ret_alliance_id[UUID_SIZE])
{
    uuid_new((int64_t)time(NULL) * 1000, ret_alliance_id);
}

PRINTF_LIKE(1, 0) static PGresult *run(const char *format, va_list arguments)
{
    static char sql[SQL_SIZE];
    int length = vsnprintf(sql, sizeof sql, format, arguments);
    assert_true(length > 0 && (size_t)length < sizeof sql);
    PGresult *result = PQexec(superuser(), sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQresultErrorMessage(result));
    return result;
}

void harness_sql(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    PQclear(run(format, arguments));
    va_end(arguments);
}

const char *harness_value(const char *format, ...)
{
    static char value[VALUE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    PGresult *result = run(format, arguments);
    va_end(arguments);
    assert_int_equal(PQntuples(result), 1);
    assert_int_equal(PQnfields(result), 1);
    snprintf(value, sizeof value, "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    return value;
}

void harness_move_clock(int64_t offset_ms)
{
    harness_sql("update accord.clock set is_test = true, offset_ms = %lld", (long long)offset_ms);
}

static const char PROBE_TABLES[] =
    "call accord.service_schema('probe');"
    "set role probe_owner;"
    "call accord.service_tables('probe');"
    "set search_path = probe, accord;"
    "create table thing (alliance_id uuid not null, code text not null, sequence bigint not null,"
    " name text not null, amount_pence bigint not null check (amount_pence >= 0),"
    " version bigint not null, primary key (alliance_id, code), unique (alliance_id, name));"
    "call accord.fact_table('probe', 'thing');"
    "create table thing_change (alliance_id uuid not null, id uuid not null,"
    " sequence bigint not null, code text not null, primary key (alliance_id, id),"
    " foreign key (alliance_id, code) references thing (alliance_id, code));"
    "call accord.fact_table('probe', 'thing_change', p_is_history => true);"
    "create table rumour (alliance_id uuid not null, code text not null, sequence bigint not null,"
    " words text not null, primary key (alliance_id, code));"
    "call accord.fact_table('probe', 'rumour', 'elsewhere');"
    "create function probe.fail(p_state text) returns void language plpgsql as $$"
    " begin raise exception 'as the test asked' using errcode = p_state; end $$;"
    "reset role; reset search_path;";

void harness_make_probe(void)
{
    if (strcmp(harness_value("select count(*) from pg_namespace where nspname = 'probe'"), "0") ==
        0)
        harness_sql("begin; select pg_advisory_xact_lock(1); %s commit", PROBE_TABLES);
}
