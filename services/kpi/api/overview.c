/* kpi's part of the one-page summary: each agreed indicator's latest month over the whole system.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/json.h"
#include "services/kpi/api/handlers.h"
#include "services/kpi/chart.h"
#include "services/kpi/queries.h"
#include "services/kpi/rules/suppression.h"
#include "services/kpi/store.h"

/* As it is shown everywhere: small numbers of people are not (E10). Days of several organisations
 * make no sum. */
static void value_put(const struct db_rows *rows, int row, json_t *item)
{
    struct figures figures = {row_figure(rows, row, "numerator"),
                              row_figure(rows, row, "denominator"), row_figure(rows, row, "value")};
    enum specification_unit unit = unit_by_name(row_text(rows, row, "unit"));
    char value[SPC_TEXT_SIZE], text[SPC_TEXT_SIZE + 1];
    if (unit == UNIT_DAYS)
        return;
    if (row_bool(rows, row, "is_suppressed"))
        figures = figures_round(&figures);
    value_format(&figures, unit, value);
    if (unit == UNIT_MONEY)
        snprintf(text, sizeof text, "%s%lld.%02lld", figures.value < 0 ? "-" : "",
                 llabs(figures.value) / 100, llabs(figures.value) % 100);
    else
        snprintf(text, sizeof text, "%s%s", value,
                 unit == UNIT_PERCENTAGE && !figures_are_suppressed(&figures) ? "%" : "");
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
