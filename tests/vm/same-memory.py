#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compares what a dump has of the regions with a raw image of the machine's memory: same-memory.py QCMDUMP CORE RAM.
Prints how many there are, then the names of those that differ, and fails if there are none at all."""

import json
import subprocess
import sys


def main():
    qcmdump, core, ram = sys.argv[1:]
    said = subprocess.run([qcmdump, "regions", "--json", core], check=True, stdout=subprocess.PIPE).stdout
    regions = json.loads(said)
    print(len(regions))
    with open(core, "rb") as dump, open(ram, "rb") as memory:
        for region in regions:
            dump.seek(region["offset"])
            memory.seek(region["physical"])
            kept, was = dump.read(region["size"]), memory.read(region["size"])
            if kept != was:
                at = next(i for i in range(len(was)) if kept[i:i + 1] != was[i:i + 1])
                print(region["name"])
                print(f"{region['name']}: at {at} of {len(was)}: {kept[at:at + 16].hex()} was {was[at:at + 16].hex()}",
                      file=sys.stderr)
    return 0 if regions else 1


sys.exit(main())
