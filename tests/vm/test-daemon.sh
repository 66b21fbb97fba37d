#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# qcmdd as it is installed: module and back end that come later, kill -9, restart, stop, reload, tasks that come
# and go, a table that is too small, who may do what.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

vm --file "$programs/mdnl" --file "$top/tests/vm/guest-lib.sh" --file "$programs/mkmap" <<'SCRIPT'
. ./guest-lib.sh
status_says() { # exit status, words
	local out
	out=$(qcmdctl --no-pager status 2>&1)
	[ $? = "$1" ] && grep -qiF "$2" <<<"$out"
}
property() {
	busctl get-property org.qcmd1 /org/qcmd1 org.qcmd1.Manager "$1"
}
pid_of_daemon() {
	systemctl show -p MainPID --value qcmdd
}
list() {
	./mdnl list
}
# The daemon's regions: id and name.
ours() {
	list | grep -v 'owner=0\b' | sed -n 's/^region id=\([0-9]*\) name=\([^ ]*\) .*/\1 \2/p'
}
has_task() { # pid
	list | grep -q "name=KTASK .*pid=$1 "
}
has_no_task() {
	! has_task "$1"
}
received() {
	qcmdctl --json=short status | sed -n 's/.*"received":\([0-9]*\).*/\1/p'
}

tracefs_group() {
	stat -c %G /sys/kernel/tracing
}

# No module: the daemon runs and says so.
echo 'install qcom_minidump /bin/false' >/etc/modprobe.d/none.conf
systemctl start qcmdd || fail "qcmdd doesn't start without the module"
until_true "without the module" status_says 3 "qcom_minidump is not loaded"
[ "$(property State)" = 's "failed"' ] || fail "state is $(property State)"
[ "$(property ModuleLoaded)" = 'b false' ] || fail "module: $(property ModuleLoaded)"
pid=$(pid_of_daemon)
[ "$(stat -c %U "/proc/$pid")" = qcmd ] || fail "qcmdd runs as $(stat -c %U "/proc/$pid")"

# The module appears, then a back end.
rm /etc/modprobe.d/none.conf
modprobe qcom_minidump || fail "the module doesn't load"
until_true "without a back end" status_says 3 "No back end is bound"
list | grep -q 'name=KLOGBUF .*state=pending' || fail "nothing waits for a back end: $(list)"
# What runs at a panic would otherwise come with the next start of qcmdd, and its region with it.
modprobe qcom_minidump_panic && modprobe qcom_minidump_ram || fail "the ram back end doesn't load"
until_true "with a back end" status_says 0 "A crash now would give a dump"
[ "$(pid_of_daemon)" = "$pid" ] || fail "it took a restart"
[ "$(property Backend)" = 's "ram"' ] || fail "back end is $(property Backend)"

# Killed and restarted: no region is absent at any time.
watch_gaps() { # what, command that restarts
	local what=$1 before now id after
	shift
	before=$(ours | cut -d ' ' -f 1)
	[ "$(wc -l <<<"$before")" -gt 12 ] || fail "few regions: $before"
	pid=$(pid_of_daemon)
	./mdnl monitor 12 >events &
	sleep 0.5
	"$@"
	for _ in $(seq 200); do
		now=$(ours | cut -d ' ' -f 1)
		for id in $before; do
			# That of the daemon itself goes with it.
			grep -qx "$id" <<<"$now" || [ "$id" = "$own" ] || fail "$what: region $id is absent"
		done
		[ "$(pid_of_daemon)" != "$pid" ] && systemctl -q is-active qcmdd && break
		sleep 0.05
	done
	[ "$(pid_of_daemon)" != "$pid" ] || fail "$what: not restarted"
	until_true "$what: well afterwards" status_says 0 "A crash now would give a dump"
	wait %%
	grep -E '^(add|del)-ntf ' events | grep -v 'comment=.qcmdd (' && fail "$what: a region was added or removed"
	after=$(ours | cut -d ' ' -f 1 | grep -vx "$(own_region)")
	[ "$after" = "$(grep -vx "$own" <<<"$before")" ] || fail "$what: the regions are $after, they were $before"
	journalctl -u qcmdd --no-pager -o cat | grep -q "Going on with the regions" ||
		fail "$what: no regions taken over"
	echo "ok: $what"
}
own_region() {
	list | sed -n "s/^region id=\([0-9]*\) name=KTASK .*pid=$(pid_of_daemon) .*/\1/p"
}
own=$(own_region)
watch_gaps "kill -9" systemctl kill -s KILL qcmdd
own=$(own_region)
watch_gaps "restart" systemctl restart --no-block qcmdd

# The same with each kind of region, and with maps whose regions are called like those of trace arrays and notes.
# Nobody has asked for a trace array.
[ "$(tracefs_group)" = root ] || fail "tracefs was given to $(tracefs_group)"
mkdir -p /etc/qcmd.d
for name in FTmap FReelist QCMD_TRACE; do
	{ ./mkmap array /sys/fs/bpf/$name && chgrp qcmd /sys/fs/bpf/$name && chmod g+r /sys/fs/bpf/$name; } ||
		fail "mkmap $name"
done
cp /bin/sleep /tmp/each-kind
/tmp/each-kind 1000 &
marker=$!
cat >/etc/qcmd.d/50-kinds.conf <<'POLICY'
[Ftrace]

[Map]
Pin=/sys/fs/bpf/FTmap /sys/fs/bpf/FReelist /sys/fs/bpf/QCMD_TRACE

[Symbol]
Name=init_uts_ns
Pointer=prb
Size=struct printk_ringbuffer

[Task]
Comm=each-kind
Register=task stack mm
POLICY
qcmdctl enable crash-utility irq-stacks modules >/dev/null || fail "the policies of the package"
systemctl reload qcmdd || fail "reload"
each_kind() {
	local kind
	for kind in 'name=KQCMD_NOTE ' 'object=prb ' 'name=KTASK .*comment=.each-kind' \
		'name=KSTACK .*comment=.each-kind' 'name=KMM .*comment=.each-kind' \
		'name=KTASK .*cpu=1 ' 'name=KSTACK .*cpu=1 ' \
		'comment=.variable init_uts_ns' 'comment=.variable runqueues of CPU 1' \
		'comment=.what prb points to' 'comment=.head of the list modules' 'comment=.element of modules' \
		'name=KFTmap ' 'name=KFReelist ' 'name=KQCMD_TRACE .*comment=.map' \
		'name=KFT0C1 ' 'name=KFR0C1 '; do
		list | grep 'state=active' | grep -q "$kind" || return
	done
	[ "$(list | grep -c 'name=KQCMD_TRACE .*state=active')" = 2 ]
}
[ "$(tracefs_group)" = qcmd ] || fail "tracefs was not given to qcmdd: $(tracefs_group)"
until_true "each kind of region" each_kind
own=$(own_region)
watch_gaps "restart with each kind" systemctl restart --no-block qcmdd
each_kind || fail "a kind of region is gone"
kill $marker
rm /etc/qcmd.d/50-kinds.conf
qcmdctl disable crash-utility irq-stacks modules >/dev/null || fail "the policies of the package"
systemctl reload qcmdd || fail "reload"

# Reload: a bad file changes nothing, a good one is applied.
mkdir -p /etc/qcmd.d
before=$(ours)
printf '[Task]\nCom=marker*\n' >/etc/qcmd.d/50-test.conf
systemctl reload qcmdd 2>/dev/null && fail "a bad policy was taken"
out=$(busctl call org.qcmd1 /org/qcmd1 org.qcmd1.Manager Reload 2>&1) && fail "a bad policy was taken"
[[ $out == *"/etc/qcmd.d/50-test.conf:2:1:"* ]] || fail "the error is: $out"
until_true "a bad policy" status_says 3 "50-test.conf:2:1"
[ "$(ours)" = "$before" ] || fail "a bad policy changed the regions"
printf '[Task]\nComm=marker*\nRegister=task stack\n' >/etc/qcmd.d/50-test.conf
systemctl reload qcmdd || fail "a good policy was not taken"
until_true "a good policy" status_says 0 "A crash now would give a dump"

# A task that comes, changes its parent, and goes.
cp /bin/sleep /tmp/marker1
(/tmp/marker1 1000 & echo $! >/tmp/pid)
task=$(cat /tmp/pid)
until_true "a new task" has_task "$task"
list | grep -q "name=KSTACK .*pid=$task " || fail "no stack of it"
parent=$(awk '{ print $4 }' "/proc/$task/stat")
until_true "its parent" has_task "$parent"
rm /tmp/pid
bash -c '/tmp/marker1 1000 & echo $! >/tmp/pid; sleep 6' &
until_true "another new task" test -s /tmp/pid
task2=$(cat /tmp/pid)
first=$(awk '{ print $4 }' "/proc/$task2/stat")
until_true "the parent that will exit" has_task "$first"
wait %%
until_true "that parent is gone" has_no_task "$first"
parent=$(awk '{ print $4 }' "/proc/$task2/stat")
until_true "the new parent, $parent" has_task "$parent"
kill "$task" "$task2"
until_true "an ended task" has_no_task "$task"
until_true "another one" has_no_task "$task2"

# A zombie has exited too.
bash -c '/tmp/marker1 0.5 & echo $! >/tmp/pid; exec -a keeper sleep 6' &
sleep 2
zombie=$(cat /tmp/pid)
grep -q '^State:.*Z' "/proc/$zombie/status" || fail "no zombie was made"
has_task "$zombie" && fail "a zombie is in the table"
wait %%

# Fork storms: nobody's costs no event; one that is asked for ends with what is left.
ln -s /dev/null /etc/qcmd.d/standard.conf
systemctl reload qcmdd
before=$(received)
for _ in $(seq 200); do /bin/true; done
[ "$(received)" = "$before" ] || fail "a fork storm cost $(($(received) - before)) events"
echo "ok: a fork storm that nobody asks about"
for _ in $(seq 100); do /tmp/marker1 0 & done
for _ in 1 2 3 4 5; do /tmp/marker1 1000 & done
sleep 1
only_living() {
	local pids
	pids=$(list | sed -n 's/.*name=KSTACK .*pid=\([0-9]*\) .*/\1/p' | sort -n | tr '\n' ' ')
	[ "$pids" = "$(pgrep -x marker1 | sort -n | tr '\n' ' ')" ] && [ "$(wc -w <<<"$pids")" = 5 ]
}
until_true "a fork storm that is asked for" only_living
rm /etc/qcmd.d/standard.conf
systemctl reload qcmdd || fail "reload"

# A table that is too small: the log is in it, status says what is not.
echo 0 >/sys/module/qcom_minidump_ram/parameters/bound
until_true "an unbound back end" status_says 3 "systemctl restart qcmd-backend"
rmmod qcom_minidump_ram && modprobe qcom_minidump_ram slots=28
until_true "a full table" status_says 3 "The table is full"
for name in KQCMD_NOTE KLOGBUF LOG_DESC LOG_INFO LOG_RING LOG_PRB KUTSNAME; do
	list | grep -q "name=$name .*state=active" || fail "$name is not in the full table: $(list)"
done
# The lower priority makes room for the higher one.
list | grep 'state=active' | grep -q 'comment=.marker1' || fail "Priority=100 is not in the table: $(list)"
echo 0 >/sys/module/qcom_minidump_ram/parameters/bound
rmmod qcom_minidump_ram && modprobe qcom_minidump_ram
until_true "room again" status_says 0 "A crash now would give a dump"

# The module itself goes and comes again.
echo 0 >/sys/module/qcom_minidump_ram/parameters/bound
rmmod qcom_minidump_ram qcom_minidump_panic qcom_minidump || fail "the modules can't be unloaded"
until_true "the module gone" status_says 3 "qcom_minidump is not loaded"
modprobe qcom_minidump_ram
until_true "the module back" status_says 0 "A crash now would give a dump"

# Who may do what.
nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
"${nobody[@]}" qcmdctl --no-pager regions | grep -q KLOGBUF || fail "a user can't look"
"${nobody[@]}" qcmdctl --json=short status | grep -q '"address":"0x' && fail "a user sees addresses"
qcmdctl --json=short status | grep -q '"address":"0x' || fail "root sees no addresses"
"${nobody[@]}" busctl call org.qcmd1 /org/qcmd1 org.qcmd1.Manager Reload 2>/dev/null && fail "a user can reload"
"${nobody[@]}" /usr/lib/qcmd/qcmdd 2>err && fail "qcmdd runs without privileges"
grep -q CAP_NET_ADMIN err || fail "it doesn't say what it needs: $(cat err)"
systemctl service-log-level qcmdd debug && [ "$(systemctl service-log-level qcmdd)" = debug ] || fail "log level"
systemctl service-log-level qcmdd info
systemctl -q enable qcmdd 2>/dev/null || fail "enable"
systemd-analyze verify --man=no qcmdd.service qcmd-backend.service multi-user.target 2>verify ||
	fail "the units: $(cat verify)"
grep -e qcmd -e cycle verify && fail "a unit has problems"
systemd-analyze security --threshold=20 qcmdd >exposure || fail "exposure: $(tail -n 1 exposure)"
echo "ok: who may do what"

# The bus goes and comes.
systemctl restart dbus
until_true "after a restart of the bus" status_says 0 "A crash now would give a dump"

# Stop: the regions are gone when it returns, but for what every crash needs, which is the module's.
systemctl stop qcmdd || fail "stop"
[ -z "$(ours)" ] || fail "regions after the stop: $(list)"
stays='KELF_HEADER KLAYOUT KLOGBUF KSTACK KSTACK KTASK KTASK KVMCOREINFO LOG_DESC LOG_INFO LOG_PRB LOG_RING'
[ "$(list | sed -n 's/.* name=\([^ ]*\) .*state=active .*/\1/p' | sort | xargs)" = "$stays" ] ||
	fail "not what stays after the stop: $(list)"
[ "$(systemctl show -p Result --value qcmdd)" = success ] || fail "stopped with $(systemctl show -p Result qcmdd)"
journalctl -u qcmdd --no-pager -p err -o cat >errors
grep -v -e '50-test.conf' -e 'policies have errors' -e 'Reload failed' errors && fail "errors in the log"
echo "ok: stop"

# Where it can't do all, it says why: no cgroups of version 2, and a kernel that is locked down, which stays so.
printf '[Task]\nComm=*\nCgroup=/system.slice\n' >/etc/qcmd.d/50-test.conf
dropins=/run/systemd/system/qcmdd.service.d
mkdir -p $dropins
printf '[Service]\nInaccessiblePaths=/sys/fs/cgroup\n' >$dropins/test.conf
systemctl daemon-reload
systemctl start qcmdd || fail "no start without cgroups"
until_true "no cgroups" status_says 3 "the unified hierarchy of cgroups, version 2"
systemctl stop qcmdd
rm -r $dropins /etc/qcmd.d/50-test.conf
systemctl daemon-reload

sysctl -qw kernel.ftrace_enabled=0
systemctl start qcmdd || fail "no start without the function tracer"
until_true "without the function tracer" status_says 0 "A crash now would give a dump"

lockdown=/sys/kernel/security/lockdown
echo integrity >$lockdown || fail "no lockdown: $(cat $lockdown)"
systemctl restart qcmdd
until_true "locked down for integrity" status_says 0 "A crash now would give a dump"
qcmdctl snapshot -o integrity.img || fail "no snapshot in lockdown for integrity"
echo confidentiality >$lockdown
systemctl restart qcmdd
until_true "locked down for confidentiality" status_says 3 "the kernel is locked down (confidentiality)"
list | grep -q 'name=KLOGBUF .*state=active' || fail "not even the log: $(list)"
qcmdctl --no-pager explain KBANNER | grep -q 'locked down' || fail "$(qcmdctl --no-pager explain KBANNER)"
qcmdctl snapshot -o confidentiality.img 2>err && fail "a snapshot in lockdown for confidentiality"
grep -q 'locked down (confidentiality)' err || fail "a snapshot fails with: $(cat err)"
qcmdctl --no-pager status | grep -i 'invalid argument' && fail "status says Invalid argument"
systemctl stop qcmdd
echo 0 >/sys/module/qcom_minidump_ram/parameters/bound
rmmod qcom_minidump_ram qcom_minidump || fail "the modules can't be unloaded"
status_says 3 'the kernel is locked down (confidentiality): it loads signed modules only' ||
	fail "$(qcmdctl --no-pager status)"
systemctl restart qcmd-backend 2>/dev/null && fail "an unsigned module is loaded"
journalctl -u qcmd-backend --no-pager -o cat | grep -q 'the kernel is locked down' ||
	fail "$(journalctl -u qcmd-backend --no-pager -o cat)"
# And where the kernel takes no module that is not signed, or none at all.
echo Y >/sys/module/module/parameters/sig_enforce
systemctl restart qcmd-backend 2>/dev/null && fail "an unsigned module is loaded"
status_says 3 'not loaded: it has no signature that the kernel trusts' || fail "$(qcmdctl --no-pager status)"
echo 1 >/proc/sys/kernel/modules_disabled
systemctl restart qcmd-backend 2>/dev/null && fail "a module is loaded"
status_says 3 'not loaded: kernel.modules_disabled=1' || fail "$(qcmdctl --no-pager status)"
exit 0
SCRIPT
