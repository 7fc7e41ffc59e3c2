#include "services/membership/store/agreement.h"

#include <assert.h>
#include <stdlib.h>

#include "common/instant.h"
#include "common/json.h"
#include "services/membership/queries.h"
#include "services/membership/rules/agreement.h"
#include "services/membership/rules/terms.h"
#include "services/membership/store/column.h"

void agreement_done(struct agreement_version *version)
{
    json_decref(version->parameters);
    version->parameters = NULL;
}

static int codes_of_json(const json_t *list, char ret_codes[CODES_MAX][SHORT_CODE_SIZE])
{
    const size_t count = json_array_size(list);
    assert(count <= CODES_MAX);
    for (size_t i = 0; i < count; i++)
        json_copy_text(json_array_get(list, i), "code", ret_codes[i], SHORT_CODE_SIZE);
    return (int)count;
}

void agreement_terms_of_json(const json_t *parameters, struct agreement_terms *ret_terms)
{
    *ret_terms = (struct agreement_terms){0};
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(parameters, "rules"), i, item)
    {
        assert(i < RULES_MAX);
        ret_terms->rules[i].kind = kind_of(json_text(item, "kind"));
        ret_terms->rules[i].rule = rule_of(json_text(item, "rule"));
        json_copy_text(item, "group", ret_terms->rules[i].group_code, SHORT_CODE_SIZE);
        ret_terms->rule_count++;
    }
    json_array_foreach(json_object_get(parameters, "shares"), i, item)
    {
        assert(i < SHARES_MAX);
        json_copy_text(item, "organisation", ret_terms->shares[i].organisation, ODS_SIZE);
        ret_terms->shares[i].share_bp = (int32_t)json_integer_or(item, "shareBp", 0);
        ret_terms->share_count++;
    }
    ret_terms->pool_count = codes_of_json(json_object_get(parameters, "pools"), ret_terms->pools);
    ret_terms->ring_fence_count =
        codes_of_json(json_object_get(parameters, "ringFences"), ret_terms->ring_fences);
    terms_of_json(parameters, &ret_terms->money);
}

bool agreement_of_row(const struct db_rows *rows, int row, struct agreement_version *ret_version,
                      struct problem *err)
{
    struct agreement_version version = {
        .number = (int32_t)row_int(rows, row, "number"),
        .starts_on = row_day(rows, row, "starts_on"),
        .state = agreement_state_of(row_text(rows, row, "state")),
        .drafted_ms = row_instant(rows, row, "drafted_at"),
        .adopted_ms = row_instant(rows, row, "adopted_at"),
        .version = row_int(rows, row, "version"),
        .sequence = row_int(rows, row, "sequence"),
    };
    row_copy(rows, row, "summary", version.summary, sizeof version.summary);
    row_copy(rows, row, "decision_id", version.decision_id, sizeof version.decision_id);
    if (!column_json(rows, row, "parameters", &version.parameters, err))
        return false;
    *ret_version = version;
    return true;
}

bool store_agreement_get(struct db_tx *tx, int32_t number, struct agreement_version *ret_version,
                         struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_AGREEMENT_GET, &rows, err, db_int(number)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "the agreement has no version %d", number);
    return agreement_of_row(&rows, 0, ret_version, err);
}

bool store_agreement_list(struct db_tx *tx, const char *after, int limit, struct db_rows *ret_rows,
                          struct problem *err)
{
    return db_select(tx, &QUERY_AGREEMENT_LIST, ret_rows, err, db_text(after), db_int(limit));
}

void agreement_series_done(struct agreement_series *series)
{
    free(series->versions);
    *series = (struct agreement_series){0};
}

bool store_agreement_series(struct db_tx *tx, struct agreement_series *ret_series,
                            struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_AGREEMENT_STARTS, &rows, err))
        return false;
    ret_series->versions = calloc((size_t)rows.count + 1, sizeof *ret_series->versions);
    if (ret_series->versions == NULL)
        return problem_set(err, PROBLEM_INTERNAL, "out of memory for %d versions", rows.count);
    ret_series->count = rows.count;
    for (int row = 0; row < rows.count; row++)
        ret_series->versions[row] = (struct agreement_version){
            .number = (int32_t)row_int(&rows, row, "number"),
            .starts_on = row_day(&rows, row, "starts_on"),
            .state = agreement_state_of(row_text(&rows, row, "state")),
        };
    return true;
}

bool store_agreement_in_force(struct db_tx *tx, int32_t day, struct agreement_version *ret_version,
                              struct problem *err)
{
    agreement_series_auto_t series = {0};
    if (!store_agreement_series(tx, &series, err))
        return false;
    const int index = agreement_in_force(series.versions, series.count, day);
    if (index < 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "no version of the agreement is adopted");
    return store_agreement_get(tx, series.versions[index].number, ret_version, err);
}
