#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# qcmdctl with the real daemon: what status says of each thing that can be missing, and what reload does. And
# qcmd-backend.service, which is what status tells people to restart.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

# polkit of this machine, which a guest has not.
with_libraries /usr/lib/polkit-1/polkitd "$work/polkit"
cp /usr/share/dbus-1/system.d/org.freedesktop.PolicyKit1.conf "$work/polkit/" || fail "no polkit"

vm --product all --file "$work/polkit" --file "$top/docs/states.md" <<'SCRIPT'
fail() {
	echo "FAILED: $*"
	qcmdctl status
	journalctl -u qcmdd --no-pager | tail -n 30
	exit 1
}
# Runs qcmdctl with arguments; exit status and output (a pattern) must be these.
expect() { # status, pattern, argument...
	local status=$1 pattern=$2 got
	shift 2
	got=$(qcmdctl "$@" 2>&1)
	[ $? = "$status" ] || fail "$*: not the exit status $status, with: $got"
	[[ $got == $pattern ]] || fail "$*: '$got' is not '$pattern'"
	echo "ok: $* is $status: ${got%%$'\n'*}"
}
# The same for status, once the daemon has taken note of a change in the kernel.
expect_soon() { # status, pattern
	local i got
	for i in $(seq 240); do
		got=$(qcmdctl status 2>&1)
		[ $? = "$1" ] && [[ $got == $2 ]] && break
		sleep 0.5
	done
	expect "$1" "$2" status
}
backend_said() { # line
	journalctl -u qcmd-backend --no-pager -o cat | grep -qxF "$1" || fail "qcmd-backend has not said '$1'"
}
as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# A row of docs/states.md
cell() { # number, column
	awk -F ' *[|] *' -v number="$1" -v column="$2" '$2 == number { print $column }' /srv/states.md
}
# What that says is what status says.
state() { # number
	local first
	first=$(cell "$1" 4)
	[ -n "$first" ] || fail "there is no state $1"
	# shellcheck disable=SC2053
	expect_soon "$(cell "$1" 5)" "● ${first//…/*}*"
}
# What to do, as it is printed, is done, and all is well.
mend() { # number
	local command
	command=$(cell "$1" 6)
	command=$(qcmdctl status | sed -n 's/^ *To do: //p' | grep -m 1 -F "${command//\`/}")
	[ -n "$command" ] || fail "state $1: it is not said what to do"
	sh -c "${command%%;*}" || fail "state $1: ${command%%;*}"
	expect_soon 0 '● A crash now would give a dump: dmesg*'
}

# The same for others, whom the module does not answer.
state_of_nobody() { # number
	local got first
	first=$(cell "$1" 4)
	got=$(as_nobody qcmdctl status 2>&1)
	# shellcheck disable=SC2053
	[ $? = 3 ] && [[ $got == "● "${first//…/*}* ]] || fail "state $1 for others: $got"
}

# Without the daemon
state 34
expect 3 '*To do: systemctl restart qcmd-backend*Also: qcmdd is not running.*To do: systemctl enable --now qcmdd*'
expect 1 'qcmdctl: qcmdd is not running; *' regions
expect 1 'qcmdctl: qcmdd is not running; *' reload
systemctl is-active -q qcmdd && fail "asking started the daemon"
# Nobody starts a daemon that is disabled by a call; one that is enabled, anybody may.
describe() {
	as_nobody busctl call org.qcmd1 /org/qcmd1 org.qcmd1.Manager Describe
}
describe >/dev/null 2>&1 && fail "a call of nobody's was answered while qcmdd is disabled"
systemctl is-active -q qcmdd && fail "a call of nobody's started the daemon that is disabled"
systemctl enable -q qcmdd
expect 3 '* would NOT give a dump: the kernel module *qcmdd is not running.*To do: systemctl start qcmdd*' status
state 35
mend 35
systemctl disable -q --now qcmdd
mend 34
# The module keeps what every crash needs.
systemctl stop qcmdd
state 45
state_of_nobody 67
unit=$(systemctl show -P FragmentPath qcmdd)
mv "$unit" /srv/ && systemctl daemon-reload
state_of_nobody 40
mv "/srv/${unit##*/}" "$unit"
mkdir -p /etc/systemd/system/qcmdd.service.d
printf '[Service]\nExecStart=\nExecStart=/bin/sleep 1000\n' >/etc/systemd/system/qcmdd.service.d/fail.conf
systemctl daemon-reload
systemctl start --no-block qcmdd
until [ "$(systemctl show -P ActiveState qcmdd)" = activating ]; do sleep 0.5; done
state_of_nobody 39
systemctl stop qcmdd
printf '[Service]\nExecStart=\nExecStart=/bin/false\nRestart=no\n' >/etc/systemd/system/qcmdd.service.d/fail.conf
systemctl daemon-reload
systemctl start qcmdd && fail "the daemon started"
expect 3 '* would give an incomplete dump: dmesg*journalctl -b -u qcmdd*' status
state_of_nobody 38
rm -r /etc/systemd/system/qcmdd.service.d
systemctl daemon-reload

# All is well
systemctl reset-failed qcmdd
describe >/dev/null || fail "a call doesn't start the daemon that is enabled"
expect 0 '● A crash now would give a dump: dmesg, * tasks* (* of 1024 slots, back end ram).*state ok*' status
state 1
expect 0 '*Collector: the host (*), if somebody saves*' status
expect 0 '*"collectors":[{"id":"host",*' status --json=short
state 18
mend 18
qcmdctl status | grep -q qcmd-collect && fail "qcmd-collect is said not to be enabled"
said=$(journalctl -u qcmd-backend --no-pager -o cat _TRANSPORT=stdout)
[ "$said" = 'the back end ram is bound' ] || fail "qcmd-backend said: $said"
rmmod qcom_minidump_panic || fail "what runs at a panic can't be unloaded"
expect 0 '* would give a dump: *Note: The registers of the CPU that panics*To do: modprobe qcom_minidump_panic*' status
state 20
mend 20
qcmdctl status | grep -q qcom_minidump_panic && fail "it is loaded again"
expect 0 '*minimal *enabled *standard *enabled *' policies
expect 0 '* KLOGBUF *active * minimal *0xffff*systemd (1)*' regions
expect 0 '*"schema": 1,*' status --json
as_nobody qcmdctl regions --json=short | grep -q '"name":"KLOGBUF"' || fail "others see no regions"
as_nobody qcmdctl status --json=short | grep -q '0xffff' && fail "others see addresses"
as_nobody qcmdctl reload 2>&1 | grep -q 'only root may do this' || fail "others may reload"

expect 0 'KLOGBUF, id *Wanted by: /usr/lib/qcmd.d/minimal.conf:*Since: 20*Piece: slot *' explain KLOGBUF
id=$(qcmdctl regions --no-legend | awk '/KLOGBUF/ { print $1 }')
expect 0 "KLOGBUF, id $id"$'\n'* explain "$id"
expect 1 "qcmdctl: there is no region 'KNOTHING'*" explain KNOTHING

# A daemon that does not answer, and no bus: others can't tell, and root asks the module. Nobody waits for long.
systemctl kill -s STOP qcmdd
since=$(date +%s)
state_of_nobody 42
state 43
[ $(($(date +%s) - since)) -lt 30 ] || fail "a daemon that is stopped blocks qcmdctl"
mend 43
systemctl stop dbus.socket dbus.service
state_of_nobody 47
state 48
mend 48
systemctl stop qcmdd
systemctl stop dbus.socket dbus.service
state 48
systemctl start dbus.socket qcmdd
state 1

# A snapshot of the machine while it runs
echo "qcmd-test: before the snapshot" >/dev/kmsg
expect 0 'Saved * regions of the running machine, *, to snapshot.elf.*qcmdump info snapshot.elf' snapshot
expect 1 '*snapshot.elf exists already*' snapshot
expect 0 '*"source_kind": "snapshot"*' snapshot --force --json -o snapshot.elf
[ "$(stat -c %a snapshot.elf)" = 600 ] || fail "others can read the snapshot"
qcmdump info snapshot.elf >info || fail "qcmdump info"
grep -q 'Problems: none' info || fail "the snapshot has problems: $(cat info)"
grep -q -E 'Names: [0-9]+ functions, by /proc/kallsyms' info || fail "the snapshot has no names: $(cat info)"
qcmdump stack --all --json snapshot.elf | grep -q '"symbol":"schedule"' || fail "no stack of the snapshot has names"
grep -q 'Source: the running machine' info || fail "the snapshot does not say what it is: $(cat info)"
grep -q -x '  What happened: No crash: the machine ran.' info || fail "the machine is said to have crashed: $(cat info)"
qcmdump log snapshot.elf | tail -n 5 | grep -q 'before the snapshot' || fail "the log of the snapshot is another one"
qcmdump tasks snapshot.elf >tasks || fail "qcmdump tasks"
grep -q -E '^ *1 .* systemd$' tasks || fail "the snapshot lacks tasks: $(cat tasks)"
grep -q -E ' [0-9]+\* .* qcmdd$' tasks || fail "who takes the snapshot does not run in it: $(cat tasks)"
rm snapshot.elf

# Others may take one if polkit allows it.
cd /tmp || exit 1
snapshot_of_nobody() { # exit status, pattern
	got=$(as_nobody qcmdctl snapshot -o /tmp/nobody.elf 2>&1)
	[ $? = "$1" ] || fail "nobody's snapshot: not the exit status $1, with: $got"
	[[ $got == $2 ]] || fail "nobody's snapshot: '$got' is not '$2'"
	echo "ok: nobody's snapshot is $1: ${got%%$'\n'*}"
}
snapshot_of_nobody 1 'qcmdctl: not allowed: Only root, or whom polkit allows it, may take a snapshot'
useradd -r polkitd 2>/dev/null || echo 'polkitd:x:990:65534::/nonexistent:/usr/sbin/nologin' >>/etc/passwd
cp /srv/polkit/*.conf /etc/dbus-1/system.d/ && busctl call org.freedesktop.DBus / org.freedesktop.DBus ReloadConfig
mkdir -p /etc/polkit-1/rules.d /usr/share/polkit-1/rules.d
systemd-run -q -u polkitd /srv/polkit/run --no-debug
for i in $(seq 50); do
	[ "$i" -lt 50 ] || fail "polkitd doesn't start: $(journalctl -u polkitd)"
	busctl status org.freedesktop.PolicyKit1 >/dev/null 2>&1 && break
	sleep 0.2
done
snapshot_of_nobody 1 'qcmdctl: not allowed: polkit wants the user to authenticate'
cat >/etc/polkit-1/rules.d/50-qcmd.rules <<'RULE'
polkit.addRule(function(action, subject) {
	if (action.id == "org.qcmd1.snapshot" && subject.user == "nobody")
		return polkit.Result.YES;
});
RULE
sleep 1
snapshot_of_nobody 0 'Saved * regions of the running machine, *'
[ "$(stat -c %U /tmp/nobody.elf)" = nobody ] || fail "the snapshot belongs to somebody else"
cd /srv || exit 1

# Policies are turned off and on.
as_nobody qcmdctl disable standard && fail "others may disable"
expect 0 '~ standard: disabled, was enabled*' disable standard
expect 0 '*standard *disabled *standard: Enabled=no*' policies
expect 0 '~ standard: enabled, was disabled*' enable standard
[ ! -e /etc/qcmd.d/standard.conf.d ] || fail "a drop-in is left"

# One that is only tried is shown and not registered.
sleep 1000 &
printf '[Policy]\nDryRun=yes\n[Task]\nComm=sleep\n' >/etc/qcmd.d/60-sleep.conf
expect 0 '+ 60-sleep: dry-run, * regions*' reload
expect 0 '*60-sleep *dry-run *' policies
expect 0 "*KTASK *dry-run * 60-sleep *sleep ($!)*" regions
expect 0 '● A crash now would give a dump: dmesg*60-sleep: dry run, * regions*' status

# One with limits of its own has what matters most.
printf '[Policy]\nMaxRegions=1\n[Task]\nComm=sleep\nRegister=task stack\n' >/etc/qcmd.d/60-sleep.conf
expect 0 '~ 60-sleep: enabled, was dry-run*' reload
expect 0 "*KTASK *active * 60-sleep *KSTACK *limited * 60-sleep *sleep ($!): policy 60-sleep has MaxRegions=1*" regions
sed -i 's/MaxRegions=1/MaxBytes=16K/' /etc/qcmd.d/60-sleep.conf
expect 0 '*' reload
expect 0 "*KTASK *active * 60-sleep *KSTACK *limited *sleep ($!): policy 60-sleep has MaxBytes=16384*" regions
expect 0 '● A crash now would give a dump: dmesg*60-sleep: 1 of * regions*' status
rm /etc/qcmd.d/60-sleep.conf
expect 0 '- 60-sleep: gone, *' reload

# None at all, and a folder that can't be read.
for policy in /usr/lib/qcmd.d/*.conf; do
	ln -s /dev/null "/etc/qcmd.d/${policy##*/}"
done
expect 0 '*' reload
state 53
find /etc/qcmd.d -type l -delete
chmod 700 /etc/qcmd.d
systemctl restart qcmdd
state 55
chmod 755 /etc/qcmd.d
expect 0 '*' reload
state 1

# Policies that come, change, are wrong, and go
mkdir -p /etc/qcmd.d/standard.conf.d
printf '[Task]\nComm=sleep\nRegister=task stack\n' >/etc/qcmd.d/60-sleep.conf
printf '[Policy]\nEnabled=no\n' >/etc/qcmd.d/standard.conf.d/off.conf
expect 0 "+ 60-sleep: enabled, * regions"$'\n'"~ standard: disabled, was enabled"$'\n'"* policies loaded." reload
qcmdctl regions | grep -q "KSTACK .* 60-sleep .* sleep ($!)$" || fail "no stack of sleep: $(qcmdctl regions)"
printf '[Task]\nCom=sleep\n' >/etc/qcmd.d/60-sleep.conf
expect 1 "/etc/qcmd.d/60-sleep.conf:2:1: unknown key 'Com=' *did you mean 'Comm='*nothing was changed*" reload
expect 3 '● A crash now would give a dump: dmesg*60-sleep.conf:2:1: *Reload: *refused*' status
state 57
qcmdctl regions | grep -q " sleep ($!)$" || fail "the last good policies are not in use"
systemctl restart qcmdd || fail "no restart with a broken policy"
expect 3 '● A crash now would give an incomplete dump: dmesg*60-sleep.conf:2:1: *60-sleep: error*' status
state 54
expect 0 "*60-sleep *error *60-sleep.conf:2:1: unknown key*" policies
rm -r /etc/qcmd.d/60-sleep.conf /etc/qcmd.d/standard.conf.d
expect 0 '- 60-sleep: gone*' reload
expect 0 '● A crash now would give a dump: dmesg*' status

# With AutoReload= files count without a command, once they are whole.
policies_soon() { # pattern
	local i
	for i in $(seq 240); do
		[[ $(qcmdctl policies 2>&1) == $1 ]] && break
		sleep 0.5
	done
	expect 0 "$1" policies
}
policies_lack() { # name
	sleep 1.5
	! qcmdctl policies | grep -q "$1" || fail "$1 is in use"
}
mkdir -p /etc/qcmd
echo -e '[Daemon]\nAutoReload=maybe' >/etc/qcmd/qcmdd.conf
expect 1 "/etc/qcmd/qcmdd.conf:2:12: AutoReload= takes yes or no, not 'maybe'*nothing was changed*" reload
expect 1 "/etc/qcmd/qcmdd.conf:2:12: AutoReload= takes yes or no, not 'maybe'"*'1 error*' check
systemctl restart qcmdd || fail "no restart with broken settings"
expect 3 '*default settings: /etc/qcmd/qcmdd.conf:2:12: *' status
state 56
echo -e '[Daemon]\nAutoReload=yes' >/etc/qcmd/qcmdd.conf
rmdir /etc/qcmd.d || fail "/etc/qcmd.d is not empty"
expect 0 '*' reload
mkdir /etc/qcmd.d
echo -e '[Task]\nComm=sleep' >/etc/qcmd.d/70-auto.conf
policies_soon '*70-auto *enabled *'
exec 3>/etc/qcmd.d/71-slow.conf
echo -en '[Task]\nComm=sl' >&3
state 58
policies_lack 71-slow
echo -e 'eep\nRegister=stack' >&3
policies_lack 71-slow
exec 3>&-
policies_soon '*71-slow *enabled *'
echo -e '[Task]\nComm=sl' >/etc/qcmd.d/72-moved.conf.new
policies_lack 72-moved
mv /etc/qcmd.d/72-moved.conf.new /etc/qcmd.d/72-moved.conf
policies_soon '*72-moved *enabled *'
reloads=$(journalctl -u qcmdd --no-pager -o cat | grep -c 'Files of policies')
echo junk >/etc/qcmd.d/.72-moved.conf.swp
cp /etc/qcmd.d/72-moved.conf /etc/qcmd.d/72-moved.conf~
sleep 1.5
[ "$(journalctl -u qcmdd --no-pager -o cat | grep -c 'Files of policies')" = "$reloads" ] ||
	fail "an editor's files cause a reload"
echo -e '[Task]\nCom=sleep' >/etc/qcmd.d/73-broken.conf
expect_soon 3 '*73-broken.conf:2:1: *Reload: *refused*'
expect 0 '*72-moved *enabled *' policies
rm /etc/qcmd.d/73-broken.conf
expect_soon 0 '● A crash now would give a dump: dmesg*Reload: *fine*'
mkdir /etc/qcmd.d/70-auto.conf.d
echo -e '[Policy]\nEnabled=no' >/etc/qcmd.d/70-auto.conf.d/off.conf
policies_soon '*70-auto *disabled *'
rm /etc/qcmd.d/71-slow.conf
until ! qcmdctl policies | grep -q 71-slow || [ $((tries++)) = 240 ]; do sleep 0.5; done
policies_lack 71-slow
mv /etc/qcmd.d /etc/qcmd.old
until ! qcmdctl policies | grep -q 72-moved || [ $((tries++)) = 480 ]; do sleep 0.5; done
policies_lack 72-moved
mv /etc/qcmd.old /etc/qcmd.d
policies_soon '*72-moved *enabled *'
rm -r /etc/qcmd/qcmdd.conf /etc/qcmd.d/*
expect 0 '*' reload
echo -e '[Task]\nComm=sleep' >/etc/qcmd.d/70-auto.conf
policies_lack 70-auto
rm /etc/qcmd.d/70-auto.conf /etc/qcmd.d/.72*

# The back end is taken away by hand, and bound again; the regions stay.
region=$(qcmdctl regions --no-legend | awk '/KLOGBUF/ { print $1 }')
printf '[Policy]\nConditionBackend=ram\n[Task]\nComm=sleep\n' >/etc/qcmd.d/60-ram.conf
expect 0 '+ 60-ram: enabled, *' reload
echo 0 >/sys/module/qcom_minidump_ram/parameters/bound || fail "the back end can't be taken away"
expect_soon 3 '* would NOT give a dump: no back end is bound*not bound: qcom_minidump_ram*To do: systemctl restart *'
expect 0 '*60-ram *disabled *60-ram: ConditionBackend=ram in /etc/qcmd.d/60-ram.conf:2 is not met*' policies
qcmdctl regions | grep -q ' 60-ram ' && fail "a policy whose condition is not met has regions"
state 30
mend 30
expect_soon 0 '● A crash now would give a dump: dmesg*60-ram: * of * regions*'
qcmdctl regions | grep -q 'KTASK *active .* 60-ram ' || fail "a policy whose condition is met again has no regions"
rm /etc/qcmd.d/60-ram.conf
expect 0 '- 60-ram: gone, *' reload
[ "$(qcmdctl regions --no-legend | awk '/KLOGBUF/ { print $1 }')" = "$region" ] || fail "the log is another region"

# What an administrator has chosen: options, none at all, one that is loaded early.
echo 'options qcom_minidump_ram slots=21' >/etc/modprobe.d/local.conf
systemctl restart qcmd-backend || fail "qcmd-backend doesn't restart with options"
expect_soon 3 '● A crash now would give an incomplete dump: dmesg* (* in 21 of 21 slots*table is full*MaxTasks=*'
state 59
expect 0 '*failed*table is full*' regions
echo 'blacklist qcom_minidump_ram' >/etc/modprobe.d/local.conf
systemctl restart qcmd-backend && fail "a back end that is forbidden was bound"
backend_said 'no back end could be bound'
systemctl restart qcmdd || fail "the daemon doesn't start without a back end"
expect_soon 3 '* would NOT give a dump: no back end is bound*journalctl -k -g qcom_minidump*'
modprobe qcom_minidump_ram slots=300
systemctl start qcmd-backend || fail "qcmd-backend doesn't start"
expect_soon 0 '● A crash now would give a dump: dmesg*of 300 slots*'
systemctl stop qcmd-backend || fail "qcmd-backend doesn't stop"
[ ! -e /sys/module/qcom_minidump_ram ] || fail "the back end is still loaded"
state 29
rm /etc/modprobe.d/local.conf
mend 29
systemctl stop qcmd-backend || fail "qcmd-backend doesn't stop again"

# The daemon loads the module where no back end does. No module, and none for this kernel
systemctl stop qcmdd
rmmod qcom_minidump_panic qcom_minidump || fail "the module can't be unloaded"
printf 'blacklist qcom_minidump_%s\n' rm mmio smem ram >/etc/modprobe.d/local.conf
systemctl start qcmdd || fail "the daemon doesn't start without a back end"
expect_soon 3 '* would NOT give a dump: no back end is bound*'
systemctl stop qcmdd qcmd-backend
rmmod qcom_minidump_panic qcom_minidump || fail "the module can't be unloaded"
echo 'install qcom_minidump /bin/false' >/etc/modprobe.d/local.conf
systemctl start qcmdd || fail "the daemon doesn't start without the module"
expect 3 '* would NOT give a dump: *qcom_minidump is not loaded: it is forbidden in modprobe.d.*To do: Remove *' status
rm /etc/modprobe.d/local.conf /run/qcmd/not-loaded
state 21
mend 21
systemctl stop qcmdd qcmd-backend
rmmod qcom_minidump_panic qcom_minidump || fail "the modules can't be unloaded"

# Each reason why the kernel does not take the module, in the journal and from qcmdctl; more of them in vm/daemon.
refused() { # words, remedy
	systemctl restart qcmd-backend && fail "it is loaded, although $1"
	backend_said "the kernel module qcom_minidump is not loaded: $1"
	expect 3 "* would NOT give a dump: *qcom_minidump is not loaded: $1.*To do: *$2*" status
}
file=$(modinfo -n qcom_minidump)
cp "$file" good.ko
# The release itself does not count where symbols have versions.
sed 's/\(vermagic=[^ ]* \)SMP/\1SMX/' good.ko >"$file"
refused "it was built for another kernel than this one, $(uname -r)" 'make install'
# Where the core is forbidden, nothing loads it as what it needs itself.
cp good.ko "$file"
echo 'blacklist qcom_minidump' >/etc/modprobe.d/local.conf
refused 'it is forbidden in modprobe.d' 'grep -rs qcom_minidump'
rm /etc/modprobe.d/local.conf
sed 's/$/ modprobe.blacklist=nouveau,qcom_minidump/' /proc/cmdline >cmdline
mount --bind cmdline /proc/cmdline
refused "it is forbidden on the kernel's command line, by modprobe.blacklist=" 'and reboot'
umount /proc/cmdline
sed 's/tracepoint_probe_register/tracepoint_probe_registex/g' good.ko >"$file"
refused 'this kernel lacks a symbol that it needs' 'make install'
cp good.ko "$file"
mkdir bin
printf '#!/bin/sh\necho "could not insert it: Cannot allocate memory" >&2\nexit 1\n' >bin/modprobe
chmod +x bin/modprobe
PATH=$PWD/bin:$PATH /usr/lib/qcmd/qcmd-backend start 2>said && fail "there was no memory"
grep -q 'not loaded: there is no memory for it' said || fail "$(cat said)"
# The remedy of all of these
systemctl restart qcmd-backend || fail "the module that is good is not loaded"
[ ! -e /run/qcmd/not-loaded ] || fail "a reason is left: $(cat /run/qcmd/not-loaded)"
systemctl stop qcmd-backend
rmmod qcom_minidump_panic qcom_minidump || fail "the module can't be unloaded"
rm "$file" && depmod
state 37
expect 3 '*here is no kernel module qcom_minidump for this kernel*make install*' status
systemctl restart qcmd-backend && fail "a module that is not there was bound"
backend_said "the kernel module qcom_minidump is not loaded: there is none for this kernel, $(uname -r)"
systemctl start qcmdd
state 22

# No module can be loaded or unloaded any more: what to do loses nothing and works.
cp good.ko "$file" && depmod
systemctl restart qcmd-backend && rmmod qcom_minidump_panic || fail "the modules can't be loaded again"
state 1
echo 1 >/proc/sys/kernel/modules_disabled
state 28
expect 0 '*To do: Reboot: until then no module can be loaded*' status
echo 0 >/sys/module/qcom_minidump_ram/parameters/bound
state 32
mend 32
exit 0
SCRIPT
