#include "common/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/log.h"

enum { FIRST_FD = 3 };

/* A whole number of an environment variable; 0 when there is none. */
static int64_t number_of(const char *name)
{
    const char *text = getenv(name);
    char *end;
    if (text == NULL || *text < '0' || *text > '9')
        return 0;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0' ? number : 0;
}

/* "/run/systemd/notify", or "@name" in the abstract namespace. */
static bool address_make(const char *path, struct sockaddr_un *ret_address, socklen_t *ret_size)
{
    size_t length = strlen(path);
    if ((path[0] != '/' && path[0] != '@') || length >= sizeof ret_address->sun_path)
        return false;
    *ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(ret_address->sun_path, path, length);
    if (path[0] == '@')
        ret_address->sun_path[0] = '\0';
    *ret_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    return true;
}

void notify_say(const char *assignments)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address;
    socklen_t size;
    if (path == NULL || !address_make(path, &address, &size))
        return;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ssize_t sent = fd < 0 ? -1
                          : sendto(fd, assignments, strlen(assignments), MSG_NOSIGNAL,
                                   (const struct sockaddr *)&address, size);
    if (sent < 0)
        log_warning("the service manager does not hear us: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
}

int64_t notify_watchdog_ms(void)
{
    int64_t pid = number_of("WATCHDOG_PID");
    return pid == 0 || pid == getpid() ? number_of("WATCHDOG_USEC") / 1000 : 0;
}

int notify_listening_fd(void)
{
    if (number_of("LISTEN_PID") != getpid() || number_of("LISTEN_FDS") < 1)
        return 0;
    if (fcntl(FIRST_FD, F_SETFD, FD_CLOEXEC) < 0 ||
        fcntl(FIRST_FD, F_SETFL, fcntl(FIRST_FD, F_GETFL) | O_NONBLOCK) < 0) {
        log_warning("the socket that was handed over is none: %s", strerror(errno));
        return 0;
    }
    return FIRST_FD;
}
