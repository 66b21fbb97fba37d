/* SPDX-License-Identifier: GPL-2.0-only */
/* What is the same in the same crash of many machines. */
#ifndef SIGNATURE_H
#define SIGNATURE_H

#include "dump/cause/kernel-report.h"

/* "KIND: FUNCTION FUNCTION …", the frames from that one on. To be freed; NULL: there are none. */
char *signature_of(const char *kind, const struct kernel_report *r, size_t from);

#endif
