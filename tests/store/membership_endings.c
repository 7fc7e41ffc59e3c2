/* How an alliance and its partners stop, pause and hand over: closing and dissolution, suspension,
 * applicants who were not taken in, hosts of functions. On a real database. */
#include "tests/store/membership_world.h"

#include "services/membership/rules/host.h"
#include "services/membership/store/host.h"

static enum alliance_status alliance_status_now(void)
{
    act_auto_t act = {0};
    alliance_auto_t alliance = {0};
    struct problem err = {0};
    begin(&act);
    assert_done(store_alliance_get(act.tx, &alliance, &err), err);
    return alliance.status;
}

static enum partner_status partner_status_now(const char *organisation)
{
    struct partner partner;
    load_partner(organisation, &partner);
    return partner.status;
}

static void decide(const char *subject, const char *effect, const char *letters)
{
    char id[UUID_SIZE];
    open_decision(subject, effect, HOUR_MS, id);
    vote_letters(id, letters);
    assert_int_equal(state_of(id), DECISION_CARRIED);
}

static void refuse_open(const char *subject, const char *effect, enum problem_code code)
{
    char id[UUID_SIZE];
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    assert_false(try_open(&act, subject, effect, act.now_ms + HOUR_MS, id, &err));
    assert_int_equal(err.code, code);
}

static void effect_is(const char *decision_id, enum effect_state state, const char *reason)
{
    act_auto_t act = {0};
    struct decision_effect effect = {0};
    struct problem err = {0};
    begin(&act);
    assert_done(store_effect_find(act.tx, decision_id, "membership", &effect, &err), err);
    assert_int_equal(effect.state, state);
    assert_non_null(strstr(effect.reason, reason));
}

/* --- the end of an alliance --- */

static void a_closing_alliance_takes_nobody_in_and_decides_on(void **state)
{
    (void)state;
    char admission[UUID_SIZE];
    char resolution[UUID_SIZE];
    open_decision("partners/ZZ5", "admit", HOUR_MS, admission);
    open_decision("alliance", "resolve", HOUR_MS, resolution);
    decide("alliance", "close", "AAAA");
    assert_int_equal(alliance_status_now(), ALLIANCE_CLOSING);
    assert_int_equal(state_of(admission), DECISION_LAPSED);
    assert_int_equal(partner_status_now("ZZ5"), PARTNER_LAPSED);
    assert_int_equal(partner_status_now("ZZ6"), PARTNER_LAPSED); /* was not asked about yet */
    vote_letters(resolution, "AAAA");
    assert_int_equal(state_of(resolution), DECISION_CARRIED);
    decide("alliance", "resolve-how", "AAAA");
    apply("ZZ5");
    refuse_open("partners/ZZ5", "admit", PROBLEM_ALLIANCE_NOT_ACTIVE);
    refuse_open("alliance", "close", PROBLEM_STATE_CONFLICT);
}

static void a_dissolved_alliance_decides_nothing_any_more(void **state)
{
    (void)state;
    char resolution[UUID_SIZE];
    refuse_open("alliance", "dissolve", PROBLEM_STATE_CONFLICT);
    decide("alliance", "close", "AAAA");
    open_decision("alliance", "resolve", HOUR_MS, resolution);
    decide("alliance", "dissolve", "AAAA");
    assert_int_equal(alliance_status_now(), ALLIANCE_CLOSED);
    assert_int_equal(state_of(resolution), DECISION_LAPSED);
    assert_int_equal(partner_status_now("ZZ1"), PARTNER_ACTIVE); /* who was in still reads */
    refuse_open("alliance", "resolve-late", PROBLEM_ALLIANCE_NOT_ACTIVE);
    refuse_open("alliance", "dissolve", PROBLEM_STATE_CONFLICT);
}

static void one_partner_keeps_an_alliance_open(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    open_decision("alliance", "close", HOUR_MS, id);
    vote_letters(id, "AAAD");
    assert_int_equal(state_of(id), DECISION_REJECTED);
    assert_int_equal(alliance_status_now(), ALLIANCE_ACTIVE);
}

/* The sweep came late: what the alliance's end takes with it ended with it, before its own
 * deadline.
 */
static void a_late_sweep_ends_everything_in_time(void **state)
{
    (void)state;
    char closing[UUID_SIZE];
    char admission[UUID_SIZE];
    open_decision("alliance", "close", HOUR_MS, closing);
    open_decision("partners/ZZ5", "admit", HOUR_MS + 1000, admission);
    vote_letters(closing, "AAAA");
    decision_auto_t ended = {0};
    load(closing, &ended);
    harness_move_clock(2 * HOUR_MS);
    end_overdue();
    decision_auto_t lapsed = {0};
    load(admission, &lapsed);
    assert_int_equal(lapsed.state, DECISION_LAPSED);
    assert_true(lapsed.closed_ms == ended.closed_ms);
    harness_move_clock(0);
}

/* --- suspension --- */

static void a_suspended_partner_drops_out_and_comes_back_to_what_is_new(void **state)
{
    (void)state;
    char resolution[UUID_SIZE];
    char admission[UUID_SIZE];
    char next[UUID_SIZE];
    electorate_auto_t electorate = {0};
    open_decision("alliance", "resolve", HOUR_MS, resolution);
    open_decision("partners/ZZ5", "admit", HOUR_MS, admission);
    vote_letters(resolution, "AAsA");
    decide("partners/ZZ3", "suspend", "AAsA");
    assert_int_equal(partner_status_now("ZZ3"), PARTNER_SUSPENDED);
    assert_int_equal(state_of(resolution), DECISION_CARRIED); /* all who are left had voted */
    assert_int_equal(state_of(admission), DECISION_LAPSED);
    assert_int_equal(partner_status_now("ZZ5"), PARTNER_PROPOSED); /* asked again, not rejected */
    refuse_open("partners/ZZ3", "suspend", PROBLEM_STATE_CONFLICT);
    open_decision("alliance", "resolve-next", HOUR_MS, next);
    open_decision("partners/ZZ5", "admit", HOUR_MS, admission);
    open_decision("alliance", "resolve-other", HOUR_MS, resolution);
    decide("partners/ZZ3", "reinstate", "AAsA");
    assert_int_equal(partner_status_now("ZZ3"), PARTNER_ACTIVE);
    assert_int_equal(state_of(admission), DECISION_LAPSED); /* now ZZ3 would decide, too */
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    assert_done(store_electorate_get(act.tx, next, &electorate, &err), err);
    assert_null(electorate_find(&electorate, "ZZ3")); /* an electorate is frozen at opening */
    act_done(&act);
    refuse_open("partners/ZZ3", "reinstate", PROBLEM_STATE_CONFLICT);
}

static void to_exclude_a_suspended_partner_changes_no_voters(void **state)
{
    (void)state;
    char admission[UUID_SIZE];
    decide("partners/ZZ3", "suspend", "AAsA");
    open_decision("partners/ZZ5", "admit", HOUR_MS, admission);
    decide("partners/ZZ3", "exclude", "AAsA");
    assert_int_equal(partner_status_now("ZZ3"), PARTNER_EXCLUDED);
    assert_int_equal(state_of(admission), DECISION_OPEN);
}

static void posts_of_a(const char *organisation, int wanted)
{
    act_auto_t act = {0};
    tenures_auto_t tenures = {0};
    struct problem err = {0};
    begin(&act);
    assert_done(store_tenures_of_organisation(act.tx, organisation, act.now_ms, &tenures, &err),
                err);
    assert_int_equal(tenures.count, wanted);
}

static void a_suspended_partners_people_keep_its_own_posts_only(void **state)
{
    (void)state;
    struct problem err = {0};
    act_auto_t act = {0};
    begin(&act);
    struct tenure chair = tenure_make(act.now_ms, "ZZ3");
    chair.post = POST_CHAIR;
    assert_done(event_appointment(&act, "made", &chair, &err), err);
    commit(&act);
    posts_of_a("ZZ3", 2);
    decide("partners/ZZ3", "suspend", "AAsA");
    posts_of_a("ZZ3", 1);
}

/* --- who was not taken in --- */

static void a_rejected_applicant_lapses_and_a_withdrawn_question_leaves_it(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    open_decision("partners/ZZ5", "admit", HOUR_MS, id);
    vote_letters(id, "AAAD");
    assert_int_equal(state_of(id), DECISION_REJECTED);
    assert_int_equal(partner_status_now("ZZ5"), PARTNER_LAPSED);
    refuse_open("partners/ZZ5", "admit", PROBLEM_STATE_CONFLICT);
    open_decision("partners/ZZ6", "admit", HOUR_MS, id);
    act_auto_t act = {0};
    decision_auto_t decision = {0};
    struct problem err = {0};
    begin(&act);
    assert_done(store_decision_get(act.tx, id, &decision, NULL, &err), err);
    assert_done(decision_end(&act, &decision, DECISION_WITHDRAWN, "Later.", act.now_ms, &err), err);
    commit(&act);
    assert_int_equal(partner_status_now("ZZ6"), PARTNER_PROPOSED);
}

/* --- hosts --- */

static void draft_host(const char *function, int32_t number, const char *organisation)
{
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    int32_t next;
    assert_done(store_host_version_next(act.tx, function, &next, &err), err);
    assert_int_equal(next, number);
    struct host_version draft = {.number = number,
                                 .state = HOST_DRAFT,
                                 .drafted_ms = act.now_ms,
                                 .starts_ms = INSTANT_NONE,
                                 .ends_ms = INSTANT_NONE,
                                 .version = 1};
    snprintf(draft.function, sizeof draft.function, "%s", function);
    snprintf(draft.organisation, sizeof draft.organisation, "%s", organisation);
    snprintf(draft.summary, sizeof draft.summary, "It has the staff.");
    assert_done(event_host_drafted(&act, &draft, &err), err);
    commit(&act);
}

static void host_is(const char *function, const char *organisation)
{
    act_auto_t act = {0};
    struct problem err = {0};
    struct host_version now;
    bool is_found;
    begin(&act);
    assert_done(store_host_now(act.tx, function, &now, &is_found, &err), err);
    assert_true(is_found);
    assert_string_equal(now.organisation, organisation);
    assert_int_equal(now.state, HOST_APPOINTED);
}

static void a_function_has_one_host_at_any_instant(void **state)
{
    (void)state;
    draft_host("employer", 1, "ZZ1");
    decide("hosts/employer/versions/1", "appoint", "AAAA");
    host_is("employer", "ZZ1");
    draft_host("employer", 2, "ZZ2");
    decide("hosts/employer/versions/2", "appoint", "AAAA");
    host_is("employer", "ZZ2");
    act_auto_t act = {0};
    struct problem err = {0};
    struct host_version first, second;
    db_rows_auto_t rows = {0};
    begin(&act);
    assert_done(store_host_version_get(act.tx, "employer", 1, &first, &err), err);
    assert_done(store_host_version_get(act.tx, "employer", 2, &second, &err), err);
    assert_int_equal(first.state, HOST_SUCCEEDED);
    assert_true(first.ends_ms == second.starts_ms);
    assert_done(store_host_list(act.tx, NULL, second.starts_ms, NULL, 10, &rows, &err), err);
    assert_int_equal(rows.count, 1);
    assert_string_equal(row_text(&rows, 0, "organisation"), "ZZ2");
    db_rows_auto_t before = {0};
    assert_done(store_host_list(act.tx, NULL, second.starts_ms - 1, NULL, 10, &before, &err), err);
    assert_int_equal(before.count, 1);
    assert_string_equal(row_text(&before, 0, "organisation"), "ZZ1");
}

static void a_host_hands_over_before_it_stops(void **state)
{
    (void)state;
    char exclusion[UUID_SIZE];
    char suspension[UUID_SIZE];
    open_decision("partners/ZZ3", "exclude", HOUR_MS, exclusion);
    open_decision("partners/ZZ3", "suspend", HOUR_MS, suspension);
    draft_host("employer", 1, "ZZ3");
    decide("hosts/employer/versions/1", "appoint", "AAAA");
    vote_letters(exclusion, "AAsA");
    effect_is(exclusion, EFFECT_REFUSED, "ZZ3 is the host of employer");
    vote_letters(suspension, "AAsA");
    effect_is(suspension, EFFECT_REFUSED, "ZZ3 is the host of employer");
    assert_int_equal(partner_status_now("ZZ3"), PARTNER_ACTIVE);
    refuse_open("partners/ZZ3", "exclude", PROBLEM_STATE_CONFLICT);
    draft_host("employer", 2, "ZZ1");
    decide("hosts/employer/versions/2", "appoint", "AAAA");
    decide("partners/ZZ3", "exclude", "AAsA");
    assert_int_equal(partner_status_now("ZZ3"), PARTNER_EXCLUDED);
}

static void a_handover_that_was_overtaken_has_no_effect(void **state)
{
    (void)state;
    char first[UUID_SIZE];
    char second[UUID_SIZE];
    draft_host("employer", 1, "ZZ1");
    draft_host("employer", 2, "ZZ2");
    open_decision("hosts/employer/versions/1", "appoint", HOUR_MS, first);
    open_decision("hosts/employer/versions/2", "appoint", HOUR_MS, second);
    vote_letters(second, "AAAA");
    vote_letters(first, "AAAA");
    effect_is(second, EFFECT_DONE, "");
    effect_is(first, EFFECT_REFUSED, "ZZ2 hosts employer by now");
    host_is("employer", "ZZ2");
}

static void what_is_no_change_of_host_is_not_decided(void **state)
{
    (void)state;
    static const char *const REFS[] = {
        "hosts/employer",
        "hosts/employer/versions/0",
        "hosts/employer/versions/01",
        "hosts/employer/versions/99999",
        "hosts/employer/versions/7",
        "hosts/a-function-with-a-name-that-is-too-long-for-it/versions/1"};
    for (size_t i = 0; i < ARRAY_LENGTH(REFS); i++)
        refuse_open(REFS[i], "appoint", PROBLEM_NOT_FOUND);
    draft_host("employer", 1, "ZZ1");
    refuse_open("hosts/employer/versions/1", "adopt", PROBLEM_RULE_BROKEN);
    decide("hosts/employer/versions/1", "appoint", "AAAA");
    refuse_open("hosts/employer/versions/1", "appoint", PROBLEM_STATE_CONFLICT);
}

/* --- what the database itself holds --- */

static bool append_host(json_t *row)
{
    act_auto_t act = {0};
    struct problem err = {0};
    json_auto_t *data = json_object();
    begin(&act);
    json_put_new(data, "hostVersion", row);
    const struct event event = {.type = "membership.host.drafted.v1",
                                .subject = "hosts/employer/versions/1",
                                .data = data,
                                .occurred_ms = INSTANT_NONE};
    return act_append(&act, &event, &err) && act_commit(&act, &err);
}

static json_t *host_row_make(const char *organisation, const char *state, const char *decision_id)
{
    json_t *row = json_object();
    json_put_text(row, "function", "employer");
    json_put_integer(row, "number", 1);
    json_put_text(row, "organisation", organisation);
    json_put_text(row, "summary", "It has the staff.");
    json_put_text(row, "state", state);
    json_put_text(row, "decisionId", decision_id);
    json_put_instant(row, "draftedAt", 1000);
    json_put_integer(row, "version", 1);
    return row;
}

static void the_database_takes_no_host_without_a_decision_or_a_partner(void **state)
{
    (void)state;
    assert_false(append_host(host_row_make("ZZ1", "appointed", "")));
    assert_false(append_host(host_row_make("ZZ1", "draft", HAND)));
    assert_false(append_host(host_row_make("ZZ9", "draft", "")));
    assert_true(append_host(host_row_make("ZZ1", "draft", "")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_closing_alliance_takes_nobody_in_and_decides_on, make_alliance),
        cmocka_unit_test_setup(a_dissolved_alliance_decides_nothing_any_more, make_alliance),
        cmocka_unit_test_setup(one_partner_keeps_an_alliance_open, make_alliance),
        cmocka_unit_test_setup(a_late_sweep_ends_everything_in_time, make_alliance),
        cmocka_unit_test_setup(a_suspended_partner_drops_out_and_comes_back_to_what_is_new,
                               make_alliance),
        cmocka_unit_test_setup(to_exclude_a_suspended_partner_changes_no_voters, make_alliance),
        cmocka_unit_test_setup(a_suspended_partners_people_keep_its_own_posts_only, make_alliance),
        cmocka_unit_test_setup(a_rejected_applicant_lapses_and_a_withdrawn_question_leaves_it,
                               make_alliance),
        cmocka_unit_test_setup(a_function_has_one_host_at_any_instant, make_alliance),
        cmocka_unit_test_setup(a_host_hands_over_before_it_stops, make_alliance),
        cmocka_unit_test_setup(a_handover_that_was_overtaken_has_no_effect, make_alliance),
        cmocka_unit_test_setup(what_is_no_change_of_host_is_not_decided, make_alliance),
        cmocka_unit_test_setup(the_database_takes_no_host_without_a_decision_or_a_partner,
                               make_alliance),
    };
    return cmocka_run_group_tests(tests, make_db, free_db);
}
