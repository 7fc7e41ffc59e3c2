/* Rows of agreement_version as the model has them, and what their parameters say. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_STORE_AGREEMENT_H
#define ACCORD_SERVICES_MEMBERSHIP_STORE_AGREEMENT_H

#include <jansson.h>

#include "common/db.h"
#include "services/membership/model.h"

/* Gives up the parameters that a version owns. */
void agreement_done(struct agreement_version *version);
#define agreement_auto_t CLEANUP(agreement_done) struct agreement_version

/* Reads the parameters as far as rules need them; they match the api-spec's schema. */
void agreement_terms_of_json(const json_t *parameters, struct agreement_terms *ret_terms);

bool agreement_of_row(const struct db_rows *rows, int row, struct agreement_version *ret_version,
                      struct problem *err) MUST_CHECK;

/* NOT_FOUND when there is none. */
bool store_agreement_get(struct db_tx *tx, int32_t number, struct agreement_version *ret_version,
                         struct problem *err) MUST_CHECK;
bool store_agreement_list(struct db_tx *tx, const char *after, int limit, struct db_rows *ret_rows,
                          struct problem *err) MUST_CHECK;

/* All versions by number, without parameters and summary; owned. */
struct agreement_series {
    struct agreement_version *versions;
    int count;
};
void agreement_series_done(struct agreement_series *series);
#define agreement_series_auto_t CLEANUP(agreement_series_done) struct agreement_series
bool store_agreement_series(struct db_tx *tx, struct agreement_series *ret_series,
                            struct problem *err) MUST_CHECK;

/* The version in force on a day; NOT_FOUND when none is adopted. */
bool store_agreement_in_force(struct db_tx *tx, int32_t day, struct agreement_version *ret_version,
                              struct problem *err) MUST_CHECK;

#endif
