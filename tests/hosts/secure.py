"""Certificates of the bus: they change under load and nobody notices but who looks; who has none that is good is refused."""
import contextlib
import os
import subprocess
import time

import accord
import certificates
import peer
import processes
from stand import HERE, SERVICES, read
from world import EVERYTHING

ROTATE = os.path.join(HERE, "..", "..", "deploy", "rotate")
REFUSED = "accord_bus_connections_refused_total"
TAKEN = "the bus has taken the certificate"


def required(wanted, what):
    if not wanted:
        raise AssertionError(what)


def lines_of(service, words):
    with open(os.path.join(os.environ["ACCORD_LOGS"], service, "current"), encoding="utf-8", errors="replace") as file:
        return sum(words in line for line in file)


def refusals(service):
    return processes.metric(processes.instances(service)[0], REFUSED) or 0


def number(file):
    return certificates.serial(file)


# --- they change ----------------------------------------------------------------------------------------------------

def rotate(host, what, file):
    subprocess.run([ROTATE, host.config, what, file], check=True, stdout=subprocess.DEVNULL)


def all_take(stand, change):
    """What is changed at both hosts is taken by every service."""
    before = {service: lines_of(service, TAKEN) for service in SERVICES}
    for host in stand.hosts:
        change(host)
    for service in SERVICES:
        accord.until(lambda s=service: lines_of(s, TAKEN) > before[s], f"{service} takes it", 60)


def doors(stand):
    """Where the bus is listened to: (host, port)."""
    return [(host, stand.port(service, which)) for host in stand.hosts for service in host.services() for which in ("questions", "wake")]


def shown(stand, shows, believed):
    """New connections are shown this certificate, everywhere."""
    numbers = {host: number(file) for host, file in shows.items()}
    for host, port in doors(stand):
        accord.until(lambda h=host, p=port: peer.dial(h.name, p, believed, stand.here.certificate).get("serial") == numbers[h],
                     f"{host.name}:{port} shows the new certificate", 60)


def rotation(world, stand):
    pids = {folder: processes.pid_of(folder) for host in stand.hosts for folder in host.folders()}
    began, lost = time.monotonic(), world.crew.lost
    second = {host: stand.authority.certificate("second", host.name) for host in stand.hosts}
    all_take(stand, lambda host: rotate(host, "certificate", second[host]))
    shown(stand, second, stand.authority.file)
    world.go_on()
    other = certificates.Authority(os.environ["ACCORD_SCRATCH"], "next")
    both = os.path.join(os.environ["ACCORD_SCRATCH"], "both.pem")
    with open(both, "w", encoding="ascii") as file:
        file.write(read(stand.authority.file) + read(other.file))
    all_take(stand, lambda host: rotate(host, "authority", both))
    third = {host: other.certificate("third", host.name) for host in stand.hosts}
    all_take(stand, lambda host: rotate(host, "certificate", third[host]))
    shown(stand, third, both)
    all_take(stand, lambda host: rotate(host, "authority", other.file))
    for host, port in doors(stand):
        accord.until(lambda h=host, p=port: peer.dial(h.name, p, other.file, second[h])["refused"], f"{host.name}:{port} refuses the old one", 60)
    stand.authority = other
    world.go_on()
    answers = world.watch.answers(began, time.monotonic())
    print(f"     certificates changed twice, authority once: {answers}", flush=True)
    required(set(answers) <= {200, 201} and world.crew.lost == lost, f"{answers}, {world.crew.lost - lost} connections lost")
    required(pids == {folder: processes.pid_of(folder) for folder in pids}, "a process was started again")
    with world.incident("services begin anew: all others dial them by what they were given while they run", EVERYTHING):
        stand.all_anew()


# --- who is refused -------------------------------------------------------------------------------------------------

def strangers_dial(stand):
    own = stand.authority
    bad = {"expired": own.certificate("expired", stand.here.name, days=-1), "no certificate": None,
           "another authority's": certificates.Authority(os.environ["ACCORD_SCRATCH"], "strange").certificate("own", stand.here.name),
           "for another role": own.certificate("server", stand.here.name, usage="serverAuth")}
    port, told = stand.port("risk", "questions"), lines_of("risk", "whoever connects to us")
    required(not peer.dial(stand.there.name, port, own.file, stand.here.certificate)["refused"], "a good certificate is refused")
    for what, file in bad.items():
        before = refusals("risk")
        required(peer.dial(stand.there.name, port, own.file, file)["refused"], f"{what}: heard")
        accord.until(lambda b=before: refusals("risk") > b, f"{what} is counted", 30)
    now = lines_of("risk", "whoever connects to us")
    required(now > 0 and now - told <= 2, f"told {now - told} times by two listeners within a minute, {now} in all")


def strangers_listen(world, stand):
    """Where membership should, seen from both hosts: nobody tells them anything."""
    own, name, folder = stand.authority, stand.here.name, os.path.join(stand.here.scan, "membership")
    bad = {"expired": own.certificate("expired", name, days=-1), "another host's": own.certificate("other", stand.there.name),
           "another authority's": certificates.Authority(os.environ["ACCORD_SCRATCH"], "strange").certificate("own", name),
           "for another role": own.certificate("client", name, usage="clientAuth")}
    everyone = {(what, host.address) for what in bad for host in stand.hosts}
    with world.incident("membership is away, and strangers have its addresses", EVERYTHING):
        processes.stop([folder])
        with contextlib.ExitStack() as stack:
            strangers = [stack.enter_context(peer.Stranger(stand.here.address, stand.port("membership", which), own.file, bad))
                         for which in ("questions", "wake")]
            for stranger in strangers:
                accord.until(lambda s=stranger: s.refused >= everyone, "everyone refuses each stranger", 60)
        processes.start([folder])
    required(not any(stranger.heard for stranger in strangers), f"strangers heard {[stranger.heard for stranger in strangers]}")


def refused(world, stand):
    began = time.monotonic()
    strangers_dial(stand)
    answers = world.watch.answers(began, time.monotonic())
    required(set(answers) <= {200, 201}, f"strangers came, and others got {answers}")
    strangers_listen(world, stand)
