/* Rows of alliance_group as the model has them, and who sits in a group. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_STORE_GROUP_H
#define ACCORD_SERVICES_MEMBERSHIP_STORE_GROUP_H

#include "common/db.h"
#include "services/membership/model.h"

void group_of_row(const struct db_rows *rows, int row, struct group *ret_group);

/* All groups of the alliance, and room for one more. */
struct groups {
    struct group groups[GROUPS_MAX + 1];
    int count;
};
bool store_groups_get(struct db_tx *tx, struct groups *ret_groups, struct problem *err) MUST_CHECK;
/* `kind` NULL = all. */
bool store_group_list(struct db_tx *tx, const char *kind, const char *after, int limit,
                      struct db_rows *ret_rows, struct problem *err) MUST_CHECK;

/* Rows of `organisation`: who has a seat in it now. */
bool store_group_seats(struct db_tx *tx, const char *code, int64_t now_ms, struct db_rows *ret_rows,
                       struct problem *err) MUST_CHECK;

#endif
