/* Reinvestment's part of the one-page summary: its cases by state. */
#include "common/json.h"
#include "services/reinvestment/api/handlers.h"
#include "services/reinvestment/queries.h"

bool overview_part(struct db_tx *tx, json_t *part, struct problem *err)
{
    db_rows_auto_t rows = {.result = NULL};
    if (!db_select(tx, &QUERY_OVERVIEW_CASES, &rows, err))
        return false;
    json_t *cases = json_array();
    for (int i = 0; i < rows.count; i++) {
        json_t *item = json_object();
        json_put_text(item, "state", row_text(&rows, i, "state"));
        json_put_integer(item, "count", row_int(&rows, i, "case_count"));
        json_put_money(item, "award", row_int(&rows, i, "award_pence"));
        json_put_money(item, "drawn", row_int(&rows, i, "drawn_pence"));
        json_push_new(cases, item);
    }
    json_put_new(part, "cases", cases);
    return true;
}
