/* Partners: who applies, who is in, who leaves. */
#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "common/trace.h"
#include "services/membership/api/handlers.h"
#include "services/membership/api/present.h"
#include "services/membership/closing.h"
#include "services/membership/events.h"
#include "services/membership/rules/appointment.h"
#include "services/membership/rules/partner.h"
#include "services/membership/rules/terms.h"
#include "services/membership/store/host.h"
#include "services/membership/store/roster.h"

static void representative_of_application(const struct request *request, struct tenure *ret_tenure,
                                          const char **ret_name)
{
    *ret_tenure = (struct tenure){
        .post = POST_PARTNER_REPRESENTATIVE,
        .starts_ms = request->now_ms,
        .ends_ms = INSTANT_NONE,
        .version = 1,
    };
    uuid_new(request->now_ms, ret_tenure->id);
    memcpy(ret_tenure->organisation, request->caller.organisation, ODS_SIZE);
    tenure_of_person(json_member(request->body, "representative"), ret_tenure, ret_name);
}

bool partner_apply(struct request *request, struct reply *reply, struct problem *err)
{
    alliance_auto_t alliance = {0};
    struct partner existing;
    struct partner partner;
    struct tenure representative;
    const char *name = NULL;
    bool is_known = false;
    const char *organisation = request->caller.organisation;
    if (!command_begin(request, err) || !store_alliance_get(request->tx, &alliance, err) ||
        !store_partner_find(request->tx, organisation, &existing, &is_known, err) ||
        !application_decide(alliance.status, is_known ? &existing : NULL, organisation,
                            json_text(request->body, "name"),
                            partner_role_of(json_text(request->body, "role")),
                            json_flag(request->body, "isVoting"), &partner, err))
        return false;
    representative_of_application(request, &representative, &name);
    if (!event_partner(request->act, "applied", &partner, &representative, 1, NULL, err) ||
        !store_person_name_add(request->tx, representative.id, name, err))
        return false;
    char ref[REF_SIZE];
    snprintf(ref, sizeof ref, "partners/%s", partner.organisation);
    reply_created(reply, partner_present(&partner), ref, partner.version);
    return true;
}

bool partner_list(struct request *request, struct reply *reply, struct problem *err)
{
    struct page page;
    db_rows_auto_t rows = {0};
    if (!page_begin(request, &page, err) ||
        !store_partner_list(request->tx, request_query(request, "status"), page.after, page.limit,
                            &rows, err))
        return false;
    json_t *items = json_array();
    for (int row = 0; row < rows.count; row++) {
        struct partner partner;
        partner_of_row(&rows, row, &partner);
        json_push_new(items, partner_present(&partner));
    }
    list_reply(request, reply, &page, items, "organisation");
    return true;
}

bool partner_get(struct request *request, struct reply *reply, struct problem *err)
{
    struct partner partner;
    const char *organisation = request_path(request, "organisation");
    if (!standing_sees_roster(&request->standing) &&
        strcmp(request->standing.organisation, organisation) != 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no partner %s", organisation);
    if (!store_partner_get(request->tx, organisation, &partner, err))
        return false;
    reply_ok(reply, partner_present(&partner), partner.version);
    return true;
}

/* A founder came with the alliance: its trace starts at the event that wrote it last, too. */
bool partner_trace(struct request *request, struct reply *reply, struct problem *err)
{
    struct partner partner;
    char ref[REF_SIZE];
    if (!store_partner_get(request->tx, request_path(request, "organisation"), &partner, err))
        return false;
    snprintf(ref, sizeof ref, "partners/%s", partner.organisation);
    return trace_reply(request, reply, ref, partner.sequence, err);
}

/* A partner leaves by who speaks for it; an applicant by its own token. */
static bool departure_check_caller(const struct request *request, const char *organisation,
                                   struct problem *err)
{
    const struct standing *standing = &request->standing;
    if (standing_speaks_for(standing, organisation) != NULL ||
        standing_speaks_for_suspended(standing, organisation))
        return true;
    if (standing->has_partner && standing->partner_status == PARTNER_PROPOSED &&
        !standing->is_founder && strcmp(standing->organisation, organisation) == 0)
        return true;
    return problem_set(err, PROBLEM_ROLE_MISSING, "%s leaves by its representative or deputy",
                       organisation);
}

static bool departure_follow(struct act *act, const struct partner *before, struct problem *err)
{
    if (before->status == PARTNER_PROPOSED)
        return decision_lapse_admission(act, before->organisation, "The application was withdrawn.",
                                        act->now_ms, err);
    return !partner_has_vote(before) ||
           decisions_meet_new_voters(act, before->organisation, act->now_ms, err);
}

bool partner_leave(struct request *request, struct reply *reply, struct problem *err)
{
    const char *organisation = request_path(request, "organisation");
    struct partner partner;
    char hosted[SHORT_CODE_SIZE];
    tenures_auto_t tenures = {0};
    if (!command_begin(request, err) || !departure_check_caller(request, organisation, err) ||
        !store_partner_get(request->tx, organisation, &partner, err) ||
        !store_host_function_of(request->tx, organisation, hosted, err))
        return false;
    const struct partner before = partner;
    if (!departure_decide(&partner, hosted, instant_day(request->now_ms), err) ||
        !store_tenures_of_organisation(request->tx, organisation, request->now_ms, &tenures, err))
        return false;
    tenures_end(tenures.tenures, tenures.count, request->now_ms);
    if (!event_partner(request->act, partner.status == PARTNER_LEFT ? "left" : "lapsed", &partner,
                       tenures.tenures, tenures.count, NULL, err) ||
        !departure_follow(request->act, &before, err))
        return false;
    reply_ok(reply, partner_present(&partner), partner.version);
    return true;
}
