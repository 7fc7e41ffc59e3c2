#!/usr/bin/env python3
"""Measures the running cluster (environment of tests/cluster up): GET of a risk by its id and POST of a
transaction, through nginx and directly, and pgbench doing the same statements beside each of them.

    bench.py [--runs 5] [--seconds 3] [--only GET]

Each run measures every combination once, and what is compared right after each other, so that the
machine's moods fall on both; figures are medians over the runs, ratios are taken within each run. CPU is
what the kernel accounts to each process, and to those below it that have ended (a database connection)."""
import argparse
import collections
import json
import os
import re
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import accord  # noqa: E402

CONNECTIONS = (1, 16, 64)
IDLE_S = 10
TICKS = os.sysconf("SC_CLK_TCK")
SERVICES = ("membership", "ledger", "reinvestment", "risk", "kpi")


def gbp(pence):
    return {"amount": pence, "currency": "GBP"}


# --- processes -----------------------------------------------------------------------------------------

def processes():
    """Pids below the supervisor, by what they are."""
    children, names = collections.defaultdict(list), {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                text = file.read()
        except OSError:
            continue
        name = text[text.index("(") + 1:text.rindex(")")]
        children[int(text[text.rindex(")") + 2:].split()[1])].append(int(pid))
        names[int(pid)] = name
    found = collections.defaultdict(list)

    def walk(pid, kind):
        found[kind].append(pid)
        for child in children[pid]:
            walk(child, kind)
    root = os.environ["ACCORD_SERVICES"]
    for name in os.listdir(root):
        if not os.path.isdir(os.path.join(root, name, "supervise")):
            continue
        out = subprocess.run(["s6-svstat", "-o", "up,pid", os.path.join(root, name)], capture_output=True, text=True,
                             check=True).stdout.split()
        if out[0] == "true":
            walk(int(out[1]), name)
    return found


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            total += sum(int(field) for field in fields[11:15])
        except OSError:
            pass
    return total / TICKS


def pss_mib(pids):
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as file:
                total += int(re.search(r"^Pss:\s+(\d+)", file.read(), re.M).group(1))
        except OSError:
            pass
    return total / 1024


class Cpu:
    """CPU microseconds per request of each process over a stretch of work, less what it uses idle."""
    idle = {}  # seconds of CPU a second

    def __init__(self):
        self.began = time.monotonic()
        self.before = {kind: cpu_seconds(pids) for kind, pids in processes().items()}

    def used(self):
        lasted = time.monotonic() - self.began
        return {kind: cpu_seconds(pids) - self.before.get(kind, 0) - self.idle.get(kind, 0) * lasted
                for kind, pids in processes().items()}

    def per_request(self, requests):
        return {kind: seconds * 1e6 / max(requests, 1) for kind, seconds in self.used().items()}

    @classmethod
    def learn_idle(cls, seconds):
        cpu = cls()
        time.sleep(seconds)
        cls.idle = {kind: used / seconds for kind, used in cpu.used().items()}


# --- loads -----------------------------------------------------------------------------------------------

def wrk(base, script, connections, seconds):
    threads = 1 if connections == 1 else 2
    command = ["wrk", "-t", str(threads), "-c", str(connections), "-d", f"{seconds}s", "--latency", "-s", script, base]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    out = done.stdout + done.stderr
    match = re.search(r"^RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", out, re.M)
    if match is None:
        raise AssertionError(f"wrk ended with {done.returncode}:\n{out}")
    requests, duration_us, p50, p99, bad = (int(g) for g in match.groups())
    if bad:
        raise AssertionError(f"{bad} answers were not 2xx:\n{out}")
    return requests, requests / duration_us * 1e6, p50, p99


DONE = '''
function done(summary, latency, requests)
    local e = summary.errors
    io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration,
        latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
'''


def scripts_write(folder, stage):
    get, post = os.path.join(folder, "get.lua"), os.path.join(folder, "post.lua")
    with open(get, "w", encoding="utf-8") as file:
        file.write(f'''wrk.method = "GET"
wrk.path = "{stage.alliance.path('/risk/risks/' + stage.risk)}"
wrk.headers["Authorization"] = "Bearer {stage.quality.token}"
''' + DONE)
    with open(post, "w", encoding="utf-8") as file:
        file.write(f'''local counter, thread = 0, 0
function setup(t) t:set("name", math.random(1, 1000000000)) end
math.randomseed(os.time() + os.clock() * 1000000)
local body = [[{json.dumps(stage.transaction(1))}]]
function request()
    counter = counter + 1
    return wrk.format("POST", "{stage.alliance.path('/ledger/transactions')}", {{
        ["Authorization"] = "Bearer {stage.finance.token}", ["Content-Type"] = "application/json",
        ["Idempotency-Key"] = "bench-" .. name .. "-" .. counter .. "-" .. os.time() }}, body)
end
''' + DONE)
    return get, post


def pgbench(script, connections, seconds, service):
    config = json.load(open(os.environ["ACCORD_CONFIG"], encoding="utf-8"))
    conninfo = config["services"][service]["database"]
    # Its clock runs while it connects.
    seconds += connections // 16
    command = ["/usr/lib/postgresql/15/bin/pgbench", "-n", "-M", "prepared", "-c", str(connections), "-j", "1",
               "-T", str(seconds), "-f", script, conninfo]
    cpu = Cpu()
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          env=dict(os.environ, PGOPTIONS=f"-c search_path={service},accord"))
    count = re.search(r"number of transactions actually processed: (\d+)", done.stdout)
    tps = re.search(r"tps = ([0-9.]+)", done.stdout)
    if done.returncode != 0 or count is None or tps is None:
        raise AssertionError(f"pgbench ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return int(count.group(1)), float(tps.group(1)), cpu.per_request(int(count.group(1)))["postgres"]


def sql_of(name, query, arguments):
    """The statement of a queries.sql with values for its parameters; in brackets stands SQL."""
    path = f"services/{name}/queries.sql" if name != "common" else "common/queries.sql"
    text = open(path, encoding="utf-8").read()
    body = re.search(rf"^-- name: {query}\n(.*?)(?=^-- name: |\Z)", text, re.M | re.S).group(1)
    body = "\n".join(line for line in body.splitlines() if not line.startswith("--")).strip().rstrip(";")
    for number, value in arguments.items():
        text = value if value.startswith("(") else f"'{value}'"
        body = re.sub(rf"\${number}(?!\d)", lambda _, text=text: text, body)
    if re.search(r"\$\d", body):
        raise AssertionError(f"{query} has other parameters now: {body}")
    return body + ";"


def get_sql(stage):
    """What a GET asks of the database."""
    return sql_of("risk", "risk_get", {1: stage.alliance.id, 2: "{ZZ3}", 3: stage.risk})


# The next posting as an event, made of the last one: pgbench cannot make it.
NEXT_POSTING = """
    drop schema if exists bench cascade;
    create schema bench;
    create function bench.next_posting(p_alliance uuid) returns text language plpgsql as $$
    declare
        v_body jsonb;
        v_now text := to_char(accord.accord_now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
    begin
        select replace(replace(b.body, b.body::jsonb #>> '{data,transaction,id}', gen_random_uuid()::text),
                       b.body::jsonb ->> 'recordedAt', v_now)::jsonb into strict v_body
        from ledger.journal_body as b
        where b.alliance_id = p_alliance and b.type = 'ledger.transaction.posted.v1'
        order by b.sequence desc limit 1;
        for i in 0 .. 1 loop
            v_body := jsonb_set(v_body, array['data', 'entry', i::text], e || jsonb_build_object(
                    'number', (e ->> 'number')::bigint + 1,
                    'balancePence', (e ->> 'balancePence')::bigint + (e ->> 'amountPence')::bigint))
                from (select v_body #> array['data', 'entry', i::text] as e) as entry;
            v_body := jsonb_set(v_body, array['data', 'balance', i::text], b || jsonb_build_object(
                    'entryCount', (b ->> 'entryCount')::bigint + 1, 'version', (b ->> 'version')::bigint + 1,
                    'balancePence', v_body #> array['data', 'entry', i::text, 'balancePence']))
                from (select v_body #> array['data', 'balance', i::text] as b) as balance;
        end loop;
        return jsonb_set(v_body, '{data,mandate}', v_body #> '{data,mandate}' || jsonb_build_object(
            'usedPence', (v_body #>> '{data,mandate,usedPence}')::bigint + 1,
            'version', (v_body #>> '{data,mandate,version}')::bigint + 1));
    end $$;
    grant usage on schema bench to ledger;
"""


def post_sql(stage):
    """What a POST of a transaction asks of the database, once the head is locked and until it is answered."""
    subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", os.environ["ACCORD_TEST_DATABASE"]], input=NEXT_POSTING,
                   text=True, check=True, env=dict(os.environ, PGOPTIONS="-c client_min_messages=warning"))
    alliance = stage.alliance.id
    key = "('pgbench-' || :lock::text)"
    answer = f"""(jsonb_build_array(jsonb_build_object('caller', 'pgbench', 'key', {key}, 'method', 'POST',
        'path', '/', 'bodyDigest', repeat('0', 64), 'status', 201, 'location', '/', 'version', 1, 'contentType',
        'application/json', 'answer', repeat('x', 700), 'sequence', 1, 'recordedAt', accord.accord_now())))"""
    statements = [
        sql_of("common", "key_try", {2: "(jsonb_build_array(jsonb_build_object('number', 0, 'lock', :lock::bigint)))"}),
        sql_of("common", "head_lock", {1: alliance, 2: "false"}),
        sql_of("common", "cursor_list", {1: alliance}),
        sql_of("common", "answer_get", {1: alliance, 2: "pgbench", 3: key}),
        sql_of("common", "standing_get", {1: alliance, 2: accord.ISSUER, 3: "fin.zz1", 4: "ZZ1", 5: "(now())"}),
        sql_of("ledger", "book_accounts", {1: alliance}),
        sql_of("ledger", "book_periods", {1: alliance}),
        sql_of("ledger", "book_due_holds", {1: alliance, 2: "(now())"}),
        sql_of("ledger", "mandate_get", {1: alliance, 2: stage.mandate}),
        sql_of("common", "journal_append", {
            1: alliance, 2: "{open}", 3: "(array[sha256(:lock::text::bytea)])",
            4: f"(array[bench.next_posting('{alliance}')])"}),
        sql_of("common", "answer_add", {1: alliance, 2: answer}),
    ]
    return "\n".join(statements)


def sql_write(folder, name, stage, text):
    """As the service does it. The alliance comes with the request there; here it is a constant, which only
    helps pgbench."""
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write("\\set lock random(1, 1000000000000000)\nbegin;\n"
                   f"set local accord.alliance_id = '{stage.alliance.id}';\n{text}\ncommit;\n")
    return path


class Stage:
    def __init__(self):
        self.alliance = alliance = accord.Alliance("Bench")
        self.finance = alliance.appoint("fin.zz1", "finance-lead", "ZZ1")
        self.quality = alliance.appoint("qual.zz3", "quality-lead", "ZZ3")
        for person, rest in ((self.finance, "/ledger/periods"), (self.quality, "/risk/risks")):
            accord.until(lambda p=person, r=rest: p.do("GET", alliance.path(r), headers=p.after()).status == 200, rest)
        self.risk = self.quality.do("POST", alliance.path("/risk/risks"), {
            "title": "Theatre staffing", "cause": "Vacancies", "event": "Lists are cancelled",
            "effect": "Patients wait longer", "category": "workforce", "owner": {"organisation": "ZZ3"},
            "likelihood": 4, "consequence": 4}).expect(201).body["id"]
        self.mandate = self.finance.do("POST", alliance.path("/ledger/mandates"), {
            "title": "Ring-fence the surplus", "debitAccounts": ["pool:planned"],
            "creditAccounts": ["ring-fence:elective"], "limit": gbp(10**12), "startsOn": "2026-04-01",
            "endsOn": "2027-03-31"}).expect(201).body["id"]
        alliance.decide(f"ledger/mandates/{self.mandate}", "grant", self.finance)

    def transaction(self, pence):
        return {"mandateId": self.mandate, "description": "Surplus", "effectiveOn": "2026-05-31", "entries": [
            {"accountCode": "pool:planned", "amount": gbp(-pence)},
            {"accountCode": "ring-fence:elective", "amount": gbp(pence)}]}


def median(values):
    return statistics.median(values)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--only", default="", help="loads whose name begins so")
    options = parser.parse_args()
    idle = {kind: pss_mib(pids) for kind, pids in processes().items()}
    stage = Stage()
    folder = os.environ["ACCORD_SCRATCH"]
    get, post = scripts_write(folder, stage)
    config = json.load(open(os.environ["ACCORD_CONFIG"], encoding="utf-8"))
    direct = {s: "http://" + config["services"][s]["instances"][0]["http"] for s in SERVICES}
    loads = [load for load in (("GET by id", "risk", get, sql_write(folder, "get.sql", stage, get_sql(stage))),
                               ("POST transaction", "ledger", post, sql_write(folder, "post.sql", stage, post_sql(stage))))
             if load[0].startswith(options.only)]
    Cpu.learn_idle(IDLE_S)
    results = collections.defaultdict(list)
    for run in range(options.runs):
        for name, service, script, sql in loads:
            for connections in CONNECTIONS:
                for way, base in (("nginx", os.environ["ACCORD_BASE_URL"]), ("direct", direct[service])):
                    cpu = Cpu()
                    requests, rate, p50, p99 = wrk(base, script, connections, options.seconds)
                    results[name, way, connections].append((rate, p50, p99, cpu.per_request(requests)))
                _, tps, cpu_us = pgbench(sql, connections, options.seconds, service)
                results[name, "pgbench", connections].append((tps, 0, 0, {"postgres": cpu_us}))
        print(f"run {run + 1} of {options.runs} done", file=sys.stderr, flush=True)
    report(results, idle)


def ratios(results, name, service, connections):
    """Of each run: CPU of the service and its database for a request over that of its SQL alone."""
    pairs = zip(results[name, "direct", connections], results[name, "pgbench", connections])
    return [(mine[3].get(service, 0) + mine[3]["postgres"]) / sql[3]["postgres"] for mine, sql in pairs]


def report(results, idle):
    print("| what | way | connections | req/s | p50 ms | p99 ms | CPU us a request |")
    print("| --- | --- | ---: | ---: | ---: | ---: | --- |")
    for (name, way, connections), runs in sorted(results.items(), key=lambda item: (
            item[0][0], ("nginx", "direct", "pgbench").index(item[0][1]), item[0][2])):
        used = collections.defaultdict(list)
        for _, _, _, cpu in runs:
            for kind, value in cpu.items():
                used[kind].append(value)
        cpu = {kind: median(values) for kind, values in used.items() if median(values) >= 1}
        shown = ", ".join(f"{kind} {value:.0f}" for kind, value in sorted(cpu.items()))
        latency = [f"{median([r[i] for r in runs]) / 1000:.2f}" if way != "pgbench" else "" for i in (1, 2)]
        print(f"| {name} | {way} | {connections} | {median([r[0] for r in runs]):.0f} | {latency[0]} | {latency[1]} "
              f"| {shown} |")
    print("\n| idle process | PSS MiB |\n| --- | ---: |")
    for kind, value in sorted(idle.items()):
        print(f"| {kind} | {value:.1f} |")
    print("\n| bar | figure | holds |\n| --- | ---: | --- |")
    for connections in CONNECTIONS:
        bar(f"GET by id, CPU of service and database over its SQL's CPU, {connections} connections (at most 3)",
            median(ratios(results, "GET by id", "risk", connections)), 3)
    bar("largest idle service, PSS MiB (at most 20)",
        max(value for kind, value in idle.items() if kind.split("-")[0] in SERVICES), 20)


def bar(what, figure, most):
    print(f"| {what} | {figure:.1f} | {'yes' if figure <= most else 'NO'} |")


if __name__ == "__main__":
    main()
