/* The bus on loopback: questions, problems, impostors, silence, wake-ups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <nng/nng.h>
#include <nng/protocol/pubsub0/pub.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <pthread.h>
#include <stdatomic.h>

#include "common/bus_private.h"
#include "common/json.h"
#include "common/service_context.h"
#include "tests/lib/free_address.h"
#include "tests/unit/common/cluster_keys.h"

static const char ALLIANCE[] = "018f0000-0000-7000-8000-00000000000a";
static const char REQUEST[] = "018f0000-0000-7000-8000-00000000000b";
static const char TRACEPARENT[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

enum { PATIENCE_MS = 5000 };

static struct cluster_keys cluster, strangers;
static struct signer *ledger, *risk, *kpi, *strange_risk;

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct signer *signer_of(const struct cluster_keys *keys, const char *service)
{
    struct signer *signer = NULL;
    struct problem err = {0};
    if (!signer_new(service, keys->folder, &signer, &err))
        fail_msg("%s", err.detail);
    return signer;
}

static int make_keys(void **state)
{
    (void)state;
    cluster_keys_make(&cluster);
    cluster_key(&cluster, "ledger", 1);
    cluster_key(&cluster, "risk", 1);
    cluster_key(&cluster, "kpi", 1);
    cluster_publish(&cluster);
    cluster_keys_make(&strangers);
    cluster_key(&strangers, "risk", 1);
    cluster_publish(&strangers);
    ledger = signer_of(&cluster, "ledger");
    risk = signer_of(&cluster, "risk");
    kpi = signer_of(&cluster, "kpi");
    strange_risk = signer_of(&strangers, "risk");
    return 0;
}

static int remove_keys(void **state)
{
    (void)state;
    signer_free(ledger);
    signer_free(risk);
    signer_free(kpi);
    signer_free(strange_risk);
    cluster_keys_done(&cluster);
    cluster_keys_done(&strangers);
    nng_fini();
    return 0;
}

/* --- addresses, services ---------------------------------------------------------------------- */

static atomic_int answered;
static atomic_bool may_go_on;

static bool echo_answer(const struct bus_question *question, json_t **ret_answer,
                        struct problem *err)
{
    (void)err;
    atomic_fetch_add(&answered, 1);
    json_t *answer = json_object();
    json_put_text(answer, "from", question->from);
    json_put_text(answer, "allianceId", question->alliance_id);
    json_put_text(answer, "requestId", question->request_id);
    json_put_text(answer, "traceparent", question->traceparent);
    if (question->has_caller) {
        json_put_text(answer, "subject", question->caller.subject);
        json_put_text(answer, "organisation", question->caller.organisation);
    }
    json_put_new(answer, "arguments", json_deep_copy(question->arguments));
    *ret_answer = answer;
    return true;
}

static bool refuse_answer(const struct bus_question *question, json_t **ret_answer,
                          struct problem *err)
{
    (void)question, (void)ret_answer;
    problem_add(err, PROBLEM_FUNDS_INSUFFICIENT, "too-much", "/amount", "at most £5");
    err->retry_after_s = 7;
    return problem_set(err, PROBLEM_FUNDS_INSUFFICIENT, "only £5 are left");
}

static bool huge_answer(const struct bus_question *question, json_t **ret_answer,
                        struct problem *err)
{
    (void)question, (void)err;
    char_auto_t *text = malloc(BUS_MESSAGE_BYTES_MAX + 1);
    memset(text, 'x', BUS_MESSAGE_BYTES_MAX);
    text[BUS_MESSAGE_BYTES_MAX] = '\0';
    *ret_answer = json_pack("{s:s}", "text", text);
    return true;
}

static bool slow_answer(const struct bus_question *question, json_t **ret_answer,
                        struct problem *err)
{
    while (!atomic_load(&may_go_on))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return echo_answer(question, ret_answer, err);
}

static const struct bus_answerer ANSWERERS[] = {
    {"echo", echo_answer}, {"refuse", refuse_answer}, {"huge", huge_answer}, {"slow", slow_answer}};

struct address {
    char questions[64], wake[64];
};

static struct address address_new(void)
{
    struct address address;
    free_address(address.questions);
    free_address(address.wake);
    return address;
}

/* A bus that answers at this address (NULL = only asks). */
static struct bus *bus_at(struct signer *signer, const struct address *own,
                          struct service_context *context, const struct bus_peer *peer)
{
    struct bus_config config = {.questions = own == NULL ? NULL : own->questions,
                                .wake = own == NULL ? NULL : own->wake,
                                .tables = {{ANSWERERS, ARRAY_LENGTH(ANSWERERS)}}};
    struct bus *bus = NULL;
    struct problem err = {0};
    if (peer != NULL)
        config.peers[config.peer_count++] = *peer;
    if (!bus_new(&config, signer, context, &bus, &err))
        fail_msg("%s", err.detail);
    if (own != NULL && !bus_start(bus, &err))
        fail_msg("%s", err.detail);
    return bus;
}

static struct bus_peer peer_at(const char *service, const struct address *address)
{
    return (struct bus_peer){.service = service,
                             .count = 1,
                             .questions = {address->questions},
                             .wakes = {address->wake}};
}

/* Asks until the answer is not "nobody there": the first connection takes a moment. */
static bool ask(struct bus *bus, const char *question, json_t *arguments, int timeout_ms,
                json_t **ret_answer, struct problem *err)
{
    struct caller caller = {
        .issuer = "https://i.example", .subject = "somebody", .client = "c", .organisation = "ZZ1"};
    struct bus_ask what = {.service = "ledger",
                           .question = question,
                           .alliance_id = ALLIANCE,
                           .request_id = REQUEST,
                           .traceparent = TRACEPARENT,
                           .caller = &caller,
                           .arguments = arguments,
                           .timeout_ms = timeout_ms};
    return bus_ask(bus, &what, ret_answer, err);
}

/* --- questions and answers -------------------------------------------------------------------- */

static void a_question_is_answered(void **state)
{
    (void)state;
    struct address address = address_new();
    struct bus_peer peer = peer_at("ledger", &address);
    struct bus *server = bus_at(ledger, &address, NULL, NULL);
    struct bus *client = bus_at(risk, NULL, NULL, &peer);
    struct problem err = {0};
    json_auto_t *arguments = json_pack("{s:i}", "n", 5), *answer = NULL;
    if (!ask(client, "echo", arguments, PATIENCE_MS, &answer, &err))
        fail_msg("%s", err.detail);
    assert_string_equal(json_text(answer, "from"), "risk");
    assert_string_equal(json_text(answer, "allianceId"), ALLIANCE);
    assert_string_equal(json_text(answer, "requestId"), REQUEST);
    assert_string_equal(json_text(answer, "traceparent"), TRACEPARENT);
    assert_string_equal(json_text(answer, "subject"), "somebody");
    assert_string_equal(json_text(answer, "organisation"), "ZZ1");
    assert_true(json_equal(json_object_get(answer, "arguments"), arguments));
    bus_free(client);
    bus_free(server);
}

static void a_problem_comes_over_whole(void **state)
{
    (void)state;
    struct address address = address_new();
    struct bus_peer peer = peer_at("ledger", &address);
    struct bus *server = bus_at(ledger, &address, NULL, NULL);
    struct bus *client = bus_at(risk, NULL, NULL, &peer);
    struct problem err = {0};
    json_t *answer = NULL;
    assert_false(ask(client, "refuse", NULL, PATIENCE_MS, &answer, &err));
    assert_int_equal(err.code, PROBLEM_FUNDS_INSUFFICIENT);
    assert_string_equal(err.detail, "only £5 are left");
    assert_int_equal(err.fault_count, 1);
    assert_string_equal(err.faults[0].pointer, "/amount");
    assert_string_equal(err.faults[0].code, "too-much");
    assert_int_equal(err.retry_after_s, 7);
    problem_clear(&err);
    assert_false(ask(client, "nonsense", NULL, PATIENCE_MS, &answer, &err));
    assert_int_equal(err.code, PROBLEM_NOT_FOUND);
    problem_clear(&err);
    assert_false(ask(client, "huge", NULL, PATIENCE_MS, &answer, &err));
    assert_int_equal(err.code, PROBLEM_INTERNAL);
    bus_free(client);
    bus_free(server);
}

static void silence_is_noticed_in_time(void **state)
{
    (void)state;
    struct address address = address_new();
    struct bus_peer peer = peer_at("ledger", &address);
    struct bus *client = bus_at(risk, NULL, NULL, &peer);
    struct problem err = {0};
    json_t *answer = NULL;
    int64_t began = now_ms();
    assert_false(ask(client, "echo", NULL, 200, &answer, &err));
    assert_int_equal(err.code, PROBLEM_UNAVAILABLE);
    assert_in_range(now_ms() - began, 190, 3000);
    /* It comes up later: the same bus reaches it. */
    struct bus *server = bus_at(ledger, &address, NULL, NULL);
    problem_clear(&err);
    if (!ask(client, "echo", NULL, PATIENCE_MS, &answer, &err))
        fail_msg("%s", err.detail);
    json_decref(answer);
    bus_free(client);
    bus_free(server);
}

struct asking {
    struct bus *bus;
    pthread_t thread;
    bool ok;
    struct problem err;
};

static void *ask_slowly(void *argument)
{
    struct asking *asking = argument;
    json_auto_t *answer = NULL;
    asking->ok = ask(asking->bus, "slow", NULL, PATIENCE_MS, &answer, &asking->err);
    return NULL;
}

static void a_slow_answer_holds_nobody_else_up(void **state)
{
    (void)state;
    struct address address = address_new();
    struct bus_peer peer = peer_at("ledger", &address);
    struct bus *server = bus_at(ledger, &address, NULL, NULL);
    struct bus *client = bus_at(risk, NULL, NULL, &peer);
    struct asking slow = {.bus = client};
    struct problem err = {0};
    json_t *answer = NULL;
    atomic_store(&may_go_on, false);
    assert_int_equal(pthread_create(&slow.thread, NULL, ask_slowly, &slow), 0);
    for (int i = 0; i < 20; i++) {
        json_auto_t *arguments = json_pack("{s:i}", "n", i);
        if (!ask(client, "echo", arguments, PATIENCE_MS, &answer, &err))
            fail_msg("%s", err.detail);
        assert_int_equal(json_integer_or(json_object_get(answer, "arguments"), "n", -1), i);
        json_decref(answer);
    }
    atomic_store(&may_go_on, true);
    pthread_join(slow.thread, NULL);
    assert_true(slow.ok);
    bus_free(client);
    bus_free(server);
}

static void a_late_answer_is_not_taken_for_the_next(void **state)
{
    (void)state;
    struct address address = address_new();
    struct bus_peer peer = peer_at("ledger", &address);
    struct bus *server = bus_at(ledger, &address, NULL, NULL);
    struct bus *client = bus_at(risk, NULL, NULL, &peer);
    struct problem err = {0};
    json_t *answer = NULL;
    json_auto_t *first = json_pack("{s:i}", "n", 1), *second = json_pack("{s:i}", "n", 2);
    assert_true(ask(client, "echo", first, PATIENCE_MS, &answer, &err));
    json_decref(answer);
    atomic_store(&may_go_on, false);
    assert_false(ask(client, "slow", first, 100, &answer, &err));
    assert_int_equal(err.code, PROBLEM_UNAVAILABLE);
    atomic_store(&may_go_on, true);
    problem_clear(&err);
    if (!ask(client, "echo", second, PATIENCE_MS, &answer, &err))
        fail_msg("%s", err.detail);
    assert_int_equal(json_integer_or(json_object_get(answer, "arguments"), "n", -1), 2);
    json_decref(answer);
    bus_free(client);
    bus_free(server);
}

static void one_of_two_instances_is_enough(void **state)
{
    (void)state;
    struct address gone = address_new(), there = address_new();
    struct bus_peer peer = {.service = "ledger",
                            .count = 2,
                            .questions = {gone.questions, there.questions},
                            .wakes = {gone.wake, there.wake}};
    struct bus *server = bus_at(ledger, &there, NULL, NULL);
    struct bus *client = bus_at(risk, NULL, NULL, &peer);
    for (int i = 0; i < 10; i++) {
        struct problem err = {0};
        json_auto_t *answer = NULL;
        if (!ask(client, "echo", NULL, PATIENCE_MS, &answer, &err))
            fail_msg("%s", err.detail);
    }
    bus_free(client);
    bus_free(server);
}

static void a_restarted_service_is_found_again(void **state)
{
    (void)state;
    struct address address = address_new();
    struct bus_peer peer = peer_at("ledger", &address);
    struct bus *client = bus_at(risk, NULL, NULL, &peer);
    for (int i = 0; i < 3; i++) {
        struct bus *server = bus_at(ledger, &address, NULL, NULL);
        struct problem err = {0};
        json_auto_t *answer = NULL;
        int64_t deadline_ms = now_ms() + PATIENCE_MS;
        /* A question that the old one took with it into its grave may fail; then it is asked again.
         */
        while (!ask(client, "echo", NULL, 1000, &answer, &err) && now_ms() < deadline_ms)
            problem_clear(&err);
        assert_non_null(answer);
        bus_free(server);
    }
    bus_free(client);
}

/* --- who is who ------------------------------------------------------------------------------- */

static void an_impostor_answers_in_vain(void **state)
{
    (void)state;
    struct address address = address_new();
    struct bus_peer peer = peer_at("ledger", &address);
    struct bus *server = bus_at(kpi, &address, NULL, NULL); /* a real service, but not the ledger */
    struct bus *client = bus_at(risk, NULL, NULL, &peer);
    struct problem err = {0};
    json_t *answer = NULL;
    int before = atomic_load(&answered);
    assert_false(ask(client, "echo", NULL, PATIENCE_MS, &answer, &err));
    assert_int_equal(err.code, PROBLEM_UPSTREAM);
    /* Nor does it answer what was meant for another. */
    assert_int_equal(atomic_load(&answered), before);
    bus_free(client);
    bus_free(server);
}

static void a_stranger_is_not_answered(void **state)
{
    (void)state;
    struct address address = address_new();
    struct bus_peer peer = peer_at("ledger", &address);
    struct bus *server = bus_at(ledger, &address, NULL, NULL);
    struct bus *client = bus_at(strange_risk, NULL, NULL, &peer);
    struct problem err = {0};
    json_t *answer = NULL;
    int before = atomic_load(&answered);
    assert_false(ask(client, "echo", NULL, PATIENCE_MS, &answer, &err));
    assert_int_equal(err.code, PROBLEM_UPSTREAM);
    assert_int_equal(atomic_load(&answered), before);
    bus_free(client);
    bus_free(server);
}

/* What somebody says who speaks nng, but not our language. */
static void babble_is_answered_with_a_problem(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "{",
                                        "[]",
                                        "{}",
                                        "{\"token\":5,\"question\":\"echo\"}",
                                        "{\"question\":\"echo\",\"arguments\":{}}"};
    struct address address = address_new();
    struct bus *server = bus_at(ledger, &address, NULL, NULL);
    int before = atomic_load(&answered);
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        nng_socket raw;
        nng_msg *reply = NULL;
        assert_int_equal(nng_req0_open(&raw), 0);
        nng_socket_set_ms(raw, NNG_OPT_RECVTIMEO, PATIENCE_MS);
        assert_int_equal(nng_dial(raw, address.questions, NULL, 0), 0);
        assert_int_equal(nng_send(raw, (char *)texts[i], strlen(texts[i]), 0), 0);
        assert_int_equal(nng_recvmsg(raw, &reply, 0), 0);
        json_auto_t *said = json_loadb(nng_msg_body(reply), nng_msg_len(reply), 0, NULL);
        assert_non_null(json_object_get(said, "problem"));
        assert_null(json_object_get(said, "token"));
        nng_msg_free(reply);
        nng_close(raw);
    }
    assert_int_equal(atomic_load(&answered), before);
    bus_free(server);
}

static void an_oversized_message_is_not_read(void **state)
{
    (void)state;
    struct address address = address_new();
    struct bus *server = bus_at(ledger, &address, NULL, NULL);
    nng_socket raw;
    nng_msg *message = NULL, *reply = NULL;
    assert_int_equal(nng_req0_open(&raw), 0);
    nng_socket_set_ms(raw, NNG_OPT_RECVTIMEO, 1000);
    nng_socket_set_ms(raw, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
    assert_int_equal(nng_dial(raw, address.questions, NULL, 0), 0);
    assert_int_equal(nng_msg_alloc(&message, BUS_MESSAGE_BYTES_MAX + 1), 0);
    assert_int_equal(nng_sendmsg(raw, message, 0), 0);
    assert_int_not_equal(nng_recvmsg(raw, &reply, 0), 0);
    nng_close(raw);
    bus_free(server);
}

/* --- somebody in between ---------------------------------------------------------------------- */

/* Sits where a service was: passes what it is asked on to another instance, and what that says
 * back, and keeps both. */
struct relay {
    struct address address;
    nng_socket listening, dialling;
    pthread_t thread;
    nng_msg *(*reply)(struct relay *relay, nng_msg *question);
    nng_msg *first_question, *first_reply;
};

static nng_msg *copy_of(nng_msg *message)
{
    nng_msg *copy = NULL;
    assert_int_equal(nng_msg_dup(&copy, message), 0);
    return copy;
}

/* Asks the other instance; NULL = it didn't say anything. */
static nng_msg *pass_on(struct relay *relay, nng_msg *question)
{
    nng_msg *reply = NULL, *copy = copy_of(question);
    if (nng_sendmsg(relay->dialling, copy, 0) != 0)
        nng_msg_free(copy);
    else if (nng_recvmsg(relay->dialling, &reply, 0) != 0)
        reply = NULL;
    return reply;
}

static void *relay_run(void *argument)
{
    struct relay *relay = argument;
    nng_msg *question = NULL;
    while (nng_recvmsg(relay->listening, &question, 0) == 0) {
        nng_msg *reply = relay->reply(relay, question);
        if (relay->first_question == NULL)
            relay->first_question = copy_of(question);
        if (relay->first_reply == NULL && reply != NULL)
            relay->first_reply = copy_of(reply);
        nng_msg_free(question);
        if (reply != NULL && nng_sendmsg(relay->listening, reply, 0) != 0)
            nng_msg_free(reply);
    }
    return NULL;
}

static void relay_start(struct relay *relay, const char *target)
{
    assert_int_equal(nng_rep0_open(&relay->listening), 0);
    assert_int_equal(nng_req0_open(&relay->dialling), 0);
    nng_socket_set_ms(relay->dialling, NNG_OPT_RECVTIMEO, PATIENCE_MS);
    assert_int_equal(nng_listen(relay->listening, relay->address.questions, NULL, 0), 0);
    assert_int_equal(nng_dial(relay->dialling, target, NULL, 0), 0);
    assert_int_equal(pthread_create(&relay->thread, NULL, relay_run, relay), 0);
}

static void relay_stop(struct relay *relay)
{
    nng_close(relay->listening);
    nng_close(relay->dialling);
    pthread_join(relay->thread, NULL);
    if (relay->first_question != NULL)
        nng_msg_free(relay->first_question);
    if (relay->first_reply != NULL)
        nng_msg_free(relay->first_reply);
}

static void a_question_is_worth_nothing_to_another_instance(void **state)
{
    (void)state;
    struct address there = address_new();
    struct relay relay = {.address = address_new(), .reply = pass_on};
    struct bus_peer peer = peer_at("ledger", &relay.address);
    struct bus *server = bus_at(ledger, &there, NULL, NULL);
    relay_start(&relay, there.questions);
    struct bus *client = bus_at(risk, NULL, NULL, &peer);
    struct problem err = {0};
    json_t *answer = NULL;
    int before = atomic_load(&answered);
    assert_false(ask(client, "echo", NULL, PATIENCE_MS, &answer, &err));
    assert_int_equal(err.code, PROBLEM_UPSTREAM);
    assert_int_equal(atomic_load(&answered), before);
    bus_free(client);
    relay_stop(&relay);
    bus_free(server);
}

/* A ledger whose questions all come by way of the relay, and who asks it. */
struct stage {
    struct relay relay;
    struct bus *server, *client;
};

static void stage_open(struct stage *stage, nng_msg *(*reply)(struct relay *, nng_msg *))
{
    struct address there = address_new();
    *stage = (struct stage){.relay = {.address = address_new(), .reply = reply}};
    struct bus_peer peer = peer_at("ledger", &stage->relay.address);
    stage->server = bus_at(ledger, &there, NULL, NULL);
    stage->server->config.questions = stage->relay.address.questions;
    relay_start(&stage->relay, there.questions);
    stage->client = bus_at(risk, NULL, NULL, &peer);
}

static void stage_close(struct stage *stage)
{
    bus_free(stage->client);
    relay_stop(&stage->relay);
    bus_free(stage->server);
}

static bool stage_ask(struct stage *stage, int number, struct problem *err)
{
    json_auto_t *arguments = json_pack("{s:i}", "n", number), *answer = NULL;
    problem_clear(err);
    return ask(stage->client, "echo", arguments, PATIENCE_MS, &answer, err) &&
           json_integer_or(json_object_get(answer, "arguments"), "n", -1) == number;
}

/* Changes the first digit of "n":<digit>, which both question and reply have. */
static nng_msg *altered(nng_msg *message)
{
    char *number = memmem(nng_msg_body(message), nng_msg_len(message), "\"n\":", 4);
    assert_non_null(number);
    number[4] = number[4] == '7' ? '8' : '7';
    return message;
}

static nng_msg *alter_reply(struct relay *relay, nng_msg *question)
{
    return altered(pass_on(relay, question));
}

static nng_msg *alter_question(struct relay *relay, nng_msg *question)
{
    return pass_on(relay, altered(question));
}

static nng_msg *ask_twice(struct relay *relay, nng_msg *question)
{
    nng_msg *first = pass_on(relay, question);
    nng_msg_free(first);
    return pass_on(relay, question);
}

static nng_msg *repeat_reply(struct relay *relay, nng_msg *question)
{
    return relay->first_reply == NULL ? pass_on(relay, question) : copy_of(relay->first_reply);
}

/* The token of the first reply, before words of the relay's own. */
static nng_msg *forge_reply(struct relay *relay, nng_msg *question)
{
    static const char forged[] = "{\"answer\":{\"arguments\":{\"n\":2}}}";
    if (relay->first_reply == NULL)
        return pass_on(relay, question);
    nng_msg *reply = copy_of(relay->first_reply);
    const char *token = nng_msg_body(reply), *end = memchr(token, '\n', nng_msg_len(reply));
    nng_msg_chop(reply, nng_msg_len(reply) - (size_t)(end + 1 - token));
    assert_int_equal(nng_msg_append(reply, forged, strlen(forged)), 0);
    return reply;
}

static void what_is_passed_on_whole_is_believed(void **state)
{
    (void)state;
    struct stage stage;
    struct problem err = {0};
    stage_open(&stage, pass_on);
    if (!stage_ask(&stage, 1, &err) || !stage_ask(&stage, 2, &err))
        fail_msg("%s", err.detail);
    stage_close(&stage);
}

static void what_was_altered_is_not_believed(void **state)
{
    (void)state;
    static nng_msg *(*const alter[])(struct relay *, nng_msg *) = {alter_reply, alter_question};
    for (size_t i = 0; i < ARRAY_LENGTH(alter); i++) {
        struct stage stage;
        struct problem err = {0};
        int before = atomic_load(&answered);
        stage_open(&stage, alter[i]);
        assert_false(stage_ask(&stage, 1, &err));
        assert_int_equal(err.code, PROBLEM_UPSTREAM);
        assert_int_equal(atomic_load(&answered) - before, i == 0 ? 1 : 0);
        stage_close(&stage);
    }
}

static void a_question_is_answered_once(void **state)
{
    (void)state;
    struct stage stage;
    struct problem err = {0};
    int before = atomic_load(&answered);
    stage_open(&stage, ask_twice);
    assert_false(stage_ask(&stage, 1, &err));
    assert_int_equal(err.code, PROBLEM_UPSTREAM);
    assert_int_equal(atomic_load(&answered) - before, 1);
    stage_close(&stage);
}

static void a_reply_is_to_one_question(void **state)
{
    (void)state;
    static nng_msg *(*const repeat[])(struct relay *, nng_msg *) = {repeat_reply, forge_reply};
    for (size_t i = 0; i < ARRAY_LENGTH(repeat); i++) {
        struct stage stage;
        struct problem err = {0};
        stage_open(&stage, repeat[i]);
        if (!stage_ask(&stage, 1, &err))
            fail_msg("%s", err.detail);
        assert_false(stage_ask(&stage, 2, &err));
        assert_int_equal(err.code, PROBLEM_UPSTREAM);
        stage_close(&stage);
    }
}

/* --- addresses -------------------------------------------------------------------------------- */

static void refused(const char *questions, const char *words)
{
    struct bus_config config = {.questions = questions};
    struct bus *bus = NULL;
    struct problem err = {0};
    assert_false(bus_new(&config, ledger, NULL, &bus, &err));
    if (strstr(err.detail, words) == NULL)
        fail_msg("'%s' instead of '... %s ...'", err.detail, words);
}

static void plain_tcp_stays_on_loopback(void **state)
{
    (void)state;
    refused("tcp://0.0.0.0:0", "not on loopback");
    refused("tcp://192.0.2.1:7201", "not on loopback");
    refused("tcp://127.example.org:7201", "not on loopback");
    refused("tcp://localhost.example.org:7201", "not on loopback");
    refused("tcp://*:7201", "not on loopback");
    refused("tls+tcp://192.0.2.1:7201", "needs a certificate");
}

static void a_taken_port_is_named(void **state)
{
    (void)state;
    struct address address = address_new();
    struct bus *server = bus_at(ledger, &address, NULL, NULL);
    refused(address.questions, address.questions);
    bus_free(server);
}

/* --- wake-ups --------------------------------------------------------------------------------- */

static void a_wake_up_is_heard(void **state)
{
    (void)state;
    struct address address = address_new();
    struct bus_peer peer = peer_at("ledger", &address);
    struct service_context context = {.service = NULL};
    struct bus *server = bus_at(ledger, &address, &context, NULL);
    struct bus *client = bus_at(risk, NULL, NULL, &peer);
    struct bus_ear *ear = NULL;
    struct problem err = {0};
    char alliance_id[UUID_SIZE];
    context.bus = server;
    assert_true(bus_ear_new(client, "ledger", &ear, &err));
    assert_false(bus_ear_wait(ear, 0, alliance_id));
    /* What is sent before the subscription stands is lost, so it is said again. */
    int64_t deadline_ms = now_ms() + PATIENCE_MS;
    bool is_heard = false;
    while (!is_heard && now_ms() < deadline_ms) {
        bus_wake(&context, ALLIANCE, 57);
        is_heard = bus_ear_wait(ear, 50, alliance_id);
    }
    assert_true(is_heard);
    assert_string_equal(alliance_id, ALLIANCE);
    bus_ear_free(ear);
    bus_free(client);
    bus_free(server);
}

static void noise_is_no_wake_up(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "x", "018f0000-0000-7000-8000-00000000000a",
                                        "018f0000-0000-7000-8000-00000000000A 5",
                                        "018f0000-0000-7000-8000-00000000000a-5"};
    struct address address = address_new();
    struct bus_peer peer = peer_at("ledger", &address);
    struct bus *client = bus_at(risk, NULL, NULL, &peer);
    struct bus_ear *ear = NULL;
    struct problem err = {0};
    char alliance_id[UUID_SIZE];
    nng_socket noise;
    assert_int_equal(nng_pub0_open(&noise), 0);
    assert_int_equal(nng_listen(noise, address.wake, NULL, 0), 0);
    assert_true(bus_ear_new(client, "ledger", &ear, &err));
    /* A true one last: all noise before it has come by then. */
    int64_t deadline_ms = now_ms() + PATIENCE_MS;
    int heard = 0;
    while (heard == 0 && now_ms() < deadline_ms) {
        for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
            nng_send(noise, (char *)texts[i], strlen(texts[i]), 0);
        char true_one[64];
        snprintf(true_one, sizeof true_one, "%s 5", ALLIANCE);
        nng_send(noise, true_one, strlen(true_one), 0);
        for (size_t i = 0; i <= ARRAY_LENGTH(texts); i++)
            heard += bus_ear_wait(ear, 20, alliance_id) ? 1 : 0;
    }
    assert_int_equal(heard, 1);
    bus_ear_free(ear);
    nng_close(noise);
    bus_free(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_is_answered),
        cmocka_unit_test(a_problem_comes_over_whole),
        cmocka_unit_test(silence_is_noticed_in_time),
        cmocka_unit_test(a_slow_answer_holds_nobody_else_up),
        cmocka_unit_test(a_late_answer_is_not_taken_for_the_next),
        cmocka_unit_test(one_of_two_instances_is_enough),
        cmocka_unit_test(a_restarted_service_is_found_again),
        cmocka_unit_test(an_impostor_answers_in_vain),
        cmocka_unit_test(a_stranger_is_not_answered),
        cmocka_unit_test(babble_is_answered_with_a_problem),
        cmocka_unit_test(an_oversized_message_is_not_read),
        cmocka_unit_test(a_question_is_worth_nothing_to_another_instance),
        cmocka_unit_test(what_is_passed_on_whole_is_believed),
        cmocka_unit_test(what_was_altered_is_not_believed),
        cmocka_unit_test(a_question_is_answered_once),
        cmocka_unit_test(a_reply_is_to_one_question),
        cmocka_unit_test(plain_tcp_stays_on_loopback),
        cmocka_unit_test(a_taken_port_is_named),
        cmocka_unit_test(a_wake_up_is_heard),
        cmocka_unit_test(noise_is_no_wake_up),
    };
    return cmocka_run_group_tests(tests, make_keys, remove_keys);
}
