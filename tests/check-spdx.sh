#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Every file says its licence: GPL-2.0-only, and the headers of the uAPI with the exception for programs.
set -euo pipefail

cd "$(dirname "$(readlink -f "$0")")/.."
failed=0
while IFS= read -r -d '' path; do
	case $path in
	# The licence itself, and inputs whose bytes are the test.
	LICENSE | tests/fuzz/corpus/* | tests/unit/*/*) continue ;;
	include/uapi/*) want='GPL-2.0-only WITH Linux-syscall-note' ;;
	*) want='GPL-2.0-only' ;;
	esac
	[ -f "$path" ] || continue
	line=$(head -n 5 "$path" | grep -a -m1 'SPDX-License-Identifier:' || true)
	line=${line#*SPDX-License-Identifier: }
	line=${line% \*/}
	line=${line% -->}
	if [ "$line" != "$want" ]; then
		echo "$path: the first lines must have: SPDX-License-Identifier: $want"
		failed=1
	fi
done < <(git -c safe.directory="$PWD" ls-files -z --cached --others --exclude-standard)
exit $failed
