# SPDX-License-Identifier: GPL-2.0-only
# The ELF core: its notes, regions, memory by address, tasks. What every reader of a dump begins with.
DUMP_CORE_SRCS := \
	dump/core/corefile.c \
	dump/core/cpuregs.c \
	dump/core/elffile.c \
	dump/core/elfnote.c \
	dump/core/flatfile.c \
	dump/core/kelf.c \
	dump/core/keyval.c \
	dump/core/member.c \
	dump/core/notetext.c \
	dump/core/rangemap.c \
	dump/core/region.c \
	dump/core/tasks.c \
	dump/core/zstdfile.c
