#include "common/service.h"
#include "services/ledger/api.h"
#include "services/ledger/api/handlers.h"
#include "services/ledger/embedded.h"
#include "services/ledger/events.h"

static const char *const FOLLOWS[] = {"membership", "reinvestment", NULL};

int main(int argc, char *argv[])
{
    const struct service service = {
        .name = "ledger",
        .spec = SERVICE_SPEC,
        .schema_changes = SERVICE_SCHEMA_CHANGES,
        .follows = FOLLOWS,
        .routes = LEDGER_ROUTES,
        .route_count = LEDGER_ROUTE_COUNT,
        .reactions = LEDGER_REACTIONS,
        .reaction_count = LEDGER_REACTION_COUNT,
        .sweeps = LEDGER_SWEEPS,
        .sweep_count = LEDGER_SWEEP_COUNT,
        .keeps_answers = true,
        .subjects = &LEDGER_SUBJECTS,
        .overview = overview_part,
    };
    return service_run(&service, argc, argv);
}
