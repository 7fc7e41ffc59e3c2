/* The one-page summary: our own part, and the others' as they tell them. */
#include "common/overview.h"
#include "common/clock.h"

#include "common/bus.h"
#include "common/instant.h"
#include "common/json.h"
#include "common/service_context.h"
#include "services/membership/api/handlers.h"
#include "services/membership/api/overview_page.h"
#include "services/membership/queries.h"
#include "services/membership/rules/terms.h"
#include "services/membership/store/agreement.h"
#include "services/membership/store/roster.h"

enum { DECISIONS_SHOWN = 10 };

/* --- our own part --- */

static bool alliance_put(struct db_tx *tx, int64_t now_ms, json_t *part, struct problem *err)
{
    alliance_auto_t alliance = {0};
    agreement_auto_t agreement = {0};
    struct problem none = {.code = PROBLEM_NONE};
    if (!store_alliance_get(tx, &alliance, err))
        return false;
    json_t *shown = json_object();
    json_put_text(shown, "id", alliance.id);
    json_put_text(shown, "name", alliance.name);
    json_put_text(shown, "purpose", alliance.purpose);
    json_put_text(shown, "status", alliance_status_name(alliance.status));
    json_put_day(shown, "startsOn", alliance.starts_on);
    json_put_day(shown, "endsOn", alliance.ends_on);
    if (store_agreement_in_force(tx, instant_day(now_ms), &agreement, &none))
        json_put_integer(shown, "agreementVersion", agreement.number);
    else if (none.code != PROBLEM_NOT_FOUND) {
        json_decref(shown);
        *err = none;
        return false;
    }
    json_put_new(part, "alliance", shown);
    return true;
}

static bool decisions_put(struct db_tx *tx, json_t *part, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_OVERVIEW_DECISIONS, &rows, err, db_int(DECISIONS_SHOWN)))
        return false;
    json_t *decisions = json_object(), *items = json_array();
    for (int i = 0; i < rows.count; i++) {
        json_t *item = json_object();
        json_put_text(item, "id", row_text(&rows, i, "id"));
        json_put_text(item, "kind", row_text(&rows, i, "kind"));
        json_put_text(item, "title", row_text(&rows, i, "title"));
        json_put_instant(item, "deadlineAt", row_instant(&rows, i, "deadline_at"));
        json_put_integer(item, "eligible", row_int(&rows, i, "eligible"));
        json_put_integer(item, "voted", row_int(&rows, i, "voted"));
        json_push_new(items, item);
    }
    json_put_integer(decisions, "open", rows.count > 0 ? row_int(&rows, 0, "open_count") : 0);
    json_put_new(decisions, "items", items);
    json_put_new(part, "decisions", decisions);
    return true;
}

/* --- the others' --- */

static bool part_ask(const struct request *request, const char *service, int64_t deadline_ms,
                     json_t *overview)
{
    struct problem fault = {.code = PROBLEM_NONE};
    json_auto_t *answer = NULL;
    const int64_t left_ms = deadline_ms - monotonic_ms();
    const struct bus_ask ask = {.service = service,
                                .question = "overview.read",
                                .alliance_id = request->alliance_id,
                                .request_id = request->request_id,
                                .traceparent = request->traceparent,
                                .timeout_ms =
                                    left_ms < OVERVIEW_ASK_MS ? (int)left_ms : OVERVIEW_ASK_MS};
    return left_ms > 0 && bus_ask(request->context->bus, &ask, &answer, &fault) &&
           json_object_update_missing(overview, json_object_get(answer, "part")) == 0;
}

static void parts_ask(const struct request *request, json_t *overview)
{
    const int64_t deadline_ms = monotonic_ms() + OVERVIEW_MS_MAX;
    json_t *incomplete = json_array();
    for (const char *const *service = request->context->service->follows; *service != NULL;
         service++)
        if (!part_ask(request, *service, deadline_ms, overview))
            json_push_new(incomplete, json_string(*service));
    if (json_array_size(incomplete) > 0)
        json_put_new(overview, "incomplete", incomplete);
    else
        json_decref(incomplete);
}

bool overview_part(struct db_tx *tx, json_t *part, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select_one(tx, &QUERY_OVERVIEW_NOW, &rows, err))
        return false;
    const int64_t now_ms = row_instant(&rows, 0, "now_at");
    json_put_instant(part, "shownAt", now_ms);
    return alliance_put(tx, now_ms, part, err) && decisions_put(tx, part, err);
}

bool overview_get(struct request *request, struct reply *reply, struct problem *err)
{
    json_auto_t *overview = json_object();
    if (!overview_part(request->tx, overview, err))
        return false;
    parts_ask(request, overview);
    if (request_wants(request, "text/html"))
        reply_text(reply, "text/html; charset=utf-8", overview_page(overview));
    else
        reply_ok(reply, STEAL(overview), 0);
    return true;
}
