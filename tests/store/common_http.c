/* The dispatcher as a client meets it: from bytes on a socket to rows in PostgreSQL, over a service
 * `probe` with a spec of its own. */
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

static char *token_for(const char *subject, const char *organisation, const char *scopes)
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

static struct answer ask(const struct ask *ask)
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

static char *make_text(const char *format, ...) PRINTF_LIKE(1, 2);
static char *make_text(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = NULL;
    assert_true(vasprintf(&text, format, arguments) >= 0);
    va_end(arguments);
    return text;
}

static struct answer post_thing(const char *alliance, const char *idempotency_key, const char *code,
                                const char *subject)
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

static struct answer get_thing(const char *alliance, const char *rest, const char *headers)
{
    char_auto_t *target = make_text("/v1/alliances/%s/things%s", alliance, rest);
    return ask(&(struct ask){.method = "GET", .target = target, BY_LEAD, .headers = headers});
}

/* --- an alliance for each test
 * ----------------------------------------------------------------------- */

static char alliance[UUID_SIZE];

static void appoint(const char *subject, const char *role, const char *organisation)
{
    harness_sql("insert into probe.appointment (alliance_id, id, sequence, issuer, subject, role, "
                "organisation, starts_at, version) values ('%s', gen_random_uuid(), 1, "
                "'https://issuer.test', '%s', '%s', '%s', '2020-01-01Z', 1)",
                alliance, subject, role, organisation);
}

static int alliance_setup(void **state)
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

/* --- who, and where
 * --------------------------------------------------------------------------------------- */

static void who_has_no_token_is_told_how_to_come_by_one(void **state)
{
    (void)state;
    char_auto_t *target = make_text("/v1/alliances/%s/things", alliance);
    answer_auto_t none = ask(&(struct ask){.method = "GET", .target = target});
    answer_expect(&none, 401, "UNAUTHENTICATED");
    assert_string_equal(answer_get(&none, "WWW-Authenticate"), "Bearer realm=\"accord\"");
    answer_auto_t bad = ask(&(struct ask){
        .method = "GET", .target = target, .headers = "Authorization: Bearer a.b.c\r\n"});
    answer_expect(&bad, 401, "UNAUTHENTICATED");
    assert_non_null(strstr(answer_get(&bad, "WWW-Authenticate"), "invalid_token"));
    answer_auto_t poor =
        ask(&(struct ask){.method = "GET", .target = target, BY_LEAD, .scopes = "thing:write"});
    answer_expect(&poor, 403, "SCOPE_MISSING");
    assert_non_null(strstr(answer_get(&poor, "WWW-Authenticate"), "scope=\"thing:read\""));
}

static void an_alliance_is_there_for_who_is_on_its_roster(void **state)
{
    (void)state;
    char_auto_t *target = make_text("/v1/alliances/%s/things", alliance);
    answer_auto_t stranger = ask(
        &(struct ask){.method = "GET", .target = target, .subject = "x", .organisation = "ZZ9"});
    answer_expect(&stranger, 404, "NOT_FOUND");
    assert_string_equal(answer_get(&stranger, "Accord-Sequence"), "");
    answer_auto_t former = ask(
        &(struct ask){.method = "GET", .target = target, .subject = "y", .organisation = "ZZ4"});
    answer_expect(&former, 403, "ROLE_MISSING");
    assert_string_equal(answer_get(&former, "Accord-Sequence"), "probe=0");
    answer_auto_t partner = ask(
        &(struct ask){.method = "GET", .target = target, .subject = "z", .organisation = "ZZ1"});
    answer_expect(&partner, 200, NULL);
    assert_string_equal(answer_get(&partner, "Accord-Sequence"), "probe=0");
    answer_auto_t nowhere = get_thing("0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d3e", "", NULL);
    answer_expect(&nowhere, 404, "NOT_FOUND");
    answer_auto_t malformed = get_thing("0193F5A2", "", NULL);
    answer_expect(&malformed, 400, "PARAMETER_INVALID");
}

static void only_what_the_spec_has_is_there(void **state)
{
    (void)state;
    answer_auto_t nothing = ask(&(struct ask){.method = "GET", .target = "/v1/nothing", BY_LEAD});
    answer_expect(&nothing, 404, "NOT_FOUND");
    char_auto_t *target = make_text("/v1/alliances/%s/things", alliance);
    answer_auto_t method = ask(&(struct ask){.method = "DELETE", .target = target, BY_LEAD});
    answer_expect(&method, 405, "METHOD_NOT_ALLOWED");
    assert_string_equal(answer_get(&method, "Allow"), "GET, HEAD, POST");
    answer_auto_t head = ask(&(struct ask){.method = "HEAD", .target = target, BY_LEAD});
    answer_expect(&head, 200, NULL);
    assert_string_equal(head.body, "");
    answer_auto_t html = get_thing(alliance, "", "Accept: text/html\r\n");
    answer_expect(&html, 406, "NOT_ACCEPTABLE");
}

/* --- framing
 * --------------------------------------------------------------------------------------------------
 */

static void what_is_framed_badly_is_refused(void **state)
{
    (void)state;
    static const char *const CASES[] = {
        "GET /v1/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer a\r\n"
        "Authorization: Bearer b\r\n\r\n",
        "GET /v1/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer a\r\n"
        "authorization: Bearer b\r\n\r\n",
        "POST /v1/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n"
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET /v1/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Request-ID: 7\r\n\r\n",
        "GET /v1/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Correlation-ID: "
        "caf\xc3\xa9\r\n\r\n",
        "GET http://other/v1/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET /v1/\xff HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(CASES); i++) {
        answer_auto_t answer = client_ask(port, CASES[i]);
        answer_expect(&answer, 400, "REQUEST_MALFORMED");
    }
    answer_auto_t twice = client_ask(port, "POST /v1/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                                           "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab");
    assert_int_equal(twice.status, 400);
    char many[4096] = "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
    for (int i = 0; i < 101; i++)
        snprintf(many + strlen(many), sizeof many - strlen(many), "X-Many-%d: 1\r\n", i);
    snprintf(many + strlen(many), sizeof many - strlen(many), "\r\n");
    answer_auto_t headers = client_ask(port, many);
    answer_expect(&headers, 431, "HEADERS_TOO_LARGE");
    answer_auto_t hostless = client_ask(port, "GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert_int_equal(hostless.status, 400);
}

static void a_request_carries_its_ids_through(void **state)
{
    (void)state;
    answer_auto_t answer = get_thing(
        alliance, "",
        "X-Request-ID: 0193F5A2-8D11-7C3E-9A44-5B6F1F0C2D3E\r\nX-Correlation-ID: my own\r\n");
    answer_expect(&answer, 200, NULL);
    assert_string_equal(answer_get(&answer, "X-Request-ID"),
                        "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d3e");
    assert_string_equal(answer_get(&answer, "X-Correlation-ID"), "my own");
    answer_auto_t other = get_thing(alliance, "", NULL);
    assert_true(uuid_is_valid(answer_get(&other, "X-Request-ID")));
    assert_string_equal(answer_get(&other, "Cache-Control"), "private, no-cache");
    assert_string_equal(answer_get(&other, "X-Content-Type-Options"), "nosniff");
    assert_string_equal(answer_get(&other, "Vary"), "Authorization, Accept");
    assert_string_equal(answer_get(&other, "RateLimit-Policy"), "\"client\";q=1000;w=1");
}

static struct answer post_body(const char *body, const char *media, const char *headers)
{
    char_auto_t *target = make_text("/v1/alliances/%s/things", alliance);
    return ask(&(struct ask){.method = "POST",
                             .target = target,
                             BY_LEAD,
                             .headers = headers,
                             .body = body,
                             .media = media});
}

static void a_body_is_strict_json(void **state)
{
    (void)state;
    static const struct {
        const char *body, *media, *code;
        int status;
    } CASES[] = {
        {"{", NULL, "BODY_MALFORMED", 400},
        {"{\"code\":\"a\",\"code\":\"b\"}", NULL, "BODY_MALFORMED", 400},
        {"{\"code\":1.5}", NULL, "BODY_MALFORMED", 400},
        {"[]", NULL, "BODY_INVALID", 400},
        {"{}", "text/plain", "MEDIA_TYPE_UNSUPPORTED", 415},
        {"{}", "application/json; charset=latin1", "MEDIA_TYPE_UNSUPPORTED", 415},
        {"{}", "application/merge-patch+json", "MEDIA_TYPE_UNSUPPORTED", 415},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(CASES); i++) {
        answer_auto_t answer =
            post_body(CASES[i].body, CASES[i].media, "Idempotency-Key: strict\r\n");
        answer_expect(&answer, CASES[i].status, CASES[i].code);
        if (CASES[i].status == 415)
            assert_string_equal(answer_get(&answer, "Accept-Post"), "application/json");
    }
    char_auto_t *target = make_text("/v1/alliances/%s/things", alliance);
    answer_auto_t none = ask(&(struct ask){
        .method = "POST", .target = target, BY_LEAD, .headers = "Idempotency-Key: none\r\n"});
    answer_expect(&none, 400, "BODY_MALFORMED");
}

static void a_body_may_be_as_large_as_the_limit_says(void **state)
{
    (void)state;
    size_t size = BODY_BYTES_MAX + 1;
    char_auto_t *body = malloc(size + 1);
    memset(body, ' ', size);
    body[0] = '[';
    body[size - 1] = ']';
    body[size] = '\0';
    answer_auto_t over = post_body(body, NULL, "Idempotency-Key: large\r\n");
    answer_expect(&over, 413, "BODY_TOO_LARGE");
    body[size - 2] = ']';
    body[size - 1] = '\0';
    answer_auto_t exact = post_body(body, NULL, "Idempotency-Key: large\r\n");
    answer_expect(&exact, 400, "BODY_INVALID");
}

static bool has_fault(const json_t *document, const char *pointer, const char *code)
{
    const json_t *errors = json_object_get(document, "errors");
    for (size_t i = 0; i < json_array_size(errors); i++) {
        const json_t *error = json_array_get(errors, i);
        if (strcmp(json_string_value(json_object_get(error, "pointer")), pointer) == 0 &&
            strcmp(json_string_value(json_object_get(error, "code")), code) == 0)
            return true;
    }
    return false;
}

static void faults_of_parameters_and_body_are_told_together(void **state)
{
    (void)state;
    char_auto_t *target = make_text("/v1/alliances/%s/things?loud=true&a=%%zz", alliance);
    answer_auto_t answer =
        ask(&(struct ask){.method = "POST",
                          .target = target,
                          BY_LEAD,
                          .headers = "Idempotency-Key: faults\r\n",
                          .body = "{\"code\":\"UPPER\",\"amountPence\":-1,\"more\":1}"});
    answer_expect(&answer, 400, NULL);
    json_auto_t *document = answer_json(&answer);
    assert_true(has_fault(document, "?loud", "unknown-parameter"));
    assert_true(has_fault(document, "?", "encoding"));
    assert_true(has_fault(document, "/code", "pattern"));
    assert_true(has_fault(document, "/amountPence", "too-small"));
    assert_true(has_fault(document, "/more", "unknown-member"));
    assert_true(has_fault(document, "/name", "required"));
    assert_int_equal(json_integer_value(json_object_get(document, "errorsTotal")), 6);
    answer_auto_t query = get_thing(alliance, "?limit=0&name=a&name=b", NULL);
    answer_expect(&query, 400, "PARAMETER_INVALID");
    json_auto_t *second = answer_json(&query);
    assert_true(has_fault(second, "?limit", "too-small"));
    assert_true(has_fault(second, "?name", "repeated"));
}

/* --- writing
 * -------------------------------------------------------------------------------------------------
 */

static void what_is_made_can_be_read_at_its_location(void **state)
{
    (void)state;
    answer_auto_t made = post_thing(alliance, "k1", "a", "lead");
    answer_expect(&made, 201, NULL);
    assert_string_equal(answer_get(&made, "ETag"), "\"1\"");
    assert_string_equal(answer_get(&made, "Accord-Sequence"), "probe=1");
    char_auto_t *location = strdup(answer_get(&made, "Location"));
    answer_auto_t read = ask(&(struct ask){.method = "GET", .target = location, BY_LEAD});
    answer_expect(&read, 200, NULL);
    assert_string_equal(read.body, made.body);
    answer_auto_t same = get_thing(alliance, "/a", "If-None-Match: \"1\"\r\n");
    answer_expect(&same, 304, NULL);
    assert_string_equal(same.body, "");
    answer_auto_t other = get_thing(alliance, "/a", "If-None-Match: \"2\"\r\n");
    answer_expect(&other, 200, NULL);
    answer_auto_t missing = get_thing(alliance, "/b", NULL);
    answer_expect(&missing, 404, "NOT_FOUND");
    assert_string_equal(answer_get(&missing, "Accord-Sequence"), "probe=1");
    assert_string_equal(harness_value("select body::jsonb #>> '{actor,subject}' from "
                                      "probe.journal_body where alliance_id = '%s'",
                                      alliance),
                        "lead");
}

static int64_t head(void)
{
    return strtoll(
        harness_value("select sequence from probe.journal_head where alliance_id = '%s'", alliance),
        NULL, 10);
}

static void a_repeated_request_happens_once(void **state)
{
    (void)state;
    answer_auto_t first = post_thing(alliance, "k1", "a", "lead");
    answer_auto_t again = post_thing(alliance, "\"k1\"", "a", "lead");
    answer_expect(&again, 201, NULL);
    assert_string_equal(again.body, first.body);
    assert_string_equal(answer_get(&again, "Idempotent-Replayed"), "true");
    assert_string_equal(answer_get(&first, "Idempotent-Replayed"), "");
    assert_string_equal(answer_get(&again, "ETag"), "\"1\"");
    assert_true(strstr(answer_get(&again, "Location"), "/things/a") != NULL);
    assert_int_equal(head(), 1);
    answer_auto_t other = post_thing(alliance, "k1", "b", "lead");
    answer_expect(&other, 422, "IDEMPOTENCY_KEY_REUSED");
    answer_auto_t somebody = post_thing(alliance, "k1", "c", "somebody-else");
    answer_expect(&somebody, 201, NULL);
    char_auto_t *target = make_text("/v1/alliances/%s/things", alliance);
    answer_auto_t keyless =
        ask(&(struct ask){.method = "POST", .target = target, BY_LEAD, .body = "{}"});
    answer_expect(&keyless, 400, "IDEMPOTENCY_KEY_MISSING");
}

static void a_refusal_is_frozen_and_a_missing_role_is_not(void **state)
{
    (void)state;
    answer_auto_t refused = post_thing(alliance, "k2", "forbidden", "lead");
    answer_expect(&refused, 422, "RULE_BROKEN");
    answer_auto_t again = post_thing(alliance, "k2", "forbidden", "lead");
    answer_expect(&again, 422, NULL);
    assert_string_equal(answer_get(&again, "Idempotent-Replayed"), "true");
    assert_string_equal(again.body, refused.body);
    char_auto_t *target = make_text("/v1/alliances/%s/gated", alliance);
    const struct ask gated = {.method = "POST",
                              .target = target,
                              .subject = "chair-to-be",
                              .organisation = "ZZ1",
                              .headers = "Idempotency-Key: k3\r\n"};
    answer_auto_t before = ask(&gated);
    answer_expect(&before, 403, "ROLE_MISSING");
    appoint("chair-to-be", "chair", "ZZ1");
    answer_auto_t after = ask(&gated);
    answer_expect(&after, 204, NULL);
    answer_auto_t replay = ask(&gated);
    answer_expect(&replay, 204, NULL);
    assert_string_equal(answer_get(&replay, "Idempotent-Replayed"), "true");
    assert_string_equal(answer_get(&replay, "Content-Type"), "");
}

static void appointments_end(const char *subject)
{
    harness_sql("update probe.appointment set sequence = sequence + 1, ends_at = '2020-01-02Z' "
                "where alliance_id = '%s' and "
                "subject = '%s'",
                alliance, subject);
}

/* The same key again, by the same person and client, in what has become of it since. */
static void replay_expect(struct ask asked, const char *organisation, int status, const char *code)
{
    asked.organisation = organisation;
    answer_auto_t answer = ask(&asked);
    answer_expect(&answer, status, code);
    assert_string_equal(answer_get(&answer, "Idempotent-Replayed"), "");
    assert_string_equal(answer_get(&answer, "Accord-Sequence"), status == 404 ? "" : "probe=0");
}

static void a_stored_answer_is_for_who_may_still_do_it(void **state)
{
    (void)state;
    static const char *const PATHS[] = {"gated", "prepared"};
    harness_sql("insert into probe.partner (alliance_id, organisation, sequence, name, role, "
                "is_voting, is_founder, status, version) values ('%s', 'ZZ2', 1, 'n', 'provider', "
                "true, false, 'active', 1)",
                alliance);
    for (size_t i = 0; i < ARRAY_LENGTH(PATHS); i++) {
        char_auto_t *target = make_text("/v1/alliances/%s/%s", alliance, PATHS[i]);
        char_auto_t *headers = make_text("Idempotency-Key: of-mover-%s\r\n", PATHS[i]);
        const struct ask asked = {.method = "POST",
                                  .target = target,
                                  .subject = "mover",
                                  .organisation = "ZZ1",
                                  .headers = headers,
                                  .body = i == 0 ? NULL : "{}"};
        appoint("mover", "chair", "ZZ1");
        answer_auto_t first = ask(&asked);
        assert_true(first.status == (i == 0 ? 204 : 200));
        appoint("mover", "chair", "ZZ2");
        replay_expect(asked, "ZZ2", 422, "IDEMPOTENCY_KEY_REUSED"); /* may, but for another */
        replay_expect(asked, "ZZ4", 403, "ROLE_MISSING");
        replay_expect(asked, "ZZ9", 404, "NOT_FOUND");
        answer_auto_t again = ask(&asked);
        assert_string_equal(answer_get(&again, "Idempotent-Replayed"), "true");
        appointments_end("mover");
        harness_sql("update probe.partner set sequence = sequence + 1, status = 'left' where "
                    "alliance_id = '%s' and "
                    "organisation = 'ZZ1'",
                    alliance);
        replay_expect(asked, "ZZ1", 403, "ROLE_MISSING");
        harness_sql("update probe.partner set sequence = sequence + 1, status = 'active' where "
                    "alliance_id = '%s' and "
                    "organisation = 'ZZ1'",
                    alliance);
    }
}

static void a_refusal_takes_its_events_back(void **state)
{
    (void)state;
    answer_auto_t refused = post_thing(alliance, "k4", "regretted", "lead");
    answer_expect(&refused, 409, "STATE_CONFLICT");
    assert_int_equal(head(), 0);
    answer_auto_t again = post_thing(alliance, "k4", "regretted", "lead");
    answer_expect(&again, 409, "STATE_CONFLICT");
    assert_string_equal(answer_get(&again, "Idempotent-Replayed"), "true");
}

static void what_the_database_refuses_is_a_refusal(void **state)
{
    (void)state;
    answer_auto_t first = post_thing(alliance, "k5", "unique-1", "lead");
    answer_expect(&first, 201, NULL);
    answer_auto_t same_name = post_thing(alliance, "k6", "unique-2", "lead");
    answer_expect(&same_name, 409, "ALREADY_EXISTS");
    assert_int_equal(head(), 1);
    answer_auto_t again = post_thing(alliance, "k6", "unique-2", "lead");
    answer_expect(&again, 409, NULL);
    assert_string_equal(answer_get(&again, "Idempotent-Replayed"), "true");
}

static void a_change_needs_the_version_that_was_read(void **state)
{
    (void)state;
    answer_auto_t made = post_thing(alliance, "k1", "a", "lead");
    char_auto_t *target = make_text("/v1/alliances/%s/things/a", alliance);
    struct ask change = {.method = "PATCH",
                         .target = target,
                         BY_LEAD,
                         .body = "{\"amountPence\":6}",
                         .media = "application/merge-patch+json"};
    answer_auto_t blind = ask(&change);
    answer_expect(&blind, 428, "PRECONDITION_MISSING");
    change.headers = "If-Match: \"2\"\r\n";
    answer_auto_t stale = ask(&change);
    answer_expect(&stale, 412, "VERSION_STALE");
    change.headers = "If-Match: W/\"1\"\r\n";
    answer_auto_t good = ask(&change);
    answer_expect(&good, 200, NULL);
    assert_string_equal(answer_get(&good, "ETag"), "\"2\"");
    answer_auto_t lost = ask(&change);
    answer_expect(&lost, 412, "VERSION_STALE");
    change.media = "application/json";
    answer_auto_t wrong = ask(&change);
    answer_expect(&wrong, 415, "MEDIA_TYPE_UNSUPPORTED");
    assert_string_equal(answer_get(&wrong, "Accept-Patch"), "application/merge-patch+json");
}

static void founding_twice_with_one_key_founds_once(void **state)
{
    (void)state;
    const struct ask found = {.method = "POST",
                              .target = "/v1/alliances",
                              BY_LEAD,
                              .body = "{\"name\":\"n\"}",
                              .headers = "Idempotency-Key: found\r\n"};
    struct ask fresh = found;
    char_auto_t *headers = make_text("Idempotency-Key: found-%s\r\n", alliance);
    fresh.headers = headers;
    answer_auto_t first = ask(&fresh);
    answer_expect(&first, 201, NULL);
    char_auto_t *location = strdup(answer_get(&first, "Location"));
    assert_true(strncmp(location, "/v1/alliances/", 14) == 0 && uuid_is_valid(location + 14));
    answer_auto_t second = ask(&fresh);
    answer_expect(&second, 201, NULL);
    assert_string_equal(answer_get(&second, "Location"), location);
    assert_string_equal(answer_get(&second, "Idempotent-Replayed"), "true");
    assert_string_equal(
        harness_value("select sequence from probe.journal_head where alliance_id = '%s'",
                      location + 14),
        "1");
}

static void what_is_prepared_is_prepared_once_and_its_refusal_kept(void **state)
{
    (void)state;
    char_auto_t *target = make_text("/v1/alliances/%s/prepared", alliance);
    int before = atomic_load(&probe_prepared);
    struct ask prepared = {.method = "POST",
                           .target = target,
                           BY_LEAD,
                           .headers = "Idempotency-Key: p1\r\n",
                           .body = "{\"refuse\":false}"};
    answer_auto_t first = ask(&prepared);
    answer_expect(&first, 200, NULL);
    answer_auto_t again = ask(&prepared);
    answer_expect(&again, 200, NULL);
    assert_string_equal(again.body, first.body);
    assert_int_equal(atomic_load(&probe_prepared), before + 1);
    prepared.headers = "Idempotency-Key: p2\r\n";
    prepared.body = "{\"refuse\":true}";
    answer_auto_t refused = ask(&prepared);
    answer_expect(&refused, 422, "FUNDS_INSUFFICIENT");
    answer_auto_t replay = ask(&prepared);
    answer_expect(&replay, 422, "FUNDS_INSUFFICIENT");
    assert_string_equal(answer_get(&replay, "Idempotent-Replayed"), "true");
    assert_int_equal(atomic_load(&probe_prepared), before + 2);
    prepared.subject = "stranger";
    prepared.organisation = "ZZ9";
    answer_auto_t stranger = ask(&prepared);
    answer_expect(&stranger, 404, "NOT_FOUND");
    assert_int_equal(atomic_load(&probe_prepared), before + 2);
}

static void alliance_becomes(const char *status)
{
    harness_sql("update probe.alliance set status = '%s', sequence = sequence + 1"
                " where alliance_id = '%s'",
                status, alliance);
}

static void what_the_alliance_is_in_no_state_for_is_refused_and_what_was_done_stays(void **state)
{
    (void)state;
    char_auto_t *target = make_text("/v1/alliances/%s/prepared", alliance);
    const struct ask prepared = {.method = "POST",
                                 .target = target,
                                 BY_LEAD,
                                 .headers = "Idempotency-Key: s3\r\n",
                                 .body = "{\"refuse\":false}"};
    answer_auto_t made = post_thing(alliance, "s1", "made", "lead");
    answer_expect(&made, 201, NULL);
    alliance_becomes("closing"); /* the probe's operations are for active ones alone */
    int before = atomic_load(&probe_prepared);
    answer_auto_t refused = post_thing(alliance, "s2", "late", "lead");
    answer_expect(&refused, 409, "ALLIANCE_NOT_ACTIVE");
    answer_auto_t not_asked = ask(&prepared);
    answer_expect(&not_asked, 409, "ALLIANCE_NOT_ACTIVE");
    assert_int_equal(atomic_load(&probe_prepared), before);
    answer_auto_t replay = post_thing(alliance, "s1", "made", "lead");
    answer_expect(&replay, 201, NULL);
    assert_string_equal(answer_get(&replay, "Idempotent-Replayed"), "true");
    answer_auto_t shown = get_thing(alliance, "/made", "");
    answer_expect(&shown, 200, NULL);
}

/* --- together
 * -------------------------------------------------------------------------------------------------
 */

struct client {
    pthread_t thread;
    char key[32], code[32];
    struct answer answer;
};

static void *client_run(void *data)
{
    struct client *client = data;
    client->answer = post_thing(alliance, client->key, client->code, "lead");
    return NULL;
}

static void client_start(struct client *client, const char *idempotency_key, const char *code)
{
    *client = (struct client){0};
    snprintf(client->key, sizeof client->key, "%s", idempotency_key);
    snprintf(client->code, sizeof client->code, "%s", code);
    assert_int_equal(pthread_create(&client->thread, NULL, client_run, client), 0);
}

static void pause_shortly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* Requests of this alliance that wait behind the one that leads. */
static size_t waiting(void)
{
    struct batcher *batcher = &context.http->batcher;
    pthread_mutex_lock(&batcher->lock);
    size_t count = batch_waiting(batcher, alliance);
    pthread_mutex_unlock(&batcher->lock);
    return count;
}

static void wait_for_leader(void)
{
    do {
        pause_shortly();
        harness_sql("select pg_stat_clear_snapshot()");
    } while (
        strcmp(harness_value("select count(*) from pg_stat_activity "
                             "where wait_event_type = 'Lock' and query like '%%journal_lock%%'"),
               "0") == 0);
}

static double metric(const char *name)
{
    answer_auto_t answer = ask(&(struct ask){.method = "GET", .target = "/metrics"});
    answer_expect(&answer, 200, NULL);
    char_auto_t *line = make_text("\n%s ", name);
    const char *found = strstr(answer.body, line);
    return found ? strtod(found + strlen(line), NULL) : -1;
}

static void who_waits_together_shares_one_transaction(void **state)
{
    (void)state;
    enum { CLIENTS = 24 };
    struct client clients[CLIENTS];
    double before = metric("accord_batches_total");
    harness_sql("begin; select 1 from probe.journal_head where alliance_id = '%s' for update",
                alliance);
    client_start(&clients[0], "b0", "b0");
    wait_for_leader();
    for (int i = 1; i < CLIENTS; i++) {
        char name[16];
        snprintf(name, sizeof name, "b%d", i);
        /* one that a rule refuses among them spoils nothing */
        client_start(&clients[i], name, i == 7 ? "forbidden" : i == 9 ? "noted" : name);
    }
    while (waiting() < CLIENTS - 1)
        pause_shortly();
    harness_sql("commit");
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(clients[i].thread, NULL);
        assert_int_equal(clients[i].answer.status, i == 7 || i == 9 ? 422 : 201);
        answer_free(&clients[i].answer);
    }
    assert_int_equal(head(), CLIENTS - 2);
    assert_true(metric("accord_batches_total") == before + 2);
}

static void one_that_breaks_the_transaction_harms_nobody_else(void **state)
{
    (void)state;
    enum { CLIENTS = 8 };
    struct client clients[CLIENTS];
    answer_auto_t taken = post_thing(alliance, "taken", "unique-0", "lead");
    harness_sql("begin; select 1 from probe.journal_head where alliance_id = '%s' for update",
                alliance);
    client_start(&clients[0], "c0", "c0");
    wait_for_leader();
    for (int i = 1; i < CLIENTS; i++) {
        char name[16];
        snprintf(name, sizeof name, "c%d", i);
        client_start(&clients[i], name, i == 3 ? "unique-3" : i == 5 ? "regretted" : name);
    }
    while (waiting() < CLIENTS - 1)
        pause_shortly();
    harness_sql("commit");
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(clients[i].thread, NULL);
        assert_int_equal(clients[i].answer.status, i == 3 || i == 5 ? 409 : 201);
        answer_free(&clients[i].answer);
    }
    assert_int_equal(head(), 1 + CLIENTS - 2);
}

static void a_request_that_is_still_running_is_not_run_again(void **state)
{
    (void)state;
    struct client client;
    harness_sql("begin; select 1 from probe.journal_head where alliance_id = '%s' for update",
                alliance);
    client_start(&client, "twice", "d1");
    wait_for_leader();
    answer_auto_t second = post_thing(alliance, "twice", "d1", "lead");
    harness_sql("commit");
    pthread_join(client.thread, NULL);
    answer_expect(&second, 409, "REQUEST_RUNNING");
    answer_expect(&client.answer, 201, NULL);
    answer_free(&client.answer);
    answer_auto_t third = post_thing(alliance, "twice", "d1", "lead");
    answer_expect(&third, 201, NULL);
    assert_string_equal(answer_get(&third, "Idempotent-Replayed"), "true");
}

static void a_key_that_another_instance_works_on_is_not_waited_for(void **state)
{
    (void)state;
    /* The other instance: a transaction that holds the key's try-lock and the head. */
    struct service_context other = context;
    struct http_config config = context.http->config;
    struct problem err = {.code = PROBLEM_NONE};
    int kept = port;
    config.port = 0;
    assert_done(http_start(&other, &config, &err), err);
    struct client client;
    harness_sql("begin; select 1 from probe.journal_head where alliance_id = '%s' for update",
                alliance);
    client_start(&client, "apart", "e1");
    wait_for_leader();
    port = http_port(other.http);
    answer_auto_t second = post_thing(alliance, "apart", "e1", "lead");
    harness_sql("commit");
    pthread_join(client.thread, NULL);
    answer_auto_t third = post_thing(alliance, "apart", "e1", "lead");
    port = kept;
    http_stop(other.http, 5000);
    answer_expect(&second, 409, "REQUEST_RUNNING");
    answer_expect(&client.answer, 201, NULL);
    answer_expect(&third, 201, NULL);
    assert_string_equal(answer_get(&third, "Idempotent-Replayed"), "true");
    answer_free(&client.answer);
}

static const char *answers_kept(void)
{
    return harness_value("select count(*) from probe.idempotency where alliance_id = '%s'",
                         alliance);
}

static void an_answer_is_forgotten_after_a_day(void **state)
{
    (void)state;
    enum { DAY_MS = 24 * 3600 * 1000 };
    answer_auto_t first = post_thing(alliance, "kept", "f1", "lead");
    answer_expect(&first, 201, NULL);
    harness_move_clock(DAY_MS - 60 * 1000);
    sweep_run(&context);
    assert_string_equal(answers_kept(), "1");
    harness_move_clock(DAY_MS + 60 * 1000);
    sweep_run(&context);
    harness_move_clock(0);
    assert_string_equal(answers_kept(), "0");
    assert_int_equal(head(), 1);
}

/* --- Accord-After
 * -----------------------------------------------------------------------------------------------
 */

static void *move_cursor(void *data)
{
    (void)data;
    pause_shortly();
    struct act act;
    struct problem err = {.code = PROBLEM_NONE};
    char hash[DIGEST_SIZE];
    digest_of_bytes("x", 1, hash);
    assert_done(act_begin(context.db, "probe", alliance, &HARNESS_ACTOR, false, &act, &err), err);
    assert_done(act_follow(&act, "elsewhere", 1, hash, NULL, &err), err);
    assert_done(act_commit(&act, &err), err);
    act_done(&act);
    http_moved(context.http);
    return NULL;
}

static void a_client_reads_what_it_has_written_elsewhere(void **state)
{
    (void)state;
    answer_auto_t late = get_thing(alliance, "", "Accord-After: elsewhere=1\r\n");
    answer_expect(&late, 503, "NOT_CAUGHT_UP");
    assert_string_equal(answer_get(&late, "Retry-After"), "1");
    json_auto_t *document = answer_json(&late);
    assert_null(json_object_get(document, "detail"));
    pthread_t mover;
    pthread_create(&mover, NULL, move_cursor, NULL);
    answer_auto_t waited = get_thing(alliance, "", "Accord-After: elsewhere=1\r\n");
    pthread_join(mover, NULL);
    answer_expect(&waited, 200, NULL);
    answer_auto_t own = get_thing(alliance, "", "Accord-After: probe=0\r\n");
    answer_expect(&own, 200, NULL);
    answer_auto_t unheard = get_thing(alliance, "", "Accord-After: probe=0, unheard=9\r\n");
    answer_expect(&unheard, 400, "REQUEST_MALFORMED");
    assert_non_null(strstr(unheard.body, "unheard"));
    answer_auto_t bad = get_thing(alliance, "", "Accord-After: soon\r\n");
    answer_expect(&bad, 400, "REQUEST_MALFORMED");
}

/* --- lists
 * --------------------------------------------------------------------------------------------------------
 */

static void a_list_comes_in_pages_that_follow_each_other(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        char name[16];
        snprintf(name, sizeof name, "l%d", i);
        answer_auto_t made = post_thing(alliance, name, name, "lead");
        answer_expect(&made, 201, NULL);
    }
    char *next = strdup("?limit=2");
    char seen[64] = "";
    int pages = 0;
    while (next) {
        answer_auto_t page = get_thing(alliance, next, NULL);
        answer_expect(&page, 200, NULL);
        json_auto_t *document = answer_json(&page);
        const json_t *items = json_object_get(document, "items");
        for (size_t i = 0; i < json_array_size(items); i++)
            strcat(seen, json_string_value(json_object_get(json_array_get(items, i), "code")));
        free(STEAL(next));
        const char *cursor = json_string_value(json_object_get(document, "nextCursor"));
        if (cursor) {
            char_auto_t *link = make_text(
                "</v1/alliances/%s/things?limit=2&cursor=%s>; rel=\"next\"", alliance, cursor);
            assert_string_equal(answer_get(&page, "Link"), link);
            next = make_text("?limit=2&cursor=%s", cursor);
        }
        pages++;
    }
    assert_string_equal(seen, "l0l1l2l3l4");
    assert_int_equal(pages, 3);
}

static void a_cursor_of_another_list_is_refused(void **state)
{
    (void)state;
    answer_auto_t one = post_thing(alliance, "1", "m1", "lead");
    answer_auto_t two = post_thing(alliance, "2", "m2", "lead");
    answer_auto_t page = get_thing(alliance, "?limit=1", NULL);
    json_auto_t *document = answer_json(&page);
    const char *cursor = json_string_value(json_object_get(document, "nextCursor"));
    char_auto_t *filtered = make_text("?limit=1&name=thing&cursor=%s", cursor);
    answer_auto_t other = get_thing(alliance, filtered, NULL);
    answer_expect(&other, 400, "CURSOR_INVALID");
    char_auto_t *wider = make_text("?limit=7&cursor=%s", cursor);
    answer_auto_t same = get_thing(alliance, wider, NULL);
    answer_expect(&same, 200, NULL);
}

static void a_list_is_csv_for_who_likes_that_better(void **state)
{
    (void)state;
    answer_auto_t made = post_thing(alliance, "1", "n1", "lead");
    answer_auto_t csv = get_thing(alliance, "", "Accept: text/csv, application/json;q=0.9\r\n");
    answer_expect(&csv, 200, NULL);
    assert_string_equal(answer_get(&csv, "Content-Type"), "text/csv");
    assert_string_equal(csv.body, "code,amountPence\r\nn1,5\r\n");
}

/* --- pages, health, the end
 * ------------------------------------------------------------------------------------------ */

static void pages_need_no_token(void **state)
{
    (void)state;
    answer_auto_t page = ask(&(struct ask){.method = "GET", .target = "/problems/not-found"});
    answer_expect(&page, 200, NULL);
    assert_non_null(strstr(page.body, "<h1>There is no such resource</h1>"));
    answer_auto_t json = ask(&(struct ask){.method = "GET",
                                           .target = "/problems/not-found",
                                           .headers = "Accept: application/json\r\n"});
    json_auto_t *document = answer_json(&json);
    assert_int_equal(json_integer_value(json_object_get(document, "status")), 404);
    answer_auto_t unknown = ask(&(struct ask){.method = "GET", .target = "/problems/unheard-of"});
    answer_expect(&unknown, 404, "NOT_FOUND");
    answer_auto_t alive = ask(&(struct ask){.method = "GET", .target = "/livez"});
    answer_expect(&alive, 200, NULL);
    answer_auto_t ready = ask(&(struct ask){.method = "GET", .target = "/readyz"});
    answer_expect(&ready, 200, NULL);
    atomic_store(&context.is_draining, true);
    answer_auto_t draining = ask(&(struct ask){.method = "GET", .target = "/readyz"});
    atomic_store(&context.is_draining, false);
    answer_expect(&draining, 503, "UNAVAILABLE");
    answer_auto_t description = ask(&(struct ask){.method = "GET", .target = "/v1/openapi.json"});
    answer_expect(&description, 200, NULL);
    assert_string_equal(description.body, "{\"openapi\":\"3.1.0\"}");
}

static void a_fault_of_ours_shows_no_detail(void **state)
{
    (void)state;
    answer_auto_t broken = post_thing(alliance, "broken", "broken", "lead");
    answer_expect(&broken, 500, "INTERNAL");
    assert_null(strstr(broken.body, "secret"));
    answer_auto_t again = post_thing(alliance, "broken", "broken", "lead");
    answer_expect(&again, 500, "INTERNAL");
    assert_string_equal(answer_get(&again, "Idempotent-Replayed"), "");
}

static void who_asks_too_fast_is_told_to_wait(void **state)
{
    (void)state;
    struct rate_limiter *kept = context.http->rate;
    context.http->rate = rate_limiter_new(1);
    answer_auto_t first = get_thing(alliance, "", NULL);
    answer_auto_t second = get_thing(alliance, "", NULL);
    rate_limiter_free(context.http->rate);
    context.http->rate = kept;
    answer_expect(&first, 200, NULL);
    answer_expect(&second, 429, "RATE_LIMITED");
    assert_string_equal(answer_get(&second, "Retry-After"), "1");
    assert_string_equal(answer_get(&second, "RateLimit"), "\"client\";r=0;t=1");
}

/* --- the service
 * --------------------------------------------------------------------------------------------------------
 */

static void start(void)
{
    static const struct http_config config = {.host = "127.0.0.1",
                                              .cursor_secret = "thirty-two bytes of a secret ...",
                                              .api_description = "{\"openapi\":\"3.1.0\"}"};
    struct problem err = {.code = PROBLEM_NONE};
    assert_done(http_start(&context, &config, &err), err);
    port = http_port(context.http);
    assert_true(port > 0);
}

static void *stop(void *data)
{
    (void)data;
    http_stop(context.http, 5000);
    return NULL;
}

static void requests_in_hand_are_answered_before_the_end(void **state)
{
    (void)state;
    struct client client;
    harness_sql("begin; select 1 from probe.journal_head where alliance_id = '%s' for update",
                alliance);
    client_start(&client, "last", "z");
    wait_for_leader();
    pthread_t stopper;
    pthread_create(&stopper, NULL, stop, NULL);
    harness_sql("commit");
    pthread_join(stopper, NULL);
    pthread_join(client.thread, NULL);
    start();
    answer_expect(&client.answer, 201, NULL);
    answer_free(&client.answer);
}

static void write_file(const char *name, json_t *content)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(json_dump_file(content, path, 0), 0);
    json_decref(content);
}

static int service_setup(void **state)
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

static int service_teardown(void **state)
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
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_has_no_token_is_told_how_to_come_by_one),
        TEST(an_alliance_is_there_for_who_is_on_its_roster),
        TEST(only_what_the_spec_has_is_there),
        TEST(what_is_framed_badly_is_refused),
        TEST(a_request_carries_its_ids_through),
        TEST(a_body_is_strict_json),
        TEST(a_body_may_be_as_large_as_the_limit_says),
        TEST(faults_of_parameters_and_body_are_told_together),
        TEST(what_is_made_can_be_read_at_its_location),
        TEST(a_repeated_request_happens_once),
        TEST(a_refusal_is_frozen_and_a_missing_role_is_not),
        TEST(a_refusal_takes_its_events_back),
        TEST(what_the_database_refuses_is_a_refusal),
        TEST(a_change_needs_the_version_that_was_read),
        TEST(founding_twice_with_one_key_founds_once),
        TEST(a_stored_answer_is_for_who_may_still_do_it),
        TEST(what_is_prepared_is_prepared_once_and_its_refusal_kept),
        TEST(what_the_alliance_is_in_no_state_for_is_refused_and_what_was_done_stays),
        TEST(who_waits_together_shares_one_transaction),
        TEST(one_that_breaks_the_transaction_harms_nobody_else),
        TEST(a_request_that_is_still_running_is_not_run_again),
        TEST(a_key_that_another_instance_works_on_is_not_waited_for),
        TEST(an_answer_is_forgotten_after_a_day),
        TEST(a_client_reads_what_it_has_written_elsewhere),
        TEST(a_list_comes_in_pages_that_follow_each_other),
        TEST(a_cursor_of_another_list_is_refused),
        TEST(a_list_is_csv_for_who_likes_that_better),
        TEST(pages_need_no_token),
        TEST(a_fault_of_ours_shows_no_detail),
        TEST(who_asks_too_fast_is_told_to_wait),
        TEST(requests_in_hand_are_answered_before_the_end),
    };
    return cmocka_run_group_tests(tests, service_setup, service_teardown);
}
