#include <stdio.h>
#include <stdlib.h>

#include "common/ids.h"
#include "common/json.h"
#include "services/risk/api/handlers.h"
#include "services/risk/events.h"
#include "services/risk/store.h"

static json_t *review_to_json(const struct review *review)
{
    json_t *object = json_object();
    json_put_text(object, "riskId", review->risk_id);
    json_put_integer(object, "number", review->number);
    json_put_day(object, "dueOn", review->due_day);
    json_put_day(object, "closedOn", review->closed_day);
    json_put_day(object, "nextOn", review->next_day);
    json_put_new(object, "rating", rating_to_json(&review->rating));
    json_put_text(object, "findings", review->findings);
    json_put_instant(object, "closedAt", review->closed_ms);
    json_put_text(object, "closedBy", review->closed_by);
    json_put_text(object, "organisation", review->organisation);
    return object;
}

bool list_reviews(struct request *request, struct reply *reply, struct problem *err)
{
    struct risk risk = {0};
    struct page page;
    db_rows_auto_t rows = {0};
    char known[KNOWN_SIZE];
    known_of_request(request, known);
    if (!risk_of_path(request, &risk, err) || !page_begin(request, &page, err) ||
        !store_review_list(request->tx, known, risk.id, page.after, page.limit, &rows, err))
        return false;
    json_t *items = json_array();
    for (int row = 0; row < rows.count; row++) {
        struct review review = {0};
        review_of_row(&rows, row, &review);
        json_push_new(items, review_to_json(&review));
    }
    list_reply(request, reply, &page, items, "number");
    return true;
}

bool get_review(struct request *request, struct reply *reply, struct problem *err)
{
    struct review review = {0};
    int64_t number = strtoll(request_path(request, "number"), NULL, 10);
    char known[KNOWN_SIZE];
    known_of_request(request, known);
    if (!store_review_get(request->tx, known, request_path(request, "riskId"), number, &review,
                          err))
        return false;
    reply_ok(reply, review_to_json(&review), 0);
    return true;
}

bool close_review(struct request *request, struct reply *reply, struct problem *err)
{
    const char *findings = json_text(request->body, "findings");
    struct editor editor;
    struct criteria criteria;
    struct risk risk = {0};
    struct review review;
    if (!text_check("/findings", findings, err) || !editor_of_request(request, &editor, err) ||
        !risk_of_path(request, &risk, err) ||
        !store_criteria_in_force(request->tx, &criteria, err) ||
        !risk_review(&risk, &criteria, findings, &editor, &review, err) ||
        !event_risk_reviewed(request->act, &risk, &review, err))
        return false;
    char ref[REF_SIZE];
    snprintf(ref, sizeof(ref), "risk/risks/%s/reviews/%lld", risk.id, (long long)review.number);
    reply_created(reply, review_to_json(&review), ref, 0);
    return true;
}

static json_t *escalation_to_json(const struct escalation *escalation)
{
    json_t *object = json_object();
    json_put_text(object, "id", escalation->id);
    json_put_text(object, "riskId", escalation->risk_id);
    json_put_text(object, "toGroup", escalation->to_group);
    json_put_text(object, "title", escalation->title);
    json_put_text(object, "reason", escalation->reason);
    json_put_text(object, "cause", escalation_cause_word(escalation->cause));
    json_put_integer(object, "score", escalation->score);
    if (escalation->cause == ESCALATED_BY_SCORE)
        json_put_integer(object, "scoreNumber", escalation->score_number);
    json_put_day(object, "dueOn", escalation->due_day);
    json_put_instant(object, "raisedAt", escalation->raised_ms);
    return object;
}

bool list_escalations(struct request *request, struct reply *reply, struct problem *err)
{
    struct risk risk = {0};
    struct page page;
    db_rows_auto_t rows = {0};
    char known[KNOWN_SIZE];
    known_of_request(request, known);
    if (!risk_of_path(request, &risk, err) || !page_begin(request, &page, err) ||
        !store_escalation_list(request->tx, known, risk.id, page.after, page.limit, &rows, err))
        return false;
    json_t *items = json_array();
    for (int row = 0; row < rows.count; row++) {
        struct escalation escalation = {.level = 0};
        escalation_of_row(&rows, row, &escalation);
        json_push_new(items, escalation_to_json(&escalation));
    }
    list_reply(request, reply, &page, items, "id");
    return true;
}
