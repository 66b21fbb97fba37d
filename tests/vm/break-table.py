#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes what a back end talks to wrong, in a raw image of the RAM of a machine that is stopped, as other firmware would
have it: at each call in the next way, and behind the last one all is well again.

usage: break-table.py smem|mmio|rm IMAGE, as tests/vm/run --inspect calls it
"""

import os
import struct
import subprocess
import sys

from inspector import Wrong, serve

FIRMWARE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../build/firmware/firmware.elf")
RAM_BASE = 0x40000000
# As tests/firmware/ lays them out: see firmware.h, smem.c and registers.c there.
PARTITION = 0x104000
PARTITION_HEADER = 32
ITEM = struct.Struct("<HHI8x")
CANARY = 0xa5a5
ITEM_MINIDUMP = 602
REGISTERS = 0x140000
REGISTERS_SIZE = 0x1000


def set32(*values):
    return struct.pack(f"<{len(values)}I", *values)


def toc_faults(toc, base):
    return [("uninitialised", toc, set32(0)), ("disabled", toc + 8, set32(0x4453424c)),
            ("revision", toc + 4, set32(2)), ("base", base, set32(0xdead0000))]


def smem_faults(ram):
    at = PARTITION + PARTITION_HEADER
    while True:
        canary, item, size = ITEM.unpack_from(ram, at)
        if canary != CANARY:
            raise Wrong("there is no minidump table in SMEM")
        if item == ITEM_MINIDUMP:
            break
        at += ITEM.size + size
    toc = at + ITEM.size
    return [("absent", at, ITEM.pack(CANARY, ITEM_MINIDUMP + 1, size)),
            ("small", at, ITEM.pack(CANARY, ITEM_MINIDUMP, 64)), *toc_faults(toc, toc + 16 + 24)]


def mmio_faults(_):
    return [("absent", REGISTERS, b"\xff" * REGISTERS_SIZE), *toc_faults(REGISTERS, REGISTERS + 0x34)]


def rm_faults(_):
    """Variables of the firmware"""
    symbols = subprocess.run(["nm", FIRMWARE], capture_output=True, text=True, check=True).stdout
    places = {line.split()[2]: int(line.split()[0], 16) - RAM_BASE for line in symbols.splitlines()}
    return [(name, places[name], b"\1") for name in ("absent", "silent", "unsupported")]


def main():
    backend, path = sys.argv[1:]
    faults = []
    undo = []

    def fault(ram, _):
        nonlocal faults
        with open(path, "r+b", buffering=0) as file:
            for at, was in undo:
                os.pwrite(file.fileno(), was, at)
            if not undo:
                faults = {"smem": smem_faults, "mmio": mmio_faults, "rm": rm_faults}[backend](ram)
            if not faults:
                return "all is well"
            name, at, data = faults.pop(0)
            undo[:] = [(at, ram[at:at + len(data)])]
            os.pwrite(file.fileno(), data, at)
        return f"what is wrong: {name}"

    serve(path, fault)


main()
