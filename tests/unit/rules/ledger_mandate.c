#include "tests/unit/rules/ledger_book.h"

static void a_mandate_names_open_accounts(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    f.mandate.credit_count = 2;
    assert_true(mandate_check(&f.book, &f.mandate, &err));
    f.mandate.credit_count = 3; /* pool:urgent is closed */
    snprintf(f.mandate.debit_accounts[1], CODE_SIZE, "pool:nowhere");
    assert_false(mandate_check(&f.book, &f.mandate, &err));
    assert_int_equal(err.code, PROBLEM_REFERENCE_UNKNOWN);
    assert_fault(&err, 0, "/debitAccounts/1", "unknown-account");
    assert_fault(&err, 1, "/creditAccounts/2", "closed-account");
}

static void a_mandate_has_no_account_on_both_sides(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    snprintf(f.mandate.credit_accounts[0], CODE_SIZE, "pool:planned");
    f.mandate.credit_count = 1;
    assert_false(mandate_check(&f.book, &f.mandate, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    assert_fault(&err, 0, "/creditAccounts/0", "both-sides");
}

static void a_mandate_ends_after_it_starts(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    f.mandate.credit_count = 2;
    f.mandate.ends_day = f.mandate.starts_day;
    assert_false(mandate_check(&f.book, &f.mandate, &err));
    assert_fault(&err, 0, "/endsOn", "order");
    f.mandate.ends_day = f.mandate.starts_day + 1;
    problem_clear(&err);
    assert_true(mandate_check(&f.book, &f.mandate, &err));
}

static void a_draft_is_revised_granted_or_withdrawn(void **state)
{
    (void)state;
    struct problem err = {0};
    struct mandate mandate = {.state = MANDATE_DRAFT};
    assert_true(mandate_revise_check(&mandate, &err));
    assert_true(mandate_grant_check(&mandate, &err));
    assert_true(mandate_withdraw_check(&mandate, &err));
}

static void an_active_mandate_is_only_withdrawn_and_a_withdrawn_one_is_over(void **state)
{
    (void)state;
    struct problem err = {0};
    struct mandate mandate = {.state = MANDATE_ACTIVE};
    assert_false(mandate_revise_check(&mandate, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    assert_false(mandate_grant_check(&mandate, &err));
    assert_true(mandate_withdraw_check(&mandate, &err));
    mandate.state = MANDATE_WITHDRAWN;
    assert_false(mandate_revise_check(&mandate, &err));
    assert_false(mandate_grant_check(&mandate, &err));
    assert_false(mandate_withdraw_check(&mandate, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mandate_names_open_accounts),
        cmocka_unit_test(a_mandate_has_no_account_on_both_sides),
        cmocka_unit_test(a_mandate_ends_after_it_starts),
        cmocka_unit_test(a_draft_is_revised_granted_or_withdrawn),
        cmocka_unit_test(an_active_mandate_is_only_withdrawn_and_a_withdrawn_one_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
