#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The machine panics with a capture kernel loaded, which boots as Debian's kdump-tools have it: with the unit of the
# real package, in the machine's own file system. A drop-in has the minidump collected before the whole memory.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

qcmdump=$top/build/qcmdump

tools=$("$top/tests/vm/unpacked" "$suite" kdump-tools) || fail "no kdump-tools"
"$top/tests/vm/capture-initrd" "$suite" "$kernel" "$work/initrd" || fail "no initramfs"
# One that checks itself needs more memory for that.
crashkernel=256M
[[ $kernel != *debug ]] || crashkernel=512M
vmlinuz=$(vmlinuz) || fail "no kernel"
with_libraries /sbin/kexec "$work/kexec"

# Before kdump-tools do their own part, a panic ends the run.
unit=lib/systemd/system/kdump-tools-dump.service
[ -e "$tools/$unit" ] || unit=usr/$unit
vm --crash "$work/crash" --append "crashkernel=$crashkernel" --file "$work/kexec" --file "$work/initrd" \
	--file "$vmlinuz:/srv/vmlinuz" --file "$tools/$unit:$unit" \
	--file "$tools/etc/init.d/kdump-tools:/etc/init.d/kdump-tools" \
	--file "$tools/usr/sbin/kdump-config:/usr/sbin/kdump-config" >"$work/said" <<'SCRIPT' ||
echo USE_KDUMP=1 >/etc/default/kdump-tools
cat >/srv/send <<'SEND'
#!/bin/sh
echo 0 >/proc/sys/kernel/printk
journalctl --sync
{
	# Behind what systemd has on the line
	echo
	SYSTEMD_COLORS=no journalctl -b -q -o cat MESSAGE_ID=3cf1d15c2c0f4f5e8b0a4c1d6f5b7e20
	qcmdctl --no-legend dumps | sed 's/^/capture: listed /'
	[ ! -d /sys/module/qcom_minidump ] || echo "capture: the module is loaded"
	echo "capture: dump"
	base64 /var/lib/qcmd/dumps/*.elf.zst
	echo "capture: end"
} >/dev/ttyS0 2>&1
echo 7 >/proc/sys/kernel/printk
echo c >/proc/sysrq-trigger
SEND
chmod +x /srv/send
mkdir -p /etc/systemd/system/kdump-tools-dump.service.d
printf '[Service]\nExecStartPre=/srv/send\n' >/etc/systemd/system/kdump-tools-dump.service.d/send.conf
systemctl enable -q --now qcmd-backend || exit 1
systemctl start qcmdd || exit 1
# What kdump-config appends
append='reset_devices systemd.unit=kdump-tools-dump.service nr_cpus=1 irqpoll usbcore.nousb'
kexec/run -p vmlinuz --initrd=initrd --command-line="console=ttyS0 $append" || exit 1
qcmdctl status | grep -q '^Collector: .*the capture kernel (kdump)$' || exit 1
echo "qcmd-test: the last words" >/dev/kmsg
sync
crash sysrq-c
SCRIPT
	fail "$(cat "$work/said")"

tr -d '\r' <"$work/crash/console.log" >"$work/console"
sed -n '/^capture: dump$/,/^capture: end$/p' "$work/console" | grep -a -v '^capture: ' |
	base64 -d >"$work/dump.elf.zst" ||
	fail "the capture kernel sent no dump: $(tail -n 40 "$work/console")"
sentence='A panic was asked for by sysrq: crash (PID [0-9]*) wrote to /proc/sysrq-trigger\.'
grep -a -x "Collected the dump of a crash: $sentence" "$work/console" ||
	fail "the journal does not tell of the dump: $(grep -a -C 5 Collected "$work/console")"
[ "$(grep -a -c "^capture: listed .* $sentence" "$work/console")" = 1 ] ||
	fail "qcmdctl lists other dumps: $(grep '^capture: listed' "$work/console")"
grep -a -q -x 'capture: the module is loaded' "$work/console" && fail "the capture kernel makes a table of its own"

"$qcmdump" info "$work/dump.elf.zst" | tee "$work/info" || fail "qcmdump info"
"$qcmdump" log "$work/dump.elf.zst" >"$work/log" || fail "qcmdump log"
"$qcmdump" tasks "$work/dump.elf.zst" >"$work/tasks" || fail "qcmdump tasks"
zstd -q -d "$work/dump.elf.zst" || fail "zstd doesn't read it"
vmcore-dmesg "$work/dump.elf" >"$work/vmcore-dmesg" || fail "vmcore-dmesg doesn't read it"
grep -q 'Problems: none' "$work/info" || fail "it has problems"
grep -q 'Table: at 0x[0-9a-f]*, to which the kernel leads' "$work/info" || fail "/proc/vmcore was searched"
grep -q 'qcmd-test: the last words' "$work/log" || fail "the log is not whole"
tail -n 60 "$work/log" >"$work/end"
grep -q 'sysrq triggered crash' "$work/end" || fail "no panic in the log"
grep -q ' qcmdd$' "$work/tasks" || fail "qcmdd is not among the tasks"
grep -q 'qcmd-test: the last words' "$work/vmcore-dmesg" || fail "vmcore-dmesg prints another log"
