#include "common/service.h"
#include "services/reinvestment/api.h"
#include "services/reinvestment/api/handlers.h"
#include "services/reinvestment/embedded.h"
#include "services/reinvestment/events.h"

static const char *const FOLLOWS[] = {"membership", "ledger", NULL};

int main(int argc, char *argv[])
{
    const struct service service = {
        .name = "reinvestment",
        .spec = SERVICE_SPEC,
        .schema_changes = SERVICE_SCHEMA_CHANGES,
        .follows = FOLLOWS,
        .routes = REINVESTMENT_ROUTES,
        .route_count = REINVESTMENT_ROUTE_COUNT,
        .reactions = REINVESTMENT_REACTIONS,
        .reaction_count = REINVESTMENT_REACTION_COUNT,
        .subjects = &REINVESTMENT_SUBJECTS,
        .overview = overview_part,
    };
    return service_run(&service, argc, argv);
}
