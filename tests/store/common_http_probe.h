/* A service with nothing but things, for the tests of the dispatcher. */
#ifndef ACCORD_TESTS_COMMON_HTTP_PROBE_H
#define ACCORD_TESTS_COMMON_HTTP_PROBE_H

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "common/http.h"
#include "common/instant.h"
#include "common/json.h"
#include "common/service.h"

static atomic_int probe_prepared; /* how often prepare() ran */

/* JSON with ' for ", so that it can be read. */
static char PROBE_SPEC[] =
    "{'paths':{"
    "'/v1/alliances':{'post':{'operationId':'found','security':[{'accessToken':['thing:found']}],"
    "'parameters':[{'$ref':'#/components/parameters/key'}],"
    "'requestBody':{'required':true,'content':{'application/json':{'schema':{'type':'object'}}}},"
    "'responses':{'201':{'content':{'application/json':{}}}}}},"
    "'/v1/alliances/{allianceId}/things':{"
    "'get':{'operationId':'listThings','security':[{'accessToken':['thing:read']}],"
    "'x-roles':['partner'],'x-list':{'key':'code'},"
    "'x-csv':{'rows':'items','columns':['code','amountPence']},"
    "'parameters':[{'$ref':'#/components/parameters/allianceId'},"
    "{'name':'name','in':'query','schema':{'type':'string','maxLength':20}},"
    "{'name':'limit','in':'query','schema':{'type':'integer','minimum':1,'maximum':1000,"
    "'default':100}},"
    "{'name':'cursor','in':'query','schema':{'type':'string','maxLength':1024}}],"
    "'responses':{'200':{'content':{'application/json':{},'text/csv':{}}}}},"
    "'post':{'operationId':'makeThing','security':[{'accessToken':['thing:write']}],"
    "'x-roles':['partner'],"
    "'x-alliance':['active'],'parameters':[{'$ref':'#/components/parameters/allianceId'},"
    "{'$ref':'#/components/parameters/key'}],"
    "'requestBody':{'required':true,'content':{'application/json':{'schema':{'type':'object',"
    "'additionalProperties':false,'required':['code','name','amountPence'],'properties':{"
    "'code':{'type':'string','pattern':'^[a-z0-9-]+$','maxLength':40},"
    "'name':{'type':'string','maxLength':60},"
    "'amountPence':{'type':'integer','minimum':0}}}}}},"
    "'responses':{'201':{'content':{'application/json':{}}}}}},"
    "'/v1/alliances/{allianceId}/things/{code}':{"
    "'parameters':[],"
    "'get':{'operationId':'getThing','security':[{'accessToken':['thing:read']}],"
    "'x-roles':['partner'],'parameters':[{'$ref':'#/components/parameters/allianceId'},"
    "{'$ref':'#/components/parameters/code'}],"
    "'responses':{'200':{'content':{'application/json':{}}}}},"
    "'patch':{'operationId':'changeThing','security':[{'accessToken':['thing:write']}],"
    "'x-roles':['partner'],"
    "'x-alliance':['active'],'parameters':[{'$ref':'#/components/parameters/allianceId'},"
    "{'$ref':'#/components/parameters/code'},{'name':'If-Match','in':'header','required':true}],"
    "'requestBody':{'required':true,'content':{'application/merge-patch+json':{'schema':"
    "{'type':'object'}}}},'responses':{'200':{'content':{'application/json':{}}}}}},"
    "'/v1/alliances/{allianceId}/gated':{'post':{'operationId':'passGate',"
    "'security':[{'accessToken':['thing:write']}],'x-roles':['chair'],"
    "'x-alliance':['active'],"
    "'parameters':[{'$ref':'#/components/parameters/allianceId'},"
    "{'$ref':'#/components/parameters/key'}],'responses':{'204':{}}}},"
    "'/v1/alliances/{allianceId}/prepared':{'post':{'operationId':'prepareThing','x-prepare':true,"
    "'security':[{'accessToken':['thing:write']}],'x-roles':['partner'],"
    "'x-alliance':['active'],"
    "'parameters':[{'$ref':'#/components/parameters/allianceId'},"
    "{'$ref':'#/components/parameters/key'}],"
    "'requestBody':{'required':true,'content':{'application/json':{'schema':{'type':'object'}}}},"
    "'responses':{'200':{'content':{'application/json':{}}}}}}},"
    "'components':{'parameters':{"
    "'allianceId':{'name':'allianceId','in':'path','required':true,'schema':{'type':'string',"
    "'format':'uuid'}},"
    "'code':{'name':'code','in':'path','required':true,'schema':{'type':'string','maxLength':40}},"
    "'key':{'name':'Idempotency-Key','in':'header','required':true}}}}";

static const struct db_query PROBE_THING_GET = {
    "probe_thing_get",
    "select code, name, amount_pence, version from thing where alliance_id = $1::uuid and code = "
    "$2::text",
    1, NULL};
static const struct db_query PROBE_THING_LIST = {
    "probe_thing_list",
    "select code, name, amount_pence, version from thing where alliance_id = $1::uuid"
    " and ($2::text is null or code > $2::text) and ($3::text is null or name = $3::text)"
    " order by code limit $4::bigint",
    3, NULL};

static json_t *probe_thing_of_row(const struct db_rows *rows, int row)
{
    json_t *thing = json_object();
    json_put_text(thing, "code", row_text(rows, row, "code"));
    json_put_text(thing, "name", row_text(rows, row, "name"));
    json_put_integer(thing, "amountPence", row_int(rows, row, "amount_pence"));
    json_put_integer(thing, "version", row_int(rows, row, "version"));
    return thing;
}

static bool probe_found(struct request *request, struct reply *reply, struct problem *err)
{
    json_auto_t *data = json_object();
    struct event event = {.type = "probe.alliance.founded.v1",
                          .subject = "alliance",
                          .data = data,
                          .occurred_ms = INSTANT_NONE};
    if (!act_append(request->act, &event, err))
        return false;
    reply_created(reply, json_object(), "alliance", 1);
    return true;
}

static bool probe_append(struct request *request, json_t *thing, struct problem *err)
{
    json_auto_t *data = json_pack("{s:O}", "thing", thing);
    struct event event = {.type = "probe.thing.made.v1",
                          .subject = "things/x",
                          .data = data,
                          .occurred_ms = INSTANT_NONE};
    return act_append(request->act, &event, err);
}

/* Codes with a meaning: forbidden (refused), noted (refused, but noted in the act's slot),
 * regretted (refused after its event), unique-* (all have one name, which the database refuses
 * twice), broken (fails). */
static bool probe_make(struct request *request, struct reply *reply, struct problem *err)
{
    const char *code = json_text(request->body, "code");
    if (strcmp(code, "forbidden") == 0)
        return problem_set(err, PROBLEM_RULE_BROKEN, "nobody may have this");
    if (act_slot(request->act))
        return problem_set(err, PROBLEM_INTERNAL, "somebody's refused change is still noted");
    if (strcmp(code, "noted") == 0) {
        act_set_slot(request->act, strdup("a change that is refused"), free);
        return problem_set(err, PROBLEM_RULE_BROKEN, "nobody may have this either");
    }
    if (strcmp(code, "broken") == 0)
        return problem_set(err, PROBLEM_INTERNAL, "a secret of ours");
    json_auto_t *thing = json_deep_copy(request->body);
    json_put_integer(thing, "version", 1);
    if (strncmp(code, "unique-", 7) == 0)
        json_put_text(thing, "name", "one name");
    if (!probe_append(request, thing, err))
        return false;
    if (strcmp(code, "regretted") == 0)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "on second thoughts");
    char ref[REF_SIZE];
    snprintf(ref, sizeof ref, "things/%s", code);
    reply_created(reply, json_incref(thing), ref, 1);
    return true;
}

static bool probe_read(struct request *request, json_t **ret_thing, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(request->tx, &PROBE_THING_GET, &rows, err,
                   db_text(request_path(request, "code"))))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no such thing");
    *ret_thing = probe_thing_of_row(&rows, 0);
    return true;
}

static bool probe_get(struct request *request, struct reply *reply, struct problem *err)
{
    json_t *thing;
    if (!probe_read(request, &thing, err))
        return false;
    reply_ok(reply, thing, json_integer_or(thing, "version", 0));
    return true;
}

static bool probe_change(struct request *request, struct reply *reply, struct problem *err)
{
    json_t *thing;
    if (!probe_read(request, &thing, err))
        return false;
    int64_t version = json_integer_or(thing, "version", 0);
    json_put_integer(thing, "amountPence", json_integer_or(request->body, "amountPence", 0));
    json_put_integer(thing, "version", version + 1);
    if (!request_match(request, version, err) || !probe_append(request, thing, err)) {
        json_decref(thing);
        return false;
    }
    reply_ok(reply, thing, version + 1);
    return true;
}

static bool probe_list(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {0};
    if (!page_begin(request, &page, err) ||
        !db_select(request->tx, &PROBE_THING_LIST, &rows, err, db_text(page.after),
                   db_text(request_query(request, "name")), db_int(page.limit)))
        return false;
    json_t *items = json_array();
    for (int i = 0; i < rows.count; i++)
        json_push_new(items, probe_thing_of_row(&rows, i));
    list_reply(request, reply, &page, items, "code");
    return true;
}

static bool probe_pass(struct request *request, struct reply *reply, struct problem *err)
{
    (void)request, (void)err;
    reply_empty(reply);
    return true;
}

static bool probe_prepare(struct request *request, struct problem *err)
{
    atomic_fetch_add(&probe_prepared, 1);
    if (request->tx || request->act)
        return problem_set(err, PROBLEM_INTERNAL, "there is a transaction already");
    if (json_flag(request->body, "refuse"))
        return problem_set(err, PROBLEM_FUNDS_INSUFFICIENT, "not enough");
    request->prepared = strdup("prepared words");
    request->free_prepared = free;
    return true;
}

static bool probe_use_prepared(struct request *request, struct reply *reply, struct problem *err)
{
    (void)err;
    reply_ok(reply, json_pack("{s:s,s:s}", "words", request->prepared, "id", request->key_id), 0);
    return true;
}

static const struct service *probe_service(void)
{
    static const struct route ROUTES[] = {
        {.operation_id = "found", .handle = probe_found},
        {.operation_id = "listThings", .handle = probe_list},
        {.operation_id = "makeThing", .handle = probe_make},
        {.operation_id = "getThing", .handle = probe_get},
        {.operation_id = "changeThing", .handle = probe_change},
        {.operation_id = "passGate", .handle = probe_pass},
        {.operation_id = "prepareThing", .handle = probe_use_prepared, .prepare = probe_prepare},
    };
    static const char *const FOLLOWS[] = {"elsewhere", NULL};
    static const struct service SERVICE = {.name = "probe",
                                           .spec = PROBE_SPEC,
                                           .follows = FOLLOWS,
                                           .routes = ROUTES,
                                           .route_count = ARRAY_LENGTH(ROUTES)};
    for (char *c = PROBE_SPEC; *c; c++)
        if (*c == '\'')
            *c = '"';
    return &SERVICE;
}

#endif
