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

/* --- events/agreements.c ------------------------------------------------------------------------
 */

/* kpi.observation.agreed.v1: one side's agreement, and the observation when both sides have agreed
 * (NULL = not yet). */
bool event_observation_agreed(struct act *act, const struct agreement *agreement,
                              const struct observation *agreed, struct problem *err) MUST_CHECK;
/* kpi.observation.published.v1 */
bool event_observation_published(struct act *act, const struct observation *observation,
                                 struct problem *err) MUST_CHECK;
/* kpi.query.{raised,answered,closed}.v1, by its state */
bool event_query_moved(struct act *act, const struct query *query, struct problem *err) MUST_CHECK;

/* --- events/charts.c ----------------------------------------------------------------------------
 */

/* kpi.rebase.recorded.v1 */
bool event_rebase_recorded(struct act *act, const struct rebase *rebase,
                           struct problem *err) MUST_CHECK;
/* kpi.target.set.v1: the target and its steps, the first of which is its own month. */
bool event_target_set(struct act *act, const struct target *target,
                      const struct target_step steps[], size_t count,
                      struct problem *err) MUST_CHECK;
/* kpi.signal.found.v1 */
bool event_signal_found(struct act *act, const struct signal_found *signal,
                        struct problem *err) MUST_CHECK;

/* Decisions over specifications: effect "agree", kind agree-specification. */
extern const struct subject_hooks KPI_SUBJECTS;

#endif
