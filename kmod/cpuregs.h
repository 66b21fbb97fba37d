/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef QCOM_MINIDUMP_CPUREGS_H
#define QCOM_MINIDUMP_CPUREGS_H

#include <linux/types.h>

int qmd_cpu_regs_init(void);
void qmd_cpu_regs_exit(void);
int qmd_cpu_regs_range(int part, const void **addr, u64 *size);

#endif
