/* Signed tokens in the compact form (RFC 7515): reading them strictly, and verifying one with one
 * explicit key. Knows nothing of issuers, claims or time. rhonabwy verifies; it is given nothing
 * that it might fetch, and never a key from the token itself. Any thread; a struct jws belongs to
 * one. */
#ifndef ACCORD_COMMON_JWS_H
#define ACCORD_COMMON_JWS_H

#include <jansson.h>
#include <rhonabwy.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/problem.h"

enum { JWS_TYPE_SIZE = 32 };

/* An algorithm that Accord takes: never `none`, never a shared secret. */
struct jws_algorithm {
    const char *name;
    const char *key_type;  /* the `kty` of its keys */
    const char *curve;     /* their `crv`; NULL for RSA */
    size_t signature_size; /* in bytes; 0 = the size of the key's modulus */
    jwa_alg code;
};
/* NULL when Accord does not take it; names are case-sensitive. */
const struct jws_algorithm *jws_algorithm(const char *name);

/* A token that has been read, not verified. */
struct jws {
    const char *text; /* borrowed */
    const struct jws_algorithm *algorithm;
    char type[JWS_TYPE_SIZE]; /* `typ`; "" when absent */
    char key_id[IDENTITY_SIZE];
    json_t *payload; /* an object, unproven until jws_verify() */
};
void jws_done(struct jws *jws);
#define jws_auto_t CLEANUP(jws_done) struct jws

/* Three parts of strict base64url in at most TOKEN_BYTES_MAX bytes; header and payload objects
 * without duplicate members; no `crit`, `b64`, `zip`, `enc`, `cty`; an algorithm that we take, a
 * `kid`, and a signature of the size that the algorithm makes. `jku`, `x5u`, `jwk`, `x5c` are
 * ignored. Fails with PROBLEM_UNAUTHENTICATED. */
bool jws_read(const char *text, struct jws *ret_jws, struct problem *err) MUST_CHECK;

/* The signature, by this key and no other. The key fits the algorithm (jwks_find). */
bool jws_verify(const struct jws *jws, jwk_t *key, struct problem *err) MUST_CHECK;

#endif
