/* Targets with effective dates and trajectories. Pure. Source: domain.md E2. */
#ifndef ACCORD_KPI_RULES_TARGET_H
#define ACCORD_KPI_RULES_TARGET_H

#include "common/problem.h"
#include "services/kpi/model.h"

/* "92", "-0.5", "77.125": up to twelve digits and three places, as millionths. The schema has
 * seen the text; false when it is no such number. */
bool target_value_parse(const char *text, int64_t *ret_millionths) MUST_CHECK;

/* A trajectory's months come one after another, and after the month from which the target holds;
 * values fit the unit. Steps in the order in which they were given, the first is the target's own
 * month. RULE_BROKEN names every fault. */
bool target_check(const struct target_step steps[], size_t count, enum specification_unit unit,
                  struct problem *err) MUST_CHECK;

/* What is to be reached in a month: of the target that began last (of two that began together, the
 * one set later), the last step by then. False while no target has begun. */
bool target_at(const struct target_step steps[], size_t count, int32_t month,
               int64_t *ret_millionths) MUST_CHECK;

/* The standards that NHS England sets for indicators that everybody has, by the indicator's code.
 */
struct target_proposal {
    const char *indicator;
    const char *kind; /* "standard" | "interim" */
    const char *value;
    const char *direction;
    const char *title;
};
extern const struct target_proposal TARGET_PROPOSALS[];
extern const size_t TARGET_PROPOSAL_COUNT;

#endif
