#!/usr/bin/env python3
"""Eight clients work at random while something happens to the house; then everything that was acknowledged must be there,
once, and the sums must be right.

    faults.py [--seed N] [--clients 8] [KIND[=TIMES]...]     (environment of tests/cluster up, two instances)

Each kind of fault (kinds/*.py) has an alliance of its own. What an answer acknowledged is written to a file before the client
goes on. Afterwards each such request is repeated with its key: it must give the stored answer again; each key must have exactly
one event; recompute.py and accord-audit must agree with the tables. A table at the end says what was seen from outside."""
import argparse
import importlib
import json
import os
import random
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]
import checks  # noqa: E402
import processes  # noqa: E402
import recompute  # noqa: E402
from clients import PATIENCE_S, Client, InFlight, Truth  # noqa: E402,F401 (for other suites)
from stage import SERVICES, Stage  # noqa: E402,F401
from world import ACKNOWLEDGED_FIRST, World  # noqa: E402,F401

KINDS = ("kill", "freeze", "database", "nginx", "clock", "poison", "past", "disk")


def kind_and_times(text):
    name, _, times = text.partition("=")
    if name not in KINDS:
        raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(KINDS)}")
    return name, int(times) if times else None


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("kinds", nargs="*", type=kind_and_times)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=1, help="all of it so often, each time from the next seed")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--patience", type=int, default=PATIENCE_S, help="seconds in which a client must have its answer")
    parser.add_argument("--only", type=lambda text: text.split(","), help="kill only these kinds of process")
    parser.add_argument("--asynchronous", action="store_true", help="break it: commits answer before they are on disk")
    return parser.parse_args()


def answered(clients):
    for client in clients:
        if client.failure:
            raise AssertionError(str(client.failure)) from client.failure


def break_commits():
    for setting in ("synchronous_commit = off", "wal_writer_delay = '10s'", "wal_writer_flush_after = 0"):
        recompute.query(os.environ["ACCORD_TEST_DATABASE"], f"alter system set {setting}")
    recompute.query(os.environ["ACCORD_TEST_DATABASE"], "select pg_reload_conf()")


class Report:
    """Counts what holds, and keeps the rows of the table in a file, to be shown with those of other runs."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def check(self, name, demand):
        began = time.monotonic()
        try:
            demand()
            self.passed += 1
            print(f"  ok: {name} ({time.monotonic() - began:.1f} s)", flush=True)
            return True
        except Exception as error:  # pylint: disable=broad-except
            self.failed += 1
            print(f"  FAILED: {name}: {error}", flush=True)
            if not isinstance(error, AssertionError):
                traceback.print_exc()
            return False

    @staticmethod
    def keep(row):
        with open(os.path.join(os.environ.get("ACCORD_SCRATCH", "/tmp"), "table.ndjson"), "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def try_kind(report, kind, times, options):
    why_not = kind.is_possible()
    if why_not:
        print(f"{kind.NAME}: SKIPPED: {why_not}", flush=True)
        return
    began = time.monotonic()
    print(f"{kind.NAME}, {times} times", flush=True)
    world = World(options.seed, options.clients, options.patience)
    report.check(f"{kind.NAME}: what it demands of others", lambda: world.work(lambda w: kind.run(w, times)))
    print(f"  {len(world.truth.requests)} acknowledged, {world.crew.lost} answers lost on the way", flush=True)
    print(f"  {world.watch.machine.summary()}", flush=True)
    report.check("what is watched got no other answer than it may", lambda: checks.fit(world.watch, kind.ALLOWED))
    for name, demand in checks.all_of(world):
        report.check(name, demand)
    report.keep(world.row(kind.NAME, time.monotonic() - began))


def main():
    options = arguments()
    long = os.environ.get("ACCORD_SOAK") == "1"
    print(f"faults: seed {options.seed}, {options.clients} clients", flush=True)
    if options.asynchronous:
        break_commits()
    report = Report()
    for number in range(options.rounds):
        if number:
            options.seed += 1
            print(f"round {number + 1}, seed {options.seed}", flush=True)
        for name, times in options.kinds or [(name, None) for name in KINDS]:
            kind = importlib.import_module(f"kinds.{name}")
            if options.only and name == "kill":
                kind.only = options.only
            try_kind(report, kind, times or kind.TIMES[long], options)
    print(f"{report.passed} passed, {report.failed} failed")
    sys.exit(1 if report.failed else 0)


if __name__ == "__main__":
    main()
