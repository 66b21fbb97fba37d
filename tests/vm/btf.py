# SPDX-License-Identifier: GPL-2.0-only
"""Where the members of a kernel's structures are, by its BTF (Documentation/bpf/btf.rst)."""

import struct

STRUCT, UNION, TYPEDEF, VOLATILE, CONST = 4, 5, 8, 9, 10
# Bytes behind each type: fixed, and for each of its elements.
EXTRA = {1: (4, 0), 3: (12, 0), 4: (0, 12), 5: (0, 12), 6: (0, 8), 13: (0, 8), 14: (4, 0), 15: (0, 12), 17: (4, 0),
         19: (0, 12)}


class Btf:
    def __init__(self, data):
        magic, _, _, header, types, types_size, strings, _ = struct.unpack_from("<HBBIIIII", data)
        if magic != 0xEB9F:
            raise ValueError("this is no BTF")
        self.data = data
        self.strings = header + strings
        self.types = [0]
        self.structures = {}
        place, end = header + types, header + types + types_size
        while place < end:
            name, info, _ = struct.unpack_from("<III", data, place)
            kind = info >> 24 & 0x1f
            if kind == STRUCT and name:
                self.structures.setdefault(self.name(name), len(self.types))
            self.types.append(place)
            fixed, each = EXTRA.get(kind, (0, 0))
            place += 12 + fixed + each * (info & 0xffff)

    def name(self, offset):
        start = self.strings + offset
        return self.data[start:self.data.index(b"\0", start)].decode()

    def find(self, type_id, member):
        """Offset in bits, with the members of anonymous structures as in C; None if there is none."""
        place = self.types[type_id]
        _, info, target = struct.unpack_from("<III", self.data, place)
        kind = info >> 24 & 0x1f
        if kind in (TYPEDEF, VOLATILE, CONST):
            return self.find(target, member)
        if kind not in (STRUCT, UNION):
            return None
        for index in range(info & 0xffff):
            name, inner, offset = struct.unpack_from("<III", self.data, place + 12 + 12 * index)
            offset &= 0xffffff if info >> 31 else 0xffffffff
            if name and self.name(name) == member:
                return offset
            found = None if name else self.find(inner, member)
            if found is not None:
                return offset + found
        return None

    def offset(self, structure, member):
        """In bytes."""
        return self.find(self.structures[structure], member) // 8
