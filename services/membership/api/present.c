#include "services/membership/api/present.h"

#include <stdio.h>

#include "common/instant.h"
#include "common/json.h"
#include "services/membership/rows.h"
#include "services/membership/rules/group.h"
#include "services/membership/rules/interest.h"
#include "services/membership/rules/tally.h"
#include "services/membership/rules/terms.h"
#include "services/membership/store/decision.h"

json_t *alliance_present(const struct alliance *alliance)
{
    json_t *resource = alliance_row(alliance);
    json_put_text(resource, "id", alliance->id);
    return resource;
}

json_t *partner_present(const struct partner *partner)
{
    return partner_row(partner);
}

json_t *tenure_present(const struct tenure *tenure, const char *name)
{
    json_t *resource = tenure_row(tenure);
    json_object_del(resource, "groupCode");
    json_put_text(resource, "group", tenure->group_code);
    json_put_text(resource, "name", name);
    return resource;
}

json_t *group_present(const struct group *group)
{
    json_t *resource = group_row(group);
    json_put_flag(resource, "hasVote", group_has_vote(group->kind));
    return resource;
}

json_t *agenda_item_present(const struct agenda_item *item, const char *group_code)
{
    json_t *resource = agenda_item_row(item);
    json_put_text(resource, "group", group_code);
    return resource;
}

json_t *interest_present(const struct interest *interest, json_t *tied_to, int64_t now_ms)
{
    const enum interest_state state = interest_state_at(interest, instant_day(now_ms), now_ms);
    json_t *resource = interest_row(interest);
    json_put_text(resource, "state", interest_state_name(state));
    json_put_flag(resource, "isTiedToTwoPartners", json_array_size(tied_to) > 1);
    json_put_new(resource, "tiedTo", tied_to);
    return resource;
}

json_t *outcome_present(const struct outcome_statement *statement)
{
    return outcome_row(statement);
}

json_t *agreement_present(const struct agreement_version *version)
{
    return agreement_row(version);
}

json_t *host_version_present(const struct host_version *version)
{
    return host_version_row(version);
}

json_t *tally_present(const struct tally *tally)
{
    json_t *resource = json_object();
    json_put_integer(resource, "electors", tally->electors);
    json_put_integer(resource, "eligible", tally->eligible);
    json_put_integer(resource, "agree", tally->agree);
    json_put_integer(resource, "disagree", tally->disagree);
    json_put_integer(resource, "abstain", tally->abstain);
    json_put_integer(resource, "silent", tally->silent);
    json_put_integer(resource, "recused", tally->recused);
    json_put_integer(resource, "dropped", tally->dropped);
    json_put_integer(resource, "pending", tally->pending);
    return resource;
}

json_t *vote_present(const struct vote *vote)
{
    char id[2 * ODS_SIZE];
    snprintf(id, sizeof id, "%s-%d", vote->organisation, vote->number);
    json_t *resource = json_object();
    json_put_text(resource, "id", id);
    json_put_text(resource, "organisation", vote->organisation);
    json_put_text(resource, "choice", choice_name(vote->choice));
    json_put_text(resource, "reason", vote->reason);
    json_put_instant(resource, "castAt", vote->cast_ms);
    json_put_text(resource, "appointmentId", vote->appointment_id);
    json_put_integer(resource, "version", vote->number);
    return resource;
}

json_t *recusal_present(const struct elector *elector)
{
    json_t *resource = json_object();
    json_put_text(resource, "organisation", elector->organisation);
    json_put_text(resource, "reason", elector->reason);
    json_put_instant(resource, "recusedAt", elector->changed_ms);
    return resource;
}

/* A vote that no longer counts is not shown here; it stands in the list of votes. */
static json_t *elector_present(const struct elector *elector)
{
    json_t *resource = json_object();
    json_put_text(resource, "organisation", elector->organisation);
    json_put_text(resource, "role", partner_role_name(elector->role));
    json_put_text(resource, "state", elector_state_name(elector->state));
    json_put_text(resource, "reason", elector->reason);
    json_put_text(resource, "conflict", elector->conflict);
    json_put_text(resource, "ruling", ruling_name(elector->ruling));
    if (elector->state == ELECTOR_ELIGIBLE)
        json_put_text(resource, "choice", choice_name(elector->choice));
    return resource;
}

static json_t *effects_present(const struct db_rows *rows)
{
    json_t *effects = json_array();
    for (int row = 0; row < rows->count; row++) {
        struct decision_effect effect;
        effect_of_row(rows, row, &effect);
        json_t *resource = json_object();
        json_put_text(resource, "service", effect.service);
        json_put_text(resource, "state", effect_state_name(effect.state));
        json_put_text(resource, "reason", effect.reason);
        if (effect.event > 0)
            json_put_integer(resource, "event", effect.event);
        json_push_new(effects, resource);
    }
    return effects;
}

static json_t *opener_present(const struct decision *decision)
{
    json_t *opener = json_object();
    json_put_text(opener, "organisation", decision->opener_organisation);
    json_put_text(opener, "appointmentId", decision->opener_appointment_id);
    return opener;
}

json_t *decision_present(const struct decision *decision, const struct electorate *electorate,
                         const struct db_rows *effects, int64_t shown_version)
{
    char rule_text[TEXT_SIZE];
    const struct tally tally = tally_of(electorate->electors, electorate->count);
    json_t *electors = json_array();
    for (int i = 0; i < electorate->count; i++)
        json_push_new(electors, elector_present(&electorate->electors[i]));
    ballot_print(decision->rule, decision->group_code, &tally, rule_text);
    json_t *resource = decision_row(decision);
    json_object_del(resource, "openerOrganisation");
    json_object_del(resource, "openerAppointmentId");
    json_object_del(resource, "agreementNumber");
    json_object_del(resource, "groupCode");
    json_put_text(resource, "ruleText", rule_text);
    json_put_integer(resource, "agreementVersion", decision->agreement_number);
    json_put_text(resource, "group", decision->group_code);
    json_put_new(resource, "openedBy", opener_present(decision));
    json_put_new(resource, "electorate", electors);
    json_put_new(resource, "tally", tally_present(&tally));
    json_put_new(resource, "effects", effects_present(effects));
    json_put_integer(resource, "version", shown_version);
    return resource;
}
