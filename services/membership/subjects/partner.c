/* A partner: admitted, excluded, suspended, reinstated. */
#include <stdio.h>

#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "services/membership/events.h"
#include "services/membership/rules/appointment.h"
#include "services/membership/rules/partner.h"
#include "services/membership/rules/terms.h"
#include "services/membership/store/host.h"
#include "services/membership/store/roster.h"
#include "services/membership/subjects/private.h"

static const char PARTNERS[] = "partners/";

/* A partner as it stands, and what stands in the way. */
struct membership_facts {
    struct partner partner;
    enum alliance_status alliance_status;
    char hosted[SHORT_CODE_SIZE]; /* a function that it hosts; "" = none */
};

static bool admission_allowed(const struct membership_facts *facts, struct problem *err)
{
    return admission_check(facts->alliance_status, &facts->partner, err);
}

static bool exclusion_allowed(const struct membership_facts *facts, struct problem *err)
{
    return exclusion_check(&facts->partner, facts->hosted, err);
}

static bool suspension_allowed(const struct membership_facts *facts, struct problem *err)
{
    return suspension_check(&facts->partner, facts->hosted, err);
}

static bool reinstatement_allowed(const struct membership_facts *facts, struct problem *err)
{
    return reinstatement_check(&facts->partner, err);
}

static const struct membership_effect {
    const char *name;
    enum decision_kind kind;
    const char *event;
    const char *verb; /* title: "Admit ZZ5 to the alliance" */
    const char *rest;
    const char *summary; /* what comes of it */
    bool (*is_allowed)(const struct membership_facts *facts, struct problem *err);
    void (*change)(struct partner *partner, int32_t today);
    bool (*ends)(enum post post); /* which of its people's posts end with it; NULL = none */
} EFFECTS[] = {
    {"admit", KIND_ADMIT, "admitted", "Admit", " to the alliance", "joins", admission_allowed,
     partner_admit, NULL},
    {"exclude", KIND_EXCLUDE, "excluded", "Exclude", " from the alliance", "leaves",
     exclusion_allowed, partner_exclude, post_ends_with_membership},
    {"suspend", KIND_EXCLUDE, "suspended", "Suspend", "", "is suspended", suspension_allowed,
     partner_suspend, post_ends_with_suspension},
    {"reinstate", KIND_ADMIT, "reinstated", "Reinstate", "", "takes part again",
     reinstatement_allowed, partner_reinstate, NULL},
};

static const struct membership_effect *membership_effect_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(EFFECTS); i++)
        if (strcmp(EFFECTS[i].name, name) == 0)
            return &EFFECTS[i];
    return NULL;
}

static bool facts_load(struct act *act, const char *ref, struct membership_facts *ret_facts,
                       struct problem *err)
{
    alliance_auto_t alliance = {0};
    const char *organisation = ref + strlen(PARTNERS);
    if (!ods_is_valid(organisation))
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no partner %s", organisation);
    if (!store_partner_get(act->tx, organisation, &ret_facts->partner, err) ||
        !store_alliance_get(act->tx, &alliance, err))
        return false;
    ret_facts->alliance_status = alliance.status;
    return store_host_function_of(act->tx, organisation, ret_facts->hosted, err);
}

static void partner_content(const struct partner *partner, struct subject *subject)
{
    subject->content = json_object();
    json_put_text(subject->content, "organisation", partner->organisation);
    json_put_text(subject->content, "name", partner->name);
    json_put_text(subject->content, "role", partner_role_name(partner->role));
    json_put_flag(subject->content, "isVoting", partner->is_voting);
    subject->organisations = json_array();
    json_push_new(subject->organisations, json_string(partner->organisation));
}

bool partner_describe(struct act *act, const char *ref, const char *effect,
                      struct subject *ret_subject, struct problem *err)
{
    char title[NAME_SIZE];
    struct membership_facts facts;
    const struct membership_effect *wanted = membership_effect_of(effect);
    if (!facts_load(act, ref, &facts, err))
        return false;
    if (wanted == NULL)
        return effect_unknown("a partner", effect, err);
    if (!wanted->is_allowed(&facts, err))
        return false;
    const struct partner *partner = &facts.partner;
    snprintf(title, sizeof title, "%s %s%s", wanted->verb, partner->organisation, wanted->rest);
    subject_title(ret_subject, wanted->kind, title, partner->version);
    snprintf(ret_subject->ref, sizeof ret_subject->ref, "%s%s", PARTNERS, partner->organisation);
    snprintf(ret_subject->summary, sizeof ret_subject->summary, "%s (%s) %s as %s %s.",
             partner->name, partner->organisation, wanted->summary,
             partner->is_voting ? "a voting" : "an associate", partner_role_name(partner->role));
    partner_content(partner, ret_subject);
    return true;
}

bool partner_carry(struct act *act, const struct carried_decision *decision, struct problem *err)
{
    struct membership_facts facts;
    tenures_auto_t tenures = {0};
    const struct membership_effect *wanted = membership_effect_of(decision->effect);
    if (wanted == NULL)
        return effect_unknown("a partner", decision->effect, err);
    if (!facts_load(act, decision->subject, &facts, err) || !wanted->is_allowed(&facts, err) ||
        !store_tenures_of_organisation(act->tx, facts.partner.organisation, act->now_ms, &tenures,
                                       err))
        return false;
    wanted->change(&facts.partner, carried_day(decision));
    const int ended = wanted->ends == NULL ? 0
                                           : tenures_end_some(tenures.tenures, tenures.count,
                                                              wanted->ends, act->now_ms);
    return event_partner(act, wanted->event, &facts.partner, tenures.tenures, ended, decision->id,
                         err);
}
