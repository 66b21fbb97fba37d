# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# For tests of a back end whose table is collected from outside of the machine; after lib.sh.
#
#   need_arm64                        for tests on arm64, with emulated firmware (tests/firmware/): or skips the test
#   vm_arm64 [OPTION...] <<'SCRIPT'   as vm does it, with mdnl in /srv
#   refuses BACKEND VARIANT LINE      refuses what is wrong with the firmware, in one line of the log
#   fail_in_guest                     prints the beginning of a script
#   random_operations ADDRESS [COUNT] prints the part of a script that does them, up to a full table
#   check_saved WHAT                  after a crash: what the firmware saw is what `mdnl list` said in $work/said
#   listed                            prints what that was, a line for each region: slot:seq:address:size name
#   check_core WHAT FILE              the regions in the order of the table are an ELF core

export LC_ALL=C
qcmdump=$top/build/qcmdump

need_arm64() {
	if [ "$kernel" != 6.12 ]; then
		echo "the arm64 machine has Debian's kernel 6.12 only"
		exit 77
	fi
	# Debian's packages for arm64 run their scripts when the guest's root file system is made.
	"$top/tests/vm/run-foreign" arm64 || exit 77
	mdnl=$top/build/arm64/tests/mdnl
	[ "$(uname -m)" != aarch64 ] || mdnl=$top/build/tests/mdnl
	make -s -C "$top" ARCH=arm64 build/arm64/tests/mdnl || fail "mdnl can't be built for arm64"
}

vm_arm64() {
	vm --arch arm64 --product modules --file "$mdnl" "$@"
}

fail_in_guest() {
	cat <<'SCRIPT'
fail() {
	echo "FAILED: $*"
	exit 1
}
SCRIPT
}

random_operations() {
	echo "./random-operations.pl $* &"
	cat <<'SCRIPT'
for _ in $(seq 200); do
	[ ! -e done ] || break
	kill -0 $! 2>/dev/null || fail "random-operations.pl has ended"
	sleep 1
done
[ -e done ] || fail "random-operations.pl takes too long"
SCRIPT
}

# What the firmware has is not as it should be: one line says why, and the machine goes on, with another back end.
refuses() {
	{
		fail_in_guest
		printf 'module=qcom_minidump_%q wanted=%q\n' "$1" "$3"
		cat <<'SCRIPT'
modprobe "$module" 2>/dev/null
[[ $(./mdnl backend) != *name=* ]] || fail "the back end was bound"
said=$(dmesg | sed -n "s/.*$module\( [^ ]*\)\?: //p")
# shellcheck disable=SC2053
[[ $said == $wanted ]] || fail "the log says '$said', not '$wanted'"
insmod "$(modinfo -n qcom_minidump_ram)" || fail "the ram back end doesn't load instead"
SCRIPT
	} | vm_arm64 --backend "$1" --firmware "$2" || fail "$1: what is wrong: $2"
	echo "ok: $1 refuses what is wrong with the firmware: $2"
}

# What the firmware saw, in the form of the module's listing: slot:seq:address:size name
walked() {
	tr -d '\r' <"$work/crash/console.log" |
		awk '$1 == "firmware:" && $2 == "region" && NF == 8 { print $3 ":" $5 ":" $6 ":" $7 " " $4 }'
}
listed() {
	sed -n 's/^region .* name=\([^ ]*\) .*state=active/\1 /p' "$work/said" | while read -r name rest; do
		grep -o 'seg=[^ ]*' <<<"$rest" | sed "s/seg=\([0-9]*:[0-9]*\):[^:]*/\1/; s/\$/ $name/"
	done | sort -n
}

check_core() {
	readelf -aW "$2" >"$work/out" 2>&1 || fail "$1: readelf"
	! grep -i warning "$work/out" || fail "$1: readelf complains"
}

# The blobs in the order of the table are an ELF core, and the same is in the rawdump image.
check_saved() {
	local files
	walked >"$work/walked"
	listed >"$work/listed"
	diff "$work/listed" "$work/walked" || fail "$1: the module's listing and the firmware's walk differ"
	files=$(tr -d '\r' <"$work/crash/console.log" | awk '$1 == "firmware:" && $2 == "region" { print $NF }')
	(cd "$work/crash/usb" && xargs cat <<<"$files") >"$work/core" || fail "$1: a blob is missing"
	check_core "$1" "$work/core"
	[ "$(stat -c %s "$work/crash/usb/sahara-table.bin")" = $((64 * $(wc -l <"$work/walked"))) ] ||
		fail "$1: the region table has another length"
	cmp "$work/core" <(tail -c "$(stat -c %s "$work/core")" "$work/crash/storage/rawdump.img") ||
		fail "$1: the rawdump image has other data than the blobs"
	echo "ok: $1: $(wc -l <"$work/walked") regions, $(stat -c %s "$work/core") bytes"
}
