# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# For tests that look at dumps of a guest; after lib.sh. $qcmdump is the program, $work/crash/ what is left of it.
#
#   no_complaints CORE         readelf reads all of it, without a warning
#   vmcore_dmesg CORE LOG      vmcore-dmesg prints that log, too
#   makedumpfile_log CORE LOG  so does makedumpfile, which reads cores of its own architecture alone
#   check_console LOG WHAT     each line that the kernel printed on the console is in the log
#   check_tasks TASKS WHAT     the "task PID PPID STATE COMM" of $work/said are there
#   symbol NAME                its address by the "symbol NAME=ADDRESS" of $work/said
#   same_elsewhere CORE N      qcmdump for arm64, under qemu-user, says the same of it and writes the same files; N of
#                              the commands have something to say

export LC_ALL=C
qcmdump=$top/build/qcmdump

no_complaints() {
	readelf -aW "$1" >"$work/readelf" 2>&1 || fail "readelf of $1"
	! grep -i warning "$work/readelf" || fail "readelf complains about $1"
}

# Who said it is not on the console: qcmdump has CPU, thread and its name, where the kernel keeps them.
without_context() {
	sed -E 's/^(\[ *[0-9]+\.[0-9]{6}\] )\[C[0-9]+ T[0-9]+ [^]]*\] /\1/'
}

# The other tools print the time once for a record, and indent the rest; dmesg and qcmdump print it for each line.
# makedumpfile 1.7.6 prints the caller, too, "[    T376]", and indents by that as well: so blanks don't count.
without_times() {
	without_context | sed -E 's/^\[ *[0-9]+\.[0-9]{6}\] (\[ *[TC][0-9]+\] )?//; s/^ +//'
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
	without_context <"$1" | sed 's/ *$//' | sort -u | comm -23 "$work/console" - >"$work/missing"
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

symbol() {
	sed -n "s/^symbol $1=//p" "$work/said"
}

# Prints what a qcmdump says, with its exit status. What it writes is in $work/read/.
read_with() { # core, qcmdump
	local core=$1 command
	shift
	rm -rf "$work/read"
	mkdir "$work/read"
	while read -r command; do
		echo "== $command"
		# shellcheck disable=SC2086
		"$@" $command "$core" 2>&1
		echo "== status $?"
	done <<-COMMANDS
	info
	info --json
	log
	log --json
	tasks --all
	tasks --json
	stack --all
	stack --all --json
	regions
	regions --json
	trace
	trace --json
	trace --array=qcmd --output=$work/read/trace.dat
	report --output=$work/read/report.html
	convert --for=crash --output=$work/read/crash.elf
	collect --output=$work/read/again.elf
	COMMANDS
}

same_elsewhere() {
	local sysroot=$top/build/vm/sysroot-arm64
	if [ "$(uname -m)" != x86_64 ] || ! "$top/tests/deps" arm64 2>/dev/null; then
		echo "not looked at: what an arm64 machine says of $1 (tests/deps arm64)"
		return
	fi
	"$top/tests/make" ARCH=arm64 build/arm64/qcmdump || fail "qcmdump for arm64"
	read_with "$1" "$qcmdump" >"$work/said-here"
	rm -rf "$work/read-here"
	mv "$work/read" "$work/read-here"
	read_with "$1" qemu-aarch64-static -L "$sysroot" "$top/build/arm64/qcmdump" >"$work/said-there"
	[ "$(grep -c '^== status 0' "$work/said-here")" = "$2" ] ||
		fail "not $2 commands can read $1: $(grep -B 3 '^== status [1-9]' "$work/said-here")"
	diff "$work/said-here" "$work/said-there" >"$work/diff" ||
		fail "qcmdump for arm64 says something else of $1: $(head -n 5 "$work/diff")"
	diff -r "$work/read-here" "$work/read" || fail "qcmdump for arm64 makes other files of $1"
	echo "ok: $2 of the commands, on an arm64 machine too"
}
