/* What /metrics shows beside the requests: database, consumers, sweeper, certificates, issuers'
 * keys, the process. */
#include <dirent.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/bus.h"
#include "common/config.h"
#include "common/consumer.h"
#include "common/http_private.h"
#include "common/memory.h"
#include "common/token.h"
#include "common/version.h"

static void collect_db(void *data, FILE *out)
{
    struct http *http = data;
    struct db_stats stats;
    db_stats(http->context->db, &stats);
    metric_describe(out, "accord_db_connections", "gauge", "Database connections by state.");
    metric_write(out, "accord_db_connections", "state=\"open\"", stats.open);
    metric_write(out, "accord_db_connections", "state=\"busy\"", stats.busy);
    metric_write(out, "accord_db_connections", "state=\"waiting\"", stats.waiting);
    metric_describe(out, "accord_db_waits_total", "counter", "Waits for a connection.");
    metric_write(out, "accord_db_waits_total", NULL, (double)stats.waits);
    metric_describe(out, "accord_db_refusals_total", "counter", "Those that waited in vain.");
    metric_write(out, "accord_db_refusals_total", NULL, (double)stats.refusals);
}

static double events_of(const struct consumer_status *status)
{
    return (double)status->applied;
}

static double behind_of(const struct consumer_status *status)
{
    return (double)status->behind;
}

static double stalled_of(const struct consumer_status *status)
{
    return (double)status->stalled;
}

static double reached_of(const struct consumer_status *status)
{
    return status->is_reached;
}

static const struct {
    const char *name, *type, *help;
    double (*of)(const struct consumer_status *status);
} CONSUMER_METRICS[] = {
    {"accord_consumer_events_total", "counter", "Events of others applied.", events_of},
    {"accord_consumer_behind", "gauge", "Alliances not yet at the head last seen.", behind_of},
    {"accord_consumer_stalled", "gauge", "Alliances that wait for an operator.", stalled_of},
    {"accord_consumer_reached", "gauge", "1 while the followed service answers.", reached_of},
};

static void collect_consumers(void *data, FILE *out)
{
    enum { SOURCES_MAX = 8 };
    struct http *http = data;
    if (!http->context->consumers)
        return;
    struct consumer_status *status = need(calloc(SOURCES_MAX, sizeof *status));
    size_t count = consumers_status(http->context->consumers, status, SOURCES_MAX);
    for (size_t i = 0; i < ARRAY_LENGTH(CONSUMER_METRICS); i++) {
        metric_describe(out, CONSUMER_METRICS[i].name, CONSUMER_METRICS[i].type,
                        CONSUMER_METRICS[i].help);
        for (size_t k = 0; k < count && k < SOURCES_MAX; k++) {
            char labels[80];
            snprintf(labels, sizeof labels, "source=\"%s\"", status[k].source);
            metric_write(out, CONSUMER_METRICS[i].name, labels, CONSUMER_METRICS[i].of(&status[k]));
        }
    }
    free(status);
}

static void collect_health(void *data, FILE *out)
{
    struct http *http = data;
    struct problem err = {0};
    metric_describe(out, "accord_build_info", "gauge", "1, with the version.");
    char labels[128];
    snprintf(labels, sizeof labels, "version=\"%s\"", accord_version);
    metric_write(out, "accord_build_info", labels, 1);
    metric_describe(out, "accord_ready", "gauge", "1 while /readyz says so.");
    metric_write(out, "accord_ready", NULL, http_is_ready(http->context, &err));
}

static void collect_sweeper(void *data, FILE *out)
{
    struct service_context *context = ((struct http *)data)->context;
    metric_describe(out, "accord_sweeps_total", "counter",
                    "Looks for what is due, over all alliances.");
    metric_write(out, "accord_sweeps_total", NULL, (double)atomic_load(&context->sweep.rounds));
    metric_describe(out, "accord_sweep_faults_total", "counter",
                    "Those in which an alliance failed.");
    metric_write(out, "accord_sweep_faults_total", NULL,
                 (double)atomic_load(&context->sweep.faults));
    metric_describe(out, "accord_sweep_last_timestamp_seconds", "gauge",
                    "When the last one without a fault ended.");
    metric_write(out, "accord_sweep_last_timestamp_seconds", NULL,
                 (double)atomic_load(&context->sweep.last_s));
}

/* --- certificates ------------------------------------------------------------------------------
 */

/* When the first of a file's certificates expires; 0 = there is none in it. */
static time_t expiry_of(const char *path)
{
    gnutls_datum_t pem = {NULL, 0};
    gnutls_x509_crt_t *list = NULL;
    unsigned count = 0;
    time_t first = 0;
    if (gnutls_load_file(path, &pem) < 0)
        return 0;
    if (gnutls_x509_crt_list_import2(&list, &count, &pem, GNUTLS_X509_FMT_PEM, 0) < 0)
        count = 0;
    for (unsigned i = 0; i < count; i++) {
        time_t expires = gnutls_x509_crt_get_expiration_time(list[i]);
        first = i == 0 || expires < first ? expires : first;
        gnutls_x509_crt_deinit(list[i]);
    }
    gnutls_free(list);
    gnutls_free(pem.data);
    return first;
}

static void write_expiry(FILE *out, const char *path)
{
    char labels[PATH_SIZE + 16];
    if (path[0] == '\0' || strpbrk(path, "\"\\\n") != NULL)
        return;
    snprintf(labels, sizeof labels, "file=\"%s\"", path);
    metric_write(out, "accord_certificate_expiry_timestamp_seconds", labels,
                 (double)expiry_of(path));
}

/* Our own, who signs everybody's, and what ACCORD_CERTIFICATES names besides: files, by colons.
 * Read each time: they are replaced while we run. What was refused leaves the old one in use. */
static void collect_certificates(void *data, FILE *out)
{
    const struct service_context *context = ((struct http *)data)->context;
    const struct config *config = context->config;
    int64_t in_use_s = bus_certificate_expiry(context->bus);
    const char *others = getenv("ACCORD_CERTIFICATES");
    metric_describe(out, "accord_certificate_expiry_timestamp_seconds", "gauge",
                    "When the first certificate of a file expires; 0 = it cannot be read.");
    if (config != NULL && config->tls_certificate[0] != '\0') {
        write_expiry(out, config->tls_certificate);
        write_expiry(out, config->tls_authority);
    }
    if (in_use_s != 0)
        metric_write(out, "accord_certificate_expiry_timestamp_seconds",
                     "file=\"in use on the bus\"", (double)in_use_s);
    for (; others != NULL && *others != '\0'; others += strspn(others, ":")) {
        char path[PATH_SIZE];
        size_t length = strcspn(others, ":");
        snprintf(path, sizeof path, "%.*s", (int)length, others);
        write_expiry(out, path);
        others += length;
    }
}

/* --- the process -------------------------------------------------------------------------------
 */

static unsigned files_open(void)
{
    unsigned count = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL)
        return 0;
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count > 3 ? count - 3 : 0; /* itself, and the two dots */
}

static void collect_process(void *data, FILE *out)
{
    (void)data;
    long resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file != NULL && fscanf(file, "%*d %ld", &resident) != 1)
        resident = 0;
    if (file != NULL)
        fclose(file);
    metric_describe(out, "process_resident_memory_bytes", "gauge", "Memory in use.");
    metric_write(out, "process_resident_memory_bytes", NULL,
                 (double)resident * (double)sysconf(_SC_PAGESIZE));
    metric_describe(out, "process_open_fds", "gauge", "Open files and connections.");
    metric_write(out, "process_open_fds", NULL, files_open());
}

void http_collect(struct http *http)
{
    static metrics_collector *const collectors[] = {collect_db,      collect_consumers,
                                                    collect_health,  collect_sweeper,
                                                    collect_process, collect_certificates};
    for (size_t i = 0; i < ARRAY_LENGTH(collectors); i++)
        metrics_register(http->metrics, collectors[i], http);
    if (http->context->tokens != NULL)
        metrics_register(http->metrics, token_metrics, http->context->tokens);
}
