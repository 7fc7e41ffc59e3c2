/* What an agreement says about money, as its parameters state it: pools with their mechanisms,
 * contracts, guarantees, the reserve, the ring-fences. Membership checks it, the ledger computes
 * with it. Amounts are pence, shares and rates basis points. Reading it from JSON is here; what it
 * means is not. Any thread. Source: domain.md B7 to B10, A15. */
#ifndef ACCORD_COMMON_TERMS_H
#define ACCORD_COMMON_TERMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/limits.h"
#include "common/problem.h"

enum {
    TERM_CODE_SIZE = 41, /* of a pool or a ring-fence within its agreement: "planned" */
    PARTY_SIZE = 52,     /* an organisation's code, or "ring-fence:elective" */
    POOLS_MAX = 20,
    GUARANTEES_MAX = 50,
    CONTRACTS_MAX = 50,
    RING_FENCES_MAX = 20,
    SPLIT_MAX = 20,
    BANDS_MAX = 5,
    LISTS_MAX = 20,
    SPLITS_MAX = 60, /* shares of all pools and bands together */
    UNITS_MAX = 1000000000,
    RATE_BP_MAX = 1000000,
};
/* Not given, where zero means something. */
#define PENCE_NONE INT64_MIN

enum mechanism {
    MECHANISM_NONE, /* a pool that is not settled */
    MECHANISM_BLOCK,
    MECHANISM_ACTIVITY,
    MECHANISM_MARGINAL,
    MECHANISM_COST_AND_VOLUME,
    MECHANISM_CAPITATION,
    MECHANISM_GAIN_LOSS,
    MECHANISM_COST_RISK_SHARE,
    MECHANISM_COST_REDUCTION_INCENTIVE,
    MECHANISM_COUNT
};

enum favourable { FAVOURABLE_NOT_STATED, FAVOURABLE_LOWER, FAVOURABLE_HIGHER };
/* What counts of a gain or a loss beyond the deadband: its excess, or all of it. */
enum deadband { DEADBAND_NOT_STATED, DEADBAND_EXCESS_ONLY, DEADBAND_CLIFF };

struct split_share {
    char organisation[ODS_SIZE];
    int32_t share_bp;
};

/* A stretch of a gain or a loss with its own split. */
struct band {
    int64_t up_to_pence; /* where it ends, counted from the first penny; PENCE_NONE = open end */
    struct split_share split[SPLIT_MAX];
    size_t split_count;
};

struct capitation_list {
    int64_t people;
    int64_t rate_pence;
    int64_t weight_bp; /* 10,000 = as they are */
};

/* Which members count is the mechanism's; the others are not given (PENCE_NONE, "" ...). When it is
 * of the year, amounts and units are a year's and a month has a twelfth of each, the odd ones in
 * M12; a unit's price and rates in basis points are never divided. Otherwise they are each month's
 * own. */
struct pool_terms {
    char code[TERM_CODE_SIZE];
    enum mechanism mechanism;
    char provider[ODS_SIZE];
    char commissioner[ODS_SIZE];
    bool has_parameters;
    bool is_of_month;
    int64_t value_pence;     /* block; cost-and-volume: its block */
    int64_t price_pence;     /* of a unit: activity, marginal, cost-and-volume */
    int64_t plan_units;      /* activity with surplus_to */
    int64_t threshold_units; /* cost-and-volume */
    int64_t ceiling_units;
    int64_t baseline_pence; /* marginal, cost-risk-share, cost-reduction-incentive */
    int64_t base_bp;        /* marginal: what the baseline counts as; not given = 10,000 */
    int64_t rate_above_bp;  /* marginal */
    int64_t rate_below_bp;
    int64_t rate_bp; /* cost-risk-share: of the excess, what the reserve bears;
                        cost-reduction-incentive: of the saving, what the provider is paid */
    struct capitation_list lists[LISTS_MAX]; /* capitation */
    size_t list_count;
    /* gain-loss: */
    int64_t expected_pence;
    enum favourable favourable; /* not stated = lower */
    enum deadband deadband;
    int64_t deadband_pence;
    int64_t gain_cap_pence; /* not given = none */
    int64_t loss_cap_pence;
    bool has_quality_gate; /* gains are shared only where quality was met */
    bool has_split;        /* it is bands[0], and the only one */
    bool has_bands;
    struct band bands[BANDS_MAX];
    size_t band_count;
    char gain_residual_to[PARTY_SIZE];
    char loss_residual_to[PARTY_SIZE];
    /* activity, cost-reduction-incentive: the ring-fence for what the commissioner had put in and
     * nobody earned; "" = it stays with the commissioner. */
    char surplus_to[TERM_CODE_SIZE];
};

/* Income for the year is never below it (EIG). */
struct guarantee_terms {
    char organisation[ODS_SIZE];
    char commissioner[ODS_SIZE]; /* who tops it up */
    int64_t baseline_pence;
    int64_t tariff_impact_pence;
    int64_t growth_pence;
    int64_t cquin_bp;
};

/* A fixed value, whatever the activity. */
struct contract_terms {
    char provider[ODS_SIZE];
    char commissioner[ODS_SIZE];
    int64_t year_pence;
};

/* About 60 KB. */
struct terms {
    struct pool_terms pools[POOLS_MAX];
    size_t pool_count;
    struct guarantee_terms guarantees[GUARANTEES_MAX];
    size_t guarantee_count;
    struct contract_terms contracts[CONTRACTS_MAX];
    size_t contract_count;
    char ring_fences[RING_FENCES_MAX][TERM_CODE_SIZE];
    size_t ring_fence_count;
    bool has_reserve;
    int64_t reserve_cap_pence;
};

/* "gain-loss"; "" for MECHANISM_NONE. Pure, as is the next (terms.c). */
const char *mechanism_word(enum mechanism mechanism);
/* MECHANISM_NONE for NULL, too; asserts for another word, as the schema knows them all. */
enum mechanism mechanism_of_word(const char *word);

/* (baseline + tariff impact + growth) x (10,000 + CQUIN) / 10,000. False when that is no amount. */
bool guarantee_of_year(const struct guarantee_terms *guarantee, int64_t *ret_pence) MUST_CHECK;

/* Exact division but for one rounding: half goes away from zero. Pure. */
__int128 divide_rounded(__int128 numerator, int64_t denominator);
/* False when it is more than an amount can be, either way. Pure. */
bool pence_of(__int128 value, int64_t *ret_pence) MUST_CHECK;

/* Is all that follows from the parameters alone in order: does each mechanism have what it needs
 * and nothing else, do splits add up, do bands rise, is every ring-fence and the reserve there that
 * is referred to. `pointer` is where the parameters stand ("" or "/parameters"). All faults at
 * once, RULE_BROKEN or REFERENCE_UNKNOWN. Pure. */
bool terms_check(const struct terms *terms, const char *pointer, struct problem *err) MUST_CHECK;

/* "ring-fence:elective" -> "elective"; NULL for an organisation. */
const char *party_ring_fence(const char *party);

struct json_t;
/* From an agreement's parameters that the schema has vouched for (terms_json.c). */
void terms_of_json(const struct json_t *parameters, struct terms *ret_terms);

#endif
