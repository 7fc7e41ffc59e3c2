#include <stdio.h>

#include "common/json.h"
#include "services/reinvestment/queries.h"
#include "services/reinvestment/store.h"

bool left_shift_of_row(const struct db_rows *rows, int row, struct left_shift *ret,
                       struct problem *err)
{
    json_auto_t *array = NULL;
    if (!row_array(rows, row, "links", &array, err))
        return false;
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item)
    {
        snprintf(ret->links[i], REF_SIZE, "%s", json_string_value(item));
    }
    ret->link_count = (int)json_array_size(array);
    row_copy(rows, row, "id", ret->id, sizeof(ret->id));
    row_copy(rows, row, "organisation", ret->organisation, sizeof(ret->organisation));
    row_copy(rows, row, "specialty", ret->specialty, sizeof(ret->specialty));
    row_copy(rows, row, "from_setting", ret->from_setting, sizeof(ret->from_setting));
    row_copy(rows, row, "to_setting", ret->to_setting, sizeof(ret->to_setting));
    ret->monthly_volume = row_int(rows, row, "monthly_volume");
    ret->before_pence = row_int(rows, row, "before_pence");
    ret->after_pence = row_int(rows, row, "after_pence");
    ret->surplus_pence = row_int(rows, row, "surplus_pence");
    row_copy(rows, row, "evidence", ret->evidence, sizeof(ret->evidence));
    row_copy(rows, row, "reason", ret->reason, sizeof(ret->reason));
    ret->recorded_ms = row_instant(rows, row, "recorded_at");
    row_copy(rows, row, "recorded_by", ret->recorded_by, sizeof(ret->recorded_by));
    ret->version = row_int(rows, row, "version");
    return true;
}

bool store_left_shift_get(struct db_tx *tx, const char *id, struct left_shift *ret,
                          struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_LEFT_SHIFT_GET, &rows, err, db_text(id)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no left shift %s", id);
    return left_shift_of_row(&rows, 0, ret, err);
}

bool store_left_shift_list(struct db_tx *tx, const char *organisation, const char *after, int limit,
                           struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_LEFT_SHIFT_LIST, ret_rows, err, db_text(organisation),
                     db_text(after), db_int(limit));
}

bool store_left_shift_version_get(struct db_tx *tx, const char *id, int64_t version,
                                  struct left_shift *ret, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_LEFT_SHIFT_VERSION_GET, &rows, err, db_text(id), db_int(version)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "left shift %s has no version %lld", id,
                           (long long)version);
    return left_shift_of_row(&rows, 0, ret, err);
}

bool store_left_shift_version_list(struct db_tx *tx, const char *id, const char *after, int limit,
                                   struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_LEFT_SHIFT_VERSION_LIST, ret_rows, err, db_text(id), db_text(after),
                     db_int(limit));
}
