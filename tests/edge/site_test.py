#!/usr/bin/env python3
"""The production site of deploy/site: what its TLS offers (by testssl), to whom it answers, whom it
makes wait, what it logs, and that neither new logs nor a new configuration lose anything."""
import concurrent.futures
import contextlib
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import uuid

from edge import NAME, ROOT, Answer, Site, expect, get, main, receive, send, test, until
import accord  # by the path that edge sets

# What testssl warns of and is not the site's; each with why. The authority is a test's, but testssl is told to
# trust it (--add-ca), and its certificates name a list of revoked ones, as a public one's do: it takes no exception.
NOT_THE_SITES = {
    "engine_problem": "testssl's own openssl has no GOST",
    "secure_renego": "asks without a name, which is refused; nobody_renegotiates asks with one",
}
BAD = {"MEDIUM", "HIGH", "CRITICAL", "FATAL", "WARN"}
LOOKED_AT = {"SSLv2", "TLS1", "TLS1_2", "TLS1_3", "cipherlist_NULL", "PFS", "cert_chain_of_trust", "HSTS_time", "heartbleed", "ROBOT",
             "BREACH", "LUCKY13", "RC4"}


def testssl():
    """What it finds at a site of its own, while other tests run: it takes minutes, and mostly waits for itself."""
    with Site() as site, tempfile.TemporaryDirectory() as scratch:
        found = os.path.join(scratch, "found.json")
        done = subprocess.run(
            ["testssl", "--quiet", "--color=0", "--warnings=off", "--nodns=none", f"--add-ca={site.folder}/authority.pem",
             "--ip=127.0.0.1", f"--jsonfile={found}", "-p", "-s", "-f", "-P", "-S", "-h", "-U", f"{NAME}:{site.port}"],
            capture_output=True, text=True, timeout=1200, check=False)
        assert os.path.exists(found), done.stdout[-2000:] + done.stderr[-2000:]
        with open(found, encoding="utf-8") as file:
            return json.load(file)


@test
def strangers_names_get_neither_certificate_nor_service():
    with Site() as site:
        for name in ("other.test", None):
            context = ssl.create_default_context(cafile=f"{site.folder}/authority.pem")
            context.check_hostname = False
            with site.plain() as plain:
                try:
                    context.wrap_socket(plain, server_hostname=name).close()
                    raise AssertionError(f"a connection for {name} was taken")
                except ssl.SSLError as error:
                    assert "unrecognized" in str(error).lower(), error
        for head in ("GET / HTTP/1.1\r\nHost: other.test\r\n", f"GET http://other.test/ HTTP/1.1\r\nHost: {NAME}\r\n",
                     "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"):
            expect(send(f"{head}Connection: close\r\n\r\n".encode(), connect=site.connect), "REQUEST_MALFORMED")
        expect(send(f"GET http://{NAME}/v1/alliances HTTP/1.1\r\nHost: other.test\r\nConnection: close\r\n\r\n".encode(),
                    connect=site.connect), "UNAUTHENTICATED")


@test
def nobody_renegotiates():
    with Site() as site:
        said = {}
        for line in ("", "R"):
            done = subprocess.run(
                ["openssl", "s_client", "-connect", f"127.0.0.1:{site.port}", "-servername", NAME, "-tls1_2", "-CAfile",
                 f"{site.folder}/authority.pem"], input=f"{line}\n", capture_output=True, text=True, timeout=60, check=False)
            said[line] = done.stdout + done.stderr
        assert "Secure Renegotiation IS supported" in said[""] and "Verify return code: 0 (ok)" in said[""], said[""]
        assert "RENEGOTIATING" in said["R"] and "no renegotiation" in said["R"], said["R"]


@test
def plain_http_is_a_problem_where_tls_is_spoken():
    with Site() as site:
        expect(get("/v1/alliances", connect=site.plain), "REQUEST_MALFORMED")


@test
def there_is_no_http_2():
    with Site() as site:
        site.trust.set_alpn_protocols(["h2", "http/1.1"])
        with site.connect() as connection:
            assert connection.selected_alpn_protocol() == "http/1.1", connection.selected_alpn_protocol()
            connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")
            answer = receive(connection)
        assert answer.startswith(b"HTTP/1.1 400 ") and answer.count(b"HTTP/1.1 ") == 1, answer
        upgraded = get("/v1/alliances", headers="Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n", connect=site.connect)
        assert upgraded.status == 401, upgraded.status


@test
def the_sites_problems_are_the_edges():
    with Site() as site:
        for path, headers, code in (("/" + "a" * 20000, "", "URI_TOO_LONG"), ("/", f"X-Long: {'a' * 20000}\r\n", "HEADERS_TOO_LARGE"),
                                    ("/metrics", "", "NOT_FOUND"), ("/v1/alliances", "Content-Length: 9999999\r\n", "BODY_TOO_LARGE"),
                                    ("/v1/alliances", "", "UNAUTHENTICATED")):
            expect(get(path, headers=headers, connect=site.connect), code)


def statuses(site, count, token="", source="127.0.0.1"):
    """Of `count` requests on one connection."""
    with site.connect(source) as connection:
        authorization = f"Authorization: Bearer {token}\r\n" if token else ""
        line = f"GET /v1/alliances HTTP/1.1\r\nHost: {NAME}\r\n{authorization}"
        connection.sendall(f"{line}\r\n".encode() * (count - 1) + f"{line}Connection: close\r\n\r\n".encode())
        got = b""
        with contextlib.suppress(ssl.SSLError, ConnectionResetError):
            while part := connection.recv(65536):
                got += part
    return [int(status) for status in re.findall(rb"HTTP/1.1 (\d+) ", got)]


@test
def a_token_and_an_address_each_have_their_limit():
    with Site(address_rate=40) as site:
        found = statuses(site, 400)
        assert found.count(429) > 200 and found.count(401) >= 40, (found.count(401), found.count(429))
        assert statuses(site, 20, source="127.0.0.2").count(429) == 0, "another address waits, too"
    with open(os.environ["ACCORD_CONFIG"], encoding="utf-8") as file:
        config = json.load(file)
    with tempfile.NamedTemporaryFile("w", suffix=".json") as few:
        json.dump({**config, "rateLimit": 20}, few)
        few.flush()
        with Site(config=few.name) as site:
            token = f"a.b.{'c' * 80}"
            found = [status for part in range(4) for status in statuses(site, 50, token, f"127.0.0.{part + 2}")]
            assert found.count(429) > 100 and found.count(401) >= 20, (found.count(401), found.count(429))
            assert 429 not in statuses(site, 15, f"a.b.{'d' * 80}"), "another token waits, too"
            assert 429 not in statuses(site, 50), "who has none waits, too"


@test
def who_opens_too_many_connections_is_told_so():
    with Site(connections=8) as site, contextlib.ExitStack() as stack:
        begun = f"POST /v1/alliances HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 1000\r\n\r\n{{".encode()
        for _ in range(8):
            stack.enter_context(site.connect()).sendall(begun)
        answer = until(lambda: (lambda a: a if a.status == 429 else None)(get("/v1/alliances", connect=site.connect)), "the limit")
        expect(answer, "RATE_LIMITED")
        assert answer.headers["retry-after"] == "1"
        assert get("/v1/alliances", connect=lambda: site.connect("127.0.0.2")).status == 401, "another address waits, too"


def drip(connection, begun):
    """Sends one byte after the other; what comes back, when it is over."""
    connection.sendall(begun)
    connection.settimeout(1)
    got = b""
    for _ in range(90):
        try:
            part = connection.recv(65536)
            got += part
            if not part or b"}" in got:
                return got
        except (TimeoutError, ssl.SSLWantReadError):
            with contextlib.suppress(OSError):
                connection.sendall(b"a")
        except (OSError, ssl.SSLError):
            return got
    return got


@test
def slow_clients_are_told_why_they_have_to_go():
    post = f"POST /v1/alliances HTTP/1.1\r\nHost: {NAME}\r\n".encode()
    begun = (b"GET /", f"GET / HTTP/1.1\r\nHost: {NAME}\r\nX-Slow: ".encode(), post + b"Content-Length: 100000\r\n\r\n",
             post + b"Transfer-Encoding: chunked\r\n\r\n1000\r\n")
    with Site() as site, contextlib.ExitStack() as stack:
        slow = [stack.enter_context(site.connect(f"127.0.0.{3 + number % 4}")) for number in range(40)]
        with concurrent.futures.ThreadPoolExecutor(len(slow)) as pool:
            found = [pool.submit(drip, one, begun[number % 4]) for number, one in enumerate(slow)]
            while not any(one.done() for one in found):
                assert get("/v1/alliances", connect=site.connect).status == 401
                accord.pause(0.2)
            for one in found:
                expect(Answer(one.result()), "REQUEST_TIMEOUT")
    return f"{len(slow)} of {len(slow)}"


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@test
def refusals_are_logged_and_logs_turn_over_while_it_runs():
    with Site() as site:
        log = os.path.join(site.logs, "access.log")

        def refuse():
            mine = str(uuid.uuid4())
            expect(get("/metrics?secret=1", headers=f"X-Request-ID: {mine}\r\nAuthorization: Bearer secret\r\n", connect=site.connect),
                   "NOT_FOUND")
            return mine
        first = refuse()
        line = until(lambda: [one for one in lines(log) if one["requestId"] == first], "the refusal in the log")[0]
        assert line["status"] == 404 and line["client"] == "127.0.0.1" and "secret" not in json.dumps(line), line
        assert get("/v1/alliances", connect=site.connect).status == 401
        for name in ("access.log", "error.log"):
            os.rename(os.path.join(site.logs, name), os.path.join(site.logs, f"{name}.1"))
        os.kill(site.process.pid, signal.SIGUSR1)  # as logrotate does

        later = set()

        def turned():
            later.add(refuse())  # written within a second
            return os.path.exists(log) and later & {one["requestId"] for one in lines(log)}
        until(turned, "a new log is written")
        old = os.stat(f"{log}.1").st_ino

        def is_released():
            for pid in (site.process.pid, *site.workers()):
                for name in os.listdir(f"/proc/{pid}/fd"):
                    with contextlib.suppress(OSError):
                        if os.stat(f"/proc/{pid}/fd/{name}").st_ino == old:
                            return False
            return True
        until(is_released, "the old log is closed")
        assert not [one for one in lines(f"{log}.1") + lines(log) if one["status"] == 401], "the services log what they answer"


# --- reload and restart under load -------------------------------------------------------------------------

class Writer(accord.Beside):
    """Posts risks one after the other over TLS, each until it is acknowledged, with one key."""

    def __init__(self, site, person, path, number):
        super().__init__()
        self.site, self.person, self.path, self.number = site, person, path, number
        self.acknowledged, self.lost = [], 0
        self.connection = None

    def ask(self, key, title):
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.site.port)
        if self.connection.sock is None:  # nginx has said that it closes this one
            self.connection.sock = self.site.connect()
        body = json.dumps({"title": title, "cause": "c", "event": "e", "effect": "e", "category": "workforce", "likelihood": 4,
                           "owner": {"organisation": "ZZ3"}, "consequence": 4})
        self.connection.request("POST", self.path, body, {
            "Host": NAME, "Authorization": f"Bearer {self.person.token}", "Content-Type": "application/json", "Idempotency-Key": key})
        answer = self.connection.getresponse()
        return answer.status, answer.read().decode()

    def one(self, title):
        key, is_lost = str(uuid.uuid4()), False
        while True:
            try:
                status, text = self.ask(key, title)
            except (OSError, http.client.HTTPException):
                self.lost += not is_lost
                self.connection, is_lost = None, True
                accord.pause(0.02)
                continue
            if status == 201:
                return json.loads(text)["id"]
            assert status in (429, 502, 503, 504), f"{status}: {text}"

    def run(self):
        while not self.ending.is_set():
            title = f"Risk {self.number} {len(self.acknowledged)}"
            self.acknowledged.append((title, self.one(title)))


def all_risks(person, path):
    found, cursor = [], ""
    while True:
        page = person.do("GET", f"{path}?limit=1000{cursor}").expect(200).body
        found += [(item["title"], item["id"]) for item in page["items"]]
        if not page.get("nextCursor"):
            return found
        cursor = f"&cursor={page['nextCursor']}"


@test
def reloads_and_restarts_under_load_lose_nothing_acknowledged():
    alliance = accord.Alliance("Edge")
    person = alliance.appoint("qual.zz3", "quality-lead", "ZZ3")
    path = alliance.path("/risk/risks")
    accord.until(lambda: person.do("GET", path, headers=person.after()).status == 200, "risk knows the alliance")
    with Site() as site, contextlib.ExitStack() as stack:
        writers = [stack.enter_context(Writer(site, person, path, number)) for number in range(4)]

        def progress(count):
            begun = [len(writer.acknowledged) for writer in writers]
            until(lambda: all(
                len(writer.acknowledged) >= before + count or writer.error for writer, before in zip(writers, begun)), "every writer goes on")
        progress(5)
        for _ in range(5):
            before = set(site.workers())
            os.kill(site.process.pid, signal.SIGHUP)
            until(lambda b=before: set(site.workers()) - b, "new workers")
            progress(5)
        reloads_lost = sum(writer.lost for writer in writers)
        for _ in range(2):
            site.process.send_signal(signal.SIGQUIT)
            site.process.wait(60)
            site.__enter__()
            progress(5)
    acknowledged = sorted(one for writer in writers for one in writer.acknowledged)
    assert sorted(all_risks(person, path)) == acknowledged, "what was acknowledged is not what is there"
    lost = sum(writer.lost for writer in writers)
    return f"{len(acknowledged)} posted; without an answer, and repeated: {reloads_lost} in 5 reloads, {lost - reloads_lost} in 2 restarts"


# --- what testssl found in the meantime ----------------------------------------------------------------------

BESIDE = concurrent.futures.ThreadPoolExecutor(1)


@test
def testssl_finds_nothing_above_low():
    findings = FINDINGS.result()
    missing = LOOKED_AT - {one["id"] for one in findings}
    assert not missing, f"testssl did not look at {sorted(missing)}"
    bad = [f"{one['id']} {one['severity']}: {one['finding']}" for one in findings
           if one["severity"] in BAD and one["id"] not in NOT_THE_SITES]
    assert not bad, "; ".join(bad)
    low = sorted(one["id"] for one in findings if one["severity"] == "LOW")
    return f"{len(findings)} findings, LOW: {', '.join(low) or 'none'}"


if __name__ == "__main__":
    if len(sys.argv) == 1 or testssl_finds_nothing_above_low.__name__ in sys.argv:
        FINDINGS = BESIDE.submit(testssl)
    sys.exit(main())
