/* Business cases: what one may ask for, and its way from draft to closed (domain.md C1, C3, C4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/reinvestment/rules.h"

#define DECISION "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d41"
#define OTHER_DECISION "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d42"
#define HOLD "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d40"

/* The hernia hub of C4: £250,000 out of £640,000. */
static struct business_case hub(enum case_state state)
{
    struct business_case a_case = {.award_pence = 25000000, .state = state, .version = 3};
    strcpy(a_case.title, "Hernia hub");
    strcpy(a_case.summary, "Repair in the community");
    strcpy(a_case.sponsor, "ZZ3");
    strcpy(a_case.beneficiary, "ZZ3");
    strcpy(a_case.ring_fence, "elective");
    strcpy(a_case.category, "left-shift");
    strcpy(a_case.setting, "community");
    return a_case;
}

static struct ring_fence elective(void)
{
    struct ring_fence ring_fence = {.balance_pence = 64000000,
                                    .category_count = 1,
                                    .setting_count = 1,
                                    .categories = {"left-shift"},
                                    .settings = {"community"}};
    strcpy(ring_fence.code, "elective");
    return ring_fence;
}

static bool has_fault(const struct problem *err, const char *pointer, const char *code)
{
    for (size_t i = 0; i < err->fault_count && i < FAULTS_LISTED_MAX; i++)
        if (strcmp(err->faults[i].pointer, pointer) == 0 && strcmp(err->faults[i].code, code) == 0)
            return true;
    return false;
}

static void every_state_has_its_word(void **state)
{
    (void)state;
    for (int i = 0; i < CASE_STATE_COUNT; i++)
        assert_int_equal(case_state_of_word(case_state_word((enum case_state)i)), i);
    for (int i = 0; i < DRAWDOWN_STATE_COUNT; i++)
        assert_int_equal(drawdown_state_of_word(drawdown_state_word((enum drawdown_state)i)), i);
    assert_string_equal(case_state_word(CASE_IN_DELIVERY), "in-delivery");
    assert_string_equal(drawdown_state_word(DRAWDOWN_CAPTURED), "captured");
}

static void available_is_what_is_neither_held_nor_proposed(void **state)
{
    (void)state;
    struct ring_fence ring_fence = elective();
    ring_fence.committed_pence = 25000000;
    assert_int_equal(ring_fence_available_pence(&ring_fence), 39000000);
    ring_fence.proposed_pence = 1000000;
    ring_fence.floor_pence = 500000;
    assert_int_equal(ring_fence_available_pence(&ring_fence), 37500000);
    ring_fence.balance_pence = 0;
    assert_int_equal(ring_fence_available_pence(&ring_fence), -26500000);
}

static void words_with_an_nhs_number_are_refused_wherever_they_stand(void **state)
{
    (void)state;
    struct business_case a_case = hub(CASE_DRAFT);
    struct problem err = {0};
    a_case.milestone_count = 1;
    assert_true(case_words_check(&a_case, &err));
    strcpy(a_case.title, "For 943 476 5919");
    strcpy(a_case.summary, "9434765919");
    strcpy(a_case.service, "9434765919");
    strcpy(a_case.specialty, "9434765919");
    strcpy(a_case.milestones[0].title, "9434765919");
    assert_false(case_words_check(&a_case, &err));
    assert_int_equal(err.code, PROBLEM_PERSONAL_DATA);
    assert_int_equal(err.fault_count, 5);
    assert_true(has_fault(&err, "/title", "nhs-number"));
    assert_true(has_fault(&err, "/milestones/0/title", "nhs-number"));
}

static void a_case_fits_its_ring_fence(void **state)
{
    (void)state;
    struct business_case a_case = hub(CASE_DRAFT);
    struct ring_fence ring_fence = elective();
    struct problem err = {0};
    assert_true(case_check(&a_case, &ring_fence, true, &err));
    strcpy(a_case.category, "parking");
    strcpy(a_case.setting, "hospital");
    assert_false(case_check(&a_case, &ring_fence, true, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    assert_true(has_fault(&err, "/category", "not-eligible"));
    assert_true(has_fault(&err, "/setting", "not-eligible"));
}

static void a_case_names_what_is_there(void **state)
{
    (void)state;
    struct business_case a_case = hub(CASE_DRAFT);
    struct problem err = {0};
    a_case.milestone_count = 2; /* of one code, the empty one */
    assert_false(case_check(&a_case, NULL, false, &err));
    assert_int_equal(err.code, PROBLEM_REFERENCE_UNKNOWN);
    assert_true(has_fault(&err, "/beneficiary", "unknown-partner"));
    assert_true(has_fault(&err, "/ringFence", "unknown-ring-fence"));
    assert_true(has_fault(&err, "/milestones/1/code", "duplicate"));

    /* each reference alone, though nothing else is wrong */
    struct ring_fence ring_fence = elective();
    a_case.milestone_count = 0;
    problem_clear(&err);
    assert_false(case_check(&a_case, &ring_fence, false, &err));
    assert_int_equal(err.fault_count, 1);
    problem_clear(&err);
    assert_false(case_check(&a_case, NULL, true, &err));
    assert_int_equal(err.fault_count, 1);
}

static void a_ring_fence_that_names_nothing_is_for_anything(void **state)
{
    (void)state;
    struct business_case a_case = hub(CASE_DRAFT);
    struct ring_fence ring_fence = elective();
    struct problem err = {0};
    ring_fence.category_count = ring_fence.setting_count = 0;
    strcpy(a_case.category, "parking");
    assert_true(case_check(&a_case, &ring_fence, true, &err));
}

static void milestones_have_their_own_codes_and_stay_within_the_award(void **state)
{
    (void)state;
    struct business_case a_case = hub(CASE_DRAFT);
    struct ring_fence ring_fence = elective();
    struct problem err = {0};
    a_case.milestone_count = 2;
    strcpy(a_case.milestones[0].code, "ready");
    strcpy(a_case.milestones[1].code, "open");
    a_case.milestones[0].amount_pence = 10000000;
    a_case.milestones[1].amount_pence = 15000000;
    assert_true(case_check(&a_case, &ring_fence, true, &err));
    a_case.milestones[1].amount_pence++;
    strcpy(a_case.milestones[1].code, "ready");
    assert_false(case_check(&a_case, &ring_fence, true, &err));
    assert_true(has_fault(&err, "/milestones/1/code", "duplicate"));
    assert_true(has_fault(&err, "/milestones", "above-award"));
}

static void only_the_sponsor_changes_a_case(void **state)
{
    (void)state;
    struct business_case a_case = hub(CASE_DRAFT);
    struct problem err = {0};
    assert_true(case_check_sponsor(&a_case, "ZZ3", &err));
    assert_false(case_check_sponsor(&a_case, "ZZ1", &err));
    assert_int_equal(err.code, PROBLEM_ROLE_MISSING);
}

static void only_a_draft_is_revised_and_submitted(void **state)
{
    (void)state;
    struct problem err = {0};
    for (int i = 0; i < CASE_STATE_COUNT; i++) {
        struct business_case a_case = hub((enum case_state)i);
        problem_clear(&err);
        assert_int_equal(case_check_draft(&a_case, &err), i == CASE_DRAFT);
        assert_int_equal(case_submit(&a_case, &err), i == CASE_DRAFT);
        assert_int_equal(a_case.state, i == CASE_DRAFT ? CASE_SUBMITTED : i);
        assert_int_equal(a_case.version, i == CASE_DRAFT ? 4 : 3);
        assert_int_equal(err.code, i == CASE_DRAFT ? PROBLEM_NONE : PROBLEM_STATE_CONFLICT);
    }
}

static void an_appraised_case_within_what_is_available_is_proposed(void **state)
{
    (void)state;
    struct business_case a_case = hub(CASE_APPRAISED);
    struct ring_fence ring_fence = elective();
    struct problem err = {0};
    ring_fence.committed_pence = 39000000; /* exactly £250,000 is left */
    struct business_case submitted = hub(CASE_SUBMITTED);
    assert_false(case_propose(&submitted, &ring_fence, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    problem_clear(&err);
    assert_true(case_propose(&a_case, &ring_fence, &err));
    assert_int_equal(a_case.state, CASE_PROPOSED);
    assert_int_equal(a_case.version, 4);
    assert_false(case_propose(&a_case, &ring_fence, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
}

static void a_case_over_the_available_balance_is_refused_with_the_figures(void **state)
{
    (void)state;
    struct business_case a_case = hub(CASE_APPRAISED);
    struct ring_fence ring_fence = elective();
    struct problem err = {0};
    ring_fence.committed_pence = 39000001;
    assert_false(case_propose(&a_case, &ring_fence, &err));
    assert_int_equal(err.code, PROBLEM_FUNDS_INSUFFICIENT);
    assert_non_null(strstr(err.detail, "£250,000.00 is asked for"));
    assert_non_null(strstr(err.detail, "£249,999.99 is available"));
    assert_int_equal(a_case.state, CASE_APPRAISED);
}

static void two_open_proposals_share_one_balance(void **state)
{
    (void)state;
    struct business_case first = hub(CASE_APPRAISED), second = hub(CASE_APPRAISED);
    struct ring_fence ring_fence = elective();
    struct problem err = {0};
    second.award_pence = 39000001;
    assert_true(case_propose(&first, &ring_fence, &err));
    ring_fence.proposed_pence = first.award_pence;
    assert_false(case_propose(&second, &ring_fence, &err));
    assert_non_null(strstr(err.detail, "£390,000.00 is available"));
    second.award_pence--;
    assert_true(case_propose(&second, &ring_fence, &err));
}

static void a_carried_decision_waits_for_the_ledger(void **state)
{
    (void)state;
    struct business_case a_case = hub(CASE_PROPOSED);
    struct problem err = {0};
    assert_true(case_decide(&a_case, DECISION, &err));
    assert_int_equal(a_case.state, CASE_DECIDED);
    assert_string_equal(a_case.decision_id, DECISION);
    assert_false(case_decide(&a_case, DECISION, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    assert_true(case_fund(&a_case, DECISION, HOLD));
    assert_int_equal(a_case.state, CASE_IN_DELIVERY);
    assert_string_equal(a_case.hold_id, HOLD);
}

static void the_hold_may_be_heard_of_before_the_decision(void **state)
{
    (void)state;
    struct business_case a_case = hub(CASE_PROPOSED);
    struct problem err = {0};
    assert_true(case_fund(&a_case, DECISION, HOLD));
    assert_int_equal(a_case.state, CASE_IN_DELIVERY);
    assert_false(case_decide(&a_case, OTHER_DECISION, &err));
    assert_true(case_decide(&a_case, DECISION, &err));
    assert_int_equal(a_case.state, CASE_IN_DELIVERY);
    assert_int_equal(a_case.version, 5);
}

static void a_hold_of_another_decision_funds_nothing(void **state)
{
    (void)state;
    struct business_case decided = hub(CASE_DECIDED), draft = hub(CASE_DRAFT);
    strcpy(decided.decision_id, DECISION);
    assert_false(case_fund(&decided, OTHER_DECISION, HOLD));
    assert_false(case_refuse(&decided, OTHER_DECISION, "no"));
    assert_false(case_fund(&draft, DECISION, HOLD));
    assert_false(case_refuse(&draft, DECISION, "no"));
    assert_int_equal(decided.state, CASE_DECIDED);
}

static void a_refusing_ledger_rejects_the_case_with_its_reason(void **state)
{
    (void)state;
    struct business_case a_case = hub(CASE_PROPOSED);
    assert_true(case_refuse(&a_case, DECISION, "£1.00 is available"));
    assert_int_equal(a_case.state, CASE_REJECTED);
    assert_string_equal(a_case.reason, "£1.00 is available");
    assert_string_equal(a_case.decision_id, DECISION);
}

static void a_rejecting_vote_ends_a_case_and_any_other_end_returns_it(void **state)
{
    (void)state;
    struct business_case rejected = hub(CASE_PROPOSED), lapsed = hub(CASE_PROPOSED),
                         draft = hub(CASE_DRAFT);
    assert_true(case_release(&rejected, "rejected"));
    assert_int_equal(rejected.state, CASE_REJECTED);
    assert_string_not_equal(rejected.reason, "");
    assert_true(case_release(&lapsed, "lapsed"));
    assert_int_equal(lapsed.state, CASE_APPRAISED);
    assert_false(case_release(&draft, "lapsed"));
}

static void a_case_closes_when_nothing_is_pending(void **state)
{
    (void)state;
    struct business_case a_case = hub(CASE_IN_DELIVERY), draft = hub(CASE_DRAFT);
    struct problem err = {0};
    a_case.pending_pence = 1;
    assert_false(case_close(&a_case, "completed", "done", 7, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    assert_non_null(strstr(err.detail, "£0.01"));
    a_case.pending_pence = 0;
    assert_true(case_close(&a_case, "completed", "done", 7, &err));
    assert_int_equal(a_case.state, CASE_CLOSED);
    assert_string_equal(a_case.outcome, "completed");
    assert_int_equal(a_case.closed_ms, 7);
    assert_false(case_close(&draft, "cancelled", "done", 7, &err));
}

static void a_hold_that_ended_closes_the_case(void **state)
{
    (void)state;
    struct business_case a_case = hub(CASE_IN_DELIVERY);
    assert_true(case_expire(&a_case, "the hold expired", 9));
    assert_int_equal(a_case.state, CASE_CLOSED);
    assert_string_equal(a_case.outcome, "expired");
    assert_false(case_expire(&a_case, "again", 10));
    assert_int_equal(a_case.closed_ms, 9);
}

/* What has an ETag shows every change in it. */
static void whatever_happens_to_a_case_raises_its_version_by_one(void **state)
{
    (void)state;
    struct problem err = {0};
    struct business_case a_case = hub(CASE_PROPOSED);
    assert_true(case_release(&a_case, "lapsed"));
    assert_int_equal(a_case.version, 4);
    a_case = hub(CASE_PROPOSED);
    assert_true(case_release(&a_case, "rejected"));
    assert_int_equal(a_case.version, 4);
    a_case = hub(CASE_PROPOSED);
    assert_true(case_decide(&a_case, DECISION, &err));
    assert_int_equal(a_case.version, 4);
    assert_true(case_fund(&a_case, DECISION, HOLD));
    assert_int_equal(a_case.version, 5);
    assert_true(case_close(&a_case, "completed", "done", 7, &err));
    assert_int_equal(a_case.version, 6);
    a_case = hub(CASE_PROPOSED);
    assert_true(case_refuse(&a_case, DECISION, "no"));
    assert_int_equal(a_case.version, 4);
    a_case = hub(CASE_IN_DELIVERY);
    assert_true(case_expire(&a_case, "the hold expired", 9));
    assert_int_equal(a_case.version, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_has_its_word),
        cmocka_unit_test(available_is_what_is_neither_held_nor_proposed),
        cmocka_unit_test(words_with_an_nhs_number_are_refused_wherever_they_stand),
        cmocka_unit_test(a_case_fits_its_ring_fence),
        cmocka_unit_test(a_case_names_what_is_there),
        cmocka_unit_test(a_ring_fence_that_names_nothing_is_for_anything),
        cmocka_unit_test(milestones_have_their_own_codes_and_stay_within_the_award),
        cmocka_unit_test(only_the_sponsor_changes_a_case),
        cmocka_unit_test(only_a_draft_is_revised_and_submitted),
        cmocka_unit_test(an_appraised_case_within_what_is_available_is_proposed),
        cmocka_unit_test(a_case_over_the_available_balance_is_refused_with_the_figures),
        cmocka_unit_test(two_open_proposals_share_one_balance),
        cmocka_unit_test(a_carried_decision_waits_for_the_ledger),
        cmocka_unit_test(the_hold_may_be_heard_of_before_the_decision),
        cmocka_unit_test(a_hold_of_another_decision_funds_nothing),
        cmocka_unit_test(a_refusing_ledger_rejects_the_case_with_its_reason),
        cmocka_unit_test(a_rejecting_vote_ends_a_case_and_any_other_end_returns_it),
        cmocka_unit_test(a_case_closes_when_nothing_is_pending),
        cmocka_unit_test(a_hold_that_ended_closes_the_case),
        cmocka_unit_test(whatever_happens_to_a_case_raises_its_version_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
