/* The same bytes for ever (domain.md B12), and what holds whatever comes in. */
#include "ledger_settling.h"

/* --- the same bytes (B12)
 * -------------------------------------------------------------------------------- */

#define DIGEST "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
enum { TEXT_MAX = 64 * 1024 };

static char *inputs_of(const struct world *world)
{
    char *text = malloc(TEXT_MAX);
    assert_non_null(text);
    assert_true(settlement_inputs_text(&world->input, text, TEXT_MAX) < TEXT_MAX);
    return text;
}

static char *text_of(const struct world *world)
{
    char *text = malloc(TEXT_MAX);
    assert_non_null(text);
    assert_true(settlement_text(&world->settlement, DIGEST, text, TEXT_MAX) < TEXT_MAX);
    return text;
}

/* GOLDEN_OUT=folder keeps what was computed, too: for a method that is new. */
static void assert_golden(const char *name, const char *text)
{
    char path[200], golden[TEXT_MAX];
    const char *out = getenv("GOLDEN_OUT");
    if (out != NULL) {
        snprintf(path, sizeof path, "%s/%s", out, name);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
        assert_int_equal(fclose(file), 0);
    }
    snprintf(path, sizeof path, "tests/unit/rules/golden/%s", name);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        fail_msg("there is no %s", path);
    golden[fread(golden, 1, sizeof golden - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(text, golden);
}

/* Four pools and a guarantee, as in an alliance's first month. */
static struct world *whole_world(void)
{
    struct world *world = world_new();
    guarantee_add(world);
    world->terms.contracts[world->terms.contract_count++] =
        (struct contract_terms){"ZZ4", "ZZ1", 120 * MILLION + 5};
    struct pool_terms *pool = gain_loss_add(world, "planned");
    pool->has_quality_gate = true;
    cost_pool_add(world, "urgent", MECHANISM_COST_RISK_SHARE, 90 * MILLION)->is_of_month = false;
    pool = cost_pool_add(world, "drugs", MECHANISM_COST_REDUCTION_INCENTIVE, 30 * MILLION);
    pool->is_of_month = false;
    pool->rate_bp = 3333;
    snprintf(pool->surplus_to, TERM_CODE_SIZE, "elective");
    pool = pool_add(world, "community", MECHANISM_CAPITATION);
    pool->lists[pool->list_count++] =
        (struct capitation_list){.people = 482000, .rate_pence = 10000, .weight_bp = 9999};
    pool = pool_add(world, "volume", MECHANISM_COST_AND_VOLUME);
    pool->value_pence = 4 * MILLION;
    pool->price_pence = 25000;
    pool->threshold_units = 10000;
    pool->ceiling_units = 11000;
    pool = pool_add(world, "margin", MECHANISM_MARGINAL);
    pool->baseline_pence = 10 * MILLION;
    pool->price_pence = 100000;
    pool->rate_above_bp = 7000;
    pool->rate_below_bp = 10000;
    actual_add(world, "planned", 120, 94 * MILLION / 10)->quality = QUALITY_MET;
    actual_add(world, "urgent", 0, 81 * MILLION / 10 + 1);
    actual_add(world, "drugs", 0, 24 * MILLION / 10);
    actual_add(world, "volume", 10600, 0);
    actual_add(world, "margin", 11000, 0);
    standing_add(world, "reserve:cost-risk", 5 * MILLION);
    standing_add(world, "partner:ZZ4:position", 12345);
    world->input.ledger_sequence = 41;
    world->input.membership_sequence = 17;
    return world;
}

static void method_1_gives_the_same_bytes_for_ever(void **state)
{
    (void)state;
    struct world *world = whole_world();
    char *inputs = inputs_of(world);
    settle(world);
    char *text = text_of(world);
    assert_golden("method-1-month.inputs.txt", inputs);
    assert_golden("method-1-month.txt", text);
    free(inputs);
    free(text);
    post(world);
    world->actuals[0].cost_pence = 98 * MILLION / 10;
    world->actuals[1].cost_pence = 20 * MILLION;
    world->actuals[2].cost_pence = 26 * MILLION / 10;
    inputs = inputs_of(world);
    settle(world);
    text = text_of(world);
    assert_golden("method-1-correction.inputs.txt", inputs);
    assert_golden("method-1-correction.txt", text);
    free(inputs);
    free(text);
    free(world);
}

static void method_1_settles_a_year_to_the_same_bytes(void **state)
{
    (void)state;
    struct world *world = whole_world();
    for (int32_t month = M01; month < M12; month++) {
        settle(world);
        world->input.reserve_drawn_pence += world->settlement.reserve_called_pence;
        world->standings[0].available_pence -= world->settlement.reserve_called_pence;
        next_month(world);
    }
    char *inputs = inputs_of(world);
    settle(world);
    char *text = text_of(world);
    assert_golden("method-1-year.inputs.txt", inputs);
    assert_golden("method-1-year.txt", text);
    free(inputs);
    free(text);
    free(world);
}

static void reverse(void *items, size_t count, size_t size)
{
    char *bytes = items, swap[sizeof(struct settled)];
    assert_true(size <= sizeof swap);
    for (size_t i = 0; i < count / 2; i++) {
        memcpy(swap, bytes + i * size, size);
        memcpy(bytes + i * size, bytes + (count - 1 - i) * size, size);
        memcpy(bytes + (count - 1 - i) * size, swap, size);
    }
}

static void the_order_of_what_comes_in_does_not_matter(void **state)
{
    (void)state;
    struct world *world = whole_world();
    settle(world);
    next_month(world);
    settle(world);
    post(world);
    world->terms.pools[0].bands[0].split_count = 2; /* so that something is gone */
    world->terms.pools[0].bands[0].split[1].share_bp = 5000;
    world->terms.contract_count = 0;
    world->actuals[0].cost_pence = 11 * MILLION;
    settle(world);
    char *inputs = inputs_of(world), *text = text_of(world);
    reverse(world->actuals, world->input.actual_count, sizeof world->actuals[0]);
    reverse(world->standings, world->input.standing_count, sizeof world->standings[0]);
    reverse(world->earlier, world->input.earlier_count, sizeof world->earlier[0]);
    reverse(world->posted, world->input.posted_count, sizeof world->posted[0]);
    settle(world);
    char *other_inputs = inputs_of(world), *other_text = text_of(world);
    assert_string_equal(inputs, other_inputs);
    assert_string_equal(text, other_text);
    free(inputs);
    free(text);
    free(other_inputs);
    free(other_text);
    free(world);
}

static void a_text_that_does_not_fit_says_how_long_it_is(void **state)
{
    (void)state;
    struct world *world = whole_world();
    settle(world);
    char small[10], *text = text_of(world), *inputs = inputs_of(world);
    assert_int_equal(settlement_text(&world->settlement, DIGEST, small, sizeof small),
                     strlen(text));
    assert_string_equal(small, "settlemen");
    assert_int_equal(settlement_inputs_text(&world->input, small, sizeof small), strlen(inputs));
    assert_string_equal(small, "inputs me");
    free(inputs);
    free(text);
    free(world);
}

static void what_is_settled_twice_is_one_sum_of_the_inputs(void **state)
{
    (void)state;
    struct world *world = world_new();
    pool_add(world, "planned", MECHANISM_BLOCK)->value_pence = 7;
    settle(world);
    next_month(world);
    settle(world);
    next_month(world);
    standing_add(world, "partner:ZZ1:position", 5);
    world->earlier[world->input.earlier_count] = world->earlier[0];
    world->earlier[world->input.earlier_count++].is_of_version = false;
    char *inputs = inputs_of(world);
    assert_non_null(strstr(inputs, "earlier kind=payment pool=planned band=0 from=pool:planned "
                                   "to=partner:ZZ3:position ofVersion=1 pence=14\n"));
    assert_non_null(strstr(inputs, "ofVersion=0 pence=7\n"));
    assert_non_null(strstr(inputs, "months settled=003 ofVersion=003\n"));
    assert_non_null(strstr(inputs, "available account=partner:ZZ1:position pence=5\n"));
    free(inputs);
    free(world);
}

/* A small generator, so that a failure is the same everywhere. */
static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static int64_t below(uint64_t *seed, int64_t end)
{
    return (int64_t)(next_random(seed) % (uint64_t)end);
}

static void parts_add_up_and_entries_balance_whatever_comes_in(void **state)
{
    (void)state;
    uint64_t seed = 20260401;
    for (int round = 0; round < 2000; round++) {
        struct world *world = whole_world();
        struct band *band = &world->terms.pools[0].bands[0];
        band->split[0].share_bp = (int32_t)below(&seed, 5000);
        band->split[1].share_bp = (int32_t)below(&seed, 5000);
        band->split[2].share_bp = 10000 - band->split[0].share_bp - band->split[1].share_bp;
        for (size_t i = 0; i < world->input.actual_count; i++) {
            world->actuals[i].cost_pence = below(&seed, 12 * MILLION);
            world->actuals[i].units = below(&seed, 20000);
        }
        world->standings[0].available_pence = below(&seed, 6 * MILLION);
        settle(world);
        int64_t shared = 0;
        for (size_t i = 0; i < world->settlement.line_count; i++)
            if (world->settlement.lines[i].kind == LINE_SHARE)
                shared += world->settlement.lines[i].result_pence;
        const struct line *share = line_of(world, LINE_SHARE, "planned", "ZZ3");
        int64_t whole = step_of(share, FIGURE_SHARED);
        assert_int_equal(shared, whole < 0 ? -whole : whole);
        assert_true(world->settlement.reserve_called_pence <= world->standings[0].available_pence);
        post(world);
        world->input.reserve_drawn_pence = world->settlement.reserve_called_pence;
        world->standings[0].available_pence -= world->settlement.reserve_called_pence;
        for (size_t i = 0; i < world->input.actual_count; i++)
            world->actuals[i].cost_pence = below(&seed, 12 * MILLION);
        settle(world); /* the correction is whole, too: settle() looks */
        free(world);
    }
}

static void lines_and_figures_have_words(void **state)
{
    (void)state;
    enum line_kind kind = LINE_CALL;
    assert_true(line_kind_of_word("guarantee", &kind));
    assert_int_equal(kind, LINE_GUARANTEE);
    assert_false(line_kind_of_word("fine", &kind));
    for (int i = LINE_CONTRACT; i <= LINE_GUARANTEE; i++) {
        assert_true(line_kind_of_word(line_kind_word((enum line_kind)i), &kind));
        assert_int_equal(kind, i);
    }
    assert_string_equal(figure_word(FIGURE_RATE), "rateBp");
    assert_string_equal(figure_word(FIGURE_UNITS), "units");
    assert_string_equal(escalation_kind_word(ESCALATION_CLAW_BACK), "claw-back");
    assert_string_equal(quality_word(QUALITY_MISSED), "missed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(method_1_gives_the_same_bytes_for_ever),
        cmocka_unit_test(method_1_settles_a_year_to_the_same_bytes),
        cmocka_unit_test(the_order_of_what_comes_in_does_not_matter),
        cmocka_unit_test(a_text_that_does_not_fit_says_how_long_it_is),
        cmocka_unit_test(what_is_settled_twice_is_one_sum_of_the_inputs),
        cmocka_unit_test(parts_add_up_and_entries_balance_whatever_comes_in),
        cmocka_unit_test(lines_and_figures_have_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
