#include "common/token.h"

#include <gnutls/crypto.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "common/claims.h"
#include "common/clock.h"
#include "common/issuer.h"
#include "common/jwks.h"
#include "common/metrics.h"

enum { TOKEN_DIGEST_SIZE = 32, REMEMBERED_MAX = 1024, REMEMBERED_S = 60 };

/* A token that was verified, and until when that is believed. */
struct remembered {
    unsigned char digest[TOKEN_DIGEST_SIZE];
    size_t issuer_index;
    uint64_t generation; /* of the issuer's keys */
    int64_t from_s, until_s;
    struct caller caller;
};

struct token_verifier {
    struct issuers issuers;
    struct jwks **keys; /* of the issuer of that index */
    int64_t (*clock_ms)(void);
    pthread_mutex_t lock;                          /* over `remembered` */
    struct remembered *remembered[REMEMBERED_MAX]; /* by the digest's first bytes */
};

void token_verifier_set_clock(struct token_verifier *verifier, int64_t (*clock_ms)(void))
{
    verifier->clock_ms = clock_ms;
}

void token_verifier_free(struct token_verifier *verifier)
{
    if (verifier == NULL) {
        return;
    }
    for (size_t i = 0; i < REMEMBERED_MAX; i++) {
        free(verifier->remembered[i]);
    }
    for (size_t i = 0; verifier->keys != NULL && i < verifier->issuers.count; i++) {
        jwks_free(verifier->keys[i]);
    }
    free(verifier->keys);
    issuers_done(&verifier->issuers);
    pthread_mutex_destroy(&verifier->lock);
    free(verifier);
}

static void cleanup_verifier(struct token_verifier **verifier)
{
    token_verifier_free(*verifier);
}

bool token_verifier_new(const char *issuers_file, const char *audience,
                        struct token_verifier **ret_verifier, struct problem *err)
{
    CLEANUP(cleanup_verifier) struct token_verifier *verifier = calloc(1, sizeof *verifier);
    if (verifier == NULL) {
        return problem_set(err, PROBLEM_INTERNAL, "no memory to verify tokens");
    }
    verifier->clock_ms = monotonic_ms;
    pthread_mutex_init(&verifier->lock, NULL);
    if (!issuers_read(issuers_file, audience, &verifier->issuers, err)) {
        return false;
    }
    verifier->keys = calloc(verifier->issuers.count, sizeof(struct jwks *));
    if (verifier->keys == NULL) {
        return problem_set(err, PROBLEM_INTERNAL, "no memory to verify tokens");
    }
    for (size_t i = 0; i < verifier->issuers.count; i++) {
        const struct issuer *issuer = &verifier->issuers.items[i];
        if (!jwks_new(issuer->jwks, issuer->ca_file, monotonic_ms(), &verifier->keys[i], err)) {
            return false;
        }
        jwks_set_times(verifier->keys[i], issuer->refresh_s * 1000, issuer->outage_s * 1000);
    }
    *ret_verifier = STEAL(verifier);
    return true;
}

/* The token in an Authorization header: "Bearer", one space, the token's own characters. Two
 * headers arrive joined by a comma, which no token has. */
static const char *header_token(const char *header)
{
    static const char SCHEME[] = "Bearer ";
    if (header == NULL || strncasecmp(header, SCHEME, sizeof SCHEME - 1) != 0) {
        return NULL;
    }
    return header + sizeof SCHEME - 1;
}

static struct remembered **slot_of(struct token_verifier *verifier, const unsigned char *digest)
{
    return &verifier->remembered[(digest[0] << 8 | digest[1]) % REMEMBERED_MAX];
}

/* What was verified less than a minute ago, by keys that still stand. */
static bool token_recall(struct token_verifier *verifier, const unsigned char *digest,
                         int64_t now_s, struct caller *ret_caller)
{
    struct remembered found;
    pthread_mutex_lock(&verifier->lock);
    const struct remembered *slot = *slot_of(verifier, digest);
    bool is_found = slot != NULL && memcmp(slot->digest, digest, TOKEN_DIGEST_SIZE) == 0 &&
                    slot->from_s <= now_s && now_s < slot->until_s;
    if (is_found) {
        found = *slot;
    }
    pthread_mutex_unlock(&verifier->lock);
    if (!is_found || jwks_generation(verifier->keys[found.issuer_index], verifier->clock_ms()) !=
                         found.generation) {
        return false;
    }
    *ret_caller = found.caller;
    return true;
}

/* Whatever stood in the slot is forgotten: the number of slots is the bound. */
static void token_remember(struct token_verifier *verifier, const struct remembered *token)
{
    struct remembered *copy = malloc(sizeof *copy);
    if (copy == NULL) {
        return;
    }
    *copy = *token;
    pthread_mutex_lock(&verifier->lock);
    struct remembered **slot = slot_of(verifier, token->digest);
    struct remembered *old = *slot;
    *slot = copy;
    pthread_mutex_unlock(&verifier->lock);
    free(old);
}

/* The issuer that the token claims to be from: a claim until the signature is verified. */
static bool issuer_pick(const struct token_verifier *verifier, const struct jws *jws,
                        size_t *ret_index, struct problem *err)
{
    const char *name = json_string_value(json_object_get(jws->payload, "iss"));
    const struct issuer *issuer = name != NULL ? issuers_find(&verifier->issuers, name) : NULL;
    if (issuer == NULL) {
        return problem_set(err, PROBLEM_UNAUTHENTICATED, "the token is from an unknown issuer");
    }
    *ret_index = (size_t)(issuer - verifier->issuers.items);
    return true;
}

static bool header_check(const struct jws *jws, const struct issuer *issuer, struct problem *err)
{
    bool is_access_token = strcasecmp(jws->type, "at+jwt") == 0 ||
                           strcasecmp(jws->type, "application/at+jwt") == 0 ||
                           (issuer->is_legacy && strcasecmp(jws->type, "JWT") == 0);
    if (!is_access_token) {
        return problem_set(err, PROBLEM_UNAUTHENTICATED,
                           "the token's type is not at+jwt, so it is no access token");
    }
    if (!issuer_accepts(issuer, jws->algorithm)) {
        return problem_set(err, PROBLEM_UNAUTHENTICATED,
                           "the token's issuer does not sign by this algorithm");
    }
    return true;
}

static void cleanup_jwk(jwk_t **key)
{
    if (*key != NULL) {
        r_jwk_free(*key);
    }
}

static bool token_prove(struct token_verifier *verifier, const char *text, int64_t now_s,
                        struct remembered *token, struct problem *err)
{
    jws_auto_t jws = {0};
    if (!jws_read(text, &jws, err) || !issuer_pick(verifier, &jws, &token->issuer_index, err)) {
        return false;
    }
    const struct issuer *issuer = &verifier->issuers.items[token->issuer_index];
    CLEANUP(cleanup_jwk) jwk_t *key = NULL;
    int64_t expires_s = 0;
    if (!header_check(&jws, issuer, err) ||
        !jwks_find(verifier->keys[token->issuer_index], jws.key_id, jws.algorithm,
                   verifier->clock_ms(), &key, &token->generation, err) ||
        !jws_verify(&jws, key, err) ||
        !claims_check(jws.payload, issuer, now_s, &token->caller, &expires_s, err)) {
        return false;
    }
    token->from_s = now_s;
    token->until_s = expires_s < now_s + REMEMBERED_S ? expires_s : now_s + REMEMBERED_S;
    return true;
}

bool token_verify(struct token_verifier *verifier, const char *authorization_header, int64_t now_s,
                  struct caller *ret_caller, struct problem *err)
{
    const char *text = header_token(authorization_header);
    if (text == NULL) {
        return problem_set(err, PROBLEM_UNAUTHENTICATED,
                           "send an access token: \"Authorization: Bearer <token>\"");
    }
    size_t length = strnlen(text, TOKEN_BYTES_MAX + 1);
    struct remembered token = {0};
    if (length <= TOKEN_BYTES_MAX &&
        gnutls_hash_fast(GNUTLS_DIG_SHA256, text, length, token.digest) == 0 &&
        token_recall(verifier, token.digest, now_s, ret_caller)) {
        return true;
    }
    if (!token_prove(verifier, text, now_s, &token, err)) {
        return false;
    }
    token_remember(verifier, &token);
    *ret_caller = token.caller;
    return true;
}

/* An issuer's name as a label: what would end the text early is left out. */
static void issuer_label(const struct issuer *issuer, char *ret_label, size_t size)
{
    char name[IDENTITY_SIZE];
    size_t length = 0;
    for (const char *at = issuer->name; *at != '\0'; at++) {
        if (*at != '"' && *at != '\\' && (unsigned char)*at >= 0x20) {
            name[length++] = *at;
        }
    }
    name[length] = '\0';
    snprintf(ret_label, size, "issuer=\"%s\"", name);
}

void token_metrics(void *context, FILE *out)
{
    const struct token_verifier *verifier = context;
    metric_describe(out, "accord_issuer_keys", "gauge", "Usable keys known of an issuer.");
    metric_describe(out, "accord_issuer_keys_age_seconds", "gauge",
                    "Since an issuer's keys were last confirmed.");
    metric_describe(out, "accord_issuer_keys_reads_total", "counter", "Reads of an issuer's keys.");
    metric_describe(out, "accord_issuer_keys_failures_total", "counter", "Those that failed.");
    for (size_t i = 0; i < verifier->issuers.count; i++) {
        char label[IDENTITY_SIZE + 16];
        struct jwks_state state;
        issuer_label(&verifier->issuers.items[i], label, sizeof label);
        jwks_observe(verifier->keys[i], verifier->clock_ms(), &state);
        metric_write(out, "accord_issuer_keys", label, (double)state.key_count);
        if (state.is_loaded) {
            metric_write(out, "accord_issuer_keys_age_seconds", label, (double)state.age_ms / 1000);
        }
        metric_write(out, "accord_issuer_keys_reads_total", label, (double)state.reads);
        metric_write(out, "accord_issuer_keys_failures_total", label, (double)state.failures);
    }
}

void token_vouch(const struct token_verifier *verifier, struct caller *caller)
{
    caller->vouched_by = verifier ? issuers_find(&verifier->issuers, caller->issuer) : NULL;
}
