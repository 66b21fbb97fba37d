# SPDX-License-Identifier: GPL-2.0-only
"""The memory of a kernel in a raw image of RAM, by its own page tables: of x86_64 with four levels and of arm64 with
4 KiB pages and 48 bits."""

import struct

from inspector import Wrong

PAGE = 4096
IMAGE_X86_64 = 0xffffffff80000000
# RAM starts here: on a PC, on QEMU's virt.
BASES = {"x86_64": 0, "arm64": 0x40000000}
ADDRESS_MASK = 0x0000fffffffff000


def read_vmcoreinfo(text):
    """What it says, by name."""
    return dict(line.split("=", 1) for line in text.decode().splitlines() if "=" in line)


class KernelMemory:
    def __init__(self, ram, base, vmcoreinfo):
        self.ram = ram
        self.base = base
        if base == BASES["x86_64"]:
            self.image = int(vmcoreinfo["NUMBER(phys_base)"]) - IMAGE_X86_64
        else:
            self.image = -int(vmcoreinfo["NUMBER(kimage_voffset)"], 16)
        self.root = int(vmcoreinfo["SYMBOL(swapper_pg_dir)"], 16) + self.image
        self.linear = None

    def place(self, physical, size=1):
        """In the image of RAM."""
        if not 0 <= physical - self.base <= len(self.ram) - size:
            raise Wrong(f"there is no RAM at {physical:#x}")
        return physical - self.base

    def set_linear(self, address, physical):
        """Of one address in the linear map, which tells all others."""
        self.linear = address - physical

    def physical(self, address):
        """By the linear map, or by the page tables; None where nothing is mapped."""
        if self.linear is not None and 0 <= address - self.linear - self.base < len(self.ram):
            return address - self.linear
        return self.walk(address)

    def walk(self, address):
        table = self.root
        for shift in (39, 30, 21, 12):
            entry, = struct.unpack_from("<Q", self.ram, self.place(table + (address >> shift & 511) * 8, 8))
            if not entry & 1:
                return None
            if shift == 12 or (entry & 0x80 if self.base == BASES["x86_64"] else not entry & 2):
                mask = (1 << shift) - 1
                return entry & ADDRESS_MASK & ~mask | address & mask
            table = entry & ADDRESS_MASK
        return None

    def read(self, address, size):
        """Not across pages, unless they are contiguous."""
        physical = self.physical(address)
        if physical is None:
            raise Wrong(f"nothing is mapped at {address:#x}")
        place = self.place(physical, size)
        return self.ram[place:place + size]

    def number(self, address, kind="Q"):
        value, = struct.unpack("<" + kind, self.read(address, struct.calcsize(kind)))
        return value
