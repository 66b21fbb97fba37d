/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef QCOM_MINIDUMP_WHY_H
#define QCOM_MINIDUMP_WHY_H

/* Why something was refused: constant text, for extended ACKs and listings. */
struct qmd_why {
	const char *text;
};

static inline int qmd_refuse(struct qmd_why *why, int err, const char *text)
{
	why->text = text;
	return err;
}

#endif
