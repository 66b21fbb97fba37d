#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The table is right at every instant: a machine that churns is stopped wherever it is, and its memory looked at, as
# firmware would after a crash just then. On x86_64, and on arm64 once.
#
# `make instant N=1000` for a long run, ARCH= for one machine alone.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

instants=${INSTANTS:-100}
read -r -a arches <<<"${ARCHES:-x86_64 $([[ $suite-$kernel != bookworm-6.12 ]] || echo arm64)}"

for arch in "${arches[@]}"; do
	folder=tests ram=0
	[ "$arch" = x86_64 ] || folder=$arch/tests ram=0x40000000
	make_for_guest ARCH="$arch" "build/$folder/mdnl" "build/$folder/bench/switch-rate" ||
		fail "$arch: the guest's programs"
	files=("$build_for_guest/$folder/"{mdnl,bench/switch-rate} "$top/tests/vm/ftrace-churn.sh")
	vm --arch "$arch" --mem 512 --instants "$instants" --timeout $((900 + 4 * instants)) \
		--inspect "/usr/bin/python3 $top/tests/vm/inspect-table.py" --file "$top/tests/vm/instant-churn.sh" \
		"${files[@]/#/--file=}" <<SCRIPT || fail "$arch: see above"
exec ./instant-churn.sh $ram
SCRIPT
	echo "ok: $arch"
done
