/* Drawdowns: within the award, verified by four eyes of two organisations (domain.md C5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/reinvestment/rules.h"

#define TRANSACTION "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d60"

static const struct person SPONSOR = {"0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d51", "ZZ3"};
static const struct person BENEFICIARY = {"0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d52", "ZZ4"};
static const struct person COMMISSIONER = {"0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d53", "ZZ1"};

/* £250,000 awarded to ZZ4, sponsored by ZZ3, in delivery. */
static struct business_case hub(void)
{
    struct business_case a_case = {
        .award_pence = 25000000, .state = CASE_IN_DELIVERY, .milestone_count = 1, .version = 6};
    strcpy(a_case.id, "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d3e");
    strcpy(a_case.hold_id, "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d40");
    strcpy(a_case.sponsor, "ZZ3");
    strcpy(a_case.beneficiary, "ZZ4");
    strcpy(a_case.milestones[0].code, "ready");
    return a_case;
}

static struct drawdown of(int64_t amount_pence)
{
    struct drawdown drawdown = {.amount_pence = amount_pence};
    return drawdown;
}

/* Asked for by the sponsor. */
static struct drawdown requested(struct business_case *a_case, int64_t amount_pence)
{
    struct drawdown drawdown = of(amount_pence);
    struct problem err = {0};
    assert_true(drawdown_request(a_case, &drawdown, &SPONSOR, 100, &err));
    return drawdown;
}

static void sponsor_or_beneficiary_ask_for_a_part_of_the_award(void **state)
{
    (void)state;
    struct business_case a_case = hub();
    struct problem err = {0};
    struct drawdown drawdown = requested(&a_case, 10000000);
    assert_int_equal(drawdown.state, DRAWDOWN_REQUESTED);
    assert_string_equal(drawdown.case_id, a_case.id);
    assert_string_equal(drawdown.hold_id, a_case.hold_id);
    assert_string_equal(drawdown.beneficiary, "ZZ4");
    assert_string_equal(drawdown.requested_by, SPONSOR.appointment_id);
    assert_string_equal(drawdown.requested_organisation, "ZZ3");
    assert_int_equal(drawdown.requested_ms, 100);
    assert_int_equal(a_case.pending_pence, 10000000);
    assert_int_equal(a_case.version, 7);
    struct drawdown another = of(1);
    strcpy(another.milestone, "ready");
    assert_true(drawdown_request(&a_case, &another, &BENEFICIARY, 100, &err));
    assert_false(drawdown_request(&a_case, &another, &COMMISSIONER, 100, &err));
    assert_int_equal(err.code, PROBLEM_ROLE_MISSING);
}

static void nothing_is_drawn_above_the_award(void **state)
{
    (void)state;
    struct business_case a_case = hub();
    struct problem err = {0};
    a_case.captured_pence = 10000000;
    a_case.pending_pence = 5000000;
    struct drawdown drawdown = of(10000001);
    assert_false(drawdown_request(&a_case, &drawdown, &SPONSOR, 100, &err));
    assert_int_equal(err.code, PROBLEM_FUNDS_INSUFFICIENT);
    assert_non_null(strstr(err.detail, "£100,000.01 is asked for"));
    assert_non_null(strstr(err.detail, "£100,000.00 is left of the award of £250,000.00"));
    assert_int_equal(a_case.pending_pence, 5000000);
    drawdown.amount_pence--;
    assert_true(drawdown_request(&a_case, &drawdown, &SPONSOR, 100, &err));
    assert_int_equal(a_case.pending_pence, 15000000);
}

static void only_a_case_in_delivery_is_drawn_on(void **state)
{
    (void)state;
    struct problem err = {0};
    for (int i = 0; i < CASE_STATE_COUNT; i++) {
        struct business_case a_case = hub();
        struct drawdown drawdown = of(1);
        a_case.state = (enum case_state)i;
        problem_clear(&err);
        assert_int_equal(drawdown_request(&a_case, &drawdown, &SPONSOR, 100, &err),
                         i == CASE_IN_DELIVERY);
        assert_int_equal(err.code, i == CASE_IN_DELIVERY ? PROBLEM_NONE : PROBLEM_STATE_CONFLICT);
    }
}

static void a_milestone_must_be_one_of_the_case(void **state)
{
    (void)state;
    struct business_case a_case = hub();
    struct drawdown drawdown = of(1);
    struct problem err = {0};
    strcpy(drawdown.milestone, "open");
    assert_false(drawdown_request(&a_case, &drawdown, &SPONSOR, 100, &err));
    assert_int_equal(err.code, PROBLEM_REFERENCE_UNKNOWN);
    assert_string_equal(err.faults[0].pointer, "/milestone");
}

static void somebody_of_another_organisation_verifies(void **state)
{
    (void)state;
    struct business_case a_case = hub();
    struct problem err = {0};
    struct drawdown drawdown = requested(&a_case, 10000000);
    assert_true(drawdown_verify(&drawdown, &COMMISSIONER, false, 200, &err));
    assert_int_equal(drawdown.state, DRAWDOWN_VERIFIED);
    assert_int_equal(drawdown.verified_ms, 200);
    assert_string_equal(drawdown.verified_organisation, "ZZ1");
    assert_string_equal(drawdown.verified_by, COMMISSIONER.appointment_id);
    assert_int_equal(drawdown.version, 2);
    assert_false(drawdown_verify(&drawdown, &COMMISSIONER, false, 300, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
}

static void nobody_verifies_for_who_asked_or_who_is_paid(void **state)
{
    (void)state;
    struct business_case a_case = hub();
    struct problem err = {0};
    struct drawdown drawdown = requested(&a_case, 10000000);
    const struct person colleague = {"0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d59", "ZZ3"};
    assert_false(drawdown_verify(&drawdown, &colleague, false, 200, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    assert_false(drawdown_verify(&drawdown, &BENEFICIARY, false, 200, &err));
    assert_false(drawdown_verify(&drawdown, &SPONSOR, false, 200, &err));
    assert_false(drawdown_refuse(&a_case, &drawdown, &BENEFICIARY, false, "no", 200, &err));
    assert_int_equal(drawdown.state, DRAWDOWN_REQUESTED);
    assert_int_equal(drawdown.version, 1);
}

static void one_person_with_two_hats_does_not_verify_alone(void **state)
{
    (void)state;
    struct business_case a_case = hub();
    struct problem err = {0};
    struct drawdown drawdown = requested(&a_case, 10000000);
    assert_false(drawdown_verify(&drawdown, &COMMISSIONER, true, 200, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
}

static void a_refusal_needs_its_reason_and_frees_the_amount(void **state)
{
    (void)state;
    struct business_case a_case = hub();
    struct problem err = {0};
    struct drawdown drawdown = requested(&a_case, 10000000);
    assert_false(drawdown_refuse(&a_case, &drawdown, &COMMISSIONER, false, NULL, 200, &err));
    assert_string_equal(err.faults[0].pointer, "/reason");
    assert_false(drawdown_refuse(&a_case, &drawdown, &COMMISSIONER, false, "", 200, &err));
    assert_true(drawdown_refuse(&a_case, &drawdown, &COMMISSIONER, false, "no invoice", 200, &err));
    assert_int_equal(drawdown.state, DRAWDOWN_REFUSED);
    assert_string_equal(drawdown.reason, "no invoice");
    assert_string_equal(drawdown.verified_organisation, "ZZ1");
    assert_int_equal(drawdown.version, 2);
    assert_int_equal(a_case.pending_pence, 0);
    assert_int_equal(a_case.captured_pence, 0);
}

static void what_the_ledger_paid_is_captured_once(void **state)
{
    (void)state;
    struct business_case a_case = hub();
    struct problem err = {0};
    struct drawdown drawdown = requested(&a_case, 10000000);
    assert_false(drawdown_capture(&a_case, &drawdown, TRANSACTION, 300));
    assert_true(drawdown_verify(&drawdown, &COMMISSIONER, false, 200, &err));
    assert_true(drawdown_capture(&a_case, &drawdown, TRANSACTION, 300));
    assert_int_equal(drawdown.state, DRAWDOWN_CAPTURED);
    assert_string_equal(drawdown.transaction_id, TRANSACTION);
    assert_int_equal(drawdown.captured_ms, 300);
    assert_int_equal(a_case.pending_pence, 0);
    assert_int_equal(a_case.captured_pence, 10000000);
    assert_false(drawdown_capture(&a_case, &drawdown, TRANSACTION, 300));
    assert_int_equal(a_case.captured_pence, 10000000);
}

static void what_the_ledger_did_not_pay_is_refused(void **state)
{
    (void)state;
    struct business_case a_case = hub();
    struct problem err = {0};
    struct drawdown pending = requested(&a_case, 1), verified = requested(&a_case, 2);
    assert_true(drawdown_verify(&verified, &COMMISSIONER, false, 200, &err));
    assert_true(drawdown_void(&a_case, &verified, "the hold is resolved"));
    assert_int_equal(a_case.pending_pence, 1);
    assert_true(drawdown_void(&a_case, &pending, "the hold is resolved"));
    assert_int_equal(a_case.pending_pence, 0);
    assert_string_equal(pending.reason, "the hold is resolved");
    assert_false(drawdown_void(&a_case, &pending, "again"));
    assert_int_equal(a_case.pending_pence, 0);
}

/* What has an ETag shows every change in it. */
static void whatever_happens_to_a_drawdown_raises_versions_by_one(void **state)
{
    (void)state;
    struct business_case a_case = hub();
    struct problem err = {0};
    struct drawdown paid = requested(&a_case, 1), refused = requested(&a_case, 2),
                    unpaid = requested(&a_case, 3);
    assert_int_equal(paid.version, 1);
    assert_int_equal(a_case.version, 9);
    assert_true(drawdown_verify(&paid, &COMMISSIONER, false, 200, &err));
    assert_int_equal(paid.version, 2);
    assert_int_equal(a_case.version, 9); /* nothing of the case changes */
    assert_true(drawdown_capture(&a_case, &paid, TRANSACTION, 300));
    assert_int_equal(paid.version, 3);
    assert_int_equal(a_case.version, 10);
    assert_true(drawdown_refuse(&a_case, &refused, &COMMISSIONER, false, "no", 200, &err));
    assert_int_equal(refused.version, 2);
    assert_int_equal(a_case.version, 11);
    assert_true(drawdown_void(&a_case, &unpaid, "the hold is resolved"));
    assert_int_equal(unpaid.version, 2);
    assert_int_equal(a_case.version, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sponsor_or_beneficiary_ask_for_a_part_of_the_award),
        cmocka_unit_test(nothing_is_drawn_above_the_award),
        cmocka_unit_test(only_a_case_in_delivery_is_drawn_on),
        cmocka_unit_test(a_milestone_must_be_one_of_the_case),
        cmocka_unit_test(somebody_of_another_organisation_verifies),
        cmocka_unit_test(nobody_verifies_for_who_asked_or_who_is_paid),
        cmocka_unit_test(one_person_with_two_hats_does_not_verify_alone),
        cmocka_unit_test(a_refusal_needs_its_reason_and_frees_the_amount),
        cmocka_unit_test(what_the_ledger_paid_is_captured_once),
        cmocka_unit_test(what_the_ledger_did_not_pay_is_refused),
        cmocka_unit_test(whatever_happens_to_a_drawdown_raises_versions_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
