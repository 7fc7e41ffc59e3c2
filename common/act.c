#include "common/act.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/access.h"
#include "common/chain.h"
#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/queries.h"

/* More than this is sent, and waited for, at once: an answer's deadline covers no more work than
 * that of one statement, however much a single act appends. */
enum { PENDING_BYTES_MAX = 1024 * 1024 };

/* A PostgreSQL array literal that grows: {"a","b"}. */
struct array_text {
    char *text;
    size_t size, room;
};

/* How far an act takes another journal. */
struct move {
    char source[CODE_SIZE]; /* "" = nowhere */
    int64_t sequence;
    char hash[DIGEST_SIZE];
};

struct act_private {
    json_t *cursors;
    struct move move;                         /* not yet sent */
    struct array_text classes, salts, bodies; /* of the events not yet sent */
    struct db_rows appended;                  /* the answer to the last journal_append */
    int64_t sent_sequence;                    /* what it has to say */
    char sent_hash[DIGEST_SIZE];
    void *slot;
    void (*free_slot)(void *);
};

/* --- array literals --- */

static void array_push(struct array_text *array, const char *element)
{
    size_t room = array->size + 2 * strlen(element) + 5;
    if (room > array->room) {
        array->text = need(realloc(array->text, room * 2));
        array->room = room * 2;
    }
    /* The closing brace of before becomes the comma. */
    char *out = array->text + array->size;
    if (array->size == 0)
        *out++ = '{';
    else
        out[-1] = ',';
    *out++ = '"';
    for (; *element != '\0'; element++) {
        if (*element == '"' || *element == '\\')
            *out++ = '\\';
        *out++ = *element;
    }
    *out++ = '"';
    *out++ = '}';
    *out = '\0';
    array->size = (size_t)(out - array->text);
}

static void array_clear(struct array_text *array)
{
    free(array->text);
    *array = (struct array_text){.text = NULL};
}

/* --- begin, commit, done --- */

static bool flush_hook(void *context, struct problem *err)
{
    return act_flush(context, err);
}

/* Reads the cursors in the statement after the lock: the lock's own one would see them as they were
 * before it waited. */
static bool act_lock(struct act *act, bool create, bool *ret_is_there, struct problem *err)
{
    db_rows_auto_t head = {.result = NULL};
    db_rows_auto_t cursors = {.result = NULL};
    if (!db_send(act->tx, &QUERY_HEAD_LOCK, &head, err, db_bool(create)) ||
        !db_select(act->tx, &QUERY_CURSOR_LIST, &cursors, err))
        return false;
    *ret_is_there = head.count == 1;
    if (!*ret_is_there)
        return true;
    act->sequence = row_int(&head, 0, "sequence");
    row_copy(&head, 0, "hash", act->head_hash, sizeof act->head_hash);
    act->now_ms = row_instant(&head, 0, "now_at");
    for (int i = 0; i < cursors.count; i++)
        json_put_integer(act->private->cursors, row_text(&cursors, i, "source"),
                         row_int(&cursors, i, "sequence"));
    return true;
}

static bool act_try(struct act *act, const struct act_prelude *prelude, bool create,
                    struct problem *err)
{
    if (!db_begin(act->db, act->alliance_id, false, &act->tx, err) ||
        (prelude != NULL && !prelude->run(act->tx, prelude->context, err)))
        return false;
    bool is_there;
    if (!act_lock(act, create, &is_there, err))
        return false;
    if (!is_there)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no alliance %s", act->alliance_id);
    db_tx_before_query(act->tx, flush_hook, act);
    return true;
}

bool act_begin(struct db *db, const char *service, const char *alliance_id,
               const struct actor *actor, bool create, struct act *ret_act, struct problem *err)
{
    return act_begin_after(NULL, db, service, alliance_id, actor, create, ret_act, err);
}

bool act_begin_after(const struct act_prelude *prelude, struct db *db, const char *service,
                     const char *alliance_id, const struct actor *actor, bool create,
                     struct act *ret_act, struct problem *err)
{
    *ret_act = (struct act){.db = db, .service = service, .actor = *actor};
    if (!uuid_is_valid(alliance_id))
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no such alliance");
    memcpy(ret_act->alliance_id, alliance_id, UUID_SIZE);
    ret_act->private = need(calloc(1, sizeof *ret_act->private));
    ret_act->private->cursors = need(json_object());
    /* Nothing has been done yet: what may be repeated is repeated here. */
    for (int attempt = 1; !act_try(ret_act, prelude, create, err); attempt++) {
        bool should_repeat = act_should_repeat(ret_act) && attempt < TRANSACTION_ATTEMPTS_MAX;
        db_tx_done(&ret_act->tx);
        if (!should_repeat) {
            act_done(ret_act);
            return false;
        }
        problem_clear(err);
    }
    return true;
}

bool act_should_repeat(const struct act *act)
{
    return act->tx != NULL && db_tx_should_repeat(act->tx);
}

/* The database and we must have reckoned the same head. The answer to an append before the last one
 * may be all that is there yet; the last one's hash holds for it too. */
static bool appended_check(struct act_private *private, struct problem *err)
{
    if (private->appended.result == NULL)
        return true;
    int64_t sequence =
        private->appended.count == 1 ? row_int(&private->appended, 0, "sequence") : 0;
    bool is_earlier = sequence > 0 && sequence < private->sent_sequence;
    bool is_same = sequence == private->sent_sequence &&
                   strcmp(row_text(&private->appended, 0, "hash"), private->sent_hash) == 0;
    db_rows_done(&private->appended);
    if (is_earlier)
        return true;
    if (!is_same)
        return problem_set(err, PROBLEM_INTERNAL, "the journal's head is not what we reckoned");
    return true;
}

/* Once for all the events that the act has taken. */
static bool cursor_move(struct act *act, struct problem *err)
{
    struct move *move = &act->private->move;
    db_rows_auto_t rows = {.result = NULL};
    if (move->source[0] == '\0')
        return true;
    if (!db_select_one(act->tx, &QUERY_CURSOR_MOVE, &rows, err, db_text(move->source),
                       db_int(move->sequence), db_text(move->hash)))
        return false;
    *move = (struct move){.source = ""};
    return true;
}

bool act_commit(struct act *act, struct problem *err)
{
    if (!act_flush(act, err) || !cursor_move(act, err) || !db_commit(act->tx, err))
        return false;
    /* Too late to refuse, and the database's own reckoning is what stands. */
    struct problem mismatch = {.code = PROBLEM_NONE};
    if (!appended_check(act->private, &mismatch))
        log_error("alliance %s: %s", act->alliance_id, mismatch.detail);
    return true;
}

void act_done(struct act *act)
{
    db_tx_done(&act->tx);
    struct act_private *private = STEAL(act->private);
    if (private == NULL)
        return;
    if (private->free_slot != NULL)
    private->free_slot(private->slot);
    array_clear(&private->classes);
    array_clear(&private->salts);
    array_clear(&private->bodies);
    db_rows_done(&private->appended);
    json_decref(private->cursors);
    free(private);
}

/* --- events --- */

void actor_appoint(struct actor *actor, const struct appointment *appointment)
{
    if (appointment == NULL)
        return;
    memcpy(actor->organisation, appointment->organisation, ODS_SIZE);
    memcpy(actor->appointment_id, appointment->id, UUID_SIZE);
}

static json_t *actor_to_json(const struct actor *actor)
{
    json_t *object = need(json_object());
    if (actor->service[0] != '\0') {
        json_put_text(object, "service", actor->service);
        return object;
    }
    json_put_text(object, "issuer", actor->issuer);
    json_put_text(object, "subject", actor->subject);
    json_put_text(object, "client", actor->client);
    json_put_text(object, "organisation", actor->organisation);
    json_put_text(object, "appointment", actor->appointment_id);
    return object;
}

static json_t *effect_to_json(const struct event *event)
{
    json_t *object = need(json_object());
    json_put_text(object, "decision", event->effect_decision_id);
    json_put_text(object, "state", event->effect_refused ? "refused" : "done");
    json_put_text(object, "reason", event->effect_reason);
    return object;
}

/* The event as the journal keeps it. Borrowed parts are shared, not copied. */
static json_t *envelope_new(const struct act *act, const struct event *event)
{
    json_t *envelope = need(json_object());
    json_put_text(envelope, "type", event->type);
    json_put_text(envelope, "subject", event->subject);
    json_put_new(envelope, "actor", actor_to_json(&act->actor));
    json_put_instant(envelope, "occurredAt",
                     event->occurred_ms == INSTANT_NONE ? act->now_ms : event->occurred_ms);
    json_put_instant(envelope, "recordedAt", act->now_ms);
    json_put_text(envelope, "requestId", act->request_id);
    json_put_text(envelope, "traceparent", act->traceparent);
    if (json_object_size(act->private->cursors) > 0)
        json_put_new(envelope, "after", json_incref(act->private->cursors));
    if (event->links != NULL && json_array_size(event->links) > 0)
        json_put_new(envelope, "links", json_incref(event->links));
    if (event->effect_decision_id != NULL)
        json_put_new(envelope, "effect", effect_to_json(event));
    if (event->restricted_to != NULL)
        json_put_new(envelope, "restrictedTo", json_incref(event->restricted_to));
    json_put_new(envelope, "data", json_incref(event->data));
    return envelope;
}

/* What a salt looks like as an element of a bytea[]. */
static void salt_format(const struct hash *salt, char ret_text[2 + DIGEST_SIZE])
{
    memcpy(ret_text, "\\x", 2);
    hash_format(salt, ret_text + 2);
}

static void head_move(struct act *act, bool is_restricted, const struct hash *salt,
                      const char *body, size_t size)
{
    struct hash previous;
    bool is_hash = hash_parse(act->head_hash, &previous);
    assert(is_hash);
    struct hash digest = chain_digest(is_restricted, salt, body, size);
    struct hash head = chain_hash(&previous, ++act->sequence, &digest);
    hash_format(&head, act->head_hash);
}

/* Sends the events that are pending. */
static bool pending_send(struct act *act, bool waits, struct problem *err)
{
    struct act_private *private = act->private;
    if (private->bodies.size == 0)
        return true;
    if (!appended_check(private, err))
        return false;
    private->sent_sequence = act->sequence;
    memcpy(private->sent_hash, act->head_hash, DIGEST_SIZE);
    /* The hook must not run for this query: there is nothing pending any more. */
    struct array_text classes = private->classes, salts = private->salts, bodies = private->bodies;
    private->classes = private->salts = private->bodies = (struct array_text){.text = NULL};
    bool ok = waits ? db_select(act->tx, &QUERY_JOURNAL_APPEND, &private->appended, err,
                                db_text(classes.text), db_text(salts.text), db_text(bodies.text))
                    : db_send(act->tx, &QUERY_JOURNAL_APPEND, &private->appended, err,
                              db_text(classes.text), db_text(salts.text), db_text(bodies.text));
    array_clear(&classes);
    array_clear(&salts);
    array_clear(&bodies);
    return ok;
}

bool act_append(struct act *act, const struct event *event, struct problem *err)
{
    struct act_private *private = act->private;
    bool is_restricted = event->class == EVENT_RESTRICTED;
    assert(json_is_object(event->data));
    assert(is_restricted == (event->restricted_to != NULL));
    json_auto_t *envelope = envelope_new(act, event);
    char_auto_t *body = NULL;
    size_t size;
    if (!json_canonical(envelope, &body, &size, err))
        return false;
    if (size > EVENT_BYTES_MAX)
        return problem_set(err, PROBLEM_BODY_TOO_LARGE,
                           "an event holds at most %d bytes; this %s would have %zu",
                           EVENT_BYTES_MAX, event->type, size);
    if (private->bodies.size + size > PENDING_BYTES_MAX && !pending_send(act, true, err))
        return false;
    struct hash salt;
    char salt_text[2 + DIGEST_SIZE];
    random_bytes(salt.bytes, sizeof salt.bytes);
    salt_format(&salt, salt_text);
    array_push(&private->classes, is_restricted ? "restricted" : "open");
    array_push(&private->salts, salt_text);
    array_push(&private->bodies, body);
    head_move(act, is_restricted, &salt, body, size);
    return true;
}

bool act_flush(struct act *act, struct problem *err)
{
    return pending_send(act, false, err);
}

bool act_mark(struct act *act, struct act_mark *ret_mark, struct problem *err)
{
    if (!db_send(act->tx, &QUERY_MARK_SET, NULL, err))
        return false;
    ret_mark->sequence = act->sequence;
    memcpy(ret_mark->head_hash, act->head_hash, DIGEST_SIZE);
    return true;
}

bool act_drop(struct act *act, const struct act_mark *mark, struct problem *err)
{
    struct act_private *private = act->private;
    db_rows_auto_t rows = {.result = NULL};
    array_clear(&private->classes);
    array_clear(&private->salts);
    array_clear(&private->bodies);
    act_set_slot(act, NULL, NULL); /* it may hold what is being taken back */
    if (!db_select(act->tx, &QUERY_MARK_RETURN, &rows, err) || !appended_check(private, err))
        return false;
    act->sequence = mark->sequence;
    memcpy(act->head_hash, mark->head_hash, DIGEST_SIZE);
    return true;
}

/* --- other journals --- */

int64_t act_cursor(const struct act *act, const char *service)
{
    return json_integer_or(act->private->cursors, service, 0);
}

bool act_follow(struct act *act, const char *source, int64_t sequence, const char *hash,
                const char *body, struct problem *err)
{
    int64_t cursor = act_cursor(act, source);
    if (sequence != cursor + 1)
        return problem_set(err, PROBLEM_INTERNAL,
                           "event %" JSON_INTEGER_FORMAT
                           " of %s does not follow %" JSON_INTEGER_FORMAT,
                           (json_int_t)sequence, source, (json_int_t)cursor);
    if (body != NULL && !db_send(act->tx, &QUERY_JOURNAL_FOLLOW, NULL, err, db_text(source),
                                 db_int(sequence), db_text(body)))
        return false;
    struct move *move = &act->private->move;
    if (strcmp(move->source, source) != 0 && !cursor_move(act, err))
        return false;
    *move = (struct move){.sequence = sequence};
    snprintf(move->source, sizeof move->source, "%s", source);
    snprintf(move->hash, sizeof move->hash, "%s", hash);
    json_put_integer(act->private->cursors, source, sequence);
    return true;
}

/* --- the service's own state --- */

void *act_slot(struct act *act)
{
    return act->private->slot;
}

void act_set_slot(struct act *act, void *slot, void (*free_slot)(void *))
{
    if (act->private->free_slot != NULL)
        act->private->free_slot(act->private->slot);
    act->private->slot = slot;
    act->private->free_slot = free_slot;
}
