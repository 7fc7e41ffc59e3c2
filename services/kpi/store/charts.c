#include <assert.h>
#include <stdlib.h>

#include "services/kpi/queries.h"
#include "services/kpi/rules/target.h"
#include "services/kpi/store.h"

bool store_chart_figures(struct db_tx *tx, const char *indicator, const char *organisation,
                         struct chart_figure **ret, size_t *ret_count, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_CHART_FIGURES, &rows, err, db_text(indicator), db_text(organisation)))
        return false;
    struct chart_figure *figures = calloc((size_t)rows.count + 1, sizeof(*figures));
    assert(figures != NULL);
    for (int row = 0; row < rows.count; row++) {
        struct chart_figure *figure = &figures[row];
        row_copy(&rows, row, "organisation", figure->organisation, sizeof(figure->organisation));
        figure->is_current = row_bool(&rows, row, "is_current");
        figure->month = row_month(&rows, row, "month");
        figure->revision = row_int(&rows, row, "revision");
        figure->figures.numerator = row_figure(&rows, row, "numerator");
        figure->figures.denominator = row_figure(&rows, row, "denominator");
        figure->figures.value = row_figure(&rows, row, "value");
        row_copy(&rows, row, "status", figure->status, sizeof(figure->status));
    }
    *ret = figures;
    *ret_count = (size_t)rows.count;
    return true;
}

bool store_rebase_months(struct db_tx *tx, const char *indicator, int32_t **ret, size_t *ret_count,
                         struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_REBASE_MONTHS, &rows, err, db_text(indicator)))
        return false;
    int32_t *months = calloc((size_t)rows.count + 1, sizeof(*months));
    assert(months != NULL);
    for (int row = 0; row < rows.count; row++)
        months[row] = row_month(&rows, row, "month");
    *ret = months;
    *ret_count = (size_t)rows.count;
    return true;
}

bool store_rebase_list(struct db_tx *tx, const char *indicator, const char *after, int limit,
                       struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_REBASE_LIST, ret_rows, err, db_text(indicator), db_text(after),
                     db_int(limit));
}

void rebase_of_row(const struct db_rows *rows, int row, struct rebase *ret)
{
    row_copy(rows, row, "id", ret->id, sizeof(ret->id));
    row_copy(rows, row, "indicator", ret->indicator, sizeof(ret->indicator));
    ret->month = row_month(rows, row, "month");
    row_copy(rows, row, "reason", ret->reason, sizeof(ret->reason));
    ret->recorded_ms = row_instant(rows, row, "recorded_at");
}

bool store_target_steps(struct db_tx *tx, const char *indicator, struct target_step **ret,
                        size_t *ret_count, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_TARGET_STEPS, &rows, err, db_text(indicator)))
        return false;
    struct target_step *steps = calloc((size_t)rows.count + 1, sizeof(*steps));
    assert(steps != NULL);
    for (int row = 0; row < rows.count; row++) {
        struct target_step *step = &steps[row];
        row_copy(&rows, row, "target_id", step->target_id, sizeof(step->target_id));
        step->target_sequence = row_int(&rows, row, "target_sequence");
        step->from = row_month(&rows, row, "from_month");
        step->month = row_month(&rows, row, "month");
        bool is_value = target_value_parse(row_text(&rows, row, "value"), &step->value);
        assert(is_value);
    }
    *ret = steps;
    *ret_count = (size_t)rows.count;
    return true;
}

bool store_target_list(struct db_tx *tx, const char *indicator, const char *after, int limit,
                       struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_TARGET_LIST, ret_rows, err, db_text(indicator), db_text(after),
                     db_int(limit));
}

void target_of_row(const struct db_rows *rows, int row, struct target *ret)
{
    row_copy(rows, row, "id", ret->id, sizeof(ret->id));
    row_copy(rows, row, "indicator", ret->indicator, sizeof(ret->indicator));
    ret->from = row_month(rows, row, "from_month");
    row_copy(rows, row, "source", ret->source, sizeof(ret->source));
    row_copy(rows, row, "reason", ret->reason, sizeof(ret->reason));
    ret->recorded_ms = row_instant(rows, row, "recorded_at");
}

bool store_signal_list(struct db_tx *tx, const char *indicator, const char *organisation,
                       const char *after, int limit, struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_SIGNAL_LIST, ret_rows, err, db_text(indicator),
                     db_text(organisation), db_text(after), db_int(limit));
}

bool store_signal_kinds(struct db_tx *tx, const char *indicator, const char *organisation,
                        int32_t month, struct db_rows *ret_rows, struct problem *err)
{
    char text[MONTH_SIZE];
    month_format(month, text);
    return db_select(tx, &QUERY_SIGNAL_KINDS, ret_rows, err, db_text(indicator),
                     db_text(organisation), db_text(text));
}

void signal_of_row(const struct db_rows *rows, int row, struct signal_found *ret)
{
    row_copy(rows, row, "id", ret->id, sizeof(ret->id));
    row_copy(rows, row, "indicator", ret->indicator, sizeof(ret->indicator));
    row_copy(rows, row, "organisation", ret->organisation, sizeof(ret->organisation));
    ret->month = row_month(rows, row, "month");
    row_copy(rows, row, "kind", ret->kind, sizeof(ret->kind));
    ret->specification = row_int(rows, row, "specification");
    ret->revision = row_int(rows, row, "revision");
    row_copy(rows, row, "value", ret->value, sizeof(ret->value));
    row_copy(rows, row, "mean", ret->mean, sizeof(ret->mean));
    row_copy(rows, row, "lower_limit", ret->lower, sizeof(ret->lower));
    row_copy(rows, row, "upper_limit", ret->upper, sizeof(ret->upper));
    ret->found_ms = row_instant(rows, row, "found_at");
}
