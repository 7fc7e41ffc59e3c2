"""An alliance at work, as both stories need it: founded, decided in, looked after."""
import os
import subprocess

from client import BIN, CONFIG, DATA, ISSUER, KEYS, SERVICES, Failed, Person, instant, say, until


class Alliance:
    """Founded by whoever is named in `founders`: (code, name, role) each, with a representative; the director is of the first."""

    def __init__(self, founders, others=()):
        self.founders = founders
        self.representatives = {code: Person(f"rep.{code.lower()}", code) for code, _, _ in (*founders, *others)}
        self.voters = [code for code, _, _ in founders]
        self.director = Person("dana.director", founders[0][0])
        self.path = ""
        self.told = {}  # what the summary says

    def found(self, name, purpose, objectives, year, parameters):
        """Over seven years from the first of April of `year`."""
        founders = [{"organisation": code, "name": title, "role": role, "isVoting": True,
                     "representative": {"issuer": ISSUER, "subject": f"rep.{code.lower()}", "name": f"Representative of {title}"}}
                    for code, title, role in self.founders]
        first = self.founders[0][0]
        Person.seen.clear()  # another alliance has other journals
        alliance = self.representatives[first].post("/v1/alliances", {
            "name": name, "purpose": purpose, "objectives": objectives,
            "principles": ["Best for project", "No blame", "Open book"],
            "startsOn": f"{year}-04-01", "endsOn": f"{year + 7}-04-01", "foundingDeadlineAt": instant(3600),
            "founders": founders,
            "director": {"issuer": ISSUER, "subject": self.director.subject, "name": "Dana Reck", "organisation": first},
            "agreement": {"startsOn": f"{year}-04-01", "parameters": parameters}})
        self.told["alliance"] = alliance["id"]
        self.path = f"/v1/alliances/{alliance['id']}"
        for code, title, role in self.founders:
            self.vote(alliance["foundingDecisionId"], [code])
            say(f"{code} {title} ({role}) agrees to found {name}")
        until("the alliance active", lambda: self.director.get(self.path)["status"] == "active")
        agreement = self.director.get(self.path + "/agreement")
        say(f"the alliance is active; agreement version {agreement['number']} is in force from {agreement['startsOn']}")

    def admit_at_the_second_attempt(self, code, name, role, rationale):
        """The first time one is silent until the deadline."""
        newcomer = self.representatives[code]
        application = {"name": name, "role": role, "isVoting": True,
                       "representative": {"issuer": ISSUER, "subject": newcomer.subject, "name": f"Representative of {name}"}}
        newcomer.post(self.path + "/partners", application)
        say(f"{code} {name} applies")
        first = self.open(f"partners/{code}", "admit", f"Shall {name} become a partner?", rationale, seconds=6)
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

    def decide(self, subject, effect, question, rationale, ruled=None):
        """Opened, agreed by everybody who decides, and done by every service that it concerns. `ruled` (chair, reason): the
        chair lets those take part on whose interests a ruling is pending."""
        decision = self.open(subject, effect, question, rationale)
        self.vote(decision["id"], [one["organisation"] for one in decision["electorate"]])
        for elector in decision["electorate"]:
            if elector.get("ruling") == "pending":
                chair, reason = ruled
                chair.post(f"{self.path}/decisions/{decision['id']}/rulings", {
                    "organisation": elector["organisation"], "outcome": "take-part", "reason": reason})
                say(f"{elector['conflict'][:-1]}; the chair rules that it takes part")
        self.closed(decision["id"], "carried")
        done = until(f"the effects of decision {decision['id']}", lambda: self._if_effective(decision["id"]))
        refused = [one for one in done["effects"] if one["state"] == "refused"]
        if refused:
            raise Failed(f"decision {decision['id']} was refused by {refused[0]['service']}: {refused[0].get('reason')}")
        return done

    def _if_effective(self, decision_id):
        decision = self.decision(decision_id)
        return decision if all(one["state"] != "pending" for one in decision["effects"]) else None

    # --- people and resources --------------------------------------------------------------------------

    def appoint(self, person, role, name):
        self.representatives[person.organisation].post(self.path + "/appointments", {
            "person": {"issuer": ISSUER, "subject": person.subject, "name": name}, "role": role,
            "organisation": person.organisation})
        say(f"{person.organisation} appoints {name} its {role}")

    def accounts_of(self, code):
        accounts = self.director.get(f"{self.path}/ledger/accounts?organisation={code}")["items"]
        return [one["code"] for one in accounts]

    def _if_state(self, path, state):
        resource = self.director.get(path)
        return resource if resource["state"] == state else None

    # --- what must be true at the end ----------------------------------------------------------------------

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
