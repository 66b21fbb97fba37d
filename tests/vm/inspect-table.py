#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Looks at the minidump table in a raw image of RAM as firmware would after a crash at this very instant.

Written from the description of the layout, not from the product's code. Says what is wrong if the table is torn, lacks
a region that must be there, an entry is not what its name says, or the ELF header names something that the table lacks.
tests/vm/run --inspect calls it as

    inspect-table.py RAM            while qcmdd and qcmd_churn.ko are at work
    inspect-table.py --slots RAM    while nothing changes; says how many slots are in use

The first expects behind "instants: go" NAME=ADDRESS for each of SYMBOLS, and NAME.CPU=NUMBERS for the regions that
follow the CPUs: the sequence numbers of their pieces. While the guest's domain name is "rebinding", the table may be
incomplete, or absent.
"""

import re
import struct
import sys
import zlib

import host_tools
from check_tasks import TaskChecks
from check_traces import TraceChecks
from inspector import Wrong, serve
from kernel_memory import BASES, KernelMemory, read_vmcoreinfo

MAGIC = b"QCOM-MINIDUMP-1\0"
VALID, INVALID = 0x56414C49, 0x494E5641
# Registered before the first instant and never removed.
ALWAYS = ("KELF_HEADER", "KVMCOREINFO", "KQCMD_NOTE", "KLOGBUF", "LOG_DESC", "LOG_INFO", "LOG_RING", "LOG_PRB",
          "KUTSNAME", "KCPUREGS", "KCHURNBASE")
SYMBOLS = ("init_task", "init_uts_ns", "runqueues", "__per_cpu_offset", "__start_BTF", "__stop_BTF")


class NoTable(Wrong):
    """No back end is bound."""


class Image:
    """RAM, by physical address."""

    def __init__(self, ram):
        self.ram = ram
        self.base = None
        self.header = -1	# where it was

    def unpack(self, kind, physical):
        return struct.unpack_from(kind, self.ram, physical - self.base)

    def bytes(self, physical, size):
        return self.ram[physical - self.base:physical - self.base + size]

    def table_at(self, place):
        """Place and number of slots of the table whose header is there, or None."""
        if place < 0 or place % 4096 or self.ram[place:place + len(MAGIC)] != MAGIC:
            return None
        own, toc, size, slots, page_size, crc = struct.unpack_from("<QQIIII", self.ram, place + 16)
        if own - place not in BASES.values() or size != 48 or page_size != 4096 or \
                crc != zlib.crc32(self.ram[place:place + 44]):
            return None
        self.base = own - place
        self.header = place
        return toc, slots

    def find_table(self):
        place = self.header
        while not (found := self.table_at(place)):
            place = self.ram.find(MAGIC, 0 if place == self.header else place + 1)
            if place < 0:
                raise NoTable("there is no table")
        return found


def read_slots(image):
    """The valid slots: (name, sequence number, address, size)."""
    toc, slots = image.find_table()
    status, revision, enabled = image.unpack("<III", toc)
    ss_status, ss_enabled, _, _, count, _, base = image.unpack("<IIIIIIQ", toc + 16)
    if (status, revision, ss_status) != (1, 1, 1) or enabled != ss_enabled or ss_enabled != 0x454E424C:
        raise Wrong("the table is not set up")
    if count < 3:
        raise NoTable(f"{count} slots are in use")
    if count > slots:
        raise Wrong(f"{count} of {slots} slots are in use")
    valid = []
    for index in range(count):
        name, seq, state, address, size = image.unpack("<16sIIQQ", base + index * 40)
        if state == INVALID:
            continue
        if state != VALID:
            raise Wrong(f"slot {index} is neither valid nor invalid: {state:#x}")
        text = name.rstrip(b"\0").decode("ascii", "backslashreplace")
        if not re.fullmatch(r"[!-~]{1,15}", text):
            raise Wrong(f"slot {index} has the name {text!r}")
        if not size or size % 4 or not 0 <= address - image.base <= len(image.ram) - size:
            raise Wrong(f"slot {index}, {text}: {size} bytes at {address:#x}")
        valid.append((text, seq, address, size))
    if count - len(valid) > 1:
        raise Wrong(f"{count - len(valid)} slots are invalid; one at most is on its way in or out")
    return valid


class ElfHeader:
    """Of the table: what it says of the slots from 1 on."""

    def __init__(self, image, valid):
        name, _, self.address, self.size = valid[0]
        if name != "KELF_HEADER":
            raise Wrong(f"slot 0 is {name}")
        self.data = image.bytes(self.address, self.size)
        ehdr = struct.unpack_from("<16sHHIQQQIHHHHHH", self.data)
        self.phoff, self.shoff, self.phnum, self.shnum = (ehdr[i] for i in (5, 6, 10, 12))
        if ehdr[0][:4] != b"\x7fELF" or ehdr[1] != 4 or self.phoff != 64 or self.shnum != self.phnum + 2:
            raise Wrong("slot 0 is no ELF header")
        self.strtab, self.strings_size = struct.unpack_from("<QQ", self.data, self.shoff + 64 + 24)

    def program(self, index):
        """type, flags, offset, virtual and physical address, file and memory size, alignment"""
        return struct.unpack_from("<IIQQQQQQ", self.data, self.phoff + index * 56)

    def section(self, index):
        """name, sequence number, virtual address, offset, size; those from 2 on are the slots'"""
        at = self.shoff + index * 64
        string, = struct.unpack_from("<I", self.data, at)
        address, offset, size, seq = struct.unpack_from("<QQQ16xQ", self.data, at + 16)
        text = self.data[self.strtab + string:self.strtab + self.strings_size].split(b"\0")[0]
        return text.decode("ascii", "backslashreplace"), seq, address, offset, size

    def strings(self):
        table = self.data[self.strtab:self.strtab + self.strings_size]
        return [text.decode() for text in re.split(rb"[\0\1]+", table) if text]


def check_sections(elf, valid):
    """Each is called as firmware would call the file of its slot, and no two are called the same."""
    slots = {(f"{name}_{seq}" if seq else name, seq, size) for name, seq, _, size in valid}
    moving = {entry[:2] for entry in valid if [other[:2] for other in valid].count(entry[:2]) > 1}
    names = []
    for index in range(2, elf.shnum):
        name, seq, _, _, size = elf.section(index)
        names.append(name)
        if (name, seq, size) not in slots:
            raise Wrong(f"section {index} is {name}, number {seq}, {size} bytes, which no slot is")
        if names.count(name) > 1 and (name.removesuffix(f"_{seq}"), seq) not in moving:
            raise Wrong(f"two sections are called {name}")
    if elf.strings() != ["STR_TBL", *names]:
        raise Wrong(f"the string table is not in the order of the slots: {elf.strings()}")


def check_host_tools(elf, valid):
    """What other people's programs would make of it: every name found, every byte in place. False: pages of a trace
    buffer were being replaced, so that two runs of them with other sizes began at one address, which qdl can't do."""
    names = [elf.section(index)[0] for index in range(2, elf.shnum)]
    try:
        found = host_tools.parser_strings(elf.data)
    except host_tools.Refused as error:
        raise Wrong(f"ramdump parser: {error}") from error
    if found != names:
        raise Wrong(f"the ramdump parser finds {len(found)} of {len(names)} names: {found}")
    regions = [host_tools.Region(f"md_{name}", address, f"{name} {seq}", size) for name, seq, address, size in valid]
    sizes = {(address, size) for name, _, address, size in valid if name.startswith("KFT")}
    if len(sizes) > len({address for address, _ in sizes}):
        return False
    wrong = host_tools.misplaced(elf.data, host_tools.qdl(elf.data, regions))
    if wrong:
        raise Wrong(f"qdl: {wrong}")
    return True


def check_elf_header(elf, valid, followed=()):
    """It names what is in the table, nothing else, and its file offsets follow each other. Returns the virtual
    addresses by name, sequence number and physical address, and what it doesn't name because it was moving."""
    ranges = {entry[2:] for entry in valid}
    offset = elf.size
    addresses, hidden = {}, []
    for index in range(elf.phnum):
        what, _, file_offset, vaddr, paddr, file_size, mem_size, _ = elf.program(index)
        string, seq, sh_addr, sh_offset, sh_size = elf.section(index + 2)
        name = string.removesuffix(f"_{seq}") if seq else string
        if file_offset != offset:
            raise Wrong(f"program header {index} is at {file_offset:#x} of the file, not {offset:#x}")
        offset += file_size
        if (sh_offset, sh_size) != (file_offset, file_size):
            raise Wrong(f"section {index + 2} is not what program header {index} says")
        if what == 1 and not vaddr and (name, seq) in followed:
            hidden.append((name, seq))
        elif what != (1 if index else 4):
            raise Wrong(f"program header {index} has type {what}")
        elif index:
            if (paddr, file_size) not in ranges or file_size != mem_size:
                raise Wrong(f"the ELF header names {file_size} bytes at {paddr:#x}, which the table lacks")
            if sh_addr != (0 if (name, seq) in followed else vaddr):
                raise Wrong(f"{string} is at {vaddr:#x} by its program header, at {sh_addr:#x} by its section")
            addresses[name, seq, paddr] = vaddr
    check_sections(elf, valid)
    return addresses, hidden


def check_churn(valid, base):
    """Entries of qcmd_churn.ko: where they are says how long they are and what their name is."""
    for name, seq, address, size in valid:
        if name not in ("KODD", "KEVEN"):
            continue
        offset = address - base
        if offset % 4 or (name == "KODD") != offset // 4 % 2 or size != offset // 4 * 52 % 32768 + 4:
            raise Wrong(f"{name} {seq} is torn: {size} bytes at {offset}")


def lacks(valid):
    """What must always be in the table and is not."""
    return [name for name in ALWAYS if name not in (entry[0] for entry in valid)]


class Busy:
    """While qcmdd and qcmd_churn.ko are at work."""

    def __init__(self):
        self.image = self.tasks = self.traces = self.churn_base = None
        self.instants = self.rebinding = self.unbound = self.moving = self.replaced = 0

    def look(self, ram, facts):
        self.image = self.image or Image(ram)
        self.instants += 1
        rebinding = self.tasks.rebinding() if self.tasks else False
        try:
            valid = read_slots(self.image)
        except NoTable:
            if self.tasks and not rebinding:
                raise
            self.unbound += 1
            valid = []
        # What the kernel says is known from the first whole table on.
        rebinding |= not self.tasks and bool(lacks(valid))
        self.rebinding += rebinding
        if rebinding and (not valid or not self.tasks):
            return
        try:
            self.check(valid, dict(fact.split("=") for fact in facts), not rebinding)
        except (Wrong, struct.error):
            print(*valid, sep="\n", file=sys.stderr)
            raise

    def check(self, valid, facts, complete):
        if complete and lacks(valid):
            raise Wrong(f"{lacks(valid)} is not in the table")
        followed = self.tasks.followed if self.tasks else followed_by(facts)
        elf = ElfHeader(self.image, valid)
        addresses, hidden = check_elf_header(elf, valid, followed)
        self.replaced += not check_host_tools(elf, valid)
        moving = {(name, followed[name, seq][0]) for name, seq in hidden}
        if len(moving) != len({cpu for _, cpu in moving}):
            raise Wrong(f"the ELF header doesn't name two regions of one CPU: {moving}")
        self.moving += bool(hidden)
        if not self.tasks:
            self.churn_base = [address for name, _, address, _ in valid if name == "KCHURNBASE"][0]
            self.tasks = start_task_checks(self.image, valid, addresses, facts, followed)
            self.traces = TraceChecks(self.tasks.kernel)
        check_churn(valid, self.churn_base)
        self.check_addresses(addresses)
        self.tasks.check(valid, addresses, complete)
        self.traces.check(valid, complete)

    def check_addresses(self, addresses):
        """The kernel has what the header says there, but for stacks, which can be gone."""
        for (name, seq, physical), address in addresses.items():
            if address and name != "KSTACK" and self.tasks.memory.walk(address) != physical:
                raise Wrong(f"{name} {seq} is at {address:#x} by the ELF header, but not by the page tables")

    def summary(self):
        if self.rebinding * 2 > self.instants:
            raise Wrong(f"at {self.rebinding} of {self.instants} instants the table came or went")
        if self.replaced * 4 > self.instants:
            raise Wrong(f"at {self.replaced} of {self.instants} instants pages of a trace buffer were being replaced")
        return (f"{self.instants} instants: {self.rebinding} while the table came or went, {self.unbound} of them "
                f"without one, {self.moving} with a region that was moving, {self.replaced} with pages of a "
                f"trace buffer that were being replaced, {self.tasks.summary(self.instants)}; "
                f"{self.traces.summary(self.instants)}")


def followed_by(facts):
    """(name, sequence number) of what follows a CPU, to the CPU and the number of the piece."""
    found = {}
    for key, value in facts.items():
        name, _, cpu = key.partition(".")
        if cpu:
            found.update({(name, int(seq)): (int(cpu), piece) for piece, seq in enumerate(value.split(","))})
    if not found:
        raise Wrong("nothing follows the CPUs")
    return found


def start_task_checks(image, valid, addresses, facts, followed):
    place = {entry[0]: entry for entry in valid}
    note = image.bytes(*place["KVMCOREINFO"][2:])
    if note[12:22] != b"VMCOREINFO":
        raise Wrong("slot 1 is not VMCOREINFO")
    memory = KernelMemory(image.ram, image.base, read_vmcoreinfo(note[24:].split(b"\0")[0]))
    base = place["KCHURNBASE"]
    memory.set_linear(addresses[base[:3]], base[2])
    return TaskChecks(memory, {name: int(facts[name], 16) for name in SYMBOLS}, followed)


def check_layout(header, slots, used):
    """Its parts follow each other without a gap or an overlap, and what is not in use is zero to the last byte."""
    phoff, shoff = struct.unpack_from("<QQ", header, 32)
    strings, length = struct.unpack_from("<QQ", header, shoff + 64 + 24)
    stride = (length - 20) // (slots - 1)
    parts = ((phoff, 56, slots - 1, used - 1), (shoff, 64, slots + 1, used + 1),
             (strings, 16, 1, 1), (strings + 16, stride, slots - 1, used - 1), (strings + length - 4, 4, 1, 0))
    place = 64
    for start, size, room, filled in parts:
        if start != place:
            raise Wrong(f"a part of the ELF header is at {start:#x}, not {place:#x}")
        place += size * room
        if any(header[start + size * filled:place]):
            raise Wrong(f"the ELF header goes on behind {filled} of {room} entries at {start:#x}")
    if place > len(header) or any(header[place:]):
        raise Wrong("the ELF header doesn't end where its parts do")


def check_quiet(ram, _):
    """While nothing changes, the header has each slot, in order."""
    image = Image(ram)
    valid = read_slots(image)
    _, slots = image.find_table()
    elf = ElfHeader(image, valid)
    check_elf_header(elf, valid)
    check_host_tools(elf, valid)
    if elf.phnum != len(valid) - 1:
        raise Wrong(f"{elf.phnum} program headers for {len(valid)} slots")
    check_layout(elf.data, slots, len(valid))
    return f"inspected: {len(valid)} of {slots} slots, ELF header of {elf.size} bytes intact"


def main():
    busy = Busy()
    if sys.argv[1] == "--slots":
        serve(sys.argv[2], check_quiet)
    else:
        serve(sys.argv[1], busy.look, busy.summary)


main()
