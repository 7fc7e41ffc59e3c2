/* Instants, days and financial months. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <time.h>

#include "common/instant.h"

static void instants_are_rfc_3339_in_utc(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1969-12-31T23:59:59.999Z", -1},
        {"2026-04-01T00:00:00.000Z", 1775001600000},
        {"2026-04-01T00:00:00.1Z", 1775001600100},
        {"2026-04-01T00:00:00.123999999Z", 1775001600123},
        {"2024-02-29T23:59:59Z", 1709251199000},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t ms;
        assert_true(instant_parse(good[i].text, &ms));
        assert_true(ms == good[i].ms);
    }
    static const char *const bad[] = {
        "",
        "2026-04-01",
        "2026-04-01T00:00:00",
        "2026-04-01T00:00:00+00:00",
        "2026-04-01t00:00:00Z",
        "2026-04-01T00:00:00z",
        "2026-04-01 00:00:00Z",
        "2026-04-01T24:00:00Z",
        "2026-04-01T23:60:00Z",
        "2026-04-01T23:59:60Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-04-00T00:00:00Z",
        "2026-04-01T00:00:00.Z",
        "2026-04-01T00:00:00.1234567890Z",
        "2026-04-01T00:00:00ZZ",
        " 2026-04-01T00:00:00Z",
        "1899-12-31T00:00:00Z",
        "2200-01-01T00:00:00Z",
        "+026-04-01T00:00:00Z",
        "2026-4-01T00:00:00Z",
        "202:-04-01T00:00:00Z",
        "2026/04-01T00:00:00Z",
        "2026-04/01T00:00:00Z",
        "2026-04-0xT00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-04-01T0x:00:00Z",
        "2026-04-01T00.00:00Z",
        "2026-04-01T00:0x:00Z",
        "2026-04-01T00:00.00Z",
        "2026-04-01T00:00:0xZ",
        "2026-04-01T00:00:00.1:Z",
        "2026-04-01T00:00:00.1",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t ms = 7;
        if (instant_parse(bad[i], &ms))
            fail_msg("'%s' was taken", bad[i]);
        assert_true(ms == 7);
    }
}

static void every_instant_reads_back(void **state)
{
    (void)state;
    for (int64_t ms = -2208988800000; ms < 7258118400000; ms += 86399999 * 7) {
        char text[INSTANT_SIZE];
        int64_t again;
        instant_format(ms, text);
        assert_true(instant_parse(text, &again));
        assert_true(again == ms);
    }
}

static void every_day_is_the_calendars(void **state)
{
    (void)state;
    /* The C library knows the Gregorian calendar, too. */
    int32_t first, last;
    assert_true(day_parse("1900-01-01", &first));
    assert_true(day_parse("2199-12-31", &last));
    assert_int_equal(first, -25567);
    for (int32_t day = first; day <= last; day++) {
        time_t seconds = (time_t)day * 86400;
        struct tm civil;
        char text[DATE_SIZE], wanted[64];
        gmtime_r(&seconds, &civil);
        snprintf(wanted, sizeof wanted, "%04d-%02d-%02d", civil.tm_year + 1900, civil.tm_mon + 1,
                 civil.tm_mday);
        day_format(day, text);
        assert_string_equal(text, wanted);
        int32_t again;
        assert_true(day_parse(text, &again));
        assert_int_equal(again, day);
        int32_t month = month_of_day(day);
        int m = (civil.tm_mon + 1 + 8) % 12 + 1;
        int year = civil.tm_mon >= 3 ? civil.tm_year + 1900 : civil.tm_year + 1899;
        assert_int_equal(month, year * 12 + m - 1);
        assert_true(month_first_day(month) <= day && day < month_first_day(month + 1));
        assert_int_equal(month_first_day(month) == day, civil.tm_mday == 1);
    }
    assert_false(day_parse("2026-04-01T", &first));
    assert_false(day_parse("2100-02-29", &first));
    assert_true(day_parse("2000-02-29", &first));
}

static void the_calendar_goes_on_before_its_eras_begin(void **state)
{
    (void)state;
    char text[DATE_SIZE];
    day_format(-719468, text); /* where the count of eras begins */
    assert_string_equal(text, "0000-03-01");
    day_format(-719469, text);
    assert_string_equal(text, "0000-02-29");
    day_format(-719528, text);
    assert_string_equal(text, "0000-01-01");
    assert_int_equal(month_first_day(-3), -719528);
    assert_int_equal(month_of_day(-719528), -3);
    assert_int_equal(month_of_day(-719529), -4); /* December of the year before */
}

static void check_london(const char *instant, const char *wanted)
{
    int64_t ms;
    char text[DATE_SIZE];
    assert_true(instant_parse(instant, &ms));
    day_format(instant_day(ms), text);
    if (strcmp(text, wanted) != 0)
        fail_msg("%s is %s in London, not %s", instant, wanted, text);
}

static void days_change_with_british_summer_time(void **state)
{
    (void)state;
    /* 2026: 29 March 01:00 to 25 October 01:00 UTC */
    check_london("2026-03-28T23:59:59.999Z", "2026-03-28");
    check_london("2026-03-29T00:59:59.999Z", "2026-03-29");
    check_london("2026-03-29T22:59:59.999Z", "2026-03-29");
    check_london("2026-03-29T23:00:00.000Z", "2026-03-30");
    check_london("2026-03-31T22:59:59.999Z", "2026-03-31");
    check_london("2026-03-31T23:00:00.000Z", "2026-04-01");
    check_london("2026-10-24T23:00:00.000Z", "2026-10-25");
    check_london("2026-10-25T00:59:59.999Z", "2026-10-25");
    check_london("2026-10-25T23:00:00.000Z", "2026-10-25");
    check_london("2026-10-25T23:59:59.999Z", "2026-10-25");
    check_london("2026-10-26T00:00:00.000Z", "2026-10-26");
    check_london("2026-12-31T23:30:00.000Z", "2026-12-31");
    check_london("2027-01-01T00:00:00.000Z", "2027-01-01");
    /* the 31st itself a Sunday: March 2024, October 2027 */
    check_london("2024-03-30T23:30:00.000Z", "2024-03-30");
    check_london("2024-03-31T23:30:00.000Z", "2024-04-01");
    check_london("2027-10-30T23:30:00.000Z", "2027-10-31");
    check_london("2027-10-31T23:30:00.000Z", "2027-10-31");
}

static void the_switch_is_at_one_o_clock_utc_as_the_zone_data_has_it(void **state)
{
    (void)state;
    setenv("TZ", "Europe/London", 1);
    tzset();
    struct tm probe = {0};
    time_t summer = 1782000000;
    localtime_r(&summer, &probe);
    if (probe.tm_isdst <= 0)
        fail_msg("there is no zone data to compare with: install tzdata");
    for (int64_t seconds = 820454400; seconds < 2145916800; seconds += 1800) {
        time_t now = (time_t)seconds;
        struct tm civil;
        char text[DATE_SIZE], wanted[64];
        localtime_r(&now, &civil);
        snprintf(wanted, sizeof wanted, "%04d-%02d-%02d", civil.tm_year + 1900, civil.tm_mon + 1,
                 civil.tm_mday);
        day_format(instant_day(seconds * 1000), text);
        assert_string_equal(text, wanted);
    }
}

static void financial_months_start_in_april(void **state)
{
    (void)state;
    int32_t month, day;
    char text[MONTH_SIZE];
    assert_true(month_parse("2026-27-M03", &month));
    month_format(month, text);
    assert_string_equal(text, "2026-27-M03");
    assert_true(day_parse("2026-06-01", &day));
    assert_int_equal(month_first_day(month), day);
    assert_true(month_parse("2026-27-M10", &month));
    assert_true(day_parse("2027-01-01", &day));
    assert_int_equal(month_first_day(month), day);
    assert_true(month_parse("2099-00-M12", &month));
    month_format(month, text);
    assert_string_equal(text, "2099-00-M12");
    static const char *const bad[] = {"2026-27-M00", "2026-27-M13",  "2026-28-M01", "2026-26-M01",
                                      "2026-27-M1",  "2026-27-M001", "2026-27",     "2026-27-m01",
                                      "202x-27-M01", "2026/27-M01",  "2026-2x-M01", "2026-27/M01",
                                      "2026-27-Mx1", "1899-00-M01",  "2199-00-M01"};
    month = 7;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (month_parse(bad[i], &month))
            fail_msg("'%s' was taken", bad[i]);
    assert_int_equal(month, 7);
    assert_true(month_parse("1900-01-M01", &month) && month_parse("2198-99-M12", &month));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instants_are_rfc_3339_in_utc),
        cmocka_unit_test(every_instant_reads_back),
        cmocka_unit_test(every_day_is_the_calendars),
        cmocka_unit_test(the_calendar_goes_on_before_its_eras_begin),
        cmocka_unit_test(days_change_with_british_summer_time),
        cmocka_unit_test(the_switch_is_at_one_o_clock_utc_as_the_zone_data_has_it),
        cmocka_unit_test(financial_months_start_in_april),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
