#include "common/config.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/json.h"
#include "common/memory.h"

/* Where in which file a value stands, for the sentence about it. */
struct place {
    const char *path;  /* the file */
    const char *where; /* "services.ledger" */
};

static bool fault(struct place place, const char *name, const char *what, struct problem *err)
{
    const char *dot = place.where[0] == '\0' || name[0] == '\0' ? "" : ".";
    return problem_set(err, PROBLEM_INTERNAL, "%s: %s%s%s %s", place.path, place.where, dot, name,
                       what);
}

/* --- the file --- */

static void close_file(FILE **file)
{
    if (*file != NULL)
        fclose(*file);
}

static bool file_read(const char *path, char **ret_text, size_t *ret_size, struct problem *err)
{
    CLEANUP(close_file) FILE *file = fopen(path, "re");
    if (file == NULL)
        return problem_set(err, PROBLEM_INTERNAL, "%s: cannot be read: %s", path, strerror(errno));
    char_auto_t *text = need(malloc(CONFIG_BYTES_MAX + 1));
    size_t size = fread(text, 1, CONFIG_BYTES_MAX + 1, file);
    if (ferror(file))
        return problem_set(err, PROBLEM_INTERNAL, "%s: cannot be read: %s", path, strerror(errno));
    if (size > CONFIG_BYTES_MAX)
        return problem_set(err, PROBLEM_INTERNAL, "%s: is larger than %d bytes", path,
                           CONFIG_BYTES_MAX);
    *ret_text = STEAL(text);
    *ret_size = size;
    return true;
}

static bool file_parse(const char *path, json_t **ret_value, struct problem *err)
{
    char_auto_t *text = NULL;
    size_t size;
    if (!file_read(path, &text, &size, err))
        return false;
    if (!json_parse(text, size, ret_value, err))
        return problem_set(err, PROBLEM_INTERNAL, "%s: %s", path, err->detail);
    return true;
}

/* --- values --- */

static bool members_are_known(const json_t *object, const char *const known[], struct place place,
                              struct problem *err)
{
    const char *name;
    json_t *member;
    json_object_foreach((json_t *)object, name, member)
    {
        bool is_known = false;
        for (size_t i = 0; known[i] != NULL && !is_known; i++)
            is_known = strcmp(known[i], name) == 0;
        if (!is_known)
            return fault(place, name, "is not a setting", err);
    }
    return true;
}

static bool value_read(const json_t *value, struct place place, const char *name, char *ret_text,
                       size_t size, struct problem *err)
{
    if (value == NULL)
        return fault(place, name, "is missing", err);
    if (!json_is_string(value))
        return fault(place, name, "is not a text", err);
    if (json_string_length(value) == 0)
        return fault(place, name, "is empty", err);
    if (json_string_length(value) >= size)
        return fault(place, name, "is too long", err);
    memcpy(ret_text, json_string_value(value), json_string_length(value) + 1);
    return true;
}

static bool text_read(const json_t *object, struct place place, const char *name, char *ret_text,
                      size_t size, struct problem *err)
{
    return value_read(json_object_get(object, name), place, name, ret_text, size, err);
}

/* A file's name; a relative one starts at the folder of the file that names it. */
static bool path_read(const json_t *object, struct place place, const char *name,
                      char ret_path[PATH_SIZE], struct problem *err)
{
    char given[PATH_SIZE], folder[PATH_SIZE];
    if (!text_read(object, place, name, given, sizeof given, err))
        return false;
    snprintf(folder, sizeof folder, "%s", place.path);
    int length = given[0] == '/' ? snprintf(ret_path, PATH_SIZE, "%s", given)
                                 : snprintf(ret_path, PATH_SIZE, "%s/%s", dirname(folder), given);
    if (length >= PATH_SIZE)
        return fault(place, name, "is too long", err);
    return true;
}

/* "127.0.0.1:7101" or "[::1]:7101" */
static bool http_read(const json_t *object, struct place place,
                      struct config_instance *ret_instance, struct problem *err)
{
    char address[ADDRESS_SIZE];
    if (!text_read(object, place, "http", address, sizeof address, err))
        return false;
    char *colon = strrchr(address, ':');
    if (colon == NULL || colon == address || !isdigit((unsigned char)colon[1]))
        return fault(place, "http", "is not <host>:<port>", err);
    char *end;
    long port = strtol(colon + 1, &end, 10);
    if (*end != '\0' || port < 1 || port > 65535)
        return fault(place, "http", "has no port between 1 and 65535", err);
    *colon = '\0';
    size_t length = strlen(address);
    bool is_bracketed = address[0] == '[' && address[length - 1] == ']';
    snprintf(ret_instance->http_host, ADDRESS_SIZE, "%.*s",
             (int)(is_bracketed ? length - 2 : length), address + (is_bracketed ? 1 : 0));
    ret_instance->http_port = (int)port;
    return true;
}

static bool bus_address_read(const json_t *object, struct place place, const char *name,
                             char ret_address[ADDRESS_SIZE], struct problem *err)
{
    if (!text_read(object, place, name, ret_address, ADDRESS_SIZE, err))
        return false;
    if (strncmp(ret_address, "tcp://", 6) != 0 && strncmp(ret_address, "tls+tcp://", 10) != 0)
        return fault(place, name, "is neither tcp:// nor tls+tcp://", err);
    return true;
}

/* --- services --- */

static bool instance_read(const json_t *object, struct place place,
                          struct config_instance *ret_instance, struct problem *err)
{
    static const char *const known[] = {"http", "questions", "wake", NULL};
    if (!json_is_object(object))
        return fault(place, "", "is not an object", err);
    return members_are_known(object, known, place, err) &&
           http_read(object, place, ret_instance, err) &&
           bus_address_read(object, place, "questions", ret_instance->questions, err) &&
           bus_address_read(object, place, "wake", ret_instance->wake, err);
}

static bool instances_read(const json_t *service, struct place place,
                           struct config_service *ret_service, struct problem *err)
{
    const json_t *instances = json_object_get(service, "instances");
    if (!json_is_array(instances) || json_array_size(instances) == 0)
        return fault(place, "instances", "is not an array of at least one", err);
    if (json_array_size(instances) > CONFIG_INSTANCES_MAX)
        return fault(place, "instances", "has too many", err);
    ret_service->instance_count = (int)json_array_size(instances);
    for (int i = 0; i < ret_service->instance_count; i++) {
        char where[CODE_SIZE * 2];
        snprintf(where, sizeof where, "%s.instances[%d]", place.where, i);
        if (!instance_read(json_array_get(instances, (size_t)i), (struct place){place.path, where},
                           &ret_service->instances[i], err))
            return false;
    }
    return true;
}

static bool service_is_known(const char *name)
{
    static const char *const names[] = {"membership", "ledger", "reinvestment", "risk", "kpi"};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool service_read(const char *path, const char *name, const json_t *object,
                         struct config_service *ret_service, struct problem *err)
{
    static const char *const known[] = {"database", "instances", NULL};
    char where[CODE_SIZE];
    struct place place = {path, where};
    snprintf(where, sizeof where, "services.%.60s", name);
    if (!service_is_known(name))
        return fault(place, "", "is no service of Accord", err);
    if (!json_is_object(object))
        return fault(place, "", "is not an object", err);
    snprintf(ret_service->name, sizeof ret_service->name, "%s", name);
    return members_are_known(object, known, place, err) &&
           text_read(object, place, "database", ret_service->database, CONNINFO_SIZE, err) &&
           instances_read(object, place, ret_service, err);
}

static bool services_read(const char *path, const json_t *root, struct config *ret_config,
                          struct problem *err)
{
    const json_t *services = json_object_get(root, "services");
    if (!json_is_object(services))
        return fault((struct place){path, ""}, "services", "is missing or not an object", err);
    const char *name;
    json_t *service;
    json_object_foreach((json_t *)services, name, service)
    {
        /* Names are unique and known, so that there can't be more than five. */
        if (!service_read(path, name, service, &ret_config->services[ret_config->service_count],
                          err))
            return false;
        ret_config->service_count++;
    }
    return true;
}

static bool tls_read(const char *path, const json_t *root, struct config *ret_config,
                     struct problem *err)
{
    static const char *const known[] = {"certificate", "authority", NULL};
    struct place place = {path, "tls"};
    const json_t *tls = json_object_get(root, "tls");
    if (tls == NULL)
        return true;
    if (!json_is_object(tls))
        return fault(place, "", "is not an object", err);
    return members_are_known(tls, known, place, err) &&
           path_read(tls, place, "certificate", ret_config->tls_certificate, err) &&
           path_read(tls, place, "authority", ret_config->tls_authority, err);
}

static bool rate_read(const json_t *object, struct place place, unsigned *ret_per_s,
                      struct problem *err)
{
    const json_t *rate = json_object_get(object, "rateLimit");
    json_int_t per_s = json_integer_value(rate);
    *ret_per_s = (unsigned)per_s;
    if (rate != NULL && (!json_is_integer(rate) || per_s < 1 || per_s > CONFIG_RATE_MAX))
        return fault(place, "rateLimit", "is not a number of requests a second", err);
    return true;
}

bool config_read(const char *path, struct config *ret_config, struct problem *err)
{
    static const char *const known[] = {"baseUrl",  "audience",  "keys",     "issuers", "tls",
                                        "operator", "rateLimit", "services", NULL};
    struct place place = {path, ""};
    struct config config = {.service_count = 0};
    json_auto_t *root = NULL;
    if (!file_parse(path, &root, err))
        return false;
    if (!json_is_object(root))
        return fault(place, "", "is not an object", err);
    if (!members_are_known(root, known, place, err) ||
        !text_read(root, place, "baseUrl", config.base_url, sizeof config.base_url, err) ||
        !text_read(root, place, "audience", config.audience, sizeof config.audience, err) ||
        !path_read(root, place, "keys", config.keys, err) ||
        !path_read(root, place, "issuers", config.issuers, err) ||
        (json_object_get(root, "operator") != NULL &&
         !text_read(root, place, "operator", config.operator, sizeof config.operator, err)) ||
        !rate_read(root, place, &config.rate_per_s, err) || !tls_read(path, root, &config, err) ||
        !services_read(path, root, &config, err))
        return false;
    size_t length = strlen(config.base_url);
    if (config.base_url[length - 1] == '/')
        config.base_url[length - 1] = '\0';
    *ret_config = config;
    return true;
}

const struct config_service *config_service(const struct config *config, const char *name)
{
    for (int i = 0; i < config->service_count; i++)
        if (strcmp(config->services[i].name, name) == 0)
            return &config->services[i];
    return NULL;
}

bool config_instance(const struct config *config, const char *name, int instance,
                     const struct config_instance **ret_instance, struct problem *err)
{
    const struct config_service *service = config_service(config, name);
    if (service == NULL)
        return problem_set(err, PROBLEM_INTERNAL, "the configuration has no service %s", name);
    if (instance < 0 || instance >= service->instance_count)
        return problem_set(err, PROBLEM_INTERNAL,
                           "the configuration has no instance %d of %s: it has %d, counted from 0",
                           instance, name, service->instance_count);
    *ret_instance = &service->instances[instance];
    return true;
}

/* --- issuers --- */

static bool algorithms_read(const json_t *object, struct place place,
                            struct config_issuer *ret_issuer, struct problem *err)
{
    static const char *const allowed[] = {"RS256", "RS384", "RS512", "PS256",
                                          "ES256", "ES384", "EdDSA"};
    const json_t *algorithms = json_object_get(object, "algorithms");
    if (!json_is_array(algorithms) || json_array_size(algorithms) == 0 ||
        json_array_size(algorithms) > CONFIG_ALGORITHMS_MAX)
        return fault(place, "algorithms", "is not an array of 1 to 8 names", err);
    ret_issuer->algorithm_count = (int)json_array_size(algorithms);
    for (int i = 0; i < ret_issuer->algorithm_count; i++) {
        char *name = ret_issuer->algorithms[i];
        if (!value_read(json_array_get(algorithms, (size_t)i), place, "algorithms[]", name,
                        ALGORITHM_SIZE, err))
            return false;
        bool is_allowed = false;
        for (size_t k = 0; k < ARRAY_LENGTH(allowed) && !is_allowed; k++)
            is_allowed = strcmp(allowed[k], name) == 0;
        if (!is_allowed)
            return fault(place, name, "is no algorithm that tokens may be signed with", err);
    }
    return true;
}

static bool organisations_read(const json_t *object, struct place place,
                               struct config_issuer *ret_issuer, struct problem *err)
{
    const json_t *organisations = json_object_get(object, "organisations");
    size_t count = json_array_size(organisations);
    if (!json_is_array(organisations) || count > CONFIG_ORGANISATIONS_MAX)
        return fault(place, "organisations", "is not an array of at most 256 ODS codes", err);
    const char *first = json_string_value(json_array_get(organisations, 0));
    if (count == 1 && first != NULL && strcmp(first, "*") == 0) {
        ret_issuer->asserts_any_organisation = true;
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        char *code = ret_issuer->organisations[i];
        if (!value_read(json_array_get(organisations, i), place, "organisations[]", code, ODS_SIZE,
                        err))
            return false;
        if (!ods_is_valid(code))
            return fault(place, code, "is not an ODS code", err);
    }
    ret_issuer->organisation_count = (int)count;
    return true;
}

static bool jwks_read(const json_t *object, struct place place, struct config_issuer *ret_issuer,
                      struct problem *err)
{
    const char *jwks = json_text(object, "jwks");
    if (jwks != NULL && strncmp(jwks, "https://", 8) == 0)
        return text_read(object, place, "jwks", ret_issuer->jwks, sizeof ret_issuer->jwks, err);
    if (jwks != NULL && strstr(jwks, "://") != NULL)
        return fault(place, "jwks", "is neither a file nor an https address", err);
    return path_read(object, place, "jwks", ret_issuer->jwks, err);
}

static bool flag_read(const json_t *object, struct place place, const char *name, bool *ret_flag,
                      struct problem *err)
{
    const json_t *value = json_object_get(object, name);
    if (value != NULL && !json_is_boolean(value))
        return fault(place, name, "is neither true nor false", err);
    *ret_flag = json_is_true(value);
    return true;
}

static bool issuer_read(const json_t *object, struct place place, const char *default_audience,
                        struct config_issuer *ret_issuer, struct problem *err)
{
    static const char *const known[] = {"issuer",        "jwks",       "audience",
                                        "legacy",        "algorithms", "organisationClaim",
                                        "organisations", NULL};
    if (!json_is_object(object))
        return fault(place, "", "is not an object", err);
    snprintf(ret_issuer->audience, sizeof ret_issuer->audience, "%s", default_audience);
    return members_are_known(object, known, place, err) &&
           text_read(object, place, "issuer", ret_issuer->issuer, IDENTITY_SIZE, err) &&
           (json_member(object, "audience") == NULL ||
            text_read(object, place, "audience", ret_issuer->audience, IDENTITY_SIZE, err)) &&
           jwks_read(object, place, ret_issuer, err) &&
           flag_read(object, place, "legacy", &ret_issuer->is_legacy, err) &&
           algorithms_read(object, place, ret_issuer, err) &&
           text_read(object, place, "organisationClaim", ret_issuer->organisation_claim, CODE_SIZE,
                     err) &&
           organisations_read(object, place, ret_issuer, err);
}

bool config_issuers_read(const char *path, const char *default_audience,
                         struct config_issuers *ret_issuers, struct problem *err)
{
    json_auto_t *root = NULL;
    if (!file_parse(path, &root, err))
        return false;
    size_t count = json_array_size(root);
    if (!json_is_array(root) || count == 0 || count > CONFIG_ISSUERS_MAX)
        return problem_set(err, PROBLEM_INTERNAL, "%s: is not an array of 1 to %d issuers", path,
                           CONFIG_ISSUERS_MAX);
    memset(ret_issuers, 0, sizeof *ret_issuers);
    for (size_t i = 0; i < count; i++) {
        char where[32];
        snprintf(where, sizeof where, "[%zu]", i);
        struct place place = {path, where};
        if (!issuer_read(json_array_get(root, i), place, default_audience, &ret_issuers->issuers[i],
                         err))
            return false;
        for (size_t k = 0; k < i; k++)
            if (strcmp(ret_issuers->issuers[k].issuer, ret_issuers->issuers[i].issuer) == 0)
                return fault(place, "issuer", "stands twice", err);
        ret_issuers->count++;
    }
    return true;
}
