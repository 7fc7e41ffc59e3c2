#include <stdlib.h>
#include <string.h>

#include "common/consumer_private.h"
#include "common/json.h"
#include "common/subject_private.h"

/* The length of a type's name without its version, and the version; 0 = no version. */
static size_t type_split(const char *type, long *ret_version)
{
    const char *dot = strrchr(type, '.');
    if (dot == NULL || dot[1] != 'v' || strspn(dot + 2, "0123456789") != strlen(dot + 2) ||
        dot[2] == '\0')
        return 0;
    *ret_version = strtol(dot + 2, NULL, 10);
    return (size_t)(dot - type);
}

int event_type_match(const char *known, const char *type)
{
    long known_version, version;
    size_t known_length = type_split(known, &known_version), length = type_split(type, &version);
    if (length == 0 || length != known_length || strncmp(known, type, length) != 0)
        return 0;
    return version <= known_version ? 1 : -1;
}

bool event_text(const json_t *object, const char *name, size_t size, const char **ret_text,
                struct problem *err)
{
    const char *text = json_text(object, name);
    if (text == NULL || strlen(text) >= size)
        return problem_set(err, PROBLEM_INTERNAL, "an event without a fit %s", name);
    *ret_text = text;
    return true;
}

/* The decision events that the house reacts to by itself; see subject.c. */
static const char *const HOUSE_TYPES[] = {
    "membership.decision.opened.v1",    "membership.decision.carried.v1",
    "membership.decision.rejected.v1",  "membership.decision.lapsed.v1",
    "membership.decision.escalated.v1", "membership.decision.withdrawn.v1",
};

static bool versions_check(const struct service *service, const char *type, struct problem *err)
{
    int match = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(HOUSE_TYPES) && match == 0; i++)
        match = event_type_match(HOUSE_TYPES[i], type);
    for (size_t i = 0; i < service->reaction_count && match == 0; i++)
        match = event_type_match(service->reactions[i].type, type);
    if (match < 0)
        return problem_set(err, PROBLEM_INTERNAL, "%s is newer than this %s knows", type,
                           service->name);
    return true;
}

bool reactions_run(const struct service *service, struct act *act,
                   const struct foreign_event *event, struct problem *err)
{
    if (!versions_check(service, event->type, err))
        return false;
    if (strcmp(event->source, "membership") == 0 &&
        !subject_react(act, service->subjects, event, err))
        return false;
    for (size_t i = 0; i < service->reaction_count; i++)
        if (event_type_match(service->reactions[i].type, event->type) > 0 &&
            !service->reactions[i].react(act, event, err))
            return false;
    for (size_t i = 0; i < service->reaction_count; i++)
        if (strcmp(service->reactions[i].type, "*") == 0 &&
            !service->reactions[i].react(act, event, err))
            return false;
    return true;
}
