/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef QCOM_MINIDUMP_MODULES_H
#define QCOM_MINIDUMP_MODULES_H

#include "why.h"

int qmd_modules_init(void);
void qmd_modules_exit(void);
/* Whether a module that is in that memory has gone; under qmd_owners_lock */
int qmd_module_check(const void *addr, u64 size, struct qmd_why *why);

#endif
