/* Reading imports: every bad row is named, a good file gives its rows. No database. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/kpi/import.h"
#include "services/kpi/rules.h"

#define AE_HEADER "period,org_code,type,attendances,breaches,admissions\n"

static struct import_rows *read_rows(const char *format, const char *text)
{
    struct import_rows *rows = NULL;
    struct problem err = {0};
    if (!import_read_csv(format, text, strlen(text), &rows, &err))
        fail_msg("%s", err.detail);
    return rows;
}

static void refused(const char *format, const char *text, const char *code)
{
    struct import_rows *rows = NULL;
    struct problem err = {0};
    assert_false(import_read_csv(format, text, strlen(text), &rows, &err));
    assert_int_equal(err.code, PROBLEM_IMPORT_INVALID);
    assert_string_equal(err.faults[0].code, code);
    assert_null(rows);
}

static void attendances_less_breaches_are_the_numerator(void **state)
{
    (void)state;
    import_rows_auto_t *rows = read_rows("ae-long", AE_HEADER "2019-03-01,ZZ1,1,21059,5675,5316\r\n"
                                                              "2019-03-01,ZZ1,other,1940,46,16\n");
    assert_int_equal(rows->fault_count, 0);
    assert_int_equal(rows->count, 2);
    assert_int_equal(rows->rows[0].figures.numerator, 21059 - 5675);
    assert_int_equal(rows->rows[0].figures.denominator, 21059);
    assert_int_equal(rows->rows[0].line, 2);
    char month[MONTH_SIZE];
    month_format(rows->rows[1].month, month);
    assert_string_equal(month, "2018-19-M12");
}

static void every_bad_row_is_named_with_its_line_and_column(void **state)
{
    (void)state;
    import_rows_auto_t *rows = read_rows(
        "ae-long", AE_HEADER "2019-03-02,ZZ1,1,1,1,1\n"  /* not a first day */
                             "2019-03-01,zz1,1,1,1,1\n"  /* not a code */
                             "2019-03-01,ZZ1,3,1,1,1\n"  /* no such type */
                             "2019-03-01,ZZ1,1,x,1,1\n"  /* not a number, and so breaches > 0 */
                             "2019-03-01,ZZ1,1,1,2,1\n"  /* more breaches than attendances */
                             "2019-03-01,ZZ1,1,1,1\n"    /* too few columns */
                             "2019-03-01,ZZ1,1,-1,0,1\n" /* negative */
                             "2019-03-01,ZZ1,1,5,1,1\n");
    const struct {
        size_t line;
        const char *column, *code;
    } expected[] = {{2, "period", "not-a-month"}, {3, "org_code", "not-an-organisation"},
                    {4, "type", "unknown-type"},  {5, "attendances", "not-a-number"},
                    {5, "breaches", "maximum"},   {6, "breaches", "maximum"},
                    {7, "", "columns"},           {8, "attendances", "not-a-number"}};
    assert_int_equal(rows->fault_count, ARRAY_LENGTH(expected));
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
        assert_int_equal(rows->faults[i].line, expected[i].line);
        assert_string_equal(rows->faults[i].column, expected[i].column);
        assert_string_equal(rows->faults[i].code, expected[i].code);
    }
    assert_int_equal(rows->count, 1); /* the good one */
}

static void plain_files_have_proportions_or_values(void **state)
{
    (void)state;
    import_rows_auto_t *proportions = read_rows(
        "plain", "\xef\xbb\xbforganisation,month,numerator,denominator\nZZ1,2026-27-M01,3,4\n");
    assert_int_equal(proportions->rows[0].figures.numerator, 3);
    assert_true(proportions->rows[0].figures.value == VALUE_NONE);
    import_rows_auto_t *values =
        read_rows("plain", "organisation,month,value\nZZ1,2026-27-M01,-7\n");
    assert_int_equal(values->rows[0].figures.value, -7);
    import_rows_auto_t *bad = read_rows("plain", "organisation,month,value\nZZ1,2026-13,7\n");
    assert_string_equal(bad->faults[0].column, "month");
}

static void what_is_no_import_at_all_is_refused(void **state)
{
    (void)state;
    refused("ae-long", "period,org\n2019-03-01,ZZ1\n", "header");
    refused("ae-long", "", "header");
    refused("ae-long", AE_HEADER, "empty");
    refused("plain", AE_HEADER "2019-03-01,ZZ1,1,1,1,1\n", "header");
}

static void broken_quoting_and_long_fields_are_faults(void **state)
{
    (void)state;
    import_rows_auto_t *rows =
        read_rows("plain", "organisation,month,value\nZZ1,2026-27-M01,\"7\n");
    assert_string_equal(rows->faults[0].code, "syntax");
    char text[512];
    snprintf(text, sizeof(text), "organisation,month,value\nZZ1,2026-27-M01,%0200d\n", 7);
    import_rows_auto_t *lengthy = read_rows("plain", text);
    assert_string_equal(lengthy->faults[0].code, "too-long");
}

static void too_many_rows_are_refused_whole(void **state)
{
    (void)state;
    const char *line = "ZZ1,2026-27-M01,7\n";
    size_t size = 64 + strlen(line) * (IMPORT_ROWS_MAX + 1);
    char_auto_t *text = malloc(size);
    assert_non_null(text);
    char *end = stpcpy(text, "organisation,month,value\n");
    for (int i = 0; i <= IMPORT_ROWS_MAX; i++)
        end = stpcpy(end, line);
    refused("plain", text, "too-many-rows");
}

static void json_rows_are_read_like_plain_ones(void **state)
{
    (void)state;
    json_auto_t *body = json_pack("{s:[{s:s,s:s,s:i,s:i},{s:s,s:s,s:i}]}", "rows", "organisation",
                                  "ZZ1", "month", "2026-27-M01", "numerator", 1, "denominator", 2,
                                  "organisation", "ZZ2", "month", "2026-27-M02", "value", 9);
    struct import_rows *read = NULL;
    struct problem err = {0};
    assert_true(import_read_json(body, &read, &err));
    import_rows_auto_t *rows = read;
    assert_int_equal(rows->count, 2);
    assert_int_equal(rows->rows[0].figures.denominator, 2);
    assert_int_equal(rows->rows[1].figures.value, 9);
    assert_int_equal(rows->rows[1].line, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attendances_less_breaches_are_the_numerator),
        cmocka_unit_test(every_bad_row_is_named_with_its_line_and_column),
        cmocka_unit_test(plain_files_have_proportions_or_values),
        cmocka_unit_test(what_is_no_import_at_all_is_refused),
        cmocka_unit_test(broken_quoting_and_long_fields_are_faults),
        cmocka_unit_test(too_many_rows_are_refused_whole),
        cmocka_unit_test(json_rows_are_read_like_plain_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
