#!/usr/bin/env python3
"""Recomputes balances, holds, what mandates have used, and outcomes of votes from the journals, and compares them and every
version of every vote with the tables.

    recompute.py CONNINFO [ALLIANCE]

Shares no code with Accord: it reads the hashed texts, believes no derived figure in them (neither
balances nor tallies), adds up for itself and names every row that differs. Exit status 1 if any does."""
import collections
import csv
import io
import json
import subprocess
import sys

csv.field_size_limit(1 << 24)


def query(conninfo, sql):
    out = subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "--csv", "-d", conninfo, "-c", sql],
                         check=True, capture_output=True, text=True).stdout
    return list(csv.DictReader(io.StringIO(out)))


def events(conninfo, service, alliance):
    rows = query(conninfo, f"select sequence, body from {service}.journal_body where alliance_id = '{alliance}' "
                           "order by sequence")
    return [(int(row["sequence"]), json.loads(row["body"])) for row in rows]


def rows_of(event, member):
    value = event["data"].get(member, [])
    return value if isinstance(value, list) else [value]


def ledger_figures(journal):
    """Balances from the entries alone; held money from holds less their captures."""
    balances, holds, transactions = collections.Counter(), {}, {}
    captured = collections.Counter()
    for _, event in journal:
        for transaction in rows_of(event, "transaction"):
            transactions[transaction["id"]] = transaction
        for entry in rows_of(event, "entry"):
            balances[entry["accountCode"]] += entry["amountPence"]
        for hold in rows_of(event, "hold"):
            holds[hold["id"]] = hold
        for capture in rows_of(event, "capture"):
            captured[capture["holdId"]] += capture["amountPence"]
    held = collections.Counter()
    for hold in holds.values():
        if hold["state"] == "open":
            held[hold["accountCode"]] += hold["amountPence"] - captured[hold["id"]]
    return balances, held, transactions


def ledger_check(conninfo, alliance, faults):
    journal = events(conninfo, "ledger", alliance)
    balances, held, transactions = ledger_figures(journal)
    mandate_check(conninfo, alliance, journal, faults)
    table = {row["account_code"]: row for row in query(
        conninfo, f"select account_code, balance_pence, held_pence from ledger.balance where alliance_id = '{alliance}'")}
    for code in sorted(set(balances) | set(held) | set(table)):
        row = table.get(code, {"balance_pence": "0", "held_pence": "0"})
        if int(row["balance_pence"]) != balances[code] or int(row["held_pence"]) != held[code]:
            faults.append(f"ledger balance {code}: table {row['balance_pence']}/{row['held_pence']}, "
                          f"journal {balances[code]}/{held[code]}")
    if sum(balances.values()) != 0:
        faults.append(f"ledger: the books do not add up to zero but to {sum(balances.values())}")
    stored = {row["id"] for row in query(
        conninfo, f"select id from ledger.transaction where alliance_id = '{alliance}'")}
    for missing in sorted(stored ^ set(transactions)):
        faults.append(f"ledger transaction {missing} stands in only one of journal and table")
    return len(transactions)


def outcome(rule, electors):
    """A8 for a decision that has been closed: what the votes make it."""
    eligible = [e for e in electors if e["state"] == "eligible"]
    agree = sum(e.get("choice") == "agree" for e in eligible)
    disagree = sum(e.get("choice") == "disagree" for e in eligible)
    silent = sum("choice" not in e for e in eligible)
    n = len(eligible)
    carried = {"unanimous": agree == n, "two-thirds": 3 * agree >= 2 * n, "simple-majority": 2 * agree > n}[rule]
    if carried and n > 0:
        return "carried"
    if rule == "unanimous" and disagree:
        return "rejected"
    return "lapsed" if silent else "rejected"


def mandates_used(journal):
    """Posted under each mandate less what was reversed, and held under it less what was released: from entries and captures."""
    kinds, mandates, moved, holds, captured = {}, {}, collections.Counter(), {}, collections.Counter()
    for _, event in journal:
        for transaction in rows_of(event, "transaction"):
            kinds[transaction["id"]] = transaction
        for mandate in rows_of(event, "mandate"):
            mandates[mandate["id"]] = mandate
        for entry in rows_of(event, "entry"):
            moved[entry["transactionId"]] += max(0, entry["amountPence"])
        for hold in rows_of(event, "hold"):
            holds[hold["id"]] = hold
        for capture in rows_of(event, "capture"):
            captured[capture["holdId"]] += capture["amountPence"]
    used = collections.Counter(dict.fromkeys(mandates, 0))
    for identity, transaction in kinds.items():
        if "mandateId" in transaction and transaction["kind"] == "posting":
            used[transaction["mandateId"]] += moved[identity]
        elif transaction["kind"] == "reversal" and "mandateId" in kinds[transaction["reversesId"]]:
            used[kinds[transaction["reversesId"]]["mandateId"]] -= moved[identity]
    for identity, hold in holds.items():
        if "mandateId" in hold:
            used[hold["mandateId"]] += hold["amountPence"] if hold["state"] == "open" else captured[identity]
    return used


def mandate_check(conninfo, alliance, journal, faults):
    used = mandates_used(journal)
    table = {row["id"]: int(row["used_pence"]) for row in query(
        conninfo, f"select id, used_pence from ledger.mandate where alliance_id = '{alliance}'")}
    for identity in sorted(set(used) | set(table)):
        if table.get(identity) != used.get(identity):
            faults.append(f"mandate {identity}: used {table.get(identity)} in the table, {used.get(identity)} by the journal")


class Ballots:
    """Decisions, who may vote in them, and every version of every vote, as the journal has them."""

    def __init__(self, journal):
        self.decisions, self.electors, self.votes, self.doubled = {}, collections.defaultdict(dict), {}, []
        for _, event in journal:
            for decision in rows_of(event, "decision"):
                self.decisions[decision["id"]] = decision
            for elector in rows_of(event, "elector"):
                self.electors[elector["decisionId"]][elector["organisation"]] = elector["state"]
            for vote in rows_of(event, "vote"):
                key = vote["decisionId"], vote["organisation"], vote["number"]
                if key in self.votes:
                    self.doubled.append(key)
                self.votes[key] = vote["choice"], vote.get("reason") or ""

    def standing(self, identity):
        """What each elector's last vote says: {organisation: {state, choice}}."""
        last = {}
        for (decision, organisation, number), (choice, _) in self.votes.items():
            if decision == identity and number > last.get(organisation, (0, ""))[0]:
                last[organisation] = number, choice
        return {organisation: {"state": state, **({"choice": last[organisation][1]} if organisation in last else {})}
                for organisation, state in self.electors[identity].items()}

    def tally(self, identity):
        electors = self.standing(identity).values()
        eligible = [one for one in electors if one["state"] == "eligible"]
        counted = {"electors": len(electors), "eligible": len(eligible), "silent": sum("choice" not in one for one in eligible)}
        for choice in ("agree", "disagree", "abstain"):
            counted[choice] = sum(one.get("choice") == choice for one in eligible)
        for state in ("recused", "dropped", "pending"):
            counted[state] = sum(one["state"] == state for one in electors)
        return counted


def membership_check(conninfo, alliance, faults):
    ballots = Ballots(events(conninfo, "membership", alliance))
    for identity, decision in ballots.decisions.items():
        electors = list(ballots.standing(identity).values())
        by_votes = decision["state"] in ("carried", "rejected", "lapsed") and (
            decision["closedAt"] == decision["deadlineAt"] or all("choice" in e for e in electors if e["state"] == "eligible"))
        if by_votes and decision["state"] != outcome(decision["rule"], electors):
            faults.append(f"decision {identity} is {decision['state']}, its votes say {outcome(decision['rule'], electors)}")
    table = {row["id"]: row["state"] for row in query(
        conninfo, f"select id, state from membership.decision where alliance_id = '{alliance}'")}
    for identity in sorted(set(table) | set(ballots.decisions)):
        if table.get(identity) != ballots.decisions.get(identity, {}).get("state"):
            faults.append(f"decision {identity}: table {table.get(identity)}, journal "
                          f"{ballots.decisions.get(identity, {}).get('state')}")
    stored = {(row["decision_id"], row["organisation"], int(row["number"])): (row["choice"], row["reason"]) for row in query(
        conninfo, f"select decision_id, organisation, number, choice, reason from membership.vote where alliance_id = '{alliance}'")}
    for key in sorted(set(stored) | set(ballots.votes)):
        if stored.get(key) != ballots.votes.get(key):
            faults.append(f"vote {key}: {stored.get(key)} in the table, {ballots.votes.get(key)} in the journal")
    faults += [f"vote {key} stands in the journal twice" for key in ballots.doubled]
    return len(ballots.decisions)


def check(conninfo, alliance):
    """All faults of one alliance, and how much was looked at."""
    faults = []
    transactions = ledger_check(conninfo, alliance, faults)
    decisions = membership_check(conninfo, alliance, faults)
    return faults, transactions, decisions


def main():
    conninfo = sys.argv[1]
    alliances = sys.argv[2:] or [row["alliance_id"] for row in query(
        conninfo, "select alliance_id from membership.alliance order by alliance_id")]
    bad = 0
    for alliance in alliances:
        faults, transactions, decisions = check(conninfo, alliance)
        print(f"{alliance}: {transactions} transactions, {decisions} decisions, {len(faults)} differences")
        for fault in faults:
            print(f"  {fault}")
        bad += len(faults)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
