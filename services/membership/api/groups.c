/* Groups: the tree that they form. Who sits in one is an appointment. */
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "services/membership/api/handlers.h"
#include "services/membership/api/present.h"
#include "services/membership/events.h"
#include "services/membership/rules/group.h"
#include "services/membership/rules/terms.h"
#include "services/membership/store/group.h"

/* The groups as they were read, to see which of them change. */
struct forest {
    struct groups now;
    int64_t versions[GROUPS_MAX + 1];
};

static bool forest_load(struct request *request, struct forest *ret_forest, struct problem *err)
{
    if (!store_groups_get(request->tx, &ret_forest->now, err))
        return false;
    for (int i = 0; i < ret_forest->now.count; i++)
        ret_forest->versions[i] = ret_forest->now.groups[i].version;
    return true;
}

/* Index of the path's group; NOT_FOUND. */
static bool group_of_path(const struct request *request, const struct groups *groups,
                          int *ret_index, struct problem *err)
{
    const char *code = request_path(request, "groupCode");
    const struct group *group = group_find(groups->groups, groups->count, code);
    if (group == NULL)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no group %s", code);
    *ret_index = (int)(group - groups->groups);
    return true;
}

static void group_of_json(const struct request *request, struct group *ret_group)
{
    *ret_group = (struct group){
        .kind = group_kind_of(json_text(request->body, "kind")),
        .made_ms = request->now_ms,
    };
    json_copy_text(request->body, "code", ret_group->code, sizeof ret_group->code);
    json_copy_text(request->body, "name", ret_group->name, sizeof ret_group->name);
}

bool group_make(struct request *request, struct reply *reply, struct problem *err)
{
    struct forest forest;
    const char *reports_to = json_text(request->body, "reportsTo");
    if (!command_begin(request, err) || !forest_load(request, &forest, err))
        return false;
    struct groups *groups = &forest.now;
    const int index = groups->count;
    struct group *group = &groups->groups[index];
    group_of_json(request, group);
    if (!group_check_new(groups->groups, index, group, err))
        return false;
    groups->count++;
    forest.versions[index] = 0;
    if (!group_place(groups->groups, groups->count, index, reports_to != NULL ? reports_to : "",
                     err) ||
        !event_group(request->act, "made", group->code, groups->groups, forest.versions,
                     groups->count, err))
        return false;
    char ref[REF_SIZE];
    snprintf(ref, sizeof ref, "groups/%s", group->code);
    reply_created(reply, group_present(group), ref, group->version);
    return true;
}

bool group_list(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {0};
    if (!page_begin(request, &page, err) ||
        !store_group_list(request->tx, request_query(request, "kind"), page.after, page.limit,
                          &rows, err))
        return false;
    json_t *items = json_array();
    for (int row = 0; row < rows.count; row++) {
        struct group group;
        group_of_row(&rows, row, &group);
        json_push_new(items, group_present(&group));
    }
    list_reply(request, reply, &page, items, "code");
    return true;
}

bool group_get(struct request *request, struct reply *reply, struct problem *err)
{
    int index = 0;
    struct groups groups;
    if (!store_groups_get(request->tx, &groups, err) ||
        !group_of_path(request, &groups, &index, err))
        return false;
    const struct group *group = &groups.groups[index];
    reply_ok(reply, group_present(group), group->version);
    return true;
}

/* A member that is absent stays; `reportsTo` that is null reports to nobody any more. */
static bool group_take_change(const struct request *request, struct groups *groups, int index,
                              struct problem *err)
{
    struct group *group = &groups->groups[index];
    const json_t *given = json_object_get(request->body, "reportsTo");
    const char *reports_to = group->reports_to;
    if (given != NULL)
        reports_to = json_is_string(given) ? json_string_value(given) : "";
    char above[SHORT_CODE_SIZE];
    snprintf(above, sizeof above, "%s", reports_to);
    if (!group_place(groups->groups, groups->count, index, above, err))
        return false;
    if (json_text(request->body, "name") != NULL)
        json_copy_text(request->body, "name", group->name, sizeof group->name);
    return true;
}

bool group_change(struct request *request, struct reply *reply, struct problem *err)
{
    int index = 0;
    struct forest forest;
    struct groups *groups = &forest.now;
    if (!command_begin(request, err) || !forest_load(request, &forest, err) ||
        !group_of_path(request, groups, &index, err) ||
        !request_match(request, groups->groups[index].version, err) ||
        !group_take_change(request, groups, index, err))
        return false;
    const struct group *group = &groups->groups[index];
    if (!event_group(request->act, "changed", group->code, groups->groups, forest.versions,
                     groups->count, err))
        return false;
    reply_ok(reply, group_present(group), group->version);
    return true;
}
