"""Tampers with the played example as only a superuser can, and looks whether it is found and named.

    tamper.py keep FOLDER     while everything runs: keeps each journal's export and signed head
    tamper.py tamper FOLDER   while only the database runs
"""
import base64
import contextlib
import json
import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import accord  # noqa: E402

SERVICES = ("membership", "ledger", "reinvestment", "risk", "kpi")
SEED = int(os.environ.get("ACCORD_SEED", "0")) or random.randrange(1, 10**6)
NEVER_FILLED = {"risk.frozen_subject"}  # nothing of risk is put to the vote
FLIPS = 60  # characters of each export that are changed, one at a time

# Another value of each type.
OTHER = {
    "bigint": "coalesce({0}, 0) + 1",
    "integer": "coalesce({0}, 0) + 1",
    "smallint": "coalesce({0}, 0) + 1::smallint",
    "numeric": "coalesce({0}, 0) + 1",
    "text": "coalesce({0}, '') || 'x'",
    "boolean": "not coalesce({0}, false)",
    "date": "coalesce({0}, '2026-01-01') + 1",
    "timestamp with time zone": "coalesce({0}, '2026-01-01') + interval '1 millisecond'",
    "uuid": "case when {0} is null then gen_random_uuid() else gen_random_uuid() end",
    "jsonb": "jsonb_build_array({0}, 1)",
    "text[]": "coalesce({0}, '{{}}') || array['x']",
}


def sql(text):
    """Runs SQL as the superuser; rows of texts."""
    done = subprocess.run(["psql", "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1", os.environ["ACCORD_TEST_DATABASE"]],
                          input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{done.stderr.strip()}\n{text}")
    return [line.split("\t") for line in done.stdout.splitlines()]


def audit(*arguments):
    """Exit status and lines of accord-audit."""
    done = subprocess.run([os.path.join(os.environ["ACCORD_BIN"], "accord-audit"), "--database",
                           os.environ["ACCORD_TEST_DATABASE"], *arguments], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"accord-audit: {done.returncode} {done.stdout}{done.stderr}")
    return done.returncode, done.stdout.splitlines()


def found(lines, wanted):
    missing = [line for line in wanted if line not in lines]
    if missing:
        raise AssertionError(f"{len(missing)} not found, first: {missing[0]}\namong:\n" + "\n".join(lines[:20]))


# --- tables ----------------------------------------------------------------------------------------------------

class Table:
    def __init__(self, schema, name):
        self.schema, self.name = schema, name
        self.full = f"{schema}.{name}"
        self.kept = f"kept.{schema}_{name}"
        columns = sql(f"""
            select a.attname, format_type(a.atttypid, null), coalesce(a.attnum = any (k.conkey), false)
            from pg_attribute as a left join pg_constraint as k on k.conrelid = a.attrelid and k.contype = 'p'
            where a.attrelid = '{self.full}'::regclass and a.attnum > 0 and not a.attisdropped
                and a.attgenerated = '' order by a.attnum""")
        self.keys = [(column, kind) for column, kind, is_key in columns if is_key == "t"]
        self.values = [(column, kind) for column, kind, is_key in columns if is_key == "f"]
        self.columns = ", ".join(f'"{column}"' for column, *_ in columns)
        self.rows = int(sql(f"select count(*) from {self.full}")[0][0])

    # Each of these is SQL; what it selects is the lines that must be found.

    def keep(self):
        return f"create table {self.kept} as table {self.full};"

    def restore(self):
        return f"delete from {self.full}; insert into {self.full} ({self.columns}) select {self.columns} from {self.kept};"

    def line(self, alias, said):
        """How the audit names a row."""
        key = " || ', ' || ".join(f"'{column}=' || {alias}.\"{column}\"" for column, _ in self.keys)
        return f"'{self.full}: row ' || {key} || ', sequence ' || {alias}.sequence || ': {said}'"

    def change(self, column, kind):
        """Another value in a random row."""
        return f"""
            with picked as (select ctid as place, * from {self.full} order by random() limit 1),
            changed as (update {self.full} as t set "{column}" = {other("t", column, kind)}
                        from picked where t.ctid = picked.place)
            select {self.line("picked", f"differs from the journal in {column}")} from picked;"""

    def rekey(self, column, kind):
        """Another value in a column of a random row's key: to the audit, one row is gone and another came."""
        return f"""
            create temporary table old as select t.ctid as place, t.* from {self.full} as t order by random() limit 1;
            create temporary table new as table old;
            update new as n set "{column}" = {self.unused("n", column, kind)};
            update {self.full} as t set "{column}" = n."{column}" from new as n where t.ctid = n.place;
            select {self.line("o", "it is missing")} from old as o;
            select {self.line("n", "no event made it")} from new as n;
            drop table old, new;"""

    def unused(self, alias, column, kind):
        """A value of this column of the key that no row has."""
        if kind in ("bigint", "integer", "smallint", "date"):
            return f'(select max("{column}") + 1 from {self.full})::{kind}'
        return other(alias, column, kind)

    def delete(self):
        return f"""
            with picked as (select ctid as place, * from {self.full} order by random() limit 1),
            gone as (delete from {self.full} as t using picked where t.ctid = picked.place)
            select {self.line("picked", "it is missing")} from picked;"""

    def insert(self):
        """A copy of a random row under a key that no row has."""
        column, kind = self.keys[-1]
        return f"""
            create temporary table forged as select * from {self.full} order by random() limit 1;
            update forged as f set "{column}" = {self.unused("f", column, kind)};
            insert into {self.full} ({self.columns}) select {self.columns} from forged;
            select {self.line("f", "no event made it")} from forged as f;
            drop table forged;"""

    def same(self, left, right):
        return " and ".join(f"{left}.\"{column}\" = {right}.\"{column}\"" for column, _ in self.keys)

    def swap(self):
        """Two rows exchange all but their keys."""
        differ = " or ".join(f'a."{c}"::text is distinct from b."{c}"::text' for c, _ in self.values)
        columns = ", ".join(f'"{column}"' for column, _ in self.values)
        sources = ", ".join(f'o."{column}"' for column, _ in self.values)
        return f"""
            create temporary table pair as select t.ctid as place, t.* from {self.full} as t where t.ctid in
                (select unnest(places) from (select array[a.ctid, b.ctid] as places from {self.full} as a
                 join {self.full} as b on a.ctid < b.ctid where {differ} order by random() limit 1) as chosen);
            update {self.full} as t set ({columns}) = row({sources}) from pair as p, pair as o
                where {self.same("t", "p")} and o.place <> p.place;
            select {self.line("p", "differs from the journal in ")} from pair as p;
            drop table pair;"""


def other(alias, column, kind):
    if kind not in OTHER:
        raise SystemExit(f"no other value of type {kind}: add one")
    return OTHER[kind].format(f'{alias}."{column}"')


def as_superuser(parts):
    """Runs them where no trigger and no foreign key looks; what they select, as lines."""
    rows = sql(f"set session_replication_role = replica; set seed = {random.random()};" + "".join(parts))
    return ["\t".join(row) for row in rows]


def tables_read():
    return [Table(*row) for row in sql("select schema_name, table_name from accord.fact order by 1, position")]


def rules_drop():
    """Whatever would refuse a wrong value, a superuser takes away: all constraints but the keys."""
    sql("""
        do $$ declare r record; begin
            for r in select c.conrelid::regclass as place, c.conname from pg_constraint as c
                join accord.fact as f on c.conrelid = format('%I.%I', f.schema_name, f.table_name)::regclass
                where c.contype in ('c', 'f', 'u', 'x') order by array_position(array['f', 'c', 'u', 'x'], c.contype::text)
            loop execute format('alter table %s drop constraint if exists %I', r.place, r.conname); end loop;
            for r in select i.indexrelid::regclass as place from pg_index as i
                join accord.fact as f on i.indrelid = format('%I.%I', f.schema_name, f.table_name)::regclass
                where i.indisunique and not i.indisprimary
            loop execute format('drop index %s', r.place); end loop;
        end $$""")


# --- the checks ----------------------------------------------------------------------------------------------------

def every_table_that_can_hold_rows_does(stage):
    """Or what is said of every column of every table is not so."""
    empty = {table.full for table in stage.unfilled}
    assert empty == NEVER_FILLED, f"without rows: {sorted(empty)}; known to be: {sorted(NEVER_FILLED)}"


def nothing_is_found_where_nothing_was_done(stage):
    status, lines = audit(*stage.head_arguments)
    assert status == 0, lines
    print("   ", lines[-1])


def a_change_in_any_column_of_any_table_is_named(stage):
    """Column after column, in all tables at once."""
    changed = 0
    for place in range(max(len(table.values) for table in stage.filled)):
        touched = [table for table in stage.filled if place < len(table.values)]
        with stage.tables_kept(touched):
            wanted = as_superuser(table.change(*table.values[place]) for table in touched)
            assert len(wanted) == len(touched)
            status, lines = audit()
            assert status == 1
            found(lines, wanted)
            assert len(lines) == len(wanted) + 1, lines
        changed += len(wanted)
    print(f"    {changed} columns of {len(stage.filled)} tables")


def a_change_in_any_column_of_any_key_is_named(stage):
    """As a row that is missing and one that no event made."""
    changed = 0
    for place in range(max(len(table.keys) for table in stage.filled)):
        touched = [table for table in stage.filled if place < len(table.keys)]
        with stage.tables_kept(touched):
            wanted = as_superuser(table.rekey(*table.keys[place]) for table in touched)
            assert len(wanted) == 2 * len(touched)
            status, lines = audit()
            assert status == 1
            found(lines, wanted)
            assert len(lines) == len(wanted) + 1, lines
        changed += len(touched)
    print(f"    {changed} columns of {len(stage.filled)} keys")


def a_row_in_a_table_that_no_event_fills_is_named(stage):
    """One of another service."""
    for table in stage.unfilled:
        with stage.tables_kept([table]):
            wanted = as_superuser([f"insert into {table.full} select * from membership.{table.name} limit 1;"
                                   f"select {table.line('t', 'no event made it')} from {table.full} as t;"])
            status, lines = audit()
            assert status == 1 and len(wanted) == 1
            found(lines, wanted)


def deleted_rows_are_named(stage):
    every_table(stage, Table.delete, exactly=True)


def inserted_rows_are_named(stage):
    every_table(stage, Table.insert, exactly=True)


def swapped_rows_are_named(stage):
    every_table(stage, Table.swap, exactly=False)


def every_table(stage, work, exactly):
    with stage.tables_kept(stage.filled):
        wanted = as_superuser(work(table) for table in stage.filled)
        status, lines = audit()
        assert status == 1
        if exactly:
            found(lines, wanted)
            assert len(lines) == len(wanted) + 1, lines
        else:
            missing = [line for line in wanted if not any(named.startswith(line) for named in lines)]
            assert not missing, missing[0]
    print(f"    {len(wanted)} rows")


def cut_tails_are_found_by_kept_heads(stage):
    for service in SERVICES:
        alliance, last = stage.kept_heads[service]
        left = random.randrange(1, last)
        with journal_kept(service):
            as_superuser([f"""
                delete from {service}.journal where alliance_id = '{alliance}' and sequence > {left};
                delete from {service}.journal_body where alliance_id = '{alliance}' and sequence > {left};
                update {service}.journal_head set sequence = {left}, hash = (select hash from {service}.journal
                    where alliance_id = '{alliance}' and sequence = {left}) where alliance_id = '{alliance}';"""])
            status, lines = audit(*stage.head_arguments)
            assert status == 1
            found(lines, [f"{service}.journal: alliance {alliance}: the kept head is at sequence {last}, "
                          "which is not there: the tail was cut"])
    status, lines = audit(*stage.head_arguments)
    assert status == 0, lines


@contextlib.contextmanager
def journal_kept(service):
    tables = {"journal": "alliance_id, sequence, class, digest, hash",
              "journal_body": "alliance_id, sequence, salt, body", "journal_head": "*"}
    as_superuser(f"create table kept.{service}_{name} as select {columns} from {service}.{name};"
                 for name, columns in tables.items())
    try:
        yield
    finally:
        as_superuser(f"delete from {service}.{name}; insert into {service}.{name}"
                     f" {'' if columns == '*' else f'({columns})'} select * from kept.{service}_{name};"
                     for name, columns in tables.items())


def verify(stage, service, path):
    done = subprocess.run([os.path.join(os.environ["ACCORD_BIN"], "accord-verify"), path, "--head",
                           f"{stage.folder}/{service}.head", "--jwks",
                           os.path.join(os.environ["ACCORD_KEYS"], "cluster.jwks")],
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def every_export_verifies(stage):
    for service in SERVICES:
        status, said = verify(stage, service, f"{stage.folder}/{service}.journal")
        assert status == 0, said


def every_changed_character_of_an_export_is_found(stage):
    forged = f"{stage.folder}/forged"
    for service in SERVICES:
        with open(f"{stage.folder}/{service}.journal", encoding="utf-8") as file:
            text = file.read()
        places = [place for place, character in enumerate(text) if character != "\n"]
        for at in random.sample(places, FLIPS):
            with open(forged, "w", encoding="utf-8") as file:
                file.write(text[:at] + ("Y" if text[at] != "Y" else "Z") + text[at + 1:])
            status, said = verify(stage, service, forged)
            line = text.count("\n", 0, at) + 1
            assert status == 1 and f"event {line} (line {line})" in said, f"{service}: {text[at - 40:at + 40]}: {said}"


def every_missing_or_exchanged_line_of_an_export_is_found(stage):
    forged = f"{stage.folder}/forged"
    for service in SERVICES:
        with open(f"{stage.folder}/{service}.journal", encoding="utf-8") as file:
            lines = file.readlines()
        first = random.randrange(len(lines) - 1)
        for bad in (lines[:first] + lines[first + 1:], lines[:-1],
                    lines[:first] + [lines[first + 1], lines[first]] + lines[first + 2:]):
            with open(forged, "w", encoding="utf-8") as file:
                file.writelines(bad)
            status, said = verify(stage, service, forged)
            assert status == 1 and "event" in said, said


def an_erased_body_is_counted_and_nothing_else_changes(stage):
    """Through the operator's command; the export is made as the service would."""
    alliance, sequence = sql("""
        select alliance_id, sequence from membership.journal_body as b
        where alliance_id = '%s' and type = 'membership.subject.frozen.v1' and not exists (select from accord.fact_rests(
            'membership', b.alliance_id, b.sequence)) order by random() limit 1""" % stage.kept_heads["membership"][0])[0]
    command = [os.path.join(os.environ["ACCORD_BIN"], "accord-membership"), "--config", os.environ["ACCORD_CONFIG"]]
    done = subprocess.run([*command, "--erase", alliance, sequence, "--ground", "asked for", "--approver", "a person"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    status, lines = audit(*stage.head_arguments)
    assert status == 0 and "(1 erased)" in lines[-1], lines
    vote = sql("select alliance_id, sequence from membership.journal_body where type = 'membership.vote.cast.v1'"
               " limit 1")[0]
    done = subprocess.run([*command, "--erase", *vote, "--ground", "asked for", "--approver", "a person"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "still rests on" in done.stderr, done.stderr
    with open(f"{stage.folder}/membership.journal", encoding="utf-8") as file:
        items = [json.loads(line) for line in file]
    items = [{**{name: item[name] for name in ("sequence", "digest", "hash")}, "class": "erased"}
             if item["sequence"] == int(sequence) else item for item in items]
    path = f"{stage.folder}/erased.journal"
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(item) + "\n" for item in items)
    status, said = verify(stage, "membership", path)
    assert status == 0 and "1 erased" in said, said


class Stage:
    def __init__(self, folder):
        self.folder = folder
        self.head_arguments = ["--jwks", os.path.join(os.environ["ACCORD_KEYS"], "cluster.jwks")]
        self.kept_heads = {}
        for service in SERVICES:
            path = f"{folder}/{service}.head"
            self.head_arguments += ["--head", path]
            with open(path, encoding="utf-8") as file:
                payload = file.read().split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
            self.kept_heads[service] = claims["alliance"], claims["sequence"]
        sql("create schema kept")
        rules_drop()
        tables = tables_read()
        self.filled = [table for table in tables if table.rows > 0]
        self.unfilled = [table for table in tables if table.rows == 0]
        print(f"seed {SEED}; {len(self.filled)} tables hold rows")
        sql("".join(table.keep() for table in tables))

    @contextlib.contextmanager
    def tables_kept(self, tables):
        """What is done to them within is undone at the end."""
        try:
            yield
        finally:
            as_superuser(table.restore() for table in tables)


CHECKS = [
    every_table_that_can_hold_rows_does,
    nothing_is_found_where_nothing_was_done,
    a_change_in_any_column_of_any_table_is_named,
    a_change_in_any_column_of_any_key_is_named,
    a_row_in_a_table_that_no_event_fills_is_named,
    deleted_rows_are_named,
    inserted_rows_are_named,
    swapped_rows_are_named,
    cut_tails_are_found_by_kept_heads,
    every_export_verifies,
    every_changed_character_of_an_export_is_found,
    every_missing_or_exchanged_line_of_an_export_is_found,
    an_erased_body_is_counted_and_nothing_else_changes,
]


def tamper(folder):
    random.seed(SEED)
    stage = Stage(folder)
    failed = 0
    for check in CHECKS:
        try:
            check(stage)
            print(f"  ok      {check.__name__.replace('_', ' ')}", flush=True)
        except AssertionError as error:
            failed += 1
            print(f"  FAILED  {check.__name__.replace('_', ' ')}: {error}", flush=True)
    print(f"{len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


def keep(folder):
    """As a partner does: the head first, then the journal up to it and beyond."""
    os.makedirs(folder, exist_ok=True)
    alliance = sql("select alliance_id from membership.alliance where name like 'Four Rivers%'")[0][0]
    issuer, subject, organisation = sql("""
        select issuer, subject, organisation from membership.appointment
        where role = 'partner-representative' and organisation = 'ZZ1' and alliance_id = '%s' limit 1""" % alliance)[0]
    person = accord.Person(subject, organisation)
    assert issuer == accord.ISSUER
    for service in SERVICES:
        path = f"/v1/alliances/{alliance}/journals/{service}"
        head = person.ask("GET", f"{path}/head", headers={"Accept": "application/jose"}).expect(200)
        export = person.ask("GET", f"{path}?limit=1000", headers={"Accept": "application/x-ndjson"}).expect(200)
        for kind, answer in (("head", head), ("journal", export)):
            with open(f"{folder}/{service}.{kind}", "w", encoding="utf-8") as file:
                file.write(answer.text)
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("keep", "tamper"):
        raise SystemExit(__doc__)
    sys.exit(keep(sys.argv[2]) if sys.argv[1] == "keep" else tamper(sys.argv[2]))
