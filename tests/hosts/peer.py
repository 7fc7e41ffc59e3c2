"""Somebody who dials the bus by TLS, with any certificate: what it is shown, and whether it is refused. And somebody who
listens where a service should, to hear what it is told."""
import itertools
import socket
import ssl

import accord

PATIENCE_S = 10


def context(mode, authority, certificate):
    made = ssl.SSLContext(mode)
    made.minimum_version = made.maximum_version = ssl.TLSVersion.TLSv1_2
    made.check_hostname, made.verify_mode = mode == ssl.PROTOCOL_TLS_CLIENT, ssl.CERT_REQUIRED
    made.load_verify_locations(authority)
    if certificate:
        made.load_cert_chain(certificate)
    return made


def dial(host, port, authority, certificate=None):
    try:
        with socket.create_connection((host, int(port)), PATIENCE_S) as plain:
            with context(ssl.PROTOCOL_TLS_CLIENT, authority, certificate).wrap_socket(plain, server_hostname=host) as secure:
                secure.sendall(b"\0SP\0\0\x30\0\0")  # a hello of REQ, or what nobody believes: in the end there are eight bytes
                heard = secure.recv(8)
                return {"serial": secure.getpeercert()["serialNumber"], "refused": not heard}
    except (OSError, ssl.SSLError) as error:
        return {"refused": True, "why": str(error)}


class Stranger(accord.Beside):
    """At one address, with one bad certificate after the other."""

    def __init__(self, address, port, authority, certificates):
        super().__init__()
        self.refused, self.heard = set(), []
        self.contexts = [(what, context(ssl.PROTOCOL_TLS_SERVER, authority, file)) for what, file in certificates.items()]
        self.socket = socket.create_server((address, int(port)))

    def run(self):
        for what, shown in itertools.cycle(self.contexts):
            try:
                plain, (dialler, _) = self.socket.accept()
            except OSError:
                return
            with plain:
                self._hear(plain, dialler, what, shown)

    def _hear(self, plain, dialler, what, shown):
        plain.settimeout(PATIENCE_S)
        try:
            with shown.wrap_socket(plain, server_side=True) as secure:
                self.heard.append((what, dialler, secure.recv(4096)))
        except ssl.SSLError as error:
            if "ALERT" in (error.reason or ""):  # the other one's word, as when it does not like what it is shown
                self.refused.add((what, dialler))
        except OSError:
            pass  # went away without a word

    def __exit__(self, *error):
        self.socket.shutdown(socket.SHUT_RDWR)  # ends what waits for a dialler
        super().__exit__(*error)
        self.socket.close()
