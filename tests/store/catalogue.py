#!/usr/bin/env python3
"""What the database's catalogue must say, for every table of every service: keys, rights, row-level
security, history that nobody changes; and that every named query prepares. (Environment of
tests/cluster up DIR database.)

    catalogue.py [queries]     queries: only prepare the named queries (make check-sql)"""
import os
import re
import subprocess
import sys

SERVICES = ("membership", "ledger", "reinvestment", "risk", "kpi")
WORK = {"journal", "journal_body", "journal_head", "journal_cursor", "idempotency"}
# Tables without row-level security, and tables beside the facts that a runtime role may write, by name.
OPEN_TABLES = {"journal_head", "journal_cursor"}
WRITABLE = {"journal_cursor": {"INSERT", "UPDATE"}, "idempotency": {"INSERT"}}
ERASABLE = {("membership", "person_name"): {"INSERT", "DELETE"},
            **{(service, "idempotency"): {"INSERT", "DELETE"} for service in ("membership", "reinvestment", "risk", "kpi")}}
IN_SCHEMAS = "n.nspname in ('membership', 'ledger', 'reinvestment', 'risk', 'kpi')"


def psql(sql, fails=False):
    done = subprocess.run(["psql", "-X", "-q", "-t", "-A", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d",
                           os.environ["ACCORD_TEST_DATABASE"], "-f", "-"], input=sql, capture_output=True, text=True,
                          check=False)
    if fails:
        return done.stderr if done.returncode else None
    if done.returncode:
        raise AssertionError(done.stderr.strip())
    return [line.split("\t") for line in done.stdout.splitlines() if line]


def none(sql, what):
    found = psql(sql)
    if found:
        raise AssertionError(f"{what}: {found[:10]}")


def every_key_starts_with_the_alliance():
    none(f"""select n.nspname, c.relname, k.conname from pg_constraint k join pg_class c on c.oid = k.conrelid
             join pg_namespace n on n.oid = c.relnamespace
             join pg_attribute a on a.attrelid = c.oid and a.attname = 'alliance_id'
             where {IN_SCHEMAS} and k.contype in ('p', 'u', 'x', 'f') and k.conkey[1] <> a.attnum""", "keys")
    none(f"""select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where {IN_SCHEMAS} and c.relkind = 'r' and not exists (
                 select from pg_attribute a where a.attrelid = c.oid and a.attname = 'alliance_id' and a.attnotnull)""",
         "tables without an alliance")
    none(f"""select n.nspname, i.relname from pg_index x join pg_class i on i.oid = x.indexrelid
             join pg_class c on c.oid = x.indrelid join pg_namespace n on n.oid = c.relnamespace
             join pg_attribute a on a.attrelid = c.oid and a.attname = 'alliance_id'
             where {IN_SCHEMAS} and x.indisunique and x.indkey[0] <> a.attnum""", "unique indexes")


def nothing_is_deferred():
    none(f"""select n.nspname, k.conname from pg_constraint k join pg_namespace n on n.oid = k.connamespace
             where {IN_SCHEMAS} and k.condeferrable""", "deferrable constraints")
    none(f"""select n.nspname, t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid
             join pg_namespace n on n.oid = c.relnamespace where {IN_SCHEMAS} and t.tgdeferrable""", "deferred triggers")


def rows_are_secured_by_alliance():
    unsecured = {tuple(row) for row in psql(
        f"""select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where {IN_SCHEMAS} and c.relkind = 'r' and not (c.relrowsecurity and c.relforcerowsecurity)""")}
    wrong = {(s, t) for s, t in unsecured if t not in OPEN_TABLES}
    if wrong:
        raise AssertionError(f"tables without forced row-level security: {sorted(wrong)}")


def every_table_is_a_fact_or_known_work():
    tables = {tuple(row) for row in psql(
        f"""select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where {IN_SCHEMAS} and c.relkind = 'r'""")}
    facts = {tuple(row) for row in psql(
        f"select schema_name, table_name from accord.fact where schema_name in {SERVICES}")}
    strange = {t for t in tables - facts if t[1] not in WORK and t not in ERASABLE}
    if strange or facts - tables:
        raise AssertionError(f"neither fact nor work: {sorted(strange)}; facts without a table: {sorted(facts - tables)}")


def statements_fit_their_tables():
    none("""set search_path = accord, pg_catalog; select schema_name, table_name from accord.fact
            where statement <> accord.fact_statement(schema_name, table_name, member, is_history)""",
         "projections that no longer fit their table")


def the_journal_writes_what_the_audit_replays():
    """journal_project() holds the very statements that accord.project() runs for the audit, and who may call it is
    whoever owns the tables."""
    none(f"""select s from unnest(array{list(SERVICES)!r}) as s
             left join pg_proc as p on p.pronamespace = s::regnamespace and p.proname = 'journal_project'
             where p.prosrc is distinct from accord.projection(s::name) or p.prosecdef
                or p.proowner <> (s || '_owner')::regrole or has_function_privilege('public', p.oid, 'execute')""",
         "schemas whose journal_project() is not what their facts say")


def runtime_roles_own_and_create_nothing():
    for service in SERVICES:
        row = psql(f"select rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolcanlogin from pg_roles "
                   f"where rolname = '{service}'")[0]
        if row != ["f", "f", "f", "f", "t"]:
            raise AssertionError(f"{service} may too much: {row}")
        none(f"select relname from pg_class where relowner = '{service}'::regrole", f"{service} owns")
        none(f"select proname from pg_proc where proowner = '{service}'::regrole", f"{service} owns")
        none(f"select nspname from pg_namespace where nspname not like 'pg_temp%' and "
             f"has_schema_privilege('{service}', oid, 'create')", f"{service} may create in")
        none(f"select nspname from pg_namespace where nspname in {SERVICES} and nspname <> '{service}' and "
             f"has_schema_privilege('{service}', oid, 'usage')", f"{service} may look into")
        none(f"select 1 where pg_has_role('{service}', '{service}_owner', 'member')", f"{service} may become its owner")
        if psql(f"select rolcanlogin from pg_roles where rolname = '{service}_owner'") != [["f"]]:
            raise AssertionError(f"{service}_owner may log in")


def nobody_writes_but_through_the_journal():
    rights = psql(f"""select n.nspname, c.relname, p from pg_class c join pg_namespace n on n.oid = c.relnamespace,
                      unnest(array['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER', 'REFERENCES']) as p
                      where {IN_SCHEMAS} and c.relkind = 'r' and has_table_privilege(n.nspname, c.oid, p)""")
    wrong = [r for r in rights if r[2] not in WRITABLE.get(r[1], set()) | ERASABLE.get((r[0], r[1]), set())]
    if wrong:
        raise AssertionError(f"runtime roles may write: {wrong}")


def definers_are_closed():
    none(f"""select n.nspname, p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
             where n.nspname in ('accord', 'membership', 'ledger', 'reinvestment', 'risk', 'kpi') and p.prosecdef
               and (not coalesce(p.proconfig::text like '%search_path%', false)
                    or has_function_privilege('public', p.oid, 'execute'))""", "open security definers")


# A CHECK passes on NULL. By table, the columns of which one compares only a value that is there; that it is
# there when it must be, another one says.
SCORES = {f"{when}{part}" for when in ("", "initial_", "target_") for part in ("score", "likelihood", "consequence")}
COMPARED_WHEN_THERE = {
    "kpi.indicator": {"agreed_specification"},
    "kpi.observation": {"numerator"},
    "ledger.balance": {"floor_pence", "ceiling_pence"},
    "ledger.settlement": {"corrects_id"},
    "ledger.submission": {"used_revision"},
    "ledger.transaction": {"requested_on"},
    "membership.decision": {"closed_at", "recorded_at"},
    "membership.host_version": {"starts_at", "ends_at"},
    "reinvestment.drawdown": {"verified_organisation", "verified_by"},
    "risk.risk": SCORES | {"owner_organisation"},
    "risk.risk_history": SCORES | {"owner_organisation"},
    "risk.score": {"from_score", "from_likelihood", "from_consequence"},
}
SAMPLES = {"bigint": ("0", "1"), "integer": ("0", "1"), "smallint": ("0", "1"), "boolean": ("true", "false"),
           "uuid": (f"'{'0' * 8}-0000-0000-0000-{'0' * 12}'",), "date": ("'2026-04-01'", "'2026-05-01'"),
           "timestamp with time zone": ("'2026-04-01Z'", "'2026-05-01Z'"), "jsonb": ("'[]'", "'{}'", "'[1]'"), "bytea": ("'x'",)}


def no_check_passes_because_it_does_not_know():
    """Every CHECK over several columns is tried with all combinations of sample values, NULL among those of a
    nullable column (of one column, NULL says that it is absent): none may come out as NULL."""
    columns = {}
    for table, column, kind, is_needed in psql(
            f"""select c.oid::regclass, a.attname, format_type(a.atttypid, null), a.attnotnull
                from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
                where {IN_SCHEMAS} and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped"""):
        columns[table, column] = kind, is_needed == "t"
    checks = psql(f"""select c.oid::regclass, k.conname, replace(pg_get_expr(k.conbin, k.conrelid), E'\\n', ' '),
                             (select string_agg(a.attname, ',') from pg_attribute a where a.attrelid = c.oid and a.attnum = any (k.conkey))
                      from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
                      where {IN_SCHEMAS} and k.contype = 'c'""")
    wrong, used = [], set()
    for table, name, expression, keys in checks:
        names = keys.split(",")
        compared = COMPARED_WHEN_THERE.get(table, set()) & set(names)
        if len(names) < 2 or all(columns[table, column][1] for column in names) or not is_null_for(
                expression, columns, table, names, set()):
            continue
        used |= {(table, column) for column in compared}
        if not compared or is_null_for(expression, columns, table, names, compared):
            wrong.append(f"{table} {name}: {expression}")
    idle = {(table, column) for table, some in COMPARED_WHEN_THERE.items() for column in some} - used
    if wrong or idle:
        raise AssertionError(f"checks that pass on NULL: {wrong}; columns that no such check compares any more: {sorted(idle)}")


def is_null_for(expression, columns, table, names, there):
    """Is there a combination for which it is neither true nor false?"""
    sources = []
    texts = [f"'{text}'" for text in sorted({"x", *re.findall(r"'([a-z-]*)'::text", expression)})]
    for column in names:
        kind, is_needed = columns[table, column]
        samples = list(SAMPLES.get(kind, texts))
        samples += [] if is_needed or column in there else ["null"]
        sources.append(f"(select v::{kind} as {column} from unnest(array[{', '.join(samples)}]::text[]) as v) as of_{column}")
    return bool(psql(f"select 1 from {', '.join(sources)} where ({expression}) is null limit 1"))


ALLIANCE = "018f0000-0000-7000-8000-0000000000aa"


def seed(service):
    """One event, so that there is something to attack."""
    body = ('{"data":{},"recordedAt":"2026-04-01T00:00:00.000Z","subject":"alliance","type":"%s.probe.made.v1"}' % service)
    psql(f"""begin; set local role {service}; set local search_path = {service}, accord;
             set local accord.alliance_id = '{ALLIANCE}';
             select sequence from journal_lock('{ALLIANCE}', true);
             select sequence from journal_append('{ALLIANCE}', '{{open}}', array[sha256('salt')], array['{body}']);
             commit;""")


def attack(role, service, sql):
    return psql(f"begin; set local role {role}; set local search_path = {service}, accord; "
                f"set local accord.alliance_id = '{ALLIANCE}'; {sql}; commit;", fails=True)


def history_is_never_changed():
    for service in SERVICES:
        seed(service)
        histories = [row[0] for row in psql(
            f"select table_name from accord.fact where schema_name = '{service}' and is_history")]
        for table in ["journal", "journal_body"]:
            for sql in (f"update {table} set sequence = sequence + 1", f"delete from {table}", f"truncate {table}"):
                if attack(f"{service}_owner", service, sql) is None:
                    raise AssertionError(f"{service}_owner could {sql}")
        for table in histories + ["journal_head", "journal_cursor"]:
            if attack(f"{service}_owner", service, f"truncate {table} cascade") is None:
                raise AssertionError(f"{service}_owner could truncate {table}")
        for table in histories:
            triggers = psql(f"select tgname from pg_trigger where tgrelid = '{service}.{table}'::regclass and "
                            "tgname = 'refuse_change' and tgenabled = 'O'")
            if not triggers:
                raise AssertionError(f"{service}.{table} is history that may be changed")
        if attack(f"{service}_owner", service, "delete from journal_head") is None:
            raise AssertionError(f"{service}_owner could delete the head")


def answers_stay():
    """For 24 hours; the ledger's for ever. And no head or cursor has another hash at the same number."""
    for service in SERVICES:
        seed(service)
        psql(f"""insert into {service}.idempotency (alliance_id, caller, key, method, path, body_digest, status, content_type,
                 answer, sequence, recorded_at) select '{ALLIANCE}', 'c', k, 'POST', '/', 'd', 200, '', '', 1,
                 accord.accord_now() - age from (values ('young', interval '23 hours'), ('old', interval '25 hours')) as v (k, age)
                 on conflict do nothing""")
        for sql in ("delete from idempotency where key = 'young'", "truncate idempotency", "update idempotency set answer = 'x'"):
            if attack(f"{service}_owner", service, sql) is None:
                raise AssertionError(f"{service}_owner could {sql}")
        refused = attack(service, service, "delete from idempotency where key = 'old'")
        owner_refused = attack(f"{service}_owner", service, "delete from idempotency where key = 'old'")
        if (refused is None, owner_refused is None) != (service != "ledger", service != "ledger"):
            raise AssertionError(f"{service} forgets old answers: {refused or 'yes'}; its owner: {owner_refused or 'yes'}")
        if attack(f"{service}_owner", service, "update journal_head set hash = sha256('other')") is None:
            raise AssertionError(f"{service}_owner could give the head another hash")


def what_is_asked_every_second_does_not_grow_with_time():
    """Among 20,000 answers of today and as many decided subjects, the sweep looks at those that are due only."""
    queries = dict(queries_of("common/queries.sql"))
    for name, table, arguments in (("answer_overdue", "idempotency", ""), ("frozen_overdue", "frozen_subject", ", 600000, 1")):
        types = "(uuid" + ", bigint" * arguments.count(",") + ")"
        plan = "\n".join(row[0] for row in psql(f"""begin;
            insert into risk.idempotency (alliance_id, caller, key, method, path, body_digest, status, content_type, answer, sequence,
                recorded_at) select '{ALLIANCE}', 'c', n::text, 'POST', '/', 'd', 200, '', '', 1, now() from generate_series(1, 20000) as n;
            insert into risk.frozen_subject (alliance_id, decision_id, sequence, subject, effect, kind, version, nonce, digest, state,
                frozen_at) select '{ALLIANCE}', gen_random_uuid(), 1, 'risk/risks/' || n, 'accept', 'general', 1, 'n', 'd', 'done',
                now() - interval '1 day' from generate_series(1, 20000) as n;
            analyze risk.{table}; set local role risk; set local search_path = risk, accord;
            set local accord.alliance_id = '{ALLIANCE}'; set local plan_cache_mode = force_generic_plan;
            prepare asked {types} as {queries[name]};
            explain (analyze, costs off, timing off) execute asked ('{ALLIANCE}'{arguments}); rollback;"""))
        looked_at = [int(number) for number in re.findall(r"rows=(\d+)|Rows Removed by Filter: (\d+)", plan) for number in number if number]
        if f"on {table}" not in plan or sum(looked_at) > 50:
            raise AssertionError(f"{name} looks at {sum(looked_at)} rows:\n{plan}")


def runtime_cannot_disarm_or_drop():
    for service in SERVICES:
        for sql in ("alter table journal disable trigger all", "drop table journal", "drop schema " + service,
                    "update journal set class = 'open'", "delete from journal_body", "truncate journal",
                    "alter table journal_head disable row level security", "create table mine (x int)",
                    "set role " + service + "_owner", "select accord.fact_register('a', 'b', 'c', false, 'd')",
                    "update accord.clock set offset_ms = 1"):
            # session_replication_role and the like need a superuser; SET ROLE needs membership.
            if psql(f"set session authorization {service}; set search_path = {service}, accord; {sql};", fails=True) is None:
                raise AssertionError(f"{service} could {sql}")


def the_clock_moves_in_tests_only():
    """Not even for a superuser, unless the database is marked as a test's."""
    if psql("select is_test, offset_ms from accord.clock") != [["t", "0"]]:
        raise AssertionError("this database is not marked as a test's")
    move = "update accord.clock set offset_ms = 86400000"
    said = psql(f"begin; update accord.clock set is_test = false; {move}; rollback;", fails=True)
    if said is None or "clock_moves_in_tests_only" not in said:
        raise AssertionError(f"the clock of a database that is no test's could be moved: {said}")
    said = psql(f"begin; {move}; update accord.clock set is_test = false; rollback;", fails=True)
    if said is None or "clock_moves_in_tests_only" not in said:
        raise AssertionError(f"a database with a moved clock could lose its mark: {said}")
    if psql(f"begin; {move}; select accord.accord_now() > clock_timestamp() + interval '23 hours'; rollback;") != [["t"]]:
        raise AssertionError("the clock of a test's database can't be moved")


def without_an_alliance_nothing_is_seen():
    for service in SERVICES:
        for table in ("journal", "journal_body"):
            seen = psql(f"set session authorization {service}; select count(*) from {service}.{table};")
            if seen != [["0"]]:
                raise AssertionError(f"{service}.{table} shows {seen} to a query without an alliance")
        other = psql(f"begin; set local accord.alliance_id = '018f0000-0000-7000-8000-0000000000bb'; set local role {service}; "
                     f"select count(*) from {service}.journal; commit;")
        if other != [["0"]]:
            raise AssertionError(f"{service}.journal shows another alliance's rows")
        own = psql(f"begin; set local accord.alliance_id = '{ALLIANCE}'; set local role {service}; "
                   f"select count(*) > 0 from {service}.journal; commit;")
        if own != [["t"]]:
            raise AssertionError(f"{service}.journal does not show its own rows")


def queries_of(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for part in re.split(r"^-- name: ", text, flags=re.M)[1:]:
        name, _, body = part.partition("\n")
        yield name.strip(), "\n".join(l for l in body.splitlines() if not l.lstrip().startswith("--")).strip().rstrip(";")


def every_named_query_prepares():
    for service in SERVICES:
        for path in (f"services/{service}/queries.sql", "common/queries.sql"):
            for name, body in queries_of(path):
                if body.split()[0] in ("savepoint", "rollback", "release"):
                    continue  # these are sent as they are
                types = "" if "$1" in body else "(uuid)"  # $1 is there, used or not
                try:
                    psql(f"set session authorization {service}; set search_path = {service}, accord; "
                         f"prepare {name} {types} as {body};")
                except AssertionError as error:
                    raise AssertionError(f"{path}: {name}: {error}") from error


CHECKS = [every_named_query_prepares, every_key_starts_with_the_alliance, nothing_is_deferred,
          rows_are_secured_by_alliance, every_table_is_a_fact_or_known_work, statements_fit_their_tables, the_journal_writes_what_the_audit_replays,
          runtime_roles_own_and_create_nothing, nobody_writes_but_through_the_journal, definers_are_closed,
          no_check_passes_because_it_does_not_know, history_is_never_changed, answers_stay, what_is_asked_every_second_does_not_grow_with_time, runtime_cannot_disarm_or_drop,
          the_clock_moves_in_tests_only, without_an_alliance_nothing_is_seen]


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    passed = failed = 0
    for check in CHECKS[:1] if sys.argv[1:] == ["queries"] else CHECKS:
        try:
            check()
            passed += 1
            print(f"  ok      {check.__name__.replace('_', ' ')}")
        except AssertionError as error:
            failed += 1
            print(f"  FAILED  {check.__name__.replace('_', ' ')}: {error}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
