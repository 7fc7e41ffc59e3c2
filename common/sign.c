#include "common/sign.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base64url.h"
#include "common/ids.h"
#include "common/jws_sign.h"
#include "common/seen.h"

enum { PEM_BYTES_MAX = 16 * 1024 };

struct signer {
    char service[CODE_SIZE];
    char kid[CODE_SIZE];
    char *pem;
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
    char_auto_t *pem = calloc(1, PEM_BYTES_MAX + 1);
    if (pem == NULL)
        abort();
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

/* Our key is the one whose public half is published under our name. */
static bool signer_find_kid(struct signer *signer, const char *folder, const char *file_name,
                            struct problem *err)
{
    char x[BASE64URL_TEXT_MAX(32)], y[BASE64URL_TEXT_MAX(32)];
    if (!pem_point(file_name, signer->pem, x, y, err))
        return false;
    if (!key_set_kid(signer->keys, x, y, signer->kid))
        return problem_set(err, PROBLEM_INTERNAL, "%s: its public half is not in %s/cluster.jwks",
                           file_name, folder);
    size_t length = strlen(signer->service);
    if (strncmp(signer->kid, signer->service, length) != 0 || signer->kid[length] != '-')
        return problem_set(err, PROBLEM_INTERNAL, "%s: is published as %s, not as %s's", file_name,
                           signer->kid, signer->service);
    return true;
}

bool signer_new(const char *service, const char *folder, struct signer **ret_signer,
                struct problem *err)
{
    char file_name[1024], jwks_name[1024];
    struct signer *signer = calloc(1, sizeof *signer);
    if (signer == NULL)
        abort();
    /* As long as a token may be believed, whichever of two clocks is ahead. */
    signer->seen = seen_new(SERVICE_TOKEN_S + 2 * SERVICE_TOKEN_SKEW_S, SERVICE_TOKENS_MAX);
    snprintf(signer->service, sizeof signer->service, "%s", service);
    snprintf(file_name, sizeof file_name, "%s/%s.pem", folder, service);
    snprintf(jwks_name, sizeof jwks_name, "%s/cluster.jwks", folder);
    if (!key_set_load(jwks_name, &signer->keys, err) || !pem_read(file_name, &signer->pem, err) ||
        !signer_find_kid(signer, folder, file_name, err)) {
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
    if (signer->pem != NULL)
        explicit_bzero(signer->pem, strlen(signer->pem));
    free(signer->pem);
    key_set_free(signer->keys);
    seen_free(signer->seen);
    free(signer);
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

void signer_derive(const struct signer *signer, const char *purpose, unsigned char ret_secret[32])
{
    if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, signer->pem, strlen(signer->pem), purpose,
                         strlen(purpose), ret_secret) < 0)
        abort();
}

static bool claims_sign(const struct signer *signer, const json_t *claims, char **ret_jws,
                        struct problem *err)
{
    return jws_sign(signer->pem, signer->kid, claims, ret_jws, err);
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
