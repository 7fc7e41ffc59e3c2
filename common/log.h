/* The log: one JSON object per line on standard error, {"time", "level", "service", "requestId",
 * "message", ...}; what each member is: deploy/OPERATING.md. ACCORD_LOG (debug, info, warning,
 * error; default info) names the lowest level that is written, ACCORD_LOG_FILE a file instead of
 * standard error: it may be moved away at any time. Any thread; a line is written whole. No
 * personal data, no tokens, no bodies. */
#ifndef ACCORD_COMMON_LOG_H
#define ACCORD_COMMON_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "common/problem.h"

enum log_level { LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARNING, LEVEL_ERROR };

/* Once, before other threads start: names the service ("accord-token" for a tool) and reads
 * ACCORD_LOG and ACCORD_LOG_FILE. */
void log_start(const char *service);
/* The request that this thread works on from now; NULL or "" = none. Copied. */
void log_set_request(const char *request_id);
bool log_is_on(enum log_level level);

void log_write(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);
#define log_debug(...) log_write(LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...) log_write(LEVEL_INFO, __VA_ARGS__)
#define log_warning(...) log_write(LEVEL_WARNING, __VA_ARGS__)
#define log_error(...) log_write(LEVEL_ERROR, __VA_ARGS__)

/* A further member of a line: {"status", .number = 201} or {"path", "/v1/alliances"}. */
struct log_field {
    const char *name;
    const char *text; /* NULL = the number */
    int64_t number;
};
void log_fields(enum log_level level, const struct log_field fields[], size_t count,
                const char *format, ...) PRINTF_LIKE(4, 5);

/* "<what>: <detail>" with the problem's code and its first fault: as an error for a 5xx, else as
 * information. */
void log_problem(const struct problem *err, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
