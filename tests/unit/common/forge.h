/* Makes keys and tokens, good and bad, for the tests of token verification. */
#ifndef ACCORD_TESTS_FORGE_H
#define ACCORD_TESTS_FORGE_H

#include <assert.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "common/base64url.h"
#include "common/cleanup.h"

#define FORGE_UNUSED __attribute__((unused))

struct forge_key {
    gnutls_privkey_t private;
    const char *id;
    const char *type;  /* "RSA", "EC", "OKP" */
    const char *curve; /* NULL for RSA */
};

FORGE_UNUSED static struct forge_key forge_key_new(const char *id, const char *curve, unsigned bits)
{
    struct forge_key key = {.id = id, .curve = curve};
    gnutls_pk_algorithm_t algorithm = GNUTLS_PK_RSA;
    key.type = "RSA";
    if (curve != NULL && strcmp(curve, "Ed25519") == 0) {
        algorithm = GNUTLS_PK_EDDSA_ED25519;
        key.type = "OKP";
        bits = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_ED25519);
    } else if (curve != NULL) {
        algorithm = GNUTLS_PK_ECDSA;
        key.type = "EC";
        bits = GNUTLS_CURVE_TO_BITS(strcmp(curve, "P-256") == 0 ? GNUTLS_ECC_CURVE_SECP256R1
                                                                : GNUTLS_ECC_CURVE_SECP384R1);
    }
    assert(gnutls_privkey_init(&key.private) == 0);
    assert(gnutls_privkey_generate(key.private, algorithm, bits, 0) == 0);
    return key;
}

FORGE_UNUSED static json_t *forge_number(gnutls_datum_t *number)
{
    char text[BASE64URL_TEXT_MAX(2048)];
    base64url_encode(number->data, number->size, text);
    gnutls_free(number->data);
    return json_string(text);
}

/* A number as `size` bytes: GnuTLS may give a sign byte too many, or leave zeros out. */
FORGE_UNUSED static void forge_widen(const gnutls_datum_t *number, size_t size, unsigned char *ret)
{
    size_t length = number->size < size ? number->size : size;
    memset(ret, 0, size);
    memcpy(ret + size - length, number->data + number->size - length, length);
}

FORGE_UNUSED static json_t *forge_coordinate(gnutls_datum_t *number, size_t size)
{
    unsigned char bytes[64];
    forge_widen(number, size, bytes);
    gnutls_free(number->data);
    char text[BASE64URL_TEXT_MAX(sizeof bytes)];
    base64url_encode(bytes, size, text);
    return json_string(text);
}

/* The public key as an entry of a JWKS. */
FORGE_UNUSED static json_t *forge_jwk(const struct forge_key *key)
{
    json_t *jwk = json_pack("{s:s, s:s, s:s}", "kid", key->id, "kty", key->type, "use", "sig");
    gnutls_datum_t first = {0}, second = {0};
    if (key->curve == NULL) {
        assert(gnutls_privkey_export_rsa_raw2(key->private, &first, &second, NULL, NULL, NULL, NULL,
                                              NULL, NULL, GNUTLS_EXPORT_FLAG_NO_LZ) == 0);
        json_object_set_new(jwk, "n", forge_number(&first));
        json_object_set_new(jwk, "e", forge_number(&second));
        return jwk;
    }
    gnutls_ecc_curve_t curve;
    gnutls_pubkey_t public;
    assert(gnutls_pubkey_init(&public) == 0);
    assert(gnutls_pubkey_import_privkey(public, key->private, 0, 0) == 0);
    assert(gnutls_pubkey_export_ecc_raw2(public, &curve, &first, &second, 0) == 0);
    gnutls_pubkey_deinit(public);
    size_t size = strcmp(key->curve, "P-384") == 0 ? 48 : 32;
    json_object_set_new(jwk, "crv", json_string(key->curve));
    json_object_set_new(jwk, "x", forge_coordinate(&first, size));
    if (strcmp(key->type, "EC") == 0) {
        json_object_set_new(jwk, "y", forge_coordinate(&second, size));
    }
    return jwk;
}

/* r and s side by side, each `size` bytes. */
FORGE_UNUSED static void forge_flatten(const gnutls_datum_t *der, size_t size, unsigned char *ret)
{
    gnutls_datum_t number[2];
    assert(gnutls_decode_rs_value(der, &number[0], &number[1]) == 0);
    for (size_t i = 0; i < 2; i++) {
        forge_widen(&number[i], size, ret + i * size);
        gnutls_free(number[i].data);
    }
}

/* The signature as `alg` wants it; returns its size. */
FORGE_UNUSED static size_t forge_sign(const struct forge_key *key, const char *alg,
                                      const char *text, unsigned char ret_signature[1024])
{
    static const struct {
        const char *name;
        gnutls_sign_algorithm_t code;
        size_t half;
    } ALGS[] = {
        {"RS256", GNUTLS_SIGN_RSA_SHA256, 0},    {"RS384", GNUTLS_SIGN_RSA_SHA384, 0},
        {"RS512", GNUTLS_SIGN_RSA_SHA512, 0},    {"PS256", GNUTLS_SIGN_RSA_PSS_SHA256, 0},
        {"ES256", GNUTLS_SIGN_ECDSA_SHA256, 32}, {"ES384", GNUTLS_SIGN_ECDSA_SHA384, 48},
        {"EdDSA", GNUTLS_SIGN_EDDSA_ED25519, 0},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(ALGS); i++) {
        if (strcmp(ALGS[i].name, alg) == 0) {
            gnutls_datum_t data = {(unsigned char *)text, (unsigned)strlen(text)};
            gnutls_datum_t signature = {0};
            assert(gnutls_privkey_sign_data2(key->private, ALGS[i].code, 0, &data, &signature) ==
                   0);
            size_t size = signature.size;
            if (ALGS[i].half > 0) {
                size = 2 * ALGS[i].half;
                forge_flatten(&signature, ALGS[i].half, ret_signature);
            } else {
                memcpy(ret_signature, signature.data, size);
            }
            gnutls_free(signature.data);
            return size;
        }
    }
    assert(false && "an algorithm that the forge knows");
    return 0;
}

/* "header.payload" of these texts, byte for byte. */
FORGE_UNUSED static char *forge_unsigned(const char *header, const char *payload,
                                         size_t payload_size)
{
    size_t header_size = strlen(header);
    size_t size = BASE64URL_TEXT_MAX(header_size) + BASE64URL_TEXT_MAX(payload_size) + 1;
    char *text = malloc(size);
    assert(text != NULL);
    base64url_encode(header, header_size, text);
    size_t length = strlen(text);
    text[length] = '.';
    base64url_encode(payload, payload_size, text + length + 1);
    return text;
}

/* "Bearer " + signing input + "." + signature. */
FORGE_UNUSED static char *forge_header(const char *signing_input, const void *signature,
                                       size_t size)
{
    char *text = malloc(7 + strlen(signing_input) + 1 + BASE64URL_TEXT_MAX(size));
    assert(text != NULL);
    size_t length = (size_t)sprintf(text, "Bearer %s.", signing_input);
    base64url_encode(signature, size, text + length);
    return text;
}

/* An Authorization header with a token of these texts, signed by `key` as `alg`. */
FORGE_UNUSED static char *forge_token(const struct forge_key *key, const char *alg,
                                      const char *header, const char *payload)
{
    char_auto_t *input = forge_unsigned(header, payload, strlen(payload));
    unsigned char signature[1024];
    size_t size = forge_sign(key, alg, input, signature);
    return forge_header(input, signature, size);
}

#endif
