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

# Files that were renamed and lost on the way: the rest is saved, and what is not is said.
for file in "$work"/crash/usb/md_*; do
	name=${file##*/}
	mv "$file" "$work/crash/usb/${name,,}"
done
check_dump "lower case" "$work/crash/usb"
rm "$work/crash/usb/md_kutsname.bin" "$work/crash/usb/md_ktask_1.bin"
"$qcmdump" collect --force "$work/crash/usb" -o "$work/dump.elf" >"$work/out" || fail "collect with files missing"
for name in KUTSNAME KTASK_1; do
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
(
	for object in prb printk_ring printk_descs printk_infos printk_text init_uts_ns; do
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
grep -q "firmware needed $required bytes and wrote $((required - 0x200000))\." "$work/out" || fail "$(cat "$work/out")"
grep -q 'KLARGE.* was not written, for lack of room: 2097152 bytes are lost' "$work/out" || fail "$(cat "$work/out")"
"$qcmdump" regions "$work/dump.elf" >"$work/regions" || fail "regions of dump 2"
! grep KLARGE "$work/regions" || fail "what was not written is there"
grep -q 'KSMALL .* 4096 ' "$work/regions" || fail "what still fits is not there: $(cat "$work/regions")"
echo "ok: two dumps in a partition, the second cut short"
