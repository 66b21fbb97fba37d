#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What becomes of the table when the machine starts another kernel by kexec, sleeps, or is switched off with its memory
# on disk: found by nobody after the first, right after the others, and whole while a driver's shutdown hangs.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/lib-dump.sh
. "$(dirname "$0")/lib-dump.sh"
# shellcheck source=tests/vm/lib-firmware.sh
. "$(dirname "$0")/lib-firmware.sh"

guest() {
	vm --bare --product modules --backend mmio --crash "$work/crash" --file "$programs/mdnl" "$@" \
		>"$work/said"
}

begin() {
	fail_in_guest
	cat <<'SCRIPT'
device=0000:00:10.0
driver=/sys/bus/pci/drivers/qcom_minidump_mmio
bind_mmio() {
	modprobe qcom_minidump_mmio
	echo qcom_minidump_mmio >/sys/bus/pci/devices/$device/driver_override
	echo $device >$driver/bind || fail "mmio is not bound: $(dmesg | tail -n 3)"
}
add_regions() {
	# The log, and more slots than fit in one page of the array
	(printf 'add object=%s\n' prb printk_ring printk_text printk_descs printk_infos
		for i in $(seq 120); do
			printf 'add name=KTEST paddr=%#x size=4096\n' $((0x10000000 + i * 8192))
		done
		echo 'sleep 1000') | ./mdnl >/dev/null &
	for _ in $(seq 300); do
		[ "$(./mdnl list | grep -c state=active)" -lt 127 ] || return 0
		sleep 0.1
	done
	fail "the regions were not added: $(./mdnl list)"
}
SCRIPT
}

# The table in the memory of the dead machine is the one that the module listed; the last line of the log is this.
check_dead() {
	listed >"$work/listed"
	[ "$(wc -l <"$work/listed")" -gt 120 ] ||
		fail "the listing is short: $(cat "$work/said" && tail -n 40 "$work/crash/console.log")"
	rm -f "$work/dead.elf"
	"$qcmdump" collect "$work/crash/ram.bin" -o "$work/dead.elf" >"$work/out" || fail "qcmdump collect"
	cat "$work/out"
	dumped "$work/dead.elf" | diff "$work/listed" - || fail "another table"
	"$qcmdump" log "$work/dead.elf" >"$work/log" || fail "qcmdump log"
	[[ $(tail -n 1 "$work/log") == *"$1"* ]] || fail "the log ends with: $(tail -n 1 "$work/log")"
}

"$top/tests/vm/capture-initrd" "$suite" "$kernel" "$work/initrd" || fail "no initramfs"
{
	begin
	cat <<'SCRIPT'
# As kexec -l and kexec -e do it
next_kernel() {
	echo "$1" >stage
	sync
	perl -e 'open(my $kernel, "<", "vmlinuz") && open(my $initrd, "<", "initrd") or die;
		my $line = "$ARGV[0]\0";
		syscall(320, fileno $kernel, fileno $initrd, length $line, $line, 0) == 0 or die "load: $!";
		syscall(169, 0xfee1dead, 672274793, 0x45584543, 0); die "exec: $!"' "$(cat /proc/cmdline)"
}
case $(cat stage 2>/dev/null) in
'')
	modprobe qcom_minidump_ram
	add_regions
	inspect
	next_kernel second
	;;
second)
	inspect
	bind_mmio
	add_regions
	next_kernel third
	;;
third)
	inspect
	modprobe qcom_minidump_ram
	add_regions
	./mdnl list
	# As `crash hang`, but what hangs is a driver on the way to the next kernel.
	sync
	exec 4<>"$(port org.qcmd.crash)"
	echo hang >&4
	read -r _ <&4
	insmod /usr/lib/qcmd-test/qcmd_crash.ko mode=shutdown
	next_kernel fourth
	;;
esac
fail "still here"
SCRIPT
} >"$work/script"
guest --file "$work/initrd" --file "$(vmlinuz):/srv/vmlinuz" \
	--inspect "$top/tests/vm/inspect-power.py ram=1 ram=0 closed" <"$work/script" ||
	fail "kexec: $(tail -n 5 "$work/said")"
check_dead 'qcmd_crash: hanging all CPUs'
echo "ok: kexec"

# The kernels differ in kexec alone.
[ "$kernel" = 6.12 ] || [ -n "${QCMD_LONG-}" ] || exit 0

# Each time that the machine boots it loads the image, and with it another table than that of the kernel in it.
{
	begin
	cat <<'SCRIPT'
swap=/dev/vdb1
sleep_to_ram() {
	grep -q '\[deep\]' /sys/power/mem_sleep || fail "this machine can't: $(cat /sys/power/mem_sleep)"
	echo +4 >/sys/class/rtc/rtc0/wakealarm
	echo mem >/sys/power/state || fail "no suspend: $(dmesg | tail -n 5)"
}
sleep_to_disk() {
	echo reboot >/sys/power/disk
	echo disk >/sys/power/state || fail "no hibernation: $(dmesg | tail -n 5)"
}
if dd if=$swap bs=1 skip=4086 count=9 2>/dev/null | grep -q S1SUSPEND; then
	modprobe qcom_minidump_ram
	inspect
	cat /sys/class/block/vdb1/dev >/sys/power/resume
	fail "no resume: $(dmesg | tail -n 5)"
fi
mkswap $swap >/dev/null && swapon $swap || fail "no swap"
echo 0 >/sys/power/image_size
bind_mmio
add_regions
inspect
sleep_to_ram
inspect
sleep_to_disk
inspect
echo $device >$driver/unbind
modprobe qcom_minidump_ram
sleep_to_ram
sleep_to_disk
inspect
[ "$(dmesg | grep -c 'PM: suspend exit')" = 2 ] || fail "not two times asleep"
[ "$(dmesg | grep -c 'PM: hibernation: hibernation exit')" = 2 ] || fail "not two times on disk"
./mdnl list
crash panic
SCRIPT
} >"$work/script"
truncate -s 512M "$work/swap"
guest --restart --rawdump "$work/swap" --mem 512 \
	--inspect "$top/tests/vm/inspect-power.py wipe kept,wipe ram=1,wipe kept,ram=0 wipe ram=1" <"$work/script" ||
	fail "sleep: $(tail -n 5 "$work/said")"
check_dead 'end Kernel panic - not syncing: qcmd_crash: panic as asked'
echo "ok: asleep and on disk"
