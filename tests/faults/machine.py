"""Notices when the machine itself stands still: a small file is brought to disk ten times a second, and whatever keeps that
waiting, the disk or a processor that others have, keeps a database waiting too. An answer that a service then gives up on is
the machine's doing and none of the fault's."""
import os
import tempfile
import time

import accord

PERIOD_S = 0.1
SLOW_S = 0.1  # seven writers queue for one alliance at most: each as slow as this brings the last near its second
AFTER_S = 5  # what has piled up meanwhile still waits


class Machine(accord.Beside):
    def __init__(self, folder):
        super().__init__()
        self.folder, self.stood = folder, []

    def run(self):
        with tempfile.TemporaryFile(dir=self.folder, buffering=0) as file:
            due = time.monotonic()
            while not self.ending.is_set():
                os.pwrite(file.fileno(), b"x" * 8192, 0)
                os.fsync(file.fileno())
                now = time.monotonic()
                if now - due > SLOW_S:
                    self.stood.append((due, now))
                due = now + PERIOD_S
                self.ending.wait(PERIOD_S)

    def stood_still(self, since, until):
        """Whether it did within these moments, or shortly before."""
        return any(began <= until and ended + AFTER_S >= since for began, ended in list(self.stood))

    def stood_for(self, since, until):
        """How long it did between these moments."""
        return sum(max(min(ended, until) - max(began, since), 0) for began, ended in list(self.stood))

    def summary(self):
        longest = max((ended - began for began, ended in self.stood), default=0)
        return f"the machine stood still {len(self.stood)} times for over {SLOW_S} s, at most {longest:.1f} s"
