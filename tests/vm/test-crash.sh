#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The whole road: a policy in /etc/qcmd.d, a machine that dies in each possible way, and what the dump says of it.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/lib-dump.sh
. "$(dirname "$0")/lib-dump.sh"

# What happens before the crash. Prints "task PID PPID STATE COMM" for each task that the dump must have, and
# "gone PID" for those that it must not have.
before() {
	cat <<'SCRIPT'
mkdir -p /etc/qcmd.d
cat >/etc/qcmd.d/50-named.conf <<POLICY
[Policy]
Description=Tasks of this test

[Task]
Comm=named-*
Register=task stack
POLICY
SCRIPT
	[ "$1" != oops ] || printf 'qcmdctl enable %s || exit 1\n' crash-utility irq-stacks memory modules
	cat <<'SCRIPT'
systemctl start qcmdd || exit 1
qcmdctl status || exit 1

cd /tmp
for name in early stopped orphan child exits late other; do
	cp "$(command -v sleep)" named-$name
done
cp named-other unnamed-other
PATH=$PATH:/tmp

named-early 1000 &
unnamed-other 1000 &
named-stopped 1000 &
sleep 0.5
kill -STOP $!
named-exits 0.5 &
exited=$!
(named-orphan 1000 & sleep 0.3)
# A task that renames itself into the policy's sight, with a child that is named too.
bash -c 'echo -n named-parent >/proc/self/comm; named-child 1000 & sleep 1000; :' &

echo "<3>qcmd-test: an error" >/dev/kmsg
printf '<6>qcmd-test: a very long line %0900d' 7 >/dev/kmsg
for i in $(seq 200); do
	echo "qcmd-test: record $i" >/dev/kmsg
done
sleep 2
wait $exited
sleep 3
named-late 1000 &
sleep 1
SCRIPT
	[ "$1" != sysrq-c ] || recycle
	cat <<'SCRIPT'
# Where panic() is, or what does its work from 6.17 on, and what is behind it.
grep -A1 -E ' T v?panic$' /proc/kallsyms
sed -n 's/^\([0-9a-f]*\) . \(page_offset_base\)$/\2 \1/p' /proc/kallsyms
for pid in $(pgrep '^named-'); do
	read -r _ comm state ppid _ <"/proc/$pid/stat"
	comm=${comm#\(}
	echo "task $pid $ppid $state ${comm%)}"
done
# Its number may be another one's by now.
[ -e "/proc/$exited" ] || echo "gone $exited"
echo "gone $(pgrep unnamed)"
SCRIPT
	[ "$1" != oops ] || echo '/srv/live-answers.pl || exit 1'
	echo "crash $1"
}

# Memory and numbers of tasks are used again: a thread takes over its process, which is another task_struct with the
# same number and start time then, and so many short-lived tasks come that numbers are given several times.
recycle() {
	cat <<'SCRIPT'
cp /srv/thread-exec named-exec
named-exec named-other 1000 &
sleep 3
echo 600 >/proc/sys/kernel/pid_max
/srv/fork-storm 1500 named-storm >&2 || exit 1
for _ in 1 2 3; do
	named-other 1000 &
done
sleep 3
SCRIPT
}

# Each line that the console printed is in the log, and the log's last line is the console's last.
check_log() { # mode
	"$qcmdump" log "$work/dump.elf" >"$work/log" || fail "$1: qcmdump log"
	check_console "$work/log" "$1"
	grep -q 'qcmd-test: record 200$' "$work/log" || fail "$1: the log lacks what was written last"
	case $1 in
	sysrq-c | oops)
		last='end Kernel panic - not syncing'
		;;
	hang)
		last='hanging all CPUs'
		;;
	reset)
		last='Resetting'
		;;
	esac
	tail -n 1 "$work/log" | grep -q "$last" || fail "$1: the log doesn't end with '$last': $(tail -n 1 "$work/log")"

	vmcore_dmesg "$work/dump.elf" "$work/log"
	# It reads cores of its own architecture alone.
	[ "$arch" != x86_64 ] || makedumpfile_log "$work/dump.elf" "$work/log"
}

check_all_tasks() { # mode
	"$qcmdump" tasks "$work/dump.elf" >"$work/tasks" || fail "$1: qcmdump tasks"
	# qcmdump leaves out tasks that have exited: here they must not even be in the table.
	"$qcmdump" tasks --all "$work/dump.elf" >"$work/all" || fail "$1: qcmdump tasks --all"
	[ "$(grep -c '^task ' "$work/said")" = "$n_tasks" ] || fail "$1: the guest has other tasks: $(cat "$work/said")"
	check_tasks "$work/tasks" "$1"
	[ "$(grep -c ' named-' "$work/all")" = "$n_tasks" ] || fail "$1: others are in the dump: $(cat "$work/all")"
	while read -r pid; do
		! grep -q "^ *$pid " "$work/all" || fail "$1: pid $pid is in the dump"
	done < <(sed -n 's/^gone //p' "$work/said")
	grep -E -q ' +1 .* named-orphan$' "$work/tasks" || fail "$1: the orphan has not gone to init"
}

check_registers() { # mode, source of the dump
	"$qcmdump" info --json "$work/dump.elf" >"$work/info.json" || fail "$1: qcmdump info"
	"$qcmdump" stack --json "$work/dump.elf" >"$work/stack.json" || fail "$1: qcmdump stack"
	"$top/tests/vm/check-registers.py" "$1" "$2" "$work/crash/console.log" "$work/said" "$work/info.json" \
		"$work/stack.json" || fail "$1: registers in the dump from $2: $("$qcmdump" stack "$work/dump.elf")"
}

# The dump explains itself: names and frames are in it, those of the kernel's own call trace.
check_trace() { # mode, source of the dump
	case $1 in
	sysrq-c | oops)
		"$top/tests/vm/check-trace.py" "$qcmdump" "$work/dump.elf" ||
			fail "$1: stacks in the dump from $2: $("$qcmdump" stack "$work/dump.elf")"
		;;
	esac
}

# All that qcmdump says, by what the machine said before its death and has in its memory.
check_all() { # mode
	local options=(--arch "$arch")
	[ "$arch" = arm64 ] || options+=(--vmlinuz "$(vmlinuz)")
	"$top/tests/vm/check-dump.py" "${options[@]}" "$qcmdump" "$work/said" "$work/crash/console.log" \
		"$work/crash/ram.bin" "$work/dump.elf" || fail "$1: the dump"
}

# A process has put a copy of the table, better than the true one in all that is only text, into a huge page.
forged_too() {
	local table forged
	table=$("$qcmdump" info --json "$work/dump.elf" | sed -n 's/^ *"table": *\([0-9]*\),*$/\1/p')
	cp --sparse=always "$work/crash/ram.bin" "$work/forged.bin"
	forged=$("$top/tests/vm/forge-table.py" "$work/forged.bin" "$table") || fail "no table is forged"
	"$qcmdump" collect --force --json "$work/forged.bin" -o "$work/forged.elf" >"$work/forged.json" ||
		fail "collect with a forged table"
	grep -q "^ *\"table\": *$table,*$" "$work/forged.json" ||
		fail "the forged table won: $(cat "$work/forged.json")"
	grep -q "another table, at $forged, .* only the kernel writes leads to the other one" "$work/forged.json" ||
		fail "the forged table is not named: $(cat "$work/forged.json")"
	rm "$work"/forged.*
	echo "ok: a forged table does not win"
}

# The same crash, in each format that makedumpfile and QEMU can give it: the same regions, byte for byte.
other_formats() {
	local offset base format flags
	"$qcmdump" collect --force "$work/crash/vmcore" -o "$work/dump.elf" || fail "collect from vmcore"
	offset=$(strings "$work/dump.elf" | sed -n '/^KERNELOFFSET=/{s///p;q}')
	base=$(sed -n 's/^page_offset_base //p' "$work/said")
	printf '%x D page_offset_base\n' $((0x$base - 0x$offset)) >"$work/map"
	"$top/tests/vm/full-dump.py" "$work/crash/vmcore" "$work/dump.elf" "$work/map" "$work/full" ||
		fail "no full dump"
	for flags in -c -l -p -z '-c -F' '-E -F' '-c -d 1'; do
		format=$work/crash/vmcore.made${flags// /}
		# shellcheck disable=SC2086 # several
		if [[ $flags == *-F ]]; then
			makedumpfile $flags "$work/full" >"$format" 2>"$work/out"
		else
			makedumpfile $flags "$work/full" "$format" >"$work/out" 2>&1
		fi || fail "makedumpfile $flags: $(tail -n 5 "$work/out")"
	done
	[ -e "$work/crash/vmcore.zlib" ] || fail "QEMU made no kdump file"
	for format in "$work"/crash/vmcore.*; do
		"$qcmdump" collect --force "$format" -o "$work/other.elf" >"$work/out" || fail "collect from $format"
		sed "1{s,.*/,,;q}" "$work/out" | tee -a "$work/formats"
		grep -q 'problem' "$work/out" && fail "problems in $format: $(cat "$work/out")"
		"$top/tests/vm/same-regions.py" "$work/dump.elf" "$work/other.elf" || fail "$format has other regions"
		"$qcmdump" log "$work/other.elf" | diff -q - "$work/log" || fail "$format has another log"
		rm "$format"
	done
	# Of each tool one that it must have
	for format in vmcore.zlib vmcore.made-c-F; do
		grep -q "^$format is a kdump file compressed with zlib, flattened\.$" "$work/formats" ||
			fail "$format was not read as what it is: $(cat "$work/formats")"
	done
	rm "$work/full"
	echo "ok: the same regions from $(wc -l <"$work/formats") other formats"
}

declare -A found_by=([ram.bin]='found by a search' [vmcore]='to which the kernel leads')

die_by() { # mode, more for the kernel's command line
	local options=(--arch "$arch" --file "$top/tests/vm/live-answers.pl")
	[ "$1" != reset ] || options+=(--kdump)
	[ "$1" != sysrq-c ] || options+=(--file "$programs/fork-storm" --file "$programs/thread-exec")
	rm -rf "$work/crash"
	n_tasks=$([ "$1" = sysrq-c ] && echo 10 || echo 6)
	before "$1" | vm --crash "$work/crash" --append "${2-}" "${options[@]}" >"$work/said" ||
		fail "$1: $(grep -v '^kallsyms' "$work/said" | tail -n 20)"
	for source in ram.bin vmcore; do
		"$qcmdump" collect --force "$work/crash/$source" -o "$work/dump.elf" || fail "$1: collect from $source"
		[ "$(stat -c %s "$work/dump.elf")" -lt $(((1 << 30) / 100)) ] || fail "$1: the dump is too large"
		no_complaints "$work/dump.elf"
		"$qcmdump" info "$work/dump.elf" >"$work/info"
		grep -q 'Problems: none' "$work/info" || fail "$1: $(cat "$work/info")"
		grep -q "Table: at 0x[0-9a-f]*, ${found_by[$source]}" "$work/info" || fail "$1: $(cat "$work/info")"
		check_log "$1"
		check_all_tasks "$1"
		check_registers "$1" "$source"
		check_trace "$1" "$source"
		[ "$1" != oops ] || check_all "$1"
	done
	echo "ok: death by $1: $(wc -l <"$work/log") lines of log, $(wc -l <"$work/tasks") of tasks," \
		"$(stat -c %s "$work/dump.elf") bytes"
}

arch=x86_64
die_by sysrq-c
# The kernel keeps the registers of the other CPU only so. All policies of the vendor's are on.
die_by oops crash_kexec_post_notifiers
die_by hang
die_by reset
other_formats
forged_too
same_elsewhere "$work/dump.elf" 12

# Debian's newest kernel on arm64, too, which takes long.
if [ -n "${QCMD_LONG-}" ] && [ "$suite-$kernel" = trixie-7.3 ]; then
	"$top/tests/deps" arm64 || exit 1
	"$top/tests/vm/run-foreign" arm64 || exit 1
	arch=arm64
	die_by oops crash_kexec_post_notifiers
fi
