#include "tests/unit/rules/ledger_book.h"

/* Each value's word is the one listed for it, and leads back to it. */
#define CHECK_WORDS(type, word_function, of_function, ...)                                         \
    do {                                                                                           \
        static const char *const words[] = {__VA_ARGS__};                                          \
        for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {                                         \
            assert_string_equal(word_function((enum type)i), words[i]);                            \
            assert_int_equal(of_function(words[i]), i);                                            \
        }                                                                                          \
    } while (0)

static void every_value_has_its_word(void **state)
{
    (void)state;
    CHECK_WORDS(account_type, account_type_word, account_type_of_word, "pool", "reserve",
                "ring-fence", "position", "owed");
    CHECK_WORDS(mandate_state, mandate_state_word, mandate_state_of_word, "draft", "active",
                "withdrawn");
    CHECK_WORDS(period_state, period_state_word, period_state_of_word, "open", "locked", "closed");
    CHECK_WORDS(transaction_kind, transaction_kind_word, transaction_kind_of_word, "posting",
                "capture", "reversal", "settlement", "release");
    CHECK_WORDS(submission_state, submission_state_word, submission_state_of_word, "submitted",
                "queried", "agreed", "used");
    CHECK_WORDS(hold_state, hold_state_word, hold_state_of_word, "open", "captured", "released",
                "expired");
}

static void the_book_knows_what_it_came_across(void **state)
{
    (void)state;
    struct fixture f;
    fixture_make(&f);
    assert_string_equal(book_account(&f.book, "pool:planned")->code, "pool:planned");
    assert_null(book_account(&f.book, "pool:nowhere"));
    assert_ptr_equal(book_period(&f.book, f.periods[MAY].month), &f.periods[MAY]);
    assert_null(book_period(&f.book, f.periods[JULY].month + 1));
    assert_ptr_equal(book_mandate(&f.book, MANDATE_ID), &f.mandate);
    assert_null(book_mandate(&f.book, HOLD_ID));
    assert_ptr_equal(book_hold(&f.book, HOLD_ID), &f.hold);
    assert_null(book_hold(&f.book, MANDATE_ID));
}

static void an_empty_book_knows_nothing(void **state)
{
    (void)state;
    const struct book book = {0};
    assert_null(book_account(&book, "pool:planned"));
    assert_null(book_period(&book, month_of_day(day_of("2026-05-01"))));
    assert_null(book_mandate(&book, MANDATE_ID));
    assert_null(book_hold(&book, HOLD_ID));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_has_its_word),
        cmocka_unit_test(the_book_knows_what_it_came_across),
        cmocka_unit_test(an_empty_book_knows_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
