# SPDX-License-Identifier: GPL-2.0-only
"""What tests/firmware/ wants to have around it: a folder with the files that it loads and a place for its own."""

import os
import shutil

from debian import TOP, Problem, tool

SOURCES = os.path.join(TOP, "tests", "firmware")
IMAGE = os.path.join(TOP, "build", "firmware", "firmware.bin")
INITRD_BASE = 0x48000000
# For each back end, ways in which what it talks to can be wrong from the start: hypervisor.c and manager.c of
# tests/firmware/ have them, and mmio-small.dtsi. break-table.py does the same to a machine that runs.
VARIANTS = {
    "smem": (),
    "mmio": ("small",),
    "rm": ("few", "lossy", "busy", "denies"),
}
# What the firmware saves in
FOLDERS = {"smem": ("usb", "storage"), "mmio": ("usb", "storage"), "rm": ("vm",)}
# What of the device tree there is for each
TREES = {"smem": ("machine", "smem"), "mmio": ("machine", "smem", "mmio"), "rm": ("machine", "rm")}


class Firmware:
    """QEMU is started in FOLDER; what the firmware saves is in its FOLDERS there."""

    def __init__(self, options, scratch):
        self.folder = os.path.join(scratch, "firmware")
        self.boot = os.path.join(self.folder, "boot")
        os.makedirs(self.boot)
        for name in FOLDERS[options.backend]:
            if options.crash:
                saved = os.path.join(options.crash, name)
                shutil.rmtree(saved, ignore_errors=True)
                os.makedirs(saved)
                os.symlink(saved, os.path.join(self.folder, name))
            else:
                os.mkdir(os.path.join(self.folder, name))
        if options.storage:
            shutil.copyfile(options.storage, os.path.join(self.folder, "storage", "rawdump.img"))
        tool(os.path.join(TOP, "tests", "make"), "firmware")

    def _put(self, name, text):
        with open(os.path.join(self.boot, name), "w") as file:
            file.write(text)

    def prepare(self, options, qemu, kernel, initrd, append):
        """The files of boot/; QEMU is the part of the command that its device tree depends on."""
        os.symlink(kernel.image, os.path.join(self.boot, "Image"))
        os.symlink(initrd, os.path.join(self.boot, "initrd"))
        self._put("memory", f"{options.mem}\n")
        self._put("backend", f"{options.backend}\n")
        self._put("variant", f"{options.firmware}\n")
        ours = ""
        small = ("mmio-small",) if options.firmware == "small" else ()
        for name in TREES[options.backend] + small:
            with open(os.path.join(SOURCES, f"{name}.dtsi")) as file:
                ours += file.read()
        if '"' in append or "\\" in append:
            raise Problem(f"--append {append}: the device tree's text takes no quotes and no backslashes")
        ours = ours.replace("@BOOTARGS@", append)
        ours = ours.replace("@INITRD_END@", hex(INITRD_BASE + os.path.getsize(initrd)))
        own = os.path.join(self.boot, "qemu.dtb")
        tool(*qemu, "-machine", f"dumpdtb={own}")
        dts = tool("dtc", "-q", "-I", "dtb", "-O", "dts", own)
        self._put("dts", dts + ours)
        tool("dtc", "-q", "-I", "dts", "-O", "dtb", "-o", os.path.join(self.boot, "dtb"),
             os.path.join(self.boot, "dts"))
