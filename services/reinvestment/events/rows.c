#include "services/reinvestment/events/rows.h"

#include <stdio.h>

#include "common/instant.h"
#include "common/json.h"
#include "services/reinvestment/rules.h"

static json_t *costs_row(const struct business_case *a_case)
{
    json_t *array = json_array();
    for (int i = 0; i < a_case->cost_count; i++) {
        const struct cost *cost = &a_case->costs[i];
        char month[MONTH_SIZE];
        json_t *item = json_object();
        month_format(cost->month, month);
        json_put_text(item, "month", month);
        json_put_integer(item, "oneOffPence", cost->one_off_pence);
        json_put_integer(item, "recurrentPence", cost->recurrent_pence);
        json_push_new(array, item);
    }
    return array;
}

/* `is_told`: with the day on which each was done, which is no part of what the case asks for. */
static json_t *milestones_row(const struct business_case *a_case, bool is_told)
{
    json_t *array = json_array();
    for (int i = 0; i < a_case->milestone_count; i++) {
        const struct milestone *milestone = &a_case->milestones[i];
        json_t *item = json_object();
        json_put_text(item, "code", milestone->code);
        json_put_text(item, "title", milestone->title);
        json_put_day(item, "dueOn", milestone->due_day);
        if (milestone->amount_pence > 0)
            json_put_integer(item, "amountPence", milestone->amount_pence);
        if (is_told)
            json_put_day(item, "doneOn", milestone->done_day);
        json_push_new(array, item);
    }
    return array;
}

static json_t *benefits_row(const struct business_case *a_case)
{
    json_t *array = json_array();
    for (int i = 0; i < a_case->benefit_count; i++) {
        const struct benefit *benefit = &a_case->benefits[i];
        json_t *item = json_object();
        json_put_text(item, "indicator", benefit->indicator);
        json_put_text(item, "baseline", benefit->baseline);
        json_put_text(item, "target", benefit->target);
        json_put_day(item, "dueOn", benefit->due_day);
        json_push_new(array, item);
    }
    return array;
}

/* What a case asks for, in its row and in what a vote is about. */
static json_t *case_members(const struct business_case *a_case)
{
    json_t *row = json_object();
    json_put_text(row, "title", a_case->title);
    json_put_text(row, "summary", a_case->summary);
    json_put_text(row, "sponsor", a_case->sponsor);
    json_put_text(row, "beneficiary", a_case->beneficiary);
    json_put_text(row, "ringFence", a_case->ring_fence);
    json_put_text(row, "category", a_case->category);
    json_put_text(row, "setting", a_case->setting);
    json_put_text(row, "service", a_case->service);
    json_put_text(row, "specialty", a_case->specialty);
    json_put_integer(row, "awardPence", a_case->award_pence);
    json_put_integer(row, "oneOffPence", a_case->one_off_pence);
    json_put_integer(row, "recurrentPence", a_case->recurrent_pence);
    json_put_new(row, "costs", costs_row(a_case));
    json_put_new(row, "benefits", benefits_row(a_case));
    return row;
}

static json_t *appraisal_content(const struct business_case *a_case)
{
    char score[SCORE_TEXT_SIZE];
    json_t *object = json_object();
    score_format(case_score_e4(a_case), score);
    json_put_integer(object, "criteriaVersion", a_case->criteria_version);
    json_put_integer(object, "count", a_case->appraisal_count);
    json_put_text(object, "score", score);
    return object;
}

json_t *case_content(const struct business_case *a_case)
{
    json_t *content = case_members(a_case);
    json_put_new(content, "milestones", milestones_row(a_case, false));
    json_put_new(content, "appraisal", appraisal_content(a_case));
    return content;
}

json_t *case_row(const struct business_case *a_case)
{
    json_t *row = case_members(a_case);
    json_put_new(row, "milestones", milestones_row(a_case, true));
    json_put_text(row, "id", a_case->id);
    json_put_text(row, "state", case_state_word(a_case->state));
    if (a_case->criteria_version > 0)
        json_put_integer(row, "criteriaVersion", a_case->criteria_version);
    json_put_integer(row, "appraisalCount", a_case->appraisal_count);
    json_put_integer(row, "appraisalSumE4", a_case->appraisal_sum_e4);
    json_put_text(row, "decisionId", a_case->decision_id);
    json_put_text(row, "holdId", a_case->hold_id);
    json_put_integer(row, "pendingPence", a_case->pending_pence);
    json_put_integer(row, "capturedPence", a_case->captured_pence);
    json_put_text(row, "outcome", a_case->outcome);
    json_put_text(row, "reason", a_case->reason);
    json_put_instant(row, "draftedAt", a_case->drafted_ms);
    json_put_text(row, "draftedBy", a_case->drafted_by);
    json_put_instant(row, "closedAt", a_case->closed_ms);
    json_put_integer(row, "version", a_case->version);
    return row;
}

json_t *drawdown_row(const struct drawdown *drawdown)
{
    json_t *row = json_object();
    json_put_text(row, "id", drawdown->id);
    json_put_text(row, "caseId", drawdown->case_id);
    json_put_text(row, "holdId", drawdown->hold_id);
    json_put_text(row, "milestone", drawdown->milestone);
    json_put_integer(row, "amountPence", drawdown->amount_pence);
    json_put_text(row, "beneficiary", drawdown->beneficiary);
    json_put_text(row, "evidence", drawdown->evidence);
    json_put_text(row, "state", drawdown_state_word(drawdown->state));
    json_put_instant(row, "requestedAt", drawdown->requested_ms);
    json_put_text(row, "requestedOrganisation", drawdown->requested_organisation);
    json_put_text(row, "requestedBy", drawdown->requested_by);
    json_put_instant(row, "verifiedAt", drawdown->verified_ms);
    json_put_text(row, "verifiedOrganisation", drawdown->verified_organisation);
    json_put_text(row, "verifiedBy", drawdown->verified_by);
    json_put_text(row, "transactionId", drawdown->transaction_id);
    json_put_instant(row, "capturedAt", drawdown->captured_ms);
    json_put_text(row, "reason", drawdown->reason);
    json_put_integer(row, "version", drawdown->version);
    return row;
}

json_t *left_shift_row(const struct left_shift *shift)
{
    json_t *row = json_object(), *links = json_array();
    for (int i = 0; i < shift->link_count; i++)
        json_push_new(links, json_string(shift->links[i]));
    json_put_text(row, "id", shift->id);
    json_put_text(row, "organisation", shift->organisation);
    json_put_text(row, "specialty", shift->specialty);
    json_put_text(row, "fromSetting", shift->from_setting);
    json_put_text(row, "toSetting", shift->to_setting);
    json_put_integer(row, "monthlyVolume", shift->monthly_volume);
    json_put_integer(row, "beforePence", shift->before_pence);
    json_put_integer(row, "afterPence", shift->after_pence);
    json_put_integer(row, "surplusPence", shift->surplus_pence);
    json_put_text(row, "evidence", shift->evidence);
    json_put_new(row, "links", links);
    json_put_text(row, "reason", shift->reason);
    json_put_instant(row, "recordedAt", shift->recorded_ms);
    json_put_text(row, "recordedBy", shift->recorded_by);
    json_put_integer(row, "version", shift->version);
    return row;
}

json_t *appraisal_criteria_row(const struct appraisal_criteria *criteria)
{
    json_t *row = json_object(), *array = json_array();
    for (int i = 0; i < criteria->count; i++) {
        json_t *item = json_object();
        json_put_text(item, "code", criteria->criteria[i].code);
        json_put_text(item, "name", criteria->criteria[i].name);
        json_put_integer(item, "weightBp", criteria->criteria[i].weight_bp);
        json_push_new(array, item);
    }
    json_put_integer(row, "number", criteria->number);
    json_put_new(row, "criteria", array);
    json_put_text(row, "reason", criteria->reason);
    json_put_instant(row, "adoptedAt", criteria->adopted_ms);
    json_put_text(row, "adoptedBy", criteria->adopted_by);
    return row;
}

json_t *appraisal_row(const struct appraisal *appraisal)
{
    json_t *row = json_object(), *scores = json_array();
    for (int i = 0; i < appraisal->score_count; i++) {
        json_t *item = json_object();
        json_put_text(item, "criterion", appraisal->scores[i].code);
        json_put_integer(item, "score", appraisal->scores[i].score);
        json_push_new(scores, item);
    }
    json_put_text(row, "caseId", appraisal->case_id);
    json_put_integer(row, "number", appraisal->number);
    json_put_integer(row, "criteriaVersion", appraisal->criteria_version);
    json_put_new(row, "scores", scores);
    json_put_integer(row, "weightedE4", appraisal->weighted_e4);
    json_put_text(row, "comment", appraisal->comment);
    json_put_instant(row, "appraisedAt", appraisal->appraised_ms);
    json_put_text(row, "appraisedBy", appraisal->appraised_by);
    json_put_text(row, "organisation", appraisal->organisation);
    return row;
}

/* What an event relied on (F6): a case on its decision and hold, a drawdown on its case as well. */
void link_add(json_t *links, const char *prefix, const char *id)
{
    char ref[REF_SIZE];
    if (id[0] == '\0')
        return;
    snprintf(ref, sizeof(ref), "%s%s", prefix, id);
    json_push_new(links, json_string(ref));
}

json_t *case_links(const struct business_case *a_case)
{
    json_t *links = json_array();
    link_add(links, "decisions/", a_case->decision_id);
    link_add(links, "ledger/holds/", a_case->hold_id);
    if (a_case->criteria_version > 0) {
        char number[24];
        snprintf(number, sizeof(number), "%lld", (long long)a_case->criteria_version);
        link_add(links, "reinvestment/appraisal-criteria/", number);
    }
    return links;
}
