/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef QCOM_MINIDUMP_LAYOUT_H
#define QCOM_MINIDUMP_LAYOUT_H

void qmd_layout_own(void);

#endif
