#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Looks at tables in the memory of a machine that is stopped, and at the registers beside it, at each call in the next
way, which is what the arguments say:
  wipe      the registers are as they are when the machine is switched on, from now on; what was in them is kept
  kept      they are as they were before they were wiped
  closed    the part of them that is Linux's is zero
  ram=N     there are so many headers of the ram back end that a reader would take for one
with commas in between.

usage: inspect-power.py WAY... IMAGE, as tests/vm/run --inspect calls it
"""

import os
import struct
import sys

from inspector import Wrong, serve

MAGIC = b"QCOM-MINIDUMP-1\0"
PAGE = 4096
# Those of Linux
REGISTERS = slice(0x20, 0x3c)


def ram_headers(ram):
    at = ram.find(MAGIC)
    while at >= 0:
        if at % PAGE == 0 and struct.unpack_from("<Q", ram, at + len(MAGIC))[0] == at:
            yield at
        at = ram.find(MAGIC, at + 1)


def main():
    *ways, path = sys.argv[1:]
    registers = os.path.join(os.path.dirname(path), "registers.bin")
    kept = b""

    def look(ram, facts):
        nonlocal kept
        # The harness looks before each reset, too, which is not of interest here.
        if facts == ["reset"]:
            return ""
        way = ways.pop(0)
        with open(registers, "r+b", buffering=0) as file:
            page = file.read()
            now = page[REGISTERS]
            for what in way.split(","):
                if what == "wipe":
                    kept = now
                    os.pwrite(file.fileno(), bytes(len(now)), REGISTERS.start)
                elif what == "kept" and (now != kept or not any(now)):
                    raise Wrong(f"the registers were {kept.hex()} and are {now.hex()}")
                elif what == "closed" and any(now):
                    raise Wrong(f"the registers are {now.hex()}")
                elif what.startswith("ram="):
                    found = [hex(at) for at in ram_headers(ram)]
                    if len(found) != int(what[4:]):
                        raise Wrong(f"headers in RAM: {' '.join(found) or 'none'}")
        return way

    serve(path, look)


main()
