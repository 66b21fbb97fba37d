# SPDX-License-Identifier: GPL-2.0-only
"""What a kernel itself says of its tasks: the list of them, what each CPU runs, where the stacks are."""

import struct

from btf import Btf
from inspector import Wrong
from kernel_memory import PAGE

STACK_SIZE = 16384
STACK_END_MAGIC = 0x57AC6E9D
TASKS_MAX = 10000
MEMBERS = {"task_struct": ("pid", "comm", "tasks", "signal", "thread_node", "stack", "on_cpu", "exit_state",
                           "thread_info", "flags", "mm", "tgid", "real_parent", "__state", "start_boottime", "nvcsw",
                           "nivcsw"),
           "thread_info": ("cpu",), "mm_struct": ("mm_count",), "signal_struct": ("thread_head",),
           "rq": ("curr", "idle", "clock"),
           "uts_namespace": ("name",), "new_utsname": ("domainname",),
           "ring_buffer_per_cpu": ("cpu", "pages", "reader_page"), "buffer_page": ("list", "page")}


PF_EXITING, PF_KTHREAD = 0x4, 0x200000
TASK_UNINTERRUPTIBLE, TASK_REPORT, TASK_IDLE, TASK_RTLOCK_WAIT, TASK_FROZEN = 0x2, 0x7f, 0x402, 0x1000, 0x8000
STATES = "RSDTtXZPI"
KINDS = {8: "b", 16: "h", 32: "i", 64: "q"}


class Task:
    def __init__(self, kernel, address):
        def number(member):
            return kernel.number(address, "task_struct", member)
        offsets = kernel.offsets["task_struct"]
        self.address = address
        self.memory = kernel.memory
        self.pid = number("pid")
        self.comm = self.memory.read(address + offsets["comm"], 16).split(b"\0")[0]
        self.stack = number("stack")
        self.mm = number("mm")
        self.on_cpu = number("on_cpu")
        self.flags = number("flags")
        self.exiting = bool(self.flags & PF_EXITING)
        self.number = number
        self.cpu = kernel.number(address + offsets["thread_info"], "thread_info", "cpu")

    def __str__(self):
        return f"{self.pid} ({self.comm.decode(errors='backslashreplace')}) at {self.address:#x}"

    def is_kernel_thread(self):
        return bool(self.flags & PF_KTHREAD)

    def state(self):
        """The letter of /proc/PID/stat, see task_state_index() in include/linux/sched.h."""
        state, exit_state = self.number("__state"), self.number("exit_state")
        if state == TASK_IDLE:
            return STATES[-1]
        if state in (TASK_RTLOCK_WAIT, TASK_FROZEN):
            state = TASK_UNINTERRUPTIBLE
        return STATES[((state | exit_state) & TASK_REPORT).bit_length()]

    def stack_pages(self):
        """Physical addresses, from the end of the stack on."""
        return [self.memory.physical(self.stack + at) for at in range(0, STACK_SIZE, PAGE)]


class KernelTasks:
    """symbols: addresses as in /proc/kallsyms, of init_task, runqueues, __per_cpu_offset, __start_BTF, __stop_BTF."""

    def __init__(self, memory, symbols):
        self.memory = memory
        self.symbols = symbols
        start = symbols["__start_BTF"]
        btf = Btf(memory.read(start, symbols["__stop_BTF"] - start))
        self.members = {name: {member: btf.member(name, member) for member in members}
                        for name, members in MEMBERS.items()}
        self.offsets = {name: {member: found.offset // 8 for member, found in members.items()}
                        for name, members in self.members.items()}

    def number(self, address, structure, member):
        """As wide as it is in this kernel."""
        found = self.members[structure][member]
        kind = KINDS[found.width]
        return self.memory.number(address + found.offset // 8, kind if found.signed else kind.upper())

    def task(self, address):
        return Task(self, address)

    def chain(self, head):
        """The list_heads behind HEAD."""
        at = self.memory.number(head)
        for _ in range(TASKS_MAX):
            if at == head:
                return
            yield at
            at = self.memory.number(at)
        raise Wrong(f"the list at {head:#x} has no end")

    def listed(self):
        """All threads of all processes, by pid. Idle tasks are not among them."""
        task, signal = self.offsets["task_struct"], self.offsets["signal_struct"]
        found = {}
        for link in self.chain(self.symbols["init_task"] + task["tasks"]):
            head = self.memory.number(link - task["tasks"] + task["signal"]) + signal["thread_head"]
            for node in self.chain(head):
                thread = self.task(node - task["thread_node"])
                found[thread.pid] = thread
        return found

    def runqueue(self, cpu):
        return self.symbols["runqueues"] + self.memory.number(self.symbols["__per_cpu_offset"] + 8 * cpu)

    def current(self, cpu):
        return self.task(self.memory.number(self.runqueue(cpu) + self.offsets["rq"]["curr"]))

    def idle(self, cpu):
        return self.task(self.memory.number(self.runqueue(cpu) + self.offsets["rq"]["idle"]))

    def clock(self):
        """Seconds since the machine was started, by CPU 0 as long as it has something to do."""
        return self.memory.number(self.runqueue(0) + self.offsets["rq"]["clock"]) / 1e9

    def domain_name(self):
        at = self.symbols["init_uts_ns"] + self.offsets["uts_namespace"]["name"]
        return self.memory.read(at + self.offsets["new_utsname"]["domainname"], 65).split(b"\0")[0].decode()

    def ends_stack(self, address):
        """Whether a stack's end is here."""
        physical = self.memory.physical(address)
        return physical is not None and \
            struct.unpack_from("<Q", self.memory.ram, self.memory.place(physical, 8))[0] == STACK_END_MAGIC
