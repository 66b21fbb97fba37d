#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Rewrites the ELF core that QEMU's dump-guest-memory left of an x86_64 guest as kdump would have written it, so
that crash, drgn, gdb and makedumpfile open it: with virtual addresses, and the kernel's image first.

The registers (NT_PRSTATUS) are those of a minidump of the same crash, if it has any: QEMU's do not say whose they
are. drgn since 0.0.27 finds registers by what QEMU says instead: --by-cpu."""

import argparse
import mmap
import os
import re
import struct
import sys

PT_LOAD, PT_NOTE, NT_PRSTATUS = 1, 4, 1
PID = 20 + 32  # in a note with the name "CORE"
IMAGE = 0xffffffff80000000
IMAGE_SIZE = 1 << 30
COPY = 1 << 26


class Core:
    def __init__(self, path):
        self.file = open(path, "rb")
        self.data = mmap.mmap(self.file.fileno(), 0, access=mmap.ACCESS_READ)
        phoff, = struct.unpack_from("<Q", self.data, 32)
        phentsize, phnum = struct.unpack_from("<HH", self.data, 54)
        headers = [struct.unpack_from("<IIQQQQQQ", self.data, phoff + i * phentsize) for i in range(phnum)]
        self.loads = [(paddr, size, offset) for kind, _, offset, _, paddr, size, _, _ in headers if kind == PT_LOAD]
        self.notes = [note for kind, _, offset, _, _, size, _, _ in headers if kind == PT_NOTE
                      for note in self._notes(offset, offset + size)]

    def _notes(self, at, end):
        while at < end:
            namesz, descsz, kind = struct.unpack_from("<III", self.data, at)
            size = 12 + (namesz + 3 & ~3) + (descsz + 3 & ~3)
            yield self.data[at + 12:at + 12 + namesz].rstrip(b"\0"), kind, self.data[at:at + size]
            at += size

    def at(self, paddr):
        """Offset in the file."""
        return next(offset + paddr - start for start, size, offset in self.loads if start <= paddr < start + size)


def number(pattern, text):
    return int(re.search(pattern, text, re.MULTILINE).group(1), 0)


def direct_map(core, vmcoreinfo, system_map):
    """(phys_base, a place of the kernel's image in physical memory, where all of memory is in virtual memory)"""
    info = vmcoreinfo.decode("ascii", "replace")
    phys_base = number(r"^NUMBER\(phys_base\)=(-?\d+)$", info)
    with open(system_map) as file:
        variable = int(re.search(r"^([0-9a-f]+) . page_offset_base$", file.read(), re.MULTILINE).group(1), 16)
    moved = int(re.search(r"^KERNELOFFSET=([0-9a-f]+)$", info, re.MULTILINE).group(1), 16)
    text = int(re.search(r"^SYMBOL\(_stext\)=([0-9a-f]+)$", info, re.MULTILINE).group(1), 16) - IMAGE + phys_base
    return phys_base, text, struct.unpack_from("<Q", core.data, core.at(variable + moved - IMAGE + phys_base))[0]


def numbered(notes):
    """As QEMU's: with the number of the CPU, from 1 on, where others have the pid."""
    return [note[:PID] + struct.pack("<i", cpu + 1) + note[PID + 4:] for cpu, note in enumerate(notes)]


def copy(core, offset, size, out, to):
    """Keeps the holes."""
    at, end = offset, offset + size
    while at < end:
        try:
            at = os.lseek(core.file.fileno(), at, os.SEEK_DATA)
        except OSError:
            return
        hole = min(os.lseek(core.file.fileno(), at, os.SEEK_HOLE), end)
        while at < hole:
            n = min(COPY, hole - at)
            os.pwrite(out, core.data[at:at + n], to + at - offset)
            at += n


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("vmcore")
    options.add_argument("minidump")
    options.add_argument("system_map", help="of the guest's kernel")
    options.add_argument("output")
    options.add_argument("--by-cpu", action="store_true", help="registers have the number of their CPU, not a pid")
    options = options.parse_args()
    core, minidump = Core(options.vmcore), Core(options.minidump)
    vmcoreinfo = next((note for name, _, note in core.notes if name == b"VMCOREINFO"), None)
    if not vmcoreinfo:
        sys.exit(f"{options.vmcore} has no VMCOREINFO")
    registers = [note for name, kind, note in minidump.notes if name == b"CORE" and kind == NT_PRSTATUS]
    notes = b"".join(numbered(registers) if options.by_cpu else registers) + vmcoreinfo
    phys_base, text, page_offset = direct_map(core, vmcoreinfo, options.system_map)

    offset, headers, places = 1 << 16, [], []
    for start, size, old in core.loads:
        places.append((old, size, offset))
        if start <= text < start + size:
            # phys_base is lower than this memory, or negative, where the image lies lower than its addresses say.
            skip = max(0, start - phys_base)
            at = phys_base + skip - start
            image = min(IMAGE_SIZE - skip, size - at)
            headers.append((PT_LOAD, 7, offset + at, IMAGE + skip, start + at, image, image, 0))
        offset += size + 0xfff & ~0xfff
    headers += [(PT_LOAD, 7, place[2], page_offset + start, start, size, size, 0)
                for (start, size, _), place in zip(core.loads, places)]
    notes_at = 64 + 56 * (len(headers) + 1)
    headers.insert(0, (PT_NOTE, 0, notes_at, 0, 0, len(notes), len(notes), 0))
    elf = core.data[:16] + struct.pack("<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, len(headers), 64, 0, 0)
    with open(options.output, "wb") as out:
        out.write(elf + b"".join(struct.pack("<IIQQQQQQ", *header) for header in headers) + notes)
        out.truncate(offset)
        for old, size, new in places:
            copy(core, old, size, out.fileno(), new)


main()
