/* The agreement's parameters and versions (domain.md A8, A9, A15). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/instant.h"
#include "services/membership/rules/agreement.h"

static const struct partner PARTNERS[] = {
    {.organisation = "ZZ1", .status = PARTNER_ACTIVE},
    {.organisation = "ZZ2", .status = PARTNER_PROPOSED},
    {.organisation = "ZZ3", .status = PARTNER_SUSPENDED},
    {.organisation = "ZZ4", .status = PARTNER_LEFT},
};

static bool check(const struct agreement_terms *terms, struct problem *err)
{
    return agreement_check(terms, PARTNERS, ARRAY_LENGTH(PARTNERS), "/parameters", err);
}

static void refused(const struct agreement_terms *terms, enum problem_code code,
                    const char *pointer)
{
    struct problem err = {0};
    assert_false(check(terms, &err));
    assert_int_equal(err.fault_count, 1);
    assert_int_equal(err.code, code);
    assert_string_equal(err.faults[0].pointer, pointer);
}

static void parameters_may_be_empty(void **state)
{
    (void)state;
    struct problem err = {0};
    const struct agreement_terms terms = {0};
    assert_true(check(&terms, &err));
}

static void a_reserved_kind_stays_unanimous(void **state)
{
    (void)state;
    struct agreement_terms terms = {
        .rules = {{KIND_GENERAL, RULE_SIMPLE_MAJORITY, ""}, {KIND_MOVE_MONEY, RULE_TWO_THIRDS, ""}},
        .rule_count = 2,
    };
    refused(&terms, PROBLEM_RULE_BROKEN, "/parameters/rules/1/rule");
    struct problem err = {0};
    terms.rules[1].rule = RULE_UNANIMOUS;
    assert_true(check(&terms, &err));
}

static void a_kind_has_one_rule(void **state)
{
    (void)state;
    const struct agreement_terms terms = {
        .rules = {{KIND_GENERAL, RULE_SIMPLE_MAJORITY, ""}, {KIND_GENERAL, RULE_TWO_THIRDS, ""}},
        .rule_count = 2,
    };
    refused(&terms, PROBLEM_RULE_BROKEN, "/parameters/rules/1/kind");
}

static void shares_add_up_to_the_whole(void **state)
{
    (void)state;
    struct agreement_terms terms = {.shares = {{"ZZ1", 6000}, {"ZZ2", 4000}}, .share_count = 2};
    struct problem err = {0};
    assert_true(check(&terms, &err));
    terms.shares[1].share_bp = 3999;
    refused(&terms, PROBLEM_RULE_BROKEN, "/parameters/shares");
    terms.shares[1].share_bp = 4001;
    refused(&terms, PROBLEM_RULE_BROKEN, "/parameters/shares");
}

static void a_partner_has_one_share(void **state)
{
    (void)state;
    const struct agreement_terms terms = {.shares = {{"ZZ1", 6000}, {"ZZ1", 4000}},
                                          .share_count = 2};
    refused(&terms, PROBLEM_RULE_BROKEN, "/parameters/shares/1/organisation");
}

static void only_partners_and_applicants_have_shares(void **state)
{
    (void)state;
    struct agreement_terms terms = {.shares = {{"ZZ3", 5000}, {"ZZ4", 5000}}, .share_count = 2};
    refused(&terms, PROBLEM_REFERENCE_UNKNOWN, "/parameters/shares/1/organisation");
    strcpy(terms.shares[1].organisation, "ZZ9");
    refused(&terms, PROBLEM_REFERENCE_UNKNOWN, "/parameters/shares/1/organisation");
}

static void codes_stand_once(void **state)
{
    (void)state;
    const struct agreement_terms pools = {.pools = {"planned", "urgent", "planned"},
                                          .pool_count = 3};
    refused(&pools, PROBLEM_RULE_BROKEN, "/parameters/pools/2/code");
    const struct agreement_terms fences = {.ring_fences = {"elective", "elective"},
                                           .ring_fence_count = 2};
    refused(&fences, PROBLEM_RULE_BROKEN, "/parameters/ringFences/1/code");
}

static void every_fault_of_the_parameters_is_named(void **state)
{
    (void)state;
    const struct agreement_terms terms = {
        .rules = {{KIND_ADMIT, RULE_SIMPLE_MAJORITY, ""}},
        .rule_count = 1,
        .shares = {{"ZZ9", 1}},
        .share_count = 1,
        .pools = {"planned", "planned"},
        .pool_count = 2,
    };
    struct problem err = {0};
    assert_false(check(&terms, &err));
    assert_int_equal(err.fault_count, 4);
}

static void a_reserved_kind_is_not_delegated(void **state)
{
    (void)state;
    struct problem err = {0};
    struct agreement_terms terms = {
        .rules = {{KIND_AGREE_SPECIFICATION, RULE_TWO_THIRDS, "quality"}}, .rule_count = 1};
    assert_true(check(&terms, &err));
    terms.rules[0].kind = KIND_SPEND_RING_FENCE;
    terms.rules[0].rule = RULE_UNANIMOUS;
    refused(&terms, PROBLEM_RULE_BROKEN, "/parameters/rules/0/group");
}

static void what_is_delegated_goes_to_a_group_with_a_vote(void **state)
{
    (void)state;
    const struct group groups[] = {
        {.code = "quality", .kind = GROUP_PERFORMANCE_AND_QUALITY},
        {.code = "public", .kind = GROUP_PATIENT_AND_PUBLIC_PARTNERSHIP}};
    struct agreement_terms terms = {
        .rules = {{KIND_GENERAL, RULE_UNANIMOUS, ""},
                  {KIND_AGREE_SPECIFICATION, RULE_UNANIMOUS, "quality"}},
        .rule_count = 2};
    struct problem err = {0};
    assert_true(delegations_check(&terms, groups, 2, "/parameters", &err));
    assert_false(delegations_check(&terms, &groups[1], 1, "/parameters", &err));
    assert_int_equal(err.code, PROBLEM_REFERENCE_UNKNOWN);
    assert_string_equal(err.faults[0].pointer, "/parameters/rules/1/group");
    problem_clear(&err);
    strcpy(terms.rules[1].group_code, "public");
    assert_false(delegations_check(&terms, groups, 2, "/parameters", &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    assert_string_equal(err.faults[0].code, "no-vote");
}

static const struct agreement_version VERSIONS[] = {
    {.number = 1, .starts_on = 100, .state = AGREEMENT_ADOPTED},
    {.number = 2, .starts_on = 200, .state = AGREEMENT_DRAFT},
    {.number = 4, .starts_on = 300, .state = AGREEMENT_ADOPTED},
    {.number = 3, .starts_on = 250, .state = AGREEMENT_ADOPTED},
};

static void exactly_one_version_is_in_force_on_any_date(void **state)
{
    (void)state;
    assert_int_equal(agreement_in_force(VERSIONS, 4, 99), 0);
    assert_int_equal(agreement_in_force(VERSIONS, 4, 100), 0);
    assert_int_equal(agreement_in_force(VERSIONS, 4, 249), 0);
    assert_int_equal(agreement_in_force(VERSIONS, 4, 250), 3);
    assert_int_equal(agreement_in_force(VERSIONS, 4, 299), 3);
    assert_int_equal(agreement_in_force(VERSIONS, 4, 300), 2);
    assert_int_equal(agreement_in_force(VERSIONS, 4, 100000), 2);
}

static void versions_may_be_listed_in_any_order(void **state)
{
    (void)state;
    const struct agreement_version versions[] = {
        {.number = 2, .starts_on = 200, .state = AGREEMENT_ADOPTED},
        {.number = 1, .starts_on = 100, .state = AGREEMENT_ADOPTED},
        {.number = 3, .starts_on = 300, .state = AGREEMENT_ADOPTED},
    };
    assert_int_equal(agreement_in_force(versions, 3, 99), 1); /* the first one, before it starts */
    assert_int_equal(agreement_in_force(versions, 3, 100), 1);
    assert_int_equal(agreement_in_force(versions, 3, 199), 1);
    assert_int_equal(agreement_in_force(versions, 3, 200), 0);
    assert_int_equal(agreement_in_force(versions, 3, 300), 2);
}

static void an_adopted_version_says_by_which_decision_and_when(void **state)
{
    (void)state;
    struct agreement_version version = {.number = 2, .state = AGREEMENT_DRAFT, .version = 4};
    agreement_adopt(&version, "0193f5a3-1b22-7d4e-8b55-6c7a2a1d3e4f", 1000);
    assert_int_equal(version.state, AGREEMENT_ADOPTED);
    assert_int_equal(version.adopted_ms, 1000);
    assert_string_equal(version.decision_id, "0193f5a3-1b22-7d4e-8b55-6c7a2a1d3e4f");
    assert_int_equal(version.version, 5);
}

static void a_draft_is_never_in_force(void **state)
{
    (void)state;
    assert_int_equal(agreement_in_force(&VERSIONS[1], 1, 500), -1);
    assert_int_equal(agreement_in_force(VERSIONS, 0, 500), -1);
}

static bool adopt(int32_t starts_on, enum agreement_state state, struct problem *err)
{
    const struct agreement_version version = {.number = 5, .starts_on = starts_on, .state = state};
    return adoption_check(&version, VERSIONS, 4, 100, 1000, err);
}

static void a_version_starts_after_every_adopted_one(void **state)
{
    (void)state;
    struct problem err = {0};
    assert_true(adopt(301, AGREEMENT_DRAFT, &err));
    assert_false(adopt(300, AGREEMENT_DRAFT, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    assert_false(adopt(260, AGREEMENT_DRAFT, &err));
}

static void a_version_starts_within_the_alliances_time(void **state)
{
    (void)state;
    struct problem err = {0};
    assert_true(adopt(999, AGREEMENT_DRAFT, &err));
    assert_false(adopt(1000, AGREEMENT_DRAFT, &err));
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    problem_clear(&err);
    assert_false(adopt(99, AGREEMENT_DRAFT, &err));
    assert_string_equal(err.faults[0].code, "outside");
}

static void the_first_version_may_start_with_the_alliance(void **state)
{
    (void)state;
    struct problem err = {0};
    struct agreement_version version = {
        .number = 1, .starts_on = 100, .state = AGREEMENT_DRAFT, .version = 1};
    assert_true(adoption_check(&version, NULL, 0, 100, 1000, &err));
    version.starts_on = 99;
    assert_false(adoption_check(&version, NULL, 0, 100, 1000, &err));
}

static void a_version_is_adopted_once(void **state)
{
    (void)state;
    struct problem err = {0};
    assert_false(adopt(400, AGREEMENT_ADOPTED, &err));
    assert_int_equal(err.code, PROBLEM_STATE_CONFLICT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_may_be_empty),
        cmocka_unit_test(a_reserved_kind_stays_unanimous),
        cmocka_unit_test(a_kind_has_one_rule),
        cmocka_unit_test(shares_add_up_to_the_whole),
        cmocka_unit_test(a_partner_has_one_share),
        cmocka_unit_test(only_partners_and_applicants_have_shares),
        cmocka_unit_test(codes_stand_once),
        cmocka_unit_test(every_fault_of_the_parameters_is_named),
        cmocka_unit_test(a_reserved_kind_is_not_delegated),
        cmocka_unit_test(what_is_delegated_goes_to_a_group_with_a_vote),
        cmocka_unit_test(exactly_one_version_is_in_force_on_any_date),
        cmocka_unit_test(versions_may_be_listed_in_any_order),
        cmocka_unit_test(a_draft_is_never_in_force),
        cmocka_unit_test(a_version_starts_after_every_adopted_one),
        cmocka_unit_test(a_version_starts_within_the_alliances_time),
        cmocka_unit_test(the_first_version_may_start_with_the_alliance),
        cmocka_unit_test(a_version_is_adopted_once),
        cmocka_unit_test(an_adopted_version_says_by_which_decision_and_when),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
