/* Every attack of the list in the design (RFC 8725 and its update), each a named test: what is
 * forged, and the reason for which it is refused. */
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

static void file_write(const char *name, json_t *content)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", fixture.folder, name);
    assert_int_equal(json_dump_file(content, path, 0), 0);
    json_decref(content);
}

static json_t *key_with(const struct forge_key *key, const char *id, const char *member,
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
static json_t *keys_of_a(void)
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

static json_t *issuers(void)
{
    return json_pack(
        "[{s:s, s:s, s:[s, s, s, s, s, s], s:s, s:[s], s:{s:s}}, {s:s, s:s, s:b, s:[s], s:s, s:[s]}]",
        "issuer", ISSUER_A, "jwks", "a.jwks", "algorithms", "ES256", "ES384", "RS256", "RS512",
        "PS256", "EdDSA", "organisationClaim", "organisation", "organisations", "ZZ1", "clients",
        "zz1-system", "ZZ1",
        /* */
        "issuer", ISSUER_B, "jwks", "b.jwks", "legacy", 1, "algorithms", "ES256",
        "organisationClaim", "organisation", "organisations", "ZZ2");
}

static int fixture_setup(void **state)
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

static int fixture_teardown(void **state)
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
static char *claims_with(const char *name, const char *value)
{
    json_t *claims = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:s, s:s}", "iss", ISSUER_A, "aud", AUDIENCE,
        "sub", "dana.director", "client_id", "zz1-system", "jti", "t-1", "iat",
        (json_int_t)(NOW_S - 10), "nbf", (json_int_t)(NOW_S - 10), "exp", (json_int_t)(NOW_S + 600),
        "scope", "ledger:read ledger:post", "organisation", "ZZ1");
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

static void assert_refused(const char *header, const char *because)
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

static void assert_accepted(const char *header, struct caller *ret_caller)
{
    struct problem err = {0};
    if (!token_verify(fixture.verifier, header, NOW_S, ret_caller, &err)) {
        fail_msg("refused: %s", err.detail);
    }
}

#define HEADER_ES256 "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"k1\"}"

/* --- what a properly signed token says wrongly ---------------------------------------------------- */

struct claim_case {
    const char *name;
    const char *claim;
    const char *value;   /* raw JSON; NULL = the claim is missing */
    const char *because; /* NULL = accepted */
};

static const struct claim_case CLAIM_CASES[] = {
    {"a_good_token_is_accepted", NULL, NULL, NULL},

    {"issuer_missing", "iss", NULL, "unknown issuer"},
    {"issuer_unknown", "iss", "\"https://login.zz9.example\"", "unknown issuer"},
    {"issuer_lookalike_trailing_slash", "iss", "\"" ISSUER_A "/\"", "unknown issuer"},
    {"issuer_lookalike_upper_case", "iss", "\"https://LOGIN.zz1.example\"", "unknown issuer"},
    {"issuer_lookalike_http", "iss", "\"http://login.zz1.example\"", "unknown issuer"},
    {"issuer_lookalike_port", "iss", "\"https://login.zz1.example:443\"", "unknown issuer"},
    {"issuer_lookalike_suffix", "iss", "\"" ISSUER_A ".evil.example\"", "unknown issuer"},
    {"issuer_lookalike_prefix", "iss", "\"https://login.zz1.exampl\"", "unknown issuer"},
    {"issuer_lookalike_space", "iss", "\" " ISSUER_A "\"", "unknown issuer"},
    {"issuer_lookalike_cyrillic", "iss", "\"https://login.zz1.\\u0435xample\"", "unknown issuer"},
    {"issuer_array", "iss", "[\"" ISSUER_A "\"]", "unknown issuer"},
    {"issuer_number", "iss", "1", "unknown issuer"},
    {"issuer_null", "iss", "null", "unknown issuer"},
    {"issuer_object", "iss", "{}", "unknown issuer"},

    {"audience_missing", "aud", NULL, "not meant for this service"},
    {"audience_of_another_service", "aud", "\"https://other.example\"", "not meant"},
    {"audience_substring", "aud", "\"https://accord.exampl\"", "not meant"},
    {"audience_superstring", "aud", "\"https://accord.example.evil\"", "not meant"},
    {"audience_trailing_slash", "aud", "\"https://accord.example/\"", "not meant"},
    {"audience_upper_case", "aud", "\"https://ACCORD.example\"", "not meant"},
    {"audience_as_scope_list", "aud", "\"https://accord.example https://other.example\"",
     "not meant"},
    {"audience_as_comma_list", "aud", "\"https://accord.example,https://other.example\"",
     "not meant"},
    {"audience_empty_array", "aud", "[]", "not meant"},
    {"audience_array_of_others", "aud", "[\"https://other.example\", \"x\"]", "not meant"},
    {"audience_array_with_ours_is_accepted", "aud",
     "[\"https://other.example\", \"https://accord.example\"]", NULL},
    {"audience_array_with_a_number", "aud", "[\"https://accord.example\", 1]", "no text (aud)"},
    {"audience_nested_array", "aud", "[[\"https://accord.example\"]]", "no text (aud)"},
    {"audience_object", "aud", "{\"https://accord.example\": true}", "not meant"},
    {"audience_null", "aud", "null", "not meant"},
    {"audience_true", "aud", "true", "not meant"},

    {"expiry_missing", "exp", NULL, "(exp)"},
    {"expiry_null", "exp", "null", "(exp)"},
    {"expiry_text", "exp", "\"1780000600\"", "(exp)"},
    {"expiry_float", "exp", "1780000600.5", "(exp)"},
    {"expiry_float_that_is_whole", "exp", "1780000600.0", "(exp)"},
    {"expiry_exponent", "exp", "1e300", "(exp)"},
    {"expiry_negative", "exp", "-1", "(exp)"},
    {"expiry_beyond_2_53", "exp", "9007199254740993", "(exp)"},
    {"expiry_largest_integer", "exp", "9223372036854775807", "(exp)"},
    {"expiry_true", "exp", "true", "(exp)"},
    {"expiry_array", "exp", "[1780000600]", "(exp)"},
    {"expiry_zero", "exp", "0", "has expired"},
    {"expiry_one", "exp", "1", "has expired"},
    {"expiry_past", "exp", "1779999000", "has expired"},
    {"expiry_30_s_ago_is_too_late", "exp", "1779999970", "has expired"},
    {"expiry_now_is_within_the_skew", "exp", "1780000000", NULL},
    {"expiry_in_a_year", "exp", "1811536000", "longer than an hour"},
    {"expiry_one_second_over_an_hour", "exp", "1780003591", "longer than an hour"},
    {"expiry_exactly_an_hour_is_accepted", "exp", "1780003590", NULL},
    {"expiry_at_issue", "exp", "1779999990", "longer than an hour"},
    {"expiry_in_milliseconds", "exp", "1780000600000", "longer than an hour"},

    {"issue_time_missing", "iat", NULL, "(iat)"},
    {"issue_time_text", "iat", "\"1780000000\"", "(iat)"},
    {"issue_time_float", "iat", "1779999990.5", "(iat)"},
    {"issue_time_30_s_ahead_is_within_the_skew", "iat", "1780000030", NULL},
    {"issue_time_31_s_ahead", "iat", "1780000031", "not valid yet"},
    {"issue_time_zero", "iat", "0", "longer than an hour"},
    {"issue_time_negative", "iat", "-1", "(iat)"},

    {"not_before_missing_is_accepted", "nbf", NULL, NULL},
    {"not_before_30_s_ahead_is_within_the_skew", "nbf", "1780000030", NULL},
    {"not_before_31_s_ahead", "nbf", "1780000031", "not valid yet"},
    {"not_before_text", "nbf", "\"0\"", "(nbf)"},
    {"not_before_null", "nbf", "null", "(nbf)"},
    {"not_before_float", "nbf", "0.5", "(nbf)"},

    {"subject_missing", "sub", NULL, "(sub)"},
    {"subject_empty", "sub", "\"\"", "(sub)"},
    {"subject_number", "sub", "7", "(sub)"},
    {"subject_with_control_character", "sub", "\"dana\\u0007\"", "(sub)"},
    {"subject_with_newline", "sub", "\"dana\\nadmin\"", "(sub)"},

    {"client_missing", "client_id", NULL, "which client"},
    {"client_empty", "client_id", "\"\"", "which client"},
    {"client_array", "client_id", "[\"zz1-system\"]", "which client"},
    {"client_contradicted_by_azp", "azp", "\"other-client\"", "which client"},
    {"client_contradicted_by_appid", "appid", "\"other-client\"", "which client"},
    {"client_confirmed_by_azp_is_accepted", "azp", "\"zz1-system\"", NULL},

    {"token_id_missing", "jti", NULL, "(jti)"},
    {"token_id_number", "jti", "1", "(jti)"},

    {"scope_missing_is_a_caller_without_scopes", "scope", NULL, NULL},
    {"scope_number", "scope", "1", "(scope)"},
    {"scope_object", "scope", "{}", "(scope)"},
    {"scope_array_with_a_list_inside", "scope", "[\"ledger:read ledger:post\"]", "(scope)"},
    {"scope_array_with_a_number", "scope", "[1]", "(scope)"},

    {"organisation_of_another_issuer", "organisation", "\"ZZ2\"", "another organisation than"},
    {"organisation_number", "organisation", "1", "no ODS code"},
    {"organisation_array", "organisation", "[\"ZZ1\"]", "no ODS code"},
    {"organisation_empty", "organisation", "\"\"", "no ODS code"},
    {"organisation_null", "organisation", "null", "no ODS code"},
    {"organisation_everything", "organisation", "\"*\"", "another organisation than"},
    {"organisation_absent_comes_from_the_client_registry", "organisation", NULL, NULL},

    {"id_token_nonce", "nonce", "\"n-1\"", "not an access token"},
    {"id_token_at_hash", "at_hash", "\"x\"", "not an access token"},
    {"id_token_c_hash", "c_hash", "\"x\"", "not an access token"},
    {"id_token_of_keycloak", "typ", "\"ID\"", "not an access token"},
    {"refresh_token_of_keycloak", "typ", "\"Refresh\"", "not an access token"},
    {"access_token_of_keycloak_is_accepted", "typ", "\"Bearer\"", NULL},
    {"logout_token", "events", "{}", "not an access token"},
};

static void claim_case_holds(void **state)
{
    const struct claim_case *attack = *state;
    char_auto_t *claims = claims_with(attack->claim, attack->value);
    char_auto_t *token = forge_token(&fixture.keys[KEY_ES256], "ES256", HEADER_ES256, claims);
    if (attack->because != NULL) {
        assert_refused(token, attack->because);
        return;
    }
    struct caller caller;
    assert_accepted(token, &caller);
    assert_string_equal(caller.issuer, ISSUER_A);
    assert_string_equal(caller.subject, "dana.director");
    assert_string_equal(caller.client, "zz1-system");
    assert_string_equal(caller.token_id, "t-1");
    assert_string_equal(caller.organisation, "ZZ1");
}

/* --- what a properly signed header says wrongly ----------------------------------------------------- */

struct header_case {
    const char *name;
    enum key_name key;
    const char *alg; /* how it is really signed */
    const char *header;
    const char *because; /* NULL = accepted */
};

#define HEADER(alg, kid) "{\"alg\":\"" alg "\",\"typ\":\"at+jwt\",\"kid\":\"" kid "\"}"
#define HEADER_WITH(more) "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"k1\"," more "}"

static const struct header_case HEADER_CASES[] = {
    {"es256_is_accepted", KEY_ES256, "ES256", HEADER("ES256", "k1"), NULL},
    {"es384_is_accepted", KEY_ES384, "ES384", HEADER("ES384", "k384"), NULL},
    {"rs256_is_accepted", KEY_RSA, "RS256", HEADER("RS256", "rsa"), NULL},
    {"rs512_is_accepted", KEY_RSA, "RS512", HEADER("RS512", "rsa"), NULL},
    {"ps256_is_accepted", KEY_RSA, "PS256", HEADER("PS256", "rsa"), NULL},
    {"eddsa_is_accepted", KEY_ED, "EdDSA", HEADER("EdDSA", "ed"), NULL},
    {"type_as_media_type_is_accepted", KEY_ES256, "ES256",
     "{\"alg\":\"ES256\",\"typ\":\"application/at+jwt\",\"kid\":\"k1\"}", NULL},
    {"type_in_upper_case_is_accepted", KEY_ES256, "ES256",
     "{\"alg\":\"ES256\",\"typ\":\"AT+JWT\",\"kid\":\"k1\"}", NULL},

    {"algorithm_not_on_the_issuers_list", KEY_RSA, "RS384", HEADER("RS384", "rsa"),
     "does not sign by this algorithm"},
    {"algorithm_missing", KEY_ES256, "ES256", "{\"typ\":\"at+jwt\",\"kid\":\"k1\"}",
     "by an algorithm"},
    {"algorithm_none_over_a_signature", KEY_ES256, "ES256", HEADER("none", "k1"),
     "by an algorithm"},
    {"algorithm_None", KEY_ES256, "ES256", HEADER("None", "k1"), "by an algorithm"},
    {"algorithm_nOnE", KEY_ES256, "ES256", HEADER("nOnE", "k1"), "by an algorithm"},
    {"algorithm_empty", KEY_ES256, "ES256", HEADER("", "k1"), "by an algorithm"},
    {"algorithm_lower_case", KEY_ES256, "ES256", HEADER("es256", "k1"), "by an algorithm"},
    {"algorithm_hs256", KEY_ES256, "ES256", HEADER("HS256", "k1"), "by an algorithm"},
    {"algorithm_es512", KEY_ES256, "ES256", HEADER("ES512", "k1"), "by an algorithm"},
    {"algorithm_es256k", KEY_ES256, "ES256", HEADER("ES256K", "k1"), "by an algorithm"},
    {"algorithm_array", KEY_ES256, "ES256",
     "{\"alg\":[\"ES256\"],\"typ\":\"at+jwt\",\"kid\":\"k1\"}", "by an algorithm"},
    {"algorithm_null", KEY_ES256, "ES256", "{\"alg\":null,\"typ\":\"at+jwt\",\"kid\":\"k1\"}",
     "by an algorithm"},

    {"mixup_rs256_with_an_ec_key", KEY_ES256, "ES256", HEADER("RS256", "k1"), "does not publish"},
    {"mixup_es256_with_an_rsa_key", KEY_ES256, "ES256", HEADER("ES256", "rsa"),
     "does not publish"},
    {"mixup_es384_with_a_p256_key", KEY_ES384, "ES384", HEADER("ES384", "k1"), "does not publish"},
    {"mixup_es256_with_a_p384_key", KEY_ES256, "ES256", HEADER("ES256", "k384"),
     "does not publish"},
    {"mixup_eddsa_with_an_ec_key", KEY_ED, "EdDSA", HEADER("EdDSA", "k1"), "does not publish"},
    {"mixup_rs256_signature_named_ps256", KEY_RSA, "RS256", HEADER("PS256", "rsa"),
     "not signed by its issuer"},
    {"mixup_ps256_signature_named_rs256", KEY_RSA, "PS256", HEADER("RS256", "rsa"),
     "not signed by its issuer"},
    {"mixup_rs512_signature_named_rs256", KEY_RSA, "RS512", HEADER("RS256", "rsa"),
     "not signed by its issuer"},
    {"mixup_key_bound_to_another_algorithm", KEY_ES256, "ES256", HEADER("ES256", "other-alg"),
     "does not publish"},

    {"key_unpublished_under_a_published_id", KEY_UNKNOWN, "ES256", HEADER("ES256", "k1"),
     "not signed by its issuer"},
    {"key_of_another_issuer_with_the_same_id", KEY_B, "ES256", HEADER("ES256", "k1"),
     "not signed by its issuer"},
    {"key_rsa_1024", KEY_WEAK, "RS256", HEADER("RS256", "weak"), "does not publish"},
    {"key_for_encryption", KEY_ES256, "ES256", HEADER("ES256", "encrypts"), "does not publish"},
    {"key_published_with_its_private_part", KEY_ES256, "ES256", HEADER("ES256", "leaked"),
     "does not publish"},
    {"key_point_off_the_curve", KEY_ES256, "ES256", HEADER("ES256", "off-curve"),
     "does not publish"},
    {"key_shared_secret", KEY_ES256, "ES256", HEADER("ES256", "secret"), "does not publish"},

    {"key_id_missing", KEY_ES256, "ES256", "{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}", "(kid)"},
    {"key_id_empty", KEY_ES256, "ES256", HEADER("ES256", ""), "(kid)"},
    {"key_id_number", KEY_ES256, "ES256", "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":1}",
     "(kid)"},
    {"key_id_path_traversal", KEY_ES256, "ES256",
     HEADER("ES256", "../../../../../../dev/null"), "does not publish"},
    {"key_id_sql_injection", KEY_ES256, "ES256", HEADER("ES256", "k1' or '1'='1"),
     "does not publish"},
    {"key_id_shell_injection", KEY_ES256, "ES256", HEADER("ES256", "k1|touch /tmp/owned"),
     "does not publish"},
    {"key_id_format_string", KEY_ES256, "ES256", HEADER("ES256", "%n%n%s%s"), "does not publish"},
    {"key_id_address", KEY_ES256, "ES256", HEADER("ES256", "http://127.0.0.1/"),
     "does not publish"},
    {"key_id_upper_case", KEY_ES256, "ES256", HEADER("ES256", "K1"), "does not publish"},

    {"type_missing", KEY_ES256, "ES256", "{\"alg\":\"ES256\",\"kid\":\"k1\"}", "is not at+jwt"},
    {"type_jwt_of_an_issuer_that_is_not_legacy", KEY_ES256, "ES256",
     "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"k1\"}", "is not at+jwt"},
    {"type_of_a_client_assertion", KEY_ES256, "ES256",
     "{\"alg\":\"ES256\",\"typ\":\"client-authentication+jwt\",\"kid\":\"k1\"}", "is not at+jwt"},
    {"type_of_a_logout_token", KEY_ES256, "ES256",
     "{\"alg\":\"ES256\",\"typ\":\"logout+jwt\",\"kid\":\"k1\"}", "is not at+jwt"},
    {"type_of_a_dpop_proof", KEY_ES256, "ES256",
     "{\"alg\":\"ES256\",\"typ\":\"dpop+jwt\",\"kid\":\"k1\"}", "is not at+jwt"},
    {"type_number", KEY_ES256, "ES256", "{\"alg\":\"ES256\",\"typ\":1,\"kid\":\"k1\"}", "(typ)"},

    {"critical_unknown", KEY_ES256, "ES256", HEADER_WITH("\"crit\":[\"exp\"],\"exp\":1"),
     "header member"},
    {"critical_empty", KEY_ES256, "ES256", HEADER_WITH("\"crit\":[]"), "header member"},
    {"critical_null", KEY_ES256, "ES256", HEADER_WITH("\"crit\":null"), "header member"},
    {"payload_unencoded", KEY_ES256, "ES256", HEADER_WITH("\"b64\":false,\"crit\":[\"b64\"]"),
     "header member"},
    {"payload_unencoded_without_crit", KEY_ES256, "ES256", HEADER_WITH("\"b64\":false"),
     "header member"},
    {"payload_compressed", KEY_ES256, "ES256", HEADER_WITH("\"zip\":\"DEF\""), "header member"},
    {"nested_token", KEY_ES256, "ES256", HEADER_WITH("\"cty\":\"JWT\""), "header member"},
    {"header_of_an_encrypted_token", KEY_ES256, "ES256", HEADER_WITH("\"enc\":\"A256GCM\""),
     "header member"},

    {"header_duplicate_alg", KEY_ES256, "ES256", HEADER_WITH("\"alg\":\"none\""),
     "no proper header"},
    {"header_duplicate_kid", KEY_ES256, "ES256", HEADER_WITH("\"kid\":\"k1\""), "no proper header"},
    {"header_duplicate_alg_escaped", KEY_ES256, "ES256", HEADER_WITH("\"\\u0061lg\":\"none\""),
     "no proper header"},
    {"header_array", KEY_ES256, "ES256", "[\"ES256\"]", "no proper header"},
    {"header_text", KEY_ES256, "ES256", "\"ES256\"", "no proper header"},
    {"header_empty_object", KEY_ES256, "ES256", "{}", "by an algorithm"},
    {"header_nul", KEY_ES256, "ES256", HEADER("ES256", "k1\\u0000"), "no proper header"},
    {"header_byte_order_mark", KEY_ES256, "ES256", "\xef\xbb\xbf" HEADER("ES256", "k1"),
     "no proper header"},
    {"header_not_utf8", KEY_ES256, "ES256", HEADER("ES256", "k1\xff"), "no proper header"},
    {"header_trailing_garbage", KEY_ES256, "ES256", HEADER("ES256", "k1") "x", "no proper header"},
    {"header_two_objects", KEY_ES256, "ES256", HEADER("ES256", "k1") HEADER("ES256", "k1"),
     "no proper header"},
};

static void header_case_holds(void **state)
{
    const struct header_case *attack = *state;
    char_auto_t *claims = claims_with(NULL, NULL);
    char_auto_t *token = forge_token(&fixture.keys[attack->key], attack->alg, attack->header, claims);
    if (attack->because != NULL) {
        assert_refused(token, attack->because);
        return;
    }
    struct caller caller;
    assert_accepted(token, &caller);
    assert_int_equal(caller.scope_count, 2);
    assert_string_equal(caller.scopes[0], "ledger:read");
    assert_string_equal(caller.scopes[1], "ledger:post");
}

/* --- payloads that are no proper JSON object ------------------------------------------------------- */

struct payload_case {
    const char *name;
    const char *payload;
};

#define PAYLOAD_WITH(more)                                                                          \
    "{\"iss\":\"" ISSUER_A "\",\"aud\":\"" AUDIENCE "\",\"sub\":\"dana\",\"client_id\":\"c\","      \
    "\"jti\":\"1\",\"iat\":1779999990,\"exp\":1780000600" more "}"

static const struct payload_case PAYLOAD_CASES[] = {
    {"payload_duplicate_issuer", PAYLOAD_WITH(",\"iss\":\"" ISSUER_B "\"")},
    {"payload_duplicate_expiry", PAYLOAD_WITH(",\"exp\":1")},
    {"payload_duplicate_subject", PAYLOAD_WITH(",\"sub\":\"root\"")},
    {"payload_duplicate_expiry_escaped", PAYLOAD_WITH(",\"e\\u0078p\":1780009999")},
    {"payload_nul_in_a_claim", PAYLOAD_WITH(",\"organisation\":\"ZZ1\\u0000\"")},
    {"payload_nul_in_a_name", PAYLOAD_WITH(",\"organisation\\u0000\":\"ZZ1\"")},
    {"payload_byte_order_mark", "\xef\xbb\xbf" PAYLOAD_WITH("")},
    {"payload_not_utf8", PAYLOAD_WITH(",\"x\":\"\xc3\x28\"")},
    {"payload_lone_surrogate", PAYLOAD_WITH(",\"x\":\"\\ud800\"")},
    {"payload_number_out_of_range", PAYLOAD_WITH(",\"x\":1e999")},
    {"payload_integer_out_of_range", PAYLOAD_WITH(",\"x\":9223372036854775808")},
    {"payload_array", "[" PAYLOAD_WITH("") "]"},
    {"payload_text", "\"" ISSUER_A "\""},
    {"payload_null", "null"},
    {"payload_trailing_garbage", PAYLOAD_WITH("") "{}"},
    {"payload_comment", PAYLOAD_WITH("/* */")},
    {"payload_single_quotes", "{'iss':'" ISSUER_A "'}"},
    {"payload_nested_token", "eyJhbGciOiJFUzI1NiJ9.e30.AAAA"},
};

static void payload_case_holds(void **state)
{
    const struct payload_case *attack = *state;
    char_auto_t *token =
        forge_token(&fixture.keys[KEY_ES256], "ES256", HEADER_ES256, attack->payload);
    assert_refused(token, "no proper payload");
}

static void the_payload_of_these_cases_is_good_otherwise(void **state)
{
    (void)state;
    char_auto_t *token =
        forge_token(&fixture.keys[KEY_ES256], "ES256", HEADER_ES256, PAYLOAD_WITH(""));
    struct caller caller;
    assert_accepted(token, &caller);
    assert_string_equal(caller.organisation, "");
    assert_int_equal(caller.scope_count, 0);
}

/* --- signatures --------------------------------------------------------------------------------------- */

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
    gnutls_datum_t secrets[] = {
        pem, der, {(unsigned char *)jwk_text, (unsigned)strlen(jwk_text)},
        {(unsigned char *)"secretsecretsecretsecretsecret", 30}, {(unsigned char *)"", 0}};
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
    static const unsigned char ORDER[32] = {
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63,
        0x25, 0x51};
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

/* --- keys in the token's own header ------------------------------------------------------------------- */

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

/* --- the wrong shape ------------------------------------------------------------------------------------ */

static void no_header_and_other_schemes_are_refused(void **state)
{
    (void)state;
    static const char *const HEADERS[] = {NULL,          "",       "Bearer",
                                          "Basic YTpi",  "bearer", "Token x",
                                          "Bearer\tx.y.z", "x.y.z", " Bearer x.y.z"};
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
    static const char *const TOKENS[] = {
        "Bearer a",   "Bearer a.b",     "Bearer a.b.",       "Bearer .b.c", "Bearer a..c",
        "Bearer ...", "Bearer a.b.c.d", "Bearer a.b.c.d.e", "Bearer a.b.c."};
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
    sprintf(token, "Bearer {\"payload\":\"%s\",\"signatures\":[{\"protected\":\"%s\","
                   "\"signature\":\"%s\"}]}", payload, header, signature);
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

/* --- several issuers ------------------------------------------------------------------------------------ */

#define HEADER_LEGACY "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"k1\"}"

static char *claims_of_b(const char *organisation)
{
    json_auto_t *claims = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:[s, s, s], s:s*}", "iss", ISSUER_B, "aud", AUDIENCE,
        "sub", "dana.director", "azp", "zz2-portal", "uti", "entra-1", "iat",
        (json_int_t)(NOW_S - 10), "exp", (json_int_t)(NOW_S + 600), "scp", "risk:read",
        "User.Read", "https://graph.microsoft.com/.default", "organisation", organisation);
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

/* --- what is remembered --------------------------------------------------------------------------------- */

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
    assert_true(verify_at(token, NOW_S + 49));
    assert_false(verify_at(token, NOW_S + 50));
    assert_true(verify_at(token, NOW_S)); /* and does not stay expired for an earlier time */
}

static void remembered_token_is_not_valid_earlier(void **state)
{
    (void)state;
    char_auto_t *token = good_token();
    assert_true(verify_at(token, NOW_S));
    assert_false(verify_at(token, NOW_S - 100));
}

#define NAMED(function) cmocka_unit_test(function)
static const struct CMUnitTest SINGLE_TESTS[] = {
    NAMED(the_payload_of_these_cases_is_good_otherwise),
    NAMED(unsigned_token_is_refused),
    NAMED(public_key_as_a_shared_secret_is_refused),
    NAMED(ecdsa_zeros_and_orders_are_refused),
    NAMED(ecdsa_in_der_is_refused),
    NAMED(ecdsa_of_another_length_is_refused),
    NAMED(rsa_of_another_length_is_refused),
    NAMED(signature_of_another_token_is_refused),
    NAMED(every_byte_of_every_part_matters_es256),
    NAMED(every_byte_of_every_part_matters_rs256),
    NAMED(spare_bits_of_base64url_are_refused),
    NAMED(own_jwk_is_ignored),
    NAMED(own_jku_is_ignored_and_nothing_is_fetched),
    NAMED(own_x5u_is_ignored_and_nothing_is_fetched),
    NAMED(own_x5c_is_ignored),
    NAMED(own_keys_do_not_spoil_a_good_token),
    NAMED(no_header_and_other_schemes_are_refused),
    NAMED(scheme_is_case_insensitive),
    NAMED(two_authorization_headers_are_refused),
    NAMED(tokens_of_other_part_counts_are_refused),
    NAMED(encrypted_token_is_refused),
    NAMED(json_serialisation_is_refused),
    NAMED(padding_and_the_other_alphabet_are_refused),
    NAMED(oversize_token_is_refused),
    NAMED(each_issuer_speaks_with_its_own_keys_and_forms),
    NAMED(one_issuers_key_does_not_sign_for_another),
    NAMED(an_issuer_cannot_speak_for_anothers_organisation),
    NAMED(anothers_subject_stays_another_identity),
    NAMED(remembered_token_still_expires),
    NAMED(remembered_token_is_not_valid_earlier),
};

int main(void)
{
    static struct CMUnitTest tests[ARRAY_LENGTH(CLAIM_CASES) + ARRAY_LENGTH(HEADER_CASES) +
                                   ARRAY_LENGTH(PAYLOAD_CASES) + ARRAY_LENGTH(SINGLE_TESTS)];
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(CLAIM_CASES); i++) {
        tests[count++] = (struct CMUnitTest){CLAIM_CASES[i].name, claim_case_holds, NULL, NULL,
                                             (void *)&CLAIM_CASES[i]};
    }
    for (size_t i = 0; i < ARRAY_LENGTH(HEADER_CASES); i++) {
        tests[count++] = (struct CMUnitTest){HEADER_CASES[i].name, header_case_holds, NULL, NULL,
                                             (void *)&HEADER_CASES[i]};
    }
    for (size_t i = 0; i < ARRAY_LENGTH(PAYLOAD_CASES); i++) {
        tests[count++] = (struct CMUnitTest){PAYLOAD_CASES[i].name, payload_case_holds, NULL, NULL,
                                             (void *)&PAYLOAD_CASES[i]};
    }
    for (size_t i = 0; i < ARRAY_LENGTH(SINGLE_TESTS); i++) {
        tests[count++] = SINGLE_TESTS[i];
    }
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
