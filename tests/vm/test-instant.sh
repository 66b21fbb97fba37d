#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The table is right at every instant: a machine that churns is stopped wherever it is, and its memory looked at.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

# INSTANTS=1000 tests/vm/test-instant.sh for a long run.
instants=${INSTANTS:-100}

vm --mem 512 --instants "$instants" --inspect "/usr/bin/python3 $top/tests/vm/inspect-table.py" \
	--timeout $((120 + instants)) --file "$top/build/tests/mdnl" <<'SCRIPT' || fail "see above"
mkdir -p /etc/qcmd.d
cat >/etc/qcmd.d/50-churn.conf <<POLICY
[Task]
Comm=churn*
Register=task stack
MaxTasks=64
POLICY
# In a context switch the header names the range of the task before for some instructions: see docs/table.md.
mkdir -p /etc/qcmd.d
ln -s /dev/null /etc/qcmd.d/current.conf
systemctl start qcmdd || exit 1
cp "$(command -v sleep)" /tmp/churn

# Tasks that the daemon follows
while :; do
	/tmp/churn 0.2 &
	sleep 0.02
done &

# A socket that comes and goes with its regions, and a note that moves
while :; do
	{
		for i in $(seq 20); do
			echo "add name=SIZE$i paddr=$((0x100000 + i * 65536)) size=$((RANDOM % 60000 + 1))"
			echo "note text=A=$RANDOM"
			echo "add name=SIZE1_$((i % 3 + 1)) paddr=$((0x100000 + i * 65536)) size=4"
			echo "add name=SIZE1 paddr=$((0x100000 + i * 65536)) size=4"
		done
	} | ./mdnl >/dev/null
done &

# Regions of many sizes that come, move, change their size and go, as fast as the machine can
insmod /usr/lib/qcmd-test/qcmd_churn.ko || exit 1
sleep 3
echo "instants: go"
wait
SCRIPT
echo "ok: $instants instants"
