#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ids.h"
#include "common/json.h"
#include "services/kpi/api/handlers.h"
#include "services/kpi/events.h"
#include "services/kpi/rules/agreement.h"
#include "services/kpi/store.h"

/* Agreeing and publishing -------------------------------------------------------------------------
 */

static json_t *agreement_to_json(const struct agreement *agreement)
{
    json_t *object = json_object();
    json_put_text(object, "id", agreement->id);
    json_put_text(object, "observationId", agreement->observation_id);
    json_put_integer(object, "revision", agreement->revision);
    json_put_text(object, "organisation", agreement->by.code);
    json_put_text(object, "side", agreement->by.is_commissioner ? "commissioner" : "provider");
    json_put_text(object, "appointmentId", agreement->appointment_id);
    json_put_instant(object, "agreedAt", agreement->agreed_ms);
    return object;
}

bool list_agreements(struct request *request, struct reply *reply, struct problem *err)
{
    struct observation observation;
    struct page page;
    db_rows_auto_t rows = {0};
    if (!store_observation_get(request->tx, request_path(request, "observationId"), &observation,
                               err) ||
        !page_begin(request, &page, err) ||
        !store_agreement_list(request->tx, observation.id, page.after, page.limit, &rows, err))
        return false;
    json_t *items = json_array();
    for (int row = 0; row < rows.count; row++) {
        struct agreement agreement;
        agreement_of_row(&rows, row, &agreement);
        json_push_new(items, agreement_to_json(&agreement));
    }
    list_reply(request, reply, &page, items, "id");
    return true;
}

/* For whom the caller agrees: the roles that the operation asks for, own organisation first. */
static bool agreement_begin(struct request *request, const struct observation *observation,
                            struct agreement *ret, struct problem *err)
{
    static const char *const ROLES[] = {"quality-lead", "finance-lead", NULL};
    const struct appointment *as = standing_acts_by(&request->standing, ROLES);
    assert(as != NULL); /* x-roles */
    *ret = (struct agreement){.revision = json_integer_or(request->body, "revision", 0),
                              .agreed_ms = request->now_ms};
    uuid_new(request->now_ms, ret->id);
    memcpy(ret->observation_id, observation->id, sizeof(ret->observation_id));
    memcpy(ret->appointment_id, as->id, sizeof(ret->appointment_id));
    return store_organisation_get(request->tx, as->organisation, &ret->by, err);
}

/* What was agreed to a revision so far; the caller frees. */
static bool agreements_load(struct request *request, const struct observation *observation,
                            struct agreement **ret, size_t *ret_count, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!store_agreement_of_revision(request->tx, observation->id, observation->revision, &rows,
                                     err))
        return false;
    *ret = calloc((size_t)rows.count + 1, sizeof(**ret));
    assert(*ret != NULL);
    for (int row = 0; row < rows.count; row++)
        agreement_of_row(&rows, row, &(*ret)[row]);
    *ret_count = (size_t)rows.count;
    return true;
}

/* The next revision: the same figures in another state. */
static void observation_move(struct observation *observation, const char *status, int64_t now_ms)
{
    observation->revision++;
    observation->reason[0] = '\0';
    observation->recorded_ms = now_ms;
    snprintf(observation->status, sizeof(observation->status), "%s", status);
}

bool agree_observation(struct request *request, struct reply *reply, struct problem *err)
{
    struct observation observation;
    struct agreement agreement, *given = NULL;
    struct organisation owner;
    size_t given_count = 0;
    int64_t unclosed = 0;
    bool is_agreed = false;
    if (!store_observation_get(request->tx, request_path(request, "observationId"), &observation,
                               err) ||
        !agreement_begin(request, &observation, &agreement, err) ||
        !store_organisation_get(request->tx, observation.organisation, &owner, err) ||
        !store_query_unclosed(request->tx, observation.id, &unclosed, err) ||
        !agreements_load(request, &observation, &given, &given_count, err))
        return false;
    bool may = agreement_decide(&observation, agreement.revision, &owner, &agreement.by, given,
                                given_count, unclosed, &is_agreed, err);
    free(given);
    if (!may)
        return false;
    if (is_agreed)
        observation_move(&observation, "agreed", request->now_ms);
    if (!event_observation_agreed(request->act, &agreement, is_agreed ? &observation : NULL, err))
        return false;
    char ref[REF_SIZE];
    snprintf(ref, sizeof(ref), "kpi/observations/%s/agreements", observation.id);
    reply_created(reply, agreement_to_json(&agreement), ref, 0);
    return true;
}

bool publish_observation(struct request *request, struct reply *reply, struct problem *err)
{
    struct observation observation;
    int64_t unclosed = 0;
    if (!store_observation_get(request->tx, request_path(request, "observationId"), &observation,
                               err) ||
        !store_query_unclosed(request->tx, observation.id, &unclosed, err) ||
        !publication_check(&observation, unclosed, err))
        return false;
    observation_move(&observation, "published", request->now_ms);
    if (!event_observation_published(request->act, &observation, err))
        return false;
    reply_ok(reply, observation_to_json(&observation), observation.revision);
    return true;
}

/* Queries -----------------------------------------------------------------------------------------
 */

static json_t *query_to_json(const struct query *query)
{
    json_t *object = json_object();
    json_put_text(object, "id", query->id);
    json_put_text(object, "observationId", query->observation_id);
    json_put_integer(object, "revision", query->revision);
    json_put_text(object, "raisedBy", query->raised_by);
    json_put_text(object, "question", query->question);
    json_put_text(object, "state", query->state);
    json_put_text(object, "answeredBy", query->answered_by);
    json_put_text(object, "answer", query->answer);
    json_put_text(object, "outcome", query->outcome);
    json_put_instant(object, "raisedAt", query->raised_ms);
    json_put_instant(object, "answeredAt", query->answered_ms);
    json_put_instant(object, "closedAt", query->closed_ms);
    json_put_integer(object, "version", query->version);
    return object;
}

bool list_queries(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {0};
    if (!page_begin(request, &page, err) ||
        !store_query_list(request->tx, request_query(request, "observation"),
                          request_query(request, "state"), page.after, page.limit, &rows, err))
        return false;
    json_t *items = json_array();
    for (int row = 0; row < rows.count; row++) {
        struct query query;
        query_of_row(&rows, row, &query);
        json_push_new(items, query_to_json(&query));
    }
    list_reply(request, reply, &page, items, "id");
    return true;
}

static bool challenged_load(struct request *request, struct observation *ret, struct problem *err)
{
    const char *id = json_text(request->body, "observationId");
    if (store_observation_get(request->tx, id, ret, err))
        return true;
    if (err->code != PROBLEM_NOT_FOUND)
        return false;
    problem_clear(err);
    return problem_add(err, PROBLEM_REFERENCE_UNKNOWN, "unknown-observation", "/observationId",
                       "there is no observation %s", id);
}

bool raise_query(struct request *request, struct reply *reply, struct problem *err)
{
    struct observation observation;
    struct query query = {.state = "open",
                          .raised_ms = request->now_ms,
                          .answered_ms = INSTANT_NONE,
                          .closed_ms = INSTANT_NONE,
                          .version = 1};
    json_copy_text(request->body, "question", query.question, sizeof(query.question));
    if (!text_check("/question", query.question, err) ||
        !challenged_load(request, &observation, err))
        return false;
    uuid_new(request->now_ms, query.id);
    memcpy(query.observation_id, observation.id, sizeof(query.observation_id));
    memcpy(query.raised_by, request->standing.organisation, sizeof(query.raised_by));
    query.revision = observation.revision;
    if (!event_query_moved(request->act, &query, err))
        return false;
    char ref[REF_SIZE];
    snprintf(ref, sizeof(ref), "kpi/queries/%s", query.id);
    reply_created(reply, query_to_json(&query), ref, query.version);
    return true;
}

bool get_query(struct request *request, struct reply *reply, struct problem *err)
{
    struct query query;
    if (!store_query_get(request->tx, request_path(request, "queryId"), &query, err))
        return false;
    reply_ok(reply, query_to_json(&query), query.version);
    return true;
}

static bool query_move(struct request *request, struct reply *reply, struct query *query,
                       const char *state, struct problem *err)
{
    snprintf(query->state, sizeof(query->state), "%s", state);
    query->version++;
    if (!event_query_moved(request->act, query, err))
        return false;
    reply_ok(reply, query_to_json(query), query->version);
    return true;
}

bool answer_query(struct request *request, struct reply *reply, struct problem *err)
{
    struct query query;
    struct observation observation;
    if (!store_query_get(request->tx, request_path(request, "queryId"), &query, err) ||
        !store_observation_get(request->tx, query.observation_id, &observation, err) ||
        !query_answer_check(&query, err) || !reporter_check(request, observation.organisation, err))
        return false;
    json_copy_text(request->body, "answer", query.answer, sizeof(query.answer));
    if (!text_check("/answer", query.answer, err))
        return false;
    memcpy(query.answered_by, request->standing.organisation, sizeof(query.answered_by));
    query.answered_ms = request->now_ms;
    return query_move(request, reply, &query, "answered", err);
}

bool close_query(struct request *request, struct reply *reply, struct problem *err)
{
    struct query query;
    if (!store_query_get(request->tx, request_path(request, "queryId"), &query, err) ||
        !query_close_check(&query, request->standing.organisation, err))
        return false;
    json_copy_text(request->body, "outcome", query.outcome, sizeof(query.outcome));
    if (!text_check("/outcome", query.outcome, err))
        return false;
    query.closed_ms = request->now_ms;
    return query_move(request, reply, &query, "closed", err);
}
