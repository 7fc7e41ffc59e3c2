"""Clients that work at random, what they were told, and which requests are under way."""
import collections
import json
import os
import random
import threading
import time
import uuid

import accord
from stage import DEADLINE_S, MANDATE, SERVICES, gbp

MONTHS = 60 * 12  # of figures, before a client begins again with the first: then they are there already
PATIENCE_S = 90  # in which a client must have its answer


class Truth:
    """What was acknowledged, outside of Accord, before anybody relies on it."""

    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8")
        self.lock = threading.Lock()
        self.requests = []

    def write(self, request):
        with self.lock:
            self.file.write(json.dumps({k: v for k, v in request.items() if k != "person"}) + "\n")
            self.file.flush()
            os.fsync(self.file.fileno())
            self.requests.append(request)


class Client(threading.Thread):
    """Random operations from a seed; each is repeated with its key until it is answered."""

    def __init__(self, stage, truth, seed, stop, in_flight, patience=PATIENCE_S, rest=0.0):
        super().__init__(daemon=True)
        self.patience, self.rest = patience, rest
        self.stage, self.truth, self.random = stage, truth, random.Random(seed)
        self.stop, self.in_flight = stop, in_flight
        self.failure, self.lost, self.risks, self.transactions = None, 0, [], []
        self.month = 0

    def run(self):
        try:
            while not self.stop.is_set():
                self.step()
                if self.rest:
                    self.stop.wait(self.random.uniform(0, 2 * self.rest))
        except Exception as error:  # reported by the main thread
            self.failure = error

    def step(self):
        operations = [(self.post_transaction, 8), (self.log_risk, 4), (self.score_risk, 3), (self.vote, 5),
                      (self.observe, 3), (self.reverse, 1), (self.draw, 2), (self.decide, 1), (self.read, 3)]
        choice = self.random.choices([o for o, _ in operations], [w for _, w in operations])[0]
        choice()

    def uuid(self):
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def act(self, service, person, method, path, body=None, event_type=None):
        """Until answered; the request id is the same for every attempt, and so names the one event."""
        request = {"service": service, "method": method, "path": self.stage.alliance.path(path), "body": body,
                   "key": self.uuid() if method != "PUT" else None, "request": self.uuid(), "type": event_type,
                   "person": person}
        deadline = time.monotonic() + self.patience
        while True:
            try:
                with self.in_flight.one(service):
                    answer = person.ask(method, request["path"], body, request["key"],
                                        {"X-Request-ID": request["request"]})
                if answer.status < 500 and answer.status != 409 and answer.status != 429:
                    break
                if answer.status == 409 and "REQUEST_RUNNING" not in answer.text:
                    break
            except accord.Lost:
                self.lost += 1
            if time.monotonic() > deadline:
                raise AssertionError(f"{method} {request['path']} was not answered within {self.patience} s")
            accord.pause(0.02)
        if method != "GET" and answer.status < 300:
            request.update(status=answer.status, text=answer.text, location=answer.headers.get("location"))
            self.truth.write(request)
        return answer

    def post_transaction(self):
        answer = self.act("ledger", self.stage.finance, "POST", "/ledger/transactions",
                          self.stage.transaction(self.random.randint(1, 10**6)), "ledger.transaction.posted.v1")
        self.transactions.append(answer.expect(201).body["id"])

    def reverse(self):
        if self.transactions:
            identity = self.transactions.pop(self.random.randrange(len(self.transactions)))
            self.act("ledger", self.stage.finance, "POST", f"/ledger/transactions/{identity}/reversal",
                     {"reason": "Entered twice."}, "ledger.transaction.reversed.v1").expect(201)

    def log_risk(self):
        answer = self.act("risk", self.stage.quality, "POST", "/risk/risks", {
            "title": "Theatre staffing", "cause": "Vacancies", "event": "Lists are cancelled",
            "effect": "Patients wait longer", "category": "workforce",
            "owner": {"organisation": "ZZ3"}, "likelihood": self.random.randint(1, 5),
            "consequence": self.random.randint(1, 5)}, "risk.risk.logged.v1")
        self.risks.append(answer.expect(201).body["id"])

    def score_risk(self):
        if self.risks:
            self.act("risk", self.stage.quality, "POST", f"/risk/risks/{self.random.choice(self.risks)}/scores", {
                "likelihood": self.random.randint(1, 5), "consequence": self.random.randint(1, 5),
                "reason": "Looked at again."}, "risk.risk.scored.v1").expect(201)

    def vote(self):
        organisation = self.random.choice(self.stage.alliance.organisations[:3])  # never all, so none closes
        self.vote_of(organisation, self.random.choice(self.stage.undecided), self.random.choice(["agree", "abstain", "disagree"]))

    def vote_of(self, organisation, decision, choice):
        body = {"choice": choice, **({"reason": f"Not {self.random.randint(1, 999)} pounds."} if choice == "disagree" else {})}
        self.act("membership", self.stage.alliance.representatives[organisation], "PUT",
                 f"/decisions/{decision}/votes/{organisation}", body).expect(200)

    def decide(self):
        """A decision in which all vote, so that it closes: mostly carried, else by one who does not agree."""
        mandate = self.act("ledger", self.stage.finance, "POST", "/ledger/mandates", MANDATE, "ledger.mandate.drafted.v1")
        opened = self.act("membership", self.stage.finance, "POST", "/decisions", {
            "subject": f"ledger/mandates/{mandate.expect(201).body['id']}", "effect": "grant", "question": "Shall money move?",
            "rationale": "It is best for the project.", "deadlineAt": accord.instant(DEADLINE_S)}, "membership.decision.opened.v1")
        decision = opened.expect(201).body["id"]
        self.stage.decisions.append(decision)
        for organisation in self.stage.alliance.organisations:
            self.vote_of(organisation, decision, self.random.choice(["agree"] * 28 + ["abstain", "disagree"]))

    def observe(self):
        year, month = divmod(self.month % MONTHS, 12)
        self.month += 1
        organisation = self.stage.alliance.organisations[self.random.randrange(4)]
        denominator = self.random.randint(1, 9999)
        self.act("kpi", self.stage.quality, "POST", "/kpi/observations", {
            "indicator": "ae-4-hours", "organisation": organisation, "numerator": self.random.randint(0, denominator),
            "denominator": denominator, "month": f"20{16 + year:02d}-{17 + year:02d}-M{month + 1:02d}"},
            "kpi.observation.recorded.v1").expect(201, 409)

    def draw(self):
        sponsor, verifier = (self.stage.alliance.representatives[o] for o in ("ZZ3", "ZZ2"))
        answer = self.act("reinvestment", sponsor, "POST", f"/reinvestment/cases/{self.stage.case}/drawdowns", {
            "amount": gbp(self.random.randint(1, 1000)), "milestone": "ready", "evidence": "An invoice."},
            "reinvestment.drawdown.requested.v1").expect(201, 422)
        if answer.status == 201:
            self.act("reinvestment", verifier, "POST",
                     f"/reinvestment/drawdowns/{answer.body['id']}/verification", {"outcome": "verified"},
                     "reinvestment.drawdown.verified.v1").expect(200, 201)

    def read(self):
        path = self.random.choice(["/ledger/trial-balance", "/risk/risks", "/reinvestment/ring-fences", "/decisions"])
        self.act(path.split("/")[1], self.stage.alliance.director, "GET", path).expect(200)


class InFlight:
    """Which service has requests under way: a kill waits until it hits one."""

    def __init__(self):
        self.counts, self.lock = collections.Counter(), threading.Lock()

    def one(self, service):
        return _One(self, service)

    def busy(self, target):
        with self.lock:
            return self.counts[target] > 0 if target in SERVICES else sum(self.counts.values()) > 0


class _One:
    def __init__(self, flights, service):
        self.flights, self.service = flights, service if service in SERVICES else "membership"

    def __enter__(self):
        with self.flights.lock:
            self.flights.counts[self.service] += 1

    def __exit__(self, *_):
        with self.flights.lock:
            self.flights.counts[self.service] -= 1


class Crew:
    """Some clients that work until they are told to stop; a pause lets a test look at what nobody changes."""

    def __init__(self, stage, truth, seed, count, patience=PATIENCE_S, rest=0.0):
        self.stage, self.truth, self.seed, self.count, self.patience, self.rest = stage, truth, seed, count, patience, rest
        self.flights, self.all, self.working = InFlight(), [], []
        self.ending = threading.Event()

    def start(self):
        self.ending = threading.Event()
        self.working = [Client(self.stage, self.truth, self.seed * 1000 + len(self.all) + i, self.ending, self.flights, self.patience,
                               self.rest) for i in range(self.count)]
        self.all += self.working
        for one in self.working:
            one.start()

    def stop(self):
        self.ending.set()
        for one in self.working:
            one.join(self.patience + 30)
        self.working = []

    def has_failed(self):
        return any(one.failure for one in self.all)

    @property
    def lost(self):
        return sum(one.lost for one in self.all)

    def demand_answers_so_far(self):
        for one in self.all:
            if one.failure:
                raise AssertionError(str(one.failure)) from one.failure

    def demand_answers(self):
        """Of clients that were stopped."""
        self.demand_answers_so_far()
        if any(one.is_alive() for one in self.all):
            raise AssertionError("a client waits for an answer still")
