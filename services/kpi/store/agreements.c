#include "services/kpi/queries.h"
#include "services/kpi/store.h"

bool store_agreement_list(struct db_tx *tx, const char *observation, const char *after, int limit,
                          struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_AGREEMENT_LIST, ret_rows, err, db_text(observation), db_text(after),
                     db_int(limit));
}

bool store_agreement_of_revision(struct db_tx *tx, const char *observation, int64_t revision,
                                 struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_AGREEMENT_OF_REVISION, ret_rows, err, db_text(observation),
                     db_int(revision));
}

void agreement_of_row(const struct db_rows *rows, int row, struct agreement *ret)
{
    row_copy(rows, row, "id", ret->id, sizeof(ret->id));
    row_copy(rows, row, "observation_id", ret->observation_id, sizeof(ret->observation_id));
    ret->revision = row_int(rows, row, "revision");
    row_copy(rows, row, "organisation", ret->by.code, sizeof(ret->by.code));
    ret->by.is_commissioner = row_bool(rows, row, "is_commissioner");
    row_copy(rows, row, "appointment_id", ret->appointment_id, sizeof(ret->appointment_id));
    ret->agreed_ms = row_instant(rows, row, "agreed_at");
}

void query_of_row(const struct db_rows *rows, int row, struct query *ret)
{
    row_copy(rows, row, "id", ret->id, sizeof(ret->id));
    row_copy(rows, row, "observation_id", ret->observation_id, sizeof(ret->observation_id));
    ret->revision = row_int(rows, row, "revision");
    row_copy(rows, row, "raised_by", ret->raised_by, sizeof(ret->raised_by));
    row_copy(rows, row, "question", ret->question, sizeof(ret->question));
    row_copy(rows, row, "state", ret->state, sizeof(ret->state));
    row_copy(rows, row, "answered_by", ret->answered_by, sizeof(ret->answered_by));
    row_copy(rows, row, "answer", ret->answer, sizeof(ret->answer));
    row_copy(rows, row, "outcome", ret->outcome, sizeof(ret->outcome));
    ret->raised_ms = row_instant(rows, row, "raised_at");
    ret->answered_ms = row_instant(rows, row, "answered_at");
    ret->closed_ms = row_instant(rows, row, "closed_at");
    ret->version = row_int(rows, row, "version");
}

bool store_query_get(struct db_tx *tx, const char *id, struct query *ret, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_QUERY_GET, &rows, err, db_text(id)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no query %s", id);
    query_of_row(&rows, 0, ret);
    return true;
}

bool store_query_list(struct db_tx *tx, const char *observation, const char *state,
                      const char *after, int limit, struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_QUERY_LIST, ret_rows, err, db_text(observation), db_text(state),
                     db_text(after), db_int(limit));
}

bool store_query_unclosed(struct db_tx *tx, const char *observation, int64_t *ret_count,
                          struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select_one(tx, &QUERY_QUERY_UNCLOSED_COUNT, &rows, err, db_text(observation)))
        return false;
    *ret_count = row_int(&rows, 0, "unclosed");
    return true;
}
