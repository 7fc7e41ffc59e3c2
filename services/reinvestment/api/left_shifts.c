#include <stdio.h>
#include <stdlib.h>

#include "common/ids.h"
#include "common/json.h"
#include "services/reinvestment/api/handlers.h"
#include "services/reinvestment/events.h"
#include "services/reinvestment/rules.h"
#include "services/reinvestment/store.h"

static json_t *shift_to_json(const struct left_shift *shift)
{
    json_t *object = json_object(), *links = json_array();
    for (int i = 0; i < shift->link_count; i++)
        json_push_new(links, json_string(shift->links[i]));
    json_put_text(object, "id", shift->id);
    json_put_text(object, "organisation", shift->organisation);
    json_put_text(object, "specialty", shift->specialty);
    json_put_text(object, "fromSetting", shift->from_setting);
    json_put_text(object, "toSetting", shift->to_setting);
    json_put_integer(object, "monthlyVolume", shift->monthly_volume);
    json_put_money(object, "unitCostBefore", shift->before_pence);
    json_put_money(object, "unitCostAfter", shift->after_pence);
    json_put_money(object, "surplus", shift->surplus_pence);
    json_put_text(object, "evidence", shift->evidence);
    json_put_new(object, "links", links);
    json_put_text(object, "reason", shift->reason);
    json_put_instant(object, "recordedAt", shift->recorded_ms);
    json_put_text(object, "recordedBy", shift->recorded_by);
    json_put_integer(object, "version", shift->version);
    return object;
}

static bool reply_shifts(struct request *request, struct reply *reply, const struct page *page,
                         const struct db_rows *rows, const char *key, struct problem *err)
{
    json_auto_t *items = json_array();
    for (int row = 0; row < rows->count; row++) {
        struct left_shift shift = {.version = 0};
        if (!left_shift_of_row(rows, row, &shift, err))
            return false;
        json_push_new(items, shift_to_json(&shift));
    }
    list_reply(request, reply, page, STEAL(items), key);
    return true;
}

bool list_left_shifts(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {0};
    return page_begin(request, &page, err) &&
           store_left_shift_list(request->tx, request_query(request, "organisation"), page.after,
                                 page.limit, &rows, err) &&
           reply_shifts(request, reply, &page, &rows, "id", err);
}

bool list_left_shift_versions(struct request *request, struct reply *reply, struct problem *err)
{
    struct left_shift shift = {.version = 0};
    struct page page;
    db_rows_auto_t rows = {0};
    return store_left_shift_get(request->tx, request_path(request, "leftShiftId"), &shift, err) &&
           page_begin(request, &page, err) &&
           store_left_shift_version_list(request->tx, shift.id, page.after, page.limit, &rows,
                                         err) &&
           reply_shifts(request, reply, &page, &rows, "version", err);
}

bool get_left_shift(struct request *request, struct reply *reply, struct problem *err)
{
    struct left_shift shift = {.version = 0};
    if (!store_left_shift_get(request->tx, request_path(request, "leftShiftId"), &shift, err))
        return false;
    reply_ok(reply, shift_to_json(&shift), shift.version);
    return true;
}

bool get_left_shift_version(struct request *request, struct reply *reply, struct problem *err)
{
    struct left_shift shift = {.version = 0};
    int64_t number = strtoll(request_path(request, "number"), NULL, 10);
    if (!store_left_shift_version_get(request->tx, request_path(request, "leftShiftId"), number,
                                      &shift, err))
        return false;
    reply_ok(reply, shift_to_json(&shift), shift.version);
    return true;
}

/* Only what the body has, so that a record and its revision are read alike. */
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

static void links_take(const json_t *body, struct left_shift *ret)
{
    const json_t *array = json_member(body, "links");
    if (array == NULL)
        return;
    size_t i;
    json_t *item;
    ret->link_count = 0;
    json_array_foreach(array, i, item)
    {
        snprintf(ret->links[ret->link_count++], REF_SIZE, "%s", json_string_value(item));
    }
}

static void shift_take(const json_t *body, struct left_shift *ret)
{
    text_take(body, "specialty", ret->specialty, sizeof(ret->specialty));
    text_take(body, "fromSetting", ret->from_setting, sizeof(ret->from_setting));
    text_take(body, "toSetting", ret->to_setting, sizeof(ret->to_setting));
    ret->monthly_volume = json_integer_or(body, "monthlyVolume", ret->monthly_volume);
    money_take(body, "unitCostBefore", &ret->before_pence);
    money_take(body, "unitCostAfter", &ret->after_pence);
    text_take(body, "evidence", ret->evidence, sizeof(ret->evidence));
    text_take(body, "reason", ret->reason, sizeof(ret->reason));
    links_take(body, ret);
}

/* The next version, by this person. */
static bool shift_record(struct request *request, struct left_shift *shift,
                         const struct person *person, struct problem *err)
{
    shift_take(request->body, shift);
    shift->recorded_ms = request->now_ms;
    snprintf(shift->recorded_by, sizeof(shift->recorded_by), "%s", person->appointment_id);
    shift->version++;
    return left_shift_words_check(shift, err) && left_shift_compute(shift, err) &&
           event_left_shift_recorded(request->act, shift, err);
}

bool record_left_shift(struct request *request, struct reply *reply, struct problem *err)
{
    struct person person;
    struct left_shift shift = {.version = 0};
    if (!person_of_request(request, &person, err))
        return false;
    uuid_new(request->now_ms, shift.id);
    snprintf(shift.organisation, sizeof(shift.organisation), "%s", person.organisation);
    if (!shift_record(request, &shift, &person, err))
        return false;
    char ref[REF_SIZE];
    left_shift_ref(&shift, ref);
    reply_created(reply, shift_to_json(&shift), ref, shift.version);
    return true;
}

bool revise_left_shift(struct request *request, struct reply *reply, struct problem *err)
{
    struct person person;
    struct left_shift shift = {.version = 0};
    if (!person_of_request(request, &person, err) ||
        !store_left_shift_get(request->tx, request_path(request, "leftShiftId"), &shift, err) ||
        !request_match(request, shift.version, err) ||
        !left_shift_check_owner(&shift, person.organisation, err) ||
        !shift_record(request, &shift, &person, err))
        return false;
    reply_ok(reply, shift_to_json(&shift), shift.version);
    return true;
}
