/* Left shifts, appraisals, costs by month and milestones (domain.md C2, C3). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/instant.h"
#include "services/reinvestment/rules.h"

#define NHS_NUMBER "943 476 5919"

static const struct person APPRAISER = {"0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d53", "ZZ1"};

static bool has_fault(const struct problem *err, const char *pointer, const char *code)
{
    for (size_t i = 0; i < err->fault_count && i < FAULTS_LISTED_MAX; i++)
        if (strcmp(err->faults[i].pointer, pointer) == 0 && strcmp(err->faults[i].code, code) == 0)
            return true;
    return false;
}

/* --- left shifts ------------------------------------------------------------------------------ */

static struct left_shift shift_of(int64_t volume, int64_t before_pence, int64_t after_pence)
{
    struct left_shift shift = {
        .monthly_volume = volume, .before_pence = before_pence, .after_pence = after_pence};
    strcpy(shift.organisation, "ZZ3");
    strcpy(shift.from_setting, "acute-theatre");
    strcpy(shift.to_setting, "community");
    return shift;
}

/* C2: 120 a month x £85 = £10,200. */
static void the_surplus_is_volume_times_what_a_unit_saves(void **state)
{
    (void)state;
    struct problem err = {0};
    struct left_shift shift = shift_of(120, 43500, 35000);
    assert_true(left_shift_compute(&shift, &err));
    assert_int_equal(shift.surplus_pence, 1020000);
    shift = shift_of(120, 35000, 43500);
    assert_true(left_shift_compute(&shift, &err));
    assert_int_equal(shift.surplus_pence, -1020000);
    shift = shift_of(1, 9007199254740991, 0);
    assert_true(left_shift_compute(&shift, &err));
    assert_int_equal(shift.surplus_pence, 9007199254740991);
}

static void a_surplus_that_cannot_be_written_down_is_refused(void **state)
{
    (void)state;
    struct problem err = {0};
    struct left_shift more = shift_of(1000000, 9007199254740991, 0);
    struct left_shift less = shift_of(2, 0, 9007199254740991);
    assert_false(left_shift_compute(&more, &err));
    assert_true(has_fault(&err, "/monthlyVolume", "too-large"));
    problem_clear(&err);
    assert_false(left_shift_compute(&less, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
}

static void something_moves_from_one_setting_to_another(void **state)
{
    (void)state;
    struct problem err = {0};
    struct left_shift shift = shift_of(120, 43500, 35000);
    strcpy(shift.to_setting, shift.from_setting);
    assert_false(left_shift_compute(&shift, &err));
    assert_true(has_fault(&err, "/toSetting", "same"));
}

static void words_of_a_left_shift_hold_no_nhs_number(void **state)
{
    (void)state;
    struct problem err = {0};
    struct left_shift shift = shift_of(120, 43500, 35000);
    assert_true(left_shift_words_check(&shift, &err));
    strcpy(shift.specialty, NHS_NUMBER);
    strcpy(shift.evidence, NHS_NUMBER);
    strcpy(shift.reason, NHS_NUMBER);
    assert_false(left_shift_words_check(&shift, &err));
    assert_int_equal(err.code, PROBLEM_PERSONAL_DATA);
    assert_int_equal(err.fault_count, 3);
}

static void only_who_recorded_a_left_shift_revises_it(void **state)
{
    (void)state;
    struct problem err = {0};
    struct left_shift shift = shift_of(120, 43500, 35000);
    assert_true(left_shift_check_owner(&shift, "ZZ3", &err));
    assert_false(left_shift_check_owner(&shift, "ZZ1", &err));
    assert_int_equal(err.code, PROBLEM_ROLE_MISSING);
}

/* --- criteria and appraisals ------------------------------------------------------------------ */

static struct appraisal_criteria the_default(void)
{
    struct appraisal_criteria criteria;
    appraisal_criteria_default(50, &criteria);
    return criteria;
}

static void the_default_criteria_are_in_order(void **state)
{
    (void)state;
    struct problem err = {0};
    struct appraisal_criteria criteria = the_default();
    assert_true(appraisal_criteria_check(&criteria, &err));
    assert_true(appraisal_criteria_words_check(&criteria, &err));
    assert_int_equal(criteria.number, 1);
    assert_int_equal(criteria.adopted_ms, 50);
}

static void weights_add_up_and_codes_stand_once(void **state)
{
    (void)state;
    struct problem err = {0};
    struct appraisal_criteria criteria = the_default();
    criteria.criteria[0].weight_bp++;
    strcpy(criteria.criteria[2].code, criteria.criteria[1].code);
    assert_false(appraisal_criteria_check(&criteria, &err));
    assert_true(has_fault(&err, "/criteria", "sum"));
    assert_true(has_fault(&err, "/criteria/2/code", "duplicate"));
    assert_int_equal(err.fault_count, 2);
    problem_clear(&err);
    strcpy(criteria.criteria[3].name, NHS_NUMBER);
    assert_false(appraisal_criteria_words_check(&criteria, &err));
    assert_true(has_fault(&err, "/criteria/3/name", "nhs-number"));
}

static struct business_case hub(enum case_state state)
{
    struct business_case a_case = {.award_pence = 25000000,
                                   .one_off_pence = 20000000,
                                   .recurrent_pence = 5000000,
                                   .state = state,
                                   .version = 3};
    strcpy(a_case.id, "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d3e");
    strcpy(a_case.sponsor, "ZZ3");
    strcpy(a_case.beneficiary, "ZZ4");
    return a_case;
}

static struct appraisal scored(int64_t fit, int64_t benefit, int64_t value, int64_t deliverability)
{
    return (struct appraisal){.scores = {{"value", value},
                                         {"strategic-fit", fit},
                                         {"deliverability", deliverability},
                                         {"patient-benefit", benefit}},
                              .score_count = 4};
}

static bool appraise(struct business_case *a_case, struct appraisal *appraisal, struct problem *err)
{
    struct appraisal_criteria criteria = the_default();
    return case_appraise(a_case, &criteria, appraisal, &APPRAISER, false, 700, err);
}

/* 5 x 25% + 4 x 30% + 4 x 25% + 3 x 20% = 4.05 */
static void a_weighted_score_is_the_sum_of_weight_times_score(void **state)
{
    (void)state;
    struct problem err = {0};
    struct business_case a_case = hub(CASE_SUBMITTED);
    struct appraisal appraisal = scored(5, 4, 4, 3), second = scored(0, 0, 0, 0),
                     third = scored(5, 5, 5, 5);
    assert_int_equal(case_score_e4(&a_case), 0);
    assert_true(appraise(&a_case, &appraisal, &err));
    assert_int_equal(appraisal.weighted_e4, 40500);
    assert_int_equal(appraisal.number, 1);
    assert_int_equal(appraisal.criteria_version, 1);
    assert_int_equal(appraisal.appraised_ms, 700);
    assert_string_equal(appraisal.case_id, a_case.id);
    assert_string_equal(appraisal.appraised_by, APPRAISER.appointment_id);
    assert_string_equal(appraisal.organisation, "ZZ1");
    assert_int_equal(a_case.state, CASE_APPRAISED);
    assert_int_equal(a_case.criteria_version, 1);
    assert_int_equal(a_case.version, 4);
    assert_int_equal(case_score_e4(&a_case), 40500);
    assert_true(appraise(&a_case, &second, &err));
    assert_int_equal(second.weighted_e4, 0);
    assert_int_equal(second.number, 2);
    assert_int_equal(case_score_e4(&a_case), 20250);
    assert_true(appraise(&a_case, &third, &err));
    assert_int_equal(third.weighted_e4, 50000);
    assert_int_equal(case_score_e4(&a_case), 30167); /* 30,166.67, rounded once */
}

static void scores_are_written_without_idle_zeros(void **state)
{
    (void)state;
    static const struct {
        int64_t score_e4;
        const char *text;
    } expected[] = {{0, "0.0"},        {50000, "5.0"},  {40500, "4.05"},
                    {30167, "3.0167"}, {42500, "4.25"}, {1, "0.0001"}};
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        char text[SCORE_TEXT_SIZE];
        score_format(expected[i].score_e4, text);
        assert_string_equal(text, expected[i].text);
    }
}

static void only_others_appraise_once_and_only_what_was_submitted(void **state)
{
    (void)state;
    struct problem err = {0};
    struct appraisal_criteria criteria = the_default();
    const struct person sponsor = {"0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d51", "ZZ3"};
    const struct person beneficiary = {"0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d52", "ZZ4"};
    struct appraisal appraisal = scored(5, 4, 4, 3);
    struct business_case a_case = hub(CASE_SUBMITTED);
    assert_false(case_appraise(&a_case, &criteria, &appraisal, &sponsor, false, 1, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    assert_false(case_appraise(&a_case, &criteria, &appraisal, &beneficiary, false, 1, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    assert_false(case_appraise(&a_case, &criteria, &appraisal, &APPRAISER, true, 1, &err));
    assert_int_equal(err.code, PROBLEM_ALREADY_EXISTS);
    for (int i = 0; i < CASE_STATE_COUNT; i++) {
        struct business_case one = hub((enum case_state)i);
        bool is_right = i == CASE_SUBMITTED || i == CASE_APPRAISED;
        assert_int_equal(appraise(&one, &appraisal, &err), is_right);
        assert_int_equal(one.version, is_right ? 4 : 3);
    }
    assert_int_equal(a_case.appraisal_count, 0);
}

static void each_criterion_is_scored_once_and_nothing_else(void **state)
{
    (void)state;
    struct problem err = {0};
    struct business_case a_case = hub(CASE_SUBMITTED);
    struct appraisal twice = scored(5, 4, 4, 3), fewer = scored(5, 4, 4, 3),
                     strange = scored(5, 4, 4, 3);
    strcpy(twice.scores[0].code, "strategic-fit");
    assert_false(appraise(&a_case, &twice, &err));
    assert_int_equal(err.fault_count, 2); /* value never, strategic-fit twice */
    assert_true(has_fault(&err, "/scores", "scored-once"));
    problem_clear(&err);
    fewer.score_count = 3;
    assert_false(appraise(&a_case, &fewer, &err));
    assert_int_equal(err.fault_count, 1);
    problem_clear(&err);
    strcpy(strange.scores[4].code, "parking");
    strange.score_count = 5;
    assert_false(appraise(&a_case, &strange, &err));
    assert_true(has_fault(&err, "/scores/4/criterion", "unknown-criterion"));
    assert_int_equal(a_case.state, CASE_SUBMITTED);
}

/* --- costs by month, milestones --------------------------------------------------------------- */

static int32_t month_of(const char *text)
{
    int32_t month;
    assert_true(month_parse(text, &month));
    return month;
}

static void cost_add(struct business_case *a_case, int32_t month, int64_t one_off_pence,
                     int64_t recurrent_pence)
{
    a_case->costs[a_case->cost_count++] = (struct cost){month, one_off_pence, recurrent_pence};
}

static void costs_by_month_add_up(void **state)
{
    (void)state;
    struct problem err = {0};
    struct business_case a_case = hub(CASE_DRAFT);
    assert_true(costs_check(&a_case, &err)); /* not told by month */
    cost_add(&a_case, month_of("2026-27-M11"), 15000000, 2500000);
    cost_add(&a_case, month_of("2026-27-M12"), 5000000, 2500000);
    cost_add(&a_case, month_of("2027-28-M01"), 0, 5000000); /* another year */
    assert_true(costs_check(&a_case, &err));
    a_case.costs[2].one_off_pence = 1;
    assert_false(costs_check(&a_case, &err));
    assert_true(has_fault(&err, "/costs", "one-off"));
    assert_non_null(strstr(err.faults[0].detail, "£200,000.01"));
    problem_clear(&err);
    assert_false(case_check(&a_case, NULL, true, &err)); /* a part of what a case must be */
    assert_true(has_fault(&err, "/costs", "one-off"));
    problem_clear(&err);
    a_case.costs[2].one_off_pence = 0;
    a_case.costs[1].recurrent_pence++;
    assert_false(costs_check(&a_case, &err));
    assert_true(has_fault(&err, "/costs", "above-recurrent"));
    assert_non_null(strstr(err.faults[0].detail, "April 2026 come to £50,000.01"));
    assert_int_equal(err.fault_count, 1);
}

static void months_are_months_and_go_forward(void **state)
{
    (void)state;
    struct problem err = {0};
    struct business_case a_case = hub(CASE_DRAFT), none = hub(CASE_DRAFT);
    cost_add(&a_case, month_of("2026-27-M02"), 10000000, 0);
    cost_add(&a_case, month_of("2026-27-M02"), 5000000, 0);
    cost_add(&a_case, month_of("2026-27-M01"), 5000000, 0);
    assert_false(costs_check(&a_case, &err));
    assert_true(has_fault(&err, "/costs/1/month", "order"));
    assert_true(has_fault(&err, "/costs/2/month", "order"));
    assert_int_equal(err.fault_count, 2);
    problem_clear(&err);
    cost_add(&none, -1, 20000000, 0); /* 2026-99-M01 */
    assert_false(costs_check(&none, &err));
    assert_true(has_fault(&err, "/costs/0/month", "order"));
}

static void a_milestone_is_done_once_in_delivery_and_not_tomorrow(void **state)
{
    (void)state;
    struct problem err = {0};
    struct business_case a_case = hub(CASE_IN_DELIVERY);
    a_case.milestone_count = 2;
    strcpy(a_case.milestones[0].code, "ready");
    strcpy(a_case.milestones[1].code, "open");
    a_case.milestones[0].done_day = a_case.milestones[1].done_day = DAY_NONE;
    struct business_case proposed = a_case;
    proposed.state = CASE_PROPOSED;
    assert_false(milestone_complete(&a_case, "open", 101, 100, &err));
    assert_true(has_fault(&err, "/doneOn", "future"));
    problem_clear(&err);
    assert_true(milestone_complete(&a_case, "open", 100, 100, &err));
    assert_int_equal(a_case.milestones[1].done_day, 100);
    assert_int_equal(a_case.milestones[0].done_day, DAY_NONE);
    assert_int_equal(a_case.version, 4);
    assert_false(milestone_complete(&a_case, "open", 100, 100, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    assert_false(milestone_complete(&a_case, "closed", 100, 100, &err));
    assert_int_equal(err.code, PROBLEM_NOT_FOUND);
    assert_false(milestone_complete(&proposed, "open", 100, 100, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_surplus_is_volume_times_what_a_unit_saves),
        cmocka_unit_test(a_surplus_that_cannot_be_written_down_is_refused),
        cmocka_unit_test(something_moves_from_one_setting_to_another),
        cmocka_unit_test(words_of_a_left_shift_hold_no_nhs_number),
        cmocka_unit_test(only_who_recorded_a_left_shift_revises_it),
        cmocka_unit_test(the_default_criteria_are_in_order),
        cmocka_unit_test(weights_add_up_and_codes_stand_once),
        cmocka_unit_test(a_weighted_score_is_the_sum_of_weight_times_score),
        cmocka_unit_test(scores_are_written_without_idle_zeros),
        cmocka_unit_test(only_others_appraise_once_and_only_what_was_submitted),
        cmocka_unit_test(each_criterion_is_scored_once_and_nothing_else),
        cmocka_unit_test(costs_by_month_add_up),
        cmocka_unit_test(months_are_months_and_go_forward),
        cmocka_unit_test(a_milestone_is_done_once_in_delivery_and_not_tomorrow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
