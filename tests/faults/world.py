"""What a kind of fault acts in: an alliance of its own with clients at work and somebody who watches; and what came of it."""
import contextlib
import os
import random
import time
import uuid

import accord
import checks
from clients import PATIENCE_S, Crew, Truth
from stage import SERVICES, Stage
from watch import Watch

ACKNOWLEDGED_FIRST = 40  # before anything happens: there must be something to lose
AGAIN_S = 90  # in which all is well again by itself
EVERYTHING = frozenset((*SERVICES, "write"))


def hits(kind):
    """What a process serves: a service, or everything."""
    return frozenset((kind, "write") if kind == "ledger" else (kind,)) if kind in SERVICES else EVERYTHING


class Incident:
    def __init__(self, label, hit, others, began):
        self.label, self.hit, self.others, self.began, self.ended = label, hit, others, began, began


class World:
    def __init__(self, seed, clients, patience=PATIENCE_S, rest=0.0):
        self.rng, self.stage = random.Random(seed), Stage()
        scratch = os.environ.get("ACCORD_SCRATCH", "/tmp")
        self.truth = Truth(os.path.join(scratch, f"acknowledged-{uuid.uuid4()}.ndjson"))
        self.crew, self.watch = Crew(self.stage, self.truth, seed, clients, patience, rest), Watch(self.stage, self.truth)
        self.incidents, self.began, self.ended = [], 0.0, 0.0

    def work(self, act):
        """Runs what a kind does, while clients work and somebody watches."""
        with self.watch:
            self.crew.start()
            self.until(lambda: len(self.truth.requests) >= ACKNOWLEDGED_FIRST, "something that can be lost")
            self.began = time.monotonic()
            try:
                act(self)
            finally:
                self.ended = time.monotonic()
                self.crew.stop()

    def until(self, condition, what, seconds=AGAIN_S):
        """A condition, unless a client has failed: then it need not be waited for."""
        accord.until(lambda: condition() or self.crew.has_failed(), what, seconds)
        self.crew.demand_answers_so_far()

    @contextlib.contextmanager
    def incident(self, label, hit):
        """Something that happens to what is `hit`; ends when all that is watched is answered well again."""
        watched = EVERYTHING if self.watch.is_writing else frozenset(SERVICES)
        incident = Incident(label, frozenset(hit) & watched, watched - frozenset(hit), time.monotonic())
        self.incidents.append(incident)
        print(f"  {len(self.incidents)}: {label}", flush=True)
        yield incident
        over = time.monotonic()
        self.until(lambda: self.watch.all_succeed(over), f"all is well after: {label}")
        incident.ended = time.monotonic()

    def at_rest(self):
        """Nobody works, and everybody has followed everything."""
        self.crew.stop()
        self.watch.stop_writing()
        self.crew.demand_answers()
        checks.caught_up(os.environ["ACCORD_TEST_DATABASE"], self.stage.alliance.id)

    def at_work(self):
        self.watch.is_writing = True
        self.crew.start()

    def go_on(self, least=0.2, most=0.8):
        """Some more work before the next."""
        moment = time.monotonic() + self.rng.uniform(least, most)
        accord.until(lambda: time.monotonic() > moment or self.crew.has_failed(), "the next", 30)

    # --- what came of it --------------------------------------------------------------------------------------------

    def pause(self, incident, what):
        return max((self.watch.pause(one, incident.began, incident.ended) for one in what), default=0.0)

    def pauses(self):
        """Of each incident: of what was hit, and of all others."""
        return [(self.pause(one, one.hit), self.pause(one, one.others)) for one in self.incidents]

    def row(self, name, seconds):
        """Of the table at the end."""
        pauses = self.pauses()
        return {"fault": name, "times": len(self.incidents), "acknowledged": len(self.truth.requests), "seconds": round(seconds),
                "answers": self.watch.answers(self.began, self.ended), "slowest": self.watch.slowest(self.began, self.ended),
                "hit": [hit for one, (hit, _) in zip(self.incidents, pauses) if one.hit],
                "others": [others for one, (_, others) in zip(self.incidents, pauses) if one.others]}
