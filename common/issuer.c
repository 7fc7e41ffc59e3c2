#include "common/issuer.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/jwks.h"
#include "common/jws.h"

static const char *const MEMBERS[] = {
    "issuer",        "jwks",    "audience", "legacy",         "algorithms",    "organisationClaim",
    "organisations", "clients", "caFile",   "refreshSeconds", "outageSeconds",
};

static bool refuse(struct problem *err, const struct issuer *issuer, const char *why)
{
    return problem_set(err, PROBLEM_INTERNAL, "issuer \"%s\": %s", issuer->name, why);
}

/* Copies a text member; absent leaves what stands there. */
static bool text_read(const json_t *object, const char *name, char *text, size_t size)
{
    const json_t *value = json_object_get(object, name);
    if (value == NULL) {
        return true;
    }
    size_t length = json_string_length(value);
    if (!json_is_string(value) || length == 0 || length >= size) {
        return false;
    }
    memcpy(text, json_string_value(value), length + 1);
    return true;
}

/* A file's name relative to the folder of the issuers file. */
static bool path_read(const json_t *object, const char *name, const char *issuers_file, char *path)
{
    char text[SOURCE_SIZE] = "";
    if (!text_read(object, name, text, sizeof text)) {
        return false;
    }
    const char *slash = strrchr(issuers_file, '/');
    if (text[0] == '\0' || text[0] == '/' || strstr(text, "://") != NULL || slash == NULL) {
        snprintf(path, SOURCE_SIZE, "%s", text);
        return true;
    }
    int length =
        snprintf(path, SOURCE_SIZE, "%.*s/%s", (int)(slash - issuers_file), issuers_file, text);
    return length > 0 && length < SOURCE_SIZE;
}

static bool members_check(const json_t *object, const struct issuer *issuer, struct problem *err)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        bool is_known = false;
        for (size_t i = 0; i < ARRAY_LENGTH(MEMBERS); i++) {
            is_known = is_known || strcmp(MEMBERS[i], name) == 0;
        }
        if (!is_known) {
            return problem_set(err, PROBLEM_INTERNAL, "issuer \"%s\": there is no setting \"%s\"",
                               issuer->name, name);
        }
    }
    return true;
}

static bool algorithms_read(const json_t *object, struct issuer *issuer, struct problem *err)
{
    const json_t *names = json_object_get(object, "algorithms");
    if (json_array_size(names) == 0 || json_array_size(names) > ISSUER_ALGORITHMS_MAX) {
        return refuse(err, issuer, "\"algorithms\" must list 1 to 7 algorithms");
    }
    for (size_t i = 0; i < json_array_size(names); i++) {
        const json_t *name = json_array_get(names, i);
        const struct jws_algorithm *algorithm =
            json_is_string(name) ? jws_algorithm(json_string_value(name)) : NULL;
        if (algorithm == NULL) {
            return refuse(err, issuer,
                          "\"algorithms\" may name RS256, RS384, RS512, PS256, ES256, "
                          "ES384 and EdDSA");
        }
        issuer->algorithms[issuer->algorithm_count++] = algorithm;
    }
    return true;
}

static bool organisations_read(const json_t *object, struct issuer *issuer, struct problem *err)
{
    const json_t *codes = json_object_get(object, "organisations");
    size_t count = json_array_size(codes);
    if (count == 0) {
        return refuse(err, issuer, "\"organisations\" must list the ODS codes it may speak for");
    }
    const char *first = json_string_value(json_array_get(codes, 0));
    if (count == 1 && first != NULL && strcmp(first, "*") == 0) {
        issuer->is_any_organisation = true;
        return true;
    }
    issuer->organisations = calloc(count, sizeof *issuer->organisations);
    if (issuer->organisations == NULL) {
        return refuse(err, issuer, "no memory");
    }
    for (size_t i = 0; i < count; i++) {
        const char *code = json_string_value(json_array_get(codes, i));
        if (code == NULL || !ods_is_valid(code)) {
            return refuse(err, issuer, "\"organisations\" has something that is no ODS code");
        }
        strcpy(issuer->organisations[issuer->organisation_count++], code);
    }
    return true;
}

static bool clients_read(const json_t *object, struct issuer *issuer, struct problem *err)
{
    json_t *clients = json_object_get(object, "clients");
    if (clients == NULL) {
        return true;
    }
    if (!json_is_object(clients)) {
        return refuse(err, issuer, "\"clients\" must be an object of client: ODS code");
    }
    issuer->clients = calloc(json_object_size(clients) + 1, sizeof *issuer->clients);
    if (issuer->clients == NULL) {
        return refuse(err, issuer, "no memory");
    }
    const char *name;
    json_t *code;
    json_object_foreach(clients, name, code)
    {
        if (strlen(name) >= IDENTITY_SIZE || !json_is_string(code) ||
            !ods_is_valid(json_string_value(code)) ||
            !issuer_may_assert(issuer, json_string_value(code))) {
            return refuse(err, issuer,
                          "\"clients\" must give each client one of its organisations");
        }
        struct issuer_client *client = &issuer->clients[issuer->client_count++];
        strcpy(client->client, name);
        strcpy(client->organisation, json_string_value(code));
    }
    return true;
}

/* Whole seconds; absent leaves what stands there. */
static bool seconds_read(const json_t *object, const char *name, int64_t *seconds)
{
    const json_t *value = json_object_get(object, name);
    if (json_is_integer(value)) {
        *seconds = json_integer_value(value);
    }
    return value == NULL || json_is_integer(value);
}

static bool times_read(const json_t *object, struct issuer *issuer, struct problem *err)
{
    issuer->refresh_s = JWKS_FRESH_MS / 1000;
    issuer->outage_s = JWKS_STALE_MS / 1000;
    if (!seconds_read(object, "refreshSeconds", &issuer->refresh_s) ||
        issuer->refresh_s < REFRESH_MIN_S || issuer->refresh_s > REFRESH_MAX_S) {
        return refuse(err, issuer, "\"refreshSeconds\" must be 5 to 3600");
    }
    if (!seconds_read(object, "outageSeconds", &issuer->outage_s) ||
        issuer->outage_s < issuer->refresh_s || issuer->outage_s > OUTAGE_MAX_S) {
        return refuse(err, issuer, "\"outageSeconds\" must be from \"refreshSeconds\" to 604800");
    }
    return true;
}

static bool issuer_read(const json_t *object, const char *file, const char *audience,
                        struct issuer *issuer, struct problem *err)
{
    if (!text_read(object, "issuer", issuer->name, sizeof issuer->name) ||
        issuer->name[0] == '\0') {
        return problem_set(err, PROBLEM_INTERNAL, "an entry of %s has no \"issuer\"", file);
    }
    snprintf(issuer->audience, sizeof issuer->audience, "%s", audience);
    if (!text_read(object, "audience", issuer->audience, sizeof issuer->audience) ||
        issuer->audience[0] == '\0') {
        return refuse(err, issuer, "\"audience\" must be a text");
    }
    if (!path_read(object, "jwks", file, issuer->jwks) || issuer->jwks[0] == '\0') {
        return refuse(err, issuer, "\"jwks\" must be a file or an https address");
    }
    if (!path_read(object, "caFile", file, issuer->ca_file)) {
        return refuse(err, issuer, "\"caFile\" must be a file");
    }
    const json_t *legacy = json_object_get(object, "legacy");
    if (legacy != NULL && !json_is_boolean(legacy)) {
        return refuse(err, issuer, "\"legacy\" must be true or false");
    }
    issuer->is_legacy = json_is_true(legacy);
    if (!text_read(object, "organisationClaim", issuer->organisation_claim,
                   sizeof issuer->organisation_claim)) {
        return refuse(err, issuer, "\"organisationClaim\" must be a claim's name");
    }
    return members_check(object, issuer, err) && times_read(object, issuer, err) &&
           algorithms_read(object, issuer, err) && organisations_read(object, issuer, err) &&
           clients_read(object, issuer, err);
}

void issuers_done(struct issuers *issuers)
{
    for (size_t i = 0; i < issuers->count; i++) {
        free(issuers->items[i].organisations);
        free(issuers->items[i].clients);
    }
    free(issuers->items);
    *issuers = (struct issuers){0};
}

static bool items_read(const json_t *array, const char *file, const char *audience,
                       struct issuers *issuers, struct problem *err)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        struct issuer *issuer = &issuers->items[issuers->count++];
        if (!issuer_read(json_array_get(array, i), file, audience, issuer, err)) {
            return false;
        }
        if (issuers_find(issuers, issuer->name) != issuer) {
            return refuse(err, issuer, "stands in the file twice");
        }
    }
    return true;
}

bool issuers_read(const char *file, const char *audience, struct issuers *ret_issuers,
                  struct problem *err)
{
    json_error_t error;
    json_auto_t *array = json_load_file(file, JSON_REJECT_DUPLICATES, &error);
    if (array == NULL) {
        return problem_set(err, PROBLEM_INTERNAL, "the issuers file %s cannot be used: %s", file,
                           error.text);
    }
    size_t count = json_array_size(array);
    if (count == 0 || count > ISSUERS_MAX) {
        return problem_set(err, PROBLEM_INTERNAL, "the issuers file %s must list 1 to %d issuers",
                           file, ISSUERS_MAX);
    }
    struct issuers issuers = {.items = calloc(count, sizeof *issuers.items)};
    if (issuers.items == NULL) {
        return problem_set(err, PROBLEM_INTERNAL, "no memory for the issuers of %s", file);
    }
    if (!items_read(array, file, audience, &issuers, err)) {
        issuers_done(&issuers);
        return false;
    }
    *ret_issuers = issuers;
    return true;
}

const struct issuer *issuers_find(const struct issuers *issuers, const char *name)
{
    for (size_t i = 0; i < issuers->count; i++) {
        if (strcmp(issuers->items[i].name, name) == 0) {
            return &issuers->items[i];
        }
    }
    return NULL;
}

bool issuer_may_assert(const struct issuer *issuer, const char *organisation)
{
    bool may = issuer->is_any_organisation;
    for (size_t i = 0; i < issuer->organisation_count && !may; i++) {
        may = strcmp(issuer->organisations[i], organisation) == 0;
    }
    return may;
}

bool issuer_accepts(const struct issuer *issuer, const struct jws_algorithm *algorithm)
{
    for (size_t i = 0; i < issuer->algorithm_count; i++) {
        if (issuer->algorithms[i] == algorithm) {
            return true;
        }
    }
    return false;
}

const char *issuer_client_organisation(const struct issuer *issuer, const char *client)
{
    for (size_t i = 0; i < issuer->client_count; i++) {
        if (strcmp(issuer->clients[i].client, client) == 0) {
            return issuer->clients[i].organisation;
        }
    }
    return NULL;
}
