#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/http_headers.h"

static enum problem_code check(const struct http_header items[], size_t count)
{
    struct problem err = {.code = PROBLEM_NONE};
    struct http_headers headers = {items, count};
    bool ok = headers_check(&headers, &err);
    assert_int_equal(ok, err.code == PROBLEM_NONE);
    return err.code;
}

static void what_smuggles_is_refused(void **state)
{
    (void)state;
    static const struct http_header CASES[][2] = {
        {{"Authorization", "Bearer a"}, {"authorization", "Bearer b"}},
        {{"Authorization", "Bearer a,Bearer b"}, {"Host", "x"}},
        {{"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}},
        {{"Content-Length", "5,5"}, {"Host", "x"}},
        {{"Idempotency-Key", "a,b"}, {"Host", "x"}},
        {{"If-Match", "\"1\",\"2\""}, {"Host", "x"}},
        {{"Content-Length", "+5"}, {"Host", "x"}},
        {{"Content-Length ", "5"}, {"Host", "x"}},
        {{"", "5"}, {"Host", "x"}},
        {{"Transfer-Encoding", "gzip"}, {"Host", "x"}},
        {{"X-Odd", "a\x01"}, {"Host", "x"}},
        {{"X-Odd", "caf\xc3\xa9"}, {"Host", "x"}},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(CASES); i++)
        assert_int_equal(check(CASES[i], 2), PROBLEM_REQUEST_MALFORMED);
    static const struct http_header GOOD[] = {{"Accept", "text/csv, application/json"},
                                              {"Host", "x"},
                                              {"Authorization", "Bearer a"},
                                              {"Content-Length", "5"}};
    assert_int_equal(check(GOOD, 4), PROBLEM_NONE);
}

static void the_best_liked_type_is_chosen(void **state)
{
    (void)state;
    static const char *const TYPES[] = {"application/json", "text/csv"};
    static const struct {
        const char *accept;
        int best;
    } CASES[] = {
        {NULL, 0},
        {"", 0},
        {"*/*", 0},
        {"text/csv", 1},
        {"TEXT/CSV", 1},
        {"text/*", 1},
        {"application/json;q=0.5, text/csv", 1},
        {"application/json;q=0.5, text/csv;q=0.4", 0},
        {"*/*;q=0.1, text/csv;q=0.05", 0},
        {"text/csv;q=0, */*", 0},
        {"application/json;q=0, */*;q=0.1", 1},
        {"text/html", -1},
        {"application/json;q=0", -1},
        {"application/jsonx", -1},
        {"application/json; charset=utf-8", 0},
        {"text/csv;q=0.001,application/json;q=0.0005", 1},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(CASES); i++)
        if (header_accept(CASES[i].accept, TYPES, 2) != CASES[i].best)
            fail_msg("%s", CASES[i].accept);
}

static void an_entity_tag_is_a_version(void **state)
{
    (void)state;
    static const struct {
        const char *tag;
        bool ok;
        int64_t version;
    } CASES[] = {
        {NULL, true, VERSION_ABSENT},
        {"\"3\"", true, 3},
        {"W/\"3\"", true, 3},
        {"*", true, VERSION_ANY},
        {"\"abc\"", true, VERSION_OTHER},
        {"\"03\"", true, VERSION_OTHER},
        {"\"0\"", true, VERSION_OTHER},
        {"\"99999999999999999\"", true, VERSION_OTHER},
        {"3", false, 0},
        {"\"3", false, 0},
        {"\"", false, 0},
        {"\"3\" ", false, 0},
        {"\"1\"\"2\"", false, 0},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(CASES); i++) {
        struct problem err = {.code = PROBLEM_NONE};
        int64_t version = 77;
        bool ok = header_version("If-Match", CASES[i].tag, &version, &err);
        if (ok != CASES[i].ok || (ok && version != CASES[i].version))
            fail_msg("%s: %d", CASES[i].tag, (int)version);
    }
}

static void a_key_is_bare_or_quoted(void **state)
{
    (void)state;
    char key[IDEMPOTENCY_KEY_SIZE], text[300];
    struct problem err = {.code = PROBLEM_NONE};
    assert_true(header_idempotency_key("abc-1", key, &err));
    assert_string_equal(key, "abc-1");
    assert_true(header_idempotency_key("\"abc-1\"", key, &err));
    assert_string_equal(key, "abc-1");
    memset(text, 'k', sizeof text);
    text[255] = '\0';
    assert_true(header_idempotency_key(text, key, &err));
    text[255] = 'k';
    text[256] = '\0';
    assert_false(header_idempotency_key(text, key, &err));
    static const char *const BAD[] = {"", "\"\"", "a b", "a\"b", "a\\b", "\""};
    for (size_t i = 0; i < ARRAY_LENGTH(BAD); i++)
        if (header_idempotency_key(BAD[i], key, &err))
            fail_msg("%s", BAD[i]);
}

static void a_request_id_is_a_uuid_in_any_case(void **state)
{
    (void)state;
    char id[REQUEST_ID_SIZE];
    struct problem err = {.code = PROBLEM_NONE};
    assert_true(header_request_id("0193F5A2-8D11-7C3E-9A44-5B6F1F0C2D3E", id, &err));
    assert_string_equal(id, "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d3e");
    assert_true(header_request_id(NULL, id, &err));
    assert_string_equal(id, "");
    assert_false(header_request_id("0193f5a2", id, &err));
    assert_false(header_request_id("0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d3e0", id, &err));
    assert_false(header_request_id("", id, &err));
}

static void a_trace_goes_on_with_a_span_of_ours(void **state)
{
    (void)state;
    const char *given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
    char trace[TRACEPARENT_SIZE], other[TRACEPARENT_SIZE];
    header_traceparent(given, trace);
    assert_int_equal(strlen(trace), 55);
    assert_memory_equal(trace, given, 36);
    assert_memory_not_equal(trace + 36, given + 36, 16);
    assert_string_equal(trace + 52, "-00");
    static const char *const BAD[] = {
        NULL,
        "00-00000000000000000000000000000000-00f067aa0ba902b7-00",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-00",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
        "00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-more",
        "nonsense",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(BAD); i++) {
        header_traceparent(BAD[i], other);
        assert_int_equal(strlen(other), 55);
        assert_memory_not_equal(other + 3, given + 3, 32);
        assert_string_equal(other + 52, "-01");
    }
}

static void a_body_is_utf_8_without_saying_so(void **state)
{
    (void)state;
    char type[CODE_SIZE];
    struct problem err = {.code = PROBLEM_NONE};
    assert_true(header_media_type("Application/JSON", type, &err));
    assert_string_equal(type, "application/json");
    assert_true(header_media_type("application/json; charset=UTF-8", type, &err));
    static const char *const BAD[] = {NULL,
                                      "",
                                      "json",
                                      "a/",
                                      "application/json; charset=latin1",
                                      "a/b c",
                                      "application/json; x=y",
                                      "/json"};
    for (size_t i = 0; i < ARRAY_LENGTH(BAD); i++)
        assert_false(header_media_type(BAD[i], type, &err));
}

static void positions_are_read_and_nothing_else(void **state)
{
    (void)state;
    struct positions positions;
    struct problem err = {.code = PROBLEM_NONE};
    assert_true(header_positions("membership=57, ledger=3,kpi=0", &positions, &err));
    assert_int_equal(positions.count, 3);
    assert_string_equal(positions.items[1].service, "ledger");
    assert_int_equal(positions.items[1].sequence, 3);
    assert_true(header_positions(NULL, &positions, &err));
    assert_int_equal(positions.count, 0);
    static const char *const BAD[] = {"membership",
                                      "membership=",
                                      "=5",
                                      "membership=-1",
                                      "membership=5;ledger=3",
                                      "MEMBERSHIP=5",
                                      "membership=99999999999999999"};
    for (size_t i = 0; i < ARRAY_LENGTH(BAD); i++)
        if (header_positions(BAD[i], &positions, &err))
            fail_msg("%s", BAD[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_smuggles_is_refused),
        cmocka_unit_test(the_best_liked_type_is_chosen),
        cmocka_unit_test(an_entity_tag_is_a_version),
        cmocka_unit_test(a_key_is_bare_or_quoted),
        cmocka_unit_test(a_request_id_is_a_uuid_in_any_case),
        cmocka_unit_test(a_trace_goes_on_with_a_span_of_ours),
        cmocka_unit_test(a_body_is_utf_8_without_saying_so),
        cmocka_unit_test(positions_are_read_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
