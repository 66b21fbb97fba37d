#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The rm back end on arm64, as a guest of an emulated Gunyah hypervisor (tests/firmware/): what its resource manager has
# after the guest's death must be what the module listed before.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/lib-dump.sh
. "$(dirname "$0")/lib-dump.sh"
# shellcheck source=tests/vm/lib-firmware.sh
. "$(dirname "$0")/lib-firmware.sh"

need_arm64

rm_guest() {
	vm_arm64 --backend rm --file "$top/tests/vm/random-operations.pl" --crash "$work/crash" "$@" >"$work/said" ||
		fail "$(tail -n 5 "$work/said")"
}

begin() {
	fail_in_guest
	cat <<'SCRIPT'
driver=/sys/bus/platform/drivers/qcom_minidump_rm
device=gunyah-hypervisor
is_bound() {
	[[ $(./mdnl backend) == *name=rm* ]]
}
interrupts() { # tx: there is room for requests; rx: there are replies
	awk -v name="gunyah-rm-$1" '$NF == name { for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i; print n }' /proc/interrupts
}
# The manager has been told everything when no more replies come.
settle() {
	local before=-1
	until [ "$before" = "$(interrupts rx)" ]; do
		before=$(interrupts rx)
		sleep 3
	done
}
modprobe qcom_minidump_rm && is_bound || fail "the back end is not bound: $(dmesg | tail -n 3)"
SCRIPT
}

# The header is a copy of the module's own.
check_told() {
	listed | awk -F '[: ]' '{ print ($2 ? $5 "_" $2 : $5), ($5 == "KELF_HEADER" ? "copy" : $3), $4 }' |
		sort >"$work/listed"
	walked | awk -F '[: ]' '{ print $5, ($5 == "KELF_HEADER" ? "copy" : $3), $4 }' | sort >"$work/walked"
	diff "$work/listed" "$work/walked" || fail "$1: the module's listing and the manager's list differ"
	check_vm_files "$1"
	echo "ok: $1: $(wc -l <"$work/walked") regions"
}

# The address and the size of each region, in the order of the header
in_header() {
	readelf -lW "$work/crash/vm/md_2d_KELF_HEADER.bin" 2>/dev/null | while read -r type _ _ address size _; do
		[ "$type" != LOAD ] || printf '%#x %d\n' "$address" "$size"
	done
}

# The files in the order of the header are an ELF core.
check_vm_files() {
	local files

	files=$(in_header | awk 'NR == FNR { file[$2 " " $3] = $5; next } { print file[$0] }' \
		"$work/crash/vm/dump_info.txt" -) || fail "$1: no header"
	files="md_2d_KELF_HEADER.bin md_2d_KVMCOREINFO.bin $files"
	[ "$(wc -w <<<"$files")" = "$(wc -l <"$work/walked")" ] || fail "$1: the header names other regions"
	(cd "$work/crash/vm" && xargs cat <<<"$files") >"$work/core" || fail "$1: a file is missing"
	check_core "$1" "$work/core"
}

{
	fail_in_guest
	refusals rm 'the device tree names a Gunyah hypervisor, but none answers' \
		'the resource manager does not answer within 2 s' \
		'the resource manager does not support minidumps (error -1)'
	begin
	cat <<'SCRIPT'
[[ $(./mdnl add name=twelve-bytes object=prb) == 'error ENAMETOOLONG: '* ]] || fail "a name of 12 bytes is taken"
insmod "$(modinfo -n qcom_minidump_ram)" 2>/dev/null && fail "a second back end was bound"
rmmod qcom_minidump_rm 2>/dev/null && fail "the module was unloaded while bound"
SCRIPT
	random_operations 0x60000000
	cat <<'SCRIPT'
settle
./mdnl backend
./mdnl list
crash panic
SCRIPT
} | rm_guest --inspect "$top/tests/vm/break-table.py rm" || exit 1
check_told "$operations random operations, a full table"
[ "$(wc -l <"$work/walked")" = 193 ] || fail "the table was not full"
"$qcmdump" collect "$work/crash/vm" -o "$work/collected" >/dev/null 2>&1
"$qcmdump" log "$work/collected" >"$work/log" || fail "qcmdump log"
[[ $(tail -n 1 "$work/log") == *'end Kernel panic - not syncing'* ]] || fail "the log doesn't end with the panic"

# Replies get lost, also some in a row: nothing is registered twice, and nothing is forgotten.
{
	begin
	random_operations 0x60000000 150
	cat <<'SCRIPT'
for _ in $(seq 60); do
	[[ $(dmesg) != *'knows again'* ]] || break
	sleep 1
done
settle
./mdnl list
dmesg | sed -n 's/.*gunyah-hypervisor: /log: /p'
crash reset
SCRIPT
} | rm_guest --firmware lossy || exit 1
check_told "replies that get lost"
[ "$(grep '^log: ' "$work/said")" = "log: the resource manager can't be told what to save (-ETIMEDOUT): trying every 2 s
log: the resource manager knows again what to save" ] || fail "the log says: $(grep '^log: ' "$work/said")"

# The queue is full now and then. Then a machine that hangs.
{
	begin
	random_operations 0x60000000 500
	cat <<'SCRIPT'
settle
./mdnl list
[ "$(interrupts tx)" -gt 0 ] || fail "no interrupt said that there is room in the queue"
[[ $(dmesg) != *"can't be told"* ]] || fail "a full queue was too much"
crash hang
SCRIPT
} | rm_guest --firmware busy || exit 1
check_told "a queue that is full now and then, and a hang"

{
	begin
	cat <<'SCRIPT'
# Nothing else runs on the one CPU while all regions move: they need more slots than the manager has.
for i in $(seq 10); do
	printf 'add name=KFEW paddr=0x60%02x0000 size=4096\n' "$i"
done >commands
echo 'sleep 6' >>commands
for i in $(seq 10); do
	printf 'update id=%d paddr=0x62%02x0000 size=8192\n' $((i + 2)) "$i"
done >>commands
echo 'sleep 1000' >>commands
chrt -f 50 ./mdnl <commands >/dev/null &
sleep 2
[[ $(./mdnl add name=KTOOMANY paddr=0x61000000 size=4096) == 'error ENOSPC: the table is full'* ]] ||
	fail "more than 12 slots"
sleep 6
settle
./mdnl list
crash reset
SCRIPT
} | rm_guest --firmware few --cpus 1 || exit 1
check_told "a manager with few slots"
[ "$(wc -l <"$work/walked")" = 12 ] || fail "the table was not full"

{
	begin
	cat <<'SCRIPT'
(printf 'add name=%s paddr=0x60000000 size=4096\n' KFIRST KDENIED KLAST KDENIED
	echo 'sleep 1000') | ./mdnl >/dev/null &
settle
is_bound || fail "a region that is denied has unbound the back end"
# VMCOREINFO was denied at first, and without it nobody could read the dump.
dmesg | grep -q "can't be told what to save" || fail "KVMCOREINFO was not denied"
for _ in $(seq 60); do
	[[ $(dmesg) != *'knows again'* ]] || break
	sleep 1
done
./mdnl list
[ "$(./mdnl list | grep -c "name=KDENIED .*state=rejected error='the resource manager denies it'")" = 2 ] ||
	fail "the denied regions are not rejected, or without a reason"
crash reset
SCRIPT
} | rm_guest --firmware denies || exit 1
check_told "a region that is denied"
[ "$(cut -d ' ' -f 1 "$work/walked" | xargs)" = "KELF_HEADER KFIRST KLAST KVMCOREINFO" ] ||
	fail "the rest is not there"

# In the middle of changes, stopped anywhere: what a header names, the manager has, and nothing that stays is missing.
"$top/tests/make" firmware
slots=$(nm "$top/build/firmware/firmware.elf" | awk '$3 == "slots" { print $1 }')
{
	begin
	cat <<'SCRIPT'
insmod /usr/lib/qcmd-test/qcmd_churn.ko || fail "no load"
sleep 3
echo "instants: go"
sleep 1000
SCRIPT
} | vm_arm64 --backend rm --instants 60 --inspect "$top/tests/vm/inspect-manager.py $slots" ||
	fail "the manager's list at any instant"
echo "ok: 60 instants"

# Bound and unbound in any order, and many times under load; at the end the manager has nothing.
{
	echo "times=$rebinds"
	begin
	cat <<'SCRIPT'
echo $device >$driver/unbind
insmod "$(modinfo -n qcom_minidump_ram)" || fail "ram is refused"
echo $device >$driver/bind && fail "bound beside ram"
echo 0 >/sys/module/qcom_minidump_ram/parameters/bound
echo $device >$driver/bind || fail "not bound after ram"
./rebind.sh qcom_minidump_rm 0x60000000 $times "echo $device >$driver/bind" "echo $device >$driver/unbind" || exit 1
crash reset
SCRIPT
} | rm_guest --file "$top/tests/vm/rebind.sh" || exit 1
[ "$(walked)" = "" ] || fail "after unbind the manager has $(walked | wc -l) regions"
! grep -a 'goes on saving' "$work/crash/console.log" || fail "the manager didn't answer at the end"
echo "ok: bound and unbound under load"

# Who comes back from disk is another guest to the manager, and has it told everything again.
truncate -s 512M "$work/swap"
{
	begin
	random_operations 0x60000000 100
	sleeps_to_disk
	cat <<'SCRIPT'
settle
./mdnl list
crash reset
SCRIPT
} | rm_guest --rawdump "$work/swap" || exit 1
check_told "memory from disk"

# The next kernel's memory is not saved.
{
	begin
	random_operations 0x60000000 100
	starts_next_kernel
} | rm_guest || exit 1
[ "$(walked)" = "" ] || fail "after kexec the manager has $(walked | wc -l) regions"
echo "ok: kexec"

# All of the product: what the manager leaves tells what happened.
product_dies rm
walked >"$work/walked"
check_vm_files "the product"
"$qcmdump" log "$work/core" >"$work/log" || fail "qcmdump log of the core"
check_console "$work/log" "the product"
check_dump rm "$work/crash/vm" --vm 2d
