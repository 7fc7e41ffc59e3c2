"""The example: two providers and two commissioners found an alliance; a fifth partner is admitted at the second attempt; a
decided surplus is ring-fenced, a case held and partly paid, another refused; a risk is logged, an indicator agreed and
imported; then the books, the chains and the tables are checked."""
import datetime
import os
import zoneinfo

from alliance import Alliance
from client import ISSUER, Failed, Person, gbp, instant, pounds, say, until

SAMPLE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "sample", "ae-attendances.csv")
FOUNDERS = (("ZZ1", "Northfield Hospitals", "provider"), ("ZZ2", "Southmere Commissioning", "commissioner"),
            ("ZZ3", "Westbrook Hospitals", "provider"), ("ZZ4", "Highmoor Commissioning", "commissioner"))
LONDON = zoneinfo.ZoneInfo("Europe/London")
GROUPS = (("leadership", "leadership-board", "Leadership board", None),
          ("delivery", "delivery-board", "Delivery board", "leadership"),
          ("quality", "performance-and-quality-group", "Performance and quality group", "delivery"),
          ("public", "patient-and-public-partnership-group", "Patients and public", "leadership"))
SEATS = {"leadership": ("ZZ1", "ZZ2", "ZZ3", "ZZ4"), "quality": ("ZZ1", "ZZ2", "ZZ3")}
CRITERIA = ("strategic-fit", "patient-benefit", "value", "deliverability")
NEWCOMER = ("ZZ5", "Eastgate Community Trust", "provider")


class Example(Alliance):
    def __init__(self):
        super().__init__(FOUNDERS, (NEWCOMER,))
        self.finance = Person("fin.zz1", "ZZ1")
        self.quality = Person("qual.zz3", "ZZ3")
        self.commissioner = Person("fin.zz2", "ZZ2")
        self.chair = Person("cleo.chair", "ZZ4")

    def found_it(self):
        today = datetime.date.today()
        self.found("Four Rivers Elective Alliance", "Better planned care, closer to home, within the money that there is.",
                   ["Treat within 18 weeks", "Move care into the community"],
                   today.year if today.month >= 4 else today.year - 1, {
                       "rules": [{"kind": "general", "rule": "simple-majority"},
                                 {"kind": "agree-specification", "rule": "two-thirds", "group": "quality"}],
                       "shares": [{"organisation": "ZZ1", "shareBp": 3000}, {"organisation": "ZZ2", "shareBp": 2500},
                                  {"organisation": "ZZ3", "shareBp": 2500}, {"organisation": "ZZ4", "shareBp": 2000}],
                       "pools": [{"code": "planned", "name": "Planned care"}], "reserve": {"capPence": 500000000},
                       "ringFences": [{"code": "elective", "purpose": "Community-based elective care",
                                       "categories": ["equipment", "left-shift"], "settings": ["community"]}]})

    def host(self):
        """An alliance is no legal entity: a partner holds for all what one of them must hold."""
        path = self.path + "/hosts/activity-coding/versions"
        draft = self.representatives["ZZ3"].post(path, {"organisation": "ZZ1", "summary": "Coding goes to the trust that has the coders."})
        self.representatives["ZZ2"].post(self.path + "/interests", {
            "organisation": "ZZ2", "type": "indirect", "inReference": "hosts/activity-coding", "startsOn": "2020-04-01",
            "description": "Its finance director's husband sells the coding software."})
        decision = self.decide(f"hosts/activity-coding/versions/{draft['number']}", "appoint",
                               "Shall ZZ1 code the activity of all partners?", "One set of codes, one version of the truth.",
                               (self.chair, "No software is bought by this."))
        path = f"{self.path}/decisions/{decision['id']}"
        self.chair.expect("PUT", path + "/outcome-statement", {
            "text": "From today ZZ1's coders code for all of us. Nobody's place of work changes.",
            "audience": "Coders and ward clerks of all partners", "publishOn": datetime.datetime.now(LONDON).date().isoformat()}, 200)
        self.chair.post(path + "/publication", None, 200)
        host = self.director.get(self.path + "/hosts?organisation=ZZ1")["items"][0]
        say(f"{host['organisation']} hosts {host['function']} for all partners, and can't leave before that is handed over")

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
        shift = self.representatives["ZZ3"].post(self.path + "/reinvestment/left-shifts", {
            "specialty": "General surgery", "fromSetting": "acute-theatre", "toSetting": "community", "monthlyVolume": 120,
            "unitCostBefore": gbp(43500), "unitCostAfter": gbp(35000), "evidence": "Patient-level costing of both sites."})
        say(f"ZZ3 records where such a surplus comes from: 120 operations a month at £85.00 less are "
            f"{pounds(shift['surplus']['amount'])} a month")

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
        path = f"{self.path}/reinvestment/cases/{case['id']}"
        sponsor.post(path + "/submission", None, 200)
        for appraiser, scores in (("ZZ1", (5, 4, 4, 3)), ("ZZ2", (4, 5, 4, 4))):
            self.representatives[appraiser].post(path + "/appraisals", {
                "scores": [{"criterion": criterion, "score": score} for criterion, score in zip(CRITERIA, scores)],
                "comment": "The theatre is there; the staff is not yet."})
        return sponsor.get(path)

    def case_decided(self):
        award, drawn = 25000000, 10000000
        case = self.case_submitted("Hernia hub", "Inguinal hernia repair under local anaesthetic in a community theatre.",
                                   award, drawn)
        path = f"{self.path}/reinvestment/cases/{case['id']}"
        decision = self.decide(f"reinvestment/cases/{case['id']}", "approve", "Shall the hernia hub be paid from the ring-fence?",
                               "It moves 900 operations a year out of main theatres.")
        case = until("the case in delivery", lambda: self._if_state(path, "in-delivery"))
        say(f"two others appraise the hernia hub at {case['appraisal']['score']} of 5; it is decided by "
            f"{decision['tally']['agree']} votes, and {pounds(award)} are held for it")
        self.representatives["ZZ3"].post(path + "/milestones/ready/completion", {"doneOn": datetime.date.today().isoformat()}, 200)
        drawdown = self.representatives["ZZ3"].post(path + "/drawdowns", {
            "amount": gbp(drawn), "milestone": "ready", "evidence": "Invoice 2201 and the commissioning report."})
        drawdown_path = f"{self.path}/reinvestment/drawdowns/{drawdown['id']}"
        self.representatives["ZZ2"].post(drawdown_path + "/verification", {"outcome": "verified"}, 200)
        drawdown = until("the drawdown captured", lambda: self._if_state(drawdown_path, "captured"))
        self.told.update(case=case["id"], decision=decision["id"], drawdown=drawdown["id"], award=award, drawn=drawn,
                         transaction=drawdown["transactionId"])
        say(f"ZZ2 verifies ZZ3's first drawdown, and the ledger captures {pounds(drawn)} from the hold")

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
        board = self.representatives["ZZ1"]
        item = until("the risk on the board's agenda", lambda: self._if_waiting(board, f"risk/risks/{risk['id']}"))
        board.post(f"{self.path}/{item['reference']}/taking", {"note": "On the agenda of the next meeting."}, 200)
        review = self.quality.post(path + "/reviews", {"findings": "Two practitioners are being interviewed."})
        say(f"the quality lead logs a risk: 4 x 4 = {risk['score']}, {risk['band']}, at once on the leadership board's agenda; "
            f"its review is closed, the next is due on {review['nextOn']}")

    def _if_waiting(self, person, subject):
        waiting = person.get(self.path + "/inbox")["items"]
        return next((one for one in waiting if one["action"] == "take" and one["subject"] == subject), None)

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
        self.figure_agreed(code)
        self.charted(code)

    def figure_agreed(self, code):
        """One more month, by hand: challenged, answered, agreed by both sides, published."""
        path = f"{self.path}/kpi"
        self.appoint(self.commissioner, "finance-lead", "Cara Lane")
        made = self.quality.post(f"{path}/observations", {
            "indicator": code, "organisation": "ZZ3", "month": "2019-20-M01", "numerator": 8700, "denominator": 10000,
            "status": "submitted"})
        query = self.commissioner.post(f"{path}/queries", {"observationId": made["id"], "question": "Is the walk-in centre in it?"})
        self.quality.post(f"{path}/queries/{query['id']}/answer", {"answer": "It is, as department type other."}, 200)
        self.commissioner.post(f"{path}/queries/{query['id']}/closure", {"outcome": "Nothing to correct."}, 200)
        for side in (self.quality, self.commissioner):
            side.post(f"{path}/observations/{made['id']}/agreements", {"revision": made["revision"]})
        published = self.quality.post(f"{path}/observations/{made['id']}/publication", None, 200)
        if (published["status"], published["percentage"]) != ("published", "87.000"):
            raise Failed(f"what both sides agreed to was not published: {published}")
        say("one more month is challenged, answered, agreed by ZZ3 and ZZ2, and published: 87.000%")

    def charted(self, code):
        indicator = f"{self.path}/kpi/indicators/{code}"
        for proposal in self.quality.get(indicator + "/target-proposals")["proposals"]:
            if proposal["kind"] == "interim":
                self.quality.post(indicator + "/targets", {
                    "fromMonth": "2016-17-M01", "value": proposal["value"], "source": "national",
                    "trajectory": [{"month": "2019-20-M01", "value": "80"}]})
        self.quality.post(indicator + "/rebases", {"month": "2018-19-M01", "reason": "The urgent treatment centre opened."})
        chart = self.director.get(f"{self.path}/kpi/charts?indicator={code}&organisation=ZZ3")
        signals = self.director.get(f"{self.path}/kpi/signals?indicator={code}")["items"]
        if len(chart["points"]) != 37 or len(chart["phases"]) != 2 or not signals:
            raise Failed(f"the chart is not of 37 months in two phases, or there is no signal: {chart['phases']}, {signals}")
        phase = chart["phases"][-1]
        say(f"its chart since the re-base: mean {phase['mean']}%, limits {phase['lowerLimit']}% to {phase['upperLimit']}%, "
            f"{chart['variation']}, target {chart['target']}%: {chart['assurance']}; {len(signals)} signals were found on the way")
        self.draft_accepted(code)

    def draft_accepted(self, code):
        drafts = until("a draft risk of the signal", lambda: [one for one in self.quality.get(
            f"{self.path}/risk/risks?state=draft")["items"] if one["evidence"]["indicator"] == code])
        risk = self.quality.post(f"{self.path}/risk/risks/{drafts[0]['id']}/draft-acceptance", {
            "effect": "Patients wait longer than is safe.", "likelihood": 3, "consequence": 4}, 200)
        say(f"a signal proposed a draft risk ({drafts[0]['evidence']['kind']} at {drafts[0]['evidence'].get('organisation')} in "
            f"{drafts[0]['evidence']['month']}), which the quality lead accepts: {risk['score']}, {risk['band']}")

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
        self.found_it()
        self.admit_at_the_second_attempt(*NEWCOMER, "It already provides a third of the community clinics.")
        self.appoint(self.chair, "chair", "Cleo Highmoor")
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
