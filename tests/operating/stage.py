"""What tests/operating/run needs around the guide's commands: somebody who uses Accord, a fault, and looks at
what the commands promise.    stage.py STEP [ARGUMENT]"""
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import accord  # noqa: E402

SERVICES = ("membership", "ledger", "reinvestment", "risk", "kpi")
ROOT = os.environ["MANAGED_ROOT"]
RISK = {"title": "Theatre staffing", "cause": "Vacancies", "event": "Lists are cancelled",
        "effect": "Patients wait longer", "category": "workforce", "owner": {"organisation": "ZZ3"},
        "likelihood": 3, "consequence": 2}


def sql(statement, database="OPERATOR"):
    return subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", os.environ[database], "-c", statement], check=True,
                          capture_output=True, text=True).stdout.strip()


def config():
    with open(f"{ROOT}/etc/accord/config.json", encoding="utf-8") as file:
        return json.load(file)


def addresses():
    return [(service, number, one["http"]) for service in SERVICES
            for number, one in enumerate(config()["services"][service]["instances"])]


def page(address, path):
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def stage():
    with open(os.environ["STAGE"], encoding="utf-8") as file:
        return dict(re.findall(r"export (\w+)='?([^'\n]*)'?", file.read()))


def found(path):
    def is_up():
        try:
            return urllib.request.urlopen(os.environ["BASE"] + "/_ping", timeout=5)
        except OSError:
            return None
    accord.until(is_up, "nginx", 60)
    alliance = accord.Alliance("Operated")
    person = alliance.appoint("quentin.quality", "quality-lead", "ZZ3")
    people = alliance.wait("/appointments?limit=100", lambda body: any(
        one["subject"] == "quentin.quality" for one in body["items"]), alliance.director)["items"]
    appointment = next(one["id"] for one in people if one["subject"] == "quentin.quality")
    alliance.wait("/risk/risks", lambda body: True, person)
    with open(path, "w", encoding="utf-8") as file:
        for name, value in (("ID", alliance.id), ("TOKEN", alliance.director.token), ("APPOINTMENT", appointment),
                            ("SUBJECT", "quentin.quality")):
            file.write(f"export {name}='{value}'\n")


def restricted():
    """As the kernel says: no new privileges, a filter on system calls, no capabilities, a limit on files."""
    status = json.loads(subprocess.run(["systemctl", "status"], check=True, capture_output=True, text=True).stdout)
    assert len(status) == 10 and all(status.values()), status
    found_processes = 0
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            if not os.readlink(f"/proc/{process}/exe").startswith(f"{ROOT}/usr/bin/accord-"):
                continue
            text = open(f"/proc/{process}/status", encoding="utf-8").read()
            limits = open(f"/proc/{process}/limits", encoding="utf-8").read()
        except OSError:
            continue
        found_processes += 1
        said = dict(line.split(":\t", 1) for line in text.strip().split("\n") if ":\t" in line)
        assert said["NoNewPrivs"] == "1" and said["Seccomp"] == "2" and int(said["CapEff"], 16) == 0, said
        assert re.search(r"Max open files +8192 ", limits), limits
    assert found_processes == 10, found_processes
    heard = subprocess.run(["systemctl", "heard"], check=True, capture_output=True, text=True).stdout
    accord.until(lambda: "WATCHDOG=1" in subprocess.run(["systemctl", "heard"], check=True, capture_output=True,
                                                        text=True).stdout, f"a sign of life; heard: {heard}")


def metrics():
    names = set()
    for _, _, address in addresses():
        names |= set(re.findall(r"^(\w+)", page(address, "/metrics")[1], re.M))
    with open(os.path.join(os.path.dirname(__file__), "../../deploy/alerts/accord.rules.yml"), encoding="utf-8") as file:
        asked = set(re.findall(r"\b((?:accord|process)_[a-z_]+)", re.sub(r"#.*", "", file.read())))
    missing = asked - names - {"accord_certificate_expiry_timestamp_seconds"}
    assert not missing, missing


def stall():
    """risk's database refuses what comes of membership, until somebody mends it."""
    alliance = stage()["ID"]
    sql("""create function public.refuse() returns trigger language plpgsql as $$ begin raise exception 'a poison'; end $$;
           create trigger poison before insert or update on risk.appointment for each row
           execute function public.refuse()""")
    somebody = accord.Person("rep.zz1", "ZZ1")
    somebody.do("POST", f"/v1/alliances/{alliance}/appointments", {
        "person": {"issuer": accord.ISSUER, "subject": "later.lead", "name": "Later"}, "role": "quality-lead",
        "organisation": "ZZ1"}).expect(201)
    address = next(http for service, _, http in addresses() if service == "risk")
    accord.until(lambda: page(address, "/readyz")[0] == 503, "risk stalls", 60)
    accord.until(lambda: re.search(r'^accord_consumer_stalled\{source="membership"\} 1$', page(address, "/metrics")[1], re.M),
                 "/metrics say so")
    assert "stalls on membership's journal" in "".join(
        open(f"{ROOT}/var/log/journal-accord-risk@{number}", encoding="utf-8").read() for number in (0, 1))


def mend():
    sql("drop trigger poison on risk.appointment; drop function public.refuse()")


def goes_on():
    alliance = stage()["ID"]
    accord.until(lambda: sql(f"select c.sequence = h.sequence from risk.journal_cursor c join membership.journal_head h using"
                             f" (alliance_id) where alliance_id = '{alliance}' and source = 'membership'") == "t", "risk follows")
    for service, _, address in addresses():
        if service == "risk":
            accord.until(lambda at=address: page(at, "/readyz")[0] == 200, "risk is ready")


def erased(sequence):
    alliance, token = stage()["ID"], stage()["TOKEN"]
    assert sql(f"select count(*) from membership.journal_body where alliance_id = '{alliance}' and sequence = {sequence}") == "0"
    with tempfile.TemporaryDirectory() as folder:
        for name, rest, kind in (("head", "/head", "application/jose"), ("journal", "?limit=1000", "application/x-ndjson")):
            request = urllib.request.Request(f"{os.environ['BASE']}/v1/alliances/{alliance}/journals/membership{rest}",
                                             headers={"Authorization": f"Bearer {token}", "Accept": kind})
            with urllib.request.urlopen(request, timeout=20) as answer, open(f"{folder}/{name}", "wb") as file:
                file.write(answer.read())
        said = subprocess.run(["accord-verify", f"{folder}/journal", "--head", f"{folder}/head", "--jwks",
                               f"{ROOT}/etc/accord/keys/cluster.jwks"], check=True, capture_output=True, text=True).stdout
    assert "1 erased" in said, said


def is_version(version):
    for _, _, address in addresses():
        assert f'accord_build_info{{version="{version}"}} 1' in page(address, "/metrics")[1], address


def gone():
    alliance = stage()["ID"]
    tables = sql("select string_agg(format('select %L from %I.%I where alliance_id = %L', relname, nspname, relname,"
                 f" '{alliance}'), ' union all ') from pg_class c join pg_namespace n on n.oid = relnamespace where relkind = 'r'"
                 " and exists (select from pg_attribute where attrelid = c.oid and attname = 'alliance_id')"
                 f" and nspname in {SERVICES}")
    assert sql(tables) == "", sql(tables)


def writes():
    alliance, director = stage()["ID"], accord.Person("dana.director", "ZZ1")
    before = sql(f"select sequence from risk.journal_head where alliance_id = '{alliance}'", "OTHER")
    director.do("POST", f"/v1/alliances/{alliance}/risk/risks", RISK, seconds=60).expect(201)
    after = sql(f"select sequence from risk.journal_head where alliance_id = '{alliance}'", "OTHER")
    assert int(after) > int(before), (before, after)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
