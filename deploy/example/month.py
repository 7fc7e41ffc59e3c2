"""The first month of an alliance: five partners, a sixth admitted at the second attempt; agreement 1 with an income guarantee, four
pools and a reserve; month 1 submitted by three providers, one figure queried and corrected; a settlement voted down, corrected,
carried and posted; surplus in the ring-fence, a case paid from it; a risk escalated; 36 months charted, and a draft risk
proposed from their signal; the month closed.

Every amount that comes of it is worked out by hand in tests/scenarios/first-month/README.md."""
import datetime

from alliance import Alliance
from client import ISSUER, Failed, Person, gbp, pounds, say, until

FOUNDERS = (("ZZ1", "Northfield Hospitals", "provider"), ("ZZ2", "Southmere Commissioning", "commissioner"),
            ("ZZ3", "Westbrook Hospitals", "provider"), ("ZZ4", "Highmoor Commissioning", "commissioner"),
            ("ZZ5", "Riverside Community", "provider"))
NEWCOMER = ("ZZ6", "Eastgate Surgical", "provider")
MILLION = 100_000_000  # pence
GROUPS = (("leadership", "leadership-board", "Leadership board", None),
          ("quality", "performance-and-quality-group", "Performance and quality group", "leadership"))


def pence(millions):
    """'294.175' -> 29,417,500,000"""
    whole, _, rest = millions.partition(".")
    return int(whole) * MILLION + int(rest.ljust(8, "0"))


def parameters():
    return {
        "rules": [{"kind": "agree-specification", "rule": "two-thirds", "group": "quality"}],
        "shares": [{"organisation": "ZZ1", "shareBp": 2500}, {"organisation": "ZZ2", "shareBp": 2500},
                   {"organisation": "ZZ3", "shareBp": 2000}, {"organisation": "ZZ4", "shareBp": 2000},
                   {"organisation": "ZZ5", "shareBp": 1000}],
        "guarantee": [{"organisation": "ZZ1", "commissioner": "ZZ2", "baselinePence": pence("280"), "tariffImpactPence": pence("2.8"),
                       "growthPence": pence("4.2"), "cquinBp": 250}],
        "contracts": [{"provider": "ZZ5", "commissioner": "ZZ4", "yearPence": pence("120")}],
        "pools": [
            {"code": "planned", "name": "Planned care", "mechanism": "gain-loss", "provider": "ZZ1", "commissioner": "ZZ2",
             "parameters": {"per": "month", "expectedPence": pence("10"), "deadband": "excess-only", "deadbandPence": pence("0.1"),
                            "gainCapPence": pence("0.4"), "lossCapPence": pence("0.6"),
                            "split": [{"organisation": "ZZ1", "shareBp": 5000}, {"organisation": "ZZ2", "shareBp": 3000},
                                      {"organisation": "ZZ4", "shareBp": 2000}],
                            "gainResidualTo": "ring-fence:elective", "lossResidualTo": "ZZ2"}},
            {"code": "urgent", "name": "Unscheduled care", "mechanism": "cost-risk-share", "provider": "ZZ3", "commissioner": "ZZ4",
             "parameters": {"baselinePence": pence("90"), "rateBp": 5000}},
            {"code": "drugs", "name": "High-cost drugs", "mechanism": "cost-reduction-incentive", "provider": "ZZ5", "commissioner": "ZZ2",
             "parameters": {"baselinePence": pence("30"), "rateBp": 5000, "surplusTo": "elective"}},
            {"code": "community", "name": "Community care", "mechanism": "block", "provider": "ZZ3", "commissioner": "ZZ4",
             "parameters": {"valuePence": pence("48")}}],
        "reserve": {"capPence": pence("5")},
        "ringFences": [{"code": "elective", "purpose": "Community-based elective care", "categories": ["equipment", "left-shift"],
                        "settings": ["community"]}]}


# pool: who submits, units planned and done, price, what was planned and what it cost
FIGURES = {"planned": ("ZZ1", 5000, 4700, 2_000_00, pence("10"), pence("9.4")),
           "urgent": ("ZZ3", 30000, 31200, 250_00, pence("7.5"), pence("7.8")),
           "drugs": ("ZZ5", 1000, 950, 2_500_00, pence("2.5"), pence("2.3"))}
CRITERIA = ("strategic-fit", "patient-benefit", "value", "deliverability")  # 25, 30, 25 and 20 of 100
COMMISSIONERS = {"planned": "ZZ2", "urgent": "ZZ4", "drugs": "ZZ2"}
COUNTED_TWICE = (31600, pence("7.9"))  # what urgent care is said to have done and cost at first
REBATE_MISSED = (950, pence("2.34"))   # what the drugs are said to have cost in the settlement that is voted down


class Month(Alliance):
    def __init__(self):
        super().__init__(FOUNDERS, (NEWCOMER,))
        self.finance = {code: Person(f"fin.{code.lower()}", code) for code in ("ZZ1", "ZZ2", "ZZ3", "ZZ4", "ZZ5")}
        self.quality = {code: Person(f"qual.{code.lower()}", code) for code in ("ZZ2", "ZZ3")}
        self.submissions = {}
        today = datetime.date.today()
        self.year = today.year if today.month >= 4 else today.year - 1
        self.month = f"{self.year}-{(self.year + 1) % 100:02d}-M01"

    # --- before the month ------------------------------------------------------------------------------------

    def begin(self):
        self.found("Five Valleys Alliance", "One system, one budget, no blame.",
                   ["Treat within 18 weeks", "Spend what is saved where it was saved"], self.year, parameters())
        self.admit_at_the_second_attempt(*NEWCOMER, "It does a tenth of the cataracts.")
        for code, person in self.finance.items():
            self.appoint_quietly(person, "finance-lead")
        for code, person in self.quality.items():
            self.appoint_quietly(person, "quality-lead")
        for code, kind, name, above in GROUPS:
            self.director.post(self.path + "/groups", {"code": code, "kind": kind, "name": name, **({"reportsTo": above} if above else {})})
            for organisation in ("ZZ1", "ZZ2", "ZZ3", "ZZ4"):
                self.appoint_quietly(self.representatives[organisation], "group-member", group=code)
        guarantee = self.director.get(f"{self.path}/ledger/guarantees?month={self.month}")["items"][0]
        self.told["guarantee"] = guarantee["year"]["amount"]
        say(f"{guarantee['key']} is guaranteed {pounds(guarantee['year']['amount'])} for the year, "
            f"{pounds(guarantee['months'][0]['amount']['amount'])} a month")

    def appoint_quietly(self, person, role, **more):
        self.representatives[person.organisation].post(self.path + "/appointments", {
            "person": {"issuer": ISSUER, "subject": person.subject, "name": person.subject}, "role": role,
            "organisation": person.organisation, **more})

    def fill_the_reserve(self):
        """Half each, by a decision: nothing else moves money."""
        half = pence("2.5")
        mandate = self.finance["ZZ2"].post(self.path + "/ledger/mandates", {
            "title": "Fill the cost risk reserve", "debitAccounts": ["partner:ZZ2:position", "partner:ZZ4:position"],
            "creditAccounts": ["reserve:cost-risk"], "limit": gbp(2 * half), "startsOn": f"{self.year}-04-01",
            "endsOn": f"{self.year}-05-01"})
        self.decide(f"ledger/mandates/{mandate['id']}", "grant", "Shall both commissioners fill the reserve?", "It is what agreement 1 says.")
        self.finance["ZZ2"].post(self.path + "/ledger/transactions", {
            "mandateId": mandate["id"], "description": "The cost risk reserve of the year", "effectiveOn": f"{self.year}-04-01",
            "entries": [{"accountCode": "partner:ZZ2:position", "amount": gbp(-half)},
                        {"accountCode": "partner:ZZ4:position", "amount": gbp(-half)},
                        {"accountCode": "reserve:cost-risk", "amount": gbp(2 * half)}]})
        say(f"by decision the commissioners put {pounds(2 * half)} into the cost risk reserve")

    # --- the month's figures -------------------------------------------------------------------------------------

    def figures(self, pool, said):
        _, plan, actual, price, plan_cost, cost = FIGURES[pool]
        actual, cost = said or (actual, cost)
        return {"planUnits": plan, "actualUnits": actual, "price": gbp(price), "planCost": gbp(plan_cost), "cost": gbp(cost)}

    def submit(self, pool, said=None):
        provider = FIGURES[pool][0]
        submission = self.finance[provider].post(self.path + "/ledger/submissions", {
            "pool": pool, "month": self.month, **self.figures(pool, said)})
        self.submissions[pool] = submission["id"]
        say(f"{provider} submits {pool}: {submission['actualUnits']} units, {pounds(submission['cost']['amount'])}")

    def revise(self, pool, note):
        """To what is true."""
        provider = FIGURES[pool][0]
        revised = self.finance[provider].post(f"{self.submission(pool)}/revisions", {**self.figures(pool, None), "note": note}, 200)
        say(f"{provider} submits {pool} anew: {revised['actualUnits']} units, {pounds(revised['cost']['amount'])}. {note}")

    def submission(self, pool):
        return f"{self.path}/ledger/submissions/{self.submissions[pool]}"

    def agree(self, pool):
        """Each side to the revision as it stands."""
        for code in (FIGURES[pool][0], COMMISSIONERS[pool]):
            revision = self.director.get(self.submission(pool))["revision"]
            submission = self.finance[code].post(f"{self.submission(pool)}/agreement", {"revision": revision}, 200)
        if submission["state"] != "agreed":
            raise Failed(f"both sides agreed to {pool}, and it is {submission['state']}")
        say(f"{FIGURES[pool][0]} and {COMMISSIONERS[pool]} agree to {pool}, revision {revision}: {pounds(submission['cost']['amount'])}")

    def submit_all(self):
        self.submit("planned")
        self.submit("urgent", COUNTED_TWICE)
        self.submit("drugs", REBATE_MISSED)
        reason = "Four hundred attendances at the walk-in centre seem to be counted twice."
        self.finance["ZZ4"].post(f"{self.submission('urgent')}/query", {"revision": 1, "reason": reason}, 200)
        say(f"ZZ4 queries urgent. {reason}")
        self.revise("urgent", "Four hundred attendances were counted twice.")
        for pool in FIGURES:
            self.agree(pool)

    # --- the settlement -------------------------------------------------------------------------------------------

    def move_period(self, state):
        path = f"{self.path}/ledger/periods/{self.month}"
        version = self.finance["ZZ1"].get(path)["version"]
        self.finance["ZZ1"].expect("PATCH", path, {"state": state}, 200, content_type="application/merge-patch+json",
                                   headers={"If-Match": f'"{version}"'})
        say(f"{self.month} is {state}")

    def settle(self):
        settlement = self.finance["ZZ1"].post(self.path + "/ledger/settlements", {"month": self.month})
        again = self.director.get(f"{self.path}/ledger/settlements/{settlement['id']}/recomputation")
        if not again["isSame"]:
            raise Failed(f"the settlement is not computed to the same bytes: {again}")
        say(f"the settlement of {self.month} is computed in {settlement['lineCount']} lines, each explained, and to the same bytes again")
        return settlement

    def voted_down(self):
        settlement = self.settle()
        decision = self.open(f"ledger/settlements/{settlement['id']}", "post", f"Shall the settlement of {self.month} be posted?",
                             "Both sides have agreed to every figure.")
        reason = "The drugs lack the rebate of April; their cost is too high."
        self.vote(decision["id"], [code for code in self.voters if code != "ZZ4"])
        self.representatives["ZZ4"].expect("PUT", f"{self.path}/decisions/{decision['id']}/votes/ZZ4",
                                           {"choice": "disagree", "reason": reason}, 200)
        self.closed(decision["id"], "rejected")
        until("the settlement rejected", lambda: self._if_state(f"{self.path}/ledger/settlements/{settlement['id']}", "rejected"))
        self.told.update(rejected=settlement["id"], rejection=decision["id"], against=reason)
        say(f"ZZ4 votes against it: {reason} It is not posted")

    def carried(self):
        self.revise("drugs", "The rebate of April is in.")
        self.agree("drugs")
        settlement = self.settle()
        path = f"{self.path}/ledger/settlements/{settlement['id']}"
        decision = self.decide(f"ledger/settlements/{settlement['id']}", "post", f"Shall the corrected settlement of {self.month} be posted?",
                               "The rebate is in, and both sides have agreed to every figure.")
        settlement = until("the settlement posted", lambda: self._if_state(path, "posted"))
        self.told.update(settlement=settlement["id"], decision=decision["id"], transaction=settlement["transactionId"],
                         surplus=settlement["surplus"]["amount"], called=settlement["reserveCalled"]["amount"])
        say(f"the corrected settlement is carried by {decision['tally']['agree']} votes and posted as one transaction: surplus "
            f"{pounds(self.told['surplus'])} to the ring-fence, {pounds(self.told['called'])} called on the reserve")

    # --- what the surplus is for, and what endangers it ---------------------------------------------------------------

    def invest(self):
        award, drawn = 25_000_000, 10_000_000
        sponsor = self.representatives["ZZ3"]
        case = sponsor.post(self.path + "/reinvestment/cases", {
            "title": "Hernia hub", "summary": "Inguinal hernia repair under local anaesthetic in a community theatre.",
            "ringFence": "elective", "category": "left-shift", "setting": "community", "service": "Hernia repair",
            "specialty": "General surgery", "beneficiary": "ZZ3", "award": gbp(award), "oneOffCost": gbp(award),
            "recurrentCost": gbp(0)})
        path = f"{self.path}/reinvestment/cases/{case['id']}"
        sponsor.post(path + "/submission", None, 200)
        self.appraise(path)
        self.decide(f"reinvestment/cases/{case['id']}", "approve", "Shall the hernia hub be paid from the ring-fence?",
                    "It moves 900 operations a year out of main theatres.")
        until("the case in delivery", lambda: self._if_state(path, "in-delivery"))
        drawdown = sponsor.post(path + "/drawdowns", {"amount": gbp(drawn), "evidence": "Invoice 2201 and the commissioning report."})
        drawdown_path = f"{self.path}/reinvestment/drawdowns/{drawdown['id']}"
        self.representatives["ZZ2"].post(drawdown_path + "/verification", {"outcome": "verified"}, 200)
        until("the drawdown captured", lambda: self._if_state(drawdown_path, "captured"))
        self.told.update(case=case["id"], award=award, drawn=drawn)
        say(f"the hernia hub is decided, {pounds(award)} are held for it, and {pounds(drawn)} of it paid once ZZ2 has verified the work")

    def appraise(self, path):
        """By others than who asks for it and who is paid, each by the same weighted criteria."""
        scored = []
        for code, scores in (("ZZ2", (5, 4, 4, 3)), ("ZZ4", (4, 4, 3, 4))):
            appraisal = self.finance[code].post(path + "/appraisals", {
                "scores": [{"criterion": criterion, "score": score} for criterion, score in zip(CRITERIA, scores)],
                "comment": "The theatre is there; the staff is not yet."})
            scored.append(appraisal["weightedScore"])
        self.told["scores"] = scored
        say(f"ZZ2 and ZZ4 appraise the hernia hub: {' and '.join(scored)} of 5")

    def risk(self):
        risk = self.quality["ZZ3"].post(self.path + "/risk/risks", {
            "title": "Theatre staffing", "cause": "Two of seven theatre teams have no anaesthetic practitioner.",
            "event": "Elective lists are cancelled at short notice.",
            "effect": "The 18-week position falls and the planned surplus is not made.", "category": "workforce",
            "likelihood": 4, "consequence": 4})
        item = until("the risk on the agenda", lambda: self.agenda_item(f"risk/risks/{risk['id']}"))
        self.told["risk"] = risk["id"]
        say(f"a risk of 4 x 4 = {risk['score']}, {risk['band']}, is at once on the agenda of the {item['group']} board")

    def agenda_item(self, subject):
        items = self.director.get(f"{self.path}/agenda-items?state=open")["items"]
        return next((item for item in items if item["subject"] == subject), None)

    def chart(self):
        """36 months that are steady, and a last one that is not."""
        code, path = "cancelled-lists", f"{self.path}/kpi/indicators"
        lead = self.quality["ZZ3"]
        lead.post(path, {"code": code, "name": "Elective lists cancelled on the day", "theme": "inpatient"})
        lead.post(f"{path}/{code}/specifications", {
            "definition": "Operating lists cancelled on the day, of all that were planned.", "numerator": "Lists cancelled on the day",
            "denominator": "Lists planned", "unit": "percentage", "direction": "down", "source": "local",
            "sourceReason": "Nobody publishes it.", "owner": "ZZ3", "frequency": "monthly"})
        self.decide(f"kpi/indicators/{code}/specifications/1", "agree", "Shall this be how we count cancelled lists?", "One definition.")
        rows = ["organisation,month,numerator,denominator"]
        for number in range(36):
            year, month = self.year - 3 + number // 12, number % 12 + 1
            cancelled = 18 + (number * 7) % 5 if number < 35 else 41
            rows.append(f"ZZ3,{year}-{(year + 1) % 100:02d}-M{month:02d},{cancelled},400")
        lead.expect("POST", f"{self.path}/kpi/imports?indicator={code}&format=plain", "\n".join(rows) + "\n", 201, content_type="text/csv")
        chart = lead.get(f"{self.path}/kpi/charts?indicator={code}&organisation=ZZ3")
        last = chart["points"][-1]
        draft = until("a draft risk from the signal", self.draft)
        self.told.update(mean=chart["phases"][-1]["mean"], upper=chart["phases"][-1]["upperLimit"], last=last["value"], draft=draft["id"])
        say(f"36 months are charted: mean {self.told['mean']}%, upper limit {self.told['upper']}%, and the last month at {last['value']}% "
            "is a signal, from which a draft risk is proposed")
        lead.post(f"{self.path}/risk/risks/{draft['id']}/draft-acceptance", {"likelihood": 3, "consequence": 4}, 200)
        say("the quality lead accepts the draft into the register: 3 x 4 = 12, high")

    def draft(self):
        drafts = self.quality["ZZ3"].get(self.path + "/risk/risks?state=draft")["items"]
        return drafts[0] if drafts else None

    # --- the end --------------------------------------------------------------------------------------------------------

    def check(self):
        balance = self.director.get(self.path + "/ledger/trial-balance")
        if balance["total"]["amount"] != 0:
            raise Failed("the books do not balance")
        self.told["balances"] = {one["code"]: one["balance"]["amount"] for one in balance["accounts"] if one["balance"]["amount"] != 0}
        self.verify()
        self.audit()

    def play(self):
        self.begin()
        self.fill_the_reserve()
        self.submit_all()
        self.move_period("locked")
        self.voted_down()
        self.carried()
        self.invest()
        self.risk()
        self.chart()
        self.move_period("closed")
        self.check()
        self.told["page"] = self.director.get(self.path + "/overview")
