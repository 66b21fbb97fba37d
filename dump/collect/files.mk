# SPDX-License-Identifier: GPL-2.0-only
# From an image to a core: find the table, copy what it names, add what follows from that; the store of dumps.
DUMP_COLLECT_SRCS := \
	dump/collect/collect-conf.c \
	dump/collect/collect.c \
	dump/collect/convert.c \
	dump/collect/crash-notes.c \
	dump/collect/derived.c \
	dump/collect/elfwrite.c \
	dump/collect/exception-stacks.c \
	dump/collect/firmware.c \
	dump/collect/identity.c \
	dump/collect/kernel-map.c \
	dump/collect/kernel-names.c \
	dump/collect/kernel-text.c \
	dump/collect/kernel-view.c \
	dump/collect/layout.c \
	dump/collect/memory-counters.c \
	dump/collect/modules.c \
	dump/collect/pagetable.c \
	dump/collect/pagewalk.c \
	dump/collect/pid-index.c \
	dump/collect/pstore.c \
	dump/collect/registers-saved.c \
	dump/collect/registers.c \
	dump/collect/running.c \
	dump/collect/store.c \
	dump/collect/toc-find.c \
	dump/collect/toc-kernel.c \
	dump/collect/toc-landmarks.c \
	dump/collect/toc-live.c \
	dump/collect/toc-proof.c \
	dump/collect/toc.c
