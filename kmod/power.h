/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel ends or sleeps. */
#ifndef QCOM_MINIDUMP_POWER_H
#define QCOM_MINIDUMP_POWER_H

void qmd_power_init(void);
void qmd_power_exit(void);

#endif
