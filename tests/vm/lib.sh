# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For the tests of this folder, which run on the host: . "$(dirname "$0")/lib.sh"
#
#   vm [OPTION...] <<'SCRIPT'   runs the script in a guest with the kernel $QCMD_KERNEL; $work is a scratch folder
#   fail MESSAGE                ends the test
#   not_on_debug WHY            what follows is skipped with a kernel that checks itself
#   release                     prints the release of that kernel, on this machine's architecture

set -uo pipefail

top=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
kernel=${QCMD_KERNEL:-6.12}
mkdir -p "$top/build/tests"
work=$(mktemp -d "$top/build/tests/$(basename "$0" .sh)-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' TERM INT

fail() {
	echo "FAILED: $*"
	exit 1
}

vm() {
	{
		printf '#!/bin/bash\n'
		cat
	} >"$work/$(basename "$0")"
	chmod +x "$work/$(basename "$0")"
	"$top/tests/vm/run" --kernel "$kernel" "$@" "$work/$(basename "$0")"
}

not_on_debug() {
	[[ $kernel != *debug ]] || {
		echo "$1"
		exit 77
	}
}

release() {
	local headers
	headers=$("$top/tests/vm/headers" "$kernel") && echo "${headers##*/linux-headers-}"
}

# A program with its libraries, so that it runs where there is nothing else.
with_libraries() { # program, folder
	install -D "$1" -t "$2/bin"
	ldd "$1" | grep -o '/[^ ]*' | while read -r library; do
		install -D "$library" -t "$2/lib"
	done
	mkdir -p "$2/lib64"
	cp "$(readlink -f /lib64/ld-linux-x86-64.so.2)" "$2/lib64/ld-linux-x86-64.so.2"
}
