#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""same-memory.py DUMP DUMP: ends with 1 if the two ELF cores do not have the same bytes at the same addresses."""

import struct
import sys

PT_LOAD = 1


def memory(path):
    with open(path, "rb") as file:
        data = file.read()
    at, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    found = {}
    for header in range(at, at + count * size, size):
        kind, _, offset, _, paddr, length = struct.unpack_from("<IIQQQQ", data, header)
        if kind == PT_LOAD:
            found[paddr, length] = data[offset:offset + length]
    return found


def main():
    first, second = map(memory, sys.argv[1:])
    wrong = [address for address in first.keys() | second.keys() if first.get(address) != second.get(address)]
    for paddr, length in sorted(wrong):
        print(f"{paddr:#x}, {length} bytes, differ", file=sys.stderr)
    if wrong or not first:
        sys.exit(1)


main()
