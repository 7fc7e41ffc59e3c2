/* operationId -> handler: every operation of api-spec/kpi.yaml. */
#ifndef ACCORD_KPI_API_H
#define ACCORD_KPI_API_H

#include "common/http.h"

extern const struct route KPI_ROUTES[];
extern const size_t KPI_ROUTE_COUNT;

#endif
