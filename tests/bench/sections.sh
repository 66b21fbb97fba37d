#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# In a guest: sections.sh LIMIT SLOTS... fills a table with so many slots and changes it; sections.py prints the longest
# section of each change.

limit=$1
shift

fail() {
	echo "FAILED: $*"
	exit 1
}

symbols() { # pattern: their addresses
	awk -v pattern="^($1)\$" '$3 ~ pattern && $2 ~ /[tT]/ && !$4 { print $1 }' /proc/kallsyms
}

watch() {
	local spin='_raw_spin_'
	awk '$2 ~ /[tT]/ && $4 ~ /^.qcom_minidump/ { print $1 ":" $3 }' /proc/kallsyms | xargs -n 40 inspect ours
	symbols "${spin}lock(|_irq|_irqsave|_bh)|${spin}trylock" | xargs inspect locks
	symbols "${spin}unlock(|_irq|_irqrestore|_bh)" | xargs inspect unlocks
	symbols 'asm_(exc|sysvec)_.*|asm_common_interrupt|asm_spurious_interrupt|entry_SYSCALL_64' |
		xargs -n 40 inspect entries
}

# Each request is answered by "ok" or an error, and before that by a region if it is about one.
answered() {
	grep -c -E '^(ok|error)' answers
}

ask() {
	local before
	before=$(answered)
	printf '%s\n' "$*" >&4
	until [ "$(answered)" -gt "$before" ]; do sleep 0.02; done
	[[ $(tail -n 1 answers) == ok ]] || fail "$*: $(tail -n 1 answers)"
}

ids() {
	sed -n 's/^region.* id=\([0-9]*\) .*/\1/p' answers
}

fill() { # regions; those that follow each other have different sizes
	awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++)
		printf "add name=KFILL paddr=%d size=%d\n", 16777216 + i * 4096, 64 + i % 7 * 64 }' >&4
	until [ "$(answered)" = $(($1 + 1)) ]; do sleep 0.5; done
	! grep error answers || fail "the table is too small"
}

measure() { # what, command...
	inspect watch
	"${@:2}"
	inspect longest "$limit" "$slots slots, $1"
}

stop_task() {
	kill "$task"
	wait "$task" 2>/dev/null
}

list() {
	./mdnl list >listed
}

close_socket() {
	exec 4>&-
	wait "$owner"
}

write() { # text, file
	echo "$1" >"$2"
}

modprobe qcom_minidump own=0 || fail "qcom_minidump"
insmod /usr/lib/qcmd-test/qcmd_pieces.ko || fail "qcmd_pieces"
pieces=$(cat /sys/module/qcmd_pieces/parameters/address)
bound=/sys/module/qcom_minidump_ram/parameters/bound
mkfifo asked
for slots; do
	modprobe qcom_minidump_ram slots="$slots" || fail "a table of $slots slots"
	watch
	./mdnl <asked >answers &
	owner=$!
	exec 4>asked
	# An update needs room for the old pieces and for the new ones.
	ask add name=KFIRST addr="$pieces" size=524288
	fill $((slots - 440))
	first=$(ids | head -n 1)

	measure "add a region" ask add name=KNEW paddr=0x800000 size=64
	measure "move it to another place with another size" ask update "id=$(ids | tail -n 1)" paddr=0x801000 size=512
	# There is no room for both, and all that is behind its first piece gets another place in the file.
	ask add name=KPIECES addr="$pieces" size=524288
	ask add name=KPIECES addr="$pieces" size=524288
	measure "move the first one in place, of 128 pieces" ask update "id=$first" addr=$((pieces + 64)) size=524224
	for id in $(ids | tail -n 3 | head -n 2); do ask del "id=$id"; done
	measure "remove the first one, of 128 pieces" ask del "id=$first"
	measure "add one of 128 pieces" ask add name=KPIECES addr="$pieces" size=524288
	id=$(ids | tail -n 1)
	measure "move it, to 64 pieces" ask update "id=$id" addr="$pieces" size=262144
	measure "move it, to 128 pieces" ask update "id=$id" addr="$pieces" size=524288
	measure "remove it" ask del "id=$id"
	(read -r start </sys/module/qcmd_pieces/parameters/start && echo "$start" >started && exec sleep 1000) &
	task=$!
	until [ -s started ]; do sleep 0.02; done
	ask add name=KSTACK pid=$task start="$(cat started)" part=2
	rm started
	measure "a task ends, and with it its stack" stop_task
	ask add name=KCPU cpu=0 part=2
	measure "follow what a CPU runs" sleep 0.5
	measure "a CPU goes" write 0 /sys/devices/system/cpu/cpu1/online
	measure "a CPU comes" write 1 /sys/devices/system/cpu/cpu1/online
	measure "list all" list
	measure "unbind the back end" write 0 $bound
	measure "bind the back end" write 1 $bound
	measure "a socket closes that has all of them" close_socket
	write 0 $bound
	rmmod qcom_minidump_ram || fail "the back end can't be unloaded"
done
