#include "services/kpi/store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "services/kpi/queries.h"

const char *const UNIT_NAMES[] = {"percentage", "count", "money", "days"};

enum specification_unit unit_by_name(const char *name)
{
    for (int unit = UNIT_PERCENTAGE; unit <= UNIT_DAYS; unit++)
        if (strcmp(UNIT_NAMES[unit], name) == 0)
            return (enum specification_unit)unit;
    assert(false && "a unit of the api-spec");
    return UNIT_COUNT;
}

int64_t row_figure(const struct db_rows *rows, int row, const char *column)
{
    return row_is_null(rows, row, column) ? VALUE_NONE : row_int(rows, row, column);
}

int32_t row_month(const struct db_rows *rows, int row, const char *column)
{
    int32_t month = MONTH_NONE;
    bool is_month = month_parse(row_text(rows, row, column), &month);
    assert(is_month);
    return month;
}

void indicator_of_row(const struct db_rows *rows, int row, struct indicator *ret)
{
    row_copy(rows, row, "code", ret->code, sizeof(ret->code));
    row_copy(rows, row, "name", ret->name, sizeof(ret->name));
    row_copy(rows, row, "theme", ret->theme, sizeof(ret->theme));
    ret->agreed_specification = row_int(rows, row, "agreed_specification");
    ret->specification_count = row_int(rows, row, "specification_count");
    ret->version = row_int(rows, row, "version");
}

bool store_indicator_get(struct db_tx *tx, const char *code, struct indicator *ret,
                         struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_INDICATOR_GET, &rows, err, db_text(code)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no indicator %s", code);
    indicator_of_row(&rows, 0, ret);
    return true;
}

bool store_indicator_list(struct db_tx *tx, const char *theme, const char *after, int limit,
                          struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_INDICATOR_LIST, ret_rows, err, db_text(theme), db_text(after),
                     db_int(limit));
}

void specification_of_row(const struct db_rows *rows, int row, struct specification *ret)
{
    row_copy(rows, row, "indicator", ret->indicator, sizeof(ret->indicator));
    ret->number = row_int(rows, row, "number");
    row_copy(rows, row, "definition", ret->definition, sizeof(ret->definition));
    row_copy(rows, row, "numerator", ret->numerator, sizeof(ret->numerator));
    row_copy(rows, row, "denominator", ret->denominator, sizeof(ret->denominator));
    ret->unit = unit_by_name(row_text(rows, row, "unit"));
    row_copy(rows, row, "direction", ret->direction, sizeof(ret->direction));
    row_copy(rows, row, "source", ret->source, sizeof(ret->source));
    row_copy(rows, row, "source_reason", ret->source_reason, sizeof(ret->source_reason));
    row_copy(rows, row, "owner", ret->owner, sizeof(ret->owner));
    row_copy(rows, row, "frequency", ret->frequency, sizeof(ret->frequency));
    ret->is_suppressed = row_bool(rows, row, "suppresses_small_numbers");
    row_copy(rows, row, "state", ret->state, sizeof(ret->state));
    row_copy(rows, row, "decision_id", ret->decision_id, sizeof(ret->decision_id));
    ret->version = row_int(rows, row, "version");
}

bool store_specification_get(struct db_tx *tx, const char *indicator, int64_t number,
                             struct specification *ret, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_SPECIFICATION_GET, &rows, err, db_text(indicator), db_int(number)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "indicator %s has no specification %lld",
                           indicator, (long long)number);
    specification_of_row(&rows, 0, ret);
    return true;
}

bool store_specification_list(struct db_tx *tx, const char *indicator, const char *state,
                              const char *after, int limit, struct db_rows *ret_rows,
                              struct problem *err)
{
    return db_select(tx, &QUERY_SPECIFICATION_LIST, ret_rows, err, db_text(indicator),
                     db_text(state), db_text(after), db_int(limit));
}

void observation_of_row(const struct db_rows *rows, int row, struct observation *ret)
{
    row_copy(rows, row, "indicator", ret->indicator, sizeof(ret->indicator));
    row_copy(rows, row, "organisation", ret->organisation, sizeof(ret->organisation));
    ret->month = row_month(rows, row, "month");
    revision_of_row(rows, row, ret);
}

/* The columns that an observation and each of its revisions have. */
void revision_of_row(const struct db_rows *rows, int row, struct observation *ret)
{
    row_copy(rows, row, "id", ret->id, sizeof(ret->id));
    ret->specification = row_int(rows, row, "specification");
    ret->revision = row_int(rows, row, "revision");
    ret->figures.numerator = row_figure(rows, row, "numerator");
    ret->figures.denominator = row_figure(rows, row, "denominator");
    ret->figures.value = row_figure(rows, row, "value");
    row_copy(rows, row, "status", ret->status, sizeof(ret->status));
    row_copy(rows, row, "reason", ret->reason, sizeof(ret->reason));
    row_copy(rows, row, "import_id", ret->import_id, sizeof(ret->import_id));
    ret->recorded_ms = row_instant(rows, row, "recorded_at");
    ret->is_suppressed = row_bool(rows, row, "is_suppressed");
}

bool store_observation_get(struct db_tx *tx, const char *id, struct observation *ret,
                           struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_OBSERVATION_GET, &rows, err, db_text(id)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no observation %s", id);
    observation_of_row(&rows, 0, ret);
    return true;
}

bool store_observation_find(struct db_tx *tx, const char *indicator, const char *organisation,
                            int32_t month, bool *ret_found, struct observation *ret,
                            struct problem *err)
{
    char month_text[MONTH_SIZE];
    month_format(month, month_text);
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_OBSERVATION_FIND, &rows, err, db_text(indicator),
                   db_text(organisation), db_text(month_text)))
        return false;
    *ret_found = rows.count > 0;
    if (*ret_found)
        observation_of_row(&rows, 0, ret);
    return true;
}

bool store_observation_list(struct db_tx *tx, const struct observation_filter *filter,
                            const char *after, int limit, struct db_rows *ret_rows,
                            struct problem *err)
{
    return db_select(tx, &QUERY_OBSERVATION_LIST, ret_rows, err, db_text(filter->indicator),
                     db_text(filter->organisation), db_text(filter->from), db_text(filter->to),
                     db_text(filter->status), db_text(after), db_int(limit));
}

bool store_observation_of_indicator(struct db_tx *tx, const char *indicator, int32_t from,
                                    int32_t to, struct observation **ret, size_t *ret_count,
                                    struct problem *err)
{
    char from_text[MONTH_SIZE], to_text[MONTH_SIZE];
    month_format(from, from_text);
    month_format(to, to_text);
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_OBSERVATION_OF_INDICATOR, &rows, err, db_text(indicator),
                   db_text(from_text), db_text(to_text)))
        return false;
    struct observation *found = calloc((size_t)rows.count + 1, sizeof(*found));
    assert(found != NULL);
    for (int row = 0; row < rows.count; row++)
        observation_of_row(&rows, row, &found[row]);
    *ret = found;
    *ret_count = (size_t)rows.count;
    return true;
}

bool store_revision_list(struct db_tx *tx, const char *observation, const char *after, int limit,
                         struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_REVISION_LIST, ret_rows, err, db_text(observation), db_text(after),
                     db_int(limit));
}

void import_of_row(const struct db_rows *rows, int row, struct import_summary *ret)
{
    row_copy(rows, row, "id", ret->id, sizeof(ret->id));
    row_copy(rows, row, "indicator", ret->indicator, sizeof(ret->indicator));
    row_copy(rows, row, "format", ret->format, sizeof(ret->format));
    row_copy(rows, row, "digest", ret->digest, sizeof(ret->digest));
    row_copy(rows, row, "reason", ret->reason, sizeof(ret->reason));
    ret->row_count = row_int(rows, row, "row_count");
    ret->created_count = row_int(rows, row, "created_count");
    ret->revised_count = row_int(rows, row, "revised_count");
    ret->unchanged_count = row_int(rows, row, "unchanged_count");
    ret->recorded_ms = row_instant(rows, row, "recorded_at");
}

bool store_import_get(struct db_tx *tx, const char *id, struct import_summary *ret,
                      struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_IMPORT_GET, &rows, err, db_text(id)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no import %s", id);
    import_of_row(&rows, 0, ret);
    return true;
}

bool store_import_list(struct db_tx *tx, const char *indicator, const char *after, int limit,
                       struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_IMPORT_LIST, ret_rows, err, db_text(indicator), db_text(after),
                     db_int(limit));
}

bool store_organisation_list(struct db_tx *tx, struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_ORGANISATION_LIST, ret_rows, err);
}

bool store_organisation_get(struct db_tx *tx, const char *code, struct organisation *ret,
                            struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_ORGANISATION_GET, &rows, err, db_text(code)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "%s takes no part in this alliance", code);
    row_copy(&rows, 0, "organisation", ret->code, sizeof(ret->code));
    ret->is_commissioner = row_bool(&rows, 0, "is_commissioner");
    return true;
}
