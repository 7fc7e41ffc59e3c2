/* The configuration file: what is read, and the sentence about every fault. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "common/config.h"

#define INSTANCE(port)                                                                             \
    "{\"http\":\"127.0.0.1:" port                                                                  \
    "\",\"questions\":\"tcp://127.0.0.1:7201\",\"wake\":\"tcp://127.0.0.1:7301\"}"
#define SERVICES                                                                                   \
    "{\"ledger\":{\"database\":\"dbname=x\",\"instances\":[" INSTANCE("7102") "," INSTANCE(        \
        "7112") "]}}"
#define CONFIG(rest)                                                                               \
    "{\"baseUrl\":\"http://127.0.0.1:8080/\",\"audience\":\"https://accord.example\"," rest "}"
#define FILES "\"keys\":\"keys\",\"issuers\":\"/etc/issuers.json\""
#define ISSUER(rest) "[{\"issuer\":\"https://a.example\"," rest "}]"

static char folder[] = "/tmp/accord-config-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/accord.json", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void the_whole_file_is_read(void **state)
{
    (void)state;
    struct problem err = {0};
    struct config config;
    write_file(CONFIG(FILES ",\"rateLimit\":5,\"services\":" SERVICES));
    if (!config_read(path, &config, &err))
        fail_msg("%s", err.detail);
    assert_int_equal(config.rate_per_s, 5);
    assert_string_equal(config.base_url, "http://127.0.0.1:8080");
    assert_string_equal(config.audience, "https://accord.example");
    char keys[80];
    snprintf(keys, sizeof keys, "%s/keys", folder);
    assert_string_equal(config.keys, keys);
    assert_string_equal(config.issuers, "/etc/issuers.json");
    const struct config_service *ledger = config_service(&config, "ledger");
    assert_non_null(ledger);
    assert_null(config_service(&config, "risk"));
    assert_string_equal(ledger->database, "dbname=x");
    assert_int_equal(ledger->instance_count, 2);
    const struct config_instance *instance = NULL;
    assert_true(config_instance(&config, "ledger", 1, &instance, &err));
    assert_string_equal(instance->http_host, "127.0.0.1");
    assert_int_equal(instance->http_port, 7112);
    assert_string_equal(instance->questions, "tcp://127.0.0.1:7201");
    assert_string_equal(instance->wake, "tcp://127.0.0.1:7301");
    assert_false(config_instance(&config, "ledger", 2, &instance, &err));
    assert_false(config_instance(&config, "risk", 0, &instance, &err));
    assert_string_equal(err.detail, "the configuration has no service risk");
}

static void every_fault_has_its_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wanted;
    } bad[] = {
        {"", "not acceptable JSON"},
        {"[]", "is not an object"},
        {"{}", "baseUrl is missing"},
        {CONFIG("\"keys\":7"), "keys is not a text"},
        {CONFIG("\"keys\":\"\""), "keys is empty"},
        {CONFIG(FILES), "services is missing or not an object"},
        {CONFIG(FILES ",\"port\":1"), "port is not a setting"},
        {CONFIG(FILES ",\"rateLimit\":0"), "rateLimit is not a number of requests a second"},
        {CONFIG(FILES ",\"rateLimit\":\"5\""), "rateLimit is not a number of requests a second"},
        {CONFIG(FILES ",\"services\":{\"ledgre\":{}}"), "services.ledgre is no service of Accord"},
        {CONFIG(FILES ",\"services\":{\"risk\":1}"), "services.risk is not an object"},
        {CONFIG(FILES ",\"services\":{\"risk\":{}}"), "services.risk.database is missing"},
        {CONFIG(FILES ",\"services\":{\"risk\":{\"database\":\"x\",\"instances\":[]}}"),
         "services.risk.instances is not an array of at least one"},
        {CONFIG(FILES ",\"services\":{\"risk\":{\"database\":\"x\",\"instances\":[{}]}}"),
         "services.risk.instances[0].http is missing"},
        {CONFIG(FILES
                ",\"services\":{\"risk\":{\"database\":\"x\",\"instances\":[" INSTANCE("0") "]}}"),
         "http has no port between 1 and 65535"},
        {CONFIG(FILES
                ",\"services\":{\"risk\":{\"database\":\"x\",\"instances\":[" INSTANCE("x") "]}}"),
         "http is not <host>:<port>"},
        {CONFIG(FILES ",\"services\":{\"risk\":{\"database\":\"x\",\"instances\":"
                      "[{\"http\":\"h:1\",\"questions\":\"ipc://x\",\"wake\":\"tcp://x\"}]}}"),
         "questions is neither tcp:// nor tls+tcp://"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct problem err = {0};
        struct config config = {.service_count = -7};
        write_file(bad[i].text);
        assert_false(config_read(path, &config, &err));
        assert_int_equal(config.service_count, -7);
        if (strncmp(err.detail, path, strlen(path)) != 0 ||
            strstr(err.detail, bad[i].wanted) == NULL)
            fail_msg("'%s' instead of '%s'", err.detail, bad[i].wanted);
    }
}

static void an_unreadable_file_is_named(void **state)
{
    (void)state;
    struct problem err = {0};
    struct config config;
    assert_false(config_read("/nowhere/accord.json", &config, &err));
    assert_string_equal(err.detail,
                        "/nowhere/accord.json: cannot be read: No such file or directory");
    assert_false(config_read(folder, &config, &err));
    assert_non_null(strstr(err.detail, "Is a directory"));
}

static struct config_issuers issuers;

static void issuers_say_what_they_may_assert(void **state)
{
    (void)state;
    struct problem err = {0};
    write_file("[{\"issuer\":\"https://a.example\",\"jwks\":\"a.jwks\",\"legacy\":true,"
               "\"algorithms\":[\"ES256\",\"RS256\"],\"organisationClaim\":\"organisation\","
               "\"organisations\":[\"*\"]},"
               "{\"issuer\":\"https://b.example\",\"jwks\":\"https://b.example/jwks\","
               "\"audience\":\"https://other.example\",\"algorithms\":[\"EdDSA\"],"
               "\"organisationClaim\":\"ods\",\"organisations\":[\"ZZ1\",\"ZZ2\"]}]");
    if (!config_issuers_read(path, "https://accord.example", &issuers, &err))
        fail_msg("%s", err.detail);
    assert_int_equal(issuers.count, 2);
    char jwks[80];
    snprintf(jwks, sizeof jwks, "%s/a.jwks", folder);
    assert_string_equal(issuers.issuers[0].jwks, jwks);
    assert_string_equal(issuers.issuers[0].audience, "https://accord.example");
    assert_true(issuers.issuers[0].is_legacy);
    assert_true(issuers.issuers[0].asserts_any_organisation);
    assert_int_equal(issuers.issuers[0].algorithm_count, 2);
    assert_string_equal(issuers.issuers[1].jwks, "https://b.example/jwks");
    assert_string_equal(issuers.issuers[1].audience, "https://other.example");
    assert_false(issuers.issuers[1].is_legacy);
    assert_false(issuers.issuers[1].asserts_any_organisation);
    assert_int_equal(issuers.issuers[1].organisation_count, 2);
    assert_string_equal(issuers.issuers[1].organisations[1], "ZZ2");
    assert_string_equal(issuers.issuers[1].organisation_claim, "ods");
}

#define REST "\"organisationClaim\":\"o\",\"organisations\":[\"ZZ1\"]"
static void an_issuers_fault_has_its_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wanted;
    } bad[] = {
        {"{}", "is not an array of 1 to 16 issuers"},
        {"[]", "is not an array of 1 to 16 issuers"},
        {"[1]", "[0] is not an object"},
        {ISSUER("\"jwks\":\"http://a.example\""),
         "[0].jwks is neither a file nor an https address"},
        {ISSUER("\"jwks\":\"a\",\"secret\":\"s\""), "[0].secret is not a setting"},
        {ISSUER("\"jwks\":\"a\",\"algorithms\":[]," REST), "algorithms is not an array of 1 to 8"},
        {ISSUER("\"jwks\":\"a\",\"algorithms\":[\"none\"]," REST),
         "[0].none is no algorithm that tokens may be signed with"},
        {ISSUER("\"jwks\":\"a\",\"algorithms\":[\"HS256\"]," REST), "[0].HS256 is no algorithm"},
        {ISSUER("\"jwks\":\"a\",\"legacy\":1,\"algorithms\":[\"ES256\"]," REST),
         "[0].legacy is neither true nor false"},
        {ISSUER("\"jwks\":\"a\",\"algorithms\":[\"ES256\"],\"organisationClaim\":\"o\","
                "\"organisations\":[\"ZZ1\",\"*\"]"),
         "[0].* is not an ODS code"},
        {ISSUER("\"jwks\":\"a\",\"algorithms\":[\"ES256\"],\"organisationClaim\":\"o\""),
         "[0].organisations is not an array"},
        {"[{\"issuer\":\"i\",\"jwks\":\"a\",\"algorithms\":[\"ES256\"]," REST "},"
         "{\"issuer\":\"i\",\"jwks\":\"b\",\"algorithms\":[\"ES256\"]," REST "}]",
         "[1].issuer stands twice"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct problem err = {0};
        write_file(bad[i].text);
        assert_false(config_issuers_read(path, "a", &issuers, &err));
        if (strstr(err.detail, bad[i].wanted) == NULL)
            fail_msg("'%s' instead of '%s'", err.detail, bad[i].wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_file_is_read),
        cmocka_unit_test(every_fault_has_its_sentence),
        cmocka_unit_test(an_unreadable_file_is_named),
        cmocka_unit_test(issuers_say_what_they_may_assert),
        cmocka_unit_test(an_issuers_fault_has_its_sentence),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
