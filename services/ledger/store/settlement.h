/* Settlements as they are stored, and what one is computed from, read as of a point in the journal:
 * the same for who computes it and for who computes it again. */
#ifndef ACCORD_LEDGER_STORE_SETTLEMENT_H
#define ACCORD_LEDGER_STORE_SETTLEMENT_H

#include <jansson.h>

#include "common/act.h"
#include "services/ledger/model/record.h"
#include "services/ledger/store.h"

void settlement_of_row(const struct db_rows *rows, int row, struct settlement_record *ret_record);
bool store_settlement_get(struct db_tx *tx, const char *id, struct settlement_record *ret_record,
                          struct problem *err) MUST_CHECK;
/* The last of a month that was posted; false in ret_found when there is none. */
bool store_settlement_last(struct db_tx *tx, int32_t month, bool *ret_found,
                           struct settlement_record *ret_record, struct problem *err) MUST_CHECK;
bool store_settlement_list(struct db_tx *tx, const char *month, const char *state,
                           const char *after, int limit, struct db_rows *ret_rows,
                           struct problem *err) MUST_CHECK;
/* Its lines, escalations, submissions, standings; columns as in queries.sql. */
bool store_settlement_parts(struct db_tx *tx, const struct settlement_record *record,
                            struct db_rows *ret_lines, struct db_rows *ret_escalations,
                            struct db_rows *ret_actuals, struct db_rows *ret_standings,
                            struct problem *err) MUST_CHECK;
/* Months that were settled by another version of the agreement than this one, which has come to be
 * in force in them, and of which nobody was told yet; rows of overtaken_of_row(). */
bool store_overtaken_list(struct db_tx *tx, int64_t number, struct db_rows *ret_rows,
                          struct problem *err) MUST_CHECK;
void overtaken_of_row(const struct db_rows *rows, int row, struct overtaken *ret_overtaken);
/* What keeps the month from closing, but its holds. */
bool store_month_ties(struct db_tx *tx, int32_t month, struct month_ties *ret_ties,
                      struct problem *err) MUST_CHECK;

/* The parameters of the agreement in force on the month's first day (a new reference) and the
 * version's number; NULL when none is. */
bool store_parameters(struct db_tx *tx, int32_t month, int64_t *ret_number, json_t **ret_parameters,
                      struct problem *err) MUST_CHECK;

/* What a settlement is computed from, and what came out: on the heap, it is large. */
struct basis {
    struct settlement_input input; /* its pointers are to what follows */
    struct terms terms;
    struct actual actuals[ACTUALS_MAX];
    char undecided[POOLS_MAX][TERM_CODE_SIZE];
    struct standing_balance standings[STANDINGS_MAX];
    int64_t balances_pence[STANDINGS_MAX]; /* of the standings */
    int64_t held_pence[STANDINGS_MAX];
    struct settled *earlier; /* on the heap, too */
    struct settled *posted;
    struct settlement settlement;
    struct settlement_escalation escalated[ESCALATIONS_MAX]; /* by the one that it corrects */
    size_t escalated_count;
    char inputs_digest[DIGEST_SIZE];
    char digest[DIGEST_SIZE]; /* of what came out */
};
struct basis *basis_new(void);
void basis_free(struct basis *basis);
static inline void basis_done(struct basis **basis)
{
    basis_free(*basis);
    *basis = NULL;
}
#define basis_auto_t CLEANUP(basis_done) struct basis

/* Reads which figures of the month are not agreed: for one that is to be computed, before the next.
 */
bool store_basis_undecided(struct db_tx *tx, int32_t month, struct basis *basis,
                           struct problem *err) MUST_CHECK;
/* Reads what the settlement of that id ("" = none: it corrects nothing) has escalated. */
bool store_basis_escalated(struct db_tx *tx, const char *corrects_id, struct basis *basis,
                           struct problem *err) MUST_CHECK;
/* Reads what a settlement of the month rests on now, and computes it. The positions in the journals
 * are the caller's: an act's. */
bool store_basis_now(struct db_tx *tx, int32_t month, bool is_corrective, int64_t ledger_sequence,
                     int64_t membership_sequence, struct basis *basis,
                     struct problem *err) MUST_CHECK;
/* Reads what that settlement rested on when it was computed, and computes it again. */
bool store_basis_then(struct db_tx *tx, const struct settlement_record *record, struct basis *basis,
                      struct problem *err) MUST_CHECK;

/* Does what was computed say what the settlement says, whatever the journals have moved on by
 * since? */
bool basis_says(const struct basis *basis, const struct settlement_record *record) MUST_CHECK;

/* --- the reserve (B10) */

void release_of_row(const struct db_rows *rows, int row, struct reserve_release *ret_release);
bool store_release_get(struct db_tx *tx, const char *id, struct reserve_release *ret_release,
                       struct problem *err) MUST_CHECK;
bool store_release_list(struct db_tx *tx, const char *year, const char *state, const char *after,
                        int limit, struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
/* By the agreement in force in that month, for its financial year ("2026-27"), as of now. */
bool store_reserve_position(struct db_tx *tx, const char *year, int32_t month,
                            struct reserve_position *ret_position, struct problem *err) MUST_CHECK;

#endif
