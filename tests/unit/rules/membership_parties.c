/* Who is named where in the agreement's terms of money (domain.md A15, B7 to B9). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/membership/rules/agreement.h"
#include "services/membership/rules/parties.h"

static const struct partner PARTNERS[] = {
    {.organisation = "ZZ1", .role = PARTNER_COMMISSIONER, .status = PARTNER_ACTIVE},
    {.organisation = "ZZ2", .role = PARTNER_COMMISSIONER, .status = PARTNER_PROPOSED},
    {.organisation = "ZZ3", .role = PARTNER_PROVIDER, .status = PARTNER_ACTIVE},
    {.organisation = "ZZ4", .role = PARTNER_PROVIDER, .status = PARTNER_SUSPENDED},
    {.organisation = "ZZ5", .role = PARTNER_PROVIDER, .status = PARTNER_LEFT},
};

/* A gain-loss pool, one with bands, one without a mechanism, a contract and a guarantee. */
static struct terms *terms_new(void)
{
    struct terms *terms = calloc(1, sizeof *terms);
    assert_non_null(terms);
    terms->pool_count = 3;
    terms->pools[0] = (struct pool_terms){
        .mechanism = MECHANISM_GAIN_LOSS,
        .provider = "ZZ3",
        .commissioner = "ZZ1",
        .has_split = true,
        .band_count = 1,
        .bands[0] = {.split = {{"ZZ3", 5000}, {"ZZ1", 5000}}, .split_count = 2},
        .gain_residual_to = "ring-fence:elective",
        .loss_residual_to = "ZZ4",
    };
    terms->pools[1] = terms->pools[0];
    terms->pools[1].has_split = false;
    terms->pools[1].has_bands = true;
    terms->pools[1].band_count = 2;
    terms->pools[1].bands[1] = terms->pools[1].bands[0];
    strcpy(terms->pools[1].gain_residual_to, "ZZ2");
    terms->contracts[terms->contract_count++] = (struct contract_terms){"ZZ4", "ZZ2", 12};
    terms->guarantees[terms->guarantee_count++] =
        (struct guarantee_terms){.organisation = "ZZ3", .commissioner = "ZZ1"};
    return terms;
}

static bool check(const struct terms *terms, struct problem *err)
{
    return parties_check(terms, PARTNERS, ARRAY_LENGTH(PARTNERS), "/parameters", err);
}

static void partners_may_be_named(void **state)
{
    (void)state;
    struct problem err = {0};
    struct terms *terms = terms_new();
    if (!check(terms, &err))
        fail_msg("%s: %s", err.faults[0].pointer, err.faults[0].detail);
    free(terms);
}

/* One name is another one now: that, and nothing else, is refused. */
static void refused(size_t offset, const char *organisation, const char *pointer, const char *code)
{
    struct problem err = {0};
    struct terms *terms = terms_new();
    strcpy((char *)terms + offset, organisation);
    assert_false(check(terms, &err));
    if (err.fault_count != 1 || strcmp(err.faults[0].pointer, pointer) != 0 ||
        strcmp(err.faults[0].code, code) != 0)
        fail_msg("%s %s: %zu faults, %s %s", pointer, code, err.fault_count, err.faults[0].pointer,
                 err.faults[0].code);
    assert_int_equal(err.code,
                     strcmp(code, "role") == 0 ? PROBLEM_RULE_BROKEN : PROBLEM_REFERENCE_UNKNOWN);
    free(terms);
}

static void strangers_are_named_wherever_they_stand(void **state)
{
    (void)state;
    static const struct {
        size_t offset;
        const char *pointer;
    } places[] = {
        {offsetof(struct terms, pools[0].provider), "/parameters/pools/0/provider"},
        {offsetof(struct terms, pools[0].commissioner), "/parameters/pools/0/commissioner"},
        {offsetof(struct terms, pools[0].bands[0].split[1].organisation),
         "/parameters/pools/0/parameters/split/1/organisation"},
        {offsetof(struct terms, pools[1].bands[1].split[0].organisation),
         "/parameters/pools/1/parameters/bands/1/split/0/organisation"},
        {offsetof(struct terms, pools[0].gain_residual_to),
         "/parameters/pools/0/parameters/gainResidualTo"},
        {offsetof(struct terms, pools[0].loss_residual_to),
         "/parameters/pools/0/parameters/lossResidualTo"},
        {offsetof(struct terms, contracts[0].provider), "/parameters/contracts/0/provider"},
        {offsetof(struct terms, contracts[0].commissioner), "/parameters/contracts/0/commissioner"},
        {offsetof(struct terms, guarantees[0].organisation),
         "/parameters/guarantee/0/organisation"},
        {offsetof(struct terms, guarantees[0].commissioner),
         "/parameters/guarantee/0/commissioner"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(places); i++) {
        refused(places[i].offset, "ZZ9", places[i].pointer, "unknown-partner");
        refused(places[i].offset, "ZZ5", places[i].pointer, "unknown-partner"); /* has left */
    }
}

static void who_provides_is_a_provider_and_who_commissions_a_commissioner(void **state)
{
    (void)state;
    refused(offsetof(struct terms, pools[0].provider), "ZZ2", "/parameters/pools/0/provider",
            "role");
    refused(offsetof(struct terms, pools[0].commissioner), "ZZ4",
            "/parameters/pools/0/commissioner", "role");
    refused(offsetof(struct terms, contracts[0].provider), "ZZ1",
            "/parameters/contracts/0/provider", "role");
    refused(offsetof(struct terms, guarantees[0].commissioner), "ZZ4",
            "/parameters/guarantee/0/commissioner", "role");
}

static void an_agreement_is_refused_for_its_terms_and_for_its_parties(void **state)
{
    (void)state;
    struct agreement_terms *agreement = calloc(1, sizeof *agreement);
    assert_non_null(agreement);
    struct problem err = {0};
    agreement->money.contract_count = 1;
    agreement->money.contracts[0] = (struct contract_terms){"ZZ9", "ZZ1", -1};
    assert_false(agreement_check(agreement, PARTNERS, ARRAY_LENGTH(PARTNERS), "/parameters", &err));
    assert_int_equal(err.fault_count, 2);
    assert_string_equal(err.faults[0].pointer, "/parameters/contracts/0/yearPence");
    assert_string_equal(err.faults[1].pointer, "/parameters/contracts/0/provider");
    free(agreement);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(partners_may_be_named),
        cmocka_unit_test(strangers_are_named_wherever_they_stand),
        cmocka_unit_test(who_provides_is_a_provider_and_who_commissions_a_commissioner),
        cmocka_unit_test(an_agreement_is_refused_for_its_terms_and_for_its_parties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
