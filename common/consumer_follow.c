#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/bus.h"
#include "common/consumer_private.h"
#include "common/instant.h"
#include "common/json.h"
#include "common/log.h"
#include "common/queries.h"

/* Where a source's journal has been taken to. */
struct cursor {
    int64_t sequence;
    struct hash hash;
    int attempts;
    bool is_left; /* the last of them was not made just now */
    bool is_stalled;
};

/* --- proving ---------------------------------------------------------------------------------- */

bool page_event_read(const json_t *events, size_t index, int64_t previous,
                     const struct hash *previous_hash, struct page_event *ret_event,
                     struct problem *err)
{
    const json_t *item = json_array_get(events, index);
    const char *class = json_text(item, "class"), *body = json_text(item, "body");
    struct hash digest, given, salt;
    int64_t sequence = json_integer_or(item, "sequence", -1);
    if (sequence != previous + 1 || class == NULL ||
        !hash_parse(json_text(item, "digest"), &digest) ||
        !hash_parse(json_text(item, "hash"), &given))
        return problem_set(err, PROBLEM_UPSTREAM, "the event after %" PRId64 " is not there",
                           previous);
    if (body != NULL) {
        size_t size = json_string_length(json_object_get(item, "body"));
        if (!hash_parse(json_text(item, "salt"), &salt))
            return problem_set(err, PROBLEM_UPSTREAM, "event %" PRId64 " has no salt", sequence);
        struct hash own = chain_digest(strcmp(class, "restricted") == 0, &salt, body, size);
        if (!hash_is_equal(&own, &digest))
            return problem_set(err, PROBLEM_UPSTREAM, "event %" PRId64 " does not have its digest",
                               sequence);
    }
    struct hash hash = chain_hash(previous_hash, sequence, &digest);
    if (!hash_is_equal(&hash, &given))
        return problem_set(err, PROBLEM_UPSTREAM, "event %" PRId64 " does not continue the chain",
                           sequence);
    *ret_event = (struct page_event){sequence, hash, body};
    return true;
}

/* --- reacting --------------------------------------------------------------------------------- */

/* The length of a type's name without its version, and the version; 0 = no version. */
static size_t type_split(const char *type, long *ret_version)
{
    const char *dot = strrchr(type, '.');
    if (dot == NULL || dot[1] != 'v' || strspn(dot + 2, "0123456789") != strlen(dot + 2) ||
        dot[2] == '\0')
        return 0;
    *ret_version = strtol(dot + 2, NULL, 10);
    return (size_t)(dot - type);
}

int event_type_match(const char *known, const char *type)
{
    long known_version, version;
    size_t known_length = type_split(known, &known_version), length = type_split(type, &version);
    if (length == 0 || length != known_length || strncmp(known, type, length) != 0)
        return 0;
    return version <= known_version ? 1 : -1;
}

bool event_text(const json_t *object, const char *name, size_t size, const char **ret_text,
                struct problem *err)
{
    const char *text = json_text(object, name);
    if (text == NULL || strlen(text) >= size)
        return problem_set(err, PROBLEM_INTERNAL, "an event without a fit %s", name);
    *ret_text = text;
    return true;
}

/* The decision events that the house reacts to by itself; see subject.c. */
static const char *const HOUSE_TYPES[] = {
    "membership.decision.opened.v1",    "membership.decision.carried.v1",
    "membership.decision.rejected.v1",  "membership.decision.lapsed.v1",
    "membership.decision.escalated.v1", "membership.decision.withdrawn.v1",
};

static bool versions_check(const struct service *service, const char *type, struct problem *err)
{
    int match = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(HOUSE_TYPES) && match == 0; i++)
        match = event_type_match(HOUSE_TYPES[i], type);
    for (size_t i = 0; i < service->reaction_count && match == 0; i++)
        match = event_type_match(service->reactions[i].type, type);
    if (match < 0)
        return problem_set(err, PROBLEM_INTERNAL, "%s is newer than this %s knows", type,
                           service->name);
    return true;
}

static bool reactions_run(const struct service *service, struct act *act,
                          const struct foreign_event *event, struct problem *err)
{
    if (!versions_check(service, event->type, err))
        return false;
    if (strcmp(event->source, "membership") == 0 &&
        !subject_react(act, service->subjects, event, err))
        return false;
    for (size_t i = 0; i < service->reaction_count; i++)
        if (event_type_match(service->reactions[i].type, event->type) > 0 &&
            !service->reactions[i].react(act, event, err))
            return false;
    for (size_t i = 0; i < service->reaction_count; i++)
        if (strcmp(service->reactions[i].type, "*") == 0 &&
            !service->reactions[i].react(act, event, err))
            return false;
    return true;
}

/* --- applying --------------------------------------------------------------------------------- */

static bool follows(const struct service *service, const char *name)
{
    for (size_t i = 0; service->follows[i] != NULL; i++)
        if (strcmp(service->follows[i], name) == 0)
            return true;
    return false;
}

/* True while the event relies on what this service has not seen of another journal it follows. */
static bool must_wait(const struct follow *follow, const struct act *act, const json_t *envelope)
{
    const char *name;
    json_t *number;
    const struct service *service = follow->context->service;
    json_object_foreach(json_object_get(envelope, "after"), name, number)
    {
        int64_t needed = json_integer_value(number);
        if (strcmp(name, service->name) == 0 && act->sequence < needed)
            return true;
        if (strcmp(name, follow->source) != 0 && follows(service, name) &&
            act_cursor(act, name) < needed)
            return true;
    }
    return false;
}

static bool envelope_read(const char *body, json_t **ret_envelope, struct problem *err)
{
    struct problem fault = {0};
    json_auto_t *envelope = NULL;
    if (!json_parse(body, strlen(body), &envelope, &fault) || json_text(envelope, "type") == NULL ||
        json_text(envelope, "subject") == NULL ||
        !json_is_object(json_object_get(envelope, "data")))
        return problem_set(err, PROBLEM_INTERNAL, "an event that cannot be read: %s", fault.detail);
    *ret_envelope = STEAL(envelope);
    return true;
}

static struct foreign_event event_of(const char *source, int64_t sequence, const json_t *envelope)
{
    struct foreign_event event = {
        .source = source,
        .sequence = sequence,
        .type = json_text(envelope, "type"),
        .subject = json_text(envelope, "subject"),
        .occurred_ms = json_instant(envelope, "occurredAt"),
        .data = json_object_get(envelope, "data"),
        .envelope = envelope,
    };
    return event;
}

/* The tables that follow the event and the cursor, then what the service does about it. */
static bool event_take(const struct follow *follow, struct act *act, const struct page_event *event,
                       const json_t *envelope, struct problem *err)
{
    char hash[DIGEST_SIZE];
    hash_format(&event->hash, hash);
    if (!act_follow(act, follow->source, event->sequence, hash, event->body, err))
        return false;
    if (envelope == NULL)
        return true;
    struct foreign_event foreign = event_of(follow->source, event->sequence, envelope);
    return reactions_run(follow->context->service, act, &foreign, err);
}

static bool is_passing(const struct act *act, const struct problem *err)
{
    switch (err->code) {
    case PROBLEM_UNAVAILABLE:
    case PROBLEM_OUTCOME_UNKNOWN:
    case PROBLEM_NOT_CAUGHT_UP:
    case PROBLEM_UPSTREAM:
    case PROBLEM_UPSTREAM_TIMEOUT:
        return true;
    default:
        return act_should_repeat(act);
    }
}

/* One event, one act: its tables, its reactions and the cursor, or nothing. */
static enum follow_outcome event_apply(struct follow *follow, const struct page_event *event)
{
    struct service_context *context = follow->context;
    struct problem *err = &follow->why;
    struct actor actor = {.service = ""};
    json_auto_t *envelope = NULL;
    act_auto_t act = {0};
    snprintf(actor.service, sizeof actor.service, "%s", context->service->name);
    if (event->body != NULL && !envelope_read(event->body, &envelope, err))
        return FOLLOW_STALLED;
    if (!act_begin(context->db, context->service->name, follow->alliance_id, &actor, true, &act,
                   err))
        return is_passing(&act, err) ? FOLLOW_RETRY : FOLLOW_STALLED;
    int64_t cursor = act_cursor(&act, follow->source);
    if (cursor != event->sequence - 1)
        /* Another instance was faster. */
        return cursor >= event->sequence ? FOLLOW_DONE : FOLLOW_RETRY;
    if (must_wait(follow, &act, envelope))
        return FOLLOW_WAITING;
    snprintf(act.request_id, sizeof act.request_id, "%s",
             json_text(envelope, "requestId") == NULL ? "" : json_text(envelope, "requestId"));
    snprintf(act.traceparent, sizeof act.traceparent, "%s",
             json_text(envelope, "traceparent") == NULL ? "" : json_text(envelope, "traceparent"));
    int64_t before = act.sequence;
    if (!event_take(follow, &act, event, envelope, err) || !act_commit(&act, err))
        return is_passing(&act, err) ? FOLLOW_RETRY : FOLLOW_STALLED;
    follow->applied++;
    follow->is_counted = false; /* moving the cursor has set the counter to zero */
    if (act.sequence > before)
        bus_wake(context, follow->alliance_id, act.sequence);
    http_moved(context->http);
    return FOLLOW_DONE;
}

/* --- the cursor's row ------------------------------------------------------------------------- */

static bool cursor_read(const struct follow *follow, struct cursor *ret_cursor, struct problem *err)
{
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t rows = {0};
    struct cursor cursor = {.hash = chain_genesis(follow->source, follow->alliance_id),
                            .is_left = true};
    if (!db_begin(follow->context->db, follow->alliance_id, true, &tx, err) ||
        !db_select(tx, &QUERY_CURSOR_STATES, &rows, err, db_int(CONSUMER_ATTEMPT_MS)) ||
        !db_commit(tx, err))
        return false;
    for (int i = 0; i < rows.count; i++) {
        if (strcmp(row_text(&rows, i, "source"), follow->source) != 0)
            continue;
        cursor.sequence = row_int(&rows, i, "sequence");
        cursor.attempts = (int)row_int(&rows, i, "attempts");
        cursor.is_left = row_bool(&rows, i, "is_left");
        cursor.is_stalled = !row_is_null(&rows, i, "stalled");
        if (!hash_parse(row_text(&rows, i, "hash"), &cursor.hash))
            return problem_set(err, PROBLEM_INTERNAL, "a cursor without a hash");
    }
    *ret_cursor = cursor;
    return true;
}

/* Under the head's lock, like everything that an act writes. */
static bool cursor_write(const struct follow *follow, const struct db_query *query,
                         const struct db_arg *args, bool *ret_written, struct problem *err)
{
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t head = {0}, rows = {0};
    if (!db_begin(follow->context->db, follow->alliance_id, false, &tx, err) ||
        !db_select(tx, &QUERY_HEAD_LOCK, &head, err, db_bool(true)) ||
        !db_select_args(tx, query, &rows, err, args, query->argument_count) || !db_commit(tx, err))
        return false;
    *ret_written = rows.count > 0;
    return true;
}

/* Before a page is applied, so that an event that kills the process is found by its count. */
static bool attempt_count(struct follow *follow, struct problem *err)
{
    char genesis[DIGEST_SIZE];
    struct hash first = chain_genesis(follow->source, follow->alliance_id);
    bool is_written;
    if (follow->is_counted)
        return true;
    hash_format(&first, genesis);
    const struct db_arg args[] = {db_text(follow->source), db_text(genesis)};
    follow->is_counted = cursor_write(follow, &QUERY_CURSOR_ATTEMPT, args, &is_written, err);
    return follow->is_counted;
}

/* What passes says nothing about the event. If even this fails the count is kept in mind. */
static void attempt_forgive(struct follow *follow)
{
    struct problem fault = {0};
    bool is_written;
    const struct db_arg args[] = {db_text(follow->source)};
    if (follow->is_counted)
        follow->is_counted =
            !cursor_write(follow, &QUERY_CURSOR_FORGIVE, args, &is_written, &fault);
}

/* After the event at `cursor`; not when another instance has taken the next one meanwhile. */
static enum follow_outcome stall(struct follow *follow, const struct cursor *cursor)
{
    char genesis[DIGEST_SIZE];
    struct hash first = chain_genesis(follow->source, follow->alliance_id);
    struct problem fault = {0};
    bool is_written;
    hash_format(&first, genesis);
    const struct db_arg args[] = {db_text(follow->source), db_text(genesis),
                                  db_text(follow->why.detail), db_int(cursor->sequence)};
    if (!cursor_write(follow, &QUERY_CURSOR_STALL, args, &is_written, &fault) || !is_written)
        return FOLLOW_RETRY;
    log_error("alliance %s stalls on %s's journal: %s", follow->alliance_id, follow->source,
              follow->why.detail);
    follow->is_counted = false;
    return FOLLOW_STALLED;
}

/* --- pages ------------------------------------------------------------------------------------ */

static bool page_read(struct follow *follow, const struct cursor *cursor, json_t **ret_page,
                      struct problem *err)
{
    char hash[DIGEST_SIZE];
    hash_format(&cursor->hash, hash);
    json_auto_t *arguments =
        json_pack("{s:I, s:s}", "sequence", (json_int_t)cursor->sequence, "hash", hash);
    if (arguments == NULL)
        abort();
    struct bus_ask ask = {.service = follow->source,
                          .question = "journal.read",
                          .alliance_id = follow->alliance_id,
                          .arguments = arguments,
                          .timeout_ms = 2 * BUS_ANSWER_MS};
    follow->is_reached = bus_ask(follow->context->bus, &ask, ret_page, err);
    return follow->is_reached;
}

static bool should_stop(const struct follow *follow)
{
    return follow->is_stopping != NULL && atomic_load(follow->is_stopping);
}

/* Applies a page's events in order; `cursor` moves along. */
static enum follow_outcome page_apply(struct follow *follow, const json_t *events,
                                      struct cursor *cursor)
{
    for (size_t i = 0; i < json_array_size(events) && !should_stop(follow); i++) {
        struct page_event event;
        if (!page_event_read(events, i, cursor->sequence, &cursor->hash, &event, &follow->why))
            return FOLLOW_STALLED;
        enum follow_outcome outcome = event_apply(follow, &event);
        if (outcome != FOLLOW_DONE) {
            char detail[PROBLEM_DETAIL_SIZE];
            snprintf(detail, sizeof detail, "%s", follow->why.detail);
            if (outcome == FOLLOW_STALLED)
                problem_set(&follow->why, follow->why.code, "event %" PRId64 ": %.400s",
                            event.sequence, detail);
            return outcome;
        }
        cursor->sequence = event.sequence;
        cursor->hash = event.hash;
    }
    return FOLLOW_DONE;
}

/* One page; `ret_more` says that there may be another. */
static enum follow_outcome page_follow(struct follow *follow, struct cursor *cursor, bool *ret_more)
{
    json_auto_t *page = NULL;
    *ret_more = false;
    if (!page_read(follow, cursor, &page, &follow->why))
        return FOLLOW_RETRY;
    const char *diverged = json_text(page, "diverged");
    if (diverged != NULL) {
        problem_set(&follow->why, PROBLEM_UPSTREAM, "diverged after event %" PRId64 ": %.200s",
                    cursor->sequence, diverged);
        return stall(follow, cursor);
    }
    const json_t *events = json_object_get(page, "events");
    if (json_array_size(events) == 0)
        return FOLLOW_DONE;
    if (cursor->attempts >= CONSUMER_ATTEMPTS_MAX && !follow->is_counted) {
        /* Other instances may be at it right now: only what nobody finishes has killed them. */
        if (!cursor->is_left)
            return FOLLOW_RETRY;
        problem_set(&follow->why, PROBLEM_INTERNAL, "event %" PRId64 " ended the process %d times",
                    cursor->sequence + 1, cursor->attempts);
        return stall(follow, cursor);
    }
    if (!attempt_count(follow, &follow->why))
        return FOLLOW_RETRY;
    enum follow_outcome outcome = page_apply(follow, events, cursor);
    if (outcome == FOLLOW_STALLED)
        return stall(follow, cursor);
    attempt_forgive(follow);
    *ret_more = outcome == FOLLOW_DONE;
    return outcome;
}

enum follow_outcome follow_alliance(struct follow *follow)
{
    struct cursor cursor;
    bool is_more = true;
    enum follow_outcome outcome = FOLLOW_DONE;
    problem_clear(&follow->why);
    if (!cursor_read(follow, &cursor, &follow->why))
        return FOLLOW_RETRY;
    if (cursor.is_stalled)
        return FOLLOW_STALLED;
    while (is_more && outcome == FOLLOW_DONE && !should_stop(follow)) {
        outcome = page_follow(follow, &cursor, &is_more);
        cursor.attempts = 0;
    }
    return outcome;
}
