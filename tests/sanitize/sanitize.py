#!/usr/bin/env python3
"""The whole house under ThreadSanitizer and under valgrind, and what an idle service takes of memory.

    sanitize.py [PART...]     (environment of tests/cluster up, two instances; PARTS below, without what takes long: "api")

The cluster's own programs are release builds. A part that wants others puts scripts in their place,
which become what the part runs; the supervisor, nginx and PostgreSQL stay as they are."""
import glob
import http.client
import json
import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
CHECKOUT = os.path.realpath(os.path.join(HERE, "..", ".."))
for folder in ("lib", "faults"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))
import accord  # noqa: E402
import checks  # noqa: E402
import faults  # noqa: E402
import recompute  # noqa: E402

SERVICES = faults.SERVICES
SCRATCH = os.environ["ACCORD_SCRATCH"]
BIN = os.environ["ACCORD_BIN"]
ROOT = os.environ["ACCORD_SERVICES"]
IDLE_PSS_MIB_MAX = 20
PAGES_PSS_MIB_MAX = 40  # what the allocator can't give back: pages of which a part is in use; without giving back it is 75
START_S, STOP_S = 90, 60
ATTEMPTS_MAX = 3
VALGRIND = ("valgrind", "--quiet", "--fair-sched=yes", "--num-callers=40", "--leak-check=full",
            "--show-leak-kinds=definite,indirect", "--errors-for-leak-kinds=definite,indirect", "--error-exitcode=99",
            "--soname-synonyms=somalloc=libjemalloc*", f"--suppressions={SCRATCH}/tools/valgrind.supp")
TSAN_OPTIONS = f"suppressions={SCRATCH}/tools/tsan.supp history_size=4 second_deadlock_stack=1 print_suppressions=0"


# --- processes ---------------------------------------------------------------------------------------------

def folders(instances=2):
    """The supervisor's folders of our services."""
    names = [s if i == 0 else f"{s}-{i + 1}" for s in SERVICES for i in range(instances)]
    return [os.path.join(ROOT, name) for name in names]


def status(folder, *fields):
    out = subprocess.run(["s6-svstat", "-o", ",".join(fields), folder], capture_output=True, text=True, check=True)
    return out.stdout.split()


def start(some):
    """Up and ready, each as it says itself."""
    for folder in some:
        subprocess.run(["s6-svc", "-u", folder], check=True)
    for folder in some:
        accord.until(lambda f=folder: status(f, "ready") == ["true"], f"{folder} is ready", START_S)


def stop(some):
    """TERM, without the supervisor's deadline; what did not end well, in words."""
    for folder in some:
        subprocess.run(["s6-svc", "-O", folder], check=True)
        up, pid = status(folder, "up", "pid")
        if up == "true":
            os.kill(int(pid), signal.SIGTERM)
    bad = []
    for folder in some:
        accord.until(lambda f=folder: status(f, "up") == ["false"], f"{folder} has stopped", STOP_S)
        code, killer = status(folder, "exitcode", "signal")
        if code != "0":
            bad.append(f"{os.path.basename(folder)} ended with status {code}, signal {killer}")
    return bad


def programs_replace(variant, before=""):
    """Puts a script in the place of each service's program, which runs `before` and becomes that of the variant;
    %s in it is the service."""
    real = os.path.join(SCRATCH, "tools", variant)
    os.makedirs(real, exist_ok=True)
    for service in SERVICES:
        name = f"accord-{service}"
        shutil.copy(os.path.join(CHECKOUT, "build", variant, name), real)
        path = os.path.join(BIN, name)
        os.unlink(path)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\n{before % service if before else "exec"} {shlex.quote(os.path.join(real, name))} "$@"\n')
        os.chmod(path, 0o755)


def reports_folder(name):
    """Where the services, who may be another user, write what a tool reports."""
    folder = os.path.join(SCRATCH, name)
    os.makedirs(folder)
    owner = os.stat(os.environ["ACCORD_DATA"])
    os.chown(folder, owner.st_uid, owner.st_gid)
    return folder


def reports(folder):
    found = []
    for name in sorted(glob.glob(os.path.join(folder, "*"))):
        with open(name, encoding="utf-8", errors="replace") as file:
            text = file.read().strip()
        if text:
            found.append(f"{os.path.basename(name)}:\n{text[:12000]}")
    return found


def demand_nothing(found):
    assert not found, "\n".join(found)


# --- what they do meanwhile ------------------------------------------------------------------------------------

def example():
    data = os.path.join(SCRATCH, "example")
    os.makedirs(os.path.join(data, "run"))
    environment = {**os.environ, "ACCORD_DATA": data}
    done = subprocess.run([sys.executable, os.path.join(CHECKOUT, "deploy", "example")], capture_output=True,
                          text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def addresses():
    with open(os.environ["ACCORD_CONFIG"], encoding="utf-8") as file:
        config = json.load(file)
    return [(service, one["http"]) for service in SERVICES for one in config["services"][service]["instances"]]


def stage_work(stage, clients, acts):
    """Clients at random, each as many acts as it is told."""
    truth = faults.Truth(os.path.join(SCRATCH, f"acknowledged-{uuid.uuid4()}.ndjson"))
    workers = []
    for seed in range(clients):
        stop_after = _Count(acts)
        workers.append(faults.Client(stage, truth, random.SystemRandom().random() + seed, stop_after, faults.InFlight()))
        workers[-1].start()
    for worker in workers:
        worker.join(150)
        if worker.failure:
            raise worker.failure
        assert not worker.is_alive(), "a client did not come to its end"


class _Count:
    """Looks like an event that is set after so many looks."""

    def __init__(self, count):
        self.left = count

    def is_set(self):
        self.left -= 1
        return self.left < 0


def same_key_at_once(stage, people=6):
    """One key, from all sides at once: one answer is stored, nobody gets another."""
    key, body, answers = str(uuid.uuid4()), stage.transaction(77), []

    def post():
        answers.append(stage.finance.do("POST", stage.alliance.path("/ledger/transactions"), body, key=key))
    threads = [threading.Thread(target=post) for _ in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    ids = {answer.body["id"] for answer in answers if answer.status == 201}
    assert len(ids) == 1 and all(answer.status in (201, 409) for answer in answers), [a.text for a in answers]


class Readers:
    """Ask every instance directly, over and over, and do not mind when it goes: a stop then has requests in hand."""

    def __init__(self, stage, each=1):
        self.end, self.answered, self.threads = threading.Event(), 0, []
        for service, address in addresses():
            for _ in range(each):
                self.threads.append(threading.Thread(target=self._run, args=(stage, service, address), daemon=True))
        for thread in self.threads:
            thread.start()

    def _run(self, stage, service, address):
        alliance = stage.alliance
        own = {"membership": "/decisions", "ledger": "/ledger/trial-balance", "reinvestment": "/reinvestment/cases",
               "risk": "/risk/risks", "kpi": "/kpi/observations?indicator=ae-4-hours"}[service]
        paths = ["/metrics", "/readyz", alliance.path(own), alliance.path(own)]
        host, port = address.split(":")
        number = 0
        while not self.end.is_set():
            number += 1
            connection = http.client.HTTPConnection(host, int(port), timeout=20)
            try:
                connection.request("GET", paths[number % len(paths)],
                                   headers={"Authorization": f"Bearer {alliance.director.token}", **alliance.director.after()})
                connection.getresponse().read()
                self.answered += 1
            except (OSError, http.client.HTTPException):
                accord.pause(0.02)
            finally:
                connection.close()

    def stop(self):
        self.end.set()
        for thread in self.threads:
            thread.join(30)


# --- memory --------------------------------------------------------------------------------------------------

def memory_kib(folder):
    pid = status(folder, "pid")[0]
    with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as file:
        text = file.read()
    return tuple(int(re.search(rf"^{name}:\s+(\d+)", text, re.M).group(1)) for name in ("Pss", "Rss"))


def memory_demand(when):
    """One process of each service: with a second instance its program's pages would count half."""
    bad = []
    for folder in folders(1):
        pss, rss = (kib / 1024 for kib in memory_kib(folder))
        name = os.path.basename(folder)
        print(f"  {name:<14} {when:<22} PSS {pss:5.1f} MiB   RSS {rss:5.1f} MiB", flush=True)
        if pss > IDLE_PSS_MIB_MAX:
            bad.append(f"{name} takes {pss:.1f} MiB {when}")
    demand_nothing(bad)


def an_idle_service_is_small():
    second = [folder for folder in folders(2) if folder not in folders(1)]
    demand_nothing(stop(second))
    memory_demand("freshly started")


def a_service_is_small_again_after_work():
    stage = faults.Stage()
    stage_work(stage, 8, 25)
    checks.caught_up(os.environ["ACCORD_TEST_DATABASE"], stage.alliance.id)
    memory_demand("idle after 200 acts")


def a_service_gives_back_what_long_pages_took():
    stage, path = faults.Stage(), "/ledger/transactions?limit=1000"
    lines = [{key: value for key, value in stage.transaction(1).items() if key != "mandateId"} for _ in range(1500)]
    stage.finance.do("POST", stage.alliance.path("/ledger/bulks"), {"mandateId": stage.mandate, "transactions": lines}).expect(201)
    faulty = []

    def read():
        for _ in range(3):
            try:
                stage.finance.do("GET", stage.alliance.path(path)).expect(200)
            except AssertionError as error:
                faulty.append(str(error)[:300])
    threads = [threading.Thread(target=read) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    demand_nothing(faulty)
    ledger = folders(1)[SERVICES.index("ledger")]
    after = memory_kib(ledger)[0]
    accord.until(lambda: memory_kib(ledger)[0] <= PAGES_PSS_MIB_MAX * 1024, f"the ledger takes {after / 1024:.0f} MiB; it gives back", 20)
    print(f"  ledger         after 48 long pages    PSS {after / 1024:5.1f} MiB, soon {memory_kib(ledger)[0] / 1024:.1f}", flush=True)


# --- threads -------------------------------------------------------------------------------------------------

def database_patience():
    """PostgreSQL gives up on who holds a transaction for a second without asking: ten thousand postings take who is watched longer."""
    with open(os.environ["ACCORD_CONFIG"], "r+", encoding="utf-8") as file:
        config = json.load(file)
        for service in config["services"].values():
            service["database"] += " options='-c idle_in_transaction_session_timeout=20000'"
        file.seek(0)
        json.dump(config, file, indent=1)
        file.truncate()


def tsan_services(name):
    folder = reports_folder(name)
    stop(folders())
    options = shlex.quote(f"{TSAN_OPTIONS} log_path={folder}/")
    programs_replace("tsan", f"export TSAN_OPTIONS={options}%s\nexec")
    start(folders())
    return folder


def no_thread_races_in_the_example_under_load_and_at_the_end():
    folder = tsan_services("tsan")
    example()
    stage = faults.Stage()
    readers = Readers(stage)
    stage_work(stage, 6, 20)
    same_key_at_once(stage)
    checks.caught_up(os.environ["ACCORD_TEST_DATABASE"], stage.alliance.id)
    bad = stop(folders())
    readers.stop()
    print(f"  ThreadSanitizer watched {readers.answered} direct reads, 120 acts and the example", flush=True)
    assert readers.answered > 100, "nobody read"
    demand_nothing(reports(folder) + bad)


def suite_without_races(name, *command):
    """A suite of its own over services that are watched. It must come through, too, as what fails early is not watched; but
    for one test in twenty: who is watched is slow, and some demand an answer in time, which is not what is asked here."""
    database_patience()
    folder = tsan_services(f"tsan-{name}")
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, errors="replace") as suite:
        last = ""
        for last in suite.stdout:
            print(last, end="", flush=True)
    bad = stop(folders())
    demand_nothing(reports(folder) + bad)
    counts = re.fullmatch(r"(\d+) passed, (\d+) failed\n", last)
    assert counts and int(counts[1]) > 0 and int(counts[2]) * 20 <= int(counts[1]), f"{shlex.join(command)}: {last}"


def no_thread_races_in_the_api_tests():
    suite_without_races("api", "tests/api/run", "steady")


def no_thread_races_when_processes_are_killed():
    suite_without_races("faults", sys.executable, "tests/faults/faults.py", "kill=10")


# --- leaks ---------------------------------------------------------------------------------------------------

def database_trust():
    """No passwords any more: a password's thousands of hashes take valgrind longer than a connection may take."""
    hba, database = os.path.join(os.environ["ACCORD_DATA"], "database", "pg_hba.conf"), os.environ["ACCORD_TEST_DATABASE"]
    with open(hba, "w", encoding="utf-8") as file:
        file.write("local all all trust\nhost all all 127.0.0.1/32 trust\n")
    recompute.query(database, "select pg_reload_conf()")


def no_leak_and_no_invalid_access_from_start_to_end():
    folder = reports_folder("valgrind")
    stop(folders())
    database_trust()
    programs_replace("release", f"exec {shlex.join(VALGRIND)} --log-file={folder}/%s.%%p")
    start(folders(1))
    for one in folders(1):
        with open(f"/proc/{status(one, 'pid')[0]}/cmdline", "rb") as file:
            assert b"valgrind" in file.read(), f"{one} does not run under valgrind"
    stage = faults.Stage()
    stage_work(stage, 2, 15)
    same_key_at_once(stage, 3)
    bad = stop(folders(1))
    demand_nothing(reports(folder) + bad)


# --- programs of the unit and store tests ------------------------------------------------------------------------

def program_run(program):
    """Whether it came to its end without a report, and what it said. The database gives up on who is slow, and a
    busy machine makes what is watched very slow: what fails without a report is asked again."""
    for _ in range(ATTEMPTS_MAX):
        done = subprocess.run(["timeout", "-k", "5", "120", program], cwd=CHECKOUT, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False, errors="replace",
                              env={**os.environ, "TSAN_OPTIONS": TSAN_OPTIONS, "CMOCKA_MESSAGE_OUTPUT": "TAP"})
        if "ThreadSanitizer" in done.stdout or done.returncode == 0:
            break
    tests = len(re.findall(r"^ok ", done.stdout, re.M))
    return done.returncode == 0 and tests > 0 and "ThreadSanitizer" not in done.stdout, tests, done.stdout


def the_threads_of_the_tests_do_not_race():
    stop(folders())  # store tests move the clock
    bad = []
    with open(os.path.join(HERE, "programs"), encoding="utf-8") as file:
        names = [line for line in file.read().split("\n") if line and not line.startswith("#")]
    for name in names:
        is_good, tests, said = program_run(os.path.join("build/tsan/tests", name))
        print(f"  {'ok     ' if is_good else 'FAILED '} {name:<40} {tests:4d} tests", flush=True)
        if not is_good:
            at = max(said.find("WARNING: ThreadSanitizer"), 0)
            bad.append(f"{name}:\n{said[at:at + 6000]}")
    demand_nothing(bad)


# --- these checks can fail -----------------------------------------------------------------------------------------

def source_edit(path, start_at, edits):
    """A copy of a source with edits in the function that begins with `start_at`."""
    with open(os.path.join(CHECKOUT, path), encoding="utf-8") as file:
        head, function, tail = file.read().partition(start_at)
    assert function, f"{path} has no '{start_at}' any more"
    for old, new in edits:
        assert old in tail, f"{path}: nothing to edit after '{start_at}'"
        tail = tail.replace(old, new, 1)
    copy = os.path.join(SCRATCH, "tools", os.path.basename(path))
    with open(copy, "w", encoding="utf-8") as file:
        file.write(head + function + tail)
    return copy


def linked(variant, target, path, copy):
    """A target of the Makefile with one object made from the copy: what make says it would do, with other files."""
    object_file, program = copy.removesuffix(".c") + ".o", os.path.join(SCRATCH, "tools", "seeded-" + os.path.basename(target))
    original = os.path.join("build", variant, path.removesuffix(".c") + ".o")
    said = subprocess.run(["make", "-n", "-W", path, f"VARIANT={variant}", target], cwd=CHECKOUT, text=True,
                          capture_output=True, check=True).stdout
    for line in said.splitlines():
        words = shlex.split(line)
        if words and words[-1] == path and "-c" in words:
            subprocess.run([*words[:-3], "-o", object_file, copy], cwd=CHECKOUT, check=True)
        elif "-o" in words and words[words.index("-o") + 1] == target:
            at = words.index("-o")
            # Before the library, so that its own object is not taken.
            subprocess.run([*words[:at + 1], program, object_file, *words[at + 2:]], cwd=CHECKOUT, check=True)
    assert os.path.exists(program), f"make -n does not say how {target} and {original} are made:\n{said}"
    return program


def a_race_in_the_connection_pool_is_reported():
    path = "common/db_pool.c"
    copy = source_edit(path, "void pool_put(", [("pthread_mutex_lock(&db->lock);", ""), ("pthread_mutex_unlock(&db->lock);", "")])
    program = linked("tsan", "build/tsan/tests/store/common_db", path, copy)
    done = subprocess.run(["timeout", "-k", "5", "60", program], text=True, capture_output=True, check=False,
                          env={**os.environ, "TSAN_OPTIONS": TSAN_OPTIONS})
    said = done.stdout + done.stderr
    assert done.returncode != 0 and re.search(r"WARNING: ThreadSanitizer: data race.*?pool_put", said, re.S), said[-3000:]


def a_leak_at_the_end_is_reported():
    path = "common/service.c"
    copy = source_edit(path, "static void service_stop(", [("    signer_free(STEAL(context->signer));\n",
                                                           "    context->signer = NULL;\n")])
    program = linked("release", "build/release/accord-kpi", path, copy)
    folder = reports_folder("seeded-leak")
    service = os.path.join(ROOT, "kpi")
    stop(folders())
    path = os.path.join(BIN, "accord-kpi")
    os.unlink(path)
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'#!/bin/sh\nexec {shlex.join(VALGRIND)} --log-file={folder}/kpi {program} "$@"\n')
    os.chmod(path, 0o755)
    start([service])
    bad, found = stop([service]), reports(folder)
    assert bad and found and "definitely lost" in found[0] and "signer_new" in found[0], (bad, found)


PARTS = {
    "memory": (an_idle_service_is_small, a_service_is_small_again_after_work,
               a_service_gives_back_what_long_pages_took),
    "threads": (no_thread_races_in_the_example_under_load_and_at_the_end,),
    "api": (no_thread_races_in_the_api_tests,),
    "faults": (no_thread_races_when_processes_are_killed,),
    "leaks": (no_leak_and_no_invalid_access_from_start_to_end, a_leak_at_the_end_is_reported),
    "programs": (the_threads_of_the_tests_do_not_race, a_race_in_the_connection_pool_is_reported),
}

LONG = ("api",)


def main():
    tools = os.path.join(SCRATCH, "tools")
    os.makedirs(tools)
    for name in ("tsan.supp", "valgrind.supp"):
        shutil.copy(os.path.join(HERE, name), tools)
    passed = failed = 0
    for part in sys.argv[1:] or [part for part in PARTS if part not in LONG]:
        for function in PARTS[part]:
            began = time.monotonic()
            try:
                function()
            except (AssertionError, subprocess.CalledProcessError) as error:
                failed += 1
                print(f"  FAILED  {function.__name__.replace('_', ' ')}: {error}", flush=True)
            else:
                passed += 1
                print(f"  ok      {function.__name__.replace('_', ' ')} ({time.monotonic() - began:.0f} s)", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
