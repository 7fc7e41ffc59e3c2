/* What is escalated becomes an item of a group's agenda, on a real database. */
#include "tests/store/membership_world.h"

#include "services/membership/agenda.h"
#include "services/membership/rows.h"
#include "services/membership/rules/agenda.h"
#include "services/membership/store/agenda.h"

#define RISK "risk/risks/0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d42"

/* Another service's event reaches us; `envelope` is given up. */
static bool react(const char *type, json_t *envelope, struct problem *err)
{
    json_auto_t *owned = envelope;
    act_auto_t act = {0};
    begin(&act);
    const struct foreign_event event = {.source = "risk",
                                        .sequence = 7,
                                        .type = type,
                                        .subject = RISK,
                                        .occurred_ms = 1776000000000,
                                        .data = json_object_get(owned, "data"),
                                        .envelope = owned};
    if (!event_react(&act, &event, err))
        return false;
    commit(&act);
    return true;
}

static json_t *escalation(const char *to_group)
{
    return json_pack("{s:{s:{s:s, s:s, s:s, s:s, s:s, s:s}}}", "data", "escalation", "id",
                     "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d43", "subject", RISK, "toGroup", to_group,
                     "title", "Theatre staffing", "reason", "Its score is 16.", "raisedAt",
                     "2026-04-12T13:20:00.000Z");
}

static const char *items(void)
{
    return harness_value(
        "select coalesce(string_agg(format('%%s %%s %%s %%s %%s', group_kind, source, subject, "
        "state, extract(epoch from raised_at)::bigint), ', ' order by id), '') from "
        "membership.agenda_item where alliance_id = '%s'",
        alliance_id);
}

static void another_services_escalation_is_added_for_the_group_that_it_names(void **state)
{
    (void)state;
    struct problem err = {0};
    assert_done(react("risk.risk.escalated.v1", escalation("quality-surveillance-group"), &err),
                err);
    assert_string_equal(items(), "quality-surveillance-group risk " RISK " open 1776000000");
    assert_string_equal(harness_value("select body::jsonb #>> '{links,0}' from "
                                      "membership.journal_body where alliance_id = '%s' and type "
                                      "= 'membership.agenda-item.added.v1'",
                                      alliance_id),
                        RISK);
}

static void what_names_no_group_goes_to_the_leadership_board(void **state)
{
    (void)state;
    struct problem err = {0};
    assert_done(react("risk.review.escalated.v1", escalation("somebody"), &err), err);
    assert_string_equal(items(), "leadership-board risk " RISK " open 1776000000");
}

static void other_events_add_nothing(void **state)
{
    (void)state;
    struct problem err = {0};
    assert_done(react("risk.risk.scored.v1", escalation("leadership-board"), &err), err);
    assert_done(react(".escalated.v1", escalation("leadership-board"), &err), err);
    assert_done(react("risk.risk.escalated.v1", json_pack("{s:{}}", "data"), &err), err);
    assert_string_equal(items(), "");
}

static void an_escalation_that_lacks_a_member_stops_its_alliance(void **state)
{
    (void)state;
    static const char *const members[] = {"subject", "toGroup", "title", "reason"};
    for (size_t i = 0; i < ARRAY_LENGTH(members); i++) {
        struct problem err = {0};
        json_t *envelope = escalation("leadership-board");
        json_object_del(json_object_get(json_object_get(envelope, "data"), "escalation"),
                        members[i]);
        assert_problem(react("risk.risk.escalated.v1", envelope, &err), err, PROBLEM_INTERNAL);
    }
    assert_string_equal(items(), "");
}

static int listed(const char *organisations)
{
    act_auto_t act = {0};
    struct problem err = {0};
    db_rows_auto_t rows = {0};
    begin(&act);
    assert_done(store_agenda_list(act.tx, NULL, NULL, organisations, NULL, 9, &rows, &err), err);
    return rows.count;
}

static void what_is_restricted_is_known_to_those_named_and_restricted_in_the_journal(void **state)
{
    (void)state;
    struct problem err = {0};
    json_t *envelope = escalation("leadership-board");
    json_object_set_new(envelope, "restrictedTo", json_pack("[s,s]", "ZZ1", "ZZ2"));
    assert_done(react("risk.risk.escalated.v1", envelope, &err), err);
    assert_int_equal(listed("{ZZ2}"), 1);
    assert_int_equal(listed("{ZZ3,ZZ4}"), 0);
    assert_int_equal(listed("{}"), 0);
    assert_string_equal(harness_value("select j.class from membership.journal as j join "
                                      "membership.journal_body as b using (alliance_id, sequence) "
                                      "where alliance_id = '%s' and type = "
                                      "'membership.agenda-item.added.v1'",
                                      alliance_id),
                        "restricted");
}

static const char *inbox(const char *appointment_id, const char *known)
{
    static char text[TEXT_SIZE];
    char appointments[UUID_SIZE + 2];
    act_auto_t act = {0};
    struct problem err = {0};
    db_rows_auto_t rows = {0};
    begin(&act);
    snprintf(appointments, sizeof appointments, "{%s}", appointment_id);
    const struct inbox_filter filter = {
        .spoken_for = "{}", .appointments = appointments, .known = known, .now_ms = act.now_ms};
    assert_done(store_inbox_list(act.tx, &filter, NULL, 9, &rows, &err), err);
    text[0] = '\0';
    for (int row = 0; row < rows.count; row++) {
        strcat(text, row_text(&rows, row, "action"));
        strcat(text, " ");
        strcat(text, row_text(&rows, row, "organisation"));
    }
    return text;
}

static void seat_id(const char *organisation, char ret_id[UUID_SIZE])
{
    snprintf(ret_id, UUID_SIZE, "%s",
             harness_value("select id from membership.appointment where alliance_id = '%s' and "
                           "organisation = '%s' and group_code is not null",
                           alliance_id, organisation));
}

static void it_waits_for_the_people_of_the_group(void **state)
{
    (void)state;
    char first[UUID_SIZE];
    char other[UUID_SIZE];
    struct problem err = {0};
    make_group("board", GROUP_LEADERSHIP_BOARD, "");
    make_group("finance", GROUP_FINANCE_AND_INFORMATION, "board");
    seat("ZZ1", "board");
    seat("ZZ2", "finance");
    seat_id("ZZ1", first);
    seat_id("ZZ2", other);
    json_t *envelope = escalation("leadership-board");
    json_object_set_new(envelope, "restrictedTo", json_pack("[s]", "ZZ1"));
    assert_done(react("risk.risk.escalated.v1", envelope, &err), err);
    assert_string_equal(inbox(first, "{ZZ1}"), "take ZZ1");
    assert_string_equal(inbox(first, "{ZZ3}"), "");
    assert_string_equal(inbox(other, "{ZZ1}"), "");
}

static void a_decision_that_was_escalated_is_on_the_boards_agenda(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    char wanted[4 * REF_SIZE];
    make_group("quality", GROUP_PERFORMANCE_AND_QUALITY, "");
    open_decision("partners/ZZ5", "admit", HOUR_MS, id);
    act_auto_t act = {0};
    struct problem err = {0};
    decision_auto_t decision = {0};
    begin(&act);
    assert_done(store_decision_get(act.tx, id, &decision, NULL, &err), err);
    assert_done(
        decision_end(&act, &decision, DECISION_ESCALATED, "Nobody is left.", act.now_ms, &err),
        err);
    commit(&act);
    snprintf(wanted, sizeof wanted, "leadership-board membership decisions/%s open %lld", id,
             (long long)(decision.closed_ms / 1000));
    assert_string_equal(
        harness_value("select format('%%s %%s %%s %%s %%s', group_kind, source, subject, state, "
                      "floor(extract(epoch from raised_at))::bigint) from membership.agenda_item "
                      "where alliance_id = '%s' and reason = 'Nobody is left.'",
                      alliance_id),
        wanted);
}

static void refused_by_the_tables(const struct agenda_item *item)
{
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    assert_false(event_agenda_item(&act, "taken", item, &err) && act_flush(&act, &err) &&
                 act_commit(&act, &err));
}

static void the_tables_refuse_an_item_that_nobody_took(void **state)
{
    (void)state;
    struct agenda_item item = {.id = "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d44",
                               .group_kind = GROUP_LEADERSHIP_BOARD,
                               .subject = "alliance",
                               .title = "It",
                               .reason = "So",
                               .source = "risk",
                               .raised_ms = 1776000000000,
                               .state = AGENDA_TAKEN,
                               .taken_ms = 1776000000000,
                               .note = "Ours.",
                               .version = 1};
    refused_by_the_tables(&item);
    snprintf(item.taken_by, sizeof item.taken_by, "%s", HAND); /* no appointment of this alliance */
    refused_by_the_tables(&item);
    item.state = AGENDA_OPEN;
    refused_by_the_tables(&item);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(another_services_escalation_is_added_for_the_group_that_it_names,
                               make_alliance),
        cmocka_unit_test_setup(what_names_no_group_goes_to_the_leadership_board, make_alliance),
        cmocka_unit_test_setup(other_events_add_nothing, make_alliance),
        cmocka_unit_test_setup(an_escalation_that_lacks_a_member_stops_its_alliance, make_alliance),
        cmocka_unit_test_setup(
            what_is_restricted_is_known_to_those_named_and_restricted_in_the_journal,
            make_alliance),
        cmocka_unit_test_setup(it_waits_for_the_people_of_the_group, make_alliance),
        cmocka_unit_test_setup(a_decision_that_was_escalated_is_on_the_boards_agenda,
                               make_alliance),
        cmocka_unit_test_setup(the_tables_refuse_an_item_that_nobody_took, make_alliance),
    };
    return cmocka_run_group_tests(tests, make_db, free_db);
}
