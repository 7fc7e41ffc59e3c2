/* Strict in, canonical out. Vectors: RFC 8785, sections 3.2.2 and 3.2.3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/instant.h"
#include "common/json.h"

static json_t *parse(const char *text)
{
    struct problem err = {0};
    json_t *value = NULL;
    if (!json_parse(text, strlen(text), &value, &err))
        fail_msg("%s: %s", text, err.detail);
    return value;
}

static void refuse_bytes(const char *text, size_t size)
{
    struct problem err = {0};
    json_t *value = NULL;
    if (json_parse(text, size, &value, &err))
        fail_msg("'%s' was taken", text);
    assert_int_equal(err.code, PROBLEM_BODY_MALFORMED);
    assert_true(strlen(err.detail) > 10);
    assert_null(value);
}

static void refuse(const char *text)
{
    refuse_bytes(text, strlen(text));
}

static void only_strict_json_is_taken(void **state)
{
    (void)state;
    refuse("");
    refuse("{");
    refuse("{}x");
    refuse("{} {}");
    refuse("{\"a\":1,}");
    refuse("{'a':1}");
    refuse("[01]");
    refuse("[+1]");
    refuse("[NaN]");
    refuse("\xef\xbb\xbf{}");
    refuse("{\"a\":1,\"a\":1}");
    refuse("{\"a\":{\"b\":1,\"\\u0062\":2}}");
    refuse("[\"\xff\"]");
    refuse("[\"\xc3\x28\"]");
    refuse("[\"\xed\xa0\x80\"]");
    refuse("[\"\\ud800\"]");
    refuse("[\"\\u0000\"]");
    refuse("[\"\n\"]");
    refuse_bytes("[1]\0", 4);
    refuse_bytes("{\"a\0\":1}", 8);
    json_decref(parse("{}"));
    json_decref(parse(" [1] \n"));
    json_decref(parse("\"text\""));
    json_decref(parse("null"));
}

static void numbers_are_exact_integers(void **state)
{
    (void)state;
    json_auto_t *value = parse("[9007199254740991,-9007199254740991,0]");
    assert_true(json_integer_value(json_array_get(value, 0)) == 9007199254740991);
    refuse("[9007199254740992]");
    refuse("[-9007199254740992]");
    refuse("[9223372036854775808]");
    refuse("[1.0]");
    refuse("[1e2]");
    refuse("[0.1]");
    refuse("1.5");
    struct problem err = {0};
    json_t *none = NULL;
    const char *text = "{\"a\":[1,{\"x/y~z\":2.5}]}";
    assert_false(json_parse(text, strlen(text), &none, &err));
    assert_non_null(strstr(err.detail, "/a/1/x~1y~0z "));
}

static void depth_is_limited(void **state)
{
    (void)state;
    char text[JSON_DEPTH_MAX * 2 + 8];
    for (int depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        text[2 * depth] = '\0';
        if (depth > JSON_DEPTH_MAX)
            refuse(text);
        else
            json_decref(parse(text));
    }
    /* Brackets within texts are no depth. */
    json_decref(parse("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[[[[[[[[[[[[[[[\"]"));
}

static void check_canonical(const char *text, const char *wanted)
{
    struct problem err = {0};
    json_auto_t *value = parse(text);
    char_auto_t *canonical = NULL;
    size_t size = 0;
    assert_true(json_canonical(value, &canonical, &size, &err));
    assert_string_equal(canonical, wanted);
    assert_int_equal(size, strlen(wanted));
    /* It is its own canonical form. */
    json_auto_t *again = parse(canonical);
    assert_true(json_equal(again, value));
}

static void texts_are_escaped_as_rfc_8785_says(void **state)
{
    (void)state;
    check_canonical(
        "{\"string\":\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/"
        "\",\"literals\":[null, true, false]}",
        "{\"literals\":[null,true,false],\"string\":\"\u20ac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
    check_canonical("[\"\\u0008\\u0009\\u000a\\u000c\\u000d\\u0001\\u001f\\u007f\"]",
                    "[\"\\b\\t\\n\\f\\r\\u0001\\u001f\x7f\"]");
    check_canonical("\"\\ud83d\\ude00\"", "\"\U0001F600\"");
}

static void members_are_sorted_by_utf_16_code_units(void **state)
{
    (void)state;
    check_canonical("{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\","
                    "\"\\ufb33\":\"Hebrew Letter Dalet With Dagesh\",\"1\":\"One\","
                    "\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\","
                    "\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}",
                    "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
                    "\"\u00f6\":\"Latin Small Letter O With Diaeresis\",\"\u20ac\":\"Euro Sign\","
                    "\"\U0001F600\":\"Emoji: Grinning Face\","
                    "\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}");
    check_canonical("{\"b\":1,\"\":0,\"a\":{\"d\":[],\"c\":{}},\"aa\":2,\"B\":3}",
                    "{\"\":0,\"B\":3,\"a\":{\"c\":{},\"d\":[]},\"aa\":2,\"b\":1}");
    check_canonical("[-0,-1,9007199254740991]", "[0,-1,9007199254740991]");
}

static void reals_have_no_canonical_form(void **state)
{
    (void)state;
    struct problem err = {0};
    char *text = NULL;
    size_t size;
    json_auto_t *value = json_pack("{s:[f]}", "a", 1.5);
    assert_false(json_canonical(value, &text, &size, &err));
    assert_int_equal(err.code, PROBLEM_INTERNAL);
    json_auto_t *broken = json_string_nocheck("\xff");
    assert_false(json_canonical(broken, &text, &size, &err));
    assert_null(text);
}

static void absent_members_have_their_default(void **state)
{
    (void)state;
    json_auto_t *object = parse("{\"text\":\"t\",\"number\":7,\"flag\":true,\"nothing\":null,"
                                "\"at\":\"2026-04-01T00:00:00Z\",\"on\":\"2026-04-01\","
                                "\"money\":{\"amount\":123,\"currency\":\"GBP\"}}");
    char copy[4] = "xx";
    assert_string_equal(json_text(object, "text"), "t");
    assert_null(json_text(object, "nothing"));
    assert_null(json_text(object, "absent"));
    assert_null(json_text(object, "number"));
    assert_int_equal(json_integer_or(object, "number", 3), 7);
    assert_int_equal(json_integer_or(object, "absent", 3), 3);
    assert_int_equal(json_integer_or(object, "text", 3), 3);
    assert_true(json_flag(object, "flag"));
    assert_false(json_flag(object, "absent"));
    assert_null(json_member(object, "nothing"));
    assert_non_null(json_member(object, "money"));
    json_copy_text(object, "text", copy, sizeof copy);
    assert_string_equal(copy, "t");
    json_copy_text(object, "absent", copy, sizeof copy);
    assert_string_equal(copy, "");
    assert_true(json_instant(object, "at") == 1775001600000);
    assert_true(json_instant(object, "absent") == INSTANT_NONE);
    assert_int_equal(json_day(object, "on"), 20544);
    assert_int_equal(json_day(object, "absent"), DAY_NONE);
    assert_int_equal(json_money(object, "money"), 123);
}

static void what_is_empty_is_left_out(void **state)
{
    (void)state;
    struct problem err = {0};
    json_auto_t *object = json_object();
    json_t *array = json_array();
    json_put_text(object, "text", "t");
    json_put_text(object, "none", NULL);
    json_put_text(object, "empty", "");
    json_put_integer(object, "number", -7);
    json_put_flag(object, "flag", false);
    json_put_instant(object, "at", 0);
    json_put_instant(object, "never", INSTANT_NONE);
    json_put_day(object, "on", 0);
    json_put_day(object, "noDay", DAY_NONE);
    json_put_money(object, "money", 5);
    json_push_new(array, json_integer(1));
    json_put_new(object, "list", array);
    json_put_new(object, "noList", NULL);
    char_auto_t *text = NULL;
    size_t size;
    assert_true(json_canonical(object, &text, &size, &err));
    assert_string_equal(text, "{\"at\":\"1970-01-01T00:00:00.000Z\",\"flag\":false,\"list\":[1],"
                              "\"money\":{\"amount\":5,\"currency\":\"GBP\"},\"number\":-7,"
                              "\"on\":\"1970-01-01\",\"text\":\"t\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_strict_json_is_taken),
        cmocka_unit_test(numbers_are_exact_integers),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(texts_are_escaped_as_rfc_8785_says),
        cmocka_unit_test(members_are_sorted_by_utf_16_code_units),
        cmocka_unit_test(reals_have_no_canonical_form),
        cmocka_unit_test(absent_members_have_their_default),
        cmocka_unit_test(what_is_empty_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
