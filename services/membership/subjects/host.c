/* The host of a function: appointed, in another's place. */
#include <stdio.h>

#include "common/instant.h"
#include "common/json.h"
#include "services/membership/events.h"
#include "services/membership/rules/host.h"
#include "services/membership/store/host.h"
#include "services/membership/store/roster.h"
#include "services/membership/subjects/private.h"

static const char HOSTS[] = "hosts/";
static const char VERSIONS[] = "/versions/";

/* A change of host as it stands. */
struct handover {
    struct host_version draft;
    struct partner partner;
    struct host_version before;
    bool has_before;
};

static const char *handover_host(const struct handover *handover)
{
    return handover->has_before ? handover->before.organisation : "";
}

/* "hosts/activity-coding/versions/2" */
static bool ref_read(const char *ref, char ret_function[SHORT_CODE_SIZE], int32_t *ret_number)
{
    const char *function = ref + strlen(HOSTS);
    const char *end = strstr(function, VERSIONS);
    if (end == NULL || end == function || (size_t)(end - function) >= SHORT_CODE_SIZE)
        return false;
    memcpy(ret_function, function, (size_t)(end - function));
    ret_function[end - function] = '\0';
    *ret_number = number_of_ref(end + strlen(VERSIONS));
    return *ret_number > 0;
}

static bool handover_load(struct act *act, const char *ref, struct handover *ret_handover,
                          struct problem *err)
{
    char function[SHORT_CODE_SIZE];
    int32_t number;
    if (!ref_read(ref, function, &number))
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no %s", ref);
    return store_host_version_get(act->tx, function, number, &ret_handover->draft, err) &&
           store_partner_get(act->tx, ret_handover->draft.organisation, &ret_handover->partner,
                             err) &&
           store_host_now(act->tx, function, &ret_handover->before, &ret_handover->has_before, err);
}

static json_t *handover_content(const struct handover *handover)
{
    json_t *content = json_object();
    json_put_text(content, "function", handover->draft.function);
    json_put_text(content, "organisation", handover->draft.organisation);
    json_put_text(content, "name", handover->partner.name);
    json_put_text(content, "summary", handover->draft.summary);
    json_put_text(content, "from", handover_host(handover));
    return content;
}

bool host_describe(struct act *act, const char *ref, const char *effect,
                   struct subject *ret_subject, struct problem *err)
{
    char title[NAME_SIZE];
    struct handover handover;
    if (!handover_load(act, ref, &handover, err))
        return false;
    if (strcmp(effect, "appoint") != 0)
        return effect_unknown("a change of host", effect, err);
    const struct host_version *draft = &handover.draft;
    const char *host = handover_host(&handover);
    if (!host_appointment_check(draft, &handover.partner, host, err))
        return false;
    snprintf(title, sizeof title, "%s hosts %s%s%s", draft->organisation, draft->function,
             host[0] != '\0' ? " in place of " : "", host);
    subject_title(ret_subject, KIND_CHANGE_HOST, title, draft->version);
    snprintf(ret_subject->ref, sizeof ret_subject->ref, "%s%s%s%d", HOSTS, draft->function,
             VERSIONS, draft->number);
    snprintf(ret_subject->summary, sizeof ret_subject->summary, "%s", draft->summary);
    ret_subject->content = handover_content(&handover);
    ret_subject->organisations = json_array();
    json_push_new(ret_subject->organisations, json_string(draft->organisation));
    if (host[0] != '\0')
        json_push_new(ret_subject->organisations, json_string(host));
    return true;
}

bool host_carry(struct act *act, const struct carried_decision *decision, struct problem *err)
{
    struct handover handover;
    const char *voted_from = json_text(decision->content, "from");
    if (!handover_load(act, decision->subject, &handover, err) ||
        !host_appointment_check(&handover.draft, &handover.partner, handover_host(&handover),
                                err) ||
        !host_handover_check(&handover.draft, handover_host(&handover),
                             voted_from != NULL ? voted_from : "", err))
        return false;
    host_appoint(&handover.draft, handover.has_before ? &handover.before : NULL, decision->id,
                 decision->carried_ms);
    return event_host_appointed(act, &handover.draft, handover.has_before ? &handover.before : NULL,
                                err);
}
