#!/usr/bin/env python3
"""What the whole house does with real input, from outside (environment of tests/cluster up): the
example, played and found again; published A&E figures imported, refused, imported again."""
import collections
import csv
import glob
import io
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CHECKOUT = os.path.realpath(os.path.join(HERE, "..", "..", ".."))
sys.path.insert(0, os.path.join(HERE, "..", "..", "lib"))
import accord  # noqa: E402

PUBLISHED = os.path.join(os.environ.get("ACCORD_PUBLISHED_DATA") or os.path.join(CHECKOUT, "..", "shared", "data"),
                         "ae-attendances-2016-2019.csv")
INVENTED = os.path.join(CHECKOUT, "deploy", "sample", "ae-attendances.csv")
INDICATOR = "ae-4-hours"


class Figures:
    """The A&E file that is there, read by code of our own, and an alliance of the organisations in it."""

    def __init__(self):
        self.is_published = os.path.exists(PUBLISHED)
        source = PUBLISHED if self.is_published else INVENTED
        print(f"  the A&E figures are {'published ones' if self.is_published else 'invented'}: {source}", flush=True)
        with open(source, encoding="utf-8", newline="") as file:
            self.text = file.read()
        self.sums = collections.defaultdict(lambda: [0, 0])
        self.rows = 0
        for row in csv.DictReader(io.StringIO(self.text)):
            self.rows += 1
            totals = self.sums[row["org_code"], financial_month(row["period"])]
            totals[0] += int(row["attendances"])
            totals[1] += int(row["breaches"])
        organisations = sorted({code for code, _ in self.sums})
        self.alliance = accord.Alliance("Published figures", tuple(organisations))
        self.lead = self.alliance.appoint("qual.lead", "quality-lead", organisations[0])
        path = self.alliance.path("/kpi/indicators")
        accord.until(lambda: self.lead.do("GET", path).status == 200, "kpi knows the quality lead")
        self.lead.do("POST", path, {"code": INDICATOR, "name": "A&E within four hours", "theme": "urgent-care"}).expect(201)
        self.lead.do("POST", f"{path}/{INDICATOR}/specifications", {
            "definition": "Attendances of four hours or less.", "numerator": "Attendances of four hours or less",
            "denominator": "All attendances", "unit": "percentage", "direction": "up", "source": "national",
            "sourceReason": "Published monthly.", "owner": organisations[0], "frequency": "monthly"}).expect(201)
        self.alliance.decide(f"kpi/indicators/{INDICATOR}/specifications/1", "agree", self.lead)

    def send(self, text, **query):
        query = "".join(f"&{name}={value}" for name, value in query.items())
        return self.lead.do("POST", self.alliance.path(f"/kpi/imports?indicator={INDICATOR}&format=ae-long{query}"), text,
                            headers={"Content-Type": "text/csv"})

    def observations(self):
        found, cursor = {}, ""
        while True:
            page = self.lead.do("GET", self.alliance.path(f"/kpi/observations?indicator={INDICATOR}&limit=1000{cursor}"),
                                headers=self.lead.after()).expect(200).body
            for one in page["items"]:
                found[one["organisation"], one["month"]] = (one["denominator"], one["denominator"] - one["numerator"])
            if "nextCursor" not in page:
                return found
            cursor = f"&cursor={page['nextCursor']}"


def financial_month(period):
    year, month = int(period[:4]), int(period[5:7])
    start = year if month >= 4 else year - 1
    return f"{start}-{(start + 1) % 100:02d}-M{(month + 8) % 12 + 1:02d}"


def example(*expected):
    done = subprocess.run([sys.executable, os.path.join(CHECKOUT, "deploy", "example")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    for text in expected:
        assert text in done.stdout, f"'{text}' is missing in: {done.stdout}"
    return done.stdout


def the_example_is_played(_):
    print(example("Accord is up:", "lapsed", "every chain verifies", "accord-audit replays", "traces the captured pound"))


def the_example_is_found_again_and_not_replayed(_):
    began = time.monotonic()
    assert "example  " not in example("has found its data")
    assert time.monotonic() - began < 5


def a_dry_run_stores_nothing(figures):
    report = figures.send(figures.text, dryRun="true").expect(200).body
    assert (report["rows"], report["created"], report["faultsTotal"]) == (figures.rows, len(figures.sums), 0), report
    assert not figures.observations()


def a_file_with_bad_rows_is_refused_whole_and_each_is_named(figures):
    lines = figures.text.splitlines()
    fields = lines[2].split(",")
    lines[2] = ",".join([*fields[:4], str(int(fields[3]) + 1), *fields[5:]])  # more breaches than attendances
    fields = lines[4].split(",")
    lines[4] = ",".join([fields[0], "ZZ9", *fields[2:]])
    bad = "\n".join(lines) + "\n"
    problem = figures.send(bad).expect(422).body
    assert problem["code"] == "IMPORT_INVALID" and problem["errorsTotal"] == 2, problem
    report = figures.send(bad, dryRun="true").expect(200).body
    assert report["faultsTotal"] == 2 and {fault["line"] for fault in report["faults"]} == {3, 5}, report
    assert not figures.observations()


def an_import_sums_the_department_types(figures):
    report = figures.send(figures.text).expect(201).body
    assert (report["rows"], report["created"]) == (figures.rows, len(figures.sums)), report
    assert figures.observations() == {key: tuple(value) for key, value in figures.sums.items()}


def the_known_answers_are_there(figures):
    found = figures.observations()
    if figures.is_published:
        assert figures.rows == 721 and len({code for code, _ in found}) == 9
        assert found["RWE", "2018-19-M12"] == (22999, 5721), found["RWE", "2018-19-M12"]
    else:
        assert found["ZZ1", "2018-19-M12"] == tuple(figures.sums["ZZ1", "2018-19-M12"])


def the_same_file_again_changes_nothing(figures):
    report = figures.send(figures.text).expect(200).body
    assert (report["created"], report["revised"], report["unchanged"]) == (0, 0, len(figures.sums)), report


def sql(statement):
    done = subprocess.run(["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-d", os.environ["ACCORD_TEST_DATABASE"], "-c", statement],
                          capture_output=True, text=True, check=True)
    return done.stdout.strip()


def resume(service, alliance, source):
    return subprocess.run([os.path.join(os.environ["ACCORD_BIN"], f"accord-{service}"), "--config", os.environ["ACCORD_CONFIG"],
                           "--resume", alliance, source], capture_output=True, text=True)


def an_operator_resumes_a_stalled_alliance_while_it_runs(_):
    """A decision is carried while its owner has stalled: pending until somebody says that it may go on."""
    alliance = accord.Alliance("Stalled")
    lead = alliance.appoint("qual.stalled", "quality-lead", "ZZ1")
    path = alliance.path("/kpi/indicators")
    accord.until(lambda: lead.do("GET", path).status == 200, "kpi knows the quality lead")
    lead.do("POST", path, {"code": INDICATOR, "name": "A&E within four hours", "theme": "urgent-care"}).expect(201)
    lead.do("POST", f"{path}/{INDICATOR}/specifications", {
        "definition": "Attendances of four hours or less.", "numerator": "Attendances of four hours or less",
        "denominator": "All attendances", "unit": "percentage", "direction": "up", "source": "national",
        "sourceReason": "Published monthly.", "owner": "ZZ1", "frequency": "monthly"}).expect(201)
    decision = alliance.open(f"kpi/indicators/{INDICATOR}/specifications/1", "agree", lead)["id"]
    # it has one name: another spelling of the number is nothing that could be decided on
    lead.do("POST", alliance.path("/decisions"), {
        "subject": f"kpi/indicators/{INDICATOR}/specifications/01", "effect": "agree", "question": "Again?",
        "rationale": "By another name.", "deadlineAt": accord.instant(3600)}).expect(422)
    cursor = f"from kpi.journal_cursor where source = 'membership' and alliance_id = '{alliance.id}'"
    accord.until(lambda: sql("select state from kpi.frozen_subject where decision_id = '%s'" % decision) == "held", "kpi has heard of it")
    sql(f"update kpi.journal_cursor set stalled = 'by hand' where source = 'membership' and alliance_id = '{alliance.id}'")
    before = sql(f"select sequence {cursor}")
    alliance.vote_all(decision)
    found = alliance.wait(f"/decisions/{decision}", lambda body: body["state"] == "carried", alliance.director)
    assert [effect["state"] for effect in found["effects"]] == ["pending"], found["effects"]
    assert sql(f"select sequence {cursor}") == before
    done = resume("kpi", alliance.id, "membership")
    assert done.returncode == 0 and "goes on with membership's journal" in done.stdout, done
    found = alliance.wait(f"/decisions/{decision}", lambda body: body["effects"][0]["state"] != "pending", alliance.director)
    assert found["effects"][0]["state"] == "done", found["effects"]
    again = resume("kpi", alliance.id, "membership")
    assert again.returncode != 0 and "is not stalled" in again.stderr, again


def the_sanitizers_have_nothing_to_say(_):
    for name in glob.glob(os.path.join(os.environ["ACCORD_LOGS"], "*", "*")):
        with open(name, encoding="utf-8", errors="replace") as file:
            for line in file:
                assert "Sanitizer" not in line and "runtime error" not in line, f"{name}: {line}"


TESTS = (the_example_is_played, the_example_is_found_again_and_not_replayed, a_dry_run_stores_nothing,
         a_file_with_bad_rows_is_refused_whole_and_each_is_named, an_import_sums_the_department_types,
         the_known_answers_are_there, the_same_file_again_changes_nothing,
         an_operator_resumes_a_stalled_alliance_while_it_runs, the_sanitizers_have_nothing_to_say)


def main():
    passed = failed = 0
    figures = None
    for function in TESTS:
        began = time.monotonic()
        try:
            if function.__name__.startswith("a_dry_run"):
                figures = Figures()
            function(figures)
            passed += 1
            print(f"  ok      {function.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
        except Exception as error:  # noqa: BLE001
            failed += 1
            print(f"  FAILED  {function.__name__}: {type(error).__name__}: {error}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
