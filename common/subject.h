/* Decisions over subjects: the owner's side. A service describes what may be voted on, the house
 * freezes it, digests it, thaws it, and checks a carried decision against what was frozen; the
 * service acts. membership uses the same hooks for its own subjects.
 * Table `frozen_subject` (every service): subject, effect, decision, kind, nonce, digest, state. */
#ifndef ACCORD_COMMON_SUBJECT_H
#define ACCORD_COMMON_SUBJECT_H

#include "common/access.h"
#include "common/act.h"

/* What the owner says of a subject. `content` is everything the vote is about; the digest covers
 * it: sha256(canonical {"content", "effect", "nonce", "subject", "version"}). */
struct subject {
    char kind[CODE_SIZE];     /* of A9: "admit", "move-money", "spend-ring-fence" ... */
    char title[NAME_SIZE];
    char summary[TEXT_SIZE];
    int64_t version;
    json_t *content;          /* owned by the caller of the hook */
    json_t *organisations;    /* array of ODS codes concerned; NULL = none in particular */
    json_t *restricted_to;    /* array of ODS codes; NULL = open */
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

struct subject_hooks {
    /* Describes `ref` for `effect`, as this caller may see it (NOT_FOUND otherwise); checks that
     * the effect could happen now (RULE_BROKEN, FUNDS_INSUFFICIENT, STATE_CONFLICT ... otherwise).
     * May append an event (a case becomes `proposed`). */
    bool (*describe)(struct act *act, const struct standing *standing, const char *ref,
                     const char *effect, struct subject *ret_subject, struct problem *err);
    /* Does what was decided. A rule that has come to forbid it: return false with its 4xx problem
     * and nothing appended; the house appends `<service>.effect.refused.v1`. */
    bool (*carry)(struct act *act, const struct carried_decision *decision, struct problem *err);
    /* The decision ended without effect (rejected, lapsed, escalated, withdrawn, never opened). */
    bool (*release)(struct act *act, const char *ref, const char *effect, const char *outcome,
                    struct problem *err);
};

/* SUBJECT_FROZEN while a decision holds the subject: call it before changing one. */
bool subject_check_thawed(struct act *act, const char *ref, struct problem *err) MUST_CHECK;

/* Recomputes the digest of a carried event's content; false when it does not match. For a service
 * that acts on a decision over somebody else's subject (the ledger on a case's hold). */
bool subject_digest_matches(const json_t *carried_event_data) MUST_CHECK;

#endif
