/* What a token says, judged: a pure function of the claims, the time and what its issuer may say.
 * Knows nothing of signatures. Reads jansson trees, but no clock, file or network. */
#ifndef ACCORD_COMMON_CLAIMS_H
#define ACCORD_COMMON_CLAIMS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/access.h"
#include "common/issuer.h"

enum {
    CLAIMS_SKEW_S = 30, /* how far clocks may differ, for what begins (nbf, iat); exp is exact */
    CLAIMS_LIFETIME_S = 3600, /* the longest life of a token */
};

/* `iss` and `aud` exactly ours, `exp`, `iat`, `nbf` as integers within the skew, a life of at most
 * an hour, no mark of an ID or logout token, `sub`, client (`client_id` | `azp` | `appid`, which
 * agree), `jti` (legacy issuers: or Entra's `uti`), scopes (`scope` | `scp`; those that no
 * operation of ours could ask for are left out), and an organisation only if this issuer may
 * assert it. Fails with PROBLEM_UNAUTHENTICATED; the outputs are untouched then. */
bool claims_check(const json_t *claims, const struct issuer *issuer, int64_t now_s,
                  struct caller *ret_caller, int64_t *ret_expires_s,
                  struct problem *err) MUST_CHECK;

#endif
