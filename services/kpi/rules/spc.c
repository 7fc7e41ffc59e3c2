#include "services/kpi/rules/spc.h"

#include <assert.h>
#include <stdio.h>

/* 2.66 and two thirds of it, as the tables of control charts round them, over one scale. */
enum { LIMIT_FACTOR = 798, NEAR_FACTOR = 532, FACTOR_SCALE = 300 };
/* 3.267 */
enum { SCREEN_FACTOR = 3267, SCREEN_SCALE = 1000 };

static __int128 moving_range(const struct spc_point points[], size_t at)
{
    __int128 step = points[at].value - points[at - 1].value;
    return step < 0 ? -step : step;
}

/* Sum and number of the moving ranges, without those that screening leaves out: never all of them,
 * as the smallest is at most their mean. */
static void ranges_sum(const struct spc_point points[], size_t count, bool is_screened,
                       __int128 *ret_sum, __int128 *ret_count)
{
    __int128 all = 0, ranges = (__int128)count - 1;
    for (size_t i = 1; i < count; i++)
        all += moving_range(points, i);
    *ret_sum = all;
    *ret_count = ranges;
    if (!is_screened || all == 0)
        return;
    for (size_t i = 1; i < count; i++) {
        __int128 range = moving_range(points, i);
        if (range * SCREEN_SCALE * ranges < all * SCREEN_FACTOR)
            continue;
        *ret_sum -= range;
        (*ret_count)--;
    }
}

/* The lines from the first `used` (two or more) points of a phase. */
static void lines_draw(const struct spc_point points[], size_t used, bool is_screened,
                       struct spc_phase *phase)
{
    __int128 number = (__int128)used, sum = 0, ranges = 0, range_count = 0;
    for (size_t i = 0; i < used; i++)
        sum += points[i].value;
    ranges_sum(points, used, is_screened, &ranges, &range_count);
    phase->baseline_points = used;
    phase->denominator = FACTOR_SCALE * number * range_count;
    phase->mean = FACTOR_SCALE * range_count * sum;
    phase->lower = phase->mean - LIMIT_FACTOR * number * ranges;
    phase->upper = phase->mean + LIMIT_FACTOR * number * ranges;
    phase->lower_near = phase->mean - NEAR_FACTOR * number * ranges;
    phase->upper_near = phase->mean + NEAR_FACTOR * number * ranges;
}

static int sign(__int128 value)
{
    return (value > 0) - (value < 0);
}

/* On which side of a line a value lies. */
static int side_of(__int128 value, __int128 line, const struct spc_phase *phase)
{
    return sign(value * phase->denominator - line);
}

static void mark(struct spc_point points[], size_t from, size_t to, enum spc_signal signal,
                 int side)
{
    for (size_t i = from; i < to; i++) {
        points[i].signals |= signal;
        points[i].side = side;
    }
}

static void mark_outside(struct spc_point points[], size_t count, const struct spc_phase *phase)
{
    for (size_t i = 0; i < count; i++) {
        if (side_of(points[i].value, phase->upper, phase) > 0)
            mark(points, i, i + 1, SPC_OUTSIDE, 1);
        if (side_of(points[i].value, phase->lower, phase) < 0)
            mark(points, i, i + 1, SPC_OUTSIDE, -1);
    }
}

/* A point on the mean breaks a run. */
static void mark_runs(struct spc_point points[], size_t count, const struct spc_phase *phase,
                      size_t length)
{
    size_t begin = 0;
    int side = 0;
    for (size_t i = 0; i < count; i++) {
        int here = side_of(points[i].value, phase->mean, phase);
        if (here != side) {
            begin = i;
            side = here;
        }
        if (side != 0 && i + 1 - begin >= length)
            mark(points, begin, i + 1, SPC_RUN, side);
    }
}

/* Points that each rise, or each fall, from the one before; a tie breaks it. */
static void mark_trends(struct spc_point points[], size_t count, size_t length)
{
    size_t begin = 0;
    int way = 0;
    for (size_t i = 1; i < count; i++) {
        int here = sign(points[i].value - points[i - 1].value);
        if (here != way) {
            begin = i - 1;
            way = here;
        }
        if (way != 0 && i + 1 - begin >= length)
            mark(points, begin, i + 1, SPC_TREND, way);
    }
}

static bool is_near(const struct spc_point *point, int side, const struct spc_phase *phase)
{
    __int128 line = side > 0 ? phase->upper_near : phase->lower_near;
    return side_of(point->value, line, phase) * side >= 0;
}

static void mark_two_of_three(struct spc_point points[], size_t count,
                              const struct spc_phase *phase, int side, bool any_side)
{
    for (size_t i = 2; i < count; i++) {
        int near = 0, same = 0;
        for (size_t j = i - 2; j <= i; j++) {
            near += is_near(&points[j], side, phase);
            same += side_of(points[j].value, phase->mean, phase) == side;
        }
        if (near < 2 || (same < 3 && !any_side))
            continue;
        for (size_t j = i - 2; j <= i; j++)
            if (is_near(&points[j], side, phase))
                mark(points, j, j + 1, SPC_TWO_OF_THREE, side);
    }
}

/* What says most is marked last: its side is the point's. */
static void phase_mark(struct spc_point points[], size_t count, const struct spc_options *options,
                       const struct spc_phase *phase)
{
    size_t length = (size_t)options->run_length;
    if (phase->lower != phase->upper) { /* on a constant process every point is near both limits */
        mark_two_of_three(points, count, phase, -1, options->two_of_three_old);
        mark_two_of_three(points, count, phase, 1, options->two_of_three_old);
    }
    mark_trends(points, count, length);
    mark_runs(points, count, phase, length);
    mark_outside(points, count, phase);
}

static void phase_chart(struct spc_point points[], const struct spc_options *options,
                        struct spc_phase *phase)
{
    size_t count = phase->end - phase->begin;
    phase->has_limits = count >= SPC_POINTS_MIN;
    if (!phase->has_limits)
        return;
    bool is_frozen = options->baseline_points > 0 && options->baseline_points < count;
    assert(options->baseline_points != 1); /* one point has no moving range */
    lines_draw(points, is_frozen ? options->baseline_points : count, options->is_screened, phase);
    phase_mark(points, count, options, phase);
}

size_t spc_chart(struct spc_point points[], size_t count, const struct spc_options *options,
                 struct spc_phase ret_phases[])
{
    assert(count <= SPC_POINTS_MAX);
    size_t phases = 0;
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || points[i].begins_phase)
            ret_phases[phases++] = (struct spc_phase){.begin = i};
        ret_phases[phases - 1].end = i + 1;
        points[i].phase = phases - 1;
        points[i].signals = 0;
        points[i].side = 0;
    }
    for (size_t i = 0; i < phases; i++)
        phase_chart(points + ret_phases[i].begin, options, &ret_phases[i]);
    return phases;
}

enum spc_variation spc_variation(const struct spc_point *latest, enum spc_direction direction)
{
    if (latest->signals == 0)
        return SPC_COMMON_CAUSE;
    bool is_high = latest->side > 0;
    if (direction == SPC_NEUTRAL)
        return is_high ? SPC_HIGH : SPC_LOW;
    return is_high == (direction == SPC_UP) ? SPC_IMPROVING : SPC_CONCERNING;
}

enum spc_assurance spc_assurance(int64_t target, const struct spc_phase *phase,
                                 enum spc_direction direction)
{
    if (direction == SPC_NEUTRAL)
        return SPC_NO_ASSURANCE;
    if (side_of(target, phase->lower, phase) < 0) /* the whole process runs above it */
        return direction == SPC_UP ? SPC_PASSES : SPC_FAILS;
    if (side_of(target, phase->upper, phase) > 0)
        return direction == SPC_UP ? SPC_FAILS : SPC_PASSES;
    return SPC_HIT_OR_MISS;
}

void spc_format(__int128 numerator, __int128 denominator, int places, char ret_text[SPC_TEXT_SIZE])
{
    __int128 scale = 1, divisor = denominator * SPC_SCALE;
    for (int i = 0; i < places; i++)
        scale *= 10;
    __int128 size = numerator < 0 ? -numerator : numerator;
    __int128 rounded = (size * scale * 2 + divisor) / (divisor * 2);
    const char *minus = numerator < 0 && rounded > 0 ? "-" : "";
    int written = snprintf(ret_text, SPC_TEXT_SIZE, "%s%lld", minus, (long long)(rounded / scale));
    if (places > 0)
        snprintf(ret_text + written, SPC_TEXT_SIZE - (size_t)written, ".%0*lld", places,
                 (long long)(rounded % scale));
}
