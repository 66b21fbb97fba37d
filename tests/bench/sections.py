#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Between tests/bench/sections.sh in a guest and longest-section.c in its QEMU: says which code to watch, and what was
found. tests/vm/run --inspect calls it as

    sections.py FILE RAM        FILE is what the plugin has, too

Each line is one of
    ours ADDRESS:NAME...        functions of our modules, in as many lines as wanted
    locks|unlocks|entries ADDRESS...
    watch                       all of these are said; what comes counts from now on
    longest LIMIT WHAT          prints the longest section since then, and what was done; more than LIMIT is marked
"""

import bisect
import mmap
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "vm"))
sys.dont_write_bytecode = True
from inspector import Wrong, serve  # noqa: E402

# struct shared of longest-section.c
LISTS = {"locks": 16, "unlocks": 16, "entries": 512}
HEAD = struct.Struct("<6Q")
ANSWER = struct.Struct("<4Q")
ANSWER_AT = HEAD.size + 8 * sum(LISTS.values())
# The last function of a module is not longer than that.
TAIL = 4096


class Sections:
    def __init__(self, path):
        with open(path, "r+b") as file:
            self.shared = mmap.mmap(file.fileno(), 0)
        self.names = {}
        self.lists = {name: [] for name in LISTS}
        self.generation = 0

    def look(self, _, words):
        return getattr(self, f"_{words[0]}")(*words[1:])

    def _ours(self, *pairs):
        for pair in pairs:
            address, _, name = pair.partition(":")
            self.names[int(address, 16)] = name

    def _add(self, name, addresses):
        self.lists[name] += [int(address, 16) for address in addresses]
        if len(self.lists[name]) > LISTS[name]:
            raise Wrong(f"more than {LISTS[name]} {name}")

    def _locks(self, *addresses):
        self._add("locks", addresses)

    def _unlocks(self, *addresses):
        self._add("unlocks", addresses)

    def _entries(self, *addresses):
        self._add("entries", addresses)

    def _watch(self):
        self.generation += 1
        head = HEAD.pack(self.generation, min(self.names), max(self.names) + TAIL, *map(len, self.lists.values()))
        lists = b"".join(struct.pack(f"<{LISTS[name]}Q", *found, *[0] * (LISTS[name] - len(found)))
                         for name, found in self.lists.items())
        self.shared[:ANSWER_AT + ANSWER.size] = head + lists + bytes(ANSWER.size)

    def _where(self, address):
        addresses = sorted(self.names)
        at = addresses[bisect.bisect(addresses, address) - 1]
        return f"{self.names[at]}+{address - at:#x}"

    def _longest(self, limit, *what):
        longest, first, last, errors = ANSWER.unpack_from(self.shared, ANSWER_AT)
        text = f"{longest:11,}{' !' if longest > int(limit) else '  '} {' '.join(what)}"
        if longest:
            text += f": {self._where(first)} to {self._where(last)}"
        return text + (f" ({errors} errors)" if errors else "")


sections = Sections(sys.argv[1])
serve(sys.argv[2], sections.look)
