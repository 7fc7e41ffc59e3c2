/* What NHS England publishes, read as it is published: the RTT full extract (a real one where there
 * is one, see ACCORD_PUBLISHED_DATA, and an invented one always) and the monthly A&E file. No
 * database. */
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

static struct import_rows *read_rows(const char *format, const char *text)
{
    struct import_rows *rows = NULL;
    struct problem err = {0};
    if (!import_read_csv(format, text, strlen(text), &rows, &err))
        fail_msg("%s: %s", err.detail, err.faults[0].detail);
    return rows;
}

static void assert_refused(const char *format, const char *text, const char *code)
{
    struct import_rows *rows = NULL;
    struct problem err = {0};
    assert_false(import_read_csv(format, text, strlen(text), &rows, &err));
    assert_string_equal(err.faults[0].code, code);
}

static void assert_fault(const struct import_rows *rows, size_t at, size_t line, const char *column,
                         const char *code)
{
    assert_true(at < rows->fault_count);
    assert_int_equal(rows->faults[at].line, line);
    assert_string_equal(rows->faults[at].column, column);
    assert_string_equal(rows->faults[at].code, code);
}

/* --- the RTT full extract ------------------------------------------------------------------------
 */

enum { WEEKS = 104 };

/* The header, and lines: 121 columns, as published. The caller frees. */
struct file {
    char *text;
    size_t size;
    FILE *out;
};

static void file_begin(struct file *file)
{
    file->out = open_memstream(&file->text, &file->size);
    assert_non_null(file->out);
    fputs("Period,Provider Parent Org Code,Provider Parent Name,Provider Org Code,"
          "Provider Org Name,Commissioner Parent Org Code,Commissioner Parent Name,"
          "Commissioner Org Code,Commissioner Org Name,RTT Part Type,RTT Part Description,"
          "Treatment Function Code,Treatment Function Name",
          file->out);
    for (int week = 0; week < WEEKS; week++)
        fprintf(file->out, ",Gt %02d To %02d Weeks SUM 1", week, week + 1);
    fputs(",Gt 104 Weeks SUM 1,Total,Patients with unknown clock start date,Total All\n",
          file->out);
}

/* `each` in every one of the first 20 weeks, blanks after. */
static void file_line(struct file *file, const char *commissioner, const char *part,
                      const char *function, int each, const char *total_all)
{
    fprintf(file->out,
            "RTT-November-2024,QVV,\"NHS SOMEWHERE, AN ICB\",ZZ1,NORTHFIELD,,,%s,COMMISSIONER,%s,"
            "Words,%s,Total",
            commissioner, part, function);
    for (int week = 0; week <= WEEKS; week++)
        if (week < 20)
            fprintf(file->out, ",%d", each);
        else
            fputc(',', file->out);
    fprintf(file->out, ",,,%s\n", total_all);
}

static char *file_end(struct file *file)
{
    assert_int_equal(fclose(file->out), 0);
    return file->text;
}

static void incomplete_pathways_of_all_functions_are_taken(void **state)
{
    (void)state;
    struct file file;
    file_begin(&file);
    file_line(&file, "13Q", "Part_2", "C_999", 5, "100");
    file_line(&file, "13Q", "Part_2", "C_100", 5, "100");  /* a function of it */
    file_line(&file, "13Q", "Part_2A", "C_999", 3, "60");  /* a part of it */
    file_line(&file, "13Q", "Part_1A", "C_999", 7, "140"); /* completed */
    file_line(&file, "11J", "Part_2", "C_999", 1, "20");
    char_auto_t *text = file_end(&file);
    import_rows_auto_t *rows = read_rows("rtt-full-extract", text);
    assert_int_equal(rows->fault_count, 0);
    assert_int_equal(rows->count, 2);
    struct import_item items[2];
    const char *const organisations[] = {"ZZ1"};
    assert_int_equal(import_plan(rows, organisations, 1, NULL, 0, items), 1);
    assert_int_equal(items[0].figures.numerator, 18 * 6);
    assert_int_equal(items[0].figures.denominator, 120);
    char month[MONTH_SIZE];
    month_format(items[0].month, month);
    assert_string_equal(month, "2024-25-M08");
}

static void every_bad_line_of_the_extract_is_named(void **state)
{
    (void)state;
    struct file file;
    file_begin(&file);
    file_line(&file, "13Q", "Part_2", "C_999", 5, "99");  /* another sum */
    file_line(&file, "11J", "Part_2", "C_999", 5, "");    /* no sum */
    file_line(&file, "11J", "Part_2", "C_999", 5, "x");   /* no number */
    file_line(&file, "11J", "Part_4", "C_999", 5, "100"); /* no such part */
    file_line(&file, "943 476 5919", "Part_1A", "C_100", 5, "100");
    file_line(&file, "11J", "Part_1A", "943 476 5919", 5, "100");
    file_line(&file, "11J", "943 476 5919", "C_100", 5, "100");
    file_line(&file, "11J", "Part_2", "C_999", 5, "100");
    char_auto_t *text = file_end(&file);
    import_rows_auto_t *rows = read_rows("rtt-full-extract", text);
    assert_int_equal(rows->fault_count, 7);
    assert_fault(rows, 0, 2, "Total All", "total");
    assert_fault(rows, 1, 3, "Total All", "total");
    assert_fault(rows, 2, 4, "Total All", "not-a-number");
    assert_fault(rows, 3, 5, "RTT Part Type", "unknown-part");
    assert_fault(rows, 4, 6, "Commissioner Org Code", "nhs-number");
    assert_fault(rows, 5, 7, "Treatment Function Code", "nhs-number");
    assert_fault(rows, 6, 8, "RTT Part Type", "nhs-number");
    for (size_t i = 0; i < rows->fault_count; i++)
        assert_null(strstr(rows->faults[i].detail, "943"));
    assert_int_equal(rows->count, 1);
}

static void a_line_that_stands_twice_is_named(void **state)
{
    (void)state;
    struct file file;
    file_begin(&file);
    file_line(&file, "13Q", "Part_2", "C_999", 5, "100");
    file_line(&file, "13Q", "Part_2", "C_999", 5, "100");
    char_auto_t *text = file_end(&file);
    import_rows_auto_t *rows = read_rows("rtt-full-extract", text);
    struct import_item items[2];
    const char *const organisations[] = {"ZZ1"};
    (void)import_plan(rows, organisations, 1, NULL, 0, items);
    assert_fault(rows, 0, 3, "", "duplicate");
}

static void what_is_no_extract_is_refused(void **state)
{
    (void)state;
    struct file file;
    file_begin(&file);
    char_auto_t *empty = file_end(&file);
    assert_refused("rtt-full-extract", empty, "empty");
    char *week = strstr(empty, "Gt 17 To 18");
    assert_non_null(week);
    memcpy(week, "Gt 18 To 19", 11); /* a week twice, another one missing */
    assert_refused("rtt-full-extract", empty, "header");
    assert_refused("rtt-full-extract", "organisation,month,value\nZZ1,2026-27-M01,7\n", "header");
    assert_refused("ae-monthly", "organisation,month,value\nZZ1,2026-27-M01,7\n", "header");
}

/* 21,702 waiting at Dorset County Hospital in November 2024, 12,539 of them within 18 weeks. */
static void the_real_extract_gives_what_is_known_of_it(void **state)
{
    (void)state;
    const char *folder = getenv("ACCORD_PUBLISHED_DATA");
    char path[4096], percentage[PERCENTAGE_SIZE];
    snprintf(path, sizeof(path), "%s/rtt-2024-11-RBD.csv",
             folder == NULL ? "../shared/data" : folder);
    FILE *in = fopen(path, "r");
    if (in == NULL) {
        print_message("no %s: the invented extract alone was read\n", path);
        skip();
        return;
    }
    char_auto_t *text = NULL;
    size_t size = 0;
    ssize_t length = getdelim(&text, &size, '\0', in);
    fclose(in);
    assert_true(length > 0);
    print_message("read %s\n", path);
    import_rows_auto_t *rows = read_rows("rtt-full-extract", text);
    assert_int_equal(rows->fault_count, 0);
    assert_int_equal(rows->count, 41);
    struct import_item items[41];
    const char *const organisations[] = {"RBD"};
    assert_int_equal(import_plan(rows, organisations, 1, NULL, 0, items), 1);
    assert_int_equal(rows->fault_count, 0);
    assert_int_equal(items[0].figures.denominator, 21702);
    assert_int_equal(items[0].figures.numerator, 12539);
    percentage_format(items[0].figures.numerator, items[0].figures.denominator, percentage);
    assert_string_equal(percentage, "57.778");
}

/* --- the monthly A&E file
 * --------------------------------------------------------------------------
 */

#define MONTHLY                                                                                    \
    "Period,Org Code,Parent Org,Org name,A&E attendances Type 1,A&E attendances Type 2,"           \
    "A&E attendances Other A&E Department,A&E attendances Booked Appointments Type 1,"             \
    "A&E attendances Booked Appointments Type 2,"                                                  \
    "A&E attendances Booked Appointments Other Department,Attendances over 4hrs Type 1,"           \
    "Attendances over 4hrs Type 2,Attendances over 4hrs Other Department,"                         \
    "Attendances over 4hrs Booked Appointments Type 1,"                                            \
    "Attendances over 4hrs Booked Appointments Type 2,"                                            \
    "Attendances over 4hrs Booked Appointments Other Department,"                                  \
    "Patients who have waited 4-12 hs from DTA to admission,"                                      \
    "Patients who have waited 12+ hrs from DTA to admission,"                                      \
    "Emergency admissions via A&E - Type 1,Emergency admissions via A&E - Type 2,"                 \
    "Emergency admissions via A&E - Other A&E department,Other emergency admissions\n"

static void booked_attendances_count_and_the_total_does_not(void **state)
{
    (void)state;
    import_rows_auto_t *rows =
        read_rows("ae-monthly", MONTHLY
                  "MSitAE-NOVEMBER-2024,ZZ1,NHS ENGLAND LONDON,NORTHFIELD,"
                  "1000,200,300,40,5,6,400,50,60,7,8,9,1,2,3,4,5,6\n"
                  "MSitAE-JANUARY-2025,ZZ3,NHS ENGLAND LONDON,WESTBROOK,"
                  "10,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0\n"
                  "TOTAL,TOTAL,TOTAL,TOTAL,1010,200,300,40,5,6,401,50,60,7,8,9,1,2,3,4,5,6\n");
    assert_int_equal(rows->fault_count, 0);
    assert_int_equal(rows->count, 2);
    assert_int_equal(rows->rows[0].figures.denominator, 1551);
    assert_int_equal(rows->rows[0].figures.numerator, 1551 - 534);
    char month[MONTH_SIZE];
    month_format(rows->rows[1].month, month);
    assert_string_equal(month, "2024-25-M10");
}

static void every_bad_line_of_the_monthly_file_is_named(void **state)
{
    (void)state;
    import_rows_auto_t *rows =
        read_rows("ae-monthly", MONTHLY
                  "NOVEMBER-2024,ZZ1,L,N,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0\n"
                  "MSitAE-SMARCH-2024,ZZ1,L,N,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0\n"
                  "MSitAE-MARCH-24,ZZ1,L,N,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0\n"
                  "MSitAE-MARCH-2024,zz1,L,N,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0\n"
                  "MSitAE-MARCH-2024,ZZ1,L,N,1,0,0,0,0,0,2,0,0,0,0,0,0,0,0,0,0,0\n"
                  "MSitAE-MARCH-2024,ZZ1,L,9434765919,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,x\n");
    assert_int_equal(rows->fault_count, 7);
    for (size_t i = 0; i < 3; i++)
        assert_fault(rows, i, i + 2, "Period", "not-a-month");
    assert_fault(rows, 3, 5, "Org Code", "not-an-organisation");
    assert_fault(rows, 4, 6, "Attendances over 4hrs", "maximum");
    assert_fault(rows, 5, 7, "Org name", "nhs-number");
    assert_fault(rows, 6, 7, "Other emergency admissi", "not-a-number");
    assert_int_equal(rows->count, 0);
}

static void typed_numbers_may_look_like_nhs_numbers(void **state)
{
    (void)state;
    import_rows_auto_t *rows =
        read_rows("plain", "organisation,month,value\nZZ1,2026-27-M01,9434765919\n");
    assert_int_equal(rows->fault_count, 0);
    import_rows_auto_t *cells =
        read_rows("plain", "organisation,month,value\n9434765919x,9434765919,943-476-5919\n");
    assert_fault(cells, 0, 2, "organisation", "not-an-organisation"); /* no whole token */
    assert_fault(cells, 1, 2, "month", "nhs-number");
    assert_fault(cells, 2, 2, "value", "nhs-number");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(incomplete_pathways_of_all_functions_are_taken),
        cmocka_unit_test(every_bad_line_of_the_extract_is_named),
        cmocka_unit_test(a_line_that_stands_twice_is_named),
        cmocka_unit_test(what_is_no_extract_is_refused),
        cmocka_unit_test(the_real_extract_gives_what_is_known_of_it),
        cmocka_unit_test(booked_attendances_count_and_the_total_does_not),
        cmocka_unit_test(every_bad_line_of_the_monthly_file_is_named),
        cmocka_unit_test(typed_numbers_may_look_like_nhs_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
