#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/file_stamp.h"
#include "common/ids.h"
#include "common/json.h"
#include "common/jwks_source.h"
#include "common/jws.h"
#include "common/memory.h"
#include "common/seen.h"
#include "common/sign.h"

/* rhonabwy only verifies here; it never sees a key but the one that the kid names. */

enum { KEYS_MAX = 256 };

struct public_key {
    char kid[CODE_SIZE];
    char service[CODE_SIZE]; /* the kid without its number */
    char x[64], y[64];
    int64_t retired_s; /* signs nothing from then on; INT64_MAX = it does */
    jwk_t *jwk;
};

struct key_list {
    struct public_key *keys;
    size_t count;
};

struct key_set {
    char *file;
    pthread_rwlock_t lock;
    struct key_list list;
    struct timespec read_at; /* monotonic */
    struct file_stamp stamp; /* of the file that the list is from */
};

static void key_list_done(struct key_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        r_jwk_free(list->keys[i].jwk);
    free(list->keys);
    *list = (struct key_list){NULL, 0};
}
#define key_list_auto_t CLEANUP(key_list_done) struct key_list

/* "ledger-12" -> "ledger"; false when it is not a name, "-" and a number. */
static bool kid_service(const char *kid, char ret_service[CODE_SIZE])
{
    const char *dash = strrchr(kid, '-');
    if (dash == NULL || dash == kid || strlen(kid) >= CODE_SIZE || dash[1] == '\0' ||
        strspn(dash + 1, "0123456789") != strlen(dash + 1))
        return false;
    snprintf(ret_service, CODE_SIZE, "%.*s", (int)(dash - kid), kid);
    return true;
}

static bool member_is(const json_t *object, const char *name, const char *value)
{
    const char *text = json_text(object, name);
    return text != NULL && strcmp(text, value) == 0;
}

/* One entry of the file: a P-256 key for ES256 signatures and nothing else. */
static bool key_read(const json_t *entry, struct public_key *ret_key)
{
    const char *kid = json_text(entry, "kid"), *x = json_text(entry, "x"),
               *y = json_text(entry, "y");
    if (kid == NULL || x == NULL || y == NULL || strlen(x) != 43 || strlen(y) != 43 ||
        !member_is(entry, "kty", "EC") || !member_is(entry, "crv", "P-256") ||
        json_object_get(entry, "d") != NULL || !kid_service(kid, ret_key->service))
        return false;
    const json_t *retired = json_object_get(entry, "exp");
    if (retired != NULL && !json_is_integer(retired))
        return false;
    ret_key->retired_s = retired == NULL ? INT64_MAX : json_integer_value(retired);
    snprintf(ret_key->kid, sizeof ret_key->kid, "%s", kid);
    snprintf(ret_key->x, sizeof ret_key->x, "%s", x);
    snprintf(ret_key->y, sizeof ret_key->y, "%s", y);
    json_auto_t *bare =
        json_pack("{s:s, s:s, s:s, s:s}", "kty", "EC", "crv", "P-256", "x", x, "y", y);
    if (bare == NULL || r_jwk_init(&ret_key->jwk) != RHN_OK)
        return false;
    if (r_jwk_import_from_json_t(ret_key->jwk, bare) != RHN_OK ||
        r_jwk_is_valid(ret_key->jwk) != RHN_OK) {
        r_jwk_free(ret_key->jwk);
        ret_key->jwk = NULL;
        return false;
    }
    return true;
}

static void close_file(FILE **file)
{
    if (*file != NULL)
        fclose(*file);
}

static bool jwks_read(const char *file_name, json_t **ret_jwks, struct problem *err)
{
    CLEANUP(close_file) FILE *file = fopen(file_name, "re");
    if (file == NULL)
        return problem_set(err, PROBLEM_INTERNAL, "%s: cannot be read: %s", file_name,
                           strerror(errno));
    char_auto_t *text = need(malloc(JWKS_BYTES_MAX));
    size_t size = fread(text, 1, JWKS_BYTES_MAX, file);
    struct problem fault = {0};
    json_auto_t *jwks = NULL;
    if (ferror(file) || size == JWKS_BYTES_MAX || !json_parse(text, size, &jwks, &fault) ||
        !json_is_array(json_object_get(jwks, "keys")))
        return problem_set(err, PROBLEM_INTERNAL, "%s: is not a set of keys (JWKS)", file_name);
    *ret_jwks = STEAL(jwks);
    return true;
}

static bool key_list_read(const char *file_name, struct key_list *ret_list, struct problem *err)
{
    json_auto_t *jwks = NULL;
    if (!jwks_read(file_name, &jwks, err))
        return false;
    const json_t *entries = json_object_get(jwks, "keys");
    size_t count = json_array_size(entries);
    if (count == 0 || count > KEYS_MAX)
        return problem_set(err, PROBLEM_INTERNAL, "%s: has no keys, or more than %d", file_name,
                           KEYS_MAX);
    key_list_auto_t list = {need(calloc(count, sizeof *list.keys)), 0};
    for (size_t i = 0; i < count; i++) {
        struct public_key *key = &list.keys[i];
        if (!key_read(json_array_get(entries, i), key))
            return problem_set(err, PROBLEM_INTERNAL,
                               "%s: key %zu is not a service's public key on P-256", file_name, i);
        list.count++;
        for (size_t k = 0; k < i; k++)
            if (strcmp(list.keys[k].kid, key->kid) == 0)
                return problem_set(err, PROBLEM_INTERNAL, "%s: the kid %s stands twice", file_name,
                                   key->kid);
    }
    *ret_list = list;
    list = (struct key_list){NULL, 0};
    return true;
}

bool key_set_load(const char *file, struct key_set **ret_keys, struct problem *err)
{
    struct key_list list;
    if (!key_list_read(file, &list, err))
        return false;
    struct key_set *keys = need(calloc(1, sizeof *keys));
    keys->file = text_copy(file);
    bool is_settled;
    pthread_rwlock_init(&keys->lock, NULL);
    keys->list = list;
    if (!file_stamp_read(file, &keys->stamp, &is_settled))
        memset(&keys->stamp, 0, sizeof keys->stamp);
    clock_gettime(CLOCK_MONOTONIC, &keys->read_at);
    *ret_keys = keys;
    return true;
}

void key_set_free(struct key_set *keys)
{
    if (keys == NULL)
        return;
    key_list_done(&keys->list);
    pthread_rwlock_destroy(&keys->lock);
    free(keys->file);
    free(keys);
}

/* The lock is held. */
static struct public_key *key_find(struct key_set *keys, const char *kid)
{
    for (size_t i = 0; i < keys->list.count; i++)
        if (strcmp(keys->list.keys[i].kid, kid) == 0)
            return &keys->list.keys[i];
    return NULL;
}

bool key_set_kid(struct key_set *keys, const char *x, const char *y, char ret_kid[CODE_SIZE],
                 bool *ret_is_retired)
{
    bool is_found = false;
    *ret_is_retired = false;
    pthread_rwlock_rdlock(&keys->lock);
    for (size_t i = 0; i < keys->list.count && !is_found; i++) {
        const struct public_key *key = &keys->list.keys[i];
        is_found = strcmp(key->x, x) == 0 && strcmp(key->y, y) == 0;
        if (is_found) {
            snprintf(ret_kid, CODE_SIZE, "%s", key->kid);
            *ret_is_retired = key->retired_s <= (int64_t)time(NULL);
        }
    }
    pthread_rwlock_unlock(&keys->lock);
    return is_found;
}

/* An unknown kid may be a new key: a file that has changed is read at once, any other at most once
 * a second. One that has become unreadable changes nothing. */
void key_set_refresh(struct key_set *keys, bool only_if_changed)
{
    struct timespec now;
    struct problem fault = {0};
    struct key_list list;
    struct file_stamp stamp;
    bool is_settled, is_there = file_stamp_read(keys->file, &stamp, &is_settled);
    clock_gettime(CLOCK_MONOTONIC, &now);
    pthread_rwlock_wrlock(&keys->lock);
    bool has_changed = is_there && memcmp(&stamp, &keys->stamp, sizeof stamp) != 0;
    bool is_due = has_changed || (!only_if_changed && now.tv_sec > keys->read_at.tv_sec);
    if (is_due)
        keys->read_at = now;
    pthread_rwlock_unlock(&keys->lock);
    if (!is_due || !key_list_read(keys->file, &list, &fault))
        return;
    pthread_rwlock_wrlock(&keys->lock);
    struct key_list old = keys->list;
    keys->list = list;
    if (is_there)
        keys->stamp = stamp;
    pthread_rwlock_unlock(&keys->lock);
    key_list_done(&old);
}

static bool verify_with(struct key_set *keys, const struct jws *jws, char ret_service[CODE_SIZE],
                        int64_t *ret_retired_s, bool *ret_known, struct problem *err)
{
    bool ok = false;
    pthread_rwlock_rdlock(&keys->lock);
    const struct public_key *key = key_find(keys, jws->key_id);
    *ret_known = key != NULL;
    if (key != NULL) {
        /* A copy of its own: rhonabwy keeps what it derives within the key. */
        jwk_t *copy = r_jwk_copy(key->jwk);
        ok = copy != NULL && jws_verify(jws, copy, err);
        r_jwk_free(copy);
        snprintf(ret_service, CODE_SIZE, "%s", key->service);
        *ret_retired_s = key->retired_s;
    }
    pthread_rwlock_unlock(&keys->lock);
    return ok;
}

static bool claim_integer(const json_t *claims, const char *name, int64_t *ret_value)
{
    const json_t *value = json_object_get(claims, name);
    if (!json_is_integer(value))
        return false;
    *ret_value = json_integer_value(value);
    return true;
}

bool key_set_verify(struct key_set *keys, const char *token, char ret_service[CODE_SIZE],
                    json_t **ret_claims, struct problem *err)
{
    jws_auto_t jws = {0};
    char service[CODE_SIZE];
    int64_t retired_s = INT64_MAX, issued_s;
    bool is_known;
    if (!jws_read(token, &jws, err))
        return false;
    if (strcmp(jws.algorithm->name, "ES256") != 0 || strcmp(jws.type, "JWT") != 0)
        return problem_set(err, PROBLEM_UNAUTHENTICATED, "not signed with ES256 as a JWT");
    bool ok = verify_with(keys, &jws, service, &retired_s, &is_known, err);
    if (!is_known) {
        key_set_refresh(keys, false);
        ok = verify_with(keys, &jws, service, &retired_s, &is_known, err);
    }
    if (!is_known)
        return problem_set(err, PROBLEM_UNAUTHENTICATED, "%.64s is no key of this cluster",
                           jws.key_id);
    if (!ok)
        return problem_set(err, PROBLEM_UNAUTHENTICATED, "the signature is not %s's", jws.key_id);
    if (retired_s != INT64_MAX &&
        (!claim_integer(jws.payload, "iat", &issued_s) || issued_s > retired_s))
        return problem_set(err, PROBLEM_UNAUTHENTICATED, "%s signed nothing at that time",
                           jws.key_id);
    snprintf(ret_service, CODE_SIZE, "%s", service);
    *ret_claims = STEAL(jws.payload);
    return true;
}

/* Who signed it, for whom, when. */
static bool claims_check(struct signer *signer, const json_t *claims, const char *service,
                         const char *expected, int64_t now_s, struct problem *err)
{
    int64_t issued_s, expires_s;
    if (!member_is(claims, "iss", service) || (expected != NULL && strcmp(expected, service) != 0))
        return problem_set(err, PROBLEM_UNAUTHENTICATED, "the service token is %s's", service);
    if (!member_is(claims, "aud", signer_service(signer)))
        return problem_set(err, PROBLEM_UNAUTHENTICATED, "the service token is not for %s",
                           signer_service(signer));
    if (!claim_integer(claims, "iat", &issued_s) || !claim_integer(claims, "exp", &expires_s) ||
        expires_s <= now_s - SERVICE_TOKEN_SKEW_S || issued_s > now_s + SERVICE_TOKEN_SKEW_S ||
        expires_s - issued_s > SERVICE_TOKEN_S)
        return problem_set(err, PROBLEM_UNAUTHENTICATED, "the service token of %s is not of now",
                           service);
    return true;
}

/* Absent where nothing is expected. */
static bool member_fits(const json_t *claims, const char *name, const char *value)
{
    return value == NULL ? json_object_get(claims, name) == NULL : member_is(claims, name, value);
}

/* Of this message, to this instance, in answer to this question. */
static bool message_check(const json_t *claims, const char *service, const struct message *message,
                          struct problem *err)
{
    char digest[DIGEST_SIZE];
    digest_of_bytes(message->text, message->size, digest);
    if (!member_is(claims, "digest", digest))
        return problem_set(err, PROBLEM_UNAUTHENTICATED,
                           "the service token of %s is of another message", service);
    if (!member_fits(claims, "to", message->address))
        return problem_set(err, PROBLEM_UNAUTHENTICATED,
                           "the service token of %s is for another instance", service);
    if (!member_fits(claims, "inReplyTo", message->in_reply_to))
        return problem_set(err, PROBLEM_UNAUTHENTICATED,
                           "the service token of %s answers something else", service);
    return true;
}

static bool question_take(struct signer *signer, const char *id, const char *service, int64_t now_s,
                          struct problem *err)
{
    switch (seen_take(signer_seen(signer), id, now_s)) {
    case SEEN_FIRST:
        return true;
    case SEEN_AGAIN:
        return problem_set(err, PROBLEM_UNAUTHENTICATED, "the question of %s was asked before",
                           service);
    case SEEN_FULL:
        break;
    }
    return problem_set(err, PROBLEM_UNAVAILABLE, "too many questions at once");
}

bool signer_check_message(struct signer *signer, const char *token, const char *expected,
                          const struct message *message, int64_t now_s, char ret_service[CODE_SIZE],
                          char ret_id[UUID_SIZE], struct problem *err)
{
    json_auto_t *claims = NULL;
    char service[CODE_SIZE];
    if (token == NULL)
        return problem_set(err, PROBLEM_UNAUTHENTICATED, "no service token");
    if (!key_set_verify(signer_keys(signer), token, service, &claims, err) ||
        !claims_check(signer, claims, service, expected, now_s, err) ||
        !message_check(claims, service, message, err))
        return false;
    const char *id = json_text(claims, "jti");
    if (id == NULL || !uuid_is_valid(id))
        return problem_set(err, PROBLEM_UNAUTHENTICATED, "the service token of %s has no id",
                           service);
    if (message->in_reply_to == NULL && !question_take(signer, id, service, now_s, err))
        return false;
    snprintf(ret_service, CODE_SIZE, "%s", service);
    memcpy(ret_id, id, UUID_SIZE);
    return true;
}

static bool head_of_claims(const json_t *claims, struct journal_head *ret_head)
{
    const char *service = json_text(claims, "service"), *alliance = json_text(claims, "alliance");
    if (service == NULL || strlen(service) >= CODE_SIZE || alliance == NULL ||
        !uuid_is_valid(alliance) || !hash_parse(json_text(claims, "hash"), &ret_head->hash) ||
        !claim_integer(claims, "sequence", &ret_head->sequence) || ret_head->sequence < 0 ||
        !claim_integer(claims, "iat", &ret_head->signed_at_s))
        return false;
    snprintf(ret_head->service, sizeof ret_head->service, "%s", service);
    snprintf(ret_head->alliance_id, sizeof ret_head->alliance_id, "%s", alliance);
    return true;
}

bool journal_head_read(struct key_set *keys, const char *text, struct journal_head *ret_head,
                       struct problem *err)
{
    json_auto_t *claims = NULL;
    char service[CODE_SIZE] = "";
    if (keys != NULL) {
        if (!key_set_verify(keys, text, service, &claims, err))
            return false;
    } else {
        jws_auto_t jws = {0};
        if (!jws_read(text, &jws, err))
            return false;
        claims = STEAL(jws.payload);
    }
    struct journal_head head;
    if (!head_of_claims(claims, &head))
        return problem_set(err, PROBLEM_BODY_INVALID, "not a journal head");
    if (keys != NULL && strcmp(head.service, service) != 0)
        return problem_set(err, PROBLEM_UNAUTHENTICATED, "%s signed a head of %s's journal",
                           service, head.service);
    *ret_head = head;
    return true;
}
