#include "common/service.h"
#include "services/risk/api.h"
#include "services/risk/api/handlers.h"
#include "services/risk/embedded.h"
#include "services/risk/events.h"

static const char *const FOLLOWS[] = {"membership", "kpi", NULL};

int main(int argc, char *argv[])
{
    const struct service service = {
        .name = "risk",
        .spec = SERVICE_SPEC,
        .schema_changes = SERVICE_SCHEMA_CHANGES,
        .follows = FOLLOWS,
        .routes = RISK_ROUTES,
        .route_count = RISK_ROUTE_COUNT,
        .reactions = RISK_REACTIONS,
        .reaction_count = RISK_REACTION_COUNT,
        .overview = overview_part,
        .sweeps = RISK_SWEEPS,
        .sweep_count = RISK_SWEEP_COUNT,
    };
    return service_run(&service, argc, argv);
}
