/* Signing what Accord mints, with libjwt and ES256, in the compact form that jws.h reads. Any
 * thread. */
#ifndef ACCORD_COMMON_JWS_SIGN_H
#define ACCORD_COMMON_JWS_SIGN_H

#include <jansson.h>
#include <stdbool.h>

#include "common/problem.h"

/* `pem` is a private P-256 key, `key_id` the `kid` by which it is published. The type is JWT,
 * whatever libjwt is told. The caller frees the text. PROBLEM_INTERNAL when the key does not sign.
 */
bool jws_sign(const char *pem, const char *key_id, const json_t *claims, char **ret_text,
              struct problem *err) MUST_CHECK;

#endif
