#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What is used of the kernel's structures, in each kernel of Debian's that guests can have, by its types (BTF): without
a boot. Each member is there under that name, and as wide and as signed as it is read, or what uses it asks before, or
has another one for it.

What is used is found where it is used: relocations of the BPF objects; what qcmdd's note says (tests/print-note.c), and
the names that readers look up in it; types in policies; what tests look at in memory."""

import glob
import os
import re
import struct
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "tests", "vm"))
from btf import ARRAY, ENUM, ENUM64, INT, PTR, STRUCT, UNION, VAR, Btf  # noqa: E402
from debian import Problem  # noqa: E402
from kernel_tasks import MEMBERS  # noqa: E402
from kernels import DEBUG_KERNELS, ON_ARM64, SUITES, types_of  # noqa: E402

# Structures and members that are gone, and what readers take in place of them.
SUBSTITUTES = {"mm_rss_stat": "mm_struct.rss_stat", "module.core_layout": "module.mem",
               "module.init_layout": "module.mem",
               "module_layout.base": "module_memory.base", "module_layout.text_size": "module_memory.size"}
# Of enum bpf_core_relo_kind
OFFSET, EXISTS = 0, 2
ENUMS = (10, 11)
# How readers look something up in the note: a member, and of how many bytes it was where notes had no widths; a size
LOOKUP = re.compile(r'"([a-z_]\w*\.[a-z_]\w*)"(?:, (?:&[\w>.-]+, )?(\d+)(?= ?[,)}]))?|kv_size\(\w+, "(\w+)"')


class Elf:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        at, = struct.unpack_from("<Q", self.data, 40)
        size, count, names = struct.unpack_from("<HHH", self.data, 58)
        headers = [struct.unpack_from("<IIQQQQ", self.data, at + index * size) for index in range(count)]
        strings = headers[names][4]
        self.sections = {self.data[strings + name:self.data.index(b"\0", strings + name)].decode(): (offset, length)
                         for name, _, _, _, offset, length in headers}

    def section(self, name):
        offset, length = self.sections[name]
        return self.data[offset:offset + length]


class Kernel:
    def __init__(self, suite, name, arch):
        self.path, self.release = types_of(suite, name, arch)
        self.arch = arch
        self.btf = Btf(Elf(self.path).section(".BTF"))
        self.version = [int(n) for n in re.findall(r"\d+", self.release)[:3]]

    def has(self, name):
        """A structure, or a member of one."""
        structure, _, member = name.partition(".")
        return bool(self.btf.member(structure, member) if member else self.btf.structure(structure))


def all_kernels():
    found = [Kernel(suite, name, "x86_64") for suite, names in SUITES.items() for name in names
             if name not in DEBUG_KERNELS]
    found += [Kernel("trixie", name, "arm64") for name in ON_ARM64]
    return sorted({kernel.release: kernel for kernel in found}.values(), key=lambda kernel: kernel.version)


class Use:
    """A member, by the structure and the way to it, and where it is used."""

    def __init__(self, where, structure, path, flavour=""):
        self.where = where
        self.structure = structure
        self.path = path
        self.flavour = flavour
        self.name = ".".join([structure, *path])


class Relocation(Use):
    """local: type of the member as the program has it."""

    def __init__(self, where, kind, names, btf, local):
        base, _, flavour = names[0].partition("___")
        super().__init__(where, base, names[1:], flavour)
        self.kind, self.btf, self.local = kind, btf, local


class Object:
    """A BPF object: what it wants to know of the kernel, from .BTF.ext."""

    def __init__(self, path):
        elf = Elf(path)
        self.btf = Btf(elf.section(".BTF"))
        self.ext = elf.section(".BTF.ext")
        _, _, _, self.header, _, _, *places = struct.unpack_from("<HBBIIIIIII", self.ext)
        lines = {}
        for section, offset, (file, _, column) in self._records(*places[:2]):
            if column >> 10:
                lines.setdefault(section, []).append((offset, file, column >> 10))
        self.uses = []
        for section, offset, (type_id, access, kind) in self._records(*places[2:]):
            _, file, line = max(entry for entry in lines[section] if entry[0] <= offset)
            where = f"{os.path.relpath(self.btf.name(file), TOP)}:{line}"
            self.uses.append(self._relocation(where, type_id, self.btf.name(access), kind))
        self.asked = [use for use in self.uses if use.kind == EXISTS]

    def _records(self, start, length):
        place, end = self.header + start + 4, self.header + start + length
        size, = struct.unpack_from("<I", self.ext, place - 4) if length else (0,)
        while place < end:
            section, count = struct.unpack_from("<II", self.ext, place)
            place += 8
            for _ in range(count):
                offset, *rest = struct.unpack_from("<IIII", self.ext, place)
                yield section, offset, rest
                place += size

    def _relocation(self, where, type_id, access, kind):
        names, steps = [self.btf.type_name(type_id)], [int(step) for step in access.split(":")]
        if kind in ENUMS:
            return Relocation(where, kind, [*names, access], self.btf, type_id)
        for step in steps[1:]:
            if self.btf.kind(type_id) == ARRAY:
                type_id, _ = self.btf.array(type_id)
                continue
            name, member = list(self.btf.members(type_id))[step]
            names += [name] if name else []
            type_id = member.type_id
        return Relocation(where, kind, names, self.btf, type_id)

    def may_lack(self, use, kernel):
        """It asks whether that member is there, or reads it where one that it has asked for is not."""
        return any(asked.structure == use.structure and
                   (use.path[:len(asked.path)] == asked.path if asked.flavour == use.flavour else reach(kernel, asked))
                   for asked in self.asked)

    def has_either(self, asked, kernel, kernels):
        """The member, or one of another flavour of the structure that not all kernels with the member have."""
        return reach(kernel, asked) or any(
            use.structure == asked.structure and use.flavour != asked.flavour and reach(kernel, use) and
            any(reach(other, asked) and not reach(other, use) for other in kernels) for use in self.uses)


def reach(kernel, use):
    """The member in the kernel, its offset from the start of the outermost structure; None if it is not there."""
    type_id, found = kernel.btf.structure(use.structure), None
    for name in use.path:
        while kernel.btf.kind(type_id) == ARRAY:
            type_id, _ = kernel.btf.array(type_id)
        found = kernel.btf.find(type_id, name) if type_id else None
        if not found:
            return None
        type_id = found.type_id
    return found


def sort_of(btf, type_id):
    """What can take the place of each other."""
    kind = btf.kind(type_id)
    return {ENUM: INT, ENUM64: INT, UNION: STRUCT}.get(kind, kind)


def difference(own, local, btf, type_id):
    """How the program has a type in another way than the kernel; None if it does not matter."""
    sort = sort_of(own, local)
    if sort != sort_of(btf, type_id):
        return "is of another kind"
    if sort == ARRAY:
        (inner, count), (other, kernel_count) = own.array(local), btf.array(type_id)
        if kernel_count and count > kernel_count:
            return f"has {kernel_count} elements, not {count}"
        return difference(own, inner, btf, other)
    if sort == INT and own.size(local) != btf.size(type_id):
        return f"has {8 * btf.size(type_id)} bits, not {8 * own.size(local)}"
    # Letters are neither: those of kernels since 6.2 have no sign.
    numbers = INT == own.kind(local) == btf.kind(type_id) and own.type_name(local) != "char"
    if sort == INT and numbers and own.is_signed(local) != btf.is_signed(type_id):
        return "is signed" if btf.is_signed(type_id) else "is not signed"
    return None


class Checker:
    def __init__(self, kernels):
        self.kernels = kernels
        self.wrong = []
        self.used = set()
        self.notes = {kernel.release: note_of(kernel) for kernel in kernels}

    def say(self, kernel, name, what, where):
        line = f"{kernel.release}: {name} {what} ({where})"
        self.wrong += [line] if line not in self.wrong else []

    def check_presence(self, name, where, there):
        """What only some kernels have: it has to be in one, and not to go again. there: a kernel has it."""
        if not any(map(there, self.kernels)):
            self.say(self.kernels[-1], name, "is in none of these kernels", where)
        for arch in ("x86_64", "arm64"):
            kernels = [kernel for kernel in self.kernels if kernel.arch == arch]
            for before, after in zip(kernels, kernels[1:]):
                if there(before) and not there(after) and before.version < after.version:
                    self.say(after, name, f"is gone; {before.release} has it", where)

    def check_object(self, program):
        for use in program.uses:
            self.used.add(use.name)
            if use.kind in ENUMS:
                continue
            for kernel in self.kernels:
                self.check_relocation(program, use, kernel)
        for use in program.asked:
            self.check_presence(use.name, use.where,
                                lambda kernel, use=use: program.has_either(use, kernel, self.kernels))

    def check_relocation(self, program, use, kernel):
        if not kernel.btf.structure(use.structure):
            self.say(kernel, use.structure, "is not there", use.where)
        elif use.path and not (found := reach(kernel, use)):
            if not program.may_lack(use, kernel):
                self.say(kernel, use.name, "is not there", use.where)
        elif use.path and use.kind == OFFSET:
            if what := difference(use.btf, use.local, kernel.btf, found.type_id):
                self.say(kernel, use.name, what, use.where)

    def check_note(self):
        """It says what the kernel has, and each of its lines can be there."""
        where = "daemon/note.c"
        with open(os.path.join(TOP, where)) as file:
            table = file.read().split("facts[] = {")[1].split("};")[0]
        self.facts = {structure if member == "NULL" else f"{structure}.{member[1:-1]}"
                      for structure, member in re.findall(r'\{ "(\w+)", (NULL|"\w+") \}', table)}
        for name in sorted(self.facts):
            self.used.add(name)
            self.check_presence(name, where, lambda kernel, name=name: kernel.has(SUBSTITUTES.get(name, name)))
            for kernel in self.kernels:
                self.check_line(kernel, name, where)

    def check_line(self, kernel, name, where):
        structure, _, member = name.partition(".")
        found = kernel.btf.member(structure, member)
        expected = None
        if member and found:
            expected = f"{found.offset}:{found.width}{'s' if found.signed else ''}"
        elif not member and kernel.has(name):
            expected = str(kernel.btf.size(kernel.btf.structure(name)))
        said = self.notes[kernel.release].get(f"{'BITS' if member else 'SIZE'}({name})")
        if said != expected:
            self.say(kernel, name, f"is {expected}, and the note says {said}", where)

    def check_readers(self):
        """What they look up is in the note, and a number where they want one."""
        for path in sorted(glob.glob(os.path.join(TOP, "dump", "**", "*.c"), recursive=True)):
            with open(path) as file:
                text = file.read()
            if "member_find(" not in text:
                continue
            for found in LOOKUP.finditer(text):
                where = f"{os.path.relpath(path, TOP)}:{text.count(chr(10), 0, found.start()) + 1}"
                self.check_lookup(found[1] or found[3], int(found[2] or 0), where)

    def check_lookup(self, name, size, where):
        self.used.add(name)
        if name not in self.facts:
            self.say(self.kernels[-1], name, "is not in the note of qcmdd", where)
        for kernel in self.kernels if 1 <= size <= 8 else ():
            found = kernel.btf.member(*name.split("."))
            if found and not 1 <= found.width <= 64:
                self.say(kernel, name, f"is no number, but has {found.width} bits", where)

    def check_policies(self):
        """Types of elements and of pointers; a variable with a type of its own is one of each CPU."""
        for path in sorted(glob.glob(os.path.join(TOP, "systemd", "qcmd.d", "*.conf"))):
            with open(path) as file:
                lines = [line for line in file.read().splitlines() if not line.startswith("#")]
            where = os.path.relpath(path, TOP)
            for name in re.findall(r"struct (\w+(?:\.\w+)?)", "\n".join(lines)):
                self.used.add(name)
                for kernel in self.kernels:
                    if not kernel.has(name) and kernel.arch == "x86_64":
                        self.say(kernel, name, "is not there", where)
            for item in " ".join(line[8:] for line in lines if line.startswith("Pointer=")).split():
                if "." in item:
                    self.check_pointer(item, where)

    def check_pointer(self, item, where):
        variable, member = item.lstrip("-").split(".")
        self.used.add(item.lstrip("-"))
        widths = {}
        for kernel in self.kernels:
            type_id = kernel.btf.named[VAR].get(variable)
            target = kernel.btf.target(type_id) if type_id else 0
            found = kernel.btf.find(target, member) if target else None
            widths[kernel.release] = found and kernel.btf.kind(found.type_id)
            if found and kernel.btf.kind(found.type_id) != PTR:
                self.say(kernel, item, "is no pointer", where)
        if not any(widths.values()):
            self.say(self.kernels[-1], item, "is in none of these kernels", where)

    def check_tests(self):
        for structure, members in MEMBERS.items():
            for member in members:
                self.used.add(f"{structure}.{member}")
                for kernel in self.kernels:
                    if kernel.arch == "x86_64" and not kernel.has(f"{structure}.{member}"):
                        self.say(kernel, f"{structure}.{member}", "is not there", "tests/vm/kernel_tasks.py")


def note_of(kernel):
    text = subprocess.run([os.path.join(TOP, "build", "tests", "print-note"), kernel.path], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    return dict(line.split("=") for line in text.splitlines())


def main():
    programs = sorted(path.replace("bpf/", "build/bpf/").replace(".c", ".o")
                      for path in glob.glob("bpf/*.bpf.c", root_dir=TOP))
    make = [os.path.join(TOP, "tests", "make"), *programs, "build/tests/print-note"]
    if subprocess.run(make, check=False).returncode:
        return 1
    checker = Checker(all_kernels())
    for path in programs:
        checker.check_object(Object(os.path.join(TOP, path)))
    checker.check_note()
    checker.check_readers()
    checker.check_policies()
    checker.check_tests()
    print("".join(f"{line}\n" for line in checker.wrong), end="")
    print(f"{len(checker.used)} structures and members in {len(checker.kernels)} kernels: "
          f"{' '.join(kernel.release for kernel in checker.kernels)}")
    return 1 if checker.wrong else 0


try:
    sys.exit(main())
except Problem as problem:
    sys.exit(f"error: {problem}")
