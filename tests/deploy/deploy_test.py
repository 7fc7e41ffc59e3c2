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

from checkout import IS_ROOT, STOP_S, Checkout, answers, asks, is_settled, pid_of, processes, until

AGAIN_S = 10
TESTS = []


class Skipped(Exception):
    """Can't be shown here; says why."""


def test(function):
    TESTS.append(function)
    return function


# --- the tests, in an order in which one start serves several -------------------------------------------

@test
def a_first_start_from_a_closed_home_plays_the_example(home):
    home.env["ACCORD_EXAMPLE"] = "yes"
    home.running = home.start().ready()
    text = home.running.text()
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("curl ")]
    assert len(lines) == 4, text
    with tempfile.TemporaryDirectory() as folder:
        for line in lines:
            done = subprocess.run(["bash", "-c", line + " -f"], capture_output=True, text=True, cwd=folder)
            assert done.returncode == 0, f"{line}: {done.stderr}"
            assert done.stdout or os.path.getsize(os.path.join(folder, "overview.html")) > 0, line
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
    until(lambda: not processes(home.data), "nothing left", STOP_S)


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
        pid = until(lambda: pid_of(home.data, pattern), pattern, 10)
        os.kill(pid, signal.SIGKILL)
        until(lambda: pid_of(home.data, pattern) not in (None, pid), f"another {pattern}", 10)
        until(lambda: is_settled(home.data) and answers(home.port), f"all ready after {pattern}", 20)
    running.stop()


@test
def a_taken_port_is_named(home):
    base = int(home.env["ACCORD_SERVICE_PORTS"])
    for port in (home.port, home.database_port, base + 2, base + 103, base + 204):
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", port))
            taken.listen()
            home.start().refused(rf"port {port} .*taken")


@test
def one_port_for_two_is_named(home):
    for name in ("ACCORD_PORT", "ACCORD_SERVICE_PORTS"):
        other = home.database_port if name == "ACCORD_PORT" else home.port - 103
        home.start(**{name: str(other)}).refused(rf"port {home.database_port if name == 'ACCORD_PORT' else home.port} is meant for .* and for .*{name}")


@test
def a_setting_that_is_no_number_is_named(home):
    for name in ("ACCORD_PORT", "ACCORD_INSTANCES", "ACCORD_FLOOD_RATE", "ACCORD_CLIENT_RATE"):
        home.start(**{name: "many"}).refused(rf"{name} is 'many'")


@test
def a_folder_that_is_not_accords_is_left_alone(home):
    folder = os.path.join(home.folder, "photographs")
    os.mkdir(folder)
    with open(os.path.join(folder, "of-the-garden.jpg"), "w", encoding="utf-8") as file:
        file.write("green")
    home.start(ACCORD_DATA=folder).refused(r"photographs is not empty and not Accord's")
    assert os.listdir(folder) == ["of-the-garden.jpg"]
    if IS_ROOT:
        theirs = os.path.join(home.folder, "theirs")
        os.mkdir(theirs)
        os.chown(theirs, pwd.getpwnam("nobody").pw_uid, -1)
        home.start(ACCORD_DATA=theirs).refused(r"theirs belongs to nobody")


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
def what_the_operator_wrote_wrongly_is_named(home):
    issuers = os.path.join(home.data, "keys", "issuers.json")
    with open(issuers, "r+", encoding="utf-8") as file:
        right = file.read()
        file.write("and more\n")
    home.start().refused(r"membership did not become ready.*issuers\.json")
    with open(issuers, "w", encoding="utf-8") as file:
        file.write(right)


@test
def the_files_of_another_postgresql_are_named(home):
    version = os.path.join(home.data, "database", "PG_VERSION")
    with open(version, "w", encoding="ascii") as file:
        file.write("14\n")
    home.start().refused(r"made by PostgreSQL 14, and PostgreSQL 15 is what runs")
    with open(version, "w", encoding="ascii") as file:
        file.write("15\n")


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


@test
def a_disk_that_is_full_at_a_later_start_is_named(home):
    if not IS_ROOT:
        raise Skipped("needs root")
    with small_disk(home, 500) as disk:
        data = os.path.join(disk, "data")
        home.start(ACCORD_DATA=data, ACCORD_EXAMPLE="no").ready().stop()
        with contextlib.suppress(OSError), open(os.path.join(disk, "filler"), "wb", buffering=0) as filler:
            while filler.write(bytes(65536)):
                pass
        home.start(ACCORD_DATA=data).refused(r"disk .* is full: 0 MB are free")


@test
def a_first_start_that_was_killed_anywhere_is_mended_by_the_next(home):
    """In a folder with a path too long for a socket, too."""
    os.chmod(home.folder, 0o711)
    try:
        for number, step in enumerate(("making a private PostgreSQL", "migrating", "starting nginx")):
            data = os.path.join(home.folder, "long-" * 20 + str(number))
            running = home.start(ACCORD_DATA=data)
            until(lambda: step in running.text(), step, 60)
            serve = pid_of(data, r"deploy/serve$")
            assert serve, f"{step}: {running.text()} {processes(data)}"
            os.kill(serve, signal.SIGKILL)
            running.process.wait(STOP_S)
            home.start(ACCORD_DATA=data).ready().stop()
            shutil.rmtree(data)
    finally:
        os.chmod(home.folder, 0o700)


@test
def an_example_killed_anywhere_is_played_once_by_the_next(home):
    """Within a request, once in its first story and once in the other; both alliances stand once."""
    data = os.path.join(home.folder, "example")
    playing = {"ACCORD_DATA": data, "ACCORD_EXAMPLE": "yes"}
    os.chmod(home.folder, 0o711)
    home.env["ACCORD_EXAMPLE"] = "yes"
    try:
        for told in ("is a partner, with the accounts", "is computed in"):
            running = home.start(**playing)
            until(lambda: told in running.text() and asks(data), told, 120)
            os.kill(pid_of(data, r"deploy/serve$"), signal.SIGKILL)
            running.process.wait(STOP_S)
            until(lambda: not pid_of(data, r"/deploy/example$"), "the example gone", STOP_S)
        running = home.start(**playing).ready()
        assert running.text().count("taken up where an earlier run was stopped") == 1, running.text()
        alliances = subprocess.run(["psql", "-XAtq", "-c", "select name from membership.alliance order by name",
                                    f"host='{data}/run' port={home.database_port} dbname=accord user=postgres"],
                                   capture_output=True, text=True, check=True).stdout.splitlines()
        assert alliances == ["Five Valleys Alliance", "Four Rivers Elective Alliance"], alliances
        running.stop()
        assert not os.path.exists(os.path.join(data, "example.begun"))
    finally:
        home.env["ACCORD_EXAMPLE"] = "no"
        os.chmod(home.folder, 0o700)


@test
def an_example_without_its_run_is_told_from_an_operators_shell(home):
    """By whoever ends what a killed run left."""
    os.makedirs(os.path.join(home.folder, "left"))
    left = os.path.join(home.folder, "left")
    with contextlib.ExitStack() as stack:
        started = [stack.enter_context(subprocess.Popen([*command, *arguments], cwd=left, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
                   for command, arguments in ((["python3", "-c", "print(flush=True); input()"], ["/app/deploy/example"]),
                                              (["python3", "-c", "print(flush=True); input()"], ["/app/deploy/example.txt"]),
                                              (["bash", "-c", "echo; read -r _"], ["vi deploy/example"]))]
        for process in started:
            process.stdout.readline()
        said = subprocess.run(["bash", "-c", '. deploy/lib/processes.sh; processes_below "$1"', "bash", left], cwd=home.path,
                              capture_output=True, text=True, check=True).stdout
        assert [int(line.split()[0]) for line in said.splitlines()] == [started[0].pid], said
        for process in started:
            process.communicate(b"\n")


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
        until(lambda: subprocess.run(["umount", disk], capture_output=True).returncode == 0, "the disk unmounted", 10)
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
        until(lambda: not written(home, data), "the database down", 60)
        until(lambda: not ready_page(home), "the ledger not ready", 30)
        os.remove(os.path.join(disk, "filler"))
        until(lambda: written(home, data), "the database up again", 60)
        until(lambda: is_settled(data) and ready_page(home), "all ready again", 60)
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
