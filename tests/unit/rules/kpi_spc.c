/* XmR charts: the vectors of the domain, each rule at its edge, phases, baselines, icons (E5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "services/kpi/rules/spc.h"

static const struct spc_options USUAL = {.run_length = 7};

static struct spc_point points[SPC_POINTS_MAX];
static struct spc_phase phases[SPC_POINTS_MAX];

static size_t chart_of(const int values[], size_t count, const struct spc_options *options)
{
    for (size_t i = 0; i < count; i++)
        points[i] = (struct spc_point){.value = (__int128)values[i] * SPC_SCALE};
    return spc_chart(points, count, options, phases);
}
#define chart(options, ...)                                                                        \
    chart_of((const int[]){__VA_ARGS__}, sizeof((const int[]){__VA_ARGS__}) / sizeof(int),         \
             &(options))

static void assert_line(__int128 line, const char *wanted, int places)
{
    char text[SPC_TEXT_SIZE];
    spc_format(line, phases[0].denominator, places, text);
    assert_string_equal(text, wanted);
}

/* Every point's signals, a letter each: o outside, r run, t trend, 2 two of three, * several. */
static void assert_signals(size_t count, const char *wanted)
{
    char found[SPC_POINTS_MAX + 1] = "";
    for (size_t i = 0; i < count; i++) {
        unsigned signals = points[i].signals;
        found[i] = signals == 0                  ? '.'
                   : signals == SPC_OUTSIDE      ? 'o'
                   : signals == SPC_RUN          ? 'r'
                   : signals == SPC_TREND        ? 't'
                   : signals == SPC_TWO_OF_THREE ? '2'
                                                 : '*';
    }
    assert_string_equal(found, wanted);
}

#define EIGHTEEN 1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1

static void the_series_of_eighteen_has_its_limits(void **state)
{
    (void)state;
    assert_int_equal(chart(USUAL, EIGHTEEN), 1);
    assert_line(phases[0].mean, "1.94", 2);
    assert_line(phases[0].lower, "-3.06", 2);
    assert_line(phases[0].upper, "6.95", 2);
    assert_signals(18, "....o.............");
    assert_int_equal(points[4].side, 1);
}

static void screening_leaves_great_ranges_out_once(void **state)
{
    (void)state;
    const struct spc_options screened = {.run_length = 7, .is_screened = true};
    chart(screened, EIGHTEEN);
    assert_line(phases[0].mean, "1.94", 2);
    assert_line(phases[0].lower, "-0.72", 2);
    assert_line(phases[0].upper, "4.60", 2);
    assert_line(phases[0].lower, "-0.716", 3);
}

static void limits_are_266_and_near_ones_177_mean_ranges_away(void **state)
{
    (void)state;
    chart(USUAL, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2);
    assert_line(phases[0].mean, "1", 0);
    assert_line(phases[0].lower, "-4.32", 2);
    assert_line(phases[0].upper, "6.32", 2);
    assert_line(phases[0].lower_near, "-2.546667", 6);
    assert_line(phases[0].upper_near, "4.546667", 6);
}

static void a_chart_needs_thirteen_points(void **state)
{
    (void)state;
    assert_int_equal(chart(USUAL, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 90), 1);
    assert_false(phases[0].has_limits);
    assert_signals(12, "............");
    chart(USUAL, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 90, 1);
    assert_true(phases[0].has_limits);
    assert_signals(13, "rrrrrrrrrrro.");
    assert_int_equal(spc_chart(points, 0, &USUAL, phases), 0);
}

static void a_constant_series_has_its_mean_for_limits_and_no_signal(void **state)
{
    (void)state;
    const struct spc_options old = {.run_length = 6, .two_of_three_old = true, .is_screened = true};
    chart(old, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5);
    assert_line(phases[0].lower, "5.00", 2);
    assert_line(phases[0].upper, "5.00", 2);
    assert_signals(13, ".............");
}

/* Mean 0, mean range 100: limits +-266, near limits +-177.33, through a frozen baseline. */
#define BASE -50, 50, -50, 50, -50, 50, -50, 50, -50, 50, -50, 50, -50, 50
static const struct spc_options FROZEN = {.run_length = 7, .baseline_points = 14};

static void only_strictly_outside_is_outside(void **state)
{
    (void)state;
    chart(FROZEN, BASE, 266, 267, -266, -267);
    assert_line(phases[0].upper, "266", 0);
    assert_int_equal(phases[0].baseline_points, 14);
    assert_true((points[15].signals & SPC_OUTSIDE) && (points[17].signals & SPC_OUTSIDE));
    assert_false((points[14].signals | points[16].signals) & SPC_OUTSIDE);
    assert_int_equal(points[17].side, -1);
}

static void seven_on_one_side_are_a_run_and_a_point_on_the_mean_breaks_it(void **state)
{
    (void)state;
    chart(FROZEN, BASE, -9, 9, 8, 9, 8, 9, 8, 9);
    assert_signals(22, "...............rrrrrrr");
    assert_int_equal(points[21].side, 1);
    chart(FROZEN, BASE, -9, 9, 8, 9, 0, 9, 8, 9);
    assert_signals(22, "......................");
    chart(FROZEN, BASE, -9, -8, -9, -8, -9, -8, -9, -8);
    assert_signals(22, "..............rrrrrrrr");
    assert_int_equal(points[21].side, -1);
}

static void seven_rising_or_falling_are_a_trend_and_a_tie_breaks_it(void **state)
{
    (void)state;
    chart(FROZEN, BASE, -30, -20, -10, 10, 20, 30, 40);
    assert_signals(21, "..............ttttttt");
    assert_int_equal(points[20].side, 1);
    chart(FROZEN, BASE, -30, -20, -10, 10, 10, 20, 30, 40);
    assert_signals(22, "......................");
    chart(FROZEN, BASE, 60, 40, 30, 20, -10, -20, -30);
    assert_signals(21, "..............ttttttt");
    assert_int_equal(points[20].side, -1);
}

static void two_of_three_near_one_limit_with_all_on_its_side(void **state)
{
    (void)state;
    chart(FROZEN, BASE, -9, 178, 3, 200);
    assert_signals(18, "...............2.2");
    chart(FROZEN, BASE, -9, 177, 3, 200);
    assert_signals(18, "..................");
    chart(FROZEN, BASE, -9, 178, -3, 200);
    assert_signals(18, "..................");
    chart(FROZEN, BASE, 9, -178, -3, -200);
    assert_signals(18, "...............2.2");
    assert_int_equal(points[17].side, -1);
    chart(FROZEN, BASE, 9, -178, -190, 200);
    assert_signals(18, "..................");
}

static void before_november_2023_the_third_lay_on_either_side(void **state)
{
    (void)state;
    const struct spc_options old = {
        .run_length = 7, .baseline_points = 14, .two_of_three_old = true};
    chart(old, BASE, -9, 178, -3, 200);
    assert_signals(18, "...............2.2");
    chart(old, BASE, -9, 178, -3, 20);
    assert_signals(18, "..................");
}

static void runs_may_be_six_long(void **state)
{
    (void)state;
    const struct spc_options six = {.run_length = 6, .baseline_points = 14};
    chart(six, BASE, -9, 9, 8, 9, 8, 9, 8);
    assert_signals(21, "...............rrrrrr");
    chart(FROZEN, BASE, -9, 9, 8, 9, 8, 9, 8);
    assert_signals(21, ".....................");
}

static void nothing_crosses_a_rebase(void **state)
{
    (void)state;
    const int values[] = {1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 9,
                          8, 9, 8, 9, 8, 9, 8, 9, 8, 9, 8, 9, 3, 4};
    for (size_t i = 0; i < ARRAY_LENGTH(values); i++)
        points[i] = (struct spc_point){.value = (__int128)values[i] * SPC_SCALE,
                                       .begins_phase = i == 0 || i == 13 || i == 26};
    assert_int_equal(spc_chart(points, ARRAY_LENGTH(values), &USUAL, phases), 3);
    assert_signals(ARRAY_LENGTH(values), "............................");
    assert_int_equal(points[13].phase, 1);
    assert_int_equal(phases[1].begin, 13);
    assert_int_equal(phases[1].end, 26);
    assert_true(phases[0].has_limits && phases[1].has_limits);
    assert_false(phases[2].has_limits);
    points[13].begins_phase = points[26].begins_phase = false;
    assert_int_equal(spc_chart(points, ARRAY_LENGTH(values), &USUAL, phases), 1);
    assert_true(points[0].signals != 0);
}

static void a_baseline_longer_than_the_phase_is_all_of_it(void **state)
{
    (void)state;
    const struct spc_options lengthy = {.run_length = 7, .baseline_points = 99};
    chart(lengthy, EIGHTEEN);
    assert_int_equal(phases[0].baseline_points, 18);
}

static void the_icon_is_of_the_latest_point_and_which_way_is_better(void **state)
{
    (void)state;
    const struct spc_point none = {0}, high = {.signals = SPC_OUTSIDE, .side = 1},
                           low = {.signals = SPC_TREND, .side = -1};
    assert_int_equal(spc_variation(&none, SPC_UP), SPC_COMMON_CAUSE);
    assert_int_equal(spc_variation(&high, SPC_UP), SPC_IMPROVING);
    assert_int_equal(spc_variation(&high, SPC_DOWN), SPC_CONCERNING);
    assert_int_equal(spc_variation(&low, SPC_UP), SPC_CONCERNING);
    assert_int_equal(spc_variation(&low, SPC_DOWN), SPC_IMPROVING);
    assert_int_equal(spc_variation(&high, SPC_NEUTRAL), SPC_HIGH);
    assert_int_equal(spc_variation(&low, SPC_NEUTRAL), SPC_LOW);
}

static void a_target_is_passed_failed_or_a_matter_of_chance(void **state)
{
    (void)state;
    chart(FROZEN, BASE); /* limits +-266 */
    const int64_t one = SPC_SCALE;
    assert_int_equal(spc_assurance(-267 * one, &phases[0], SPC_UP), SPC_PASSES);
    assert_int_equal(spc_assurance(-266 * one, &phases[0], SPC_UP), SPC_HIT_OR_MISS);
    assert_int_equal(spc_assurance(266 * one, &phases[0], SPC_UP), SPC_HIT_OR_MISS);
    assert_int_equal(spc_assurance(267 * one, &phases[0], SPC_UP), SPC_FAILS);
    assert_int_equal(spc_assurance(-267 * one, &phases[0], SPC_DOWN), SPC_FAILS);
    assert_int_equal(spc_assurance(267 * one, &phases[0], SPC_DOWN), SPC_PASSES);
    assert_int_equal(spc_assurance(267 * one, &phases[0], SPC_NEUTRAL), SPC_NO_ASSURANCE);
}

static void decimals_round_half_away_from_zero(void **state)
{
    (void)state;
    char text[SPC_TEXT_SIZE];
    spc_format((__int128)5 * SPC_SCALE, 10, 0, text);
    assert_string_equal(text, "1");
    spc_format((__int128)-5 * SPC_SCALE, 1000, 2, text);
    assert_string_equal(text, "-0.01");
    spc_format((__int128)-4 * SPC_SCALE, 1000, 2, text);
    assert_string_equal(text, "0.00");
    spc_format((__int128)123456789012345 * SPC_SCALE, 1, 3, text);
    assert_string_equal(text, "123456789012345.000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_series_of_eighteen_has_its_limits),
        cmocka_unit_test(screening_leaves_great_ranges_out_once),
        cmocka_unit_test(limits_are_266_and_near_ones_177_mean_ranges_away),
        cmocka_unit_test(a_chart_needs_thirteen_points),
        cmocka_unit_test(a_constant_series_has_its_mean_for_limits_and_no_signal),
        cmocka_unit_test(only_strictly_outside_is_outside),
        cmocka_unit_test(seven_on_one_side_are_a_run_and_a_point_on_the_mean_breaks_it),
        cmocka_unit_test(seven_rising_or_falling_are_a_trend_and_a_tie_breaks_it),
        cmocka_unit_test(two_of_three_near_one_limit_with_all_on_its_side),
        cmocka_unit_test(before_november_2023_the_third_lay_on_either_side),
        cmocka_unit_test(runs_may_be_six_long),
        cmocka_unit_test(nothing_crosses_a_rebase),
        cmocka_unit_test(a_baseline_longer_than_the_phase_is_all_of_it),
        cmocka_unit_test(the_icon_is_of_the_latest_point_and_which_way_is_better),
        cmocka_unit_test(a_target_is_passed_failed_or_a_matter_of_chance),
        cmocka_unit_test(decimals_round_half_away_from_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
