"""SIGSTOP of any process for 5 s: others go on answering, nobody waits for longer than that. All of PostgreSQL is frozen for
longer than the services wait for it: then they must say so, within their deadlines, and go on afterwards."""
import contextlib
import os
import signal
import time

import accord
import processes
from stage import SERVICES
from world import EVERYTHING, hits

NAME = "SIGSTOP"
TIMES = 4, 12
ALLOWED = {0, 502, 503, 504}
FROZEN_S, DATABASE_S = 5, 12
MARGIN_S = 4  # a loaded machine's own pauses are shorter
ANSWER_S = 15  # nginx gives a service that long; none may need it
LOG_BYTES = 256 * 1024  # more than a pipe holds


def is_possible():
    return None


@contextlib.contextmanager
def frozen(pids, seconds):
    began = time.monotonic()
    processes.signal_all(pids, signal.SIGSTOP)
    try:
        yield
        accord.until(lambda: time.monotonic() - began >= seconds, "the end of the freeze", seconds + 30)
    finally:
        processes.signal_all(pids, signal.SIGCONT)


class Late(AssertionError):
    """Somebody was kept waiting: by what is frozen, or by a machine that has other work."""


def demand_soon(world, incident, limit):
    slowest = world.watch.slowest(incident.began, incident.ended)
    if slowest > limit:
        raise Late(f"{incident.label}: an answer took {slowest:.1f} s")


def demand_others(world, incident, what):
    late = {one: round(world.pause(incident, [one]), 1) for one in sorted(what)}
    if any(pause > FROZEN_S for pause in late.values()):
        raise Late(f"{incident.label}: pauses of {late}")


def one_process(world, label, pids, hit, goes_on):
    """What is hit may wait as long as it is frozen; the rest goes on, and so does a service that has a second instance."""
    with world.incident(f"freeze {label}", hit) as incident:
        with frozen(pids, FROZEN_S):
            pass
    demand_soon(world, incident, FROZEN_S + MARGIN_S)
    demand_others(world, incident, goes_on)


def instance(world, service):
    folder = world.rng.choice(processes.folders()[service])
    one_process(world, os.path.basename(folder), [processes.pid_of(folder)], hits(service), EVERYTHING)


def nginx_worker(world):
    """Another worker takes new connections."""
    workers = processes.children(processes.pid_of(processes.folders()["nginx"][0]))
    one_process(world, "an nginx worker", [world.rng.choice(workers)], EVERYTHING, EVERYTHING if len(workers) > 1 else ())


def nginx_whole(world):
    one_process(world, "nginx", processes.family(processes.pid_of(processes.folders()["nginx"][0])), EVERYTHING, ())


def supervisor(world):
    folder = world.rng.choice([folder for kind in processes.folders().values() for folder in kind])
    with open(f"/proc/{processes.pid_of(folder)}/stat", encoding="ascii") as file:
        parent = int(file.read().rpartition(")")[2].split()[1])
    one_process(world, f"the supervisor of {os.path.basename(folder)}", [parent], (), EVERYTHING)


def backend(world):
    """One of the database's own processes or of its connections; who waits for that one waits, at most for its deadline."""
    below = processes.children(processes.pid_of(processes.folders()["postgres"][0]))
    one_process(world, "a process of PostgreSQL", [world.rng.choice(below)], EVERYTHING, ())


def log(world):
    """Who reads a service's log: more is written than a pipe holds, and the service goes on."""
    service = world.rng.choice(SERVICES)
    folders = processes.folders()[service]
    with world.incident(f"freeze the logs of {service}", hits(service)) as incident:
        with frozen([processes.log_writer(folder) for folder in folders], FROZEN_S):
            for address in processes.instances(service):
                for _ in range(LOG_BYTES // 1024):
                    status, text = processes.page(address, "v1/" + "x" * 1000)
                    if status != 404:
                        raise AssertionError(f"{service} answers {status} while nobody reads its log: {text}")
    demand_soon(world, incident, FROZEN_S + MARGIN_S)
    demand_others(world, incident, EVERYTHING)


def database(world):
    pids = processes.family(processes.pid_of(processes.folders()["postgres"][0]))
    with world.incident("freeze PostgreSQL", EVERYTHING) as incident:
        with frozen(pids, DATABASE_S):
            world.until(lambda: 503 in world.watch.answers(incident.began, time.monotonic()), "somebody is told", ANSWER_S)
    demand_soon(world, incident, ANSWER_S)
    answers = world.watch.answers(incident.began, incident.ended)
    if set(answers) - {200, 201, 503}:
        raise AssertionError(f"PostgreSQL is frozen, and this is answered: {answers}")


def patiently(one, world):
    """A loaded machine is late now and then; what hangs is late each time."""
    for left in (2, 1, 0):
        try:
            return one(world)
        except Late as late:
            if left == 0:
                raise
            print(f"     late, once more: {late}", flush=True)


def run(world, times):
    kinds = [lambda w, s=one: instance(w, s) for one in SERVICES] + [nginx_worker, supervisor, backend, nginx_whole]
    world.rng.shuffle(kinds)
    for number in range(times):
        patiently(database if number == 0 else log if number == 1 else kinds[number % len(kinds)], world)
        world.go_on()
