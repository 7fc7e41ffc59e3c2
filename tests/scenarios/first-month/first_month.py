#!/usr/bin/env python3
"""What the first month came to, asked through the REST API (environment of tests/cluster up, the example played): every amount
against the figures that README.md works out by hand."""
import json
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "lib"))
import accord  # noqa: E402

FUNDING = {  # README.md, "The settlement": (kind, pool or "-", from, to): pence
    ("contract", "-", "partner:ZZ4:position", "partner:ZZ5:position"): 1_000_000_000,
    ("funding", "planned", "partner:ZZ2:position", "pool:planned"): 1_000_000_000,
    ("payment", "planned", "pool:planned", "partner:ZZ1:position"): 940_000_000,
    ("share", "planned", "pool:planned", "partner:ZZ1:position"): 20_000_000,
    ("share", "planned", "pool:planned", "partner:ZZ2:position"): 12_000_000,
    ("share", "planned", "pool:planned", "partner:ZZ4:position"): 8_000_000,
    ("residual", "planned", "pool:planned", "ring-fence:elective"): 20_000_000,
    ("funding", "urgent", "partner:ZZ4:position", "pool:urgent"): 750_000_000,
    ("call", "urgent", "reserve:cost-risk", "pool:urgent"): 15_000_000,
    ("payment", "urgent", "pool:urgent", "partner:ZZ3:position"): 765_000_000,
    ("funding", "drugs", "partner:ZZ2:position", "pool:drugs"): 250_000_000,
    ("payment", "drugs", "pool:drugs", "partner:ZZ5:position"): 240_000_000,
    ("surplus", "drugs", "pool:drugs", "ring-fence:elective"): 10_000_000,
    ("funding", "community", "partner:ZZ4:position", "pool:community"): 400_000_000,
    ("payment", "community", "pool:community", "partner:ZZ3:position"): 400_000_000,
    ("guarantee", "-", "partner:ZZ2:position", "partner:ZZ1:position"): 0,
}
POSTED = {"partner:ZZ1:position": 960_000_000, "partner:ZZ2:position": -1_238_000_000, "partner:ZZ3:position": 1_165_000_000,
          "partner:ZZ4:position": -2_142_000_000, "partner:ZZ5:position": 1_240_000_000, "reserve:cost-risk": -15_000_000,
          "ring-fence:elective": 30_000_000}
BALANCES = {"partner:ZZ1:position": 960_000_000, "partner:ZZ2:position": -1_488_000_000, "partner:ZZ3:position": 1_175_000_000,
            "partner:ZZ4:position": -2_392_000_000, "partner:ZZ5:position": 1_240_000_000, "reserve:cost-risk": 485_000_000,
            "ring-fence:elective": 20_000_000}


class Month:
    def __init__(self):
        with open(os.path.join(os.environ["ACCORD_DATA"], "example.json"), encoding="utf-8") as file:
            self.told = json.load(file)["month"]
        self.director = accord.Person("dana.director", "ZZ1")
        self.month = self.get("/ledger/periods?state=closed")["items"][0]["month"]

    def get(self, rest):
        return self.director.do("GET", f"/v1/alliances/{self.told['alliance']}{rest}").expect(200).body


def pence(money):
    return money["amount"]


def the_guarantee_is_paid_in_twelfths_with_the_odd_pence_last(month):
    (guarantee,) = month.get(f"/ledger/guarantees?month={month.month}")["items"]
    assert pence(guarantee["year"]) == 29_417_500_000
    assert [pence(one["amount"]) for one in guarantee["months"]] == [2_451_458_333] * 11 + [2_451_458_337]


def every_line_of_the_settlement_is_as_worked_out(month):
    settlement = month.get(f"/ledger/settlements/{month.told['settlement']}")
    lines = {(one["kind"], one.get("pool", "-"), one["fromAccount"], one["toAccount"]): pence(one["result"]) for one in settlement["lines"]}
    assert len(lines) == len(settlement["lines"]) == len(FUNDING)
    assert lines == FUNDING, {key: (lines.get(key), FUNDING.get(key)) for key in {*lines, *FUNDING} if lines.get(key) != FUNDING.get(key)}
    assert (settlement["state"], pence(settlement["surplus"]), pence(settlement["reserveCalled"])) == ("posted", 30_000_000, 15_000_000)
    assert all(one["explanation"] for one in settlement["lines"])


def it_is_posted_as_one_transaction_into_its_own_month(month):
    transaction = month.get(f"/ledger/transactions/{month.told['transaction']}")
    entries = {one["accountCode"]: pence(one["amount"]) for one in transaction["entries"]}
    assert transaction["kind"] == "settlement" and entries == POSTED, (transaction["kind"], entries)
    period = month.get(f"/ledger/periods/{month.month}")
    assert period["startsOn"] <= transaction["effectiveOn"] < period["endsOn"] and period["state"] == "closed"


def one_vote_against_it_was_enough_and_is_there_with_its_reason(month):
    settlement = month.get(f"/ledger/settlements/{month.told['rejected']}")
    assert settlement["state"] == "rejected" and "transactionId" not in settlement
    decision = month.get(f"/decisions/{month.told['rejection']}")
    against = [vote for vote in month.get(f"/decisions/{decision['id']}/votes")["items"] if vote["choice"] == "disagree"]
    assert decision["state"] == "rejected" and decision["rule"] == "unanimous"
    assert decision["subject"] == f"ledger/settlements/{settlement['id']}"
    assert [(vote["organisation"], vote["reason"]) for vote in against] == [("ZZ4", month.told["against"])]


def every_figure_says_who_agreed_to_it(month):
    submissions = {one["pool"]: one for one in month.get(f"/ledger/submissions?month={month.month}")["items"]}
    assert {pool: (one["state"], one["revision"], pence(one["cost"])) for pool, one in submissions.items()} == {
        "planned": ("used", 1, 940_000_000), "urgent": ("used", 2, 780_000_000), "drugs": ("used", 2, 230_000_000)}
    revisions = month.get(f"/ledger/submissions/{submissions['urgent']['id']}/revisions")["items"]
    assert [(one["actualUnits"], pence(one["cost"])) for one in revisions] == [(31600, 790_000_000), (31200, 780_000_000)]


def the_books_hold_what_is_worked_out_and_nothing_else(month):
    balances = {one["code"]: pence(one["balance"]) for one in month.get("/ledger/trial-balance")["accounts"] if pence(one["balance"]) != 0}
    assert balances == BALANCES, balances
    assert sum(balances.values()) == 0


def the_case_was_appraised_by_weight(month):
    scores = [one["weightedScore"] for one in month.get(f"/reinvestment/cases/{month.told['case']}/appraisals")["items"]]
    assert scores == ["4.05", "3.75"], scores


def the_ring_fence_and_the_reserve_say_what_is_left(month):
    fence = month.get("/ledger/accounts/ring-fence:elective")
    assert [pence(fence[name]) for name in ("balance", "held", "available")] == [20_000_000, 15_000_000, 5_000_000]
    reserve = month.get(f"/ledger/reserve?year={month.month[:7]}")
    assert [pence(reserve[name]) for name in ("cap", "drawn", "released", "left")] == [500_000_000, 15_000_000, 0, 485_000_000]


def the_risk_is_on_the_agenda_of_the_leadership_board(month):
    items = [one for one in month.get("/agenda-items?group=leadership")["items"] if one["subject"] == f"risk/risks/{month.told['risk']}"]
    assert len(items) == 1 and items[0]["source"] == "risk", items


def the_chart_finds_its_signal_and_a_draft_came_of_it(month):
    chart = month.get("/kpi/charts?indicator=cancelled-lists&organisation=ZZ3")
    (phase,) = chart["phases"]
    assert [phase[name] for name in ("mean", "lowerLimit", "upperLimit")] == ["5.146", "3.227", "7.065"], phase
    assert (chart["points"][-1]["value"], chart["variation"]) == ("10.250", "concerning")
    assert [point["month"] for point in chart["points"] if point["signals"]] == [chart["latestMonth"]]
    risk = month.get(f"/risk/risks/{month.told['draft']}")
    assert (risk["state"], risk["score"], risk["band"]) == ("open", 12, "high")
    assert (risk["evidence"]["indicator"], risk["evidence"]["month"]) == ("cancelled-lists", chart["latestMonth"])


def one_call_traces_the_settlement_to_figures_agreement_and_votes(month):
    types = [event["type"] for event in month.get(f"/ledger/transactions/{month.told['transaction']}/trace")["events"]]
    wanted = {"ledger.settlement.computed.v1": 1, "ledger.submission.agreed.v1": 3, "membership.decision.opened.v1": 1,
              "membership.decision.carried.v1": 1, "membership.vote.cast.v1": 6, "membership.alliance.founded.v1": 1}
    assert all(types.count(kind) >= count for kind, count in wanted.items()), types


def nothing_more_goes_into_the_closed_month(month):
    period = month.get(f"/ledger/periods/{month.month}")
    finance = accord.Person("fin.zz2", "ZZ2")
    (mandate,) = month.get("/ledger/mandates")["items"]
    answer = finance.do("POST", f"/v1/alliances/{month.told['alliance']}/ledger/transactions", {
        "mandateId": mandate["id"], "description": "Late", "effectiveOn": period["startsOn"],
        "entries": [{"accountCode": "partner:ZZ2:position", "amount": {"amount": -1, "currency": "GBP"}},
                    {"accountCode": "reserve:cost-risk", "amount": {"amount": 1, "currency": "GBP"}}]})
    assert (answer.status, answer.body["code"]) == (409, "PERIOD_CLOSED"), answer.text


def the_page_says_the_same(month):
    page = month.get("/overview")
    assert "incomplete" not in page
    positions = {f"partner:{one['organisation']}:position": pence(one["position"]) for one in page["money"]["partners"]}
    assert {code: amount for code, amount in positions.items() if amount} == {
        code: amount for code, amount in BALANCES.items() if code.startswith("partner:")}
    bands = {one["band"]: one["count"] for one in page["risks"]["bands"]}
    assert bands == {"extreme": 1, "high": 1, "moderate": 0, "low": 0}
    assert [(one["code"], one["value"], one["variation"]) for one in page["indicators"]["items"]] == [("cancelled-lists", "10.250", "concerning")]


TESTS = (the_guarantee_is_paid_in_twelfths_with_the_odd_pence_last, every_line_of_the_settlement_is_as_worked_out,
         it_is_posted_as_one_transaction_into_its_own_month, one_vote_against_it_was_enough_and_is_there_with_its_reason,
         every_figure_says_who_agreed_to_it, the_books_hold_what_is_worked_out_and_nothing_else,
         the_case_was_appraised_by_weight, the_ring_fence_and_the_reserve_say_what_is_left, the_risk_is_on_the_agenda_of_the_leadership_board,
         the_chart_finds_its_signal_and_a_draft_came_of_it, one_call_traces_the_settlement_to_figures_agreement_and_votes,
         nothing_more_goes_into_the_closed_month, the_page_says_the_same)


def main():
    month, failed = Month(), 0
    for test in TESTS:
        began = time.monotonic()
        try:
            test(month)
            print(f"  ok      {test.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
        except Exception as error:  # noqa: BLE001
            failed += 1
            print(f"  FAILED  {test.__name__}: {type(error).__name__}: {error}", flush=True)
    print(f"{len(TESTS) - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
