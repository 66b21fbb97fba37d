#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What each CPU runs is in the dump, with its stack, though no policy names it: with 2 and with 4 CPUs, after one of
# them was offline and came back.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

qcmdump=$top/build/qcmdump

# Prints "symbol NAME=ADDRESS" for running-tasks.py, and "killer PID" for the task that kills the machine.
guest() { # CPUs
	printf 'cpus=%q\n' "$1"
	cat <<'SCRIPT'
followed() {
	qcmdctl regions --no-pager | grep -c 'active .* CPU [0-9]*: its task'
}
wait_for() { # number of CPUs
	for _ in $(seq 100); do
		[ "$(followed)" != "$1" ] || return 0
		sleep 0.2
	done
	echo "qcmdd follows $(followed) CPUs, not $1"
	exit 1
}
# No task is in the dump but for this.
mkdir -p /etc/qcmd.d
ln -s /dev/null /etc/qcmd.d/standard.conf
systemctl start qcmdd || exit 1
wait_for "$cpus"
echo 0 >/sys/devices/system/cpu/cpu1/online
wait_for $((cpus - 1))
echo 1 >/sys/devices/system/cpu/cpu1/online
wait_for "$cpus"

# The module itself sees to what a CPU leaves behind, as no context switch tells of the last one.
daemon=$(systemctl show -P MainPID qcmdd)
kill -STOP "$daemon"
echo 0 >/sys/devices/system/cpu/cpu1/online
! ./mdnl list | grep ' cpu=1 ' || exit 1
echo 1 >/sys/devices/system/cpu/cpu1/online
kill -CONT "$daemon"
wait_for "$cpus"
qcmdctl status --no-pager || exit 1

# A listing has the pages of one task's stack, however often the CPUs switch.
ids=$(./mdnl list | sed -n "s/.* id=\([0-9]*\) name=KSTACK .*/get id=\1/p")
./switch-rate 10000 >/dev/null &
for _ in $(seq 5000); do
	echo "$ids"
done | ./mdnl | grep '^region' >listings
wait
perl -ne 'my @at = map { hex } /seg=\d+:\d+:(\w+)/g; $whole += @at == 4 && $at[3] - $at[0] == 3 << 12;
	END { print "$whole of $. listings are of one stack\n"; exit(!$. || $whole != $.) }' listings || exit 1

cd /tmp
cp "$(command -v bash)" busy
cp "$(command -v dd)" killer
for cpu in $(seq 0 $((cpus - 1))); do
	taskset -c "$cpu" ./busy -c 'while :; do :; done' &
done
# Others that come, run and go.
for _ in $(seq 50); do
	/bin/true
done
awk '$3 ~ /^(init_task|runqueues|__per_cpu_offset|__start_BTF|__stop_BTF)$/ { print "symbol " $3 "=" $1 }' \
	/proc/kallsyms
sleep 1
(echo c; sleep 1000) | (echo "killer $BASHPID"; sleep 1; exec ./killer of=/proc/sysrq-trigger bs=1 count=1)
SCRIPT
}

check() { # CPUs
	local pid
	"$qcmdump" collect --force "$work/crash/ram.bin" -o "$work/dump.elf" || fail "$1 CPUs: collect"
	"$qcmdump" tasks --no-pager "$work/dump.elf" >"$work/tasks" || fail "$1 CPUs: tasks"
	pid=$(sed -n 's/^killer //p' "$work/said")
	awk -v pid="$pid" '$1 == pid && $4 ~ /\*/ && $NF == "killer" { found = 1 } END { exit !found }' "$work/tasks" ||
		fail "$1 CPUs: the task that killed the machine, pid $pid, is not in the dump: $(cat "$work/tasks")"
	# The others run "busy", but for what the crash itself may have woken: the kernel knows.
	sed -n 's/^symbol //p' "$work/said" |
		"$top/tests/vm/running-tasks.py" "$work/crash/ram.bin" "$work/dump.elf" "$1" >"$work/running" ||
		fail "$1 CPUs: what did they run?"
	awk '$4 ~ /\*/ { sub(/\*/, "", $4); print $1, $4, $NF }' "$work/tasks" | sort -k 2n |
		diff "$work/running" - >"$work/diff" ||
		fail "$1 CPUs: the dump has not what they ran: $(cat "$work/diff" "$work/tasks")"
	[ "$(grep -c '^ *[0-9]' "$work/tasks")" = "$1" ] || fail "$1 CPUs: not one task for each: $(cat "$work/tasks")"
	"$qcmdump" regions --no-pager "$work/dump.elf" >"$work/regions" || fail "$1 CPUs: regions"
	[ "$(grep -c ' KSTACK ' "$work/regions")" = $((4 * $1)) ] || fail "$1 CPUs: stacks: $(cat "$work/regions")"
	! grep 'not matched' "$work/regions" || fail "$1 CPUs: a stack is of no task: $(cat "$work/regions")"
	"$qcmdump" info --no-pager "$work/dump.elf" | tee "$work/info" | grep 'Problems: none' >/dev/null ||
		fail "$1 CPUs: $(cat "$work/info")"
	echo "ok: $1 CPUs: what each of them ran is in the dump: $(tr '\n' ';' <"$work/running")"
}

for cpus in 2 4; do
	guest $cpus | vm --cpus $cpus --crash "$work/crash" --file "$programs/mdnl" \
		--file "$programs/bench/switch-rate" >"$work/said" ||
		fail "$cpus CPUs: $(tail -n 20 "$work/said")"
	check $cpus
done
