#!/usr/bin/env python3
"""Requests that are framed to be read in two ways, sent as they are to nginx, to the production site and
directly to a service: one answer each, and what hides in them reaches nobody. Then bodies, addresses and
headers that want to cost more than they weigh: a documented problem each, in time and without memory."""
import concurrent.futures
import contextlib
import glob
import gzip
import json
import os
import re
import socket
import ssl
import sys
import time
import uuid
import zlib

from edge import ALLIANCE, NAME, PORT, ROOT, Site, expect, main, pss_mib, send, service_pids, test, until
import accord  # by the path that edge sets

PATH = f"{ALLIANCE}/risk/risks"
with open(os.environ["ACCORD_CONFIG"], encoding="utf-8") as configuration:
    SERVICE = json.load(configuration)["services"]["risk"]["instances"][0]["http"].split(":")
TOKEN = accord.Person("edge.zz1", "ZZ1").token


def hidden(mine):
    """The request that hides in another."""
    return f"GET {PATH} HTTP/1.1\r\nHost: {NAME}\r\nX-Request-ID: {mine}\r\n\r\n".encode()


def request(headers, body=b"", line=f"POST {PATH} HTTP/1.1", host=f"Host: {NAME}\r\n", end="\r\n"):
    return f"{line}\r\n{host}{headers}".encode("latin-1") + end.encode() + body


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


# name -> what is sent, and which statuses are right for its one answer (401: read as one proper request).
MALFORMED, PROPER = (400,), (401,)


def ambiguous(secret):
    inner = hidden(secret)
    size = len(inner)
    whole = chunk(b"{}") + b"0\r\n\r\n"
    yield "length and chunks", request(f"Content-Length: {5 + size}\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + inner), MALFORMED
    yield "chunks and length", request("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", chunk(inner) + b"0\r\n\r\n"), MALFORMED
    yield "chunks and no length", request("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", b"0\r\n\r\n" + inner), MALFORMED
    for name, first, second in (("two lengths", 0, size), ("two lengths, turned", size, 0), ("one length twice", size, size)):
        yield name, request(f"Content-Length: {first}\r\nContent-Length: {second}\r\n", inner), MALFORMED
    for length in (f"{size}, {size}", f"+{size}", f"-{size}", f"0x{size:x}", f"{size} 0", "99999999999999999999", f"{size};", "", "\x0b0"):
        yield f"length {length!r}", request(f"Content-Length: {length}\r\n", inner), MALFORMED
    for coding in ("xchunked", "identity", "chunked, identity", "identity, chunked", "gzip, chunked", "chunked\x0b", "\"chunked\"", "chunked;q=1", ""):
        yield f"coding {coding!r}", request(f"Transfer-Encoding: {coding}\r\n", b"0\r\n\r\n" + inner), MALFORMED
    yield "two codings", request("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", b"0\r\n\r\n" + inner), MALFORMED
    yield "chunks twice", request("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + inner), MALFORMED
    yield "chunks in HTTP/1.0", request("Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n", b"0\r\n\r\n" + inner, f"POST {PATH} HTTP/1.0"), MALFORMED
    for name, header in (("space before the colon", "Content-Length : {}\r\n"), ("tab before the colon", "Content-Length\t: {}\r\n"),
                         ("folded", "X-A: b\r\n Content-Length: {}\r\n"), ("folded length", "Content-Length:\r\n {}\r\n"),
                         ("folded at the start", " X-A: b\r\nContent-Length: {}\r\n"), ("a lone CR", "X-A: b\rContent-Length: {}\r\n"),
                         ("a NUL", "X-A: b\0\r\nContent-Length: {}\r\n"), ("no name", ": b\r\nContent-Length: {}\r\n")):
        yield name, request(header.format(size), inner), MALFORMED
    yield "coding, space before the colon", request("Transfer-Encoding : chunked\r\n", b"0\r\n\r\n" + inner), MALFORMED
    yield "coding, folded", request("Transfer-Encoding:\r\n chunked\r\n", b"0\r\n\r\n" + inner), MALFORMED
    for number in ("-2", "0x2", "g", "", "fffffffffffffffff2", "10000000000000002"):
        yield f"chunk {number!r}", request("Transfer-Encoding: chunked\r\n", f"{number}\r\n{{}}\r\n0\r\n\r\n".encode() + inner), MALFORMED
    yield "no end of a chunk", request("Transfer-Encoding: chunked\r\n", b"2\r\n{}XX0\r\n\r\n" + inner), MALFORMED
    yield "LF in an extension", request("Transfer-Encoding: chunked\r\n", b"2;\nxx\r\n{}\r\n0\r\n\r\n" + inner), MALFORMED
    yield "no host", request("Content-Length: %d\r\n" % size, inner, host=""), MALFORMED
    yield "two hosts", request("Host: b\r\nContent-Length: %d\r\n" % size, inner), MALFORMED
    yield "a list of hosts", request("Content-Length: %d\r\n" % size, inner, host=f"Host: {NAME}, b\r\n"), MALFORMED
    yield "a host with a path", request("Content-Length: %d\r\n" % size, inner, host="Host: a/b\r\n"), MALFORMED
    for version in ("HTTP/2.0", "HTTP/1.9x", "HTTP/11", "http/1.1", "HTTP/"):
        yield f"version {version!r}", request("Content-Length: %d\r\n" % size, inner, f"POST {PATH} {version}"), MALFORMED
    # What has one meaning, and looks odd.
    yield "an extension", request("Transfer-Encoding: chunked\r\nConnection: close\r\n", b"2;a=b\r\n{}\r\n0\r\n\r\n"), PROPER
    yield "a trailer", request("Transfer-Encoding: chunked\r\nConnection: close\r\n", chunk(b"{}") + b"0\r\nContent-Length: 50\r\n\r\n"), PROPER
    yield "a body with GET", request(f"Content-Length: {size}\r\n", inner, f"GET {PATH} HTTP/1.1"), (400, 401)
    yield "a body with a request in it", request(f"Content-Length: {size}\r\n", inner), PROPER
    yield "chunks with a request in them", request("Transfer-Encoding: chunked\r\n", chunk(inner) + b"0\r\n\r\n"), PROPER
    yield "an upgrade", request("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nTransfer-Encoding: chunked\r\n", whole), PROPER
    yield "HTTP/1.0 with a body", request(f"Content-Length: {size}\r\n", inner, f"POST {PATH} HTTP/1.0"), PROPER
    yield "another host in the address", request(f"Content-Length: {size}\r\n", inner, f"POST http://other.test{PATH} HTTP/1.1"), (400, 401, 404)


def exchange(connect, raw):
    """Every answer to what is sent, until the connection is closed, or nothing comes for a second after one."""
    with connect() as connection:
        connection.settimeout(40)
        with contextlib.suppress(OSError):
            connection.sendall(raw)
        got = b""
        with contextlib.suppress(OSError, ssl.SSLError):
            while part := connection.recv(65536):
                got += part
                if b"\r\n\r\n" in got:
                    connection.settimeout(1)
    return got


def logged():
    text = ""
    for name in glob.glob(os.path.join(os.environ["ACCORD_LOGS"], "*", "current")):
        with open(name, encoding="utf-8", errors="replace") as file:
            text += file.read()
    return text


def plain():
    return socket.create_connection(("127.0.0.1", PORT), 40)


def directly():
    return socket.create_connection((SERVICE[0], int(SERVICE[1])), 40)


# libmicrohttpd joins folded lines, as RFC 9112 (5.2) lets it: what follows is then the next request to any reader
# who does. nginx, in front of every service, refuses them.
UNFOLDED = ("folded", "folded length", "coding, folded")


def wrong_at_nginx(got, expected):
    """One answer, with the status that the list says."""
    found = [int(part[:3]) for part in got.replace(b"HTTP/1.1 100", b"").split(b"HTTP/1.1 ")[1:]]
    return found if len(found) != 1 or found[0] not in expected else None


def wrong_at_service(got, _):
    """At most one answer is a service's own. libmicrohttpd refuses some by itself, shortly and with its head twice, or
    waits, without an answer, for the end of a body whose coding it does not know."""
    return got[:200] if got.count(b"X-Request-ID:") > 1 or re.search(rb"HTTP/1\.1 2\d\d ", got) else None


def each_is_one_request(connect, wrong, unless=()):
    secrets = [str(uuid.uuid4()) for _ in ambiguous("")]

    def one(index):
        name, raw, expected = list(ambiguous(secrets[index]))[index]
        found = None if name in unless else wrong(exchange(connect, raw), expected)
        return found and f"{name}: {found}"
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        bad = [found for found in pool.map(one, range(len(secrets))) if found]
    seen = str(uuid.uuid4())  # what is pipelined properly is seen, so that what is hidden would be
    assert exchange(connect, hidden(str(uuid.uuid4())) + hidden(seen)).count(b"HTTP/1.1 401 ") == 2
    text = until(lambda: (lambda t: t if seen in t else None)(logged()), "the pipelined request in a log")
    bad += [f"{secret} was smuggled" for secret in secrets if secret in text]
    assert not bad, "; ".join(bad)
    return f"{len(secrets) - len(unless)} ways"


@test
def nothing_is_smuggled_past_nginx():
    return each_is_one_request(plain, wrong_at_nginx)


@test
def nothing_is_smuggled_past_the_site():
    with Site() as site:
        return each_is_one_request(site.connect, wrong_at_nginx)


@test
def nothing_is_smuggled_into_a_service():
    return each_is_one_request(directly, wrong_at_service, UNFOLDED)


# --- what costs more than it weighs ------------------------------------------------------------------------

def post(body, headers="", path=PATH, kind="application/json"):
    return send(f"POST {path} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: {kind}\r\n"
                f"Idempotency-Key: {uuid.uuid4()}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body, 60)


def frugally(what, *calls):
    """Every call's answer, twice: what the second round leaves in the services a thousandth would. Memory goes back to
    the system a second after it was last used, so it is waited for."""
    pids, most_s = list(service_pids().values()), 0
    sizes = [pss_mib(pids)]
    for most_mib in (16, 4):
        for call in calls:
            began = time.monotonic()
            call()
            most_s = max(most_s, time.monotonic() - began)
        bound = sizes[-1] + most_mib
        sizes.append(until(lambda: (lambda size: size if size < bound else None)(pss_mib(pids)), f"{what} to leave less than {most_mib} MiB", 15))
    said = f"slowest {most_s * 1000:.0f} ms; services {' -> '.join(f'{size:.1f}' for size in sizes)} MiB"
    assert most_s < 30, f"{what}: {said}"
    return said


@test
def compressed_bombs_are_not_opened():
    zeros = bytes(2 ** 20)
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(zeros) for _ in range(700)) + packer.flush()  # 700 MiB in less than one
    nested = gzip.compress(gzip.compress(bomb))
    assert 2 ** 19 < len(bomb) < 2 ** 20
    codings = [("gzip", bomb), ("deflate", zlib.compress(zeros)), ("br", bomb), ("gzip, gzip", nested), ("x-gzip", bomb), ("zstd", nested),
               ("identity, gzip", nested), ("GZIP", nested)]

    def one(coding, body):
        return lambda: expect(post(body, f"Content-Encoding: {coding}\r\n"), "MEDIA_TYPE_UNSUPPORTED")

    def twice():
        expect(post(nested, "Content-Encoding: identity\r\nContent-Encoding: gzip\r\n"), "MEDIA_TYPE_UNSUPPORTED")
    said = frugally("bombs", *(one(*coding) for coding in codings), twice)
    expect(post(bomb), "BODY_MALFORMED")
    return said


def filled(head, part, tail, size=2 ** 20):
    """As many parts as fit into a body."""
    parts, length, number = [head], len(head) + len(tail), 0
    while True:
        text = part(number)
        length += len(text)
        if length > size:
            return ("".join(parts) + tail).encode()
        parts.append(text)
        number += 1


@test
def giant_json_is_refused_soon():
    bodies = [
        ("BODY_MALFORMED", b"[" * 2 ** 20), ("BODY_MALFORMED", b'{"a":' * (2 ** 20 // 5)), ("BODY_MALFORMED", b"[" * 33 + b"]" * 33),
        ("BODY_MALFORMED", b'{"title":' + b"9" * (2 ** 20 - 10) + b"}"), ("BODY_MALFORMED", b'{"title":1e' + b"9" * 1000000 + b"}"),
        ("BODY_MALFORMED", b'{"title":0.' + b"1" * 1000000 + b"}"), ("BODY_MALFORMED", b'"' + b"a" * (2 ** 20 - 1)),
        ("BODY_MALFORMED", b" " * 2 ** 20), ("BODY_MALFORMED", b'{"title":"' + b"\\ud800" * 100000 + b'"}'),
        ("BODY_INVALID", filled("{", lambda n: f'"{n}":1,', '"title":"t"}')),
        ("BODY_INVALID", filled("{", lambda n: f'"{"a" * 50}{n:x}":{{}},', '"title":"t"}')),
        ("BODY_MALFORMED", filled("{", lambda n: '"same":1,', '"title":"t"}')),
        ("BODY_INVALID", filled("[", lambda n: "[],", "1]")), ("BODY_INVALID", filled('{"title":[', lambda n: "{},", "1]}")),
        ("BODY_INVALID", b'{"title":"' + b"a" * 1000000 + b'"}'),
    ]
    return frugally("JSON", *((lambda b=body, c=code: expect(post(b), c)) for code, body in bodies))


def ask(path, headers=""):
    return send(f"GET {path} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}\r\n{headers}\r\n".encode(), 60)


@test
def long_addresses_and_many_parameters_are_refused_soon():
    requests = [
        ("PARAMETER_INVALID", PATH + "?" + "a=1&" * 3500, ""), ("PARAMETER_INVALID", PATH + "?" + "limit=1&" * 90, ""),
        ("PARAMETER_INVALID", PATH + "?" + "&".join(f"p{n}" for n in range(2400)), ""), ("PARAMETER_INVALID", f"{PATH}?limit={'1' * 15000}", ""),
        ("PARAMETER_INVALID", f"{PATH}?limit={'%31' * 5000}", ""), ("NOT_FOUND", "/v1" + "/a" * 7000, ""), ("NOT_FOUND", "/" + "%61" * 5000, ""),
        ("URI_TOO_LONG", "/" + "a" * 17000, ""), ("URI_TOO_LONG", "/?" + "&" * 70000, ""),
        ("HEADERS_TOO_LARGE", PATH, "".join(f"X-{n}: 1\r\n" for n in range(200))), ("HEADERS_TOO_LARGE", PATH, f"X-A: {'a' * 17000}\r\n"),
        ("HEADERS_TOO_LARGE", PATH, "".join(f"X-{n}: {'a' * 9000}\r\n" for n in range(9))),
        ("HEADERS_TOO_LARGE", PATH, "A: b\r\n" * 20000), ("PARAMETER_INVALID", PATH + "?" + "&" * 8000, ""),
    ]
    return frugally("addresses", *((lambda p=path, h=headers, c=code: expect(ask(p, h), c)) for code, path, headers in requests))


sys.exit(main())
