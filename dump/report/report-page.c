// SPDX-License-Identifier: GPL-2.0-only
/* The page's files as they lie here, put into the program. */
#include "dump/report/report.h"

#define EMBED(name, file)                                              \
	__asm__(".pushsection .rodata\n"                               \
		".global " #name "\n" #name ": .incbin \"" file "\"\n" \
		".byte 0\n"                                            \
		".popsection\n")

EMBED(report_html, "dump/report/report.html");
EMBED(report_css, "dump/report/report.css");
EMBED(report_js, "dump/report/report.js");
