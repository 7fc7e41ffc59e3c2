/* Targets: their numbers, their trajectories, which one holds when (E2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "services/kpi/rules/target.h"

#define PERCENT(value) ((int64_t)(value)*1000000)

static void decimals_become_millionths(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int64_t value;
    } good[] = {{"92", 92000000},
                {"-0.5", -500000},
                {"77.125", 77125000},
                {"0", 0},
                {"999999999999.999", INT64_C(999999999999999000)}};
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        int64_t value = -1;
        assert_true(target_value_parse(good[i].text, &value));
        assert_true(value == good[i].value);
    }
    const char *const bad[] = {"",    "-",  ".5",  "1.",   "1.2345",
                               "1e3", "+1", "1,0", "1.2x", "12345678901234"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        int64_t value = 7;
        assert_false(target_value_parse(bad[i], &value));
        assert_int_equal(value, 7);
    }
}

static bool fails_at(const struct target_step steps[], size_t count, enum specification_unit unit,
                     const char *pointer, const char *code)
{
    struct problem err = {0};
    return !target_check(steps, count, unit, &err) && err.code == PROBLEM_RULE_BROKEN &&
           strcmp(err.faults[0].pointer, pointer) == 0 && strcmp(err.faults[0].code, code) == 0;
}

static void a_trajectory_climbs_month_by_month(void **state)
{
    (void)state;
    struct problem err = {0};
    struct target_step steps[] = {{.month = 10, .value = PERCENT(60)},
                                  {.month = 11, .value = PERCENT(65)},
                                  {.month = 13, .value = PERCENT(100)}};
    assert_true(target_check(steps, 3, UNIT_PERCENTAGE, &err));
    steps[1].month = 10;
    assert_true(fails_at(steps, 3, UNIT_PERCENTAGE, "/trajectory/0/month", "order"));
    steps[1].month = 11;
    steps[2].value++;
    assert_true(fails_at(steps, 3, UNIT_PERCENTAGE, "/trajectory/1/value", "maximum"));
    assert_true(target_check(steps, 3, UNIT_COUNT, &err));
    steps[0].value = -1;
    assert_true(fails_at(steps, 2, UNIT_DAYS, "/value", "minimum"));
    assert_true(target_check(steps, 2, UNIT_MONEY, &err));
}

static void a_target_holds_until_the_next_one_begins(void **state)
{
    (void)state;
    const struct target_step steps[] = {
        {.target_sequence = 5, .from = 10, .month = 10, .value = 1},
        {.target_sequence = 5, .from = 10, .month = 12, .value = 2},
        {.target_sequence = 5, .from = 10, .month = 30, .value = 3},
        {.target_sequence = 4, .from = 20, .month = 20, .value = 4},
        {.target_sequence = 9, .from = 5, .month = 5, .value = 5},
        {.target_sequence = 9, .from = 5, .month = 11, .value = 6},
        {.target_sequence = 7, .from = 20, .month = 20, .value = 7},
    };
    const int64_t expected[][2] = {{5, 5},  {9, 5},  {10, 1}, {11, 1},
                                   {12, 2}, {19, 2}, {20, 7}, {40, 7}};
    int64_t value = 0;
    assert_false(target_at(steps, ARRAY_LENGTH(steps), 4, &value));
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
        assert_true(target_at(steps, ARRAY_LENGTH(steps), (int32_t)expected[i][0], &value));
        assert_int_equal(value, expected[i][1]);
    }
    assert_false(target_at(NULL, 0, 40, &value));
}

static void national_standards_are_proposed(void **state)
{
    (void)state;
    static const struct {
        const char *indicator, *kind, *direction;
        int64_t percent;
    } STANDARDS[] = {
        {"rtt-18-weeks", "standard", "up", 92},   {"diagnostics-6-weeks", "standard", "down", 1},
        {"ae-4-hours", "standard", "up", 95},     {"ae-4-hours", "interim", "up", 78},
        {"cancer-62-days", "standard", "up", 85}, {"cancer-62-days", "interim", "up", 75},
        {"cancer-31-days", "standard", "up", 96}, {"cancer-28-days", "standard", "up", 80},
    };
    assert_int_equal(TARGET_PROPOSAL_COUNT, ARRAY_LENGTH(STANDARDS));
    for (size_t i = 0; i < TARGET_PROPOSAL_COUNT; i++) {
        const struct target_proposal *one = &TARGET_PROPOSALS[i];
        int64_t value = 0;
        assert_string_equal(one->indicator, STANDARDS[i].indicator);
        assert_string_equal(one->kind, STANDARDS[i].kind);
        assert_string_equal(one->direction, STANDARDS[i].direction);
        assert_true(target_value_parse(one->value, &value));
        assert_int_equal(value, PERCENT(STANDARDS[i].percent));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimals_become_millionths),
        cmocka_unit_test(a_trajectory_climbs_month_by_month),
        cmocka_unit_test(a_target_holds_until_the_next_one_begins),
        cmocka_unit_test(national_standards_are_proposed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
