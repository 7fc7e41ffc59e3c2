/* kpi's part of the one-page summary: each agreed indicator's latest month over the whole system.
 */
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "services/kpi/api/handlers.h"
#include "services/kpi/queries.h"
#include "services/kpi/rules.h"

static void value_put(const struct db_rows *rows, int row, json_t *item)
{
    char text[PERCENTAGE_SIZE + 1];
    const char *unit = row_text(rows, row, "unit");
    if (strcmp(unit, "money") == 0) {
        int64_t pence = row_int(rows, row, "value");
        snprintf(text, sizeof text, "%lld.%02lld", (long long)(pence / 100),
                 (long long)(pence < 0 ? -(pence % 100) : pence % 100));
    } else if (strcmp(unit, "percentage") == 0) {
        percentage_format(row_int(rows, row, "numerator"), row_int(rows, row, "denominator"), text);
        strcat(text, "%");
    } else {
        snprintf(text, sizeof text, "%lld", (long long)row_int(rows, row, "value"));
    }
    json_put_text(item, "value", text);
}

bool overview_part(struct db_tx *tx, json_t *part, struct problem *err)
{
    db_rows_auto_t rows = {.result = NULL};
    if (!db_select(tx, &QUERY_OVERVIEW_INDICATORS, &rows, err))
        return false;
    json_t *indicators = json_array();
    for (int i = 0; i < rows.count; i++) {
        json_t *item = json_object();
        json_put_text(item, "code", row_text(&rows, i, "code"));
        json_put_text(item, "name", row_text(&rows, i, "name"));
        json_put_text(item, "month", row_text(&rows, i, "month"));
        if (row_text(&rows, i, "month") != NULL)
            value_put(&rows, i, item);
        json_push_new(indicators, item);
    }
    json_put_new(part, "indicators", indicators);
    return true;
}
