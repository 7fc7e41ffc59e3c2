#include "common/development_token.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "common/base64url.h"
#include "common/ids.h"
#include "common/jws_sign.h"

enum { PATH_SIZE = 4096, PEM_MAX = 16 * 1024, COORDINATE_SIZE = 32 };

static void cleanup_privkey(gnutls_privkey_t *key)
{
    gnutls_privkey_deinit(*key);
}

/* Reads the private key's PEM; `ret_pem` ends with a zero. */
static bool key_read(const char *path, char ret_pem[PEM_MAX], struct problem *err)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return problem_set(err, PROBLEM_INTERNAL, "the development key %s cannot be read: %s", path,
                           strerror(errno));
    }
    size_t size = fread(ret_pem, 1, PEM_MAX - 1, file);
    fclose(file);
    ret_pem[size] = '\0';
    return size > 0 || problem_set(err, PROBLEM_INTERNAL, "the development key %s is empty", path);
}

/* A coordinate of the key's point as a JWKS writes it. */
static void coordinate_write(gnutls_datum_t *number,
                             char ret_text[BASE64URL_TEXT_MAX(COORDINATE_SIZE)])
{
    unsigned char bytes[COORDINATE_SIZE] = {0};
    size_t length = number->size < COORDINATE_SIZE ? number->size : COORDINATE_SIZE;
    memcpy(bytes + COORDINATE_SIZE - length, number->data + number->size - length, length);
    gnutls_free(number->data);
    base64url_encode(bytes, sizeof bytes, ret_text);
}

/* The public x and y of a private P-256 key. */
static bool key_point(const char *path, const char *pem, char *ret_x, char *ret_y,
                      struct problem *err)
{
    CLEANUP(cleanup_privkey) gnutls_privkey_t key = NULL;
    gnutls_datum_t text = {(unsigned char *)pem, (unsigned)strlen(pem)};
    gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
    gnutls_datum_t x = {0}, y = {0}, secret = {0};
    if (gnutls_privkey_init(&key) != 0 ||
        gnutls_privkey_import_x509_raw(key, &text, GNUTLS_X509_FMT_PEM, NULL, 0) != 0) {
        return problem_set(err, PROBLEM_INTERNAL, "%s is no private key", path);
    }
    if (gnutls_privkey_export_ecc_raw2(key, &curve, &x, &y, &secret, 0) != 0) {
        return problem_set(err, PROBLEM_INTERNAL, "%s is no elliptic-curve key", path);
    }
    gnutls_memset(secret.data, 0, secret.size);
    gnutls_free(secret.data);
    coordinate_write(&x, ret_x);
    coordinate_write(&y, ret_y);
    return curve == GNUTLS_ECC_CURVE_SECP256R1 ||
           problem_set(err, PROBLEM_INTERNAL, "%s is no P-256 key", path);
}

static bool member_is(const json_t *object, const char *name, const char *text)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value != NULL && strcmp(value, text) == 0;
}

/* The id under which the development issuer publishes this key. */
static bool key_id_find(const char *keys, const char *pem_path, const char *pem,
                        char ret_id[IDENTITY_SIZE], struct problem *err)
{
    char x[BASE64URL_TEXT_MAX(COORDINATE_SIZE)], y[BASE64URL_TEXT_MAX(COORDINATE_SIZE)];
    if (!key_point(pem_path, pem, x, y, err)) {
        return false;
    }
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/issuer.jwks", keys);
    json_error_t error;
    json_auto_t *document = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (document == NULL) {
        return problem_set(err, PROBLEM_INTERNAL, "the development issuer's keys: %s: %s", path,
                           error.text);
    }
    const json_t *published = json_object_get(document, "keys");
    for (size_t i = 0; i < json_array_size(published); i++) {
        const json_t *key = json_array_get(published, i);
        const char *id = json_string_value(json_object_get(key, "kid"));
        if (id != NULL && strlen(id) < IDENTITY_SIZE && member_is(key, "x", x) &&
            member_is(key, "y", y)) {
            strcpy(ret_id, id);
            return true;
        }
    }
    return problem_set(err, PROBLEM_INTERNAL,
                       "%s is not the development issuer's key: %s does not publish it", pem_path,
                       path);
}

static json_t *claims_of(const struct development_token *token, int64_t now_s)
{
    char id[UUID_SIZE];
    uuid_new(now_s * 1000, id);
    json_t *claims = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "iss", token->issuer, "aud", token->audience,
        "sub", token->subject, "client_id", token->client, "jti", id, "iat", (json_int_t)now_s,
        "nbf", (json_int_t)now_s, "exp", (json_int_t)(now_s + token->minutes * INT64_C(60)));
    const char *const optional[][2] = {{"organisation", token->organisation},
                                       {"scope", token->scope}};
    for (size_t i = 0; i < ARRAY_LENGTH(optional); i++) {
        if (optional[i][1] != NULL && optional[i][1][0] != '\0') {
            json_object_set_new(claims, optional[i][0], json_string(optional[i][1]));
        }
    }
    return claims;
}

bool development_token_mint(const char *keys, const struct development_token *token, int64_t now_s,
                            char **ret_token, struct problem *err)
{
    if (token->minutes < 1 || token->minutes > DEVELOPMENT_TOKEN_MINUTES_MAX) {
        return problem_set(err, PROBLEM_INTERNAL, "a token lives 1 to %d minutes",
                           DEVELOPMENT_TOKEN_MINUTES_MAX);
    }
    char path[PATH_SIZE], pem[PEM_MAX], id[IDENTITY_SIZE];
    snprintf(path, sizeof path, "%s/issuer.pem", keys);
    if (!key_read(path, pem, err) || !key_id_find(keys, path, pem, id, err)) {
        return false;
    }
    json_auto_t *claims = claims_of(token, now_s);
    if (claims == NULL) {
        return problem_set(err, PROBLEM_INTERNAL, "the claims are no proper text");
    }
    bool is_signed = jws_sign(pem, id, claims, ret_token, err);
    gnutls_memset(pem, 0, sizeof pem);
    return is_signed;
}
