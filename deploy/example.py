#!/usr/bin/env python3
"""Plays the example through the REST API, once per data folder, and says how to go on from there.

Two providers and two commissioners found an alliance; a fifth partner is admitted at the second
attempt; a decided surplus is ring-fenced, a case held and partly paid, another refused; a risk is
logged, an indicator agreed and imported; then the books, the chains and the tables are checked.

Environment: ACCORD_BASE_URL, ACCORD_DATA (keys below it, and what is remembered: example.json) and
ACCORD_AUDIENCE, ACCORD_ISSUER. Standard library only. Everything that takes time is waited for as a
condition with a deadline; nothing sleeps for a fixed time."""
import datetime
import http.client
import json
import os
import shlex
import subprocess
import sys
import time
import urllib.parse
import uuid

BASE_URL = os.environ["ACCORD_BASE_URL"]
DATA = os.environ["ACCORD_DATA"]
AUDIENCE = os.environ.get("ACCORD_AUDIENCE", "https://accord.example")
ISSUER = os.environ.get("ACCORD_ISSUER", "https://issuer.accord.example")
APP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BIN = os.environ.get("ACCORD_BIN", os.path.join(APP, "bin"))
KEYS = os.environ.get("ACCORD_KEYS", os.path.join(DATA, "keys"))
CONFIG = os.environ.get("ACCORD_CONFIG", os.path.join(DATA, "config.json"))
REMEMBERED = os.path.join(DATA, "example.json")
SAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sample", "ae-attendances.csv")
SERVICES = ("membership", "ledger", "reinvestment", "risk", "kpi")
WAIT_S = 30

FOUNDERS = (("ZZ1", "Northfield Hospitals", "provider"), ("ZZ2", "Southmere Commissioning", "commissioner"),
            ("ZZ3", "Westbrook Hospitals", "provider"), ("ZZ4", "Highmoor Commissioning", "commissioner"))
GROUPS = (("leadership", "leadership-board", "Leadership board", None),
          ("delivery", "delivery-board", "Delivery board", "leadership"),
          ("quality", "performance-and-quality-group", "Performance and quality group", "delivery"),
          ("public", "patient-and-public-partnership-group", "Patients and public", "leadership"))
SEATS = {"leadership": ("ZZ1", "ZZ2", "ZZ3", "ZZ4"), "quality": ("ZZ1", "ZZ2", "ZZ3")}
NEWCOMER = ("ZZ5", "Eastgate Community Trust", "provider")
SCOPES = ("alliances:found membership:read membership:write decisions:open decisions:vote ledger:read ledger:write "
          "ledger:post reinvestment:read reinvestment:write risk:read risk:write kpi:read kpi:write kpi:submit "
          "journals:read")


class Failed(Exception):
    """The example can't go on; says why in a sentence."""


def pounds(pence):
    return f"£{pence / 100:,.2f}"


def gbp(pence):
    return {"amount": pence, "currency": "GBP"}


def instant(seconds_from_now):
    then = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds_from_now)
    return then.strftime("%Y-%m-%dT%H:%M:%S.") + f"{then.microsecond // 1000:03d}Z"


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.text = response.read().decode()

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
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def ask(self, method, path, body=None, content_type="application/json", accept="application/json"):
        """Repeats with the same Idempotency-Key while the answer is lost or 'later' (429, 5xx)."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept": accept}
        data = None
        if body is not None:
            data = (body if isinstance(body, str) else json.dumps(body)).encode()
            headers["Content-Type"] = content_type
        if method == "POST":
            headers["Idempotency-Key"] = str(uuid.uuid4())
        deadline = time.monotonic() + WAIT_S
        while True:
            if Person.seen and "/alliances/" in path:
                positions = [f"{name}={Person.seen[name]}" for name in followed(path) if name in Person.seen]
                headers.update({"Accord-After": ", ".join(positions)} if positions else {})
            try:
                answer = self._ask_once(method, path, data, headers)
                if answer.status < 500 and answer.status != 429:
                    break
                reason = f"{answer.status} {answer.text}"
            except (OSError, http.client.HTTPException) as error:
                reason = str(error) or type(error).__name__
            if time.monotonic() > deadline:
                raise Failed(f"{method} {path} got no proper answer: {reason}")
            pause()
        for position in filter(None, answer.headers.get("accord-sequence", "").split(",")):
            name, _, number = position.strip().partition("=")
            Person.seen[name] = max(int(number), Person.seen.get(name, 0))
        return answer

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


class Example:
    def __init__(self):
        self.representatives = {code: Person(f"rep.{code.lower()}", code) for code, _, _ in (*FOUNDERS, NEWCOMER)}
        self.voters = [code for code, _, _ in FOUNDERS]
        self.director = Person("dana.director", "ZZ1")
        self.finance = Person("fin.zz1", "ZZ1")
        self.quality = Person("qual.zz3", "ZZ3")
        self.path = ""
        self.told = {}  # what the summary says

    # --- decisions -----------------------------------------------------------------------------------

    def open(self, subject, effect, question, rationale, seconds=3600, who=None):
        return (who or self.director).post(self.path + "/decisions", {
            "subject": subject, "effect": effect, "question": question, "rationale": rationale,
            "deadlineAt": instant(seconds)})

    def vote(self, decision_id, organisations):
        for code in organisations:
            self.representatives[code].expect(
                "PUT", f"{self.path}/decisions/{decision_id}/votes/{code}", {"choice": "agree"}, 200)

    def decision(self, decision_id):
        return self.director.get(f"{self.path}/decisions/{decision_id}")

    def closed(self, decision_id, state):
        decision = until(f"decision {decision_id} {state}", lambda: self._if_closed(decision_id))
        if decision["state"] != state:
            raise Failed(f"decision {decision_id} was {decision['state']}, not {state}")
        return decision

    def _if_closed(self, decision_id):
        decision = self.decision(decision_id)
        return decision if decision["state"] != "open" and "recordedAt" in decision else None

    def decide(self, subject, effect, question, rationale):
        """Opened, agreed by everybody who decides, and done by every service that it concerns."""
        decision = self.open(subject, effect, question, rationale)
        self.vote(decision["id"], [one["organisation"] for one in decision["electorate"]])
        self.closed(decision["id"], "carried")
        done = until(f"the effects of decision {decision['id']}", lambda: self._if_effective(decision["id"]))
        refused = [one for one in done["effects"] if one["state"] == "refused"]
        if refused:
            raise Failed(f"decision {decision['id']} was refused by {refused[0]['service']}: {refused[0].get('reason')}")
        return done

    def _if_effective(self, decision_id):
        decision = self.decision(decision_id)
        return decision if all(one["state"] != "pending" for one in decision["effects"]) else None

    # --- the story -------------------------------------------------------------------------------------

    def found(self):
        today = datetime.date.today()
        year = today.year if today.month >= 4 else today.year - 1
        founders = [{"organisation": code, "name": name, "role": role, "isVoting": True,
                     "representative": {"issuer": ISSUER, "subject": f"rep.{code.lower()}", "name": f"Representative of {name}"}}
                    for code, name, role in FOUNDERS]
        alliance = self.representatives["ZZ1"].post("/v1/alliances", {
            "name": "Four Rivers Elective Alliance", "purpose": "Better planned care, closer to home, within the money that there is.",
            "objectives": ["Treat within 18 weeks", "Move care into the community"],
            "principles": ["Best for project", "No blame", "Open book"],
            "startsOn": f"{year}-04-01", "endsOn": f"{year + 7}-04-01", "foundingDeadlineAt": instant(3600),
            "founders": founders,
            "director": {"issuer": ISSUER, "subject": self.director.subject, "name": "Dana Reck", "organisation": "ZZ1"},
            "agreement": {"startsOn": f"{year}-04-01", "parameters": {
                "rules": [{"kind": "general", "rule": "simple-majority"},
                          {"kind": "agree-specification", "rule": "two-thirds", "group": "quality"}],
                "shares": [{"organisation": "ZZ1", "shareBp": 3000}, {"organisation": "ZZ2", "shareBp": 2500},
                           {"organisation": "ZZ3", "shareBp": 2500}, {"organisation": "ZZ4", "shareBp": 2000}],
                "pools": [{"code": "planned", "name": "Planned care"}], "reserve": {"capPence": 500000000},
                "ringFences": [{"code": "elective", "purpose": "Community-based elective care",
                                "categories": ["equipment", "left-shift"], "settings": ["community"]}]}}})
        self.told["alliance"] = alliance["id"]
        self.path = f"/v1/alliances/{alliance['id']}"
        for code, name, role in FOUNDERS:
            self.vote(alliance["foundingDecisionId"], [code])
            say(f"{code} {name} ({role}) agrees to found {alliance['name']}")
        until("the alliance active", lambda: self.director.get(self.path)["status"] == "active")
        agreement = self.director.get(self.path + "/agreement")
        say(f"the alliance is active; agreement version {agreement['number']} is in force from {agreement['startsOn']}")

    def admit(self):
        code, name, role = NEWCOMER
        newcomer = self.representatives[code]
        application = {"name": name, "role": role, "isVoting": True,
                       "representative": {"issuer": ISSUER, "subject": newcomer.subject, "name": f"Representative of {name}"}}
        newcomer.post(self.path + "/partners", application)
        say(f"{code} {name} applies")
        first = self.open(f"partners/{code}", "admit", f"Shall {name} become a partner?",
                          "It already provides a third of the community clinics.", seconds=3)
        self.vote(first["id"], self.voters[:-1])
        first = self.closed(first["id"], "lapsed")
        silent = [one["organisation"] for one in first["electorate"] if "choice" not in one]
        say(f"at the deadline {', '.join(silent)} is silent: {first['tally']['agree']} of "
            f"{first['tally']['eligible']} agreed, the decision has lapsed, {code} is not admitted")
        newcomer.post(self.path + "/partners", application)
        self.decide(f"partners/{code}", "admit", f"Shall {name} become a partner?", "Every partner has now been heard.")
        self.voters.append(code)
        accounts = until(f"accounts of {code}", lambda: self.accounts_of(code))
        say(f"{code} applies again, and the second decision is unanimous: it is a partner, with the accounts {', '.join(accounts)}")

    def host(self):
        """An alliance is no legal entity: a partner holds for all what one of them must hold."""
        path = self.path + "/hosts/activity-coding/versions"
        draft = self.representatives["ZZ3"].post(path, {"organisation": "ZZ1", "summary": "Coding goes to the trust that has the coders."})
        self.decide(f"hosts/activity-coding/versions/{draft['number']}", "appoint", "Shall ZZ1 code the activity of all partners?",
                    "One set of codes, one version of the truth.")
        host = self.director.get(self.path + "/hosts?organisation=ZZ1")["items"][0]
        say(f"{host['organisation']} hosts {host['function']} for all partners, and can't leave before that is handed over")

    def accounts_of(self, code):
        accounts = self.director.get(f"{self.path}/ledger/accounts?organisation={code}")["items"]
        return [one["code"] for one in accounts]

    def appoint(self, person, role, name):
        self.representatives[person.organisation].post(self.path + "/appointments", {
            "person": {"issuer": ISSUER, "subject": person.subject, "name": name}, "role": role,
            "organisation": person.organisation})
        say(f"{person.organisation} appoints {name} its {role}")

    def groups(self):
        for code, kind, name, above in GROUPS:
            self.director.post(self.path + "/groups", {"code": code, "kind": kind, "name": name,
                                                       **({"reportsTo": above} if above else {})})
        for group, organisations in SEATS.items():
            for organisation in organisations:
                representative = self.representatives[organisation]
                representative.post(self.path + "/appointments", {
                    "person": {"issuer": ISSUER, "subject": representative.subject, "name": f"Representative of {organisation}"},
                    "role": "group-member", "organisation": organisation, "group": group})
        say(f"{len(GROUPS)} groups form a tree below the leadership board; {', '.join(SEATS['quality'])} sit in the "
            "performance and quality group, to which the agreement leaves data specifications")

    def surplus(self):
        amount = 64000000
        today = datetime.date.today()
        mandate = self.finance.post(self.path + "/ledger/mandates", {
            "title": "Ring-fence the month's surplus", "debitAccounts": ["pool:planned"],
            "creditAccounts": ["ring-fence:elective"], "limit": gbp(amount), "startsOn": today.isoformat(),
            "endsOn": (today + datetime.timedelta(days=31)).isoformat()})
        self.decide(f"ledger/mandates/{mandate['id']}", "grant", "Shall the month's surplus be ring-fenced?",
                    "What planned care has saved stays with planned care.")
        self.finance.post(self.path + "/ledger/transactions", {
            "mandateId": mandate["id"], "description": "The month's surplus of planned care",
            "effectiveOn": today.isoformat(),
            "entries": [{"accountCode": "pool:planned", "amount": gbp(-amount)},
                        {"accountCode": "ring-fence:elective", "amount": gbp(amount)}]})
        self.told["surplus"] = amount
        say(f"a decision lets money move, and the finance lead posts the ring-fenced surplus: {pounds(amount)}")

    def case_submitted(self, title, summary, award, milestone_amount):
        sponsor = self.representatives["ZZ3"]
        case = sponsor.post(self.path + "/reinvestment/cases", {
            "title": title, "summary": summary, "ringFence": "elective", "category": "left-shift", "setting": "community",
            "service": title, "specialty": "General surgery", "beneficiary": "ZZ3", "award": gbp(award),
            "oneOffCost": gbp(award), "recurrentCost": gbp(0),
            "milestones": [{"code": "ready", "title": "The theatre is equipped",
                            "dueOn": (datetime.date.today() + datetime.timedelta(days=90)).isoformat(),
                            "amount": gbp(milestone_amount)}],
            "benefits": []})
        return sponsor.post(f"{self.path}/reinvestment/cases/{case['id']}/submission", None, 200)

    def case_decided(self):
        award, drawn = 25000000, 10000000
        case = self.case_submitted("Hernia hub", "Inguinal hernia repair under local anaesthetic in a community theatre.",
                                   award, drawn)
        path = f"{self.path}/reinvestment/cases/{case['id']}"
        decision = self.decide(f"reinvestment/cases/{case['id']}", "approve", "Shall the hernia hub be paid from the ring-fence?",
                               "It moves 900 operations a year out of main theatres.")
        case = until("the case in delivery", lambda: self._if_state(path, "in-delivery"))
        say(f"the hernia hub is decided by {decision['tally']['agree']} votes, and {pounds(award)} are held for it")
        drawdown = self.representatives["ZZ3"].post(path + "/drawdowns", {
            "amount": gbp(drawn), "milestone": "ready", "evidence": "Invoice 2201 and the commissioning report."})
        drawdown_path = f"{self.path}/reinvestment/drawdowns/{drawdown['id']}"
        self.representatives["ZZ2"].post(drawdown_path + "/verification", {"outcome": "verified"}, 200)
        drawdown = until("the drawdown captured", lambda: self._if_state(drawdown_path, "captured"))
        self.told.update(case=case["id"], decision=decision["id"], drawdown=drawdown["id"], award=award, drawn=drawn,
                         transaction=drawdown["transactionId"])
        say(f"ZZ2 verifies ZZ3's first drawdown, and the ledger captures {pounds(drawn)} from the hold")

    def _if_state(self, path, state):
        resource = self.director.get(path)
        return resource if resource["state"] == state else None

    def case_refused(self):
        award = 50000000
        case = self.case_submitted("Cataract suite", "A second community theatre, for cataracts.", award, award)
        answer = self.director.ask("POST", self.path + "/decisions", {
            "subject": f"reinvestment/cases/{case['id']}", "effect": "approve",
            "question": "Shall the cataract suite be paid from the ring-fence?",
            "rationale": "It would take 1,200 operations a year out of hospital.", "deadlineAt": instant(3600)})
        if answer.status != 422 or answer.body["code"] != "FUNDS_INSUFFICIENT":
            raise Failed(f"a case over what is left was answered {answer.status}: {answer.text}")
        self.told["refusal"] = answer.body["detail"]
        say(f"a second case over {pounds(award)} is refused: {answer.body['detail']}")

    def risk(self):
        risk = self.quality.post(self.path + "/risk/risks", {
            "title": "Theatre staffing", "cause": "Two of seven theatre teams have no anaesthetic practitioner.",
            "event": "Elective lists are cancelled at short notice.",
            "effect": "The 18-week position falls and the planned surplus is not made.", "category": "workforce",
            "likelihood": 4, "consequence": 4})
        if (risk["score"], risk["band"]) != (16, "extreme"):
            raise Failed(f"a risk of 4 x 4 scored {risk['score']}, {risk['band']}")
        self.told["risk"] = risk["id"]
        path = f"{self.path}/risk/risks/{risk['id']}"
        told = self.quality.get(path + "/escalations")["items"]
        if [one["toGroup"] for one in told] != ["leadership-board"]:
            raise Failed(f"a risk of 16 was not told to the leadership board at once: {told}")
        review = self.quality.post(path + "/reviews", {"findings": "Two practitioners are being interviewed."})
        say(f"the quality lead logs a risk: 4 x 4 = {risk['score']}, {risk['band']}, at once on the leadership board's agenda; "
            f"its review is closed, the next is due on {review['nextOn']}")

    def indicator(self):
        code = "ae-4-hours"
        path = f"{self.path}/kpi/indicators"
        self.quality.post(path, {"code": code, "name": "A&E within four hours", "theme": "urgent-care"})
        specification = self.quality.post(f"{path}/{code}/specifications", {
            "definition": "Attendances admitted, transferred or discharged within four hours of arrival.",
            "numerator": "Attendances of four hours or less", "denominator": "All attendances, types 1, 2 and other",
            "unit": "percentage", "direction": "up", "source": "national",
            "sourceReason": "It is published monthly for every trust in the same way.", "owner": "ZZ3",
            "frequency": "monthly"})
        decision = self.decide(f"kpi/indicators/{code}/specifications/{specification['number']}", "agree",
                               "Shall this be how we measure A&E within four hours?",
                               "One definition, one version of the truth.")
        if decision.get("group") != "quality" or decision["tally"]["eligible"] != len(SEATS["quality"]):
            raise Failed(f"the data specification was not the performance and quality group's: {decision}")
        with open(SAMPLE, encoding="utf-8") as file:
            report = self.quality.expect("POST", f"{self.path}/kpi/imports?indicator={code}&format=ae-long", file.read(), 201,
                                         content_type="text/csv")
        self.told["observations"] = report["created"]
        say(f"the data specification of {code} is agreed, and {report['rows']} rows of 36 months (an invented file) "
            f"become {report['created']} observations")

    # --- what must be true afterwards ---------------------------------------------------------------------

    def check(self):
        balance = self.director.get(self.path + "/ledger/trial-balance")
        if balance["total"]["amount"] != 0 or sum(one["balance"]["amount"] for one in balance["accounts"]) != 0:
            raise Failed("the books do not balance")
        fence = self.director.get(self.path + "/ledger/accounts/ring-fence:elective")
        figures = [fence[name]["amount"] for name in ("balance", "held", "available")]
        expected = [self.told["surplus"] - self.told["drawn"], self.told["award"] - self.told["drawn"],
                    self.told["surplus"] - self.told["award"]]
        if figures != expected:
            raise Failed(f"the ring-fence has {figures}, not {expected}")
        self.told["fence"] = figures
        say(f"the books balance; in the ring-fence are {pounds(figures[0])}, held {pounds(figures[1])}, available {pounds(figures[2])}")
        self.verify()
        self.audit()
        self.trace()

    def verify(self):
        """Each journal's export against its signed head, recomputed without a database."""
        events = 0
        for service in SERVICES:
            path = f"{self.path}/journals/{service}"
            head = self.director.ask("GET", path + "/head", accept="application/jose")
            export = self.director.ask("GET", f"{path}?limit=1000", accept="application/x-ndjson")
            if (head.status, export.status) != (200, 200):
                raise Failed(f"the journal of {service} can't be read: {head.status} {export.status} {export.text}")
            files = [os.path.join(DATA, "run", f"example.{kind}") for kind in ("journal", "head")]
            for name, text in zip(files, (export.text, head.text)):
                with open(name, "w", encoding="utf-8") as file:
                    file.write(text)
            self.run_tool("accord-verify", files[0], "--head", files[1], "--jwks", os.path.join(KEYS, "cluster.jwks"))
            events += len(export.text.splitlines())
            for name in files:
                os.remove(name)
        self.told["events"] = events
        say(f"every chain verifies: {events} events in {len(SERVICES)} journals")

    def audit(self):
        self.run_tool("accord-audit", "--config", CONFIG)
        say("accord-audit replays the journals and finds every table as it should be")

    def run_tool(self, name, *arguments):
        done = subprocess.run([os.path.join(BIN, name), *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f"{name} is not content: {(done.stdout + done.stderr).strip()}")

    def trace(self):
        """The captured pound, back to drawdown, case, decision and votes, in one call."""
        trace = self.director.get(f"{self.path}/ledger/transactions/{self.told['transaction']}/trace")
        types = [event["type"] for event in trace["events"]]
        wanted = {"ledger.hold.captured.v1": 1, "reinvestment.drawdown.verified.v1": 1, "reinvestment.case.drafted.v1": 1,
                  "membership.decision.opened.v1": 1, "membership.vote.cast.v1": len(self.voters),
                  "membership.decision.carried.v1": 1}
        for kind, count in wanted.items():
            if types.count(kind) < count:
                raise Failed(f"the trace of the captured pound has {types.count(kind)} {kind}, not {count}: {types}")
        self.told["traced"] = len(types)
        say(f"one call traces the captured pound to its drawdown, case, decision and {types.count('membership.vote.cast.v1')} votes: "
            f"{len(types)} events")

    def play(self):
        self.found()
        self.admit()
        self.host()
        self.appoint(self.finance, "finance-lead", "Finn Ledger")
        self.appoint(self.quality, "quality-lead", "Quinn Marsh")
        self.groups()
        self.surplus()
        self.case_decided()
        self.case_refused()
        self.risk()
        self.indicator()
        self.check()


def remember(told):
    with open(REMEMBERED + ".new", "w", encoding="utf-8") as file:
        json.dump(told, file, indent=1)
    os.replace(REMEMBERED + ".new", REMEMBERED)


def remembered():
    """What an earlier run told, if the alliance is still there."""
    try:
        with open(REMEMBERED, encoding="utf-8") as file:
            told = json.load(file)
    except (OSError, ValueError):
        return None
    answer = Person("dana.director", "ZZ1").ask("GET", f"/v1/alliances/{told['alliance']}")
    return told if answer.status == 200 else None


def print_summary(told, is_new):
    token = f"{shlex.quote(BIN + '/accord-token')} --keys {shlex.quote(KEYS)}"
    path = f"{BASE_URL}/v1/alliances/{told['alliance']}"
    print(f"""
Accord is up{'' if is_new else ' and has found its data'}: {BASE_URL}

The example's alliance {told['alliance']}
  surplus in the ring-fence  {pounds(told['surplus'])}, of it still there {pounds(told['fence'][0])}
  hernia hub                 {pounds(told['award'])} awarded, {pounds(told['drawn'])} paid
  second case                {told['refusal']}
  on record                  {told['observations']} observations, {told['events']} events in {len(SERVICES)} verified journals

Tokens, for half an hour each:
  {token} --as alliance-director
  {token} --as partner-system
  {token} --as quality-lead

To try (paste them):
  curl -sS -H "Authorization: Bearer $({token} --as alliance-director)" -H 'Accept: text/csv' {path}/decisions
  curl -sS -H "Authorization: Bearer $({token} --as partner-system)" {path}/ledger/transactions/{told['transaction']}/trace
  curl -sS -H "Authorization: Bearer $({token} --as quality-lead)" -H "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)" -H 'Content-Type: application/json' -d '{{"title":"Winter beds","cause":"Influenza comes early.","event":"Elective beds fill with emergencies.","effect":"Lists are cancelled.","category":"service","likelihood":3,"consequence":4}}' {path}/risk/risks

Stop with Ctrl-C.""", flush=True)


def main():
    told = remembered()
    is_new = told is None
    if is_new:
        example = Example()
        example.play()
        told = example.told
        remember(told)
    print_summary(told, is_new)


try:
    main()
except Failed as error:
    sys.exit(f"accord: the example failed: {error}")
