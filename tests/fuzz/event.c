/* A journal as others read it: a page of events (a consumer), an export (accord-verify), a signed
 * head. Digests and hashes are put right here, as nobody guesses them; then what they prove is
 * read. */
#include "tests/fuzz/fuzz.h"

#include "common/consumer_private.h"
#include "common/export.h"

static const char SERVICE[] = "ledger", ALLIANCE[] = "0192f0c4-0000-7000-8000-00000000000a";

static void put_hash(json_t *item, const char *name, const struct hash *hash)
{
    char text[2 * HASH_BYTES + 1];
    hash_format(hash, text);
    json_put_text(item, name, text);
}

/* Gives an event the digest and hash that its class, salt, body and number make. */
static void item_prove(json_t *item, struct hash *chain)
{
    struct hash salt = {{0}}, digest = {{0}};
    const char *class = json_text(item, "class"), *body = json_text(item, "body");
    if (class == NULL)
        return;
    put_hash(item, "salt", &salt);
    if (body == NULL)
        json_object_del(item, "salt");
    else
        digest = chain_digest(strcmp(class, "restricted") == 0, &salt, body, strlen(body));
    *chain = chain_hash(chain, json_integer_or(item, "sequence", 0), &digest);
    put_hash(item, "digest", &digest);
    put_hash(item, "hash", chain);
}

static void page_read(const json_t *events)
{
    struct hash chain = chain_genesis(SERVICE, ALLIANCE);
    struct problem err = {0};
    struct page_event event;
    for (size_t i = 0; i < json_array_size(events); i++) {
        struct hash proven = chain;
        int64_t before = (int64_t)i;
        if (!page_event_read(events, i, before, &proven, &event, &err)) {
            assert(err.code == PROBLEM_UPSTREAM);
            return;
        }
        assert(event.sequence == before + 1);
        chain = event.hash;
        int match =
            event_type_match("ledger.period.closed.v2", event.body == NULL ? "" : event.body);
        assert(match >= -1 && match <= 1);
    }
}

static void export_read(const json_t *events, const struct hash *end)
{
    struct problem err = {0};
    struct journal_export result;
    struct journal_head head = {.sequence = (int64_t)json_array_size(events), .hash = *end};
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    assert(file != NULL);
    snprintf(head.service, sizeof head.service, "%s", SERVICE);
    snprintf(head.alliance_id, sizeof head.alliance_id, "%s", ALLIANCE);
    for (size_t i = 0; i < json_array_size(events); i++) {
        json_dumpf(json_array_get(events, i), file, JSON_COMPACT | JSON_ENCODE_ANY);
        fputc('\n', file);
    }
    fclose(file);
    file = size == 0 ? NULL : fmemopen(text, size, "r");
    if (file != NULL) {
        if (!export_check(file, &head, &result, &err))
            fuzz_refused(&err);
        else
            assert(result.sequence == head.sequence);
        fclose(file);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct problem err = {0}, fault = {0};
    struct journal_head head;
    json_auto_t *events = NULL;
    char_auto_t *text = fuzz_text(data, size);
    if (journal_head_read(NULL, text, &head, &fault))
        assert(head.sequence >= 0);
    if (!json_parse(text, size, &events, &err))
        return 0;
    page_read(events);
    struct hash chain = chain_genesis(SERVICE, ALLIANCE);
    for (size_t i = 0; i < json_array_size(events); i++)
        item_prove(json_array_get(events, i), &chain);
    page_read(events);
    export_read(events, &chain);
    return 0;
}
