"""Starts installed units where there is no systemd: reads the unit files, holds the sockets, hands over
credentials and what else the protocols say, under the units' restrictions as far as a process can have
them (user, no privileges, limits, system calls). Told by a Unix socket; tests/operating/bin/systemctl tells.

    manager.py ROOT SOCKET USER     ROOT is the DESTDIR, USER who the services run as ("" = us)
"""
import configparser
import json
import os
import pwd
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import seccomp

STOP_S = 20


class Lines(dict):
    """Settings that may stand more than once keep all their lines."""

    def __setitem__(self, key, value):
        if key in self and isinstance(value, list) and isinstance(self[key], list):
            value = self[key] + value
        super().__setitem__(key, value)


def unit_read(path):
    parser = configparser.RawConfigParser(strict=False, dict_type=Lines, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str
    with open(path, encoding="utf-8") as file:
        parser.read_file(file)
    return {section: {key: value.split("\n") for key, value in parser[section].items()} for section in parser.sections()}


class Manager:
    def __init__(self, root, user):
        self.root, self.user = root, user
        self.units = os.path.join(root, "usr/lib/systemd/system")
        self.sockets, self.processes, self.told, self.events = {}, {}, {}, []
        self.filters, self.starts = {}, 0

    def here(self, text):
        """Absolute names of the installed system, below ROOT."""
        return re.sub(r"(?<![\w/])/(usr|etc|var|run/credentials)/", lambda m: f"{self.root}/{m.group(1)}/", text)

    def unit(self, name):
        prefix, _, rest = name.partition("@")
        instance, _, kind = rest.rpartition(".")
        unit = unit_read(os.path.join(self.units, f"{prefix}@.{kind}"))
        words = {"%p": prefix, "%j": prefix.rpartition("-")[2], "%i": instance,
                 "%d": f"{self.root}/run/credentials/{name}"}

        def fill(line):
            return re.sub(r"%[pjid]", lambda m: words[m.group(0)], line)
        return {section: {key: [fill(line) for line in lines] for key, lines in settings.items()}
                for section, settings in unit.items()}

    def listen(self, name):
        if name not in self.sockets:
            host, port = self.unit(name)["Socket"]["ListenStream"][0].rsplit(":", 1)
            listening = socket.socket()
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((host, int(port)))
            listening.listen(1024)
            self.sockets[name] = listening
        return self.sockets[name]

    def credentials(self, name, service):
        """A folder that only the service reads, made anew at each start."""
        folder = f"{self.root}/run/credentials/{name}"
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder, mode=0o700)
        for line in service["LoadCredential"]:
            credential, _, source = line.partition(":")
            shutil.copyfile(self.here(source), f"{folder}/{credential}")
            os.chmod(f"{folder}/{credential}", 0o400)
        if self.user:
            for path in [folder, *(f"{folder}/{entry}" for entry in os.listdir(folder))]:
                shutil.chown(path, self.user)
        return folder

    def environment(self, name, service, folder, notify):
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "CREDENTIALS_DIRECTORY": folder,
                       "NOTIFY_SOCKET": notify, "LISTEN_FDS": "1",
                       "WATCHDOG_USEC": str(int(service["WatchdogSec"][0]) * 1000000)}
        lines = service.get("Environment", [])
        for path in service.get("EnvironmentFile", []):
            if os.path.exists(self.here(path.lstrip("-"))):
                lines = lines + open(self.here(path.lstrip("-")), encoding="utf-8").read().split("\n")
        environment.update(line.split("=", 1) for line in lines if "=" in line)
        return environment

    def restrict(self, service):
        key = tuple(service["SystemCallFilter"])
        if key not in self.filters:
            self.filters[key] = seccomp.program(key)
        code, files = self.filters[key], int(service["LimitNOFILE"][0])
        person = pwd.getpwnam(self.user) if self.user else None

        def apply():
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            os.umask(int(service["UMask"][0], 8))
            if person:
                os.setgroups([])
                os.setgid(person.pw_gid)
                os.setuid(person.pw_uid)
            os.environ["LISTEN_PID"] = str(os.getpid())
            seccomp.enforce(code)
        return apply

    def start(self, name):
        if name in self.processes and self.processes[name].poll() is None:
            return
        service = self.unit(name)["Service"]
        listening = self.listen(name.replace(".service", ".socket"))
        folder = self.credentials(name, service)
        self.starts += 1
        notify = f"@accord-test/{os.getpid()}/{name}/{self.starts}"
        ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        ear.bind("\0" + notify[1:])
        ear.settimeout(60)
        command = self.here(service["ExecStart"][0]).replace(f"{self.root}{self.root}", self.root).split()
        log = open(f"{self.root}/var/log/journal-{name.removesuffix('.service')}", "ab")
        environment = self.environment(name, service, folder, notify)
        restrict = self.restrict(service)
        pid = os.fork()
        if pid == 0:
            try:
                os.setsid()
                os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
                os.dup2(log.fileno(), 1)
                os.dup2(log.fileno(), 2)
                os.dup2(listening.fileno(), 3)
                os.closerange(4, 256)
                restrict()
                os.execve(command[0], command, {**environment, "LISTEN_PID": str(os.getpid())})
            except BaseException as error:  # the child must never go on as a manager
                os.write(2, f"{name}: {error}\n".encode())
            os._exit(127)
        process = Process(pid)
        self.processes[name] = process
        said = b""
        while b"READY=1" not in said:
            ear.settimeout(1)
            try:
                said = ear.recv(4096)
            except socket.timeout:
                if process.poll() is not None:
                    raise RuntimeError(f"{name} ended with {process.poll()}; see {log.name}") from None
        threading.Thread(target=self.hear, args=(name, ear), daemon=True).start()

    def hear(self, name, ear):
        ear.settimeout(None)
        while True:
            said = ear.recv(4096).decode()
            self.events.append((name, said))

    def stop(self, name):
        process = self.processes.get(name)
        if process is None or process.poll() is not None:
            return
        os.kill(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_S
        while process.poll() is None and time.monotonic() < deadline:
            threading.Event().wait(0.02)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            raise RuntimeError(f"{name} did not stop within {STOP_S} s")

    def act(self, verb, names):
        for name in names:
            if verb in ("stop", "restart"):
                self.stop(name)
            if verb in ("start", "restart"):
                self.start(name)
        if verb == "status":
            return {name: process.poll() is None for name, process in self.processes.items()}
        return [f"{name} {said}" for name, said in self.events] if verb == "heard" else None


class Process:
    def __init__(self, pid):
        self.pid, self.status = pid, None

    def poll(self):
        if self.status is None and os.waitpid(self.pid, os.WNOHANG)[0]:
            self.status = 1
        return self.status

    def wait(self):
        while self.poll() is None:
            threading.Event().wait(0.02)


def main():
    root, path, user = sys.argv[1:4]
    manager = Manager(root, user)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    door.bind(path)
    door.listen(8)
    while True:
        caller, _ = door.accept()
        request = json.loads(caller.makefile().readline())
        try:
            answer = {"ok": True, "answer": manager.act(request["verb"], request["units"])}
        except (OSError, RuntimeError, KeyError, ValueError) as error:
            answer = {"ok": False, "answer": f"{type(error).__name__}: {error}"}
        if request["verb"] == "end":
            for name in list(manager.processes):
                manager.stop(name)
        caller.sendall((json.dumps(answer) + "\n").encode())
        caller.close()
        if request["verb"] == "end":
            return


main()
