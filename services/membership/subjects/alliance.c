/* The alliance itself: founded, resolving, closing, dissolved. */
#include <stdio.h>

#include "common/instant.h"
#include "common/json.h"
#include "services/membership/events.h"
#include "services/membership/rows.h"
#include "services/membership/rules/agreement.h"
#include "services/membership/rules/partner.h"
#include "services/membership/rules/terms.h"
#include "services/membership/store/agreement.h"
#include "services/membership/store/roster.h"
#include "services/membership/subjects/private.h"

enum { FOUNDING_VERSION = 1 };
static const char CLOSE[] = "close";
static const char DISSOLVE[] = "dissolve";

static bool effect_is_resolution(const char *effect)
{
    return strcmp(effect, "resolve") == 0 || strncmp(effect, "resolve-", strlen("resolve-")) == 0;
}

static json_t *founders_content(const struct roster *roster)
{
    json_t *founders = json_array();
    for (int i = 0; i < roster->count; i++) {
        const struct partner *partner = &roster->partners[i];
        json_t *founder = json_object();
        json_put_text(founder, "organisation", partner->organisation);
        json_put_text(founder, "name", partner->name);
        json_put_text(founder, "role", partner_role_name(partner->role));
        json_put_flag(founder, "isVoting", partner->is_voting);
        json_push_new(founders, founder);
    }
    return founders;
}

static bool founding_describe(struct act *act, const struct alliance *alliance,
                              struct subject *ret_subject, struct problem *err)
{
    roster_auto_t roster = {0};
    agreement_auto_t version = {0};
    if (alliance->status != ALLIANCE_FORMING)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "the alliance is %s",
                           alliance_status_name(alliance->status));
    if (!store_roster_get(act->tx, &roster, err) ||
        !store_agreement_get(act->tx, FOUNDING_VERSION, &version, err))
        return false;
    subject_title(ret_subject, KIND_FOUND, "Found the alliance", alliance->version);
    snprintf(ret_subject->summary, sizeof ret_subject->summary,
             "%s is founded by %d organisations under version %d of its agreement.", alliance->name,
             roster.count, version.number);
    ret_subject->content = json_object();
    json_put_text(ret_subject->content, "name", alliance->name);
    json_put_text(ret_subject->content, "purpose", alliance->purpose);
    json_put_new(ret_subject->content, "objectives", json_incref(alliance->objectives));
    json_put_new(ret_subject->content, "principles", json_incref(alliance->principles));
    json_put_day(ret_subject->content, "startsOn", alliance->starts_on);
    json_put_day(ret_subject->content, "endsOn", alliance->ends_on);
    json_put_new(ret_subject->content, "founders", founders_content(&roster));
    json_put_new(ret_subject->content, "agreement", agreement_content(&version));
    return true;
}

/* What an alliance decides about its own end. */
static bool ending_describe(const struct alliance *alliance, const char *effect,
                            struct subject *ret_subject, struct problem *err)
{
    const bool is_closing = strcmp(effect, CLOSE) == 0;
    if (is_closing ? !closing_check(alliance->status, err)
                   : !dissolution_check(alliance->status, err))
        return false;
    subject_title(ret_subject, KIND_VARY_AGREEMENT,
                  is_closing ? "Close the alliance" : "Dissolve the alliance", alliance->version);
    snprintf(ret_subject->summary, sizeof ret_subject->summary,
             is_closing ? "%s takes nobody and no new business in, and winds up what it has."
                        : "%s ends: from then on its records can only be read.",
             alliance->name);
    ret_subject->content = json_object();
    json_put_text(ret_subject->content, "name", alliance->name);
    json_put_text(ret_subject->content, "status", alliance_status_name(alliance->status));
    return true;
}

bool alliance_describe(struct act *act, const char *effect, struct subject *ret_subject,
                       struct problem *err)
{
    alliance_auto_t alliance = {0};
    if (!store_alliance_get(act->tx, &alliance, err))
        return false;
    snprintf(ret_subject->ref, sizeof ret_subject->ref, "alliance");
    if (strcmp(effect, "found") == 0)
        return founding_describe(act, &alliance, ret_subject, err);
    if (strcmp(effect, CLOSE) == 0 || strcmp(effect, DISSOLVE) == 0)
        return ending_describe(&alliance, effect, ret_subject, err);
    if (!effect_is_resolution(effect))
        return effect_unknown("the alliance", effect, err);
    subject_title(ret_subject, KIND_GENERAL, "A resolution of the alliance", alliance.version);
    snprintf(ret_subject->summary, sizeof ret_subject->summary,
             "%s resolves what the question asks.", alliance.name);
    ret_subject->content = json_object();
    json_put_text(ret_subject->content, "name", alliance.name);
    return true;
}

static bool founding_carry(struct act *act, const struct carried_decision *decision,
                           struct problem *err)
{
    alliance_auto_t alliance = {0};
    roster_auto_t roster = {0};
    agreement_auto_t version = {0};
    if (!store_alliance_get(act->tx, &alliance, err) || !store_roster_get(act->tx, &roster, err) ||
        !store_agreement_get(act->tx, FOUNDING_VERSION, &version, err))
        return false;
    alliance.status = ALLIANCE_ACTIVE;
    alliance.version++;
    for (int i = 0; i < roster.count; i++)
        partner_admit(&roster.partners[i], carried_day(decision));
    agreement_adopt(&version, decision->id, decision->carried_ms);
    return event_alliance_activated(act, &alliance, roster.partners, roster.count, &version, err);
}

static bool ending_carry(struct act *act, const struct carried_decision *decision,
                         struct problem *err)
{
    alliance_auto_t alliance = {0};
    const bool is_closing = strcmp(decision->effect, CLOSE) == 0;
    if (!store_alliance_get(act->tx, &alliance, err) ||
        (is_closing ? !closing_check(alliance.status, err)
                    : !dissolution_check(alliance.status, err)))
        return false;
    alliance.status = is_closing ? ALLIANCE_CLOSING : ALLIANCE_CLOSED;
    alliance.version++;
    return event_alliance_ending(act, &alliance, decision->id, err);
}

bool alliance_carry(struct act *act, const struct carried_decision *decision, struct problem *err)
{
    if (strcmp(decision->effect, "found") == 0)
        return founding_carry(act, decision, err);
    if (strcmp(decision->effect, CLOSE) == 0 || strcmp(decision->effect, DISSOLVE) == 0)
        return ending_carry(act, decision, err);
    return true; /* a resolution is its own effect */
}

bool alliance_release(struct act *act, const char *effect, struct problem *err)
{
    alliance_auto_t alliance = {0};
    roster_auto_t roster = {0};
    if (strcmp(effect, "found") != 0)
        return true;
    if (!store_alliance_get(act->tx, &alliance, err) || !store_roster_get(act->tx, &roster, err))
        return false;
    alliance.status = ALLIANCE_CLOSED;
    alliance.version++;
    for (int i = 0; i < roster.count; i++)
        partner_lapse(&roster.partners[i]);
    return event_alliance_closed(act, &alliance, roster.partners, roster.count, err);
}
