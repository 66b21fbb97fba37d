#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The layout of C files and scripts, shellcheck on the scripts, clang-format on user space, sparse on the modules.
set -uo pipefail

cd "$(dirname "$(readlink -f "$0")")/.." || exit 1
failed=0

sources() { # patterns
	git -c safe.directory="$PWD" ls-files -z --cached --others --exclude-standard -- "$@"
}

# Tabs of 8 columns, at most 120 of them in a line, nothing after its end.
while IFS= read -r -d '' path; do
	[ -f "$path" ] || continue
	expand -t 8 "$path" | awk -v path="$path" '
		length($0) > 120 { print path ":" NR ": " length($0) " columns, at most 120 are wanted"; bad = 1 }
		/\r$/ { print path ":" NR ": a carriage return"; bad = 1 }
		END { exit bad }' || failed=1
	head -n 1 "$path" | grep -q python || [[ $path == *.py ]] && python=1 || python=0
	awk -v path="$path" -v python="$python" '
		/[ \t]$/ { print path ":" NR ": blanks at the end of the line"; bad = 1 }
		/^ {8}/ && !python { print path ":" NR ": spaces where a tab is wanted"; bad = 1 }
		/^$/ { if (NR == 1 || (empty && !python)) { print path ":" NR ": an empty line too many"; bad = 1 } }
		{ empty = /^$/ }
		END { if (empty) { print path ": an empty line at the end"; bad = 1 }; exit bad }' "$path" || failed=1
	if [ -n "$(tail -c 1 "$path")" ]; then
		echo "$path: no newline at the end"
		failed=1
	fi
done < <(sources '*.c' '*.h' '*.sh' '*.py' tests/run tests/vm/run Makefile)

scripts=()
while IFS= read -r -d '' path; do
	[ -f "$path" ] || continue
	if head -n 1 "$path" | grep -a -q -E '^#!.*\b(ba)?sh$'; then
		scripts+=("$path")
	fi
done < <(sources .)
shellcheck -x "${scripts[@]}" || failed=1

# The modules follow the kernel's own checkpatch, which no package of Debian has by itself.
sources 'bpf/*.[ch]' 'lib/*.[ch]' 'daemon/*.[ch]' 'dump/*.[ch]' 'tests/*.[ch]' ':!tests/vm' ':!tests/firmware' |
	xargs -0 -r clang-format --dry-run --Werror --ferror-limit=1 || failed=1

# Sparse compiles them where guests get them from.
KDIR=$(tests/vm/headers bookworm 6.12) && tests/make sparse KDIR="$KDIR" || failed=1

exit $failed
