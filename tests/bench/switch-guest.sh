#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# In a guest: switch-guest.sh ROUNDS. Prints "MODE RATE" lines, the modes in turn.

modprobe qcom_minidump_ram || exit 1
cpus=$(nproc)
# The emulator has to translate all of it once.
for _ in 1 2 3; do
	./switch-rate 2 >/dev/null
done
for _ in $(seq "$1"); do
	echo "nothing $(./switch-rate 2)"

	./empty-switch >attached &
	until grep -q attached attached; do sleep 0.1; done
	echo "empty $(./switch-rate 2)"
	kill $!
	wait 2>/dev/null

	for cpu in $(seq 0 $((cpus - 1))); do
		printf 'add name=KTASK cpu=%d part=1\nadd name=KSTACK cpu=%d part=2\n' "$cpu" "$cpu"
	done >commands
	echo 'sleep 1000' >>commands
	./mdnl <commands >followed &
	until [ "$(grep -c active followed)" = $((2 * cpus)) ]; do sleep 0.1; done
	echo "follow $(./switch-rate 2)"
	kill $!
	wait 2>/dev/null
done
