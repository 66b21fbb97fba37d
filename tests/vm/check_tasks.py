# SPDX-License-Identifier: GPL-2.0-only
"""Whether the task structs and stacks in the table are what the kernel itself says of its tasks."""

import re
import time

from inspector import Wrong
from kernel_memory import PAGE
from kernel_tasks import STACK_SIZE, KernelTasks

# Seconds that qcmdd, single-stepped, may need to notice that a task is gone.
LATE = 120


class TaskChecks:
    """followed: (name, sequence number) to the CPU and the number of the piece."""

    def __init__(self, memory, symbols, followed):
        self.memory = memory
        self.kernel = KernelTasks(memory, symbols)
        self.followed = followed
        self.late = {}
        self.ran, self.first, self.pids = set(), set(), set()
        self.between = self.departed = self.gone = self.mms = 0

    def check(self, entries, addresses, throughout):
        """entries: (name, number, physical address, size); addresses: by the first three, the virtual one."""
        listed = self.kernel.listed()
        stacks = {task.stack: task for task in listed.values() if task.stack}
        mms = {task.mm for task in listed.values()}
        pids, late = set(), set()
        current = {}
        for entry in entries:
            if entry[:2] in self.followed:
                current.setdefault(self.followed[entry[:2]][0], []).append(entry)
            elif entry[0] == "KSTACK":
                self.check_stack(entry, addresses.get(entry[:3]), listed, stacks)
            elif entry[0] == "KTASK" and not self.check_task(entry, listed, pids):
                late.add(entry[:3])
            elif entry[0] == "KMM" and not self.check_mm(entry, mms):
                late.add(entry[:3])
        for cpu, found in sorted(current.items()):
            self.check_cpu(cpu, found, addresses, listed, stacks)
        self.check_late(late)
        self.first = self.first or pids
        self.pids |= pids
        if throughout and not {1, 2} <= pids:
            raise Wrong("a task that was there throughout is missing: 1 or 2")
        if throughout and {entry[:2] for found in current.values() for entry in found} != self.followed.keys():
            raise Wrong(f"a CPU's own region is missing: there are {current}")

    def check_task(self, entry, listed, pids):
        """False: it is exiting, or has."""
        name, seq, physical, _ = entry
        task = self.kernel.task(physical + self.memory.linear)
        if not 0 < task.pid < 1 << 22 or not re.fullmatch(rb"[ -~]{1,15}", task.comm):
            raise Wrong(f"{name} {seq} is no task: {task}")
        pids.add(task.pid)
        if task.pid in listed and listed[task.pid].address == task.address:
            return True
        if not task.exiting:
            raise Wrong(f"{name} {seq} is none of the kernel's tasks: {task}")
        return False

    def check_mm(self, entry, mms):
        """False: its process has exited, or runs another program."""
        address = entry[2] + self.memory.linear
        if not 0 < self.memory.number(address + self.kernel.offsets["mm_struct"]["mm_count"], "i") < 1 << 20:
            raise Wrong(f"{entry[0]} {entry[1]} is no mm_struct: {address:#x}")
        self.mms += 1
        return address in mms

    def check_stack(self, entry, address, listed, stacks):
        """It is of a task that the kernel still has: the module takes it out before the task has exited."""
        name, seq, physical, size = entry
        if size != PAGE:
            raise Wrong(f"{name} {seq} has {size} bytes, not a page")
        if address is None:
            known = any(physical in task.stack_pages() for task in listed.values() if task.stack)
        else:
            known = address & ~(STACK_SIZE - 1) in stacks
        if not known:
            raise Wrong(f"{name} {seq} is the stack of no task that the kernel has: {physical:#x}")
        if address is None:
            return
        if self.memory.walk(address) != physical:
            raise Wrong(f"{name} {seq} is not what is mapped at {address:#x}")

    def check_late(self, late):
        now = time.monotonic()
        self.late = {key: self.late.get(key, now) for key in late}
        self.gone += len(late)
        for key, since in self.late.items():
            if now - since > LATE:
                raise Wrong(f"{key[0]} {key[1]} at {key[2]:#x} is of a task that is gone, for {now - since:.0f} s")

    def check_cpu(self, cpu, found, addresses, listed, stacks):
        """Each piece is of what the CPU runs, or of the task that it switches from."""
        running = self.kernel.current(cpu)
        tasks = [running, *(task for task in (self.kernel.idle(cpu), *listed.values()) if self.on_cpu(task, cpu))]
        for entry in found:
            if entry[0] == "KTASK":
                tasks.append(self.followed_task(cpu, entry, tasks))
        self.check_one_stack(cpu, found, addresses)
        owners = set()
        for entry in found:
            piece = self.followed[entry[:2]][1]
            owner = next((task for task in tasks if self.piece(task, entry[0], piece)[1] == entry[2]), None)
            address = addresses.get(entry[:3])
            if owner is None:
                self.check_departed(cpu, entry, address, piece, stacks)
            elif address not in (None, self.piece(owner, entry[0], piece)[0]):
                raise Wrong(f"CPU {cpu}: the ELF header has {entry[0]} {entry[1]} at {address:#x}, which is {owner}")
            owners.add(owner and owner.address)
        self.ran.add(running.address)
        self.between += owners != {running.address}

    def check_one_stack(self, cpu, found, addresses):
        """Between two tasks the slots are of both, but what the header names is not."""
        bases = {addresses[entry[:3]] - self.followed[entry[:2]][1] * PAGE
                 for entry in found if entry[0] == "KSTACK" and entry[:3] in addresses}
        if len(bases) > 1:
            raise Wrong(f"CPU {cpu}: the ELF header names parts of {len(bases)} stacks: {bases}")

    @staticmethod
    def on_cpu(task, cpu):
        return task.on_cpu and task.cpu == cpu

    def piece(self, task, name, piece):
        """Its virtual and physical address."""
        address = task.address if name == "KTASK" else task.stack + piece * PAGE
        return address, self.memory.physical(address)

    def followed_task(self, cpu, entry, tasks):
        for task in tasks:
            if self.memory.physical(task.address) == entry[2]:
                return task
        task = self.kernel.task(entry[2] + self.memory.linear)
        if not self.on_cpu(task, cpu) or not self.kernel.ends_stack(task.stack):
            raise Wrong(f"CPU {cpu} runs {tasks[0]}, but its KTASK is {task}")
        return task

    def check_departed(self, cpu, entry, address, piece, stacks):
        """It is not in the kernel's list any more when it leaves the CPU for good."""
        base = None if address is None else address - piece * PAGE
        if base is not None and (base in stacks or base % STACK_SIZE or not self.kernel.ends_stack(base) or
                                 self.memory.physical(address) != entry[2]):
            raise Wrong(f"CPU {cpu}: {entry[0]} {entry[1]}, piece {piece}, is of no task that it runs: {entry[2]:#x}"
                        f" at {address:#x}")
        self.departed += 1

    def rebinding(self):
        """As the test says."""
        return self.kernel.domain_name() == "rebinding"

    def summary(self, instants):
        if instants >= 50 and len(self.ran) < 3 or instants >= 1000 and self.pids == self.first:
            raise Wrong(f"no churn: the CPUs ran {len(self.ran)} tasks, {len(self.pids)} were in the table")
        if instants >= 50 and not self.mms:
            raise Wrong("there was no mm_struct in the table")
        if self.departed * 50 > instants + 50:
            raise Wrong(f"{self.departed} of the CPUs' stack pages were of no task in the kernel's list")
        return (f"{self.between} in a context switch; {len(self.pids)} tasks of policies, {len(self.ran)} that ran, "
                f"{self.gone} structs of tasks and {self.departed} stack pages of CPUs on their way out")
