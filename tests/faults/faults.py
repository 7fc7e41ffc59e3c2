#!/usr/bin/env python3
"""Eight clients work at random while processes are killed under them; then everything that was
acknowledged must be there, once, and the sums must be right.

    faults.py [--kills 10] [--clients 8] [--seed N]     (environment of tests/cluster up)

What an answer acknowledged is written to a file before the client goes on. Afterwards each such
request is repeated with its key: it must give the stored answer again; each key must have exactly
one event; recompute.py and accord-audit must agree with the tables."""
import argparse
import collections
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import accord  # noqa: E402
import checks  # noqa: E402
import recompute  # noqa: E402

SERVICES = ("membership", "ledger", "reinvestment", "risk", "kpi")


def gbp(pence):
    return {"amount": pence, "currency": "GBP"}


ACKNOWLEDGED_FIRST = 40  # before anything is killed: there must be something to lose
PATIENCE_S = 90  # in which a client must have its answer
MANDATE = {"title": "Ring-fence the surplus", "debitAccounts": ["pool:planned"], "creditAccounts": ["ring-fence:elective"],
           "limit": gbp(10**12), "startsOn": "2026-04-01", "endsOn": "2027-03-31"}


class Stage:
    """An alliance in which everything can happen: a mandate, a case with a hold, an indicator, open decisions."""

    def __init__(self):
        self.alliance = alliance = accord.Alliance("Under fire")
        self.finance = alliance.appoint("fin.zz1", "finance-lead", "ZZ1")
        self.quality = alliance.appoint("qual.zz3", "quality-lead", "ZZ3")
        self.until_known(self.finance, "/ledger/periods")
        self.until_known(self.quality, "/risk/risks")
        self.until_known(self.quality, "/kpi/indicators")
        self.mandate = self.mandate_granted()
        self.post(64000000)
        self.case = self.case_held(25000000)
        self.indicator_agreed()
        self.decisions = [self.alliance.open(f"ledger/mandates/{self.mandate_drafted()}", "grant",
                                             self.finance)["id"] for _ in range(6)]
        self.undecided = self.decisions[:]  # in which one never votes, so that they stay open

    def until_known(self, person, rest):
        accord.until(lambda: person.do("GET", self.alliance.path(rest), headers=person.after()).status == 200, f"{person.subject} at {rest}")

    def mandate_drafted(self):
        return self.finance.do("POST", self.alliance.path("/ledger/mandates"), MANDATE).expect(201).body["id"]

    def mandate_granted(self):
        mandate = self.mandate_drafted()
        self.alliance.decide(f"ledger/mandates/{mandate}", "grant", self.finance)
        self.alliance.wait(f"/ledger/mandates/{mandate}", lambda body: body["state"] == "active", self.finance)
        return mandate

    def transaction(self, pence):
        return {"mandateId": self.mandate, "description": "Surplus", "effectiveOn": "2026-05-31", "entries": [
            {"accountCode": "pool:planned", "amount": gbp(-pence)},
            {"accountCode": "ring-fence:elective", "amount": gbp(pence)}]}

    def post(self, pence):
        return self.finance.do("POST", self.alliance.path("/ledger/transactions"),
                               self.transaction(pence)).expect(201).body

    def case_held(self, pence):
        sponsor = self.alliance.representatives["ZZ3"]
        self.alliance.wait("/reinvestment/ring-fences", lambda body: any(
            r["available"]["amount"] >= pence for r in body["items"]), sponsor)
        case = sponsor.do("POST", self.alliance.path("/reinvestment/cases"), {
            "title": "Hernia hub", "summary": "Day surgery in the community.", "ringFence": "elective",
            "category": "equipment", "setting": "community", "service": "Hernia repair",
            "specialty": "General surgery", "beneficiary": "ZZ3", "award": gbp(pence), "oneOffCost": gbp(pence),
            "recurrentCost": gbp(0), "milestones": [{"code": "ready", "title": "Ready", "dueOn": "2026-12-31",
                                                     "amount": gbp(pence)}],
            "benefits": [{"indicator": "ae-4-hours", "baseline": "70", "target": "80",
                          "dueOn": "2027-03-31"}]}).expect(201).body["id"]
        sponsor.do("POST", self.alliance.path(f"/reinvestment/cases/{case}/submission")).expect(200)
        self.alliance.appraise(case, sponsor)
        self.alliance.decide(f"reinvestment/cases/{case}", "approve", sponsor)
        self.alliance.wait(f"/reinvestment/cases/{case}", lambda body: body["state"] == "in-delivery", sponsor)
        return case

    def indicator_agreed(self):
        self.quality.do("POST", self.alliance.path("/kpi/indicators"), {
            "code": "ae-4-hours", "name": "A&E within four hours", "theme": "urgent-care"}).expect(201)
        self.quality.do("POST", self.alliance.path("/kpi/indicators/ae-4-hours/specifications"), {
            "definition": "Seen within four hours.", "numerator": "In time", "denominator": "All",
            "unit": "percentage", "direction": "up", "source": "national", "sourceReason": "Published monthly.",
            "owner": "ZZ1"}).expect(201)
        self.alliance.decide("kpi/indicators/ae-4-hours/specifications/1", "agree", self.quality)
        self.alliance.wait("/kpi/indicators/ae-4-hours", lambda body: "agreedSpecification" in body, self.quality)


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

    def __init__(self, stage, truth, seed, stop, in_flight, patience=PATIENCE_S):
        super().__init__(daemon=True)
        self.patience = patience
        self.stage, self.truth, self.random = stage, truth, random.Random(seed)
        self.stop, self.in_flight = stop, in_flight
        self.failure, self.lost, self.risks, self.transactions = None, 0, [], []
        self.month = 0

    def run(self):
        try:
            while not self.stop.is_set():
                self.step()
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
            "rationale": "It is best for the project.", "deadlineAt": accord.instant(3600)}, "membership.decision.opened.v1")
        decision = opened.expect(201).body["id"]
        self.stage.decisions.append(decision)
        for organisation in self.stage.alliance.organisations:
            self.vote_of(organisation, decision, self.random.choice(["agree"] * 28 + ["abstain", "disagree"]))

    def observe(self):
        year, month = divmod(self.month, 12)
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


def supervised():
    """Supervised processes by what they are: {"ledger": [folder, ...], "nginx": [...], "postgres": [...]}."""
    root = os.environ["ACCORD_SERVICES"]
    found = collections.defaultdict(list)
    for name in sorted(os.listdir(root)):
        if os.path.isdir(os.path.join(root, name, "supervise")):
            found[name.split("-")[0].split("@")[0]].append(os.path.join(root, name))
    return found


def pid_of(folder):
    out = subprocess.run(["s6-svstat", "-o", "up,pid", folder], check=True, capture_output=True, text=True).stdout.split()
    return int(out[1]) if out[0] == "true" else None


def kill_all(kills, rng, flights, failed, only=None):
    """Kill -9, every kind of process (or only those named) at least once, each with requests in flight."""
    targets = supervised()
    kinds = [k for k in targets if k in (only or (*SERVICES, "nginx", "postgres"))]
    plan = kinds + [rng.choice(kinds) for _ in range(max(0, kills - len(kinds)))]
    rng.shuffle(plan)
    for number, kind in enumerate(plan, 1):
        folder = rng.choice(targets[kind])
        pid = accord.until(lambda: pid_of(folder), f"{kind} is up", 60)
        deadline = time.monotonic() + 30
        while not flights.busy(kind):
            if failed() or time.monotonic() > deadline:
                print(f"  no request to {kind} for half a minute", flush=True)
                return None
        os.kill(pid, signal.SIGKILL)
        print(f"  kill {number} of {len(plan)}: {os.path.basename(folder)} ({pid})", flush=True)
        accord.until(lambda: pid_of(folder) not in (None, pid), f"{kind} is up again", 60)
        moment = time.monotonic() + rng.uniform(0.3, 1.5)
        accord.until(lambda: time.monotonic() > moment or failed(), "the next kill", 10)
    return collections.Counter(plan)


def killed_all(killed):
    if killed is None:
        raise AssertionError("nobody asked any more")


def answered(clients):
    for client in clients:
        if client.failure:
            raise AssertionError(str(client.failure)) from client.failure


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--patience", type=int, default=PATIENCE_S, help="seconds in which a client must have its answer")
    parser.add_argument("--only", type=lambda text: text.split(","), help="kill only these kinds of process")
    parser.add_argument("--asynchronous", action="store_true", help="break it: commits answer before they are on disk")
    options = parser.parse_args()
    print(f"faults: seed {options.seed}, {options.clients} clients, {options.kills} kills", flush=True)
    database = os.environ["ACCORD_TEST_DATABASE"]
    if options.asynchronous:
        for setting in ("synchronous_commit = off", "wal_writer_delay = '10s'", "wal_writer_flush_after = 0"):
            recompute.query(database, f"alter system set {setting}")
        recompute.query(database, "select pg_reload_conf()")
    stage = Stage()
    truth = Truth(os.path.join(os.environ.get("ACCORD_SCRATCH", "/tmp"), f"acknowledged-{os.getpid()}.ndjson"))
    stop, flights = threading.Event(), InFlight()
    clients = [Client(stage, truth, options.seed * 100 + i, stop, flights, options.patience)
               for i in range(options.clients)]
    for client in clients:
        client.start()

    def failed():
        return any(c.failure for c in clients)

    accord.until(lambda: len(truth.requests) >= ACKNOWLEDGED_FIRST or failed(), "something that can be lost", 60)
    killed = kill_all(options.kills, random.Random(options.seed), flights, failed, options.only)
    stop.set()
    for client in clients:
        client.join(120)
    print(f"  {len(truth.requests)} acknowledged, {sum(c.lost for c in clients)} answers lost on the way", flush=True)
    wanted = [("every kill met a request", lambda: killed_all(killed)),
              ("every request was answered as it should be", lambda: answered(clients)),
              ("every service has followed what it follows to the end", lambda: checks.caught_up(database, stage.alliance.id)),
              ("every acknowledged answer is given again", lambda: checks.answers_again(truth)),
              ("what was acknowledged stands and reads equal", lambda: checks.what_was_made_stands(truth)),
              ("each key has exactly one event", lambda: checks.one_event_each(stage, truth, database)),
              ("every version of every vote is what was acknowledged", lambda: checks.votes_stand(stage, truth, database)),
              ("tallies, outcomes and mandates are served as recomputed", lambda: checks.served_is_recomputed(stage, database)),
              ("balances, holds, mandates and votes are what the journals add up to", lambda: checks.recomputed(database, stage)),
              ("accord-audit agrees", checks.audited)]
    bad = 0
    for name, check in wanted:
        try:
            check()
            print(f"  ok: {name}", flush=True)
        except AssertionError as error:
            bad += 1
            print(f"  FAILED: {name}: {error}", flush=True)
    print(f"kills: {dict(killed or {})}")
    print(f"{len(wanted) - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
