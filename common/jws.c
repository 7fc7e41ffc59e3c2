#include "common/jws.h"

#include <string.h>

#include "common/base64url.h"

static const struct jws_algorithm ALGORITHMS[] = {
    {"RS256", "RSA", NULL, 0, R_JWA_ALG_RS256},       {"RS384", "RSA", NULL, 0, R_JWA_ALG_RS384},
    {"RS512", "RSA", NULL, 0, R_JWA_ALG_RS512},       {"PS256", "RSA", NULL, 0, R_JWA_ALG_PS256},
    {"ES256", "EC", "P-256", 64, R_JWA_ALG_ES256},    {"ES384", "EC", "P-384", 96, R_JWA_ALG_ES384},
    {"EdDSA", "OKP", "Ed25519", 64, R_JWA_ALG_EDDSA},
};

/* Header members that would change what the token's other parts mean. */
static const char *const FORBIDDEN_MEMBERS[] = {"crit", "b64", "zip", "enc", "cty"};

enum { SIGNATURE_MIN = 64, SIGNATURE_MAX = 1024 };

const struct jws_algorithm *jws_algorithm(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(ALGORITHMS); i++) {
        if (strcmp(ALGORITHMS[i].name, name) == 0) {
            return &ALGORITHMS[i];
        }
    }
    return NULL;
}

void jws_done(struct jws *jws)
{
    json_decref(jws->payload);
    jws->payload = NULL;
}

static bool refuse(struct problem *err, const char *why)
{
    return problem_set(err, PROBLEM_UNAUTHENTICATED, "the token %s", why);
}

/* The parts of a token, as slices of its text. */
struct parts {
    const char *start[3];
    size_t length[3];
};

static bool parts_split(const char *text, struct parts *ret_parts, struct problem *err)
{
    if (strnlen(text, TOKEN_BYTES_MAX + 1) > TOKEN_BYTES_MAX) {
        return refuse(err, "is longer than 8 KiB");
    }
    const char *start = text;
    for (int i = 0; i < 3; i++) {
        size_t length = strcspn(start, ".");
        ret_parts->start[i] = start;
        ret_parts->length[i] = length;
        if (length == 0 || start[length] != (i < 2 ? '.' : '\0')) {
            return refuse(err, "does not have three parts");
        }
        start += length + 1;
    }
    return true;
}

/* A part that is a JSON object; NULL when it is anything else. */
static json_t *part_object(const char *text, size_t length)
{
    unsigned char bytes[BASE64URL_DECODED_MAX(TOKEN_BYTES_MAX)];
    size_t size = 0;
    if (!base64url_decode(text, length, bytes, &size)) {
        return NULL;
    }
    json_t *value = json_loadb((const char *)bytes, size, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(value)) {
        json_decref(value);
        return NULL;
    }
    return value;
}

/* Copies a text member that fits and is not empty. */
static bool member_copy(const json_t *object, const char *name, char *ret_text, size_t size)
{
    const json_t *value = json_object_get(object, name);
    size_t length = json_string_length(value);
    if (!json_is_string(value) || length == 0 || length >= size) {
        return false;
    }
    memcpy(ret_text, json_string_value(value), length + 1);
    return true;
}

static bool header_read(const json_t *header, struct jws *jws, struct problem *err)
{
    for (size_t i = 0; i < ARRAY_LENGTH(FORBIDDEN_MEMBERS); i++) {
        if (json_object_get(header, FORBIDDEN_MEMBERS[i]) != NULL) {
            return refuse(err, "has a header member that is not supported");
        }
    }
    const json_t *algorithm = json_object_get(header, "alg");
    if (!json_is_string(algorithm) ||
        (jws->algorithm = jws_algorithm(json_string_value(algorithm))) == NULL) {
        return refuse(err, "is not signed by an algorithm that is accepted here");
    }
    if (!member_copy(header, "kid", jws->key_id, sizeof jws->key_id)) {
        return refuse(err, "does not say which key signed it (kid)");
    }
    if (json_object_get(header, "typ") != NULL &&
        !member_copy(header, "typ", jws->type, sizeof jws->type)) {
        return refuse(err, "has no valid type (typ)");
    }
    return true;
}

static bool signature_check(const struct parts *parts, const struct jws_algorithm *algorithm,
                            struct problem *err)
{
    unsigned char bytes[BASE64URL_DECODED_MAX(TOKEN_BYTES_MAX)];
    size_t size = 0;
    if (!base64url_decode(parts->start[2], parts->length[2], bytes, &size)) {
        return refuse(err, "is not strict base64url");
    }
    bool fits = algorithm->signature_size > 0 ? size == algorithm->signature_size
                                              : size >= SIGNATURE_MIN && size <= SIGNATURE_MAX;
    return fits || refuse(err, "has a signature of the wrong size");
}

bool jws_read(const char *text, struct jws *ret_jws, struct problem *err)
{
    struct parts parts;
    if (!parts_split(text, &parts, err)) {
        return false;
    }
    json_auto_t *header = part_object(parts.start[0], parts.length[0]);
    if (header == NULL) {
        return refuse(err, "has no proper header");
    }
    struct jws jws = {.text = text};
    if (!header_read(header, &jws, err) || !signature_check(&parts, jws.algorithm, err)) {
        return false;
    }
    jws.payload = part_object(parts.start[1], parts.length[1]);
    if (jws.payload == NULL) {
        return refuse(err, "has no proper payload");
    }
    *ret_jws = jws;
    return true;
}

static void cleanup_jwt(jwt_t **jwt)
{
    r_jwt_free(*jwt);
}

bool jws_verify(const struct jws *jws, jwk_t *key, struct problem *err)
{
    CLEANUP(cleanup_jwt) jwt_t *jwt = NULL;
    if (r_jwt_init(&jwt) != RHN_OK) {
        return problem_set(err, PROBLEM_INTERNAL, "no memory to verify a token");
    }
    /* R_PARSE_NONE: rhonabwy would otherwise take over a key from the token's own header. */
    if (r_jwt_advanced_parse(jwt, jws->text, R_PARSE_NONE, R_FLAG_IGNORE_REMOTE) != RHN_OK ||
        r_jwt_get_type(jwt) != R_JWT_TYPE_SIGN || r_jwt_get_sign_alg(jwt) != jws->algorithm->code ||
        r_jwt_verify_signature(jwt, key, R_FLAG_IGNORE_REMOTE) != RHN_OK) {
        return refuse(err, "is not signed by its issuer");
    }
    return true;
}
