/* Later months and later figures: the year's end, and corrections (domain.md B12). */
#include "ledger_settling.h"

/* --- the year (B12)
 * ------------------------------------------------------------------------------------ */

static void M12_settles_a_pool_of_the_year_as_a_whole(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct pool_terms *pool =
        cost_pool_add(world, "urgent", MECHANISM_COST_RISK_SHARE, 90 * MILLION);
    pool->is_of_month = false;
    standing_add(world, "reserve:cost-risk", 5 * MILLION);
    struct actual *actual = actual_add(world, "urgent", 0, 85 * MILLION / 10);
    int64_t paid = 0, called = 0;
    for (int32_t month = M01; month <= M12; month++) {
        /* Six months 1.0m above their 7.5m, six months 0.4m below: 93.6m in the year. */
        actual->cost_pence = month < M01 + 6 ? 85 * MILLION / 10 : 71 * MILLION / 10;
        settle(world);
        called += world->settlement.reserve_called_pence;
        paid += entry_of(world, "partner:ZZ3:position");
        world->input.reserve_drawn_pence = called;
        world->standings[0].available_pence = 5 * MILLION - called;
        if (month == M01 + 5)
            assert_int_equal(called, 3 * MILLION);
        if (month < M12)
            next_month(world);
    }
    const struct line *call = line_of(world, LINE_CALL, "urgent", "");
    assert_int_equal(step_of(call, FIGURE_COMPUTED), 18 * MILLION / 10);
    assert_int_equal(step_of(call, FIGURE_EARLIER), 3 * MILLION);
    assert_int_equal(call->result_pence, -12 * MILLION / 10);
    assert_int_equal(called, 18 * MILLION / 10);
    assert_int_equal(paid, 918 * MILLION / 10);
    free(world);
}

static void a_year_of_two_agreements_is_settled_for_the_months_of_the_last(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct pool_terms *pool =
        cost_pool_add(world, "drugs", MECHANISM_COST_REDUCTION_INCENTIVE, 120 * MILLION);
    pool->is_of_month = false;
    actual_add(world, "drugs", 0, 9 * MILLION);
    world->input.month = M12 - 1;
    settle(world);
    assert_int_equal(result_of(world, LINE_PAYMENT, "drugs", "ZZ3"), 95 * MILLION / 10);
    next_month(world);
    world->earlier[world->input.earlier_count] = world->earlier[0]; /* of the older version */
    world->earlier[world->input.earlier_count++].is_of_version = false;
    world->input.settled_months = 0x7ff;
    world->actuals[0].cost_pence = 11 * MILLION; /* with M11's 9.0m as expected, 20.0m */
    settle(world);
    assert_int_equal(result_of(world, LINE_PAYMENT, "drugs", "ZZ3"), 105 * MILLION / 10);
    assert_int_equal(step_of(line_of(world, LINE_PAYMENT, "drugs", "ZZ3"), FIGURE_BASELINE),
                     20 * MILLION);
    free(world);
}

static void a_reserve_that_earlier_months_drew_on_under_another_agreement_stays_drawn(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct pool_terms *pool =
        cost_pool_add(world, "urgent", MECHANISM_COST_RISK_SHARE, 90 * MILLION);
    pool->is_of_month = false;
    pool_add(world, "later", MECHANISM_NONE);
    actual_add(world, "urgent", 0, 75 * MILLION / 10 + 8 * MILLION);
    standing_add(world, "reserve:cost-risk", 5 * MILLION);
    world->input.month = M12;
    world->input.reserve_drawn_pence = 3 * MILLION;
    world->input.settled_months = world->input.version_months = 1 << 10;
    world->actuals[0].earlier_cost_pence = 75 * MILLION / 10;
    world->input.earlier_count = 5;
    world->earlier[0] = (struct settled){LINE_CALL,     "urgent",    0,    "reserve:cost-risk",
                                         "pool:urgent", 1 * MILLION, false};
    world->earlier[1] =
        (struct settled){LINE_CALL, "gone", 0, "reserve:cost-risk", "pool:gone", 1 * MILLION, true};
    world->earlier[2] = (struct settled){LINE_CALL,    "later",     0,   "reserve:cost-risk",
                                         "pool:later", 1 * MILLION, true};
    world->earlier[3] = (struct settled){LINE_PAYMENT,           "urgent",    0,    "pool:urgent",
                                         "partner:ZZ3:position", 1 * MILLION, false};
    world->earlier[4] = (struct settled){LINE_FUNDING,  "urgent",    0,    "partner:ZZ1:position",
                                         "pool:urgent", 1 * MILLION, false};
    settle(world); /* asks 4.0m, and 2.0m of the cap are left */
    assert_int_equal(result_of(world, LINE_CALL, "urgent", ""), 2 * MILLION);
    for (size_t i = 0; i < 5; i++) /* replaced: 3.0m of the cap are left for the year */
        world->earlier[i].is_of_version = true;
    world->earlier[3].amount_pence = 2 * MILLION;
    settle(world);
    assert_int_equal(result_of(world, LINE_CALL, "urgent", ""), 2 * MILLION);
    assert_int_equal(step_of(line_of(world, LINE_CALL, "urgent", ""), FIGURE_COMPUTED),
                     3 * MILLION);
    free(world);
}

/* Of the year: each mechanism's month and year. */
static void twelfths_of_bands_and_thresholds_stay_in_order(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct pool_terms *pool = pool_add(world, "planned", MECHANISM_COST_AND_VOLUME);
    pool->is_of_month = false;
    pool->value_pence = 48 * MILLION;
    pool->price_pence = 25000;
    pool->threshold_units = 11; /* nothing in eleven months, 11 in M12 */
    pool->ceiling_units = 12;   /* one in each */
    actual_add(world, "planned", 5, 0);
    settle(world);
    assert_int_equal(result_of(world, LINE_PAYMENT, "planned", "ZZ3"), 4 * MILLION + 25000);
    world->input.month = M12;
    settle(world);
    assert_int_equal(result_of(world, LINE_PAYMENT, "planned", "ZZ3"), 4 * MILLION);
    free(world);

    world = world_new();
    pool = gain_loss_add(world, "planned");
    pool->is_of_month = false;
    pool->has_split = false;
    pool->has_bands = true;
    pool->gain_cap_pence = pool->loss_cap_pence = pool->deadband_pence = PENCE_NONE;
    pool->deadband = DEADBAND_NOT_STATED;
    pool->bands[1] = pool->bands[2] = pool->bands[0];
    pool->bands[0].up_to_pence = 11;
    pool->bands[1].up_to_pence = 12;
    pool->band_count = 3;
    pool->expected_pence = 12 * MILLION;
    actual_add(world, "planned", 0, 1 * MILLION - 20);
    world->input.month = M12;
    settle(world); /* bands end at 11, at 1 (of 12), and never */
    assert_int_equal(entry_of(world, "partner:ZZ4:position"), 4); /* 2 of 11, 2 of 9 */
    free(world);
}

static void what_needs_no_year_stays_with_its_months(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct pool_terms *pool = pool_add(world, "planned", MECHANISM_ACTIVITY);
    pool->is_of_month = false;
    pool->price_pence = 100;
    pool = pool_add(world, "block", MECHANISM_BLOCK);
    pool->is_of_month = false;
    pool->value_pence = 12 * MILLION + 5;
    actual_add(world, "planned", 7, 0)->earlier_units = 70;
    world->input.month = M12;
    world->input.version_months = 0x7ff;
    settle(world);
    assert_int_equal(result_of(world, LINE_PAYMENT, "planned", "ZZ3"), 700);
    assert_int_equal(result_of(world, LINE_PAYMENT, "block", "ZZ3"), 1 * MILLION + 5);
    pool = &world->terms.pools[0]; /* a plan is compared: the year counts */
    pool->plan_units = 120;
    snprintf(pool->surplus_to, TERM_CODE_SIZE, "elective");
    settle(world);
    assert_int_equal(result_of(world, LINE_SURPLUS, "planned", ""), 4300);
    assert_int_equal(result_of(world, LINE_PAYMENT, "planned", "ZZ3"), 7700);
    pool->is_of_month = true;
    pool->plan_units = 10;
    settle(world);
    assert_int_equal(result_of(world, LINE_SURPLUS, "planned", ""), 300);
    free(world);
}

/* --- corrections (B12)
 * --------------------------------------------------------------------------------- */

static void a_correction_is_what_differs(void **state)
{
    (void)state;
    struct world *world = world_new();
    gain_loss_add(world, "planned");
    pool_add(world, "block", MECHANISM_BLOCK)->value_pence = 1 * MILLION;
    actual_add(world, "planned", 0, 94 * MILLION / 10);
    standing_add(world, "ring-fence:elective", 200 * THOUSAND);
    standing_add(world, "partner:ZZ3:position", 10 * MILLION);
    standing_add(world, "partner:ZZ4:position", 80 * THOUSAND);
    standing_add(world, "partner:ZZ1:position", 120 * THOUSAND);
    settle(world);
    post(world);
    settle(world); /* nothing has changed */
    assert_int_equal(world->settlement.line_count, 0);
    assert_int_equal(world->settlement.entry_count, 0);
    world->actuals[0].cost_pence = 97 * MILLION / 10; /* the gain was 0.3m, of which 0.2m count */
    settle(world);
    assert_true(world->settlement.is_corrective);
    const struct line *line = line_of(world, LINE_SHARE, "planned", "ZZ3");
    assert_int_equal(step_of(line, FIGURE_COMPUTED), 100 * THOUSAND);
    assert_int_equal(step_of(line, FIGURE_POSTED), 200 * THOUSAND);
    assert_int_equal(line->result_pence, -100 * THOUSAND);
    assert_string_equal(line->sentence,
                        "planned: of the gain of £300,000.00, £200,000.00 is shared; ZZ3 has 50% "
                        "of it, £100,000.00. The month was posted with £200,000.00 before, which "
                        "leaves -£100,000.00.");
    assert_int_equal(result_of(world, LINE_PAYMENT, "planned", "ZZ3"), 300 * THOUSAND);
    assert_int_equal(result_of(world, LINE_RESIDUAL, "planned", ""), -100 * THOUSAND);
    assert_int_equal(entry_of(world, "ring-fence:elective"), -100 * THOUSAND);
    assert_int_equal(entry_of(world, "partner:ZZ4:position"), -40 * THOUSAND);
    assert_int_equal(entry_of(world, "partner:ZZ3:position"), 200 * THOUSAND);
    assert_int_equal(world->settlement.escalation_count, 0);
    post(world); /* and a second one, on top of both */
    world->actuals[0].cost_pence = 94 * MILLION / 10;
    settle(world);
    assert_int_equal(entry_of(world, "partner:ZZ4:position"), 40 * THOUSAND);
    free(world);
}

static void a_claw_back_beyond_what_is_available_is_owed_and_escalates(void **state)
{
    (void)state;
    struct world *world = world_new();
    gain_loss_add(world, "planned");
    actual_add(world, "planned", 0, 94 * MILLION / 10);
    settle(world);
    post(world);
    standing_add(world, "partner:ZZ4:position", 30 * THOUSAND);
    standing_add(world, "ring-fence:elective", 50 * THOUSAND); /* 150k of it are held */
    world->actuals[0].cost_pence = 109 * MILLION / 10;
    settle(world);
    /* ZZ4 gives 80k back and bears 120k: 30k of the 80k are there. */
    assert_int_equal(entry_of(world, "partner:ZZ4:position"), -30 * THOUSAND - 120 * THOUSAND);
    assert_int_equal(entry_of(world, "partner:ZZ4:owed"), -50 * THOUSAND);
    /* 200k were ring-fenced, 50k are there: ZZ1, whose pool it was, owes 150k; of the 120k that it
     * gives back itself it has none. */
    assert_int_equal(entry_of(world, "ring-fence:elective"), -50 * THOUSAND);
    assert_int_equal(entry_of(world, "partner:ZZ1:owed"), -270 * THOUSAND);
    assert_int_equal(world->settlement.surplus_pence, -200 * THOUSAND);
    assert_int_equal(world->settlement.escalation_count, 3);
    const struct settlement_escalation *escalation = &world->settlement.escalations[1];
    assert_int_equal(escalation->kind, ESCALATION_CLAW_BACK);
    assert_string_equal(escalation->organisation, "ZZ4");
    assert_int_equal(escalation->amount_pence, 50 * THOUSAND);
    assert_string_equal(escalation->sentence,
                        "£50,000.00 is to be taken back of partner:ZZ4:position beyond what is "
                        "available there; ZZ4 owes it.");
    assert_int_equal(world->settlement.escalations[2].amount_pence, 150 * THOUSAND);
    assert_string_equal(world->settlement.escalations[2].organisation, "ZZ1");
    free(world);
}

static void what_is_due_and_what_is_taken_back_are_set_off(void **state)
{
    (void)state;
    struct world *world = world_new();
    gain_loss_add(world, "planned");
    actual_add(world, "planned", 0, 109 * MILLION / 10);
    settle(world);
    post(world);
    world->actuals[0].cost_pence = 94 * MILLION / 10;
    settle(world);
    /* ZZ3 gives back 1.5m of what it was paid; the 300k that it bore and its share of 200k come
     * off.
     */
    assert_int_equal(entry_of(world, "partner:ZZ3:owed"), -1 * MILLION);
    assert_int_equal(entry_of(world, "partner:ZZ3:position"), 0);
    free(world);
}

static void each_pool_that_takes_from_a_ring_fence_owes_its_part(void **state)
{
    (void)state;
    struct world *world = world_new();
    gain_loss_add(world, "planned");
    struct pool_terms *other = gain_loss_add(world, "urgent");
    snprintf(other->commissioner, ODS_SIZE, "ZZ2");
    gain_loss_add(world, "zero");
    actual_add(world, "planned", 0, 94 * MILLION / 10);
    actual_add(world, "urgent", 0, 94 * MILLION / 10);
    actual_add(world, "zero", 0, 10 * MILLION);
    settle(world);
    assert_int_equal(entry_of(world, "ring-fence:elective"), 400 * THOUSAND);
    post(world);
    for (size_t i = 0; i < 3; i++)
        world->actuals[i].cost_pence = 10 * MILLION;
    standing_add(world, "ring-fence:elective", 130 * THOUSAND);
    standing_add(world, "partner:ZZ1:position", 10 * MILLION);
    standing_add(world, "partner:ZZ4:position", 10 * MILLION);
    settle(world); /* 270k are short: the first owes all its 200k, the second 70k */
    assert_int_equal(entry_of(world, "partner:ZZ1:owed"), -200 * THOUSAND);
    assert_int_equal(entry_of(world, "partner:ZZ2:owed"), -70 * THOUSAND);
    assert_int_equal(entry_of(world, "ring-fence:elective"), -130 * THOUSAND);
    /* A pool that the agreement does not know any more has nobody to owe. */
    snprintf(world->posted[world->input.posted_count].pool, TERM_CODE_SIZE, "gone");
    world->posted[world->input.posted_count].kind = LINE_SURPLUS;
    snprintf(world->posted[world->input.posted_count].from_account, CODE_SIZE, "pool:gone");
    snprintf(world->posted[world->input.posted_count].to_account, CODE_SIZE, "ring-fence:elective");
    world->posted[world->input.posted_count++].amount_pence = 900 * THOUSAND;
    refuse(world, PROBLEM_RULE_BROKEN, "unknown-pool");
    free(world);
}

static void a_correction_of_a_call_starts_from_the_reserve_before_it(void **state)
{
    (void)state;
    struct world *world = world_new();
    cost_pool_add(world, "urgent", MECHANISM_COST_RISK_SHARE, 90 * MILLION);
    actual_add(world, "urgent", 0, 936 * MILLION / 10);
    standing_add(world, "reserve:cost-risk", 5 * MILLION);
    standing_add(world, "partner:ZZ3:position", 90 * MILLION);
    settle(world);
    post(world);
    world->standings[0].available_pence = 32 * MILLION / 10;
    world->input.reserve_drawn_pence = 18 * MILLION / 10;
    world->actuals[0].cost_pence = 102 * MILLION; /* asks 6.0m: all 5.0m, less the 1.8m */
    settle(world);
    assert_int_equal(result_of(world, LINE_CALL, "urgent", ""), 32 * MILLION / 10);
    world->actuals[0].cost_pence = 91 * MILLION;
    settle(world);
    assert_int_equal(result_of(world, LINE_CALL, "urgent", ""), -13 * MILLION / 10);
    assert_int_equal(entry_of(world, "reserve:cost-risk"), 13 * MILLION / 10);
    assert_int_equal(entry_of(world, "partner:ZZ3:position"), -13 * MILLION / 10);
    assert_int_equal(world->settlement.reserve_called_pence, -13 * MILLION / 10);
    world->actuals[0].cost_pence = 89 * MILLION; /* no call at all */
    settle(world);
    const struct line *line = line_of(world, LINE_CALL, "urgent", "");
    assert_int_equal(line->result_pence, -18 * MILLION / 10);
    assert_string_equal(line->sentence,
                        "urgent: this is no longer due. The month was posted with £1,800,000.00 "
                        "before, which leaves -£1,800,000.00.");
    free(world);
}

static void a_contract_that_is_gone_is_taken_back(void **state)
{
    (void)state;
    struct world *world = world_new();
    world->terms.contracts[world->terms.contract_count++] =
        (struct contract_terms){"ZZ3", "ZZ1", 12 * MILLION};
    settle(world);
    post(world);
    world->terms.contract_count = 0;
    settle(world);
    assert_int_equal(result_of(world, LINE_CONTRACT, "", "ZZ3"), -1 * MILLION);
    assert_int_equal(entry_of(world, "partner:ZZ3:owed"), -1 * MILLION);
    assert_int_equal(entry_of(world, "partner:ZZ1:position"), 1 * MILLION);
    free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(M12_settles_a_pool_of_the_year_as_a_whole),
        cmocka_unit_test(a_year_of_two_agreements_is_settled_for_the_months_of_the_last),
        cmocka_unit_test(a_reserve_that_earlier_months_drew_on_under_another_agreement_stays_drawn),
        cmocka_unit_test(twelfths_of_bands_and_thresholds_stay_in_order),
        cmocka_unit_test(what_needs_no_year_stays_with_its_months),
        cmocka_unit_test(a_correction_is_what_differs),
        cmocka_unit_test(a_claw_back_beyond_what_is_available_is_owed_and_escalates),
        cmocka_unit_test(what_is_due_and_what_is_taken_back_are_set_off),
        cmocka_unit_test(each_pool_that_takes_from_a_ring_fence_owes_its_part),
        cmocka_unit_test(a_correction_of_a_call_starts_from_the_reserve_before_it),
        cmocka_unit_test(a_contract_that_is_gone_is_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
