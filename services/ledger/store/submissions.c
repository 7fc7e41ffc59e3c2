#include <string.h>

#include "services/ledger/queries.h"
#include "services/ledger/store.h"

#define COPY(member) row_copy(rows, row, #member, ret->member, sizeof ret->member)

static void deed_of_row(const struct db_rows *rows, int row, const char *at, const char *by,
                        struct deed *ret)
{
    ret->at_ms = row_instant(rows, row, at);
    row_copy(rows, row, by, ret->by, sizeof ret->by);
}

void figures_of_row(const struct db_rows *rows, int row, struct figures *ret)
{
    ret->plan_units = row_int(rows, row, "plan_units");
    ret->actual_units = row_int(rows, row, "actual_units");
    ret->price_pence = row_int(rows, row, "price_pence");
    ret->plan_cost_pence = row_int(rows, row, "plan_cost_pence");
    ret->cost_pence = row_int(rows, row, "cost_pence");
    ret->has_shadow_tariff = !row_is_null(rows, row, "shadow_tariff_pence");
    ret->shadow_tariff_pence = row_int(rows, row, "shadow_tariff_pence");
    COPY(quality);
    COPY(note);
}

void submission_of_row(const struct db_rows *rows, int row, struct submission *ret)
{
    COPY(id);
    COPY(pool);
    COPY(provider);
    COPY(commissioner);
    bool is_month = month_parse(row_text(rows, row, "month"), &ret->month);
    (void)is_month; /* a CHECK holds it */
    ret->revision = row_int(rows, row, "revision");
    ret->agreement_number = row_int(rows, row, "agreement_number");
    figures_of_row(rows, row, &ret->figures);
    ret->state = submission_state_of_word(row_text(rows, row, "state"));
    deed_of_row(rows, row, "submitted_at", "submitted_by", &ret->submitted);
    deed_of_row(rows, row, "provider_agreed_at", "provider_agreed_by", &ret->agreed[SIDE_PROVIDER]);
    deed_of_row(rows, row, "commissioner_agreed_at", "commissioner_agreed_by",
                &ret->agreed[SIDE_COMMISSIONER]);
    deed_of_row(rows, row, "queried_at", "queried_by", &ret->queried);
    COPY(query_reason);
    ret->used_revision = row_int(rows, row, "used_revision");
    COPY(settlement_id);
    ret->version = row_int(rows, row, "version");
}

bool store_pool_list(struct db_tx *tx, int32_t day, const char *code, const char *after, int limit,
                     struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_POOL_LIST, ret_rows, err, db_day(day), db_text(code),
                     db_text(after), db_int(limit));
}

bool store_pool_sides(struct db_tx *tx, int32_t month, const char *code, bool *ret_found,
                      struct pool_sides *ret_sides, struct problem *err)
{
    db_rows_auto_t rows = {.result = NULL};
    if (!store_pool_list(tx, month_first_day(month), code, NULL, 1, &rows, err))
        return false;
    *ret_found = rows.count == 1;
    if (!*ret_found)
        return true;
    memset(ret_sides, 0, sizeof *ret_sides);
    row_copy(&rows, 0, "code", ret_sides->pool, sizeof ret_sides->pool);
    row_copy(&rows, 0, "provider", ret_sides->provider, sizeof ret_sides->provider);
    row_copy(&rows, 0, "commissioner", ret_sides->commissioner, sizeof ret_sides->commissioner);
    ret_sides->agreement_number = row_int(&rows, 0, "agreement_number");
    ret_sides->is_settled = !row_is_null(&rows, 0, "mechanism") && ret_sides->provider[0] != '\0' &&
                            ret_sides->commissioner[0] != '\0';
    return true;
}

bool store_submission_get(struct db_tx *tx, const char *id, struct submission *ret_submission,
                          struct problem *err)
{
    db_rows_auto_t rows = {.result = NULL};
    if (!db_select(tx, &QUERY_SUBMISSION_GET, &rows, err, db_text(id)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no submission %s", id);
    submission_of_row(&rows, 0, ret_submission);
    return true;
}

bool store_submission_find(struct db_tx *tx, const char *pool, const char *provider, int32_t month,
                           bool *ret_found, struct submission *ret_submission, struct problem *err)
{
    char text[MONTH_SIZE];
    month_format(month, text);
    db_rows_auto_t rows = {.result = NULL};
    if (!db_select(tx, &QUERY_SUBMISSION_OF, &rows, err, db_text(pool), db_text(provider),
                   db_text(text)))
        return false;
    *ret_found = rows.count == 1;
    if (*ret_found)
        submission_of_row(&rows, 0, ret_submission);
    return true;
}

bool store_submission_list(struct db_tx *tx, const struct submission_filter *filter,
                           const char *after, int limit, struct db_rows *ret_rows,
                           struct problem *err)
{
    return db_select(tx, &QUERY_SUBMISSION_LIST, ret_rows, err, db_text(filter->month),
                     db_text(filter->pool), db_text(filter->provider), db_text(filter->state),
                     db_text(after), db_int(limit));
}

bool store_revision_list(struct db_tx *tx, const char *submission_id, const char *after, int limit,
                         struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_SUBMISSION_REVISION_LIST, ret_rows, err, db_text(submission_id),
                     db_text(after), db_int(limit));
}
