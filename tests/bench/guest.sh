#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# In a guest: guest.sh ROUNDS PART... Prints "WHAT NUMBER" lines, what is compared in turn.

rounds=$1
cpus=$(nproc)

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

follow() { # until ./mdnl, $!, ends
	for ((cpu = 0; cpu < cpus; cpu++)); do
		printf 'add name=KTASK cpu=%d part=1\nadd name=KSTACK cpu=%d part=2\n' "$cpu" "$cpu"
	done >commands
	echo 'sleep 1000' >>commands
	./mdnl <commands >followed &
	until [ "$(grep -c active followed)" = $((2 * cpus)) ]; do sleep 0.1; done
}

end() {
	kill "$1"
	wait "$1" 2>/dev/null || :
}

# Context switches a second
switch_rates() { # what they are printed as, milliseconds
	# The emulator has to translate all of it once.
	for _ in 1 2 3; do
		./switch-rate "$2" >/dev/null
	done
	for _ in $(seq "$rounds"); do
		echo "$1/nothing $(./switch-rate "$2")"

		./empty-switch >attached &
		until grep -q attached attached; do sleep 0.1; done
		echo "$1/empty $(./switch-rate "$2")"
		end $!

		follow
		echo "$1/follow $(./switch-rate "$2")"
		end $!
	done
}

bench_switch() {
	switch_rates switch 200
}

# Where the clock counts instructions; the guest has time enough for many of them.
bench_work() {
	switch_rates work 100
}

daemon_pid() {
	systemctl show -P MainPID qcmdd
}

# Clock ticks that the daemon has taken
daemon_ticks() {
	awk '{ print $14 + $15 }' "/proc/$(daemon_pid)/stat"
}

daemon_start() {
	systemctl start qcmdd || fail "qcmdd doesn't start"
	until ./mdnl list | grep -q 'name=KTASK .*state=active'; do sleep 0.1; done
}

daemon_memory() { # when
	awk -v when="$1" '/^VmRSS/ { print "daemon/memory-" when, $2 / 1024 }' "/proc/$(daemon_pid)/status"
}

# The daemon's share of one CPU, in percent, since then
daemon_share() { # ticks before, milliseconds before
	awk -v ticks=$(($(daemon_ticks) - $1)) -v ms=$(($(date +%s%3N) - $2)) -v hz="$(getconf CLK_TCK)" \
		'BEGIN { print ticks / hz / (ms / 1000) * 100 }'
}

# Programs started a second, and what the daemon takes for that
bench_fork() {
	local ticks since

	# As above, and the system is still starting.
	for _ in 1 2 3; do
		./spawn rate 2 ./other >/dev/null
	done
	for _ in $(seq "$rounds"); do
		echo "fork/nothing $(./spawn rate 2 ./other)"
		daemon_start
		echo "fork/other $(./spawn rate 2 ./other)"
		ticks=$(daemon_ticks) since=$(date +%s%3N)
		echo "fork/wanted $(./spawn rate 2 ./wanted)"
		echo "daemon/cpu-busy $(daemon_share "$ticks" "$since")"
		daemon_memory busy
		systemctl stop qcmdd
	done
}

# From a program's exec until its region is in the table, in milliseconds
bench_delay() {
	daemon_start
	./spawn times 200 ./wanted >execs &
	until [ "$(wc -l <execs)" = 200 ]; do sleep 0.2; done
	sleep 1
	./mdnl list >regions
	end $!
	awk '
		NR == FNR { exec_at[$1] = $2; next }
		{
			pid = created = ""
			for (i = 2; i <= NF; i++) {
				split($i, pair, "=")
				if (pair[1] == "pid")
					pid = pair[2]
				else if (pair[1] == "created")
					created = pair[2]
			}
			if (pid in exec_at)
				print "delay/ms", (created - exec_at[pid]) / 1000000
		}' execs regions
	systemctl stop qcmdd
}

bench_daemon() {
	local ticks since

	daemon_start
	sleep 3
	ticks=$(daemon_ticks) since=$(date +%s%3N)
	sleep 10
	echo "daemon/cpu-idle $(daemon_share "$ticks" "$since")"
	daemon_memory idle
	systemctl stop qcmdd
}

# Requests a second, with so many regions in the table
bench_table() {
	./netlink-rate 1024 >/dev/null
	for _ in $(seq "$rounds"); do
		for held in 10 200 4000; do
			./netlink-rate 256 $held | sed "s,^,table-$held/,"
		done
	done
}

mkdir -p /etc/qcmd.d
cat >/etc/qcmd.d/50-bench.conf <<POLICY
[Task]
Comm=wanted
MaxTasks=1000
POLICY
cp spawn wanted
cp spawn other
modprobe qcom_minidump own=0
modprobe qcom_minidump_ram slots=8192 || fail "no table"
shift
for part in "$@"; do
	"bench_$part"
done
