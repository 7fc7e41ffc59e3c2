#include "common/bus_private.h" /* nng.h before its protocols */

#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/memory.h"

/* nng 1.5 forgets a TLS connection that is lost at a moment when nobody waits for a message on it,
 * as when one has come together with the end: it stays in its place, nothing is ever said or heard
 * on it, and it is not made anew. So we look, once a second, whether the kernel still has what nng
 * believes in. Closing such a one is safe, while closing one on which messages come in may hang nng
 * for ever: it has to have been dead at two looks. */

/* Makes room for one more; the mutex is held. */
static struct connection *connection_new(struct connections *connections)
{
    if (connections->count == connections->room) {
        size_t room = connections->room == 0 ? 16 : 2 * connections->room;
        struct connection *all = need(realloc(connections->all, room * sizeof *all));
        connections->all = all;
        connections->room = room;
    }
    return &connections->all[connections->count++];
}

static struct connection *connection_find(const struct connections *connections, nng_pipe pipe)
{
    for (size_t i = 0; i < connections->count; i++)
        if (nng_pipe_id(connections->all[i].pipe) == nng_pipe_id(pipe))
            return &connections->all[i];
    return NULL;
}

void connections_note(struct connections *connections, nng_pipe pipe, bool is_new)
{
    pthread_mutex_lock(&connections->mutex);
    if (is_new) {
        *connection_new(connections) = (struct connection){.pipe = pipe};
    } else {
        struct connection *gone = connection_find(connections, pipe);
        if (gone != NULL)
            *gone = connections->all[--connections->count];
    }
    pthread_mutex_unlock(&connections->mutex);
}

static void noted(nng_pipe pipe, nng_pipe_ev event, void *argument)
{
    connections_note(argument, pipe, event == NNG_PIPE_EV_ADD_POST);
}

int connections_watch(struct connections *connections, nng_socket socket)
{
    int code = nng_pipe_notify(socket, NNG_PIPE_EV_ADD_POST, noted, connections);
    return code != 0 ? code : nng_pipe_notify(socket, NNG_PIPE_EV_REM_POST, noted, connections);
}

static bool is_dead(nng_pipe pipe)
{
    nng_sockaddr address;
    return nng_pipe_get_addr(pipe, NNG_OPT_REMADDR, &address) != 0;
}

/* Those that there are now: nng must not be asked while it may be telling us something. */
static size_t connections_copy(struct connections *connections, struct connection **ret_all)
{
    pthread_mutex_lock(&connections->mutex);
    size_t count = connections->count;
    struct connection *all = need(calloc(count + 1, sizeof *all));
    if (count > 0)
        memcpy(all, connections->all, count * sizeof *all);
    pthread_mutex_unlock(&connections->mutex);
    *ret_all = all;
    return count;
}

static void connection_mark(struct connections *connections, nng_pipe pipe, bool is_dead_now)
{
    pthread_mutex_lock(&connections->mutex);
    struct connection *connection = connection_find(connections, pipe);
    if (connection != NULL) {
        connection->is_given_up = is_dead_now && connection->was_dead;
        connection->was_dead = is_dead_now;
    }
    pthread_mutex_unlock(&connections->mutex);
}

/* Gives up those that were dead at the last look, too; true when any is dead. */
static bool dead_give_up(struct bus *bus)
{
    struct connection *all;
    bool has_dead = false;
    size_t count = connections_copy(&bus->connections, &all);
    for (size_t i = 0; i < count; i++) {
        bool is_dead_now = is_dead(all[i].pipe);
        has_dead = has_dead || is_dead_now;
        if (is_dead_now && all[i].was_dead && !all[i].is_given_up) {
            log_info("a connection of the bus was lost unnoticed, and is given up");
            (void)nng_pipe_close(all[i].pipe);
        }
        connection_mark(&bus->connections, all[i].pipe, is_dead_now);
    }
    free(all);
    return has_dead;
}

/* --- is nng itself alive? --------------------------------------------------------------------- */

/* One thread of nng's clears away all that ends, and makes room for what comes instead. A TLS
 * connection that is lost while something is said on it may keep that thread for ever. So a
 * connection of our own, within the process, is ended to see whether it is cleared away. */

static void probe_noted(nng_pipe pipe, nng_pipe_ev event, void *argument)
{
    struct probe *probe = argument;
    if (event == NNG_PIPE_EV_ADD_POST) {
        atomic_store(&probe->pipe_id, (unsigned)nng_pipe_id(pipe));
    } else {
        atomic_store(&probe->pipe_id, 0);
        atomic_store(&probe->is_asked, false);
    }
}

static bool probe_open(struct probe *probe)
{
    char address[64];
    snprintf(address, sizeof address, "inproc://accord-%p", (void *)probe);
    if (nng_rep0_open(&probe->listening) != 0)
        return false;
    if (nng_req0_open(&probe->dialling) != 0) {
        nng_close(probe->listening);
        return false;
    }
    probe->is_open = true;
    return nng_pipe_notify(probe->dialling, NNG_PIPE_EV_ADD_POST, probe_noted, probe) == 0 &&
           nng_pipe_notify(probe->dialling, NNG_PIPE_EV_REM_POST, probe_noted, probe) == 0 &&
           nng_listen(probe->listening, address, NULL, 0) == 0 &&
           nng_dial(probe->dialling, address, NULL, NNG_FLAG_NONBLOCK) == 0;
}

void probe_close(struct probe *probe)
{
    if (!probe->is_open)
        return;
    nng_close(probe->dialling);
    nng_close(probe->listening);
}

static bool probe_answers(struct probe *probe)
{
    if (!probe->is_open && !probe_open(probe))
        log_warning("nobody can tell whether the bus works");
    if (atomic_load(&probe->is_asked))
        return ++probe->looks < PROBE_LOOKS;
    nng_pipe pipe = {.id = (uint32_t)atomic_load(&probe->pipe_id)};
    if (pipe.id != 0) {
        probe->looks = 0;
        atomic_store(&probe->is_asked, true);
        (void)nng_pipe_close(pipe);
    }
    return true;
}

static bool misses_somebody(struct bus *bus)
{
    bool is_missing = false;
    for (size_t i = 0; i < bus->peer_count; i++) {
        struct peer *peer = &bus->peers[i];
        pthread_mutex_lock(&peer->mutex);
        for (size_t k = 0; k < peer->instance_count; k++)
            is_missing = is_missing || peer->instances[k].connections == 0;
        pthread_mutex_unlock(&peer->mutex);
    }
    return is_missing;
}

bool bus_mend(struct bus *bus)
{
    if (bus == NULL || bus->config.certificate == NULL)
        return true;
    bus_tls_count(bus);
    bus_sockets_watch(bus);
    bool has_dead = dead_give_up(bus);
    return (!has_dead && !misses_somebody(bus)) || probe_answers(&bus->probe);
}
