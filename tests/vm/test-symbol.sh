#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# [Symbol] and [Map]: what is in the dump is what was in memory. Variables of the kernel and of a module that comes and
# goes, of each CPU, behind pointers that change, in lists; maps that outlive their pins; what can't be had, and why.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
qcmdump=$top/build/qcmdump

vm --crash "$work/crash" --file "$programs/mdnl" --file "$top/tests/vm/guest-lib.sh" \
	--file "$programs/mkmap" <<'SCRIPT' || fail "the guest"
. ./guest-lib.sh
has() { # words of a region in the table
	./mdnl list | grep 'state=active' | grep -F "$1" >/dev/null
}
has_not() {
	! has "$1"
}
reason() { # region, words
	until_true "$1: $2" says "$1" "$2"
}
says() {
	qcmdctl --no-pager explain "$1" 2>&1 | grep -F "$2" >/dev/null
}
moves() {
	./mdnl list | sed -n "s/.*comment=.what qcmd_vars:qcmd_vars_buffer.* moves=\([0-9]*\).*/\1/p"
}

mkdir -p /etc/qcmd.d
cat >/etc/qcmd.d/50-symbol.conf <<'POLICY'
[Symbol]
Name=init_uts_ns linux_banner jiffies_65 runqueues
Name=qcmd_vars:qcmd_vars_text qcmd_vars:qcmd_vars_last
PerCPU=runqueues linux_banner qcmd_vars:qcmd_vars_cpu
List=modules:struct module.list
[Symbol]
Name=__per_cpu_offset -no_such_variable
Pointer=qcmd_vars:qcmd_vars_buffer
Size=512
[Symbol]
Pointer=idle_threads
Size=arch_task_struct_size
[Symbol]
Pointer=-hardirq_stack_ptr -pcpu_hot.hardirq_stack_ptr
Size=-16K
[Symbol]
Name=qcmd_vars:no_such qcmd_vars:qcmd_vars_init
Pointer=log_buf
Size=log_buf_len
List=linux_banner:struct module.list
List=modules:struct modul.list
[Symbol]
Pointer=prb
Size=struct printk_ringbuffer
[Map]
Pin=/sys/fs/bpf/array /sys/fs/bpf/mmapable /sys/fs/bpf/percpu /sys/fs/bpf/hash /sys/fs/bpf/lru /sys/fs/bpf/ringbuf
[Map]
Pin=/sys/fs/bpf/nopre /sys/fs/bpf/closed /sys/fs/bpf/absent
Id=99999999
POLICY
systemctl start qcmdd || fail "start"
until_true "on the bus" busctl get-property org.qcmd1 /org/qcmd1 org.qcmd1.Manager State
has 'variable init_uts_ns' || fail "no init_uts_ns"
has 'variable runqueues of CPU 1' || fail "no runqueues of CPU 1"
has 'what prb points to' || fail "nothing behind prb"
has 'what log_buf points to' || fail "nothing behind log_buf"
has 'what idle_threads of CPU 1 points to' || fail "nothing behind a pointer of CPU 1"
reason Kno_such_var "absent: this kernel has no variable 'no_such_variable'"
reason Kjiffies_65 'this kernel has no variable '"'jiffies_65'; did you mean jiffies_64?"
reason Krunqueues 'write PerCPU=runqueues'
reason KBANNER 'write Name=linux_banner'
reason KBANNER 'is no list'
reason Kmodules 'this kernel has no struct modul.list'
elements=$(./mdnl list | grep -c 'comment=.element of modules')
[ "$elements" = "$(grep -c . /proc/modules)" ] || fail "$elements modules, there are $(grep -c . /proc/modules)"

# The module is no mistake while it is absent; its variables come with it.
reason Kqcmd_vars_t 'absent: module qcmd_vars is not loaded'
insmod /usr/lib/qcmd-test/qcmd_vars.ko || fail "qcmd_vars"
until_true "a module's variable" has 'variable qcmd_vars:qcmd_vars_text'
until_true "one for each CPU" has 'variable qcmd_vars:qcmd_vars_cpu of CPU 1'
until_true "in the list" has 'element of modules'
reason Kqcmd_vars_i "this kernel has no variable 'qcmd_vars:qcmd_vars_init'"
reason Kno_such "this kernel has no variable 'qcmd_vars:no_such'"
[ "$(./mdnl list | grep -c 'qcmd_vars_last.*state=active')" = 1 ] || fail "no array of several pages"
reason Kqcmd_vars_b 'is NULL now'

# With the module they go, before rmmod returns.
rmmod qcmd_vars
./mdnl list | grep 'qcmd_vars:' && fail "variables of a module that is gone"
reason Kqcmd_vars_t 'module qcmd_vars is not loaded'
for _ in 1 2 3; do
	insmod /usr/lib/qcmd-test/qcmd_vars.ko && rmmod qcmd_vars || fail "again"
	./mdnl list | grep 'qcmd_vars:' && fail "variables of a module that is gone"
done
insmod /usr/lib/qcmd-test/qcmd_vars.ko text=the-second-time
until_true "again" has 'variable qcmd_vars:qcmd_vars_text'

# A pointer that changes is followed in one operation.
echo first >/sys/module/qcmd_vars/parameters/buffer
until_true "a pointer" has 'what qcmd_vars:qcmd_vars_buffer points to'
before=$(moves)
echo second >/sys/module/qcmd_vars/parameters/buffer
has_moved() { [ "$(moves)" -gt "$before" ]; }
until_true "a pointer that has changed" has_moved

# Maps: those that qcmd may read. They stay when their pins and the daemon go.
for type in array mmapable percpu hash lru ringbuf nopre; do
	./mkmap $type /sys/fs/bpf/$type || fail "mkmap $type"
	chgrp qcmd /sys/fs/bpf/$type && chmod g+r /sys/fs/bpf/$type
done
./mkmap array /sys/fs/bpf/closed
for type in array mmapable 'percpu: entry 1 of CPU 1' hash lru ringbuf; do
	until_true "map $type" has "map /sys/fs/bpf/$type'"
done
reason Knopre 'preallocated hashes'
reason Kclosed 'chgrp qcmd'
reason Kabsent 'nothing is pinned there'
reason Kmap99999999 'CAP_SYS_ADMIN'
rm /sys/fs/bpf/array /sys/fs/bpf/hash
systemctl restart qcmdd
sleep 3
has "map /sys/fs/bpf/array'" && has "map /sys/fs/bpf/hash'" || fail "a map went with its pin"
has 'variable init_uts_ns' || fail "a symbol went with the daemon"

crash sysrq-c
SCRIPT

"$qcmdump" collect "$work/crash/ram.bin" -o "$work/dump.elf" || fail "collect"
"$qcmdump" regions --json "$work/dump.elf" >"$work/regions" || fail "regions"
python3 - "$work/dump.elf" "$work/regions" <<'PYTHON' || fail "the dump"
import json
import re
import sys

with open(sys.argv[1], "rb") as file:
    dump = file.read()
with open(sys.argv[2], encoding="utf-8") as file:
    pieces = json.load(file)

def texts(name):
    """What the slots of that name have, in the order of their numbers."""
    found = sorted((p["seq"], p["offset"], p["size"]) for p in pieces if p["name"] == name)
    return [dump[offset:offset + size] for _, offset, size in found]

def check(what, right):
    if not right:
        sys.exit(f"FAILED: {what}")
    print(f"ok: {what}")

release = re.search(rb"OSRELEASE=(.*)\n", texts("KVMCOREINFO")[0]).group(1)
check("init_uts_ns", release + b"\0" in texts("Kinit_uts_ns")[0])
check("linux_banner", texts("KBANNER")[0].startswith(b"Linux version " + release))
check("runqueues", len(texts("Krunqueue")) == 2)
check("a module's text", texts("Kqcmd_vars_t")[0].startswith(b"the-second-time\0"))
check("an array of several pages", b"".join(texts("Kqcmd_vars_l")).startswith(b"only while it starts\0"))
numbers = {int.from_bytes(text[:8], "little") for text in texts("Kqcmd_var")}
check("a module's per-CPU variable", numbers == {0x7163766172730000, 0x7163766172730001})
check("behind a pointer", texts("Kqcmd_vars_b")[0].startswith(b"second\n\0") and
      len(texts("Kqcmd_vars_b")[0]) == 512)
check("no more than Size=", len(texts("K__per_cpu_o")[0]) == 512)
idle = texts("Kidle_thr")
check("behind a pointer of each CPU", len(idle) == 2 and all(b"swapper/%d\0" % cpu in idle[cpu] for cpu in (0, 1)))
stacks = texts("Khardirq_")
check("below a pointer", b"".join(stacks).count(b"\0") < sum(map(len, stacks)) == 2 * 16384)
check("the log behind its pointer", b"Linux version " in b"".join(texts("Klog_buf")))
check("the list of modules", any(b"qcmd_vars\0" in text for text in texts("Kmodules")) and
      any(b"qcom_minidump\0" in text for text in texts("Kmodules")))
for kind, n in (("array", 4), ("mmapable", 200), ("hash", 4), ("lru", 4)):
    text = b"".join(texts("K" + kind))
    check(f"map {kind}", all(f"{kind} entry {i} cpu 0\0".encode() in text for i in range(n)))
found = b"".join(texts("Kpercpu"))
check("map percpu", all(f"percpu entry {i} cpu {cpu}\0".encode() in found for i in (0, 1) for cpu in (0, 1)))
check("map ringbuf", sum(map(len, texts("Kringbuf"))) == 3 * 4096)
PYTHON
