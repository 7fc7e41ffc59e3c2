/* What the roster says of a caller in one alliance: the partner of the token's organisation, the
 * person's appointments in force, the alliance, the clock and the journal's head, in one query. */
#ifndef ACCORD_COMMON_STANDING_H
#define ACCORD_COMMON_STANDING_H

#include "common/access.h"
#include "common/db.h"

/* In a transaction over the alliance. `now_ms` is the act's clock; INSTANT_NONE in a reading
 * transaction: accord_now() is read then (ret_standing->now_ms). An alliance that this service has
 * not heard of is no failure: has_alliance is false. */
bool standing_load(struct db_tx *tx, const struct caller *caller, int64_t now_ms,
                   struct standing *ret_standing, struct problem *err) MUST_CHECK;

/* What was known of somebody's standing, for reads: as long as the roster has not moved and no
 * appointment has begun or ended, asking again costs one light query. Any thread. */
struct standing_cache;
struct standing_cache *standing_cache_new(const char *service);
void standing_cache_free(struct standing_cache *cache);
/* What was remembered, while the question whether it still holds is on its way. */
struct standing_guess {
    bool is_open; /* false: the standing is no guess */
    int64_t from_ms, until_ms;
    struct roster_position {
        int64_t sequence;
        char hash[DIGEST_SIZE];
    } roster; /* a number alone would be the same in a journal that was restored and went on */
    struct db_rows rows;
};
void standing_guess_done(struct standing_guess *guess);
#define standing_guess_auto_t CLEANUP(standing_guess_done) struct standing_guess
/* standing_load() by the clock or, without waiting, what is remembered: with neither the clock nor
 * the journal's head, to be confirmed before anything is made of it. `ret_guess` must live until
 * then, or until the transaction ends. The first thing that a reading transaction does. */
bool standing_recall(struct standing_cache *cache, struct db_tx *tx, const struct caller *caller,
                     struct standing *ret_standing, struct standing_guess *ret_guess,
                     struct problem *err) MUST_CHECK;
/* Fills in the clock and the head; `ret_held` = false: it did not hold, and was loaded anew. */
bool standing_confirm(struct standing_cache *cache, struct db_tx *tx, const struct caller *caller,
                      struct standing_guess *guess, struct standing *standing, bool *ret_held,
                      struct problem *err) MUST_CHECK;

/* The same for many callers in one query. */
bool standing_load_many(struct db_tx *tx, const struct caller *const callers[], size_t count,
                        int64_t now_ms, struct standing ret_standings[],
                        struct problem *err) MUST_CHECK;

/* For what a service does on an event's word, where no request is asked x-alliance:
 * ALLIANCE_NOT_ACTIVE once the alliance is closed, as far as this service knows. What gives back or
 * only records goes on. */
bool alliance_check_open(struct db_tx *tx, struct problem *err) MUST_CHECK;

#endif
