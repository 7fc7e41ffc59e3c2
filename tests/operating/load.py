"""Somebody works, without a pause and without repeating anything, until TERM; then: was every request answered
well, and does what was acknowledged stand there?    load.py FILE     (FILE gets the counts)"""
import collections
import os
import signal
import sys
import threading
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import accord  # noqa: E402
from stage import RISK, stage  # noqa: E402

WORKERS = 6
READ = ("/ledger/accounts", "/risk/risks", "/reinvestment/cases", "/kpi/indicators", "/decisions")


class Load:
    def __init__(self):
        self.alliance = f"/v1/alliances/{stage()['ID']}"
        self.answers, self.bad, self.made = collections.Counter(), [], []
        self.slowest, self.is_over, self.lock = 0.0, threading.Event(), threading.Lock()

    def ask(self, person, number, round_number):
        if number % 3 == 0:
            return person.ask("POST", f"{self.alliance}/risk/risks", RISK, key=str(uuid.uuid4()))
        return person.ask("GET", self.alliance + READ[(round_number + number) % len(READ)])

    def work(self, number):
        person, round_number = accord.Person("dana.director", "ZZ1"), 0
        while not self.is_over.is_set():
            round_number += 1
            began = time.monotonic()
            try:
                answer = self.ask(person, number, round_number)
                status = answer.status
            except accord.Lost as error:
                answer, status = None, f"lost: {error}"
            with self.lock:
                self.answers[status] += 1
                self.slowest = max(self.slowest, time.monotonic() - began)
                if status == 201:
                    self.made.append(answer.body["id"])
                elif status != 200:
                    self.bad.append(f"{status} {answer.text[:300] if answer else ''}")

    def missing(self):
        person, there, path = accord.Person("dana.director", "ZZ1"), set(), "/risk/risks?limit=1000"
        while path:
            body = person.do("GET", self.alliance + path).expect(200).body
            there |= {one["id"] for one in body["items"]}
            cursor = body.get("nextCursor")
            path = f"/risk/risks?limit=1000&cursor={cursor}" if cursor else None
        return set(self.made) - there


def main():
    load = Load()
    signal.signal(signal.SIGTERM, lambda *_: load.is_over.set())
    threads = [threading.Thread(target=load.work, args=(number,)) for number in range(WORKERS)]
    for thread in threads:
        thread.start()
    accord.until(lambda: load.made, "something is made")
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write("begun\n")
    while not load.is_over.wait(0.2):
        pass
    for thread in threads:
        thread.join()
    with open(sys.argv[1], "a", encoding="utf-8") as file:
        file.write(f"{dict(load.answers)}, the slowest {load.slowest:.2f} s\n")
    assert not load.bad, load.bad[:5]
    assert not load.missing(), load.missing()


main()
