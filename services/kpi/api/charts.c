#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ids.h"
#include "common/json.h"
#include "services/kpi/api/handlers.h"
#include "services/kpi/chart.h"
#include "services/kpi/events.h"
#include "services/kpi/rules/target.h"
#include "services/kpi/store.h"

static void month_put(json_t *object, const char *name, int32_t month)
{
    char text[MONTH_SIZE];
    month_format(month, text);
    json_put_text(object, name, text);
}

static bool month_read(const json_t *body, const char *name, const char *pointer, int32_t *ret,
                       struct problem *err)
{
    if (!month_parse(json_text(body, name), ret))
        return problem_add(err, PROBLEM_RULE_BROKEN, "not-a-month", pointer,
                           "there is no such month");
    return true;
}

/* The chart ---------------------------------------------------------------------------------------
 */

static const char *const STATE_NAMES[] = {"not-received", "received", "incomplete", "suppressed"};
static const char *const VARIATION_NAMES[] = {"common-cause", "improving", "concerning", "high",
                                              "low"};
static const char *const ASSURANCE_NAMES[] = {NULL, "passes", "fails", "hit-or-miss"};

static void line_put(json_t *object, const char *name, __int128 line, const struct spc_phase *phase)
{
    char text[SPC_TEXT_SIZE];
    line_format(line, phase, text);
    json_put_text(object, name, text);
}

static void target_put(json_t *object, const struct chart *chart, int32_t month)
{
    char text[SPC_TEXT_SIZE];
    int64_t target = 0;
    if (!target_at(chart->steps, chart->step_count, month, &target))
        return;
    spc_format(target, 1, 3, text);
    json_put_text(object, "target", text);
}

/* Where a point stands: its signals, its phase and that one's lines. */
static void point_put(json_t *object, const struct chart *chart, const struct spc_point *point)
{
    const struct spc_phase *phase = &chart->phases[point->phase];
    json_t *signals = json_array();
    for (unsigned i = 0; i < SIGNAL_KINDS; i++)
        if ((point->signals & 1U << i) != 0)
            json_push_new(signals, json_string(SIGNAL_NAMES[i]));
    json_put_new(object, "signals", signals);
    if (point->signals != 0)
        json_put_text(object, "side", point->side > 0 ? "high" : "low");
    json_put_integer(object, "phase", (int64_t)point->phase + 1);
    if (!phase->has_limits)
        return;
    line_put(object, "mean", phase->mean, phase);
    line_put(object, "lowerLimit", phase->lower, phase);
    line_put(object, "upperLimit", phase->upper, phase);
}

static json_t *month_to_json(const struct chart *chart, const struct chart_month *month)
{
    json_t *object = json_object();
    month_put(object, "month", month->month);
    json_put_text(object, "state", STATE_NAMES[month->state]);
    if (month->state == CHART_RECEIVED || month->state == CHART_SUPPRESSED) {
        char value[SPC_TEXT_SIZE];
        value_format(&month->figures, chart->frame.unit, value);
        figure_put(object, "numerator", month->figures.numerator);
        figure_put(object, "denominator", month->figures.denominator);
        json_put_text(object, "value", value);
    }
    if (month->revision > 0)
        json_put_integer(object, "revision", month->revision);
    json_put_text(object, "status", month->status);
    json_put_integer(object, "received", (int64_t)month->received);
    json_put_integer(object, "expected", (int64_t)month->expected);
    if (month->has_point)
        point_put(object, chart, &chart->points[month->point]);
    target_put(object, chart, month->month);
    return object;
}

static json_t *phase_to_json(const struct chart *chart, const struct spc_phase *phase)
{
    json_t *object = json_object();
    int32_t from = MONTH_NONE, to = MONTH_NONE;
    for (size_t i = 0; i < chart->month_count; i++) {
        const struct chart_month *month = &chart->months[i];
        if (month->has_point && month->point == phase->begin)
            from = month->month;
        if (month->has_point && month->point == phase->end - 1)
            to = month->month;
    }
    month_put(object, "fromMonth", from);
    month_put(object, "toMonth", to);
    json_put_integer(object, "points", (int64_t)(phase->end - phase->begin));
    if (!phase->has_limits)
        return object;
    json_put_integer(object, "baselinePoints", (int64_t)phase->baseline_points);
    line_put(object, "mean", phase->mean, phase);
    line_put(object, "lowerLimit", phase->lower, phase);
    line_put(object, "upperLimit", phase->upper, phase);
    line_put(object, "lowerNearLimit", phase->lower_near, phase);
    line_put(object, "upperNearLimit", phase->upper_near, phase);
    return object;
}

void chart_icons_put(json_t *object, const struct chart *chart)
{
    const struct spc_phase *phase = chart_latest_phase(chart);
    int64_t target = 0;
    if (chart->latest == NULL)
        return;
    month_put(object, "latestMonth", chart->latest->month);
    target_put(object, chart, chart->latest->month);
    if (phase == NULL)
        return;
    const struct spc_point *point = &chart->points[chart->latest->point];
    json_put_text(object, "variation", VARIATION_NAMES[spc_variation(point, chart->direction)]);
    if (target_at(chart->steps, chart->step_count, chart->latest->month, &target))
        json_put_text(object, "assurance",
                      ASSURANCE_NAMES[spc_assurance(target, phase, chart->direction)]);
}

static json_t *chart_to_json(const struct chart *chart, const struct chart_wish *wish)
{
    const struct specification *specification = wish->specification;
    const struct spc_options *options = &wish->options;
    json_t *object = json_object(), *method = json_object(), *points = json_array(),
           *phases = json_array();
    json_put_text(object, "indicator", specification->indicator);
    json_put_text(object, "organisation", wish->organisation);
    json_put_integer(object, "specification", specification->number);
    json_put_text(object, "unit", UNIT_NAMES[specification->unit]);
    json_put_text(object, "direction", specification->direction);
    json_put_text(method, "name", "making-data-count-xmr");
    json_put_integer(method, "runLength", options->run_length);
    json_put_text(method, "twoOfThree", options->two_of_three_old ? "either-side" : "same-side");
    json_put_flag(method, "screening", options->is_screened);
    if (options->baseline_points > 0)
        json_put_integer(method, "baseline", (int64_t)options->baseline_points);
    json_put_integer(method, "pointsNeeded", SPC_POINTS_MIN);
    json_put_new(object, "method", method);
    chart_icons_put(object, chart);
    for (size_t i = 0; i < chart->month_count; i++)
        json_push_new(points, month_to_json(chart, &chart->months[i]));
    for (size_t i = 0; i < chart->phase_count; i++)
        json_push_new(phases, phase_to_json(chart, &chart->phases[i]));
    json_put_new(object, "points", points);
    json_put_new(object, "phases", phases);
    return object;
}

static bool query_month(const struct request *request, const char *name, int32_t *ret,
                        struct problem *err)
{
    const char *text = request_query(request, name);
    char pointer[FAULT_POINTER_SIZE];
    *ret = MONTH_NONE;
    if (text == NULL || month_parse(text, ret))
        return true;
    snprintf(pointer, sizeof(pointer), "?%s", name);
    return problem_add(err, PROBLEM_RULE_BROKEN, "not-a-month", pointer, "there is no such month");
}

static bool wish_read(const struct request *request, struct chart_wish *wish, struct problem *err)
{
    const char *baseline = request_query(request, "baseline");
    wish->options = (struct spc_options){
        .run_length = (int)strtol(request_query(request, "runLength"), NULL, 10),
        .two_of_three_old = strcmp(request_query(request, "twoOfThree"), "either-side") == 0,
        .is_screened = strcmp(request_query(request, "screening"), "true") == 0,
        .baseline_points = baseline == NULL ? 0 : strtoul(baseline, NULL, 10)};
    wish->organisation = request_query(request, "organisation");
    if (!query_month(request, "from", &wish->from, err) ||
        !query_month(request, "to", &wish->to, err))
        return false;
    if (wish->organisation == NULL && wish->specification->unit == UNIT_DAYS)
        return problem_add(err, PROBLEM_RULE_BROKEN, "required", "?organisation",
                           "days of several organisations make no sum: name one");
    return true;
}

bool get_chart(struct request *request, struct reply *reply, struct problem *err)
{
    struct indicator indicator;
    struct specification specification = {0};
    struct chart_wish wish = {.specification = &specification};
    chart_auto_t chart = {0};
    if (!agreed_load(request, request_query(request, "indicator"), "?indicator", &indicator,
                     &specification, err) ||
        !wish_read(request, &wish, err) || !chart_load(request->tx, &wish, &chart, err))
        return false;
    reply_ok(reply, chart_to_json(&chart, &wish), 0);
    return true;
}

/* Re-bases ----------------------------------------------------------------------------------------
 */

static json_t *rebase_to_json(const struct rebase *rebase)
{
    json_t *object = json_object();
    json_put_text(object, "id", rebase->id);
    json_put_text(object, "indicator", rebase->indicator);
    month_put(object, "month", rebase->month);
    json_put_text(object, "reason", rebase->reason);
    json_put_instant(object, "recordedAt", rebase->recorded_ms);
    return object;
}

bool list_rebases(struct request *request, struct reply *reply, struct problem *err)
{
    struct indicator indicator;
    struct page page;
    db_rows_auto_t rows = {0};
    if (!store_indicator_get(request->tx, request_path(request, "indicatorCode"), &indicator,
                             err) ||
        !page_begin(request, &page, err) ||
        !store_rebase_list(request->tx, indicator.code, page.after, page.limit, &rows, err))
        return false;
    json_t *items = json_array();
    for (int row = 0; row < rows.count; row++) {
        struct rebase rebase;
        rebase_of_row(&rows, row, &rebase);
        json_push_new(items, rebase_to_json(&rebase));
    }
    list_reply(request, reply, &page, items, "id");
    return true;
}

static bool rebase_is_new(struct request *request, const struct rebase *rebase, struct problem *err)
{
    int32_t *months = NULL;
    size_t count = 0;
    if (!store_rebase_months(request->tx, rebase->indicator, &months, &count, err))
        return false;
    bool is_there = false;
    for (size_t i = 0; i < count; i++)
        is_there = is_there || months[i] == rebase->month;
    free(months);
    if (is_there)
        return problem_set(err, PROBLEM_ALREADY_EXISTS, "%s is re-based in that month already",
                           rebase->indicator);
    return true;
}

bool rebase_indicator(struct request *request, struct reply *reply, struct problem *err)
{
    struct indicator indicator;
    struct rebase rebase = {.recorded_ms = request->now_ms};
    if (!store_indicator_get(request->tx, request_path(request, "indicatorCode"), &indicator,
                             err) ||
        !month_read(request->body, "month", "/month", &rebase.month, err))
        return false;
    memcpy(rebase.indicator, indicator.code, sizeof(rebase.indicator));
    json_copy_text(request->body, "reason", rebase.reason, sizeof(rebase.reason));
    uuid_new(request->now_ms, rebase.id);
    if (!text_check("/reason", rebase.reason, err) || !rebase_is_new(request, &rebase, err) ||
        !event_rebase_recorded(request->act, &rebase, err))
        return false;
    char ref[REF_SIZE];
    snprintf(ref, sizeof(ref), "kpi/indicators/%s/rebases", indicator.code);
    reply_created(reply, rebase_to_json(&rebase), ref, 0);
    return true;
}

/* Targets -----------------------------------------------------------------------------------------
 */

/* The first step is the target's own. */
static json_t *target_to_json(const struct target *target, const struct target_step steps[],
                              size_t count)
{
    json_t *object = json_object(), *trajectory = json_array();
    char value[SPC_TEXT_SIZE];
    json_put_text(object, "id", target->id);
    json_put_text(object, "indicator", target->indicator);
    month_put(object, "fromMonth", target->from);
    for (size_t i = 0; i < count; i++) {
        json_t *step = i == 0 ? object : json_object();
        spc_format(steps[i].value, 1, 3, value);
        json_put_text(step, "value", value);
        if (i == 0)
            continue;
        month_put(step, "month", steps[i].month);
        json_push_new(trajectory, step);
    }
    json_put_new(object, "trajectory", trajectory);
    json_put_text(object, "source", target->source);
    json_put_text(object, "reason", target->reason);
    json_put_instant(object, "recordedAt", target->recorded_ms);
    return object;
}

static json_t *targets_to_json(const struct db_rows *rows, const struct target_step steps[],
                               size_t count)
{
    json_t *items = json_array();
    for (int row = 0; row < rows->count; row++) {
        struct target target;
        target_of_row(rows, row, &target);
        size_t begin = 0;
        while (begin < count && strcmp(steps[begin].target_id, target.id) != 0)
            begin++;
        size_t end = begin;
        while (end < count && strcmp(steps[end].target_id, target.id) == 0)
            end++;
        json_push_new(items, target_to_json(&target, steps + begin, end - begin));
    }
    return items;
}

bool list_targets(struct request *request, struct reply *reply, struct problem *err)
{
    struct indicator indicator;
    struct page page;
    struct target_step *steps = NULL;
    size_t count = 0;
    db_rows_auto_t rows = {0};
    if (!store_indicator_get(request->tx, request_path(request, "indicatorCode"), &indicator,
                             err) ||
        !page_begin(request, &page, err) ||
        !store_target_list(request->tx, indicator.code, page.after, page.limit, &rows, err) ||
        !store_target_steps(request->tx, indicator.code, &steps, &count, err))
        return false;
    json_t *items = targets_to_json(&rows, steps, count);
    free(steps);
    list_reply(request, reply, &page, items, "id");
    return true;
}

enum { TARGET_STEPS_MAX = 121 }; /* the target's own and ten years of them */

static bool step_read(const json_t *object, const char *month_name, const char *pointer,
                      struct target_step *ret, struct problem *err)
{
    char at[FAULT_POINTER_SIZE];
    snprintf(at, sizeof(at), "%s/%s", pointer, month_name);
    bool is_value = target_value_parse(json_text(object, "value"), &ret->value);
    assert(is_value); /* the schema's pattern */
    return month_read(object, month_name, at, &ret->month, err);
}

static bool steps_read(const json_t *body, struct target_step steps[TARGET_STEPS_MAX],
                       size_t *ret_count, struct problem *err)
{
    const json_t *trajectory = json_member(body, "trajectory");
    size_t count = json_array_size(trajectory);
    assert(count < TARGET_STEPS_MAX);
    bool ok = step_read(body, "fromMonth", "", &steps[0], err);
    for (size_t i = 0; i < count; i++) {
        char pointer[FAULT_POINTER_SIZE];
        snprintf(pointer, sizeof(pointer), "/trajectory/%zu", i);
        ok = step_read(json_array_get(trajectory, i), "month", pointer, &steps[i + 1], err) && ok;
    }
    *ret_count = count + 1;
    return ok;
}

bool set_target(struct request *request, struct reply *reply, struct problem *err)
{
    struct indicator indicator;
    struct specification specification;
    struct target target = {.recorded_ms = request->now_ms};
    struct target_step steps[TARGET_STEPS_MAX] = {0};
    size_t count = 0;
    if (!store_indicator_get(request->tx, request_path(request, "indicatorCode"), &indicator,
                             err) ||
        !agreed_load(request, indicator.code, "", &indicator, &specification, err) ||
        !steps_read(request->body, steps, &count, err) ||
        !target_check(steps, count, specification.unit, err))
        return false;
    memcpy(target.indicator, indicator.code, sizeof(target.indicator));
    target.from = steps[0].month;
    json_copy_text(request->body, "source", target.source, sizeof(target.source));
    json_copy_text(request->body, "reason", target.reason, sizeof(target.reason));
    uuid_new(request->now_ms, target.id);
    if (!text_check("/reason", target.reason, err) ||
        !event_target_set(request->act, &target, steps, count, err))
        return false;
    char ref[REF_SIZE];
    snprintf(ref, sizeof(ref), "kpi/indicators/%s/targets", indicator.code);
    reply_created(reply, target_to_json(&target, steps, count), ref, 0);
    return true;
}

bool get_target_proposals(struct request *request, struct reply *reply, struct problem *err)
{
    struct indicator indicator;
    if (!store_indicator_get(request->tx, request_path(request, "indicatorCode"), &indicator, err))
        return false;
    json_t *object = json_object(), *proposals = json_array();
    json_put_text(object, "indicator", indicator.code);
    for (size_t i = 0; i < TARGET_PROPOSAL_COUNT; i++) {
        const struct target_proposal *proposal = &TARGET_PROPOSALS[i];
        if (strcmp(proposal->indicator, indicator.code) != 0)
            continue;
        json_t *item = json_object();
        json_put_text(item, "kind", proposal->kind);
        json_put_text(item, "value", proposal->value);
        json_put_text(item, "direction", proposal->direction);
        json_put_text(item, "title", proposal->title);
        json_push_new(proposals, item);
    }
    json_put_new(object, "proposals", proposals);
    reply_ok(reply, object, 0);
    return true;
}

/* Signals -----------------------------------------------------------------------------------------
 */

bool list_signals(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {0};
    if (!page_begin(request, &page, err) ||
        !store_signal_list(request->tx, request_query(request, "indicator"),
                           request_query(request, "organisation"), page.after, page.limit, &rows,
                           err))
        return false;
    json_t *items = json_array();
    for (int row = 0; row < rows.count; row++) {
        struct signal_found signal;
        signal_of_row(&rows, row, &signal);
        json_t *item = json_object();
        json_put_text(item, "id", signal.id);
        json_put_text(item, "indicator", signal.indicator);
        json_put_text(item, "organisation", signal.organisation);
        month_put(item, "month", signal.month);
        json_put_text(item, "kind", signal.kind);
        json_put_integer(item, "specification", signal.specification);
        json_put_integer(item, "revision", signal.revision);
        json_put_text(item, "value", signal.value);
        json_put_text(item, "mean", signal.mean);
        json_put_text(item, "lowerLimit", signal.lower);
        json_put_text(item, "upperLimit", signal.upper);
        json_put_instant(item, "foundAt", signal.found_ms);
        json_push_new(items, item);
    }
    list_reply(request, reply, &page, items, "id");
    return true;
}
