#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The mmio back end. On x86_64 its registers are memory that the machine shares with its host, a PCI device that has to
# be bound, and the host reads the table while the machine runs. On arm64 they are in the device tree, and emulated boot
# firmware (tests/firmware/) reads them.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/lib-firmware.sh
. "$(dirname "$0")/lib-firmware.sh"

# The rule for udev is the one in the documentation.
sed -n 's/^    \(.*ATTR{driver_override}="qcom_minidump_mmio".*\)/\1/p' "$top/docs/table.md" >"$work/99-minidump.rules"
[ "$(wc -l <"$work/99-minidump.rules")" = 1 ] || fail "docs/table.md has no rule for udev"

# What the host does beside the running machine.
cat >"$work/live" <<LIVE
#!/bin/sh
"$qcmdump" collect --registers "\$1/registers.bin" "\$1/ram.bin" -o "$work/live.elf" >"$work/live.said"
LIVE
chmod +x "$work/live"
: >"$work/live.said"

ends_with_panic() {
	[[ $(tail -n 1 "$work/log") == *'end Kernel panic - not syncing: qcmd_crash: panic as asked'* ]] ||
		fail "the log doesn't end with the panic: $(tail -n 1 "$work/log")"
}

# The regions of the listing, one after the other.
concatenate() {
	python3 - "$work/listed" "$work/crash/ram.bin" <<'PYTHON'
import sys
with open(sys.argv[1]) as listed, open(sys.argv[2], "rb") as ram:
    for line in listed:
        address, size = line.split()[0].split(":")[2:]
        ram.seek(int(address, 16))
        sys.stdout.buffer.write(ram.read(int(size)))
PYTHON
}

# Fewer random operations than on arm64, as this runs on two kernels.
{
	fail_in_guest
	cat <<'SCRIPT'
device=/sys/bus/pci/devices/0000:00:10.0
driver=/sys/bus/pci/drivers/qcom_minidump_mmio
backend() {
	./mdnl backend | sed -n 's/.*name=\([a-z]*\) slots_max=\([0-9]*\) .*/\1 \2/p'
}
# The registers that Linux writes, in BAR 2; only while nobody else has it.
registers() {
	perl -e 'open(my $bar, "+<", "$ARGV[0]/resource2") or die; my $at = syscall(9, 0, 4096, 1, 1, fileno($bar), 0);
		$at > 0 or die; print unpack("H*", unpack("P28", pack("Q", $at + 0x20))), "\n"' $device
}

modprobe qcom_minidump_mmio slots=8 2>/dev/null && fail "a table of 8 slots is taken"
modprobe qcom_minidump_mmio || fail "the back end doesn't load"
[ ! -e $device/driver ] || fail "a device was taken without being asked"
insmod "$(modinfo -n qcom_minidump_ram)" || fail "the ram back end doesn't load"
echo qcom_minidump_mmio >$device/driver_override
echo 0000:00:10.0 >$driver/bind 2>/dev/null && fail "a second back end was bound"
dmesg | grep -q 'back end mmio is not bound: ram is' || fail "nothing says why it was not bound"
rmmod qcom_minidump_mmio qcom_minidump_ram 2>/dev/null && fail "the back end that is bound was unloaded"
echo 0 >/sys/module/qcom_minidump_ram/parameters/bound
rmmod qcom_minidump_ram

# The two commands
echo '' >$device/driver_override
echo qcom_minidump_mmio >$device/driver_override
modprobe qcom_minidump_mmio slots=64 || fail "the back end doesn't load again"
[ "$(backend)" = 'mmio 64' ] || fail "bound is $(backend)"
rmmod qcom_minidump_mmio 2>/dev/null && fail "it was unloaded while bound"
insmod "$(modinfo -n qcom_minidump_ram)" 2>/dev/null && fail "another back end was bound, too"

# Unbound at any time: a note comes, grows and moves meanwhile.
(while echo "note fill=$((RANDOM % 4000 + 1))"; do :; done | ./mdnl >/dev/null) 2>/dev/null &
for _ in $(seq 20); do
	echo 0000:00:10.0 >$driver/unbind
	[[ $(registers) =~ ^0{56}$ ]] || fail "the registers were not cleared: $(registers)"
	echo 0000:00:10.0 >$driver/bind || fail "unbound, and not bound again"
done
pkill mdnl
wait
echo 0000:00:10.0 >$driver/unbind
rmmod qcom_minidump_mmio || fail "it can't be unloaded"

# udev does both
echo '' >$device/driver_override
mv 99-minidump.rules /etc/udev/rules.d/
udevadm control --reload
udevadm trigger --action=add --settle $device
[ "$(backend)" = 'mmio 201' ] || fail "the rule for udev does not bind the device: $(backend)"
SCRIPT
	random_operations 0x20000000 3000
	cat <<'SCRIPT'
kill $!
wait
# What a CPU runs is somewhere else each time that one looks.
mkdir -p /etc/qcmd.d
ln -s /dev/null /etc/qcmd.d/current.conf
systemctl start qcmdd || fail "qcmdd doesn't start"
sleep 2
qcmdctl status | grep -q '^Collector: the host, which can read the table' || fail "$(qcmdctl status)"
# Nothing comes or goes any more.
kill -STOP "$(systemctl show -P MainPID qcmdd)"
./mdnl list
crash panic
SCRIPT
} | vm --backend mmio --append qcom_minidump.own=0 --file "$programs/mdnl" --file "$top/tests/vm/random-operations.pl" \
	--file "$work/99-minidump.rules" --live "$work/live" --crash "$work/crash" >"$work/said" ||
	fail "x86_64: $(tail -n 5 "$work/said" "$work/live.said")"
listed >"$work/listed"
[ "$(wc -l <"$work/listed")" -gt 20 ] || fail "the listing is short: $(cat "$work/said")"
dumped "$work/live.elf" | diff "$work/listed" - || fail "the host saw another table than the machine had"
grep -q 'back end mmio' "$work/live.said" || fail "it was read in another way: $(cat "$work/live.said")"
! grep -q problem "$work/live.said" || fail "$(cat "$work/live.said")"
"$qcmdump" log "$work/live.elf" >"$work/log" || fail "qcmdump log of the running machine"
! grep -q 'Kernel panic' "$work/log" || fail "the machine was read when it was dead"
echo "ok: bound when asked, unbound at any time, $(wc -l <"$work/listed") regions seen by the host"

for memory in ram.bin vmcore; do
	rm -f "$work/dead.elf"
	"$qcmdump" collect --registers "$work/crash/registers.bin" "$work/crash/$memory" -o "$work/dead.elf" ||
		fail "qcmdump collect $memory"
	dumped "$work/dead.elf" | diff "$work/listed" - || fail "$memory: another table"
	"$qcmdump" log "$work/dead.elf" >"$work/log" || fail "qcmdump log"
	ends_with_panic
	"$qcmdump" tasks "$work/dead.elf" >"$work/tasks" || fail "qcmdump tasks"
	grep -q ' qcmdd$' "$work/tasks" || fail "qcmdd is not among the tasks"
done
concatenate >"$work/core" || fail "a region is not in the memory"
check_core "x86_64" "$work/core"
echo "ok: what is left after a panic"

# The arm64 machine has one kernel.
[[ $kernel = 6.12 || $kernel = 7.3 ]] || exit 0
need_arm64
{
	fail_in_guest
	cat <<'SCRIPT'
# Nobody asked for it: the device tree names the device.
udevadm settle
./mdnl backend | grep 'name=mmio slots_max=201 .*name_max=11 align=4' || fail "udev has not loaded the back end"
[[ $(./mdnl add name=twelve-bytes object=prb) == 'error ENAMETOOLONG: '* ]] || fail "a name of 12 bytes is taken"
SCRIPT
	random_operations 0x60000000
	cat <<'SCRIPT'
./mdnl list
crash panic
SCRIPT
} | vm --arch arm64 --backend mmio --product modules --append qcom_minidump.own=0 --file "$mdnl" \
	--file "$top/tests/vm/random-operations.pl" --crash "$work/crash" >"$work/said" ||
	fail "$(tail -n 5 "$work/said")"
check_saved "$operations random operations, a full table"
[ "$(wc -l <"$work/walked")" = 201 ] || fail "the table was not full"
"$qcmdump" log "$work/core" >"$work/log" || fail "qcmdump log"
ends_with_panic

# One more device is always wrong.
small='there is no minidump table: its registers would take 60 bytes, not 0x0000000000000020'
hangs mmio 'modprobe qcom_minidump_mmio' 'there is no minidump table: its registers read as all ones'$'\n'"$small" \
	'firmware has not initialised the minidump table (status 0)'$'\n'"$small" \
	'firmware has disabled minidumps (enabled is 0x4453424c)'$'\n'"$small" \
	'the minidump table has revision 2; this driver knows 1'$'\n'"$small" \
	'the minidump table names 0 regions at 0xdead0000, where no RAM is'$'\n'"$small"
driver=/sys/bus/platform/drivers/qcom_minidump_mmio
clears mmio 'modprobe qcom_minidump_mmio' qcom_minidump_mmio 0x60000000 $rebinds \
	"'echo 40140000.minidump >$driver/bind'" "'echo 40140000.minidump >$driver/unbind'"
wants_encryption mmio 'modprobe qcom_minidump_mmio' --append qcom_minidump_mmio.encrypt=1
