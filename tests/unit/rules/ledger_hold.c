#include "tests/unit/rules/ledger_book.h"

static struct hold new_hold(int64_t pence)
{
    return (struct hold){
        .id = HOLD_ID,
        .account_code = "ring-fence:elective",
        .beneficiary = "ZZ3",
        .month = DAY_NONE,
        .amount_pence = pence,
        .expires_ms = INSTANT_NONE,
        .resolved_ms = INSTANT_NONE,
        .version = 1,
    };
}

static void a_hold_takes_what_is_available_and_no_more(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    /* Surplus 640,000.00, hernia hub 250,000.00: 390,000.00 left. */
    struct hold hold = new_hold(39000000);
    assert_true(hold_check(&f.book, NULL, &hold, NOW, &err));
    hold.amount_pence++;
    assert_false(hold_check(&f.book, NULL, &hold, NOW, &err));
    assert_int_equal(err.code, PROBLEM_FUNDS_INSUFFICIENT);
    assert_string_equal(err.detail, "ring-fence:elective has \u00a3390,000.00 available; "
                                    "\u00a3390,000.01 is asked for");
    hold.amount_pence--;
    hold_apply(&f.book, &hold);
    const struct account *fence = book_account(&f.book, "ring-fence:elective");
    assert_int_equal(fence->held_pence, 64000000);
    assert_int_equal(fence->version, 8);
    assert_int_equal(account_available(fence), 0);
    assert_false(hold_check(&f.book, NULL,
                            &(struct hold){.account_code = "ring-fence:elective",
                                           .beneficiary = "ZZ3",
                                           .month = DAY_NONE,
                                           .expires_ms = INSTANT_NONE,
                                           .amount_pence = 1},
                            NOW, &err));
}

static void an_account_without_a_floor_may_be_held_beyond_its_balance(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct hold hold = new_hold(100000);
    snprintf(hold.account_code, sizeof hold.account_code, "pool:planned");
    assert_true(hold_check(&f.book, NULL, &hold, NOW, &err));
    hold.amount_pence = MONEY_PENCE_MAX;
    assert_true(hold_check(&f.book, NULL, &hold, NOW, &err));
}

static void a_hold_needs_open_accounts_on_both_ends(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct hold hold = new_hold(1);
    snprintf(hold.account_code, sizeof hold.account_code, "pool:urgent");
    snprintf(hold.beneficiary, sizeof hold.beneficiary, "ZZ9");
    assert_false(hold_check(&f.book, NULL, &hold, NOW, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    assert_fault(&err, 0, "/accountCode", "closed-account");
    assert_fault(&err, 1, "/beneficiary", "unknown-account");

    problem_clear(&err);
    hold = new_hold(1);
    snprintf(hold.beneficiary, sizeof hold.beneficiary, "ZZ9");
    assert_false(hold_check(&f.book, NULL, &hold, NOW, &err));
    assert_int_equal(err.fault_count, 1);
    assert_fault(&err, 0, "/beneficiary", "unknown-account");

    problem_clear(&err);
    hold = new_hold(1);
    snprintf(hold.account_code, sizeof hold.account_code, "partner:ZZ3:position");
    assert_false(hold_check(&f.book, NULL, &hold, NOW, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
}

static void a_hold_has_an_amount_above_zero(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct hold hold = new_hold(0);
    assert_false(hold_check(&f.book, NULL, &hold, NOW, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    hold.amount_pence = MONEY_PENCE_MAX + 1;
    assert_false(hold_check(&f.book, NULL, &hold, NOW, &err));
}

static void a_hold_of_a_month_needs_one_that_is_not_closed(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct hold hold = new_hold(1);
    hold.month = f.periods[MAY].month;
    assert_true(hold_check(&f.book, NULL, &hold, NOW, &err));
    hold.month = f.periods[APRIL].month;
    assert_false(hold_check(&f.book, NULL, &hold, NOW, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    problem_clear(&err);
    hold.month = f.periods[JULY].month + 1;
    assert_false(hold_check(&f.book, NULL, &hold, NOW, &err));
    assert_int_equal(err.code, PROBLEM_REFERENCE_UNKNOWN);
}

static void a_hold_does_not_start_expired(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct hold hold = new_hold(1);
    hold.expires_ms = NOW;
    assert_false(hold_check(&f.book, NULL, &hold, NOW, &err));
    assert_fault(&err, 0, "/expiresAt", "past");
    hold.expires_ms = NOW + 1;
    assert_true(hold_check(&f.book, NULL, &hold, NOW, &err));
}

static void a_mandate_covers_the_hold_and_counts_it(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct hold hold = new_hold(600000);
    int64_t mandate_version = f.mandate.version;
    snprintf(hold.mandate_id, sizeof hold.mandate_id, MANDATE_ID);
    assert_true(hold_check(&f.book, &f.mandate, &hold, NOW, &err));
    hold_apply(&f.book, &hold);
    assert_int_equal(f.mandate.used_pence, 600000);
    assert_int_equal(f.mandate.version, mandate_version + 1);
    assert_false(hold_check(&f.book, &f.mandate, &hold, NOW, &err));
    assert_int_equal(err.code, PROBLEM_MANDATE_EXCEEDED);
    assert_fault(&err, 0, "/amount", "mandate-limit");

    problem_clear(&err);
    hold = new_hold(1);
    snprintf(hold.account_code, sizeof hold.account_code, "reserve:cost-risk");
    snprintf(hold.beneficiary, sizeof hold.beneficiary, "ZZ1");
    assert_false(hold_check(&f.book, &f.mandate, &hold, NOW, &err));
    assert_fault(&err, 0, "/accountCode", "mandate-account");
    assert_fault(&err, 1, "/beneficiary", "mandate-account");
    f.mandate.state = MANDATE_DRAFT;
    assert_false(hold_check(&f.book, &f.mandate, &hold, NOW, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
}

static void a_part_is_captured_and_the_rest_stays(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct capture capture = {.amount_pence = 10000000};
    struct hold after;
    assert_true(hold_capture(&f.hold, NOW, &after, &capture, &err));
    assert_int_equal(after.state, HOLD_OPEN);
    assert_int_equal(after.captured_pence, 10000000);
    assert_int_equal(hold_remaining(&after), 15000000);
    assert_int_equal(after.version, 2);
    assert_int_equal(after.resolved_ms, INSTANT_NONE);
    assert_int_equal(capture.released_pence, 0);
    assert_int_equal(capture.recorded_ms, NOW);

    struct transaction t;
    capture_transaction_make(&f.hold, &capture, &t);
    t.effective_day = day_of("2026-06-10");
    assert_string_equal(t.hold_id, HOLD_ID);
    assert_string_equal(t.decision_id, DECISION_ID);
    assert_string_equal(t.description, "Hernia hub");
    struct posting_terms terms = {.pointer = "", .unheld_pence = 10000000};
    assert_true(transaction_check(&f.book, &terms, &t, &err));
    hold_move(&f.book, &f.hold, &after);
    transaction_apply(&f.book, &t);
    const struct account *fence = book_account(&f.book, "ring-fence:elective");
    assert_int_equal(fence->balance_pence, 54000000);
    assert_int_equal(fence->held_pence, 15000000);
    assert_int_equal(account_available(fence), 39000000);
    assert_int_equal(book_account(&f.book, "partner:ZZ3:position")->balance_pence, 10000000);
    assert_int_equal(book_hold(&f.book, HOLD_ID)->captured_pence, 10000000);
    assert_int_equal(f.mandate.used_pence, 0);
}

static void a_capture_pays_out_of_the_hold_when_nothing_else_is_available(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    book_account(&f.book, "ring-fence:elective")->balance_pence = 25000000;
    struct capture capture = {.amount_pence = 25000000};
    struct hold after;
    assert_true(hold_capture(&f.hold, NOW, &after, &capture, &err));
    struct transaction t;
    capture_transaction_make(&f.hold, &capture, &t);
    t.effective_day = day_of("2026-06-10");
    assert_false(transaction_check(&f.book, &(struct posting_terms){.pointer = ""}, &t, &err));
    problem_clear(&err);
    struct posting_terms terms = {.pointer = "", .unheld_pence = 25000000};
    assert_true(transaction_check(&f.book, &terms, &t, &err));
}

static void the_whole_is_captured_and_the_hold_is_resolved(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct capture capture = {.amount_pence = 25000000};
    struct hold after;
    assert_true(hold_capture(&f.hold, NOW, &after, &capture, &err));
    assert_int_equal(after.state, HOLD_CAPTURED);
    assert_int_equal(after.resolved_ms, NOW);
    assert_false(hold_capture(&after, NOW, &after, &capture, &err));
    assert_int_equal(err.code, PROBLEM_HOLD_RESOLVED);
    assert_string_equal(err.detail, "the hold is captured");
}

static void a_final_capture_releases_the_rest(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    snprintf(f.hold.mandate_id, sizeof f.hold.mandate_id, MANDATE_ID);
    f.mandate.used_pence = 25000000;
    struct capture capture = {.amount_pence = 10000000, .is_final = true};
    struct hold after;
    assert_true(hold_capture(&f.hold, NOW, &after, &capture, &err));
    assert_int_equal(capture.released_pence, 15000000);
    assert_int_equal(after.state, HOLD_CAPTURED);
    assert_int_equal(after.released_pence, 15000000);
    struct transaction t;
    capture_transaction_make(&f.hold, &capture, &t);
    t.effective_day = day_of("2026-06-10");
    struct posting_terms terms = {.pointer = "", .unheld_pence = 25000000};
    assert_true(transaction_check(&f.book, &terms, &t, &err));
    hold_move(&f.book, &f.hold, &after);
    transaction_apply(&f.book, &t);
    assert_int_equal(book_account(&f.book, "ring-fence:elective")->held_pence, 0);
    assert_int_equal(f.mandate.used_pence,
                     10000000); /* the rest is free again, what was paid is not */
}

static void more_than_is_left_of_a_hold_is_not_captured(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    f.hold.captured_pence = 20000000;
    struct capture capture = {.amount_pence = 5000001};
    struct hold after;
    assert_false(hold_capture(&f.hold, NOW, &after, &capture, &err));
    assert_int_equal(err.code, PROBLEM_FUNDS_INSUFFICIENT);
    assert_string_equal(err.detail,
                        "\u00a350,000.00 is left of the hold; \u00a350,000.01 is asked for");
    capture.amount_pence = 0;
    assert_false(hold_capture(&f.hold, NOW, &after, &capture, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
}

static void a_release_gives_everything_back_once(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    f.hold.captured_pence = 10000000;
    struct hold after;
    assert_true(hold_release(&f.hold, "case closed", NOW, &after, &err));
    assert_int_equal(after.state, HOLD_RELEASED);
    assert_int_equal(after.released_pence, 15000000);
    assert_int_equal(hold_remaining(&after), 0);
    assert_string_equal(after.resolved_because, "case closed");
    struct hold before = f.hold;
    hold_move(&f.book, &before, &after);
    assert_int_equal(book_account(&f.book, "ring-fence:elective")->held_pence, 10000000);
    assert_int_equal(book_account(&f.book, "ring-fence:elective")->balance_pence, 64000000);
    assert_false(hold_release(&after, "again", NOW, &after, &err));
    assert_int_equal(err.code, PROBLEM_HOLD_RESOLVED);
}

static void what_is_captured_stays_used_of_the_mandate(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    snprintf(f.hold.mandate_id, sizeof f.hold.mandate_id, MANDATE_ID);
    f.mandate.used_pence = 25000000;
    struct mandate before = f.mandate;
    struct capture capture = {.amount_pence = 10000000};
    struct hold after, captured = f.hold;
    assert_true(hold_capture(&captured, NOW, &after, &capture, &err));
    hold_move(&f.book, &captured, &after);
    assert_int_equal(f.mandate.used_pence, before.used_pence);
    assert_int_equal(f.mandate.version, before.version);
    assert_int_equal(book_account(&f.book, "ring-fence:elective")->held_pence, 15000000);
}

static void a_hold_that_the_book_did_not_come_across_moves_its_account_alone(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    f.book.hold_count = 0;
    struct hold after;
    assert_true(hold_release(&f.hold, "case closed", NOW, &after, &err));
    hold_move(&f.book, &f.hold, &after);
    assert_int_equal(book_account(&f.book, "ring-fence:elective")->held_pence, 0);
    assert_int_equal(f.hold.state, HOLD_OPEN);
}

static void a_hold_past_its_expiry_is_not_open_whatever_the_sweep_said(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct hold after;
    f.hold.expires_ms = NOW;
    assert_true(hold_is_open(&f.hold, NOW - 1));
    assert_false(hold_is_open(&f.hold, NOW));
    struct capture capture = {.amount_pence = 1};
    assert_false(hold_capture(&f.hold, NOW, &after, &capture, &err));
    assert_int_equal(err.code, PROBLEM_HOLD_RESOLVED);
    assert_string_equal(err.detail, "the hold is expired");
    assert_false(hold_release(&f.hold, "late", NOW, &after, &err));
}

static void an_expired_hold_was_resolved_at_its_expiry(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct hold after;
    assert_false(hold_expire(&f.hold, NOW, &after)); /* never expires */
    f.hold.expires_ms = NOW;
    assert_false(hold_expire(&f.hold, NOW - 1, &after));
    assert_true(hold_expire(&f.hold, NOW + 5000, &after));
    assert_int_equal(after.state, HOLD_EXPIRED);
    assert_int_equal(after.resolved_ms, NOW);
    assert_int_equal(after.released_pence, 25000000);
    assert_false(hold_expire(&after, NOW + 6000, &after));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hold_takes_what_is_available_and_no_more),
        cmocka_unit_test(an_account_without_a_floor_may_be_held_beyond_its_balance),
        cmocka_unit_test(a_hold_needs_open_accounts_on_both_ends),
        cmocka_unit_test(a_hold_has_an_amount_above_zero),
        cmocka_unit_test(a_hold_of_a_month_needs_one_that_is_not_closed),
        cmocka_unit_test(a_hold_does_not_start_expired),
        cmocka_unit_test(a_mandate_covers_the_hold_and_counts_it),
        cmocka_unit_test(a_part_is_captured_and_the_rest_stays),
        cmocka_unit_test(a_capture_pays_out_of_the_hold_when_nothing_else_is_available),
        cmocka_unit_test(the_whole_is_captured_and_the_hold_is_resolved),
        cmocka_unit_test(a_final_capture_releases_the_rest),
        cmocka_unit_test(more_than_is_left_of_a_hold_is_not_captured),
        cmocka_unit_test(a_release_gives_everything_back_once),
        cmocka_unit_test(what_is_captured_stays_used_of_the_mandate),
        cmocka_unit_test(a_hold_that_the_book_did_not_come_across_moves_its_account_alone),
        cmocka_unit_test(a_hold_past_its_expiry_is_not_open_whatever_the_sweep_said),
        cmocka_unit_test(an_expired_hold_was_resolved_at_its_expiry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
