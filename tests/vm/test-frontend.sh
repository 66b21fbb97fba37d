#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the core promises to drivers (include/linux/qcom_minidump.h) and to back ends (kmod/backend.h), whichever back
# end is bound. tests/vm/kmod/qcmd_backend.c is one with odd limits that checks each call it gets.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/lib-firmware.sh
. "$(dirname "$0")/lib-firmware.sh"

guest() { # OPTION...; the script comes from standard input
	{
		cat <<'SCRIPT'
fail() {
	echo "FAILED: $*"
	exit 1
}
modules=/usr/lib/qcmd-test
bound() { # module, 0 or 1
	echo "$2" >"/sys/module/$1/parameters/bound"
}
field() { # field, line
	sed -n "s/.* $1=\([^ ]*\).*/\1/p" <<<"$2"
}
# name=NAME of each region of a state, sorted
in_state() {
	./mdnl list | sed -n "s/^region .* name=\([^ ]*\) .*state=$1 .*/\1/p" | sort | paste -sd ' '
}
# One socket, which owns what it adds. ask leaves what is answered in $answer.
open_socket() {
	coproc socket { ./mdnl; }
}
ask() { # command
	local line
	answer=
	echo "$*" >&"${socket[1]}"
	while read -r line <&"${socket[0]}"; do
		[ "$line" != ok ] || return 0
		answer+=$line
		[[ $line != error\ * ]] || return 1
		[ "$line" != lost ] || return 2
	done
	fail "$*: no answer"
}
close_socket() {
	local pid=$socket_PID to=${socket[1]}
	exec {to}>&-
	wait "$pid"
}
want() { # what, wanted, got
	[ "$2" = "$3" ] || fail "$1: '$3', not '$2'"
}
SCRIPT
		cat
	} | vm --bare --product modules --file "$programs/mdnl" --file "$top/tests/vm/random-operations.pl" \
		--file "$top/tests/vm/rebind.sh" "$@"
}

# The kernel's own image may lie in two of the movable blocks, wherever KASLR puts it, and the last one has a hole.
guest --append movablecore=512M <<'SCRIPT' || fail "see above"
# Whoever asks generic netlink for the family by name gets nothing loaded, nor does root.
cp mdnl /tmp
for who in 'setpriv --reuid=65534 --clear-groups' 'setpriv --reuid=65534 --clear-groups unshare -Un' ''; do
	# shellcheck disable=SC2086
	$who /tmp/mdnl list 2>&1 | grep -q 'no netlink family' || fail "${who:-root} finds the family"
done
# Without the feature a driver builds, loads and is told.
lsmod | grep -q minidump && fail "the core is loaded already"
insmod $modules/qcmd_absent.ko || fail "$(dmesg | grep qcmd_absent: | tail -n 1)"
rmmod qcmd_absent
echo "ok: the feature is absent"

# With the core alone all is pending, and every promise to a client is kept.
modprobe qcom_minidump
insmod $modules/qcmd_client.ko || fail "qcmd_client without a back end: $(dmesg | grep qcmd_client | tail -n 1)"
want "no back end" 'KFLAT KSCATTERED KSCATTERED KVMCOREINFO' "$(in_state pending)"
ids=$(./mdnl list | sed -n 's/.* id=\([0-9]*\) name=K[FS].*/\1/p')

# The last byte of RAM that does not end with a page, for a back end that takes whole pages
partial=$(sed -n 's/^[0-9a-f]*-\([0-9a-f]*\) : System RAM$/0x\1/p' /proc/iomem | grep -v 'fff$' | tail -n 1)
[ -n "$partial" ] || fail "all RAM is whole pages: $(cat /proc/iomem)"

# 5 slots: the core's two, KFLAT and the small KSCATTERED; the large one has four pieces.
insmod $modules/qcmd_backend.ko || fail "qcmd_backend: $(dmesg | tail -n 3)"
[[ $(./mdnl backend) == 'backend name=test slots_max=5 slots_used=4 name_max=12 align=64 '* ]] ||
	fail "not the limits of the back end: $(./mdnl backend)"
want "5 slots" 'KELF_HEADER KFLAT KSCATTERED KVMCOREINFO' "$(in_state active)"
./mdnl list | grep -q "name=KSCATTERED .*size=16384 .*state=rejected error='the table is full: .*moves=0 seg=-1:-1:" ||
	fail "no reason for the large region: $(./mdnl list)"
want "rejected" KSCATTERED "$(in_state rejected)"
[[ $(./mdnl add name=thirteen-byte object=prb) == 'error ENAMETOOLONG: '* ]] || fail "a name of 13 bytes is taken"
# Sizes are rounded up to its alignment; the end of the table is its number of slots.
open_socket
ask add name=twelve-bytes paddr=0x100000 size=65
[[ $answer == *' size=65 '*state=active*:0x100000:128 ]] || fail "12 bytes, 65 bytes: $answer"
ask add name=more paddr=0x101000 size=4 && fail "a sixth slot: $answer"
[[ $answer == 'error ENOSPC: the table is full'* ]] || fail "a sixth slot: $answer"
segments() {
	./mdnl list | sed -n 's/^region .* name=\([^ ]*\) .*state=active .* seg=\([0-9]*:[0-9]*\):[^:]*:/\2:\1 /p' |
		sed 's/^\([0-9]*:[0-9]*\):\([^ ]*\) \(.*\)/\1:\3 \2/' | sort -n
}
want "what the back end was told" "$(segments)" "$(cat /sys/module/qcmd_backend/parameters/table)"
close_socket
echo "ok: limits are the back end's"

# Back ends that come and go: each decides anew, region by region, and the ids stay.
rmmod qcmd_backend 2>/dev/null && fail "a bound back end could be unloaded"
modprobe qcom_minidump_ram 2>/dev/null && fail "a second back end was bound"
dmesg | grep -q 'back end ram is not bound: test is' || fail "the log doesn't name the two"
bound qcmd_backend 0
want "unbound" 'KFLAT KSCATTERED KSCATTERED KVMCOREINFO' "$(in_state pending)"
modprobe qcom_minidump_ram || fail "ram"
want "1024 slots" 'KELF_HEADER KFLAT KSCATTERED KSCATTERED KVMCOREINFO' "$(in_state active)"
bound qcmd_backend 1 2>/dev/null && fail "a second back end was bound"
rmmod qcmd_backend || fail "a back end that is not bound can't be unloaded"
# Its module unbinds itself when it is loaded, which is not it that is bound, and fails.
insmod $modules/qcmd_backend.ko 2>/dev/null && fail "a second back end was bound"
want "a stranger unbinds" 'KELF_HEADER KFLAT KSCATTERED KSCATTERED KVMCOREINFO' "$(in_state active)"
rmmod qcom_minidump_ram 2>/dev/null && fail "ram could be unloaded while it is bound"
bound qcom_minidump_ram 0
insmod $modules/qcmd_backend.ko slots=3
want "3 slots" 'KSCATTERED KSCATTERED' "$(in_state rejected)"
bound qcmd_backend 0
bound qcom_minidump_ram 1
want "accepted again" 'KELF_HEADER KFLAT KSCATTERED KSCATTERED KVMCOREINFO' "$(in_state active)"
want "the ids" "$ids" "$(./mdnl list | sed -n 's/.* id=\([0-9]*\) name=K[FS].*/\1/p')"
rmmod qcmd_backend
echo "ok: back ends come and go"

# Every promise again, with a table to write to, and each call checked
rmmod qcmd_client
bound qcom_minidump_ram 0
rmmod qcom_minidump_ram
insmod $modules/qcmd_backend.ko slots=24 name_max=4294967295 align=4096
insmod $modules/qcmd_client.ko || fail "qcmd_client: $(dmesg | grep qcmd_client | tail -n 1)"
[[ $(./mdnl add name=thirty-one-characters-are-a-lot object=prb) == *' state=active '* ]] || fail "a name of 31 bytes"
open_socket
ask add name=PARTIAL paddr="$partial" size=1 && fail "more than RAM: $answer"
[[ $answer == 'error EFAULT: rounded to the ALIGN of the bound back end'* ]] || fail "more than RAM: $answer"
ask add name=WHOLE paddr=0x101001 size=4096
[[ $answer == *' size=4096 '*state=active*:0x101000:8192 ]] || fail "two pages: $answer"
id=$(field id "$answer")
ask update id="$id" paddr="$partial" size=1 && fail "moved to more than RAM: $answer"
[[ $answer == 'error EFAULT: rounded to the ALIGN of the bound back end'* ]] || fail "moved to more than RAM: $answer"
[[ $(./mdnl get id="$id") == *' size=4096 '*state=active*:0x101000:8192* ]] || fail "moved: $(./mdnl get id="$id")"
ask del id="$id"
# One that is there already is refused when such a back end is bound, and not before.
bound qcmd_backend 0
ask add name=PARTIAL paddr="$partial" size=1 || fail "pending: $answer"
bound qcmd_backend 1
[[ $(./mdnl list) == *" name=PARTIAL "*"state=rejected error='rounded to the ALIGN of the bound back end"* ]] ||
	fail "bound with more than RAM: $(./mdnl list)"
close_socket
open_socket
for seq in 0 1 2; do
	ask add name=SAME paddr=0x100000 size=4
	[[ $answer == *" seg="*":$seq:"* ]] || fail "the same name again: $answer"
done
close_socket
rmmod qcmd_client
bound qcmd_backend 0
rmmod qcmd_backend
echo "ok: kernel clients, from process, interrupt and scheduler"

# What makes no sense is refused, whatever it is, and the next one can be bound.
refuses() { # line of the log, parameter...
	local line=$1
	shift
	dmesg -C
	insmod $modules/qcmd_backend.ko "$@" 2>/dev/null && fail "a back end with $* was bound"
	dmesg | grep -q -e "$line" || fail "$*: the log says: $(dmesg)"
	lsmod | grep -q qcmd_backend && fail "$*: still loaded"
}
for what in name ops init write_slot move_slot clear_slot publish close exit; do
	refuses 'lacks a mandatory operation' broken=$what
done
for limits in slots=2 slots=65279 name_max=10 align=0 align=3 align=8192; do
	refuses 'has no sensible limits' $limits
done
insmod $modules/qcmd_backend.ko broken=failing 2>said && fail "a back end that fails was bound"
grep -q 'Input/output error' said || fail "not the error of the back end: $(cat said)"
insmod $modules/qcmd_backend.ko slots=60000 2>said && fail "there is no such large ELF header"
grep -q 'Cannot allocate memory' said || fail "not out of memory: $(cat said)"
want "after them" KVMCOREINFO "$(in_state pending)"
echo "ok: a faulty back end is refused"

# 1,000 times, with ram; less often with the one that checks each call, which takes its time
modprobe qcom_minidump_ram || fail "ram after the faulty ones"

# An error has changed nothing, whichever allocation it is that fails. Debian's kernels let none fail. Those of kmemleak
# and debugobjects would switch them off: only kmalloc() and what messages are made of are meant.
if [ -e /proc/self/fail-nth ]; then
	[ -e /sys/kernel/debug/failslab ] || mount -t debugfs none /sys/kernel/debug
	echo N >/sys/kernel/debug/failslab/ignore-gfp-wait
	echo Y >/sys/kernel/debug/failslab/cache-filter
	echo 0 >/sys/kernel/debug/failslab/verbose
	echo 20 >/sys/kernel/debug/fail_page_alloc/min-order
	for cache in /sys/kernel/slab/{kmalloc,skbuff}*/failslab; do
		(echo 1 >"$cache") 2>/dev/null
	done
	open_socket
	failed=0
	ask add name=MOVES paddr=0x100000 size=4 || fail "$answer"
	id=$(field id "$answer")
	ask note text=A=1 name=NOTE
	note=$(field id "$answer")
	state() {
		local request
		now=
		for request in "get id=$id" "get id=$note" backend; do
			ask "$request" || fail "$request: $answer"
			now+=$answer
		done
	}
	for n in $(seq 40); do
		for request in 'add name=ADD object=prb' "update id=$id paddr=0x$((100 + n))000" \
			"note text=$n name=NOTE"; do
			state
			was=$now
			ask "$request" fail="$n"
			[ $? = 1 ] || continue
			failed=$((failed + 1))
			said=$answer
			state
			want "$request: $said, of the ${n}th allocation" "$was" "$now"
		done
	done
	[ $failed -ge 10 ] || fail "only $failed requests failed"
	close_socket
	echo "ok: $failed requests that fail"
fi
./rebind.sh qcom_minidump_ram 0x10000000 || exit 1
insmod $modules/qcmd_backend.ko slots=256 align=4
./rebind.sh qcmd_backend 0x10000000 100 || exit 1

# Memory that goes
modprobe qcom_minidump_ram
size=$((0x$(cat /sys/devices/system/memory/block_size_bytes)))
# One that can go: it does so twice, and is empty the second time.
for block in /sys/devices/system/memory/memory*; do
	[ "$(cat "$block/valid_zones")" = Movable ] || continue
	(echo offline >"$block/state") 2>/dev/null && echo online_movable >"$block/state" && break
done
[ "$(cat "$block/valid_zones")" = Movable ] || fail "no memory can be taken out"
at=$(printf '%#x' $((0x$(cat "$block/phys_index") * size + 0x4000)))
open_socket
ask add name=STAYS paddr=0x100000 size=4096
ask add name=GOES paddr="$at" size=4096
id=$(field id "$answer")
want "before" 'GOES KELF_HEADER KVMCOREINFO STAYS' "$(in_state active)"
slots=$(field slots_used "$(./mdnl backend)")
echo offline >"$block/state" || fail "$block can't be taken out"
want "the memory is gone" GOES "$(in_state rejected)"
./mdnl list | grep -q "name=GOES .*error='its memory was taken out of the machine'" || fail "no reason: $(./mdnl list)"
want "slots" $((slots - 1)) "$(field slots_used "$(./mdnl backend)")"
[[ $(./mdnl add name=LATE paddr="$at" size=4096) == 'error EFAULT: '*'is not RAM'* ]] ||
	fail "memory that is gone is taken"
bound qcom_minidump_ram 0
bound qcom_minidump_ram 1
want "another binding doesn't bring it back" GOES "$(in_state rejected)"
# A region that moves to memory that is there is saved again.
ask update id="$id" paddr=0x200000
want "moved" 'GOES KELF_HEADER KVMCOREINFO STAYS' "$(in_state active)"
echo online_movable >"$block/state" || fail "$block can't be brought back"
[[ $(./mdnl add name=LATE paddr="$at" size=4096) == *state=active* ]] || fail "memory that is back is not taken"
close_socket
bound qcom_minidump_ram 0
rmmod qcom_minidump_ram && rmmod qcom_minidump || fail "the core can't be unloaded"
dmesg | grep 'regions were leaked' && fail "a leak"
echo "ok: memory that goes takes its regions along"
exit 0
SCRIPT

# The ELF header while the last slots of a table of firmware's size are taken, looked at from outside; and a driver's
# memory (kmod/samples/) in the dump of that machine.
guest --crash "$work/crash" --inspect "/usr/bin/python3 $top/tests/vm/inspect-table.py --slots" >"$work/said" \
	<<'SCRIPT' || fail "$(cat "$work/said")"
log=/sys/module/qcom_minidump_sample/parameters/log
insmod $modules/qcom_minidump_sample.ko 2>/dev/null && fail "the sample loads without the core"
modprobe qcom_minidump_ram slots=201
insmod $modules/qcom_minidump_sample.ko
want "the sample" 'KELF_HEADER KSAMPLE KSAMPLELOG KVMCOREINFO' "$(in_state active)"
open_socket
for i in $(seq 5 201); do
	ask add name=KFILL$((i * 7919 % 100000)) paddr=$((0x100000 + i * 4096)) size=$((i * 13)) || fail "$i: $answer"
	[ "$i" -lt 198 ] || inspect
done
ask add name=KFILL paddr=0x100000 size=4 && fail "a 202nd slot: $answer"
[[ $answer == 'error ENOSPC: the table is full'* ]] || fail "a 202nd slot: $answer"
for i in 1 2 3 4 5 6; do
	echo "record $i: something that takes the log to a larger buffer" >$log
done
./mdnl list | grep -q 'name=KSAMPLELOG .*moves=[1-9]' || fail "the log has not moved: $(./mdnl list | grep KSAMPLE)"
inspect
close_socket
wait_regions() { # number
	for _ in $(seq 100); do
		[ "$(./mdnl list | wc -l)" != "$1" ] || return 0
		sleep 0.1
	done
	fail "not $1 regions: $(./mdnl list)"
}
wait_regions 4
# A region of 128 pieces that comes, moves beside itself and in place, and goes, with others before and behind it
insmod $modules/qcmd_client.ko pieces=128 || fail "qcmd_client: $(dmesg | grep qcmd_client | tail -n 1)"
inspect
open_socket
for i in $(seq 20); do
	ask add name=KBEHIND$i paddr=$((0x100000 + i * 4096)) size=$((i * 17)) || fail "$i: $answer"
done
inspect
rmmod qcmd_client
inspect
close_socket
wait_regions 4
inspect
crash panic
SCRIPT
for used in 198 199 200 201 201 134 154 24 4; do
	echo "inspected: $used of 201 slots"
done >"$work/wanted"
sed -n 's/^\(inspected: .* slots\), ELF header of [0-9]* bytes intact$/\1/p' "$work/said" | diff "$work/wanted" - ||
	fail "not what was to be inspected: $(cat "$work/said")"
echo "ok: the ELF header with 198 to 201 slots of 201"

section() { # name
	local offset size
	read -r offset size < <(readelf -SW "$work/dump.elf" |
		sed -n "s/.* $1 *PROGBITS *[0-9a-f]* \([0-9a-f]*\) \([0-9a-f]*\) .*/\1 \2/p")
	dd if="$work/dump.elf" of="$work/$1" bs=1 skip=$((0x$offset)) count=$((0x$size)) status=none || fail "dd: $1"
}
"$top/build/qcmdump" collect "$work/crash/ram.bin" -o "$work/dump.elf" || fail "qcmdump collect"
section KSAMPLE
section KSAMPLELOG
[ "$(head -c 13 "$work/KSAMPLE")" = 'sample driver' ] || fail "KSAMPLE is not the sample's state"
[ "$(od -A n -t u8 -j 16 -N 8 "$work/KSAMPLE" | tr -d ' ')" = 6 ] || fail "KSAMPLE doesn't have the last state"
for i in 1 2 3 4 5 6; do
	echo "record $i: something that takes the log to a larger buffer"
done >"$work/log"
cmp -n "$(stat -c %s "$work/log")" "$work/log" "$work/KSAMPLELOG" || fail "KSAMPLELOG is not the sample's log"
echo "ok: the memory of the sample driver is in the dump"

# Random operations and a full table, with ram: what is in memory is what the module lists.
{
	echo 'modprobe qcom_minidump_ram slots=201'
	operations=10000 random_operations 0x20000000
	echo './mdnl list; crash panic'
} | guest --crash "$work/crash" >"$work/said" ||
	fail "$(tail -n 5 "$work/said")"
"$qcmdump" collect --force "$work/crash/ram.bin" -o "$work/dump.elf" || fail "qcmdump collect"
listed >"$work/listed"
[ "$(wc -l <"$work/listed")" = 201 ] || fail "the table was not full: $(cat "$work/said")"
dumped "$work/dump.elf" | diff "$work/listed" - || fail "the table is not what the module listed"
echo "ok: 10,000 random operations, a full table"
