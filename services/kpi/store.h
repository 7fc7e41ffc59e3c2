/* The kpi service's queries: rows <-> model. Reads only: writing is the journal's. */
#ifndef ACCORD_KPI_STORE_H
#define ACCORD_KPI_STORE_H

#include "common/act.h"
#include "services/kpi/model.h"
#include "services/kpi/rules/chart.h"

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
    const char *indicator, *organisation, *from, *to, *status; /* NULL = any */
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
/* Of the roster; NOT_FOUND when it never took part. */
bool store_organisation_get(struct db_tx *tx, const char *code, struct organisation *ret,
                            struct problem *err) MUST_CHECK;

/* --- store/agreements.c -------------------------------------------------------------------------
 */

bool store_agreement_list(struct db_tx *tx, const char *observation, const char *after, int limit,
                          struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
bool store_agreement_of_revision(struct db_tx *tx, const char *observation, int64_t revision,
                                 struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
void agreement_of_row(const struct db_rows *rows, int row, struct agreement *ret);

bool store_query_get(struct db_tx *tx, const char *id, struct query *ret,
                     struct problem *err) MUST_CHECK;
/* observation, state: NULL = any */
bool store_query_list(struct db_tx *tx, const char *observation, const char *state,
                      const char *after, int limit, struct db_rows *ret_rows,
                      struct problem *err) MUST_CHECK;
/* Queries about an observation that are not closed. */
bool store_query_unclosed(struct db_tx *tx, const char *observation, int64_t *ret_count,
                          struct problem *err) MUST_CHECK;
void query_of_row(const struct db_rows *rows, int row, struct query *ret);

/* --- store/charts.c -----------------------------------------------------------------------------
 */

/* Of one organisation, or of all (NULL); in order of organisation and month. The caller frees. */
bool store_chart_figures(struct db_tx *tx, const char *indicator, const char *organisation,
                         struct chart_figure **ret, size_t *ret_count,
                         struct problem *err) MUST_CHECK;
/* The months of an indicator's re-bases; the caller frees. */
bool store_rebase_months(struct db_tx *tx, const char *indicator, int32_t **ret, size_t *ret_count,
                         struct problem *err) MUST_CHECK;
bool store_rebase_list(struct db_tx *tx, const char *indicator, const char *after, int limit,
                       struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
void rebase_of_row(const struct db_rows *rows, int row, struct rebase *ret);
/* All steps of an indicator's targets, each target's together in order of month; the caller frees.
 */
bool store_target_steps(struct db_tx *tx, const char *indicator, struct target_step **ret,
                        size_t *ret_count, struct problem *err) MUST_CHECK;
bool store_target_list(struct db_tx *tx, const char *indicator, const char *after, int limit,
                       struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
void target_of_row(const struct db_rows *rows, int row, struct target *ret);
/* indicator, organisation: NULL = any */
bool store_signal_list(struct db_tx *tx, const char *indicator, const char *organisation,
                       const char *after, int limit, struct db_rows *ret_rows,
                       struct problem *err) MUST_CHECK;
/* Of one point; column `kind`. */
bool store_signal_kinds(struct db_tx *tx, const char *indicator, const char *organisation,
                        int32_t month, struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
void signal_of_row(const struct db_rows *rows, int row, struct signal_found *ret);

/* Columns that several rows have: a figure (VALUE_NONE = null), a month. */
int64_t row_figure(const struct db_rows *rows, int row, const char *column);
int32_t row_month(const struct db_rows *rows, int row, const char *column);

#endif
