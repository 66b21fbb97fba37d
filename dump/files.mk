# SPDX-License-Identifier: GPL-2.0-only
QCMDUMP_SRCS := qcmdump.c cmd-convert.c cmd-trace.c convert.c kernel-text.c derived.c pid-index.c registers.c \
	blobs.c cmd-collect.c collect.c colour.c corefile.c dumputil.c \
	elffile.c elfnote.c elfwrite.c extract.c firmware.c image.c kelf.c keyval.c kernel-map.c layout.c toc-live.c log.c logfilter.c \
	output.c outfile.c pagetable.c \
	pieces.c piece-list.c prb.c rangemap.c rawdump.c scratchfile.c show-info.c show-log.c show-regions.c show-tasks.c tasks.c toc.c toc-find.c toc-landmarks.c \
	usage.c zstdfile.c
# What crashes have left
QCMDUMP_SRCS += collect-conf.c identity.c pstore.c store.c
# Stacks
QCMDUMP_SRCS += backtrace.c cpuregs.c kallsyms.c orc.c show-stack.c symbols.c unwind.c vmlinuxfile.c
# The page
QCMDUMP_SRCS += cmd-report.c html.c lastwords.c report.c report-died.c report-log.c report-page.c report-tables.c report-timeline.c \
	timeline.c
REPORT_PAGE := $(wildcard dump/report-page.c dump/*/report-page.c)
$(foreach flavour,obj san fuzz,$(B)/$(flavour)/$(REPORT_PAGE:.c=.o)): $(wildcard dump/report.* dump/*/report.*)
# Trace buffers
QCMDUMP_SRCS += ringpage.c trace.c tracebuf.c tracecomm.c tracedat.c traceformat.c tracenote.c

# The tests of qcmdump build their memory images themselves; that of the command line runs the program.
QCMDUMP_TESTS := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/test-dump-*.c))
$(QCMDUMP_TESTS): $(B)/san/tests/unit/dump-image.o $(B)/san/tests/unit/dump-firmware.o $(B)/san/tests/unit/dump-trace.o
$(B)/tests/unit/test-dump-cli: | $(B)/qcmdump
$(B)/tests/unit/test-dump-store: | $(B)/qcmd-collect $(B)/qcmdctl $(B)/qcmdump
