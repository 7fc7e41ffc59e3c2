/* Rows of outcome_statement as the model has them. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_STORE_OUTCOME_H
#define ACCORD_SERVICES_MEMBERSHIP_STORE_OUTCOME_H

#include "common/db.h"
#include "services/membership/model.h"

/* `ret_found` says whether the decision has one. */
bool store_outcome_find(struct db_tx *tx, const char *decision_id,
                        struct outcome_statement *ret_statement, bool *ret_found,
                        struct problem *err) MUST_CHECK;

#endif
