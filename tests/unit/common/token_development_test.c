/* What accord-token mints is what the services take, and nothing is minted by a key that is not the
 * development issuer's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <unistd.h>

#include "common/development_token.h"
#include "common/token.h"
#include "tests/unit/common/forge.h"

#define NOW_S INT64_C(1780000000)

static char folder[64];
static struct forge_key key;

static void path_of(const char *name, char path[128])
{
    snprintf(path, 128, "%s/%s", folder, name);
}

static void json_write(const char *name, json_t *content)
{
    char path[128];
    path_of(name, path);
    assert_int_equal(json_dump_file(content, path, 0), 0);
    json_decref(content);
}

static void text_write(const char *name, const char *text, size_t size)
{
    char path[128];
    path_of(name, path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    fclose(file);
}

/* PKCS#8, as openssl genpkey writes it. */
static void key_write(const struct forge_key *private)
{
    gnutls_x509_privkey_t x509;
    gnutls_datum_t pem = {0};
    assert_int_equal(gnutls_privkey_export_x509(private->private, &x509), 0);
    assert_int_equal(
        gnutls_x509_privkey_export2_pkcs8(x509, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &pem),
        0);
    text_write("issuer.pem", (char *)pem.data, pem.size);
    gnutls_free(pem.data);
    gnutls_x509_privkey_deinit(x509);
}

static int folder_setup(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/accord-development-XXXXXX");
    assert_non_null(mkdtemp(folder));
    key = forge_key_new("issuer-2", "P-256", 0);
    struct forge_key old = forge_key_new("issuer-1", "P-256", 0);
    key_write(&key);
    json_write("issuer.jwks", json_pack("{s:[o, o]}", "keys", forge_jwk(&old), forge_jwk(&key)));
    json_write("issuers.json",
               json_pack("[{s:s, s:s, s:b, s:[s], s:s, s:[s]}]", "issuer", DEVELOPMENT_ISSUER,
                         "jwks", "issuer.jwks", "legacy", 1, "algorithms", "ES256",
                         "organisationClaim", "organisation", "organisations", "*"));
    gnutls_privkey_deinit(old.private);
    return 0;
}

static int folder_teardown(void **state)
{
    (void)state;
    static const char *const FILES[] = {"issuer.pem", "issuer.jwks", "issuers.json"};
    for (size_t i = 0; i < ARRAY_LENGTH(FILES); i++) {
        char path[128];
        path_of(FILES[i], path);
        unlink(path);
    }
    gnutls_privkey_deinit(key.private);
    return rmdir(folder);
}

static const struct development_token DANA = {.issuer = DEVELOPMENT_ISSUER,
                                              .audience = "https://accord.example",
                                              .subject = "dana.director",
                                              .client = "accord-token",
                                              .organisation = "ZZ1",
                                              .scope = "ledger:read decisions:open",
                                              .minutes = 30};

static struct token_verifier *verifier_new(void)
{
    char path[128];
    struct token_verifier *verifier = NULL;
    struct problem err = {0};
    path_of("issuers.json", path);
    if (!token_verifier_new(path, "https://accord.example", &verifier, &err)) {
        fail_msg("%s", err.detail);
    }
    return verifier;
}

static char *mint(const struct development_token *token)
{
    char *text = NULL;
    struct problem err = {0};
    if (!development_token_mint(folder, token, NOW_S, &text, &err)) {
        fail_msg("%s", err.detail);
    }
    char *header = malloc(strlen(text) + 8);
    sprintf(header, "Bearer %s", text);
    free(text);
    return header;
}

static void a_development_token_is_accepted_for_its_time(void **state)
{
    (void)state;
    struct token_verifier *verifier = verifier_new();
    char_auto_t *header = mint(&DANA);
    struct caller caller;
    struct problem err = {0};
    if (!token_verify(verifier, header, NOW_S, &caller, &err)) {
        fail_msg("%s: %s", err.detail, header);
    }
    assert_string_equal(caller.issuer, DEVELOPMENT_ISSUER);
    assert_string_equal(caller.subject, "dana.director");
    assert_string_equal(caller.client, "accord-token");
    assert_string_equal(caller.organisation, "ZZ1");
    assert_int_equal(caller.scope_count, 2);
    assert_false(token_verify(verifier, header, NOW_S + 30 * 60 + 30, &caller, &err));
    token_verifier_free(verifier);
}

static void a_token_without_organisation_and_scopes_has_none(void **state)
{
    (void)state;
    struct token_verifier *verifier = verifier_new();
    struct development_token wish = DANA;
    wish.organisation = NULL;
    wish.scope = "";
    char_auto_t *header = mint(&wish);
    struct caller caller;
    struct problem err = {0};
    if (!token_verify(verifier, header, NOW_S, &caller, &err)) {
        fail_msg("%s: %s", err.detail, header);
    }
    assert_string_equal(caller.organisation, "");
    assert_int_equal(caller.scope_count, 0);
    token_verifier_free(verifier);
}

static void two_tokens_have_two_ids(void **state)
{
    (void)state;
    char_auto_t *first = mint(&DANA);
    char_auto_t *second = mint(&DANA);
    assert_string_not_equal(first, second);
}

static void assert_not_minted(const char *because)
{
    char *text = NULL;
    struct problem err = {0};
    assert_false(development_token_mint(folder, &DANA, NOW_S, &text, &err));
    assert_null(text);
    if (strstr(err.detail, because) == NULL) {
        fail_msg("%s", err.detail);
    }
}

static void a_key_that_is_not_published_is_refused(void **state)
{
    (void)state;
    struct forge_key other = forge_key_new("issuer-2", "P-256", 0);
    key_write(&other);
    gnutls_privkey_deinit(other.private);
    assert_not_minted("is not the development issuer's key");
}

static void keys_of_other_kinds_are_refused(void **state)
{
    (void)state;
    struct forge_key rsa = forge_key_new("issuer-2", NULL, 2048);
    key_write(&rsa);
    gnutls_privkey_deinit(rsa.private);
    assert_not_minted("no elliptic-curve key");
    struct forge_key wide = forge_key_new("issuer-2", "P-384", 0);
    key_write(&wide);
    gnutls_privkey_deinit(wide.private);
    assert_not_minted("no P-256 key");
}

static void what_is_no_key_is_refused(void **state)
{
    (void)state;
    text_write("issuer.pem", "not a key\n", 10);
    assert_not_minted("is no private key");
    text_write("issuer.pem", "", 0);
    assert_not_minted("is empty");
    char path[128];
    path_of("issuer.pem", path);
    unlink(path);
    assert_not_minted("cannot be read");
}

static void published_keys_that_cannot_be_read_are_refused(void **state)
{
    (void)state;
    text_write("issuer.jwks", "{", 1);
    assert_not_minted("issuer.jwks");
}

static void a_token_lives_an_hour_at_most(void **state)
{
    (void)state;
    static const int MINUTES[] = {-1, 0, 61};
    for (size_t i = 0; i < ARRAY_LENGTH(MINUTES); i++) {
        struct development_token wish = DANA;
        wish.minutes = MINUTES[i];
        char *text = NULL;
        struct problem err = {0};
        assert_false(development_token_mint(folder, &wish, NOW_S, &text, &err));
    }
}

#define IN_FOLDER(function) cmocka_unit_test_setup_teardown(function, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_development_token_is_accepted_for_its_time),
        IN_FOLDER(a_token_without_organisation_and_scopes_has_none),
        IN_FOLDER(two_tokens_have_two_ids),
        IN_FOLDER(a_key_that_is_not_published_is_refused),
        IN_FOLDER(keys_of_other_kinds_are_refused),
        IN_FOLDER(what_is_no_key_is_refused),
        IN_FOLDER(published_keys_that_cannot_be_read_are_refused),
        IN_FOLDER(a_token_lives_an_hour_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
