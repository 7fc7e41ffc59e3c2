#include <string.h>

#include "common/ids.h"
#include "common/json.h"
#include "services/ledger/api/handlers.h"
#include "services/ledger/events.h"
#include "services/ledger/rules.h"
#include "services/ledger/store.h"

/* --- nouns
 * -------------------------------------------------------------------------------------------- */

static void put_figures(json_t *resource, const struct figures *figures)
{
    json_put_integer(resource, "planUnits", figures->plan_units);
    json_put_integer(resource, "actualUnits", figures->actual_units);
    json_put_money(resource, "price", figures->price_pence);
    json_put_money(resource, "planCost", figures->plan_cost_pence);
    json_put_money(resource, "cost", figures->cost_pence);
    if (figures->has_shadow_tariff)
        json_put_money(resource, "shadowTariff", figures->shadow_tariff_pence);
    json_put_text(resource, "quality", figures->quality);
    json_put_text(resource, "note", figures->note);
}

static json_t *deed_to_json(const struct deed *deed)
{
    if (deed->at_ms == INSTANT_NONE)
        return NULL;
    json_t *object = json_object();
    json_put_instant(object, "at", deed->at_ms);
    json_put_text(object, "by", deed->by);
    return object;
}

static json_t *submission_to_json(const struct submission *submission)
{
    json_t *resource = json_object();
    json_put_text(resource, "id", submission->id);
    json_put_text(resource, "pool", submission->pool);
    json_put_text(resource, "provider", submission->provider);
    json_put_text(resource, "commissioner", submission->commissioner);
    put_month(resource, submission->month);
    json_put_text(resource, "state", submission_state_word(submission->state));
    json_put_integer(resource, "revision", submission->revision);
    json_put_integer(resource, "agreementNumber", submission->agreement_number);
    put_figures(resource, &submission->figures);
    json_put_new(resource, "submitted", deed_to_json(&submission->submitted));
    json_put_new(resource, "agreedByProvider", deed_to_json(&submission->agreed[SIDE_PROVIDER]));
    json_put_new(resource, "agreedByCommissioner",
                 deed_to_json(&submission->agreed[SIDE_COMMISSIONER]));
    json_put_new(resource, "queried", deed_to_json(&submission->queried));
    json_put_text(resource, "queryReason", submission->query_reason);
    if (submission->used_revision > 0)
        json_put_integer(resource, "usedRevision", submission->used_revision);
    json_put_text(resource, "settlementId", submission->settlement_id);
    json_put_integer(resource, "version", submission->version);
    return resource;
}

/* --- reading
 * -------------------------------------------------------------------------------------------- */

bool list_submissions(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {.result = NULL};
    struct submission_filter filter = {
        .month = request_query(request, "month"),
        .pool = request_query(request, "pool"),
        .provider = request_query(request, "provider"),
        .state = request_query(request, "state"),
    };
    if (!page_begin(request, &page, err) ||
        !store_submission_list(request->tx, &filter, page.after, page.limit, &rows, err))
        return false;
    json_t *items = json_array();
    for (int i = 0; i < rows.count; i++) {
        struct submission submission;
        submission_of_row(&rows, i, &submission);
        json_push_new(items, submission_to_json(&submission));
    }
    list_reply(request, reply, &page, items, "id");
    return true;
}

bool get_submission(struct request *request, struct reply *reply, struct problem *err)
{
    struct submission submission;
    if (!store_submission_get(request->tx, request_path(request, "submissionId"), &submission, err))
        return false;
    reply_ok(reply, submission_to_json(&submission), submission.version);
    return true;
}

bool list_submission_revisions(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    struct submission submission;
    db_rows_auto_t rows = {.result = NULL};
    if (!page_begin(request, &page, err) ||
        !store_submission_get(request->tx, request_path(request, "submissionId"), &submission,
                              err) ||
        !store_revision_list(request->tx, submission.id, page.after, page.limit, &rows, err))
        return false;
    json_t *items = json_array();
    for (int i = 0; i < rows.count; i++) {
        struct figures figures;
        json_t *item = json_object();
        figures_of_row(&rows, i, &figures);
        json_put_integer(item, "revision", row_int(&rows, i, "revision"));
        json_put_integer(item, "agreementNumber", row_int(&rows, i, "agreement_number"));
        put_figures(item, &figures);
        json_put_instant(item, "submittedAt", row_instant(&rows, i, "submitted_at"));
        json_put_text(item, "submittedBy", row_text(&rows, i, "submitted_by"));
        json_push_new(items, item);
    }
    list_reply(request, reply, &page, items, "revision");
    return true;
}

/* --- writing
 * -------------------------------------------------------------------------------------------- */

/* What the caller does for that organisation: as its finance lead, or as who speaks for it. */
static bool deed_for(const struct request *request, const char *organisation, struct deed *ret_deed,
                     struct problem *err)
{
    const struct standing *standing = &request->standing;
    const struct appointment *as = NULL;
    if (standing->token_organisation[0] == '\0' ||
        strcmp(standing->token_organisation, organisation) == 0)
        as = standing_appointment(standing, "finance-lead", organisation);
    if (as == NULL || !as->is_of_active)
        as = standing_speaks_for(standing, organisation);
    if (as == NULL)
        return problem_set(err, PROBLEM_ROLE_MISSING,
                           "only a finance lead or representative of %s may do this", organisation);
    ret_deed->at_ms = request->now_ms;
    memcpy(ret_deed->by, as->id, sizeof ret_deed->by);
    return true;
}

static void figures_read(const json_t *body, struct figures *ret_figures)
{
    memset(ret_figures, 0, sizeof *ret_figures);
    ret_figures->plan_units = json_integer_or(body, "planUnits", 0);
    ret_figures->actual_units = json_integer_or(body, "actualUnits", 0);
    ret_figures->price_pence = json_money(body, "price");
    ret_figures->plan_cost_pence = json_money(body, "planCost");
    ret_figures->cost_pence = json_money(body, "cost");
    ret_figures->has_shadow_tariff = json_member(body, "shadowTariff") != NULL;
    if (ret_figures->has_shadow_tariff)
        ret_figures->shadow_tariff_pence = json_money(body, "shadowTariff");
    json_copy_text(body, "quality", ret_figures->quality, sizeof ret_figures->quality);
    json_copy_text(body, "note", ret_figures->note, sizeof ret_figures->note);
}

/* Where figures of that pool and month may go, by the agreement in force. */
static bool place_find(struct request *request, const char *pool, int32_t month,
                       struct pool_sides *ret_sides, struct problem *err)
{
    struct book *book;
    bool found;
    return store_book(request->act, &book, err) &&
           store_pool_sides(request->tx, month, pool, &found, ret_sides, err) &&
           submission_place_check(book, found ? ret_sides : NULL, month, err);
}

bool submit_actuals(struct request *request, struct reply *reply, struct problem *err)
{
    struct pool_sides sides;
    struct figures figures;
    struct deed submitted;
    struct submission submission;
    int32_t month;
    bool found;
    if (!month_parse(json_text(request->body, "month"), &month))
        return problem_add(err, PROBLEM_RULE_BROKEN, "outside-term", "/month",
                           "there is no such month");
    if (!words_check(request->body, "note", err) ||
        !place_find(request, json_text(request->body, "pool"), month, &sides, err) ||
        !deed_for(request, sides.provider, &submitted, err) ||
        !store_submission_find(request->tx, sides.pool, sides.provider, month, &found, &submission,
                               err))
        return false;
    if (found)
        return problem_set(err, PROBLEM_ALREADY_EXISTS,
                           "ledger/submissions/%s is of that pool and month", submission.id);
    figures_read(request->body, &figures);
    submission_make(&sides, month, &figures, &submitted, &submission);
    uuid_new(request->now_ms, submission.id);
    if (!event_submission_submitted(request->act, &submission, err))
        return false;
    char ref[REF_SIZE];
    submission_ref(submission.id, ref);
    reply_created(reply, submission_to_json(&submission), ref, submission.version);
    return true;
}

bool revise_actuals(struct request *request, struct reply *reply, struct problem *err)
{
    struct submission submission, revised;
    struct pool_sides sides;
    struct figures figures;
    struct deed submitted;
    bool is_in_settlement;
    if (!words_check(request->body, "note", err) ||
        !store_submission_get(request->tx, request_path(request, "submissionId"), &submission,
                              err) ||
        !deed_for(request, submission.provider, &submitted, err) ||
        !place_find(request, submission.pool, submission.month, &sides, err) ||
        !store_settlement_is_open(request->act, submission.month, &is_in_settlement, err))
        return false;
    figures_read(request->body, &figures);
    if (!submission_revise(&submission, &sides, &figures, &submitted, is_in_settlement, &revised,
                           err) ||
        !event_submission_submitted(request->act, &revised, err))
        return false;
    reply_ok(reply, submission_to_json(&revised), revised.version);
    return true;
}

bool agree_actuals(struct request *request, struct reply *reply, struct problem *err)
{
    struct book *book;
    struct submission submission, agreed;
    struct deed deed;
    struct problem refusal = {0};
    enum side side = SIDE_PROVIDER;
    if (!store_book(request->act, &book, err) ||
        !store_submission_get(request->tx, request_path(request, "submissionId"), &submission, err))
        return false;
    if (!deed_for(request, submission.provider, &deed, &refusal)) {
        if (!deed_for(request, submission.commissioner, &deed, err))
            return false;
        side = SIDE_COMMISSIONER;
    }
    if (!submission_agree(book, &submission, json_integer_or(request->body, "revision", 0), side,
                          &deed, &agreed, err) ||
        !event_submission_agreed(request->act, &agreed, err))
        return false;
    reply_ok(reply, submission_to_json(&agreed), agreed.version);
    return true;
}

bool query_actuals(struct request *request, struct reply *reply, struct problem *err)
{
    struct book *book;
    struct submission submission, queried;
    struct deed deed;
    if (!words_check(request->body, "reason", err) || !store_book(request->act, &book, err) ||
        !store_submission_get(request->tx, request_path(request, "submissionId"), &submission,
                              err) ||
        !deed_for(request, submission.commissioner, &deed, err) ||
        !submission_query(book, &submission, json_integer_or(request->body, "revision", 0),
                          json_text(request->body, "reason"), &deed, &queried, err) ||
        !event_submission_queried(request->act, &queried, err))
        return false;
    reply_ok(reply, submission_to_json(&queried), queried.version);
    return true;
}
