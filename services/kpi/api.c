#include "services/kpi/api.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/journal.h"
#include "common/json.h"
#include "common/trace.h"
#include "services/kpi/api/handlers.h"
#include "services/kpi/events.h"
#include "services/kpi/rules.h"
#include "services/kpi/store.h"

/* Model -> JSON ----------------------------------------------------------------------------------
 */

static json_t *indicator_to_json(const struct indicator *indicator)
{
    json_t *object = json_object();
    json_put_text(object, "code", indicator->code);
    json_put_text(object, "name", indicator->name);
    json_put_text(object, "theme", indicator->theme);
    if (indicator->agreed_specification > 0)
        json_put_integer(object, "agreedSpecification", indicator->agreed_specification);
    json_put_integer(object, "specificationCount", indicator->specification_count);
    json_put_integer(object, "version", indicator->version);
    return object;
}

static json_t *specification_to_json(const struct specification *specification)
{
    json_t *object = json_object();
    json_put_text(object, "indicator", specification->indicator);
    json_put_integer(object, "number", specification->number);
    json_put_text(object, "definition", specification->definition);
    json_put_text(object, "numerator", specification->numerator);
    json_put_text(object, "denominator", specification->denominator);
    json_put_text(object, "unit", UNIT_NAMES[specification->unit]);
    json_put_text(object, "direction", specification->direction);
    json_put_text(object, "source", specification->source);
    json_put_text(object, "sourceReason", specification->source_reason);
    json_put_text(object, "owner", specification->owner);
    json_put_text(object, "frequency", specification->frequency);
    json_put_flag(object, "suppressesSmallNumbers", specification->is_suppressed);
    json_put_text(object, "state", specification->state);
    json_put_text(object, "decisionId", specification->decision_id);
    json_put_integer(object, "version", specification->version);
    return object;
}

/* What every write looks at ----------------------------------------------------------------------
 */

/* Indicators and specifications ------------------------------------------------------------------
 */

static bool list_indicators(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {0};
    if (!page_begin(request, &page, err) ||
        !store_indicator_list(request->tx, request_query(request, "theme"), page.after, page.limit,
                              &rows, err))
        return false;
    json_t *items = json_array();
    for (int row = 0; row < rows.count; row++) {
        struct indicator indicator;
        indicator_of_row(&rows, row, &indicator);
        json_push_new(items, indicator_to_json(&indicator));
    }
    list_reply(request, reply, &page, items, "code");
    return true;
}

static bool create_indicator(struct request *request, struct reply *reply, struct problem *err)
{
    struct indicator indicator = {.version = 1}, existing;
    json_copy_text(request->body, "code", indicator.code, sizeof(indicator.code));
    json_copy_text(request->body, "name", indicator.name, sizeof(indicator.name));
    json_copy_text(request->body, "theme", indicator.theme, sizeof(indicator.theme));
    if (!text_check("/name", indicator.name, err))
        return false;
    if (store_indicator_get(request->tx, indicator.code, &existing, err))
        return problem_set(err, PROBLEM_ALREADY_EXISTS, "there is an indicator %s already",
                           indicator.code);
    if (err->code != PROBLEM_NOT_FOUND)
        return false;
    problem_clear(err);
    if (!event_indicator_created(request->act, &indicator, err))
        return false;
    char ref[REF_SIZE];
    snprintf(ref, sizeof(ref), "kpi/indicators/%s", indicator.code);
    reply_created(reply, indicator_to_json(&indicator), ref, indicator.version);
    return true;
}

static bool get_indicator(struct request *request, struct reply *reply, struct problem *err)
{
    struct indicator indicator;
    if (!store_indicator_get(request->tx, request_path(request, "indicatorCode"), &indicator, err))
        return false;
    reply_ok(reply, indicator_to_json(&indicator), indicator.version);
    return true;
}

static bool list_specifications(struct request *request, struct reply *reply, struct problem *err)
{
    struct indicator indicator;
    struct page page;
    db_rows_auto_t rows = {0};
    if (!store_indicator_get(request->tx, request_path(request, "indicatorCode"), &indicator,
                             err) ||
        !page_begin(request, &page, err) ||
        !store_specification_list(request->tx, indicator.code, request_query(request, "state"),
                                  page.after, page.limit, &rows, err))
        return false;
    json_t *items = json_array();
    for (int row = 0; row < rows.count; row++) {
        struct specification specification;
        specification_of_row(&rows, row, &specification);
        json_push_new(items, specification_to_json(&specification));
    }
    list_reply(request, reply, &page, items, "number");
    return true;
}

static bool specification_of_json(const json_t *body, struct specification *ret,
                                  struct problem *err)
{
    json_copy_text(body, "definition", ret->definition, sizeof(ret->definition));
    json_copy_text(body, "numerator", ret->numerator, sizeof(ret->numerator));
    json_copy_text(body, "denominator", ret->denominator, sizeof(ret->denominator));
    ret->unit = unit_by_name(json_text(body, "unit"));
    json_copy_text(body, "direction", ret->direction, sizeof(ret->direction));
    json_copy_text(body, "source", ret->source, sizeof(ret->source));
    json_copy_text(body, "sourceReason", ret->source_reason, sizeof(ret->source_reason));
    json_copy_text(body, "owner", ret->owner, sizeof(ret->owner));
    snprintf(ret->frequency, sizeof(ret->frequency), "monthly");
    ret->is_suppressed = json_flag(body, "suppressesSmallNumbers");
    snprintf(ret->state, sizeof(ret->state), "draft");
    bool ok = text_check("/definition", ret->definition, err);
    ok = text_check("/numerator", ret->numerator, err) && ok;
    ok = text_check("/denominator", ret->denominator, err) && ok;
    ok = text_check("/sourceReason", ret->source_reason, err) && ok;
    return ok && specification_check(ret, err);
}

static bool owner_check(struct request *request, const char *owner, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!store_organisation_list(request->tx, &rows, err))
        return false;
    for (int row = 0; row < rows.count; row++)
        if (strcmp(row_text(&rows, row, "organisation"), owner) == 0)
            return true;
    return problem_add(err, PROBLEM_REFERENCE_UNKNOWN, "unknown-partner", "/owner",
                       "%s is not a partner of this alliance", owner);
}

static bool draft_specification(struct request *request, struct reply *reply, struct problem *err)
{
    struct indicator indicator;
    struct specification specification = {.version = 1};
    if (!store_indicator_get(request->tx, request_path(request, "indicatorCode"), &indicator,
                             err) ||
        !specification_of_json(request->body, &specification, err) ||
        !owner_check(request, specification.owner, err))
        return false;
    snprintf(specification.indicator, sizeof(specification.indicator), "%s", indicator.code);
    specification.number = ++indicator.specification_count;
    indicator.version++;
    if (!event_specification_drafted(request->act, &specification, &indicator, err))
        return false;
    char ref[REF_SIZE];
    snprintf(ref, sizeof(ref), "kpi/indicators/%s/specifications/%lld", indicator.code,
             (long long)specification.number);
    reply_created(reply, specification_to_json(&specification), ref, specification.version);
    return true;
}

static bool get_specification(struct request *request, struct reply *reply, struct problem *err)
{
    struct specification specification;
    int64_t number = strtoll(request_path(request, "specificationNumber"), NULL, 10);
    if (!store_specification_get(request->tx, request_path(request, "indicatorCode"), number,
                                 &specification, err))
        return false;
    reply_ok(reply, specification_to_json(&specification), specification.version);
    return true;
}

const struct route KPI_ROUTES[] = {
    {.operation_id = "listIndicators", .handle = list_indicators},
    {.operation_id = "createIndicator", .handle = create_indicator},
    {.operation_id = "getIndicator", .handle = get_indicator},
    {.operation_id = "listSpecifications", .handle = list_specifications},
    {.operation_id = "draftSpecification", .handle = draft_specification},
    {.operation_id = "getSpecification", .handle = get_specification},
    {.operation_id = "listObservations", .handle = list_observations},
    {.operation_id = "recordObservation", .handle = record_observation},
    {.operation_id = "getObservation", .handle = get_observation},
    {.operation_id = "reviseObservation", .handle = revise_observation},
    {.operation_id = "listObservationRevisions", .handle = list_observation_revisions},
    {.operation_id = "traceObservation", .handle = trace_get},
    {.operation_id = "listObservationAgreements", .handle = list_agreements},
    {.operation_id = "agreeObservation", .handle = agree_observation},
    {.operation_id = "publishObservation", .handle = publish_observation},
    {.operation_id = "listQueries", .handle = list_queries},
    {.operation_id = "raiseQuery", .handle = raise_query},
    {.operation_id = "getQuery", .handle = get_query},
    {.operation_id = "answerQuery", .handle = answer_query},
    {.operation_id = "closeQuery", .handle = close_query},
    {.operation_id = "getChart", .handle = get_chart},
    {.operation_id = "listRebases", .handle = list_rebases},
    {.operation_id = "rebaseIndicator", .handle = rebase_indicator},
    {.operation_id = "listTargets", .handle = list_targets},
    {.operation_id = "setTarget", .handle = set_target},
    {.operation_id = "getTargetProposals", .handle = get_target_proposals},
    {.operation_id = "listSignals", .handle = list_signals},
    {.operation_id = "listImports", .handle = list_imports},
    {.operation_id = "importObservations",
     .handle = import_observations,
     .prepare = import_prepare},
    {.operation_id = "getImport", .handle = get_import},
    {.operation_id = "listKpiJournal", .handle = journal_list},
    {.operation_id = "getKpiJournalHead", .handle = journal_head_get, .asks_clock = true},
};
const size_t KPI_ROUTE_COUNT = ARRAY_LENGTH(KPI_ROUTES);
