/* The one configuration file of all services and tools, read once at start. JSON:
 * {"baseUrl", "audience", "keys": folder, "issuers": file,
 *  "tls"?: {"certificate": file, "authority": file}, "operator"?: conninfo,
 *  "services": {"ledger": {"database": conninfo,
 *                          "instances": [{"http", "questions", "wake"}]}, ...}}
 * Relative names in it start at the file's own folder. Every fault is one clear sentence. */
#ifndef ACCORD_COMMON_CONFIG_H
#define ACCORD_COMMON_CONFIG_H

#include "common/problem.h"

enum {
    CONFIG_SERVICES_MAX = 5,
    CONFIG_INSTANCES_MAX = 8,
    CONFIG_ISSUERS_MAX = 16,
    CONFIG_ORGANISATIONS_MAX = 256, /* that one issuer may assert */
    CONFIG_ALGORITHMS_MAX = 8,
    ALGORITHM_SIZE = 8,
    ADDRESS_SIZE = 128,
    CONNINFO_SIZE = 1024,
    PATH_SIZE = 1024,
    CONFIG_RATE_MAX = 1000000,
    CONFIG_BYTES_MAX = 1024 * 1024,
};

struct config_instance {
    char http_host[ADDRESS_SIZE]; /* "127.0.0.1" */
    int http_port;
    char questions[ADDRESS_SIZE]; /* "tcp://127.0.0.1:7201" */
    char wake[ADDRESS_SIZE];
};

struct config_service {
    char name[CODE_SIZE];
    char database[CONNINFO_SIZE];
    struct config_instance instances[CONFIG_INSTANCES_MAX];
    int instance_count;
};

struct config {
    char base_url[IDENTITY_SIZE]; /* without a slash at its end */
    char audience[IDENTITY_SIZE]; /* our `aud` */
    char keys[PATH_SIZE];         /* folder: <service>.pem, cluster.jwks */
    char issuers[PATH_SIZE];      /* file */
    /* For tls+tcp:// between machines, PEM: our certificate with its key, and who signs
     * everybody's.
     * "" = none. */
    char tls_certificate[PATH_SIZE];
    char tls_authority[PATH_SIZE];
    char operator[CONNINFO_SIZE]; /* a role that sees everything, for accord-audit; "" = none */
    unsigned rate_per_s; /* requests that a client may make each second; 0 = as the house has it */
    struct config_service services[CONFIG_SERVICES_MAX];
    int service_count;
};

/* Fails with PROBLEM_INTERNAL, detail "<file>: <what is wrong>". */
bool config_read(const char *path, struct config *ret_config, struct problem *err) MUST_CHECK;
/* The service of that name; NULL if the file has none. */
const struct config_service *config_service(const struct config *config, const char *name);
/* The same with a sentence: fails unless the file has the service and this instance of it. */
bool config_instance(const struct config *config, const char *name, int instance,
                     const struct config_instance **ret_instance, struct problem *err) MUST_CHECK;

/* An issuer of tokens that is believed, and what it may say. */
struct config_issuer {
    char issuer[IDENTITY_SIZE];
    char audience[IDENTITY_SIZE];
    char jwks[PATH_SIZE]; /* an absolute file name, or an https address */
    bool is_legacy;       /* its access tokens say typ JWT */
    char algorithms[CONFIG_ALGORITHMS_MAX][ALGORITHM_SIZE];
    int algorithm_count;
    char organisation_claim[CODE_SIZE];
    bool asserts_any_organisation; /* "*": development only */
    char organisations[CONFIG_ORGANISATIONS_MAX][ODS_SIZE];
    int organisation_count;
};

struct config_issuers {
    struct config_issuer issuers[CONFIG_ISSUERS_MAX];
    int count;
};

/* Reads the issuers' file: [{"issuer", "jwks", "audience", "legacy", "algorithms",
 * "organisationClaim", "organisations"}]. `audience` may be left out: then it is
 * `default_audience`. About 70 KB: don't put it onto a thread's stack. */
bool config_issuers_read(const char *path, const char *default_audience,
                         struct config_issuers *ret_issuers, struct problem *err) MUST_CHECK;

#endif
