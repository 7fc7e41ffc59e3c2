/* Decisions over subjects: the owner's side. A service describes what may be voted on, the house
 * freezes it, digests it, thaws it, and checks a carried decision against what was frozen; the
 * service acts. membership uses the same hooks for its own subjects.
 * Table `frozen_subject` (every service): subject, effect, decision, kind, nonce, digest, state. */
#ifndef ACCORD_COMMON_SUBJECT_H
#define ACCORD_COMMON_SUBJECT_H

#include "common/access.h"
#include "common/act.h"
#include "common/bus.h"

/* What the owner says of a subject. `content` is everything the vote is about; the digest covers
 * it: sha256(canonical {"content", "effect", "nonce", "subject", "version"}). */
enum { SUBJECT_CONTENT_BYTES_MAX = 32 * 1024 }; /* canonical: it must fit every decision event */
struct subject {
    char ref[REF_SIZE];   /* the one way to spell it; asked for by any other it is not there */
    char kind[CODE_SIZE]; /* of A9: "admit", "move-money", "spend-ring-fence" ... */
    char title[NAME_SIZE];
    char summary[TEXT_SIZE];
    int64_t version;
    json_t *content;       /* owned by the caller of the hook */
    json_t *organisations; /* array of ODS codes concerned; NULL = none in particular */
    json_t *restricted_to; /* array of ODS codes; NULL = open */
};

/* A decision that membership says has been carried, matched against the freeze. */
struct carried_decision {
    const char *id;
    const char *kind;
    const char *subject;
    const char *effect;
    const char *digest;
    const json_t *content;    /* as frozen */
    const json_t *event_data; /* the whole carried event's data */
    int64_t carried_ms;
};

struct service_context;
struct foreign_event;

struct subject_hooks {
    /* Describes `ref` for `effect`, as this caller may see it (NOT_FOUND otherwise); checks that
     * the effect could happen now (RULE_BROKEN, FUNDS_INSUFFICIENT, STATE_CONFLICT ... otherwise).
     * May append an event (a case becomes `proposed`). */
    bool (*describe)(struct act *act, const struct standing *standing, const char *ref,
                     const char *effect, struct subject *ret_subject, struct problem *err);
    /* Does what was decided. The house has appended `<service>.effect.done.v1` before; an event of
     * the hook that sets effect_decision_id is shown instead. A rule that has come to forbid it:
     * return false with its 4xx problem; the house takes back whatever was appended and appends
     * `<service>.effect.refused.v1`. */
    bool (*carry)(struct act *act, const struct carried_decision *decision, struct problem *err);
    /* The decision ended without effect: `outcome` is rejected, lapsed, escalated, withdrawn,
     * refused (carry() or the house refused it; `reason` says why, and is NULL for the others) or
     * unopened. NULL = nothing to undo. */
    bool (*release)(struct act *act, const char *ref, const char *effect, const char *outcome,
                    const char *reason, struct problem *err);
};

/* --- membership's own subjects, within its own acts ------------------------------------------- */

/* Describes, digests and freezes `ref` for this decision, opened in the same act. `ret_described`
 * is {"kind", "title", "summary", "content", "version", "nonce", "digest", "organisations"?,
 * "restrictedTo"?}; the caller frees it. */
bool subject_freeze(struct act *act, const struct subject_hooks *hooks,
                    const struct standing *standing, const char *ref, const char *effect,
                    const char *decision_id, json_t **ret_described,
                    struct problem *err) MUST_CHECK;
/* What a decision's end means for its subject: `outcome` is carried, rejected, lapsed, escalated or
 * withdrawn, `event_data` the data of the event that says so (member `decision`). */
bool subject_settle(struct act *act, const struct subject_hooks *hooks, const char *outcome,
                    const json_t *event_data, struct problem *err) MUST_CHECK;

/* --- other services' subjects ----------------------------------------------------------------- */

/* Asks the owner of `ref` (over the bus, as `caller`) to describe and freeze it for a decision that
 * is about to open; the same answer as subject_freeze(), and the `rule` that it will ask for.
 * Before the act, not within it: it waits. An answer opens nothing when it is older than
 * FREEZE_FRESH_MS. */
struct subject_question {
    const char *ref;
    const char *effect;
    const char *decision_id;
    const char *ask_id;          /* a UUID of this question's own */
    json_t *rules;               /* {"<kind>": "<rule>"}: by which each kind may be carried */
    int64_t membership_sequence; /* the owner first reaches it */
};
bool subject_ask(struct service_context *context, const struct caller *caller,
                 const char *alliance_id, const char *request_id, const char *traceparent,
                 const struct subject_question *asked, json_t **ret_described,
                 struct problem *err) MUST_CHECK;
/* Tells the owner that nothing came of that question: it thaws at once what it froze for it, unless
 * it was asked again since. Best effort; what it doesn't hear thaws by itself later. */
void subject_release(struct service_context *context, const char *alliance_id, const char *ref,
                     const char *decision_id, const char *ask_id);

/* --- the owner's side, driven by the house ---------------------------------------------------- */

/* Answers subject.describe: describes, digests and freezes, as the caller may see it. The same
 * question again gives the same answer. */
bus_answer_function subject_describe_answer;
/* Answers subject.release. */
bus_answer_function subject_release_answer;
/* Every event of membership's passes here before the service's own reactions. */
bool subject_react(struct act *act, const struct subject_hooks *hooks,
                   const struct foreign_event *event, struct problem *err) MUST_CHECK;
/* Thaws what was frozen FREEZE_UNOPENED_MS ago for a decision that never opened: by membership's
 * own word ("decisions.opened"), however far we have followed it. Its answers are too old by then
 * to open anything. While it says nothing, nothing thaws. */
bool subject_thaw_unopened(struct service_context *context, const char *alliance_id,
                           struct problem *err) MUST_CHECK;

/* --- for handlers and reactions --------------------------------------------------------------- */

/* SUBJECT_FROZEN while a decision holds the subject: call it before changing one. */
bool subject_check_thawed(struct act *act, const char *ref, struct problem *err) MUST_CHECK;

/* Recomputes the digest of a carried event's content; false when it does not match. For a service
 * that acts on a decision over somebody else's subject (the ledger on a case's hold). */
bool subject_digest_matches(const json_t *carried_event_data) MUST_CHECK;

#endif
