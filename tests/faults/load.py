#!/usr/bin/env python3
"""Mixed load without faults: what a process takes, memory (PSS) and file descriptors, must be flat.

    load.py [--minutes N] [--clients 8] [--seed N]      (environment of tests/cluster up)

All of them are sampled all the time. The first third warms up; the medians of the second and the last are compared."""
import argparse
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

SAMPLES = 240
PSS_GROWTH, PSS_SLACK_KIB = 0.05, 1024
FILES_SLACK = 6
CHECKED = 4000  # acknowledged requests, at random, that are looked at again


def sample(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        pss = int(re.search(r"^Pss:\s+(\d+)", file.read(), re.M)[1])
    return pss, len(os.listdir(f"/proc/{pid}/fd"))


def measured(world, minutes):
    pids = {os.path.basename(f): processes.pid_of(f) for kind in (*SERVICES, "nginx") for f in processes.folders()[kind]}
    samples = {name: [] for name in pids}
    for number in range(1, SAMPLES + 1):
        moment = world.began + number * minutes * 60 / SAMPLES
        world.until(lambda m=moment: time.monotonic() >= m, "the next sample", minutes * 60)
        for name, pid in pids.items():
            samples[name].append(sample(pid))
    if pids != {os.path.basename(f): processes.pid_of(f) for kind in (*SERVICES, "nginx") for f in processes.folders()[kind]}:
        raise AssertionError("a process ended meanwhile")
    return samples


def demand_flat(samples):
    bad, third = [], SAMPLES // 3
    for name, found in samples.items():
        (pss, files), (pss_end, files_end) = (tuple(statistics.median(column) for column in zip(*part))
                                              for part in (found[third:2 * third], found[2 * third:]))
        print(f"  {name:<16} PSS {pss / 1024:6.1f} MiB, at the end {pss_end / 1024:6.1f}; files {files:4.0f}, at the end {files_end:4.0f}",
              flush=True)
        if pss_end > pss * (1 + PSS_GROWTH) + PSS_SLACK_KIB or files_end > files + FILES_SLACK:
            bad.append(name)
    if bad:
        raise AssertionError(f"grown: {', '.join(bad)}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    print(f"mixed load: seed {options.seed}, {options.clients} clients, {options.minutes:g} minutes", flush=True)
    world, samples = World(options.seed, options.clients), {}
    passed = failed = 0
    demands = [("eight clients work all the time", lambda: world.work(lambda w: samples.update(measured(w, options.minutes)))),
               ("memory and file descriptors are flat", lambda: demand_flat(samples)),
               ("nobody gets anything but what it asked for", lambda: checks.fit(world.watch, set())), *checks.all_of(world)]
    for name, demand in demands:
        if name == "every acknowledged answer is given again":
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
