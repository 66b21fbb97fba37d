/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef QCOM_MINIDUMP_FOLLOW_H
#define QCOM_MINIDUMP_FOLLOW_H

#include "region.h"

int __init qmd_follow_init(void);
void qmd_follow_exit(void);
int __init qmd_follow_all(void);
void qmd_follow_no_more(void);
/* the rest under qmd.lock; without effect on a region that follows nobody */
void qmd_follow_lock(const struct qmd_region *r) __acquires(follow);
void qmd_follow_unlock(const struct qmd_region *r) __releases(follow);
void qmd_follow_hold(const struct qmd_region *r);
void qmd_follow_release(const struct qmd_region *r);
void qmd_follow_park(void);

#endif
