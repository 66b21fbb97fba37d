#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The module by itself: the netlink family by hand, clients in the kernel, back ends that come and go.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

vm --bare --file "$programs/mdnl" --product modules --append crashkernel=64M <<'SCRIPT'
fail() {
	echo "FAILED: $*"
	exit 1
}
# Runs mdnl with a command; what it prints must match the pattern.
expect() { # pattern, command...
	local pattern=$1 got
	shift
	got=$(./mdnl "$@" 2>&1)
	[[ $got == $pattern ]] || fail "$*: '$got' is not '$pattern'"
	echo "ok: $*"
}
# Whether a command comes true soon.
soon() { # command...
	for _ in $(seq 100); do
		"$@" && return
		sleep 0.1
	done
	return 1
}
field() { # field, line
	sed -n "s/.* $1=\([^ ]*\).*/\1/p" <<<"$2"
}

# Without a back end
modprobe qcom_minidump || fail "the module doesn't load"
expect 'backend regions=1 version=*' backend
expect 'region * name=KLOGBUF * state=pending *' add object=printk_text
# The socket is closed by now, and its region gone.
[ "$(./mdnl list | wc -l)" = 1 ] || fail "a region outlived its socket"

# Pending regions go in when a back end is bound; what doesn't fit is rejected one by one, and the rest goes in.
mkfifo commands
./mdnl <commands >pending &
exec 4>commands
printf '%s\n' 'add object=prb' 'add name=longer-than-fifteen object=prb' 'add object=printk_text' >&4
for _ in $(seq 300); do [ "$(grep -c '^ok' pending)" = 3 ] && break; sleep 0.1; done
modprobe qcom_minidump_ram slots=16 || fail "the ram back end doesn't load"
dmesg | grep -q 'back end ram: bound, 16 slots' || fail "the log doesn't say that it is bound"
list=$(./mdnl list)
[ "$(grep -c state=active <<<"$list")" = 4 ] || fail "pending regions didn't go in: $list"
grep -q "name=longer-than-fifteen .*state=rejected error='NAME is longer than the bound back end takes" <<<"$list" ||
	fail "no reason for the rejected one: $list"
echo "ok: pending regions"

# The end of the table: 16 slots, 4 in use, and 1 region that holds none.
for i in 5 6 7 8 9 10 11 12 13 14 15 16 17; do
	echo "add name=FILL paddr=$((0x100000 + i * 4096)) size=4096 comment=$i" >&4
done
echo "sleep 0.1" >&4
sleep 1
tail -n 1 pending | grep -q 'error ENOSPC: the table is full: remove a region' || fail "$(tail -n 2 pending)"
[ "$(./mdnl list | grep -c state=active)" = 16 ] || fail "the table is not full"
# Full as it is, a region can move, in place, and shrink, but not take more slots.
id=$(field id "$(grep 'comment=.16' pending)")
printf '%s\n' "update id=$id paddr=0x180000 size=8192" "update id=$id size=64" "get id=$id" >&4
sleep 1
./mdnl get id="$id" | grep -q 'size=64 .*:0x180000:64$' || fail "no move in a full table: $(./mdnl get id="$id")"
echo "del id=$id" >&4
sleep 1
echo 'add name=FILL paddr=0x140000 size=4096 comment=again' >&4
sleep 1
grep -q 'again.*state=active' pending || fail "the slot of a removed region can't be used"
# A rejected one goes in once a back end that can is bound; meanwhile nothing is lost.
exec 4>&-
wait
[ "$(./mdnl list | wc -l)" = 2 ] || fail "regions outlived their socket: $(./mdnl list)"
echo "ok: a full table"

rmmod qcom_minidump_ram 2>/dev/null && fail "a bound back end could be unloaded"
rmmod qcom_minidump 2>/dev/null && fail "the core could be unloaded under a back end"
echo 0 >/sys/module/qcom_minidump_ram/parameters/bound
expect 'backend regions=1 *' backend
rmmod qcom_minidump_ram || fail "an unbound back end can't be unloaded"
modprobe qcom_minidump_ram slots=15 2>/dev/null && fail "15 slots were taken"
dmesg | grep -q 'slots=15 is out of range: 16 to 16384' || fail "nothing says what is wrong with 15 slots"
modprobe qcom_minidump_ram || fail "the ram back end doesn't load again"

# Each bad request has its own words, and changes nothing.
before=$(./mdnl list)
addr=$(sed -n 's/.* addr=\([^ ]*\) .*/\1/p' <<<"$before" | head -n 1)
expect 'error ENOENT: OBJECT: *' add object=nonsense
expect 'error EINVAL: give exactly one of ADDR, PADDR, OBJECT, TASK and DATA*' add name=X
expect 'error EINVAL: give exactly one of *' add name=X object=prb paddr=0x100000 size=4
expect 'error EINVAL: NAME is missing*' add paddr=0x100000 size=4
expect 'error EINVAL: SIZE is missing*' add name=X paddr=0x100000
expect 'error EINVAL: SIZE and HOLD go with*' add object=prb size=4
expect 'error EINVAL: SIZE is 0*' add name=X paddr=0x100000 size=0
expect 'error EINVAL: NAME is missing*' add name= object=prb
expect 'error EINVAL: NAME: give 1 to 31*' add name=12345678901234567890123456789012 object=prb
expect 'error EINVAL: NAME: give 1 to 31*' add raw=2:no-nul object=prb
expect 'error ENAMETOOLONG: NAME is longer than the bound back end takes*' add name=1234567890123456 object=prb
expect 'error EINVAL: NAME may hold printable*' add name=$'a\tb' object=prb
expect "error EINVAL: NAME: *are the names of the module's own" add name=KELF_HDR object=prb
expect "error EINVAL: NAME: *are the names of the module's own" add name=KVMCOREINFO object=prb
expect 'error EINVAL: COMMENT: give at most 127 bytes*' add object=prb comment="$(printf '%0128d' 0)"
expect 'error EINVAL: TAG: give 1 to 64 bytes*' add object=prb tag="$(printf '%0130d' 0)"
expect 'error EINVAL: TAG: give 1 to 64 bytes*' add object=prb tag=
expect 'error EINVAL: Unsupported attribute*' update id=1 tag=01
expect 'error EINVAL: TAG: give 1 to 64 bytes*' note text=A=1 tag="$(printf '%0130d' 0)"
expect 'error EINVAL: ADDR + SIZE wraps around*' add name=X addr=0xffffffffffffff00 size=0x1000
expect 'error EFAULT: ADDR is a user-space address*' add name=X addr=0x400000 size=16
expect 'error EFAULT: ADDR is 0*' add name=X addr=0 size=16
expect 'error EFAULT: ADDR + SIZE is not mapped*' add name=X addr=0xffff800000000000 size=16
expect 'error EFAULT: PADDR + SIZE is not RAM*' add name=X paddr=0xfee00000 size=16
expect 'error EFAULT: PADDR + SIZE is not RAM*' add name=X paddr=0x100000 size=0x7fffffff00000000
expect 'error ESRCH: TASK: no such task*' add name=X pid=1 start=1 part=1
expect 'error EINVAL: TASK needs PART, and either PID and START_TIME or CPU*' add name=X pid=1
expect 'error EINVAL: TASK: PART is 1*' add name=X pid=1 start=1 part=4
expect 'error EINVAL: TASK: PART is 1*' add name=X cpu=0 part=3
expect 'error EINVAL: Unknown attribute type*' add object=prb raw=99:x
expect 'error EINVAL: ID is missing*' del
expect 'error ENOENT: ID: there is no such region*' del id=4711
expect 'error ENOENT: ID: there is no such region*' get id=0
kernels=$(field id "$(head -n 1 <<<"$before")")
expect 'error EPERM: ID: the region belongs to another socket or to the kernel*' del id="$kernels"
expect 'error EINVAL: give exactly one of*' note
expect 'error EINVAL: DATA: give 1 to 32768 bytes*' note fill=32749
[ "$(./mdnl list)" = "$before" ] || fail "a refused request changed something: $(./mdnl list)"

# Who may
as() { # capabilities, command...
	local caps=$1
	shift
	setpriv --reuid=65534 --clear-groups --inh-caps="-all$caps" --ambient-caps="-all$caps" -- ./mdnl "$@" 2>&1
}
cp mdnl /tmp/mdnl && cd /tmp || exit 1
# Whatever the unprivileged say, it is not looked at.
for request in backend list 'get id=1' 'get raw=99:x' 'add object=prb' 'add name= raw=99:x' 'update raw=99:x' \
	'del raw=99:x' 'note raw=99:x'; do
	# shellcheck disable=SC2086
	[[ $(as "" $request) == 'error EPERM' ]] || fail "unprivileged $request: $(as "" $request)"
done
[[ $(as ,+net_admin add object=prb) == 'region '* ]] || fail "net_admin: $(as ,+net_admin add object=prb)"
[[ $(as ,+net_admin add name=X paddr=0x100000 size=4) == 'error EPERM: naming an address takes CAP_PERFMON'* ]] ||
	fail "net_admin with an address"
[[ $(as ,+net_admin,+perfmon add name=X addr="$addr" size=4) == 'region '* ]] || fail "net_admin and perfmon"
[[ $(as ,+net_admin add name=X cpu=0 part=1) == 'error EPERM: TASK: to follow a CPU'*'takes CAP_PERFMON'* ]] ||
	fail "net_admin follows a CPU"
unshare -n ./mdnl list 2>&1 | grep -q 'no netlink family' || fail "another network namespace sees the family"
echo "ok: permissions"

# No address, nor what may hold one, for who has CAP_NET_ADMIN alone: not in a reply, a listing or an event.
: >seen
as ,+net_admin monitor 5 >>seen &
sleep 1
mkfifo secret
./mdnl <secret >secrets &
exec 4>secret
printf '%s\n' 'add name=SECRET paddr=0x100000 size=4096 tag=5ec3e7' "add name=SECRET addr=$addr size=4 tag=5ec3e7" >&4
sleep 1
id=$(field id "$(cat secrets)")
printf '%s\n' list "get id=${id%%[!0-9]*}" 'add object=prb tag=07' 'note text=A=1 tag=08' 'note text=B=1 tag=09' list |
	as ,+net_admin >>seen
as ,+net_admin,+perfmon list >with-perfmon
exec 4>&-
wait
for what in ' name=SECRET addr=0x[0-9a-f]* size=4096 tag=5ec3e7 ' " name=SECRET addr=$addr " ':0x100000:4096$'; do
	grep -q -e "$what" with-perfmon || fail "with CAP_PERFMON there is no $what: $(cat with-perfmon)"
done
[ "$(grep -c '^region .* name=SECRET .* seg=[0-9]*:[0-9]*:0:0:' seen)" = 5 ] || fail "not all replies: $(cat seen)"
[ "$(grep -c '^add-ntf .* name=SECRET .* seg=[0-9]*:[0-9]*:0:0:' seen)" = 2 ] || fail "not all events: $(cat seen)"
[ "$(grep -o '^region .* tag=0[789] ' seen | wc -l)" = 5 ] || fail "a socket doesn't see its own tags: $(cat seen)"
grep -E 'addr=|:0x|5ec3e7' seen && fail "an address is seen without CAP_PERFMON"
echo "ok: addresses"

# Who has CAP_NET_ADMIN alone has a small share of the table, and all others the rest.
share() { # file, seconds
	{
		printf 'add name=SHARE%s object=prb\n' 1 2 3 4 5 6 7 8 9
		echo "sleep $2"
	} | as ,+net_admin >"$1"
}
granted() { # file...
	grep -h -c '^region ' "$@" | xargs
}
share first 30 &
share second 30 &
sleep 2
share third 0
[ "$(granted first second third)" = "8 8 0" ] || fail "not a share of 16: $(cat first second third)"
for file in first second third; do
	grep -q '^error EDQUOT: without CAP_PERFMON there is no more room' $file || fail "no reason: $(cat $file)"
done
expect 'region *' add object=prb
[[ $(as ,+net_admin,+perfmon add object=prb) == 'region '* ]] || fail "no room with CAP_PERFMON"
pkill -9 mdnl
wait
{
	printf 'add name=SHARE%s object=prb\n' 1 2 3 4 5 6 7 8 9
	echo list
} | as ,+net_admin >first
[ "$(grep -c ' name=SHARE.*owner=[1-9]' first)" = 16 ] || fail "sockets that are killed keep their share: $(cat first)"
# Whether they are in the table or not.
rm first
echo 0 >/sys/module/qcom_minidump_ram/parameters/bound
{
	printf 'add name=SHARE%s object=prb\n' 1 2 3 4 5 6 7 TOOLONGFORTHATBACKEND 9
	until [ "$(grep -c -E '^(region|error)' first 2>/dev/null)" = 9 ]; do sleep 0.1; done
	grep -c state=pending first >pending
	echo 1 >/sys/module/qcom_minidump_ram/parameters/bound
	printf '%s\n' 'add name=SHARE9 object=prb' list
} | as ,+net_admin >first
[ "$(cat pending) $(grep -c '^error EDQUOT' first)" = "8 2" ] || fail "pending ones don't count: $(cat first)"
[ "$(grep -c 'SHARE.*state=active' first) $(grep -c 'SHARE.*state=rejected' first)" = "7 1" ] ||
	fail "not one is rejected: $(cat first)"
bytes=/sys/module/qcom_minidump/parameters/unprivileged_bytes
was=$(cat $bytes)
echo 100000 >$bytes
printf 'note %s\n' 'fill=32748 name=NA' 'fill=32748 name=NB' 'fill=16 name=NB' 'fill=32748 name=NB' 'text= name=NA' \
	'fill=32748 name=NB' 'fill=1 name=NB' 'fill=32748 name=NC' | as ,+net_admin >notes
[ "$(sed -n 's/^\(region\|error [A-Z]*\).*/\1/p' notes | xargs)" = \
	"region error EDQUOT region error EDQUOT region region region" ] || fail "bytes of notes: $(cat notes)"
# A limit that is lowered takes nothing away, and is no reason to refuse what takes no more.
echo 100000 >$bytes
{
	echo 'note fill=32748 name=NA'
	until grep -q . notes; do sleep 0.1; done
	echo 1000 >$bytes
	printf 'note %s\n' 'fill=32748 name=NA' 'fill=32000 name=NA' 'fill=32748 name=NA'
} | as ,+net_admin >notes
[ "$(sed -n 's/^\(region\|error [A-Z]*\).*/\1/p' notes | xargs)" = "region region region error EDQUOT" ] ||
	fail "after the limit was lowered: $(cat notes)"
echo "$was" >$bytes
echo "ok: shares"

# Memory that is registered is that of the sender's cgroup.
cgroup=/sys/fs/cgroup
[ -e $cgroup/cgroup.controllers ] || mount -t cgroup2 none $cgroup || fail "no cgroups"
echo +memory >$cgroup/cgroup.subtree_control
mkdir $cgroup/notes
echo 16M >$cgroup/notes/memory.max
seq -f 'note fill=32748 name=N%g' 900 >requests
(
	echo "$BASHPID" >$cgroup/notes/cgroup.procs
	exec ./mdnl <requests >notes
)
rmdir $cgroup/notes
[ "$(granted notes)" -gt 220 ] && [ "$(granted notes)" -lt 520 ] ||
	fail "$(granted notes) notes of 32 KiB each in 16 MiB: $(tail -n 3 notes)"
echo "ok: memory is accounted ($(granted notes) notes)"

# A name that looks like another one's number: no two slots are called the same.
(
	echo 'add name=KNUM paddr=0x100000 size=4'
	echo 'add name=KNUM paddr=0x101000 size=4'
	echo 'add name=KNUM_1 paddr=0x102000 size=4 comment=number-taken'
	echo 'add name=KOWN_1 paddr=0x103000 size=4'
	echo 'add name=KOWN_2_1 paddr=0x104000 size=4'
	echo 'add name=KOWN_01 paddr=0x105000 size=4'
	echo 'add name=KOWN paddr=0x106000 size=4'
	echo 'add name=KOWN paddr=0x107000 size=4'
	sleep 1
	./mdnl list >list
	echo "del id=$(field id "$(grep 'name=KOWN .*:0:' list)")"
	# Its number is free when its last notification has been sent.
	sleep 1
	echo 'add name=KOWN paddr=0x108000 size=4'
	sleep 1
	./mdnl list >list-after
) | ./mdnl >/dev/null
numbers() { # file
	sed -n 's/.* name=\(K\(NUM\|OWN\)[_0-9]*\) .* seg=[0-9]*:\([0-9]*\):.*/\1:\3/p' "$1" | sort | xargs
}
[ "$(numbers list)" = "KNUM:0 KNUM:1 KNUM_1:1 KOWN:0 KOWN:1 KOWN_01:0 KOWN_1:1 KOWN_2_1:1" ] ||
	fail "numbers: $(numbers list): $(cat list)"
[ "$(numbers list-after)" = "$(numbers list)" ] || fail "the number of a removed region: $(numbers list-after)"
echo "ok: names that look like numbers"

# Notifications; sizes are rounded up in the table. The tag is that of the owner in each listing.
tag=00ff0a20e4$(printf '%0118d' 7)
./mdnl monitor 4 >events &
sleep 1
{
	echo "add name=ROUND paddr=0x100000 size=61 tag=$tag"
	for _ in $(seq 300); do grep -q ' name=ROUND' replies && break; sleep 0.1; done
	echo "get id=$(field id "$(cat replies)")"
	printf '%s\n' list 'sleep 0.3' 'note text=A=1 tag=00' list 'sleep 0.3' 'note text=B=2' list 'sleep 0.3'
} | ./mdnl >replies
wait
[ "$(grep -c " name=ROUND .* size=61 tag=$tag state" replies)" = 5 ] || fail "a reply without the tag: $(cat replies)"
[ "$(sed -n 's/.* name=KQCMD_NOTE .* \(tag=[0-9a-f]* \)state.*/\1/p' replies | xargs)" = \
	"tag=00 tag=00 tag=00 tag=00" ] || fail "tags of the notes: $(cat replies)"
grep -q 'add-ntf region .* name=ROUND size=61 .*:64$' events || fail "no add event: $(cat events)"
grep -q 'update-ntf region .* name=KQCMD_NOTE .* state.* moves=1 ' events ||
	fail "no update event: $(cat events)"
[ "$(grep -c 'del-ntf region .* owner=[1-9]' events)" = 2 ] || fail "no del events: $(cat events)"
echo "ok: notifications"

# Clients in the kernel
insmod /usr/lib/qcmd-test/qcmd_client.ko || fail "qcmd_client: $(dmesg | tail -n 3)"
list=$(./mdnl list)
grep -q "name=KFLAT .* size=61 comment='qcmd_client' state=active owner=0 .*:64$" <<<"$list" || fail "KFLAT: $list"
[ "$(grep -c 'name=KSCATTERED' <<<"$list")" = 2 ] || fail "KSCATTERED: $list"
grep 'name=KSCATTERED .*size=16384' <<<"$list" | grep -q -E '(seg=[0-9]+:[0-9]+:[^ ]*:4096 ?){4}$' ||
	fail "pieces: $list"
rmmod qcom_minidump 2>/dev/null && fail "the core could be unloaded under a client"
for _ in $(seq 50); do
	echo 0 >/sys/module/qcom_minidump_ram/parameters/bound
	[ "$(./mdnl list | grep -c state=pending)" = 4 ] || fail "not pending: $(./mdnl list)"
	echo 1 >/sys/module/qcom_minidump_ram/parameters/bound
done
ids() {
	sed 's/ addr=.*//; /KELF/d'
}
[ "$(./mdnl list | ids)" = "$(ids <<<"$list")" ] || fail "changed: $(./mdnl list)"

# Pages that are held stay when their owner frees them, and are in the table only when they are activated.
insmod /usr/lib/qcmd-test/qcmd_page.ko || fail "qcmd_page: $(dmesg | tail -n 3)"
count=/sys/module/qcmd_page/parameters/count
references() { # pattern
	sed -n 's/.* seg=[^:]*:[^:]*:[^:]*:\([^:]*\):.*/\1/p' <<<"$page" >$count
	# shellcheck disable=SC2053
	[[ $(cat $count) == $1 ]] || fail "the page has $(cat $count) references, not $1"
}
addr=$(sed -n 's/.*name=KSCATTERED addr=\([^ ]*\) size=16384.*/\1/p' <<<"$list")
flat=$(sed -n 's/.*name=KFLAT addr=\([^ ]*\) .*/\1/p' <<<"$list")
page=$(./mdnl add name=KPAGE addr="$addr" size=4096)
references 1
expect 'error EBUSY: HOLD is for memory that was allocated as pages*' add name=X addr="$flat" size=61 hold=yes
expect 'error EINVAL: SIZE and HOLD go with ADDR and PADDR only*' add object=prb hold=yes
mkfifo hold
./mdnl <hold >held &
exec 4>hold
printf '%s\n' "add name=KHOLD addr=$addr size=16384 hold=yes" 'add name=KFREE paddr=0x100000 size=4096' >&4
sleep 1
id=$(field id "$(grep name=KHOLD held)")
./mdnl get id="$id" | grep -q 'state=held .* seg=-1:' || fail "not held: $(cat held)"
references 2
# Back ends that come and go don't make it active.
echo 0 >/sys/module/qcom_minidump_ram/parameters/bound
echo 1 >/sys/module/qcom_minidump_ram/parameters/bound
./mdnl get id="$id" | grep -q 'state=held' || fail "no longer held: $(./mdnl get id="$id")"
printf '%s\n' "update id=$id size=4096" "update id=$(field id "$(grep name=KFREE held)") activate=yes" >&4
echo "update id=$(field id "$(grep name=KFREE held)")" >&4
printf '%s\n' "update id=$id activate=yes size=4096" "update id=$id activate=yes" "update id=$id activate=yes" >&4
sleep 1
grep -q "error EINVAL: ID: only a region that was added by address, without MAP and HOLD" held || fail "$(cat held)"
[ "$(grep -c 'error EINVAL: ACTIVATE is for a region that was added with HOLD, once' held)" = 2 ] || fail "$(cat held)"
grep -q 'error EINVAL: nothing to change' held || fail "$(cat held)"
grep -q 'error EINVAL: ACTIVATE takes the region as it is' held || fail "$(cat held)"
[ "$(./mdnl get id="$id" | grep -o -E 'seg=[0-9]+:' | wc -l)" = 4 ] || fail "not active: $(./mdnl get id="$id")"
rmmod qcmd_client
references 1
exec 4>&-
wait

# Of an allocation of several pages it takes one reference, whichever of them are meant, and gives one back.
compound=$(cat /sys/module/qcmd_page/parameters/compound)
echo "$compound" >$count
rm held
./mdnl <hold >held &
exec 4>hold
echo "add name=KHOLD paddr=$((compound + 4096)) size=8192 hold=yes" >&4
until grep -q -s . held; do sleep 0.1; done
[ "$(cat $count)" = 2 ] || fail "four pages have $(cat $count) references, not 2: $(cat held)"
exec 4>&-
wait
[ "$(cat $count)" = 1 ] || fail "four pages are left with $(cat $count) references"

# A module takes its per-CPU variables along, not what begins before them.
percpu=$(printf %#x "$(cat /sys/module/qcmd_page/parameters/percpu)")
./mdnl <hold >held &
exec 4>hold
printf 'add name=%s addr=%#x size=%d\n' KCPUVAR "$percpu" 8 KBEFORE "$((percpu - 64))" 128 >&4
per_cpu_are() { # names
	[ "$(./mdnl list | sed -n 's/.* name=\(KCPUVAR\|KBEFORE\) .*/\1/p' | xargs)" = "$1" ]
}
soon per_cpu_are 'KCPUVAR KBEFORE' || fail "the per-CPU variables are not there: $(cat held)"
rmmod qcmd_page
per_cpu_are KBEFORE || fail "of a module that went there is: $(./mdnl list)"
exec 4>&-
wait

# Nor can it hold what is given back without a look at references.
crash=$(sed -n 's/^ *\([0-9a-f]*\)-.* : Crash kernel$/0x\1/p' /proc/iomem)
./mdnl <hold >reserved &
exec 4>hold
echo "add name=KRESERVED paddr=$crash size=$((1 << 20)) hold=yes" >&4
sleep 1
echo 0 >/sys/kernel/kexec_crash_size || fail "the memory of the capture kernel stays reserved"
mount -t tmpfs -o size=100% fill /mnt
head -c "$(awk '$1 == "MemAvailable:" { print $2 - 100000 }' /proc/meminfo)K" /dev/zero >/mnt/fill
exec 4>&-
wait
umount /mnt
dmesg | grep 'Bad page' && fail "references were dropped that were never taken"
grep -q 'error EBUSY: HOLD is for memory that was allocated as pages: .* reserved at boot' reserved ||
	fail "reserved memory was held: $(cat reserved)"
echo "ok: pages that are held"

# From one multiple of 4 to another: not a byte of another page, nor of what is no RAM
last=$(sed -n 's/^[0-9a-f]*-\([0-9a-f]*\) : System RAM$/0x\1/p' /proc/iomem | tail -n 1)
expect "region * size=1 * seg=*:$(printf %#x $((last - 3))):4"$'\nok' add name=KLAST paddr="$last" size=1
expect 'error EFAULT: PADDR + SIZE is not RAM*' add name=KLAST paddr="$last" size=2
expect $'region * size=3 * seg=*:0x100ffc:4\nok' add name=KEND paddr=0x100ffd size=3
expect $'region * size=2 * seg=*:0x100ffc:8\nok' add name=KBOTH paddr=0x100fff size=2

# Several notes of one socket
{
	printf '%s\n' 'note text=A=1' 'note text=B=1 name=KNOTE_B type=7' 'note text=B=22222 name=KNOTE_B type=7'
	printf '%s\n' 'list' 'note text= name=KNOTE_B' 'list'
} | ./mdnl >notes
[ "$(grep -c 'name=KNOTE_B .*moves=1 ' notes)" = 2 ] || fail "no second note, or one too many: $(cat notes)"
[ "$(grep -c 'name=KQCMD_NOTE .*moves=0 ' notes)" = 3 ] || fail "the first note is not what it was: $(cat notes)"
echo "ok: several notes"
[ "$(./mdnl list | wc -l)" = 2 ] || fail "a client's regions outlived it: $(./mdnl list)"
echo "ok: clients in the kernel"

# Back ends come and go under load
touch /run/load
for _ in 1 2 3 4; do
	(while [ -e /run/load ]; do ./mdnl add object=printk_text; done >/dev/null 2>&1) &
done
for _ in $(seq 20); do
	echo 0 >/sys/module/qcom_minidump_ram/parameters/bound
	rmmod qcom_minidump_ram || fail "the back end can't be unloaded under load"
	modprobe qcom_minidump_ram
done
rm /run/load
wait

# The core goes although a socket has regions
(printf '%s\n' 'add object=printk_text' 'note text=A=1' 'sleep 3') | ./mdnl >/dev/null &
sleep 1
[ "$(./mdnl list | wc -l)" = 4 ] || fail "not there: $(./mdnl list)"
echo 0 >/sys/module/qcom_minidump_ram/parameters/bound
rmmod qcom_minidump_ram && rmmod qcom_minidump || fail "the core can't be unloaded"
wait
lsmod | grep -q minidump && fail "still loaded: $(lsmod | grep minidump)"
dmesg | grep 'regions were leaked' && fail "a leak"
echo "ok: unloaded, no region leaked"

# Left to itself the module has what every crash needs, before there is a table, in each one, and whoever closes what.
names() { # state
	./mdnl list | sed -n "s/^region .* name=\([^ ]*\) .*state=$1 .*owner=0 .*/\1/p" | sort | xargs
}
all='KLAYOUT KLOGBUF KSTACK KSTACK KTASK KTASK KVMCOREINFO LOG_DESC LOG_INFO LOG_PRB LOG_RING'
modprobe qcom_minidump own=1
[ "$(names pending)" = "$all" ] || fail "not what is to be there from the start: $(./mdnl list)"
modprobe qcom_minidump_ram slots=16 || fail "a small table"
[ "$(names rejected)" = 'KSTACK KSTACK' ] || fail "stacks are not all that is left out: $(./mdnl list)"
echo 0 >/sys/module/qcom_minidump_ram/parameters/bound
rmmod qcom_minidump_ram && modprobe qcom_minidump_ram slots=20 || fail "a larger table"
[ "$(names rejected)" = KSTACK ] || fail "one stack leaves the last quarter to others: $(./mdnl list)"
echo 0 >/sys/module/qcom_minidump_ram/parameters/bound
rmmod qcom_minidump_ram && modprobe qcom_minidump_ram slots=32 || fail "a table for all"
all_active() {
	[ "$(names active)" = "KELF_HEADER $all" ]
}
all_active || fail "not all of it is in the table: $(./mdnl list)"
# Others have filled the table when a CPU comes: what is of that waits, and is in when there is room again.
full() {
	./mdnl backend | grep -q slots_used=32
}
echo 0 >/sys/devices/system/cpu/cpu1/online
./mdnl <hold >held &
exec 4>hold
for i in $(seq 19); do
	echo "add name=FILL paddr=$((0x100000 + i * 4096)) size=4096"
done >&4
soon full || fail "the table is not full: $(./mdnl list)"
echo 1 >/sys/devices/system/cpu/cpu1/online
[ "$(names rejected)" = 'KSTACK KTASK' ] || fail "not what a full table leaves out: $(./mdnl list)"
exec 4>&-
wait
soon all_active || fail "there is room again, and not all of it is in the table: $(./mdnl list)"
echo 0 >/sys/module/qcom_minidump_ram/parameters/bound
rmmod qcom_minidump_ram && modprobe qcom_minidump_ram || fail "a larger table"
all_active || fail "not all of it is in the table: $(./mdnl list)"
expect 'error EEXIST: TASK: this PART of this CPU*' add name=X cpu=1 part=2
expect 'error EPERM: ID: *' del id="$(field id "$(./mdnl list | grep 'name=KLOGBUF')")"
expect 'region * object=prb *state=active owner=[1-9]*' add name=X object=prb
of_cpu() {
	./mdnl list | grep ' cpu=1 ' | grep -c 'state=active owner=0'
}
for _ in $(seq 10); do
	echo 0 >/sys/devices/system/cpu/cpu1/online
	[ "$(of_cpu)" = 0 ] || fail "what a CPU ran that is offline: $(./mdnl list)"
	echo 1 >/sys/devices/system/cpu/cpu1/online
	[ "$(of_cpu)" = 2 ] || fail "what a CPU runs that has come back: $(./mdnl list)"
done
echo 0 >/sys/module/qcom_minidump_ram/parameters/bound
rmmod qcom_minidump_ram && rmmod qcom_minidump || fail "the core can't be unloaded"
dmesg | grep 'regions were leaked' && fail "a leak"
echo "ok: what is the module's own"
exit 0
SCRIPT
