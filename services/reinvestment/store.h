/* Reinvestment's queries: rows <-> model. Reads only: writing is the journal's. */
#ifndef ACCORD_REINVESTMENT_STORE_H
#define ACCORD_REINVESTMENT_STORE_H

#include "common/act.h"
#include "services/reinvestment/model.h"

/* `..._get` fail with NOT_FOUND. Ring-fences are those of the agreement in force on `today`. */
bool store_ring_fence_get(struct db_tx *tx, const char *code, int32_t today, struct ring_fence *ret,
                          struct problem *err) MUST_CHECK;
/* false in ret_found: the agreement in force has no such ring-fence. */
bool store_ring_fence_find(struct db_tx *tx, const char *code, int32_t today, bool *ret_found,
                           struct ring_fence *ret, struct problem *err) MUST_CHECK;
bool store_ring_fence_list(struct db_tx *tx, int32_t today, const char *after, int limit,
                           struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
bool ring_fence_of_row(const struct db_rows *rows, int row, struct ring_fence *ret,
                       struct problem *err) MUST_CHECK;

struct case_filter {
    const char *state, *ring_fence, *sponsor; /* NULL = any */
};
bool store_case_get(struct db_tx *tx, const char *id, struct business_case *ret,
                    struct problem *err) MUST_CHECK;
bool store_case_list(struct db_tx *tx, const struct case_filter *filter, const char *after,
                     int limit, struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
bool case_of_row(const struct db_rows *rows, int row, struct business_case *ret,
                 struct problem *err) MUST_CHECK;

bool store_left_shift_get(struct db_tx *tx, const char *id, struct left_shift *ret,
                          struct problem *err) MUST_CHECK;
/* `organisation` NULL = of any. */
bool store_left_shift_list(struct db_tx *tx, const char *organisation, const char *after, int limit,
                           struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
bool store_left_shift_version_get(struct db_tx *tx, const char *id, int64_t version,
                                  struct left_shift *ret, struct problem *err) MUST_CHECK;
bool store_left_shift_version_list(struct db_tx *tx, const char *id, const char *after, int limit,
                                   struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
bool left_shift_of_row(const struct db_rows *rows, int row, struct left_shift *ret,
                       struct problem *err) MUST_CHECK;

bool store_appraisal_criteria_get(struct db_tx *tx, int64_t number, struct appraisal_criteria *ret,
                                  struct problem *err) MUST_CHECK;
/* number 0: the alliance has none yet. */
bool store_appraisal_criteria_in_force(struct db_tx *tx, struct appraisal_criteria *ret,
                                       struct problem *err) MUST_CHECK;
bool store_appraisal_criteria_list(struct db_tx *tx, const char *after, int limit,
                                   struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
bool appraisal_criteria_of_row(const struct db_rows *rows, int row, struct appraisal_criteria *ret,
                               struct problem *err) MUST_CHECK;

bool store_appraisal_get(struct db_tx *tx, const char *case_id, int64_t number,
                         struct appraisal *ret, struct problem *err) MUST_CHECK;
bool store_appraisal_list(struct db_tx *tx, const char *case_id, const char *after, int limit,
                          struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
bool appraisal_of_row(const struct db_rows *rows, int row, struct appraisal *ret,
                      struct problem *err) MUST_CHECK;
/* That person has appraised the case, by whatever appointment. */
bool store_appraisal_is_by(struct db_tx *tx, const char *case_id, const char *issuer,
                           const char *subject, bool *ret_is_by, struct problem *err) MUST_CHECK;

bool store_drawdown_get(struct db_tx *tx, const char *id, struct drawdown *ret,
                        struct problem *err) MUST_CHECK;
bool store_drawdown_list(struct db_tx *tx, const char *case_id, const char *state,
                         const char *after, int limit, struct db_rows *ret_rows,
                         struct problem *err) MUST_CHECK;
/* Asked for or verified, and not yet paid. */
bool store_drawdown_pending(struct db_tx *tx, const char *case_id, struct db_rows *ret_rows,
                            struct problem *err) MUST_CHECK;
void drawdown_of_row(const struct db_rows *rows, int row, struct drawdown *ret);

/* A jsonb column as an array, for store/: what it holds is what we put there. */
bool row_array(const struct db_rows *rows, int row, const char *column, json_t **ret_array,
               struct problem *err) MUST_CHECK;

/* The roster. */
bool store_appointment_is_of(struct db_tx *tx, const char *appointment_id, const char *issuer,
                             const char *subject, bool *ret_is_same,
                             struct problem *err) MUST_CHECK;
bool store_partner_is_active(struct db_tx *tx, const char *organisation, bool *ret_is_active,
                             struct problem *err) MUST_CHECK;

#endif
