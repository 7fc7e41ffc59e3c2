#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "services/reinvestment/api/handlers.h"
#include "services/reinvestment/events.h"
#include "services/reinvestment/rules.h"
#include "services/reinvestment/store.h"

static json_t *drawdown_to_json(const struct drawdown *drawdown)
{
    json_t *object = json_object();
    json_put_text(object, "id", drawdown->id);
    json_put_text(object, "caseId", drawdown->case_id);
    json_put_text(object, "holdId", drawdown->hold_id);
    json_put_money(object, "amount", drawdown->amount_pence);
    json_put_text(object, "beneficiary", drawdown->beneficiary);
    json_put_text(object, "milestone", drawdown->milestone);
    json_put_text(object, "evidence", drawdown->evidence);
    json_put_text(object, "state", drawdown_state_word(drawdown->state));
    json_put_instant(object, "requestedAt", drawdown->requested_ms);
    json_put_text(object, "requestedOrganisation", drawdown->requested_organisation);
    json_put_text(object, "requestedBy", drawdown->requested_by);
    json_put_instant(object, "verifiedAt", drawdown->verified_ms);
    json_put_text(object, "verifiedOrganisation", drawdown->verified_organisation);
    json_put_text(object, "verifiedBy", drawdown->verified_by);
    json_put_text(object, "transactionId", drawdown->transaction_id);
    json_put_instant(object, "capturedAt", drawdown->captured_ms);
    json_put_text(object, "reason", drawdown->reason);
    json_put_integer(object, "version", drawdown->version);
    return object;
}

bool list_drawdowns(struct request *request, struct reply *reply, struct problem *err)
{
    struct business_case a_case = {0};
    struct page page;
    db_rows_auto_t rows = {0};
    if (!store_case_get(request->tx, request_path(request, "caseId"), &a_case, err) ||
        !page_begin(request, &page, err) ||
        !store_drawdown_list(request->tx, a_case.id, request_query(request, "state"), page.after,
                             page.limit, &rows, err))
        return false;
    json_t *items = json_array();
    for (int row = 0; row < rows.count; row++) {
        struct drawdown drawdown = {0};
        drawdown_of_row(&rows, row, &drawdown);
        json_push_new(items, drawdown_to_json(&drawdown));
    }
    list_reply(request, reply, &page, items, "id");
    return true;
}

bool get_drawdown(struct request *request, struct reply *reply, struct problem *err)
{
    struct drawdown drawdown = {0};
    if (!store_drawdown_get(request->tx, request_path(request, "drawdownId"), &drawdown, err))
        return false;
    reply_ok(reply, drawdown_to_json(&drawdown), drawdown.version);
    return true;
}

bool request_drawdown(struct request *request, struct reply *reply, struct problem *err)
{
    struct person person;
    struct business_case a_case = {0};
    struct drawdown drawdown = {.amount_pence = json_money(request->body, "amount"),
                                .verified_ms = INSTANT_NONE,
                                .captured_ms = INSTANT_NONE};
    uuid_new(request->now_ms, drawdown.id);
    json_copy_text(request->body, "milestone", drawdown.milestone, sizeof(drawdown.milestone));
    json_copy_text(request->body, "evidence", drawdown.evidence, sizeof(drawdown.evidence));
    if (!text_check("/evidence", drawdown.evidence, err) ||
        !person_of_request(request, &person, err) ||
        !store_case_get(request->tx, request_path(request, "caseId"), &a_case, err) ||
        !drawdown_request(&a_case, &drawdown, &person, request->now_ms, err) ||
        !event_drawdown_requested(request->act, &a_case, &drawdown, err))
        return false;
    char ref[REF_SIZE];
    drawdown_ref(&drawdown, ref);
    reply_created(reply, drawdown_to_json(&drawdown), ref, drawdown.version);
    return true;
}

/* The drawdown of the path, its case, who looks at it, and whether that is who asked. */
struct verification {
    struct drawdown drawdown;
    struct business_case a_case;
    struct person person;
    bool is_same_person;
};

static bool verification_begin(const struct request *request, struct verification *ret,
                               struct problem *err)
{
    *ret = (struct verification){0};
    return person_of_request(request, &ret->person, err) &&
           store_drawdown_get(request->tx, request_path(request, "drawdownId"), &ret->drawdown,
                              err) &&
           store_case_get(request->tx, ret->drawdown.case_id, &ret->a_case, err) &&
           store_appointment_is_of(request->tx, ret->drawdown.requested_by, request->caller.issuer,
                                   request->caller.subject, &ret->is_same_person, err);
}

bool verify_drawdown(struct request *request, struct reply *reply, struct problem *err)
{
    const char *reason = json_text(request->body, "reason");
    bool is_refusal = strcmp(json_text(request->body, "outcome"), "refused") == 0;
    struct verification v;
    if ((reason != NULL && !text_check("/reason", reason, err)) ||
        !verification_begin(request, &v, err))
        return false;
    bool ok = is_refusal ? drawdown_refuse(&v.a_case, &v.drawdown, &v.person, v.is_same_person,
                                           reason, request->now_ms, err) &&
                               event_drawdown_refused(request->act, &v.a_case, &v.drawdown, err)
                         : drawdown_verify(&v.drawdown, &v.person, v.is_same_person,
                                           request->now_ms, err) &&
                               event_drawdown_verified(request->act, &v.a_case, &v.drawdown, err);
    if (!ok)
        return false;
    reply_ok(reply, drawdown_to_json(&v.drawdown), v.drawdown.version);
    return true;
}
