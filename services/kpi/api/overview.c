/* kpi's part of the one-page summary: the latest month of each agreed indicator over the whole
 * system, with its icons, as its chart has it. */
#include "common/json.h"
#include "services/kpi/api/handlers.h"
#include "services/kpi/chart.h"
#include "services/kpi/queries.h"
#include "services/kpi/store.h"

enum { INDICATORS_SHOWN = 50 };

static bool indicator_put(struct db_tx *tx, const char *code, json_t *items, struct problem *err)
{
    struct indicator indicator;
    struct specification specification;
    struct chart_wish wish = {.specification = &specification,
                              .from = MONTH_NONE,
                              .to = MONTH_NONE,
                              .options = CHART_USUAL};
    chart_auto_t chart = {0};
    if (!store_indicator_get(tx, code, &indicator, err) ||
        !store_specification_get(tx, code, indicator.agreed_specification, &specification, err) ||
        !chart_load(tx, &wish, &chart, err))
        return false;
    json_t *item = json_object();
    json_put_text(item, "code", code);
    json_put_text(item, "name", indicator.name);
    json_put_text(item, "unit", UNIT_NAMES[specification.unit]);
    chart_icons_put(item, &chart);
    if (chart.latest != NULL) {
        char value[SPC_TEXT_SIZE];
        value_format(&chart.latest->figures, specification.unit, value);
        json_put_text(item, "value", value);
    }
    json_push_new(items, item);
    return true;
}

bool overview_part(struct db_tx *tx, json_t *part, struct problem *err)
{
    db_rows_auto_t rows = {.result = NULL};
    json_auto_t *items = json_array();
    if (!db_select(tx, &QUERY_OVERVIEW_INDICATORS, &rows, err, db_int(INDICATORS_SHOWN)))
        return false;
    for (int i = 0; i < rows.count; i++)
        if (!indicator_put(tx, row_text(&rows, i, "code"), items, err))
            return false;
    json_put_new(part, "indicators", json_incref(items));
    return true;
}
