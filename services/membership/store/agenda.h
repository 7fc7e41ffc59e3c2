/* Rows of agenda_item as the model has them. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_STORE_AGENDA_H
#define ACCORD_SERVICES_MEMBERSHIP_STORE_AGENDA_H

#include "common/db.h"
#include "services/membership/model.h"

/* Gives up what an item owns (restricted_to). */
void agenda_item_done(struct agenda_item *item);
#define agenda_item_auto_t CLEANUP(agenda_item_done) struct agenda_item

/* Rows also have the column `group_code`, null while there is no group of that kind. */
bool agenda_item_of_row(const struct db_rows *rows, int row, struct agenda_item *ret_item,
                        struct problem *err) MUST_CHECK;

/* One row, NOT_FOUND when there is none. */
bool store_agenda_get(struct db_tx *tx, const char *id, struct db_rows *ret_rows,
                      struct problem *err) MUST_CHECK;
/* Filters are NULL for all; `organisations` ("{ZZ1,ZZ2}") are those on whose behalf the caller may
 * know of restricted items. */
bool store_agenda_list(struct db_tx *tx, const char *group_code, const char *state,
                       const char *organisations, const char *after, int limit,
                       struct db_rows *ret_rows, struct problem *err) MUST_CHECK;

/* Rows of `id`: those of `appointments` ("{<id>,<id>}") that are a seat in the group of that kind.
 */
bool store_seat_of_kind(struct db_tx *tx, enum group_kind kind, const char *appointments,
                        struct db_rows *ret_rows, struct problem *err) MUST_CHECK;

#endif
