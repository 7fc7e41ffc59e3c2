/* The dispatcher as a client meets it, from bytes on a socket to what is read in PostgreSQL: who
 * may, framing, bodies, lists, pages. Over a service `probe` with a spec of its own. */
#include "tests/store/common_http_world.h"

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

/* As membership says it: the partner's row, and the roster that has moved on. */
static void partner_becomes(const char *status, int sequence)
{
    harness_sql("set session_replication_role = replica");
    harness_sql("update probe.partner set status = '%s' where alliance_id = '%s' "
                "and organisation = 'ZZ1'",
                status, alliance);
    harness_sql("insert into probe.journal_cursor (alliance_id, source, sequence, hash) values "
                "('%s', 'membership', %d, decode(repeat('00', 32), 'hex')) on conflict "
                "(alliance_id, source) do update set sequence = excluded.sequence",
                alliance, sequence);
    harness_sql("reset session_replication_role");
}

static void what_is_remembered_of_a_caller_shows_nothing_once_it_has_changed(void **state)
{
    (void)state;
    char_auto_t *target = make_text("/v1/alliances/%s/things", alliance);
    const struct ask by_partner = {
        .method = "GET", .target = target, .subject = "z", .organisation = "ZZ1"};
    for (int round = 0; round < 2; round++) {
        partner_becomes("active", 2 * round + 1);
        for (int i = 0; i < 2; i++) { /* read, then remembered */
            answer_auto_t member = ask(&by_partner);
            answer_expect(&member, 200, NULL);
            assert_string_equal(answer_get(&member, "Accord-Sequence"), "probe=0");
        }
        partner_becomes("left", 2 * round + 2);
        for (int i = 0; i < 2; i++) {
            answer_auto_t former = ask(&by_partner);
            answer_expect(&former, 403, "ROLE_MISSING");
            assert_string_equal(answer_get(&former, "Accord-Sequence"), "probe=0");
        }
    }
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

/* Taken as it is it would be read as if it weren't compressed. */
static void a_compressed_body_is_refused(void **state)
{
    (void)state;
    static const char *const CODINGS[] = {"gzip", "br", "identity, gzip", "x", ","};
    for (size_t i = 0; i < ARRAY_LENGTH(CODINGS); i++) {
        char_auto_t *headers =
            make_text("Idempotency-Key: coded\r\nContent-Encoding: %s\r\n", CODINGS[i]);
        answer_auto_t answer = post_body("{}", NULL, headers);
        answer_expect(&answer, 415, "MEDIA_TYPE_UNSUPPORTED");
        assert_string_equal(answer_get(&answer, "Accept-Encoding"), "identity");
    }
    answer_auto_t plain =
        post_body("{", NULL, "Idempotency-Key: coded\r\nContent-Encoding: Identity\r\n");
    answer_expect(&plain, 400, "BODY_MALFORMED");
    answer_auto_t typed = post_body("{}", "text/plain", "Idempotency-Key: coded\r\n");
    answer_expect(&typed, 415, "MEDIA_TYPE_UNSUPPORTED");
    assert_string_equal(answer_get(&typed, "Accept-Encoding"), "");
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
    assert_non_null(strstr(draining.body, "the service is stopping"));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_has_no_token_is_told_how_to_come_by_one),
        TEST(an_alliance_is_there_for_who_is_on_its_roster),
        TEST(what_is_remembered_of_a_caller_shows_nothing_once_it_has_changed),
        TEST(only_what_the_spec_has_is_there),
        TEST(what_is_framed_badly_is_refused),
        TEST(a_request_carries_its_ids_through),
        TEST(a_body_is_strict_json),
        TEST(a_compressed_body_is_refused),
        TEST(a_body_may_be_as_large_as_the_limit_says),
        TEST(faults_of_parameters_and_body_are_told_together),
        TEST(a_client_reads_what_it_has_written_elsewhere),
        TEST(a_list_comes_in_pages_that_follow_each_other),
        TEST(a_cursor_of_another_list_is_refused),
        TEST(a_list_is_csv_for_who_likes_that_better),
        TEST(pages_need_no_token),
        TEST(a_fault_of_ours_shows_no_detail),
        TEST(who_asks_too_fast_is_told_to_wait),
    };
    return cmocka_run_group_tests(tests, service_setup, service_teardown);
}
