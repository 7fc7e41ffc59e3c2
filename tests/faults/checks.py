"""What must be true once nobody kills anything any more: of every acknowledged answer, of tables, journals and what is served."""
import collections
import json
import os
import re
import subprocess

import accord
import processes
import recompute
from stage import SERVICES

SCORED = {"likelihood", "consequence", "score", "band", "criteriaVersion", "nextReviewOn", "changedAt", "changedBy", "change",
          "changedOrganisation", "reason", "scoreNumber", "version"}
MOVES = {  # what of an acknowledged answer a later request may have changed
    "risk.risk.logged.v1": SCORED,
    "reinvestment.drawdown.requested.v1": {"state", "version"},
    "reinvestment.drawdown.verified.v1": {"state", "version"},
    "ledger.mandate.drafted.v1": {"state", "version"},
    "membership.decision.opened.v1": {"state", "version", "electorate", "tally", "effects"},
}


def answers_again(truth):
    """Every acknowledged request, repeated with its key, gives its answer again."""
    for request in truth.requests:
        if request["key"] is None:
            continue
        again = request["person"].do(request["method"], request["path"], request["body"], key=request["key"])
        if (again.status, again.text) != (request["status"], request["text"]):
            raise AssertionError(f"{request['path']} was {request['text']}, is {again.text}")
        if again.headers.get("idempotent-replayed") != "true":
            raise AssertionError(f"{request['path']} was done again")


def what_was_made_stands(truth):
    """Every resource that an acknowledged request made reads as it was acknowledged, but for what others may have moved on."""
    for request in truth.requests:
        if request["method"] != "POST":
            continue
        where = request["location"] or request["path"].rpartition("/")[0]  # what an action's answer shows is above it
        read = request["person"].do("GET", where).expect(200)
        for member, value in json.loads(request["text"]).items():
            if member not in MOVES.get(request["type"], ()) and read.body.get(member) != value:
                raise AssertionError(f"{where}: {member} was {value}, is {read.body.get(member)}")


def part_of(data):
    """Which of several events of one type that a request may cause."""
    if "decisionEffect" in data:
        return tuple((one["service"], one.get("event")) for one in recompute.rows_of({"data": data}, "decisionEffect"))
    return data.get("frozenSubject", {}).get("askId") or data.get("vote", {}).get("number")


def one_event_each(stage, truth, database):
    """Each acknowledged request has exactly one event of its type in its service's journal, and no event that it caused stands
    twice: an effect is told of in steps, each of which rests on another event of the service that does it; each attempt at
    opening a decision asks the subject's service again; and a vote that is repeated after another one is another version."""
    seen, caused = collections.Counter(), collections.Counter()
    for service in SERVICES:
        for _, event in recompute.events(database, service, stage.alliance.id):
            if event.get("requestId"):
                seen[(event["requestId"], event["type"])] += 1
                caused[event["requestId"], event["type"], part_of(event["data"])] += 1
    for request in truth.requests:
        if request["type"] and seen[(request["request"], request["type"])] != 1:
            raise AssertionError(f"{request['path']} has {seen[(request['request'], request['type'])]} "
                                 f"{request['type']} events")
    asked = {request["request"] for request in truth.requests}
    doubled = [one for one, count in caused.items() if count > 1 and one[0] in asked]
    if doubled:
        raise AssertionError(f"events that stand twice: {doubled[:5]}")


def all_items(person, path):
    """Of a list, page by page."""
    items = []
    while path:
        page = person.do("GET", path).expect(200)
        items += page.body["items"]
        found = re.match(r"<([^>]+)>; rel=\"next\"", page.headers.get("link", ""))
        path = found and found[1].removeprefix(os.environ["ACCORD_BASE_URL"])
    return items


def votes_stand(stage, truth, database):
    """Each acknowledged version of a vote is, as it was acknowledged, in the journal (which the tables agree with) and in what
    is served; each served one is the journal's; and the last of each organisation is what stands."""
    ballots = recompute.Ballots(recompute.events(database, "membership", stage.alliance.id))
    served, director = {}, stage.alliance.director
    for identity in stage.decisions:
        items = all_items(director, stage.alliance.path(f"/decisions/{identity}/votes?limit=1000"))
        served.update({(identity, one["organisation"], one["version"]): (one["choice"], one.get("reason", "")) for one in items})
    journal = {key: vote for key, vote in ballots.votes.items() if key[0] in stage.decisions}
    for key in sorted(set(served) | set(journal)):
        if served.get(key) != journal.get(key):
            raise AssertionError(f"vote {key} is {journal.get(key)} in the journal, {served.get(key)} is served")
    for (identity, organisation, number), vote in journal.items():
        if journal.get((identity, organisation, number - 1)) == vote:
            raise AssertionError(f"decision {identity}: {organisation}'s version {number} only repeats the one before")
    for request in truth.requests:
        if request["method"] == "PUT":
            identity, _, organisation = request["path"].split("/")[-3:]
            told = json.loads(request["text"])
            vote = told["choice"], told.get("reason", "")
            if vote != (request["body"]["choice"], request["body"].get("reason", "")):
                raise AssertionError(f"{request['path']}: {request['body']} was answered by {told}")
            if journal.get((identity, organisation, told["version"])) != vote:
                raise AssertionError(f"{request['path']}: version {told['version']} was acknowledged as {vote}, is "
                                     f"{journal.get((identity, organisation, told['version']))}")
    for identity, organisation in sorted({key[:2] for key in journal}):
        last = max(number for one, other, number in journal if (one, other) == (identity, organisation))
        read = director.do("GET", stage.alliance.path(f"/decisions/{identity}/votes/{organisation}")).expect(200).body
        if (read["version"], (read["choice"], read.get("reason", ""))) != (last, journal[identity, organisation, last]):
            raise AssertionError(f"decision {identity}: {organisation}'s vote is {read}, not version {last}")


def served_is_recomputed(stage, database):
    """Tallies, outcomes and what a mandate has used, as they are served, from the journals alone; some votes did decide."""
    ballots = recompute.Ballots(recompute.events(database, "membership", stage.alliance.id))
    used = recompute.mandates_used(recompute.events(database, "ledger", stage.alliance.id))
    ended = collections.Counter()
    for identity in stage.decisions:
        read = stage.alliance.director.do("GET", stage.alliance.path(f"/decisions/{identity}")).expect(200).body
        if read["tally"] != ballots.tally(identity):
            raise AssertionError(f"decision {identity}: tally {read['tally']}, by its votes {ballots.tally(identity)}")
        electors = list(ballots.standing(identity).values())
        wanted = recompute.outcome(read["rule"], electors) if all("choice" in one for one in electors) else "open"
        if read["state"] != wanted:
            raise AssertionError(f"decision {identity} is {read['state']}, by its votes {wanted}")
        mandate = stage.finance.do("GET", stage.alliance.path("/" + read["subject"])).expect(200).body
        if mandate["state"] != ("active" if wanted == "carried" else "draft"):
            raise AssertionError(f"decision {identity} is {wanted}, its mandate {mandate['state']}")
        ended[wanted] += 1
    mandate = stage.finance.do("GET", stage.alliance.path(f"/ledger/mandates/{stage.mandate}")).expect(200).body
    if mandate["used"]["amount"] != used[stage.mandate]:
        raise AssertionError(f"mandate {stage.mandate}: used {mandate['used']}, posted under it {used[stage.mandate]}")
    print(f"  decisions: {dict(ended)}")


def caught_up(database, alliance):
    """Every service has followed every journal that it follows to its end."""
    def look():
        heads = {s: int(recompute.query(database, f"select sequence from {s}.journal_head where alliance_id = "
                                                  f"'{alliance}'")[0]["sequence"]) for s in SERVICES}
        return all(int(row["sequence"]) == heads[row["source"]] for s in SERVICES for row in recompute.query(
            database, f"select source, sequence from {s}.journal_cursor where alliance_id = '{alliance}'"))
    accord.until(look, "every service has caught up", 60)


def recomputed(database, stage):
    faults, _, _ = recompute.check(database, stage.alliance.id)
    if faults:
        raise AssertionError("; ".join(faults[:5]))


def audited():
    done = subprocess.run([os.path.join(os.environ["ACCORD_BIN"], "accord-audit"), "--database",
                           os.environ["ACCORD_TEST_DATABASE"]], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stdout[-2000:] + done.stderr[-2000:])


def times_go_on(stage, database):
    """No journal's time goes back, whatever the clock did."""
    for service in SERVICES:
        times = [event["recordedAt"] for _, event in recompute.events(database, service, stage.alliance.id)]
        if times != sorted(times):
            raise AssertionError(f"{service}'s journal goes back in time")


def fit(watch, allowed):
    unfit = watch.unfit(allowed)
    if unfit:
        raise AssertionError(f"{len(unfit)} answers: {'; '.join(unfit[:5])}")


def all_of(world):
    """What holds after every kind of fault, by name."""
    stage, truth, database = world.stage, world.truth, os.environ["ACCORD_TEST_DATABASE"]
    return [("every request was answered as it should be", world.crew.demand_answers),
            ("every service has followed what it follows to the end", lambda: caught_up(database, stage.alliance.id)),
            ("every acknowledged answer is given again", lambda: answers_again(truth)),
            ("what was acknowledged stands and reads equal", lambda: what_was_made_stands(truth)),
            ("each key has exactly one event", lambda: one_event_each(stage, truth, database)),
            ("every version of every vote is what was acknowledged", lambda: votes_stand(stage, truth, database)),
            ("tallies, outcomes and mandates are served as recomputed", lambda: served_is_recomputed(stage, database)),
            ("balances, holds, mandates and votes are what the journals add up to", lambda: recomputed(database, stage)),
            ("no journal goes back in time", lambda: times_go_on(stage, database)),
            ("every service says that it is ready", lambda: accord.until(processes.all_ready, "all are ready", 60)),
            ("accord-audit agrees", audited)]
