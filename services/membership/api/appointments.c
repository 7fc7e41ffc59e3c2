/* Appointments: who acts for whom. What changes one answers without the person's name: the answer
 * is kept for whoever repeats the request, and a name shall be in one place, where it can be
 * erased. */
#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "services/membership/api/handlers.h"
#include "services/membership/api/present.h"
#include "services/membership/events.h"
#include "services/membership/rules/appointment.h"
#include "services/membership/rules/group.h"
#include "services/membership/rules/terms.h"
#include "services/membership/store/group.h"
#include "services/membership/store/roster.h"

/* What is known of a post when somebody shall be appointed to it. */
struct vacancy {
    struct tenure holder;
    bool has_holder;   /* of a post that one person holds */
    bool has_deputy;   /* the organisation has */
    bool is_duplicate; /* the person holds it already */
    struct partner partner;
    bool has_partner;
};

/* A vacant organisation is spoken for by its deputies. */
static bool deputies_look(struct request *request, const struct tenure *tenure,
                          struct vacancy *vacancy, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!store_tenure_holders(request->tx, POST_DEPUTY, tenure->organisation, request->now_ms,
                              &rows, err))
        return false;
    vacancy->has_deputy = rows.count > 0;
    return true;
}

static bool vacancy_load(struct request *request, const struct tenure *tenure,
                         struct vacancy *ret_vacancy, struct problem *err)
{
    db_rows_auto_t rows = {0};
    const char *of = post_is_organisations(tenure->post) ? tenure->organisation : NULL;
    *ret_vacancy = (struct vacancy){.has_holder = false};
    if (!store_tenure_holders(request->tx, tenure->post, of, request->now_ms, &rows, err) ||
        !store_partner_find(request->tx, tenure->organisation, &ret_vacancy->partner,
                            &ret_vacancy->has_partner, err))
        return false;
    for (int row = 0; row < rows.count; row++) {
        struct tenure other;
        tenure_of_row(&rows, row, &other);
        ret_vacancy->is_duplicate |= strcmp(other.issuer, tenure->issuer) == 0 &&
                                     strcmp(other.subject, tenure->subject) == 0 &&
                                     strcmp(other.organisation, tenure->organisation) == 0 &&
                                     strcmp(other.group_code, tenure->group_code) == 0;
        if (!post_is_single(tenure->post))
            continue;
        ret_vacancy->holder = other;
        ret_vacancy->has_holder = true;
    }
    return deputies_look(request, tenure, ret_vacancy, err);
}

static void tenure_of_json(const struct request *request, struct tenure *ret_tenure,
                           const char **ret_name)
{
    *ret_tenure = (struct tenure){
        .post = post_of(json_text(request->body, "role")),
        .starts_ms = request->now_ms,
        .ends_ms = json_instant(request->body, "endsAt"),
        .version = 1,
    };
    json_copy_text(request->body, "organisation", ret_tenure->organisation, ODS_SIZE);
    json_copy_text(request->body, "group", ret_tenure->group_code, SHORT_CODE_SIZE);
    tenure_of_person(json_member(request->body, "person"), ret_tenure, ret_name);
}

/* A successor's row is written after its predecessor's, whose number is lower: rows of one table
 * are written in the order of their keys, and one person at a time holds the post. */
static void tenure_number(struct tenure *tenure, const struct vacancy *vacancy, int64_t now_ms)
{
    const bool is_same = vacancy->has_holder && vacancy->holder.starts_ms >= now_ms;
    uuid_new(is_same ? vacancy->holder.starts_ms + 1 : now_ms, tenure->id);
}

static bool holder_succeed(struct request *request, struct vacancy *vacancy, struct problem *err)
{
    if (!vacancy->has_holder)
        return true;
    tenures_end(&vacancy->holder, 1, request->now_ms);
    return event_appointment(request->act, "ended", &vacancy->holder, err);
}

static bool seat_load(struct request *request, const struct tenure *tenure, struct problem *err)
{
    struct groups groups;
    if (!store_groups_get(request->tx, &groups, err))
        return false;
    return seat_check(tenure, group_find(groups.groups, groups.count, tenure->group_code), err);
}

bool appointment_make(struct request *request, struct reply *reply, struct problem *err)
{
    struct tenure tenure;
    struct vacancy vacancy;
    const char *name = NULL;
    if (!command_begin(request, err))
        return false;
    tenure_of_json(request, &tenure, &name);
    if (!vacancy_load(request, &tenure, &vacancy, err))
        return false;
    if (!appointment_may_make(&request->standing, tenure.post, tenure.organisation,
                              vacancy.has_holder ? &vacancy.holder : NULL,
                              vacancy.has_holder || vacancy.has_deputy))
        return problem_set(err, PROBLEM_ROLE_MISSING, "you do not appoint the %s of %s",
                           post_name(tenure.post), tenure.organisation);
    if (!appointment_decide(&tenure, vacancy.has_partner ? &vacancy.partner : NULL,
                            vacancy.is_duplicate, request->now_ms, err) ||
        !seat_load(request, &tenure, err))
        return false;
    tenure_number(&tenure, &vacancy, request->now_ms);
    if (!holder_succeed(request, &vacancy, err) ||
        !event_appointment(request->act, "made", &tenure, err) ||
        !store_person_name_add(request->tx, tenure.id, name, err))
        return false;
    char ref[REF_SIZE];
    snprintf(ref, sizeof ref, "appointments/%s", tenure.id);
    reply_created(reply, tenure_present(&tenure, NULL), ref, tenure.version);
    return true;
}

bool appointment_list(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {0};
    int64_t in_force_ms = INSTANT_NONE;
    const char *in_force = request_query(request, "inForceAt");
    if (in_force != NULL && !instant_parse(in_force, &in_force_ms))
        return problem_add(err, PROBLEM_PARAMETER_INVALID, "format", "?inForceAt",
                           "this is no instant");
    const struct tenure_filter filter = {.organisation = request_query(request, "organisation"),
                                         .post = request_query(request, "role"),
                                         .group_code = request_query(request, "group"),
                                         .in_force_ms = in_force_ms};
    if (!page_begin(request, &page, err) ||
        !store_tenure_list(request->tx, &filter, page.after, page.limit, &rows, err))
        return false;
    json_t *items = json_array();
    for (int row = 0; row < rows.count; row++) {
        struct tenure tenure;
        tenure_of_row(&rows, row, &tenure);
        json_push_new(items, tenure_present(&tenure, row_text(&rows, row, "name")));
    }
    list_reply(request, reply, &page, items, "id");
    return true;
}

bool appointment_get(struct request *request, struct reply *reply, struct problem *err)
{
    struct tenure tenure;
    char name[NAME_SIZE];
    if (!store_tenure_get(request->tx, request_path(request, "appointmentId"), &tenure, name, err))
        return false;
    reply_ok(reply, tenure_present(&tenure, name), tenure.version);
    return true;
}

bool appointment_finish(struct request *request, struct reply *reply, struct problem *err)
{
    struct tenure tenure;
    char name[NAME_SIZE];
    if (!command_begin(request, err) ||
        !store_tenure_get(request->tx, request_path(request, "appointmentId"), &tenure, name, err))
        return false;
    if (!appointment_may_end(&request->standing, &tenure))
        return problem_set(err, PROBLEM_ROLE_MISSING,
                           "an appointment ends by the person, or by who fills the post");
    if (!appointment_end(&tenure, json_instant(request->body, "endsAt"), request->now_ms, err) ||
        !event_appointment(request->act, "ended", &tenure, err))
        return false;
    reply_ok(reply, tenure_present(&tenure, NULL), tenure.version);
    return true;
}

/* The event says that there was a name and who had it erased, never the name. */
bool appointment_erase_name(struct request *request, struct reply *reply, struct problem *err)
{
    struct tenure tenure;
    char name[NAME_SIZE];
    if (!command_begin(request, err) ||
        !store_tenure_get(request->tx, request_path(request, "appointmentId"), &tenure, name, err))
        return false;
    const bool is_self = strcmp(request->caller.issuer, tenure.issuer) == 0 &&
                         strcmp(request->caller.subject, tenure.subject) == 0;
    if (!is_self && !standing_sees_roster(&request->standing))
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no appointment %s",
                           request_path(request, "appointmentId"));
    if (!is_self && !appointment_may_erase_name(&request->standing, &tenure))
        return problem_set(err, PROBLEM_ROLE_MISSING,
                           "a name is erased by the person, by who speaks for %s, or by the "
                           "director",
                           tenure.organisation);
    tenure.version += name[0] != '\0';
    if (name[0] != '\0' && (!event_appointment(request->act, "unnamed", &tenure, err) ||
                            !store_person_name_erase(request->tx, tenure.id, err)))
        return false;
    reply_ok(reply, tenure_present(&tenure, NULL), tenure.version);
    return true;
}
