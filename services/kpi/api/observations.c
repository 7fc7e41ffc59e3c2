#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/json.h"
#include "services/kpi/api/handlers.h"
#include "services/kpi/chart.h"
#include "services/kpi/events.h"
#include "services/kpi/rules.h"
#include "services/kpi/rules/agreement.h"
#include "services/kpi/rules/suppression.h"
#include "services/kpi/store.h"

void figure_put(json_t *object, const char *name, int64_t figure)
{
    if (figure == VALUE_SUPPRESSED)
        json_put_text(object, name, "*");
    else if (figure != VALUE_NONE)
        json_put_integer(object, name, figure);
}

static json_t *revision_to_json(const struct observation *observation)
{
    struct figures figures = observation->figures;
    json_t *object = json_object();
    if (observation->is_suppressed)
        figures = figures_round(&figures);
    json_put_integer(object, "revision", observation->revision);
    json_put_integer(object, "specification", observation->specification);
    figure_put(object, "numerator", figures.numerator);
    figure_put(object, "denominator", figures.denominator);
    figure_put(object, "value", figures.value);
    if (figures.denominator != VALUE_NONE) {
        char percentage[SPC_TEXT_SIZE];
        value_format(&figures, UNIT_PERCENTAGE, percentage);
        json_put_text(object, "percentage", percentage);
    }
    json_put_text(object, "status", observation->status);
    json_put_text(object, "reason", observation->reason);
    json_put_text(object, "importId", observation->import_id);
    json_put_instant(object, "recordedAt", observation->recorded_ms);
    return object;
}

json_t *observation_to_json(const struct observation *observation)
{
    char month[MONTH_SIZE];
    month_format(observation->month, month);
    json_t *object = revision_to_json(observation);
    json_put_text(object, "id", observation->id);
    json_put_text(object, "indicator", observation->indicator);
    json_put_text(object, "organisation", observation->organisation);
    json_put_text(object, "month", month);
    json_put_integer(object, "version", observation->revision);
    return object;
}

static bool may_report_for_all(const struct request *request)
{
    return standing_appointment(&request->standing, "alliance-director", NULL) != NULL ||
           standing_appointment(&request->standing, "quality-lead", NULL) != NULL;
}

/* The organisations that this caller may report for; `rows` keeps their names. */
bool reporters_load(struct request *request, struct db_rows *rows, const char ***ret_names,
                    size_t *ret_count, struct problem *err)
{
    if (!store_organisation_list(request->tx, rows, err))
        return false;
    const char **names = calloc((size_t)rows->count + 1, sizeof(*names));
    assert(names != NULL);
    size_t count = 0;
    for (int row = 0; row < rows->count; row++) {
        const char *name = row_text(rows, row, "organisation");
        if (may_report_for_all(request) || strcmp(name, request->standing.organisation) == 0)
            names[count++] = name;
    }
    *ret_names = names;
    *ret_count = count;
    return true;
}

/* The agreed specification of an indicator, without which no figure is taken (E1). */
bool agreed_load(struct request *request, const char *code, const char *pointer,
                 struct indicator *ret_indicator, struct specification *ret, struct problem *err)
{
    if (!store_indicator_get(request->tx, code, ret_indicator, err)) {
        if (err->code != PROBLEM_NOT_FOUND)
            return false;
        problem_clear(err);
        return problem_add(err, PROBLEM_REFERENCE_UNKNOWN, "unknown-indicator", pointer,
                           "there is no indicator %s", code);
    }
    if (ret_indicator->agreed_specification == 0)
        return problem_set(err, PROBLEM_RULE_BROKEN,
                           "indicator %s has no agreed specification yet: no figure is taken",
                           code);
    return store_specification_get(request->tx, code, ret_indicator->agreed_specification, ret,
                                   err);
}

bool reporter_check(struct request *request, const char *organisation, struct problem *err)
{
    db_rows_auto_t rows = {0};
    const char **names = NULL;
    size_t count = 0;
    if (!reporters_load(request, &rows, &names, &count, err))
        return false;
    bool found = false;
    for (size_t i = 0; i < count; i++)
        found = found || strcmp(names[i], organisation) == 0;
    free(names);
    if (!found)
        return problem_add(err, PROBLEM_REFERENCE_UNKNOWN, "not-allowed", "/organisation",
                           "you may not report for %s here", organisation);
    return true;
}

static struct figures figures_of_json(const json_t *body, const struct figures *otherwise)
{
    return (struct figures){.numerator = json_integer_or(body, "numerator", otherwise->numerator),
                            .denominator =
                                json_integer_or(body, "denominator", otherwise->denominator),
                            .value = json_integer_or(body, "value", otherwise->value)};
}

bool list_observations(struct request *request, struct reply *reply, struct problem *err)
{
    const struct observation_filter filter = {.indicator = request_query(request, "indicator"),
                                              .organisation =
                                                  request_query(request, "organisation"),
                                              .from = request_query(request, "from"),
                                              .to = request_query(request, "to"),
                                              .status = request_query(request, "status")};
    struct page page;
    db_rows_auto_t rows = {0};
    if (!page_begin(request, &page, err) ||
        !store_observation_list(request->tx, &filter, page.after, page.limit, &rows, err))
        return false;
    json_t *items = json_array();
    for (int row = 0; row < rows.count; row++) {
        struct observation observation;
        observation_of_row(&rows, row, &observation);
        json_push_new(items, observation_to_json(&observation));
    }
    list_reply(request, reply, &page, items, "id");
    return true;
}

bool record_observation(struct request *request, struct reply *reply, struct problem *err)
{
    const struct figures none = {VALUE_NONE, VALUE_NONE, VALUE_NONE};
    const char *status = json_text(request->body, "status");
    struct observation observation = {.revision = 1, .recorded_ms = request->now_ms}, existing;
    struct indicator indicator;
    struct specification specification;
    bool found = false;
    json_copy_text(request->body, "indicator", observation.indicator,
                   sizeof(observation.indicator));
    json_copy_text(request->body, "organisation", observation.organisation,
                   sizeof(observation.organisation));
    if (!month_parse(json_text(request->body, "month"), &observation.month))
        return problem_add(err, PROBLEM_RULE_BROKEN, "not-a-month", "/month",
                           "there is no such month");
    observation.figures = figures_of_json(request->body, &none);
    if (!agreed_load(request, observation.indicator, "/indicator", &indicator, &specification,
                     err) ||
        !reporter_check(request, observation.organisation, err) ||
        !figures_check(&observation.figures, specification.unit, "", err) ||
        !store_observation_find(request->tx, observation.indicator, observation.organisation,
                                observation.month, &found, &existing, err))
        return false;
    if (found)
        return problem_set(err, PROBLEM_ALREADY_EXISTS,
                           "observation %s is of this indicator, organisation and month: revise it",
                           existing.id);
    observation.specification = specification.number;
    snprintf(observation.status, sizeof(observation.status), "%s",
             status == NULL ? "provisional" : status);
    observation.is_suppressed = specification.is_suppressed;
    uuid_new(request->now_ms, observation.id);
    if (!event_observation_recorded(request->act, &observation, err) ||
        !chart_announce(request->act, &specification, observation.organisation, err))
        return false;
    char ref[REF_SIZE];
    snprintf(ref, sizeof(ref), "kpi/observations/%s", observation.id);
    reply_created(reply, observation_to_json(&observation), ref, observation.revision);
    return true;
}

bool get_observation(struct request *request, struct reply *reply, struct problem *err)
{
    struct observation observation;
    if (!store_observation_get(request->tx, request_path(request, "observationId"), &observation,
                               err))
        return false;
    reply_ok(reply, observation_to_json(&observation), observation.revision);
    return true;
}

bool revise_observation(struct request *request, struct reply *reply, struct problem *err)
{
    struct observation observation;
    struct indicator indicator;
    struct specification specification;
    if (!store_observation_get(request->tx, request_path(request, "observationId"), &observation,
                               err) ||
        !request_match(request, observation.revision, err) ||
        !reporter_check(request, observation.organisation, err) ||
        !agreed_load(request, observation.indicator, "", &indicator, &specification, err))
        return false;
    struct figures figures = figures_of_json(request->body, &observation.figures);
    const char *reason = json_text(request->body, "reason");
    char status[STATUS_SIZE];
    if (!text_check("/reason", reason, err) ||
        !figures_check(&figures, specification.unit, "", err) ||
        !revision_decide(&observation, &figures, json_text(request->body, "status"),
                         reason == NULL ? "" : reason, status, err))
        return false;
    observation.figures = figures;
    observation.specification = specification.number;
    observation.revision++;
    observation.import_id[0] = '\0';
    observation.recorded_ms = request->now_ms;
    memcpy(observation.status, status, sizeof(observation.status));
    snprintf(observation.reason, sizeof(observation.reason), "%s", reason == NULL ? "" : reason);
    if (!event_observation_recorded(request->act, &observation, err) ||
        !chart_announce(request->act, &specification, observation.organisation, err))
        return false;
    reply_ok(reply, observation_to_json(&observation), observation.revision);
    return true;
}

bool list_observation_revisions(struct request *request, struct reply *reply, struct problem *err)
{
    struct observation observation;
    struct page page;
    db_rows_auto_t rows = {0};
    if (!store_observation_get(request->tx, request_path(request, "observationId"), &observation,
                               err) ||
        !page_begin(request, &page, err) ||
        !store_revision_list(request->tx, observation.id, page.after, page.limit, &rows, err))
        return false;
    json_t *items = json_array();
    for (int row = 0; row < rows.count; row++) {
        struct observation revision;
        revision_of_row(&rows, row, &revision);
        json_push_new(items, revision_to_json(&revision));
    }
    list_reply(request, reply, &page, items, "revision");
    return true;
}
