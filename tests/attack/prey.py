"""A site as nobody should write it, on loopback: what the tools must find, or their finding nothing says nothing. It also is
the stranger's host at which a request that was talked into asking elsewhere would arrive."""
import http.server
import os
import sqlite3
import subprocess
import threading
import time
import urllib.parse
import urllib.request


def database():
    made = sqlite3.connect(":memory:")
    made.executescript("CREATE TABLE risk (id INTEGER PRIMARY KEY, title TEXT); INSERT INTO risk (title) VALUES ('Theatres'), ('Staff'), ('Beds');")
    made.create_function("sleep", 1, lambda seconds: time.sleep(min(float(seconds), 30)))
    return made


def rows(query, *values):
    return repr(database().execute(query, values).fetchall())


def fetched(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read(1000).decode(errors="replace")


def read(path):
    with open(os.path.join("/", path.strip("\0")), encoding="utf-8", errors="replace") as file:
        return file.read()


def ran(text):
    return subprocess.run(["sh", "-c", f"echo {text}"], env={"PATH": "/usr/bin:/bin", "PWD": "/"}, cwd="/", capture_output=True, text=True,
                          timeout=30, check=False).stdout


PAGES = {
    "text": lambda value: rows(f"SELECT title FROM risk WHERE title = '{value}'"),
    "number": lambda value: rows(f"SELECT title FROM risk WHERE id = {value}"),
    "bound": lambda value: rows("SELECT title FROM risk WHERE title = ?", value),
    "echo": lambda value: f"<html><body><p>{value}</p></body></html>",
    "file": read,
    "run": ran,
    "fetch": fetched,
}
VALUES = {"text": "Staff", "number": "2", "bound": "Staff", "echo": "a", "file": "etc/hostname", "run": "a", "fetch": "a"}
SHOWN = {"text": "Warning: pg_query(): Query failed: ERROR:  syntax error at or near", "number": "no"}  # as many a page has it


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        parts = urllib.parse.urlsplit(self.path)
        name = parts.path.rpartition("/")[2]
        value = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True)).get("value", "")
        if parts.path.startswith("/outside/"):
            self.server.asked.append(self.path)
            self.say("")
        elif parts.path == "/pages/":
            self.say("".join(f'<a href="{self.server.link(one)}">one</a>\n' for one in PAGES))
        elif name in PAGES:
            try:
                self.say(PAGES[name](value))
            except (sqlite3.Error, sqlite3.Warning, OSError, ValueError, subprocess.TimeoutExpired):
                self.say(SHOWN.get(name, "nothing"))
        else:
            self.say("{}")

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.say("{}")

    def say(self, text):
        data = text.encode(errors="replace")
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class Prey(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked = []  # what came from who was talked into it
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def link(self, name):
        return f"/prey/{name}?{urllib.parse.urlencode({'value': VALUES[name]})}"

    def handle_error(self, *_):
        pass  # tools hang up
