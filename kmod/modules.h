/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef QCOM_MINIDUMP_MODULES_H
#define QCOM_MINIDUMP_MODULES_H

#include "why.h"

void qmd_modules_init(void);
void qmd_modules_exit(void);
/* Whether a module that had that memory has gone; under qmd_owners_lock */
int qmd_module_check(const void *addr, struct qmd_why *why);

#endif
