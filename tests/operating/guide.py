"""deploy/OPERATING.md as one script: its sh blocks in order, each after `before HEADING NUMBER` and followed by
`after HEADING NUMBER`, which tests/operating/run defines. Names of the installed system become those of the
scratch installation.    guide.py OPERATING.md ROOT PORT-PREFIX"""
import re
import shlex
import sys


def blocks(text):
    heading, number, block = "", 0, None
    for line in text.split("\n"):
        if block is not None:
            if line == "```":
                yield heading, number, "\n".join(block)
                block = None
            else:
                block.append(line)
        elif line.startswith("## "):
            heading, number = line[3:], 0
        elif line == "```sh":
            number += 1
            block = []


def main():
    name, root, prefix = sys.argv[1:4]
    with open(name, encoding="utf-8") as file:
        text = file.read()
    for heading, number, block in blocks(text):
        block = block.replace("/etc/accord", f"{root}/etc/accord")
        block = re.sub(r"\b71([01][1-5])\b", rf"{prefix}\1", block)
        place = f"{shlex.quote(heading)} {number}"
        print(f"before {place}\n{block}\nafter {place}")


main()
