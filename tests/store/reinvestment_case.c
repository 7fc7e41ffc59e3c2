/* Cases, drawdowns and ring-fences in a real database: what is announced comes back whole,
 * decisions and the ledger's answers move a case, and the tables refuse what no rule may let
 * through. */
#include "tests/store/harness.h"

#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "services/reinvestment/events.h"
#include "services/reinvestment/rules.h"
#include "services/reinvestment/store.h"

#define DECISION "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d41"
#define HOLD "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d40"
#define TRANSACTION "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d60"
#define ZERO_HASH "0000000000000000000000000000000000000000000000000000000000000000"

static const struct person SPONSOR = {"0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d51", "ZZ3"};
static const struct person COMMISSIONER = {"0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d53", "ZZ1"};

static struct db *db;
static char alliance[UUID_SIZE];

static int make_db(void **state)
{
    (void)state;
    db = harness_db("reinvestment", 2);
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
    assert_done(act_begin(db, "reinvestment", alliance, &HARNESS_ACTOR, true, act, &err), err);
}

static void commit(struct act *act)
{
    struct problem err = {0};
    assert_done(act_commit(act, &err), err);
}

/* Another service's event as the consumer takes it: its rows, then our reaction. Takes `envelope`.
 */
static void follow(const char *source, json_t *envelope)
{
    act_auto_t act = {0};
    struct problem err = {0};
    begin(&act);
    char_auto_t *body = json_dumps(envelope, 0);
    assert_non_null(body);
    int64_t sequence = act_cursor(&act, source) + 1;
    assert_done(act_follow(&act, source, sequence, ZERO_HASH, body, &err), err);
    struct foreign_event event = {.source = source,
                                  .sequence = sequence,
                                  .type = json_text(envelope, "type"),
                                  .subject = json_text(envelope, "subject"),
                                  .occurred_ms = act.now_ms,
                                  .data = json_object_get(envelope, "data"),
                                  .envelope = envelope};
    for (size_t i = 0; i < REINVESTMENT_REACTION_COUNT; i++)
        if (strcmp(REINVESTMENT_REACTIONS[i].type, event.type) == 0)
            assert_done(REINVESTMENT_REACTIONS[i].react(&act, &event, &err), err);
    commit(&act);
    json_decref(envelope);
}

static void follow_balance(int64_t balance_pence, int64_t held_pence)
{
    follow("ledger", json_pack("{s:s, s:s, s:{s:{s:s, s:s, s:I, s:I, s:i}}}", "type",
                               "ledger.transaction.posted.v1", "subject", "ledger/transactions/1",
                               "data", "balance", "accountCode", "ring-fence:elective", "currency",
                               "GBP", "balancePence", (json_int_t)balance_pence, "heldPence",
                               (json_int_t)held_pence, "floorPence", 0));
}

static void follow_agreement(int number, const char *starts_on, const char *purpose)
{
    follow("membership",
           json_pack("{s:s, s:s, s:{s:{s:i, s:s, s:s, s:{s:[{s:s, s:s, s:[s], s:[s]}]}}}}", "type",
                     "membership.agreement.adopted.v1", "subject", "agreement/versions/1", "data",
                     "agreementVersion", "number", number, "state", "adopted", "startsOn",
                     starts_on, "parameters", "ringFences", "code", "elective", "purpose", purpose,
                     "categories", "left-shift", "settings", "community"));
}

/* An alliance with £640,000 in ring-fence elective. */
static int make_alliance(void **state)
{
    (void)state;
    harness_alliance(alliance);
    follow("membership",
           json_pack("{s:s, s:s, s:{s:{s:s, s:s, s:s, s:b, s:b, s:s, s:i}}}", "type",
                     "membership.partner.admitted.v1", "subject", "partners/ZZ3", "data", "partner",
                     "organisation", "ZZ3", "name", "Northfield", "role", "provider", "isVoting", 1,
                     "isFounder", 1, "status", "active", "version", 1));
    follow_agreement(1, "2020-04-01", "Community-based elective care");
    follow_balance(64000000, 0);
    return 0;
}

/* Every field filled. */
static struct business_case whole_case(int64_t award_pence)
{
    struct business_case a_case = {.award_pence = award_pence,
                                   .one_off_pence = 20000000,
                                   .recurrent_pence = 5000000,
                                   .milestone_count = 2,
                                   .benefit_count = 1,
                                   .state = CASE_SUBMITTED,
                                   .drafted_ms = 1776000000000,
                                   .closed_ms = INSTANT_NONE,
                                   .version = 2};
    uuid_new(1776000000000, a_case.id);
    strcpy(a_case.title, "Hernia hub \"ÄÖ\"");
    strcpy(a_case.summary, "Repair\nin the community");
    strcpy(a_case.sponsor, "ZZ3");
    strcpy(a_case.beneficiary, "ZZ3");
    strcpy(a_case.ring_fence, "elective");
    strcpy(a_case.category, "left-shift");
    strcpy(a_case.setting, "community");
    strcpy(a_case.service, "Hernia repair");
    strcpy(a_case.specialty, "General surgery");
    strcpy(a_case.drafted_by, SPONSOR.appointment_id);
    strcpy(a_case.milestones[0].code, "ready");
    strcpy(a_case.milestones[0].title, "The theatre is equipped");
    a_case.milestones[0].due_day = 20726;
    a_case.milestones[0].amount_pence = award_pence;
    strcpy(a_case.milestones[1].code, "open");
    strcpy(a_case.milestones[1].title, "The hub is open");
    a_case.milestones[1].due_day = 20800;
    strcpy(a_case.benefits[0].indicator, "rtt-incomplete-18-weeks");
    strcpy(a_case.benefits[0].baseline, "58.4");
    strcpy(a_case.benefits[0].target, "65");
    a_case.benefits[0].due_day = 20900;
    return a_case;
}

static struct business_case submitted_case(int64_t award_pence)
{
    act_auto_t act = {0};
    struct problem err = {0};
    struct business_case a_case = whole_case(award_pence);
    begin(&act);
    assert_done(event_case_submitted(&act, &a_case, &err), err);
    commit(&act);
    return a_case;
}

static struct business_case case_now(const char *id)
{
    db_tx_auto_t *tx = NULL;
    struct problem err = {0};
    struct business_case a_case = {0};
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_case_get(tx, id, &a_case, &err), err);
    return a_case;
}

static struct drawdown drawdown_now(const char *id)
{
    db_tx_auto_t *tx = NULL;
    struct problem err = {0};
    struct drawdown drawdown = {0};
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_drawdown_get(tx, id, &drawdown, &err), err);
    return drawdown;
}

static struct ring_fence ring_fence_now(int32_t today)
{
    db_tx_auto_t *tx = NULL;
    struct problem err = {0};
    struct ring_fence ring_fence = {0};
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    assert_done(store_ring_fence_get(tx, "elective", today, &ring_fence, &err), err);
    return ring_fence;
}

static bool propose(const struct business_case *a_case, struct subject *ret_subject,
                    struct problem *err)
{
    act_auto_t act = {0};
    struct standing standing = {0};
    char ref[REF_SIZE];
    begin(&act);
    case_ref(a_case, ref);
    *ret_subject = (struct subject){.version = 0};
    if (!REINVESTMENT_SUBJECTS.describe(&act, &standing, ref, "approve", ret_subject, err))
        return false;
    commit(&act);
    return true;
}

static struct business_case proposed_case(int64_t award_pence)
{
    struct problem err = {0};
    struct subject subject;
    struct business_case a_case = submitted_case(award_pence);
    assert_done(propose(&a_case, &subject, &err), err);
    json_decref(subject.content);
    json_decref(subject.organisations);
    return case_now(a_case.id);
}

static void carry(const struct business_case *a_case)
{
    act_auto_t act = {0};
    struct problem err = {0};
    char ref[REF_SIZE];
    begin(&act);
    case_ref(a_case, ref);
    const struct carried_decision decision = {.id = DECISION,
                                              .kind = "spend-ring-fence",
                                              .subject = ref,
                                              .effect = "approve",
                                              .carried_ms = act.now_ms};
    assert_done(REINVESTMENT_SUBJECTS.carry(&act, &decision, &err), err);
    commit(&act);
}

/* An event of the ledger about the hold for a case. */
static void follow_hold(const char *type, const struct business_case *a_case, json_t *others)
{
    char ref[REF_SIZE];
    case_ref(a_case, ref);
    json_t *envelope = json_pack("{s:s, s:s, s:{s:{s:s, s:s, s:s}}}", "type", type, "subject",
                                 "ledger/holds/" HOLD, "data", "hold", "id", HOLD, "decisionId",
                                 DECISION, "subject", ref);
    if (others != NULL)
        json_object_update_new(json_object_get(envelope, "data"), others);
    follow("ledger", envelope);
}

static struct business_case case_in_delivery(int64_t award_pence)
{
    struct business_case a_case = proposed_case(award_pence);
    carry(&a_case);
    follow_hold("ledger.hold.placed.v1", &a_case, NULL);
    return case_now(a_case.id);
}

static struct drawdown verified_drawdown(struct business_case *a_case, int64_t amount_pence)
{
    act_auto_t act = {0};
    struct problem err = {0};
    struct drawdown drawdown = {
        .amount_pence = amount_pence, .verified_ms = INSTANT_NONE, .captured_ms = INSTANT_NONE};
    begin(&act);
    uuid_new(act.now_ms, drawdown.id);
    strcpy(drawdown.evidence, "Invoice 2201");
    strcpy(drawdown.milestone, "ready");
    assert_done(drawdown_request(a_case, &drawdown, &SPONSOR, act.now_ms, &err), err);
    assert_done(event_drawdown_requested(&act, a_case, &drawdown, &err), err);
    assert_done(drawdown_verify(&drawdown, &COMMISSIONER, false, act.now_ms, &err), err);
    assert_done(event_drawdown_verified(&act, a_case, &drawdown, &err), err);
    commit(&act);
    return drawdown;
}

/* --- the tests
 * ---------------------------------------------------------------------------------------- */

static void a_case_comes_back_as_it_was_announced(void **state)
{
    (void)state;
    struct business_case a_case = submitted_case(25000000), read = case_now(a_case.id);
    assert_memory_equal(&read, &a_case, sizeof(read));
}

static void a_drawdown_comes_back_as_it_was_announced(void **state)
{
    (void)state;
    struct business_case a_case = case_in_delivery(25000000);
    struct drawdown drawdown = verified_drawdown(&a_case, 10000000), read;
    read = drawdown_now(drawdown.id);
    assert_memory_equal(&read, &drawdown, sizeof(read));
    struct business_case now = case_now(a_case.id);
    assert_memory_equal(&now, &a_case, sizeof(now));
}

static void lists_go_by_id_and_by_their_filters(void **state)
{
    (void)state;
    struct business_case first = submitted_case(1), second = proposed_case(2);
    struct problem err = {0};
    db_tx_auto_t *tx = NULL;
    assert_done(db_begin(db, alliance, true, &tx, &err), err);
    const struct {
        struct case_filter filter;
        int count;
    } expected[] = {{{NULL, NULL, NULL}, 2},       {{"proposed", NULL, NULL}, 1},
                    {{NULL, "elective", NULL}, 2}, {{NULL, "other", NULL}, 0},
                    {{NULL, NULL, "ZZ3"}, 2},      {{NULL, NULL, "ZZ1"}, 0}};
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
        db_rows_auto_t rows = {0};
        assert_done(store_case_list(tx, &expected[i].filter, NULL, 10, &rows, &err), err);
        assert_int_equal(rows.count, expected[i].count);
    }
    bool first_is_less = strcmp(first.id, second.id) < 0;
    const char *lower = first_is_less ? first.id : second.id;
    db_rows_auto_t rest = {0};
    assert_done(store_case_list(tx, &expected[0].filter, lower, 10, &rest, &err), err);
    assert_int_equal(rest.count, 1);
    assert_string_equal(row_text(&rest, 0, "id"), first_is_less ? second.id : first.id);
}

static void a_ring_fence_shows_what_agreement_and_ledger_say(void **state)
{
    (void)state;
    struct ring_fence ring_fence = ring_fence_now(20600);
    assert_string_equal(ring_fence.purpose, "Community-based elective care");
    assert_string_equal(ring_fence.account_code, "ring-fence:elective");
    assert_string_equal(ring_fence.categories[0], "left-shift");
    assert_string_equal(ring_fence.settings[0], "community");
    assert_true(ring_fence.has_account);
    assert_int_equal(ring_fence.agreement_version, 1);
    assert_int_equal(ring_fence_available_pence(&ring_fence), 64000000);
    follow_balance(64000000, 25000000);
    (void)proposed_case(1000000);
    ring_fence = ring_fence_now(20600);
    assert_int_equal(ring_fence.committed_pence, 25000000);
    assert_int_equal(ring_fence.proposed_pence, 1000000);
    assert_int_equal(ring_fence_available_pence(&ring_fence), 38000000);
}

static void a_later_agreement_counts_from_its_day_on(void **state)
{
    (void)state;
    follow_agreement(2, "2026-04-01", "Anything elective");
    int32_t day;
    assert_true(day_parse("2026-03-31", &day));
    assert_int_equal(ring_fence_now(day).agreement_version, 1);
    assert_int_equal(ring_fence_now(day + 1).agreement_version, 2);
    assert_true(day_parse("2020-03-31", &day)); /* before the first */
    assert_int_equal(ring_fence_now(day).agreement_version, 1);
}

static void a_proposal_says_what_the_ledger_shall_hold(void **state)
{
    (void)state;
    struct problem err = {0};
    struct subject subject;
    struct business_case a_case = submitted_case(25000000);
    assert_done(propose(&a_case, &subject, &err), err);
    const json_t *hold = json_member(subject.content, "hold");
    assert_string_equal(subject.kind, "spend-ring-fence");
    assert_string_equal(subject.title, a_case.title);
    assert_int_equal(subject.version, 3);
    assert_string_equal(json_text(hold, "accountCode"), "ring-fence:elective");
    assert_int_equal(json_integer_or(hold, "amountPence", 0), 25000000);
    assert_string_equal(json_text(hold, "beneficiary"), "ZZ3");
    assert_int_equal(case_now(a_case.id).state, CASE_PROPOSED);
    json_decref(subject.content);
    json_decref(subject.organisations);
}

static void two_open_proposals_may_not_exceed_what_is_available(void **state)
{
    (void)state;
    struct problem err = {0};
    struct subject subject;
    (void)proposed_case(25000000);
    struct business_case second = submitted_case(39000001);
    assert_false(propose(&second, &subject, &err));
    assert_int_equal(err.code, PROBLEM_FUNDS_INSUFFICIENT);
    assert_non_null(strstr(err.detail, "£390,000.01 is asked for"));
    assert_non_null(strstr(err.detail, "£390,000.00 is available"));
    assert_int_equal(case_now(second.id).state, CASE_SUBMITTED);
}

static void only_cases_are_described_and_only_approved(void **state)
{
    (void)state;
    struct problem err = {0};
    struct subject subject = {.version = 0};
    struct standing standing = {0};
    struct business_case a_case = submitted_case(1);
    char ref[REF_SIZE];
    case_ref(&a_case, ref);
    act_auto_t act = {0};
    begin(&act);
    assert_problem(REINVESTMENT_SUBJECTS.describe(&act, &standing, ref, "praise", &subject, &err),
                   err, PROBLEM_RULE_BROKEN);
    static const char *const unknown[] = {"reinvestment/drawdowns/" HOLD, "reinvestment/cases/1",
                                          "reinvestment/cases/" HOLD};
    for (size_t i = 0; i < ARRAY_LENGTH(unknown); i++)
        assert_problem(
            REINVESTMENT_SUBJECTS.describe(&act, &standing, unknown[i], "approve", &subject, &err),
            err, PROBLEM_NOT_FOUND);
}

static void a_decision_without_effect_returns_or_rejects_the_case(void **state)
{
    (void)state;
    struct problem err = {0};
    static const struct {
        const char *outcome;
        enum case_state state;
    } expected[] = {{"lapsed", CASE_SUBMITTED},
                    {"withdrawn", CASE_SUBMITTED},
                    {"escalated", CASE_SUBMITTED},
                    {"rejected", CASE_REJECTED}};
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
        struct business_case a_case = proposed_case(1);
        char ref[REF_SIZE];
        case_ref(&a_case, ref);
        act_auto_t act = {0};
        begin(&act);
        assert_done(REINVESTMENT_SUBJECTS.release(&act, ref, "approve", expected[i].outcome, &err),
                    err);
        commit(&act);
        assert_int_equal(case_now(a_case.id).state, expected[i].state);
    }
}

static void decision_and_hold_bring_a_case_into_delivery(void **state)
{
    (void)state;
    struct business_case a_case = proposed_case(25000000);
    carry(&a_case);
    assert_int_equal(case_now(a_case.id).state, CASE_DECIDED);
    follow_hold("ledger.hold.placed.v1", &a_case, NULL);
    a_case = case_now(a_case.id);
    assert_int_equal(a_case.state, CASE_IN_DELIVERY);
    assert_string_equal(a_case.hold_id, HOLD);
    assert_string_equal(a_case.decision_id, DECISION);
    assert_string_equal(harness_value("select body::jsonb #>> '{effect,state}' from "
                                      "reinvestment.journal_body where alliance_id = '%s' and type "
                                      "= 'reinvestment.case.decided.v1'",
                                      alliance),
                        "done");
}

static void the_ledger_may_be_heard_before_the_decision(void **state)
{
    (void)state;
    struct business_case a_case = proposed_case(25000000);
    follow_hold("ledger.hold.placed.v1", &a_case, NULL);
    carry(&a_case);
    assert_int_equal(case_now(a_case.id).state, CASE_IN_DELIVERY);
}

static void a_refused_hold_rejects_the_case(void **state)
{
    (void)state;
    struct business_case a_case = proposed_case(25000000);
    char ref[REF_SIZE];
    case_ref(&a_case, ref);
    carry(&a_case);
    follow("ledger",
           json_pack("{s:s, s:s, s:{s:s}, s:{s:s, s:s, s:s}}", "type", "ledger.effect.refused.v1",
                     "subject", ref, "data", "reason", "£1.00 is available", "effect", "decision",
                     DECISION, "state", "refused", "reason", "£1.00 is available"));
    a_case = case_now(a_case.id);
    assert_int_equal(a_case.state, CASE_REJECTED);
    assert_string_equal(a_case.reason, "£1.00 is available");
}

static void holds_of_others_change_nothing(void **state)
{
    (void)state;
    const char *before = harness_value("select sequence from reinvestment.journal_head "
                                       "where alliance_id = '%s'",
                                       alliance);
    char text[32];
    snprintf(text, sizeof(text), "%s", before);
    follow("ledger", json_pack("{s:s, s:s, s:{s:{s:s, s:s, s:s}}}", "type", "ledger.hold.placed.v1",
                               "subject", "ledger/holds/" HOLD, "data", "hold", "id", HOLD,
                               "decisionId", DECISION, "subject", "ledger/mandates/" HOLD));
    follow("ledger",
           json_pack("{s:s, s:s, s:{s:{s:s}}}", "type", "ledger.hold.captured.v1", "subject",
                     "ledger/holds/" HOLD, "data", "capture", "transactionId", TRANSACTION));
    follow("ledger", json_pack("{s:s, s:s, s:{s:s}}", "type", "ledger.capture.refused.v1",
                               "subject", "ledger/holds/" HOLD, "data", "reason", "no"));
    assert_string_equal(harness_value("select sequence from reinvestment.journal_head "
                                      "where alliance_id = '%s'",
                                      alliance),
                        text);
}

static void what_the_ledger_captured_is_captured(void **state)
{
    (void)state;
    struct business_case a_case = case_in_delivery(25000000);
    struct drawdown drawdown = verified_drawdown(&a_case, 10000000);
    for (int i = 0; i < 2; i++) /* heard twice, it counts once */
        follow_hold("ledger.hold.captured.v1", &a_case,
                    json_pack("{s:{s:s, s:s}}", "capture", "drawdownId", drawdown.id,
                              "transactionId", TRANSACTION));
    drawdown = drawdown_now(drawdown.id);
    a_case = case_now(a_case.id);
    assert_int_equal(drawdown.state, DRAWDOWN_CAPTURED);
    assert_string_equal(drawdown.transaction_id, TRANSACTION);
    assert_int_equal(a_case.captured_pence, 10000000);
    assert_int_equal(a_case.pending_pence, 0);
}

static void what_the_ledger_would_not_pay_is_refused(void **state)
{
    (void)state;
    struct business_case a_case = case_in_delivery(25000000);
    struct drawdown drawdown = verified_drawdown(&a_case, 10000000);
    char ref[REF_SIZE];
    drawdown_ref(&drawdown, ref);
    follow("ledger",
           json_pack("{s:s, s:s, s:{s:s}, s:[s]}", "type", "ledger.capture.refused.v1", "subject",
                     "ledger/holds/" HOLD, "data", "reason", "the hold is resolved", "links", ref));
    assert_int_equal(drawdown_now(drawdown.id).state, DRAWDOWN_REFUSED);
    assert_string_equal(drawdown_now(drawdown.id).reason, "the hold is resolved");
    assert_int_equal(case_now(a_case.id).pending_pence, 0);
}

static void a_hold_that_ended_ends_case_and_drawdowns(void **state)
{
    (void)state;
    struct business_case a_case = case_in_delivery(25000000);
    struct drawdown drawdown = verified_drawdown(&a_case, 10000000);
    follow_hold("ledger.hold.expired.v1", &a_case, NULL);
    assert_int_equal(drawdown_now(drawdown.id).state, DRAWDOWN_REFUSED);
    a_case = case_now(a_case.id);
    assert_int_equal(a_case.state, CASE_CLOSED);
    assert_string_equal(a_case.outcome, "expired");
    int64_t version = a_case.version;
    follow_hold("ledger.hold.released.v1", &a_case, NULL);
    assert_int_equal(case_now(a_case.id).version, version);
}

/* Whatever a rule may let through by mistake, the tables do not. */
static void the_tables_refuse_what_breaks_an_invariant(void **state)
{
    (void)state;
    struct business_case a_case = case_in_delivery(100), broken;
    struct drawdown drawdown = verified_drawdown(&a_case, 50);
    struct problem err = {0};
    for (int i = 0; i < 6; i++) {
        act_auto_t act = {0};
        struct drawdown wrong = drawdown;
        broken = a_case;
        broken.version++;
        wrong.version++;
        if (i == 0)
            broken.captured_pence = 51; /* with 50 pending, above the award */
        if (i == 1)
            strcpy(broken.hold_id, ""); /* in delivery without a hold */
        if (i == 2)
            broken.state = CASE_REJECTED; /* without a reason */
        if (i == 3)
            strcpy(wrong.verified_organisation, "ZZ3"); /* who asked */
        if (i == 4)
            wrong.state = DRAWDOWN_CAPTURED; /* without a transaction */
        if (i == 5)
            strcpy(wrong.case_id, HOLD); /* of no case */
        begin(&act);
        bool done = i < 3 ? event_case_revised(&act, &broken, &err)
                          : event_drawdown_refused(&act, &broken, &wrong, &err);
        assert_false(done && act_commit(&act, &err));
        problem_clear(&err);
    }
    broken = case_now(a_case.id);
    assert_memory_equal(&broken, &a_case, sizeof(broken));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_case_comes_back_as_it_was_announced, make_alliance),
        cmocka_unit_test_setup(a_drawdown_comes_back_as_it_was_announced, make_alliance),
        cmocka_unit_test_setup(lists_go_by_id_and_by_their_filters, make_alliance),
        cmocka_unit_test_setup(a_ring_fence_shows_what_agreement_and_ledger_say, make_alliance),
        cmocka_unit_test_setup(a_later_agreement_counts_from_its_day_on, make_alliance),
        cmocka_unit_test_setup(a_proposal_says_what_the_ledger_shall_hold, make_alliance),
        cmocka_unit_test_setup(two_open_proposals_may_not_exceed_what_is_available, make_alliance),
        cmocka_unit_test_setup(only_cases_are_described_and_only_approved, make_alliance),
        cmocka_unit_test_setup(a_decision_without_effect_returns_or_rejects_the_case,
                               make_alliance),
        cmocka_unit_test_setup(decision_and_hold_bring_a_case_into_delivery, make_alliance),
        cmocka_unit_test_setup(the_ledger_may_be_heard_before_the_decision, make_alliance),
        cmocka_unit_test_setup(a_refused_hold_rejects_the_case, make_alliance),
        cmocka_unit_test_setup(holds_of_others_change_nothing, make_alliance),
        cmocka_unit_test_setup(what_the_ledger_captured_is_captured, make_alliance),
        cmocka_unit_test_setup(what_the_ledger_would_not_pay_is_refused, make_alliance),
        cmocka_unit_test_setup(a_hold_that_ended_ends_case_and_drawdowns, make_alliance),
        cmocka_unit_test_setup(the_tables_refuse_what_breaks_an_invariant, make_alliance),
    };
    return cmocka_run_group_tests(tests, make_db, free_db);
}
