#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Writes a second table into the image of a machine's memory, as a process in it could have that has a huge page.

forge-table.py IMAGE TABLE: a copy of the table at this address, with copies of the regions that tell a table from none,
at its own right address, of a kernel that noted the time of a crash. Prints the address."""

import struct
import sys
import zlib

HUGE_PAGE = 2 << 20
SLOT = struct.Struct("<16sIIQQ")
COPIED = (b"KELF_HEADER", b"KVMCOREINFO", b"KQCMD_NOTE")


class Image:
    """Addresses are places in the file: the machine has less memory than would need a gap."""

    def __init__(self, path):
        self.file = open(path, "r+b")
        self.size = self.file.seek(0, 2)

    def read(self, at, size):
        self.file.seek(at)
        return self.file.read(size)

    def write(self, at, data):
        self.file.seek(at)
        self.file.write(data)

    def free_huge_page(self):
        for at in range(self.size // HUGE_PAGE * HUGE_PAGE - HUGE_PAGE, 0, -HUGE_PAGE):
            if not any(self.read(at, HUGE_PAGE)):
                return at
        raise SystemExit("there is no huge page of zeros")


def with_crashtime(note):
    name_size, size, kind = struct.unpack_from("<III", note)
    start = 12 + (name_size + 3) // 4 * 4
    text = note[start:start + size] + b"CRASHTIME=2000000000\n"
    return struct.pack("<III", name_size, len(text), kind) + note[12:start] + text + bytes(-len(text) % 4)


def main():
    image = Image(sys.argv[1])
    table = int(sys.argv[2], 0)
    header = bytearray(image.read(table, 48))
    toc_at, = struct.unpack_from("<Q", header, 24)
    toc = bytearray(image.read(toc_at, 336))
    count, base = struct.unpack_from("<I4xQ", toc, 32)
    slots = [list(SLOT.unpack(image.read(base + i * SLOT.size, SLOT.size))) for i in range(count)]
    at = new = image.free_huge_page()
    at += 48 + 336 + count * SLOT.size
    for slot in slots:
        if slot[0].rstrip(b"\0") not in COPIED:
            continue
        data = image.read(slot[3], slot[4])
        if slot[0].startswith(b"KVMCOREINFO"):
            data = with_crashtime(data)
        at = (at + 4095) // 4096 * 4096
        image.write(at, data)
        slot[3:] = at, len(data)
        at += len(data)
    struct.pack_into("<Q", toc, 40, new + 48 + 336)
    struct.pack_into("<QQ", header, 16, new, new + 48)
    struct.pack_into("<I", header, 44, zlib.crc32(header[:44]))
    image.write(new, header + toc + b"".join(SLOT.pack(*slot) for slot in slots))
    print(f"{new:#x}")


if __name__ == "__main__":
    main()
