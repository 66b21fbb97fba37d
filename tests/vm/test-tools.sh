#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Debian's crash and drgn, unmodified, say of a dump with the policy crash-utility what they say of a full dump of the
# same crash, and gdb shows the stack of the task that crashed. On 6.12 Debian's drgn finds no stacks in a full dump
# either, and its crash does not start. qcmdctl dump debug starts each of them with what qcmd-collect keeps.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/lib-dump.sh
. "$(dirname "$0")/lib-dump.sh"

not_on_debug "Debian has no debug symbols of it"
[[ $kernel != *rt ]] || { echo "the debug symbols are of other kernels"; exit 77; }
"$top/tests/deps" tools 2>&1 || exit 77

vm --crash "$work/crash" --file "$top/tests/vm/guest-lib.sh" <<'SCRIPT' || fail "the guest"
. ./guest-lib.sh
mkdir -p /etc/qcmd.d
cat >/etc/qcmd.d/50-all.conf <<POLICY
[Policy]
Description=All tasks

[Task]
Comm=*
Register=task stack
MaxTasks=150
POLICY
qcmdctl enable crash-utility && qcmdctl enable memory && systemctl start qcmdd || exit 1
until_true "all is registered" qcmdctl --no-pager status
qcmdctl --no-pager regions
sleep 2
crash sysrq-c
SCRIPT

release=$(release)
vmlinux=/usr/lib/debug/boot/vmlinux-$release
if [ ! -e "$vmlinux" ]; then
	echo "no debug symbols: apt-get install linux-image-$release-dbg"
	exit 77
fi

"$qcmdump" collect "$work/crash/vmcore" -o "$work/dump.elf" || fail "collect"
no_complaints "$work/dump.elf"
"$qcmdump" info "$work/dump.elf" | tee "$work/info"
grep -q 'Problems: none' "$work/info" || fail "the dump has problems"
grep -q 'Made besides: index of tasks by pid' "$work/info" || fail "there is no index of tasks"
"$top/tests/vm/full-dump.py" "$work/crash/vmcore" "$work/dump.elf" "/usr/lib/debug/boot/System.map-$release" \
	"$work/full.elf" || fail "no full dump"
# Idle ones are stopped on the interrupt stack of their CPU.
mapfile -t tasks < <("$qcmdump" tasks --json "$work/dump.elf" | python3 -c '
import json, sys
print(*(hex(task["address"]) for task in json.load(sys.stdin) if task["pid"]), sep="\n")')
[ "${#tasks[@]}" -gt 50 ] || fail "there are ${#tasks[@]} tasks only"

# Runs a tool on both; fails if it does not say the same, or not what is expected.
compare() { # tool, expected pattern...
	local tool=$1 dump pattern
	shift
	for dump in full dump; do
		"run_$tool" "$work/$dump.elf" 2>&1 | "normal_$tool" >"$work/$tool-$dump"
	done
	diff "$work/$tool-full" "$work/$tool-dump" >"$work/diff" ||
		fail "$tool says something else: $(head -n 40 "$work/diff")"
	for pattern; do
		grep -q -E "$pattern" "$work/$tool-dump" || fail "$tool doesn't say $pattern: $(cat "$work/$tool-dump")"
	done
	echo "ok: $tool says the same, $(wc -l <"$work/$tool-dump") lines"
}

# crash starts with what was converted for it.
run_crash() {
	local dump=$1

	if [ "$dump" = "$work/dump.elf" ]; then
		"$qcmdump" convert --for=crash --vmlinux="$vmlinux" "$dump" -o "$work/crash.elf" >/dev/null ||
			fail "convert"
		dump=$work/crash.elf
	fi
	{
		printf '%s\n' sys log ps 'bt -a' mod runq 'p jiffies'
		printf 'bt %s\n' "${tasks[@]}"
		printf 'struct task_struct %s\n' "${tasks[0]}"
	} | crash "$vmlinux" "$dump"
}

# Without the name of the dump, and without what it shows while it waits.
# No policy has the names of modules' functions: from where one is on a stack on, crash without them goes other ways.
normal_crash() {
	awk '!/^>? *#/ { cut = 0 } /^>? *#.* \[[a-z0-9_]+\]$/ { cut = 1 } !cut' |
		sed -E -e 's/.*\r//' -e '/^please wait/d' -e '/^ *DUMPFILE: /d'
}

run_drgn() {
	local stacks=()

	[ "$kernel" != 6.1 ] || stacks=(--stacks)
	/usr/bin/python3 "$top/tests/vm/drgn-views.py" "${stacks[@]}" "$1" "$vmlinux" "${tasks[@]}"
}

# Behind the kernel's last frame drgn goes on, through whatever memory a full dump has there.
normal_drgn() {
	sed -E '/^#[0-9]+ +0x[0-9a-f]+$/d'
}

# gdb looks up virtual addresses in the program headers alone, where a full dump has no stacks: nothing to compare with.
check_gdb() {
	local offset
	offset=$(strings "$work/dump.elf" | sed -n '/^KERNELOFFSET=/{s///p;q}')
	gdb -nx -batch -ex 'set pagination off' -ex "core-file $work/dump.elf" -ex "symbol-file -o 0x$offset $vmlinux" \
		-ex 'info threads' -ex 'thread apply all bt' -ex 'p init_uts_ns.name.release' >"$work/gdb" 2>&1
	for pattern in '^\* *1 +(process|LWP)' '^ *2 +(process|LWP)' ' in sysrq_handle_crash ' \
		' in write_sysrq_trigger ' 'do_syscall_64 ' "= \"${release//+/.}\""; do
		grep -q -E "$pattern" "$work/gdb" || fail "gdb doesn't say $pattern: $(cat "$work/gdb")"
	done
	echo "ok: gdb"
}

compare drgn 'sysrq triggered crash' "release: ${release//+/.}" '^tasks: \[\(1, ' 'find_task 1: systemd' \
	'^panic_cpu: \(int\)[01]$' '^runqueue 1: \[[0-9]' '^current 0: '
[ "$kernel" != 6.1 ] || grep -q '(drivers/tty/sysrq.c' "$work/drgn-dump" || fail "drgn has no stack of the crash"
check_gdb
[ "$kernel" = 6.1 ] || exit 0
compare crash '^ *PANIC: "Kernel panic - not syncing: sysrq triggered crash"' \
	'^\[ *[0-9.]+\] Kernel panic - not syncing: sysrq' \
	'^>? +0 +0 +1 +[0-9a-f]{16} +RU +0\.0 +0 +0 +\[swapper/1\]$' \
	'^> +[0-9]+ +-?[0-9]+ +[01] +[0-9a-f]{16} +RU +[0-9.]+ +[1-9][0-9]+ +[1-9][0-9]+ +crash$' \
	'^ *#[0-9]+ \[[0-9a-f]+\] write_sysrq_trigger at ' '^[0-9a-f]{16} +qcom_minidump_ram ' '^CPU 1 RUNQUEUE: ' \
	'^jiffies = \$[0-9]+ = [0-9]+$' '^  comm = "systemd'

# What qcmd-collect makes of it is compressed, and has no path that says what it is of.
mkdir "$work/store"
printf '[Collect]\nRawdump=none\nPstore=none\n' >"$work/collect.conf"
"$top/build/qcmd-collect" --config="$work/collect.conf" --folder="$work/store" --vmcore="$work/crash/vmcore" ||
	fail "qcmd-collect"
ctl() {
	QCMD_DUMPS=$work/store timeout 200 env PATH="${path:-$PATH}" "$top/build/qcmdctl" "$@"
}
says() { # pattern...
	local pattern
	for pattern; do
		grep -q -E "$pattern" "$work/debug" || fail "it doesn't say $pattern: $(tail -n 30 "$work/debug")"
	done
}
debug_with() { # exit status, option..., commands on standard input
	local status=$1
	shift
	ctl "$@" dump debug >"$work/debug" 2>&1
	[ $? = "$status" ] || fail "dump debug $*: not the exit status $status: $(tail -n 30 "$work/debug")"
}
pid=$("$qcmdump" tasks "$work/dump.elf" | awk '$NF == "crash" { print $1 }')

debug_with 0 <<<"print(prog.stack_trace(find_task(prog, $pid)))"
says '^drgn ' ' sysrq_handle_crash ' ' write_sysrq_trigger '
debug_with 0 --debugger=drgn <<<"print('release', prog['init_uts_ns'].name.release.string_().decode())"
says "release ${release//+/.}\$"
debug_with 7 --debugger=gdb <<<$'thread apply all bt\ninfo threads\nquit 7'
says ' in sysrq_handle_crash ' '^ *2 +(process|LWP)'
if command -v crash >/dev/null; then
	debug_with 0 --debugger=crash <<<$'sys\nbt\nquit'
	says 'PANIC: "Kernel panic - not syncing: sysrq triggered crash"' "PID: $pid .*COMMAND: \"crash\"" \
		'sysrq_handle_crash at'
	[ -z "$(find /var/tmp -maxdepth 1 -name 'qcmd-??????' -newer "$work/store")" ] || fail "a copy is left over"
else
	echo "not looked at: crash, which is not installed"
fi
path=/nonexistent
debug_with 1 </dev/null
says 'there is no debugger: install drgn \(python3-drgn\), crash or gdb$'
debug_with 1 --debugger=gdb </dev/null
says 'gdb is not installed: apt-get install gdb$'
path=

# Ctrl-C on a terminal reaches qcmdctl, too; gdb takes it for itself.
QCMD_DUMPS=$work/store python3 - "$top/build/qcmdctl" <<'PYTHON' || fail "Ctrl-C"
import os, signal, subprocess, sys, time
p = subprocess.Popen([sys.argv[1], "--debugger=gdb", "dump", "debug"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                     start_new_session=True, text=True)
p.stdin.write("echo it runs\\n\n")
p.stdin.flush()
while "it runs" not in p.stdout.readline():
    assert p.poll() is None, p.returncode
os.killpg(p.pid, signal.SIGINT)
time.sleep(1)
assert p.poll() is None, f"qcmdctl has ended: {p.returncode}"
p.communicate("quit 5\n", 60)
assert p.returncode == 5, p.returncode
PYTHON
echo "ok: qcmdctl dump debug"
