#include "common/claims.h"

#include <string.h>

#include "common/ids.h"

/* Claims of ID tokens (OpenID Connect) and of security events, that an access token does not have.
 */
static const char *const FOREIGN_CLAIMS[] = {"nonce", "at_hash", "c_hash", "s_hash", "events"};

static bool refuse(struct problem *err, const char *why)
{
    return problem_set(err, PROBLEM_UNAUTHENTICATED, "the token %s", why);
}

/* Not empty, no control characters, fits. */
static bool text_is_usable(const json_t *value, size_t size)
{
    size_t length = json_string_length(value);
    if (!json_is_string(value) || length == 0 || length >= size) {
        return false;
    }
    const char *text = json_string_value(value);
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool claim_copy(const json_t *claims, const char *name, char *ret_text, size_t size)
{
    const json_t *value = json_object_get(claims, name);
    if (!text_is_usable(value, size)) {
        return false;
    }
    memcpy(ret_text, json_string_value(value), json_string_length(value) + 1);
    return true;
}

static bool text_equals(const json_t *value, const char *text)
{
    return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

static bool audience_check(const json_t *audience, const char *ours, struct problem *err)
{
    bool is_ours = text_equals(audience, ours);
    for (size_t i = 0; i < json_array_size(audience); i++) {
        const json_t *item = json_array_get(audience, i);
        if (!json_is_string(item)) {
            return refuse(err, "has an audience that is no text (aud)");
        }
        is_ours = is_ours || text_equals(item, ours);
    }
    return is_ours || refuse(err, "is not meant for this service (aud)");
}

/* An integer of seconds since 1970. */
static bool time_read(const json_t *claims, const char *name, int64_t *ret_s)
{
    const json_t *value = json_object_get(claims, name);
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > INT64_C(9007199254740991)) {
        return false;
    }
    *ret_s = json_integer_value(value);
    return true;
}

static bool times_check(const json_t *claims, int64_t now_s, int64_t *ret_expires_s,
                        struct problem *err)
{
    int64_t expires_s = 0, issued_s = 0, not_before_s = 0;
    if (!time_read(claims, "exp", &expires_s)) {
        return refuse(err, "does not say when it expires (exp)");
    }
    if (!time_read(claims, "iat", &issued_s)) {
        return refuse(err, "does not say when it was issued (iat)");
    }
    if (json_object_get(claims, "nbf") != NULL && !time_read(claims, "nbf", &not_before_s)) {
        return refuse(err, "does not say properly when it begins (nbf)");
    }
    if (now_s >= expires_s) {
        return refuse(err, "has expired");
    }
    if (issued_s > now_s + CLAIMS_SKEW_S || not_before_s > now_s + CLAIMS_SKEW_S) {
        return refuse(err, "is not valid yet");
    }
    if (expires_s <= issued_s || expires_s - issued_s > CLAIMS_LIFETIME_S) {
        return refuse(err, "lives longer than an hour");
    }
    *ret_expires_s = expires_s;
    return true;
}

/* Keycloak marks ID, refresh and logout tokens by a claim `typ`, and access tokens as Bearer. */
static bool purpose_check(const json_t *claims, struct problem *err)
{
    const json_t *type = json_object_get(claims, "typ");
    bool is_access = type == NULL || text_equals(type, "Bearer");
    for (size_t i = 0; i < ARRAY_LENGTH(FOREIGN_CLAIMS); i++) {
        is_access = is_access && json_object_get(claims, FOREIGN_CLAIMS[i]) == NULL;
    }
    return is_access || refuse(err, "is not an access token");
}

static bool client_read(const json_t *claims, struct caller *caller, struct problem *err)
{
    static const char *const NAMES[] = {"client_id", "azp", "appid"};
    for (size_t i = 0; i < ARRAY_LENGTH(NAMES); i++) {
        char client[IDENTITY_SIZE];
        if (json_object_get(claims, NAMES[i]) == NULL) {
            continue;
        }
        if (!claim_copy(claims, NAMES[i], client, sizeof client) ||
            (caller->client[0] != '\0' && strcmp(caller->client, client) != 0)) {
            return refuse(err, "does not say clearly which client it was issued to");
        }
        strcpy(caller->client, client);
    }
    return caller->client[0] != '\0' || refuse(err, "does not say which client it was issued to");
}

/* The shape of our scopes: "ledger:post". Others belong to other services and are left out. */
static bool scope_is_ours(const char *text, size_t length)
{
    size_t colons = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == ':') {
            colons++;
        } else if ((text[i] < 'a' || text[i] > 'z') && text[i] != '-') {
            return false;
        }
    }
    return colons == 1 && length < SCOPE_SIZE;
}

static bool scopes_add(struct caller *caller, const char *text, struct problem *err)
{
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        if (scope_is_ours(text, length)) {
            if (caller->scope_count == SCOPES_MAX) {
                return refuse(err, "has too many scopes");
            }
            memcpy(caller->scopes[caller->scope_count], text, length);
            caller->scopes[caller->scope_count++][length] = '\0';
        }
        text += length + (text[length] == ' ' ? 1 : 0);
    }
    return true;
}

static bool scopes_read(const json_t *claims, struct caller *caller, struct problem *err)
{
    const json_t *scopes = json_object_get(claims, "scope");
    if (scopes == NULL) {
        scopes = json_object_get(claims, "scp");
    }
    if (scopes == NULL || json_is_string(scopes)) {
        return scopes == NULL || scopes_add(caller, json_string_value(scopes), err);
    }
    if (!json_is_array(scopes)) {
        return refuse(err, "has scopes that are no text (scope)");
    }
    for (size_t i = 0; i < json_array_size(scopes); i++) {
        const json_t *scope = json_array_get(scopes, i);
        if (!json_is_string(scope) || strchr(json_string_value(scope), ' ') != NULL) {
            return refuse(err, "has scopes that are no text (scope)");
        }
        if (!scopes_add(caller, json_string_value(scope), err)) {
            return false;
        }
    }
    return true;
}

static bool organisation_read(const json_t *claims, const struct issuer *issuer,
                              struct caller *caller, struct problem *err)
{
    const char *registered = issuer_client_organisation(issuer, caller->client);
    bool has_claim = issuer->organisation_claim[0] != '\0' &&
                     json_object_get(claims, issuer->organisation_claim) != NULL;
    if (has_claim && !claim_copy(claims, issuer->organisation_claim, caller->organisation,
                                 sizeof caller->organisation)) {
        return refuse(err, "has an organisation that is no ODS code");
    }
    if (registered != NULL && has_claim && strcmp(registered, caller->organisation) != 0) {
        return refuse(err, "names another organisation than its client's");
    }
    if (registered != NULL) {
        strcpy(caller->organisation, registered);
    }
    if (caller->organisation[0] == '\0') {
        return true;
    }
    if (!ods_is_valid(caller->organisation)) {
        return refuse(err, "has an organisation that is no ODS code");
    }
    return issuer_may_assert(issuer, caller->organisation) ||
           refuse(err, "names an organisation that its issuer may not speak for");
}

static bool identity_read(const json_t *claims, const struct issuer *issuer, struct caller *caller,
                          struct problem *err)
{
    if (!claim_copy(claims, "sub", caller->subject, sizeof caller->subject)) {
        return refuse(err, "does not say whom it is about (sub)");
    }
    const char *id_name =
        issuer->is_legacy && json_object_get(claims, "jti") == NULL ? "uti" : "jti";
    if (!claim_copy(claims, id_name, caller->token_id, sizeof caller->token_id)) {
        return refuse(err, "has no id (jti)");
    }
    strcpy(caller->issuer, issuer->name);
    caller->vouched_by = issuer;
    return client_read(claims, caller, err);
}

bool claims_check(const json_t *claims, const struct issuer *issuer, int64_t now_s,
                  struct caller *ret_caller, int64_t *ret_expires_s, struct problem *err)
{
    struct caller caller = {0};
    int64_t expires_s = 0;
    if (!text_equals(json_object_get(claims, "iss"), issuer->name)) {
        return refuse(err, "is from an unknown issuer");
    }
    if (!audience_check(json_object_get(claims, "aud"), issuer->audience, err) ||
        !times_check(claims, now_s, &expires_s, err) || !purpose_check(claims, err) ||
        !identity_read(claims, issuer, &caller, err) || !scopes_read(claims, &caller, err) ||
        !organisation_read(claims, issuer, &caller, err)) {
        return false;
    }
    *ret_caller = caller;
    *ret_expires_s = expires_s;
    return true;
}
