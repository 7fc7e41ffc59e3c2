#!/usr/bin/env python3
"""Recomputes balances, holds, mandates and tallies from the journals and compares them with the tables.

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
    balances, held, transactions = ledger_figures(events(conninfo, "ledger", alliance))
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


def membership_check(conninfo, alliance, faults):
    decisions, electors, votes = {}, collections.defaultdict(dict), collections.defaultdict(dict)
    for _, event in events(conninfo, "membership", alliance):
        for decision in rows_of(event, "decision"):
            decisions[decision["id"]] = decision
        for elector in rows_of(event, "elector"):
            electors[elector["decisionId"]][elector["organisation"]] = elector
        for vote in rows_of(event, "vote"):
            votes[vote["decisionId"]][vote["organisation"]] = vote["choice"]
    for identity, decision in decisions.items():
        counted = [{"state": e["state"], **({"choice": votes[identity][o]} if o in votes[identity] else {})}
                   for o, e in electors[identity].items()]
        by_votes = decision["state"] in ("carried", "rejected", "lapsed") and (
            decision["closedAt"] == decision["deadlineAt"] or all("choice" in e for e in counted
                                                                  if e["state"] == "eligible"))
        if by_votes:
            expected = outcome(decision["rule"], counted)
            if decision["state"] != expected:
                faults.append(f"decision {identity} is {decision['state']}, its votes say {expected}")
    table = {row["id"]: row["state"] for row in query(
        conninfo, f"select id, state from membership.decision where alliance_id = '{alliance}'")}
    for identity in sorted(set(table) | set(decisions)):
        if table.get(identity) != decisions.get(identity, {}).get("state"):
            faults.append(f"decision {identity}: table {table.get(identity)}, journal "
                          f"{decisions.get(identity, {}).get('state')}")
    stored = collections.Counter(row["decision_id"] for row in query(
        conninfo, f"select decision_id, organisation from membership.vote where alliance_id = '{alliance}'"))
    told = collections.Counter()
    for _, event in events(conninfo, "membership", alliance):
        for vote in rows_of(event, "vote"):
            told[vote["decisionId"]] += 1
    for identity in sorted(set(stored) | set(told)):
        if stored[identity] != told[identity]:
            faults.append(f"decision {identity}: {stored[identity]} versions of votes in the table, "
                          f"{told[identity]} in the journal")
    return len(decisions)


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
