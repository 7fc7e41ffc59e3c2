#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/schema.h"

/* Compiles `schema` (which may refer to #/components/schemas/... in `components`), checks `value`,
 * and leaves the faults in `ret_err`. */
static bool run(const char *components, const char *schema, const char *value,
                struct problem *ret_err)
{
    json_auto_t *document = json_loads(components, 0, NULL);
    json_auto_t *node = json_loads(schema, 0, NULL);
    json_auto_t *checked = json_loads(value, JSON_DECODE_ANY, NULL);
    assert_non_null(document);
    assert_non_null(node);
    assert_non_null(checked);
    schema_set_auto_t *set = schema_set_new(document);
    const struct schema *compiled;
    *ret_err = (struct problem){.code = PROBLEM_NONE};
    if (!schema_compile(set, node, "test", &compiled, ret_err))
        fail_msg("%s", ret_err->detail);
    bool ok = schema_check(compiled, checked, "", PROBLEM_BODY_INVALID, ret_err);
    assert_int_equal(ok, ret_err->fault_count == 0);
    return ok;
}

static void expect(const char *schema, const char *value, const char *code, const char *pointer)
{
    struct problem err;
    bool ok = run("{}", schema, value, &err);
    if (!code) {
        if (!ok)
            fail_msg("%s: %s %s %s", value, err.faults[0].pointer, err.faults[0].code,
                     err.faults[0].detail);
        return;
    }
    assert_false(ok);
    assert_int_equal(err.code, PROBLEM_BODY_INVALID);
    assert_string_equal(err.faults[0].code, code);
    assert_string_equal(err.faults[0].pointer, pointer);
}

static void each_keyword_accepts_and_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *schema, *good, *bad, *code, *pointer;
    } CASES[] = {
        {"{\"type\":\"string\"}", "\"a\"", "1", "type", ""},
        {"{\"type\":\"integer\"}", "1", "\"1\"", "type", ""},
        {"{\"type\":\"integer\"}", "1", "true", "type", ""},
        {"{\"type\":\"boolean\"}", "true", "null", "type", ""},
        {"{\"type\":[\"string\",\"null\"]}", "null", "1", "type", ""},
        {"{\"minLength\":2,\"type\":\"string\"}", "\"\u00e9\u00e9\"", "\"\u00e9\"", "too-short",
         ""},
        {"{\"maxLength\":2,\"type\":\"string\"}", "\"\u00e9\u00e9\"", "\"abc\"", "too-long", ""},
        {"{\"pattern\":\"^[A-Z]+$\",\"type\":\"string\"}", "\"AB\"", "\"AB\\n\"", "pattern", ""},
        {"{\"pattern\":\"^[^\\\\u0000-\\\\u001f]+$\",\"type\":\"string\"}", "\"a b\"", "\"a\\tb\"",
         "pattern", ""},
        {"{\"minimum\":3}", "3", "2", "too-small", ""},
        {"{\"maximum\":3}", "3", "4", "too-large", ""},
        {"{\"exclusiveMinimum\":3}", "4", "3", "too-small", ""},
        {"{\"exclusiveMaximum\":3}", "2", "3", "too-large", ""},
        {"{\"enum\":[\"a\",\"b\"]}", "\"b\"", "\"c\"", "enum", ""},
        {"{\"const\":7}", "7", "8", "enum", ""},
        {"{\"format\":\"uuid\",\"type\":\"string\"}", "\"0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d3e\"",
         "\"0193F5A2-8d11-7c3e-9a44-5b6f1f0c2d3e\"", "format", ""},
        {"{\"format\":\"date\",\"type\":\"string\"}", "\"2024-02-29\"", "\"2026-02-29\"", "format",
         ""},
        {"{\"format\":\"date-time\",\"type\":\"string\"}", "\"2026-04-01T09:30:00Z\"",
         "\"2026-04-01T09:30:00+01:00\"", "format", ""},
        {"{\"format\":\"uri\",\"type\":\"string\"}", "\"https://a.example/b\"", "\"a b\"", "format",
         ""},
        {"{\"type\":\"array\",\"minItems\":1}", "[1]", "[]", "too-few", ""},
        {"{\"type\":\"array\",\"maxItems\":1}", "[1]", "[1,2]", "too-many", ""},
        {"{\"type\":\"array\",\"uniqueItems\":true}", "[{\"a\":1},{\"a\":2}]",
         "[{\"a\":1,\"b\":2},{\"b\":2,\"a\":1}]", "not-unique", ""},
        {"{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}", "[1]", "[1,\"x\"]", "type", "/1"},
        {"{\"type\":\"object\",\"required\":[\"a\"],\"properties\":{\"a\":{}}}", "{\"a\":1}", "{}",
         "required", "/a"},
        {"{\"type\":\"object\",\"properties\":{\"a\":{}},\"additionalProperties\":false}",
         "{\"a\":1}", "{\"b\":1}", "unknown-member", "/b"},
        {"{\"type\":\"object\",\"additionalProperties\":{\"type\":\"integer\"}}", "{\"x\":1}",
         "{\"x\":\"1\"}", "type", "/x"},
        {"{\"type\":\"object\",\"propertyNames\":{\"pattern\":\"^a\"}}", "{\"ab\":1}", "{\"b\":1}",
         "pattern", "/b"},
        {"{\"type\":\"object\",\"minProperties\":1}", "{\"a\":1}", "{}", "too-few", ""},
        {"{\"type\":\"object\",\"maxProperties\":1}", "{\"a\":1}", "{\"a\":1,\"b\":2}", "too-many",
         ""},
        {"{\"anyOf\":[{\"type\":\"integer\"},{\"type\":\"string\"}]}", "1", "true", "type", ""},
        {"{\"oneOf\":[{\"minimum\":1},{\"maximum\":5}]}", "9", "3", "ambiguous", ""},
        {"{\"allOf\":[{\"minimum\":1},{\"maximum\":5}]}", "3", "9", "too-large", ""},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(CASES); i++) {
        expect(CASES[i].schema, CASES[i].good, NULL, NULL);
        expect(CASES[i].schema, CASES[i].bad, CASES[i].code, CASES[i].pointer);
    }
}

static void every_fault_is_named_at_once(void **state)
{
    (void)state;
    struct problem err;
    assert_false(
        run("{}",
            "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"a\",\"b\"],"
            "\"properties\":{\"a\":{\"type\":\"string\"},\"b\":{\"type\":\"array\","
            "\"items\":{\"maximum\":3}}}}",
            "{\"b\":[1,9,8],\"c\":1}", &err));
    assert_int_equal(err.fault_count, 4);
    static const char *const POINTERS[] = {"/a", "/b/1", "/b/2", "/c"};
    for (size_t i = 0; i < ARRAY_LENGTH(POINTERS); i++) {
        bool is_named = false;
        for (size_t j = 0; j < err.fault_count; j++)
            is_named = is_named || strcmp(err.faults[j].pointer, POINTERS[i]) == 0;
        if (!is_named)
            fail_msg("%s is not named", POINTERS[i]);
    }
}

static void sixteen_faults_are_listed_and_all_are_counted(void **state)
{
    (void)state;
    struct problem err;
    assert_false(run("{}", "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}",
                     "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]", &err));
    assert_int_equal(err.fault_count, 20);
    assert_string_equal(err.faults[15].pointer, "/15");
}

static void a_null_member_counts_as_absent(void **state)
{
    (void)state;
    const char *schema = "{\"type\":\"object\",\"required\":[\"a\"],\"additionalProperties\":false,"
                         "\"properties\":{\"a\":{\"type\":\"string\"},\"b\":{\"type\":\"string\"},"
                         "\"c\":{\"type\":[\"string\",\"null\"]}}}";
    expect(schema, "{\"a\":\"x\",\"b\":null,\"c\":null}", NULL, NULL);
    expect(schema, "{\"a\":null}", "required", "/a");
}

static void the_closest_alternative_tells_its_faults(void **state)
{
    (void)state;
    const char *schema =
        "{\"oneOf\":["
        "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"kind\",\"x\",\"y\"],"
        "\"properties\":{\"kind\":{\"const\":\"a\"},\"x\":{},\"y\":{}}},"
        "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"kind\",\"z\"],"
        "\"properties\":{\"kind\":{\"const\":\"b\"},\"z\":{\"type\":\"integer\"}}}]}";
    expect(schema, "{\"kind\":\"b\",\"z\":\"1\"}", "type", "/z");
}

static void a_member_name_is_escaped_in_its_pointer(void **state)
{
    (void)state;
    expect("{\"type\":\"object\",\"additionalProperties\":false}", "{\"a/b~c\":1}",
           "unknown-member", "/a~1b~0c");
}

static void a_schema_may_contain_itself(void **state)
{
    (void)state;
    struct problem err;
    const char *components =
        "{\"components\":{\"schemas\":{\"Tree\":{\"type\":\"object\",\"additionalProperties\":"
        "false,"
        "\"properties\":{\"left\":{\"$ref\":\"#/components/schemas/Tree\"},\"value\":{\"type\":"
        "\"integer\"}}}}}}";
    const char *schema = "{\"$ref\":\"#/components/schemas/Tree\"}";
    assert_true(run(components, schema, "{\"left\":{\"left\":{\"value\":1}}}", &err));
    assert_false(run(components, schema, "{\"left\":{\"left\":{\"value\":\"1\"}}}", &err));
    assert_string_equal(err.faults[0].pointer, "/left/left/value");
}

static void a_reference_with_a_keyword_beside_it_means_both(void **state)
{
    (void)state;
    struct problem err;
    const char *components = "{\"components\":{\"schemas\":{\"Small\":{\"maximum\":5}}}}";
    const char *schema = "{\"$ref\":\"#/components/schemas/Small\",\"minimum\":2}";
    assert_true(run(components, schema, "3", &err));
    assert_false(run(components, schema, "6", &err));
    assert_false(run(components, schema, "1", &err));
}

static void what_we_do_not_know_stops_the_start(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "{\"patternProperties\":{}}",
        "{\"type\":\"number\"}",
        "{\"format\":\"email\"}",
        "{\"pattern\":\"[\"}",
        "{\"$ref\":\"#/components/schemas/Nowhere\"}",
        "{\"minimum\":\"1\"}",
        "{\"properties\":{\"a\":{\"if\":{}}}}",
        "{\"enum\":[]}",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(BAD); i++) {
        json_auto_t *document = json_object(), *node = json_loads(BAD[i], 0, NULL);
        schema_set_auto_t *set = schema_set_new(document);
        const struct schema *compiled;
        struct problem err = {.code = PROBLEM_NONE};
        if (schema_compile(set, node, "test", &compiled, &err))
            fail_msg("%s was accepted", BAD[i]);
        assert_int_equal(err.code, PROBLEM_INTERNAL);
    }
}

static void a_pattern_that_runs_away_does_not_match(void **state)
{
    (void)state;
    expect("{\"type\":\"string\",\"pattern\":\"^(a+)+$\"}",
           "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"", "pattern", "");
}

static void a_parameters_text_becomes_its_type(void **state)
{
    (void)state;
    static const struct {
        const char *schema, *text, *value; /* NULL = refused */
    } CASES[] = {
        {"{\"type\":\"integer\"}", "12", "12"},
        {"{\"type\":\"integer\"}", "-3", "-3"},
        {"{\"type\":\"integer\"}", "0", "0"},
        {"{\"type\":\"integer\"}", "012", NULL},
        {"{\"type\":\"integer\"}", "-0", NULL},
        {"{\"type\":\"integer\"}", "+1", NULL},
        {"{\"type\":\"integer\"}", "1e3", NULL},
        {"{\"type\":\"integer\"}", "", NULL},
        {"{\"type\":\"integer\"}", "9007199254740992", NULL},
        {"{\"type\":\"boolean\"}", "true", "true"},
        {"{\"type\":\"boolean\"}", "1", NULL},
        {"{\"type\":\"string\"}", "12", "\"12\""},
        {"{\"enum\":[\"a\"]}", "a", "\"a\""},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(CASES); i++) {
        json_auto_t *document = json_object(), *node = json_loads(CASES[i].schema, 0, NULL);
        schema_set_auto_t *set = schema_set_new(document);
        const struct schema *compiled;
        struct problem err = {.code = PROBLEM_NONE};
        assert_true(schema_compile(set, node, "test", &compiled, &err));
        json_auto_t *value =
            schema_read_text(compiled, CASES[i].text, "?p", PROBLEM_PARAMETER_INVALID, &err);
        assert_int_equal(value != NULL, CASES[i].value != NULL);
        char *text = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
        if (text)
            assert_string_equal(text, CASES[i].value);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_keyword_accepts_and_refuses),
        cmocka_unit_test(every_fault_is_named_at_once),
        cmocka_unit_test(sixteen_faults_are_listed_and_all_are_counted),
        cmocka_unit_test(a_null_member_counts_as_absent),
        cmocka_unit_test(the_closest_alternative_tells_its_faults),
        cmocka_unit_test(a_member_name_is_escaped_in_its_pointer),
        cmocka_unit_test(a_schema_may_contain_itself),
        cmocka_unit_test(a_reference_with_a_keyword_beside_it_means_both),
        cmocka_unit_test(what_we_do_not_know_stops_the_start),
        cmocka_unit_test(a_pattern_that_runs_away_does_not_match),
        cmocka_unit_test(a_parameters_text_becomes_its_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
