#include "common/list.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/base64url.h"
#include "common/clock.h"
#include "common/http_private.h"
#include "common/ids.h"
#include "common/json.h"
#include "common/memory.h"

enum { SEAL_SIZE = 32 }; /* characters of a digest, half of it */

/* --- cursors -------------------------------------------------------------------------------------
 */

/* Length and content of each part, so that no two sets of parts look the same. The secret stands on
 * both sides of what the client knows. */
static void seal_make(const unsigned char secret[CURSOR_SECRET_SIZE], const char *binding,
                      const char *key, char ret_digest[DIGEST_SIZE])
{
    size_t binding_size = strlen(binding), key_size = strlen(key);
    char *bytes = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&bytes, &size);
    if (!out)
        abort();
    fwrite(secret, 1, CURSOR_SECRET_SIZE, out);
    fprintf(out, "%zu:%s%zu:%s", binding_size, binding, key_size, key);
    fwrite(secret, 1, CURSOR_SECRET_SIZE, out);
    if (fclose(out) != 0)
        abort();
    digest_of_bytes(bytes, size, ret_digest);
    free(bytes);
}

char *cursor_make(const unsigned char secret[CURSOR_SECRET_SIZE], const char *binding,
                  const char *key)
{
    char digest[DIGEST_SIZE], plain[SEAL_SIZE + CURSOR_KEY_SIZE];
    seal_make(secret, binding, key, digest);
    int size = snprintf(plain, sizeof plain, "%.*s%s", SEAL_SIZE, digest, key);
    if (size < 0 || (size_t)size >= sizeof plain)
        return NULL;
    char *text = need(malloc(BASE64URL_TEXT_MAX((size_t)size)));
    base64url_encode(plain, (size_t)size, text);
    return text;
}

bool cursor_read(const unsigned char secret[CURSOR_SECRET_SIZE], const char *binding,
                 const char *cursor, char **ret_key, struct problem *err)
{
    size_t length = strlen(cursor), size = 0;
    unsigned char plain[BASE64URL_DECODED_MAX(1024) + 1];
    char digest[DIGEST_SIZE];
    bool ok = length <= 1024 && base64url_decode(cursor, length, plain, &size) && size > SEAL_SIZE;
    if (ok) {
        plain[size] = '\0';
        const char *key = (const char *)plain + SEAL_SIZE;
        seal_make(secret, binding, key, digest);
        ok = strlen(key) == size - SEAL_SIZE && memcmp(plain, digest, SEAL_SIZE) == 0;
    }
    if (!ok)
        return problem_set(err, PROBLEM_CURSOR_INVALID,
                           "the cursor was not given for this list with these filters");
    *ret_key = text_copy((const char *)plain + SEAL_SIZE);
    return true;
}

/* --- pages
 * ----------------------------------------------------------------------------------------- */

/* Operation, alliance, path parameters and filters; what only turns pages is left out. */
static char *binding_make(const struct request *request)
{
    const struct request_private *private = request->private;
    json_auto_t *parts = json_object();
    json_put_text(parts, "operation", request->operation->id);
    for (size_t i = 0; i < private->match.value_count; i++)
        json_put_text(parts, private->match.names[i], private->match.values[i]);
    json_t *filters = json_object();
    for (size_t i = 0; i < private->query_count; i++)
        if (strcmp(private->query[i].name, "cursor") != 0 &&
            strcmp(private->query[i].name, "limit") != 0)
            json_put_text(filters, private->query[i].name, private->query[i].value);
    json_put_new(parts, "?", filters);
    char *text = json_dumps(parts, JSON_COMPACT | JSON_SORT_KEYS);
    if (!text)
        abort();
    return text;
}

/* --- the secrets that bind cursors --- */

enum { REKEY_MS = 10 * 1000 }; /* until the last instance has noticed, many times over */

/* The lock is held. */
static void cursor_secrets_turn(struct cursor_secrets *cursors, int64_t now_ms)
{
    unsigned char making[CURSOR_SECRET_SIZE];
    if (cursors->change_ms == 0 || now_ms < cursors->change_ms)
        return;
    memcpy(making, cursors->reading, sizeof making);
    memcpy(cursors->reading, cursors->making, sizeof making);
    memcpy(cursors->making, making, sizeof making);
    cursors->change_ms = 0;
}

void http_rekey(struct http *http, const unsigned char cursor_secret[CURSOR_SECRET_SIZE])
{
    struct cursor_secrets *cursors = &http->cursors;
    pthread_mutex_lock(&cursors->lock);
    cursor_secrets_turn(cursors, INT64_MAX);
    memcpy(cursors->reading, cursor_secret, CURSOR_SECRET_SIZE);
    cursors->change_ms = monotonic_ms() + REKEY_MS;
    pthread_mutex_unlock(&cursors->lock);
}

/* A copy, as it is now. */
static struct cursor_secrets cursor_secrets_now(const struct request *request)
{
    struct cursor_secrets *cursors = &request->context->http->cursors, now = {.change_ms = 0};
    pthread_mutex_lock(&cursors->lock);
    cursor_secrets_turn(cursors, monotonic_ms());
    memcpy(now.making, cursors->making, sizeof now.making);
    memcpy(now.reading, cursors->reading, sizeof now.reading);
    pthread_mutex_unlock(&cursors->lock);
    return now;
}

bool page_begin(const struct request *request, struct page *ret_page, struct problem *err)
{
    const char *limit = request_query(request, "limit"), *cursor = request_query(request, "cursor");
    struct request_private *private = request->private;
    ret_page->limit = (limit ? (int)strtol(limit, NULL, 10) : LIST_LIMIT_DEFAULT) + 1;
    ret_page->after = NULL;
    if (!cursor)
        return true;
    char_auto_t *binding = binding_make(request);
    free(STEAL(private->cursor_after));
    struct cursor_secrets secrets = cursor_secrets_now(request);
    struct problem fault = {0};
    if (!cursor_read(secrets.making, binding, cursor, &private->cursor_after, &fault) &&
        !cursor_read(secrets.reading, binding, cursor, &private->cursor_after, err))
        return false;
    ret_page->after = private->cursor_after;
    return true;
}

/* The request's own target with another cursor. Parameters are as they came: already escaped. */
static char *next_target(const struct request *request, const char *cursor)
{
    const char *target = request->private->message->target;
    size_t path = strcspn(target, "?");
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        abort();
    fprintf(out, "%.*s?", (int)path, target);
    for (const char *part = target + path; *part; part += strcspn(part, "&")) {
        part++;
        size_t length = strcspn(part, "&");
        if (length && strncmp(part, "cursor=", 7) != 0)
            fprintf(out, "%.*s&", (int)length, part);
    }
    fprintf(out, "cursor=%s", cursor);
    if (fclose(out) != 0)
        abort();
    return text;
}

static char *key_text(const json_t *item, const char *key_member)
{
    const json_t *key = json_object_get(item, key_member);
    assert(json_is_string(key) || json_is_integer(key));
    char *text =
        json_is_string(key) ? strdup(json_string_value(key)) : json_dumps(key, JSON_ENCODE_ANY);
    if (!text)
        abort();
    return text;
}

void list_reply(const struct request *request, struct reply *reply, const struct page *page,
                json_t *items, const char *key_member)
{
    json_t *document = json_object();
    size_t kept = (size_t)page->limit - 1;
    bool has_more = json_array_size(items) > kept;
    while (json_array_size(items) > kept)
        json_array_remove(items, json_array_size(items) - 1);
    if (has_more) {
        char_auto_t *key = key_text(json_array_get(items, kept - 1), key_member);
        char_auto_t *binding = binding_make(request);
        struct cursor_secrets secrets = cursor_secrets_now(request);
        char_auto_t *cursor = cursor_make(secrets.making, binding, key);
        assert(cursor);
        json_put_text(document, "nextCursor", cursor);
        reply->next = next_target(request, cursor);
    }
    json_put_new(document, "items", items);
    reply_ok(reply, document, 0);
}
