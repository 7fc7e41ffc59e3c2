#include "common/export.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/json.h"

enum {
    LINE_BYTES_MAX = 1024 * 1024,
    EVENT_MEMBERS = 14, /* of a CloudEvent with its proof */
    PROOF_MEMBERS = 4,  /* sequence, class, digest, hash */
};

/* --- one event -------------------------------------------------------------------------------- */

static bool bad(const struct journal_export *so_far, struct problem *err, const char *what)
{
    return problem_set(err, PROBLEM_BODY_INVALID, "event %" PRId64 " (line %" PRId64 ") %s",
                       so_far->sequence + 1, so_far->line, what);
}

static bool is_same(const json_t *item, const json_t *envelope, const char *shown, const char *name)
{
    return json_equal(json_object_get(item, shown), json_object_get(envelope, name)) == 1;
}

/* A text member is exactly this. */
static bool says(const json_t *item, const char *name, const char *text)
{
    const char *said = json_text(item, name);
    return said != NULL && strcmp(said, text) == 0;
}

/* What is shown beside the proven text says the same, and nothing else is shown. */
static bool members_check(const struct journal_export *so_far, const json_t *item, const char *body,
                          struct problem *err)
{
    char id[160], source[160];
    struct problem fault = {0};
    json_auto_t *envelope = NULL;
    const struct journal_head *head = &so_far->head;
    snprintf(id, sizeof id, "%s/%s/%" PRId64, head->service, head->alliance_id,
             so_far->sequence + 1);
    snprintf(source, sizeof source, "/v1/alliances/%s/journals/%s", head->alliance_id,
             head->service);
    if (!json_parse(body, strlen(body), &envelope, &fault))
        return bad(so_far, err, "has a body that is not JSON");
    if (!is_same(item, envelope, "type", "type") ||
        !is_same(item, envelope, "subject", "subject") ||
        !is_same(item, envelope, "data", "data") ||
        !is_same(item, envelope, "time", "occurredAt") || !says(item, "specversion", "1.0") ||
        !says(item, "id", id) || !says(item, "source", source) ||
        !says(item, "datacontenttype", "application/json") ||
        json_object_size(item) != EVENT_MEMBERS)
        return bad(so_far, err, "shows something else than its body says");
    return true;
}

static bool digest_check(struct journal_export *so_far, const json_t *item,
                         const struct hash *digest, struct problem *err)
{
    const char *class = json_text(item, "class"), *body = json_text(item, "body");
    struct hash salt;
    bool is_restricted = class != NULL && strcmp(class, "restricted") == 0;
    bool is_erased = class != NULL && strcmp(class, "erased") == 0;
    if (body == NULL && (is_restricted || is_erased)) {
        if (json_object_size(item) != PROOF_MEMBERS)
            return bad(so_far, err, "shows something, but not its body");
        so_far->restricted += is_restricted;
        so_far->erased += is_erased;
        return true;
    }
    if (class == NULL || body == NULL || is_erased ||
        (!is_restricted && strcmp(class, "open") != 0))
        return bad(so_far, err, "has no body, and is neither restricted nor erased");
    if (!hash_parse(json_text(item, "salt"), &salt))
        return bad(so_far, err, "has no salt");
    size_t size = json_string_length(json_object_get(item, "body"));
    struct hash own = chain_digest(is_restricted, &salt, body, size);
    if (!hash_is_equal(&own, digest))
        return bad(so_far, err, "was changed: class, salt and body do not have its digest");
    return members_check(so_far, item, body, err);
}

static bool event_check(struct journal_export *so_far, const json_t *item, struct problem *err)
{
    struct hash digest, given;
    int64_t sequence = json_integer_or(item, "sequence", -1);
    if (sequence != so_far->sequence + 1)
        return bad(so_far, err,
                   sequence <= so_far->sequence ? "is followed by an earlier one" : "is missing");
    if (!hash_parse(json_text(item, "digest"), &digest))
        return bad(so_far, err, "has no digest");
    if (!digest_check(so_far, item, &digest, err))
        return false;
    struct hash own = chain_hash(&so_far->hash, sequence, &digest);
    if (!hash_parse(json_text(item, "hash"), &given) || !hash_is_equal(&own, &given))
        return bad(so_far, err, "does not continue the chain");
    if (sequence == so_far->head.sequence && !hash_is_equal(&own, &so_far->head.hash))
        return bad(so_far, err,
                   "has another hash than the kept head: it or an earlier one is not "
                   "the one that was signed");
    so_far->sequence = sequence;
    so_far->hash = own;
    return true;
}

/* --- the file --------------------------------------------------------------------------------- */

bool export_check(FILE *file, const struct journal_head *head, struct journal_export *ret_export,
                  struct problem *err)
{
    char_auto_t *line = NULL;
    size_t room = 0;
    ssize_t size;
    struct journal_export *so_far = ret_export;
    *so_far = (struct journal_export){.head = *head};
    so_far->hash = chain_genesis(head->service, head->alliance_id);
    while ((size = getline(&line, &room, file)) >= 0) {
        json_auto_t *item = NULL;
        struct problem fault = {0};
        so_far->line++;
        while (size > 0 && (line[size - 1] == '\n' || line[size - 1] == '\r'))
            size--;
        if (size == 0)
            continue;
        if (size > LINE_BYTES_MAX || !json_parse(line, (size_t)size, &item, &fault) ||
            !json_is_object(item))
            return bad(so_far, err, "is not a line of JSON");
        if (!event_check(so_far, item, err))
            return false;
    }
    if (ferror(file))
        return problem_set(err, PROBLEM_INTERNAL, "the export cannot be read: %s", strerror(errno));
    if (so_far->sequence < so_far->head.sequence)
        return problem_set(err, PROBLEM_BODY_INVALID,
                           "the export ends with event %" PRId64 ", but the head is event %" PRId64
                           ": event %" PRId64 " is missing",
                           so_far->sequence, so_far->head.sequence, so_far->sequence + 1);
    return true;
}
