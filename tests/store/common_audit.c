/* The audit finds whatever a superuser does behind the journal's back: in every fact table, in
 * every column, and names table, key, sequence and column. And it finds nothing where nothing was
 * done. */
#include "tests/store/harness.h"

#include <stdio.h>
#include <string.h>

#include "common/audit.h"
#include "common/ids.h"
#include "common/instant.h"
#include "common/journal.h"
#include "common/json.h"

enum { FOUND_SIZE = 64 * 1024 };

static struct db *membership, *probe;
static char alliance[UUID_SIZE];

/* --- an alliance with a row or two in every table -----------------------------------------------
 */

static void begin(struct db *db, const char *service, struct act *act)
{
    struct problem err = {0};
    assert_done(act_begin(db, service, alliance, &HARNESS_ACTOR, true, act, &err), err);
}

static void append(struct act *act, const char *type, const char *data_text)
{
    struct problem err = {0};
    json_auto_t *data = json_loads(data_text, 0, NULL);
    assert_non_null(data);
    struct event event = {
        .type = type, .subject = "things/1", .data = data, .occurred_ms = INSTANT_NONE};
    assert_done(act_append(act, &event, &err), err);
}

static void commit(struct act *act)
{
    struct problem err = {0};
    assert_done(act_commit(act, &err), err);
}

#define FROZEN                                                                                     \
    "\"frozenSubject\":[{\"decisionId\":\"018f0000-0000-7000-8000-000000000001\","                 \
    "\"subject\":\"things/1\",\"effect\":\"grant\",\"kind\":\"general\",\"version\":1,"            \
    "\"nonce\":\"n\",\"digest\":\"d\",\"state\":\"held\",\"frozenAt\":"                            \
    "\"2026-04-01T00:00:00.000Z\"},{\"decisionId\":\"018f0000-0000-7000-8000-000000000002\","      \
    "\"subject\":\"things/2\",\"effect\":\"grant\",\"kind\":\"general\",\"version\":1,"            \
    "\"nonce\":\"n\",\"digest\":\"d\",\"state\":\"done\",\"frozenAt\":"                            \
    "\"2026-04-01T00:00:00.000Z\"}]"

static const char ROSTER[] =
    "{\"alliance\":{\"name\":\"A\",\"purpose\":\"p\",\"objectives\":[\"o\"],\"principles\":[],"
    "\"startsOn\":\"2026-04-01\",\"endsOn\":\"2033-03-31\",\"status\":\"active\","
    "\"foundingDecisionId\":\"018f0000-0000-7000-8000-00000000000a\","
    "\"createdAt\":\"2026-04-01T00:00:00.000Z\",\"version\":1},"
    "\"partner\":["
    "{\"organisation\":\"ZZ1\",\"name\":\"N\",\"role\":\"provider\",\"isVoting\":true,"
    "\"isFounder\":true,\"status\":\"active\",\"joinedOn\":\"2026-04-01\",\"version\":1},"
    "{\"organisation\":\"ZZ2\",\"name\":\"N\",\"role\":\"provider\",\"isVoting\":true,"
    "\"isFounder\":true,\"status\":\"active\",\"joinedOn\":\"2026-04-01\",\"version\":1}],"
    "\"appointment\":["
    "{\"id\":\"018f0000-0000-7000-8000-000000000003\",\"issuer\":\"i\",\"subject\":\"s\","
    "\"role\":\"deputy\",\"organisation\":\"ZZ1\",\"startsAt\":\"2026-04-01T00:00:00.000Z\","
    "\"version\":1},"
    "{\"id\":\"018f0000-0000-7000-8000-000000000004\",\"issuer\":\"i\",\"subject\":\"s\","
    "\"role\":\"deputy\",\"organisation\":\"ZZ1\",\"startsAt\":\"2026-04-01T00:00:00.000Z\","
    "\"version\":1}]," FROZEN "}";

static void probe_follows_membership(void)
{
    char hash[DIGEST_SIZE], body[16 * 1024];
    struct problem err = {0};
    act_auto_t act = {0};
    begin(probe, "probe", &act);
    for (int sequence = 1; sequence <= 2; sequence++) {
        snprintf(hash, sizeof hash, "%s",
                 harness_value("select encode(hash, 'hex') from membership.journal where"
                               " alliance_id = '%s' and sequence = %d",
                               alliance, sequence));
        snprintf(body, sizeof body, "%s",
                 harness_value("select body from membership.journal_body where"
                               " alliance_id = '%s' and sequence = %d",
                               alliance, sequence));
        assert_done(act_follow(&act, "membership", sequence, hash, body, &err), err);
    }
    commit(&act);
}

static void probe_does_things(void)
{
    act_auto_t act = {0};
    begin(probe, "probe", &act);
    append(&act, "probe.thing.made.v1",
           "{\"thing\":[{\"code\":\"a\",\"name\":\"A\",\"amountPence\":1,\"version\":1},"
           "{\"code\":\"b\",\"name\":\"B\",\"amountPence\":2,\"version\":1}]," FROZEN "}");
    append(&act, "probe.thing.changed.v1",
           "{\"thing\":{\"code\":\"a\",\"name\":\"AA\",\"amountPence\":3,\"version\":2},"
           "\"thingChange\":[{\"id\":\"018f0000-0000-7000-8000-000000000005\",\"code\":\"a\"},"
           "{\"id\":\"018f0000-0000-7000-8000-000000000006\",\"code\":\"a\"}]}");
    append(&act, "probe.nothing.happened.v1", "{}");
    commit(&act);
}

/* What stands in a superuser's way is taken away first: rules other than the keys. */
static void rules_drop(void)
{
    harness_sql("do $$ declare r record; begin"
                " for r in select c.conrelid::regclass as t, c.conname from pg_constraint as c"
                "  join accord.fact as f on f.schema_name in ('probe')"
                "  and c.conrelid = format('%%I.%%I', f.schema_name, f.table_name)::regclass"
                "  where c.contype in ('c', 'f', 'u') order by c.contype = 'u' loop"
                "  execute format('alter table %%s drop constraint %%I', r.t, r.conname); end loop;"
                " drop index if exists probe.frozen_subject_one; end $$");
}

static int make_alliance(void **state)
{
    (void)state;
    harness_make_probe();
    rules_drop();
    membership = harness_db("membership", 2);
    probe = harness_db("probe", 2);
    harness_alliance(alliance);
    {
        act_auto_t act = {0};
        begin(membership, "membership", &act);
        append(&act, "membership.things.founded.v1", ROSTER);
        append(&act, "membership.things.noted.v1", "{}");
        commit(&act);
    }
    probe_follows_membership();
    probe_does_things();
    harness_sql("create schema if not exists kept");
    return 0;
}

static int drop_all(void **state)
{
    (void)state;
    /* What was done to the probe's rules stays with this test. */
    harness_sql("drop schema kept cascade; drop schema probe cascade;"
                " delete from accord.fact where schema_name = 'probe'");
    db_free(membership);
    db_free(probe);
    return 0;
}

/* --- auditing --------------------------------------------------------------------------------- */

static char found[FOUND_SIZE];
static size_t found_size;

static void keep_line(void *context, const char *line)
{
    (void)context;
    if (found_size < sizeof found)
        found_size += (size_t)snprintf(found + found_size, sizeof found - found_size, "%s\n", line);
}

static struct audit_result audit(const struct journal_head *heads, size_t head_count)
{
    struct audit_options options = {.service = "probe",
                                    .alliance_id = alliance,
                                    .heads = heads,
                                    .head_count = head_count,
                                    .found = keep_line};
    struct audit_result result;
    struct problem err = {0};
    PGconn *pg = PQconnectdb(getenv("ACCORD_TEST_DATABASE"));
    assert_int_equal(PQstatus(pg), CONNECTION_OK);
    PQclear(PQexec(pg, "set client_min_messages = error"));
    found_size = 0;
    found[0] = '\0';
    assert_done(audit_run(pg, &options, &result, &err), err);
    PQfinish(pg);
    return result;
}

static void assert_found(const char *what, const char *line)
{
    if (strstr(found, line) == NULL)
        fail_msg("%s: '%s' is not among:\n%s", what, line, found);
}

static void assert_clean(void)
{
    struct audit_result result = audit(NULL, 0);
    if (result.findings != 0)
        fail_msg("%s", found);
}

/* --- doing what nobody may, and undoing it ---------------------------------------------------- */

#define as_superuser(format, ...)                                                                  \
    do {                                                                                           \
        harness_sql("set session_replication_role = replica");                                     \
        harness_sql(format, ##__VA_ARGS__);                                                        \
        harness_sql("set session_replication_role = origin");                                      \
    } while (0)

static void table_keep(const char *table)
{
    harness_sql("drop table if exists kept.rows; create table kept.rows as"
                " select * from probe.%s where alliance_id = '%s'",
                table, alliance);
}

static void table_restore(const char *table)
{
    as_superuser("delete from probe.%s where alliance_id = '%s';"
                 "insert into probe.%s select * from kept.rows",
                 table, alliance, table);
}

/* Another value of the column's type. */
static const char *other_value(const char *column, const char *type)
{
    static char sql[256];
    static const char *const exprs[][2] = {
        {"bigint", "coalesce(%s, 0) + 1"},
        {"integer", "coalesce(%s, 0) + 1"},
        {"text", "coalesce(%s, '') || 'x'"},
        {"boolean", "not coalesce(%s, false)"},
        {"date", "coalesce(%s, '2026-01-01') + 1"},
        {"timestamp with time zone", "coalesce(%s, '2026-01-01') + interval '1 millisecond'"},
        {"uuid", "coalesce(gen_random_uuid(), %s)"},
        {"jsonb", "coalesce(%s, '[]') || '[1]'"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(exprs); i++)
        if (strcmp(type, exprs[i][0]) == 0) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            snprintf(sql, sizeof sql, exprs[i][1], column);
#pragma GCC diagnostic pop
            return sql;
        }
    fail_msg("no other value of type %s", type);
    return NULL;
}

static const char *pick_row(const char *table)
{
    static char ctid[64];
    snprintf(ctid, sizeof ctid, "%s",
             harness_value("select ctid from probe.%s where alliance_id = '%s' order by random()"
                           " limit 1",
                           table, alliance));
    return ctid;
}

/* "key, sequence n" of a row as the audit writes it. */
static const char *row_words(const char *table, const char *ctid)
{
    static char words[512];
    snprintf(words, sizeof words, "%s",
             harness_value(
                 "select string_agg(format('%%s=%%s', k.name, r.row ->> k.name), ', ' order by"
                 " k.n) || ', sequence ' || min(r.row ->> 'sequence') from (select to_jsonb(t) as"
                 " row from probe.%s as t where ctid = '%s') as r cross join (select a.attname as"
                 " name, a.attnum as n from pg_constraint as c join pg_attribute as a on"
                 " a.attrelid = c.conrelid and a.attnum = any (c.conkey) where c.contype = 'p'"
                 " and c.conrelid = 'probe.%s'::regclass) as k",
                 table, ctid, table));
    return words;
}

static void change_column(const char *table, const char *column, const char *type)
{
    char expected[1024];
    const char *ctid = pick_row(table);
    snprintf(expected, sizeof expected, "probe.%s: row %s: differs from the journal in %s", table,
             row_words(table, ctid), column);
    as_superuser("update probe.%s set %s = %s where ctid = '%s'", table, column,
                 other_value(column, type), ctid);
    struct audit_result result = audit(NULL, 0);
    assert_found(column, expected);
    assert_int_equal(result.findings, 1);
    table_restore(table);
}

/* Calls `work` for each fact table of the probe that holds rows. */
static int each_table(void (*work)(const char *table))
{
    char tables[16][64];
    int count = atoi(harness_value("select count(*) from accord.fact where schema_name = 'probe'"
                                   " and source <> 'elsewhere'"));
    assert_in_range(count, 6, 16);
    for (int i = 0; i < count; i++)
        snprintf(tables[i], sizeof tables[i], "%s",
                 harness_value("select table_name from accord.fact where schema_name = 'probe' and"
                               " source <> 'elsewhere' order by position offset %d limit 1",
                               i));
    for (int i = 0; i < count; i++) {
        assert_string_not_equal(harness_value("select count(*) from probe.%s where alliance_id ="
                                              " '%s'",
                                              tables[i], alliance),
                                "0");
        table_keep(tables[i]);
        work(tables[i]);
    }
    return count;
}

static void change_every_column(const char *table)
{
    int count = atoi(harness_value("select count(*) from pg_attribute where attrelid ="
                                   " 'probe.%s'::regclass and attnum > 0 and not attisdropped",
                                   table));
    for (int i = 1; i <= count; i++) {
        char column[64], type[64];
        bool is_key = strcmp(harness_value("select exists (select from pg_constraint where conrelid"
                                           " = 'probe.%s'::regclass and contype = 'p' and %d = any"
                                           " (conkey))",
                                           table, i),
                             "t") == 0;
        if (is_key)
            continue;
        snprintf(column, sizeof column, "%s",
                 harness_value("select attname from pg_attribute where attrelid ="
                               " 'probe.%s'::regclass and attnum = %d",
                               table, i));
        snprintf(type, sizeof type, "%s",
                 harness_value("select format_type(atttypid, null) from pg_attribute where"
                               " attrelid = 'probe.%s'::regclass and attnum = %d",
                               table, i));
        /* The sequence is said as the journal has it. */
        if (strcmp(column, "sequence") == 0) {
            as_superuser("update probe.%s set sequence = sequence + 100 where ctid = '%s'", table,
                         pick_row(table));
            audit(NULL, 0);
            assert_found(table, "differs from the journal in sequence");
            table_restore(table);
        } else {
            change_column(table, column, type);
        }
    }
}

static void delete_a_row(const char *table)
{
    char expected[1024];
    const char *ctid = pick_row(table);
    snprintf(expected, sizeof expected, "probe.%s: row %s: it is missing", table,
             row_words(table, ctid));
    as_superuser("delete from probe.%s where ctid = '%s'", table, ctid);
    audit(NULL, 0);
    assert_found("deleted", expected);
    table_restore(table);
}

/* A row with another key: the last key column is changed on the way. */
static void insert_a_row(const char *table)
{
    char key[64], type[64];
    if (strcmp(table, "alliance") == 0)
        return; /* its key is the alliance: see an_unknown_alliance_is_found */
    snprintf(key, sizeof key, "%s",
             harness_value("select attname from pg_attribute join pg_constraint on conrelid ="
                           " attrelid and contype = 'p' and attnum = any (conkey) where attrelid ="
                           " 'probe.%s'::regclass order by attnum desc limit 1",
                           table));
    snprintf(type, sizeof type, "%s",
             harness_value("select format_type(atttypid, null) from pg_attribute where attrelid ="
                           " 'probe.%s'::regclass and attname = '%s'",
                           table, key));
    harness_sql("drop table if exists kept.forged; create table kept.forged as select * from"
                " kept.rows limit 1; update kept.forged set %s = %s",
                key, other_value(key, type));
    as_superuser("insert into probe.%s select * from kept.forged", table);
    struct audit_result result = audit(NULL, 0);
    assert_found("inserted", ": no event made it");
    assert_int_equal(result.findings, 1);
    table_restore(table);
}

/* Two rows exchange their keys. */
static void swap_two_rows(const char *table)
{
    char key[64];
    if (strcmp(harness_value("select count(*) from kept.rows"), "2") != 0)
        return;
    snprintf(key, sizeof key, "%s",
             harness_value("select attname from pg_attribute join pg_constraint on conrelid ="
                           " attrelid and contype = 'p' and attnum = any (conkey) where attrelid ="
                           " 'probe.%s'::regclass order by attnum desc limit 1",
                           table));
    bool differs = strcmp(harness_value("select count(distinct to_jsonb(r) - '%s') from kept.rows"
                                        " as r",
                                        key),
                          "2") == 0;
    harness_sql("drop table if exists kept.swapped; create table kept.swapped as select * from"
                " kept.rows; update kept.swapped set %s = (select max(o.%s::text) from kept.rows"
                " as o where o.%s <> kept.swapped.%s)::%s",
                key, key, key, key,
                harness_value("select format_type(atttypid, null) from pg_attribute where attrelid"
                              " = 'probe.%s'::regclass and attname = '%s'",
                              table, key));
    as_superuser("delete from probe.%s where alliance_id = '%s';"
                 "insert into probe.%s select * from kept.swapped",
                 table, alliance, table);
    struct audit_result result = audit(NULL, 0);
    if (differs) /* else nothing has changed */
        assert_int_equal(result.findings, 2);
    table_restore(table);
}

/* --- the tests -------------------------------------------------------------------------------- */

static void what_nobody_touched_is_as_it_should_be(void **state)
{
    (void)state;
    struct audit_result result = audit(NULL, 0);
    if (result.findings != 0)
        fail_msg("%s", found);
    assert_int_equal(result.events, 3);
    assert_int_equal(result.tables, 6);
    assert_int_equal(result.rows, 1 + 2 + 2 + 2 + 2 + 2);
}

static void a_change_in_any_column_is_named(void **state)
{
    (void)state;
    each_table(change_every_column);
    assert_clean();
}

static void deleted_inserted_and_swapped_rows_are_named(void **state)
{
    (void)state;
    each_table(delete_a_row);
    each_table(insert_a_row);
    each_table(swap_two_rows);
    assert_clean();
}

static void journal_keep(void)
{
    harness_sql("drop table if exists kept.journal, kept.body, kept.head, kept.cursor;"
                "create table kept.journal as select * from probe.journal where alliance_id = '%s';"
                "create table kept.body as select alliance_id, sequence, salt, body from"
                " probe.journal_body where alliance_id = '%s';"
                "create table kept.head as select * from probe.journal_head where alliance_id ="
                " '%s';"
                "create table kept.cursor as select * from probe.journal_cursor where alliance_id"
                " = '%s'",
                alliance, alliance, alliance, alliance);
}

static void journal_restore(void)
{
    as_superuser("delete from probe.journal where alliance_id = '%s';"
                 "delete from probe.journal_body where alliance_id = '%s';"
                 "delete from probe.journal_head where alliance_id = '%s';"
                 "delete from probe.journal_cursor where alliance_id = '%s';"
                 "insert into probe.journal select * from kept.journal;"
                 "insert into probe.journal_body (alliance_id, sequence, salt, body)"
                 " select * from kept.body;"
                 "insert into probe.journal_head select * from kept.head;"
                 "insert into probe.journal_cursor select * from kept.cursor",
                 alliance, alliance, alliance, alliance);
}

/* Tampers with the journal and says what must be found. */
#define tamper_journal(words, format, ...)                                                         \
    do {                                                                                           \
        journal_keep();                                                                            \
        as_superuser(format, ##__VA_ARGS__);                                                       \
        audit(NULL, 0);                                                                            \
        assert_found(format, words);                                                               \
        journal_restore();                                                                         \
        assert_clean();                                                                            \
    } while (0)

static void every_break_of_the_chain_is_named(void **state)
{
    (void)state;
    tamper_journal("sequence 2: class, salt or body do not have its digest",
                   "update probe.journal_body set body = replace(body, 'AA', 'AB') where"
                   " alliance_id = '%s' and sequence = 2",
                   alliance);
    tamper_journal("sequence 2: class, salt or body do not have its digest",
                   "update probe.journal_body set salt = sha256(salt) where alliance_id = '%s'"
                   " and sequence = 2",
                   alliance);
    tamper_journal("sequence 2: class, salt or body do not have its digest",
                   "update probe.journal set class = 'restricted' where alliance_id = '%s'"
                   " and sequence = 2",
                   alliance);
    tamper_journal("sequence 2 does not continue the chain",
                   "update probe.journal set hash = sha256(hash) where alliance_id = '%s'"
                   " and sequence = 2",
                   alliance);
    tamper_journal("sequence 2 is missing",
                   "delete from probe.journal where alliance_id = '%s' and sequence = 2;"
                   "delete from probe.journal_body where alliance_id = '%s' and sequence = 2",
                   alliance, alliance);
    tamper_journal("sequence 2 is missing, its body is not",
                   "delete from probe.journal where alliance_id = '%s' and sequence = 2", alliance);
    tamper_journal("the body of sequence 2 is gone, and no event says so",
                   "delete from probe.journal_body where alliance_id = '%s' and sequence = 2",
                   alliance);
    tamper_journal("sequence 1: class, salt or body do not have its digest",
                   "update probe.journal_body as b set body = o.body, salt = o.salt from"
                   " kept.body as o where b.alliance_id = '%s' and b.sequence in (1, 2) and"
                   " o.sequence = 3 - b.sequence",
                   alliance);
}

static void heads_and_cursors_are_held_against_the_journals(void **state)
{
    (void)state;
    tamper_journal("the head is at sequence 2, the journal ends at 3",
                   "update probe.journal_head set sequence = 2 where alliance_id = '%s'", alliance);
    tamper_journal("with another hash",
                   "update probe.journal_head set hash = sha256(hash) where alliance_id = '%s'",
                   alliance);
    tamper_journal("the head is at sequence none",
                   "delete from probe.journal_head where alliance_id = '%s'", alliance);
    tamper_journal("source membership: the cursor at sequence 2 has a hash",
                   "update probe.journal_cursor set hash = sha256(hash) where alliance_id = '%s'",
                   alliance);
    tamper_journal("source membership: the cursor at sequence 3 has a hash",
                   "update probe.journal_cursor set sequence = 3 where alliance_id = '%s'",
                   alliance);
    /* A cursor set back: the copies are then newer than they may be. */
    tamper_journal("no event made it",
                   "update probe.journal_cursor set sequence = 0, hash ="
                   " accord.journal_genesis('membership', alliance_id) where alliance_id = '%s'",
                   alliance);
}

static void a_cut_tail_is_found_by_the_rows_and_by_kept_heads(void **state)
{
    (void)state;
    struct journal_head kept = {.service = "probe", .sequence = 3};
    memcpy(kept.alliance_id, alliance, UUID_SIZE);
    assert_true(hash_parse(harness_value("select encode(hash, 'hex') from probe.journal_head where"
                                         " alliance_id = '%s'",
                                         alliance),
                           &kept.hash));
    struct audit_result result = audit(&kept, 1);
    assert_int_equal(result.findings, 0);
    /* Event 3 changed no row: who cuts it off cleanly is caught by the kept head alone. */
    journal_keep();
    as_superuser(
        "delete from probe.journal where alliance_id = '%s' and sequence = 3;"
        "delete from probe.journal_body where alliance_id = '%s' and sequence = 3;"
        "update probe.journal_head set sequence = 2, hash = (select hash from probe.journal"
        " where alliance_id = '%s' and sequence = 2) where alliance_id = '%s'",
        alliance, alliance, alliance, alliance);
    result = audit(NULL, 0);
    assert_int_equal(result.findings, 0);
    result = audit(&kept, 1);
    assert_int_equal(result.findings, 1);
    assert_found("cut", "the kept head is at sequence 3, which is not there: the tail was cut");
    /* Event 2 did: the rows that rest on it are named. */
    as_superuser(
        "delete from probe.journal where alliance_id = '%s' and sequence = 2;"
        "delete from probe.journal_body where alliance_id = '%s' and sequence = 2;"
        "update probe.journal_head set sequence = 1, hash = (select hash from probe.journal"
        " where alliance_id = '%s' and sequence = 1) where alliance_id = '%s'",
        alliance, alliance, alliance, alliance);
    audit(NULL, 0);
    assert_found("cut", "code=a, sequence 1: differs from the journal in sequence, name,"
                        " amount_pence, version");
    assert_found("cut", "id=018f0000-0000-7000-8000-000000000005, sequence 2: no event made it");
    journal_restore();
    /* The same events with another history behind the same numbers. */
    memset(kept.hash.bytes, 5, sizeof kept.hash.bytes);
    audit(&kept, 1);
    assert_found("another", "sequence 3 has another hash than the kept head");
    assert_clean();
}

static void an_unknown_alliance_is_found(void **state)
{
    (void)state;
    char own[UUID_SIZE], forged[UUID_SIZE];
    memcpy(own, alliance, UUID_SIZE);
    harness_alliance(forged);
    as_superuser("insert into probe.alliance select '%s', sequence, name, purpose, objectives,"
                 " principles, starts_on, ends_on, status, founding_decision_id, created_at,"
                 " version from probe.alliance where alliance_id = '%s'",
                 forged, own);
    memcpy(alliance, forged, UUID_SIZE);
    struct audit_result result = audit(NULL, 0);
    memcpy(alliance, own, UUID_SIZE);
    assert_int_equal(result.findings, 1);
    assert_found("forged", "no event made it");
    as_superuser("delete from probe.alliance where alliance_id = '%s'", forged);
    assert_clean();
}

/* --- erasure ---------------------------------------------------------------------------------- */

static void what_is_erased_is_counted(void **state)
{
    (void)state;
    struct problem err = {0};
    {
        act_auto_t act = {0};
        begin(probe, "probe", &act);
        /* Sequence 1 still carries b; 2 carries a; 3 carries nothing. */
        assert_problem(journal_erase(&act, 1, "asked", "somebody", &err), err, PROBLEM_RULE_BROKEN);
        assert_problem(journal_erase(&act, 2, "asked", "somebody", &err), err, PROBLEM_RULE_BROKEN);
        assert_problem(journal_erase(&act, 9, "asked", "somebody", &err), err, PROBLEM_NOT_FOUND);
        assert_done(journal_erase(&act, 3, "asked", "somebody", &err), err);
        assert_problem(journal_erase(&act, 3, "asked", "somebody", &err), err,
                       PROBLEM_STATE_CONFLICT);
        assert_problem(journal_erase(&act, 4, "asked", "somebody", &err), err, PROBLEM_RULE_BROKEN);
        commit(&act);
    }
    struct audit_result result = audit(NULL, 0);
    if (result.findings != 0)
        fail_msg("%s", found);
    assert_int_equal(result.events, 4);
    assert_int_equal(result.erased, 1);
    assert_string_equal(harness_value("select (body::jsonb #>> '{data,erased,sequence}') || ' ' ||"
                                      " (body::jsonb #>> '{data,erased,ground}') || ' ' ||"
                                      " (body::jsonb #>> '{data,erased,approver}') || ' ' || type"
                                      " from probe.journal_body where alliance_id = '%s' and"
                                      " sequence = 4",
                                      alliance),
                        "3 asked somebody probe.journal.erased.v1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_nobody_touched_is_as_it_should_be),
        cmocka_unit_test(a_change_in_any_column_is_named),
        cmocka_unit_test(deleted_inserted_and_swapped_rows_are_named),
        cmocka_unit_test(every_break_of_the_chain_is_named),
        cmocka_unit_test(heads_and_cursors_are_held_against_the_journals),
        cmocka_unit_test(a_cut_tail_is_found_by_the_rows_and_by_kept_heads),
        cmocka_unit_test(an_unknown_alliance_is_found),
        cmocka_unit_test(what_is_erased_is_counted),
    };
    return cmocka_run_group_tests(tests, make_alliance, drop_all);
}
