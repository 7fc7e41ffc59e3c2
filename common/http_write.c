#include <assert.h>
#include <string.h>

#include "common/bus.h"
#include "common/http_private.h"
#include "common/idempotency.h"
#include "common/instant.h"
#include "common/json.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/standing.h"

/* Requests that share an act, and what was looked up for them before the first one ran. */
struct batch {
    struct http *http;
    struct write **writes;
    size_t count;
    struct act act;
    struct request *requests[BATCH_REQUESTS_MAX];
    bool taken[BATCH_REQUESTS_MAX]; /* another instance works on the same key */
    int64_t sequence_before;
    struct standing *standings;
    struct stored_answer *answers;
    json_t *rows; /* answers to be stored */
};

static void batch_done(struct batch *batch)
{
    for (size_t i = 0; batch->answers && i < batch->count; i++)
        stored_answer_done(&batch->answers[i]);
    free(batch->answers);
    free(batch->standings);
    json_decref(batch->rows);
    act_done(&batch->act);
}

/* --- one request of a batch
 * ----------------------------------------------------------------------- */

static void actor_fill(const struct request *request, struct actor *actor)
{
    const struct caller *caller = &request->caller;
    const struct standing *standing = &request->standing;
    *actor = (struct actor){0};
    memcpy(actor->issuer, caller->issuer, sizeof actor->issuer);
    memcpy(actor->subject, caller->subject, sizeof actor->subject);
    memcpy(actor->client, caller->client, sizeof actor->client);
    memcpy(actor->organisation, standing->organisation, sizeof actor->organisation);
    actor_appoint(actor, standing_acting(standing, request->operation->roles));
}

/* Who founds is not on any roster yet: speaks for the token's organisation. */
static void standing_of_founder(struct request *request)
{
    memcpy(request->standing.organisation, request->caller.organisation, ODS_SIZE);
    memcpy(request->standing.token_organisation, request->caller.organisation, ODS_SIZE);
}

/* The roster may have changed by an earlier request of the batch, where it is ours to change. */
static bool take_standing(struct batch *batch, size_t i, struct problem *err)
{
    struct request *request = batch->writes[i]->request;
    request->standing = batch->standings[i];
    if (!request->operation->has_alliance)
        standing_of_founder(request);
    bool is_owner = strcmp(batch->act.service, "membership") == 0;
    if (!is_owner || batch->act.sequence == batch->sequence_before)
        return true;
    return standing_load(batch->act.tx, &request->caller, batch->act.now_ms, &request->standing,
                         err);
}

static bool run_handler(struct batch *batch, struct write *write)
{
    struct request *request = write->request;
    request->act = &batch->act;
    request->tx = batch->act.tx;
    request->now_ms = batch->act.now_ms;
    actor_fill(request, &batch->act.actor);
    memcpy(batch->act.request_id, request->request_id, UUID_SIZE);
    memcpy(batch->act.traceparent, request->traceparent, TRACEPARENT_SIZE);
    log_set_request(request->request_id);
    bool ok = request->operation->route->handle(request, write->reply, write->err);
    request->act = NULL;
    request->tx = NULL;
    assert(!ok || write->reply->status != 0);
    return ok;
}

static void keep_answer(struct batch *batch, struct write *write, bool ok)
{
    const struct request *request = write->request;
    if (ok)
        reply_render(write->reply);
    else
        reply_problem(write->reply, write->err, request->private->message->target,
                      request->request_id);
    write->has_succeeded = ok;
    if (request->private->key[0] && idempotency_is_frozen(write->reply->status, write->err->code))
        json_push_new(batch->rows, idempotency_row(request, write->reply, &batch->act));
}

/* The alliance's state is asked of every request that changes something, and only of one that has
 * not been answered before: what was done stays done when the alliance closes. */
static bool may_change(const struct request *request, struct problem *err)
{
    return !request->operation->has_alliance ||
           access_check_alliance(&request->standing, request->operation->states, err);
}

/* The work itself; false when the transaction cannot go on. */
static bool write_work(struct batch *batch, struct write *write)
{
    int64_t before = batch->act.sequence;
    if (write->is_refused) {
        keep_answer(batch, write, false);
        return true;
    }
    bool ok = may_change(write->request, write->err) && run_handler(batch, write);
    /* A refusal leaves nothing behind: what it has appended goes with the transaction, what the
     * service has noted of it goes with the slot. */
    if (!ok)
        act_set_slot(&batch->act, NULL, NULL);
    if (!ok && (problem_status(write->err->code) >= 500 || batch->act.sequence != before))
        return false;
    keep_answer(batch, write, ok);
    return true;
}

/* False when the transaction cannot go on; write->err then says why. */
static bool write_run(struct batch *batch, size_t i)
{
    struct write *write = batch->writes[i];
    struct request *request = write->request;
    const struct stored_answer *answer = &batch->answers[i];
    if (!take_standing(batch, i, write->err))
        return false;
    if (!http_admit(request, write->err))
        return true;
    if (answer->status) {
        write->has_succeeded = idempotency_replay(request, answer, write->reply, write->err);
        return true;
    }
    if (batch->taken[i]) {
        problem_set(write->err, PROBLEM_REQUEST_RUNNING,
                    "a request with this Idempotency-Key is still running");
        return true;
    }
    return write_work(batch, write);
}

/* --- a batch
 * --------------------------------------------------------------------------------------- */

static bool batch_load(struct batch *batch, struct problem *err)
{
    const struct caller *callers[BATCH_REQUESTS_MAX];
    db_rows_auto_t answers = {0};
    for (size_t i = 0; i < batch->count; i++)
        callers[i] = &batch->requests[i]->caller;
    batch->standings = need(calloc(batch->count, sizeof *batch->standings));
    batch->answers = need(calloc(batch->count, sizeof *batch->answers));
    batch->rows = need(json_array());
    if (!idempotency_ask(batch->act.tx, batch->requests, batch->count, &answers, err))
        return false;
    bool ok = batch->count == 1 ? standing_load(batch->act.tx, callers[0], batch->act.now_ms,
                                                batch->standings, err)
                                : standing_load_many(batch->act.tx, callers, batch->count,
                                                     batch->act.now_ms, batch->standings, err);
    if (ok)
        idempotency_read(&answers, batch->count, batch->answers);
    return ok;
}

static void batch_fail(struct batch *batch, const struct problem *problem)
{
    for (size_t i = 0; i < batch->count; i++) {
        reply_clear(batch->writes[i]->reply);
        *batch->writes[i]->err = *problem;
        batch->writes[i]->has_succeeded = false;
    }
}

/* Says what becomes of a batch whose transaction broke: true when that was the last word. Nothing
 * was committed, except perhaps where the outcome is unknown. */
static bool batch_is_over(struct batch *batch, const struct problem *problem, bool may_repeat)
{
    bool is_refusal = problem_status(problem->code) < 500;
    struct write *first = batch->writes[0];
    if (problem->code == PROBLEM_OUTCOME_UNKNOWN || (batch->count == 1 && !may_repeat)) {
        batch_fail(batch, problem);
        return true;
    }
    if (batch->count > 1 || act_should_repeat(&batch->act))
        return false;
    if (is_refusal && !first->is_refused) {
        *first->err = *problem; /* the next round stores it and does nothing else */
        first->is_refused = true;
        return false;
    }
    batch_fail(batch, problem);
    return true;
}

/* The handler's own refusal counts for more than what the broken transaction says after it. */
static const struct problem *cause_of(const struct batch *batch, const struct problem *problem)
{
    const struct problem *said = batch->writes[0]->err;
    bool is_own = batch->count == 1 && problem_is_set(said) && problem_status(said->code) < 500 &&
                  problem->code != PROBLEM_OUTCOME_UNKNOWN;
    return is_own ? said : problem;
}

static void batch_finish(struct batch *batch)
{
    struct service_context *context = batch->http->context;
    for (size_t i = 0; i < batch->count; i++) {
        struct request_private *private = batch->writes[i]->request->private;
        private->sequence = private->sequence < 0 ? -1 : batch->act.sequence;
        private->batch_size = (int)batch->count;
    }
    metrics_batch(batch->http->metrics, batch->count);
    if (batch->act.sequence == batch->sequence_before)
        return;
    http_moved(batch->http);
    if (context->bus)
        bus_wake(context, batch->act.alliance_id, batch->act.sequence);
}

static void batch_reset(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        reply_clear(batch->writes[i]->reply);
        if (!batch->writes[i]->is_refused)
            problem_clear(batch->writes[i]->err);
    }
}

static bool batch_run(struct batch *batch, bool may_repeat)
{
    struct problem problem = {.code = PROBLEM_NONE};
    bool ok = batch_load(batch, &problem);
    for (size_t i = 0; ok && i < batch->count; i++) {
        ok = write_run(batch, i);
        if (!ok)
            problem = *batch->writes[i]->err;
    }
    if (ok && idempotency_store(&batch->act, batch->rows, &problem) &&
        act_commit(&batch->act, &problem)) {
        batch_finish(batch);
        return true;
    }
    struct problem cause = *cause_of(batch, &problem);
    return batch_is_over(batch, &cause, may_repeat);
}

/* Before the head is locked: a key that another instance works on is not waited for. */
static bool lock_keys(struct db_tx *tx, void *context, struct problem *err)
{
    struct batch *batch = context;
    return idempotency_lock(tx, batch->requests, batch->count, batch->taken, err);
}

/* One transaction for all; false: run them again, each alone. */
static bool batch_try(struct http *http, struct write *writes[], size_t count, bool may_repeat)
{
    CLEANUP(batch_done) struct batch batch = {.http = http, .writes = writes, .count = count};
    struct problem problem = {.code = PROBLEM_NONE};
    const struct act_prelude prelude = {lock_keys, &batch};
    const struct request *first = writes[0]->request;
    struct actor actor = {0};
    for (size_t i = 0; i < count; i++)
        batch.requests[i] = writes[i]->request;
    actor_fill(first, &actor);
    batch_reset(&batch);
    if (!act_begin_after(&prelude, http->context->db, http->context->service->name,
                         first->alliance_id, &actor, !first->operation->has_alliance, &batch.act,
                         &problem)) {
        if (problem.code == PROBLEM_NOT_FOUND)
            problem_set(&problem, PROBLEM_NOT_FOUND, "there is no such alliance");
        batch_fail(&batch, &problem);
        return true;
    }
    batch.sequence_before = batch.act.sequence;
    return batch_run(&batch, may_repeat);
}

static void write_batch(void *context, struct write *writes[], size_t count)
{
    if (count > 1 && batch_try(context, writes, count, true))
        return;
    for (size_t i = 0; i < count; i++) {
        int left = TRANSACTION_ATTEMPTS_MAX + 1; /* one more to store a refusal */
        while (!batch_try(context, &writes[i], 1, --left > 0))
            continue;
    }
}

/* --- entry
 * -------------------------------------------------------------------------------------------- */

/* Before anything may wait: is the caller allowed, and has the answer been given already? */
static bool check_before(struct http *http, struct request *request, struct reply *reply,
                         bool *ret_is_answered, struct problem *err)
{
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t rows = {0};
    struct stored_answer answer = {0};
    *ret_is_answered = false;
    if (!db_begin(http->context->db, request->alliance_id, true, &tx, err) ||
        !idempotency_ask(tx, &request, 1, &rows, err) ||
        !standing_load(tx, &request->caller, INSTANT_NONE, &request->standing, err) ||
        !http_admit(request, err))
        return false;
    idempotency_read(&rows, 1, &answer);
    request->now_ms = request->standing.now_ms;
    *ret_is_answered = answer.status != 0;
    bool ok = !answer.status || idempotency_replay(request, &answer, reply, err);
    stored_answer_done(&answer);
    return ok;
}

static bool write_submit(struct http *http, struct request *request, struct reply *reply,
                         struct problem *err)
{
    struct write write = {.request = request, .reply = reply, .err = err};
    bool is_answered = false;
    if (request->operation->has_prepare) {
        if (!check_before(http, request, reply, &is_answered, err))
            return false;
        if (is_answered)
            return true;
        /* A refusal is the answer from now on, like one under the lock. */
        write.is_refused =
            !may_change(request, err) || !request->operation->route->prepare(request, err);
        if (write.is_refused && !idempotency_is_frozen(problem_status(err->code), err->code))
            return false;
    }
    batch_submit(&http->batcher, request->alliance_id, &write, write_batch, http);
    log_set_request(request->request_id);
    return write.has_succeeded;
}

bool http_write(struct http *http, struct request *request, struct reply *reply,
                struct problem *err)
{
    struct request_private *private = request->private;
    if (!request->operation->has_alliance)
        memcpy(request->alliance_id, request->key_id, UUID_SIZE);
    if (!private->key[0])
        return write_submit(http, request, reply, err);
    struct running_key running = {
        .alliance_id = request->alliance_id, .caller = private->caller_digest, .key = private->key};
    if (!running_key_begin(&http->batcher, &running, err))
        return false;
    bool ok = write_submit(http, request, reply, err);
    running_key_end(&http->batcher, &running);
    return ok;
}
