#include "tests/unit/rules/ledger_book.h"

static void a_partner_has_two_accounts(void **state)
{
    (void)state;
    char code[CODE_SIZE];
    account_code_of_partner("ZZ1", ACCOUNT_POSITION, code);
    assert_string_equal(code, "partner:ZZ1:position");
    account_code_of_partner("ZZ1", ACCOUNT_OWED, code);
    assert_string_equal(code, "partner:ZZ1:owed");
}

static void limits_fit_the_balance_as_it_stands(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    const struct account *pool = book_account(&f.book, "pool:planned"); /* -5.00 */
    struct account wanted = *pool;
    wanted.has_floor = wanted.has_ceiling = true;
    wanted.floor_pence = wanted.ceiling_pence = -500;
    assert_true(account_limits_check(pool, &wanted, &err));
    wanted.floor_pence = -499;
    wanted.ceiling_pence = 0;
    assert_false(account_limits_check(pool, &wanted, &err));
    assert_int_equal(err.code, PROBLEM_LIMIT_EXCEEDED);
    wanted.floor_pence = -1000;
    wanted.ceiling_pence = -501;
    assert_false(account_limits_check(pool, &wanted, &err));
    assert_int_equal(err.code, PROBLEM_LIMIT_EXCEEDED);
    wanted.floor_pence = -400;
    assert_false(account_limits_check(pool, &wanted, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    /* each limit alone */
    wanted.has_ceiling = false;
    assert_false(account_limits_check(pool, &wanted, &err));
    assert_int_equal(err.code, PROBLEM_LIMIT_EXCEEDED);
    wanted.floor_pence = -500;
    assert_true(account_limits_check(pool, &wanted, &err));
    wanted.has_floor = false;
    wanted.has_ceiling = true;
    assert_false(account_limits_check(pool, &wanted, &err));
    wanted.has_ceiling = false;
    assert_true(account_limits_check(pool, &wanted, &err));
}

static void the_agreement_sets_the_limits_of_reserve_and_ring_fence(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    const struct account *fence = book_account(&f.book, "ring-fence:elective");
    const struct account *reserve = book_account(&f.book, "reserve:cost-risk");
    assert_false(account_limits_check(fence, fence, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    assert_false(account_limits_check(reserve, reserve, &err));
    const struct account *closed = book_account(&f.book, "pool:urgent");
    assert_false(account_limits_check(closed, closed, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
}

static void only_an_empty_account_closes(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    assert_true(account_close_check(book_account(&f.book, "partner:ZZ3:owed"), &err));
    assert_false(account_close_check(book_account(&f.book, "pool:planned"), &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    assert_false(account_close_check(book_account(&f.book, "pool:urgent"), &err));
    struct account held = {.code = "pool:held", .held_pence = 1};
    assert_false(account_close_check(&held, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_partner_has_two_accounts),
        cmocka_unit_test(limits_fit_the_balance_as_it_stands),
        cmocka_unit_test(the_agreement_sets_the_limits_of_reserve_and_ring_fence),
        cmocka_unit_test(only_an_empty_account_closes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
