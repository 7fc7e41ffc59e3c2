"""Stands between the services and PostgreSQL, understands where messages of protocol 3 begin and end, and cuts a connection
where it is told to:

    before   a request has come (all up to its Sync), and nothing of it is sent on
    sent     a request was sent on whole, and nobody waits for what comes of it
    commit   a request with COMMIT was sent on whole, PostgreSQL has answered it whole, and nothing of the answer is handed on
    answer   the same, of a transaction that a client waits for: the answer to its key is stored in it
    lost     as before, of such a transaction: its COMMIT never arrives
    half     of the answer to a request, half is handed on: the cut is within a message

The program's own thread; cut() may be called from any other."""
import asyncio
import collections
import struct
import threading

KINDS = ("before", "sent", "commit", "answer", "lost", "half")
SSL, GSS = 80877103, 80877104


class Cut:
    """One cut that is wanted, until it was made."""

    def __init__(self, kind):
        self.kind, self.made = kind, threading.Event()


class Messages:
    """A stream of bytes cut into messages; the first ones of a client have no type."""

    def __init__(self, reader, is_client):
        self.reader, self.is_starting = reader, is_client

    async def next(self):
        """(type, whole message); raises IncompleteReadError at the end."""
        head = b"" if self.is_starting else await self.reader.readexactly(1)
        length = await self.reader.readexactly(4)
        size = struct.unpack("!I", length)[0]
        if size < 4 or size > 1 << 28:
            raise asyncio.IncompleteReadError(length, None)
        body = await self.reader.readexactly(size - 4)
        if self.is_starting:
            code = struct.unpack("!I", body[:4])[0] if len(body) >= 4 else 0
            self.is_starting = code in (SSL, GSS)
            return ("negotiate" if self.is_starting else "start"), length + body
        return head.decode("latin-1"), head + length + body


def is_commit(kind, message):
    """Parse of an unnamed statement `commit`."""
    return kind == "P" and message[5:].lower().startswith(b"\0commit\0")


def is_answer(kind, message):
    """Bind of the statement that stores what a client is told."""
    return kind == "B" and message[5:].startswith(b"\0answer_add_")


class Connection:
    def __init__(self, shim, client, server):
        self.shim, self.client, self.server = shim, client, server
        self.requests = collections.deque()  # cuts to make on answers under way, in order; None = none
        self.is_cut = False

    def cut(self, cut):
        self.is_cut = True
        for _, writer in (self.client, self.server):
            writer.transport.abort()
        self.shim.note(cut)

    async def client_side(self):
        messages, parts, has_commit, has_answer = Messages(self.client[0], True), [], False, False
        while not self.is_cut:
            kind, message = await messages.next()
            if kind in ("negotiate", "start", "p"):
                if kind == "negotiate":  # neither TLS nor GSSAPI here
                    self.client[1].write(b"N")
                else:
                    self.server[1].write(message)
                continue
            parts.append(message)
            has_commit = has_commit or is_commit(kind, message)
            has_answer = has_answer or is_answer(kind, message)
            if kind in "SQX":
                cut = self.shim.wanted(has_commit, has_answer) if kind == "S" else None
                if cut is not None and cut.kind in ("before", "lost"):
                    self.cut(cut)
                    return
                self.requests.append(cut if cut is None or cut.kind != "sent" else None)
                self.server[1].write(b"".join(parts))
                await self.server[1].drain()
                if cut is not None and cut.kind == "sent":
                    await self.sent_on()
                    self.cut(cut)
                    return
                parts, has_commit, has_answer = [], False, has_answer and not has_commit

    async def sent_on(self):
        """Until the kernel has taken it all: abort() drops what it has not."""
        while self.server[1].transport.get_write_buffer_size() > 0:
            await asyncio.sleep(0)

    async def server_side(self):
        messages, is_up, held = Messages(self.server[0], False), False, []
        while not self.is_cut:
            kind, message = await messages.next()
            if not is_up:
                is_up = kind == "Z"
                self.client[1].write(message)
                continue
            cut = self.requests[0] if self.requests else None
            if cut is None:
                self.client[1].write(message)
                await self.client[1].drain()
            else:
                held.append(message)
            if kind == "Z":
                self.requests.popleft()
                if cut is not None:
                    await self.withhold(cut, b"".join(held))
                    return

    async def withhold(self, cut, answer):
        if cut.kind == "half":
            self.client[1].write(answer[:max(1, len(answer) // 2)])
            await self.client[1].drain()
            self.client[1].close()  # what was written is to arrive; abort() would drop it
            await asyncio.sleep(0)
        self.cut(cut)

    async def run(self):
        sides = [asyncio.ensure_future(side) for side in (self.client_side(), self.server_side())]
        await asyncio.wait(sides, return_when=asyncio.FIRST_COMPLETED)
        for side in sides:
            side.cancel()
        await asyncio.gather(*sides, return_exceptions=True)
        for _, writer in (self.client, self.server):
            writer.close()
        for cut in filter(None, self.requests):  # the server went away before it answered: to be made elsewhere
            if not cut.made.is_set():
                self.shim.again(cut)


class Shim:
    """Listens at 127.0.0.1:port (0 = any) for PostgreSQL at 127.0.0.1:database_port."""

    def __init__(self, database_port, port=0):
        self.database_port, self.port = database_port, port
        self.lock, self.queue, self.counts = threading.Lock(), collections.deque(), collections.Counter()
        self.loop, self.up = asyncio.new_event_loop(), threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        if not self.up.wait(30):
            raise AssertionError("the shim does not start")

    def _run(self):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", self.port, limit=1 << 22))
        self.port = server.sockets[0].getsockname()[1]
        self.up.set()
        self.loop.run_forever()

    async def _accept(self, reader, writer):
        try:
            server = await asyncio.open_connection("127.0.0.1", self.database_port, limit=1 << 22)
        except OSError:
            writer.transport.abort()
            return
        await Connection(self, (reader, writer), server).run()

    def wanted(self, has_commit, has_answer):
        """The next cut, if it may be made at such a request."""
        with self.lock:
            kind = self.queue[0].kind if self.queue else None
            if kind is None or (kind == "commit" and not has_commit) or (kind in ("answer", "lost") and not (has_commit and has_answer)):
                return None
            return self.queue.popleft()

    def note(self, cut):
        with self.lock:
            self.counts[cut.kind] += 1
        cut.made.set()

    def again(self, cut):
        with self.lock:
            self.queue.appendleft(cut)

    def cut(self, kind):
        """At the next request that fits; the caller waits for `made`."""
        cut = Cut(kind)
        with self.lock:
            self.queue.append(cut)
        return cut
