/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef QCOM_MINIDUMP_EVENT_H
#define QCOM_MINIDUMP_EVENT_H

#include "region.h"

void qmd_event(struct qmd_region *r, u8 cmd);	/* under qmd.lock */
void qmd_events_send(void);		/* process context */
void qmd_events_exit(void);

#endif
