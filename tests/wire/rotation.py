#!/usr/bin/env python3
"""What is secret changes while clients work (environment of tests/cluster up, two instances of each service): the keys that
services sign with and their passwords at the database, by deploy/rotate. No process is started again, no request is lost."""
import base64
import collections
import json
import os
import random
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", part) for part in ("lib", "faults")]
import accord  # noqa: E402
import checks  # noqa: E402
import cuts  # noqa: E402
import faults  # noqa: E402
import house  # noqa: E402
import recompute  # noqa: E402

SEED = int(os.environ.get("ACCORD_SEED") or random.SystemRandom().randrange(10**6))
DATABASE = os.environ["ACCORD_TEST_DATABASE"]


class Load:
    """Clients at work, until it is left."""

    def __init__(self, on, truth, count, seed):
        self.stop, flights = threading.Event(), faults.InFlight()
        self.clients = [cuts.Client(on, truth, seed + i, self.stop, flights, cuts.PATIENCE_S) for i in range(count)]

    def __enter__(self):
        for client in self.clients:
            client.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for client in self.clients:
            client.join(cuts.PATIENCE_S)

    def more(self, count):
        """Until so many requests more were answered."""
        wanted = sum(c.answers for c in self.clients) + count
        accord.until(lambda: any(c.failure for c in self.clients) or sum(c.answers for c in self.clients) >= wanted,
                     f"{count} answers", cuts.PATIENCE_S)

    def statuses(self):
        return sum((c.statuses for c in self.clients), collections.Counter())


def processes():
    return {folder: subprocess.run(["s6-svstat", "-o", "pid", folder], check=True, capture_output=True, text=True).stdout
            for service in house.SERVICES for folder in house.folders(service)}


def kid_of_head(on, service):
    head = on.alliance.director.do("GET", on.alliance.path(f"/journals/{service}/head"), headers={"Accept": "application/jose"})
    part = head.expect(200).text.partition(".")[0]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["kid"]


def rotate(what, service):
    subprocess.run([os.path.join(HERE, "..", "..", "deploy", "rotate"), os.environ["ACCORD_CONFIG"], what, service],
                   check=True, stdout=subprocess.DEVNULL)


def keys_change(on, load):
    before = {service: kid_of_head(on, service) for service in house.SERVICES}
    for service in house.SERVICES:
        rotate("key", service)
        load.more(5)
    for service in house.SERVICES:
        wanted = f"{service}-{int(before[service].rpartition('-')[2]) + 1}"
        accord.until(lambda one=service, kid=wanted: all(kid_of_head(on, one) == kid for _ in range(4)), f"{service} signs anew", 90)
    load.more(20)
    with open(os.path.join(os.environ["ACCORD_KEYS"], "cluster.jwks"), encoding="utf-8") as published:
        keys = {key["kid"]: key for key in json.load(published)["keys"]}
    cuts.required(all(kid in keys and "exp" in keys[kid] for kid in before.values()), "an old key is gone, or not retired")


def passwords_change(load):
    for service in house.SERVICES:
        rotate("password", service)
        # Those that are idle now come again, with the new password.
        recompute.query(DATABASE, "select count(pg_terminate_backend(pid)) from pg_stat_activity where "
                                  f"usename = '{service}' and state = 'idle'")
        load.more(5)


def none_lost(load):
    """Neither a connection nor an answer; to wait for another service's journal is an answer."""
    bad = {status: count for status, count in load.statuses().items() if status.startswith("5") and status != "503 NOT_CAUGHT_UP"}
    cuts.required(not bad and not any(c.lost for c in load.clients), f"{bad}, {sum(c.lost for c in load.clients)} connections lost")


def main():
    print(f"rotation: seed {SEED}", flush=True)
    on = faults.Stage()
    truth = faults.Truth(os.path.join(os.environ.get("ACCORD_SCRATCH", "/tmp"), f"rotated-{os.getpid()}.ndjson"))
    before, results = processes(), []

    def during(name, check, *arguments):
        try:
            check(*arguments)
            results.append((name, None))
        except Exception as error:  # noqa: BLE001
            results.append((name, error))

    with Load(on, truth, 3, SEED * 100) as load:
        load.more(10)
        during("keys change; heads are signed by the new ones, the old ones stay published and retire", keys_change, on, load)
        during("passwords change, and connections are made by the new ones", passwords_change, load)
    print(f"  {len(truth.requests)} acknowledged; {dict(sorted(load.statuses().items()))}", flush=True)

    def outcome(error):
        if error is not None:
            raise error
    house.report([(name, lambda one=error: outcome(one)) for name, error in results] + [
        ("no request was lost", lambda: none_lost(load)),
        ("every request was answered as it should be", lambda: faults.answered(load.clients)),
        ("no process was started again", lambda: cuts.required(processes() == before, "one was")),
        ("every service has followed what it follows to the end", lambda: checks.caught_up(DATABASE, on.alliance.id)),
        ("each key has exactly one event", lambda: checks.one_event_each(on, truth, DATABASE))])


if __name__ == "__main__":
    main()
