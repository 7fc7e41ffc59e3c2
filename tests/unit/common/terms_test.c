/* An agreement's terms of money: read whole, and every fault of them named at its place. Vectors:
 * domain.md B7 to B9. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/money.h"
#include "common/terms.h"

/* Every member that there is, each in the pool that it is for. */
static const char WHOLE[] =
    "{'rules':[],'shares':[],'reserve':{'capPence':500000000},"
    "'ringFences':[{'code':'elective','purpose':'Care','categories':[],'settings':[]}],"
    "'guarantee':[{'organisation':'ZZ3','commissioner':'ZZ1','baselinePence':28000000000,"
    "'tariffImpactPence':280000000,'growthPence':420000000,'cquinBp':250}],"
    "'contracts':[{'provider':'ZZ4','commissioner':'ZZ1','yearPence':12000000000}],"
    "'pools':["
    "{'code':'open','name':'Open'},"
    "{'code':'block','name':'B','mechanism':'block','provider':'ZZ3','commissioner':'ZZ1',"
    "'parameters':{'valuePence':1}},"
    "{'code':'activity','name':'A','mechanism':'activity','provider':'ZZ3','commissioner':'ZZ1',"
    "'parameters':{'per':'month','pricePence':8500,'planUnits':200,'surplusTo':'elective'}},"
    "{'code':'marginal','name':'M','mechanism':'marginal','provider':'ZZ3','commissioner':'ZZ1',"
    "'parameters':{'pricePence':2,'baselinePence':3,'baseBp':10400,'rateAboveBp':7000,"
    "'rateBelowBp':10000}},"
    "{'code':'volume','name':'V','mechanism':'cost-and-volume','provider':'ZZ3',"
    "'commissioner':'ZZ1','parameters':{'valuePence':400000000,'pricePence':25000,"
    "'thresholdUnits':10000,'ceilingUnits':11000}},"
    "{'code':'capitation','name':'C','mechanism':'capitation','provider':'ZZ3',"
    "'commissioner':'ZZ1','parameters':{'lists':[{'people':482000,'ratePence':10000},"
    "{'people':1,'ratePence':2,'weightBp':3}]}},"
    "{'code':'planned','name':'P','mechanism':'gain-loss','provider':'ZZ3','commissioner':'ZZ1',"
    "'parameters':{'expectedPence':1000000000,'favourable':'lower','deadband':'excess-only',"
    "'deadbandPence':10000000,'gainCapPence':40000000,'lossCapPence':60000000,'qualityGate':true,"
    "'split':[{'organisation':'ZZ3','shareBp':5000},{'organisation':'ZZ1','shareBp':5000}],"
    "'gainResidualTo':'ring-fence:elective','lossResidualTo':'ZZ1'}},"
    "{'code':'banded','name':'P','mechanism':'gain-loss','provider':'ZZ3','commissioner':'ZZ1',"
    "'parameters':{'per':'year','expectedPence':100000000,'favourable':'higher',"
    "'deadband':'cliff','deadbandPence':0,"
    "'bands':[{'upToPence':10000000,'split':[{'organisation':'ZZ3','shareBp':5000},"
    "{'organisation':'ZZ1','shareBp':5000}]},{'split':[{'organisation':'ZZ3','shareBp':10000}]}],"
    "'gainResidualTo':'ZZ1','lossResidualTo':'ZZ3'}},"
    "{'code':'urgent','name':'U','mechanism':'cost-risk-share','provider':'ZZ3',"
    "'commissioner':'ZZ1','parameters':{'baselinePence':9000000000,'rateBp':5000}},"
    "{'code':'drugs','name':'D','mechanism':'cost-reduction-incentive','provider':'ZZ3',"
    "'commissioner':'ZZ1','parameters':{'baselinePence':3000000000,'rateBp':5000,"
    "'surplusTo':'elective'}}"
    "]}";

enum { OPEN, BLOCK, ACTIVITY, MARGINAL, VOLUME, CAPITATION, PLANNED, BANDED, URGENT, DRUGS, POOLS };

static json_t *parse(const char *quoted)
{
    char *text = strdup(quoted);
    assert_non_null(text);
    for (char *at = text; *at != '\0'; at++)
        if (*at == '\'')
            *at = '"';
    struct problem err = {0};
    json_t *value = NULL;
    if (!json_parse(text, strlen(text), &value, &err))
        fail_msg("%s", err.detail);
    free(text);
    return value;
}

static struct terms *terms_of(const char *quoted)
{
    struct terms *terms = malloc(sizeof *terms);
    assert_non_null(terms);
    json_t *parameters = parse(quoted);
    terms_of_json(parameters, terms);
    json_decref(parameters);
    return terms;
}

static void terms_are_read_whole(void **state)
{
    (void)state;
    struct terms *terms = terms_of(WHOLE);
    assert_int_equal(terms->pool_count, POOLS);
    assert_true(terms->has_reserve);
    assert_int_equal(terms->reserve_cap_pence, 500000000);
    assert_int_equal(terms->ring_fence_count, 1);
    assert_string_equal(terms->ring_fences[0], "elective");
    assert_string_equal(terms->guarantees[0].organisation, "ZZ3");
    assert_string_equal(terms->guarantees[0].commissioner, "ZZ1");
    assert_int_equal(terms->guarantees[0].growth_pence, 420000000);
    assert_int_equal(terms->guarantees[0].cquin_bp, 250);
    assert_string_equal(terms->contracts[0].provider, "ZZ4");
    assert_int_equal(terms->contracts[0].year_pence, 12000000000);

    const struct pool_terms *pools = terms->pools;
    assert_int_equal(pools[OPEN].mechanism, MECHANISM_NONE);
    assert_false(pools[OPEN].has_parameters);
    assert_true(pools[ACTIVITY].is_of_month);
    assert_int_equal(pools[ACTIVITY].plan_units, 200);
    assert_string_equal(pools[ACTIVITY].surplus_to, "elective");
    assert_false(pools[BLOCK].is_of_month);
    assert_int_equal(pools[BLOCK].price_pence, PENCE_NONE);
    assert_int_equal(pools[MARGINAL].base_bp, 10400);
    assert_int_equal(pools[MARGINAL].rate_below_bp, 10000);
    assert_int_equal(pools[VOLUME].ceiling_units, 11000);
    assert_int_equal(pools[CAPITATION].list_count, 2);
    assert_int_equal(pools[CAPITATION].lists[0].people, 482000);
    assert_int_equal(pools[CAPITATION].lists[0].weight_bp, 10000);
    assert_int_equal(pools[CAPITATION].lists[1].weight_bp, 3);
    assert_int_equal(pools[URGENT].rate_bp, 5000);
    assert_string_equal(pools[DRUGS].code, "drugs");
    assert_string_equal(pools[DRUGS].provider, "ZZ3");
    assert_string_equal(pools[DRUGS].commissioner, "ZZ1");
    free(terms);
}

static void splits_and_bands_are_read(void **state)
{
    (void)state;
    struct terms *terms = terms_of(WHOLE);
    const struct pool_terms *planned = &terms->pools[PLANNED], *banded = &terms->pools[BANDED];
    assert_true(planned->has_split && !planned->has_bands && planned->has_quality_gate);
    assert_int_equal(planned->favourable, FAVOURABLE_LOWER);
    assert_int_equal(planned->deadband, DEADBAND_EXCESS_ONLY);
    assert_int_equal(planned->band_count, 1);
    assert_int_equal(planned->bands[0].up_to_pence, PENCE_NONE);
    assert_int_equal(planned->bands[0].split_count, 2);
    assert_string_equal(planned->bands[0].split[1].organisation, "ZZ1");
    assert_string_equal(planned->gain_residual_to, "ring-fence:elective");
    assert_string_equal(party_ring_fence(planned->gain_residual_to), "elective");
    assert_null(party_ring_fence(planned->loss_residual_to));
    assert_true(banded->has_bands && !banded->has_split && !banded->is_of_month);
    assert_int_equal(banded->favourable, FAVOURABLE_HIGHER);
    assert_int_equal(banded->deadband, DEADBAND_CLIFF);
    assert_int_equal(banded->band_count, 2);
    assert_int_equal(banded->bands[0].up_to_pence, 10000000);
    assert_int_equal(banded->bands[1].split[0].share_bp, 10000);
    free(terms);
}

static void terms_may_be_empty(void **state)
{
    (void)state;
    struct problem err = {0};
    struct terms *terms = terms_of("{'rules':[],'shares':[],'pools':[],'ringFences':[]}");
    assert_false(terms->has_reserve);
    assert_true(terms_check(terms, "", &err));
    free(terms);
}

static void whole_terms_are_fine(void **state)
{
    (void)state;
    struct problem err = {0};
    struct terms *terms = terms_of(WHOLE);
    if (!terms_check(terms, "/parameters", &err))
        fail_msg("%s: %s", err.faults[0].pointer, err.faults[0].detail);
    free(terms);
}

/* --- faults
 * ---------------------------------------------------------------------------------------- */

typedef void change(struct terms *terms);

/* After the change there is just this fault, at this place. */
static void expect(change *alter, const char *pointer, const char *code)
{
    struct problem err = {0};
    struct terms *terms = terms_of(WHOLE);
    alter(terms);
    if (terms_check(terms, "/parameters", &err))
        fail_msg("%s was taken", pointer);
    if (err.fault_count != 1 || strcmp(err.faults[0].pointer, pointer) != 0 ||
        strcmp(err.faults[0].code, code) != 0)
        fail_msg("%s %s: %zu faults, %s %s", pointer, code, err.fault_count, err.faults[0].pointer,
                 err.faults[0].code);
    assert_int_equal(err.code, PROBLEM_RULE_BROKEN);
    free(terms);
}

#define CHANGE(name, ...)                                                                          \
    static void name(struct terms *terms)                                                          \
    {                                                                                              \
        struct pool_terms *pools = terms->pools;                                                   \
        (void)pools;                                                                               \
        __VA_ARGS__;                                                                               \
    }

CHANGE(value_missing, pools[BLOCK].value_pence = PENCE_NONE)
CHANGE(value_negative, pools[BLOCK].value_pence = -1)
CHANGE(value_large, pools[BLOCK].value_pence = MONEY_PENCE_MAX + 1)
CHANGE(value_elsewhere, pools[URGENT].value_pence = 1)
CHANGE(price_missing, pools[ACTIVITY].price_pence = PENCE_NONE)
CHANGE(lists_missing, pools[CAPITATION].list_count = 0)
CHANGE(lists_elsewhere, pools[BLOCK].list_count = 1)
CHANGE(rate_large, pools[URGENT].rate_bp = 10001)
CHANGE(base_large, pools[MARGINAL].base_bp = RATE_BP_MAX + 1)
CHANGE(gate_elsewhere, pools[DRUGS].has_quality_gate = true)
CHANGE(residual_missing, pools[PLANNED].loss_residual_to[0] = '\0')
CHANGE(gain_residual_missing, pools[PLANNED].gain_residual_to[0] = '\0')
CHANGE(surplus_elsewhere, strcpy(pools[BLOCK].surplus_to, "elective"))
CHANGE(split_elsewhere, pools[BLOCK].has_split = true)

static void each_mechanism_has_what_it_needs_and_nothing_else(void **state)
{
    (void)state;
    expect(value_missing, "/parameters/pools/1/parameters/valuePence", "required");
    expect(value_negative, "/parameters/pools/1/parameters/valuePence", "range");
    expect(value_large, "/parameters/pools/1/parameters/valuePence", "range");
    expect(value_elsewhere, "/parameters/pools/8/parameters/valuePence", "not-for-mechanism");
    expect(price_missing, "/parameters/pools/2/parameters/pricePence", "required");
    expect(lists_missing, "/parameters/pools/5/parameters/lists", "required");
    expect(lists_elsewhere, "/parameters/pools/1/parameters/lists", "not-for-mechanism");
    expect(rate_large, "/parameters/pools/8/parameters/rateBp", "range");
    expect(base_large, "/parameters/pools/3/parameters/baseBp", "range");
    expect(gate_elsewhere, "/parameters/pools/9/parameters/qualityGate", "not-for-mechanism");
    expect(residual_missing, "/parameters/pools/6/parameters/lossResidualTo", "required");
    expect(gain_residual_missing, "/parameters/pools/6/parameters/gainResidualTo", "required");
    expect(surplus_elsewhere, "/parameters/pools/1/parameters/surplusTo", "not-for-mechanism");
    expect(split_elsewhere, "/parameters/pools/1/parameters/split", "not-for-mechanism");
}

CHANGE(people_large, pools[CAPITATION].lists[1].people = UNITS_MAX + 1)
CHANGE(rate_negative, pools[CAPITATION].lists[1].rate_pence = -1)
CHANGE(weight_large, pools[CAPITATION].lists[1].weight_bp = INT64_MAX)

static void lists_are_within_limits(void **state)
{
    (void)state;
    expect(people_large, "/parameters/pools/5/parameters/lists/1/people", "range");
    expect(rate_negative, "/parameters/pools/5/parameters/lists/1/ratePence", "range");
    expect(weight_large, "/parameters/pools/5/parameters/lists/1/weightBp", "range");
}

CHANGE(split_short, pools[PLANNED].bands[0].split[0].share_bp = 4999)
CHANGE(split_long, pools[PLANNED].bands[0].split[0].share_bp = 5001)
CHANGE(split_negative, pools[PLANNED].bands[0].split[0].share_bp = -1;
       pools[PLANNED].bands[0].split[1].share_bp = 10000;
       pools[PLANNED].bands[0].split[2] = (struct split_share){"ZZ5", 1};
       pools[PLANNED].bands[0].split_count = 3)
CHANGE(split_twice, strcpy(pools[PLANNED].bands[0].split[1].organisation, "ZZ3"))
CHANGE(split_in_band, pools[BANDED].bands[1].split[0].share_bp = 1)
CHANGE(no_split, pools[PLANNED].has_split = false)
CHANGE(both_splits, pools[PLANNED].has_bands = true)
CHANGE(band_backwards, pools[BANDED].bands[0].up_to_pence = 0)
CHANGE(band_open, pools[BANDED].bands[0].up_to_pence = PENCE_NONE)
CHANGE(band_large, pools[BANDED].bands[0].up_to_pence = INT64_MAX)
CHANGE(band_closed, pools[BANDED].bands[1].up_to_pence = 20000000)

CHANGE(no_bands, pools[BANDED].band_count = 0)

static void splits_add_up_and_bands_rise(void **state)
{
    (void)state;
    expect(split_short, "/parameters/pools/6/parameters/split", "sum");
    expect(split_long, "/parameters/pools/6/parameters/split", "sum");
    expect(split_negative, "/parameters/pools/6/parameters/split/0/shareBp", "range");
    expect(split_twice, "/parameters/pools/6/parameters/split/1/organisation", "duplicate");
    expect(split_in_band, "/parameters/pools/7/parameters/bands/1/split", "sum");
    expect(no_split, "/parameters/pools/6/parameters/split", "required");
    expect(both_splits, "/parameters/pools/6/parameters/split", "required");
    expect(band_backwards, "/parameters/pools/7/parameters/bands/0/upToPence", "order");
    expect(band_open, "/parameters/pools/7/parameters/bands/0/upToPence", "order");
    expect(band_large, "/parameters/pools/7/parameters/bands/0/upToPence", "order");
    expect(no_bands, "/parameters/pools/7/parameters/bands", "required");
    expect(band_closed, "/parameters/pools/7/parameters/bands/1/upToPence", "open-end");
}

CHANGE(width_missing, pools[PLANNED].deadband_pence = PENCE_NONE)
CHANGE(kind_missing, pools[PLANNED].deadband = DEADBAND_NOT_STATED)
CHANGE(gain_cap_low, pools[PLANNED].gain_cap_pence = 9999999)
CHANGE(loss_cap_low, pools[PLANNED].loss_cap_pence = 1)
CHANGE(loss_to_fence, strcpy(pools[PLANNED].loss_residual_to, "ring-fence:elective"))
CHANGE(gain_to_stranger, strcpy(pools[PLANNED].gain_residual_to, "ring-fence:urgent"))

static void deadbands_caps_and_residuals_fit(void **state)
{
    (void)state;
    expect(width_missing, "/parameters/pools/6/parameters/deadbandPence", "required");
    expect(kind_missing, "/parameters/pools/6/parameters/deadband", "required");
    expect(gain_cap_low, "/parameters/pools/6/parameters/gainCapPence", "below-deadband");
    expect(loss_cap_low, "/parameters/pools/6/parameters/lossCapPence", "below-deadband");
    expect(loss_to_fence, "/parameters/pools/6/parameters/lossResidualTo", "ring-fence");
    expect(gain_to_stranger, "/parameters/pools/6/parameters/gainResidualTo", "unknown-ring-fence");
    struct problem err = {0};
    struct terms *terms = terms_of(WHOLE);
    terms->pools[PLANNED].gain_cap_pence = 0; /* nothing is shared of gains */
    terms->pools[PLANNED].loss_cap_pence = PENCE_NONE;
    assert_true(terms_check(terms, "", &err));
    free(terms);
}

CHANGE(ceiling_low, pools[VOLUME].ceiling_units = 9999)
CHANGE(plan_without_surplus, pools[ACTIVITY].surplus_to[0] = '\0')
CHANGE(surplus_without_plan, pools[ACTIVITY].plan_units = PENCE_NONE)
CHANGE(surplus_to_stranger, strcpy(pools[DRUGS].surplus_to, "urgent"))
CHANGE(parameters_alone, pools[OPEN].has_parameters = true)
CHANGE(no_provider, pools[BLOCK].provider[0] = '\0')
CHANGE(no_commissioner, pools[BLOCK].commissioner[0] = '\0')
CHANGE(one_side, strcpy(pools[BLOCK].commissioner, "ZZ3"))
CHANGE(no_reserve_for_one, terms->has_reserve = false; pools[DRUGS].mechanism = MECHANISM_BLOCK;
       pools[DRUGS].value_pence = 1; pools[DRUGS].baseline_pence = PENCE_NONE;
       pools[DRUGS].rate_bp = PENCE_NONE; pools[DRUGS].surplus_to[0] = '\0')
CHANGE(no_reserve_for_other, terms->has_reserve = false; pools[URGENT].mechanism = MECHANISM_BLOCK;
       pools[URGENT].value_pence = 1; pools[URGENT].baseline_pence = PENCE_NONE;
       pools[URGENT].rate_bp = PENCE_NONE)
CHANGE(cap_negative, terms->reserve_cap_pence = -1)
CHANGE(splits_too_many, terms->pools[OPEN].band_count = 3;
       for (size_t i = 0; i < 3; i++) pools[OPEN].bands[i].split_count = SPLIT_MAX)

static void pools_have_two_sides_and_what_they_refer_to(void **state)
{
    (void)state;
    expect(ceiling_low, "/parameters/pools/4/parameters/ceilingUnits", "order");
    expect(plan_without_surplus, "/parameters/pools/2/parameters/surplusTo", "required");
    expect(surplus_without_plan, "/parameters/pools/2/parameters/planUnits", "required");
    expect(surplus_to_stranger, "/parameters/pools/9/parameters/surplusTo", "unknown-ring-fence");
    expect(parameters_alone, "/parameters/pools/0/parameters", "no-mechanism");
    expect(no_provider, "/parameters/pools/1/provider", "required");
    expect(no_commissioner, "/parameters/pools/1/commissioner", "required");
    expect(one_side, "/parameters/pools/1/commissioner", "same-party");
    expect(no_reserve_for_one, "/parameters/pools/8/mechanism", "no-reserve");
    expect(no_reserve_for_other, "/parameters/pools/9/mechanism", "no-reserve");
    expect(cap_negative, "/parameters/reserve/capPence", "range");
    expect(splits_too_many, "/parameters/pools", "too-many");
}

CHANGE(contract_large, terms->contracts[0].year_pence = INT64_MAX)
CHANGE(contract_one_side, strcpy(terms->contracts[0].commissioner, "ZZ4"))
CHANGE(contract_twice, terms->contracts[terms->contract_count++] = terms->contracts[0])
CHANGE(guarantee_twice, terms->guarantees[terms->guarantee_count++] = terms->guarantees[0])
CHANGE(guarantee_one_side, strcpy(terms->guarantees[0].commissioner, "ZZ3"))
CHANGE(guarantee_large, terms->guarantees[0].baseline_pence = INT64_MAX)

static void contracts_and_guarantees_stand_once(void **state)
{
    (void)state;
    expect(contract_large, "/parameters/contracts/0/yearPence", "range");
    expect(contract_one_side, "/parameters/contracts/0/commissioner", "same-party");
    expect(contract_twice, "/parameters/contracts/1/provider", "duplicate");
    expect(guarantee_twice, "/parameters/guarantee/1/organisation", "duplicate");
    expect(guarantee_one_side, "/parameters/guarantee/0/commissioner", "same-party");
    expect(guarantee_large, "/parameters/guarantee/0/baselinePence", "range");
    struct problem err = {0};
    struct terms *terms = terms_of(WHOLE);
    terms->contracts[1] = terms->contracts[2] = terms->contracts[0];
    strcpy(terms->contracts[1].commissioner, "ZZ2"); /* another pair */
    strcpy(terms->contracts[2].provider, "ZZ3");
    terms->contract_count = 3;
    terms->guarantees[1] = terms->guarantees[0];
    strcpy(terms->guarantees[1].organisation, "ZZ4");
    terms->guarantee_count = 2;
    assert_true(terms_check(terms, "", &err));
    free(terms);
}

static void every_fault_is_named(void **state)
{
    (void)state;
    struct problem err = {0};
    struct terms *terms = terms_of(WHOLE);
    one_side(terms);
    split_short(terms);
    people_large(terms);
    contract_large(terms);
    guarantee_large(terms);
    assert_false(terms_check(terms, "", &err));
    assert_int_equal(err.fault_count, 5);
    assert_string_equal(err.faults[0].pointer, "/pools/1/commissioner");
    assert_string_equal(err.faults[4].pointer, "/guarantee/0/baselinePence");
    free(terms);
}

static void the_guarantee_is_rounded_once(void **state)
{
    (void)state;
    static const struct {
        struct guarantee_terms terms;
        bool is_amount;
        int64_t year_pence;
    } vectors[] = {
        {{"ZZ3", "ZZ1", 28000000000, 280000000, 420000000, 250}, true, 29417500000},
        {{"ZZ3", "ZZ1", 1, 0, 0, 5000}, true, 2}, /* 1.5 */
        {{"ZZ3", "ZZ1", 1, 0, 0, 4999}, true, 1},
        {{"ZZ3", "ZZ1", 5, -2, -3, 250}, true, 0},
        {{"ZZ3", "ZZ1", 5, -2, -4, 250}, false, 0},
        {{"ZZ3", "ZZ1", MONEY_PENCE_MAX, 0, 0, 0}, true, MONEY_PENCE_MAX},
        {{"ZZ3", "ZZ1", MONEY_PENCE_MAX, 0, 0, 1}, false, 0},
        {{"ZZ3", "ZZ1", MONEY_PENCE_MAX, 1, 0, 0}, false, 0},
        {{"ZZ3", "ZZ1", INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX}, false, 0},
        {{"ZZ3", "ZZ1", 1, 1, 1, INT64_MIN}, false, 0},
        {{"ZZ3", "ZZ1", INT64_MIN, INT64_MIN, INT64_MIN, 0}, false, 0},
        {{"ZZ3", "ZZ1", 1, 1, 1, 10001}, false, 0},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(vectors); i++) {
        int64_t year_pence = 0;
        if (guarantee_of_year(&vectors[i].terms, &year_pence) != vectors[i].is_amount ||
            year_pence != vectors[i].year_pence)
            fail_msg("vector %zu: %lld", i, (long long)year_pence);
    }
}

static void rounding_is_half_away_from_zero(void **state)
{
    (void)state;
    static const int64_t vectors[][3] = {{5, 10, 1},  {4, 10, 0},  {-5, 10, -1}, {-4, 10, 0},
                                         {15, 10, 2}, {1, 3, 0},   {2, 3, 1},    {-2, 3, -1},
                                         {0, 7, 0},   {14, 10, 1}, {3, 2, 2},    {-3, 2, -2}};
    for (size_t i = 0; i < ARRAY_LENGTH(vectors); i++)
        assert_int_equal((int64_t)divide_rounded(vectors[i][0], vectors[i][1]), vectors[i][2]);
    int64_t pence = 0;
    assert_true(pence_of(-MONEY_PENCE_MAX, &pence));
    assert_int_equal(pence, -MONEY_PENCE_MAX);
    assert_false(pence_of((__int128)MONEY_PENCE_MAX + 1, &pence));
    assert_false(pence_of(-(__int128)MONEY_PENCE_MAX - 1, &pence));
}

static void mechanisms_have_words(void **state)
{
    (void)state;
    for (int i = 0; i < MECHANISM_COUNT; i++)
        assert_int_equal(mechanism_of_word(mechanism_word((enum mechanism)i)), i);
    assert_int_equal(mechanism_of_word(NULL), MECHANISM_NONE);
    assert_string_equal(mechanism_word(MECHANISM_COST_REDUCTION_INCENTIVE),
                        "cost-reduction-incentive");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terms_are_read_whole),
        cmocka_unit_test(splits_and_bands_are_read),
        cmocka_unit_test(terms_may_be_empty),
        cmocka_unit_test(whole_terms_are_fine),
        cmocka_unit_test(each_mechanism_has_what_it_needs_and_nothing_else),
        cmocka_unit_test(lists_are_within_limits),
        cmocka_unit_test(splits_add_up_and_bands_rise),
        cmocka_unit_test(deadbands_caps_and_residuals_fit),
        cmocka_unit_test(pools_have_two_sides_and_what_they_refer_to),
        cmocka_unit_test(contracts_and_guarantees_stand_once),
        cmocka_unit_test(every_fault_is_named),
        cmocka_unit_test(the_guarantee_is_rounded_once),
        cmocka_unit_test(rounding_is_half_away_from_zero),
        cmocka_unit_test(mechanisms_have_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
