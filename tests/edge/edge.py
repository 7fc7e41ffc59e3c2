"""What the tests of the edge share: raw requests, problems as common/problem.def words them, and a
production site made by deploy/site, on loopback, with an authority of its own."""
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
from accord import until  # noqa: E402,F401 (for all tests here)

PORT = int(os.environ["ACCORD_PORT"])
ALLIANCE = "/v1/alliances/018f0000-0000-7000-8000-000000000001"
NAME = "accord.test"
ID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
with open(os.path.join(ROOT, "common", "problem.def"), encoding="utf-8") as definitions:
    PROBLEMS = {code: (int(status), slug, title) for code, status, slug, title in
                re.findall(r'^PROBLEM\((\w+), (\d+), "([a-z-]+)", "(.*)"\)$', definitions.read(), re.M)}
TESTS = []


def test(function):
    TESTS.append(function)
    return function


# --- one request ---------------------------------------------------------------------------------------

class Answer:
    def __init__(self, raw):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}


def receive(connection):
    """What comes until the connection closes, or the first answer's Content-Length is there."""
    got = b""
    with contextlib.suppress(ConnectionResetError, ssl.SSLError):
        while True:
            part = connection.recv(65536)
            got += part
            length = re.search(rb"\r\nContent-Length: (\d+)\r\n", got)
            if not part or (length and len(got) >= got.index(b"\r\n\r\n") + 4 + int(length[1])):
                break
    return got


def send(raw, timeout=30, connect=None):
    connect = connect or (lambda: socket.create_connection(("127.0.0.1", PORT), timeout))
    with connect() as connection:
        connection.settimeout(timeout)
        with contextlib.suppress(OSError):  # nginx may answer and close before it has read all
            connection.sendall(raw)
        got = receive(connection)
    assert got, f"no answer to {raw[:60]!r}"
    return Answer(got)


def get(path, method="GET", headers="", body=b"", timeout=30, connect=None):
    return send(f"{method} {path} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n{headers}\r\n".encode() + body, timeout, connect)


def expect(answer, code):
    """A problem as the list has it, with nothing in it that the specification does not know."""
    status, slug, title = PROBLEMS[code]
    assert answer.status == status, f"{answer.status} instead of {status}: {answer.body[:200]}"
    assert answer.headers["content-type"] == "application/problem+json", answer.headers
    problem = json.loads(answer.body)
    assert set(problem) <= {"type", "title", "status", "detail", "code", "instance", "requestId", "errors", "errorsTotal"}, problem
    assert (problem["type"], problem["title"], problem["status"], problem["code"]) == (f"/problems/{slug}", title, status, code), problem
    assert ID.match(problem["requestId"]) and answer.headers["x-request-id"] == problem["requestId"], problem
    for name in ("strict-transport-security", "x-content-type-options", "content-security-policy", "cache-control", "vary"):
        assert name in answer.headers, f"{name} is missing"
    assert "nginx/" not in str(answer.headers), answer.headers
    return problem


# --- a production site -----------------------------------------------------------------------------------

EXTENSIONS = f"""basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectAltName=DNS:{NAME}
crlDistributionPoints=URI:http://crl.{NAME}/authority.crl
authorityKeyIdentifier=keyid
subjectKeyIdentifier=hash
"""


def openssl(folder, *words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def certificates_make(folder):
    """authority.pem, and site.pem with site.key by it, as an operator's authority would make them."""
    with open(os.path.join(folder, "extensions"), "w", encoding="utf-8") as file:
        file.write(EXTENSIONS)
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "authority.key", "-out", "authority.pem", "-days", "90",
            "-subj", "/CN=Authority of a test", "-addext", "basicConstraints=critical,CA:TRUE", "-addext",
            "keyUsage=critical,keyCertSign,cRLSign")
    openssl(folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "site.key", "-out", "site.csr",
            "-subj", f"/CN={NAME}")
    openssl(folder, "x509", "-req", "-in", "site.csr", "-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial",
            "-days", "90", "-sha256", "-extfile", "extensions", "-out", "site.pem")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


CERTIFICATES = threading.Lock()


class Site:
    """nginx as deploy/site configures it, run by the user whose the cluster is."""

    def __init__(self, **options):
        self.owner = os.stat(os.environ["ACCORD_DATA"])
        self.scratch = tempfile.TemporaryDirectory(dir=os.environ["ACCORD_SITES"])
        self.folder, self.port = self.scratch.name, free_port()
        self.logs, self.state = os.path.join(self.folder, "log"), os.path.join(self.folder, "state")
        for path in (self.logs, self.state):
            os.mkdir(path)
        with CERTIFICATES:
            if not os.path.exists(os.path.join(os.environ["ACCORD_SITES"], "site.pem")):
                certificates_make(os.environ["ACCORD_SITES"])
        for name in ("authority.pem", "site.pem", "site.key"):
            shutil.copy(os.path.join(os.environ["ACCORD_SITES"], name), self.folder)
        words = {"name": NAME, "certificate": f"{self.folder}/site.pem", "key": f"{self.folder}/site.key",
                 "config": os.environ["ACCORD_CONFIG"], "module": os.environ["ACCORD_PATIENCE"], "listen": f"127.0.0.1:{self.port}",
                 "pid": f"{self.folder}/nginx.pid", "log": self.logs, "state": self.state, "user": "", **options}
        subprocess.run([os.path.join(ROOT, "deploy", "site"), *(word for name, value in words.items() for word in (
            f"--{name.replace('_', '-')}", str(value))), self.folder], check=True)
        self.trust = ssl.create_default_context(cafile=f"{self.folder}/authority.pem")
        self.process = None

    def __enter__(self):
        become = {"user": self.owner.st_uid, "group": self.owner.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        if become:
            for path, _, files in os.walk(self.folder):
                for name in (path, *(os.path.join(path, file) for file in files)):
                    os.chown(name, self.owner.st_uid, self.owner.st_gid)
        self.process = subprocess.Popen(["/usr/sbin/nginx", "-e", "stderr", "-p", self.folder, "-c", f"{self.folder}/nginx.conf",
                                         "-g", "daemon off;"], cwd="/", **become)
        try:
            until(self.listens, "the site listens")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.scratch.cleanup()

    def listens(self):
        assert self.process.poll() is None, "nginx ended"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 5):
            return True

    def plain(self, source="127.0.0.1", timeout=60):
        return socket.create_connection(("127.0.0.1", self.port), timeout, (source, 0))

    def connect(self, source="127.0.0.1", name=NAME, timeout=60):
        plain = self.plain(source, timeout)
        try:
            return self.trust.wrap_socket(plain, server_hostname=name)
        except BaseException:
            plain.close()
            raise

    def workers(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="utf-8") as file:
            return [int(pid) for pid in file.read().split()]


def pss_mib(pids):
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as file:
            total += int(re.search(r"^Pss:\s+(\d+) kB", file.read(), re.M)[1])
    return total / 1024


def service_pids():
    """name -> process of each service's first instance."""
    found = {}
    for service in ("membership", "ledger", "reinvestment", "risk", "kpi"):
        done = subprocess.run(["s6-svstat", "-o", "pid", f"{os.environ['ACCORD_SERVICES']}/{service}"], check=True, capture_output=True,
                              text=True)
        found[service] = int(done.stdout)
    return found


def main():
    passed = failed = 0
    wanted = sys.argv[1:]
    for function in TESTS:
        if wanted and function.__name__ not in wanted:
            continue
        began = time.monotonic()
        try:
            said = function()
            passed += 1
            print(f"  ok      {function.__name__} ({time.monotonic() - began:.1f} s){': ' + said if said else ''}", flush=True)
        except Exception as error:  # noqa: BLE001
            failed += 1
            print(f"  FAILED  {function.__name__}: {type(error).__name__}: {error}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0
