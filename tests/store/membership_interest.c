/* Interests, conflicts and rulings, and outcome statements, on a real database. */
#include "tests/store/membership_world.h"

#include "services/membership/conflicts.h"
#include "services/membership/rows.h"
#include "services/membership/rules/interest.h"
#include "services/membership/store/interest.h"
#include "services/membership/store/outcome.h"

#define DAY_MS (INT64_C(24) * HOUR_MS)

static struct interest interest_make(const struct act *act, const char *organisation,
                                     const char *in_organisation)
{
    struct interest interest = {.type = INTEREST_FINANCIAL,
                                .description = "Owns the building.",
                                .starts_on = instant_day(act->now_ms) - 10,
                                .ends_on = DAY_NONE,
                                .declared_ms = act->now_ms,
                                .refreshed_ms = act->now_ms,
                                .version = 1};
    uuid_new(act->now_ms, interest.id);
    snprintf(interest.organisation, sizeof interest.organisation, "%s", organisation);
    snprintf(interest.in_organisation, sizeof interest.in_organisation, "%s", in_organisation);
    return interest;
}

static void declare(const char *organisation, const char *in_organisation,
                    const char *appointment_id)
{
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    struct interest interest = interest_make(&act, organisation, in_organisation);
    snprintf(interest.appointment_id, sizeof interest.appointment_id, "%s", appointment_id);
    assert_done(event_interest(&act, "declared", &interest, &err), err);
    assert_done(conflicts_meet_interest(&act, interest.id, &err), err);
    commit(&act);
}

static const char *rulings_of(const char *id)
{
    return harness_value("select coalesce(string_agg(organisation || ' ' || state || ' ' || "
                         "ruling, ', ' order by organisation), '') from membership.elector where "
                         "alliance_id = '%s' and decision_id = '%s' and ruling is not null",
                         alliance_id, id);
}

static void at_the_deadline_who_was_not_ruled_on_is_recused(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    declare("ZZ2", "ZZ5", "");
    open_decision("partners/ZZ5", "admit", HOUR_MS, id);
    assert_string_equal(rulings_of(id), "ZZ2 eligible pending");
    vote_letters(id, "AAAA");
    assert_int_equal(state_of(id), DECISION_OPEN);
    harness_move_clock(2 * HOUR_MS);
    end_overdue();
    assert_int_equal(state_of(id), DECISION_CARRIED);
    assert_string_equal(rulings_of(id), "ZZ2 recused recuse");
    assert_string_equal(
        harness_value("select e.reason || ' ' || (e.changed_at = d.deadline_at) from "
                      "membership.elector as e join membership.decision as d on d.alliance_id = "
                      "e.alliance_id and d.id = e.decision_id where e.alliance_id = '%s' and "
                      "d.id = '%s' and e.organisation = 'ZZ2'",
                      alliance_id, id),
        "No ruling was made in time. ZZ2 has a financial interest in ZZ5. true");
    harness_move_clock(0);
}

static void without_a_commissioner_left_at_the_deadline_it_is_escalated(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    open_decision("partners/ZZ5", "admit", HOUR_MS, id);
    declare("ZZ2", "ZZ5", "");
    declare("ZZ4", "ZZ5", "");
    vote_letters(id, "AAAA");
    assert_int_equal(state_of(id), DECISION_OPEN);
    harness_move_clock(2 * HOUR_MS);
    end_overdue();
    assert_int_equal(state_of(id), DECISION_ESCALATED);
    harness_move_clock(0);
}

static void what_has_ended_or_not_begun_binds_nobody(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    struct interest past = interest_make(&act, "ZZ2", "ZZ5");
    past.ends_on = instant_day(act.now_ms);
    struct interest future = interest_make(&act, "ZZ2", "ZZ5");
    future.starts_on = instant_day(act.now_ms) + 1;
    assert_done(event_interest(&act, "declared", &past, &err), err);
    assert_done(event_interest(&act, "declared", &future, &err), err);
    commit(&act);
    open_decision("partners/ZZ5", "admit", HOUR_MS, id);
    assert_string_equal(rulings_of(id), "");
}

static const char *appointment_of(const char *organisation)
{
    return harness_value("select id from membership.appointment where alliance_id = '%s' and "
                         "organisation = '%s'",
                         alliance_id, organisation);
}

static void appoint_deputy(const char *organisation, const char *subject)
{
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    struct tenure tenure = tenure_make(act.now_ms, organisation);
    tenure.post = POST_DEPUTY;
    snprintf(tenure.subject, sizeof tenure.subject, "%s", subject);
    assert_done(event_appointment(&act, "made", &tenure, &err), err);
    commit(&act);
}

static void a_persons_interest_binds_wherever_nobody_else_speaks(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    char representative[UUID_SIZE];
    snprintf(representative, sizeof representative, "%s", appointment_of("ZZ1"));
    declare("ZZ1", "ZZ5", representative);
    snprintf(representative, sizeof representative, "%s", appointment_of("ZZ2"));
    declare("ZZ2", "ZZ5", representative);
    appoint_deputy("ZZ2", "somebody-else");
    open_decision("partners/ZZ5", "admit", HOUR_MS, id);
    assert_string_equal(rulings_of(id), "ZZ1 eligible pending");
}

/* A tie of one person to two partners binds both. */
static void who_alone_speaks_for_two_partners_binds_both(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    char representative[UUID_SIZE];
    act_auto_t act = {0};
    struct problem err = {0};
    struct tenure tenure;
    char name[NAME_SIZE];
    begin(&act);
    assert_done(store_tenure_get(act.tx, appointment_of("ZZ3"), &tenure, name, &err), err);
    snprintf(tenure.subject, sizeof tenure.subject, "rep-ZZ1");
    tenure.version++;
    assert_done(event_appointment(&act, "made", &tenure, &err), err);
    commit(&act);
    snprintf(representative, sizeof representative, "%s", appointment_of("ZZ1"));
    declare("ZZ1", "ZZ5", representative);
    open_decision("partners/ZZ5", "admit", HOUR_MS, id);
    assert_string_equal(rulings_of(id), "ZZ1 eligible pending, ZZ3 eligible pending");
    act_auto_t reading = {0};
    db_rows_auto_t rows = {0};
    begin(&reading);
    const struct interest_filter filter = {.limit = 9, .now_ms = reading.now_ms};
    assert_done(store_interest_list(reading.tx, &filter, &rows, &err), err);
    assert_string_equal(row_text(&rows, 0, "tied_to"), "[\"ZZ1\", \"ZZ3\"]");
}

static int listed(const char *what)
{
    act_auto_t act = {0};
    struct problem err = {0};
    db_rows_auto_t rows = {0};
    begin(&act);
    const struct interest_filter filter = {.state = what, .limit = 9, .now_ms = act.now_ms};
    assert_done(store_interest_list(act.tx, &filter, &rows, &err), err);
    return rows.count;
}

static void an_interest_is_overdue_after_a_year(void **state)
{
    (void)state;
    declare("ZZ2", "ZZ5", "");
    assert_int_equal(listed("current"), 1);
    harness_move_clock(364 * DAY_MS);
    assert_int_equal(listed("overdue"), 0);
    harness_move_clock(366 * DAY_MS);
    assert_int_equal(listed("overdue"), 1);
    assert_int_equal(listed("current"), 0);
    assert_int_equal(listed(NULL), 1);
    harness_move_clock(0);
}

static void refused(json_t *data)
{
    json_auto_t *owned = data;
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    const struct event event = {.type = "membership.interest.declared.v1",
                                .subject = "alliance",
                                .data = owned,
                                .occurred_ms = INSTANT_NONE};
    assert_false(act_append(&act, &event, &err) && act_flush(&act, &err) && act_commit(&act, &err));
}

static void the_tables_refuse_what_an_interest_can_not_be(void **state)
{
    (void)state;
    struct interest interest;
    {
        act_auto_t act = {0};
        begin(&act);
        interest = interest_make(&act, "ZZ2", "ZZ5");
    }
    struct interest wrong = interest;
    snprintf(wrong.in_reference, sizeof wrong.in_reference, "risk/risks");
    refused(json_pack("{s:o}", "interest", interest_row(&wrong)));
    wrong = interest;
    wrong.in_organisation[0] = '\0';
    refused(json_pack("{s:o}", "interest", interest_row(&wrong)));
    wrong = interest;
    snprintf(wrong.in_organisation, sizeof wrong.in_organisation, "ZZ2");
    refused(json_pack("{s:o}", "interest", interest_row(&wrong)));
    wrong = interest;
    wrong.ends_on = wrong.starts_on;
    refused(json_pack("{s:o}", "interest", interest_row(&wrong)));
    wrong = interest;
    snprintf(wrong.organisation, sizeof wrong.organisation, "ZZ9");
    refused(json_pack("{s:o}", "interest", interest_row(&wrong)));
}

static void the_tables_refuse_a_ruling_on_nothing(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    open_decision("partners/ZZ5", "admit", HOUR_MS, id);
    act_auto_t act = {0};
    struct problem err = {0};
    electorate_auto_t electorate = {0};
    begin(&act);
    assert_done(store_electorate_get(act.tx, id, &electorate, &err), err);
    act_done(&act);
    struct elector elector = electorate.electors[0];
    elector.version++;
    elector.ruling = RULING_PENDING;
    refused(json_pack("{s:o}", "elector", elector_row(id, &elector)));
    snprintf(elector.conflict, sizeof elector.conflict, "It has.");
    elector.ruling = RULING_RECUSE;
    refused(json_pack("{s:o}", "elector", elector_row(id, &elector)));
    elector.ruling = RULING_NONE;
    refused(json_pack("{s:o}", "elector", elector_row(id, &elector)));
}

static void a_statement_is_read_as_it_was_written(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    open_decision("alliance", "resolve", HOUR_MS, id);
    vote_letters(id, "AAAA");
    act_auto_t act = {0};
    struct problem err = {0};
    decision_auto_t decision = {0};
    bool has_one = true;
    begin(&act);
    struct outcome_statement statement = {.text = "Nobody moves.",
                                          .audience = "All staff",
                                          .publish_on = 20600,
                                          .written_ms = act.now_ms,
                                          .published_ms = INSTANT_NONE,
                                          .version = 1};
    snprintf(statement.decision_id, sizeof statement.decision_id, "%s", id);
    struct outcome_statement read;
    assert_done(store_decision_get(act.tx, id, &decision, NULL, &err), err);
    assert_done(store_outcome_find(act.tx, id, &read, &has_one, &err), err);
    assert_false(has_one);
    assert_done(
        event_outcome(&act, "membership.outcome-statement.written.v1", &decision, &statement, &err),
        err);
    assert_done(store_outcome_find(act.tx, id, &read, &has_one, &err), err);
    assert_true(has_one);
    json_auto_t *written = outcome_row(&statement);
    json_auto_t *found = outcome_row(&read);
    assert_true(json_equal(written, found));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(at_the_deadline_who_was_not_ruled_on_is_recused, make_alliance),
        cmocka_unit_test_setup(without_a_commissioner_left_at_the_deadline_it_is_escalated,
                               make_alliance),
        cmocka_unit_test_setup(what_has_ended_or_not_begun_binds_nobody, make_alliance),
        cmocka_unit_test_setup(a_persons_interest_binds_wherever_nobody_else_speaks, make_alliance),
        cmocka_unit_test_setup(who_alone_speaks_for_two_partners_binds_both, make_alliance),
        cmocka_unit_test_setup(an_interest_is_overdue_after_a_year, make_alliance),
        cmocka_unit_test_setup(the_tables_refuse_what_an_interest_can_not_be, make_alliance),
        cmocka_unit_test_setup(the_tables_refuse_a_ruling_on_nothing, make_alliance),
        cmocka_unit_test_setup(a_statement_is_read_as_it_was_written, make_alliance),
    };
    return cmocka_run_group_tests(tests, make_db, free_db);
}
