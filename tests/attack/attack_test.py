#!/usr/bin/env python3
"""sqlmap and wapiti at every operation (environment of tests/cluster up; see gate.mjs): they find nothing, nothing answers
5xx, nobody ends, and accord-audit agrees. Beside it they are let loose on a site that they must find things in (prey.py).

  tests/attack/attack_test.py [--seed N] [--long]     --long: every point of every operation, by all that sqlmap and wapiti know"""
import argparse
import concurrent.futures
import contextlib
import glob
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

import prey
import tools

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LOGS = os.path.join(ROOT, "build", "tests")
SLICES = 4              # of sqlmap at once: it waits half a second for each page to be seen to stay the same
PAYLOADS_MIN = 8        # that sqlmap put into a point that it has tested
DEEP_MIN = 0.6          # of all operations do what they are asked, before anything is changed
DEEP_POINTS = 24        # that the modules with hundreds of payloads get, in the short form
# What takes away what others are asked about is attacked last.
ENDS = re.compile(r"^(leave|end|close|withdraw|release|dismiss|publish|erase|move|complete|capture|adopt|reverse)")
parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=random.randrange(10 ** 6))
parser.add_argument("--long", action="store_true")
options = parser.parse_args()
rng = random.Random(options.seed)
failures = []
passed = 0


@contextlib.contextmanager
def held(name):
    """One thing that must hold; yields a list for what is worth telling."""
    global passed
    said, began = [], time.monotonic()
    try:
        yield said
        passed += 1
        print(f"  ok      {name} ({time.monotonic() - began:.1f} s){': ' if said else ''}{'; '.join(said)}", flush=True)
    except Exception as error:  # noqa: BLE001
        failures.append(name)
        print(f"  FAILED  {name}: {type(error).__name__}: {str(error)[:3000]}", flush=True)


class Gate:
    """An alliance with everything in it, and the gate at which it is attacked."""

    def __init__(self, name):
        self.name = name
        self.log = open(os.path.join(LOGS, f"attack-gate-{name}.log"), "w", encoding="utf-8")  # noqa: SIM115
        self.process = subprocess.Popen([os.path.join(ROOT, "tests", "node"), os.path.join(ROOT, "tests", "attack", "gate.mjs")],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True)

    def __enter__(self):
        said = self.process.stdout.readline()
        assert said, f"no gate; see {self.log.name}"
        told = json.loads(said)
        self.url, self.targets = f"http://127.0.0.1:{told['port']}", told["targets"]
        self.targets.sort(key=lambda one: (one["method"] != "GET", bool(ENDS.match(one["id"]))))
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(60)
        self.log.close()

    def ask(self, path, data=None):
        with urllib.request.urlopen(self.url + path, data=data, timeout=60) as answer:
            return json.load(answer)

    def index(self, links):
        self.ask("/index", json.dumps(links).encode())

    def link(self, one, points, place):
        return f"/{place}/{one['id']}?{'&'.join(point['query'] for point in points)}"


# --- which points of an operation are attacked ---------------------------------------------------------------

def chosen(targets):
    """The short form: what no operation of the service before it has, and of the others one, by chance: what they share is read
    by the same code. The long form: all."""
    seen, found = set(), []
    for one in targets:
        points = [point for point in one["points"] if (one["service"], point["name"]) not in seen]
        seen.update((one["service"], point["name"]) for point in points)
        points = one["points"] if options.long else points or [rng.choice(one["points"])]
        found.append((one, points))
    return found


def sampled(choice):
    """Of all that was chosen some points, by chance."""
    if options.long:
        return choice
    all_points = [(one, point) for one, points in choice for point in points]
    wanted = {id(point) for _, point in rng.sample(all_points, DEEP_POINTS)}
    return [(one, kept) for one, points in choice if (kept := [point for point in points if id(point) in wanted])]


def attacked_all(gate, choice, minimum):
    """That each point was attacked, so often at least; and how many payloads that were."""
    counted = {one["id"]: one["attacked"] for one in gate.ask("/report")["targets"]}
    missed = [f"{one['id']} {point['name']}: {counted[one['id']].get(point['name'], 0)}" for one, points in choice for point in points
              if counted[one["id"]].get(point["name"], 0) < minimum]
    assert not missed, f"{len(missed)} points were not attacked {minimum} times: {missed[:10]}"
    return sum(sum(one.values()) for one in counted.values())


# --- the tools -------------------------------------------------------------------------------------------------

def in_scratch(name):
    return os.path.join(options.scratch, name), os.path.join(LOGS, f"attack-{name}.log")


def sqlmap_prey(site):
    urls = [site.url + site.link(name) for name in ("text", "number", "bound")]
    return tools.sqlmap(urls, *in_scratch("sqlmap-prey"), tools.LONG if options.long else tools.SHORT)


def wapiti_prey(site):
    modules = f"{tools.QUICK_MODULES},{tools.SLOW_MODULES}"
    return tools.wapiti(site.url, site.url, *in_scratch("wapiti-prey"), modules)


def sqlmap_slice(gate, choice, number):
    urls = [gate.url + gate.link(one, points, "sqlmap") for one, points in choice]
    return tools.sqlmap(urls, *in_scratch(f"sqlmap-{number}"), tools.LONG if options.long else tools.SHORT)


def wapiti_all(gate, outside, choice):
    """First what leaves things as they are, by all modules; at last what ends them."""
    deep = sampled(choice)
    found = set()
    parts = [("quick", tools.QUICK_MODULES, choice), ("deep", tools.SLOW_MODULES, deep)]
    if options.long:
        parts.append(("slow", tools.SLOWEST_MODULES, deep))
    for name, modules, points in parts:
        for is_end in (False, True):
            links = [gate.link(one, some, "wapiti") for one, some in points if bool(ENDS.match(one["id"])) == is_end]
            if links:
                gate.index(links)
                found |= tools.wapiti(gate.url, outside, *in_scratch(f"wapiti-{name}-{'ends' if is_end else 'goes-on'}"), modules)
    return found


# --- what must be true afterwards --------------------------------------------------------------------------------

def processes():
    root = os.environ["ACCORD_SERVICES"]
    found = {}
    for name in sorted(os.listdir(root)):
        if os.path.isdir(os.path.join(root, name, "supervise")):
            found[name] = subprocess.run(["s6-svstat", "-o", "pid", os.path.join(root, name)], check=True, capture_output=True, text=True).stdout.strip()
    return found


def complaints():
    """What services and PostgreSQL logged that nobody may make them say."""
    found = []
    for path in glob.glob(os.path.join(os.environ["ACCORD_LOGS"], "*", "*")):
        with contextlib.suppress(FileNotFoundError), open(path, encoding="utf-8", errors="replace") as file:
            found += [f"{path}: {line.strip()[:300]}" for line in file if re.search(r'"level":"error"| (ERROR|FATAL|PANIC):  (?!canceling statement)', line)]
    return found


def nothing_bad(gate):
    told = gate.ask("/report")
    assert not told["bad"], f"{len(told['bad'])} answers were 5xx, 429 or none: {json.dumps(told['bad'][:5])}"
    statuses = {}
    for one in told["targets"]:
        for status, count in one["statuses"].items():
            statuses[status] = statuses.get(status, 0) + count
    missed = [one["id"] for one in told["targets"] if not one["plain"]]
    assert not missed, f"never asked unchanged: {missed}"
    first = [one["plain"][0] for one in told["targets"]]
    done = sum(status < 300 for status in first)
    assert done >= DEEP_MIN * len(first), f"only {done} of {len(first)} operations do what they are asked"
    return f"{gate.name}: {done} of {len(first)} operations did what they were asked before they were attacked; answers to attacks: " + ", ".join(
        f"{status}: {count}" for status, count in sorted(statuses.items()))


def main():
    before = processes()
    site, stranger = prey.Prey(), prey.Prey()
    errors = set(complaints())
    with contextlib.ExitStack() as stack:
        options.scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="accord-attack-"))
        gates = [Gate("sqlmap"), Gate("wapiti")]
        for gate in gates:
            stack.enter_context(gate)
        by_sqlmap, by_wapiti = (chosen(gate.targets) for gate in gates)
        pool = stack.enter_context(concurrent.futures.ThreadPoolExecutor(SLICES + 2))
        wapiti_found = pool.submit(wapiti_all, gates[1], stranger.url, by_wapiti)
        slices = [pool.submit(sqlmap_slice, gates[0], by_sqlmap[i::SLICES], i) for i in range(SLICES)]
        prey_sqlmap, prey_wapiti = pool.submit(sqlmap_prey, site), pool.submit(wapiti_prey, site)
        with held("sqlmap finds nothing to inject into, in any operation") as said:
            found = set().union(*(one.result() for one in slices))
            assert not found, sorted(found)
            payloads = attacked_all(gates[0], by_sqlmap, PAYLOADS_MIN)
            said.append(f"{sum(len(points) for _, points in by_sqlmap)} points of {len(by_sqlmap)} operations, {payloads} payloads")
        with held("where there is something to inject into, sqlmap finds it, and there alone"):
            pages = {page for page, _, _ in prey_sqlmap.result()}
            assert pages == {"text", "number"}, f"it found {sorted(prey_sqlmap.result())}"
        with held("wapiti finds no vulnerability and nothing strange, in any operation") as said:
            found = wapiti_found.result()
            assert not found, sorted(found)
            assert not stranger.asked, f"somebody asked elsewhere: {stranger.asked[:5]}"
            payloads = attacked_all(gates[1], by_wapiti, 8)
            said.append(f"{sum(len(points) for _, points in by_wapiti)} points of {len(by_wapiti)} operations, {payloads} payloads")
        with held("where there is something, wapiti finds it") as said:
            kinds = {(what, page) for what, page, _, _ in prey_wapiti.result()}
            said.append(", ".join(sorted(f"{what} in {page}" for what, page in kinds)))
            wanted = {"text", "echo", "file", "run"}
            assert wanted <= {page for _, page in kinds} and "bound" not in {page for _, page in kinds}, sorted(kinds)
            assert site.asked, "and nobody asked elsewhere, though one page does"
        with held("no attack is answered 5xx, 429 or not at all") as said:
            said.extend(nothing_bad(gate) for gate in gates)
    with held("every process is who it was"):
        assert processes() == before, f"{before} became {processes()}"
    with held("neither services nor PostgreSQL logged an error"):
        new = sorted(set(complaints()) - errors)
        assert not new, new[:5]
    with held("accord-audit agrees"):
        done = subprocess.run([os.path.join(os.environ["ACCORD_BIN"], "accord-audit"), "--database", os.environ["ACCORD_TEST_DATABASE"]],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    print(f"{passed} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    print(f"  seed {options.seed}", flush=True)
    sys.exit(main())
