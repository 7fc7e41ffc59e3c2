#include <string.h>

#include "common/clock.h"
#include "common/csv.h"
#include "common/http_private.h"
#include "common/queries.h"
#include "common/standing.h"

/* --- Accord-After -------------------------------------------------------------------------------
 */

static bool is_followed(const struct service *service, const char *name)
{
    if (strcmp(service->name, name) == 0)
        return true;
    for (const char *const *follows = service->follows; follows && *follows; follows++)
        if (strcmp(*follows, name) == 0)
            return true;
    return false;
}

static int64_t position_of(const struct db_rows *rows, const char *own, const char *name)
{
    for (int i = 0; i < rows->count; i++) {
        const char *source = row_text(rows, i, "source");
        if (strcmp(source ? source : own, name) == 0)
            return row_int(rows, i, "sequence");
    }
    return 0;
}

/* What we do not follow cannot be seen here, neither before nor after. */
static bool positions_check(const struct service *service, const struct positions *after,
                            struct problem *err)
{
    for (size_t i = 0; i < after->count; i++)
        if (!is_followed(service, after->items[i].service))
            return problem_set(err, PROBLEM_REQUEST_MALFORMED,
                               "Accord-After names %s, which %s does not follow",
                               after->items[i].service, service->name);
    return true;
}

static bool positions_reached(struct http *http, const struct request *request, bool *ret_reached,
                              struct problem *err)
{
    const struct service *service = http->context->service;
    const struct positions *after = &request->private->after;
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t rows = {0};
    if (!db_begin(http->context->db, request->alliance_id, true, &tx, err) ||
        !db_select(tx, &QUERY_POSITION_LIST, &rows, err))
        return false;
    *ret_reached = true;
    for (size_t i = 0; i < after->count; i++)
        if (position_of(&rows, service->name, after->items[i].service) < after->items[i].sequence)
            *ret_reached = false;
    return true;
}

/* Another instance's commit wakes nobody here, so look again soon anyway. */
static void wait_for_move(struct http *http)
{
    enum { LOOK_AGAIN_MS = 20 };
    const struct timespec until = monotonic_after(LOOK_AGAIN_MS);
    pthread_mutex_lock(&http->lock);
    pthread_cond_timedwait(&http->moved, &http->lock, &until);
    pthread_mutex_unlock(&http->lock);
}

bool http_wait_after(struct http *http, struct request *request, struct problem *err)
{
    if (!request->private->after.count || !request->operation->has_alliance)
        return true;
    if (!positions_check(http->context->service, &request->private->after, err))
        return false;
    const int64_t deadline_ms = monotonic_ms() + AFTER_WAIT_MS;
    bool is_reached = false;
    while (!is_reached) {
        if (!positions_reached(http, request, &is_reached, err))
            return false;
        if (!is_reached && monotonic_ms() >= deadline_ms)
            return problem_set(err, PROBLEM_NOT_CAUGHT_UP, "Accord-After was not reached in time");
        if (!is_reached)
            wait_for_move(http);
    }
    return true;
}

/* --- reading
 * --------------------------------------------------------------------------------------- */

static bool handle(struct request *request, struct reply *reply, struct problem *err)
{
    /* Also where the standing was just read: a route that forgets to ask is then always wrong. */
    request->now_ms = request->operation->route->asks_clock ? request->standing.now_ms : 0;
    return http_admit(request, err) && request->operation->route->handle(request, reply, err);
}

/* What failed already stays as it is told. */
static bool confirm(struct request *request, struct db_tx *tx, struct standing_guess *guess,
                    bool is_fine, bool *ret_held, struct problem *err)
{
    struct standing_cache *cache = request->context->http->standings;
    if (is_fine)
        return standing_confirm(cache, tx, &request->caller, guess, &request->standing, ret_held,
                                err);
    struct problem unheard = {.code = PROBLEM_NONE};
    return standing_confirm(cache, tx, &request->caller, guess, &request->standing, ret_held,
                            &unheard);
}

/* By what is remembered of the caller the handler can run at once, and its first query travels with
 * the question whether that still holds. What it made of a memory that does not is thrown away. */
static bool read_in(struct db_tx *tx, struct request *request, struct reply *reply,
                    struct problem *err)
{
    standing_guess_auto_t guess = {.is_open = false};
    bool is_held = true;
    request->tx = tx;
    if (!standing_recall(request->context->http->standings, tx, &request->caller,
                         &request->standing, &guess, err))
        return false;
    if (request->operation->route->asks_clock && !confirm(request, tx, &guess, true, &is_held, err))
        return false;
    bool ok = handle(request, reply, err);
    if (!confirm(request, tx, &guess, ok, &is_held, err))
        return false;
    if (!is_held) {
        reply_clear(reply);
        problem_clear(err);
        request->private->sequence = -1;
        ok = handle(request, reply, err);
    } else if (request->private->sequence >= 0) {
        request->private->sequence = request->standing.sequence;
    }
    return ok && db_commit(tx, err);
}

static bool read_once(struct http *http, struct request *request, struct reply *reply,
                      bool *ret_should_repeat, struct problem *err)
{
    db_tx_auto_t *tx = NULL;
    *ret_should_repeat = false;
    if (!db_begin(http->context->db, request->alliance_id[0] ? request->alliance_id : NULL, true,
                  &tx, err))
        return false;
    bool ok = read_in(tx, request, reply, err);
    request->tx = NULL;
    *ret_should_repeat = !ok && db_tx_should_repeat(tx);
    return ok;
}

static void convert_to_csv(const struct request *request, struct reply *reply)
{
    const struct operation *operation = request->operation;
    if (!operation->csv_rows || !reply->resource || !request_wants(request, "text/csv"))
        return;
    const json_t *rows = json_object_get(reply->resource, operation->csv_rows);
    reply->text = csv_of_rows(rows, operation->csv_columns);
    reply->text_size = strlen(reply->text);
    reply->version = 0;
    memcpy(reply->content_type, "text/csv", sizeof "text/csv");
}

bool http_read(struct http *http, struct request *request, struct reply *reply, struct problem *err)
{
    bool should_repeat = true, ok = false;
    if (request->operation->is_without_database)
        return request->operation->route->handle(request, reply, err);
    for (int attempt = 0; !ok && should_repeat && attempt < TRANSACTION_ATTEMPTS_MAX; attempt++) {
        reply_clear(reply);
        problem_clear(err);
        ok = read_once(http, request, reply, &should_repeat, err);
    }
    if (ok)
        convert_to_csv(request, reply);
    return ok;
}
