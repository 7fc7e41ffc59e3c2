/* Two issuers with keys of every kind, good and bad, and a verifier that knows them: what the tests
 * of token verification share. */
#ifndef ACCORD_TESTS_TOKEN_FIXTURE_H
#define ACCORD_TESTS_TOKEN_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/token.h"
#include "tests/unit/common/forge.h"
#include "tests/unit/common/loopback.h"

#define ISSUER_A "https://login.zz1.example"
#define ISSUER_B "https://login.zz2.example"
#define AUDIENCE "https://accord.example"
#define NOW_S INT64_C(1780000000)

enum key_name { KEY_ES256, KEY_RSA, KEY_ES384, KEY_ED, KEY_B, KEY_WEAK, KEY_UNKNOWN, KEY_COUNT };

/* What all tests share, made once. */
static struct fixture {
    char folder[64];
    struct forge_key keys[KEY_COUNT];
    struct token_verifier *verifier;
    struct loopback *server; /* nobody may ask it anything */
} fixture;

static inline void file_write(const char *name, json_t *content)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", fixture.folder, name);
    assert_int_equal(json_dump_file(content, path, 0), 0);
    json_decref(content);
}

static inline json_t *key_with(const struct forge_key *key, const char *id, const char *member,
                               const char *value)
{
    json_t *jwk = forge_jwk(key);
    json_object_set_new(jwk, "kid", json_string(id));
    if (member != NULL) {
        json_object_set_new(jwk, member, json_string(value));
    }
    return jwk;
}

/* Issuer A's keys: good ones, and some that must never be used. */
static inline json_t *keys_of_a(void)
{
    json_t *keys = json_array();
    for (int i = KEY_ES256; i <= KEY_ED; i++) {
        json_array_append_new(keys, forge_jwk(&fixture.keys[i]));
    }
    const struct forge_key *good = &fixture.keys[KEY_ES256];
    json_array_append_new(keys, forge_jwk(&fixture.keys[KEY_WEAK]));
    json_array_append_new(keys, key_with(good, "encrypts", "use", "enc"));
    json_array_append_new(keys, key_with(good, "leaked", "d", "AAAA"));
    json_array_append_new(keys, key_with(good, "other-alg", "alg", "ES384"));
    json_array_append_new(keys, json_pack("{s:s, s:s, s:s}", "kid", "secret", "kty", "oct", "k",
                                          "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"));
    json_t *off_curve = forge_jwk(good);
    json_object_set_new(off_curve, "kid", json_string("off-curve"));
    json_object_set_new(off_curve, "y", json_string("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"));
    json_array_append_new(keys, off_curve);
    return json_pack("{s:o}", "keys", keys);
}

static inline json_t *issuers(void)
{
    return json_pack("[{s:s, s:s, s:[s, s, s, s, s, s], s:s, s:[s], s:{s:s}}, {s:s, s:s, s:b, "
                     "s:[s], s:s, s:[s]}]",
                     "issuer", ISSUER_A, "jwks", "a.jwks", "algorithms", "ES256", "ES384", "RS256",
                     "RS512", "PS256", "EdDSA", "organisationClaim", "organisation",
                     "organisations", "ZZ1", "clients", "zz1-system", "ZZ1",
                     /* */
                     "issuer", ISSUER_B, "jwks", "b.jwks", "legacy", 1, "algorithms", "ES256",
                     "organisationClaim", "organisation", "organisations", "ZZ2");
}

static inline int fixture_setup(void **state)
{
    (void)state;
    fixture.keys[KEY_ES256] = forge_key_new("k1", "P-256", 0);
    fixture.keys[KEY_RSA] = forge_key_new("rsa", NULL, 2048);
    fixture.keys[KEY_ES384] = forge_key_new("k384", "P-384", 0);
    fixture.keys[KEY_ED] = forge_key_new("ed", "Ed25519", 0);
    fixture.keys[KEY_B] = forge_key_new("k1", "P-256", 0); /* the same kid at another issuer */
    fixture.keys[KEY_WEAK] = forge_key_new("weak", NULL, 1024);
    fixture.keys[KEY_UNKNOWN] = forge_key_new("k1", "P-256", 0);
    strcpy(fixture.folder, "/tmp/accord-token-XXXXXX");
    assert_non_null(mkdtemp(fixture.folder));
    file_write("a.jwks", keys_of_a());
    file_write("b.jwks", json_pack("{s:[o]}", "keys", forge_jwk(&fixture.keys[KEY_B])));
    file_write("issuers.json", issuers());
    fixture.server = loopback_start();
    char path[128];
    snprintf(path, sizeof path, "%s/issuers.json", fixture.folder);
    struct problem err = {0};
    if (!token_verifier_new(path, AUDIENCE, &fixture.verifier, &err)) {
        fail_msg("%s", err.detail);
    }
    return 0;
}

static inline int fixture_teardown(void **state)
{
    (void)state;
    token_verifier_free(fixture.verifier);
    loopback_stop(fixture.server);
    for (int i = 0; i < KEY_COUNT; i++) {
        gnutls_privkey_deinit(fixture.keys[i].private);
    }
    static const char *const FILES[] = {"a.jwks", "b.jwks", "issuers.json"};
    for (size_t i = 0; i < ARRAY_LENGTH(FILES); i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", fixture.folder, FILES[i]);
        unlink(path);
    }
    return rmdir(fixture.folder);
}

/* A good set of claims of issuer A, with one claim replaced (raw JSON; NULL removes it). */
static inline char *claims_with(const char *name, const char *value)
{
    json_t *claims = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:s, s:s}", "iss",
                               ISSUER_A, "aud", AUDIENCE, "sub", "dana.director", "client_id",
                               "zz1-system", "jti", "t-1", "iat", (json_int_t)(NOW_S - 10), "nbf",
                               (json_int_t)(NOW_S - 10), "exp", (json_int_t)(NOW_S + 600), "scope",
                               "ledger:read ledger:post", "organisation", "ZZ1");
    if (name != NULL && value == NULL) {
        json_object_del(claims, name);
    } else if (name != NULL) {
        json_t *replacement = json_loads(value, JSON_DECODE_ANY, NULL);
        assert_non_null(replacement);
        json_object_set_new(claims, name, replacement);
    }
    char *text = json_dumps(claims, JSON_COMPACT);
    json_decref(claims);
    return text;
}

static inline void assert_refused(const char *header, const char *because)
{
    struct problem err = {0};
    struct caller caller = {.subject = "untouched"};
    if (token_verify(fixture.verifier, header, NOW_S, &caller, &err)) {
        fail_msg("accepted: %.200s", header);
    }
    assert_int_equal(err.code, PROBLEM_UNAUTHENTICATED);
    assert_string_equal(caller.subject, "untouched");
    if (strstr(err.detail, because) == NULL) {
        fail_msg("refused because \"%s\", not because \"%s\"", err.detail, because);
    }
}

static inline void assert_accepted(const char *header, struct caller *ret_caller)
{
    struct problem err = {0};
    if (!token_verify(fixture.verifier, header, NOW_S, ret_caller, &err)) {
        fail_msg("refused: %s", err.detail);
    }
}

#define HEADER(alg, kid) "{\"alg\":\"" alg "\",\"typ\":\"at+jwt\",\"kid\":\"" kid "\"}"
#define HEADER_ES256 "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"k1\"}"

#endif
