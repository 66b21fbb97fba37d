# SPDX-License-Identifier: GPL-2.0-only
# Stacks: symbols, unwinding, and the vmlinux that belongs to a dump.
DUMP_STACK_SRCS := \
	dump/stack/backtrace.c \
	dump/stack/kallsyms.c \
	dump/stack/names.c \
	dump/stack/orc.c \
	dump/stack/symbols.c \
	dump/stack/unwind-x86_64.c \
	dump/stack/unwind.c \
	dump/stack/vmlinuxfile.c \
	dump/stack/vmlinuz.c
