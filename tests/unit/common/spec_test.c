#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/http.h"
#include "common/spec.h"

/* JSON with ' for ", so that it can be read. */
static char *json_of(const char *text)
{
    char *copy = strdup(text);
    for (char *c = copy; *c; c++)
        if (*c == '\'')
            *c = '"';
    return copy;
}

static const char SPEC[] =
    "{'paths':{"
    "'/v1/alliances/{allianceId}/things':{"
    "'get':{'operationId':'listThings','security':[{'accessToken':['thing:read']}],"
    "'x-roles':['partner'],'x-list':{'key':'code'},'x-csv':{'rows':'items','columns':['code']},"
    "'parameters':[{'$ref':'#/components/parameters/allianceId'},"
    "{'name':'limit','in':'query','schema':{'type':'integer','default':100}}],"
    "'responses':{'200':{'content':{'application/json':{},'text/csv':{}}},'404':{}}},"
    "'post':{'operationId':'makeThing','security':[{'accessToken':['thing:write','more']},"
    "{'accessToken':['admin']}],'x-roles':['partner','founder'],'x-alliance':['forming','active'],"
    "'parameters':[{'$ref':'#/components/parameters/allianceId'},"
    "{'name':'Idempotency-Key','in':'header','required':true}],"
    "'requestBody':{'required':true,'content':{'application/json':{'schema':{'type':'object'}}}},"
    "'responses':{'201':{'content':{'application/json':{}}}}}},"
    "'/v1/alliances/{allianceId}/things/{code}':{"
    "'patch':{'operationId':'changeThing','security':[{'accessToken':['thing:write']}],"
    "'x-roles':['partner'],'x-alliance':['active','closing'],"
    "'parameters':[{'$ref':'#/components/parameters/allianceId'},"
    "{'name':'code','in':'path','required':true,'schema':{'type':'string'}},"
    "{'name':'If-Match','in':'header','required':true}],"
    "'responses':{'200':{'content':{'application/json':{}}}}}},"
    "'/v1/alliances/{allianceId}/things/best':{"
    "'get':{'operationId':'bestThing','security':[],'x-roles':['anyone'],"
    "'parameters':[{'$ref':'#/components/parameters/allianceId'}],'responses':{'200':{}}}}},"
    "'components':{'parameters':{'allianceId':{'name':'allianceId','in':'path','required':true,"
    "'schema':{'type':'string'}}}}}";

static struct spec *read_spec(const char *text)
{
    char_auto_t *json = json_of(text);
    struct spec *spec = NULL;
    struct problem err = {.code = PROBLEM_NONE};
    if (!spec_new(json, &spec, &err))
        fail_msg("%s", err.detail);
    return spec;
}

static void an_operation_is_what_the_spec_says(void **state)
{
    (void)state;
    spec_auto_t *spec = read_spec(SPEC);
    assert_int_equal(spec_operation_count(spec), 4);
    const struct operation *list = spec_find(spec, "listThings");
    assert_int_equal(list->method, METHOD_GET);
    assert_true(list->is_list && list->has_alliance && !list->takes_key && !list->is_public);
    assert_string_equal(list->csv_rows, "items");
    assert_int_equal(list->answer_count, 2);
    assert_string_equal(list->parameters[1].default_text, "100");
    const struct operation *make = spec_find(spec, "makeThing");
    assert_true(make->needs_key && make->is_body_required);
    assert_int_equal(make->rights_count, 2);
    assert_int_equal(make->rights[0].count, 2);
    assert_string_equal(make->rights[1].scopes[0], "admin");
    assert_true(spec_find(spec, "changeThing")->needs_match);
    assert_true(spec_find(spec, "bestThing")->is_public);
}

static void route(const struct spec *spec, enum method method, const char *target,
                  struct spec_path *path, struct spec_match *match)
{
    *match = (struct spec_match){0};
    if (spec_path_read(target, strlen(target), path))
        spec_route(spec, method, path, match);
}

static void a_path_leads_to_its_operation(void **state)
{
    (void)state;
    spec_auto_t *spec = read_spec(SPEC);
    struct spec_path path;
    struct spec_match match;
    route(spec, METHOD_PATCH, "/v1/alliances/a1/things/pool%3Aplanned", &path, &match);
    assert_string_equal(match.operation->id, "changeThing");
    assert_int_equal(match.value_count, 2);
    assert_string_equal(match.names[1], "code");
    assert_string_equal(match.values[1], "pool:planned");
    route(spec, METHOD_GET, "/v1/alliances/a1/things/best", &path, &match);
    assert_string_equal(match.operation->id, "bestThing");
    route(spec, METHOD_PATCH, "/v1/alliances/a1/things/best", &path, &match);
    assert_null(match.operation);
    assert_int_equal(match.allow, 1u << METHOD_GET);
    route(spec, METHOD_DELETE, "/v1/alliances/a1/things", &path, &match);
    assert_null(match.operation);
    assert_int_equal(match.allow, 1u << METHOD_GET | 1u << METHOD_POST);
}

static void what_is_not_exactly_a_path_leads_nowhere(void **state)
{
    (void)state;
    spec_auto_t *spec = read_spec(SPEC);
    static const char *const NOWHERE[] = {
        "",
        "/",
        "/v1/alliances/a1/things/",
        "/v1//alliances/a1/things",
        "/V1/alliances/a1/things",
        "/v1/alliances/a1/things/x%2Fy",
        "/v1/alliances/a1/things/x%00",
        "/v1/alliances/a1/things/%ff",
        "/v1/alliances/a1/things/%4",
        "/v1/alliances/a1/things/%zz",
        "/v1/alliances/a1/things/a/b",
        "/v1/alliances//things",
        "v1/alliances/a1/things",
        "/a/b/c/d/e/f/g/h/i/j/k/l/m",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(NOWHERE); i++) {
        struct spec_path path;
        struct spec_match match;
        route(spec, METHOD_GET, NOWHERE[i], &path, &match);
        if (match.operation || match.allow)
            fail_msg("%s", NOWHERE[i]);
    }
}

static bool handle(struct request *request, struct reply *reply, struct problem *err)
{
    (void)request, (void)reply, (void)err;
    return true;
}

static bool prepare(struct request *request, struct problem *err)
{
    (void)request, (void)err;
    return true;
}

static void every_operation_has_one_handler_and_the_other_way_round(void **state)
{
    (void)state;
    const struct route all[] = {{.operation_id = "listThings", .handle = handle},
                                {.operation_id = "makeThing", .handle = handle},
                                {.operation_id = "changeThing", .handle = handle},
                                {.operation_id = "bestThing", .handle = handle}};
    const struct route stranger[] = {
        all[0], all[1], all[2], all[3], {.operation_id = "otherThing", .handle = handle}};
    const struct route twice[] = {all[0], all[1], all[2], all[3], all[0]};
    const struct route prepared[] = {
        all[0],
        all[1],
        all[2],
        {.operation_id = "bestThing", .handle = handle, .prepare = prepare}};
    const struct {
        const struct route *routes;
        size_t count;
        bool ok;
    } CASES[] = {{all, 4, true},
                 {all, 3, false},
                 {stranger, 5, false},
                 {twice, 5, false},
                 {prepared, 4, false}};
    for (size_t i = 0; i < ARRAY_LENGTH(CASES); i++) {
        spec_auto_t *spec = read_spec(SPEC);
        struct problem err = {.code = PROBLEM_NONE};
        assert_int_equal(spec_bind(spec, CASES[i].routes, CASES[i].count, &err), CASES[i].ok);
    }
}

static void a_spec_that_is_not_understood_stops_the_start(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "[",
        "{'paths':{'/v1/x':{'get':{'security':[],'responses':{}}}}}",
        "{'paths':{'/v1/x':{'get':{'operationId':'x','responses':{}}}}}",
        "{'paths':{'/v1/x':{'get':{'operationId':'x','security':[{'accessToken':[]}]}}}}",
        "{'paths':{'/v1/x':{'get':{'operationId':'x','security':[],'x-roles':['king']}}}}",
        "{'paths':{'/v1/x':{'put':{'operationId':'x','security':[],'x-without-database':true}}}}",
        "{'paths':{'/v1/{x}':{'get':{'operationId':'x','security':[]}}}}",
        "{'paths':{'/v1//x':{'get':{'operationId':'x','security':[]}}}}",
        "{'paths':{'/v1/x':{'get':{'operationId':'x','security':[],'parameters':[{'name':'p','in':"
        "'query','schema':{'type':'number'}}]}}}}",
        "{'paths':{'/v1/{allianceId}':{'get':{'operationId':'x','security':[],'parameters':"
        "[{'name':'allianceId','in':'path','schema':{}}]}}}}",
        "{'paths':{'/v1/{allianceId}':{'put':{'operationId':'x','security':[],'x-roles':['anyone'],"
        "'parameters':[{'name':'allianceId','in':'path','schema':{}}]}}}}",
        "{'paths':{'/v1/{allianceId}':{'put':{'operationId':'x','security':[],'x-roles':['anyone'],"
        "'x-alliance':['asleep'],'parameters':[{'name':'allianceId','in':'path','schema':{}}]}}}}",
        "{'paths':{'/v1/{allianceId}':{'get':{'operationId':'x','security':[],'x-roles':['anyone'],"
        "'x-alliance':['active'],'parameters':[{'name':'allianceId','in':'path','schema':{}}]}}}}",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(BAD); i++) {
        char_auto_t *json = json_of(BAD[i]);
        struct spec *spec = NULL;
        struct problem err = {.code = PROBLEM_NONE};
        if (spec_new(json, &spec, &err))
            fail_msg("%s", BAD[i]);
        assert_int_equal(err.code, PROBLEM_INTERNAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_operation_is_what_the_spec_says),
        cmocka_unit_test(a_path_leads_to_its_operation),
        cmocka_unit_test(what_is_not_exactly_a_path_leads_nowhere),
        cmocka_unit_test(every_operation_has_one_handler_and_the_other_way_round),
        cmocka_unit_test(a_spec_that_is_not_understood_stops_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
