#include "services/membership/rules/group.h"

#include <stdio.h>
#include <string.h>

#include "services/membership/rules/terms.h"

bool group_has_vote(enum group_kind kind)
{
    return kind != GROUP_PATIENT_AND_PUBLIC_PARTNERSHIP;
}

const struct group *group_find(const struct group groups[], int count, const char *code)
{
    for (int i = 0; i < count; i++)
        if (strcmp(groups[i].code, code) == 0)
            return &groups[i];
    return NULL;
}

bool group_check_new(const struct group groups[], int count, const struct group *group,
                     struct problem *err)
{
    if (count >= GROUPS_MAX)
        return problem_set(err, PROBLEM_RULE_BROKEN, "an alliance has %d groups at most",
                           GROUPS_MAX);
    for (int i = 0; i < count; i++) {
        if (strcmp(groups[i].code, group->code) == 0)
            return problem_set(err, PROBLEM_ALREADY_EXISTS, "there is a group %s already",
                               group->code);
        if (groups[i].kind == group->kind && group->kind != GROUP_OTHER)
            return problem_set(err, PROBLEM_ALREADY_EXISTS, "the %s is %s already",
                               group_kind_name(group->kind), groups[i].code);
    }
    return true;
}

/* It is `above`, or reports to it through however many others. */
static bool group_is_within(const struct group groups[], int count, const struct group *group,
                            const struct group *above)
{
    while (group != NULL && group != above)
        group = group_find(groups, count, group->reports_to);
    return group != NULL;
}

/* How many levels it and what reports to it move down; negative is up. */
static bool place_check_depth(const struct group groups[], int count, int index, int shift,
                              struct problem *err)
{
    for (int i = 0; i < count; i++)
        if (group_is_within(groups, count, &groups[i], &groups[index]) &&
            groups[i].level + shift > GROUP_LEVELS_MAX)
            return problem_add(err, PROBLEM_RULE_BROKEN, "too-deep", "/reportsTo",
                               "%s would stand below level %d", groups[i].code, GROUP_LEVELS_MAX);
    return true;
}

bool group_place(struct group groups[], int count, int index, const char *reports_to,
                 struct problem *err)
{
    bool moves[GROUPS_MAX];
    struct group *group = &groups[index];
    const struct group *above = group_find(groups, count, reports_to);
    if (reports_to[0] != '\0' && above == NULL)
        return problem_add(err, PROBLEM_REFERENCE_UNKNOWN, "unknown-group", "/reportsTo",
                           "there is no group %s", reports_to);
    if (group_is_within(groups, count, above, group))
        return problem_add(err, PROBLEM_RULE_BROKEN, "cycle", "/reportsTo",
                           "%s reports to %s, and nothing reports to itself", reports_to,
                           group->code);
    const int shift = (above != NULL ? above->level : 0) + 1 - group->level;
    if (!place_check_depth(groups, count, index, shift, err))
        return false;
    for (int i = 0; i < count; i++)
        moves[i] = i == index || (shift != 0 && group_is_within(groups, count, &groups[i], group));
    snprintf(group->reports_to, sizeof group->reports_to, "%s", reports_to);
    for (int i = 0; i < count; i++) {
        if (!moves[i])
            continue;
        groups[i].level += shift;
        groups[i].version++;
    }
    return true;
}

bool seat_check(const struct tenure *tenure, const struct group *group, struct problem *err)
{
    const bool is_member = tenure->post == POST_GROUP_MEMBER;
    if (is_member && tenure->group_code[0] == '\0')
        return problem_add(err, PROBLEM_RULE_BROKEN, "required", "/group",
                           "a group member sits in a group");
    if (!is_member && tenure->group_code[0] != '\0')
        return problem_add(err, PROBLEM_RULE_BROKEN, "unexpected", "/group",
                           "only a group member sits in a group");
    if (is_member && group == NULL)
        return problem_add(err, PROBLEM_REFERENCE_UNKNOWN, "unknown-group", "/group",
                           "there is no group %s", tenure->group_code);
    return true;
}
