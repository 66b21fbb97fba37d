#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Trace buffers in a dump: what qcmdump trace and trace-cmd make of them is what the machine itself showed before it
# died; and the page about the crash has the last moments of each CPU, in a browser too.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/lib-dump.sh
. "$(dirname "$0")/lib-dump.sh"

# Lines of a trace as "PID CPU TIME EVENT: TEXT", without what each program adds.
plain() {
	grep -a -E '\[0[0-9]+\] ' |
		sed -E 's/^.*-([0-9]+) +\[([0-9]+)\] +([^ ]+ +)?([0-9]+\.[0-9]+): ([^ ]+) +/\1 \2 \4 \5 /'
}

# The rings have wrapped, and a part of one is read, so that these events are gone. Another array goes on to the end.
crash_with_trace() {
	vm --crash "$work/crash" <<'SCRIPT' >"$work/said"
mkdir -p /etc/qcmd.d
cat >/etc/qcmd.d/50-trace.conf <<POLICY
[Policy]
Description=What ran

[Ftrace]
Instance=qcmd
Events=sched:sched_switch sched:sched_waking sched:sched_process_* task:task_newtask
SizePerCPU=128K
SubBufferSize=16K

[Ftrace]
Instance=last
Events=sched:sched_switch
SizePerCPU=64K
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
# What was printed is on its way: nothing waits for it any more.
sleep 3
cd ../last || exit 1
taskset -c 0 bash -c 'for i in 1 2 3; do echo "mark $i of CPU 0" >trace_marker; done'
exec taskset -c 1 bash -c '
	echo -n last-words >/proc/self/comm
	for i in 1 2 3; do echo "mark $i of CPU 1" >trace_marker; done
	echo c >/proc/sysrq-trigger'
SCRIPT
}

crash_with_trace || fail "$(tail -n 20 "$work/said")"
! grep 'has not wrapped' "$work/said" || fail "the buffers are not full"
"$qcmdump" collect "$work/crash/ram.bin" -o "$work/dump.elf" || fail "collect"
"$qcmdump" trace --array=qcmd "$work/dump.elf" >"$work/trace" 2>"$work/problems" ||
	fail "trace: $(cat "$work/problems")"
[ ! -s "$work/problems" ] || fail "$(cat "$work/problems")"

sed -n 's/^live: //p' "$work/said" | plain >"$work/live"
plain <"$work/trace" >"$work/dumped"
[ "$(wc -l <"$work/live")" -gt 500 ] || fail "the machine has $(wc -l <"$work/live") events only"
diff "$work/live" "$work/dumped" >"$work/diff" ||
	fail "the dump has other events ($(wc -l <"$work/dumped")) than the machine had: $(head -n 6 "$work/diff")"
echo "ok: $(wc -l <"$work/live") events are those that the machine had"

"$qcmdump" trace --array=qcmd --output="$work/trace.dat" "$work/dump.elf" || fail "trace --output"
trace-cmd report -N "$work/trace.dat" >"$work/reported" 2>&1 || fail "trace-cmd: $(cat "$work/reported")"
# trace-cmd 3.3 has flags of the event behind the number of the CPU.
sed -E -e 1d -e 's/^([^[]*\[[0-9]+\]) [^ ]*[^ :]( )/\1\2/' "$work/reported" | diff "$work/trace" - >"$work/diff" ||
	fail "trace-cmd shows other events: $(head -n 6 "$work/diff")"
same_elsewhere "$work/dump.elf" 15

# The last of the events that qcmdump trace shows are those of the page.
"$qcmdump" report -o "$work/page.html" "$work/dump.elf" || fail "report"
"$qcmdump" trace --json --array=last "$work/dump.elf" >"$work/events" || fail "trace --json"
python3 - "$work/page.html" "$work/events" <<'PYTHON' || fail "the timeline is another one"
import html, json, re, sys
page = open(sys.argv[1]).read()
row = r'<tr><td class="n">[0-9.]+</td><td class="n">(\d+)</td><td>[^<]*, (\d+)</td><td>(.*?)</td><td>(.*?)</td>'
shown = [(int(cpu), int(pid), html.unescape(name), html.unescape(text))
         for cpu, pid, name, text in re.findall(row, page)]
events = [(e["cpu"], e["pid"], e["event"], e["text"].rstrip("\n")) for e in json.load(open(sys.argv[2]))]
assert len(shown) > 20, f"{len(shown)} events are on the page"
for one, other in zip(shown, events[-len(shown):]):
    assert one == other, f"the page has {one}, the trace {other}"
marks = [text for *_, text in shown if "mark" in text]
wanted = [f"mark {i} of CPU {cpu}" for cpu in (0, 1) for i in (1, 2, 3)]
assert len(marks) == 6 and all(w in m for w, m in zip(wanted, marks)), marks
print(f"ok: {len(shown)} events are on the page, as in the trace")
PYTHON
page_has() {
	grep -q "$1" "$work/page.html" || fail "the page lacks $1"
}
page_has '<h1>A panic was asked for by sysrq: last-words (PID '
page_has '<h3>CPU 1: last-words, PID [0-9]*<span class="tag">crashed here</span></h3>'
page_has '<title>last-words, PID [0-9]*: from [0-9.]* to 0.000000 ms before the end</title><rect class="run died"'
page_has 'The task that the kernel named has a red frame'
[ "$(grep -c '>CPU [01]</text>$' "$work/page.html")" = 2 ] || fail "not each CPU has a lane"

# A browser has nothing to complain of, and each text can be read, be the colours light or dark.
{
	cat "$work/page.html"
	echo '<script>'
	cat "$top/tests/vm/page-contrast.js"
	echo '</script>'
} >"$work/probe.html"
if ! command -v chromium >/dev/null; then
	echo "not looked at: the page in a browser (chromium is not installed)"
	exit 0
fi
for scheme in 0:dark 1:light; do
	HOME=$work timeout 200 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$work/profile" \
		--host-resolver-rules='MAP * ~NOTFOUND' --enable-logging=stderr --virtual-time-budget=1000 \
		--blink-settings="preferredColorScheme=${scheme%:*}" --dump-dom "file://$work/probe.html" \
		>"$work/dom" 2>"$work/browser" || fail "the browser failed: $(cat "$work/browser")"
	! grep CONSOLE "$work/browser" || fail "the browser complains"
	said=$(sed -n 's,^<title>\([^<]*\)</title>$,\1,p' "$work/dom")
	[[ $said =~ ^${scheme#*:}\ ([0-9.]+)\  ]] || fail "the page is not ${scheme#*:}: $said"
	# What WCAG 2 wants of text
	awk -v ratio="${BASH_REMATCH[1]}" 'BEGIN { exit ratio < 4.5 }' || fail "hard to read: $said"
	echo "ok: in a browser, the lowest contrast is that of: $said"
done
