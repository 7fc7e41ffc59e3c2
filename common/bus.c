#include "common/bus_private.h" /* nng.h before its protocols */

#include <arpa/inet.h>
#include <inttypes.h>
#include <nng/protocol/pubsub0/pub.h>
#include <nng/protocol/pubsub0/sub.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/memory.h"
#include "common/service_context.h"

enum { RECONNECT_MIN_MS = 20, RECONNECT_MAX_MS = 500, WAKE_BYTES_MAX = 128 };

static bool starts_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* "tcp://127.0.0.1:7201", "tcp://[::1]:7201", "tcp://localhost:7201" */
static bool is_on_loopback(const char *address)
{
    char host[64];
    struct in_addr number;
    if (!starts_with(address, "tcp://"))
        return false;
    address += strlen("tcp://");
    if (starts_with(address, "[::1]:") || starts_with(address, "localhost:"))
        return true;
    snprintf(host, sizeof host, "%.*s", (int)strcspn(address, ":"), address);
    return inet_pton(AF_INET, host, &number) == 1 && ntohl(number.s_addr) >> 24 == IN_LOOPBACKNET;
}

/* Plain tcp never leaves the machine. */
static bool address_check(const struct bus_config *config, const char *address, struct problem *err)
{
    bool is_secure = starts_with(address, "tls+tcp://");
    if (is_secure && (config->certificate == NULL || config->authority == NULL))
        return problem_set(err, PROBLEM_INTERNAL,
                           "%s needs a certificate and an authority (setting tls)", address);
    if (!is_secure && !is_on_loopback(address))
        return problem_set(err, PROBLEM_INTERNAL,
                           "%s is not on loopback: use tls+tcp:// between machines", address);
    return true;
}

static bool nng_failed(int code, const char *what, const char *address, struct problem *err)
{
    return problem_set(err, PROBLEM_INTERNAL, "%s %s: %s", what, address, nng_strerror(code));
}

static bool bus_listen(struct bus *bus, nng_socket socket, const char *address, struct problem *err)
{
    nng_listener listener;
    if (!address_check(&bus->config, address, err))
        return false;
    int code = nng_listener_create(&listener, socket, address);
    if (code == 0)
        code = nng_listener_set_size(listener, NNG_OPT_RECVMAXSZ, BUS_MESSAGE_BYTES_MAX);
    if (code == 0 && starts_with(address, "tls+"))
        code = bus_secure_listener(bus, listener);
    if (code == 0)
        code = nng_listener_start(listener, 0);
    return code == 0 || nng_failed(code, "cannot listen on", address, err);
}

bool bus_dial(struct bus *bus, nng_socket socket, const char *address, struct problem *err)
{
    nng_dialer dialer;
    if (!address_check(&bus->config, address, err))
        return false;
    int code = nng_dialer_create(&dialer, socket, address);
    if (code == 0)
        code = nng_dialer_set_size(dialer, NNG_OPT_RECVMAXSZ, BUS_MESSAGE_BYTES_MAX);
    if (code == 0)
        code = nng_dialer_set_ms(dialer, NNG_OPT_RECONNMINT, RECONNECT_MIN_MS);
    if (code == 0)
        code = nng_dialer_set_ms(dialer, NNG_OPT_RECONNMAXT, RECONNECT_MAX_MS);
    if (code == 0 && starts_with(address, "tls+"))
        code = bus_secure_dialer(bus, dialer, address);
    if (code == 0)
        code = nng_dialer_start(dialer, NNG_FLAG_NONBLOCK);
    return code == 0 || nng_failed(code, "cannot dial", address, err);
}

/* --- life ------------------------------------------------------------------------------------- */

static const char *text_keep(struct bus *bus, size_t place, const char *text)
{
    if (text == NULL)
        return NULL;
    bus->texts[place] = text_copy(text);
    return bus->texts[place];
}

static void config_keep(struct bus *bus, const struct bus_config *config)
{
    bus->config = *config;
    bus->config.questions = text_keep(bus, 0, config->questions);
    bus->config.wake = text_keep(bus, 1, config->wake);
    bus->config.certificate = text_keep(bus, 2, config->certificate);
    bus->config.authority = text_keep(bus, 3, config->authority);
}

/* REQ must not repeat a question by itself: the other side might do it twice. */
static int req_open(nng_socket *ret_socket)
{
    int code = nng_req0_open(ret_socket);
    if (code != 0)
        return code;
    code = nng_socket_set_ms(*ret_socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
    if (code == 0)
        code = nng_socket_set_ms(*ret_socket, NNG_OPT_SENDTIMEO, BUS_ANSWER_MS);
    if (code == 0)
        code = nng_socket_set_ms(*ret_socket, NNG_OPT_RECVTIMEO, BUS_ANSWER_MS);
    if (code != 0)
        nng_close(*ret_socket);
    return code;
}

/* nng tells us, on a thread of its own, when a connection has come or gone. */
static void connection_noted(nng_pipe pipe, nng_pipe_ev event, void *argument)
{
    struct instance *instance = argument;
    connections_note(&instance->peer->bus->connections, pipe, event == NNG_PIPE_EV_ADD_POST);
    pthread_mutex_lock(&instance->peer->mutex);
    instance->connections += event == NNG_PIPE_EV_ADD_POST ? 1 : -1;
    if (event == NNG_PIPE_EV_ADD_POST)
        pthread_cond_broadcast(&instance->peer->connected);
    pthread_mutex_unlock(&instance->peer->mutex);
}

static bool instance_open(struct bus *bus, struct peer *peer, const char *address,
                          struct problem *err)
{
    struct instance *instance = &peer->instances[peer->instance_count++];
    instance->peer = peer;
    instance->address = text_copy(address);
    int code = req_open(&instance->socket);
    if (code != 0)
        return nng_failed(code, "no socket for", address, err);
    instance->is_open = true;
    code = nng_pipe_notify(instance->socket, NNG_PIPE_EV_ADD_POST, connection_noted, instance);
    if (code == 0)
        code = nng_pipe_notify(instance->socket, NNG_PIPE_EV_REM_POST, connection_noted, instance);
    if (code != 0)
        return nng_failed(code, "no word of", address, err);
    return bus_dial(bus, instance->socket, address, err);
}

static bool peer_open(struct bus *bus, const struct bus_peer *config, struct problem *err)
{
    struct peer *peer = &bus->peers[bus->peer_count++];
    pthread_condattr_t attributes;
    peer->bus = bus;
    snprintf(peer->service, sizeof peer->service, "%s", config->service);
    pthread_mutex_init(&peer->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&peer->connected, &attributes);
    pthread_condattr_destroy(&attributes);
    for (size_t i = 0; i < config->count; i++) {
        if (!instance_open(bus, peer, config->questions[i], err))
            return false;
        peer->wakes[peer->wake_count++] = text_copy(config->wakes[i]);
    }
    return true;
}

static bool bus_open(struct bus *bus, const struct bus_config *config, struct problem *err)
{
    if (config->questions != NULL) {
        int code = nng_rep0_open(&bus->answers);
        if (code != 0)
            return nng_failed(code, "no socket for", config->questions, err);
        bus->is_answering = true;
        code = connections_watch(&bus->connections, bus->answers);
        if (code != 0)
            return nng_failed(code, "no word of", config->questions, err);
        if (!bus_listen(bus, bus->answers, config->questions, err))
            return false;
    }
    if (config->wake != NULL) {
        int code = nng_pub0_open(&bus->wake);
        if (code != 0)
            return nng_failed(code, "no socket for", config->wake, err);
        bus->is_waking = true;
        code = connections_watch(&bus->connections, bus->wake);
        if (code != 0)
            return nng_failed(code, "no word of", config->wake, err);
        if (!bus_listen(bus, bus->wake, config->wake, err))
            return false;
    }
    for (size_t i = 0; i < config->peer_count; i++)
        if (!peer_open(bus, &config->peers[i], err))
            return false;
    return true;
}

bool bus_new(const struct bus_config *config, struct signer *signer,
             struct service_context *context, struct bus **ret_bus, struct problem *err)
{
    struct bus *bus = need(calloc(1, sizeof *bus));
    bus->signer = signer;
    bus->context = context;
    config_keep(bus, config);
    pthread_mutex_init(&bus->connections.mutex, NULL);
    bus_tls_begin(bus);
    if (!bus_open(bus, config, err)) {
        bus_free(bus);
        return false;
    }
    *ret_bus = bus;
    return true;
}

static void instance_done(struct instance *instance)
{
    while (instance->idle != NULL) {
        struct asker *asker = instance->idle;
        instance->idle = asker->next;
        nng_ctx_close(asker->context);
        nng_aio_free(asker->aio);
        free(asker);
    }
    if (instance->is_open)
        nng_close(instance->socket);
    free(instance->address);
}

void peer_done(struct peer *peer)
{
    for (size_t i = 0; i < peer->instance_count; i++)
        instance_done(&peer->instances[i]);
    for (size_t i = 0; i < peer->wake_count; i++)
        free(peer->wakes[i]);
    pthread_cond_destroy(&peer->connected);
    pthread_mutex_destroy(&peer->mutex);
}

void bus_free(struct bus *bus)
{
    if (bus == NULL)
        return;
    bus_stop(bus);
    for (size_t i = 0; i < bus->peer_count; i++)
        peer_done(&bus->peers[i]);
    if (bus->is_waking)
        nng_close(bus->wake);
    if (bus->is_answering)
        nng_close(bus->answers);
    probe_close(&bus->probe);
    bus_tls_done(bus);
    pthread_mutex_destroy(&bus->connections.mutex);
    free(bus->connections.all);
    for (size_t i = 0; i < ARRAY_LENGTH(bus->texts); i++)
        free(bus->texts[i]);
    free(bus);
}

nng_msg *bus_message_new(const char *token, const char *text, size_t size)
{
    nng_msg *message = NULL;
    if (nng_msg_alloc(&message, 0) != 0 || nng_msg_append(message, token, strlen(token)) != 0 ||
        nng_msg_append(message, "\n", 1) != 0 || nng_msg_append(message, text, size) != 0)
        abort();
    return message;
}

struct peer *bus_peer_find(struct bus *bus, const char *service)
{
    for (size_t i = 0; i < bus->peer_count; i++)
        if (strcmp(bus->peers[i].service, service) == 0)
            return &bus->peers[i];
    return NULL;
}

/* --- wake-ups --------------------------------------------------------------------------------- */

void bus_wake(struct service_context *context, const char *alliance_id, int64_t sequence)
{
    char text[WAKE_BYTES_MAX];
    if (context->bus == NULL || !context->bus->is_waking)
        return;
    int length = snprintf(text, sizeof text, "%s %" PRId64, alliance_id, sequence);
    /* A lost one is found by the followers' sweep. */
    (void)nng_send(context->bus->wake, text, (size_t)length, NNG_FLAG_NONBLOCK);
}

struct bus_ear {
    nng_socket socket;
    struct receiver receiver;
};

bool bus_ear_new(struct bus *bus, const char *service, struct bus_ear **ret_ear,
                 struct problem *err)
{
    const struct peer *peer = bus_peer_find(bus, service);
    if (peer == NULL)
        return problem_set(err, PROBLEM_INTERNAL, "the bus has no service %s", service);
    struct bus_ear *ear = need(calloc(1, sizeof *ear));
    receiver_open(&ear->receiver);
    int code = nng_sub0_open(&ear->socket);
    if (code != 0) {
        receiver_close(&ear->receiver);
        free(ear);
        return nng_failed(code, "no socket for", service, err);
    }
    code = nng_socket_set(ear->socket, NNG_OPT_SUB_SUBSCRIBE, "", 0);
    if (code == 0)
        code = connections_watch(&bus->connections, ear->socket);
    bool ok = code == 0 || nng_failed(code, "cannot subscribe to", service, err);
    for (size_t i = 0; ok && i < peer->wake_count; i++)
        ok = bus_dial(bus, ear->socket, peer->wakes[i], err);
    if (!ok) {
        bus_ear_free(ear);
        return false;
    }
    *ret_ear = ear;
    return true;
}

void bus_ear_free(struct bus_ear *ear)
{
    if (ear == NULL)
        return;
    receiver_close(&ear->receiver);
    nng_close(ear->socket);
    free(ear);
}

/* "<alliance> <sequence>"; anybody may have sent it, so that it is only ever a hint. */
static bool wake_read(const nng_msg *message, char ret_alliance_id[UUID_SIZE])
{
    size_t size = nng_msg_len(message);
    const char *text = nng_msg_body((nng_msg *)message);
    char alliance_id[UUID_SIZE] = "";
    if (size <= UUID_SIZE || text[UUID_SIZE - 1] != ' ')
        return false;
    memcpy(alliance_id, text, UUID_SIZE - 1);
    if (!uuid_is_valid(alliance_id))
        return false;
    memcpy(ret_alliance_id, alliance_id, UUID_SIZE);
    return true;
}

bool bus_ear_wait(struct bus_ear *ear, int timeout_ms, char ret_alliance_id[UUID_SIZE])
{
    nng_msg_auto_t *message = NULL;
    if (timeout_ms > 0) {
        nng_recv_aio(ear->socket, receiver_begin(&ear->receiver));
        message = receiver_end(&ear->receiver, timeout_ms);
    } else if (nng_recvmsg(ear->socket, &message, NNG_FLAG_NONBLOCK) != 0) {
        message = NULL;
    }
    return message != NULL && wake_read(message, ret_alliance_id);
}

void bus_ear_stop(struct bus_ear *ear)
{
    receiver_stop(&ear->receiver);
}
