/* A service `probe` over a real socket and database, an alliance for each test, and who asks it. */
#ifndef ACCORD_TESTS_COMMON_HTTP_WORLD_H
#define ACCORD_TESTS_COMMON_HTTP_WORLD_H

#include "tests/store/harness.h"

#include <pthread.h>
#include <time.h>

#include "common/http_private.h"
#include "common/ids.h"
#include "common/instant.h"
#include "common/json.h"
#include "common/log.h"
#include "common/sweep.h"
#include "common/token.h"
#include "tests/lib/http_client.h"
#include "tests/store/common_http_probe.h"
#include "tests/unit/common/forge.h"

static struct forge_key key;
static struct service_context context;
static int port;
static char folder[64];

/* --- tokens and requests -------------------------------------------------------------------------
 */

static inline char *token_for(const char *subject, const char *organisation, const char *scopes)
{
    char payload[1024];
    long now = (long)time(NULL);
    snprintf(payload, sizeof payload,
             "{\"iss\":\"https://issuer.test\",\"aud\":\"https://accord.test\",\"sub\":\"%s\","
             "\"client_id\":\"tests\",\"jti\":\"%s\",\"iat\":%ld,\"exp\":%ld,\"scope\":\"%s\","
             "\"organisation\":\"%s\"}",
             subject, subject, now, now + 600, scopes, organisation);
    return forge_token(&key, "ES256", "{\"typ\":\"at+jwt\",\"alg\":\"ES256\",\"kid\":\"k\"}",
                       payload);
}

static const char ALL[] = "thing:read thing:write thing:found";

struct ask {
    const char *method;
    const char *target;
    const char *subject; /* NULL: no token */
    const char *organisation;
    const char *scopes;
    const char *headers; /* further lines, each with its CRLF */
    const char *body;    /* NULL = none */
    const char *media;   /* NULL = application/json */
};

static inline struct answer ask(const struct ask *ask)
{
    char_auto_t *token =
        ask->subject ? token_for(ask->subject, ask->organisation, ask->scopes ? ask->scopes : ALL)
                     : NULL;
    size_t size = ask->body ? strlen(ask->body) : 0;
    char *bytes = NULL;
    int length = asprintf(&bytes, "%s %s HTTP/1.1\r\nHost: accord.test\r\nConnection: close\r\n%s",
                          ask->method, ask->target, ask->headers ? ask->headers : "");
    assert_true(length > 0);
    char *whole = NULL;
    if (ask->body)
        length =
            asprintf(&whole, "%s%s%s%sContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s", bytes,
                     token ? "Authorization: " : "", token ? token : "", token ? "\r\n" : "",
                     ask->media ? ask->media : "application/json", size, ask->body);
    else
        length = asprintf(&whole, "%s%s%s\r\n\r\n", bytes, token ? "Authorization: " : "",
                          token ? token : "X-Nothing: 1");
    assert_true(length > 0);
    struct answer answer = client_ask(port, whole);
    free(bytes);
    free(whole);
    return answer;
}

/* A person of ZZ1 who may do everything here. */
#define BY_LEAD .subject = "lead", .organisation = "ZZ1"

static inline char *make_text(const char *format, ...) PRINTF_LIKE(1, 2);
static inline char *make_text(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = NULL;
    assert_true(vasprintf(&text, format, arguments) >= 0);
    va_end(arguments);
    return text;
}

static inline struct answer post_thing(const char *alliance, const char *idempotency_key,
                                       const char *code, const char *subject)
{
    char_auto_t *target = make_text("/v1/alliances/%s/things", alliance);
    char_auto_t *headers = make_text("Idempotency-Key: %s\r\n", idempotency_key);
    char_auto_t *body =
        make_text("{\"code\":\"%s\",\"name\":\"thing %s\",\"amountPence\":5}", code, code);
    return ask(&(struct ask){.method = "POST",
                             .target = target,
                             .subject = subject,
                             .organisation = "ZZ1",
                             .headers = headers,
                             .body = body});
}

static inline struct answer get_thing(const char *alliance, const char *rest, const char *headers)
{
    char_auto_t *target = make_text("/v1/alliances/%s/things%s", alliance, rest);
    return ask(&(struct ask){.method = "GET", .target = target, BY_LEAD, .headers = headers});
}

static inline void pause_shortly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* --- an alliance for each test
 * ----------------------------------------------------------------------- */

static char alliance[UUID_SIZE];

static inline void appoint(const char *subject, const char *role, const char *organisation)
{
    harness_sql("insert into probe.appointment (alliance_id, id, sequence, issuer, subject, role, "
                "organisation, starts_at, version) values ('%s', gen_random_uuid(), 1, "
                "'https://issuer.test', '%s', '%s', '%s', '2020-01-01Z', 1)",
                alliance, subject, role, organisation);
}

static inline int alliance_setup(void **state)
{
    (void)state;
    harness_alliance(alliance);
    harness_sql("select * from probe.journal_lock('%s', true)", alliance);
    harness_sql(
        "insert into probe.alliance (alliance_id, sequence, name, purpose, objectives, "
        "principles, starts_on, ends_on, status, founding_decision_id, created_at, version) "
        "values ('%s', 1, 'n', 'p', '[]', '[]', '2026-04-01', '2033-04-01', 'active', "
        "gen_random_uuid(), '2026-01-01Z', 1)",
        alliance);
    harness_sql(
        "insert into probe.partner (alliance_id, organisation, sequence, name, role, is_voting, "
        "is_founder, status, version) values ('%s', 'ZZ1', 1, 'n', 'provider', true, true, "
        "'active', 1), ('%s', 'ZZ4', 1, 'm', 'provider', true, false, 'left', 1)",
        alliance, alliance);
    appoint("lead", "finance-lead", "ZZ1");
    return 0;
}

/* --- the service
 * --------------------------------------------------------------------------------------------------------
 */

static inline void start(void)
{
    static const struct http_config config = {.host = "127.0.0.1",
                                              .cursor_secret = "thirty-two bytes of a secret ...",
                                              .api_description = "{\"openapi\":\"3.1.0\"}"};
    struct problem err = {.code = PROBLEM_NONE};
    assert_done(http_start(&context, &config, &err), err);
    port = http_port(context.http);
    assert_true(port > 0);
}

static inline void write_file(const char *name, json_t *content)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(json_dump_file(content, path, 0), 0);
    json_decref(content);
}

static inline int service_setup(void **state)
{
    (void)state;
    struct problem err = {.code = PROBLEM_NONE};
    setenv("ACCORD_LOG", "error", 0);
    log_start("probe");
    harness_make_probe();
    strcpy(folder, "/tmp/accord-http-XXXXXX");
    assert_non_null(mkdtemp(folder));
    key = forge_key_new("k", "P-256", 0);
    write_file("jwks", json_pack("{s:[o]}", "keys", forge_jwk(&key)));
    write_file("issuers",
               json_pack("[{s:s,s:s,s:s,s:[s],s:s,s:[s]}]", "issuer", "https://issuer.test", "jwks",
                         "jwks", "audience", "https://accord.test", "algorithms", "ES256",
                         "organisationClaim", "organisation", "organisations", "*"));
    char path[128];
    snprintf(path, sizeof path, "%s/issuers", folder);
    assert_done(token_verifier_new(path, "https://accord.test", &context.tokens, &err), err);
    context.db = harness_db("probe", 8);
    context.service = probe_service();
    start();
    return 0;
}

static inline int service_teardown(void **state)
{
    (void)state;
    http_stop(context.http, 5000);
    token_verifier_free(context.tokens);
    db_free(context.db);
    gnutls_privkey_deinit(key.private);
    char path[128];
    static const char *const NAMES[] = {"jwks", "issuers"};
    for (size_t i = 0; i < ARRAY_LENGTH(NAMES); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, NAMES[i]);
        unlink(path);
    }
    return rmdir(folder);
}

#define TEST(name) cmocka_unit_test_setup(name, alliance_setup)

#endif
