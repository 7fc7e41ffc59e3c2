/* Rows of host and host_version as the model has them. SQL only; within a transaction over the
 * alliance. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_STORE_HOST_H
#define ACCORD_SERVICES_MEMBERSHIP_STORE_HOST_H

#include "common/db.h"
#include "services/membership/model.h"

void host_version_of_row(const struct db_rows *rows, int row, struct host_version *ret_version);

/* NOT_FOUND when there is none. */
bool store_host_version_get(struct db_tx *tx, const char *function, int32_t number,
                            struct host_version *ret_version, struct problem *err) MUST_CHECK;
/* Those of a function, in the order of their numbers. */
bool store_host_version_list(struct db_tx *tx, const char *function, const char *after, int limit,
                             struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
/* The number that the next version of the function gets. */
bool store_host_version_next(struct db_tx *tx, const char *function, int32_t *ret_number,
                             struct problem *err) MUST_CHECK;

/* Who hosted each function at an instant. `organisation` NULL = whoever. */
bool store_host_list(struct db_tx *tx, const char *organisation, int64_t at_ms, const char *after,
                     int limit, struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
/* The version by which somebody hosts the function now; `ret_found` says whether anybody does. */
bool store_host_now(struct db_tx *tx, const char *function, struct host_version *ret_version,
                    bool *ret_found, struct problem *err) MUST_CHECK;
/* A function that the organisation hosts now; "" when it hosts none. */
bool store_host_function_of(struct db_tx *tx, const char *organisation,
                            char ret_function[SHORT_CODE_SIZE], struct problem *err) MUST_CHECK;

#endif
