/* Access tokens as they come in: `Authorization: Bearer` and nothing else. Verifies the signature
 * with rhonabwy against the issuer's published keys (jwks.h), then the claims (claims.h), in the
 * order of api.md. Whatever is wrong with a token is PROBLEM_UNAUTHENTICATED; while its issuer's
 * keys cannot be had nobody knows, which is PROBLEM_UNAVAILABLE; scopes are only read here, and
 * asked for by the dispatcher. Remembers verified tokens by their SHA-256 and the generation of
 * their issuer's keys, until min(exp, 60 s). Any thread. */
#ifndef ACCORD_COMMON_TOKEN_H
#define ACCORD_COMMON_TOKEN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/access.h"

struct token_verifier;

/* Reads the issuers file (issuer.h); `audience` is who we are for issuers that name no audience of
 * their own. Fails with PROBLEM_INTERNAL and a sentence for the operator. */
bool token_verifier_new(const char *issuers_file, const char *audience,
                        struct token_verifier **ret_verifier, struct problem *err) MUST_CHECK;
void token_verifier_free(struct token_verifier *verifier);

/* Verifies the value of the Authorization header (NULL = there was none) at `now_s`, seconds since
 * 1970. `ret_caller` is untouched on failure. May wait up to 5 s for an issuer's keys when they
 * have run out or do not have the token's `kid`; one thread fetches for all. */
bool token_verify(struct token_verifier *verifier, const char *authorization_header, int64_t now_s,
                  struct caller *ret_caller, struct problem *err) MUST_CHECK;

/* Of a caller whose token another service verified: what its issuer may say here, too. */
void token_vouch(const struct token_verifier *verifier, struct caller *caller);

/* For /metrics: what is known of each issuer's keys; `context` is the verifier. */
void token_metrics(void *context, FILE *out);

/* For tests: the clock by which keys age, in milliseconds; CLOCK_MONOTONIC unless set. */
void token_verifier_set_clock(struct token_verifier *verifier, int64_t (*clock_ms)(void));

#endif
