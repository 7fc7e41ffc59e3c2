"""Somebody who dials the bus by TLS, with any certificate: what it is shown, and whether it is refused."""
import socket
import ssl

PATIENCE_S = 10


def context(mode, authority, certificate):
    made = ssl.SSLContext(mode)
    made.minimum_version = made.maximum_version = ssl.TLSVersion.TLSv1_2
    made.check_hostname, made.verify_mode = False, ssl.CERT_REQUIRED
    made.load_verify_locations(authority)
    if certificate:
        made.load_cert_chain(certificate)
    return made


def dial(host, port, authority, certificate=None):
    try:
        with socket.create_connection((host, int(port)), PATIENCE_S) as plain:
            with context(ssl.PROTOCOL_TLS_CLIENT, authority, certificate).wrap_socket(plain) as secure:
                secure.sendall(b"\0SP\0\0\x30\0\0")  # a hello of REQ, or what nobody believes: in the end there are eight bytes
                heard = secure.recv(8)
                return {"serial": secure.getpeercert()["serialNumber"], "refused": not heard}
    except (OSError, ssl.SSLError) as error:
        return {"refused": True, "why": str(error)}
