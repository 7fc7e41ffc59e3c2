/* Every mechanism by domain.md's own figures (B8, B9). */
#include "ledger_settling.h"

static void a_block_is_paid_whatever_the_activity(void **state)
{
    (void)state;
    struct world *world = world_new();
    pool_add(world, "planned", MECHANISM_BLOCK)->value_pence = 10 * MILLION;
    settle(world);
    assert_int_equal(result_of(world, LINE_FUNDING, "planned", "ZZ1"), 10 * MILLION);
    assert_int_equal(result_of(world, LINE_PAYMENT, "planned", "ZZ3"), 10 * MILLION);
    assert_int_equal(entry_of(world, "partner:ZZ1:position"), -10 * MILLION);
    assert_int_equal(entry_of(world, "partner:ZZ3:position"), 10 * MILLION);
    free(world);
}

static void activity_is_units_times_price(void **state)
{
    (void)state;
    struct world *world = world_new();
    pool_add(world, "planned", MECHANISM_ACTIVITY)->price_pence = 8500;
    actual_add(world, "planned", 120, 0);
    settle(world);
    assert_int_equal(result_of(world, LINE_PAYMENT, "planned", "ZZ3"), 1020000);
    assert_int_equal(entry_of(world, "partner:ZZ1:position"), -1020000);
    free(world);
}

static void activity_below_its_plan_leaves_a_surplus(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct pool_terms *pool = pool_add(world, "planned", MECHANISM_ACTIVITY);
    pool->price_pence = 8500;
    pool->plan_units = 200;
    snprintf(pool->surplus_to, TERM_CODE_SIZE, "elective");
    struct actual *actual = actual_add(world, "planned", 120, 0);
    settle(world);
    assert_int_equal(result_of(world, LINE_FUNDING, "planned", "ZZ1"), 1700000);
    assert_int_equal(result_of(world, LINE_PAYMENT, "planned", "ZZ3"), 1020000);
    assert_int_equal(result_of(world, LINE_SURPLUS, "planned", ""), 680000);
    assert_int_equal(entry_of(world, "ring-fence:elective"), 680000);
    assert_int_equal(world->settlement.surplus_pence, 680000);
    actual->units = 210; /* above the plan, the commissioner pays what was done */
    settle(world);
    assert_int_equal(result_of(world, LINE_FUNDING, "planned", "ZZ1"), 1785000);
    assert_int_equal(result_of(world, LINE_SURPLUS, "planned", ""), 0);
    assert_int_equal(world->settlement.surplus_pence, 0);
    free(world);
}

static int64_t marginal(int64_t baseline_pence, int64_t base_bp, int64_t above_bp, int64_t below_bp,
                        int64_t units)
{
    struct world *world = world_new();
    struct pool_terms *pool = pool_add(world, "urgent", MECHANISM_MARGINAL);
    pool->baseline_pence = baseline_pence;
    pool->base_bp = base_bp;
    pool->rate_above_bp = above_bp;
    pool->rate_below_bp = below_bp;
    pool->price_pence = 100000; /* £1,000 */
    actual_add(world, "urgent", units, 0);
    settle(world);
    int64_t paid = result_of(world, LINE_PAYMENT, "urgent", "ZZ3");
    assert_int_equal(entry_of(world, "partner:ZZ1:position"), -paid);
    free(world);
    return paid;
}

static void the_margin_is_paid_at_its_rate(void **state)
{
    (void)state;
    /* 70% above the baseline; below it, what was done */
    assert_int_equal(marginal(10 * MILLION, PENCE_NONE, 7000, 10000, 11000), 1070 * MILLION / 100);
    assert_int_equal(marginal(10 * MILLION, PENCE_NONE, 7000, 10000, 9000), 9 * MILLION);
    assert_int_equal(marginal(10 * MILLION, PENCE_NONE, 7000, 10000, 10000), 10 * MILLION);
    /* 20% both ways */
    assert_int_equal(marginal(10 * MILLION, PENCE_NONE, 2000, 2000, 11000), 1020 * MILLION / 100);
    assert_int_equal(marginal(10 * MILLION, PENCE_NONE, 2000, 2000, 9000), 980 * MILLION / 100);
    /* 75% both ways on 104% of a base year */
    assert_int_equal(marginal(10 * MILLION, 10400, 7500, 7500, 11000), 1085 * MILLION / 100);
    assert_int_equal(marginal(10 * MILLION, 10400, 7500, 7500, 10000), 1010 * MILLION / 100);
    /* one rounding, half a penny away from zero: 104.01% of 50p and 75% of the rest below */
    assert_int_equal(marginal(50, 10001, 5000, 5000, 0), 25);
    assert_int_equal(marginal(5, 10000, 5000, 9000, 0), 1); /* 0.5 */
}

static int64_t cost_and_volume(int64_t units)
{
    struct world *world = world_new();
    struct pool_terms *pool = pool_add(world, "planned", MECHANISM_COST_AND_VOLUME);
    pool->value_pence = 4 * MILLION;
    pool->price_pence = 25000;
    pool->threshold_units = 10000;
    pool->ceiling_units = 11000;
    actual_add(world, "planned", units, 0);
    settle(world);
    int64_t paid = result_of(world, LINE_PAYMENT, "planned", "ZZ3");
    free(world);
    return paid;
}

static void cost_and_volume_pays_between_threshold_and_ceiling(void **state)
{
    (void)state;
    assert_int_equal(cost_and_volume(9000), 400 * MILLION / 100);
    assert_int_equal(cost_and_volume(10000), 400 * MILLION / 100);
    assert_int_equal(cost_and_volume(10001), 400 * MILLION / 100 + 25000);
    assert_int_equal(cost_and_volume(10600), 415 * MILLION / 100);
    assert_int_equal(cost_and_volume(12000), 425 * MILLION / 100);
}

static void capitation_is_list_times_rate_times_weight(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct pool_terms *pool = pool_add(world, "community", MECHANISM_CAPITATION);
    pool->lists[pool->list_count++] =
        (struct capitation_list){.people = 482000, .rate_pence = 10000, .weight_bp = 10000};
    settle(world);
    assert_int_equal(result_of(world, LINE_PAYMENT, "community", "ZZ3"), 4820 * MILLION / 100);
    /* Rounded once, of the sum: 125.25 + 125.25, not 125 + 125. */
    pool->lists[0] = (struct capitation_list){.people = 1, .rate_pence = 125, .weight_bp = 10020};
    pool->lists[pool->list_count++] = pool->lists[0];
    settle(world);
    assert_int_equal(result_of(world, LINE_PAYMENT, "community", "ZZ3"), 251);
    free(world);
}

static void the_reserve_shares_a_cost_risk(void **state)
{
    (void)state;
    struct world *world = world_new();
    cost_pool_add(world, "urgent", MECHANISM_COST_RISK_SHARE, 90 * MILLION);
    struct actual *actual = actual_add(world, "urgent", 0, 936 * MILLION / 10);
    standing_add(world, "reserve:cost-risk", 5 * MILLION);
    settle(world);
    assert_int_equal(result_of(world, LINE_CALL, "urgent", ""), 18 * MILLION / 10);
    assert_int_equal(result_of(world, LINE_PAYMENT, "urgent", "ZZ3"), 918 * MILLION / 10);
    assert_int_equal(entry_of(world, "reserve:cost-risk"), -18 * MILLION / 10);
    assert_int_equal(entry_of(world, "partner:ZZ1:position"), -90 * MILLION);
    assert_int_equal(world->settlement.reserve_called_pence, 18 * MILLION / 10);
    /* Below the baseline, nothing is called and the provider keeps the saving. */
    actual->cost_pence = 89 * MILLION;
    settle(world);
    assert_int_equal(result_of(world, LINE_PAYMENT, "urgent", "ZZ3"), 90 * MILLION);
    assert_int_equal(entry_of(world, "reserve:cost-risk"), 0);
    /* Half of an odd penny goes away from zero. */
    actual->cost_pence = 90 * MILLION + 1;
    settle(world);
    assert_int_equal(result_of(world, LINE_CALL, "urgent", ""), 1);
    free(world);
}

static void a_cost_reduction_is_shared_and_an_excess_called(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct pool_terms *pool =
        cost_pool_add(world, "drugs", MECHANISM_COST_REDUCTION_INCENTIVE, 30 * MILLION);
    struct actual *actual = actual_add(world, "drugs", 0, 28 * MILLION);
    standing_add(world, "reserve:cost-risk", 5 * MILLION);
    settle(world);
    assert_int_equal(result_of(world, LINE_PAYMENT, "drugs", "ZZ3"), 29 * MILLION);
    assert_int_equal(entry_of(world, "partner:ZZ1:position"), -29 * MILLION);
    /* What the commissioner had put in and nobody earned */
    snprintf(pool->surplus_to, TERM_CODE_SIZE, "elective");
    settle(world);
    assert_int_equal(result_of(world, LINE_PAYMENT, "drugs", "ZZ3"), 29 * MILLION);
    assert_int_equal(entry_of(world, "partner:ZZ1:position"), -30 * MILLION);
    assert_int_equal(entry_of(world, "ring-fence:elective"), 1 * MILLION);
    actual->cost_pence = 309 * MILLION / 10;
    settle(world);
    assert_int_equal(result_of(world, LINE_CALL, "drugs", ""), 9 * MILLION / 10);
    assert_int_equal(result_of(world, LINE_PAYMENT, "drugs", "ZZ3"), 309 * MILLION / 10);
    assert_int_equal(entry_of(world, "partner:ZZ1:position"), -30 * MILLION);
    assert_int_equal(entry_of(world, "ring-fence:elective"), 0);
    free(world);
}

static void a_gain_is_shared_beyond_the_deadband_up_to_the_cap(void **state)
{
    (void)state;
    struct world *world = world_new();
    gain_loss_add(world, "planned");
    actual_add(world, "planned", 0, 94 * MILLION / 10);
    settle(world);
    assert_int_equal(result_of(world, LINE_SHARE, "planned", "ZZ3"), 200 * THOUSAND);
    assert_int_equal(result_of(world, LINE_SHARE, "planned", "ZZ1"), 120 * THOUSAND);
    assert_int_equal(result_of(world, LINE_SHARE, "planned", "ZZ4"), 80 * THOUSAND);
    assert_int_equal(result_of(world, LINE_RESIDUAL, "planned", ""), 200 * THOUSAND);
    assert_int_equal(entry_of(world, "ring-fence:elective"), 200 * THOUSAND);
    assert_int_equal(entry_of(world, "partner:ZZ3:position"), 94 * MILLION / 10 + 200 * THOUSAND);
    assert_int_equal(entry_of(world, "partner:ZZ1:position"), -10 * MILLION + 120 * THOUSAND);
    const struct line *line = line_of(world, LINE_SHARE, "planned", "ZZ1");
    assert_int_equal(step_of(line, FIGURE_BASELINE), 10 * MILLION);
    assert_int_equal(step_of(line, FIGURE_ACTUAL), 94 * MILLION / 10);
    assert_int_equal(step_of(line, FIGURE_DIFFERENCE), 600 * THOUSAND);
    assert_int_equal(step_of(line, FIGURE_DEADBAND), 100 * THOUSAND);
    assert_int_equal(step_of(line, FIGURE_BEYOND), 500 * THOUSAND);
    assert_int_equal(step_of(line, FIGURE_CAP), 400 * THOUSAND);
    assert_int_equal(step_of(line, FIGURE_SHARED), 400 * THOUSAND);
    assert_int_equal(step_of(line, FIGURE_RATE), 3000);
    assert_string_equal(line->sentence, "planned: of the gain of £600,000.00, £400,000.00 is "
                                        "shared; ZZ1 has 30% of it, £120,000.00.");
    free(world);
}

static void a_loss_is_shared_beyond_the_deadband_up_to_the_cap(void **state)
{
    (void)state;
    struct world *world = world_new();
    gain_loss_add(world, "planned");
    actual_add(world, "planned", 0, 109 * MILLION / 10);
    settle(world); /* a loss comes from its bearers: its lines go the other way */
    const struct line *line = line_of(world, LINE_SHARE, "planned", "ZZ3");
    assert_int_equal(line->result_pence, 300 * THOUSAND);
    assert_string_equal(line->from_account, "partner:ZZ3:position");
    assert_string_equal(line->to_account, "pool:planned");
    assert_int_equal(result_of(world, LINE_SHARE, "planned", "ZZ1"), 180 * THOUSAND);
    assert_int_equal(result_of(world, LINE_SHARE, "planned", "ZZ4"), 120 * THOUSAND);
    assert_int_equal(result_of(world, LINE_RESIDUAL, "planned", "ZZ1"), 300 * THOUSAND);
    assert_int_equal(entry_of(world, "partner:ZZ4:position"), -120 * THOUSAND);
    assert_int_equal(entry_of(world, "partner:ZZ3:position"), 109 * MILLION / 10 - 300 * THOUSAND);
    assert_int_equal(entry_of(world, "partner:ZZ1:position"), -10 * MILLION - 480 * THOUSAND);
    assert_int_equal(entry_of(world, "ring-fence:elective"), 0);
    free(world);
}

static struct gain_loss outcome_of(const struct pool_terms *terms, int64_t actual_pence,
                                   bool is_quality_met)
{
    struct gain_loss outcome;
    gain_loss_compute(terms, actual_pence, is_quality_met, &outcome);
    assert_int_equal(outcome.shared_pence + outcome.residual_pence, outcome.difference_pence);
    return outcome;
}

static void what_lies_within_the_deadband_is_not_shared(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct pool_terms *terms = gain_loss_add(world, "planned");
    assert_int_equal(outcome_of(terms, 10 * MILLION, true).shared_pence, 0);
    assert_int_equal(outcome_of(terms, 99 * MILLION / 10, true).shared_pence, 0);
    assert_int_equal(outcome_of(terms, 99 * MILLION / 10 - 1, true).shared_pence, 1);
    assert_int_equal(outcome_of(terms, 101 * MILLION / 10, true).shared_pence, 0);
    assert_int_equal(outcome_of(terms, 101 * MILLION / 10 + 1, true).shared_pence, -1);
    terms->deadband = DEADBAND_CLIFF;
    assert_int_equal(outcome_of(terms, 99 * MILLION / 10, true).shared_pence, 0);
    assert_int_equal(outcome_of(terms, 99 * MILLION / 10 - 1, true).shared_pence,
                     100 * THOUSAND + 1);
    assert_int_equal(outcome_of(terms, 101 * MILLION / 10 + 1, true).shared_pence,
                     -100 * THOUSAND - 1);
    terms->deadband = DEADBAND_NOT_STATED;
    terms->deadband_pence = PENCE_NONE;
    terms->gain_cap_pence = terms->loss_cap_pence = PENCE_NONE;
    assert_int_equal(outcome_of(terms, 10 * MILLION - 1, true).shared_pence, 1);
    assert_int_equal(outcome_of(terms, 0, true).shared_pence, 10 * MILLION);
    assert_int_equal(outcome_of(terms, 30 * MILLION, true).shared_pence, -20 * MILLION);
    free(world);
}

static void the_quality_gate_stops_gains_only(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct pool_terms *terms = gain_loss_add(world, "planned");
    struct actual *actual = actual_add(world, "planned", 0, 94 * MILLION / 10);
    terms->has_quality_gate = true;
    refuse(world, PROBLEM_STATE_CONFLICT, "quality-missing");
    actual->quality = QUALITY_MISSED;
    settle(world);
    assert_int_equal(result_of(world, LINE_SHARE, "planned", "ZZ3"), 0);
    assert_int_equal(result_of(world, LINE_RESIDUAL, "planned", ""), 600 * THOUSAND);
    actual->quality = QUALITY_MET;
    settle(world);
    assert_int_equal(result_of(world, LINE_SHARE, "planned", "ZZ3"), 200 * THOUSAND);
    actual->cost_pence = 109 * MILLION / 10;
    actual->quality = QUALITY_MISSED;
    settle(world);
    assert_int_equal(result_of(world, LINE_SHARE, "planned", "ZZ3"), 300 * THOUSAND);
    actual->quality = QUALITY_NOT_STATED; /* a loss does not ask for it */
    settle(world);
    free(world);
}

/* First 100k 50:50, then 75% provider: target 1.0m. */
static struct world *banded(int64_t actual_pence, enum favourable favourable)
{
    struct world *world = world_new();
    struct pool_terms *terms = pool_add(world, "planned", MECHANISM_GAIN_LOSS);
    terms->expected_pence = 1 * MILLION;
    terms->favourable = favourable;
    terms->has_bands = true;
    terms->band_count = 2;
    terms->bands[0] = (struct band){
        .up_to_pence = 100 * THOUSAND, .split = {{"ZZ3", 5000}, {"ZZ1", 5000}}, .split_count = 2};
    terms->bands[1] = (struct band){
        .up_to_pence = PENCE_NONE, .split = {{"ZZ3", 7500}, {"ZZ1", 2500}}, .split_count = 2};
    snprintf(terms->gain_residual_to, PARTY_SIZE, "ZZ1");
    snprintf(terms->loss_residual_to, PARTY_SIZE, "ZZ1");
    actual_add(world, "planned", 0, actual_pence);
    settle(world);
    return world;
}

static void bands_have_their_own_splits(void **state)
{
    (void)state;
    struct world *world = banded(12 * MILLION / 10, FAVOURABLE_HIGHER);
    assert_int_equal(world->settlement.line_count, 5);
    assert_int_equal(world->settlement.lines[1].band, 1);
    assert_int_equal(world->settlement.lines[1].result_pence, 50 * THOUSAND);
    assert_int_equal(world->settlement.lines[3].band, 2);
    assert_int_equal(world->settlement.lines[3].result_pence, 75 * THOUSAND);
    assert_int_equal(step_of(&world->settlement.lines[3], FIGURE_BAND), 100 * THOUSAND);
    assert_int_equal(entry_of(world, "partner:ZZ3:position"), 125 * THOUSAND);
    /* The commissioner, who has the gain, puts 200k in and gets 75k of it. */
    assert_int_equal(entry_of(world, "partner:ZZ1:position"), -125 * THOUSAND);
    assert_int_equal(world->settlement.lines[2].result_pence +
                         world->settlement.lines[4].result_pence,
                     75 * THOUSAND);
    free(world);
    world = banded(105 * MILLION / 100, FAVOURABLE_HIGHER); /* within the first */
    assert_int_equal(world->settlement.line_count, 3);
    assert_int_equal(entry_of(world, "partner:ZZ3:position"), 25 * THOUSAND);
    free(world);
    world = banded(8 * MILLION / 10, FAVOURABLE_HIGHER); /* a loss, made good to the commissioner */
    assert_int_equal(entry_of(world, "partner:ZZ3:position"), -125 * THOUSAND);
    assert_int_equal(entry_of(world, "partner:ZZ1:position"), 125 * THOUSAND);
    free(world);
    world = banded(8 * MILLION / 10, FAVOURABLE_LOWER); /* the same gain of a cost */
    assert_int_equal(entry_of(world, "partner:ZZ3:position"), 925 * THOUSAND);
    free(world);
}

static void odd_pence_of_a_split_go_to_the_largest_remainder(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct pool_terms *terms = gain_loss_add(world, "planned");
    terms->deadband = DEADBAND_NOT_STATED;
    terms->deadband_pence = terms->gain_cap_pence = terms->loss_cap_pence = PENCE_NONE;
    terms->bands[0].split[0].share_bp = 3334;
    terms->bands[0].split[1].share_bp = 3333;
    terms->bands[0].split[2].share_bp = 3333;
    actual_add(world, "planned", 0, 10 * MILLION - 100);
    settle(world);
    assert_int_equal(result_of(world, LINE_SHARE, "planned", "ZZ3"), 34);
    assert_int_equal(result_of(world, LINE_SHARE, "planned", "ZZ1"), 33);
    assert_int_equal(result_of(world, LINE_SHARE, "planned", "ZZ4"), 33);
    free(world);
}

static void a_pool_without_a_mechanism_is_not_settled(void **state)
{
    (void)state;
    struct world *world = world_new();
    pool_add(world, "later", MECHANISM_NONE);
    settle(world);
    assert_int_equal(world->settlement.line_count, 0);
    assert_int_equal(world->settlement.entry_count, 0);
    free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_is_paid_whatever_the_activity),
        cmocka_unit_test(activity_is_units_times_price),
        cmocka_unit_test(activity_below_its_plan_leaves_a_surplus),
        cmocka_unit_test(the_margin_is_paid_at_its_rate),
        cmocka_unit_test(cost_and_volume_pays_between_threshold_and_ceiling),
        cmocka_unit_test(capitation_is_list_times_rate_times_weight),
        cmocka_unit_test(the_reserve_shares_a_cost_risk),
        cmocka_unit_test(a_cost_reduction_is_shared_and_an_excess_called),
        cmocka_unit_test(a_gain_is_shared_beyond_the_deadband_up_to_the_cap),
        cmocka_unit_test(a_loss_is_shared_beyond_the_deadband_up_to_the_cap),
        cmocka_unit_test(what_lies_within_the_deadband_is_not_shared),
        cmocka_unit_test(the_quality_gate_stops_gains_only),
        cmocka_unit_test(bands_have_their_own_splits),
        cmocka_unit_test(odd_pence_of_a_split_go_to_the_largest_remainder),
        cmocka_unit_test(a_pool_without_a_mechanism_is_not_settled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
