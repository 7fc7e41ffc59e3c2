#!/usr/bin/env python3
"""Who is not of the house, on the bus (environment of tests/cluster up, two instances of each service): garbage, oversized,
forged and replayed messages to a service; strangers on a dead service's port, who get no trust and feed nothing."""
import json
import os
import random
import socket
import struct
import subprocess
import sys
import time

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", part) for part in ("lib", "faults")]
import accord  # noqa: E402
import house  # noqa: E402
import recompute  # noqa: E402
import sp  # noqa: E402

SEED = int(os.environ.get("ACCORD_SEED") or random.SystemRandom().randrange(10**6))
DATABASE = os.environ["ACCORD_TEST_DATABASE"]
HEADS = b'{"question":"journal.heads","arguments":{}}'
REFUSED = "accord_bus_questions_refused_total"


def require(wanted, what):
    if not wanted:
        raise AssertionError(what)


def questions_of(service, instance=0):
    return house.configuration()["services"][service]["instances"][instance]["questions"]


def address_of(url):
    host, _, port = url.rpartition("/")[2].rpartition(":")
    return host, int(port)


RISK = address_of(questions_of("risk"))


def good():
    return sp.Voice("kpi").message(HEADS, "risk", to=questions_of("risk"))


def real_questions_are_answered():
    token, _, text = sp.ask(RISK, good()).partition(b"\n")
    require(token and "heads" in json.loads(text)["answer"], text[:200])


def garbage_is_not_listened_to():
    rng, left_open = random.Random(SEED), []
    hello = sp.hello(sp.REQ)
    pieces = [lambda: rng.randbytes(rng.randint(1, 5000)), lambda: hello[:rng.randint(1, 7)], lambda: sp.hello(0x99),
              lambda: hello + struct.pack("!Q", 2**63) + b"x", lambda: hello + struct.pack("!Q", 0),
              lambda: hello + struct.pack("!Q", 3) + b"abc", lambda: hello + struct.pack("!Q", 1000) + b"half",
              lambda: hello + rng.randbytes(rng.randint(1, 5000)), lambda: b"GET / HTTP/1.1\r\n\r\n"]
    for number in range(90):
        connection = socket.create_connection(RISK, 10)
        try:
            connection.sendall(pieces[number % len(pieces)]())
        except OSError:
            pass
        if number % 3:
            connection.close()
        else:
            left_open.append(connection)
    real_questions_are_answered()
    for connection in left_open:
        connection.close()


def oversized_is_not_read():
    for size in (4 * 1024 * 1024 + 1, 2**31, 2**40):
        with socket.create_connection(RISK, 10) as connection:
            connection.sendall(sp.hello(sp.REQ) + struct.pack("!QI", size, 0x80000001))
            sp.exactly(connection, 8)
            try:
                for _ in range(70):
                    connection.sendall(bytes(65536))
                require(connection.recv(1) == b"", f"{size} bytes were answered")
            except ConnectionError:
                pass
    real_questions_are_answered()


def refused(what, message):
    before = house.metric("risk", REFUSED)
    token, line, text = sp.ask(RISK, message).partition(b"\n")
    said = json.loads(text if line else token)
    require("problem" in said and "answer" not in said and not (line and token), f"{what}: {said}")
    require(house.metric("risk", REFUSED) == before + 1, f"{what} was not counted")


def forged_and_replayed_are_refused():
    kpi, own, now = sp.Voice("kpi"), questions_of("risk"), int(time.time())
    strange = os.path.join(os.environ["ACCORD_SCRATCH"], "strange.pem")
    subprocess.run(["openssl", "genpkey", "-quiet", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", strange], check=True)
    none = sp.encode({"alg": "none", "typ": "JWT", "kid": kpi.kid})
    for what, message in {
            "no token": HEADS, "an empty one": b"\n" + HEADS, "nothing": b"", "noise": bytes(range(256)) * 20,
            "a token too long": b"x" * 5000 + b"\n" + HEADS,
            "a stranger's key under our name": sp.Voice("kpi", strange).message(HEADS, "risk", to=own),
            "one service's key under another's": kpi.message(HEADS, "risk", to=own, iss="ledger"),
            "an unknown key": kpi.message(HEADS, "risk", {"alg": "ES256", "typ": "JWT", "kid": "kpi-999"}, to=own),
            "a key in the header": kpi.message(HEADS, "risk", {"alg": "ES256", "typ": "JWT", "kid": "../kpi"}, to=own),
            "no signature": f"{none}.{sp.encode({'iss': 'kpi'})}.".encode() + b"\n" + HEADS,
            "of another message": good().replace(b"heads", b"reads"),
            "for another service": kpi.message(HEADS, "ledger", to=own),
            "for another instance": kpi.message(HEADS, "risk", to=questions_of("risk", 1)),
            "for nobody": kpi.message(HEADS, "risk"),
            "a reply": kpi.message(HEADS, "risk", to=own, inReplyTo="018f0000-0000-7000-8000-000000000001"),
            "old": kpi.message(HEADS, "risk", to=own, iat=now - 60, exp=now - 50),
            "of the future": kpi.message(HEADS, "risk", to=own, iat=now + 60, exp=now + 70),
            "good for ever": kpi.message(HEADS, "risk", to=own, exp=now + 10**6),
            "without an id": kpi.message(HEADS, "risk", to=own, jti=None)}.items():
        refused(what, message)
    once = good()
    require(b'"answer"' in sp.ask(RISK, once), "a good question is not answered")
    refused("the same again", once)
    require("is refused (" in house.log_of(house.folders("risk")[0]), "the log says nothing")
    real_questions_are_answered()


class Stage:
    """An alliance with one who logs risks, which membership follows."""

    def __init__(self):
        self.alliance = accord.Alliance("Among strangers")
        self.quality = self.alliance.appoint("qual.zz3", "quality-lead", "ZZ3")
        accord.until(lambda: self.quality.do("GET", self.alliance.path("/risk/risks"), headers=self.quality.after()).status == 200, "risk knows her")

    def risk(self):
        return self.quality.do("POST", self.alliance.path("/risk/risks"), {
            "title": "Theatre staffing", "cause": "Vacancies", "event": "Lists are cancelled", "effect": "Patients wait longer",
            "category": "workforce", "owner": {"organisation": "ZZ3"}, "likelihood": 3, "consequence": 3}, seconds=60).expect(201)

    def followed(self):
        """How far membership has followed risk's journal, and what there is of it."""
        row = recompute.query(DATABASE, "select coalesce(max(c.sequence), 0) as done, (select sequence from risk.journal_head where "
                              f"alliance_id = '{self.alliance.id}') as head from membership.journal_cursor c where source = 'risk' and "
                              f"alliance_id = '{self.alliance.id}'")[0]
        return int(row["done"]), int(row["head"])

    def caught_up(self):
        accord.until(lambda: len(set(self.followed())) == 1, "membership has followed risk to the end", 90)


def replies():
    """What strangers say: noise, frames that are none, unsigned, oversized, forged, another's words."""
    strange = os.path.join(os.environ["ACCORD_SCRATCH"], "strange.pem")
    answer = json.dumps({"answer": {"heads": [], "latest": None, "events": [], "head": 0}}).encode()
    kept = []

    def forged(question):
        claims = json.loads(sp.base64.urlsafe_b64decode(question.split(b".")[1] + b"=="))
        return sp.Voice("risk", strange).message(answer, claims["iss"], inReplyTo=claims["jti"])

    def kept_one(question):
        kept.append(sp.Voice("risk").message(answer, "membership", inReplyTo="018f0000-0000-7000-8000-000000000001"))
        return kept[0]
    return [lambda question: os.urandom(300), lambda question: answer, lambda question: b"\n" + answer, forged, kept_one,
            lambda question: question, lambda question: bytearray(struct.pack("!Q", 2**40) + b"much"), lambda question: b"",
            lambda question: bytearray(os.urandom(64)), lambda question: bytes(4 * 1024 * 1024 + 1)]


def strangers_counted():
    return sum(house.metric("membership", "accord_bus_replies_refused_total", instance, source="risk") for instance in range(2))


def one_stranger_beside_a_real_instance(stage):
    folder = house.folders("risk")[0]
    house.down(folder)
    stranger = sp.Stranger(RISK, replies())
    stranger.start()
    before = strangers_counted()
    try:
        accord.until(lambda: strangers_counted() > before, "somebody asks the stranger", 60)
        for _ in range(3):
            stage.risk()
            stage.caught_up()
    finally:
        stranger.end()
        house.up(folder, 90)
    require(any("whoever answers for risk at" in house.log_of(one) for one in house.folders("membership")), "the log says nothing")


def strangers_instead_of_all(stage):
    stage.caught_up()
    stage.risk()
    for folder in house.folders("risk"):
        house.down(folder)
    strangers = [sp.Stranger(address_of(questions_of("risk", instance)), replies()) for instance in range(2)]
    before, counted = stage.followed()[0], strangers_counted()
    for stranger in strangers:
        stranger.start()
    try:
        accord.until(lambda: strangers_counted() >= counted + 10 and sum(one.asked for one in strangers) >= 20, "strangers are asked", 90)
        read = stage.alliance.director.do("GET", stage.alliance.path("/decisions")).expect(200)
        require("items" in read.body, "membership does not go on")
        stalled = sum(house.metric("membership", "accord_consumer_stalled", one, source="risk") for one in range(2))
        require(stalled == 0, "a stranger's words have stalled an alliance")
        require(stage.followed()[0] >= before, "the cursor went back")
    finally:
        for stranger in strangers:
            stranger.end()
        for folder in house.folders("risk"):
            house.up(folder, 90)
    stage.risk()
    stage.caught_up()


def noise_on_wake_ups_is_nothing(stage):
    """A stranger's PUB on a dead instance's port wakes everybody for nothing."""
    folder = house.folders("risk")[0]
    wake = address_of(house.configuration()["services"]["risk"]["instances"][0]["wake"])
    house.down(folder)
    listening = socket.create_server(wake)
    listening.settimeout(60)
    try:
        connection, _ = listening.accept()
        connection.sendall(sp.hello(0x20))
        sp.exactly(connection, 8)
        for text in (os.urandom(100), b"", f"{stage.alliance.id} 999999999".encode(), b"x" * 4096, stage.alliance.id.encode()) * 20:
            connection.sendall(struct.pack("!Q", len(text)) + text)
        stage.risk()
        stage.caught_up()
        connection.close()
    finally:
        listening.close()
        house.up(folder, 90)


def main():
    print(f"strangers: seed {SEED}", flush=True)
    stage = Stage()
    house.report([
        ("real questions are answered", real_questions_are_answered),
        ("garbage is not listened to", garbage_is_not_listened_to),
        ("oversized messages are not read", oversized_is_not_read),
        ("forged and replayed questions are refused, counted and logged", forged_and_replayed_are_refused),
        ("a stranger beside a real instance feeds nothing, and nobody waits for it", lambda: one_stranger_beside_a_real_instance(stage)),
        ("strangers instead of all instances get no trust; it goes on with the real ones", lambda: strangers_instead_of_all(stage)),
        ("a stranger's wake-ups are noise", lambda: noise_on_wake_ups_is_nothing(stage))])


if __name__ == "__main__":
    main()
