#!/usr/bin/env python3
"""Many at once on the running cluster (environment of tests/cluster up), through two instances of every service: what may
happen in one order only happens in one order, whoever comes first.

    races.py [--rounds 20]"""
import argparse
import collections
import concurrent.futures
import os
import random
import sys
import threading
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import accord  # noqa: E402

SEED = int(os.environ.get("ACCORD_RACES_SEED", "20261122"))
ELECTORS = 50
VOTES_EACH = 6


def gbp(pence):
    return {"amount": pence, "currency": "GBP"}


def at_once(jobs):
    """All of them start together; what each returned."""
    gate = threading.Barrier(len(jobs))

    def one(job):
        gate.wait()
        return job()
    with concurrent.futures.ThreadPoolExecutor(len(jobs)) as pool:
        return [done.result() for done in [pool.submit(one, job) for job in jobs]]


def pages(person, path):
    """Every item of a list."""
    items, cursor = [], ""
    while True:
        body = person.do("GET", f"{path}{'&' if '?' in path else '?'}limit=1000{cursor}", headers=person.after()).expect(200).body
        items += body["items"]
        if "nextCursor" not in body:
            return items
        cursor = f"&cursor={body['nextCursor']}"


# --- votes -----------------------------------------------------------------------------------------------------------

def fifty_vote_and_change_at_once(_):
    """Every version is kept once, the tally is that of the last ones, and the last silent one's vote closes it."""
    alliance = accord.Alliance("Fifty", tuple(f"ZA{number:02d}" for number in range(ELECTORS)))
    decision = alliance.open("alliance", "resolve-together")["id"]
    choices = {organisation: [random.choice(("agree", "disagree", "abstain")) for _ in range(VOTES_EACH)]
               for organisation in alliance.organisations}
    last = alliance.organisations[-1]

    def vote_on(organisation):
        for choice in choices[organisation]:
            alliance.vote(decision, organisation, choice, "Not yet." if choice == "disagree" else None).expect(200)
    at_once([lambda organisation=organisation: vote_on(organisation) for organisation in alliance.organisations[:-1]])
    path = alliance.path(f"/decisions/{decision}")
    assert alliance.director.do("GET", path).expect(200).body["state"] == "open"
    answers = at_once([lambda: alliance.vote(decision, last, "agree") for _ in range(4)])
    assert {answer.status for answer in answers} == {200}, [answer.text for answer in answers]

    closed = alliance.director.do("GET", path, headers=alliance.representatives[last].after()).expect(200).body
    final = {organisation: "agree" if organisation == last else given[-1] for organisation, given in choices.items()}
    counted = collections.Counter(final.values())
    said = closed["tally"]
    assert (said["agree"], said["disagree"], said["abstain"], said["silent"]) == (
        counted["agree"], counted["disagree"], counted["abstain"], 0), said
    assert closed["state"] == ("carried" if 2 * counted["agree"] > ELECTORS else "rejected"), closed["state"]
    versions = collections.defaultdict(list)
    for vote in pages(alliance.director, f"{path}/votes"):
        versions[vote["organisation"]].append((vote["version"], vote["choice"]))
    for organisation, given in choices.items():
        given = ["agree"] if organisation == last else given
        # The same again is no new version.
        changed = [choice for place, choice in enumerate(given) if place == 0 or choice != given[place - 1]]
        kept = sorted(versions[organisation])
        assert [number for number, _ in kept] == list(range(1, len(changed) + 1)), (organisation, kept)
        assert [choice for _, choice in kept] == changed, (organisation, kept, given)
    journal = pages_of_journal(alliance, "membership")
    ends = [event for event in journal if event["type"].endswith(("decision.carried.v1", "decision.rejected.v1"))
            and event["subject"] == f"decisions/{decision}"]
    assert len(ends) == 1, ends
    return f"{sum(map(len, versions.values()))} versions of {ELECTORS} votes, {closed['state']}"


def pages_of_journal(alliance, service):
    events, after = [], 0
    while True:
        body = alliance.director.do("GET", alliance.path(f"/journals/{service}?after={after}&limit=1000")).expect(200).body
        events += body["items"]
        if not body["items"] or body["items"][-1]["sequence"] >= body["head"]:
            return events
        after = body["items"][-1]["sequence"]


# --- money -----------------------------------------------------------------------------------------------------------

class Money:
    """An alliance with something in its ring-fence, and mandates to move money in and out of it."""

    def __init__(self):
        self.alliance = accord.Alliance("Money")
        self.finance = self.alliance.appoint("fin.zz1", "finance-lead", "ZZ1")
        self.mandates = {source: self.mandate(source, target) for source, target in
                         (("pool:planned", "ring-fence:elective"), ("ring-fence:elective", "pool:planned"))}
        months = pages(self.finance, self.alliance.path("/ledger/periods"))
        self.day = next(month["startsOn"] for month in months if month["state"] == "open")

    def mandate_drafted(self, source, target):
        mandate = self.finance.do("POST", self.alliance.path("/ledger/mandates"), {
            "title": f"From {source}", "debitAccounts": [source], "creditAccounts": [target], "limit": gbp(10**12),
            "startsOn": "2016-04-01", "endsOn": "2033-04-01"}, headers=self.finance.after(self.alliance.director))
        return mandate.expect(201).body["id"]

    def mandate(self, source, target):
        mandate = self.mandate_drafted(source, target)
        self.alliance.decide(f"ledger/mandates/{mandate}", "grant", self.finance)
        return mandate

    def move(self, source, target, pence):
        return self.finance.do("POST", self.alliance.path("/ledger/transactions"), {
            "mandateId": self.mandates[source], "description": "Moved", "effectiveOn": self.day,
            "entries": [{"accountCode": source, "amount": gbp(-pence)}, {"accountCode": target, "amount": gbp(pence)}]},
            headers=self.finance.after())

    def ring_fence(self):
        return self.finance.do("GET", self.alliance.path("/ledger/accounts/ring-fence:elective")).expect(200).body

    def fill(self, pence):
        """That so much is available, and reinvestment knows: it says what is left when a decision is opened."""
        missing = pence - self.ring_fence()["available"]["amount"]
        if missing > 0:
            self.move("pool:planned", "ring-fence:elective", missing).expect(201)
        elif missing < 0:
            self.move("ring-fence:elective", "pool:planned", -missing).expect(201)
        self.finance.do("GET", self.alliance.path("/reinvestment/ring-fences"), headers=self.finance.after()).expect(200)

    def appraised_case(self, sponsor, pence):
        """Its id: all that is missing is the decision."""
        path = self.alliance.path("/reinvestment/cases")
        case = sponsor.do("POST", path, {
            "title": "Hub", "summary": "Beside the wards.", "beneficiary": "ZZ1", "ringFence": "elective",
            "category": "equipment", "setting": "community", "service": "Surgery", "specialty": "General surgery",
            "award": gbp(pence), "oneOffCost": gbp(pence), "recurrentCost": gbp(0)},
            headers=sponsor.after(self.finance)).expect(201).body["id"]
        sponsor.do("POST", f"{path}/{case}/submission", headers=sponsor.after(self.finance)).expect(200)
        self.alliance.appraise(case, sponsor)
        return case

    def recompute(self):
        """The ring-fence's figures are the sums of what they are made of, and what is held is there."""
        account = self.ring_fence()
        entries = pages(self.finance, self.alliance.path("/ledger/accounts/ring-fence:elective/entries"))
        holds = pages(self.finance, self.alliance.path("/ledger/holds?accountCode=ring-fence:elective&state=open"))
        balance = sum(entry["amount"]["amount"] for entry in entries)
        held = sum(hold["remaining"]["amount"] for hold in holds)
        assert [account[name]["amount"] for name in ("balance", "held", "available")] == [balance, held, balance - held], account
        assert balance >= held >= 0, account
        return {hold["subject"].rpartition("/")[2] for hold in holds}


def an_award_and_a_posting_want_the_same_money(rounds):
    """Each round, the last vote for a case and a posting out of the ring-fence come together: there is enough for one."""
    money = Money()
    alliance, sponsor = money.alliance, money.alliance.representatives["ZZ1"]
    won = collections.Counter()
    for turn in range(rounds):
        money.fill(100_00)
        case = money.appraised_case(sponsor, 60_00)
        reference = f"reinvestment/cases/{case}"
        decision = alliance.open(reference, "approve", sponsor)["id"]
        for organisation in alliance.organisations[:-1]:
            alliance.vote(decision, organisation).expect(200)
        def vote():
            return alliance.vote(decision, alliance.organisations[-1]).expect(200)

        def post():
            return money.move("ring-fence:elective", "pool:planned", 60_00)
        # Together; the posting once the vote is answered; the posting once the award is held.
        if turn % 3 == 0:
            _, posted = at_once([vote, post])
        else:
            vote()
            if turn % 3 == 2:
                effect_of(alliance, decision, sponsor)
            posted = post()
        held = effect_of(alliance, decision, sponsor)["state"] == "done"
        account = money.ring_fence()
        assert (posted.status == 201) != held, (posted.status, posted.text, held)
        assert account["balance"]["amount"] >= account["held"]["amount"] >= 0, account
        won["the award" if held else "the posting"] += 1
        if held:
            close(alliance, sponsor, case)
    assert len(won) == 2, won
    return ", ".join(f"{count} times {who}" for who, count in sorted(won.items()))


def effect_of(alliance, decision, person):
    """What the ledger made of it."""
    decision = alliance.wait(f"/decisions/{decision}", lambda body: any(
        effect["service"] == "ledger" and effect["state"] != "pending" for effect in body["effects"]), person)
    return next(effect for effect in decision["effects"] if effect["service"] == "ledger")


def close(alliance, sponsor, case):
    path = f"/reinvestment/cases/{case}"
    alliance.wait(path, lambda body: body["state"] == "in-delivery", sponsor)
    sponsor.do("POST", alliance.path(f"{path}/closure"), {"outcome": "cancelled", "reason": "Not needed."}, headers=sponsor.after()).expect(200)
    alliance.wait("/ledger/holds?state=open", lambda body: not any(
        hold["subject"].endswith(case) for hold in body["items"]), sponsor)


FITS, EACH = 390_000_00, 260_000_00


class TwoCases:
    """Each fits what is available, both together do not: of the ways to come at once, one a round."""

    def __init__(self):
        self.money = Money()
        self.alliance = self.money.alliance
        self.sponsor = self.alliance.representatives["ZZ1"]
        self.cases = []

    def open(self, case):
        """Asked to; the answer."""
        return self.sponsor.do("POST", self.alliance.path("/decisions"), {
            "subject": f"reinvestment/cases/{case}", "effect": "approve", "question": "Shall it be paid for?",
            "rationale": "It is best for the project.", "deadlineAt": accord.instant(3600)},
            headers=self.sponsor.after(self.money.finance))

    def vote_but_last(self, decision):
        for organisation in self.alliance.organisations[:-1]:
            self.alliance.vote(decision, organisation).expect(200)

    def vote_last(self, decision):
        return self.alliance.vote(decision, self.alliance.organisations[-1]).expect(200)

    def expect_too_late(self, answer):
        """Not opened, for the money, and told how it stands."""
        said = answer.body
        assert answer.status == 422 and said["type"].endswith("/insufficient-funds"), answer.text
        assert "£260,000.00 is asked for, £130,000.00 is available" in said["detail"], said

    def held(self, decisions):
        """Of decisions that were carried, the cases whose money is held; the others were told the figures."""
        held = set()
        for case, decision in zip(self.cases, decisions):
            effect = effect_of(self.alliance, decision, self.sponsor)
            if effect["state"] == "done":
                held.add(case)
                continue
            assert "ring-fence:elective has £130,000.00 available; £260,000.00 is asked for" in effect["reason"], effect
            ended = self.alliance.wait(f"/reinvestment/cases/{case}", lambda body: body["state"] == "rejected", self.sponsor)
            assert effect["reason"] in ended["reason"], ended
        return held

    def opened_at_once(self):
        self.money.fill(FITS)
        answers = at_once([lambda case=case: self.open(case) for case in self.cases])
        won = next((place for place, answer in enumerate(answers) if answer.status == 201), 0)
        self.expect_too_late(answers[1 - won])
        decision = answers[won].expect(201).body["id"]
        self.vote_but_last(decision)
        self.vote_last(decision)
        assert effect_of(self.alliance, decision, self.sponsor)["state"] == "done"
        return {self.cases[won]}

    def one_opens_as_the_other_is_carried(self):
        self.money.fill(FITS)
        decision = self.open(self.cases[0]).expect(201).body["id"]
        self.vote_but_last(decision)
        _, *answers = at_once([lambda: self.vote_last(decision)] + [lambda: self.open(self.cases[1])] * 2)
        for answer in answers:
            self.expect_too_late(answer)
        return self.held([decision])

    def open_both(self):
        self.money.fill(2 * EACH)
        decisions = [self.open(case).expect(201).body["id"] for case in self.cases]
        for decision in decisions:
            self.vote_but_last(decision)
        return decisions

    def take_the_difference(self):
        return self.money.move("ring-fence:elective", "pool:planned", 2 * EACH - FITS)

    def carried_at_once_when_a_posting_has_taken_the_difference(self):
        decisions = self.open_both()
        self.take_the_difference().expect(201)
        at_once([lambda decision=decision: self.vote_last(decision) for decision in decisions])
        held = self.held(decisions)
        assert len(held) == 1, held
        return held

    def carried_at_once_as_a_posting_takes_the_difference(self):
        decisions = self.open_both()
        *_, posted = at_once([lambda decision=decision: self.vote_last(decision) for decision in decisions]
                             + [self.take_the_difference])
        held = self.held(decisions)
        assert (posted.status, len(held)) in ((201, 1), (422, 2)), (posted.status, posted.text, held)
        assert posted.status == 201 or posted.body["type"].endswith("/insufficient-funds"), posted.text
        return held

    def a_posting_comes_when_both_are_held(self):
        decisions = self.open_both()
        at_once([lambda decision=decision: self.vote_last(decision) for decision in decisions])
        held = self.held(decisions)
        posted = self.take_the_difference()
        assert (posted.status, len(held)) == (422, 2), (posted.status, posted.text, held)
        return held

    def turn(self, way):
        self.cases = [self.money.appraised_case(self.sponsor, EACH) for _ in range(2)]
        held = way(self)
        assert self.money.recompute() == held, held
        for case in held:
            close(self.alliance, self.sponsor, case)
        return len(held)


def two_cases_want_the_same_money(rounds):
    """Whichever comes first is held, the other is refused with the figures, and never more is held than there is."""
    ways = (TwoCases.opened_at_once, TwoCases.one_opens_as_the_other_is_carried,
            TwoCases.carried_at_once_when_a_posting_has_taken_the_difference,
            TwoCases.carried_at_once_as_a_posting_takes_the_difference, TwoCases.a_posting_comes_when_both_are_held)
    two, held = TwoCases(), collections.Counter()
    for turn in range(rounds):
        held[two.turn(ways[turn % len(ways)])] += 1
    return f"{held[1]} times one was held, {held[2]} times both and the posting refused"


def an_opening_repeated_while_it_runs_opens_one_decision_that_takes_effect(rounds):
    """Each round, four send one request with one key: whoever comes second must not thaw what the first has frozen."""
    money = Money()
    for _ in range(rounds):
        mandate = money.mandate_drafted("pool:planned", "ring-fence:elective")
        body = {"subject": f"ledger/mandates/{mandate}", "effect": "grant", "question": "Shall money move?",
                "rationale": "It is best for the project.", "deadlineAt": accord.instant(3600)}
        key = str(uuid.uuid4())
        answers = at_once([lambda: money.finance.do("POST", money.alliance.path("/decisions"), body, key=key)] * 4)
        opened = {answer.body["id"] for answer in answers if answer.status == 201}
        assert len(opened) == 1 and {answer.status for answer in answers} <= {201, 409}, [answer.text for answer in answers]
        decision = opened.pop()
        money.alliance.vote_all(decision)
        said = effect_of(money.alliance, decision, money.finance)
        assert said["state"] == "done", (decision, said)
    return f"{rounds} times"


def postings_at_once_add_up(rounds):
    """Sixteen move money in and out of one account: its entries are numbered without a gap and end in its balance."""
    money = Money()
    money.move("pool:planned", "ring-fence:elective", 1_00).expect(201)

    def work(seed):
        chance, answers = random.Random(seed), []
        for _ in range(rounds):
            ends = ["pool:planned", "ring-fence:elective"]
            chance.shuffle(ends)
            answers.append(money.move(*ends, chance.randint(1, 5_00)).status)
        return answers
    answers = collections.Counter(sum(at_once([lambda seed=seed: work(seed) for seed in range(16)]), []))
    assert set(answers) <= {201, 422}, answers
    entries = pages(money.finance, money.alliance.path("/ledger/accounts/ring-fence:elective/entries"))
    assert len(entries) == answers[201] + 1, (len(entries), answers)
    balance = 0
    for place, entry in enumerate(entries):
        balance += entry["amount"]["amount"]
        assert (entry["number"], entry["balance"]["amount"]) == (place + 1, balance) and balance >= 0, entry
    assert money.ring_fence()["balance"]["amount"] == balance
    return f"{answers[201]} posted, {answers[422]} refused for the floor"


RACES = [fifty_vote_and_change_at_once, an_award_and_a_posting_want_the_same_money,
         two_cases_want_the_same_money, an_opening_repeated_while_it_runs_opens_one_decision_that_takes_effect,
         postings_at_once_add_up]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rounds", type=int, default=20)
    rounds = arguments.parse_args().rounds
    random.seed(SEED)
    print(f"seed {SEED}, {rounds} rounds")
    failed = 0
    for race in RACES:
        try:
            print(f"  ok      {race.__name__.replace('_', ' ')}: {race(rounds)}", flush=True)
        except AssertionError as error:
            failed += 1
            print(f"  FAILED  {race.__name__.replace('_', ' ')}: {error}", flush=True)
    print(f"{len(RACES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
