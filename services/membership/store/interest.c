#include "services/membership/store/interest.h"

#include "common/instant.h"
#include "services/membership/queries.h"
#include "services/membership/rules/interest.h"
#include "services/membership/rules/terms.h"

void interest_of_row(const struct db_rows *rows, int row, struct interest *ret_interest)
{
    *ret_interest = (struct interest){
        .type = interest_type_of(row_text(rows, row, "type")),
        .starts_on = row_day(rows, row, "starts_on"),
        .ends_on = row_day(rows, row, "ends_on"),
        .declared_ms = row_instant(rows, row, "declared_at"),
        .refreshed_ms = row_instant(rows, row, "refreshed_at"),
        .version = row_int(rows, row, "version"),
    };
    row_copy(rows, row, "id", ret_interest->id, sizeof ret_interest->id);
    row_copy(rows, row, "organisation", ret_interest->organisation,
             sizeof ret_interest->organisation);
    row_copy(rows, row, "appointment_id", ret_interest->appointment_id,
             sizeof ret_interest->appointment_id);
    row_copy(rows, row, "description", ret_interest->description, sizeof ret_interest->description);
    row_copy(rows, row, "in_organisation", ret_interest->in_organisation,
             sizeof ret_interest->in_organisation);
    row_copy(rows, row, "in_reference", ret_interest->in_reference,
             sizeof ret_interest->in_reference);
}

bool store_interest_list(struct db_tx *tx, const struct interest_filter *filter,
                         struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_INTEREST_LIST, ret_rows, err, db_day(instant_day(filter->now_ms)),
                     db_instant(filter->now_ms), db_text(filter->organisation),
                     db_text(filter->state), db_instant(filter->now_ms - INTEREST_FRESH_MS),
                     db_text(filter->id), db_text(filter->after), db_int(filter->limit));
}

bool store_interest_binding(struct db_tx *tx, int64_t now_ms, const char *id,
                            struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_INTEREST_BINDING, ret_rows, err, db_day(instant_day(now_ms)),
                     db_instant(now_ms), db_text(id));
}

bool store_interest_of_person(struct db_tx *tx, const char *issuer, const char *subject,
                              int64_t now_ms, struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_INTEREST_OF_PERSON, ret_rows, err, db_text(issuer),
                     db_text(subject), db_day(instant_day(now_ms)));
}

bool store_ruling_list(struct db_tx *tx, const char *decision_id, const char *after, int limit,
                       struct db_rows *ret_rows, struct problem *err)
{
    return db_select(tx, &QUERY_RULING_LIST, ret_rows, err, db_text(decision_id), db_text(after),
                     db_int(limit));
}
