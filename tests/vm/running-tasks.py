#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Prints what each CPU of a machine that died was running, by the kernel's own memory: "PID CPU COMM" in each line.

For x86_64. Standard input: NAME=ADDRESS for what KernelTasks wants, by /proc/kallsyms."""

import argparse
import mmap
import re
import sys

from inspector import Wrong
from kernel_memory import BASES, KernelMemory, read_vmcoreinfo
from kernel_tasks import KernelTasks


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("ram", help="a raw image of RAM")
    options.add_argument("minidump", help="for its VMCOREINFO")
    options.add_argument("cpus", type=int, help="how many there are")
    options = options.parse_args()
    symbols = {name: int(address, 16) for name, address in (word.split("=") for word in sys.stdin.read().split())}
    with open(options.minidump, "rb") as file:
        note = re.search(rb"VMCOREINFO\0\0(OSRELEASE=[^\0]*)\0", file.read())
    with open(options.ram, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as ram:
        kernel = KernelTasks(KernelMemory(ram, BASES["x86_64"], read_vmcoreinfo(note[1])), symbols)
        for cpu in range(options.cpus):
            task = kernel.current(cpu)
            if not task.on_cpu or task.cpu != cpu:
                raise Wrong(f"CPU {cpu} does not run {task}")
            print(task.pid, cpu, task.comm.decode())


main()
