#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The smem back end on arm64, with Debian's own qcom_smem driver and emulated boot firmware (tests/firmware/): the
# machine dies and is reset, and the firmware's own walk of the table must agree with what the module listed before.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

export LC_ALL=C
if [ "$kernel" != 6.12 ]; then
	echo "the arm64 machine has Debian's kernel 6.12 only"
	exit 77
fi
# Debian's packages for arm64 run their scripts when the guest's root file system is made.
"$top/tests/vm/run-foreign" arm64 || exit 77
qcmdump=$top/build/qcmdump
mdnl=$top/build/arm64/tests/mdnl
[ "$(uname -m)" != aarch64 ] || mdnl=$top/build/tests/mdnl
make -s -C "$top" ARCH=arm64 build/arm64/tests/mdnl || fail "mdnl can't be built for arm64"

arm64() {
	vm --arch arm64 --backend smem --product modules --file "$mdnl" "$@"
}

fail_in_guest() {
	cat <<'SCRIPT'
fail() {
	echo "FAILED: $*"
	exit 1
}
SCRIPT
}

# A firmware table that is not as it should be: one line says why, and the machine goes on, with another back end.
refuses() { # variant, line of the log
	{
		fail_in_guest
		printf 'wanted=%q\n' "$2"
		cat <<'SCRIPT'
modprobe qcom_minidump_smem 2>/dev/null && fail "the back end was loaded"
said=$(dmesg | sed -n 's/.*qcom_minidump_smem: //p')
[[ $said == $wanted ]] || fail "the log says '$said', not '$wanted'"
insmod "$(modinfo -n qcom_minidump_ram)" || fail "the ram back end doesn't load instead"
SCRIPT
	} | arm64 --firmware "$1" || fail "the firmware's table is wrong: $1"
	echo "ok: refuses what is wrong with the table: $1"
}

# What the firmware saw, in the form of the module's listing: slot:seq:address:size name
walked() {
	tr -d '\r' <"$work/crash/console.log" |
		awk '$1 == "firmware:" && $2 == "region" && NF == 8 { print $3 ":" $5 ":" $6 ":" $7 " " $4 }'
}
listed() {
	sed -n 's/^region .* name=\([^ ]*\) .*state=active/\1 /p' "$work/said" | while read -r name rest; do
		grep -o 'seg=[^ ]*' <<<"$rest" | sed "s/seg=\([0-9]*:[0-9]*\):[^:]*/\1/; s/\$/ $name/"
	done | sort -n
}

# The blobs in the order of the table are an ELF core, and the same is in the rawdump image.
check_saved() {
	local files
	walked >"$work/walked"
	listed >"$work/listed"
	diff "$work/listed" "$work/walked" || fail "$1: the module's listing and the firmware's walk differ"
	files=$(tr -d '\r' <"$work/crash/console.log" | awk '$1 == "firmware:" && $2 == "region" { print $NF }')
	(cd "$work/crash/usb" && xargs cat <<<"$files") >"$work/core" || fail "$1: a blob is missing"
	readelf -aW "$work/core" >"$work/out" 2>&1 || fail "$1: readelf"
	! grep -i warning "$work/out" || fail "$1: readelf complains"
	[ "$(stat -c %s "$work/crash/usb/sahara-table.bin")" = $((64 * $(wc -l <"$work/walked"))) ] ||
		fail "$1: the region table has another length"
	cmp "$work/core" <(tail -c "$(stat -c %s "$work/core")" "$work/crash/storage/rawdump.img") ||
		fail "$1: the rawdump image has other data than the blobs"
	echo "ok: $1: $(wc -l <"$work/walked") regions, $(stat -c %s "$work/core") bytes"
}

refuses absent 'boot firmware has put no minidump table in SMEM: item 602 is absent*'
refuses small "boot firmware's minidump table is too small: SMEM item 602 has 64 bytes, not 336"
refuses uninitialised 'boot firmware has not initialised the minidump table (status 0)'
refuses disabled 'boot firmware has disabled minidumps (enabled is 0x4453424c)'
refuses revision "boot firmware's minidump table has revision 2; this driver knows 1"
refuses base "boot firmware's minidump table names 0 regions at 0xdead0000, where no RAM is"

# Random operations, then a full table, in one process, which holds the regions until the machine dies.
cat >"$work/random.pl" <<'SCRIPT'
# SPDX-License-Identifier: GPL-2.0-only
use strict;
use warnings;
use IPC::Open2;

my $operations = 10000;
my $slots = 201;
open2(my $from, my $to, './mdnl');
my @ids;

sub ask {
	print $to "$_[0]\n";
	$to->flush();
	my $answer = '';
	while ($answer !~ /^(ok|error .*)$/m) {
		$answer .= <$from> // die "mdnl has ended\n";
	}
	return $answer;
}

sub range {
	return sprintf('paddr=%#x size=%d', 0x60000000 + 4096 * int(rand(4096)), 4 + 4 * int(rand(1000)));
}

sub add {
	my $answer = ask(sprintf('add name=%s %s', $_[0], range()));
	$answer =~ /^region id=(\d+) / or die "$_[0]: $answer";
	push @ids, $1;
}

srand(4711);
for my $object (qw(prb printk_ring printk_descs printk_infos printk_text init_uts_ns node_states)) {
	my $answer = ask("add object=$object");
	$answer =~ /^region / or die "$object: $answer";
}
for (1 .. $operations) {
	my $what = rand();

	if ($what < 0.3 && @ids < 180) {
		add('KRAND' . int(rand(100)));
	} elsif ($what < 0.5 && @ids) {
		my $id = splice(@ids, int(rand(@ids)), 1);
		my $answer = ask("del id=$id");
		$answer eq "ok\n" or die "del $id: $answer";
	} elsif (@ids) {
		my $answer = ask("update id=$ids[rand(@ids)] " . range());
		$answer =~ /^region / or die "update: $answer";
	}
}
my $used = `./mdnl backend` =~ /slots_used=(\d+)/ ? $1 : die 'no number of slots';
add('KFILL' . $_) for 1 .. $slots - $used;
my $answer = ask('add name=KTOOMANY ' . range());
$answer =~ /^error ENOSPC: the table is full/ or die "number 202: $answer";
$answer = ask('update id=' . $ids[-1] . ' ' . range());
$answer =~ /^region / or die "in a full table: $answer";
open(my $done, '>', 'done');
close($done);
sleep(1000);
SCRIPT
{
	fail_in_guest
	cat <<'SCRIPT'
modprobe qcom_minidump_smem || fail "the back end doesn't load: $(dmesg | tail -n 3)"
./mdnl backend
[[ $(./mdnl add name=twelve-bytes object=prb) == 'error ENAMETOOLONG: '* ]] || fail "a name of 12 bytes is taken"
insmod "$(modinfo -n qcom_minidump_ram)" 2>/dev/null && fail "a second back end was bound"
perl random.pl &
for _ in $(seq 200); do
	[ ! -e done ] || break
	kill -0 $! 2>/dev/null || fail "random.pl has ended"
	sleep 1
done
[ -e done ] || fail "random.pl takes too long"
./mdnl backend
./mdnl list
crash panic
SCRIPT
} | arm64 --file "$work/random.pl" --crash "$work/crash" --timeout 400 >"$work/said" || fail "$(tail -n 5 "$work/said")"
check_saved "10,000 random operations, a full table"
[ "$(wc -l <"$work/walked")" = 201 ] || fail "the table was not full"
"$qcmdump" log "$work/core" >"$work/log" || fail "qcmdump log"
tail -n 1 "$work/log" | grep -q 'end Kernel panic - not syncing' || fail "the log doesn't end with the panic"

# A machine that hangs: only the firmware can say what was in the table.
arm64 --crash "$work/crash" >"$work/said" <<'SCRIPT' || fail "$(cat "$work/said")"
modprobe qcom_minidump_smem slots=16
(printf 'add object=printk_text\nadd object=mem_sections\nsleep 1000\n') | ./mdnl >/dev/null &
sleep 1
./mdnl list
crash hang
SCRIPT
check_saved "a hang"

# Nothing is collected from a table that was taken away, or that asks for what this firmware lacks.
arm64 --crash "$work/crash" <<'SCRIPT' || fail "the machine without a table"
modprobe qcom_minidump_smem
rmmod qcom_minidump_smem 2>/dev/null && exit 1
echo 0 >/sys/module/qcom_minidump_smem/parameters/bound
rmmod qcom_minidump_smem || exit 1
crash reset
SCRIPT
grep -a -q 'firmware: .* is not used: Linux has not set it up' "$work/crash/console.log" ||
	fail "the firmware found a table: $(tail -n 3 "$work/crash/console.log")"
echo "ok: the table is cleared"

arm64 --crash "$work/crash" <<'SCRIPT' || fail "the machine with encryption"
modprobe qcom_minidump_smem encrypt=1
crash reset
SCRIPT
grep -a -q 'firmware: .* is not used: encryption is asked for' "$work/crash/console.log" ||
	fail "encryption was not asked for: $(tail -n 3 "$work/crash/console.log")"
echo "ok: encryption is asked for"
