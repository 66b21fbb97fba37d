#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Trace buffers in a dump: what qcmdump trace and trace-cmd make of them is what the machine itself showed before it
# died.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/lib-dump.sh
. "$(dirname "$0")/lib-dump.sh"

# Lines of a trace as "PID CPU TIME EVENT: TEXT", without what each program adds.
plain() {
	grep -a -E '\[0[0-9]+\] ' |
		sed -E 's/^.*-([0-9]+) +\[([0-9]+)\] +([^ ]+ +)?([0-9]+\.[0-9]+): ([^ ]+) +/\1 \2 \4 \5 /'
}

# The rings have wrapped, and a part of one is read, so that these events are gone.
crash_with_trace() {
	vm --crash "$work/crash" --timeout 200 <<'SCRIPT' >"$work/said"
mkdir -p /etc/qcmd.d
cat >/etc/qcmd.d/50-trace.conf <<POLICY
[Policy]
Description=What ran

[Ftrace]
Instance=qcmd
Events=sched:sched_switch sched:sched_waking sched:sched_process_* task:task_newtask
SizePerCPU=128K
SubBufferSize=16K
POLICY
systemctl start qcmdd || exit 1
cd /sys/kernel/tracing/instances/qcmd || exit 1
for _ in 1 2 3 4 5 6; do
	for _ in $(seq 100); do
		/bin/true
	done
	ls -R /usr/share | head -n 20000 | sort | tail -n 1
done
for cpu in 0 1; do
	read -r _ overrun < <(grep '^overrun' per_cpu/cpu$cpu/stats)
	[ "$overrun" -gt 0 ] || echo "CPU $cpu has not wrapped"
done
echo 0 >tracing_on
timeout 5 head -n 100 per_cpu/cpu1/trace_pipe >/dev/null
cat per_cpu/cpu1/stats
sleep 2
qcmdctl status
sed 's/^/live: /' trace
crash sysrq-c
SCRIPT
}

crash_with_trace || fail "$(tail -n 20 "$work/said")"
! grep 'has not wrapped' "$work/said" || fail "the buffers are not full"
"$qcmdump" collect "$work/crash/ram.bin" -o "$work/dump.elf" || fail "collect"
"$qcmdump" trace "$work/dump.elf" >"$work/trace" 2>"$work/problems" || fail "trace: $(cat "$work/problems")"
[ ! -s "$work/problems" ] || fail "$(cat "$work/problems")"

sed -n 's/^live: //p' "$work/said" | plain >"$work/live"
plain <"$work/trace" >"$work/dumped"
[ "$(wc -l <"$work/live")" -gt 500 ] || fail "the machine has $(wc -l <"$work/live") events only"
diff "$work/live" "$work/dumped" >"$work/diff" ||
	fail "the dump has other events ($(wc -l <"$work/dumped")) than the machine had: $(head -n 6 "$work/diff")"
echo "ok: $(wc -l <"$work/live") events are those that the machine had"

"$qcmdump" trace --output="$work/trace.dat" "$work/dump.elf" || fail "trace --output"
trace-cmd report -N "$work/trace.dat" >"$work/reported" 2>&1 || fail "trace-cmd: $(cat "$work/reported")"
sed 1d "$work/reported" | diff "$work/trace" - >"$work/diff" ||
	fail "trace-cmd shows other events: $(head -n 6 "$work/diff")"
same_elsewhere "$work/dump.elf"
