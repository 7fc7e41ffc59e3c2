#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "services/kpi/events.h"
#include "services/kpi/events/rows.h"

static json_t *agreement_row(const struct agreement *agreement)
{
    json_t *row = json_object();
    json_put_text(row, "id", agreement->id);
    json_put_text(row, "observationId", agreement->observation_id);
    json_put_integer(row, "revision", agreement->revision);
    json_put_text(row, "organisation", agreement->by.code);
    json_put_text(row, "side", agreement->by.is_commissioner ? "commissioner" : "provider");
    json_put_text(row, "appointmentId", agreement->appointment_id);
    json_put_instant(row, "agreedAt", agreement->agreed_ms);
    return row;
}

static json_t *query_row(const struct query *query)
{
    json_t *row = json_object();
    json_put_text(row, "id", query->id);
    json_put_text(row, "observationId", query->observation_id);
    json_put_integer(row, "revision", query->revision);
    json_put_text(row, "raisedBy", query->raised_by);
    json_put_text(row, "question", query->question);
    json_put_text(row, "state", query->state);
    json_put_text(row, "answeredBy", query->answered_by);
    json_put_text(row, "answer", query->answer);
    json_put_text(row, "outcome", query->outcome);
    json_put_instant(row, "raisedAt", query->raised_ms);
    json_put_instant(row, "answeredAt", query->answered_ms);
    json_put_instant(row, "closedAt", query->closed_ms);
    json_put_integer(row, "version", query->version);
    return row;
}

static void observation_put(json_t *data, const struct observation *observation)
{
    json_put_new(data, "observation", observation_row(observation));
    json_put_new(data, "observationRevision", observation_revision_row(observation));
}

bool event_observation_agreed(struct act *act, const struct agreement *agreement,
                              const struct observation *agreed, struct problem *err)
{
    char subject[REF_SIZE];
    snprintf(subject, sizeof(subject), "kpi/observations/%s", agreement->observation_id);
    json_auto_t *data = json_object();
    json_put_new(data, "agreement", agreement_row(agreement));
    if (agreed != NULL)
        observation_put(data, agreed);
    return event_append(act, "kpi.observation.agreed.v1", subject, data, err);
}

bool event_observation_published(struct act *act, const struct observation *observation,
                                 struct problem *err)
{
    char subject[REF_SIZE];
    snprintf(subject, sizeof(subject), "kpi/observations/%s", observation->id);
    json_auto_t *data = json_object();
    observation_put(data, observation);
    return event_append(act, "kpi.observation.published.v1", subject, data, err);
}

bool event_query_moved(struct act *act, const struct query *query, struct problem *err)
{
    char subject[REF_SIZE], link[REF_SIZE], type[CODE_SIZE];
    bool is_new = strcmp(query->state, "open") == 0;
    snprintf(subject, sizeof(subject), "kpi/queries/%s", query->id);
    snprintf(link, sizeof(link), "kpi/observations/%s", query->observation_id);
    snprintf(type, sizeof(type), "kpi.query.%s.v1", is_new ? "raised" : query->state);
    json_auto_t *data = json_object();
    json_put_new(data, "query", query_row(query));
    json_auto_t *links = json_pack("[s]", link);
    struct event event = {.type = type,
                          .subject = subject,
                          .data = data,
                          .links = links,
                          .occurred_ms = INSTANT_NONE};
    return act_append(act, &event, err);
}
