#include "services/kpi/chart.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ids.h"
#include "services/kpi/events.h"
#include "services/kpi/rules.h"
#include "services/kpi/rules/suppression.h"
#include "services/kpi/store.h"

const struct spc_options CHART_USUAL = {.run_length = 7};
const char *const SIGNAL_NAMES[SIGNAL_KINDS] = {"outside-limits", "run", "trend", "two-of-three"};

static enum spc_direction direction_by_name(const char *name)
{
    if (strcmp(name, "up") == 0)
        return SPC_UP;
    return strcmp(name, "down") == 0 ? SPC_DOWN : SPC_NEUTRAL;
}

/* What was loaded to draw from. */
struct chart_facts {
    struct chart_figure *figures;
    int32_t *rebases;
    size_t figure_count, rebase_count;
};

static void facts_done(struct chart_facts *facts)
{
    free(facts->figures);
    free(facts->rebases);
}
#define facts_auto_t CLEANUP(facts_done) struct chart_facts

static void chart_draw(const struct chart_facts *facts, const struct chart_wish *wish,
                       struct chart *chart)
{
    chart->month_count = (size_t)(chart->frame.to - chart->frame.from + 1);
    chart->months = calloc(chart->month_count, sizeof(chart->months[0]));
    chart->points = calloc(chart->month_count, sizeof(chart->points[0]));
    chart->phases = calloc(chart->month_count, sizeof(chart->phases[0]));
    assert(chart->months != NULL && chart->points != NULL && chart->phases != NULL);
    chart_months(facts->figures, facts->figure_count, &chart->frame, chart->months);
    chart->point_count = chart_points(chart->months, chart->month_count, &chart->frame,
                                      facts->rebases, facts->rebase_count, chart->points);
    chart->phase_count =
        spc_chart(chart->points, chart->point_count, &wish->options, chart->phases);
    for (size_t i = 0; i < chart->month_count; i++)
        if (chart->months[i].has_point)
            chart->latest = &chart->months[i];
}

bool chart_load(struct db_tx *tx, const struct chart_wish *wish, struct chart *ret,
                struct problem *err)
{
    const struct specification *specification = wish->specification;
    facts_auto_t facts = {0};
    *ret = (struct chart){
        .frame = {.unit = specification->unit, .is_suppressed = specification->is_suppressed},
        .direction = direction_by_name(specification->direction)};
    if (!store_chart_figures(tx, specification->indicator, wish->organisation, &facts.figures,
                             &facts.figure_count, err) ||
        !store_rebase_months(tx, specification->indicator, &facts.rebases, &facts.rebase_count,
                             err) ||
        !store_target_steps(tx, specification->indicator, &ret->steps, &ret->step_count, err))
        return false;
    if (chart_span(facts.figures, facts.figure_count, wish->from, wish->to, &ret->frame))
        chart_draw(&facts, wish, ret);
    return true;
}

void chart_done(struct chart *chart)
{
    free(chart->months);
    free(chart->points);
    free(chart->phases);
    free(chart->steps);
}

const struct spc_phase *chart_latest_phase(const struct chart *chart)
{
    if (chart->latest == NULL)
        return NULL;
    const struct spc_phase *phase = &chart->phases[chart->points[chart->latest->point].phase];
    return phase->has_limits ? phase : NULL;
}

void line_format(__int128 line, const struct spc_phase *phase, char ret_text[SPC_TEXT_SIZE])
{
    spc_format(line, phase->denominator, 3, ret_text);
}

void value_format(const struct figures *figures, enum specification_unit unit,
                  char ret_text[SPC_TEXT_SIZE])
{
    if (figures_are_suppressed(figures))
        snprintf(ret_text, SPC_TEXT_SIZE, "*");
    else if (unit == UNIT_PERCENTAGE)
        percentage_format(figures->numerator, figures->denominator, ret_text);
    else
        snprintf(ret_text, SPC_TEXT_SIZE, "%lld", (long long)figures->value);
}

static bool is_told(const struct db_rows *told, const char *kind)
{
    for (int row = 0; row < told->count; row++)
        if (strcmp(row_text(told, row, "kind"), kind) == 0)
            return true;
    return false;
}

static struct signal_found signal_of(const struct chart *chart, const struct chart_wish *wish,
                                     const struct spc_phase *phase)
{
    struct signal_found signal = {.month = chart->latest->month,
                                  .revision = chart->latest->revision,
                                  .specification = wish->specification->number};
    snprintf(signal.indicator, sizeof(signal.indicator), "%s", wish->specification->indicator);
    snprintf(signal.organisation, sizeof(signal.organisation), "%s", wish->organisation);
    value_format(&chart->latest->figures, chart->frame.unit, signal.value);
    line_format(phase->mean, phase, signal.mean);
    line_format(phase->lower, phase, signal.lower);
    line_format(phase->upper, phase, signal.upper);
    return signal;
}

bool chart_announce(struct act *act, const struct specification *specification,
                    const char *organisation, struct problem *err)
{
    const struct chart_wish wish = {.specification = specification,
                                    .organisation = organisation,
                                    .from = MONTH_NONE,
                                    .to = MONTH_NONE,
                                    .options = CHART_USUAL};
    chart_auto_t chart = {0};
    db_rows_auto_t told = {0};
    if (!chart_load(act->tx, &wish, &chart, err))
        return false;
    const struct spc_phase *phase = chart_latest_phase(&chart);
    if (phase == NULL)
        return true;
    const struct spc_point *point = &chart.points[chart.latest->point];
    if (spc_variation(point, chart.direction) != SPC_CONCERNING)
        return true;
    if (!store_signal_kinds(act->tx, specification->indicator, organisation, chart.latest->month,
                            &told, err))
        return false;
    struct signal_found signal = signal_of(&chart, &wish, phase);
    signal.found_ms = act->now_ms;
    for (unsigned i = 0; i < SIGNAL_KINDS; i++) {
        if ((point->signals & 1U << i) == 0 || is_told(&told, SIGNAL_NAMES[i]))
            continue;
        uuid_new(act->now_ms, signal.id);
        snprintf(signal.kind, sizeof(signal.kind), "%s", SIGNAL_NAMES[i]);
        if (!event_signal_found(act, &signal, err))
            return false;
    }
    return true;
}
