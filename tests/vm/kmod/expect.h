/* SPDX-License-Identifier: GPL-2.0-only */
/* For test modules that check promises while they are loaded: the first that is not kept fails the loading. */
#ifndef QCMD_EXPECT_H
#define QCMD_EXPECT_H

#define EXPECT(what, wanted) do {							\
	long _got = (what);								\
	if (_got != (wanted)) {								\
		pr_err("line %d: %s is %ld, not %ld\n", __LINE__, #what, _got, (long)(wanted));	\
		return -EINVAL;								\
	}										\
} while (0)

#endif
