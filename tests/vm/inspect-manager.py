#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Looks, in a raw image of RAM, at what the emulated resource manager would save at this very instant.

usage: inspect-manager.py ADDRESS IMAGE, with the address of "slots" in tests/firmware/manager.c, as tests/vm/run
--inspect calls it. Says what is wrong if an entry is torn, a region that stays is missing, or an ELF header names what
the manager lacks.
"""

import struct
import sys

from inspector import Wrong, serve

RAM_BASE = 0x40000000
SLOTS = 201
# Registered before the first instant and never removed.
ALWAYS = ("KELF_HEADER", "KVMCOREINFO", "KCHURNBASE")


def read_list(ram, place):
    """The manager's list: (name, place in the image, size)."""
    for index in range(SLOTS):
        used, name, address, size = struct.unpack_from("<?32s7xQQ", ram, place + index * 56)
        if used:
            yield name.split(b"\0")[0].decode(), address - RAM_BASE, size


def check_header(ram, place, ranges):
    """All that it names can be saved."""
    kind, phnum = struct.unpack_from("<H38xH", ram, place + 16)
    if ram[place:place + 4] != b"\x7fELF" or kind != 4 or phnum < 2:
        raise Wrong("what should be an ELF header is none")
    for index in range(1, phnum):
        what, address, size = struct.unpack_from("<I20xQQ", ram, place + 64 + index * 56)
        if what and (address - RAM_BASE, size) not in ranges:
            raise Wrong(f"the ELF header names {size} bytes at {address:#x}, which the manager lacks")


def check_churn(entries):
    """Entries of qcmd_churn.ko: where they are says how long they are and what their name is."""
    base = [place for name, place, _ in entries if name == "KCHURNBASE"][0]
    for name, place, size in entries:
        offset = place - base
        if name.startswith(("KODD", "KEVEN")) and (name.startswith("KODD") != offset // 4 % 2 or
                                                   size != offset // 4 * 52 % 32768 + 4):
            raise Wrong(f"{name} is torn: {size} bytes at {offset}")


def look(ram, place):
    entries = list(read_list(ram, place))
    try:
        for name in ALWAYS:
            if name not in (entry[0] for entry in entries):
                raise Wrong(f"{name} is not registered")
        for name, header, _ in entries:
            if name == "KELF_HEADER":
                check_header(ram, header, {entry[1:] for entry in entries})
        check_churn(entries)
    except Wrong:
        print(*entries, sep="\n", file=sys.stderr)
        raise


serve(sys.argv[2], lambda ram, _: look(ram, int(sys.argv[1], 16) - RAM_BASE))
