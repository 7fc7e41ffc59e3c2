"""Authorities and the certificates that they sign, by openssl; PEM files in a folder."""
import os
import subprocess

CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc")
BOTH = "serverAuth,clientAuth"


def openssl(*words):
    return subprocess.run(["openssl", *words], check=True, capture_output=True, text=True).stdout


class Authority:
    def __init__(self, folder, name):
        self.base = os.path.join(folder, name)
        self.file = self.base + ".pem"
        openssl("req", "-x509", *CURVE, "-days", "30", "-subj", f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
                "-keyout", self.base + ".key", "-out", self.file)

    def certificate(self, name, host, days=30, usage=BOTH):
        """For a host, with its key behind it; of less than no days, it has expired."""
        base = f"{self.base}-{host}-{name}"
        extensions = base + ".ext"
        with open(extensions, "w", encoding="ascii") as file:
            file.write(f"subjectAltName=DNS:{host}\nextendedKeyUsage={usage}\n")
        openssl("req", *CURVE, "-subj", f"/CN={host}", "-keyout", base + ".key", "-out", base + ".csr")
        openssl("x509", "-req", "-in", base + ".csr", "-CA", self.file, "-CAkey", self.base + ".key", "-CAcreateserial",
                "-days", str(days), "-extfile", extensions, "-out", base + ".crt")
        with open(base + ".pem", "w", encoding="ascii") as file:
            for part in (".crt", ".key"):
                with open(base + part, encoding="ascii") as found:
                    file.write(found.read())
        return base + ".pem"


def serial(file):
    return openssl("x509", "-in", file, "-noout", "-serial").strip().partition("=")[2]
