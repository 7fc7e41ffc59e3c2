#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "services/risk/api/handlers.h"
#include "services/risk/events.h"
#include "services/risk/rules.h"
#include "services/risk/store.h"

static json_t *descriptors_to_json(const struct criteria *criteria)
{
    json_t *array = json_array();
    for (int i = 0; i < CATEGORY_COUNT; i++) {
        json_t *item = json_object(), *consequences = json_array();
        for (int k = 0; k < FACTOR_MAX; k++)
            json_push_new(consequences, json_string(criteria->descriptors[i][k]));
        json_put_text(item, "category", category_word((enum category)i));
        json_put_new(item, "consequences", consequences);
        json_push_new(array, item);
    }
    return array;
}

static json_t *criteria_to_json(const struct criteria *criteria)
{
    json_t *object = json_object(), *bands = json_array();
    for (int i = 0; i < BAND_COUNT; i++) {
        json_t *item = json_object();
        json_put_text(item, "band", band_word((enum band)i));
        json_put_integer(item, "from", criteria->bands[i].from);
        json_put_integer(item, "to", criteria->bands[i].to);
        json_put_integer(item, "reviewDays", criteria->review_days[i]);
        json_push_new(bands, item);
    }
    json_put_integer(object, "number", criteria->number);
    json_put_new(object, "bands", bands);
    json_put_new(object, "descriptors", descriptors_to_json(criteria));
    json_put_text(object, "reason", criteria->reason);
    json_put_instant(object, "adoptedAt", criteria->adopted_ms);
    json_put_text(object, "adoptedBy", criteria->adopted_by);
    return object;
}

bool list_criteria(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {0};
    if (!page_begin(request, &page, err) ||
        !store_criteria_list(request->tx, page.after, page.limit, &rows, err))
        return false;
    json_auto_t *items = json_array();
    for (int row = 0; row < rows.count; row++) {
        struct criteria criteria = {0};
        if (!criteria_of_row(&rows, row, &criteria, err))
            return false;
        json_push_new(items, criteria_to_json(&criteria));
    }
    list_reply(request, reply, &page, STEAL(items), "number");
    return true;
}

bool get_criteria(struct request *request, struct reply *reply, struct problem *err)
{
    struct criteria criteria = {0};
    int64_t number = strtoll(request_path(request, "number"), NULL, 10);
    if (!store_criteria_get(request->tx, number, &criteria, err))
        return false;
    reply_ok(reply, criteria_to_json(&criteria), 0);
    return true;
}

/* The bands stand in any order in no body: the first is low, the last is extreme. */
static bool bands_of_json(const json_t *body, struct criteria *ret, struct problem *err)
{
    bool ok = true;
    size_t i;
    json_t *item;
    json_array_foreach(json_member(body, "bands"), i, item)
    {
        char pointer[FAULT_POINTER_SIZE];
        snprintf(pointer, sizeof(pointer), "/bands/%zu/band", i);
        if (strcmp(json_text(item, "band"), band_word((enum band)i)) != 0)
            ok = problem_add(err, PROBLEM_RULE_BROKEN, "order", pointer, "%s is expected here",
                             band_word((enum band)i));
        ret->bands[i].from = json_integer_or(item, "from", 0);
        ret->bands[i].to = json_integer_or(item, "to", 0);
        ret->review_days[i] = json_integer_or(item, "reviewDays", ret->review_days[i]);
    }
    return ok;
}

/* A domain that the body does not name keeps its descriptors. */
static bool descriptors_of_json(const json_t *body, struct criteria *ret, struct problem *err)
{
    bool is_said[CATEGORY_COUNT] = {false}, ok = true;
    size_t i, k;
    json_t *item, *step;
    json_array_foreach(json_member(body, "descriptors"), i, item)
    {
        const enum category category = category_of_word(json_text(item, "category"));
        char pointer[FAULT_POINTER_SIZE];
        snprintf(pointer, sizeof(pointer), "/descriptors/%zu/category", i);
        if (is_said[category])
            ok = problem_add(err, PROBLEM_RULE_BROKEN, "duplicate", pointer, "%s stands twice",
                             category_word(category));
        is_said[category] = true;
        json_array_foreach(json_member(item, "consequences"), k, step)
        {
            snprintf(ret->descriptors[category][k], NAME_SIZE, "%s", json_string_value(step));
        }
    }
    return ok;
}

bool adopt_criteria(struct request *request, struct reply *reply, struct problem *err)
{
    struct editor editor;
    struct criteria criteria;
    if (!store_criteria_in_force(request->tx, &criteria, err))
        return false;
    criteria.number++;
    criteria.adopted_ms = request->now_ms;
    json_copy_text(request->body, "reason", criteria.reason, sizeof(criteria.reason));
    if (!bands_of_json(request->body, &criteria, err) ||
        !descriptors_of_json(request->body, &criteria, err) || !criteria_check(&criteria, err) ||
        !criteria_words_check(&criteria, err) || !editor_of_request(request, &editor, err))
        return false;
    snprintf(criteria.adopted_by, sizeof(criteria.adopted_by), "%s", editor.appointment_id);
    if (!event_criteria_adopted(request->act, &criteria, err))
        return false;
    char ref[REF_SIZE];
    snprintf(ref, sizeof(ref), "risk/criteria/%lld", (long long)criteria.number);
    reply_created(reply, criteria_to_json(&criteria), ref, 0);
    return true;
}
