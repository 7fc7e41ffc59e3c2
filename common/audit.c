#include "common/audit.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/audit_private.h"

enum { LINE_SIZE = 2048 };

/* --- SQL and findings ------------------------------------------------------------------------- */

PRINTF_LIKE(1, 0) static char *text_format(const char *format, va_list arguments)
{
    char *text;
    if (vasprintf(&text, format, arguments) < 0)
        abort();
    return text;
}

static PGresult *run(struct audit *audit, const char *sql, const char *values[], int count,
                     struct problem *err)
{
    PGresult *result = PQexecParams(audit->pg, sql, count, NULL, values, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
        return result;
    bool is_lost = PQstatus(audit->pg) != CONNECTION_OK;
    const char *words = result == NULL ? PQerrorMessage(audit->pg) : PQresultErrorMessage(result);
    problem_set(err, is_lost ? PROBLEM_UNAVAILABLE : PROBLEM_INTERNAL, "%.*s",
                (int)strcspn(words, "\n"), words);
    PQclear(result);
    return NULL;
}

PGresult *audit_sql(struct audit *audit, struct problem *err, const char *values[], int count,
                    const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char_auto_t *sql = text_format(format, arguments);
    va_end(arguments);
    return run(audit, sql, values, count, err);
}

bool audit_open(struct audit *audit, struct problem *err, const char *values[], int count,
                const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char_auto_t *query = text_format(format, arguments);
    va_end(arguments);
    pgresult_auto_t *opened =
        audit_sql(audit, err, values, count, "declare audit_rows no scroll cursor for %s", query);
    return opened != NULL;
}

PGresult *audit_fetch(struct audit *audit, struct problem *err)
{
    PGresult *rows = run(audit, "fetch 500 from audit_rows", NULL, 0, err);
    if (rows == NULL || PQntuples(rows) > 0)
        return rows;
    pgresult_auto_t *closed = run(audit, "close audit_rows", NULL, 0, err);
    if (closed != NULL)
        return rows;
    PQclear(rows);
    return NULL;
}

void audit_scope(struct audit *audit)
{
    audit->named = 0;
}

void audit_find(struct audit *audit, const char *format, ...)
{
    char line[LINE_SIZE];
    audit->result.findings++;
    if (++audit->named > AUDIT_NAMED_MAX)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    audit->options->found(audit->options->context, line);
    if (audit->named == AUDIT_NAMED_MAX)
        audit->options->found(audit->options->context, "... and possibly more like it");
}

/* --- heads and cursors ------------------------------------------------------------------------ */

/* The head says where the journal ends; genesis stands for an empty one. */
static bool heads_check(struct audit *audit, const char *service, struct problem *err)
{
    const char *values[] = {audit->options->alliance_id, service};
    audit_scope(audit);
    pgresult_auto_t *rows =
        audit_sql(audit, err, values, 2,
                  "select coalesce(h.alliance_id, j.alliance_id), h.sequence, j.sequence,"
                  " h.hash = coalesce(j.hash, accord.journal_genesis($2, h.alliance_id))"
                  " from %s.journal_head as h full join (select distinct on (alliance_id)"
                  " alliance_id, sequence, hash from %s.journal"
                  " order by alliance_id, sequence desc) as j on j.alliance_id = h.alliance_id"
                  " where (h.sequence is distinct from coalesce(j.sequence, 0) or"
                  " h.hash <> coalesce(j.hash, accord.journal_genesis($2, h.alliance_id)))"
                  " and ($1::uuid is null or coalesce(h.alliance_id, j.alliance_id) = $1::uuid)"
                  " order by 1",
                  service, service);
    for (int i = 0; rows != NULL && i < PQntuples(rows); i++)
        audit_find(audit,
                   "%s.journal_head: alliance %s: the head is at sequence %s%s, the journal ends "
                   "at %s",
                   service, PQgetvalue(rows, i, 0),
                   PQgetisnull(rows, i, 1) ? "none" : PQgetvalue(rows, i, 1),
                   strcmp(PQgetvalue(rows, i, 3), "f") == 0 ? " with another hash" : "",
                   PQgetisnull(rows, i, 2) ? "0" : PQgetvalue(rows, i, 2));
    return rows != NULL;
}

static bool has_journal(struct audit *audit, const char *service, bool *ret_has,
                        struct problem *err)
{
    const char *values[] = {service};
    pgresult_auto_t *rows = audit_sql(
        audit, err, values, 1, "select to_regclass(quote_ident($1) || '.journal') is not null");
    *ret_has = rows != NULL && strcmp(PQgetvalue(rows, 0, 0), "t") == 0;
    return rows != NULL;
}

/* What a service has followed is what the source's journal has at that number. */
static bool cursors_of_source_check(struct audit *audit, const char *service, const char *source,
                                    struct problem *err)
{
    const char *values[] = {audit->options->alliance_id, source};
    pgresult_auto_t *rows =
        audit_sql(audit, err, values, 2,
                  "select c.alliance_id, c.sequence from %s.journal_cursor as c"
                  " left join %s.journal as j on j.alliance_id = c.alliance_id"
                  " and j.sequence = c.sequence where c.source = $2 and c.hash is distinct from"
                  " case c.sequence when 0 then accord.journal_genesis($2, c.alliance_id)"
                  " else j.hash end and ($1::uuid is null or c.alliance_id = $1::uuid) order by 1",
                  service, source);
    for (int i = 0; rows != NULL && i < PQntuples(rows); i++)
        audit_find(audit,
                   "%s.journal_cursor: alliance %s, source %s: the cursor at sequence %s has a "
                   "hash that %s's journal does not have there",
                   service, PQgetvalue(rows, i, 0), source, PQgetvalue(rows, i, 1), source);
    return rows != NULL;
}

static bool cursors_check(struct audit *audit, const char *service, struct problem *err)
{
    audit_scope(audit);
    pgresult_auto_t *sources = audit_sql(
        audit, err, NULL, 0, "select distinct source from %s.journal_cursor order by 1", service);
    for (int i = 0; sources != NULL && i < PQntuples(sources); i++) {
        bool is_there;
        const char *source = PQgetvalue(sources, i, 0);
        if (!has_journal(audit, source, &is_there, err))
            return false;
        if (is_there && !cursors_of_source_check(audit, service, source, err))
            return false;
    }
    return sources != NULL;
}

/* --- heads that somebody kept ----------------------------------------------------------------- */

static bool kept_head_check(struct audit *audit, const struct journal_head *head,
                            struct problem *err)
{
    char sequence[32], hash[2 * HASH_BYTES + 1];
    bool is_there;
    hash_format(&head->hash, hash);
    snprintf(sequence, sizeof sequence, "%" PRId64, head->sequence);
    if (!has_journal(audit, head->service, &is_there, err))
        return false;
    if (!is_there) {
        audit_find(audit, "%s: there is no such journal", head->service);
        return true;
    }
    if (head->sequence == 0)
        return true;
    const char *values[] = {head->alliance_id, sequence};
    pgresult_auto_t *rows = audit_sql(audit, err, values, 2,
                                      "select encode(hash, 'hex') from %s.journal"
                                      " where alliance_id = $1::uuid and sequence = $2::bigint",
                                      head->service);
    if (rows == NULL)
        return false;
    if (PQntuples(rows) == 0)
        audit_find(audit,
                   "%s.journal: alliance %s: the kept head is at sequence %s, which is not there: "
                   "the tail was cut",
                   head->service, head->alliance_id, sequence);
    else if (strcmp(PQgetvalue(rows, 0, 0), hash) != 0)
        audit_find(audit,
                   "%s.journal: alliance %s: sequence %s has another hash than the kept head",
                   head->service, head->alliance_id, sequence);
    return true;
}

/* --- all of it -------------------------------------------------------------------------------- */

static bool begin(struct audit *audit, struct problem *err)
{
    static const char *const statements[] = {
        "begin isolation level repeatable read read write",
        /* Rather fail than see a part: row-level security hides nothing. */
        "set local row_security = off",
        "set local search_path = pg_catalog, pg_temp",
        "set local timezone = 'UTC'",
        "set local lock_timeout = '5s'",
        ("create temporary table audit_erased (source text, alliance_id uuid, sequence bigint,"
         " primary key (source, alliance_id, sequence)) on commit drop"),
    };
    for (size_t i = 0; i < ARRAY_LENGTH(statements); i++) {
        pgresult_auto_t *done = run(audit, statements[i], NULL, 0, err);
        if (done == NULL)
            return false;
    }
    return true;
}

static bool audit_services(struct audit *audit, struct problem *err)
{
    const char *values[] = {audit->options->service};
    pgresult_auto_t *services =
        audit_sql(audit, err, values, 1,
                  "select distinct schema_name::text, quote_ident(schema_name) from accord.fact"
                  " where $1::text is null or schema_name = $1 order by 1");
    if (services == NULL)
        return false;
    if (PQntuples(services) == 0)
        return problem_set(err, PROBLEM_INTERNAL, "the database has no such service");
    /* Every chain first: which events are erased decides what can be compared. */
    pgresult_auto_t *all = audit_sql(
        audit, err, NULL, 0, "select distinct schema_name::text from accord.fact order by 1");
    for (int i = 0; all != NULL && i < PQntuples(all); i++)
        if (!audit_chains(audit, PQgetvalue(all, i, 0), err))
            return false;
    for (int i = 0; i < PQntuples(services); i++) {
        const char *service = PQgetvalue(services, i, 0);
        if (!heads_check(audit, service, err) || !cursors_check(audit, service, err) ||
            !audit_tables(audit, service, err))
            return false;
    }
    return all != NULL;
}

bool audit_run(PGconn *pg, const struct audit_options *options, struct audit_result *ret_result,
               struct problem *err)
{
    struct audit audit = {.pg = pg, .options = options};
    struct problem fault = {0};
    bool ok = begin(&audit, err) && audit_services(&audit, err);
    audit_scope(&audit);
    for (size_t i = 0; ok && i < options->head_count; i++)
        ok = kept_head_check(&audit, &options->heads[i], err);
    pgresult_auto_t *undone = run(&audit, "rollback", NULL, 0, &fault);
    *ret_result = audit.result;
    return ok;
}
