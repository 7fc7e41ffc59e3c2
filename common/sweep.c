#include "common/sweep.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/bus.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/queries.h"
#include "common/service_context.h"

enum { SWEEP_MS = 1000, SWEEPS_MAX = 16, PURGED_AT_ONCE = 1000 };

struct sweeper {
    struct service_context *context;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t stopped;
    bool is_stopping;
};

/* --- one alliance ----------------------------------------------------------------------------- */

/* Runs one sweep in an act of its own. */
static bool act_run(struct service_context *context, const char *alliance_id,
                    const struct sweep *sweep, struct problem *err)
{
    struct actor actor = {.service = ""};
    act_auto_t act = {0};
    snprintf(actor.service, sizeof actor.service, "%s", context->service->name);
    if (!act_begin(context->db, context->service->name, alliance_id, &actor, false, &act, err))
        return false;
    int64_t before = act.sequence;
    bool ok = sweep->run(&act, err);
    if (!ok || act.sequence == before) /* nothing to do after all: nothing to commit */
        return ok;
    if (!act_commit(&act, err))
        return false;
    bus_wake(context, alliance_id, act.sequence);
    http_moved(context->http);
    return true;
}

/* Forgets old answers: no act, for it changes nothing that anybody was told. */
static bool answers_purge(struct service_context *context, const char *alliance_id,
                          struct problem *err)
{
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t rows = {0};
    return db_begin(context->db, alliance_id, false, &tx, err) &&
           db_select(tx, &QUERY_ANSWER_PURGE, &rows, err, db_int(PURGED_AT_ONCE)) &&
           db_commit(tx, err);
}

/* The bits of what the house itself has due. */
static unsigned due_thawing(const struct service *service)
{
    return 1U << service->sweep_count;
}

static unsigned due_purge(const struct service *service)
{
    return 2U << service->sweep_count;
}

struct due_rows {
    struct db_rows sweeps[SWEEPS_MAX], frozen, answers;
};

static void due_rows_done(struct due_rows *rows)
{
    for (size_t i = 0; i < SWEEPS_MAX; i++)
        db_rows_done(&rows->sweeps[i]);
    db_rows_done(&rows->frozen);
    db_rows_done(&rows->answers);
}

/* All in one trip: it is asked each second, of each alliance. */
static bool due_ask(struct service_context *context, const char *alliance_id,
                    struct due_rows *ret_rows, struct problem *err)
{
    const struct service *service = context->service;
    db_tx_auto_t *tx = NULL;
    if (!db_begin(context->db, alliance_id, true, &tx, err))
        return false;
    for (size_t i = 0; i < service->sweep_count && i < SWEEPS_MAX; i++)
        if (!db_send(tx, service->sweeps[i].due, &ret_rows->sweeps[i], err))
            return false;
    if (service->subjects != NULL && !db_send(tx, &QUERY_FROZEN_OVERDUE, &ret_rows->frozen, err,
                                              db_int(FREEZE_UNOPENED_MS), db_int(1)))
        return false;
    if (!service->keeps_answers && !db_send(tx, &QUERY_ANSWER_OVERDUE, &ret_rows->answers, err))
        return false;
    return db_commit(tx, err);
}

/* Which sweeps have something due: bit i for sweep i, the bits after the last for the house's own.
 */
static bool due_read(struct service_context *context, const char *alliance_id, unsigned *ret_due,
                     struct problem *err)
{
    const struct service *service = context->service;
    struct due_rows rows = {.frozen = {0}};
    *ret_due = 0;
    bool ok = due_ask(context, alliance_id, &rows, err);
    for (size_t i = 0; ok && i < service->sweep_count; i++)
        *ret_due |= rows.sweeps[i].count > 0 ? 1U << i : 0;
    *ret_due |= rows.frozen.count > 0 ? due_thawing(service) : 0;
    *ret_due |= rows.answers.count > 0 ? due_purge(service) : 0;
    due_rows_done(&rows);
    return ok;
}

static int alliance_sweep(struct service_context *context, const char *alliance_id, bool *has_fault)
{
    const struct service *service = context->service;
    struct problem fault = {0};
    unsigned due;
    int done = 0;
    if (!due_read(context, alliance_id, &due, &fault)) {
        log_problem(&fault, "sweeping alliance %s", alliance_id);
        *has_fault = true;
        return 0;
    }
    for (size_t i = 0; i <= service->sweep_count; i++) {
        const struct sweep *sweep = i < service->sweep_count ? &service->sweeps[i] : NULL;
        if ((due & 1U << i) == 0)
            continue;
        problem_clear(&fault);
        if (sweep != NULL ? act_run(context, alliance_id, sweep, &fault)
                          : subject_thaw_unopened(context, alliance_id, &fault)) {
            done++;
        } else {
            log_problem(&fault, "%s of alliance %s", sweep != NULL ? sweep->name : "thawing",
                        alliance_id);
            *has_fault = true;
        }
    }
    problem_clear(&fault);
    if ((due & due_purge(service)) != 0 && !answers_purge(context, alliance_id, &fault))
        log_problem(&fault, "forgetting answers of alliance %s", alliance_id);
    return done;
}

/* For /metrics. */
static void round_note(struct service_context *context, bool has_fault)
{
    atomic_fetch_add(&context->sweep.rounds, 1);
    atomic_fetch_add(&context->sweep.faults, has_fault ? 1 : 0);
    if (!has_fault)
        atomic_store(&context->sweep.last_s, (long long)time(NULL));
}

int sweep_run(struct service_context *context)
{
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t rows = {0};
    struct problem fault = {0};
    int done = 0;
    if (context->service->sweep_count == 0 && context->service->subjects == NULL &&
        context->service->keeps_answers) {
        round_note(context, false);
        return 0;
    }
    if (!db_begin(context->db, NULL, true, &tx, &fault) ||
        !db_select(tx, &QUERY_ALLIANCES_KNOWN, &rows, &fault) || !db_commit(tx, &fault)) {
        log_problem(&fault, "sweeping");
        round_note(context, true);
        return 0;
    }
    bool has_fault = false;
    for (int i = 0; i < rows.count && !atomic_load(&context->is_draining); i++) {
        atomic_store(&context->sweep.beat_ms, monotonic_ms());
        done += alliance_sweep(context, row_text(&rows, i, "alliance_id"), &has_fault);
    }
    round_note(context, has_fault);
    return done;
}

/* --- the thread ------------------------------------------------------------------------------- */

/* Waits for the next round; false = stop. */
static bool round_wait(struct sweeper *sweeper)
{
    const struct timespec until = monotonic_after(SWEEP_MS);
    pthread_mutex_lock(&sweeper->mutex);
    int code = 0;
    while (!sweeper->is_stopping && code == 0)
        code = pthread_cond_timedwait(&sweeper->stopped, &sweeper->mutex, &until);
    bool goes_on = !sweeper->is_stopping;
    pthread_mutex_unlock(&sweeper->mutex);
    return goes_on;
}

static void *sweeper_run(void *argument)
{
    struct sweeper *sweeper = argument;
    while (round_wait(sweeper)) {
        atomic_store(&sweeper->context->sweep.beat_ms, monotonic_ms());
        sweep_run(sweeper->context);
    }
    return NULL;
}

static void sweeper_free(struct sweeper *sweeper)
{
    pthread_cond_destroy(&sweeper->stopped);
    pthread_mutex_destroy(&sweeper->mutex);
    free(sweeper);
}

bool sweeper_start(struct service_context *context, struct sweeper **ret_sweeper,
                   struct problem *err)
{
    struct sweeper *sweeper = need(calloc(1, sizeof *sweeper));
    pthread_condattr_t attributes;
    if (context->service->sweep_count > SWEEPS_MAX) {
        free(sweeper);
        return problem_set(err, PROBLEM_INTERNAL, "more than %d sweeps", SWEEPS_MAX);
    }
    sweeper->context = context;
    atomic_store(&context->sweep.beat_ms, monotonic_ms());
    pthread_mutex_init(&sweeper->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&sweeper->stopped, &attributes);
    pthread_condattr_destroy(&attributes);
    if (pthread_create(&sweeper->thread, NULL, sweeper_run, sweeper) != 0) {
        sweeper_free(sweeper);
        return problem_set(err, PROBLEM_INTERNAL, "no thread to sweep with");
    }
    *ret_sweeper = sweeper;
    return true;
}

void sweeper_stop(struct sweeper *sweeper)
{
    if (sweeper == NULL)
        return;
    pthread_mutex_lock(&sweeper->mutex);
    sweeper->is_stopping = true;
    pthread_cond_signal(&sweeper->stopped);
    pthread_mutex_unlock(&sweeper->mutex);
    pthread_join(sweeper->thread, NULL);
    sweeper_free(sweeper);
}
