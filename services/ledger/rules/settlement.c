#include "services/ledger/rules/settlement.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "services/ledger/rules/balancing.h"

/* --- what goes in
 * ------------------------------------------------------------------------------------- */

static const struct actual *actual_of(const struct settlement_input *input, const char *pool)
{
    for (size_t i = 0; i < input->actual_count; i++)
        if (strcmp(input->actuals[i].pool, pool) == 0)
            return &input->actuals[i];
    return NULL;
}

static bool amount_is_fine(int64_t value, int64_t max)
{
    return value >= 0 && value <= max;
}

static void actual_check(struct sheet *sheet, size_t index)
{
    const struct actual *actual = &sheet->input->actuals[index];
    if (actual_of(sheet->input, actual->pool) != actual)
        sheet_fault(sheet, PROBLEM_RULE_BROKEN, "duplicate", "pool %s has two submissions",
                    actual->pool);
    if (!amount_is_fine(actual->units, UNITS_MAX) ||
        !amount_is_fine(actual->cost_pence, MONEY_PENCE_MAX) ||
        !amount_is_fine(actual->earlier_units, INT64_C(11) * UNITS_MAX) ||
        !amount_is_fine(actual->earlier_cost_pence, MONEY_PENCE_MAX))
        sheet_fault(sheet, PROBLEM_RULE_BROKEN, "range",
                    "the submission of pool %s is out of range", actual->pool);
}

/* Its submission waits for an answer or an agreement; a figure is never left out silently. */
static bool is_undecided(const struct settlement_input *input, const char *pool)
{
    for (size_t i = 0; i < input->undecided_count; i++)
        if (strcmp(input->undecided[i], pool) == 0)
            return true;
    return false;
}

static void input_check(struct sheet *sheet)
{
    const struct terms *terms = sheet->input->terms;
    for (size_t i = 0; i < sheet->input->undecided_count; i++)
        sheet_fault(sheet, PROBLEM_STATE_CONFLICT, "submission-not-agreed",
                    "the submission of pool %s for %s is not agreed", sheet->input->undecided[i],
                    sheet->month);
    for (size_t i = 0; i < sheet->input->actual_count; i++)
        actual_check(sheet, i);
    for (size_t i = 0; i < terms->pool_count; i++)
        if (mechanism_needs_actual(terms->pools[i].mechanism) &&
            actual_of(sheet->input, terms->pools[i].code) == NULL &&
            !is_undecided(sheet->input, terms->pools[i].code))
            sheet_fault(sheet, PROBLEM_STATE_CONFLICT, "submission-missing",
                        "pool %s has no agreed submission for %s", terms->pools[i].code,
                        sheet->month);
}

/* --- lines
 * ------------------------------------------------------------------------------------------ */

static void contract_line(struct sheet *sheet, const struct contract_terms *contract)
{
    const int64_t pence = twelfth(contract->year_pence, sheet->input->month);
    char payer[CODE_SIZE], paid[CODE_SIZE];
    position_of(contract->commissioner, payer);
    position_of(contract->provider, paid);
    struct line *line = line_begin(sheet, LINE_CONTRACT, payer, paid);
    line_step(sheet, line, FIGURE_YEAR, contract->year_pence);
    line_end(sheet, line, pence,
             "%s pays %s its month of the fixed contract of %s a year, whatever the activity: %s.",
             contract->commissioner, contract->provider, money_of(contract->year_pence).text,
             money_of(pence).text);
}

/* What the pools ask of the reserve together, and what each is given. */
struct calls {
    int64_t asked_pence[POOLS_MAX];
    int64_t granted_pence[POOLS_MAX];
    bool is_whole_year[POOLS_MAX];
    int64_t left_pence;
};

static void calls_make(struct sheet *sheet, struct calls *ret_calls)
{
    const struct terms *terms = sheet->input->terms;
    for (size_t i = 0; i < terms->pool_count; i++) {
        struct pool_work work;
        pool_work_make(sheet, &terms->pools[i], actual_of(sheet->input, terms->pools[i].code),
                       &work);
        ret_calls->asked_pence[i] = pool_asked(&work);
        ret_calls->is_whole_year[i] = work.is_whole_year;
    }
    ret_calls->left_pence = reserve_left(sheet, ret_calls->is_whole_year);
    reserve_grant(ret_calls->left_pence, ret_calls->asked_pence, terms->pool_count,
                  ret_calls->granted_pence);
}

static void shortfall_escalate(struct sheet *sheet, const struct pool_terms *pool,
                               int64_t asked_pence, int64_t granted_pence)
{
    if (asked_pence == granted_pence)
        return;
    sheet_escalate(sheet, ESCALATION_RESERVE, pool->code, pool->provider,
                   asked_pence - granted_pence,
                   "Pool %s calls %s on the reserve and is given %s: %s has no cover.", pool->code,
                   money_of(asked_pence).text, money_of(granted_pence).text,
                   money_of(asked_pence - granted_pence).text);
}

static void pools_settle(struct sheet *sheet)
{
    const struct terms *terms = sheet->input->terms;
    struct calls calls = {0};
    calls_make(sheet, &calls);
    for (size_t i = 0; i < terms->pool_count; i++) {
        const struct pool_terms *pool = &terms->pools[i];
        const size_t first_line = sheet->out->line_count;
        struct pool_work work;
        if (pool->mechanism == MECHANISM_NONE)
            continue;
        pool_work_make(sheet, pool, actual_of(sheet->input, pool->code), &work);
        work.granted_pence = calls.granted_pence[i];
        work.left_pence = calls.left_pence;
        pool_lines(&work);
        shortfall_escalate(sheet, pool, calls.asked_pence[i], calls.granted_pence[i]);
        if (work.is_whole_year)
            lines_less_earlier(sheet, pool->code, first_line);
    }
}

bool settlement_compute(const struct settlement_input *input, struct settlement *ret_settlement,
                        struct problem *err)
{
    struct sheet sheet = {.input = input, .out = ret_settlement, .err = err, .is_fine = true};
    memset(ret_settlement, 0, sizeof *ret_settlement);
    ret_settlement->method = SETTLEMENT_METHOD;
    ret_settlement->month = input->month;
    ret_settlement->is_corrective = input->is_corrective;
    ret_settlement->agreement_number = input->agreement_number;
    month_format(input->month, sheet.month);
    if (!terms_check(input->terms, "/agreement", err))
        return false;
    input_check(&sheet);
    if (!sheet.is_fine)
        return false;
    for (size_t i = 0; i < input->terms->contract_count; i++)
        contract_line(&sheet, &input->terms->contracts[i]);
    pools_settle(&sheet);
    guarantee_lines(&sheet);
    if (input->is_corrective)
        lines_less_posted(&sheet);
    if (sheet.is_fine)
        entries_make(&sheet);
    return sheet.is_fine;
}
