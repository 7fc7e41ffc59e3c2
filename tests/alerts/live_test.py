"""A real Prometheus at a running cluster.
    live_test.py configure RULES FOLDER    writes FOLDER/prometheus.yml: every instance, and the rules with their waits
                                           taken down to seconds (promtool's test holds the waits themselves)
    live_test.py watch ADDRESS             causes faults, and asks Prometheus' API what fires"""
import json
import os
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import accord  # noqa: E402

SECONDS = 120


def instances():
    with open(os.environ["ACCORD_CONFIG"], encoding="utf-8") as file:
        services = json.load(file)["services"]
    return {name: [one["http"] for one in service["instances"]] for name, service in services.items()}


def configure(rules, folder):
    with open(rules, encoding="utf-8") as file:
        text = re.sub(r"for: \w+", "for: 2s", file.read())
    with open(f"{folder}/rules.yml", "w", encoding="utf-8") as file:
        file.write(text.replace("> 120", "> 20"))
    scrape = [{"targets": addresses, "labels": {"service": name}} for name, addresses in instances().items()]
    with open(f"{folder}/prometheus.yml", "w", encoding="utf-8") as file:
        json.dump({"global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
                   "rule_files": [f"{folder}/rules.yml"],
                   "scrape_configs": [{"job_name": "accord", "static_configs": scrape}]}, file)


class Prometheus:
    def __init__(self, address):
        self.address = address

    def ask(self, path):
        with urllib.request.urlopen(f"http://{self.address}/api/v1/{path}", timeout=10) as answer:
            return json.load(answer)["data"]

    def value(self, expression):
        result = self.ask("query?" + urllib.parse.urlencode({"query": expression}))["result"]
        return [float(one["value"][1]) for one in result]

    def firing(self):
        return {(one["labels"]["alertname"], one["labels"].get("service")) for one in self.ask("alerts")["alerts"]
                if one["state"] == "firing"}

    def fires(self, alert, service):
        began = time.monotonic()
        accord.until(lambda: (alert, service) in self.firing(), f"{alert} of {service}", SECONDS)
        print(f"{alert} of {service} fires after {time.monotonic() - began:.1f} s", flush=True)

    def is_silent(self, alert, service):
        accord.until(lambda: (alert, service) not in self.firing(), f"the end of {alert} of {service}", SECONDS)


def control(what, *names):
    for name in names:
        subprocess.run(["s6-svc", what, os.path.join(os.environ["ACCORD_SERVICES"], name)], check=True)


def sql(statement):
    subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", os.environ["ACCORD_TEST_DATABASE"], "-c", statement], check=True,
                   stdout=subprocess.DEVNULL)


def killed(prometheus):
    """One instance: a warning; both: the service is gone; then well again."""
    control("-dk", "kpi")
    prometheus.fires("AccordServiceDown", "kpi")
    assert ("AccordServiceGone", "kpi") not in prometheus.firing()
    control("-dk", "kpi-2")
    prometheus.fires("AccordServiceGone", "kpi")
    prometheus.fires("AccordPeerOutOfReach", "risk")
    control("-u", "kpi", "kpi-2")
    prometheus.is_silent("AccordServiceDown", "kpi")
    prometheus.is_silent("AccordPeerOutOfReach", "risk")


def poisoned(prometheus, alliance):
    """An event that risk cannot take stalls it, there alone, until an operator resumes."""
    sql("""create function public.refuse() returns trigger language plpgsql as $$ begin raise exception 'a poison'; end $$;
           create trigger poison before insert or update on risk.appointment for each row execute function public.refuse()""")
    alliance.appoint("later.lead", "quality-lead", "ZZ1")
    prometheus.fires("AccordConsumerStalled", "risk")
    prometheus.fires("AccordNotReady", "risk")
    assert ("AccordConsumerStalled", "kpi") not in prometheus.firing()
    sql("drop trigger poison on risk.appointment; drop function public.refuse()")
    subprocess.run([os.path.join(os.environ["ACCORD_BIN"], "accord-risk"), "--config", os.environ["ACCORD_CONFIG"], "--resume",
                    alliance.id, "membership"], check=True, stdout=subprocess.DEVNULL)
    prometheus.is_silent("AccordConsumerStalled", "risk")
    prometheus.is_silent("AccordNotReady", "risk")


def without_database(prometheus):
    """Nobody is ready, nothing is swept, and what is asked is answered with 503."""
    person = accord.Person("dana.director", "ZZ1")
    control("-d", "postgres")
    accord.until(lambda: person.ask("GET", "/v1/alliances").status == 503, "the database is away", 30)
    prometheus.fires("AccordNotReady", "membership")
    prometheus.fires("AccordSweepStopped", "ledger")
    accord.until(lambda: person.ask("GET", "/v1/alliances").status == 503 and ("AccordErrors", "membership") in prometheus.firing(),
                 "AccordErrors", SECONDS)
    control("-u", "postgres")
    prometheus.is_silent("AccordNotReady", "membership")
    prometheus.is_silent("AccordSweepStopped", "ledger")


def watch(address):
    prometheus = Prometheus(address)

    def is_scraping():
        try:
            return prometheus.value('sum(up{job="accord"})') == [10.0]
        except OSError:
            return False
    accord.until(is_scraping, "ten instances are scraped", SECONDS)
    alliance = accord.Alliance("Watched")
    accord.until(lambda: not prometheus.firing(), "nothing fires at a healthy cluster", SECONDS)
    killed(prometheus)
    poisoned(prometheus, alliance)
    without_database(prometheus)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
