"""Beside the played example: an alliance in which happens what the example has none of, through the REST API, so that no
table is left without rows: a settlement that finds no cover, a bulk, a release of the reserve."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import accord  # noqa: E402

MONTH = "2016-17-M01"
POOL = {"code": "planned", "name": "Planned care", "mechanism": "cost-risk-share", "provider": "ZZ1", "commissioner": "ZZ2",
        "parameters": {"per": "month", "baselinePence": 9000000, "rateBp": 5000}}


def gbp(pence):
    return {"amount": pence, "currency": "GBP"}


class Uncovered:
    def __init__(self):
        self.alliance = accord.Alliance("Without cover", pools=[POOL])
        self.finance = {code: self.alliance.appoint(f"fin.{code.lower()}", "finance-lead", code) for code in ("ZZ1", "ZZ2")}
        self.alliance.wait("/ledger/periods", lambda body: body["items"], self.finance["ZZ1"])

    def post(self, path, body, status=201, code="ZZ1"):
        person = self.finance[code]
        return person.do("POST", self.alliance.path(path), body, headers=person.after(*self.finance.values())).expect(status).body

    def decide(self, subject, effect):
        self.alliance.decide(subject, effect, self.finance["ZZ1"])

    def settle(self):
        """Half of what is beyond the baseline is called on a reserve in which there is nothing."""
        submission = self.post("/ledger/submissions", {
            "pool": "planned", "month": MONTH, "planUnits": 1000, "actualUnits": 1000, "price": gbp(9000),
            "planCost": gbp(9000000), "cost": gbp(9500000)})
        for code in self.finance:
            self.post(f"/ledger/submissions/{submission['id']}/agreement", {"revision": 1}, 200, code)
        period = self.alliance.path(f"/ledger/periods/{MONTH}")
        version = self.finance["ZZ1"].do("GET", period).expect(200).body["version"]
        self.finance["ZZ1"].do("PATCH", period, {"state": "locked"}, headers={"If-Match": f'"{version}"'}).expect(200)
        settlement = self.post("/ledger/settlements", {"month": MONTH})
        self.decide(f"ledger/settlements/{settlement['id']}", "post")
        self.alliance.wait(f"/ledger/settlements/{settlement['id']}", lambda body: body["state"] == "posted", self.finance["ZZ1"])

    def fill_the_reserve(self):
        mandate = self.post("/ledger/mandates", {
            "title": "Fill the reserve", "debitAccounts": ["partner:ZZ2:position"], "creditAccounts": ["reserve:cost-risk"],
            "limit": gbp(10000), "startsOn": "2016-05-01", "endsOn": "2016-06-01"})["id"]
        self.decide(f"ledger/mandates/{mandate}", "grant")
        self.alliance.wait(f"/ledger/mandates/{mandate}", lambda body: body["state"] == "active", self.finance["ZZ1"])
        self.post("/ledger/bulks", {"mandateId": mandate, "transactions": [
            {"description": f"Part {part} of the reserve", "effectiveOn": "2016-05-31", "entries": [
                {"accountCode": "partner:ZZ2:position", "amount": gbp(-part)},
                {"accountCode": "reserve:cost-risk", "amount": gbp(part)}]} for part in (1000, 2000, 3000)]})

    def release(self):
        for amount in (1000, 2000):
            release = self.post("/ledger/reserve-releases", {
                "year": "2016-17", "purpose": "transformation", "toAccount": "ring-fence:elective", "amount": gbp(amount),
                "reason": "The year draws no more."})["id"]
        self.decide(f"ledger/reserve-releases/{release}", "release")
        self.alliance.wait(f"/ledger/reserve-releases/{release}", lambda body: body["state"] == "released", self.finance["ZZ1"])


def play():
    stage = Uncovered()
    stage.settle()
    stage.fill_the_reserve()
    stage.release()


if __name__ == "__main__":
    play()
