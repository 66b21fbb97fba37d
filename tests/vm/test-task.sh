#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What selects tasks, one key after the other; a table that is too small for all of them; a fork storm that nobody asks
# about and one that two policies ask about. PROCESSES: how many the storm starts.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

{
	echo "processes=${PROCESSES:-4000}"
	cat <<'SCRIPT'
. ./guest-lib.sh
has() { # part, pid
	./mdnl list | grep "name=$1 " | grep 'state=active' | grep -q "\bpid=$2\b"
}
has_no() { # part, pid
	! ./mdnl list | grep "name=$1 " | grep -q "\bpid=$2\b"
}
policy() { # the policy from standard input takes the place of the last one
	cat >/etc/qcmd.d/50-test.conf
	qcmdctl reload >/dev/null || fail "the policy is refused: $(cat /etc/qcmd.d/50-test.conf)"
}
received() {
	qcmdctl --json=short status | sed -n 's/.*"received":\([0-9]*\).*/\1/p'
}
names_in() { # name: pids of its tasks in the table
	./mdnl list | grep 'name=KSTACK ' | grep 'state=active' | sed -n "s/.*comment=.$1 (\([0-9]*\)).*/\1/p" |
		sort -n | paste -sd ' '
}
active() { # name: how many of its tasks are in the table
	./mdnl list | grep 'state=active' | grep -c "comment=.$1 ("
}

mkdir -p /etc/qcmd.d
for name in standard current; do
	ln -s /dev/null /etc/qcmd.d/$name.conf
done
systemctl start qcmdd || fail "qcmdd"
for name in one two; do
	cp /bin/sleep /tmp/marker-$name
done

# Both of PID= and Comm= have to be true.
/tmp/marker-one 1000 &
one=$!
/tmp/marker-two 1000 &
two=$!
policy <<POLICY
[Task]
PID=$one $two 1
Comm=marker-o*
Register=stack
POLICY
has KSTACK $one && has_no KSTACK $two && has_no KSTACK 1 || fail "PID= and Comm="
echo "ok: PID="

# What a process knows of its memory: another one when it begins another program, none of a kernel thread.
policy <<POLICY
[Task]
PID=$one 2
Register=task mm
POLICY
has KMM $one && has_no KMM 2 && has KTASK 2 || fail "Register=mm"
start=$(./mdnl list | sed -n 's/.* name=KTASK .* pid=2 start=\([0-9]*\) .*/\1/p')
[ -n "$start" ] && ./mdnl add name=X pid=2 "start=$start" part=3 | grep -q 'ESRCH: TASK: it has no memory of its own' ||
	fail "the memory of a kernel thread: $start"
mkfifo begin
bash -c 'read -r <begin; exec /tmp/marker-one 1000' &
begins=$!
policy <<POLICY
[Task]
PID=$begins
Register=mm
POLICY
has KMM $begins || fail "no KMM of bash"
before=$(./mdnl list | grep 'name=KMM ')
mm_differs() {
	has KMM $begins && [ "$(place "$(./mdnl list | grep 'name=KMM ')")" != "$(place "$before")" ]
}
place() { # region
	sed 's/.* seg=[0-9]*:[0-9]*:\([^ ]*\).*/\1/' <<<"$1"
}
echo >begin
until_true "the memory of another program" mm_differs
kill $begins
until_true "the memory of a dead process" has_no KMM $begins
echo "ok: Register=mm"

# What one policy excludes is in the table for no other one, whenever either is read; qcmdctl says whose doing it is.
# Its input is opened once: who opened it anew could still meet the writer of the line before.
bash -c 'for name in marker-o three; do read -r; echo -n $name >/proc/self/comm; done; read -r' <begin &
three=$!
exec 4>begin
policy <<POLICY
[Policy]
Priority=999
[Task]
PID=$one $two $three
Register=task stack mm
[Symbol]
Name=jiffies_64 tainted_mask
POLICY
has KSTACK $one && has KSTACK $two && has KSTACK $three || fail "before [Exclude]"
private=/etc/qcmd.d/00-private.conf
printf '[Policy]\nPriority=0\n[Exclude]\nComm=marker-o*\n[Exclude]\nName=jiffies_64\nRegion=Ktainted*\n' >$private
qcmdctl reload >/dev/null || fail "[Exclude] is refused"
for part in KTASK KSTACK KMM; do
	has_no $part $one && has $part $two || fail "[Exclude] Comm=: $part"
done
! ./mdnl list | grep -q -E 'name=K(jiffies_64|tainted)' || fail "[Exclude] Name=, Region=: $(./mdnl list)"
qcmdctl explain $one | grep -q "State: excluded: excluded by $private:3\$" || fail "explain: $(qcmdctl explain $one)"
qcmdctl regions --state=excluded | grep -q "Kjiffies_64 .*excluded by $private:5" || fail "$(qcmdctl regions)"
qcmdctl status | grep -q '00-private: .*excludes 5, of all policies' || fail "$(qcmdctl status)"
qcmdctl check 2>&1 | grep -q "warning: jiffies_64 is left out: $private:5 excludes it" || fail "$(qcmdctl check 2>&1)"
has KSTACK $three || fail "[Exclude] Comm= of another task"
echo >&4
until_true "a task takes an excluded name" has_no KSTACK $three
echo >&4
until_true "a task has another name again" has KSTACK $three
kill $three
exec 4>&-
mkdir /sys/fs/cgroup/private
printf '[Exclude]\nCgroup=/private\n' >$private
qcmdctl reload >/dev/null || fail "[Exclude] Cgroup= is refused"
has KSTACK $one && has KSTACK $two || fail "after [Exclude] Comm="
echo $two >/sys/fs/cgroup/private/cgroup.procs
until_true "a task enters an excluded group" has_no KSTACK $two
has KSTACK $one || fail "[Exclude] Cgroup= of another task"
# It wins over a policy that is read later, and after a restart.
systemctl restart qcmdd
has_no KSTACK $two && has KSTACK $one || fail "[Exclude] after a restart"
echo $two >/sys/fs/cgroup/cgroup.procs
rm $private
qcmdctl reload >/dev/null
has KSTACK $two || fail "without [Exclude]"
rmdir /sys/fs/cgroup/private
echo "ok: [Exclude]"

policy <<POLICY
[Task]
KernelThread=yes
Comm=*
Register=stack
MaxTasks=3
POLICY
has KSTACK 2 && has_no KSTACK $one && has_no KSTACK 1 || fail "KernelThread=yes"
policy <<POLICY
[Task]
KernelThread=no
Register=stack
POLICY
has KSTACK $one && has KSTACK 1 && has_no KSTACK 2 || fail "KernelThread=no"
echo "ok: KernelThread="

# A stack leaves the table with its task: the module sees to that, with nobody to tell it.
/tmp/marker-two 1000 &
dies=$!
until_true "a stack that is to go" has KSTACK $dies
daemon=$(systemctl show -P MainPID qcmdd)
kill -STOP "$daemon"
kill -KILL $dies
wait $dies 2>/dev/null
has_no KSTACK $dies || fail "the stack of a dead task: $(./mdnl list | grep "\bpid=$dies\b")"
has KSTACK $two || fail "the stack of another task is gone"
kill -CONT "$daemon"

# A cgroup that comes after the policy, goes, and comes again; tasks that enter and leave it, and are born in it.
policy <<POLICY
[Task]
Cgroup=/test-[a-c]/inner /nothing
Register=stack
POLICY
for round in 1 2; do
	mkdir -p /sys/fs/cgroup/test-b/inner/most /sys/fs/cgroup/test-x/inner
	echo $one >/sys/fs/cgroup/test-b/inner/most/cgroup.procs
	echo $two >/sys/fs/cgroup/test-x/inner/cgroup.procs
	until_true "a task enters a cgroup, $round" has KSTACK $one
	has_no KSTACK $two || fail "another cgroup"
	echo $two >/sys/fs/cgroup/test-b/inner/cgroup.procs
	until_true "a task comes from another cgroup" has KSTACK $two
	# The subshell enters, and so its child is there from the start.
	(echo $BASHPID >/sys/fs/cgroup/test-b/inner/cgroup.procs && exec sleep 1000 & echo $! >born)
	until_true "a task that was born outside" has KSTACK "$(cat born)"
	kill "$(cat born)"
	for pid in $one $two; do
		echo $pid >/sys/fs/cgroup/cgroup.procs
		until_true "a task leaves a cgroup" has_no KSTACK $pid
	done
	until_true "the cgroup is empty" grep -q 'populated 0' /sys/fs/cgroup/test-b/inner/cgroup.events
	rmdir /sys/fs/cgroup/test-b/inner/most /sys/fs/cgroup/test-b/inner /sys/fs/cgroup/test-b ||
		fail "the cgroup can't be removed"
done

# Uninterruptible for six seconds: a process that waits for its vfork()ed child. The child itself sleeps.
policy <<POLICY
[Task]
Comm=perl
State=uninterruptible
StateSec=6
Register=task stack
POLICY
perl -e '$p = syscall(56, 0x4000 | 17, 0, 0, 0, 0); sleep 1000' &
hung=$! begin=$SECONDS
sleep 1.5
child=$(pgrep -P $hung)
grep -q '^State:.*D' /proc/$hung/status || fail "no task is uninterruptible: $(grep State /proc/$hung/status)"
# Where everything is slow its time may have come.
has_no KSTACK $hung || [ $((SECONDS - begin)) -ge 5 ] || fail "it is there before its time"
until_true "uninterruptible for six seconds" has KSTACK $hung
has_no KSTACK "$child" || fail "the child is there, too"
kill -9 "$child"
until_true "it goes on" has_no KSTACK $hung
kill -9 $hung

# The newest two of three, and again when one ends.
policy <<POLICY
[Task]
Comm=marker-*
Register=stack
MaxTasks=2
Keep=newest
POLICY
/tmp/marker-one 1000 &
three=$!
until_true "the newest" has KSTACK $three
until_true "the oldest makes room" has_no KSTACK $one
kill $three
until_true "and comes back" has KSTACK $one

# What was registered without CAP_PERFMON gives its share back when its task exits. 32 KiB for one socket: two stacks.
policy <<POLICY
[Task]
Comm=marker-*
POLICY
cp mdnl /tmp
start_of() { # pid
	./mdnl list | sed -n "s/.* name=KTASK .* pid=$1 start=\([0-9]*\) .*/\1/p"
}
bytes=/sys/module/qcom_minidump/parameters/unprivileged_bytes
was=$(cat $bytes)
echo 65536 >$bytes
mkfifo ask
setpriv --reuid=65534 --clear-groups --inh-caps=-all,+net_admin --ambient-caps=-all,+net_admin /tmp/mdnl <ask >said &
exec 5>ask
ask_for_stacks() { # pid
	printf "add name=KSHARE pid=$1 start=$(start_of "$1") part=2\n%.0s" 1 2 3 >&5
}
said() { # answers...
	[ "$(sed -n 's/^\(region\|error [A-Z]*\).*/\1/p' said | xargs)" = "$*" ]
}
ask_for_stacks $one
until_true "two stacks" said region region error EDQUOT
kill $one
until_true "they go" has_no KSHARE $one
ask_for_stacks $two
until_true "two others" said region region error EDQUOT region region error EDQUOT
exec 5>&-
wait $!
echo "$was" >$bytes

# A PID is one of the sender's namespace; what is listed is one of the initial one.
unshare -pf /tmp/marker-one 1000 &
unshare=$!
in_namespace() {
	inner=$(pgrep -P $unshare) && has KTASK "$inner"
}
until_true "a task of another PID namespace" in_namespace
got=$(nsenter -t "$inner" -p ./mdnl add name=KINNER pid=1 "start=$(start_of "$inner")" part=1)
[[ $got == "region "*" name=KINNER "*" pid=$inner start="* ]] || fail "PID 1 in there: $got"
got=$(./mdnl add name=KOUTER pid=1 "start=$(start_of "$inner")" part=1)
[[ $got == 'error ESRCH: '* ]] || fail "PID 1 out here: $got"
kill -9 "$inner"
kill $two
wait

# The table is too small: who was left out, and why. A task that comes later with a higher priority takes the place of
# one of a lower, and gives it back.
echo 0 >/sys/module/qcom_minidump_ram/parameters/bound
rmmod qcom_minidump_ram && modprobe qcom_minidump_ram slots=31 || fail "a small table"
policy <<POLICY
[Policy]
Priority=50
[Task]
Comm=low
MaxTasks=30
POLICY
cat >/etc/qcmd.d/60-high.conf <<POLICY
[Policy]
Priority=300
[Task]
Comm=high
POLICY
qcmdctl reload >/dev/null || fail "reload"
for _ in $(seq 12); do
	bash -c 'echo -n low >/proc/self/comm; sleep 1000; :' &
done
table_is_full() {
	qcmdctl --no-pager regions | grep -q 'KTASK *failed .*50-test .*low (.*the table is full'
}
until_true "a full table" table_is_full
before=$(active low)
[ "$before" -gt 0 ] || fail "none of the lower priority is in the table"
bash -c 'echo -n high >/proc/self/comm; sleep 1000; :' &
high=$!
until_true "the higher priority" has KTASK $high
qcmdctl --no-pager regions |
	grep -q 'KTASK *failed .*50-test .*: the table is full, and policy 60-high with Priority=300' ||
	fail "it isn't said who took the place"
[ "$(active low)" -lt "$before" ] || fail "nobody made room"
[[ $(qcmdctl --no-pager status) == *'The table is full: '* ]] || fail "status doesn't say that the table is full"
kill $high
all_back() {
	[ "$(active low)" = "$before" ]
}
until_true "those of before are back" all_back
pkill -x sleep
rm /etc/qcmd.d/60-high.conf
echo 0 >/sys/module/qcom_minidump_ram/parameters/bound
rmmod qcom_minidump_ram && modprobe qcom_minidump_ram || fail "a large table"

# Those that end before they count are no news, and those of one user don't take the places of others.
policy <<POLICY
[Task]
Comm=storm
Register=stack
MaxTasks=8
MaxTasksPerUser=2
POLICY
before=$(received)
./fork-storm 500 storm >/dev/null || fail "fork-storm"
[ $(($(received) - before)) -lt 100 ] || fail "500 that are forked and end cost $(($(received) - before)) events"
cp /bin/sleep /tmp/storm
for _ in 1 2 3 4 5 6; do
	setpriv --reuid=65534 --regid=65534 --clear-groups /tmp/storm 1000 &
done
/tmp/storm 1000 &
until_true "the task of root" has KSTACK $!
two_of_nobody() {
	[ "$(names_in storm | wc -w)" = 3 ]
}
until_true "two of another user" two_of_nobody
policy <<POLICY
[Task]
Comm=storm
User=nobody 1000-1999
Register=stack
POLICY
has_no KSTACK $! || fail "User=nobody takes a task of root"
[ "$(names_in storm | wc -w)" = 6 ] || fail "User=nobody takes others: $(names_in storm)"
pkill -x storm
wait
echo "ok: tasks that don't live, and users"

# A storm that nobody asks about: no event at all, whatever else the sections name.
policy <<POLICY
[Task]
Comm=stor?-x
[Task]
Comm=storm
KernelThread=yes
[Task]
PID=4000000
[Task]
Cgroup=/nothing
[Task]
Comm=storm
State=stopped
POLICY
before=$(received)
./fork-storm $processes storm || fail "fork-storm"
[ "$(received)" = "$before" ] || fail "a storm that nobody asks about cost $(($(received) - before)) events"
echo "ok: a storm that nobody asks about"

# One that is asked for: what is permanent is there before, in between and afterwards, of this policy and of another.
cat >/etc/qcmd.d/60-other.conf <<POLICY
[Task]
Comm=other
Register=task stack
POLICY
policy <<POLICY
[Policy]
MaxRegions=20
[Task]
Comm=storm
AgeSec=0
Register=stack
MaxTasks=8
POLICY
for _ in 1 2 3 4; do
	bash -c 'echo -n storm >/proc/self/comm; sleep infinity; :' &
	bash -c 'echo -n other >/proc/self/comm; sleep infinity; :' &
done
all_there() {
	[ "$(names_in storm)" = "$(pgrep -x storm | sort -n | paste -sd ' ')" ] &&
		[ "$(names_in other)" = "$(pgrep -x other | sort -n | paste -sd ' ')" ]
}
four_of_each() {
	[ "$(pgrep -xc storm) $(pgrep -xc other)" = '4 4' ]
}
until_true "four of each" four_of_each
until_true "what is permanent" all_there
permanent=$(names_in storm)
others=$(names_in other)
./fork-storm $processes storm >said &
storm=$!
looks=0
while kill -0 $storm 2>/dev/null; do
	now=" $(names_in storm) "
	for pid in $permanent; do
		[[ $now == *" $pid "* ]] || fail "$pid is not in the table during the storm: $now"
	done
	[ "$(names_in other)" = "$others" ] || fail "what another policy names is gone during the storm"
	[ "$(wc -w <<<"$now")" -le 8 ] || fail "more than MaxTasks=8 during the storm: $now"
	looks=$((looks + 1))
	sleep 0.5
done
wait $storm || fail "fork-storm"
cat said
[ $looks -ge 3 ] || fail "the storm was over after $looks looks"
[ "$(received)" -gt "$before" ] || fail "the storm went unnoticed"
until_true "only what is left" all_there
[ "$(names_in storm)" = "$permanent" ] && [ "$(names_in other)" = "$others" ] || fail "others than before are left"
pid=$(systemctl show -p MainPID --value qcmdd)
hwm=$(awk '$1 == "VmHWM:" { print $2 }' "/proc/$pid/status")
pss=$(awk '$1 == "Pss:" { print $2 }' "/proc/$pid/smaps_rollup")
echo "memory of qcmdd: VmHWM $hwm KiB, Pss $pss KiB; $looks looks during the storm; events: $(received)"
[ "$hwm" -lt 16384 ] && [ "$pss" -lt 16384 ] || fail "qcmdd takes more than 16 MiB"
exit 0
SCRIPT
} | vm --file "$programs/mdnl" --file "$top/tests/vm/guest-lib.sh" --file "$programs/fork-storm" \
	--timeout $((900 + ${PROCESSES:-4000} / 50))
