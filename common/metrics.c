#include "common/metrics.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum { STATUS_SLOTS = 24, COLLECTORS_MAX = 16 };

/* Upper bounds in microseconds; the last bucket has none. */
static const int64_t BOUNDS_US[] = {500,   1000,   2500,   5000,   10000,   25000,
                                    50000, 100000, 250000, 500000, 1000000, 2500000};
enum { BOUND_COUNT = sizeof BOUNDS_US / sizeof BOUNDS_US[0] };

struct operation_metrics {
    struct {
        int status;
        uint64_t count;
    } by_status[STATUS_SLOTS];
    uint64_t buckets[BOUND_COUNT + 1];
    uint64_t sum_us;
};

struct metrics {
    pthread_mutex_t lock;
    const char *service;
    const char *const *names;
    size_t operation_count;
    struct operation_metrics *operations; /* one more than there are: "none" */
    uint64_t batches, batched_requests;
    struct {
        metrics_collector *collect;
        void *context;
    } collectors[COLLECTORS_MAX];
    size_t collector_count;
};

struct metrics *metrics_new(const char *service, const char *const operations[], size_t count)
{
    struct metrics *metrics = need(calloc(1, sizeof *metrics));
    metrics->operations = need(calloc(count + 1, sizeof *metrics->operations));
    pthread_mutex_init(&metrics->lock, NULL);
    metrics->service = service;
    metrics->names = operations;
    metrics->operation_count = count;
    return metrics;
}

void metrics_free(struct metrics *metrics)
{
    if (!metrics)
        return;
    pthread_mutex_destroy(&metrics->lock);
    free(metrics->operations);
    free(metrics);
}

static void count_status(struct operation_metrics *operation, int status)
{
    for (size_t i = 0; i < STATUS_SLOTS; i++) {
        if (operation->by_status[i].status == status || operation->by_status[i].count == 0) {
            operation->by_status[i].status = status;
            operation->by_status[i].count++;
            return;
        }
    }
}

void metrics_request(struct metrics *metrics, size_t operation, int status, int64_t duration_us)
{
    size_t bucket = 0;
    while (bucket < BOUND_COUNT && duration_us > BOUNDS_US[bucket])
        bucket++;
    if (operation > metrics->operation_count)
        operation = metrics->operation_count;
    pthread_mutex_lock(&metrics->lock);
    struct operation_metrics *of = &metrics->operations[operation];
    count_status(of, status);
    of->buckets[bucket]++;
    of->sum_us += (uint64_t)duration_us;
    pthread_mutex_unlock(&metrics->lock);
}

void metrics_batch(struct metrics *metrics, size_t requests)
{
    pthread_mutex_lock(&metrics->lock);
    metrics->batches++;
    metrics->batched_requests += requests;
    pthread_mutex_unlock(&metrics->lock);
}

void metrics_register(struct metrics *metrics, metrics_collector *collect, void *context)
{
    assert(metrics->collector_count < COLLECTORS_MAX);
    metrics->collectors[metrics->collector_count].collect = collect;
    metrics->collectors[metrics->collector_count++].context = context;
}

/* --- text ----------------------------------------------------------------------------------------
 */

void metric_describe(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metric_write(FILE *out, const char *name, const char *labels, double value)
{
    fprintf(out, labels ? "%s{%s} %.15g\n" : "%s%s %.15g\n", name, labels ? labels : "", value);
}

static const char *operation_name(const struct metrics *metrics, size_t index)
{
    return index < metrics->operation_count ? metrics->names[index] : "none";
}

static void write_counts(const struct metrics *metrics, FILE *out)
{
    metric_describe(out, "accord_requests_total", "counter", "Requests answered.");
    for (size_t i = 0; i <= metrics->operation_count; i++) {
        const struct operation_metrics *of = &metrics->operations[i];
        for (size_t j = 0; j < STATUS_SLOTS && of->by_status[j].count; j++) {
            char labels[160];
            snprintf(labels, sizeof labels, "operation=\"%s\",status=\"%d\"",
                     operation_name(metrics, i), of->by_status[j].status);
            metric_write(out, "accord_requests_total", labels, (double)of->by_status[j].count);
        }
    }
}

static void write_duration(const struct metrics *metrics, size_t index, FILE *out)
{
    const struct operation_metrics *of = &metrics->operations[index];
    const char *name = operation_name(metrics, index);
    uint64_t count = 0;
    char labels[160];
    for (size_t i = 0; i < BOUND_COUNT; i++) {
        count += of->buckets[i];
        snprintf(labels, sizeof labels, "operation=\"%s\",le=\"%g\"", name,
                 (double)BOUNDS_US[i] / 1e6);
        metric_write(out, "accord_request_duration_seconds_bucket", labels, (double)count);
    }
    count += of->buckets[BOUND_COUNT];
    snprintf(labels, sizeof labels, "operation=\"%s\",le=\"+Inf\"", name);
    metric_write(out, "accord_request_duration_seconds_bucket", labels, (double)count);
    snprintf(labels, sizeof labels, "operation=\"%s\"", name);
    metric_write(out, "accord_request_duration_seconds_sum", labels, (double)of->sum_us / 1e6);
    metric_write(out, "accord_request_duration_seconds_count", labels, (double)count);
}

static void write_durations(const struct metrics *metrics, FILE *out)
{
    metric_describe(out, "accord_request_duration_seconds", "histogram",
                    "Time from a request's last byte to its answer.");
    for (size_t i = 0; i <= metrics->operation_count; i++)
        if (metrics->operations[i].by_status[0].count)
            write_duration(metrics, i, out);
}

static void write_batches(const struct metrics *metrics, FILE *out)
{
    metric_describe(out, "accord_batches_total", "counter", "Transactions of writes committed.");
    metric_write(out, "accord_batches_total", NULL, (double)metrics->batches);
    metric_describe(out, "accord_batched_requests_total", "counter",
                    "Requests that were committed in them.");
    metric_write(out, "accord_batched_requests_total", NULL, (double)metrics->batched_requests);
}

char *metrics_text(struct metrics *metrics)
{
    char *text = NULL;
    size_t size = 0;
    char labels[64];
    FILE *out = open_memstream(&text, &size);
    if (!out)
        abort();
    metric_describe(out, "accord_info", "gauge", "1, with the service's name.");
    snprintf(labels, sizeof labels, "service=\"%s\"", metrics->service);
    metric_write(out, "accord_info", labels, 1);
    pthread_mutex_lock(&metrics->lock);
    write_counts(metrics, out);
    write_durations(metrics, out);
    write_batches(metrics, out);
    pthread_mutex_unlock(&metrics->lock);
    for (size_t i = 0; i < metrics->collector_count; i++)
        metrics->collectors[i].collect(metrics->collectors[i].context, out);
    if (fclose(out) != 0)
        abort();
    return text;
}
