# SPDX-License-Identifier: GPL-2.0-only
"""Whether the trace buffers in the table are what the kernel itself says of its rings, and hold events as the ring
writes them (include/linux/ring_buffer.h)."""

import re
import struct

from inspector import Wrong
from kernel_memory import PAGE

HEADER = 16
COMMIT, MISSED_EVENTS = 0x3fffffff, 0xc0000000
DATA_MAX, PADDING = 28, 29
RING_MAX = 10000
NAME = re.compile(r"KF([TR])(\d+)C(\d+)")
# Seconds of the guest, which does nothing but churn, that a change of a buffer may take to be in the table.
LATE = 20


def end_of_events(data, end):
    """Where the last event of a sub-buffer ends, by what the events say of their length; None: they say nonsense."""
    at = HEADER
    while at + 4 <= end:
        header, = struct.unpack_from("<I", data, at)
        kind, delta = header & 31, header >> 5
        if 1 <= kind <= DATA_MAX:
            at += 4 + 4 * kind
        elif kind == PADDING and not delta:
            return end
        elif at + 8 > end:
            return None
        elif kind in (0, PADDING):
            length, = struct.unpack_from("<I", data, at + 4)
            if length < 4:
                return None
            at += 4 + (length + 3) // 4 * 4
        else:
            at += 8
    return at


def is_sub_buffer(data):
    commit, = struct.unpack_from("<Q", data, 8)
    end = HEADER + (commit & COMMIT)
    # Some kernels extend the sign of the flag for lost events.
    if commit >> 32 not in (0, 0xffffffff) or end > len(data):
        return False
    return end_of_events(data, end) == end


def are_sub_buffers(data):
    """Of some size: one page, or two, four ..."""
    size = PAGE
    while len(data) % size == 0:
        if all(is_sub_buffer(data[at:at + size]) for at in range(0, len(data), size)):
            return True
        size *= 2
    return False


class TraceChecks:
    """kernel: KernelTasks. Arrays are told apart by the number in the names of their regions. STILL is that of one that
    nobody changes: all of it has to be in the table always."""

    STILL = "1"

    def __init__(self, kernel):
        self.kernel = kernel
        self.memory = kernel.memory
        self.still = None
        self.behind_since = None
        self.whole = self.behind = self.longest = 0
        self.sizes = set()

    def check(self, entries, throughout):
        rings, pages, still = [], set(), set()
        for entry in entries:
            found = NAME.fullmatch(entry[0])
            if found and found[1] == "T":
                self.check_events(entry)
                pages.update(range(entry[2], entry[2] + entry[3], PAGE))
            elif found:
                self.check_ring(entry, int(found[3]))
                rings.append(entry)
            if found and found[2] == self.STILL:
                still.add((entry[0], entry[2], entry[3]))
        if throughout:
            self.check_still(still)
            self.check_whole(rings, pages)

    def check_events(self, entry):
        name, seq, physical, size = entry
        place = self.memory.place(physical, size)
        if size % PAGE or not are_sub_buffers(self.memory.ram[place:place + size]):
            raise Wrong(f"{name} {seq} has no events as a trace buffer has: {size} bytes at {physical:#x}")

    def check_ring(self, entry, cpu):
        name, seq, physical, _ = entry
        offset = self.kernel.offsets["ring_buffer_per_cpu"]["cpu"]
        if self.memory.number(physical + self.memory.linear + offset, "i") != cpu:
            raise Wrong(f"{name} {seq} is not the ring of CPU {cpu}")

    def check_still(self, still):
        self.still = self.still or still
        if not self.still:
            raise Wrong("the trace array that nobody changes is not in the table")
        if still != self.still:
            raise Wrong(f"of the trace array that nobody changes there is {sorted(still)}, not {sorted(self.still)}")

    def check_whole(self, rings, pages):
        """Each page that is in a ring is in the table, or will be soon."""
        now = self.kernel.clock()
        missing = set().union(*(self.ring_pages(ring[2] + self.memory.linear) for ring in rings)) - pages
        if not missing:
            self.whole += 1
            self.behind_since = None
            self.sizes.add(len(pages))
            return
        self.behind += 1
        self.behind_since = self.behind_since or now
        self.longest = max(self.longest, now - self.behind_since)
        if now - self.behind_since > LATE:
            raise Wrong(f"{len(missing)} pages of the trace buffers are not in the table, for "
                        f"{now - self.behind_since:.1f} s: {sorted(map(hex, missing))[:8]}")

    def ring_pages(self, ring):
        """Physical addresses of the first page of each sub-buffer, the one that readers have included."""
        offsets = self.kernel.offsets
        page = offsets["buffer_page"]
        head = self.memory.number(ring + offsets["ring_buffer_per_cpu"]["pages"])
        buffers = [self.memory.number(ring + offsets["ring_buffer_per_cpu"]["reader_page"])]
        at = head
        for _ in range(RING_MAX):
            buffers.append(at - page["list"])
            # The lowest bits are flags of the ring's.
            at = self.memory.number(at) & ~3
            if at == head:
                break
        return {self.memory.physical(self.memory.number(buffer + page["page"])) for buffer in buffers}

    def summary(self, instants):
        if instants >= 200 and (len(self.sizes) < 3 or not self.behind or self.whole * 5 < instants):
            raise Wrong(f"no churn of trace buffers: {len(self.sizes)} sizes, at {self.whole} of {instants} instants "
                        f"all of them were in the table")
        return (f"trace buffers had {len(self.sizes)} sizes and were all in the table at {self.whole} instants, not "
                f"yet at {self.behind} others, for {self.longest:.1f} s at most")
