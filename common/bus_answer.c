#include <string.h>
#include <time.h>

#include "common/bus_envelope.h"
#include "common/bus_private.h"
#include "common/log.h"

static bus_answer_function *answer_find(const struct bus *bus, const char *name)
{
    for (size_t t = 0; t < ARRAY_LENGTH(bus->config.tables); t++)
        for (size_t i = 0; i < bus->config.tables[t].count; i++)
            if (strcmp(bus->config.tables[t].answerers[i].question, name) == 0)
                return bus->config.tables[t].answerers[i].answer;
    return NULL;
}

static bool question_answer(const struct bus *bus, const struct bus_question *question,
                            const char *name, json_t **ret_answer, struct problem *err)
{
    bus_answer_function *answer = answer_find(bus, name);
    if (answer == NULL)
        return problem_set(err, PROBLEM_NOT_FOUND, "nobody here answers %.64s", name);
    log_set_request(question->request_id);
    bool ok = answer(question, ret_answer, err);
    if (!ok && problem_status(err->code) >= 500)
        log_problem(err, "%s asked %s", question->from, name);
    log_set_request(NULL);
    return ok;
}

/* Proves who asks, then reads what; `ret_id` is "" when it is nobody we know. */
static bool message_take(struct bus *bus, nng_msg *message, struct bus_question *question,
                         char ret_id[UUID_SIZE], json_t **ret_answer, struct problem *err)
{
    char token[SERVICE_TOKEN_SIZE];
    const char *name;
    json_auto_t *envelope = NULL;
    struct message said = {.address = bus->config.questions};
    bus_message_split(nng_msg_body(message), nng_msg_len(message), token, &said.text, &said.size);
    if (!signer_check_message(bus->signer, token, NULL, &said, (int64_t)time(NULL), question->from,
                              ret_id, err)) {
        refusal_note(&bus->refused, err, "a question from nobody we know");
        return false;
    }
    return bus_question_read(said.text, said.size, &envelope, question, &name, err) &&
           question_answer(bus, question, name, ret_answer, err);
}

/* The reply, signed for who asked. Who did not prove itself is told so without a token of ours. */
static nng_msg *message_answer(struct bus *bus, nng_msg *message)
{
    json_auto_t *answer = NULL;
    char_auto_t *text = NULL;
    struct bus_question question = {.context = bus->context};
    struct problem problem = {0}, fault = {0};
    char id[UUID_SIZE] = "", own_id[UUID_SIZE], token[SERVICE_TOKEN_SIZE] = "";
    struct message said = {.audience = question.from, .in_reply_to = id};
    bool ok = message_take(bus, message, &question, id, &answer, &problem);
    if (!bus_reply_write(ok ? answer : NULL, &problem, &text, &said.size, &fault) &&
        !bus_reply_write(NULL, &fault, &text, &said.size, &fault))
        return NULL;
    said.text = text;
    if (id[0] != '\0' &&
        !signer_sign_message(bus->signer, &said, (int64_t)time(NULL), own_id, token, &fault))
        log_problem(&fault, "a reply to %s", question.from);
    return bus_message_new(token, text, said.size);
}

static void worker_reply(struct worker *worker, nng_msg *message)
{
    nng_msg_auto_t *reply = message_answer(worker->bus, message);
    if (reply == NULL)
        return;
    nng_aio_set_timeout(worker->aio, BUS_ANSWER_MS);
    nng_aio_set_msg(worker->aio, reply);
    nng_ctx_send(worker->context, worker->aio);
    nng_aio_wait(worker->aio);
    if (nng_aio_result(worker->aio) == 0)
        reply = NULL; /* it was taken */
    nng_aio_set_msg(worker->aio, NULL);
}

static void *worker_run(void *argument)
{
    struct worker *worker = argument;
    while (!atomic_load(&worker->bus->is_stopping)) {
        nng_ctx_recv(worker->context, receiver_begin(&worker->receiver));
        nng_msg_auto_t *message = receiver_end(&worker->receiver, -1);
        if (message != NULL)
            worker_reply(worker, message);
    }
    return NULL;
}

bool bus_start(struct bus *bus, struct problem *err)
{
    for (size_t i = 0; i < BUS_WORKERS; i++) {
        struct worker *worker = &bus->workers[i];
        worker->bus = bus;
        if (nng_aio_alloc(&worker->aio, NULL, NULL) != 0)
            abort();
        int code = nng_ctx_open(&worker->context, bus->answers);
        if (code != 0) {
            nng_aio_free(worker->aio);
            return problem_set(err, PROBLEM_INTERNAL, "cannot answer: %s", nng_strerror(code));
        }
        receiver_open(&worker->receiver);
        worker->is_running = pthread_create(&worker->thread, NULL, worker_run, worker) == 0;
        if (!worker->is_running) {
            receiver_close(&worker->receiver);
            nng_ctx_close(worker->context);
            nng_aio_free(worker->aio);
            return problem_set(err, PROBLEM_INTERNAL, "no thread to answer with");
        }
    }
    return true;
}

/* By cancelling rather than by closing under a blocked receive, which may hang in nng 1.5. */
void bus_stop(struct bus *bus)
{
    atomic_store(&bus->is_stopping, true);
    for (size_t i = 0; i < BUS_WORKERS; i++) {
        struct worker *worker = &bus->workers[i];
        if (!worker->is_running)
            continue;
        receiver_stop(&worker->receiver);
        pthread_join(worker->thread, NULL);
        receiver_close(&worker->receiver);
        nng_ctx_close(worker->context);
        nng_aio_free(worker->aio);
        worker->is_running = false;
    }
}
