#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# docs/reviewers.md has each demand and each defect once, and the tests that it names exist.
set -uo pipefail

cd "$(dirname "$(readlink -f "$0")")/.." || exit 1
failed=0

numbers() { # first line of a table
	sed -n "/^| # | $1/,/^$/s/^| \([0-9]*\) |.*/\1/p" docs/reviewers.md
}
diff <(seq 41) <(numbers who) || { echo "the demands are not 1 to 41"; failed=1; }
diff <(seq 14) <(numbers defect) || { echo "the defects are not 1 to 14"; failed=1; }
while read -r path; do
	[ -f "$path" ] || { echo "docs/reviewers.md names $path, which does not exist"; failed=1; }
done < <(grep -o '.tests/[a-z/._-]*' docs/reviewers.md | sed -n 's/^`//p' | sort -u)
exit $failed
