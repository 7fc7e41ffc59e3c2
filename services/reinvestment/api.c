#include "services/reinvestment/api.h"

#include <stdio.h>

#include "common/journal.h"
#include "common/trace.h"
#include "services/reinvestment/api/handlers.h"

bool person_of_request(const struct request *request, struct person *ret, struct problem *err)
{
    static const char *const WRITERS[] = {"partner-representative", "deputy", "finance-lead",
                                          "alliance-director", NULL};
    const struct appointment *appointment = standing_acts_by(&request->standing, WRITERS);
    if (appointment == NULL)
        return problem_set(err, PROBLEM_ROLE_MISSING, "this needs an appointment in the alliance");
    snprintf(ret->appointment_id, sizeof(ret->appointment_id), "%s", appointment->id);
    snprintf(ret->organisation, sizeof(ret->organisation), "%s", appointment->organisation);
    return true;
}

const struct route REINVESTMENT_ROUTES[] = {
    {.operation_id = "listRingFences", .handle = list_ring_fences, .asks_clock = true},
    {.operation_id = "getRingFence", .handle = get_ring_fence, .asks_clock = true},
    {.operation_id = "listLeftShifts", .handle = list_left_shifts},
    {.operation_id = "recordLeftShift", .handle = record_left_shift},
    {.operation_id = "getLeftShift", .handle = get_left_shift},
    {.operation_id = "reviseLeftShift", .handle = revise_left_shift},
    {.operation_id = "listLeftShiftVersions", .handle = list_left_shift_versions},
    {.operation_id = "getLeftShiftVersion", .handle = get_left_shift_version},
    {.operation_id = "traceLeftShift", .handle = trace_get},
    {.operation_id = "listAppraisalCriteria", .handle = list_appraisal_criteria},
    {.operation_id = "adoptAppraisalCriteria", .handle = adopt_appraisal_criteria},
    {.operation_id = "getAppraisalCriteria", .handle = get_appraisal_criteria},
    {.operation_id = "listAppraisals", .handle = list_appraisals},
    {.operation_id = "appraiseCase", .handle = appraise_case},
    {.operation_id = "getAppraisal", .handle = get_appraisal},
    {.operation_id = "completeMilestone", .handle = complete_milestone},
    {.operation_id = "listCases", .handle = list_cases},
    {.operation_id = "draftCase", .handle = draft_case},
    {.operation_id = "getCase", .handle = get_case},
    {.operation_id = "reviseCase", .handle = revise_case},
    {.operation_id = "submitCase", .handle = submit_case},
    {.operation_id = "closeCase", .handle = close_case},
    {.operation_id = "traceCase", .handle = trace_get},
    {.operation_id = "listDrawdowns", .handle = list_drawdowns},
    {.operation_id = "requestDrawdown", .handle = request_drawdown},
    {.operation_id = "getDrawdown", .handle = get_drawdown},
    {.operation_id = "verifyDrawdown", .handle = verify_drawdown},
    {.operation_id = "traceDrawdown", .handle = trace_get},
    {.operation_id = "listReinvestmentJournal", .handle = journal_list},
    {.operation_id = "getReinvestmentJournalHead", .handle = journal_head_get, .asks_clock = true},
};
const size_t REINVESTMENT_ROUTE_COUNT = ARRAY_LENGTH(REINVESTMENT_ROUTES);
