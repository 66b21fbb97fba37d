#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What crash, drgn and gdb of Debian 12 and 13 (at length of sid, too), unmodified, say of a dump with the policies
# crash-utility and memory, and what of a full dump of the same crash: as docs/readers.md says. On this machine
# qcmdctl dump debug starts each of them with what qcmd-collect keeps.

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
# The other CPU is to be idle: of one that ran a program there is no stack, and debuggers show whatever is left there.
pkill -STOP qcmdd
sleep 2
crash sysrq-c
SCRIPT

release=$(release)
symbols=/usr/lib/debug
if [ ! -e "$symbols/boot/vmlinux-$release" ]; then
	symbols=$("$top/tests/vm/unpacked" "$suite" "linux-image-$release-dbg")/usr/lib/debug || fail "no debug symbols"
fi
vmlinux=$(readlink -f "$symbols/boot/vmlinux-$release")
map=$symbols/boot/System.map-$release
[ -e "$map" ] || map=$symbols/lib/modules/$release/System.map
[[ -e $vmlinux && -e $map ]] || fail "no debug symbols of $release in $symbols"

"$qcmdump" collect "$work/crash/vmcore" -o "$work/dump.elf" || fail "collect"
no_complaints "$work/dump.elf"
"$qcmdump" info "$work/dump.elf" | tee "$work/info"
grep -q 'Problems: none' "$work/info" || fail "the dump has problems"
grep -q 'Made besides: index of tasks by pid' "$work/info" || fail "there is no index of tasks"
"$qcmdump" convert --for=crash --vmlinux="$vmlinux" "$work/dump.elf" -o "$work/crash.elf" || fail "convert"
for option in '' --by-cpu; do
	# shellcheck disable=SC2086 # none, or one
	"$top/tests/vm/full-dump.py" $option "$work/crash/vmcore" "$work/dump.elf" "$map" "$work/full$option.elf" ||
		fail "no full dump"
done
# All idle ones have PID 0, and what CPUs ran is looked at besides.
mapfile -t tasks < <("$qcmdump" tasks --json "$work/dump.elf" | python3 -c '
import json, sys
print(*("--task=" + hex(task["address"]) for task in json.load(sys.stdin) if task["pid"]), sep="\n")')
[ "${#tasks[@]}" -gt 50 ] || fail "there are ${#tasks[@]} tasks only"
moved=$(strings "$work/dump.elf" | sed -n '/^KERNELOFFSET=/{s///p;q}')
"$top/tests/vm/readers.py" --kernel="$kernel" --release="$release" --scratch="$work" --vmlinux="$vmlinux" \
	--dump="$work/dump.elf" --crash="$work/crash.elf" --full="$work/full.elf" \
	--full-by-cpu="$work/full--by-cpu.elf" --moved="$moved" "${tasks[@]}" \
	bookworm trixie ${QCMD_LONG:+sid} || fail "a reader"
# This machine's crash is to start, too.
[[ $suite = "$own_suite" && $suite-$kernel =~ ^(bookworm-6\.1|trixie-6\.12)$ ]] || exit 0

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
