#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/json.h"
#include "common/spec.h"
#include "common/standing.h"
#include "services/membership/api/handlers.h"
#include "services/membership/closing.h"
#include "services/membership/rules/terms.h"
#include "services/membership/store/decision.h"

static bool member_is_free_text(const char *name)
{
    static const char *const names[] = {"name",    "purpose",     "objectives", "principles",
                                        "summary", "question",    "rationale",  "reason",
                                        "note",    "description", "text",       "audience"};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* `is_free`: the value stands in a member of free text. */
static bool value_check(const json_t *value, const char *pointer, bool is_free, struct problem *err)
{
    char below[FAULT_POINTER_SIZE];
    bool is_fine = true;
    size_t index;
    const char *name;
    json_t *member;
    if (json_is_string(value) && is_free && text_has_nhs_number(json_string_value(value)))
        return problem_add(err, PROBLEM_PERSONAL_DATA, "nhs-number", pointer,
                           "the text seems to hold an NHS number");
    json_array_foreach(value, index, member)
    {
        snprintf(below, sizeof below, "%.100s/%zu", pointer, index);
        is_fine &= value_check(member, below, is_free, err);
    }
    json_object_foreach((json_t *)value, name, member)
    {
        snprintf(below, sizeof below, "%.100s/%.40s", pointer, name);
        is_fine &= value_check(member, below, member_is_free_text(name), err);
    }
    return is_fine;
}

bool texts_check(const json_t *body, struct problem *err)
{
    return value_check(body, "", false, err);
}

bool command_begin(struct request *request, struct problem *err)
{
    const int64_t before = request->act->sequence;
    if (!texts_check(request->body, err) || !decisions_end_overdue(request->act, err))
        return false;
    if (request->act->sequence == before)
        return true;
    return standing_load(request->tx, &request->caller, request->now_ms, &request->standing, err) &&
           access_check(&request->standing, request->operation->roles, err) &&
           access_check_alliance(&request->standing, request->operation->states, err);
}

bool standing_sees_roster(const struct standing *standing)
{
    if (standing_appointment(standing, post_name(POST_AUDITOR), NULL) != NULL)
        return true;
    if (standing->has_partner &&
        (standing->partner_status == PARTNER_ACTIVE ||
         standing->partner_status == PARTNER_SUSPENDED ||
         (standing->partner_status == PARTNER_PROPOSED && standing->is_founder)))
        return true;
    for (int i = 0; i < standing->appointment_count; i++)
        if (standing->appointments[i].is_of_active || standing->appointments[i].is_of_founder ||
            standing->appointments[i].is_of_suspended)
            return true;
    return false;
}

static char *text_add(char *end, const char *start, const char *organisation)
{
    if (end > start + 1)
        *end++ = ',';
    return stpcpy(end, organisation);
}

void organisations_known(const struct standing *standing, char ret_text[ORGANISATIONS_TEXT_SIZE])
{
    char *end = stpcpy(ret_text, "{");
    if (standing->has_partner && standing->partner_status == PARTNER_ACTIVE)
        end = text_add(end, ret_text, standing->organisation);
    for (int i = 0; i < standing->appointment_count; i++)
        if (standing->appointments[i].is_of_active)
            end = text_add(end, ret_text, standing->appointments[i].organisation);
    stpcpy(end, "}");
}

void organisations_spoken_for(const struct standing *standing,
                              char ret_text[ORGANISATIONS_TEXT_SIZE])
{
    char *end = stpcpy(ret_text, "{");
    for (int i = 0; i < standing->appointment_count; i++)
        if (standing_speaks_for(standing, standing->appointments[i].organisation) != NULL)
            end = text_add(end, ret_text, standing->appointments[i].organisation);
    stpcpy(end, "}");
}

bool restricted_may_be_known(const json_t *restricted_to, const struct standing *standing)
{
    const size_t count = json_array_size(restricted_to);
    if (restricted_to == NULL)
        return true;
    for (size_t i = 0; i < count; i++) {
        const char *organisation = json_string_value(json_array_get(restricted_to, i));
        if (organisation != NULL && access_may_know(standing, &organisation, 1))
            return true;
    }
    return false;
}

bool decision_of_path(struct request *request, struct decision *ret_decision,
                      int64_t *ret_shown_version, struct problem *err)
{
    const char *id = request_path(request, "decisionId");
    if (!store_decision_get(request->tx, id, ret_decision, ret_shown_version, err))
        return false;
    if (!restricted_may_be_known(ret_decision->restricted_to, &request->standing))
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no decision %s", id);
    return true;
}

void tenure_of_person(const json_t *person, struct tenure *tenure, const char **ret_name)
{
    json_copy_text(person, "issuer", tenure->issuer, sizeof tenure->issuer);
    json_copy_text(person, "subject", tenure->subject, sizeof tenure->subject);
    *ret_name = json_text(person, "name");
}
