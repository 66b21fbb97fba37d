#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The whole road: a policy in /etc/qcmd.d, a machine that dies in each possible way, and what the dump says of it.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

export LC_ALL=C
qcmdump=$top/build/qcmdump

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
systemctl start qcmdd || exit 1
qcmdctl status || exit 1

cd /tmp
for name in early stopped orphan child exits late other; do
	cp "$(command -v sleep)" named-$name
done
mv named-other unnamed-other
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

for pid in $(pgrep '^named-'); do
	read -r _ comm state ppid _ <"/proc/$pid/stat"
	comm=${comm#\(}
	echo "task $pid $ppid $state ${comm%)}"
done
echo "gone $exited"
echo "gone $(pgrep unnamed)"
SCRIPT
	echo "crash $1"
}

# Each line that the console printed is in the log, and the log's last line is the console's last.
check_log() { # mode
	"$qcmdump" log "$work/dump.elf" >"$work/log" || fail "$1: qcmdump log"
	tr -d '\r' <"$work/crash/console.log" | grep -a -E '^\[ *[0-9]+\.[0-9]{6}\] ' | sed 's/ *$//' |
		sort -u >"$work/console"
	sed 's/ *$//' "$work/log" | sort -u >"$work/sorted"
	[ "$(wc -l <"$work/console")" -gt 250 ] || fail "$1: the console has $(wc -l <"$work/console") lines only"
	comm -23 "$work/console" "$work/sorted" >"$work/missing"
	[ ! -s "$work/missing" ] || fail "$1: the log lacks what the console printed: $(head -n 3 "$work/missing")"
	grep -q 'qcmd-test: record 200$' "$work/log" || fail "$1: the log lacks what was written last"
	case $1 in
	sysrq-c | panic)
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

	vmcore-dmesg "$work/dump.elf" >"$work/vmcore-dmesg" || fail "$1: vmcore-dmesg"
	rm -f "$work/makedumpfile"
	makedumpfile --dump-dmesg "$work/dump.elf" "$work/makedumpfile" >"$work/out" 2>&1 ||
		fail "$1: $(cat "$work/out")"
	for other in vmcore-dmesg makedumpfile; do
		diff <(without_times <"$work/log") <(without_times <"$work/$other") ||
			fail "$1: $other prints another log"
	done
}

# The other tools print the time once for a record, and may indent the rest; dmesg and qcmdump print it for each line.
without_times() {
	sed -E 's/^(\[ *[0-9]+\.[0-9]{6}\] | {15})//'
}

check_tasks() { # mode
	"$qcmdump" tasks "$work/dump.elf" >"$work/tasks" || fail "$1: qcmdump tasks"
	# qcmdump leaves out tasks that have exited: here they must not even be in the table.
	"$qcmdump" tasks --all "$work/dump.elf" >"$work/all" || fail "$1: qcmdump tasks --all"
	[ "$(grep -c '^task ' "$work/said")" = 6 ] || fail "$1: the guest has other tasks: $(cat "$work/said")"
	while read -r what pid ppid state comm; do
		case $what in
		task)
			awk -v pid="$pid" -v ppid="$ppid" -v state="$state" -v comm="$comm" '
				$1 == pid && $3 == ppid && $5 == state && $NF == comm { found = 1 }
				END { exit !found }' "$work/tasks" ||
				fail "$1: not as it was: $comm, pid $pid, parent $ppid, $state: $(cat "$work/tasks")"
			;;
		gone)
			! grep -q "^ *$pid " "$work/all" || fail "$1: pid $pid is in the dump"
			;;
		esac
	done <"$work/said"
	grep -E -q ' +1 .* named-orphan$' "$work/tasks" || fail "$1: the orphan has not gone to init"
}

die_by() { # mode
	rm -rf "$work/crash"
	before "$1" | vm --crash "$work/crash" --timeout 200 >"$work/said" || fail "$1: $(cat "$work/said")"
	for source in ram.bin vmcore; do
		"$qcmdump" collect --force "$work/crash/$source" -o "$work/dump.elf" || fail "$1: collect from $source"
		[ "$(stat -c %s "$work/dump.elf")" -lt $(((1 << 30) / 100)) ] || fail "$1: the dump is too large"
		readelf -aW "$work/dump.elf" >"$work/out" 2>&1 || fail "$1: readelf doesn't read it"
		! grep -i warning "$work/out" || fail "$1: readelf complains"
		"$qcmdump" info "$work/dump.elf" >"$work/info"
		grep -q 'Problems: none' "$work/info" || fail "$1: $(cat "$work/info")"
		check_log "$1"
		check_tasks "$1"
	done
	echo "ok: death by $1: $(wc -l <"$work/log") lines of log, $(wc -l <"$work/tasks") of tasks," \
		"$(stat -c %s "$work/dump.elf") bytes"
}

for mode in sysrq-c panic hang reset; do
	die_by $mode
done
