/* What the kpi service announces, and what may be decided about its specifications. */
#ifndef ACCORD_KPI_EVENTS_H
#define ACCORD_KPI_EVENTS_H

#include "common/act.h"
#include "common/subject.h"
#include "services/kpi/model.h"

/* kpi.indicator.created.v1 */
bool event_indicator_created(struct act *act, const struct indicator *indicator,
                             struct problem *err) MUST_CHECK;
/* kpi.specification.drafted.v1: the specification, and the indicator that now counts it. */
bool event_specification_drafted(struct act *act, const struct specification *specification,
                                 const struct indicator *indicator, struct problem *err) MUST_CHECK;
/* kpi.observation.recorded.v1: a first value, or a further revision. */
bool event_observation_recorded(struct act *act, const struct observation *observation,
                                struct problem *err) MUST_CHECK;
/* kpi.import.applied.v1, then kpi.import.recorded.v1 for every 100 observations it changed: one
 * act, so all or nothing. */
bool event_import_applied(struct act *act, const struct import_summary *import,
                          const struct observation changed[], size_t count,
                          struct problem *err) MUST_CHECK;

/* Decisions over specifications: effect "agree", kind agree-specification. */
extern const struct subject_hooks KPI_SUBJECTS;

#endif
