/* Settlements against a real PostgreSQL: what is posted is what was computed, what can't be taken
 * back is owed and escalated, what is there never changes, whoever writes. */
#include "tests/store/ledger_settled_world.h"

#define CHECK_VIOLATION "23514"
#define UNIQUE_VIOLATION "23505"
#define RESTRICT_VIOLATION "23001"

static bool recomputes(const char *id)
{
    db_tx_auto_t *tx = NULL;
    struct problem err = {0};
    struct settlement_record record;
    basis_auto_t *basis = basis_new();
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_settlement_get(tx, id, &record, &err), err);
    assert_done(store_basis_then(tx, &record, basis, &err), err);
    return strcmp(basis->digest, record.digest) == 0 &&
           strcmp(basis->inputs_digest, record.inputs_digest) == 0;
}

/* The SQLSTATE of a superuser's attempt, which leaves nothing behind. */
static const char *attempt(const char *format, ...) PRINTF_LIKE(1, 2);
static const char *attempt(const char *format, ...)
{
    char sql[4000];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(sql, sizeof sql, format, arguments);
    va_end(arguments);
    assert_true(length > 0 && (size_t)length < sizeof sql);
    harness_sql("create or replace function pg_temp.attempt(p text) returns text language plpgsql"
                " as $$ begin execute p; raise exception 'passed' using errcode = 'ZZ000';"
                " exception when others then return sqlstate; end $$");
    return harness_value("select pg_temp.attempt($attempt$%s$attempt$)", sql);
}

/* --- tests
 * -------------------------------------------------------------------------------------------- */

static void a_carried_settlement_is_one_transaction_into_its_locked_month(void **state)
{
    (void)state;
    struct problem err = {0};
    char id[UUID_SIZE];
    assert_done(actuals_agree(2800000000, &err), err);
    assert_problem(month_settle(id, &err), err, PROBLEM_STATE_CONFLICT); /* not locked */
    assert_done(month_move(PERIOD_LOCKED, &err), err);
    assert_done(month_settle(id, &err), err);
    assert_problem(settlement_carried(id, &err), err, PROBLEM_STATE_CONFLICT); /* not proposed */
    assert_done(settlement_proposed(id, &err), err);
    assert_problem(month_move(PERIOD_CLOSED, &err), err, PROBLEM_STATE_CONFLICT);
    assert_done(settlement_carried(id, &err), err);
    assert_int_equal(account_now("ring-fence:elective").balance_pence, 100000000);
    assert_string_equal(
        count("transaction where alliance_id = '%s' and kind = 'settlement' and month = '%s'"
              " and effective_on = '2026-04-30' and settlement_id = '%s'",
              alliance, M01, id),
        "1");
    assert_string_equal(count("submission where alliance_id = '%s' and state = 'used'", alliance),
                        "1");
    assert_string_equal(event_count("ledger.settlement.posted.v1"), "1");
    assert_true(recomputes(id));
    assert_done(month_move(PERIOD_CLOSED, &err), err);
}

/* Whatever it is that the agreement settles, were it a guarantee alone; what it does not settle
 * closes. */
static void a_month_with_something_to_settle_does_not_close_unsettled(void **state)
{
    static const char *const terms[] = {
        "{\"guarantee\": [{\"organisation\": \"ZZ3\", \"commissioner\": \"ZZ1\","
        " \"baselinePence\": 1200}]}",
        "{\"contracts\": [{\"provider\": \"ZZ3\", \"commissioner\": \"ZZ1\", \"yearPence\": "
        "1200}]}",
        "{\"pools\": [{\"code\": \"planned\", \"name\": \"Planned care\", \"mechanism\": \"block\","
        " \"provider\": \"ZZ3\", \"commissioner\": \"ZZ1\", \"parameters\": {\"valuePence\": "
        "1200}}]}",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(terms); i++) {
        struct problem err = {0};
        char id[UUID_SIZE];
        make_alliance(state);
        parameters_adopted(1, "2026-04-01", terms[i]);
        assert_done(month_move(PERIOD_LOCKED, &err), err);
        assert_problem(month_move(PERIOD_CLOSED, &err), err, PROBLEM_STATE_CONFLICT);
        assert_string_equal(attempt("update ledger.period set sequence = sequence + 900,"
                                    " state = 'closed', closed_at = now()"
                                    " where alliance_id = '%s' and month = '%s'",
                                    alliance, M01),
                            CHECK_VIOLATION);
        assert_done(month_settle(id, &err), err);
        assert_done(settlement_proposed(id, &err), err);
        assert_done(settlement_carried(id, &err), err);
        assert_done(month_move(PERIOD_CLOSED, &err), err);
    }
    struct problem err = {0};
    make_alliance(state);
    assert_done(month_move(PERIOD_LOCKED, &err), err);
    assert_done(month_move(PERIOD_CLOSED, &err), err);
}

static void what_is_gone_is_owed_and_escalated(void **state)
{
    (void)state;
    struct problem err = {0};
    char id[UUID_SIZE];
    assert_done(month_move(PERIOD_LOCKED, &err), err);
    settled(2800000000, id);
    struct mandate mandate =
        active_mandate("ring-fence:elective", "partner:ZZ3:position", 100000000);
    posted(&mandate, "2026-05-15", 70000000); /* £0.3m of the £1.0m is left */
    settled(3000000000, id);                  /* no saving after all */
    assert_int_equal(account_now("ring-fence:elective").balance_pence, 0);
    assert_int_equal(account_now("partner:ZZ1:owed").balance_pence, -70000000);
    assert_string_equal(event_count("ledger.settlement.escalated.v1"), "1");
    assert_string_equal(
        count("escalation where alliance_id = '%s' and subject = 'ledger/settlements/%s'"
              " and to_group = 'leadership-board' and reason like '%%£700,000.00%%'",
              alliance, id),
        "1");
    assert_true(recomputes(id));
}

/* Figures of the block, which is settled without any: submitted, and agreed by both sides only
 * then. */
static void block_submit(struct submission *ret_submission)
{
    act_auto_t act = {0};
    struct problem err = {0};
    struct pool_sides sides;
    bool found;
    struct figures figures = {.cost_pence = 100000000};
    begin(&act);
    struct deed deed = {.at_ms = act.now_ms, .by = APPOINTMENT};
    assert_done(store_pool_sides(act.tx, month(), "planned", &found, &sides, &err), err);
    assert_true(found);
    submission_make(&sides, month(), &figures, &deed, ret_submission);
    uuid_new(act.now_ms, ret_submission->id);
    assert_done(event_submission_submitted(&act, ret_submission, &err), err);
    commit(&act);
}

static void both_agree(struct submission *submission)
{
    act_auto_t act = {0};
    struct problem err = {0};
    struct book *book;
    begin(&act);
    struct deed deed = {.at_ms = act.now_ms, .by = APPOINTMENT};
    assert_done(store_book(&act, &book, &err), err);
    for (int side = SIDE_PROVIDER; side <= SIDE_COMMISSIONER; side++) {
        struct submission next;
        assert_done(submission_agree(book, submission, submission->revision, (enum side)side, &deed,
                                     &next, &err),
                    err);
        assert_done(event_submission_agreed(&act, &next, &err), err);
        *submission = next;
    }
    commit(&act);
}

/* £0.9m is asked of a reserve that has nothing. */
static void a_correction_does_not_escalate_again_what_was_escalated(void **state)
{
    (void)state;
    struct problem err = {0};
    char id[UUID_SIZE];
    assert_done(month_move(PERIOD_LOCKED, &err), err);
    settled(3090000000, id);
    assert_string_equal(event_count("ledger.settlement.escalated.v1"), "1");
    settled(3090000000, id);
    assert_string_equal(event_count("ledger.settlement.escalated.v1"), "1");
    /* It says so all the same. */
    assert_string_equal(
        count("settlement_escalation where alliance_id = '%s' and settlement_id = '%s'", alliance,
              id),
        "1");
    settled(3100000000, id);
    assert_string_equal(event_count("ledger.settlement.escalated.v1"), "2");
}

static void no_figure_is_passed_over(void **state)
{
    (void)state;
    struct problem err = {0};
    struct submission block;
    char id[UUID_SIZE];
    assert_done(month_move(PERIOD_LOCKED, &err), err);
    assert_done(actuals_agree(2800000000, &err), err);
    block_submit(&block);
    assert_false(month_settle(id, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    assert_int_equal(err.fault_count, 1);
    assert_string_equal(err.faults[0].detail,
                        "the submission of pool planned for 2026-27-M01 is not agreed");
    problem_clear(&err);
    both_agree(&block);
    settled(2800000000, id);
    assert_string_equal(count("submission where alliance_id = '%s' and state = 'used'", alliance),
                        "2");
}

/* They have to be used before the month closes, and nothing else uses them. */
static void figures_that_make_no_difference_are_used_by_a_correction(void **state)
{
    (void)state;
    struct problem err = {0};
    char id[UUID_SIZE];
    assert_done(month_move(PERIOD_LOCKED, &err), err);
    settled(2800000000, id);
    assert_done(actuals_agree(2800000000, &err), err);
    assert_problem(month_move(PERIOD_CLOSED, &err), err, PROBLEM_STATE_CONFLICT);
    settled(2800000000, id);
    assert_string_equal(count("settlement where alliance_id = '%s' and id = '%s' and line_count = 0"
                              " and transaction_id is null and state = 'posted'",
                              alliance, id),
                        "1");
    assert_done(month_move(PERIOD_CLOSED, &err), err);
}

#define TOLD                                                                                       \
    "escalation where alliance_id = '%s' and subject = 'ledger/settlements/%s'"                    \
    " and to_group = 'leadership-board' and title like '%%2026-27-M01%%'"                          \
    " and reason like '%%by version %d of%%' and reason like '%%version %d is in force%%'"         \
    " and reason like '%%%s%%'"

static void a_version_that_starts_in_a_settled_month_is_told_once(void **state)
{
    (void)state;
    struct problem err = {0};
    char id[UUID_SIZE], next[UUID_SIZE];
    parameters_adopted(1, "2026-02-01", PARAMETERS);
    assert_done(month_move(PERIOD_LOCKED, &err), err);
    settled(2800000000, id);
    parameters_adopted(2, "2026-05-01", PARAMETERS); /* the next month, which nobody has settled */
    parameters_adopted(3, "2026-04-15", PARAMETERS); /* within the month, not on its first day */
    parameters_adopted(1, "2026-02-01", PARAMETERS); /* what it was settled by, once more */
    assert_string_equal(event_count("ledger.settlement.escalated.v1"), "0");
    parameters_adopted(4, "2026-03-01", PARAMETERS);
    assert_string_equal(count(TOLD, alliance, id, 1, 4, "does not close"), "1");
    parameters_adopted(4, "2026-03-01", PARAMETERS);
    assert_string_equal(event_count("ledger.settlement.escalated.v1"), "1");
    settled(2800000000, next);
    assert_done(month_move(PERIOD_CLOSED, &err), err);
    parameters_adopted(5, "2026-04-01", PARAMETERS);
    assert_string_equal(count(TOLD, alliance, next, 4, 5, "to be reopened by decision first"), "1");
    assert_string_equal(event_count("ledger.settlement.escalated.v1"), "2");
}

#define LEFT_SHIFT "reinvestment/left-shifts/" APPOINTMENT

static void evidence_is_voted_on_and_not_computed_with(void **state)
{
    (void)state;
    struct problem err = {0};
    char id[UUID_SIZE], ref[REF_SIZE];
    act_auto_t act = {0};
    struct subject subject = {.version = 0};
    assert_done(month_move(PERIOD_LOCKED, &err), err);
    assert_done(actuals_agree(2800000000, &err), err);
    assert_done(month_settle_citing(LEFT_SHIFT "/versions/2", id, &err), err);
    assert_true(recomputes(id));
    /* linked by its resource, whose events the trace finds */
    assert_string_equal(last_event("{type}"), "ledger.settlement.computed.v1");
    assert_non_null(strstr(last_event("{links}"), "\"" LEFT_SHIFT "\""));
    assert_string_equal(attempt("update ledger.settlement set sequence = sequence + 900,"
                                " evidence = '[]' where id = '%s'",
                                id),
                        CHECK_VIOLATION);
    settlement_ref(id, ref);
    begin(&act);
    assert_done(LEDGER_SUBJECTS.describe(&act, NULL, ref, "post", &subject, &err), err);
    const json_t *cited = json_array_get(json_object_get(subject.content, "evidence"), 0);
    assert_string_equal(json_string_value(cited), LEFT_SHIFT "/versions/2");
    json_decref(subject.content);
    json_decref(subject.organisations);
    commit(&act);
    assert_done(settlement_carried(id, &err), err);
    assert_string_equal(count("settlement where id = '%s' and state = 'posted'"
                              " and evidence = '[\"" LEFT_SHIFT "/versions/2\"]'",
                              id),
                        "1");
}

static void what_was_decided_is_not_posted_once_the_books_say_something_else(void **state)
{
    (void)state;
    struct problem err = {0};
    char first[UUID_SIZE], id[UUID_SIZE];
    assert_done(month_move(PERIOD_LOCKED, &err), err);
    settled(2800000000, first);
    assert_done(actuals_agree(3000000000, &err), err);
    assert_done(month_settle(id, &err), err);
    assert_done(settlement_proposed(id, &err), err);
    struct mandate mandate =
        active_mandate("ring-fence:elective", "partner:ZZ3:position", 100000000);
    posted(&mandate, "2026-05-15", 70000000);
    assert_false(settlement_carried(id, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    assert_string_equal(
        count("transaction where alliance_id = '%s' and kind = 'settlement'", alliance), "1");
    /* and it says why: not only that it was refused */
    char ref[REF_SIZE], reason[PROBLEM_DETAIL_SIZE];
    settlement_ref(id, ref);
    snprintf(reason, sizeof reason, "%s", err.detail);
    problem_clear(&err);
    act_auto_t act = {0};
    begin(&act);
    assert_done(LEDGER_SUBJECTS.release(&act, ref, "post", "refused", reason, &err), err);
    commit(&act);
    assert_string_equal(count("settlement where alliance_id = '%s' and state = 'rejected'"
                              " and ended_because like '%%the books have moved since%%'",
                              alliance),
                        "1");
}

static void a_decision_that_fails_gives_the_month_back(void **state)
{
    (void)state;
    struct problem err = {0};
    char id[UUID_SIZE], next[UUID_SIZE], ref[REF_SIZE];
    assert_done(month_move(PERIOD_LOCKED, &err), err);
    assert_done(actuals_agree(2800000000, &err), err);
    assert_done(month_settle(id, &err), err);
    assert_done(settlement_proposed(id, &err), err);
    assert_problem(month_settle(next, &err), err, PROBLEM_STATE_CONFLICT);
    settlement_ref(id, ref);
    act_auto_t act = {0};
    begin(&act);
    assert_done(LEDGER_SUBJECTS.release(&act, ref, "post", "rejected", NULL, &err), err);
    commit(&act);
    assert_problem(settlement_carried(id, &err), err, PROBLEM_STATE_CONFLICT);
    assert_done(month_settle(next, &err), err);
    assert_string_not_equal(id, next);
}

static void raw_sql_does_not_rewrite_a_settlement(void **state)
{
    (void)state;
    struct problem err = {0};
    char id[UUID_SIZE], open[UUID_SIZE];
    const char *set = "update ledger.settlement set sequence = sequence + 900,";
    assert_done(month_move(PERIOD_LOCKED, &err), err);
    settled(2800000000, id);
    assert_done(actuals_agree(2900000000, &err), err);
    assert_done(month_settle(open, &err), err);
    assert_string_equal(attempt("%s version = 9 where id = '%s'", set, id), CHECK_VIOLATION);
    assert_string_equal(attempt("%s surplus_pence = 9 where id = '%s'", set, open),
                        CHECK_VIOLATION);
    assert_string_equal(attempt("%s entries = '[]' where id = '%s'", set, open), CHECK_VIOLATION);
    assert_string_equal(attempt("%s state = 'proposed' where id = '%s'", set, open), "ZZ000");
    /* not posted as it says */
    assert_string_equal(attempt("%s state = 'posted', ended_at = now(), posted_sequence = 1,"
                                " decision_id = '%s' where id = '%s'",
                                set, APPOINTMENT, open),
                        CHECK_VIOLATION);
    assert_string_equal(attempt("update ledger.settlement_line set sentence = 'x'"
                                " where settlement_id = '%s'",
                                open),
                        RESTRICT_VIOLATION);
    assert_string_equal(
        attempt("delete from ledger.settlement_actual where settlement_id = '%s'", open),
        RESTRICT_VIOLATION);
    /* a second open one, of the same month */
    assert_string_equal(
        attempt("insert into ledger.settlement select s.alliance_id, gen_random_uuid(),"
                " s.sequence, s.month, s.corrects_id, s.method, s.agreement_number,"
                " s.agreement_digest, s.inputs_digest, s.digest, s.ledger_sequence,"
                " s.membership_sequence, s.line_count, s.entries, s.evidence, s.surplus_pence,"
                " s.reserve_called_pence, s.state, s.computed_at, s.computed_by, s.ended_at,"
                " s.ended_because, s.decision_id, s.posted_sequence, s.transaction_id, s.version"
                " from ledger.settlement as s where s.id = '%s'",
                open),
        UNIQUE_VIOLATION);
}

static void raw_sql_does_not_overwrite_figures(void **state)
{
    (void)state;
    struct problem err = {0};
    const char *set = "update ledger.submission set sequence = sequence + 900,";
    char where[100];
    snprintf(where, sizeof where, "where alliance_id = '%s'", alliance);
    assert_done(actuals_agree(2800000000, &err), err);
    assert_string_equal(attempt("%s cost_pence = 1 %s", set, where), CHECK_VIOLATION);
    assert_string_equal(attempt("%s provider = 'ZZ9' %s", set, where), CHECK_VIOLATION);
    assert_string_equal(attempt("%s revision = 2, cost_pence = 1 %s", set, where),
                        CHECK_VIOLATION); /* still agreed to */
    assert_string_equal(attempt("%s commissioner_agreed_at = null %s", set, where),
                        CHECK_VIOLATION);
    assert_string_equal(attempt("%s version = 9 %s", set, where), "ZZ000");
    assert_string_equal(attempt("update ledger.submission_revision set cost_pence = 1 %s", where),
                        RESTRICT_VIOLATION);
    /* figures hang on the month, whoever closes it */
    assert_done(month_move(PERIOD_LOCKED, &err), err);
    assert_string_equal(attempt("update ledger.period set sequence = sequence + 900,"
                                " state = 'closed', closed_at = now()"
                                " where alliance_id = '%s' and month = '%s'",
                                alliance, M01),
                        CHECK_VIOLATION);
}

/* Another transaction like the settlement's, by hand. */
static const char *copied(const char *settlement_id, const char *kind, const char *own_id,
                          const char *day, const char *of_month)
{
    return attempt("insert into ledger.transaction (alliance_id, id, sequence, kind, description,"
                   " decision_id, settlement_id, effective_on, month, amount_pence, entry_count,"
                   " recorded_at)"
                   " select alliance_id, gen_random_uuid(), 999, '%s', 'by hand', decision_id,"
                   " %s, '%s', '%s', amount_pence, entry_count, now()"
                   " from ledger.transaction where settlement_id = '%s'",
                   kind, own_id, day, of_month, settlement_id);
}

static void raw_sql_posts_no_settlement_into_an_open_month(void **state)
{
    (void)state;
    struct problem err = {0};
    char id[UUID_SIZE];
    assert_done(month_move(PERIOD_LOCKED, &err), err);
    settled(2800000000, id);
    assert_string_not_equal(copied(id, "settlement", "settlement_id", "2026-05-31", "2026-27-M02"),
                            "ZZ000");
    assert_string_equal(copied(id, "settlement", "settlement_id", "2026-04-30", M01),
                        UNIQUE_VIOLATION); /* once */
    assert_string_equal(copied(id, "settlement", "null", "2026-04-30", M01), CHECK_VIOLATION);
    assert_string_equal(copied(id, "posting", "null", "2026-04-30", M01), CHECK_VIOLATION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_carried_settlement_is_one_transaction_into_its_locked_month,
                               make_settled_alliance),
        cmocka_unit_test(a_month_with_something_to_settle_does_not_close_unsettled),
        cmocka_unit_test_setup(what_is_gone_is_owed_and_escalated, make_settled_alliance),
        cmocka_unit_test_setup(a_correction_does_not_escalate_again_what_was_escalated,
                               make_settled_alliance),
        cmocka_unit_test_setup(no_figure_is_passed_over, make_settled_alliance),
        cmocka_unit_test_setup(figures_that_make_no_difference_are_used_by_a_correction,
                               make_settled_alliance),
        cmocka_unit_test_setup(a_version_that_starts_in_a_settled_month_is_told_once,
                               make_settled_alliance),
        cmocka_unit_test_setup(evidence_is_voted_on_and_not_computed_with, make_settled_alliance),
        cmocka_unit_test_setup(what_was_decided_is_not_posted_once_the_books_say_something_else,
                               make_settled_alliance),
        cmocka_unit_test_setup(a_decision_that_fails_gives_the_month_back, make_settled_alliance),
        cmocka_unit_test_setup(raw_sql_does_not_rewrite_a_settlement, make_settled_alliance),
        cmocka_unit_test_setup(raw_sql_does_not_overwrite_figures, make_settled_alliance),
        cmocka_unit_test_setup(raw_sql_posts_no_settlement_into_an_open_month,
                               make_settled_alliance),
    };
    return cmocka_run_group_tests(tests, make_db, free_db);
}
