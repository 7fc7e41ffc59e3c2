#include "services/membership/rows.h"

#include "common/json.h"
#include "services/membership/rules/terms.h"

json_t *alliance_row(const struct alliance *alliance)
{
    json_t *row = json_object();
    json_put_text(row, "name", alliance->name);
    json_put_text(row, "purpose", alliance->purpose);
    json_put_new(row, "objectives", json_incref(alliance->objectives));
    json_put_new(row, "principles", json_incref(alliance->principles));
    json_put_day(row, "startsOn", alliance->starts_on);
    json_put_day(row, "endsOn", alliance->ends_on);
    json_put_text(row, "status", alliance_status_name(alliance->status));
    json_put_text(row, "foundingDecisionId", alliance->founding_decision_id);
    json_put_instant(row, "createdAt", alliance->created_ms);
    json_put_integer(row, "version", alliance->version);
    return row;
}

json_t *partner_row(const struct partner *partner)
{
    json_t *row = json_object();
    json_put_text(row, "organisation", partner->organisation);
    json_put_text(row, "name", partner->name);
    json_put_text(row, "role", partner_role_name(partner->role));
    json_put_flag(row, "isVoting", partner->is_voting);
    json_put_flag(row, "isFounder", partner->is_founder);
    json_put_text(row, "status", partner_status_name(partner->status));
    json_put_day(row, "joinedOn", partner->joined_on);
    json_put_day(row, "leftOn", partner->left_on);
    json_put_integer(row, "version", partner->version);
    return row;
}

json_t *tenure_row(const struct tenure *tenure)
{
    json_t *row = json_object();
    json_put_text(row, "id", tenure->id);
    json_put_text(row, "issuer", tenure->issuer);
    json_put_text(row, "subject", tenure->subject);
    json_put_text(row, "role", post_name(tenure->post));
    json_put_text(row, "organisation", tenure->organisation);
    json_put_text(row, "groupCode", tenure->group_code);
    json_put_instant(row, "startsAt", tenure->starts_ms);
    json_put_instant(row, "endsAt", tenure->ends_ms);
    json_put_integer(row, "version", tenure->version);
    return row;
}

json_t *group_row(const struct group *group)
{
    json_t *row = json_object();
    json_put_text(row, "code", group->code);
    json_put_text(row, "kind", group_kind_name(group->kind));
    json_put_text(row, "name", group->name);
    json_put_text(row, "reportsTo", group->reports_to);
    json_put_integer(row, "level", group->level);
    json_put_instant(row, "madeAt", group->made_ms);
    json_put_integer(row, "version", group->version);
    return row;
}

json_t *agenda_item_row(const struct agenda_item *item)
{
    json_t *row = json_object();
    json_put_text(row, "id", item->id);
    json_put_text(row, "groupKind", group_kind_name(item->group_kind));
    json_put_text(row, "subject", item->subject);
    json_put_text(row, "title", item->title);
    json_put_text(row, "reason", item->reason);
    json_put_text(row, "source", item->source);
    json_put_instant(row, "raisedAt", item->raised_ms);
    json_put_new(row, "restrictedTo", json_incref(item->restricted_to));
    json_put_text(row, "state", agenda_state_name(item->state));
    json_put_instant(row, "takenAt", item->taken_ms);
    json_put_text(row, "takenBy", item->taken_by);
    json_put_text(row, "note", item->note);
    json_put_integer(row, "version", item->version);
    return row;
}

json_t *agreement_row(const struct agreement_version *version)
{
    json_t *row = json_object();
    json_put_integer(row, "number", version->number);
    json_put_day(row, "startsOn", version->starts_on);
    json_put_text(row, "summary", version->summary);
    json_put_new(row, "parameters", json_incref(version->parameters));
    json_put_text(row, "state", agreement_state_name(version->state));
    json_put_text(row, "decisionId", version->decision_id);
    json_put_instant(row, "draftedAt", version->drafted_ms);
    json_put_instant(row, "adoptedAt", version->adopted_ms);
    json_put_integer(row, "version", version->version);
    return row;
}

json_t *host_version_row(const struct host_version *version)
{
    json_t *row = json_object();
    json_put_text(row, "function", version->function);
    json_put_integer(row, "number", version->number);
    json_put_text(row, "organisation", version->organisation);
    json_put_text(row, "summary", version->summary);
    json_put_text(row, "state", host_state_name(version->state));
    json_put_text(row, "decisionId", version->decision_id);
    json_put_instant(row, "draftedAt", version->drafted_ms);
    json_put_instant(row, "startsAt", version->starts_ms);
    json_put_instant(row, "endsAt", version->ends_ms);
    json_put_integer(row, "version", version->version);
    return row;
}

json_t *host_row(const struct host_version *version)
{
    json_t *row = json_object();
    json_put_text(row, "function", version->function);
    json_put_text(row, "organisation", version->organisation);
    json_put_integer(row, "number", version->number);
    json_put_instant(row, "sinceAt", version->starts_ms);
    return row;
}

json_t *decision_row(const struct decision *decision)
{
    json_t *row = json_object();
    json_put_text(row, "id", decision->id);
    json_put_text(row, "kind", kind_name(decision->kind));
    json_put_text(row, "rule", rule_name(decision->rule));
    json_put_text(row, "subject", decision->subject);
    json_put_text(row, "effect", decision->effect);
    json_put_text(row, "title", decision->title);
    json_put_text(row, "summary", decision->summary);
    json_put_text(row, "question", decision->question);
    json_put_text(row, "rationale", decision->rationale);
    json_put_new(row, "content", json_incref(decision->content));
    json_put_integer(row, "subjectVersion", decision->subject_version);
    json_put_text(row, "nonce", decision->nonce);
    json_put_text(row, "digest", decision->digest);
    json_put_new(row, "organisations", json_incref(decision->organisations));
    json_put_new(row, "restrictedTo", json_incref(decision->restricted_to));
    json_put_integer(row, "agreementNumber", decision->agreement_number);
    json_put_text(row, "groupCode", decision->group_code);
    json_put_text(row, "state", decision_state_name(decision->state));
    json_put_text(row, "outcomeReason", decision->outcome_reason);
    json_put_instant(row, "openedAt", decision->opened_ms);
    json_put_text(row, "openerOrganisation", decision->opener_organisation);
    json_put_text(row, "openerAppointmentId", decision->opener_appointment_id);
    json_put_instant(row, "deadlineAt", decision->deadline_ms);
    json_put_instant(row, "closedAt", decision->closed_ms);
    json_put_instant(row, "recordedAt", decision->recorded_ms);
    json_put_integer(row, "version", decision->version);
    return row;
}

json_t *elector_row(const char *decision_id, const struct elector *elector)
{
    json_t *row = json_object();
    json_put_text(row, "decisionId", decision_id);
    json_put_text(row, "organisation", elector->organisation);
    json_put_text(row, "role", partner_role_name(elector->role));
    json_put_text(row, "state", elector_state_name(elector->state));
    json_put_text(row, "reason", elector->reason);
    json_put_instant(row, "changedAt", elector->changed_ms);
    json_put_text(row, "conflict", elector->conflict);
    json_put_text(row, "ruling", ruling_name(elector->ruling));
    json_put_text(row, "choice", choice_name(elector->choice));
    json_put_integer(row, "voteNumber", elector->vote_number);
    json_put_integer(row, "version", elector->version);
    return row;
}

json_t *interest_row(const struct interest *interest)
{
    json_t *row = json_object();
    json_put_text(row, "id", interest->id);
    json_put_text(row, "organisation", interest->organisation);
    json_put_text(row, "appointmentId", interest->appointment_id);
    json_put_text(row, "type", interest_type_name(interest->type));
    json_put_text(row, "description", interest->description);
    json_put_text(row, "inOrganisation", interest->in_organisation);
    json_put_text(row, "inReference", interest->in_reference);
    json_put_day(row, "startsOn", interest->starts_on);
    json_put_day(row, "endsOn", interest->ends_on);
    json_put_instant(row, "declaredAt", interest->declared_ms);
    json_put_instant(row, "refreshedAt", interest->refreshed_ms);
    json_put_integer(row, "version", interest->version);
    return row;
}

json_t *outcome_row(const struct outcome_statement *statement)
{
    json_t *row = json_object();
    json_put_text(row, "decisionId", statement->decision_id);
    json_put_text(row, "text", statement->text);
    json_put_text(row, "audience", statement->audience);
    json_put_day(row, "publishOn", statement->publish_on);
    json_put_instant(row, "writtenAt", statement->written_ms);
    json_put_text(row, "writtenBy", statement->written_by);
    json_put_instant(row, "publishedAt", statement->published_ms);
    json_put_integer(row, "version", statement->version);
    return row;
}

json_t *vote_row(const char *decision_id, const struct vote *vote)
{
    json_t *row = json_object();
    json_put_text(row, "decisionId", decision_id);
    json_put_text(row, "organisation", vote->organisation);
    json_put_integer(row, "number", vote->number);
    json_put_text(row, "choice", choice_name(vote->choice));
    json_put_text(row, "reason", vote->reason);
    json_put_instant(row, "castAt", vote->cast_ms);
    json_put_text(row, "appointmentId", vote->appointment_id);
    return row;
}

json_t *effect_row(const char *decision_id, const struct decision_effect *effect)
{
    json_t *row = json_object();
    json_put_text(row, "decisionId", decision_id);
    json_put_text(row, "service", effect->service);
    json_put_text(row, "state", effect_state_name(effect->state));
    json_put_text(row, "reason", effect->reason);
    if (effect->event > 0)
        json_put_integer(row, "event", effect->event);
    json_put_integer(row, "version", effect->version);
    return row;
}
