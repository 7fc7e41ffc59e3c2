/* How organisations come in and go out (domain.md A1-A3). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/instant.h"
#include "services/membership/rules/partner.h"

enum { NOW = 1000000, TODAY = 20000 };

static struct partner partner_make(const char *organisation, enum partner_role role,
                                   enum partner_status status)
{
    struct partner partner = {
        .role = role,
        .is_voting = true,
        .status = status,
        .joined_on = DAY_NONE,
        .left_on = DAY_NONE,
        .version = 1,
    };
    strcpy(partner.organisation, organisation);
    return partner;
}

static struct founding founding_make(void)
{
    struct founding founding = {
        .starts_on = TODAY,
        .ends_on = TODAY + 1,
        .agreement_starts_on = TODAY,
        .deadline_ms = NOW + 1,
        .founders = {partner_make("ZZ1", PARTNER_PROVIDER, PARTNER_PROPOSED),
                     partner_make("ZZ2", PARTNER_COMMISSIONER, PARTNER_PROPOSED)},
        .founder_count = 2,
        .caller_organisation = "ZZ1",
    };
    return founding;
}

static void founding_refused(struct founding founding, const char *pointer)
{
    struct problem err = {0};
    assert_false(founding_decide(&founding, NOW, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    assert_int_equal(err.fault_count, 1);
    assert_string_equal(err.faults[0].pointer, pointer);
}

static void a_commissioner_and_a_provider_found_an_alliance(void **state)
{
    (void)state;
    struct problem err = {0};
    struct founding founding = founding_make();
    assert_true(founding_decide(&founding, NOW, &err));
    founding.has_director = true;
    strcpy(founding.director_organisation, "ZZ2");
    assert_true(founding_decide(&founding, NOW, &err));
    founding.deadline_ms = NOW + DECISION_OPEN_MS_MAX;
    assert_true(founding_decide(&founding, NOW, &err));
}

static void founders_of_one_role_are_refused(void **state)
{
    (void)state;
    struct founding founding = founding_make();
    founding.founders[1].role = PARTNER_PROVIDER;
    founding_refused(founding, "/founders");
    founding = founding_make();
    founding.founders[0].role = PARTNER_COMMISSIONER;
    founding_refused(founding, "/founders");
}

static void an_associate_does_not_make_the_balance(void **state)
{
    (void)state;
    struct founding founding = founding_make();
    founding.founders[1].is_voting = false;
    founding_refused(founding, "/founders");
}

static void a_founder_stands_once(void **state)
{
    (void)state;
    struct founding founding = founding_make();
    founding.founders[2] = founding.founders[0];
    founding.founder_count = 3;
    founding_refused(founding, "/founders/2/organisation");
}

static void dates_of_a_founding_are_in_order(void **state)
{
    (void)state;
    struct founding founding = founding_make();
    founding.ends_on = founding.starts_on;
    founding_refused(founding, "/endsOn");
    founding = founding_make();
    founding.agreement_starts_on++;
    founding_refused(founding, "/agreement/startsOn");
    founding = founding_make();
    founding.deadline_ms = NOW;
    founding_refused(founding, "/foundingDeadlineAt");
    founding.deadline_ms = NOW + DECISION_OPEN_MS_MAX + 1;
    founding_refused(founding, "/foundingDeadlineAt");
}

static void the_director_belongs_to_a_founder(void **state)
{
    (void)state;
    struct founding founding = founding_make();
    founding.has_director = true;
    strcpy(founding.director_organisation, "ZZ9");
    founding_refused(founding, "/director/organisation");
}

static void every_fault_of_a_founding_is_named(void **state)
{
    (void)state;
    struct problem err = {0};
    struct founding founding = founding_make();
    founding.ends_on = founding.starts_on;
    founding.deadline_ms = NOW;
    founding.founders[1].role = PARTNER_PROVIDER;
    assert_false(founding_decide(&founding, NOW, &err));
    assert_int_equal(err.fault_count, 3);
}

static void a_stranger_does_not_found_an_alliance_of_others(void **state)
{
    (void)state;
    struct problem err = {0};
    struct founding founding = founding_make();
    strcpy(founding.caller_organisation, "ZZ9");
    assert_false(founding_decide(&founding, NOW, &err));
    assert_int_equal(err.code, PROBLEM_NOT_ELIGIBLE);
    problem_clear(&err);
    founding.caller_is_director = true;
    assert_true(founding_decide(&founding, NOW, &err));
}

static bool apply(const struct partner *existing, enum alliance_status status,
                  const char *organisation, struct partner *ret_partner, struct problem *err)
{
    return application_decide(status, existing, organisation, "Eastgate", PARTNER_PROVIDER, true,
                              ret_partner, err);
}

static void a_newcomer_applies(void **state)
{
    (void)state;
    struct problem err = {0};
    struct partner partner;
    assert_true(apply(NULL, ALLIANCE_ACTIVE, "ZZ5", &partner, &err));
    assert_string_equal(partner.organisation, "ZZ5");
    assert_string_equal(partner.name, "Eastgate");
    assert_int_equal(partner.status, PARTNER_PROPOSED);
    assert_int_equal(partner.role, PARTNER_PROVIDER);
    assert_true(partner.is_voting);
    assert_int_equal(partner.version, 1);
    assert_int_equal(partner.joined_on, DAY_NONE);
}

static void who_is_on_the_roster_does_not_apply(void **state)
{
    (void)state;
    static const enum partner_status in[] = {PARTNER_PROPOSED, PARTNER_ACTIVE, PARTNER_SUSPENDED};
    for (size_t i = 0; i < ARRAY_LENGTH(in); i++) {
        struct problem err = {0};
        struct partner partner;
        const struct partner existing = partner_make("ZZ5", PARTNER_PROVIDER, in[i]);
        assert_false(apply(&existing, ALLIANCE_ACTIVE, "ZZ5", &partner, &err));
        assert_int_equal(err.code, PROBLEM_ALREADY_EXISTS);
    }
}

static void who_left_or_lapsed_applies_again_and_not_as_a_founder(void **state)
{
    (void)state;
    static const enum partner_status out[] = {PARTNER_LEFT, PARTNER_EXCLUDED, PARTNER_LAPSED};
    for (size_t i = 0; i < ARRAY_LENGTH(out); i++) {
        struct problem err = {0};
        struct partner partner;
        struct partner existing = partner_make("ZZ5", PARTNER_PROVIDER, out[i]);
        existing.version = 4;
        existing.is_founder = true;
        assert_true(apply(&existing, ALLIANCE_ACTIVE, "ZZ5", &partner, &err));
        assert_int_equal(partner.status, PARTNER_PROPOSED);
        assert_int_equal(partner.version, 5);
        assert_false(partner.is_founder);
    }
}

static void an_application_needs_an_organisation_and_an_active_alliance(void **state)
{
    (void)state;
    struct problem err = {0};
    struct partner partner;
    assert_false(apply(NULL, ALLIANCE_ACTIVE, "", &partner, &err));
    assert_int_equal(err.code, PROBLEM_NOT_ELIGIBLE);
    assert_false(apply(NULL, ALLIANCE_FORMING, "ZZ5", &partner, &err));
    assert_int_equal(err.code, PROBLEM_ALLIANCE_NOT_ACTIVE);
    assert_false(apply(NULL, ALLIANCE_CLOSED, "ZZ5", &partner, &err));
    assert_int_equal(err.code, PROBLEM_ALLIANCE_NOT_ACTIVE);
}

static void only_an_applicant_is_admitted_and_only_a_partner_excluded(void **state)
{
    (void)state;
    for (int status = PARTNER_PROPOSED; status <= PARTNER_LAPSED; status++) {
        struct problem err = {0};
        const struct partner partner =
            partner_make("ZZ5", PARTNER_PROVIDER, (enum partner_status)status);
        assert_int_equal(admission_check(ALLIANCE_ACTIVE, &partner, &err),
                         status == PARTNER_PROPOSED);
        assert_int_equal(exclusion_check(&partner, "", &err),
                         status == PARTNER_ACTIVE || status == PARTNER_SUSPENDED);
        assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    }
}

static void an_active_partner_is_suspended_and_a_suspended_one_reinstated(void **state)
{
    (void)state;
    for (int status = PARTNER_PROPOSED; status <= PARTNER_LAPSED; status++) {
        struct problem err = {0};
        struct partner partner = partner_make("ZZ5", PARTNER_PROVIDER, (enum partner_status)status);
        assert_int_equal(suspension_check(&partner, "", &err), status == PARTNER_ACTIVE);
        assert_int_equal(reinstatement_check(&partner, &err), status == PARTNER_SUSPENDED);
        assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    }
    struct partner partner = partner_make("ZZ5", PARTNER_PROVIDER, PARTNER_ACTIVE);
    partner.joined_on = TODAY - 9;
    assert_true(partner_has_vote(&partner));
    partner_suspend(&partner, TODAY);
    assert_int_equal(partner.status, PARTNER_SUSPENDED);
    assert_false(partner_has_vote(&partner));
    partner_reinstate(&partner, TODAY);
    assert_true(partner_has_vote(&partner));
    assert_int_equal(partner.joined_on, TODAY - 9);
    assert_int_equal(partner.version, 3);
    partner.is_voting = false;
    assert_false(partner_has_vote(&partner));
}

static void a_host_stays_until_its_function_is_handed_over(void **state)
{
    (void)state;
    struct problem err = {0};
    struct partner host = partner_make("ZZ5", PARTNER_PROVIDER, PARTNER_ACTIVE);
    assert_false(departure_decide(&host, "employer", TODAY, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    assert_non_null(strstr(err.detail, "ZZ5 is the host of employer"));
    assert_int_equal(host.status, PARTNER_ACTIVE);
    problem_clear(&err);
    assert_false(exclusion_check(&host, "employer", &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    problem_clear(&err);
    assert_false(suspension_check(&host, "employer", &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    assert_true(suspension_check(&host, "", &err));
}

static void only_an_active_alliance_admits(void **state)
{
    (void)state;
    static const enum alliance_status others[] = {ALLIANCE_FORMING, ALLIANCE_CLOSING,
                                                  ALLIANCE_CLOSED};
    const struct partner applicant = partner_make("ZZ5", PARTNER_PROVIDER, PARTNER_PROPOSED);
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        struct problem err = {0};
        assert_false(admission_check(others[i], &applicant, &err));
        assert_int_equal(err.code, PROBLEM_ALLIANCE_NOT_ACTIVE);
    }
}

static void an_applicant_is_one_until_it_is_decided_and_never_a_founder(void **state)
{
    (void)state;
    struct partner partner = partner_make("ZZ5", PARTNER_PROVIDER, PARTNER_PROPOSED);
    assert_true(partner_is_applicant(&partner));
    partner.is_founder = true;
    assert_false(partner_is_applicant(&partner));
    partner.is_founder = false;
    partner_lapse(&partner);
    assert_false(partner_is_applicant(&partner));
}

static void an_active_alliance_closes_and_a_closing_one_is_dissolved(void **state)
{
    (void)state;
    for (int status = ALLIANCE_FORMING; status <= ALLIANCE_CLOSED; status++) {
        struct problem err = {0};
        assert_int_equal(closing_check((enum alliance_status)status, &err),
                         status == ALLIANCE_ACTIVE);
        assert_int_equal(dissolution_check((enum alliance_status)status, &err),
                         status == ALLIANCE_CLOSING);
        assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
    }
}

static void admission_and_exclusion_leave_their_dates(void **state)
{
    (void)state;
    struct partner partner = partner_make("ZZ5", PARTNER_PROVIDER, PARTNER_PROPOSED);
    partner.left_on = TODAY - 100;
    partner_admit(&partner, TODAY);
    assert_int_equal(partner.status, PARTNER_ACTIVE);
    assert_int_equal(partner.joined_on, TODAY);
    assert_int_equal(partner.left_on, DAY_NONE);
    assert_int_equal(partner.version, 2);
    partner_exclude(&partner, TODAY + 7);
    assert_int_equal(partner.status, PARTNER_EXCLUDED);
    assert_int_equal(partner.joined_on, TODAY);
    assert_int_equal(partner.left_on, TODAY + 7);
    assert_int_equal(partner.version, 3);
}

static void a_partner_leaves_and_an_applicant_withdraws(void **state)
{
    (void)state;
    struct problem err = {0};
    struct partner partner = partner_make("ZZ5", PARTNER_PROVIDER, PARTNER_ACTIVE);
    assert_true(departure_decide(&partner, "", TODAY, &err));
    assert_int_equal(partner.status, PARTNER_LEFT);
    assert_int_equal(partner.left_on, TODAY);
    struct partner applicant = partner_make("ZZ5", PARTNER_PROVIDER, PARTNER_PROPOSED);
    assert_true(departure_decide(&applicant, "", TODAY, &err));
    assert_int_equal(applicant.status, PARTNER_LAPSED);
    assert_int_equal(applicant.left_on, DAY_NONE);
    struct partner suspended = partner_make("ZZ5", PARTNER_PROVIDER, PARTNER_SUSPENDED);
    assert_true(departure_decide(&suspended, "", TODAY, &err));
}

static void who_is_out_or_founding_does_not_leave(void **state)
{
    (void)state;
    static const enum partner_status out[] = {PARTNER_LEFT, PARTNER_EXCLUDED, PARTNER_LAPSED};
    for (size_t i = 0; i < ARRAY_LENGTH(out); i++) {
        struct problem err = {0};
        struct partner partner = partner_make("ZZ5", PARTNER_PROVIDER, out[i]);
        assert_false(departure_decide(&partner, "", TODAY, &err));
        assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
        assert_int_equal(partner.version, 1);
    }
    struct problem err = {0};
    struct partner founder = partner_make("ZZ5", PARTNER_PROVIDER, PARTNER_PROPOSED);
    founder.is_founder = true;
    assert_false(departure_decide(&founder, "", TODAY, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_commissioner_and_a_provider_found_an_alliance),
        cmocka_unit_test(founders_of_one_role_are_refused),
        cmocka_unit_test(an_associate_does_not_make_the_balance),
        cmocka_unit_test(a_founder_stands_once),
        cmocka_unit_test(dates_of_a_founding_are_in_order),
        cmocka_unit_test(the_director_belongs_to_a_founder),
        cmocka_unit_test(every_fault_of_a_founding_is_named),
        cmocka_unit_test(a_stranger_does_not_found_an_alliance_of_others),
        cmocka_unit_test(a_newcomer_applies),
        cmocka_unit_test(who_is_on_the_roster_does_not_apply),
        cmocka_unit_test(who_left_or_lapsed_applies_again_and_not_as_a_founder),
        cmocka_unit_test(an_application_needs_an_organisation_and_an_active_alliance),
        cmocka_unit_test(only_an_applicant_is_admitted_and_only_a_partner_excluded),
        cmocka_unit_test(an_active_partner_is_suspended_and_a_suspended_one_reinstated),
        cmocka_unit_test(a_host_stays_until_its_function_is_handed_over),
        cmocka_unit_test(only_an_active_alliance_admits),
        cmocka_unit_test(an_applicant_is_one_until_it_is_decided_and_never_a_founder),
        cmocka_unit_test(an_active_alliance_closes_and_a_closing_one_is_dissolved),
        cmocka_unit_test(admission_and_exclusion_leave_their_dates),
        cmocka_unit_test(a_partner_leaves_and_an_applicant_withdraws),
        cmocka_unit_test(who_is_out_or_founding_does_not_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
