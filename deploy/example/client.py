"""The REST API as the example uses it: people with tokens, who see at least what anybody here has seen before.

Environment: ACCORD_BASE_URL, ACCORD_DATA (keys below it), ACCORD_AUDIENCE, ACCORD_ISSUER. Standard library only. What takes
time is waited for as a condition with a deadline; nothing sleeps for a fixed time."""
import datetime
import http.client
import json
import os
import subprocess
import time
import urllib.parse
import uuid

BASE_URL = os.environ["ACCORD_BASE_URL"]
DATA = os.environ["ACCORD_DATA"]
AUDIENCE = os.environ.get("ACCORD_AUDIENCE", "https://accord.example")
ISSUER = os.environ.get("ACCORD_ISSUER", "https://issuer.accord.example")
APP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("ACCORD_BIN", os.path.join(APP, "bin"))
KEYS = os.environ.get("ACCORD_KEYS", os.path.join(DATA, "keys"))
CONFIG = os.environ.get("ACCORD_CONFIG", os.path.join(DATA, "config.json"))
SERVICES = ("membership", "ledger", "reinvestment", "risk", "kpi")
WAIT_S = 30
SCOPES = ("alliances:found membership:read membership:write decisions:open decisions:vote ledger:read ledger:write "
          "ledger:post reinvestment:read reinvestment:write risk:read risk:write kpi:read kpi:write kpi:submit "
          "journals:read")


class Failed(Exception):
    """The example can't go on; says why in a sentence."""


def pounds(pence):
    return f"{'-' if pence < 0 else ''}£{abs(pence) // 100:,}.{abs(pence) % 100:02d}"


def gbp(pence):
    return {"amount": pence, "currency": "GBP"}


def instant(seconds_from_now):
    then = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds_from_now)
    return then.strftime("%Y-%m-%dT%H:%M:%S.") + f"{then.microsecond // 1000:03d}Z"


class Answer:
    def __init__(self, status, headers, text):
        self.status, self.headers, self.text = status, headers, text

    @property
    def body(self):
        return json.loads(self.text) if self.text else None


FOLLOWS = {"membership": ("ledger", "reinvestment", "risk", "kpi"), "ledger": ("membership", "reinvestment"),
           "reinvestment": ("membership", "ledger"), "risk": ("membership", "kpi"), "kpi": ("membership",)}


def followed(path):
    """Whose journals the path's service knows of: its own, and those that it follows."""
    rest = path.partition("?")[0].split("/")[4:]
    service = next((name for name in rest[:2] if name in FOLLOWS), "membership")
    return sorted((service, *FOLLOWS[service]))


class Person:
    """Somebody with a token, who sees at least what anybody in the example has seen before."""

    seen = {}  # Accord-Sequence of all answers so far, sent as Accord-After
    record = None  # what has been asked and answered, if that is kept

    def __init__(self, subject, organisation):
        self.subject, self.organisation, self._token = subject, organisation, None

    @property
    def token(self):
        if self._token is None:
            self._token = subprocess.run(
                [os.path.join(BIN, "accord-token"), "--keys", KEYS, "--audience", AUDIENCE, "--issuer", ISSUER,
                 "--subject", self.subject, "--client", "example", "--organisation", self.organisation,
                 "--scope", SCOPES, "--minutes", "30"], check=True, capture_output=True, text=True).stdout.strip()
        return self._token

    def _ask_once(self, method, path, data, headers):
        base = urllib.parse.urlsplit(BASE_URL)
        kind = http.client.HTTPSConnection if base.scheme == "https" else http.client.HTTPConnection
        connection = kind(base.hostname, base.port, timeout=10)
        try:
            connection.request(method, base.path + path, body=data, headers=headers)
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, headers, response.read().decode())
        finally:
            connection.close()

    def ask(self, method, path, body=None, content_type="application/json", accept="application/json", headers=None):
        """As an earlier run was answered, or by asking now."""
        earlier = Person.record.answered_before(method, path) if Person.record else None
        if earlier is False:
            raise Failed(f"what an earlier run recorded is not what {method} {path} continues")
        if earlier:
            answer = Answer(earlier["status"], earlier["answer"], earlier["text"])
        else:
            answer = self._ask_now(method, path, body, content_type, {"Accept": accept, **(headers or {})})
        for position in filter(None, answer.headers.get("accord-sequence", "").split(",")):
            name, _, number = position.strip().partition("=")
            Person.seen[name] = max(int(number), Person.seen.get(name, 0))
        return answer

    def _ask_now(self, method, path, body, content_type, headers):
        headers["Authorization"] = f"Bearer {self.token}"
        data = None
        if body is not None:
            data = (body if isinstance(body, str) else json.dumps(body)).encode()
            headers["Content-Type"] = content_type
        if method == "POST":
            headers["Idempotency-Key"] = str(uuid.uuid4())
        if Person.record is None:
            return self._ask_until_answered(method, path, data, headers)
        repeated = Person.record.unanswered(method, path)
        if repeated:
            data = None if repeated["body"] is None else repeated["body"].encode()
            headers.update(repeated["headers"])
        elif method != "GET":
            Person.record.about_to(method, path, data and data.decode(), headers)
        answer = self._ask_until_answered(method, path, data, headers)
        if repeated and method != "POST" and answer.status in (409, 412, 422):  # it was done: what stands is its answer
            answer = self._ask_until_answered("GET", path, None, {name: headers[name] for name in ("Authorization", "Accept")})
        Person.record.answered(method, path, answer)
        return answer

    def _ask_until_answered(self, method, path, data, headers):
        """Repeats with the same Idempotency-Key while the answer is lost or 'later' (429, 5xx)."""
        deadline = time.monotonic() + WAIT_S
        while True:
            if Person.seen and "/alliances/" in path:
                positions = [f"{name}={Person.seen[name]}" for name in followed(path) if name in Person.seen]
                headers.update({"Accord-After": ", ".join(positions)} if positions else {})
            try:
                answer = self._ask_once(method, path, data, headers)
                if answer.status < 500 and answer.status != 429:
                    return answer
                reason = f"{answer.status} {answer.text}"
            except (OSError, http.client.HTTPException) as error:
                reason = str(error) or type(error).__name__
            if time.monotonic() > deadline:
                raise Failed(f"{method} {path} got no proper answer: {reason}")
            pause()

    def get(self, path):
        return self.expect("GET", path, None, 200)

    def post(self, path, body=None, status=201):
        return self.expect("POST", path, body, status)

    def expect(self, method, path, body, status, **how):
        answer = self.ask(method, path, body, **how)
        if answer.status != status:
            raise Failed(f"{method} {path} as {self.subject} answered {answer.status}, not {status}: {answer.text}")
        return answer.body


def pause():
    """Between two looks at a condition."""
    time.sleep(0.1)


def until(what, look):
    """Looks until there is something; gives it back."""
    deadline = time.monotonic() + WAIT_S
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise Failed(f"{what}: not within {WAIT_S} seconds")
        pause()


def say(text):
    print(f"  example       {text}", flush=True)
