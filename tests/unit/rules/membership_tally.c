/* The tally of domain.md A8: every vector of its table, and every branch around it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/membership/rules/tally.h"

/* One letter per organisation: A agrees, D disagrees, a abstains, s is silent, R is recused with an
 * agreeing vote, X was dropped with one. The first and third are commissioners. */
static int electorate_of_letters(const char *letters, struct elector electors[16])
{
    int count = 0;
    for (const char *letter = letters; *letter != '\0'; letter++, count++) {
        struct elector *elector = &electors[count];
        memset(elector, 0, sizeof *elector);
        elector->role = count % 2 == 0 ? PARTNER_COMMISSIONER : PARTNER_PROVIDER;
        elector->choice = *letter == 'D'   ? CHOICE_DISAGREE
                          : *letter == 'a' ? CHOICE_ABSTAIN
                          : *letter == 's' ? CHOICE_NONE
                                           : CHOICE_AGREE;
        elector->state = *letter == 'R'   ? ELECTOR_RECUSED
                         : *letter == 'X' ? ELECTOR_DROPPED
                                          : ELECTOR_ELIGIBLE;
    }
    return count;
}

static enum decision_state outcome(const char *letters, enum decision_rule rule, bool is_deadline)
{
    struct elector electors[16];
    const int count = electorate_of_letters(letters, electors);
    const struct tally tally = tally_of(electors, count);
    return decision_outcome(rule, &tally, is_deadline);
}

static void the_table_of_a8_holds(void **state)
{
    (void)state;
    static const struct {
        const char *letters;
        enum decision_rule rule;
        enum decision_state expected;
    } vectors[] = {
        {"AAAAA", RULE_UNANIMOUS, DECISION_CARRIED},
        {"AAAAs", RULE_UNANIMOUS, DECISION_LAPSED},
        {"AAAAa", RULE_UNANIMOUS, DECISION_REJECTED},
        {"AAAAD", RULE_UNANIMOUS, DECISION_REJECTED},
        {"AAADs", RULE_SIMPLE_MAJORITY, DECISION_CARRIED},
        {"AAADs", RULE_TWO_THIRDS, DECISION_LAPSED},
        {"AAADR", RULE_SIMPLE_MAJORITY, DECISION_CARRIED},
        {"AAADR", RULE_TWO_THIRDS, DECISION_CARRIED},
        {"AAADR", RULE_UNANIMOUS, DECISION_REJECTED},
        {"AADD", RULE_SIMPLE_MAJORITY, DECISION_REJECTED},
        {"AAaas", RULE_SIMPLE_MAJORITY, DECISION_LAPSED},
        {"AAAAR", RULE_UNANIMOUS, DECISION_CARRIED},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(vectors); i++) {
        const enum decision_state actual = outcome(vectors[i].letters, vectors[i].rule, true);
        if (actual != vectors[i].expected)
            fail_msg("%s under rule %d: %d, not %d", vectors[i].letters, (int)vectors[i].rule,
                     (int)actual, (int)vectors[i].expected);
    }
}

static void disagreement_under_unanimity_rejects_even_beside_silence(void **state)
{
    (void)state;
    assert_int_equal(outcome("AADss", RULE_UNANIMOUS, true), DECISION_REJECTED);
    assert_int_equal(outcome("AADss", RULE_TWO_THIRDS, true), DECISION_LAPSED);
}

static void silence_at_the_deadline_lapses(void **state)
{
    (void)state;
    assert_int_equal(outcome("ssss", RULE_UNANIMOUS, true), DECISION_LAPSED);
    assert_int_equal(outcome("ssss", RULE_TWO_THIRDS, true), DECISION_LAPSED);
    assert_int_equal(outcome("ssss", RULE_SIMPLE_MAJORITY, true), DECISION_LAPSED);
}

static void two_thirds_is_exact(void **state)
{
    (void)state;
    assert_int_equal(outcome("AAD", RULE_TWO_THIRDS, true), DECISION_CARRIED);
    assert_int_equal(outcome("AAAADD", RULE_TWO_THIRDS, true), DECISION_CARRIED);
    assert_int_equal(outcome("AAADD", RULE_TWO_THIRDS, true), DECISION_REJECTED);
}

static void a_tie_fails_and_one_more_carries(void **state)
{
    (void)state;
    assert_int_equal(outcome("AAaa", RULE_SIMPLE_MAJORITY, true), DECISION_REJECTED);
    assert_int_equal(outcome("AAADa", RULE_SIMPLE_MAJORITY, true), DECISION_CARRIED);
}

static void it_stays_open_while_anyone_is_silent(void **state)
{
    (void)state;
    assert_int_equal(outcome("AAAAs", RULE_SIMPLE_MAJORITY, false), DECISION_OPEN);
    assert_int_equal(outcome("DDDDs", RULE_UNANIMOUS, false), DECISION_OPEN);
}

static void it_closes_early_when_every_eligible_elector_has_voted(void **state)
{
    (void)state;
    assert_int_equal(outcome("AAAAA", RULE_UNANIMOUS, false), DECISION_CARRIED);
    assert_int_equal(outcome("AAAAD", RULE_UNANIMOUS, false), DECISION_REJECTED);
    assert_int_equal(outcome("AAAR", RULE_UNANIMOUS, false), DECISION_CARRIED);
    assert_int_equal(outcome("AADX", RULE_TWO_THIRDS, false), DECISION_CARRIED);
}

static void something_pending_keeps_it_open_until_the_deadline(void **state)
{
    (void)state;
    struct elector electors[16];
    const int count = electorate_of_letters("AAAA", electors);
    struct tally tally = tally_of(electors, count);
    tally.pending = 1;
    assert_int_equal(decision_outcome(RULE_UNANIMOUS, &tally, false), DECISION_OPEN);
    assert_int_equal(decision_outcome(RULE_UNANIMOUS, &tally, true), DECISION_CARRIED);
}

static void without_a_commissioner_or_a_provider_it_is_escalated(void **state)
{
    (void)state;
    assert_int_equal(outcome("", RULE_UNANIMOUS, false), DECISION_ESCALATED);
    assert_int_equal(outcome("A", RULE_UNANIMOUS, true), DECISION_ESCALATED);
    assert_int_equal(outcome("RARA", RULE_SIMPLE_MAJORITY, true), DECISION_ESCALATED);
    assert_int_equal(outcome("AXAX", RULE_SIMPLE_MAJORITY, false), DECISION_ESCALATED);
    assert_int_equal(outcome("AA", RULE_UNANIMOUS, true), DECISION_CARRIED);
}

static void votes_of_the_recused_and_the_dropped_count_nowhere(void **state)
{
    (void)state;
    struct elector electors[16];
    const int count = electorate_of_letters("AADasRX", electors);
    const struct tally tally = tally_of(electors, count);
    assert_int_equal(tally.electors, 7);
    assert_int_equal(tally.eligible, 5);
    assert_int_equal(tally.agree, 2);
    assert_int_equal(tally.disagree, 1);
    assert_int_equal(tally.abstain, 1);
    assert_int_equal(tally.silent, 1);
    assert_int_equal(tally.recused, 1);
    assert_int_equal(tally.dropped, 1);
    assert_int_equal(tally.commissioners, 3);
    assert_int_equal(tally.providers, 2);
}

static void nobody_eligible_never_carries(void **state)
{
    (void)state;
    const struct tally nobody = {0};
    assert_false(tally_carries(&nobody, RULE_UNANIMOUS));
    assert_false(tally_carries(&nobody, RULE_TWO_THIRDS));
    assert_false(tally_carries(&nobody, RULE_SIMPLE_MAJORITY));
}

static void the_ballot_prints_the_rule_with_its_figures(void **state)
{
    (void)state;
    char text[TEXT_SIZE];
    const struct tally five = {.eligible = 5};
    const struct tally four = {.eligible = 4};
    const struct tally one = {.eligible = 1};
    rule_print(RULE_UNANIMOUS, &five, text);
    assert_string_equal(
        text, "Carried if all 5 eligible organisations agree. An abstention is not agreement.");
    rule_print(RULE_TWO_THIRDS, &five, text);
    assert_non_null(strstr(text, "(4 or more)"));
    rule_print(RULE_TWO_THIRDS, &four, text);
    assert_non_null(strstr(text, "(3 or more)"));
    rule_print(RULE_SIMPLE_MAJORITY, &four, text);
    assert_non_null(strstr(text, "(3 or more); a tie fails"));
    rule_print(RULE_UNANIMOUS, &one, text);
    assert_non_null(strstr(text, "1 eligible organisation agree"));
}

static void the_ballot_says_to_which_group_it_is_delegated(void **state)
{
    (void)state;
    char text[TEXT_SIZE];
    const struct tally two = {.eligible = 2};
    ballot_print(RULE_UNANIMOUS, "", &two, text);
    assert_string_equal(
        text, "Carried if all 2 eligible organisations agree. An abstention is not agreement.");
    ballot_print(RULE_UNANIMOUS, "quality", &two, text);
    assert_string_equal(
        text, "Carried if all 2 eligible organisations agree. An abstention is not agreement. "
              "Delegated to the group quality: the organisations seated in it decide.");
}

/* What the ballot prints is what the rule does, for every size of electorate. */
static void the_printed_threshold_is_the_one_that_counts(void **state)
{
    (void)state;
    for (int n = 1; n <= 30; n++) {
        struct tally tally = {.eligible = n, .agree = (2 * n + 2) / 3};
        assert_true(tally_carries(&tally, RULE_TWO_THIRDS));
        tally.agree--;
        assert_false(tally_carries(&tally, RULE_TWO_THIRDS));
        tally.agree = n / 2 + 1;
        assert_true(tally_carries(&tally, RULE_SIMPLE_MAJORITY));
        tally.agree--;
        assert_false(tally_carries(&tally, RULE_SIMPLE_MAJORITY));
        tally.agree = n - 1;
        assert_false(tally_carries(&tally, RULE_UNANIMOUS));
    }
}

static void the_outcome_says_its_figures(void **state)
{
    (void)state;
    char text[TEXT_SIZE];
    struct elector electors[16];
    const struct tally tally = tally_of(electors, electorate_of_letters("AAADs", electors));
    outcome_print(RULE_TWO_THIRDS, &tally, DECISION_LAPSED, text);
    assert_string_equal(text, "Of 5 eligible, 3 agreed, 1 disagreed, 0 abstained and 1 stayed "
                              "silent; it took two thirds.");
    const struct tally lopsided = {.commissioners = 2};
    outcome_print(RULE_UNANIMOUS, &lopsided, DECISION_ESCALATED, text);
    assert_string_equal(
        text,
        "Escalated: 2 commissioner(s) and 0 provider(s) are eligible, and it takes one of each.");
}

/* The CHECKs allow no such values; should they come all the same, they help nobody. */
static void a_rule_or_choice_that_is_none_carries_nothing(void **state)
{
    (void)state;
    struct elector electors[16];
    const int count = electorate_of_letters("AAAA", electors);
    const struct tally tally = tally_of(electors, count);
    const enum decision_rule no_rule = (enum decision_rule)(RULE_SIMPLE_MAJORITY + 1);
    assert_false(tally_carries(&tally, no_rule));
    assert_int_equal(decision_outcome(no_rule, &tally, true), DECISION_REJECTED);
    char text[TEXT_SIZE] = "untouched";
    rule_print(no_rule, &tally, text);
    assert_string_equal(text, "untouched");
    electors[0].choice = (enum vote_choice)(CHOICE_ABSTAIN + 1);
    const struct tally with_a_strange_vote = tally_of(electors, count);
    assert_int_equal(with_a_strange_vote.eligible, 4);
    assert_int_equal(with_a_strange_vote.agree, 3);
    assert_false(tally_carries(&with_a_strange_vote, RULE_UNANIMOUS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_of_a8_holds),
        cmocka_unit_test(disagreement_under_unanimity_rejects_even_beside_silence),
        cmocka_unit_test(silence_at_the_deadline_lapses),
        cmocka_unit_test(two_thirds_is_exact),
        cmocka_unit_test(a_tie_fails_and_one_more_carries),
        cmocka_unit_test(it_stays_open_while_anyone_is_silent),
        cmocka_unit_test(it_closes_early_when_every_eligible_elector_has_voted),
        cmocka_unit_test(something_pending_keeps_it_open_until_the_deadline),
        cmocka_unit_test(without_a_commissioner_or_a_provider_it_is_escalated),
        cmocka_unit_test(votes_of_the_recused_and_the_dropped_count_nowhere),
        cmocka_unit_test(nobody_eligible_never_carries),
        cmocka_unit_test(the_ballot_prints_the_rule_with_its_figures),
        cmocka_unit_test(the_ballot_says_to_which_group_it_is_delegated),
        cmocka_unit_test(the_printed_threshold_is_the_one_that_counts),
        cmocka_unit_test(the_outcome_says_its_figures),
        cmocka_unit_test(a_rule_or_choice_that_is_none_carries_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
