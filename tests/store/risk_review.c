/* Reviews, escalations and drafts in a real database: nothing is told twice, nothing is told to who
 * may not know, and a draft counts nowhere until somebody accepts it. */
#include "tests/store/risk_world.h"

static int64_t real_now_ms(void)
{
    return instant_of(harness_value("select to_char(now() at time zone 'utc',"
                                    " 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"));
}

static int escalations(const char *known, const char *risk_id, struct escalation *ret_last)
{
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t rows = {0};
    struct problem err = {0};
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_escalation_list(tx, known, risk_id, NULL, 20, &rows, &err), err);
    if (rows.count > 0)
        escalation_of_row(&rows, rows.count - 1, ret_last);
    return rows.count;
}

/* What the sweeper does: asks what is due, and does it. Returns whether anything was. */
static bool sweep(void)
{
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t rows = {0};
    struct problem err = {0};
    act_auto_t act = {0};
    assert_int_equal(RISK_SWEEP_COUNT, 1);
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(db_select(tx, RISK_SWEEPS[0].due, &rows, &err), err);
    if (rows.count == 0)
        return false;
    begin(&act);
    assert_done(RISK_SWEEPS[0].run(&act, &err), err);
    commit(&act);
    return true;
}

static void clock_at(const char *instant)
{
    harness_move_clock(instant_of(instant) - real_now_ms());
}

static int put_clock_right(void **state)
{
    (void)state;
    harness_move_clock(0);
    return 0;
}

static void review_at(struct risk *risk, const char *instant, struct review *ret_review)
{
    act_auto_t act = {0};
    struct problem err = {0};
    struct criteria criteria = criteria_now();
    struct editor editor = editor_at(instant_of(instant));
    assert_done(risk_review(risk, &criteria, "Nothing new.", &editor, ret_review, &err), err);
    begin(&act);
    assert_done(event_risk_reviewed(&act, risk, ret_review, &err), err);
    commit(&act);
}

static void a_score_of_15_is_escalated_in_the_same_act_and_once(void **state)
{
    (void)state;
    struct risk risk = logged_risk(1776000000000, CATEGORY_WORKFORCE);
    struct escalation escalation = {.level = 0};
    assert_int_equal(escalations(NOBODY, risk.id, &escalation), 1);
    assert_string_equal(escalation.to_group, "leadership-board");
    assert_string_equal(escalation.title, risk.title);
    assert_string_equal(escalation.reason, "The risk scores 4 x 4 = 16, extreme.");
    assert_int_equal(escalation.score_number, 1);
    assert_int_equal(escalation.raised_ms, 1776000000000);
    /* One act, right after the event of the score, and about the risk. */
    assert_string_equal(
        harness_value("select string_agg(type || ' ' || subject || ' ' ||"
                      " coalesce(body::jsonb #>> '{data,escalation,subject}', '-'), ', '"
                      " order by sequence) from risk.journal_body where alliance_id = '%s'"
                      " and sequence > 1",
                      alliance),
        harness_value(
            "select format('risk.risk.logged.v1 risk/risks/%%1$s -, risk.risk.escalated.v1"
            " risk/risks/%%1$s risk/risks/%%1$s', '%s')",
            risk.id));
    score_at(&risk, 1776000001000, 4, "again");
    assert_int_equal(escalations(NOBODY, risk.id, &escalation), 1);
    score_at(&risk, 1776000002000, 3, "better");
    score_at(&risk, 1776000003000, 4, "worse");
    assert_int_equal(escalations(NOBODY, risk.id, &escalation), 2);
    assert_int_equal(escalation.score_number, 5);
    score_at(&risk, 1776000004000, 5, "worse still");
    assert_int_equal(escalations(NOBODY, risk.id, &escalation), 3);
    assert_int_equal(escalation.score, 20);
}

static void a_restricted_risk_is_escalated_in_confidence(void **state)
{
    (void)state;
    struct risk risk = new_risk(1776000000000, CATEGORY_WORKFORCE);
    struct escalation escalation;
    name(&risk, "ZZ3");
    name(&risk, "ZZ1");
    name(&risk, "ZZ2");
    log_at(&risk, 1776000000000);
    assert_int_equal(escalations("{ZZ4}", risk.id, &escalation), 0);
    assert_int_equal(escalations("{ZZ2}", risk.id, &escalation), 1);
    assert_string_equal(
        harness_value(
            "select class || ' ' || (body::jsonb ->> 'restrictedTo') from risk.journal join"
            " risk.journal_body using (alliance_id, sequence) where alliance_id = '%s'"
            " and type = 'risk.risk.escalated.v1'",
            alliance),
        "restricted [\"ZZ3\", \"ZZ1\", \"ZZ2\"]");
}

static void a_closed_review_comes_back_and_the_next_is_due(void **state)
{
    (void)state;
    struct risk risk = logged_risk(instant_of("2026-04-01T12:00:00.000Z"), CATEGORY_WORKFORCE);
    struct review closed, read = {0}, other = {0};
    review_at(&risk, "2026-05-04T23:30:00.000Z", &closed);
    struct risk now = risk_now(risk.id);
    assert_risk_equal(now, risk);
    assert_int_equal(now.next_review_day, closed.next_day);
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t rows = {0}, rest = {0};
    struct problem err = {0};
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_review_get(tx, NOBODY, risk.id, 1, &read, &err), err);
    rating_clean(&closed.rating);
    rating_clean(&read.rating);
    assert_memory_equal(&read, &closed, sizeof(read));
    assert_problem(store_review_get(tx, NOBODY, risk.id, 2, &other, &err), err, PROBLEM_NOT_FOUND);
    assert_done(store_review_list(tx, NOBODY, risk.id, NULL, 10, &rows, &err), err);
    assert_int_equal(rows.count, 1);
    assert_done(store_review_list(tx, NOBODY, risk.id, "1", 10, &rest, &err), err);
    assert_int_equal(rest.count, 0);
}

/* Due on 1 May: overdue from midnight of the 2nd in London, which is 23:00 UTC of the 1st. */
static void an_overdue_review_is_told_up_the_groups_once_a_level(void **state)
{
    (void)state;
    struct risk risk = logged_risk(instant_of("2030-04-01T12:00:00.000Z"), CATEGORY_WORKFORCE);
    struct escalation escalation = {.level = 0};
    struct review review;
    clock_at("2030-05-01T22:30:00.000Z");
    assert_false(sweep());
    clock_at("2030-05-01T23:30:00.000Z");
    assert_true(sweep());
    assert_int_equal(escalations(NOBODY, risk.id, &escalation), 2);
    assert_string_equal(escalation.to_group, "delivery-board");
    assert_int_equal(escalation.level, 1);
    assert_false(sweep());
    clock_at("2030-05-08T12:00:00.000Z");
    assert_false(sweep());
    clock_at("2030-05-09T12:00:00.000Z");
    assert_true(sweep());
    escalations(NOBODY, risk.id, &escalation);
    assert_string_equal(escalation.to_group, "system-leadership-team");
    assert_false(sweep());
    clock_at("2030-06-01T12:00:00.000Z");
    assert_true(sweep());
    assert_int_equal(escalations(NOBODY, risk.id, &escalation), 4);
    assert_string_equal(escalation.to_group, "leadership-board");
    assert_false(sweep());
    clock_at("2031-06-01T12:00:00.000Z");
    assert_false(sweep());
    /* A new date, a new climb. */
    review_at(&risk, "2031-06-01T12:00:00.000Z", &review);
    assert_false(sweep());
    clock_at("2031-07-02T12:00:00.000Z");
    assert_true(sweep());
    assert_int_equal(escalations(NOBODY, risk.id, &escalation), 5);
    assert_string_equal(escalation.to_group, "delivery-board");
    assert_int_equal(risk_now(risk.id).version, risk.version);
}

static void make_group(const char *code, const char *kind, int level, const char *reports_to)
{
    char data[500];
    snprintf(
        data, sizeof(data),
        "{\"allianceGroup\":{\"code\":\"%s\",\"kind\":\"%s\",\"name\":\"G\",\"level\":%d%s%s%s}}",
        code, kind, level, reports_to == NULL ? "" : ",\"reportsTo\":\"",
        reports_to == NULL ? "" : reports_to, reports_to == NULL ? "" : "\"");
    hear("membership", "membership.group.made.v1", "groups/x", data);
}

/* The alliance's own tree: the delivery board reports to a group of no kind in particular, and that
 * to the leadership board. */
static void an_overdue_review_climbs_the_alliances_own_tree(void **state)
{
    (void)state;
    struct risk risk = logged_risk(instant_of("2030-04-01T12:00:00.000Z"), CATEGORY_WORKFORCE);
    struct escalation escalation;
    make_group("lead", "leadership-board", 1, NULL);
    make_group("between", "other", 2, "lead");
    make_group("deliver", "delivery-board", 3, "between");
    make_group("quality", "performance-and-quality-group", 4, "deliver");
    clock_at("2030-05-02T12:00:00.000Z");
    assert_true(sweep());
    assert_int_equal(escalations(NOBODY, risk.id, &escalation), 2);
    assert_string_equal(escalation.to_group, "delivery-board");
    clock_at("2030-05-09T12:00:00.000Z");
    assert_true(sweep());
    assert_int_equal(escalations(NOBODY, risk.id, &escalation), 3);
    assert_string_equal(escalation.to_group, "leadership-board");
    clock_at("2030-06-09T12:00:00.000Z");
    assert_false(sweep());
}

static int listed(struct risk_filter filter)
{
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t rows = {0};
    struct problem err = {0};
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_risk_list(tx, NOBODY, &filter, NULL, 20, &rows, &err), err);
    return rows.count;
}

static void the_list_finds_what_is_overdue(void **state)
{
    (void)state;
    logged_risk(instant_of("2030-04-01T12:00:00.000Z"), CATEGORY_WORKFORCE);
    struct risk other = logged_risk(instant_of("2030-04-03T12:00:00.000Z"), CATEGORY_WORKFORCE);
    clock_at("2030-05-02T12:00:00.000Z");
    assert_int_equal(listed((struct risk_filter){.overdue = "true"}), 1);
    assert_int_equal(listed((struct risk_filter){.overdue = "false"}), 1);
    assert_int_equal(listed((struct risk_filter){.overdue = NULL}), 2);
    clock_at("2030-05-04T12:00:00.000Z");
    assert_int_equal(listed((struct risk_filter){.overdue = "true"}), 2);
    act_auto_t act = {0};
    struct problem err = {0};
    struct editor editor = editor_at(instant_of("2030-05-04T12:00:00.000Z"));
    assert_done(risk_close(&other, "over", &editor, &err), err);
    begin(&act);
    assert_done(event_risk_changed(&act, &other, NULL, 0, &err), err);
    commit(&act);
    assert_int_equal(listed((struct risk_filter){.overdue = "true"}), 1);
    assert_true(sweep());
    struct escalation escalation;
    assert_int_equal(escalations(NOBODY, other.id, &escalation), 1); /* its score's only */
}

#define SIGNAL "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d60"
static void hear_signal(const char *id, const char *members)
{
    char data[500], subject[100];
    snprintf(subject, sizeof(subject), "kpi/signals/%s", id);
    snprintf(data, sizeof(data), "{\"signal\":{\"id\":\"%s\",%s}}", id, members);
    hear("kpi", "kpi.signal.found.v1", subject, data);
}

static void make_partner(const char *organisation)
{
    char data[500];
    snprintf(data, sizeof(data),
             "{\"partner\":{\"organisation\":\"%s\",\"name\":\"P\",\"role\":\"provider\","
             "\"isVoting\":true,\"isFounder\":true,\"status\":\"active\",\"version\":1}}",
             organisation);
    hear("membership", "membership.partner.admitted.v1", "partners/ZZ3", data);
}

static struct risk the_draft(void)
{
    char id[UUID_SIZE];
    snprintf(id, sizeof(id), "%s",
             harness_value("select id from risk.risk where alliance_id = '%s' and state = 'draft'",
                           alliance));
    return risk_now(id);
}

static void a_signal_becomes_one_draft_that_counts_nowhere(void **state)
{
    (void)state;
    struct risk stood;
    make_partner("ZZ3");
    hear_signal(SIGNAL, "\"indicator\":\"rtt\",\"organisation\":\"ZZ3\",\"month\":\"2026-27-M03\","
                        "\"kind\":\"shift\"");
    struct risk draft = the_draft();
    assert_int_equal(draft.state, RISK_DRAFT);
    assert_string_equal(draft.owner_organisation, "ZZ3");
    assert_string_equal(draft.evidence.signal, "kpi/signals/" SIGNAL);
    assert_string_equal(draft.evidence.indicator, "rtt");
    assert_string_equal(draft.evidence.month, "2026-27-M03");
    assert_string_equal(draft.evidence.kind, "shift");
    assert_string_equal(draft.links[0], "kpi/signals/" SIGNAL);
    assert_int_equal(listed((struct risk_filter){.state = NULL}), 0);
    assert_int_equal(listed((struct risk_filter){.state = "draft"}), 1);
    assert_int_equal(register_count(&(struct risk_filter){.state = NULL}, "2099-01-01", &stood), 0);
    assert_int_equal(register_count(&(struct risk_filter){.state = "draft"}, "2099-01-01", &stood),
                     1);
    /* The same again, and another month's of the same: no second draft. */
    hear_signal(SIGNAL, "\"indicator\":\"rtt\",\"organisation\":\"ZZ3\",\"kind\":\"shift\"");
    hear_signal(SOMEBODY, "\"indicator\":\"rtt\",\"organisation\":\"ZZ3\",\"kind\":\"trend\"");
    assert_int_equal(listed((struct risk_filter){.state = "draft"}), 1);
    /* Another organisation's, and the system's, are others. */
    hear_signal("0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d61",
                "\"indicator\":\"rtt\",\"organisation\":\"ZZ9\",\"kind\":\"shift\"");
    hear_signal("0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d62", "\"indicator\":\"rtt\",\"kind\":\"shift\"");
    assert_int_equal(listed((struct risk_filter){.state = "draft"}), 3);
    assert_int_equal(listed((struct risk_filter){.state = "draft", .owner = "ZZ3"}), 1);
}

static void an_accepted_draft_is_a_risk_and_a_dismissed_one_makes_room(void **state)
{
    (void)state;
    const char *signal = "\"indicator\":\"rtt\",\"kind\":\"shift\"";
    act_auto_t act = {0}, second = {0};
    struct problem err = {0};
    struct criteria criteria = criteria_now();
    struct editor editor = editor_at(1776000000000);
    const struct first_score given = {.likelihood = 4, .consequence = 4};
    struct score scores[2];
    struct escalation escalation;
    int count;
    hear_signal(SIGNAL, signal);
    struct risk draft = the_draft();
    assert_done(risk_dismiss(&draft, "two bank holidays", &editor, &err), err);
    begin(&act);
    assert_done(event_risk_changed(&act, &draft, NULL, 0, &err), err);
    commit(&act);
    struct risk read = risk_now(draft.id);
    assert_risk_equal(read, draft);
    hear_signal(SIGNAL, signal); /* that one was dismissed */
    assert_int_equal(listed((struct risk_filter){.state = "draft"}), 0);
    hear_signal(SOMEBODY, signal);
    draft = the_draft();
    assert_done(risk_accept(&draft, &criteria, &given, &editor, scores, &count, &err), err);
    begin(&second);
    assert_done(event_risk_changed(&second, &draft, scores, count, &err), err);
    commit(&second);
    read = risk_now(draft.id);
    assert_risk_equal(read, draft);
    assert_int_equal(read.state, RISK_OPEN);
    assert_int_equal(escalations(NOBODY, draft.id, &escalation), 1);
    assert_int_equal(listed((struct risk_filter){.band = "extreme"}), 1);
    hear_signal("0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d61", signal); /* an open risk says it already */
    assert_int_equal(listed((struct risk_filter){.state = "draft"}), 0);
}

static void the_tables_refuse_what_no_rule_may_let_through(void **state)
{
    (void)state;
    struct problem err = {0};
    struct risk risk = logged_risk(1776000000000, CATEGORY_WORKFORCE);
    hear_signal(SIGNAL, "\"indicator\":\"rtt\",\"kind\":\"shift\"");
    struct risk draft = the_draft();
    for (int i = 0; i < 6; i++) {
        act_auto_t act = {0};
        struct risk wrong = i < 3 ? risk : draft;
        wrong.version++;
        wrong.change = CHANGE_REVISED;
        strcpy(wrong.reason, "why");
        strcpy(wrong.changed_by, SOMEBODY);
        strcpy(wrong.changed_organisation, "ZZ3");
        if (i == 0)
            wrong.next_review_day = DAY_NONE;
        if (i == 1)
            wrong.escalated_score = 15; /* below the score of 16 */
        if (i == 2)
            wrong.changed_by[0] = wrong.changed_organisation[0] = '\0';
        if (i == 3)
            wrong.state = RISK_OPEN; /* without a score */
        if (i == 4)
            wrong.evidence.signal[0] = '\0';
        if (i == 5)
            wrong.next_review_day = 20000;
        begin(&act);
        assert_false(event_risk_changed(&act, &wrong, NULL, 0, &err) && act_commit(&act, &err));
        problem_clear(&err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_score_of_15_is_escalated_in_the_same_act_and_once, make_alliance),
        cmocka_unit_test_setup(a_restricted_risk_is_escalated_in_confidence, make_alliance),
        cmocka_unit_test_setup(a_closed_review_comes_back_and_the_next_is_due, make_alliance),
        cmocka_unit_test_setup_teardown(an_overdue_review_is_told_up_the_groups_once_a_level,
                                        make_alliance, put_clock_right),
        cmocka_unit_test_setup_teardown(an_overdue_review_climbs_the_alliances_own_tree,
                                        make_alliance, put_clock_right),
        cmocka_unit_test_setup_teardown(the_list_finds_what_is_overdue, make_alliance,
                                        put_clock_right),
        cmocka_unit_test_setup(a_signal_becomes_one_draft_that_counts_nowhere, make_alliance),
        cmocka_unit_test_setup(an_accepted_draft_is_a_risk_and_a_dismissed_one_makes_room,
                               make_alliance),
        cmocka_unit_test_setup(the_tables_refuse_what_no_rule_may_let_through, make_alliance),
    };
    return cmocka_run_group_tests(tests, make_db, free_db);
}
