/* An issuer's keys over time: rotation, removal, outage, garbage, oversize, redirects, and many
 * threads at once. Time is a number that the tests move. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <time.h>
#include <unistd.h>

#include "common/jwks.h"
#include "common/jwks_source.h"
#include "common/token.h"
#include "tests/unit/common/forge.h"
#include "tests/unit/common/loopback.h"

#define START_MS INT64_C(1000000)

static struct forge_key key_one, key_two;
static struct loopback *server;
static struct jwks *jwks;

static int keys_setup(void **state)
{
    (void)state;
    key_one = forge_key_new("one", "P-256", 0);
    key_two = forge_key_new("two", "P-256", 0);
    return 0;
}

static int keys_teardown(void **state)
{
    (void)state;
    gnutls_privkey_deinit(key_one.private);
    gnutls_privkey_deinit(key_two.private);
    return 0;
}

static int server_setup(void **state)
{
    (void)state;
    struct problem err = {0};
    server = loopback_start();
    assert_true(jwks_new(server->url, "", START_MS, &jwks, &err));
    return 0;
}

static int server_teardown(void **state)
{
    (void)state;
    jwks_free(jwks);
    loopback_stop(server);
    return 0;
}

/* A document of these keys; either may be NULL. The caller frees it. */
static char *document_of(const struct forge_key *first, const struct forge_key *second)
{
    json_auto_t *keys = json_array();
    if (first != NULL) {
        json_array_append_new(keys, forge_jwk(first));
    }
    if (second != NULL) {
        json_array_append_new(keys, forge_jwk(second));
    }
    json_auto_t *document = json_pack("{s:O}", "keys", keys);
    return json_dumps(document, JSON_COMPACT);
}

static void publish(const struct forge_key *first, const struct forge_key *second)
{
    char_auto_t *text = document_of(first, second);
    loopback_answer(server, "200 OK", "", text, strlen(text));
}

static bool keys_are_known(int64_t now_ms)
{
    struct jwks_state state;
    jwks_observe(jwks, now_ms, &state);
    return state.is_loaded;
}

static bool finds(const char *id, int64_t now_ms)
{
    struct problem err = {0};
    jwk_t *key = NULL;
    uint64_t generation = 0;
    bool is_found = jwks_find(jwks, id, jws_algorithm("ES256"), now_ms, &key, &generation, &err);
    if (is_found) {
        r_jwk_free(key);
    } else {
        assert_int_equal(err.code,
                         keys_are_known(now_ms) ? PROBLEM_UNAUTHENTICATED : PROBLEM_UNAVAILABLE);
    }
    return is_found;
}

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS, HOUR_MS = 60 * MINUTE_MS };

static void nothing_is_fetched_before_it_is_needed(void **state)
{
    (void)state;
    assert_int_equal(loopback_requests(server), 0);
}

static void keys_are_kept_for_ten_minutes(void **state)
{
    (void)state;
    publish(&key_one, NULL);
    assert_true(finds("one", START_MS));
    assert_true(finds("one", START_MS + 10 * MINUTE_MS - 1));
    assert_int_equal(loopback_requests(server), 1);
    assert_true(finds("one", START_MS + 10 * MINUTE_MS));
    assert_int_equal(loopback_requests(server), 2);
}

static void a_new_key_is_found_at_its_first_use(void **state)
{
    (void)state;
    publish(&key_one, NULL);
    assert_true(finds("one", START_MS));
    publish(&key_one, &key_two);
    uint64_t before = jwks_generation(jwks, START_MS + 1);
    assert_true(finds("two", START_MS + 2));
    assert_true(finds("one", START_MS + 2));
    assert_int_equal(loopback_requests(server), 2);
    assert_true(jwks_generation(jwks, START_MS + 3) != before);
}

static void unknown_keys_cost_one_fetch_in_thirty_seconds(void **state)
{
    (void)state;
    publish(&key_one, NULL);
    assert_true(finds("one", START_MS));
    for (int i = 0; i < 100; i++) {
        char id[32];
        snprintf(id, sizeof id, "made-up-%d", i);
        assert_false(finds(id, START_MS + 1 + i));
    }
    assert_int_equal(loopback_requests(server), 2);
    assert_false(finds("made-up", START_MS + 1 + 30 * SECOND_MS - 1));
    assert_int_equal(loopback_requests(server), 2);
    assert_false(finds("made-up", START_MS + 1 + 30 * SECOND_MS));
    assert_int_equal(loopback_requests(server), 3);
}

static void the_same_keys_are_the_same_generation(void **state)
{
    (void)state;
    publish(&key_one, NULL);
    uint64_t first = jwks_generation(jwks, START_MS);
    assert_int_equal(jwks_generation(jwks, START_MS + 10 * MINUTE_MS), first);
    assert_int_equal(loopback_requests(server), 2);
}

static void a_removed_key_stops_at_once(void **state)
{
    (void)state;
    publish(&key_one, &key_two);
    assert_true(finds("one", START_MS));
    uint64_t before = jwks_generation(jwks, START_MS);
    publish(&key_two, NULL);
    assert_true(finds("two", START_MS + 10 * MINUTE_MS));
    assert_false(finds("one", START_MS + 10 * MINUTE_MS));
    assert_true(jwks_generation(jwks, START_MS + 10 * MINUTE_MS) != before);
}

static void an_empty_document_removes_every_key(void **state)
{
    (void)state;
    publish(&key_one, NULL);
    assert_true(finds("one", START_MS));
    publish(NULL, NULL);
    assert_false(finds("one", START_MS + 10 * MINUTE_MS));
}

/* Whatever the source answers instead of keys: the last keys stand, for 24 hours. */
static void assert_outage_is_survived(void)
{
    assert_true(finds("one", START_MS + 10 * MINUTE_MS));
    int asked = loopback_requests(server);
    assert_true(finds("one", START_MS + 10 * MINUTE_MS + 29 * SECOND_MS));
    assert_int_equal(loopback_requests(server), asked); /* no hammering */
    assert_true(finds("one", START_MS + 24 * HOUR_MS - 1));
    assert_false(finds("one", START_MS + 24 * HOUR_MS));
    struct jwks_state state;
    jwks_observe(jwks, START_MS + 24 * HOUR_MS, &state);
    assert_int_equal(state.reads - state.failures, 1);
    assert_false(state.is_loaded);
    assert_int_equal(state.key_count, 0);
    /* and it comes back */
    publish(&key_one, NULL);
    assert_true(finds("one", START_MS + 25 * HOUR_MS));
}

static void the_times_can_be_set(void **state)
{
    (void)state;
    jwks_set_times(jwks, 5 * SECOND_MS, 20 * SECOND_MS);
    publish(&key_one, NULL);
    assert_true(finds("one", START_MS));
    publish(&key_two, NULL);
    assert_true(finds("one", START_MS + 5 * SECOND_MS - 1));
    assert_false(finds("one", START_MS + 5 * SECOND_MS));
    loopback_answer(server, "503 Service Unavailable", "", "", 0);
    assert_true(finds("two", START_MS + 25 * SECOND_MS - 1));
    assert_false(finds("two", START_MS + 25 * SECOND_MS));
}

static void outage_with_status_500_is_survived(void **state)
{
    (void)state;
    publish(&key_one, NULL);
    assert_true(finds("one", START_MS));
    char_auto_t *text = document_of(&key_two, NULL);
    loopback_answer(server, "500 Internal Server Error", "", text, strlen(text));
    assert_outage_is_survived();
}

static void garbage_is_survived(void **state)
{
    (void)state;
    static const char *const GARBAGE[] = {
        "",
        "<html>log in</html>",
        "null",
        "[]",
        "{}",
        "{\"keys\"",
        "{\"keys\":{}}",
        "{\"keys\":null}",
        "{\"keys\":[],\"keys\":[]}",
        "\"keys\"",
        "{\"error\":\"busy\"}",
    };
    publish(&key_one, NULL);
    assert_true(finds("one", START_MS));
    for (size_t i = 0; i < ARRAY_LENGTH(GARBAGE); i++) {
        loopback_answer(server, "200 OK", "", GARBAGE[i], strlen(GARBAGE[i]));
        int asked = loopback_requests(server);
        assert_true(finds("one", START_MS + 10 * MINUTE_MS + (int64_t)i * MINUTE_MS));
        assert_int_equal(loopback_requests(server), asked + 1);
    }
}

static void unusable_keys_do_not_spoil_the_usable_one(void **state)
{
    (void)state;
    json_auto_t *document = json_pack(
        "{s:[n, i, s, {}, {s:s}, {s:s, s:s}, {s:s, s:s, s:s, s:s}, {s:s, s:s, s:s, s:s, s:s}, o]}",
        "keys", 7, "text", "kty", "EC", "kid", "a", "kty", "XX", "kid", "b", "kty", "RSA", "n",
        "AQAB", "e", "AQAB", "kid", "c", "kty", "EC", "crv", "P-256", "x", "AA", "y", "AA",
        forge_jwk(&key_one));
    char_auto_t *text = json_dumps(document, 0);
    loopback_answer(server, "200 OK", "", text, strlen(text));
    assert_true(finds("one", START_MS));
    assert_false(finds("a", START_MS));
    assert_false(finds("b", START_MS));
    assert_false(finds("c", START_MS));
}

static void an_oversize_document_is_an_outage(void **state)
{
    (void)state;
    publish(&key_one, NULL);
    assert_true(finds("one", START_MS));
    char_auto_t *text = document_of(&key_two, NULL);
    size_t size = JWKS_BYTES_MAX + 1;
    char_auto_t *big = malloc(size);
    memset(big, ' ', size);
    memcpy(big, text, strlen(text));
    loopback_answer(server, "200 OK", "", big, size);
    assert_outage_is_survived();
}

static void a_document_of_the_largest_size_is_read(void **state)
{
    (void)state;
    char_auto_t *text = document_of(&key_one, NULL);
    char_auto_t *big = malloc(JWKS_BYTES_MAX);
    memset(big, ' ', JWKS_BYTES_MAX);
    memcpy(big, text, strlen(text));
    loopback_answer(server, "200 OK", "", big, JWKS_BYTES_MAX);
    assert_true(finds("one", START_MS));
}

static void redirects_are_not_followed(void **state)
{
    (void)state;
    publish(&key_one, NULL);
    assert_true(finds("one", START_MS));
    struct loopback *other = loopback_start();
    char_auto_t *text = document_of(&key_two, NULL);
    loopback_answer(other, "200 OK", "", text, strlen(text));
    char location[128];
    snprintf(location, sizeof location, "Location: %s\r\n", other->url);
    static const char *const STATUSES[] = {"301 Moved", "302 Found", "307 Temporary", "308 Moved"};
    for (size_t i = 0; i < ARRAY_LENGTH(STATUSES); i++) {
        loopback_answer(server, STATUSES[i], location, text, strlen(text));
        assert_false(finds("two", START_MS + (int64_t)(i + 1) * 11 * MINUTE_MS));
        assert_true(finds("one", START_MS + (int64_t)(i + 1) * 11 * MINUTE_MS));
    }
    assert_int_equal(loopback_requests(other), 0);
    loopback_stop(other);
}

/* Not a reason to call a token forged. */
static void a_source_that_never_answered_is_unavailable(void **state)
{
    (void)state;
    assert_false(finds("one", START_MS)); /* 404 */
    assert_false(keys_are_known(START_MS));
    assert_false(finds("one", START_MS + 29 * SECOND_MS));
    assert_int_equal(loopback_requests(server), 1);
    publish(&key_one, NULL);
    assert_true(finds("one", START_MS + 30 * SECOND_MS));
}

static void a_silent_source_is_given_up_after_five_seconds(void **state)
{
    (void)state;
    publish(&key_one, NULL);
    loopback_hold(server, true);
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    assert_false(finds("one", START_MS));
    clock_gettime(CLOCK_MONOTONIC, &after);
    int64_t took_ms =
        (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
    assert_in_range(took_ms, JWKS_FETCH_MS - 100, JWKS_FETCH_MS + 2000);
    loopback_hold(server, false);
}

static void a_closed_port_is_an_outage(void **state)
{
    (void)state;
    struct loopback *gone = loopback_start();
    char url[64];
    strcpy(url, gone->url);
    loopback_stop(gone);
    struct problem err = {0};
    struct jwks *lonely = NULL;
    jwk_t *key = NULL;
    uint64_t generation = 0;
    assert_true(jwks_new(url, "", START_MS, &lonely, &err));
    assert_false(
        jwks_find(lonely, "one", jws_algorithm("ES256"), START_MS, &key, &generation, &err));
    assert_int_equal(err.code, PROBLEM_UNAVAILABLE);
    jwks_free(lonely);
}

/* --- many threads
 * ----------------------------------------------------------------------------------- */

enum { THREADS = 16 };

static void *find_in_thread(void *id)
{
    return finds(id, START_MS) ? id : NULL;
}

static void many_threads_share_one_fetch(void **state)
{
    (void)state;
    publish(&key_one, NULL);
    loopback_hold(server, true);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, find_in_thread, (void *)"one"), 0);
    }
    loopback_await(server, 1);
    loopback_hold(server, false);
    for (int i = 0; i < THREADS; i++) {
        void *result = NULL;
        pthread_join(threads[i], &result);
        assert_non_null(result);
    }
    assert_int_equal(loopback_requests(server), 1);
}

static pid_t searcher_id;

static void *find_later_in_thread(void *id)
{
    __atomic_store_n(&searcher_id, gettid(), __ATOMIC_SEQ_CST);
    return finds(id, START_MS + JWKS_FRESH_MS) ? id : NULL;
}

static void *refresh_in_thread(void *id)
{
    return finds(id, START_MS + JWKS_FRESH_MS) ? id : NULL;
}

/* Until the searcher sleeps: it waits for whoever asks the source. */
static void searcher_await(void)
{
    char state = 'R';
    while (state != 'S') {
        char path[64];
        snprintf(path, sizeof path, "/proc/self/task/%d/stat",
                 (int)__atomic_load_n(&searcher_id, __ATOMIC_SEQ_CST));
        FILE *file = fopen(path, "r");
        if (file == NULL) {
            continue; /* not begun yet */
        }
        assert_int_equal(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
        fclose(file);
    }
}

/* Whoever comes while a document is on its way that is older than the key looks again. */
static void a_key_published_during_a_refresh_is_found(void **state)
{
    (void)state;
    publish(&key_one, NULL);
    assert_true(finds("one", START_MS));
    char_auto_t *newer = document_of(&key_one, &key_two);
    loopback_then(server, newer);
    loopback_hold(server, true);
    pthread_t refresher, searcher;
    void *result = NULL;
    assert_int_equal(pthread_create(&refresher, NULL, refresh_in_thread, (void *)"one"), 0);
    loopback_await(server, 2);
    assert_int_equal(pthread_create(&searcher, NULL, find_later_in_thread, (void *)"two"), 0);
    searcher_await();
    loopback_hold(server, false);
    pthread_join(refresher, &result);
    assert_non_null(result);
    pthread_join(searcher, &result);
    assert_non_null(result);
    assert_int_equal(loopback_requests(server), 3);
}

/* While the keys are being fetched anew, known keys go on working. */
static void a_slow_refresh_does_not_hold_up_known_keys(void **state)
{
    (void)state;
    publish(&key_one, NULL);
    assert_true(finds("one", START_MS));
    loopback_hold(server, true);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, find_in_thread, (void *)"unknown"), 0);
    loopback_await(server, 2);
    assert_true(finds("one", START_MS)); /* would hang if it waited */
    loopback_hold(server, false);
    void *result = NULL;
    pthread_join(thread, &result);
    assert_null(result);
}

/* --- files
 * ------------------------------------------------------------------------------------------- */

static char file_path[64];

static void file_write(const char *text)
{
    char path[80];
    snprintf(path, sizeof path, "%s.new", file_path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(rename(path, file_path), 0);
}

static int file_setup(void **state)
{
    (void)state;
    strcpy(file_path, "/tmp/accord-jwks-XXXXXX");
    int descriptor = mkstemp(file_path);
    assert_true(descriptor >= 0);
    close(descriptor);
    char_auto_t *text = document_of(&key_one, NULL);
    file_write(text);
    struct problem err = {0};
    assert_true(jwks_new(file_path, "", START_MS, &jwks, &err));
    return 0;
}

static int file_teardown(void **state)
{
    (void)state;
    jwks_free(jwks);
    unlink(file_path);
    return 0;
}

static void a_changed_file_is_read_at_the_next_use(void **state)
{
    (void)state;
    assert_true(finds("one", START_MS));
    assert_false(finds("two", START_MS));
    char_auto_t *text = document_of(&key_two, NULL);
    file_write(text);
    assert_true(finds("two", START_MS));
    assert_false(finds("one", START_MS));
}

static void a_file_changed_in_place_is_read_even_within_one_tick(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        const struct forge_key *key = i % 2 == 0 ? &key_two : &key_one;
        char_auto_t *text = document_of(key, NULL);
        FILE *file = fopen(file_path, "r+");
        assert_non_null(file);
        fputs(text, file);
        fclose(file);
        assert_true(finds(key->id, START_MS));
        assert_false(finds(i % 2 == 0 ? "one" : "two", START_MS));
    }
}

static void a_removed_or_broken_file_is_an_outage(void **state)
{
    (void)state;
    unlink(file_path);
    assert_true(finds("one", START_MS + HOUR_MS));
    file_write("{\"keys\":");
    assert_true(finds("one", START_MS + HOUR_MS));
    assert_false(finds("one", START_MS + 24 * HOUR_MS));
    char_auto_t *text = document_of(&key_one, NULL);
    file_write(text);
    assert_true(finds("one", START_MS + 25 * HOUR_MS));
}

static void an_unchanged_file_stays_good_for_ever(void **state)
{
    (void)state;
    assert_true(finds("one", START_MS + 23 * HOUR_MS));
    assert_true(finds("one", START_MS + 46 * HOUR_MS));
}

static void a_source_that_cannot_be_used_is_refused_at_the_start(void **state)
{
    (void)state;
    static const struct {
        const char *source, *because;
    } CASES[] = {
        {"/nonexistent/keys", "there is no file"},
        {"/etc/hostname", "no set of keys"},
        {"http://keys.example/jwks", "https"},
        {"http://localhost/jwks", "https"},
        {"http://127.0.0.1.evil.example/jwks", "https"},
        {"http://127.0.0.1@evil.example/jwks", "no usable address"},
        {"https://user:secret@keys.example/jwks", "no usable address"},
        {"ftp://keys.example/jwks", "https"},
        {"file:///etc/passwd", "no usable address"},
        {"https://", "no usable address"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(CASES); i++) {
        struct problem err = {0};
        struct jwks *refused = NULL;
        assert_false(jwks_new(CASES[i].source, "", START_MS, &refused, &err));
        assert_null(refused);
        assert_int_equal(err.code, PROBLEM_INTERNAL);
        if (strstr(err.detail, CASES[i].because) == NULL) {
            fail_msg("%s: %s", CASES[i].source, err.detail);
        }
    }
}

/* --- tokens that were verified, when keys change
 * ------------------------------------------------------ */

static int64_t test_clock_ms = START_MS;

static int64_t test_clock(void)
{
    return __atomic_load_n(&test_clock_ms, __ATOMIC_SEQ_CST);
}

static struct token_verifier *verifier_of_server(void)
{
    char path[] = "/tmp/accord-issuers-XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    json_auto_t *issuers =
        json_pack("[{s:s, s:s, s:[s], s:[s]}]", "issuer", "https://login.example", "jwks",
                  server->url, "algorithms", "ES256", "organisations", "*");
    assert_int_equal(json_dump_file(issuers, path, 0), 0);
    struct token_verifier *verifier = NULL;
    struct problem err = {0};
    assert_true(token_verifier_new(path, "https://accord.example", &verifier, &err));
    unlink(path);
    token_verifier_set_clock(verifier, test_clock);
    return verifier;
}

static char *token_of(const struct forge_key *key)
{
    char header[80];
    snprintf(header, sizeof header, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
             key->id);
    return forge_token(
        key, "ES256", header,
        "{\"iss\":\"https://login.example\",\"aud\":\"https://accord.example\","
        "\"sub\":\"s\",\"client_id\":\"c\",\"jti\":\"j\",\"iat\":1000,\"exp\":4000}");
}

static void a_remembered_token_stops_with_its_key(void **state)
{
    (void)state;
    __atomic_store_n(&test_clock_ms, START_MS, __ATOMIC_SEQ_CST);
    struct token_verifier *verifier = verifier_of_server();
    char_auto_t *token = token_of(&key_one);
    struct caller caller;
    struct problem err = {0};
    publish(&key_one, NULL);
    assert_true(token_verify(verifier, token, 2000, &caller, &err));
    publish(&key_two, NULL);
    assert_true(token_verify(verifier, token, 2001, &caller, &err));
    __atomic_store_n(&test_clock_ms, START_MS + JWKS_FRESH_MS, __ATOMIC_SEQ_CST);
    assert_false(token_verify(verifier, token, 2002, &caller, &err)); /* within its 60 s */
    token_verifier_free(verifier);
}

struct hammer {
    struct token_verifier *verifier;
    const char *tokens[2];
};

static void *hammer_run(void *context)
{
    struct hammer *hammer = context;
    for (int i = 0; i < 300; i++) {
        struct caller caller;
        struct problem err = {0};
        bool is_valid =
            token_verify(hammer->verifier, hammer->tokens[i % 2], 2000 + i % 7, &caller, &err);
        if (is_valid && strcmp(caller.subject, "s") != 0) {
            return NULL;
        }
    }
    return hammer;
}

/* Threads verify while keys rotate and time passes; what matters is that TSan stays silent. */
static void threads_verify_while_keys_rotate(void **state)
{
    (void)state;
    __atomic_store_n(&test_clock_ms, START_MS, __ATOMIC_SEQ_CST);
    publish(&key_one, &key_two);
    char_auto_t *first = token_of(&key_one);
    char_auto_t *second = token_of(&key_two);
    struct hammer hammer = {verifier_of_server(), {first, second}};
    pthread_t threads[8];
    for (size_t i = 0; i < ARRAY_LENGTH(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, hammer_run, &hammer), 0);
    }
    for (int i = 0; i < 20; i++) {
        publish(i % 2 == 0 ? &key_one : &key_two, i % 3 == 0 ? &key_two : NULL);
        __atomic_fetch_add(&test_clock_ms, JWKS_FRESH_MS, __ATOMIC_SEQ_CST);
        jwks_generation(jwks, test_clock());
    }
    for (size_t i = 0; i < ARRAY_LENGTH(threads); i++) {
        void *result = NULL;
        pthread_join(threads[i], &result);
        assert_non_null(result);
    }
    token_verifier_free(hammer.verifier);
}

#define WITH_SERVER(function)                                                                      \
    cmocka_unit_test_setup_teardown(function, server_setup, server_teardown)
#define WITH_FILE(function) cmocka_unit_test_setup_teardown(function, file_setup, file_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(nothing_is_fetched_before_it_is_needed),
        WITH_SERVER(keys_are_kept_for_ten_minutes),
        WITH_SERVER(a_new_key_is_found_at_its_first_use),
        WITH_SERVER(unknown_keys_cost_one_fetch_in_thirty_seconds),
        WITH_SERVER(the_same_keys_are_the_same_generation),
        WITH_SERVER(a_removed_key_stops_at_once),
        WITH_SERVER(an_empty_document_removes_every_key),
        WITH_SERVER(the_times_can_be_set),
        WITH_SERVER(outage_with_status_500_is_survived),
        WITH_SERVER(garbage_is_survived),
        WITH_SERVER(unusable_keys_do_not_spoil_the_usable_one),
        WITH_SERVER(an_oversize_document_is_an_outage),
        WITH_SERVER(a_document_of_the_largest_size_is_read),
        WITH_SERVER(redirects_are_not_followed),
        WITH_SERVER(a_source_that_never_answered_is_unavailable),
        WITH_SERVER(a_silent_source_is_given_up_after_five_seconds),
        WITH_SERVER(a_closed_port_is_an_outage),
        WITH_SERVER(many_threads_share_one_fetch),
        WITH_SERVER(a_key_published_during_a_refresh_is_found),
        WITH_SERVER(a_slow_refresh_does_not_hold_up_known_keys),
        WITH_FILE(a_changed_file_is_read_at_the_next_use),
        WITH_FILE(a_file_changed_in_place_is_read_even_within_one_tick),
        WITH_FILE(a_removed_or_broken_file_is_an_outage),
        WITH_FILE(an_unchanged_file_stays_good_for_ever),
        cmocka_unit_test(a_source_that_cannot_be_used_is_refused_at_the_start),
        WITH_SERVER(a_remembered_token_stops_with_its_key),
        WITH_SERVER(threads_verify_while_keys_rotate),
    };
    return cmocka_run_group_tests(tests, keys_setup, keys_teardown);
}
