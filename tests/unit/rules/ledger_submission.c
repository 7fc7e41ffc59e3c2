/* Figures of a month (B11): who may say and agree what, and that nobody overwrites alone. */
#include "services/ledger/rules/settling.h"

#include "tests/unit/rules/ledger_book.h"

static const struct pool_sides SIDES = {.pool = "urgent",
                                        .agreement_number = 2,
                                        .is_settled = true,
                                        .provider = "ZZ3",
                                        .commissioner = "ZZ2"};
static const struct figures FIGURES = {.actual_units = 10600, .cost_pence = 936000000};
static const struct deed PROVIDER = {.at_ms = 10, .by = "the provider's"};
static const struct deed COMMISSIONER = {.at_ms = 20, .by = "the commissioner's"};

/* Of May 2026, which is locked. */
static struct submission submitted(const struct fixture *f)
{
    struct submission submission;
    submission_make(&SIDES, f->periods[MAY].month, &FIGURES, &PROVIDER, &submission);
    return submission;
}

static void figures_go_to_settled_pools_of_months_that_are_not_closed(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    assert_true(submission_place_check(&f.book, &SIDES, f.periods[MAY].month, &err));
    assert_true(submission_place_check(&f.book, &SIDES, f.periods[JUNE].month, &err));
    assert_false(submission_place_check(&f.book, &SIDES, f.periods[APRIL].month, &err));
    assert_int_equal(err.code, PROBLEM_PERIOD_CLOSED);
    problem_clear(&err);
    assert_false(submission_place_check(&f.book, &SIDES, f.periods[JULY].month + 1, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    assert_string_equal(err.faults[0].code, "outside-term");
    problem_clear(&err);
    assert_false(submission_place_check(&f.book, NULL, f.periods[MAY].month, &err));
    assert_int_equal(err.code, PROBLEM_REFERENCE_UNKNOWN);
    problem_clear(&err);
    struct pool_sides other = SIDES;
    other.is_settled = false;
    assert_false(submission_place_check(&f.book, &other, f.periods[MAY].month, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    assert_string_equal(err.faults[0].detail,
                        "pool urgent has no mechanism in version 2 of the agreement");
}

static void a_first_revision_is_agreed_by_nobody(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct submission submission = submitted(&f);
    assert_string_equal(submission.provider, "ZZ3");
    assert_string_equal(submission.commissioner, "ZZ2");
    assert_int_equal(submission.state, SUBMISSION_SUBMITTED);
    assert_int_equal(submission.revision, 1);
    assert_int_equal(submission.version, 1);
    assert_int_equal(submission.agreement_number, 2);
    assert_int_equal(submission.figures.cost_pence, 936000000);
    assert_int_equal(submission.agreed[SIDE_PROVIDER].at_ms, INSTANT_NONE);
    assert_int_equal(submission.agreed[SIDE_COMMISSIONER].at_ms, INSTANT_NONE);
    assert_int_equal(submission.queried.at_ms, INSTANT_NONE);
    assert_string_equal(submission.submitted.by, "the provider's");
}

/* Whichever side is first. */
static void both_sides_agree_to_one_revision(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    for (int first = SIDE_PROVIDER; first <= SIDE_COMMISSIONER; first++) {
        struct submission submission = submitted(&f), once, twice;
        enum side other = first == SIDE_PROVIDER ? SIDE_COMMISSIONER : SIDE_PROVIDER;
        assert_true(
            submission_agree(&f.book, &submission, 1, (enum side)first, &PROVIDER, &once, &err));
        assert_int_equal(once.state, SUBMISSION_SUBMITTED);
        assert_false(
            submission_agree(&f.book, &once, 1, (enum side)first, &PROVIDER, &twice, &err));
        assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
        assert_string_equal(err.detail, first == SIDE_PROVIDER
                                            ? "the provider has agreed already"
                                            : "the commissioner has agreed already");
        assert_true(submission_agree(&f.book, &once, 1, other, &COMMISSIONER, &twice, &err));
        assert_int_equal(twice.state, SUBMISSION_AGREED);
        assert_int_equal(twice.version, 3);
        assert_false(submission_agree(&f.book, &twice, 1, other, &COMMISSIONER, &once, &err));
        assert_string_equal(err.detail, "revision 1 is agreed");
        problem_clear(&err);
    }
}

static void what_is_agreed_to_is_what_was_read(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct submission submission = submitted(&f), after;
    assert_false(submission_agree(&f.book, &submission, 2, SIDE_PROVIDER, &PROVIDER, &after, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    assert_string_equal(err.faults[0].code, "other-revision");
    problem_clear(&err);
    f.periods[MAY].state = PERIOD_CLOSED;
    assert_false(submission_agree(&f.book, &submission, 1, SIDE_PROVIDER, &PROVIDER, &after, &err));
    assert_int_equal(err.code, PROBLEM_PERIOD_CLOSED);
    assert_false(submission_query(&f.book, &submission, 1, "Why?", &COMMISSIONER, &after, &err));
}

static void a_query_waits_for_the_next_revision(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct submission submission = submitted(&f), queried, after;
    assert_true(submission_query(&f.book, &submission, 1, "Why?", &COMMISSIONER, &queried, &err));
    assert_int_equal(queried.state, SUBMISSION_QUERIED);
    assert_string_equal(queried.query_reason, "Why?");
    assert_string_equal(queried.queried.by, "the commissioner's");
    assert_false(
        submission_agree(&f.book, &queried, 1, SIDE_COMMISSIONER, &COMMISSIONER, &after, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    assert_false(submission_query(&f.book, &queried, 1, "Why?", &COMMISSIONER, &after, &err));
}

static void a_new_revision_voids_what_was_agreed(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct submission submission = submitted(&f), agreed, revised;
    struct figures figures = {.cost_pence = 1};
    struct pool_sides sides = SIDES;
    snprintf(sides.commissioner, sizeof sides.commissioner, "ZZ4");
    sides.agreement_number = 3;
    assert_true(submission_agree(&f.book, &submission, 1, SIDE_PROVIDER, &PROVIDER, &agreed, &err));
    submission_use(&agreed, DECISION_ID, &agreed);
    assert_int_equal(agreed.state, SUBMISSION_USED);
    assert_int_equal(agreed.used_revision, 1);
    assert_false(submission_revise(&agreed, &sides, &figures, &PROVIDER, true, &revised, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    assert_true(submission_revise(&agreed, &sides, &figures, &PROVIDER, false, &revised, &err));
    assert_int_equal(revised.revision, 2);
    assert_int_equal(revised.state, SUBMISSION_SUBMITTED);
    assert_int_equal(revised.agreed[SIDE_PROVIDER].at_ms, INSTANT_NONE);
    assert_int_equal(revised.figures.cost_pence, 1);
    assert_int_equal(revised.agreement_number, 3);
    assert_string_equal(revised.commissioner, "ZZ4");
    assert_int_equal(revised.used_revision, 1);
    assert_string_equal(revised.settlement_id, DECISION_ID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_go_to_settled_pools_of_months_that_are_not_closed),
        cmocka_unit_test(a_first_revision_is_agreed_by_nobody),
        cmocka_unit_test(both_sides_agree_to_one_revision),
        cmocka_unit_test(what_is_agreed_to_is_what_was_read),
        cmocka_unit_test(a_query_waits_for_the_next_revision),
        cmocka_unit_test(a_new_revision_voids_what_was_agreed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
