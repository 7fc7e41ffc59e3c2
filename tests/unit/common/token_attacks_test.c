/* The attacks of RFC 8725 and its update that are a table: tokens that are properly signed and say
 * something wrong in header, payload or claims, each with the reason for which it is refused. Those
 * on signatures, shape, keys and issuers are in token_signatures_test.c. */
#include "tests/unit/common/token_fixture.h"

/* --- what a properly signed token says wrongly --- */

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
    {"expiry_a_second_ago", "exp", "1779999999", "has expired"},
    {"expiry_now", "exp", "1780000000", "has expired"},
    {"expiry_in_a_second_is_accepted", "exp", "1780000001", NULL},
    {"expiry_in_a_year", "exp", "1811536000", "longer than an hour"},
    {"expiry_one_second_over_an_hour", "exp", "1780003591", "longer than an hour"},
    {"expiry_exactly_an_hour_is_accepted", "exp", "1780003590", NULL},
    {"expiry_at_issue", "exp", "1779999990", "has expired"},
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

/* --- what a properly signed header says wrongly --- */

struct header_case {
    const char *name;
    enum key_name key;
    const char *alg; /* how it is really signed */
    const char *header;
    const char *because; /* NULL = accepted */
};

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
    {"mixup_es256_with_an_rsa_key", KEY_ES256, "ES256", HEADER("ES256", "rsa"), "does not publish"},
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
    {"key_id_path_traversal", KEY_ES256, "ES256", HEADER("ES256", "../../../../../../dev/null"),
     "does not publish"},
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
    char_auto_t *token =
        forge_token(&fixture.keys[attack->key], attack->alg, attack->header, claims);
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

/* --- payloads that are no proper JSON object --- */

struct payload_case {
    const char *name;
    const char *payload;
};

#define PAYLOAD_WITH(more)                                                                         \
    "{\"iss\":\"" ISSUER_A "\",\"aud\":\"" AUDIENCE "\",\"sub\":\"dana\",\"client_id\":\"c\","     \
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

int main(void)
{
    static struct CMUnitTest tests[ARRAY_LENGTH(CLAIM_CASES) + ARRAY_LENGTH(HEADER_CASES) +
                                   ARRAY_LENGTH(PAYLOAD_CASES) + 1] = {
        cmocka_unit_test(the_payload_of_these_cases_is_good_otherwise)};
    size_t count = 1;
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
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
