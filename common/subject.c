#include "common/subject.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/db_connection.h"
#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "common/queries.h"
#include "common/service_context.h"
#include "common/standing.h"
#include "common/subject_private.h"
#include "common/token.h"

enum { NONCE_BYTES = 16, CATCH_UP_MS = 700, CATCH_UP_LOOK_MS = 20, ASK_MS = 2000 };

static json_t *object_new(void)
{
    json_t *object = json_object();
    if (object == NULL)
        abort();
    return object;
}

/* --- the digest ------------------------------------------------------------------------------- */

bool subject_digest(const char *ref, const char *effect, const char *nonce, int64_t version,
                    const json_t *content, char ret_digest[DIGEST_SIZE], size_t *ret_content_size,
                    struct problem *err)
{
    json_auto_t *whole = object_new();
    char_auto_t *text = NULL;
    size_t size;
    json_put_new(whole, "content", json_incref((json_t *)content));
    json_put_text(whole, "effect", effect);
    json_put_text(whole, "nonce", nonce);
    json_put_text(whole, "subject", ref);
    json_put_integer(whole, "version", version);
    if (!json_canonical(whole, &text, &size, err))
        return false;
    digest_of_bytes(text, size, ret_digest);
    *ret_content_size = size;
    return true;
}

bool subject_digest_matches(const json_t *carried_event_data)
{
    const json_t *decision = json_member(carried_event_data, "decision");
    const char *ref = json_text(decision, "subject"), *effect = json_text(decision, "effect"),
               *nonce = json_text(decision, "nonce"), *digest = json_text(decision, "digest");
    const json_t *content = json_member(decision, "content");
    const json_t *version = json_member(decision, "subjectVersion");
    char own[DIGEST_SIZE];
    size_t size;
    struct problem fault = {0};
    return ref != NULL && effect != NULL && nonce != NULL && digest != NULL && content != NULL &&
           json_is_integer(version) &&
           subject_digest(ref, effect, nonce, json_integer_value(version), content, own, &size,
                          &fault) &&
           strcmp(own, digest) == 0;
}

/* --- rows and events -------------------------------------------------------------------------- */

bool frozen_is_held(const struct frozen *frozen)
{
    return strcmp(frozen->state, "asked") == 0 || strcmp(frozen->state, "held") == 0;
}

bool frozen_load(struct act *act, const char *decision_id, bool *ret_found,
                 struct frozen *ret_frozen, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!act_select(act, &QUERY_FROZEN_GET, &rows, err, db_text(decision_id)))
        return false;
    *ret_found = rows.count == 1;
    if (!*ret_found)
        return true;
    row_copy(&rows, 0, "decision_id", ret_frozen->decision_id, UUID_SIZE);
    row_copy(&rows, 0, "subject", ret_frozen->subject, REF_SIZE);
    row_copy(&rows, 0, "effect", ret_frozen->effect, CODE_SIZE);
    row_copy(&rows, 0, "kind", ret_frozen->kind, CODE_SIZE);
    row_copy(&rows, 0, "nonce", ret_frozen->nonce, DIGEST_SIZE);
    row_copy(&rows, 0, "digest", ret_frozen->digest, DIGEST_SIZE);
    row_copy(&rows, 0, "state", ret_frozen->state, CODE_SIZE);
    ret_frozen->version = row_int(&rows, 0, "version");
    ret_frozen->frozen_ms = row_instant(&rows, 0, "frozen_at");
    return true;
}

bool frozen_described(struct act *act, const struct frozen *frozen, json_t **ret_described,
                      struct problem *err)
{
    db_rows_auto_t rows = {0};
    json_auto_t *envelope = NULL;
    char type[CODE_SIZE];
    snprintf(type, sizeof type, "%s.subject.frozen.v1", act->service);
    if (!act_select(act, &QUERY_FROZEN_DESCRIBED, &rows, err, db_text(frozen->subject),
                    db_text(type), db_text(frozen->decision_id)))
        return false;
    if (rows.count == 1) {
        const char *body = row_text(&rows, 0, "body");
        if (!json_parse(body, strlen(body), &envelope, err))
            return false;
    }
    json_t *described = json_object_get(json_object_get(envelope, "data"), "described");
    *ret_described = described != NULL ? json_incref(described) : object_new();
    return true;
}

static json_t *frozen_row(const struct frozen *frozen)
{
    json_t *row = object_new();
    json_put_text(row, "decisionId", frozen->decision_id);
    json_put_text(row, "subject", frozen->subject);
    json_put_text(row, "effect", frozen->effect);
    json_put_text(row, "kind", frozen->kind);
    json_put_integer(row, "version", frozen->version);
    json_put_text(row, "nonce", frozen->nonce);
    json_put_text(row, "digest", frozen->digest);
    json_put_text(row, "state", frozen->state);
    json_put_instant(row, "frozenAt", frozen->frozen_ms);
    return row;
}

bool frozen_append(struct act *act, const struct frozen_event *event, struct problem *err)
{
    char type[2 * CODE_SIZE], link[REF_SIZE];
    const struct frozen *frozen = event->frozen;
    const char *decision_id = frozen != NULL ? frozen->decision_id : event->decision_id;
    json_t *restricted_to = json_object_get(event->described, "restrictedTo");
    json_auto_t *data = object_new(), *links = NULL;
    snprintf(type, sizeof type, "%s.%s.v1", act->service, event->name);
    snprintf(link, sizeof link, "decisions/%s", decision_id);
    links = json_pack("[s]", link);
    if (links == NULL)
        abort();
    if (frozen != NULL)
        json_put_new(data, "frozenSubject", frozen_row(frozen));
    if (event->with_described)
        json_put_new(data, "described", json_incref((json_t *)event->described));
    struct event whole = {
        .type = type,
        .subject = frozen != NULL ? frozen->subject : event->subject,
        .data = data,
        .class = restricted_to != NULL ? EVENT_RESTRICTED : EVENT_OPEN,
        .restricted_to = restricted_to,
        .links = links,
        .effect_decision_id = event->is_effect ? decision_id : NULL,
        .effect_refused = event->refusal != NULL,
        .effect_reason = event->refusal,
        .occurred_ms = INSTANT_NONE,
    };
    return act_append(act, &whole, err);
}

bool subject_check_thawed(struct act *act, const char *ref, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!act_select(act, &QUERY_FROZEN_BY, &rows, err, db_text(ref), db_text(NULL), db_text(NULL)))
        return false;
    if (rows.count > 0)
        return problem_set(err, PROBLEM_SUBJECT_FROZEN, "%s is held by decision %s", ref,
                           row_text(&rows, 0, "decision_id"));
    return true;
}

/* --- describe and freeze ---------------------------------------------------------------------- */

static void subject_done(struct subject *subject)
{
    json_decref(subject->content);
    json_decref(subject->organisations);
    json_decref(subject->restricted_to);
}

static void nonce_make(char ret_nonce[2 * NONCE_BYTES + 1])
{
    unsigned char bytes[NONCE_BYTES];
    random_bytes(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(ret_nonce + 2 * i, 3, "%02x", bytes[i]);
}

static json_t *described_write(const struct subject *subject, const struct frozen *frozen)
{
    json_t *described = object_new();
    json_put_text(described, "kind", subject->kind);
    json_put_text(described, "title", subject->title);
    json_put_text(described, "summary", subject->summary);
    json_put_new(described, "content", json_incref(subject->content));
    json_put_integer(described, "version", subject->version);
    json_put_text(described, "nonce", frozen->nonce);
    json_put_text(described, "digest", frozen->digest);
    json_put_new(described, "organisations", json_incref(subject->organisations));
    json_put_new(described, "restrictedTo", json_incref(subject->restricted_to));
    return described;
}

/* Freezes what the hook has described. */
static bool described_freeze(struct act *act, const struct subject *subject, struct frozen *frozen,
                             json_t **ret_described, struct problem *err)
{
    size_t size;
    nonce_make(frozen->nonce);
    frozen->version = subject->version;
    frozen->frozen_ms = act->now_ms;
    snprintf(frozen->kind, sizeof frozen->kind, "%s", subject->kind);
    if (!json_is_object(subject->content) || subject->kind[0] == '\0')
        return problem_set(err, PROBLEM_INTERNAL, "%s was described without kind or content",
                           frozen->subject);
    if (!subject_digest(frozen->subject, frozen->effect, frozen->nonce, subject->version,
                        subject->content, frozen->digest, &size, err))
        return false;
    if (size > SUBJECT_CONTENT_BYTES_MAX)
        return problem_set(err, PROBLEM_BODY_TOO_LARGE,
                           "what is decided on has %zu bytes; a decision holds at most %d", size,
                           SUBJECT_CONTENT_BYTES_MAX);
    json_auto_t *described = described_write(subject, frozen);
    struct frozen_event event = {
        .name = "subject.frozen", .frozen = frozen, .described = described, .with_described = true};
    if (!frozen_append(act, &event, err))
        return false;
    *ret_described = STEAL(described);
    return true;
}

/* The same question again: the same answer, while it still holds. */
static bool described_again(struct act *act, const struct frozen *frozen, const char *ref,
                            const char *effect, json_t **ret_described, struct problem *err)
{
    if (!frozen_is_held(frozen) || strcmp(frozen->subject, ref) != 0 ||
        strcmp(frozen->effect, effect) != 0)
        return problem_set(err, PROBLEM_STATE_CONFLICT, "decision %s was about something else",
                           frozen->decision_id);
    return frozen_described(act, frozen, ret_described, err);
}

/* Only a subject that has one spelling can be held once. */
static bool describe_exactly(struct act *act, const struct subject_hooks *hooks,
                             const struct standing *standing, const struct frozen *frozen,
                             struct subject *ret_subject, struct problem *err)
{
    if (!hooks->describe(act, standing, frozen->subject, frozen->effect, ret_subject, err))
        return false;
    return strcmp(ret_subject->ref, frozen->subject) == 0 ||
           problem_set(err, PROBLEM_NOT_FOUND, "there is no %s", frozen->subject);
}

/* Describes it, unless another decision asks the same of it. To whom it does not exist it isn't
 * held either; to others that it is held says more than why it could not be described. */
static bool subject_is_free(struct act *act, const struct subject_hooks *hooks,
                            const struct standing *standing, const struct frozen *frozen,
                            struct subject *ret_subject, struct problem *err)
{
    db_rows_auto_t rows = {0};
    struct problem fault = {0};
    bool is_described = describe_exactly(act, hooks, standing, frozen, ret_subject, err);
    if (!is_described && (err->code == PROBLEM_NOT_FOUND || problem_status(err->code) >= 500))
        return false;
    if (!act_select(act, &QUERY_FROZEN_BY, &rows, &fault, db_text(frozen->subject),
                    db_text(frozen->effect), db_text(frozen->decision_id))) {
        *err = fault;
        return false;
    }
    if (rows.count == 0)
        return is_described;
    problem_clear(err);
    return problem_set(err, PROBLEM_DECISION_OPEN, "decision %s already asks this of %s",
                       row_text(&rows, 0, "decision_id"), frozen->subject);
}

static bool freeze(struct act *act, const struct subject_hooks *hooks,
                   const struct standing *standing, const char *state, struct frozen *frozen,
                   json_t **ret_described, struct problem *err)
{
    bool is_again;
    struct frozen before;
    if (!frozen_load(act, frozen->decision_id, &is_again, &before, err))
        return false;
    if (is_again)
        return described_again(act, &before, frozen->subject, frozen->effect, ret_described, err);
    CLEANUP(subject_done) struct subject subject = {.kind = ""};
    if (!subject_is_free(act, hooks, standing, frozen, &subject, err))
        return false;
    snprintf(frozen->state, sizeof frozen->state, "%s", state);
    return described_freeze(act, &subject, frozen, ret_described, err);
}

static bool frozen_init(const char *ref, const char *effect, const char *decision_id,
                        struct frozen *ret_frozen, struct problem *err)
{
    if (!ref_is_valid(ref) || strlen(effect) >= CODE_SIZE || !uuid_is_valid(decision_id))
        return problem_set(err, PROBLEM_REFERENCE_UNKNOWN, "there is no such subject");
    *ret_frozen = (struct frozen){.version = 0};
    snprintf(ret_frozen->subject, sizeof ret_frozen->subject, "%s", ref);
    snprintf(ret_frozen->effect, sizeof ret_frozen->effect, "%s", effect);
    snprintf(ret_frozen->decision_id, sizeof ret_frozen->decision_id, "%s", decision_id);
    return true;
}

bool subject_freeze(struct act *act, const struct subject_hooks *hooks,
                    const struct standing *standing, const char *ref, const char *effect,
                    const char *decision_id, json_t **ret_described, struct problem *err)
{
    struct frozen frozen;
    return frozen_init(ref, effect, decision_id, &frozen, err) &&
           freeze(act, hooks, standing, "held", &frozen, ret_described, err);
}

/* --- on the bus ------------------------------------------------------------------------------- */

bool subject_ask(struct service_context *context, const struct caller *caller,
                 const char *alliance_id, const char *request_id, const char *traceparent,
                 const char *ref, const char *effect, const char *decision_id,
                 int64_t membership_sequence, json_t **ret_described, struct problem *err)
{
    json_auto_t *arguments = object_new();
    json_put_text(arguments, "subject", ref);
    json_put_text(arguments, "effect", effect);
    json_put_text(arguments, "decisionId", decision_id);
    json_put_integer(arguments, "membershipSequence", membership_sequence);
    struct bus_ask ask = {.service = ref_service(ref),
                          .question = "subject.describe",
                          .alliance_id = alliance_id,
                          .request_id = request_id,
                          .traceparent = traceparent,
                          .caller = caller,
                          .arguments = arguments,
                          .timeout_ms = ASK_MS};
    return bus_ask(context->bus, &ask, ret_described, err);
}

static bool cursor_reached(struct service_context *context, const char *alliance_id,
                           int64_t sequence, bool *ret_reached, struct problem *err)
{
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t rows = {0};
    *ret_reached = sequence <= 0;
    if (!db_begin(context->db, alliance_id, true, &tx, err) ||
        !db_select(tx, &QUERY_CURSOR_LIST, &rows, err) || !db_commit(tx, err))
        return false;
    for (int i = 0; i < rows.count; i++)
        if (strcmp(row_text(&rows, i, "source"), "membership") == 0)
            *ret_reached = row_int(&rows, i, "sequence") >= sequence;
    return true;
}

/* Membership knows its roster up to there; so must we, or we would refuse whom it has just let in.
 */
static bool catch_up_wait(struct service_context *context, const char *alliance_id,
                          int64_t sequence, struct problem *err)
{
    int64_t deadline_ms = monotonic_ms() + CATCH_UP_MS;
    bool is_reached = false;
    for (;;) {
        if (!cursor_reached(context, alliance_id, sequence, &is_reached, err))
            return false;
        if (is_reached)
            return true;
        if (monotonic_ms() >= deadline_ms)
            return problem_set(err, PROBLEM_NOT_CAUGHT_UP, "%s has not reached membership=%lld",
                               context->service->name, (long long)sequence);
        nanosleep(&(struct timespec){.tv_nsec = CATCH_UP_LOOK_MS * 1000000L}, NULL);
    }
}

static struct actor actor_of(const struct caller *caller)
{
    struct actor actor = {.service = ""};
    snprintf(actor.issuer, sizeof actor.issuer, "%s", caller->issuer);
    snprintf(actor.subject, sizeof actor.subject, "%s", caller->subject);
    snprintf(actor.client, sizeof actor.client, "%s", caller->client);
    snprintf(actor.organisation, sizeof actor.organisation, "%s", caller->organisation);
    return actor;
}

static bool describe_once(const struct bus_question *question, struct frozen *frozen,
                          struct act *act, json_t **ret_described, struct problem *err)
{
    struct service_context *context = question->context;
    struct actor actor = actor_of(&question->caller);
    struct caller caller = question->caller;
    struct standing standing;
    token_vouch(context->tokens, &caller);
    if (!act_begin(context->db, context->service->name, question->alliance_id, &actor, false, act,
                   err))
        return false;
    memcpy(act->request_id, question->request_id, UUID_SIZE);
    memcpy(act->traceparent, question->traceparent, TRACEPARENT_SIZE);
    if (!standing_load(act->tx, &caller, act->now_ms, &standing, err))
        return false;
    if (!standing.has_partner && standing.appointment_count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no %s", frozen->subject);
    memcpy(act->actor.organisation, standing.organisation, ODS_SIZE);
    actor_appoint(&act->actor, standing_acting(&standing, 0));
    int64_t before = act->sequence;
    if (!freeze(act, context->service->subjects, &standing, "asked", frozen, ret_described, err) ||
        !act_commit(act, err))
        return false;
    if (act->sequence > before) {
        bus_wake(context, act->alliance_id, act->sequence);
        http_moved(context->http);
    }
    return true;
}

bool subject_describe_answer(const struct bus_question *question, json_t **ret_answer,
                             struct problem *err)
{
    struct service_context *context = question->context;
    const json_t *arguments = question->arguments;
    const char *ref = json_text(arguments, "subject"), *effect = json_text(arguments, "effect"),
               *decision_id = json_text(arguments, "decisionId");
    struct frozen asked;
    if (ref == NULL || effect == NULL || decision_id == NULL || !question->has_caller ||
        strcmp(question->from, "membership") != 0)
        return problem_set(err, PROBLEM_PARAMETER_INVALID, "subject.describe by whom, of what?");
    if (!frozen_init(ref, effect, decision_id, &asked, err))
        return false;
    if (context->service->subjects == NULL || strcmp(ref_service(ref), context->service->name) != 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no %s", ref);
    if (!catch_up_wait(context, question->alliance_id,
                       json_integer_or(arguments, "membershipSequence", 0), err))
        return false;
    for (int attempt = 1;; attempt++) {
        act_auto_t act = {0};
        struct frozen frozen = asked;
        json_auto_t *described = NULL;
        if (describe_once(question, &frozen, &act, &described, err)) {
            *ret_answer = STEAL(described);
            return true;
        }
        if (!act_should_repeat(&act) || attempt == TRANSACTION_ATTEMPTS_MAX)
            return false;
        problem_clear(err);
    }
}
