#!/usr/bin/env python3
"""A thousand slow clients and a flood at the production site, each from addresses of their own: what others wait
for at most doubles, and each slow one is told why it has to go, or cut off when there is nothing left to say it with.

The machine has others, too: quiet windows and windows beside the attack take turns, and their medians are compared."""
import asyncio
import json
import os
import re
import select
import socket
import ssl
import statistics
import subprocess
import sys
import time

from edge import NAME, ROOT, Site, main, test
import accord  # by the path that edge sets

WINDOW_S, SAMPLES_MIN = 3, 150  # shorter than a slow client is borne
SLOW_ROUNDS, FLOOD_ROUNDS = 3, 9
UNREAD_S, PATIENCE_S = 10, 15  # how long an answer may stay unread (send_timeout), and what a loaded machine adds at most
SLOW = {"headers": (400, "127.0.0.3"), "bodies": (400, "127.0.0.4"), "readers": (200, "127.0.0.5")}
FLOODERS, FLOOD_RATE = 8, 100


# --- the attackers: a process of its own, so that it does not wait for what it measures --------------------------

class Attack:
    def __init__(self, port, authority):
        self.port = port
        self.trust = ssl.create_default_context(cafile=authority)
        self.found = {}
        self.ends = select.epoll()  # of connections that nobody reads
        self.ended = {}
        self.unread_s = 0.0

    async def until_cut(self, sock):
        """The end of a connection, seen without reading it."""
        loop, began = asyncio.get_running_loop(), time.monotonic()
        self.ended[sock.fileno()] = over = loop.create_future()
        loop.add_reader(self.ends.fileno(), self.see_ends)
        self.ends.register(sock.fileno(), 0)  # errors and hanging up are always told
        await asyncio.wait_for(over, UNREAD_S + PATIENCE_S)
        self.unread_s = max(self.unread_s, time.monotonic() - began)

    def see_ends(self):
        for number, _ in self.ends.poll(0):
            self.ends.unregister(number)
            self.ended.pop(number).set_result(None)

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
                      "readers": b"GET /v1/openapi.json HTTP/1.1\r\nHost: %s\r\n\r\n"}[kind] % NAME.encode() * (8 if kind == "readers" else 1))
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
                await self.until_cut(writer.get_extra_info("socket"))
                got = b"HTTP/1.1 cut "
        except (OSError, asyncio.TimeoutError):
            got += bytes(reader._buffer)  # a reset follows the answer to who still sends, and asyncio tells that first
        status = re.match(rb"HTTP/1\.1 (\w+) ", got)
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
        self.found["unread"] = {"longest, s": round(self.unread_s, 1)}
        print(json.dumps(self.found), flush=True)

    async def flooder(self, number):
        """Up to ten times what its address may have, on a connection after the other; rests when it is told to."""
        request = b"GET /v1/alliances HTTP/1.1\r\nHost: %s\r\n\r\n" % NAME.encode()
        while True:
            reader, writer = await self.open(f"127.0.0.{10 + number % 2}")
            for _ in range(20):
                if not self.wanted.is_set():
                    self.resting.release()
                    await self.wanted.wait()
                writer.write(request * 25)
                for _ in range(25):
                    head = await reader.readuntil(b"\r\n\r\n")
                    await reader.readexactly(int(re.search(rb"Content-Length: (\d+)", head)[1]))
                    self.count("flood", head[9:12].decode())
                await asyncio.sleep(0.1)
            writer.transport.abort()

    async def flood(self):
        """`go` and `rest` by turns, each answered when it is so."""
        self.wanted, self.resting = asyncio.Event(), asyncio.Semaphore(0)
        flooders = [asyncio.create_task(self.flooder(number)) for number in range(FLOODERS)]
        loop = asyncio.get_running_loop()
        word = "rest\n"
        while word:
            if word == "go\n":
                self.wanted.set()
            else:
                self.wanted.clear()
                for _ in flooders:
                    await asyncio.wait_for(self.resting.acquire(), 60)
            print("begun", flush=True)
            word = await loop.run_in_executor(None, sys.stdin.readline)
        for one in flooders:
            one.cancel()
        print(json.dumps(self.found), flush=True)


def attack(kind, port, authority):
    own = Attack(int(port), authority)
    asyncio.run(own.all_slow() if kind == "slow" else own.flood())


class Attacker:
    def __init__(self, kind, site):
        self.process = subprocess.Popen(["nice", "-n", "15", sys.executable, os.path.abspath(__file__), "--attack", kind, str(site.port),
                                         f"{site.folder}/authority.pem"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.has_begun()

    def has_begun(self):
        said = self.process.stdout.readline()
        assert said == "begun\n", said

    def tell(self, word):
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        self.has_begun()

    def is_on(self):
        return self.process.poll() is None

    def end(self):
        try:
            self.process.stdin.close()
            return json.loads(self.process.stdout.read())
        finally:
            self.process.wait(120)

    def drop(self):
        self.process.kill()
        self.process.wait(60)


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
        took, refused, ends = [], 0, time.monotonic() + WINDOW_S
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
                accord.pause(0.012)  # well below what an address may have
                refused += not got.startswith(b"HTTP/1.1 200 ")
        assert refused <= len(took) * 0.01 + 1, f"{refused} of {len(took)} were refused: {got[:300]}"
        return sorted(took)[int(len(took) * 0.99)] * 1000


class Windows:
    """p99 of the others, with and without an attack."""

    def __init__(self):
        self.quiet, self.beside = [], []

    def told(self):
        words = ", ".join(f"{name} {statistics.median(some):.1f} ms ({' '.join(f'{one:.1f}' for one in some)})"
                          for name, some in (("quiet", self.quiet), ("beside the attack", self.beside)))
        return f"p99, median of {len(self.quiet)} windows each: {words}"

    def at_most_doubles(self):
        assert statistics.median(self.beside) <= 2 * statistics.median(self.quiet), f"more than doubled: {self.told()}"


def slow_ones_are_told(found):
    longest = found.pop("unread")["longest, s"]
    for kind, (number, _) in SLOW.items():
        assert sum(found[kind].values()) == number and "silence" not in found[kind], found
    assert found["headers"] == {"408": SLOW["headers"][0]}, found
    assert set(found["bodies"]) == {"408", "429"}, found
    # Once an answer has begun there is no status left: who does not read it is cut off.
    assert found["readers"] == {"cut": SLOW["readers"][0]}, found
    return f"longest unread {longest} s"


@test
def a_thousand_slow_clients_hinder_nobody_and_are_told():
    with Site() as site:
        others, windows = Others(site), Windows()
        for turn in range(SLOW_ROUNDS):
            windows.quiet.append(others.p99_ms())
            attacker = Attacker("slow", site)
            try:
                windows.beside.append(others.p99_ms())
                assert attacker.is_on(), "the attack ended before the others were measured"
                found = attacker.end() if turn == SLOW_ROUNDS - 1 else None
            finally:
                attacker.drop()
        longest = slow_ones_are_told(found)
        windows.at_most_doubles()
        return f"{windows.told()}; {json.dumps(found)}; {longest}"


@test
def a_flood_hinders_nobody_and_is_told():
    with Site(address_rate=FLOOD_RATE) as site:
        others, windows = Others(site), Windows()
        attacker = Attacker("flood", site)
        try:
            for _ in range(FLOOD_ROUNDS):
                windows.quiet.append(others.p99_ms())
                attacker.tell("go")
                windows.beside.append(others.p99_ms())
                attacker.tell("rest")
            found = attacker.end()
        finally:
            attacker.drop()
        assert set(found["flood"]) == {"401", "429"} and found["flood"]["429"] > found["flood"]["401"], found
        windows.at_most_doubles()
        return f"{windows.told()}; {json.dumps(found)}"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--attack"]:
        attack(*sys.argv[2:])
    else:
        sys.exit(main())
