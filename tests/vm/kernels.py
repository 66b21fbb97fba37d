# SPDX-License-Identifier: GPL-2.0-only
"""Kernels for guests: Debian's, or built of its source, with their headers. Each is fetched once."""

import glob
import hashlib
import os
import re
import shutil
import struct
import tempfile

from debian import (ARCHES, CACHE, NATIVE_DEBIAN, OWN_SUITE, TOP, Archive, Problem, lock, made_whole, numbers, say,
                    tool)

CONFIGS = os.path.join(TOP, "tests", "vm", "kernel")
# What guests of a suite can have, what most tests run with first. Debian's flavour with PREEMPT_RT is a kernel of its
# own; those of tests/vm/debug-kernel check themselves. Of other suites there is the newest, to build for.
DEBUG_KERNELS = ("debug", "rt-debug")
SUITES = {
    "bookworm": ("6.12", "6.1", "rt", *DEBUG_KERNELS),
    "trixie": ("6.12", "7.3", "rt", "7.3-rt"),
}
ALL_KERNELS = tuple(dict.fromkeys(kernel for kernels in SUITES.values() for kernel in kernels))
ON_ARM64 = ("6.12", "7.3")
RT = {"rt": "6.12", "7.3-rt": "7.3"}
NEWEST = "newest"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
# Loaded by the initramfs, with what they depend on. The last gives VMCOREINFO to the machine's own dump.
MODULES = ("crc32c_generic", "ext4", "virtio_pci", "virtio_blk", "virtio_console", "qemu_fw_cfg")


def suite_of(name):
    """Where that kernel is from, if nothing is said: from this machine's own suite, if that has it."""
    return next(suite for suite in (OWN_SUITE, *SUITES) if name in SUITES.get(suite, ()))


class Kernel:
    """A kernel of Debian's with its headers, all in one folder: boot/, lib/modules/ and usr/src/."""

    def __init__(self, suite, name, arch):
        self.suite, self.name, self.arch = suite, name, arch
        self.debian, self.flavour = ARCHES[arch]
        self.foreign = self.debian != NATIVE_DEBIAN
        self.version = RT.get(name, name if name != NEWEST else "")
        if name in RT:
            self.flavour = f"rt-{self.debian}"
        # Which one it is, is known by this link.
        link = os.path.join(CACHE, "kernel", f"{suite}-{name}-{self.debian}")
        with lock(f"kernel-{suite}-{name}-{self.debian}"):
            if not self._is_there(link):
                self._fetch(link)
        self.image = os.path.join(self.folder, "boot", f"vmlinuz-{self.release}")
        self.modules = os.path.join(self.folder, "lib", "modules", self.release)
        self.headers = os.path.join(self.folder, "usr", "src", f"linux-headers-{self.release}")

    def _settle(self, release):
        self.release = release
        self.folder = os.path.join(CACHE, "kernel", release)

    def _is_there(self, link):
        if os.path.exists(link):
            self._settle(os.readlink(link))
            return True
        return False

    def _fetch(self, link):
        archive = Archive(self.suite, self.debian)
        releases = archive.releases(self.version, self.flavour)
        if not releases:
            raise Problem(f"{self.suite} has no kernel {self.name} for {self.debian}")
        self._settle(releases[-1])
        say(f"fetching {self.release} (once)")
        shutil.rmtree(self.folder, ignore_errors=True)
        with made_whole(self.folder) as new:
            self._unpack(archive, new)
            tool("depmod", "-b", new, self.release)
        os.symlink(self.release, link)

    def _unpack(self, archive, new):
        # Later ones are split, and all of it is in usr/.
        parts = [f"linux-{part}-{self.release}" for part in ("image", "base", "binary", "modules", "headers")]
        needed = archive.unpack([part for part in parts if archive.has(part)], new)
        archive.unpack([name for name in needed if re.fullmatch(r"linux-headers-.*-common(-rt)?", name)], new)
        # The programs that kbuild runs are this machine's.
        kbuild = [name for name in needed if name.startswith("linux-kbuild-")]
        Archive(self.suite, NATIVE_DEBIAN).unpack(kbuild, new)
        if not os.path.exists(os.path.join(new, "lib")):
            os.symlink("usr/lib", os.path.join(new, "lib"))
        image = os.path.join(new, "lib", "modules", self.release, "vmlinuz")
        if os.path.exists(image):
            os.mkdir(os.path.join(new, "boot"))
            os.rename(image, os.path.join(new, "boot", f"vmlinuz-{self.release}"))
        # Headers find each other wherever they are.
        makefile = os.path.join(new, "usr", "src", f"linux-headers-{self.release}", "Makefile")
        with open(makefile) as file:
            text = file.read()
        with open(makefile, "w") as file:
            file.write(text.replace("/usr/src/", "../"))

    def load_order(self):
        """Files of MODULES in the order that insmod needs."""
        depends = {}
        with open(os.path.join(self.modules, "modules.dep")) as file:
            for line in file:
                path, needs = line.split(":")
                name = os.path.basename(path).split(".")[0].replace("-", "_")
                depends[name] = (path, needs.split())
        order = []
        for name in MODULES:
            if name in depends:  # else it is built in
                path, needs = depends[name]
                order += [p for p in reversed(needs) if p not in order]
                order += [path] if path not in order else []
        return order


class DebugKernel(Kernel):
    """Built by tests/vm/debug-kernel of Debian's source; its release changes with that and with its configuration."""

    def _is_there(self, _):
        self.base = os.path.join(CACHE, "debug-kernel")
        self.configs = [os.path.join(CONFIGS, f"{name}.config") for name in ("guest", "debug")]
        if self.name != DEBUG_KERNELS[0]:
            self.configs.append(os.path.join(CONFIGS, f"{self.name}.config"))
        with lock("debug-kernel"):
            self.source = self._source()
        version = os.path.basename(self.source).removeprefix("source-")
        recipe = hashlib.sha256(version.encode())
        for config in self.configs:
            with open(config, "rb") as file:
                recipe.update(file.read())
        self._settle(f"{version.split('-')[0]}-{self.name}-{recipe.hexdigest()[:8]}")
        return os.path.exists(self.folder)

    def _source(self):
        """The newest that is there, or else the newest that there is."""
        if there := glob.glob(os.path.join(self.base, "source-*")):
            return max(there, key=numbers)
        archive = Archive(self.suite, self.debian)
        package = f"linux-source-{SUITES[self.suite][0]}"
        source = os.path.join(self.base, f"source-{archive.version(package)}")
        say(f"fetching {package} (once)")
        with made_whole(source) as tree, tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            archive.unpack([package], scratch)
            os.mkdir(tree)
            tool("tar", "-xf", *glob.glob(f"{scratch}/usr/src/*.tar.xz"), "-C", tree, "--strip-components=1")
        return source

    def _fetch(self, _):
        say(f"building {self.release} (once, 20 minutes or more)")
        with made_whole(self.folder) as new:
            tool(os.path.join(TOP, "tests", "vm", "debug-kernel"), self.source, os.path.join(self.base, self.name),
                 self.release, new, *self.configs)
            tool("depmod", "-b", new, self.release)


def kernel_of(suite, name, arch):
    return (DebugKernel if name in DEBUG_KERNELS else Kernel)(suite, name, arch)


def uncompress(image, path):
    """The ELF file in a bzImage (Documentation/arch/x86/boot.rst), as Debian compresses them."""
    with open(image, "rb") as file:
        data = file.read()
    offset, length = struct.unpack_from("<II", data, 0x248)
    offset += (data[0x1f1] + 1) * 512
    with tempfile.NamedTemporaryFile(dir=CACHE) as compressed:
        compressed.write(data[offset:offset + length - 4])
        compressed.flush()
        if data.startswith(ZSTD_MAGIC, offset):
            tool("zstd", "-q", "-d", compressed.name, "-o", path)
        else:
            tool("lz4", "-d", compressed.name, path)


def types_of(suite, name, arch):
    """An ELF file with the types (BTF) of a kernel of Debian's, and its release. Headers come with such a file, but
    those of 6.1."""
    debian, flavour = ARCHES[arch]
    folder = os.path.join(CACHE, "types", f"{suite}-{name}-{debian}")
    with lock(f"types-{suite}-{name}-{debian}"):
        if not os.path.exists(folder):
            archive = Archive(suite, debian)
            releases = archive.releases(RT.get(name, name), f"rt-{debian}" if name in RT else flavour)
            if not releases:
                raise Problem(f"{suite} has no kernel {name} for {debian}")
            with made_whole(folder) as new, tempfile.TemporaryDirectory(dir=CACHE) as scratch:
                archive.unpack([f"linux-headers-{releases[-1]}"], scratch)
                os.mkdir(new)
                if found := glob.glob(f"{scratch}/usr/src/*/vmlinux"):
                    shutil.move(found[0], os.path.join(new, releases[-1]))
                else:
                    kernel = kernel_of(suite, name, arch)
                    uncompress(kernel.image, os.path.join(new, kernel.release))
    release, = os.listdir(folder)
    return os.path.join(folder, release), release


def patience(name):
    """How many times as long everything may take with that kernel."""
    return 4 if name in DEBUG_KERNELS else 1
