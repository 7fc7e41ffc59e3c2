"""The running Accord of a test: its processes under s6, its configuration, its logs and metrics."""
import json
import os
import subprocess
import sys
import urllib.request

import accord

SERVICES = ("membership", "ledger", "reinvestment", "risk", "kpi")


def folders(service):
    """The supervisor's folders of a service's instances, in order."""
    root = os.environ["ACCORD_SERVICES"]
    return [os.path.join(root, name) for name in sorted(os.listdir(root)) if name == service or name.startswith(service + "-")]


def is_up(folder):
    done = subprocess.run(["s6-svstat", "-o", "up,ready", folder], check=True, capture_output=True, text=True)
    return done.stdout.split() == ["true", "true"]


def down(folder):
    subprocess.run(["s6-svc", "-d", folder], check=True)
    accord.until(lambda: subprocess.run(["s6-svstat", "-o", "up", folder], check=True, capture_output=True,
                                        text=True).stdout.strip() == "false", f"{folder} is down", 60)


def up(folder, seconds=60):
    subprocess.run(["s6-svc", "-u", folder], check=True)
    accord.until(lambda: is_up(folder), f"{folder} is up", seconds)


def restart(wanted):
    for folder in wanted:
        down(folder)
    for folder in wanted:
        subprocess.run(["s6-svc", "-u", folder], check=True)
    for folder in wanted:
        accord.until(lambda one=folder: is_up(one), f"{folder} is up", 90)


def configuration():
    with open(os.environ["ACCORD_CONFIG"], encoding="utf-8") as file:
        return json.load(file)


def configure(configured):
    """In place, so that the file stays its owner's."""
    with open(os.environ["ACCORD_CONFIG"], "r+", encoding="utf-8") as file:
        json.dump(configured, file, indent=1)
        file.truncate()


def database_at(address):
    """All services, started again, reach PostgreSQL at host:port; passwords stay where they are."""
    host, _, port = address.partition(":")
    configured = configuration()
    for name, service in configured["services"].items():
        passwords = service["database"].partition("passfile=")[2].partition(" connect_timeout")[0]
        service["database"] = (f"host={host} port={port} dbname=accord user={name} passfile={passwords} connect_timeout=2 "
                               "sslmode=disable gssencmode=disable")
    configure(configured)
    restart([folder for service in SERVICES for folder in folders(service)])


def page(service, path, instance=0):
    """What a service serves on its own port."""
    address = configuration()["services"][service]["instances"][instance]["http"]
    with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
        return answer.read().decode()


def metric(service, name, instance=0, **labels):
    """The sum of a metric's samples with these labels."""
    total = 0.0
    for line in page(service, "/metrics", instance).splitlines():
        if line.startswith(name) and all(f'{key}="{value}"' in line for key, value in labels.items()):
            total += float(line.rpartition(" ")[2])
    return total


def log_of(folder):
    with open(os.path.join(os.environ["ACCORD_LOGS"], os.path.basename(folder), "current"), encoding="utf-8", errors="replace") as file:
        return file.read()


def report(wanted):
    """Runs each named check, says how it went, and ends the program."""
    bad = 0
    for name, check in wanted:
        try:
            check()
            print(f"  ok      {name}", flush=True)
        except Exception as error:  # noqa: BLE001
            bad += 1
            print(f"  FAILED  {name}: {type(error).__name__}: {error}", flush=True)
    print(f"{len(wanted) - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)
