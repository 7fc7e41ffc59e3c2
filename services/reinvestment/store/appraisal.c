#include "common/json.h"
#include "services/reinvestment/queries.h"
#include "services/reinvestment/store.h"

bool appraisal_criteria_of_row(const struct db_rows *rows, int row, struct appraisal_criteria *ret,
                               struct problem *err)
{
    json_auto_t *array = NULL;
    if (!row_array(rows, row, "criteria", &array, err))
        return false;
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item)
    {
        struct criterion *criterion = &ret->criteria[i];
        json_copy_text(item, "code", criterion->code, sizeof(criterion->code));
        json_copy_text(item, "name", criterion->name, sizeof(criterion->name));
        criterion->weight_bp = json_integer_or(item, "weightBp", 0);
    }
    ret->count = (int)json_array_size(array);
    ret->number = row_int(rows, row, "number");
    row_copy(rows, row, "reason", ret->reason, sizeof(ret->reason));
    ret->adopted_ms = row_instant(rows, row, "adopted_at");
    row_copy(rows, row, "adopted_by", ret->adopted_by, sizeof(ret->adopted_by));
    return true;
}

bool store_appraisal_criteria_get(struct db_tx *tx, int64_t number, struct appraisal_criteria *ret,
                                  struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_APPRAISAL_CRITERIA_GET, &rows, err, db_int(number)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND,
                           "there is no version %lld of the appraisal criteria", (long long)number);
    return appraisal_criteria_of_row(&rows, 0, ret, err);
}

bool store_appraisal_criteria_in_force(struct db_tx *tx, struct appraisal_criteria *ret,
                                       struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_APPRAISAL_CRITERIA_IN_FORCE, &rows, err))
        return false;
    *ret = (struct appraisal_criteria){.number = 0};
    return rows.count == 0 || appraisal_criteria_of_row(&rows, 0, ret, err);
}

bool store_appraisal_criteria_list(struct db_tx *tx, const char *after, int limit,
                                   struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_APPRAISAL_CRITERIA_LIST, ret_rows, err, db_text(after),
                     db_int(limit));
}

bool appraisal_of_row(const struct db_rows *rows, int row, struct appraisal *ret,
                      struct problem *err)
{
    json_auto_t *array = NULL;
    if (!row_array(rows, row, "scores", &array, err))
        return false;
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item)
    {
        json_copy_text(item, "criterion", ret->scores[i].code, sizeof(ret->scores[i].code));
        ret->scores[i].score = json_integer_or(item, "score", 0);
    }
    ret->score_count = (int)json_array_size(array);
    row_copy(rows, row, "case_id", ret->case_id, sizeof(ret->case_id));
    ret->number = row_int(rows, row, "number");
    ret->criteria_version = row_int(rows, row, "criteria_version");
    ret->weighted_e4 = row_int(rows, row, "weighted_e4");
    row_copy(rows, row, "comment", ret->comment, sizeof(ret->comment));
    ret->appraised_ms = row_instant(rows, row, "appraised_at");
    row_copy(rows, row, "appraised_by", ret->appraised_by, sizeof(ret->appraised_by));
    row_copy(rows, row, "organisation", ret->organisation, sizeof(ret->organisation));
    return true;
}

bool store_appraisal_get(struct db_tx *tx, const char *case_id, int64_t number,
                         struct appraisal *ret, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_APPRAISAL_GET, &rows, err, db_text(case_id), db_int(number)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "case %s has no appraisal %lld", case_id,
                           (long long)number);
    return appraisal_of_row(&rows, 0, ret, err);
}

bool store_appraisal_list(struct db_tx *tx, const char *case_id, const char *after, int limit,
                          struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_APPRAISAL_LIST, ret_rows, err, db_text(case_id), db_text(after),
                     db_int(limit));
}

bool store_appraisal_is_by(struct db_tx *tx, const char *case_id, const char *issuer,
                           const char *subject, bool *ret_is_by, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select_one(tx, &QUERY_APPRAISAL_IS_BY, &rows, err, db_text(case_id), db_text(issuer),
                       db_text(subject)))
        return false;
    *ret_is_by = row_bool(&rows, 0, "is_by");
    return true;
}
