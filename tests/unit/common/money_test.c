/* Money: splits that add up, sums that stay exact. Vectors: domain.md, conventions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/money.h"

static void check_split(int64_t whole, const int32_t *shares, size_t count, const int64_t *wanted)
{
    int64_t parts[8], sum = 0;
    assert_true(share_split(whole, shares, count, parts));
    for (size_t i = 0; i < count; i++) {
        sum += parts[i];
        if (wanted != NULL)
            assert_int_equal(parts[i], wanted[i]);
    }
    assert_true(sum == whole);
}
#define SPLIT(whole, count, shares, wanted)                                                        \
    check_split(whole, (const int32_t[])shares, count, (const int64_t[])wanted)
#define LIST(...)                                                                                  \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static void a_split_uses_the_largest_remainder_ties_to_the_lower_index(void **state)
{
    (void)state;
    SPLIT(100, 3, LIST(3333, 3333, 3334), LIST(33, 33, 34));
    SPLIT(-100, 3, LIST(3334, 3333, 3333), LIST(-34, -33, -33));
    SPLIT(10000001, 3, LIST(3333, 3333, 3334), LIST(3333000, 3333000, 3334001));
    SPLIT(1, 2, LIST(5000, 5000), LIST(1, 0));
    SPLIT(-1, 2, LIST(5000, 5000), LIST(-1, 0));
    SPLIT(3, 4, LIST(2500, 2500, 2500, 2500), LIST(1, 1, 1, 0));
    SPLIT(1, 3, LIST(0, 1, 9999), LIST(0, 0, 1));
    SPLIT(0, 2, LIST(1, 9999), LIST(0, 0));
    SPLIT(40000000, 3, LIST(5000, 3000, 2000), LIST(20000000, 12000000, 8000000));
    SPLIT(7, 1, LIST(10000), LIST(7));
}

static void the_parts_of_any_whole_add_up_to_it(void **state)
{
    (void)state;
    static const int64_t wholes[] = {INT64_MAX, INT64_MIN, INT64_MIN + 1, MONEY_PENCE_MAX,
                                     1,         -1,        9999};
    for (size_t i = 0; i < sizeof wholes / sizeof wholes[0]; i++) {
        check_split(wholes[i], (const int32_t[]){3333, 3333, 3334}, 3, NULL);
        check_split(wholes[i], (const int32_t[]){1, 1, 9998}, 3, NULL);
        check_split(wholes[i], (const int32_t[]){1428, 1428, 1428, 1429, 1429, 1429, 1429}, 7,
                    NULL);
    }
    srand(7);
    for (int round = 0; round < 2000; round++) {
        int32_t shares[8] = {0}, left = SHARE_BP_WHOLE;
        size_t count = (size_t)(1 + rand() % 8);
        for (size_t i = 0; i + 1 < count; i++) {
            shares[i] = rand() % (left + 1);
            left -= shares[i];
        }
        shares[count - 1] = left;
        int64_t whole = (int64_t)rand() * rand() - (int64_t)rand() * rand();
        check_split(whole, shares, count, NULL);
    }
}

static void shares_that_are_not_whole_are_refused(void **state)
{
    (void)state;
    int64_t parts[3] = {7, 7, 7};
    assert_false(share_split(100, (const int32_t[]){3333, 3333, 3333}, 3, parts));
    assert_false(share_split(100, (const int32_t[]){10001, -1}, 2, parts));
    assert_false(share_split(100, (const int32_t[]){-1, 10001}, 2, parts));
    assert_false(share_split(100, (const int32_t[]){5000, 5001}, 2, parts));
    assert_false(share_split(100, (const int32_t[]){0}, 0, parts));
    assert_int_equal(parts[0], 7);
}

static void sums_stay_within_what_json_carries(void **state)
{
    (void)state;
    int64_t sum = 5;
    assert_true(money_add(MONEY_PENCE_MAX, -1, &sum));
    assert_true(sum == MONEY_PENCE_MAX - 1);
    assert_true(money_add(MONEY_PENCE_MAX - 1, 1, &sum));
    assert_false(money_add(MONEY_PENCE_MAX, 1, &sum));
    assert_false(money_add(-MONEY_PENCE_MAX, -1, &sum));
    assert_false(money_add(INT64_MIN, 0, &sum));
    assert_false(money_add(INT64_MAX, 1, &sum));
    assert_false(money_add(INT64_MIN, -1, &sum));
    assert_true(sum == MONEY_PENCE_MAX);
    assert_true(money_add(-MONEY_PENCE_MAX, 0, &sum));
    assert_true(sum == -MONEY_PENCE_MAX);
}

static void check_text(int64_t pence, const char *wanted)
{
    char text[MONEY_TEXT_SIZE];
    money_format(pence, text);
    assert_string_equal(text, wanted);
}

static void amounts_read_as_people_write_them(void **state)
{
    (void)state;
    check_text(64000000, "\u00a3640,000.00");
    check_text(-5, "-\u00a30.05");
    check_text(0, "\u00a30.00");
    check_text(100, "\u00a31.00");
    check_text(99999, "\u00a3999.99");
    check_text(100000, "\u00a31,000.00");
    check_text(123456789012, "\u00a31,234,567,890.12");
    check_text(INT64_MIN, "-\u00a392,233,720,368,547,758.08");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_split_uses_the_largest_remainder_ties_to_the_lower_index),
        cmocka_unit_test(the_parts_of_any_whole_add_up_to_it),
        cmocka_unit_test(shares_that_are_not_whole_are_refused),
        cmocka_unit_test(sums_stay_within_what_json_carries),
        cmocka_unit_test(amounts_read_as_people_write_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
