# SPDX-License-Identifier: GPL-2.0-only
"""What a guest boots: Debian's kernel, a root file system, an initramfs. All but the last part of it is cached."""

import contextlib
import glob
import hashlib
import lzma
import os
import re
import shlex
import shutil
import stat
import struct
import time
import uuid
import zlib

from debian import CACHE, LEFT_OUT, TOP, Archive, Builder, lock, made_whole, mirror, need_root, say, tool

GUEST_FILES = os.path.join(TOP, "tests", "vm", "guest")

# The user space of the guest: what the product and the tests need, and what that pulls in.
PACKAGES = ("systemd systemd-sysv dbus udev kmod procps iproute2 "
            "libbpf1 libmnl0 libjson-c5 libelf1 libkdumpfile10 libsystemd0 libtraceevent1 zlib1g").split()
# Of --backend mmio on a PC: a PCI device that an administrator has to bind. See docs/table.md.
REGISTERS_SLOT = "0x10"
BIND_REGISTERS = """[Service]
ExecStartPre=sh -c 'echo qcom_minidump_mmio >/sys/bus/pci/devices/0000:00:10.0/driver_override'
"""
# Slow under emulation, and nothing here needs them.
MASKED = ("getty@tty1.service serial-getty@ttyS0.service serial-getty@ttyAMA0.service "
          "e2scrub_reap.service e2scrub_all.timer fstrim.timer "
          "dpkg-db-backup.timer ldconfig.service systemd-hwdb-update.service systemd-journal-catalog-update.service "
          "systemd-random-seed.service systemd-update-utmp.service systemd-update-utmp-runlevel.service "
          "systemd-machine-id-commit.service systemd-firstboot.service systemd-pcrphase.service "
          "systemd-pcrphase-sysinit.service systemd-remount-fs.service systemd-fsck-root.service "
          "modprobe@dm_mod.service modprobe@drm.service modprobe@efi_pstore.service modprobe@loop.service "
          "kmod-static-nodes.service systemd-tmpfiles-setup-dev.service systemd-user-sessions.service "
          "systemd-sysusers.service systemd-logind.service systemd-journal-flush.service systemd-tmpfiles-clean.timer "
          "modprobe@configfs.service sys-kernel-config.mount modprobe@fuse.service sys-fs-fuse-connections.mount "
          "dev-hugepages.mount dev-mqueue.mount proc-sys-fs-binfmt_misc.automount getty.target "
          "systemd-ask-password-console.path systemd-ask-password-wall.path systemd-initctl.socket "
          "systemd-tmpfiles-setup-dev-early.service systemd-udev-load-credentials.service tmp.mount "
          "run-lock.mount").split()
# Modules that udev would load for what the emulated machine has, a quarter of the time until all is quiet.
FORBIDDEN = ("aesni_intel aes_ce_blk aes_ce_cipher ata_generic ata_piix button crc32_pclmul crc32c_intel crct10dif_ce "
             "crct10dif_pclmul evdev ghash_ce ghash_clmulni_intel gpio_keys kvm_amd polyval_ce polyval_clmulni "
             "powernow_k8 psmouse serio_raw sha1_ce sha1_ssse3 sha256_arm64 sha256_ssse3 sha2_ce sha512_ssse3").split()
IMAGE_SIZE = "1500M"


def root_archive(suite, debian):
    """The guest's user space as a tar file; its name changes with what is in it."""
    recipe = repr((suite, PACKAGES, LEFT_OUT)).encode()
    path = os.path.join(CACHE, "root", f"root-{debian}-{hashlib.sha256(recipe).hexdigest()[:12]}.tar")
    with lock(f"root-{suite}-{debian}"):
        if not os.path.exists(path):
            need_root("building the guest's root file system")
            say(f"building the guest's root file system, of {suite} (once, a minute or two)")
            tool(os.path.join(TOP, "tests", "vm", "run-foreign"), debian)
            with made_whole(path) as new:
                tool("mmdebstrap", f"--architectures={debian}", "--variant=essential",
                     "--include=" + ",".join(PACKAGES), "--format=tar",
                     *[f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT], suite, new, *mirror(suite))
    return path


SET_UP = r"""
archive=$1 kernel=$2 release=$3 image=$4 size=$5 masked=$6 forbidden=$7
root=$image.d
mkdir "$root"
tar -C "$root" --numeric-owner -xf "$archive"
mkdir -p "$root/usr/lib/modules"
cp -a "$kernel/lib/modules/$release" "$root/usr/lib/modules/"
chown -R 0:0 "$root/usr/lib/modules"
echo guest >"$root/etc/hostname"
# A fixed identity: an empty one would make systemd enable every unit at the first start.
echo 7163646d7163646d7163646d7163646d >"$root/etc/machine-id"
echo '127.0.0.1 localhost guest' >"$root/etc/hosts"
: >"$root/etc/fstab"
mkdir -p "$root/etc/systemd/journald.conf.d"
printf '[Journal]\nStorage=volatile\n' >"$root/etc/systemd/journald.conf.d/volatile.conf"
for unit in $masked; do
	ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
mkdir -p "$root/etc/systemd/system-generators"
for generator in "$root"/usr/lib/systemd/system-generators/*; do
	ln -s /dev/null "$root/etc/systemd/system-generators/${generator##*/}"
done
for module in $forbidden; do
	echo "blacklist $module"
done >"$root/etc/modprobe.d/emulated.conf"
mke2fs -q -t ext4 -O ^has_journal -d "$root" "$image" "$size"
rm -rf "$root"
"""


def root_image(kernel):
    """The root file system of one kernel. Guests write to a snapshot of it."""
    archive = root_archive(kernel.suite, kernel.debian)
    recipe = repr((os.path.basename(archive), SET_UP, MASKED, FORBIDDEN, IMAGE_SIZE)).encode()
    path = os.path.join(CACHE, "root", f"{kernel.release}-{hashlib.sha256(recipe).hexdigest()[:12]}.ext4")
    with lock(f"root-{kernel.release}"):
        if not os.path.exists(path):
            need_root("making the guest's disk image")
            say(f"making the disk image for {kernel.release} (once)")
            with made_whole(path) as new:
                tool("sh", "-euc", SET_UP, "sh", archive, kernel.folder, kernel.release, new, IMAGE_SIZE,
                     " ".join(MASKED), " ".join(FORBIDDEN))
    return path


SECTOR = 512
GPT_ENTRIES = 128
GPT_SECTORS = GPT_ENTRIES * 128 // SECTOR + 1
GPT_LINUX = uuid.UUID("0fc63daf-8483-4772-8e79-3d69d8477de4")


def gpt(at, other, entries_at, last, entries):
    """A header of a GUID partition table, for sector AT; the one in sector OTHER is its copy."""
    def header(checksum):
        return struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, checksum, 0, at, other, GPT_SECTORS + 1,
                           last, GPT_LINUX.bytes, entries_at, GPT_ENTRIES, 128, zlib.crc32(entries))
    return header(zlib.crc32(header(0))).ljust(SECTOR, b"\0")


def disk_with_partition(path, label, contents):
    """A disk whose only partition has that label and the bytes of the file CONTENTS."""
    first, sectors = 2048, -(-os.path.getsize(contents) // SECTOR)
    end = first + sectors + GPT_SECTORS
    entries = struct.pack("<16s16sQQQ72s", GPT_LINUX.bytes_le, uuid.uuid4().bytes, first, first + sectors - 1, 0,
                          label.encode("utf-16-le")).ljust(128 * GPT_ENTRIES, b"\0")
    usable = end - GPT_SECTORS - 1
    protective = struct.pack("<446xB3sB3sII", 0, b"\0\2\0", 0xee, b"\xff\xff\xff", 1, end - 1)
    with open(contents, "rb") as source, open(path, "wb") as disk:
        disk.write(protective.ljust(SECTOR - 2, b"\0") + b"\x55\xaa" + gpt(1, end - 1, 2, usable, entries) + entries)
        disk.seek(first * SECTOR)
        shutil.copyfileobj(source, disk)
        disk.truncate(end * SECTOR)
        disk.seek((end - GPT_SECTORS) * SECTOR)
        disk.write(entries + gpt(end - 1, 1, end - GPT_SECTORS, usable, entries))


class Cpio:
    """A newc archive, all of it owned by root: what the kernel unpacks as initramfs."""

    def __init__(self, file):
        self.file = file
        self.seen = set()

    def _entry(self, path, mode, data=b"", device=(0, 0)):
        name = path.encode() + b"\0"
        fields = (len(self.seen), mode, 0, 0, 1, int(time.time()), len(data), 0, 0, *device, len(name), 0)
        header = b"070701" + b"".join(b"%08x" % field for field in fields)
        self.file.write(header + name + bytes(-(len(header) + len(name)) % 4) + data + bytes(-len(data) % 4))

    def folder(self, path, mode=0o755):
        if path and path not in self.seen:
            self.folder(os.path.dirname(path))
            self.seen.add(path)
            self._entry(path, stat.S_IFDIR | mode)

    def data(self, path, data, mode=0o644):
        self.folder(os.path.dirname(path))
        self.seen.add(path)
        self._entry(path, stat.S_IFREG | mode, data)

    def copy(self, source, path):
        """A file, a symbolic link or a whole folder."""
        info = os.lstat(source)
        if stat.S_ISDIR(info.st_mode):
            self.folder(path, stat.S_IMODE(info.st_mode))
            for name in sorted(os.listdir(source)):
                self.copy(os.path.join(source, name), os.path.join(path, name))
        elif stat.S_ISLNK(info.st_mode):
            self.folder(os.path.dirname(path))
            self._entry(path, stat.S_IFLNK | 0o777, os.readlink(source).encode())
        else:
            with open(source, "rb") as file:
                self.data(path, file.read(), stat.S_IMODE(info.st_mode))

    def end(self):
        self._entry("TRAILER!!!", 0)


def add_boot_files(cpio, kernel, scratch):
    """The first process, and the modules that the disk needs."""
    busybox = os.path.join(CACHE, f"busybox-{kernel.suite}-{kernel.debian}")
    with lock("busybox"):
        if not os.path.exists(busybox):
            say("fetching busybox-static (once)")
            with made_whole(busybox) as new:
                Archive(kernel.suite, kernel.debian).unpack(["busybox-static"], f"{scratch}/busybox")
                shutil.copy(*glob.glob(f"{scratch}/busybox/**/bin/busybox", recursive=True), new)
    cpio.copy(busybox, "bin/busybox")
    cpio.copy(os.path.join(GUEST_FILES, "init"), "init")
    order = []
    for path in kernel.load_order():
        with (lzma.open if path.endswith(".xz") else open)(os.path.join(kernel.modules, path), "rb") as file:
            order.append(os.path.basename(path).removesuffix(".xz"))
            cpio.data(f"modules/{order[-1]}", file.read())
    cpio.data("modules/order", "".join(name + "\n" for name in order).encode())


def guest_path(path):
    """Where PATH of a merged-/usr guest really is."""
    path = path.strip("/")
    return "payload/" + re.sub(r"^(lib|bin|sbin)/", r"usr/\1/", path)


def fingerprint(kernel):
    """Changes with anything that the product could be made of, and with what was made last."""
    found = []
    for folder, names, files in os.walk(TOP):
        if folder == TOP:
            names[:] = [name for name in names if name not in ("build", ".git")]
        found += [os.path.join(folder, name) for name in files]
    build = Builder(kernel.suite).build
    for made in (build, f"{build}/{kernel.arch}", f"{build}/kmod/{kernel.release}", f"{CACHE}/kmod/{kernel.release}"):
        found += [path for path in glob.glob(os.path.join(made, "*")) if os.path.isfile(path)]
    state = hashlib.sha256()
    for path in sorted(found):
        with contextlib.suppress(FileNotFoundError):
            info = os.lstat(path)
            state.update(f"{path} {info.st_mode} {info.st_size} {info.st_mtime_ns}\n".encode())
    return state.hexdigest()


def install_product(kernel, scratch, parts):
    """Builds what is out of date and installs it as on a real machine. Returns the folder."""
    product = os.path.join(scratch, "product")
    targets = {"all": ["install"], "modules": ["install-modules"], "none": []}[parts]
    make = ["tests/make", *targets, "vm-kmod", f"DESTDIR={product}", f"KDIR={kernel.headers}"]
    tool(*Builder(kernel.suite).command(make + ([f"ARCH={kernel.arch}"] if kernel.foreign else [])), cwd=TOP)
    installed = os.path.join(product, "lib", "modules")
    os.makedirs(os.path.join(installed, kernel.release, "updates"), exist_ok=True)
    for release in os.listdir(installed):
        if release != kernel.release:
            shutil.rmtree(os.path.join(installed, release))
    # The index of modules covers the kernel's own and the product's: hard links make a tree of both.
    base = os.path.join(scratch, "depmod")
    os.makedirs(os.path.join(base, "lib", "modules"))
    tree = os.path.join(base, "lib", "modules", kernel.release)
    tool("cp", "-al", kernel.modules, tree)
    tool("cp", "-a", os.path.join(installed, kernel.release, "updates"), tree)
    for index in glob.glob(f"{tree}/modules.*"):
        if not index.endswith((".order", ".builtin", ".builtin.modinfo")):
            os.unlink(index)
    tool("depmod", "-b", base, kernel.release)
    for index in glob.glob(f"{tree}/modules.*"):
        shutil.copy(index, os.path.join(installed, kernel.release))
    helpers = os.path.join(product, "usr", "lib", "qcmd-test")
    os.makedirs(helpers)
    for module in glob.glob(os.path.join(CACHE, "kmod", kernel.release, "*.ko")):
        shutil.copy(module, helpers)
    strip(product)
    return product


def strip(folder):
    """What debuggers need, which is more than half, is not copied into the guest."""
    programs = []
    for path in glob.glob(f"{folder}/**", recursive=True):
        if os.path.isfile(path) and not os.path.islink(path):
            with open(path, "rb") as file:
                programs += [path] if file.read(4) == b"\x7fELF" else []
    tool("llvm-strip", "--strip-debug", *programs)


HELPERS = guest_path("/usr/lib/qcmd-test")


def common_initramfs(path, kernel, scratch, parts):
    """What runs with the same kernel and the same parts of the product have in common."""
    product = install_product(kernel, scratch, parts)
    with open(path, "wb") as file:
        cpio = Cpio(file)
        add_boot_files(cpio, kernel, scratch)
        cpio.copy(os.path.join(product, "lib", "modules"), guest_path("/lib/modules"))
        for name in sorted(os.listdir(product)):
            if name != "lib":
                cpio.copy(os.path.join(product, name), "payload/" + name)
        for name in ("start", "port", "crash", "inspect"):
            cpio.copy(os.path.join(GUEST_FILES, name), f"{HELPERS}/{name}")
        for unit in ("qcmd-test.service", "qcmd-test.target"):
            cpio.copy(os.path.join(GUEST_FILES, unit), guest_path(f"/etc/systemd/system/{unit}"))
        cpio.copy(os.path.join(GUEST_FILES, "udev-trigger.conf"),
                  guest_path("/etc/systemd/system/systemd-udev-trigger.service.d/qcmd-test.conf"))
        cpio.end()


def initramfs(path, kernel, scratch, command, mark, options):
    """One file for QEMU: what is common is made anew when something has changed, what is of this run is behind it."""
    common = os.path.join(CACHE, "initrd", f"{kernel.release}-{options.product}")
    with lock(f"initrd-{kernel.release}-{options.product}"):
        made = f"{common}-{fingerprint(kernel)}"
        if not os.path.exists(made):
            for outdated in glob.glob(f"{common}-*"):
                os.unlink(outdated)
            with made_whole(common) as new:
                common_initramfs(new, kernel, scratch, options.product)
            made = f"{common}-{fingerprint(kernel)}"
            os.rename(common, made)
        shutil.copyfile(made, path)
    with open(path, "ab") as file:
        cpio = Cpio(file)
        if options.bare:
            cpio.copy(os.path.join(GUEST_FILES, "bare"), f"{HELPERS}/bare")
        cpio.copy(command[0], f"{HELPERS}/script/{os.path.basename(command[0])}")
        line = shlex.join([f"/usr/lib/qcmd-test/script/{os.path.basename(command[0])}", *command[1:]])
        cpio.data(f"{HELPERS}/command", f"export QCMD_KERNEL={options.kernel}\nexec {line}\n".encode())
        cpio.data(f"{HELPERS}/mark", mark)
        cpio.data(f"{HELPERS}/fetch", "".join(f"{source.strip('/')}\n" for source, _ in options.fetch).encode())
        if options.backend == "none":
            cpio.data(guest_path("/etc/modprobe.d/qcmd-test.conf"),
                      "".join(f"blacklist qcom_minidump_{name}\n" for name in ("rm", "mmio", "smem", "ram")).encode())
        if options.backend == "mmio" and options.arch == "x86_64":
            cpio.data(guest_path("/etc/systemd/system/qcmd-backend.service.d/qcmd-test.conf"), BIND_REGISTERS.encode())
        for source, target in options.file:
            cpio.copy(os.path.realpath(source), guest_path(target))
        cpio.end()
