#!/usr/bin/env python3
"""Mixed load without faults: what a process takes, memory (PSS) and file descriptors, must be flat.

    load.py [--minutes N] [--clients 8] [--rest SECONDS] [--seed N]      (environment of tests/cluster up)

Every service and every process of nginx is sampled all the time, each sample a line of ACCORD_SCRATCH/samples.csv. The first half
is for what is made at the first use. In the second half the trend (the median of the slopes between any two samples, so that a
few that stand out do not matter) may add up to 1 MiB of PSS: half of that is a step when the machine is overloaded, and more is
under way at once than ever before. No more files may be open than in the first half, but for a few. In less than twenty minutes,
4 MiB: what a service remembers of messages and callers are tables of 6 MiB, which fill bit by bit. PostgreSQL is told of, but
not judged: so does what it shares."""
import argparse
import csv
import os
import random
import re
import statistics
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]
import checks  # noqa: E402
import processes  # noqa: E402
from stage import SERVICES  # noqa: E402
from world import World  # noqa: E402

SAMPLE_S, SAMPLES_MIN = 10, 60
GROWTH_KIB, GROWTH_SOON_KIB, SOON_MINUTES = 1024, 4096, 20
FILES_SLACK = 6
CHECKED = 4000  # acknowledged requests, at random, that are looked at again


def sample(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        pss = int(re.search(r"^Pss:\s+(\d+)", file.read(), re.M)[1])
    return pss, len(os.listdir(f"/proc/{pid}/fd"))


def judged():
    """Who must be flat, by name."""
    found = processes.folders()
    pids = {os.path.basename(folder): processes.pid_of(folder) for kind in SERVICES for folder in found[kind]}
    for number, pid in enumerate(processes.family(processes.pid_of(found["nginx"][0]))):
        pids[f"nginx-{number}" if number else "nginx"] = pid
    return pids


def database_kib():
    """All of PostgreSQL; a connection may end while it is looked at."""
    total = 0
    for pid in processes.family(processes.pid_of(processes.folders()["postgres"][0])):
        try:
            total += sample(pid)[0]
        except OSError:
            pass
    return total


def measured(world, minutes):
    pids, samples, database = judged(), {}, []
    period = min(SAMPLE_S, minutes * 60 / SAMPLES_MIN)
    with open(os.path.join(os.environ.get("ACCORD_SCRATCH", "/tmp"), "samples.csv"), "w", encoding="ascii") as file:
        lines = csv.writer(file)
        lines.writerow(("second", "process", "pss_kib", "files"))
        for number in range(1, int(minutes * 60 / period) + 1):
            moment = world.began + number * period
            world.until(lambda m=moment: time.monotonic() >= m, "the next sample", minutes * 60)
            at = time.monotonic() - world.began
            for name, pid in pids.items():
                samples.setdefault(name, []).append((at, *sample(pid)))
                lines.writerow((f"{at:.0f}", name, *samples[name][-1][1:]))
            database.append(database_kib())
            file.flush()
    if pids != judged():
        raise AssertionError("a process ended meanwhile")
    half = len(database) // 2
    print(f"  PostgreSQL: {statistics.median(database[:half]) / 1024:.0f} MiB in the first half, "
          f"{statistics.median(database[half:]) / 1024:.0f} in the second", flush=True)
    return samples


def trend(points):
    """By how much it grows a second."""
    return statistics.median((b[1] - a[1]) / (b[0] - a[0]) for i, a in enumerate(points) for b in points[i + 1:])


def demand_flat(samples, minutes):
    bad, most = [], GROWTH_KIB if minutes >= SOON_MINUTES else GROWTH_SOON_KIB
    for name, found in samples.items():
        first, second = found[:len(found) // 2], found[len(found) // 2:]
        growth = trend(second) * (second[-1][0] - second[0][0])
        files, files_end = (max(one[2] for one in part) for part in (first, second))
        print(f"  {name:<16} PSS {found[0][1] / 1024:5.1f} MiB, in the middle {second[0][1] / 1024:5.1f}, at the end "
              f"{second[-1][1] / 1024:5.1f}; second half's trend {growth:+6.0f} KiB; files at most {files:3d}, then {files_end:3d}", flush=True)
        if growth > most or files_end > files + FILES_SLACK:
            bad.append(name)
    if bad:
        raise AssertionError(f"grown: {', '.join(bad)}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--rest", type=float, default=0.0, help="seconds, on average, between what a client does")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    print(f"mixed load: seed {options.seed}, {options.clients} clients, {options.minutes:g} minutes", flush=True)
    world, samples = World(options.seed, options.clients, rest=options.rest), {}
    passed = failed = 0
    demands = [("clients work all the time", lambda: world.work(lambda w: samples.update(measured(w, options.minutes)))),
               ("memory and file descriptors are flat", lambda: demand_flat(samples, options.minutes)),
               ("nobody gets anything but what it asked for", lambda: checks.fit(world.watch, set())), *checks.all_of(world)]
    for name, demand in demands:
        if name == "every acknowledged answer is given again":
            print(f"  {len(world.truth.requests)} acknowledged, {len(world.watch.looks)} looks", flush=True)
            world.truth.requests = world.rng.sample(world.truth.requests, min(CHECKED, len(world.truth.requests)))
        try:
            demand()
            passed += 1
            print(f"  ok: {name}", flush=True)
        except AssertionError as error:
            failed += 1
            print(f"  FAILED: {name}: {error}", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
