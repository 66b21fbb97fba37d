# SPDX-License-Identifier: GPL-2.0-only
# Trace buffers: their pages, events and formats, and trace.dat.
DUMP_TRACE_SRCS := \
	dump/trace/ringpage.c \
	dump/trace/trace.c \
	dump/trace/tracebuf.c \
	dump/trace/tracecomm.c \
	dump/trace/tracedat.c \
	dump/trace/traceformat.c \
	dump/trace/tracenote.c
