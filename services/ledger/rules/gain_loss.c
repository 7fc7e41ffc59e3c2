#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "services/ledger/rules/mechanism.h"

/* What counts beyond the deadband: what lies within it never does. */
static int64_t beyond_of(const struct pool_terms *terms, int64_t difference_pence)
{
    const int64_t deadband_pence =
        terms->deadband == DEADBAND_NOT_STATED ? 0 : terms->deadband_pence;
    if (difference_pence <= deadband_pence && difference_pence >= -deadband_pence)
        return 0;
    if (terms->deadband != DEADBAND_EXCESS_ONLY)
        return difference_pence;
    return difference_pence > 0 ? difference_pence - deadband_pence
                                : difference_pence + deadband_pence;
}

void gain_loss_compute(const struct pool_terms *terms, int64_t actual_pence, bool is_quality_met,
                       struct gain_loss *ret_gain_loss)
{
    const int64_t above_pence = actual_pence - terms->expected_pence;
    struct gain_loss outcome = {
        .difference_pence = terms->favourable == FAVOURABLE_HIGHER ? above_pence : -above_pence,
    };
    outcome.beyond_pence = beyond_of(terms, outcome.difference_pence);
    outcome.shared_pence = outcome.beyond_pence;
    if (terms->gain_cap_pence != PENCE_NONE && outcome.shared_pence > terms->gain_cap_pence)
        outcome.shared_pence = terms->gain_cap_pence;
    if (terms->loss_cap_pence != PENCE_NONE && outcome.shared_pence < -terms->loss_cap_pence)
        outcome.shared_pence = -terms->loss_cap_pence;
    if (terms->has_quality_gate && !is_quality_met && outcome.shared_pence > 0)
        outcome.shared_pence = 0;
    outcome.residual_pence = outcome.difference_pence - outcome.shared_pence;
    *ret_gain_loss = outcome;
}

static void gain_loss_steps(const struct pool_work *work, const struct gain_loss *outcome,
                            struct line *line)
{
    const struct pool_terms *terms = &work->terms;
    const int64_t cap_pence =
        outcome->difference_pence < 0 ? terms->loss_cap_pence : terms->gain_cap_pence;
    line_step(work->sheet, line, FIGURE_BASELINE, terms->expected_pence);
    line_step(work->sheet, line, FIGURE_ACTUAL, work->cost_pence);
    line_step(work->sheet, line, FIGURE_DIFFERENCE, outcome->difference_pence);
    if (terms->deadband != DEADBAND_NOT_STATED) {
        line_step(work->sheet, line, FIGURE_DEADBAND, terms->deadband_pence);
        line_step(work->sheet, line, FIGURE_BEYOND, outcome->beyond_pence);
    }
    if (cap_pence != PENCE_NONE)
        line_step(work->sheet, line, FIGURE_CAP, cap_pence);
    line_step(work->sheet, line, FIGURE_SHARED, outcome->shared_pence);
}

/* The line of a part of the gain or the loss: a gain goes to `account`, a loss comes from it. */
static struct line *part_line(const struct pool_work *work, enum line_kind kind,
                              const char *account, bool is_loss)
{
    return is_loss ? pool_line(work, kind, account, work->account)
                   : pool_line(work, kind, work->account, account);
}

static void share_line(const struct pool_work *work, const struct gain_loss *outcome,
                       int32_t band_number, int64_t band_pence, const struct split_share *share,
                       int64_t part_pence)
{
    const bool is_loss = outcome->difference_pence < 0;
    char account[CODE_SIZE], stretch[40] = "";
    position_of(share->organisation, account);
    struct line *line = part_line(work, LINE_SHARE, account, is_loss);
    line->band = band_number;
    gain_loss_steps(work, outcome, line);
    if (band_number > 0) {
        line_step(work->sheet, line, FIGURE_BAND, band_pence);
        snprintf(stretch, sizeof stretch, ", in band %" PRId32, band_number);
    }
    line_step(work->sheet, line, FIGURE_RATE, share->share_bp);
    line_end(work->sheet, line, is_loss ? -part_pence : part_pence,
             "%s: of the %s of %s, %s is shared%s; %s %s %s of it, %s.", work->terms.code,
             is_loss ? "loss" : "gain",
             money_of(is_loss ? -outcome->difference_pence : outcome->difference_pence).text,
             money_of(is_loss ? -band_pence : band_pence).text, stretch, share->organisation,
             is_loss ? "bears" : "has", percent_of(share->share_bp).text,
             money_of(is_loss ? -part_pence : part_pence).text);
}

static void band_lines(const struct pool_work *work, const struct gain_loss *outcome, size_t index,
                       int64_t band_pence)
{
    const struct band *band = &work->terms.bands[index];
    int32_t share_bp[SPLIT_MAX];
    int64_t parts[SPLIT_MAX] = {0};
    for (size_t i = 0; i < band->split_count; i++)
        share_bp[i] = band->split[i].share_bp;
    bool is_split = share_split(band_pence, share_bp, band->split_count, parts);
    assert(is_split && "terms_check() has seen the shares");
    const int32_t number = work->terms.has_bands ? (int32_t)index + 1 : 0;
    for (size_t i = 0; i < band->split_count; i++)
        share_line(work, outcome, number, band_pence, &band->split[i], parts[i]);
}

/* A plain split is the only band. The first is shown even where nothing is shared: why not is worth
 * a line. */
static void shares_lines(const struct pool_work *work, const struct gain_loss *outcome)
{
    const bool is_loss = outcome->shared_pence < 0;
    const int64_t whole = is_loss ? -outcome->shared_pence : outcome->shared_pence;
    int64_t start = 0;
    for (size_t i = 0; i < work->terms.band_count; i++) {
        const int64_t band_end = work->terms.bands[i].up_to_pence;
        int64_t end = band_end == PENCE_NONE || band_end > whole ? whole : band_end;
        if (end > start || i == 0)
            band_lines(work, outcome, i, is_loss ? start - end : end - start);
        start = end > start ? end : start;
    }
}

static void residual_line(const struct pool_work *work, const struct gain_loss *outcome)
{
    const struct pool_terms *terms = &work->terms;
    const bool is_loss = outcome->difference_pence < 0;
    const char *owner = is_loss ? terms->loss_residual_to : terms->gain_residual_to;
    const int64_t pence = is_loss ? -outcome->residual_pence : outcome->residual_pence;
    char account[CODE_SIZE];
    if (party_ring_fence(owner) != NULL)
        snprintf(account, sizeof account, "%s", owner);
    else
        position_of(owner, account);
    struct line *line = part_line(work, LINE_RESIDUAL, account, is_loss);
    gain_loss_steps(work, outcome, line);
    line_end(work->sheet, line, pence, "%s: the part of the %s that is not shared, %s, is for %s.",
             terms->code, is_loss ? "loss" : "gain", money_of(pence).text, owner);
}

/* Costs: what was expected is put in, and the actual cost paid out of it. Anything else (savings,
 * income): only the gain is put in, or the loss made good. */
static void base_lines(const struct pool_work *work, const struct gain_loss *outcome)
{
    const struct pool_terms *terms = &work->terms;
    const bool is_cost = terms->favourable != FAVOURABLE_HIGHER;
    const bool is_loss = outcome->difference_pence < 0;
    struct line *line;
    if (is_cost) {
        line = pool_line(work, LINE_FUNDING, work->commissioner, work->account);
        line_step(work->sheet, line, FIGURE_BASELINE, terms->expected_pence);
        line_end(work->sheet, line, terms->expected_pence, "%s: %s puts in what was expected, %s.",
                 terms->code, terms->commissioner, money_of(terms->expected_pence).text);
        line = pool_line(work, LINE_PAYMENT, work->account, work->provider);
        line_step(work->sheet, line, FIGURE_ACTUAL, work->cost_pence);
        line_end(work->sheet, line, work->cost_pence, "%s: %s is paid its actual cost, %s.",
                 terms->code, terms->provider,
                 money_of(sheet_pence(work->sheet, work->cost_pence)).text);
        return;
    }
    line = part_line(work, LINE_FUNDING, work->commissioner, !is_loss);
    gain_loss_steps(work, outcome, line);
    line_end(work->sheet, line, is_loss ? -outcome->difference_pence : outcome->difference_pence,
             is_loss ? "%s: %s is made good the loss of %s." : "%s: %s puts in the gain of %s.",
             terms->code, terms->commissioner,
             money_of(is_loss ? -outcome->difference_pence : outcome->difference_pence).text);
}

void gain_loss_lines(const struct pool_work *work)
{
    struct gain_loss outcome;
    gain_loss_compute(&work->terms, sheet_pence(work->sheet, work->cost_pence),
                      work->quality == QUALITY_MET, &outcome);
    if (work->terms.has_quality_gate && work->quality == QUALITY_NOT_STATED &&
        outcome.beyond_pence > 0)
        sheet_fault(work->sheet, PROBLEM_STATE_CONFLICT, "quality-missing",
                    "the submission of pool %s does not say whether quality was met",
                    work->terms.code);
    base_lines(work, &outcome);
    shares_lines(work, &outcome);
    if (outcome.residual_pence != 0)
        residual_line(work, &outcome);
}
