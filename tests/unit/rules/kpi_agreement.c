/* How a figure becomes everybody's (E3). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "services/kpi/rules/agreement.h"

static const struct organisation PROVIDER = {"ZZ1", false}, OTHER_PROVIDER = {"ZZ3", false},
                                 COMMISSIONER = {"ZZ2", true}, OTHER_COMMISSIONER = {"ZZ4", true};
static const struct figures THREE_OF_FOUR = {3, 4, VALUE_NONE}, FOUR_OF_FOUR = {4, 4, VALUE_NONE};

static struct observation observation_in(const char *status)
{
    struct observation observation = {.revision = 3, .figures = THREE_OF_FOUR};
    strcpy(observation.status, status);
    return observation;
}

#define assert_refused(call, wanted)                                                               \
    do {                                                                                           \
        assert_false(call);                                                                        \
        assert_int_equal(err.code, wanted);                                                        \
        problem_clear(&err);                                                                       \
    } while (0)

static void a_revision_changes_something_and_says_why(void **state)
{
    (void)state;
    struct observation current = observation_in("provisional");
    struct problem err = {0};
    char status[STATUS_SIZE];
    assert_refused(revision_decide(&current, &THREE_OF_FOUR, NULL, "why", status, &err),
                   PROBLEM_RULE_BROKEN);
    assert_false(revision_decide(&current, &FOUR_OF_FOUR, NULL, "", status, &err));
    assert_string_equal(err.faults[0].pointer, "/reason");
    problem_clear(&err);
    assert_true(revision_decide(&current, &FOUR_OF_FOUR, NULL, "why", status, &err));
    assert_string_equal(status, "provisional");
    assert_true(revision_decide(&current, &THREE_OF_FOUR, "submitted", "", status, &err));
    assert_string_equal(status, "submitted");
    assert_true(revision_decide(&current, &FOUR_OF_FOUR, "submitted", "why", status, &err));
    assert_string_equal(status, "submitted");
}

static void nothing_goes_back(void **state)
{
    (void)state;
    const char *const later[] = {"submitted", "agreed", "published"};
    struct problem err = {0};
    char status[STATUS_SIZE];
    for (size_t i = 0; i < ARRAY_LENGTH(later); i++) {
        struct observation current = observation_in(later[i]);
        assert_refused(revision_decide(&current, &FOUR_OF_FOUR, "provisional", "w", status, &err),
                       PROBLEM_RULE_BROKEN);
        assert_refused(revision_decide(&current, &THREE_OF_FOUR, "submitted", "w", status, &err),
                       PROBLEM_RULE_BROKEN);
    }
}

static void corrected_figures_are_submitted_again(void **state)
{
    (void)state;
    const char *const later[] = {"submitted", "agreed", "published"};
    struct problem err = {0};
    char status[STATUS_SIZE];
    for (size_t i = 0; i < ARRAY_LENGTH(later); i++) {
        struct observation current = observation_in(later[i]);
        assert_true(revision_decide(&current, &FOUR_OF_FOUR, NULL, "why", status, &err));
        assert_string_equal(status, "submitted");
    }
}

static void both_sides_agree(void **state)
{
    (void)state;
    struct observation observation = observation_in("submitted");
    const struct agreement own = {.revision = 3, .by = PROVIDER},
                           other = {.revision = 3, .by = COMMISSIONER};
    struct problem err = {0};
    bool is_agreed = true;
    assert_true(
        agreement_decide(&observation, 3, &PROVIDER, &PROVIDER, NULL, 0, 0, &is_agreed, &err));
    assert_false(is_agreed);
    assert_true(
        agreement_decide(&observation, 3, &PROVIDER, &COMMISSIONER, &own, 1, 0, &is_agreed, &err));
    assert_true(is_agreed);
    assert_true(
        agreement_decide(&observation, 3, &PROVIDER, &PROVIDER, &other, 1, 0, &is_agreed, &err));
    assert_true(is_agreed);
    assert_true(agreement_decide(&observation, 3, &PROVIDER, &OTHER_COMMISSIONER, &other, 1, 0,
                                 &is_agreed, &err));
    assert_false(is_agreed); /* two commissioners are one side */
    const struct agreement both[] = {own, other};
    assert_true(agreement_decide(&observation, 3, &PROVIDER, &OTHER_COMMISSIONER, both, 2, 0,
                                 &is_agreed, &err));
    assert_true(is_agreed);
    assert_true(agreement_decide(&observation, 3, &COMMISSIONER, &PROVIDER, &other, 1, 0,
                                 &is_agreed, &err));
    assert_true(is_agreed); /* a commissioner's figure, and a provider */
}

static void nobody_agrees_twice_or_for_others(void **state)
{
    (void)state;
    struct observation observation = observation_in("submitted");
    const struct agreement own = {.revision = 3, .by = PROVIDER};
    struct problem err = {0};
    bool is_agreed = false;
    assert_refused(
        agreement_decide(&observation, 3, &PROVIDER, &PROVIDER, &own, 1, 0, &is_agreed, &err),
        PROBLEM_ALREADY_EXISTS);
    assert_refused(
        agreement_decide(&observation, 3, &PROVIDER, &OTHER_PROVIDER, NULL, 0, 0, &is_agreed, &err),
        PROBLEM_RULE_BROKEN);
    assert_refused(agreement_decide(&observation, 3, &COMMISSIONER, &OTHER_COMMISSIONER, NULL, 0, 0,
                                    &is_agreed, &err),
                   PROBLEM_RULE_BROKEN);
}

static void only_the_current_submitted_unchallenged_revision_is_agreed(void **state)
{
    (void)state;
    struct observation observation = observation_in("submitted");
    struct problem err = {0};
    bool is_agreed = false;
    assert_refused(
        agreement_decide(&observation, 2, &PROVIDER, &PROVIDER, NULL, 0, 0, &is_agreed, &err),
        PROBLEM_STATE_CONFLICT);
    assert_refused(
        agreement_decide(&observation, 3, &PROVIDER, &PROVIDER, NULL, 0, 1, &is_agreed, &err),
        PROBLEM_STATE_CONFLICT);
    const char *const others[] = {"provisional", "agreed", "published"};
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        observation = observation_in(others[i]);
        assert_refused(
            agreement_decide(&observation, 3, &PROVIDER, &PROVIDER, NULL, 0, 0, &is_agreed, &err),
            PROBLEM_STATE_CONFLICT);
    }
}

static void only_what_is_agreed_and_unchallenged_is_published(void **state)
{
    (void)state;
    struct problem err = {0};
    struct observation observation = observation_in("agreed");
    assert_true(publication_check(&observation, 0, &err));
    assert_refused(publication_check(&observation, 2, &err), PROBLEM_STATE_CONFLICT);
    observation = observation_in("submitted");
    assert_refused(publication_check(&observation, 0, &err), PROBLEM_STATE_CONFLICT);
    observation = observation_in("published");
    assert_refused(publication_check(&observation, 0, &err), PROBLEM_STATE_CONFLICT);
}

static void a_query_is_answered_once_and_closed_by_who_raised_it(void **state)
{
    (void)state;
    struct query query = {.state = "open", .raised_by = "ZZ2"};
    struct problem err = {0};
    assert_true(query_answer_check(&query, &err));
    assert_true(query_close_check(&query, "ZZ2", &err));
    strcpy(query.state, "answered");
    assert_refused(query_answer_check(&query, &err), PROBLEM_STATE_CONFLICT);
    assert_true(query_close_check(&query, "ZZ2", &err));
    assert_refused(query_close_check(&query, "ZZ1", &err), PROBLEM_RULE_BROKEN);
    strcpy(query.state, "closed");
    assert_refused(query_close_check(&query, "ZZ2", &err), PROBLEM_STATE_CONFLICT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_revision_changes_something_and_says_why),
        cmocka_unit_test(nothing_goes_back),
        cmocka_unit_test(corrected_figures_are_submitted_again),
        cmocka_unit_test(both_sides_agree),
        cmocka_unit_test(nobody_agrees_twice_or_for_others),
        cmocka_unit_test(only_the_current_submitted_unchallenged_revision_is_agreed),
        cmocka_unit_test(only_what_is_agreed_and_unchallenged_is_published),
        cmocka_unit_test(a_query_is_answered_once_and_closed_by_who_raised_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
