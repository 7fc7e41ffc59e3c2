#include "services/membership/events.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "services/membership/agenda.h"
#include "services/membership/rows.h"
#include "services/membership/rules/terms.h"
#include "services/membership/store/decision.h"

/* Appends and gives up the data. */
static bool announce(struct act *act, const char *type, const char *subject, json_t *data,
                     const char *effect_decision_id, struct problem *err)
{
    json_auto_t *owned = data;
    json_auto_t *links = NULL;
    if (effect_decision_id != NULL) {
        char link[REF_SIZE];
        snprintf(link, sizeof link, "decisions/%s", effect_decision_id);
        links = json_array();
        json_push_new(links, json_string(link));
    }
    const struct event event = {
        .type = type,
        .subject = subject,
        .data = owned,
        .links = links,
        .effect_decision_id = effect_decision_id,
        .occurred_ms = INSTANT_NONE,
    };
    return act_append(act, &event, err);
}

/* About a decision: restricted as it is; `link` (may be NULL) is what the event relied on. */
static bool announce_decision(struct act *act, const char *type, const struct decision *decision,
                              const json_t *data, const char *link, int64_t occurred_ms,
                              struct problem *err)
{
    char subject[REF_SIZE];
    snprintf(subject, sizeof subject, "decisions/%s", decision->id);
    json_auto_t *links = NULL;
    if (link != NULL) {
        links = json_array();
        json_push_new(links, json_string(link));
    }
    const struct event event = {
        .type = type,
        .subject = subject,
        .data = (json_t *)data,
        .class = decision->restricted_to != NULL ? EVENT_RESTRICTED : EVENT_OPEN,
        .restricted_to = decision->restricted_to,
        .links = links,
        .occurred_ms = occurred_ms,
    };
    return act_append(act, &event, err);
}

static json_t *partner_rows(const struct partner partners[], int count)
{
    json_t *rows = json_array();
    for (int i = 0; i < count; i++)
        json_push_new(rows, partner_row(&partners[i]));
    return rows;
}

static json_t *tenure_rows(const struct tenure tenures[], int count)
{
    json_t *rows = json_array();
    for (int i = 0; i < count; i++)
        json_push_new(rows, tenure_row(&tenures[i]));
    return rows;
}

bool event_alliance_founded(struct act *act, const struct alliance *alliance,
                            const struct partner partners[], int partner_count,
                            const struct tenure tenures[], int tenure_count,
                            const struct agreement_version *version, struct problem *err)
{
    json_t *data = json_object();
    json_put_new(data, "alliance", alliance_row(alliance));
    json_put_new(data, "partner", partner_rows(partners, partner_count));
    json_put_new(data, "appointment", tenure_rows(tenures, tenure_count));
    json_put_new(data, "agreementVersion", agreement_row(version));
    return announce(act, "membership.alliance.founded.v1", "alliance", data, NULL, err);
}

bool event_alliance_changed(struct act *act, const struct alliance *alliance, struct problem *err)
{
    json_t *data = json_object();
    json_put_new(data, "alliance", alliance_row(alliance));
    return announce(act, "membership.alliance.changed.v1", "alliance", data, NULL, err);
}

bool event_alliance_activated(struct act *act, const struct alliance *alliance,
                              const struct partner partners[], int partner_count,
                              const struct agreement_version *version, struct problem *err)
{
    json_t *data = json_object();
    json_put_new(data, "alliance", alliance_row(alliance));
    json_put_new(data, "partner", partner_rows(partners, partner_count));
    json_put_new(data, "agreementVersion", agreement_row(version));
    return announce(act, "membership.alliance.activated.v1", "alliance", data,
                    alliance->founding_decision_id, err);
}

bool event_alliance_closed(struct act *act, const struct alliance *alliance,
                           const struct partner partners[], int partner_count, struct problem *err)
{
    json_t *data = json_object();
    json_put_new(data, "alliance", alliance_row(alliance));
    json_put_new(data, "partner", partner_rows(partners, partner_count));
    return announce(act, "membership.alliance.closed.v1", "alliance", data, NULL, err);
}

bool event_alliance_ending(struct act *act, const struct alliance *alliance,
                           const char *decision_id, struct problem *err)
{
    char type[CODE_SIZE];
    snprintf(type, sizeof type, "membership.alliance.%s.v1",
             alliance_status_name(alliance->status));
    json_t *data = json_object();
    json_put_new(data, "alliance", alliance_row(alliance));
    return announce(act, type, "alliance", data, decision_id, err);
}

bool event_partner(struct act *act, const char *what, const struct partner *partner,
                   const struct tenure tenures[], int tenure_count, const char *decision_id,
                   struct problem *err)
{
    char type[CODE_SIZE];
    char subject[REF_SIZE];
    snprintf(type, sizeof type, "membership.partner.%s.v1", what);
    snprintf(subject, sizeof subject, "partners/%s", partner->organisation);
    json_t *data = json_object();
    json_put_new(data, "partner", partner_row(partner));
    if (tenure_count > 0)
        json_put_new(data, "appointment", tenure_rows(tenures, tenure_count));
    return announce(act, type, subject, data, decision_id, err);
}

bool event_appointment(struct act *act, const char *what, const struct tenure *tenure,
                       struct problem *err)
{
    char type[CODE_SIZE];
    char subject[REF_SIZE];
    snprintf(type, sizeof type, "membership.appointment.%s.v1", what);
    snprintf(subject, sizeof subject, "appointments/%s", tenure->id);
    json_t *data = json_object();
    json_put_new(data, "appointment", tenure_row(tenure));
    return announce(act, type, subject, data, NULL, err);
}

bool event_group(struct act *act, const char *what, const char *code, const struct group groups[],
                 const int64_t versions[], int count, struct problem *err)
{
    char type[CODE_SIZE];
    char subject[REF_SIZE];
    snprintf(type, sizeof type, "membership.group.%s.v1", what);
    snprintf(subject, sizeof subject, "groups/%s", code);
    json_t *rows = json_array();
    for (int i = 0; i < count; i++)
        if (groups[i].version != versions[i])
            json_push_new(rows, group_row(&groups[i]));
    json_t *data = json_object();
    json_put_new(data, "allianceGroup", rows);
    return announce(act, type, subject, data, NULL, err);
}

bool event_agenda_item(struct act *act, const char *what, const struct agenda_item *item,
                       struct problem *err)
{
    char type[CODE_SIZE];
    char subject[REF_SIZE];
    snprintf(type, sizeof type, "membership.agenda-item.%s.v1", what);
    snprintf(subject, sizeof subject, "agenda-items/%s", item->id);
    json_auto_t *data = json_object();
    json_auto_t *links = json_array();
    json_push_new(links, json_string(item->subject));
    json_put_new(data, "agendaItem", agenda_item_row(item));
    const struct event event = {
        .type = type,
        .subject = subject,
        .data = data,
        .class = item->restricted_to != NULL ? EVENT_RESTRICTED : EVENT_OPEN,
        .restricted_to = item->restricted_to,
        .links = links,
        .occurred_ms = INSTANT_NONE,
    };
    return act_append(act, &event, err);
}

static bool event_agreement(struct act *act, const char *type,
                            const struct agreement_version *version, const char *decision_id,
                            struct problem *err)
{
    char subject[REF_SIZE];
    snprintf(subject, sizeof subject, "agreement/versions/%d", version->number);
    json_t *data = json_object();
    json_put_new(data, "agreementVersion", agreement_row(version));
    return announce(act, type, subject, data, decision_id, err);
}

bool event_agreement_drafted(struct act *act, const struct agreement_version *version,
                             struct problem *err)
{
    return event_agreement(act, "membership.agreement.drafted.v1", version, NULL, err);
}

bool event_agreement_adopted(struct act *act, const struct agreement_version *version,
                             struct problem *err)
{
    return event_agreement(act, "membership.agreement.adopted.v1", version, version->decision_id,
                           err);
}

static void host_ref(const struct host_version *version, char ret_ref[REF_SIZE])
{
    snprintf(ret_ref, REF_SIZE, "hosts/%s/versions/%d", version->function, version->number);
}

bool event_host_drafted(struct act *act, const struct host_version *version, struct problem *err)
{
    char ref[REF_SIZE];
    host_ref(version, ref);
    json_t *data = json_object();
    json_put_new(data, "hostVersion", host_version_row(version));
    return announce(act, "membership.host.drafted.v1", ref, data, NULL, err);
}

bool event_host_appointed(struct act *act, const struct host_version *version,
                          const struct host_version *before, struct problem *err)
{
    char ref[REF_SIZE];
    host_ref(version, ref);
    json_t *rows = json_array();
    if (before != NULL)
        json_push_new(rows, host_version_row(before));
    json_push_new(rows, host_version_row(version));
    json_t *data = json_object();
    json_put_new(data, "hostVersion", rows);
    json_put_new(data, "host", host_row(version));
    return announce(act, "membership.host.appointed.v1", ref, data, version->decision_id, err);
}

bool event_decision_opened(struct act *act, const struct decision *decision,
                           const struct electorate *electorate, struct problem *err)
{
    json_auto_t *data = json_object();
    json_t *electors = json_array();
    for (int i = 0; i < electorate->count; i++)
        json_push_new(electors, elector_row(decision->id, &electorate->electors[i]));
    json_put_new(data, "decision", decision_row(decision));
    json_put_new(data, "elector", electors);
    return announce_decision(act, "membership.decision.opened.v1", decision, data,
                             decision->subject, INSTANT_NONE, err);
}

bool event_vote_cast(struct act *act, const struct decision *decision, const struct vote *vote,
                     const struct elector *elector, struct problem *err)
{
    char link[REF_SIZE];
    snprintf(link, sizeof link, "appointments/%s", vote->appointment_id);
    json_auto_t *data = json_object();
    json_put_new(data, "vote", vote_row(decision->id, vote));
    json_put_new(data, "elector", elector_row(decision->id, elector));
    return announce_decision(act, "membership.vote.cast.v1", decision, data, link, INSTANT_NONE,
                             err);
}

bool event_elector(struct act *act, const char *what, const struct decision *decision,
                   const struct elector *elector, struct problem *err)
{
    char type[CODE_SIZE];
    snprintf(type, sizeof type, "membership.elector.%s.v1", what);
    json_auto_t *data = json_object();
    json_put_new(data, "elector", elector_row(decision->id, elector));
    return announce_decision(act, type, decision, data, NULL, INSTANT_NONE, err);
}

bool event_interest(struct act *act, const char *what, const struct interest *interest,
                    struct problem *err)
{
    char type[CODE_SIZE];
    char subject[REF_SIZE];
    snprintf(type, sizeof type, "membership.interest.%s.v1", what);
    snprintf(subject, sizeof subject, "interests/%s", interest->id);
    json_t *data = json_object();
    json_put_new(data, "interest", interest_row(interest));
    return announce(act, type, subject, data, NULL, err);
}

bool event_ruled(struct act *act, const struct decision *decision, const struct elector *elector,
                 json_t *ruling, struct problem *err)
{
    json_auto_t *data = json_object();
    json_put_new(data, "elector", elector_row(decision->id, elector));
    json_put_new(data, "ruling", json_incref(ruling));
    return announce_decision(act, "membership.elector.ruled.v1", decision, data, NULL, INSTANT_NONE,
                             err);
}

bool event_outcome(struct act *act, const char *type, const struct decision *decision,
                   const struct outcome_statement *statement, struct problem *err)
{
    json_auto_t *data = json_object();
    json_put_new(data, "outcomeStatement", outcome_row(statement));
    return announce_decision(act, type, decision, data, NULL, INSTANT_NONE, err);
}

bool event_decision_closed(struct act *act, const struct decision *decision,
                           const struct decision_effect *pending, json_t **ret_data,
                           struct problem *err)
{
    char type[CODE_SIZE];
    snprintf(type, sizeof type, "membership.decision.%s.v1", decision_state_name(decision->state));
    json_auto_t *data = json_object();
    json_put_new(data, "decision", decision_row(decision));
    if (pending != NULL)
        json_put_new(data, "decisionEffect", effect_row(decision->id, pending));
    if (!announce_decision(act, type, decision, data, decision->subject, decision->closed_ms, err))
        return false;
    *ret_data = STEAL(data);
    return true;
}

bool event_effect(struct act *act, const struct decision *decision,
                  const struct decision_effect *effect, struct problem *err)
{
    json_auto_t *data = json_object();
    json_put_new(data, "decisionEffect", effect_row(decision->id, effect));
    return announce_decision(act, "membership.decision.effected.v1", decision, data,
                             decision->subject, INSTANT_NONE, err);
}

/* --- what others did with a carried decision --- */

static struct decision_effect effect_of_event(const struct foreign_event *event, const json_t *said)
{
    const char *reason = json_text(said, "reason");
    struct decision_effect effect = {.event = event->sequence};
    effect.state = strcmp(json_text(said, "state"), "refused") == 0 ? EFFECT_REFUSED : EFFECT_DONE;
    snprintf(effect.service, sizeof effect.service, "%s", event->source);
    snprintf(effect.reason, sizeof effect.reason, "%s", reason != NULL ? reason : "");
    if (effect.state == EFFECT_REFUSED && effect.reason[0] == '\0')
        snprintf(effect.reason, sizeof effect.reason, "no reason given");
    return effect;
}

bool event_react(struct act *act, const struct foreign_event *event, struct problem *err)
{
    if (!agenda_react(act, event, err))
        return false;
    const json_t *said = json_member(event->envelope, "effect");
    const char *decision_id = json_text(said, "decision");
    if (decision_id == NULL || json_text(said, "state") == NULL || !uuid_is_valid(decision_id))
        return true;
    decision_auto_t decision = {0};
    if (!store_decision_get(act->tx, decision_id, &decision, NULL, err)) {
        /* An effect of a decision that we never took is not ours to show, nor to stop at. */
        if (err->code != PROBLEM_NOT_FOUND)
            return false;
        problem_clear(err);
        return true;
    }
    struct decision_effect before;
    struct decision_effect effect = effect_of_event(event, said);
    if (!store_effect_find(act->tx, decision_id, event->source, &before, err))
        return false;
    effect.version = before.version + 1;
    return event_effect(act, &decision, &effect, err);
}
