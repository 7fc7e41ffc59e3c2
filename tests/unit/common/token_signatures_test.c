/* The attacks of RFC 8725 and its update on signatures, keys, shape and issuers, and on what is
 * remembered; those that are a table of claims and headers are in token_attacks_test.c. */
#include "tests/unit/common/token_fixture.h"

/* --- signatures --- */

static char *good_token(void)
{
    char_auto_t *claims = claims_with(NULL, NULL);
    return forge_token(&fixture.keys[KEY_ES256], "ES256", HEADER_ES256, claims);
}

static void unsigned_token_is_refused(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"none", "None", "nOnE", "NONE"};
    char_auto_t *claims = claims_with(NULL, NULL);
    for (size_t i = 0; i < ARRAY_LENGTH(NAMES); i++) {
        char header[64];
        snprintf(header, sizeof header, "{\"alg\":\"%s\",\"typ\":\"at+jwt\",\"kid\":\"k1\"}",
                 NAMES[i]);
        char_auto_t *input = forge_unsigned(header, claims, strlen(claims));
        char_auto_t *token = forge_header(input, "", 0);
        assert_refused(token, "does not have three parts");
        char_auto_t *two_parts = forge_header(input, "", 0);
        two_parts[strlen(two_parts) - 1] = '\0';
        assert_refused(two_parts, "does not have three parts");
        char_auto_t *signed_by_nothing = forge_header(input, "\0", 1);
        assert_refused(signed_by_nothing, "by an algorithm");
    }
}

/* Everything that an attacker could take for "the key" of an HMAC. */
static void public_key_as_a_shared_secret_is_refused(void **state)
{
    (void)state;
    gnutls_pubkey_t public;
    gnutls_datum_t pem = {0}, der = {0};
    gnutls_pubkey_init(&public);
    gnutls_pubkey_import_privkey(public, fixture.keys[KEY_RSA].private, 0, 0);
    assert_int_equal(gnutls_pubkey_export2(public, GNUTLS_X509_FMT_PEM, &pem), 0);
    assert_int_equal(gnutls_pubkey_export2(public, GNUTLS_X509_FMT_DER, &der), 0);
    gnutls_pubkey_deinit(public);
    json_auto_t *jwk = forge_jwk(&fixture.keys[KEY_RSA]);
    char_auto_t *jwk_text = json_dumps(jwk, JSON_COMPACT);
    gnutls_datum_t secrets[] = {pem,
                                der,
                                {(unsigned char *)jwk_text, (unsigned)strlen(jwk_text)},
                                {(unsigned char *)"secretsecretsecretsecretsecret", 30},
                                {(unsigned char *)"", 0}};
    char_auto_t *claims = claims_with(NULL, NULL);
    for (size_t i = 0; i < ARRAY_LENGTH(secrets); i++) {
        static const char *const IDS[] = {"rsa", "secret"};
        for (size_t k = 0; k < ARRAY_LENGTH(IDS); k++) {
            char header[80];
            snprintf(header, sizeof header, "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
                     IDS[k]);
            char_auto_t *input = forge_unsigned(header, claims, strlen(claims));
            unsigned char mac[32];
            assert_int_equal(gnutls_hmac_fast(GNUTLS_MAC_SHA256, secrets[i].data, secrets[i].size,
                                              input, strlen(input), mac),
                             0);
            char_auto_t *token = forge_header(input, mac, sizeof mac);
            assert_refused(token, "by an algorithm");
        }
    }
    gnutls_free(pem.data);
    gnutls_free(der.data);
}

/* A signature made of chosen bytes over a good token. */
static void assert_signature_refused(const void *signature, size_t size, const char *because)
{
    char_auto_t *claims = claims_with(NULL, NULL);
    char_auto_t *input = forge_unsigned(HEADER_ES256, claims, strlen(claims));
    char_auto_t *token = forge_header(input, signature, size);
    assert_refused(token, because);
}

static void ecdsa_zeros_and_orders_are_refused(void **state)
{
    (void)state;
    static const unsigned char ORDER[32] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00,
                                            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                            0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
                                            0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
    unsigned char one[32] = {[31] = 1}, zero[32] = {0}, ones[32];
    memset(ones, 0xff, sizeof ones);
    const unsigned char *const numbers[] = {zero, one, ORDER, ones};
    for (size_t r = 0; r < ARRAY_LENGTH(numbers); r++) {
        for (size_t s = 0; s < ARRAY_LENGTH(numbers); s++) {
            unsigned char signature[64];
            memcpy(signature, numbers[r], 32);
            memcpy(signature + 32, numbers[s], 32);
            assert_signature_refused(signature, sizeof signature, "not signed by its issuer");
        }
    }
}

static void ecdsa_in_der_is_refused(void **state)
{
    (void)state;
    char_auto_t *claims = claims_with(NULL, NULL);
    char_auto_t *input = forge_unsigned(HEADER_ES256, claims, strlen(claims));
    gnutls_datum_t data = {(unsigned char *)input, (unsigned)strlen(input)}, der = {0};
    assert_int_equal(gnutls_privkey_sign_data2(fixture.keys[KEY_ES256].private,
                                               GNUTLS_SIGN_ECDSA_SHA256, 0, &data, &der),
                     0);
    char_auto_t *token = forge_header(input, der.data, der.size);
    gnutls_free(der.data);
    assert_refused(token, "wrong size");
}

static void ecdsa_of_another_length_is_refused(void **state)
{
    (void)state;
    char_auto_t *claims = claims_with(NULL, NULL);
    char_auto_t *input = forge_unsigned(HEADER_ES256, claims, strlen(claims));
    unsigned char signature[1024] = {0};
    assert_int_equal(forge_sign(&fixture.keys[KEY_ES256], "ES256", input, signature), 64);
    static const size_t SIZES[] = {1, 32, 63, 65, 96, 128, 132};
    for (size_t i = 0; i < ARRAY_LENGTH(SIZES); i++) {
        char_auto_t *token = forge_header(input, signature, SIZES[i]);
        assert_refused(token, "wrong size");
    }
    /* the same numbers with zeros in front, as a P-384 signature */
    unsigned char wide[96] = {0};
    memcpy(wide + 16, signature, 32);
    memcpy(wide + 64, signature + 32, 32);
    char_auto_t *token = forge_header(input, wide, sizeof wide);
    assert_refused(token, "wrong size");
}

static void rsa_of_another_length_is_refused(void **state)
{
    (void)state;
    char_auto_t *claims = claims_with(NULL, NULL);
    char_auto_t *input = forge_unsigned(HEADER("RS256", "rsa"), claims, strlen(claims));
    unsigned char signature[1025] = {0};
    assert_int_equal(forge_sign(&fixture.keys[KEY_RSA], "RS256", input, signature + 1), 256);
    const struct {
        const unsigned char *bytes;
        size_t size;
        const char *because;
    } cases[] = {{signature + 1, 255, "not signed"}, {signature + 1, 257, "not signed"},
                 {signature, 257, "not signed"},     {signature + 1, 1, "wrong size"},
                 {signature + 1, 63, "wrong size"},  {signature + 2, 256, "not signed"}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char_auto_t *token = forge_header(input, cases[i].bytes, cases[i].size);
        assert_refused(token, cases[i].because);
    }
    char_auto_t *good = forge_header(input, signature + 1, 256);
    struct caller caller;
    assert_accepted(good, &caller);
}

static void signature_of_another_token_is_refused(void **state)
{
    (void)state;
    char_auto_t *claims = claims_with("sub", "\"root\"");
    char_auto_t *input = forge_unsigned(HEADER_ES256, claims, strlen(claims));
    char_auto_t *good = good_token();
    char_auto_t *token = malloc(strlen(input) + strlen(good) + 16);
    sprintf(token, "Bearer %s%s", input, strrchr(good, '.'));
    assert_refused(token, "not signed by its issuer");
}

/* Replaces each byte of a good token by others; what is left must never be accepted. */
static void flip_every_byte(char *token)
{
    size_t size = strlen(token);
    for (size_t i = strlen("Bearer "); i < size; i++) {
        char original = token[i];
        static const char REPLACEMENTS[] = "AZaz09-_.=+/, \n\x01\x80";
        for (size_t k = 0; k < sizeof REPLACEMENTS + 7; k++) {
            /* the listed characters, the end of the text, and a flip of each low bit */
            int bit = k < sizeof REPLACEMENTS ? 0 : (int)(k - sizeof REPLACEMENTS);
            int flipped = original ^ (1 << bit);
            char replacement = k < sizeof REPLACEMENTS ? REPLACEMENTS[k] : (char)flipped;
            if (replacement == original) {
                continue;
            }
            token[i] = replacement;
            struct problem err = {0};
            struct caller caller;
            if (token_verify(fixture.verifier, token, NOW_S, &caller, &err)) {
                fail_msg("accepted with byte %zu changed from %c to %c", i, original, replacement);
            }
            assert_int_equal(err.code, PROBLEM_UNAUTHENTICATED);
            token[i] = original;
        }
    }
    struct caller caller;
    assert_accepted(token, &caller);
}

static void every_byte_of_every_part_matters_es256(void **state)
{
    (void)state;
    char_auto_t *token = good_token();
    flip_every_byte(token);
}

static void every_byte_of_every_part_matters_rs256(void **state)
{
    (void)state;
    char_auto_t *claims = claims_with(NULL, NULL);
    char_auto_t *token =
        forge_token(&fixture.keys[KEY_RSA], "RS256", HEADER("RS256", "rsa"), claims);
    flip_every_byte(token);
}

/* The last character of a signature has spare bits: another character, the same bytes. */
static void spare_bits_of_base64url_are_refused(void **state)
{
    (void)state;
    char_auto_t *token = good_token(); /* 64 bytes of signature leave 4 spare bits */
    char *last = &token[strlen(token) - 1];
    static const char ALPHABET[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t value = (size_t)(strchr(ALPHABET, *last) - ALPHABET);
    assert_int_equal(value % 16, 0);
    *last = ALPHABET[value + 1];
    assert_refused(token, "not strict base64url");
}

/* --- keys in the token's own header --- */

static void assert_own_key_refused(json_t *header)
{
    json_object_set_new(header, "alg", json_string("ES256"));
    json_object_set_new(header, "typ", json_string("at+jwt"));
    json_object_set_new(header, "kid", json_string("k1"));
    char_auto_t *text = json_dumps(header, JSON_COMPACT);
    json_decref(header);
    char_auto_t *claims = claims_with(NULL, NULL);
    char_auto_t *token = forge_token(&fixture.keys[KEY_UNKNOWN], "ES256", text, claims);
    assert_refused(token, "not signed by its issuer");
    assert_int_equal(loopback_requests(fixture.server), 0);
}

static void own_jwk_is_ignored(void **state)
{
    (void)state;
    assert_own_key_refused(json_pack("{s:o}", "jwk", forge_jwk(&fixture.keys[KEY_UNKNOWN])));
}

static void own_jku_is_ignored_and_nothing_is_fetched(void **state)
{
    (void)state;
    json_auto_t *keys = json_pack("{s:[o]}", "keys", forge_jwk(&fixture.keys[KEY_UNKNOWN]));
    char_auto_t *text = json_dumps(keys, JSON_COMPACT);
    loopback_answer(fixture.server, "200 OK", "", text, strlen(text));
    assert_own_key_refused(json_pack("{s:s}", "jku", fixture.server->url));
}

static void own_x5u_is_ignored_and_nothing_is_fetched(void **state)
{
    (void)state;
    assert_own_key_refused(json_pack("{s:s}", "x5u", fixture.server->url));
}

static void own_x5c_is_ignored(void **state)
{
    (void)state;
    assert_own_key_refused(json_pack("{s:[s]}", "x5c", "MIIB"));
}

static void own_keys_do_not_spoil_a_good_token(void **state)
{
    (void)state;
    json_auto_t *header =
        json_pack("{s:s, s:s, s:s, s:o, s:s}", "alg", "ES256", "typ", "at+jwt", "kid", "k1", "jwk",
                  forge_jwk(&fixture.keys[KEY_UNKNOWN]), "jku", fixture.server->url);
    char_auto_t *text = json_dumps(header, JSON_COMPACT);
    char_auto_t *claims = claims_with(NULL, NULL);
    char_auto_t *token = forge_token(&fixture.keys[KEY_ES256], "ES256", text, claims);
    struct caller caller;
    assert_accepted(token, &caller);
    assert_int_equal(loopback_requests(fixture.server), 0);
}

/* --- the wrong shape --- */

static void no_header_and_other_schemes_are_refused(void **state)
{
    (void)state;
    static const char *const HEADERS[] = {NULL,           "",        "Bearer",        "Basic YTpi",
                                          "bearer",       "Token x", "Bearer\tx.y.z", "x.y.z",
                                          " Bearer x.y.z"};
    for (size_t i = 0; i < ARRAY_LENGTH(HEADERS); i++) {
        assert_refused(HEADERS[i], "send an access token");
    }
    assert_refused("Bearer ", "three parts");
    assert_refused("Bearer  x.y.z", "no proper header");
}

static void scheme_is_case_insensitive(void **state)
{
    (void)state;
    char_auto_t *token = good_token();
    memcpy(token, "bEARER", 6);
    struct caller caller;
    assert_accepted(token, &caller);
}

/* ulfius joins two headers of a name by a comma. */
static void two_authorization_headers_are_refused(void **state)
{
    (void)state;
    char_auto_t *token = good_token();
    char_auto_t *both = malloc(2 * strlen(token) + 2);
    sprintf(both, "%s,%s", token, token);
    assert_refused(both, "three parts");
    sprintf(both, "%s, %s", token, "Bearer");
    assert_refused(both, "not strict base64url");
}

static void tokens_of_other_part_counts_are_refused(void **state)
{
    (void)state;
    static const char *const TOKENS[] = {"Bearer a",       "Bearer a.b",       "Bearer a.b.",
                                         "Bearer .b.c",    "Bearer a..c",      "Bearer ...",
                                         "Bearer a.b.c.d", "Bearer a.b.c.d.e", "Bearer a.b.c."};
    for (size_t i = 0; i < ARRAY_LENGTH(TOKENS); i++) {
        assert_refused(TOKENS[i], "three parts");
    }
}

/* JWE: {"alg":"RSA-OAEP-256","enc":"A256GCM"}, five parts. */
static void encrypted_token_is_refused(void **state)
{
    (void)state;
    assert_refused("Bearer eyJhbGciOiJSU0EtT0FFUC0yNTYiLCJlbmMiOiJBMjU2R0NNIn0.AAAA.AAAA.AAAA.AAAA",
                   "three parts");
}

static void json_serialisation_is_refused(void **state)
{
    (void)state;
    char_auto_t *good = good_token();
    char *header = good + strlen("Bearer ");
    char *payload = strchr(header, '.');
    *payload++ = '\0';
    char *signature = strchr(payload, '.');
    *signature++ = '\0';
    char_auto_t *token = malloc(strlen(header) + strlen(payload) + strlen(signature) + 100);
    sprintf(token, "Bearer {\"protected\":\"%s\",\"payload\":\"%s\",\"signature\":\"%s\"}", header,
            payload, signature);
    assert_refused(token, "three parts");
    sprintf(token,
            "Bearer {\"payload\":\"%s\",\"signatures\":[{\"protected\":\"%s\","
            "\"signature\":\"%s\"}]}",
            payload, header, signature);
    assert_refused(token, "three parts");
}

static void padding_and_the_other_alphabet_are_refused(void **state)
{
    (void)state;
    char_auto_t *good = good_token();
    size_t size = strlen(good);
    char_auto_t *token = malloc(size + 8);
    sprintf(token, "%s==", good);
    assert_refused(token, "not strict base64url");
    sprintf(token, "%s ", good);
    assert_refused(token, "not strict base64url");
    sprintf(token, "%s\r\n", good);
    assert_refused(token, "not strict base64url");
    sprintf(token, "%sA", good);
    assert_refused(token, "wrong size");
}

static void oversize_token_is_refused(void **state)
{
    (void)state;
    char_auto_t *filler = malloc(9000);
    memset(filler, 'x', 8999);
    filler[0] = filler[6000] = '"';
    filler[6001] = '\0';
    char_auto_t *claims = claims_with("filler", filler);
    char_auto_t *token = forge_token(&fixture.keys[KEY_ES256], "ES256", HEADER_ES256, claims);
    assert_true(strlen(token) > TOKEN_BYTES_MAX);
    assert_refused(token, "longer than 8 KiB");
    filler[5000] = '"';
    filler[5001] = '\0';
    char_auto_t *fitting = claims_with("filler", filler);
    char_auto_t *good = forge_token(&fixture.keys[KEY_ES256], "ES256", HEADER_ES256, fitting);
    struct caller caller;
    assert_accepted(good, &caller);
}

/* --- several issuers --- */

#define HEADER_LEGACY "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"k1\"}"

static char *claims_of_b(const char *organisation)
{
    json_auto_t *claims = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:[s, s, s], s:s*}", "iss", ISSUER_B, "aud", AUDIENCE,
        "sub", "dana.director", "azp", "zz2-portal", "uti", "entra-1", "iat",
        (json_int_t)(NOW_S - 10), "exp", (json_int_t)(NOW_S + 600), "scp", "risk:read", "User.Read",
        "https://graph.microsoft.com/.default", "organisation", organisation);
    return json_dumps(claims, JSON_COMPACT);
}

static void each_issuer_speaks_with_its_own_keys_and_forms(void **state)
{
    (void)state;
    char_auto_t *claims = claims_of_b("ZZ2");
    char_auto_t *token = forge_token(&fixture.keys[KEY_B], "ES256", HEADER_LEGACY, claims);
    struct caller caller;
    assert_accepted(token, &caller);
    assert_string_equal(caller.issuer, ISSUER_B);
    assert_string_equal(caller.organisation, "ZZ2");
    assert_string_equal(caller.client, "zz2-portal");
    assert_string_equal(caller.token_id, "entra-1");
    assert_int_equal(caller.scope_count, 1); /* other services' scopes are left out */
    assert_string_equal(caller.scopes[0], "risk:read");
}

static void one_issuers_key_does_not_sign_for_another(void **state)
{
    (void)state;
    char_auto_t *claims = claims_of_b("ZZ2");
    char_auto_t *token = forge_token(&fixture.keys[KEY_ES256], "ES256", HEADER_LEGACY, claims);
    assert_refused(token, "not signed by its issuer");
}

static void an_issuer_cannot_speak_for_anothers_organisation(void **state)
{
    (void)state;
    char_auto_t *claims = claims_of_b("ZZ1");
    char_auto_t *token = forge_token(&fixture.keys[KEY_B], "ES256", HEADER_LEGACY, claims);
    assert_refused(token, "may not speak for");
}

/* The same subject at two issuers is two identities. */
static void anothers_subject_stays_another_identity(void **state)
{
    (void)state;
    char_auto_t *claims = claims_of_b(NULL);
    char_auto_t *token = forge_token(&fixture.keys[KEY_B], "ES256", HEADER_LEGACY, claims);
    char_auto_t *good = good_token();
    struct caller of_a, of_b;
    assert_accepted(good, &of_a);
    assert_accepted(token, &of_b);
    assert_string_equal(of_a.subject, of_b.subject);
    assert_string_not_equal(of_a.issuer, of_b.issuer);
    assert_string_equal(of_b.organisation, "");
}

/* --- what is remembered --- */

static bool verify_at(const char *token, int64_t now_s)
{
    struct problem err = {0};
    struct caller caller;
    return token_verify(fixture.verifier, token, now_s, &caller, &err);
}

static void remembered_token_still_expires(void **state)
{
    (void)state;
    char_auto_t *claims = claims_with("exp", "1780000020");
    char_auto_t *token = forge_token(&fixture.keys[KEY_ES256], "ES256", HEADER_ES256, claims);
    assert_true(verify_at(token, NOW_S));
    assert_true(verify_at(token, NOW_S + 19));
    assert_false(verify_at(token, NOW_S + 20));
    assert_true(verify_at(token, NOW_S)); /* and does not stay expired for an earlier time */
}

static void remembered_token_is_not_valid_earlier(void **state)
{
    (void)state;
    char_auto_t *token = good_token();
    assert_true(verify_at(token, NOW_S));
    assert_false(verify_at(token, NOW_S - 100));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unsigned_token_is_refused),
        cmocka_unit_test(public_key_as_a_shared_secret_is_refused),
        cmocka_unit_test(ecdsa_zeros_and_orders_are_refused),
        cmocka_unit_test(ecdsa_in_der_is_refused),
        cmocka_unit_test(ecdsa_of_another_length_is_refused),
        cmocka_unit_test(rsa_of_another_length_is_refused),
        cmocka_unit_test(signature_of_another_token_is_refused),
        cmocka_unit_test(every_byte_of_every_part_matters_es256),
        cmocka_unit_test(every_byte_of_every_part_matters_rs256),
        cmocka_unit_test(spare_bits_of_base64url_are_refused),
        cmocka_unit_test(own_jwk_is_ignored),
        cmocka_unit_test(own_jku_is_ignored_and_nothing_is_fetched),
        cmocka_unit_test(own_x5u_is_ignored_and_nothing_is_fetched),
        cmocka_unit_test(own_x5c_is_ignored),
        cmocka_unit_test(own_keys_do_not_spoil_a_good_token),
        cmocka_unit_test(no_header_and_other_schemes_are_refused),
        cmocka_unit_test(scheme_is_case_insensitive),
        cmocka_unit_test(two_authorization_headers_are_refused),
        cmocka_unit_test(tokens_of_other_part_counts_are_refused),
        cmocka_unit_test(encrypted_token_is_refused),
        cmocka_unit_test(json_serialisation_is_refused),
        cmocka_unit_test(padding_and_the_other_alphabet_are_refused),
        cmocka_unit_test(oversize_token_is_refused),
        cmocka_unit_test(each_issuer_speaks_with_its_own_keys_and_forms),
        cmocka_unit_test(one_issuers_key_does_not_sign_for_another),
        cmocka_unit_test(an_issuer_cannot_speak_for_anothers_organisation),
        cmocka_unit_test(anothers_subject_stays_another_identity),
        cmocka_unit_test(remembered_token_still_expires),
        cmocka_unit_test(remembered_token_is_not_valid_earlier),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
