/* What /metrics shows (Prometheus text 0.0.4): requests by operation and status with their
 * durations, batch sizes, and whatever else registers a collector. Any thread. */
#ifndef ACCORD_COMMON_METRICS_H
#define ACCORD_COMMON_METRICS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/cleanup.h"

struct metrics;

/* `operations` are the names by index; they outlive the metrics. */
struct metrics *metrics_new(const char *service, const char *const operations[], size_t count);
void metrics_free(struct metrics *metrics);

/* One request has been answered. An index of SIZE_MAX is "none": no operation was found. */
void metrics_request(struct metrics *metrics, size_t operation, int status, int64_t duration_us);
/* One batch of writes has been committed. */
void metrics_batch(struct metrics *metrics, size_t requests);

/* Called for each scrape; writes samples with metric_write(). Register before the first request. */
typedef void metrics_collector(void *context, FILE *out);
void metrics_register(struct metrics *metrics, metrics_collector *collect, void *context);
/* "# HELP", "# TYPE" once per metric ... */
void metric_describe(FILE *out, const char *name, const char *type, const char *help);
/* ... and its samples; `labels` like `source="membership"`, or NULL. */
void metric_write(FILE *out, const char *name, const char *labels, double value);

/* The whole page; the caller frees it. */
char *metrics_text(struct metrics *metrics);

#endif
