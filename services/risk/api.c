#include "services/risk/api.h"

#include <stdio.h>
#include <string.h>

#include "common/journal.h"
#include "common/trace.h"
#include "services/risk/api/handlers.h"
#include "services/risk/store.h"

bool editor_of_request(const struct request *request, struct editor *ret, struct problem *err)
{
    static const char *const WRITERS[] = {"quality-lead",
                                          "lead-nurse",
                                          "senior-medical-lead",
                                          "partner-representative",
                                          "deputy",
                                          "finance-lead",
                                          "chair",
                                          "alliance-director",
                                          NULL};
    const struct appointment *appointment = standing_acts_by(&request->standing, WRITERS);
    if (appointment == NULL)
        return problem_set(err, PROBLEM_ROLE_MISSING, "this needs an appointment in the alliance");
    snprintf(ret->appointment_id, sizeof(ret->appointment_id), "%s", appointment->id);
    snprintf(ret->organisation, sizeof(ret->organisation), "%s", appointment->organisation);
    ret->now_ms = request->now_ms;
    return true;
}

/* access.c says who may know; here it is asked once for each organisation the caller has. */
static char *known_add(const struct standing *standing, const char *organisation, char *end,
                       const char *start)
{
    if (!access_may_know(standing, &organisation, 1))
        return end;
    if (end > start + 1)
        *end++ = ',';
    return stpcpy(end, organisation);
}

void known_of_request(const struct request *request, char ret_known[KNOWN_SIZE])
{
    const struct standing *standing = &request->standing;
    char *end = stpcpy(ret_known, "{");
    end = known_add(standing, standing->organisation, end, ret_known);
    for (int i = 0; i < standing->appointment_count; i++)
        end = known_add(standing, standing->appointments[i].organisation, end, ret_known);
    stpcpy(end, "}");
}

bool risk_of_path(struct request *request, struct risk *ret, struct problem *err)
{
    char known[KNOWN_SIZE];
    known_of_request(request, known);
    return store_risk_get(request->tx, known, request_path(request, "riskId"), ret, err);
}

const struct route RISK_ROUTES[] = {
    {.operation_id = "listRisks", .handle = list_risks},
    {.operation_id = "logRisk", .handle = log_risk},
    {.operation_id = "getRisk", .handle = get_risk},
    {.operation_id = "reviseRisk", .handle = revise_risk},
    {.operation_id = "acceptDraft", .handle = accept_draft},
    {.operation_id = "dismissDraft", .handle = dismiss_draft},
    {.operation_id = "listReviews", .handle = list_reviews},
    {.operation_id = "closeReview", .handle = close_review},
    {.operation_id = "getReview", .handle = get_review},
    {.operation_id = "listEscalations", .handle = list_escalations},
    {.operation_id = "listScores", .handle = list_scores},
    {.operation_id = "scoreRisk", .handle = score_risk},
    {.operation_id = "getScore", .handle = get_score},
    {.operation_id = "closeRisk", .handle = close_risk},
    {.operation_id = "signClosure", .handle = sign_closure},
    {.operation_id = "listRiskHistory", .handle = list_risk_history},
    {.operation_id = "traceRisk", .handle = trace_get},
    {.operation_id = "listRegister", .handle = list_register},
    {.operation_id = "listCriteria", .handle = list_criteria},
    {.operation_id = "adoptCriteria", .handle = adopt_criteria},
    {.operation_id = "getCriteria", .handle = get_criteria},
    {.operation_id = "listRiskJournal", .handle = journal_list},
    {.operation_id = "getRiskJournalHead", .handle = journal_head_get, .asks_clock = true},
};
const size_t RISK_ROUTE_COUNT = ARRAY_LENGTH(RISK_ROUTES);
