/* What a service manager hears, and what it hands over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/notify.h"

/* A manager's socket; `name` "@..." is abstract. */
static int manager_open(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, name, strlen(name));
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    setenv("NOTIFY_SOCKET", name, 1);
    return fd;
}

static void assert_heard(int manager, const char *wanted)
{
    char text[128] = "";
    assert_true(recv(manager, text, sizeof text - 1, MSG_DONTWAIT) >= 0);
    assert_string_equal(text, wanted);
}

static void a_manager_is_told(void **state)
{
    (void)state;
    char folder[] = "/tmp/accord-notify-XXXXXX", path[64], abstract[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/notify", folder);
    snprintf(abstract, sizeof abstract, "@%s", folder);
    int by_path = manager_open(path);
    notify_say("READY=1\nSTATUS=serving");
    assert_heard(by_path, "READY=1\nSTATUS=serving");
    int by_name = manager_open(abstract);
    notify_say("STOPPING=1");
    assert_heard(by_name, "STOPPING=1");
    close(by_path);
    close(by_name);
    unlink(path);
    rmdir(folder);
}

static void without_a_manager_nothing_happens(void **state)
{
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    notify_say("READY=1");
    setenv("NOTIFY_SOCKET", "relative", 1);
    notify_say("READY=1");
    unsetenv("NOTIFY_SOCKET");
    assert_int_equal(notify_watchdog_ms(), 0);
    assert_int_equal(notify_listening_fd(), 0);
}

static void a_watchdog_is_ours_or_nobodys(void **state)
{
    (void)state;
    char pid[32];
    setenv("WATCHDOG_USEC", "60000000", 1);
    assert_int_equal(notify_watchdog_ms(), 60000);
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    setenv("WATCHDOG_PID", pid, 1);
    assert_int_equal(notify_watchdog_ms(), 60000);
    setenv("WATCHDOG_PID", "1", 1);
    assert_int_equal(notify_watchdog_ms(), 0);
    setenv("WATCHDOG_USEC", "soon", 1);
    unsetenv("WATCHDOG_PID");
    assert_int_equal(notify_watchdog_ms(), 0);
    unsetenv("WATCHDOG_USEC");
}

static void a_socket_is_ours_or_nobodys(void **state)
{
    (void)state;
    char pid[32];
    setenv("LISTEN_FDS", "1", 1);
    setenv("LISTEN_PID", "1", 1);
    assert_int_equal(notify_listening_fd(), 0);
    int fd = socket(AF_INET, SOCK_STREAM, 0), kept = dup(3);
    assert_int_equal(dup2(fd, 3), 3);
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    setenv("LISTEN_PID", pid, 1);
    assert_int_equal(notify_listening_fd(), 3);
    setenv("LISTEN_FDS", "0", 1);
    assert_int_equal(notify_listening_fd(), 0);
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_PID");
    close(fd);
    if (kept >= 0)
        dup2(kept, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_manager_is_told),
        cmocka_unit_test(without_a_manager_nothing_happens),
        cmocka_unit_test(a_watchdog_is_ours_or_nobodys),
        cmocka_unit_test(a_socket_is_ours_or_nobodys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
