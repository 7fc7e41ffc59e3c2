#!/usr/bin/env python3
"""Publishes the public halves of EC P-256 keys: jwks.py FILE.jwks KEY...   (each KEY.pem)

Keys that stand in the file already stay, so that what they signed can be verified for ever; a new
one of the same name gets the next number: its kid is "<name>-<number>". Those before it retire ("exp")
a minute later, when nobody signs with them any more: what claims to be from after that is not believed,
whoever has got hold of them."""
import base64
import json
import os
import subprocess
import sys
import time

RETIRE_S = 60  # until the last process has taken its new key


def public_point(pem):
    """x and y of the key in a PEM file."""
    try:
        answer = subprocess.run(["openssl", "pkey", "-in", pem, "-pubout", "-outform", "DER"],
                                capture_output=True, check=True, stdin=subprocess.DEVNULL)
    except subprocess.CalledProcessError:
        sys.exit(f"accord: the key {pem} can't be read as a private key; put the right one back, "
                 "or remove the file to have a new one made")
    der = answer.stdout
    # SubjectPublicKeyInfo of prime256v1 ends with the uncompressed point: 04, x, y.
    if len(der) != 91 or der[26] != 4:
        sys.exit(f"accord: the key {pem} is not an EC key on P-256")
    return [base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (der[27:59], der[59:91])]


def main():
    target, keys = sys.argv[1], sys.argv[2:]
    published = []
    if os.path.exists(target):
        try:
            with open(target, encoding="utf-8") as file:
                published = json.load(file)["keys"]
        except (ValueError, KeyError, OSError) as error:
            sys.exit(f"accord: the published keys {target} can't be read ({error})")
    before = len(published)
    for key in keys:
        name = os.path.basename(key)
        x, y = public_point(key + ".pem")
        mine = [entry for entry in published if entry["kid"].rpartition("-")[0] == name]
        if any(entry["x"] == x and entry["y"] == y for entry in mine):
            continue
        for entry in mine:
            entry.setdefault("exp", int(time.time()) + RETIRE_S)
        number = 1 + max((int(entry["kid"].rpartition("-")[2]) for entry in mine), default=0)
        published.append({"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig",
                          "kid": f"{name}-{number}", "x": x, "y": y})
    if len(published) != before:
        with open(target + ".new", "w", encoding="utf-8") as file:
            json.dump({"keys": published}, file, indent=1)
            file.write("\n")
        os.replace(target + ".new", target)


main()
