/* Alliances: founding, and what they say of themselves. */
#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "common/subject.h"
#include "services/membership/api/handlers.h"
#include "services/membership/api/present.h"
#include "services/membership/events.h"
#include "services/membership/opening.h"
#include "services/membership/rules/agreement.h"
#include "services/membership/rules/partner.h"
#include "services/membership/rules/terms.h"
#include "services/membership/store/agreement.h"
#include "services/membership/store/roster.h"
#include "services/membership/subjects.h"

/* --- founding --- */

/* The people of a founding: each founder's representative, then the director. */
struct founding_people {
    struct tenure tenures[FOUNDERS_MAX + 1];
    const char *names[FOUNDERS_MAX + 1];
    int count;
};

static void person_add(struct founding_people *people, const json_t *person, enum post post,
                       const char *organisation, int64_t now_ms)
{
    struct tenure *tenure = &people->tenures[people->count];
    *tenure =
        (struct tenure){.post = post, .starts_ms = now_ms, .ends_ms = INSTANT_NONE, .version = 1};
    uuid_new(now_ms, tenure->id);
    snprintf(tenure->organisation, sizeof tenure->organisation, "%s", organisation);
    tenure_of_person(person, tenure, &people->names[people->count]);
    people->count++;
}

static void founder_of_json(const json_t *body, struct partner *ret_founder)
{
    *ret_founder = (struct partner){
        .role = partner_role_of(json_text(body, "role")),
        .is_voting = json_flag(body, "isVoting"),
        .is_founder = true,
        .status = PARTNER_PROPOSED,
        .joined_on = DAY_NONE,
        .left_on = DAY_NONE,
        .version = 1,
    };
    json_copy_text(body, "organisation", ret_founder->organisation,
                   sizeof ret_founder->organisation);
    json_copy_text(body, "name", ret_founder->name, sizeof ret_founder->name);
}

static bool person_is_caller(const json_t *person, const struct caller *caller)
{
    return strcmp(json_text(person, "issuer"), caller->issuer) == 0 &&
           strcmp(json_text(person, "subject"), caller->subject) == 0;
}

static void founding_of_json(const struct request *request, struct founding *ret_founding,
                             struct founding_people *ret_people)
{
    const json_t *director = json_member(request->body, "director");
    const json_t *agreement = json_member(request->body, "agreement");
    *ret_founding = (struct founding){
        .starts_on = json_day(request->body, "startsOn"),
        .ends_on = json_day(request->body, "endsOn"),
        .agreement_starts_on = json_day(agreement, "startsOn"),
        .deadline_ms = json_instant(request->body, "foundingDeadlineAt"),
        .has_director = director != NULL,
    };
    memcpy(ret_founding->caller_organisation, request->caller.organisation, ODS_SIZE);
    size_t i;
    json_t *founder;
    json_array_foreach(json_object_get(request->body, "founders"), i, founder)
    {
        struct partner *partner = &ret_founding->founders[ret_founding->founder_count++];
        founder_of_json(founder, partner);
        person_add(ret_people, json_member(founder, "representative"), POST_PARTNER_REPRESENTATIVE,
                   partner->organisation, request->now_ms);
    }
    if (director == NULL)
        return;
    json_copy_text(director, "organisation", ret_founding->director_organisation, ODS_SIZE);
    ret_founding->caller_is_director = person_is_caller(director, &request->caller);
    person_add(ret_people, director, POST_ALLIANCE_DIRECTOR, ret_founding->director_organisation,
               request->now_ms);
}

static void alliance_of_founding(const struct request *request, struct alliance *ret_alliance)
{
    *ret_alliance = (struct alliance){
        .objectives = json_incref(json_object_get(request->body, "objectives")),
        .principles = json_incref(json_object_get(request->body, "principles")),
        .starts_on = json_day(request->body, "startsOn"),
        .ends_on = json_day(request->body, "endsOn"),
        .status = ALLIANCE_FORMING,
        .created_ms = request->now_ms,
        .version = 1,
    };
    memcpy(ret_alliance->id, request->alliance_id, UUID_SIZE);
    json_copy_text(request->body, "name", ret_alliance->name, sizeof ret_alliance->name);
    json_copy_text(request->body, "purpose", ret_alliance->purpose, sizeof ret_alliance->purpose);
    uuid_new(request->now_ms, ret_alliance->founding_decision_id);
}

static void agreement_of_founding(const struct request *request,
                                  struct agreement_version *ret_version)
{
    const json_t *agreement = json_member(request->body, "agreement");
    *ret_version = (struct agreement_version){
        .number = 1,
        .starts_on = json_day(agreement, "startsOn"),
        .summary = "The founding agreement.",
        .parameters = json_incref(json_object_get(agreement, "parameters")),
        .state = AGREEMENT_DRAFT,
        .drafted_ms = request->now_ms,
        .adopted_ms = INSTANT_NONE,
        .version = 1,
    };
}

static bool founding_open(struct request *request, const struct alliance *alliance,
                          const struct founding_people *people, struct problem *err)
{
    json_auto_t *described = NULL;
    const struct tenure *opener = NULL;
    for (int i = 0; i < people->count; i++)
        if (strcmp(people->tenures[i].issuer, request->caller.issuer) == 0 &&
            strcmp(people->tenures[i].subject, request->caller.subject) == 0)
            opener = &people->tenures[i];
    const struct opening opening = {
        .id = alliance->founding_decision_id,
        .subject = "alliance",
        .effect = "found",
        .question = "Shall the alliance be founded as described?",
        .rationale = alliance->purpose,
        .deadline_ms = json_instant(request->body, "foundingDeadlineAt"),
        .organisation = opener != NULL ? opener->organisation : request->caller.organisation,
        .appointment_id = opener != NULL ? opener->id : "",
    };
    return subject_freeze(request->act, &MEMBERSHIP_SUBJECTS, &request->standing, opening.subject,
                          opening.effect, opening.id, &described, err) &&
           decision_open(request->act, &opening, described, err);
}

static bool names_add(struct request *request, const struct founding_people *people,
                      struct problem *err)
{
    for (int i = 0; i < people->count; i++)
        if (!store_person_name_add(request->tx, people->tenures[i].id, people->names[i], err))
            return false;
    return true;
}

bool alliance_found(struct request *request, struct reply *reply, struct problem *err)
{
    struct founding founding;
    struct founding_people people = {.count = 0};
    struct agreement_terms terms;
    alliance_auto_t alliance = {0};
    agreement_auto_t version = {0};
    founding_of_json(request, &founding, &people);
    alliance_of_founding(request, &alliance);
    agreement_of_founding(request, &version);
    agreement_terms_of_json(version.parameters, &terms);
    if (!texts_check(request->body, err))
        return false;
    bool is_fine = founding_decide(&founding, request->now_ms, err);
    if (is_fine || err->code != PROBLEM_NOT_ELIGIBLE)
        is_fine &= agreement_check(&terms, founding.founders, founding.founder_count,
                                   "/agreement/parameters", err);
    if (!is_fine ||
        !event_alliance_founded(request->act, &alliance, founding.founders, founding.founder_count,
                                people.tenures, people.count, &version, err) ||
        !names_add(request, &people, err) || !founding_open(request, &alliance, &people, err))
        return false;
    reply_created(reply, alliance_present(&alliance), "alliance", alliance.version);
    return true;
}

/* --- the rest --- */

bool alliance_list(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {0};
    if (!page_begin(request, &page, err) ||
        !store_alliance_list(request->tx, &request->caller, page.after, page.limit, &rows, err))
        return false;
    json_auto_t *items = json_array();
    for (int row = 0; row < rows.count; row++) {
        alliance_auto_t alliance = {0};
        if (!alliance_of_row(&rows, row, &alliance, err))
            return false;
        json_push_new(items, alliance_present(&alliance));
    }
    list_reply(request, reply, &page, STEAL(items), "id");
    return true;
}

bool alliance_get(struct request *request, struct reply *reply, struct problem *err)
{
    alliance_auto_t alliance = {0};
    if (!store_alliance_get(request->tx, &alliance, err))
        return false;
    reply_ok(reply, alliance_present(&alliance), alliance.version);
    return true;
}

static void list_change(const json_t *body, const char *name, struct json_t **list)
{
    json_t *given = json_object_get(body, name);
    if (!json_is_array(given))
        return;
    json_decref(*list);
    *list = json_incref(given);
}

static void alliance_reword(const json_t *body, struct alliance *alliance)
{
    if (json_text(body, "name") != NULL)
        json_copy_text(body, "name", alliance->name, sizeof alliance->name);
    if (json_text(body, "purpose") != NULL)
        json_copy_text(body, "purpose", alliance->purpose, sizeof alliance->purpose);
    list_change(body, "objectives", &alliance->objectives);
    list_change(body, "principles", &alliance->principles);
    alliance->version++;
}

bool alliance_change(struct request *request, struct reply *reply, struct problem *err)
{
    alliance_auto_t alliance = {0};
    if (!command_begin(request, err) || !store_alliance_get(request->tx, &alliance, err) ||
        !request_match(request, alliance.version, err) ||
        !subject_check_thawed(request->act, "alliance", err))
        return false;
    alliance_reword(request->body, &alliance);
    if (!event_alliance_changed(request->act, &alliance, err))
        return false;
    reply_ok(reply, alliance_present(&alliance), alliance.version);
    return true;
}
