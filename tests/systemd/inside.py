#!/usr/bin/env python3
"""Within a machine whose first process is a real systemd: installs Accord as deploy/OPERATING.md says, and looks whether the
units hold what they promise. Started by tests/systemd/run; what it changes is gone with the machine."""
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import accord  # noqa: E402

SERVICES = ("membership", "ledger", "reinvestment", "risk", "kpi")
UNITS = [f"accord-{service}@{number}.service" for service in SERVICES for number in (0, 1)]
ISSUER_KEYS = "/etc/accord-issuer"
DEATHS_MAX = 20  # StartLimitBurst=
EDGE_PORT = 8080
EXPOSURE_MAX = "20"  # tenths
counts = {"passed": 0, "failed": 0}


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout.strip()


def systemctl(*words):
    return run("systemctl", *words)


def shown(unit, name):
    return systemctl("show", "--value", "-p", name, unit)


def pid_of(unit):
    return int(shown(unit, "MainPID"))


def port_of(unit):
    service, number = re.fullmatch(r"accord-(\w+)@(\d)\.service", unit).groups()
    return 7100 + 10 * int(number) + SERVICES.index(service) + 1


def is_ready(unit):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port_of(unit)}/readyz", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def guide(heading):
    """The blocks of the operator's guide below a heading, as they stand."""
    with open(os.path.join(ROOT, "deploy", "OPERATING.md"), encoding="utf-8") as file:
        section = re.search(rf"^## {heading}\n(.*?)(?=^## )", file.read(), re.M | re.S).group(1)
    return re.findall(r"^```sh\n(.*?)^```", section, re.M | re.S)


def shell(block):
    return run("bash", "-euo", "pipefail", "-c", block)


# --- what is done ------------------------------------------------------------------------------------------------------------

def installs():
    run("make", "-s", "-C", ROOT, "install")
    run("systemd-sysusers")
    run("systemd-tmpfiles", "--create", "accord.conf")
    systemctl("daemon-reload")


def database_starts():
    if not os.path.exists("/etc/postgresql/15/main"):
        run("pg_createcluster", "15", "main", "--port", "5432", "--", "--locale=C.UTF-8")
    with open("/etc/postgresql/15/main/pg_hba.conf", "w", encoding="ascii") as file:
        file.write("local all postgres peer\nlocal all all scram-sha-256\n")
    systemctl("start", "postgresql@15-main.service")


def first_start():
    keys, services = guide("First start")
    shell(keys)
    os.mkdir(ISSUER_KEYS, 0o755)
    run("bash", "-euc", f". {ROOT}/deploy/lib/say.sh; . {ROOT}/deploy/lib/settings.sh; . {ROOT}/deploy/lib/keys.sh; key_make {ISSUER_KEYS}/issuer.pem")
    run("python3", f"{ROOT}/deploy/jwks.py", f"{ISSUER_KEYS}/issuer.jwks", f"{ISSUER_KEYS}/issuer")
    os.chmod(f"{ISSUER_KEYS}/issuer.jwks", 0o644)
    with open("/etc/accord/issuers.json", "w", encoding="ascii") as file:
        json.dump([{"issuer": accord.ISSUER, "jwks": f"{ISSUER_KEYS}/issuer.jwks", "legacy": True, "algorithms": ["ES256"],
                    "organisationClaim": "organisation", "organisations": ["*"]}], file)
    os.chmod("/etc/accord/issuers.json", 0o644)
    shell(services)
    assert all(shown(unit, "ActiveState") == "active" for unit in UNITS)


# --- what is promised --------------------------------------------------------------------------------------------------------

def each_unit_is_confined():
    """A user of its own, no privileges, a filter on system calls, a file system that cannot be written, nobody else's keys."""
    for unit in UNITS:
        pid, service = pid_of(unit), unit.partition("@")[0]
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            said = dict(line.split(":\t", 1) for line in file.read().strip().split("\n") if ":\t" in line)
        assert said["NoNewPrivs"] == "1" and said["Seccomp"] == "2" and int(said["CapEff"], 16) == 0, (unit, said)
        assert run("ps", "-o", "user:32=", "-p", str(pid)) == service, unit
        for kind in ("mnt", "ipc"):
            assert os.readlink(f"/proc/{pid}/ns/{kind}") != os.readlink(f"/proc/1/ns/{kind}"), (unit, kind)
        with open(f"/proc/{pid}/mountinfo", encoding="utf-8") as file:
            mounts = {line.split()[4]: line.split()[5].split(",") for line in file}
        assert "ro" in mounts["/"], (unit, mounts["/"])
        credentials = f"/run/credentials/{unit}"
        assert sorted(os.listdir(credentials)) == sorted([f"{service.removeprefix('accord-')}.pem", "cluster.jwks", "database"]), unit
        run("systemd-analyze", "security", f"--threshold={EXPOSURE_MAX}", "--no-pager", unit)
    other = subprocess.run(["setpriv", "--reuid", "accord-kpi", "--regid", "accord", "--clear-groups", "cat", "/etc/accord/keys/risk.pem"],
                           capture_output=True, text=True, check=False)
    assert other.returncode != 0 and "Permission denied" in other.stderr, other


def works():
    """Before make run's nginx: what stands there in production has a suite of its own (edge)."""
    run("systemd-run", "--unit=edge", f"{ROOT}/tests/lib/edge", "/run/edge", "/etc/accord/config.json", str(EDGE_PORT), "7100")
    alliance = accord.Alliance("Of a machine of its own")
    body = alliance.director.do("GET", alliance.path("")).expect(200).body
    assert body["status"] == "active", body


def ready_again(unit, before):
    accord.until(lambda: pid_of(unit) not in (0, before) and is_ready(unit), f"{unit} is there again", 60)


def killed_ones_come_back():
    for unit in UNITS[::3]:
        before = pid_of(unit)
        os.kill(before, signal.SIGKILL)
        ready_again(unit, before)


class Caller(accord.Beside):
    """Asks at one port without a pause, each time by a connection of its own, and repeats nothing."""

    def __init__(self, port):
        super().__init__()
        self.port, self.good, self.bad = port, 0, []

    def run(self):
        while not self.ending.is_set():
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/v1/openapi.json", timeout=30) as answer:
                    answer.read()
                self.good += 1
            except urllib.error.HTTPError as error:
                self.good, self.bad = self.good + (error.code < 500), self.bad + ([error.code] if error.code >= 500 else [])
            except OSError as error:
                self.bad.append(str(error))


def a_restart_loses_no_connection():
    unit = "accord-membership@0.service"
    with Caller(port_of(unit)) as caller:
        accord.until(lambda: caller.good > 20, "it is asked")
        for _ in range(3):
            before, good = pid_of(unit), caller.good
            systemctl("restart", unit)
            ready_again(unit, before)
            accord.until(lambda seen=good: caller.good > seen + 20, "it is asked again")
    assert not caller.bad, caller.bad[:5]
    print(f"          {caller.good} answers over three restarts", flush=True)


def blocks_lose_nothing(*blocks):
    """Blocks of the guide, under calls through nginx."""
    with contextlib.ExitStack() as stack:
        callers = [stack.enter_context(Caller(EDGE_PORT)) for _ in range(3)]
        for block in blocks:
            shell(block)
    good, bad = sum(caller.good for caller in callers), [one for caller in callers for one in caller.bad]
    assert good > 100 and not bad, (good, bad[:5])
    print(f"          {good} answers meanwhile, none lost", flush=True)


def an_upgrade_loses_no_request():
    before = [pid_of(unit) for unit in UNITS]
    blocks_lose_nothing(guide("Upgrade without downtime")[1])
    assert not set(before) & {pid_of(unit) for unit in UNITS}


def new_secrets_lose_no_request():
    with open("/etc/accord/keys/cluster.jwks", encoding="ascii") as file:
        before = len(json.load(file)["keys"])
    blocks_lose_nothing(*guide("Rotate secrets"))
    with open("/etc/accord/keys/cluster.jwks", encoding="ascii") as file:
        assert len(json.load(file)["keys"]) == before + 1
    for unit in UNITS:
        accord.until(lambda unit=unit: is_ready(unit), f"{unit} is ready", 60)


def drop_in(unit, text):
    os.makedirs(f"/run/systemd/system/{unit}.d", exist_ok=True)
    with open(f"/run/systemd/system/{unit}.d/test.conf", "w", encoding="ascii") as file:
        file.write(text)
    systemctl("daemon-reload")


def log_files_turn_over():
    unit, log = "accord-ledger@1.service", "/var/log/accord/ledger.log"
    drop_in(unit, f"[Service]\nEnvironment=ACCORD_LOG_FILE={log}\nReadWritePaths=/var/log/accord\n")
    systemctl("restart", unit)
    accord.until(lambda: is_ready(unit) and os.path.getsize(log) > 0, "a log file", 60)
    systemctl("cat", "logrotate.timer")
    run("logrotate", "--force", "/etc/logrotate.d/accord")
    assert os.path.getsize(f"{log}.1") > 0 and not os.path.exists(log)
    systemctl("restart", unit)
    accord.until(lambda: os.path.exists(log) and os.path.getsize(log) > 0, "a new file", 60)


def one_that_hangs_is_replaced():
    """WatchdogSec=, shortened for this."""
    unit = "accord-risk@1.service"
    drop_in(unit, "[Service]\nWatchdogSec=4\n")
    systemctl("restart", unit)
    accord.until(lambda: is_ready(unit), "ready", 60)
    before = pid_of(unit)
    os.kill(before, signal.SIGSTOP)
    ready_again(unit, before)
    assert "watchdog" in run("journalctl", "--no-pager", "-u", unit).lower()


def one_that_always_dies_is_given_up():
    unit = "accord-kpi@1.service"
    for _ in range(2 * DEATHS_MAX):
        pid = pid_of(unit)
        if pid:
            os.kill(pid, signal.SIGKILL)
        accord.until(lambda before=pid: shown(unit, "ActiveState") == "failed" or pid_of(unit) not in (0, before), "it is started or given up", 60)
        if shown(unit, "ActiveState") == "failed":
            break
    assert shown(unit, "ActiveState") == "failed", "it is started for ever"
    assert is_ready("accord-kpi@0.service"), "its twin serves"
    systemctl("reset-failed", unit, unit.replace(".service", ".socket"))
    systemctl("start", unit.replace(".service", ".socket"), unit)
    accord.until(lambda: is_ready(unit), f"{unit} is started by hand", 60)


def strangers_addresses_are_out_of_reach():
    """IPAddressDeny=any: loopback alone, said by the kernel to whoever is in the unit's control group."""
    run("ip", "address", "add", "192.0.2.1/32", "dev", "lo")
    unit = "accord-kpi@0.service"
    procs = f"/sys/fs/cgroup{shown(unit, 'ControlGroup')}/cgroup.procs"
    ask = f"echo $$ >{procs}; exec curl -sS -m 5 -o /dev/null http://192.0.2.1:{port_of(unit)}/livez"
    denied = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=False)
    allowed = subprocess.run(["bash", "-c", ask.replace("192.0.2.1", "127.0.0.1")], capture_output=True, text=True, check=False)
    assert allowed.returncode == 0, allowed
    assert denied.returncode != 0, "it may go anywhere"


def all_stops():
    systemctl("stop", "accord.target")
    began = time.monotonic()
    accord.until(lambda: all(shown(unit, "ActiveState") in ("inactive", "failed") for unit in UNITS), "all have stopped", 60)
    said = {unit: shown(unit, "Result") for unit in UNITS}
    assert set(said.values()) == {"success"}, said
    print(f"          stopped after {time.monotonic() - began:.1f} s more", flush=True)


ACTS = (installs, database_starts, first_start, each_unit_is_confined, works, killed_ones_come_back, a_restart_loses_no_connection,
        an_upgrade_loses_no_request, new_secrets_lose_no_request, log_files_turn_over, one_that_hangs_is_replaced,
        one_that_always_dies_is_given_up, strangers_addresses_are_out_of_reach, all_stops)
WITHOUT_WHICH_NOTHING = (installs, database_starts, first_start)


def main():
    os.environ.update(ACCORD_BASE_URL=f"http://127.0.0.1:{EDGE_PORT}", ACCORD_BIN=os.path.join(ROOT, "build", "release"), ACCORD_KEYS=ISSUER_KEYS)
    for act in ACTS:
        began = time.monotonic()
        try:
            act()
            counts["passed"] += 1
            print(f"  ok      {act.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
        except Exception as error:  # pylint: disable=broad-except
            counts["failed"] += 1
            detail = getattr(error, "stderr", None) or str(error)
            print(f"  FAILED  {act.__name__}: {type(error).__name__}: {detail[-1500:]}", flush=True)
            print(run("journalctl", "--no-pager", "-n", "30", "-o", "cat", "-u", "accord-*"), flush=True)
            if act in WITHOUT_WHICH_NOTHING:
                break
    print(f"{counts['passed']} passed, {counts['failed']} failed")
    return 1 if counts["failed"] else 0


sys.exit(main())
