/* From what was received to the points of a chart: months with their gaps, the system's value,
 * small numbers, re-bases. Pure. Source: domain.md E3, E5, E10. */
#ifndef ACCORD_KPI_RULES_CHART_H
#define ACCORD_KPI_RULES_CHART_H

#include "services/kpi/model.h"
#include "services/kpi/rules/spc.h"

/* An observation as a chart needs it. */
struct chart_figure {
    char organisation[ODS_SIZE];
    bool is_current; /* the organisation still takes part: more is expected of it */
    int32_t month;
    int64_t revision;
    struct figures figures;
    char status[STATUS_SIZE];
};

enum chart_state {
    CHART_NOT_RECEIVED, /* a gap, never zero */
    CHART_RECEIVED,
    CHART_INCOMPLETE, /* a sum that lacks somebody is no value */
    CHART_SUPPRESSED  /* too small to be shown (E10) */
};

struct chart_month {
    int32_t month;
    enum chart_state state;
    struct figures figures; /* as they are shown */
    int64_t revision;       /* the highest of those in it; 0 = none */
    char status[STATUS_SIZE];
    size_t received, expected; /* organisations */
    bool has_point;
    size_t point; /* which one, if it has one */
};

struct chart_frame {
    int32_t from, to; /* months, both included; at most SPC_POINTS_MAX */
    enum specification_unit unit;
    bool is_suppressed;
};

/* The months in which the figures begin and end, narrowed to what was asked for (MONTH_NONE = not),
 * and to the last SPC_POINTS_MAX. False when nothing is left. */
bool chart_span(const struct chart_figure figures[], size_t count, int32_t from, int32_t to,
                struct chart_frame *frame) MUST_CHECK;

/* A newer specification may measure in another unit: what was measured before is no part of its
 * chart. A percentage has numerator and denominator, anything else a value. */
bool chart_fits(const struct figures *figures, enum specification_unit unit);

/* Fills one month after the other, `frame->to - frame->from + 1` of them. Figures in order of
 * organisation and month, of one organisation or of all: numerators and denominators are summed,
 * so the system's value is sum over sum. An organisation is expected from its first month on, as
 * long as it takes part. */
void chart_months(const struct chart_figure figures[], size_t count,
                  const struct chart_frame *frame, struct chart_month ret_months[]);

/* The points of the months that have a value; a phase begins at the first one in or after each
 * re-base month. Returns how many. */
size_t chart_points(struct chart_month months[], size_t count, const struct chart_frame *frame,
                    const int32_t rebases[], size_t rebase_count, struct spc_point ret_points[]);

/* A month's value times SPC_SCALE: percent, or the value itself. Rounded half away from zero. */
__int128 chart_value(const struct figures *figures, enum specification_unit unit);

#endif
