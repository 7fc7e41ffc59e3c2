#!/usr/bin/env python3
"""Plays the example and the first month of another alliance through the REST API, once per data folder, and says how to go on
from there. What a killed run had begun is taken up where it stopped."""
import json
import os
import shlex
import sys

from client import BASE_URL, BIN, DATA, KEYS, SERVICES, Failed, Person, pounds, say
from month import Month
from page import page
from record import Record
from story import Example

REMEMBERED = os.path.join(DATA, "example.json")
BEGUN = os.path.join(DATA, "example.begun")


def remember(told):
    with open(REMEMBERED + ".new", "w", encoding="utf-8") as file:
        json.dump(told, file, indent=1)
    os.replace(REMEMBERED + ".new", REMEMBERED)


def remembered():
    """What an earlier run told, if the alliance is still there."""
    try:
        with open(REMEMBERED, encoding="utf-8") as file:
            told = json.load(file)
    except (OSError, ValueError):
        return None
    answer = Person("dana.director", "ZZ1").ask("GET", f"/v1/alliances/{told['alliance']}")
    return told if answer.status == 200 else None


def print_summary(told, is_new):
    token = f"{shlex.quote(BIN + '/accord-token')} --keys {shlex.quote(KEYS)}"
    path = f"{BASE_URL}/v1/alliances/{told['alliance']}"
    print(f"""
Accord is up{'' if is_new else ' and has found its data'}: {BASE_URL}

The example's alliance {told['alliance']}
  surplus in the ring-fence  {pounds(told['surplus'])}, of it still there {pounds(told['fence'][0])}
  hernia hub                 {pounds(told['award'])} awarded, {pounds(told['drawn'])} paid
  second case                {told['refusal']}
  on record                  {told['observations']} observations, {told['events']} events in {len(SERVICES)} verified journals

Tokens, for half an hour each:
  {token} --as alliance-director
  {token} --as partner-system
  {token} --as quality-lead

To try (paste them):
  curl -sS -H "Authorization: Bearer $({token} --as alliance-director)" -H 'Accept: text/csv' {path}/decisions
  curl -sS -H "Authorization: Bearer $({token} --as partner-system)" {path}/ledger/transactions/{told['transaction']}/trace
  curl -sS -H "Authorization: Bearer $({token} --as quality-lead)" -H "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)" -H 'Content-Type: application/json' -d '{{"title":"Winter beds","cause":"Influenza comes early.","event":"Elective beds fill with emergencies.","effect":"Lists are cancelled.","category":"service","likelihood":3,"consequence":4}}' {path}/risk/risks

The first month of the alliance {told['month']['alliance']}; as a page to read and print:
  curl -sS -H "Authorization: Bearer $({token} --as alliance-director)" -H 'Accept: text/html' {BASE_URL}/v1/alliances/{told['month']['alliance']}/overview -o overview.html""", flush=True)


def play():
    """Both stories; what they told."""
    Person.record = Record(BEGUN)
    if Person.record.is_resumed:
        say("taken up where an earlier run was stopped")
    try:
        example, month = Example(), Month()
        example.play()
        say("the first month of another alliance")
        month.play()
        told = {**example.told, "month": month.told}
        remember(told)
    except Exception:  # taken up again, it would fail again
        Person.record.remove()
        raise
    Person.record.remove()
    Person.record = None
    return told


def main():
    told = remembered()
    is_new = told is None
    if is_new:
        told = play()
    print_summary(told, is_new)
    print(f"\n{page(told['month']['page'])}\n\nStop with Ctrl-C.", flush=True)


try:
    main()
except Failed as error:
    sys.exit(f"accord: the example failed: {error}")
