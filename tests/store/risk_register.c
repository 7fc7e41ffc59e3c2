/* The register in a real database: what is announced comes back whole, every version stays, the day
 * ends in London, and the tables refuse what no rule may let through. */
#include "tests/store/risk_world.h"

/* --- the tests
 * ---------------------------------------------------------------------------------------- */

static void an_active_alliance_has_the_default_criteria_once(void **state)
{
    (void)state;
    struct criteria criteria = criteria_now(), expected;
    criteria_default(criteria.adopted_ms, &expected);
    assert_memory_equal(&criteria, &expected, sizeof(criteria));
    activate();
    assert_int_equal(criteria_now().number, 1);
}

static void an_alliance_that_is_not_active_has_none(void **state)
{
    (void)state;
    harness_alliance(alliance);
    assert_int_equal(criteria_now().number, 0);
}

static void a_risk_comes_back_as_it_was_announced(void **state)
{
    (void)state;
    struct risk risk = logged_risk(1776000000000, CATEGORY_WORKFORCE), read = risk_now(risk.id);
    assert_risk_equal(read, risk);
    assert_int_equal(read.current.score, 16);
    assert_int_equal(read.current.band, BAND_EXTREME);
}

static void scores_are_kept_with_from_and_to(void **state)
{
    (void)state;
    struct risk risk = logged_risk(1776000000000, CATEGORY_WORKFORCE);
    score_at(&risk, 1776000001000, 3, "two start in May");
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t rows = {0}, rest = {0};
    struct problem err = {0};
    struct score score = {0};
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_score_list(tx, NOBODY, risk.id, NULL, 10, &rows, &err), err);
    assert_int_equal(rows.count, 3);
    assert_done(store_score_list(tx, NOBODY, risk.id, "2", 10, &rest, &err), err);
    assert_int_equal(rest.count, 1);
    score_of_row(&rest, 0, &score);
    assert_int_equal(score.number, 3);
    assert_int_equal(score.kind, SCORE_CURRENT);
    assert_int_equal(score.from.score, 16);
    assert_int_equal(score.to.score, 12);
    assert_int_equal(score.to.band, BAND_HIGH);
    assert_string_equal(score.reason, "two start in May");
    assert_string_equal(score.scored_by, SOMEBODY);
    assert_done(store_score_get(tx, NOBODY, risk.id, 1, &score, &err), err);
    assert_int_equal(score.kind, SCORE_INITIAL);
    assert_false(rating_is_given(&score.from));
    assert_problem(store_score_get(tx, NOBODY, risk.id, 4, &score, &err), err, PROBLEM_NOT_FOUND);
}

static void every_version_of_a_risk_stays(void **state)
{
    (void)state;
    struct risk first = logged_risk(1776000000000, CATEGORY_WORKFORCE), second = first, read = {0};
    score_at(&second, 1776000001000, 1, "better");
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t rows = {0}, rest = {0};
    struct problem err = {0};
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_risk_history_list(tx, NOBODY, first.id, NULL, 10, &rows, &err), err);
    assert_int_equal(rows.count, 2);
    assert_done(risk_of_row(&rows, 0, &read, &err), err);
    assert_risk_equal(read, first);
    memset(&read, 0, sizeof(read));
    assert_done(risk_of_row(&rows, 1, &read, &err), err);
    assert_risk_equal(read, second);
    assert_done(store_risk_history_list(tx, NOBODY, first.id, "1", 10, &rest, &err), err);
    assert_int_equal(rest.count, 1);
}

static void the_register_stands_as_it_did_at_the_end_of_a_london_day(void **state)
{
    (void)state;
    const struct risk_filter any = {.state = NULL};
    const struct risk_filter extreme = {.band = "extreme"}, high = {.band = "high"};
    struct risk read;
    /* 22:59:59Z is still the 20th in London, in summer; 23:00Z is the 21st. */
    struct risk risk = logged_risk(instant_of("2026-04-20T22:59:59.999Z"), CATEGORY_WORKFORCE);
    score_at(&risk, instant_of("2026-04-21T23:00:00.000Z"), 3, "better");
    assert_int_equal(register_count(&any, "2026-04-19", &read), 0);
    assert_int_equal(register_count(&any, "2026-04-20", &read), 1);
    assert_int_equal(read.current.score, 16);
    assert_int_equal(register_count(&any, "2026-04-21", &read), 1);
    assert_int_equal(read.version, 1);
    assert_int_equal(register_count(&any, "2026-04-22", &read), 1);
    assert_int_equal(read.current.score, 12);
    /* A filter looks at the risk as it then stood, never at an earlier version. */
    assert_int_equal(register_count(&extreme, "2026-04-21", &read), 1);
    assert_int_equal(register_count(&extreme, "2026-04-22", &read), 0);
    assert_int_equal(register_count(&high, "2026-04-22", &read), 1);
}

static void lists_go_by_id_and_by_their_filters(void **state)
{
    (void)state;
    struct risk one = logged_risk(1776000000000, CATEGORY_WORKFORCE);
    struct risk two = logged_risk(1776000001000, CATEGORY_FINANCE);
    score_at(&two, 1776000002000, 1, "better");
    const struct {
        struct risk_filter filter;
        int count;
    } expected[] = {{{.state = NULL}, 2},      {{.state = "open"}, 2},
                    {{.state = "closed"}, 0},  {{.band = "extreme"}, 1},
                    {{.band = "moderate"}, 1}, {{.category = "finance"}, 1},
                    {{.owner = "ZZ3"}, 2},     {{.owner = "ZZ1"}, 0}};
    db_tx_auto_t *tx = NULL;
    struct problem err = {0};
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
        db_rows_auto_t rows = {0};
        assert_done(store_risk_list(tx, NOBODY, &expected[i].filter, NULL, 10, &rows, &err), err);
        assert_int_equal(rows.count, expected[i].count);
    }
    db_rows_auto_t rest = {0};
    assert_done(store_risk_list(tx, NOBODY, &expected[0].filter, one.id, 10, &rest, &err), err);
    assert_int_equal(rest.count, 1);
    assert_string_equal(row_text(&rest, 0, "id"), two.id);
}

static void new_criteria_leave_old_scores_alone(void **state)
{
    (void)state;
    struct risk risk = logged_risk(1776000000000, CATEGORY_WORKFORCE);
    struct criteria criteria = criteria_now();
    struct problem err = {0};
    act_auto_t act = {0};
    criteria.number = 2;
    criteria.bands[BAND_HIGH].to = 16;
    criteria.bands[BAND_EXTREME].from = 20;
    strcpy(criteria.adopted_by, SOMEBODY);
    begin(&act);
    assert_done(event_criteria_adopted(&act, &criteria, &err), err);
    commit(&act);
    assert_int_equal(criteria_now().number, 2);
    assert_int_equal(risk_now(risk.id).current.band, BAND_EXTREME);
    score_at(&risk, 1776000001000, 4, "again");
    assert_int_equal(risk_now(risk.id).current.band, BAND_HIGH);
    assert_int_equal(risk_now(risk.id).current.criteria_version, 2);
    assert_int_equal(risk_now(risk.id).initial.criteria_version, 1);
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t rows = {0};
    struct criteria read;
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_criteria_list(tx, NULL, 10, &rows, &err), err);
    assert_int_equal(rows.count, 2);
    memset(&read, 0, sizeof(read));
    assert_done(store_criteria_get(tx, 2, &read, &err), err);
    assert_memory_equal(&read, &criteria, sizeof(read));
    assert_problem(store_criteria_get(tx, 3, &read, &err), err, PROBLEM_NOT_FOUND);
}

/* Whatever a rule may let through by mistake, the tables do not. */
static void the_tables_refuse_what_breaks_an_invariant(void **state)
{
    (void)state;
    struct risk risk = logged_risk(1776000000000, CATEGORY_SAFETY);
    struct problem err = {0};
    for (int i = 0; i < 8; i++) {
        act_auto_t act = {0};
        struct risk wrong = risk;
        wrong.version++;
        wrong.change = CHANGE_REVISED;
        strcpy(wrong.reason, "why");
        if (i == 0)
            wrong.current.score = 15;
        if (i == 1)
            wrong.current.criteria_version = 7;
        if (i == 2)
            wrong.state = RISK_CLOSED; /* without two signatures */
        if (i == 3)
            strcpy(wrong.reason, "");
        if (i == 4)
            wrong.initial.likelihood = 6;
        if (i == 5)
            wrong.version--; /* a version that its history has */
        if (i == 6)
            name(&wrong, "ZZ3"); /* and not those who help */
        if (i == 7) {
            wrong.supporting_count = 0;
            name(&wrong, "ZZ1"); /* and not the owner */
        }
        begin(&act);
        assert_false(event_risk_changed(&act, &wrong, NULL, 0, &err) && act_commit(&act, &err));
        problem_clear(&err);
    }
    struct risk read = risk_now(risk.id);
    assert_risk_equal(read, risk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_active_alliance_has_the_default_criteria_once, make_alliance),
        cmocka_unit_test(an_alliance_that_is_not_active_has_none),
        cmocka_unit_test_setup(a_risk_comes_back_as_it_was_announced, make_alliance),
        cmocka_unit_test_setup(scores_are_kept_with_from_and_to, make_alliance),
        cmocka_unit_test_setup(every_version_of_a_risk_stays, make_alliance),
        cmocka_unit_test_setup(the_register_stands_as_it_did_at_the_end_of_a_london_day,
                               make_alliance),
        cmocka_unit_test_setup(lists_go_by_id_and_by_their_filters, make_alliance),
        cmocka_unit_test_setup(new_criteria_leave_old_scores_alone, make_alliance),
        cmocka_unit_test_setup(the_tables_refuse_what_breaks_an_invariant, make_alliance),
    };
    return cmocka_run_group_tests(tests, make_db, free_db);
}
