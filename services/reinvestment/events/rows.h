/* Rows as their tables have them, and what events rely on; for this service's events only. All
 * return new values. */
#ifndef ACCORD_REINVESTMENT_EVENTS_ROWS_H
#define ACCORD_REINVESTMENT_EVENTS_ROWS_H

#include <jansson.h>

#include "common/act.h"
#include "services/reinvestment/model.h"

/* What a vote is about: what the case asks for, and how it was appraised. */
json_t *case_content(const struct business_case *a_case);
json_t *case_row(const struct business_case *a_case);
json_t *drawdown_row(const struct drawdown *drawdown);
json_t *left_shift_row(const struct left_shift *shift);
json_t *appraisal_criteria_row(const struct appraisal_criteria *criteria);
json_t *appraisal_row(const struct appraisal *appraisal);

/* prefix and id; nothing when the id is "". */
void link_add(json_t *links, const char *prefix, const char *id);
json_t *case_links(const struct business_case *a_case);

/* Appends an event of that type with the case's row, and with the drawdown's. */
bool case_append(struct act *act, const char *type, const struct business_case *a_case,
                 struct problem *err) MUST_CHECK;
bool drawdown_append(struct act *act, const char *type, const struct business_case *a_case,
                     const struct drawdown *drawdown, struct problem *err) MUST_CHECK;

#endif
