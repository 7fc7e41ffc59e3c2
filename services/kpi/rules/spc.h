/* Statistical process control as Making Data Count draws it: an XmR chart as data. Exact: values
 * are integers (whole units times SPC_SCALE), mean and limits are fractions over one denominator,
 * and nothing is rounded before spc_format(). Pure. Source: domain.md E5. */
#ifndef ACCORD_KPI_RULES_SPC_H
#define ACCORD_KPI_RULES_SPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SPC_POINTS_MAX = 600,
    SPC_POINTS_MIN = 13, /* that a phase needs before its limits show */
    SPC_SCALE = 1000000,
    SPC_TEXT_SIZE = 48
};

/* Why a point is special cause; a set. */
enum spc_signal {
    SPC_OUTSIDE = 1,     /* strictly outside a limit */
    SPC_RUN = 2,         /* of a run on one side of the mean */
    SPC_TREND = 4,       /* of a run that rises, or falls, all along */
    SPC_TWO_OF_THREE = 8 /* one of two in three that are near or beyond the same limit */
};

struct spc_point {
    __int128 value;    /* times SPC_SCALE */
    bool begins_phase; /* the process was re-based here: nothing crosses it */
    /* filled by spc_chart() */
    size_t phase;
    unsigned signals;
    int side; /* of the signals: 1 high or rising, -1 low or falling, 0 none */
};

struct spc_options {
    int run_length;         /* 7, or 6 */
    bool two_of_three_old;  /* before November 2023 the third could lie on either side */
    bool is_screened;       /* moving ranges >= 3.267 times their mean are left out, once */
    size_t baseline_points; /* the limits of a phase come from its first points; 0 = from all */
};

/* A phase: where it lies, and its lines, each a fraction of `denominator` in SPC_SCALE. */
struct spc_phase {
    size_t begin, end; /* points [begin, end) */
    bool has_limits;   /* false under SPC_POINTS_MIN: no lines and no signals */
    size_t baseline_points;
    __int128 denominator;
    __int128 mean, lower, upper, lower_near, upper_near;
};

enum spc_direction { SPC_UP, SPC_DOWN, SPC_NEUTRAL };
enum spc_variation { SPC_COMMON_CAUSE, SPC_IMPROVING, SPC_CONCERNING, SPC_HIGH, SPC_LOW };
enum spc_assurance { SPC_NO_ASSURANCE, SPC_PASSES, SPC_FAILS, SPC_HIT_OR_MISS };

/* Cuts the points into phases, draws each one's lines and marks its signals. `ret_phases` has room
 * for `count`. Returns the number of phases; at most SPC_POINTS_MAX points. */
size_t spc_chart(struct spc_point points[], size_t count, const struct spc_options *options,
                 struct spc_phase ret_phases[]);

/* The icon of the latest point. A neutral indicator is neither better nor worse, only high or low.
 */
enum spc_variation spc_variation(const struct spc_point *latest, enum spc_direction direction);

/* Whether the process, as it runs now, will meet a target (times SPC_SCALE) always, never, or by
 * chance. Strict: a target on a limit is hit or missed. Neutral indicators have none. */
enum spc_assurance spc_assurance(int64_t target, const struct spc_phase *phase,
                                 enum spc_direction direction);

/* numerator / (denominator * SPC_SCALE) as a decimal with this many places, half away from zero. */
void spc_format(__int128 numerator, __int128 denominator, int places, char ret_text[SPC_TEXT_SIZE]);

#endif
