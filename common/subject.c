#include "common/subject.h"

#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "common/kinds.h"
#include "common/memory.h"
#include "common/queries.h"
#include "common/subject_private.h"

enum { NONCE_BYTES = 16 };

/* --- the digest ------------------------------------------------------------------------------- */

bool subject_digest(const char *ref, const char *effect, const char *nonce, int64_t version,
                    const json_t *content, char ret_digest[DIGEST_SIZE], size_t *ret_content_size,
                    struct problem *err)
{
    json_auto_t *whole = json_object();
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
    row_copy(&rows, 0, "rule", ret_frozen->rule, CODE_SIZE);
    row_copy(&rows, 0, "ask_id", ret_frozen->ask_id, UUID_SIZE);
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
    *ret_described = described != NULL ? json_incref(described) : need(json_object());
    return true;
}

static json_t *frozen_row(const struct frozen *frozen)
{
    json_t *row = json_object();
    json_put_text(row, "decisionId", frozen->decision_id);
    json_put_text(row, "subject", frozen->subject);
    json_put_text(row, "effect", frozen->effect);
    json_put_text(row, "kind", frozen->kind);
    if (frozen->rule[0] != '\0')
        json_put_text(row, "rule", frozen->rule);
    if (frozen->ask_id[0] != '\0')
        json_put_text(row, "askId", frozen->ask_id);
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
    json_auto_t *data = json_object(), *links = NULL;
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
    json_t *described = json_object();
    json_put_text(described, "kind", subject->kind);
    if (frozen->rule[0] != '\0')
        json_put_text(described, "rule", frozen->rule);
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

/* Takes the rule that membership names for this kind: what is carried by another will be refused.
 */
static bool rule_freeze(const json_t *rules, struct frozen *frozen, struct problem *err)
{
    enum decision_kind kind;
    const char *rule = json_text(rules, frozen->kind);
    if (!kind_of_name(frozen->kind, &kind))
        return problem_set(err, PROBLEM_INTERNAL, "%s was described as of kind '%s'",
                           frozen->subject, frozen->kind);
    if (rules == NULL)
        return true;
    if (rule == NULL || strlen(rule) >= CODE_SIZE)
        return problem_set(err, PROBLEM_PARAMETER_INVALID, "subject.describe by which rule?");
    if (kind_is_reserved(kind) && strcmp(rule, "unanimous") != 0)
        return problem_set(err, PROBLEM_PARAMETER_INVALID, "%s is reserved, and not for %s",
                           frozen->kind, rule);
    snprintf(frozen->rule, sizeof frozen->rule, "%s", rule);
    return true;
}

/* Freezes what the hook has described. */
static bool described_freeze(struct act *act, const struct subject *subject, const json_t *rules,
                             struct frozen *frozen, json_t **ret_described, struct problem *err)
{
    size_t size;
    nonce_make(frozen->nonce);
    frozen->version = subject->version;
    frozen->frozen_ms = act->now_ms;
    snprintf(frozen->kind, sizeof frozen->kind, "%s", subject->kind);
    if (!json_is_object(subject->content) || subject->kind[0] == '\0')
        return problem_set(err, PROBLEM_INTERNAL, "%s was described without kind or content",
                           frozen->subject);
    if (!rule_freeze(rules, frozen, err) ||
        !subject_digest(frozen->subject, frozen->effect, frozen->nonce, subject->version,
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

/* Asked again for the same decision, which may not have opened before: the same answer. What the
 * question before this one is still to say (that nothing came of it) no longer counts. */
static bool described_again(struct act *act, const char *ask_id, struct frozen *frozen,
                            json_t **ret_described, struct problem *err)
{
    json_auto_t *described = NULL;
    if (!frozen_described(act, frozen, &described, err))
        return false;
    if (strcmp(frozen->state, "asked") == 0 && strcmp(frozen->ask_id, ask_id) != 0) {
        memcpy(frozen->ask_id, ask_id, UUID_SIZE);
        frozen->frozen_ms = act->now_ms;
        struct frozen_event event = {
            .name = "subject.asked", .frozen = frozen, .described = described};
        if (!frozen_append(act, &event, err))
            return false;
    }
    *ret_described = STEAL(described);
    return true;
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

bool frozen_freeze(struct act *act, const struct subject_hooks *hooks,
                   const struct standing *standing, const char *state, const json_t *rules,
                   struct frozen *frozen, json_t **ret_described, struct problem *err)
{
    bool is_again;
    struct frozen before;
    if (!frozen_load(act, frozen->decision_id, &is_again, &before, err))
        return false;
    bool is_same = is_again && strcmp(before.subject, frozen->subject) == 0 &&
                   strcmp(before.effect, frozen->effect) == 0;
    if (is_same && frozen_is_held(&before))
        return described_again(act, frozen->ask_id, &before, ret_described, err);
    /* Thawed, and asked again all the same: it has not opened, so it is frozen anew. */
    if (is_again && !(is_same && strcmp(before.state, "thawed") == 0))
        return problem_set(err, PROBLEM_STATE_CONFLICT, "decision %s was about something else",
                           before.decision_id);
    CLEANUP(subject_done) struct subject subject = {.kind = ""};
    if (!subject_is_free(act, hooks, standing, frozen, &subject, err))
        return false;
    snprintf(frozen->state, sizeof frozen->state, "%s", state);
    return described_freeze(act, &subject, rules, frozen, ret_described, err);
}

bool frozen_init(const char *ref, const char *effect, const char *decision_id,
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
           frozen_freeze(act, hooks, standing, "held", NULL, &frozen, ret_described, err);
}
