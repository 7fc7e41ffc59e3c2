/* The risk service's queries: rows <-> model. Reads only: writing is the journal's. */
#ifndef ACCORD_RISK_STORE_H
#define ACCORD_RISK_STORE_H

#include "common/act.h"
#include "services/risk/model.h"

/* `known` is "{ZZ1,ZZ2}": the organisations on whose behalf the caller may know of restricted
 * risks; what is restricted to others is not there. `..._get` fail with NOT_FOUND. */
bool store_risk_get(struct db_tx *tx, const char *known, const char *id, struct risk *ret,
                    struct problem *err) MUST_CHECK;
struct risk_filter {
    /* NULL = any; without a state, drafts and what was dismissed are left out. */
    const char *state, *band, *category, *owner;
    const char *overdue; /* "true", "false": its review, today; of risks as they are now only */
};
bool store_risk_list(struct db_tx *tx, const char *known, const struct risk_filter *filter,
                     const char *after, int limit, struct db_rows *ret_rows,
                     struct problem *err) MUST_CHECK;
/* The register as it stood at the end of a day. */
bool store_register_list(struct db_tx *tx, const char *known, const struct risk_filter *filter,
                         int32_t day, const char *after, int limit, struct db_rows *ret_rows,
                         struct problem *err) MUST_CHECK;
/* Every version of one risk; `after` is a version. */
bool store_risk_history_list(struct db_tx *tx, const char *known, const char *id, const char *after,
                             int limit, struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
bool risk_of_row(const struct db_rows *rows, int row, struct risk *ret,
                 struct problem *err) MUST_CHECK;

/* Reviews that are overdue and not told as far up as they have come, whoever may know of the risk;
 * rows of risks. At most 100. */
bool store_review_overdue(struct db_tx *tx, struct db_rows *ret_rows,
                          struct problem *err) MUST_CHECK;
/* The alliance's own ladder, or the default. */
bool store_ladder_get(struct db_tx *tx, struct ladder *ret, struct problem *err) MUST_CHECK;
/* The indicator and organisation of that evidence have a draft, or an open risk that was one; or
 * there is a risk of that id. */
bool store_draft_is_known(struct db_tx *tx, const char *id, const struct evidence *evidence,
                          bool *ret_is_known, struct problem *err) MUST_CHECK;

bool store_review_get(struct db_tx *tx, const char *known, const char *risk_id, int64_t number,
                      struct review *ret, struct problem *err) MUST_CHECK;
bool store_review_list(struct db_tx *tx, const char *known, const char *risk_id, const char *after,
                       int limit, struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
void review_of_row(const struct db_rows *rows, int row, struct review *ret);
bool store_escalation_list(struct db_tx *tx, const char *known, const char *risk_id,
                           const char *after, int limit, struct db_rows *ret_rows,
                           struct problem *err) MUST_CHECK;
void escalation_of_row(const struct db_rows *rows, int row, struct escalation *ret);

bool store_score_get(struct db_tx *tx, const char *known, const char *risk_id, int64_t number,
                     struct score *ret, struct problem *err) MUST_CHECK;
bool store_score_list(struct db_tx *tx, const char *known, const char *risk_id, const char *after,
                      int limit, struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
void score_of_row(const struct db_rows *rows, int row, struct score *ret);

bool store_criteria_get(struct db_tx *tx, int64_t number, struct criteria *ret,
                        struct problem *err) MUST_CHECK;
bool store_criteria_list(struct db_tx *tx, const char *after, int limit, struct db_rows *ret_rows,
                         struct problem *err) MUST_CHECK;
bool criteria_of_row(const struct db_rows *rows, int row, struct criteria *ret,
                     struct problem *err) MUST_CHECK;
/* number 0: the alliance has none yet. */
bool store_criteria_in_force(struct db_tx *tx, struct criteria *ret,
                             struct problem *err) MUST_CHECK;

/* The roster. */
bool store_partner_is_active(struct db_tx *tx, const char *organisation, bool *ret_is_active,
                             struct problem *err) MUST_CHECK;
bool store_appointment_is_of_organisation(struct db_tx *tx, const char *appointment_id,
                                          const char *organisation, int64_t now_ms, bool *ret_is_of,
                                          struct problem *err) MUST_CHECK;
bool store_appointment_is_of_person(struct db_tx *tx, const char *appointment_id,
                                    const char *issuer, const char *subject, bool *ret_is_of,
                                    struct problem *err) MUST_CHECK;

#endif
