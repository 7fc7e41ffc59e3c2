#include "common/sign.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base64url.h"
#include "common/file_stamp.h"
#include "common/ids.h"
#include "common/jws_sign.h"
#include "common/memory.h"
#include "common/seen.h"

enum { PEM_BYTES_MAX = 16 * 1024 };

/* What it signs with. */
struct own_key {
    char kid[CODE_SIZE];
    char *pem;
};

struct signer {
    char service[CODE_SIZE];
    char *folder;
    pthread_rwlock_t lock; /* over `own` */
    struct own_key own;
    struct file_stamp stamp;   /* of the file that `own` is from ... */
    struct file_stamp refused; /* ... and of one that can't be used */
    struct key_set *keys;
    struct seen *seen;
};

static void close_file(FILE **file)
{
    if (*file != NULL)
        fclose(*file);
}

static bool pem_read(const char *file_name, char **ret_pem, struct problem *err)
{
    CLEANUP(close_file) FILE *file = fopen(file_name, "re");
    struct stat status;
    if (file == NULL || fstat(fileno(file), &status) != 0)
        return problem_set(err, PROBLEM_INTERNAL, "%s: cannot be read: %s", file_name,
                           strerror(errno));
    if ((status.st_mode & (S_IRWXO | S_IWGRP)) != 0)
        return problem_set(err, PROBLEM_INTERNAL,
                           "%s: a private key that others may read is none; chmod 600 it",
                           file_name);
    char_auto_t *pem = need(calloc(1, PEM_BYTES_MAX + 1));
    size_t size = fread(pem, 1, PEM_BYTES_MAX, file);
    if (ferror(file) || size == 0 || size == PEM_BYTES_MAX)
        return problem_set(err, PROBLEM_INTERNAL, "%s: is not a private key in PEM", file_name);
    *ret_pem = STEAL(pem);
    return true;
}

/* A coordinate as JWK writes it: 32 bytes, whatever zeros the number begins with. */
static bool coordinate_encode(const gnutls_datum_t *number, char ret_text[BASE64URL_TEXT_MAX(32)])
{
    unsigned char bytes[32] = {0};
    const unsigned char *from = number->data;
    unsigned size = number->size;
    while (size > sizeof bytes && *from == 0) {
        from++;
        size--;
    }
    if (size > sizeof bytes)
        return false;
    memcpy(bytes + sizeof bytes - size, from, size);
    base64url_encode(bytes, sizeof bytes, ret_text);
    return true;
}

static bool pem_point(const char *file_name, const char *pem, char ret_x[BASE64URL_TEXT_MAX(32)],
                      char ret_y[BASE64URL_TEXT_MAX(32)], struct problem *err)
{
    gnutls_privkey_t key;
    gnutls_datum_t text = {(unsigned char *)pem, (unsigned)strlen(pem)};
    gnutls_datum_t x = {NULL, 0}, y = {NULL, 0}, secret = {NULL, 0};
    gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
    if (gnutls_privkey_init(&key) < 0)
        abort();
    bool ok = gnutls_privkey_import_x509_raw(key, &text, GNUTLS_X509_FMT_PEM, NULL, 0) == 0 &&
              gnutls_privkey_get_pk_algorithm(key, NULL) == GNUTLS_PK_ECDSA &&
              gnutls_privkey_export_ecc_raw(key, &curve, &x, &y, &secret) == 0 &&
              curve == GNUTLS_ECC_CURVE_SECP256R1 && coordinate_encode(&x, ret_x) &&
              coordinate_encode(&y, ret_y);
    gnutls_free(x.data);
    gnutls_free(y.data);
    if (secret.data != NULL)
        gnutls_memset(secret.data, 0, secret.size);
    gnutls_free(secret.data);
    gnutls_privkey_deinit(key);
    if (!ok)
        return problem_set(err, PROBLEM_INTERNAL, "%s: is not an EC key on P-256 in PEM",
                           file_name);
    return true;
}

static void own_key_done(struct own_key *own)
{
    if (own->pem != NULL)
        explicit_bzero(own->pem, strlen(own->pem));
    free(own->pem);
    own->pem = NULL;
}
#define own_key_auto_t CLEANUP(own_key_done) struct own_key

/* Our key is the one whose public half is published under our name. */
static bool kid_find(struct signer *signer, const char *file_name, struct own_key *own,
                     struct problem *err)
{
    char x[BASE64URL_TEXT_MAX(32)], y[BASE64URL_TEXT_MAX(32)];
    bool is_retired;
    if (!pem_point(file_name, own->pem, x, y, err))
        return false;
    if (!key_set_kid(signer->keys, x, y, own->kid, &is_retired))
        return problem_set(err, PROBLEM_INTERNAL, "%s: its public half is not in %s/cluster.jwks",
                           file_name, signer->folder);
    size_t length = strlen(signer->service);
    if (strncmp(own->kid, signer->service, length) != 0 || own->kid[length] != '-')
        return problem_set(err, PROBLEM_INTERNAL, "%s: is published as %s, not as %s's", file_name,
                           own->kid, signer->service);
    if (is_retired)
        return problem_set(err, PROBLEM_INTERNAL, "%s: is %s, which is retired", file_name,
                           own->kid);
    return true;
}

static char *file_of(const struct signer *signer)
{
    char *name = NULL;
    if (asprintf(&name, "%s/%s.pem", signer->folder, signer->service) < 0)
        abort();
    return name;
}

/* The stamp comes first: a change while reading then shows at the next look. */
static bool own_key_read(struct signer *signer, struct own_key *ret_own,
                         struct file_stamp *ret_stamp, struct problem *err)
{
    char_auto_t *file_name = file_of(signer);
    own_key_auto_t own = {.pem = NULL};
    bool is_settled;
    if (!file_stamp_read(file_name, ret_stamp, &is_settled))
        memset(ret_stamp, 0, sizeof *ret_stamp);
    if (!pem_read(file_name, &own.pem, err) || !kid_find(signer, file_name, &own, err))
        return false;
    *ret_own = own;
    own.pem = NULL;
    return true;
}

bool signer_new(const char *service, const char *folder, struct signer **ret_signer,
                struct problem *err)
{
    char jwks_name[1024];
    struct signer *signer = need(calloc(1, sizeof *signer));
    signer->folder = text_copy(folder);
    /* As long as a token may be believed, whichever of two clocks is ahead. */
    signer->seen = seen_new(SERVICE_TOKEN_S + 2 * SERVICE_TOKEN_SKEW_S, SERVICE_TOKENS_MAX);
    pthread_rwlock_init(&signer->lock, NULL);
    snprintf(signer->service, sizeof signer->service, "%s", service);
    snprintf(jwks_name, sizeof jwks_name, "%s/cluster.jwks", folder);
    if (!key_set_load(jwks_name, &signer->keys, err) ||
        !own_key_read(signer, &signer->own, &signer->stamp, err)) {
        signer_free(signer);
        return false;
    }
    *ret_signer = signer;
    return true;
}

void signer_free(struct signer *signer)
{
    if (signer == NULL)
        return;
    own_key_done(&signer->own);
    pthread_rwlock_destroy(&signer->lock);
    free(signer->folder);
    key_set_free(signer->keys);
    seen_free(signer->seen);
    free(signer);
}

bool signer_refresh(struct signer *signer, bool *ret_has_changed, struct problem *err)
{
    struct own_key own;
    struct file_stamp stamp;
    struct problem why = {0};
    char_auto_t *file_name = file_of(signer);
    bool is_settled;
    *ret_has_changed = false;
    key_set_refresh(signer->keys, true);
    if (!file_stamp_read(file_name, &stamp, &is_settled) ||
        memcmp(&stamp, &signer->stamp, sizeof stamp) == 0)
        return true;
    if (!own_key_read(signer, &own, &stamp, &why)) {
        bool is_said = memcmp(&stamp, &signer->refused, sizeof stamp) == 0;
        signer->refused = stamp;
        if (!is_said)
            *err = why;
        return is_said;
    }
    pthread_rwlock_wrlock(&signer->lock);
    struct own_key old = signer->own;
    signer->own = own;
    pthread_rwlock_unlock(&signer->lock);
    signer->stamp = stamp;
    *ret_has_changed = strcmp(old.kid, own.kid) != 0;
    own_key_done(&old);
    return true;
}

struct key_set *signer_keys(struct signer *signer)
{
    return signer->keys;
}

const char *signer_service(const struct signer *signer)
{
    return signer->service;
}

struct seen *signer_seen(struct signer *signer)
{
    return signer->seen;
}

void signer_derive(struct signer *signer, const char *purpose, unsigned char ret_secret[32])
{
    pthread_rwlock_rdlock(&signer->lock);
    int code = gnutls_hmac_fast(GNUTLS_MAC_SHA256, signer->own.pem, strlen(signer->own.pem),
                                purpose, strlen(purpose), ret_secret);
    pthread_rwlock_unlock(&signer->lock);
    if (code < 0)
        abort();
}

static bool claims_sign(struct signer *signer, const json_t *claims, char **ret_jws,
                        struct problem *err)
{
    pthread_rwlock_rdlock(&signer->lock);
    bool ok = jws_sign(signer->own.pem, signer->own.kid, claims, ret_jws, err);
    pthread_rwlock_unlock(&signer->lock);
    return ok;
}

bool signer_sign_message(struct signer *signer, const struct message *message, int64_t now_s,
                         char ret_id[UUID_SIZE], char ret_token[SERVICE_TOKEN_SIZE],
                         struct problem *err)
{
    char digest[DIGEST_SIZE];
    char_auto_t *jws = NULL;
    uuid_new(now_s * 1000, ret_id);
    digest_of_bytes(message->text, message->size, digest);
    json_auto_t *claims = json_pack(
        "{s:s, s:s, s:I, s:I, s:s, s:s, s:s*, s:s*}", "iss", signer->service, "aud",
        message->audience, "iat", (json_int_t)now_s, "exp", (json_int_t)(now_s + SERVICE_TOKEN_S),
        "jti", ret_id, "digest", digest, "to", message->address, "inReplyTo", message->in_reply_to);
    if (claims == NULL)
        abort();
    if (!claims_sign(signer, claims, &jws, err))
        return false;
    if (strlen(jws) >= SERVICE_TOKEN_SIZE)
        return problem_set(err, PROBLEM_INTERNAL, "a service token of %zu bytes is too long",
                           strlen(jws));
    snprintf(ret_token, SERVICE_TOKEN_SIZE, "%s", jws);
    return true;
}

bool signer_sign_head(struct signer *signer, const struct journal_head *head, char **ret_jws,
                      struct problem *err)
{
    char hash[2 * HASH_BYTES + 1];
    hash_format(&head->hash, hash);
    json_auto_t *claims = json_pack(
        "{s:s, s:s, s:I, s:s, s:I}", "service", head->service, "alliance", head->alliance_id,
        "sequence", (json_int_t)head->sequence, "hash", hash, "iat", (json_int_t)head->signed_at_s);
    if (claims == NULL)
        abort();
    return claims_sign(signer, claims, ret_jws, err);
}
