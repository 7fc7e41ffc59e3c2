#include "services/membership/store/agenda.h"

#include "common/json.h"
#include "services/membership/queries.h"
#include "services/membership/rules/terms.h"
#include "services/membership/store/column.h"

void agenda_item_done(struct agenda_item *item)
{
    json_decref(item->restricted_to);
    item->restricted_to = NULL;
}

bool agenda_item_of_row(const struct db_rows *rows, int row, struct agenda_item *ret_item,
                        struct problem *err)
{
    struct agenda_item item = {
        .group_kind = group_kind_of(row_text(rows, row, "group_kind")),
        .raised_ms = row_instant(rows, row, "raised_at"),
        .state = agenda_state_of(row_text(rows, row, "state")),
        .taken_ms = row_instant(rows, row, "taken_at"),
        .version = row_int(rows, row, "version"),
    };
    row_copy(rows, row, "id", item.id, sizeof item.id);
    row_copy(rows, row, "subject", item.subject, sizeof item.subject);
    row_copy(rows, row, "title", item.title, sizeof item.title);
    row_copy(rows, row, "reason", item.reason, sizeof item.reason);
    row_copy(rows, row, "source", item.source, sizeof item.source);
    row_copy(rows, row, "taken_by", item.taken_by, sizeof item.taken_by);
    row_copy(rows, row, "note", item.note, sizeof item.note);
    if (!column_json(rows, row, "restricted_to", &item.restricted_to, err))
        return false;
    *ret_item = item;
    return true;
}

bool store_agenda_get(struct db_tx *tx, const char *id, struct db_rows *ret_rows,
                      struct problem *err)
{
    if (!db_select(tx, &QUERY_AGENDA_GET, ret_rows, err, db_text(id)))
        return false;
    if (ret_rows->count == 0)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no agenda item %s", id);
    return true;
}

bool store_agenda_list(struct db_tx *tx, const char *group_code, const char *state,
                       const char *organisations, const char *after, int limit,
                       struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_AGENDA_LIST, ret_rows, err, db_text(group_code), db_text(state),
                     db_text(organisations), db_text(after), db_int(limit));
}

bool store_seat_of_kind(struct db_tx *tx, enum group_kind kind, const char *appointments,
                        struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_SEAT_OF_KIND, ret_rows, err, db_text(group_kind_name(kind)),
                     db_text(appointments));
}
