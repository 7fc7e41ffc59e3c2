#include "common/service_args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/ids.h"

static const char USAGE[] =
    "usage: --config FILE [--instance N] [--keys FOLDER] [--ready-fd N] | "
    "--config FILE --resume ALLIANCE SOURCE | "
    "--config FILE --erase ALLIANCE SEQUENCE --ground TEXT --approver TEXT | "
    "--version";

static bool wrong(struct problem *err, const char *name, const char *what)
{
    return problem_set(err, PROBLEM_PARAMETER_INVALID, "%s %s; %s", name, what, USAGE);
}

static bool number_read(const char *text, int64_t max, int64_t *ret_number)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < 0 || number > max)
        return false;
    *ret_number = number;
    return true;
}

/* One option with its values; returns how many words it took, 0 = wrong. */
static int option_read(char *words[], int count, struct service_args *args)
{
    int64_t number;
    if (strcmp(words[0], "--version") == 0) {
        args->command = SERVICE_VERSION;
        return 1;
    }
    if (count >= 2 && strcmp(words[0], "--keys") == 0) {
        args->keys = words[1];
        return 2;
    }
    if (count >= 2 && strcmp(words[0], "--config") == 0) {
        args->config = words[1];
        return 2;
    }
    if (count >= 2 && strcmp(words[0], "--instance") == 0 && number_read(words[1], 1000, &number)) {
        args->instance = (int)number;
        return 2;
    }
    if (count >= 2 && strcmp(words[0], "--ready-fd") == 0 &&
        number_read(words[1], 65535, &number)) {
        args->ready_fd = (int)number;
        return 2;
    }
    if (count >= 2 && strcmp(words[0], "--ground") == 0) {
        args->ground = words[1];
        return 2;
    }
    if (count >= 2 && strcmp(words[0], "--approver") == 0) {
        args->approver = words[1];
        return 2;
    }
    if (count >= 3 && strcmp(words[0], "--resume") == 0 && uuid_is_valid(words[1])) {
        args->command = SERVICE_RESUME;
        args->alliance_id = words[1];
        args->source = words[2];
        return 3;
    }
    if (count >= 3 && strcmp(words[0], "--erase") == 0 && uuid_is_valid(words[1]) &&
        number_read(words[2], INT64_MAX, &args->sequence) && args->sequence > 0) {
        args->command = SERVICE_ERASE;
        args->alliance_id = words[1];
        return 3;
    }
    return 0;
}

bool service_args_read(int argc, char *argv[], struct service_args *ret_args, struct problem *err)
{
    struct service_args args = {.command = SERVICE_SERVE, .ready_fd = -1};
    for (int i = 1; i < argc;) {
        int taken = option_read(argv + i, argc - i, &args);
        if (taken == 0)
            return wrong(err, argv[i], "is no option, or lacks its value");
        i += taken;
    }
    if (args.config == NULL && args.command != SERVICE_VERSION)
        return wrong(err, "--config", "is missing");
    if (args.command == SERVICE_ERASE && (args.ground == NULL || args.approver == NULL))
        return wrong(err, "--erase", "needs --ground and --approver");
    if (args.command != SERVICE_ERASE && (args.ground != NULL || args.approver != NULL))
        return wrong(err, "--ground", "goes with --erase");
    *ret_args = args;
    return true;
}
