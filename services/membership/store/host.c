#include "services/membership/store/host.h"

#include "common/instant.h"
#include "services/membership/queries.h"
#include "services/membership/rules/terms.h"

void host_version_of_row(const struct db_rows *rows, int row, struct host_version *ret_version)
{
    *ret_version = (struct host_version){
        .number = (int32_t)row_int(rows, row, "number"),
        .state = host_state_of(row_text(rows, row, "state")),
        .drafted_ms = row_instant(rows, row, "drafted_at"),
        .starts_ms = row_instant(rows, row, "starts_at"),
        .ends_ms = row_instant(rows, row, "ends_at"),
        .version = row_int(rows, row, "version"),
        .sequence = row_int(rows, row, "sequence"),
    };
    row_copy(rows, row, "function", ret_version->function, sizeof ret_version->function);
    row_copy(rows, row, "organisation", ret_version->organisation,
             sizeof ret_version->organisation);
    row_copy(rows, row, "summary", ret_version->summary, sizeof ret_version->summary);
    row_copy(rows, row, "decision_id", ret_version->decision_id, sizeof ret_version->decision_id);
}

bool store_host_version_get(struct db_tx *tx, const char *function, int32_t number,
                            struct host_version *ret_version, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_HOST_VERSION_GET, &rows, err, db_text(function), db_int(number)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no version %d of the host of %s",
                           number, function);
    host_version_of_row(&rows, 0, ret_version);
    return true;
}

bool store_host_version_list(struct db_tx *tx, const char *function, const char *after, int limit,
                             struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_HOST_VERSION_LIST, ret_rows, err, db_text(function), db_text(after),
                     db_int(limit));
}

bool store_host_version_next(struct db_tx *tx, const char *function, int32_t *ret_number,
                             struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select_one(tx, &QUERY_HOST_VERSION_NEXT, &rows, err, db_text(function)))
        return false;
    *ret_number = (int32_t)row_int(&rows, 0, "number");
    return true;
}

bool store_host_list(struct db_tx *tx, const char *organisation, int64_t at_ms, const char *after,
                     int limit, struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_HOST_LIST, ret_rows, err, db_text(organisation), db_instant(at_ms),
                     db_text(after), db_int(limit));
}

bool store_host_now(struct db_tx *tx, const char *function, struct host_version *ret_version,
                    bool *ret_found, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_HOST_NOW, &rows, err, db_text(function)))
        return false;
    *ret_found = rows.count > 0;
    if (*ret_found)
        host_version_of_row(&rows, 0, ret_version);
    return true;
}

bool store_host_function_of(struct db_tx *tx, const char *organisation,
                            char ret_function[SHORT_CODE_SIZE], struct problem *err)
{
    db_rows_auto_t rows = {0};
    ret_function[0] = '\0';
    if (!db_select(tx, &QUERY_HOST_FUNCTION_OF, &rows, err, db_text(organisation)))
        return false;
    if (rows.count > 0)
        row_copy(&rows, 0, "function", ret_function, SHORT_CODE_SIZE);
    return true;
}
