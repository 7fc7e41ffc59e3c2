/* What the files of api/ and api.c share: their handlers, and what every write looks at. */
#ifndef ACCORD_KPI_API_HANDLERS_H
#define ACCORD_KPI_API_HANDLERS_H

#include "common/http.h"
#include "common/overview.h"
#include "services/kpi/model.h"

handler list_observations, record_observation, get_observation, revise_observation,
    list_observation_revisions;
handler list_imports, import_observations, get_import;
prepare_function import_prepare;

/* The organisations that this caller may report for: a partner for itself, an alliance director or
 * quality lead for all. The caller frees the array; `rows` keeps the names. */
bool reporters_load(struct request *request, struct db_rows *rows, const char ***ret_names,
                    size_t *ret_count, struct problem *err) MUST_CHECK;

/* The agreed specification of an indicator, without which no figure is taken (E1). `pointer` is
 * where the request names the indicator. */
bool agreed_load(struct request *request, const char *code, const char *pointer,
                 struct indicator *ret_indicator, struct specification *ret,
                 struct problem *err) MUST_CHECK;

/* api/overview.c: our part of the one-page summary (common/overview.h). */
overview_function overview_part;

#endif
