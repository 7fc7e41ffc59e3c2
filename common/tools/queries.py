#!/usr/bin/env python3
"""Turns a queries.sql into a header of struct db_query constants.

A query starts with `-- name: vote_insert` and ends with the next name; comments before a name
belong to the query after it. `$1` is always the alliance; the header counts the others. What a
connection calls the statement is its name with a digest of its text."""
import hashlib
import re
import sys

source, target = sys.argv[1], sys.argv[2]
text = open(source, encoding="utf-8").read()
guard = "ACCORD_" + re.sub(r"\W", "_", source.removesuffix(".sql")).upper() + "_H"
out = [f"/* Made from {source}. */", f"#ifndef {guard}", f"#define {guard}", '#include "common/db.h"']
seen = set()
for part in re.split(r"^-- name: ", text, flags=re.M)[1:]:
    name, _, body = part.partition("\n")
    name = name.strip()
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        sys.exit(f"{source}: '{name}' is not a query name")
    if name in seen:
        sys.exit(f"{source}: query {name} stands twice")
    seen.add(name)
    body = "\n".join(line for line in body.splitlines() if not line.lstrip().startswith("--")).strip().rstrip(";")
    numbers = {int(n) for n in re.findall(r"\$(\d+)", body)}
    highest = max(numbers, default=1)
    missing = set(range(2, highest + 1)) - numbers
    if missing:
        sys.exit(f"{source}: query {name} does not use ${min(missing)}")
    literal = "\n".join('    "' + line.replace("\\", "\\\\").replace('"', '\\"') + '\\n"' for line in body.splitlines())
    digest = hashlib.sha256(f"{source}\n{body}".encode()).hexdigest()[:16]
    out.append(f"static const struct db_query QUERY_{name.upper()} __attribute__((unused)) = {{\n"
               f'    "{name}",\n{literal},\n    {max(highest, 1) - 1}, "{name[:40]}_{digest}"}};')
out.append("#endif")
open(target, "w", encoding="utf-8").write("\n".join(out) + "\n")
