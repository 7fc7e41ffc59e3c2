"""The processes of a running cluster, from outside: who they are, what they say of themselves, and how they are stopped."""
import collections
import glob
import json
import os
import re
import signal
import subprocess
import urllib.error
import urllib.request

import accord
from stage import SERVICES

UP_S = 90  # in which what was stopped must be up, on a loaded machine


def folders():
    """Supervised folders by what they are: {"ledger": [folder, ...], "nginx": [...], "postgres": [...]}."""
    root = os.environ["ACCORD_SERVICES"]
    found = collections.defaultdict(list)
    for name in sorted(os.listdir(root)):
        if os.path.isdir(os.path.join(root, name, "supervise")):
            found[name.split("-")[0]].append(os.path.join(root, name))
    return found


def status(folder, *fields):
    return subprocess.run(["s6-svstat", "-o", ",".join(fields), folder], check=True, capture_output=True, text=True).stdout.split()


def pid_of(folder):
    up, pid = status(folder, "up", "pid")
    return int(pid) if up == "true" else None


def control(option, *which):
    subprocess.run(["s6-svc", option, *which], check=True)


def until_up(folder, other_than=None):
    """Up, with another process than it was."""
    accord.until(lambda: pid_of(folder) not in (None, other_than), f"{os.path.basename(folder)} is up again", UP_S)


def until_ready(*which):
    for folder in which:
        accord.until(lambda f=folder: status(f, "ready") == ["true"], f"{os.path.basename(folder)} is ready", UP_S)


def stop(which):
    for folder in which:
        control("-d", folder)
    for folder in which:
        accord.until(lambda f=folder: pid_of(f) is None, f"{os.path.basename(folder)} has stopped", UP_S)


def start(which):
    for folder in which:
        control("-u", folder)
    until_ready(*which)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(one) for one in file.read().split()]


def family(pid):
    """The process and all below it."""
    return [pid, *(one for child in children(pid) for one in family(child))]


def signal_all(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def log_writer(folder):
    return pid_of(os.path.join(folder, "log"))


def hard_kill(folder):
    """Returns the process that it was."""
    pid = accord.until(lambda: pid_of(folder), f"{os.path.basename(folder)} is up", UP_S)
    os.kill(pid, signal.SIGKILL)
    return pid


# --- what they say ----------------------------------------------------------------------------------------------

def page(address, name):
    """A page for operators, from one instance: status and text."""
    try:
        with urllib.request.urlopen(f"http://{address}/{name}", timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


def instances(service):
    with open(os.environ["ACCORD_CONFIG"], encoding="utf-8") as file:
        return [one["http"] for one in json.load(file)["services"][service]["instances"]]


def is_ready(service):
    return all(page(address, "readyz")[0] == 200 for address in instances(service))


def all_ready():
    return all(is_ready(service) for service in SERVICES)


def metric(address, name):
    """The value of a metric as it is named with its labels, None without it."""
    found = re.search(rf"^{re.escape(name)} (\S+)$", page(address, "metrics")[1], re.M)
    return float(found[1]) if found else None


def logged(service, *words):
    """Whether a line of any instance's log has all of these words."""
    for name in glob.glob(os.path.join(os.environ["ACCORD_LOGS"], service + "*", "*")):
        if os.path.isfile(name):
            with open(name, encoding="utf-8", errors="replace") as file:
                if any(all(word in line for word in words) for line in file):
                    return True
    return False


def command(service, *words):
    """An operator's command of the service's own program."""
    return subprocess.run([os.path.join(os.environ["ACCORD_BIN"], f"accord-{service}"), "--config", os.environ["ACCORD_CONFIG"],
                           *words], capture_output=True, text=True, timeout=60, check=False)


# --- the database -------------------------------------------------------------------------------------------------

def sql(statement, *others, timeout=120):
    """As the superuser, all in one transaction; the last answer, bare."""
    words = [one for text in (statement, *others) for one in ("-c", text)]
    return subprocess.run(["psql", "-qAtX1", "-v", "ON_ERROR_STOP=1", "-d", os.environ["ACCORD_TEST_DATABASE"], *words],
                          capture_output=True, text=True, check=True, timeout=timeout).stdout.strip()
