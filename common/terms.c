#include "common/terms.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/money.h"

static const char *const MECHANISMS[] = {
    [MECHANISM_NONE] = "",
    [MECHANISM_BLOCK] = "block",
    [MECHANISM_ACTIVITY] = "activity",
    [MECHANISM_MARGINAL] = "marginal",
    [MECHANISM_COST_AND_VOLUME] = "cost-and-volume",
    [MECHANISM_CAPITATION] = "capitation",
    [MECHANISM_GAIN_LOSS] = "gain-loss",
    [MECHANISM_COST_RISK_SHARE] = "cost-risk-share",
    [MECHANISM_COST_REDUCTION_INCENTIVE] = "cost-reduction-incentive",
};

const char *mechanism_word(enum mechanism mechanism)
{
    assert((size_t)mechanism < ARRAY_LENGTH(MECHANISMS));
    return MECHANISMS[mechanism];
}

enum mechanism mechanism_of_word(const char *word)
{
    size_t mechanism = 0;
    while (word != NULL && strcmp(MECHANISMS[mechanism], word) != 0) {
        mechanism++;
        assert(mechanism < ARRAY_LENGTH(MECHANISMS));
    }
    return (enum mechanism)mechanism;
}

const char *party_ring_fence(const char *party)
{
    static const char prefix[] = "ring-fence:";
    const size_t length = sizeof prefix - 1;
    return strncmp(party, prefix, length) == 0 ? party + length : NULL;
}

/* Half a unit goes away from zero. */
__int128 divide_rounded(__int128 numerator, int64_t denominator)
{
    __int128 half = denominator / 2;
    return (numerator + (numerator < 0 ? -half : half)) / denominator;
}

bool pence_of(__int128 value, int64_t *ret_pence)
{
    if (value > MONEY_PENCE_MAX || value < -MONEY_PENCE_MAX)
        return false;
    *ret_pence = (int64_t)value;
    return true;
}

bool guarantee_of_year(const struct guarantee_terms *guarantee, int64_t *ret_pence)
{
    __int128 sum = (__int128)guarantee->baseline_pence + guarantee->tariff_impact_pence +
                   guarantee->growth_pence;
    __int128 factor = (__int128)SHARE_BP_WHOLE + guarantee->cquin_bp;
    return sum >= 0 && sum <= MONEY_PENCE_MAX && factor >= 0 && factor <= 2 * SHARE_BP_WHOLE &&
           pence_of(divide_rounded(sum * factor, SHARE_BP_WHOLE), ret_pence);
}

/* --- checking
 * ---------------------------------------------------------------------------------------- */

/* What is looked at, and where it stands. */
struct place {
    char pointer[FAULT_POINTER_SIZE];
    struct problem *err;
};

static struct place place_in(const struct place *outer, const char *list, size_t index)
{
    struct place place = {.err = outer->err};
    snprintf(place.pointer, sizeof place.pointer, "%.100s/%s/%zu", outer->pointer, list, index);
    return place;
}

static bool fault(const struct place *place, const char *member, const char *code,
                  const char *detail)
{
    char pointer[FAULT_POINTER_SIZE];
    snprintf(pointer, sizeof pointer, "%.130s%s", place->pointer, member);
    return problem_add(place->err, PROBLEM_RULE_BROKEN, code, pointer, "%s", detail);
}

static bool range_check(const struct place *place, const char *member, int64_t value, int64_t max)
{
    if (value >= 0 && value <= max)
        return true;
    return fault(place, member, "range", "it is out of range");
}

/* A member of a pool's parameters, and which mechanisms it is for. */
struct member {
    const char *name;
    int64_t value; /* PENCE_NONE = not given */
    int64_t max;
    uint32_t needed;
    uint32_t allowed; /* besides where it is needed */
};

static bool member_check(const struct place *place, enum mechanism mechanism,
                         const struct member *member)
{
    const uint32_t bit = UINT32_C(1) << mechanism;
    if (member->value == PENCE_NONE) {
        if ((member->needed & bit) != 0)
            return fault(place, member->name, "required", "the mechanism needs it");
        return true;
    }
    if (((member->needed | member->allowed) & bit) == 0)
        return fault(place, member->name, "not-for-mechanism", "the mechanism has no use for it");
    return range_check(place, member->name, member->value, member->max);
}

/* What is no number counts as zero when it is given. */
static int64_t given(bool is_given)
{
    return is_given ? 0 : PENCE_NONE;
}

static bool members_check(const struct place *place, const struct pool_terms *pool)
{
    enum {
        BLOCK = 1 << MECHANISM_BLOCK,
        ACTIVITY = 1 << MECHANISM_ACTIVITY,
        MARGINAL = 1 << MECHANISM_MARGINAL,
        VOLUME = 1 << MECHANISM_COST_AND_VOLUME,
        CAPITATION = 1 << MECHANISM_CAPITATION,
        GAIN_LOSS = 1 << MECHANISM_GAIN_LOSS,
        RISK = 1 << MECHANISM_COST_RISK_SHARE,
        INCENTIVE = 1 << MECHANISM_COST_REDUCTION_INCENTIVE,
    };
    const int64_t money = MONEY_PENCE_MAX;
    const struct member members[] = {
        {"/valuePence", pool->value_pence, money, BLOCK | VOLUME, 0},
        {"/pricePence", pool->price_pence, money, ACTIVITY | MARGINAL | VOLUME, 0},
        {"/planUnits", pool->plan_units, UNITS_MAX, 0, ACTIVITY},
        {"/thresholdUnits", pool->threshold_units, UNITS_MAX, VOLUME, 0},
        {"/ceilingUnits", pool->ceiling_units, UNITS_MAX, VOLUME, 0},
        {"/baselinePence", pool->baseline_pence, money, MARGINAL | RISK | INCENTIVE, 0},
        {"/baseBp", pool->base_bp, RATE_BP_MAX, 0, MARGINAL},
        {"/rateAboveBp", pool->rate_above_bp, SHARE_BP_WHOLE, MARGINAL, 0},
        {"/rateBelowBp", pool->rate_below_bp, SHARE_BP_WHOLE, MARGINAL, 0},
        {"/rateBp", pool->rate_bp, SHARE_BP_WHOLE, RISK | INCENTIVE, 0},
        {"/lists", given(pool->list_count > 0), 0, CAPITATION, 0},
        {"/expectedPence", pool->expected_pence, money, GAIN_LOSS, 0},
        {"/favourable", given(pool->favourable != FAVOURABLE_NOT_STATED), 0, 0, GAIN_LOSS},
        {"/deadband", given(pool->deadband != DEADBAND_NOT_STATED), 0, 0, GAIN_LOSS},
        {"/deadbandPence", pool->deadband_pence, money, 0, GAIN_LOSS},
        {"/gainCapPence", pool->gain_cap_pence, money, 0, GAIN_LOSS},
        {"/lossCapPence", pool->loss_cap_pence, money, 0, GAIN_LOSS},
        {"/qualityGate", given(pool->has_quality_gate), 0, 0, GAIN_LOSS},
        {"/split", given(pool->has_split), 0, 0, GAIN_LOSS},
        {"/bands", given(pool->has_bands), 0, 0, GAIN_LOSS},
        {"/gainResidualTo", given(pool->gain_residual_to[0] != '\0'), 0, GAIN_LOSS, 0},
        {"/lossResidualTo", given(pool->loss_residual_to[0] != '\0'), 0, GAIN_LOSS, 0},
        {"/surplusTo", given(pool->surplus_to[0] != '\0'), 0, 0, ACTIVITY | INCENTIVE},
    };
    bool is_fine = true;
    for (size_t i = 0; i < ARRAY_LENGTH(members); i++)
        if (!member_check(place, pool->mechanism, &members[i]))
            is_fine = false;
    return is_fine;
}

/* Each organisation once, 10,000 together. */
static bool split_check(const struct place *place, const char *member, const struct band *band)
{
    bool is_fine = true;
    int64_t sum_bp = 0;
    for (size_t i = 0; i < band->split_count; i++) {
        const struct split_share *share = &band->split[i];
        struct place inner = place_in(place, member + 1, i);
        sum_bp += share->share_bp;
        if (!range_check(&inner, "/shareBp", share->share_bp, SHARE_BP_WHOLE))
            is_fine = false;
        for (size_t k = 0; k < i; k++)
            if (strcmp(band->split[k].organisation, share->organisation) == 0)
                is_fine = fault(&inner, "/organisation", "duplicate",
                                "this organisation has a share already");
    }
    if (sum_bp != SHARE_BP_WHOLE)
        is_fine = fault(place, member, "sum", "shares add up to 10,000 basis points");
    return is_fine;
}

/* Upwards, and only the last is open. */
static bool bands_check(const struct place *place, const struct pool_terms *pool)
{
    bool is_fine = true;
    int64_t end_pence = 0;
    if (pool->band_count == 0)
        return fault(place, "/bands", "required", "there is one band at least");
    for (size_t i = 0; i < pool->band_count; i++) {
        const struct band *band = &pool->bands[i];
        struct place inner = place_in(place, "bands", i);
        const bool is_last = i + 1 == pool->band_count;
        if (!split_check(&inner, "/split", band))
            is_fine = false;
        if (is_last && band->up_to_pence != PENCE_NONE)
            is_fine = fault(&inner, "/upToPence", "open-end", "the last band has no end");
        else if (!is_last &&
                 (band->up_to_pence <= end_pence || band->up_to_pence > MONEY_PENCE_MAX))
            is_fine = fault(&inner, "/upToPence", "order",
                            "a band ends above the one before, and only the last has no end");
        end_pence = band->up_to_pence;
    }
    return is_fine;
}

static bool has_ring_fence(const struct terms *terms, const char *code)
{
    for (size_t i = 0; i < terms->ring_fence_count; i++)
        if (strcmp(terms->ring_fences[i], code) == 0)
            return true;
    return false;
}

static bool ring_fence_check(const struct terms *terms, const struct place *place,
                             const char *member, const char *code)
{
    if (has_ring_fence(terms, code))
        return true;
    return fault(place, member, "unknown-ring-fence", "the agreement has no such ring-fence");
}

/* A cap of nothing shares nothing; any other is not below the deadband. */
static bool cap_check(const struct place *place, const char *member, int64_t cap_pence,
                      int64_t deadband_pence)
{
    if (cap_pence == PENCE_NONE || cap_pence == 0 || cap_pence >= deadband_pence)
        return true;
    return fault(place, member, "below-deadband", "a cap is not below the deadband");
}

/* How what is shared is parted: by one split, or by bands. */
static bool parts_check(const struct place *place, const struct pool_terms *pool)
{
    if (pool->has_split == pool->has_bands)
        return fault(place, "/split", "required", "a split or bands, and not both");
    return pool->has_split ? split_check(place, "/split", &pool->bands[0])
                           : bands_check(place, pool);
}

static bool gain_loss_check(const struct terms *terms, const struct place *place,
                            const struct pool_terms *pool)
{
    bool is_fine = true;
    const bool has_kind = pool->deadband != DEADBAND_NOT_STATED;
    const bool has_width = pool->deadband_pence != PENCE_NONE;
    if (has_kind && !has_width)
        is_fine = fault(place, "/deadbandPence", "required", "a deadband has a width");
    if (has_width && !has_kind)
        is_fine = fault(place, "/deadband", "required",
                        "say whether a difference beyond the deadband counts whole");
    if (!cap_check(place, "/gainCapPence", pool->gain_cap_pence, pool->deadband_pence))
        is_fine = false;
    if (!cap_check(place, "/lossCapPence", pool->loss_cap_pence, pool->deadband_pence))
        is_fine = false;
    if (!parts_check(place, pool))
        is_fine = false;
    const char *fence = party_ring_fence(pool->gain_residual_to);
    if (fence != NULL && !ring_fence_check(terms, place, "/gainResidualTo", fence))
        is_fine = false;
    if (party_ring_fence(pool->loss_residual_to) != NULL)
        is_fine = fault(place, "/lossResidualTo", "ring-fence", "no ring-fence bears a loss");
    return is_fine;
}

static bool lists_check(const struct place *place, const struct pool_terms *pool)
{
    bool is_fine = true;
    for (size_t i = 0; i < pool->list_count; i++) {
        struct place inner = place_in(place, "lists", i);
        const struct capitation_list *list = &pool->lists[i];
        if (!range_check(&inner, "/people", list->people, UNITS_MAX))
            is_fine = false;
        if (!range_check(&inner, "/ratePence", list->rate_pence, MONEY_PENCE_MAX))
            is_fine = false;
        if (!range_check(&inner, "/weightBp", list->weight_bp, RATE_BP_MAX))
            is_fine = false;
    }
    return is_fine;
}

static bool parameters_check(const struct terms *terms, const struct place *place,
                             const struct pool_terms *pool)
{
    bool is_fine = members_check(place, pool);
    if (pool->mechanism == MECHANISM_GAIN_LOSS && !gain_loss_check(terms, place, pool))
        is_fine = false;
    if (!lists_check(place, pool))
        is_fine = false;
    if (pool->mechanism == MECHANISM_COST_AND_VOLUME && pool->ceiling_units < pool->threshold_units)
        is_fine = fault(place, "/ceilingUnits", "order", "the ceiling is not below the threshold");
    const bool has_surplus = pool->surplus_to[0] != '\0';
    if (has_surplus && !ring_fence_check(terms, place, "/surplusTo", pool->surplus_to))
        is_fine = false;
    if (pool->mechanism != MECHANISM_ACTIVITY)
        return is_fine;
    if (has_surplus && pool->plan_units == PENCE_NONE)
        is_fine = fault(place, "/planUnits", "required", "surplus is what the plan had more");
    if (!has_surplus && pool->plan_units != PENCE_NONE)
        is_fine = fault(place, "/surplusTo", "required", "a plan says what surplus there is");
    return is_fine;
}

static bool sides_check(const struct place *place, const char *provider_member,
                        const char *provider, const char *commissioner)
{
    if (provider[0] == '\0')
        return fault(place, provider_member, "required", "who provides, and is paid");
    if (commissioner[0] == '\0')
        return fault(place, "/commissioner", "required", "who commissions, and pays");
    if (strcmp(provider, commissioner) == 0)
        return fault(place, "/commissioner", "same-party", "the two sides are two partners");
    return true;
}

static bool pool_check(const struct terms *terms, const struct place *place,
                       const struct pool_terms *pool)
{
    if (pool->mechanism == MECHANISM_NONE) {
        if (pool->has_parameters)
            return fault(place, "/parameters", "no-mechanism", "they are a mechanism's");
        return true;
    }
    bool is_fine = sides_check(place, "/provider", pool->provider, pool->commissioner);
    const bool draws_reserve = pool->mechanism == MECHANISM_COST_RISK_SHARE ||
                               pool->mechanism == MECHANISM_COST_REDUCTION_INCENTIVE;
    if (draws_reserve && !terms->has_reserve)
        is_fine = fault(place, "/mechanism", "no-reserve",
                        "it draws on the reserve, and the agreement has none");
    struct place inner = {.err = place->err};
    snprintf(inner.pointer, sizeof inner.pointer, "%.120s/parameters", place->pointer);
    if (!parameters_check(terms, &inner, pool))
        is_fine = false;
    return is_fine;
}

static bool contract_check(const struct terms *terms, const struct place *place, size_t index)
{
    const struct contract_terms *contract = &terms->contracts[index];
    bool is_fine = sides_check(place, "/provider", contract->provider, contract->commissioner);
    if (!range_check(place, "/yearPence", contract->year_pence, MONEY_PENCE_MAX))
        is_fine = false;
    for (size_t k = 0; k < index; k++)
        if (strcmp(terms->contracts[k].provider, contract->provider) == 0 &&
            strcmp(terms->contracts[k].commissioner, contract->commissioner) == 0)
            is_fine = fault(place, "/provider", "duplicate", "these two have a contract already");
    return is_fine;
}

static bool guarantee_check(const struct terms *terms, const struct place *place, size_t index)
{
    const struct guarantee_terms *guarantee = &terms->guarantees[index];
    int64_t year_pence;
    bool is_fine =
        sides_check(place, "/organisation", guarantee->organisation, guarantee->commissioner);
    if (!guarantee_of_year(guarantee, &year_pence))
        is_fine = fault(place, "/baselinePence", "range", "the year's amount is out of range");
    for (size_t k = 0; k < index; k++)
        if (strcmp(terms->guarantees[k].organisation, guarantee->organisation) == 0)
            is_fine =
                fault(place, "/organisation", "duplicate", "this organisation has one already");
    return is_fine;
}

/* A settlement has a line for each share: they have to fit. */
static bool splits_count_check(const struct terms *terms, const struct place *whole)
{
    size_t count = 0;
    for (size_t i = 0; i < terms->pool_count; i++)
        for (size_t band = 0; band < terms->pools[i].band_count; band++)
            count += terms->pools[i].bands[band].split_count;
    if (count <= SPLITS_MAX)
        return true;
    return fault(whole, "/pools", "too-many", "all splits together have 60 shares at most");
}

bool terms_check(const struct terms *terms, const char *pointer, struct problem *err)
{
    struct place whole = {.err = err};
    snprintf(whole.pointer, sizeof whole.pointer, "%.60s", pointer);
    bool is_fine = splits_count_check(terms, &whole);
    if (!range_check(&whole, "/reserve/capPence", terms->reserve_cap_pence, MONEY_PENCE_MAX))
        is_fine = false;
    for (size_t i = 0; i < terms->pool_count; i++) {
        struct place place = place_in(&whole, "pools", i);
        if (!pool_check(terms, &place, &terms->pools[i]))
            is_fine = false;
    }
    for (size_t i = 0; i < terms->contract_count; i++) {
        struct place place = place_in(&whole, "contracts", i);
        if (!contract_check(terms, &place, i))
            is_fine = false;
    }
    for (size_t i = 0; i < terms->guarantee_count; i++) {
        struct place place = place_in(&whole, "guarantee", i);
        if (!guarantee_check(terms, &place, i))
            is_fine = false;
    }
    return is_fine;
}
