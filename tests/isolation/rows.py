#!/usr/bin/env python3
"""The database keeps alliances apart by itself: every named query of every service, with every condition on
the alliance taken out of it, every table and every function, as the role that the service runs as. (Environment
of tests/cluster; after the other tests, so that there is an alliance with rows in every table.)"""
import json
import os
import re
import subprocess
import sys
import uuid

SERVICES = ("membership", "ledger", "reinvestment", "risk", "kpi")
# What is not of one alliance, by name, and why.
ACROSS = {
    "journal_head": "the sweep asks which alliances there are and how far each is: an id, a number, a hash",
    "journal_cursor": "the same of what is followed: numbers and hashes, and why one stalled",
}
# Queries that show rows of those two tables alone, the clock, or what they are asked: nothing of an alliance's business.
HEADS = {"alliance_set", "read_begin", "overview_now", "head_lock", "journal_at", "journal_heads", "position_list", "alliances_known", "standing_at", "cursor_list", "cursor_move",
         "cursor_states", "cursor_attempt", "cursor_forgive", "cursor_stall", "cursor_resume", "cursor_behind", "cursor_stalled"}
OWN_CONDITION = re.compile(r"\b(?:\w+\.)?alliance_id\s*=\s*(?:\$1::uuid|\w+\.alliance_id)")
MARK = "===="
NOBODY, OTHER = str(uuid.uuid4()), str(uuid.uuid4())


def psql(sql, stops=True):
    done = subprocess.run(["psql", "-X", "-q", "-t", "-A", "-F", "\t", "-v", f"ON_ERROR_STOP={int(stops)}", "-d",
                           os.environ["ACCORD_TEST_DATABASE"], "-f", "-"], input=sql, capture_output=True, text=True, check=False)
    if stops and done.returncode:
        raise AssertionError(done.stderr.strip())
    return done.stdout, done.stderr


def rows(sql):
    return [line.split("\t") for line in psql(sql)[0].splitlines() if line]


def value(sql):
    return rows(sql)[0][0]


def named_queries(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for part in re.split(r"^-- name: ", text, flags=re.M)[1:]:
        name, _, body = part.partition("\n")
        yield name.strip(), "\n".join(line for line in body.splitlines() if not line.lstrip().startswith("--")).strip().rstrip(";")


def everything_asked():
    """(service, name, text) of every query that a service may send, but for marks within a transaction."""
    for service in SERVICES:
        for path in (f"services/{service}/queries.sql", "common/queries.sql"):
            for name, body in named_queries(path):
                if body.split()[0] not in ("savepoint", "rollback", "release"):
                    yield service, name, body


def stripped(body):
    return OWN_CONDITION.sub("true", body)


class World:
    """An alliance that has rows in (nearly) every table, and its tables, each with a row of it."""

    def __init__(self):
        self.alliance = value("select alliance_id from risk.journal_head order by sequence desc, alliance_id limit 1")
        self.tables = {}
        for schema, table in rows(f"""select n.nspname, c.relname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
                                      where n.nspname in {SERVICES} and c.relkind in ('r', 'p') order by 1, 2"""):
            self.tables.setdefault(schema, []).append(table)
        every = [(service, table) for service, tables in self.tables.items() for table in tables]
        found = rows("".join(f"select coalesce((select to_jsonb(t) from {service}.\"{table}\" as t where alliance_id = '{self.alliance}' limit 1), '{{}}');"
                             for service, table in every))
        self.samples = {one: json.loads(row[0]) for one, row in zip(every, found, strict=True)}

    def sample(self, service, table):
        """A row of the alliance, as an object; {} when there is none."""
        return self.samples[service, table]


def types_of(body):
    count = max([1, *map(int, re.findall(r"\$(\d+)", body))])
    first = re.findall(r"\$(\d+)::(\w+(?:\[\])?)", body)[::-1]  # where it stands as two, it is the first
    casts = {int(n): kind for n, kind in first}
    return [casts.get(n, "uuid" if n == 1 else "text") for n in range(1, count + 1)]


WIDE = {"bigint": "1000", "integer": "1", "text[]": "'{ZZ1,ZZ2,ZZ3,ZZ4}'", "jsonb": "'[]'", "timestamptz": "'2126-11-22Z'", "date": "'2026-11-22'"}


def literal(kind, found):
    if kind.endswith("[]"):
        found = found if isinstance(found, list) else [found]
        return "array[" + ", ".join("'" + str(one).replace("'", "''") + "'" for one in found) + f"]::{kind}"
    return "'" + str(found).replace("'", "''") + "'"


def arguments(world, service, body):
    """Values by which the query finds something of the alliance: what a column is compared with is taken from a row of
    one of the query's tables; where nothing is compared, as wide as it goes."""
    types = types_of(body)
    given = [WIDE.get(kind, "null") for kind in types]
    tables = [t for t in re.findall(r"\b(?:from|join|into|update)\s+\"?(\w+)\"?", body) if t in world.tables[service]]
    for column, n in re.findall(r"(\w+)\s*=\s*(?:any\s*\(\s*)?\$(\d+)", body):
        found = [world.sample(service, table)[column] for table in tables if world.sample(service, table).get(column) is not None]
        if found and not re.search(rf"\${n}::\w+ is null", body):
            given[int(n) - 1] = literal(types[int(n) - 1], found[0])
    for n in re.findall(r">\s*\$(\d+)|>\s*coalesce\(\$(\d+)", body):
        given[int(next(filter(None, n))) - 1] = "null"
    return types, given


def asked(service, questions):
    """What each question (alliance of the transaction, query, types, arguments, the alliance asked about) shows, and what
    was said against it: in one session of the service's role."""
    script = [f"set session authorization {service};", f"set search_path = {service}, accord;"]
    for n, (alliance, body, types, given, first) in enumerate(questions):
        given = [f"'{first}'" if first else "null", *given[1:]]
        script += [f"prepare asked_{n} ({', '.join(types)}) as {body};", "\\if :ERROR", f"\\echo {MARK} :LAST_ERROR_MESSAGE", "\\else", "begin;",
                   f"select set_config('accord.alliance_id', '{alliance}', true) \\g /dev/null", "\\set LAST_ERROR_MESSAGE ''",
                   f"execute asked_{n} ({', '.join(given)});", f"\\echo {MARK} :LAST_ERROR_MESSAGE", "rollback;", "\\endif"]
    out = psql("\n".join(script), stops=False)[0]
    answers = re.findall(rf"(.*?)^{MARK}(.*?)$", out, flags=re.M | re.S)
    if len(answers) != len(questions):
        raise AssertionError(f"{service}: {len(answers)} answers to {len(questions)} questions: {out[-500:]}")
    return [(shown.strip("\n"), said.strip()) for shown, said in answers]


CHECKS = []


WORLD = []  # one, made when the checks begin


def check(function):
    CHECKS.append(function)
    return function


@check
def a_query_without_its_alliance_condition_shows_nothing_of_another():
    """Asked in a transaction of another alliance, as it is with this one's id, and with its conditions on the alliance
    taken out, it answers as about an alliance that was never there. In one of its own it finds what there is."""
    world, found, wrong, idle = WORLD[0], 0, [], []
    for service in SERVICES:
        mine = [(name, body, *arguments(world, service, body)) for one, name, body in everything_asked() if one == service and name not in HEADS]
        ours = world.alliance
        questions = [question for _, body, types, given in mine for question in (
            (OTHER, body, types, given, NOBODY), (OTHER, body, types, given, ours), (OTHER, stripped(body), types, given, ours),
            (OTHER, stripped(body), types, given, OTHER), (ours, body, types, given, ours), (ours, body, types, given, NOBODY))]
        answers = asked(service, questions)
        for n, (name, body, _, given) in enumerate(mine):
            never, *others, own, own_of_nobody = answers[6 * n:6 * n + 6]
            wrong += [f"{service} {name} {given}: {seen} instead of {never}" for seen in others
                      if seen != never and not is_refused(seen) and not hides_but_the_head(name, seen, never)]
            is_there = own != own_of_nobody and own[0] != never[0]
            found += is_there
            idle += [] if is_there else [f"{service}.{name}"]
    if wrong:
        raise AssertionError(f"{len(wrong)} queries see another alliance:\n    " + "\n    ".join(wrong)[:3000])
    print(f"          {found} queries find rows of their own alliance, {len(idle)} had none to find")
    if found < 120:
        raise AssertionError(f"only {found} queries found anything where they may: {idle}")


def is_refused(seen):
    return bool(re.search("row-level security|permission denied|null value in column", seen[1])) and not seen[0]


def hides_but_the_head(name, seen, never):
    """Who the caller is begins with the clock, the head and the cursor: nothing follows."""
    if name not in ("standing_get", "standing_list"):
        return False
    columns = {tuple(line.split("\t")[5:]) for line in seen[0].splitlines()}
    return columns == {tuple(line.split("\t")[5:]) for line in never[0].splitlines()}


def plan_nodes(plan):
    yield plan
    for below in plan.get("Plans", []):
        yield from plan_nodes(below)


@check
def every_scan_of_every_query_is_bound_to_the_transaction_s_alliance():
    """Whatever it is asked for: its plan, without the query's own conditions, reads no table but by the policy."""
    wrong, scans = [], 0
    for service in SERVICES:
        mine = [(name, stripped(body), types_of(body)) for one, name, body in everything_asked() if one == service and body.split()[0] != "insert"
                and (one, name) != ("ledger", "answer_purge")]  # which the ledger may not
        out = psql("\n".join([f"set session authorization {service}; set search_path = {service}, accord; set plan_cache_mode = force_generic_plan;"] + [
            f"prepare asked_{n} ({', '.join(types)}) as {body};\n"
            f"explain (format json, costs off, verbose) execute asked_{n} ({', '.join('null' for _ in types)});\n\\echo {MARK}"
            for n, (_, body, types) in enumerate(mine)]))[0]
        for (name, _, _), plan in zip(mine, out.split(MARK), strict=False):
            for node in plan_nodes(json.loads(plan)[0]["Plan"]):
                table = node.get("Relation Name")
                if node.get("Schema") != service or table in ACROSS or node["Node Type"] in ("ModifyTable", "Function Scan"):
                    continue
                scans += 1
                if not any("accord.alliance_id" in str(node.get(key, "")) for key in ("Filter", "Index Cond", "Recheck Cond")):
                    wrong.append(f"{service} {name} reads {table} without the policy: {node}")
    if wrong:
        raise AssertionError("\n    ".join(wrong)[:3000])
    print(f"          {scans} scans")
    if scans < 250:
        raise AssertionError(f"only {scans} scans were looked at")


@check
def a_table_shows_the_transaction_s_alliance_alone():
    world, wrong, filled = WORLD[0], [], 0
    beside = value(f"select alliance_id from membership.journal_head where alliance_id <> '{world.alliance}' order by sequence desc limit 1")
    for service, tables in world.tables.items():
        tables = [table for table in tables if table not in ACROSS]
        count = f"select count(*), count(*) filter (where alliance_id <> coalesce(accord.current_alliance(), '{NOBODY}')) from"
        seen = rows(f"set session authorization {service}; begin;" + "".join(
            f"select set_config('accord.alliance_id', '{who}', true) \\g /dev/null\n{count} {service}.\"{table}\";"
            for table in tables for who in ("", OTHER, beside, world.alliance)) + "rollback;")
        there = rows("".join(f"select count(*) from {service}.\"{table}\" where alliance_id = '{world.alliance}';" for table in tables))
        for n, table in enumerate(tables):
            nobody, other, another, own = seen[4 * n:4 * n + 4]
            filled += there[n] != ["0"]
            if nobody != ["0", "0"] or other != ["0", "0"] or another[1] != "0" or own != [there[n][0], "0"]:
                wrong.append(f"{service}.{table}: {nobody} {other} {another} {own} of {there[n]}")
    if wrong:
        raise AssertionError("\n    ".join(wrong))
    print(f"          {filled} tables with rows")
    if filled < 50:
        raise AssertionError(f"only {filled} tables have a row that could be hidden")


@check
def nothing_is_written_into_another_alliance():
    world = WORLD[0]
    for service, tables in world.tables.items():
        tables = [table for table in tables if table not in ACROSS]
        attacks = []
        for table in tables:
            row = json.dumps(world.sample(service, table)).replace("'", "''")
            attacks += [f"insert into \"{table}\" select * from jsonb_populate_record(null::\"{table}\", '{row}')", f"delete from \"{table}\" returning 1",
                        f"update \"{table}\" set alliance_id = '{OTHER}' returning 1"]
        for sql, (out, err) in zip(attacks, asked(service, [(OTHER, sql, ["uuid"], ["null"], None) for sql in attacks]), strict=True):
            if out.strip() or ("insert" in sql and not re.search("row-level security|permission denied|cannot insert|null value", err)):
                raise AssertionError(f"{service}: {sql}: {out} {err}")


# Functions that a service may call about an alliance that it names, and what each does in a transaction of another.
DEFINERS = {"journal_lock", "journal_append", "journal_follow", "journal_erase", "alliances_of"}
INVOKERS = {"fact_rests", "project", "journal_genesis", "parameters_of_month", "has_pending_submission", "has_settlement_due"}


@check
def no_function_reaches_into_another_alliance():
    world = WORLD[0]
    named = {(row[0], row[1]) for row in rows(f"""
        select distinct p.proname, p.prosecdef from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace, unnest(array{list(SERVICES)!r}) as role
        where n.nspname in {(*SERVICES, 'accord')} and has_function_privilege(role, p.oid, 'execute')
          and has_schema_privilege(role, n.oid, 'usage') and p.prorettype <> 'trigger'::regtype and p.prokind = 'f'
          and (p.prosecdef or 'uuid'::regtype = any (p.proargtypes::oid[]))""")}
    if named != {(name, "t") for name in DEFINERS} | {(name, "f") for name in INVOKERS}:
        raise AssertionError(f"functions that nobody has looked at: {sorted(named ^ ({(n, 't') for n in DEFINERS} | {(n, 'f') for n in INVOKERS}))}")
    of = f"'{world.alliance}'"
    event = '{"data":{},"recordedAt":"2026-04-01T00:00:00.000Z","subject":"alliance","type":"%s.probe.made.v1"}'
    for service in SERVICES:
        attacks = [f"select sequence from journal_append({of}, array['open'], array[sha256('salt')], array['{event % service}'])",
                   f"select * from accord.fact_rests('{service}', {of}, 1)"]
        if service != "membership":
            alliance = json.dumps({"data": {"alliance": {"name": "Mine", "purpose": "Mine"}}, "type": "x"}).replace("'", "''")
            attacks.append(f"select journal_follow({of}, 'membership', 999999, '{alliance}')")
        if service == "ledger":
            attacks += [f"select parameters_of_month({of}, '2016-17-M01') is not null where parameters_of_month({of}, '2016-17-M01') is not null",
                        f"select 1 where has_pending_submission({of}, '2016-17-M01')", f"select 1 where has_settlement_due({of}, '2016-17-M01')"]
        for sql in attacks:
            out, err = psql(f"""set session authorization {service}; set search_path = {service}, accord; begin;
                                select set_config('accord.alliance_id', '{OTHER}', true) \\g /dev/null
                                {sql}; rollback;""", stops=False)
            if out.strip():
                raise AssertionError(f"{service}: {sql}: {out} {err}")
            if sql.startswith("select sequence") and "row-level security" not in err:
                raise AssertionError(f"{service}: {sql}: {err}")
        # An erasure in a transaction of another alliance removes nothing, and says nothing of what is there.
        out, err = psql(f"""begin; set local role {service}; set local search_path = {service}, accord;
                            select set_config('accord.alliance_id', '{OTHER}', true) \\g /dev/null
                            select journal_erase({of}, 1) \\g /dev/null
                            reset role; select count(*) from {service}.journal_body where alliance_id = {of} and sequence = 1; rollback;""", stops=False)
        if out.strip() != "1" or err.strip():
            raise AssertionError(f"{service}: an erasure reached {world.alliance}: {out} {err}")


@check
def no_view_shows_what_its_reader_may_not():
    views = {".".join(row) for row in rows(f"""select n.nspname, c.relname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
                                               where n.nspname in {(*SERVICES, 'accord')} and c.relkind in ('v', 'm')""")}
    if views != {"accord.present"}:  # the clock
        raise AssertionError(f"a view reads with its owner's eyes: {sorted(views)}")


@check
def a_service_s_role_owns_nothing_makes_nothing_and_sees_its_own_schema_alone():
    for service in SERVICES:
        others = [one for one in SERVICES if one != service]
        flags = rows(f"""select rolsuper, rolinherit and exists (select from pg_auth_members where member = r.oid), rolcreaterole, rolcreatedb,
                                rolbypassrls, rolreplication from pg_roles as r where rolname = '{service}'""")[0]
        if set(flags) != {"f"}:
            raise AssertionError(f"{service} is more than it should be: {flags}")
        owned = rows(f"select classid::regclass, objid from pg_shdepend where refobjid = '{service}'::regrole and deptype = 'o'")
        reach = rows(f"""select n.nspname, c.relname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
                         where n.nspname in {tuple(others)} and (has_schema_privilege('{service}', n.oid, 'usage')
                           or (c.relkind in ('r', 'v', 'm', 'p', 'f') and has_table_privilege('{service}', c.oid, 'select, insert, update, delete, truncate, references, trigger')))""")
        makes = rows(f"""select nspname from pg_namespace where nspname !~ '^pg_(temp|toast)' and has_schema_privilege('{service}', oid, 'create')
                         union all select datname from pg_database where has_database_privilege('{service}', oid, 'create')""")
        policies = rows(f"""select polrelid::regclass, polname from pg_policy where polroles <> '{{0}}' and '{service}'::regrole = any (polroles)""")
        if owned or reach or makes or policies:
            raise AssertionError(f"{service} owns {owned}, reaches {reach}, may make in {makes}, has policies of its own {policies}")


@check
def a_policy_names_the_transaction_s_alliance_and_nothing_else():
    """But for membership's owner, by whose eyes alliances_of() finds who somebody is."""
    across = {("membership.alliance", "across"), ("membership.partner", "across"), ("membership.appointment", "across")}
    found = rows(f"""select p.polrelid::regclass, p.polname, pg_get_expr(p.polqual, p.polrelid), coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '-'), p.polcmd,
                       p.polpermissive, p.polroles::regrole[] from pg_policy as p join pg_class as c on c.oid = p.polrelid
                     join pg_namespace as n on n.oid = c.relnamespace where n.nspname in {SERVICES}""")
    for table, name, shown, kept, command, is_wide, roles in found:
        if (table, name) in across and (shown, command, roles) == ("true", "r", "{membership_owner}"):
            continue
        if (name, shown, kept, command, is_wide, roles) != ("alliance", "(alliance_id = accord.current_alliance())", "-", "*", "t", "{-}"):
            raise AssertionError(f"{table}: {name} shows {shown}, keeps {kept}, for {command} of {roles}")
    if len(found) < 60:
        raise AssertionError(f"only {len(found)} policies")


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    failed = 0
    WORLD.append(World())
    for one in CHECKS:
        try:
            one()
            print(f"  ok      {one.__name__.replace('_', ' ')}", flush=True)
        except AssertionError as error:
            failed += 1
            print(f"  FAILED  {one.__name__.replace('_', ' ')}: {error}", flush=True)
    for table, reason in ACROSS.items():
        print(f"          without row-level security: {table}: {reason}")
    print(f"{len(CHECKS) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
