#include "services/kpi/rules/chart.h"

#include <assert.h>
#include <string.h>

#include "services/kpi/rules/suppression.h"

bool chart_span(const struct chart_figure figures[], size_t count, int32_t from, int32_t to,
                struct chart_frame *frame)
{
    int32_t first = INT32_MAX, last = INT32_MIN;
    for (size_t i = 0; i < count; i++) {
        first = figures[i].month < first ? figures[i].month : first;
        last = figures[i].month > last ? figures[i].month : last;
    }
    frame->from = from != MONTH_NONE ? from : first;
    frame->to = to != MONTH_NONE ? to : last;
    if (count == 0 || frame->to < frame->from)
        return false;
    if (frame->to - frame->from >= SPC_POINTS_MAX)
        frame->from = frame->to - SPC_POINTS_MAX + 1;
    return true;
}

/* Adds what is there to what is there; VALUE_NONE is nothing yet. */
static void figure_add(int64_t *sum, int64_t more)
{
    if (more != VALUE_NONE)
        *sum = *sum == VALUE_NONE ? more : *sum + more;
}

static void month_add(struct chart_month *month, const struct chart_figure *figure)
{
    figure_add(&month->figures.numerator, figure->figures.numerator);
    figure_add(&month->figures.denominator, figure->figures.denominator);
    figure_add(&month->figures.value, figure->figures.value);
    if (figure->revision > month->revision)
        month->revision = figure->revision;
    memcpy(month->status, figure->status, sizeof(month->status));
    month->received++;
}

bool chart_fits(const struct figures *figures, enum specification_unit unit)
{
    return (unit == UNIT_PERCENTAGE) == (figures->value == VALUE_NONE);
}

/* Each organisation's months stand together: the first says since when, the last until when. */
static void months_expect(const struct chart_figure figures[], size_t count,
                          const struct chart_frame *frame, struct chart_month months[])
{
    for (size_t begin = 0, end; begin < count; begin = end) {
        end = begin + 1;
        while (end < count && strcmp(figures[end].organisation, figures[begin].organisation) == 0)
            end++;
        int32_t until = figures[begin].is_current ? frame->to : figures[end - 1].month;
        for (int32_t month = frame->from; month <= frame->to; month++)
            if (month >= figures[begin].month && month <= until)
                months[month - frame->from].expected++;
    }
}

static void month_judge(struct chart_month *month, const struct chart_frame *frame)
{
    if (month->received == 0)
        return;
    month->state = CHART_RECEIVED;
    if (month->received > 1)
        month->status[0] = '\0'; /* each has its own */
    if (frame->unit != UNIT_PERCENTAGE && month->received < month->expected) {
        month->state = CHART_INCOMPLETE;
        return;
    }
    if (!frame->is_suppressed)
        return;
    month->figures = figures_round(&month->figures);
    if (figures_are_suppressed(&month->figures))
        month->state = CHART_SUPPRESSED;
}

void chart_months(const struct chart_figure figures[], size_t count,
                  const struct chart_frame *frame, struct chart_month ret_months[])
{
    for (int32_t month = frame->from; month <= frame->to; month++)
        ret_months[month - frame->from] =
            (struct chart_month){.month = month, .figures = {VALUE_NONE, VALUE_NONE, VALUE_NONE}};
    for (size_t i = 0; i < count; i++)
        if (figures[i].month >= frame->from && figures[i].month <= frame->to &&
            chart_fits(&figures[i].figures, frame->unit))
            month_add(&ret_months[figures[i].month - frame->from], &figures[i]);
    months_expect(figures, count, frame, ret_months);
    for (int32_t month = frame->from; month <= frame->to; month++)
        month_judge(&ret_months[month - frame->from], frame);
}

__int128 chart_value(const struct figures *figures, enum specification_unit unit)
{
    if (unit != UNIT_PERCENTAGE)
        return (__int128)figures->value * SPC_SCALE;
    assert(figures->denominator > 0 && figures->numerator >= 0);
    __int128 scaled = (__int128)figures->numerator * 100 * SPC_SCALE;
    return (scaled * 2 + figures->denominator) / ((__int128)figures->denominator * 2);
}

static bool has_rebase(const int32_t rebases[], size_t count, int32_t after, int32_t until)
{
    for (size_t i = 0; i < count; i++)
        if (rebases[i] > after && rebases[i] <= until)
            return true;
    return false;
}

size_t chart_points(struct chart_month months[], size_t count, const struct chart_frame *frame,
                    const int32_t rebases[], size_t rebase_count, struct spc_point ret_points[])
{
    size_t points = 0;
    int32_t before = INT32_MIN; /* the month of the point before */
    for (size_t i = 0; i < count; i++) {
        months[i].has_point = months[i].state == CHART_RECEIVED;
        if (!months[i].has_point)
            continue;
        ret_points[points] = (struct spc_point){
            .value = chart_value(&months[i].figures, frame->unit),
            .begins_phase = has_rebase(rebases, rebase_count, before, months[i].month)};
        months[i].point = points++;
        before = months[i].month;
    }
    return points;
}
