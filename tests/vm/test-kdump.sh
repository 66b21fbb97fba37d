#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A kdump capture kernel collects the minidump from /proc/vmcore. It gets out over the serial console.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

qcmdump=$top/build/qcmdump

# The capture kernel's user space: collects, sends, and dies by a panic, which ends the run.
mkdir -p "$work/capture/proc"
with_libraries "$qcmdump" "$work/capture"
install "$(command -v busybox)" -t "$work/capture/bin"
cat >"$work/capture/init" <<'INIT'
#!/bin/busybox sh
export PATH=/bin LD_LIBRARY_PATH=/lib
busybox mount -t proc proc /proc
busybox --install -s /bin
echo 0 >/proc/sys/kernel/printk
echo "capture: begin"
qcmdump collect /proc/vmcore -o /dump.elf 2>&1 | cat
ls -l /proc/vmcore /dump.elf
echo "capture: dump"
gzip -c /dump.elf | base64
echo "capture: end"
echo 7 >/proc/sys/kernel/printk
echo c >/proc/sysrq-trigger
INIT
chmod +x "$work/capture/init"
(cd "$work/capture" && find . | cpio --quiet -o -H newc) | gzip >"$work/initrd" || fail "no initramfs"

release=$(basename "$(find "$top/build/vm/kernel" -maxdepth 1 -name "$kernel.*")")
vmlinuz=$(find "$top/build/vm/kernel/$release" -name 'vmlinuz*' | head -n 1)
with_libraries /sbin/kexec "$work/kexec"

vm --crash "$work/crash" --append crashkernel=256M --timeout 240 --file "$work/kexec" --file "$work/initrd" \
	--file "$vmlinuz:/srv/vmlinuz" >"$work/said" <<'SCRIPT' || fail "$(cat "$work/said")"
systemctl start qcmdd || exit 1
LD_LIBRARY_PATH=kexec/lib kexec/bin/kexec -p vmlinuz --initrd=initrd \
	--command-line='console=ttyS0 irqpoll nr_cpus=1 reset_devices rdinit=/init' || exit 1
echo "qcmd-test: the last words" >/dev/kmsg
sleep 1
crash sysrq-c
SCRIPT

tr -d '\r' <"$work/crash/console.log" | sed -n '/^capture: dump$/,/^capture: end$/p' | grep -v '^capture: ' |
	base64 -d | gunzip >"$work/dump.elf" ||
	fail "the capture kernel sent no dump: $(tail -n 40 "$work/crash/console.log")"
tr -d '\r' <"$work/crash/console.log" | sed -n '/^capture: begin/,/^capture: dump/p'

"$qcmdump" info "$work/dump.elf" | tee "$work/info" || fail "qcmdump info"
"$qcmdump" log "$work/dump.elf" >"$work/log" || fail "qcmdump log"
"$qcmdump" tasks "$work/dump.elf" >"$work/tasks" || fail "qcmdump tasks"
vmcore-dmesg "$work/dump.elf" >"$work/vmcore-dmesg" || fail "vmcore-dmesg doesn't read it"
grep -q 'Problems: none' "$work/info" || fail "it has problems"
grep -q 'qcmd-test: the last words' "$work/log" || fail "the log is not whole"
tail -n 60 "$work/log" >"$work/end"
grep -q 'sysrq triggered crash' "$work/end" || fail "no panic in the log"
grep -q ' qcmdd$' "$work/tasks" || fail "qcmdd is not among the tasks"
grep -q 'qcmd-test: the last words' "$work/vmcore-dmesg" || fail "vmcore-dmesg prints another log"
