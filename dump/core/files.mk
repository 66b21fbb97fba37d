# SPDX-License-Identifier: GPL-2.0-only
DUMP_CORE_SRCS := \
	dump/core/corefile.c \
	dump/core/cpuregs.c \
	dump/core/elffile.c \
	dump/core/elfnote.c \
	dump/core/kelf.c \
	dump/core/keyval.c \
	dump/core/rangemap.c \
	dump/core/region.c \
	dump/core/tasks.c \
	dump/core/zstdfile.c
