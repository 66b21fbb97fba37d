#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Writes each policy in the given documents, an indented block that begins with a section, to a file in a folder.

usage: extract-policies.py FOLDER DOCUMENT...

Each file is called after its document and line. Those with nothing but [Policy] are drop-ins and end in ".dropin".
"""

import os
import re
import sys
import textwrap

# [Section] stands for any; [Service] and [Unit] are of systemd, [Daemon] is of qcmdd.conf.
OTHERS = {"Section", "Service", "Unit", "Daemon"}


def blocks(lines):
    """The indented blocks of a document, with the number of their first lines."""
    block, first = [], 0
    for number, line in enumerate(lines + ["end"], 1):
        if line.startswith(("    ", "\t")) or (block and not line.strip()):
            first = first if block else number
            block.append(line)
        elif block:
            yield first, textwrap.dedent("\n".join(block)).strip() + "\n"
            block = []


def main():
    folder, *documents = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    n = 0
    for path in documents:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
        for line, text in blocks(lines):
            sections = re.findall(r"^\[(\w+)\]$", text, re.M)
            if not text.startswith(("[", "# ")) or not sections or OTHERS.intersection(sections):
                continue
            kind = "dropin" if set(sections) == {"Policy"} else "conf"
            name = re.sub(r"[^a-zA-Z0-9]", "-", os.path.basename(path))
            with open(os.path.join(folder, f"{name}-{line}.{kind}"), "w", encoding="utf-8") as file:
                file.write(text)
            n += 1
    if not n:
        sys.exit("extract-policies.py: no policy in these documents")


if __name__ == "__main__":
    main()
