#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# All of the product on arm64, with each back end for boot firmware: the machine panics and is reset, and what emulated
# firmware (tests/firmware/) leaves, over USB or in a partition, tells what happened.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/lib-dump.sh
. "$(dirname "$0")/lib-dump.sh"
# shellcheck source=tests/vm/lib-firmware.sh
. "$(dirname "$0")/lib-firmware.sh"

need_arm64
for backend in mmio smem; do
	product_dies "$backend"
	check_cores "$backend"
	check_collected "$backend"
done
same_elsewhere "$work/dump.elf" 15

# Files that were renamed and lost on the way: the rest is saved, and what is not is said.
for file in "$work"/crash/usb/md_*; do
	name=${file##*/}
	mv "$file" "$work/crash/usb/${name,,}"
done
check_dump "lower case" "$work/crash/usb"
rm "$work/crash/usb/md_kutsname.bin" "$work/crash/usb/md_ktask_2.bin"
"$qcmdump" collect --force "$work/crash/usb" -o "$work/dump.elf" >"$work/out" || fail "collect with files missing"
for name in KUTSNAME KTASK_2; do
	grep -q "$name is missing: [0-9]* bytes at 0x[0-9a-f]* are lost" "$work/out" ||
		fail "nothing is said of $name: $(cat "$work/out")"
done
"$qcmdump" log "$work/dump.elf" | cmp - "$work/log" || fail "another log with files missing"
echo "ok: files missing"

# The machine panics again, with so little room behind the first dump that the largest region of the second doesn't fit.
used=$(stat -c %s "$work/crash/storage/rawdump.img")
cp "$work/crash/storage/rawdump.img" "$work/partition"
cp "$work/log" "$work/first.log"
regions=$(walked | wc -l)
truncate -s +1M "$work/partition"
vm_arm64 --backend smem --storage "$work/partition" --crash "$work/crash" >"$work/said" <<'SCRIPT' ||
modprobe qcom_minidump_smem || exit 1
# What unwinds the stack at a panic meets a broken one, and the panic goes its way all the same.
insmod /usr/lib/qcmd-test/qcmd_crash.ko mode=frame && insmod "$(modinfo -n qcom_minidump_panic)" || exit 1
(
	for object in prb printk_ring printk_descs printk_infos printk_text; do
		echo "add object=$object"
	done
	echo 'add name=KLARGE paddr=0x60000000 size=0x200000'
	echo 'add name=KSMALL paddr=0x68000000 size=4096'
	echo 'sleep 1000'
) | ./mdnl >/dev/null &
sleep 2
crash sysrq-c
SCRIPT
	fail "$(cat "$work/said")"
saved=$work/crash/storage/rawdump.img
[ "$(stat -c %s "$saved")" = "$(stat -c %s "$work/partition")" ] || fail "the partition has grown"
cmp -n "$used" "$work/partition" "$saved" || fail "the first dump is not as it was"
required=$(walked | awk -F '[: ]' '{ n += 64 + $4 } END { print n + 56 }')
"$qcmdump" collect --list "$saved" >"$work/list" || fail "collect --list"
{
	printf '1 0x%010x %d %d %d complete\n' 0 "$regions" "$used" "$used"
	printf '2 0x%010x 10 %d %d not enough room\n' $(((used + 511) / 512 * 512)) $((required - 0x200000)) "$required"
} >"$work/wanted"
sed '1d; s/  */ /g; s/^ //' "$work/list" | diff "$work/wanted" - || fail "other dumps are in the partition"
collect_number() {
	"$qcmdump" collect --force --dump "$1" "$saved" -o "$work/dump.elf" >"$work/out" || fail "collect --dump $1"
	no_complaints "$work/dump.elf"
	"$qcmdump" log "$work/dump.elf" >"$work/log" || fail "log of dump $1"
}
collect_number 1
cmp "$work/log" "$work/first.log" || fail "dump 1 has another log"
collect_number 2
check_console "$work/log" "the second dump"
grep -q 'qcmd_crash: a frame pointer is broken$' "$work/log" || fail "no frame pointer was broken"
tail -n 1 "$work/log" | grep -q 'end Kernel panic - not syncing: sysrq triggered crash' ||
	fail "the log of the second dump ends with: $(tail -n 1 "$work/log")"
grep -q "firmware needed $required bytes and wrote $((required - 0x200000))\." "$work/out" || fail "$(cat "$work/out")"
grep -q 'KLARGE.* was not written, for lack of room: 2097152 bytes are lost' "$work/out" || fail "$(cat "$work/out")"
"$qcmdump" regions "$work/dump.elf" >"$work/regions" || fail "regions of dump 2"
! grep KLARGE "$work/regions" || fail "what was not written is there"
grep -q 'KSMALL .* 4096 ' "$work/regions" || fail "what still fits is not there: $(cat "$work/regions")"
echo "ok: two dumps in a partition, the second cut short"

# Some machine boots with that partition, and takes over both dumps by itself, though it is another one; and once.
mkdir "$work/wants"
ln -s /usr/lib/systemd/system/qcmd-collect.service "$work/wants/"
vm --rawdump "$saved" --file "$work/wants:/etc/systemd/system/multi-user.target.wants" --fetch "/srv/out:$work/kept" \
	<<'SCRIPT' || fail "the dumps were not collected at boot"
fail() {
	echo "FAILED: $*"
	qcmdctl dumps
	journalctl -b --no-pager -u qcmd-collect
	exit 1
}
journal() { # message ID, field
	journalctl -b -q -o cat --output-fields="$2" MESSAGE_ID="$1"
}
collected() {
	journal 3cf1d15c2c0f4f5e8b0a4c1d6f5b7e20 "$1"
}
dumps() {
	find /var/lib/qcmd/dumps -type f ! -name collected | wc -l
}
crash='Kernel panic - not syncing: sysrq triggered crash'
[ "$(systemctl show -P Result qcmd-collect)" = success ] || fail "qcmd-collect.service failed"
[[ $(collected MESSAGE) == 'Collected the dump of a crash: A panic was asked for by sysrq: crash (PID '* ]] ||
	fail "the journal says: $(collected MESSAGE)"
[ "$(collected PRIORITY | uniq)" = 2 ] || fail "the priority is $(collected PRIORITY)"
[ "$(collected QCMD_SOURCE | uniq)" = /dev/disk/by-partlabel/rawdump ] || fail "from $(collected QCMD_SOURCE)"
[ "$(collected QCMD_CRASH | uniq)" = "$crash" ] || fail "died of $(collected QCMD_CRASH)"
[ "$(qcmdctl --no-legend dumps | grep -c ' rawdump .* wrote to /proc/sysrq-trigger\.$')" = 2 ] ||
	fail "qcmdctl lists other dumps"
[ "$(find /var/lib/qcmd/dumps -perm 600 -name '*.elf.zst' | wc -l)" = 2 ] || fail "others can read them"
journalctl -q --update-catalog
mkdir out
for id in $(collected QCMD_ID); do
	qcmdctl dump log "$id" >"out/log-$id" || fail "no log of $id"
	qcmdctl --json dump info "$id" >"out/info-$id" || fail "no info of $id"
	qcmdctl -o "out/report-$id" dump report "$id" || fail "no report of $id"
	journalctl -x -b MESSAGE_ID=3cf1d15c2c0f4f5e8b0a4c1d6f5b7e20 | grep -q "What happened: qcmdctl dump info $id" ||
		fail "the journal does not explain $id"
	debug=$(qcmdctl dump debug "$id" 2>&1) && fail "there are debug symbols"
	[[ $debug == *'apt-get install linux-image-'[0-9]*-arm64-dbg ]] || fail "debug says: $debug"
done

# Neither again nor when one is gone
systemctl start qcmd-collect || fail "a second run fails"
rm "$(collected QCMD_DUMP | head -n 1)"
systemctl start qcmd-collect || fail "a third run fails"
[ "$(collected QCMD_ID | wc -l) $(dumps)" = '2 1' ] || fail "they were collected again"

# As on a new machine: it keeps to its limits.
rm /var/lib/qcmd/dumps/*
printf '[Collect]\nMaxDumps=1\n' >/etc/qcmd/collect.conf
systemctl start qcmd-collect || fail "no run with MaxDumps=1"
[ "$(collected QCMD_ID | wc -l) $(dumps)" = '4 1' ] || fail "MaxDumps=1 leaves $(dumps)"
rm /var/lib/qcmd/dumps/*
printf '[Collect]\nMaxUse=1K\n' >/etc/qcmd/collect.conf
systemctl start qcmd-collect && fail "no failure with MaxUse=1K"
[ "$(journal 7a0b9d0d0e9a4b6b9a1f3f8a5f1c2d31 MESSAGE | grep -c '/rawdump: .* more than MaxUse=')" = 2 ] ||
	fail "nothing is said of MaxUse="
[ "$(collected QCMD_ID | wc -l) $(dumps)" = '4 0' ] || fail "MaxUse=1K leaves $(dumps)"
SCRIPT
sums() {
	for file; do
		sha256sum <"$file"
	done | sort
}
diff <(sums "$work/first.log" "$work/log") <(sums "$work/kept"/log-*) || fail "what was collected has other logs"
grep -q '"architecture": *"aarch64"' "$work/kept"/info-* || fail "no dump is of an arm64 machine"
grep -q -F '<h1>A panic was asked for by sysrq: crash (PID ' "$work/kept"/report-* || fail "no report"
echo "ok: collected at boot, once, within limits"
