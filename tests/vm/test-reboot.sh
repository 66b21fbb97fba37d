#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A machine with nothing special panics and resets, and its memory is as it was, but for what the next kernel needed:
# that one finds the dump, and qcmd-collect.service takes it over. CRASHES times, one after the other. The last dump is
# compared with what was in memory when the machine was about to reset. Before that it hangs, which leaves the end of
# its log; and it reboots, which leaves nothing to tell.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

crashes=${CRASHES:-1}

cat >"$work/at-reset" <<END
#!/bin/sh
while read -r _; do
	cp --sparse=always "\$1" "$work/ram" && echo ok
done
END
chmod +x "$work/at-reset"

# The disk is kept over the reset, too.
{
	echo "crashes=$crashes"
	cat <<'SCRIPT'
fail() {
	echo "FAILED: $*"
	dmesg | grep qcom_minidump
	ls -l /var/lib/qcmd /sys/kernel/qcom_minidump_keep
	qcmdctl dumps
	journalctl -b --no-pager -u qcmd-collect -u qcmd-keep -u qcmd-backend
	exit 1
}

check_dump() {
	[[ $(qcmdctl --no-legend dumps | tail -n 1) == *" keep "*" wrote to /proc/sysrq-trigger." ]] ||
		fail "crash $n gave no dump"
	[ ! -e /sys/kernel/qcom_minidump_keep ] || fail "it takes memory when it is on the disk"
	dmesg | grep -o 'the kernel before panicked.*' || fail "the module doesn't say so"
	qcmdctl dump log >log || fail "no log"
	grep -q -x '\[.*qcmd-test: the last words of crash '"$n" log || fail "the log is another one"
	tail -n 1 log | grep -q 'Rebooting in 1 seconds\.\.$' || fail "the log ends with: $(tail -n 1 log)"
	qcmdctl dump info | grep -q '^ *Problems: none$' || fail "it has problems: $(qcmdctl dump info)"
}

check_death() {
	[ "$(cat $before)" = died ] || fail "the kernel that hung is called $(cat $before)"
	[[ $(qcmdctl --no-legend dumps) == *" keep "*"The machine went down without a word"* ]] ||
		fail "the hang left nothing"
	[ ! -e /sys/kernel/qcom_minidump_keep ] || fail "the log takes memory when it is on the disk"
	qcmdctl dump log | grep -q -x '\[.*qcmd-test: all is well' || fail "its last lines are not there"
	age=$(($(date +%s) - $(date -d "$(qcmdctl --no-legend dumps | cut -d ' ' -f 1-3)" +%s)))
	((age >= 0 && age < 1200)) || fail "it is said to have died $age seconds ago"
}

check_silence() {
	[ "$(cat /var/lib/qcmd/reboots)" = "kept 2" ] || fail "reboots: $(cat /var/lib/qcmd/reboots)"
	qcmdctl status | tr -s ' \n' ' ' | grep -q 'memory came through the last 2 restarts' ||
		fail "status doesn't know: $(qcmdctl status)"
	[ "$(cat $before)" = clean ] || fail "the kernel that was shut down is called $(cat $before)"
	[ "$(qcmdctl --no-legend dumps | wc -l)" = 1 ] || fail "a reboot is told of as a crash"
	[ ! -e /sys/kernel/qcom_minidump_keep ] || fail "a reboot leaves something"
}

place=/sys/module/qcom_minidump_ram/parameters/keep
before=${place%/*}/before
n=$(cat /var/lib/crashes 2>/dev/null || echo first)
case $n in
first)
	# A busy emulator takes longer than a machine.
	for unit in qcmd-backend qcmd-keep; do
		mkdir -p /etc/systemd/system/$unit.service.d
		printf '[Service]\nTimeoutStartSec=5min\n' >/etc/systemd/system/$unit.service.d/slow.conf
	done
	systemctl daemon-reload
	systemctl enable -q qcmdd qcmd-collect && systemctl start qcmdd qcmd-keep || fail "it can't be enabled"
	[ ! -e /sys/kernel/qcom_minidump_keep ] || fail "there is a dump before the first crash"
	old=$(cat $place)
	! echo none 2>/dev/null >$place || fail "it has two keeps"
	systemctl restart qcmd-backend && systemctl start qcmd-keep || fail "it can't be started again"
	[ "$(cat $place)" != none ] && [ "$(cat $place)" != "$old" ] || fail "it has no keep, or the old one"
	next=hang
	;;
hang)
	check_death
	next=0
	;;
0)
	check_silence
	next=1
	;;
*)
	[ "$(cat $before)" = panicked ] || fail "the kernel that panicked is called $(cat $before)"
	check_dump
	next=$((n + 1))
	;;
esac
[ "$(stat -c %a /var/lib/qcmd/keep)" = 600 ] || fail "there is no record for root alone"
[ "$(cat /var/lib/qcmd/keep)" = "$(cat $place)" ] || fail "the record is another one"
if [ "$n" = "$crashes" ]; then
	cp "$(find /var/lib/qcmd/dumps -name '*.zst' | sort | tail -n 1)" dump
	exit
fi
echo $next >/var/lib/crashes
sync
case $next in
hang)
	echo "qcmd-test: all is well" >/dev/kmsg
	sleep 6
	crash hang
	;;
0)
	systemctl reboot -ff
	;;
*)
	echo "qcmd-test: the last words of crash $next" >/dev/kmsg
	crash sysrq-c
	;;
esac
fail "the machine lives"
SCRIPT
} | vm --restart --append "panic=1" --timeout $((600 * (2 + crashes))) --inspect "$work/at-reset" \
	--fetch /srv/dump:"$work/dump.elf.zst" >"$work/said" || fail "$(cat "$work/said")"
cat "$work/said"

zstd -q -d "$work/dump.elf.zst" -o "$work/dump.elf" || fail "zstd doesn't read the dump"
"$top/tests/vm/same-memory.py" "$top/build/qcmdump" "$work/dump.elf" "$work/ram" >"$work/differ" || fail "regions"
# The task that panics goes on on its stack, two pages of it at most, and reads the list of dumpers under RCU.
! tail -n +2 "$work/differ" | grep -v -x -e KSTACK -e KTASK || fail "they are not as they were at the reset"
[ "$(wc -l <"$work/differ")" -le 4 ] || fail "more than that of one task differs: $(cat "$work/differ")"
echo "ok: $(head -n 1 "$work/differ") regions, all but $(tail -n +2 "$work/differ" | tr '\n' ' ')as at the reset"
