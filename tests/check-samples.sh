#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# For the kernels that differ most: the sample driver builds without a warning, also where the feature is absent, and a
# back end that does not import the symbol namespace is refused. Each is built where its suite's compiler is:
# check-samples.sh HEADERS... does it there.
set -uo pipefail

cd "$(dirname "$(readlink -f "$0")")/.." || exit 1
if [ $# -eq 0 ]; then
	while read -r suite kernels; do
		# shellcheck disable=SC2086
		headers=$(tests/vm/headers "$suite" $kernels) || exit 1
		# shellcheck disable=SC2086
		tests/vm/inside "$suite" tests/check-samples.sh $headers </dev/null || exit 1
	done <<-END
	bookworm 6.1 6.12
	trixie 7.3
	END
	exit
fi
work=$(mktemp -d build/check-samples-XXXXXX)
trap 'rm -rf "$work"' EXIT

fail() {
	echo "$*"
	exit 1
}

# What kbuild says of each link, and of kernels whose headers have no vmlinux, is no warning.
kbuild() { # kernel's headers, folder, variable...
	make -s -C "$1" M="$PWD/$2" KCFLAGS=-Werror "${@:3}" modules 2>&1 | grep -v 'Skipping BTF generation'
	return "${PIPESTATUS[0]}"
}

kernels=0
for headers; do
	release=${headers##*/linux-headers-}
	symbols=KBUILD_EXTRA_SYMBOLS=$PWD/build/kmod/$release/obj/kmod/Module.symvers
	kernels=$((kernels + 1))
	tests/make modules KDIR="$headers" 2>&1 | grep -v 'Skipping BTF generation'
	mkdir -p "$work/$release"
	cp -r include kmod/samples "$work/$release"
	said=$(kbuild "$headers" "$work/$release/samples" "$symbols") || fail "$release: $said"
	[ -z "$said" ] || fail "$release: a warning: $said"

	sed -i 's/ -DQCOM_MINIDUMP_OUT_OF_TREE//' "$work/$release/samples/Kbuild"
	said=$(kbuild "$headers" "$work/$release/samples") || fail "$release, without the feature: $said"
	[ -z "$said" ] || fail "$release, without the feature: a warning: $said"

	mkdir "$work/$release/backend"
	sed '/import_ns/d' tests/vm/kmod/qcmd_backend.c >"$work/$release/backend/qcmd_backend.c"
	printf '%s\n' 'obj-m := qcmd_backend.o' "ccflags-y := -I\$(src)/../include/uapi -I$PWD/kmod" \
		>"$work/$release/backend/Kbuild"
	said=$(kbuild "$headers" "$work/$release/backend" "$symbols") && fail "$release: no namespace is needed"
	wanted='uses symbol qcom_minidump_backend_register from namespace QCOM_MINIDUMP, but does not import it'
	[[ ${said//\'/} == *"$wanted"* ]] || fail "$release: a back end without the namespace doesn't build: $said"
done
echo "ok: the sample and the symbol namespace, $kernels kernels"
