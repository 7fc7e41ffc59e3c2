#include <string.h>
#include <time.h>

#include "common/bus_envelope.h"
#include "common/bus_private.h"
#include "common/clock.h"

static struct asker *asker_new(struct instance *instance)
{
    struct asker *asker = calloc(1, sizeof *asker);
    if (asker == NULL || nng_aio_alloc(&asker->aio, NULL, NULL) != 0)
        abort();
    asker->instance = instance;
    if (nng_ctx_open(&asker->context, instance->socket) != 0) {
        nng_aio_free(asker->aio);
        free(asker);
        return NULL;
    }
    return asker;
}

/* The next instance in turn that we are connected to; the mutex is held. NULL = none is. */
static struct instance *instance_connected(struct peer *peer)
{
    for (size_t i = 0; i < peer->instance_count; i++) {
        struct instance *instance = &peer->instances[peer->turn++ % peer->instance_count];
        if (instance->connections > 0)
            return instance;
    }
    return NULL;
}

/* Waits until somebody is there to be asked; NULL after the deadline. */
static struct instance *instance_wait(struct peer *peer, int64_t deadline_ms)
{
    struct timespec until = {.tv_sec = deadline_ms / 1000,
                             .tv_nsec = deadline_ms % 1000 * 1000000L};
    struct instance *instance = instance_connected(peer);
    while (instance == NULL && pthread_cond_timedwait(&peer->connected, &peer->mutex, &until) == 0)
        instance = instance_connected(peer);
    return instance;
}

static int asker_borrow(struct peer *peer, int64_t deadline_ms, struct asker **ret_asker)
{
    pthread_mutex_lock(&peer->mutex);
    struct instance *instance = instance_wait(peer, deadline_ms);
    struct asker *asker = instance == NULL ? NULL : instance->idle;
    if (asker != NULL)
        instance->idle = asker->next;
    pthread_mutex_unlock(&peer->mutex);
    if (instance == NULL)
        return NNG_ETIMEDOUT;
    *ret_asker = asker != NULL ? asker : asker_new(instance);
    return *ret_asker == NULL ? NNG_ECLOSED : 0;
}

static void asker_return(struct asker *asker)
{
    struct instance *instance = asker->instance;
    pthread_mutex_lock(&instance->peer->mutex);
    asker->next = instance->idle;
    instance->idle = asker;
    pthread_mutex_unlock(&instance->peer->mutex);
}

static int remaining_ms(int64_t deadline_ms)
{
    int64_t left = deadline_ms - monotonic_ms();
    return left > 1 ? (int)left : 1;
}

/* Sends and waits for the reply to this very question. */
static int exchange(struct asker *asker, const char *token, const char *text, size_t size,
                    int64_t deadline_ms, nng_msg **ret_reply)
{
    nng_msg_auto_t *message = bus_message_new(token, text, size);
    nng_aio_set_timeout(asker->aio, remaining_ms(deadline_ms));
    nng_aio_set_msg(asker->aio, message);
    nng_ctx_send(asker->context, asker->aio);
    nng_aio_wait(asker->aio);
    int code = nng_aio_result(asker->aio);
    if (code != 0)
        return code; /* the message is still ours */
    message = NULL;
    nng_aio_set_msg(asker->aio, NULL);
    nng_aio_set_timeout(asker->aio, remaining_ms(deadline_ms));
    nng_ctx_recv(asker->context, asker->aio);
    nng_aio_wait(asker->aio);
    code = nng_aio_result(asker->aio);
    if (code == 0)
        *ret_reply = nng_aio_get_msg(asker->aio);
    nng_aio_set_msg(asker->aio, NULL);
    return code;
}

/* `id` is of the question's token: a reply to any other is none. */
static bool reply_check(struct bus *bus, const struct bus_ask *ask, const char *id, nng_msg *reply,
                        json_t **ret_answer, struct problem *err)
{
    json_auto_t *envelope = NULL;
    char token[SERVICE_TOKEN_SIZE], from[CODE_SIZE], reply_id[UUID_SIZE];
    struct message message = {.in_reply_to = id};
    struct problem fault = {0};
    bus_message_split(nng_msg_body(reply), nng_msg_len(reply), token, &message.text, &message.size);
    if (!signer_check_message(bus->signer, token, ask->service, &message, (int64_t)time(NULL), from,
                              reply_id, &fault) ||
        !bus_reply_read(message.text, message.size, &envelope, &fault))
        return problem_set(err, PROBLEM_UPSTREAM, "the reply to %s is not %s's: %s", ask->question,
                           ask->service, fault.detail);
    return bus_reply_take(envelope, ret_answer, err);
}

static bool instance_ask(struct bus *bus, const struct bus_ask *ask, struct asker *asker,
                         const struct message *message, int64_t deadline_ms, json_t **ret_answer,
                         struct problem *err)
{
    char token[SERVICE_TOKEN_SIZE], id[UUID_SIZE];
    nng_msg_auto_t *reply = NULL;
    if (!signer_sign_message(bus->signer, message, (int64_t)time(NULL), id, token, err))
        return false;
    int code = exchange(asker, token, message->text, message->size, deadline_ms, &reply);
    if (code != 0)
        return problem_set(err, PROBLEM_UNAVAILABLE, "%s did not answer %s: %s", ask->service,
                           ask->question, nng_strerror(code));
    return reply_check(bus, ask, id, reply, ret_answer, err);
}

bool bus_ask(struct bus *bus, const struct bus_ask *ask, json_t **ret_answer, struct problem *err)
{
    char_auto_t *text = NULL;
    size_t size;
    struct asker *asker = NULL;
    struct peer *peer = bus_peer_find(bus, ask->service);
    if (peer == NULL)
        return problem_set(err, PROBLEM_INTERNAL, "the bus has no service %s", ask->service);
    if (!bus_question_write(ask, &text, &size, err))
        return false;
    int timeout_ms = ask->timeout_ms > 0 ? ask->timeout_ms : BUS_ANSWER_MS;
    int64_t deadline_ms = monotonic_ms() + timeout_ms;
    int code = asker_borrow(peer, deadline_ms, &asker);
    if (code != 0)
        return problem_set(err, PROBLEM_UNAVAILABLE, "%s did not answer %s: %s", ask->service,
                           ask->question, nng_strerror(code));
    struct message message = {
        .text = text, .size = size, .audience = ask->service, .address = asker->instance->address};
    bool ok = instance_ask(bus, ask, asker, &message, deadline_ms, ret_answer, err);
    asker_return(asker);
    return ok;
}
