#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Puts an ELF core together from the files that boot firmware sent, by the rules of two programs that people have:

parser  the ramdump parser in its minidump mode (minidump_util.py and ramdump.py of linux-ramdump-parser-v2): looks for
        the bytes "STR_TBL" in the ELF header and takes the strings behind them, see parser_strings(). It joins
        md_STRING.BIN in that order; a missing file is the end. Then it wants the kernel's banner: --banner is the
        virtual address that vmlinux has it at. For --sched-info it reads __cpu_present_mask: --present.
qdl     sahara_build_minidump_elf() of linux-msm/qdl 2.8-rc1: goes by physical address, as the region table of the
        Sahara protocol (sahara-table.bin) has them: the first region md_KELF*, the first md_K* that no PT_LOAD has the
        address of, then for each PT_LOAD the file of the first region that begins there: all of it, even if it is
        larger than p_filesz, with zeros behind it if it is smaller. For a PT_LOAD that no region has the address of,
        and for what is no PT_LOAD, nothing is written, and everything behind has another place than the header says.

Only the rules are theirs, no code. Neither says so when the core that it has written is not what its header says: what
does is misplaced() here. Prints the files' names."""

import argparse
import os
import struct
import sys

PT_LOAD = 1
NOT_REGIONS = ("linux_banner", "minidump_table")


class Refused(Exception):
    """The program would give up, or write something else than a core."""


def parser_strings(header):
    """A string is of bytes from '0' to DEL. One of fewer than three is skipped. The end of all is a NUL that has NULs
    in the second and the third place behind it; in the first one anything may be. To look there they must be there."""
    place = header.find(b"STR_TBL")
    if place < 0:
        raise Refused("no string table in the ELF header")
    found, string = [], ""
    for at in range(place + len("STR_TBL") - 1, len(header)):
        byte = header[at]
        if 0x30 <= byte < 0x80:
            string += chr(byte)
            continue
        if len(string) >= 3 and string not in NOT_REGIONS:
            found.append(string)
        string = ""
        if byte:
            continue
        if at + 3 >= len(header):
            raise Refused("the string table goes on to the end of the ELF header")
        if not header[at + 2] and not header[at + 3]:
            break
    return found


def parser(files):
    """files: names to their bytes. The names in the order of the core."""
    names = [name for name in ("md_KELF_HEADER.BIN", "md_KELF_HDR.BIN") if name in files][:1]
    if not names:
        raise Refused("no ELF header")
    names += [f"md_{string}.BIN" for string in parser_strings(files[names[0]])]
    if len(names) == 1:
        raise Refused("the core is the ELF header alone")
    for name in names:
        if name not in files:
            raise Refused(f"{name} is missing")
    return names


def program_headers(header):
    """(type, offset, virtual and physical address, size in the file) of each."""
    if len(header) < 64 or header[:4] != b"\x7fELF":
        raise Refused("the ELF header is none")
    kind, = struct.unpack_from("<H", header, 16)
    phoff, = struct.unpack_from("<Q", header, 32)
    phentsize, phnum = struct.unpack_from("<HH", header, 54)
    if kind != 4 or phentsize != 56 or phoff > len(header) or phnum > (len(header) - phoff) // 56:
        raise Refused("the ELF header is damaged")
    for index in range(phnum):
        what, _, *rest = struct.unpack_from("<IIQQQQ", header, phoff + 56 * index)
        yield what, *rest


def parser_read(core, address, size):
    """What is at a virtual address: by the first segment that has it or ends at it, and then by the first that has the
    physical one."""
    segments = list(program_headers(core))
    physical = next((paddr + address - vaddr for _, _, vaddr, paddr, length in segments
                     if vaddr <= address <= vaddr + length), None)
    for _, offset, _, paddr, length in segments:
        if physical is not None and paddr <= physical < paddr + length:
            at = offset + physical - paddr
            return core[at:at + min(size, paddr + length - physical)]
    return b""


class Region:
    """Of the table of the Sahara protocol, with the bytes of its file; None: there is no file."""

    def __init__(self, name, address, file, size):
        self.name, self.address, self.file, self.size = name, address, file, size


def qdl(header, regions):
    """[(region, place in the core, how many bytes are written)]: after the header, in the order of the core."""
    segments = list(program_headers(header))
    loads = {paddr for what, _, _, paddr, _ in segments if what == PT_LOAD}
    kelf = next(region for region in regions if region.name.startswith("md_KELF"))
    written, place = [], len(header)
    for region in regions:
        if region is not kelf and region.name.startswith("md_K") and region.address not in loads:
            written.append((region, place, region.size))
            place += region.size
            break
    for what, _, _, paddr, size in segments:
        region = next((region for region in regions if region.address == paddr), None)
        if what == PT_LOAD and region and region.size is not None:
            written.append((region, place, max(size, region.size)))
            place += max(size, region.size)
    return written


def misplaced(header, written):
    """What the header says is elsewhere in qdl's core, or not all there: the first, in words; None: nothing. Something
    smaller will do for what has no virtual address, as it was moving."""
    at = {place: region for region, place, _ in written}
    for index, (what, offset, vaddr, paddr, size) in enumerate(program_headers(header)):
        region = at.get(offset)
        if region is None:
            return f"program header {index}: nothing begins at {offset:#x} of the core"
        if (region.address != paddr) if what == PT_LOAD else (region.name != "md_KVMCOREINFO"):
            return f"program header {index}: {region.file} is where {paddr:#x} should be"
        if region.size > size or region.size < size and (vaddr or what != PT_LOAD):
            return f"program header {index}: {region.file} has {region.size} bytes, not {size}"
    return None


def read(folder, name):
    try:
        with open(os.path.join(folder, name), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def run_parser(folder, options):
    files = {name: read(folder, name) for name in os.listdir(folder) if name.startswith("md_")}
    names = parser(files)
    core = b"".join(files[name] for name in names)
    if options.banner is not None and not parser_read(core, options.banner, 256).startswith(b"Linux version "):
        raise Refused(f"no region has the kernel's banner, at {options.banner:#x}")
    if options.present is not None and not any(parser_read(core, options.present, 8)):
        raise Refused(f"no region has __cpu_present_mask, at {options.present:#x}")
    return core, names


def run_qdl(folder, _):
    table = read(folder, "sahara-table.bin") or b""
    regions = []
    for _, address, _, *names in struct.iter_unpack("<QQQ20s20s", table):
        name, file = (text.split(b"\0")[0].decode() for text in names)
        if "/" in file:
            raise Refused(f"{file} is no file's name")
        data = read(folder, file)
        regions.append(Region(name, address, file, None if data is None else len(data)))
    kelf = next((region for region in regions if region.name.startswith("md_KELF") and region.size), None)
    if not kelf:
        raise Refused("no ELF header")
    core = read(folder, kelf.file)
    written = qdl(core, regions)
    wrong = misplaced(core, written)
    if wrong:
        raise Refused(wrong)
    for region, _, size in written:
        core += read(folder, region.file).ljust(size, b"\0")
    return core, [kelf.file] + [region.file for region, _, _ in written]


def number(text):
    return int(text, 16)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--banner", type=number, metavar="ADDRESS", help="of linux_banner")
    options.add_argument("--present", type=number, metavar="ADDRESS", help="of __cpu_present_mask")
    options.add_argument("program", choices=["parser", "qdl"])
    options.add_argument("folder", help="with md_*.BIN files")
    options.add_argument("core", help="file to write")
    options = options.parse_args()
    try:
        core, names = {"parser": run_parser, "qdl": run_qdl}[options.program](options.folder, options)
    except Refused as wrong:
        sys.exit(str(wrong))
    with open(options.core, "wb") as file:
        file.write(core)
    print("\n".join(names))


if __name__ == "__main__":
    main()
