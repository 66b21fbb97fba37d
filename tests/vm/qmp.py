#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Says something to QEMU.

qmp.py SOCKET COMMAND [ARGUMENTS]: prints what a command of QMP returns, with arguments in JSON; of query-status the
state alone."""

import json
import socket
import sys


def main():
    path, command, *rest = sys.argv[1:]
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect(path)
        lines = connection.makefile()
        lines.readline()
        arguments = json.loads(rest[0]) if rest else {}
        for name, given in ("qmp_capabilities", {}), (command, arguments):
            connection.sendall(json.dumps({"execute": name, "arguments": given}).encode())
            answer = {}
            while not answer.keys() & {"return", "error"}:
                answer = json.loads(lines.readline())
    if "error" in answer:
        sys.exit(answer["error"]["desc"])
    print(answer["return"]["status"] if command == "query-status" else json.dumps(answer["return"]))


main()
