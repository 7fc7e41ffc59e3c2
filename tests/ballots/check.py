#!/usr/bin/env python3
"""Holds the tally against A8's formulas, written here once more: every electorate of two to six organisations, whatever
each of them did (agree, disagree, abstain, silent, recused), under each rule, before the deadline and at it.

    ballots | check.py"""
import itertools
import sys
from fractions import Fraction

DEEDS = ("agree", "disagree", "abstain", "silent", "recused")
WANTED = {  # of the share of those who agree in those who are eligible
    "unanimous": lambda share: share == 1,
    "two-thirds": lambda share: share >= Fraction(2, 3),
    "simple-majority": lambda share: share > Fraction(1, 2),
}


def at_deadline(rule, deeds, commissioners):
    taking_part = [(deed, place < commissioners) for place, deed in enumerate(deeds) if deed != "recused"]
    if len({is_commissioner for _, is_commissioner in taking_part}) < 2:
        return "e"
    votes = [deed for deed, _ in taking_part]
    if WANTED[rule](Fraction(votes.count("agree"), len(votes))):
        return "c"
    if rule == "unanimous" and "disagree" in votes:
        return "r"
    return "l" if "silent" in votes else "r"


def before(rule, deeds, commissioners):
    """Early only when nothing that is still to come could be asked for."""
    end = at_deadline(rule, deeds, commissioners)
    return "o" if "silent" in deeds and end != "e" else end


def electorates():
    for count in range(2, 7):
        for commissioners in range(count + 1):
            for deeds in itertools.product(DEEDS, repeat=count):
                yield deeds[::-1], commissioners


def main():
    wrong = {rule: [] for rule in WANTED}
    contradicted, count = [], 0
    lines = (line.rstrip("\n") for line in sys.stdin)
    for (deeds, commissioners), said in itertools.zip_longest(electorates(), lines, fillvalue=None):
        count += 1
        for place, rule in enumerate(WANTED):
            early, late = said[2 * place:2 * place + 2]
            if (early, late) != (before(rule, deeds, commissioners), at_deadline(rule, deeds, commissioners)):
                wrong[rule].append(f"{deeds}, {commissioners} commissioners first: {early} and {late}")
            if early not in ("o", late):
                contradicted.append(f"{rule}: {deeds}, {commissioners} commissioners first: {early}, then {late}")
    checks = {f"{rule}: {count} electorates end as A8 says": found for rule, found in wrong.items()}
    checks["an early close is what the deadline would have said"] = contradicted
    for name, found in checks.items():
        print(f"  {'FAILED ' if found else 'ok     '} {name}")
        for line in found[:5]:
            print(f"          {line}")
    failed = sum(bool(found) for found in checks.values())
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
