#include <stdlib.h>

#include "common/bus_private.h"
#include "common/clock.h"

/* On a thread of nng's: it may only say so. */
static void receive_ended(void *argument)
{
    struct receiver *receiver = argument;
    pthread_mutex_lock(&receiver->mutex);
    receiver->has_ended = true;
    pthread_cond_signal(&receiver->changed);
    pthread_mutex_unlock(&receiver->mutex);
}

void receiver_open(struct receiver *receiver)
{
    pthread_condattr_t attributes;
    pthread_mutex_init(&receiver->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&receiver->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (nng_aio_alloc(&receiver->aio, receive_ended, receiver) != 0)
        abort();
    nng_aio_set_timeout(receiver->aio, NNG_DURATION_INFINITE);
}

void receiver_close(struct receiver *receiver)
{
    if (receiver->aio == NULL)
        return;
    nng_aio_free(receiver->aio);
    receiver->aio = NULL;
    pthread_cond_destroy(&receiver->changed);
    pthread_mutex_destroy(&receiver->mutex);
}

nng_aio *receiver_begin(struct receiver *receiver)
{
    pthread_mutex_lock(&receiver->mutex);
    receiver->has_ended = false;
    pthread_mutex_unlock(&receiver->mutex);
    return receiver->aio;
}

/* Whether it ended by itself. */
static bool receiver_wait(struct receiver *receiver, int timeout_ms)
{
    const struct timespec until = monotonic_after(timeout_ms);
    int code = 0;
    pthread_mutex_lock(&receiver->mutex);
    while (!receiver->has_ended && !receiver->is_stopped && code == 0)
        code = timeout_ms < 0
                   ? pthread_cond_wait(&receiver->changed, &receiver->mutex)
                   : pthread_cond_timedwait(&receiver->changed, &receiver->mutex, &until);
    bool has_ended = receiver->has_ended;
    pthread_mutex_unlock(&receiver->mutex);
    return has_ended;
}

nng_msg *receiver_end(struct receiver *receiver, int timeout_ms)
{
    if (!receiver_wait(receiver, timeout_ms))
        nng_aio_cancel(receiver->aio);
    nng_aio_wait(receiver->aio);
    if (nng_aio_result(receiver->aio) != 0)
        return NULL;
    nng_msg *message = nng_aio_get_msg(receiver->aio);
    nng_aio_set_msg(receiver->aio, NULL);
    return message;
}

void receiver_stop(struct receiver *receiver)
{
    pthread_mutex_lock(&receiver->mutex);
    receiver->is_stopped = true;
    pthread_cond_signal(&receiver->changed);
    pthread_mutex_unlock(&receiver->mutex);
}
