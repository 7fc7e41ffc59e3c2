/* Interests, conflicts and rulings (domain.md A8, A10). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/instant.h"
#include "services/membership/rules/decision.h"
#include "services/membership/rules/interest.h"
#include "services/membership/rules/tally.h"
#include "services/membership/rules/terms.h"

enum { TODAY = 20000 };
#define NOW (INT64_C(20000) * 86400000)

static const struct interest INTEREST = {
    .organisation = "ZZ2",
    .type = INTEREST_FINANCIAL,
    .in_organisation = "ZZ3",
    .starts_on = TODAY - 10,
    .ends_on = DAY_NONE,
    .declared_ms = NOW,
    .refreshed_ms = NOW,
    .version = 1,
};
static const struct partner PARTNER = {.organisation = "ZZ2", .status = PARTNER_ACTIVE};

static void refused(const struct interest *interest, const struct partner *partner,
                    enum problem_code code, const char *pointer)
{
    struct problem err = {0};
    assert_false(interest_decide(interest, partner, &err));
    assert_int_equal(err.code, code);
    assert_string_equal(err.faults[0].pointer, pointer);
}

static void an_interest_is_a_partners_and_touches_one_thing(void **state)
{
    (void)state;
    struct problem err = {0};
    struct interest interest = INTEREST;
    struct partner partner = PARTNER;
    assert_true(interest_decide(&interest, &partner, &err));
    refused(&interest, NULL, PROBLEM_REFERENCE_UNKNOWN, "/organisation");
    partner.status = PARTNER_LEFT;
    refused(&interest, &partner, PROBLEM_REFERENCE_UNKNOWN, "/organisation");
    strcpy(interest.in_reference, "risk/risks");
    refused(&interest, &PARTNER, PROBLEM_RULE_BROKEN, "/inOrganisation");
    interest.in_organisation[0] = '\0';
    assert_true(interest_decide(&interest, &PARTNER, &err));
    interest.in_reference[0] = '\0';
    refused(&interest, &PARTNER, PROBLEM_RULE_BROKEN, "/inOrganisation");
    strcpy(interest.in_organisation, "ZZ2");
    refused(&interest, &PARTNER, PROBLEM_RULE_BROKEN, "/inOrganisation");
}

static void an_interest_ends_after_it_starts(void **state)
{
    (void)state;
    struct problem err = {0};
    struct interest interest = INTEREST;
    interest.ends_on = interest.starts_on;
    refused(&interest, &PARTNER, PROBLEM_RULE_BROKEN, "/endsOn");
    interest.ends_on = interest.starts_on + 1;
    assert_true(interest_decide(&interest, &PARTNER, &err));
}

static void it_is_overdue_a_year_after_it_was_refreshed(void **state)
{
    (void)state;
    struct interest interest = INTEREST;
    assert_int_equal(interest_state_at(&interest, TODAY, NOW), INTEREST_CURRENT);
    assert_int_equal(interest_state_at(&interest, TODAY, NOW + INTEREST_FRESH_MS - 1),
                     INTEREST_CURRENT);
    assert_int_equal(interest_state_at(&interest, TODAY, NOW + INTEREST_FRESH_MS),
                     INTEREST_OVERDUE);
    interest.ends_on = TODAY + 1;
    assert_int_equal(interest_state_at(&interest, TODAY, NOW + INTEREST_FRESH_MS),
                     INTEREST_OVERDUE);
    interest.ends_on = TODAY;
    assert_int_equal(interest_state_at(&interest, TODAY, NOW), INTEREST_ENDED);
}

static void it_is_refreshed_for_a_year_or_ends(void **state)
{
    (void)state;
    struct problem err = {0};
    struct interest interest = INTEREST;
    assert_true(interest_refresh(&interest, DAY_NONE, TODAY, NOW + 5, &err));
    assert_int_equal(interest.version, 2);
    assert_true(interest.refreshed_ms == NOW + 5);
    assert_false(interest_refresh(&interest, TODAY - 1, TODAY, NOW, &err));
    assert_string_equal(err.faults[0].pointer, "/endsOn");
    assert_true(interest_refresh(&interest, TODAY, TODAY, NOW, &err));
    problem_clear(&err);
    assert_false(interest_refresh(&interest, DAY_NONE, TODAY, NOW, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    interest.starts_on = TODAY + 5;
    interest.ends_on = DAY_NONE;
    problem_clear(&err);
    assert_false(interest_refresh(&interest, TODAY + 5, TODAY, NOW, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
}

static void it_touches_the_organisations_concerned(void **state)
{
    (void)state;
    const char *const concerned[] = {"ZZ1", "ZZ3"};
    assert_true(interest_touches(&INTEREST, "ZZ2", "reinvestment/cases/1", concerned, 2));
    assert_false(interest_touches(&INTEREST, "ZZ2", "reinvestment/cases/1", concerned, 1));
    assert_false(interest_touches(&INTEREST, "ZZ2", "reinvestment/cases/1", NULL, 0));
    /* The person speaks for that very organisation: no interest in another. */
    assert_false(interest_touches(&INTEREST, "ZZ3", "reinvestment/cases/1", concerned, 2));
}

static void it_touches_the_subject_and_what_lies_below_it(void **state)
{
    (void)state;
    struct interest interest = {.in_reference = "kpi/indicators/wait"};
    assert_true(interest_touches(&interest, "ZZ2", "kpi/indicators/wait", NULL, 0));
    assert_true(
        interest_touches(&interest, "ZZ2", "kpi/indicators/wait/specifications/1", NULL, 0));
    assert_false(interest_touches(&interest, "ZZ2", "kpi/indicators/waits", NULL, 0));
    assert_false(interest_touches(&interest, "ZZ2", "kpi/indicators", NULL, 0));
}

static struct elector elector_make(const char *organisation)
{
    struct elector elector = {.role = PARTNER_COMMISSIONER,
                              .state = ELECTOR_ELIGIBLE,
                              .changed_ms = INSTANT_NONE,
                              .version = 1};
    strcpy(elector.organisation, organisation);
    return elector;
}

static void a_conflict_says_whose_interest_in_what(void **state)
{
    (void)state;
    struct interest interest = INTEREST;
    struct elector elector = elector_make("ZZ2");
    elector_conflict(&elector, &interest, false);
    assert_int_equal(elector.ruling, RULING_PENDING);
    assert_int_equal(elector.version, 2);
    assert_string_equal(elector.conflict, "ZZ2 has a financial interest in ZZ3.");
    interest.type = INTEREST_INDIRECT;
    elector_conflict(&elector, &interest, true);
    assert_string_equal(elector.conflict,
                        "The only person who speaks for ZZ2 has an indirect interest in ZZ3.");
}

static void a_ruling_waits_for_the_chair_of_another_organisation(void **state)
{
    (void)state;
    struct problem err = {0};
    struct elector elector = elector_make("ZZ2");
    assert_false(ruling_decide(NULL, "ZZ1", &err));
    assert_int_equal(err.code, PROBLEM_NOT_ELIGIBLE);
    assert_false(ruling_decide(&elector, "ZZ1", &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    elector_conflict(&elector, &INTEREST, false);
    assert_false(ruling_decide(&elector, "ZZ2", &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    assert_true(ruling_decide(&elector, "ZZ1", &err));
}

static void who_is_ruled_to_take_part_stays_eligible(void **state)
{
    (void)state;
    struct elector elector = elector_make("ZZ2");
    elector_conflict(&elector, &INTEREST, false);
    elector_rule(&elector, RULING_TAKE_PART, "It is small.", NOW);
    assert_int_equal(elector.state, ELECTOR_ELIGIBLE);
    assert_int_equal(elector.ruling, RULING_TAKE_PART);
    assert_string_equal(elector.conflict, "ZZ2 has a financial interest in ZZ3.");
    assert_string_equal(elector.reason, "");
    assert_int_equal(elector.version, 3);
}

static void who_is_ruled_to_stand_aside_says_so_in_public(void **state)
{
    (void)state;
    struct elector elector = elector_make("ZZ2");
    elector_conflict(&elector, &INTEREST, false);
    elector_rule(&elector, RULING_RECUSE, "It is large.", NOW);
    assert_int_equal(elector.state, ELECTOR_RECUSED);
    assert_int_equal(elector.ruling, RULING_RECUSE);
    assert_string_equal(elector.reason, "It is large.");
    assert_string_equal(elector.conflict, "ZZ2 has a financial interest in ZZ3.");
    assert_true(elector.changed_ms == NOW);
}

static void standing_aside_by_itself_ends_what_was_pending(void **state)
{
    (void)state;
    struct elector elector = elector_make("ZZ2");
    elector_conflict(&elector, &INTEREST, false);
    elector_recuse(&elector, "We own it.", NOW);
    assert_int_equal(elector.ruling, RULING_NONE);
    assert_string_equal(elector.conflict, "");
}

static void at_the_deadline_who_was_not_ruled_on_is_recused(void **state)
{
    (void)state;
    struct elector elector = elector_make("ZZ2");
    assert_false(elector_settle(&elector, NOW));
    elector_conflict(&elector, &INTEREST, false);
    assert_true(elector_settle(&elector, NOW));
    assert_int_equal(elector.state, ELECTOR_RECUSED);
    assert_string_equal(elector.reason,
                        "No ruling was made in time. ZZ2 has a financial interest in ZZ3.");
    assert_false(elector_settle(&elector, NOW));
}

/* A8: it closes early only when every eligible elector has voted and no recusal or ruling is
 * pending; at the deadline an unruled one is recused: 3A 1D 1R of the table. */
static void a_pending_ruling_holds_the_decision_open_until_its_deadline(void **state)
{
    (void)state;
    struct elector electors[5];
    static const enum vote_choice choices[] = {CHOICE_AGREE, CHOICE_AGREE, CHOICE_AGREE,
                                               CHOICE_DISAGREE, CHOICE_AGREE};
    for (int i = 0; i < 5; i++) {
        electors[i] = elector_make("ZZ2");
        electors[i].organisation[2] = (char)('1' + i);
        electors[i].role = i % 2 == 0 ? PARTNER_PROVIDER : PARTNER_COMMISSIONER;
        electors[i].choice = choices[i];
    }
    elector_conflict(&electors[4], &INTEREST, false);
    struct tally tally = tally_of(electors, 5);
    assert_int_equal(tally.pending, 1);
    assert_int_equal(tally.eligible, 5);
    assert_int_equal(decision_outcome(RULE_TWO_THIRDS, &tally, false), DECISION_OPEN);
    assert_true(elector_settle(&electors[4], NOW));
    tally = tally_of(electors, 5);
    assert_int_equal(tally.pending, 0);
    assert_int_equal(tally.eligible, 4);
    assert_int_equal(tally.recused, 1);
    assert_int_equal(decision_outcome(RULE_TWO_THIRDS, &tally, true), DECISION_CARRIED);
    assert_int_equal(decision_outcome(RULE_UNANIMOUS, &tally, true), DECISION_REJECTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interest_is_a_partners_and_touches_one_thing),
        cmocka_unit_test(an_interest_ends_after_it_starts),
        cmocka_unit_test(it_is_overdue_a_year_after_it_was_refreshed),
        cmocka_unit_test(it_is_refreshed_for_a_year_or_ends),
        cmocka_unit_test(it_touches_the_organisations_concerned),
        cmocka_unit_test(it_touches_the_subject_and_what_lies_below_it),
        cmocka_unit_test(a_conflict_says_whose_interest_in_what),
        cmocka_unit_test(a_ruling_waits_for_the_chair_of_another_organisation),
        cmocka_unit_test(who_is_ruled_to_take_part_stays_eligible),
        cmocka_unit_test(who_is_ruled_to_stand_aside_says_so_in_public),
        cmocka_unit_test(standing_aside_by_itself_ends_what_was_pending),
        cmocka_unit_test(at_the_deadline_who_was_not_ruled_on_is_recused),
        cmocka_unit_test(a_pending_ruling_holds_the_decision_open_until_its_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
