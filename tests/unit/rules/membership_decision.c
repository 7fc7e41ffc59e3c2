/* Rule, electorate, votes, recusals and withdrawals of a decision (domain.md A3, A7, A8, A9). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/instant.h"
#include "services/membership/rules/decision.h"
#include "services/membership/rules/terms.h"

enum { NOW = 1000000, DEADLINE = 2000000 };
#define APPOINTMENT "0193f5a3-1b22-7d4e-8b55-6c7a2a1d3e4f"

static const struct decision OPEN_DECISION = {
    .kind = KIND_GENERAL,
    .state = DECISION_OPEN,
    .deadline_ms = DEADLINE,
    .closed_ms = INSTANT_NONE,
    .opener_organisation = "ZZ1",
    .opener_appointment_id = APPOINTMENT,
    .version = 1,
};

static struct partner partner_make(const char *organisation, enum partner_status status,
                                   bool is_voting)
{
    struct partner partner = {.role = PARTNER_PROVIDER, .status = status, .is_voting = is_voting};
    strcpy(partner.organisation, organisation);
    return partner;
}

static struct ballot ballot_make(enum vote_choice choice, const char *reason)
{
    struct ballot ballot = {.organisation = "ZZ1", .choice = choice};
    strcpy(ballot.reason, reason);
    return ballot;
}

static struct elector elector_make(void)
{
    const struct partner partner = partner_make("ZZ1", PARTNER_ACTIVE, true);
    return elector_of(&partner);
}

static void reserved_kinds_are_unanimous_whatever_the_agreement_says(void **state)
{
    (void)state;
    struct agreement_terms terms = {.rule_count = 1};
    for (int kind = KIND_FOUND; kind <= KIND_GENERAL; kind++) {
        terms.rules[0].kind = (enum decision_kind)kind;
        terms.rules[0].rule = RULE_SIMPLE_MAJORITY;
        const enum decision_rule rule = decision_rule_for(&terms, (enum decision_kind)kind);
        const bool is_free =
            kind == KIND_AGREE_SPECIFICATION || kind == KIND_SERVICE_CHANGE || kind == KIND_GENERAL;
        assert_int_equal(rule, is_free ? RULE_SIMPLE_MAJORITY : RULE_UNANIMOUS);
    }
}

static void a_kind_that_the_agreement_does_not_name_is_unanimous(void **state)
{
    (void)state;
    const struct agreement_terms terms = {.rules = {{KIND_GENERAL, RULE_TWO_THIRDS, ""}},
                                          .rule_count = 1};
    assert_int_equal(decision_rule_for(&terms, KIND_GENERAL), RULE_TWO_THIRDS);
    assert_int_equal(decision_rule_for(&terms, KIND_SERVICE_CHANGE), RULE_UNANIMOUS);
}

static void the_agreement_delegates_only_what_is_not_reserved(void **state)
{
    (void)state;
    struct agreement_terms terms = {.rules = {{KIND_GENERAL, RULE_TWO_THIRDS, "leadership"},
                                              {KIND_SERVICE_CHANGE, RULE_UNANIMOUS, ""}},
                                    .rule_count = 2};
    assert_string_equal(decision_group_for(&terms, KIND_GENERAL), "leadership");
    assert_string_equal(decision_group_for(&terms, KIND_SERVICE_CHANGE), "");
    assert_string_equal(decision_group_for(&terms, KIND_AGREE_SPECIFICATION), "");
    terms.rules[0].kind = KIND_MOVE_MONEY;
    assert_string_equal(decision_group_for(&terms, KIND_MOVE_MONEY), "");
}

static void only_admissions_and_exclusions_have_a_target(void **state)
{
    (void)state;
    assert_string_equal(decision_target(KIND_ADMIT, "partners/ZZ5"), "ZZ5");
    assert_string_equal(decision_target(KIND_EXCLUDE, "partners/ZZ5"), "ZZ5");
    assert_string_equal(decision_target(KIND_EXCLUDE, "alliance"), "");
    assert_string_equal(decision_target(KIND_GENERAL, "partners/ZZ5"), "");
}

static void active_voting_partners_decide(void **state)
{
    (void)state;
    const struct partner active = partner_make("ZZ1", PARTNER_ACTIVE, true);
    const struct partner associate = partner_make("ZZ2", PARTNER_ACTIVE, false);
    const struct partner applicant = partner_make("ZZ3", PARTNER_PROPOSED, true);
    const struct partner gone = partner_make("ZZ4", PARTNER_LEFT, true);
    const struct partner suspended = partner_make("ZZ5", PARTNER_SUSPENDED, true);
    assert_true(electorate_takes(&active, KIND_GENERAL, ""));
    assert_false(electorate_takes(&associate, KIND_GENERAL, ""));
    assert_false(electorate_takes(&applicant, KIND_GENERAL, ""));
    assert_false(electorate_takes(&gone, KIND_GENERAL, ""));
    assert_false(electorate_takes(&suspended, KIND_GENERAL, ""));
}

static void the_target_of_an_exclusion_is_never_eligible(void **state)
{
    (void)state;
    const struct partner target = partner_make("ZZ1", PARTNER_ACTIVE, true);
    assert_false(electorate_takes(&target, KIND_EXCLUDE, "ZZ1"));
    assert_true(electorate_takes(&target, KIND_EXCLUDE, "ZZ2"));
}

static void founders_decide_on_the_founding(void **state)
{
    (void)state;
    struct partner founder = partner_make("ZZ1", PARTNER_PROPOSED, true);
    founder.is_founder = true;
    assert_true(electorate_takes(&founder, KIND_FOUND, ""));
    founder.is_founder = false;
    assert_false(electorate_takes(&founder, KIND_FOUND, ""));
    struct partner active = partner_make("ZZ2", PARTNER_ACTIVE, true);
    assert_false(electorate_takes(&active, KIND_FOUND, ""));
    active.is_founder = true;
    assert_false(electorate_takes(&active, KIND_FOUND, ""));
}

static void an_elector_enters_eligible_and_silent(void **state)
{
    (void)state;
    struct partner partner = partner_make("ZZ9", PARTNER_ACTIVE, true);
    partner.role = PARTNER_COMMISSIONER;
    const struct elector elector = elector_of(&partner);
    assert_string_equal(elector.organisation, "ZZ9");
    assert_int_equal(elector.role, PARTNER_COMMISSIONER);
    assert_int_equal(elector.state, ELECTOR_ELIGIBLE);
    assert_int_equal(elector.choice, CHOICE_NONE);
    assert_int_equal(elector.vote_number, 0);
    assert_int_equal(elector.version, 1);
}

static void a_deadline_lies_ahead_within_a_year(void **state)
{
    (void)state;
    struct problem err = {0};
    assert_false(opening_decide(ALLIANCE_ACTIVE, KIND_GENERAL, NOW, NOW, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    assert_string_equal(err.faults[0].pointer, "/deadlineAt");
    problem_clear(&err);
    assert_true(opening_decide(ALLIANCE_ACTIVE, KIND_GENERAL, NOW + 1, NOW, &err));
    assert_true(
        opening_decide(ALLIANCE_ACTIVE, KIND_GENERAL, NOW + DECISION_OPEN_MS_MAX, NOW, &err));
    assert_false(
        opening_decide(ALLIANCE_ACTIVE, KIND_GENERAL, NOW + DECISION_OPEN_MS_MAX + 1, NOW, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
}

static void an_active_or_closing_alliance_decides_and_a_forming_one_is_founded(void **state)
{
    (void)state;
    struct problem err = {0};
    assert_true(opening_decide(ALLIANCE_FORMING, KIND_FOUND, DEADLINE, NOW, &err));
    assert_false(opening_decide(ALLIANCE_FORMING, KIND_ADMIT, DEADLINE, NOW, &err));
    assert_int_equal(err.code, PROBLEM_ALLIANCE_NOT_ACTIVE);
    assert_false(opening_decide(ALLIANCE_ACTIVE, KIND_FOUND, DEADLINE, NOW, &err));
    assert_false(opening_decide(ALLIANCE_CLOSED, KIND_GENERAL, DEADLINE, NOW, &err));
    problem_clear(&err);
    assert_true(opening_decide(ALLIANCE_CLOSING, KIND_GENERAL, DEADLINE, NOW, &err));
    assert_false(opening_decide(ALLIANCE_CLOSING, KIND_FOUND, DEADLINE, NOW, &err));
}

static void a_restricted_subject_includes_its_electorate(void **state)
{
    (void)state;
    struct elector electors[2] = {elector_make(), elector_make()};
    strcpy(electors[1].organisation, "ZZ2");
    const struct electorate electorate = {electors, 2};
    const char *both[] = {"ZZ2", "ZZ1", "ZZ7"};
    const char *one[] = {"ZZ1"};
    struct problem err = {0};
    assert_true(electorate_may_know(&electorate, both, 3, &err));
    assert_false(electorate_may_know(&electorate, one, 1, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    assert_false(electorate_may_know(&electorate, both + 2, 1, &err));
    assert_false(electorate_may_know(&electorate, both, 0, &err));
}

static void the_deadline_itself_is_too_late(void **state)
{
    (void)state;
    struct elector elector = elector_make();
    const struct ballot ballot = ballot_make(CHOICE_AGREE, "");
    struct vote vote;
    struct problem err = {0};
    assert_true(
        vote_decide(&OPEN_DECISION, &elector, &ballot, APPOINTMENT, DEADLINE - 1, &vote, &err));
    assert_false(
        vote_decide(&OPEN_DECISION, &elector, &ballot, APPOINTMENT, DEADLINE, &vote, &err));
    assert_int_equal(err.code, PROBLEM_DECISION_CLOSED);
    assert_false(decision_is_overdue(&OPEN_DECISION, DEADLINE - 1));
    assert_true(decision_is_overdue(&OPEN_DECISION, DEADLINE));
}

static void a_closed_decision_takes_no_vote(void **state)
{
    (void)state;
    struct decision decision = OPEN_DECISION;
    decision_close(&decision, DECISION_CARRIED, "all agreed", NOW, NOW + 5);
    assert_int_equal(decision.closed_ms, NOW);
    assert_int_equal(decision.recorded_ms, NOW + 5);
    assert_int_equal(decision.version, 2);
    assert_string_equal(decision.outcome_reason, "all agreed");
    struct elector elector = elector_make();
    const struct ballot ballot = ballot_make(CHOICE_AGREE, "");
    struct vote vote;
    struct problem err = {0};
    assert_false(vote_decide(&decision, &elector, &ballot, APPOINTMENT, NOW, &vote, &err));
    assert_int_equal(err.code, PROBLEM_DECISION_CLOSED);
    assert_false(decision_is_overdue(&decision, DEADLINE));
}

static void a_vote_carries_whose_hand_it_was_and_its_number(void **state)
{
    (void)state;
    struct elector elector = elector_make();
    elector.vote_number = 2;
    const struct ballot ballot = ballot_make(CHOICE_ABSTAIN, "Not our field.");
    struct vote vote;
    struct problem err = {0};
    assert_true(vote_decide(&OPEN_DECISION, &elector, &ballot, APPOINTMENT, NOW, &vote, &err));
    assert_string_equal(vote.organisation, "ZZ1");
    assert_int_equal(vote.number, 3);
    assert_int_equal(vote.choice, CHOICE_ABSTAIN);
    assert_string_equal(vote.reason, "Not our field.");
    assert_string_equal(vote.appointment_id, APPOINTMENT);
    assert_int_equal(vote.cast_ms, NOW);
    elector_vote(&elector, &vote);
    assert_int_equal(elector.choice, CHOICE_ABSTAIN);
    assert_int_equal(elector.vote_number, 3);
    assert_int_equal(elector.version, 2);
}

static void to_disagree_takes_a_reason(void **state)
{
    (void)state;
    struct elector elector = elector_make();
    struct ballot ballot = ballot_make(CHOICE_DISAGREE, "");
    struct vote vote;
    struct problem err = {0};
    assert_false(vote_decide(&OPEN_DECISION, &elector, &ballot, APPOINTMENT, NOW, &vote, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    assert_string_equal(err.faults[0].pointer, "/reason");
    problem_clear(&err);
    ballot = ballot_make(CHOICE_DISAGREE, "Too dear.");
    assert_true(vote_decide(&OPEN_DECISION, &elector, &ballot, APPOINTMENT, NOW, &vote, &err));
}

static void who_is_not_in_the_electorate_does_not_vote(void **state)
{
    (void)state;
    const struct ballot ballot = ballot_make(CHOICE_AGREE, "");
    struct vote vote;
    struct problem err = {0};
    assert_false(vote_decide(&OPEN_DECISION, NULL, &ballot, APPOINTMENT, NOW, &vote, &err));
    assert_int_equal(err.code, PROBLEM_NOT_ELIGIBLE);
}

static void who_is_recused_or_dropped_does_not_vote(void **state)
{
    (void)state;
    const struct ballot ballot = ballot_make(CHOICE_AGREE, "");
    struct vote vote;
    struct problem err = {0};
    struct elector recused = elector_make();
    elector_recuse(&recused, "We own the building.", NOW);
    assert_false(vote_decide(&OPEN_DECISION, &recused, &ballot, APPOINTMENT, NOW, &vote, &err));
    assert_int_equal(err.code, PROBLEM_NOT_ELIGIBLE);
    struct elector dropped = elector_make();
    elector_drop(&dropped, "ZZ1 left.", NOW);
    assert_false(vote_decide(&OPEN_DECISION, &dropped, &ballot, APPOINTMENT, NOW, &vote, &err));
    assert_int_equal(err.code, PROBLEM_NOT_ELIGIBLE);
    assert_int_equal(dropped.state, ELECTOR_DROPPED);
    assert_string_equal(dropped.reason, "ZZ1 left.");
}

static void the_same_vote_again_changes_nothing(void **state)
{
    (void)state;
    const struct vote latest = {.choice = CHOICE_DISAGREE, .reason = "Too dear."};
    struct ballot ballot = ballot_make(CHOICE_DISAGREE, "Too dear.");
    assert_true(vote_repeats(&latest, &ballot));
    ballot = ballot_make(CHOICE_DISAGREE, "Too late.");
    assert_false(vote_repeats(&latest, &ballot));
    ballot = ballot_make(CHOICE_ABSTAIN, "Too dear.");
    assert_false(vote_repeats(&latest, &ballot));
}

static void an_organisation_recuses_itself_once_while_it_is_open(void **state)
{
    (void)state;
    struct elector elector = elector_make();
    struct problem err = {0};
    assert_true(recusal_decide(&OPEN_DECISION, &elector, NOW, &err));
    elector_recuse(&elector, "We own the building.", NOW);
    assert_int_equal(elector.state, ELECTOR_RECUSED);
    assert_string_equal(elector.reason, "We own the building.");
    assert_int_equal(elector.changed_ms, NOW);
    assert_false(recusal_decide(&OPEN_DECISION, &elector, NOW, &err));
    assert_int_equal(err.code, PROBLEM_NOT_ELIGIBLE);
    assert_false(recusal_decide(&OPEN_DECISION, NULL, NOW, &err));
    elector = elector_make();
    assert_false(recusal_decide(&OPEN_DECISION, &elector, DEADLINE, &err));
    assert_int_equal(err.code, PROBLEM_DECISION_CLOSED);
}

static struct standing standing_make(const char *id, const char *role, const char *organisation)
{
    struct standing standing = {.appointment_count = 1};
    strcpy(standing.appointments[0].id, id);
    strcpy(standing.appointments[0].role, role);
    strcpy(standing.appointments[0].organisation, organisation);
    standing.appointments[0].is_of_active = true;
    return standing;
}

static void who_opened_it_withdraws_it(void **state)
{
    (void)state;
    struct problem err = {0};
    const struct standing opener = standing_make(APPOINTMENT, "finance-lead", "ZZ1");
    const struct standing deputy =
        standing_make("0193f5a3-1b22-7d4e-8b55-000000000001", "deputy", "ZZ1");
    const struct standing colleague =
        standing_make("0193f5a3-1b22-7d4e-8b55-000000000002", "finance-lead", "ZZ1");
    const struct standing other =
        standing_make("0193f5a3-1b22-7d4e-8b55-000000000003", "partner-representative", "ZZ2");
    assert_true(withdrawal_decide(&OPEN_DECISION, &opener, NOW, &err));
    assert_true(withdrawal_decide(&OPEN_DECISION, &deputy, NOW, &err));
    assert_false(withdrawal_decide(&OPEN_DECISION, &colleague, NOW, &err));
    assert_int_equal(err.code, PROBLEM_ROLE_MISSING);
    assert_false(withdrawal_decide(&OPEN_DECISION, &other, NOW, &err));
    assert_int_equal(err.code, PROBLEM_ROLE_MISSING);
    assert_false(withdrawal_decide(&OPEN_DECISION, &opener, DEADLINE, &err));
    assert_int_equal(err.code, PROBLEM_DECISION_CLOSED);
}

static void words_go_both_ways(void **state)
{
    (void)state;
    for (int kind = KIND_FOUND; kind <= KIND_GENERAL; kind++)
        assert_int_equal(kind_of(kind_name((enum decision_kind)kind)), kind);
    for (int post = POST_PARTNER_REPRESENTATIVE; post <= POST_AUDITOR; post++)
        assert_int_equal(post_of(post_name((enum post)post)), post);
    for (int status = PARTNER_PROPOSED; status <= PARTNER_LAPSED; status++)
        assert_int_equal(partner_status_of(partner_status_name((enum partner_status)status)),
                         status);
    for (int it = DECISION_OPEN; it <= DECISION_WITHDRAWN; it++)
        assert_int_equal(decision_state_of(decision_state_name((enum decision_state)it)), it);
    assert_null(choice_name(CHOICE_NONE));
    assert_int_equal(choice_of(NULL), CHOICE_NONE);
    assert_int_equal(choice_of("abstain"), CHOICE_ABSTAIN);
    enum decision_kind kind = KIND_GENERAL;
    assert_true(kind_of_name("move-money", &kind));
    assert_int_equal(kind, KIND_MOVE_MONEY);
    assert_false(kind_of_name("move-mountains", &kind));
    assert_int_equal(kind, KIND_MOVE_MONEY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reserved_kinds_are_unanimous_whatever_the_agreement_says),
        cmocka_unit_test(a_kind_that_the_agreement_does_not_name_is_unanimous),
        cmocka_unit_test(the_agreement_delegates_only_what_is_not_reserved),
        cmocka_unit_test(only_admissions_and_exclusions_have_a_target),
        cmocka_unit_test(active_voting_partners_decide),
        cmocka_unit_test(the_target_of_an_exclusion_is_never_eligible),
        cmocka_unit_test(founders_decide_on_the_founding),
        cmocka_unit_test(an_elector_enters_eligible_and_silent),
        cmocka_unit_test(a_deadline_lies_ahead_within_a_year),
        cmocka_unit_test(an_active_or_closing_alliance_decides_and_a_forming_one_is_founded),
        cmocka_unit_test(a_restricted_subject_includes_its_electorate),
        cmocka_unit_test(the_deadline_itself_is_too_late),
        cmocka_unit_test(a_closed_decision_takes_no_vote),
        cmocka_unit_test(a_vote_carries_whose_hand_it_was_and_its_number),
        cmocka_unit_test(to_disagree_takes_a_reason),
        cmocka_unit_test(who_is_not_in_the_electorate_does_not_vote),
        cmocka_unit_test(who_is_recused_or_dropped_does_not_vote),
        cmocka_unit_test(the_same_vote_again_changes_nothing),
        cmocka_unit_test(an_organisation_recuses_itself_once_while_it_is_open),
        cmocka_unit_test(who_opened_it_withdraws_it),
        cmocka_unit_test(words_go_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
