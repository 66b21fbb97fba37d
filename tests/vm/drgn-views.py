# SPDX-License-Identifier: GPL-2.0-only
"""What drgn says of a core: the log, tasks as its helpers find them, variables of CPUs, stacks of what they ran and of
the tasks whose addresses are given. Whatever drgn cannot read is its error, so that two cores can be compared. Prints
JSON: texts by name. For the interpreter of a Debian that has nothing of this checkout."""

import json
import sys

import drgn
from drgn.helpers.linux.percpu import per_cpu
from drgn.helpers.linux.pid import find_task, for_each_task
from drgn.helpers.linux.printk import get_dmesg

SECOND = 1000000000
CPUS = range(2)


def tried(view):
    try:
        return str(view())
    except Exception as error:  # some of what drgn raises is nothing else
        return str(error)


def each(view, items):
    return "\n".join(f"{item}: {tried(lambda: view(item))}" for item in items)


def main():
    core, vmlinux, *addresses = sys.argv[1:]
    program = drgn.Program()
    program.set_core_dump(core)
    program.load_debug_info([vmlinux])
    tasks = {address: drgn.Object(program, "struct task_struct *", int(address, 0)) for address in addresses}
    queues = program["runqueues"]
    # What has only just started may not have been registered yet.
    old = program.read_u64(per_cpu(queues, 0).clock.address_) - SECOND
    died = program["panic_cpu"].counter.value_()

    def stack(task):
        return f"{task.comm.string_().decode()}\n{program.stack_trace(task)}"

    print(json.dumps({
        "log": tried(lambda: get_dmesg(program).decode(errors="replace")),
        "release": tried(lambda: program["init_uts_ns"].name.release.string_().decode()),
        "tasks": tried(lambda: [(task.pid.value_(), hex(task.value_()), task.comm.string_().decode())
                                for task in for_each_task(program) if task.start_time.value_() < old]),
        "find_task": each(lambda pid: find_task(program, pid).comm.string_().decode(),
                          sorted({task.pid.value_() for task in tasks.values()} - {0})),
        "variables": each(lambda name: program[name].counter if name == "panic_cpu" else program[name].value_(),
                          ("jiffies_64", "panic_cpu", "tainted_mask", "nr_threads")),
        "runqueues": each(lambda cpu: [getattr(per_cpu(queues, cpu), member).value_()
                                       for member in ("nr_running", "nr_switches", "clock", "cpu")], CPUS),
        "current": each(lambda cpu: per_cpu(queues, cpu).curr.comm.string_().decode(), CPUS),
        "stack of the crash": tried(lambda: stack(per_cpu(queues, died).curr)),
        "stacks of other CPUs": each(lambda cpu: stack(per_cpu(queues, cpu).curr),
                                     [cpu for cpu in CPUS if cpu != died]),
        "stacks of waiting tasks": each(lambda address: stack(tasks[address]),
                                        [address for address, task in tasks.items() if not task.on_cpu]),
    }))


main()
