/* From figures to points: gaps, sums, small numbers, re-bases (E3, E5, E10). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "services/kpi/rules/chart.h"
#include "services/kpi/rules/suppression.h"

#define NO VALUE_NONE
static struct chart_month months[SPC_POINTS_MAX];
static struct spc_point points[SPC_POINTS_MAX];

static const struct chart_frame PERCENT = {.from = 100, .to = 103, .unit = UNIT_PERCENTAGE};
static const struct chart_frame COUNT = {.from = 100, .to = 103, .unit = UNIT_COUNT};

static const struct chart_figure TWO[] = {
    {"ZZ1", true, 100, 1, {90, 100, NO}, "provisional"},
    {"ZZ1", true, 102, 3, {80, 100, NO}, "published"},
    {"ZZ2", true, 100, 2, {10, 300, NO}, "submitted"},
    {"ZZ2", true, 101, 1, {1, 3, NO}, "provisional"},
};

static void the_system_is_the_sum_of_numerators_over_the_sum_of_denominators(void **state)
{
    (void)state;
    chart_months(TWO, ARRAY_LENGTH(TWO), &PERCENT, months);
    assert_int_equal(months[0].figures.numerator, 100);
    assert_int_equal(months[0].figures.denominator, 400);
    assert_int_equal(months[0].revision, 2);
    assert_string_equal(months[0].status, "");
    assert_int_equal(months[0].received, 2);
    assert_true(chart_value(&months[0].figures, UNIT_PERCENTAGE) == 25 * SPC_SCALE);
    assert_true(chart_value(&months[1].figures, UNIT_PERCENTAGE) == 33333333);
    assert_int_equal(months[1].received, 1);
    assert_int_equal(months[1].expected, 2);
    assert_string_equal(months[2].status, "published");
}

static void a_missing_month_is_a_gap_and_never_zero(void **state)
{
    (void)state;
    chart_months(TWO, ARRAY_LENGTH(TWO), &PERCENT, months);
    assert_int_equal(months[3].state, CHART_NOT_RECEIVED);
    assert_true(months[3].figures.denominator == NO);
    assert_int_equal(chart_points(months, 4, &PERCENT, NULL, 0, points), 3);
    assert_false(months[3].has_point);
    assert_int_equal(months[2].point, 2);
    assert_true(points[2].value == 80 * SPC_SCALE);
}

static void a_sum_that_lacks_somebody_is_no_value(void **state)
{
    (void)state;
    struct chart_figure figures[] = {
        {"ZZ1", true, 99, 1, {NO, NO, 5}, "provisional"},
        {"ZZ1", true, 100, 1, {NO, NO, 5}, "provisional"},
        {"ZZ1", true, 102, 1, {NO, NO, 6}, "provisional"},
        {"ZZ2", true, 101, 1, {NO, NO, 7}, "provisional"},
        {"ZZ2", true, 102, 1, {NO, NO, 8}, "provisional"},
        {"ZZ2", true, 104, 1, {NO, NO, 8}, "provisional"},
    };
    chart_months(figures, ARRAY_LENGTH(figures), &COUNT, months);
    assert_int_equal(months[0].state, CHART_RECEIVED); /* ZZ2 was not there yet */
    assert_int_equal(months[0].expected, 1);
    assert_int_equal(months[1].state, CHART_INCOMPLETE);
    assert_int_equal(months[2].state, CHART_RECEIVED);
    assert_int_equal(months[2].figures.value, 14);
    figures[0].is_current = figures[1].is_current = figures[2].is_current = false;
    chart_months(figures, ARRAY_LENGTH(figures), &COUNT, months);
    assert_int_equal(months[3].expected, 1); /* ZZ1 is gone */
    assert_int_equal(months[2].expected, 2);
    assert_int_equal(chart_points(months, 4, &COUNT, NULL, 0, points), 2);
    assert_true(points[1].value == 14 * SPC_SCALE);
}

static void figures_of_another_unit_are_no_part_of_a_chart(void **state)
{
    (void)state;
    const struct chart_figure figures[] = {{"ZZ1", true, 100, 1, {NO, NO, 5}, "provisional"},
                                           {"ZZ1", true, 101, 1, {1, 2, NO}, "provisional"}};
    chart_months(figures, ARRAY_LENGTH(figures), &PERCENT, months);
    assert_int_equal(months[0].state, CHART_NOT_RECEIVED);
    assert_int_equal(chart_points(months, 4, &PERCENT, NULL, 0, points), 1);
    assert_true(points[0].value == 50 * SPC_SCALE);
    chart_months(figures, ARRAY_LENGTH(figures), &COUNT, months);
    assert_int_equal(chart_points(months, 4, &COUNT, NULL, 0, points), 1);
    assert_true(points[0].value == 5 * SPC_SCALE);
}

static void small_numbers_are_not_shown(void **state)
{
    (void)state;
    const int64_t expected[][2] = {{0, 0},
                                   {1, VALUE_SUPPRESSED},
                                   {7, VALUE_SUPPRESSED},
                                   {8, 10},
                                   {12, 10},
                                   {13, 15},
                                   {100, 100},
                                   {102, 100},
                                   {103, 105},
                                   {VALUE_NONE, VALUE_NONE}};
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++)
        assert_true(people_round(expected[i][0]) == expected[i][1]);
    assert_true(figures_are_suppressed(&(struct figures){VALUE_SUPPRESSED, 10, NO}));
    assert_true(figures_are_suppressed(&(struct figures){0, VALUE_SUPPRESSED, NO}));
    assert_true(figures_are_suppressed(&(struct figures){NO, NO, VALUE_SUPPRESSED}));
    assert_false(figures_are_suppressed(&(struct figures){0, 10, NO}));
}

static void percentages_come_from_rounded_values(void **state)
{
    (void)state;
    const struct chart_figure figures[] = {
        {"ZZ1", true, 100, 1, {13, 22, NO}, "provisional"},
        {"ZZ1", true, 101, 1, {7, 22, NO}, "provisional"},
    };
    struct chart_frame frame = PERCENT;
    frame.is_suppressed = true;
    chart_months(figures, ARRAY_LENGTH(figures), &frame, months);
    assert_int_equal(months[0].figures.numerator, 15);
    assert_int_equal(months[0].figures.denominator, 20);
    assert_true(chart_value(&months[0].figures, UNIT_PERCENTAGE) == 75 * SPC_SCALE);
    assert_int_equal(months[1].state, CHART_SUPPRESSED);
    assert_int_equal(chart_points(months, 4, &frame, NULL, 0, points), 1);
}

static void a_phase_begins_at_the_first_point_from_its_month_on(void **state)
{
    (void)state;
    struct chart_figure figures[10] = {0};
    for (int32_t i = 0; i < 10; i++) {
        figures[i] = (struct chart_figure){
            .is_current = true, .month = 100 + i + (i > 4), .figures = {NO, NO, i}};
        strcpy(figures[i].organisation, "ZZ1");
    }
    const struct chart_frame frame = {.from = 100, .to = 110, .unit = UNIT_COUNT};
    const int32_t rebases[] = {107, 105, 200, 90};
    chart_months(figures, 10, &frame, months);
    assert_int_equal(chart_points(months, 11, &frame, rebases, ARRAY_LENGTH(rebases), points), 10);
    for (size_t i = 0; i < 10; i++) /* of 90 the first; 105 has no value: 106, and 107 */
        assert_int_equal(points[i].begins_phase, i == 0 || i == 5 || i == 6);
}

static void a_chart_spans_what_was_asked_or_what_is_there(void **state)
{
    (void)state;
    struct chart_frame frame = {0};
    assert_true(chart_span(TWO, ARRAY_LENGTH(TWO), MONTH_NONE, MONTH_NONE, &frame));
    assert_int_equal(frame.from, 100);
    assert_int_equal(frame.to, 102);
    assert_true(chart_span(TWO, ARRAY_LENGTH(TWO), 99, 104, &frame));
    assert_int_equal(frame.from, 99);
    assert_int_equal(frame.to, 104);
    assert_false(chart_span(TWO, ARRAY_LENGTH(TWO), 104, MONTH_NONE, &frame));
    assert_false(chart_span(TWO, 0, 100, 101, &frame));
    assert_true(chart_span(TWO, ARRAY_LENGTH(TWO), 100, 100 + SPC_POINTS_MAX, &frame));
    assert_int_equal(frame.from, 101);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_system_is_the_sum_of_numerators_over_the_sum_of_denominators),
        cmocka_unit_test(a_missing_month_is_a_gap_and_never_zero),
        cmocka_unit_test(a_sum_that_lacks_somebody_is_no_value),
        cmocka_unit_test(figures_of_another_unit_are_no_part_of_a_chart),
        cmocka_unit_test(small_numbers_are_not_shown),
        cmocka_unit_test(percentages_come_from_rounded_values),
        cmocka_unit_test(a_phase_begins_at_the_first_point_from_its_month_on),
        cmocka_unit_test(a_chart_spans_what_was_asked_or_what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
