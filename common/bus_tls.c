#include "common/bus_private.h" /* nng.h before its supplements */

#include <gnutls/x509.h>
#include <inttypes.h>
#include <nng/supplemental/tls/tls.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"

enum { STRANGER_SAID_MS = 60000 };

/* Certificates change without a restart: whatever listens or dials gets new settings in place, for
 * the connections that it makes from then on. Those that stand go on: nng 1.5 may hang for ever in
 * nng_pipe_close() while messages come in, and nothing connects any more in that process. */

/* Who listens or dials. nng reads settings without a lock when a connection is made, so that those
 * of before are kept for one more turn. */
struct endpoint {
    bool is_listener;
    nng_listener listener;
    nng_dialer dialer;
    char host[ADDRESS_HOST_SIZE]; /* whose name a dialer demands */
    nng_tls_config *settings, *before, *next;
    uint64_t refused; /* as nng counts them */
    int64_t said_ms;  /* monotonic; 0 = never */
    struct endpoint *following;
};

/* "tls+tcp://risk.example:7201" -> "risk.example" */
static void host_of(const char *address, char ret_host[ADDRESS_HOST_SIZE])
{
    const char *host = strstr(address, "://");
    host = host == NULL ? address : host + 3;
    bool is_bracketed = host[0] == '[';
    host += is_bracketed ? 1 : 0;
    snprintf(ret_host, ADDRESS_HOST_SIZE, "%.*s", (int)strcspn(host, is_bracketed ? "]" : ":"),
             host);
}

static int settings_new(const struct bus *bus, const struct endpoint *endpoint,
                        nng_tls_config **ret_settings)
{
    nng_tls_config *settings = NULL;
    int code = nng_tls_config_alloc(&settings, endpoint->is_listener ? NNG_TLS_MODE_SERVER
                                                                     : NNG_TLS_MODE_CLIENT);
    if (code != 0)
        return code;
    code = nng_tls_config_auth_mode(settings, NNG_TLS_AUTH_MODE_REQUIRED);
    if (code == 0)
        code = nng_tls_config_ca_file(settings, bus->config.authority);
    if (code == 0)
        code = nng_tls_config_cert_key_file(settings, bus->config.certificate, NULL);
    if (code == 0 && !endpoint->is_listener)
        code = nng_tls_config_server_name(settings, endpoint->host);
    if (code == 0)
        *ret_settings = settings;
    else
        nng_tls_config_free(settings);
    return code;
}

static int settings_put(const struct endpoint *endpoint, nng_tls_config *settings)
{
    return endpoint->is_listener
               ? nng_listener_set_ptr(endpoint->listener, NNG_OPT_TLS_CONFIG, settings)
               : nng_dialer_set_ptr(endpoint->dialer, NNG_OPT_TLS_CONFIG, settings);
}

static int endpoint_add(struct bus *bus, struct endpoint given)
{
    struct endpoint *endpoint = need(calloc(1, sizeof *endpoint));
    *endpoint = given;
    int code = settings_new(bus, endpoint, &endpoint->settings);
    if (code == 0)
        code = settings_put(endpoint, endpoint->settings);
    if (code != 0) {
        if (endpoint->settings != NULL)
            nng_tls_config_free(endpoint->settings);
        free(endpoint);
        return code;
    }
    pthread_mutex_lock(&bus->tls.mutex);
    endpoint->following = bus->tls.endpoints;
    bus->tls.endpoints = endpoint;
    pthread_mutex_unlock(&bus->tls.mutex);
    return 0;
}

int bus_secure_listener(struct bus *bus, nng_listener listener)
{
    return endpoint_add(bus, (struct endpoint){.is_listener = true, .listener = listener});
}

int bus_secure_dialer(struct bus *bus, nng_dialer dialer, const char *address)
{
    struct endpoint endpoint = {.dialer = dialer};
    host_of(address, endpoint.host);
    return endpoint_add(bus, endpoint);
}

/* --- files ------------------------------------------------------------------------------------ */

static bool files_stamp(const struct bus *bus, struct file_stamp ret_stamps[2],
                        bool *ret_are_settled)
{
    bool are_settled[2];
    if (!file_stamp_read(bus->config.certificate, &ret_stamps[0], &are_settled[0]) ||
        !file_stamp_read(bus->config.authority, &ret_stamps[1], &are_settled[1]))
        return false;
    *ret_are_settled = are_settled[0] && are_settled[1];
    return true;
}

static void cleanup_trust(gnutls_x509_trust_list_t *trust)
{
    if (*trust != NULL)
        gnutls_x509_trust_list_deinit(*trust, 1);
}

static void cleanup_credentials(gnutls_certificate_credentials_t *credentials)
{
    if (*credentials != NULL)
        gnutls_certificate_free_credentials(*credentials);
}

struct own_chain {
    gnutls_x509_crt_t *certificates;
    unsigned count;
};

static void cleanup_chain(struct own_chain *chain)
{
    for (unsigned i = 0; i < chain->count; i++)
        gnutls_x509_crt_deinit(chain->certificates[i]);
    gnutls_free(chain->certificates);
}

/* Nobody would talk to who shows this: a key of another certificate, an authority that did not sign
 * it, a time that is not now. `ret_expires_s` is set as soon as that is known. */
static bool certificate_check(const struct bus *bus, int64_t *ret_expires_s, struct problem *err)
{
    CLEANUP(cleanup_trust) gnutls_x509_trust_list_t trust = NULL;
    CLEANUP(cleanup_credentials) gnutls_certificate_credentials_t own = NULL;
    CLEANUP(cleanup_chain) struct own_chain chain = {NULL, 0};
    unsigned wrong = 0;
    const char *file = bus->config.certificate;
    if (gnutls_certificate_allocate_credentials(&own) < 0 ||
        gnutls_x509_trust_list_init(&trust, 0) < 0)
        abort();
    int code = gnutls_certificate_set_x509_key_file(own, file, file, GNUTLS_X509_FMT_PEM);
    if (code >= 0)
        code = gnutls_certificate_get_x509_crt(own, 0, &chain.certificates, &chain.count);
    if (code < 0)
        return problem_set(err, PROBLEM_INTERNAL, "%s: is not a certificate with its key: %s", file,
                           gnutls_strerror(code));
    *ret_expires_s = (int64_t)gnutls_x509_crt_get_expiration_time(chain.certificates[0]);
    if (gnutls_x509_trust_list_add_trust_file(trust, bus->config.authority, NULL,
                                              GNUTLS_X509_FMT_PEM, 0, 0) < 1)
        return problem_set(err, PROBLEM_INTERNAL, "%s: has no authority's certificate",
                           bus->config.authority);
    code =
        gnutls_x509_trust_list_verify_crt(trust, chain.certificates, chain.count, 0, &wrong, NULL);
    if (code < 0 || wrong != 0)
        return problem_set(err, PROBLEM_INTERNAL, "%s: %s", file,
                           (wrong & GNUTLS_CERT_EXPIRED) != 0 ? "has expired"
                           : (wrong & GNUTLS_CERT_NOT_ACTIVATED) != 0
                               ? "is not good yet"
                               : "is not signed by our authority");
    return true;
}

static bool settings_prepare(struct bus *bus, struct problem *err)
{
    for (struct endpoint *one = bus->tls.endpoints; one != NULL; one = one->following) {
        if (one->next != NULL)
            nng_tls_config_free(one->next);
        one->next = NULL;
        int code = settings_new(bus, one, &one->next);
        if (code != 0)
            return problem_set(err, PROBLEM_INTERNAL, "%s and %s cannot be used: %s",
                               bus->config.certificate, bus->config.authority, nng_strerror(code));
    }
    return true;
}

static void settings_change(struct bus *bus)
{
    for (struct endpoint *one = bus->tls.endpoints; one != NULL; one = one->following) {
        /* A listener or dialer that is closed meanwhile needs none. */
        (void)settings_put(one, one->next);
        if (one->before != NULL)
            nng_tls_config_free(one->before);
        one->before = one->settings;
        one->settings = one->next;
        one->next = NULL;
    }
}

void bus_tls_begin(struct bus *bus)
{
    struct problem fault = {0};
    bool are_settled;
    int64_t expires_s = 0;
    pthread_mutex_init(&bus->tls.mutex, NULL);
    if (bus->config.certificate == NULL || bus->config.authority == NULL ||
        !files_stamp(bus, bus->tls.stamps, &are_settled))
        return;
    if (!certificate_check(bus, &expires_s, &fault))
        log_error("nobody will talk to us: %s", fault.detail);
    atomic_store(&bus->tls.expires_s, expires_s);
}

void bus_tls_done(struct bus *bus)
{
    while (bus->tls.endpoints != NULL) {
        struct endpoint *gone = bus->tls.endpoints;
        nng_tls_config *kept[] = {gone->settings, gone->before, gone->next};
        bus->tls.endpoints = gone->following;
        for (size_t i = 0; i < ARRAY_LENGTH(kept); i++)
            if (kept[i] != NULL)
                nng_tls_config_free(kept[i]);
        free(gone);
    }
    pthread_mutex_destroy(&bus->tls.mutex);
}

bool bus_refresh(struct bus *bus, bool at_once, struct problem *err)
{
    struct file_stamp stamps[2];
    int64_t expires_s = 0;
    bool are_settled;
    if (bus == NULL || bus->config.certificate == NULL || bus->config.authority == NULL ||
        !files_stamp(bus, stamps, &are_settled) || (!are_settled && !at_once) ||
        memcmp(stamps, bus->tls.stamps, sizeof stamps) == 0)
        return true;
    memcpy(bus->tls.stamps, stamps, sizeof stamps);
    if (!certificate_check(bus, &expires_s, err))
        return false;
    pthread_mutex_lock(&bus->tls.mutex);
    bool ok = settings_prepare(bus, err);
    if (ok)
        settings_change(bus);
    pthread_mutex_unlock(&bus->tls.mutex);
    if (!ok)
        return false;
    atomic_store(&bus->tls.expires_s, expires_s);
    log_info("the bus has taken the certificate that stands in %s now", bus->config.certificate);
    return true;
}

/* --- whom we don't talk to -------------------------------------------------------------------- */

/* nng keeps to itself why a connection did not come about, but for counting it. */
static uint64_t refusals_of(nng_stat *all, const struct endpoint *one)
{
    nng_stat *scope = nng_stat_find_listener(all, one->listener);
    nng_stat *count = scope == NULL ? NULL : nng_stat_find(scope, "auth");
    return count == NULL ? 0 : nng_stat_value(count);
}

/* A stranger that stays is told of once a minute. */
static void refusals_say(struct endpoint *one, uint64_t count)
{
    int64_t now_ms = monotonic_ms();
    if (one->said_ms != 0 && now_ms - one->said_ms < STRANGER_SAID_MS)
        return;
    one->said_ms = now_ms;
    log_warning("whoever connects to us on the bus is refused: no certificate that is good here "
                "(%" PRIu64 " so far)",
                count);
}

void bus_tls_count(struct bus *bus)
{
    nng_stat *all = NULL;
    if (bus->tls.endpoints == NULL || nng_stats_get(&all) != 0)
        return;
    pthread_mutex_lock(&bus->tls.mutex);
    for (struct endpoint *one = bus->tls.endpoints; one != NULL; one = one->following) {
        uint64_t count = one->is_listener ? refusals_of(all, one) : 0;
        if (count <= one->refused)
            continue;
        atomic_fetch_add(&bus->tls.refused, count - one->refused);
        one->refused = count;
        refusals_say(one, count);
    }
    pthread_mutex_unlock(&bus->tls.mutex);
    nng_stats_free(all);
}

int64_t bus_certificate_expiry(struct bus *bus)
{
    return bus == NULL ? 0 : atomic_load(&bus->tls.expires_s);
}
