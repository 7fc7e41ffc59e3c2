"""Accord on two hosts (tests/hosts/run made them): what runs where, with which configuration and certificate."""
import json
import os
import pwd
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", part) for part in ("faults", "lib")]
import accord  # noqa: E402
import certificates  # noqa: E402
import processes  # noqa: E402
from stage import SERVICES  # noqa: E402

DATA = os.environ["ACCORD_DATA"]
OWNER = pwd.getpwuid(os.stat(DATA).st_uid)
AS_OWNER = ["setpriv", "--reuid", OWNER.pw_name, "--regid", OWNER.pw_name, "--clear-groups", "--no-new-privs"]
PORT = os.environ["ACCORD_DATABASE_PORT"]
# As deploy/ha says it, so that a host that is gone is noticed in seconds.
CONNINFO = ("host={host} hostaddr={address} port={port} dbname=accord user={user} passfile={passwords} sslmode=verify-full sslrootcert={authority} "
            "connect_timeout=2 tcp_user_timeout=3000 keepalives_idle=2 keepalives_interval=1 keepalives_count=3")


def put(path, text, mode=0o600):
    """A file of the user who runs Accord; it appears whole."""
    with open(path + ".new", "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        file.write(text)
    os.chown(path + ".new", OWNER.pw_uid, OWNER.pw_gid)
    os.replace(path + ".new", path)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Host:
    def __init__(self, name, address, runs):
        self.namespace, self.name, self.address, self.runs = os.environ[f"ACCORD_{name.upper()}"], f"{name}.accord.example", address, runs
        self.folder = os.path.join(DATA, name)
        self.config, self.scan = os.path.join(self.folder, "config.json"), os.path.join(self.folder, "services")
        self.certificate, self.authority = os.path.join(self.folder, "bus.pem"), os.path.join(self.folder, "authority.pem")
        self.process = None
        os.mkdir(self.folder)
        os.chown(self.folder, OWNER.pw_uid, OWNER.pw_gid)

    def command(self, *words):
        return ["ip", "netns", "exec", self.namespace, *words]

    def run(self, *words, **options):
        return subprocess.run(self.command(*words), check=True, capture_output=True, text=True, timeout=60, **options).stdout

    def show(self, certificate, authority):
        put(self.authority, read(authority))
        put(self.certificate, read(certificate))

    def start(self):
        script = os.path.join(DATA, "host")
        shutil.copy(os.path.join(HERE, "host"), script)
        settings = [f"{name}={value}" for name, value in os.environ.items() if name.startswith("ACCORD_")]
        with open(os.path.join(DATA, "log", os.path.basename(self.folder)), "ab") as log:
            self.process = subprocess.Popen(self.command(*AS_OWNER, "env", "-i", f"PATH={os.environ['PATH']}", *settings, script, self.scan,
                                                         self.config, *self.runs), cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        accord.until(lambda: all(os.path.exists(os.path.join(self.scan, one, "supervise", "status")) for one in self.runs), "supervised", 30)

    def services(self):
        return [one for one in self.runs if one in SERVICES]

    def folders(self):
        return [os.path.join(self.scan, one) for one in self.runs]


class Stand:
    def __init__(self):
        self.authority = certificates.Authority(os.environ["ACCORD_SCRATCH"], "authority")
        self.here = Host("here", "192.0.2.1", ("nginx", "membership", "ledger"))
        self.there = Host("there", "192.0.2.2", ("reinvestment", "risk", "kpi"))
        self.hosts = (self.here, self.there)
        for host in self.hosts:
            host.show(self.authority.certificate("first", host.name), self.authority.file)
        self._configure()
        self._database_listens()
        for host in self.hosts:
            host.start()
        self._show_to_tests()
        processes.until_ready(*(folder for host in self.hosts for folder in host.folders()))

    def host_of(self, service):
        return next(host for host in self.hosts if service in host.runs)

    def port(self, service, which):
        """Of its address on the bus, `questions` or `wake`."""
        return int(json.loads(read(self.here.config))["services"][service]["instances"][0][which].rpartition(":")[2])

    def all_anew(self):
        """Every service, one after the other, so that all that stands is made anew."""
        for host in self.hosts:
            for folder in host.folders():
                if not folder.endswith("/nginx"):
                    processes.stop([folder])
                    processes.start([folder])

    def _configure(self):
        configured = json.loads(read(os.environ["ACCORD_CONFIG"]))
        for name, service in configured["services"].items():
            host = self.host_of(name)
            service["database"] = CONNINFO.format(host=self.here.name, address=self.here.address, port=PORT, user=name, passwords=os.path.join(DATA, "keys", "passwords"),
                                                  authority=os.path.join(DATA, "database-authority.pem"))
            for instance in service["instances"]:
                instance["http"] = instance["http"].replace("127.0.0.1", host.address)
                for which in ("questions", "wake"):
                    instance[which] = instance[which].replace("tcp://127.0.0.1", f"tls+tcp://{host.name}")
        for host in self.hosts:
            tls = {"certificate": host.certificate, "authority": host.authority}
            put(host.config, json.dumps(configured | {"tls": tls}, indent=1))
        os.environ["ACCORD_CONFIG"] = self.here.config

    def _database_listens(self):
        """To the other host, by TLS; the last setting counts."""
        database = os.path.join(DATA, "database")
        put(os.path.join(database, "server.pem"), read(self.here.certificate))
        put(os.path.join(DATA, "database-authority.pem"), read(self.here.authority))
        with open(os.path.join(database, "postgresql.auto.conf"), "a", encoding="utf-8") as file:
            file.write(f"listen_addresses = '127.0.0.1,{self.here.address}'\nssl = on\n"
                       "ssl_cert_file = 'server.pem'\nssl_key_file = 'server.pem'\n")
        with open(os.path.join(database, "pg_hba.conf"), "a", encoding="utf-8") as file:
            file.write("hostssl all postgres 192.0.2.0/30 reject\nhostssl all all 192.0.2.0/30 scram-sha-256\n")
        folder = os.path.join(os.environ["ACCORD_SERVICES"], "postgres")
        processes.stop([folder])
        processes.start([folder])

    def _show_to_tests(self):
        """All that is supervised in one folder, as the other suites look for it."""
        folder = os.path.join(os.environ["ACCORD_SCRATCH"], "services")
        os.mkdir(folder)
        for one in (os.path.join(os.environ["ACCORD_SERVICES"], "postgres"), *(f for host in self.hosts for f in host.folders())):
            os.symlink(one, os.path.join(folder, os.path.basename(one)))
        os.environ["ACCORD_SERVICES"] = folder
