"""Debian's sqlmap and wapiti, as both the API and the prey are given to them: the same options, or a find in the one would
say nothing about the other."""
import csv
import glob
import json
import os
import re
import subprocess

SQLMAP = ("--batch", "--disable-coloring", "--dbms=PostgreSQL", "--skip-waf", "--answers=skip further=N,keep testing=Y,exploit=N")
SHORT = ("--technique=B", "--level=1", "--risk=1")
LONG = ("--technique=BEST", "--level=2", "--risk=2", "--time-sec=3")
QUICK_MODULES = "sql,xss,permanentxss,crlf,redirect,ssrf,xxe"  # what asks few questions of each parameter
SLOW_MODULES = "exec,file"
SLOWEST_MODULES = "blindsql,shellshock"


def run(command, folder, log):
    """At home in a folder of its own: what a tool learned of other sites is none of this one's."""
    os.makedirs(folder, exist_ok=True)
    with open(log, "w", encoding="utf-8") as out:
        done = subprocess.run(["nice", "-n", "5", *command], cwd=folder,
                              env={**os.environ, **dict.fromkeys(("HOME", "TMPDIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), folder)},
                              stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, check=False)
    with open(log, encoding="utf-8", errors="replace") as said:
        text = said.read()
    if done.returncode != 0 or "Traceback" in text or "CRITICAL] unhandled" in text:
        raise AssertionError(f"{command[0]} ended with {done.returncode}: {text[-500:]}")
    return text


def sqlmap(urls, folder, log, options):
    """What can be injected into, as (page, parameter, how)."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "urls"), "w", encoding="utf-8") as file:
        file.writelines(f"{url}\n" for url in urls)
    said = run(["sqlmap", "-m", os.path.join(folder, "urls"), "--output-dir", os.path.join(folder, "out"), *SQLMAP, *options], folder, log)
    tested = len(re.findall(r"testing URL '", said))
    assert tested == len(urls), f"sqlmap tested {tested} of {len(urls)} pages; see {log}"
    found = set()
    for name in glob.glob(os.path.join(folder, "out", "results-*.csv")):
        with open(name, encoding="utf-8") as file:
            found |= {(page_of(row["Target URL"]), row["Parameter"], row["Technique(s)"]) for row in csv.DictReader(file)
                      if row["Parameter"] and "false positive" not in (row["Note(s)"] or "").lower()}
    return found


def page_of(url):
    return url.partition("?")[0].rpartition("/")[2]


def wapiti(site, outside, folder, log, modules):
    """What it calls vulnerable or strange, as (what, page, parameter, words)."""
    os.makedirs(folder, exist_ok=True)
    report = os.path.join(folder, "report.json")
    with open(os.path.join(folder, "apps.json"), "w", encoding="utf-8") as file:
        file.write("{}")  # or a module that is only loaded looks for this on the web
    run(["wapiti", "-u", f"{site}/pages/", "--scope", "domain", "-d", "1", "-m", modules, "--flush-session", "--store-session", folder,
         "--store-config", folder, "--no-bugreport", "--external-endpoint", f"{outside}/outside/", "--internal-endpoint", f"{outside}/", "-t", "30",
         "-S", "insane", "--max-links-per-page", "0", "-v", "1", "-f", "json", "-o", report], folder, log)
    with open(report, encoding="utf-8") as file:
        said = json.load(file)
    return {(what, page_of(one["path"]), one["parameter"], one["info"]) for kind in ("vulnerabilities", "anomalies")
            for what, all_of in said[kind].items() for one in all_of}
