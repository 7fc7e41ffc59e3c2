/* Rows of decision, elector, vote and decision_effect as the model has them. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_STORE_DECISION_H
#define ACCORD_SERVICES_MEMBERSHIP_STORE_DECISION_H

#include <jansson.h>

#include "common/db.h"
#include "services/membership/model.h"

/* Gives up what a decision owns (content, organisations, restricted_to). */
void decision_done(struct decision *decision);
#define decision_auto_t CLEANUP(decision_done) struct decision

void electorate_done(struct electorate *electorate);
#define electorate_auto_t CLEANUP(electorate_done) struct electorate

/* NOT_FOUND when there is none. `ret_shown_version` (may be NULL) moves with the decision and with
 * everything below it: what its ETag says. */
bool store_decision_get(struct db_tx *tx, const char *id, struct decision *ret_decision,
                        int64_t *ret_shown_version, struct problem *err) MUST_CHECK;
/* The electors of one decision. */
bool store_electorate_get(struct db_tx *tx, const char *decision_id,
                          struct electorate *ret_electorate, struct problem *err) MUST_CHECK;
/* NULL when the organisation is not among them. */
struct elector *electorate_find(const struct electorate *electorate, const char *organisation);

/* Rows for a list: the summary's columns. `organisations` is a PostgreSQL array ("{ZZ1,ZZ2}") of
 * those on whose behalf the caller may know of restricted decisions. */
bool store_decision_list(struct db_tx *tx, const char *state, const char *kind, const char *subject,
                         const char *organisations, const char *after, int limit,
                         struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
/* The tallies of the decisions in these rows (column `id`), in their order; the caller frees them.
 */
bool store_tallies(struct db_tx *tx, const struct db_rows *decisions, struct tally **ret_tallies,
                   struct problem *err) MUST_CHECK;

/* Rows of `id`: the decision that is open over this subject and effect, if one is. */
bool store_decision_open_on(struct db_tx *tx, const char *subject, const char *effect,
                            struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
/* Rows of `id`: deadline passed, not closed yet. */
bool store_decision_overdue(struct db_tx *tx, int64_t now_ms, struct db_rows *ret_rows,
                            struct problem *err) MUST_CHECK;
/* Rows of `id`, `kind`, `elector_state` ("" = not an elector): every open one. */
bool store_decision_open_with(struct db_tx *tx, const char *organisation, struct db_rows *ret_rows,
                              struct problem *err) MUST_CHECK;

/* `ret_found` says whether it has voted at all. */
bool store_vote_find(struct db_tx *tx, const char *decision_id, const char *organisation,
                     struct vote *ret_vote, bool *ret_found, struct problem *err) MUST_CHECK;
void vote_of_row(const struct db_rows *rows, int row, struct vote *ret_vote);
void elector_of_row(const struct db_rows *rows, int row, struct elector *ret_elector);
bool store_vote_list(struct db_tx *tx, const char *decision_id, const char *organisation,
                     const char *after, int limit, struct db_rows *ret_rows,
                     struct problem *err) MUST_CHECK;
bool store_recusal_list(struct db_tx *tx, const char *decision_id, const char *after, int limit,
                        struct db_rows *ret_rows, struct problem *err) MUST_CHECK;

void effect_of_row(const struct db_rows *rows, int row, struct decision_effect *ret_effect);
bool store_effect_list(struct db_tx *tx, const char *decision_id, struct db_rows *ret_rows,
                       struct problem *err) MUST_CHECK;
/* The effect of one service; version 0 when there is none yet. */
bool store_effect_find(struct db_tx *tx, const char *decision_id, const char *service,
                       struct decision_effect *ret_effect, struct problem *err) MUST_CHECK;
/* What our own journal says after `sequence`: state, reason and event of `ret_effect`. False in
 * `ret_found` when it says nothing. */
bool store_effect_of_own(struct db_tx *tx, int64_t sequence, const char *decision_id,
                         struct decision_effect *ret_effect, bool *ret_found,
                         struct problem *err) MUST_CHECK;

/* What waits for somebody: each text is a PostgreSQL array ("{ZZ1,ZZ2}"). */
struct inbox_filter {
    const char *spoken_for;   /* organisations that it votes for */
    const char *appointments; /* ids: seats in groups are among them */
    const char *known;        /* organisations on whose behalf it may know of restricted matters */
    int64_t now_ms;
};
bool store_inbox_list(struct db_tx *tx, const struct inbox_filter *filter, const char *after,
                      int limit, struct db_rows *ret_rows, struct problem *err) MUST_CHECK;

#endif
