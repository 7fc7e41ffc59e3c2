"""An alliance in which the random clients can do everything."""
import accord

SERVICES = ("membership", "ledger", "reinvestment", "risk", "kpi")
DEADLINE_S = 30 * 24 * 3600  # of decisions: farther than a test moves the clock


def gbp(pence):
    return {"amount": pence, "currency": "GBP"}


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
                                             self.finance, DEADLINE_S)["id"] for _ in range(6)]
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
