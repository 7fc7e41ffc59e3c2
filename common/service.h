/* A service: what the five mains fill in, and what runs it. service_run() reads the configuration,
 * refuses what does not fit (spec against handlers, schema against binary, keys, ports), starts
 * the HTTP side, the bus, the consumers and the sweeper, says it is ready, and drains on TERM. */
#ifndef ACCORD_COMMON_SERVICE_H
#define ACCORD_COMMON_SERVICE_H

#include "common/bus.h"
#include "common/consumer.h"
#include "common/http.h"
#include "common/overview.h"
#include "common/subject.h"

/* Work that comes due by the clock. Commands re-check every deadline themselves: a sweep only makes
 * visible what is already true. About once a second `due` is asked of every alliance (row-level
 * security shows one at a time), and `run` where it has a row. */
struct sweep {
    const char *name;
    const struct db_query *due; /* no arguments but $1, the alliance */
    bool (*run)(struct act *act, struct problem *err);
};

struct service {
    const char *name;                  /* "ledger" */
    const char *spec;                  /* embedded JSON of api-spec/<name>.yaml */
    const char *const *schema_changes; /* embedded from the Sqitch plans, NULL-terminated */
    const char *const *follows;        /* services whose journals it follows, NULL-terminated */
    const struct route *routes;
    size_t route_count;
    const struct reaction *reactions;
    size_t reaction_count;
    const struct sweep *sweeps;
    size_t sweep_count;
    bool keeps_answers; /* of repeated requests, for ever; else they are forgotten after 24 hours */
    const struct subject_hooks *subjects; /* NULL = nothing of it is ever decided on */
    overview_function *overview;          /* its part of the one-page summary */
    const char
        *api_description; /* what /v1/openapi.json answers; NULL where another service does */
    /* Questions of its own that it answers on the bus, beside the house's. */
    const struct bus_answerer *answerers;
    size_t answerer_count;
};

/* --config FILE [--instance N] [--keys FOLDER] [--ready-fd N]: runs until TERM or INT; N gets the
 * line "ready", a service manager hears by its own protocol (notify.h). FOLDER: instead of the
 * configuration's "keys", as systemd's credentials come.
 * --config FILE --resume ALLIANCE SOURCE: lets a stalled alliance go on.
 * --version: says it.
 * --config FILE --erase ALLIANCE SEQUENCE --ground TEXT --approver TEXT: journal_erase().
 * Returns the process' exit status. */
int service_run(const struct service *service, int argc, char *argv[]);

#endif
