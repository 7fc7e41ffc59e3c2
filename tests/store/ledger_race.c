/* Settling, posting, revising and closing a month race each other a thousand times, and the books
 * agree. */
#include "tests/store/ledger_settled_world.h"

#include <pthread.h>

/* --- at once
 * ------------------------------------------------------------------------------------------ */

enum { RACES = 1000, RUNNERS = 3 };

static char proposed_id[UUID_SIZE];
static pthread_barrier_t start_line;

static bool part_done(const char *part, struct problem *err)
{
    char id[UUID_SIZE];
    if (strcmp(part, "post") == 0)
        return settlement_carried(proposed_id, err);
    if (strcmp(part, "close") == 0)
        return month_move(PERIOD_CLOSED, err);
    if (strcmp(part, "revise") == 0)
        return actuals_agree(2900000000, err);
    return month_settle(id, err);
}

/* Each runner does its part at the same moment; a rule may refuse it, nothing else may. Who waited
 * too long for the others comes again. */
static void *run(void *part)
{
    struct problem err = {0};
    pthread_barrier_wait(&start_line);
    while (!part_done(part, &err) && problem_status(err.code) >= 500) {
        if (err.code != PROBLEM_UNAVAILABLE)
            return part;
        problem_clear(&err);
    }
    return NULL;
}

static void run_at_once(const char *const parts[RUNNERS])
{
    pthread_t runners[RUNNERS];
    assert_int_equal(pthread_barrier_init(&start_line, NULL, RUNNERS), 0);
    for (int i = 0; i < RUNNERS; i++)
        assert_int_equal(pthread_create(&runners[i], NULL, run, (void *)(uintptr_t)parts[i]), 0);
    for (int i = 0; i < RUNNERS; i++) {
        void *failed;
        assert_int_equal(pthread_join(runners[i], &failed), 0);
        assert_null(failed);
    }
    pthread_barrier_destroy(&start_line);
}

/* Whatever came first: the books agree. */
static void books_agree(void)
{
    assert_string_equal(
        harness_value(
            "select coalesce(string_agg(fault, ', '), '') from ("
            " select 'the books do not add up to zero' as fault from ledger.balance"
            "  where alliance_id = '%1$s' having sum(balance_pence) <> 0"
            " union all select 'a posted settlement without its transaction' from ledger.settlement"
            "  as s where s.alliance_id = '%1$s' and s.state = 'posted'"
            "  and jsonb_array_length(s.entries) > 0 and not exists ("
            "  select from ledger.transaction as t where t.alliance_id = s.alliance_id"
            "  and t.settlement_id = s.id and t.id = s.transaction_id and t.month = s.month)"
            " union all select 'a transaction of no posted settlement' from ledger.transaction as t"
            "  where t.alliance_id = '%1$s' and t.kind = 'settlement' and not exists ("
            "  select from ledger.settlement as s where s.alliance_id = t.alliance_id"
            "  and s.id = t.settlement_id and s.state = 'posted')"
            " union all select 'two first settlements' from ledger.settlement"
            "  where alliance_id = '%1$s' and state = 'posted' and corrects_id is null"
            "  having count(*) > 1"
            " union all select 'two open settlements' from ledger.settlement"
            "  where alliance_id = '%1$s' and state in ('computed', 'proposed')"
            "  having count(*) > 1"
            " union all select 'closed over an open settlement' from ledger.period as p"
            "  join ledger.settlement as s using (alliance_id, month)"
            "  where p.alliance_id = '%1$s' and p.state = 'closed'"
            "  and s.state in ('computed', 'proposed')"
            " union all select 'closed over pending figures' from ledger.period as p"
            "  join ledger.submission as s using (alliance_id, month)"
            "  where p.alliance_id = '%1$s' and p.state = 'closed' and s.state <> 'used'"
            " union all select 'closed before it was settled' from ledger.period as p"
            "  where p.alliance_id = '%1$s' and p.state = 'closed' and not exists ("
            "  select from ledger.settlement as s where s.alliance_id = p.alliance_id"
            "  and s.month = p.month and s.state = 'posted')"
            " union all select 'used by a settlement that is not posted' from ledger.submission as "
            "u"
            "  join ledger.settlement as s on s.alliance_id = u.alliance_id"
            "  and s.id = u.settlement_id where u.alliance_id = '%1$s' and s.state <> 'posted'"
            ") as faults",
            alliance),
        "");
}

static void settling_posting_and_closing_race_and_the_books_agree(void **state)
{
    static const char *const rounds[][RUNNERS] = {
        {"post", "close", "revise"},   {"post", "post", "close"},     {"post", "settle", "revise"},
        {"close", "settle", "revise"}, {"settle", "settle", "close"},
    };
    int posted_count = 0, closed_count = 0;
    bool is_closed = true;
    for (int race = 0; race < RACES; race++) {
        struct problem err = {0};
        char id[UUID_SIZE];
        if (is_closed) { /* the next month, so to speak */
            make_settled_alliance(state);
            assert_done(month_move(PERIOD_LOCKED, &err), err);
            assert_done(actuals_agree(2800000000, &err), err);
        }
        (void)month_settle(id, &err); /* unless a runner of the last race has */
        problem_clear(&err);
        snprintf(proposed_id, sizeof proposed_id, "%s",
                 harness_value("select coalesce((select id::text from ledger.settlement"
                               " where alliance_id = '%s' and state in ('computed', 'proposed')),"
                               " '')",
                               alliance));
        (void)settlement_proposed(proposed_id, &err); /* likewise */
        run_at_once(rounds[(size_t)race % ARRAY_LENGTH(rounds)]);
        books_agree();
        is_closed =
            atoi(count("period where alliance_id = '%s' and state = 'closed'", alliance)) > 0;
        closed_count += is_closed;
        if (is_closed || race == RACES - 1)
            posted_count +=
                atoi(count("settlement where alliance_id = '%s' and state = 'posted'", alliance));
    }
    /* Each of them came first often enough for the others to have met it. */
    assert_true(posted_count > RACES / 10);
    assert_true(closed_count > RACES / 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settling_posting_and_closing_race_and_the_books_agree),
    };
    return cmocka_run_group_tests(tests, make_quick_db, free_db);
}
