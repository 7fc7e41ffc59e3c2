#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/audit_private.h"
#include "common/chain.h"
#include "common/limits.h"

/* Where the walk along one alliance's chain stands. */
struct chain {
    char alliance_id[UUID_SIZE];
    int64_t sequence;
    struct hash hash;
};

enum { ALLIANCE, SEQUENCE, CLASS, DIGEST, HASH, SALT, BODY, IS_SAID };

static bool hash_of(const PGresult *rows, int row, int column, struct hash *ret_hash)
{
    return !PQgetisnull(rows, row, column) && hash_parse(PQgetvalue(rows, row, column), ret_hash);
}

/* A body that has gone must have been said to go. */
static void body_check(struct audit *audit, const char *service, const PGresult *rows, int row,
                       const struct hash *digest)
{
    const char *alliance = PQgetvalue(rows, row, ALLIANCE), *at = PQgetvalue(rows, row, SEQUENCE);
    struct hash salt;
    if (PQgetisnull(rows, row, BODY)) {
        if (strcmp(PQgetvalue(rows, row, IS_SAID), "t") == 0)
            audit->result.erased++;
        else
            audit_find(
                audit,
                "%s.journal_body: alliance %s: the body of sequence %s is gone, and no event "
                "says so",
                service, alliance, at);
        return;
    }
    if (!hash_of(rows, row, SALT, &salt)) {
        audit_find(audit, "%s.journal_body: alliance %s: sequence %s has no salt", service,
                   alliance, at);
        return;
    }
    struct hash own =
        chain_digest(strcmp(PQgetvalue(rows, row, CLASS), "restricted") == 0, &salt,
                     PQgetvalue(rows, row, BODY), (size_t)PQgetlength(rows, row, BODY));
    if (!hash_is_equal(&own, digest))
        audit_find(audit,
                   "%s.journal: alliance %s: sequence %s: class, salt or body do not have its "
                   "digest",
                   service, alliance, at);
}

static void event_check(struct audit *audit, const char *service, const PGresult *rows, int row,
                        struct chain *chain)
{
    const char *alliance = PQgetvalue(rows, row, ALLIANCE);
    int64_t sequence = strtoll(PQgetvalue(rows, row, SEQUENCE), NULL, 10);
    struct hash digest, given;
    if (!hash_of(rows, row, DIGEST, &digest) || !hash_of(rows, row, HASH, &given)) {
        audit_find(audit,
                   "%s.journal: alliance %s: sequence %" PRId64 " is missing, its body is not",
                   service, alliance, sequence);
        return;
    }
    if (sequence != chain->sequence + 1)
        audit_find(audit, "%s.journal: alliance %s: sequence %" PRId64 " is missing", service,
                   alliance, chain->sequence + 1);
    body_check(audit, service, rows, row, &digest);
    struct hash own = chain_hash(&chain->hash, sequence, &digest);
    if (!hash_is_equal(&own, &given) && sequence == chain->sequence + 1)
        audit_find(audit,
                   "%s.journal: alliance %s: sequence %" PRId64 " does not continue the chain",
                   service, alliance, sequence);
    chain->sequence = sequence;
    chain->hash = given;
    audit->result.events++;
}

static void rows_check(struct audit *audit, const char *service, const PGresult *rows,
                       struct chain *chain)
{
    for (int i = 0; i < PQntuples(rows); i++) {
        const char *alliance = PQgetvalue(rows, i, ALLIANCE);
        if (strcmp(alliance, chain->alliance_id) != 0) {
            snprintf(chain->alliance_id, sizeof chain->alliance_id, "%s", alliance);
            chain->sequence = 0;
            chain->hash = chain_genesis(service, alliance);
            audit_scope(audit);
        }
        event_check(audit, service, rows, i, chain);
    }
}

/* Events that a journal itself says are erased. */
static bool erased_keep(struct audit *audit, const char *service, struct problem *err)
{
    char type[2 * CODE_SIZE];
    snprintf(type, sizeof type, "%s.journal.erased.v1", service);
    const char *values[] = {service, type};
    pgresult_auto_t *kept = audit_sql(
        audit, err, values, 2,
        "insert into audit_erased select distinct $1, e.alliance_id, e.sequence from"
        " (select alliance_id, (body::jsonb #>> '{data,erased,sequence}')::bigint as sequence"
        " from %s.journal_body where (body::jsonb ->> 'type') = $2) as e"
        " where not exists (select from %s.journal_body as b"
        " where b.alliance_id = e.alliance_id and b.sequence = e.sequence)",
        service, service);
    return kept != NULL;
}

bool audit_chains(struct audit *audit, const char *service, struct problem *err)
{
    const char *only = audit->options->service;
    struct chain chain = {.alliance_id = ""};
    if (!erased_keep(audit, service, err))
        return false;
    if (only != NULL && strcmp(only, service) != 0)
        return true;
    const char *values[] = {audit->options->alliance_id, service};
    if (!audit_open(audit, err, values, 2,
                    "select coalesce(j.alliance_id, b.alliance_id),"
                    " coalesce(j.sequence, b.sequence), j.class, encode(j.digest, 'hex'),"
                    " encode(j.hash, 'hex'), encode(b.salt, 'hex'), b.body,"
                    " exists (select from audit_erased as e where e.source = $2"
                    " and e.alliance_id = j.alliance_id and e.sequence = j.sequence)"
                    " from %s.journal as j full join %s.journal_body as b"
                    " on b.alliance_id = j.alliance_id and b.sequence = j.sequence"
                    " where $1::uuid is null or coalesce(j.alliance_id, b.alliance_id) = $1::uuid"
                    " order by 1, 2",
                    service, service))
        return false;
    for (;;) {
        pgresult_auto_t *rows = audit_fetch(audit, err);
        if (rows == NULL)
            return false;
        if (PQntuples(rows) == 0)
            return true;
        rows_check(audit, service, rows, &chain);
    }
}
