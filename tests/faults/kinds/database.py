"""PostgreSQL is stopped: at once (SIGQUIT, recovers from its log), restarted in order, or away for some seconds."""
import os
import signal

import accord
import processes
from world import EVERYTHING

NAME = "PostgreSQL stops"
TIMES = 3, 6
ALLOWED = {0, 502, 503, 504}
AWAY_S = 3


def is_possible():
    return None


def at_once(folder):
    pid = processes.pid_of(folder)
    os.kill(pid, signal.SIGQUIT)
    processes.until_up(folder, pid)


def restart(folder):
    pid = processes.pid_of(folder)
    processes.control("-r", folder)
    processes.until_up(folder, pid)


def away(folder):
    processes.stop([folder])
    accord.pause(AWAY_S)
    processes.start([folder])


def run(world, times):
    folder = processes.folders()["postgres"][0]
    ways = [("stop PostgreSQL at once", at_once), ("restart PostgreSQL", restart), (f"PostgreSQL is away for {AWAY_S} s", away)]
    for number in range(times):
        label, act = ways[number % len(ways)]
        with world.incident(label, EVERYTHING):
            act(folder)
        world.go_on()
