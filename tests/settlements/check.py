#!/usr/bin/env python3
"""Settles years of invented alliances with the ledger's rules and with tests/lib/settling.py, month by
month, corrections included, and compares every amount.

    check.py DRIVER [YEARS [SEED]]
"""
import collections
import json
import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import settling  # noqa: E402

COMMISSIONERS, PROVIDERS = ("ZZ1", "ZZ2"), ("ZZ3", "ZZ4", "ZZ5")
EVERYBODY = COMMISSIONERS + PROVIDERS


class Rules:
    """The ledger's rules, in a process of their own."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def settle(self, order):
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        flows, entries, escalations = collections.Counter(), {}, collections.Counter()
        while True:
            word, *rest = self.process.stdout.readline().split()
            if word == "end":
                return {key: pence for key, pence in flows.items() if pence}, entries, escalations
            if word == "line":
                kind, pool, band, giver, taker, pence = rest
                flows[kind, "" if pool == "-" else pool, int(band), giver, taker] += int(pence)
            elif word == "entry":
                entries[rest[0]] = int(rest[1])
            elif word == "escalation":
                kind, pool, organisation, pence = rest
                escalations[kind, "" if pool == "-" else pool, organisation, int(pence)] += 1
            elif word == "refused":
                sys.exit(f"refused: {' '.join(rest)}\n{json.dumps(order)}")


class Inventor:
    """Agreements and figures, odd pence preferred."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def pence(self, most):
        return self.random.choice([0, 1, self.random.randrange(100), self.random.randrange(most), self.random.randrange(most), most])

    def split(self):
        parties = self.random.sample(EVERYBODY, self.random.randint(1, 4))
        cuts = sorted(self.random.choice([2500, 5000, 7500, self.random.randrange(10001)]) for _ in parties[1:])
        shares = [end - start for start, end in zip([0, *cuts], [*cuts, 10000])]
        return [{"organisation": party, "shareBp": share} for party, share in zip(parties, shares)]

    def gain_loss(self):
        one = self.random
        parameters = {"expectedPence": self.pence(10**9), "gainResidualTo": one.choice([*EVERYBODY, "ring-fence:elective"]),
                      "lossResidualTo": one.choice(EVERYBODY)}
        if one.random() < 0.5:
            parameters["favourable"] = one.choice(["lower", "higher"])
        width = 0
        if one.random() < 0.6:
            width = self.pence(10**8)
            parameters |= {"deadband": one.choice(["excess-only", "cliff"]), "deadbandPence": width}
        for name in ("gainCapPence", "lossCapPence"):
            if one.random() < 0.6:
                parameters[name] = width + self.pence(10**8)
        if one.random() < 0.4:
            parameters["qualityGate"] = True
        if one.random() < 0.6:
            parameters["split"] = self.split()
        else:
            ends = sorted({1 + self.pence(10**8) for _ in range(one.randrange(4))})
            parameters["bands"] = [{"upToPence": end, "split": self.split()} for end in ends] + [{"split": self.split()}]
        return parameters

    def parameters(self, mechanism):
        one = self.random
        if mechanism == "gain-loss":
            return self.gain_loss()
        if mechanism == "activity":
            own = {"pricePence": self.pence(10**6)}
            return own | ({"planUnits": self.pence(10**5), "surplusTo": "elective"} if one.random() < 0.5 else {})
        if mechanism == "marginal":
            own = {"pricePence": self.pence(10**5), "baselinePence": self.pence(10**9), "rateAboveBp": one.randrange(10001),
                   "rateBelowBp": one.randrange(10001)}
            return own | ({"baseBp": one.randrange(20000)} if one.random() < 0.5 else {})
        if mechanism == "cost-and-volume":
            threshold = self.pence(10**5)
            return {"valuePence": self.pence(10**9), "pricePence": self.pence(10**5), "thresholdUnits": threshold,
                    "ceilingUnits": threshold + self.pence(10**5)}
        if mechanism == "capitation":
            lists = [{"people": self.pence(10**6), "ratePence": self.pence(10**5)} for _ in range(one.randint(1, 4))]
            lists[0]["weightBp"] = one.randrange(30000)
            return {"lists": lists}
        if mechanism == "block":
            return {"valuePence": self.pence(10**9)}
        own = {"baselinePence": self.pence(10**9), "rateBp": one.randrange(10001)}
        return own | ({"surplusTo": "elective"} if mechanism == "cost-reduction-incentive" and one.random() < 0.5 else {})

    def agreement(self):
        one = self.random
        pools = []
        for number in range(one.randint(1, 6)):
            mechanism = one.choice(["block", "activity", "marginal", "cost-and-volume", "capitation", "gain-loss", "gain-loss", "gain-loss",
                                    "cost-risk-share", "cost-risk-share", "cost-reduction-incentive"])
            parameters = self.parameters(mechanism) | one.choice([{}, {"per": "year"}, {"per": "month"}])
            pools.append({"code": f"pool-{number}", "name": "A pool", "mechanism": mechanism, "provider": one.choice(PROVIDERS),
                          "commissioner": one.choice(COMMISSIONERS), "parameters": parameters})
        agreement = {"rules": [], "shares": [], "pools": pools, "reserve": {"capPence": self.pence(10**9)},
                     "ringFences": [{"code": "elective", "purpose": "Care", "categories": [], "settings": []}]}
        agreement["contracts"] = [{"provider": provider, "commissioner": one.choice(COMMISSIONERS), "yearPence": self.pence(10**9)}
                                  for provider in one.sample(PROVIDERS, one.randrange(3))]
        agreement["guarantee"] = [{"organisation": provider, "commissioner": one.choice(COMMISSIONERS), "baselinePence": self.pence(10**10),
                                   "tariffImpactPence": self.pence(10**7), "growthPence": self.pence(10**7), "cquinBp": one.randrange(500)}
                                  for provider in one.sample(PROVIDERS, one.randrange(3))]
        return agreement

    def actual(self, pool):
        """Near what was expected, as often as not."""
        given = pool["parameters"]
        near = given.get("expectedPence", given.get("baselinePence", 10**8))
        near //= 1 if given.get("per") == "month" else 12
        edge = given.get("deadbandPence", 0) // (1 if given.get("per") == "month" else 12)
        cost = self.random.choice([self.pence(10**9), max(0, near + self.random.randrange(-10**7, 10**7)), near, near + edge, max(0, near - edge - 1)])
        return {"units": self.pence(2 * 10**4), "cost": cost, "quality": self.random.choice(["met", "missed"])}


def listed(flows, of_version):
    return [{"kind": kind, "pool": pool, "band": band, "from": giver, "to": taker, "amount": pence, "isOfVersion": of_version}
            for (kind, pool, band, giver, taker), pence in flows.items()]


class Year:
    """Twelve months under one agreement (the first may have been settled under another), each settled, some corrected."""

    def __init__(self, rules, inventor):
        self.rules, self.inventor, self.random = rules, inventor, inventor.random
        self.agreement = inventor.agreement()
        self.earlier, self.of_version = collections.Counter(), collections.Counter()
        self.settled, self.version = set(), set()
        self.sums = collections.defaultdict(lambda: {"earlierUnits": 0, "earlierCost": 0})
        self.available = collections.Counter({settling.RESERVE: inventor.pence(2 * 10**9)})
        self.drawn = self.released = self.compared = 0

    def actuals(self):
        return {pool["code"]: self.inventor.actual(pool) | self.sums[pool["code"]] for pool in self.agreement["pools"]}

    def settle(self, number, actuals, posted):
        month = settling.Month(self.agreement, number, actuals, dict(self.available), self.drawn, self.released, frozenset(self.settled),
                               frozenset(self.version), dict(self.earlier), dict(self.of_version), posted)
        older = collections.Counter(self.earlier)
        older.subtract(self.of_version)
        order = {"parameters": self.agreement, "month": number, "isCorrective": posted is not None,
                 "actuals": [{"pool": pool} | one for pool, one in actuals.items()],
                 "standings": [{"account": account, "available": pence} for account, pence in self.available.items()],
                 "drawn": self.drawn, "released": self.released, "settledMonths": sum(1 << one - 1 for one in self.settled),
                 "versionMonths": sum(1 << one - 1 for one in self.version),
                 "earlier": listed(older, False) + listed(self.of_version, True), "posted": listed(posted or {}, False)}
        ours, theirs = settling.settle(month), self.rules.settle(order)
        if ours != theirs:
            differ(ours, theirs, order)
        self.compared += 1
        flows, entries, _ = ours
        if sum(entries.values()) != 0:
            sys.exit(f"entries do not add up\n{json.dumps(order)}")
        self.available.update(entries)
        self.drawn += settling.called(flows)
        if self.available[settling.RESERVE] < 0 or self.available["ring-fence:elective"] < 0:
            sys.exit(f"below the floor\n{json.dumps(order)}")
        return flows

    def play(self):
        old_months = self.random.choice([0, 0, 0, 5])
        for number in range(1, 13):
            actuals = self.actuals()
            posted = collections.Counter(self.settle(number, actuals, None))
            for _ in range(self.random.choice([0, 0, 1, 2])):
                if self.random.random() < 0.3:  # money is held, or was spent
                    account = self.random.choice(list(self.available))
                    self.available[account] = self.inventor.pence(10**8)
                if self.random.random() < 0.2:
                    self.released += min(self.inventor.pence(10**6), max(0, self.available[settling.RESERVE]))
                actuals = self.actuals()
                posted.update(self.settle(number, actuals, dict(posted)))
            self.earlier.update(posted)
            self.settled.add(number)
            if number > old_months:
                self.of_version.update(posted)
                self.version.add(number)
                for pool, one in actuals.items():
                    self.sums[pool] = {"earlierUnits": one["earlierUnits"] + one["units"], "earlierCost": one["earlierCost"] + one["cost"]}
        return self.compared


def differ(ours, theirs, order):
    for name, own, other in zip(("flow", "entry", "escalation"), ours, theirs):
        for key in sorted(own.keys() | other.keys(), key=str):
            if own.get(key, 0) != other.get(key, 0):
                print(f"  {name} {key}: {own.get(key, 0)} by hand, {other.get(key, 0)} by the rules")
    print(json.dumps(order))
    print("0 passed, 1 failed")
    sys.exit(1)


def vectors():
    """domain.md's own figures, by hand first."""
    million, thousand = 10**8, 10**5

    def one(mechanism, parameters, available=None, cap=5 * million, **actual):
        agreement = {"pools": [{"code": "p", "mechanism": mechanism, "provider": "ZZ3", "commissioner": "ZZ1", "parameters": {"per": "month"} | parameters}],
                     "reserve": {"capPence": cap}, "ringFences": [{"code": "elective"}]}
        return settling.settle(settling.Month(agreement, 1, {"p": actual}, available or {settling.RESERVE: cap}))

    def payment(*rest, **actual):
        return one(*rest, **actual)[0]["payment", "p", 0, "pool:p", "partner:ZZ3:position"]

    volume = {"valuePence": 4 * million, "pricePence": 25000, "thresholdUnits": 10000, "ceilingUnits": 11000}
    share = {"expectedPence": 10 * million, "deadband": "excess-only", "deadbandPence": 100 * thousand, "gainCapPence": 400 * thousand,
             "lossCapPence": 600 * thousand, "gainResidualTo": "ring-fence:elective", "lossResidualTo": "ZZ1",
             "split": [{"organisation": "ZZ3", "shareBp": 5000}, {"organisation": "ZZ1", "shareBp": 3000}, {"organisation": "ZZ4", "shareBp": 2000}]}
    gain, loss = one("gain-loss", share, cost=940 * million // 100)[0], one("gain-loss", share, cost=1090 * million // 100)[0]
    incentive = {"baselinePence": 30 * million, "rateBp": 5000}
    banded = one("gain-loss", {"expectedPence": million, "favourable": "higher", "gainResidualTo": "ZZ1", "lossResidualTo": "ZZ1", "bands": [
        {"upToPence": 100 * thousand, "split": [{"organisation": "ZZ3", "shareBp": 5000}, {"organisation": "ZZ1", "shareBp": 5000}]},
        {"split": [{"organisation": "ZZ3", "shareBp": 7500}, {"organisation": "ZZ1", "shareBp": 2500}]}]}, cost=120 * million // 100)
    shares = {"gain": [pence for key, pence in gain.items() if key[0] == "share"], "loss": [pence for key, pence in loss.items() if key[0] == "share"]}
    return {
        "split of 100p": settling.largest_remainder(100, [3333, 3333, 3334]) == [33, 33, 34],
        "split of -100p": settling.largest_remainder(-100, [3334, 3333, 3333]) == [-34, -33, -33],
        "split of 10,000,001p": settling.largest_remainder(10000001, [3333, 3333, 3334]) == [3333000, 3333000, 3334001],
        "cost and volume": [payment("cost-and-volume", volume, units=units) for units in (10600, 12000)] == [415 * million // 100, 425 * million // 100],
        "capitation": payment("capitation", {"lists": [{"people": 482000, "ratePence": 10000}]}) == 482 * million // 10,
        "cost risk share": one("cost-risk-share", {"baselinePence": 90 * million, "rateBp": 5000}, cost=936 * million // 10)[1][settling.RESERVE] == -18 * million // 10,
        "cost reduction": [payment("cost-reduction-incentive", incentive, cost=cost * million // 10) for cost in (280, 309)] == [29 * million, 309 * million // 10],
        "a call of 5.1m": one("cost-reduction-incentive", incentive, cost=351 * million // 10)[2] == {("reserve", "p", "ZZ3", 100 * thousand): 1},
        "gain": shares["gain"] == [200 * thousand, 120 * thousand, 80 * thousand] and gain["residual", "p", 0, "pool:p", "ring-fence:elective"] == 200 * thousand,
        "loss": shares["loss"] == [300 * thousand, 180 * thousand, 120 * thousand] and loss["residual", "p", 0, "partner:ZZ1:position", "pool:p"] == 300 * thousand,
        "bands": banded[1]["partner:ZZ3:position"] == 125 * thousand,
        "twelfths of the guarantee": [settling.months_part(29417500000, [month]) for month in (1, 12)] == [2451458333, 2451458337],
    }


def main():
    program, years, seed = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100, int(sys.argv[3]) if len(sys.argv) > 3 else 20260401
    known = vectors()
    for name, is_right in known.items():
        if not is_right:
            print(f"  FAILED  by hand: {name}")
    rules, inventor = Rules(program), Inventor(seed)
    compared = sum(Year(rules, inventor).play() for _ in range(years))
    print(f"  {compared} settlements of {years} years came to the same, penny by penny (seed {seed})")
    failed = sum(not is_right for is_right in known.values())
    print(f"{len(known) - failed + compared} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
