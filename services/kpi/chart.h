/* A chart of what is stored: loads figures, re-bases and targets, and has the rules draw it. */
#ifndef ACCORD_KPI_CHART_H
#define ACCORD_KPI_CHART_H

#include "common/act.h"
#include "services/kpi/model.h"
#include "services/kpi/rules/chart.h"

struct chart_wish {
    const struct specification *specification; /* the agreed one */
    const char *organisation;                  /* NULL = all together */
    int32_t from, to;                          /* MONTH_NONE = whatever there is */
    struct spc_options options;
};

struct chart {
    struct chart_frame frame;
    enum spc_direction direction;
    struct chart_month *months; /* this and the next three owned */
    struct spc_point *points;
    struct spc_phase *phases;
    struct target_step *steps;
    size_t month_count, point_count, phase_count, step_count;
    const struct chart_month *latest; /* that has a point; NULL = none has */
};

/* The usual options: what signals are found by. */
extern const struct spc_options CHART_USUAL;

bool chart_load(struct db_tx *tx, const struct chart_wish *wish, struct chart *ret,
                struct problem *err) MUST_CHECK;
void chart_done(struct chart *chart);
#define chart_auto_t CLEANUP(chart_done) struct chart

/* The phase of the latest point; NULL when there is none, or it shows no limits yet. */
const struct spc_phase *chart_latest_phase(const struct chart *chart);
/* A line of a phase, with three places. */
void line_format(__int128 line, const struct spc_phase *phase, char ret_text[SPC_TEXT_SIZE]);
/* A month's value as it is shown: percent with three places, a whole number, or "*". */
void value_format(const struct figures *figures, enum specification_unit unit,
                  char ret_text[SPC_TEXT_SIZE]);

/* "outside-limits", "run" ..., in the order of the bits of enum spc_signal. */
enum { SIGNAL_KINDS = 4 };
extern const char *const SIGNAL_NAMES[SIGNAL_KINDS];

/* Appends kpi.signal.found.v1 for each rule that makes the latest point of an organisation's usual
 * chart concerning and has not been told of that point yet. Called in the act that recorded
 * something of it. */
bool chart_announce(struct act *act, const struct specification *specification,
                    const char *organisation, struct problem *err) MUST_CHECK;

#endif
