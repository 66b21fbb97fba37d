#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Puts an ELF core together from the files that boot firmware sent, by the rules of two programs that people have:

parser  the ramdump parser in its minidump mode: looks for the bytes "STR_TBL" in the ELF header, takes each string of
        three characters or more behind them, and joins md_STRING.BIN in that order. A missing file is the end.
qdl     takes the region md_KELF* for the ELF header and goes by physical address, as the region table of the Sahara
        protocol (sahara-table.bin) has them: the header, the one region md_K* that no PT_LOAD has the address of, then
        each PT_LOAD, filled up with zeros to p_filesz.

Written from descriptions of these programs; neither their code nor the product's is used. Prints the files' names."""

import argparse
import os
import re
import struct
import sys

NOT_REGIONS = (b"linux_banner", b"minidump_table")


def read(folder, name):
    try:
        with open(os.path.join(folder, name), "rb") as file:
            return file.read()
    except FileNotFoundError:
        sys.exit(f"{name} is missing")


def parser(folder):
    names = [name for name in ("md_KELF_HEADER.BIN", "md_KELF_HDR.BIN") if os.path.exists(os.path.join(folder, name))]
    if not names:
        sys.exit("no ELF header")
    header = read(folder, names[0])
    place = header.find(b"STR_TBL")
    if place < 0:
        sys.exit("no string table in the ELF header")
    strings = re.findall(rb"[ -~]{3,}", header[place + len(b"STR_TBL"):])
    files = [names[0]] + [f"md_{text.decode()}.BIN" for text in strings if text not in NOT_REGIONS]
    return [(name, read(folder, name)) for name in files]


class Region:
    def __init__(self, entry):
        _, self.address, self.length, region, file = struct.unpack("<QQQ20s20s", entry)
        self.name, self.file = (text.split(b"\0")[0].decode() for text in (region, file))
        if "/" in self.file:
            sys.exit(f"{self.file} is no file's name")


def loads(header):
    """(physical address, size) of each PT_LOAD, and the size of the notes."""
    if len(header) < 64 or header[:5] != b"\x7fELF\x02":
        sys.exit("the ELF header is not one of 64 bits")
    kind, = struct.unpack_from("<H", header, 16)
    phoff, = struct.unpack_from("<Q", header, 32)
    phentsize, phnum = struct.unpack_from("<HH", header, 54)
    if kind != 4 or phentsize != 56 or phoff > len(header) or phnum > (len(header) - phoff) // 56:
        sys.exit("the ELF header is damaged")
    found, notes, offset = [], 0, len(header)
    for index in range(phnum):
        what, _, place, _, address, size = struct.unpack_from("<IIQQQQ", header, phoff + 56 * index)
        if place != offset:
            sys.exit(f"program header {index} lies at {place:#x} of the file, not at {offset:#x}")
        offset += size
        if what == 1:
            found.append((address, size))
        elif what == 4:
            notes += size
    return found, notes


def qdl(folder):
    table = read(folder, "sahara-table.bin")
    if not table or len(table) % 64:
        sys.exit(f"the region table has {len(table)} bytes")
    regions = [Region(table[at:at + 64]) for at in range(0, len(table), 64)]
    headers = [region for region in regions if region.name.startswith("md_KELF")]
    if len(headers) != 1:
        sys.exit(f"{len(headers)} regions are called md_KELF*")
    header = read(folder, headers[0].file)
    segments, notes = loads(header)
    addresses = {address for address, _ in segments}
    rest = [region for region in regions
            if region.name.startswith("md_K") and region is not headers[0] and region.address not in addresses]
    if len(rest) != 1 or rest[0].length != notes:
        sys.exit(f"not just VMCOREINFO has no PT_LOAD: {[region.name for region in rest]}")
    parts = [(headers[0].file, header), (rest[0].file, read(folder, rest[0].file))]
    for address, size in segments:
        here = [region for region in regions if region.address == address]
        if not here:
            sys.exit(f"no region lies at {address:#x}")
        parts.append((here[0].file, read(folder, here[0].file)[:size].ljust(size, b"\0")))
    return parts


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("program", choices=["parser", "qdl"])
    options.add_argument("folder", help="with md_*.BIN files")
    options.add_argument("core", help="file to write")
    options = options.parse_args()
    parts = {"parser": parser, "qdl": qdl}[options.program](options.folder)
    with open(options.core, "wb") as file:
        file.write(b"".join(data for _, data in parts))
    print("\n".join(name for name, _ in parts))


main()
