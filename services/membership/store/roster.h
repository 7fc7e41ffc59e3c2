/* Rows of alliance, partner and appointment as the model has them. SQL only; within a transaction
 * over the alliance (store_alliance_list: over none). */
#ifndef ACCORD_SERVICES_MEMBERSHIP_STORE_ROSTER_H
#define ACCORD_SERVICES_MEMBERSHIP_STORE_ROSTER_H

#include "common/access.h"
#include "common/db.h"
#include "services/membership/model.h"

/* Gives up what an alliance owns (its objectives and principles). */
void alliance_done(struct alliance *alliance);
#define alliance_auto_t CLEANUP(alliance_done) struct alliance

bool alliance_of_row(const struct db_rows *rows, int row, struct alliance *ret_alliance,
                     struct problem *err) MUST_CHECK;
void partner_of_row(const struct db_rows *rows, int row, struct partner *ret_partner);
void tenure_of_row(const struct db_rows *rows, int row, struct tenure *ret_tenure);

/* NOT_FOUND when there is none. */
bool store_alliance_get(struct db_tx *tx, struct alliance *ret_alliance,
                        struct problem *err) MUST_CHECK;
/* Those that know the caller: on whose roster its organisation stands (who was not admitted does
 * not), or in which its person holds an appointment now that its issuer vouches for. */
bool store_alliance_list(struct db_tx *tx, const struct caller *caller, const char *after,
                         int limit, struct db_rows *ret_rows, struct problem *err) MUST_CHECK;

/* `ret_found` says whether the organisation is on the roster. */
bool store_partner_find(struct db_tx *tx, const char *organisation, struct partner *ret_partner,
                        bool *ret_found, struct problem *err) MUST_CHECK;
bool store_partner_get(struct db_tx *tx, const char *organisation, struct partner *ret_partner,
                       struct problem *err) MUST_CHECK;
bool store_partner_list(struct db_tx *tx, const char *status, const char *after, int limit,
                        struct db_rows *ret_rows, struct problem *err) MUST_CHECK;

/* The whole roster; owned. */
struct roster {
    struct partner *partners;
    int count;
};
void roster_done(struct roster *roster);
#define roster_auto_t CLEANUP(roster_done) struct roster
bool store_roster_get(struct db_tx *tx, struct roster *ret_roster, struct problem *err) MUST_CHECK;

/* `ret_name` is "" when it was erased. */
bool store_tenure_get(struct db_tx *tx, const char *id, struct tenure *ret_tenure,
                      char ret_name[NAME_SIZE], struct problem *err) MUST_CHECK;
/* NULL (INSTANT_NONE) is all. Rows also have the column `name`. */
struct tenure_filter {
    const char *organisation;
    const char *post;
    const char *group_code;
    int64_t in_force_ms;
};
bool store_tenure_list(struct db_tx *tx, const struct tenure_filter *filter, const char *after,
                       int limit, struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
/* Who holds a post now; `organisation` NULL = whichever. */
bool store_tenure_holders(struct db_tx *tx, enum post post, const char *organisation,
                          int64_t now_ms, struct db_rows *ret_rows, struct problem *err) MUST_CHECK;
/* Everybody who acts for an organisation now; owned. */
struct tenures {
    struct tenure *tenures;
    int count;
};
void tenures_done(struct tenures *tenures);
#define tenures_auto_t CLEANUP(tenures_done) struct tenures
bool store_tenures_of_organisation(struct db_tx *tx, const char *organisation, int64_t now_ms,
                                   struct tenures *ret_tenures, struct problem *err) MUST_CHECK;
/* The name stands beside the journal; its appointment must be stored already. */
bool store_person_name_add(struct db_tx *tx, const char *appointment_id, const char *name,
                           struct problem *err) MUST_CHECK;
bool store_person_name_erase(struct db_tx *tx, const char *appointment_id,
                             struct problem *err) MUST_CHECK;

#endif
