#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Trace arrays are followed through all that changes their pages, and what was traced last is in the dump.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

qcmdump=$top/build/qcmdump
lines=800 # that are traced on each CPU after the last change

guest() {
	printf 'lines=%q\n' "$lines"
	cat <<'SCRIPT'
# shellcheck source=tests/vm/guest-lib.sh
. ./guest-lib.sh
tracing=/sys/kernel/tracing
array=$tracing/instances/qcmd
mkdir -p /etc/qcmd.d/trace.conf.d
cat >/etc/qcmd.d/trace.conf <<POLICY
[Policy]
Priority=200

[Ftrace]
Instance=qcmd
Events=sched:sched_process_exit
SizePerCPU=64K

[Ftrace]
POLICY
[ ! -d $tracing/instances/boot_map ] || printf '\n[Ftrace]\nInstance=boot_map\n' >>/etc/qcmd.d/trace.conf

pieces() { # of the array and CPU
	./mdnl list | grep "name=KFT$1 .*state=active"
}
bytes() {
	pieces '0C[0-9]*' | sed -n 's/.* size=\([0-9]*\) .*/\1/p' | awk '{ n += $1 } END { print n + 0 }'
}
# What the array says of itself: each sub-buffer has a header of 16 bytes, and readers have one more for each CPU.
expected() {
	local cpu kib subbuf=4 n=0
	[ ! -e $array/buffer_subbuf_size_kb ] || subbuf=$(cat $array/buffer_subbuf_size_kb)
	for cpu in 0 1; do
		kib=$(cat $array/per_cpu/cpu$cpu/buffer_size_kb)
		n=$((n + (kib * 1024 + subbuf * 1024 - 17) / (subbuf * 1024 - 16) + 1))
	done
	echo $((n * subbuf * 1024))
}
# Waits until the table has just that many bytes, and says how long it took. What the array has is asked each time: of
# one that is new qcmdd sets the size, a moment later.
followed() { # what, bytes
	local want start=${EPOCHREALTIME/./} now
	while want=${2:-$(expected)} && [ "$(bytes)" != "$want" ]; do
		now=${EPOCHREALTIME/./}
		[ $((now - start)) -lt 5000000 ] ||
			fail "$1: $(bytes) bytes are in the table, not $want: $(cat $array/per_cpu/cpu*/buffer_size_kb)"
	done
	now=${EPOCHREALTIME/./}
	echo "took $(((now - start) / 1000)) ms: $1"
}
fill() { # text, file, lines: on each CPU
	local cpu
	for cpu in 0 1; do
		taskset -c $cpu bash -c 'for i in $(seq '"$3"'); do echo "'"$1"' '$cpu' $i end" >'"$2"'; done'
	done
}

# How much slower a loop of a millisecond is on average than at its best, in percent: what else the emulator's machine
# does slows all of the guest down, and the guest takes that for CPU time.
slowness() {
	local best=1000000 sum=0 start took i j
	for ((i = 0; i < 500; i++)); do
		start=${EPOCHREALTIME/./}
		for ((j = 0; j < 50; j++)); do :; done
		took=$((${EPOCHREALTIME/./} - start))
		sum=$((sum + took))
		[ $took -ge $best ] || best=$took
	done
	echo $((sum / 5 / best))
}

# What starting costs, with all that can be followed: the verifier's work on each program, and CPU time to the end.
./verified 50000 ./*.bpf.o || fail "a BPF program takes the verifier too long"
for name in crash-utility irq-stacks memory modules; do
	mkdir -p /etc/qcmd.d/$name.conf.d
	printf '[Policy]\nEnabled=yes\n' >/etc/qcmd.d/$name.conf.d/on.conf
done
{ ./mkmap array /sys/fs/bpf/map && chgrp qcmd /sys/fs/bpf/map && chmod g+r /sys/fs/bpf/map; } || fail "mkmap"
printf '[Map]\nPin=/sys/fs/bpf/map\n' >/etc/qcmd.d/map.conf
for _ in 1 2 3 4 5; do
	before=$(slowness)
	systemctl start qcmdd || fail "qcmdd doesn't start"
	spent=$(($(systemctl show -P CPUUsageNSec qcmdd) / 1000000))
	after=$(slowness)
	./mdnl list >list
	grep "comment=.map /sys/fs/bpf/map'" list | grep -q state=active || fail "no map: $(cat list)"
	systemctl stop qcmdd || fail "qcmdd doesn't stop"
	echo "took $spent ms of CPU time: qcmdd until it is ready, at $before % before and $after % after that"
	spent=$((spent * 200 / (before + after)))
	[ $spent -ge 3000 ] || break
done
[ $spent -lt 3000 ] || [[ ${QCMD_KERNEL-} == *debug ]] || fail "the start takes more than 3 s of CPU time: $spent ms"
[ ! -d $array ] || rmdir $array || fail "the instance"
rm -r /etc/qcmd.d/map.conf /etc/qcmd.d/{crash-utility,irq-stacks,memory,modules}.conf.d

systemctl start qcmdd || fail "qcmdd doesn't start"
followed "an instance that qcmdd makes"
[ "$(cat $array/set_event)" = sched:sched_process_exit ] || fail "events: $(cat $array/set_event)"
[ ! -e $array/buffer_subbuf_size_kb ] || [ "$(pieces 0C0 | wc -l)" -le 4 ] || fail "too many pieces: $(pieces 0C0)"
pieces 1C0 | grep -q . || fail "the top-level array is not there"
if [ -d $tracing/instances/boot_map ]; then
	[ "$(pieces '2C[01]' | wc -l)" = 2 ] || fail "the buffer mapped at boot is not one piece for each CPU"
fi

for kib in 128 16 256 32 64; do
	echo $kib >$array/buffer_size_kb
	followed "another size, $kib KiB"
done
if [ -e $array/buffer_subbuf_size_kb ]; then
	# The kernel makes as many as it takes for all that the old ones were, headers included.
	old=$(($(cat $array/buffer_subbuf_size_kb) * 1024))
	each=$(($(expected) / 2 - old))
	echo 8 >$array/buffer_subbuf_size_kb
	followed "another sub-buffer size" $((2 * 8192 * ((each + 8175) / 8176 + 1)))
	echo 64 >$array/buffer_size_kb
	followed "the same size"
fi
echo 128 >$array/per_cpu/cpu1/buffer_size_kb
followed "another size of one CPU"
echo 64 >$array/buffer_size_kb
followed "one size again"

echo 1 >$array/snapshot
followed "a snapshot" $((2 * $(expected)))
echo 1 >$array/snapshot
followed "another snapshot" $((2 * $(expected)))
echo 0 >$array/snapshot
followed "no snapshot any more"

# A page that is read in whole changes places with another one.
fill fill $array/trace_marker 400
before=$(pieces 0C0 | sed 's/.* addr=\([^ ]*\) size=\([^ ]*\).*/\1 \2/' | sort)
for _ in 1 2 3; do
	dd if=$array/per_cpu/cpu0/trace_pipe_raw of=/dev/null bs=64K count=1 iflag=nonblock status=none
done
start=$SECONDS
while [ "$(pieces 0C0 | sed 's/.* addr=\([^ ]*\) size=\([^ ]*\).*/\1 \2/' | sort)" = "$before" ]; do
	[ $((SECONDS - start)) -lt 5 ] || fail "pages that a raw reader took are still in the table"
done
followed "a raw reader"
echo >$array/trace
followed "a buffer that is cleared"

echo 0 >/sys/devices/system/cpu/cpu1/online
followed "a CPU that is offline"
echo 1 >/sys/devices/system/cpu/cpu1/online
followed "a CPU that is back"

ids() {
	pieces '0C[01]' | sed 's/ name=.*//' | sort
}
before=$(ids)
systemctl restart qcmdd || fail "no restart"
followed "a restart"
[ "$(ids)" = "$before" ] || fail "the restart made other regions"

# Without BPF trace arrays can't be found, and that is all.
dropins=/run/systemd/system/qcmdd.service.d
mkdir -p $dropins
printf '[Service]\nSystemCallFilter=~bpf\nSystemCallErrorNumber=EPERM\n' >$dropins/no-bpf.conf
systemctl daemon-reload
systemctl restart qcmdd || fail "no start without BPF"
pid=$(systemctl show -P MainPID qcmdd)
systemctl reload qcmdd || fail "no reload without BPF"
qcmdctl --no-pager status | grep -q 'Not all of \[Ftrace\] is followed: ' || fail "status doesn't say that"
[ "$(systemctl show -P MainPID qcmdd)" = "$pid" ] || fail "a reload without BPF was too much for qcmdd"
rm -r $dropins
systemctl daemon-reload
systemctl restart qcmdd || fail "no restart with BPF again"
followed "BPF is there again"

printf '[Policy]\nMaxSlots=5\n' >/etc/qcmd.d/trace.conf.d/max.conf
systemctl reload qcmdd
sleep 1
[ "$(./mdnl list | grep -c -E 'name=(KF[TR]|KQCMD_TRACE).*state=active')" = 5 ] || fail "not MaxSlots=5"
qcmdctl --no-pager status | grep -qE '^ *trace: 5 of [0-9]+ regions in 5 slots: policy trace has MaxSlots=5$' ||
	fail "status doesn't say why there are 5 slots only: $(qcmdctl --no-pager status)"
rm /etc/qcmd.d/trace.conf.d/max.conf
systemctl reload qcmdd
followed "no limit any more"

rmdir $array || fail "qcmdd keeps the instance busy"
followed "an instance that is gone" 0
mkdir $array
echo 64 >$array/buffer_size_kb
followed "an instance that is back"

./ftrace-churn.sh qcmd 7 &
sleep 4
rm /run/ftrace-churn
wait
mkdir -p $array
echo 0 >$array/snapshot
echo 16 >$array/buffer_size_kb
followed "all of that at random"

# Pages that come last, and what is traced in them.
echo 128 >$array/buffer_size_kb
followed "the last change"
echo >$array/trace
fill top $tracing/trace_marker 10
[ ! -d $tracing/instances/boot_map ] || fill boot $tracing/instances/boot_map/trace_marker 10
fill last $array/trace_marker "$lines"
crash sysrq-c
SCRIPT
}

# All lines of a text, of each CPU, in order.
check() { # array, text, lines
	local cpu
	"$qcmdump" trace --no-pager --array="$1" "$work/dump.elf" >"$work/trace" || fail "qcmdump trace --array=$1"
	for cpu in 0 1; do
		diff <(sed -n "s/.* \($2 $cpu [0-9]* end\).*/\1/p" "$work/trace") <(seq -f "$2 $cpu %g end" "$3") \
			>"$work/diff" || fail "trace array $1, CPU $cpu: $(head -n 5 "$work/diff")"
	done
	echo "ok: what was traced last is in the dump: trace array $1"
}

objects=() options=()
for object in "$top"/bpf/*.bpf.c; do
	objects+=(--file "$build_for_guest/bpf/$(basename "$object" .c).o")
done
[ "$kernel" = 6.1 ] || options=(--append 'reserve_mem=1M:4096:trace trace_instance=boot_map@trace')
guest | vm --crash "$work/crash" --file "$programs/mdnl" --file "$top/tests/vm/ftrace-churn.sh" \
	--file "$top/tests/vm/guest-lib.sh" --file "$programs/verified" --file "$programs/mkmap" "${objects[@]}" \
	"${options[@]}" >"$work/said" || fail "$(cat "$work/said")"
cat "$work/said"
"$qcmdump" collect --force "$work/crash/ram.bin" -o "$work/dump.elf" || fail "collect"
check qcmd last "$lines"
check top top 10
[ "$kernel" = 6.1 ] || check boot_map boot 10
