#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What belongs in the tree: nothing generated, nothing of the machine it was written on, no file too long to read.
set -euo pipefail

cd "$(dirname "$(readlink -f "$0")")/.."
failed=0
complain() {
	echo "$1"
	failed=1
}

known=' bpf daemon docs dump include kmod lib systemd tests Makefile README.md LICENSE .ci .clang-format .gitignore '
while IFS= read -r -d '' path; do
	[ -f "$path" ] || continue
	[[ $known == *" ${path%%/*} "* ]] || complain "$path: ${path%%/*} is not one of the top folders"
	case $path in
	*.o | *.a | *.so | *.ko | *.cmd | *.mod | *.mod.c | *.skel.h | *.elf | *.img | */vmlinux.h | *.pyc)
		case $path in
		tests/fuzz/corpus/* | tests/unit/*/*) ;;
		*) complain "$path: a generated file" ;;
		esac
		;;
	*.c | *.h | *.sh | *.py | tests/run | tests/vm/run)
		lines=$(wc -l <"$path")
		[ "$lines" -le 900 ] || complain "$path: $lines lines, at most 900 are wanted"
		;;
	esac
	[ "$(stat -c %s "$path")" -le $((256 << 10)) ] || complain "$path: larger than 256 KiB"
	for place in "$PWD" "$HOME"; do
		[ "$place" != / ] || continue
		if grep -q -I -F -e "$place/" "$path"; then
			complain "$path: names the folder $place of this machine"
		fi
	done
done < <(git -c safe.directory="$PWD" ls-files -z --cached --others --exclude-standard)
exit $failed
