/* The ledger's part of the one-page summary: the open book in short. */
#include "common/json.h"
#include "services/ledger/api/handlers.h"
#include "services/ledger/queries.h"
#include "services/ledger/store.h"

enum { PARTNERS_SHOWN = 1000 };

static bool positions_put(struct db_tx *tx, json_t *money, struct problem *err)
{
    db_rows_auto_t rows = {.result = NULL};
    if (!store_position_list(tx, NULL, PARTNERS_SHOWN, &rows, err))
        return false;
    json_t *partners = json_array();
    for (int i = 0; i < rows.count; i++) {
        json_t *item = json_object();
        json_put_text(item, "organisation", row_text(&rows, i, "organisation"));
        json_put_text(item, "name", row_text(&rows, i, "name"));
        json_put_money(item, "position", row_int(&rows, i, "position_pence"));
        json_put_money(item, "owed", row_int(&rows, i, "owed_pence"));
        json_push_new(partners, item);
    }
    json_put_new(money, "partners", partners);
    return true;
}

static bool funds_put(struct db_tx *tx, json_t *money, struct problem *err)
{
    db_rows_auto_t rows = {.result = NULL};
    if (!db_select(tx, &QUERY_OVERVIEW_FUNDS, &rows, err))
        return false;
    json_t *funds = json_array();
    for (int i = 0; i < rows.count; i++) {
        int64_t balance_pence = row_int(&rows, i, "balance_pence");
        int64_t held_pence = row_int(&rows, i, "held_pence");
        json_t *item = json_object();
        json_put_text(item, "code", row_text(&rows, i, "code"));
        json_put_money(item, "balance", balance_pence);
        json_put_money(item, "held", held_pence);
        json_put_money(item, "available", balance_pence - held_pence);
        json_push_new(funds, item);
    }
    json_put_new(money, "funds", funds);
    return true;
}

bool overview_part(struct db_tx *tx, json_t *part, struct problem *err)
{
    json_auto_t *money = json_object();
    if (!positions_put(tx, money, err) || !funds_put(tx, money, err))
        return false;
    json_put_new(part, "money", json_incref(money));
    return true;
}
