/* A column of JSON. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_STORE_COLUMN_H
#define ACCORD_SERVICES_MEMBERSHIP_STORE_COLUMN_H

#include <jansson.h>

#include "common/db.h"

/* A jsonb column as a new reference; SQL null is NULL. What the database holds is JSON: anything
 * else is PROBLEM_INTERNAL. */
bool column_json(const struct db_rows *rows, int row, const char *column, json_t **ret_value,
                 struct problem *err) MUST_CHECK;

#endif
