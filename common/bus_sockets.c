#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/bus_private.h"

/* A peer that is gone without a word, as when a link is cut, is noticed by TCP alone, and by
 * default after hours, or a quarter of one. nng has time-outs for neither, its own one for a TLS
 * handshake does not end a wait for the other side, and it does not show its sockets: so they are
 * looked for among all that this process has, by the bus' ports. */

enum {
    IDLE_S = 5, /* nothing was heard for as long: ask the other kernel ... */
    ASK_S = 2,  /* ... so often ... */
    ASKS = 3,   /* ... and give up */
    UNHEARD_MS = 10000,
};

static int port_of(const char *address)
{
    const char *colon = address == NULL ? NULL : strrchr(address, ':');
    return colon == NULL ? 0 : (int)strtol(colon + 1, NULL, 10);
}

static bool is_bus_port(const struct bus *bus, int port)
{
    if (port == port_of(bus->config.questions) || port == port_of(bus->config.wake))
        return true;
    for (size_t i = 0; i < bus->peer_count; i++) {
        const struct peer *peer = &bus->peers[i];
        for (size_t k = 0; k < peer->instance_count; k++)
            if (port == port_of(peer->instances[k].address))
                return true;
        for (size_t k = 0; k < peer->wake_count; k++)
            if (port == port_of(peer->wakes[k]))
                return true;
    }
    return false;
}

/* 0 = it has none, or is no socket of TCP. */
static int port_at(int fd, int (*name)(int, struct sockaddr *, socklen_t *))
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    if (name(fd, (struct sockaddr *)&address, &size) != 0)
        return 0;
    if (address.ss_family == AF_INET)
        return ntohs(((struct sockaddr_in *)&address)->sin_port);
    return address.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&address)->sin6_port) : 0;
}

/* Whoever connects has no other end yet. */
static bool is_connecting(int fd)
{
    struct tcp_info info;
    socklen_t size = sizeof info;
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
           info.tcpi_state == TCP_SYN_SENT;
}

static void number_set(int fd, int level, int option, int number)
{
    (void)setsockopt(fd, level, option, &number, sizeof number);
}

static void socket_watch(const struct bus *bus, int fd)
{
    int is_watched = 0;
    socklen_t size = sizeof is_watched;
    if (getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &is_watched, &size) != 0 || is_watched != 0)
        return;
    int far = port_at(fd, getpeername);
    bool is_ours = far != 0 ? is_bus_port(bus, far) || is_bus_port(bus, port_at(fd, getsockname))
                            : is_connecting(fd);
    if (!is_ours)
        return;
    number_set(fd, IPPROTO_TCP, TCP_KEEPIDLE, IDLE_S);
    number_set(fd, IPPROTO_TCP, TCP_KEEPINTVL, ASK_S);
    number_set(fd, IPPROTO_TCP, TCP_KEEPCNT, ASKS);
    number_set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, UNHEARD_MS);
    number_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

void bus_sockets_watch(const struct bus *bus)
{
    DIR *folder = opendir("/proc/self/fd");
    const struct dirent *entry;
    if (folder == NULL)
        return;
    while ((entry = readdir(folder)) != NULL)
        if (entry->d_name[0] != '.')
            socket_watch(bus, (int)strtol(entry->d_name, NULL, 10));
    closedir(folder);
}
