# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# For tests that look at dumps of a guest; after lib.sh. $qcmdump is the program, $work/crash/ what is left of it.
#
#   no_complaints CORE         readelf reads all of it, without a warning
#   vmcore_dmesg CORE LOG      vmcore-dmesg prints that log, too
#   makedumpfile_log CORE LOG  so does makedumpfile, which reads cores of its own architecture alone
#   check_console LOG WHAT     each line that the kernel printed on the console is in the log
#   check_tasks TASKS WHAT     the "task PID PPID STATE COMM" of $work/said are there

export LC_ALL=C
qcmdump=$top/build/qcmdump

no_complaints() {
	readelf -aW "$1" >"$work/readelf" 2>&1 || fail "readelf of $1"
	! grep -i warning "$work/readelf" || fail "readelf complains about $1"
}

# The other tools print the time once for a record, and may indent the rest; dmesg and qcmdump print it for each line.
without_times() {
	sed -E 's/^(\[ *[0-9]+\.[0-9]{6}\] | {15})//'
}

same_text() { # core, log, what another program prints
	diff <(without_times <"$2") <(without_times <"$3") >"$work/diff" ||
		fail "$(basename "$3") of $1 prints another log: $(head -n 5 "$work/diff")"
}

vmcore_dmesg() {
	vmcore-dmesg "$1" >"$work/vmcore-dmesg" || fail "vmcore-dmesg of $1"
	same_text "$1" "$2" "$work/vmcore-dmesg"
}

makedumpfile_log() {
	rm -f "$work/makedumpfile"
	makedumpfile --dump-dmesg "$1" "$work/makedumpfile" >"$work/out" 2>&1 || fail "$1: $(cat "$work/out")"
	same_text "$1" "$2" "$work/makedumpfile"
}

check_console() {
	tr -d '\r' <"$work/crash/console.log" | grep -a -E '^\[ *[0-9]+\.[0-9]{6}\] ' | sed 's/ *$//' |
		sort -u >"$work/console"
	[ "$(wc -l <"$work/console")" -gt 250 ] || fail "$2: the console has $(wc -l <"$work/console") lines only"
	sed 's/ *$//' "$1" | sort -u | comm -23 "$work/console" - >"$work/missing"
	[ ! -s "$work/missing" ] || fail "$2: the log lacks what the console printed: $(head -n 3 "$work/missing")"
}

check_tasks() {
	local what pid ppid state comm
	while read -r what pid ppid state comm; do
		[ "$what" = task ] || continue
		awk -v pid="$pid" -v ppid="$ppid" -v state="$state" -v comm="$comm" '
			$1 == pid && $3 == ppid && $5 == state && $NF == comm { found = 1 }
			END { exit !found }' "$1" ||
			fail "$2: not as it was: $comm, pid $pid, parent $ppid, $state: $(cat "$1")"
	done <"$work/said"
}
