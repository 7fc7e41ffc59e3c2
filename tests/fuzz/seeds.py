#!/usr/bin/env python3
"""Seeds for `body` out of the api-spec itself: every operation's own example of its body.

    seeds.py FOLDER"""
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
METHODS = ("put", "post", "patch", "delete")


def merged():
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        subprocess.run([sys.executable, f"{ROOT}/common/tools/embed.py", "--merged", file.name], check=True)
        return json.load(file)


def main(folder):
    for path in merged()["paths"].values():
        for method in METHODS:
            operation = path.get(method, {})
            for kind, media in operation.get("requestBody", {}).get("content", {}).items():
                if kind.endswith("json"):
                    with open(f"{folder}/{operation['operationId']}", "w", encoding="utf-8") as seed:
                        seed.write(operation["operationId"] + "\n" + json.dumps(media["example"], ensure_ascii=False))


main(sys.argv[1])
