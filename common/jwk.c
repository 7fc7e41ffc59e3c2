#include "common/jwk.h"

#include <gnutls/abstract.h>
#include <string.h>

#include "common/base64url.h"

/* Members that a public verification key does not have. */
static const char *const SECRET_MEMBERS[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};

enum { NUMBER_TEXT_MAX = 1400, EXPONENT_BYTES_MAX = 8 };

static void cleanup_pubkey(gnutls_pubkey_t *key)
{
    if (*key != NULL) {
        gnutls_pubkey_deinit(*key);
    }
}

void jwk_set_done(struct jwk_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        r_jwk_free(set->items[i].key);
    }
    free(set->items);
    *set = (struct jwk_set){0};
}

static bool text_copy(const json_t *object, const char *name, char *ret_text, size_t size)
{
    const json_t *value = json_object_get(object, name);
    size_t length = json_string_length(value);
    if (!json_is_string(value) || length == 0 || length >= size) {
        return false;
    }
    memcpy(ret_text, json_string_value(value), length + 1);
    return true;
}

/* A number or coordinate: its bytes, and a copy of its text in `target`. */
static bool number_take(const json_t *key, const char *name, json_t *target,
                        unsigned char *ret_bytes, size_t *ret_size)
{
    json_t *value = json_object_get(key, name);
    size_t length = json_string_length(value);
    return json_is_string(value) && length > 0 && length <= NUMBER_TEXT_MAX &&
           base64url_decode(json_string_value(value), length, ret_bytes, ret_size) &&
           json_object_set(target, name, value) == 0;
}

static size_t bit_count(const unsigned char *bytes, size_t size)
{
    size_t zeros = 0;
    while (zeros < size && bytes[zeros] == 0) {
        zeros++;
    }
    if (zeros == size) {
        return 0;
    }
    size_t bits = (size - zeros - 1) * 8;
    for (unsigned top = bytes[zeros]; top > 0; top >>= 1) {
        bits++;
    }
    return bits;
}

static bool rsa_take(const json_t *key, json_t *target)
{
    unsigned char bytes[BASE64URL_DECODED_MAX(NUMBER_TEXT_MAX)];
    size_t size = 0;
    if (!number_take(key, "n", target, bytes, &size) || bit_count(bytes, size) < RSA_BITS_MIN ||
        bit_count(bytes, size) > RSA_BITS_MAX || bytes[size - 1] % 2 == 0) {
        return false;
    }
    return number_take(key, "e", target, bytes, &size) && size <= EXPONENT_BYTES_MAX &&
           bytes[size - 1] % 2 == 1 && bit_count(bytes, size) > 1;
}

static bool coordinate_take(const json_t *key, const char *name, json_t *target, size_t size)
{
    unsigned char bytes[BASE64URL_DECODED_MAX(NUMBER_TEXT_MAX)];
    size_t found = 0;
    return number_take(key, name, target, bytes, &found) && found == size;
}

static bool point_take(const json_t *key, const char *curve, json_t *target)
{
    if (json_object_set(target, "crv", json_object_get(key, "crv")) != 0) {
        return false;
    }
    if (strcmp(curve, "Ed25519") == 0) {
        return coordinate_take(key, "x", target, 32);
    }
    size_t size = strcmp(curve, "P-256") == 0 ? 32 : strcmp(curve, "P-384") == 0 ? 48 : 0;
    return size > 0 && coordinate_take(key, "x", target, size) &&
           coordinate_take(key, "y", target, size);
}

/* Meant for verifying signatures, public, with an id. */
static bool purpose_fits(const json_t *key)
{
    const json_t *use = json_object_get(key, "use");
    const json_t *operations = json_object_get(key, "key_ops");
    bool fits = use == NULL || (json_is_string(use) && strcmp(json_string_value(use), "sig") == 0);
    bool may_verify = operations == NULL;
    for (size_t i = 0; i < json_array_size(operations); i++) {
        const char *operation = json_string_value(json_array_get(operations, i));
        may_verify = may_verify || (operation != NULL && strcmp(operation, "verify") == 0);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(SECRET_MEMBERS); i++) {
        fits = fits && json_object_get(key, SECRET_MEMBERS[i]) == NULL;
    }
    return fits && may_verify;
}

/* The cryptographic library can use the key, and its point lies on its curve. */
static bool key_is_sound(jwk_t *key, const char *type)
{
    CLEANUP(cleanup_pubkey)
    gnutls_pubkey_t pubkey = r_jwk_export_to_gnutls_pubkey(key, R_FLAG_IGNORE_REMOTE);
    return pubkey != NULL &&
           (strcmp(type, "EC") != 0 || gnutls_pubkey_verify_params(pubkey) == GNUTLS_E_SUCCESS);
}

static bool numbers_take(const json_t *key, struct jwk_entry *entry, json_t *target)
{
    if (json_object_set(target, "kty", json_object_get(key, "kty")) != 0) {
        return false;
    }
    if (strcmp(entry->type, "RSA") == 0) {
        return rsa_take(key, target);
    }
    bool fits_type = text_copy(key, "crv", entry->curve, sizeof entry->curve) &&
                     (strcmp(entry->curve, "Ed25519") == 0 ? strcmp(entry->type, "OKP") == 0
                                                           : strcmp(entry->type, "EC") == 0);
    return fits_type && point_take(key, entry->curve, target);
}

static bool entry_read(const json_t *key, struct jwk_entry *ret_entry)
{
    struct jwk_entry entry = {0};
    if (!json_is_object(key) || !purpose_fits(key) ||
        !text_copy(key, "kid", entry.id, sizeof entry.id) ||
        !text_copy(key, "kty", entry.type, sizeof entry.type) ||
        (json_object_get(key, "alg") != NULL &&
         !text_copy(key, "alg", entry.algorithm, sizeof entry.algorithm))) {
        return false;
    }
    /* Only what is named here reaches the library: no certificates, no addresses. */
    json_auto_t *numbers = json_object();
    if (!numbers_take(key, &entry, numbers) || r_jwk_init(&entry.key) != RHN_OK) {
        return false;
    }
    if (r_jwk_import_from_json_t(entry.key, numbers) != RHN_OK ||
        !key_is_sound(entry.key, entry.type)) {
        r_jwk_free(entry.key);
        return false;
    }
    *ret_entry = entry;
    return true;
}

bool jwk_set_parse(const char *text, size_t size, struct jwk_set *ret_set, struct problem *err)
{
    json_error_t error;
    json_auto_t *document = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    const json_t *keys = json_object_get(document, "keys");
    if (!json_is_array(keys)) {
        return problem_set(err, PROBLEM_INTERNAL, "that is no set of keys: %s",
                           document == NULL ? error.text : "it has no array \"keys\"");
    }
    struct jwk_set set = {.items = calloc(json_array_size(keys) + 1, sizeof *set.items)};
    if (set.items == NULL) {
        return problem_set(err, PROBLEM_INTERNAL, "no memory for a set of keys");
    }
    for (size_t i = 0; i < json_array_size(keys); i++) {
        if (entry_read(json_array_get(keys, i), &set.items[set.count])) {
            set.count++;
        }
    }
    *ret_set = set;
    return true;
}

static bool entry_fits(const struct jwk_entry *entry, const struct jws_algorithm *algorithm)
{
    const char *curve = algorithm->curve != NULL ? algorithm->curve : "";
    return strcmp(entry->type, algorithm->key_type) == 0 && strcmp(entry->curve, curve) == 0 &&
           (entry->algorithm[0] == '\0' || strcmp(entry->algorithm, algorithm->name) == 0);
}

const struct jwk_entry *jwk_set_find(const struct jwk_set *set, const char *key_id,
                                     const struct jws_algorithm *algorithm)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->items[i].id, key_id) == 0 && entry_fits(&set->items[i], algorithm)) {
            return &set->items[i];
        }
    }
    return NULL;
}
