# SPDX-License-Identifier: GPL-2.0-only
"""One QEMU machine: its channels, the script's output and status, and what is left of it after a crash."""

import contextlib
import ctypes
import json
import os
import random
import re
import selectors
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tarfile
import time

import image
import kernels
from debian import Problem, say, tool
from firmware import IMAGE, VARIANTS, Firmware

COMPLAINT = re.compile(rb"\] .*(\b(WARNING|BUG|Oops|UBSAN|KASAN|KFENCE|ODEBUG): |\bBUG \S+ \(|cut here \]"
                       rb"|refcount_t: |list_(add|del) corruption|general protection fault|blocked for more than"
                       rb"|scheduling while atomic|Objects remaining|possible recursive locking|Invalid wait context"
                       rb"|non-static key|DEBUG_LOCKS_WARN_ON|with preemption imbalance)")
SCRIPT_STARTS = b"qcmd-test: the script starts"
BOOT_FAILURE = "boot"
INSTANTS_GO = re.compile(rb"instants: go(.*)\n")
# Seconds that a boot may take. It takes 10, on a busy machine 60.
BOOT_LIMIT = 300
# Seconds between two instants: anything that is no multiple of something in the guest. First the machine runs as fast
# as it can. The emulator stops between blocks of instructions, though: at the end it makes each instruction a block.
INSTANTS_APART = (0.01, 0.15)
INSTANTS_STEPPED = (0.01, 0.03)
# Under emulation, code that the kernel patches is now and then run half patched by another CPU. No C code has an int3,
# so it is never the fault of what is tested. What follows this oops is a hang.
HALF_PATCHED = re.compile(rb"int3: 0000 \[#")
EMULATOR_FAILED = "the emulator failed"
PANIC_END = re.compile(rb"---\[ end Kernel panic")
# There a test sees nothing that it has not asked for; --append can say otherwise.
BARE = "qcom_minidump.own=0 "
HANGING = re.compile(rb"qcmd_crash: hanging all CPUs")
# After the sign of a crash: for the last lines of the console, for the other CPUs to stop.
SETTLE = 1.0
# The script's output arrives well before this much silence.
QUIET = 0.5
# The registers of --backend mmio on a PC: status, revision and "ENBL", as a host has to set them up, in shared memory.
REGISTERS = struct.pack("<III", 1, 1, 0x454E424C).ljust(4096, b"\0")
# QEMU's program, its machine, the CPU, the console and what else the kernel is told. 5-level page tables are left off:
# the dump tools of Debian 12 don't expect them. The rest is for speed. With erms the kernel clears and copies pages by
# the byte, each emulated for itself. Where it doubts that the TSCs are in step (6.1), it asks a device for the
# time instead. On arm64 later CPUs than this are three times as slow. Page table isolation has QEMU forget each address
# that it knows at the beginning and at the end of each system call.
MACHINES = {
    "x86_64": ("qemu-system-x86_64", "pc", "max,la57=off,erms=off", "ttyS0 tsc=reliable"),
    "arm64": ("qemu-system-aarch64", "virt", "cortex-a57", "ttyAMA0 earlycon kpti=off"),
}


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Channel:
    """Our end of a character device of the machine."""

    def __init__(self, name):
        self.name = name
        self.ours, self.theirs = socket.socketpair()
        self.last = 0.0

    def arguments(self):
        return ["-chardev", f"socket,id={self.name},fd={self.theirs.fileno()}"]

    def read(self):
        self.last = time.monotonic()
        try:
            return self.ours.recv(1 << 16)
        except ConnectionResetError:
            return b""


class Console(Channel):
    """A blocking pipe: the serial port throws away what a socket doesn't take at once, one character at a time."""

    def __init__(self, name):
        super().__init__(name)
        self.ours, self.theirs = (open(fd, mode, buffering=0) for fd, mode in zip(os.pipe(), ("rb", "wb")))

    def arguments(self):
        return ["-add-fd", f"fd={self.theirs.fileno()},set=1",
                "-chardev", f"file,id={self.name},path=/dev/fdset/1,append=on"]

    def read(self):
        self.last = time.monotonic()
        return self.ours.read(1 << 16)


class Machine:
    """Runs until the script ends or the kernel dies; see run()."""

    def __init__(self, options, kernel, disk, initrd, mark, scratch):
        self.options = options
        self.mark = mark
        self.scratch = scratch
        self.ram = os.path.join(options.crash or scratch, "ram.bin")
        self.channels = {name: Channel(name) for name in ("monitor", "out", "crash", "fetch")}
        self.channels["console"] = Console("console")
        self.output = b""
        self.replies = []
        self.events = []
        self.messages = b""
        self.tail = b""
        self.request = b""
        self.script_started = False
        self.inspector = None
        self.facts = ""
        self.next_instant = None
        self.stepping = False
        self.instants = 0
        self.status = None
        self.announced = None
        self.waiting = False
        self.asked = False
        self.restarting = False
        self.death = None
        self.failure = ""  # to boot, and why
        self.off = False
        on_arm64 = options.arch == "arm64"
        self.firmware = Firmware(options, scratch) if on_arm64 and options.backend in VARIANTS else None
        self.started = time.monotonic()
        self.patience = kernels.patience(options.kernel)
        self.deadline = self.started + options.timeout * self.patience
        self.console = open(options.console, "wb")
        self.fetched = open(os.path.join(scratch, "fetched.tar"), "wb")
        self.process = self._start(kernel, disk, initrd)

    def _start(self, kernel, disk, initrd):
        options = self.options
        program, machine, cpu, console = MACHINES[options.arch]
        if options.backend == "rm":
            machine += ",virtualization=on"
        memory = f"id=ram,size={options.mem}M"
        if options.crash and not self.firmware:
            for name in ("ram.bin", "vmcore"):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(os.path.join(options.crash, name))
        if options.inspect or options.crash and not self.firmware:
            memory = f"memory-backend-file,{memory},mem-path={self.ram},share=on"
        else:
            memory = f"memory-backend-ram,{memory}"
        # Nobody spies on an emulated CPU, nor audits it: each system call would take longer.
        append = (f"console={console} root=/dev/vda rw panic=0 mitigations=off audit=0 systemd.unit=qcmd-test.target "
                  f"systemd.show_status=no systemd.log_target=journal-or-kmsg net.ifnames=0 "
                  f"{BARE if options.bare else ''}{options.append}")
        thread = "single" if options.icount else "multi"
        command = [program, "-nodefaults", "-no-user-config", "-display", "none",
                   "-accel", f"tcg,thread={thread}", "-cpu", cpu, "-smp", str(options.cpus),
                   "-machine", f"{machine},memory-backend=ram", "-object", memory, "-m", f"{options.mem}M"]
        if self.firmware:
            command += ["-action", "reboot=reset,shutdown=pause", "-bios", IMAGE,
                        "-semihosting-config", "enable=on,target=native"]
            self.firmware.prepare(options, command, kernel, initrd, append)
        else:
            command += ["-action", "reboot=shutdown,shutdown=pause",
                        "-kernel", kernel.image, "-initrd", initrd, "-append", append]
        if options.backend == "mmio" and not self.firmware:
            command += self._registers()
        command += ["-drive", f"file={disk},format=raw,if=none,id=root,snapshot=on,cache=unsafe",
                    "-device", "virtio-blk-pci,drive=root", "-device", "virtio-serial-pci", "-device", "vmcoreinfo"]
        if options.plugin:
            command += ["-plugin", options.plugin]
        if options.qmp:
            command += ["-qmp", f"unix:{options.qmp},server=on,wait=off"]
            command += ["-device", "pvpanic", "-action", "panic=pause"]
        if options.icount:
            command += ["-icount", "shift=0,sleep=off"]
        if options.rawdump:
            path = os.path.join(self.scratch, "rawdump.disk")
            image.disk_with_partition(path, "rawdump", options.rawdump)
            command += ["-drive", f"file={path},format=raw,if=none,id=rawdump",
                        "-device", "virtio-blk-pci,drive=rawdump"]
        for channel in self.channels.values():
            command += channel.arguments()
        command += ["-serial", "chardev:console", "-mon", "chardev=monitor,mode=control"]
        for name in ("out", "crash", "fetch"):
            command += ["-device", f"virtserialport,chardev={name},name=org.qcmd.{name}"]
        try:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, preexec_fn=die_with_parent,
                                       cwd=self.firmware.folder if self.firmware else None,
                                       pass_fds=[c.theirs.fileno() for c in self.channels.values()],
                                       env={**os.environ, "TMPDIR": self.scratch})
        except FileNotFoundError:
            raise Problem(f"{program} is missing; tests/deps vm arm64 names the packages") from None
        for channel in self.channels.values():
            channel.theirs.close()
        return process

    def _registers(self):
        """Shared memory as a PCI device, where the guest's administrator finds it."""
        path = os.path.join(self.options.crash or self.scratch, "registers.bin")
        with open(path, "wb") as file:
            file.write(REGISTERS)
        return ["-object", f"memory-backend-file,id=registers,size={len(REGISTERS)},mem-path={path},share=on",
                "-device", f"ivshmem-plain,memdev=registers,addr={image.REGISTERS_SLOT}"]

    def close(self):
        """Ends the machine, however far it got."""
        if self.inspector:
            self.inspector.kill()
            self.inspector.wait()
        self.process.kill()
        self.process.wait()
        self.console.close()
        self.fetched.close()

    def command(self, name, **arguments):
        """A QMP command, and its answer."""
        request = {"execute": name, "arguments": arguments}
        self.channels["monitor"].ours.sendall(json.dumps(request).encode())
        while not self.replies:
            self._on_monitor(self.channels["monitor"].read())
        reply = self.replies.pop(0)
        if "error" in reply:
            raise Problem(f"QEMU refused {name}: {reply['error']['desc']}")
        return reply["return"]

    def _on_monitor(self, data):
        if not data:
            self.process.wait(timeout=60)
            if self.process.returncode < 0 and not self.script_started:
                return self._fail_to_boot(f"QEMU was killed by {signal.Signals(-self.process.returncode).name}")
            said = self.process.stderr.read().decode(errors="replace").strip()
            how = f"QEMU ended by itself with status {self.process.returncode}: {said}"
            raise Problem(f"{EMULATOR_FAILED}: {how}" if self.process.returncode < 0 else how)
        *lines, self.messages = (self.messages + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "event" in message:
                self.events.append(message)
                if message["event"] == "SHUTDOWN":
                    how = "reset" if message["data"]["reason"] == "guest-reset" else "shutdown"
                    self.restarting = how == "reset" and self._restarts()
                    if not self.restarting:
                        self.off = True
                        self._die(how, 0)
                elif message["event"] == "RESET" and message["data"]["guest"]:
                    self._die("reset", 0)
            elif "return" in message or "error" in message:
                self.replies.append(message)

    def _on_console(self, data):
        self.console.write(data)
        self.console.flush()
        if self.options.verbose:
            sys.stderr.buffer.write(data)
            sys.stderr.flush()
        self.tail = (self.tail + data)[-8192:]
        self.script_started = self.script_started or SCRIPT_STARTS in self.tail
        if not self.script_started and (COMPLAINT.search(self.tail) or PANIC_END.search(self.tail)):
            half_patched = HALF_PATCHED.search(self.tail)
            self._fail_to_boot("it ran code that the kernel was patching (int3)" if half_patched else
                               "the kernel complained")
        elif HALF_PATCHED.search(self.tail):
            raise Problem(f"{EMULATOR_FAILED}: it ran code that the kernel was patching (int3), see "
                          f"{self.options.console}")
        elif self._restarts():
            # What hangs, a watchdog resets.
            self.restarting = self.restarting or bool(HANGING.search(self.tail))
        elif PANIC_END.search(self.tail):
            self._die("panic", SETTLE)
        elif HANGING.search(self.tail):
            self._die("hang", SETTLE)

    def _on_out(self, data):
        """Prints what the script prints, up to the mark, which may arrive in pieces."""
        self.output += data
        before, found, after = self.output.partition(self.mark)
        if found and b"\n" in after:
            self.status = int(after.split(b"\n")[0])
        elif not found:
            keep = max((n for n in range(1, len(self.mark)) if self.output.endswith(self.mark[:n])), default=0)
            before = self.output[:len(self.output) - keep]
            self.output = self.output[len(before):]
        else:
            self.output = self.output[len(before):]
        go = re.search(INSTANTS_GO, before)
        if self.options.instants and not self.next_instant and go:
            self.facts = go.group(1).decode()
            self.next_instant = time.monotonic()
        sys.stdout.buffer.write(before)
        sys.stdout.flush()

    def _on_crash(self, data):
        *lines, self.request = (self.request + data).split(b"\n")
        for line in lines:
            mode, *words = line.decode(errors="replace").split() or [""]
            if mode != "inspect":
                self.announced = mode
                self.waiting = True
            elif self.options.inspect:
                self.facts = " ".join(words) or self.facts
                self.asked = True

    def _die(self, how, settle):
        if not self.death:
            self.death = (how, time.monotonic() + settle)

    def _fail_to_boot(self, why):
        self.failure = self.failure or why
        self._die(BOOT_FAILURE, 0)

    def _restarts(self):
        """After whatever happens now, unless that is the crash that --crash waits for."""
        return self.options.restart and not (self.options.crash and self.announced)

    def _restart(self):
        """It stands still where it asked for the reset, and boots again, which is no end."""
        if self.options.inspect:
            self._ask_inspector_about("reset")
        self.replies.clear()
        self.events.clear()
        self.command("set-action", reboot="reset")
        self.command("system_reset")
        while all(message["event"] != "RESET" for message in self.events):
            self._on_monitor(self.channels["monitor"].read())
        self.command("set-action", reboot="shutdown")
        # A kernel asks for it in several ways, until it stands still: so it may have been heard more than once.
        self.restarting = False
        self.command("cont")
        self.tail = b""
        self.script_started = False
        self.started = time.monotonic()

    def _pump(self, selector):
        for key, _ in selector.select(0.05):
            channel = key.data
            data = channel.read()
            if channel.name == "fetch":
                self.fetched.write(data)
            else:
                getattr(self, f"_on_{channel.name}")(data)
            if not data:
                selector.unregister(channel.ours)

    def _ask_inspector(self):
        """Its answer, of one line."""
        answer = self.inspector.stdout.readline().strip()
        verdict, _, text = answer.partition(" ")
        if verdict != "ok":
            raise Problem(f"instant {self.instants + 1}: the memory is not right: {answer or 'no answer'}")
        return text

    def _ask_inspector_about(self, facts):
        if not self.inspector:
            self.inspector = subprocess.Popen([*self.options.inspect.split(), self.ram], stdin=subprocess.PIPE,
                                              stdout=subprocess.PIPE, preexec_fn=die_with_parent, text=True, bufsize=1)
        self.inspector.stdin.write(f"{facts}\n")
        said = self._ask_inspector()
        if said:
            print(said, flush=True)

    def _inspect(self):
        """Stops the machine wherever it is, and has its memory looked at."""
        self.replies.clear()
        self.command("stop")
        self._ask_inspector_about(self.facts)
        self.command("cont")

    def _step(self, on):
        """A block for each instruction, or as many as it likes: what that is called changed with QEMU 8.1."""
        self.stepping = on
        for name in ("one-insn-per-tb", "singlestep"):
            self.replies.clear()
            line = f"{name} {'on' if on else 'off'}"
            if not self.command("human-monitor-command", **{"command-line": line}).startswith("unknown command"):
                return
        raise Problem("QEMU can't be told to take one instruction at a time")

    def _next_instant(self):
        if not self.stepping:
            self._step(True)
            self.next_instant = time.monotonic() + random.uniform(*INSTANTS_STEPPED)
            return
        self._inspect()
        self._step(False)
        self.instants += 1
        if self.instants == self.options.instants:
            self.inspector.stdin.close()
            say(self._ask_inspector())
            self.status = 0
        self.next_instant = time.monotonic() + random.uniform(*INSTANTS_APART)

    def look(self, program, what):
        """While the machine goes on, if there is such a program."""
        if not program:
            return
        command = [*program.split(), self.options.crash]
        if subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode:
            raise Problem(f"what was seen of the {what} machine is not right")

    def run(self):
        """Until the script ends (the result is None) or the machine dies (how it died)."""
        with selectors.DefaultSelector() as selector:
            for channel in self.channels.values():
                selector.register(channel.ours, selectors.EVENT_READ, channel)
            self.channels["monitor"].ours.sendall(b'{"execute": "qmp_capabilities"}')
            while self.status is None:
                self._pump(selector)
                now = time.monotonic()
                if self.waiting and now - self.channels["out"].last > QUIET:
                    self.waiting = False
                    self.look(self.options.live, "running")
                    self.channels["crash"].ours.sendall(b"go\n")
                if self.restarting:
                    self._restart()
                if self.asked:
                    self.asked = False
                    self._inspect()
                    self.channels["crash"].ours.sendall(b"go\n")
                if self.death and now > self.death[1]:
                    if self.firmware:
                        self._collect(selector)
                    return self.death[0]
                if not self.script_started and now > self.started + BOOT_LIMIT * self.patience:
                    self.failure = f"it took more than {BOOT_LIMIT * self.patience} s"
                    return BOOT_FAILURE
                if self.next_instant and now > self.next_instant and self.status is None:
                    self._next_instant()
                if now > self.deadline:
                    raise TimeoutError
        return None

    def _collect(self, selector):
        """The reset that a watchdog would do; then the firmware saves and switches the machine off."""
        if self.death[0] not in ("reset", "shutdown"):
            self.command("system_reset")
        while not self.off:
            self._pump(selector)
            if time.monotonic() > self.deadline:
                raise TimeoutError
        self._pump(selector)

    def save(self):
        """Leaves the dead machine's memory as DIR/ram.bin and DIR/vmcore, both sparse, if no firmware has done it."""
        if self.firmware:
            return
        vmcore = os.path.join(self.options.crash, "vmcore")
        self.replies.clear()
        self.command("stop")
        self.command("dump-guest-memory", paging=False, protocol=f"file:{vmcore}")
        if self.options.kdump:
            for name in self.command("query-dump-guest-memory-capability")["formats"]:
                if match := re.fullmatch("kdump-(.*)", name):
                    self.command("dump-guest-memory", paging=False, protocol=f"file:{vmcore}.{match[1]}", format=name)
        self.channels["monitor"].ours.sendall(b'{"execute": "quit"}')
        self.process.wait(timeout=60)
        for path in (vmcore, os.path.join(self.options.crash, "ram.bin")):
            os.chmod(path, 0o644)
            tool("fallocate", "--dig-holes", path)

    def fetch(self):
        """Unpacks what --fetch asked for, each to its own place."""
        self.channels["monitor"].ours.sendall(b'{"execute": "quit"}')
        while data := self.channels["fetch"].read():
            self.fetched.write(data)
        self.fetched.close()
        try:
            with tarfile.open(self.fetched.name) as archive:
                for source, target in self.options.fetch:
                    extract(archive, source.strip("/"), target)
        except tarfile.TarError as error:
            raise Problem(f"--fetch: the guest sent no usable archive: {error}") from None


def extract(archive, source, target):
    """One file or folder of the archive to TARGET. Links and devices are left out: the guest is not trusted."""
    found = False
    for member in archive:
        name = member.name.strip("/")
        if name != source and not name.startswith(source + "/"):
            continue
        parts = name[len(source):].strip("/").split("/")
        if ".." in parts:
            raise Problem(f"--fetch: refusing the name {member.name!r} in the guest's archive")
        found = True
        place = os.path.join(target, *parts).rstrip("/")
        if member.isdir():
            os.makedirs(place, exist_ok=True)
        elif member.isfile():
            os.makedirs(os.path.dirname(os.path.abspath(place)), exist_ok=True)
            with archive.extractfile(member) as content, open(place, "wb") as file:
                shutil.copyfileobj(content, file)
    if not found:
        raise Problem(f"--fetch: the guest has no /{source}")
