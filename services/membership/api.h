/* Membership's operations: one handler per operationId of api-spec/membership.yaml. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_API_H
#define ACCORD_SERVICES_MEMBERSHIP_API_H

#include "common/http.h"

extern const struct route MEMBERSHIP_ROUTES[];
extern const size_t MEMBERSHIP_ROUTE_COUNT;

#endif
