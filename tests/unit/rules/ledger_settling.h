/* A small agreement for the settlement's tests: ZZ1 commissions, ZZ3 and ZZ4 provide, there is a
 * ring-fence "elective" and a reserve of £5.0m. Pools are each test's own. */
#ifndef ACCORD_TESTS_LEDGER_SETTLING_H
#define ACCORD_TESTS_LEDGER_SETTLING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/money.h"
#include "services/ledger/rules/balancing.h"
#include "services/ledger/rules/settlement.h"

/* £1m */
#define MILLION INT64_C(100000000)
/* £1k */
#define THOUSAND INT64_C(100000)
#define M01 (2026 * 12)
#define M12 (2026 * 12 + 11)

enum { PAST_MAX = 300 };

struct world {
    struct terms terms;
    struct actual actuals[POOLS_MAX];
    struct standing_balance standings[100];
    struct settled earlier[PAST_MAX];
    struct settled posted[PAST_MAX];
    struct settlement_input input;
    struct settlement settlement;
    struct problem err;
};

static inline struct world *world_new(void)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    snprintf(world->terms.ring_fences[world->terms.ring_fence_count++], TERM_CODE_SIZE, "elective");
    world->terms.has_reserve = true;
    world->terms.reserve_cap_pence = 5 * MILLION;
    world->input = (struct settlement_input){
        .month = M01,
        .agreement_number = 1,
        .agreement_digest = "f1d2d2f924e986ac86fdf7b36c94bcdf32beec15a2f6cbd3c3b3d5b1f8a0e5c1",
        .terms = &world->terms,
        .actuals = world->actuals,
        .standings = world->standings,
        .earlier = world->earlier,
        .posted = world->posted,
    };
    return world;
}

static inline struct pool_terms *pool_add(struct world *world, const char *code,
                                          enum mechanism mechanism)
{
    struct pool_terms *pool = &world->terms.pools[world->terms.pool_count++];
    *pool = (struct pool_terms){
        .mechanism = mechanism,
        .provider = "ZZ3",
        .commissioner = "ZZ1",
        .has_parameters = mechanism != MECHANISM_NONE,
        .is_of_month = true,
        .value_pence = PENCE_NONE,
        .price_pence = PENCE_NONE,
        .plan_units = PENCE_NONE,
        .threshold_units = PENCE_NONE,
        .ceiling_units = PENCE_NONE,
        .baseline_pence = PENCE_NONE,
        .base_bp = PENCE_NONE,
        .rate_above_bp = PENCE_NONE,
        .rate_below_bp = PENCE_NONE,
        .rate_bp = PENCE_NONE,
        .expected_pence = PENCE_NONE,
        .deadband_pence = PENCE_NONE,
        .gain_cap_pence = PENCE_NONE,
        .loss_cap_pence = PENCE_NONE,
    };
    snprintf(pool->code, sizeof pool->code, "%s", code);
    return pool;
}

/* Expected 10.0m, deadband 0.1m, caps 0.4m and 0.6m, split 50/30/20: B9. */
static inline struct pool_terms *gain_loss_add(struct world *world, const char *code)
{
    struct pool_terms *pool = pool_add(world, code, MECHANISM_GAIN_LOSS);
    pool->expected_pence = 10 * MILLION;
    pool->deadband = DEADBAND_EXCESS_ONLY;
    pool->deadband_pence = 100 * THOUSAND;
    pool->gain_cap_pence = 400 * THOUSAND;
    pool->loss_cap_pence = 600 * THOUSAND;
    pool->has_split = true;
    pool->band_count = 1;
    pool->bands[0] = (struct band){
        .up_to_pence = PENCE_NONE,
        .split = {{"ZZ3", 5000}, {"ZZ1", 3000}, {"ZZ4", 2000}},
        .split_count = 3,
    };
    snprintf(pool->gain_residual_to, PARTY_SIZE, "ring-fence:elective");
    snprintf(pool->loss_residual_to, PARTY_SIZE, "ZZ1");
    return pool;
}

static inline struct pool_terms *cost_pool_add(struct world *world, const char *code,
                                               enum mechanism mechanism, int64_t baseline_pence)
{
    struct pool_terms *pool = pool_add(world, code, mechanism);
    pool->baseline_pence = baseline_pence;
    pool->rate_bp = 5000;
    return pool;
}

static inline struct actual *actual_add(struct world *world, const char *pool, int64_t units,
                                        int64_t cost_pence)
{
    struct actual *actual = &world->actuals[world->input.actual_count++];
    *actual = (struct actual){.submission_id = "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d3e",
                              .revision = 1,
                              .units = units,
                              .cost_pence = cost_pence};
    snprintf(actual->pool, sizeof actual->pool, "%s", pool);
    return actual;
}

static inline void standing_add(struct world *world, const char *account, int64_t pence)
{
    struct standing_balance *standing = &world->standings[world->input.standing_count++];
    snprintf(standing->account_code, CODE_SIZE, "%s", account);
    standing->available_pence = pence;
}

static inline void settled_of(const struct line *line, struct settled *settled)
{
    *settled = (struct settled){.kind = line->kind,
                                .band = line->band,
                                .amount_pence = line->result_pence,
                                .is_of_version = true};
    snprintf(settled->pool, TERM_CODE_SIZE, "%s", line->pool);
    snprintf(settled->from_account, CODE_SIZE, "%s", line->from_account);
    snprintf(settled->to_account, CODE_SIZE, "%s", line->to_account);
}

/* 280.0m, 2.8m and 4.2m with 2.5%: B7. */
static inline void guarantee_add(struct world *world)
{
    world->terms.guarantees[world->terms.guarantee_count++] = (struct guarantee_terms){
        .organisation = "ZZ3",
        .commissioner = "ZZ1",
        .baseline_pence = 280 * MILLION,
        .tariff_impact_pence = 28 * MILLION / 10,
        .growth_pence = 42 * MILLION / 10,
        .cquin_bp = 250,
    };
}

/* What was computed has been posted; what follows is a correction of it. */
static inline void post(struct world *world)
{
    for (size_t i = 0; i < world->settlement.line_count; i++)
        settled_of(&world->settlement.lines[i], &world->posted[world->input.posted_count++]);
    world->input.is_corrective = true;
}

/* What was computed has been posted, and the next month is to be computed. */
static inline void next_month(struct world *world)
{
    for (size_t i = 0; i < world->settlement.line_count; i++)
        settled_of(&world->settlement.lines[i], &world->earlier[world->input.earlier_count++]);
    for (size_t i = 0; i < world->input.actual_count; i++) {
        world->actuals[i].earlier_units += world->actuals[i].units;
        world->actuals[i].earlier_cost_pence += world->actuals[i].cost_pence;
    }
    const uint32_t bit = UINT32_C(1) << (world->input.month % 12);
    world->input.settled_months |= bit;
    world->input.version_months |= bit;
    world->input.month++;
}

/* Entries add up to zero, none is zero, each account stands once, in order; and what lines say of
 * an account is what its entry says, but for what is owed instead. */
static inline void assert_whole(const struct settlement *settlement)
{
    __int128 sum = 0;
    for (size_t i = 0; i < settlement->entry_count; i++) {
        const struct settlement_entry *entry = &settlement->entries[i];
        assert_true(entry->amount_pence != 0);
        sum += entry->amount_pence;
        if (i > 0)
            assert_true(strcmp(settlement->entries[i - 1].account_code, entry->account_code) < 0);
        assert_true(strncmp(entry->account_code, "pool:", 5) != 0); /* pools pass on all */
    }
    assert_true(sum == 0);
    for (size_t i = 0; i < settlement->line_count; i++)
        assert_true(settlement->lines[i].sentence[0] != '\0');
}

static inline void settle(struct world *world)
{
    world->err = (struct problem){0};
    if (!settlement_compute(&world->input, &world->settlement, &world->err))
        fail_msg("%s: %s", world->err.detail, world->err.faults[0].detail);
    assert_whole(&world->settlement);
}

static inline void refuse(struct world *world, enum problem_code code, const char *fault)
{
    world->err = (struct problem){0};
    assert_false(settlement_compute(&world->input, &world->settlement, &world->err));
    assert_int_equal(world->err.code, code);
    for (size_t i = 0; i < world->err.fault_count && i < FAULTS_LISTED_MAX; i++)
        if (strcmp(world->err.faults[i].code, fault) == 0)
            return;
    fail_msg("no fault '%s', but '%s'", fault, world->err.faults[0].code);
}

static inline const struct line *line_of(const struct world *world, enum line_kind kind,
                                         const char *pool, const char *organisation)
{
    for (size_t i = 0; i < world->settlement.line_count; i++) {
        const struct line *line = &world->settlement.lines[i];
        if (line->kind == kind && strcmp(line->pool, pool) == 0 &&
            strcmp(line->organisation, organisation) == 0)
            return line;
    }
    fail_msg("there is no line %s of %s for '%s'", line_kind_word(kind), pool, organisation);
    return NULL;
}

static inline int64_t result_of(const struct world *world, enum line_kind kind, const char *pool,
                                const char *organisation)
{
    return line_of(world, kind, pool, organisation)->result_pence;
}

static inline int64_t step_of(const struct line *line, enum figure figure)
{
    for (size_t i = 0; i < line->step_count; i++)
        if (line->steps[i].figure == figure)
            return line->steps[i].value;
    fail_msg("there is no step %s", figure_word(figure));
    return 0;
}

/* 0 where there is none. */
static inline int64_t entry_of(const struct world *world, const char *account)
{
    for (size_t i = 0; i < world->settlement.entry_count; i++)
        if (strcmp(world->settlement.entries[i].account_code, account) == 0)
            return world->settlement.entries[i].amount_pence;
    return 0;
}

#endif
