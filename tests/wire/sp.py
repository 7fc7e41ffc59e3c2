"""The bus' wire, by hand: nng's framing (SP over TCP), service tokens as sign.c makes them, and a peer that answers what it likes."""
import base64
import hashlib
import json
import os
import socket
import struct
import subprocess
import threading
import time
import uuid

REQ, REP = 0x30, 0x31


def hello(protocol):
    return b"\0SP\0" + struct.pack("!HH", protocol, 0)


def exactly(connection, size):
    got = b""
    while len(got) < size:
        part = connection.recv(size - len(got))
        if not part:
            raise ConnectionError("closed")
        got += part
    return got


def receive(connection):
    return exactly(connection, struct.unpack("!Q", exactly(connection, 8))[0])


def ask(address, body, number=0x80000001):
    """What a REP says to one message; ConnectionError or TimeoutError when it says nothing."""
    with socket.create_connection(address, 10) as connection:
        connection.sendall(hello(REQ))
        if exactly(connection, 8) != hello(REP):
            raise ConnectionError("not a REP")
        message = struct.pack("!I", number) + body
        connection.sendall(struct.pack("!Q", len(message)) + message)
        return receive(connection)[4:]


def encode(value):
    raw = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def sign(pem, header, claims):
    """A compact JWS by the key in a file."""
    text = f"{encode(header)}.{encode(claims)}"
    der = subprocess.run(["openssl", "dgst", "-sha256", "-sign", pem], input=text.encode(), check=True, capture_output=True).stdout
    numbers, at = [], 2
    for _ in range(2):
        size = der[at + 1]
        numbers.append(int.from_bytes(der[at + 2:at + 2 + size], "big").to_bytes(32, "big"))
        at += 2 + size
    return f"{text}.{encode(b''.join(numbers))}"


class Voice:
    """Speaks as a service: with its own key, or with another's under its name."""

    def __init__(self, service, pem=None):
        keys = os.environ["ACCORD_KEYS"]
        self.service, self.pem = service, pem or os.path.join(keys, f"{service}.pem")
        with open(os.path.join(keys, "cluster.jwks"), encoding="utf-8") as file:
            self.kid = [key["kid"] for key in json.load(file)["keys"] if key["kid"].startswith(service + "-") and "exp" not in key][-1]

    def message(self, body, audience, header=None, **claims):
        """Token, line feed, text."""
        now = int(time.time())
        said = {"iss": self.service, "aud": audience, "iat": now, "exp": now + 10, "jti": str(uuid.uuid4()),
                "digest": hashlib.sha256(body).hexdigest(), **claims}
        said = {name: value for name, value in said.items() if value is not None}
        return sign(self.pem, header or {"alg": "ES256", "typ": "JWT", "kid": self.kid}, said).encode() + b"\n" + body


class Stranger(threading.Thread):
    """Listens where a service should, takes what is asked, and answers with what `replies` makes of it, one after the other."""

    def __init__(self, address, replies):
        super().__init__(daemon=True)
        self.listening = socket.create_server(address, reuse_port=False)
        self.replies, self.asked, self.over, self.open = replies, 0, threading.Event(), []

    def run(self):
        self.listening.settimeout(0.2)
        while not self.over.is_set():
            try:
                connection, _ = self.listening.accept()
            except TimeoutError:
                continue
            self.open.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            connection.sendall(hello(REP))
            exactly(connection, 8)
            while not self.over.is_set():
                message = receive(connection)
                reply = self.replies[self.asked % len(self.replies)](message[4:])
                self.asked += 1
                connection.sendall(reply if isinstance(reply, bytearray) else
                                   struct.pack("!Q", len(reply) + 4) + message[:4] + reply)
        except (OSError, struct.error):
            connection.close()

    def end(self):
        self.over.set()
        self.join(10)
        self.listening.close()
        for connection in self.open:
            connection.close()
