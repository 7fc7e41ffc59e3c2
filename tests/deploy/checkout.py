"""A copy of the checkout in a folder of mode 0700, and `make run` in it, on ports of its own."""
import contextlib
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

CHECKOUT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
sys.path.insert(0, os.path.join(CHECKOUT, "tests", "lib"))
from accord import until  # noqa: E402

IS_ROOT = os.geteuid() == 0
READY = "Stop with Ctrl-C."
STOP_S = 10
# A shell that starts tests in the background has them ignore INT, and whoever they start would, too.
signal.signal(signal.SIGINT, signal.default_int_handler)


def free_base():
    for base in range(32100, 60000, 300):
        with contextlib.ExitStack() as stack:
            try:
                for port in [base + kind + n for kind in (0, 100, 200) for n in range(30)]:
                    probe = stack.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", port))
                return base
            except OSError:
                continue
    raise AssertionError("no free ports")


class Checkout:
    """A copy of the sources and of what is built, and `make run` in it."""

    def __init__(self, owner=None):
        self.folder = tempfile.mkdtemp(prefix="accord-home-")  # mode 0700
        self.path = os.path.join(self.folder, "accord")
        os.mkdir(self.path)
        names = subprocess.run(["git", "-c", f"safe.directory={CHECKOUT}", "ls-files", "-co", "--exclude-standard"],
                               cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout
        for part, listed in (("", names), ("build", "generated\nrelease\n")):
            present = "".join(name + "\n" for name in listed.splitlines() if os.path.exists(os.path.join(CHECKOUT, part, name)))
            os.makedirs(os.path.join(self.path, part), exist_ok=True)
            subprocess.run(["cp", "-a", "--parents", *present.splitlines(), os.path.join(self.path, part)],
                           cwd=os.path.join(CHECKOUT, part), check=True)
        self.user = []
        if owner:
            entry = pwd.getpwnam(owner)
            subprocess.run(["chown", "-R", f"{entry.pw_uid}:{entry.pw_gid}", self.folder], check=True)
            self.user = ["setpriv", "--reuid", owner, "--regid", str(entry.pw_gid), "--clear-groups"]
        base = free_base()
        self.port, self.database_port = base + 28, base + 29
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(("ACCORD_", "MAKE", "MFLAGS"))}
        self.env.update(ACCORD_PORT=str(self.port), ACCORD_DATABASE_PORT=str(self.database_port),
                        ACCORD_SERVICE_PORTS=str(base), ACCORD_EXAMPLE="no", HOME=self.folder)
        self.outputs = 0

    @property
    def data(self):
        answer = subprocess.run([*self.user, "bash", "-c", ". deploy/lib/install.sh; . deploy/lib/settings.sh; "
                                 "data_folder_default \"$PWD\""], cwd=self.path, check=True, capture_output=True, text=True)
        return answer.stdout.strip()

    def make(self, *arguments, answer="", **env):
        return subprocess.run([*self.user, "make", *arguments], cwd=self.path, env={**self.env, **env}, text=True,
                              input=answer, capture_output=True, timeout=120)

    def start(self, **env):
        self.outputs += 1
        output = open(os.path.join(self.folder, f"output-{self.outputs}"), "w+", encoding="utf-8")
        process = subprocess.Popen([*self.user, "make", "run"], cwd=self.path, env={**self.env, **env}, text=True,
                                   stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
        return Running(self, process, output.name, env.get("ACCORD_DATA") or self.data)

    def remove(self):
        data = self.data
        for pid, _ in processes(data):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until(lambda: not processes(data), "processes to go", 5)
        for folder in (data, self.folder):
            shutil.rmtree(folder, ignore_errors=True)


class Running:
    def __init__(self, checkout, process, output, data):
        self.checkout, self.process, self.output, self.data = checkout, process, output, data

    def text(self):
        with open(self.output, encoding="utf-8") as file:
            return file.read()

    def ready(self, seconds=120):
        """Up; with the example if it is played."""
        def look():
            assert self.process.poll() is None, f"make run ended: {self.text()}"
            if self.checkout.env["ACCORD_EXAMPLE"] == "yes" or READY in self.text():
                return READY in self.text()
            return answers(self.checkout.port) and "services" in self.text() and is_settled(self.data)
        until(look, "make run ready", seconds)
        return self

    def ended(self, seconds=STOP_S):
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"make run did not end within {seconds} s: {self.text()}") from None
        left = processes(self.data)
        assert not left, f"left behind: {left}"

    def refused(self, pattern):
        """Ends by itself with exactly one sentence that matches."""
        self.process.wait(60)
        assert self.process.returncode != 0, self.text()
        said = [line for line in self.text().splitlines() if line.startswith("accord: ")]
        assert len(said) == 1 and re.search(pattern, said[0]), f"not one sentence like /{pattern}/: {self.text()}"
        assert not processes(self.data), f"left behind: {processes(self.data)}"

    def stop(self):
        os.killpg(self.process.pid, signal.SIGINT)
        self.ended()


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def asks(data):
    """Whether the last thing that the example has recorded is a request without an answer."""
    with contextlib.suppress(OSError, ValueError, IndexError), open(os.path.join(data, "example.begun"), encoding="utf-8") as file:
        return "headers" in json.loads(file.read().splitlines()[-1])
    return False


def is_settled(data):
    """Every folder of the supervisor that is to be up is ready."""
    services = os.path.join(data, "run", "services")
    for name in ("postgres", "nginx", "membership", "ledger", "reinvestment", "risk", "kpi"):
        done = subprocess.run(["s6-svstat", "-o", "ready", os.path.join(services, name)], capture_output=True, text=True)
        if done.stdout.strip() != "true":
            return False
    return True


def processes(data):
    """(pid, command) of everything that works in the data folder or runs from it."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            where = os.readlink(f"/proc/{pid}/cwd")
            with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
                command = file.read().replace("\0", " ").strip()
        except OSError:
            continue
        if where.startswith(data) or data in command:
            found.append((int(pid), command))
    return found


def pid_of(data, pattern):
    for pid, command in processes(data):
        if re.search(pattern, command):
            return pid
    return None
