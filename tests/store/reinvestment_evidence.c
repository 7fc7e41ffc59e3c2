/* Left shifts, appraisals and milestones in a real database: versions stay, criteria freeze, and
 * the tables refuse what no rule may let through (C2, C3). */
#include "tests/store/reinvestment_world.h"

/* --- left shifts
 * ---------------------------------------------------------------------------------------- */

static struct left_shift whole_shift(void)
{
    struct left_shift shift = {.monthly_volume = 120,
                               .before_pence = 43500,
                               .after_pence = 35000,
                               .surplus_pence = 1020000,
                               .link_count = 1,
                               .recorded_ms = 1776000000000,
                               .version = 1};
    uuid_new(1776000000000, shift.id);
    strcpy(shift.organisation, "ZZ3");
    strcpy(shift.specialty, "General surgery \"Ä\"");
    strcpy(shift.from_setting, "acute-theatre");
    strcpy(shift.to_setting, "community");
    strcpy(shift.evidence, "Patient-level\ncosting");
    strcpy(shift.links[0], "kpi/indicators/rtt");
    strcpy(shift.recorded_by, SPONSOR.appointment_id);
    return shift;
}

static bool record(const struct left_shift *shift, struct problem *err)
{
    act_auto_t act = {0};
    begin(&act);
    return event_left_shift_recorded(&act, shift, err) && act_commit(&act, err);
}

static void a_left_shift_comes_back_and_its_versions_stay(void **state)
{
    (void)state;
    struct problem err = {0};
    struct left_shift first = whole_shift(), second = first, read = {0};
    assert_done(record(&first, &err), err);
    second.monthly_volume = 118;
    second.surplus_pence = 1003000;
    second.version = 2;
    strcpy(second.reason, "counted twice");
    assert_done(record(&second, &err), err);
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t rows = {0}, rest = {0}, all = {0}, none = {0};
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_left_shift_get(tx, first.id, &read, &err), err);
    assert_memory_equal(&read, &second, sizeof(read));
    memset(&read, 0, sizeof(read));
    assert_done(store_left_shift_version_get(tx, first.id, 1, &read, &err), err);
    assert_memory_equal(&read, &first, sizeof(read));
    assert_done(store_left_shift_version_list(tx, first.id, NULL, 10, &rows, &err), err);
    assert_int_equal(rows.count, 2);
    assert_done(store_left_shift_version_list(tx, first.id, "1", 10, &rest, &err), err);
    assert_int_equal(rest.count, 1);
    assert_done(store_left_shift_list(tx, NULL, NULL, 10, &all, &err), err);
    assert_int_equal(all.count, 1);
    assert_done(store_left_shift_list(tx, "ZZ1", NULL, 10, &none, &err), err);
    assert_int_equal(none.count, 0);
    assert_problem(store_left_shift_version_get(tx, first.id, 3, &read, &err), err,
                   PROBLEM_NOT_FOUND);
    assert_problem(store_left_shift_get(tx, HOLD, &read, &err), err, PROBLEM_NOT_FOUND);
}

static void the_tables_refuse_a_wrong_left_shift(void **state)
{
    (void)state;
    struct problem err = {0};
    const struct left_shift right = whole_shift();
    assert_done(record(&right, &err), err);
    for (int i = 0; i < 4; i++) {
        struct left_shift wrong = right;
        wrong.version = 2;
        strcpy(wrong.reason, "why");
        if (i == 0)
            wrong.surplus_pence++;
        if (i == 1)
            strcpy(wrong.to_setting, wrong.from_setting);
        if (i == 2)
            wrong.reason[0] = '\0';
        if (i == 3)
            wrong.version = 1; /* a version that it has */
        assert_false(record(&wrong, &err));
        problem_clear(&err);
    }
}

/* --- appraisals
 * ---------------------------------------------------------------------------------------- */

static const struct person ANOTHER = {"0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d54", "ZZ2"};

static struct appraisal_criteria criteria_now(void)
{
    db_tx_auto_t *tx = NULL;
    struct problem err = {0};
    struct appraisal_criteria criteria;
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_appraisal_criteria_in_force(tx, &criteria, &err), err);
    return criteria;
}

static struct business_case submitted_case(void)
{
    act_auto_t act = {0};
    struct problem err = {0};
    struct business_case a_case = whole_case(25000000);
    a_case.state = CASE_SUBMITTED;
    a_case.criteria_version = a_case.appraisal_count = a_case.appraisal_sum_e4 = 0;
    begin(&act);
    assert_done(event_case_submitted(&act, &a_case, &err), err);
    commit(&act);
    return a_case;
}

static struct appraisal appraise(struct business_case *a_case, const struct person *person,
                                 int64_t score)
{
    act_auto_t act = {0};
    struct problem err = {0};
    struct appraisal_criteria criteria = criteria_now();
    struct appraisal appraisal = {.score_count = criteria.count};
    for (int i = 0; i < criteria.count; i++) {
        strcpy(appraisal.scores[i].code, criteria.criteria[i].code);
        appraisal.scores[i].score = score;
    }
    strcpy(appraisal.comment, "The theatre\nis there");
    assert_done(case_appraise(a_case, &criteria, &appraisal, person, false, 1776000000000, &err),
                err);
    begin(&act);
    assert_done(event_case_appraised(&act, a_case, &appraisal, &err), err);
    commit(&act);
    return appraisal;
}

static void an_active_alliance_has_the_default_criteria_once(void **state)
{
    (void)state;
    struct appraisal_criteria criteria = criteria_now(), expected;
    appraisal_criteria_default(criteria.adopted_ms, &expected);
    assert_memory_equal(&criteria, &expected, sizeof(criteria));
    follow("membership", json_pack("{s:s, s:s, s:{}}", "type", "membership.alliance.activated.v1",
                                   "subject", "alliance", "data"));
    assert_int_equal(criteria_now().number, 1);
}

static void new_criteria_are_another_version(void **state)
{
    (void)state;
    act_auto_t act = {0};
    struct problem err = {0};
    struct appraisal_criteria criteria = criteria_now(), read = {0};
    criteria.number = 2;
    strcpy(criteria.adopted_by, SPONSOR.appointment_id);
    begin(&act);
    assert_done(event_appraisal_criteria_adopted(&act, &criteria, &err), err);
    commit(&act);
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t rows = {0}, rest = {0};
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_appraisal_criteria_get(tx, 2, &read, &err), err);
    assert_memory_equal(&read, &criteria, sizeof(read));
    assert_int_equal(criteria_now().number, 2);
    assert_done(store_appraisal_criteria_list(tx, NULL, 10, &rows, &err), err);
    assert_int_equal(rows.count, 2);
    assert_done(store_appraisal_criteria_list(tx, "1", 10, &rest, &err), err);
    assert_int_equal(rest.count, 1);
    assert_problem(store_appraisal_criteria_get(tx, 3, &read, &err), err, PROBLEM_NOT_FOUND);
}

static void an_appraisal_comes_back_with_its_case(void **state)
{
    (void)state;
    struct problem err = {0};
    struct business_case a_case = submitted_case();
    struct appraisal first = appraise(&a_case, &COMMISSIONER, 4);
    struct appraisal second = appraise(&a_case, &ANOTHER, 5), read = {0};
    struct business_case now = case_now(a_case.id);
    assert_memory_equal(&now, &a_case, sizeof(now));
    assert_int_equal(now.state, CASE_APPRAISED);
    assert_int_equal(now.appraisal_count, 2);
    assert_int_equal(case_score_e4(&now), 45000);
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t rows = {0}, rest = {0};
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_appraisal_get(tx, a_case.id, 2, &read, &err), err);
    assert_memory_equal(&read, &second, sizeof(read));
    assert_done(store_appraisal_list(tx, a_case.id, NULL, 10, &rows, &err), err);
    assert_int_equal(rows.count, 2);
    memset(&read, 0, sizeof(read));
    assert_done(appraisal_of_row(&rows, 0, &read, &err), err);
    assert_memory_equal(&read, &first, sizeof(read));
    assert_done(store_appraisal_list(tx, a_case.id, "1", 10, &rest, &err), err);
    assert_int_equal(rest.count, 1);
    assert_problem(store_appraisal_get(tx, a_case.id, 3, &read, &err), err, PROBLEM_NOT_FOUND);
}

/* A second appointment does not make a second appraiser. */
static void an_appraiser_is_known_by_whatever_appointment(void **state)
{
    (void)state;
    struct problem err = {0};
    bool is_by;
    struct business_case a_case = submitted_case();
    follow("membership",
           json_pack("{s:s, s:s, s:{s:{s:s, s:s, s:s, s:s, s:s, s:s, s:i}}}", "type",
                     "membership.appointment.made.v1", "subject", "appointments/1", "data",
                     "appointment", "id", COMMISSIONER.appointment_id, "issuer", "i", "subject",
                     "anna", "role", "finance-lead", "organisation", "ZZ1", "startsAt",
                     "2026-01-01T00:00:00.000Z", "version", 1));
    appraise(&a_case, &COMMISSIONER, 4);
    db_tx_auto_t *tx = NULL;
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_appraisal_is_by(tx, a_case.id, "i", "anna", &is_by, &err), err);
    assert_true(is_by);
    assert_done(store_appraisal_is_by(tx, a_case.id, "i", "bert", &is_by, &err), err);
    assert_false(is_by);
    /* And the table holds it by the appointment. */
    act_auto_t act = {0};
    struct appraisal again = {.score_count = 1,
                              .number = 2,
                              .criteria_version = 1,
                              .weighted_e4 = 1,
                              .appraised_ms = 1776000000000};
    strcpy(again.case_id, a_case.id);
    strcpy(again.comment, "again");
    strcpy(again.scores[0].code, "value");
    strcpy(again.appraised_by, COMMISSIONER.appointment_id);
    strcpy(again.organisation, "ZZ1");
    begin(&act);
    assert_false(event_case_appraised(&act, &a_case, &again, &err) && act_commit(&act, &err));
}

static void a_completed_milestone_comes_back_and_is_no_part_of_what_is_voted_on(void **state)
{
    (void)state;
    act_auto_t act = {0};
    struct problem err = {0};
    struct business_case a_case = case_in_delivery(25000000);
    assert_done(milestone_complete(&a_case, "open", 20700, 20700, &err), err);
    begin(&act);
    assert_done(event_case_progressed(&act, &a_case, &err), err);
    commit(&act);
    struct business_case now = case_now(a_case.id);
    assert_memory_equal(&now, &a_case, sizeof(now));
    assert_int_equal(now.milestones[1].done_day, 20700);
    assert_int_equal(now.milestones[0].done_day, DAY_NONE);
    assert_string_equal(
        harness_value("select milestones -> 1 ->> 'doneOn' from reinvestment.\"case\""
                      " where alliance_id = '%s' and id = '%s'",
                      alliance, a_case.id),
        "2026-09-04");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_left_shift_comes_back_and_its_versions_stay, make_alliance),
        cmocka_unit_test_setup(the_tables_refuse_a_wrong_left_shift, make_alliance),
        cmocka_unit_test_setup(an_active_alliance_has_the_default_criteria_once, make_alliance),
        cmocka_unit_test_setup(new_criteria_are_another_version, make_alliance),
        cmocka_unit_test_setup(an_appraisal_comes_back_with_its_case, make_alliance),
        cmocka_unit_test_setup(an_appraiser_is_known_by_whatever_appointment, make_alliance),
        cmocka_unit_test_setup(a_completed_milestone_comes_back_and_is_no_part_of_what_is_voted_on,
                               make_alliance),
    };
    return cmocka_run_group_tests(tests, make_db, free_db);
}
