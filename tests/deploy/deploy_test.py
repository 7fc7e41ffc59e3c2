#!/usr/bin/env python3
"""`make run` in a copy of the checkout that lies in a folder of mode 0700, as root (or as whoever
runs this), on ports of its own. Each test says what it expects in its name; needs of root are skipped
aloud for others. Waits for conditions with deadlines only."""
import contextlib
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

CHECKOUT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
IS_ROOT = os.geteuid() == 0
READY = "Stop with Ctrl-C."
STOP_S = 10
AGAIN_S = 10
TESTS = []


class Skipped(Exception):
    """Can't be shown here; says why."""


def test(function):
    TESTS.append(function)
    return function


def until(what, condition, seconds):
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.05)


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
        until("processes to go", lambda: not processes(data), 5)
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
        until("make run ready", look, seconds)
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


# --- the tests, in an order in which one start serves several -------------------------------------------

@test
def a_first_start_from_a_closed_home_plays_the_example(home):
    home.env["ACCORD_EXAMPLE"] = "yes"
    home.running = home.start().ready()
    text = home.running.text()
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("curl ")]
    assert len(lines) == 3, text
    for line in lines:
        done = subprocess.run(["bash", "-c", line + " -f"], capture_output=True, text=True)
        assert done.returncode == 0 and done.stdout, f"{line}: {done.stderr}"
    for role in ("alliance-director", "partner-system", "quality-lead"):
        command = re.search(rf"^ +(\S+accord-token .*--as {role})$", text, re.M)
        assert command, f"no line for a token of {role}: {text}"
        done = subprocess.run(["bash", "-c", command[1]], capture_output=True, text=True)
        assert done.returncode == 0 and done.stdout.count(".") == 2, done.stderr


@test
def nothing_runs_as_root(home):
    if not IS_ROOT:
        raise Skipped("needs root")
    for pid, command in processes(home.data):
        assert os.stat(f"/proc/{pid}").st_uid != 0, f"{command} runs as root"


@test
def only_loopback_is_listened_on(home):
    owned = {f"socket:[{inode}]" for inode in map(str, listening_elsewhere())}
    for pid, command in processes(home.data):
        for name in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(FileNotFoundError):
                assert os.readlink(f"/proc/{pid}/fd/{name}") not in owned, f"{command} listens beyond loopback"


def listening_elsewhere():
    for table, loopback in (("/proc/net/tcp", "0100007F"), ("/proc/net/tcp6", "00000000000000000000000001000000")):
        with open(table, encoding="ascii") as file:
            for fields in map(str.split, list(file)[1:]):
                if fields[3] == "0A" and fields[1].partition(":")[0] != loopback:
                    yield int(fields[9])


@test
def a_second_make_run_beside_it_says_so(home):
    done = home.make("run")
    said = [line for line in done.stderr.splitlines() if line.startswith("accord: ")]
    assert done.returncode != 0 and len(said) == 1 and "already running" in said[0], done.stderr


@test
def clean_data_refuses_while_it_runs(home):
    done = home.make("clean-data", answer="yes\n")
    assert done.returncode != 0 and "already running" in done.stderr, done.stderr
    assert os.path.exists(os.path.join(home.data, "database"))


@test
def int_to_make_alone_stops_all_of_it(home):
    home.running.process.send_signal(signal.SIGINT)
    home.running.ended()


@test
def a_second_start_is_quick_and_finds_its_data(home):
    began = time.monotonic()
    home.running = home.start().ready()
    took = time.monotonic() - began
    assert took < AGAIN_S, f"took {took:.1f} s"
    assert "has found its data" in home.running.text(), home.running.text()


@test
def term_to_make_stops_all_of_it(home):
    home.running.process.send_signal(signal.SIGTERM)
    home.running.ended()
    home.env["ACCORD_EXAMPLE"] = "no"


@test
def ctrl_c_stops_all_of_it(home):
    home.start().ready().stop()


@test
def a_killed_make_takes_all_of_it_along(home):
    running = home.start().ready()
    running.process.kill()
    until("nothing left", lambda: not processes(home.data), STOP_S)


@test
def a_killed_deploy_script_leaves_nothing_that_hinders_the_next(home):
    running = home.start().ready()
    os.kill(pid_of(home.data, r"deploy/serve$"), signal.SIGKILL)
    running.process.wait(STOP_S)
    home.start().ready().stop()


@test
def a_killed_supervisor_ends_the_run_and_all_of_it(home):
    running = home.start().ready()
    os.kill(pid_of(home.data, r"^s6-svscan "), signal.SIGKILL)
    running.refused("supervisor")


@test
def supervisor_and_run_killed_together_are_cleared_away_by_the_next(home):
    running = home.start().ready()
    serve, scan = pid_of(home.data, r"deploy/serve$"), pid_of(home.data, r"^s6-svscan ")
    keep = [pid for pid, command in processes(home.data) if command.startswith(("s6-supervise", "postgres"))]
    for pid in (serve, scan):
        os.kill(pid, signal.SIGSTOP)
    for pid in (scan, serve):
        os.kill(pid, signal.SIGKILL)
    running.process.wait(STOP_S)
    assert keep
    again = home.start().ready()
    assert "leftovers" in again.text(), again.text()
    again.stop()


@test
def whatever_is_killed_comes_back(home):
    running = home.start().ready()
    for pattern in (r"bin/accord-ledger ", r"nginx: master", r"s6-supervise kpi$", r"s6-supervise nginx$",
                    r"postgres -D ", r"s6-supervise postgres$", r"s6-log .*/membership$"):
        pid = until(pattern, lambda: pid_of(home.data, pattern), 10)
        os.kill(pid, signal.SIGKILL)
        until(f"another {pattern}", lambda: pid_of(home.data, pattern) not in (None, pid), 10)
        until(f"all ready after {pattern}", lambda: is_settled(home.data) and answers(home.port), 20)
    running.stop()


@test
def a_taken_port_is_named(home):
    for port in (home.port, home.database_port, int(home.env["ACCORD_SERVICE_PORTS"]) + 2):
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", port))
            taken.listen()
            home.start().refused(rf"port {port} .*taken")


@test
def an_unreadable_key_is_named(home):
    key = os.path.join(home.data, "keys", "ledger.pem")
    with open(key, "rb") as file:
        right = file.read()
    with open(key, "wb") as file:
        file.write(b"not a key\n")
    home.start().refused(r"ledger\.pem can't be read")
    with open(key, "wb") as file:
        file.write(right)
    mode = os.stat(key).st_mode
    owner = os.stat(key)
    os.chmod(key, 0)
    try:
        home.start().refused(r"ledger\.pem can't be read")
    finally:
        os.chmod(key, mode)
        os.chown(key, owner.st_uid, owner.st_gid)


@test
def a_newer_schema_is_named(home):
    running = home.start().ready()
    database = f"host='{home.data}/run' port={home.database_port} dbname=accord user=postgres"

    def sql(text):
        subprocess.run(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-c", text, database], check=True, capture_output=True)
    sql("insert into sqitch.changes select 'of the future', null, 'a-later-change', project, '', now(), committer_name, "
        "committer_email, now(), planner_name, planner_email from sqitch.changes where project = 'ledger' limit 1")
    running.stop()
    home.start().refused(r"ledger:a-later-change.*newer")
    # Taken out again by a server of our own over the same files.
    user = ["setpriv", "--reuid", "accord", "--regid", "accord", "--clear-groups"] if IS_ROOT else []
    subprocess.run([*user, "/usr/lib/postgresql/15/bin/postgres", "--single", "-D", f"{home.data}/database", "accord"],
                   input="delete from sqitch.changes where change = 'a-later-change'\n", text=True, check=True,
                   capture_output=True, cwd="/")
    home.start().ready().stop()


@test
def a_full_disk_is_named(home):
    if not IS_ROOT:
        raise Skipped("needs root")
    with small_disk(home, 40) as disk:
        home.start(ACCORD_DATA=os.path.join(disk, "data")).refused(r"disk .* is full")


@contextlib.contextmanager
def small_disk(home, megabytes):
    disk = os.path.join(home.folder, "disk")
    os.makedirs(disk, exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", disk], capture_output=True)
    if mounted.returncode != 0:
        raise Skipped("can't mount a small disk here")
    os.chmod(home.folder, 0o711)
    try:
        yield disk
    finally:
        for pid, _ in processes(disk):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until("the disk unmounted", lambda: subprocess.run(["umount", disk], capture_output=True).returncode == 0, 10)
        os.chmod(home.folder, 0o700)


@test
def a_disk_that_fills_up_stops_the_database_until_there_is_room(home):
    if not IS_ROOT:
        raise Skipped("needs root")
    with small_disk(home, 500) as disk:
        data = os.path.join(disk, "data")
        running = home.start(ACCORD_DATA=data).ready()
        with contextlib.suppress(OSError), open(os.path.join(disk, "filler"), "wb", buffering=0) as filler:
            while filler.write(bytes(65536)):
                pass
        until("the database down", lambda: not written(home, data), 60)
        until("the ledger not ready", lambda: not ready_page(home), 30)
        os.remove(os.path.join(disk, "filler"))
        until("the database up again", lambda: written(home, data), 60)
        until("all ready again", lambda: is_settled(data) and ready_page(home), 60)
        running.stop()


def written(home, data):
    """Whether the database takes a few megabytes more."""
    done = subprocess.run(["psql", "-Xq", "-c", "create temporary table t as select repeat(md5(n::text), 30) from generate_series(1, 20000) n",
                           "-c", "select pg_switch_wal()", f"host='{data}/run' port={home.database_port} dbname=accord user=postgres"],
                          capture_output=True)
    return done.returncode == 0


def ready_page(home):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", int(home.env["ACCORD_SERVICE_PORTS"]) + 2), 2) as page:
        page.sendall(b"GET /readyz HTTP/1.1\r\nHost: accord\r\nConnection: close\r\n\r\n")
        return b" 200 " in page.recv(64)
    return False


@test
def clean_data_asks_first(home):
    done = home.make("clean-data", answer="no\n")
    assert done.returncode != 0 and os.path.exists(os.path.join(home.data, "database")), done.stdout
    done = home.make("clean-data", answer="yes\n")
    assert done.returncode == 0 and not os.path.exists(home.data), done.stderr


@test
def an_ordinary_user_keeps_it_below_the_checkout(home):
    if not IS_ROOT:
        raise Skipped("the other tests have shown it")
    mine = Checkout(owner="accord")
    try:
        assert mine.data == os.path.join(mine.path, ".data")
        running = mine.start().ready()
        owner = pwd.getpwnam("accord").pw_uid
        for pid, command in processes(mine.data):
            assert os.stat(f"/proc/{pid}").st_uid == owner, command
        running.stop()
    finally:
        mine.remove()


@test
def an_ordinary_user_without_packages_is_told_the_line_for_root(home):
    mine = Checkout(owner="accord" if IS_ROOT else None)
    try:
        tools = stub(mine, "dpkg-query", "#!/bin/sh\n/usr/bin/dpkg-query \"$@\" | grep -vE '^installed (s6|sqitch) '\n")
        if not IS_ROOT or mine.user:
            mine.start(PATH=f"{tools}:{os.environ['PATH']}").refused(
                rf"as root run: make -C {re.escape(mine.path)} deps .*\(s6 sqitch\)$|as root run: make -C .* deps .*sqitch")
    finally:
        mine.remove()


@test
def installing_starts_nothing_and_leaves_no_trace(home):
    if not IS_ROOT:
        raise Skipped("needs root")
    seen = os.path.join(home.folder, "seen")
    tools = stub(home, "dpkg-query", "#!/bin/sh\n/usr/bin/dpkg-query \"$@\" | grep -vE '^installed sqitch '\n")
    stub(home, "apt-get", "#!/bin/sh\necho \"$@\" >>" + seen + "\n/usr/sbin/policy-rc.d; echo policy $? >>" + seen +
         "\ncat /etc/postgresql-common/createcluster.d/accord.conf >>" + seen + "\n")
    done = home.make("deps", PATH=f"{tools}:{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr
    with open(seen, encoding="utf-8") as file:
        text = file.read()
    assert "install -y -q --no-install-recommends sqitch" in text, text
    assert "policy 101" in text and "create_main_cluster = false" in text, text
    for path in ("/usr/sbin/policy-rc.d", "/etc/postgresql-common/createcluster.d/accord.conf"):
        assert not os.path.exists(path), f"{path} is still there"


def stub(checkout, name, text):
    folder = os.path.join(checkout.folder, "stubs")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o755)
    os.chmod(folder, 0o755)
    return folder


def main():
    wanted = sys.argv[1:]
    passed = failed = 0
    home = Checkout()
    try:
        for function in TESTS:
            if wanted and function.__name__ not in wanted:
                continue
            began = time.monotonic()
            try:
                function(home)
                passed += 1
                print(f"  ok      {function.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
            except Skipped as why:
                print(f"  skipped {function.__name__}: {why}", flush=True)
            except Exception as error:  # noqa: BLE001
                failed += 1
                print(f"  FAILED  {function.__name__}: {type(error).__name__}: {error}", flush=True)
    finally:
        home.remove()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
