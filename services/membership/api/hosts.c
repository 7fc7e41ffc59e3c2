/* Hosts: who holds a function for all partners, and the drafts that change it. */
#include <stdio.h>
#include <stdlib.h>

#include "common/instant.h"
#include "common/json.h"
#include "common/trace.h"
#include "services/membership/api/handlers.h"
#include "services/membership/api/present.h"
#include "services/membership/events.h"
#include "services/membership/rules/host.h"
#include "services/membership/store/host.h"
#include "services/membership/store/roster.h"

enum { NUMBER_MAX = 9999 };

static void page_reply(struct request *request, struct reply *reply, const struct page *page,
                       const struct db_rows *rows, const char *key)
{
    json_t *items = json_array();
    for (int row = 0; row < rows->count; row++) {
        struct host_version version;
        host_version_of_row(rows, row, &version);
        json_push_new(items, host_version_present(&version));
    }
    list_reply(request, reply, page, items, key);
}

bool host_list(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {0};
    int64_t at_ms = request->now_ms;
    const char *at = request_query(request, "at");
    if (at != NULL && !instant_parse(at, &at_ms))
        return problem_add(err, PROBLEM_PARAMETER_INVALID, "format", "?at", "this is no instant");
    if (!page_begin(request, &page, err) ||
        !store_host_list(request->tx, request_query(request, "organisation"), at_ms, page.after,
                         page.limit, &rows, err))
        return false;
    page_reply(request, reply, &page, &rows, "function");
    return true;
}

bool host_version_list(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {0};
    if (!page_begin(request, &page, err) ||
        !store_host_version_list(request->tx, request_path(request, "hostFunction"), page.after,
                                 page.limit, &rows, err))
        return false;
    page_reply(request, reply, &page, &rows, "number");
    return true;
}

static bool version_of_path(const struct request *request, struct host_version *ret_version,
                            struct problem *err)
{
    return store_host_version_get(request->tx, request_path(request, "hostFunction"),
                                  (int32_t)strtol(request_path(request, "number"), NULL, 10),
                                  ret_version, err);
}

bool host_version_get(struct request *request, struct reply *reply, struct problem *err)
{
    struct host_version version;
    if (!version_of_path(request, &version, err))
        return false;
    reply_ok(reply, host_version_present(&version), version.version);
    return true;
}

static void version_ref(const struct host_version *version, char ret_ref[REF_SIZE])
{
    snprintf(ret_ref, REF_SIZE, "hosts/%s/versions/%d", version->function, version->number);
}

/* A host's time ends with the event of the next one: its trace starts at the event that wrote it
 * last, too. */
bool host_version_trace(struct request *request, struct reply *reply, struct problem *err)
{
    struct host_version version;
    char ref[REF_SIZE];
    if (!version_of_path(request, &version, err))
        return false;
    version_ref(&version, ref);
    return trace_reply(request, reply, ref, version.sequence, err);
}

static bool draft_check(struct request *request, const struct host_version *draft,
                        struct problem *err)
{
    struct partner partner;
    struct host_version now;
    bool is_known = false;
    bool is_hosted = false;
    if (!store_partner_find(request->tx, draft->organisation, &partner, &is_known, err) ||
        !store_host_now(request->tx, draft->function, &now, &is_hosted, err))
        return false;
    if (draft->number > NUMBER_MAX)
        return problem_set(err, PROBLEM_RULE_BROKEN, "a function has %d changes of host at most",
                           NUMBER_MAX);
    return host_draft_check(draft, is_known ? &partner : NULL, is_hosted ? now.organisation : "",
                            err);
}

bool host_draft(struct request *request, struct reply *reply, struct problem *err)
{
    struct host_version draft = {
        .state = HOST_DRAFT,
        .drafted_ms = request->now_ms,
        .starts_ms = INSTANT_NONE,
        .ends_ms = INSTANT_NONE,
        .version = 1,
    };
    snprintf(draft.function, sizeof draft.function, "%s", request_path(request, "hostFunction"));
    json_copy_text(request->body, "organisation", draft.organisation, sizeof draft.organisation);
    json_copy_text(request->body, "summary", draft.summary, sizeof draft.summary);
    if (!command_begin(request, err) ||
        !store_host_version_next(request->tx, draft.function, &draft.number, err) ||
        !draft_check(request, &draft, err) || !event_host_drafted(request->act, &draft, err))
        return false;
    char ref[REF_SIZE];
    version_ref(&draft, ref);
    reply_created(reply, host_version_present(&draft), ref, draft.version);
    return true;
}
