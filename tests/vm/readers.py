#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the debuggers of a Debian say of a dump, beside what they say of a full dump of the same crash: one line of the
table in docs/readers.md for each of them. They are this machine's, or in a file system of that Debian's that is made
once. Fails if docs/readers.md says something else."""

import argparse
import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
from debian import CACHE, LEFT_OUT, OWN_SUITE, TOP, Problem, lock, made_whole, mirror, say, tool  # noqa: E402

TABLE = os.path.join(TOP, "docs", "readers.md")
VIEWS = os.path.join(TOP, "tests", "vm", "drgn-views.py")
PACKAGES = ("crash", "gdb", "python3-drgn", "binutils")
TIMEOUT = 300
# What a CPU may have of a counter of memory before it adds that to the sum; in pages. crash shows KiB of three of them.
BATCH_KIB = 32 * 4 * 3
# Everything is where it is on this machine.
ENTER = r"""
root=$1 scratch=$2 vmlinux=$3
shift 3
for folder in "$scratch" "$vmlinux"; do
	mkdir -p "$root$folder"
	mount --bind "$folder" "$root$folder"
done
mount -t proc proc "$root/proc"
exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LC_ALL=C.UTF-8 "$@"
"""


class Debian:
    """Where the debuggers of a suite run."""

    def __init__(self, suite, scratch, vmlinux):
        self.enter = []
        if suite != OWN_SUITE:
            self.enter = ["unshare", "--mount", "sh", "-euc", ENTER, "sh", self._root(suite), scratch,
                          os.path.dirname(vmlinux)]

    def _root(self, suite):
        root = os.path.join(CACHE, f"readers-{suite}")
        with lock(f"readers-{suite}"):
            if not os.path.exists(root):
                say(f"making a file system with the debuggers of {suite} (once, a minute)")
                with made_whole(root) as new:
                    tool("mmdebstrap", "--variant=minbase", "--format=directory", "--include=" + ",".join(PACKAGES),
                         *[f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT], suite, new, *mirror(suite))
        return root

    def run(self, *command, text=""):
        """What it prints. How it ends is no matter: what it can't say is missing then."""
        try:
            return subprocess.run([*self.enter, *command], input=text, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, errors="replace", timeout=TIMEOUT,
                                  check=False).stdout
        except subprocess.TimeoutExpired:
            return ""


class Crash:
    """Each command's output goes to a file of its own. Some kernels it opens with less to look at alone."""

    OPTIONS = ((), ("--no_modules",), ("--no_modules", "--no_kmem_cache"))
    PANIC = "Kernel panic - not syncing: sysrq triggered crash"

    def __init__(self, debian, options):
        self.debian = debian
        self.options = options
        self.name = "crash " + re.search(r"^crash (\S+)", debian.run("crash", "--version"), re.MULTILINE)[1].rstrip("+")
        self.expected = {
            "sys": rf'^ *PANIC: "{self.PANIC}"',
            "log": rf"^\[ *[0-9.]+\].* {self.PANIC}",
            "ps": r"^ +1 +0 +[01] +[0-9a-f]{16} +IN +[0-9.]+ +[1-9][0-9]+ +[1-9][0-9]+ +systemd$",
            "bt": r"^ *#[0-9]+ \[[0-9a-f]+\] write_sysrq_trigger at ",
            "bt -a": r"^PID: 0 .*COMMAND: \"swapper/[01]\"[^$]*^ *#[0-9]+ ",
            "bt of each task": r"^ *#[0-9]+ \[[0-9a-f]+\] schedule at ",
            "mod": r"^[0-9a-f]{16} +qcom_minidump_ram ",
            "runq": "^CPU 1 RUNQUEUE: ",
            "p": r"^jiffies = \$[0-9]+ = [0-9]+$",
            "struct": '^  comm = "systemd',
        }

    def answers(self, full):
        if not full:
            return self._ask(self.options.crash, self.with_options)
        name = self.name
        for self.with_options in self.OPTIONS:
            found = self._ask(self.options.full, self.with_options)
            if found.get("sys"):
                self.name = " ".join((name, *self.with_options))
                break
        return found

    def _ask(self, path, with_options):
        o = self.options
        folder = os.path.join(o.scratch, "crash")
        os.makedirs(folder, exist_ok=True)
        commands = {"p": ["p jiffies"], "struct": [f"struct task_struct {o.task[0]}"],
                    "bt of each task": [f"bt {task}" for task in o.task]}
        files = {view: os.path.join(folder, f"{i}") for i, view in enumerate(self.expected)}
        text = "".join(f"{command} >> {files[view]}\n" for view in files for command in commands.get(view, [view]))
        for file in files.values():
            if os.path.exists(file):
                os.unlink(file)
        self.said = self.debian.run("crash", *with_options, o.vmlinux, path, text=text)
        result = {}
        for view, file in files.items():
            if os.path.exists(file):
                with open(file, errors="replace") as lines:
                    result[view] = self._normal(lines.read())
        return result

    def _normal(self, text):
        """Without the name of the dump, and how many tasks there are, which ps lists. No policy has the names of
        modules' functions: from where one is on a stack on, crash without them goes other ways."""
        result, cut = [], False
        for line in text.splitlines():
            if not re.match(">? *#", line):
                cut = False
            elif re.search(r" \[[a-z0-9_]+\]$", line):
                cut = True
            if not cut and not re.match(" *(DUMPFILE|TASKS): ", line):
                result.append(line)
        return "\n".join(result)

    def same(self, view, full, ours):
        if view != "ps":
            return full == ours
        # What the kernel has started since the last process came: qcmdd had been stopped.
        died = max(self._pid(line) for line in full.splitlines() if line.endswith(" crash"))
        full, ours = ([line for line in text.splitlines() if self._pid(line) <= died] for text in (full, ours))
        return len(full) == len(ours) and all(map(self._same_process, full, ours))

    @staticmethod
    def _pid(line):
        found = re.match(r">? +(\d+) ", line)
        return int(found[1]) if found else 0

    @staticmethod
    def _same_process(full, ours):
        """Without what of a process's memory CPUs have counted for themselves, as the kernel tells it."""
        pattern = r"(>? +\d+ +-?\d+ +\d+ +[0-9a-f]+ +\w+) +[0-9.]+ +(\d+) +(\d+) +(.*)"
        a, b = re.fullmatch(pattern, full), re.fullmatch(pattern, ours)
        if not a or not b:
            return full == ours
        # It started when qcmdd had been stopped.
        if a[4] == "crash":
            return a.group(1, 4) == b.group(1, 4)
        return a.group(1, 2, 4) == b.group(1, 2, 4) and abs(int(a[3]) - int(b[3])) <= 2 * BATCH_KIB


class Drgn:
    def __init__(self, debian, options):
        self.debian = debian
        self.options = options
        version = debian.run("/usr/bin/python3", "-c", "import drgn; print(drgn.__version__)").strip()
        self.name = f"drgn {version}"
        self.by_cpu = [int(n) for n in re.findall(r"\d+", version)] >= [0, 0, 27]
        self.expected = {
            "log": "sysrq triggered crash",
            "release": f"^{re.escape(options.release)}$",
            "tasks": r"\(1, .*systemd",
            "find_task": "^1: systemd$",
            "variables": r"panic_cpu: \(int\)[01]",
            "runqueues": r"^1: \[[0-9]",
            "current": "crash",
            "stack of the crash": "sysrq_handle_crash",
            "stacks of other CPUs": r"^#1 ",
            "stacks of waiting tasks": r"\bschedule\b",
        }

    def answers(self, full):
        o = self.options
        path = o.dump if not full else o.full_by_cpu if self.by_cpu else o.full
        self.said = self.debian.run("/usr/bin/python3", "-", path, o.vmlinux, *o.task, text=open(VIEWS).read())
        try:
            return {view: self._normal(text) for view, text in json.loads(self.said.splitlines()[-1]).items()}
        except (IndexError, ValueError):
            return {}

    @staticmethod
    def _normal(text):
        """Behind the kernel's last frame drgn goes on, through whatever memory a full dump has there."""
        return "\n".join(line for line in text.splitlines() if not re.fullmatch(r"#\d+ +0x[0-9a-f]+", line))

    @staticmethod
    def same(_, full, ours):
        return full == ours


class Gdb:
    """It looks up virtual addresses in the program headers alone, where a full dump has no stacks."""

    def __init__(self, debian, options):
        self.debian = debian
        self.options = options
        self.name = "gdb " + re.search(r"^GNU gdb .*?(\d+\.\d+)", debian.run("gdb", "--version"), re.MULTILINE)[1]
        self.expected = {
            "threads": r"^\* *1 +(process|LWP)[^$]*^ *2 +(process|LWP)",
            "variables": f'= "{re.escape(options.release)}"',
            "stack of the crash": " in sysrq_handle_crash [^$]* in write_sysrq_trigger [^$]* do_syscall_64 ",
        }

    def answers(self, full):
        o = self.options
        said = self.said = self.debian.run(
            "gdb", "-nx", "-batch", "-ex", "set pagination off", "-ex", f"core-file {o.full if full else o.dump}",
            "-ex", f"symbol-file -o 0x{o.moved} {o.vmlinux}", "-ex", "info threads", "-ex", "thread apply all bt",
            "-ex", "p init_uts_ns.name.release")
        return dict.fromkeys(self.expected, said)

    @staticmethod
    def same(*_):
        return True


def verdict(views, right):
    """all, or what is missing."""
    missing = [view for view in views if view not in right]
    if not right:
        return "nothing"
    return "all but " + ", ".join(missing) if missing else "all"


def judge(reader, options):
    """The row of the table, and why it is not all."""
    answers = {full: reader.answers(full) for full in (True, False)}
    right = {full: [view for view, pattern in reader.expected.items()
                    if re.search(pattern, found.get(view, ""), re.MULTILINE)] for full, found in answers.items()}
    for view in [view for view in right[False] if view in right[True]]:
        full, ours = answers[True][view], answers[False][view]
        if not reader.same(view, full, ours):
            right[False].remove(view)
            print(f"{reader.name}, {view}: not as the full dump:")
            sys.stdout.write("".join(f"  {line}\n" for line in difference(options, full, ours)))
    if len(right[False]) < len(reader.expected):
        print(f"{reader.name} ends with:\n" + "".join(f"  {line}\n" for line in reader.said.splitlines()[-15:]))
    return reader.name, options.kernel, *(verdict(reader.expected, right[full]) for full in (False, True))


def difference(options, full, ours):
    names = [os.path.join(options.scratch, name) for name in ("full.txt", "minidump.txt")]
    for name, text in zip(names, (full, ours)):
        with open(name, "w") as file:
            file.write(text + "\n")
    return subprocess.run(["diff", *names], stdout=subprocess.PIPE, text=True, check=False).stdout.splitlines()[:40]


def rows():
    with open(TABLE) as file:
        return [tuple(cell.strip() for cell in line.strip().strip("|").split("|")) for line in file
                if re.match(r"\| (crash|drgn|gdb) ", line)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("kernel", "release", "scratch", "vmlinux", "dump", "crash", "full", "full-by-cpu", "moved"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--task", action="append", required=True, help="address of a task")
    parser.add_argument("suites", nargs="+", metavar="SUITE")
    options = parser.parse_args()
    known, wrong = rows(), []
    for suite in options.suites:
        debian = Debian(suite, options.scratch, options.vmlinux)
        for kind in (Crash, Drgn, Gdb):
            row = judge(kind(debian, options), options)
            print("| " + " | ".join(row) + " |", flush=True)
            if row not in known:
                wrong.append(row)
    if wrong:
        sys.exit(f"not in {os.path.relpath(TABLE, TOP)}: " + ", ".join(row[0] for row in wrong))


try:
    main()
except Problem as problem:
    say(f"error: {problem}")
    sys.exit(1)
