#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A crash in each part of a machine's life, from the initramfs to the last driver's shutdown: the log up to its last
# line and what the CPUs ran are in the dump, whether qcmdd was there or not.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

export LC_ALL=C
qcmdump=$top/build/qcmdump
release=$(release) || fail "no kernel"

# Kills the machine, with a task of each name on its CPUs. For the shell of an initramfs, too.
cat >"$work/moment" <<'SCRIPT'
#!/bin/sh
# A system-shutdown hook has none.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
echo "qcmd-test: the script starts" >/dev/kmsg
(printf busy >/proc/self/comm; while :; do :; done) &
sleep 1
echo "qcmd-test: the moment $1" >/dev/kmsg
insmod /usr/lib/qcmd-test/qcmd_crash.ko mode=panic
SCRIPT

# Sees the machine go down: who is called so is neither asked nor made to end.
cat >"$work/last" <<'SCRIPT'
#!/bin/bash
daemon=$(pgrep -x qcmdd)
(trap '' TERM; exec sleep 1000) &
stubborn=$!
mount -t tmpfs moment /mnt
case $1 in
term)
	while [ -e "/proc/$daemon" ]; do sleep 0.05; done
	[ -e "/proc/$stubborn" ] || exit
	;;
kill)
	wait $stubborn
	;;
umount)
	while grep -q ' /mnt ' /proc/self/mounts; do sleep 0.05; done
	;;
esac
exec /srv/moment "$1"
SCRIPT
chmod +x "$work/moment" "$work/last"

# /etc/systemd/system of the guest: qcmdd as it is when it is enabled, and what kills the machine beside a target.
units=$work/units
wants() { # target, unit, where it is
	mkdir -p "$units/$1.wants"
	ln -s "$3/$2" "$units/$1.wants/$2"
}
beside() { # target, order
	printf '[Unit]\nDefaultDependencies=no\nConditionKernelCommandLine=qcmd.moment=%s\n%s\n' "$1" "$2"
	printf '[Service]\nType=oneshot\nExecStart=/srv/moment %s\n' "$1"
}
wants sysinit.target qcmd-backend.service /usr/lib/systemd/system
wants multi-user.target qcmdd.service /usr/lib/systemd/system
for target in sysinit basic rescue final; do
	wants $target.target moment-$target.service /etc/systemd/system
done
beside sysinit 'After=qcmd-backend.service
Before=sysinit.target' >"$units/moment-sysinit.service"
beside basic 'After=sysinit.target
Before=basic.target' >"$units/moment-basic.service"
beside rescue 'After=qcmdd.service' >"$units/moment-rescue.service"
beside final 'After=shutdown.target
Before=final.target' >"$units/moment-final.service"
# What comes behind the unmounts: it also has the machine wait for who sees them, as it would be off in a moment.
cat >"$work/hook" <<'SCRIPT'
#!/bin/sh
case $(cat /proc/cmdline) in
*qcmd.moment=hook*) exec /srv/moment hook ;;
*qcmd.moment=umount*) exec sleep 1000 ;;
esac
SCRIPT
chmod +x "$work/hook"

# What the guest does to get to its moment.
script() { # moment
	case $1 in
	sysinit | basic) echo 'sleep 1000' ;;
	multi-user) echo 'exec /srv/moment multi-user' ;;
	rescue) echo 'systemctl isolate --no-block rescue.target; sleep 1000' ;;
	driver) echo 'insmod /usr/lib/qcmd-test/qcmd_crash.ko mode=shutdown' ;;
	term | kill | umount) echo "setsid bash -c 'exec -a @last bash /srv/last $1' & sleep 1" ;;
	esac
	echo 'systemctl poweroff --no-block; sleep 1000'
}

# With the tools of this machine, and the modules of the guest: an initramfs as update-initramfs makes it.
make_initramfs() {
	local modules=$work/modules/$release conf=$work/conf installed=$work/installed folder moment order
	mkdir -p "$work/modules" "$conf/hooks" "$conf/scripts/init-premount" "$conf/scripts/init-bottom" \
		"$conf/conf.d"
	for folder in "$top/build/vm/kernel/$release"/{usr/,}lib/modules/$release; do
		[ ! -d "$folder" ] || [ -d "$modules" ] || cp -al "$folder" "$modules"
	done
	rm -f "$modules"/modules.{alias,dep,symbols,softdep,devname,weakdep}*
	install -D -m 644 "$build_for_guest/kmod/$release"/*.ko -t "$modules/updates" || fail "no modules"
	llvm-strip --strip-debug "$modules"/updates/*.ko
	"$top/tests/make" install RELEASE= PREFIX=/usr/local DESTDIR="$installed" >/dev/null 2>&1 ||
		fail "make install"
	cp "$installed/usr/share/initramfs-tools/hooks/qcmd" "$conf/hooks/"
	cp -r "$installed/usr/share/initramfs-tools/scripts/init-top" "$conf/scripts/"
	printf 'MODULES=list\nBUSYBOX=no\nCOMPRESS=gzip\n' >"$conf/initramfs.conf"
	printf 'virtio_pci\nvirtio_blk\next4\n' >"$conf/modules"
	cat >"$conf/hooks/moment" <<-HOOK
	#!/bin/sh
	[ "\${1-}" != prereqs ] || exit 0
	mkdir -p "\$DESTDIR/usr/lib/qcmd-test"
	cp $top/build/vm/kmod/$release/qcmd_crash.ko "\$DESTDIR/usr/lib/qcmd-test/"
	cp $work/moment "\$DESTDIR/moment"
	HOOK
	for moment in initramfs:init-premount switch-root:init-bottom; do
		cat >"$conf/scripts/${moment#*:}/moment" <<-SCRIPT
		#!/bin/sh
		[ "\${1-}" != prereqs ] || exit 0
		case \$(cat /proc/cmdline) in
		*qcmd.moment=${moment%:*}) sh /moment ${moment%:*} ;;
		esac
		SCRIPT
	done
	chmod +x "$conf"/hooks/* "$conf"/scripts/*/*
	mkdir -p "$work/etc/system/sysinit.target.wants" "$work/boot"
	for file in boot/config-$release usr/lib/modules/$release/config; do
		[ ! -e "$top/build/vm/kernel/$release/$file" ] ||
			cp "$top/build/vm/kernel/$release/$file" "$work/boot/config-$release"
	done
	: >"$work/etc/system/sysinit.target.wants/qcmd-backend.service"
	# mkinitramfs looks there and nowhere else; a small machine may have none of these.
	mkdir -p /lib/modules /etc/systemd
	unshare -m sh -euc "mount --bind $work/modules /lib/modules; mount --bind $installed/usr/local /usr/local
		mount --bind $work/etc /etc/systemd; mount --bind $work/boot /boot; depmod $release
		mkinitramfs -d $conf -o $work/initrd $release" >"$work/out" 2>&1 ||
		fail "mkinitramfs: $(cat "$work/out")"
	lsinitramfs "$work/initrd" >"$work/contents"
	for name in qcom_minidump.ko qcom_minidump_ram.ko qcom_minidump_panic.ko lib/qcmd/qcmd-backend; do
		grep -q "/$name" "$work/contents" || fail "no $name in the initramfs: $(grep qcmd "$work/contents")"
	done
	unmkinitramfs "$work/initrd" "$work/unpacked" || fail "unmkinitramfs"
	order=$(grep -o -E '(blacklist|qcmd|udev) ' "$work/unpacked/scripts/init-top/ORDER" | xargs)
	[[ $order == 'blacklist qcmd'* ]] || fail "the scripts of the initramfs run in the order $order"
}

# The next kernel starts with that initramfs.
kexec_to() { # moment
	cat <<-SCRIPT
	perl -e 'open(my \$kernel, "<", "vmlinuz") && open(my \$initrd, "<", "initrd") or die;
		my \$line = "console=ttyS0 root=/dev/vda rw panic=0 mitigations=off qcmd.moment=$1\\0";
		syscall(320, fileno \$kernel, fileno \$initrd, length \$line, \$line, 0) == 0 or die "load: \$!";
		syscall(169, 0xfee1dead, 672274793, 0x45584543, 0); die "exec: \$!"'
	SCRIPT
}

crash_at() { # moment
	local last='end Kernel panic - not syncing: qcmd_crash: panic as asked' runs=insmod
	rm -rf "$work/crash"
	if [ -e "$work/initrd" ]; then
		kexec_to "$1" | vm --bare --product modules --crash "$work/crash" --file "$work/initrd" \
			--file "$(vmlinuz):/srv/vmlinuz" >"$work/said" || fail "$1: $(cat "$work/said")"
	else
		script "$1" | vm --crash "$work/crash" --append "qcmd.moment=$1" --file "$work/moment" \
			--file "$work/last" --file "$units:/etc/systemd/system" \
			--file "$work/hook:/usr/lib/systemd/system-shutdown/moment" >"$work/said" ||
			fail "$1: $(cat "$work/said"); $(tail -n 30 "$work/crash/console.log" 2>&1)"
	fi
	[ "$1" != driver ] || last='hanging all CPUs' runs=systemd-shutdow
	"$qcmdump" collect --force "$work/crash/ram.bin" -o "$work/dump.elf" >"$work/out" ||
		fail "$1: $(cat "$work/out")"
	"$qcmdump" info --no-pager "$work/dump.elf" >"$work/info"
	grep -q 'Problems: none' "$work/info" || fail "$1: $(cat "$work/info")"
	"$qcmdump" log --no-pager "$work/dump.elf" >"$work/log" || fail "$1: qcmdump log"
	[[ $(tail -n 1 "$work/log") == *"$last"* ]] || fail "$1: the log ends with: $(tail -n 1 "$work/log")"
	vmcore-dmesg "$work/dump.elf" | grep -q "$last" || fail "$1: vmcore-dmesg prints another log"
	"$qcmdump" tasks --no-pager "$work/dump.elf" >"$work/tasks" || fail "$1: qcmdump tasks"
	[ "$(awk '$4 ~ /\*/' "$work/tasks" | wc -l)" = 2 ] || fail "$1: not a task for each CPU: $(cat "$work/tasks")"
	awk -v comm=$runs '$4 ~ /\*/ && $NF == comm { found = 1 } END { exit !found }' "$work/tasks" ||
		fail "$1: $runs did not run: $(cat "$work/tasks")"
	"$qcmdump" stack --no-pager "$work/dump.elf" >"$work/stack" || fail "$1: qcmdump stack"
	if [ "$1" != driver ]; then
		grep -q "qcmd-test: the moment $1" "$work/log" || fail "$1: another moment: $(tail -n 40 "$work/log")"
		grep -a -q '^REGISTERS([01])=panic ' "$work/dump.elf" || fail "$1: no registers"
	fi
	echo "ok: $1: $(wc -l <"$work/log") lines of log, $(awk '$4 ~ /\*/ { print $NF }' "$work/tasks" | xargs)"
}

moments='initramfs term'
[ -z "${QCMD_LONG-}" ] ||
	moments='initramfs switch-root sysinit basic multi-user rescue final term kill umount hook driver'
make_initramfs
for moment in $moments; do
	case $moment in
	initramfs | switch-root) ;;
	*) rm -f "$work/initrd" ;;
	esac
	crash_at "$moment"
done
