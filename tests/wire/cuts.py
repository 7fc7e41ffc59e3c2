#!/usr/bin/env python3
"""Eight clients work at random while the services' connections to PostgreSQL are cut (shim.py); then every acknowledged answer
must stand, every unknown one be settled by its key, and each key have exactly one event.

    cuts.py [--cuts 300] [--clients 8] [--seed N]     (environment of tests/cluster up; ACCORD_CUTS, ACCORD_SEED)
"""
import argparse
import collections
import os
import random
import sys
import threading
import time

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", part) for part in ("lib", "faults")]
import accord  # noqa: E402
import checks  # noqa: E402
import faults  # noqa: E402
import house  # noqa: E402
import shim  # noqa: E402


PATIENCE_S = 180  # in which a client must have its answer


class Client(faults.Client):
    """Remembers what it was told to be unknown, and what its repetition said of it."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.statuses, self.settled = collections.Counter(), collections.Counter()
        self.doubts, self.answers = set(), 0

    def act(self, service, person, method, path, body=None, event_type=None):
        watched = Watched(person, self)
        return super().act(service, watched, method, path, body, event_type)


class Watched:
    """A person whose answers are counted."""

    def __init__(self, person, client):
        self.person, self.client = person, client

    def ask(self, method, path, body=None, key=None, headers=None, timeout=20):
        answer = self.person.ask(method, path, body, key, headers, timeout)
        code = (answer.body or {}).get("code", "") if answer.status >= 400 else ""
        self.client.statuses[f"{answer.status} {code}".strip()] += 1
        self.client.answers += answer.status < 500
        if answer.status == 503 and code == "OUTCOME_UNKNOWN":
            self.client.doubts.add(key)
        elif answer.status < 500 and key in self.client.doubts:
            self.client.doubts.discard(key)
            self.client.settled["committed" if "idempotent-replayed" in answer.headers else "not committed"] += 1
        return answer

    def __getattr__(self, name):
        return getattr(self.person, name)


def cut_all(count, rng, between, answers, failed):
    """Every kind first, then at random; a request is answered between two of them, however slow the machine is."""
    for number in range(1, count + 1):
        kind = rng.choice(shim.KINDS) if number > len(shim.KINDS) else shim.KINDS[number - 1]
        cut = between.cut(kind)
        deadline = time.monotonic() + PATIENCE_S
        while not cut.made.wait(1):  # between looks
            if failed() or time.monotonic() > deadline:
                return number - 1
        moment, before = time.monotonic() + rng.uniform(0, 0.2), answers()
        accord.until(lambda then=moment, had=before: failed() or (time.monotonic() > then and answers() > had), "an answer", PATIENCE_S)
        if number % 50 == 0:
            print(f"  cut {number} of {count}", flush=True)
    return count


def required(wanted, what):
    if not wanted:
        raise AssertionError(what)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cuts", type=int, default=int(os.environ.get("ACCORD_CUTS") or 300))
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("ACCORD_SEED") or random.SystemRandom().randrange(10**6)))
    options = parser.parse_args()
    print(f"cuts: seed {options.seed}, {options.clients} clients, {options.cuts} cuts", flush=True)
    database = os.environ["ACCORD_TEST_DATABASE"]
    between = shim.Shim(int(os.environ["ACCORD_DATABASE_PORT"]))
    house.database_at(f"127.0.0.1:{between.port}")
    stage = faults.Stage()
    truth = faults.Truth(os.path.join(os.environ.get("ACCORD_SCRATCH", "/tmp"), f"cut-{os.getpid()}.ndjson"))
    stop, flights = threading.Event(), faults.InFlight()
    clients = [Client(stage, truth, options.seed * 100 + i, stop, flights, PATIENCE_S) for i in range(options.clients)]
    for client in clients:
        client.start()

    def failed():
        return any(c.failure for c in clients)

    accord.until(lambda: len(truth.requests) >= faults.ACKNOWLEDGED_FIRST or failed(), "something that can be lost", 60)
    began = time.monotonic()
    made = cut_all(options.cuts, random.Random(options.seed), between, lambda: sum(c.answers for c in clients), failed)
    took = time.monotonic() - began
    stop.set()
    for client in clients:
        client.join(PATIENCE_S + 30)
    statuses = sum((c.statuses for c in clients), collections.Counter())
    settled = sum((c.settled for c in clients), collections.Counter())
    print(f"  {made} cuts in {took:.0f} s: {dict(between.counts)}; {len(truth.requests)} acknowledged")
    print(f"  answers: {dict(sorted(statuses.items()))}; unknown ones were {dict(settled)}", flush=True)
    house.report([
        ("every cut was made", lambda: required(made == options.cuts, f"{made} of {options.cuts}")),
        ("every request was answered as it should be", lambda: faults.answered(clients)),
        ("a lost answer to COMMIT is told as unknown, and nothing else is a fault of ours", lambda: required(
            statuses["503 OUTCOME_UNKNOWN"] > 0 and not any(s.startswith("500") for s in statuses), dict(statuses))),
        ("every unknown answer was settled by its key", lambda: required(
            settled["committed"] > 0 and not any(c.doubts for c in clients), f"{dict(settled)}, open: {[c.doubts for c in clients]}")),
        ("every service has followed what it follows to the end", lambda: checks.caught_up(database, stage.alliance.id)),
        ("every acknowledged answer is given again", lambda: checks.answers_again(truth)),
        ("what was acknowledged stands and reads equal", lambda: checks.what_was_made_stands(truth)),
        ("each key has exactly one event", lambda: checks.one_event_each(stage, truth, database)),
        ("every version of every vote is what was acknowledged", lambda: checks.votes_stand(stage, truth, database)),
        ("tallies, outcomes and mandates are served as recomputed", lambda: checks.served_is_recomputed(stage, database)),
        ("balances, holds, mandates and votes are what the journals add up to", lambda: checks.recomputed(database, stage)),
        ("accord-audit agrees", checks.audited)])


if __name__ == "__main__":
    main()
