#include "common/jws_sign.h"

#include <errno.h>
#include <jwt.h>
#include <string.h>

#include "common/base64url.h"

enum { HALF_SIZE = 32, WIDE_HALF_SIZE = 66 };

static void cleanup_jwt(jwt_t **jwt)
{
    jwt_free(*jwt);
}

static bool is_zero(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

/* libjwt 1.10.2 with GnuTLS writes r and s of every curve as 66 bytes (the size of P-521's); RFC
 * 7518 wants 32 for ES256. Drops the zeros in front, in place. */
static bool signature_narrow(char *token)
{
    char *text = strrchr(token, '.');
    unsigned char bytes[BASE64URL_DECODED_MAX(BASE64URL_TEXT_MAX(2 * WIDE_HALF_SIZE))];
    size_t size = 0;
    if (text == NULL || strlen(text + 1) >= BASE64URL_TEXT_MAX(2 * WIDE_HALF_SIZE) ||
        !base64url_decode(text + 1, strlen(text + 1), bytes, &size)) {
        return false;
    }
    if (size == 2 * HALF_SIZE) {
        return true;
    }
    const size_t extra = WIDE_HALF_SIZE - HALF_SIZE;
    if (size != 2 * WIDE_HALF_SIZE || !is_zero(bytes, extra) ||
        !is_zero(bytes + WIDE_HALF_SIZE, extra)) {
        return false;
    }
    memmove(bytes, bytes + extra, HALF_SIZE);
    memmove(bytes + HALF_SIZE, bytes + WIDE_HALF_SIZE + extra, HALF_SIZE);
    base64url_encode(bytes, 2 * HALF_SIZE, text + 1);
    return true;
}

bool jws_sign(const char *pem, const char *key_id, const json_t *claims, char **ret_text,
              struct problem *err)
{
    CLEANUP(cleanup_jwt) jwt_t *jwt = NULL;
    char_auto_t *payload = json_dumps(claims, JSON_COMPACT);
    if (payload == NULL || jwt_new(&jwt) != 0) {
        return problem_set(err, PROBLEM_INTERNAL, "no memory to sign");
    }
    /* An empty key would sign nothing and be no error. */
    if (pem[0] == '\0' || jwt_add_header(jwt, "kid", key_id) != 0 ||
        jwt_add_grants_json(jwt, payload) != 0 ||
        jwt_set_alg(jwt, JWT_ALG_ES256, (const unsigned char *)pem, (int)strlen(pem)) != 0) {
        return problem_set(err, PROBLEM_INTERNAL, "the key %s cannot be used to sign", key_id);
    }
    char_auto_t *text = jwt_encode_str(jwt);
    if (text == NULL || !signature_narrow(text)) {
        return problem_set(err, PROBLEM_INTERNAL, "the key %s does not sign: %s", key_id,
                           strerror(errno));
    }
    *ret_text = STEAL(text);
    return true;
}
