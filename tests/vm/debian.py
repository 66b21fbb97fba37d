# SPDX-License-Identifier: GPL-2.0-only
"""Debian's suites: what is fetched from the archive of each, and where things are built for it. All of it is cached."""

import contextlib
import fcntl
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CACHE = os.path.join(TOP, "build", "vm")
# Debian's names: of the architecture, of the kernel's flavour.
ARCHES = {"x86_64": ("amd64", "cloud-amd64"), "arm64": ("arm64", "arm64")}
NATIVE = {"aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
NATIVE_DEBIAN = ARCHES[NATIVE][0]
# Left out of what is unpacked
LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*", "/usr/share/zoneinfo/*")
SHOWN_LINES = 40


class Problem(Exception):
    """Something that the user has to know about; the message says what to do."""


def say(message):
    print(f"[vm] {message}", file=sys.stderr, flush=True)


def tool(*command, **options):
    """Runs a tool quietly; what it said is shown only if it failed."""
    options.setdefault("cwd", CACHE)
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", **options)
    except FileNotFoundError:
        raise Problem(f"{command[0]} is missing; tests/deps vm arm64 names the packages") from None
    if done.returncode:
        said = "\n".join(done.stdout.strip().splitlines()[-SHOWN_LINES:])
        raise Problem(f"failed ({done.returncode}): {shlex.join(command)}\n{said}")
    return done.stdout


@contextlib.contextmanager
def lock(name):
    """Several guests may be prepared at the same time; each part of the cache is made by one of them."""
    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(CACHE, f".lock-{name}"), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def made_whole(path):
    """A scratch name beside PATH, which it replaces only when all went well."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    scratch = tempfile.mkdtemp(prefix=".new-", dir=os.path.dirname(path))
    try:
        yield os.path.join(scratch, "new")
        os.replace(os.path.join(scratch, "new"), path)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def need_root(what):
    if os.geteuid():
        raise Problem(f"{what} takes root, as it sets the owners of files; later runs don't")


def own_suite():
    """This machine's; none if it is no Debian."""
    with contextlib.suppress(FileNotFoundError), open("/etc/os-release") as file:
        release = dict(line.split("=", 1) for line in file.read().splitlines() if "=" in line)
        if release.get("ID") == "debian":
            return release.get("VERSION_CODENAME")
    return None


OWN_SUITE = own_suite()


def mirror(suite):
    """For mmdebstrap, behind its target."""
    return tool(os.path.join(TOP, "tests", "vm", "mirror"), suite, cwd=TOP).splitlines()


def numbers(text):
    """Versions in order"""
    return [int(n) for n in re.findall(r"\d+", text)]


class Archive:
    """A suite of Debian's with its backports, for one architecture: apt with lists of its own, as this machine's need
    not know of them."""

    def __init__(self, suite, debian):
        self.suite = suite
        self.debian = debian
        self.name = f"{suite}-{debian}"
        self.folder = os.path.join(CACHE, "apt", self.name)

    def _apt(self, *command, **options):
        return tool(*command, env={**os.environ, "APT_CONFIG": os.path.join(self.folder, "apt.conf")}, **options)

    def _update(self):
        suites = (self.suite, *([f"{self.suite}-backports"] if self.suite != "sid" else []))
        sources = [line for suite in suites for line in mirror(suite) if line.startswith("deb ")]
        if not sources:
            raise Problem(f"this machine's apt knows no mirror of Debian, where packages of {self.suite} could be")
        for name in ("lists/partial", "cache/archives/partial"):
            os.makedirs(os.path.join(self.folder, name), exist_ok=True)
        files = {
            "status": "",
            "sources.list": "".join(f"{line}\n" for line in sources),
            "apt.conf": f'''
                Dir::State "{self.folder}"; Dir::State::status "{self.folder}/status";
                Dir::State::Lists "{self.folder}/lists"; Dir::Cache "{self.folder}/cache";
                Dir::Etc::SourceList "{self.folder}/sources.list"; Dir::Etc::SourceParts "/dev/null";
                Dir::Etc::Preferences "/dev/null"; Dir::Etc::PreferencesParts "/dev/null";
                APT::Architecture "{self.debian}"; APT::Architectures {{ "{self.debian}"; }};
                APT::Sandbox::User "root"; Acquire::Languages "none";
                ''',
        }
        for name, text in files.items():
            with open(os.path.join(self.folder, name), "w") as file:
                file.write(text)
        self._apt("apt-get", "update", "-q")

    def releases(self, version, flavour):
        """The kernels of a version, or of any, that there are now, the newest last."""
        with lock(f"apt-{self.name}"):
            self._update()
            names = self._apt("apt-cache", "pkgnames", f"linux-image-{version}{'.' if version else ''}").split()
        found = [name.removeprefix("linux-image-") for name in names
                 if re.fullmatch(rf"linux-image-[^-]*(-\d+)?-{flavour}", name)]
        return sorted(found, key=numbers)

    def has(self, package):
        return package in self._apt("apt-cache", "pkgnames", package).split()

    def version(self, package):
        """Of what would be fetched now."""
        with lock(f"apt-{self.name}"):
            self._update()
            return re.search(r"^Version: (.*)$", self._apt("apt-cache", "show", "--no-all-versions", package),
                             re.MULTILINE)[1]

    def unpack(self, packages, folder):
        """Packages into a folder; lists that are stale are fetched first. Returns what they depend on."""
        with lock(f"apt-{self.name}"), tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            try:
                self._apt("apt-get", "download", "-q", *packages, cwd=scratch)
            except Problem:
                self._update()
                self._apt("apt-get", "download", "-q", *packages, cwd=scratch)
            depends = ""
            for name in os.listdir(scratch):
                depends += tool("dpkg-deb", "-f", name, "Depends", cwd=scratch)
                tool("dpkg-deb", "-x", name, folder, cwd=scratch)
        return re.findall(r"[a-z0-9][a-z0-9.+-]+", re.sub(r"\(.*?\)", "", depends))


# Where a checkout is in the file system of another suite.
INSIDE = "/usr/src/qcmd"
ENTER = r"""
top=$1 root=$2 inside=$3 build=$4
shift 4
mkdir -p "$build/vm"
mount --bind "$top" "$root$inside"
mount --bind "$build" "$root$inside/build"
mount --bind "$top/build/vm" "$root$inside/build/vm"
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
	sh -c 'cd "$1" && shift && exec "$@"' sh "$inside" "$@"
"""


class Builder:
    """Where things are built for a suite: this machine, if it is of that suite, else a file system with the packages
    that this takes. In there the checkout has another place, and a build/ of its own but for build/vm."""

    def __init__(self, suite):
        self.suite = suite
        self.native = suite == OWN_SUITE
        self.build = os.path.join(TOP, "build", *([] if self.native else [suite]))
        self.groups = ["build", "builder"]

    def path(self, path):
        """What PATH, or NAME=PATH, is called there."""
        name, found, value = path.rpartition("=")
        if self.native or not value.startswith(f"{TOP}/"):
            return path
        return name + found + INSIDE + value[len(TOP):]

    def command(self, words):
        """What to run so that a command runs there, in the checkout; paths among its words are this machine's. ARCH=
        among them is make's, which gets the libraries of that architecture."""
        words = [self.path(word) for word in words]
        if self.native:
            return words
        for arch in ARCHES:
            if arch != NATIVE and f"ARCH={arch}" in words:
                self.groups.append(f"builder-{arch}")
                sysroot = os.path.join(CACHE, f"sysroot-{self.suite}-{arch}")
                tool(os.path.join(TOP, "tests", "vm", "sysroot"), arch, sysroot, self.suite, cwd=TOP)
                words.append(self.path(f"SYSROOT={sysroot}"))
        as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
        return ["unshare", "--mount", *as_root, "sh", "-euc", ENTER, "sh", TOP, self._root(), INSIDE, self.build,
                *words]

    def _root(self):
        packages = tool(os.path.join(TOP, "tests", "deps"), "--list", self.suite, *self.groups, cwd=TOP).split()
        recipe = hashlib.sha256(repr((packages, LEFT_OUT)).encode()).hexdigest()[:12]
        root = os.path.join(CACHE, "builder", f"{self.suite}-{recipe}")
        with lock(f"builder-{self.suite}"):
            if not os.path.exists(root):
                need_root(f"making a file system in which things are built for {self.suite}")
                say(f"making a file system in which things are built for {self.suite} (once, a few minutes)")
                with made_whole(root) as new:
                    tool("mmdebstrap", "--variant=minbase", "--format=directory", "--include=" + ",".join(packages),
                         *[f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT], self.suite, new,
                         *mirror(self.suite))
                    os.makedirs(new + INSIDE)
        return root
