/* What a service manager is told and hands over, by systemd's protocols: readiness and signs of
 * life to a datagram socket (sd_notify(3)), and a socket that it listens on for us
 * (sd_listen_fds(3)), so that connections wait while one process gives way to the next. Without a
 * manager nothing happens. */
#ifndef ACCORD_COMMON_NOTIFY_H
#define ACCORD_COMMON_NOTIFY_H

#include <stdint.h>

/* Sends assignments, "READY=1\nSTATUS=..."; a failure is logged only. */
void notify_say(const char *assignments);
/* How often the manager wants to hear "WATCHDOG=1", in ms; 0 = it does not. */
int64_t notify_watchdog_ms(void);
/* The listening socket that was handed over; 0 = none. Ours to close: the manager keeps its own. */
int notify_listening_fd(void);

#endif
