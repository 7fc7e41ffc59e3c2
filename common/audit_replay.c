#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/audit_private.h"
#include "common/limits.h"
#include "common/memory.h"

enum { NAME_MAX = 64, RUN_EVENTS = 200 };

/* A fact table. */
struct fact {
    const char *name;   /* "case" */
    const char *table;  /* as SQL writes it: "\"case\"" */
    const char *source; /* whose journal it replays */
};

/* --- replaying -------------------------------------------------------------------------------- */

/* The table again, empty and without rules: only what the projection itself needs. */
static bool twin_make(struct audit *audit, const char *service, const char *table,
                      struct problem *err)
{
    pgresult_auto_t *made =
        audit_sql(audit, err, NULL, 0,
                  "create table audit_%s.%s (like %s.%s including defaults including generated)",
                  service, table, service, table);
    if (made == NULL)
        return false;
    pgresult_auto_t *key = audit_sql(audit, err, NULL, 0,
                                     "select pg_get_constraintdef(oid) from pg_constraint"
                                     " where conrelid = '%s.%s'::regclass and contype = 'p'",
                                     service, table);
    if (key == NULL || PQntuples(key) != 1)
        return key != NULL &&
               problem_set(err, PROBLEM_INTERNAL, "%s.%s has no primary key", service, table);
    pgresult_auto_t *keyed = audit_sql(audit, err, NULL, 0, "alter table audit_%s.%s add %s",
                                       service, table, PQgetvalue(key, 0, 0));
    return keyed != NULL;
}

static bool savepoint(struct audit *audit, const char *statement, struct problem *err)
{
    pgresult_auto_t *done = audit_sql(audit, err, NULL, 0, "%s", statement);
    return done != NULL;
}

/* One run of events without a gap. What cannot be replayed is a finding, not a failure. */
static bool run_replay(struct audit *audit, const char *service, const char *source,
                       const char *alliance, const char *first, const char *last,
                       struct problem *err)
{
    const char *values[] = {service, source, alliance, first, last};
    struct problem fault = {0};
    if (!savepoint(audit, "savepoint audit_run", err))
        return false;
    pgresult_auto_t *done =
        audit_sql(audit, &fault, values, 5,
                  "select accord.project($1::name, ('audit_' || $1)::name, $2::name, $3::uuid,"
                  " $4::bigint, (select array_agg(body::jsonb order by sequence)"
                  " from %s.journal_body where alliance_id = $3::uuid"
                  " and sequence between $4::bigint and $5::bigint))",
                  source);
    if (done != NULL)
        return savepoint(audit, "release savepoint audit_run", err);
    if (fault.code == PROBLEM_UNAVAILABLE)
        return problem_set(err, PROBLEM_UNAVAILABLE, "%s", fault.detail);
    audit_find(audit, "%s.journal: alliance %s: sequences %s to %s cannot be replayed for %s: %s",
               source, alliance, first, last, service, fault.detail);
    return savepoint(audit, "rollback to savepoint audit_run", err);
}

/* Runs of bodies up to where the service has followed (its own journal: to the end). */
static PGresult *runs_list(struct audit *audit, const char *service, const char *source,
                           struct problem *err)
{
    const char *values[] = {audit->options->alliance_id, source};
    bool is_own = strcmp(service, source) == 0;
    return audit_sql(audit, err, values, is_own ? 1 : 2,
                     "select alliance_id, min(sequence), max(sequence) from"
                     " (select b.alliance_id, b.sequence, b.sequence - row_number() over"
                     " (partition by b.alliance_id order by b.sequence) as island"
                     " from %s.journal_body as b %s%s%s"
                     " where $1::uuid is null or b.alliance_id = $1::uuid) as e"
                     " group by alliance_id, island, sequence / %d order by 1, 2",
                     source, is_own ? "" : "join ", is_own ? "" : service,
                     is_own ? ""
                            : ".journal_cursor as c on c.alliance_id = b.alliance_id"
                              " and c.source = $2 and c.sequence >= b.sequence",
                     RUN_EVENTS);
}

static bool source_replay(struct audit *audit, const char *service, const char *source,
                          struct problem *err)
{
    pgresult_auto_t *runs = runs_list(audit, service, source, err);
    audit_scope(audit);
    for (int i = 0; runs != NULL && i < PQntuples(runs); i++)
        if (!run_replay(audit, service, source, PQgetvalue(runs, i, 0), PQgetvalue(runs, i, 1),
                        PQgetvalue(runs, i, 2), err))
            return false;
    return runs != NULL;
}

/* --- comparing -------------------------------------------------------------------------------- */

/* The parts of the comparison's SQL, from the catalogue. What PostgreSQL computes from other
   columns is no fact of its own. */
struct columns {
    char *key_text;  /* "alliance_id=" || ... of both sides */
    char *key_join;  /* a.alliance_id = b.alliance_id and ... */
    char *differing; /* case when a.x::text is distinct from b.x::text then 'x' end, ... */
};

static void columns_done(struct columns *columns)
{
    free(columns->key_text);
    free(columns->key_join);
    free(columns->differing);
}

static bool columns_read(struct audit *audit, const char *service, const char *table,
                         struct columns *ret_columns, struct problem *err)
{
    pgresult_auto_t *rows = audit_sql(
        audit, err, NULL, 0,
        "select string_agg(format('%%L || coalesce(a.%%I, b.%%I)', attname || '=', attname,"
        " attname), ' || '', '' || ' order by attnum) filter (where is_key),"
        " string_agg(format('a.%%1$I = b.%%1$I', attname), ' and ' order by attnum)"
        " filter (where is_key),"
        " string_agg(format('case when a.%%1$I::text is distinct from b.%%1$I::text then %%1$L "
        "end',"
        " attname), ', ' order by attnum) filter (where not is_key)"
        " from (select a.attname, a.attnum, coalesce(a.attnum = any (k.conkey), false) as is_key"
        " from pg_attribute as a left join pg_constraint as k on k.conrelid = a.attrelid"
        " and k.contype = 'p' where a.attrelid = '%s.%s'::regclass and a.attnum > 0"
        " and not a.attisdropped and a.attgenerated = '') as c",
        service, table);
    if (rows == NULL)
        return false;
    ret_columns->key_text = text_copy(PQgetvalue(rows, 0, 0));
    ret_columns->key_join = text_copy(PQgetvalue(rows, 0, 1));
    ret_columns->differing = text_copy(PQgetvalue(rows, 0, 2));
    return true;
}

enum { KEY, IN_TABLE, IN_JOURNAL, TABLE_SEQUENCE, JOURNAL_SEQUENCE, DIFFERING, ON_ERASED };

static bool is_true(const PGresult *rows, int row, int column)
{
    return strcmp(PQgetvalue(rows, row, column), "t") == 0;
}

static void difference_name(struct audit *audit, const char *service, const char *table,
                            const PGresult *rows, int row)
{
    const char *key = PQgetvalue(rows, row, KEY);
    if (is_true(rows, row, ON_ERASED)) {
        audit->result.rests_on_erased++;
        return;
    }
    if (!is_true(rows, row, IN_JOURNAL))
        audit_find(audit, "%s.%s: row %s, sequence %s: no event made it", service, table, key,
                   PQgetvalue(rows, row, TABLE_SEQUENCE));
    else if (!is_true(rows, row, IN_TABLE))
        audit_find(audit, "%s.%s: row %s, sequence %s: it is missing", service, table, key,
                   PQgetvalue(rows, row, JOURNAL_SEQUENCE));
    else
        audit_find(audit, "%s.%s: row %s, sequence %s: differs from the journal in %s", service,
                   table, key, PQgetvalue(rows, row, JOURNAL_SEQUENCE),
                   PQgetvalue(rows, row, DIFFERING));
}

/* Everything that is not the same on both sides. */
static bool differences_open(struct audit *audit, const char *service, const struct fact *fact,
                             const struct columns *columns, struct problem *err)
{
    const char *values[] = {audit->options->alliance_id, fact->source};
    return audit_open(
        audit, err, values, 2,
        "select row_key, in_table, in_journal, table_sequence,"
        " journal_sequence, differing, exists (select from audit_erased as e where e.source = $2"
        " and e.alliance_id = d.alliance_id and e.sequence = d.table_sequence)"
        " from (select %s as row_key, a.alliance_id is not null as in_table,"
        " b.alliance_id is not null as in_journal, a.sequence as table_sequence,"
        " b.sequence as journal_sequence,"
        " array_to_string(array[%s]::text[], ', ') as differing,"
        " coalesce(a.alliance_id, b.alliance_id) as alliance_id"
        " from %s.%s as a full join audit_%s.%s as b on %s"
        " where $1::uuid is null or coalesce(a.alliance_id, b.alliance_id) = $1::uuid)"
        " as d where not in_table or not in_journal or differing <> '' order by 1",
        columns->key_text, columns->differing, service, fact->table, service, fact->table,
        columns->key_join);
}

static bool rows_count(struct audit *audit, const char *service, const char *table,
                       struct problem *err)
{
    const char *values[] = {audit->options->alliance_id};
    pgresult_auto_t *rows = audit_sql(audit, err, values, 1,
                                      "select count(*) from %s.%s"
                                      " where $1::uuid is null or alliance_id = $1::uuid",
                                      service, table);
    if (rows == NULL)
        return false;
    audit->result.rows += strtoll(PQgetvalue(rows, 0, 0), NULL, 10);
    audit->result.tables++;
    return true;
}

static bool table_compare(struct audit *audit, const char *service, const struct fact *fact,
                          struct problem *err)
{
    CLEANUP(columns_done) struct columns columns = {NULL, NULL, NULL};
    audit_scope(audit);
    if (!columns_read(audit, service, fact->table, &columns, err) ||
        !rows_count(audit, service, fact->table, err) ||
        !differences_open(audit, service, fact, &columns, err))
        return false;
    for (;;) {
        pgresult_auto_t *rows = audit_fetch(audit, err);
        if (rows == NULL)
            return false;
        if (PQntuples(rows) == 0)
            return true;
        for (int i = 0; i < PQntuples(rows); i++)
            difference_name(audit, service, fact->name, rows, i);
    }
}

/* --- a service's tables ----------------------------------------------------------------------- */

static bool twins_make(struct audit *audit, const char *service, const PGresult *facts,
                       struct problem *err)
{
    pgresult_auto_t *schema = audit_sql(audit, err, NULL, 0, "create schema audit_%s", service);
    for (int i = 0; schema != NULL && i < PQntuples(facts); i++)
        if (!twin_make(audit, service, PQgetvalue(facts, i, 0), err))
            return false;
    return schema != NULL;
}

static bool sources_replay(struct audit *audit, const char *service, struct problem *err)
{
    const char *values[] = {service};
    pgresult_auto_t *sources = audit_sql(
        audit, err, values, 1,
        "select distinct source from accord.fact where schema_name = $1"
        " and to_regclass(quote_ident(source) || '.journal_body') is not null order by 1");
    for (int i = 0; sources != NULL && i < PQntuples(sources); i++)
        if (!source_replay(audit, service, PQgetvalue(sources, i, 0), err))
            return false;
    return sources != NULL;
}

bool audit_tables(struct audit *audit, const char *service, struct problem *err)
{
    const char *values[] = {service};
    /* A copy whose source is elsewhere (another database) has nothing here to be compared with. */
    pgresult_auto_t *facts = audit_sql(
        audit, err, values, 1,
        "select quote_ident(table_name), source, table_name from accord.fact where schema_name = $1"
        " and to_regclass(quote_ident(source) || '.journal_body') is not null"
        " order by position");
    if (facts == NULL || !twins_make(audit, service, facts, err) ||
        !sources_replay(audit, service, err))
        return false;
    for (int i = 0; i < PQntuples(facts); i++) {
        struct fact fact = {.name = PQgetvalue(facts, i, 2),
                            .table = PQgetvalue(facts, i, 0),
                            .source = PQgetvalue(facts, i, 1)};
        if (!table_compare(audit, service, &fact, err))
            return false;
    }
    return true;
}
