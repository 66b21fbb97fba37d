#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The smem back end on arm64, with Debian's own qcom_smem driver and emulated boot firmware (tests/firmware/): the
# machine dies and is reset, and the firmware's own walk of the table must agree with what the module listed before.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/lib-dump.sh
. "$(dirname "$0")/lib-dump.sh"
# shellcheck source=tests/vm/lib-firmware.sh
. "$(dirname "$0")/lib-firmware.sh"

need_arm64

arm64() {
	vm_arm64 --backend smem "$@"
}

{
	fail_in_guest
	cat <<'SCRIPT'
modprobe qcom_minidump_smem || fail "the back end doesn't load: $(dmesg | tail -n 3)"
./mdnl backend
[[ $(./mdnl add name=twelve-bytes object=prb) == 'error ENAMETOOLONG: '* ]] || fail "a name of 12 bytes is taken"
insmod "$(modinfo -n qcom_minidump_ram)" 2>/dev/null && fail "a second back end was bound"
SCRIPT
	random_operations 0x60000000
	cat <<'SCRIPT'
./mdnl backend
./mdnl list
crash panic
SCRIPT
} | arm64 --file "$top/tests/vm/random-operations.pl" --crash "$work/crash" >"$work/said" ||
	fail "$(tail -n 5 "$work/said")"
check_saved "$operations random operations, a full table"
[ "$(wc -l <"$work/walked")" = 201 ] || fail "the table was not full"
"$qcmdump" log "$work/core" >"$work/log" || fail "qcmdump log"
tail -n 1 "$work/log" | grep -q 'end Kernel panic - not syncing' || fail "the log doesn't end with the panic"
"$qcmdump" collect "$work/core" -o "$work/dump.elf" || fail "qcmdump collect"
same_elsewhere "$work/dump.elf" 8

hangs smem 'modprobe qcom_minidump_smem slots=16' \
	'boot firmware has put no minidump table in SMEM: item 602 is absent*' \
	"boot firmware's minidump table is too small: SMEM item 602 has 64 bytes, not 336" \
	'firmware has not initialised the minidump table (status 0)' \
	'firmware has disabled minidumps (enabled is 0x4453424c)' \
	'the minidump table has revision 2; this driver knows 1' \
	'the minidump table names 0 regions at 0xdead0000, where no RAM is'
clears smem 'modprobe qcom_minidump_smem' qcom_minidump_smem 0x60000000 $rebinds

# SMEM is no part of the memory that goes to disk: here it is still as it was, and is written again.
truncate -s 512M "$work/swap"
{
	fail_in_guest
	echo 'modprobe qcom_minidump_smem'
	sleeps_to_disk
	echo './mdnl list'
	starts_next_kernel
} | arm64 --rawdump "$work/swap" --crash "$work/crash" >"$work/said" || fail "kexec: $(tail -n 5 "$work/said")"
[ "$(listed | wc -l)" = 2 ] || fail "no table after sleep: $(cat "$work/said")"
is_not_used smem 'Linux has not set it up'

wants_encryption smem 'modprobe qcom_minidump_smem encrypt=1'
