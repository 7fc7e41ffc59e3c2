#include "services/kpi/events.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/json.h"
#include "services/kpi/events/rows.h"
#include "services/kpi/rules.h"
#include "services/kpi/store.h"

enum { OBSERVATIONS_PER_EVENT = 100 };

/* Rows as their tables have them -------------------------------------------------------------- */

static json_t *indicator_row(const struct indicator *indicator)
{
    json_t *row = json_object();
    json_put_text(row, "code", indicator->code);
    json_put_text(row, "name", indicator->name);
    json_put_text(row, "theme", indicator->theme);
    if (indicator->agreed_specification > 0)
        json_put_integer(row, "agreedSpecification", indicator->agreed_specification);
    json_put_integer(row, "specificationCount", indicator->specification_count);
    json_put_integer(row, "version", indicator->version);
    return row;
}

static json_t *specification_row(const struct specification *specification)
{
    json_t *row = json_object();
    json_put_text(row, "indicator", specification->indicator);
    json_put_integer(row, "number", specification->number);
    json_put_text(row, "definition", specification->definition);
    json_put_text(row, "numerator", specification->numerator);
    json_put_text(row, "denominator", specification->denominator);
    json_put_text(row, "unit", UNIT_NAMES[specification->unit]);
    json_put_text(row, "direction", specification->direction);
    json_put_text(row, "source", specification->source);
    json_put_text(row, "sourceReason", specification->source_reason);
    json_put_text(row, "owner", specification->owner);
    json_put_text(row, "frequency", specification->frequency);
    json_put_flag(row, "suppressesSmallNumbers", specification->is_suppressed);
    json_put_text(row, "state", specification->state);
    json_put_text(row, "decisionId", specification->decision_id);
    json_put_integer(row, "version", specification->version);
    return row;
}

static void figures_put(json_t *row, const struct figures *figures)
{
    if (figures->numerator != VALUE_NONE)
        json_put_integer(row, "numerator", figures->numerator);
    if (figures->denominator != VALUE_NONE)
        json_put_integer(row, "denominator", figures->denominator);
    if (figures->value != VALUE_NONE)
        json_put_integer(row, "value", figures->value);
}

/* What the current row and the row of its revision share. */
static json_t *revision_members(const struct observation *observation)
{
    json_t *row = json_object();
    json_put_integer(row, "specification", observation->specification);
    json_put_integer(row, "revision", observation->revision);
    figures_put(row, &observation->figures);
    json_put_text(row, "status", observation->status);
    json_put_text(row, "reason", observation->reason);
    json_put_text(row, "importId", observation->import_id);
    json_put_instant(row, "recordedAt", observation->recorded_ms);
    return row;
}

json_t *observation_row(const struct observation *observation)
{
    char month[MONTH_SIZE];
    month_format(observation->month, month);
    json_t *row = revision_members(observation);
    json_put_text(row, "id", observation->id);
    json_put_text(row, "indicator", observation->indicator);
    json_put_text(row, "organisation", observation->organisation);
    json_put_text(row, "month", month);
    return row;
}

json_t *observation_revision_row(const struct observation *observation)
{
    json_t *row = revision_members(observation);
    json_put_text(row, "observationId", observation->id);
    return row;
}

static json_t *import_row(const struct import_summary *import)
{
    json_t *row = json_object();
    json_put_text(row, "id", import->id);
    json_put_text(row, "indicator", import->indicator);
    json_put_text(row, "format", import->format);
    json_put_text(row, "digest", import->digest);
    json_put_text(row, "reason", import->reason);
    json_put_integer(row, "rowCount", import->row_count);
    json_put_integer(row, "createdCount", import->created_count);
    json_put_integer(row, "revisedCount", import->revised_count);
    json_put_integer(row, "unchangedCount", import->unchanged_count);
    json_put_instant(row, "recordedAt", import->recorded_ms);
    return row;
}

/* Announcements -----------------------------------------------------------------------------------
 */

bool event_append(struct act *act, const char *type, const char *subject, json_t *data,
                  struct problem *err)
{
    struct event event = {
        .type = type, .subject = subject, .data = data, .occurred_ms = INSTANT_NONE};
    return act_append(act, &event, err);
}

bool event_indicator_created(struct act *act, const struct indicator *indicator,
                             struct problem *err)
{
    char subject[REF_SIZE];
    snprintf(subject, sizeof(subject), "kpi/indicators/%s", indicator->code);
    json_auto_t *data = json_object();
    json_put_new(data, "indicator", indicator_row(indicator));
    return event_append(act, "kpi.indicator.created.v1", subject, data, err);
}

static void ref_of_specification(const char *code, long long number, char ret_ref[REF_SIZE])
{
    snprintf(ret_ref, REF_SIZE, "kpi/indicators/%s/specifications/%lld", code, number);
}

static void specification_ref(const struct specification *specification, char ret_ref[REF_SIZE])
{
    ref_of_specification(specification->indicator, (long long)specification->number, ret_ref);
}

bool event_specification_drafted(struct act *act, const struct specification *specification,
                                 const struct indicator *indicator, struct problem *err)
{
    char subject[REF_SIZE];
    specification_ref(specification, subject);
    json_auto_t *data = json_object();
    json_put_new(data, "indicator", indicator_row(indicator));
    json_put_new(data, "specification", specification_row(specification));
    return event_append(act, "kpi.specification.drafted.v1", subject, data, err);
}

bool event_observation_recorded(struct act *act, const struct observation *observation,
                                struct problem *err)
{
    char subject[REF_SIZE];
    snprintf(subject, sizeof(subject), "kpi/observations/%s", observation->id);
    json_auto_t *data = json_object();
    json_put_new(data, "observation", observation_row(observation));
    json_put_new(data, "observationRevision", observation_revision_row(observation));
    return event_append(act, "kpi.observation.recorded.v1", subject, data, err);
}

bool event_import_applied(struct act *act, const struct import_summary *import,
                          const struct observation changed[], size_t count, struct problem *err)
{
    char subject[REF_SIZE];
    snprintf(subject, sizeof(subject), "kpi/imports/%s", import->id);
    json_auto_t *summary = json_object();
    json_put_new(summary, "import", import_row(import));
    if (!event_append(act, "kpi.import.applied.v1", subject, summary, err))
        return false;
    for (size_t first = 0; first < count; first += OBSERVATIONS_PER_EVENT) {
        json_auto_t *data = json_object();
        json_t *observations = json_array(), *revisions = json_array();
        json_put_new(data, "observation", observations);
        json_put_new(data, "observationRevision", revisions);
        for (size_t i = first; i < count && i < first + OBSERVATIONS_PER_EVENT; i++) {
            json_push_new(observations, observation_row(&changed[i]));
            json_push_new(revisions, observation_revision_row(&changed[i]));
        }
        if (!event_append(act, "kpi.import.recorded.v1", subject, data, err))
            return false;
    }
    return true;
}

/* Decisions over specifications
 * --------------------------------------------------------------------- */

/* "kpi/indicators/<code>/specifications/<number>" */
static bool specification_of_ref(struct act *act, const char *ref, struct specification *ret,
                                 struct indicator *ret_indicator, struct problem *err)
{
    char code[INDICATOR_CODE_SIZE], own[REF_SIZE];
    long long number = 0;
    if (sscanf(ref, "kpi/indicators/%60[a-z0-9-]/specifications/%10lld", code, &number) == 2) {
        /* Read back, there is one spelling only: "01" is not 1. */
        ref_of_specification(code, number, own);
        if (strcmp(own, ref) != 0)
            number = 0;
    }
    if (number < 1)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no %s to decide on", ref);
    return store_indicator_get(act->tx, code, ret_indicator, err) &&
           store_specification_get(act->tx, code, number, ret, err);
}

static bool effect_check(const char *effect, struct problem *err)
{
    if (strcmp(effect, "agree") != 0)
        return problem_set(err, PROBLEM_RULE_BROKEN, "a specification can only be agreed, not '%s'",
                           effect);
    return true;
}

static bool specification_describe(struct act *act, const struct standing *standing,
                                   const char *ref, const char *effect, struct subject *ret_subject,
                                   struct problem *err)
{
    (void)standing; /* open book: whoever may open a decision here may see every specification */
    struct specification specification = {0};
    struct indicator indicator = {0};
    if (!specification_of_ref(act, ref, &specification, &indicator, err) ||
        !effect_check(effect, err) || !specification_may_agree(&specification, &indicator, err))
        return false;
    snprintf(ret_subject->kind, sizeof(ret_subject->kind), "agree-specification");
    snprintf(ret_subject->title, sizeof(ret_subject->title), "Specification %lld of %s",
             (long long)specification.number, indicator.code);
    snprintf(ret_subject->summary, sizeof(ret_subject->summary), "%s", specification.definition);
    specification_ref(&specification, ret_subject->ref);
    ret_subject->version = specification.version;
    ret_subject->content = specification_row(&specification);
    ret_subject->organisations = json_pack("[s]", specification.owner);
    return true;
}

static bool specification_carry(struct act *act, const struct carried_decision *decision,
                                struct problem *err)
{
    struct specification specification = {0};
    struct indicator indicator = {0};
    if (!specification_of_ref(act, decision->subject, &specification, &indicator, err) ||
        !effect_check(decision->effect, err) ||
        !specification_may_agree(&specification, &indicator, err))
        return false;
    json_auto_t *data = json_object();
    json_t *changed = json_array();
    json_put_new(data, "specification", changed);
    if (indicator.agreed_specification > 0) {
        struct specification before = {0};
        if (!store_specification_get(act->tx, indicator.code, indicator.agreed_specification,
                                     &before, err))
            return false;
        snprintf(before.state, sizeof(before.state), "superseded");
        before.version++;
        json_push_new(changed, specification_row(&before));
    }
    snprintf(specification.state, sizeof(specification.state), "agreed");
    snprintf(specification.decision_id, sizeof(specification.decision_id), "%s", decision->id);
    specification.version++;
    json_push_new(changed, specification_row(&specification));
    indicator.agreed_specification = specification.number;
    indicator.version++;
    json_put_new(data, "indicator", indicator_row(&indicator));

    char link[REF_SIZE];
    snprintf(link, sizeof(link), "decisions/%s", decision->id);
    json_auto_t *links = json_pack("[s]", link);
    struct event event = {.type = "kpi.specification.agreed.v1",
                          .subject = decision->subject,
                          .data = data,
                          .links = links,
                          .effect_decision_id = decision->id,
                          .occurred_ms = decision->carried_ms};
    return act_append(act, &event, err);
}

static bool specification_release(struct act *act, const char *ref, const char *effect,
                                  const char *outcome, const char *reason, struct problem *err)
{
    (void)act, (void)ref, (void)effect, (void)outcome, (void)reason, (void)err;
    return true; /* a draft that was not agreed stays a draft and may be proposed again */
}

const struct subject_hooks KPI_SUBJECTS = {
    .describe = specification_describe,
    .carry = specification_carry,
    .release = specification_release,
};
