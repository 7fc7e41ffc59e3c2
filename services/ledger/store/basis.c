#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/ids.h"
#include "common/json.h"
#include "common/memory.h"
#include "services/ledger/queries.h"
#include "services/ledger/rules/settlement.h"
#include "services/ledger/store/settlement.h"

struct basis *basis_new(void)
{
    struct basis *basis = need(calloc(1, sizeof *basis));
    basis->input.terms = &basis->terms;
    basis->input.actuals = basis->actuals;
    basis->input.undecided = basis->undecided;
    basis->input.standings = basis->standings;
    return basis;
}

void basis_free(struct basis *basis)
{
    if (basis == NULL)
        return;
    free(basis->earlier);
    free(basis->posted);
    free(basis);
}

/* --- reading
 * -------------------------------------------------------------------------------------------- */

/* The agreement, with the digest of its canonical parameters: of that number, or (0) the one in
 * force on the month's first day. */
static bool terms_read(struct db_tx *tx, int64_t number, struct basis *basis, struct problem *err)
{
    db_rows_auto_t rows = {.result = NULL};
    int32_t day = number == 0 ? month_first_day(basis->input.month) : DAY_NONE;
    if (!db_select(tx, &QUERY_AGREEMENT_TERMS, &rows, err, db_day(day),
                   number == 0 ? db_text(NULL) : db_int(number)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_RULE_BROKEN, "no agreement is in force in that month");
    json_auto_t *parameters = NULL;
    char *canonical;
    size_t size;
    const char *text = row_text(&rows, 0, "parameters");
    if (!json_parse(text, strlen(text), &parameters, err) ||
        !json_canonical(parameters, &canonical, &size, err))
        return problem_set(err, PROBLEM_INTERNAL, "the agreement's parameters can't be read");
    digest_of_bytes(canonical, size, basis->input.agreement_digest);
    free(canonical);
    basis->input.agreement_number = row_int(&rows, 0, "number");
    terms_of_json(parameters, &basis->terms);
    return true;
}

bool store_parameters(struct db_tx *tx, int32_t month, int64_t *ret_number, json_t **ret_parameters,
                      struct problem *err)
{
    db_rows_auto_t rows = {.result = NULL};
    *ret_parameters = NULL;
    *ret_number = 0;
    if (!db_select(tx, &QUERY_AGREEMENT_TERMS, &rows, err, db_day(month_first_day(month)),
                   db_text(NULL)))
        return false;
    if (rows.count == 0)
        return true;
    const char *text = row_text(&rows, 0, "parameters");
    *ret_number = row_int(&rows, 0, "number");
    return json_parse(text, strlen(text), ret_parameters, err);
}

static const struct pool_terms *pool_find(const struct terms *terms, const char *code)
{
    for (size_t i = 0; i < terms->pool_count; i++)
        if (strcmp(terms->pools[i].code, code) == 0)
            return &terms->pools[i];
    return NULL;
}

static enum quality quality_of_text(const char *text)
{
    if (text == NULL)
        return QUALITY_NOT_STATED;
    return strcmp(text, "met") == 0 ? QUALITY_MET : QUALITY_MISSED;
}

/* Figures of another provider than the agreement names are not the pool's. */
static void actuals_take(const struct db_rows *rows, struct basis *basis)
{
    for (int i = 0; i < rows->count; i++) {
        const struct pool_terms *pool = pool_find(&basis->terms, row_text(rows, i, "pool"));
        if (pool == NULL || strcmp(pool->provider, row_text(rows, i, "provider")) != 0)
            continue;
        assert(basis->input.actual_count < ACTUALS_MAX);
        struct actual *actual = &basis->actuals[basis->input.actual_count++];
        row_copy(rows, i, "pool", actual->pool, sizeof actual->pool);
        row_copy(rows, i, "submission_id", actual->submission_id, sizeof actual->submission_id);
        actual->revision = row_int(rows, i, "revision");
        actual->units = row_int(rows, i, "actual_units");
        actual->cost_pence = row_int(rows, i, "cost_pence");
        actual->quality = quality_of_text(row_text(rows, i, "quality"));
    }
}

static void earlier_actuals_take(const struct db_rows *rows, struct basis *basis)
{
    for (int i = 0; i < rows->count; i++) {
        const struct pool_terms *pool = pool_find(&basis->terms, row_text(rows, i, "pool"));
        if (pool == NULL || strcmp(pool->provider, row_text(rows, i, "provider")) != 0)
            continue;
        for (size_t j = 0; j < basis->input.actual_count; j++) {
            struct actual *actual = &basis->actuals[j];
            if (strcmp(actual->pool, pool->code) != 0)
                continue;
            actual->earlier_units = row_int(rows, i, "units");
            actual->earlier_cost_pence = row_int(rows, i, "cost_pence");
        }
    }
}

static bool standings_take(const struct db_rows *rows, struct basis *basis, struct problem *err)
{
    if (rows->count > STANDINGS_MAX)
        return problem_set(err, PROBLEM_RULE_BROKEN, "there are more than %d accounts to settle",
                           STANDINGS_MAX);
    basis->input.standing_count = (size_t)rows->count;
    for (int i = 0; i < rows->count; i++) {
        struct standing_balance *standing = &basis->standings[i];
        row_copy(rows, i, "account_code", standing->account_code, sizeof standing->account_code);
        basis->balances_pence[i] = row_int(rows, i, "balance_pence");
        basis->held_pence[i] = row_int(rows, i, "held_pence");
        standing->available_pence = basis->balances_pence[i] - basis->held_pence[i];
    }
    return true;
}

static struct settled *settled_add(struct settled **array, size_t *count)
{
    *array = reallocarray(*array, *count + 1, sizeof **array);
    if (*array == NULL)
        abort();
    struct settled *settled = &(*array)[(*count)++];
    memset(settled, 0, sizeof *settled);
    return settled;
}

static void settled_take(const struct db_rows *rows, struct basis *basis)
{
    struct settlement_input *input = &basis->input;
    for (int i = 0; i < rows->count; i++) {
        bool is_own = row_bool(rows, i, "is_own");
        struct settled *settled = is_own ? settled_add(&basis->posted, &input->posted_count)
                                         : settled_add(&basis->earlier, &input->earlier_count);
        bool is_known = line_kind_of_word(row_text(rows, i, "kind"), &settled->kind);
        assert(is_known);
        row_copy(rows, i, "pool", settled->pool, sizeof settled->pool);
        settled->band = (int32_t)row_int(rows, i, "band");
        row_copy(rows, i, "from_account", settled->from_account, sizeof settled->from_account);
        row_copy(rows, i, "to_account", settled->to_account, sizeof settled->to_account);
        settled->amount_pence = row_int(rows, i, "amount_pence");
        settled->is_of_version = !is_own && row_bool(rows, i, "is_of_version");
    }
    input->earlier = basis->earlier;
    input->posted = basis->posted;
}

static void settled_months_take(const struct db_rows *rows, struct basis *basis)
{
    for (int i = 0; i < rows->count; i++) {
        int32_t month;
        bool is_month = month_parse(row_text(rows, i, "month"), &month);
        assert(is_month);
        uint32_t bit = UINT32_C(1) << (month % 12);
        if (month >= basis->input.month)
            continue;
        basis->input.settled_months |= bit;
        if (row_int(rows, i, "agreement_number") == basis->input.agreement_number)
            basis->input.version_months |= bit;
    }
}

/* What the months of the year came to, up to the position in the journal. */
static bool year_read(struct db_tx *tx, struct basis *basis, struct problem *err)
{
    struct settlement_input *input = &basis->input;
    char month[MONTH_SIZE], year[MONTH_SIZE];
    month_format(input->month, month);
    memcpy(year, month, sizeof year);
    *(strchr(year, 'M') + 1) = '\0';
    db_rows_auto_t earlier = {.result = NULL}, lines = {.result = NULL}, moves = {.result = NULL};
    db_rows_auto_t months = {.result = NULL};
    if (!db_send(tx, &QUERY_EARLIER_ACTUALS, &earlier, err, db_text(year), db_text(month),
                 db_int(input->ledger_sequence), db_int(input->agreement_number)) ||
        !db_send(tx, &QUERY_SETTLED_LINES, &lines, err, db_text(year), db_text(month),
                 db_int(input->ledger_sequence), db_int(input->agreement_number)) ||
        !db_send(tx, &QUERY_SETTLED_MONTHS, &months, err, db_text(year),
                 db_int(input->ledger_sequence)) ||
        !db_select_one(tx, &QUERY_RESERVE_MOVES, &moves, err, db_text(year),
                       db_int(input->ledger_sequence)))
        return false;
    earlier_actuals_take(&earlier, basis);
    settled_months_take(&months, basis);
    input->reserve_drawn_pence = row_int(&moves, 0, "drawn_pence");
    input->reserve_released_pence = row_int(&moves, 0, "released_pence");
    settled_take(&lines, basis);
    return true;
}

/* --- computing
 * -------------------------------------------------------------------------------------------- */

/* Of the inputs; of what came out, when their digest is given. */
static void digest_text(const struct basis *basis, const char *inputs_digest,
                        char ret_digest[DIGEST_SIZE])
{
    size_t size = 64 * 1024;
    char *text = NULL;
    for (;;) {
        text = need(realloc(text, size));
        size_t length = inputs_digest == NULL
                            ? settlement_inputs_text(&basis->input, text, size)
                            : settlement_text(&basis->settlement, inputs_digest, text, size);
        if (length < size) {
            digest_of_bytes(text, length, ret_digest);
            free(text);
            return;
        }
        size = length + 1;
    }
}

static bool basis_compute(struct basis *basis, struct problem *err)
{
    digest_text(basis, NULL, basis->inputs_digest);
    if (!settlement_compute(&basis->input, &basis->settlement, err))
        return false;
    digest_text(basis, basis->inputs_digest, basis->digest);
    return true;
}

bool basis_says(const struct basis *basis, const struct settlement_record *record)
{
    char digest[DIGEST_SIZE];
    digest_text(basis, record->inputs_digest, digest);
    return strcmp(digest, record->digest) == 0;
}

bool store_basis_undecided(struct db_tx *tx, int32_t month, struct basis *basis,
                           struct problem *err)
{
    char text[MONTH_SIZE];
    db_rows_auto_t rows = {.result = NULL};
    month_format(month, text);
    if (!db_select(tx, &QUERY_MONTH_UNDECIDED, &rows, err, db_text(text)))
        return false;
    assert(rows.count <= POOLS_MAX);
    basis->input.undecided_count = (size_t)rows.count;
    for (int i = 0; i < rows.count; i++)
        row_copy(&rows, i, "pool", basis->undecided[i], TERM_CODE_SIZE);
    return true;
}

bool store_basis_now(struct db_tx *tx, int32_t month, bool is_corrective, int64_t ledger_sequence,
                     int64_t membership_sequence, struct basis *basis, struct problem *err)
{
    char text[MONTH_SIZE];
    db_rows_auto_t actuals = {.result = NULL}, standings = {.result = NULL};
    month_format(month, text);
    basis->input.month = month;
    basis->input.is_corrective = is_corrective;
    basis->input.ledger_sequence = ledger_sequence;
    basis->input.membership_sequence = membership_sequence;
    if (!terms_read(tx, 0, basis, err) ||
        !db_send(tx, &QUERY_MONTH_ACTUALS, &actuals, err, db_text(text)) ||
        !db_select(tx, &QUERY_STANDING_LIST, &standings, err))
        return false;
    actuals_take(&actuals, basis);
    return standings_take(&standings, basis, err) && year_read(tx, basis, err) &&
           basis_compute(basis, err);
}

bool store_basis_then(struct db_tx *tx, const struct settlement_record *record, struct basis *basis,
                      struct problem *err)
{
    db_rows_auto_t actuals = {.result = NULL}, standings = {.result = NULL};
    basis->input.month = record->month;
    basis->input.is_corrective = record->corrects_id[0] != '\0';
    basis->input.ledger_sequence = record->ledger_sequence;
    basis->input.membership_sequence = record->membership_sequence;
    if (!terms_read(tx, record->agreement_number, basis, err) ||
        !db_send(tx, &QUERY_SETTLEMENT_ACTUALS, &actuals, err, db_text(record->id)) ||
        !db_select(tx, &QUERY_SETTLEMENT_STANDINGS, &standings, err, db_text(record->id),
                   db_int(record->ledger_sequence)))
        return false;
    actuals_take(&actuals, basis);
    return standings_take(&standings, basis, err) && year_read(tx, basis, err) &&
           basis_compute(basis, err);
}
