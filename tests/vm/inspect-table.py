#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Looks at the minidump table in a raw image of RAM as firmware would after a crash at this very instant.

Written from the description of the layout, not from the product's code. Exits with 1 and says what is wrong if the
table is torn, lacks a region that must be there, or its ELF header names something that the table lacks.

    inspect-table.py RAM            while qcmdd and qcmd_churn.ko are at work
    inspect-table.py --slots RAM    while nothing changes; prints how many slots are in use
"""

import mmap
import re
import struct
import sys
import zlib

MAGIC = b"QCOM-MINIDUMP-1\0"
VALID, INVALID = 0x56414C49, 0x494E5641
# Registered before the first instant and never removed.
ALWAYS = ("KELF_HEADER", "KVMCOREINFO", "KQCMD_NOTE", "KLOGBUF", "LOG_DESC", "LOG_INFO", "LOG_RING", "LOG_PRB",
          "KUTSNAME", "KCHURNBASE")


class Wrong(Exception):
    """What is wrong."""


def find_header(ram):
    """Slots and place of the table."""
    place = -1
    while (place := ram.find(MAGIC, place + 1)) >= 0:
        if place % 4096:
            continue
        own, toc, size, slots, page_size, crc = struct.unpack_from("<QQIIII", ram, place + 16)
        if own == place and size == 48 and page_size == 4096 and crc == zlib.crc32(ram[place:place + 44]):
            return toc, slots
    raise Wrong("no table")


def read_slots(ram):
    """The valid slots: (name, sequence number, address, size)."""
    toc, slots = find_header(ram)
    status, revision, enabled = struct.unpack_from("<III", ram, toc)
    ss_status, ss_enabled, _, _, count, _, base = struct.unpack_from("<IIIIIIQ", ram, toc + 16)
    if (status, revision, ss_status) != (1, 1, 1) or enabled != ss_enabled or ss_enabled != 0x454E424C:
        raise Wrong("the table is not set up")
    if not 3 <= count <= slots:
        raise Wrong(f"{count} of {slots} slots are in use")
    valid = []
    for index in range(count):
        name, seq, state, address, size = struct.unpack_from("<16sIIQQ", ram, base + index * 40)
        if state == INVALID:
            continue
        if state != VALID:
            raise Wrong(f"slot {index} is neither valid nor invalid: {state:#x}")
        text = name.rstrip(b"\0").decode("ascii", "backslashreplace")
        if not re.fullmatch(r"[!-~]{1,15}", text):
            raise Wrong(f"slot {index} has the name {text!r}")
        if not size or size % 4 or address + size > len(ram):
            raise Wrong(f"slot {index}, {text}: {size} bytes at {address:#x}")
        valid.append((text, seq, address, size))
    if count - len(valid) > 1:
        raise Wrong(f"{count - len(valid)} slots are invalid; one at most is on its way in or out")
    return valid


def check_sections(ram, header, valid):
    """Each is called as firmware would call the file of its slot, and no two are called the same."""
    shoff, = struct.unpack_from("<Q", ram, header + 40)
    count, = struct.unpack_from("<H", ram, header + 60)
    strtab, size = struct.unpack_from("<QQ", ram, header + shoff + 64 + 24)
    strings = [text.decode() for text in re.split(rb"\0+", ram[header + strtab:header + strtab + size]) if text]
    slots = {(f"{name}_{seq}" if seq else name, seq, size) for name, seq, _, size in valid}
    moving = {entry[:2] for entry in valid if [other[:2] for other in valid].count(entry[:2]) > 1}
    names = []
    for index in range(2, count):
        sh_name, = struct.unpack_from("<I", ram, header + shoff + index * 64)
        sh_size, seq = struct.unpack_from("<Q16xQ", ram, header + shoff + index * 64 + 32)
        name = ram[header + strtab + sh_name:header + strtab + size].split(b"\0")[0].decode("ascii", "backslashreplace")
        names.append(name)
        if (name, seq, sh_size) not in slots:
            raise Wrong(f"section {index} is {name}, number {seq}, {sh_size} bytes, which no slot is")
        if names.count(name) > 1 and (name.removesuffix(f"_{seq}"), seq) not in moving:
            raise Wrong(f"two sections are called {name}")
    if strings != ["STR_TBL", *names]:
        raise Wrong(f"the string table is not in the order of the slots: {strings}")


def check_elf_header(ram, valid):
    """It names what is in the table, nothing else, and its file offsets follow each other."""
    name, _, address, size = valid[0]
    if name != "KELF_HEADER":
        raise Wrong(f"slot 0 is {name}")
    ehdr = struct.unpack_from("<16sHHIQQQIHHHHHH", ram, address)
    ident, kind, phoff, shoff, phnum, shnum = (ehdr[i] for i in (0, 1, 5, 6, 10, 12))
    if ident[:4] != b"\x7fELF" or kind != 4 or phoff != 64 or shnum != phnum + 2:
        raise Wrong("slot 0 is no ELF header")
    ranges = {(entry[2], entry[3]) for entry in valid}
    offset = size
    for index in range(phnum):
        what, _, file_offset, _, paddr, file_size, mem_size, _ = struct.unpack_from("<IIQQQQQQ", ram,
                                                                                     address + 64 + index * 56)
        if file_offset != offset:
            raise Wrong(f"program header {index} is at {file_offset:#x} of the file, not {offset:#x}")
        offset += file_size
        if what != (1 if index else 4):
            raise Wrong(f"program header {index} has type {what}")
        if index and ((paddr, file_size) not in ranges or file_size != mem_size):
            raise Wrong(f"the ELF header names {file_size} bytes at {paddr:#x}, which the table lacks")
    for index in range(2, shnum):
        sh_offset, sh_size = struct.unpack_from("<QQ", ram, address + shoff + index * 64 + 24)
        ph_offset, ph_size = struct.unpack_from("<Q16xQ", ram, address + 64 + (index - 2) * 56 + 8)
        if (sh_offset, sh_size) != (ph_offset, ph_size):
            raise Wrong(f"section {index} is not what program header {index - 2} says")
    check_sections(ram, address, valid)


def check_churn(valid):
    """Entries of qcmd_churn.ko: where they are says how long they are and what their name is."""
    base = [address for name, _, address, _ in valid if name == "KCHURNBASE"]
    for name, seq, address, size in valid:
        if name not in ("KODD", "KEVEN"):
            continue
        offset = address - base[0]
        if (name == "KODD") != offset % 2 or size != (offset * 13 % 32768 + 1 + 3) // 4 * 4:
            raise Wrong(f"{name} {seq} is torn: {size} bytes at {offset}")


def check_content(ram, valid):
    """Each entry's memory is what its name says."""
    notes = [entry for entry in valid if entry[0] == "KQCMD_NOTE"]
    text = ram[notes[0][2]:notes[0][2] + notes[0][3]]
    if struct.unpack_from("<II", text)[0] != 5 or text[12:17] != b"QCMD\0":
        raise Wrong("the note is no note")
    fields = re.findall(rb"^OFFSET\(task_struct\.(\w+)\)=(\d+)$", text, re.M)
    offsets = {key.decode(): int(value) for key, value in fields}
    pids = []
    for name, seq, address, _ in valid:
        if name == "KVMCOREINFO" and ram[address + 12:address + 22] != b"VMCOREINFO":
            raise Wrong("slot 1 is not VMCOREINFO")
        if name != "KTASK":
            continue
        pid, = struct.unpack_from("<i", ram, address + offsets["pid"])
        comm = ram[address + offsets["comm"]:address + offsets["comm"] + 16].split(b"\0")[0]
        if not 0 < pid < 1 << 22 or not re.fullmatch(rb"[ -~]{1,15}", comm):
            raise Wrong(f"KTASK {seq} is no task: pid {pid}, {comm!r}")
        pids.append(pid)
    if 1 not in pids:
        raise Wrong("the first task is not in the table")


def check_busy(ram, valid):
    """While qcmdd and qcmd_churn.ko are at work."""
    names = [entry[0] for entry in valid]
    for name in ALWAYS:
        if name not in names:
            raise Wrong(f"{name} is not in the table")
    check_elf_header(ram, valid)
    check_churn(valid)
    check_content(ram, valid)


def check_layout(header, slots, used):
    """Its parts follow each other without a gap or an overlap, and what is not in use is zero to the last byte."""
    phoff, shoff = struct.unpack_from("<QQ", header, 32)
    strings, length = struct.unpack_from("<QQ", header, shoff + 64 + 24)
    stride = (length - 16) // (slots - 1)
    parts = ((phoff, 56, slots - 1, used - 1), (shoff, 64, slots + 1, used + 1),
             (strings, 16, 1, 1), (strings + 16, stride, slots - 1, used - 1))
    place = 64
    for start, size, room, filled in parts:
        if start != place:
            raise Wrong(f"a part of the ELF header is at {start:#x}, not {place:#x}")
        place += size * room
        if any(header[start + size * filled:place]):
            raise Wrong(f"the ELF header goes on behind {filled} of {room} entries at {start:#x}")
    if place > len(header) or any(header[place:]):
        raise Wrong("the ELF header doesn't end where its parts do")


def check_quiet(ram, valid):
    """While nothing changes, the header has each slot, in order."""
    _, slots = find_header(ram)
    check_elf_header(ram, valid)
    phnum, = struct.unpack_from("<H", ram, valid[0][2] + 56)
    if phnum != len(valid) - 1:
        raise Wrong(f"{phnum} program headers for {len(valid)} slots")
    check_layout(ram[valid[0][2]:valid[0][2] + valid[0][3]], slots, len(valid))
    print(f"inspected: {len(valid)} of {slots} slots, ELF header of {valid[0][3]} bytes intact", flush=True)


def main():
    quiet = sys.argv[1] == "--slots"
    with open(sys.argv[-1], "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as ram:
        try:
            valid = read_slots(ram)
            (check_quiet if quiet else check_busy)(ram, valid)
        except (Wrong, struct.error) as error:
            print(f"{error}; the slots are:")
            print("\n".join(str(entry) for entry in valid) if "valid" in locals() else "(unreadable)")
            return 1
    return 0


sys.exit(main())
