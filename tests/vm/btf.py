# SPDX-License-Identifier: GPL-2.0-only
"""Structures of a kernel and of BPF programs, by their BTF (Documentation/bpf/btf.rst)."""

import struct
from typing import NamedTuple

INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT = range(1, 12)
VAR, TYPE_TAG, ENUM64 = 14, 18, 19
MODIFIERS = (TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG)
# Bytes behind each type: fixed, and for each of its elements.
EXTRA = {INT: (4, 0), ARRAY: (12, 0), STRUCT: (0, 12), UNION: (0, 12), ENUM: (0, 8), 13: (0, 8), VAR: (4, 0),
         15: (0, 12), 17: (4, 0), ENUM64: (0, 12)}
SIGNED = 1


class Member(NamedTuple):
    """Both in bits; an array without a size has width 0."""
    offset: int
    width: int
    signed: bool
    type_id: int


class Btf:
    def __init__(self, data):
        magic, _, _, header, types, types_size, strings, _ = struct.unpack_from("<HBBIIIII", data)
        if magic != 0xEB9F:
            raise ValueError("this is no BTF")
        self.data = data
        self.strings = header + strings
        self.types = [0]
        self.named = {STRUCT: {}, UNION: {}, TYPEDEF: {}, VAR: {}}
        place, end = header + types, header + types + types_size
        while place < end:
            name, info, _ = struct.unpack_from("<III", data, place)
            kind = info >> 24 & 0x1f
            if kind in self.named and name:
                self.named[kind].setdefault(self.name(name), len(self.types))
            self.types.append(place)
            fixed, each = EXTRA.get(kind, (0, 0))
            place += 12 + fixed + each * (info & 0xffff)

    def name(self, offset):
        start = self.strings + offset
        return self.data[start:self.data.index(b"\0", start)].decode()

    def _head(self, type_id):
        """Kind, number of elements, size or type, and whether members of it can be bit-fields."""
        _, info, target = struct.unpack_from("<III", self.data, self.types[type_id])
        return info >> 24 & 0x1f, info & 0xffff, target, info >> 31

    def plain(self, type_id):
        """Without typedef, const and the like."""
        while type_id:
            kind, _, target, _ = self._head(type_id)
            if kind not in MODIFIERS:
                break
            type_id = target
        return type_id

    def kind(self, type_id):
        return self._head(self.plain(type_id))[0] if self.plain(type_id) else 0

    def type_name(self, type_id):
        return self.name(struct.unpack_from("<I", self.data, self.types[self.plain(type_id)])[0])

    def target(self, type_id):
        """Type of a variable."""
        return self._head(type_id)[2]

    def array(self, type_id):
        """Type and number of its elements."""
        element, _, count = struct.unpack_from("<III", self.data, self.types[self.plain(type_id)] + 12)
        return element, count

    def size(self, type_id):
        """In bytes; of void 0."""
        kind = self.kind(type_id)
        if kind == PTR:
            return 8
        if kind == ARRAY:
            element, count = self.array(type_id)
            return self.size(element) * count
        return self._head(self.plain(type_id))[2] if kind in (INT, STRUCT, UNION, ENUM, ENUM64) else 0

    def is_signed(self, type_id):
        encoding, = struct.unpack_from("<I", self.data, self.types[self.plain(type_id)] + 12)
        return self.kind(type_id) == INT and bool(encoding >> 24 & SIGNED)

    def members(self, type_id):
        """Names, "" of anonymous ones, and members."""
        place = self.types[self.plain(type_id)]
        kind, count, _, has_bits = self._head(self.plain(type_id))
        for index in range(count if kind in (STRUCT, UNION) else 0):
            name, inner, offset = struct.unpack_from("<III", self.data, place + 12 + 12 * index)
            bits = offset >> 24 if has_bits else 0
            yield self.name(name), Member(offset & 0xffffff if has_bits else offset, bits or 8 * self.size(inner),
                                          self.is_signed(inner), inner)

    def find(self, type_id, name):
        """A member, also of anonymous structures, as in C; None if there is none."""
        for own, member in self.members(type_id):
            if own == name:
                return member
            if not own and (found := self.find(member.type_id, name)):
                return found._replace(offset=found.offset + member.offset)
        return None

    def structure(self, name):
        """Its type, also by the name of a typedef; 0 if there is none."""
        for kind in (STRUCT, TYPEDEF):
            if self.kind(self.named[kind].get(name, 0)) == STRUCT:
                return self.named[kind][name]
        return 0

    def member(self, structure, name):
        return self.find(self.structure(structure), name) if self.structure(structure) else None
