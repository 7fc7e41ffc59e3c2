#include "services/membership/store/outcome.h"

#include "services/membership/queries.h"

bool store_outcome_find(struct db_tx *tx, const char *decision_id,
                        struct outcome_statement *ret_statement, bool *ret_found,
                        struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_OUTCOME_GET, &rows, err, db_text(decision_id)))
        return false;
    *ret_found = rows.count > 0;
    if (!*ret_found)
        return true;
    *ret_statement = (struct outcome_statement){
        .publish_on = row_day(&rows, 0, "publish_on"),
        .written_ms = row_instant(&rows, 0, "written_at"),
        .published_ms = row_instant(&rows, 0, "published_at"),
        .version = row_int(&rows, 0, "version"),
    };
    row_copy(&rows, 0, "decision_id", ret_statement->decision_id,
             sizeof ret_statement->decision_id);
    row_copy(&rows, 0, "text", ret_statement->text, sizeof ret_statement->text);
    row_copy(&rows, 0, "audience", ret_statement->audience, sizeof ret_statement->audience);
    row_copy(&rows, 0, "written_by", ret_statement->written_by, sizeof ret_statement->written_by);
    return true;
}
