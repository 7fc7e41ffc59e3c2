#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/http_private.h"
#include "common/json.h"

static void reply_start(struct reply *reply, int status, json_t *resource, int64_t version)
{
    assert(reply->status == 0);
    reply->status = status;
    reply->resource = resource;
    reply->version = version;
    snprintf(reply->content_type, sizeof reply->content_type, "application/json");
}

void reply_ok(struct reply *reply, json_t *resource, int64_t version)
{
    reply_start(reply, 200, resource, version);
}

void reply_created(struct reply *reply, json_t *resource, const char *ref, int64_t version)
{
    reply_start(reply, 201, resource, version);
    /* The alliance itself is a reference, too, and has no path below itself. */
    bool is_alliance = !ref || !*ref || strcmp(ref, "alliance") == 0;
    snprintf(reply->location, sizeof reply->location, "/v1/alliances/%s%s%s", reply->alliance_id,
             is_alliance ? "" : "/", is_alliance ? "" : ref);
}

void reply_empty(struct reply *reply)
{
    reply_start(reply, 204, NULL, 0);
    reply->content_type[0] = '\0';
}

void reply_text(struct reply *reply, const char *content_type, char *text)
{
    reply_start(reply, 200, NULL, 0);
    snprintf(reply->content_type, sizeof reply->content_type, "%s", content_type);
    reply->text = text;
    reply->text_size = strlen(text);
}

void reply_clear(struct reply *reply)
{
    const char *alliance_id = reply->alliance_id;
    json_decref(reply->resource);
    free(reply->text);
    free(reply->next);
    *reply = (struct reply){.alliance_id = alliance_id};
}

void reply_render(struct reply *reply)
{
    if (reply->text || !reply->resource)
        return;
    reply->text = json_dumps(reply->resource, JSON_COMPACT);
    if (!reply->text)
        abort();
    reply->text_size = strlen(reply->text);
}

/* The path of the request, without its query: names what was asked for. */
static void put_instance(json_t *document, const char *target)
{
    char path[512];
    size_t size = strcspn(target, "?");
    snprintf(path, sizeof path, "%.*s", (int)(size < sizeof path ? size : sizeof path - 1), target);
    for (const char *c = path; *c; c++)
        if (*c <= ' ' || *c > '~')
            return;
    if (path[0] == '/')
        json_put_text(document, "instance", path);
}

static json_t *faults_to_json(const struct problem *problem)
{
    json_t *faults = json_array();
    for (size_t i = 0; i < problem->fault_count && i < FAULTS_LISTED_MAX; i++) {
        json_t *fault = json_object();
        const struct problem_fault *from = &problem->faults[i];
        if (json_object_set_new(fault, "pointer", json_string(from->pointer)) != 0)
            json_object_set_new(fault, "pointer", json_string("")); /* cut within a character */
        if (json_object_set_new(fault, "detail", json_string(from->detail)) != 0)
            json_object_set_new(fault, "detail", json_string("it is not valid"));
        json_put_text(fault, "code", from->code);
        json_push_new(faults, fault);
    }
    return faults;
}

static const char *code_name(enum problem_code code)
{
    static const char *const NAMES[] = {
#define PROBLEM(code, status, slug, title) #code,
#include "common/problem.def"
#undef PROBLEM
    };
    return NAMES[code];
}

/* What a 5xx has to say is for the log, unless it was meant for the caller. */
void reply_problem(struct reply *reply, const struct problem *problem, const char *target,
                   const char *request_id)
{
    reply_clear(reply);
    char type[80];
    int status = problem_status(problem->code);
    snprintf(type, sizeof type, "/problems/%s", problem_slug(problem->code));
    json_t *document = json_object();
    json_put_text(document, "type", type);
    json_put_text(document, "title", problem_title(problem->code));
    json_put_integer(document, "status", status);
    if ((status < 500 || problem->is_public) && problem->detail[0] &&
        json_object_set_new(document, "detail", json_string(problem->detail)) != 0)
        json_put_text(document, "detail", problem_title(problem->code));
    put_instance(document, target);
    json_put_text(document, "code", code_name(problem->code));
    json_put_text(document, "requestId", request_id);
    if (status < 500 && problem->fault_count) {
        json_put_new(document, "errors", faults_to_json(problem));
        json_put_integer(document, "errorsTotal", (int64_t)problem->fault_count);
    }
    reply_start(reply, status, document, 0);
    snprintf(reply->content_type, sizeof reply->content_type, "application/problem+json");
    reply_render(reply);
}
