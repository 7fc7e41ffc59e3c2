/* Small numbers of people are not shown, where the specification says so. Source: domain.md E10. */
#ifndef ACCORD_KPI_RULES_SUPPRESSION_H
#define ACCORD_KPI_RULES_SUPPRESSION_H

#include "services/kpi/model.h"

/* What stands in place of a number of people: 0 stays, 1 to 7 become VALUE_SUPPRESSED, others the
 * nearest multiple of 5; VALUE_NONE stays. */
int64_t people_round(int64_t count);

/* The same for figures as they are shown. */
struct figures figures_round(const struct figures *figures);
/* One of them is suppressed: nothing is computed from them. */
bool figures_are_suppressed(const struct figures *figures);

#endif
