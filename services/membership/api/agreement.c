/* The agreement's versions. */
#include <stdio.h>
#include <stdlib.h>

#include "common/instant.h"
#include "common/json.h"
#include "common/trace.h"
#include "services/membership/api/handlers.h"
#include "services/membership/api/present.h"
#include "services/membership/events.h"
#include "services/membership/rules/agreement.h"
#include "services/membership/rules/terms.h"
#include "services/membership/store/agreement.h"
#include "services/membership/store/group.h"
#include "services/membership/store/roster.h"

enum { NUMBER_MAX = 9999 };

bool agreement_get_in_force(struct request *request, struct reply *reply, struct problem *err)
{
    agreement_auto_t version = {0};
    int32_t day = instant_day(request->now_ms);
    const char *on = request_query(request, "on");
    if (on != NULL && !day_parse(on, &day))
        return problem_add(err, PROBLEM_PARAMETER_INVALID, "format", "?on", "this is no day");
    if (!store_agreement_in_force(request->tx, day, &version, err))
        return false;
    reply_ok(reply, agreement_present(&version), version.version);
    return true;
}

bool agreement_list(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {0};
    if (!page_begin(request, &page, err) ||
        !store_agreement_list(request->tx, page.after, page.limit, &rows, err))
        return false;
    json_auto_t *items = json_array();
    for (int row = 0; row < rows.count; row++) {
        agreement_auto_t version = {0};
        if (!agreement_of_row(&rows, row, &version, err))
            return false;
        json_push_new(items, agreement_present(&version));
    }
    list_reply(request, reply, &page, STEAL(items), "number");
    return true;
}

bool agreement_get(struct request *request, struct reply *reply, struct problem *err)
{
    agreement_auto_t version = {0};
    const int32_t number = (int32_t)strtol(request_path(request, "number"), NULL, 10);
    if (!store_agreement_get(request->tx, number, &version, err))
        return false;
    reply_ok(reply, agreement_present(&version), version.version);
    return true;
}

/* The first version came with the alliance: its trace starts at the event that wrote it last, too.
 */
bool agreement_trace(struct request *request, struct reply *reply, struct problem *err)
{
    agreement_auto_t version = {0};
    char ref[REF_SIZE];
    const int32_t number = (int32_t)strtol(request_path(request, "number"), NULL, 10);
    if (!store_agreement_get(request->tx, number, &version, err))
        return false;
    snprintf(ref, sizeof ref, "agreement/versions/%d", number);
    return trace_reply(request, reply, ref, version.sequence, err);
}

static bool draft_check(struct request *request, const struct alliance *alliance,
                        struct agreement_version *version, struct problem *err)
{
    struct agreement_terms terms;
    struct groups groups;
    roster_auto_t roster = {0};
    agreement_series_auto_t series = {0};
    if (!store_roster_get(request->tx, &roster, err) ||
        !store_agreement_series(request->tx, &series, err) ||
        !store_groups_get(request->tx, &groups, err))
        return false;
    version->number = series.count + 1;
    if (version->number > NUMBER_MAX)
        return problem_set(err, PROBLEM_RULE_BROKEN, "an agreement has %d versions at most",
                           NUMBER_MAX);
    agreement_terms_of_json(version->parameters, &terms);
    bool is_fine = adoption_check(version, series.versions, series.count, alliance->starts_on,
                                  alliance->ends_on, err);
    is_fine &= agreement_check(&terms, roster.partners, roster.count, "/parameters", err);
    is_fine &= delegations_check(&terms, groups.groups, groups.count, "/parameters", err);
    return is_fine;
}

bool agreement_draft(struct request *request, struct reply *reply, struct problem *err)
{
    alliance_auto_t alliance = {0};
    agreement_auto_t version = {
        .starts_on = json_day(request->body, "startsOn"),
        .parameters = json_incref(json_object_get(request->body, "parameters")),
        .state = AGREEMENT_DRAFT,
        .drafted_ms = request->now_ms,
        .adopted_ms = INSTANT_NONE,
        .version = 1,
    };
    json_copy_text(request->body, "summary", version.summary, sizeof version.summary);
    if (!command_begin(request, err) || !store_alliance_get(request->tx, &alliance, err))
        return false;
    if (!draft_check(request, &alliance, &version, err) ||
        !event_agreement_drafted(request->act, &version, err))
        return false;
    char ref[REF_SIZE];
    snprintf(ref, sizeof ref, "agreement/versions/%d", version.number);
    reply_created(reply, agreement_present(&version), ref, version.version);
    return true;
}
