/* SPDX-License-Identifier: GPL-2.0-only */
/* hrtimer_setup() of 6.13 and later, where hrtimer_init() is gone by now, for kernels before. Kbuild has looked. */
#ifndef QCMD_HRTIMER_SETUP_H
#define QCMD_HRTIMER_SETUP_H

#include <linux/hrtimer.h>

#ifndef QCMD_HAS_HRTIMER_SETUP
static inline void hrtimer_setup(struct hrtimer *timer, enum hrtimer_restart (*function)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = function;
}
#endif

#endif
