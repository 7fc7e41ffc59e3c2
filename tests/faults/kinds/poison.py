"""An event that its consumer can't take stalls one alliance only; readiness, metrics and log say so; one command resumes it.

The poison is a consumer whose table refuses an event's row: as an event does that finds a bug. It is mended as a bug is, and
the operator says that it may go on: accord-<service> --config FILE --resume ALLIANCE SOURCE."""
import accord
import processes
from stage import SERVICES
from world import AGAIN_S

NAME = "poison event"
TIMES = 1, 4
ALLOWED = set()
FOLLOWERS = [one for one in SERVICES if one != "membership"]


def is_possible():
    return None


def cursor(service, source, alliance):
    return int(processes.sql(f"select sequence from {service}.journal_cursor where source = '{source}' and alliance_id = '{alliance}'"))


def head(service, alliance):
    return int(processes.sql(f"select sequence from {service}.journal_head where alliance_id = '{alliance}'"))


def readiness_says(address, *words):
    status, text = processes.page(address, "readyz")
    return status == 503 and all(word in text for word in words)


def demand_shown(service, source, alliance, why, seconds=AGAIN_S):
    """By every instance, at its readiness and in its metrics; by the one that met it, in its log."""
    for address in processes.instances(service):
        accord.until(lambda a=address: processes.metric(a, f'accord_consumer_stalled{{source="{source}"}}') == 1,
                     f"{service}'s metrics show the stall", seconds)
        accord.until(lambda a=address: readiness_says(a, alliance, why), f"{service}'s readiness says: {why}", seconds)
    if not processes.logged(service, '"level":"error"', alliance, f"stalls on {source}'s journal", why):
        raise AssertionError(f"{service}'s log does not name the stall of {alliance}")


def demand_gone(service, source):
    for address in processes.instances(service):
        accord.until(lambda a=address: processes.metric(a, f'accord_consumer_stalled{{source="{source}"}}') == 0 and
                     processes.page(a, "readyz")[0] == 200, f"{service} shows no stall any more", AGAIN_S)


def resume(service, source, alliance):
    done = processes.command(service, "--resume", alliance, source)
    if done.returncode != 0 or "goes on with" not in done.stdout:
        raise AssertionError(f"{service} does not resume: {done.stdout}{done.stderr}")


def refuse_rows(service, alliance):
    processes.sql(f"create function {service}.poison() returns trigger language plpgsql as "
              f"$$ begin if new.alliance_id = '{alliance}' then raise exception 'poison'; end if; return new; end $$",
              f"create trigger poison before insert or update on {service}.appointment for each row execute function {service}.poison()")


def accept_rows(service):
    processes.sql(f"drop trigger if exists poison on {service}.appointment", f"drop function if exists {service}.poison()")


def once(world, service, other):
    """`other` is an alliance that is as it should be all the time."""
    alliance, source = world.stage.alliance.id, "membership"
    with world.incident(f"{service} can't take an event", ()):
        refuse_rows(service, alliance)
        try:
            stands = cursor(service, source, alliance)
            world.stage.alliance.appoint(f"poison.{len(world.incidents)}", "quality-lead", "ZZ2")
            demand_shown(service, source, alliance, "poison")
            stalled = cursor(service, source, alliance)
            beside = other.appoint(f"beside.{len(world.incidents)}", "quality-lead", "ZZ2")
            accord.until(lambda: cursor(service, source, other.id) == head(source, other.id), "another alliance is followed", AGAIN_S)
            for third in SERVICES:
                if third != service and not processes.is_ready(third):
                    raise AssertionError(f"{third} is not ready because {service} has stalled")
            assert beside.do("GET", other.path()).status == 200
            # Resumed without being mended, it stops at the very event.
            resume(service, source, alliance)
            accord.until(lambda: processes.sql(f"select stalled from {service}.journal_cursor where source = '{source}' and "
                                           f"alliance_id = '{alliance}'"), "it stalls again", AGAIN_S)
            if not stands <= stalled == cursor(service, source, alliance):
                raise AssertionError(f"{service} was at {stands}, stalled at {stalled}, is at {cursor(service, source, alliance)}")
        finally:
            accept_rows(service)
            resumed = processes.command(service, "--resume", alliance, source)
        if resumed.returncode != 0 or f"goes on with {source}'s journal" not in resumed.stdout:
            raise AssertionError(f"{service} does not resume: {resumed.stdout}{resumed.stderr}")
        reached = head(source, alliance)
        accord.until(lambda: cursor(service, source, alliance) >= reached, "it has caught up", AGAIN_S)
        demand_gone(service, source)


def run(world, times):
    other = accord.Alliance("Beside a poisoned one")
    chosen = world.rng.sample(FOLLOWERS, len(FOLLOWERS))
    for number in range(times):
        once(world, chosen[number % len(chosen)], other)
        world.go_on()
