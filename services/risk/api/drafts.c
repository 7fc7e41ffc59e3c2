#include <string.h>

#include "common/ids.h"
#include "common/json.h"
#include "services/risk/api/handlers.h"
#include "services/risk/events.h"
#include "services/risk/store.h"

bool accept_draft(struct request *request, struct reply *reply, struct problem *err)
{
    const struct first_score given = first_score_take(request->body);
    struct editor editor;
    struct criteria criteria;
    struct risk risk = {0};
    struct score scores[2];
    int count;
    if (!editor_of_request(request, &editor, err) || !risk_of_path(request, &risk, err))
        return false;
    const struct risk before = risk;
    risk_take(request->body, &risk);
    if (!risk_words_check(&risk, err) || !store_criteria_in_force(request->tx, &criteria, err) ||
        !risk_accept(&risk, &criteria, &given, &editor, scores, &count, err) ||
        !risk_references_check(request, &before, &risk, err) ||
        !event_risk_changed(request->act, &risk, scores, count, err))
        return false;
    reply_risk(reply, &risk);
    return true;
}

bool dismiss_draft(struct request *request, struct reply *reply, struct problem *err)
{
    const char *reason = json_text(request->body, "reason");
    struct editor editor;
    struct risk risk = {0};
    if (!text_check("/reason", reason, err) || !editor_of_request(request, &editor, err) ||
        !risk_of_path(request, &risk, err) || !risk_dismiss(&risk, reason, &editor, err) ||
        !event_risk_changed(request->act, &risk, NULL, 0, err))
        return false;
    reply_risk(reply, &risk);
    return true;
}
