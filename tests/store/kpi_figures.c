/* What the kpi service announces, in a real database: it comes back whole, and the tables refuse
 * what no rule may let through. */
#include "tests/store/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "services/kpi/chart.h"
#include "services/kpi/events.h"
#include "services/kpi/rules/target.h"
#include "services/kpi/store.h"

#define SOMEBODY "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d51"
enum { FIRST_MONTH = 2024 * 12, NOW_MS = 1776000000 };

static struct db *db;
static char alliance[UUID_SIZE];
static struct specification specification;

static int make_db(void **state)
{
    (void)state;
    db = harness_db("kpi", 2);
    return 0;
}

static int free_db(void **state)
{
    (void)state;
    db_free(db);
    return 0;
}

static void begin(struct act *act)
{
    struct problem err = {0};
    assert_done(act_begin(db, "kpi", alliance, &HARNESS_ACTOR, true, act, &err), err);
}

static void commit(struct act *act)
{
    struct problem err = {0};
    assert_done(act_commit(act, &err), err);
}

/* An indicator of counts with an agreed specification: less is better. */
static int make_indicator(void **state)
{
    (void)state;
    act_auto_t act = {0};
    struct problem err = {0};
    struct indicator indicator = {.code = "falls",
                                  .name = "Falls",
                                  .theme = "quality",
                                  .specification_count = 1,
                                  .version = 1};
    specification = (struct specification){.indicator = "falls",
                                           .number = 1,
                                           .definition = "Falls on a ward",
                                           .unit = UNIT_COUNT,
                                           .direction = "down",
                                           .source = "local",
                                           .source_reason = "Counted by all",
                                           .owner = "ZZ1",
                                           .frequency = "monthly",
                                           .state = "agreed",
                                           .decision_id = SOMEBODY,
                                           .version = 1};
    harness_alliance(alliance);
    begin(&act);
    assert_done(event_indicator_created(&act, &indicator, &err), err);
    indicator.agreed_specification = 1;
    assert_done(event_specification_drafted(&act, &specification, &indicator, &err), err);
    commit(&act);
    return 0;
}

static struct observation observation_of(int32_t later, int64_t value)
{
    struct observation observation = {.month = FIRST_MONTH + later,
                                      .specification = 1,
                                      .revision = 1,
                                      .figures = {VALUE_NONE, VALUE_NONE, value},
                                      .recorded_ms = NOW_MS};
    uuid_new(NOW_MS, observation.id);
    strcpy(observation.indicator, "falls");
    strcpy(observation.organisation, "ZZ1");
    strcpy(observation.status, "submitted");
    return observation;
}

/* Records it, and announces what it shows. */
static void record(const struct observation *observation)
{
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    assert_done(event_observation_recorded(&act, observation, &err), err);
    assert_done(chart_announce(&act, &specification, observation->organisation, &err), err);
    commit(&act);
}

static int signal_count(void)
{
    return atoi(
        harness_value("select count(*) from kpi.signal where alliance_id = '%s'", alliance));
}

/* --- the tests
 * ---------------------------------------------------------------------------------------- */

static void an_agreement_comes_back_as_it_was_announced(void **state)
{
    (void)state;
    struct observation observation = observation_of(0, 5), read;
    record(&observation);
    struct agreement agreement = {.revision = 1, .by = {"ZZ2", true}, .agreed_ms = NOW_MS}, found;
    uuid_new(NOW_MS, agreement.id);
    strcpy(agreement.observation_id, observation.id);
    strcpy(agreement.appointment_id, SOMEBODY);
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    observation.revision = 2;
    strcpy(observation.status, "agreed");
    assert_done(event_observation_agreed(&act, &agreement, &observation, &err), err);
    commit(&act);
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t rows = {0};
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_agreement_of_revision(tx, observation.id, 1, &rows, &err), err);
    assert_int_equal(rows.count, 1);
    memset(&found, 0, sizeof(found));
    agreement_of_row(&rows, 0, &found);
    assert_string_equal(found.id, agreement.id);
    assert_string_equal(found.by.code, "ZZ2");
    assert_true(found.by.is_commissioner);
    assert_int_equal(found.agreed_ms, NOW_MS);
    assert_done(store_observation_get(tx, observation.id, &read, &err), err);
    assert_string_equal(read.status, "agreed");
    assert_int_equal(read.revision, 2);
}

static void nobody_agrees_twice_to_a_revision_whatever_the_rules_say(void **state)
{
    (void)state;
    struct observation observation = observation_of(0, 5);
    record(&observation);
    struct agreement agreement = {.revision = 1, .by = {"ZZ2", true}, .agreed_ms = NOW_MS};
    strcpy(agreement.observation_id, observation.id);
    strcpy(agreement.appointment_id, SOMEBODY);
    struct problem err = {0};
    for (int i = 0; i < 2; i++) {
        act_auto_t act = {0};
        begin(&act);
        uuid_new(NOW_MS, agreement.id);
        bool done =
            event_observation_agreed(&act, &agreement, NULL, &err) && act_commit(&act, &err);
        assert_true(done == (i == 0));
    }
    problem_clear(&err);
    act_auto_t act = {0};
    begin(&act);
    uuid_new(NOW_MS, agreement.id);
    agreement.revision = 7; /* there is none */
    assert_false(event_observation_agreed(&act, &agreement, NULL, &err) && act_commit(&act, &err));
}

static void a_query_comes_back_in_every_state(void **state)
{
    (void)state;
    struct observation observation = observation_of(0, 5);
    record(&observation);
    struct query query = {.revision = 1,
                          .raised_by = "ZZ2",
                          .question = "Which wards?",
                          .state = "open",
                          .raised_ms = NOW_MS,
                          .answered_ms = INSTANT_NONE,
                          .closed_ms = INSTANT_NONE,
                          .version = 1},
                 read;
    uuid_new(NOW_MS, query.id);
    strcpy(query.observation_id, observation.id);
    const char *const states[] = {"open", "answered", "closed"};
    for (size_t i = 0; i < ARRAY_LENGTH(states); i++) {
        act_auto_t act = {0};
        db_tx_auto_t *tx = NULL;
        struct problem err = {0};
        int64_t unclosed = -1;
        strcpy(query.state, states[i]);
        if (i == 1) {
            strcpy(query.answered_by, "ZZ1");
            strcpy(query.answer, "All of them");
            query.answered_ms = NOW_MS + 1;
        }
        if (i == 2) {
            strcpy(query.outcome, "Said in the definition");
            query.closed_ms = NOW_MS + 2;
        }
        query.version = (int64_t)i + 1;
        begin(&act);
        assert_done(event_query_moved(&act, &query, &err), err);
        commit(&act);
        assert_done(db_begin(db, alliance, true, &tx, &err), err);
        memset(&read, 0, sizeof(read));
        assert_done(store_query_get(tx, query.id, &read, &err), err);
        assert_string_equal(read.state, states[i]);
        assert_string_equal(read.answer, query.answer);
        assert_string_equal(read.outcome, query.outcome);
        assert_true(read.answered_ms == query.answered_ms && read.closed_ms == query.closed_ms);
        assert_done(store_query_unclosed(tx, observation.id, &unclosed, &err), err);
        assert_int_equal(unclosed, i < 2 ? 1 : 0);
    }
}

static void targets_and_rebases_come_back_in_order(void **state)
{
    (void)state;
    act_auto_t act = {0};
    struct problem err = {0};
    struct rebase rebase = {.indicator = "falls",
                            .month = FIRST_MONTH + 3,
                            .reason = "A ward opened",
                            .recorded_ms = NOW_MS};
    struct target target = {
        .indicator = "falls", .from = FIRST_MONTH, .source = "local", .recorded_ms = NOW_MS};
    const struct target_step steps[] = {{.month = FIRST_MONTH, .value = 12500000},
                                        {.month = FIRST_MONTH + 6, .value = 10000000}};
    uuid_new(NOW_MS, rebase.id);
    uuid_new(NOW_MS, target.id);
    begin(&act);
    assert_done(event_rebase_recorded(&act, &rebase, &err), err);
    assert_done(event_target_set(&act, &target, steps, 2, &err), err);
    commit(&act);
    db_tx_auto_t *tx = NULL;
    int32_t *months = NULL;
    struct target_step *read = NULL;
    size_t month_count = 0, step_count = 0;
    int64_t value = 0;
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_rebase_months(tx, "falls", &months, &month_count, &err), err);
    assert_int_equal(month_count, 1);
    assert_int_equal(months[0], FIRST_MONTH + 3);
    free(months);
    assert_done(store_target_steps(tx, "falls", &read, &step_count, &err), err);
    assert_int_equal(step_count, 2);
    assert_true(target_at(read, step_count, FIRST_MONTH + 5, &value) && value == 12500000);
    assert_true(target_at(read, step_count, FIRST_MONTH + 6, &value) && value == 10000000);
    free(read);
}

static void a_month_is_rebased_once(void **state)
{
    (void)state;
    struct problem err = {0};
    struct rebase rebase = {
        .indicator = "falls", .month = FIRST_MONTH, .reason = "A ward", .recorded_ms = NOW_MS};
    for (int i = 0; i < 2; i++) {
        act_auto_t act = {0};
        begin(&act);
        uuid_new(NOW_MS, rebase.id);
        bool done = event_rebase_recorded(&act, &rebase, &err) && act_commit(&act, &err);
        assert_true(done == (i == 0));
    }
}

static void a_signal_is_found_in_the_act_that_shows_it_and_told_once(void **state)
{
    (void)state;
    for (int32_t i = 0; i < 14; i++) {
        struct observation steady = observation_of(i, i % 2 == 0 ? 40 : 60);
        record(&steady);
    }
    assert_int_equal(signal_count(), 0);
    struct observation high = observation_of(14, 300);
    record(&high);
    assert_int_equal(signal_count(), 1);
    high.revision = 2;
    high.figures.value = 301;
    strcpy(high.reason, "Recounted");
    record(&high);
    assert_int_equal(signal_count(), 1);
    struct observation low = observation_of(15, 0); /* better */
    record(&low);
    assert_int_equal(signal_count(), 1);
    assert_string_equal(
        harness_value("select kind || ' ' || value || ' ' || month from kpi.signal where "
                      "alliance_id = '%s'",
                      alliance),
        "outside-limits 300 2025-26-M03");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_agreement_comes_back_as_it_was_announced, make_indicator),
        cmocka_unit_test_setup(nobody_agrees_twice_to_a_revision_whatever_the_rules_say,
                               make_indicator),
        cmocka_unit_test_setup(a_query_comes_back_in_every_state, make_indicator),
        cmocka_unit_test_setup(targets_and_rebases_come_back_in_order, make_indicator),
        cmocka_unit_test_setup(a_month_is_rebased_once, make_indicator),
        cmocka_unit_test_setup(a_signal_is_found_in_the_act_that_shows_it_and_told_once,
                               make_indicator),
    };
    return cmocka_run_group_tests(tests, make_db, free_db);
}
