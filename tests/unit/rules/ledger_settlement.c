/* The settlement as a whole: the reserve, contracts and the guarantee (domain.md B7, B10), and what
 * can't be settled. */
#include "ledger_settling.h"

/* --- the reserve (B10)
 * --------------------------------------------------------------------------------- */

static void what_is_not_drawn_is_released_at_close(void **state)
{
    (void)state;
    assert_int_equal(reserve_unspent(5 * MILLION, 18 * MILLION / 10 + 9 * MILLION / 10, 0),
                     23 * MILLION / 10);
    assert_int_equal(reserve_unspent(5 * MILLION, 27 * MILLION / 10, 23 * MILLION / 10), 0);
    assert_int_equal(reserve_unspent(5 * MILLION, 6 * MILLION, 0), 0);
    assert_int_equal(reserve_unspent(5 * MILLION, -1, 0), 5 * MILLION);
    assert_int_equal(reserve_unspent(INT64_MAX, INT64_MIN, INT64_MIN), INT64_MAX);
    assert_int_equal(reserve_unspent(0, INT64_MAX, INT64_MAX), 0);
}

static void a_call_beyond_the_reserve_is_paid_as_far_as_it_goes_and_escalates(void **state)
{
    (void)state;
    struct world *world = world_new();
    cost_pool_add(world, "drugs", MECHANISM_COST_REDUCTION_INCENTIVE, 30 * MILLION);
    actual_add(world, "drugs", 0, 351 * MILLION / 10);
    standing_add(world, "reserve:cost-risk", 5 * MILLION);
    settle(world);
    assert_int_equal(result_of(world, LINE_CALL, "drugs", ""), 5 * MILLION);
    assert_int_equal(step_of(line_of(world, LINE_CALL, "drugs", ""), FIGURE_ASKED),
                     51 * MILLION / 10);
    assert_int_equal(result_of(world, LINE_PAYMENT, "drugs", "ZZ3"), 35 * MILLION);
    assert_int_equal(world->settlement.escalation_count, 1);
    const struct settlement_escalation *escalation = &world->settlement.escalations[0];
    assert_int_equal(escalation->kind, ESCALATION_RESERVE);
    assert_int_equal(escalation->amount_pence, 100 * THOUSAND);
    assert_string_equal(escalation->pool, "drugs");
    assert_string_equal(escalation->organisation, "ZZ3");
    assert_string_equal(escalation->sentence,
                        "Pool drugs calls £5,100,000.00 on the reserve and is given "
                        "£5,000,000.00: £100,000.00 has no cover.");
    free(world);
}

static void the_reserve_gives_what_is_there_within_its_cap(void **state)
{
    (void)state;
    struct world *world = world_new();
    cost_pool_add(world, "urgent", MECHANISM_COST_RISK_SHARE, 90 * MILLION);
    actual_add(world, "urgent", 0, 936 * MILLION / 10);
    settle(world); /* nobody has put anything into it */
    assert_int_equal(result_of(world, LINE_CALL, "urgent", ""), 0);
    assert_int_equal(world->settlement.escalations[0].amount_pence, 18 * MILLION / 10);
    standing_add(world, "reserve:cost-risk", 1 * MILLION);
    settle(world);
    assert_int_equal(result_of(world, LINE_CALL, "urgent", ""), 1 * MILLION);
    world->standings[0].available_pence = 5 * MILLION;
    world->input.reserve_drawn_pence = 4 * MILLION;
    settle(world);
    assert_int_equal(result_of(world, LINE_CALL, "urgent", ""), 1 * MILLION);
    world->input.reserve_released_pence = 1 * MILLION;
    settle(world);
    assert_int_equal(result_of(world, LINE_CALL, "urgent", ""), 0);
    world->standings[0].available_pence = -1;
    world->input.reserve_drawn_pence = world->input.reserve_released_pence = 0;
    settle(world);
    assert_int_equal(result_of(world, LINE_CALL, "urgent", ""), 0);
    free(world);
}

static void calls_that_exceed_the_reserve_are_cut_pro_rata(void **state)
{
    (void)state;
    struct world *world = world_new();
    cost_pool_add(world, "drugs", MECHANISM_COST_REDUCTION_INCENTIVE, 30 * MILLION);
    cost_pool_add(world, "urgent", MECHANISM_COST_RISK_SHARE, 90 * MILLION);
    actual_add(world, "drugs", 0, 36 * MILLION);  /* asks 6.0m */
    actual_add(world, "urgent", 0, 98 * MILLION); /* asks 4.0m */
    standing_add(world, "reserve:cost-risk", 9 * MILLION);
    settle(world); /* 5.0m are there for 10.0m */
    assert_int_equal(result_of(world, LINE_CALL, "drugs", ""), 3 * MILLION);
    assert_int_equal(result_of(world, LINE_CALL, "urgent", ""), 2 * MILLION);
    assert_int_equal(entry_of(world, "reserve:cost-risk"), -5 * MILLION);
    assert_int_equal(world->settlement.escalation_count, 2);
    free(world);
}

static void odd_pence_of_a_cut_go_to_the_largest_remainder(void **state)
{
    (void)state;
    static const struct {
        int64_t left, asked[3], granted[3];
    } vectors[] = {
        {100, {100, 100, 100}, {34, 33, 33}},
        {101, {100, 100, 100}, {34, 34, 33}},
        {2, {1, 1, 1}, {1, 1, 0}},
        {1, {2, 3, 3}, {0, 1, 0}},
        {10, {7, 0, 5}, {6, 0, 4}},
        {0, {7, 0, 5}, {0, 0, 0}},
        {12, {7, 0, 5}, {7, 0, 5}},
        {MONEY_PENCE_MAX,
         {MONEY_PENCE_MAX, MONEY_PENCE_MAX, 1},
         {MONEY_PENCE_MAX / 2, MONEY_PENCE_MAX / 2, 1}},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(vectors); i++) {
        int64_t granted[3];
        reserve_grant(vectors[i].left, vectors[i].asked, 3, granted);
        for (size_t k = 0; k < 3; k++)
            if (granted[k] != vectors[i].granted[k])
                fail_msg("vector %zu, pool %zu: %lld", i, k, (long long)granted[k]);
    }
}

/* --- contracts and the guarantee (B7)
 * ------------------------------------------------------------------ */

static void a_fixed_contract_is_paid_in_twelfths_the_odd_pence_in_M12(void **state)
{
    (void)state;
    struct world *world = world_new();
    world->terms.contracts[world->terms.contract_count++] =
        (struct contract_terms){"ZZ3", "ZZ1", 120 * MILLION + 7};
    settle(world);
    assert_int_equal(result_of(world, LINE_CONTRACT, "", "ZZ3"), 10 * MILLION);
    assert_int_equal(entry_of(world, "partner:ZZ1:position"), -10 * MILLION);
    world->input.month = M12;
    settle(world);
    assert_int_equal(result_of(world, LINE_CONTRACT, "", "ZZ3"), 10 * MILLION + 7);
    assert_string_equal(world->settlement.lines[0].sentence,
                        "ZZ1 pays ZZ3 its month of the fixed contract of £120,000,000.07 a year, "
                        "whatever the activity: £10,000,000.07.");
    free(world);
}

static void twelfths_add_up_to_the_year(void **state)
{
    (void)state;
    static const int64_t years[] = {0, 1, 11, 12, 13, 29417500000, MONEY_PENCE_MAX};
    for (size_t i = 0; i < ARRAY_LENGTH(years); i++) {
        int64_t sum = 0;
        for (int32_t month = M01; month <= M12; month++)
            sum += twelfth(years[i], month);
        assert_int_equal(sum, years[i]);
    }
    assert_int_equal(twelfth(29417500000, M01), 2451458333);
    assert_int_equal(twelfth(29417500000, M12), 2451458337);
    assert_int_equal(twelfth(PENCE_NONE, M12), PENCE_NONE);
}

static void the_guarantee_is_the_three_with_cquin(void **state)
{
    (void)state;
    struct world *world = world_new();
    int64_t year_pence = 0;
    guarantee_add(world);
    assert_true(guarantee_of_year(&world->terms.guarantees[0], &year_pence));
    assert_int_equal(year_pence, 29417500000);
    free(world);
}

static void income_of_the_year_is_never_below_the_guarantee(void **state)
{
    (void)state;
    struct world *world = world_new();
    guarantee_add(world);
    pool_add(world, "planned", MECHANISM_ACTIVITY)->price_pence = 100;
    actual_add(world, "planned", 24000000, 0); /* £24.0m a month */
    for (int32_t month = M01; month < M12; month++) {
        settle(world);
        const struct line *line = line_of(world, LINE_GUARANTEE, "", "ZZ3");
        assert_int_equal(line->result_pence, 0);
        assert_int_equal(step_of(line, FIGURE_YEAR), 29417500000);
        assert_int_equal(step_of(line, FIGURE_BASELINE), INT64_C(2451458333) * (month - M01 + 1));
        assert_int_equal(step_of(line, FIGURE_INCOME), 24 * MILLION * (month - M01 + 1));
        next_month(world);
    }
    settle(world); /* 288.0m have been paid */
    const struct line *line = line_of(world, LINE_GUARANTEE, "", "ZZ3");
    assert_int_equal(line->result_pence, 29417500000 - 288 * MILLION);
    assert_int_equal(step_of(line, FIGURE_BASELINE), 29417500000);
    assert_int_equal(entry_of(world, "partner:ZZ3:position"),
                     24 * MILLION + 29417500000 - 288 * MILLION);
    world->actuals[0].units *= 2; /* 312.0m: nothing is missing, and nothing comes back */
    settle(world);
    assert_int_equal(result_of(world, LINE_GUARANTEE, "", "ZZ3"), 0);
    free(world);
}

static void a_guarantee_covers_the_months_that_were_settled(void **state)
{
    (void)state;
    struct world *world = world_new();
    guarantee_add(world);
    world->input.month = M12;
    world->input.settled_months = 1 << 10 | 1 << 11;
    settle(world);
    assert_int_equal(result_of(world, LINE_GUARANTEE, "", "ZZ3"), 2451458333 + 2451458337);
    free(world);
}

static void what_a_provider_bears_of_a_loss_comes_off_its_income(void **state)
{
    (void)state;
    struct world *world = world_new();
    guarantee_add(world);
    gain_loss_add(world, "planned");
    actual_add(world, "planned", 0, 109 * MILLION / 10);
    settle(world);
    assert_int_equal(step_of(line_of(world, LINE_GUARANTEE, "", "ZZ3"), FIGURE_INCOME),
                     106 * MILLION / 10);
    next_month(world);
    settle(world);
    assert_int_equal(step_of(line_of(world, LINE_GUARANTEE, "", "ZZ3"), FIGURE_INCOME),
                     212 * MILLION / 10);
    free(world);
}

/* --- what can't be settled
 * ------------------------------------------------------------------------------- */

/* A block's as well, which is settled without; what is missing besides is named with them. */
static void figures_that_are_not_agreed_are_named(void **state)
{
    (void)state;
    static const char undecided[][TERM_CODE_SIZE] = {"block", "planned"};
    struct world *world = world_new();
    gain_loss_add(world, "planned");
    cost_pool_add(world, "urgent", MECHANISM_COST_RISK_SHARE, 90 * MILLION);
    pool_add(world, "block", MECHANISM_BLOCK)->value_pence = 1;
    world->input.undecided = undecided;
    world->input.undecided_count = 2;
    refuse(world, PROBLEM_STATE_CONFLICT, "submission-not-agreed");
    assert_int_equal(world->err.fault_count, 3);
    assert_string_equal(world->err.faults[0].detail,
                        "the submission of pool block for 2026-27-M01 is not agreed");
    assert_string_equal(world->err.faults[1].detail,
                        "the submission of pool planned for 2026-27-M01 is not agreed");
    assert_string_equal(world->err.faults[2].detail,
                        "pool urgent has no agreed submission for 2026-27-M01");
    free(world);
}

static void every_missing_submission_is_named(void **state)
{
    (void)state;
    struct world *world = world_new();
    gain_loss_add(world, "planned");
    cost_pool_add(world, "urgent", MECHANISM_COST_RISK_SHARE, 90 * MILLION);
    pool_add(world, "block", MECHANISM_BLOCK)->value_pence = 1;
    refuse(world, PROBLEM_STATE_CONFLICT, "submission-missing");
    assert_int_equal(world->err.fault_count, 2);
    assert_string_equal(world->err.faults[1].detail,
                        "pool urgent has no agreed submission for 2026-27-M01");
    actual_add(world, "planned", 0, 1);
    actual_add(world, "urgent", 0, 1);
    settle(world);
    actual_add(world, "urgent", 0, 2);
    refuse(world, PROBLEM_RULE_BROKEN, "duplicate");
    free(world);
}

static void a_submission_is_within_limits(void **state)
{
    (void)state;
    struct world *world = world_new();
    gain_loss_add(world, "planned");
    struct actual *actual = actual_add(world, "planned", 0, 1);
    int64_t *const members[] = {&actual->units, &actual->cost_pence, &actual->earlier_units,
                                &actual->earlier_cost_pence};
    static const int64_t extremes[] = {-1, INT64_MIN, INT64_MAX, MONEY_PENCE_MAX + 1};
    settle(world);
    for (size_t i = 0; i < ARRAY_LENGTH(members); i++)
        for (size_t k = 0; k < ARRAY_LENGTH(extremes); k++) {
            const int64_t before = *members[i];
            *members[i] = extremes[k];
            refuse(world, PROBLEM_RULE_BROKEN, "range");
            *members[i] = before;
        }
    settle(world);
    free(world);
}

static void amounts_that_are_too_large_are_refused(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct pool_terms *pool = pool_add(world, "planned", MECHANISM_ACTIVITY);
    pool->price_pence = MONEY_PENCE_MAX;
    actual_add(world, "planned", 1, 0);
    settle(world);
    world->actuals[0].units = 2;
    refuse(world, PROBLEM_RULE_BROKEN, "too-large");
    world->actuals[0].units = UNITS_MAX;
    refuse(world, PROBLEM_RULE_BROKEN, "too-large");
    world->actuals[0].units = 1; /* each is fine, their sum is not */
    struct pool_terms *other = pool_add(world, "other", MECHANISM_BLOCK);
    other->value_pence = 1;
    refuse(world, PROBLEM_RULE_BROKEN, "too-large");
    free(world);
}

static void a_past_that_is_too_large_is_refused(void **state)
{
    (void)state;
    struct world *world = world_new();
    guarantee_add(world);
    world->input.earlier_count = 2;
    for (size_t i = 0; i < 2; i++)
        world->earlier[i] = (struct settled){LINE_PAYMENT,           "planned", 0,   "pool:planned",
                                             "partner:ZZ3:position", INT64_MAX, true};
    refuse(world, PROBLEM_RULE_BROKEN, "too-large");
    world->input.earlier_count = 0;
    world->input.posted_count = 2;
    world->input.is_corrective = true;
    for (size_t i = 0; i < 2; i++)
        world->posted[i] = (struct settled){LINE_CALL,      "planned", 0,   "reserve:cost-risk",
                                            "pool:planned", INT64_MIN, true};
    refuse(world, PROBLEM_RULE_BROKEN, "too-large");
    free(world);
}

/* Each member in turn at the ends of what 64 bits hold: refused, never computed with. */
static void terms_at_the_extremes_are_refused(void **state)
{
    (void)state;
    static const int64_t extremes[] = {INT64_MAX, INT64_MIN + 1, -1, MONEY_PENCE_MAX + 1};
    for (int mechanism = MECHANISM_BLOCK; mechanism < MECHANISM_COUNT; mechanism++)
        for (size_t k = 0; k < ARRAY_LENGTH(extremes); k++) {
            struct world *world = world_new();
            struct pool_terms *pool = mechanism == MECHANISM_GAIN_LOSS
                                          ? gain_loss_add(world, "planned")
                                          : pool_add(world, "planned", (enum mechanism)mechanism);
            int64_t *const members[] = {
                &pool->value_pence,    &pool->price_pence,    &pool->threshold_units,
                &pool->ceiling_units,  &pool->baseline_pence, &pool->rate_above_bp,
                &pool->rate_below_bp,  &pool->rate_bp,        &pool->expected_pence,
                &pool->deadband_pence, &pool->gain_cap_pence, &pool->loss_cap_pence,
            };
            actual_add(world, "planned", UNITS_MAX, MONEY_PENCE_MAX);
            for (size_t i = 0; i < ARRAY_LENGTH(members); i++)
                *members[i] = extremes[k];
            world->err = (struct problem){0};
            assert_false(settlement_compute(&world->input, &world->settlement, &world->err));
            assert_int_equal(world->err.code, PROBLEM_RULE_BROKEN);
            free(world);
        }
}

/* And at the ends of what an amount holds: computed, or refused as too large. */
static void terms_at_their_own_ends_never_overflow(void **state)
{
    (void)state;
    for (int mechanism = MECHANISM_BLOCK; mechanism < MECHANISM_COUNT; mechanism++)
        for (int bits = 0; bits < 128; bits++) {
            struct world *world = world_new();
            struct pool_terms *pool = mechanism == MECHANISM_GAIN_LOSS
                                          ? gain_loss_add(world, "planned")
                                          : pool_add(world, "planned", (enum mechanism)mechanism);
            const int64_t money = (bits & 1) != 0 ? MONEY_PENCE_MAX : 0;
            const int64_t price = (bits & 2) != 0 ? MONEY_PENCE_MAX : 0;
            const int64_t rate = (bits & 4) != 0 ? SHARE_BP_WHOLE : 0;
            pool->is_of_month = (bits & 8) != 0;
            world->input.month = (bits & 16) != 0 ? M12 : M01;
            world->input.version_months = world->input.settled_months = 0x7ff;
            switch (mechanism) {
            case MECHANISM_BLOCK:
                pool->value_pence = money;
                break;
            case MECHANISM_ACTIVITY:
                pool->price_pence = price;
                pool->plan_units = UNITS_MAX;
                snprintf(pool->surplus_to, TERM_CODE_SIZE, "elective");
                break;
            case MECHANISM_MARGINAL:
                pool->baseline_pence = money;
                pool->price_pence = price;
                pool->base_bp = RATE_BP_MAX;
                pool->rate_above_bp = pool->rate_below_bp = rate;
                break;
            case MECHANISM_COST_AND_VOLUME:
                pool->value_pence = money;
                pool->price_pence = price;
                pool->threshold_units = 0;
                pool->ceiling_units = UNITS_MAX;
                break;
            case MECHANISM_CAPITATION:
                for (; pool->list_count < LISTS_MAX; pool->list_count++)
                    pool->lists[pool->list_count] = (struct capitation_list){
                        .people = UNITS_MAX, .rate_pence = price, .weight_bp = RATE_BP_MAX};
                break;
            case MECHANISM_GAIN_LOSS:
                pool->expected_pence = money;
                pool->deadband_pence = pool->gain_cap_pence = pool->loss_cap_pence = price;
                break;
            default:
                pool->baseline_pence = money;
                pool->rate_bp = rate;
            }
            struct actual *actual = actual_add(world, "planned", (bits & 32) != 0 ? UNITS_MAX : 0,
                                               (bits & 32) != 0 ? MONEY_PENCE_MAX : 0);
            if ((bits & 64) != 0) {
                actual->earlier_units = 11 * actual->units;
                actual->earlier_cost_pence = actual->cost_pence;
            }
            world->err = (struct problem){0};
            if (settlement_compute(&world->input, &world->settlement, &world->err))
                assert_whole(&world->settlement);
            else if (strcmp(world->err.faults[0].code, "too-large") != 0)
                fail_msg("%s: %s", mechanism_word((enum mechanism)mechanism),
                         world->err.faults[0].detail);
            free(world);
        }
}

static void a_settlement_fits_its_lines_entries_and_escalations(void **state)
{
    (void)state;
    struct world *world = world_new();
    world->input.is_corrective = true;
    world->input.posted_count = 70;
    for (size_t i = 0; i < 70; i++) {
        struct settled *settled = &world->posted[i];
        settled->kind = LINE_CONTRACT;
        settled->amount_pence = 100;
        snprintf(settled->from_account, CODE_SIZE, "partner:ZZ1:position");
        snprintf(settled->to_account, CODE_SIZE, "partner:YY%zu:position", i);
        standing_add(world, settled->to_account, 100);
    }
    refuse(world, PROBLEM_RULE_BROKEN, "too-many"); /* 71 entries */
    world->input.posted_count = 63;
    settle(world);
    assert_int_equal(world->settlement.entry_count, ENTRIES_MAX);
    world->input.posted_count = 70; /* 70 debtors: as many escalations */
    world->input.standing_count = 0;
    refuse(world, PROBLEM_RULE_BROKEN, "too-many");
    world->input.posted_count = PAST_MAX;
    for (size_t i = 0; i < PAST_MAX; i++) {
        world->posted[i] = world->posted[0];
        world->posted[i].band = (int32_t)i;
    }
    refuse(world, PROBLEM_RULE_BROKEN, "too-many"); /* 300 lines */
    free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_drawn_is_released_at_close),
        cmocka_unit_test(a_call_beyond_the_reserve_is_paid_as_far_as_it_goes_and_escalates),
        cmocka_unit_test(the_reserve_gives_what_is_there_within_its_cap),
        cmocka_unit_test(calls_that_exceed_the_reserve_are_cut_pro_rata),
        cmocka_unit_test(odd_pence_of_a_cut_go_to_the_largest_remainder),
        cmocka_unit_test(a_fixed_contract_is_paid_in_twelfths_the_odd_pence_in_M12),
        cmocka_unit_test(twelfths_add_up_to_the_year),
        cmocka_unit_test(the_guarantee_is_the_three_with_cquin),
        cmocka_unit_test(income_of_the_year_is_never_below_the_guarantee),
        cmocka_unit_test(a_guarantee_covers_the_months_that_were_settled),
        cmocka_unit_test(what_a_provider_bears_of_a_loss_comes_off_its_income),
        cmocka_unit_test(every_missing_submission_is_named),
        cmocka_unit_test(figures_that_are_not_agreed_are_named),
        cmocka_unit_test(a_submission_is_within_limits),
        cmocka_unit_test(amounts_that_are_too_large_are_refused),
        cmocka_unit_test(a_past_that_is_too_large_is_refused),
        cmocka_unit_test(terms_at_the_extremes_are_refused),
        cmocka_unit_test(terms_at_their_own_ends_never_overflow),
        cmocka_unit_test(a_settlement_fits_its_lines_entries_and_escalations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
