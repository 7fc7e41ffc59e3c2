/* Alliances, partners, appointments and the agreement on a real database. */
#include "tests/store/membership_world.h"

#include "common/issuer.h"
#include "services/membership/rows.h"

/* What is read back is what was announced. */
static void rows_say_what_the_model_says(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    open_decision("partners/ZZ5", "admit", HOUR_MS, id);
    vote(id, "ZZ1", CHOICE_DISAGREE);
    act_auto_t act = {0};
    struct problem err = {0};
    db_rows_auto_t body = {0};
    begin(&act);
    decision_auto_t decision = {0};
    assert_done(store_decision_get(act.tx, id, &decision, NULL, &err), err);
    json_auto_t *read = decision_row(&decision);
    const char *text = harness_value("select body::jsonb #> '{data,decision}' from "
                                     "membership.journal_body where alliance_id = '%s' and type = "
                                     "'membership.decision.opened.v1' and subject = 'decisions/%s'",
                                     alliance_id, id);
    json_auto_t *announced = json_loads(text, 0, NULL);
    assert_true(json_equal(read, announced));
    struct vote vote_read;
    bool has_voted = false;
    assert_done(store_vote_find(act.tx, id, "ZZ1", &vote_read, &has_voted, &err), err);
    assert_true(has_voted);
    assert_int_equal(vote_read.choice, CHOICE_DISAGREE);
    assert_string_equal(vote_read.reason, "Too dear.");
    assert_string_equal(vote_read.appointment_id, HAND);
    alliance_auto_t alliance = {0};
    assert_done(store_alliance_get(act.tx, &alliance, &err), err);
    assert_int_equal(alliance.status, ALLIANCE_ACTIVE);
    assert_string_equal(alliance.id, alliance_id);
    assert_int_equal(json_array_size(alliance.objectives), 1);
}

static void founding_makes_everybody_active_from_the_day_that_it_was_carried(void **state)
{
    (void)state;
    struct partner partner;
    for (int i = 0; i < FOUNDERS; i++) {
        const struct partner founder = founder_make(i);
        load_partner(founder.organisation, &partner);
        assert_int_equal(partner.status, PARTNER_ACTIVE);
        assert_int_equal(partner.version, 2);
        assert_true(partner.joined_on != DAY_NONE);
    }
    act_auto_t act = {0};
    struct problem err = {0};
    agreement_auto_t version = {0};
    begin(&act);
    assert_done(store_agreement_in_force(act.tx, instant_day(act.now_ms), &version, &err), err);
    assert_int_equal(version.number, 1);
    assert_int_equal(version.state, AGREEMENT_ADOPTED);
}

static void a_founding_that_fails_leaves_no_alliance(void **state)
{
    (void)state;
    char founding[UUID_SIZE];
    harness_alliance(alliance_id);
    found(founding);
    vote_letters(founding, "AAAD");
    assert_int_equal(state_of(founding), DECISION_REJECTED);
    struct partner partner;
    load_partner("ZZ1", &partner);
    assert_int_equal(partner.status, PARTNER_LAPSED);
    act_auto_t act = {0};
    struct problem err = {0};
    alliance_auto_t alliance = {0};
    begin(&act);
    assert_done(store_alliance_get(act.tx, &alliance, &err), err);
    assert_int_equal(alliance.status, ALLIANCE_CLOSED);
}

static void draft(int32_t number, int32_t days)
{
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    agreement_auto_t version = version_make(number, instant_day(act.now_ms) + days, act.now_ms);
    assert_done(event_agreement_drafted(&act, &version, &err), err);
    commit(&act);
}

static void of_two_versions_for_one_day_the_second_is_refused_when_it_is_carried(void **state)
{
    (void)state;
    char first[UUID_SIZE];
    char second[UUID_SIZE];
    draft(2, 30);
    draft(3, 30);
    open_decision("agreement/versions/2", "adopt", HOUR_MS, first);
    open_decision("agreement/versions/3", "adopt", HOUR_MS, second);
    vote_letters(first, "AAAA");
    vote_letters(second, "AAAA");
    assert_int_equal(state_of(second), DECISION_CARRIED);
    assert_string_equal(harness_value("select string_agg(state, ' ' order by number) from "
                                      "membership.agreement_version where alliance_id = '%s'",
                                      alliance_id),
                        "adopted adopted draft");
    assert_string_equal(harness_value("select state || ' ' || (reason like 'version 2 starts on "
                                      "%%%%')::text from membership.decision_effect "
                                      "where alliance_id = '%s' and decision_id = '%s'",
                                      alliance_id, second),
                        "refused true");
}

static void the_table_holds_one_adopted_version_per_day(void **state)
{
    (void)state;
    act_auto_t act = {0};
    struct problem err = {0};
    agreement_auto_t version = {0};
    begin(&act);
    assert_done(store_agreement_get(act.tx, 1, &version, &err), err);
    version.number = 2;
    assert_false(event_agreement_adopted(&act, &version, &err) && act_commit(&act, &err));
}

/* How many are listed, and whether this alliance is among them, to a person of an issuer that may
 * speak for one organisation ("" = for all), by a token of an organisation ("" = of none). */
static int listed_to(const char *subject, const char *speaks_for, const char *organisation,
                     bool *ret_ours)
{
    char known[1][ODS_SIZE];
    struct issuer issuer = {.is_any_organisation = speaks_for[0] == '\0',
                            .organisations = known,
                            .organisation_count = 1};
    struct caller caller = {.issuer = "https://issuer.accord.example", .vouched_by = &issuer};
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t rows = {0};
    struct problem err = {0};
    snprintf(known[0], ODS_SIZE, "%s", speaks_for);
    snprintf(caller.subject, sizeof caller.subject, "%s", subject);
    snprintf(caller.organisation, sizeof caller.organisation, "%s", organisation);
    assert_done(db_begin(db, NULL, true, &tx, &err), err);
    assert_done(store_alliance_list(tx, &caller, NULL, 1000, &rows, &err), err);
    *ret_ours = false;
    for (int row = 0; row < rows.count; row++)
        *ret_ours |= strcmp(row_text(&rows, row, "alliance_id"), alliance_id) == 0;
    return rows.count;
}

static void only_my_alliances_are_listed_across_alliances(void **state)
{
    (void)state;
    bool is_ours;
    (void)listed_to("x", "", "ZZ1", &is_ours);
    assert_true(is_ours);
    (void)listed_to("rep-ZZ2", "", "", &is_ours);
    assert_true(is_ours);
    assert_int_equal(listed_to("x", "", "ZZ9", &is_ours), 0);
}

static void no_alliance_is_listed_by_a_post_that_the_issuer_does_not_vouch_for(void **state)
{
    (void)state;
    bool is_ours;
    (void)listed_to("rep-ZZ2", "ZZ2", "", &is_ours);
    assert_true(is_ours);
    assert_int_equal(listed_to("rep-ZZ2", "ZZ3", "", &is_ours), 0);
}

static void without_an_alliance_nothing_else_is_seen(void **state)
{
    (void)state;
    static const struct db_query everything = {
        "everything", "select count(*) as n from partner where $1::uuid is null", 0, NULL};
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t rows = {0};
    struct problem err = {0};
    assert_done(db_begin(db, NULL, true, &tx, &err), err);
    assert_done(db_select_one(tx, &everything, &rows, &err), err);
    assert_int_equal(row_int(&rows, 0, "n"), 0);
}

static void a_successor_follows_at_once(void **state)
{
    (void)state;
    act_auto_t act = {0};
    struct problem err = {0};
    tenures_auto_t tenures = {0};
    begin(&act);
    assert_done(store_tenures_of_organisation(act.tx, "ZZ1", act.now_ms, &tenures, &err), err);
    assert_int_equal(tenures.count, 1);
    struct tenure before = tenures.tenures[0];
    struct tenure after = tenure_make(before.starts_ms + 1, "ZZ1");
    after.starts_ms = act.now_ms;
    before.ends_ms = act.now_ms;
    before.version++;
    assert_done(event_appointment(&act, "ended", &before, &err), err);
    assert_done(event_appointment(&act, "made", &after, &err), err);
    commit(&act);
}

static void one_person_at_a_time_represents_an_organisation(void **state)
{
    (void)state;
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    const struct tenure second = tenure_make(act.now_ms, "ZZ1");
    assert_false(event_appointment(&act, "made", &second, &err) && act_commit(&act, &err));
}

static void names_stand_beside_the_journal_and_can_be_erased(void **state)
{
    (void)state;
    static const struct db_query erase = {
        "name_erase", "delete from person_name where alliance_id = $1::uuid", 0, NULL};
    assert_string_equal(
        harness_value("select count(*) from membership.journal_body where alliance_id "
                      "= '%s' and body like '%%Nora%%'",
                      alliance_id),
        "0");
    assert_string_equal(
        harness_value("select count(*) from membership.person_name where alliance_id = "
                      "'%s' and name = 'Nora Field'",
                      alliance_id),
        "4");
    act_auto_t act = {0};
    struct problem err = {0};
    db_rows_auto_t rows = {0};
    begin(&act);
    assert_done(act_select(&act, &erase, &rows, &err), err);
    commit(&act);
    assert_string_equal(
        harness_value("select count(*) from membership.person_name where alliance_id = '%s'",
                      alliance_id),
        "0");
}

/* The runtime role reads; only the journal writes. */
static void the_service_itself_can_not_write_a_fact(void **state)
{
    (void)state;
    static const struct db_query writes[] = {
        {"write_1", "update partner set status = 'active' where alliance_id = $1::uuid", 0, NULL},
        {"write_2", "delete from vote where alliance_id = $1::uuid", 0, NULL},
        {"write_3", "update elector set choice = 'agree' where alliance_id = $1::uuid", 0, NULL},
        {"write_4", "update decision set state = 'carried' where alliance_id = $1::uuid", 0, NULL},
        {"write_5", "delete from decision_effect where alliance_id = $1::uuid", 0, NULL},
        {"write_6", "update agreement_version set state = 'adopted' where alliance_id = $1::uuid",
         0, NULL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(writes); i++) {
        act_auto_t act = {0};
        struct problem err = {0};
        db_rows_auto_t rows = {0};
        begin(&act);
        assert_false(act_select(&act, &writes[i], &rows, &err));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(rows_say_what_the_model_says, make_alliance),
        cmocka_unit_test_setup(founding_makes_everybody_active_from_the_day_that_it_was_carried,
                               make_alliance),
        cmocka_unit_test_setup(a_founding_that_fails_leaves_no_alliance, make_alliance),
        cmocka_unit_test_setup(of_two_versions_for_one_day_the_second_is_refused_when_it_is_carried,
                               make_alliance),
        cmocka_unit_test_setup(the_table_holds_one_adopted_version_per_day, make_alliance),
        cmocka_unit_test_setup(only_my_alliances_are_listed_across_alliances, make_alliance),
        cmocka_unit_test_setup(no_alliance_is_listed_by_a_post_that_the_issuer_does_not_vouch_for,
                               make_alliance),
        cmocka_unit_test_setup(without_an_alliance_nothing_else_is_seen, make_alliance),
        cmocka_unit_test_setup(a_successor_follows_at_once, make_alliance),
        cmocka_unit_test_setup(one_person_at_a_time_represents_an_organisation, make_alliance),
        cmocka_unit_test_setup(names_stand_beside_the_journal_and_can_be_erased, make_alliance),
        cmocka_unit_test_setup(the_service_itself_can_not_write_a_fact, make_alliance),
    };
    return cmocka_run_group_tests(tests, make_db, free_db);
}
