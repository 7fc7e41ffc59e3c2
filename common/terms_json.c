#include <assert.h>
#include <string.h>

#include "common/json.h"
#include "common/terms.h"

static int64_t amount_of(const json_t *object, const char *name)
{
    return json_integer_or(object, name, PENCE_NONE);
}

/* How many items of a listed member there are; the schema says how many there may be. */
static size_t count_of(const json_t *list, size_t count_max)
{
    size_t count = json_array_size(list);
    assert(count <= count_max);
    return count;
}

static void split_of(const json_t *split, struct band *ret_band)
{
    ret_band->split_count = count_of(split, SPLIT_MAX);
    for (size_t i = 0; i < ret_band->split_count; i++) {
        const json_t *share = json_array_get(split, i);
        json_copy_text(share, "organisation", ret_band->split[i].organisation, ODS_SIZE);
        ret_band->split[i].share_bp = (int32_t)json_integer_or(share, "shareBp", 0);
    }
}

static void bands_of(const json_t *parameters, struct pool_terms *pool)
{
    const json_t *split = json_member(parameters, "split");
    const json_t *bands = json_member(parameters, "bands");
    pool->has_split = split != NULL;
    pool->has_bands = bands != NULL;
    if (split != NULL) {
        pool->band_count = 1;
        pool->bands[0].up_to_pence = PENCE_NONE;
        split_of(split, &pool->bands[0]);
        return;
    }
    pool->band_count = count_of(bands, BANDS_MAX);
    for (size_t i = 0; i < pool->band_count; i++) {
        const json_t *band = json_array_get(bands, i);
        pool->bands[i].up_to_pence = amount_of(band, "upToPence");
        split_of(json_member(band, "split"), &pool->bands[i]);
    }
}

static void lists_of(const json_t *lists, struct pool_terms *pool)
{
    pool->list_count = count_of(lists, LISTS_MAX);
    for (size_t i = 0; i < pool->list_count; i++) {
        const json_t *list = json_array_get(lists, i);
        pool->lists[i] = (struct capitation_list){
            .people = json_integer_or(list, "people", 0),
            .rate_pence = json_integer_or(list, "ratePence", 0),
            .weight_bp = json_integer_or(list, "weightBp", 10000),
        };
    }
}

static bool is_word(const json_t *object, const char *name, const char *word)
{
    const char *text = json_text(object, name);
    return text != NULL && strcmp(text, word) == 0;
}

static void parameters_of(const json_t *parameters, struct pool_terms *pool)
{
    pool->has_parameters = parameters != NULL;
    pool->is_of_month = is_word(parameters, "per", "month");
    pool->value_pence = amount_of(parameters, "valuePence");
    pool->price_pence = amount_of(parameters, "pricePence");
    pool->plan_units = amount_of(parameters, "planUnits");
    pool->threshold_units = amount_of(parameters, "thresholdUnits");
    pool->ceiling_units = amount_of(parameters, "ceilingUnits");
    pool->baseline_pence = amount_of(parameters, "baselinePence");
    pool->base_bp = amount_of(parameters, "baseBp");
    pool->rate_above_bp = amount_of(parameters, "rateAboveBp");
    pool->rate_below_bp = amount_of(parameters, "rateBelowBp");
    pool->rate_bp = amount_of(parameters, "rateBp");
    pool->expected_pence = amount_of(parameters, "expectedPence");
    pool->deadband_pence = amount_of(parameters, "deadbandPence");
    pool->gain_cap_pence = amount_of(parameters, "gainCapPence");
    pool->loss_cap_pence = amount_of(parameters, "lossCapPence");
    pool->has_quality_gate = json_flag(parameters, "qualityGate");
    if (json_text(parameters, "favourable") != NULL)
        pool->favourable =
            is_word(parameters, "favourable", "higher") ? FAVOURABLE_HIGHER : FAVOURABLE_LOWER;
    if (json_text(parameters, "deadband") != NULL)
        pool->deadband =
            is_word(parameters, "deadband", "cliff") ? DEADBAND_CLIFF : DEADBAND_EXCESS_ONLY;
    json_copy_text(parameters, "gainResidualTo", pool->gain_residual_to, PARTY_SIZE);
    json_copy_text(parameters, "lossResidualTo", pool->loss_residual_to, PARTY_SIZE);
    json_copy_text(parameters, "surplusTo", pool->surplus_to, TERM_CODE_SIZE);
    lists_of(json_member(parameters, "lists"), pool);
    bands_of(parameters, pool);
}

static void pools_of(const json_t *pools, struct terms *terms)
{
    terms->pool_count = count_of(pools, POOLS_MAX);
    for (size_t i = 0; i < terms->pool_count; i++) {
        const json_t *item = json_array_get(pools, i);
        struct pool_terms *pool = &terms->pools[i];
        json_copy_text(item, "code", pool->code, TERM_CODE_SIZE);
        pool->mechanism = mechanism_of_word(json_text(item, "mechanism"));
        json_copy_text(item, "provider", pool->provider, ODS_SIZE);
        json_copy_text(item, "commissioner", pool->commissioner, ODS_SIZE);
        parameters_of(json_member(item, "parameters"), pool);
    }
}

static void guarantees_of(const json_t *guarantees, struct terms *terms)
{
    terms->guarantee_count = count_of(guarantees, GUARANTEES_MAX);
    for (size_t i = 0; i < terms->guarantee_count; i++) {
        const json_t *item = json_array_get(guarantees, i);
        struct guarantee_terms *guarantee = &terms->guarantees[i];
        json_copy_text(item, "organisation", guarantee->organisation, ODS_SIZE);
        json_copy_text(item, "commissioner", guarantee->commissioner, ODS_SIZE);
        guarantee->baseline_pence = json_integer_or(item, "baselinePence", 0);
        guarantee->tariff_impact_pence = json_integer_or(item, "tariffImpactPence", 0);
        guarantee->growth_pence = json_integer_or(item, "growthPence", 0);
        guarantee->cquin_bp = json_integer_or(item, "cquinBp", 0);
    }
}

static void contracts_of(const json_t *contracts, struct terms *terms)
{
    terms->contract_count = count_of(contracts, CONTRACTS_MAX);
    for (size_t i = 0; i < terms->contract_count; i++) {
        const json_t *item = json_array_get(contracts, i);
        struct contract_terms *contract = &terms->contracts[i];
        json_copy_text(item, "provider", contract->provider, ODS_SIZE);
        json_copy_text(item, "commissioner", contract->commissioner, ODS_SIZE);
        contract->year_pence = json_integer_or(item, "yearPence", 0);
    }
}

void terms_of_json(const json_t *parameters, struct terms *ret_terms)
{
    const json_t *fences = json_member(parameters, "ringFences");
    const json_t *reserve = json_member(parameters, "reserve");
    *ret_terms = (struct terms){
        .has_reserve = reserve != NULL,
        .reserve_cap_pence = json_integer_or(reserve, "capPence", 0),
        .ring_fence_count = count_of(fences, RING_FENCES_MAX),
    };
    for (size_t i = 0; i < ret_terms->ring_fence_count; i++)
        json_copy_text(json_array_get(fences, i), "code", ret_terms->ring_fences[i],
                       TERM_CODE_SIZE);
    pools_of(json_member(parameters, "pools"), ret_terms);
    guarantees_of(json_member(parameters, "guarantee"), ret_terms);
    contracts_of(json_member(parameters, "contracts"), ret_terms);
}
