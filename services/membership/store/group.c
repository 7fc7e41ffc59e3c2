#include "services/membership/store/group.h"

#include "services/membership/queries.h"
#include "services/membership/rules/terms.h"

void group_of_row(const struct db_rows *rows, int row, struct group *ret_group)
{
    *ret_group = (struct group){
        .kind = group_kind_of(row_text(rows, row, "kind")),
        .level = (int)row_int(rows, row, "level"),
        .made_ms = row_instant(rows, row, "made_at"),
        .version = row_int(rows, row, "version"),
    };
    row_copy(rows, row, "code", ret_group->code, sizeof ret_group->code);
    row_copy(rows, row, "name", ret_group->name, sizeof ret_group->name);
    row_copy(rows, row, "reports_to", ret_group->reports_to, sizeof ret_group->reports_to);
}

bool store_groups_get(struct db_tx *tx, struct groups *ret_groups, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_GROUP_ALL, &rows, err))
        return false;
    if (rows.count > GROUPS_MAX)
        return problem_set(err, PROBLEM_INTERNAL, "%d groups", rows.count);
    ret_groups->count = rows.count;
    for (int row = 0; row < rows.count; row++)
        group_of_row(&rows, row, &ret_groups->groups[row]);
    return true;
}

bool store_group_list(struct db_tx *tx, const char *kind, const char *after, int limit,
                      struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_GROUP_LIST, ret_rows, err, db_text(kind), db_text(after),
                     db_int(limit));
}

bool store_group_seats(struct db_tx *tx, const char *code, int64_t now_ms, struct db_rows *ret_rows,
                       struct problem *err)
{
    return db_select(tx, &QUERY_GROUP_SEATS, ret_rows, err, db_text(code), db_instant(now_ms));
}
