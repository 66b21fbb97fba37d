# SPDX-License-Identifier: GPL-2.0-only
"""What the programs of tests/vm/run's --inspect have in common: see serve()."""

import mmap
import struct
import sys


class Wrong(Exception):
    """What is wrong."""


def serve(path, look, end=lambda: ""):
    """For each line of standard input, look(image, words of the line) says in a line what it has seen, or raises Wrong.
    end(), after the last one, too. The answer is one line: "ok" and that, or what is wrong."""
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as ram:
        for line in sys.stdin:
            answer(look, ram, line.split())
    answer(end)


def answer(function, *arguments):
    try:
        print(f"ok {function(*arguments) or ''}".strip(), flush=True)
    except (Wrong, struct.error, IndexError, UnicodeDecodeError) as error:
        print(f"{type(error).__name__}: {error}".replace("\n", "; "), flush=True)
