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

/* What one act takes at most: more would keep the alliance's own writers waiting. */
enum { RUN_EVENTS_MAX = 32, RUN_BYTES_MAX = 256 * 1024 };

/* Events of a page that one act takes. */
struct run_event {
    struct page_event proven;
    json_t *envelope; /* NULL = erased */
};
struct run {
    struct run_event events[RUN_EVENTS_MAX];
    size_t count;
    size_t reached; /* of these are behind the cursor now ... */
    size_t taken;   /* ... and that many by us */
};

static void run_done(struct run *run)
{
    for (size_t i = 0; i < run->count; i++)
        json_decref(run->events[i].envelope);
    run->count = 0;
}

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

/* The tables that follow the event, then what the service does about it. What an event before it in
 * the same act has put into the slot is forgotten: our copies may have changed since. */
static bool event_take(const struct follow *follow, struct act *act, const struct run_event *event,
                       struct problem *err)
{
    const struct page_event *proven = &event->proven;
    const char *request_id = json_text(event->envelope, "requestId"),
               *traceparent = json_text(event->envelope, "traceparent");
    char hash[DIGEST_SIZE];
    hash_format(&proven->hash, hash);
    snprintf(act->request_id, sizeof act->request_id, "%s", request_id == NULL ? "" : request_id);
    snprintf(act->traceparent, sizeof act->traceparent, "%s",
             traceparent == NULL ? "" : traceparent);
    if (!act_follow(act, follow->source, proven->sequence, hash, proven->body, err))
        return false;
    act_set_slot(act, NULL, NULL);
    if (event->envelope == NULL)
        return true;
    struct foreign_event foreign = event_of(follow->source, proven->sequence, event->envelope);
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

/* Takes what the act's cursor has not passed, up to an event that has to wait; `run` and
 * `ret_outcome` say how far that was. */
static bool run_take(struct follow *follow, struct act *act, struct run *run,
                     enum follow_outcome *ret_outcome, struct problem *err)
{
    int64_t passed = act_cursor(act, follow->source);
    *ret_outcome = FOLLOW_DONE;
    for (run->reached = 0; run->reached < run->count; run->reached++) {
        const struct run_event *event = &run->events[run->reached];
        if (event->proven.sequence <= passed)
            continue; /* another instance was faster */
        if (event->proven.sequence != act_cursor(act, follow->source) + 1) {
            *ret_outcome = FOLLOW_RETRY;
            return true;
        }
        if (must_wait(follow, act, event->envelope)) {
            *ret_outcome = FOLLOW_WAITING;
            return true;
        }
        if (!event_take(follow, act, event, err))
            return false;
        run->taken++;
    }
    return true;
}

/* One act: the run's tables, reactions and the cursor, or nothing. */
static enum follow_outcome run_apply(struct follow *follow, struct run *run)
{
    struct service_context *context = follow->context;
    struct problem *err = &follow->why;
    struct actor actor = {.service = ""};
    enum follow_outcome outcome;
    act_auto_t act = {0};
    snprintf(actor.service, sizeof actor.service, "%s", context->service->name);
    run->reached = run->taken = 0;
    if (!act_begin(context->db, context->service->name, follow->alliance_id, &actor, true, &act,
                   err))
        return is_passing(&act, err) ? FOLLOW_RETRY : FOLLOW_STALLED;
    int64_t before = act.sequence;
    if (!run_take(follow, &act, run, &outcome, err) || (run->taken > 0 && !act_commit(&act, err))) {
        run->reached = run->taken = 0;
        return is_passing(&act, err) ? FOLLOW_RETRY : FOLLOW_STALLED;
    }
    if (run->taken == 0)
        return outcome;
    follow->applied += (int64_t)run->taken;
    follow->is_counted = false; /* moving the cursor has set the counter to zero */
    if (act.sequence > before)
        bus_wake(context, follow->alliance_id, act.sequence);
    http_moved(context->http);
    return outcome;
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
    log_error(
        "alliance %s stalls on %s's journal: %s; once that is mended: accord-%s --config FILE "
        "--resume %s %s",
        follow->alliance_id, follow->source, follow->why.detail, follow->context->service->name,
        follow->alliance_id, follow->source);
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

static bool event_read(const json_t *events, size_t index, const struct cursor *cursor,
                       struct run_event *ret_event, struct problem *err)
{
    struct run_event event = {.envelope = NULL};
    struct problem fault = {0};
    if (!page_event_read(events, index, cursor->sequence, &cursor->hash, &event.proven, err))
        return false;
    if (event.proven.body != NULL && !envelope_read(event.proven.body, &event.envelope, &fault))
        return problem_set(err, fault.code, "event %" PRId64 ": %.400s", event.proven.sequence,
                           fault.detail);
    *ret_event = event;
    return true;
}

/* The events after `cursor`, from events[index] on, that one act may take: always one, and only one
 * from a run of which one has failed, so that it fails alone. What cannot be read ends a run. */
static bool run_read(const struct follow *follow, const json_t *events, size_t index,
                     struct cursor cursor, struct run *ret_run, struct problem *err)
{
    size_t bytes = 0, max = follow->is_careful ? 1 : RUN_EVENTS_MAX;
    while (ret_run->count < max && index < json_array_size(events) && bytes < RUN_BYTES_MAX) {
        struct run_event *event = &ret_run->events[ret_run->count];
        if (!event_read(events, index++, &cursor, event, err)) {
            bool has_some = ret_run->count > 0;
            if (has_some)
                problem_clear(err);
            return has_some;
        }
        bytes += event->proven.body == NULL ? 0 : strlen(event->proven.body);
        cursor.sequence = event->proven.sequence;
        cursor.hash = event->proven.hash;
        ret_run->count++;
    }
    return true;
}

/* One run of a page, from events[index] on; `cursor` moves along. */
static enum follow_outcome run_follow(struct follow *follow, const json_t *events, size_t index,
                                      struct cursor *cursor, size_t *ret_reached)
{
    CLEANUP(run_done) struct run run = {.count = 0};
    *ret_reached = 0;
    if (!run_read(follow, events, index, *cursor, &run, &follow->why))
        return FOLLOW_STALLED;
    enum follow_outcome outcome = run_apply(follow, &run);
    *ret_reached = run.reached;
    if (run.reached > 0) {
        cursor->sequence = run.events[run.reached - 1].proven.sequence;
        cursor->hash = run.events[run.reached - 1].proven.hash;
    }
    if (outcome != FOLLOW_STALLED)
        return outcome;
    if (run.count > 1) {
        log_info("alliance %s: %s's events %" PRId64 " to %" PRId64 " one by one: %s",
                 follow->alliance_id, follow->source, run.events[0].proven.sequence,
                 run.events[run.count - 1].proven.sequence, follow->why.detail);
        problem_clear(&follow->why);
        follow->is_careful = true;
        return FOLLOW_DONE;
    }
    struct problem cause = follow->why;
    problem_set(&follow->why, cause.code, "event %" PRId64 ": %.400s",
                run.events[0].proven.sequence, cause.detail);
    return outcome;
}

/* Applies a page's events in order; `cursor` moves along. */
static enum follow_outcome page_apply(struct follow *follow, const json_t *events,
                                      struct cursor *cursor)
{
    enum follow_outcome outcome = FOLLOW_DONE;
    size_t reached;
    for (size_t i = 0;
         i < json_array_size(events) && outcome == FOLLOW_DONE && !should_stop(follow);
         i += reached)
        outcome = run_follow(follow, events, i, cursor, &reached);
    return outcome;
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
    /* Whoever counted an attempt before us may have died of one of these events. */
    follow->is_careful = cursor->attempts > 0;
    enum follow_outcome outcome = page_apply(follow, events, cursor);
    if (outcome == FOLLOW_STALLED)
        return stall(follow, cursor);
    attempt_forgive(follow);
    /* What was appended after the page was read comes with a wake-up of its own. */
    *ret_more =
        outcome == FOLLOW_DONE && cursor->sequence < json_integer_or(page, "head", INT64_MAX);
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
