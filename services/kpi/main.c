#include "common/service.h"
#include "services/kpi/api.h"
#include "services/kpi/api/handlers.h"
#include "services/kpi/embedded.h"
#include "services/kpi/events.h"

static const char *const FOLLOWS[] = {"membership", NULL};

int main(int argc, char *argv[])
{
    const struct service service = {
        .name = "kpi",
        .spec = SERVICE_SPEC,
        .schema_changes = SERVICE_SCHEMA_CHANGES,
        .follows = FOLLOWS,
        .routes = KPI_ROUTES,
        .route_count = KPI_ROUTE_COUNT,
        .subjects = &KPI_SUBJECTS,
        .overview = overview_part,
    };
    return service_run(&service, argc, argv);
}
