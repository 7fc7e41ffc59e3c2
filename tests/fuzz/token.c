/* A token as it comes in. One line: the Authorization header. Two and more: header and payload,
 * which are then signed as our issuer would, because nobody guesses a signature. And three: a set
 * of keys (JWKS) on the third. Nothing is fetched: the issuer's keys are a file. */
#include "tests/fuzz/fuzz.h"

#include "common/jwk.h"
#include "common/token.h"
#include "tests/unit/common/forge.h"

#define NOW_S INT64_C(1780000000)

static struct forge_key key;
static struct token_verifier *verifier;

static void file_write(const char *folder, const char *name, json_t *content, char ret_path[128])
{
    snprintf(ret_path, 128, "%s/%s", folder, name);
    assert(json_dump_file(content, ret_path, 0) == 0);
    json_decref(content);
}

static void verifier_make(void)
{
    char folder[100], keys[128], issuers[128];
    const char *scratch = getenv("TMPDIR");
    struct problem err = {0};
    key = forge_key_new("k1", "P-256", 0);
    snprintf(folder, sizeof folder, "%s/accord-fuzz-XXXXXX", scratch != NULL ? scratch : "/tmp");
    assert(mkdtemp(folder) != NULL);
    file_write(folder, "keys.json", json_pack("{s:[o]}", "keys", forge_jwk(&key)), keys);
    file_write(folder, "issuers.json",
               json_pack("[{s:s, s:s, s:[s, s], s:s, s:[s], s:{s:s}}]", "issuer",
                         "https://login.zz1.example", "jwks", keys, "algorithms", "ES256", "RS256",
                         "organisationClaim", "organisation", "organisations", "ZZ1", "clients",
                         "zz1-system", "ZZ1"),
               issuers);
    assert(token_verifier_new(issuers, "https://accord.example", &verifier, &err));
}

static bool token_take(const char *header)
{
    struct problem err = {0};
    struct caller caller = {.subject = "untouched"};
    bool is_accepted = token_verify(verifier, header, NOW_S, &caller, &err);
    if (is_accepted) {
        assert(strcmp(caller.issuer, "https://login.zz1.example") == 0);
        assert(caller.organisation[0] == '\0' || strcmp(caller.organisation, "ZZ1") == 0);
        assert(caller.scope_count >= 0 && caller.scope_count <= SCOPES_MAX);
        return true;
    }
    assert(err.code == PROBLEM_UNAUTHENTICATED && strcmp(caller.subject, "untouched") == 0);
    fuzz_refused(&err);
    return false;
}

static void signed_take(const char *header, const char *payload)
{
    if (strlen(header) + strlen(payload) > 4096)
        return;
    char_auto_t *token = forge_token(&key, "ES256", header, payload);
    if (!token_take(token))
        return;
    size_t length = strlen(token);
    token[length - 20] = token[length - 20] == 'A' ? 'B' : 'A';
    assert(!token_take(token)); /* another signature */
}

static void keys_take(const char *text, size_t size)
{
    struct problem err = {0};
    struct jwk_set set = {.count = 0};
    if (!jwk_set_parse(text, size, &set, &err)) {
        fuzz_refused(&err);
        return;
    }
    for (size_t i = 0; i < set.count; i++)
        assert(set.items[i].key != NULL && r_jwk_is_valid(set.items[i].key) == RHN_OK);
    jwk_set_done(&set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (verifier == NULL)
        verifier_make();
    char_auto_t *header = fuzz_line(&data, &size);
    if (size == 0) {
        assert(!token_take(header));
        return 0;
    }
    char_auto_t *payload = fuzz_line(&data, &size);
    signed_take(header, payload);
    if (size > 0) {
        char_auto_t *text = fuzz_text(data, size);
        keys_take(text, size);
    }
    return 0;
}
