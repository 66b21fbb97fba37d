# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# For tests of a back end whose table is collected from outside of the machine; after lib.sh and lib-dump.sh.
#
#   need_arm64                        what follows is skipped without an arm64 machine and its firmware
#   vm_arm64 [OPTION...] <<'SCRIPT'   as vm does it, with the modules and mdnl in /srv, and nothing else that runs
#   refusals BACKEND LINE...          prints the part of a script that refuses what break-table.py does, one after the
#                                     other, and has the harness do it; each with that in the log
#   fail_in_guest                     prints the beginning of a script
#   random_operations ADDRESS [COUNT] prints the part of a script that does so many; else many, up to a full table
#   sleeps_to_disk                    prints the part of a script that saves memory to the disk of --rawdump and back
#   starts_next_kernel                prints the end of a script: kexec starts what resets the machine at once
#   check_saved WHAT                  after a crash: what the firmware saw is what `mdnl list` said in $work/said
#   listed                            prints what that was, a line for each region: slot:seq:address:size name
#   dumped FILE                       prints the same of a dump
#   check_core WHAT FILE              the regions in the order of the table are an ELF core
#   hangs BACKEND LOAD LINE...        a machine that hangs; LOAD is the command that loads the back end
#   clears BACKEND LOAD [ARG...]      the table is taken away by rebind.sh ARG..., and at last for good
#   wants_encryption BACKEND LOAD [OPTION...]   a table that asks for what this firmware lacks
#   product_dies BACKEND [OPTION...]  a guest with all of the product, and policies, that panics
#   check_cores BACKEND               after that: the cores that other people's tools make are sound; leaves $work/log
#   check_collected BACKEND           what is collected from the files and from the partition says the same

export LC_ALL=C
qcmdump=$top/build/qcmdump
# An emulated arm64 machine takes minutes for all of them: that is for tests/run --all.
operations=2000 rebinds=200
[ -z "${QCMD_LONG-}" ] || operations=10000 rebinds=1000

need_arm64() {
	case $kernel in
	6.12 | 7.3) ;;
	*)
		echo "the arm64 machine has Debian's kernels 6.12 and 7.3 only"
		exit 77
		;;
	esac
	# Debian's packages for arm64 run their scripts when the guest's root file system is made.
	"$top/tests/vm/run-foreign" arm64 || exit 77
	mdnl=$build_for_guest/arm64/tests/mdnl
	[ "$(uname -m)" != aarch64 ] || mdnl=$programs/mdnl
	make_for_guest ARCH=arm64 build/arm64/tests/mdnl || fail "mdnl can't be built for arm64"
}

vm_arm64() {
	vm --arch arm64 --bare --product modules --file "$mdnl" "$@"
}

fail_in_guest() {
	cat <<'SCRIPT'
fail() {
	echo "FAILED: $*"
	exit 1
}
SCRIPT
}

random_operations() {
	echo "./random-operations.pl $1 ${2:-$operations full} &"
	cat <<'SCRIPT'
for _ in $(seq 600); do
	[ ! -e done ] || break
	kill -0 $! 2>/dev/null || fail "random-operations.pl has ended"
	sleep 1
done
[ -e done ] || fail "random-operations.pl takes too long"
SCRIPT
}

# What the firmware has is not as it should be: the log says why, and the machine goes on, with another back end.
refusals() {
	printf 'module=qcom_minidump_%q\n' "$1"
	cat <<'SCRIPT'
refuses() { # what the log says
	local said
	inspect
	dmesg -C
	modprobe "$module" 2>/dev/null
	[[ $(./mdnl backend) != *name=* ]] || fail "the back end was bound: not '$1'"
	said=$(dmesg | sed -n "s/.*$module\( [^ ]*\)\?: //p")
	# shellcheck disable=SC2053
	[[ $said == $1 ]] || fail "the log says '$said', not '$1'"
	insmod "$(modinfo -n qcom_minidump_ram)" || fail "the ram back end doesn't load instead: $1"
	echo 0 >/sys/module/qcom_minidump_ram/parameters/bound
	rmmod qcom_minidump_ram || fail "the ram back end doesn't go: $1"
	! lsmod | grep -q "^$module " || rmmod "$module" || fail "the back end doesn't go: $1"
}
SCRIPT
	printf 'refuses %q\n' "${@:2}"
	echo 'inspect'
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

dumped() {
	"$qcmdump" regions --json "$1" | python3 -c '
import json, sys
for r in json.load(sys.stdin):
    print("%d:%d:%#x:%d %s" % (r["slot"], r["seq"], r["physical"], r["size"], r["name"]))'
}

check_core() {
	readelf -aW "$2" >"$work/out" 2>&1 || fail "$1: readelf"
	! grep -i warning "$work/out" || fail "$1: readelf complains"
}

# The kernel that made the image loads it again.
sleeps_to_disk() {
	cat <<'SCRIPT'
mkswap /dev/vdb1 >/dev/null && swapon /dev/vdb1 || fail "no swap"
echo 0 >/sys/power/image_size
echo test_resume >/sys/power/disk
echo disk >/sys/power/state || fail "no hibernation: $(dmesg | tail -n 5)"
SCRIPT
}

# Debian's kernel for arm64 has no kexec_file_load. The code is PSCI's SYSTEM_RESET: by HVC, then by SMC.
starts_next_kernel() {
	cat <<'SCRIPT'
sync
perl -e 'my @number = (0x52800120, 0x72b08000);
	my $code = pack("V*", @number, 0xd4000002, @number, 0xd4000003);
	my $segment = pack("PQQQ", $code, length $code, 0x50000000, 4096);
	syscall(104, 0x50000000, 1, $segment, 0) == 0 or die "load: $!";
	syscall(142, 0xfee1dead, 672274793, 0x45584543, 0); die "exec: $!"'
SCRIPT
}

# The blobs in the order of the table are an ELF core, and the same is in the rawdump image.
check_saved() {
	local files
	walked >"$work/walked"
	listed >"$work/listed"
	diff "$work/listed" "$work/walked" || fail "$1: the module's listing and the firmware's walk differ"
	files=$(tr -d '\r' <"$work/crash/console.log" | awk '$1 == "firmware:" && $2 == "region" { print $NF }')
	(cd "$work/crash/usb" && xargs cat <<<"$files") >"$work/core" || fail "$1: a blob is missing"
	check_core "$1" "$work/core"
	[ "$(stat -c %s "$work/crash/usb/sahara-table.bin")" = $((64 * $(wc -l <"$work/walked"))) ] ||
		fail "$1: the region table has another length"
	cmp "$work/core" <(tail -c "$(stat -c %s "$work/core")" "$work/crash/storage/rawdump.img") ||
		fail "$1: the rawdump image has other data than the blobs"
	echo "ok: $1: $(wc -l <"$work/walked") regions, $(stat -c %s "$work/core") bytes"
}

# Only the firmware can say what was in the table. Before it holds one it is broken in each way.
hangs() {
	local firmware=
	[ "$1" != mmio ] || firmware=small
	{
		fail_in_guest
		refusals "$1" "${@:3}"
		echo "$2"
		cat <<'SCRIPT'
(printf 'add object=printk_text\nadd object=printk_descs\nsleep 1000\n') | ./mdnl >/dev/null &
for _ in $(seq 300); do ./mdnl list | grep -q 'object=printk_descs' && break; sleep 0.1; done
./mdnl list | grep -q 'object=printk_descs' || fail "the regions were not added"
./mdnl list
crash hang
SCRIPT
	} | vm_arm64 --backend "$1" --firmware "$firmware" --inspect "$top/tests/vm/break-table.py $1" \
		--crash "$work/crash" >"$work/said" || fail "$1: $(cat "$work/said")"
	check_saved "a hang"
}

# The firmware says why it does not use the table.
is_not_used() { # back end, why
	grep -a -q "firmware: .* is not used: $2" "$work/crash/console.log" ||
		fail "$1: the firmware does not say '$2': $(tail -n 3 "$work/crash/console.log")"
	echo "ok: $1: the firmware says: $2"
}

clears() {
	{
		echo "$2"
		printf './rebind.sh %s || exit 1\ncrash reset\n' "${*:3}"
	} | vm_arm64 --backend "$1" --file "$top/tests/vm/random-operations.pl" --file "$top/tests/vm/rebind.sh" \
		--crash "$work/crash" || fail "$1: the machine without a table"
	is_not_used "$1" 'Linux has not set it up'
}

wants_encryption() {
	vm_arm64 --backend "$1" --crash "$work/crash" "${@:3}" <<<"$2; crash reset" ||
		fail "$1: the machine with encryption"
	is_not_used "$1" 'encryption is asked for'
}

# A task that renames itself into the policy's sight, with a child, and more; a region whose name looks like a task's.
product_dies() {
	local backend=$1
	shift
	{
		fail_in_guest
		printf 'backend=%q\n' "$backend"
		cat <<'SCRIPT'
mkdir -p /etc/qcmd.d
cat >/etc/qcmd.d/50-named.conf <<POLICY
[Policy]
Description=Tasks of this test

[Task]
Comm=named-* busy
Register=task stack

[Ftrace]
Instance=qcmd
Events=sched:sched_switch
SizePerCPU=64K
SubBufferSize=16K
POLICY
modprobe qcom_minidump || fail "the module doesn't load"
(printf 'add name=KTASK_2 paddr=0x60000000 size=64\nsleep 1000\n') | ./mdnl >/dev/null &
systemctl start qcmdd || fail "qcmdd doesn't start"
for name in one two; do
	cp "$(command -v sleep)" /run/named-$name
	/run/named-$name 1000 &
done
bash -c 'echo -n named-parent >/proc/self/comm; /run/named-two 1000 & sleep 1000; :' &
for i in $(seq 100); do
	status=$(qcmdctl --no-pager regions)
	[ "$(grep -c -E 'named-(one|two|parent)' <<<"$status")" -lt 8 ] || break
	[ "$i" -lt 100 ] || fail "the tasks are not in the table: $status"
	sleep 0.2
done
[[ $(./mdnl backend) == *" name=$backend "* ]] || fail "another back end: $(./mdnl backend)"
awk '$3 ~ /^(linux_banner|__cpu_present_mask)$/ { print "symbol " $3 "=" $1 }' /proc/kallsyms
echo "qcmd-test: the last record" >/dev/kmsg
for pid in $(pgrep '^named-'); do
	read -r _ comm state ppid _ <"/proc/$pid/stat"
	comm=${comm#\(}
	echo "task $pid $ppid $state ${comm%)}"
done
# Who is wanted by name and runs, too, is there twice: regions at the same addresses.
cp "$(command -v bash)" /run/busy
taskset -c $(($(nproc) - 1)) /run/busy -c 'while :; do :; done' &
for i in $(seq 100); do
	[ "$(qcmdctl --no-pager regions | grep -c 'busy (')" -lt 2 ] || break
	[ "$i" -lt 100 ] || fail "a task is not in the table"
	sleep 0.2
done
crash sysrq-c
SCRIPT
	} | vm --arch arm64 --backend "$backend" --file "$mdnl" --crash "$work/crash" "$@" >"$work/said" ||
		fail "$backend: $(cat "$work/said")"
	[ "$(grep -c '^task ' "$work/said")" = 4 ] || fail "$backend: the guest has other tasks: $(cat "$work/said")"
}

# Put together by other people's rules: by name, in the order of the string table, and by physical address
check_cores() {
	local program name
	for program in parser qdl; do
		"$top/tests/vm/host_tools.py" --banner "$(symbol linux_banner)" \
			--present "$(symbol __cpu_present_mask)" $program "$work/crash/usb" "$work/$program.elf" \
			>"$work/files" 2>&1 ||
			fail "$1: $program: $(cat "$work/files")"
		no_complaints "$work/$program.elf"
		for name in KLOGBUF LOG_DESC LOG_INFO LOG_RING KTASK KTASK_1 KTASK_2 KSTACK; do
			grep -q -x "md_$name.BIN" "$work/files" ||
				fail "$1: $program does not find $name: $(cat "$work/files")"
		done
		# qdl takes that of the first region at an address for the others there, too.
		[ $program = qdl ] || [ -z "$(sort "$work/files" | uniq -d)" ] ||
			fail "$1: $program takes a file twice: $(cat "$work/files")"
		"$qcmdump" log "$work/$program.elf" >"$work/log" || fail "$1: qcmdump log of the core of $program"
		vmcore_dmesg "$work/$program.elf" "$work/log"
		check_console "$work/log" "$1: $program"
		tail -n 1 "$work/log" | grep -q 'end Kernel panic - not syncing: sysrq triggered crash' ||
			fail "$1: the log doesn't end with the panic: $(tail -n 1 "$work/log")"
	done
	cmp "$work/parser.elf" "$work/qdl.elf" || fail "$1: by name and by address give different cores"
	[ "$(wc -l <"$work/files")" = "$(find "$work/crash/usb" -name 'md_*' | wc -l)" ] ||
		fail "$1: not each file is in them"
	echo "ok: $1: cores by other people's rules, of $(wc -l <"$work/files") files"
}

# The dump of a source has no problem, that log and those tasks, and the registers of who panicked.
check_dump() { # back end, source, options of collect
	"$qcmdump" collect --force "${@:3}" "$2" -o "$work/dump.elf" >"$work/out" || fail "$1: collect from $2"
	"$qcmdump" info "$work/dump.elf" >"$work/info" || fail "$1: info of $2"
	grep -q 'Problems: none' "$work/info" || fail "$1: $2: $(cat "$work/info")"
	grep -q 'Registers: CPU [0-9]* from the notifier of the panic$' "$work/info" ||
		fail "$1: $2: $(cat "$work/info")"
	no_complaints "$work/dump.elf"
	"$qcmdump" log "$work/dump.elf" | cmp - "$work/log" || fail "$1: $2 gives another log"
	vmcore_dmesg "$work/dump.elf" "$work/log"
	"$qcmdump" tasks "$work/dump.elf" >"$work/tasks" || fail "$1: tasks of $2"
	check_tasks "$work/tasks" "$1: $2"
	echo "ok: $1: ${2#"$work/"}: $(wc -l <"$work/log") lines of log, $(wc -l <"$work/tasks") of tasks"
}

check_collected() {
	check_dump "$1" "$work/crash/storage/rawdump.img"
	check_dump "$1" "$work/crash/usb"
	# As qdl leaves them: without the region table
	mv "$work/crash/usb/sahara-table.bin" "$work"
	check_dump "$1" "$work/crash/usb"
	mv "$work/sahara-table.bin" "$work/crash/usb"
}
