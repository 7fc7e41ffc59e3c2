#!/usr/bin/env python3
"""Clients work at random on an Accord of two hosts while certificates change, strangers come, and the link between them is slow
and cut; then everything that was acknowledged
must be there, once, and the sums must be right (the checks of the fault test).

    hosts_test.py [--seed N] [--clients 3] [--cuts 4] [PART]...      (started by tests/hosts/run, in the first host's network)"""
import argparse
import os
import random
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE] + [os.path.join(HERE, "..", part) for part in ("faults", "lib")]
import checks  # noqa: E402
import faults  # noqa: E402
import secure  # noqa: E402
from link import HOW, WAYS, Link, after, slow  # noqa: E402
from stand import Stand  # noqa: E402
from world import EVERYTHING, World  # noqa: E402

FAR = frozenset(("reinvestment", "risk", "kpi"))  # what the link is needed for
ALLOWED = {502, 503, 504}
OTHERS_S = 5  # longest pause of what needs no other host, on a loaded machine
PARTS = ("rotation", "refused", "slow", "cuts")
SLOW_S = 6


def cut_plan(rng, count):
    """Each kind of cut both ways first, then at random; mostly short, now and then longer than anybody's patience."""
    kinds = [(how, "both") for how in HOW] + [(rng.choice(list(HOW)), rng.choice(WAYS)) for _ in range(count)]
    for number in range(count):
        yield kinds[number], rng.uniform(0.2, 3) if number % 3 else rng.uniform(5, 8)


def cuts(world, stand, options):
    link = Link(stand)
    for (how, way), seconds in cut_plan(world.rng, options.cuts):
        with world.incident(f"{how}, {way}, {seconds:.1f} s", FAR) as incident:
            with link.cut(how, way):
                after(seconds, world)
        hit, others = world.pause(incident, incident.hit), world.pause(incident, incident.others)
        print(f"     pause of the far side {hit:.1f} s, of this side {others:.1f} s", flush=True)
        if others > OTHERS_S:
            raise AssertionError(f"{how}, {way}: what needs no other host paused for {others:.1f} s")
        world.go_on()


def act_all(report, world, acts, stand):
    for name, act in acts:
        report.check(name, lambda act=act: act(world, stand))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS])
    parser.add_argument("--seed", type=int, default=int(os.environ.get("ACCORD_SEED") or random.SystemRandom().randrange(10**6)))
    parser.add_argument("--clients", type=int, default=3)
    parser.add_argument("--cuts", type=int, default=60 if os.environ.get("ACCORD_SOAK") == "1" else 4)
    options = parser.parse_args()
    began = time.monotonic()
    print(f"two hosts: seed {options.seed}, {options.clients} clients", flush=True)
    report, stand = faults.Report(), Stand()
    print(f"  stands after {time.monotonic() - began:.1f} s", flush=True)
    world = World(options.seed, options.clients)
    acts = {"rotation": ("certificates and their authority change, no process is started again, no request lost", secure.rotation),
            "refused": ("strangers who dial are refused, counted and told of, those who listen are told nothing", secure.refused),
            "slow": ("the bus goes through a slow proxy", lambda w, s: slow(w, s, SLOW_S, EVERYTHING)),
            "cuts": ("the link is cut", lambda w, s: cuts(w, s, options))}
    report.check("everybody works", lambda: world.work(lambda w: act_all(report, w, [acts[part] for part in options.parts or PARTS], stand)))
    print(f"  {len(world.truth.requests)} acknowledged, {world.crew.lost} answers lost; {world.watch.answers(world.began, world.ended)}", flush=True)
    report.check("what is watched got no other answer than it may", lambda: checks.fit(world.watch, ALLOWED))
    for name, demand in checks.all_of(world):
        report.check(name, demand)
    print(f"{report.passed} passed, {report.failed} failed")
    sys.exit(1 if report.failed else 0)


if __name__ == "__main__":
    main()
