/* What the ledger's tables refuse whoever writes: a superuser, past every rule and every journal,
 * by raw SQL. Each attempt is a whole one, wrong in one point only; beside it the same attempt made
 * right passes, so that what is refused is that point. */
#include "tests/store/ledger_world.h"

#include <poll.h>
#include <time.h>

#define CHECK_VIOLATION "23514"
#define FOREIGN_KEY_VIOLATION "23503"
#define UNIQUE_VIOLATION "23505"
#define RESTRICT_VIOLATION "23001"
#define INSUFFICIENT_PRIVILEGE "42501"

static struct mandate mandate;
static struct transaction base; /* £1.00 from pool:planned to ring-fence:elective, 30 April 2026 */

static int make_world(void **state)
{
    make_alliance(state);
    mandate = active_mandate("pool:planned", "ring-fence:elective", 1000000);
    base = posted(&mandate, "2026-04-30", 100);
    harness_sql(
        "create or replace function pg_temp.attempt(p text) returns text language plpgsql as"
        " $$ begin execute p; raise exception 'passed' using errcode = 'ZZ000';"
        " exception when others then return sqlstate; end $$");
    return 0;
}

/* The SQLSTATE of an attempt, which leaves nothing behind; "ZZ000" when nothing refuses it. */
static const char *attempt(const char *format, ...) PRINTF_LIKE(1, 2);
static const char *attempt(const char *format, ...)
{
    char sql[8192];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(sql, sizeof sql, format, arguments);
    va_end(arguments);
    assert_true(length > 0 && (size_t)length < sizeof sql);
    return harness_value("select pg_temp.attempt($attempt$%s$attempt$)", sql);
}
#define assert_refused(sqlstate, ...) assert_string_equal(attempt(__VA_ARGS__), sqlstate)
#define assert_passes(...) assert_string_equal(attempt(__VA_ARGS__), "ZZ000")

/* --- a transaction, by hand
 * -------------------------------------------------------------------------------- */

/* Everything that can be wrong with one. */
struct raw {
    const char *kind, *month, *effective_on, *entry_on, *hold_id, *mandate_id, *reverses_id;
    int64_t pool_pence, fence_pence;     /* the entries */
    int64_t pool_balance, fence_balance; /* after them */
    int64_t pool_row, fence_row;         /* what the balance rows say */
    int64_t amount_pence;
    int entry_count, fence_number;
};

/* Ten pence more, as it should be. */
static struct raw right(void)
{
    return (struct raw){.kind = "posting",
                        .month = "2026-27-M01",
                        .effective_on = "2026-04-30",
                        .entry_on = "2026-04-30",
                        .mandate_id = mandate.id,
                        .pool_pence = -10,
                        .fence_pence = 10,
                        .pool_balance = -110,
                        .fence_balance = 110,
                        .pool_row = -110,
                        .fence_row = 110,
                        .amount_pence = 10,
                        .entry_count = 2,
                        .fence_number = 2};
}

static void quoted(const char *text, char ret[64])
{
    snprintf(ret, 64, text == NULL ? "null" : "'%s'", text);
}

/* Balances, the transaction, its entries: one block, so that it is one attempt. */
static const char *raw_sql(const struct raw *raw)
{
    static char sql[8192];
    char id[UUID_SIZE], hold_id[64], mandate_id[64], reverses_id[64];
    new_id(id);
    quoted(raw->hold_id, hold_id);
    quoted(raw->mandate_id, mandate_id);
    quoted(raw->reverses_id, reverses_id);
    snprintf(
        sql, sizeof sql,
        "do $do$ begin"
        " update ledger.balance set sequence = 999, balance_pence = %lld, entry_count = 2"
        "  where alliance_id = '%s' and account_code = 'pool:planned';"
        " update ledger.balance set sequence = 999, balance_pence = %lld, entry_count = 2"
        "  where alliance_id = '%s' and account_code = 'ring-fence:elective';"
        " insert into ledger.transaction (alliance_id, id, sequence, kind, description,"
        "  decision_id, mandate_id, hold_id, reverses_id, effective_on, month, amount_pence,"
        "  entry_count, recorded_at)"
        " values ('%s', '%s', 999, '%s', 'by hand', '%s', %s, %s, %s, '%s', '%s', %lld, %d, now());"
        " insert into ledger.entry (alliance_id, transaction_id, position, sequence,"
        "  account_code, number, currency, amount_pence, balance_pence, effective_on, recorded_at)"
        " values ('%s', '%s', 1, 999, 'pool:planned', 2, 'GBP', %lld, %lld, '%s', now()),"
        "  ('%s', '%s', 2, 999, 'ring-fence:elective', %d, 'GBP', %lld, %lld, '%s', now());"
        " end $do$",
        (long long)raw->pool_row, alliance, (long long)raw->fence_row, alliance, alliance, id,
        raw->kind, mandate.decision_id, mandate_id, hold_id, reverses_id, raw->effective_on,
        raw->month, (long long)raw->amount_pence, raw->entry_count, alliance, id,
        (long long)raw->pool_pence, (long long)raw->pool_balance, raw->entry_on, alliance, id,
        raw->fence_number, (long long)raw->fence_pence, (long long)raw->fence_balance,
        raw->entry_on);
    return sql;
}

#define assert_raw_refused(sqlstate, raw) assert_refused(sqlstate, "%s", raw_sql(&(raw)))

static void a_right_transaction_passes(void **state)
{
    (void)state;
    struct raw raw = right();
    assert_passes("%s", raw_sql(&raw));
}

static void entries_that_do_not_add_up_to_zero_are_refused(void **state)
{
    (void)state;
    struct raw raw = right();
    raw.fence_pence = 11;
    raw.fence_balance = raw.fence_row = 111;
    raw.amount_pence = 11;
    assert_raw_refused(CHECK_VIOLATION, raw);
}

static void a_zero_entry_is_refused(void **state)
{
    (void)state;
    struct raw raw = right();
    raw.fence_pence = 0;
    raw.fence_balance = raw.fence_row = 100;
    assert_raw_refused(CHECK_VIOLATION, raw);
}

static void a_transaction_that_says_something_else_than_its_entries_is_refused(void **state)
{
    (void)state;
    struct raw raw = right();
    raw.amount_pence = 9;
    assert_raw_refused(CHECK_VIOLATION, raw);
    raw = right();
    raw.entry_count = 3;
    assert_raw_refused(CHECK_VIOLATION, raw);
    raw = right();
    raw.entry_on = "2026-04-29";
    assert_raw_refused(CHECK_VIOLATION, raw);
}

static void entries_are_never_added_to_a_transaction(void **state)
{
    (void)state;
    assert_refused(
        CHECK_VIOLATION,
        "do $do$ begin"
        " update ledger.balance set sequence = 999, balance_pence = -110, entry_count = 2"
        "  where alliance_id = '%s' and account_code = 'pool:planned';"
        " update ledger.balance set sequence = 999, balance_pence = 110, entry_count = 2"
        "  where alliance_id = '%s' and account_code = 'ring-fence:elective';"
        " insert into ledger.entry (alliance_id, transaction_id, position, sequence,"
        "  account_code, number, currency, amount_pence, balance_pence, effective_on,"
        "  recorded_at) values"
        " ('%s', '%s', 3, 999, 'pool:planned', 2, 'GBP', -10, -110, '2026-04-30', now()),"
        " ('%s', '%s', 4, 999, 'ring-fence:elective', 2, 'GBP', 10, 110, '2026-04-30',"
        "  now()); end $do$",
        alliance, alliance, alliance, base.id, alliance, base.id);
}

static void an_entry_needs_its_transaction_and_its_account(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    new_id(id);
    assert_refused(
        FOREIGN_KEY_VIOLATION,
        "do $do$ begin"
        " update ledger.balance set sequence = 999, balance_pence = -110, entry_count = 2"
        "  where alliance_id = '%s' and account_code = 'pool:planned';"
        " insert into ledger.entry (alliance_id, transaction_id, position, sequence,"
        "  account_code, number, currency, amount_pence, balance_pence, effective_on,"
        "  recorded_at) values"
        " ('%s', '%s', 1, 999, 'pool:planned', 2, 'GBP', -10, -110, '2026-04-30', now());"
        " end $do$",
        alliance, alliance, id);
}

static void an_entry_that_does_not_follow_the_balance_is_refused(void **state)
{
    (void)state;
    struct raw raw = right();
    raw.fence_balance = raw.fence_row = 111; /* not 100 + 10 */
    assert_raw_refused(CHECK_VIOLATION, raw);
    raw = right();
    raw.fence_row = 100; /* the row was not moved */
    assert_raw_refused(CHECK_VIOLATION, raw);
    raw = right();
    raw.fence_number = 3; /* a gap */
    assert_raw_refused(CHECK_VIOLATION, raw);
    raw = right();
    raw.fence_number = 1; /* taken */
    assert_raw_refused(UNIQUE_VIOLATION, raw);
}

static void a_month_that_is_not_open_takes_nothing(void **state)
{
    (void)state;
    struct raw raw = right();
    harness_sql("update ledger.period set sequence = 999, state = 'locked', locked_at = now()"
                " where alliance_id = '%s' and month = '2026-27-M01'",
                alliance);
    assert_raw_refused(CHECK_VIOLATION, raw);
    harness_sql("update ledger.period set sequence = 1000, state = 'closed', closed_at = now()"
                " where alliance_id = '%s' and month = '2026-27-M01'",
                alliance);
    assert_raw_refused(CHECK_VIOLATION, raw);
    raw.month = "2026-27-M02";
    assert_raw_refused(CHECK_VIOLATION, raw); /* the day is in M01 */
    raw.effective_on = raw.entry_on = "2026-05-01";
    assert_passes("%s", raw_sql(&raw));
    raw.month = "2028-29-M01"; /* beyond the term */
    raw.effective_on = raw.entry_on = "2028-04-01";
    assert_raw_refused(FOREIGN_KEY_VIOLATION, raw);
}

static void a_transaction_rests_on_what_its_kind_asks_for(void **state)
{
    (void)state;
    struct raw raw = right();
    raw.mandate_id = NULL;
    assert_raw_refused(CHECK_VIOLATION, raw);
    raw = right();
    raw.kind = "capture";
    assert_raw_refused(CHECK_VIOLATION, raw);
    raw = right();
    raw.kind = "fine"; /* B18: there is no such thing */
    assert_raw_refused(CHECK_VIOLATION, raw);
    raw = right();
    raw.mandate_id = alliance;
    assert_raw_refused(FOREIGN_KEY_VIOLATION, raw);
}

static void a_transaction_is_reversed_once_and_exactly(void **state)
{
    (void)state;
    struct raw raw = right();
    raw.kind = "reversal";
    raw.reverses_id = base.id;
    raw.pool_pence = 10;
    raw.fence_pence = -10;
    raw.pool_balance = raw.pool_row = -90;
    raw.fence_balance = raw.fence_row = 90;
    assert_raw_refused(CHECK_VIOLATION, raw); /* of another amount */
    raw.pool_pence = raw.amount_pence = 100;
    raw.fence_pence = -100;
    raw.pool_balance = raw.pool_row = raw.fence_balance = raw.fence_row = 0;
    assert_passes("%s", raw_sql(&raw));

    act_auto_t act = {0};
    struct problem err = {0};
    struct transaction reversal;
    begin(&act);
    assert_done(reversal_make(&base, "wrong", &reversal, &err), err);
    new_id(reversal.id);
    assert_done(post_within(&act, &reversal, &err), err);
    commit(&act);
    assert_refused(UNIQUE_VIOLATION,
                   "insert into ledger.transaction select (r).* from (select"
                   " jsonb_populate_record(t, '{\"id\": \"" APPOINTMENT "\"}') as r"
                   " from ledger.transaction as t where t.alliance_id = '%s'"
                   " and t.reverses_id is not null) as s",
                   alliance);
}

static void history_is_never_changed(void **state)
{
    (void)state;
    static const char *const tables[] = {"transaction", "entry"};
    for (size_t i = 0; i < ARRAY_LENGTH(tables); i++) {
        assert_refused(RESTRICT_VIOLATION,
                       "update ledger.%s set sequence = 999 where alliance_id = '%s'", tables[i],
                       alliance);
        assert_refused(RESTRICT_VIOLATION, "delete from ledger.%s where alliance_id = '%s'",
                       tables[i], alliance);
        assert_refused(RESTRICT_VIOLATION, "truncate ledger.%s cascade", tables[i]);
        assert_refused(RESTRICT_VIOLATION,
                       "do $do$ begin set local role ledger_owner;"
                       " perform set_config('accord.alliance_id', '%s', true);"
                       " delete from ledger.%s where alliance_id = '%s'; end $do$",
                       alliance, tables[i], alliance);
    }
    assert_refused(RESTRICT_VIOLATION, "delete from ledger.balance where alliance_id = '%s'",
                   alliance);
}

static void the_runtime_role_writes_nothing_by_itself(void **state)
{
    (void)state;
    static const char *const tables[] = {"account", "balance", "mandate",     "bulk",   "hold",
                                         "period",  "entry",   "transaction", "capture"};
    for (size_t i = 0; i < ARRAY_LENGTH(tables); i++) {
        assert_refused(INSUFFICIENT_PRIVILEGE,
                       "do $do$ begin set local role ledger; insert into ledger.%s select * from"
                       " ledger.%s; end $do$",
                       tables[i], tables[i]);
        assert_refused(INSUFFICIENT_PRIVILEGE,
                       "do $do$ begin set local role ledger; update ledger.%s set sequence = 1; end"
                       " $do$",
                       tables[i]);
    }
}

static void nobody_sees_another_alliances_rows(void **state)
{
    (void)state;
    char other[UUID_SIZE], before[UUID_SIZE];
    snprintf(before, sizeof before, "%s", alliance);
    harness_alliance(other);
    db_tx_auto_t *tx = NULL;
    struct problem err = {0};
    db_rows_auto_t rows = {.result = NULL};
    assert_done(db_begin(db, other, true, &tx, &err), err);
    assert_done(db_select(tx, &QUERY_BOOK_ACCOUNTS, &rows, &err), err);
    assert_int_equal(rows.count, 0);
    assert_refused("ZZ000",
                   "do $do$ begin set local role ledger;"
                   " perform set_config('accord.alliance_id', '%s', true);"
                   " if (select count(*) from ledger.balance where alliance_id = '%s') > 0 then"
                   "  raise exception 'seen'; end if; end $do$",
                   other, before);
}

/* --- balances, mandates, holds
 * ----------------------------------------------------------------------------- */

static void a_balance_stays_within_its_limits(void **state)
{
    (void)state;
    assert_refused(CHECK_VIOLATION,
                   "update ledger.balance set sequence = 999, held_pence = 101"
                   " where alliance_id = '%s' and account_code = 'ring-fence:elective'",
                   alliance);
    assert_refused(CHECK_VIOLATION,
                   "update ledger.balance set sequence = 999, balance_pence = -1"
                   " where alliance_id = '%s' and account_code = 'ring-fence:elective'",
                   alliance);
    assert_refused(
        CHECK_VIOLATION,
        "update ledger.balance set sequence = 999, balance_pence = 500000001,"
        " entry_count = 1 where alliance_id = '%s' and account_code = 'reserve:cost-risk'",
        alliance);
    assert_refused(RESTRICT_VIOLATION,
                   "update ledger.balance set held_pence = 1 where alliance_id = '%s'"
                   " and account_code = 'ring-fence:elective'",
                   alliance);
}

static void a_mandate_stays_within_its_limit_and_its_decision(void **state)
{
    (void)state;
    assert_refused(CHECK_VIOLATION,
                   "update ledger.mandate set sequence = 999, used_pence = limit_pence + 1"
                   " where alliance_id = '%s'",
                   alliance);
    assert_refused(CHECK_VIOLATION,
                   "update ledger.mandate set sequence = 999, decision_id = null"
                   " where alliance_id = '%s'",
                   alliance);
    assert_refused(CHECK_VIOLATION,
                   "update ledger.mandate set sequence = 999, ends_on = starts_on"
                   " where alliance_id = '%s'",
                   alliance);
}

/* Puts a hold of five pence on the ring-fence by hand, for `decision_id`. */
static const char *raw_hold(const char *decision_id, int64_t amount_pence, int64_t held_pence)
{
    static char sql[2048];
    char id[UUID_SIZE];
    new_id(id);
    snprintf(
        sql, sizeof sql,
        "do $do$ begin"
        " update ledger.balance set sequence = sequence + 1, held_pence = %lld"
        "  where alliance_id = '%s' and account_code = 'ring-fence:elective';"
        " insert into ledger.hold (alliance_id, id, sequence, account_code, beneficiary, title,"
        "  subject, decision_id, amount_pence, captured_pence, released_pence, state, placed_at,"
        "  month, version)"
        " values ('%s', '%s', 998, 'ring-fence:elective', 'ZZ3', 'by hand', 'reinvestment/cases/1',"
        "  '%s', %lld, 0, 0, 'open', now(), '2026-27-M01', 1); end $do$",
        (long long)held_pence, alliance, alliance, id, decision_id, (long long)amount_pence);
    return sql;
}

static void what_is_held_is_what_the_open_holds_say(void **state)
{
    (void)state;
    assert_passes("%s", raw_hold(APPOINTMENT, 5, 5));
    assert_refused(CHECK_VIOLATION, "%s", raw_hold(APPOINTMENT, 5, 4));
    assert_refused(CHECK_VIOLATION, "%s", raw_hold(APPOINTMENT, 5, 0));
    assert_refused(CHECK_VIOLATION, "%s", raw_hold(APPOINTMENT, 101, 101)); /* overdrawn */
    harness_sql("%s", raw_hold(APPOINTMENT, 5, 5));
    assert_refused(
        CHECK_VIOLATION,
        "update ledger.hold set sequence = 999, captured_pence = 2 where alliance_id = '%s'",
        alliance);
}

static void a_decision_holds_once_and_a_hold_is_resolved_once(void **state)
{
    (void)state;
    harness_sql("%s", raw_hold(APPOINTMENT, 5, 5));
    assert_refused(UNIQUE_VIOLATION, "%s", raw_hold(APPOINTMENT, 5, 10));
    static const char release[] =
        "do $do$ begin update ledger.balance set sequence = 1000, held_pence = 0"
        "  where alliance_id = '%s' and account_code = 'ring-fence:elective';"
        " update ledger.hold set sequence = 1000, released_pence = 5, state = '%s',"
        "  resolved_at = now(), resolved_because = 'Done.' where alliance_id = '%s'; end $do$";
    assert_refused(CHECK_VIOLATION, release, alliance, "open", alliance);
    assert_refused(CHECK_VIOLATION, release, alliance, "expired", alliance); /* it never expires */
    harness_sql(release, alliance, "released", alliance);
    assert_refused(
        CHECK_VIOLATION,
        "update ledger.hold set sequence = 1001, state = 'captured' where alliance_id = '%s'",
        alliance);
}

/* --- months and accounts
 * -------------------------------------------------------------------------------------- */

static void months_close_in_order_and_not_over_an_open_hold(void **state)
{
    (void)state;
    static const char close[] =
        "update ledger.period set sequence = sequence + 100, state = 'closed', locked_at = now(),"
        " closed_at = now() where alliance_id = '%s' and month = '%s'";
    assert_passes(close, alliance, "2026-27-M01");
    assert_refused(CHECK_VIOLATION, close, alliance, "2026-27-M02");
    harness_sql("%s", raw_hold(APPOINTMENT, 5, 5));
    assert_refused(CHECK_VIOLATION, close, alliance, "2026-27-M01");
    harness_sql(
        "do $do$ begin update ledger.balance set sequence = 1000, held_pence = 0"
        "  where alliance_id = '%s' and account_code = 'ring-fence:elective';"
        " update ledger.hold set sequence = 1000, released_pence = 5, state = 'released',"
        "  resolved_at = now(), resolved_because = 'Done.' where alliance_id = '%s'; end $do$",
        alliance, alliance);
    harness_sql(close, alliance, "2026-27-M01");
    harness_sql(close, alliance, "2026-27-M02");
    static const char reopen[] =
        "update ledger.period set sequence = sequence + 100, state = 'open', reopened_at = now(),"
        " reopened_by = %s where alliance_id = '%s' and month = '%s'";
    assert_refused(CHECK_VIOLATION, reopen, "'" APPOINTMENT "'", alliance, "2026-27-M01");
    assert_refused(CHECK_VIOLATION, reopen, "null", alliance, "2026-27-M02");
    assert_passes(reopen, "'" APPOINTMENT "'", alliance, "2026-27-M02");
}

static void only_an_empty_account_closes_and_takes_nothing_afterwards(void **state)
{
    (void)state;
    static const char close[] = "update ledger.account set sequence = 999, state = 'closed',"
                                " closed_at = now(), closed_because = 'Empty.'"
                                " where alliance_id = '%s' and code = '%s'";
    assert_refused(CHECK_VIOLATION, close, alliance, "pool:planned");
    assert_passes(close, alliance, "pool:urgent");
    harness_sql(close, alliance, "pool:urgent");
    assert_refused(CHECK_VIOLATION,
                   "update ledger.account set sequence = 1000, state = 'open', closed_at = null,"
                   " closed_because = null where alliance_id = '%s' and code = 'pool:urgent'",
                   alliance);
    char id[UUID_SIZE];
    new_id(id);
    assert_refused(
        CHECK_VIOLATION,
        "do $do$ begin"
        " update ledger.balance set sequence = 999, balance_pence = -110, entry_count = 2"
        "  where alliance_id = '%s' and account_code = 'pool:planned';"
        " update ledger.balance set sequence = 999, balance_pence = 10, entry_count = 1"
        "  where alliance_id = '%s' and account_code = 'pool:urgent';"
        " insert into ledger.transaction select (r).* from (select jsonb_populate_record(t,"
        "  '{\"id\": \"%s\", \"amount_pence\": 10}') as r from ledger.transaction as t"
        "  where t.id = '%s') as s;"
        " insert into ledger.entry (alliance_id, transaction_id, position, sequence,"
        "  account_code, number, currency, amount_pence, balance_pence, effective_on,"
        "  recorded_at) values"
        " ('%s', '%s', 1, 999, 'pool:planned', 2, 'GBP', -10, -110, '2026-04-30', now()),"
        " ('%s', '%s', 2, 999, 'pool:urgent', 1, 'GBP', 10, 10, '2026-04-30', now());"
        " end $do$",
        alliance, alliance, id, base.id, alliance, id, alliance, id);
}

/* --- the race between a posting and the closing of its month
 * ------------------------------------------------- */

static PGconn *another_session(void)
{
    PGconn *pg = PQconnectdb(getenv("ACCORD_TEST_DATABASE"));
    assert_int_equal(PQstatus(pg), CONNECTION_OK);
    return pg;
}

/* True when the statement that was sent has not been answered and waits for a lock. */
static bool waits_for_lock(PGconn *pg)
{
    for (int look = 0; look < 500; look++) {
        if (strcmp(harness_value("select count(*) from pg_stat_activity where pid = %d"
                                 " and wait_event_type = 'Lock'",
                                 PQbackendPID(pg)),
                   "1") == 0)
            return true;
        struct pollfd ready = {.fd = PQsocket(pg), .events = POLLIN};
        if (poll(&ready, 1, 10) > 0)
            return false;
    }
    return false;
}

static void run_in(PGconn *pg, const char *sql)
{
    PGresult *result = PQexec(pg, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        fail_msg("%s: %s", sql, PQresultErrorMessage(result));
    PQclear(result);
}

static void a_posting_and_the_closing_of_its_month_wait_for_each_other(void **state)
{
    (void)state;
    char close[512];
    snprintf(
        close, sizeof close,
        "update ledger.period set sequence = sequence + 100, state = 'closed', locked_at = now(),"
        " closed_at = now() where alliance_id = '%s' and month = '2026-27-M01'",
        alliance);
    struct raw raw = right();

    /* Who posts first is waited for. */
    PGconn *poster = another_session(), *closer = another_session();
    run_in(poster, "begin");
    run_in(poster, raw_sql(&raw));
    assert_true(PQsendQuery(closer, close));
    assert_true(waits_for_lock(closer));
    run_in(poster, "rollback");
    PGresult *result = PQgetResult(closer);
    assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
    PQclear(result);
    assert_null(PQgetResult(closer));
    harness_sql("update ledger.period set sequence = sequence + 100, state = 'open',"
                " reopened_at = now(), reopened_by = '" APPOINTMENT "'"
                " where alliance_id = '%s' and month = '2026-27-M01'",
                alliance);

    /* Who closes first wins: the posting waits, then finds the month closed. */
    run_in(closer, "begin");
    run_in(closer, close);
    assert_true(PQsendQuery(poster, raw_sql(&raw)));
    assert_true(waits_for_lock(poster));
    run_in(closer, "commit");
    result = PQgetResult(poster);
    assert_string_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), CHECK_VIOLATION);
    PQclear(result);
    assert_null(PQgetResult(poster));
    PQfinish(poster);
    PQfinish(closer);
}

#define TEST(name) cmocka_unit_test_setup(name, make_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_right_transaction_passes),
        TEST(entries_that_do_not_add_up_to_zero_are_refused),
        TEST(a_zero_entry_is_refused),
        TEST(a_transaction_that_says_something_else_than_its_entries_is_refused),
        TEST(entries_are_never_added_to_a_transaction),
        TEST(an_entry_needs_its_transaction_and_its_account),
        TEST(an_entry_that_does_not_follow_the_balance_is_refused),
        TEST(a_month_that_is_not_open_takes_nothing),
        TEST(a_transaction_rests_on_what_its_kind_asks_for),
        TEST(a_transaction_is_reversed_once_and_exactly),
        TEST(history_is_never_changed),
        TEST(the_runtime_role_writes_nothing_by_itself),
        TEST(nobody_sees_another_alliances_rows),
        TEST(a_balance_stays_within_its_limits),
        TEST(a_mandate_stays_within_its_limit_and_its_decision),
        TEST(what_is_held_is_what_the_open_holds_say),
        TEST(a_decision_holds_once_and_a_hold_is_resolved_once),
        TEST(months_close_in_order_and_not_over_an_open_hold),
        TEST(only_an_empty_account_closes_and_takes_nothing_afterwards),
        TEST(a_posting_and_the_closing_of_its_month_wait_for_each_other),
    };
    return cmocka_run_group_tests(tests, make_db, free_db);
}
