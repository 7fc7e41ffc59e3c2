"""Looks at a running cluster from outside, all the time, whatever happens to it: each service is read ten times a second, the
ledger written four times, and no look waits for another. So a pause is what somebody outside would have seen."""
import asyncio
import json
import os
import time
import urllib.parse
import uuid

import accord
from machine import Machine
from stage import SERVICES

READ_S, WRITE_S = 0.1, 0.25
GIVE_UP_S = 60  # an answer that takes longer never comes
READS = {"membership": "", "ledger": "/ledger/accounts", "reinvestment": "/reinvestment/ring-fences", "risk": "/risk/risks?limit=1",
         "kpi": "/kpi/indicators"}


class Look:
    """One request of ours: what was asked, when, and what came of it; status 0 = no answer."""

    def __init__(self, what, began):
        self.what, self.began, self.ended, self.status, self.kind, self.code = what, began, None, 0, "", ""

    @property
    def took(self):
        return (self.ended or time.monotonic()) - self.began

    @property
    def is_success(self):
        return 200 <= self.status < 300


class Watch(accord.Beside):
    def __init__(self, stage, truth):
        super().__init__()
        self.stage, self.truth, self.looks = stage, truth, []
        self.director, self.finance = stage.alliance.director.token, stage.finance.token
        base = urllib.parse.urlsplit(os.environ["ACCORD_BASE_URL"])
        self.address = base.hostname, base.port
        self.is_writing = True
        self.machine = Machine(os.environ.get("ACCORD_SCRATCH", "/tmp"))

    def run(self):
        with self.machine:
            asyncio.run(self._repeat_all())

    # --- asking ---------------------------------------------------------------------------------------------------

    async def _repeat_all(self):
        loops = [self._repeat(READ_S, self._read, service) for service in SERVICES]
        await asyncio.gather(*loops, self._repeat(WRITE_S, self._write))

    async def _repeat(self, period, ask, *words):
        under_way = set()
        while not self.ending.is_set():
            one = asyncio.ensure_future(ask(*words))
            under_way.add(one)
            one.add_done_callback(under_way.discard)
            await asyncio.sleep(period)
        if under_way:
            await asyncio.wait(under_way)

    async def _read(self, service):
        head = f"GET {self.stage.alliance.path(READS[service])} HTTP/1.1\r\nAuthorization: Bearer {self.director}\r\n"
        await self._ask(service, head, b"")

    async def _write(self):
        """A posting; what is acknowledged must stand like everybody else's."""
        if not self.is_writing:
            return
        request = {"service": "ledger", "method": "POST", "path": self.stage.alliance.path("/ledger/transactions"),
                   "body": self.stage.transaction(1), "key": str(uuid.uuid4()), "request": str(uuid.uuid4()),
                   "type": "ledger.transaction.posted.v1", "person": self.stage.finance}
        body = json.dumps(request["body"]).encode()
        look, head, text = await self._ask("write", (
            f"POST {request['path']} HTTP/1.1\r\nAuthorization: Bearer {self.finance}\r\nIdempotency-Key: {request['key']}\r\n"
            f"X-Request-ID: {request['request']}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"), body)
        if look.status == 201:
            request.update(status=201, text=text, location=head.get("location"))
            await asyncio.get_running_loop().run_in_executor(None, self.truth.write, request)

    async def _ask(self, what, head, body):
        look, headers, text = Look(what, time.monotonic()), {}, ""
        self.looks.append(look)
        try:
            answer = await asyncio.wait_for(self._exchange(head, body), GIVE_UP_S)
            first, _, rest = answer.partition(b"\r\n\r\n")
            lines = first.decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
            if len(rest) == int(headers.get("content-length", -1)):
                text, look.status, look.kind = rest.decode(), int(lines[0].split()[1]), headers.get("content-type", "")
                look.code = json.loads(text)["code"] if look.kind == "application/problem+json" else ""
        except (OSError, asyncio.TimeoutError, ValueError, IndexError):
            pass
        look.ended = time.monotonic()
        return look, headers, text

    async def _exchange(self, head, body):
        reader, writer = await asyncio.open_connection(*self.address)
        try:
            writer.write(f"{head}Host: accord\r\nAccept: application/json\r\nConnection: close\r\n\r\n".encode() + body)
            return await reader.read()
        finally:
            writer.close()

    def stop_writing(self):
        self.is_writing = False
        accord.until(lambda: all(one.ended for one in list(self.looks) if one.what == "write"), "the last look has ended", GIVE_UP_S + 30)

    # --- what was seen ----------------------------------------------------------------------------------------------

    def succeeds(self, what, since):
        """Whether something that was asked after this moment was answered well."""
        return any(one.is_success for one in list(self.looks) if one.what == what and one.began >= since and one.ended)

    def all_succeed(self, since):
        return all(self.succeeds(what, since) for what in (*SERVICES, "write"))

    def pause(self, what, since, until):
        """The longest time without a success that began or ended between these moments, but for what the machine stood still."""
        moments = sorted(one.ended for one in self.looks if one.what == what and one.is_success and one.ended)
        longest, before = 0.0, since
        for moment in moments:
            if moment >= since:
                if before > until:
                    break
                longest, before = max(longest, self._without(before, moment)), moment
        if not moments or moments[-1] < until:
            longest = max(longest, self._without(before, until))
        return longest

    def _without(self, since, until):
        return until - since - self.machine.stood_for(since, until)

    def slowest(self, since, until):
        """How long an answer took that was asked for between these moments, at most."""
        return max((one.took for one in self.looks if since <= one.began <= until), default=0.0)

    def answers(self, since, until):
        """How often each status, also 0 = none, was the answer to what was asked between these moments, if that has ended."""
        found = {}
        for one in list(self.looks):
            if since <= one.began <= until and one.ended:
                found[one.status] = found.get(one.status, 0) + 1
        return dict(sorted(found.items()))

    def unfit(self, allowed):
        """Answers that nobody should get: other failures than these, or such that are no problem."""
        return [f"{one.what}: {one.status} {one.kind} {one.code} after {one.took:.1f} s" for one in self.looks
                if not one.is_success and (not self._is_allowed(one, allowed) or (one.status and one.kind != "application/problem+json"))]

    def _is_allowed(self, one, allowed):
        """A machine that stands still allows a 503 to whom it kept waiting: the answer that every operation documents for it.
        Where the database goes, an attempt that was lost with its connection may be under way there for a moment more, and the
        next attempt is told so: it is repeated with its key like one that got a 503."""
        return (one.status in allowed or (one.status == 503 and self.machine.stood_still(one.began, one.began + one.took))
                or (one.code == "REQUEST_RUNNING" and 503 in allowed))
