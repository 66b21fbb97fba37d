/* SPDX-License-Identifier: GPL-2.0-only */
/* Later kernels hand more to the function of a struct kmsg_dumper; Kbuild has looked. */
#ifndef QCOM_MINIDUMP_KMSG_H
#define QCOM_MINIDUMP_KMSG_H

#include <linux/kmsg_dump.h>

#ifdef QMD_HAS_KMSG_DETAIL
#define QMD_KMSG_ARG		struct kmsg_dump_detail *detail
#define QMD_KMSG_REASON		(detail->reason)
#else
#define QMD_KMSG_ARG		enum kmsg_dump_reason reason
#define QMD_KMSG_REASON		reason
#endif

#endif
