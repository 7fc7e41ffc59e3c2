#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/json.h"
#include "common/subject.h"
#include "services/ledger/api/handlers.h"
#include "services/ledger/events.h"
#include "services/ledger/events/settlement.h"
#include "services/ledger/rules.h"
#include "services/ledger/rules/settlement.h"
#include "services/ledger/rules/settling.h"
#include "services/ledger/store/settlement.h"

static json_t *release_to_json(const struct reserve_release *release)
{
    json_t *resource = json_object();
    json_put_text(resource, "id", release->id);
    json_put_text(resource, "year", release->year);
    json_put_text(resource, "purpose", release->purpose);
    json_put_text(resource, "toAccount", release->to_account);
    json_put_money(resource, "amount", release->amount_pence);
    json_put_text(resource, "reason", release->reason);
    json_put_text(resource, "state", release_state_word(release->state));
    json_put_instant(resource, "draftedAt", release->drafted.at_ms);
    json_put_text(resource, "draftedBy", release->drafted.by);
    json_put_instant(resource, "endedAt", release->ended_ms);
    json_put_text(resource, "endedBecause", release->ended_because);
    json_put_text(resource, "decisionId", release->decision_id);
    json_put_text(resource, "transactionId", release->transaction_id);
    json_put_integer(resource, "version", release->version);
    return resource;
}

bool get_reserve(struct request *request, struct reply *reply, struct problem *err)
{
    struct account account;
    struct reserve_position position;
    char year[MONTH_SIZE];
    int32_t month = month_of_day(instant_day(request->now_ms));
    const char *asked = request_query(request, "year");
    month_format(month, year);
    year[strlen("2026-27")] = '\0';
    if (asked != NULL)
        snprintf(year, sizeof year, "%s", asked);
    if (!store_account_get(request->tx, "reserve:cost-risk", &account, err) ||
        !store_reserve_position(request->tx, year, month, &position, err))
        return false;
    json_t *resource = json_object();
    json_put_text(resource, "year", year);
    json_put_text(resource, "accountCode", account.code);
    if (position.has_cap)
        json_put_money(resource, "cap", position.cap_pence);
    json_put_money(resource, "balance", account.balance_pence);
    json_put_money(resource, "available", account_available(&account));
    json_put_money(resource, "drawn", position.drawn_pence);
    json_put_money(resource, "released", position.released_pence);
    json_put_money(
        resource, "left",
        reserve_unspent(position.cap_pence, position.drawn_pence, position.released_pence));
    reply_ok(reply, resource, 0);
    return true;
}

bool list_releases(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {.result = NULL};
    if (!page_begin(request, &page, err) ||
        !store_release_list(request->tx, request_query(request, "year"),
                            request_query(request, "state"), page.after, page.limit, &rows, err))
        return false;
    json_t *items = json_array();
    for (int i = 0; i < rows.count; i++) {
        struct reserve_release release;
        release_of_row(&rows, i, &release);
        json_push_new(items, release_to_json(&release));
    }
    list_reply(request, reply, &page, items, "id");
    return true;
}

bool get_release(struct request *request, struct reply *reply, struct problem *err)
{
    struct reserve_release release;
    if (!store_release_get(request->tx, request_path(request, "releaseId"), &release, err))
        return false;
    reply_ok(reply, release_to_json(&release), release.version);
    return true;
}

bool draft_release(struct request *request, struct reply *reply, struct problem *err)
{
    struct book *book;
    char ref[REF_SIZE];
    struct reserve_release release = {
        .amount_pence = json_money(request->body, "amount"),
        .drafted.at_ms = request->now_ms,
        .ended_ms = INSTANT_NONE,
        .version = 1,
    };
    json_copy_text(request->body, "year", release.year, sizeof release.year);
    json_copy_text(request->body, "purpose", release.purpose, sizeof release.purpose);
    json_copy_text(request->body, "toAccount", release.to_account, sizeof release.to_account);
    json_copy_text(request->body, "reason", release.reason, sizeof release.reason);
    snprintf(release.drafted.by, sizeof release.drafted.by, "%s", finance_lead_of(request));
    if (!words_check(request->body, "reason", err) ||
        !release_allowed(request->act, &release, &book, err))
        return false;
    uuid_new(request->now_ms, release.id);
    if (!event_release_moved(request->act, &release, err))
        return false;
    release_ref(release.id, ref);
    reply_created(reply, release_to_json(&release), ref, release.version);
    return true;
}

bool withdraw_release(struct request *request, struct reply *reply, struct problem *err)
{
    struct reserve_release release, withdrawn;
    char ref[REF_SIZE];
    if (!words_check(request->body, "reason", err) ||
        !store_release_get(request->tx, request_path(request, "releaseId"), &release, err))
        return false;
    release_ref(release.id, ref);
    if (!subject_check_thawed(request->act, ref, err) || !release_draft_check(&release, err))
        return false;
    release_end(&release, RELEASE_WITHDRAWN, json_text(request->body, "reason"), request->now_ms,
                &withdrawn);
    if (!event_release_moved(request->act, &withdrawn, err))
        return false;
    reply_ok(reply, release_to_json(&withdrawn), withdrawn.version);
    return true;
}
