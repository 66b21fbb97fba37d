# SPDX-License-Identifier: GPL-2.0-only
# A dump that can be given away: what of regions and notes stays.
DUMP_REDACT_SRCS := \
	dump/redact/kinds.c \
	dump/redact/lines.c \
	dump/redact/memory.c \
	dump/redact/notes.c \
	dump/redact/redact.c \
	dump/redact/ringlog.c \
	dump/redact/words.c
