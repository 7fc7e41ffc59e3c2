/* operationId -> handler: every operation of api-spec/ledger.yaml. */
#ifndef ACCORD_LEDGER_API_H
#define ACCORD_LEDGER_API_H

#include "common/http.h"

extern const struct route LEDGER_ROUTES[];
extern const size_t LEDGER_ROUTE_COUNT;

#endif
