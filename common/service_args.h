/* The command line that every service has. */
#ifndef ACCORD_COMMON_SERVICE_ARGS_H
#define ACCORD_COMMON_SERVICE_ARGS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/problem.h"

enum service_command { SERVICE_SERVE, SERVICE_RESUME, SERVICE_ERASE, SERVICE_VERSION };

struct service_args {
    enum service_command command;
    const char *config; /* all borrowed from argv */
    const char *keys;   /* instead of the configuration's folder; NULL = that */
    int instance;       /* from 0 */
    int ready_fd;       /* -1 = none */
    const char *alliance_id;
    const char *source; /* of --resume */
    int64_t sequence;   /* of --erase */
    const char *ground;
    const char *approver;
};

/* Fails with a sentence that ends in how it should be said. */
bool service_args_read(int argc, char *argv[], struct service_args *ret_args,
                       struct problem *err) MUST_CHECK;

#endif
