#include "common/standing.h"

#include <pthread.h>
#include <string.h>

#include "common/instant.h"
#include "common/issuer.h"
#include "common/json.h"
#include "common/memory.h"
#include "common/queries.h"

static enum partner_status status_of(const char *name)
{
    static const struct {
        const char *name;
        enum partner_status status;
    } STATUSES[] = {{"proposed", PARTNER_PROPOSED},
                    {"active", PARTNER_ACTIVE},
                    {"suspended", PARTNER_SUSPENDED},
                    {"left", PARTNER_LEFT},
                    {"excluded", PARTNER_EXCLUDED}};
    for (size_t i = 0; i < ARRAY_LENGTH(STATUSES); i++)
        if (strcmp(STATUSES[i].name, name) == 0)
            return STATUSES[i].status;
    return PARTNER_LAPSED;
}

static void read_partner(const struct db_rows *rows, int row, struct standing *standing)
{
    enum partner_status status = status_of(row_text(rows, row, "partner_status"));
    /* A person of two partners, by a token of none: the active one counts. */
    if (standing->has_partner &&
        (standing->partner_status == PARTNER_ACTIVE || status != PARTNER_ACTIVE))
        return;
    standing->has_partner = true;
    standing->partner_status = status;
    standing->is_voting = row_bool(rows, row, "is_voting");
    standing->is_founder = row_bool(rows, row, "is_founder");
    standing->is_commissioner = strcmp(row_text(rows, row, "partner_role"), "commissioner") == 0;
    standing->left_on = row_day(rows, row, "left_on");
    row_copy(rows, row, "organisation", standing->organisation, sizeof standing->organisation);
}

/* Until when what was read holds: an appointment begins or ends. */
static void narrow(int64_t at_ms, int64_t now_ms, int64_t *until_ms)
{
    if (at_ms != INSTANT_NONE && at_ms > now_ms && at_ms < *until_ms)
        *until_ms = at_ms;
}

/* Who logs people in says for which organisation they act: a token of one organisation acts by no
 * appointment with another, and a token of none by those with organisations for which its issuer
 * may speak. */
static bool is_vouched(const struct caller *caller, const char *organisation)
{
    if (caller->organisation[0])
        return strcmp(caller->organisation, organisation) == 0;
    return caller->vouched_by && issuer_may_assert(caller->vouched_by, organisation);
}

static bool is_auditor(const struct db_rows *rows, int row)
{
    return strcmp(row_text(rows, row, "appointment_role"), "auditor") == 0;
}

/* An auditor comes from outside: no issuer speaks for where it comes from. */
static bool appointment_is_vouched(const struct db_rows *rows, int row, const struct caller *caller)
{
    return is_auditor(rows, row) ||
           is_vouched(caller, row_text(rows, row, "appointment_organisation"));
}

static void read_appointment(const struct db_rows *rows, int row, const struct caller *caller,
                             struct standing *standing, int64_t *until_ms)
{
    int64_t starts_ms = row_instant(rows, row, "starts_at");
    narrow(starts_ms, standing->now_ms, until_ms);
    narrow(row_instant(rows, row, "ends_at"), standing->now_ms, until_ms);
    if (starts_ms > standing->now_ms || standing->appointment_count == APPOINTMENTS_MAX ||
        !appointment_is_vouched(rows, row, caller))
        return;
    struct appointment *appointment = &standing->appointments[standing->appointment_count++];
    row_copy(rows, row, "appointment_id", appointment->id, sizeof appointment->id);
    row_copy(rows, row, "appointment_role", appointment->role, sizeof appointment->role);
    row_copy(rows, row, "appointment_organisation", appointment->organisation,
             sizeof appointment->organisation);
    /* ... and takes no part in what it audits, whatever organisation it names. */
    const char *status = is_auditor(rows, row) ? NULL : row_text(rows, row, "appointment_status");
    appointment->is_of_active = status && strcmp(status, "active") == 0;
    appointment->is_of_voter =
        appointment->is_of_active && row_bool(rows, row, "appointment_is_voting");
    appointment->is_of_suspended = status && strcmp(status, "suspended") == 0;
    appointment->is_of_founder =
        status && strcmp(status, "proposed") == 0 && row_bool(rows, row, "appointment_is_founder");
}

static void standing_start(const struct caller *caller, struct standing *ret_standing)
{
    *ret_standing = (struct standing){.partner_status = PARTNER_LAPSED};
    memcpy(ret_standing->token_organisation, caller->organisation, ODS_SIZE);
    memcpy(ret_standing->organisation, caller->organisation, ODS_SIZE);
}

/* Of a person's row: its partner is that of the appointment when the token names none, and counts
 * only once the appointment has begun. */
static bool has_partner(const struct db_rows *rows, int row, const struct caller *caller,
                        const struct standing *standing)
{
    if (row_is_null(rows, row, "organisation"))
        return false;
    return caller->organisation[0] ||
           (row_instant(rows, row, "starts_at") <= standing->now_ms && !is_auditor(rows, row) &&
            is_vouched(caller, row_text(rows, row, "organisation")));
}

static void read_row(const struct db_rows *rows, int row, const struct caller *caller,
                     struct standing *standing, int64_t *until_ms)
{
    standing->now_ms = row_instant(rows, row, "now_at");
    standing->sequence = row_int(rows, row, "sequence");
    const char *status = row_text(rows, row, "alliance_status");
    standing->has_alliance = status != NULL;
    if (status)
        row_copy(rows, row, "alliance_status", standing->alliance_status,
                 sizeof standing->alliance_status);
    if (has_partner(rows, row, caller, standing))
        read_partner(rows, row, standing);
    if (!row_is_null(rows, row, "appointment_id"))
        read_appointment(rows, row, caller, standing, until_ms);
    if (!standing->organisation[0] && standing->appointment_count)
        memcpy(standing->organisation, standing->appointments[0].organisation, ODS_SIZE);
}

static void read_position(const struct db_rows *rows, bool is_owner,
                          struct roster_position *ret_position)
{
    const char *hash = is_owner ? "hash" : "roster_hash";
    *ret_position =
        (struct roster_position){.sequence = row_int(rows, 0, is_owner ? "sequence" : "roster")};
    if (!row_is_null(rows, 0, hash))
        row_copy(rows, 0, hash, ret_position->hash, sizeof ret_position->hash);
}

/* Also says how far the roster is and until when this holds. */
static bool load(struct db_tx *tx, const struct caller *caller, int64_t now_ms, bool is_owner,
                 struct standing *ret_standing, struct roster_position *ret_roster,
                 int64_t *ret_until_ms, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_STANDING_GET, &rows, err, db_text(caller->issuer),
                   db_text(caller->subject), db_text_or_null(caller->organisation),
                   db_instant(now_ms)))
        return false;
    standing_start(caller, ret_standing);
    *ret_until_ms = INT64_MAX;
    for (int i = 0; i < rows.count; i++)
        read_row(&rows, i, caller, ret_standing, ret_until_ms);
    read_position(&rows, is_owner, ret_roster);
    return true;
}

bool standing_load(struct db_tx *tx, const struct caller *caller, int64_t now_ms,
                   struct standing *ret_standing, struct problem *err)
{
    struct roster_position roster;
    int64_t until_ms;
    return load(tx, caller, now_ms, false, ret_standing, &roster, &until_ms, err);
}

bool standing_load_many(struct db_tx *tx, const struct caller *const callers[], size_t count,
                        int64_t now_ms, struct standing ret_standings[], struct problem *err)
{
    json_auto_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *one = json_object();
        json_put_integer(one, "number", (int64_t)i);
        json_put_text(one, "issuer", callers[i]->issuer);
        json_put_text(one, "subject", callers[i]->subject);
        json_put_text(one, "organisation", callers[i]->organisation);
        json_push_new(list, one);
    }
    char_auto_t *text = json_dumps(list, JSON_COMPACT);
    db_rows_auto_t rows = {0};
    if (!text)
        return problem_set(err, PROBLEM_INTERNAL, "the callers are not UTF-8");
    if (!db_select(tx, &QUERY_STANDING_LIST, &rows, err, db_text(text), db_instant(now_ms)))
        return false;
    for (size_t i = 0; i < count; i++)
        standing_start(callers[i], &ret_standings[i]);
    int64_t until_ms = INT64_MAX;
    for (int i = 0; i < rows.count; i++) {
        int64_t number = row_int(&rows, i, "number");
        if (number >= 0 && number < (int64_t)count)
            read_row(&rows, i, callers[number], &ret_standings[number], &until_ms);
    }
    return true;
}

bool alliance_check_open(struct db_tx *tx, struct problem *err)
{
    db_rows_auto_t rows = {0};
    if (!db_select(tx, &QUERY_ALLIANCE_IS_CLOSED, &rows, err))
        return false;
    return rows.count == 0 || !row_bool(&rows, 0, "is_closed") ||
           problem_set(err, PROBLEM_ALLIANCE_NOT_ACTIVE, "the alliance is closed");
}

/* --- the cache --- */

enum { ENTRIES = 512, PROBES_MAX = 4 };

struct entry {
    bool is_used;
    char alliance_id[UUID_SIZE];
    char issuer[IDENTITY_SIZE];
    char subject[IDENTITY_SIZE];
    char organisation[ODS_SIZE];
    struct roster_position roster;
    int64_t from_ms, until_ms;
    struct standing standing;
};

struct standing_cache {
    pthread_mutex_t lock;
    bool is_owner; /* membership: the roster is as far as its own journal */
    struct entry *entries;
};

struct standing_cache *standing_cache_new(const char *service)
{
    struct standing_cache *cache = need(calloc(1, sizeof *cache));
    cache->entries = need(calloc(ENTRIES, sizeof *cache->entries));
    pthread_mutex_init(&cache->lock, NULL);
    cache->is_owner = strcmp(service, "membership") == 0;
    return cache;
}

void standing_cache_free(struct standing_cache *cache)
{
    if (!cache)
        return;
    pthread_mutex_destroy(&cache->lock);
    free(cache->entries);
    free(cache);
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return (hash ^ 0xff) * UINT64_C(1099511628211);
}

static bool entry_is_of(const struct entry *entry, const char *alliance_id,
                        const struct caller *caller)
{
    return entry->is_used && strcmp(entry->alliance_id, alliance_id) == 0 &&
           strcmp(entry->subject, caller->subject) == 0 &&
           strcmp(entry->issuer, caller->issuer) == 0 &&
           strcmp(entry->organisation, caller->organisation) == 0;
}

/* The caller's entry; else a free one or that which was read longest ago nearby. */
static struct entry *entry_find(struct standing_cache *cache, const char *alliance_id,
                                const struct caller *caller)
{
    uint64_t hash = hash_text(UINT64_C(14695981039346656037), alliance_id);
    hash = hash_text(hash_text(hash_text(hash, caller->issuer), caller->subject),
                     caller->organisation);
    struct entry *oldest = NULL;
    for (uint64_t i = 0; i < PROBES_MAX; i++) {
        struct entry *entry = &cache->entries[(hash + i) % ENTRIES];
        if (entry_is_of(entry, alliance_id, caller))
            return entry;
        if (!oldest || !entry->is_used || (oldest->is_used && entry->from_ms < oldest->from_ms))
            oldest = entry;
    }
    return oldest;
}

static bool entry_recall(struct standing_cache *cache, const char *alliance_id,
                         const struct caller *caller, struct entry *ret_entry)
{
    pthread_mutex_lock(&cache->lock);
    const struct entry *entry = entry_find(cache, alliance_id, caller);
    bool is_known = entry_is_of(entry, alliance_id, caller);
    if (is_known)
        *ret_entry = *entry;
    pthread_mutex_unlock(&cache->lock);
    return is_known;
}

static void entry_store(struct standing_cache *cache, const char *alliance_id,
                        const struct caller *caller, const struct standing *standing,
                        const struct roster_position *roster, int64_t until_ms)
{
    pthread_mutex_lock(&cache->lock);
    struct entry *entry = entry_find(cache, alliance_id, caller);
    entry->is_used = true;
    memcpy(entry->alliance_id, alliance_id, UUID_SIZE);
    memcpy(entry->issuer, caller->issuer, IDENTITY_SIZE);
    memcpy(entry->subject, caller->subject, IDENTITY_SIZE);
    memcpy(entry->organisation, caller->organisation, ODS_SIZE);
    entry->roster = *roster;
    entry->from_ms = standing->now_ms;
    entry->until_ms = until_ms;
    entry->standing = *standing;
    pthread_mutex_unlock(&cache->lock);
}

/* Loads, and remembers. */
static bool load_anew(struct standing_cache *cache, struct db_tx *tx, const struct caller *caller,
                      struct standing *ret_standing, struct problem *err)
{
    const char *alliance_id = db_tx_alliance(tx);
    struct roster_position roster;
    int64_t until_ms;
    if (!load(tx, caller, INSTANT_NONE, cache->is_owner, ret_standing, &roster, &until_ms, err))
        return false;
    /* An alliance that is not known yet costs as much the next time. */
    if (alliance_id && ret_standing->has_alliance)
        entry_store(cache, alliance_id, caller, ret_standing, &roster, until_ms);
    return true;
}

void standing_guess_done(struct standing_guess *guess)
{
    db_rows_done(&guess->rows);
}

bool standing_recall(struct standing_cache *cache, struct db_tx *tx, const struct caller *caller,
                     struct standing *ret_standing, struct standing_guess *ret_guess,
                     struct problem *err)
{
    const char *alliance_id = db_tx_alliance(tx);
    struct entry entry;
    *ret_guess = (struct standing_guess){.is_open = false};
    if (!alliance_id || !entry_recall(cache, alliance_id, caller, &entry))
        return load_anew(cache, tx, caller, ret_standing, err);
    *ret_guess = (struct standing_guess){.is_open = true,
                                         .from_ms = entry.from_ms,
                                         .until_ms = entry.until_ms,
                                         .roster = entry.roster};
    *ret_standing = entry.standing;
    ret_standing->now_ms = 0;
    ret_standing->sequence = 0;
    return db_send_first(tx, &QUERY_STANDING_AT, &ret_guess->rows, err);
}

static bool guess_holds(const struct standing_cache *cache, const struct standing_guess *guess,
                        int64_t now_ms)
{
    struct roster_position roster;
    read_position(&guess->rows, cache->is_owner, &roster);
    return roster.sequence == guess->roster.sequence &&
           strcmp(roster.hash, guess->roster.hash) == 0 && now_ms >= guess->from_ms &&
           now_ms < guess->until_ms;
}

bool standing_confirm(struct standing_cache *cache, struct db_tx *tx, const struct caller *caller,
                      struct standing_guess *guess, struct standing *standing, bool *ret_held,
                      struct problem *err)
{
    *ret_held = true;
    if (!guess->is_open)
        return true;
    if (!db_wait(tx, err))
        return false;
    guess->is_open = false;
    if (guess->rows.count != 1)
        return problem_set(err, PROBLEM_INTERNAL, "the clock was asked, and nothing came");
    int64_t now_ms = row_instant(&guess->rows, 0, "now_at");
    *ret_held = guess_holds(cache, guess, now_ms);
    if (!*ret_held)
        return load_anew(cache, tx, caller, standing, err);
    standing->now_ms = now_ms;
    standing->sequence = row_int(&guess->rows, 0, "sequence");
    return true;
}
