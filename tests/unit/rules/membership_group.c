/* Groups as a tree, and seats in them (domain.md A6). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/membership/rules/group.h"

static struct group group_make(const char *code, enum group_kind kind, const char *reports_to,
                               int level)
{
    struct group group = {.kind = kind, .level = level, .version = 1};
    strcpy(group.code, code);
    strcpy(group.reports_to, reports_to);
    return group;
}

/* board <- delivery <- finance <- tariff, and clinical beside delivery. */
enum { BOARD, DELIVERY, FINANCE, TARIFF, CLINICAL, COUNT };
static void tree_make(struct group groups[COUNT])
{
    groups[BOARD] = group_make("board", GROUP_LEADERSHIP_BOARD, "", 1);
    groups[DELIVERY] = group_make("delivery", GROUP_DELIVERY_BOARD, "board", 2);
    groups[FINANCE] = group_make("finance", GROUP_FINANCE_AND_INFORMATION, "delivery", 3);
    groups[TARIFF] = group_make("tariff", GROUP_OTHER, "finance", 4);
    groups[CLINICAL] = group_make("clinical", GROUP_CLINICAL_REFERENCE, "board", 2);
}

static void the_patients_group_has_a_voice_and_no_vote(void **state)
{
    (void)state;
    for (int kind = GROUP_LEADERSHIP_BOARD; kind <= GROUP_OTHER; kind++)
        assert_int_equal(group_has_vote((enum group_kind)kind),
                         kind != GROUP_PATIENT_AND_PUBLIC_PARTNERSHIP);
}

static void there_is_one_group_of_a_code_and_of_a_kind(void **state)
{
    (void)state;
    struct problem err = {0};
    struct group groups[COUNT];
    tree_make(groups);
    struct group group = group_make("quality", GROUP_PERFORMANCE_AND_QUALITY, "", 0);
    assert_true(group_check_new(groups, COUNT, &group, &err));
    strcpy(group.code, "finance");
    assert_false(group_check_new(groups, COUNT, &group, &err));
    assert_int_equal(err.code, PROBLEM_ALREADY_EXISTS);
    group = group_make("second", GROUP_LEADERSHIP_BOARD, "", 0);
    assert_false(group_check_new(groups, COUNT, &group, &err));
    assert_int_equal(err.code, PROBLEM_ALREADY_EXISTS);
    group.kind = GROUP_OTHER;
    assert_true(group_check_new(groups, COUNT, &group, &err));
}

static void an_alliance_has_so_many_groups_at_most(void **state)
{
    (void)state;
    struct problem err = {0};
    static struct group groups[GROUPS_MAX];
    for (int i = 0; i < GROUPS_MAX; i++) {
        char code[16];
        snprintf(code, sizeof code, "group-%d", i);
        groups[i] = group_make(code, GROUP_OTHER, "", 1);
    }
    const struct group one_more = group_make("more", GROUP_OTHER, "", 0);
    assert_true(group_check_new(groups, GROUPS_MAX - 1, &one_more, &err));
    assert_false(group_check_new(groups, GROUPS_MAX, &one_more, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
}

static void a_new_group_stands_below_what_it_reports_to(void **state)
{
    (void)state;
    struct problem err = {0};
    struct group groups[COUNT + 1];
    tree_make(groups);
    groups[COUNT] = group_make("quality", GROUP_PERFORMANCE_AND_QUALITY, "", 0);
    groups[COUNT].version = 0;
    assert_true(group_place(groups, COUNT + 1, COUNT, "delivery", &err));
    assert_int_equal(groups[COUNT].level, 3);
    assert_int_equal(groups[COUNT].version, 1);
    assert_string_equal(groups[COUNT].reports_to, "delivery");
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(groups[i].version, 1);
}

static void what_reports_to_a_group_moves_along(void **state)
{
    (void)state;
    struct problem err = {0};
    struct group groups[COUNT];
    tree_make(groups);
    assert_true(group_place(groups, COUNT, FINANCE, "board", &err));
    assert_int_equal(groups[FINANCE].level, 2);
    assert_int_equal(groups[TARIFF].level, 3);
    assert_int_equal(groups[TARIFF].version, 2);
    assert_string_equal(groups[TARIFF].reports_to, "finance");
    assert_int_equal(groups[DELIVERY].version, 1);
    assert_true(group_place(groups, COUNT, FINANCE, "", &err));
    assert_int_equal(groups[FINANCE].level, 1);
    assert_string_equal(groups[FINANCE].reports_to, "");
}

static void beside_itself_only_the_group_changes(void **state)
{
    (void)state;
    struct problem err = {0};
    struct group groups[COUNT];
    tree_make(groups);
    assert_true(group_place(groups, COUNT, FINANCE, "clinical", &err));
    assert_int_equal(groups[FINANCE].version, 2);
    assert_int_equal(groups[TARIFF].version, 1);
}

static void nothing_reports_to_itself(void **state)
{
    (void)state;
    struct group groups[COUNT];
    const char *const below[] = {"delivery", "finance", "tariff"};
    tree_make(groups);
    for (size_t i = 0; i < ARRAY_LENGTH(below); i++) {
        struct problem err = {0};
        assert_false(group_place(groups, COUNT, DELIVERY, below[i], &err));
        assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
        assert_string_equal(err.faults[0].code, "cycle");
        assert_int_equal(groups[DELIVERY].version, 1);
        assert_int_equal(groups[DELIVERY].level, 2);
    }
}

static void nothing_reports_to_what_does_not_exist(void **state)
{
    (void)state;
    struct problem err = {0};
    struct group groups[COUNT];
    tree_make(groups);
    assert_false(group_place(groups, COUNT, DELIVERY, "nowhere", &err));
    assert_int_equal(err.code, PROBLEM_REFERENCE_UNKNOWN);
    assert_string_equal(err.faults[0].pointer, "/reportsTo");
}

static void the_tree_is_so_deep_at_most(void **state)
{
    (void)state;
    struct problem err = {0};
    struct group groups[GROUP_LEVELS_MAX + 2];
    char above[8] = "";
    for (int i = 0; i < GROUP_LEVELS_MAX + 2; i++) {
        char code[8];
        snprintf(code, sizeof code, "g%d", i);
        groups[i] = group_make(code, GROUP_OTHER, "", 0);
        const bool fits = i < GROUP_LEVELS_MAX;
        if (i <= GROUP_LEVELS_MAX)
            assert_int_equal(group_place(groups, i + 1, i, above, &err), fits);
        if (fits)
            strcpy(above, code);
    }
    assert_string_equal(err.faults[0].code, "too-deep");
    /* Nor by what reports to the one that moves. */
    problem_clear(&err);
    groups[GROUP_LEVELS_MAX] = group_make("top", GROUP_OTHER, "", 1);
    assert_false(group_place(groups, GROUP_LEVELS_MAX + 1, 0, "top", &err));
    assert_string_equal(err.faults[0].code, "too-deep");
    assert_int_equal(groups[0].level, 1);
}

static void seat_refused(enum post post, const char *code, const struct group *group,
                         enum problem_code problem)
{
    struct problem err = {0};
    struct tenure tenure = {.post = post};
    strcpy(tenure.group_code, code);
    if (problem == PROBLEM_NONE) {
        assert_true(seat_check(&tenure, group, &err));
        return;
    }
    assert_false(seat_check(&tenure, group, &err));
    assert_int_equal(err.code, problem);
    assert_string_equal(err.faults[0].pointer, "/group");
}

static void members_sit_in_groups_and_nobody_else_does(void **state)
{
    (void)state;
    const struct group group = group_make("board", GROUP_LEADERSHIP_BOARD, "", 1);
    seat_refused(POST_GROUP_MEMBER, "board", &group, PROBLEM_NONE);
    seat_refused(POST_DEPUTY, "", NULL, PROBLEM_NONE);
    seat_refused(POST_GROUP_MEMBER, "", NULL, PROBLEM_RULE_BROKEN);
    seat_refused(POST_DEPUTY, "board", &group, PROBLEM_RULE_BROKEN);
    seat_refused(POST_GROUP_MEMBER, "nowhere", NULL, PROBLEM_REFERENCE_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_patients_group_has_a_voice_and_no_vote),
        cmocka_unit_test(there_is_one_group_of_a_code_and_of_a_kind),
        cmocka_unit_test(an_alliance_has_so_many_groups_at_most),
        cmocka_unit_test(a_new_group_stands_below_what_it_reports_to),
        cmocka_unit_test(what_reports_to_a_group_moves_along),
        cmocka_unit_test(beside_itself_only_the_group_changes),
        cmocka_unit_test(nothing_reports_to_itself),
        cmocka_unit_test(nothing_reports_to_what_does_not_exist),
        cmocka_unit_test(the_tree_is_so_deep_at_most),
        cmocka_unit_test(members_sit_in_groups_and_nobody_else_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
