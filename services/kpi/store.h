/* The kpi service's queries: rows <-> model. Reads only: writing is the journal's. */
#ifndef ACCORD_KPI_STORE_H
#define ACCORD_KPI_STORE_H

#include "common/act.h"
#include "services/kpi/model.h"

extern const char *const UNIT_NAMES[]; /* by enum specification_unit */
enum specification_unit unit_by_name(const char *name);

/* `..._get` fail with NOT_FOUND. */
bool store_indicator_get(struct db_tx *tx, const char *code, struct indicator *ret,
                         struct problem *err) MUST_CHECK;
bool store_indicator_list(struct db_tx *tx, const char *theme, const char *after, int limit,
                          struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
void indicator_of_row(const struct db_rows *rows, int row, struct indicator *ret);

bool store_specification_get(struct db_tx *tx, const char *indicator, int64_t number,
                             struct specification *ret, struct problem *err) MUST_CHECK;
bool store_specification_list(struct db_tx *tx, const char *indicator, const char *state,
                              const char *after, int limit, struct db_rows *ret_rows,
                              struct problem *err) MUST_CHECK;
void specification_of_row(const struct db_rows *rows, int row, struct specification *ret);

bool store_observation_get(struct db_tx *tx, const char *id, struct observation *ret,
                           struct problem *err) MUST_CHECK;
bool store_observation_find(struct db_tx *tx, const char *indicator, const char *organisation,
                            int32_t month, bool *ret_found, struct observation *ret,
                            struct problem *err) MUST_CHECK;
struct observation_filter {
    const char *indicator, *organisation, *from, *to; /* NULL = any */
};
bool store_observation_list(struct db_tx *tx, const struct observation_filter *filter,
                            const char *after, int limit, struct db_rows *ret_rows,
                            struct problem *err) MUST_CHECK;
/* In order of organisation and month; the caller frees the array. */
bool store_observation_of_indicator(struct db_tx *tx, const char *indicator, int32_t from,
                                    int32_t to, struct observation **ret, size_t *ret_count,
                                    struct problem *err) MUST_CHECK;
void observation_of_row(const struct db_rows *rows, int row, struct observation *ret);
void revision_of_row(const struct db_rows *rows, int row, struct observation *ret);
bool store_revision_list(struct db_tx *tx, const char *observation, const char *after, int limit,
                         struct db_rows *ret_rows, struct problem *err) MUST_CHECK;

bool store_import_get(struct db_tx *tx, const char *id, struct import_summary *ret,
                      struct problem *err) MUST_CHECK;
bool store_import_list(struct db_tx *tx, const char *indicator, const char *after, int limit,
                       struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
void import_of_row(const struct db_rows *rows, int row, struct import_summary *ret);

bool store_organisation_list(struct db_tx *tx, struct db_rows *ret_rows,
                             struct problem *err) MUST_CHECK;

#endif
