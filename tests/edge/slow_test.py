#!/usr/bin/env python3
"""A thousand slow clients and a flood at the production site, each from addresses of their own: what others wait
for at most doubles, measured in the same run with the same requests, and each slow one is told why it has to go."""
import asyncio
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import time

from edge import NAME, ROOT, Site, main, test
import accord  # by the path that edge sets

MEASURED_S, SAMPLES_MIN = 8, 150  # shorter than a slow client is borne
SLOW = {"headers": (400, "127.0.0.3"), "bodies": (400, "127.0.0.4"), "readers": (200, "127.0.0.5")}
FLOODERS, FLOOD_RATE = 8, 200


# --- the attackers: a process of its own, so that it does not wait for what it measures --------------------------

class Attack:
    def __init__(self, port, authority):
        self.port = port
        self.trust = ssl.create_default_context(cafile=authority)
        self.found = {}

    def count(self, kind, what):
        self.found.setdefault(kind, {}).setdefault(what, 0)
        self.found[kind][what] += 1

    async def open(self, source):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.setblocking(False)
        sock.bind((source, 0))
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self.port))
        return await asyncio.open_connection(sock=sock, ssl=self.trust, server_hostname=NAME, limit=4096, ssl_handshake_timeout=60)

    async def slow(self, kind, source, begun, go):
        reader, writer = await self.open(source)
        writer.write({"headers": b"GET / HTTP/1.1\r\nHost: %s\r\nX-Slow: ", "bodies": b"POST /v1/alliances HTTP/1.1\r\nHost: %s\r\nContent-Length: 100000\r\n\r\n",
                      "readers": b"GET /v1/openapi.json HTTP/1.1\r\nHost: %s\r\n\r\n"}[kind] % NAME.encode())
        begun.release()
        await go.wait()
        dripping = asyncio.create_task(self.drip(writer)) if kind != "readers" else None
        got = b""
        try:
            while len(got) < 20:
                part = await asyncio.wait_for(reader.read(64), 60)
                if not part:
                    break
                got += part
            if kind == "readers" and got.startswith(b"HTTP/1.1 200"):
                await asyncio.sleep(12)  # reads no more, for longer than nginx waits
        except (OSError, asyncio.TimeoutError):
            got += bytes(reader._buffer)  # a reset follows the answer to who still sends, and asyncio tells that first
        status = re.match(rb"HTTP/1\.1 (\d+) ", got)
        self.count(kind, status[1].decode() if status else "silence")
        if dripping:
            dripping.cancel()
        writer.transport.abort()

    @staticmethod
    async def drip(writer):
        while not writer.is_closing():
            writer.write(b"a")
            await asyncio.sleep(3)

    async def all_slow(self):
        begun, go = asyncio.Semaphore(0), asyncio.Event()
        tasks = []
        for kind, (number, source) in SLOW.items():
            for _ in range(number):
                tasks.append(asyncio.create_task(self.slow(kind, source, begun, go)))
                await begun.acquire()
        print("begun", flush=True)
        go.set()
        await asyncio.gather(*tasks)
        print(json.dumps(self.found), flush=True)

    async def flooder(self, number, seconds):
        """Up to five times what its address may have, on a connection after the other."""
        ends = time.monotonic() + seconds
        request = b"GET /v1/alliances HTTP/1.1\r\nHost: %s\r\n\r\n" % NAME.encode()
        while time.monotonic() < ends:
            reader, writer = await self.open(f"127.0.0.{10 + number % 2}")
            for _ in range(20):
                writer.write(request * 25)
                for _ in range(25):
                    head = await reader.readuntil(b"\r\n\r\n")
                    await reader.readexactly(int(re.search(rb"Content-Length: (\d+)", head)[1]))
                    self.count("flood", head[9:12].decode())
                await asyncio.sleep(0.1)
            writer.transport.abort()

    async def flood(self, seconds):
        print("begun", flush=True)
        await asyncio.gather(*(self.flooder(number, seconds) for number in range(FLOODERS)))
        print(json.dumps(self.found), flush=True)


def attack(kind, port, authority):
    own = Attack(int(port), authority)
    asyncio.run(own.all_slow() if kind == "slow" else own.flood(float(kind)))


class Attacker:
    def __init__(self, kind, site):
        self.process = subprocess.Popen(["nice", "-n", "15", sys.executable, os.path.abspath(__file__), "--attack", kind, str(site.port),
                                         f"{site.folder}/authority.pem"], stdout=subprocess.PIPE, text=True)
        said = self.process.stdout.readline()
        assert said == "begun\n", said

    def end(self):
        try:
            return json.loads(self.process.stdout.read())
        finally:
            self.process.wait(120)


# --- the others -----------------------------------------------------------------------------------------------

class Others:
    """One client that reads a risk again and again, over one connection."""

    def __init__(self, site):
        alliance = accord.Alliance("Slow")
        person = alliance.appoint("qual.zz3", "quality-lead", "ZZ3")
        path = alliance.path("/risk/risks")
        accord.until(lambda: person.do("GET", path, headers=person.after()).status == 200, "risk knows the alliance")
        made = person.do("POST", path, {"title": "Slow", "cause": "c", "event": "e", "effect": "e", "category": "workforce",
                                        "owner": {"organisation": "ZZ3"}, "likelihood": 4, "consequence": 4}).expect(201).body
        self.site, self.raw = site, (f"GET {path}/{made['id']} HTTP/1.1\r\nHost: {NAME}\r\nAuthorization: Bearer {person.token}\r\n\r\n").encode()

    def p99_ms(self):
        took, refused, ends = [], 0, time.monotonic() + MEASURED_S
        with self.site.connect() as connection:
            while time.monotonic() < ends or len(took) < SAMPLES_MIN:
                began = time.monotonic()
                connection.sendall(self.raw)
                got = b""
                while b"\r\n\r\n" not in got:
                    got += connection.recv(65536)
                length = int(re.search(rb"Content-Length: (\d+)", got)[1])
                while len(got) < got.index(b"\r\n\r\n") + 4 + length:
                    got += connection.recv(65536)
                took.append(time.monotonic() - began)
                accord.pause(0.004)  # well below what an address may have
                refused += not got.startswith(b"HTTP/1.1 200 ")
        assert refused <= len(took) * 0.01 + 1, f"{refused} of {len(took)} were refused: {got[:300]}"
        return sorted(took)[int(len(took) * 0.99)] * 1000


def at_most_doubles(site, kind, check):
    """Before, during and after; the calm is the worse of what was before and after. When the bar is missed, the machine
    may have been disturbed by others: up to twice again."""
    others = Others(site)
    for attempt in range(3):
        before = others.p99_ms()
        attacker = Attacker(kind, site)
        try:
            during = others.p99_ms()
            was_on = attacker.process.poll() is None
        finally:
            found = attacker.end()
        after = others.p99_ms()
        check(found)
        assert was_on or attempt < 2, "the attack ended before the others were measured"
        if was_on and during <= 2 * max(before, after):
            return f"p99 {before:.1f} ms before, {during:.1f} during, {after:.1f} after; {json.dumps(found)}; run {attempt + 1}"
    raise AssertionError(f"p99 {before:.1f} ms before, {during:.1f} during, {after:.1f} after: more than doubled three times")


def slow_ones_are_told(found):
    for kind, (number, _) in SLOW.items():
        assert sum(found[kind].values()) == number and "silence" not in found[kind], found
    assert found["headers"] == {"408": SLOW["headers"][0]}, found
    assert set(found["bodies"]) == {"408", "429"} and set(found["readers"]) <= {"200", "429"}, found


@test
def a_thousand_slow_clients_hinder_nobody_and_are_told():
    with Site() as site:
        return at_most_doubles(site, "slow", slow_ones_are_told)


def flood_is_told(found):
    assert set(found["flood"]) == {"401", "429"} and found["flood"]["429"] > found["flood"]["401"], found


@test
def a_flood_hinders_nobody_and_is_told():
    with Site(address_rate=FLOOD_RATE) as site:
        return at_most_doubles(site, "15", flood_is_told)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--attack"]:
        attack(*sys.argv[2:])
    else:
        sys.exit(main())
