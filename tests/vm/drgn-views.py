#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What drgn says of a core: the log, tasks as its helpers find them, variables of CPUs, of the tasks whose
addresses are given, their stacks with --stacks. Whatever drgn cannot read is printed as its error, so that two cores
can be compared."""

import sys

import drgn
from drgn.helpers.linux.percpu import per_cpu
from drgn.helpers.linux.pid import find_task, for_each_task
from drgn.helpers.linux.printk import get_dmesg

SECOND = 1000000000


def show(what, view):
    try:
        print(f"{what}: {view()}")
    except (drgn.FaultError, ValueError, LookupError) as error:
        print(f"{what}: {error}")


def main():
    stacks = sys.argv[1] == "--stacks"
    core, vmlinux, *addresses = sys.argv[1 + stacks:]
    program = drgn.Program()
    program.set_core_dump(core)
    program.load_debug_info([vmlinux])
    tasks = {address: drgn.Object(program, "struct task_struct *", int(address, 0)) for address in addresses}
    pids = {task.pid.value_() for task in tasks.values()}
    # What has only just started may not have been registered yet.
    old = program.read_u64(per_cpu(program["runqueues"], 0).clock.address_) - SECOND
    show("dmesg", lambda: get_dmesg(program).decode(errors="replace"))
    show("release", lambda: program["init_uts_ns"].name.release.string_().decode())
    show("tasks", lambda: [(task.pid.value_(), hex(task.value_()), task.comm.string_().decode())
                           for task in for_each_task(program) if task.start_time.value_() < old])
    for pid in sorted(pids - {0}):
        show(f"find_task {pid}", lambda: find_task(program, pid).comm.string_().decode())
    for variable in ("jiffies_64", "panic_cpu", "tainted_mask", "nr_threads"):
        show(variable, lambda: program[variable].value_() if variable != "panic_cpu" else program[variable].counter)
    for cpu in range(2):
        show(f"runqueue {cpu}", lambda: [getattr(per_cpu(program["runqueues"], cpu), member).value_()
                                         for member in ("nr_running", "nr_switches", "clock", "cpu")])
        show(f"current {cpu}", lambda: per_cpu(program["runqueues"], cpu).curr.comm.string_().decode())
    for address, task in tasks.items() if stacks else ():
        show(f"stack of {address} {task.comm.string_().decode()}", lambda: f"\n{program.stack_trace(task)}")


main()
