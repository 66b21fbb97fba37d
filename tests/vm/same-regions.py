#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compares the regions of two dumps, which were collected from the same memory in different formats, byte for byte."""

import re
import struct
import sys

PT_LOAD, PT_NOTE = 1, 4


def regions(path):
    """{line in the note: content}"""
    with open(path, "rb") as file:
        data = file.read()
    phoff, = struct.unpack_from("<Q", data, 32)
    phnum, = struct.unpack_from("<H", data, 56)
    headers = [struct.unpack_from("<IIQQQQQQ", data, phoff + i * 56) for i in range(phnum)]
    loads = [(paddr, size, offset) for kind, _, offset, _, paddr, size, _, _ in headers if kind == PT_LOAD and size]
    notes = b"".join(data[offset:offset + size] for kind, _, offset, _, _, size, _, _ in headers if kind == PT_NOTE)
    found = {}
    for line in re.findall(rb"^REGION\(.*$", notes, re.MULTILINE):
        paddr, size = (int(word, 0) for word in line.split()[-2:])
        start, _, offset = next(load for load in loads if load[0] <= paddr and paddr + size <= load[0] + load[1])
        found[line] = data[offset + paddr - start:offset + paddr - start + size]
    return found


one, other = map(regions, sys.argv[1:])
if not one or one.keys() != other.keys():
    sys.exit(f"not the same regions: {sorted(one.keys() ^ other.keys())}")
different = [name.decode() for name, content in one.items() if other[name] != content]
if different:
    sys.exit(f"not the same content: {different}")
