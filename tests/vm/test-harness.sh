#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# tests/vm/run itself: statuses, output, files, and each way to die. The product takes no part in it.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

not_on_debug "it loads no module"

expect() { # status, what was tried
	[ "$status" = "$1" ] || fail "$2: status $status, expected $1"
	echo "ok: $2"
}

# Whether the kernel's banner, as the guest itself printed it, is in the file.
has_banner() {
	local banner
	banner=$(grep -a -o -m1 'Linux version .*' "$work/crash/console.log" | tr -d '\r')
	[ -n "$banner" ] || fail "the console has no banner"
	grep -a -q -F "$banner" "$1" || fail "$1: the kernel's banner is not in it"
}

crash_by() { # shell command, what the console's end has to say
	rm -rf "$work/crash"
	vm --bare --product none --crash "$work/crash" <<<"$1"
	status=$?
	expect 0 "death by: $1"
	has_banner "$work/crash/ram.bin"
	has_banner "$work/crash/vmcore"
	readelf -lW "$work/crash/vmcore" >"$work/segments" || fail "the vmcore is no ELF core"
	grep -q LOAD "$work/segments" || fail "the vmcore has no memory in it"
	tail -n 3 "$work/crash/console.log" | grep -q -F -e "$2" || fail "the console doesn't end in '$2'"
	[ "$(stat -c %s "$work/crash/ram.bin")" = $((1024 << 20)) ] || fail "ram.bin is not as large as the RAM"
}

mkdir "$work/in"
echo brought along >"$work/in/file"
ln -s in/file "$work/link"
out=$(vm --product none --file "$work/in" --file "$work/link" --fetch /srv/out:"$work/out" <<'SCRIPT' 2>/dev/null
[ "$(systemctl is-active multi-user.target dbus.service | sort -u)" = active ] || exit 1
[[ $QCMD_KERNEL = *rt ]] || [ "$(uname -r | cut -d. -f1,2)" = "$QCMD_KERNEL" ] || exit 2
cmp in/file link || exit 3
mkdir out && cp in/file out/ && ln -s /etc/passwd out/link
sleep 1000 &
seq 100000
echo to standard error >&2
printf 'no newline at the end'
exit 42
SCRIPT
)
status=$?
expect 42 "the exit status passes through"
[ "$out" = "$(seq 100000; echo to standard error; printf 'no newline at the end')" ] || fail "the output has changed"
echo "ok: the output passes through whole"
[ "$(cat "$work/out/file")" = "brought along" ] || fail "the file didn't come back"
[ ! -e "$work/out/link" ] || fail "a link came back"
echo "ok: files go there and come back"

# The same code for each kernel: one is enough.
if [ "$kernel" = 6.12 ]; then
	vm --bare --product none --timeout 120 <<<'echo waiting; sleep 1000' >"$work/log" 2>&1
	status=$?
	expect 124 "a script that takes too long"
	grep -qx waiting "$work/log" || fail "the script did not run"
	grep -q 'the time is over' "$work/log" || fail "nothing says that the time is over"

	vm --bare --product none --crash "$work/crash" <<<'exit 0' >"$work/log" 2>&1
	status=$?
	expect 125 "a script that was to crash and did not"
	grep -q 'ended with status 0 instead' "$work/log" || fail "nothing says that the crash didn't come"

	vm --bare --product none <<<'crash sysrq-c' >"$work/log" 2>&1
	status=$?
	expect 125 "a crash that nobody expected"
	grep -q 'the machine died while the script ran (panic)' "$work/log" || fail "nothing says that it died"

	vm --bare --product none <<<'echo "<4>WARNING: CPU: 0 PID: 1 at a test" >/dev/kmsg' >"$work/log" 2>&1
	status=$?
	expect 125 "a kernel that complains"

	crash_by 'crash sysrq-c' '---[ end Kernel panic - not syncing: sysrq triggered crash ]---'
	crash_by 'crash reset' 'sysrq: Resetting'
	crash_by 'echo c >/proc/sysrq-trigger' '---[ end Kernel panic - not syncing: sysrq triggered crash ]---'
fi

# These are done by a module of each kernel.
crash_by 'crash panic' '---[ end Kernel panic - not syncing: qcmd_crash: panic as asked ]---'
crash_by 'crash hang' 'qcmd_crash: hanging all CPUs'
