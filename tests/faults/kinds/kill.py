"""kill -9 of every kind of process, each with requests in flight; now and then of several at once."""
import os
import time

import accord
import processes
from stage import SERVICES
from world import EVERYTHING, hits

NAME = "kill -9"
TIMES = 40, 100
ALLOWED = {0, 502, 503, 504}
KINDS = (*SERVICES, "nginx", "postgres")
only = KINDS


def is_possible():
    return None


def plan(rng, times, kinds):
    """Every kind at least once; one in six is two to four at once."""
    kills = [[kind] for kind in kinds]
    while (left := times - sum(map(len, kills))) > 0:
        count = min(left, rng.choice((1, 1, 1, 1, 1, rng.randint(2, 4))), len(kinds))
        kills.append(rng.sample(kinds, count))
    rng.shuffle(kills)
    return kills


def meet(world, kind):
    """Waits for a request that the kill will hit."""
    deadline = time.monotonic() + 30
    while not world.crew.flights.busy(kind):
        world.crew.demand_answers_so_far()
        if time.monotonic() > deadline:
            raise AssertionError(f"no request to {kind} for half a minute: nobody asks any more")


def run(world, times):
    targets = processes.folders()
    for kinds in plan(world.rng, times, [one for one in KINDS if one in only]):
        chosen = [world.rng.choice(targets[kind]) for kind in kinds]
        hit = EVERYTHING if len(chosen) > 1 else hits(kinds[0])
        for folder in chosen:
            accord.until(lambda f=folder: processes.pid_of(f), f"{folder} is up", processes.UP_S)
        meet(world, kinds[0])
        with world.incident("kill " + " + ".join(map(os.path.basename, chosen)), hit):
            pids = [processes.hard_kill(folder) for folder in chosen]
            for folder, pid in zip(chosen, pids):
                processes.until_up(folder, pid)
        world.go_on(0.1, 0.4)
