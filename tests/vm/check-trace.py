#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Whether a dump explains itself: each frame of its stacks has a name, by what the dump itself has, and those of the
task that crashed are the kernel's own call trace in its log, frame by frame.

usage: check-trace.py QCMDUMP DUMP"""

import json
import re
import subprocess
import sys

# What prints the trace is not where the CPU was when its registers were saved.
PANICS = re.compile(r"v?panic\+")


def qcmdump(program, command, dump):
    return json.loads(subprocess.run([program, *command, "--json", dump], stdout=subprocess.PIPE, check=True).stdout)


def call_trace(log):
    """The PID that the kernel named, and its frames; those with a question mark are left over from earlier calls."""
    lines = [line for record in log for line in record["text"].splitlines()]
    start = max(i for i, line in enumerate(lines) if line.lower() == "call trace:")
    pid = [found[1] for line in lines[:start] if (found := re.search(r"\bPID: (\d+) Comm: ", line))][-1]
    frames = []
    for line in lines[start + 1:]:
        if found := re.match(r" (\S+\+0x\w+/0x\w+(?: \[\w+\])?)(?: \(\w+\))?$", line):
            frames.append(found[1])
        elif not re.match(r" (\? |</?(TASK|IRQ|NMI|#\w+)>)", line):
            break
    return int(pid), frames


def name(frame):
    module = f" [{frame['module']}]" if "module" in frame else ""
    return f"{frame['symbol']}+{frame['offset']:#x}/{frame['size']:#x}{module}"


def behind_panic(frames):
    last = max((i for i, frame in enumerate(frames) if PANICS.match(frame)), default=-1)
    return frames[last + 1:]


def main():
    program, dump = sys.argv[1:]
    if "names" not in (info := qcmdump(program, ["info"], dump)):
        sys.exit("the dump has no names of its own")
    stacks = qcmdump(program, ["stack", "--all"], dump)
    frames = [(stack["pid"], frame) for stack in stacks for frame in stack["frames"]]
    if nameless := [(pid, hex(frame["address"])) for pid, frame in frames if "symbol" not in frame]:
        sys.exit(f"{len(nameless)} of {len(frames)} frames have no name: {nameless[:5]}")
    pid, theirs = call_trace(qcmdump(program, ["log"], dump))
    stack, = [stack for stack in stacks if stack["pid"] == pid and stack["on_cpu"]]
    ours = [name(frame) for frame in stack["frames"] if not frame["unsure"]]
    theirs = behind_panic(theirs)
    if len(theirs) < 4 or not stack["complete"] or behind_panic(ours)[-len(theirs):] != theirs:
        sys.exit(f"the kernel's call trace of PID {pid} is {theirs}, its stack in the dump {stack['frames']}")
    print(f"{len(frames)} frames, each with a name by {info['names']['source']}; {len(theirs)} as the kernel has them "
          "in its call trace")


main()
