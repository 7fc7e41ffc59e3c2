/* Tokens for development, signed with libjwt (ES256) by the development issuer's own key. A real
 * deployment has no such key and no such issuer in its issuers file. Any thread. */
#ifndef ACCORD_COMMON_DEVELOPMENT_TOKEN_H
#define ACCORD_COMMON_DEVELOPMENT_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/problem.h"

#define DEVELOPMENT_ISSUER "https://issuer.accord.example"

enum { DEVELOPMENT_TOKEN_MINUTES_MAX = 60 };

struct development_token {
    const char *issuer;
    const char *audience;
    const char *subject;
    const char *client;
    const char *organisation; /* NULL or "" = none */
    const char *scope;        /* separated by spaces; NULL or "" = none */
    int minutes;              /* 1-60 */
};

/* Signs with `<keys>/issuer.pem`, under the `kid` by which `<keys>/issuer.jwks` publishes that key.
 * Fails with a sentence for the operator when the key cannot be read, is no private P-256 key, or
 * is not published there. The caller frees the token. */
bool development_token_mint(const char *keys, const struct development_token *token, int64_t now_s,
                            char **ret_token, struct problem *err) MUST_CHECK;

#endif
