#include "tests/unit/rules/ledger_book.h"

static const struct month_ties FREE_MONTH = {0}, HELD_MONTH = {.has_open_hold = true};

static void an_open_month_takes_its_own_days(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    int32_t day;
    assert_true(period_choose(&f.book, day_of("2026-06-30"), true, "/effectiveOn", &day, &err));
    assert_int_equal(day, day_of("2026-06-30"));
}

static void locked_and_closed_months_take_nothing(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    int32_t day;
    assert_false(period_choose(&f.book, day_of("2026-05-31"), false, "/effectiveOn", &day, &err));
    assert_int_equal(err.code, PROBLEM_PERIOD_CLOSED);
    assert_fault(&err, 0, "/effectiveOn", "period-closed");
    assert_string_equal(err.faults[0].detail, "2026-05-31 is in 2026-27-M02, which is locked");
    assert_true(period_choose(&f.book, day_of("2026-05-31"), true, "/effectiveOn", &day, &err));
    assert_int_equal(day, day_of("2026-06-01"));
    f.periods[JUNE].state = PERIOD_LOCKED;
    assert_true(period_choose(&f.book, day_of("2026-05-31"), true, "/effectiveOn", &day, &err));
    assert_int_equal(day, day_of("2026-07-01"));
    f.periods[JULY].state = PERIOD_LOCKED;
    assert_false(period_choose(&f.book, day_of("2026-05-31"), true, "/effectiveOn", &day, &err));
    assert_int_equal(err.code, PROBLEM_PERIOD_CLOSED);
}

static void a_day_outside_the_term_has_no_month(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    int32_t day;
    assert_false(period_choose(&f.book, day_of("2026-03-31"), true, "/effectiveOn", &day, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    assert_false(
        period_choose(&(struct book){0}, day_of("2026-06-01"), true, "/effectiveOn", &day, &err));
}

static void months_lock_and_close_in_order(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct period moved;
    assert_false(
        period_move(&f.book, &f.periods[JULY], PERIOD_LOCKED, &FREE_MONTH, NOW, &moved, &err));
    assert_int_equal(err.code, PROBLEM_PERIOD_ORDER);
    assert_string_equal(err.detail, "2026-27-M03 is still open; it comes before 2026-27-M04");
    assert_true(
        period_move(&f.book, &f.periods[JUNE], PERIOD_LOCKED, &FREE_MONTH, NOW, &moved, &err));
    assert_int_equal(moved.state, PERIOD_LOCKED);
    assert_int_equal(moved.locked_ms, NOW);
    assert_int_equal(moved.version, 2);
    f.periods[JUNE] = moved;
    assert_false(
        period_move(&f.book, &f.periods[JUNE], PERIOD_CLOSED, &FREE_MONTH, NOW, &moved, &err));
    assert_int_equal(err.code, PROBLEM_PERIOD_ORDER);
    assert_true(
        period_move(&f.book, &f.periods[MAY], PERIOD_CLOSED, &FREE_MONTH, NOW, &moved, &err));
    assert_int_equal(moved.state, PERIOD_CLOSED);
    assert_int_equal(moved.closed_ms, NOW);
}

static void a_month_skips_no_step_and_goes_not_back(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct period moved;
    assert_false(
        period_move(&f.book, &f.periods[JUNE], PERIOD_CLOSED, &FREE_MONTH, NOW, &moved, &err));
    assert_int_equal(err.code, PROBLEM_PERIOD_ORDER);
    assert_false(
        period_move(&f.book, &f.periods[MAY], PERIOD_LOCKED, &FREE_MONTH, NOW, &moved, &err));
    assert_false(
        period_move(&f.book, &f.periods[APRIL], PERIOD_LOCKED, &FREE_MONTH, NOW, &moved, &err));
}

static void a_month_does_not_close_over_its_own_open_hold(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct period moved;
    assert_false(
        period_move(&f.book, &f.periods[MAY], PERIOD_CLOSED, &HELD_MONTH, NOW, &moved, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    assert_true(
        period_move(&f.book, &f.periods[JUNE], PERIOD_LOCKED, &HELD_MONTH, NOW, &moved, &err));
}

static void a_month_does_not_close_before_it_is_settled(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    static const struct month_ties ties[] = {
        {.has_open_settlement = true},
        {.has_pending_submission = true},
        {.has_settlement_due = true},
        {.has_correction_due = true},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(ties); i++) {
        struct problem err = {0};
        struct period moved;
        assert_false(
            period_move(&f.book, &f.periods[MAY], PERIOD_CLOSED, &ties[i], NOW, &moved, &err));
        assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    }
}

static void only_the_latest_closed_month_is_reopened(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    assert_true(period_reopen_check(&f.book, &f.periods[APRIL], &err));
    assert_false(period_reopen_check(&f.book, &f.periods[MAY], &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    f.periods[MAY].state = PERIOD_CLOSED;
    assert_false(period_reopen_check(&f.book, &f.periods[APRIL], &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    assert_true(period_reopen_check(&f.book, &f.periods[MAY], &err));
    f.periods[JUNE].state = f.periods[JULY].state = PERIOD_CLOSED;
    assert_true(period_reopen_check(&f.book, &f.periods[JULY], &err)); /* the last there is */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_open_month_takes_its_own_days),
        cmocka_unit_test(locked_and_closed_months_take_nothing),
        cmocka_unit_test(a_day_outside_the_term_has_no_month),
        cmocka_unit_test(months_lock_and_close_in_order),
        cmocka_unit_test(a_month_skips_no_step_and_goes_not_back),
        cmocka_unit_test(a_month_does_not_close_over_its_own_open_hold),
        cmocka_unit_test(a_month_does_not_close_before_it_is_settled),
        cmocka_unit_test(only_the_latest_closed_month_is_reopened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
