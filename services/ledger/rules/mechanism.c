#include "services/ledger/rules/mechanism.h"

#include <inttypes.h>
#include <stdio.h>

#include "services/ledger/rules/settlement.h"

enum { LAST_MONTH = 1 << 11, EARLIER_MONTHS = LAST_MONTH - 1 };

int64_t span_of_year(int64_t year, uint32_t months)
{
    if (year == PENCE_NONE)
        return PENCE_NONE;
    int64_t each = year / 12;
    int64_t sum = each * __builtin_popcount(months & EARLIER_MONTHS);
    return (months & LAST_MONTH) != 0 ? sum + year - 11 * each : sum;
}

int64_t twelfth(int64_t year_pence, int32_t month)
{
    return span_of_year(year_pence, UINT32_C(1) << (month_of_year(month) - 1));
}

bool mechanism_needs_actual(enum mechanism mechanism)
{
    return mechanism != MECHANISM_NONE && mechanism != MECHANISM_BLOCK &&
           mechanism != MECHANISM_CAPITATION;
}

/* Twelve months by themselves come to another sum than the year does only where something is
 * compared. */
static bool compares(const struct pool_terms *terms)
{
    return mechanism_needs_actual(terms->mechanism) &&
           (terms->mechanism != MECHANISM_ACTIVITY || terms->surplus_to[0] != '\0');
}

static void terms_span(struct pool_terms *terms, uint32_t months)
{
    int64_t *const amounts[] = {
        &terms->value_pence,    &terms->plan_units,     &terms->threshold_units,
        &terms->ceiling_units,  &terms->baseline_pence, &terms->expected_pence,
        &terms->deadband_pence, &terms->gain_cap_pence, &terms->loss_cap_pence,
    };
    for (size_t i = 0; i < ARRAY_LENGTH(amounts); i++)
        *amounts[i] = span_of_year(*amounts[i], months);
    for (size_t i = 0; i < terms->band_count; i++)
        terms->bands[i].up_to_pence = span_of_year(terms->bands[i].up_to_pence, months);
}

/* The sum of list x rate x weight is the block of a capitation pool. */
static int64_t capitation_value(struct sheet *sheet, const struct pool_terms *terms)
{
    __int128 sum = 0;
    for (size_t i = 0; i < terms->list_count; i++)
        sum += (__int128)terms->lists[i].people * terms->lists[i].rate_pence *
               terms->lists[i].weight_bp;
    return sheet_pence(sheet, divide_rounded(sum, SHARE_BP_WHOLE));
}

void pool_work_make(struct sheet *sheet, const struct pool_terms *terms,
                    const struct actual *actual, struct pool_work *ret_work)
{
    const struct settlement_input *input = sheet->input;
    const uint32_t this_month = UINT32_C(1) << (month_of_year(input->month) - 1);
    const uint32_t earlier = input->version_months & EARLIER_MONTHS;
    *ret_work = (struct pool_work){
        .sheet = sheet,
        .terms = *terms,
        .is_whole_year =
            this_month == LAST_MONTH && earlier != 0 && !terms->is_of_month && compares(terms),
    };
    if (actual != NULL) {
        ret_work->units = actual->units;
        ret_work->cost_pence = actual->cost_pence;
        ret_work->quality = actual->quality;
    }
    if (ret_work->is_whole_year) {
        ret_work->units += actual->earlier_units;
        ret_work->cost_pence += actual->earlier_cost_pence;
    }
    if (terms->mechanism == MECHANISM_CAPITATION)
        ret_work->terms.value_pence = capitation_value(sheet, terms);
    if (!terms->is_of_month)
        terms_span(&ret_work->terms, ret_work->is_whole_year ? earlier | LAST_MONTH : this_month);
    account_of("pool", terms->code, ret_work->account);
    position_of(terms->provider, ret_work->provider);
    position_of(terms->commissioner, ret_work->commissioner);
}

int64_t pool_asked(const struct pool_work *work)
{
    const struct pool_terms *terms = &work->terms;
    __int128 excess = work->cost_pence - terms->baseline_pence;
    if (excess <= 0)
        return 0;
    if (terms->mechanism == MECHANISM_COST_RISK_SHARE)
        return sheet_pence(work->sheet, divide_rounded(excess * terms->rate_bp, SHARE_BP_WHOLE));
    if (terms->mechanism == MECHANISM_COST_REDUCTION_INCENTIVE)
        return sheet_pence(work->sheet, excess);
    return 0;
}

/* --- lines
 * ------------------------------------------------------------------------------------------ */

/* What the commissioner puts in and why. */
static struct line *funding_line(const struct pool_work *work, __int128 pence, const char *why)
{
    struct line *line = pool_line(work, LINE_FUNDING, work->commissioner, work->account);
    line_end(work->sheet, line, pence, "%s: %s puts in %s, %s.", work->terms.code,
             work->terms.commissioner, money_of(sheet_pence(work->sheet, pence)).text, why);
    return line;
}

static struct line *payment_line(const struct pool_work *work)
{
    return pool_line(work, LINE_PAYMENT, work->account, work->provider);
}

static void block_lines(const struct pool_work *work)
{
    const struct pool_terms *terms = &work->terms;
    const char *why = terms->mechanism == MECHANISM_CAPITATION
                          ? "for the people on its lists, by their rates and weights"
                          : "whatever the activity";
    struct line *funding = funding_line(work, terms->value_pence, why);
    line_step(work->sheet, funding, FIGURE_BASELINE, terms->value_pence);
    struct line *payment = payment_line(work);
    line_step(work->sheet, payment, FIGURE_BASELINE, terms->value_pence);
    line_end(work->sheet, payment, terms->value_pence, "%s: %s is paid %s, %s.", terms->code,
             terms->provider, money_of(terms->value_pence).text, why);
}

static void surplus_line(const struct pool_work *work, __int128 funded, __int128 paid)
{
    char account[CODE_SIZE];
    account_of("ring-fence", work->terms.surplus_to, account);
    struct line *line = pool_line(work, LINE_SURPLUS, work->account, account);
    line_step(work->sheet, line, FIGURE_BASELINE, funded);
    line_step(work->sheet, line, FIGURE_ACTUAL, paid);
    line_end(work->sheet, line, funded - paid,
             "%s: of the %s that was put in, %s was earned; the other %s goes to %s.",
             work->terms.code, money_of(sheet_pence(work->sheet, funded)).text,
             money_of(sheet_pence(work->sheet, paid)).text,
             money_of(sheet_pence(work->sheet, funded - paid)).text, account);
}

static void activity_lines(const struct pool_work *work)
{
    const struct pool_terms *terms = &work->terms;
    const __int128 paid = work->units * terms->price_pence;
    const bool has_surplus = terms->surplus_to[0] != '\0';
    const __int128 planned = has_surplus ? (__int128)terms->plan_units * terms->price_pence : 0;
    const __int128 funded = planned > paid ? planned : paid;
    struct line *funding =
        funding_line(work, funded, planned > paid ? "what was planned" : "what was done");
    line_step(work->sheet, funding, FIGURE_UNITS, planned > paid ? terms->plan_units : work->units);
    line_step(work->sheet, funding, FIGURE_PRICE, terms->price_pence);
    struct line *payment = payment_line(work);
    line_step(work->sheet, payment, FIGURE_UNITS, work->units);
    line_step(work->sheet, payment, FIGURE_PRICE, terms->price_pence);
    line_end(work->sheet, payment, paid, "%s: %s is paid %s for %" PRId64 " units at %s.",
             terms->code, terms->provider, money_of(sheet_pence(work->sheet, paid)).text,
             (int64_t)work->units, money_of(terms->price_pence).text);
    if (has_surplus)
        surplus_line(work, funded, paid);
}

/* One rounding, of the whole: everything is counted in hundred-millionths of a penny before. */
static void marginal_lines(const struct pool_work *work)
{
    const struct pool_terms *terms = &work->terms;
    const int64_t base_bp = terms->base_bp == PENCE_NONE ? SHARE_BP_WHOLE : terms->base_bp;
    const __int128 base = (__int128)terms->baseline_pence * base_bp;
    const __int128 value = work->units * terms->price_pence;
    const bool is_above = value * SHARE_BP_WHOLE > base;
    const int64_t rate_bp = is_above ? terms->rate_above_bp : terms->rate_below_bp;
    const __int128 paid =
        divide_rounded(base * SHARE_BP_WHOLE + (value * SHARE_BP_WHOLE - base) * rate_bp,
                       (int64_t)SHARE_BP_WHOLE * SHARE_BP_WHOLE);
    (void)funding_line(work, paid, "what the provider earned");
    struct line *line = payment_line(work);
    line_step(work->sheet, line, FIGURE_BASELINE, divide_rounded(base, SHARE_BP_WHOLE));
    line_step(work->sheet, line, FIGURE_UNITS, work->units);
    line_step(work->sheet, line, FIGURE_PRICE, terms->price_pence);
    line_step(work->sheet, line, FIGURE_ACTUAL, value);
    line_step(work->sheet, line, FIGURE_RATE, rate_bp);
    line_end(work->sheet, line, paid,
             "%s: %s is paid %s: the baseline %s, and %s of what %s is %s it.", terms->code,
             terms->provider, money_of(sheet_pence(work->sheet, paid)).text,
             money_of(sheet_pence(work->sheet, divide_rounded(base, SHARE_BP_WHOLE))).text,
             percent_of(rate_bp).text, money_of(sheet_pence(work->sheet, value)).text,
             is_above ? "above" : "below");
}

static void cost_and_volume_lines(const struct pool_work *work)
{
    const struct pool_terms *terms = &work->terms;
    __int128 units = work->units < terms->ceiling_units ? work->units : terms->ceiling_units;
    units = units > terms->threshold_units ? units - terms->threshold_units : 0;
    const __int128 paid = terms->value_pence + units * terms->price_pence;
    (void)funding_line(work, paid, "what the provider earned");
    struct line *line = payment_line(work);
    line_step(work->sheet, line, FIGURE_BASELINE, terms->value_pence);
    line_step(work->sheet, line, FIGURE_ACTUAL_UNITS, work->units);
    line_step(work->sheet, line, FIGURE_CAP_UNITS, terms->ceiling_units);
    line_step(work->sheet, line, FIGURE_UNITS, units);
    line_step(work->sheet, line, FIGURE_PRICE, terms->price_pence);
    line_end(work->sheet, line, paid,
             "%s: %s is paid %s: %s up to %" PRId64 " units, and %s for each of the %" PRId64
             " beyond, up to %" PRId64 ".",
             terms->code, terms->provider, money_of(sheet_pence(work->sheet, paid)).text,
             money_of(terms->value_pence).text, terms->threshold_units,
             money_of(terms->price_pence).text, (int64_t)units, terms->ceiling_units);
}

static void call_line(const struct pool_work *work)
{
    const int64_t asked_pence = pool_asked(work);
    if (asked_pence == 0)
        return;
    struct line *line = pool_line(work, LINE_CALL, "reserve:cost-risk", work->account);
    line_step(work->sheet, line, FIGURE_BASELINE, work->terms.baseline_pence);
    line_step(work->sheet, line, FIGURE_ACTUAL, work->cost_pence);
    line_step(work->sheet, line, FIGURE_DIFFERENCE, work->terms.baseline_pence - work->cost_pence);
    line_step(work->sheet, line, FIGURE_ASKED, asked_pence);
    line_step(work->sheet, line, FIGURE_LEFT, work->left_pence);
    line_end(work->sheet, line, work->granted_pence,
             "%s: the cost is above the baseline; %s is asked of the reserve, which gives %s.",
             work->terms.code, money_of(asked_pence).text, money_of(work->granted_pence).text);
}

/* What a cost pool compares, step by step. */
static void cost_steps(const struct pool_work *work, struct line *line)
{
    const struct pool_terms *terms = &work->terms;
    line_step(work->sheet, line, FIGURE_BASELINE, terms->baseline_pence);
    line_step(work->sheet, line, FIGURE_ACTUAL, work->cost_pence);
    line_step(work->sheet, line, FIGURE_DIFFERENCE, terms->baseline_pence - work->cost_pence);
    line_step(work->sheet, line, FIGURE_RATE, terms->rate_bp);
    line_step(work->sheet, line, FIGURE_GRANTED, work->granted_pence);
}

static void cost_risk_share_lines(const struct pool_work *work)
{
    const struct pool_terms *terms = &work->terms;
    const __int128 paid = (__int128)terms->baseline_pence + work->granted_pence;
    const __int128 left = work->cost_pence - paid;
    struct line *funding = funding_line(work, terms->baseline_pence, "the baseline");
    line_step(work->sheet, funding, FIGURE_BASELINE, terms->baseline_pence);
    call_line(work);
    struct line *line = payment_line(work);
    cost_steps(work, line);
    line_end(work->sheet, line, paid,
             "%s: %s is paid %s: the baseline, and what the reserve gives; against the cost of %s "
             "it keeps a %s of %s.",
             terms->code, terms->provider, money_of(sheet_pence(work->sheet, paid)).text,
             money_of(sheet_pence(work->sheet, work->cost_pence)).text,
             left > 0 ? "loss" : "saving",
             money_of(sheet_pence(work->sheet, left > 0 ? left : -left)).text);
}

/* Half a saving (at a rate of 50%) is the provider's, on top of its cost. */
static void incentive_payment(const struct pool_work *work, __int128 saving, __int128 paid)
{
    const struct pool_terms *terms = &work->terms;
    struct line *line = payment_line(work);
    const struct money_text paid_text = money_of(sheet_pence(work->sheet, paid));
    const struct money_text cost_text = money_of(sheet_pence(work->sheet, work->cost_pence));
    cost_steps(work, line);
    if (saving > 0)
        line_end(work->sheet, line, paid,
                 "%s: %s is paid %s: its cost of %s, and %s of the %s that it saved.", terms->code,
                 terms->provider, paid_text.text, cost_text.text, percent_of(terms->rate_bp).text,
                 money_of(sheet_pence(work->sheet, saving)).text);
    else
        line_end(work->sheet, line, paid,
                 "%s: %s is paid %s: the baseline, and what the reserve gives; its cost was %s.",
                 terms->code, terms->provider, paid_text.text, cost_text.text);
}

static void cost_reduction_incentive_lines(const struct pool_work *work)
{
    const struct pool_terms *terms = &work->terms;
    const __int128 saving = terms->baseline_pence - work->cost_pence;
    const bool has_surplus = terms->surplus_to[0] != '\0';
    __int128 earned = terms->baseline_pence; /* of what the commissioner puts in */
    if (saving > 0)
        earned = work->cost_pence + divide_rounded(saving * terms->rate_bp, SHARE_BP_WHOLE);
    const __int128 funded = has_surplus ? terms->baseline_pence : earned;
    struct line *funding =
        funding_line(work, funded, has_surplus ? "the baseline" : "what the provider earned");
    line_step(work->sheet, funding, FIGURE_BASELINE, terms->baseline_pence);
    call_line(work);
    incentive_payment(work, saving, earned + work->granted_pence);
    if (has_surplus)
        surplus_line(work, funded, earned);
}

void pool_lines(const struct pool_work *work)
{
    static void (*const BY_MECHANISM[])(const struct pool_work *) = {
        [MECHANISM_BLOCK] = block_lines,
        [MECHANISM_ACTIVITY] = activity_lines,
        [MECHANISM_MARGINAL] = marginal_lines,
        [MECHANISM_COST_AND_VOLUME] = cost_and_volume_lines,
        [MECHANISM_CAPITATION] = block_lines,
        [MECHANISM_GAIN_LOSS] = gain_loss_lines,
        [MECHANISM_COST_RISK_SHARE] = cost_risk_share_lines,
        [MECHANISM_COST_REDUCTION_INCENTIVE] = cost_reduction_incentive_lines,
    };
    BY_MECHANISM[work->terms.mechanism](work);
}
