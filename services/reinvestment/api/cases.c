#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "common/subject.h"
#include "services/reinvestment/api/handlers.h"
#include "services/reinvestment/events.h"
#include "services/reinvestment/rules.h"
#include "services/reinvestment/store.h"

/* Model -> JSON
 * ---------------------------------------------------------------------------------------- */

static json_t *milestones_to_json(const struct business_case *a_case)
{
    json_t *array = json_array();
    for (int i = 0; i < a_case->milestone_count; i++) {
        const struct milestone *milestone = &a_case->milestones[i];
        json_t *item = json_object();
        json_put_text(item, "code", milestone->code);
        json_put_text(item, "title", milestone->title);
        json_put_day(item, "dueOn", milestone->due_day);
        if (milestone->amount_pence > 0)
            json_put_money(item, "amount", milestone->amount_pence);
        json_put_day(item, "doneOn", milestone->done_day);
        json_push_new(array, item);
    }
    return array;
}

static json_t *costs_to_json(const struct business_case *a_case)
{
    json_t *array = json_array();
    for (int i = 0; i < a_case->cost_count; i++) {
        char month[MONTH_SIZE];
        json_t *item = json_object();
        month_format(a_case->costs[i].month, month);
        json_put_text(item, "month", month);
        json_put_money(item, "oneOff", a_case->costs[i].one_off_pence);
        json_put_money(item, "recurrent", a_case->costs[i].recurrent_pence);
        json_push_new(array, item);
    }
    return array;
}

static json_t *appraisal_to_json(const struct business_case *a_case)
{
    char score[SCORE_TEXT_SIZE];
    if (a_case->appraisal_count == 0)
        return NULL;
    json_t *object = json_object();
    score_format(case_score_e4(a_case), score);
    json_put_integer(object, "criteriaVersion", a_case->criteria_version);
    json_put_integer(object, "count", a_case->appraisal_count);
    json_put_text(object, "score", score);
    return object;
}

static json_t *benefits_to_json(const struct business_case *a_case)
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

static json_t *case_to_json(const struct business_case *a_case)
{
    json_t *object = json_object();
    json_put_text(object, "id", a_case->id);
    json_put_text(object, "title", a_case->title);
    json_put_text(object, "summary", a_case->summary);
    json_put_text(object, "sponsor", a_case->sponsor);
    json_put_text(object, "ringFence", a_case->ring_fence);
    json_put_text(object, "category", a_case->category);
    json_put_text(object, "setting", a_case->setting);
    json_put_text(object, "service", a_case->service);
    json_put_text(object, "specialty", a_case->specialty);
    json_put_text(object, "beneficiary", a_case->beneficiary);
    json_put_money(object, "award", a_case->award_pence);
    json_put_money(object, "oneOffCost", a_case->one_off_pence);
    json_put_money(object, "recurrentCost", a_case->recurrent_pence);
    json_put_new(object, "costs", costs_to_json(a_case));
    json_put_new(object, "milestones", milestones_to_json(a_case));
    json_put_new(object, "benefits", benefits_to_json(a_case));
    json_put_text(object, "state", case_state_word(a_case->state));
    json_put_new(object, "appraisal", appraisal_to_json(a_case));
    json_put_text(object, "decisionId", a_case->decision_id);
    json_put_text(object, "holdId", a_case->hold_id);
    json_put_money(object, "pending", a_case->pending_pence);
    json_put_money(object, "captured", a_case->captured_pence);
    json_put_text(object, "outcome", a_case->outcome);
    json_put_text(object, "reason", a_case->reason);
    json_put_instant(object, "draftedAt", a_case->drafted_ms);
    json_put_text(object, "draftedBy", a_case->drafted_by);
    json_put_instant(object, "closedAt", a_case->closed_ms);
    json_put_integer(object, "version", a_case->version);
    return object;
}

/* JSON -> model: only what the body has, so that a draft and its revision are read alike.
 * -------------- */

static void text_take(const json_t *body, const char *name, char *ret_text, size_t size)
{
    if (json_member(body, name) != NULL)
        json_copy_text(body, name, ret_text, size);
}

static void money_take(const json_t *body, const char *name, int64_t *ret_pence)
{
    if (json_member(body, name) != NULL)
        *ret_pence = json_money(body, name);
}

static void milestones_take(const json_t *body, struct business_case *ret)
{
    const json_t *array = json_member(body, "milestones");
    if (array == NULL)
        return;
    size_t i;
    json_t *item;
    ret->milestone_count = 0;
    json_array_foreach(array, i, item)
    {
        struct milestone *milestone = &ret->milestones[ret->milestone_count++];
        *milestone = (struct milestone){.due_day = json_day(item, "dueOn"), .done_day = DAY_NONE};
        json_copy_text(item, "code", milestone->code, sizeof(milestone->code));
        json_copy_text(item, "title", milestone->title, sizeof(milestone->title));
        money_take(item, "amount", &milestone->amount_pence);
    }
}

/* The rules refuse a month that there is not (2026-99-M01): -1. */
static void costs_take(const json_t *body, struct business_case *ret)
{
    const json_t *array = json_member(body, "costs");
    if (array == NULL)
        return;
    size_t i;
    json_t *item;
    ret->cost_count = 0;
    json_array_foreach(array, i, item)
    {
        struct cost *cost = &ret->costs[ret->cost_count++];
        *cost = (struct cost){.month = 0};
        if (!month_parse(json_text(item, "month"), &cost->month))
            cost->month = -1;
        money_take(item, "oneOff", &cost->one_off_pence);
        money_take(item, "recurrent", &cost->recurrent_pence);
    }
}

static void benefits_take(const json_t *body, struct business_case *ret)
{
    const json_t *array = json_member(body, "benefits");
    if (array == NULL)
        return;
    size_t i;
    json_t *item;
    ret->benefit_count = 0;
    json_array_foreach(array, i, item)
    {
        struct benefit *benefit = &ret->benefits[ret->benefit_count++];
        *benefit = (struct benefit){.due_day = json_day(item, "dueOn")};
        json_copy_text(item, "indicator", benefit->indicator, sizeof(benefit->indicator));
        json_copy_text(item, "baseline", benefit->baseline, sizeof(benefit->baseline));
        json_copy_text(item, "target", benefit->target, sizeof(benefit->target));
    }
}

static void case_take(const json_t *body, struct business_case *ret)
{
    text_take(body, "title", ret->title, sizeof(ret->title));
    text_take(body, "summary", ret->summary, sizeof(ret->summary));
    text_take(body, "ringFence", ret->ring_fence, sizeof(ret->ring_fence));
    text_take(body, "category", ret->category, sizeof(ret->category));
    text_take(body, "setting", ret->setting, sizeof(ret->setting));
    text_take(body, "service", ret->service, sizeof(ret->service));
    text_take(body, "specialty", ret->specialty, sizeof(ret->specialty));
    text_take(body, "beneficiary", ret->beneficiary, sizeof(ret->beneficiary));
    money_take(body, "award", &ret->award_pence);
    money_take(body, "oneOffCost", &ret->one_off_pence);
    money_take(body, "recurrentCost", &ret->recurrent_pence);
    costs_take(body, ret);
    milestones_take(body, ret);
    benefits_take(body, ret);
}

/* Reading
 * ------------------------------------------------------------------------------------------------
 */

bool list_cases(struct request *request, struct reply *reply, struct problem *err)
{
    struct case_filter filter = {.state = request_query(request, "state"),
                                 .ring_fence = request_query(request, "ringFence"),
                                 .sponsor = request_query(request, "sponsor")};
    struct page page;
    db_rows_auto_t rows = {0};
    if (!page_begin(request, &page, err) ||
        !store_case_list(request->tx, &filter, page.after, page.limit, &rows, err))
        return false;
    json_auto_t *items = json_array();
    for (int row = 0; row < rows.count; row++) {
        struct business_case a_case = {0};
        if (!case_of_row(&rows, row, &a_case, err))
            return false;
        json_push_new(items, case_to_json(&a_case));
    }
    list_reply(request, reply, &page, STEAL(items), "id");
    return true;
}

static void reply_case(struct reply *reply, const struct business_case *a_case)
{
    reply_ok(reply, case_to_json(a_case), a_case->version);
}

bool get_case(struct request *request, struct reply *reply, struct problem *err)
{
    struct business_case a_case = {0};
    if (!store_case_get(request->tx, request_path(request, "caseId"), &a_case, err))
        return false;
    reply_case(reply, &a_case);
    return true;
}

/* Writing
 * -------------------------------------------------------------------------------------------------
 */

/* What a case names is there, and it fits its ring-fence (C1). */
static bool content_check(const struct request *request, const struct business_case *a_case,
                          struct problem *err)
{
    bool is_active, found;
    struct ring_fence ring_fence = {0};
    return store_partner_is_active(request->tx, a_case->beneficiary, &is_active, err) &&
           store_ring_fence_find(request->tx, a_case->ring_fence, instant_day(request->now_ms),
                                 &found, &ring_fence, err) &&
           case_check(a_case, found ? &ring_fence : NULL, is_active, err);
}

bool draft_case(struct request *request, struct reply *reply, struct problem *err)
{
    struct person person;
    struct business_case a_case = {.state = CASE_DRAFT,
                                   .drafted_ms = request->now_ms,
                                   .closed_ms = INSTANT_NONE,
                                   .version = 1};
    if (!person_of_request(request, &person, err))
        return false;
    uuid_new(request->now_ms, a_case.id);
    snprintf(a_case.sponsor, sizeof(a_case.sponsor), "%s", person.organisation);
    snprintf(a_case.drafted_by, sizeof(a_case.drafted_by), "%s", person.appointment_id);
    case_take(request->body, &a_case);
    if (!case_words_check(&a_case, err) || !content_check(request, &a_case, err) ||
        !event_case_drafted(request->act, &a_case, err))
        return false;
    char ref[REF_SIZE];
    case_ref(&a_case, ref);
    reply_created(reply, case_to_json(&a_case), ref, a_case.version);
    return true;
}

/* The case of the path, as it was read (a PATCH says which version), for its sponsor and while no
 * decision holds it. */
static bool case_begin(const struct request *request, struct business_case *ret,
                       struct problem *err)
{
    struct person person;
    char ref[REF_SIZE];
    if (!person_of_request(request, &person, err) ||
        !store_case_get(request->tx, request_path(request, "caseId"), ret, err) ||
        (request->if_match != 0 && !request_match(request, ret->version, err)) ||
        !case_check_sponsor(ret, person.organisation, err))
        return false;
    case_ref(ret, ref);
    return subject_check_thawed(request->act, ref, err);
}

bool revise_case(struct request *request, struct reply *reply, struct problem *err)
{
    struct business_case a_case = {0};
    if (!case_begin(request, &a_case, err) || !case_check_draft(&a_case, err))
        return false;
    case_take(request->body, &a_case);
    a_case.version++;
    if (!case_words_check(&a_case, err) || !content_check(request, &a_case, err) ||
        !event_case_revised(request->act, &a_case, err))
        return false;
    reply_case(reply, &a_case);
    return true;
}

bool submit_case(struct request *request, struct reply *reply, struct problem *err)
{
    struct business_case a_case = {0};
    if (!case_begin(request, &a_case, err) || !case_submit(&a_case, err) ||
        !event_case_submitted(request->act, &a_case, err))
        return false;
    reply_case(reply, &a_case);
    return true;
}

bool complete_milestone(struct request *request, struct reply *reply, struct problem *err)
{
    struct business_case a_case = {0};
    if (!case_begin(request, &a_case, err) ||
        !milestone_complete(&a_case, request_path(request, "milestone"),
                            json_day(request->body, "doneOn"), instant_day(request->now_ms), err) ||
        !event_case_progressed(request->act, &a_case, err))
        return false;
    reply_case(reply, &a_case);
    return true;
}

bool close_case(struct request *request, struct reply *reply, struct problem *err)
{
    const char *reason = json_text(request->body, "reason");
    struct business_case a_case = {0};
    if (!text_check("/reason", reason, err) || !case_begin(request, &a_case, err) ||
        !case_close(&a_case, json_text(request->body, "outcome"), reason, request->now_ms, err) ||
        !event_case_closed(request->act, &a_case, err))
        return false;
    reply_case(reply, &a_case);
    return true;
}
