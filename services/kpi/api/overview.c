/* kpi's part of the one-page summary: the latest month of each agreed indicator with its icons, as
 * its chart has it, and the latest signals of single organisations. */
#include "common/json.h"
#include "services/kpi/api/handlers.h"
#include "services/kpi/chart.h"
#include "services/kpi/queries.h"
#include "services/kpi/store.h"

enum { INDICATORS_SHOWN = 50, SIGNALS_SHOWN = 10 };

static void latest_put(json_t *item, const struct chart *chart)
{
    char value[SPC_TEXT_SIZE];
    if (chart->latest == NULL)
        return;
    value_format(&chart->latest->figures, chart->frame.unit, value);
    json_put_text(item, "value", value);
    json_put_integer(item, "received", (int64_t)chart->latest->received);
    json_put_integer(item, "expected", (int64_t)chart->latest->expected);
}

/* Of an organisation, where those of several make no sum. */
static bool indicator_put(struct db_tx *tx, const char *code, const char *organisation,
                          json_t *items, struct problem *err)
{
    struct indicator indicator;
    struct specification specification;
    struct chart_wish wish = {.specification = &specification,
                              .organisation = organisation,
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
    json_put_text(item, "organisation", organisation);
    json_put_text(item, "unit", UNIT_NAMES[specification.unit]);
    chart_icons_put(item, &chart);
    latest_put(item, &chart);
    json_push_new(items, item);
    return true;
}

static bool indicators_put(struct db_tx *tx, json_t *indicators, struct problem *err)
{
    db_rows_auto_t rows = {.result = NULL};
    json_auto_t *items = json_array();
    if (!db_select(tx, &QUERY_OVERVIEW_INDICATORS, &rows, err, db_int(INDICATORS_SHOWN)))
        return false;
    for (int i = 0; i < rows.count; i++)
        if (!indicator_put(tx, row_text(&rows, i, "code"), row_text(&rows, i, "organisation"),
                           items, err))
            return false;
    json_put_integer(indicators, "total", rows.count > 0 ? row_int(&rows, 0, "total") : 0);
    json_put_new(indicators, "items", json_incref(items));
    return true;
}

static bool signals_put(struct db_tx *tx, json_t *signals, struct problem *err)
{
    db_rows_auto_t rows = {.result = NULL};
    if (!db_select(tx, &QUERY_OVERVIEW_SIGNALS, &rows, err, db_int(SIGNALS_SHOWN)))
        return false;
    json_t *items = json_array();
    for (int i = 0; i < rows.count; i++) {
        json_t *item = json_object();
        json_put_text(item, "id", row_text(&rows, i, "id"));
        json_put_text(item, "indicator", row_text(&rows, i, "indicator"));
        json_put_text(item, "name", row_text(&rows, i, "name"));
        json_put_text(item, "organisation", row_text(&rows, i, "organisation"));
        json_put_text(item, "month", row_text(&rows, i, "month"));
        json_put_text(item, "kind", row_text(&rows, i, "kind"));
        json_put_text(item, "value", row_text(&rows, i, "value"));
        json_put_text(item, "unit", row_text(&rows, i, "unit"));
        json_push_new(items, item);
    }
    json_put_integer(signals, "total", rows.count > 0 ? row_int(&rows, 0, "total") : 0);
    json_put_new(signals, "items", items);
    return true;
}

bool overview_part(struct db_tx *tx, json_t *part, struct problem *err)
{
    json_auto_t *indicators = json_object(), *signals = json_object();
    if (!indicators_put(tx, indicators, err) || !signals_put(tx, signals, err))
        return false;
    json_put_new(part, "indicators", json_incref(indicators));
    json_put_new(part, "signals", json_incref(signals));
    return true;
}
