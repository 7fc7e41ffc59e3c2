/* accord-verify: is an exported journal whole and unchanged?
 *   accord-verify FILE --head HEAD [--jwks FILE]
 * FILE is what GET .../journals/<service> answers as application/x-ndjson (its pages one after the
 * other; "-" = standard input), HEAD what GET .../journals/<service>/head answered, kept by
 * somebody;
 * --jwks (or --keys) checks its signature against the cluster's published keys. Needs no database
 * and believes nobody: every digest and hash is recomputed, up to the head and beyond. Exit status:
 * 0 = whole, 1 = not, the first bad event is named, 2 = could not be checked. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/chain.h"
#include "common/json.h"
#include "common/sign.h"

enum { LINE_BYTES_MAX = 1024 * 1024 };

struct export
{
    struct journal_head head;
    int64_t sequence; /* of the last event */
    struct hash hash;
    int64_t line;
    int64_t erased, restricted; /* events without their body */
};

static void close_file(FILE **file)
{
    if (*file != NULL && *file != stdin)
        fclose(*file);
}

/* --- one event
 * ----------------------------------------------------------------------------------------- */

static bool bad(const struct export *export, struct problem *err, const char *what)
{
    return problem_set(err, PROBLEM_BODY_INVALID, "event %" PRId64 " (line %" PRId64 ") %s",
                       export->sequence + 1, export->line, what);
}

static bool is_same(const json_t *item, const json_t *envelope, const char *shown, const char *name)
{
    return json_equal(json_object_get(item, shown), json_object_get(envelope, name)) == 1;
}

/* What is shown beside the proven text says the same. */
static bool members_check(const struct export *export, const json_t *item, const char *body,
                          struct problem *err)
{
    struct problem fault = {0};
    json_auto_t *envelope = NULL;
    if (!json_parse(body, strlen(body), &envelope, &fault))
        return bad(export, err, "has a body that is not JSON");
    if (!is_same(item, envelope, "type", "type") ||
        !is_same(item, envelope, "subject", "subject") ||
        !is_same(item, envelope, "data", "data") || !is_same(item, envelope, "time", "occurredAt"))
        return bad(export, err, "shows something else than its body says");
    return true;
}

static bool digest_check(struct export *export, const json_t *item, const struct hash *digest,
                         struct problem *err)
{
    const char *class = json_text(item, "class"), *body = json_text(item, "body");
    struct hash salt;
    bool is_restricted = class != NULL && strcmp(class, "restricted") == 0;
    bool is_erased = class != NULL && strcmp(class, "erased") == 0;
    if (body == NULL && (is_restricted || is_erased)) {
        export->restricted += is_restricted;
        export->erased += is_erased;
        return true;
    }
    if (class == NULL || body == NULL || is_erased ||
        (!is_restricted && strcmp(class, "open") != 0))
        return bad(export, err, "has no body, and is neither restricted nor erased");
    if (!hash_parse(json_text(item, "salt"), &salt))
        return bad(export, err, "has no salt");
    size_t size = json_string_length(json_object_get(item, "body"));
    struct hash own = chain_digest(is_restricted, &salt, body, size);
    if (!hash_is_equal(&own, digest))
        return bad(export, err, "was changed: class, salt and body do not have its digest");
    return members_check(export, item, body, err);
}

static bool event_check(struct export *export, const json_t *item, struct problem *err)
{
    struct hash digest, given;
    int64_t sequence = json_integer_or(item, "sequence", -1);
    if (sequence != export->sequence + 1)
        return bad(export, err,
                   sequence <= export->sequence ? "is followed by an earlier one" : "is missing");
    if (!hash_parse(json_text(item, "digest"), &digest))
        return bad(export, err, "has no digest");
    if (!digest_check(export, item, &digest, err))
        return false;
    struct hash own = chain_hash(&export->hash, sequence, &digest);
    if (json_object_get(item, "hash") != NULL &&
        (!hash_parse(json_text(item, "hash"), &given) || !hash_is_equal(&own, &given)))
        return bad(export, err, "does not continue the chain");
    if (sequence == export->head.sequence && !hash_is_equal(&own, &export->head.hash))
        return bad(export, err,
                   "has another hash than the kept head: it or an earlier one is not "
                   "the one that was signed");
    export->sequence = sequence;
    export->hash = own;
    return true;
}

/* --- the file
 * -------------------------------------------------------------------------------------------- */

static bool lines_check(struct export *export, FILE *file, struct problem *err)
{
    char_auto_t *line = NULL;
    size_t room = 0;
    ssize_t size;
    while ((size = getline(&line, &room, file)) >= 0) {
        json_auto_t *item = NULL;
        struct problem fault = {0};
        export->line++;
        while (size > 0 && (line[size - 1] == '\n' || line[size - 1] == '\r'))
            size--;
        if (size == 0)
            continue;
        if (size > LINE_BYTES_MAX || !json_parse(line, (size_t)size, &item, &fault) ||
            !json_is_object(item))
            return bad(export, err, "is not a line of JSON");
        if (!event_check(export, item, err))
            return false;
    }
    if (ferror(file))
        return problem_set(err, PROBLEM_INTERNAL, "the export cannot be read: %s", strerror(errno));
    if (export->sequence < export->head.sequence)
        return problem_set(err, PROBLEM_BODY_INVALID,
                           "the export ends with event %" PRId64 ", but the head is event %" PRId64
                           ": event %" PRId64 " is missing",
                           export->sequence, export->head.sequence, export->sequence + 1);
    return true;
}

static bool head_file_read(const char *path, struct key_set *keys, struct journal_head *ret_head,
                           struct problem *err)
{
    char text[TOKEN_BYTES_MAX + 1];
    CLEANUP(close_file) FILE *file = fopen(path, "re");
    if (file == NULL)
        return problem_set(err, PROBLEM_INTERNAL, "%s: cannot be read: %s", path, strerror(errno));
    size_t size = fread(text, 1, TOKEN_BYTES_MAX, file);
    while (size > 0 && strchr(" \t\r\n", text[size - 1]) != NULL)
        size--;
    text[size] = '\0';
    struct problem fault = {0};
    if (!journal_head_read(keys, text, ret_head, &fault))
        return problem_set(err, PROBLEM_INTERNAL, "%s: %s", path, fault.detail);
    return true;
}

static void report(const struct export *export, bool is_signed)
{
    char when[32] = "";
    time_t at = (time_t) export->head.signed_at_s;
    struct tm utc;
    if (gmtime_r(&at, &utc) != NULL)
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
    printf("%s's journal of alliance %s is whole: %" PRId64 " events, up to the head of %s (event "
           "%" PRId64 ")%s; without a body: %" PRId64 " restricted, %" PRId64 " erased\n",
           export->head.service, export->head.alliance_id, export->sequence, when,
           export->head.sequence, is_signed ? "" : ", whose signature was not checked (no --jwks)",
           export->restricted, export->erased);
}

static int verify(const char *path, const char *head, const char *jwks)
{
    key_set_auto_t *keys = NULL;
    struct export export = {.sequence = 0};
    struct problem err = {0};
    if ((jwks != NULL && !key_set_load(jwks, &keys, &err)) ||
        !head_file_read(head, keys, &export.head, &err)) {
        fprintf(stderr, "accord-verify: %s\n", err.detail);
        return 2;
    }
    CLEANUP(close_file) FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (file == NULL) {
        fprintf(stderr, "accord-verify: %s: cannot be read: %s\n", path, strerror(errno));
        return 2;
    }
    export.hash = chain_genesis(export.head.service, export.head.alliance_id);
    if (!lines_check(&export, file, &err)) {
        printf("%s: %s\n", path, err.detail);
        return err.code == PROBLEM_INTERNAL ? 2 : 1;
    }
    report(&export, keys != NULL);
    return 0;
}

int main(int argc, char *argv[])
{
    const char *path = NULL, *head = NULL, *jwks = NULL;
    for (int i = 1; i < argc; i++) {
        if (i + 1 < argc && strcmp(argv[i], "--head") == 0)
            head = argv[++i];
        else if (i + 1 < argc && (strcmp(argv[i], "--jwks") == 0 || strcmp(argv[i], "--keys") == 0))
            jwks = argv[++i];
        else if (path == NULL && (argv[i][0] != '-' || strcmp(argv[i], "-") == 0))
            path = argv[i];
        else
            path = head = NULL, i = argc;
    }
    if (path == NULL || head == NULL) {
        fprintf(stderr, "usage: accord-verify FILE --head HEAD [--jwks FILE]\n");
        return 2;
    }
    json_object_seed(0);
    return verify(path, head, jwks);
}
