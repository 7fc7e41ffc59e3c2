/* The kpi service's rules: E1, E3, E4. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/kpi/rules.h"

static const struct figures NONE = {VALUE_NONE, VALUE_NONE, VALUE_NONE};

static bool has_fault(const struct problem *err, const char *pointer, const char *code)
{
    for (size_t i = 0; i < err->fault_count && i < FAULTS_LISTED_MAX; i++)
        if (strcmp(err->faults[i].pointer, pointer) == 0 && strcmp(err->faults[i].code, code) == 0)
            return true;
    return false;
}

static void a_percentage_says_what_is_counted_out_of_what(void **state)
{
    (void)state;
    struct specification specification = {.unit = UNIT_PERCENTAGE};
    struct problem err = {0};
    assert_false(specification_check(&specification, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    assert_true(has_fault(&err, "/numerator", "required"));
    assert_true(has_fault(&err, "/denominator", "required"));
    strcpy(specification.numerator, "seen in time");
    strcpy(specification.denominator, "all");
    problem_clear(&err);
    assert_true(specification_check(&specification, &err));
}

static void a_count_has_no_numerator(void **state)
{
    (void)state;
    struct specification specification = {.unit = UNIT_COUNT, .numerator = "a", .denominator = "b"};
    struct problem err = {0};
    assert_false(specification_check(&specification, &err));
    assert_true(has_fault(&err, "/numerator", "not-allowed"));
    assert_true(has_fault(&err, "/denominator", "not-allowed"));
    specification.numerator[0] = specification.denominator[0] = '\0';
    problem_clear(&err);
    assert_true(specification_check(&specification, &err));
}

static void only_numbers_of_people_can_be_withheld(void **state)
{
    (void)state;
    struct specification specification = {.unit = UNIT_COUNT, .is_suppressed = true};
    struct problem err = {0};
    assert_true(specification_check(&specification, &err));
    specification.unit = UNIT_MONEY;
    assert_false(specification_check(&specification, &err));
    assert_true(has_fault(&err, "/suppressesSmallNumbers", "not-allowed"));
    specification = (struct specification){
        .unit = UNIT_PERCENTAGE, .numerator = "a", .denominator = "b", .is_suppressed = true};
    problem_clear(&err);
    assert_true(specification_check(&specification, &err));
}

static void only_a_newer_draft_is_agreed(void **state)
{
    (void)state;
    struct specification specification = {.number = 2, .state = "draft", .indicator = "x"};
    struct indicator indicator = {.agreed_specification = 1};
    struct problem err = {0};
    assert_true(specification_may_agree(&specification, &indicator, &err));
    indicator.agreed_specification = 2;
    assert_false(specification_may_agree(&specification, &indicator, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    indicator.agreed_specification = 0;
    strcpy(specification.state, "agreed");
    problem_clear(&err);
    assert_false(specification_may_agree(&specification, &indicator, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
}

struct figures_case {
    struct figures figures;
    enum specification_unit unit;
    const char *pointer; /* of the one fault; NULL = fine */
    const char *code;
};

static void figures_fit_their_unit(void **state)
{
    (void)state;
    const struct figures_case cases[] = {
        {{0, 1, VALUE_NONE}, UNIT_PERCENTAGE, NULL, NULL},
        {{7, 7, VALUE_NONE}, UNIT_PERCENTAGE, NULL, NULL},
        {{8, 7, VALUE_NONE}, UNIT_PERCENTAGE, "/at/numerator", "maximum"},
        {{-1, 7, VALUE_NONE}, UNIT_PERCENTAGE, "/at/numerator", "minimum"},
        {{0, 0, VALUE_NONE}, UNIT_PERCENTAGE, "/at/denominator", "minimum"},
        {{VALUE_NONE, 7, VALUE_NONE}, UNIT_PERCENTAGE, "/at/numerator", "required"},
        {{7, VALUE_NONE, VALUE_NONE}, UNIT_PERCENTAGE, "/at/denominator", "required"},
        {{7, 7, 1}, UNIT_PERCENTAGE, "/at/value", "not-allowed"},
        {{VALUE_NONE, VALUE_NONE, 0}, UNIT_COUNT, NULL, NULL},
        {{VALUE_NONE, VALUE_NONE, -1}, UNIT_COUNT, "/at/value", "minimum"},
        {{VALUE_NONE, VALUE_NONE, -1}, UNIT_DAYS, "/at/value", "minimum"},
        {{VALUE_NONE, VALUE_NONE, -1}, UNIT_MONEY, NULL, NULL},
        {{VALUE_NONE, VALUE_NONE, VALUE_NONE}, UNIT_COUNT, "/at/value", "required"},
        {{1, VALUE_NONE, 1}, UNIT_COUNT, "/at/numerator", "not-allowed"},
        {{VALUE_NONE, 1, 1}, UNIT_COUNT, "/at/denominator", "not-allowed"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct problem err = {0};
        bool ok = figures_check(&cases[i].figures, cases[i].unit, "/at", &err);
        assert_int_equal(ok, cases[i].pointer == NULL);
        if (!ok) {
            assert_int_equal(err.fault_count, 1);
            assert_true(has_fault(&err, cases[i].pointer, cases[i].code));
        }
    }
}

static void percentages_have_three_decimals(void **state)
{
    (void)state;
    const struct {
        int64_t numerator, denominator;
        const char *text;
    } cases[] = {{12539, 21702, "57.778"}, {17278, 22999, "75.125"}, {0, 5, "0.000"},
                 {5, 5, "100.000"},        {1, 3, "33.333"},         {2, 3, "66.667"},
                 {1, 200000, "0.001"},     {1, 200001, "0.000"},     {-1, 3, "-33.333"}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char text[PERCENTAGE_SIZE];
        percentage_format(cases[i].numerator, cases[i].denominator, text);
        assert_string_equal(text, cases[i].text);
    }
}

static struct import_row row(size_t line, const char *organisation, int32_t month, const char *type,
                             int64_t numerator, int64_t denominator)
{
    struct import_row made = {
        .line = line, .month = month, .figures = {numerator, denominator, VALUE_NONE}};
    strcpy(made.organisation, organisation);
    strcpy(made.part, type);
    return made;
}

static struct import_rows *rows_of(struct import_row *rows, size_t count)
{
    struct import_rows *made = calloc(1, sizeof(*made));
    assert_non_null(made);
    made->rows = rows;
    made->count = count;
    return made;
}

static void department_types_are_summed_and_compared_with_what_is_there(void **state)
{
    (void)state;
    struct import_row read[] = {row(2, "ZZ2", 24000, "1", 10, 20), row(3, "ZZ1", 24001, "1", 5, 6),
                                row(4, "ZZ1", 24000, "other", 1, 2),
                                row(5, "ZZ1", 24000, "1", 15384, 21059),
                                row(6, "ZZ1", 24000, "2", 1894, 1940)};
    struct import_rows *rows = rows_of(read, 5);
    const char *const organisations[] = {"ZZ1", "ZZ2"};
    struct observation existing[2] = {
        {.organisation = "ZZ1",
         .month = 24000,
         .figures = {15384 + 1894 + 1, 21059 + 1940 + 2, VALUE_NONE}},
        {.organisation = "ZZ2", .month = 24000, .figures = {9, 20, VALUE_NONE}}};
    struct import_item items[5];
    assert_int_equal(import_plan(rows, organisations, 2, existing, 2, items), 3);
    assert_int_equal(rows->fault_count, 0);
    assert_string_equal(items[0].organisation, "ZZ1");
    assert_int_equal(items[0].figures.numerator, 17279);
    assert_int_equal(items[0].figures.denominator, 23001);
    assert_int_equal(items[0].action, IMPORT_UNCHANGED);
    assert_int_equal(items[1].month, 24001);
    assert_int_equal(items[1].action, IMPORT_CREATE);
    assert_string_equal(items[2].organisation, "ZZ2");
    assert_int_equal(items[2].action, IMPORT_REVISE);
    assert_int_equal(items[2].existing, 1);
    free(rows);
}

static void values_of_one_column_are_planned_too(void **state)
{
    (void)state;
    struct import_row read[] = {row(2, "ZZ1", 24000, "", VALUE_NONE, VALUE_NONE)};
    read[0].figures.value = 7;
    struct import_rows *rows = rows_of(read, 1);
    const char *const organisations[] = {"ZZ1"};
    struct import_item items[1];
    assert_int_equal(import_plan(rows, organisations, 1, NULL, 0, items), 1);
    assert_int_equal(items[0].figures.value, 7);
    import_figures_check(rows, items, 1, UNIT_COUNT);
    assert_int_equal(rows->fault_count, 0);
    import_figures_check(rows, items, 1, UNIT_PERCENTAGE);
    assert_true(rows->fault_count > 0);
    assert_int_equal(rows->faults[0].line, 2);
    free(rows);
}

static void figures_that_do_not_fit_are_named_by_the_first_row_of_their_item(void **state)
{
    (void)state;
    struct import_row read[] = {row(2, "ZZ3", 24000, "1", 1, 0), row(3, "ZZ1", 24000, "1", 1, 2),
                                row(4, "ZZ2", 24000, "2", 9, 1), row(5, "ZZ2", 24000, "1", 1, 1),
                                row(6, "ZZ2", 24001, "1", 3, 3)};
    struct import_rows *rows = rows_of(read, 5);
    const char *const organisations[] = {"ZZ1", "ZZ2", "ZZ3"};
    struct import_item items[5];
    size_t count = import_plan(rows, organisations, 3, NULL, 0, items);
    assert_int_equal(count, 4);
    import_figures_check(rows, items, count, UNIT_PERCENTAGE);
    assert_int_equal(rows->fault_count, 2);
    assert_int_equal(rows->faults[0].line,
                     5); /* ZZ2: 10 of 2; its type 1 comes before its type 2 */
    assert_string_equal(rows->faults[0].column, "numerator");
    assert_string_equal(rows->faults[0].code, "maximum");
    assert_int_equal(rows->faults[1].line, 2);
    assert_string_equal(rows->faults[1].column, "denominator");
    free(rows);
}

static void without_a_row_there_is_nothing_to_plan(void **state)
{
    (void)state;
    struct import_rows *rows = rows_of(NULL, 0);
    const char *const organisations[] = {"ZZ1"};
    const struct observation existing[1] = {{.organisation = "ZZ1", .month = 24000}};
    struct import_item items[1];
    import_fault_add(rows, 2, "month", "not-a-month", "no");
    rows->read_fault_count = 1;
    assert_int_equal(import_plan(rows, organisations, 1, existing, 1, items), 0);
    assert_int_equal(rows->fault_count, 1);
    free(rows);
}

static void a_row_that_stands_twice_and_a_stranger_are_named(void **state)
{
    (void)state;
    struct import_row read[] = {row(2, "ZZ1", 24000, "1", 1, 2), row(3, "ZZ1", 24000, "1", 1, 2),
                                row(4, "ZZ9", 24000, "1", 1, 2)};
    struct import_rows *rows = rows_of(read, 3);
    const char *const organisations[] = {"ZZ1"};
    struct import_item items[3];
    import_plan(rows, organisations, 1, NULL, 0, items);
    import_plan(rows, organisations, 1, NULL, 0, items); /* a repeated act plans again */
    assert_int_equal(rows->fault_count, 2);
    struct problem err = {0};
    assert_false(import_refuse(rows, &err));
    assert_int_equal(err.code, PROBLEM_IMPORT_INVALID);
    assert_int_equal(err.fault_count, 2);
    assert_true(has_fault(&err, "/line/3", "duplicate"));
    assert_true(has_fault(&err, "/line/4/organisation", "not-allowed"));
    free(rows);
}

/* The reader shows a cell's first forty bytes, be that within a character. */
static void a_fault_can_be_told_wherever_its_words_were_cut(void **state)
{
    (void)state;
    struct import_rows *rows = rows_of(NULL, 0);
    import_fault_add(rows, 2, "Caf\xc3", "not-a-number", "'%.3s' is not a whole number",
                     "ca\u00e9");
    assert_string_equal(rows->faults[0].column, "Caf?");
    assert_string_equal(rows->faults[0].detail, "'ca?' is not a whole number");
    free(rows);
}

static void faults_past_the_thousandth_are_counted(void **state)
{
    (void)state;
    struct import_rows *rows = rows_of(NULL, 0);
    for (size_t i = 0; i < IMPORT_FAULTS_MAX + 5; i++)
        import_fault_add(rows, i, "column", "code", "fault %zu", i);
    assert_int_equal(rows->fault_count, IMPORT_FAULTS_MAX + 5);
    assert_string_equal(rows->faults[IMPORT_FAULTS_MAX - 1].detail, "fault 999");
    struct problem err = {0};
    assert_false(import_refuse(rows, &err));
    assert_int_equal(err.fault_count, IMPORT_FAULTS_MAX + 5);
    free(rows);
}

static void figures_are_equal_member_by_member(void **state)
{
    (void)state;
    struct figures a = {1, 2, VALUE_NONE};
    assert_true(figures_equal(&a, &a));
    assert_false(figures_equal(&a, &NONE));
    assert_false(figures_equal(&a, &(struct figures){1, 3, VALUE_NONE}));
    assert_false(figures_equal(&a, &(struct figures){1, 2, 3}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_percentage_says_what_is_counted_out_of_what),
        cmocka_unit_test(a_count_has_no_numerator),
        cmocka_unit_test(only_a_newer_draft_is_agreed),
        cmocka_unit_test(figures_fit_their_unit),
        cmocka_unit_test(only_numbers_of_people_can_be_withheld),
        cmocka_unit_test(percentages_have_three_decimals),
        cmocka_unit_test(department_types_are_summed_and_compared_with_what_is_there),
        cmocka_unit_test(values_of_one_column_are_planned_too),
        cmocka_unit_test(figures_that_do_not_fit_are_named_by_the_first_row_of_their_item),
        cmocka_unit_test(without_a_row_there_is_nothing_to_plan),
        cmocka_unit_test(a_row_that_stands_twice_and_a_stranger_are_named),
        cmocka_unit_test(a_fault_can_be_told_wherever_its_words_were_cut),
        cmocka_unit_test(faults_past_the_thousandth_are_counted),
        cmocka_unit_test(figures_are_equal_member_by_member),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
