#include <stdio.h>

#include "common/json.h"
#include "common/money.h"
#include "services/ledger/queries.h"
#include "services/ledger/store/settlement.h"

#define COPY(member) row_copy(rows, row, #member, ret->member, sizeof ret->member)

void release_of_row(const struct db_rows *rows, int row, struct reserve_release *ret)
{
    COPY(id);
    COPY(year);
    COPY(purpose);
    COPY(to_account);
    ret->amount_pence = row_int(rows, row, "amount_pence");
    COPY(reason);
    ret->state = release_state_of_word(row_text(rows, row, "state"));
    ret->drafted.at_ms = row_instant(rows, row, "drafted_at");
    row_copy(rows, row, "drafted_by", ret->drafted.by, sizeof ret->drafted.by);
    ret->ended_ms = row_instant(rows, row, "ended_at");
    COPY(ended_because);
    COPY(decision_id);
    COPY(transaction_id);
    ret->version = row_int(rows, row, "version");
}

bool store_release_get(struct db_tx *tx, const char *id, struct reserve_release *ret_release,
                       struct problem *err)
{
    db_rows_auto_t rows = {.result = NULL};
    if (!db_select(tx, &QUERY_RESERVE_RELEASE_GET, &rows, err, db_text(id)))
        return false;
    if (rows.count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no release %s", id);
    release_of_row(&rows, 0, ret_release);
    return true;
}

bool store_release_list(struct db_tx *tx, const char *year, const char *state, const char *after,
                        int limit, struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_RESERVE_RELEASE_LIST, ret_rows, err, db_text(year), db_text(state),
                     db_text(after), db_int(limit));
}

bool store_reserve_position(struct db_tx *tx, const char *year, int32_t month,
                            struct reserve_position *ret_position, struct problem *err)
{
    char prefix[32];
    int64_t number;
    json_auto_t *parameters = NULL;
    db_rows_auto_t moves = {.result = NULL};
    snprintf(prefix, sizeof prefix, "%s-M", year);
    if (!store_parameters(tx, month, &number, &parameters, err) ||
        !db_select_one(tx, &QUERY_RESERVE_MOVES, &moves, err, db_text(prefix),
                       db_int(MONEY_PENCE_MAX)))
        return false;
    const json_t *reserve = json_member(parameters, "reserve");
    *ret_position = (struct reserve_position){
        .has_cap = reserve != NULL,
        .cap_pence = json_integer_or(reserve, "capPence", 0),
        .drawn_pence = row_int(&moves, 0, "drawn_pence"),
        .released_pence = row_int(&moves, 0, "released_pence"),
    };
    return true;
}
