/* What the files of api/ and api.c share: their handlers, and what every write looks at. */
#ifndef ACCORD_KPI_API_HANDLERS_H
#define ACCORD_KPI_API_HANDLERS_H

#include "common/http.h"
#include "common/overview.h"
#include "services/kpi/model.h"

handler list_observations, record_observation, get_observation, revise_observation,
    list_observation_revisions;
handler list_agreements, agree_observation, publish_observation;
handler list_queries, raise_query, get_query, answer_query, close_query;
handler get_chart, list_rebases, rebase_indicator, list_targets, set_target, get_target_proposals,
    list_signals;
handler list_imports, import_observations, get_import;
prepare_function import_prepare;

/* The organisations that this caller may report for: a partner for itself, an alliance director or
 * quality lead for all. The caller frees the array; `rows` keeps the names. */
bool reporters_load(struct request *request, struct db_rows *rows, const char ***ret_names,
                    size_t *ret_count, struct problem *err) MUST_CHECK;

/* REFERENCE_UNKNOWN at /organisation unless the caller may report for it. */
bool reporter_check(struct request *request, const char *organisation,
                    struct problem *err) MUST_CHECK;

json_t *observation_to_json(const struct observation *observation);
/* A figure as it is shown: left out when there is none, "*" when it is suppressed (E10). */
void figure_put(json_t *object, const char *name, int64_t figure);

/* The agreed specification of an indicator, without which no figure is taken (E1). `pointer` is
 * where the request names the indicator. */
bool agreed_load(struct request *request, const char *code, const char *pointer,
                 struct indicator *ret_indicator, struct specification *ret,
                 struct problem *err) MUST_CHECK;

/* The latest month that has a point, its target, and its icons as far as there are limits. */
struct chart;
void chart_icons_put(json_t *object, const struct chart *chart);

/* api/overview.c: our part of the one-page summary (common/overview.h). */
overview_function overview_part;

#endif
