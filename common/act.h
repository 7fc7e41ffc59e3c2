/* An act: one writing transaction over one alliance, under that alliance's journal head lock.
 * Everything that changes anything in Accord is an act, and an act changes things in one way: it
 * appends events, and the database derives every business row from them (accord.project()).
 * The runtime role has no right to write a business table. One thread at a time. */
#ifndef ACCORD_COMMON_ACT_H
#define ACCORD_COMMON_ACT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/db.h"

/* Who acts. A person or system by its token; or a service by itself (then only `service`). */
struct actor {
    char issuer[IDENTITY_SIZE];
    char subject[IDENTITY_SIZE];
    char client[IDENTITY_SIZE];
    char organisation[ODS_SIZE];
    char appointment_id[UUID_SIZE];
    char service[CODE_SIZE];
};

/* From now on it acts by this appointment, for its organisation; NULL changes nothing. */
struct appointment;
void actor_appoint(struct actor *actor, const struct appointment *appointment);

enum event_class { EVENT_OPEN, EVENT_RESTRICTED };

/* One business act as it goes into the journal. `data` holds the resource's full new state: each
 * member is named after a business table (camelCase) and is a row, or an array of rows, whose
 * members are the columns in camelCase, without allianceId and sequence. The database writes
 * exactly these rows. A row replaces the one with its key; rows of history tables are only added.
 * Amounts are integers named ...Pence, instants RFC 3339 text, decimals text, no nulls. */
struct event {
    const char *type;    /* "ledger.hold.placed.v1" */
    const char *subject; /* "ledger/holds/<uuid>" */
    json_t *data;        /* borrowed */
    enum event_class class;
    json_t *restricted_to; /* array of organisations, borrowed; NULL unless restricted */
    json_t *links;         /* array of references this relied on (F6), borrowed; may be NULL */
    /* The outcome of a decision, when this event is it: what membership shows as its effects. */
    const char *effect_decision_id; /* NULL = none */
    bool effect_refused;
    const char *effect_reason;
    int64_t occurred_ms; /* INSTANT_NONE = now */
};

struct act {
    struct db *db;
    struct db_tx *tx;
    const char *service;
    char alliance_id[UUID_SIZE];
    struct actor actor;
    char request_id[UUID_SIZE];
    char traceparent[TRACEPARENT_SIZE];
    int64_t now_ms;   /* accord_now() under the lock, never below the last event's time */
    int64_t sequence; /* the head: the last event's number, 0 = none yet */
    char head_hash[DIGEST_SIZE]; /* of that event */
    /* own: cursors ({"membership": 57}), events not yet sent, a slot for the service's own
     * working state within a batch (see act_slot) */
    struct act_private *private;
};

/* Begins the transaction, locks the head (made first if `create`) and reads the clock.
 * PROBLEM_NOT_FOUND when the alliance has no head in this service and `create` is false. Whatever
 * happens, ret_act may be given to act_done() afterwards. request_id and traceparent are the
 * caller's to fill in. An act stays where it was begun: don't copy it. */
bool act_begin(struct db *db, const char *service, const char *alliance_id,
               const struct actor *actor, bool create, struct act *ret_act,
               struct problem *err) MUST_CHECK;
/* The same, with something of the caller's that runs in the transaction before the head is locked:
 * what must not wait for it (try-locks). Its failure is the act's; it may run again. */
struct act_prelude {
    bool (*run)(struct db_tx *tx, void *context, struct problem *err);
    void *context;
};
bool act_begin_after(const struct act_prelude *prelude, struct db *db, const char *service,
                     const char *alliance_id, const struct actor *actor, bool create,
                     struct act *ret_act, struct problem *err) MUST_CHECK;
/* Sends what is pending and commits; true only when the server said COMMIT. After a failure
 * act_should_repeat() says whether the whole closure may be run again. */
bool act_commit(struct act *act, struct problem *err) MUST_CHECK;
/* Rolls back unless committed. */
void act_done(struct act *act);
#define act_auto_t CLEANUP(act_done) struct act
/* db_tx_should_repeat() of this act: begin a new one and do it all again. */
bool act_should_repeat(const struct act *act);

/* Appends an event; its number is act->sequence afterwards. Events are sent set-wise before the
 * next query of this act or its commit. Refuses what is over EVENT_BYTES_MAX (BODY_TOO_LARGE). */
bool act_append(struct act *act, const struct event *event, struct problem *err) MUST_CHECK;

/* Sends pending events without waiting. Every query of an act does it first, whichever of db.h's
 * functions sends it: there is no reading past one's own events. */
bool act_flush(struct act *act, struct problem *err) MUST_CHECK;
#define act_select(act, query, ret_rows, err, ...)                                                 \
    db_select((act)->tx, (query), (ret_rows), (err), ##__VA_ARGS__)
#define act_select_one(act, query, ret_rows, err, ...)                                             \
    db_select_one((act)->tx, (query), (ret_rows), (err), ##__VA_ARGS__)

/* Where an act stands, so that what it appends from here on can be taken back: a decision's effect
 * that turns out to be forbidden. One mark at a time; what was queried in between stays queried,
 * and the slot is the caller's to keep as it was. */
struct act_mark {
    int64_t sequence;
    char head_hash[DIGEST_SIZE];
};
bool act_mark(struct act *act, struct act_mark *ret_mark, struct problem *err) MUST_CHECK;
bool act_drop(struct act *act, const struct act_mark *mark, struct problem *err) MUST_CHECK;

/* The cursor over another service's journal as of this act; 0 = none. */
int64_t act_cursor(const struct act *act, const char *service);

/* Follows another service's journal by one event: derives our copies from its body (NULL when it
 * was erased: then only the cursor moves); act_commit() moves the cursor to the last (sequence,
 * hash in hex). The caller has proven the chain. PROBLEM_INTERNAL unless `sequence` follows
 * act_cursor(). */
bool act_follow(struct act *act, const char *source, int64_t sequence, const char *hash,
                const char *body, struct problem *err) MUST_CHECK;

/* A service's own working state that lives as long as the act (the ledger's book of balances in a
 * batch). Freed by `free_slot` at the end; NULL until set. */
void *act_slot(struct act *act);
void act_set_slot(struct act *act, void *slot, void (*free_slot)(void *));

#endif
