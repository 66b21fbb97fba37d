#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What boot firmware leaves of a crash, emulated on the host: files as after a download over USB, a rawdump partition,
# and the cores that other people's tools put together from it. All of them say what the machine's whole memory says.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/lib-dump.sh
. "$(dirname "$0")/lib-dump.sh"

# Some tasks that come and go, so that the table is not in the order in which it was filled.
vm --crash "$work/crash" <<'SCRIPT' >"$work/said" || fail "$(cat "$work/said")"
mkdir -p /etc/qcmd.d
cat >/etc/qcmd.d/50-named.conf <<POLICY
[Policy]
Description=Tasks of this test

[Task]
Comm=named-*
Register=task stack
POLICY
systemctl start qcmdd || exit 1
cd /tmp
for name in one two three four; do
	cp "$(command -v sleep)" named-$name
done
PATH=$PATH:/tmp
named-one 1000 &
named-two 3 &
named-three 1000 &
sleep 5
named-four 1000 &
awk '$3 ~ /^(linux_banner|__cpu_present_mask)$/ { print "symbol " $3 "=" $1 }' /proc/kallsyms
echo "qcmd-test: the last record" >/dev/kmsg
# Who is wanted by name and runs, too, is there twice: regions at the same addresses.
cp "$(command -v bash)" named-busy
taskset -c $(($(nproc) - 1)) named-busy -c 'while :; do :; done' &
sleep 3
crash sysrq-c
SCRIPT

"$top/tests/vm/write-blobs.py" "$work/crash/ram.bin" "$work/left" || fail "the table cannot be walked"

"$qcmdump" collect "$work/crash/ram.bin" -o "$work/ram.elf" || fail "collect from ram.bin"
for view in log tasks; do
	"$qcmdump" $view "$work/ram.elf" >"$work/ram.$view" || fail "$view of ram.bin"
done
grep -q 'qcmd-test: the last record$' "$work/ram.log" || fail "the log lacks what was written last"
for name in one three four busy; do
	grep -q "named-$name$" "$work/ram.tasks" || fail "named-$name is not among the tasks: $(cat "$work/ram.tasks")"
done

# The dump of a source is sound and says what ram.bin says.
same() { # source
	"$qcmdump" collect --force "$work/left/$1" -o "$work/dump.elf" >"$work/out" || fail "collect from $1"
	no_complaints "$work/dump.elf"
	for view in log tasks; do
		"$qcmdump" $view "$work/dump.elf" >"$work/dump.$view" || fail "$view of $1"
		cmp "$work/ram.$view" "$work/dump.$view" || fail "$1 gives another $view"
	done
	"$qcmdump" regions "$work/dump.elf" >"$work/dump.regions" || fail "regions of $1"
	vmcore_dmesg "$work/dump.elf" "$work/ram.log"
	makedumpfile_log "$work/dump.elf" "$work/ram.log"
	"$qcmdump" info "$work/dump.elf" >"$work/info" || fail "info of $1"
}

for source in blobs rawdump; do
	same $source
	grep -q 'Problems: none' "$work/info" || fail "$source: $(cat "$work/info")"
	[ "$(wc -l <"$work/dump.regions")" = "$("$qcmdump" regions "$work/ram.elf" | wc -l)" ] ||
		fail "$source has other regions than ram.bin"
	echo "ok: $source"
done

# Put together by other people's rules: cores as they are
for program in parser qdl; do
	"$top/tests/vm/host_tools.py" --banner "$(symbol linux_banner)" --present "$(symbol __cpu_present_mask)" \
		$program "$work/left/blobs" "$work/$program.elf" >"$work/$program.files" 2>&1 ||
		fail "$program: $(cat "$work/$program.files")"
	no_complaints "$work/$program.elf"
	"$qcmdump" log "$work/$program.elf" | cmp - "$work/ram.log" || fail "the core of $program gives another log"
	vmcore_dmesg "$work/$program.elf" "$work/ram.log"
	echo "ok: the core of $program"
done
cmp "$work/parser.elf" "$work/qdl.elf" || fail "both ways of putting a core together differ"
[ -z "$(sort "$work/parser.files" | uniq -d)" ] || fail "a file is there twice: $(sort "$work/parser.files" | uniq -d)"

# Without the lists of addresses: the log needs none, and the numbers in the ELF header tell equal names apart.
rm "$work/left/blobs/load.cmm" "$work/left/blobs/sahara-table.bin"
same blobs
grep -q 'Problems: none' "$work/info" || fail "without addresses: $(cat "$work/info")"
# Names as some hosts leave them
for file in "$work"/left/blobs/md_*; do
	mv "$file" "${file%.BIN}.bin"
done
"$qcmdump" collect --force "$work/left/blobs" -o "$work/dump.elf" >"$work/out" || fail "collect from lower-case names"
"$qcmdump" log "$work/dump.elf" | cmp - "$work/ram.log" || fail "another log from lower-case names"
# A file that is lost
rm "$work/left/blobs/md_KUTSNAME.bin"
"$qcmdump" collect --force "$work/left/blobs" -o "$work/dump.elf" >"$work/out" || fail "collect with a file missing"
grep -q 'KUTSNAME is missing' "$work/out" || fail "nothing is said of the missing file: $(cat "$work/out")"
"$qcmdump" log "$work/dump.elf" | cmp - "$work/ram.log" || fail "another log with a file missing"
echo "ok: without addresses, lower case, a file missing"
