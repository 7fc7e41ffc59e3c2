#include <string.h>
#include <time.h>

#include "common/bus_envelope.h"
#include "common/bus_private.h"
#include "common/log.h"

enum { LOOK_MS = 200 }; /* how long a stop may go unnoticed */

static bus_answer_function *answer_find(const struct bus *bus, const char *name)
{
    for (size_t t = 0; t < ARRAY_LENGTH(bus->config.tables); t++)
        for (size_t i = 0; i < bus->config.tables[t].count; i++)
            if (strcmp(bus->config.tables[t].answerers[i].question, name) == 0)
                return bus->config.tables[t].answerers[i].answer;
    return NULL;
}

/* Proves who asks, and answers. */
static bool question_answer(struct bus *bus, struct bus_question *question, const char *token,
                            const char *name, json_t **ret_answer, struct problem *err)
{
    if (!signer_check_token(bus->signer, token, NULL, (int64_t)time(NULL), question->from, err))
        return false;
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

/* The reply's text. Who did not prove itself is told so without a token of ours. */
static bool message_answer(struct bus *bus, nng_msg *message, char **ret_text, size_t *ret_size)
{
    json_auto_t *envelope = NULL, *answer = NULL;
    struct bus_question question = {.context = bus->context};
    struct problem problem = {0}, fault = {0};
    const char *token = NULL, *name = NULL;
    char own[SERVICE_TOKEN_SIZE] = "";
    bool ok = bus_question_read(nng_msg_body(message), nng_msg_len(message), &envelope, &question,
                                &token, &name, &problem) &&
              question_answer(bus, &question, token, name, &answer, &problem);
    if (question.from[0] == '\0')
        log_problem(&problem, "a question from nobody we know");
    else if (!signer_token(bus->signer, question.from, own, &problem))
        ok = false;
    return bus_reply_write(ok ? answer : NULL, &problem, own, ret_text, ret_size, &fault) ||
           bus_reply_write(NULL, &fault, own, ret_text, ret_size, &fault);
}

static void worker_reply(struct worker *worker, nng_msg *message)
{
    char_auto_t *text = NULL;
    size_t size;
    nng_msg_auto_t *reply = NULL;
    if (!message_answer(worker->bus, message, &text, &size))
        return;
    if (nng_msg_alloc(&reply, 0) != 0 || nng_msg_append(reply, text, size) != 0)
        abort();
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
        nng_aio_set_timeout(worker->aio, LOOK_MS);
        nng_ctx_recv(worker->context, worker->aio);
        nng_aio_wait(worker->aio);
        int code = nng_aio_result(worker->aio);
        if (code == NNG_ECLOSED)
            break;
        if (code != 0)
            continue;
        nng_msg_auto_t *message = nng_aio_get_msg(worker->aio);
        nng_aio_set_msg(worker->aio, NULL);
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
        worker->is_running = pthread_create(&worker->thread, NULL, worker_run, worker) == 0;
        if (!worker->is_running) {
            nng_ctx_close(worker->context);
            nng_aio_free(worker->aio);
            return problem_set(err, PROBLEM_INTERNAL, "no thread to answer with");
        }
    }
    return true;
}

/* By time-out rather than by closing under a blocked receive, which may hang in nng 1.5. */
void bus_stop(struct bus *bus)
{
    atomic_store(&bus->is_stopping, true);
    for (size_t i = 0; i < BUS_WORKERS; i++) {
        struct worker *worker = &bus->workers[i];
        if (!worker->is_running)
            continue;
        pthread_join(worker->thread, NULL);
        nng_ctx_close(worker->context);
        nng_aio_free(worker->aio);
        worker->is_running = false;
    }
}
