/* The register of interests, and the chair's rulings. */
#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "services/membership/api/handlers.h"
#include "services/membership/api/present.h"
#include "services/membership/closing.h"
#include "services/membership/conflicts.h"
#include "services/membership/events.h"
#include "services/membership/rules/decision.h"
#include "services/membership/rules/interest.h"
#include "services/membership/rules/terms.h"
#include "services/membership/store/column.h"
#include "services/membership/store/decision.h"
#include "services/membership/store/interest.h"
#include "services/membership/store/roster.h"

/* --- the register --- */

/* By who speaks for the organisation, or by the person whose interest it is. */
static bool holder_check(const struct request *request, const struct interest *interest,
                         struct problem *err)
{
    const struct standing *standing = &request->standing;
    if (standing_speaks_for(standing, interest->organisation) != NULL)
        return true;
    for (int i = 0; i < standing->appointment_count; i++)
        if (strcmp(standing->appointments[i].id, interest->appointment_id) == 0)
            return true;
    return problem_set(err, PROBLEM_ROLE_MISSING,
                       "an interest is declared by the person, or by who speaks for %s",
                       interest->organisation);
}

/* The person holds a post for that organisation. */
static bool person_check(struct request *request, const struct interest *interest,
                         struct problem *err)
{
    struct tenure tenure;
    char name[NAME_SIZE];
    if (interest->appointment_id[0] == '\0')
        return true;
    if (!store_tenure_get(request->tx, interest->appointment_id, &tenure, name, err)) {
        if (err->code != PROBLEM_NOT_FOUND)
            return false;
        problem_clear(err);
        tenure.organisation[0] = '\0';
    }
    if (strcmp(tenure.organisation, interest->organisation) == 0)
        return true;
    return problem_add(err, PROBLEM_REFERENCE_UNKNOWN, "unknown-appointment", "/appointmentId",
                       "%s has no such appointment", interest->organisation);
}

static void interest_of_json(const struct request *request, struct interest *ret_interest)
{
    const json_t *body = request->body;
    *ret_interest = (struct interest){
        .type = interest_type_of(json_text(body, "type")),
        .starts_on = json_day(body, "startsOn"),
        .ends_on = json_day(body, "endsOn"),
        .declared_ms = request->now_ms,
        .refreshed_ms = request->now_ms,
        .version = 1,
    };
    uuid_new(request->now_ms, ret_interest->id);
    json_copy_text(body, "organisation", ret_interest->organisation, ODS_SIZE);
    json_copy_text(body, "appointmentId", ret_interest->appointment_id, UUID_SIZE);
    json_copy_text(body, "description", ret_interest->description, TEXT_SIZE);
    json_copy_text(body, "inOrganisation", ret_interest->in_organisation, ODS_SIZE);
    json_copy_text(body, "inReference", ret_interest->in_reference, REF_SIZE);
}

/* As it is read, with what its person is tied to. */
static bool interest_read(struct request *request, const char *id, struct interest *ret_interest,
                          json_t **ret_tied_to, struct problem *err)
{
    db_rows_auto_t rows = {0};
    const struct interest_filter filter = {.id = id, .limit = 1, .now_ms = request->now_ms};
    if (!store_interest_list(request->tx, &filter, &rows, err))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no interest %s", id);
    interest_of_row(&rows, 0, ret_interest);
    return column_json(&rows, 0, "tied_to", ret_tied_to, err);
}

bool interest_declare(struct request *request, struct reply *reply, struct problem *err)
{
    struct interest interest;
    struct partner partner;
    bool is_known = false;
    json_t *tied_to = NULL;
    if (!command_begin(request, err))
        return false;
    interest_of_json(request, &interest);
    if (!store_partner_find(request->tx, interest.organisation, &partner, &is_known, err) ||
        !interest_decide(&interest, is_known ? &partner : NULL, err) ||
        !person_check(request, &interest, err) || !holder_check(request, &interest, err) ||
        !event_interest(request->act, "declared", &interest, err) ||
        !conflicts_meet_interest(request->act, interest.id, err) ||
        !interest_read(request, interest.id, &interest, &tied_to, err))
        return false;
    char ref[REF_SIZE];
    snprintf(ref, sizeof ref, "interests/%s", interest.id);
    reply_created(reply, interest_present(&interest, tied_to, request->now_ms), ref,
                  interest.version);
    return true;
}

bool interest_list(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {0};
    if (!page_begin(request, &page, err))
        return false;
    const struct interest_filter filter = {.organisation = request_query(request, "organisation"),
                                           .state = request_query(request, "state"),
                                           .after = page.after,
                                           .limit = page.limit,
                                           .now_ms = request->now_ms};
    if (!store_interest_list(request->tx, &filter, &rows, err))
        return false;
    json_auto_t *items = json_array();
    for (int row = 0; row < rows.count; row++) {
        struct interest interest;
        json_t *tied_to = NULL;
        interest_of_row(&rows, row, &interest);
        if (!column_json(&rows, row, "tied_to", &tied_to, err))
            return false;
        json_push_new(items, interest_present(&interest, tied_to, request->now_ms));
    }
    list_reply(request, reply, &page, STEAL(items), "id");
    return true;
}

bool interest_get(struct request *request, struct reply *reply, struct problem *err)
{
    struct interest interest;
    json_t *tied_to = NULL;
    if (!interest_read(request, request_path(request, "interestId"), &interest, &tied_to, err))
        return false;
    reply_ok(reply, interest_present(&interest, tied_to, request->now_ms), interest.version);
    return true;
}

bool interest_confirm(struct request *request, struct reply *reply, struct problem *err)
{
    struct interest interest;
    json_auto_t *tied_to = NULL;
    if (!command_begin(request, err) ||
        !interest_read(request, request_path(request, "interestId"), &interest, &tied_to, err) ||
        !holder_check(request, &interest, err) ||
        !interest_refresh(&interest, json_day(request->body, "endsOn"),
                          instant_day(request->now_ms), request->now_ms, err) ||
        !event_interest(request->act, "refreshed", &interest, err))
        return false;
    reply_ok(reply, interest_present(&interest, STEAL(tied_to), request->now_ms), interest.version);
    return true;
}

/* --- rulings --- */

static json_t *ruling_new(const struct request *request, const char *decision_id,
                          const struct elector *elector)
{
    char id[UUID_SIZE];
    json_t *ruling = json_object();
    uuid_new(request->now_ms, id);
    json_put_text(ruling, "id", id);
    json_put_text(ruling, "decisionId", decision_id);
    json_put_text(ruling, "organisation", elector->organisation);
    json_put_text(ruling, "outcome", json_text(request->body, "outcome"));
    json_put_text(ruling, "conflict", elector->conflict);
    json_put_text(ruling, "reason", json_text(request->body, "reason"));
    json_put_instant(ruling, "ruledAt", request->now_ms);
    json_put_text(ruling, "appointmentId", request->act->actor.appointment_id);
    return ruling;
}

bool ruling_record(struct request *request, struct reply *reply, struct problem *err)
{
    decision_auto_t decision = {0};
    electorate_auto_t electorate = {0};
    if (!command_begin(request, err) || !decision_of_path(request, &decision, NULL, err) ||
        !store_electorate_get(request->tx, decision.id, &electorate, err) ||
        !decision_check_open(&decision, request->now_ms, err))
        return false;
    struct elector *elector =
        electorate_find(&electorate, json_text(request->body, "organisation"));
    const struct appointment *chair =
        standing_appointment(&request->standing, post_name(POST_CHAIR), NULL);
    if (!ruling_decide(elector, chair != NULL ? chair->organisation : "", err))
        return false;
    elector_rule(elector, ruling_of(json_text(request->body, "outcome")),
                 json_text(request->body, "reason"), request->now_ms);
    json_auto_t *ruling = ruling_new(request, decision.id, elector);
    if (!event_ruled(request->act, &decision, elector, ruling, err) ||
        !decision_end_early(request->act, &decision, &electorate, request->now_ms, err))
        return false;
    char ref[REF_SIZE];
    snprintf(ref, sizeof ref, "decisions/%s/rulings", decision.id);
    json_object_del(ruling, "decisionId");
    reply_created(reply, STEAL(ruling), ref, 0);
    return true;
}

bool ruling_list(struct request *request, struct reply *reply, struct problem *err)
{
    static const char *const texts[][2] = {
        {"id", "id"},           {"organisation", "organisation"},
        {"outcome", "outcome"}, {"conflict", "conflict"},
        {"reason", "reason"},   {"appointmentId", "appointment_id"},
    };
    struct page page;
    decision_auto_t decision = {0};
    db_rows_auto_t rows = {0};
    if (!decision_of_path(request, &decision, NULL, err) || !page_begin(request, &page, err) ||
        !store_ruling_list(request->tx, decision.id, page.after, page.limit, &rows, err))
        return false;
    json_t *items = json_array();
    for (int row = 0; row < rows.count; row++) {
        json_t *item = json_object();
        for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
            json_put_text(item, texts[i][0], row_text(&rows, row, texts[i][1]));
        json_put_instant(item, "ruledAt", row_instant(&rows, row, "ruled_at"));
        json_push_new(items, item);
    }
    list_reply(request, reply, &page, items, "id");
    return true;
}
