#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/bus_private.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/metrics.h"

/* Whom nobody believed: counted always, written once a second, so that a stranger can't push
 * everything else out of the log. */

enum { SAID_MS = 1000, WHO_SIZE = 256 };

void refusal_note(struct refusals *refusals, const struct problem *why, const char *who, ...)
{
    char text[WHO_SIZE];
    va_list arguments;
    int64_t now_ms = monotonic_ms(), said_ms = atomic_load(&refusals->said_ms);
    uint64_t count = atomic_fetch_add(&refusals->count, 1) + 1;
    if ((said_ms != 0 && now_ms - said_ms < SAID_MS) ||
        !atomic_compare_exchange_strong(&refusals->said_ms, &said_ms, now_ms))
        return;
    va_start(arguments, who);
    vsnprintf(text, sizeof text, who, arguments);
    va_end(arguments);
    log_warning("%s is refused (%" PRIu64 " so far): %s", text, count, why->detail);
}

void bus_collect(void *data, FILE *out)
{
    struct bus *bus = data;
    char labels[CODE_SIZE + 16];
    if (bus == NULL)
        return;
    metric_describe(out, "accord_bus_questions_refused_total", "counter",
                    "Questions of nobody we know.");
    metric_write(out, "accord_bus_questions_refused_total", NULL,
                 (double)atomic_load(&bus->refused.count));
    metric_describe(out, "accord_bus_replies_refused_total", "counter",
                    "Replies that were not of the service that was asked.");
    for (size_t i = 0; i < bus->peer_count; i++) {
        snprintf(labels, sizeof labels, "source=\"%s\"", bus->peers[i].service);
        metric_write(out, "accord_bus_replies_refused_total", labels,
                     (double)atomic_load(&bus->peers[i].refused.count));
    }
    metric_describe(out, "accord_bus_connections_refused_total", "counter",
                    "Who connected to the bus without a good certificate.");
    metric_write(out, "accord_bus_connections_refused_total", NULL,
                 (double)atomic_load(&bus->tls.refused));
}
