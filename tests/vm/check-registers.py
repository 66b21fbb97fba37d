#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Where a dump has the registers of the CPUs from, after a crash by MODE of a guest with two CPUs.

usage: check-registers.py MODE SOURCE CONSOLE SAID INFO STACK

SOURCE is ram.bin, which has no registers itself, or vmcore, which has QEMU's. CONSOLE and SAID are what the guest
printed, INFO and STACK what `qcmdump info --json` and `qcmdump stack --json` say of the dump."""

import json
import re
import sys

# Of the CPU that the kernel named, and of the other one
EXPECTED = {
    ("sysrq-c", "ram.bin"): ("panic", None),
    ("sysrq-c", "vmcore"): ("hypervisor", "hypervisor"),
    ("oops", "ram.bin"): ("oops", "crash_notes"),
    ("oops", "vmcore"): ("hypervisor", "crash_notes"),
    ("hang", "ram.bin"): (None, None),
    ("reset", "ram.bin"): (None, None),
}
# Bytes of the function in the module that oopses, at most
OOPS_SIZE = 512


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def last(pattern, text):
    found = re.findall(pattern, text, re.MULTILINE)
    if not found:
        sys.exit(f"there is no {pattern!r}")
    return found[-1]


def function(mode, console, said):
    """Where the crashed task has to be: first address and the one behind the last."""
    if mode == "oops":
        start = int(last(r"qcmd_crash: oops as asked, in ([0-9a-f]+)", console), 16)
        return start, start + OOPS_SIZE
    name = "vpanic" if " T vpanic\n" in said else "panic"
    return tuple(int(each, 16) for each in last(rf"^([0-9a-f]{{16}}) T {name}\n([0-9a-f]{{16}}) ", said))


def check_stack(task, start, end):
    if task["start"] != "registers":
        sys.exit(f"the stack of PID {task['pid']} starts from a {task['start']}, not from registers")
    if not start <= task["frames"][0]["address"] < end:
        sys.exit(f"PID {task['pid']} was not in {start:#x}-{end:#x} but at {task['frames'][0]['address']:#x}")
    if task["method"] == "ORC tables" and not task["complete"]:
        sys.exit(f"the stack of PID {task['pid']} does not lead to its end")


def main():
    mode, source, console, said, info, stack = sys.argv[1:]
    console, said, info, stack = read(console), read(said), json.loads(read(info)), json.loads(read(stack))
    if (mode, source) not in EXPECTED:
        return
    crashed, other = EXPECTED[mode, source]
    cpu = pid = None
    if crashed:
        cpu, pid = (int(each) for each in last(r"\] CPU: (\d+) .*PID: (\d+) Comm: ", console))
    expected = {each: crashed if each == cpu else other for each in range(2)}
    got = {each["cpu"]: each["from"] for each in info["registers"]}
    if got != {each: what for each, what in expected.items() if what}:
        sys.exit(f"CPU {cpu} crashed; the registers are {info['registers']}")
    tasks = [task for task in stack if task["pid"] == pid and task["on_cpu"]]
    if not crashed or source != "ram.bin":
        return
    if len(tasks) != 1 or tasks[0]["cpu"] != cpu:
        sys.exit(f"PID {pid} does not run on CPU {cpu}: {stack}")
    check_stack(tasks[0], *function(mode, console, said))


main()
