#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Every example in the documentation, with all that it names, and every policy that comes with qcmd: the daemon takes
# them, and saves what they ask for.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

"$top/tests/vm/extract-policies.py" "$work/examples" "$top"/README.md "$top"/docs/*.md "$top"/docs/man/*.rst ||
	fail "the examples in the documentation"

vm --file "$programs/mkmap" --file "$top/tests/vm/guest-lib.sh" --file "$work/examples" \
	<<'SCRIPT' || fail "see above"
. ./guest-lib.sh
rows() { # policy, state
	qcmdctl --no-pager --no-legend regions |
		awk -v policy="$1" -v state="$2" '$3 == state && $0 ~ " " policy " +(0x|-)"'
}
is_in_use() { # policy
	[ -n "$(rows "$1" active)" ]
}
stand_in() { # pattern of a task's name
	local name=${1//\[0-9\]/1}
	name=${name//[*?]/x}
	bash -c 'printf %s "$1" >/proc/$$/comm; sleep 1000; :' _ "${name:0:15}" &
}
sed -n 's/^Comm=//p' examples/*.conf | xargs -n 1 echo | sort -u | grep -vx '\*' >patterns
[ -s patterns ] || fail "no example has a [Task]"
while read -r pattern; do stand_in "$pattern"; done <patterns
for path in $(sed -n 's/^Pin=//p' examples/*.conf | sort -u); do
	{ ./mkmap array "$path" && chgrp qcmd "$path" && chmod g+r "$path"; } || fail "mkmap $path"
done

systemctl start qcmdd || fail "qcmdd"
mkdir -p /etc/qcmd.d
for example in examples/*; do
	name=50-$(basename "$example" ".${example##*.}")
	cp "$example" "/etc/qcmd.d/$name.conf"
	qcmdctl check "/etc/qcmd.d/$name.conf" || fail "$example: qcmdctl check"
	systemctl reload qcmdd || fail "$example was not taken"
	[ -z "$(rows "$name" failed)" ] || fail "$example: $(rows "$name" failed)"
	# Which task is in that state, or has that number, nobody knows.
	[ "${example##*.}" = dropin ] || grep -qE '^(PID|State|Cgroup|KernelThread)=' "$example" ||
		until_true "$example" is_in_use "$name"
	rm "/etc/qcmd.d/$name.conf"
done

printf '[Policy]\nEnabled=no\n[Symbol]\nName=panic_timeout\n' >/usr/lib/qcmd.d/off.conf
systemctl reload qcmdd || fail "reload"
for vendor in /usr/lib/qcmd.d/*.conf; do
	name=$(basename "$vendor" .conf)
	enabled=
	if grep -q '^Enabled=no' "$vendor"; then
		is_in_use "$name" && fail "$name is in use"
		qcmdctl enable "$name" || fail "enable $name"
		enabled=$name
	fi
	until_true "$name" is_in_use "$name"
	[ -z "$(rows "$name" failed)" ] || fail "$name: $(rows "$name" failed)"
	[ -z "$enabled" ] || qcmdctl disable "$name" || fail "disable $name"
	[ -z "$enabled" ] || ! is_in_use "$name" || fail "$name is in use after disable"
done
SCRIPT
