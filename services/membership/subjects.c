#include "services/membership/subjects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "services/membership/events.h"
#include "services/membership/rows.h"
#include "services/membership/rules/agreement.h"
#include "services/membership/rules/appointment.h"
#include "services/membership/rules/partner.h"
#include "services/membership/rules/terms.h"
#include "services/membership/store/agreement.h"
#include "services/membership/store/roster.h"

enum { FOUNDING_VERSION = 1 };

static bool effect_unknown(const char *ref, const char *effect, struct problem *err)
{
    return problem_add(err, PROBLEM_RULE_BROKEN, "unknown-effect", "/effect", "%s has no effect %s",
                       ref, effect);
}

static void subject_title(struct subject *subject, enum decision_kind kind, const char *title,
                          int64_t version)
{
    snprintf(subject->kind, sizeof subject->kind, "%s", kind_name(kind));
    snprintf(subject->title, sizeof subject->title, "%s", title);
    subject->version = version;
}

/* --- the alliance --- */

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

static json_t *agreement_content(const struct agreement_version *version)
{
    json_t *content = json_object();
    json_put_integer(content, "number", version->number);
    json_put_day(content, "startsOn", version->starts_on);
    json_put_text(content, "summary", version->summary);
    json_put_new(content, "parameters", json_incref(version->parameters));
    return content;
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

static bool alliance_describe(struct act *act, const char *effect, struct subject *ret_subject,
                              struct problem *err)
{
    alliance_auto_t alliance = {0};
    if (!store_alliance_get(act->tx, &alliance, err))
        return false;
    snprintf(ret_subject->ref, sizeof ret_subject->ref, "alliance");
    if (strcmp(effect, "found") == 0)
        return founding_describe(act, &alliance, ret_subject, err);
    if (!effect_is_resolution(effect))
        return effect_unknown("the alliance", effect, err);
    subject_title(ret_subject, KIND_GENERAL, "A resolution of the alliance", alliance.version);
    snprintf(ret_subject->summary, sizeof ret_subject->summary,
             "%s resolves what the question asks.", alliance.name);
    ret_subject->content = json_object();
    json_put_text(ret_subject->content, "name", alliance.name);
    return true;
}

static int32_t carried_day(const struct carried_decision *decision)
{
    return instant_day(decision->carried_ms);
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

/* The founders did not agree: there is no alliance. */
static bool founding_release(struct act *act, struct problem *err)
{
    alliance_auto_t alliance = {0};
    roster_auto_t roster = {0};
    if (!store_alliance_get(act->tx, &alliance, err) || !store_roster_get(act->tx, &roster, err))
        return false;
    alliance.status = ALLIANCE_CLOSED;
    alliance.version++;
    for (int i = 0; i < roster.count; i++)
        partner_lapse(&roster.partners[i]);
    return event_alliance_closed(act, &alliance, roster.partners, roster.count, err);
}

/* --- partners --- */

static const char PARTNERS[] = "partners/";

static bool partner_of_ref(struct act *act, const char *ref, struct partner *ret_partner,
                           struct problem *err)
{
    const char *organisation = ref + strlen(PARTNERS);
    if (!ods_is_valid(organisation))
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no partner %s", organisation);
    return store_partner_get(act->tx, organisation, ret_partner, err);
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

static bool partner_describe(struct act *act, const char *ref, const char *effect,
                             struct subject *ret_subject, struct problem *err)
{
    char title[NAME_SIZE];
    struct partner partner;
    if (!partner_of_ref(act, ref, &partner, err))
        return false;
    const bool is_admission = strcmp(effect, "admit") == 0;
    if (!is_admission && strcmp(effect, "exclude") != 0)
        return effect_unknown("a partner", effect, err);
    if (is_admission ? !admission_check(&partner, err) : !exclusion_check(&partner, err))
        return false;
    snprintf(title, sizeof title,
             is_admission ? "Admit %s to the alliance" : "Exclude %s from the alliance",
             partner.organisation);
    subject_title(ret_subject, is_admission ? KIND_ADMIT : KIND_EXCLUDE, title, partner.version);
    snprintf(ret_subject->ref, sizeof ret_subject->ref, "%s%s", PARTNERS, partner.organisation);
    snprintf(ret_subject->summary, sizeof ret_subject->summary, "%s (%s) %s as %s %s.",
             partner.name, partner.organisation, is_admission ? "joins" : "leaves",
             partner.is_voting ? "a voting" : "an associate", partner_role_name(partner.role));
    partner_content(&partner, ret_subject);
    return true;
}

static bool admission_carry(struct act *act, const struct carried_decision *decision,
                            struct problem *err)
{
    struct partner partner;
    if (!partner_of_ref(act, decision->subject, &partner, err) || !admission_check(&partner, err))
        return false;
    partner_admit(&partner, carried_day(decision));
    return event_partner(act, "admitted", &partner, NULL, 0, decision->id, err);
}

static bool exclusion_carry(struct act *act, const struct carried_decision *decision,
                            struct problem *err)
{
    struct partner partner;
    tenures_auto_t tenures = {0};
    if (!partner_of_ref(act, decision->subject, &partner, err) || !exclusion_check(&partner, err) ||
        !store_tenures_of_organisation(act->tx, partner.organisation, act->now_ms, &tenures, err))
        return false;
    partner_exclude(&partner, carried_day(decision));
    tenures_end(tenures.tenures, tenures.count, act->now_ms);
    return event_partner(act, "excluded", &partner, tenures.tenures, tenures.count, decision->id,
                         err);
}

/* --- the agreement --- */

static const char VERSIONS[] = "agreement/versions/";

static bool version_of_ref(struct act *act, const char *ref, struct agreement_version *ret_version,
                           struct problem *err)
{
    const char *text = ref + strlen(VERSIONS);
    const size_t length = strlen(text);
    if (length == 0 || length > 4 || strspn(text, "0123456789") != length || text[0] == '0')
        return problem_set(err, PROBLEM_NOT_FOUND, "the agreement has no version %s", text);
    return store_agreement_get(act->tx, (int32_t)strtol(text, NULL, 10), ret_version, err);
}

/* A fault of the draft, said of the version: whoever decides on it did not write its members. */
static bool fault_say(struct problem *err)
{
    const struct problem fault = *err;
    if (fault.fault_count == 0)
        return false;
    problem_clear(err);
    return problem_set(err, fault.code, "%s", fault.faults[0].detail);
}

static bool version_check(struct act *act, const struct agreement_version *version,
                          struct problem *err)
{
    alliance_auto_t alliance = {0};
    agreement_series_auto_t series = {0};
    if (!store_alliance_get(act->tx, &alliance, err) ||
        !store_agreement_series(act->tx, &series, err))
        return false;
    return adoption_check(version, series.versions, series.count, alliance.starts_on,
                          alliance.ends_on, err) ||
           fault_say(err);
}

static bool version_describe(struct act *act, const char *ref, const char *effect,
                             struct subject *ret_subject, struct problem *err)
{
    char title[NAME_SIZE];
    char day[DATE_SIZE];
    agreement_auto_t version = {0};
    if (!version_of_ref(act, ref, &version, err))
        return false;
    if (strcmp(effect, "adopt") != 0)
        return effect_unknown("a version of the agreement", effect, err);
    if (!version_check(act, &version, err))
        return false;
    day_format(version.starts_on, day);
    snprintf(title, sizeof title, "Adopt version %d of the agreement from %s", version.number, day);
    subject_title(ret_subject, KIND_VARY_AGREEMENT, title, version.version);
    snprintf(ret_subject->ref, sizeof ret_subject->ref, "%s%d", VERSIONS, version.number);
    snprintf(ret_subject->summary, sizeof ret_subject->summary, "%s", version.summary);
    ret_subject->content = agreement_content(&version);
    return true;
}

static bool adoption_carry(struct act *act, const struct carried_decision *decision,
                           struct problem *err)
{
    agreement_auto_t version = {0};
    if (!version_of_ref(act, decision->subject, &version, err) ||
        !version_check(act, &version, err))
        return false;
    agreement_adopt(&version, decision->id, decision->carried_ms);
    return event_agreement_adopted(act, &version, err);
}

/* --- by reference --- */

static bool subjects_describe(struct act *act, const struct standing *standing, const char *ref,
                              const char *effect, struct subject *ret_subject, struct problem *err)
{
    (void)standing; /* nothing of ours is restricted to some partners */
    if (strcmp(ref, "alliance") == 0)
        return alliance_describe(act, effect, ret_subject, err);
    if (strncmp(ref, PARTNERS, strlen(PARTNERS)) == 0)
        return partner_describe(act, ref, effect, ret_subject, err);
    if (strncmp(ref, VERSIONS, strlen(VERSIONS)) == 0)
        return version_describe(act, ref, effect, ret_subject, err);
    return problem_set(err, PROBLEM_NOT_FOUND, "there is no %s", ref);
}

static bool subjects_carry(struct act *act, const struct carried_decision *decision,
                           struct problem *err)
{
    switch (kind_of(decision->kind)) {
    case KIND_FOUND:
        return founding_carry(act, decision, err);
    case KIND_ADMIT:
        return admission_carry(act, decision, err);
    case KIND_EXCLUDE:
        return exclusion_carry(act, decision, err);
    case KIND_VARY_AGREEMENT:
        return adoption_carry(act, decision, err);
    case KIND_GENERAL: /* the resolution is its own effect */
        return true;
    default:
        return problem_set(err, PROBLEM_INTERNAL, "membership has nothing of kind %s",
                           decision->kind);
    }
}

static bool subjects_release(struct act *act, const char *ref, const char *effect,
                             const char *outcome, struct problem *err)
{
    (void)outcome;
    if (strcmp(ref, "alliance") == 0 && strcmp(effect, "found") == 0)
        return founding_release(act, err);
    return true;
}

const struct subject_hooks MEMBERSHIP_SUBJECTS = {
    .describe = subjects_describe,
    .carry = subjects_carry,
    .release = subjects_release,
};
