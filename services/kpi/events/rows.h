/* What the files of events/ and events.c share. */
#ifndef ACCORD_KPI_EVENTS_ROWS_H
#define ACCORD_KPI_EVENTS_ROWS_H

#include "common/act.h"
#include "services/kpi/model.h"

/* Rows as their tables have them. */
json_t *observation_row(const struct observation *observation);
json_t *observation_revision_row(const struct observation *observation);

bool event_append(struct act *act, const char *type, const char *subject, json_t *data,
                  struct problem *err) MUST_CHECK;

#endif
