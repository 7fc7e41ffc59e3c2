/* The journal to the outside: the partners' feed (CloudEvents 1.0, or an export that accord-verify
 * checks), signed heads, and erasure. Every service binds its operations on journals/<service> to
 * these handlers. (What other services are told: questions.h.) */
#ifndef ACCORD_COMMON_JOURNAL_H
#define ACCORD_COMMON_JOURNAL_H

#include "common/http.h"

/* GET .../journals/{service}?after=&limit= : {"items": [event], "head": sequence}, or with
 * `Accept: application/x-ndjson` the same items one per line. An event is a CloudEvent with
 * `sequence`, `class`, `salt`, `digest`, `hash` and the canonical `body` it was hashed from; what
 * is restricted to others, or erased, is {"sequence", "class", "digest", "hash"}. */
handler journal_list;
/* GET .../journals/{service}/head : a JWS of {service, alliance, sequence, hash, iat}. */
handler journal_head_get;

/* Removes an event's body and appends `<service>.journal.erased.v1` with data.erased {sequence,
 * ground, approver} in the same act; the digest stays, so every chain still verifies. RULE_BROKEN
 * for the ledger's money events, and while a business row still rests on the event alone. */
bool journal_erase(struct act *act, int64_t sequence, const char *ground, const char *approver,
                   struct problem *err) MUST_CHECK;

#endif
