/* What Accord signs for itself, ES256: the tokens by which services prove their messages on the
 * bus, and the journal heads that partners keep as proof. libjwt signs (sign.c), rhonabwy verifies
 * (sign_check.c), always with one explicit key of the cluster's published ones, chosen by `kid`;
 * a key's kid is its service's name, "-" and a number, so that no service can speak as another.
 * Any thread. */
#ifndef ACCORD_COMMON_SIGN_H
#define ACCORD_COMMON_SIGN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/chain.h"
#include "common/problem.h"

enum {
    SERVICE_TOKEN_S = 10, /* how long one is good: longer than anybody waits for an answer */
    SERVICE_TOKEN_SKEW_S = 5,
    SERVICE_TOKEN_SIZE = 1024,
    SERVICE_TOKENS_MAX = 32 * 1024, /* questions that are remembered at a time */
};

/* The cluster's public keys (cluster.jwks). Read again when the file has changed and a token names
 * a kid that is not there: a rotated key needs no restart. A key with "exp" (seconds since 1970) is
 * retired: what it signed until then is proven for ever, what claims to be from later never. */
struct key_set;
bool key_set_load(const char *file, struct key_set **ret_keys, struct problem *err) MUST_CHECK;
void key_set_free(struct key_set *keys);
static inline void key_set_done(struct key_set **keys)
{
    key_set_free(*keys);
}
#define key_set_auto_t CLEANUP(key_set_done) struct key_set

/* Verifies a compact JWS: ES256, typ JWT, a kid of these keys. `ret_service` is whose key it is,
 * `ret_claims` the payload. Claims are the caller's to check. */
bool key_set_verify(struct key_set *keys, const char *token, char ret_service[CODE_SIZE],
                    json_t **ret_claims, struct problem *err) MUST_CHECK;
/* The kid whose public key has these coordinates (base64url), and whether it signs no more. */
bool key_set_kid(struct key_set *keys, const char *x, const char *y, char ret_kid[CODE_SIZE],
                 bool *ret_is_retired);
/* Reads the file again: if it has changed; or else also when that was not tried in this second. */
void key_set_refresh(struct key_set *keys, bool only_if_changed);

/* A service's own private key, and everybody's public ones. */
struct signer;
/* Reads <folder>/<service>.pem and <folder>/cluster.jwks. Refuses a key that is not P-256, that
 * others may read, that is not published as this service's, or that is retired. */
bool signer_new(const char *service, const char *folder, struct signer **ret_signer,
                struct problem *err) MUST_CHECK;
void signer_free(struct signer *signer);
/* Signs with the key that stands in its file now, if that has changed and may be used; until it
 * may, the old one goes on. Says in `ret_has_changed` that it did. Fails once for each change that
 * can't be used: ask again, what is not published yet may be soon. One thread. */
bool signer_refresh(struct signer *signer, bool *ret_has_changed, struct problem *err) MUST_CHECK;
struct key_set *signer_keys(struct signer *signer);
const char *signer_service(const struct signer *signer);
/* What was asked of us lately. */
struct seen *signer_seen(struct signer *signer);

/* 32 bytes that only holders of our key know, another for each purpose. */
void signer_derive(struct signer *signer, const char *purpose, unsigned char ret_secret[32]);

/* A message that a token is about: these very bytes, said to this service and nobody else. */
struct message {
    const char *text;
    size_t size;
    const char *audience;    /* the service; whoever checks knows that it is that one */
    const char *address;     /* a question: the one instance that it is for, else NULL */
    const char *in_reply_to; /* a reply: the id of the question's token, else NULL */
};
/* A token that says to the audience who says this message; `ret_id` is its own (jti). */
bool signer_sign_message(struct signer *signer, const struct message *message, int64_t now_s,
                         char ret_id[UUID_SIZE], char ret_token[SERVICE_TOKEN_SIZE],
                         struct problem *err) MUST_CHECK;
/* Verifies a token for us at `now_s` (seconds since 1970): of this message, never seen before when
 * it is a question. `expected` is the service it must come from, NULL = any. Fails with
 * UNAUTHENTICATED; UNAVAILABLE when more was asked than can be remembered. */
bool signer_check_message(struct signer *signer, const char *token, const char *expected,
                          const struct message *message, int64_t now_s, char ret_service[CODE_SIZE],
                          char ret_id[UUID_SIZE], struct problem *err) MUST_CHECK;

/* The tail of a journal at some time, as partners keep it. */
struct journal_head {
    char service[CODE_SIZE];
    char alliance_id[UUID_SIZE];
    int64_t sequence;
    struct hash hash;
    int64_t signed_at_s;
};
/* Compact JWS with the claims service, alliance, sequence, hash (hex) and iat; the caller frees it.
 */
bool signer_sign_head(struct signer *signer, const struct journal_head *head, char **ret_jws,
                      struct problem *err) MUST_CHECK;
/* Verifies one; `keys` NULL reads the claims without a signature check. */
bool journal_head_read(struct key_set *keys, const char *jws, struct journal_head *ret_head,
                       struct problem *err) MUST_CHECK;

#endif
