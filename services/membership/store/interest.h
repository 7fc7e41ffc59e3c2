/* Rows of interest and ruling as the model has them. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_STORE_INTEREST_H
#define ACCORD_SERVICES_MEMBERSHIP_STORE_INTEREST_H

#include "common/db.h"
#include "services/membership/model.h"

void interest_of_row(const struct db_rows *rows, int row, struct interest *ret_interest);

/* NULL is all. Rows also have the column `tied_to`: an array of the active partners that the person
 * is tied to, null for an organisation's own. */
struct interest_filter {
    const char *organisation;
    const char *state;
    const char *id;
    const char *after;
    int limit;
    int64_t now_ms;
};
bool store_interest_list(struct db_tx *tx, const struct interest_filter *filter,
                         struct db_rows *ret_rows, struct problem *err) MUST_CHECK;

/* Interests in force now that bind an organisation (column `bound`): its own, and those of the only
 * person who speaks for it. `id` NULL = all of them. */
bool store_interest_binding(struct db_tx *tx, int64_t now_ms, const char *id,
                            struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
/* A person's interests in force now. */
bool store_interest_of_person(struct db_tx *tx, const char *issuer, const char *subject,
                              int64_t now_ms, struct db_rows *ret_rows,
                              struct problem *err) MUST_CHECK;

bool store_ruling_list(struct db_tx *tx, const char *decision_id, const char *after, int limit,
                       struct db_rows *ret_rows, struct problem *err) MUST_CHECK;

#endif
