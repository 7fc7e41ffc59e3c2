#include <assert.h>
#include <string.h>

#include "common/http_private.h"

const char *request_path(const struct request *request, const char *name)
{
    const struct spec_match *match = &request->private->match;
    for (size_t i = 0; i < match->value_count; i++)
        if (strcmp(match->names[i], name) == 0)
            return match->values[i];
    assert(false && "the path has a parameter of this name");
    return "";
}

const char *request_query(const struct request *request, const char *name)
{
    const struct request_private *private = request->private;
    for (size_t i = 0; i < private->query_count; i++)
        if (strcmp(private->query[i].name, name) == 0)
            return private->query[i].value;
    return NULL;
}

/* A refusal by role is told to somebody who knows of the alliance; an unknown one stays unknown,
 * its position too. */
bool http_admit(struct request *request, struct problem *err)
{
    const struct operation *operation = request->operation;
    bool may = !operation->has_alliance || access_check(&request->standing, operation->roles, err);
    if (may || err->code == PROBLEM_ROLE_MISSING)
        request->private->sequence = request->standing.sequence;
    return may;
}

bool request_wants(const struct request *request, const char *media_type)
{
    int accept = request->private->accept;
    return accept >= 0 && strcmp(request->operation->answers[accept].type, media_type) == 0;
}

bool request_match(const struct request *request, int64_t version, struct problem *err)
{
    int64_t wanted = request->if_match;
    if (wanted == VERSION_ABSENT)
        return !request->operation->needs_match ||
               problem_set(err, PROBLEM_PRECONDITION_MISSING, "If-Match is needed");
    if (wanted == VERSION_ANY || wanted == version)
        return true;
    return problem_set(err, PROBLEM_VERSION_STALE,
                       "the resource is at version %" JSON_INTEGER_FORMAT, (json_int_t)version);
}
