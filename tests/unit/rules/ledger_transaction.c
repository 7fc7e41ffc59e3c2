#include "tests/unit/rules/ledger_book.h"

static const struct posting_terms FREE = {.pointer = ""};

static void a_posting_moves_balances_and_counts(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct transaction t = posting_of("2026-06-30", "pool:planned", "ring-fence:elective", 100);
    assert_true(transaction_check(&f.book, &FREE, &t, &err));
    assert_int_equal(t.amount_pence, 100);
    assert_int_equal(t.month, month_of_day(day_of("2026-06-30")));
    assert_int_equal(t.requested_day, DAY_NONE);
    assert_int_equal(t.entries[0].balance_pence, -600);
    assert_int_equal(t.entries[0].number, 1);
    assert_int_equal(t.entries[1].balance_pence, 64000100);
    assert_int_equal(t.entries[1].number, 4);
    /* checking changed nothing */
    assert_int_equal(book_account(&f.book, "ring-fence:elective")->balance_pence, 64000000);

    transaction_apply(&f.book, &t);
    const struct account *fence = book_account(&f.book, "ring-fence:elective");
    assert_int_equal(fence->balance_pence, 64000100);
    assert_int_equal(fence->entry_count, 4);
    assert_int_equal(fence->version, 8);
    assert_int_equal(book_account(&f.book, "pool:planned")->balance_pence, -600);
    assert_int_equal(f.mandate.used_pence, 100);
    assert_int_equal(f.mandate.version, 3);
}

static void several_entries_of_one_account_follow_each_other(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct transaction t = {.effective_day = day_of("2026-06-30")};
    posting_add(&t, "ring-fence:elective", 50);
    posting_add(&t, "pool:planned", -120);
    posting_add(&t, "ring-fence:elective", 70);
    assert_true(transaction_check(&f.book, &FREE, &t, &err));
    assert_int_equal(t.amount_pence, 120);
    assert_int_equal(t.entries[0].number, 4);
    assert_int_equal(t.entries[0].balance_pence, 64000050);
    assert_int_equal(t.entries[2].number, 5);
    assert_int_equal(t.entries[2].balance_pence, 64000120);
    transaction_apply(&f.book, &t);
    assert_int_equal(book_account(&f.book, "ring-fence:elective")->balance_pence, 64000120);
    assert_int_equal(book_account(&f.book, "ring-fence:elective")->entry_count, 5);
}

/* 390,000.00 is available above the floor of the ring-fence. */
static void a_limit_holds_for_what_the_last_entry_of_an_account_leaves(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct transaction t = {.effective_day = day_of("2026-06-30")};
    posting_add(&t, "ring-fence:elective", -38999999);
    posting_add(&t, "ring-fence:elective", -1);
    posting_add(&t, "pool:planned", 39000000);
    assert_true(transaction_check(&f.book, &FREE, &t, &err));
    t.entries[0].amount_pence -= 2; /* too much by itself; said once all the same */
    t.entries[2].amount_pence += 2;
    assert_false(transaction_check(&f.book, &FREE, &t, &err));
    assert_int_equal(err.code, PROBLEM_LIMIT_EXCEEDED);
    assert_int_equal(err.fault_count, 1);
    assert_fault(&err, 0, "/entries/1/amount", "floor");
}

static void entries_that_do_not_add_up_are_refused(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct transaction t = posting_of("2026-06-30", "pool:planned", "ring-fence:elective", 100);
    t.entries[1].amount_pence = 99;
    assert_false(transaction_check(&f.book, &FREE, &t, &err));
    assert_int_equal(err.code, PROBLEM_NOT_BALANCED);
    assert_fault(&err, 0, "/entries", "sum");
    assert_string_equal(err.faults[0].detail, "they add up to -\u00a30.01");
}

static void sums_beyond_what_money_can_be_are_refused(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct transaction t = {.effective_day = day_of("2026-06-30")};
    posting_add(&t, "pool:planned", MONEY_PENCE_MAX);
    posting_add(&t, "pool:planned", MONEY_PENCE_MAX);
    assert_false(transaction_check(&f.book, &FREE, &t, &err));
    assert_int_equal(err.code, PROBLEM_NOT_BALANCED);

    problem_clear(&err);
    t.entries[0].amount_pence = t.entries[1].amount_pence = -MONEY_PENCE_MAX;
    assert_false(transaction_check(&f.book, &FREE, &t, &err));
    assert_int_equal(err.code, PROBLEM_NOT_BALANCED);
    assert_string_equal(err.faults[0].detail, "they add up to more than an amount can be");

    /* as much as an amount can be still has its figure */
    for (int sign = -1; sign <= 1; sign += 2) {
        problem_clear(&err);
        t.entries[0].amount_pence = sign;
        t.entries[1].amount_pence = sign * (MONEY_PENCE_MAX - 1);
        assert_false(transaction_check(&f.book, &FREE, &t, &err));
        assert_string_equal(err.faults[0].detail,
                            sign < 0 ? "they add up to -\u00a390,071,992,547,409.91"
                                     : "they add up to \u00a390,071,992,547,409.91");
    }

    /* balanced, but moves more than an amount can be */
    problem_clear(&err);
    t = (struct transaction){.effective_day = day_of("2026-06-30")};
    posting_add(&t, "pool:planned", MONEY_PENCE_MAX);
    posting_add(&t, "partner:ZZ1:position", MONEY_PENCE_MAX);
    posting_add(&t, "partner:ZZ3:position", -MONEY_PENCE_MAX);
    posting_add(&t, "partner:ZZ3:owed", -MONEY_PENCE_MAX);
    assert_false(transaction_check(&f.book, &FREE, &t, &err));
    assert_int_equal(err.code, PROBLEM_NOT_BALANCED);
}

static void as_much_as_an_amount_can_be_is_moved(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    book_account(&f.book, "pool:planned")->balance_pence = 0;
    book_account(&f.book, "partner:ZZ1:position")->balance_pence = 0;
    struct transaction t =
        posting_of("2026-06-30", "pool:planned", "partner:ZZ1:position", MONEY_PENCE_MAX);
    assert_true(transaction_check(&f.book, &FREE, &t, &err));
    assert_int_equal(t.amount_pence, MONEY_PENCE_MAX);
}

static void a_balance_beyond_what_money_can_be_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    book_account(&f.book, "partner:ZZ1:position")->balance_pence = MONEY_PENCE_MAX;
    struct transaction t = posting_of("2026-06-30", "pool:planned", "partner:ZZ1:position", 1);
    assert_false(transaction_check(&f.book, &FREE, &t, &err));
    assert_int_equal(err.code, PROBLEM_LIMIT_EXCEEDED);
    assert_fault(&err, 0, "/entries/1/amount", "range");
}

static void zero_amounts_and_self_transfers_are_refused_together(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct transaction t = {.effective_day = day_of("2026-06-30")};
    posting_add(&t, "pool:planned", -5);
    posting_add(&t, "ring-fence:elective", 0);
    posting_add(&t, "pool:planned", 5);
    assert_false(transaction_check(&f.book, &(struct posting_terms){.pointer = "/transactions/3"},
                                   &t, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    assert_int_equal(err.fault_count, 2);
    assert_fault(&err, 0, "/transactions/3/entries/1/amount", "zero-amount");
    assert_fault(&err, 1, "/transactions/3/entries/2/accountCode", "self-transfer");
}

static void unknown_and_closed_accounts_are_refused(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct transaction t = posting_of("2026-06-30", "pool:nowhere", "pool:urgent", 1);
    assert_false(transaction_check(&f.book, &FREE, &t, &err));
    assert_int_equal(err.code, PROBLEM_REFERENCE_UNKNOWN);
    assert_fault(&err, 0, "/entries/0/accountCode", "unknown-account");
    assert_fault(&err, 1, "/entries/1/accountCode", "closed-account");
    struct book empty = {0};
    assert_null(book_account(&empty, "pool:planned"));
}

static void what_is_available_never_goes_below_the_floor(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    /* 640,000.00 of which 250,000.00 is held */
    struct transaction t =
        posting_of("2026-06-30", "ring-fence:elective", "partner:ZZ3:position", 39000000);
    assert_true(transaction_check(&f.book, &FREE, &t, &err));
    t = posting_of("2026-06-30", "ring-fence:elective", "partner:ZZ3:position", 39000001);
    assert_false(transaction_check(&f.book, &FREE, &t, &err));
    assert_int_equal(err.code, PROBLEM_LIMIT_EXCEEDED);
    assert_fault(&err, 0, "/entries/0/amount", "floor");
    assert_string_equal(
        err.faults[0].detail,
        "ring-fence:elective would have -\u00a30.01 available; its floor is \u00a30.00");
}

static void a_balance_never_goes_above_the_ceiling(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct transaction t = posting_of("2026-06-30", "pool:planned", "reserve:cost-risk", 500000000);
    assert_true(transaction_check(&f.book, &FREE, &t, &err));
    t = posting_of("2026-06-30", "pool:planned", "reserve:cost-risk", 500000001);
    assert_false(transaction_check(&f.book, &FREE, &t, &err));
    assert_int_equal(err.code, PROBLEM_LIMIT_EXCEEDED);
    assert_fault(&err, 0, "/entries/1/amount", "ceiling");
}

static void limits_hold_for_what_the_whole_transaction_leaves(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct transaction t = {.effective_day = day_of("2026-06-30")};
    posting_add(&t, "ring-fence:elective", -20000000);
    posting_add(&t, "partner:ZZ3:position", 39000001);
    posting_add(&t, "ring-fence:elective", -19000001);
    assert_false(transaction_check(&f.book, &FREE, &t, &err));
    assert_int_equal(err.fault_count, 1);
    assert_fault(&err, 0, "/entries/2/amount", "floor");
}

static void a_mandate_covers_its_accounts_days_and_limit(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct posting_terms terms = {.pointer = "", .mandate = &f.mandate};
    struct transaction t =
        posting_of("2026-06-01", "pool:planned", "partner:ZZ3:position", 1000000);
    assert_true(transaction_check(&f.book, &terms, &t, &err));

    t = posting_of("2026-06-01", "pool:planned", "partner:ZZ3:position", 1000001);
    assert_false(transaction_check(&f.book, &terms, &t, &err));
    assert_int_equal(err.code, PROBLEM_MANDATE_EXCEEDED);
    assert_fault(&err, 0, "/entries", "mandate-limit");
    assert_string_equal(err.faults[0].detail,
                        "\u00a310,000.00 is left of the mandate; this is \u00a310,000.01");

    problem_clear(&err);
    f.mandate.used_pence = 999999;
    t = posting_of("2026-07-02", "partner:ZZ3:position", "pool:planned", 2);
    assert_false(transaction_check(&f.book, &terms, &t, &err));
    assert_int_equal(err.code, PROBLEM_MANDATE_EXCEEDED);
    assert_int_equal(err.fault_count, 4);
    assert_fault(&err, 0, "/effectiveOn", "mandate-days");
    assert_fault(&err, 1, "/entries/0/accountCode", "mandate-account");
    assert_fault(&err, 2, "/entries/1/accountCode", "mandate-account");
    assert_fault(&err, 3, "/entries", "mandate-limit");
}

static void the_last_day_of_a_mandate_is_before_its_end(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct posting_terms terms = {.pointer = "", .mandate = &f.mandate};
    struct transaction t = posting_of("2026-07-01", "pool:planned", "partner:ZZ3:position", 1);
    assert_true(transaction_check(&f.book, &terms, &t, &err));
    f.mandate.starts_day = day_of("2026-07-02");
    f.mandate.ends_day = day_of("2026-07-03");
    t = posting_of("2026-07-01", "pool:planned", "partner:ZZ3:position", 1);
    assert_false(transaction_check(&f.book, &terms, &t, &err));
}

static void only_an_active_mandate_covers_anything(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct posting_terms terms = {.pointer = "", .mandate = &f.mandate};
    struct transaction t = posting_of("2026-06-01", "pool:planned", "partner:ZZ3:position", 1);
    f.mandate.state = MANDATE_DRAFT;
    assert_false(transaction_check(&f.book, &terms, &t, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    f.mandate.state = MANDATE_WITHDRAWN;
    assert_false(transaction_check(&f.book, &terms, &t, &err));
    assert_int_equal(err.code, PROBLEM_MANDATE_EXCEEDED);
}

static void a_posting_into_a_month_that_is_not_open_is_refused_or_goes_to_the_next(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct transaction t = posting_of("2026-04-30", "pool:planned", "ring-fence:elective", 1);
    assert_false(transaction_check(&f.book, &FREE, &t, &err));
    assert_int_equal(err.code, PROBLEM_PERIOD_CLOSED);
    assert_fault(&err, 0, "/effectiveOn", "period-closed");
    assert_string_equal(err.faults[0].detail, "2026-04-30 is in 2026-27-M01, which is closed");
    problem_clear(&err);

    struct posting_terms late = {.pointer = "", .goes_late = true};
    assert_true(transaction_check(&f.book, &late, &t, &err));
    assert_int_equal(t.effective_day, day_of("2026-06-01"));
    assert_int_equal(t.requested_day, day_of("2026-04-30"));
    assert_int_equal(t.month, f.periods[JUNE].month);
}

static void a_reversal_is_the_opposite_and_gives_back_the_mandate(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    struct problem err = {0};
    struct transaction t = posting_of("2026-06-30", "pool:planned", "ring-fence:elective", 100);
    snprintf(t.id, sizeof t.id, "%s", HOLD_ID);
    assert_true(transaction_check(&f.book, &FREE, &t, &err));
    transaction_apply(&f.book, &t);
    struct transaction reversal;
    assert_true(reversal_make(&t, "wrong fence", &reversal, &err));
    assert_int_equal(reversal.kind, TRANSACTION_REVERSAL);
    assert_string_equal(reversal.reverses_id, t.id);
    assert_string_equal(reversal.mandate_id, MANDATE_ID);
    assert_string_equal(reversal.decision_id, DECISION_ID);
    assert_string_equal(reversal.description, "wrong fence");
    assert_int_equal(reversal.effective_day, t.effective_day);
    assert_true(transaction_check(&f.book, &FREE, &reversal, &err));
    transaction_apply(&f.book, &reversal);
    assert_int_equal(book_account(&f.book, "pool:planned")->balance_pence, -500);
    assert_int_equal(book_account(&f.book, "ring-fence:elective")->balance_pence, 64000000);
    assert_int_equal(book_account(&f.book, "ring-fence:elective")->entry_count, 5);
    assert_int_equal(f.mandate.used_pence, 0);
}

static void nothing_is_reversed_twice_and_a_reversal_not_at_all(void **state)
{
    (void)state;
    struct problem err = {0};
    struct transaction t = posting_of("2026-06-30", "pool:planned", "ring-fence:elective", 100),
                       reversal;
    snprintf(t.reversed_by, sizeof t.reversed_by, "%s", HOLD_ID);
    assert_false(reversal_make(&t, "again", &reversal, &err));
    assert_int_equal(err.code, PROBLEM_ALREADY_REVERSED);
    t.reversed_by[0] = '\0';
    t.kind = TRANSACTION_REVERSAL;
    assert_false(reversal_make(&t, "undo", &reversal, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    t.kind = TRANSACTION_CAPTURE;
    assert_false(reversal_make(&t, "undo", &reversal, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
}

static void words_and_enums_name_each_other(void **state)
{
    (void)state;
    for (int i = ACCOUNT_POOL; i <= ACCOUNT_OWED; i++)
        assert_int_equal(account_type_of_word(account_type_word((enum account_type)i)), i);
    for (int i = MANDATE_DRAFT; i <= MANDATE_WITHDRAWN; i++)
        assert_int_equal(mandate_state_of_word(mandate_state_word((enum mandate_state)i)), i);
    for (int i = PERIOD_OPEN; i <= PERIOD_CLOSED; i++)
        assert_int_equal(period_state_of_word(period_state_word((enum period_state)i)), i);
    for (int i = TRANSACTION_POSTING; i <= TRANSACTION_REVERSAL; i++)
        assert_int_equal(transaction_kind_of_word(transaction_kind_word((enum transaction_kind)i)),
                         i);
    for (int i = HOLD_OPEN; i <= HOLD_EXPIRED; i++)
        assert_int_equal(hold_state_of_word(hold_state_word((enum hold_state)i)), i);
}

static void a_settlement_goes_into_its_own_locked_month(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    const struct posting_terms terms = {.pointer = "", .settles = true};
    static const struct {
        const char *day;
        bool ok;
    } cases[] = {
        {"2026-04-30", false}, {"2026-05-31", true}, {"2026-06-30", false}, {"2026-08-31", false}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct problem err = {0};
        struct transaction t = {
            .kind = TRANSACTION_SETTLEMENT,
            .effective_day = day_of(cases[i].day),
            .entries = {{.account_code = "pool:planned", .amount_pence = -5},
                        {.account_code = "partner:ZZ3:position", .amount_pence = 5}},
            .entry_count = 2,
        };
        assert_int_equal(transaction_check(&f.book, &terms, &t, &err), cases[i].ok);
        if (cases[i].ok)
            assert_int_equal(t.requested_day, DAY_NONE);
        else
            assert_fault(&err, 0, "/effectiveOn", "period-not-locked");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_posting_moves_balances_and_counts),
        cmocka_unit_test(several_entries_of_one_account_follow_each_other),
        cmocka_unit_test(a_limit_holds_for_what_the_last_entry_of_an_account_leaves),
        cmocka_unit_test(entries_that_do_not_add_up_are_refused),
        cmocka_unit_test(sums_beyond_what_money_can_be_are_refused),
        cmocka_unit_test(as_much_as_an_amount_can_be_is_moved),
        cmocka_unit_test(a_balance_beyond_what_money_can_be_is_refused),
        cmocka_unit_test(zero_amounts_and_self_transfers_are_refused_together),
        cmocka_unit_test(unknown_and_closed_accounts_are_refused),
        cmocka_unit_test(what_is_available_never_goes_below_the_floor),
        cmocka_unit_test(a_balance_never_goes_above_the_ceiling),
        cmocka_unit_test(limits_hold_for_what_the_whole_transaction_leaves),
        cmocka_unit_test(a_mandate_covers_its_accounts_days_and_limit),
        cmocka_unit_test(the_last_day_of_a_mandate_is_before_its_end),
        cmocka_unit_test(only_an_active_mandate_covers_anything),
        cmocka_unit_test(a_posting_into_a_month_that_is_not_open_is_refused_or_goes_to_the_next),
        cmocka_unit_test(a_reversal_is_the_opposite_and_gives_back_the_mandate),
        cmocka_unit_test(nothing_is_reversed_twice_and_a_reversal_not_at_all),
        cmocka_unit_test(words_and_enums_name_each_other),
        cmocka_unit_test(a_settlement_goes_into_its_own_locked_month),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
