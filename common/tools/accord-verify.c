/* accord-verify: is an exported journal whole and unchanged?
 *   accord-verify FILE --head HEAD [--jwks FILE]
 * FILE is what GET .../journals/<service> answers as application/x-ndjson (its pages one after the
 * other; "-" = standard input), HEAD what GET .../journals/<service>/head answered, kept by
 * somebody; --jwks (or --keys) checks its signature against the cluster's published keys. Needs no
 * database and believes nobody: every digest and hash is recomputed, up to the head and beyond.
 * Exit status: 0 = whole, 1 = not, the first bad event is named, 2 = could not be checked. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/export.h"

static void close_file(FILE **file)
{
    if (*file != NULL && *file != stdin)
        fclose(*file);
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

static void report(const struct journal_export *whole, bool is_signed)
{
    char when[32] = "";
    time_t at = (time_t)whole->head.signed_at_s;
    struct tm utc;
    if (gmtime_r(&at, &utc) != NULL)
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
    printf("%s's journal of alliance %s is whole: %" PRId64 " events, up to the head of %s (event "
           "%" PRId64 ")%s; without a body: %" PRId64 " restricted, %" PRId64 " erased\n",
           whole->head.service, whole->head.alliance_id, whole->sequence, when,
           whole->head.sequence, is_signed ? "" : ", whose signature was not checked (no --jwks)",
           whole->restricted, whole->erased);
}

static int verify(const char *path, const char *head, const char *jwks)
{
    key_set_auto_t *keys = NULL;
    struct journal_head kept;
    struct journal_export whole;
    struct problem err = {0};
    if ((jwks != NULL && !key_set_load(jwks, &keys, &err)) ||
        !head_file_read(head, keys, &kept, &err)) {
        fprintf(stderr, "accord-verify: %s\n", err.detail);
        return 2;
    }
    CLEANUP(close_file) FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (file == NULL) {
        fprintf(stderr, "accord-verify: %s: cannot be read: %s\n", path, strerror(errno));
        return 2;
    }
    if (!export_check(file, &kept, &whole, &err)) {
        printf("%s: %s\n", path, err.detail);
        return err.code == PROBLEM_INTERNAL ? 2 : 1;
    }
    report(&whole, keys != NULL);
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
