#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Whether qcmdump says of a dump, field by field, what the machine's whole memory and its kernel themselves say: tasks,
stacks, the log, regions with each of their bytes, policies. SAID has what live-answers.pl printed before the crash, an
oops in qcmd_crash; all policies of systemd/qcmd.d were on."""

import argparse
import base64
import fnmatch
import glob
import gzip
import html
import json
import mmap
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from debian import TOP, tool  # noqa: E402
from inspector import Wrong  # noqa: E402
from kernel_memory import BASES, KernelMemory, read_vmcoreinfo  # noqa: E402
from kernel_tasks import KernelTasks  # noqa: E402
from kernels import uncompress  # noqa: E402

POLICIES = os.path.join(TOP, "systemd", "qcmd.d")
TICK_NS = 10000000
# A task may be so young that qcmdd has not seen it.
YOUNG_NS = 3000000000
# What qcmdump looks for in a vmlinux, which has lost its symbols when the kernel was packed: name, section, and the
# name of where that begins.
ORC_SYMBOLS = [("_stext", ".text", "_stext"),
               *((f"__{word}_orc_{what}", f".orc_{what}", f"__start_orc_{what}")
                 for what in ("header", "unwind_ip", "unwind") for word in ("start", "stop"))]
# Of regions that follow the CPUs
FOLLOWS_CPU = ("current task", "current stack")


def differs(what, ours, theirs):
    if ours != theirs:
        raise Wrong(f"{what}: qcmdump says {ours!r}, the machine {theirs!r}")


class Said:
    """What live-answers.pl printed."""

    def __init__(self, path):
        self.symbols, self.tasks, self.records = {}, {}, {}
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                kind, _, rest = line.rstrip("\n").partition(" ")
                if kind in ("symbol", "kallsyms", "kmsg", "live", "frame", "status"):
                    getattr(self, f"_{kind}")(rest)

    def _symbol(self, text):
        name, address = text.split("=")
        self.symbols[name] = int(address, 16)

    def _kallsyms(self, text):
        self.kallsyms = gzip.decompress(base64.b64decode(text)).decode()
        self.sched = self.address("__sched_text_start"), self.address("__sched_text_end")

    def offset(self, name, start):
        return self.address(name) - self.address(start)

    def address(self, name):
        return int(re.search(rf"^([0-9a-f]+) \S {name}$", self.kallsyms, re.MULTILINE)[1], 16)

    def _kmsg(self, text):
        head, _, text = text.partition(";")
        priority, seq, microseconds, _, *more = head.split(",")
        caller = next((word.removeprefix("caller=") for word in more if word.startswith("caller=")), None)
        self.records[int(seq)] = (int(priority) & 7, int(priority) >> 3, int(microseconds), caller, text)

    def _live(self, text):
        pid, *numbers, comm = text.split(" ", 7)
        self.pid = int(pid)
        nvcsw, nivcsw, state, ppid, start, cpu = numbers
        self.tasks[self.pid] = {"switches": (int(nvcsw), int(nivcsw)), "state": state, "ppid": int(ppid),
                                "start": int(start), "cpu": int(cpu), "comm": comm, "frames": []}

    def _frame(self, text):
        pid, name = text.split()
        self.tasks[int(pid)]["frames"].append(name)

    def _status(self, text):
        self.status = json.loads(text)


class Check:
    def __init__(self, options, ram, scratch):
        self.options = options
        self.said = Said(options.said)
        self.scratch = scratch
        self.names = [f"--kallsyms={scratch}/kallsyms"]
        with open(f"{scratch}/kallsyms", "w") as file:
            file.write(self.said.kallsyms)
        if options.arch == "x86_64":
            self.names.append(f"--vmlinux={scratch}/vmlinux")
            uncompress(options.vmlinuz, f"{scratch}/vmlinux")
            tool("objcopy", *[f"--add-symbol={name}={section}:{self.said.offset(name, start):#x}"
                              for name, section, start in ORC_SYMBOLS], f"{scratch}/vmlinux")
        with open(options.dump, "rb") as file:
            self.dump = file.read()
        vmcoreinfo = read_vmcoreinfo(re.search(rb"VMCOREINFO\0\0(OSRELEASE=[^\0]*)\0", self.dump)[1])
        self.memory = KernelMemory(ram, BASES[options.arch], vmcoreinfo)
        self.kernel = KernelTasks(self.memory, self.said.symbols)
        self.listed = self.kernel.listed()
        self.tasks = self.qcmdump("tasks", "--all")
        self.regions = self.qcmdump("regions")
        self.stacks = self.qcmdump("stack", "--all", *self.names)
        with open(options.console, encoding="utf-8", errors="replace") as file:
            self.console = file.read().replace("\r", "")

    def run(self, *command, dump=None):
        return subprocess.run([self.options.qcmdump, *command, dump or self.options.dump], stdout=subprocess.PIPE,
                              text=True, check=True).stdout

    def qcmdump(self, *command, dump=None):
        return json.loads(self.run(*command, "--json", dump=dump))

    def check(self):
        for name in ("status", "info", "tasks", "policies", "regions", "live_regions", "log", "stacks", "crash",
                     "report", "convert"):
            print(f"ok: {name.replace('_', ' ')}: {getattr(self, f'check_{name}')()}")

    def check_status(self):
        """It has no problem, and each policy of the vendor's is whole, but for those of another architecture."""
        status = self.said.status
        if status["problems"]:
            raise Wrong(f"status has problems: {status['problems']}")
        self.policies = {policy["name"]: policy for policy in status["policies"]}
        for path in glob.glob(f"{POLICIES}/*.conf"):
            policy = self.policies[os.path.basename(path).removesuffix(".conf")]
            with open(path) as file:
                foreign = self.options.arch == "arm64" and "ConditionArchitecture=x86-64" in file.read()
            if policy["state"] != ("disabled" if foreign else "enabled") or policy["limit"] or policy["dry_run"] or \
                    policy["wanted"] != policy["registered"] or policy["diagnostics"]:
                raise Wrong(f"a policy is not whole: {policy}")
        return ", ".join(f"{name} {policy['registered']}" for name, policy in sorted(self.policies.items()))

    def check_info(self):
        info = self.qcmdump("info")
        differs("release", info["release"], self.memory_text(b"OSRELEASE"))
        differs("build ID", info["build_id"], self.memory_text(b"BUILD-ID"))
        differs("policies", sorted(policy["name"] for policy in info["policies"]),
                sorted(name for name, policy in self.policies.items() if policy["state"] == "enabled"))
        for policy in info["policies"]:
            differs(f"file of {policy['name']}", policy["file"], self.policies[policy["name"]]["path"])
        differs("problems", info["problems"], [])
        differs("regions", info["regions"], len(self.regions))
        return f"{info['crash']}"

    def memory_text(self, name):
        """Of the kernel's own VMCOREINFO, where its memory has that."""
        region, = [region for region in self.regions if region["name"] == "KVMCOREINFO"]
        place = self.memory.place(region["physical"], region["size"])
        return re.search(name + rb"=(.*)\n", self.memory.ram[place:place + region["size"]])[1].decode()

    def check_tasks(self):
        """Each field of those in the dump, by the task_struct in memory; and by /proc, if it has not run since."""
        by_proc = 0
        addresses = {task["address"] for task in self.tasks}
        for task in self.tasks:
            real = self.kernel.task(task["address"])
            idle = [self.kernel.idle(cpu).address for cpu in range(self.options.cpus)]
            listed = self.listed.get(task["pid"])
            if task["address"] not in idle and (not listed or listed.address != task["address"]) and not real.exiting:
                raise Wrong(f"none of the kernel's tasks: {task}")
            what = f"task {real}"
            parent = self.kernel.task(real.number("real_parent"))
            # None: the dump does not have the parent.
            ppid = parent.number("tgid") if parent.address in addresses or task["ppid"] is not None else None
            for name, value in (("pid", real.pid), ("tgid", real.number("tgid")), ("ppid", ppid),
                                ("comm", real.comm.decode()), ("state", real.state()), ("cpu", real.cpu),
                                ("on_cpu", bool(real.on_cpu)), ("start_ns", real.number("start_boottime")),
                                ("kernel_thread", real.is_kernel_thread()),
                                ("exited", bool(real.number("exit_state")))):
                differs(f"{what}, {name}", task[name], value)
            live = self.unchanged(real)
            if live:
                by_proc += 1
                for name in ("comm", "state", "cpu"):
                    differs(f"{what}, {name}", task[name], live[name])
                if abs(task["start_ns"] // TICK_NS - live["start"]) > 1:
                    raise Wrong(f"{what}: started at {task['start_ns']}, not in tick {live['start']}")
        if by_proc < 10:
            raise Wrong(f"only {by_proc} tasks have not run since they were looked at")
        return f"{len(self.tasks)} by the kernel's memory, {by_proc} of them by /proc"

    def unchanged(self, real):
        """What /proc said of it, unless it has run since, or was woken and waits for its turn."""
        live = self.said.tasks.get(real.pid)
        same = live and live["switches"] == (real.number("nvcsw"), real.number("nivcsw")) and \
            (live["state"] == "R" or real.state() != "R")
        return live if same else None

    def check_policies(self):
        """Whatever a [Task] section asks for is there: its tasks, with stacks and memory."""
        now = max(task.number("start_boottime") for task in self.listed.values())
        have = {}
        for region in self.regions:
            have.setdefault(region["name"], set()).add(region["physical"])
        n = dict.fromkeys(("task", "stack", "mm"), 0)
        for comm, kernel_thread, parts in self.sections():
            for task in self.listed.values():
                if task.exiting or now - task.number("start_boottime") < YOUNG_NS or \
                        not fnmatch.fnmatchcase(task.comm.decode(), comm) or \
                        kernel_thread not in (None, task.is_kernel_thread()):
                    continue
                for part, name, pages in (("task", "KTASK", [self.memory.physical(task.address)]),
                                          ("stack", "KSTACK", task.stack_pages()),
                                          ("mm", "KMM", [self.memory.physical(task.mm)] if task.mm else [])):
                    if part in parts and not set(pages) <= have.get(name, set()):
                        raise Wrong(f"the {part} of {task} is not in the dump")
                    n[part] += part in parts
        if not all(n.values()):
            raise Wrong(f"the policies asked for too little: {n}")
        return ", ".join(f"{count} {part}" for part, count in n.items())

    @staticmethod
    def sections():
        """(glob, kernel threads or others or None for all, parts) of each [Task]"""
        for path in glob.glob(f"{POLICIES}/*.conf"):
            with open(path) as file:
                for section in re.findall(r"^\[Task\]\n((?:[^\[].*\n)*)", file.read(), re.MULTILINE):
                    keys = {}
                    for key, value in re.findall(r"^(\w+)=(.*)$", section, re.MULTILINE):
                        keys.setdefault(key, []).extend(value.split())
                    kernel_thread = {"yes": True, "no": False}.get(keys.get("KernelThread", [None])[0])
                    for comm in keys["Comm"]:
                        yield comm, kernel_thread, keys["Register"]

    def check_regions(self):
        """Each byte, and where the kernel itself has mapped it."""
        size = walked = 0
        for region in self.regions:
            place = self.memory.place(region["physical"], region["size"])
            ours = self.dump[region["offset"]:region["offset"] + region["size"]]
            if ours != self.memory.ram[place:place + region["size"]]:
                raise Wrong(f"not the bytes that are in memory: {region}")
            if region["virtual"]:
                walked += 1
                differs(f"physical address of {region}", region["physical"], self.memory.walk(region["virtual"]))
            size += region["size"]
        return f"{size} bytes of {len(self.regions)}, {walked} by the page tables"

    def check_live_regions(self):
        """What qcmdd had in the table is in the dump, name, number and place, unless its task has gone since."""
        have = {(region["name"], region["seq"], region["physical"], region["size"]) for region in self.regions}
        alive = {task.pid: task for task in self.listed.values() if not task.exiting}
        n = 0
        for region in self.said.status["regions"]:
            pid = re.search(r"\((\d+)\)$", region["comment"] or "")
            if region["state"] != "active" or region["kind"] in FOLLOWS_CPU or \
                    region["kind"] in ("task", "stack", "mm") and pid and int(pid[1]) not in alive:
                continue
            for segment in region["segments"]:
                found = (region["name"], segment["seq"], int(segment["paddr"], 16), segment["size"])
                if found not in have:
                    raise Wrong(f"the table had what is not in the dump: {found} of {region}")
                n += 1
        return f"{n} pieces"

    def check_log(self):
        """All that /dev/kmsg had; test-crash.sh compares the rest with the console."""
        records = {record["seq"]: record for record in self.qcmdump("log")}
        for seq, (level, facility, microseconds, caller, text) in self.said.records.items():
            record = records.get(seq)
            if not record:
                raise Wrong(f"record {seq} of the log is missing: {text}")
            ours = "".join(chr(byte) if 32 <= byte < 127 and byte != 92 else f"\\x{byte:02x}"
                           for byte in record["text"].encode())
            differs(f"record {seq}", (record["level"], record["facility"], record["timestamp_ns"] // 1000, ours),
                    (level, facility, microseconds, text))
            if caller:
                differs(f"caller of record {seq}", record["caller"], caller)
        if len(self.said.records) < 250:
            raise Wrong(f"/dev/kmsg had {len(self.said.records)} records only")
        return f"{len(self.said.records)} records"

    @staticmethod
    def frame(frame):
        return f"{frame['symbol']}+{frame['offset']:#x}/{frame['size']:#x}" if "symbol" in frame else \
            hex(frame["address"])

    def check_stacks(self):
        """Of tasks that have not run since their stack was read in /proc, which leaves the scheduler out."""
        n = frames = 0
        for stack in self.stacks:
            live = self.unchanged(self.listed[stack["pid"]]) if stack["pid"] in self.listed else None
            if not live or not stack["frames"]:
                continue
            what = f"stack of {stack['pid']} ({stack['comm']})"
            differs(f"{what}, its ends", (stack["start"], stack["complete"], stack["missing_bytes"]),
                    ("switch", True, 0))
            ours = [self.frame(frame) for frame in stack["frames"]
                    if not self.said.sched[0] <= frame["address"] < self.said.sched[1]]
            differs(what, ours, live["frames"])
            n += 1
            frames += len(ours)
        if n < 8:
            raise Wrong(f"only {n} stacks could be compared")
        return f"{frames} frames of {n} tasks"

    def check_crash(self):
        """The stack of the task that died, as the kernel printed it: the frames that it is sure of. Of a module there
        are neither names nor tables: one more frame may be a guess there. Registers of a later moment have more frames,
        of what an oops does."""
        oops = self.console.split("qcmd_crash: oops as asked")[-1]
        cpu, pid = map(int, re.search(r"\] CPU: (\d+) .*PID: (\d+) Comm: ", oops).groups())
        trace = re.split(r"Call [Tt]race:\n", oops)[1]
        theirs = []
        for line in trace.splitlines():
            line = re.sub(r"^\[[^]]*\] ", "", line)
            if found := re.match(r" (\S+\+0x\w+/0x\w+)(?: \(\w+\))?$", line):
                theirs.append(found[1])
            elif not re.match(r" (\? |</?(TASK|IRQ)>|\S+ \[\w+\])", line):
                break
        stack, = [stack for stack in self.stacks if stack["pid"] == pid]
        if len(theirs) < 5 or not stack["complete"] or not stack["on_cpu"]:
            raise Wrong(f"the stack of the crash: {theirs}, {stack}")
        differs("the stack of the crash", [self.frame(frame) for frame in stack["frames"][-len(theirs):]], theirs)
        sure = [frame for frame in stack["frames"][1:-len(theirs)] if not frame["unsure"]]
        if sure and {"cpu": cpu, "from": "oops"} in self.qcmdump("info")["registers"]:
            raise Wrong(f"the stack of the crash has more frames: {sure}")
        return f"{len(theirs)} frames"

    def check_report(self):
        """Tasks, frames and log are on the page."""
        page = os.path.join(self.scratch, "page.html")
        self.run("report", *self.names, f"--output={page}")
        with open(page, encoding="utf-8") as file:
            text = html.unescape(re.sub(r"<[^>]*>", "", file.read()))
        wanted = {task["comm"] for task in self.tasks if not task["exited"]}
        wanted |= {line for record in self.qcmdump("log") for line in record["text"].splitlines()}
        wanted |= {self.frame(frame) for stack in self.stacks for frame in stack["frames"]}
        if missing := [word for word in wanted if word not in text]:
            raise Wrong(f"the page lacks {missing[:5]}")
        return f"{len(wanted)} names and lines"

    def check_convert(self):
        """It takes nothing away."""
        place = os.path.join(self.scratch, "converted.elf")
        for program in ("crash", "drgn"):
            self.run("convert", "--force", f"--for={program}", f"--output={place}")
            for command in (["tasks", "--all"], ["log"], ["stack", "--all", *self.names]):
                differs(f"{command[0]} after convert --for={program}", self.qcmdump(*command, dump=place),
                        self.qcmdump(*command))
            ours = [{**region, "offset": 0} for region in self.qcmdump("regions", dump=place)]
            differs(f"regions after convert --for={program}", ours,
                    [{**region, "offset": 0} for region in self.regions])
        return "for crash, and back"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arch", choices=BASES, required=True)
    parser.add_argument("--cpus", type=int, default=2)
    parser.add_argument("--vmlinuz", help="the kernel, for its ORC tables")
    for name in ("qcmdump", "said", "console", "ram", "dump"):
        parser.add_argument(name)
    options = parser.parse_args()
    with open(options.ram, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as ram, \
            tempfile.TemporaryDirectory() as scratch:
        try:
            Check(options, ram, scratch).check()
        except Wrong as wrong:
            sys.exit(f"FAILED: {wrong}")


main()
