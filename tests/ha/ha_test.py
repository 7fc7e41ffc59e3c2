#!/usr/bin/env python3
"""Accord on three PostgreSQL nodes of deploy/ha, under load by REST with idempotency keys: the leader is killed and
comes back, the lead is handed over as planned, the synchronous standby is killed; then a wrongful act is undone by
restoring to the moment before it, and one service alone is put into the past.

    ha_test.py [--clients 3] [--seed N] [--rounds 1] [--asynchronous]      (started by tests/ha/run)

What an answer acknowledged is written down before the client goes on; a request without an answer is repeated with its
key until it has one. Afterwards each must give its answer again and have exactly one event. A pause is the longest time
between two successes of whatever client."""
import argparse
import collections
import json
import os
import random
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), os.path.join(HERE, "..", "faults")]
import accord  # noqa: E402
import checks  # noqa: E402
import faults  # noqa: E402
import nodes as database_nodes  # noqa: E402
import processes  # noqa: E402
import recompute  # noqa: E402

SCRATCH = os.environ.get("ACCORD_SCRATCH", "")
CLUSTER = os.path.join(SCRATCH, "accord")
PAUSE_AIM_S, PAUSE_MAX_S = 12, 45  # the machine of CI may be slow, too slow to hold it to the aim
BETWEEN = 30  # acknowledged before a fault, and after it: so that there is something to lose, and it goes on
SERVICES = faults.SERVICES


def cluster(verb):
    subprocess.run([os.path.join(database_nodes.CHECKOUT, "tests/cluster"), verb, CLUSTER], check=True, stdout=subprocess.DEVNULL)
    if verb == "up":
        with open(os.path.join(CLUSTER, "env"), encoding="utf-8") as file:
            text = file.read()
        out = subprocess.run(["env", "-i", "bash", "-c", text + "\nenv -0"], check=True, capture_output=True, text=True).stdout
        os.environ.update(line.split("=", 1) for line in out.split("\0") if line.startswith("ACCORD_"))
        os.environ["ACCORD_TEST_DATABASE"] += " connect_timeout=30"  # psql has only one try


def sql(text):
    return recompute.query(os.environ["ACCORD_TEST_DATABASE"], text)


def health(service, path):
    """(status, text) of a service's own /livez or /readyz."""
    with open(os.environ["ACCORD_CONFIG"], encoding="utf-8") as file:
        base = json.load(file)["services"][service]["instances"][0]["http"]
    try:
        with urllib.request.urlopen(f"http://{base}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def until_ready(seconds=60):
    accord.until(lambda: all(health(s, "/readyz")[0] == 200 for s in SERVICES), "every service is ready", seconds)


def count_failures():
    """Answers that say: again. By their code."""
    ask, counts = accord.Person.ask, collections.Counter()

    def counted(*arguments, **named):
        answer = ask(*arguments, **named)
        if answer.status >= 500:
            counts[f"{answer.status} {json.loads(answer.text)['code']}"] += 1
        return answer
    accord.Person.ask = counted
    return counts


class TimedTruth(faults.Truth):
    """Also knows when."""

    def __init__(self, path):
        super().__init__(path)
        self.times = []

    def write(self, request):
        super().write(request)
        self.times.append(time.monotonic())

    def pause_since(self, began):
        """The longest, from the last success before `began` on."""
        times = self.times[:]
        first = max((i for i, moment in enumerate(times) if moment <= began), default=0)
        return max((b - a for a, b in zip(times[first:], times[first + 1:])), default=0.0)


class Load:
    def __init__(self, stage, seed, clients):
        self.truth = TimedTruth(os.path.join(SCRATCH, f"acknowledged-{seed}.ndjson"))
        self.stop, flights = threading.Event(), faults.InFlight()
        self.clients = [faults.Client(stage, self.truth, seed * 100 + i, self.stop, flights) for i in range(clients)]
        for client in self.clients:
            client.start()

    def more(self, seconds=120):
        """Waits for further successes; whoever failed has nothing to wait for."""
        wanted = len(self.truth.times) + BETWEEN
        accord.until(lambda: len(self.truth.times) >= wanted or any(c.failure for c in self.clients), "further answers", seconds)
        faults.answered(self.clients)

    def end(self):
        self.stop.set()
        for client in self.clients:
            client.join(120)
        faults.answered(self.clients)


class Test:
    def __init__(self, options):
        self.options = options
        self.passed, self.failed, self.pauses, self.failures = 0, 0, [], count_failures()
        self.nodes = self.stage = self.load = None

    def check(self, name, function, *arguments):
        began = time.monotonic()
        try:
            function(*arguments)
            self.passed += 1
            print(f"  ok: {name} ({time.monotonic() - began:.0f} s)", flush=True)
            return True
        except (AssertionError, subprocess.CalledProcessError) as error:
            self.failed += 1
            print(f"  FAILED: {name}: {error}", flush=True)
            return False

    # --- three nodes, and Accord on them -------------------------------------------------------------

    def nodes_start(self):
        self.nodes = database_nodes.Nodes(SCRATCH)
        for node in self.nodes.all:
            node.start_etcd()
        for node in self.nodes.all:
            node.start_patroni()
        self.nodes.leader()  # the others copy it while Accord is started

    def string_refused(self):
        """Before anything is made or started."""
        for wrong, why in ((" password=x", "its password in a file"), (" application_name='x'", "without quotes")):
            done = subprocess.run([os.path.join(database_nodes.CHECKOUT, "tests/cluster"), "up", CLUSTER, "database"], check=False,
                                  env=os.environ | {"ACCORD_DATABASE": self.nodes.conninfo + wrong}, capture_output=True, text=True)
            assert done.returncode != 0 and why in done.stderr, f"{done.returncode}: {done.stderr}"

    def accord_start(self):
        os.environ["ACCORD_DATABASE"] = self.nodes.conninfo
        cluster("up")
        until_ready()
        self.nodes.until_whole()

    def stage_set(self):
        self.stage = faults.Stage()

    def backup_made(self):
        for node in self.nodes.all:
            told = node.deploy("backup", "full")
            assert ("full backup" in told) == (node is self.nodes.leader()), f"{node.name}: {told}"

    # --- faults under load -----------------------------------------------------------------------------

    def fault(self, name, act):
        """Does it under load; afterwards answers come again, and every service is ready and the same process as before."""
        self.load.more()
        pids = self.pids()
        began = time.monotonic()
        act()
        self.load.more()
        until_ready()
        pause = self.load.truth.pause_since(began)
        self.pauses.append((name, pause))
        print(f"  pause of writes, {name}: {pause:.1f} s" + (f" (aim: {PAUSE_AIM_S})" if "kill -9 of the leader" in name else ""), flush=True)
        assert pause <= PAUSE_MAX_S, f"writes stopped for {pause:.1f} s"
        assert self.pids() == pids, "a service was started again"

    def pids(self):
        return {s: processes.pid_of(os.path.join(os.environ["ACCORD_SERVICES"], s)) for s in SERVICES}

    def leader_killed(self):
        old = self.nodes.leader()
        if self.options.asynchronous:
            old.patronictl("edit-config", "-s", "synchronous_mode=false", "--force")
            accord.until(lambda: sql("select current_setting('synchronous_standby_names') = '' as it")[0]["it"] == "t", "nothing is synchronous")
            old.stop_sending()
            self.load.more()

        def act():
            old.kill()
            accord.until(lambda: self.nodes.with_role("leader") not in (None, old), "another leads", 60)
        self.fault("kill -9 of the leader's node", act)
        old.come_back()
        self.nodes.until_whole()
        assert self.nodes.leader() is not old, "the old leader leads again"

    def switched_over(self):
        old, new = self.nodes.leader(), self.nodes.with_role("sync_standby")

        def act():
            old.patronictl("switchover", "--leader", old.name, "--candidate", new.name, "--force")
            assert self.nodes.leader() is new
        self.fault("planned switchover", act)
        self.nodes.until_whole()

    def standby_killed(self):
        standby = self.nodes.with_role("sync_standby")

        def act():
            standby.kill()
            accord.until(lambda: self.nodes.with_role("sync_standby") not in (None, standby), "another is synchronous", 60)
        self.fault("kill -9 of the synchronous standby", act)
        standby.come_back()
        self.nodes.until_whole()

    # --- what must be true afterwards ----------------------------------------------------------------

    def none_internal(self):
        assert not [code for code in self.failures if code.startswith("500")], dict(self.failures)

    def nothing_lost(self):
        database, truth, stage = os.environ["ACCORD_TEST_DATABASE"], self.load.truth, self.stage
        for name, function, *arguments in (
                ("every service has followed what it follows to the end", checks.caught_up, database, stage.alliance.id),
                ("every acknowledged answer is given again", checks.answers_again, truth),
                ("what was acknowledged stands and reads equal", checks.what_was_made_stands, truth),
                ("each key has exactly one event", checks.one_event_each, stage, truth, database),
                ("every version of every vote is what was acknowledged", checks.votes_stand, stage, truth, database),
                ("the journals add up to the tables", checks.recomputed, database, stage),
                ("accord-audit agrees", checks.audited)):
            self.check(name, function, *arguments)

    # --- back to a point in time -----------------------------------------------------------------------

    def audit_disagrees(self):
        try:
            checks.audited()
        except AssertionError:
            return
        raise AssertionError("accord-audit sees nothing wrong")

    def head(self):
        """The ledger's signed head, in a file, as a partner would keep it."""
        answer = self.stage.alliance.director.do("GET", self.stage.alliance.path("/journals/ledger/head"),
                                                 headers={"Accept": "application/jose"}).expect(200)
        path = os.path.join(SCRATCH, f"head-{answer.headers['accord-sequence']}")
        with open(path, "w", encoding="utf-8") as file:
            file.write(answer.text)
        return path

    def audited_with(self, head):
        audit = os.path.join(os.environ["ACCORD_BIN"], "accord-audit")
        return subprocess.run([audit, "--config", os.environ["ACCORD_CONFIG"], "--service", "ledger", "--head", head],
                              capture_output=True, text=True, check=False)

    def wrongful_act(self):
        self.head_before = self.head()
        self.moment = sql("select now()::text as now")[0]["now"]
        self.stage.post(4711)
        self.head_after = self.head()
        sql("drop table ledger.entry cascade")
        self.audit_disagrees()

    def restored(self):
        """As deploy/ha/README.md has it."""
        cluster("down")
        leader = self.nodes.leader()
        for node in sorted(self.nodes.all, key=lambda one: one is leader):
            node.stop_patroni()
        chosen = self.nodes.all[-1]
        self.dump = os.path.join(chosen.var, "ledger.sql")
        audit = os.path.join(os.environ["ACCORD_BIN"], "accord-audit")
        told = chosen.deploy("restore", self.moment, "bash", "-c",
                             f"'{audit}' --database dbname=accord && pg_dump -n ledger -f '{self.dump}'")
        print("    " + told.strip().replace("\n", "\n    "), flush=True)
        chosen.patronictl("remove", "accord", input="accord\nYes I am aware\n")
        chosen.start_patroni()
        assert self.nodes.leader() is chosen
        for node in self.nodes.all[:-1]:
            database_nodes.run("rm", "-r", node.database)
            node.start_patroni()
        cluster("up")
        until_ready()
        self.nodes.until_whole()

    def heads_tell(self):
        """A head from before the act fits; one from after it shows partners what went back."""
        before, after = self.audited_with(self.head_before), self.audited_with(self.head_after)
        assert before.returncode == 0, before.stdout + before.stderr
        assert after.returncode == 1, f"{after.returncode}: {after.stdout}{after.stderr}"
        print("    a head from after the moment: " + after.stdout.strip().splitlines()[0], flush=True)

    def goes_on(self):
        self.stage.post(100)
        checks.caught_up(os.environ["ACCORD_TEST_DATABASE"], self.stage.alliance.id)
        until_ready()

    def logged(self, service, word):
        with open(os.path.join(os.environ["ACCORD_LOGS"], service, "current"), encoding="utf-8") as file:
            return next((line.strip()[:200] for line in file if word in line), None)

    def one_service_back(self):
        """The ledger alone in the past: who follows it says so, and takes nothing of what it says from then on."""
        followers = [s for s in SERVICES if "ledger" in accord.FOLLOWS[s]]
        cursors = "select 'x' as x" + "".join(f", (select sequence from {s}.journal_cursor where source = 'ledger' and alliance_id = "
                                              f"'{self.stage.alliance.id}') as {s}" for s in followers)
        before = sql(cursors)
        leader = self.nodes.leader()
        host = f"host={leader.var}/run port={leader.base} user=postgres dbname=accord"
        database_nodes.run("psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-1", "-d", host, "-c", "drop schema ledger cascade", "-f", self.dump, cwd="/")
        self.stage.post(100)  # under the number of the one that is gone
        for service in followers:
            accord.until(lambda s=service: health(s, "/readyz")[0] == 503, f"{service} is not ready", 60)
            told = accord.until(lambda s=service: self.logged(s, "diverged"), f"{service} says diverged")
            assert health(service, "/livez")[0] == 200
            print(f"    {service}: {told}", flush=True)
        self.stage.post(100)
        assert sql(cursors) == before, "a cursor moved on"

    def run(self):
        test = self.check
        if not (test("three nodes by deploy/ha/configure and install, one of which leads", self.nodes_start) and
                test("a connection string that can't be passed on is refused", self.string_refused) and
                test("Accord migrates and runs with the multi-host connection string, one standby synchronous", self.accord_start) and
                test("an alliance in which everything can happen", self.stage_set) and
                test("deploy/ha/backup backs up on the host that leads, and only there", self.backup_made)):
            return
        self.load = Load(self.stage, self.options.seed, self.options.clients)
        for _ in range(self.options.rounds):
            test("the leader's node killed: another leads, the old one rejoins", self.leader_killed)
            test("planned switchover", self.switched_over)
            test("the synchronous standby killed: another takes its place", self.standby_killed)
        test("every request was answered as it should be", self.load.end)
        print(f"  {len(self.load.truth.requests)} acknowledged; on the way {sum(c.lost for c in self.load.clients)} without an answer, "
              f"to be repeated: {dict(self.failures)}", flush=True)
        test("no fault of a database was taken for one of ours", self.none_internal)
        self.nothing_lost()
        if not (test("a table is dropped, and accord-audit says so", self.wrongful_act) and
                test("restored to the moment before, across fail-overs", self.restored)):
            return
        test("every answer acknowledged before it is given again", checks.answers_again, self.load.truth)
        test("accord-audit agrees with what was restored", checks.audited)
        test("signed heads of before fit, those of after tell what went back", self.heads_tell)
        test("the whole database in the past: all agree and go on", self.goes_on)
        test("one service alone in the past: its followers say diverged and skip nothing", self.one_service_back)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--clients", type=int, default=3)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--rounds", type=int, default=1, help="of kill, switchover and kill of the standby")
    parser.add_argument("--asynchronous", action="store_true", help="break it: the leader answers before a standby has it")
    options = parser.parse_args()
    print(f"ha: seed {options.seed}, {options.clients} clients, {options.rounds} rounds", flush=True)
    test = Test(options)
    test.run()
    for name, pause in test.pauses:
        print(f"pause: {name}: {pause:.1f} s")
    print(f"{test.passed} passed, {test.failed} failed")
    sys.exit(1 if test.failed else 0)


if __name__ == "__main__":
    main()
