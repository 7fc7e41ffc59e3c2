"""A service's tables are restored from a dump of its past. Who follows it finds that its journal is not the one it knew: it
says `diverged` and stops, and skips nothing, also when the restored one has grown as long again. When the owner is right
again, restored from a dump of its present, each follower is resumed: accord-<service> --config FILE --resume ALLIANCE SOURCE."""
import concurrent.futures
import os
import subprocess

import processes
from kinds.poison import cursor, demand_gone, demand_shown, head, resume
from world import hits

NAME = "restore of the past"
TIMES = 1, 1
ALLOWED = {0, 502, 503, 504}
MORE = 3  # events of its own that the past gets
FOLLOWERS = {"ledger": ("membership", "reinvestment"), "membership": ("ledger", "reinvestment", "risk", "kpi"),
             "reinvestment": ("membership", "ledger"), "kpi": ("membership", "risk")}
OWNERS = ("ledger", "membership", "kpi", "reinvestment")


def is_possible():
    return None


def dump(service, name):
    path = os.path.join(os.environ.get("ACCORD_SCRATCH", "/tmp"), f"{service}-{name}.dump")
    subprocess.run(["pg_dump", "-Fc", "-n", service, "-f", path, "-d", os.environ["ACCORD_TEST_DATABASE"]], check=True)
    return path


def restore(service, path):
    """As an operator does: the service is stopped meanwhile."""
    folders = processes.folders()[service]
    processes.stop(folders)
    processes.sql(f"drop schema {service} cascade")
    subprocess.run(["pg_restore", "-1", "-e", "-d", os.environ["ACCORD_TEST_DATABASE"], path], check=True)
    processes.start(folders)


def write(world, service, number):
    """An event of this service that nobody relies on."""
    stage, alliance = world.stage, world.stage.alliance
    if service == "ledger":
        stage.post(number + 1)
    elif service == "membership":
        alliance.appoint(f"past.{number}", "quality-lead", "ZZ2")
    elif service == "kpi":
        stage.quality.do("POST", alliance.path("/kpi/indicators"), {
            "code": f"past-{number}", "name": f"Of the past {number}", "theme": "urgent-care"}).expect(201)
    else:
        alliance.representatives["ZZ3"].do("POST", alliance.path(f"/reinvestment/cases/{stage.case}/drawdowns"), {
            "amount": {"amount": 1, "currency": "GBP"}, "milestone": "ready", "evidence": "Of the past."}).expect(201)


def once(world, owner):
    alliance = world.stage.alliance.id
    followers = FOLLOWERS[owner]
    past = dump(owner, "past")
    before = head(owner, alliance)
    write(world, owner, 0)
    world.until(lambda: head(owner, alliance) > before + 1, f"{owner} has gone on")
    world.at_rest()
    present, stands = dump(owner, "present"), {one: cursor(one, owner, alliance) for one in followers}
    with world.incident(f"{owner} is restored from its past", hits(owner)):
        try:
            wrong_past(world, owner, past, stands)
        finally:
            restore(owner, present)
            for one in followers:
                processes.command(one, "--resume", alliance, owner)
        for one in followers:
            demand_gone(one, owner)
        world.at_work()
    world.go_on(1, 2)


def wrong_past(world, owner, past, stands):
    """Nobody believes it: neither when it is shorter than it was, nor when it has grown."""
    alliance = world.stage.alliance.id
    restore(owner, past)
    if head(owner, alliance) >= min(stands.values()):
        raise AssertionError(f"{owner} is not in its past")
    write(world, owner, 1)  # who follows it looks at once; at what nobody writes, within half a minute
    for one in stands:
        demand_shown(one, owner, alliance, "diverged")
    missing = max(stands.values()) + MORE - head(owner, alliance)
    with concurrent.futures.ThreadPoolExecutor(8) as writers:
        list(writers.map(lambda number: write(world, owner, number), range(2, missing + 2)))
    if head(owner, alliance) <= max(stands.values()):
        raise AssertionError(f"{owner}'s past has not grown beyond what others have seen")
    for one in stands:
        resume(one, owner, alliance)  # too early: it must find out again
        demand_shown(one, owner, alliance, "another hash")
    now = {one: cursor(one, owner, alliance) for one in stands}
    if now != stands:
        raise AssertionError(f"{owner} is not believed, and yet its followers went from {stands} to {now}")


def run(world, times):
    chosen = world.rng.sample(OWNERS, len(OWNERS))
    for number in range(times):
        once(world, chosen[number % len(chosen)])
