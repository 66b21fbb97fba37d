#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A virtual machine as its host sees it: it panics under `qcmdump watch`, and starts again; it is collected while it
# runs, is paused, and hangs with interrupts off; and is each time what it was before.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/lib-dump.sh
. "$(dirname "$0")/lib-dump.sh"

qmp=$work/qmp
export TMPDIR=$work qcmdump top work qmp

# From here on programs that the harness calls on the host while the machine is there.
cat >"$work/common" <<'SCRIPT'
set -u
fail() {
	echo "FAILED: $*"
	exit 1
}
status_is() { # state, when
	local status
	status=$("$top/tests/vm/qmp.py" "$qmp" query-status) || fail "query-status"
	[ "$status" = "$1" ] || fail "the machine is $status $2"
}
collect() { # name
	"$qcmdump" collect --qmp "$qmp" -o "$work/$1.elf" >"$work/$1.out" || fail "collect $1"
	"$qcmdump" info "$work/$1.elf" >"$work/$1.info" || fail "info $1"
	grep -q 'Problems: none' "$work/$1.info" || fail "$1: $(cat "$work/$1.info")"
	sed -n '/stood still/p' "$work/$1.out"
}
counter() { # name of a dump
	"$qcmdump" log "$work/$1.elf" | sed -n 's/.*qcmd-test: counter \([0-9]*\)$/\1/p' | tail -n 1
}
SCRIPT

cat >"$work/live" <<'SCRIPT'
#!/bin/bash
. "$work/common"
status_is running "after the reboot"
collect running
status_is running "after it was collected"
sleep 2
collect later
[ "$(counter later)" -gt "$(counter running)" ] || fail "its counter stays at $(counter running)"
# Whoever dies in the middle leaves nothing to be undone.
for delay in 0.02 0.1 0.2 0.4; do
	"$qcmdump" collect --qmp "$qmp" -o "$work/killed.elf" >"$work/killed.out" &
	sleep $delay
	kill -9 $! 2>/dev/null && echo "killed after $delay s"
	wait $! 2>/dev/null
	sleep 1
	status_is running "after qcmdump was killed after $delay s"
	rm -f "$work/killed.elf"
done
"$top/tests/vm/qmp.py" "$qmp" stop >/dev/null
status_is paused "after stop"
collect paused
status_is paused "after it was collected paused"
"$top/tests/vm/qmp.py" "$qmp" dump-guest-memory "{\"paging\": false, \"protocol\": \"file:$work/live.vmcore\"}" \
	>/dev/null || fail "dump-guest-memory"
"$qcmdump" collect "$work/live.vmcore" -o "$work/ordinary.elf" >/dev/null || fail "collect from the ordinary vmcore"
"$top/tests/vm/same-regions.py" "$work/paused.elf" "$work/ordinary.elf" ||
	fail "paused: another dump than the ordinary one"
rm "$work/live.vmcore"
[ "$(counter paused)" -gt "$(counter later)" ] || fail "its counter stays at $(counter later)"
"$top/tests/vm/qmp.py" "$qmp" cont >/dev/null
SCRIPT

cat >"$work/dead" <<'SCRIPT'
#!/bin/bash
. "$work/common"
status_is running "while it hangs"
collect hung
status_is running "after it was collected hanging"
"$qcmdump" log "$work/hung.elf" | tail -n 1 | grep -q 'hanging all CPUs' ||
	fail "the log of the hung machine is not whole"
SCRIPT
# A process of nobody has forged a table: the harness has stopped the machine.
cat >"$work/forged" <<'SCRIPT'
#!/bin/bash
. "$work/common"
judge() { # kind, its address
	"$qcmdump" collect --force --json --qmp "$qmp" -o "$work/forged.elf" \
		>"$work/forged.json" 2>"$work/forged.said" ||
		fail "collect: $(cat "$work/forged.said")"
	sed -n 's/^ *"table": *\([0-9]*\),*$/\1/p' "$work/forged.json" >"$work/forged.table"
	[ -e "$work/true.table" ] || cp "$work/forged.table" "$work/true.table"
	[ "$(cat "$work/forged.table")" != $(($2)) ] || fail "the forged table won"
	cmp -s "$work/forged.table" "$work/true.table" || fail "the table is at $(cat "$work/forged.table")"
	# Of hundreds of pages with headers the first ones are named, and the number.
	[ "$1" = decoys ] && named='400 headers that lead to no table' || named="$2\\b"
	grep -E -q "$named" "$work/forged.json" ||
		fail "it is not named: $(cat "$work/forged.json")"
	"$qcmdump" log "$work/forged.elf" | grep -q 'qcmd-test: counter' || fail "it has another log"
}
# Who watched the panic has the connection.
kill "$(cat "$work/watch.pid")"
while read -r kind at; do
	if said=$(judge "$kind" "$at"); then
		echo "ok a forged table ($kind at $at) does not win, and is named"
	else
		echo "$kind at $at: $said" >>"$work/forged.failed"
		echo "ok"
	fi
done
echo ok
SCRIPT
chmod +x "$work/live" "$work/dead" "$work/forged"

cat >"$work/in-guest" <<'SCRIPT'
modprobe pvpanic-mmio || exit 1
systemctl start qcmdd || exit 1
sleep 1
if [ ! -e /srv/died ]; then
	touch /srv/died
	sync
	echo "qcmd-test: the last words" >/dev/kmsg
	echo c >/proc/sysrq-trigger
fi
(for i in $(seq 100000); do
	echo "<7>qcmd-test: counter $i" >/dev/kmsg
	sleep 0.2
done) &
sleep 3
/srv/forge-live.pl $forgeries || exit 1
crash hang
SCRIPT

forgeries=$([ -n "${QCMD_LONG-}" ] && echo 20 || echo 3)
mkdir "$work/dumps"
"$qcmdump" watch --qmp "$qmp" -o "$work/dumps" --continue > >(while read -r line; do
	echo "$EPOCHSECONDS $line"
done >"$work/watch.log") 2>&1 &
watch=$!
echo $watch >"$work/watch.pid"
trap 'kill $watch 2>/dev/null; rm -rf "$work"' EXIT

vm --crash "$work/crash" --qmp "$qmp" --live "$work/live" --dead "$work/dead" --inspect "$work/forged" \
	--file "$top/tests/vm/forge-live.pl" --restart --append panic=1 \
	>"$work/said" <<SCRIPT || fail "$(cat "$work/said" "$work/watch.log")"
forgeries=$forgeries
$(cat "$work/in-guest")
SCRIPT
cat "$work/said" "$work/watch.log"

# The panic of the first boot
dumps=("$work"/dumps/*.elf.zst)
[ "${#dumps[@]}$([ -e "${dumps[0]}" ] && echo there)" = 1there ] || fail "watch has kept: ${dumps[*]}"
"$qcmdump" info "${dumps[0]}" >"$work/info" || fail "info of what watch has kept"
grep -q 'Problems: none' "$work/info" || fail "$(cat "$work/info")"
grep -q 'sysrq triggered crash' "$work/info" || fail "$(cat "$work/info")"
"$qcmdump" log "${dumps[0]}" | grep -q 'qcmd-test: the last words$' || fail "its log is not whole"
grep -q 'Collected the dump of the guest at .*GUEST_PANICKED.*sysrq triggered crash' "$work/watch.log" ||
	fail "watch says: $(cat "$work/watch.log")"
told=$(sed -n 's/^\([0-9]*\) GUEST_PANICKED from .*/\1/p' "$work/watch.log")
kept=$(sed -n 's/^\([0-9]*\) Collected .*/\1/p' "$work/watch.log")
[ $((kept - told)) -le 10 ] || fail "it took $((kept - told)) s from the event to the dump"
echo "ok: a panic under watch, collected $((kept - told)) s after the event, and the machine starts again"

"$qcmdump" collect "$work/crash/vmcore" -o "$work/ordinary-hung.elf" >/dev/null || fail "collect from the hung vmcore"
"$top/tests/vm/same-regions.py" "$work/hung.elf" "$work/ordinary-hung.elf" ||
	fail "hung: another dump than the ordinary one"
echo "ok: running, paused and hung"
[ ! -e "$work/forged.failed" ] || fail "forged tables: $(cat "$work/forged.failed")"
[ "$(grep -c ' does not win, and is named$' "$work/said")" = "$forgeries" ] ||
	fail "$forgeries tables were to be forged"
echo "ok: $forgeries forged tables"
