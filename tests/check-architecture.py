#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""docs/architecture.md names files that exist and each folder that there is; what its table says that a folder may know
is all that it includes headers of; and no folders include each other in a circle."""

import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MAP = "docs/architecture.md"
# What is in them says itself what it is, or is data.
UNNAMED = re.compile(r"\.ci|docs/.*|include/.*|systemd/.*|tests/(fuzz/corpus|unit)/.*|tests/[^/]*/[^/]*")
INCLUDE = re.compile(r'^#include "([^"]*)/[^"/]*"', re.MULTILINE)
ROW = re.compile(r"^\| `([\w/-]+)/` \|.*\| ([^|]*) \|$", re.MULTILINE)
PATH = re.compile(r"`((?:bpf|daemon|docs|dump|include|kmod|lib|packaging|systemd|tests)/[\w./-]*)`")


def tracked():
    listing = subprocess.run(["git", "-c", f"safe.directory={TOP}", "ls-files", "-z", "--cached", "--others",
                              "--exclude-standard"], cwd=TOP, check=True, stdout=subprocess.PIPE).stdout.decode()
    return [path for path in listing.split("\0") if path and os.path.isfile(os.path.join(TOP, path))]


def text_of(path):
    with open(os.path.join(TOP, path)) as file:
        return file.read()


def check_map(folders):
    named = set(PATH.findall(text_of(MAP)))
    for path in sorted(named):
        if not os.path.exists(os.path.join(TOP, path)):
            yield f"{MAP}: there is no {path}"
    for folder in sorted(folders):
        if not UNNAMED.fullmatch(folder) and f"{folder}/" not in named:
            yield f"{MAP}: {folder}/ is not named"


def knowledge(files):
    """Of each folder, those that it includes headers of."""
    known = {}
    for path in files:
        if re.match(r"(bpf|daemon|dump|include|kmod|lib)/.*\.[ch]$", path):
            folder = os.path.dirname(path)
            known.setdefault(folder, set()).update(name for name in INCLUDE.findall(text_of(path)) if name != folder)
    return known


def check_knowledge(known):
    allowed = {folder: PATH.findall(cell) for folder, cell in ROW.findall(text_of(MAP))}
    for folder in sorted(known):
        for other in sorted(known[folder]):
            # Layouts that several sides share are everybody's.
            if not other.startswith(("uapi/", "bpf")) and not f"{other}/".startswith(tuple(allowed.get(folder, ()))):
                yield f"{MAP}: {folder}/ is not to know {other}/, of which it includes a header"


def check_circles(known):
    def reach(folder, seen):
        for other in known.get(folder, ()):
            if other not in seen:
                seen.add(other)
                reach(other, seen)
        return seen
    for folder in sorted(known):
        if folder in reach(folder, set()):
            yield f"{folder}/ is in a circle of includes: it knows {', '.join(sorted(known[folder]))}"


def main():
    files = tracked()
    known = knowledge(files)
    if sys.argv[1:] == ["--print"]:
        print("".join(f"{folder}: {' '.join(sorted(known[folder]))}\n" for folder in sorted(known)), end="")
    complaints = [*check_map({os.path.dirname(path) for path in files} - {""}), *check_knowledge(known),
                  *check_circles(known)]
    print("".join(f"{line}\n" for line in complaints), end="")
    return 1 if complaints else 0


sys.exit(main())
