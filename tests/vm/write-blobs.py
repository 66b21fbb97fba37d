#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Does after a crash what boot firmware does, on the host: walks the minidump table in a guest's RAM and writes what a
download over USB leaves (md_NAME.BIN files) and what a rawdump partition holds. Shares no code with the product."""

import argparse
import mmap
import os
import struct
import sys

MAGIC = b"QCOM-MINIDUMP-1\0"
PAGE = 4096
VALID = 0x56414C49
ENABLED = 0x454E424C
BLOCK = 512


class Region:
    def __init__(self, ram, entry):
        name, self.seq, self.valid, self.addr, self.size = struct.unpack("<16sIIQQ", entry)
        self.name = name.split(b"\0")[0].decode()
        self.data = ram[self.addr:self.addr + self.size]

    def file(self):
        """Firmware has 20 bytes for it."""
        number = f"_{self.seq}" if self.seq else ""
        return f"md_{self.name}{number}.BIN"


def find_table(ram):
    """The header of the ram back end stands for SMEM, where firmware would look."""
    at = -1
    while (at := ram.find(MAGIC, at + 1)) >= 0:
        if at % PAGE == 0 and struct.unpack_from("<Q", ram, at + 16)[0] == at:
            return struct.unpack_from("<Q", ram, at + 24)[0]
    sys.exit("no table in this image")


def walk(ram):
    toc = find_table(ram)
    status, _, enabled = struct.unpack_from("<III", ram, toc)
    ss_status, ss_enabled, _, _, count, _, base = struct.unpack_from("<IIIIIIQ", ram, toc + 16)
    if not status or not enabled or ss_status != 1 or ss_enabled != ENABLED:
        sys.exit("the table is not enabled")
    regions = [Region(ram, ram[base + 40 * i:base + 40 * (i + 1)]) for i in range(count)]
    return [region for region in regions if region.valid == VALID]


def write_blobs(regions, folder):
    os.makedirs(folder)
    for region in regions:
        with open(os.path.join(folder, region.file()), "wb") as file:
            file.write(region.data)
    with open(os.path.join(folder, "load.cmm"), "w") as file:
        for region in regions:
            file.write(f"d.load.binary {region.file()} 0x{region.addr:x} /noclear\n")
    with open(os.path.join(folder, "sahara-table.bin"), "wb") as file:
        for region in regions:
            file.write(struct.pack("<QQQ20s20s", 1, region.addr, region.size, f"md_{region.name}".encode(),
                                   region.file().encode()))


def write_rawdump(regions, path):
    sections = [(region.file().encode(), 1, region.addr, region.data) for region in regions]
    sections.append((b"md_rst_stat.BIN", 3, 0, b"\1\0\0\0"))
    sections.append((b"OCIMEM.BIN", 3, 0x146BF000, b"\0" * PAGE))
    offset = 56 + 64 * len(sections)
    headers, data = b"", b""
    for name, kind, base, content in sections:
        headers += struct.pack("<IIIQQQQ20s", 1, 0x1000, kind, offset + len(data), len(content), base, 0, name)
        data += content
    size = offset + len(data)
    with open(path, "wb") as file:
        file.write(struct.pack("<8sIIQ8sIQQI", b"Raw_Dmp!", 0x1000, 1, 0, b"", 0, size, size, len(sections)))
        file.write(headers + data)
        file.truncate((size + BLOCK - 1) // BLOCK * BLOCK + 4 * PAGE)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ram", metavar="RAM.BIN")
    parser.add_argument("folder", help="gets blobs/ and rawdump")
    options = parser.parse_args()
    with open(options.ram, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as ram:
        regions = walk(ram)
    os.makedirs(options.folder, exist_ok=True)
    write_blobs(regions, os.path.join(options.folder, "blobs"))
    write_rawdump(regions, os.path.join(options.folder, "rawdump"))
    print(f"{len(regions)} regions")


main()
