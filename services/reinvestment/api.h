/* operationId -> handler: every operation of api-spec/reinvestment.yaml. */
#ifndef ACCORD_REINVESTMENT_API_H
#define ACCORD_REINVESTMENT_API_H

#include "common/http.h"

extern const struct route REINVESTMENT_ROUTES[];
extern const size_t REINVESTMENT_ROUTE_COUNT;

#endif
