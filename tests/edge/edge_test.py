#!/usr/bin/env python3
"""The edge from outside (environment of tests/cluster up): each of nginx's own errors is a problem
as common/problem.def words it, with the request's id; slow and greedy clients hinder nobody; one
instance of two may be away."""
import contextlib
import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import uuid

from edge import ALLIANCE, PORT, expect, get, main, send, test, until

SERVICES = os.environ["ACCORD_SERVICES"]


@test
def what_is_not_http_is_a_malformed_request():
    for raw in (b"GARBAGE\r\n\r\n", b"GET / HTTP/9.9\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n",
                b"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"):
        expect(send(raw), "REQUEST_MALFORMED")


@test
def what_could_smuggle_a_request_is_malformed():
    for headers in ("Content-Length: 1\r\nContent-Length: 2\r\n", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                    "Transfer-Encoding: gzip\r\n", "Host: b\r\n", "Content-Length: -1\r\n"):
        expect(get("/v1/alliances", "POST", headers, b"0\r\n\r\n"), "REQUEST_MALFORMED")


@test
def methods_that_nobody_has_are_not_allowed():
    expect(get("/v1/alliances", "TRACE"), "METHOD_NOT_ALLOWED")


@test
def too_long_addresses_and_headers_are_named():
    expect(get("/" + "a" * 20000), "URI_TOO_LONG")
    expect(get("/v1/alliances", headers=f"X-Long: {'a' * 20000}\r\n"), "HEADERS_TOO_LARGE")


@test
def too_large_bodies_are_named_before_they_are_read():
    for path, size in (("/v1/alliances", 2 ** 20 + 1), (f"{ALLIANCE}/kpi/imports", 2 ** 25 + 1), (f"{ALLIANCE}/ledger/bulks", 2 ** 25 + 1),
                       (f"{ALLIANCE}/risk/risks", 2 ** 20 + 1)):
        expect(get(path, "POST", f"Content-Length: {size}\r\n"), "BODY_TOO_LARGE")


@test
def health_and_metrics_are_not_for_outside():
    for path in ("/livez", "/readyz", "/metrics", "/metrics/"):
        expect(get(path), "NOT_FOUND")


@test
def the_clients_request_id_is_the_problems():
    mine = str(uuid.uuid4())
    assert expect(get("/metrics", headers=f"X-Request-ID: {mine}\r\n"), "NOT_FOUND")["requestId"] == mine
    assert expect(get("/metrics", headers="X-Request-ID: mine\r\n"), "NOT_FOUND")["requestId"] != "mine"


@test
def each_service_is_reached_at_its_segment():
    for service in ("ledger", "reinvestment", "risk", "kpi", "membership"):
        own = f"{ALLIANCE}/{service}/nothing" if service != "membership" else f"{ALLIANCE}/decisions"
        for path in (own, f"{ALLIANCE}/journals/{service}"):
            before = requests(service)
            assert get(path).status in (401, 404)
            until(lambda: requests(service) == before + 1, f"{path} in the log of {service}")


def requests(service):
    """How many requests the service's two instances have logged."""
    count = 0
    for name in (service, f"{service}-2"):
        with open(os.path.join(os.environ["ACCORD_LOGS"], name, "current"), encoding="utf-8") as file:
            count += sum('"message":"request"' in line for line in file)
    return count


@test
def hundreds_of_slow_clients_hinder_nobody():
    slow_ones = []
    with contextlib.ExitStack() as stack:
        for _ in range(200):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", PORT)))
            slow.sendall(b"POST /v1/alliances HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{")
            slow_ones.append(slow)
        answer = get("/v1/alliances")
        assert answer.status == 401, answer.status
        still_slow = len(slow_ones) - len(select.select(slow_ones, [], [], 0)[0])
        assert still_slow > 0, "the answer came only after all slow clients had been sent away"


@test
def who_floods_is_told_to_come_later():
    found = []

    def flood():
        with socket.create_connection(("127.0.0.1", PORT), 10) as connection:
            connection.sendall(b"GET /v1/alliances HTTP/1.1\r\nHost: a\r\n\r\n" * 400 + b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            got = b""
            with contextlib.suppress(ConnectionResetError):
                while part := connection.recv(65536):
                    got += part
            found.extend(re.findall(rb"HTTP/1.1 (\d+) ", got))
    threads = [threading.Thread(target=flood) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert b"429" in found and b"401" in found, sorted(set(found))
    flooding = threading.Thread(target=flood)
    flooding.start()
    answer = until(lambda: (lambda a: a if a.status == 429 else None)(get("/v1/alliances")) if flooding.is_alive() else limited(), "a refusal", 30)
    flooding.join()
    assert expect(answer, "RATE_LIMITED") and answer.headers["retry-after"] == "1"
    until(lambda: get("/v1/alliances").status == 401, "calm")


def limited():
    """One answer 429 out of a burst above the rate."""
    for _ in range(1000):
        answer = get("/v1/alliances")
        if answer.status == 429:
            return answer
    return None


def is_up(name):
    done = subprocess.run(["s6-svstat", "-o", "up,ready", f"{SERVICES}/{name}"], check=True, capture_output=True, text=True)
    return done.stdout.split() == ["true", "true"]


@contextlib.contextmanager
def away(*names):
    for name in names:
        subprocess.run(["s6-svc", "-d", f"{SERVICES}/{name}"], check=True)
    try:
        until(lambda: not any(map(is_up, names)), f"{names} down")
        yield
    finally:
        for name in names:
            subprocess.run(["s6-svc", "-u", f"{SERVICES}/{name}"], check=True)
        until(lambda: all(map(is_up, names)), f"{names} up")


@test
def one_instance_of_two_may_be_away():
    with away("risk"):
        for _ in range(40):
            assert get(f"{ALLIANCE}/risk/risks").status == 401


@test
def a_service_that_is_away_is_a_bad_gateway():
    with away("risk", "risk-2"):
        answer = get(f"{ALLIANCE}/risk/risks")
        expect(answer, "UPSTREAM")
        assert answer.headers["retry-after"] == "1"
        assert get(f"{ALLIANCE}/kpi/indicators").status == 401
    until(lambda: get(f"{ALLIANCE}/risk/risks").status == 401, "risk well again")


def is_frozen(pid):
    """Every thread of it has stopped."""
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/stat", encoding="utf-8") as file:
            if file.read().rsplit(")", 1)[1].split()[0] != "T":
                return False
    return True


@test
def a_frozen_service_is_a_gateway_timeout():
    pids = [int(subprocess.run(["s6-svstat", "-o", "pid", f"{SERVICES}/{name}"], check=True, capture_output=True, text=True).stdout)
            for name in ("risk", "risk-2")]
    assert all(pid > 1 for pid in pids), pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        until(lambda: all(is_frozen(pid) for pid in pids), "risk frozen")
        expect(get(f"{ALLIANCE}/risk/risks", "POST", "Content-Length: 2\r\n", b"{}"), "UPSTREAM_TIMEOUT")
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    until(lambda: get(f"{ALLIANCE}/risk/risks").status == 401, "risk well again")


sys.exit(main())
