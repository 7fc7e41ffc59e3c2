/* Cursors, CSV and the bucket of a client. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <string.h>

#include "common/csv.h"
#include "common/http_rate.h"
#include "common/list.h"

static const unsigned char SECRET[CURSOR_SECRET_SIZE] = "a secret of thirty-two bytes ...";
static const unsigned char OTHER[CURSOR_SECRET_SIZE] = "another one of thirty-two bytes.";

static void a_cursor_gives_its_key_back(void **state)
{
    (void)state;
    struct problem err = {.code = PROBLEM_NONE};
    char_auto_t *key = NULL;
    char_auto_t *cursor = cursor_make(SECRET, "{\"operation\":\"listRisks\"}", "pool:planned");
    assert_true(cursor_read(SECRET, "{\"operation\":\"listRisks\"}", cursor, &key, &err));
    assert_string_equal(key, "pool:planned");
}

static void a_cursor_belongs_to_its_list_and_installation(void **state)
{
    (void)state;
    char_auto_t *cursor = cursor_make(SECRET, "listRisks", "k");
    const struct {
        const unsigned char *secret;
        const char *binding;
    } CASES[] = {{SECRET, "listCases"}, {OTHER, "listRisks"}, {SECRET, "listRisks1"}};
    for (size_t i = 0; i < ARRAY_LENGTH(CASES); i++) {
        struct problem err = {.code = PROBLEM_NONE};
        char *key = NULL;
        assert_false(cursor_read(CASES[i].secret, CASES[i].binding, cursor, &key, &err));
        assert_int_equal(err.code, PROBLEM_CURSOR_INVALID);
    }
}

static void no_character_of_a_cursor_may_change(void **state)
{
    (void)state;
    char_auto_t *cursor = cursor_make(SECRET, "listRisks", "key");
    for (size_t i = 0; cursor[i]; i++) {
        struct problem err = {.code = PROBLEM_NONE};
        char *key = NULL, kept = cursor[i];
        cursor[i] = kept == 'A' ? 'B' : 'A';
        assert_false(cursor_read(SECRET, "listRisks", cursor, &key, &err));
        cursor[i] = kept;
    }
    static const char *const BAD[] = {"", "A", "????", "AAAA"};
    for (size_t i = 0; i < ARRAY_LENGTH(BAD); i++) {
        struct problem err = {.code = PROBLEM_NONE};
        char *key = NULL;
        assert_false(cursor_read(SECRET, "listRisks", BAD[i], &key, &err));
    }
}

static void a_key_that_is_too_long_makes_no_cursor(void **state)
{
    (void)state;
    char key[CURSOR_KEY_SIZE + 1];
    memset(key, 'k', sizeof key);
    key[CURSOR_KEY_SIZE] = '\0';
    assert_null(cursor_make(SECRET, "listRisks", key));
}

static void rows_become_csv(void **state)
{
    (void)state;
    json_auto_t *columns =
        json_loads("[\"id\",\"score.rating\",\"note\",\"tags\",\"open\"]", 0, NULL);
    json_auto_t *rows =
        json_loads("[{\"id\":\"a\",\"score\":{\"rating\":16},\"note\":\"x, \\\"y\\\"\","
                   "\"tags\":[\"p\",\"q\"],\"open\":true},"
                   "{\"id\":\"b\",\"score\":null,\"open\":false}]",
                   0, NULL);
    char_auto_t *text = csv_of_rows(rows, columns);
    assert_string_equal(text, "id,score.rating,note,tags,open\r\n"
                              "a,16,\"x, \"\"y\"\"\",p; q,true\r\n"
                              "b,,,,false\r\n");
}

static void a_spreadsheet_finds_no_formula(void **state)
{
    (void)state;
    json_auto_t *columns = json_loads("[\"a\"]", 0, NULL);
    json_auto_t *rows =
        json_loads("[{\"a\":\"=1+1\"},{\"a\":\"@x\"},{\"a\":\"-12.50\"},{\"a\":\"+x\"},"
                   "{\"a\":\"-\"}]",
                   0, NULL);
    char_auto_t *text = csv_of_rows(rows, columns);
    assert_string_equal(text, "a\r\n\"'=1+1\"\r\n\"'@x\"\r\n-12.50\r\n\"'+x\"\r\n\"'-\"\r\n");
}

static void a_client_has_a_seconds_worth_and_no_more(void **state)
{
    (void)state;
    struct rate_limiter *limiter = rate_limiter_new(10);
    struct rate_state rate;
    for (int i = 0; i < 10; i++)
        assert_true(rate_take(limiter, "iss", "client", 5000, &rate));
    assert_int_equal(rate.remaining, 0);
    assert_false(rate_take(limiter, "iss", "client", 5000, &rate));
    assert_true(rate_take(limiter, "iss", "other", 5000, &rate));
    assert_int_equal(rate.remaining, 9);
    assert_false(rate_take(limiter, "iss", "client", 5099, &rate));
    assert_true(rate_take(limiter, "iss", "client", 5100, &rate));
    assert_true(rate_take(limiter, "iss", "client", 99000, &rate));
    assert_int_equal(rate.remaining, 9);
    rate_limiter_free(limiter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cursor_gives_its_key_back),
        cmocka_unit_test(a_cursor_belongs_to_its_list_and_installation),
        cmocka_unit_test(no_character_of_a_cursor_may_change),
        cmocka_unit_test(a_key_that_is_too_long_makes_no_cursor),
        cmocka_unit_test(rows_become_csv),
        cmocka_unit_test(a_spreadsheet_finds_no_formula),
        cmocka_unit_test(a_client_has_a_seconds_worth_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
