/* What the roster says of a caller, and how long it may be remembered. */
#include "tests/store/harness.h"

#include <string.h>

#include "common/ids.h"
#include "common/instant.h"
#include "common/issuer.h"
#include "common/standing.h"

static struct db *db;
static char alliance[UUID_SIZE];
static const struct caller PERSON = {
    .issuer = "https://issuer.test", .subject = "person", .organisation = "ZZ1"};
static struct issuer EVERYONES = {.is_any_organisation = true};
static const struct caller NOBODYS = {
    .issuer = "https://issuer.test", .subject = "person", .vouched_by = &EVERYONES};

static void partner(const char *organisation, const char *status, bool is_founder)
{
    harness_sql("insert into probe.partner (alliance_id, organisation, sequence, name, role, "
                "is_voting, is_founder, status, version) values ('%s', '%s', 1, 'n', "
                "'commissioner', true, %s, '%s', 1)",
                alliance, organisation, is_founder ? "true" : "false", status);
}

static void appointment(const char *role, const char *organisation, const char *starts,
                        const char *ends)
{
    harness_sql("insert into probe.appointment (alliance_id, id, sequence, issuer, subject, role, "
                "organisation, starts_at, ends_at, version) values ('%s', gen_random_uuid(), 1, "
                "'https://issuer.test', 'person', '%s', '%s', accord.accord_now() + interval '%s', "
                "accord.accord_now() + cast(%s%s%s as interval), 1)",
                alliance, role, organisation, starts, ends ? "'" : "", ends ? ends : "null",
                ends ? "'" : "");
}

static int setup(void **state)
{
    (void)state;
    harness_alliance(alliance);
    harness_sql("select * from probe.journal_lock('%s', true)", alliance);
    harness_sql(
        "insert into probe.alliance (alliance_id, sequence, name, purpose, objectives, "
        "principles, starts_on, ends_on, status, founding_decision_id, created_at, version) "
        "values ('%s', 1, 'n', 'p', '[]', '[]', '2026-04-01', '2033-04-01', 'active', "
        "gen_random_uuid(), '2026-01-01Z', 1)",
        alliance);
    return 0;
}

static struct standing load(const struct caller *caller)
{
    db_tx_auto_t *tx = NULL;
    struct problem err = {.code = PROBLEM_NONE};
    struct standing standing;
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(standing_load(tx, caller, INSTANT_NONE, &standing, &err), err);
    return standing;
}

/* `held`: it was remembered, and that still held. */
static bool held;

static struct standing recall(struct standing_cache *cache, const struct caller *caller)
{
    db_tx_auto_t *tx = NULL;
    struct problem err = {.code = PROBLEM_NONE};
    struct standing standing;
    standing_guess_auto_t guess;
    bool is_held;
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(standing_recall(cache, tx, caller, &standing, &guess, &err), err);
    bool is_guess = guess.is_open;
    assert_done(standing_confirm(cache, tx, caller, &guess, &standing, &is_held, &err), err);
    assert_true(is_held || is_guess);
    held = is_guess && is_held;
    return standing;
}

/* What the question for the clock sets holds for the query that travels with it. */
static void who_is_remembered_only_reads_and_only_in_its_alliance(void **state)
{
    static const struct db_query SETTINGS = {
        "settings",
        "select current_setting('transaction_read_only') as read_only,"
        " current_setting('accord.alliance_id', true) as alliance",
        0, NULL};
    struct standing_cache *cache = standing_cache_new("probe");
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t rows = {0};
    struct problem err = {.code = PROBLEM_NONE};
    struct standing standing;
    standing_guess_auto_t guess;
    (void)state;
    recall(cache, &PERSON);
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(standing_recall(cache, tx, &PERSON, &standing, &guess, &err), err);
    assert_true(guess.is_open);
    assert_done(db_select_one(tx, &SETTINGS, &rows, &err), err);
    assert_string_equal(row_text(&rows, 0, "read_only"), "on");
    assert_string_equal(row_text(&rows, 0, "alliance"), alliance);
    standing_cache_free(cache);
}

static void a_stranger_has_no_standing(void **state)
{
    (void)state;
    struct standing standing = load(&PERSON);
    assert_true(standing.has_alliance);
    assert_string_equal(standing.alliance_status, "active");
    assert_false(standing.has_partner);
    assert_int_equal(standing.appointment_count, 0);
    harness_alliance(alliance);
    standing = load(&PERSON);
    assert_false(standing.has_alliance);
    assert_int_equal(standing.sequence, 0);
    assert_true(standing.now_ms > 0);
}

static void partner_and_appointments_in_force_are_known(void **state)
{
    (void)state;
    partner("ZZ1", "active", false);
    partner("ZZ2", "proposed", true);
    partner("ZZ3", "left", false);
    appointment("finance-lead", "ZZ1", "-1 day", NULL);
    appointment("deputy", "ZZ2", "-1 day", "1 day");
    appointment("chair", "ZZ3", "-1 day", NULL);
    appointment("lead-nurse", "ZZ1", "-2 days", "-1 day");
    appointment("quality-lead", "ZZ1", "1 day", NULL);
    struct standing standing = load(&NOBODYS);
    assert_true(standing.has_partner && standing.is_voting && standing.is_commissioner);
    assert_int_equal(standing.partner_status, PARTNER_ACTIVE);
    assert_int_equal(standing.appointment_count, 3);
    assert_true(standing_appointment(&standing, "finance-lead", "ZZ1")->is_of_active);
    assert_true(standing_appointment(&standing, "deputy", NULL)->is_of_founder);
    const struct appointment *chair = standing_appointment(&standing, "chair", NULL);
    assert_false(chair->is_of_active || chair->is_of_founder);
}

static void nobody_acts_for_an_organisation_that_its_issuer_does_not_vouch_for(void **state)
{
    (void)state;
    char of_two[][ODS_SIZE] = {"ZZ2", "ZZ4"};
    const struct issuer issuer = {.organisations = of_two, .organisation_count = 2};
    struct caller caller = NOBODYS;
    partner("ZZ1", "active", false);
    partner("ZZ2", "active", false);
    appointment("finance-lead", "ZZ1", "-1 day", NULL);
    appointment("deputy", "ZZ2", "-1 day", NULL);
    appointment("auditor", "ZZ1", "-1 day", NULL);
    struct standing standing = load(&PERSON);
    assert_int_equal(standing.appointment_count, 2);
    assert_non_null(standing_appointment(&standing, "finance-lead", "ZZ1"));
    assert_non_null(standing_appointment(&standing, "auditor", "ZZ1"));
    caller.vouched_by = &issuer;
    standing = load(&caller);
    assert_int_equal(standing.appointment_count, 2);
    assert_non_null(standing_appointment(&standing, "deputy", "ZZ2"));
    assert_string_equal(standing.organisation, "ZZ2");
    assert_false(standing_appointment(&standing, "auditor", NULL)->is_of_active);
    caller.vouched_by = NULL;
    standing = load(&caller);
    assert_int_equal(standing.appointment_count, 1);
    assert_false(standing.has_partner);
    assert_non_null(standing_appointment(&standing, "auditor", NULL));
}

static void a_token_of_no_organisation_has_that_of_its_appointment(void **state)
{
    (void)state;
    partner("ZZ2", "left", false);
    partner("ZZ3", "active", false);
    partner("ZZ4", "active", false);
    appointment("chair", "ZZ2", "-1 day", NULL);
    appointment("deputy", "ZZ3", "-1 day", NULL);
    appointment("deputy", "ZZ4", "1 day", NULL);
    struct standing standing = load(&NOBODYS);
    assert_int_equal(standing.partner_status, PARTNER_ACTIVE);
    assert_string_equal(standing.organisation, "ZZ3");
    assert_non_null(standing_speaks_for(&standing, "ZZ3"));
    assert_null(standing_speaks_for(&standing, "ZZ4"));
}

static void many_are_loaded_as_each_alone(void **state)
{
    (void)state;
    partner("ZZ1", "active", false);
    partner("ZZ3", "active", true);
    appointment("deputy", "ZZ3", "-1 day", "1 day");
    appointment("chair", "ZZ3", "1 day", NULL);
    const struct caller stranger = {.issuer = "https://issuer.test", .subject = "x"};
    const struct caller *callers[] = {&PERSON, &stranger, &NOBODYS, &PERSON};
    struct standing many[4];
    db_tx_auto_t *tx = NULL;
    struct problem err = {.code = PROBLEM_NONE};
    struct standing one = load(&PERSON);
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(standing_load_many(tx, callers, 4, one.now_ms, many, &err), err);
    for (size_t i = 0; i < 4; i++) {
        struct standing alone;
        assert_done(standing_load(tx, callers[i], one.now_ms, &alone, &err), err);
        assert_memory_equal(&many[i], &alone, sizeof alone);
    }
    assert_false(many[1].has_partner);
    assert_string_equal(many[2].organisation, "ZZ3");
}

static void follow_membership(int sequence)
{
    harness_sql("insert into probe.journal_cursor (alliance_id, source, sequence, hash) values "
                "('%s', 'membership', %d, decode(repeat('00', 32), 'hex')) on conflict "
                "(alliance_id, source) do update set sequence = excluded.sequence",
                alliance, sequence);
}

static void what_is_remembered_holds_until_the_roster_moves(void **state)
{
    (void)state;
    struct standing_cache *cache = standing_cache_new("probe");
    follow_membership(1);
    assert_false(recall(cache, &PERSON).has_partner);
    partner("ZZ1", "active", false);
    struct standing remembered = recall(cache, &PERSON);
    assert_false(remembered.has_partner); /* it was remembered: nothing said that it had changed */
    assert_true(held);
    assert_true(remembered.now_ms > 0);
    follow_membership(2);
    assert_true(recall(cache, &PERSON).has_partner);
    assert_false(held);
    assert_int_equal(recall(cache, &NOBODYS).has_partner, false);
    standing_cache_free(cache);
}

/* Restored from before, the journals have other events at the same numbers. */
static void what_is_remembered_is_of_one_history(void **state)
{
    (void)state;
    struct standing_cache *follower = standing_cache_new("probe");
    struct standing_cache *owner = standing_cache_new("membership");
    follow_membership(1);
    assert_false(recall(follower, &PERSON).has_partner);
    assert_false(recall(owner, &PERSON).has_partner);
    partner("ZZ1", "active", false);
    harness_sql("set session_replication_role = replica");
    harness_sql("update probe.journal_cursor set hash = decode(repeat('01', 32), 'hex') "
                "where alliance_id = '%s'",
                alliance);
    harness_sql("update probe.journal_head set hash = decode(repeat('01', 32), 'hex') "
                "where alliance_id = '%s'",
                alliance);
    harness_sql("reset session_replication_role");
    assert_true(recall(follower, &PERSON).has_partner);
    assert_true(recall(owner, &PERSON).has_partner);
    standing_cache_free(follower);
    standing_cache_free(owner);
}

static void what_is_remembered_ends_with_an_appointment(void **state)
{
    (void)state;
    struct standing_cache *cache = standing_cache_new("probe");
    partner("ZZ1", "active", false);
    appointment("finance-lead", "ZZ1", "-1 day", "1 hour");
    appointment("quality-lead", "ZZ1", "2 hours", NULL);
    struct standing standing = recall(cache, &PERSON);
    assert_non_null(standing_appointment(&standing, "finance-lead", NULL));
    harness_move_clock(3600 * 1000 + 1000);
    standing = recall(cache, &PERSON);
    assert_int_equal(standing.appointment_count, 0);
    harness_move_clock(2 * 3600 * 1000 + 1000);
    standing = recall(cache, &PERSON);
    assert_non_null(standing_appointment(&standing, "quality-lead", NULL));
    harness_move_clock(0);
    standing = recall(cache, &PERSON);
    assert_non_null(standing_appointment(&standing, "finance-lead", NULL));
    assert_null(standing_appointment(&standing, "quality-lead", NULL));
    standing_cache_free(cache);
}

static void the_owner_of_the_roster_goes_by_its_own_journal(void **state)
{
    (void)state;
    struct standing_cache *cache = standing_cache_new("membership");
    assert_false(recall(cache, &PERSON).has_partner);
    partner("ZZ1", "active", false);
    assert_false(recall(cache, &PERSON).has_partner);
    harness_sql("update probe.journal_head set sequence = 1 where alliance_id = '%s'", alliance);
    struct standing standing = recall(cache, &PERSON);
    assert_true(standing.has_partner);
    assert_int_equal(standing.sequence, 1);
    standing_cache_free(cache);
}

static void more_callers_than_the_cache_has_room_for_are_still_right(void **state)
{
    (void)state;
    struct standing_cache *cache = standing_cache_new("probe");
    partner("ZZ1", "active", false);
    partner("ZZ3", "left", false);
    for (int i = 0; i < 1200; i++) {
        struct caller caller = {.issuer = "https://issuer.test"};
        snprintf(caller.subject, sizeof caller.subject, "s%d", i % 700);
        memcpy(caller.organisation, i % 7 ? "ZZ1" : "ZZ3", 4);
        struct standing standing = recall(cache, &caller);
        assert_int_equal(standing.partner_status, i % 7 ? PARTNER_ACTIVE : PARTNER_LEFT);
    }
    standing_cache_free(cache);
}

static int open_db(void **state)
{
    (void)state;
    harness_make_probe();
    db = harness_db("probe", 2);
    return 0;
}

static int close_db(void **state)
{
    (void)state;
    db_free(db);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup(name, setup)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_stranger_has_no_standing),
        TEST(who_is_remembered_only_reads_and_only_in_its_alliance),
        TEST(partner_and_appointments_in_force_are_known),
        TEST(a_token_of_no_organisation_has_that_of_its_appointment),
        TEST(nobody_acts_for_an_organisation_that_its_issuer_does_not_vouch_for),
        TEST(many_are_loaded_as_each_alone),
        TEST(what_is_remembered_holds_until_the_roster_moves),
        TEST(what_is_remembered_is_of_one_history),
        TEST(what_is_remembered_ends_with_an_appointment),
        TEST(the_owner_of_the_roster_goes_by_its_own_journal),
        TEST(more_callers_than_the_cache_has_room_for_are_still_right),
    };
    return cmocka_run_group_tests(tests, open_db, close_db);
}
