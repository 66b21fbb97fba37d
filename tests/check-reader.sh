#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Who only reads dumps needs no clang, no bpftool and no libraries of the daemon: build/qcmdump is made of lib/ and
# dump/ alone.
set -uo pipefail

cd "$(dirname "$(readlink -f "$0")")/.." || exit 1
said=$(make --no-print-directory -n -B build/qcmdump) || exit 1
sources=$(grep -oE ' [a-z/_-]+\.c$' <<<"$said")
[ "$(grep -c . <<<"$sources")" -gt 50 ] || { echo "only these are compiled:$sources"; exit 1; }
others='clang|bpftool|libsystemd|-lbpf|-lmnl|tests/deps build'
if grep -v -E '^ (lib|dump)/' <<<"$sources" || grep -E "$others" <<<"$said"; then
	echo "build/qcmdump is to need none of these"
	exit 1
fi
