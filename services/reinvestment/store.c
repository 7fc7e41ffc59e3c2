#include "services/reinvestment/store.h"

#include <string.h>

#include "common/instant.h"
#include "common/json.h"
#include "services/reinvestment/queries.h"
#include "services/reinvestment/rules.h"

/* A jsonb column holds what we, or membership, put there: anything else is an error of ours. */
bool row_array(const struct db_rows *rows, int row, const char *column, json_t **ret_array,
               struct problem *err)
{
    const char *text = row_text(rows, row, column);
    if (!json_parse(text, strlen(text), ret_array, err))
        return problem_set(err, PROBLEM_INTERNAL, "column %s: %s", column, err->detail);
    return true;
}

/* Ring-fences
 * ---------------------------------------------------------------------------------------- */

static bool codes_of_row(const struct db_rows *rows, int row, const char *column,
                         char ret_codes[][CODE_SIZE], int *ret_count, struct problem *err)
{
    json_auto_t *array = NULL;
    if (!row_array(rows, row, column, &array, err))
        return false;
    if (json_array_size(array) > LISTED_MAX)
        return problem_set(err, PROBLEM_INTERNAL, "column %s lists more than %d", column,
                           LISTED_MAX);
    size_t i;
    json_t *code;
    json_array_foreach(array, i, code)
    {
        snprintf(ret_codes[i], CODE_SIZE, "%s", json_string_value(code));
    }
    *ret_count = (int)json_array_size(array);
    return true;
}

bool ring_fence_of_row(const struct db_rows *rows, int row, struct ring_fence *ret,
                       struct problem *err)
{
    row_copy(rows, row, "code", ret->code, sizeof(ret->code));
    row_copy(rows, row, "account_code", ret->account_code, sizeof(ret->account_code));
    row_copy(rows, row, "purpose", ret->purpose, sizeof(ret->purpose));
    ret->agreement_version = row_int(rows, row, "agreement_version");
    ret->has_account = row_bool(rows, row, "has_account");
    ret->balance_pence = row_int(rows, row, "balance_pence");
    ret->committed_pence = row_int(rows, row, "held_pence");
    ret->floor_pence = row_int(rows, row, "floor_pence");
    ret->proposed_pence = row_int(rows, row, "proposed_pence");
    return codes_of_row(rows, row, "categories", ret->categories, &ret->category_count, err) &&
           codes_of_row(rows, row, "settings", ret->settings, &ret->setting_count, err);
}

bool store_ring_fence_find(struct db_tx *tx, const char *code, int32_t today, bool *ret_found,
                           struct ring_fence *ret, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_RING_FENCE_LIST, &rows, err, db_day(today), db_text(code),
                   db_text(NULL), db_int(1)))
        return false;
    *ret_found = rows.count > 0;
    return rows.count == 0 || ring_fence_of_row(&rows, 0, ret, err);
}

bool store_ring_fence_get(struct db_tx *tx, const char *code, int32_t today, struct ring_fence *ret,
                          struct problem *err)
{
    bool found;
    if (!store_ring_fence_find(tx, code, today, &found, ret, err))
        return false;
    return found ||
           problem_set(err, PROBLEM_NOT_FOUND, "the agreement in force has no ring-fence %s", code);
}

bool store_ring_fence_list(struct db_tx *tx, int32_t today, const char *after, int limit,
                           struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_RING_FENCE_LIST, ret_rows, err, db_day(today), db_text(NULL),
                     db_text(after), db_int(limit));
}

/* Cases
 * ------------------------------------------------------------------------------------------------
 */

static bool milestones_of_row(const struct db_rows *rows, int row, struct business_case *ret,
                              struct problem *err)
{
    json_auto_t *array = NULL;
    if (!row_array(rows, row, "milestones", &array, err))
        return false;
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item)
    {
        struct milestone *milestone = &ret->milestones[i];
        json_copy_text(item, "code", milestone->code, sizeof(milestone->code));
        json_copy_text(item, "title", milestone->title, sizeof(milestone->title));
        milestone->due_day = json_day(item, "dueOn");
        milestone->amount_pence = json_integer_or(item, "amountPence", 0);
        milestone->done_day = json_day(item, "doneOn");
    }
    ret->milestone_count = (int)json_array_size(array);
    return true;
}

static bool costs_of_row(const struct db_rows *rows, int row, struct business_case *ret,
                         struct problem *err)
{
    json_auto_t *array = NULL;
    if (!row_array(rows, row, "costs", &array, err))
        return false;
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item)
    {
        struct cost *cost = &ret->costs[i];
        if (!month_parse(json_text(item, "month"), &cost->month))
            return problem_set(err, PROBLEM_INTERNAL, "a cost of no month");
        cost->one_off_pence = json_integer_or(item, "oneOffPence", 0);
        cost->recurrent_pence = json_integer_or(item, "recurrentPence", 0);
    }
    ret->cost_count = (int)json_array_size(array);
    return true;
}

static bool benefits_of_row(const struct db_rows *rows, int row, struct business_case *ret,
                            struct problem *err)
{
    json_auto_t *array = NULL;
    if (!row_array(rows, row, "benefits", &array, err))
        return false;
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item)
    {
        struct benefit *benefit = &ret->benefits[i];
        json_copy_text(item, "indicator", benefit->indicator, sizeof(benefit->indicator));
        json_copy_text(item, "baseline", benefit->baseline, sizeof(benefit->baseline));
        json_copy_text(item, "target", benefit->target, sizeof(benefit->target));
        benefit->due_day = json_day(item, "dueOn");
    }
    ret->benefit_count = (int)json_array_size(array);
    return true;
}

bool case_of_row(const struct db_rows *rows, int row, struct business_case *ret,
                 struct problem *err)
{
    row_copy(rows, row, "id", ret->id, sizeof(ret->id));
    row_copy(rows, row, "title", ret->title, sizeof(ret->title));
    row_copy(rows, row, "summary", ret->summary, sizeof(ret->summary));
    row_copy(rows, row, "sponsor", ret->sponsor, sizeof(ret->sponsor));
    row_copy(rows, row, "beneficiary", ret->beneficiary, sizeof(ret->beneficiary));
    row_copy(rows, row, "ring_fence", ret->ring_fence, sizeof(ret->ring_fence));
    row_copy(rows, row, "category", ret->category, sizeof(ret->category));
    row_copy(rows, row, "setting", ret->setting, sizeof(ret->setting));
    row_copy(rows, row, "service", ret->service, sizeof(ret->service));
    row_copy(rows, row, "specialty", ret->specialty, sizeof(ret->specialty));
    ret->award_pence = row_int(rows, row, "award_pence");
    ret->one_off_pence = row_int(rows, row, "one_off_pence");
    ret->recurrent_pence = row_int(rows, row, "recurrent_pence");
    ret->state = case_state_of_word(row_text(rows, row, "state"));
    row_copy(rows, row, "decision_id", ret->decision_id, sizeof(ret->decision_id));
    row_copy(rows, row, "hold_id", ret->hold_id, sizeof(ret->hold_id));
    ret->pending_pence = row_int(rows, row, "pending_pence");
    ret->captured_pence = row_int(rows, row, "captured_pence");
    row_copy(rows, row, "outcome", ret->outcome, sizeof(ret->outcome));
    row_copy(rows, row, "reason", ret->reason, sizeof(ret->reason));
    ret->drafted_ms = row_instant(rows, row, "drafted_at");
    row_copy(rows, row, "drafted_by", ret->drafted_by, sizeof(ret->drafted_by));
    ret->closed_ms = row_instant(rows, row, "closed_at");
    ret->version = row_int(rows, row, "version");
    ret->criteria_version = row_int(rows, row, "criteria_version");
    ret->appraisal_count = row_int(rows, row, "appraisal_count");
    ret->appraisal_sum_e4 = row_int(rows, row, "appraisal_sum_e4");
    return milestones_of_row(rows, row, ret, err) && benefits_of_row(rows, row, ret, err) &&
           costs_of_row(rows, row, ret, err);
}

bool store_case_get(struct db_tx *tx, const char *id, struct business_case *ret,
                    struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_CASE_GET, &rows, err, db_text(id)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no case %s", id);
    return case_of_row(&rows, 0, ret, err);
}

bool store_case_list(struct db_tx *tx, const struct case_filter *filter, const char *after,
                     int limit, struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_CASE_LIST, ret_rows, err, db_text(filter->state),
                     db_text(filter->ring_fence), db_text(filter->sponsor), db_text(after),
                     db_int(limit));
}

/* Drawdowns
 * -------------------------------------------------------------------------------------------- */

void drawdown_of_row(const struct db_rows *rows, int row, struct drawdown *ret)
{
    row_copy(rows, row, "id", ret->id, sizeof(ret->id));
    row_copy(rows, row, "case_id", ret->case_id, sizeof(ret->case_id));
    row_copy(rows, row, "hold_id", ret->hold_id, sizeof(ret->hold_id));
    row_copy(rows, row, "milestone", ret->milestone, sizeof(ret->milestone));
    ret->amount_pence = row_int(rows, row, "amount_pence");
    row_copy(rows, row, "beneficiary", ret->beneficiary, sizeof(ret->beneficiary));
    row_copy(rows, row, "evidence", ret->evidence, sizeof(ret->evidence));
    ret->state = drawdown_state_of_word(row_text(rows, row, "state"));
    ret->requested_ms = row_instant(rows, row, "requested_at");
    row_copy(rows, row, "requested_organisation", ret->requested_organisation,
             sizeof(ret->requested_organisation));
    row_copy(rows, row, "requested_by", ret->requested_by, sizeof(ret->requested_by));
    ret->verified_ms = row_instant(rows, row, "verified_at");
    row_copy(rows, row, "verified_organisation", ret->verified_organisation,
             sizeof(ret->verified_organisation));
    row_copy(rows, row, "verified_by", ret->verified_by, sizeof(ret->verified_by));
    row_copy(rows, row, "transaction_id", ret->transaction_id, sizeof(ret->transaction_id));
    ret->captured_ms = row_instant(rows, row, "captured_at");
    row_copy(rows, row, "reason", ret->reason, sizeof(ret->reason));
    ret->version = row_int(rows, row, "version");
}

bool store_drawdown_get(struct db_tx *tx, const char *id, struct drawdown *ret, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_DRAWDOWN_GET, &rows, err, db_text(id)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no drawdown %s", id);
    drawdown_of_row(&rows, 0, ret);
    return true;
}

bool store_drawdown_list(struct db_tx *tx, const char *case_id, const char *state,
                         const char *after, int limit, struct db_rows *ret_rows,
                         struct problem *err)
{
    return db_select(tx, &QUERY_DRAWDOWN_LIST, ret_rows, err, db_text(case_id), db_text(state),
                     db_text(after), db_int(limit));
}

bool store_drawdown_pending(struct db_tx *tx, const char *case_id, struct db_rows *ret_rows,
                            struct problem *err)
{
    return db_select(tx, &QUERY_DRAWDOWN_PENDING, ret_rows, err, db_text(case_id));
}

/* The roster
 * --------------------------------------------------------------------------------------------- */

bool store_appointment_is_of(struct db_tx *tx, const char *appointment_id, const char *issuer,
                             const char *subject, bool *ret_is_same, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select_one(tx, &QUERY_APPOINTMENT_IS_OF, &rows, err, db_text(appointment_id),
                       db_text(issuer), db_text(subject)))
        return false;
    *ret_is_same = row_bool(&rows, 0, "is_same");
    return true;
}

bool store_partner_is_active(struct db_tx *tx, const char *organisation, bool *ret_is_active,
                             struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select_one(tx, &QUERY_PARTNER_IS_ACTIVE, &rows, err, db_text(organisation)))
        return false;
    *ret_is_active = row_bool(&rows, 0, "is_active");
    return true;
}
