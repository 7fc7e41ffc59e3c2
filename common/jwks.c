#include "common/jwks.h"

#include <gnutls/crypto.h>
#include <pthread.h>
#include <string.h>

#include "common/file_stamp.h"
#include "common/jwk.h"
#include "common/jwks_source.h"
#include "common/log.h"

enum { DOCUMENT_DIGEST_SIZE = 32 };

struct jwks {
    char *source;
    char *ca_file;
    bool is_remote;
    int64_t fresh_ms, stale_ms, retry_ms;

    pthread_mutex_t lock; /* over all below; not held while the source is read */
    pthread_cond_t read_ended;
    bool is_reading;
    struct jwk_set set;
    unsigned char digest[DOCUMENT_DIGEST_SIZE]; /* of the document that `set` is from */
    uint64_t generation;
    bool is_loaded;
    int64_t confirmed_ms; /* when the source last said that `set` is right */
    bool has_failed;      /* the last attempt */
    int64_t attempted_ms;
    bool has_searched; /* for an unknown key, at searched_ms */
    int64_t searched_ms;
    struct file_stamp stamp; /* of the file that `set` is from */
    bool is_settled;
    uint64_t reads, failures;
};

/* A document just read, on its way into a struct jwks. */
struct document {
    struct jwk_set set;
    unsigned char digest[DOCUMENT_DIGEST_SIZE];
    struct file_stamp stamp;
    bool is_settled;
};

static bool document_read(const struct jwks *jwks, struct document *ret_document,
                          struct problem *err)
{
    struct document document = {0};
    /* The stamp comes first: a change while reading then shows at the next look. */
    if (!jwks->is_remote && !file_stamp_read(jwks->source, &document.stamp, &document.is_settled)) {
        return problem_set(err, PROBLEM_INTERNAL, "there is no file %s of keys", jwks->source);
    }
    char_auto_t *text = NULL;
    size_t size = 0;
    if (!jwks_source_read(jwks->source, jwks->is_remote, jwks->ca_file, &text, &size, err) ||
        !jwk_set_parse(text, size, &document.set, err)) {
        return false;
    }
    gnutls_hash_fast(GNUTLS_DIG_SHA256, text, size, document.digest);
    *ret_document = document;
    return true;
}

/* Takes the document over. */
static void document_adopt(struct jwks *jwks, struct document *document, int64_t now_ms)
{
    if (!jwks->is_loaded || memcmp(jwks->digest, document->digest, sizeof jwks->digest) != 0) {
        jwk_set_done(&jwks->set);
        jwks->set = document->set;
        memcpy(jwks->digest, document->digest, sizeof jwks->digest);
        jwks->generation++;
    } else {
        jwk_set_done(&document->set);
    }
    jwks->stamp = document->stamp;
    jwks->is_settled = document->is_settled;
    jwks->is_loaded = true;
    jwks->confirmed_ms = now_ms;
}

static bool file_has_changed(struct jwks *jwks, int64_t now_ms)
{
    struct file_stamp stamp;
    bool is_settled = false;
    if (!file_stamp_read(jwks->source, &stamp, &is_settled)) {
        return false; /* gone: like a source that is down */
    }
    if (jwks->is_loaded && jwks->is_settled && memcmp(&stamp, &jwks->stamp, sizeof stamp) == 0) {
        jwks->confirmed_ms = now_ms;
        return false;
    }
    return true;
}

static bool read_is_due(struct jwks *jwks, bool for_unknown_key, int64_t now_ms)
{
    if (!jwks->is_remote) {
        return file_has_changed(jwks, now_ms);
    }
    if (jwks->has_failed && now_ms - jwks->attempted_ms < jwks->retry_ms) {
        return false;
    }
    if (for_unknown_key) {
        return !jwks->has_searched || now_ms - jwks->searched_ms >= jwks->retry_ms;
    }
    return !jwks->is_loaded || now_ms - jwks->confirmed_ms >= jwks->fresh_ms;
}

/* Said once when a source begins to fail and once when it answers again, not at every attempt. */
static void outcome_log(const struct jwks *jwks, bool has_failed, bool had_failed,
                        const struct problem *problem, int64_t now_ms)
{
    if (has_failed && !had_failed && jwks->is_loaded) {
        log_warning("the keys of %s cannot be read (%s); those known hold for another %lld s",
                    jwks->source, problem->detail,
                    (long long)(jwks->confirmed_ms + jwks->stale_ms - now_ms) / 1000);
    } else if (has_failed && !had_failed) {
        log_warning("the keys of %s cannot be read (%s), and none are known", jwks->source,
                    problem->detail);
    } else if (!has_failed && had_failed) {
        log_info("keys come from %s again: %zu", jwks->source, jwks->set.count);
    }
}

/* With the lock held; lets go of it while the source is read. */
static void source_read(struct jwks *jwks, int64_t now_ms)
{
    struct document document;
    struct problem problem = {0};
    jwks->is_reading = true;
    jwks->attempted_ms = now_ms;
    pthread_mutex_unlock(&jwks->lock);
    bool is_read = document_read(jwks, &document, &problem);
    pthread_mutex_lock(&jwks->lock);
    bool had_failed = jwks->has_failed;
    jwks->reads++;
    jwks->has_failed = !is_read;
    if (is_read) {
        document_adopt(jwks, &document, now_ms);
    } else {
        jwks->failures++;
    }
    outcome_log(jwks, !is_read, had_failed, &problem, now_ms);
    jwks->is_reading = false;
    pthread_cond_broadcast(&jwks->read_ended);
}

/* With the lock held. True if the source was read meanwhile, by us or by somebody else. */
static bool keys_refresh(struct jwks *jwks, bool for_unknown_key, int64_t now_ms)
{
    if (jwks->is_reading) {
        bool must_wait = for_unknown_key || !jwks->is_loaded;
        while (must_wait && jwks->is_reading) {
            pthread_cond_wait(&jwks->read_ended, &jwks->lock);
        }
        return must_wait;
    }
    if (!read_is_due(jwks, for_unknown_key, now_ms)) {
        return false;
    }
    if (for_unknown_key) {
        jwks->has_searched = true;
        jwks->searched_ms = now_ms;
    }
    source_read(jwks, now_ms);
    return true;
}

/* With the lock held. */
static void keys_expire(struct jwks *jwks, int64_t now_ms)
{
    if (jwks->is_loaded && now_ms - jwks->confirmed_ms >= jwks->stale_ms) {
        jwk_set_done(&jwks->set);
        jwks->is_loaded = false;
        log_error("the keys of %s are believed no longer: it has not answered properly for %lld s",
                  jwks->source, (long long)jwks->stale_ms / 1000);
        jwks->generation++;
    }
}

/* With the lock held. Looks at what is known, then asks the source: twice, if somebody else was
 * asking when we came, whose answer may be older than the key. */
static const struct jwk_entry *entry_find(struct jwks *jwks, const char *key_id,
                                          const struct jws_algorithm *algorithm, int64_t now_ms)
{
    bool is_fresh = keys_refresh(jwks, false, now_ms);
    keys_expire(jwks, now_ms);
    const struct jwk_entry *entry = jwk_set_find(&jwks->set, key_id, algorithm);
    for (int i = 0; i < 2 && entry == NULL && !is_fresh; i++) {
        bool was_reading = jwks->is_reading;
        is_fresh = !keys_refresh(jwks, true, now_ms) || !was_reading;
        entry = jwk_set_find(&jwks->set, key_id, algorithm);
    }
    return entry;
}

bool jwks_find(struct jwks *jwks, const char *key_id, const struct jws_algorithm *algorithm,
               int64_t now_ms, jwk_t **ret_key, uint64_t *ret_generation, struct problem *err)
{
    pthread_mutex_lock(&jwks->lock);
    const struct jwk_entry *entry = entry_find(jwks, key_id, algorithm, now_ms);
    bool is_loaded = jwks->is_loaded;
    jwk_t *key = entry != NULL ? r_jwk_copy(entry->key) : NULL;
    uint64_t generation = jwks->generation;
    pthread_mutex_unlock(&jwks->lock);
    if (key == NULL && !is_loaded) {
        return problem_set(err, PROBLEM_UNAVAILABLE,
                           "the keys of the token's issuer cannot be had now");
    }
    if (key == NULL) {
        return problem_set(err, PROBLEM_UNAUTHENTICATED,
                           "the token is signed by a key that its issuer does not publish");
    }
    *ret_key = key;
    *ret_generation = generation;
    return true;
}

uint64_t jwks_generation(struct jwks *jwks, int64_t now_ms)
{
    pthread_mutex_lock(&jwks->lock);
    keys_refresh(jwks, false, now_ms);
    keys_expire(jwks, now_ms);
    uint64_t generation = jwks->generation;
    pthread_mutex_unlock(&jwks->lock);
    return generation;
}

void jwks_observe(struct jwks *jwks, int64_t now_ms, struct jwks_state *ret_state)
{
    pthread_mutex_lock(&jwks->lock);
    *ret_state = (struct jwks_state){.reads = jwks->reads,
                                     .failures = jwks->failures,
                                     .is_loaded = jwks->is_loaded,
                                     .age_ms = now_ms - jwks->confirmed_ms,
                                     .key_count = jwks->set.count};
    pthread_mutex_unlock(&jwks->lock);
}

void jwks_set_times(struct jwks *jwks, int64_t fresh_ms, int64_t stale_ms)
{
    jwks->fresh_ms = fresh_ms;
    jwks->stale_ms = stale_ms;
    jwks->retry_ms = fresh_ms < JWKS_RETRY_MS ? fresh_ms : JWKS_RETRY_MS;
}

void jwks_free(struct jwks *jwks)
{
    if (jwks == NULL) {
        return;
    }
    jwk_set_done(&jwks->set);
    pthread_cond_destroy(&jwks->read_ended);
    pthread_mutex_destroy(&jwks->lock);
    free(jwks->source);
    free(jwks->ca_file);
    free(jwks);
}

bool jwks_new(const char *source, const char *ca_file, int64_t now_ms, struct jwks **ret_jwks,
              struct problem *err)
{
    bool is_remote = false;
    if (!jwks_source_check(source, &is_remote, err)) {
        return false;
    }
    struct jwks *jwks = calloc(1, sizeof *jwks);
    if (jwks == NULL) {
        return problem_set(err, PROBLEM_INTERNAL, "no memory for the keys of %s", source);
    }
    jwks->is_remote = is_remote;
    jwks_set_times(jwks, JWKS_FRESH_MS, JWKS_STALE_MS);
    pthread_mutex_init(&jwks->lock, NULL);
    pthread_cond_init(&jwks->read_ended, NULL);
    jwks->source = strdup(source);
    jwks->ca_file = strdup(ca_file);
    struct document document;
    bool is_usable = jwks->source != NULL && jwks->ca_file != NULL;
    if (is_usable && !is_remote) {
        is_usable = document_read(jwks, &document, err);
        if (is_usable) {
            document_adopt(jwks, &document, now_ms);
        }
    }
    if (!is_usable) {
        jwks_free(jwks);
        return false;
    }
    *ret_jwks = jwks;
    return true;
}
