/* Cases, drawdowns and ring-fences in a real database: what is announced comes back whole,
 * decisions and the ledger's answers move a case, and the tables refuse what no rule may let
 * through. */
#include "tests/store/reinvestment_world.h"

/* --- the tests
 * ---------------------------------------------------------------------------------------- */

static void a_case_comes_back_as_it_was_announced(void **state)
{
    (void)state;
    struct business_case a_case = appraised_case(25000000), read = case_now(a_case.id);
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
    struct business_case first = appraised_case(1), second = proposed_case(2);
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
    struct business_case a_case = appraised_case(25000000);
    assert_done(propose(&a_case, &subject, &err), err);
    const json_t *hold = json_member(subject.content, "hold");
    assert_string_equal(subject.kind, "spend-ring-fence");
    assert_string_equal(subject.title, a_case.title);
    assert_int_equal(subject.version, 3);
    assert_string_equal(json_text(hold, "accountCode"), "ring-fence:elective");
    assert_int_equal(json_integer_or(hold, "amountPence", 0), 25000000);
    assert_string_equal(json_text(hold, "beneficiary"), "ZZ3");
    /* All that is voted on is in it: the digest covers it. */
    const json_t *appraisal = json_member(subject.content, "appraisal");
    assert_string_equal(json_text(appraisal, "score"), "4.025");
    assert_int_equal(json_integer_or(appraisal, "criteriaVersion", 0), 1);
    assert_int_equal(json_integer_or(appraisal, "count", 0), 2);
    assert_int_equal(json_array_size(json_member(subject.content, "costs")), 2);
    assert_int_equal(json_array_size(json_member(subject.content, "milestones")), 2);
    assert_int_equal(json_array_size(json_member(subject.content, "benefits")), 1);
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
    struct business_case second = appraised_case(39000001);
    assert_false(propose(&second, &subject, &err));
    assert_int_equal(err.code, PROBLEM_FUNDS_INSUFFICIENT);
    assert_non_null(strstr(err.detail, "£390,000.01 is asked for"));
    assert_non_null(strstr(err.detail, "£390,000.00 is available"));
    assert_int_equal(case_now(second.id).state, CASE_APPRAISED);
}

static void only_cases_are_described_and_only_approved(void **state)
{
    (void)state;
    struct problem err = {0};
    struct subject subject = {.version = 0};
    struct standing standing = {.has_alliance = true, .alliance_status = "active"};
    struct business_case a_case = appraised_case(1);
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
    } expected[] = {{"lapsed", CASE_APPRAISED},
                    {"withdrawn", CASE_APPRAISED},
                    {"escalated", CASE_APPRAISED},
                    {"rejected", CASE_REJECTED}};
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
        struct business_case a_case = proposed_case(1);
        char ref[REF_SIZE];
        case_ref(&a_case, ref);
        act_auto_t act = {0};
        begin(&act);
        assert_done(
            REINVESTMENT_SUBJECTS.release(&act, ref, "approve", expected[i].outcome, NULL, &err),
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
    for (int i = 0; i < 9; i++) {
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
        if (i == 6)
            broken.appraisal_count = 0; /* decided without an appraisal */
        if (i == 7)
            broken.criteria_version = 7; /* that nobody adopted */
        if (i == 8)
            broken.appraisal_sum_e4 = 100001; /* of two people */
        begin(&act);
        bool done = i < 3 || i > 5 ? event_case_revised(&act, &broken, &err)
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
