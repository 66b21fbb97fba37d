# SPDX-License-Identifier: GPL-2.0-only
# The page of a report, and the files that are put into it.
DUMP_REPORT_SRCS := \
	dump/report/html.c \
	dump/report/report-died.c \
	dump/report/report-log.c \
	dump/report/report-page.c \
	dump/report/report-tables.c \
	dump/report/report-timeline.c \
	dump/report/report.c \
	dump/report/timeline.c
