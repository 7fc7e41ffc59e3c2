/* Outcome statements and publication (domain.md A11). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/instant.h"
#include "services/membership/rules/outcome.h"

enum { TODAY = 20000 };

static const struct decision CLOSED = {.state = DECISION_LAPSED,
                                       .closed_ms = INT64_C(20000) * 86400000 + 3600000};
static const struct outcome_statement STATEMENT = {.text = "It stays as it is.",
                                                   .audience = "All staff",
                                                   .publish_on = TODAY,
                                                   .published_ms = INSTANT_NONE};

static void words_are_found_once_it_has_ended_however_it_did(void **state)
{
    (void)state;
    struct problem err = {0};
    struct decision decision = CLOSED;
    assert_true(statement_decide(&decision, NULL, &STATEMENT, &err));
    assert_true(statement_decide(&decision, &STATEMENT, &STATEMENT, &err));
    decision.state = DECISION_OPEN;
    assert_false(statement_decide(&decision, NULL, &STATEMENT, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
}

static void published_words_stay(void **state)
{
    (void)state;
    struct problem err = {0};
    struct outcome_statement before = STATEMENT;
    before.published_ms = 1;
    assert_false(statement_decide(&CLOSED, &before, &STATEMENT, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
}

static void an_outcome_is_not_published_before_there_is_one(void **state)
{
    (void)state;
    struct problem err = {0};
    struct outcome_statement statement = STATEMENT;
    statement.publish_on = TODAY - 1;
    assert_false(statement_decide(&CLOSED, NULL, &statement, &err));
    assert_string_equal(err.faults[0].pointer, "/publishOn");
}

static void the_same_words_for_the_same_people_on_the_same_day_repeat(void **state)
{
    (void)state;
    struct outcome_statement other = STATEMENT;
    assert_true(statement_repeats(&STATEMENT, &other));
    other.publish_on++;
    assert_false(statement_repeats(&STATEMENT, &other));
    other = STATEMENT;
    strcpy(other.text, "It does not.");
    assert_false(statement_repeats(&STATEMENT, &other));
    other = STATEMENT;
    strcpy(other.audience, "Some staff");
    assert_false(statement_repeats(&STATEMENT, &other));
}

static void a_decision_is_published_once_with_its_statement_on_its_day(void **state)
{
    (void)state;
    struct problem err = {0};
    struct outcome_statement statement = STATEMENT;
    assert_false(publication_decide(NULL, TODAY, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    assert_false(publication_decide(&statement, TODAY - 1, &err));
    assert_true(publication_decide(&statement, TODAY, &err));
    assert_true(publication_decide(&statement, TODAY + 9, &err));
    statement.published_ms = 1;
    assert_false(publication_decide(&statement, TODAY, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_found_once_it_has_ended_however_it_did),
        cmocka_unit_test(published_words_stay),
        cmocka_unit_test(an_outcome_is_not_published_before_there_is_one),
        cmocka_unit_test(the_same_words_for_the_same_people_on_the_same_day_repeat),
        cmocka_unit_test(a_decision_is_published_once_with_its_statement_on_its_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
