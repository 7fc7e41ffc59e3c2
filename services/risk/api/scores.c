#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "services/risk/api/handlers.h"
#include "services/risk/events.h"
#include "services/risk/rules.h"
#include "services/risk/store.h"

json_t *rating_to_json(const struct rating *rating)
{
    if (!rating_is_given(rating))
        return NULL;
    json_t *object = json_object();
    json_put_integer(object, "likelihood", rating->likelihood);
    json_put_integer(object, "consequence", rating->consequence);
    json_put_integer(object, "score", rating->score);
    json_put_text(object, "band", band_word(rating->band));
    json_put_integer(object, "criteriaVersion", rating->criteria_version);
    return object;
}

static json_t *score_to_json(const struct score *score)
{
    json_t *object = json_object();
    json_put_text(object, "riskId", score->risk_id);
    json_put_integer(object, "number", score->number);
    json_put_text(object, "kind", score_kind_word(score->kind));
    json_put_new(object, "from", rating_to_json(&score->from));
    json_put_new(object, "to", rating_to_json(&score->to));
    json_put_text(object, "reason", score->reason);
    json_put_instant(object, "scoredAt", score->scored_ms);
    json_put_text(object, "scoredBy", score->scored_by);
    json_put_text(object, "organisation", score->organisation);
    json_put_flag(object, "escalates", score->escalates);
    return object;
}

bool list_scores(struct request *request, struct reply *reply, struct problem *err)
{
    struct risk risk = {0};
    struct page page;
    db_rows_auto_t rows = {0};
    char known[KNOWN_SIZE];
    known_of_request(request, known);
    if (!risk_of_path(request, &risk, err) || !page_begin(request, &page, err) ||
        !store_score_list(request->tx, known, risk.id, page.after, page.limit, &rows, err))
        return false;
    json_t *items = json_array();
    for (int row = 0; row < rows.count; row++) {
        struct score score = {0};
        score_of_row(&rows, row, &score);
        json_push_new(items, score_to_json(&score));
    }
    list_reply(request, reply, &page, items, "number");
    return true;
}

bool get_score(struct request *request, struct reply *reply, struct problem *err)
{
    struct score score = {0};
    int64_t number = strtoll(request_path(request, "number"), NULL, 10);
    char known[KNOWN_SIZE];
    known_of_request(request, known);
    if (!store_score_get(request->tx, known, request_path(request, "riskId"), number, &score, err))
        return false;
    reply_ok(reply, score_to_json(&score), 0);
    return true;
}

bool score_risk(struct request *request, struct reply *reply, struct problem *err)
{
    const char *kind = json_text(request->body, "kind");
    const char *reason = json_text(request->body, "reason");
    struct editor editor;
    struct criteria criteria;
    struct risk risk = {0};
    struct score score;
    if (!text_check("/reason", reason, err) || !editor_of_request(request, &editor, err) ||
        !risk_of_path(request, &risk, err) ||
        !store_criteria_in_force(request->tx, &criteria, err) ||
        !risk_score(&risk, &criteria, kind == NULL ? SCORE_CURRENT : score_kind_of_word(kind),
                    json_integer_or(request->body, "likelihood", 0),
                    json_integer_or(request->body, "consequence", 0), reason, &editor, &score,
                    err) ||
        !event_risk_changed(request->act, &risk, &score, 1, err))
        return false;
    char ref[REF_SIZE];
    snprintf(ref, sizeof(ref), "risk/risks/%s/scores/%lld", risk.id, (long long)score.number);
    reply_created(reply, score_to_json(&score), ref, 0);
    return true;
}
