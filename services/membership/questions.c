#include "services/membership/questions.h"

#include <stdlib.h>

#include "common/json.h"
#include "common/service_context.h"
#include "services/membership/queries.h"

enum { DECISIONS_MAX = 1000 };

static bool decisions_opened_answer(const struct bus_question *question, json_t **ret_answer,
                                    struct problem *err)
{
    db_tx_auto_t *tx = NULL;
    db_rows_auto_t rows = {0};
    const json_t *decisions = json_object_get(question->arguments, "decisions");
    if (question->alliance_id[0] == '\0' || !json_is_array(decisions) ||
        json_array_size(decisions) > DECISIONS_MAX)
        return problem_set(err, PROBLEM_PARAMETER_INVALID, "decisions.opened of what?");
    char_auto_t *ids = json_dumps(decisions, JSON_COMPACT);
    if (ids == NULL)
        abort();
    if (!db_begin(question->context->db, question->alliance_id, true, &tx, err) ||
        !db_select(tx, &QUERY_DECISION_KNOWN, &rows, err, db_text(ids)) || !db_commit(tx, err))
        return false;
    json_t *opened = json_array();
    for (int i = 0; i < rows.count; i++)
        json_push_new(opened, json_string(row_text(&rows, i, "id")));
    *ret_answer = json_object();
    json_put_new(*ret_answer, "opened", opened);
    return true;
}

const struct bus_answerer MEMBERSHIP_ANSWERERS[] = {
    {"decisions.opened", decisions_opened_answer},
};
const size_t MEMBERSHIP_ANSWERER_COUNT = ARRAY_LENGTH(MEMBERSHIP_ANSWERERS);
