/* Problems as values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/problem.h"

static void set_says_what_and_is_always_false(void **state)
{
    (void)state;
    struct problem err = {0};
    assert_false(problem_is_set(&err));
    assert_false(problem_set(&err, PROBLEM_NOT_FOUND, "there is no risk %d", 7));
    assert_true(problem_is_set(&err));
    assert_int_equal(err.code, PROBLEM_NOT_FOUND);
    assert_string_equal(err.detail, "there is no risk 7");
    assert_int_equal(err.fault_count, 0);
    problem_clear(&err);
    assert_false(problem_is_set(&err));
    assert_string_equal(err.detail, "");
}

static void the_new_detail_may_quote_the_old(void **state)
{
    (void)state;
    struct problem err = {0};
    problem_set(&err, PROBLEM_NOT_FOUND, "no file");
    problem_set(&err, PROBLEM_INTERNAL, "start: %s", err.detail);
    assert_string_equal(err.detail, "start: no file");
}

static void faults_are_collected_the_first_sixteen_kept_all_counted(void **state)
{
    (void)state;
    struct problem err = {0};
    for (int i = 0; i < 20; i++)
        assert_false(
            problem_add(&err, PROBLEM_BODY_INVALID, "required", "/a", "member %d is missing", i));
    assert_int_equal(err.code, PROBLEM_BODY_INVALID);
    assert_int_equal(err.fault_count, 20);
    assert_string_equal(err.faults[0].detail, "member 0 is missing");
    assert_string_equal(err.faults[15].detail, "member 15 is missing");
    assert_string_equal(err.faults[15].pointer, "/a");
    assert_string_equal(err.faults[15].code, "required");
    assert_true(err.detail[0] != '\0');
}

static void the_first_fault_says_what_kind_of_problem_it_is(void **state)
{
    (void)state;
    struct problem err = {0};
    assert_false(problem_add(&err, PROBLEM_RULE_BROKEN, "first", "/a", "one"));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    assert_non_null(strstr(err.detail, problem_title(PROBLEM_RULE_BROKEN)));
    assert_false(problem_add(&err, PROBLEM_NOT_BALANCED, "second", "/b", "two"));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    assert_int_equal(err.fault_count, 2);
}

static void a_text_as_long_as_the_room_for_it_is_cut_too(void **state)
{
    (void)state;
    char text[PROBLEM_DETAIL_SIZE + 1];
    memset(text, 'x', PROBLEM_DETAIL_SIZE);
    strcpy(text + PROBLEM_DETAIL_SIZE - 2, "\u00e9"); /* its second byte does not fit */
    struct problem err = {0};
    assert_false(problem_set(&err, PROBLEM_INTERNAL, "%s", text));
    assert_int_equal(strlen(err.detail), PROBLEM_DETAIL_SIZE - 2);
    assert_int_equal(err.detail[PROBLEM_DETAIL_SIZE - 3], 'x');
}

static void a_cut_text_never_ends_within_a_character(void **state)
{
    (void)state;
    static const char *const characters[] = {"x", "\u00e9", "\u20ac", "\U0001F600"};
    for (size_t kind = 0; kind < 4; kind++)
        for (size_t shift = 0; shift < 4; shift++) {
            char text[PROBLEM_DETAIL_SIZE * 4 + 8] = "abc";
            text[shift] = '\0';
            while (strlen(text) < PROBLEM_DETAIL_SIZE + 8)
                strcat(text, characters[kind]);
            struct problem err = {0};
            problem_set(&err, PROBLEM_INTERNAL, "%s", text);
            size_t length = strlen(err.detail), width = strlen(characters[kind]);
            assert_true(length > PROBLEM_DETAIL_SIZE - 1 - width);
            assert_int_equal((length - shift) % width, 0);
            assert_memory_equal(err.detail, text, length);
        }
}

/* No problem's words hold wide characters; it stands for whatever printf may refuse. */
static void what_cannot_be_formatted_leaves_no_rubbish(void **state)
{
    (void)state;
    struct problem err = {0};
    memset(err.detail, 'x', sizeof err.detail - 1);
    assert_false(problem_set(&err, PROBLEM_INTERNAL, "%ls", L"\u20ac"));
    assert_int_equal(err.code, PROBLEM_INTERNAL);
    assert_string_equal(err.detail, "");
}

static void quoted_control_characters_are_replaced(void **state)
{
    (void)state;
    struct problem err = {0};
    problem_add(&err, PROBLEM_BODY_INVALID, "unknown-member", "/\x01", "there is no \"a\nb\x7f\"");
    assert_string_equal(err.faults[0].pointer, "/?");
    assert_string_equal(err.faults[0].detail, "there is no \"a?b?\"");
    problem_set(&err, PROBLEM_BODY_MALFORMED, "%s", "line\nbreak é");
    assert_string_equal(err.detail, "line?break é");
}

/* "%.3s" may end within the character that it quotes, at the end of a text or before more of it. */
static void quoted_words_that_were_cut_stay_utf8(void **state)
{
    (void)state;
    struct problem err = {0};
    problem_set(&err, PROBLEM_NOT_FOUND, "there is no \"%.3s\"", "af\u00e9");
    assert_string_equal(err.detail, "there is no \"af?\"");
    problem_add(&err, PROBLEM_PARAMETER_INVALID, "unknown-parameter", "?na\xc3", "it is not there");
    assert_string_equal(err.faults[0].pointer, "?na?");
}

static void only_what_was_published_is_public(void **state)
{
    (void)state;
    struct problem err = {0};
    problem_set(&err, PROBLEM_UNAVAILABLE, "ledger does not answer");
    assert_false(err.is_public);
    problem_publish(&err);
    assert_true(err.is_public);
    problem_set(&err, PROBLEM_UNAVAILABLE, "connection to 10.0.0.1 refused");
    assert_false(err.is_public);
    problem_publish(&err);
    problem_clear(&err);
    assert_false(err.is_public);
}

static void slugs_are_unique_and_found_again(void **state)
{
    (void)state;
    for (int code = PROBLEM_NONE + 1; code < PROBLEM_COUNT; code++) {
        enum problem_code known = (enum problem_code)code;
        assert_int_equal(problem_by_slug(problem_slug(known)), known);
        assert_in_range(problem_status(known), 400, 599);
        assert_true(strlen(problem_title(known)) > 0);
    }
    assert_int_equal(problem_by_slug("no-such-problem"), PROBLEM_NONE);
    assert_int_equal(problem_status(PROBLEM_VERSION_STALE), 412);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_says_what_and_is_always_false),
        cmocka_unit_test(the_new_detail_may_quote_the_old),
        cmocka_unit_test(faults_are_collected_the_first_sixteen_kept_all_counted),
        cmocka_unit_test(the_first_fault_says_what_kind_of_problem_it_is),
        cmocka_unit_test(a_cut_text_never_ends_within_a_character),
        cmocka_unit_test(a_text_as_long_as_the_room_for_it_is_cut_too),
        cmocka_unit_test(what_cannot_be_formatted_leaves_no_rubbish),
        cmocka_unit_test(quoted_control_characters_are_replaced),
        cmocka_unit_test(quoted_words_that_were_cut_stay_utf8),
        cmocka_unit_test(only_what_was_published_is_public),
        cmocka_unit_test(slugs_are_unique_and_found_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
