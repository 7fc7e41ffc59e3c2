"""The link between the two hosts: cut by a firewall's rules at both ends, silently or with a refusal, one way or both."""
import contextlib
import time

import accord

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
