#include <stdio.h>
#include <stdlib.h>

#include "common/ids.h"
#include "common/json.h"
#include "common/subject.h"
#include "services/reinvestment/api/handlers.h"
#include "services/reinvestment/events.h"
#include "services/reinvestment/rules.h"
#include "services/reinvestment/store.h"

/* Criteria
 * ------------------------------------------------------------------------------------------------
 */

static json_t *criteria_to_json(const struct appraisal_criteria *criteria)
{
    json_t *object = json_object(), *array = json_array();
    for (int i = 0; i < criteria->count; i++) {
        json_t *item = json_object();
        json_put_text(item, "code", criteria->criteria[i].code);
        json_put_text(item, "name", criteria->criteria[i].name);
        json_put_integer(item, "weightBp", criteria->criteria[i].weight_bp);
        json_push_new(array, item);
    }
    json_put_integer(object, "number", criteria->number);
    json_put_new(object, "criteria", array);
    json_put_text(object, "reason", criteria->reason);
    json_put_instant(object, "adoptedAt", criteria->adopted_ms);
    json_put_text(object, "adoptedBy", criteria->adopted_by);
    return object;
}

bool list_appraisal_criteria(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {0};
    if (!page_begin(request, &page, err) ||
        !store_appraisal_criteria_list(request->tx, page.after, page.limit, &rows, err))
        return false;
    json_auto_t *items = json_array();
    for (int row = 0; row < rows.count; row++) {
        struct appraisal_criteria criteria = {0};
        if (!appraisal_criteria_of_row(&rows, row, &criteria, err))
            return false;
        json_push_new(items, criteria_to_json(&criteria));
    }
    list_reply(request, reply, &page, STEAL(items), "number");
    return true;
}

bool get_appraisal_criteria(struct request *request, struct reply *reply, struct problem *err)
{
    struct appraisal_criteria criteria = {0};
    int64_t number = strtoll(request_path(request, "number"), NULL, 10);
    if (!store_appraisal_criteria_get(request->tx, number, &criteria, err))
        return false;
    reply_ok(reply, criteria_to_json(&criteria), 0);
    return true;
}

static void criteria_take(const json_t *body, struct appraisal_criteria *ret)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_member(body, "criteria"), i, item)
    {
        struct criterion *criterion = &ret->criteria[ret->count++];
        json_copy_text(item, "code", criterion->code, sizeof(criterion->code));
        json_copy_text(item, "name", criterion->name, sizeof(criterion->name));
        criterion->weight_bp = json_integer_or(item, "weightBp", 0);
    }
    json_copy_text(body, "reason", ret->reason, sizeof(ret->reason));
}

bool adopt_appraisal_criteria(struct request *request, struct reply *reply, struct problem *err)
{
    struct person person;
    struct appraisal_criteria before, criteria = {.adopted_ms = request->now_ms};
    criteria_take(request->body, &criteria);
    if (!appraisal_criteria_check(&criteria, err) ||
        !appraisal_criteria_words_check(&criteria, err) ||
        !person_of_request(request, &person, err) ||
        !store_appraisal_criteria_in_force(request->tx, &before, err))
        return false;
    criteria.number = before.number + 1;
    snprintf(criteria.adopted_by, sizeof(criteria.adopted_by), "%s", person.appointment_id);
    if (!event_appraisal_criteria_adopted(request->act, &criteria, err))
        return false;
    char ref[REF_SIZE];
    snprintf(ref, sizeof(ref), "reinvestment/appraisal-criteria/%lld", (long long)criteria.number);
    reply_created(reply, criteria_to_json(&criteria), ref, 0);
    return true;
}

/* Appraisals
 * ------------------------------------------------------------------------------------------------
 */

static json_t *appraisal_to_json(const struct appraisal *appraisal)
{
    char score[SCORE_TEXT_SIZE];
    json_t *object = json_object(), *scores = json_array();
    for (int i = 0; i < appraisal->score_count; i++) {
        json_t *item = json_object();
        json_put_text(item, "criterion", appraisal->scores[i].code);
        json_put_integer(item, "score", appraisal->scores[i].score);
        json_push_new(scores, item);
    }
    score_format(appraisal->weighted_e4, score);
    json_put_text(object, "caseId", appraisal->case_id);
    json_put_integer(object, "number", appraisal->number);
    json_put_integer(object, "criteriaVersion", appraisal->criteria_version);
    json_put_new(object, "scores", scores);
    json_put_text(object, "weightedScore", score);
    json_put_text(object, "comment", appraisal->comment);
    json_put_instant(object, "appraisedAt", appraisal->appraised_ms);
    json_put_text(object, "appraisedBy", appraisal->appraised_by);
    json_put_text(object, "organisation", appraisal->organisation);
    return object;
}

bool list_appraisals(struct request *request, struct reply *reply, struct problem *err)
{
    struct business_case a_case = {0};
    struct page page;
    db_rows_auto_t rows = {0};
    if (!store_case_get(request->tx, request_path(request, "caseId"), &a_case, err) ||
        !page_begin(request, &page, err) ||
        !store_appraisal_list(request->tx, a_case.id, page.after, page.limit, &rows, err))
        return false;
    json_auto_t *items = json_array();
    for (int row = 0; row < rows.count; row++) {
        struct appraisal appraisal = {0};
        if (!appraisal_of_row(&rows, row, &appraisal, err))
            return false;
        json_push_new(items, appraisal_to_json(&appraisal));
    }
    list_reply(request, reply, &page, STEAL(items), "number");
    return true;
}

bool get_appraisal(struct request *request, struct reply *reply, struct problem *err)
{
    struct appraisal appraisal = {0};
    int64_t number = strtoll(request_path(request, "number"), NULL, 10);
    if (!store_appraisal_get(request->tx, request_path(request, "caseId"), number, &appraisal, err))
        return false;
    reply_ok(reply, appraisal_to_json(&appraisal), 0);
    return true;
}

static void appraisal_take(const json_t *body, struct appraisal *ret)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_member(body, "scores"), i, item)
    {
        struct criterion_score *score = &ret->scores[ret->score_count++];
        json_copy_text(item, "criterion", score->code, sizeof(score->code));
        score->score = json_integer_or(item, "score", 0);
    }
    json_copy_text(body, "comment", ret->comment, sizeof(ret->comment));
}

/* The version that the case's first appraisal froze, else the one in force. */
static bool criteria_of_case(struct request *request, const struct business_case *a_case,
                             struct appraisal_criteria *ret, struct problem *err)
{
    *ret = (struct appraisal_criteria){.number = 0};
    if (a_case->criteria_version > 0)
        return store_appraisal_criteria_get(request->tx, a_case->criteria_version, ret, err);
    return store_appraisal_criteria_in_force(request->tx, ret, err);
}

bool appraise_case(struct request *request, struct reply *reply, struct problem *err)
{
    struct person person;
    struct business_case a_case = {0};
    struct appraisal_criteria criteria;
    struct appraisal appraisal = {0};
    bool is_again;
    appraisal_take(request->body, &appraisal);
    if (!text_check("/comment", appraisal.comment, err) ||
        !person_of_request(request, &person, err) ||
        !store_case_get(request->tx, request_path(request, "caseId"), &a_case, err) ||
        !criteria_of_case(request, &a_case, &criteria, err) ||
        !store_appraisal_is_by(request->tx, a_case.id, request->caller.issuer,
                               request->caller.subject, &is_again, err) ||
        !case_appraise(&a_case, &criteria, &appraisal, &person, is_again, request->now_ms, err) ||
        !event_case_appraised(request->act, &a_case, &appraisal, err))
        return false;
    char ref[REF_SIZE];
    snprintf(ref, sizeof(ref), "reinvestment/cases/%s/appraisals/%lld", a_case.id,
             (long long)appraisal.number);
    reply_created(reply, appraisal_to_json(&appraisal), ref, 0);
    return true;
}
