/* The inside of freezing: subject.c (describe and freeze), subject_bus.c (asking, answering, giving
 * up), subject_settle.c (what a decision's end means). */
#ifndef ACCORD_COMMON_SUBJECT_PRIVATE_H
#define ACCORD_COMMON_SUBJECT_PRIVATE_H

#include "common/subject.h"

/* A row of frozen_subject. */
struct frozen {
    char decision_id[UUID_SIZE];
    char subject[REF_SIZE];
    char effect[CODE_SIZE];
    char kind[CODE_SIZE];
    char rule[CODE_SIZE];   /* that may carry it; "" = our own decision */
    char ask_id[UUID_SIZE]; /* of the question it was frozen for; "" = our own decision */
    int64_t version;
    char nonce[DIGEST_SIZE];
    char digest[DIGEST_SIZE];
    char state[CODE_SIZE]; /* asked, held, done, refused, thawed */
    int64_t frozen_ms;
};
/* `ret_found` is false when this decision never froze anything here. */
bool frozen_load(struct act *act, const char *decision_id, bool *ret_found,
                 struct frozen *ret_frozen, struct problem *err) MUST_CHECK;
bool frozen_init(const char *ref, const char *effect, const char *decision_id,
                 struct frozen *ret_frozen, struct problem *err) MUST_CHECK;
/* Describes and freezes it as `state`; `rules` is {"<kind>": "<rule>"}, NULL for our own decision.
 */
bool frozen_freeze(struct act *act, const struct subject_hooks *hooks,
                   const struct standing *standing, const char *state, const json_t *rules,
                   struct frozen *frozen, json_t **ret_described, struct problem *err) MUST_CHECK;
/* Ends the freeze without effect. */
bool frozen_thaw(struct act *act, const struct subject_hooks *hooks, struct frozen *frozen,
                 const char *outcome, struct problem *err) MUST_CHECK;
bool frozen_is_held(const struct frozen *frozen); /* asked or held */
/* What was described then; {} when that body was erased. */
bool frozen_described(struct act *act, const struct frozen *frozen, json_t **ret_described,
                      struct problem *err) MUST_CHECK;

/* Appends `<service>.<name>.v1` about a frozen subject, restricted as it was described. */
struct frozen_event {
    const char *name;            /* "subject.held" */
    const struct frozen *frozen; /* its row from now on; NULL = it was never frozen here */
    const json_t *described;     /* for `restrictedTo`; NULL = open */
    bool with_described;         /* put it into the event */
    bool is_effect;              /* the decision's outcome here ... */
    const char *refusal;         /* ... refused for this reason; NULL = done */
    const char *subject;         /* without a row: which subject, which decision */
    const char *decision_id;
};
bool frozen_append(struct act *act, const struct frozen_event *event,
                   struct problem *err) MUST_CHECK;

/* sha256(canonical {"content", "effect", "nonce", "subject", "version"}) */
bool subject_digest(const char *ref, const char *effect, const char *nonce, int64_t version,
                    const json_t *content, char ret_digest[DIGEST_SIZE], size_t *ret_content_size,
                    struct problem *err) MUST_CHECK;

#endif
