#include "services/risk/store.h"

#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "services/risk/queries.h"
#include "services/risk/rules.h"

/* A jsonb column holds what we put there: anything else is an error of ours. */
static bool row_json(const struct db_rows *rows, int row, const char *column, json_t **ret_value,
                     struct problem *err)
{
    const char *text = row_text(rows, row, column);
    if (!json_parse(text, strlen(text), ret_value, err))
        return problem_set(err, PROBLEM_INTERNAL, "column %s: %s", column, err->detail);
    return true;
}

/* Risks
 * --------------------------------------------------------------------------------------------------
 */

struct rating_columns {
    const char *likelihood, *consequence, *score, *band, *criteria_version;
};

#define RATING_COLUMNS(prefix)                                                                     \
    (&(const struct rating_columns){prefix "likelihood", prefix "consequence", prefix "score",     \
                                    prefix "band", prefix "criteria_version"})

static struct rating rating_of_row(const struct db_rows *rows, int row,
                                   const struct rating_columns *columns)
{
    if (row_is_null(rows, row, columns->likelihood))
        return (struct rating){0};
    return (struct rating){
        .likelihood = row_int(rows, row, columns->likelihood),
        .consequence = row_int(rows, row, columns->consequence),
        .score = row_int(rows, row, columns->score),
        .band = band_of_word(row_text(rows, row, columns->band)),
        .criteria_version = row_int(rows, row, columns->criteria_version),
    };
}

/* An array of organisations; null is none. */
static bool organisations_of_row(const struct db_rows *rows, int row, const char *column,
                                 char ret_organisations[][ODS_SIZE], int *ret_count,
                                 struct problem *err)
{
    json_auto_t *array = NULL;
    *ret_count = 0;
    if (row_is_null(rows, row, column))
        return true;
    if (!row_json(rows, row, column, &array, err))
        return false;
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item)
    {
        snprintf(ret_organisations[i], ODS_SIZE, "%s", json_string_value(item));
    }
    *ret_count = (int)json_array_size(array);
    return true;
}

static bool links_of_row(const struct db_rows *rows, int row, struct risk *ret, struct problem *err)
{
    json_auto_t *array = NULL;
    if (!row_json(rows, row, "links", &array, err))
        return false;
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item)
    {
        snprintf(ret->links[i], REF_SIZE, "%s", json_string_value(item));
    }
    ret->link_count = (int)json_array_size(array);
    return true;
}

static bool signatures_of_row(const struct db_rows *rows, int row, struct risk *ret,
                              struct problem *err)
{
    json_auto_t *array = NULL;
    if (!row_json(rows, row, "signatures", &array, err))
        return false;
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item)
    {
        struct signature *signature = &ret->signatures[i];
        json_copy_text(item, "as", signature->role, sizeof(signature->role));
        json_copy_text(item, "signedBy", signature->signed_by, sizeof(signature->signed_by));
        signature->signed_ms = json_instant(item, "signedAt");
    }
    ret->signature_count = (int)json_array_size(array);
    return true;
}

static bool evidence_of_row(const struct db_rows *rows, int row, struct evidence *ret,
                            struct problem *err)
{
    json_auto_t *object = NULL;
    if (row_is_null(rows, row, "evidence"))
        return true;
    if (!row_json(rows, row, "evidence", &object, err))
        return false;
    json_copy_text(object, "signal", ret->signal, sizeof(ret->signal));
    json_copy_text(object, "indicator", ret->indicator, sizeof(ret->indicator));
    json_copy_text(object, "organisation", ret->organisation, sizeof(ret->organisation));
    json_copy_text(object, "month", ret->month, sizeof(ret->month));
    json_copy_text(object, "kind", ret->kind, sizeof(ret->kind));
    return true;
}

bool risk_of_row(const struct db_rows *rows, int row, struct risk *ret, struct problem *err)
{
    row_copy(rows, row, "id", ret->id, sizeof(ret->id));
    row_copy(rows, row, "title", ret->title, sizeof(ret->title));
    row_copy(rows, row, "cause", ret->cause, sizeof(ret->cause));
    row_copy(rows, row, "event", ret->event, sizeof(ret->event));
    row_copy(rows, row, "effect", ret->effect, sizeof(ret->effect));
    ret->category = category_of_word(row_text(rows, row, "category"));
    row_copy(rows, row, "owner_organisation", ret->owner_organisation,
             sizeof(ret->owner_organisation));
    row_copy(rows, row, "owner_appointment_id", ret->owner_appointment_id,
             sizeof(ret->owner_appointment_id));
    ret->current = rating_of_row(rows, row, RATING_COLUMNS(""));
    ret->initial = rating_of_row(rows, row, RATING_COLUMNS("initial_"));
    ret->target = rating_of_row(rows, row, RATING_COLUMNS("target_"));
    ret->state = risk_state_of_word(row_text(rows, row, "state"));
    ret->logged_ms = row_instant(rows, row, "logged_at");
    ret->next_review_day = row_day(rows, row, "next_review_on");
    ret->review_number = row_int(rows, row, "review_number");
    ret->escalated_score = row_int(rows, row, "escalated_score");
    ret->changed_ms = row_instant(rows, row, "changed_at");
    row_copy(rows, row, "changed_by", ret->changed_by, sizeof(ret->changed_by));
    row_copy(rows, row, "changed_organisation", ret->changed_organisation,
             sizeof(ret->changed_organisation));
    ret->change = risk_change_of_word(row_text(rows, row, "change"));
    row_copy(rows, row, "reason", ret->reason, sizeof(ret->reason));
    ret->score_number = row_int(rows, row, "score_number");
    ret->version = row_int(rows, row, "version");
    return organisations_of_row(rows, row, "supporting_organisations", ret->supporting,
                                &ret->supporting_count, err) &&
           organisations_of_row(rows, row, "restricted_to", ret->restricted_to,
                                &ret->restricted_count, err) &&
           links_of_row(rows, row, ret, err) && signatures_of_row(rows, row, ret, err) &&
           evidence_of_row(rows, row, &ret->evidence, err);
}

bool store_risk_get(struct db_tx *tx, const char *known, const char *id, struct risk *ret,
                    struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_RISK_GET, &rows, err, db_text(known), db_text(id)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no risk %s", id);
    return risk_of_row(&rows, 0, ret, err);
}

bool store_risk_list(struct db_tx *tx, const char *known, const struct risk_filter *filter,
                     const char *after, int limit, struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_RISK_LIST, ret_rows, err, db_text(known), db_text(filter->state),
                     db_text(filter->band), db_text(filter->category), db_text(filter->owner),
                     db_text(after), db_int(limit), db_text(filter->overdue));
}

bool store_review_overdue(struct db_tx *tx, struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_REVIEW_OVERDUE, ret_rows, err);
}

bool store_ladder_get(struct db_tx *tx, struct ladder *ret, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_LADDER_LIST, &rows, err))
        return false;
    if (rows.count == 0) {
        ladder_default(ret);
        return true;
    }
    *ret = (struct ladder){.count = rows.count};
    for (int row = 0; row < rows.count; row++)
        row_copy(&rows, row, "kind", ret->kinds[row], sizeof(ret->kinds[row]));
    return true;
}

bool store_draft_is_known(struct db_tx *tx, const char *id, const struct evidence *evidence,
                          bool *ret_is_known, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select_one(tx, &QUERY_DRAFT_IS_KNOWN, &rows, err, db_text(evidence->indicator),
                       db_text_or_null(evidence->organisation), db_text(id)))
        return false;
    *ret_is_known = row_bool(&rows, 0, "is_known");
    return true;
}

bool store_register_list(struct db_tx *tx, const char *known, const struct risk_filter *filter,
                         int32_t day, const char *after, int limit, struct db_rows *ret_rows,
                         struct problem *err)
{
    return db_select(tx, &QUERY_REGISTER_LIST, ret_rows, err, db_text(known),
                     db_text(filter->state), db_text(filter->band), db_text(filter->category),
                     db_text(filter->owner), db_text(after), db_int(limit), db_day(day));
}

bool store_risk_history_list(struct db_tx *tx, const char *known, const char *id, const char *after,
                             int limit, struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_RISK_HISTORY_LIST, ret_rows, err, db_text(known), db_text(id),
                     db_text(after), db_int(limit));
}

/* Scores
 * --------------------------------------------------------------------------------------------------
 */

void score_of_row(const struct db_rows *rows, int row, struct score *ret)
{
    row_copy(rows, row, "risk_id", ret->risk_id, sizeof(ret->risk_id));
    ret->number = row_int(rows, row, "number");
    ret->kind = score_kind_of_word(row_text(rows, row, "kind"));
    ret->from = rating_of_row(rows, row, RATING_COLUMNS("from_"));
    ret->to = rating_of_row(rows, row, RATING_COLUMNS(""));
    row_copy(rows, row, "reason", ret->reason, sizeof(ret->reason));
    ret->scored_ms = row_instant(rows, row, "scored_at");
    row_copy(rows, row, "scored_by", ret->scored_by, sizeof(ret->scored_by));
    row_copy(rows, row, "organisation", ret->organisation, sizeof(ret->organisation));
    ret->escalates = row_bool(rows, row, "escalates");
}

bool store_score_get(struct db_tx *tx, const char *known, const char *risk_id, int64_t number,
                     struct score *ret, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_SCORE_GET, &rows, err, db_text(known), db_text(risk_id),
                   db_int(number)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "risk %s has no score %lld", risk_id,
                           (long long)number);
    score_of_row(&rows, 0, ret);
    return true;
}

bool store_score_list(struct db_tx *tx, const char *known, const char *risk_id, const char *after,
                      int limit, struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_SCORE_LIST, ret_rows, err, db_text(known), db_text(risk_id),
                     db_text(after), db_int(limit));
}

/* Reviews and escalations
 * --------------------------------------------------------------------------------------------------
 */

void review_of_row(const struct db_rows *rows, int row, struct review *ret)
{
    row_copy(rows, row, "risk_id", ret->risk_id, sizeof(ret->risk_id));
    ret->number = row_int(rows, row, "number");
    ret->due_day = row_day(rows, row, "due_on");
    ret->closed_day = row_day(rows, row, "closed_on");
    ret->next_day = row_day(rows, row, "next_on");
    ret->rating = rating_of_row(rows, row, RATING_COLUMNS(""));
    row_copy(rows, row, "findings", ret->findings, sizeof(ret->findings));
    ret->closed_ms = row_instant(rows, row, "closed_at");
    row_copy(rows, row, "closed_by", ret->closed_by, sizeof(ret->closed_by));
    row_copy(rows, row, "organisation", ret->organisation, sizeof(ret->organisation));
}

bool store_review_get(struct db_tx *tx, const char *known, const char *risk_id, int64_t number,
                      struct review *ret, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_REVIEW_GET, &rows, err, db_text(known), db_text(risk_id),
                   db_int(number)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "risk %s has no review %lld", risk_id,
                           (long long)number);
    review_of_row(&rows, 0, ret);
    return true;
}

bool store_review_list(struct db_tx *tx, const char *known, const char *risk_id, const char *after,
                       int limit, struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_REVIEW_LIST, ret_rows, err, db_text(known), db_text(risk_id),
                     db_text(after), db_int(limit));
}

void escalation_of_row(const struct db_rows *rows, int row, struct escalation *ret)
{
    row_copy(rows, row, "id", ret->id, sizeof(ret->id));
    row_copy(rows, row, "risk_id", ret->risk_id, sizeof(ret->risk_id));
    row_copy(rows, row, "to_group", ret->to_group, sizeof(ret->to_group));
    row_copy(rows, row, "title", ret->title, sizeof(ret->title));
    row_copy(rows, row, "reason", ret->reason, sizeof(ret->reason));
    ret->cause = escalation_cause_of_word(row_text(rows, row, "cause"));
    ret->score = row_int(rows, row, "score");
    ret->score_number = row_int(rows, row, "score_number");
    ret->due_day = row_day(rows, row, "due_on");
    ret->level = row_int(rows, row, "level");
    ret->raised_ms = row_instant(rows, row, "raised_at");
}

bool store_escalation_list(struct db_tx *tx, const char *known, const char *risk_id,
                           const char *after, int limit, struct db_rows *ret_rows,
                           struct problem *err)
{
    return db_select(tx, &QUERY_ESCALATION_LIST, ret_rows, err, db_text(known), db_text(risk_id),
                     db_text(after), db_int(limit));
}

/* Criteria
 * -------------------------------------------------------------------------------------------------
 */

static void descriptors_of_json(const json_t *array, struct criteria *ret)
{
    for (size_t i = 0; i < CATEGORY_COUNT; i++) {
        const json_t *steps = json_member(json_array_get(array, i), "consequences");
        for (size_t k = 0; k < FACTOR_MAX; k++)
            snprintf(ret->descriptors[i][k], NAME_SIZE, "%s",
                     json_string_value(json_array_get(steps, k)));
    }
}

bool criteria_of_row(const struct db_rows *rows, int row, struct criteria *ret, struct problem *err)
{
    json_auto_t *array = NULL, *descriptors = NULL;
    if (!row_json(rows, row, "bands", &array, err) ||
        !row_json(rows, row, "descriptors", &descriptors, err))
        return false;
    descriptors_of_json(descriptors, ret);
    for (size_t i = 0; i < BAND_COUNT; i++) {
        const json_t *range = json_array_get(array, i);
        ret->bands[i].from = json_integer_or(range, "from", 0);
        ret->bands[i].to = json_integer_or(range, "to", 0);
        ret->review_days[i] = json_integer_or(range, "reviewDays", 0);
    }
    ret->number = row_int(rows, row, "number");
    row_copy(rows, row, "reason", ret->reason, sizeof(ret->reason));
    ret->adopted_ms = row_instant(rows, row, "adopted_at");
    row_copy(rows, row, "adopted_by", ret->adopted_by, sizeof(ret->adopted_by));
    return true;
}

bool store_criteria_get(struct db_tx *tx, int64_t number, struct criteria *ret, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_CRITERIA_GET, &rows, err, db_int(number)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no version %lld of the criteria",
                           (long long)number);
    return criteria_of_row(&rows, 0, ret, err);
}

bool store_criteria_list(struct db_tx *tx, const char *after, int limit, struct db_rows *ret_rows,
                         struct problem *err)
{
    return db_select(tx, &QUERY_CRITERIA_LIST, ret_rows, err, db_text(after), db_int(limit));
}

bool store_criteria_in_force(struct db_tx *tx, struct criteria *ret, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_CRITERIA_IN_FORCE, &rows, err))
        return false;
    *ret = (struct criteria){.number = 0};
    return rows.count == 0 || criteria_of_row(&rows, 0, ret, err);
}

/* The roster
 * ------------------------------------------------------------------------------------------------
 */

bool store_partner_is_active(struct db_tx *tx, const char *organisation, bool *ret_is_active,
                             struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select_one(tx, &QUERY_PARTNER_IS_ACTIVE, &rows, err, db_text(organisation)))
        return false;
    *ret_is_active = row_bool(&rows, 0, "is_active");
    return true;
}

bool store_appointment_is_of_organisation(struct db_tx *tx, const char *appointment_id,
                                          const char *organisation, int64_t now_ms, bool *ret_is_of,
                                          struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select_one(tx, &QUERY_APPOINTMENT_IS_OF_ORGANISATION, &rows, err,
                       db_text(appointment_id), db_text(organisation), db_instant(now_ms)))
        return false;
    *ret_is_of = row_bool(&rows, 0, "is_of");
    return true;
}

bool store_appointment_is_of_person(struct db_tx *tx, const char *appointment_id,
                                    const char *issuer, const char *subject, bool *ret_is_of,
                                    struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select_one(tx, &QUERY_APPOINTMENT_IS_OF_PERSON, &rows, err, db_text(appointment_id),
                       db_text(issuer), db_text(subject)))
        return false;
    *ret_is_of = row_bool(&rows, 0, "is_of");
    return true;
}
