#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# In a guest: rebind.sh MODULE FIRST_ADDRESS [TIMES [BIND UNBIND]]
#
# A back end, which is bound, is unbound and bound again TIMES times (1000), while threads in the kernel (qcmd_churn.ko)
# and two netlink sockets register, update and unregister. Afterwards the module must list what the threads say they
# have, all of it active, and nothing else; and the back end's module can be unloaded then, but not before. It ends
# with the back end unloaded and the core's own region alone.
#
# BIND and UNBIND are shell commands. By default they write to the parameter "bound" of the module. FIRST_ADDRESS is the
# first of 16 MiB of RAM that the sockets name. ./mdnl and ./random-operations.pl are needed.

module=$1 address=$2 times=${3:-1000}
bind=${4:-echo 1 >/sys/module/$module/parameters/bound}
unbind=${5:-echo 0 >/sys/module/$module/parameters/bound}
churn=/sys/module/qcmd_churn/parameters

fail() {
	echo "FAILED: rebind: $*"
	exit 1
}

# id, name, address, size, state. Who gave a virtual address gets it back; what a socket gave is the first piece's.
listed() {
	./mdnl list | awk '{
		split("", v)
		for (i = NF; i > 1; i--)
			v[substr($i, 1, index($i, "=") - 1)] = substr($i, index($i, "=") + 1)
		split(v["seg"], seg, ":")
		if (v["name"] ~ /^K(ODD|EVEN|CHURNBASE|RAND)/)
			print v["id"], v["name"], v["name"] ~ /RAND/ ? seg[4] : v["addr"], v["size"], v["state"]
	}'
}

rm -f rebind-stop
insmod /usr/lib/qcmd-test/qcmd_churn.ko || fail "qcmd_churn"
workers=()
for i in 1 2; do
	./random-operations.pl "$address" until rebind-stop >"rebind-held-$i" &
	workers+=($!)
done

for _ in $(seq 300); do
	[ "$(listed | grep -c KRAND)" -lt 4 ] || break
	sleep 0.1
done
[ "$(listed | grep -c KRAND)" -ge 4 ] || fail "the sockets are too slow"

# Warnings still go to the console; what each binding says would take longer than the binding.
dmesg -n 5
# The threads would take nearly all of the time.
renice -n -15 $$ >/dev/null
SECONDS=0
for ((i = 1; i <= times; i++)); do
	eval "$unbind" || fail "unbinding for the ${i}th time"
	eval "$bind" || fail "binding for the ${i}th time"
	if ((i == times / 2)); then
		rmmod "$module" 2>/dev/null && fail "$module could be unloaded while it is bound"
		rmmod qcom_minidump 2>/dev/null && fail "the core could be unloaded"
	fi
done
seconds=$SECONDS
dmesg -n 7
renice -n 0 $$ >/dev/null

echo 0 >$churn/running
touch rebind-stop
for _ in $(seq 100); do
	! [ -s rebind-held-1 ] || ! [ -s rebind-held-2 ] || break
	sleep 0.1
done
kill -0 "${workers[@]}" || fail "a thread has given up: see above"
[ "$(cat $churn/errors)" = 0 ] || fail "$(cat $churn/errors) calls of the kernel's threads have failed"
sed 's/$/ active/' $churn/held rebind-held-1 rebind-held-2 | sort >rebind-held
listed | sort >rebind-listed
diff rebind-held rebind-listed || fail "what the threads have (<) is not what is listed (>)"
# The header and VMCOREINFO are the core's own.
[ "$(./mdnl list | wc -l)" = $(($(wc -l <rebind-held) + 2)) ] || fail "regions that nobody has: $(./mdnl list)"

# The header of the thousandth table is called like the first one's.
./mdnl list | grep -q 'name=KELF_HEADER .* seg=0:0:' || fail "the header has a number: $(./mdnl list | grep KELF)"

rmmod qcmd_churn
kill "${workers[@]}"
wait "${workers[@]}" 2>/dev/null
for _ in $(seq 100); do
	[ "$(./mdnl list | wc -l)" != 2 ] || break
	sleep 0.1
done
[ "$(./mdnl list | wc -l)" = 2 ] || fail "regions outlived their owners: $(./mdnl list)"
rmmod "$module" 2>/dev/null && fail "$module could be unloaded while it is bound"
eval "$unbind"
rmmod "$module" || fail "$module can't be unloaded: $(cat "/sys/module/$module/refcnt") references"
[ "$(./mdnl list | wc -l)" = 1 ] || fail "not the core's own region alone: $(./mdnl list)"
echo "ok: $module was bound $times times in $seconds s, $(wc -l <rebind-held) regions are all there"
