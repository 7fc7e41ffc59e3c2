/* Risk's part of the one-page summary: the open risks that are restricted to nobody. */
#include "common/json.h"
#include "services/risk/api/handlers.h"
#include "services/risk/queries.h"

enum { RISKS_SHOWN = 10 };

static bool bands_put(struct db_tx *tx, json_t *risks, struct problem *err)
{
    db_rows_auto_t rows = {.result = NULL};
    if (!db_select(tx, &QUERY_OVERVIEW_BANDS, &rows, err))
        return false;
    json_t *bands = json_array();
    for (int i = 0; i < rows.count; i++) {
        json_t *item = json_object();
        json_put_text(item, "band", row_text(&rows, i, "band"));
        json_put_integer(item, "count", row_int(&rows, i, "risk_count"));
        json_push_new(bands, item);
    }
    json_put_new(risks, "bands", bands);
    return true;
}

static bool highest_put(struct db_tx *tx, json_t *risks, struct problem *err)
{
    db_rows_auto_t rows = {.result = NULL};
    if (!db_select(tx, &QUERY_OVERVIEW_HIGHEST, &rows, err, db_int(RISKS_SHOWN)))
        return false;
    json_t *highest = json_array();
    for (int i = 0; i < rows.count; i++) {
        json_t *item = json_object();
        json_put_text(item, "id", row_text(&rows, i, "id"));
        json_put_text(item, "title", row_text(&rows, i, "title"));
        json_put_text(item, "owner", row_text(&rows, i, "owner_organisation"));
        json_put_integer(item, "score", row_int(&rows, i, "score"));
        json_put_text(item, "band", row_text(&rows, i, "band"));
        json_push_new(highest, item);
    }
    json_put_new(risks, "highest", highest);
    return true;
}

bool overview_part(struct db_tx *tx, json_t *part, struct problem *err)
{
    json_auto_t *risks = json_object();
    if (!bands_put(tx, risks, err) || !highest_put(tx, risks, err))
        return false;
    json_put_new(part, "risks", json_incref(risks));
    return true;
}
