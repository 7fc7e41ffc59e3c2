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

/* The next instance in turn that we are connected to; the mutex is held. One that failed us lately
 * only if there is no other. NULL = none is. */
static struct instance *instance_connected(struct peer *peer)
{
    struct instance *last = NULL;
    int64_t now_ms = monotonic_ms();
    for (size_t i = 0; i < peer->instance_count; i++) {
        struct instance *instance = &peer->instances[peer->turn++ % peer->instance_count];
        if (instance->connections > 0 && instance->avoid_until_ms <= now_ms)
            return instance;
        if (instance->connections > 0)
            last = instance;
    }
    return last;
}

/* True when another instance could be asked instead. */
static bool instance_avoid(struct instance *instance)
{
    struct peer *peer = instance->peer;
    bool has_other = false;
    int64_t now_ms = monotonic_ms();
    pthread_mutex_lock(&peer->mutex);
    instance->avoid_until_ms = now_ms + AVOID_MS;
    for (size_t i = 0; i < peer->instance_count; i++)
        has_other = has_other || (peer->instances[i].connections > 0 &&
                                  peer->instances[i].avoid_until_ms <= now_ms);
    pthread_mutex_unlock(&peer->mutex);
    return has_other;
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

/* How one attempt ended, when it was not answered. */
enum attempt {
    ATTEMPT_ANSWERED, /* or refused: that's an answer */
    ATTEMPT_FAILED,
    ATTEMPT_SILENT,   /* no answer in time */
    ATTEMPT_CUT,      /* the connection was lost: asking again changes nothing, or the same */
    ATTEMPT_STRANGER, /* who answered is not the service */
};

/* `id` is of the question's token: a reply to any other is none. */
static enum attempt reply_check(struct bus *bus, const struct bus_ask *ask,
                                const struct asker *asker, const char *id, nng_msg *reply,
                                json_t **ret_answer, struct problem *err)
{
    json_auto_t *envelope = NULL;
    char token[SERVICE_TOKEN_SIZE], from[CODE_SIZE], reply_id[UUID_SIZE];
    struct message message = {.in_reply_to = id};
    struct problem fault = {0};
    bus_message_split(nng_msg_body(reply), nng_msg_len(reply), token, &message.text, &message.size);
    if (!signer_check_message(bus->signer, token, ask->service, &message, (int64_t)time(NULL), from,
                              reply_id, &fault) ||
        !bus_reply_read(message.text, message.size, &envelope, &fault)) {
        refusal_note(&asker->instance->peer->refused, &fault, "whoever answers for %s at %s",
                     ask->service, asker->instance->address);
        problem_set(err, PROBLEM_UPSTREAM, "the reply to %s is not %s's: %s", ask->question,
                    ask->service, fault.detail);
        return ATTEMPT_STRANGER;
    }
    return bus_reply_take(envelope, ret_answer, err) ? ATTEMPT_ANSWERED : ATTEMPT_FAILED;
}

static bool no_answer(const struct bus_ask *ask, int code, struct problem *err)
{
    return problem_set(err, PROBLEM_UNAVAILABLE, "%s did not answer %s: %s", ask->service,
                       ask->question, nng_strerror(code));
}

static enum attempt instance_ask(struct bus *bus, const struct bus_ask *ask, struct asker *asker,
                                 const struct message *message, int64_t deadline_ms,
                                 json_t **ret_answer, struct problem *err)
{
    char token[SERVICE_TOKEN_SIZE], id[UUID_SIZE];
    nng_msg_auto_t *reply = NULL;
    if (!signer_sign_message(bus->signer, message, (int64_t)time(NULL), id, token, err))
        return ATTEMPT_FAILED;
    int code = exchange(asker, token, message->text, message->size, deadline_ms, &reply);
    if (code == 0)
        return reply_check(bus, ask, asker, id, reply, ret_answer, err);
    (void)no_answer(ask, code, err);
    return code == NNG_ECONNRESET ? ATTEMPT_CUT : ATTEMPT_SILENT;
}

/* Asks one instance; `ret_again` says that another attempt may do better. */
static bool peer_ask(struct peer *peer, const struct bus_ask *ask, const char *text, size_t size,
                     int64_t deadline_ms, json_t **ret_answer, bool *ret_again, struct problem *err)
{
    struct asker *asker = NULL;
    *ret_again = false;
    int code = asker_borrow(peer, deadline_ms, &asker);
    if (code != 0)
        return no_answer(ask, code, err);
    struct instance *instance = asker->instance;
    struct message message = {
        .text = text, .size = size, .audience = ask->service, .address = instance->address};
    enum attempt attempt =
        instance_ask(peer->bus, ask, asker, &message, deadline_ms, ret_answer, err);
    asker_return(asker);
    bool has_other =
        (attempt == ATTEMPT_SILENT || attempt == ATTEMPT_STRANGER) && instance_avoid(instance);
    *ret_again = attempt == ATTEMPT_CUT || (attempt == ATTEMPT_STRANGER && has_other);
    return attempt == ATTEMPT_ANSWERED;
}

bool bus_ask(struct bus *bus, const struct bus_ask *ask, json_t **ret_answer, struct problem *err)
{
    char_auto_t *text = NULL;
    size_t size;
    struct peer *peer = bus_peer_find(bus, ask->service);
    if (peer == NULL)
        return problem_set(err, PROBLEM_INTERNAL, "the bus has no service %s", ask->service);
    if (!bus_question_write(ask, &text, &size, err))
        return false;
    int timeout_ms = ask->timeout_ms > 0 ? ask->timeout_ms : BUS_ANSWER_MS;
    int64_t deadline_ms = monotonic_ms() + timeout_ms;
    for (;;) {
        bool may_again;
        struct problem why = {0};
        if (peer_ask(peer, ask, text, size, deadline_ms, ret_answer, &may_again, &why))
            return true;
        if (!may_again || monotonic_ms() >= deadline_ms) {
            *err = why;
            return false;
        }
    }
}
