"""What a month's settlement comes to, worked out from domain.md (B7-B10, B12) alone: shares no code
with the service, and knows nothing of how it goes about it. Amounts are integer pence, everything in
between is an exact fraction.

    flows, entries, escalations = settle(Month(parameters, 1, actuals))

A flow is {(kind, pool, band, from account, to account): pence}, zeros left out.
"""
import collections
import dataclasses
import fractions

Fraction = fractions.Fraction
RESERVE = "reserve:cost-risk"


def rounded(value):
    """To a whole penny, half a penny away from zero."""
    value = Fraction(value)
    whole = abs(value) + Fraction(1, 2)
    return (1 if value >= 0 else -1) * (whole.numerator // whole.denominator)


def largest_remainder(whole, weights):
    """Parts of a whole by weight: they add up to it, odd pence to the largest remainders, ties to the first."""
    sign, total = (1 if whole >= 0 else -1), sum(weights)
    exact = [Fraction(abs(whole) * weight, total) for weight in weights]
    parts = [int(share) for share in exact]
    order = sorted(range(len(weights)), key=lambda i: (parts[i] - exact[i], i))
    for i in order[:abs(whole) - sum(parts)]:
        parts[i] += 1
    return [sign * part for part in parts]


def position(organisation):
    return f"partner:{organisation}:position"


@dataclasses.dataclass
class Month:
    """What a settlement rests on. `earlier` and `posted` are flows; `of_version` are those of the earlier
    ones that were settled under the same agreement, `version_months` in which months."""
    parameters: dict
    number: int
    actuals: dict  # by pool: units, cost, quality, earlierUnits, earlierCost
    available: dict = dataclasses.field(default_factory=dict)  # by account
    drawn: int = 0
    released: int = 0
    settled_months: frozenset = frozenset()
    version_months: frozenset = frozenset()
    earlier: dict = dataclasses.field(default_factory=dict)
    of_version: dict = dataclasses.field(default_factory=dict)
    posted: dict | None = None  # None: nothing was posted for this month yet


def months_part(year, months):
    """A month has a twelfth, rounded down; M12 has what is then left of the year."""
    return sum(year - 11 * (year // 12) if month == 12 else year // 12 for month in months)


class Pool:
    """A pool in a month, or (M12, terms of the year) in all months that its agreement governs."""

    def __init__(self, terms, month):
        self.code, self.mechanism, self.given = terms["code"], terms["mechanism"], terms["parameters"]
        self.provider, self.commissioner = terms["provider"], terms["commissioner"]
        self.of_year = self.given.get("per", "year") == "year"
        compared = {"marginal", "cost-and-volume", "gain-loss", "cost-risk-share", "cost-reduction-incentive"}
        compares = self.mechanism in compared or "planUnits" in self.given
        before = {one for one in month.version_months if one < 12}
        self.is_whole_year = month.number == 12 and self.of_year and compares and bool(before)
        self.months = (before if self.is_whole_year else set()) | {month.number}
        actual = month.actuals.get(self.code, {})
        self.units, self.cost = actual.get("units", 0), actual.get("cost", 0)
        if self.is_whole_year:
            self.units += actual.get("earlierUnits", 0)
            self.cost += actual.get("earlierCost", 0)
        self.is_good = actual.get("quality") == "met"
        self.flows = collections.defaultdict(int)

    def amount(self, name, default=None):
        value = self.given.get(name)
        return default if value is None else self.part(value)

    def part(self, value):
        return months_part(value, self.months) if self.of_year else value

    def flow(self, kind, giver, taker, pence, band=0):
        own = f"pool:{self.code}"
        self.flows[kind, self.code, band, giver or own, taker or own] += pence

    def fund(self, pence):
        self.flow("funding", position(self.commissioner), None, pence)

    def pay(self, pence):
        self.flow("payment", None, position(self.provider), pence)

    def asked(self):
        """Of the reserve."""
        over = max(0, self.cost - self.amount("baselinePence", 0))
        return {"cost-risk-share": rounded(Fraction(over * self.given.get("rateBp", 0), 10000)),
                "cost-reduction-incentive": over}.get(self.mechanism, 0)

    def settle(self, granted):
        getattr(self, self.mechanism.replace("-", "_"))(granted)
        return self.flows

    def block(self, _):
        self.fund(self.amount("valuePence"))
        self.pay(self.amount("valuePence"))

    def capitation(self, _):
        value = rounded(sum(Fraction(one["people"] * one["ratePence"] * one.get("weightBp", 10000), 10000) for one in self.given["lists"]))
        self.fund(self.part(value))
        self.pay(self.part(value))

    def surplus(self, pence):
        self.flow("surplus", None, f"ring-fence:{self.given['surplusTo']}", pence)

    def activity(self, _):
        price, earned = self.given["pricePence"], self.units * self.given["pricePence"]
        planned = self.amount("planUnits", 0) * price
        self.fund(max(earned, planned))
        self.pay(earned)
        if "surplusTo" in self.given:
            self.surplus(max(earned, planned) - earned)

    def marginal(self, _):
        base = Fraction(self.amount("baselinePence") * self.given.get("baseBp", 10000), 10000)
        done = self.units * self.given["pricePence"]
        rate = self.given["rateAboveBp"] if done > base else self.given["rateBelowBp"]
        earned = rounded(base + (done - base) * Fraction(rate, 10000))
        self.fund(earned)
        self.pay(earned)

    def cost_and_volume(self, _):
        threshold, ceiling = self.amount("thresholdUnits"), self.amount("ceilingUnits")
        beyond = max(0, min(self.units, ceiling) - threshold)
        earned = self.amount("valuePence") + self.given["pricePence"] * beyond
        self.fund(earned)
        self.pay(earned)

    def cost_risk_share(self, granted):
        self.fund(self.amount("baselinePence"))
        self.flow("call", RESERVE, None, granted)
        self.pay(self.amount("baselinePence") + granted)

    def cost_reduction_incentive(self, granted):
        baseline = self.amount("baselinePence")
        saving = max(0, baseline - self.cost)
        earned = baseline - saving + rounded(Fraction(saving * self.given["rateBp"], 10000))
        keeps = "surplusTo" in self.given
        self.fund(baseline if keeps else earned)
        self.flow("call", RESERVE, None, granted)
        self.pay(earned + granted)
        if keeps:
            self.surplus(baseline - earned)

    def shared(self, difference):
        """Of a gain or loss: beyond the deadband, within the cap, and a gain where quality was met."""
        size, is_gain = abs(difference), difference > 0
        if size <= self.amount("deadbandPence", 0):
            return 0
        if self.given.get("deadband") == "excess-only":
            size -= self.amount("deadbandPence", 0)
        size = min(size, self.amount("gainCapPence" if is_gain else "lossCapPence", size))
        return 0 if is_gain and self.given.get("qualityGate") and not self.is_good else size

    def gain_loss(self, _):
        expected = self.amount("expectedPence")
        is_cost = self.given.get("favourable", "lower") == "lower"
        difference = expected - self.cost if is_cost else self.cost - expected
        if is_cost:
            self.fund(expected)
            self.pay(self.cost)
        elif difference >= 0:
            self.fund(difference)
        else:
            self.flow("funding", None, position(self.commissioner), -difference)

        def part(kind, party, pence, band=0):
            account = party if party.startswith("ring-fence:") else position(party)
            giver, taker = (None, account) if difference >= 0 else (account, None)
            self.flow(kind, giver, taker, pence, band)

        shared, start = self.shared(difference), 0
        bands = self.given.get("bands") or [{"split": self.given["split"]}]
        for number, band in enumerate(bands, 1):
            end = min(shared, self.part(band["upToPence"])) if "upToPence" in band else shared
            stretch = max(0, end - start)
            start += stretch
            for share, pence in zip(band["split"], largest_remainder(stretch, [one["shareBp"] for one in band["split"]])):
                part("share", share["organisation"], pence, number if "bands" in self.given else 0)
        part("residual", self.given["gainResidualTo" if difference >= 0 else "lossResidualTo"], abs(difference) - shared)


def less(flows, before):
    """What flows are beyond what was there before."""
    rest = collections.Counter(flows)
    rest.subtract(before)
    return rest


def called(flows, pools=None):
    return sum(pence for (kind, pool, *_), pence in flows.items() if kind == "call" and (pools is None or pool in pools))


def settle(month):
    parameters = month.parameters
    pools = [Pool(terms, month) for terms in parameters["pools"] if "mechanism" in terms]
    again = {pool.code for pool in pools if pool.is_whole_year}
    redrawn = called(month.posted or {}) + called(month.of_version, again)
    cap = parameters.get("reserve", {}).get("capPence", 0)
    left = max(0, min(cap - (month.drawn - redrawn) - month.released, cap, max(0, month.available.get(RESERVE, 0)) + redrawn))
    asked = [pool.asked() for pool in pools]
    granted = asked if sum(asked) <= left else largest_remainder(left, asked)

    flows, escalations = collections.Counter(), collections.Counter()
    for contract in parameters.get("contracts", []):
        key = "contract", "", 0, position(contract["commissioner"]), position(contract["provider"])
        flows[key] += months_part(contract["yearPence"], [month.number])
    for pool, wanted, given in zip(pools, asked, granted):
        own = pool.settle(given)
        if pool.is_whole_year:
            own = less(own, {key: pence for key, pence in month.of_version.items() if key[1] == pool.code})
        flows.update(own)
        if wanted > given:
            escalations["reserve", pool.code, pool.provider, wanted - given] += 1
    top_ups(month, flows)
    if month.posted is not None:
        flows = less(flows, month.posted)
    entries = book(month, flows, escalations)
    return {key: pence for key, pence in flows.items() if pence}, entries, escalations


def top_ups(month, flows):
    for terms in month.parameters.get("guarantee", []):
        account = position(terms["organisation"])
        income = sum((key[4] == account) * pence - (key[3] == account) * pence
                     for known in (month.earlier, flows) for key, pence in known.items())
        year = rounded(Fraction((terms["baselinePence"] + terms["tariffImpactPence"] + terms["growthPence"]) * (10000 + terms["cquinBp"]), 10000))
        floor = months_part(year, {one for one in month.settled_months if one < month.number} | {month.number})
        if month.number == 12 and income < floor:
            flows["guarantee", "", 0, position(terms["commissioner"]), account] += floor - income


def book(month, flows, escalations):
    """The entries; what can't be taken back is owed instead, and escalates."""
    entries = collections.Counter()
    for (_, _, _, giver, taker), pence in flows.items():
        entries[giver] -= pence
        entries[taker] += pence

    def owe(organisation, account, pence):
        entries[account] += pence
        entries[f"partner:{organisation}:owed"] -= pence
        escalations["claw-back", "", organisation, pence] += 1

    for account in {key[4] for key, pence in flows.items() if pence < 0}:
        if account.startswith("pool:") or account == RESERVE:
            continue
        got = sum(pence for key, pence in flows.items() if key[4] == account)
        got -= sum(pence for key, pence in flows.items() if key[3] == account and pence < 0)
        short = -got - max(0, month.available.get(account, 0))
        if short <= 0:
            continue
        if account.startswith("partner:"):
            owe(account.split(":")[1], account, short)
            continue
        order = [terms["code"] for terms in month.parameters["pools"]]
        takers = sorted((order.index(key[1]), -pence) for key, pence in flows.items() if key[4] == account and pence < 0)
        for index, pence in takers:
            part = min(pence, short)
            if part > 0:
                owe(month.parameters["pools"][index]["commissioner"], account, part)
            short -= part
    return {account: pence for account, pence in sorted(entries.items()) if pence}
