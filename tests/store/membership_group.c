/* Groups on a real database: what the tables hold of the tree, and who decides what is delegated.
 */
#include "tests/store/membership_world.h"

#include "services/membership/rows.h"
/* Says in the agreement that general decisions are this group's. */
static void delegate(const char *code)
{
    act_auto_t act = {0};
    struct problem err = {0};
    agreement_auto_t version = {0};
    begin(&act);
    assert_done(store_agreement_get(act.tx, 1, &version, &err), err);
    json_array_clear(json_object_get(version.parameters, "rules"));
    json_array_append_new(
        json_object_get(version.parameters, "rules"),
        json_pack("{s:s, s:s, s:s}", "kind", "general", "rule", "unanimous", "group", code));
    version.version++;
    json_auto_t *data = json_pack("{s:o}", "agreementVersion", agreement_row(&version));
    const struct event event = {.type = "membership.agreement.adopted.v1",
                                .subject = "agreement/versions/1",
                                .data = data,
                                .occurred_ms = INSTANT_NONE};
    assert_done(act_append(&act, &event, &err), err);
    commit(&act);
}

static const char *electors_of(const char *id)
{
    return harness_value("select coalesce(string_agg(organisation, ' ' order by organisation), '') "
                         "from membership.elector where alliance_id = '%s' and decision_id = '%s'",
                         alliance_id, id);
}

static void who_is_seated_in_the_group_decides(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    make_group("quality", GROUP_PERFORMANCE_AND_QUALITY, "");
    seat("ZZ1", "quality");
    seat("ZZ1", "quality");
    seat("ZZ2", "quality");
    seat("ZZ5", "quality"); /* has only applied */
    delegate("quality");
    open_decision("alliance", "resolve", HOUR_MS, id);
    assert_string_equal(electors_of(id), "ZZ1 ZZ2");
    decision_auto_t decision = {0};
    load(id, &decision);
    assert_string_equal(decision.group_code, "quality");
    vote_letters(id, "AA");
    assert_int_equal(state_of(id), DECISION_CARRIED);
}

static void a_seat_counts_while_it_lasts(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    make_group("quality", GROUP_PERFORMANCE_AND_QUALITY, "");
    seat("ZZ1", "quality");
    seat("ZZ2", "quality");
    seat("ZZ4", "quality");
    delegate("quality");
    act_auto_t act = {0};
    struct problem err = {0};
    db_rows_auto_t rows = {0};
    begin(&act);
    assert_done(store_tenure_list(act.tx,
                                  &(struct tenure_filter){.organisation = "ZZ4",
                                                          .group_code = "quality",
                                                          .in_force_ms = INSTANT_NONE},
                                  NULL, 9, &rows, &err),
                err);
    assert_int_equal(rows.count, 1);
    struct tenure tenure;
    tenure_of_row(&rows, 0, &tenure);
    assert_string_equal(tenure.group_code, "quality");
    tenure.ends_ms = act.now_ms;
    tenure.version++;
    assert_done(event_appointment(&act, "ended", &tenure, &err), err);
    commit(&act);
    open_decision("alliance", "resolve", HOUR_MS, id);
    assert_string_equal(electors_of(id), "ZZ1 ZZ2");
}

static void without_a_commissioner_and_a_provider_in_it_it_is_escalated(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    make_group("quality", GROUP_PERFORMANCE_AND_QUALITY, "");
    delegate("quality");
    open_decision("alliance", "resolve-first", HOUR_MS, id);
    assert_string_equal(electors_of(id), "");
    assert_int_equal(state_of(id), DECISION_ESCALATED);
    seat("ZZ1", "quality");
    seat("ZZ3", "quality");
    open_decision("alliance", "resolve-second", HOUR_MS, id);
    assert_string_equal(electors_of(id), "ZZ1 ZZ3");
    assert_int_equal(state_of(id), DECISION_ESCALATED);
}

static void a_group_without_a_vote_or_that_does_not_exist_seats_nobody(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    make_group("public", GROUP_PATIENT_AND_PUBLIC_PARTNERSHIP, "");
    seat("ZZ1", "public");
    seat("ZZ2", "public");
    delegate("public");
    open_decision("alliance", "resolve-first", HOUR_MS, id);
    assert_int_equal(state_of(id), DECISION_ESCALATED);
    delegate("nowhere");
    open_decision("alliance", "resolve-second", HOUR_MS, id);
    assert_int_equal(state_of(id), DECISION_ESCALATED);
}

static void a_reserved_kind_stays_with_all(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    make_group("quality", GROUP_PERFORMANCE_AND_QUALITY, "");
    seat("ZZ1", "quality");
    seat("ZZ2", "quality");
    delegate("quality");
    open_decision("partners/ZZ5", "admit", HOUR_MS, id);
    assert_string_equal(electors_of(id), "ZZ1 ZZ2 ZZ3 ZZ4");
}

static void what_reports_to_a_moved_group_is_written_with_it(void **state)
{
    (void)state;
    make_group("board", GROUP_LEADERSHIP_BOARD, "");
    make_group("delivery", GROUP_DELIVERY_BOARD, "board");
    make_group("finance", GROUP_FINANCE_AND_INFORMATION, "delivery");
    act_auto_t act = {0};
    struct problem err = {0};
    struct groups groups;
    int64_t versions[GROUPS_MAX + 1];
    begin(&act);
    assert_done(store_groups_get(act.tx, &groups, &err), err);
    for (int i = 0; i < groups.count; i++)
        versions[i] = groups.groups[i].version;
    assert_string_equal(groups.groups[1].code, "delivery");
    assert_done(group_place(groups.groups, groups.count, 1, "", &err), err);
    assert_done(
        event_group(&act, "changed", "delivery", groups.groups, versions, groups.count, &err), err);
    commit(&act);
    assert_string_equal(harness_value("select string_agg(code || ' ' || level || ' ' || version, "
                                      "', ' order by code) from membership.alliance_group "
                                      "where alliance_id = '%s'",
                                      alliance_id),
                        "board 1 1, delivery 1 2, finance 2 2");
}

static void refused_by_the_tables(struct group group)
{
    act_auto_t act = {0};
    struct problem err = {0};
    group.made_ms = 1776000000000;
    group.version = 2;
    snprintf(group.name, sizeof group.name, "A group");
    begin(&act);
    json_auto_t *data = json_pack("{s:o}", "allianceGroup", group_row(&group));
    const struct event event = {.type = "membership.group.changed.v1",
                                .subject = "groups/board",
                                .data = data,
                                .occurred_ms = INSTANT_NONE};
    assert_false(act_append(&act, &event, &err) && act_flush(&act, &err) && act_commit(&act, &err));
}

/* Each stands one level below the one above it, so that no circle can be written. */
static void the_tables_refuse_a_circle(void **state)
{
    (void)state;
    make_group("board", GROUP_LEADERSHIP_BOARD, "");
    make_group("delivery", GROUP_DELIVERY_BOARD, "board");
    refused_by_the_tables((struct group){
        .code = "board", .kind = GROUP_LEADERSHIP_BOARD, .reports_to = "delivery", .level = 3});
    refused_by_the_tables((struct group){
        .code = "board", .kind = GROUP_LEADERSHIP_BOARD, .reports_to = "board", .level = 2});
    refused_by_the_tables(
        (struct group){.code = "board", .kind = GROUP_LEADERSHIP_BOARD, .level = 2});
    refused_by_the_tables((struct group){
        .code = "delivery", .kind = GROUP_DELIVERY_BOARD, .reports_to = "board", .level = 4});
    refused_by_the_tables(
        (struct group){.code = "other", .kind = GROUP_LEADERSHIP_BOARD, .level = 1});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(who_is_seated_in_the_group_decides, make_alliance),
        cmocka_unit_test_setup(a_seat_counts_while_it_lasts, make_alliance),
        cmocka_unit_test_setup(without_a_commissioner_and_a_provider_in_it_it_is_escalated,
                               make_alliance),
        cmocka_unit_test_setup(a_group_without_a_vote_or_that_does_not_exist_seats_nobody,
                               make_alliance),
        cmocka_unit_test_setup(a_reserved_kind_stays_with_all, make_alliance),
        cmocka_unit_test_setup(what_reports_to_a_moved_group_is_written_with_it, make_alliance),
        cmocka_unit_test_setup(the_tables_refuse_a_circle, make_alliance),
    };
    return cmocka_run_group_tests(tests, make_db, free_db);
}
