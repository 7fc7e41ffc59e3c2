"""nginx restarts: in order (QUIT, so that requests in hand end), at once (TERM), or takes its configuration anew (HUP)."""
import os
import signal

import accord
import processes
from world import EVERYTHING

NAME = "nginx restarts"
TIMES = 3, 6
ALLOWED = {0}


def is_possible():
    return None


def reload(folder):
    pid = processes.pid_of(folder)
    before = set(processes.children(pid))
    os.kill(pid, signal.SIGHUP)
    accord.until(lambda: set(processes.children(pid)) - before, "nginx has new workers", processes.UP_S)


def restart(folder, number):
    pid = processes.pid_of(folder)
    os.kill(pid, number)
    processes.until_up(folder, pid)


def run(world, times):
    folder = processes.folders()["nginx"][0]
    ways = [("restart nginx", lambda: restart(folder, signal.SIGQUIT)), ("nginx takes its configuration anew", lambda: reload(folder)),
            ("end nginx", lambda: restart(folder, signal.SIGTERM))]
    for number in range(times):
        label, act = ways[number % len(ways)]
        with world.incident(label, EVERYTHING):
            act()
        world.go_on()
