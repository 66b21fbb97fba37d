/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sends standard output through a pager, if it is a terminal: $PAGER or less; none if that is empty or "cat". A pager
 * can start a shell, so whoever has become somebody else for this one command only gets less, without that.
 */
#ifndef QCMD_PAGER_H
#define QCMD_PAGER_H

void pager_open(void);

/* At the end, in any case. 0, or why not all could be written; that somebody had seen enough is no failure. */
int pager_close(void);

#endif
