#!/usr/bin/env python3
"""Shows what came of each kind of fault as a table: table.py FILE, a line of JSON per run of a kind (faults.py writes it)."""
import collections
import json
import sys

HEAD = ("fault", "times", "acknowledged", "looks", "of them failed", "slowest answer", "pause of what was hit: median", "longest",
        "longest pause of others", "took")


def seconds(value):
    return f"{value:.1f} s"


def longest(values):
    return seconds(max(values)) if values else ""


def shown(name, rows):
    answers = collections.Counter()
    for row in rows:
        answers.update(row["answers"])
    failed = ", ".join(f"{count} {'lost' if status == '0' else status}" for status, count in sorted(answers.items())
                       if not 200 <= int(status) < 300)
    hit = sorted(one for row in rows for one in row["hit"])
    return (name, str(sum(row["times"] for row in rows)), str(sum(row["acknowledged"] for row in rows)), str(sum(answers.values())),
            failed or "none", longest([row["slowest"] for row in rows]), seconds(hit[len(hit) // 2]) if hit else "", longest(hit),
            longest([one for row in rows for one in row["others"]]), f"{sum(row['seconds'] for row in rows)} s")


def main():
    kinds = {}
    with open(sys.argv[1], encoding="utf-8") as file:
        for row in map(json.loads, file):
            kinds.setdefault(row["fault"], []).append(row)
    print("\n" + " | ".join(HEAD))
    print(" | ".join("---" for _ in HEAD))
    for name, rows in kinds.items():
        print(" | ".join(shown(name, rows)))
    print()


if __name__ == "__main__":
    main()
