#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The machine panics and is reset, with ramoops in memory that a reset leaves alone: at the next boot
# qcmd-collect.service finds what the kernel's pstore has kept of the log, where systemd-pstore.service has left it, or
# without that service where the kernel has it; once.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

# The disk is kept over the reset, too, and tells the script that it runs for the second time.
place=$((0x30000000))
vm --restart --fetch /srv/out:"$work/out" --append "panic=1 memmap=1M\$$place ramoops.mem_address=$place \
ramoops.mem_size=0x100000 ramoops.record_size=0x20000" <<'SCRIPT' >"$work/said" || fail "$(cat "$work/said")"
fail() {
	echo "FAILED: $*"
	ls -lR /sys/fs/pstore /var/lib/systemd/pstore
	qcmdctl dumps
	journalctl -b --no-pager -u qcmd-collect -u systemd-pstore
	exit 1
}
journal() { # field
	journalctl -b -q -o cat --output-fields="$1" MESSAGE_ID=3cf1d15c2c0f4f5e8b0a4c1d6f5b7e20
}

if [ ! -e /var/lib/panicked ]; then
	echo ramoops >/etc/modules-load.d/ramoops.conf
	# So that it does not matter who comes first at boot
	mkdir -p /etc/systemd/system/systemd-pstore.service.d
	printf '[Unit]\nAfter=systemd-modules-load.service\n' >/etc/systemd/system/systemd-pstore.service.d/after.conf
	[ "$QCMD_KERNEL" != 6.1 ] || systemctl mask -q systemd-pstore
	systemctl enable -q qcmd-collect || fail "it can't be enabled"
	modprobe ramoops || fail "no ramoops"
	dmesg | grep -q 'ramoops: using 0x100000@0x30000000' || fail "ramoops: $(dmesg | grep ramoops)"
	# Its notifier comes before pstore.
	modprobe qcom_minidump_panic || fail "nothing of ours runs at a panic"
	touch /var/lib/panicked
	echo "qcmd-test: the last words" >/dev/kmsg
	crash sysrq-c
	fail "the machine lives"
fi

# The service has run by itself.
crash='Kernel panic - not syncing: sysrq triggered crash'
[ "$(systemctl show -P Result qcmd-collect)" = success ] || fail "qcmd-collect.service failed"
sentence="$(journal MESSAGE)"
[[ $sentence == 'Collected the log of a crash: A panic was asked for by sysrq: crash (PID '*') wrote to '* ]] ||
	fail "the journal says: $(journal MESSAGE)"
source=/var/lib/systemd/pstore/dmesg-ramoops-0
[ "$QCMD_KERNEL" != 6.1 ] || source=/sys/fs/pstore/dmesg-ramoops-0
[ "$(journal QCMD_CRASH)" = "$crash" ] || fail "died of $(journal QCMD_CRASH)"
[ "$(journal QCMD_SOURCE)" = $source ] || fail "it was found in $(journal QCMD_SOURCE)"
id=$(journal QCMD_ID)
[[ $(qcmdctl --no-legend dumps) == *" $id "*" pstore "*"${sentence#*crash: }" ]] ||
	fail "other dumps: $(qcmdctl dumps)"
[ "$(find /var/lib/qcmd/dumps -name '*.elf.zst' -perm 600 | wc -l)" = 1 ] || fail "others can read it"
# The kernel tells when that was.
[ $(($(date +%s) - $(date -d "$(qcmdctl --no-legend dumps | awk '{ print $1, $2, $3 }')" +%s))) -lt 600 ] ||
	fail "it has another time: $(date -u), $(qcmdctl dumps)"
mkdir out
qcmdctl dump log "${id::4}" >out/log || fail "no log"
qcmdctl --json dump info "$id" >out/info || fail "no info"
qcmdctl -o out/report dump report || fail "no report"
qcmdctl dump tasks "$id" 2>&1 | grep -q "the kernel's log and nothing else" || fail "there are tasks"

# Neither again nor when it is gone
systemctl start qcmd-collect || fail "a second run fails"
rm /var/lib/qcmd/dumps/*.zst
systemctl start qcmd-collect || fail "a third run fails"
[ "$(journal MESSAGE | wc -l)" = 1 ] || fail "it was collected again"
SCRIPT

# What the console printed before the reset is in it.
tr -d '\r' <"$top/build/vm/console/test-pstore-x86_64-$suite-$kernel.log" >"$work/console"
words=$(grep -a -o '\[.*qcmd-test: the last words$' "$work/console") || fail "the console lacks the last words"
grep -q -x -F "$words" "$work/out/log" || fail "the log lacks '$words': $(tail -n 5 "$work/out/log")"
tail -n 60 "$work/out/log" | grep -q 'Kernel panic - not syncing: sysrq triggered crash' ||
	fail "the log doesn't end with the panic: $(tail -n 5 "$work/out/log")"
[ "$(wc -l <"$work/out/log")" -gt 50 ] || fail "the log has $(wc -l <"$work/out/log") lines only"
grep -q '"source_kind": *"pstore"' "$work/out/info" || fail "another source: $(cat "$work/out/info")"
grep -q '<p>All that was kept of the crash is the end of the kernel' "$work/out/report" || fail "the page says nothing"
echo "ok: $(wc -l <"$work/out/log") lines of the log"
