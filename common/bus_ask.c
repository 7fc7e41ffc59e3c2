#include <string.h>
#include <time.h>

#include "common/bus_envelope.h"
#include "common/bus_private.h"

static int64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct asker *asker_new(struct peer *peer)
{
    struct asker *asker = calloc(1, sizeof *asker);
    if (asker == NULL || nng_aio_alloc(&asker->aio, NULL, NULL) != 0)
        abort();
    if (nng_ctx_open(&asker->context, peer->socket) != 0) {
        nng_aio_free(asker->aio);
        free(asker);
        return NULL;
    }
    return asker;
}

static struct asker *asker_borrow(struct peer *peer)
{
    pthread_mutex_lock(&peer->mutex);
    struct asker *asker = peer->idle;
    if (asker != NULL)
        peer->idle = asker->next;
    pthread_mutex_unlock(&peer->mutex);
    return asker != NULL ? asker : asker_new(peer);
}

static void asker_return(struct peer *peer, struct asker *asker)
{
    pthread_mutex_lock(&peer->mutex);
    asker->next = peer->idle;
    peer->idle = asker;
    pthread_mutex_unlock(&peer->mutex);
}

static int remaining_ms(int64_t deadline_ms)
{
    int64_t left = deadline_ms - monotonic_ms();
    return left > 1 ? (int)left : 1;
}

/* Sends and waits for the reply to this very question. */
static int exchange(struct asker *asker, const char *text, size_t size, int timeout_ms,
                    nng_msg **ret_reply)
{
    nng_msg_auto_t *message = NULL;
    int64_t deadline_ms = monotonic_ms() + timeout_ms;
    if (nng_msg_alloc(&message, 0) != 0 || nng_msg_append(message, text, size) != 0)
        abort();
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

static bool reply_check(struct bus *bus, const struct bus_ask *ask, nng_msg *reply,
                        json_t **ret_answer, struct problem *err)
{
    json_auto_t *envelope = NULL;
    const char *token = NULL;
    char from[CODE_SIZE];
    struct problem fault = {0};
    if (!bus_reply_read(nng_msg_body(reply), nng_msg_len(reply), &envelope, &token, &fault) ||
        !signer_check_token(bus->signer, token, ask->service, (int64_t)time(NULL), from, &fault))
        return problem_set(err, PROBLEM_UPSTREAM, "the reply to %s is not %s's: %s", ask->question,
                           ask->service, fault.detail);
    return bus_reply_take(envelope, ret_answer, err);
}

bool bus_ask(struct bus *bus, const struct bus_ask *ask, json_t **ret_answer, struct problem *err)
{
    char token[SERVICE_TOKEN_SIZE];
    char_auto_t *text = NULL;
    size_t size;
    nng_msg_auto_t *reply = NULL;
    struct peer *peer = bus_peer_find(bus, ask->service);
    if (peer == NULL)
        return problem_set(err, PROBLEM_INTERNAL, "the bus has no service %s", ask->service);
    if (!signer_token(bus->signer, ask->service, token, err) ||
        !bus_question_write(ask, token, &text, &size, err))
        return false;
    int timeout_ms = ask->timeout_ms > 0 ? ask->timeout_ms : BUS_ANSWER_MS;
    struct asker *asker = asker_borrow(peer);
    if (asker == NULL)
        return problem_set(err, PROBLEM_UNAVAILABLE, "the bus is closing");
    int code = exchange(asker, text, size, timeout_ms, &reply);
    asker_return(peer, asker);
    if (code != 0)
        return problem_set(err, PROBLEM_UNAVAILABLE, "%s did not answer %s: %s", ask->service,
                           ask->question, nng_strerror(code));
    return reply_check(bus, ask, reply, ret_answer, err);
}
