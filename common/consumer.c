#include "common/consumer.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "common/bus.h"
#include "common/clock.h"
#include "common/config.h"
#include "common/consumer_private.h"
#include "common/instant.h"
#include "common/json.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/queries.h"

enum {
    FOLLOWED_MAX = 8,
    SWEEP_MS = 1000,          /* between two looks for what a lost wake-up left */
    SWEEP_ALL_MS = 30000,     /* the same, but over all alliances, whenever they changed */
    SWEEP_OVERLAP_MS = 60000, /* commits become visible out of the order of their times */
    RETRY_MIN_MS = 50,
    RETRY_MAX_MS = 5000,
    WAKES_AT_ONCE = 64,
};

/* An alliance that did not go on, and when to try it again. */
struct delayed {
    char alliance_id[UUID_SIZE];
    int64_t at_ms;
    int delay_ms;
    bool is_counted;
    struct delayed *next;
};

struct consumer {
    struct service_context *context;
    const char *source;
    struct bus_ear *ear;
    pthread_t thread;
    bool is_running;
    atomic_bool is_stopping;
    struct delayed *delayed;
    int64_t swept_ms, swept_all_ms; /* monotonic; 0 = never */
    int64_t latest_ms;              /* the newest recording time that heads have shown */
    pthread_mutex_t mutex;          /* of the status */
    struct consumer_status status;
};

struct consumers {
    struct consumer followed[FOLLOWED_MAX];
    size_t count;
};

/* --- one alliance ----------------------------------------------------------------------------- */

static struct delayed **delayed_find(struct consumer *consumer, const char *alliance_id)
{
    struct delayed **place = &consumer->delayed;
    while (*place != NULL && strcmp((*place)->alliance_id, alliance_id) != 0)
        place = &(*place)->next;
    return place;
}

static void delayed_drop(struct delayed **place)
{
    struct delayed *gone = *place;
    *place = gone->next;
    free(gone);
}

/* Again after a while, twice as long each time. */
static void delayed_put(struct consumer *consumer, const struct follow *follow)
{
    struct delayed **place = delayed_find(consumer, follow->alliance_id);
    if (*place == NULL) {
        *place = need(calloc(1, sizeof **place));
        memcpy((*place)->alliance_id, follow->alliance_id, UUID_SIZE);
        (*place)->delay_ms = RETRY_MIN_MS / 2;
    }
    int delay_ms = follow->applied > 0 ? RETRY_MIN_MS : (*place)->delay_ms * 2;
    (*place)->delay_ms = delay_ms < RETRY_MAX_MS ? delay_ms : RETRY_MAX_MS;
    (*place)->at_ms = monotonic_ms() + (*place)->delay_ms;
    (*place)->is_counted = follow->is_counted;
}

static void status_note(struct consumer *consumer, const struct follow *follow)
{
    pthread_mutex_lock(&consumer->mutex);
    consumer->status.applied += follow->applied;
    pthread_mutex_unlock(&consumer->mutex);
}

static enum follow_outcome consumer_follow(struct consumer *consumer, const char *alliance_id)
{
    struct delayed **place = delayed_find(consumer, alliance_id);
    struct follow follow = {.context = consumer->context,
                            .source = consumer->source,
                            .alliance_id = alliance_id,
                            .is_stopping = &consumer->is_stopping,
                            .is_counted = *place != NULL && (*place)->is_counted};
    enum follow_outcome outcome = follow_alliance(&follow);
    if (outcome == FOLLOW_RETRY || outcome == FOLLOW_WAITING) {
        if (*place == NULL && outcome == FOLLOW_RETRY)
            log_info("alliance %s waits for %s: %s", alliance_id, consumer->source,
                     follow.why.detail);
        delayed_put(consumer, &follow);
    } else if (*place != NULL) {
        delayed_drop(place);
    }
    status_note(consumer, &follow);
    return outcome;
}

/* --- looking for what is behind --------------------------------------------------------------- */

static bool heads_ask(struct consumer *consumer, int64_t since_ms, const char *after,
                      json_t **ret_page, struct problem *err)
{
    json_auto_t *arguments = json_object();
    if (arguments == NULL)
        abort();
    json_put_instant(arguments, "changedSince", since_ms);
    json_put_text(arguments, "after", after);
    struct bus_ask ask = {
        .service = consumer->source, .question = "journal.heads", .arguments = arguments};
    return bus_ask(consumer->context->bus, &ask, ret_page, err);
}

/* The alliances of a page of heads that we have not taken. */
static bool heads_compare(struct consumer *consumer, const json_t *page, struct db_rows *ret_rows,
                          struct problem *err)
{
    db_tx_auto_t *tx = NULL;
    char_auto_t *heads = json_dumps(json_object_get(page, "heads"), JSON_COMPACT);
    if (heads == NULL)
        return problem_set(err, PROBLEM_UPSTREAM, "%s has no heads", consumer->source);
    return db_begin(consumer->context->db, NULL, true, &tx, err) &&
           db_select(tx, &QUERY_CURSOR_BEHIND, ret_rows, err, db_text(consumer->source),
                     db_text(heads)) &&
           db_commit(tx, err);
}

static bool is_delayed(struct consumer *consumer, const char *alliance_id)
{
    return *delayed_find(consumer, alliance_id) != NULL;
}

static bool page_sweep(struct consumer *consumer, const json_t *page, int64_t *behind,
                       struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!heads_compare(consumer, page, &rows, err))
        return false;
    for (int i = 0; i < rows.count && !atomic_load(&consumer->is_stopping); i++) {
        const char *alliance_id = row_text(&rows, i, "alliance_id");
        /* What is delayed comes by itself when its time has come. */
        if (is_delayed(consumer, alliance_id) ||
            consumer_follow(consumer, alliance_id) != FOLLOW_DONE)
            (*behind)++;
    }
    return true;
}

static bool heads_sweep(struct consumer *consumer, int64_t since_ms, int64_t *ret_behind,
                        struct problem *err)
{
    char after[UUID_SIZE] = "";
    *ret_behind = 0;
    do {
        json_auto_t *page = NULL;
        if (!heads_ask(consumer, since_ms, after, &page, err) ||
            !page_sweep(consumer, page, ret_behind, err))
            return false;
        int64_t latest_ms = json_instant(page, "latest");
        consumer->latest_ms = latest_ms > consumer->latest_ms ? latest_ms : consumer->latest_ms;
        const char *next = json_text(page, "next");
        snprintf(after, sizeof after, "%s", next == NULL ? "" : next);
    } while (after[0] != '\0' && !atomic_load(&consumer->is_stopping));
    return true;
}

static void stalled_read(struct consumer *consumer, struct consumer_status *status)
{
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t rows = {0};
    struct problem fault = {0};
    if (!db_begin(consumer->context->db, NULL, true, &tx, &fault) ||
        !db_select_one(tx, &QUERY_CURSOR_STALLED, &rows, &fault, db_text(consumer->source)) ||
        !db_commit(tx, &fault))
        return;
    status->stalled = row_int(&rows, 0, "stalled");
    const char *why = row_text(&rows, 0, "why");
    snprintf(status->stalled_why, sizeof status->stalled_why, "%s", why == NULL ? "" : why);
}

/* Looks at all alliances now and then, at those that changed lately in between. */
static bool consumer_sweep(struct consumer *consumer, struct problem *err)
{
    int64_t now_ms = monotonic_ms(), behind = 0;
    bool is_all = consumer->swept_all_ms == 0 || now_ms - consumer->swept_all_ms >= SWEEP_ALL_MS ||
                  consumer->latest_ms == INSTANT_NONE;
    int64_t since_ms = is_all ? INSTANT_NONE : consumer->latest_ms - SWEEP_OVERLAP_MS;
    consumer->swept_ms = now_ms;
    bool is_reached = heads_sweep(consumer, since_ms, &behind, err);
    if (is_all && is_reached)
        consumer->swept_all_ms = now_ms;
    struct consumer_status status = consumer->status;
    stalled_read(consumer, &status);
    pthread_mutex_lock(&consumer->mutex);
    if (status.is_reached != is_reached)
        log_info("%s's journal is %s", consumer->source, is_reached ? "followed" : "out of reach");
    consumer->status.is_reached = is_reached;
    consumer->status.stalled = status.stalled;
    memcpy(consumer->status.stalled_why, status.stalled_why, sizeof status.stalled_why);
    if (is_reached)
        consumer->status.behind = behind;
    pthread_mutex_unlock(&consumer->mutex);
    return is_reached;
}

/* --- the thread ------------------------------------------------------------------------------- */

/* Follows what was woken; one look per alliance however often it was. */
static void wakes_follow(struct consumer *consumer, char first[UUID_SIZE])
{
    char woken[WAKES_AT_ONCE][UUID_SIZE];
    size_t count = 1;
    memcpy(woken[0], first, UUID_SIZE);
    while (count < WAKES_AT_ONCE && bus_ear_wait(consumer->ear, 0, woken[count])) {
        size_t i = 0;
        while (strcmp(woken[i], woken[count]) != 0)
            i++;
        count += i == count ? 1 : 0;
    }
    for (size_t i = 0; i < count && !atomic_load(&consumer->is_stopping); i++)
        consumer_follow(consumer, woken[i]);
}

/* Tries again what is due; returns how long until the next is, or the next sweep. */
static int delayed_follow(struct consumer *consumer)
{
    int64_t now_ms = monotonic_ms(), next_ms = consumer->swept_ms + SWEEP_MS;
    for (struct delayed *delayed = consumer->delayed; delayed != NULL;) {
        char alliance_id[UUID_SIZE];
        bool is_due = delayed->at_ms <= now_ms;
        next_ms = !is_due && delayed->at_ms < next_ms ? delayed->at_ms : next_ms;
        memcpy(alliance_id, delayed->alliance_id, UUID_SIZE);
        delayed = delayed->next; /* it may be gone afterwards */
        if (is_due && !atomic_load(&consumer->is_stopping))
            consumer_follow(consumer, alliance_id);
    }
    int64_t wait_ms = next_ms - monotonic_ms();
    return wait_ms > 1 ? (int)wait_ms : 1;
}

static void *consumer_run(void *argument)
{
    struct consumer *consumer = argument;
    while (!atomic_load(&consumer->is_stopping)) {
        char alliance_id[UUID_SIZE];
        struct problem fault = {0};
        if (consumer->swept_ms == 0 || monotonic_ms() - consumer->swept_ms >= SWEEP_MS)
            (void)consumer_sweep(consumer, &fault);
        if (bus_ear_wait(consumer->ear, delayed_follow(consumer), alliance_id))
            wakes_follow(consumer, alliance_id);
    }
    return NULL;
}

static void consumer_interrupt(struct consumer *consumer)
{
    atomic_store(&consumer->is_stopping, true);
    if (consumer->ear != NULL)
        bus_ear_stop(consumer->ear);
}

/* --- life ------------------------------------------------------------------------------------- */

static void consumer_init(struct consumer *consumer, struct service_context *context,
                          const char *source)
{
    *consumer = (struct consumer){.context = context, .source = source, .latest_ms = INSTANT_NONE};
    pthread_mutex_init(&consumer->mutex, NULL);
    consumer->status.source = source;
}

static void consumer_done(struct consumer *consumer)
{
    bus_ear_free(consumer->ear);
    while (consumer->delayed != NULL)
        delayed_drop(&consumer->delayed);
    pthread_mutex_destroy(&consumer->mutex);
}

bool consumers_new(struct service_context *context, struct consumers **ret_consumers,
                   struct problem *err)
{
    struct consumers *consumers = need(calloc(1, sizeof *consumers));
    for (size_t i = 0; context->service->follows[i] != NULL; i++) {
        struct consumer *consumer = &consumers->followed[i];
        consumer_init(consumer, context, context->service->follows[i]);
        consumers->count++;
        if (!bus_ear_new(context->bus, consumer->source, &consumer->ear, err)) {
            consumers_free(consumers);
            return false;
        }
    }
    *ret_consumers = consumers;
    return true;
}

bool consumers_start(struct consumers *consumers, struct problem *err)
{
    for (size_t i = 0; i < consumers->count; i++) {
        struct consumer *consumer = &consumers->followed[i];
        consumer->is_running = pthread_create(&consumer->thread, NULL, consumer_run, consumer) == 0;
        if (!consumer->is_running)
            return problem_set(err, PROBLEM_INTERNAL, "no thread to follow %s", consumer->source);
    }
    return true;
}

void consumers_stop(struct consumers *consumers)
{
    if (consumers == NULL)
        return;
    for (size_t i = 0; i < consumers->count; i++)
        consumer_interrupt(&consumers->followed[i]);
    for (size_t i = 0; i < consumers->count; i++) {
        if (consumers->followed[i].is_running)
            pthread_join(consumers->followed[i].thread, NULL);
        consumers->followed[i].is_running = false;
    }
}

void consumers_free(struct consumers *consumers)
{
    if (consumers == NULL)
        return;
    consumers_stop(consumers);
    for (size_t i = 0; i < consumers->count; i++)
        consumer_done(&consumers->followed[i]);
    free(consumers);
}

/* --- what others ask of it -------------------------------------------------------------------- */

size_t consumers_status(struct consumers *consumers, struct consumer_status *ret_status, size_t max)
{
    for (size_t i = 0; i < consumers->count && i < max; i++) {
        pthread_mutex_lock(&consumers->followed[i].mutex);
        ret_status[i] = consumers->followed[i].status;
        pthread_mutex_unlock(&consumers->followed[i].mutex);
    }
    return consumers->count;
}

bool consumers_are_ready(struct consumers *consumers, struct problem *err)
{
    for (size_t i = 0; i < consumers->count; i++) {
        struct consumer *consumer = &consumers->followed[i];
        pthread_mutex_lock(&consumer->mutex);
        bool ok =
            consumer->status.stalled == 0 ||
            problem_set(err, PROBLEM_UNAVAILABLE, "%s's journal is stalled for alliance %.400s",
                        consumer->source, consumer->status.stalled_why);
        pthread_mutex_unlock(&consumer->mutex);
        if (!ok)
            return false;
    }
    return true;
}

bool consumer_catch_up(struct service_context *context, const char *source, int64_t *ret_applied,
                       struct problem *err)
{
    struct consumer consumer;
    consumer_init(&consumer, context, source);
    bool ok = consumer_sweep(&consumer, err);
    *ret_applied = consumer.status.applied;
    consumer_done(&consumer);
    return ok;
}

bool consumer_resume(struct db *db, const char *alliance_id, const char *source,
                     struct problem *err)
{
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t rows = {0};
    if (!db_begin(db, alliance_id, false, &tx, err) ||
        !db_select(tx, &QUERY_CURSOR_RESUME, &rows, err, db_text(source)) || !db_commit(tx, err))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "alliance %s is not stalled on %s's journal",
                           alliance_id, source);
    return true;
}
