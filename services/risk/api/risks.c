#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "services/risk/api/handlers.h"
#include "services/risk/events.h"
#include "services/risk/rules.h"
#include "services/risk/store.h"

/* Model -> JSON
 * ---------------------------------------------------------------------------------------- */

static json_t *owner_to_json(const struct risk *risk)
{
    if (risk->owner_organisation[0] == '\0')
        return NULL;
    json_t *object = json_object();
    json_put_text(object, "organisation", risk->owner_organisation);
    json_put_text(object, "appointmentId", risk->owner_appointment_id);
    return object;
}

static json_t *organisations_to_json(const char organisations[][ODS_SIZE], int count)
{
    json_t *array = json_array();
    for (int i = 0; i < count; i++)
        json_push_new(array, json_string(organisations[i]));
    return array;
}

static json_t *links_to_json(const struct risk *risk)
{
    json_t *array = json_array();
    for (int i = 0; i < risk->link_count; i++)
        json_push_new(array, json_string(risk->links[i]));
    return array;
}

static json_t *signatures_to_json(const struct risk *risk)
{
    if (risk->signature_count == 0)
        return NULL;
    json_t *array = json_array();
    for (int i = 0; i < risk->signature_count; i++) {
        json_t *item = json_object();
        json_put_text(item, "as", risk->signatures[i].role);
        json_put_instant(item, "signedAt", risk->signatures[i].signed_ms);
        json_put_text(item, "signedBy", risk->signatures[i].signed_by);
        json_push_new(array, item);
    }
    return array;
}

static json_t *evidence_to_json(const struct evidence *evidence)
{
    if (evidence->signal[0] == '\0')
        return NULL;
    json_t *object = json_object();
    json_put_text(object, "signal", evidence->signal);
    json_put_text(object, "indicator", evidence->indicator);
    json_put_text(object, "organisation", evidence->organisation);
    json_put_text(object, "month", evidence->month);
    json_put_text(object, "kind", evidence->kind);
    return object;
}

static void current_put(json_t *object, const struct rating *current)
{
    if (!rating_is_given(current))
        return;
    json_put_integer(object, "likelihood", current->likelihood);
    json_put_integer(object, "consequence", current->consequence);
    json_put_integer(object, "score", current->score);
    json_put_text(object, "band", band_word(current->band));
    json_put_integer(object, "criteriaVersion", current->criteria_version);
}

static json_t *risk_to_json(const struct risk *risk)
{
    json_t *object = json_object();
    json_put_text(object, "id", risk->id);
    json_put_text(object, "title", risk->title);
    json_put_text(object, "cause", risk->cause);
    json_put_text(object, "event", risk->event);
    json_put_text(object, "effect", risk->effect);
    json_put_text(object, "category", category_word(risk->category));
    json_put_new(object, "owner", owner_to_json(risk));
    json_put_new(object, "supportingOrganisations",
                 organisations_to_json(risk->supporting, risk->supporting_count));
    json_put_new(object, "links", links_to_json(risk));
    if (risk->restricted_count > 0)
        json_put_new(object, "restrictedTo",
                     organisations_to_json(risk->restricted_to, risk->restricted_count));
    json_put_new(object, "evidence", evidence_to_json(&risk->evidence));
    current_put(object, &risk->current);
    json_put_new(object, "initial", rating_to_json(&risk->initial));
    json_put_new(object, "target", rating_to_json(&risk->target));
    json_put_text(object, "state", risk_state_word(risk->state));
    json_put_new(object, "signatures", signatures_to_json(risk));
    json_put_instant(object, "loggedAt", risk->logged_ms);
    json_put_day(object, "nextReviewOn", risk->next_review_day);
    json_put_integer(object, "reviewCount", risk->review_number);
    json_put_instant(object, "changedAt", risk->changed_ms);
    json_put_text(object, "changedBy", risk->changed_by);
    json_put_text(object, "changedOrganisation", risk->changed_organisation);
    json_put_text(object, "change", risk_change_word(risk->change));
    json_put_text(object, "reason", risk->reason);
    if (risk->score_number > 0)
        json_put_integer(object, "scoreNumber", risk->score_number);
    json_put_integer(object, "version", risk->version);
    return object;
}

void reply_risk(struct reply *reply, const struct risk *risk)
{
    reply_ok(reply, risk_to_json(risk), risk->version);
}

/* JSON -> model: only what the body has, so that a new risk and its revision are read alike
 * ------------- */

static void text_take(const json_t *body, const char *name, char *ret_text, size_t size)
{
    if (json_member(body, name) != NULL)
        json_copy_text(body, name, ret_text, size);
}

static void organisations_take(const json_t *body, const char *name,
                               char ret_organisations[][ODS_SIZE], int *ret_count)
{
    const json_t *array = json_member(body, name);
    if (array == NULL)
        return;
    size_t i;
    json_t *item;
    *ret_count = 0;
    json_array_foreach(array, i, item)
    {
        snprintf(ret_organisations[(*ret_count)++], ODS_SIZE, "%s", json_string_value(item));
    }
}

static void links_take(const json_t *body, struct risk *ret)
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

void risk_take(const json_t *body, struct risk *ret)
{
    const json_t *owner = json_member(body, "owner");
    text_take(body, "title", ret->title, sizeof(ret->title));
    text_take(body, "cause", ret->cause, sizeof(ret->cause));
    text_take(body, "event", ret->event, sizeof(ret->event));
    text_take(body, "effect", ret->effect, sizeof(ret->effect));
    if (json_text(body, "category") != NULL)
        ret->category = category_of_word(json_text(body, "category"));
    if (owner != NULL) {
        json_copy_text(owner, "organisation", ret->owner_organisation,
                       sizeof(ret->owner_organisation));
        json_copy_text(owner, "appointmentId", ret->owner_appointment_id,
                       sizeof(ret->owner_appointment_id));
    }
    organisations_take(body, "supportingOrganisations", ret->supporting, &ret->supporting_count);
    organisations_take(body, "restrictedTo", ret->restricted_to, &ret->restricted_count);
    links_take(body, ret);
}

/* Reading
 * -------------------------------------------------------------------------------------------------
 */

static struct risk_filter filter_of_request(const struct request *request)
{
    return (struct risk_filter){.state = request_query(request, "state"),
                                .band = request_query(request, "band"),
                                .category = request_query(request, "category"),
                                .owner = request_query(request, "owner"),
                                .overdue = request_query(request, "overdue")};
}

static bool reply_risks(struct request *request, struct reply *reply, const struct page *page,
                        const struct db_rows *rows, const char *key, struct problem *err)
{
    json_auto_t *items = json_array();
    for (int row = 0; row < rows->count; row++) {
        struct risk risk = {0};
        if (!risk_of_row(rows, row, &risk, err))
            return false;
        json_push_new(items, risk_to_json(&risk));
    }
    list_reply(request, reply, page, STEAL(items), key);
    return true;
}

bool list_risks(struct request *request, struct reply *reply, struct problem *err)
{
    struct risk_filter filter = filter_of_request(request);
    struct page page;
    db_rows_auto_t rows = {0};
    char known[KNOWN_SIZE];
    known_of_request(request, known);
    return page_begin(request, &page, err) &&
           store_risk_list(request->tx, known, &filter, page.after, page.limit, &rows, err) &&
           reply_risks(request, reply, &page, &rows, "id", err);
}

bool list_register(struct request *request, struct reply *reply, struct problem *err)
{
    struct risk_filter filter = filter_of_request(request);
    struct page page;
    db_rows_auto_t rows = {0};
    int32_t day;
    char known[KNOWN_SIZE];
    known_of_request(request, known);
    if (!day_parse(request_query(request, "on"), &day))
        return problem_add(err, PROBLEM_PARAMETER_INVALID, "date", "?on", "there is no such day");
    return page_begin(request, &page, err) &&
           store_register_list(request->tx, known, &filter, day, page.after, page.limit, &rows,
                               err) &&
           reply_risks(request, reply, &page, &rows, "id", err);
}

bool get_risk(struct request *request, struct reply *reply, struct problem *err)
{
    struct risk risk = {0};
    if (!risk_of_path(request, &risk, err))
        return false;
    reply_risk(reply, &risk);
    return true;
}

bool list_risk_history(struct request *request, struct reply *reply, struct problem *err)
{
    struct risk risk = {0};
    struct page page;
    db_rows_auto_t rows = {0};
    char known[KNOWN_SIZE];
    known_of_request(request, known);
    return risk_of_path(request, &risk, err) && page_begin(request, &page, err) &&
           store_risk_history_list(request->tx, known, risk.id, page.after, page.limit, &rows,
                                   err) &&
           reply_risks(request, reply, &page, &rows, "version", err);
}

/* Writing
 * ---------------------------------------------------------------------------------------------------
 */

static bool partner_check(const struct request *request, const char *organisation,
                          const char *pointer, struct problem *err)
{
    bool is_active;
    if (!store_partner_is_active(request->tx, organisation, &is_active, err))
        return false;
    return is_active || problem_add(err, PROBLEM_REFERENCE_UNKNOWN, "unknown-partner", pointer,
                                    "%s is not an active partner", organisation);
}

/* Who is newly named: partners. One that knew and has left since stays named. */
static bool restriction_references_check(const struct request *request, const struct risk *before,
                                         const struct risk *risk, struct problem *err)
{
    bool ok = true;
    for (int i = 0; i < risk->restricted_count; i++) {
        char pointer[FAULT_POINTER_SIZE];
        snprintf(pointer, sizeof(pointer), "/restrictedTo/%d", i);
        if (!risk_names(before, risk->restricted_to[i]))
            ok = partner_check(request, risk->restricted_to[i], pointer, err) && ok;
    }
    return ok;
}

bool risk_references_check(const struct request *request, const struct risk *before,
                           const struct risk *risk, struct problem *err)
{
    bool ok = partner_check(request, risk->owner_organisation, "/owner/organisation", err);
    bool is_of = true;
    if (risk->owner_appointment_id[0] != '\0' &&
        !store_appointment_is_of_organisation(request->tx, risk->owner_appointment_id,
                                              risk->owner_organisation, request->now_ms, &is_of,
                                              err))
        return false;
    if (!is_of)
        ok = problem_add(err, PROBLEM_REFERENCE_UNKNOWN, "unknown-appointment",
                         "/owner/appointmentId", "%s has no such appointment",
                         risk->owner_organisation);
    for (int i = 0; i < risk->supporting_count; i++) {
        char pointer[FAULT_POINTER_SIZE];
        snprintf(pointer, sizeof(pointer), "/supportingOrganisations/%d", i);
        ok = partner_check(request, risk->supporting[i], pointer, err) && ok;
    }
    return restriction_references_check(request, before, risk, err) && ok;
}

/* What a risk that is being logged was before. */
static const struct risk NO_RISK;

struct first_score first_score_take(const json_t *body)
{
    const json_t *target = json_member(body, "target");
    return (struct first_score){.likelihood = json_integer_or(body, "likelihood", 0),
                                .consequence = json_integer_or(body, "consequence", 0),
                                .target_likelihood = json_integer_or(target, "likelihood", 0),
                                .target_consequence = json_integer_or(target, "consequence", 0)};
}

bool log_risk(struct request *request, struct reply *reply, struct problem *err)
{
    const struct first_score given = first_score_take(request->body);
    struct editor editor;
    struct criteria criteria;
    struct risk risk = {0};
    struct score scores[2];
    if (!editor_of_request(request, &editor, err))
        return false;
    uuid_new(request->now_ms, risk.id);
    snprintf(risk.owner_organisation, sizeof(risk.owner_organisation), "%s", editor.organisation);
    risk_take(request->body, &risk);
    if (!risk_words_check(&risk, err) || !risk_restriction_check(&risk, &editor, err) ||
        !risk_references_check(request, &NO_RISK, &risk, err) ||
        !store_criteria_in_force(request->tx, &criteria, err))
        return false;
    int count = risk_log(&risk, &criteria, &given, &editor, scores);
    if (!event_risk_changed(request->act, &risk, scores, count, err))
        return false;
    char ref[REF_SIZE];
    risk_ref(&risk, ref);
    reply_created(reply, risk_to_json(&risk), ref, risk.version);
    return true;
}

bool revise_risk(struct request *request, struct reply *reply, struct problem *err)
{
    const char *reason = json_text(request->body, "reason");
    struct editor editor;
    struct risk risk = {0};
    if (!editor_of_request(request, &editor, err) || !risk_of_path(request, &risk, err) ||
        !request_match(request, risk.version, err) || !risk_revise(&risk, reason, &editor, err))
        return false;
    const struct risk before = risk;
    risk_take(request->body, &risk);
    bool ok = text_check("/reason", reason, err);
    if (!risk_words_check(&risk, err) || !ok || !risk_widening_check(&before, &risk, err) ||
        !risk_restriction_check(&risk, NULL, err) ||
        !risk_references_check(request, &before, &risk, err) ||
        !event_risk_changed(request->act, &risk, NULL, 0, err))
        return false;
    reply_risk(reply, &risk);
    return true;
}

bool close_risk(struct request *request, struct reply *reply, struct problem *err)
{
    const char *reason = json_text(request->body, "reason");
    struct editor editor;
    struct risk risk = {0};
    if (!text_check("/reason", reason, err) || !editor_of_request(request, &editor, err) ||
        !risk_of_path(request, &risk, err) || !risk_close(&risk, reason, &editor, err) ||
        !event_risk_changed(request->act, &risk, NULL, 0, err))
        return false;
    reply_risk(reply, &risk);
    return true;
}

/* Whether one of the signatures so far is the caller's own, in whatever role. */
static bool signatures_are_of_caller(const struct request *request, const struct risk *risk,
                                     bool *ret_is_same, struct problem *err)
{
    *ret_is_same = false;
    for (int i = 0; i < risk->signature_count; i++) {
        bool is_of;
        if (!store_appointment_is_of_person(request->tx, risk->signatures[i].signed_by,
                                            request->caller.issuer, request->caller.subject, &is_of,
                                            err))
            return false;
        *ret_is_same |= is_of;
    }
    return true;
}

bool sign_closure(struct request *request, struct reply *reply, struct problem *err)
{
    const char *role = json_text(request->body, "as");
    const struct appointment *appointment =
        standing_acts_by(&request->standing, (const char *const[]){role, NULL});
    struct editor editor = {.now_ms = request->now_ms};
    struct risk risk = {0};
    bool is_same_person;
    if (appointment == NULL)
        return problem_set(err, PROBLEM_ROLE_MISSING, "you are not the %s", role);
    snprintf(editor.appointment_id, sizeof(editor.appointment_id), "%s", appointment->id);
    snprintf(editor.organisation, sizeof(editor.organisation), "%s", appointment->organisation);
    if (!risk_of_path(request, &risk, err) ||
        !signatures_are_of_caller(request, &risk, &is_same_person, err) ||
        !risk_sign(&risk, role, is_same_person, &editor, err) ||
        !event_risk_changed(request->act, &risk, NULL, 0, err))
        return false;
    reply_risk(reply, &risk);
    return true;
}
