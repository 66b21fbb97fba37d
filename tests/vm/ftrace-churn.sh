#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# In a guest: changes the pages of a trace array in all ways there are, at random, until /run/ftrace-churn is gone.
# usage: ftrace-churn.sh [--slow] [INSTANCE [SEED]]
# --slow: half a second after each change there is time to follow it, and the array itself stays

slow=
if [ "${1-}" = --slow ]; then
	slow=1
	shift
fi
instance=${1:-qcmd}
RANDOM=${2:-1}
array=/sys/kernel/tracing/instances/$instance

# A page that is read in whole leaves the ring for good.
read_raw() { # CPU
	timeout 1 dd if="$array/per_cpu/cpu$1/trace_pipe_raw" of=/dev/null bs=4096 count=4 iflag=nonblock status=none
}

step() {
	case $((RANDOM % 8)) in
	0 | 1)
		echo $((16 << RANDOM % 4)) >"$array/buffer_size_kb"
		;;
	2)
		[ ! -e "$array/buffer_subbuf_size_kb" ] || echo $((4 << RANDOM % 4)) >"$array/buffer_subbuf_size_kb"
		;;
	3)
		echo $((RANDOM % 2)) >"$array/snapshot"
		;;
	4)
		read_raw 0
		read_raw 1
		;;
	5)
		echo >"$array/trace"
		;;
	6)
		[ "$slow" ] || [ $((RANDOM % 4)) != 0 ] || { rmdir "$array" && mkdir "$array"; }
		;;
	7)
		echo $((16 << RANDOM % 4)) >"$array/per_cpu/cpu$((RANDOM % 2))/buffer_size_kb"
		;;
	esac
	for _ in 1 2 3 4 5 6 7 8; do
		echo "churn $RANDOM" >"$array/trace_marker"
	done
}

touch /run/ftrace-churn
mkdir -p "$array"
# A reader, or the kernel itself, may be in the way: then a step fails, and the next one comes.
while [ -e /run/ftrace-churn ]; do
	step
	[ ! "$slow" ] || sleep 0.5
done 2>/dev/null
exit 0
