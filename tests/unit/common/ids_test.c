/* Identifiers, references, NHS numbers, digests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/ids.h"

static void uuids_are_strict(void **state)
{
    (void)state;
    assert_true(uuid_is_valid("018f0000-0000-7000-8000-00000000000a"));
    static const char *const bad[] = {"",
                                      "018f0000-0000-7000-8000-00000000000",
                                      "018f0000-0000-7000-8000-00000000000aa",
                                      "018F0000-0000-7000-8000-00000000000a",
                                      "018f0000000070008000000000000000000a",
                                      "018f0000-0000-7000-8000-00000000000g",
                                      "{18f0000-0000-7000-8000-0000000000}",
                                      "018f0000-0000-7000-8000-0000000000'a",
                                      "018f0000-0000-7000-8000_00000000000a"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (uuid_is_valid(bad[i]))
            fail_msg("'%s' was taken", bad[i]);
}

static void ods_codes_are_three_to_ten_capitals_or_digits(void **state)
{
    (void)state;
    assert_true(ods_is_valid("ZZ1") && ods_is_valid("RWE") && ods_is_valid("0123456789"));
    assert_true(ods_is_valid("AAA") && ods_is_valid("ZZZ"));
    assert_false(ods_is_valid("ZZ") || ods_is_valid("") || ods_is_valid("01234567890"));
    assert_false(ods_is_valid("zz1") || ods_is_valid("ZZ 1") || ods_is_valid("ZZ1\n"));
}

static void references_name_their_service(void **state)
{
    (void)state;
    assert_true(ref_is_valid("ledger/holds/018f0000-0000-7000-8000-00000000000a"));
    assert_true(ref_is_valid("alliance") && ref_is_valid("partners/ZZ5"));
    assert_true(ref_is_valid("a/z/A/Z/0/9"));
    assert_true(ref_is_valid("kpi/indicators/ae-4h/specifications/1"));
    assert_true(ref_is_valid("ledger/accounts/partner:ZZ1:position"));
    assert_false(ref_is_valid("") || ref_is_valid("/a") || ref_is_valid("a/") ||
                 ref_is_valid("a//b"));
    assert_false(ref_is_valid("a b") || ref_is_valid("a?b") || ref_is_valid("\u00e9"));
    assert_false(ref_is_valid("a{b") || ref_is_valid("a[b") || ref_is_valid("a`b"));
    char text[REF_SIZE + 1];
    memset(text, 'a', REF_SIZE);
    text[REF_SIZE] = '\0';
    assert_false(ref_is_valid(text));
    text[REF_SIZE - 1] = '\0';
    assert_true(ref_is_valid(text));
    assert_string_equal(ref_service("ledger/holds/1"), "ledger");
    assert_string_equal(ref_service("reinvestment/cases/1"), "reinvestment");
    assert_string_equal(ref_service("risk"), "risk");
    assert_string_equal(ref_service("kpi/x"), "kpi");
    assert_string_equal(ref_service("decisions/1"), "membership");
    assert_string_equal(ref_service("ledgers/1"), "membership");
    assert_string_equal(ref_service("led/1"), "membership");
}

static void nhs_numbers_are_found_as_whole_tokens(void **state)
{
    (void)state;
    static const char *const found[] = {
        "9434765919",
        "943 476 5919",
        "943-476-5919",
        "patient 9434765919.",
        "(9434765919)",
        "NHS:9434765919",
        "in 2026 943 476 5919 was seen",
        "943\u00a0476\u00a05919",
        "943\u2013476\u20135919",
        "a, 9434765919, b",
        "\u201c9434765919\u201d",
        "9434765870",
        "x 1234567890 9434765919",
        "number-9434765919",
        "{9434765919}",
        "9434765919, 5 times",
    };
    for (size_t i = 0; i < sizeof found / sizeof found[0]; i++)
        if (!text_has_nhs_number(found[i]))
            fail_msg("'%s' was overlooked", found[i]);
    static const char *const fine[] = {
        "",
        "9434765918",
        "943476591",
        "94347659190",
        "19434765919",
        "943 4765919",
        "9434 765 919",
        "943 476 59190",
        "x9434765919",
        "9434765919x",
        "9434765919_",
        "_9434765919",
        "0.9434765919",
        "9434765919.50",
        "9434765919.5",
        "12-943-476-5919",
        "943-476-5919-12",
        "01162 588888",
        "943  476  5919",
        "018f0000-0000-7000-8000-009434765919",
        "1234567890",
        "\u00a39,434,765,919",
    };
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++)
        if (text_has_nhs_number(fine[i]))
            fail_msg("'%s' was taken for one", fine[i]);
}

static void check_digits_follow_modulus_eleven(void **state)
{
    (void)state;
    int valid = 0;
    for (int last = 0; last < 10; last++) {
        char text[32];
        snprintf(text, sizeof text, "943476591%d", last);
        valid += text_has_nhs_number(text);
    }
    assert_int_equal(valid, 1);
    /* remainder 1 asks for the digit 10: no number has it */
    for (int last = 0; last < 10; last++) {
        char text[32];
        snprintf(text, sizeof text, "000000006%d", last);
        assert_false(text_has_nhs_number(text));
    }
    /* remainder 0 asks for 11, which is 0 */
    assert_true(text_has_nhs_number("0000000310"));
}

static void new_uuids_are_version_7_of_their_instant(void **state)
{
    (void)state;
    char first[UUID_SIZE], second[UUID_SIZE], later[UUID_SIZE];
    uuid_new(0x018f00000000, first);
    uuid_new(0x018f00000000, second);
    uuid_new(0x018f00000001, later);
    assert_true(uuid_is_valid(first));
    assert_memory_equal(first, "018f0000-0000-7", 15);
    assert_non_null(strchr("89ab", first[19]));
    assert_string_not_equal(first, second);
    assert_true(strcmp(first, later) < 0);
}

static void the_same_bytes_make_the_same_uuid(void **state)
{
    (void)state;
    char first[UUID_SIZE], second[UUID_SIZE], other[UUID_SIZE];
    uuid_of_bytes("abc", 3, first);
    uuid_of_bytes("abc", 3, second);
    uuid_of_bytes("abd", 3, other);
    /* SHA-256("abc") = ba7816bf 8f01cfea 414140de 5dae2223 ... */
    assert_string_equal(first, "ba7816bf-8f01-8fea-8141-40de5dae2223");
    assert_string_equal(first, second);
    assert_string_not_equal(first, other);
}

static void digests_are_sha_256(void **state)
{
    (void)state;
    char digest[DIGEST_SIZE];
    digest_of_bytes("", 0, digest);
    assert_string_equal(digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    digest_of_bytes("abc", 3, digest);
    assert_string_equal(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void random_bytes_differ(void **state)
{
    (void)state;
    unsigned char first[32] = {0}, second[32] = {0};
    random_bytes(first, sizeof first);
    random_bytes(second, sizeof second);
    assert_memory_not_equal(first, second, sizeof first);
}

static void a_free_text_with_an_nhs_number_is_refused_at_its_pointer(void **state)
{
    (void)state;
    struct problem err = {0};
    assert_true(text_check("/reason", NULL, &err));
    assert_true(text_check("/reason", "Ten patients waited.", &err));
    assert_false(text_check("/reason", "Of 943 476 5919.", &err));
    assert_int_equal(err.code, PROBLEM_PERSONAL_DATA);
    assert_string_equal(err.faults[0].pointer, "/reason");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uuids_are_strict),
        cmocka_unit_test(ods_codes_are_three_to_ten_capitals_or_digits),
        cmocka_unit_test(references_name_their_service),
        cmocka_unit_test(nhs_numbers_are_found_as_whole_tokens),
        cmocka_unit_test(a_free_text_with_an_nhs_number_is_refused_at_its_pointer),
        cmocka_unit_test(check_digits_follow_modulus_eleven),
        cmocka_unit_test(new_uuids_are_version_7_of_their_instant),
        cmocka_unit_test(the_same_bytes_make_the_same_uuid),
        cmocka_unit_test(digests_are_sha_256),
        cmocka_unit_test(random_bytes_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
