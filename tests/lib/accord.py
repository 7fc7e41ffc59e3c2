"""A small client of the REST API for tests in Python: people with tokens, requests that never retry
by themselves, and the first steps of an alliance. Standard library only."""
import dataclasses
import http.client
import json
import os
import subprocess
import threading
import time
import urllib.parse
import uuid

ISSUER = "https://issuer.accord.example"
ALL_SCOPES = ("alliances:found membership:read membership:write decisions:open decisions:vote ledger:read "
              "ledger:write ledger:post reinvestment:read reinvestment:write risk:read risk:write kpi:read "
              "kpi:write kpi:submit journals:read")


FOLLOWS = {"membership": ("ledger", "reinvestment", "risk", "kpi"), "ledger": ("membership", "reinvestment"),
           "reinvestment": ("membership", "ledger"), "risk": ("membership", "kpi"), "kpi": ("membership",)}


def followed(path, positions):
    """Of an Accord-After, what the path's service knows of: its own journal and those that it follows."""
    rest = path.partition("?")[0].split("/")[4:]
    service = next((name for name in rest[:2] if name in FOLLOWS), "membership")
    known = (service, *FOLLOWS[service])
    return ", ".join(one for one in positions.split(", ") if one.partition("=")[0] in known)


class Lost(Exception):
    """No answer came: nobody knows what happened."""


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict
    text: str

    @property
    def body(self):
        return json.loads(self.text) if self.text else None

    def expect(self, *statuses):
        if self.status not in statuses:
            raise AssertionError(f"{self.status} instead of {statuses}: {self.text}")
        return self


class Person:
    """Somebody with a token; one connection a thread."""

    def __init__(self, subject, organisation=None, scopes=ALL_SCOPES):
        self.subject, self.organisation, self.scopes = subject, organisation, scopes
        self._token, self._expires = None, 0.0
        self._local = threading.local()
        self._lock = threading.Lock()
        self._seen = {}

    @property
    def token(self):
        with self._lock:
            if time.monotonic() > self._expires:
                command = [os.path.join(os.environ["ACCORD_BIN"], "accord-token"), "--keys", os.environ["ACCORD_KEYS"],
                           "--audience", os.environ.get("ACCORD_AUDIENCE", "https://accord.example"),
                           "--subject", self.subject, "--client", "tests", "--scope", self.scopes, "--minutes", "55"]
                if self.organisation:
                    command += ["--organisation", self.organisation]
                self._token = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
                self._expires = time.monotonic() + 45 * 60
            return self._token

    def _connection(self, timeout):
        if getattr(self._local, "connection", None) is None:
            base = urllib.parse.urlsplit(os.environ["ACCORD_BASE_URL"])
            self._local.connection = http.client.HTTPConnection(base.hostname, base.port, timeout=timeout)
        return self._local.connection

    def ask(self, method, path, body=None, key=None, headers=None, timeout=20):
        """One request, once. `path` is absolute. Raises Lost when no whole answer came."""
        sent = {"Authorization": f"Bearer {self.token}", "Accept": "application/json", **(headers or {})}
        if "Accord-After" in sent:
            positions = followed(path, sent.pop("Accord-After"))
            sent.update({"Accord-After": positions} if positions else {})
        data = None
        if body is not None:
            data = body if isinstance(body, str) else json.dumps(body)
            kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
            sent.setdefault("Content-Type", kind)
        if key is not None:
            sent["Idempotency-Key"] = key
        connection = self._connection(timeout)
        try:
            connection.request(method, path, body=None if data is None else data.encode(), headers=sent)
            response = connection.getresponse()
            text = response.read().decode()
            answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, text)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            self._local.connection = None
            raise Lost(str(error)) from error
        self._remember(answer)
        return answer

    def _remember(self, answer):
        for position in filter(None, answer.headers.get("accord-sequence", "").split(",")):
            service, _, number = position.strip().partition("=")
            self._seen[service] = max(int(number), self._seen.get(service, 0))

    def after(self, *others):
        """Accord-After for what this person and the others have seen."""
        seen = {}
        for person in (self, *others):
            for service, number in person._seen.items():
                seen[service] = max(number, seen.get(service, 0))
        return {"Accord-After": ", ".join(f"{s}={n}" for s, n in sorted(seen.items()))} if seen else {}

    def do(self, method, path, body=None, headers=None, key=None, seconds=30):
        """Repeats with one key until there is an answer that is not 5xx, 429 or lost."""
        key = key or (str(uuid.uuid4()) if method == "POST" else None)
        deadline = time.monotonic() + seconds
        while True:
            try:
                answer = self.ask(method, path, body, key, headers)
                if answer.status < 500 and answer.status != 429:
                    return answer
                reason = f"{answer.status} {answer.text}"
            except Lost as error:
                reason = str(error)
            if time.monotonic() > deadline:
                raise AssertionError(f"{method} {path}: {reason}")
            pause(0.05)


def pause(seconds):
    """Between two looks at a condition, never instead of one."""
    threading.Event().wait(seconds)


def until(condition, what, seconds=90):
    """Waits for a condition; returns what it gave."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s")
        pause(0.05)


class Beside:
    """Whose `run` goes on in a thread of its own while what it was entered for goes on. Left, it is told to end by `ending`, and
    waited for; what it failed of is raised then."""

    def __init__(self):
        self.ending, self.error = threading.Event(), None
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        try:
            self.run()
        except Exception as error:  # noqa: BLE001
            self.error = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.ending.set()
        self.thread.join()
        if self.error is not None and kind is None:
            raise self.error


def instant(seconds_from_now):
    then = time.time() + seconds_from_now
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(then)) + ".000Z"


class Alliance:
    """An alliance with two providers and two commissioners, founded by its four representatives."""

    def __init__(self, name, organisations=("ZZ1", "ZZ2", "ZZ3", "ZZ4"), pools=({"code": "planned", "name": "Planned care"},)):
        self.organisations = organisations
        self.representatives = {code: Person(f"rep.{code.lower()}", code) for code in organisations}
        first = self.representatives[organisations[0]]
        founders = [{"organisation": code, "name": f"Organisation {code}",
                     "role": "provider" if i % 2 == 0 else "commissioner", "isVoting": True,
                     "representative": {"issuer": ISSUER, "subject": f"rep.{code.lower()}", "name": f"Rep {code}"}}
                    for i, code in enumerate(organisations)]
        share = 10000 // len(organisations)
        shares = [{"organisation": code, "shareBp": share} for code in organisations]
        shares[-1]["shareBp"] += 10000 - share * len(organisations)
        answer = first.do("POST", "/v1/alliances", {
            "name": name, "purpose": "Planned care, closer to home.", "objectives": ["Treat within 18 weeks"],
            "principles": ["Best for project"], "startsOn": "2016-04-01", "endsOn": "2033-04-01",
            "foundingDeadlineAt": instant(3600), "founders": founders,
            "director": {"issuer": ISSUER, "subject": "dana.director", "name": "Dana", "organisation": organisations[0]},
            "agreement": {"startsOn": "2016-04-01", "parameters": {
                "rules": [{"kind": "general", "rule": "simple-majority"},
                          {"kind": "agree-specification", "rule": "simple-majority"}],
                "shares": shares, "pools": list(pools),
                "reserve": {"capPence": 500000000},
                "ringFences": [{"code": "elective", "purpose": "Elective care", "categories": ["equipment"],
                                "settings": ["community"]}]}}}).expect(201)
        self.id = answer.body["id"]
        self.director = Person("dana.director", organisations[0])
        self.vote_all(answer.body["foundingDecisionId"])
        self.wait("/ledger/accounts", lambda body: len(body["items"]) > 0, self.director)

    def path(self, rest=""):
        return f"/v1/alliances/{self.id}{rest}"

    def wait(self, rest, condition, person, seconds=90):
        def look():
            answer = person.do("GET", self.path(rest), headers=person.after())
            return answer.status == 200 and condition(answer.body) and answer.body
        return until(look, rest, seconds)

    def appraise(self, case, sponsor):
        """By somebody of another organisation than the sponsor's, by the default criteria."""
        code = next(one for one in reversed(self.organisations) if one != sponsor.organisation)
        appraiser = self.representatives[code]
        appraiser.do("POST", self.path(f"/reinvestment/cases/{case}/appraisals"), {
            "scores": [{"criterion": criterion, "score": 4}
                       for criterion in ("strategic-fit", "patient-benefit", "value", "deliverability")],
            "comment": "It can be done."}, headers=appraiser.after(sponsor)).expect(201)

    def appoint(self, subject, role, organisation):
        representative = self.representatives[organisation]
        representative.do("POST", self.path("/appointments"), {
            "person": {"issuer": ISSUER, "subject": subject, "name": subject}, "role": role,
            "organisation": organisation}).expect(201)
        person = Person(subject, organisation)
        person._seen.update(representative._seen)
        return person

    def open(self, subject, effect, person=None, seconds=3600):
        person = person or self.director
        return person.do("POST", self.path("/decisions"), {
            "subject": subject, "effect": effect, "question": f"Shall {subject} be carried?",
            "rationale": "It is best for the project.", "deadlineAt": instant(seconds)},
            headers=person.after()).expect(201).body

    def vote(self, decision, organisation, choice="agree", reason=None):
        body = {"choice": choice, **({"reason": reason} if reason else {})}
        return self.representatives[organisation].do(
            "PUT", self.path(f"/decisions/{decision}/votes/{organisation}"), body)

    def vote_all(self, decision):
        for organisation in self.organisations:
            self.vote(decision, organisation).expect(200)

    def decide(self, subject, effect, person=None):
        """Opened, agreed by all, and its effect done."""
        decision = self.open(subject, effect, person)
        self.vote_all(decision["id"])
        return self.wait(f"/decisions/{decision['id']}", lambda body: body["state"] == "carried" and all(
            e["state"] != "pending" for e in body["effects"]), self.director)
