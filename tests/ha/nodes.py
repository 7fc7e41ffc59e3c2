"""Three database hosts on loopback: an address each, with the files that deploy/ha/configure writes. Node() is
one; Nodes() all of them. `nodes.py end FOLDER` ends what still works below a folder."""
import contextlib
import json
import os
import random
import signal
import socket
import ssl
import subprocess
import sys
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import accord  # noqa: E402

CHECKOUT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
RUN_AS = os.environ.get("ACCORD_RUN_AS", "").split()
AS_ETCD = "setpriv --reuid etcd --regid etcd --clear-groups --no-new-privs".split() if os.geteuid() == 0 else []
NAMES = ("db1", "db2", "db3")
PORTS = {"DATABASE": 0, "PATRONI": 1, "ETCD": 2, "PEER": 3}
CLEAN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}


def processes(folder):
    """The ids of processes that work in a folder or below."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            where = os.readlink(f"/proc/{name}/cwd").removesuffix(" (deleted)")
            if where == folder or where.startswith(folder + "/"):
                yield int(name)


def send(folder, number):
    for pid in processes(folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def end(folder):
    """Until nothing is left, as killed ones may have just started another."""
    accord.until(lambda: [send(folder, signal.SIGKILL)] and not any(processes(folder)), f"nothing works below {folder}", 20)


def is_free(address, port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind((address, port))
            return True
    return False


def places_choose():
    """Three addresses that only this test has, and ports that are free there."""
    while True:
        net = f"127.{random.randrange(64, 250)}.{random.randrange(1, 250)}"
        addresses, base = [f"{net}.{i}" for i in (1, 2, 3)], random.randrange(10000, 32000, 10)
        if all(is_free(address, base + offset) for address in addresses for offset in PORTS.values()):
            return addresses, base


def run(*command, **options):
    """As the user who runs the database; what went wrong is in the assertion."""
    options = {"capture_output": True, "text": True, "timeout": 300, "env": CLEAN, "check": False, **options}
    done = subprocess.run([*RUN_AS, *command], **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)[:200]}: {done.stdout[-1500:]} {done.stderr[-1500:]}")
    return done.stdout


class Node:
    def __init__(self, name, address, scratch, base):
        self.name, self.address, self.base = name, address, base
        self.folder = os.path.join(scratch, "nodes", name)  # all of it works below
        self.etc, self.var = os.path.join(self.folder, "etc"), os.path.join(self.folder, "var")
        self.database = os.path.join(self.var, "database")
        self.started = {}

    def prepare(self, configuration):
        """As the host's administrator."""
        os.makedirs(self.folder)
        subprocess.run([os.path.join(CHECKOUT, "deploy/ha/install"), os.path.join(configuration, self.name)], check=True,
                       stdout=subprocess.DEVNULL)

    def _start(self, name, command, env):
        with open(os.path.join(self.folder, f"{name}.log"), "ab") as log:
            self.started[name] = subprocess.Popen(command, cwd=self.folder, env=CLEAN | env, stdin=subprocess.DEVNULL,
                                                  stdout=log, stderr=log, start_new_session=True)

    def start_etcd(self):
        with open(os.path.join(self.etc, "etcd.conf"), encoding="utf-8") as file:
            env = dict(line.strip().split("=", 1) for line in file if line.startswith("ETCD_"))
        self._start("etcd", [*AS_ETCD, "etcd"], env)

    def start_patroni(self):
        self._start("patroni", [*RUN_AS, "patroni", os.path.join(self.etc, "patroni.yml")], {"HOME": self.var})

    def stop_patroni(self):
        """As systemd does: Patroni stops its PostgreSQL."""
        self.started["patroni"].terminate()
        self.started.pop("patroni").wait(120)

    def kill(self):
        """All at once, as if the power went."""
        send(self.folder, signal.SIGKILL)
        for process in self.started.values():
            process.wait(20)
        self.started = {}
        accord.until(lambda: not any(processes(self.folder)), f"{self.name} is dead")

    def stop_sending(self):
        """Its standbys get nothing from now on."""
        for pid in processes(self.folder):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
                if "walsender" in file.read():
                    os.kill(pid, signal.SIGSTOP)

    def come_back(self):
        self.start_etcd()
        self.start_patroni()

    def ask(self, path):
        """Patroni's own view, or None while it does not answer."""
        context = ssl.create_default_context(cafile=os.path.join(self.etc, "ca.pem"))
        context.load_cert_chain(os.path.join(self.etc, "postgres.pem"), os.path.join(self.etc, "postgres.key"))
        try:
            with urllib.request.urlopen(f"https://{self.address}:{self.base + PORTS['PATRONI']}{path}", timeout=3, context=context) as answer:
                return json.load(answer)
        except (OSError, ValueError):
            return None

    def patronictl(self, *arguments, **options):
        return run("patronictl", "-c", os.path.join(self.etc, "patroni.yml"), *arguments, cwd=self.var, env=CLEAN | {"HOME": self.var}, **options)

    def deploy(self, script, *arguments):
        """A script of deploy/ha on this host."""
        return run(os.path.join(CHECKOUT, "deploy", "ha", script), self.etc, *arguments, cwd="/")

    def tail(self):
        lines = []
        for name in ("patroni", "etcd"):
            with contextlib.suppress(OSError), open(os.path.join(self.folder, f"{name}.log"), errors="replace", encoding="utf-8") as file:
                lines += [f"{self.name} {name}: {line.rstrip()}" for line in file.readlines()[-12:]]
        return "\n".join(lines)


class Nodes:
    def __init__(self, scratch):
        addresses, base = places_choose()
        self.configuration = os.path.join(scratch, "configuration")
        settings = {"ACCORD_HA_NODES": " ".join(f"{n}={a}" for n, a in zip(NAMES, addresses)), "ACCORD_HA_NETWORK": "127.0.0.0/8",
                    "ACCORD_HA_SOURCE": "127.0.0.1", "ACCORD_HA_SERVICES": os.path.join(self.configuration, "services"),
                    "ACCORD_HA_USER": os.environ["ACCORD_OWNER"], "ACCORD_HA_REPOSITORY": os.path.join(scratch, "backup"),
                    "ACCORD_HA_ETC": os.path.join(scratch, "nodes/@NAME@/etc"), "ACCORD_HA_VAR": os.path.join(scratch, "nodes/@NAME@/var")}
        settings |= {f"ACCORD_HA_{name}_PORT": str(base + offset) for name, offset in PORTS.items()}
        run(os.path.join(CHECKOUT, "deploy/ha/configure"), self.configuration, env=CLEAN | settings)
        with open(os.path.join(self.configuration, "services", "database"), encoding="utf-8") as file:
            self.conninfo = file.read().strip()
        self.all = [Node(name, address, scratch, base) for name, address in zip(NAMES, addresses)]
        for node in self.all:
            node.prepare(self.configuration)

    def members(self):
        """{name: role} of those that run and stream, as any of them says."""
        for node in self.all:
            told = node.ask("/cluster") if "patroni" in node.started else None
            if told:
                return {one["name"]: one["role"] for one in told["members"]
                        if one["state"] in ("running", "streaming") and one.get("lag", 0) != "unknown"}
        return {}

    def node(self, name):
        return next(node for node in self.all if node.name == name)

    def with_role(self, role):
        return next((self.node(name) for name, its in self.members().items() if its == role), None)

    def leader(self):
        return accord.until(lambda: self.with_role("leader"), "a leader", 60)

    def until_whole(self, count=3, seconds=90):
        """One leads, one follows synchronously, and as many run."""
        def look():
            roles = self.members()
            return len(roles) == count and {"leader", "sync_standby"} <= set(roles.values())
        try:
            accord.until(look, f"{count} nodes, of which one leads and one is synchronous", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.members()}\n" + "\n".join(node.tail() for node in self.all)) from error


if __name__ == "__main__":
    if sys.argv[1:2] == ["end"]:
        end(os.path.realpath(sys.argv[2]))
