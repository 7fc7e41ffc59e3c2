/* The dispatcher's writes as clients meet them: once for each key, alone and together, refused,
 * still running, answered before the end. */
#include "tests/store/common_http_world.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
        TEST(requests_in_hand_are_answered_before_the_end),
    };
    return cmocka_run_group_tests(tests, service_setup, service_teardown);
}
