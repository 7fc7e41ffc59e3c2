/* operationId -> handler: every operation of api-spec/risk.yaml. */
#ifndef ACCORD_RISK_API_H
#define ACCORD_RISK_API_H

#include "common/http.h"

extern const struct route RISK_ROUTES[];
extern const size_t RISK_ROUTE_COUNT;

#endif
