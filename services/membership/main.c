/* Membership: who is in an alliance, who decides, how they vote. See README.md. */
#include "common/service.h"
#include "services/membership/api.h"
#include "services/membership/api/handlers.h"
#include "services/membership/closing.h"
#include "services/membership/description.h"
#include "services/membership/embedded.h"
#include "services/membership/events.h"
#include "services/membership/queries.h"
#include "services/membership/questions.h"
#include "services/membership/subjects.h"

static const char *const FOLLOWS[] = {"ledger", "reinvestment", "risk", "kpi", NULL};

static const struct reaction REACTIONS[] = {
    {"*", event_react},
};

static const struct sweep SWEEPS[] = {
    {.name = "deadlines", .due = &QUERY_DECISION_DUE, .run = decisions_end_overdue},
};

int main(int argc, char *argv[])
{
    const struct service service = {
        .name = "membership",
        .spec = SERVICE_SPEC,
        .schema_changes = SERVICE_SCHEMA_CHANGES,
        .follows = FOLLOWS,
        .routes = MEMBERSHIP_ROUTES,
        .route_count = MEMBERSHIP_ROUTE_COUNT,
        .reactions = REACTIONS,
        .reaction_count = ARRAY_LENGTH(REACTIONS),
        .sweeps = SWEEPS,
        .sweep_count = ARRAY_LENGTH(SWEEPS),
        .subjects = &MEMBERSHIP_SUBJECTS,
        .answerers = MEMBERSHIP_ANSWERERS,
        .answerer_count = MEMBERSHIP_ANSWERER_COUNT,
        .overview = overview_part,
        .api_description = API_DESCRIPTION,
    };
    return service_run(&service, argc, argv);
}
