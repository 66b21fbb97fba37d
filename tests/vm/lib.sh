# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034
# For the tests of this folder, which run on the host: . "$(dirname "$0")/lib.sh"
#
#   vm [OPTION...] <<'SCRIPT'   runs the script in a guest of $QCMD_SUITE with the kernel $QCMD_KERNEL; $work is a
#                               scratch folder
#   make_for_guest TARGET...    builds for such a guest; in $programs are those of tests/ that guests can run
#   fail MESSAGE                ends the test
#   not_on_debug WHY            what follows is skipped with a kernel that checks itself
#   release                     prints the release of that kernel, on this machine's architecture
#   vmlinuz                     prints where that is

set -uo pipefail

top=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
kernel=${QCMD_KERNEL:-6.12}
own_suite=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
suite=${QCMD_SUITE:-$own_suite}
build_for_guest=$top/build
[ "$suite" = "$own_suite" ] || build_for_guest=$top/build/$suite
programs=$build_for_guest/tests
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
	"$top/tests/vm/run" --suite "$suite" --kernel "$kernel" "$@" "$work/$(basename "$0")"
}

make_for_guest() {
	"$top/tests/vm/inside" "$suite" tests/make "$@"
}

not_on_debug() {
	[[ $kernel != *debug ]] || {
		echo "$1"
		exit 77
	}
}

release() {
	local headers
	headers=$("$top/tests/vm/headers" "$suite" "$kernel") && echo "${headers##*/linux-headers-}"
}

vmlinuz() {
	local release
	release=$(release) && echo "$top/build/vm/kernel/$release/boot/vmlinuz-$release"
}

# A program with its libraries and what loads them, whatever a guest has: FOLDER/run runs it there.
with_libraries() { # program, folder
	install -D "$1" -t "$2/bin"
	ldd "$1" | grep -o '/[^ ]*' | while read -r library; do
		install -D "$library" -t "$2/lib"
	done
	cat >"$2/run" <<-END
	#!/bin/sh
	here=\$(dirname "\$0")
	exec "\$here"/lib/ld-linux-*.so.* --library-path "\$here/lib" "\$here/bin/$(basename "$1")" "\$@"
	END
	chmod +x "$2/run"
}
