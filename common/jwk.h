/* Public keys as JWKS documents give them (RFC 7517), each checked before it is believed: RSA of
 * 2048 bits at least, points that lie on their curve, meant for verifying. No private keys, no
 * shared secrets, no certificates, nothing fetched. A struct jwk_set belongs to one thread at a
 * time. */
#ifndef ACCORD_COMMON_JWK_H
#define ACCORD_COMMON_JWK_H

#include "common/jws.h"

enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 8192 };

struct jwk_entry {
    char id[IDENTITY_SIZE]; /* `kid`: any text, never a path */
    char type[8];           /* `kty` */
    char curve[16];         /* "" for RSA */
    char algorithm[16];     /* `alg`; "" = any that fits type and curve */
    jwk_t *key;             /* nothing in it but the public numbers */
};

struct jwk_set {
    struct jwk_entry *items;
    size_t count;
};
void jwk_set_done(struct jwk_set *set);

/* Fails unless the text is an object with an array `keys` (without duplicate members). Keys that
 * cannot be used are left out: a document may hold keys for other purposes. */
bool jwk_set_parse(const char *text, size_t size, struct jwk_set *ret_set,
                   struct problem *err) MUST_CHECK;

/* The first key of that id which fits the algorithm; NULL when there is none. */
const struct jwk_entry *jwk_set_find(const struct jwk_set *set, const char *key_id,
                                     const struct jws_algorithm *algorithm);

#endif
