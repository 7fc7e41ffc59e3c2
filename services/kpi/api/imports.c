#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/json.h"
#include "services/kpi/api/handlers.h"
#include "services/kpi/chart.h"
#include "services/kpi/events.h"
#include "services/kpi/import.h"
#include "services/kpi/rules.h"
#include "services/kpi/rules/agreement.h"
#include "services/kpi/store.h"

static json_t *import_to_json(const struct import_summary *import)
{
    json_t *object = json_object();
    json_put_text(object, "id", import->id);
    json_put_text(object, "indicator", import->indicator);
    json_put_text(object, "format", import->format);
    json_put_text(object, "digest", import->digest);
    json_put_text(object, "reason", import->reason);
    json_put_integer(object, "rows", import->row_count);
    json_put_integer(object, "created", import->created_count);
    json_put_integer(object, "revised", import->revised_count);
    json_put_integer(object, "unchanged", import->unchanged_count);
    json_put_instant(object, "recordedAt", import->recorded_ms);
    return object;
}

static json_t *report_to_json(const struct import_summary *import, const struct import_rows *rows)
{
    json_t *report = json_object(), *faults = json_array();
    json_put_text(report, "indicator", import->indicator);
    json_put_text(report, "format", import->format);
    json_put_integer(report, "rows", import->row_count);
    json_put_integer(report, "created", import->created_count);
    json_put_integer(report, "revised", import->revised_count);
    json_put_integer(report, "unchanged", import->unchanged_count);
    json_put_integer(report, "faultsTotal", (int64_t)rows->fault_count);
    json_put_new(report, "faults", faults);
    for (size_t i = 0; i < rows->fault_count && i < IMPORT_FAULTS_MAX; i++) {
        json_t *fault = json_object();
        json_put_integer(fault, "line", (int64_t)rows->faults[i].line);
        json_put_text(fault, "column", rows->faults[i].column);
        json_put_text(fault, "code", rows->faults[i].code);
        json_put_text(fault, "detail", rows->faults[i].detail);
        json_push_new(faults, fault);
    }
    return report;
}

static void rows_free(void *rows)
{
    import_rows_free(rows);
}

/* Reads the file before the alliance is locked: parsing holds nobody up. */
bool import_prepare(struct request *request, struct problem *err)
{
    struct import_rows *rows = NULL;
    bool ok = request->text_body != NULL
                  ? import_read_csv(request_query(request, "format"), request->text_body,
                                    request->text_body_size, &rows, err)
                  : import_read_json(request->body, &rows, err);
    if (!ok)
        return false;
    request->prepared = rows;
    request->free_prepared = rows_free;
    return true;
}

static void content_digest(const struct request *request, char ret_digest[DIGEST_SIZE])
{
    if (request->text_body != NULL) {
        digest_of_bytes(request->text_body, request->text_body_size, ret_digest);
        return;
    }
    char_auto_t *text = json_dumps(request->body, JSON_COMPACT | JSON_SORT_KEYS);
    assert(text != NULL);
    digest_of_bytes(text, strlen(text), ret_digest);
}

/* An import on its way: what it was asked, what is there, what it would do. */
struct importing {
    struct import_summary summary;
    struct specification specification;
    struct import_rows *rows;     /* borrowed from the request */
    struct observation *existing; /* owned */
    size_t existing_count;
    struct import_item *items; /* owned */
    size_t item_count;
};

static void importing_done(struct importing *importing)
{
    free(importing->existing);
    free(importing->items);
}
#define importing_auto_t CLEANUP(importing_done) struct importing

static void months_span(const struct import_rows *rows, int32_t *ret_from, int32_t *ret_to)
{
    *ret_from = INT32_MAX;
    *ret_to = 0;
    for (size_t i = 0; i < rows->count; i++) {
        int32_t month = rows->rows[i].month;
        *ret_from = month < *ret_from ? month : *ret_from;
        *ret_to = month > *ret_to ? month : *ret_to;
    }
}

static bool importing_plan(struct request *request, struct importing *importing,
                           struct problem *err)
{
    struct import_rows *rows = importing->rows;
    if (rows->count == 0)
        return true; /* nothing but faults */
    db_rows_auto_t reporters = {0};
    const char **names = NULL;
    size_t name_count = 0;
    int32_t from, to;
    months_span(rows, &from, &to);
    if (!store_observation_of_indicator(request->tx, importing->summary.indicator, from, to,
                                        &importing->existing, &importing->existing_count, err) ||
        !reporters_load(request, &reporters, &names, &name_count, err))
        return false;
    importing->items = calloc(rows->count, sizeof(importing->items[0]));
    assert(importing->items != NULL);
    importing->item_count = import_plan(rows, names, name_count, importing->existing,
                                        importing->existing_count, importing->items);
    free(names);
    import_figures_check(rows, importing->items, importing->item_count,
                         importing->specification.unit);
    return true;
}

static void importing_count(struct importing *importing)
{
    struct import_summary *summary = &importing->summary;
    summary->row_count = (int64_t)importing->rows->count;
    for (size_t i = 0; i < importing->item_count; i++) {
        enum import_action action = importing->items[i].action;
        summary->created_count += action == IMPORT_CREATE;
        summary->revised_count += action == IMPORT_REVISE;
        summary->unchanged_count += action == IMPORT_UNCHANGED;
    }
}

/* The observation as the item leaves it. */
static void item_apply(const struct importing *importing, const struct import_item *item,
                       struct observation *ret)
{
    const struct import_summary *summary = &importing->summary;
    if (item->action == IMPORT_REVISE) {
        *ret = importing->existing[item->existing];
        const char *status = revision_status(ret->status);
        snprintf(ret->reason, sizeof(ret->reason), "%s", summary->reason);
        memmove(ret->status, status, strlen(status) + 1);
    } else {
        *ret = (struct observation){.month = item->month};
        memcpy(ret->indicator, summary->indicator, sizeof(ret->indicator));
        memcpy(ret->organisation, item->organisation, sizeof(ret->organisation));
        snprintf(ret->status, sizeof(ret->status), "provisional");
        uuid_new(summary->recorded_ms, ret->id);
    }
    ret->figures = item->figures;
    ret->revision++;
    ret->specification = importing->specification.number;
    ret->recorded_ms = summary->recorded_ms;
    memcpy(ret->import_id, summary->id, sizeof(ret->import_id));
}

/* Signals of every organisation that has something new: theirs stand together. */
static bool changes_announce(struct request *request, const struct importing *importing,
                             const struct observation changed[], size_t count, struct problem *err)
{
    for (size_t i = 0; i < count; i++)
        if ((i == 0 || strcmp(changed[i].organisation, changed[i - 1].organisation) != 0) &&
            !chart_announce(request->act, &importing->specification, changed[i].organisation, err))
            return false;
    return true;
}

static bool importing_apply(struct request *request, struct importing *importing,
                            struct reply *reply, struct problem *err)
{
    struct import_summary *summary = &importing->summary;
    uuid_new(request->now_ms, summary->id);
    struct observation *changed = calloc(importing->item_count, sizeof(*changed));
    assert(changed != NULL);
    size_t count = 0;
    for (size_t i = 0; i < importing->item_count; i++)
        if (importing->items[i].action != IMPORT_UNCHANGED)
            item_apply(importing, &importing->items[i], &changed[count++]);
    bool ok = event_import_applied(request->act, summary, changed, count, err) &&
              changes_announce(request, importing, changed, count, err);
    free(changed);
    if (!ok)
        return false;
    char ref[REF_SIZE];
    snprintf(ref, sizeof(ref), "kpi/imports/%s", summary->id);
    reply_created(reply, import_to_json(summary), ref, 0);
    return true;
}

static bool importing_begin(struct request *request, struct importing *importing,
                            struct problem *err)
{
    struct import_summary *summary = &importing->summary;
    const char *reason = request_query(request, "reason");
    const char *format = request->text_body != NULL ? request_query(request, "format") : "plain";
    struct indicator indicator;
    summary->recorded_ms = request->now_ms;
    snprintf(summary->indicator, sizeof(summary->indicator), "%s",
             request_query(request, "indicator"));
    snprintf(summary->format, sizeof(summary->format), "%s", format);
    snprintf(summary->reason, sizeof(summary->reason), "%s", reason == NULL ? "" : reason);
    content_digest(request, summary->digest);
    importing->rows = request->prepared;
    return text_check("?reason", reason, err) &&
           agreed_load(request, summary->indicator, "?indicator", &indicator,
                       &importing->specification, err) &&
           importing_plan(request, importing, err);
}

bool import_observations(struct request *request, struct reply *reply, struct problem *err)
{
    importing_auto_t importing = {0};
    if (!importing_begin(request, &importing, err))
        return false;
    importing_count(&importing);
    const struct import_summary *summary = &importing.summary;
    bool is_dry = strcmp(request_query(request, "dryRun"), "true") == 0;
    bool changes_nothing = summary->created_count + summary->revised_count == 0;
    if (importing.rows->fault_count > 0 && !is_dry)
        return import_refuse(importing.rows, err);
    if (is_dry || changes_nothing) {
        reply_ok(reply, report_to_json(summary, importing.rows), 0);
        return true;
    }
    if (summary->revised_count > 0 && summary->reason[0] == '\0')
        return problem_add(err, PROBLEM_RULE_BROKEN, "required", "?reason",
                           "%lld figures change: say why", (long long)summary->revised_count);
    return importing_apply(request, &importing, reply, err);
}

bool list_imports(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {0};
    if (!page_begin(request, &page, err) ||
        !store_import_list(request->tx, request_query(request, "indicator"), page.after, page.limit,
                           &rows, err))
        return false;
    json_t *items = json_array();
    for (int row = 0; row < rows.count; row++) {
        struct import_summary import;
        import_of_row(&rows, row, &import);
        json_push_new(items, import_to_json(&import));
    }
    list_reply(request, reply, &page, items, "id");
    return true;
}

bool get_import(struct request *request, struct reply *reply, struct problem *err)
{
    struct import_summary import;
    if (!store_import_get(request->tx, request_path(request, "importId"), &import, err))
        return false;
    reply_ok(reply, import_to_json(&import), 0);
    return true;
}
