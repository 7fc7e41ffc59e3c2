"""The disk is full, of everything: database, write-ahead log, logs. Who asks is told so (503); when there is room again, all goes
on by itself, though PostgreSQL has ended meanwhile. Needs a cluster on a small disk of its own (tests/faults/run makes one)."""
import contextlib
import os
import subprocess
import time

import accord
import processes
from world import EVERYTHING

NAME = "disk full"
TIMES = 1, 2
ALLOWED = {503}
SMALL_BYTES = 1 << 30
FULL_S = 5  # after the database has met it
FILLING_S, ANSWER_S = 60, 10
NO_ANSWER = subprocess.CalledProcessError, subprocess.TimeoutExpired


def is_possible():
    disk = os.statvfs(os.environ["ACCORD_DATA"])
    if disk.f_blocks * disk.f_frsize > SMALL_BYTES:
        return "the cluster is on no small disk of its own"
    return None


class Filler(accord.Beside):
    """Takes whatever room there is, until it is let go."""

    def __init__(self):
        super().__init__()
        self.path = os.path.join(os.environ["ACCORD_DATA"], "filler")
        self.file = open(self.path, "wb", buffering=0)

    def __exit__(self, *error):
        super().__exit__(*error)
        self.file.close()
        os.remove(self.path)

    def run(self):
        while not self.ending.is_set():
            for size in (1 << 20, 4096):
                with contextlib.suppress(OSError):
                    while self.file.write(bytes(size)) and not self.ending.is_set():
                        pass
            accord.pause(0.05)


def database_is_up():
    with contextlib.suppress(*NO_ANSWER):
        return processes.sql("select 1", timeout=ANSWER_S) == "1"
    return False


def log_much():
    """Makes the database want room for its write-ahead log at once; it ends of that, or waits for who writes its log."""
    with contextlib.suppress(*NO_ANSWER):
        processes.sql("select pg_logical_emit_message(false, 'faults', repeat('x', 1000000)) from generate_series(1, 40)",
                      timeout=ANSWER_S)
        return True
    return False


def run(world, times):
    for number in range(times):
        with world.incident("the disk is full", EVERYTHING) as incident:
            with Filler():
                if number % 2 == 0:
                    accord.until(lambda: not log_much() or not database_is_up(), "the database has no room", FILLING_S)
                world.until(lambda: any(one.status == 503 and one.began > incident.began for one in list(world.watch.looks)
                                        if one.what == "write"), "a write is told", FILLING_S)
                moment = time.monotonic() + FULL_S
                accord.until(lambda: time.monotonic() > moment, "it stays full for a while", FULL_S + 30)
        world.go_on()
