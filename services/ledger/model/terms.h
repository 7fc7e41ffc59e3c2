/* What the agreement in force says about money: the parameters that a settlement is computed from.
 * Amounts are pence; shares and rates are basis points. Source: domain.md B7 to B10, A15. */
#ifndef ACCORD_LEDGER_MODEL_TERMS_H
#define ACCORD_LEDGER_MODEL_TERMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/limits.h"

enum {
    TERM_CODE_SIZE = 41, /* of a pool or a ring-fence within its agreement: "planned" */
    PARTY_SIZE = 52,     /* an organisation's code, or "ring-fence:elective" */
    POOLS_MAX = 20,
    GUARANTEES_MAX = 50,
    CONTRACTS_MAX = 50,
    SPLIT_MAX = 20,
    BANDS_MAX = 5,
    LISTS_MAX = 20,
    UNITS_MAX = 1000000000,
    WEIGHT_BP_MAX = 1000000,
};
/* "Not given", where zero means something. */
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
};

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

/* Which members count is the mechanism's; the others are zero or "not given". With `is_of_year`,
 * amounts and units of a year stand here and a month has a twelfth of each, the odd pence in M12;
 * prices, rates and lists' rates: a price and a rate in basis points are never divided, a list's
 * rate is a year's. Without it they are every month's own. */
struct pool_terms {
    char code[TERM_CODE_SIZE];
    enum mechanism mechanism;
    char provider[ODS_SIZE];
    char commissioner[ODS_SIZE];
    bool is_of_year;
    int64_t value_pence;     /* block; cost-and-volume: its block */
    int64_t price_pence;     /* of a unit: activity, marginal, cost-and-volume */
    int64_t plan_units;      /* activity with surplus_to */
    int64_t threshold_units; /* cost-and-volume */
    int64_t ceiling_units;
    int64_t baseline_pence; /* marginal, cost-risk-share, cost-reduction-incentive; gain-loss: what
                               is expected */
    int64_t base_bp;        /* marginal: what the baseline counts as; 10,000 = as it is */
    int64_t rate_above_bp;  /* marginal */
    int64_t rate_below_bp;
    int64_t rate_bp; /* cost-risk-share: of the excess that the reserve bears;
                        cost-reduction-incentive: of the saving that the provider is paid */
    struct capitation_list lists[LISTS_MAX]; /* capitation */
    size_t list_count;
    /* gain-loss: */
    bool is_higher_favourable;
    bool is_cliff; /* a gain beyond the deadband counts whole, not its excess only */
    int64_t deadband_pence;
    int64_t gain_cap_pence; /* PENCE_NONE = none */
    int64_t loss_cap_pence;
    bool has_quality_gate;        /* gains are shared only where quality was met */
    struct band bands[BANDS_MAX]; /* one with an open end = a plain split */
    size_t band_count;
    char gain_residual_to[PARTY_SIZE];
    char loss_residual_to[ODS_SIZE];
    /* activity, cost-reduction-incentive: where what the commissioner had put in and nobody earned
     * goes; "" = it stays with the commissioner. */
    char surplus_to[TERM_CODE_SIZE];
};

/* Income for the year is never below it (EIG). */
struct guarantee_terms {
    char organisation[ODS_SIZE];
    char commissioner[ODS_SIZE]; /* who tops it up */
    int64_t baseline_pence;
    int64_t tariff_impact_pence;
    int64_t growth_pence;
    int32_t cquin_bp;
};

/* A fixed value, whatever the activity. */
struct contract_terms {
    char provider[ODS_SIZE];
    char commissioner[ODS_SIZE];
    int64_t year_pence;
};

struct terms {
    int64_t number;           /* of the agreement version */
    char digest[DIGEST_SIZE]; /* of its canonical parameters */
    struct pool_terms pools[POOLS_MAX];
    size_t pool_count;
    struct guarantee_terms guarantees[GUARANTEES_MAX];
    size_t guarantee_count;
    struct contract_terms contracts[CONTRACTS_MAX];
    size_t contract_count;
    bool has_reserve;
    int64_t reserve_cap_pence;
};

#endif
