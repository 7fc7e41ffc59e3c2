/* Service tokens and journal heads: what we mint is believed by whom it is for, and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "common/ids.h"
#include "common/seen.h"
#include "common/sign.h"
#include "tests/unit/common/cluster_keys.h"

static const char ALLIANCE[] = "018f0000-0000-7000-8000-00000000000a";

static struct cluster_keys cluster;
static const struct forge_key *ledger_key, *risk_key;
static struct signer *ledger, *risk;

static void open_signer(const char *service, struct signer **ret_signer)
{
    struct problem err = {0};
    if (!signer_new(service, cluster.folder, ret_signer, &err))
        fail_msg("%s", err.detail);
}

static int make_cluster(void **state)
{
    (void)state;
    cluster_keys_make(&cluster);
    ledger_key = cluster_key(&cluster, "ledger", 1);
    risk_key = cluster_key(&cluster, "risk", 1);
    cluster_publish(&cluster);
    open_signer("ledger", &ledger);
    open_signer("risk", &risk);
    return 0;
}

static int remove_cluster(void **state)
{
    (void)state;
    signer_free(ledger);
    signer_free(risk);
    cluster_keys_done(&cluster);
    return 0;
}

static int64_t now_s(void)
{
    return (int64_t)time(NULL);
}

/* A reply, as the others are: a question's token is believed once only. */
static const char TEXT[] = "{\"answer\":{}}";
static const char QUESTION_ID[] = "018f0000-0000-7000-8000-00000000000c";

static struct message reply_to(const char *audience)
{
    return (struct message){
        .text = TEXT, .size = strlen(TEXT), .audience = audience, .in_reply_to = QUESTION_ID};
}

static bool reply_sign(struct signer *signer, const char *audience,
                       char ret_token[SERVICE_TOKEN_SIZE], struct problem *err)
{
    char id[UUID_SIZE];
    struct message message = reply_to(audience);
    return signer_sign_message(signer, &message, now_s(), id, ret_token, err);
}

static bool reply_check(struct signer *signer, const char *token, const char *expected, int64_t now,
                        char ret_from[CODE_SIZE], struct problem *err)
{
    char id[UUID_SIZE];
    struct message message = reply_to(NULL);
    return signer_check_message(signer, token, expected, &message, now, ret_from, id, err);
}

/* --- tokens --------------------------------------------------------------------------------------
 */

static void a_token_is_believed_by_whom_it_is_for(void **state)
{
    (void)state;
    struct problem err = {0};
    char token[SERVICE_TOKEN_SIZE], from[CODE_SIZE];
    assert_true(reply_sign(ledger, "risk", token, &err));
    assert_true(reply_check(risk, token, NULL, now_s(), from, &err));
    assert_string_equal(from, "ledger");
    assert_true(reply_check(risk, token, "ledger", now_s(), from, &err));
    assert_false(reply_check(risk, token, "kpi", now_s(), from, &err));
    assert_int_equal(err.code, PROBLEM_UNAUTHENTICATED);
    assert_false(reply_check(ledger, token, NULL, now_s(), from, &err));
}

static void a_token_is_good_for_ten_seconds(void **state)
{
    (void)state;
    struct problem err = {0};
    char token[SERVICE_TOKEN_SIZE], from[CODE_SIZE];
    assert_true(reply_sign(ledger, "risk", token, &err));
    assert_false(reply_check(risk, token, NULL, now_s() + 16, from, &err));
    assert_false(reply_check(risk, token, NULL, now_s() - 10, from, &err));
    assert_true(reply_check(risk, token, NULL, now_s() + 9, from, &err));
}

static void a_token_is_of_one_message(void **state)
{
    (void)state;
    struct problem err = {0};
    char token[SERVICE_TOKEN_SIZE], from[CODE_SIZE], id[UUID_SIZE];
    struct message said = {
        .text = TEXT, .size = strlen(TEXT), .audience = "risk", .address = "tcp://127.0.0.1:1"};
    assert_true(signer_sign_message(ledger, &said, now_s(), id, token, &err));
    struct message other = said;
    other.size--;
    assert_false(signer_check_message(risk, token, NULL, &other, now_s(), from, id, &err));
    assert_non_null(strstr(err.detail, "another message"));
    other = said;
    other.address = "tcp://127.0.0.1:2";
    assert_false(signer_check_message(risk, token, NULL, &other, now_s(), from, id, &err));
    assert_non_null(strstr(err.detail, "another instance"));
    other = said;
    other.in_reply_to = QUESTION_ID;
    assert_false(signer_check_message(risk, token, NULL, &other, now_s(), from, id, &err));
    assert_non_null(strstr(err.detail, "something else"));
    /* None of that has used it up; this does. */
    assert_true(signer_check_message(risk, token, NULL, &said, now_s(), from, id, &err));
    assert_false(signer_check_message(risk, token, NULL, &said, now_s(), from, id, &err));
    assert_int_equal(err.code, PROBLEM_UNAUTHENTICATED);
    assert_non_null(strstr(err.detail, "asked before"));
}

static void what_was_seen_is_remembered_long_enough(void **state)
{
    (void)state;
    struct seen *seen = seen_new(20, 3);
    char ids[5][UUID_SIZE];
    for (size_t i = 0; i < ARRAY_LENGTH(ids); i++)
        uuid_new(1, ids[i]);
    assert_int_equal(seen_take(seen, ids[0], 1000), SEEN_FIRST);
    assert_int_equal(seen_take(seen, ids[1], 1019), SEEN_FIRST);
    assert_int_equal(seen_take(seen, ids[0], 1019), SEEN_AGAIN);
    assert_int_equal(seen_take(seen, ids[1], 1039), SEEN_AGAIN);
    /* A clock that goes back forgets nothing. */
    assert_int_equal(seen_take(seen, ids[1], 900), SEEN_AGAIN);
    assert_int_equal(seen_take(seen, ids[1], 1060), SEEN_FIRST);
    /* What can't be remembered is not believed. */
    assert_int_equal(seen_take(seen, ids[2], 1060), SEEN_FIRST);
    assert_int_equal(seen_take(seen, ids[3], 1061), SEEN_FIRST);
    assert_int_equal(seen_take(seen, ids[4], 1062), SEEN_FULL);
    assert_int_equal(seen_take(seen, ids[3], 1062), SEEN_AGAIN);
    assert_int_equal(seen_take(seen, ids[4], 1080), SEEN_FIRST);
    seen_free(seen);
}

/* What is remembered grows with what there is to remember, and nothing is lost by that. */
static void many_that_were_seen_are_all_remembered(void **state)
{
    enum { MANY = 5000 };
    static char ids[MANY + 1][UUID_SIZE];
    (void)state;
    struct seen *seen = seen_new(20, MANY);
    for (size_t i = 0; i <= MANY; i++)
        uuid_new(1, ids[i]);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(seen_take(seen, ids[i], 1000), SEEN_FIRST);
    assert_int_equal(seen_take(seen, ids[MANY], 1000), SEEN_FULL);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(seen_take(seen, ids[i], i % 2 == 0 ? 1019 : 1039), SEEN_AGAIN);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(seen_take(seen, ids[i], 1060), SEEN_FIRST);
    seen_free(seen);
}

/* The claims that tie a token to the reply. */
static const char *of_the_reply(void)
{
    static char claims[300];
    char digest[DIGEST_SIZE];
    digest_of_bytes(TEXT, strlen(TEXT), digest);
    snprintf(claims, sizeof claims, "\"jti\":\"%s\",\"digest\":\"%s\",\"inReplyTo\":\"%s\"",
             ALLIANCE, digest, QUESTION_ID);
    return claims;
}

/* A token as somebody with that key would make it. */
static bool forged_is_believed(const struct forge_key *key, const char *header, const char *issuer,
                               const char *audience, int64_t issued_s, int64_t expires_s)
{
    struct problem err = {0};
    char payload[512], from[CODE_SIZE];
    snprintf(payload, sizeof payload,
             "{\"iss\":\"%s\",\"aud\":\"%s\",\"iat\":%lld,\"exp\":%lld,%s}", issuer, audience,
             (long long)issued_s, (long long)expires_s, of_the_reply());
    char_auto_t *token = forge_token(key, "ES256", header, payload);
    return reply_check(risk, token + strlen("Bearer "), NULL, now_s(), from, &err);
}

static void only_tokens_of_the_cluster_count(void **state)
{
    (void)state;
    static const char header[] = "{\"alg\":\"ES256\",\"kid\":\"ledger-1\",\"typ\":\"JWT\"}";
    int64_t now = now_s();
    assert_true(forged_is_believed(ledger_key, header, "ledger", "risk", now, now + 10));
    assert_false(forged_is_believed(ledger_key, header, "ledger", "risk", now, now + 11));
    assert_false(forged_is_believed(ledger_key, header, "ledger", "ledger", now, now + 10));
    assert_false(forged_is_believed(ledger_key, header, "ledger", "risk2", now, now + 10));
    assert_false(forged_is_believed(ledger_key, header, "ledger", "risk", now + 6, now + 10));
    assert_false(forged_is_believed(ledger_key, header, "ledger", "risk", now - 10, now - 5));
    /* another service's name, key or kid */
    assert_false(forged_is_believed(ledger_key, header, "kpi", "risk", now, now + 10));
    assert_false(forged_is_believed(risk_key, header, "ledger", "risk", now, now + 10));
    static const char risks[] = "{\"alg\":\"ES256\",\"kid\":\"risk-1\",\"typ\":\"JWT\"}";
    assert_false(forged_is_believed(risk_key, risks, "ledger", "risk", now, now + 10));
    static const char unknown[] = "{\"alg\":\"ES256\",\"kid\":\"ledger-9\",\"typ\":\"JWT\"}";
    assert_false(forged_is_believed(ledger_key, unknown, "ledger", "risk", now, now + 10));
    /* another type */
    static const char access[] = "{\"alg\":\"ES256\",\"kid\":\"ledger-1\",\"typ\":\"at+jwt\"}";
    assert_false(forged_is_believed(ledger_key, access, "ledger", "risk", now, now + 10));
    static const char untyped[] = "{\"alg\":\"ES256\",\"kid\":\"ledger-1\"}";
    assert_false(forged_is_believed(ledger_key, untyped, "ledger", "risk", now, now + 10));
}

static void a_key_in_the_token_is_not_a_key(void **state)
{
    (void)state;
    struct forge_key attacker = forge_key_new("ledger-1", "P-256", 0);
    char_auto_t *jwk = NULL;
    json_auto_t *public = forge_jwk(&attacker);
    jwk = json_dumps(public, JSON_COMPACT);
    char header[1024];
    snprintf(header, sizeof header,
             "{\"alg\":\"ES256\",\"kid\":\"ledger-1\",\"typ\":\"JWT\",\"jwk\":%s}", jwk);
    int64_t now = now_s();
    assert_false(forged_is_believed(&attacker, header, "ledger", "risk", now, now + 10));
    gnutls_privkey_deinit(attacker.private);
}

static void claims_of_the_wrong_kind_are_refused(void **state)
{
    (void)state;
    static const char header[] = "{\"alg\":\"ES256\",\"kid\":\"ledger-1\",\"typ\":\"JWT\"}";
    static const char *const payloads[] = {
        "",
        "\"iss\":\"ledger\",\"aud\":\"risk\",",
        "\"iss\":\"ledger\",\"aud\":[\"risk\"],\"iat\":%lld,\"exp\":%lld,",
        "\"iss\":[\"ledger\"],\"aud\":\"risk\",\"iat\":%lld,\"exp\":%lld,",
        "\"iss\":\"ledger\",\"aud\":\"risk\",\"iat\":\"%lld\",\"exp\":%lld,",
        "\"iss\":\"ledger\",\"aud\":\"risk\",\"iat\":%lld,\"exp\":%lld.0,",
        "\"aud\":\"risk\",\"iat\":%lld,\"exp\":%lld,",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(payloads); i++) {
        struct problem err = {0};
        char claims[200], payload[512], from[CODE_SIZE];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(claims, sizeof claims, payloads[i], (long long)now_s(), (long long)now_s() + 10);
#pragma GCC diagnostic pop
        snprintf(payload, sizeof payload, "{%s%s}", claims, of_the_reply());
        char_auto_t *token = forge_token(ledger_key, "ES256", header, payload);
        if (reply_check(risk, token + strlen("Bearer "), NULL, now_s(), from, &err))
            fail_msg("believed: %s", payload);
    }
    struct problem err = {0};
    char from[CODE_SIZE];
    assert_false(reply_check(risk, NULL, NULL, now_s(), from, &err));
    assert_false(reply_check(risk, "", NULL, now_s(), from, &err));
}

static void a_new_key_is_found_without_a_restart(void **state)
{
    (void)state;
    struct problem err = {0};
    char token[SERVICE_TOKEN_SIZE], from[CODE_SIZE];
    struct signer *renewed = NULL;
    cluster_key(&cluster, "ledger", 2);
    cluster_publish(&cluster);
    open_signer("ledger", &renewed);
    assert_true(reply_sign(renewed, "risk", token, &err));
    /* The file is looked at once a second at most. */
    int64_t deadline_s = now_s() + 5;
    bool is_believed = false;
    while (!is_believed && now_s() < deadline_s)
        is_believed = reply_check(risk, token, NULL, now_s(), from, &err);
    assert_true(is_believed);
    /* What the old key signs still counts. */
    assert_true(reply_sign(ledger, "risk", token, &err));
    assert_true(reply_check(risk, token, NULL, now_s(), from, &err));
    signer_free(renewed);
}

/* Says in cluster.jwks when a key signs no more. */
static void retire(const char *kid, int64_t when_s)
{
    char path[256];
    size_t index;
    json_t *key;
    snprintf(path, sizeof path, "%s/cluster.jwks", cluster.folder);
    json_auto_t *jwks = json_load_file(path, 0, NULL);
    json_array_foreach(json_object_get(jwks, "keys"), index, key)
    {
        if (strcmp(json_string_value(json_object_get(key, "kid")), kid) == 0)
            json_object_set_new(key, "exp", json_integer(when_s));
    }
    assert_int_equal(json_dump_file(jwks, path, 0), 0);
}

static void a_key_changes_while_its_service_runs(void **state)
{
    (void)state;
    struct problem err = {0};
    char token[SERVICE_TOKEN_SIZE], from[CODE_SIZE];
    struct signer *running = NULL;
    char_auto_t *head_text = NULL;
    struct journal_head head = {.service = "kpi", .sequence = 1, .signed_at_s = now_s() - 60};
    bool has_changed;
    snprintf(head.alliance_id, sizeof head.alliance_id, "018f0000-0000-7000-8000-00000000000a");
    cluster_key(&cluster, "kpi", 1);
    cluster_publish(&cluster);
    open_signer("kpi", &running);
    assert_true(signer_sign_head(running, &head, &head_text, &err));
    assert_true(reply_sign(running, "risk", token, &err));
    /* Its file changes before the public half is published: said once, and the old one goes on. */
    cluster_key(&cluster, "kpi", 2);
    assert_false(signer_refresh(running, &has_changed, &err));
    assert_non_null(strstr(err.detail, "its public half is not in"));
    assert_true(signer_refresh(running, &has_changed, &err));
    assert_false(has_changed);
    cluster_publish(&cluster);
    assert_true(signer_refresh(running, &has_changed, &err));
    assert_true(has_changed);
    assert_true(signer_refresh(running, &has_changed, &err));
    assert_false(has_changed);
    /* Whoever has got hold of the old one: heads of then are proven, nothing of now is. */
    retire("kpi-1", now_s() - 30);
    key_set_refresh(signer_keys(risk), true);
    struct journal_head read;
    assert_true(journal_head_read(signer_keys(risk), head_text, &read, &err));
    assert_false(reply_check(risk, token, NULL, now_s(), from, &err));
    assert_non_null(strstr(err.detail, "kpi-1 signed nothing at that time"));
    assert_true(reply_sign(running, "risk", token, &err));
    assert_true(reply_check(risk, token, NULL, now_s(), from, &err));
    signer_free(running);
    retire("kpi-2", now_s() - 1);
    assert_false(signer_new("kpi", cluster.folder, &running, &err));
    assert_non_null(strstr(err.detail, "is kpi-2, which is retired"));
}

/* --- keys ------------------------------------------------------------------------------------- */

static void refuse(const char *service, const char *words)
{
    struct problem err = {0};
    struct signer *signer = NULL;
    assert_false(signer_new(service, cluster.folder, &signer, &err));
    if (strstr(err.detail, words) == NULL)
        fail_msg("'%s' instead of '... %s ...'", err.detail, words);
}

static void remove_file(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", cluster.folder, name);
    assert_int_equal(unlink(path), 0);
}

static void a_key_must_be_ours_and_private(void **state)
{
    (void)state;
    refuse("kpi", "cannot be read");
    struct forge_key unpublished = forge_key_new("kpi-1", "P-256", 0);
    cluster_pem(&cluster, "kpi.pem", 0600, &unpublished);
    refuse("kpi", "is not in");
    cluster_pem(&cluster, "kpi.pem", 0600, risk_key);
    refuse("kpi", "is published as risk-1");
    cluster_pem(&cluster, "kpi.pem", 0644, risk_key);
    refuse("kpi", "others may read");
    struct forge_key longer = forge_key_new("kpi-1", "P-384", 0);
    cluster_pem(&cluster, "kpi.pem", 0600, &longer);
    refuse("kpi", "is not an EC key on P-256");
    cluster_file(&cluster, "kpi.pem", 0600, "nothing", 7);
    refuse("kpi", "is not an EC key on P-256");
    remove_file("kpi.pem");
    gnutls_privkey_deinit(unpublished.private);
    gnutls_privkey_deinit(longer.private);
}

static void secrets_differ_by_purpose_and_key(void **state)
{
    (void)state;
    unsigned char first[32], again[32], other[32], risks[32];
    signer_derive(ledger, "cursors", first);
    signer_derive(ledger, "cursors", again);
    signer_derive(ledger, "something else", other);
    signer_derive(risk, "cursors", risks);
    assert_memory_equal(first, again, sizeof first);
    assert_memory_not_equal(first, other, sizeof first);
    assert_memory_not_equal(first, risks, sizeof first);
}

/* --- heads ------------------------------------------------------------------------------------ */

static struct journal_head some_head(void)
{
    struct journal_head head = {.service = "ledger", .sequence = 57, .signed_at_s = 1790000000};
    snprintf(head.alliance_id, sizeof head.alliance_id, "%s", ALLIANCE);
    memset(head.hash.bytes, 7, sizeof head.hash.bytes);
    return head;
}

static void a_signed_head_says_what_it_was_told(void **state)
{
    (void)state;
    struct problem err = {0};
    struct journal_head head = some_head(), read = {.sequence = 0};
    char_auto_t *jws = NULL;
    assert_true(signer_sign_head(ledger, &head, &jws, &err));
    assert_true(journal_head_read(signer_keys(risk), jws, &read, &err));
    assert_string_equal(read.service, "ledger");
    assert_string_equal(read.alliance_id, ALLIANCE);
    assert_int_equal(read.sequence, 57);
    assert_int_equal(read.signed_at_s, 1790000000);
    assert_true(hash_is_equal(&read.hash, &head.hash));
}

static void a_head_stands_by_its_signature(void **state)
{
    (void)state;
    struct problem err = {0};
    struct journal_head head = some_head(), read;
    char_auto_t *jws = NULL, *others = NULL;
    assert_true(signer_sign_head(ledger, &head, &jws, &err));
    char *middle = strchr(jws, '.') + 5;
    *middle = *middle == 'A' ? 'B' : 'A';
    assert_false(journal_head_read(signer_keys(risk), jws, &read, &err));
    /* risk signs a head of the ledger's journal */
    assert_true(signer_sign_head(risk, &head, &others, &err));
    assert_false(journal_head_read(signer_keys(risk), others, &read, &err));
    assert_true(journal_head_read(NULL, others, &read, &err));
}

static void a_service_token_is_no_head(void **state)
{
    (void)state;
    struct problem err = {0};
    struct journal_head head = some_head(), read;
    char token[SERVICE_TOKEN_SIZE], from[CODE_SIZE];
    char_auto_t *jws = NULL;
    assert_true(reply_sign(ledger, "risk", token, &err));
    assert_false(journal_head_read(signer_keys(risk), token, &read, &err));
    assert_true(signer_sign_head(ledger, &head, &jws, &err));
    assert_false(reply_check(risk, jws, NULL, now_s(), from, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_believed_by_whom_it_is_for),
        cmocka_unit_test(a_token_is_good_for_ten_seconds),
        cmocka_unit_test(a_token_is_of_one_message),
        cmocka_unit_test(what_was_seen_is_remembered_long_enough),
        cmocka_unit_test(many_that_were_seen_are_all_remembered),
        cmocka_unit_test(only_tokens_of_the_cluster_count),
        cmocka_unit_test(a_key_in_the_token_is_not_a_key),
        cmocka_unit_test(claims_of_the_wrong_kind_are_refused),
        cmocka_unit_test(a_key_must_be_ours_and_private),
        cmocka_unit_test(secrets_differ_by_purpose_and_key),
        cmocka_unit_test(a_signed_head_says_what_it_was_told),
        cmocka_unit_test(a_head_stands_by_its_signature),
        cmocka_unit_test(a_service_token_is_no_head),
        cmocka_unit_test(a_new_key_is_found_without_a_restart),
        cmocka_unit_test(a_key_changes_while_its_service_runs),
    };
    return cmocka_run_group_tests(tests, make_cluster, remove_cluster);
}
