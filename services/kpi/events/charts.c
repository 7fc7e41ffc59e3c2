#include <stdio.h>

#include "common/ids.h"
#include "common/json.h"
#include "services/kpi/events.h"
#include "services/kpi/events/rows.h"
#include "services/kpi/rules/spc.h"

static void month_put(json_t *row, const char *name, int32_t month)
{
    char text[MONTH_SIZE];
    month_format(month, text);
    json_put_text(row, name, text);
}

static void indicator_subject(const char *code, char ret_subject[REF_SIZE])
{
    snprintf(ret_subject, REF_SIZE, "kpi/indicators/%s", code);
}

bool event_rebase_recorded(struct act *act, const struct rebase *rebase, struct problem *err)
{
    char subject[REF_SIZE];
    indicator_subject(rebase->indicator, subject);
    json_t *row = json_object();
    json_put_text(row, "id", rebase->id);
    json_put_text(row, "indicator", rebase->indicator);
    month_put(row, "month", rebase->month);
    json_put_text(row, "reason", rebase->reason);
    json_put_instant(row, "recordedAt", rebase->recorded_ms);
    json_auto_t *data = json_object();
    json_put_new(data, "rebase", row);
    return event_append(act, "kpi.rebase.recorded.v1", subject, data, err);
}

static json_t *target_row(const struct target *target)
{
    json_t *row = json_object();
    json_put_text(row, "id", target->id);
    json_put_text(row, "indicator", target->indicator);
    month_put(row, "fromMonth", target->from);
    json_put_text(row, "source", target->source);
    json_put_text(row, "reason", target->reason);
    json_put_instant(row, "recordedAt", target->recorded_ms);
    return row;
}

static json_t *step_row(const struct target *target, const struct target_step *step)
{
    char value[SPC_TEXT_SIZE];
    spc_format(step->value, 1, 3, value);
    json_t *row = json_object();
    json_put_text(row, "targetId", target->id);
    month_put(row, "month", step->month);
    json_put_text(row, "value", value);
    return row;
}

bool event_target_set(struct act *act, const struct target *target,
                      const struct target_step steps[], size_t count, struct problem *err)
{
    char subject[REF_SIZE];
    indicator_subject(target->indicator, subject);
    json_auto_t *data = json_object();
    json_put_new(data, "target", target_row(target));
    json_t *rows = json_array();
    json_put_new(data, "targetStep", rows);
    for (size_t i = 0; i < count; i++)
        json_push_new(rows, step_row(target, &steps[i]));
    return event_append(act, "kpi.target.set.v1", subject, data, err);
}

static json_t *signal_row(const struct signal_found *signal)
{
    json_t *row = json_object();
    json_put_text(row, "id", signal->id);
    json_put_text(row, "indicator", signal->indicator);
    json_put_text(row, "organisation", signal->organisation);
    month_put(row, "month", signal->month);
    json_put_text(row, "kind", signal->kind);
    json_put_integer(row, "specification", signal->specification);
    json_put_integer(row, "revision", signal->revision);
    json_put_text(row, "value", signal->value);
    json_put_text(row, "mean", signal->mean);
    json_put_text(row, "lowerLimit", signal->lower);
    json_put_text(row, "upperLimit", signal->upper);
    json_put_instant(row, "foundAt", signal->found_ms);
    return row;
}

bool event_signal_found(struct act *act, const struct signal_found *signal, struct problem *err)
{
    char subject[REF_SIZE], link[REF_SIZE];
    snprintf(subject, sizeof(subject), "kpi/signals/%s", signal->id);
    indicator_subject(signal->indicator, link);
    json_auto_t *data = json_object();
    json_put_new(data, "signal", signal_row(signal));
    json_auto_t *links = json_pack("[s]", link);
    struct event event = {.type = "kpi.signal.found.v1",
                          .subject = subject,
                          .data = data,
                          .links = links,
                          .occurred_ms = INSTANT_NONE};
    return act_append(act, &event, err);
}
