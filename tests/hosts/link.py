"""The link between the two hosts: cut by a firewall's rules at both ends, silently or with a refusal, one way or both."""
import contextlib
import os
import subprocess
import time

import accord
from stand import HERE

HOW = {"drop": ("DROP",), "reject": ("REJECT", "--reject-with", "tcp-reset")}
WAYS = ("both", "in", "out")  # as seen from here


class Link:
    def __init__(self, stand):
        self.stand = stand

    def _rules(self, how, way):
        """What comes in at a host and what goes out of it; a refusal is told to who sends."""
        ends = {"in": ((self.stand.here, "INPUT", "-i"), (self.stand.there, "OUTPUT", "-o")),
                "out": ((self.stand.here, "OUTPUT", "-o"), (self.stand.there, "INPUT", "-i"))}
        for host, chain, option in (*ends["in"], *ends["out"]) if way == "both" else ends[way]:
            yield host, [chain, option, "wire", "-p", "tcp", "-j", *HOW[how]]

    @contextlib.contextmanager
    def cut(self, how, way):
        rules = list(self._rules(how, way))
        try:
            for host, rule in rules:
                host.run("iptables", "-w", "-A", *rule)
            yield
        finally:
            for host, _ in rules:
                host.run("iptables", "-w", "-F")

    def is_whole(self):
        return all("DROP" not in rules and "REJECT" not in rules for rules in (host.run("iptables", "-nL") for host in self.stand.hosts))


def after(seconds, world):
    """That much time of the test's own, in which others work."""
    moment = time.monotonic() + seconds
    accord.until(lambda: time.monotonic() >= moment or world.crew.has_failed(), "the end of it", seconds + 30)


# --- slow ---------------------------------------------------------------------------------------------------------------

PROXY = "127.0.0.2"  # where a host's own proxy stands for the other host
DELAY_S, BYTES_PER_S = 0.05, 65536
SLOW_PAUSE_S = 5


def other(stand, host):
    return stand.there if host is stand.here else stand.here


def names_say(stand, where):
    """What each host calls the other; for the bus alone, as everything else goes by addresses."""
    for host in stand.hosts:
        far = other(stand, host)
        path = os.path.join("/etc/netns", host.namespace, "hosts")
        with open(path, "r+", encoding="ascii") as file:  # in place: it is mounted
            file.write(f"127.0.0.1 localhost\n{host.address} {host.name}\n{where or far.address} {far.name}\n")
            file.truncate()


@contextlib.contextmanager
def proxies(stand, passed):
    running = []
    try:
        for host in stand.hosts:
            far = other(stand, host)
            ports = [str(stand.port(service, which)) for service in far.services() for which in ("questions", "wake")]
            running.append(subprocess.Popen(host.command("python3", os.path.join(HERE, "proxy.py"), PROXY, far.address, str(DELAY_S),
                                                         str(BYTES_PER_S), *ports), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            if running[-1].stdout.readline() != "listening\n":
                raise AssertionError("a proxy does not listen")
        yield
    finally:
        for one in running:
            one.stdin.close()
            passed.append(int(one.stdout.readline() or 0))
            one.wait(30)


def slow(world, stand, seconds, everything):
    passed = []
    with proxies(stand, passed):
        names_say(stand, PROXY)
        with world.incident("services begin anew, with a slow link", everything):
            stand.all_anew()
        began = time.monotonic()
        after(seconds, world)
        until = time.monotonic()
        answers, pause = world.watch.answers(began, until), max(world.watch.pause(one, began, until) for one in everything)
        with world.incident("the link is fast again", everything):
            names_say(stand, None)
            stand.all_anew()
    print(f"     {passed} bytes went through slowly; meanwhile {answers}, longest pause {pause:.1f} s", flush=True)
    if pause > SLOW_PAUSE_S:  # a process may have begun anew (common/bus_mend.c), none may hang
        raise AssertionError(f"by a slow link: a pause of {pause:.1f} s")
    if min(passed) < 10000:
        raise AssertionError(f"the slow link was not used: {passed}")
